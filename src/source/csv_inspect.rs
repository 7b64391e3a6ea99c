//! What a CSV file's beginning tells: encoding, separator, where the table begins, what its columns hold.

use super::csv_rows::CsvRows;
use super::find_table::{self, find, Found};
use super::header;
use super::rows::{Row, Rows};
use super::sample::{Sample, Told};
use super::{exports, text, unreadable, zip};
use crate::catalog::{Encoding, FileInfo, FileLayout, Reading};
use crate::diagnostic::Diagnostic;
use crate::dialect::period_in;
use crate::spec::{FileFormat, Ragged, EXPORT_START};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes sampled from the head; the middle and the tail get half of it each. Together at most half a mebibyte a file.
const HEAD: u64 = 256 * 1024;

/// A text file that was opened: its beginning.
struct Opened {
    bytes: u64,
    layout: FileLayout,
    head: Vec<u8>,
    is_cut: bool,
    /// The period that its name tells.
    period: Option<(i32, i32)>,
}

impl Opened {
    fn new(path: &Path, reading: &Reading) -> Result<Self, Diagnostic> {
        let bytes = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
        let mut layout = FileLayout { member: member(path, reading)?, ..FileLayout::default() };
        let packed = text::bytes(path, layout.member.as_deref(), None)?;
        let start = text::beginning(packed, 1024, path)?;
        layout.encoding = reading.encoding.unwrap_or_else(|| text::encoding(&start));
        let head = text::beginning(text::open(path, &layout, None)?, HEAD + 1, path)?;
        let is_cut = head.len() as u64 > HEAD;
        Ok(Self { bytes, layout, head, is_cut, period: exports::period_of(path) })
    }

    /// What stands out in the text itself.
    fn remarks(&self) -> Vec<String> {
        let wrong = std::str::from_utf8(&self.head).is_err_and(|e| e.error_len().is_some());
        let told = "it is not UTF-8: `csv: {encoding: windows-1252}` is a common other encoding";
        (self.layout.encoding == Encoding::Utf8 && wrong).then(|| told.to_owned()).into_iter().collect()
    }

    fn period(&self, reading: &Reading, preamble: &str) -> Option<(i32, i32)> {
        reading.period.or_else(|| period_in(preamble)).or(self.period)
    }
}

/// Reads the header and samples the cells.
pub(super) fn inspect(path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
    let opened = Opened::new(path, reading)?;
    let mut layout = opened.layout.clone();
    let (separator, found) = table(&opened.head, reading, path)?;
    layout.separator = separator;
    let told = header::set(&mut layout, &found.header, reading, path)?;
    let mut rows = CsvRows::new(opened.head.as_slice(), separator, 1, path).of_sample();
    layout.header_line = header::last_line(&mut rows, found.line, reading.description_rows)?;
    layout.ends_at_blank = reading.table.is_some();
    layout.period = opened.period(reading, &found.preamble);
    let mut sample = Sample::new(&layout.header, reading);
    let mut rows = CsvRows::new(opened.head.as_slice(), separator, 1, path).of_sample();
    let count = look(&mut rows, &layout, opened.is_cut, &mut sample)?;
    let starts_plainly = layout.encoding == Encoding::Utf8 && layout.header_line == 1 && !layout.ends_at_blank;
    if starts_plainly && opened.is_cut && !text::is_compressed(path) {
        elsewhere(path, separator, &mut sample)?;
    }
    let is_dated = !reading.times.contains(EXPORT_START);
    let plain = reading.ragged == Ragged::Quarantine && reading.keys.is_empty() && is_dated && !told.has_repeats;
    let is_plain = starts_plainly && plain && !sample.needs_look;
    let seen = sample.finish();
    layout.is_plain = is_plain;
    Ok(info(path, &opened, layout, told, seen, (!opened.is_cut).then_some(count)))
}

/// The same of all tables of a file that have the declared columns.
pub(super) fn inspect_all(path: &Path, reading: &Reading) -> Result<Vec<FileInfo>, Diagnostic> {
    let opened = Opened::new(path, reading)?;
    let mut layout = opened.layout.clone();
    layout.separator = separator(&opened.head, reading, path);
    let open = |layout: &FileLayout| -> Result<CsvRows<'_, BufReader<Box<dyn Read + Send>>>, Diagnostic> {
        Ok(CsvRows::new(BufReader::new(text::open(path, layout, None)?), layout.separator, 1, path))
    };
    let (tables, others) = find_table::all(&mut open(&layout)?, reading, path)?;
    let mut infos: Vec<FileInfo> = vec![];
    for found in tables {
        let mut layout = layout.clone();
        let mut told = header::set(&mut layout, &found.header, reading, path)?;
        if infos.is_empty() {
            told.remarks.extend(find_table::unread(&others));
        }
        layout.header_line = header::last_line(&mut open(&layout)?, found.line, reading.description_rows)?;
        layout.ends_at_blank = true;
        layout.period = opened.period(reading, &found.preamble);
        layout.title = Some(found.title);
        let mut sample = Sample::new(&layout.header, reading);
        let count = look(&mut open(&layout)?, &layout, false, &mut sample)?;
        let seen = sample.finish();
        let mut info = info(path, &opened, layout, told, seen, Some(count));
        if !infos.is_empty() {
            // The size is that of the file, which is counted once.
            info.bytes = 0;
            info.remarks.retain(|remark| !opened.remarks().contains(remark));
        }
        infos.push(info);
    }
    Ok(infos)
}

fn info(
    path: &Path,
    opened: &Opened,
    layout: FileLayout,
    told: header::Told,
    seen: Told,
    records: Option<u64>,
) -> FileInfo {
    let Told { columns, text_because, seems, currency } = seen;
    let layout = FileLayout { first_currency: currency, ..layout };
    let mut remarks = told.remarks;
    remarks.extend(opened.remarks());
    FileInfo {
        path: path.to_path_buf(),
        format: FileFormat::Csv,
        bytes: opened.bytes,
        records,
        partitions: vec![],
        columns,
        text_because,
        layout,
        seems,
        remarks,
        unknown: told.unknown,
    }
}

/// The file of an archive that is meant.
fn member(path: &Path, reading: &Reading) -> Result<Option<String>, Diagnostic> {
    if !text::is_zip(path) {
        return Ok(None);
    }
    let members = zip::members(path)?;
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    let error = |message: String| Diagnostic::data("no-member", message);
    match &reading.member {
        Some(wanted) => {
            let base = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
            let found = members.iter().find(|m| *m == wanted || base(m) == base(wanted)).cloned();
            found.map(Some).ok_or_else(|| {
                error(format!("`{}` has no file `{wanted}`", path.display())).suggest(wanted, "files there", names)
            })
        }
        None if members.len() == 1 => Ok(members.into_iter().next()),
        None if members.is_empty() => Err(error(format!("`{}` holds no files", path.display()))),
        None => Err(error(format!("`{}` holds {} files", path.display(), members.len()))
            .note(format!("files there: {}", crate::diagnostic::short_list(&names)))
            .help("say which one to read: `member: \"…\"`; read the others as sources of their own")),
    }
}

/// The separator of a file of which all tables are read: the one that parts some line into most of the declared names.
fn separator(head: &[u8], reading: &Reading, path: &Path) -> u8 {
    if let Some(told) = reading.separator.or_else(|| text::told_separator(head, path)) {
        return told;
    }
    let score = |separator: u8| {
        let mut rows = CsvRows::new(head, separator, 1, path).of_sample();
        find_table::most_names(&mut rows, reading)
    };
    // Of equals the first.
    *b",;\t".iter().rev().max_by_key(|separator| score(**separator)).unwrap_or(&b',')
}

/// The separator, and where the table is. What a `sep=` line says holds; else the separator that parts the header
/// into most of the declared names.
fn table(head: &[u8], reading: &Reading, path: &Path) -> Result<(u8, Found), Diagnostic> {
    let of = |separator: u8| find(&mut CsvRows::new(head, separator, 1, path).of_sample(), reading, path);
    if let Some(separator) = reading.separator.or_else(|| text::told_separator(head, path)) {
        return Ok((separator, of(separator)?));
    }
    let score = |found: &Result<Found, Diagnostic>| match found {
        Ok(found) => {
            let names: Vec<_> = found.header.iter().map(|cell| reading.name(cell)).collect();
            reading.named.iter().filter(|name| names.iter().any(|other| other == *name)).count()
        }
        Err(error) if error.code == "several-tables" => reading.named.len(),
        Err(_) => 0,
    };
    let mut best = (b',', of(b','));
    for separator in *b";\t" {
        if score(&best.1) == reading.named.len() {
            break;
        }
        let other = of(separator);
        if score(&other) > score(&best.1) {
            best = (separator, other);
        }
    }
    Ok((best.0, best.1?))
}

/// Looks at the rows of the head; how many there are.
fn look(rows: &mut dyn Rows, layout: &FileLayout, is_cut: bool, sample: &mut Sample<'_>) -> Result<u64, Diagnostic> {
    let (mut last, mut next, mut count) = (Row::default(), Row::default(), 0);
    let mut has_last = false;
    while rows.next(&mut next)? {
        if next.line <= layout.header_line {
            continue;
        }
        if layout.ends_at_blank && next.is_blank() {
            break;
        }
        if next.len() == 0 {
            continue;
        }
        if next.is_blank() {
            sample.look(&next, None);
            continue;
        }
        if has_last {
            sample.look(&last, Some(last.line));
        }
        has_last = true;
        count += 1;
        std::mem::swap(&mut last, &mut next);
    }
    // The last one is cut off where the sample ends, unless the file ends there too.
    if has_last && (!is_cut || count == 1) {
        sample.look(&last, Some(last.line));
    }
    Ok(count)
}

/// Looks at rows from the middle and the tail of an uncompressed file. A stretch that does not look like rows (it may begin
/// inside a quoted text) is left out: the scan will meet every cell anyway.
fn elsewhere(path: &Path, separator: u8, sample: &mut Sample<'_>) -> Result<(), Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    let mut file = File::open(path).map_err(fail)?;
    let size = file.metadata().map_err(fail)?.len();
    for start in [(size / 2).max(HEAD), size.saturating_sub(HEAD / 2).max(HEAD)] {
        file.seek(SeekFrom::Start(start)).map_err(fail)?;
        let mut input = BufReader::new((&file).take(HEAD / 2));
        input.skip_until(b'\n').map_err(fail)?;
        let mut rows = CsvRows::new(input, separator, 1, path).of_sample();
        let mut found = sample.fork();
        let (mut last, mut next) = (Row::default(), Row::default());
        let mut sound = true;
        // The last one, which may be cut off, is not looked at.
        while sound && rows.next(&mut next)? {
            if last.len() > 0 {
                sound = last.len() == found.width();
                found.look(&last, None);
            }
            std::mem::swap(&mut last, &mut next);
        }
        if sound {
            *sample = found;
        }
    }
    Ok(())
}
