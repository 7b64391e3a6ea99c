//! Rows → batches: every cell is read as its column's type says, bad rows and rows of totals are set aside.

use super::bad_rows::{quoted, Aside, BadRow};
use super::batch::Canonical;
use super::cells::{Column, Dates, Fault, Told};
use super::csv_cells::Strict;
use super::find_table::{several, text};
use super::rows::{Cell, Content, Row};
use super::scan_types::{scan_type, strict};
use super::totals;
use super::{Sink, Task};
use crate::catalog::{Encoding, FileLayout, Reading};
use crate::diagnostic::Diagnostic;
use crate::dialect::looks_damaged_id;
use crate::spec::{OnBadRow, Ragged};
use arrow::array::{
    BooleanArray, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringDictionaryBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::borrow::Cow;
use std::sync::Arc;

/// Reads rows of one file, or of a part of it.
pub(super) struct Typed<'s> {
    task: Task<'s>,
    reading: &'s Reading,
    layout: &'s FileLayout,
    ragged: Ragged,
    columns: Vec<Wanted<'s>>,
    /// Places of the columns of the key, and of the one that dates a record.
    keys: Vec<usize>,
    time: Option<usize>,
    canonical: Canonical<'s>,
    /// Whether the file was brought into UTF-8 from another encoding.
    is_decoded: bool,
    rows: usize,
    /// Rows of the batch that turned out bad when some of their cells were read already.
    dropped: Vec<usize>,
    aside: Aside,
    /// Whether empty rows were the last, but for bad ones: another table may begin.
    is_parted: bool,
}

/// A column that is read.
struct Wanted<'s> {
    raw: &'s str,
    /// Its place in a row, and others to look at where nothing stands there.
    place: usize,
    others: Vec<usize>,
    column: Column<'s>,
    /// Its type was declared: a cell that does not fit is bad.
    is_declared: bool,
    is_key: bool,
}

impl<'s> Typed<'s> {
    /// Reads rows whose cells are those of `header`.
    pub(super) fn new(task: &Task<'s>, header: &'s [String], ragged: Ragged) -> Self {
        let (scan, layout) = (task.scan, &task.file.layout);
        let reading = scan.reading.as_ref();
        let mut columns = vec![];
        for (place, raw) in header.iter().enumerate() {
            let Some(ty) = scan_type(scan, raw) else { continue };
            let is_snapshot = reading.snapshot.as_ref().is_some_and(|snapshot| snapshot.column == *raw);
            let period = if is_snapshot { layout.period.map(after) } else { layout.period };
            let formats = reading.dates.get(raw).map_or(&[][..], Vec::as_slice);
            let dates = |strict| Dates { formats, strict, period, last: None };
            let column = match (strict(scan, raw), ty) {
                (Some(Strict::Date), _) => Column::Day(dates(Strict::Date), Date32Builder::new()),
                (Some(Strict::Wall), _) => Column::Wall(dates(Strict::Wall), TimestampMicrosecondBuilder::new()),
                (Some(Strict::Instant), _) => {
                    Column::Instant(dates(Strict::Instant), TimestampMicrosecondBuilder::new())
                }
                (Some(Strict::Integer), _) => Column::Id(Int64Builder::new()),
                (None, DataType::Int64) => Column::Int(reading.numbers_of(raw), Int64Builder::new()),
                (None, DataType::Float64) => Column::Float(reading.numbers_of(raw), Float64Builder::new()),
                (None, DataType::Boolean) => Column::Bool(BooleanBuilder::new()),
                (None, _) => Column::Text(StringDictionaryBuilder::new()),
            };
            let (is_declared, is_key) = (reading.typed.contains_key(raw), reading.keys.contains(raw));
            let others = layout.others.iter().filter(|(first, _)| *first == place).map(|(_, other)| *other).collect();
            columns.push(Wanted { raw, place, others, column, is_declared, is_key });
        }
        let place = |name: &String| header.iter().position(|h| h == name);
        Self {
            task: *task,
            reading,
            layout,
            ragged,
            columns,
            keys: reading.keys.iter().filter_map(place).collect(),
            time: place(&scan.time.column.raw),
            canonical: Canonical::new(task),
            is_decoded: layout.encoding != Encoding::Utf8,
            rows: 0,
            dropped: vec![],
            aside: Aside::default(),
            is_parted: false,
        }
    }

    /// An empty row was passed over.
    pub(super) fn part(&mut self) {
        self.is_parted = true;
    }

    /// Reads a row.
    ///
    /// # Errors
    /// The row shows that the file is not what it was taken for, or is bad and bad rows are not allowed.
    pub(super) fn push(&mut self, row: &Row, header: &[String]) -> Result<(), Diagnostic> {
        if let Some(fault) = &row.fault {
            return self.bad(row, None, None, fault.clone());
        }
        if self.reading.finds_totals && totals::looks_like_one(row, header.len(), self.time, &self.keys) {
            self.aside.totals += 1;
            return Ok(());
        }
        if let Some(reason) = self.misfit(row, header.len()) {
            return self.bad(row, None, None, reason);
        }
        let printed = if self.layout.printed.is_empty() { header } else { &self.layout.printed };
        if is_header(row, printed) {
            let path = &self.task.file.path;
            let error = several(path, &[]);
            return Err(error.note(format!("the header stands in line {} again", row.line)));
        }
        let mut fault = None;
        let mut is_header = true;
        for wanted in &mut self.columns {
            let mut cell = row.cell(wanted.place);
            for other in &wanted.others {
                if wanted.column.says_nothing(&cell) {
                    cell = row.cell(*other);
                }
            }
            let told = if wanted.is_key { key(&cell, &wanted.column) } else { Ok(()) };
            let told = told.and_then(|()| not_text(&cell, self.is_decoded)).and_then(|()| wanted.column.push(&cell));
            match told {
                Ok(Told::Value) => is_header &= cell == Cell::Empty || matches!(wanted.column, Column::Text(_)),
                Ok(Told::Censored) => *self.aside.censored.entry(wanted.raw.to_owned()).or_default() += 1,
                Err(found) => {
                    wanted.column.push_null();
                    let found = match found {
                        Fault::Misjudged if wanted.is_declared => Fault::Bad(format!("not {}", wanted.column.wanted())),
                        other => other,
                    };
                    fault.get_or_insert((wanted.raw, wanted.place, wanted.column.wanted(), found));
                }
            }
            damaged_id(wanted, &cell, &mut self.aside);
        }
        self.rows += 1;
        self.is_parted &= fault.is_some();
        match fault {
            None => Ok(()),
            Some((_, place, ..)) if self.is_parted && is_header && is_name(row, place) => {
                Err(another(&self.task.file.path, row.line))
            }
            Some((raw, place, wanted, Fault::Misjudged)) => {
                let message = format!(
                    "{}:{}: column `{raw}` holds {}, which is not {wanted}",
                    self.task.file.path.display(),
                    row.line,
                    quoted(&text(&row.cell(place)))
                );
                let note = "it is not a bad row: a sample of the file took the column for another type";
                let help = format!("declare the type of `{raw}` in the source: `type: number`, `type: text`");
                Err(Diagnostic::data("bad-value", message).note(note).help(help))
            }
            Some((raw, place, _, Fault::Bad(reason))) => {
                self.dropped.push(self.rows - 1);
                self.bad(row, Some(raw), Some(text(&row.cell(place))), reason)
            }
        }
    }

    /// Why a row has not the columns of the header.
    fn misfit(&mut self, row: &Row, width: usize) -> Option<String> {
        // In a sheet a cell stands where it stands: one beside the table, or a last one that is empty, shifts nothing.
        if row.len() == width || !matches!(row.content, Content::Texts(_)) {
            return None;
        }
        let fills = row.len() < width || (width..row.len()).all(|i| row.cell(i) == Cell::Empty);
        if self.ragged != Ragged::Quarantine && fills {
            return None;
        }
        // A line of one cell may be the title of another table.
        self.is_parted |= row.len() == 1;
        Some(format!("a record with {} fields, the header has {width}", row.len()))
    }

    /// How many rows the batch in the making has.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Hands over the batch in the making, and what was set aside since the last.
    ///
    /// # Errors
    /// A value that no column holds, or what `sink` returns.
    pub(super) fn flush(&mut self, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        if self.rows == 0 && self.aside.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let mut fields = vec![];
        let mut arrays = vec![];
        for wanted in &mut self.columns {
            let array = wanted.column.finish();
            fields.push(Field::new(wanted.raw, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let bug = |e: arrow::error::ArrowError| Diagnostic::bug(e.to_string());
        let mut batch =
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).map_err(bug)?;
        if !self.dropped.is_empty() {
            let mut kept = vec![true; rows];
            for row in self.dropped.drain(..) {
                kept[row] = false;
            }
            batch = filter_record_batch(&batch, &BooleanArray::from(kept)).map_err(bug)?;
        }
        let mut batch = self.canonical.batch(&batch).map_err(|e| {
            let message = format!("column `{}` of `{}`: {}", e.column, self.task.file.path.display(), e.message);
            Diagnostic::data("bad-value", message)
        })?;
        batch.aside = std::mem::take(&mut self.aside);
        sink(batch)
    }

    fn bad(
        &mut self,
        row: &Row,
        column: Option<&str>,
        value: Option<String>,
        reason: String,
    ) -> Result<(), Diagnostic> {
        let separator = if self.layout.separator == 0 { b',' } else { self.layout.separator };
        let column = column.map(str::to_owned);
        let bad = BadRow { line: row.line, column, value, reason, record: record(row, separator) };
        if self.reading.on_bad_row == OnBadRow::Fail {
            return Err(told(&bad, &self.task.file.path));
        }
        self.aside.bad.push(bad);
        Ok(())
    }
}

/// The days on which an export may be made that covers others: from a week before its last day on, for less than a year, so that
/// a day without a year is one of them.
fn after((_, end): (i32, i32)) -> (i32, i32) {
    (end - 7, end + 300)
}

/// The error for a bad row where none is allowed.
fn told(bad: &BadRow, path: &std::path::Path) -> Diagnostic {
    let message = format!("{}:{}: {}", path.display(), bad.line, bad.describe());
    let error = Diagnostic::data(if bad.column.is_some() { "bad-value" } else { "bad-record" }, message);
    error.help("correct the file, or let bad rows be kept apart: `on_bad_row: quarantine`")
}

/// The row as a line of CSV.
fn record(row: &Row, separator: u8) -> String {
    let separator = char::from(separator);
    let cells = (0..row.len()).map(|i| {
        let cell = text(&row.cell(i));
        let needs_quotes = cell.contains([separator, '"', '\n', '\r']);
        if needs_quotes {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    cells.collect::<Vec<_>>().join(&separator.to_string())
}

/// A key tells records apart: it may neither be empty nor rounded.
fn key(cell: &Cell<'_>, column: &Column<'_>) -> Result<(), Fault> {
    match cell {
        Cell::Empty => Err(Fault::Bad("is empty, and it is the record's key".to_owned())),
        Cell::Text(text) if matches!(column, Column::Text(_)) && looks_damaged_id(text) => {
            Err(Fault::Bad("an id that a spreadsheet has rounded: its last digits are lost".to_owned()))
        }
        _ => Ok(()),
    }
}

/// What was no text in the file's encoding was replaced when it was decoded: in UTF-8 by the cell, which is a copy then.
fn not_text(cell: &Cell<'_>, is_decoded: bool) -> Result<(), Fault> {
    match cell {
        Cell::Text(text) if (is_decoded || matches!(text, Cow::Owned(_))) && text.contains('\u{fffd}') => {
            Err(Fault::Bad(
                "not text in the file's encoding (`csv: {encoding: windows-1252}` is a common other one)".to_owned(),
            ))
        }
        _ => Ok(()),
    }
}

fn damaged_id(wanted: &Wanted<'_>, cell: &Cell<'_>, aside: &mut Aside) {
    if let (Column::Text(_), Cell::Text(text), false) = (&wanted.column, cell, wanted.is_key) {
        if text.as_bytes().first().is_some_and(u8::is_ascii_digit) && looks_damaged_id(text) {
            aside.damaged_ids.entry(wanted.raw.to_owned()).or_insert((0, text.clone().into_owned())).0 += 1;
        }
    }
}

/// The error for a table below the one that is read.
fn another(path: &std::path::Path, line: u64) -> Diagnostic {
    several(path, &[]).note(format!("another table seems to begin in line {line}"))
}

/// Whether a cell of a row may be the name of a column, beside others.
fn is_name(row: &Row, place: usize) -> bool {
    let known = (0..row.len()).filter(|i| row.cell(*i) != Cell::Empty).count();
    known > 1 && matches!(row.cell(place), Cell::Text(text) if text.trim_start().starts_with(char::is_alphabetic))
}

/// Whether a row is the header once more.
fn is_header(row: &Row, header: &[String]) -> bool {
    let same = |i: usize, name: &String| matches!(row.cell(i), Cell::Text(text) if text.trim() == name);
    header.len() > 1
        && header.iter().take(2).enumerate().all(|(i, name)| same(i, name))
        && header.iter().enumerate().all(|(i, name)| {
            // Repeated and nameless columns have other names than their cells.
            same(i, name) || matches!(row.cell(i), Cell::Empty) || name.contains(" (") || name.starts_with("column ")
        })
}
