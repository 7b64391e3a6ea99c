//! What a CSV file's beginning tells: encoding, separator, where the table begins, what its columns hold.

use super::csv_rows::CsvRows;
use super::find_table::{find, names, Found};
use super::rows::{Row, Rows};
use super::sample::{Sample, Told};
use super::{text, unreadable, zip};
use crate::catalog::{Encoding, FileInfo, FileLayout, Reading};
use crate::diagnostic::Diagnostic;
use crate::dialect::period_in;
use crate::spec::{FileFormat, Ragged, EXPORT_START};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes sampled from the head; the middle and the tail get half of it each. Together at most half a mebibyte a file.
const HEAD: u64 = 256 * 1024;

/// So many repeated names are told.
const REPEATS: usize = 10;

/// Reads the header and samples the cells.
pub(super) fn inspect(path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
    let size = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
    let mut layout = FileLayout { member: member(path, reading)?, ..FileLayout::default() };
    let packed = text::bytes(path, layout.member.as_deref(), None)?;
    let start = text::beginning(packed, 1024, path)?;
    layout.encoding = reading.encoding.unwrap_or_else(|| text::encoding(&start));
    let head = text::beginning(text::open(path, &layout, None)?, HEAD + 1, path)?;
    let is_cut = head.len() as u64 > HEAD;
    let (separator, found) = table(&head, reading, path)?;
    layout.separator = separator;
    layout.header_line = found.line;
    let (header, repeated) = names(&found.header);
    layout.header = header;
    layout.ends_at_blank = reading.table.is_some();
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    layout.period = reading.period.or_else(|| period_in(&found.preamble)).or_else(|| period_in(&name));
    let mut sample = Sample::new(&layout.header, reading);
    let mut rows = CsvRows::new(head.as_slice(), separator, 1, path).of_sample();
    let count = look(&mut rows, &layout, is_cut, &mut sample)?;
    let mut remarks = repeats(&repeated);
    if layout.encoding == Encoding::Utf8 && std::str::from_utf8(&head).is_err_and(|e| e.error_len().is_some()) {
        remarks.push("it is not UTF-8: `csv: {encoding: windows-1252}` is a common other encoding".to_owned());
    }
    let starts_plainly = layout.encoding == Encoding::Utf8 && found.line == 1 && !layout.ends_at_blank;
    if starts_plainly && is_cut && !text::is_compressed(path) {
        elsewhere(path, separator, &mut sample)?;
    }
    let is_dated = !reading.times.contains(EXPORT_START);
    let plain = reading.ragged == Ragged::Quarantine && reading.keys.is_empty() && is_dated && repeated.is_empty();
    layout.is_plain = starts_plainly && plain && !sample.needs_look;
    let Told { columns, text_because, seems } = sample.finish();
    Ok(FileInfo {
        path: path.to_path_buf(),
        format: FileFormat::Csv,
        bytes: size,
        records: (!is_cut).then_some(count),
        partitions: vec![],
        columns,
        text_because,
        layout: layout.clone(),
        seems,
        remarks,
    })
}

/// What is said of columns whose names stand twice in the header: of the first, and how many more there are.
pub(super) fn repeats(names: &[String]) -> Vec<String> {
    let told = |name: &String| {
        let (first, _) = name.rsplit_once(" (").unwrap_or((name, ""));
        format!("the name `{first}` stands more than once in the header: a later column is `{name}`")
    };
    let mut remarks: Vec<String> = names.iter().take(REPEATS).map(told).collect();
    if names.len() > REPEATS {
        remarks.push(format!("{} more names are repeated", names.len() - REPEATS));
    }
    remarks
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

/// The separator, and where the table is. What a `sep=` line says holds; else the separator that parts the header
/// into most of the declared names.
fn table(head: &[u8], reading: &Reading, path: &Path) -> Result<(u8, Found), Diagnostic> {
    let of = |separator: u8| find(&mut CsvRows::new(head, separator, 1, path).of_sample(), reading, path);
    if let Some(separator) = reading.separator.or_else(|| text::told_separator(head, path)) {
        return Ok((separator, of(separator)?));
    }
    let score = |found: &Result<Found, Diagnostic>| match found {
        Ok(found) => reading.named.iter().filter(|name| found.header.iter().any(|cell| cell.trim() == **name)).count(),
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
