//! The run manifest: what went in, what became of it, what came out. Two runs on one input differ only in `run`.

use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::report::SnapshotCount;
use crate::rollup::FileStats;
use crate::scorecard::Status;
use crate::spec::{ExportFormat, Layout, Level};
use indexmap::IndexMap;
use serde::Serialize;
use std::path::PathBuf;

/// Everything there is to know about a run.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// Version of this file's layout.
    pub manifest_version: u32,
    /// Version of the reports' columns.
    pub schema_version: u32,
    /// Version of jalon.
    pub jalon_version: &'static str,
    /// Name of the pipeline.
    pub pipeline: String,
    /// SHA-256 of the pipeline's text.
    pub pipeline_sha256: String,
    /// The engine that rolled up.
    pub engine: &'static str,
    /// By source.
    pub inputs: Vec<InputSummary>,
    /// By roll-up.
    pub rollups: Vec<RollupSummary>,
    /// By export.
    pub outputs: Vec<OutputSummary>,
    /// By report, grain and metric that does not add up over time: keys that were carried or missing.
    pub snapshots: Vec<SnapshotCount>,
    /// How every target stands in the period that is open or was last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scorecard: Vec<Standing>,
    /// How the checks of the sources came out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckSummary>,
    /// What the run warned of.
    pub warnings: Vec<Diagnostic>,
    /// What differs from run to run.
    pub run: RunSummary,
}

/// A source that was read.
#[derive(Clone, Debug, Serialize)]
pub struct InputSummary {
    /// Its name.
    pub source: String,
    /// First day of which there are records.
    pub first_day: Option<String>,
    /// Last day of which there are records.
    pub last_day: Option<String>,
    /// All files together.
    pub total: FileStats,
    /// File by file: every record is in exactly one of the counts.
    pub files: Vec<FileStats>,
    /// By lookup, how many of the records read have no row in it.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub unmatched: IndexMap<String, u64>,
}

/// A check that was carried out.
#[derive(Clone, Debug, Serialize)]
pub struct CheckSummary {
    /// The source.
    pub source: String,
    /// The check.
    pub check: String,
    /// What its failure does.
    pub level: Level,
    /// Whether it passed.
    pub passed: bool,
    /// What it found.
    pub found: String,
}

/// A roll-up that was made.
#[derive(Clone, Debug, Serialize)]
pub struct RollupSummary {
    /// Its name in `jalon explain`.
    pub id: String,
    /// Its rows.
    pub cells: u64,
}

/// How a target stands.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The objective.
    pub objective: String,
    /// The metric.
    pub metric: String,
    /// The segment.
    pub segment: String,
    /// The group in words; empty for all together.
    pub dimensions: String,
    /// The grain.
    pub grain: Grain,
    /// The period's label.
    pub period: String,
    /// The figure to reach.
    pub target: f64,
    /// The metric's figure.
    pub value: Option<f64>,
    /// How far it is: 1 is the target.
    pub attainment: Option<f64>,
    /// How it stands.
    pub status: Status,
    /// What is expected by now.
    pub expected: Option<f64>,
    /// Where it will end if it goes on so.
    pub projection: Option<f64>,
}

/// A report that was written.
#[derive(Clone, Debug, Serialize)]
pub struct OutputSummary {
    /// The report.
    pub report: String,
    /// Where, below the output root.
    pub path: PathBuf,
    /// Its format.
    pub format: ExportFormat,
    /// Its layout.
    pub layout: Layout,
    /// Its rows.
    pub rows: u64,
    /// Cells of the report whose period is not complete, where they are flagged.
    pub incomplete: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Its files: one, or one a partition.
    pub files: Vec<OutputFile>,
}

/// A file that was written.
#[derive(Clone, Debug, Serialize)]
pub struct OutputFile {
    /// Where, below the output root.
    pub path: PathBuf,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Its checksum.
    pub sha256: String,
}

/// What differs from run to run.
#[derive(Clone, Debug, Serialize)]
pub struct RunSummary {
    /// Unique name of the run.
    pub id: String,
    /// When it began, in UTC.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// Threads that worked.
    pub threads: usize,
    /// The most memory that roll-up states took, in bytes.
    pub state_bytes: u64,
}
