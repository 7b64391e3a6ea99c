//! CSV: RFC 4180 with CRLF, empty cells for null, `(unknown)` for a null dimension; or the dialect that a French Excel
//! opens by double click. Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
//! Injection").

use super::Format;
use crate::calendar::iso_date;
use crate::plan::{ExportPlan, ReportPlan};
use crate::spec::{Dialect, ExportFormat};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use csv::{QuoteStyle, Terminator, WriterBuilder};
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
        let mut file = BufWriter::new(File::create(path).map_err(|e| text(&e))?);
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
        let is_dim: Vec<bool> =
            schema.fields().iter().map(|f| report.dims.iter().any(|d| d.name == *f.name())).collect();
        for row in 0..table.num_rows() {
            let cells = table.columns().iter().zip(&is_dim).map(|(array, dim)| cell(array, row, *dim, french));
            writer.write_record(cells).map_err(|e| text(&e))?;
        }
        writer.flush().map_err(|e| text(&e))?;
        Ok(())
    }
}

fn cell(array: &ArrayRef, row: usize, dim: bool, french: bool) -> String {
    if array.is_null(row) {
        return if dim { UNKNOWN.to_owned() } else { String::new() };
    }
    match array.data_type() {
        DataType::Utf8 => safe(array.as_string::<i32>().value(row)),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row), french),
        DataType::Date32 => iso_date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(_, zone) => {
            instant(array.as_primitive::<TimestampMicrosecondType>().value(row), zone.as_deref())
        }
        other => format!("<{other}>"),
    }
}

/// The shortest text that reads back to the same number.
fn float(x: f64, french: bool) -> String {
    let size = x.abs();
    let text = if x == 0.0 || (1e-5..1e16).contains(&size) { format!("{x}") } else { format!("{x:e}") };
    if french {
        text.replace('.', ",")
    } else {
        text
    }
}

fn instant(micros: i64, zone: Option<&str>) -> String {
    let zone = zone.and_then(|z| jiff::tz::TimeZone::get(z).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| micros.to_string(), |t| t.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// Keeps a spreadsheet from running a text as a formula.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_short_and_read_back() {
        for (x, plain) in
            [(0.1, "0.1"), (1.0, "1"), (1e300, "1e300"), (-2.5e-7, "-2.5e-7"), (123_456_789.25, "123456789.25")]
        {
            assert_eq!(float(x, false), plain);
            assert_eq!(plain.parse::<f64>().ok(), Some(x));
        }
        assert_eq!(float(1234.5, true), "1234,5");
    }

    #[test]
    fn formulas_are_neutralised() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("@cmd"), "'@cmd");
        assert_eq!(safe("18-24"), "18-24");
    }
}
