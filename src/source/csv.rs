//! CSV, plain, gzip or zstd: decoded by `arrow::csv`, block by block (see [`Blocks`]).
//!
//! When `arrow::csv` meets a bad record it drops a whole batch and counts records, so the file is read again to tell the
//! physical line, the column and the text (see [`explain`]). An unclosed quote is found in two ways: a record that
//! goes on for [`LONGEST_RECORD`] bytes, and an odd number of quotes in the file.

use super::batch::{text_type, Canonical};
pub(super) use super::csv_blocks::Block;
use super::csv_blocks::{Blocks, Cut};
use super::csv_cells::Strict;
use super::csv_explain::{explain, unclosed_quote};
use super::csv_records::{without_bom, Records};
use super::csv_types::sample;
use super::{advance, unreadable, Failure, OpenFile, Part, Reader, Sink, Task};
use crate::catalog::FileInfo;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{separator, Clock, Scan};
use crate::spec::{FileFormat, Source};
use arrow::csv::reader::Decoder;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
            records: sample.records,
            partitions: vec![],
            columns: sample.columns,
            text_because: sample.text_because,
        })
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        let separator = task.scan.separator(&task.file.path);
        let header = header(&task.file.path, separator)?;
        let (schema, wanted) = schema(task.scan, &header);
        let parts = if task.whole { Parts::Whole(AtomicBool::new(false)) } else { Parts::Blocks(Mutex::default()) };
        Ok(Box::new(CsvFile { task, separator, header, schema, wanted, parts }))
    }
}

/// An open file: its bytes are read by one thread at a time, and decoded by all of them, block by block.
struct CsvFile<'s> {
    task: Task<'s>,
    separator: u8,
    header: Vec<String>,
    schema: Arc<Schema>,
    /// Which columns to decode.
    wanted: Vec<usize>,
    parts: Parts<'s>,
}

enum Parts<'s> {
    Whole(AtomicBool),
    /// `None` before the first block.
    Blocks(Mutex<Option<Blocks<'s>>>),
}

impl OpenFile for CsvFile<'_> {
    fn next(&self) -> Result<Option<Part>, Failure> {
        let blocks = match &self.parts {
            Parts::Whole(taken) => return Ok((!taken.swap(true, Ordering::Relaxed)).then_some(Part::Whole)),
            Parts::Blocks(blocks) => blocks,
        };
        let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.is_none() {
            *blocks = Some(Blocks::new(open_counted(&self.task.file.path, Some(self.task.progress))?));
        }
        let Some(blocks) = blocks.as_mut() else { return Ok(None) };
        match blocks.next() {
            Ok(Cut::Block(block)) => Ok(Some(Part::Block(block))),
            Ok(Cut::End) => Ok(None),
            Ok(Cut::Impossible) => Err(Failure::CutWrongly),
            Err(error) => Err(self.explain(&error.to_string()).into()),
        }
    }

    fn decode(&self, part: Part, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let odd = match part {
            Part::Whole => self.decode_whole(sink),
            Part::Block(block) => self.decode_block(&block, sink),
            Part::RowGroup(_) => return Err(Diagnostic::bug("not a part of a CSV file").into()),
        };
        match odd {
            Ok(false) => Ok(()),
            Ok(true) => Ok(unclosed_quote(&self.task.file.path, self.separator)?),
            Err(Stop::Sink(diagnostic)) => Err(diagnostic.into()),
            Err(Stop::Cut) => Err(Failure::CutWrongly),
            Err(Stop::Csv(message)) => Err(self.explain(&message).into()),
        }
    }
}

/// Why decoding stopped.
enum Stop {
    Sink(Diagnostic),
    Csv(String),
    /// A block ends inside a record.
    Cut,
}

impl CsvFile<'_> {
    fn explain(&self, message: &str) -> Diagnostic {
        explain(self.task.scan, &self.task.file.path, self.separator, &self.schema, &self.header, message)
    }

    fn decoder(&self, has_header: bool) -> Decoder {
        ReaderBuilder::new(self.schema.clone())
            .with_header(has_header)
            .with_delimiter(self.separator)
            .with_batch_size(self.task.batch_rows)
            .with_projection(self.wanted.clone())
            .build_decoder()
    }

    /// Decodes whole records; `Ok(true)` when they are the file's last and have an odd number of quotes.
    fn decode_block(&self, block: &Block, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        let csv = |e: &dyn std::fmt::Display| Stop::Csv(e.to_string());
        let mut decoder = self.decoder(block.first);
        let mut canonical = Canonical::new(&self.task);
        let mut bytes = block.bytes.as_slice();
        while !bytes.is_empty() {
            let used = decoder.decode(bytes).map_err(|e| csv(&e))?;
            bytes = &bytes[used..];
            if decoder.capacity() == 0 {
                self.flush(&mut decoder, &mut canonical, sink)?;
            }
        }
        // The end of a block is the end of a record: telling the decoder so must not make another one.
        let before = decoder.capacity();
        let ended = decoder.decode(&[]);
        if !block.last && (ended.is_err() || decoder.capacity() != before) {
            return Err(Stop::Cut);
        }
        ended.map_err(|e| csv(&e))?;
        while self.flush(&mut decoder, &mut canonical, sink)? {}
        Ok(block.last && memchr::memchr_iter(b'"', &block.bytes).count() % 2 == 1)
    }

    /// Decodes the file in one piece; `Ok(true)` when it has an odd number of quotes.
    fn decode_whole(&self, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        let csv = |e: &dyn std::fmt::Display| Stop::Csv(e.to_string());
        let input = open_counted(&self.task.file.path, Some(self.task.progress)).map_err(Stop::Sink)?;
        let mut input = BufReader::with_capacity(BUFFER, input);
        let mut decoder = self.decoder(true);
        let mut canonical = Canonical::new(&self.task);
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
                let more = self.flush(&mut decoder, &mut canonical, sink)?;
                if ended && !more {
                    return Ok(odd);
                }
            }
        }
    }

    fn flush(&self, decoder: &mut Decoder, canonical: &mut Canonical<'_>, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        let Some(batch) = decoder.flush().map_err(|e| Stop::Csv(e.to_string()))? else { return Ok(false) };
        let batch = converted(self.task.scan, &batch).map_err(Stop::Csv)?;
        let batch = canonical.batch(&batch).map_err(|e| Stop::Csv(format!("column `{}`: {}", e.column, e.message)))?;
        sink(batch).map_err(Stop::Sink)?;
        Ok(true)
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
pub(super) fn open(path: &Path) -> Result<Box<dyn Read + Send>, Diagnostic> {
    open_counted(path, None)
}

fn open_counted<'p>(path: &Path, progress: Option<&'p AtomicU64>) -> Result<Box<dyn Read + Send + 'p>, Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    let file = Counted { file: File::open(path).map_err(fail)?, progress };
    let name = path.to_string_lossy().to_lowercase();
    let bytes: Box<dyn Read + Send + 'p> = if name.ends_with(".gz") {
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
pub(super) fn strict(scan: &Scan, raw: &str) -> Option<Strict> {
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
