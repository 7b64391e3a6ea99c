//! The rows of an export's beginning, with whatever stands above and between its tables.

use super::csv_rows::CsvRows;
use super::excel::{SheetChoice, SheetRows};
use super::find_table::text;
use super::ndjson::JsonRows;
use super::rows::{Cell, Row, Rows};
use super::sample;
use super::text;
use crate::catalog::{Encoding, FileLayout, Physical};
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use std::path::Path;

/// So many rows are looked at, and so many bytes of a text.
const ROWS: usize = 20_000;
const BYTES: u64 = 8 * 1024 * 1024;

/// Rows that tell a separator.
const TELLING: usize = 400;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Nothing.
    Empty,
    /// Text, which may stand for a number or a date.
    Text,
    /// A number that knows that it is one.
    Number,
    /// A truth value that knows that it is one.
    Truth,
    /// A date that knows that it is one.
    Date,
    /// What cannot be a value of a column.
    Broken,
}

/// A cell of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledCell {
    /// Its text; that of a number or a date as machines write it.
    pub text: String,
    /// What it holds.
    pub kind: CellKind,
}

/// A row of a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampledRow {
    /// Where it stands.
    pub line: u64,
    /// Its cells, as many as it has.
    pub cells: Vec<SampledCell>,
    /// Whether its first cell, or one past the header, is a word for totals.
    pub says_total: bool,
    /// The days that its export covers, where known.
    pub period: Option<(i32, i32)>,
    /// What each of its cells looks like by itself.
    pub(super) kinds: Vec<Physical>,
}

/// The rows of a file's beginning.
#[derive(Default)]
pub(super) struct Beginning {
    pub(super) rows: Vec<SampledRow>,
    /// The file ends there too.
    pub(super) is_whole: bool,
}

/// How a CSV file is written.
pub(super) struct Written {
    pub(super) layout: FileLayout,
    /// The encoding must be declared: nothing in the file tells it.
    pub(super) declares_encoding: bool,
    pub(super) has_mark: bool,
    /// A `sep=` line, or `.tsv`, says the separator.
    pub(super) told_separator: bool,
}

impl Beginning {
    /// Reads rows until there are enough.
    fn read(rows: &mut dyn Rows) -> Result<Self, Diagnostic> {
        let mut found = Self { rows: vec![], is_whole: true };
        let mut row = Row::default();
        while rows.next(&mut row)? {
            if found.rows.len() == ROWS {
                found.is_whole = false;
                break;
            }
            if row.fault.is_some() {
                continue;
            }
            let cells: Vec<SampledCell> = (0..row.len()).map(|i| cell(&row.cell(i))).collect();
            let kinds = (0..row.len()).map(|i| sample::kind(&row.cell(i))).collect();
            found.rows.push(SampledRow { line: row.line, cells, kinds, ..SampledRow::default() });
        }
        Ok(found)
    }

    /// The rows of a sheet.
    pub(super) fn of_sheet(path: &Path, sheet: &str) -> Result<Self, Diagnostic> {
        Self::read(&mut SheetRows::open(path, &SheetChoice::Name(sheet.to_owned()))?)
    }

    /// The records of a JSON file, under a header of its columns.
    pub(super) fn of_json(path: &Path, header: &[String]) -> Result<Self, Diagnostic> {
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        Self::read(&mut JsonRows::open(path, &names, None)?)
    }

    /// The rows of a CSV file, and how it is written.
    pub(super) fn of_csv(path: &Path, member: Option<&str>) -> Result<(Self, Written), Diagnostic> {
        let mut layout = FileLayout { member: member.map(str::to_owned), ..FileLayout::default() };
        let start = text::beginning(text::bytes(path, member, None)?, 1024, path)?;
        layout.encoding = text::encoding(&start);
        let mut head = text::beginning(text::open(path, &layout, None)?, BYTES, path)?;
        let is_utf8 = |head: &[u8]| std::str::from_utf8(head).is_ok_and(|_| true) || cut_only(head);
        let declares_encoding = layout.encoding == Encoding::Utf8 && !is_utf8(&head);
        if declares_encoding {
            layout.encoding = Encoding::Windows1252;
            head = text::beginning(text::open(path, &layout, None)?, BYTES, path)?;
        }
        let separator = text::told_separator(&head, path);
        layout.separator = separator.map_or_else(|| likeliest(&head, path), Ok)?;
        let rows = CsvRows::new(head.as_slice(), layout.separator, 1, path).of_sample();
        let mut found = Self::read(&mut { rows })?;
        found.is_whole &= (head.len() as u64) < BYTES;
        let written = Written {
            layout,
            declares_encoding,
            has_mark: start.starts_with(b"\xEF\xBB\xBF") || matches!(start[..], [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]),
            told_separator: separator.is_some(),
        };
        Ok((found, written))
    }
}

/// Whether a text is UTF-8 but for a character that its end cuts.
fn cut_only(head: &[u8]) -> bool {
    std::str::from_utf8(head).is_err_and(|e| e.error_len().is_none())
}

/// The separator that parts most rows into the same number of fields.
fn likeliest(head: &[u8], path: &Path) -> Result<u8, Diagnostic> {
    let mut best = (0, b',');
    for separator in *b",;\t|" {
        let mut rows = CsvRows::new(head, separator, 1, path).of_sample();
        let mut lengths: Vec<usize> = vec![];
        let mut row = Row::default();
        while lengths.len() < TELLING && rows.next(&mut row)? {
            if row.len() > 0 {
                lengths.push(row.len());
            }
        }
        // Of rows with more than one field: how many have as many as most.
        let alike = |length: usize| lengths.iter().filter(|l| **l == length).count();
        let most = lengths.iter().filter(|l| **l > 1).map(|l| (alike(*l), *l)).max().unwrap_or_default();
        let score = most.0 * 100 + most.1.min(99);
        if score > best.0 {
            best = (score, separator);
        }
    }
    Ok(best.1)
}

fn cell(cell: &Cell<'_>) -> SampledCell {
    let kind = match cell {
        Cell::Empty => CellKind::Empty,
        Cell::Text(text) if text.trim().is_empty() => CellKind::Empty,
        Cell::Text(_) => CellKind::Text,
        Cell::Int(_) | Cell::Float(_) => CellKind::Number,
        Cell::Bool(_) => CellKind::Truth,
        Cell::Day(_) | Cell::Wall(_) => CellKind::Date,
        Cell::Broken(_) => CellKind::Broken,
    };
    SampledCell { text: text(cell).trim().to_owned(), kind }
}

/// What a value of a typed file is as a cell.
pub(super) fn of_value(value: &serde_json::Value, physical: &Physical) -> SampledCell {
    use serde_json::Value;
    let (text, kind) = match value {
        Value::Null => (String::new(), CellKind::Empty),
        Value::Bool(flag) => (flag.to_string(), CellKind::Truth),
        Value::Number(number) => (number.to_string(), CellKind::Number),
        Value::String(text) => match physical {
            Physical::Typed(Type::Date) | Physical::Timestamp { .. } => (text.clone(), CellKind::Date),
            _ => (text.trim().to_owned(), CellKind::Text),
        },
        other => (other.to_string(), CellKind::Broken),
    };
    SampledCell { text, kind }
}
