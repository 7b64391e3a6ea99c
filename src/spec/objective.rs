//! Objectives in the pipeline language: a strategy's aims, quantified by targets and met in time.

use super::{CsvSpec, Dialect, Direction, ExportFormat, FileFormat, Lang, OneOrMany};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be reached, why, by whom and when.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Name of the objective.
    pub name: String,
    /// The strategy that it serves, in words.
    #[serde(default)]
    pub strategy: Option<String>,
    /// What kind of aim it is.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// First day that it is pursued (YYYY-MM-DD). Default: its first target's period.
    #[serde(default)]
    pub start: Option<String>,
    /// Last day (YYYY-MM-DD). Default: its last target's period.
    #[serde(default)]
    pub end: Option<String>,
    /// The figures to reach.
    pub targets: Vec<Target>,
}

/// The kind of an aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// More people know the brand.
    Awareness,
    /// The brand is listened to.
    Authority,
    /// People speak for the brand.
    Advocacy,
    /// People stay and come back.
    Loyalty,
    /// New people come.
    Acquisition,
    /// People buy, subscribe, register.
    Conversion,
    /// People are answered and helped.
    Care,
}

impl Goal {
    /// All goals, in the order in which they are listed.
    pub const ALL: &[Self] = &[
        Self::Awareness,
        Self::Authority,
        Self::Advocacy,
        Self::Loyalty,
        Self::Acquisition,
        Self::Conversion,
        Self::Care,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Awareness => "awareness",
            Self::Authority => "authority",
            Self::Advocacy => "advocacy",
            Self::Loyalty => "loyalty",
            Self::Acquisition => "acquisition",
            Self::Conversion => "conversion",
            Self::Care => "care",
        }
    }

    /// Its name in a language.
    #[must_use]
    pub fn name(self, lang: Lang) -> &'static str {
        match (lang, self) {
            (Lang::En, goal) => goal.as_str(),
            (Lang::Fr, Self::Awareness) => "notoriété",
            (Lang::Fr, Self::Authority) => "autorité",
            (Lang::Fr, Self::Advocacy) => "recommandation",
            (Lang::Fr, Self::Loyalty) => "fidélisation",
            (Lang::Fr, Self::Acquisition) => "acquisition",
            (Lang::Fr, Self::Conversion) => "conversion",
            (Lang::Fr, Self::Care) => "relation client",
        }
    }
}

/// A figure to reach, for each of several periods: of one metric, segment and group. Its figures are given one by one
/// (`values`), in a file (`table`), or from what was (`baseline`).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The metric.
    pub metric: String,
    /// The length of its periods.
    pub grain: TargetGrain,
    /// The segment. Default: all records.
    #[serde(default)]
    pub segment: Option<String>,
    /// Values of dimensions, e.g. `{network: facebook}`: the target is for this group. Default: all together.
    #[serde(default)]
    pub dimensions: IndexMap<String, String>,
    /// By period (`2026-01`, `2026-W05`, `2026-Q1`, `2026`): a number, or a list of revisions.
    #[serde(default)]
    pub values: IndexMap<String, TargetValue>,
    /// A file with the columns `period`, `value` and, where revised, `set_on`.
    #[serde(default)]
    pub table: Option<TargetTable>,
    /// From the metric's own figures of an earlier period.
    #[serde(default)]
    pub baseline: Option<Baseline>,
    /// How a target of longer periods is made of those within. Default: `sum` for metrics that add up, `last` for those that add
    /// up over everything but time, else `none`.
    #[serde(default)]
    pub rollup: Option<TargetRollup>,
    /// With `rollup: weighted_by`: the metric that weighs the periods.
    #[serde(default)]
    pub weighted_by: Option<String>,
    /// What is expected of a period that is not over. Default: linear.
    #[serde(default)]
    pub pacing: Option<Pacing>,
    /// When a target is in danger, and whether a miss fails the run.
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    /// Which way is better. Default: the metric's.
    #[serde(default)]
    pub direction: Option<Direction>,
}

/// The length of a target's periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetGrain {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A target's figure for a period.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TargetValue {
    /// Set once.
    Once(f64),
    /// Set and revised: the last one set before the period ends counts.
    Revised(Vec<Revision>),
}

/// A figure, and the day it was set on.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The day it was decided (YYYY-MM-DD).
    pub set_on: String,
    /// The figure.
    pub value: f64,
}

/// A file of target figures: columns `period`, `value`, and where figures are revised `set_on`. It may hold the figures of several
/// targets: where it has a column `metric`, `segment`, or that of one of the target's `dimensions`, only rows with the target's
/// own count.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTable {
    /// A file, a glob, a folder, or a list of these.
    pub path: OneOrMany,
    /// The file format. Default: from the file's extension.
    #[serde(default)]
    pub format: Option<FileFormat>,
    /// How CSV files are written.
    #[serde(default)]
    pub csv: Option<CsvSpec>,
}

/// A target relative to what was.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `same_period_last_year` (also `same_month_last_year` and the like), `previous_period`, or the label of one period: `2025`,
    /// `2025-Q4`.
    pub period: String,
    /// `+10%` of it, `+2pt` (percent points of a rate), or a number to add. Default: no change.
    #[serde(default)]
    pub change: Option<BaselineChange>,
    /// How the figure of a longer period is spread over those of the target.
    #[serde(default)]
    pub spread: Option<Spread>,
}

/// How a target differs from its baseline.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BaselineChange {
    /// A number to add.
    Number(f64),
    /// `+10%`, `+2pt`.
    Text(String),
}

/// How the figure of a longer period is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// The same for every day.
    EvenDays,
    /// As the metric was spread a year earlier.
    SameShapeLastYear,
}

/// How targets of longer periods are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetRollup {
    /// The sum of those within.
    Sum,
    /// Their mean, each period counting the same.
    Average,
    /// The last of them.
    Last,
    /// Their mean, weighted by another metric's figures.
    WeightedBy,
    /// There are none.
    None,
}

/// What is expected of a period that is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pacing {
    /// As much of the target as of the days is over.
    #[default]
    Linear,
    /// As much as of last year's figure was there after as many days.
    SameShapeLastYear,
    /// Nothing: the period is judged when it is over.
    None,
}

/// When a target is in danger.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Attainment from which it is on track. Default: 1.
    #[serde(default)]
    pub on_track: Option<f64>,
    /// Attainment from which it is at risk; below it is off track. Default: 0.9.
    #[serde(default)]
    pub at_risk: Option<f64>,
    /// What a miss does: `warn`, or `fail` (exit code 1). Default: warn.
    #[serde(default)]
    pub level: Option<Level>,
}

/// What a miss does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    #[default]
    Warn,
    Fail,
}

/// Where the scorecard is written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    /// The files. Default: `<name>.scorecard.parquet` and `<name>.scorecard.csv` in the output root.
    #[serde(default)]
    pub exports: Vec<ScorecardExport>,
}

/// A file that the scorecard is written to.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorecardExport {
    /// File format.
    pub format: ExportFormat,
    /// Path below the output root.
    pub path: String,
    /// CSV only. Default: rfc4180.
    #[serde(default)]
    pub dialect: Option<Dialect>,
}
