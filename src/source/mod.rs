//! Exports: finding the files, reading what columns they hold (the catalog), and decoding them into [`Batch`]es.
//!
//! One file a format. Nothing here knows metrics or reports; a [`Batch`] has exactly the columns that the plan asked
//! for, in canonical Arrow types, cleaned (text trimmed and NFC, time in days of the reporting zone).

mod batch;
mod catalog;
mod csv;
mod csv_cells;
mod csv_records;
mod csv_types;
mod parquet;
mod paths;

pub use batch::{Batch, BatchError};
pub use catalog::inspect;

use crate::catalog::FileInfo;
use crate::diagnostic::Diagnostic;
use crate::plan::Scan;
use crate::spec::FileFormat;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The source that reads, or by its glob or folder would read, a file of this path.
#[must_use]
pub fn reads<'p>(pipeline: &'p crate::spec::Pipeline, file: &Path) -> Option<&'p str> {
    paths::reads(pipeline, file)
}

/// What a reader does: one value a file format.
trait Reader: Sync {
    /// The size and the columns of a file.
    fn inspect(&self, path: &Path, source: &crate::spec::Source) -> Result<FileInfo, Diagnostic>;
    /// How many parts of the file can be decoded independently.
    fn units(&self, path: &Path) -> Result<usize, Diagnostic>;
    /// Decodes one part, batch after batch.
    fn read(&self, task: &Task<'_>, sink: &mut Sink<'_>) -> Result<(), Diagnostic>;
}

/// Receives decoded batches; an error stops the read.
pub type Sink<'s> = dyn FnMut(Batch) -> Result<(), Diagnostic> + 's;

/// The reader of a format.
fn reader(format: FileFormat) -> &'static dyn Reader {
    match format {
        FileFormat::Parquet => &parquet::ParquetReader,
        FileFormat::Csv => &csv::CsvReader,
    }
}

/// One part of one file of a scan, to be decoded by one thread.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Index of the file in the scan.
    pub file: usize,
    /// Index of the part in the file: a row group, or 0.
    part: usize,
}

/// What a reader needs for one unit.
struct Task<'t> {
    scan: &'t Scan,
    unit: &'t Unit,
    path: &'t Path,
    batch_rows: usize,
    progress: &'t AtomicU64,
}

/// The units of a scan, in the order of its files.
///
/// # Errors
/// A file that cannot be opened any more.
pub fn units(scan: &Scan) -> Result<Vec<Unit>, Diagnostic> {
    let mut units = vec![];
    for (file, info) in scan.files.iter().enumerate() {
        let parts = reader(info.format).units(&info.path)?;
        units.extend((0..parts).map(|part| Unit { file, part }));
    }
    Ok(units)
}

/// Decodes one unit of a scan, in batches of about `batch_rows` records. `progress` counts bytes of input.
///
/// # Errors
/// Unreadable files and bad records (told with file and physical line), or what `sink` returns.
pub fn read(
    scan: &Scan,
    unit: &Unit,
    batch_rows: usize,
    progress: &AtomicU64,
    sink: &mut Sink<'_>,
) -> Result<(), Diagnostic> {
    let info = &scan.files[unit.file];
    let task = Task { scan, unit, path: &info.path, batch_rows, progress };
    reader(info.format).read(&task, sink)
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
