//! CSV, plain, gzip or zstd: decoded by `arrow::csv` batch by batch; one unit a file.
//!
//! When `arrow::csv` meets a bad record it drops a whole batch and counts records, so the file is read again with
//! [`Records`] to tell the physical line, the column and the text. An unclosed quote is found in two ways: a record
//! that goes on for [`LONGEST_RECORD`] bytes, and an odd number of quotes in the file.

use super::batch::text_type;
use super::csv_cells::Strict;
use super::csv_records::{without_bom, Records};
use super::csv_types::sample;
use super::{advance, unreadable, Batch, Reader, Sink, Task};
use crate::catalog::FileInfo;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{separator, Clock, Scan};
use crate::spec::{FileFormat, Source};
use arrow::compute::kernels::cast_utils::Parser;
use arrow::csv::reader::Decoder;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::Arc;

/// A record longer than this is taken for the work of an unclosed quote.
pub(super) const LONGEST_RECORD: usize = 16 << 20;

const BUFFER: usize = 256 * 1024;

pub(super) struct CsvReader;

impl Reader for CsvReader {
    fn inspect(&self, path: &Path, source: &Source) -> Result<FileInfo, Diagnostic> {
        let bytes = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.len();
        let sample = sample(path, separator(path, source.declared_separator()))?;
        Ok(FileInfo {
            path: path.to_path_buf(),
            format: FileFormat::Csv,
            bytes,
            columns: sample.columns,
            text_because: sample.text_because,
        })
    }

    fn units(&self, _: &Path) -> Result<usize, Diagnostic> {
        Ok(1)
    }

    fn read(&self, task: &Task<'_>, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        let separator = task.scan.separator(task.path);
        let header = header(task.path, separator)?;
        let (schema, wanted) = schema(task.scan, &header);
        let quoted_odd = match decode(task, separator, &schema, wanted, sink) {
            Ok(odd) => odd,
            Err(Stop::Sink(diagnostic)) => return Err(diagnostic),
            Err(Stop::Csv(message)) => return Err(explain(task, separator, &schema, &header, &message)),
        };
        if quoted_odd {
            unclosed_quote(task.path, separator)?;
        }
        Ok(())
    }
}

impl CsvReader {
    pub(super) fn is_compressed(path: &Path) -> bool {
        let name = path.to_string_lossy().to_lowercase();
        name.ends_with(".gz") || name.ends_with(".zst")
    }

    /// A name that stands twice in a header.
    pub(super) fn duplicate(header: &[String]) -> Option<&str> {
        let mut seen = std::collections::BTreeSet::new();
        header.iter().map(|name| name.trim()).find(|name| !seen.insert(*name))
    }
}

/// The file's bytes, decompressed, without byte order mark.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, Diagnostic> {
    open_counted(path, None)
}

fn open_counted<'p>(path: &Path, progress: Option<&'p AtomicU64>) -> Result<Box<dyn Read + 'p>, Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    let file = Counted { file: File::open(path).map_err(fail)?, progress };
    let name = path.to_string_lossy().to_lowercase();
    let bytes: Box<dyn Read + 'p> = if name.ends_with(".gz") {
        Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file)))
    } else if name.ends_with(".zst") {
        Box::new(zstd::stream::read::Decoder::new(file).map_err(fail)?)
    } else {
        Box::new(file)
    };
    let broken = |e: std::io::Error| {
        Diagnostic::data("unreadable-file", format!("`{}` cannot be decompressed or read: {e}", path.display()))
            .help("export or copy the file again")
    };
    Ok(Box::new(without_bom(bytes).map_err(broken)?))
}

/// Counts the bytes that are read from the disk.
struct Counted<'p> {
    file: File,
    progress: Option<&'p AtomicU64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let (Some(progress), Ok(bytes)) = (self.progress, u64::try_from(read)) {
            advance(progress, bytes);
        }
        Ok(read)
    }
}

fn header(path: &Path, separator: u8) -> Result<Vec<String>, Diagnostic> {
    let mut records = Records::new(BufReader::new(open(path)?), separator);
    let record = records.next().map_err(|e| unreadable(path, &e))?.unwrap_or_default();
    Ok(record.fields.into_iter().map(|name| name.trim().to_owned()).collect())
}

/// The schema of the file as the scan wants it, and which columns to decode.
fn schema(scan: &Scan, header: &[String]) -> (Arc<Schema>, Vec<usize>) {
    let mut fields = vec![];
    let mut wanted = vec![];
    for (i, name) in header.iter().enumerate() {
        let ty = scan_type(scan, name);
        if ty.is_some() {
            wanted.push(i);
        }
        fields.push(Field::new(name, ty.unwrap_or(DataType::Utf8), true));
    }
    (Arc::new(Schema::new(fields)), wanted)
}

/// The type to decode a column as, if the scan wants it. What needs a strict reading is decoded as text.
fn scan_type(scan: &Scan, raw: &str) -> Option<DataType> {
    if strict(scan, raw).is_some() {
        return Some(text_type());
    }
    let column = scan.columns.iter().find(|c| c.raw.as_deref() == Some(raw))?;
    Some(match column.ty {
        Type::Bool | Type::Null => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::Float | Type::Decimal(_) => DataType::Float64,
        Type::Text | Type::Date => text_type(),
    })
}

/// The strict reading of a column, where it needs one.
fn strict(scan: &Scan, raw: &str) -> Option<Strict> {
    let times = [Some(&scan.time.column), scan.time.end.as_ref()];
    if let Some(time) = times.into_iter().flatten().find(|t| t.raw == raw) {
        return Some(match time.clock {
            Clock::Day => Strict::Date,
            Clock::Wall(_) => Strict::Wall,
            Clock::Instant => Strict::Instant,
        });
    }
    let column = scan.columns.iter().find(|c| c.raw.as_deref() == Some(raw))?;
    match column.ty {
        Type::Date => Some(Strict::Date),
        Type::Int if column.dimension => Some(Strict::Integer),
        _ => None,
    }
}

/// The batch with its strictly read columns converted.
fn converted(scan: &Scan, batch: &RecordBatch) -> Result<RecordBatch, String> {
    let schema = batch.schema();
    let mut fields = vec![];
    let mut arrays = vec![];
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let array = match strict(scan, field.name()) {
            Some(strict) => strict.convert(array).map_err(|e| format!("column `{}`: {e}", field.name()))?,
            None => array.clone(),
        };
        fields.push(Field::new(field.name(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).map_err(|e| e.to_string())
}

/// Why decoding stopped.
enum Stop {
    Sink(Diagnostic),
    Csv(String),
}

/// Decodes the file; `Ok(true)` when it has an odd number of quotes.
fn decode(
    task: &Task<'_>,
    separator: u8,
    schema: &Arc<Schema>,
    wanted: Vec<usize>,
    sink: &mut Sink<'_>,
) -> Result<bool, Stop> {
    let input = open_counted(task.path, Some(task.progress)).map_err(Stop::Sink)?;
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_header(true)
        .with_delimiter(separator)
        .with_batch_size(task.batch_rows)
        .with_projection(wanted)
        .build_decoder();
    let csv = |e: &dyn std::fmt::Display| Stop::Csv(e.to_string());
    let mut odd = false;
    let mut stuck = 0;
    loop {
        let bytes = input.fill_buf().map_err(|e| csv(&e))?;
        let before = decoder.capacity();
        let used = decoder.decode(bytes).map_err(|e| csv(&e))?;
        odd ^= memchr::memchr_iter(b'"', &bytes[..used]).count() % 2 == 1;
        stuck = if decoder.capacity() == before { stuck + used } else { 0 };
        if stuck > LONGEST_RECORD {
            return Err(Stop::Csv(format!("a record is longer than {} MiB", LONGEST_RECORD >> 20)));
        }
        let ended = bytes.is_empty();
        input.consume(used);
        if decoder.capacity() == 0 || ended {
            let more = flush(task, &mut decoder, sink)?;
            if ended && !more {
                return Ok(odd);
            }
        }
    }
}

fn flush(task: &Task<'_>, decoder: &mut Decoder, sink: &mut Sink<'_>) -> Result<bool, Stop> {
    let Some(batch) = decoder.flush().map_err(|e| Stop::Csv(e.to_string()))? else { return Ok(false) };
    let batch = converted(task.scan, &batch).map_err(Stop::Csv)?;
    let batch =
        Batch::new(task.scan, &batch).map_err(|e| Stop::Csv(format!("column `{}`: {}", e.column, e.message)))?;
    sink(batch).map_err(Stop::Sink)?;
    Ok(true)
}

/// Reads the file again to tell where and what the bad record is.
fn explain(task: &Task<'_>, separator: u8, schema: &Schema, header: &[String], message: &str) -> Diagnostic {
    let path = task.path;
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
            let strict = strict(task.scan, field.name());
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
fn unclosed_quote(path: &Path, separator: u8) -> Result<(), Diagnostic> {
    let mut records = Records::new(BufReader::with_capacity(BUFFER, open(path)?), separator);
    while let Some(record) = records.next().map_err(|e| unreadable(path, &e))? {
        if let Some(line) = record.unclosed {
            return Err(unclosed(path, line));
        }
    }
    Ok(())
}
