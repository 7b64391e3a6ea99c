//! The plan's types: what is scanned, rolled up and reported.

use super::analyses::AnalysesPlan;
use super::metrics::MetricPlan;
use super::objectives::ScorecardPlan;
use super::quality::{CheckPlan, SnapshotPlan};
use crate::calendar::{Calendar, Grain, Offset};
use crate::catalog::{FileInfo, FileLayout, LookupTable, Partition, Reading};
use crate::expr::{Expr, Type};
use crate::spec::{Dialect, ExportFormat, FileFormat, IncompletePeriods, Layout, Normalise};
use indexmap::IndexMap;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The pipeline's name.
    pub name: String,
    /// How days become periods.
    pub calendar: Arc<Calendar>,
    /// One pass over each source that a report needs.
    pub scans: Vec<Scan>,
    /// The roll-ups; `RollupPlan::id` is the index.
    pub rollups: Vec<RollupPlan>,
    /// Every metric, each after the metrics it is made of.
    pub metrics: IndexMap<String, MetricPlan>,
    /// The reports; those that only serve the scorecard or an analysis last.
    pub reports: Vec<ReportPlan>,
    /// Questions about figures.
    pub analyses: AnalysesPlan,
    /// What is to be reached.
    pub scorecard: Option<ScorecardPlan>,
    /// Where rows that cannot be read are written; nowhere where all files say their types themselves.
    pub quarantine: Vec<ExportPlan>,
    /// The last day that counts, where one was given.
    pub as_of: Option<i32>,
    /// Folder that export paths are relative to.
    pub output_root: PathBuf,
}

/// Index of a roll-up in [`Plan::rollups`].
pub type RollupId = usize;

/// One pass over the files of a source.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Name of the source.
    pub source: String,
    /// Its files.
    pub files: Vec<ScanFile>,
    /// The columns to decode. One name may occur with two types (a union reads integers as floats when another
    /// member has floats).
    pub columns: Vec<ScanColumn>,
    /// What dates a record.
    pub time: TimePlan,
    /// The source's own `where`.
    pub filter: Option<Expr>,
    /// The roll-ups it feeds.
    pub feeds: Vec<RollupId>,
    /// The days that these want.
    pub ranges: Vec<DayRange>,
    /// The reporting calendar.
    pub calendar: Arc<Calendar>,
    /// How its files are read.
    pub reading: Arc<Reading>,
    /// Records that pass are rows of totals, and are left out.
    pub total_rows: Option<Expr>,
    /// For lifetime snapshots, which of them count.
    pub snapshot: Option<SnapshotPlan>,
    /// What is checked of the records.
    pub checks: Vec<CheckPlan>,
}

impl Scan {
    /// The raw columns that must be decoded, the time columns included.
    #[must_use]
    pub fn raw_columns(&self) -> Vec<&str> {
        let times = [Some(&self.time.column), self.time.end.as_ref()];
        let mut names: Vec<&str> = times.into_iter().flatten().map(|t| t.raw.as_str()).collect();
        names.extend(self.columns.iter().filter_map(|c| c.raw.as_deref()));
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// A file of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is read.
    pub format: FileFormat,
    /// Its size.
    pub bytes: u64,
    /// How many records it holds, where that is known without reading them all.
    pub records: Option<u64>,
    /// Columns that its folders, its name or the lines above its table tell.
    pub partitions: Vec<Partition>,
    /// How it is written.
    pub layout: FileLayout,
}

impl From<&FileInfo> for ScanFile {
    fn from(info: &FileInfo) -> Self {
        Self {
            path: info.path.clone(),
            format: info.format,
            bytes: info.bytes,
            records: info.records,
            partitions: info.partitions.clone(),
            layout: info.layout.clone(),
        }
    }
}

/// A column to decode, or to make of decoded ones.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanColumn {
    /// Name in expressions.
    pub name: String,
    /// Name in the files; `None` in a union member that lacks it (all null).
    pub raw: Option<String>,
    /// Type in expressions.
    pub ty: Type,
    /// Whether it is grouped or filtered by, not aggregated: its values must keep their identity.
    pub dimension: bool,
    /// Whether it is declared as a measure.
    pub measure: bool,
    /// How its values come about.
    pub made: Made,
}

/// How the values of a column come about.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Made {
    /// They are those of the file, texts trimmed and in NFC.
    #[default]
    AsRead,
    /// Texts are brought into another form.
    Texts(TextForm),
    /// An expression over columns that come before.
    Computed(Expr),
    /// Looked up by columns that come before.
    Looked(Looked),
}

/// A column of a lookup.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The lookup.
    pub table: Arc<LookupTable>,
    /// The columns that are held against its key, in order.
    pub on: Vec<(String, Type)>,
    /// Index among the columns that it adds.
    pub column: usize,
}

impl PartialEq for Looked {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table) && self.on == other.on && self.column == other.column
    }
}

/// The form that texts are brought into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextForm {
    /// The steps.
    pub steps: Vec<Normalise>,
    /// Other texts for some texts, after the steps.
    pub map: IndexMap<String, Option<String>>,
}

/// What dates the records of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct TimePlan {
    /// The column.
    pub column: TimeColumn,
    /// The column of the last day, for records that cover ranges.
    pub end: Option<TimeColumn>,
    /// What span one record covers.
    pub covers: Covers,
    /// Where a record goes that straddles two periods; `None`: that is an error.
    pub assign: Option<crate::spec::Assign>,
    /// The grains of the reports on this source: no record may straddle two of their periods.
    pub grains: Vec<Grain>,
    /// Whether a roll-up is by hour.
    pub hours: bool,
}

/// A column of dates or times.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeColumn {
    /// Name in the files.
    pub raw: String,
    /// How its values are read.
    pub clock: Clock,
}

/// How the values of a time column become days of the reporting zone.
#[derive(Clone, Debug, PartialEq)]
pub enum Clock {
    /// Days already.
    Day,
    /// Instants.
    Instant,
    /// Wall times of a zone; without a zone, of the reporting zone.
    Wall(Option<TimeZone>),
}

/// What span one record covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// An hour or a moment.
    Hour,
    /// The day of the time column.
    Day,
    /// Seven days from the time column's day.
    Week,
    /// The calendar period that holds the time column's day.
    Period(Grain),
    /// From the time column's day to the end column's day.
    Range,
}

/// Days from `start` to `end`, inclusive; open where `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayRange {
    /// First day.
    pub start: Option<i32>,
    /// Last day.
    pub end: Option<i32>,
}

impl DayRange {
    /// Whether a day is inside.
    #[must_use]
    pub fn contains(&self, day: i32) -> bool {
        self.start.is_none_or(|s| day >= s) && self.end.is_none_or(|e| day <= e)
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        let both = |a: Option<i32>, b: Option<i32>, pick: fn(i32, i32) -> i32| Some(pick(a?, b?));
        Self { start: both(self.start, other.start, i32::min), end: both(self.end, other.end, i32::max) }
    }

    /// Whether all of `other` is inside.
    #[must_use]
    pub fn covers(&self, other: Self) -> bool {
        self.hull(other) == *self
    }
}

/// A dimension of a roll-up or report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dim {
    /// Its name.
    pub name: String,
    /// Its type: text, integer, boolean or date.
    pub ty: Type,
}

/// Records of one source and segment, grouped by time bucket and dimensions, holding partial states.
#[derive(Clone, Debug, PartialEq)]
pub struct RollupPlan {
    /// Its index in the plan.
    pub id: RollupId,
    /// The source or union.
    pub source: String,
    /// Name of the segment.
    pub segment: String,
    /// Condition of the segment (and of a union's `where`).
    pub filter: Option<Expr>,
    /// Time buckets; `All` for one bucket only.
    pub bucket: Grain,
    /// Keys beside time.
    pub dims: Vec<Dim>,
    /// The states.
    pub aggregates: Vec<Aggregate>,
    /// Days that matter.
    pub range: DayRange,
    /// The roll-up that this one is computed from instead of from records.
    pub derived_from: Option<RollupId>,
    /// Names of the reports that need it.
    pub reports: Vec<String>,
}

/// A mergeable state per cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// What is kept.
    pub func: AggFunc,
    /// The value of a record; `None` only for counting records.
    pub expr: Option<Expr>,
    /// Records that do not pass have no value.
    pub filter: Option<Expr>,
}

impl Aggregate {
    /// Whether it is a sum of floats, whose state has a tail beside its head.
    #[must_use]
    pub fn has_tail(&self) -> bool {
        self.func == AggFunc::Sum && self.expr.as_ref().is_some_and(|e| e.ty() == Type::Float)
    }
}

/// What an aggregate keeps. All merge; sums and counts are exact and do not depend on order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggFunc {
    /// Number of records, or of known values.
    Count,
    /// Sum of the known values and how many there are: serves `sum` and `average`.
    Sum,
    /// Smallest known value.
    Min,
    /// Largest known value.
    Max,
}

/// A report, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportPlan {
    /// Its name.
    pub name: String,
    /// What it answers.
    pub description: Option<String>,
    /// Whether it only holds figures for the scorecard or an analysis.
    pub is_internal: bool,
    /// The metrics shown, in order.
    pub metrics: Vec<String>,
    /// The metrics computed: those shown and those they are made of, each after its inputs.
    pub computed: Vec<String>,
    /// The dimensions.
    pub dims: Vec<Dim>,
    /// Dimensions that are not shown, but told apart on the way to a metric: what has its own last day, or a ratio.
    pub hidden_dims: Vec<Dim>,
    /// The details first, then what the top leaves, then the totals.
    pub levels: Vec<LevelPlan>,
    /// The groups of the details that are kept.
    pub top: Option<TopPlan>,
    /// Columns with a group's latest value.
    pub attributes: Vec<AttributePlan>,
    /// The grains, shortest first.
    pub grains: Vec<Grain>,
    /// The segments, in the order written.
    pub segments: Vec<String>,
    /// The days that count.
    pub range: DayRange,
    /// The days that are read: those that count, and those before them that windows and comparisons look at.
    pub reads: DayRange,
    /// For reports with a `start`: the first day that windows and comparisons look at, by source.
    pub looks_back: IndexMap<String, i32>,
    /// Where each segment's states come from.
    pub inputs: Vec<ReportInput>,
    /// Simple metrics whose cells may hold one value only (a non-additive measure at its primary key).
    pub single_valued: Vec<String>,
    /// What every metric is compared with.
    pub compare: Vec<ComparePlan>,
    /// What becomes of rows whose period is not complete.
    pub incomplete: IncompletePeriods,
    /// The files.
    pub exports: Vec<ExportPlan>,
}

/// The built-in segment of every record.
pub const ALL: &str = "all";

impl ReportPlan {
    /// Its dimensions, the hidden ones last.
    pub fn all_dims(&self) -> impl Iterator<Item = &Dim> {
        self.dims.iter().chain(&self.hidden_dims)
    }

    /// The index of a dimension among all.
    #[must_use]
    pub fn dim(&self, name: &str) -> Option<usize> {
        self.all_dims().position(|dim| dim.name == name)
    }

    /// The days that count: within its range, and not after the last day that counts at all.
    #[must_use]
    pub fn counted(&self) -> DayRange {
        DayRange { start: self.range.start, end: self.reads.end }
    }
}

/// A level of a report: its details, or totals over some of its dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelPlan {
    /// Its word in the column `level`.
    pub name: String,
    /// Indices of the dimensions it keeps.
    pub dims: Vec<usize>,
    /// Whether it is of the groups that the top leaves.
    pub is_rest: bool,
}

/// The groups of the details that are kept, for each period and segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopPlan {
    /// How many.
    pub n: u32,
    /// Index of the metric that ranks them, among those shown.
    pub by: usize,
    /// Whether the smallest values come first.
    pub ascending: bool,
    /// Indices of the dimensions for each of whose values there are as many.
    pub per: Vec<usize>,
}

/// A column of a report that is not grouped by: a group's latest known value.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributePlan {
    /// Its name and type.
    pub dim: Dim,
    /// The source or union that it is of.
    pub source: String,
    /// The day of a record, as a number that grows with it.
    pub day: Expr,
    /// The roll-up that tells on which days each group has which value: by the report's dimensions and this one.
    pub rollup: RollupId,
}

/// An earlier period that metrics are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparePlan {
    /// What its columns are named after.
    pub name: &'static str,
    /// How far back.
    pub offset: Offset,
}

/// The states of one source and segment for a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportInput {
    /// The segment.
    pub segment: String,
    /// The source or union.
    pub source: String,
    /// The roll-up to read.
    pub rollup: RollupId,
    /// Its dimensions, as indices in the report's `dims` and then `hidden_dims`.
    pub dims: Vec<usize>,
    /// For each simple metric, the index of its aggregate in that roll-up.
    pub slots: IndexMap<String, usize>,
    /// The roll-up that tells on which days the keys of semi-additive measures have records.
    pub presence: Option<RollupId>,
}

/// An export, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportPlan {
    /// File format.
    pub format: ExportFormat,
    /// Path below the output root; a folder when partitioned.
    pub path: PathBuf,
    /// Long or wide.
    pub layout: Layout,
    /// Columns that become folders.
    pub partition_by: Vec<String>,
    /// How CSV is written.
    pub dialect: Dialect,
}
