//! The report stage: from small roll-ups to report tables, in Polars. Periods, ratios, derived metrics and the order
//! of rows are made here, whichever engine scanned the data.

mod cells;
mod coverage;
mod order;
mod periods;
mod table;
mod values;

pub use table::{ReportTable, SCHEMA_VERSION};

use self::coverage::Coverage;
use self::periods::Periods;
use crate::diagnostic::Diagnostic;
use crate::frame::engine_error;
use crate::plan::{Plan, ReportPlan, RollupId};
use crate::rollup::{Rollup, Stats};
use arrow::record_batch::RecordBatch;
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The roll-ups of a plan, ready to become report tables one after another.
pub struct Prepared<'p> {
    plan: &'p Plan,
    coverage: Coverage,
    rollups: BTreeMap<RollupId, Mutex<Shared>>,
}

/// A roll-up's cells, until the last report that reads them is made.
struct Shared {
    cells: Option<RecordBatch>,
    readers: usize,
}

impl<'p> Prepared<'p> {
    /// Takes the roll-ups over.
    #[must_use]
    pub fn new(plan: &'p Plan, rollups: Vec<Rollup>, stats: &Stats) -> Self {
        let shared = rollups.into_iter().map(|Rollup { id, cells }| {
            let readers = plan.reports.iter().filter(|r| reads(plan, r).any(|read| read == id)).count();
            (id, Mutex::new(Shared { cells: Some(cells), readers }))
        });
        Self { plan, coverage: Coverage::new(plan, stats), rollups: shared.collect() }
    }

    /// Builds the table of a report, which is done once for each. Several threads may build several.
    ///
    /// # Errors
    /// A value that its type does not hold, a second value in a cell that may have one only, or a failure of Polars.
    pub fn table(&self, report: usize) -> Result<ReportTable, Diagnostic> {
        let report = &self.plan.reports[report];
        let mut rollups = BTreeMap::new();
        for id in reads(self.plan, report) {
            let Some(shared) = self.rollups.get(&id).filter(|_| !rollups.contains_key(&id)) else { continue };
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.readers = shared.readers.saturating_sub(1);
            let cells = if shared.readers == 0 { shared.cells.take() } else { shared.cells.clone() };
            rollups.extend(cells.map(|cells| (id, cells)));
        }
        build_one(self.plan, report, rollups, &self.coverage)
    }
}

/// The roll-ups that a report's states come from.
fn reads<'r>(plan: &'r Plan, report: &'r ReportPlan) -> impl Iterator<Item = RollupId> + 'r {
    report.inputs.iter().map(|input| plan.rollups[input.rollup].derived_from.unwrap_or(input.rollup))
}

fn build_one(
    plan: &Plan,
    report: &ReportPlan,
    mut rollups: BTreeMap<RollupId, RecordBatch>,
    coverage: &Coverage,
) -> Result<ReportTable, Diagnostic> {
    let periods = Periods::new(plan, report, coverage);
    let mut parts = vec![];
    for grain in &report.grains {
        let mut whole: Option<DataFrame> = None;
        for segment in &report.segments {
            let cells = cells::regroup(plan, report, segment, *grain, &rollups)?;
            let valued = values::evaluate(plan, report, segment, *grain, cells)?;
            match &mut whole {
                None => whole = Some(valued),
                Some(frame) => {
                    frame.vstack_mut(&valued).map_err(|e| engine_error(&e))?;
                }
            }
        }
        if report.grains.last() == Some(grain) {
            // Nobody reads the states any more: what comes now needs the room.
            rollups.clear();
        }
        if let Some(frame) = whole {
            let mut by = cells::keys(report);
            if report.segments.len() > 1 {
                by.push("segment".to_owned());
            }
            parts.push((*grain, order::sort(frame, &by)?));
        }
    }
    table::assemble(plan, report, &periods, &parts)
}
