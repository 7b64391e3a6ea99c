//! Reports and their exports in the pipeline language.

use super::Totals;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table of metrics by period, dimensions and segment.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Name of the report.
    pub name: String,
    /// What it answers.
    #[serde(default)]
    pub description: Option<String>,
    /// Metrics, in column order.
    pub metrics: Vec<String>,
    /// Dimensions, in column order. Default: none.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// Segments. Default: `[all]`.
    #[serde(default)]
    pub segments: Option<Vec<String>>,
    /// Grains.
    pub grains: Vec<GrainSpec>,
    /// First day, inclusive (YYYY-MM-DD).
    #[serde(default)]
    pub start: Option<String>,
    /// Last day, inclusive (YYYY-MM-DD).
    #[serde(default)]
    pub end: Option<String>,
    /// Earlier periods that every metric is compared with, in columns of their own.
    #[serde(default)]
    pub compare: Vec<Compare>,
    /// `true` for one row of all groups together, or a list of sets of dimensions, each computed at its own level.
    #[serde(default)]
    pub totals: Totals,
    /// Only the groups with the largest values of a metric.
    #[serde(default)]
    pub top: Option<Top>,
    /// Columns that are shown beside the dimensions, each with a group's latest value.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// What becomes of rows whose period is not complete. Default: that of the calendar.
    #[serde(default)]
    pub incomplete_periods: Option<IncompletePeriods>,
    /// The files to write.
    pub exports: Vec<Export>,
}

/// The groups that a report keeps, for each period and segment.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Top {
    /// How many groups.
    pub n: u32,
    /// The metric that ranks them, one of the report's.
    pub by: String,
    /// Dimensions for each of whose values there are as many. Default: none.
    #[serde(default)]
    pub per: Vec<String>,
    /// Whether all further groups make one row together. Default: false.
    #[serde(default)]
    pub others: bool,
    /// Which come first. Default: descending, the largest values.
    #[serde(default)]
    pub order: Option<TopOrder>,
}

/// Which groups come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TopOrder {
    /// Those with the smallest values.
    Ascending,
    /// Those with the largest values.
    #[default]
    Descending,
}

/// An earlier period to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    PreviousPeriod,
    PreviousWeek,
    PreviousMonth,
    PreviousQuarter,
    PreviousYear,
}

impl Compare {
    /// Its word, which its columns are named after.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreviousPeriod => "previous_period",
            Self::PreviousWeek => "previous_week",
            Self::PreviousMonth => "previous_month",
            Self::PreviousQuarter => "previous_quarter",
            Self::PreviousYear => "previous_year",
        }
    }
}

/// What becomes of rows whose period is not complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncompletePeriods {
    /// They are kept, and the manifest counts them.
    #[default]
    Flag,
    /// They are kept.
    Keep,
    /// They are removed after everything is computed.
    Drop,
}

/// The length of a report's periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GrainSpec {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// The whole range as one period.
    All,
}

/// A file (or partitioned folder) that a report is written to.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// File format.
    pub format: ExportFormat,
    /// Path below the output root: a file, or with `partition_by` a folder.
    pub path: String,
    /// `long`: one row a metric. `wide`: one column a metric. Default: long.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// Parquet only: columns whose values become folders (`grain=day/`).
    #[serde(default)]
    pub partition_by: Vec<String>,
    /// CSV only. Default: rfc4180.
    #[serde(default)]
    pub dialect: Option<Dialect>,
}

/// Format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    Parquet,
    Csv,
}

/// Layout of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    #[default]
    Long,
    Wide,
}

/// How a CSV export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Comma, dot, UTF-8 without byte order mark.
    #[default]
    Rfc4180,
    /// Semicolon, decimal comma, UTF-8 with byte order mark: opens in a French Excel by double click.
    #[serde(rename = "excel_fr")]
    ExcelFr,
}
