//! The plan: what is scanned, rolled up and reported, with every meaning fixed. It holds nothing that a user could
//! have misspelt, and knows no engine, no file system and no Polars. `resolve` makes it; engines and the report
//! stage carry it out; [`explain`] prints it.

pub mod additivity;
mod analyses;
mod explain;
mod logical;
mod metrics;
mod objectives;
mod quality;
mod types;

pub use analyses::{AnalysesPlan, ContentFitPlan, DriversPlan};
pub use explain::{explain, explain_json, EngineChoice};
pub use logical::{ColumnRole, LogicalColumn, LogicalSource, SourceTime};
pub use metrics::{
    any_part, sources_of, versions_of, whole_definition, Formula, MetricPlan, Snapshot, VersionPlan, Window,
    DAYS_IN_PERIOD,
};
pub use objectives::{Base, Change, Figures, Growth, ObjectivePlan, RollUp, ScorecardPlan, SetOn, TargetPlan};
pub use quality::{CheckKind, CheckPlan, Quality, SnapshotColumns, SnapshotPlan};
pub use types::*;
