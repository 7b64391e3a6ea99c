//! What calamine takes on trust about a workbook, checked before it reads it: a hostile file must not make it ask for
//! more memory than there is, which nobody can catch.

use super::unreadable;
use crate::diagnostic::{size, Diagnostic};
use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The kind of a workbook, by what is in it and not by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Xls,
    Xlsx,
    Xlsb,
    Ods,
}

/// A file larger than this is no workbook that a spreadsheet program would open.
const LARGEST: u64 = 1 << 30;

/// What a workbook may come to when it is decompressed, and its table of texts, which is held in memory. A full sheet of
/// a million rows has some 2 GB of XML.
const LARGEST_UNPACKED: u64 = 8 << 30;
const LARGEST_TEXTS: u64 = 2 << 30;

/// Cells of all sheets of an `.xls` file with the empty ones between, as calamine holds them: a gigabyte.
const MOST_CELLS: u64 = 1 << 25;

const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// The bytes of a workbook, found harmless, and its kind.
///
/// # Errors
/// The file cannot be read, is no workbook, is locked with a password, or is absurd.
pub(super) fn open(path: &Path) -> Result<(Vec<u8>, Kind), Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    let mut bytes = vec![];
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.is_empty() {
        let message = format!("`{}` is empty: a workbook has at least one sheet", path.display());
        return Err(Diagnostic::data("unreadable-file", message).help("export or copy the file again"));
    }
    if bytes.len() as u64 > LARGEST {
        return Err(too_large(path, &format!("it is larger than {}", size(LARGEST))));
    }
    let kind = if bytes.starts_with(COMPOUND) {
        compound(path, &bytes)?
    } else if bytes.starts_with(b"PK") {
        match archive(path, &bytes)? {
            Kind::Ods => return Ok((open_document(path, &bytes)?, Kind::Ods)),
            kind => kind,
        }
    } else {
        return Err(no_workbook(path, &bytes));
    };
    Ok((bytes, kind))
}

/// A workbook that a password locks.
pub(super) fn locked(path: &Path) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("the workbook `{}` is locked with a password", path.display()))
        .help("save it without a password: in Excel, File > Info > Protect Workbook > Encrypt with Password")
}

fn too_large(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("the workbook `{}` is not read: {why}", path.display()))
        .help("export the sheet as CSV")
}

fn damaged(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("the workbook `{}` is damaged: {why}", path.display()))
        .help("export or copy the file again")
}

/// A file that has the name of a workbook and is something else.
fn no_workbook(path: &Path, bytes: &[u8]) -> Diagnostic {
    let head = &bytes[..bytes.len().min(4096)];
    let start = String::from_utf8_lossy(head);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let utf16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    let old = matches!(head, [0x09, 0 | 2 | 4, 4 | 6 | 8, 0, ..]);
    let (what, help) = if start.starts_with("<?xml") {
        ("an XML file", "open it in a spreadsheet program and save it as .xlsx, or export CSV")
    } else if start.starts_with('<') {
        ("a web page (HTML)", "open it in a spreadsheet program and save it as .xlsx, or export CSV")
    } else if old {
        ("a workbook of Excel 4 or older", "open it in a spreadsheet program and save it as .xlsx")
    } else if utf16 || !head.contains(&0) && head.iter().all(|b| *b >= b' ' || b.is_ascii_whitespace()) {
        ("text, not a workbook", "if it is CSV, say `format: csv`")
    } else {
        ("not a workbook", "export or copy the file again: it is broken, or another format")
    };
    Diagnostic::data("unreadable-file", format!("`{}` is {what}", path.display())).help(help)
}

/// Checks a workbook that is a ZIP archive. The crate zip, which calamine reads it with, stops where a member turns out
/// longer than it says.
fn archive(path: &Path, bytes: &[u8]) -> Result<Kind, Diagnostic> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(path, &error.to_string()))?;
    let names: Vec<String> =
        archive.file_names().flatten().map(|name| name.replace('\\', "/").to_lowercase()).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let kind = if has("xl/workbook.bin") {
        Kind::Xlsb
    } else if has("content.xml") {
        Kind::Ods
    } else if has("[content_types].xml") && names.iter().any(|name| name.starts_with("xl/")) {
        Kind::Xlsx
    } else {
        let message = format!("`{}` is a ZIP archive without a workbook", path.display());
        return Err(Diagnostic::data("unreadable-file", message).help("if it holds CSV files, say `format: csv`"));
    };
    let mut unpacked: u64 = 0;
    for index in 0..archive.len() {
        let Ok(mut member) = archive.by_index(index) else { continue };
        let name = member.name().map(|name| name.to_lowercase()).unwrap_or_default();
        if [".xml", ".rels", ".bin"].iter().any(|end| name.ends_with(end)) {
            unpacked = unpacked.saturating_add(member.size());
        }
        if (name.contains("sharedstrings") || name == "content.xml") && member.size() > LARGEST_TEXTS {
            return Err(too_large(path, &format!("unpacked its texts would be {}", size(member.size()))));
        }
        if name.ends_with("sharedstrings.xml") && promised_texts(&mut member) > member.size() {
            return Err(damaged(path, "it promises more texts than it can hold"));
        }
    }
    if unpacked > LARGEST_UNPACKED {
        return Err(too_large(path, &format!("unpacked it would be {}", size(unpacked))));
    }
    Ok(kind)
}

/// An `.ods` workbook as calamine can read it: where the file ends too early, it would wait for the end of a table for
/// ever. An empty table behind the end is one, and does no harm to whole files.
fn open_document(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    const ENDS: &[u8] = b"<office:annotation></office:annotation>\
        <table:named-expressions></table:named-expressions><table:table></table:table>";
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(path, &error.to_string()))?;
    let mut writer = ZipWriter::new(Cursor::new(vec![]));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    for name in ["mimetype", "META-INF/manifest.xml", "content.xml"] {
        let mut part = vec![];
        let read = archive.by_name(name).map_err(std::io::Error::from).and_then(|mut p| p.read_to_end(&mut part));
        read.map_err(|error| damaged(path, &format!("{name}: {error}")))?;
        if name == "content.xml" {
            if repeats_spaces(&part) {
                return Err(damaged(path, "it repeats a space absurdly often"));
            }
            part.extend_from_slice(ENDS);
        }
        let written = writer.start_file(name, stored).map_err(std::io::Error::from);
        written.and_then(|()| writer.write_all(&part)).map_err(|error| unreadable(path, &error))?;
    }
    let writer = writer.finish().map_err(|error| unreadable(path, &error.into()))?;
    Ok(writer.into_inner())
}

/// Whether a run of spaces, which is written as their number, is longer than any text of a cell.
fn repeats_spaces(content: &[u8]) -> bool {
    memchr::memmem::find_iter(content, b"text:c").any(|at| {
        let rest = content[at + b"text:c".len()..].iter().skip_while(|b| b.is_ascii_whitespace() || **b == b'=');
        let number = rest.skip(1).take_while(|b| b.is_ascii_digit() || b.is_ascii_whitespace() || **b == b'+');
        number.count() > 5
    })
}

/// How many texts a table of shared ones says that it has; calamine makes room for them before it reads any.
fn promised_texts(table: &mut impl Read) -> u64 {
    let mut head = vec![];
    // What cannot be read here cannot be read by calamine either, which tells it.
    let _ = table.take(1 << 16).read_to_end(&mut head);
    let head = String::from_utf8_lossy(&head);
    let Some((_, rest)) = head.split_once("uniqueCount") else { return 0 };
    let digits: String = rest
        .chars()
        .skip_while(|c| c.is_whitespace() || matches!(c, '=' | '"' | '\''))
        .take_while(char::is_ascii_digit)
        .collect();
    if digits.is_empty() {
        return 0;
    }
    digits.parse().unwrap_or(u64::MAX)
}

/// Checks a compound file: an `.xls` workbook, or a newer one that a password locks.
fn compound(path: &Path, bytes: &[u8]) -> Result<Kind, Diagnostic> {
    let file = Compound::new(bytes).ok_or_else(|| damaged(path, "its directory cannot be followed"))?;
    if file.entry("EncryptedPackage").is_some() {
        return Err(locked(path));
    }
    let Some(book) = file.entry("Workbook").or_else(|| file.entry("Book")) else {
        let message = format!("`{}` is an Office document, but no workbook", path.display());
        return Err(Diagnostic::data("unreadable-file", message).help("export or copy the file again"));
    };
    let stream = file.stream(book).ok_or_else(|| damaged(path, "the end of it is missing"))?;
    match records(&stream) {
        Some(cells) if cells <= MOST_CELLS => Ok(Kind::Xls),
        Some(cells) => Err(too_large(path, &format!("its sheets span {} cells", crate::diagnostic::grouped(cells)))),
        None => Err(damaged(path, "its sheets do not hold together")),
    }
}

/// A compound file: streams in sectors that are chained.
struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    chains: Vec<u32>,
    /// Short streams: their sectors are of 64 bytes, inside one long stream.
    short: Vec<u8>,
    short_chains: Vec<u32>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    length: u64,
}

const END: u32 = 0xFFFF_FFFA;

impl<'b> Compound<'b> {
    fn new(bytes: &'b [u8]) -> Option<Self> {
        let sector = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Self { bytes, sector, chains: vec![], short: vec![], short_chains: vec![], entries: vec![] };
        let mut tables: Vec<u32> = (0..109).filter_map(|i| u32_at(bytes, 76 + 4 * i)).collect();
        let mut next = u32_at(bytes, 68)?;
        let most = bytes.len() / sector + 1;
        let mut seen = 0;
        while next < END {
            seen += 1;
            tables.extend(words(file.at(next).filter(|_| seen <= most)?));
            next = tables.pop()?;
        }
        let tables = tables.into_iter().filter(|table| *table < END);
        for table in tables.take(most) {
            let table = words(file.at(table)?);
            file.chains.extend(table);
        }
        let directory = follow(u32_at(bytes, 48)?, &file.chains, u64::MAX, |id| file.at(id))?;
        file.entries = directory.chunks_exact(128).filter_map(|entry| Entry::new(entry, sector)).collect();
        let root = file.entries.first()?;
        // calamine follows these too, as far as they say they go.
        if root.length > bytes.len() as u64 {
            return None;
        }
        if u32_at(bytes, 64)? > 0 {
            file.short = follow(root.start, &file.chains, root.length, |id| file.at(id))?;
            let length = u64::from(u32_at(bytes, 64)?) * sector as u64;
            let table = follow(u32_at(bytes, 60)?, &file.chains, length, |id| file.at(id))?;
            file.short_chains = words(&table).collect();
        }
        Some(file)
    }

    /// A sector; the last one may be cut off.
    fn at(&self, id: u32) -> Option<&'b [u8]> {
        let start = (id as usize).checked_add(1)?.checked_mul(self.sector)?;
        self.bytes.get(start..self.bytes.len().min(start + self.sector))
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    fn stream(&self, entry: &Entry) -> Option<Vec<u8>> {
        if entry.length > self.bytes.len() as u64 {
            return None;
        }
        if entry.length < 4096 {
            let at = |id: u32| self.short.get(id as usize * 64..self.short.len().min(id as usize * 64 + 64));
            return follow(entry.start, &self.short_chains, entry.length, at);
        }
        follow(entry.start, &self.chains, entry.length, |id| self.at(id))
    }
}

impl Entry {
    fn new(entry: &[u8], sector: usize) -> Option<Self> {
        let units: Vec<u16> = (0..32).filter_map(|i| u16_at(entry, 2 * i)).take_while(|unit| *unit != 0).collect();
        let high = if sector == 512 { 0 } else { u32_at(entry, 124)? };
        let length = u64::from(u32_at(entry, 120)?) | u64::from(high) << 32;
        Some(Self { name: String::from_utf16_lossy(&units), start: u32_at(entry, 116)?, length })
    }
}

/// The bytes of a chain of sectors, as many as `length`; nothing when it leads nowhere or in a circle.
fn follow<'s>(mut id: u32, chains: &[u32], length: u64, at: impl Fn(u32) -> Option<&'s [u8]>) -> Option<Vec<u8>> {
    let mut found = vec![];
    let mut steps = 0;
    while id < END && (found.len() as u64) < length {
        steps += 1;
        found.extend_from_slice(at(id).filter(|_| steps <= chains.len())?);
        let next = chains.get(id as usize).copied();
        if next.is_none() && (found.len() as u64) < length {
            return None;
        }
        id = next.unwrap_or(u32::MAX);
    }
    found.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    Some(found)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).filter_map(|word| u32_at(word, 0))
}

/// How many cells the sheets of a BIFF stream span; nothing when a sheet is absurd.
fn records(stream: &[u8]) -> Option<u64> {
    const SHEET: u16 = 0x0085;
    let mut starts: Vec<usize> = vec![];
    for (kind, data) in (Biff { left: stream, depth: 0 }) {
        if kind == SHEET {
            starts.push(u32_at(data, 0)? as usize);
        }
    }
    let (mut cells, mut walked) = (0_u64, 0);
    for start in starts {
        let left = stream.get(start..)?;
        let (mut rows, mut columns) = ((u16::MAX, 0), (u16::MAX, 0));
        for (kind, data) in (Biff { left, depth: 0 }) {
            walked += data.len() + 4;
            match kind {
                // The sheet's size: calamine makes room for that many cells.
                0x0200 => {
                    let (first_row, end_row, end_column) = match data.len() {
                        10 => (u16_at(data, 0)?.into(), u16_at(data, 2)?.into(), u16_at(data, 6)?),
                        _ => (u32_at(data, 0)?, u32_at(data, 4)?, u16_at(data, 10)?),
                    };
                    // One that ends before it begins would wrap around.
                    if end_row > 1 << 16 || end_column > 1 << 8 || (first_row > end_row && end_row > 0) {
                        return None;
                    }
                }
                0x0006 | 0x00BD | 0x00D6 | 0x00FD | 0x0203 | 0x0204 | 0x0205 | 0x027E => {
                    let (row, column) = (u16_at(data, 0)?, u16_at(data, 2)?);
                    let last = if kind == 0x00BD { u16_at(data, data.len().checked_sub(2)?)? } else { column };
                    if column > last || last > 255 {
                        return None;
                    }
                    rows = (rows.0.min(row), rows.1.max(row));
                    columns = (columns.0.min(column), columns.1.max(last));
                }
                _ => {}
            }
        }
        // Sheets that share their cells would be read again and again.
        if walked > stream.len() {
            return None;
        }
        if rows.0 <= rows.1 {
            cells += (u64::from(rows.1 - rows.0) + 1) * (u64::from(columns.1 - columns.0) + 1);
        }
    }
    Some(cells)
}

/// The records of a BIFF stream up to the end of its part; those of charts inside it are left out.
struct Biff<'s> {
    left: &'s [u8],
    depth: usize,
}

impl<'s> Iterator for Biff<'s> {
    type Item = (u16, &'s [u8]);
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let kind = u16_at(self.left, 0)?;
            let end = 4 + usize::from(u16_at(self.left, 2)?);
            let data = self.left.get(4..end)?;
            self.left = &self.left[end..];
            match kind {
                0x0809 => self.depth += 1,
                0x000A if self.depth <= 1 => {
                    self.left = &[];
                    return None;
                }
                0x000A => self.depth -= 1,
                _ if self.depth <= 1 => return Some((kind, data)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).expect("short");
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
    }

    /// A stream with a sheet whose cells are those.
    fn book(cells: &[(u16, u16)], sheets: usize) -> Vec<u8> {
        let sheet = |start: u32| record(0x0085, &[&start.to_le_bytes()[..], &[0, 0, 1, 0, b'a']].concat());
        let start = u32::try_from(8 + sheets * sheet(0).len() + 4).expect("short");
        let mut stream = record(0x0809, &[0, 6, 5, 0]);
        for _ in 0..sheets {
            stream.extend(sheet(start));
        }
        stream.extend(record(0x000A, &[]));
        stream.extend(record(0x0809, &[0, 6, 16, 0]));
        for (row, column) in cells {
            stream.extend(record(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 10]].concat()));
        }
        stream.extend(record(0x000A, &[]));
        stream
    }

    #[test]
    fn sheets_that_would_fill_the_memory_are_found() {
        assert_eq!(records(&book(&[(0, 0), (9, 1)], 1)), Some(20));
        assert_eq!(records(&book(&[(0, 0), (9, 300)], 1)), None);
        assert_eq!(records(&book(&[(0, 0), (65_535, 255)], 1)), Some(1 << 24));
        // Many sheets that are one and the same.
        assert_eq!(records(&book(&[(0, 0), (65_535, 255), (1, 1), (2, 2)], 50)), None);
    }

    #[test]
    fn chains_that_lead_in_a_circle_are_found() {
        let bytes = [7; 64];
        let at = |_: u32| Some(&bytes[..]);
        assert_eq!(follow(0, &[1, END + 4], u64::MAX, at).map(|b| b.len()), Some(128));
        assert_eq!(follow(0, &[1, 0], u64::MAX, at), None);
        assert_eq!(follow(0, &[9], u64::MAX, at), None);
        assert_eq!(follow(0, &[1, END + 4], 100, at).map(|b| b.len()), Some(100));
    }

    #[test]
    fn promises_of_texts_are_read() {
        let promised = |text: &str| promised_texts(&mut text.as_bytes());
        assert_eq!(promised("<?xml?><sst count=\"9\" uniqueCount=\"7\"><si>"), 7);
        assert_eq!(promised("<sst uniqueCount = '99999999999999999999'>"), u64::MAX);
        assert_eq!(promised("<sst>"), 0);
    }
}
