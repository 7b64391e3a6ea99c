//! Tables row by row, whatever file they stand in: what the readers of loose formats (text, workbooks, JSON) hand over.

use super::csv_records::Raw;
use crate::diagnostic::Diagnostic;
use std::borrow::Cow;

/// A cell as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'r> {
    /// Nothing.
    Empty,
    /// Text, which may stand for a number or a date.
    Text(Cow<'r, str>),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A day, counted from 1970-01-01.
    Day(i32),
    /// A wall time without zone, in microseconds since 1970-01-01T00:00.
    Wall(i64),
    /// What cannot be a value of a column: an error of a spreadsheet (`#N/A`), a list. Its text, for messages.
    Broken(Cow<'r, str>),
}

/// A row, to be read into again and again.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Where it stands: the physical line of a text file, the row of a sheet, from 1.
    pub(super) line: u64,
    /// Why it is no row although something stands there: its columns cannot be told apart.
    pub(super) fault: Option<String>,
    /// Its cells.
    pub(super) content: Content,
}

/// The cells of a row.
#[derive(Debug)]
pub(super) enum Content {
    /// Texts, in one piece of memory.
    Texts(Raw),
    /// Cells that know their type.
    Cells(Vec<Cell<'static>>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Cells(vec![])
    }
}

impl Row {
    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        match &self.content {
            Content::Texts(raw) => raw.len(),
            Content::Cells(cells) => cells.len(),
        }
    }

    /// The first byte of a cell that is text.
    pub(super) fn first_byte(&self, index: usize) -> Option<u8> {
        match &self.content {
            Content::Texts(raw) => raw.bytes(index).first().copied(),
            Content::Cells(cells) => match cells.get(index) {
                Some(Cell::Text(text)) => text.as_bytes().first().copied(),
                _ => None,
            },
        }
    }

    /// Whether none of its cells says anything: spreadsheets save blank lines with as many separators as the others.
    pub(super) fn is_blank(&self) -> bool {
        (0..self.len()).all(|i| match self.cell(i) {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        })
    }

    /// Whether it holds numbers or dates, and not names of columns alone.
    pub(super) fn holds_data(&self) -> bool {
        (0..self.len()).any(|i| match self.cell(i) {
            Cell::Int(_) | Cell::Float(_) | Cell::Bool(_) | Cell::Day(_) | Cell::Wall(_) => true,
            Cell::Text(text) => is_data(&text),
            Cell::Empty | Cell::Broken(_) => false,
        })
    }

    /// A cell; an empty one past the end.
    pub(super) fn cell(&self, index: usize) -> Cell<'_> {
        match &self.content {
            Content::Texts(raw) => match raw.field(index) {
                text if text.is_empty() => Cell::Empty,
                text => Cell::Text(text),
            },
            Content::Cells(cells) => cells.get(index).cloned().unwrap_or(Cell::Empty),
        }
    }
}

/// Whether a text is a number, a date or a time, and no name of a column, by its signs alone.
pub(super) fn is_data(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || ".,-%/:+T ".contains(c);
    text.chars().all(is_sign) && text.contains(|c: char| c.is_ascii_digit())
}

/// The rows of a file, one after another. Rows without any cell are told too, as rows of length 0: they part tables.
pub(super) trait Rows {
    /// Reads the next row; `false` at the end.
    ///
    /// # Errors
    /// The file cannot be read any further.
    fn next(&mut self, row: &mut Row) -> Result<bool, Diagnostic>;
}
