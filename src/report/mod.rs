//! The report stage: from small roll-ups to report tables. Periods, windows, comparisons, ratios, totals and the order
//! of rows are made here, whichever engine scanned the data.
//!
//! A metric is looked at in a *view*: a level (the dimensions that tell groups apart), a segment, and for each period a
//! span of days. `views` tells the spans, `cells` brings the states of roll-ups to them, `values` makes values of states,
//! `sheet` collects all that one grain, level and segment need, `evaluate` does so for it, `table` puts the sheets of a report in order.

mod attributes;
mod breaks;
mod cells;
mod coverage;
mod evaluate;
mod groups;
mod layout;
mod merge;
mod order;
mod periods;
mod rows;
mod sheet;
mod snapshot;
mod table;
mod top;
mod trace;
mod values;
mod views;

pub use snapshot::SnapshotCount;
pub use table::{titled, ReportTable, SCHEMA_VERSION};
pub use trace::{in_words, Figure, Place, Trace, Value};

use self::cells::Book;
use self::coverage::Coverage;
use self::groups::LevelId;
use self::periods::Periods;
use self::sheet::Of;
use self::table::Placed;
use crate::diagnostic::Diagnostic;
use crate::plan::{sources_of, Plan, ReportPlan, RollupId};
use crate::rollup::{Rollup, Stats};
use arrow::record_batch::RecordBatch;
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
        let (report, rollups) = self.take(report);
        build_one(self.plan, report, rollups, &self.coverage)
    }

    /// First and last day of which all of a metric's sources have records.
    #[must_use]
    pub fn known(&self, metric: &str) -> Option<(i32, i32)> {
        let known = self.coverage.known(&sources_of(&self.plan.metrics, &[metric.to_owned()]));
        known.first.zip(known.last)
    }

    /// A report and the roll-ups it reads, which are dropped with their last reader.
    fn take(&self, report: usize) -> (&'p ReportPlan, BTreeMap<RollupId, RecordBatch>) {
        let report = &self.plan.reports[report];
        let mut rollups = BTreeMap::new();
        for id in reads(self.plan, report) {
            let Some(shared) = self.rollups.get(&id).filter(|_| !rollups.contains_key(&id)) else { continue };
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.readers = shared.readers.saturating_sub(1);
            let cells = if shared.readers == 0 { shared.cells.take() } else { shared.cells.clone() };
            rollups.extend(cells.map(|cells| (id, cells)));
        }
        (report, rollups)
    }
}

/// The roll-ups that a report's states come from.
fn reads<'r>(plan: &'r Plan, report: &'r ReportPlan) -> impl Iterator<Item = RollupId> + 'r {
    let wanted = report.inputs.iter().flat_map(|input| [Some(input.rollup), input.presence]).flatten();
    let wanted = wanted.chain(report.attributes.iter().map(|attribute| attribute.rollup));
    wanted.map(|id| plan.rollups[id].derived_from.unwrap_or(id))
}

fn build_one(
    plan: &Plan,
    report: &ReportPlan,
    rollups: BTreeMap<RollupId, RecordBatch>,
    coverage: &Coverage,
) -> Result<ReportTable, Diagnostic> {
    let periods = Periods::new(plan, report, coverage);
    let book = Book::new(plan, report, rollups);
    let levels: Vec<LevelId> = report.levels.iter().map(|level| book.groups.borrow_mut().level(&level.dims)).collect();
    let mut sheets = vec![];
    let (mut tops, mut snapshots) = (BTreeMap::new(), vec![]);
    for (grain, segment) in report.grains.iter().flat_map(|g| report.segments.iter().map(move |s| (*g, s))) {
        for (place, (level, plan)) in (0u32..).zip(levels.iter().zip(&report.levels)) {
            let of = Of { grain, level: *level, segment, tops: tops.get(&(grain, segment)).filter(|_| plan.is_rest) };
            let mut maker = sheet::ready(&book, &periods, of)?;
            if place == 0 && report.segments.first() == Some(segment) {
                snapshots.extend(maker.counts()?);
            }
            let mut sheet = maker.finish()?;
            if let (Some(top), 0) = (&report.top, place) {
                let per = book.groups.borrow_mut().level(&top.per);
                let (kept, these) = top::cut(top, (*level, per), sheet, &mut book.groups.borrow_mut())?;
                tops.insert((grain, segment), these);
                sheet = kept;
            }
            sheets.push(Placed { grain, level: (place, *level), segment, sheet });
        }
    }
    let details = levels.first().copied().unwrap_or_default();
    let attributes = report.attributes.iter().map(|plan| attributes::attribute(&book, plan, details));
    let attributes = attributes.collect::<Result<Vec<_>, _>>()?;
    // Nobody reads the states any more: what comes now needs the room.
    let groups = book.into_groups();
    let table = table::assemble(plan, report, &periods, (&groups, &attributes), sheets)?;
    Ok(ReportTable { snapshots, ..table })
}
