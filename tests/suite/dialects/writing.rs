//! Lines → the bytes of a file: quoted, encoded, packed, or a workbook.

use super::case::Kind;
use super::values::civil;
use crate::oracle::Random;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use std::io::{Cursor, Write as _};

/// Stands for bytes that are no text in the file's encoding.
pub(super) const WRONG: char = '\u{E000}';

/// A cell as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    /// In a workbook.
    Number(f64),
    /// In a workbook: a day and its minutes.
    Day(i32, u16),
    /// In a workbook.
    Error,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) kind: Kind,
    pub(super) cells: Vec<Cell>,
    /// A title, or a blank line.
    pub(super) is_aside: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    Utf8,
    Utf8Mark,
    Utf16Le,
    Utf16Be,
    Utf16LeBare,
    Windows1252,
}

impl Encoding {
    pub(super) const ALL: [Self; 8] = [
        Self::Utf8,
        Self::Utf8,
        Self::Utf8,
        Self::Utf8Mark,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Utf16LeBare,
        Self::Windows1252,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8Mark => "utf-8",
            Self::Utf16Le | Self::Utf16LeBare => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Whether some bytes are no text.
    pub(super) fn can_be_wrong(self) -> bool {
        self != Self::Windows1252
    }

    fn encode(self, text: &str) -> Vec<u8> {
        let units = |bytes: fn(u16) -> [u8; 2], mark: bool| {
            let mark = mark.then_some(0xFEFF);
            // Half of a pair.
            let unit = |unit: u16| if unit == 0xE000 { 0xD800 } else { unit };
            mark.into_iter().chain(text.encode_utf16().map(unit)).flat_map(bytes).collect::<Vec<u8>>()
        };
        match self {
            Self::Utf8 | Self::Utf8Mark => {
                let mark = if self == Self::Utf8Mark { "\u{feff}" } else { "" };
                let mut bytes = format!("{mark}{text}").into_bytes();
                let mut wrong = [0; 4];
                let wrong = WRONG.encode_utf8(&mut wrong).as_bytes();
                while let Some(at) = bytes.windows(wrong.len()).position(|window| window == wrong) {
                    bytes.splice(at..at + wrong.len(), [0xE9]);
                }
                bytes
            }
            Self::Utf16Le => units(u16::to_le_bytes, true),
            Self::Utf16Be => units(u16::to_be_bytes, true),
            Self::Utf16LeBare => units(u16::to_le_bytes, false),
            Self::Windows1252 => {
                let (bytes, _, failed) = encoding_rs::WINDOWS_1252.encode(text);
                assert!(!failed, "{text}");
                bytes.into_owned()
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Packing {
    No,
    Gzip,
    Zstd,
    Zip,
    /// With another file beside it.
    ZipOfTwo,
}

impl Packing {
    pub(super) const ALL: [Self; 7] = [Self::No, Self::No, Self::No, Self::Gzip, Self::Zstd, Self::Zip, Self::ZipOfTwo];

    fn pack(self, bytes: Vec<u8>) -> Vec<u8> {
        let zip = |others: &[&str]| {
            let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
            let options = zip::write::SimpleFileOptions::default();
            for name in others {
                archive.start_file(*name, options).expect("a member");
                archive.write_all(b"nothing").expect("bytes");
            }
            archive.start_file("folder/Table.csv", options).expect("a member");
            archive.write_all(&bytes).expect("bytes");
            archive.finish().expect("the end").into_inner()
        };
        match self {
            Self::No => bytes,
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
                encoder.write_all(&bytes).expect("compressed");
                encoder.finish().expect("compressed")
            }
            Self::Zstd => zstd::encode_all(bytes.as_slice(), 1).expect("compressed"),
            Self::Zip => zip(&["__MACOSX/Table.csv", ".DS_Store"]),
            Self::ZipOfTwo => zip(&["Read me.txt"]),
        }
    }
}

/// How a file is written, whatever its cells.
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) is_workbook: bool,
    pub(super) encoding: Encoding,
    pub(super) is_encoding_declared: bool,
    pub(super) packing: Packing,
    pub(super) separator: char,
    pub(super) is_separator_declared: bool,
    pub(super) has_sep_line: bool,
    pub(super) is_tsv: bool,
    pub(super) quotes_all: bool,
    pub(super) line_end: &'static str,
    pub(super) ends_with_line_end: bool,
    /// Titles and blank lines have as many separators as the table, as spreadsheets save them.
    pub(super) is_padded: bool,
    pub(super) width: usize,
}

impl Layout {
    /// Whether the encoding has a character.
    pub(super) fn fits(&self, c: char) -> bool {
        match self.encoding {
            Encoding::Windows1252 => !encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut [0; 4])).2,
            // It is told by every other byte being zero.
            Encoding::Utf16LeBare if !self.is_encoding_declared => u32::from(c) < 256,
            _ => true,
        }
    }

    pub(super) fn extension(&self) -> &'static str {
        match self.packing {
            _ if self.is_workbook => ".xlsx",
            Packing::No if self.is_tsv => ".tsv",
            Packing::No => ".csv",
            Packing::Gzip => ".csv.gz",
            Packing::Zstd => ".csv.zst",
            Packing::Zip | Packing::ZipOfTwo => ".zip",
        }
    }

    /// What a pipeline says of it.
    pub(super) fn source(&self) -> String {
        if self.is_workbook {
            return String::new();
        }
        let mut parts = vec![];
        if self.is_encoding_declared {
            parts.push(format!("encoding: {}", self.encoding.word()));
        }
        if self.is_separator_declared {
            parts.push(format!("separator: {}", serde_json::to_string(&self.separator).expect("JSON")));
        }
        let csv = if parts.is_empty() { String::new() } else { format!("csv: {{{}}}\n", parts.join(", ")) };
        let member = if self.packing == Packing::ZipOfTwo { "member: table.csv\n" } else { "" };
        format!("{csv}{member}")
    }
}

/// The bytes of a file of these lines, and the physical lines of those that cannot be read.
pub(super) fn write(lines: &[Line], layout: &Layout, random: &mut Random) -> (Vec<u8>, Vec<u64>) {
    if layout.is_workbook {
        return workbook(lines);
    }
    let mut text = String::new();
    let mut bad = vec![];
    if layout.has_sep_line {
        text += &format!("sep={}{}", layout.separator, layout.line_end);
    }
    for (at, line) in lines.iter().enumerate() {
        if line.kind == Kind::Bad {
            bad.push(1 + u64::try_from(text.matches('\n').count()).expect("few lines"));
        }
        let width = if layout.is_padded && line.is_aside { layout.width } else { line.cells.len() };
        let cells: Vec<String> = (0..width)
            .map(|place| match line.cells.get(place) {
                Some(Cell::Text(cell)) => quoted(cell, layout, line.is_aside, random),
                None => String::new(),
                other => panic!("{other:?} in a file of text"),
            })
            .collect();
        text += &cells.join(&layout.separator.to_string());
        if at + 1 < lines.len() || layout.ends_with_line_end {
            text += layout.line_end;
        }
    }
    (layout.packing.pack(layout.encoding.encode(&text)), bad)
}

fn quoted(cell: &str, layout: &Layout, is_aside: bool, random: &mut Random) -> String {
    let needs = cell.contains([layout.separator, '\n', '\r']) || cell.starts_with('"');
    // A quote inside an unquoted cell is an ordinary character, which few programs write.
    let has_quote = cell.contains('"') && random.chance(90);
    if needs || has_quote || (layout.quotes_all && !is_aside) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn workbook(lines: &[Line]) -> (Vec<u8>, Vec<u64>) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let (day, time) = (Format::new().set_num_format("yyyy-mm-dd"), Format::new().set_num_format("yyyy-mm-dd hh:mm"));
    let mut bad = vec![];
    for (row, line) in (0u32..).zip(lines) {
        if line.kind == Kind::Bad {
            bad.push(u64::from(row) + 1);
        }
        for (column, cell) in (0u16..).zip(&line.cells) {
            match cell {
                Cell::Text(text) if text.is_empty() => continue,
                Cell::Text(text) => sheet.write_string(row, column, text),
                Cell::Number(number) => sheet.write_number(row, column, *number),
                Cell::Error => sheet.write_formula(row, column, Formula::new("=1/0").set_result("#DIV/0!")),
                Cell::Day(number, minutes) => {
                    let of = civil(*number);
                    let (month, day_of_month) = (of.month().unsigned_abs(), of.day().unsigned_abs());
                    let at = ExcelDateTime::from_ymd(of.year().unsigned_abs(), month, day_of_month).expect("a day");
                    let minute = u8::try_from(minutes % 60).expect("minutes");
                    match minutes / 60 {
                        0 => sheet.write_datetime_with_format(row, column, &at, &day),
                        hour => {
                            let at = at.and_hms(hour, minute, 0).expect("a time");
                            sheet.write_datetime_with_format(row, column, &at, &time)
                        }
                    }
                }
            }
            .expect("a cell");
        }
    }
    (book.save_to_buffer().expect("a workbook"), bad)
}
