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
use crate::frame::{engine_error, series_of};
use crate::plan::{Plan, ReportPlan, RollupId};
use crate::rollup::{Rollup, Stats};
use arrow::array::ArrayRef;
use polars::prelude::{Column, DataFrame};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The roll-ups of a plan, ready to become report tables one after another.
pub struct Prepared<'p> {
    plan: &'p Plan,
    coverage: Coverage,
    frames: BTreeMap<RollupId, Mutex<Frame>>,
}

/// A roll-up's cells, until the last report that reads them is made.
struct Frame {
    cells: Option<DataFrame>,
    readers: usize,
}

impl<'p> Prepared<'p> {
    /// Takes the roll-ups over.
    ///
    /// # Errors
    /// A failure of Polars.
    pub fn new(plan: &'p Plan, rollups: Vec<Rollup>, stats: &Stats) -> Result<Self, Diagnostic> {
        let mut frames = BTreeMap::new();
        for rollup in rollups {
            let readers = plan.reports.iter().filter(|r| reads(plan, r).any(|id| id == rollup.id)).count();
            let id = rollup.id;
            frames.insert(id, Mutex::new(Frame { cells: Some(frame(rollup)?), readers }));
        }
        Ok(Self { plan, coverage: Coverage::new(plan, stats), frames })
    }

    /// Builds the table of a report, which is done once for each. Several threads may build several.
    ///
    /// # Errors
    /// A value that its type does not hold, a second value in a cell that may have one only, or a failure of Polars.
    pub fn table(&self, report: usize) -> Result<ReportTable, Diagnostic> {
        let report = &self.plan.reports[report];
        let mut frames = BTreeMap::new();
        for id in reads(self.plan, report) {
            let Some(frame) = self.frames.get(&id).filter(|_| !frames.contains_key(&id)) else { continue };
            let mut frame = frame.lock().unwrap_or_else(PoisonError::into_inner);
            frame.readers = frame.readers.saturating_sub(1);
            let cells = if frame.readers == 0 { frame.cells.take() } else { frame.cells.clone() };
            frames.extend(cells.map(|cells| (id, cells)));
        }
        build_one(self.plan, report, frames, &self.coverage)
    }
}

/// The roll-ups that a report's states come from.
fn reads<'r>(plan: &'r Plan, report: &'r ReportPlan) -> impl Iterator<Item = RollupId> + 'r {
    report.inputs.iter().map(|input| plan.rollups[input.rollup].derived_from.unwrap_or(input.rollup))
}

/// Cells as a `DataFrame`. Columns that share one array share one series.
fn frame(rollup: Rollup) -> Result<DataFrame, Diagnostic> {
    let (schema, arrays, rows) = rollup.cells.into_parts();
    let mut columns: Vec<Column> = vec![];
    let mut shared: Vec<(ArrayRef, Column)> = vec![];
    let mut arrays = std::collections::VecDeque::from(arrays);
    for field in schema.fields() {
        let Some(array) = arrays.pop_front() else { break };
        let column = match shared.iter().find(|(known, _)| Arc::ptr_eq(known, &array)) {
            Some((_, column)) => column.clone().with_name(field.name().into()),
            None => {
                let twin = arrays.iter().find(|later| Arc::ptr_eq(later, &array)).cloned();
                let column = Column::from(series_of(field.name(), array).map_err(|e| engine_error(&e))?);
                shared.extend(twin.map(|twin| (twin, column.clone())));
                column
            }
        };
        columns.push(column);
    }
    DataFrame::new(rows, columns).map_err(|e| engine_error(&e))
}

fn build_one(
    plan: &Plan,
    report: &ReportPlan,
    mut frames: BTreeMap<RollupId, DataFrame>,
    coverage: &Coverage,
) -> Result<ReportTable, Diagnostic> {
    let periods = Periods::new(plan, report, coverage);
    let mut parts = vec![];
    for grain in &report.grains {
        let mut whole: Option<DataFrame> = None;
        for segment in &report.segments {
            let cells = cells::regroup(plan, report, segment, *grain, &frames)?;
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
            frames.clear();
        }
        if let Some(frame) = whole {
            parts.push((*grain, cells::sort(report, &frame)?));
        }
    }
    table::assemble(plan, report, &periods, &parts)
}
