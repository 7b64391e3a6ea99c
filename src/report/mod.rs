//! The report stage: from small roll-ups to report tables, in Polars. Periods, ratios, derived metrics and the order
//! of rows are made here, whichever engine scanned the data.

mod cells;
mod coverage;
mod periods;
mod table;
mod values;

pub use table::{ReportTable, SCHEMA_VERSION};

use self::coverage::Coverage;
use self::periods::Periods;
use crate::diagnostic::Diagnostic;
use crate::frame::{engine_error, series};
use crate::plan::{Plan, ReportPlan, RollupId};
use crate::rollup::{Rollup, Stats};
use polars::prelude::{Column, DataFrame};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Builds all report tables of a plan.
///
/// # Errors
/// A value that its type does not hold, a second value in a cell that may have one only, or a failure of Polars.
pub fn build(plan: &Plan, rollups: &[Rollup], stats: &Stats) -> Result<Vec<ReportTable>, Diagnostic> {
    let frames: BTreeMap<RollupId, DataFrame> =
        rollups.iter().map(|r| Ok((r.id, frame(r)?))).collect::<Result<_, Diagnostic>>()?;
    let coverage = Coverage::new(plan, stats);
    plan.reports.par_iter().map(|report| build_one(plan, report, &frames, &coverage)).collect()
}

fn frame(rollup: &Rollup) -> Result<DataFrame, Diagnostic> {
    let columns: Vec<Column> = rollup
        .cells
        .schema()
        .fields()
        .iter()
        .zip(rollup.cells.columns())
        .map(|(field, array)| Ok(Column::from(series(field.name(), array)?)))
        .collect::<polars::prelude::PolarsResult<_>>()
        .map_err(|e| engine_error(&e))?;
    DataFrame::new(rollup.cells.num_rows(), columns).map_err(|e| engine_error(&e))
}

fn build_one(
    plan: &Plan,
    report: &ReportPlan,
    frames: &BTreeMap<RollupId, DataFrame>,
    coverage: &Coverage,
) -> Result<ReportTable, Diagnostic> {
    let periods = Periods::new(plan, report, coverage);
    let mut parts = vec![];
    for grain in &report.grains {
        let mut whole: Option<DataFrame> = None;
        for segment in &report.segments {
            let cells = cells::regroup(plan, report, segment, *grain, frames)?;
            let valued = values::evaluate(plan, report, segment, *grain, cells)?;
            match &mut whole {
                None => whole = Some(valued),
                Some(frame) => {
                    frame.vstack_mut(&valued).map_err(|e| engine_error(&e))?;
                }
            }
        }
        if let Some(frame) = whole {
            parts.push((*grain, cells::sort(report, &frame)?));
        }
    }
    table::assemble(plan, report, &periods, &parts)
}
