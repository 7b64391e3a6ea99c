//! Metrics in the pipeline language.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reaggregate;

/// A KPI: of a `type`, or ready from the `library`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// The kind of metric; it decides which other keys apply.
    #[serde(default, rename = "type")]
    pub kind: Option<MetricKind>,
    /// Instead of `type`: a ready KPI by its id, with its formula, unit, direction and names; `jalon kpis` lists them.
    #[serde(default)]
    pub library: Option<String>,
    /// library: columns of the source, or SQL expressions, for the measures of the KPI whose columns have other names.
    #[serde(default)]
    pub columns: Option<IndexMap<String, String>>,
    /// library: metrics of the pipeline to take as parts of the KPI, e.g. `{revenue: web_revenue}`.
    #[serde(default)]
    pub metrics: Option<IndexMap<String, String>>,
    /// library: dimensions that tell one account with followers from another. Default: `account_id`, where there is one.
    #[serde(default)]
    pub account: Option<Vec<String>>,
    /// simple, library: the source (or union) whose records are aggregated.
    #[serde(default)]
    pub source: Option<String>,
    /// simple: how records are aggregated. Default: sum.
    #[serde(default)]
    pub agg: Option<Agg>,
    /// simple: SQL expression over the source's columns. derived: over other metrics.
    #[serde(default)]
    pub expr: Option<String>,
    /// simple, library: SQL condition; other records do not count for this metric.
    #[serde(default)]
    pub filter: Option<String>,
    /// simple, library: allows aggregating a measure that does not add up, openly.
    #[serde(default)]
    pub reaggregate: Option<Reaggregate>,
    /// ratio: the metric above the line.
    #[serde(default)]
    pub numerator: Option<String>,
    /// ratio: the metric below the line.
    #[serde(default)]
    pub denominator: Option<String>,
    /// ratio: dimensions over all of whose values the denominator is taken; `segment` for all records.
    #[serde(default)]
    pub denominator_ignores: Option<Vec<String>>,
    /// ratio: what is divided when. Default: `ratio_of_sums`.
    #[serde(default)]
    pub ratio_agg: Option<RatioAgg>,
    /// ratio, with `ratio_agg: mean_of_ratios`: the dimensions that tell what one ratio is of, e.g. `[post_id]`.
    #[serde(default)]
    pub ratio_unit: Option<Vec<String>>,
    /// simple: for measures that do not add up over time, which day of a period counts.
    #[serde(default)]
    pub non_additive_dimension: Option<NonAdditiveDimension>,
    /// simple, with `non_additive_dimension`: how long a value holds where a period has none, e.g. `3 days`.
    #[serde(default)]
    pub carry_forward: Option<String>,
    /// simple: the number in place of an unknown value.
    #[serde(default)]
    pub fill_nulls_with: Option<Number>,
    /// simple: rows for every period, with or without records.
    #[serde(default)]
    pub join_to_timespine: Option<bool>,
    /// simple: dimensions over all of whose values it is taken, in every row; its source need not have them.
    #[serde(default)]
    pub ignore_dimensions: Option<Vec<String>>,
    /// simple: later definitions, each from a day on.
    #[serde(default)]
    pub versions: Option<Vec<Version>>,
    /// cumulative, share: the metric that is accumulated or shared.
    #[serde(default)]
    pub input_metric: Option<String>,
    /// cumulative: `28 days`, `3 periods`. Without it and `grain_to_date` everything up to the day.
    #[serde(default)]
    pub window: Option<String>,
    /// cumulative: from the first day of the week, month, quarter or year.
    #[serde(default)]
    pub grain_to_date: Option<ToDateGrain>,
    /// cumulative: which day of a period counts. Default: last.
    #[serde(default)]
    pub period_agg: Option<PeriodAgg>,
    /// `time_comparison`: the metric that is compared.
    #[serde(default)]
    pub base_metric: Option<String>,
    /// `time_comparison`: how far back, e.g. `1 year`, `1 period`.
    #[serde(default)]
    pub offset_window: Option<String>,
    /// `time_comparison`: what is computed. Default: `percent_change`.
    #[serde(default)]
    pub calculation: Option<Calculation>,
    /// `time_comparison`: what stays equal. Default: calendar.
    #[serde(default)]
    pub align: Option<Align>,
    /// share: the dimensions within which values are shared out. Default: none, the whole report.
    #[serde(default)]
    pub within: Option<Vec<String>>,
    /// Name shown to people.
    #[serde(default)]
    pub label: Option<String>,
    /// What it says, and what it does not.
    #[serde(default)]
    pub description: Option<String>,
    /// Unit of the value. Default: from the measures.
    #[serde(default)]
    pub unit: Option<String>,
    /// How people like to read it. Files always hold the plain number.
    #[serde(default)]
    pub format: Option<Format>,
    /// Which way is better. Default: neutral.
    #[serde(default)]
    pub direction: Option<Direction>,
}

/// A later definition of a metric, for records from a day on. What it does not say is as before any version.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The first day of which records count so (YYYY-MM-DD).
    pub valid_from: String,
    /// SQL expression over the source's columns.
    #[serde(default)]
    pub expr: Option<String>,
    /// SQL condition; other records do not count.
    #[serde(default)]
    pub filter: Option<String>,
    /// Whether figures from before may be compared with those from then on. Default: false.
    #[serde(default)]
    pub comparable: bool,
}

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// An aggregate of a source's records.
    Simple,
    /// One metric over another: Σ numerator / Σ denominator at every grain.
    Ratio,
    /// An expression over other metrics.
    Derived,
    /// A metric over a window of days, or from a beginning to date.
    Cumulative,
    /// A metric against an earlier period.
    TimeComparison,
    /// A metric's part of the whole.
    Share,
}

/// Which day of a period counts for a measure that does not add up over time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NonAdditiveDimension {
    /// Always `time`.
    pub name: TimeDimension,
    /// Which day counts. Default: last.
    #[serde(default)]
    pub window_agg: Option<WindowAgg>,
    /// Dimensions of what has its own last day, e.g. `[account_id]`. Default: none.
    #[serde(default)]
    pub group_by: Vec<String>,
}

/// The dimension over which a measure does not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeDimension {
    Time,
}

/// Which day of a period counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowAgg {
    /// The last day with records.
    Last,
    /// The first day with records.
    First,
    /// The mean of the days that have a value.
    Average,
    /// The last day with records before the period.
    Opening,
}

/// What is divided when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatioAgg {
    /// Σ numerator / Σ denominator.
    RatioOfSums,
    /// One ratio for each unit, averaged.
    MeanOfRatios,
}

/// A grain that begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToDateGrain {
    Week,
    Month,
    Quarter,
    Year,
}

/// Which day of a period a cumulative metric shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodAgg {
    /// The last day.
    Last,
    /// The first day.
    First,
    /// The mean of all days.
    Average,
}

/// What a comparison computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calculation {
    /// Current − earlier.
    Difference,
    /// (current − earlier) / |earlier|.
    PercentChange,
    /// Current / earlier.
    Ratio,
}

/// What stays equal between the two sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// The date.
    Calendar,
    /// The weekday.
    Weekday,
    /// The ISO week number, and in it the weekday.
    IsoWeek,
}

/// A number as written: whole or not.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Number {
    /// Whole.
    Int(i64),
    /// Any.
    Float(f64),
}

/// How records are aggregated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agg {
    Sum,
    Count,
    Min,
    Max,
    Average,
}

/// How people like to read a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Number,
    Percent,
    Currency,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    HigherIsBetter,
    LowerIsBetter,
    CloserToTarget,
    #[default]
    Neutral,
}

impl Direction {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HigherIsBetter => "higher_is_better",
            Self::LowerIsBetter => "lower_is_better",
            Self::CloserToTarget => "closer_to_target",
            Self::Neutral => "neutral",
        }
    }
}
