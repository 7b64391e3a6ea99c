//! CSV: RFC 4180 with CRLF, empty cells for null, `(unknown)` for a null dimension; or the dialect that a French Excel
//! opens by double click. Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
//! Injection").

use super::Format;
use crate::calendar::iso_date;
use crate::plan::{ExportPlan, ReportPlan};
use crate::spec::{Dialect, ExportFormat};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use jiff::tz::TimeZone;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// How a missing dimension value is written: an empty cell could not be told from an empty text.
const UNKNOWN: &str = "(unknown)";

pub(super) struct CsvFormat;

impl Format for CsvFormat {
    fn format(&self) -> ExportFormat {
        ExportFormat::Csv
    }

    fn write(&self, table: &RecordBatch, report: &ReportPlan, export: &ExportPlan, path: &Path) -> Result<(), String> {
        let text = |e: &dyn std::fmt::Display| e.to_string();
        let french = export.dialect == Dialect::ExcelFr;
        let mut file = BufWriter::with_capacity(1 << 18, File::create(path).map_err(|e| text(&e))?);
        if french {
            file.write_all("\u{feff}".as_bytes()).map_err(|e| text(&e))?;
        }
        let mut writer = WriterBuilder::new()
            .delimiter(if french { b';' } else { b',' })
            .terminator(Terminator::CRLF)
            .quote_style(QuoteStyle::Necessary)
            .from_writer(file);
        let schema = table.schema();
        let header = schema.fields().iter().map(|f| safe(f.name()));
        writer.write_record(header).map_err(|e| text(&e))?;
        let mut cells: Vec<Cells<'_>> = vec![];
        for (field, array) in schema.fields().iter().zip(table.columns()) {
            let dim = report.dims.iter().any(|d| d.name == *field.name());
            cells.push(Cells::new(array, dim, french).ok_or_else(|| format!("no text for {}", field.data_type()))?);
        }
        let mut text = Vec::new();
        for row in 0..table.num_rows() {
            for column in &cells {
                text.clear();
                column.write(row, &mut text);
                writer.write_field(&text).map_err(|e| e.to_string())?;
            }
            writer.write_record(None::<&[u8]>).map_err(|e| e.to_string())?;
        }
        writer.flush().map_err(|e| e.to_string())?;
        Ok(())
    }
}

/// A column, and how its cells are written.
struct Cells<'t> {
    values: Values<'t>,
    nulls: Option<&'t NullBuffer>,
    null: &'static str,
    french: bool,
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
    fn new(array: &'t ArrayRef, dim: bool, french: bool) -> Option<Self> {
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
        Some(Self { values, nulls: array.nulls(), null: if dim { UNKNOWN } else { "" }, french })
    }

    fn write(&self, row: usize, text: &mut Vec<u8>) {
        if self.nulls.is_some_and(|n| n.is_null(row)) {
            text.extend_from_slice(self.null.as_bytes());
            return;
        }
        match &self.values {
            Values::Text(texts) => {
                let value = texts.value(row);
                if is_formula(value) {
                    text.push(b'\'');
                }
                text.extend_from_slice(value.as_bytes());
            }
            Values::Flag(flags) => text.extend_from_slice(if flags.value(row) { b"true" } else { b"false" }),
            Values::Integer(numbers) => text.extend_from_slice(itoa::Buffer::new().format(numbers[row]).as_bytes()),
            Values::Float(numbers) => float(numbers[row], self.french, text),
            Values::Day(days) => text.extend_from_slice(iso_date(days[row]).as_bytes()),
            Values::Instant(instants, zone) => text.extend_from_slice(instant(instants[row], zone).as_bytes()),
        }
    }
}

/// The shortest text that reads back to the same number; plain from 1e-5 to below 1e16.
fn float(x: f64, french: bool, text: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let digits = buffer.format(if x == 0.0 { 0.0 } else { x });
    let start = text.len();
    match digits.split_once("e+") {
        Some((mantissa, exponent)) => text.extend([mantissa, "e", exponent].iter().flat_map(|part| part.bytes())),
        None => text.extend_from_slice(digits.strip_suffix(".0").unwrap_or(digits).as_bytes()),
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
    fn formulas_are_neutralised() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("@cmd"), "'@cmd");
        assert_eq!(safe("18-24"), "18-24");
    }
}
