//! The scorecard as a table. Its columns never depend on the data.

use super::{subject, Row, Scorecard};
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, ScorecardPlan};
use crate::report::titled;
use crate::spec::{Level, Pacing};
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// The scorecard as a table, a row a target and period.
///
/// # Errors
/// Only if the columns had different lengths, which would be a bug.
pub fn table(plan: &Plan, scorecard: &ScorecardPlan, card: &Scorecard) -> Result<RecordBatch, Diagnostic> {
    let rows = &card.rows;
    let text =
        |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let float = |of: fn(&Row) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let day = |of: fn(&Row) -> Option<i32>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Date32Array>()) };
    let about = |row: &Row| subject(plan, scorecard, row);
    let level = |level: Level| match level {
        Level::Warn => "warn",
        Level::Fail => "fail",
    };
    let pacing = |pacing: Pacing| match pacing {
        Pacing::Linear => "linear",
        Pacing::SameShapeLastYear => "same_shape_last_year",
        Pacing::None => "none",
    };
    let columns: Vec<(&str, bool, ArrayRef)> = vec![
        ("objective", false, text(&|r| Some(about(r).0.name.clone()))),
        ("strategy", true, text(&|r| about(r).0.strategy.clone())),
        ("goal", true, text(&|r| about(r).0.goal.map(|goal| goal.as_str().to_owned()))),
        ("owner", true, text(&|r| about(r).0.owner.clone())),
        ("metric", false, text(&|r| Some(about(r).2.name.clone()))),
        ("label", true, text(&|r| about(r).2.label.clone())),
        ("segment", false, text(&|r| Some(about(r).1.segment.clone()))),
        ("dimensions", true, text(&|r| Some(r.group.clone()).filter(|group| !group.is_empty()))),
        ("grain", false, text(&|r| Some(r.grain.as_str().to_owned()))),
        ("period_start", false, day(|r| Some(r.period.0))),
        ("period_end", false, day(|r| Some(r.period.1))),
        ("period_label", false, text(&|r| Some(r.label.clone()))),
        ("is_complete", false, Arc::new(rows.iter().map(|r| Some(r.is_complete)).collect::<BooleanArray>())),
        ("days", false, Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.days)))),
        ("target", false, float(|r| Some(r.aim))),
        ("target_set_on", true, day(|r| r.set_on)),
        ("first_target", false, float(|r| Some(r.first_aim))),
        ("value", true, float(|r| r.value)),
        ("attainment", true, float(|r| r.attainment)),
        ("gap", true, float(|r| r.gap)),
        ("status", false, text(&|r| Some(r.status.as_str().to_owned()))),
        ("expected", true, float(|r| r.expected)),
        ("pacing", true, text(&|r| r.pacing.map(|p| pacing(p).to_owned()))),
        ("projection", true, float(|r| r.projection)),
        ("trend", true, text(&|r| Some(r.trend.clone()).filter(|trend| !trend.is_empty()))),
        ("previous_value", true, float(|r| r.previous)),
        ("unit", true, text(&|r| about(r).2.unit.clone())),
        ("direction", false, text(&|r| Some(about(r).1.direction.as_str().to_owned()))),
        ("level", false, text(&|r| Some(level(about(r).1.level).to_owned()))),
        ("as_of", true, day(|r| r.as_of)),
    ];
    titled(plan, "scorecard", columns.into_iter().map(|(name, nullable, array)| (name.to_owned(), nullable, array)))
}
