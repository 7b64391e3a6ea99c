//! What is wrong with a CSV file, told with physical line, column and text: the file is read again, record by record.

use super::csv::{open, strict};
use super::csv_cells::Strict;
use super::csv_records::Records;
use super::unreadable;
use crate::diagnostic::Diagnostic;
use crate::plan::Scan;
use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema};
use std::io::BufReader;
use std::path::Path;

/// Reads the file again to tell where and what the bad record is.
pub(super) fn explain(
    scan: &Scan,
    path: &Path,
    separator: u8,
    schema: &Schema,
    header: &[String],
    message: &str,
) -> Diagnostic {
    let file = path.display();
    let unexplained = Diagnostic::data("bad-record", format!("`{file}` cannot be read as CSV: {message}"));
    let Ok(input) = open(path) else { return unexplained };
    let mut records = Records::new(BufReader::new(input), separator);
    let mut first = true;
    loop {
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => return unexplained,
            Err(error) => {
                return Diagnostic::data(
                    "unreadable-file",
                    format!("`{file}` cannot be decompressed or read: {error}"),
                )
                .note(format!("it could be read up to line {}", records.line()))
                .help("export or copy the file again");
            }
        };
        if let Some(line) = record.unclosed {
            return unclosed(path, line);
        }
        if std::mem::take(&mut first) {
            continue;
        }
        if record.fields.len() != header.len() {
            let (found, wanted) = (record.fields.len(), header.len());
            return Diagnostic::data(
                "bad-record",
                format!("{file}:{}: a record with {found} fields, the header has {wanted}", record.line),
            )
            .note(format!("the record: {}", quote(&record.fields.join(&char::from(separator).to_string()))))
            .help("put a text that contains the separator in double quotes, or remove the record");
        }
        if let Some(i) = record.fields.iter().position(|cell| cell.contains('\u{fffd}')) {
            let (name, cell) = (schema.field(i).name(), quote(&record.fields[i]));
            return Diagnostic::data(
                "bad-encoding",
                format!("{file}:{}: column `{name}` holds {cell}, which is not UTF-8", record.line),
            )
            .help("export or save the file as UTF-8 (in Excel: CSV UTF-8)");
        }
        for (i, cell) in record.fields.iter().enumerate() {
            let field = schema.field(i);
            let strict = strict(scan, field.name());
            let read = strict.map_or_else(|| parses(field.data_type(), cell), |strict| strict.accepts(cell));
            if !cell.is_empty() && !read {
                let wanted = strict.map_or_else(|| a_type(field.data_type()), Strict::name);
                return Diagnostic::data(
                    "bad-value",
                    format!(
                        "{file}:{}: column `{}` holds {}, which is not {}",
                        record.line,
                        field.name(),
                        quote(cell),
                        wanted
                    ),
                )
                .help(format!("correct the file, or declare another type for `{}` in the source", field.name()));
            }
        }
    }
}

/// Whether `arrow::csv` takes a cell for a value of the type: the same parsers are asked.
fn parses(ty: &DataType, cell: &str) -> bool {
    match ty {
        DataType::Int64 => Int64Type::parse(cell).is_some(),
        DataType::Float64 => Float64Type::parse(cell).is_some(),
        DataType::Boolean => cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false"),
        _ => true,
    }
}

fn a_type(ty: &DataType) -> &'static str {
    match ty {
        DataType::Int64 => "an integer",
        DataType::Float64 => "a number",
        DataType::Boolean => "true or false",
        _ => "a text",
    }
}

fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.replace('\n', "⏎"))
}

fn unclosed(path: &Path, line: u64) -> Diagnostic {
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

/// An odd number of quotes: either one is open at the end, or a stray one stands inside an unquoted cell, which is fine.
pub(super) fn unclosed_quote(path: &Path, separator: u8) -> Result<(), Diagnostic> {
    let mut records = Records::new(BufReader::with_capacity(1 << 18, open(path)?), separator);
    while let Some(record) = records.next().map_err(|e| unreadable(path, &e))? {
        if let Some(line) = record.unclosed {
            return Err(unclosed(path, line));
        }
    }
    Ok(())
}
