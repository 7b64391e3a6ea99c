//! Types of CSV columns, from a sample of the file's head, middle and tail.

use super::csv::{open, CsvReader};
use super::csv_records::{Raw, Records};
use super::unreadable;
use crate::calendar::parse_date;
use crate::catalog::Physical;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use indexmap::IndexMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes sampled from the head; the middle and the tail get half of it each. Together at most half a mebibyte a file.
const HEAD: u64 = 256 * 1024;

/// The columns of a file and what its sample says they hold.
pub(super) struct Sample {
    pub(super) columns: Vec<(String, Physical)>,
    pub(super) text_because: IndexMap<String, String>,
    /// How many records the file holds, if the sample is all of it.
    pub(super) records: Option<u64>,
}

/// What the cells of each column look like so far.
#[derive(Clone)]
struct Seen<'h> {
    header: &'h [String],
    kinds: Vec<Physical>,
    text_because: IndexMap<String, String>,
}

impl Seen<'_> {
    /// Looks at the cells of a record; `line` is none where the reader does not know its line.
    fn look(&mut self, record: &Raw, line: Option<u64>) {
        for (i, kind) in self.kinds.iter_mut().enumerate().filter(|(_, kind)| **kind != Physical::Typed(Type::Text)) {
            let cell = record.field(i);
            if cell.is_empty() {
                continue;
            }
            *kind = merge(kind, &of_cell(&cell));
            if *kind == Physical::Typed(Type::Text) {
                let place = line.map_or("far into the file".to_owned(), |line| format!("line {line}"));
                self.text_because.insert(self.header[i].clone(), format!("{place}: `{}`", shorten(&cell)));
            }
        }
    }
}

/// Reads the header and samples the cells.
pub(super) fn sample(path: &Path, separator: u8) -> Result<Sample, Diagnostic> {
    let broken = |e: std::io::Error| {
        Diagnostic::data("unreadable-file", format!("`{}` cannot be decompressed or read: {e}", path.display()))
            .help("export or copy the file again")
    };
    let mut records = Records::new(BufReader::new(open(path)?.take(HEAD)), separator);
    let Some(header) = records.next().map_err(broken)? else {
        return Err(Diagnostic::data("empty-file", format!("`{}` is empty: it has no header line", path.display()))
            .help("remove the file, or export it again"));
    };
    if let Some(name) = CsvReader::duplicate(&header.fields) {
        return Err(Diagnostic::data("duplicate-column", format!("`{}` has two columns `{name}`", path.display()))
            .note(format!("line {}", header.line))
            .help("rename one of them in the file"));
    }
    let header = header.fields;
    let empty = vec![Physical::Empty; header.len()];
    let mut kinds = Seen { header: &header, kinds: empty, text_because: IndexMap::new() };
    let (mut last, mut next, mut count) = (Raw::default(), Raw::default(), 0);
    while records.read(&mut next).map_err(broken)? {
        if count > 0 {
            kinds.look(&last, Some(last.line));
        }
        std::mem::swap(&mut last, &mut next);
        count += 1;
    }
    // The last one is cut off where the sample ends, unless the file ends there too.
    let cut = records.into_input().into_inner().limit() == 0;
    if count == 1 || count > 1 && !cut {
        kinds.look(&last, Some(last.line));
    }
    elsewhere(path, separator, &mut kinds)?;
    let Seen { kinds, text_because, .. } = kinds;
    let columns = header.iter().map(|name| name.trim().to_owned()).zip(kinds).collect();
    Ok(Sample { columns, text_because, records: (!cut).then_some(count) })
}

/// Looks at records from the middle and the tail of an uncompressed file. A stretch that does not look like records (it
/// may begin inside a quoted text) is left out: the scan will meet every cell anyway.
fn elsewhere(path: &Path, separator: u8, kinds: &mut Seen<'_>) -> Result<(), Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    if CsvReader::is_compressed(path) {
        return Ok(());
    }
    let mut file = File::open(path).map_err(fail)?;
    let size = file.metadata().map_err(fail)?.len();
    if size <= HEAD {
        return Ok(());
    }
    for start in [(size / 2).max(HEAD), (size - HEAD / 2).max(HEAD)] {
        file.seek(SeekFrom::Start(start)).map_err(fail)?;
        let mut input = BufReader::new((&file).take(HEAD / 2));
        input.skip_until(b'\n').map_err(fail)?;
        let mut records = Records::new(input, separator);
        let mut found = kinds.clone();
        let (mut last, mut next) = (Raw::default(), Raw::default());
        let mut sound = true;
        // The last record, which may be cut off, is not looked at.
        while sound && records.read(&mut next).map_err(fail)? {
            if last.len() > 0 {
                sound = last.len() == kinds.header.len() && last.unclosed.is_none();
                found.look(&last, None);
            }
            std::mem::swap(&mut last, &mut next);
        }
        if sound {
            *kinds = found;
        }
    }
    Ok(())
}

fn shorten(cell: &str) -> String {
    let short: String = cell.chars().take(40).collect();
    if short.len() < cell.len() {
        format!("{short}…")
    } else {
        short
    }
}

pub(super) fn of_cell(cell: &str) -> Physical {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits {
        // An id such as 00123 or one with more digits than 64 bits hold would lose some as a number.
        let faithful = (digits.len() == 1 || !digits.starts_with('0')) && cell.parse::<i64>().is_ok();
        return Physical::Typed(if faithful { Type::Int } else { Type::Text });
    }
    if is_number(digits) {
        return Physical::Typed(Type::Float);
    }
    if cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false") {
        return Physical::Typed(Type::Bool);
    }
    if parse_date(cell).is_some() {
        return Physical::Typed(Type::Date);
    }
    timestamp(cell).unwrap_or(Physical::Typed(Type::Text))
}

/// `12.5`, `.5`, `1e-3`: what a machine writes; no words such as `nan`.
fn is_number(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    starts_well && plain && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `2025-01-31T12:30:00`, with a space or `T`, with or without fraction, `Z` or offset.
fn timestamp(cell: &str) -> Option<Physical> {
    let (date, rest) = (cell.get(..10)?, cell.get(10..)?);
    parse_date(date)?;
    let time = rest.strip_prefix(['T', ' '])?;
    let clock = time.get(..8)?;
    let well_formed =
        clock.bytes().enumerate().all(|(i, b)| if i == 2 || i == 5 { b == b':' } else { b.is_ascii_digit() });
    if !well_formed {
        return None;
    }
    let zone = time[8..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).trim();
    match zone {
        "" => Some(Physical::Timestamp { zoned: false }),
        "Z" => Some(Physical::Timestamp { zoned: true }),
        _ if zone.starts_with(['+', '-']) => Some(Physical::Timestamp { zoned: true }),
        _ => None,
    }
}

pub(super) fn merge(left: &Physical, right: &Physical) -> Physical {
    use Physical::{Empty, Timestamp, Typed};
    match (left, right) {
        _ if left == right => left.clone(),
        (Empty, other) | (other, Empty) => other.clone(),
        (Typed(Type::Int), Typed(Type::Float)) | (Typed(Type::Float), Typed(Type::Int)) => Typed(Type::Float),
        (Typed(Type::Date), Timestamp { zoned: false }) | (Timestamp { zoned: false }, Typed(Type::Date)) => {
            Timestamp { zoned: false }
        }
        _ => Typed(Type::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_tell_their_type() {
        let typed = |cell: &str| of_cell(cell);
        assert_eq!(typed("12"), Physical::Typed(Type::Int));
        assert_eq!(typed("-0.5e3"), Physical::Typed(Type::Float));
        assert_eq!(typed("007"), Physical::Typed(Type::Text));
        assert_eq!(typed("12345678901234567890"), Physical::Typed(Type::Text));
        assert_eq!(typed("NaN"), Physical::Typed(Type::Text));
        assert_eq!(typed("NA"), Physical::Typed(Type::Text));
        assert_eq!(typed("2024-02-30"), Physical::Typed(Type::Text));
        assert_eq!(typed("2024-02-29"), Physical::Typed(Type::Date));
        assert_eq!(typed("2024-02-29 10:11:12.5"), Physical::Timestamp { zoned: false });
        assert_eq!(typed("2024-02-29T10:11:12+01:00"), Physical::Timestamp { zoned: true });
    }
}
