//! CSV, plain, packed or in another encoding.
//!
//! Plain files are decoded by `arrow::csv`, block by block (see [`Blocks`]). It drops a whole batch for one bad record, so a
//! block that it cannot read is read again row by row ([`Typed`]), from the batch at fault on; files that need a closer
//! look (other encodings, number formats, rows of totals) are read so from the start. An unclosed quote is found in two
//! ways: a record that goes on for [`LONGEST_RECORD`] bytes, and an odd number of quotes in the file.

use super::batch::Canonical;
pub(super) use super::csv_blocks::Block;
use super::csv_blocks::{Blocks, Cut};
use super::csv_inspect;
use super::csv_rows::CsvRows;
use super::find_table;
use super::rows::{Row, Rows};
use super::scan_types::{converted, scan_type};
use super::text::{self, BUFFER};
use super::typed::Typed;
use super::{Failure, OpenFile, Part, Reader, Sink, Task};
use crate::catalog::{FileInfo, Reading};
use crate::diagnostic::Diagnostic;
use crate::plan::Scan;
use arrow::csv::reader::Decoder;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A record longer than this is taken for the work of an unclosed quote.
pub(super) const LONGEST_RECORD: usize = 16 << 20;

/// Of the blocks so far one in so many could not be read at once: then the others are not tried.
const ROUGH: usize = 4;

pub(super) struct CsvReader;

impl Reader for CsvReader {
    fn inspect(&self, path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
        csv_inspect::inspect(path, reading)
    }

    fn inspect_all(&self, path: &Path, reading: &Reading) -> Result<Vec<FileInfo>, Diagnostic> {
        if reading.all_tables {
            return csv_inspect::inspect_all(path, reading);
        }
        Ok(vec![self.inspect(path, reading)?])
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        let (scan, layout) = (task.scan, &task.file.layout);
        let (schema, wanted) = schema(scan, &layout.header);
        let is_plain = layout.is_plain && scan.raw_columns().into_iter().all(|raw| scan.reading.is_plain(raw));
        let whole = task.whole || layout.ends_at_blank;
        let parts = if whole { Parts::Whole(AtomicBool::new(false)) } else { Parts::Blocks(Mutex::default()) };
        let (blocks, rough) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Box::new(CsvFile { task, schema, wanted, parts, is_plain, blocks, rough }))
    }
}

/// An open file: its bytes are read by one thread at a time, and decoded by all of them, block by block.
struct CsvFile<'s> {
    task: Task<'s>,
    schema: Arc<Schema>,
    /// Which columns to decode.
    wanted: Vec<usize>,
    parts: Parts<'s>,
    /// Whether `arrow::csv` is tried.
    is_plain: bool,
    /// Blocks that it was tried on, and those that it could not read.
    blocks: AtomicUsize,
    rough: AtomicUsize,
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
            *blocks = Some(Blocks::new(self.text()?));
        }
        let Some(blocks) = blocks.as_mut() else { return Ok(None) };
        match blocks.next() {
            Ok(Cut::Block(block)) => Ok(Some(Part::Block(block))),
            Ok(Cut::End) => Ok(None),
            Ok(Cut::Impossible) => Err(Failure::CutWrongly),
            Err(error) => Err(self.unreadable(&error).into()),
        }
    }

    fn decode(&self, part: Part, sink: &mut Sink<'_>) -> Result<(), Failure> {
        match part {
            Part::Whole => self.whole(sink),
            Part::Block(block) => self.block(&block, sink),
            Part::RowGroup(_) => Err(Diagnostic::bug("not a part of a CSV file").into()),
        }
    }
}

/// Why decoding stopped.
enum Stop {
    Sink(Diagnostic),
    /// `arrow::csv` cannot read what comes after so many rows.
    Csv(usize),
    /// A block ends inside a record.
    Cut,
}

impl<'s> CsvFile<'s> {
    fn text(&self) -> Result<Box<dyn Read + Send + 's>, Diagnostic> {
        text::open(&self.task.file.path, &self.task.file.layout, Some(self.task.progress))
    }

    /// The error for bytes that cannot be read to the end: the file is read once more to tell how far it goes.
    fn unreadable(&self, error: &std::io::Error) -> Diagnostic {
        let path = &self.task.file.path;
        let told = || -> Option<Diagnostic> {
            let input = text::open(path, &self.task.file.layout, None).ok()?;
            let mut rows = CsvRows::new(BufReader::new(input), self.task.file.layout.separator, 1, path);
            let mut row = Row::default();
            loop {
                match rows.next(&mut row) {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(error),
                }
            }
        };
        told().unwrap_or_else(|| text::broken(path, error))
    }

    fn block(&self, block: &Block, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let (blocks, rough) = (self.blocks.load(Ordering::Relaxed), self.rough.load(Ordering::Relaxed));
        let is_rough = blocks >= ROUGH && rough * ROUGH > blocks;
        let mut done = 0;
        if self.is_plain && !is_rough {
            self.blocks.fetch_add(1, Ordering::Relaxed);
            match self.decode_block(block, sink) {
                Ok(false) => return Ok(()),
                // An odd number of quotes: one is open at the end, or a stray one stands inside an unquoted cell.
                Ok(true) => return Ok(self.unclosed_quote()?),
                Err(Stop::Sink(diagnostic)) => return Err(diagnostic.into()),
                Err(Stop::Cut) => return Err(Failure::CutWrongly),
                Err(Stop::Csv(rows)) => done = rows,
            }
            self.rough.fetch_add(1, Ordering::Relaxed);
        }
        let mut rows =
            CsvRows::new(&block.bytes[..], self.task.file.layout.separator, block.line, &self.task.file.path);
        match self.rows(&mut rows, done, sink) {
            Err(error) if error.code == "unclosed-quote" && !block.last => Err(Failure::CutWrongly),
            other => Ok(other?),
        }
    }

    fn whole(&self, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut done = 0;
        if self.is_plain {
            match self.decode_whole(sink) {
                Ok(false) => return Ok(()),
                Ok(true) => return Ok(self.unclosed_quote()?),
                Err(Stop::Sink(diagnostic)) => return Err(diagnostic.into()),
                Err(Stop::Cut) => return Err(Failure::CutWrongly),
                Err(Stop::Csv(rows)) => done = rows,
            }
        }
        let input = BufReader::with_capacity(BUFFER, self.text()?);
        let mut rows = CsvRows::new(input, self.task.file.layout.separator, 1, &self.task.file.path);
        Ok(self.rows(&mut rows, done, sink)?)
    }

    /// Reads rows one by one, all but the first `done` after the header.
    fn rows(&self, rows: &mut dyn Rows, done: usize, sink: &mut Sink<'_>) -> Result<(), Diagnostic> {
        let layout = &self.task.file.layout;
        let mut typed = Typed::new(&self.task, &layout.header, self.task.scan.reading.ragged);
        let mut row = Row::default();
        let mut done = done;
        while rows.next(&mut row)? {
            if row.line <= layout.header_line {
                continue;
            }
            if layout.ends_at_blank && row.is_blank() {
                find_table::ends(rows, layout.header.len(), &self.task.file.path)?;
                break;
            }
            if row.len() == 0 {
                typed.part();
                continue;
            }
            if done > 0 {
                done -= 1;
                continue;
            }
            // Spreadsheets save empty rows as lines of separators.
            if row.is_blank() {
                typed.part();
                continue;
            }
            typed.push(&row, &layout.header)?;
            if typed.len() >= self.task.batch_rows {
                typed.flush(sink)?;
            }
        }
        typed.flush(sink)
    }

    fn unclosed_quote(&self) -> Result<(), Diagnostic> {
        let input = BufReader::with_capacity(BUFFER, text::open(&self.task.file.path, &self.task.file.layout, None)?);
        let mut rows = CsvRows::new(input, self.task.file.layout.separator, 1, &self.task.file.path);
        let mut row = Row::default();
        while rows.next(&mut row)? {}
        Ok(())
    }

    fn decoder(&self, has_header: bool) -> Decoder {
        ReaderBuilder::new(self.schema.clone())
            .with_header(has_header)
            .with_delimiter(self.task.file.layout.separator)
            .with_batch_size(self.task.batch_rows)
            .with_projection(self.wanted.clone())
            .build_decoder()
    }

    /// Decodes whole records; `Ok(true)` when they are the file's last and have an odd number of quotes.
    fn decode_block(&self, block: &Block, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        let mut done = 0;
        let mut decoder = self.decoder(block.first);
        let mut canonical = Canonical::new(&self.task);
        let mut bytes = block.bytes.as_slice();
        while !bytes.is_empty() {
            let used = decoder.decode(bytes).map_err(|_| Stop::Csv(done))?;
            bytes = &bytes[used..];
            if decoder.capacity() == 0 {
                self.flush(&mut decoder, &mut canonical, &mut done, sink)?;
            }
        }
        // The end of a block is the end of a record: telling the decoder so must not make another one.
        let before = decoder.capacity();
        let ended = decoder.decode(&[]);
        if !block.last && (ended.is_err() || decoder.capacity() != before) {
            return Err(Stop::Cut);
        }
        ended.map_err(|_| Stop::Csv(done))?;
        while self.flush(&mut decoder, &mut canonical, &mut done, sink)? {}
        Ok(block.last && memchr::memchr_iter(b'"', &block.bytes).count() % 2 == 1)
    }

    /// Decodes the file in one piece; `Ok(true)` when it has an odd number of quotes.
    fn decode_whole(&self, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        let mut done = 0;
        let mut input = BufReader::with_capacity(BUFFER, self.text().map_err(Stop::Sink)?);
        let mut decoder = self.decoder(true);
        let mut canonical = Canonical::new(&self.task);
        let mut odd = false;
        let mut stuck = 0;
        loop {
            let bytes = input.fill_buf().map_err(|e| Stop::Sink(self.unreadable(&e)))?;
            let before = decoder.capacity();
            let used = decoder.decode(bytes).map_err(|_| Stop::Csv(done))?;
            odd ^= memchr::memchr_iter(b'"', &bytes[..used]).count() % 2 == 1;
            stuck = if decoder.capacity() == before { stuck + used } else { 0 };
            if stuck > LONGEST_RECORD {
                return Err(Stop::Csv(done));
            }
            let ended = bytes.is_empty();
            input.consume(used);
            if decoder.capacity() == 0 || ended {
                let more = self.flush(&mut decoder, &mut canonical, &mut done, sink)?;
                if ended && !more {
                    return Ok(odd);
                }
            }
        }
    }

    /// Hands over what was decoded; `done` counts its rows.
    fn flush(
        &self,
        decoder: &mut Decoder,
        canonical: &mut Canonical<'_>,
        done: &mut usize,
        sink: &mut Sink<'_>,
    ) -> Result<bool, Stop> {
        let Some(batch) = decoder.flush().map_err(|_| Stop::Csv(*done))? else { return Ok(false) };
        let batch = converted(self.task.scan, &batch).map_err(|_| Stop::Csv(*done))?;
        let batch = canonical.batch(&batch).map_err(|_| Stop::Csv(*done))?;
        *done += batch.rows;
        sink(batch).map_err(Stop::Sink)?;
        Ok(true)
    }
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
