//! CSV as rows of texts.

use super::csv_records::{Raw, Records};
use super::rows::{Content, Row, Rows};
use super::text::broken;
use crate::diagnostic::Diagnostic;
use std::io::BufRead;
use std::path::Path;

/// The rows of a CSV text.
pub(super) struct CsvRows<'p, R> {
    records: Records<R>,
    path: &'p Path,
    /// The input is the beginning of a text, and may end inside a record.
    is_sample: bool,
}

impl<'p, R: BufRead> CsvRows<'p, R> {
    /// Reads `input`, whose first line has the number `line`; empty lines are told where asked for.
    pub(super) fn new(input: R, separator: u8, line: u64, path: &'p Path) -> Self {
        Self { records: Records::new(input, separator).starting_at(line).with_blanks(), path, is_sample: false }
    }

    /// Takes the input for the beginning of a text: its last record, which may be cut off, is left out.
    pub(super) fn of_sample(mut self) -> Self {
        self.is_sample = true;
        self
    }
}

impl<R: BufRead> Rows for CsvRows<'_, R> {
    fn next(&mut self, row: &mut Row) -> Result<bool, Diagnostic> {
        if !matches!(row.content, Content::Texts(_)) {
            row.content = Content::Texts(Raw::default());
        }
        row.fault = None;
        let Content::Texts(raw) = &mut row.content else { return Err(Diagnostic::bug("a row of texts has none")) };
        let more = self
            .records
            .read(raw)
            .map_err(|e| broken(self.path, &e).note(format!("it could be read up to line {}", self.records.line())))?;
        row.line = raw.line;
        match raw.unclosed {
            Some(_) if self.is_sample => Ok(false),
            Some(line) => Err(unclosed(self.path, line)),
            None => Ok(more),
        }
    }
}

/// The error for a quote that is never closed.
pub(super) fn unclosed(path: &Path, line: u64) -> Diagnostic {
    Diagnostic::data(
        "unclosed-quote",
        format!(
            "{}:{line}: a quote is opened here and never closed, or its cell is longer than 16 MiB",
            path.display()
        ),
    )
    .note("everything after it would be read as one cell")
    .help("close the quote, double it (`\"\"`) if it belongs to the text, or export the file again")
}
