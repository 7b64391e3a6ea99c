//! Publishing: report tables become files, whole or not at all. Everything is staged beside its place, then moved in
//! one go; the manifest comes last. Formats are one file and one line in [`FORMATS`] each; they know only Arrow.

mod csv;
mod manifest;
mod parquet;
mod partition;
mod stage;

pub use manifest::{
    CheckSummary, InputSummary, Manifest, OutputFile, OutputSummary, RollupSummary, RunSummary, Standing,
};
pub use stage::Stage;

use crate::diagnostic::Diagnostic;
use crate::plan::{ExportPlan, Plan, ReportPlan};
use crate::report::ReportTable;
use crate::spec::{ExportFormat, IncompletePeriods, Layout};
use arrow::record_batch::RecordBatch;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file format of reports.
trait Format: Sync {
    /// Which one.
    fn format(&self) -> ExportFormat;
    /// Writes one table to one file.
    fn write(&self, table: &RecordBatch, report: &ReportPlan, export: &ExportPlan, path: &Path) -> Result<(), String>;
}

/// All formats.
const FORMATS: &[&dyn Format] = &[&parquet::ParquetFormat, &csv::CsvFormat];

fn format(format: ExportFormat) -> &'static dyn Format {
    FORMATS.iter().copied().find(|f| f.format() == format).unwrap_or(FORMATS[0])
}

/// The exports of a plan: those of its reports, of its scorecard and of its analyses.
fn exports(plan: &Plan) -> impl Iterator<Item = &ExportPlan> {
    plan.reports
        .iter()
        .flat_map(|r| &r.exports)
        .chain(plan.scorecard.iter().flat_map(|s| &s.exports))
        .chain(plan.analyses.exports())
        .chain(&plan.quarantine)
}

/// Paths of a plan's exports, for staging.
#[must_use]
pub fn targets(plan: &Plan) -> Vec<(PathBuf, bool)> {
    exports(plan).map(|e| (e.path.clone(), !e.partition_by.is_empty())).collect()
}

/// Where the run's manifest goes: the deepest folder that holds all exports.
#[must_use]
pub fn manifest_path(plan: &Plan) -> PathBuf {
    let mut folders = exports(plan).map(|e| e.path.parent().unwrap_or(Path::new("")).to_path_buf());
    let first = folders.next().unwrap_or_default();
    let common = folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    });
    common.join(format!("{}.manifest.json", plan.name))
}

/// Writes the exports of a report into the stage.
///
/// # Errors
/// A file that cannot be written: a full disk, missing permissions. Nothing that was published before is touched.
pub fn write(report: &ReportPlan, table: &ReportTable, stage: &Stage) -> Result<Vec<OutputSummary>, Diagnostic> {
    report.exports.iter().map(|export| write_one(report, table, export, stage)).collect()
}

fn write_one(
    report: &ReportPlan,
    table: &ReportTable,
    export: &ExportPlan,
    stage: &Stage,
) -> Result<OutputSummary, Diagnostic> {
    let batch = match export.layout {
        Layout::Long => &table.long,
        Layout::Wide => &table.wide,
    };
    let Some(batch) = batch else { return Err(Diagnostic::bug("a layout was not built")) };
    let staged = stage.staged(&export.path);
    let format = format(export.format);
    let shown = stage.root().join(&export.path);
    let fail = |error: String| failed(&shown, &error);
    let mut files = vec![];
    if export.partition_by.is_empty() {
        format.write(batch, report, export, &staged).map_err(fail)?;
        files.push(seal(&staged, &export.path, batch.num_rows()).map_err(|e| fail(e.to_string()))?);
    } else {
        std::fs::create_dir_all(&staged).map_err(|e| fail(e.to_string()))?;
        if batch.num_rows() == 0 {
            // So that whoever reads the folder finds the columns.
            std::fs::create_dir_all(&staged).map_err(|e| fail(e.to_string()))?;
            let file = staged.join("part-0.parquet");
            let columns = partition::without(batch, &export.partition_by).map_err(fail)?;
            format.write(&columns, report, export, &file).map_err(fail)?;
            files.push(seal(&file, &export.path.join("part-0.parquet"), 0).map_err(|e| fail(e.to_string()))?);
        }
        for part in partition::split(batch, &export.partition_by).map_err(|e| fail(e.clone()))? {
            let below = part.folder.join("part-0.parquet");
            std::fs::create_dir_all(staged.join(&part.folder)).map_err(|e| fail(e.to_string()))?;
            let file = staged.join(&below);
            format.write(&part.table, report, export, &file).map_err(fail)?;
            files.push(seal(&file, &export.path.join(&below), part.table.num_rows()).map_err(|e| fail(e.to_string()))?);
        }
    }
    Ok(OutputSummary {
        report: report.name.clone(),
        path: export.path.clone(),
        format: export.format,
        layout: export.layout,
        rows: batch.num_rows() as u64,
        incomplete: if report.incomplete == IncompletePeriods::Flag { table.incomplete as u64 } else { 0 },
        bytes: files.iter().map(|f| f.bytes).sum(),
        files,
    })
}

/// Flushes a written file to the disk and takes its checksum.
fn seal(file: &Path, shown: &Path, rows: usize) -> std::io::Result<OutputFile> {
    let mut handle = File::open(file)?;
    handle.sync_all()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    let mut bytes = 0u64;
    loop {
        let read = handle.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
    Ok(OutputFile { path: shown.to_path_buf(), rows: rows as u64, bytes, sha256: hex(&hasher.finalize()) })
}

/// Writes a small file and flushes it to the disk.
///
/// # Errors
/// What the file system says.
pub fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()
}

/// Lowercase hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The error for a place that cannot be written.
fn failed(path: &Path, error: &str) -> Diagnostic {
    Diagnostic::engine("cannot-write", format!("`{}` cannot be written: {error}", path.display()))
        .note("no report was touched: the files of the last run are as they were")
        .help("check the free space and the permissions of the folder")
}
