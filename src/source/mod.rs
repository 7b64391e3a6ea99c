//! Exports: finding the files, reading what columns they hold (the catalog), and decoding them into [`Batch`]es.
//!
//! One file a format. Nothing here knows metrics or reports; a [`Batch`] has exactly the columns that the plan asked
//! for, in canonical Arrow types, cleaned (text trimmed and NFC, time in days of the reporting zone).

mod arrow_ipc;
mod arrow_ipc_checks;
mod bad_rows;
mod batch;
mod catalog;
mod cells;
mod computed;
mod csv;
mod csv_blocks;
mod csv_cells;
mod csv_inspect;
mod csv_records;
mod csv_rows;
mod csv_types;
mod excel;
mod excel_checks;
mod exports;
mod feed;
mod find_table;
mod first;
mod guard;
mod header;
mod lookups;
mod ndjson;
mod ndjson_parts;
mod nested;
mod parquet;
mod parquet_statistics;
mod partitions;
mod paths;
mod peek;
mod peek_rows;
mod placeholders;
mod prune;
mod reading;
mod refine;
mod rows;
mod sample;
mod scan_types;
mod sheets;
mod snapshots;
mod targets;
mod text;
mod text_dates;
mod totals;
mod typed;
mod zip;

pub use bad_rows::{Aside, BadRow, MOST_BAD_ROWS};
pub use batch::Batch;
pub use catalog::inspect;
pub use feed::{records, Feed, Place};
pub use first::{first, FirstRecords};
pub use guard::expects_panic;
pub use peek::{exports, peek, CellKind, PeriodFrom, SampledCell, SampledRow, SampledTable};
pub use prune::Pruned;

use crate::catalog::{FileInfo, Reading};
use crate::diagnostic::Diagnostic;
use crate::plan::{Scan, ScanFile};
use crate::spec::FileFormat;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether a folder is none that tells a column, as `year=2025` does.
#[must_use]
pub fn is_plain_folder(folder: &Path) -> bool {
    folder.file_name().and_then(|name| name.to_str()).is_none_or(|name| partitions::is_partition(name).is_none())
}

/// What reads, or by its glob or folder would read, a file of this path (a source, a lookup, the targets of a metric), as it is told.
#[must_use]
pub fn reads(pipeline: &crate::spec::Pipeline, file: &Path) -> Option<String> {
    paths::reads(pipeline, file)
}

/// What a reader does: one value a file format.
trait Reader: Sync {
    /// The size and the columns of a file.
    fn inspect(&self, path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic>;
    /// The same of each table of a file that is read: one, but in formats in which a file may hold several.
    fn inspect_all(&self, path: &Path, reading: &Reading) -> Result<Vec<FileInfo>, Diagnostic> {
        Ok(vec![self.inspect(path, reading)?])
    }
    /// Opens a file of a scan for decoding.
    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic>;
}

/// A file that is being decoded, by one thread or by several.
trait OpenFile: Send + Sync {
    /// The next part that nobody has taken; `None` when all are taken.
    fn next(&self) -> Result<Option<Part>, Failure>;
    /// Decodes a part, batch after batch.
    fn decode(&self, part: Part, sink: &mut Sink<'_>) -> Result<(), Failure>;
    /// What is not among the parts, because nobody wants it.
    fn pruned(&self) -> Option<&Pruned> {
        None
    }
}

/// Receives decoded batches; an error stops the read.
pub type Sink<'s> = dyn FnMut(Batch) -> Result<(), Diagnostic> + 's;

/// The reader of a format.
fn reader(format: FileFormat) -> &'static dyn Reader {
    match format {
        FileFormat::Parquet => &parquet::ParquetReader,
        FileFormat::Csv => &csv::CsvReader,
        FileFormat::Excel => &sheets::SheetReader,
        FileFormat::Ndjson => &sheets::JsonReader,
        FileFormat::Arrow => &arrow_ipc::ArrowReader,
    }
}

/// A part of a file that one thread decodes.
#[derive(Debug)]
enum Part {
    /// The file, in one piece.
    Whole,
    /// A row group or a record batch, by its index.
    RowGroup(usize),
    /// Whole records of a text file.
    Block(csv::Block),
}

/// Why a part could not be decoded.
#[derive(Debug)]
pub enum Failure {
    /// A diagnostic for people.
    Told(Box<Diagnostic>),
    /// The file cannot be cut into parts where it was cut: it must be read in one piece, and all that was
    /// read since the scan began thrown away.
    CutWrongly,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Told(Box::new(diagnostic))
    }
}

/// What a reader needs for one file.
#[derive(Clone, Copy)]
struct Task<'t> {
    scan: &'t Scan,
    file: &'t ScanFile,
    batch_rows: usize,
    progress: &'t AtomicU64,
    /// Not to be cut into parts.
    whole: bool,
}

fn advance(progress: &AtomicU64, bytes: u64) {
    progress.fetch_add(bytes, Ordering::Relaxed);
}

/// A file that cannot be read, with what to do about it.
fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::data("unreadable-file", format!("`{}` cannot be read: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => diagnostic.help("check the file's permissions"),
        std::io::ErrorKind::NotFound => diagnostic.help("the file was there when the run began: check what removes it"),
        _ => diagnostic,
    }
}
