//! Analyses in the pipeline language: questions about figures, answered in tables of their own.

use super::{Compare, ScorecardExport, TargetGrain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question about a metric, answered in a table.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// Name of the analysis.
    pub name: String,
    /// What is asked.
    #[serde(rename = "type")]
    pub kind: AnalysisKind,
    /// The metric. drivers: one that adds up, or a ratio of two that do. `content_fit`: such a ratio.
    pub metric: String,
    /// drivers: dimensions, each of which takes the change apart on its own. `content_fit`: those that tell content apart, together.
    pub by: Vec<String>,
    /// The length of the periods.
    pub grain: TargetGrain,
    /// `content_fit`: dimensions within which content is held against the rest, e.g. `[network]`. Default: none.
    #[serde(default)]
    pub within: Vec<String>,
    /// `content_fit`: the dimension that tells what is counted, e.g. `post_id`.
    #[serde(default)]
    pub unit: Option<String>,
    /// drivers: the earlier period. Default: `previous_period`.
    #[serde(default)]
    pub compare: Option<Compare>,
    /// Segments. Default: `[all]`.
    #[serde(default)]
    pub segments: Option<Vec<String>>,
    /// First day, inclusive (YYYY-MM-DD).
    #[serde(default)]
    pub start: Option<String>,
    /// Last day, inclusive (YYYY-MM-DD).
    #[serde(default)]
    pub end: Option<String>,
    /// What it answers.
    #[serde(default)]
    pub description: Option<String>,
    /// The files to write.
    pub exports: Vec<ScorecardExport>,
}

/// What an analysis asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisKind {
    /// Which values of dimensions explain a metric's change between two periods.
    Drivers,
    /// Which content does better than the rest on its network, and whether that stands out from chance.
    ContentFit,
}
