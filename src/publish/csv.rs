//! CSV: RFC 4180 with CRLF, empty cells for null, `(unknown)` for a null dimension, `(all)` in totals, `(others)` where a top
//! list leaves groups; or the dialect that a French Excel
//! opens by double click. Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
//! Injection").
//!
//! Lines are put together here and not by the crate `csv`: most cells are numbers, which never need quotes, and reports
//! are a large part of a run's time.

use super::Format;
use crate::calendar::iso_date;
use crate::plan::{ExportPlan, ReportPlan};
use crate::spec::{Dialect, ExportFormat};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use jiff::tz::TimeZone;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How a missing dimension value is written: an empty cell could not be told from an empty text.
const UNKNOWN: &str = "(unknown)";

/// How a dimension is written in totals over all of its values.
const ALL: &str = "(all)";

/// How a dimension is written where the groups that a top list leaves are taken together.
const OTHERS: &str = "(others)";

/// Bytes that are written in one go.
const FLUSH: usize = 1 << 18;

pub(super) struct CsvFormat;

impl Format for CsvFormat {
    fn format(&self) -> ExportFormat {
        ExportFormat::Csv
    }

    fn write(&self, table: &RecordBatch, report: &ReportPlan, export: &ExportPlan, path: &Path) -> Result<(), String> {
        let text = |e: &dyn std::fmt::Display| e.to_string();
        let french = export.dialect == Dialect::ExcelFr;
        let mut file = File::create(path).map_err(|e| text(&e))?;
        if french {
            file.write_all("\u{feff}".as_bytes()).map_err(|e| text(&e))?;
        }
        let separator = if french { b';' } else { b',' };
        let schema = table.schema();
        let mut lines = Vec::with_capacity(2 * FLUSH);
        for (i, field) in schema.fields().iter().enumerate() {
            if i > 0 {
                lines.push(separator);
            }
            quoted(&safe(field.name()), separator, &mut lines);
        }
        lines.extend_from_slice(b"\r\n");
        let mut cells: Vec<Cells<'_>> = vec![];
        for (field, array) in schema.fields().iter().zip(table.columns()) {
            let dim = report.dims.iter().position(|d| d.name == *field.name());
            let column = Cells::new(array, dim.is_some(), french, separator);
            let mut column = column.ok_or_else(|| format!("no text for {}", field.data_type()))?;
            if let (Some(dim), Some(levels)) = (dim, table.column_by_name("level")) {
                let over = report.levels.iter().filter(|level| !level.dims.contains(&dim));
                let word = |is_rest: bool| if is_rest { OTHERS } else { ALL };
                let over: Vec<(&str, &str)> = over.map(|level| (level.name.as_str(), word(level.is_rest))).collect();
                column.totals = (!over.is_empty()).then(|| (levels.as_string(), over));
            }
            cells.push(column);
        }
        for row in 0..table.num_rows() {
            for (i, column) in cells.iter_mut().enumerate() {
                if i > 0 {
                    lines.push(separator);
                }
                column.write(row, &mut lines);
            }
            lines.extend_from_slice(b"\r\n");
            if lines.len() > FLUSH {
                file.write_all(&lines).map_err(|e| text(&e))?;
                lines.clear();
            }
        }
        file.write_all(&lines).map_err(|e| text(&e))
    }
}

/// A text, in quotes where RFC 4180 asks for them.
fn quoted(text: &str, separator: u8, lines: &mut Vec<u8>) {
    let special = |b: u8| b == separator || matches!(b, b'"' | b'\r' | b'\n');
    if !text.bytes().any(special) {
        lines.extend_from_slice(text.as_bytes());
        return;
    }
    lines.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            lines.push(b'"');
        }
        lines.push(byte);
    }
    lines.push(b'"');
}

/// A column, and how its cells are written.
struct Cells<'t> {
    values: Values<'t>,
    nulls: Option<&'t NullBuffer>,
    null: &'static str,
    /// For dimensions: the level of each row, and the levels that do not keep the dimension, each with its word.
    totals: Option<(&'t StringArray, Vec<(&'t str, &'static str)>)>,
    french: bool,
    separator: u8,
    /// The last day written: neighbouring rows are mostly of one period.
    last_day: Option<(i32, String)>,
}

enum Values<'t> {
    Text(&'t StringArray),
    Flag(&'t BooleanArray),
    Integer(&'t [i64]),
    Float(&'t [f64]),
    Day(&'t [i32]),
    Instant(&'t [i64], TimeZone),
}

impl<'t> Cells<'t> {
    /// `None` for a type that reports never have.
    fn new(array: &'t ArrayRef, dim: bool, french: bool, separator: u8) -> Option<Self> {
        let values = match array.data_type() {
            DataType::Utf8 => Values::Text(array.as_string()),
            DataType::Boolean => Values::Flag(array.as_boolean()),
            DataType::Int64 => Values::Integer(array.as_primitive::<Int64Type>().values()),
            DataType::Float64 => Values::Float(array.as_primitive::<Float64Type>().values()),
            DataType::Date32 => Values::Day(array.as_primitive::<Date32Type>().values()),
            DataType::Timestamp(_, zone) => {
                let zone = zone.as_deref().and_then(|z| TimeZone::get(z).ok()).unwrap_or(TimeZone::UTC);
                Values::Instant(array.as_primitive::<TimestampMicrosecondType>().values(), zone)
            }
            _ => return None,
        };
        let null = if dim { UNKNOWN } else { "" };
        Some(Self { values, nulls: array.nulls(), null, totals: None, french, separator, last_day: None })
    }

    fn write(&mut self, row: usize, text: &mut Vec<u8>) {
        if self.nulls.is_some_and(|n| n.is_null(row)) {
            let level = self.totals.as_ref().map(|(levels, over)| (levels.value(row), over));
            let word = level.and_then(|(level, over)| over.iter().find(|(name, _)| *name == level));
            text.extend_from_slice(word.map_or(self.null, |(_, word)| word).as_bytes());
            return;
        }
        match &self.values {
            Values::Text(texts) => {
                let value = texts.value(row);
                if is_formula(value) {
                    quoted(&safe(value), self.separator, text);
                } else {
                    quoted(value, self.separator, text);
                }
            }
            Values::Flag(flags) => text.extend_from_slice(if flags.value(row) { b"true" } else { b"false" }),
            Values::Integer(numbers) => text.extend_from_slice(itoa::Buffer::new().format(numbers[row]).as_bytes()),
            Values::Float(numbers) => float(numbers[row], self.french, text),
            Values::Day(days) => {
                let day = days[row];
                if self.last_day.as_ref().is_none_or(|(last, _)| *last != day) {
                    self.last_day = Some((day, iso_date(day)));
                }
                text.extend_from_slice(self.last_day.as_ref().map_or(&[], |(_, date)| date.as_bytes()));
            }
            Values::Instant(instants, zone) => text.extend_from_slice(instant(instants[row], zone).as_bytes()),
        }
    }
}

/// The shortest text that reads back to the same number; plain from 1e-5 to below 1e16.
fn float(x: f64, french: bool, text: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let digits = buffer.format(if x == 0.0 { 0.0 } else { x });
    let start = text.len();
    let digits = digits.strip_suffix(".0").unwrap_or(digits).as_bytes();
    match memchr::memchr(b'+', digits) {
        Some(plus) => text.extend(digits[..plus].iter().chain(&digits[plus + 1..])),
        None => text.extend_from_slice(digits),
    }
    if french {
        text[start..].iter_mut().filter(|b| **b == b'.').for_each(|b| *b = b',');
    }
}

fn instant(micros: i64, zone: &TimeZone) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| micros.to_string(), |t| t.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// Whether a spreadsheet would run a text as a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Keeps a spreadsheet from running a text as a formula.
fn safe(text: &str) -> String {
    if is_formula(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(x: f64, french: bool) -> String {
        let mut text = vec![];
        float(x, french, &mut text);
        String::from_utf8(text).expect("ASCII")
    }

    #[test]
    fn floats_are_short_and_read_back() {
        for (x, plain) in
            [(0.1, "0.1"), (1.0, "1"), (1e300, "1e300"), (-2.5e-7, "-2.5e-7"), (123_456_789.25, "123456789.25")]
        {
            assert_eq!(written(x, false), plain);
            assert_eq!(plain.parse::<f64>().ok(), Some(x));
        }
        assert_eq!(written(1234.5, true), "1234,5");
        assert_eq!(written(-0.0, true), "0");
        for (x, shown) in [(1e-5, "0.00001"), (9.9e-6, "9.9e-6"), (1e15, "1000000000000000"), (1e16, "1e16")] {
            assert_eq!(written(x, false), shown);
        }
    }

    #[test]
    fn quotes_stand_where_they_must() {
        for (text, shown) in
            [("a b", "a b"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("x\ny", "\"x\ny\""), ("", "")]
        {
            let mut line = vec![];
            quoted(text, b',', &mut line);
            assert_eq!(String::from_utf8(line).as_deref(), Ok(shown));
        }
    }

    #[test]
    fn formulas_are_neutralised() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("@cmd"), "'@cmd");
        assert_eq!(safe("18-24"), "18-24");
    }
}
