//! Types of CSV columns, from a sample of the file's head, middle and tail.

use super::csv::{open, CsvReader};
use super::csv_records::{Record, Records};
use super::unreadable;
use crate::calendar::parse_date;
use crate::catalog::Physical;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use indexmap::IndexMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes sampled from the head; the middle and the tail get half of it each. Together at most 1 MiB.
const HEAD: u64 = 512 * 1024;

/// The columns of a file and what its sample says they hold.
pub(super) struct Sample {
    pub(super) columns: Vec<(String, Physical)>,
    pub(super) text_because: IndexMap<String, String>,
    /// How many records the file holds, if the sample is all of it.
    pub(super) records: Option<u64>,
}

/// Reads the header and samples the cells.
pub(super) fn sample(path: &Path, separator: u8) -> Result<Sample, Diagnostic> {
    let (header, mut records, all) = head(path, separator)?;
    let count = all.then_some(records.len() as u64);
    records.extend(elsewhere(path, separator, header.fields.len())?);
    let mut columns: Vec<(String, Physical)> = vec![];
    let mut text_because = IndexMap::new();
    for (i, name) in header.fields.iter().enumerate() {
        let mut kind = Physical::Empty;
        for record in &records {
            let cell = record.fields.get(i).map_or("", String::as_str);
            if cell.is_empty() {
                continue;
            }
            let merged = merge(&kind, &of_cell(cell));
            if merged == Physical::Typed(Type::Text) && kind != merged {
                let place =
                    if record.line == 0 { "far into the file".to_owned() } else { format!("line {}", record.line) };
                text_because.insert(name.clone(), format!("{place}: `{}`", shorten(cell)));
            }
            kind = merged;
            if kind == Physical::Typed(Type::Text) {
                break;
            }
        }
        columns.push((name.trim().to_owned(), kind));
    }
    Ok(Sample { columns, text_because, records: count })
}

/// The header, the records of the head, and whether these are all of the file.
fn head(path: &Path, separator: u8) -> Result<(Record, Vec<Record>, bool), Diagnostic> {
    let input = open(path)?;
    let mut records = Records::new(BufReader::new(input.take(HEAD)), separator);
    let broken = |e: std::io::Error| {
        Diagnostic::data("unreadable-file", format!("`{}` cannot be decompressed or read: {e}", path.display()))
            .help("export or copy the file again")
    };
    let Some(header) = records.next().map_err(broken)? else {
        return Err(Diagnostic::data("empty-file", format!("`{}` is empty: it has no header line", path.display()))
            .help("remove the file, or export it again"));
    };
    if let Some(name) = CsvReader::duplicate(&header.fields) {
        return Err(Diagnostic::data("duplicate-column", format!("`{}` has two columns `{name}`", path.display()))
            .note(format!("line {}", header.line))
            .help("rename one of them in the file"));
    }
    let mut sampled: Vec<Record> = vec![];
    while let Some(record) = records.next().map_err(broken)? {
        sampled.push(record);
    }
    // The last one is cut off where the sample ends, unless the file ends there too.
    let cut = records.into_input().into_inner().limit() == 0;
    if cut && sampled.len() > 1 {
        sampled.pop();
    }
    Ok((header, sampled, !cut))
}

/// Records from the middle and the tail of an uncompressed file. A stretch that does not look like records (it may
/// begin inside a quoted text) is left out: the scan will meet every cell anyway.
fn elsewhere(path: &Path, separator: u8, fields: usize) -> Result<Vec<Record>, Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    if CsvReader::is_compressed(path) {
        return Ok(vec![]);
    }
    let mut file = File::open(path).map_err(fail)?;
    let size = file.metadata().map_err(fail)?.len();
    if size <= HEAD {
        return Ok(vec![]);
    }
    let mut found = vec![];
    for start in [(size / 2).max(HEAD), (size - HEAD / 2).max(HEAD)] {
        file.seek(SeekFrom::Start(start)).map_err(fail)?;
        let mut input = BufReader::new((&file).take(HEAD / 2));
        input.skip_until(b'\n').map_err(fail)?;
        let mut records = Records::new(input, separator);
        let mut stretch = vec![];
        while let Some(mut record) = records.next().map_err(fail)? {
            record.line = 0;
            stretch.push(record);
        }
        stretch.pop();
        if stretch.iter().all(|r| r.fields.len() == fields && r.unclosed.is_none()) {
            found.append(&mut stretch);
        }
    }
    Ok(found)
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
