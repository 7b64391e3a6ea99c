//! The sheets of a report as one table in order: sheets one after another, rows by grain, period, level, dimensions and
//! segment.

use super::attributes::Attribute;
use super::groups::{Groups, LevelId};
use super::layout;
use super::order::{order, Key};
use super::periods::{Period, Periods};
use super::sheet::Sheet;
use super::snapshot::SnapshotCount;
use super::values::{has_parts, Columns};
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::frame::{array, engine_error};
use crate::plan::{sources_of, Plan, ReportPlan};
use crate::spec::Layout;
use arrow::array::{Array, ArrayRef, Int64Array, StringArray, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use polars::prelude::Column;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Version of the output contract.
pub const SCHEMA_VERSION: u32 = 2;

/// A finished report.
#[derive(Clone, Debug, Default)]
pub struct ReportTable {
    /// Name of the report.
    pub name: String,
    /// One row a cell and metric; only when an export asks for it.
    pub long: Option<RecordBatch>,
    /// One row a cell, one column a metric; only when an export asks for it.
    pub wide: Option<RecordBatch>,
    /// Number of cells: rows of the wide layout.
    pub cells: usize,
    /// How many of them are of periods that are not complete.
    pub incomplete: usize,
    /// How often the keys of measures that do not add up over time had no record in a period.
    pub snapshots: Vec<SnapshotCount>,
}

/// A table beside the reports: its columns with whether they may be null, under the name of what it is of.
///
/// # Errors
/// Only if the columns had different lengths, which would be a bug.
pub fn titled(
    plan: &Plan,
    name: &str,
    columns: impl IntoIterator<Item = (String, bool, ArrayRef)>,
) -> Result<RecordBatch, Diagnostic> {
    let metadata = [
        ("jalon.schema_version", SCHEMA_VERSION.to_string()),
        ("jalon.pipeline", plan.name.clone()),
        ("jalon.report", name.to_owned()),
    ];
    let metadata: HashMap<String, String> = metadata.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
    let field = |(name, nullable, array): (String, bool, ArrayRef)| {
        (Field::new(name, array.data_type().clone(), nullable), array)
    };
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().map(field).unzip();
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, metadata)), arrays)
        .map_err(|e| Diagnostic::bug(e.to_string()))
}

/// A sheet, and where it belongs.
pub(super) struct Placed<'p> {
    pub(super) grain: Grain,
    /// Its place among the report's levels, and the level.
    pub(super) level: (u32, LevelId),
    pub(super) segment: &'p str,
    pub(super) sheet: Sheet,
}

/// The cells of a report in order, ready to be laid out.
pub(super) struct Cells<'p> {
    pub(super) plan: &'p Plan,
    pub(super) report: &'p ReportPlan,
    pub(super) periods: &'p Periods<'p>,
    /// Grain, period, and place among the levels of each cell.
    pub(super) rows: Vec<(Grain, usize, u32)>,
    /// The periods.
    pub(super) distinct: Vec<Period>,
    /// The place among the top ones, where there is a top.
    pub(super) ranks: Option<ArrayRef>,
    pub(super) dims: Vec<ArrayRef>,
    /// Columns that describe the groups of the details.
    pub(super) attributes: Vec<(String, ArrayRef)>,
    pub(super) segments: ArrayRef,
    /// For each shown metric its columns.
    pub(super) values: Vec<Shown>,
}

/// The columns of a shown metric.
pub(super) struct Shown {
    /// Int64 or Float64.
    pub(super) value: ArrayRef,
    /// What it was divided from, as floats.
    pub(super) parts: Option<(ArrayRef, ArrayRef)>,
    /// For each comparison of the report the earlier value, the difference, the percent change, and whether that is
    /// better.
    pub(super) compared: Vec<Option<[ArrayRef; 4]>>,
    /// Whether another definition begins within the days looked at, for metrics with several.
    pub(super) breaks: Option<ArrayRef>,
}

/// Puts the sheets of a report in order, and lays them out.
pub(super) fn assemble(
    plan: &Plan,
    report: &ReportPlan,
    periods: &Periods<'_>,
    (groups, attributes): (&Groups, &[Attribute]),
    sheets: Vec<Placed<'_>>,
) -> Result<ReportTable, Diagnostic> {
    let sources = sources_of(&plan.metrics, &report.metrics);
    let gathered = Gathered::new(report, groups, &sheets);
    let complete: Vec<bool> =
        gathered.distinct.iter().map(|period| periods.coverage(&sources, period).is_complete).collect();
    let incomplete = gathered.rows.iter().filter(|row| !complete[row.1]).count();
    let cells = gathered.cells((plan, report), periods, (groups, attributes), sheets)?;
    // The scorecard reads the long layout.
    let wants = |layout: Layout| {
        report.exports.iter().any(|e| e.layout == layout) || report.is_internal && layout == Layout::Long
    };
    Ok(ReportTable {
        name: report.name.clone(),
        long: wants(Layout::Long).then(|| layout::long(&cells)).transpose()?,
        wide: wants(Layout::Wide).then(|| layout::wide(&cells)).transpose()?,
        cells: cells.rows.len(),
        incomplete,
        snapshots: vec![],
    })
}

/// The keys of all rows in order, and where their values are.
struct Gathered {
    distinct: Vec<Period>,
    /// Grain, period, and place among the levels of each row.
    rows: Vec<(Grain, usize, u32)>,
    /// Level and group of each row.
    groups: Vec<(LevelId, u32)>,
    /// Index of the segment of each row.
    segments: Vec<u32>,
    /// The place of each row among the top ones.
    ranks: Vec<Option<i64>>,
    /// Where each row is among those of the sheets; `None` where all are in order already.
    taken: Option<Vec<u32>>,
}

impl Gathered {
    fn new(report: &ReportPlan, groups: &Groups, sheets: &[Placed<'_>]) -> Self {
        let mut names = report.segments.clone();
        names.sort_unstable();
        let place = |segment: &str| names.iter().position(|name| name == segment).and_then(|i| u32::try_from(i).ok());
        let index =
            |segment: &str| report.segments.iter().position(|s| s == segment).and_then(|i| u32::try_from(i).ok());
        let places: BTreeMap<LevelId, Vec<u32>> = sheets.iter().map(|s| (s.level.1, groups.order(s.level.1))).collect();
        let mut all =
            Self { distinct: vec![], rows: vec![], groups: vec![], segments: vec![], ranks: vec![], taken: None };
        let mut taken: Vec<u32> = vec![];
        for grain in &report.grains {
            let sheets: Vec<&Placed<'_>> = sheets.iter().filter(|s| s.grain == *grain).collect();
            let mut periods: Vec<&Period> = sheets.iter().flat_map(|s| &s.sheet.periods).collect();
            periods.sort_by_key(|p| (p.start, p.hour));
            periods.dedup_by_key(|p| (p.start, p.hour));
            let before = all.distinct.len();
            all.distinct.extend(periods.iter().map(|p| (*p).clone()));
            let mut keys: Vec<Key> = vec![];
            let (mut rows, mut of, mut segments, mut ranks) = (vec![], vec![], vec![], vec![]);
            for Placed { level: (level, id), segment, sheet, .. } in sheets {
                let known =
                    |p: &Period| periods.binary_search_by_key(&(p.start, p.hour), |k| (k.start, k.hour)).unwrap_or(0);
                let its: Vec<usize> = sheet.periods.iter().map(known).collect();
                let (place, index) = (place(segment).unwrap_or(0), index(segment).unwrap_or(0));
                let order = &places[id];
                match &sheet.ranks {
                    Some(known) => ranks.extend(known.iter().map(|rank| Some(*rank))),
                    None => ranks.extend(sheet.rows.iter().map(|_| None)),
                }
                for (period, group) in &sheet.rows {
                    let period = its[*period as usize];
                    keys.push([u32::try_from(period).unwrap_or(u32::MAX), *level, order[*group as usize], place]);
                    rows.push((*grain, before + period, *level));
                    of.push((*id, *group));
                    segments.push(index);
                }
            }
            let first = u32::try_from(all.rows.len()).unwrap_or(u32::MAX);
            let sorted = order(&keys).unwrap_or_else(|| (0..u32::try_from(keys.len()).unwrap_or(u32::MAX)).collect());
            all.rows.extend(sorted.iter().map(|row| rows[*row as usize]));
            all.groups.extend(sorted.iter().map(|row| of[*row as usize]));
            all.segments.extend(sorted.iter().map(|row| segments[*row as usize]));
            all.ranks.extend(sorted.iter().map(|row| ranks[*row as usize]));
            taken.extend(sorted.iter().map(|row| first + row));
        }
        all.taken = (!taken.iter().zip(0u32..).all(|(row, at)| *row == at)).then_some(taken);
        all
    }

    fn cells<'p>(
        self,
        (plan, report): (&'p Plan, &'p ReportPlan),
        periods: &'p Periods<'p>,
        (groups, attributes): (&Groups, &[Attribute]),
        sheets: Vec<Placed<'_>>,
    ) -> Result<Cells<'p>, Diagnostic> {
        let dims = (0..report.dims.len()).map(|dim| groups.column(dim, &self.groups));
        let names = StringArray::from_iter_values(&report.segments);
        let segments = taken(&(Arc::new(names) as ArrayRef), &self.segments)?;
        let dims = dims.collect::<Result<_, Diagnostic>>()?;
        let detail = |(row, (_, group)): (&(Grain, usize, u32), &(LevelId, u32))| (row.2 == 0).then_some(*group);
        let describe = |attribute: &Attribute| {
            let column = attribute.column(self.rows.iter().zip(&self.groups).map(detail))?;
            Ok((attribute.dim.name.clone(), column))
        };
        let attributes = attributes.iter().map(describe).collect::<Result<_, Diagnostic>>()?;
        let ranks: Int64Array = self.ranks.iter().copied().collect();
        let ranks = report.top.as_ref().map(|_| Arc::new(ranks) as ArrayRef);
        // Metric by metric, each dropped when it is done: a large report is not in memory twice.
        let mut sheets: Vec<std::vec::IntoIter<super::sheet::Shown>> =
            sheets.into_iter().map(|placed| placed.sheet.values.into_iter()).collect();
        let mut values = vec![];
        for name in &report.metrics {
            let its: Vec<super::sheet::Shown> = sheets.iter_mut().filter_map(Iterator::next).collect();
            let long = report.exports.iter().any(|e| e.layout == Layout::Long);
            let with_parts = long && has_parts(&plan.metrics[name]);
            values.push(self.shown(report, its, with_parts)?);
        }
        let Self { distinct, rows, .. } = self;
        Ok(Cells { plan, report, periods, rows, distinct, ranks, dims, attributes, segments, values })
    }

    fn shown(
        &self,
        report: &ReportPlan,
        sheets: Vec<super::sheet::Shown>,
        with_parts: bool,
    ) -> Result<Shown, Diagnostic> {
        let mut compared = vec![];
        for index in 0..report.compare.len() {
            let its: Option<Vec<&super::values::Compared>> = sheets.iter().map(|s| s.earlier[index].as_ref()).collect();
            let columns = its.map(|its| {
                let column = |of: fn(&super::values::Compared) -> &Column| self.column(its.iter().map(|c| of(c)));
                Ok::<_, Diagnostic>([
                    column(|c| &c.value)?,
                    column(|c| &c.abs)?,
                    column(|c| &c.pct)?,
                    column(|c| &c.better)?,
                ])
            });
            compared.push(columns.transpose()?);
        }
        let mut parts = None;
        if with_parts {
            let missing = || Diagnostic::bug("a ratio without its parts");
            let its = || sheets.iter().map(|s| s.columns.parts.as_ref());
            if its().any(|parts| parts.is_none()) {
                return Err(missing());
            }
            parts = Some((
                self.column(its().flatten().map(|(numerator, _)| numerator))?,
                self.column(its().flatten().map(|(_, denominator)| denominator))?,
            ));
        }
        let breaks: Option<Vec<&Column>> = sheets.iter().map(|s| s.breaks.as_ref()).collect();
        let breaks = breaks.map(|its| self.column(its.into_iter())).transpose()?;
        let columns: Vec<Columns> = sheets.into_iter().map(|s| s.columns).collect();
        Ok(Shown { value: self.column(columns.iter().map(|c| &c.value))?, parts, compared, breaks })
    }

    /// The columns of all sheets as one, in order.
    fn column<'c>(&self, columns: impl Iterator<Item = &'c Column>) -> Result<ArrayRef, Diagnostic> {
        let arrays: Vec<ArrayRef> = columns
            .map(|column| array(column.as_materialized_series()))
            .collect::<polars::prelude::PolarsResult<_>>()
            .map_err(|e| engine_error(&e))?;
        let whole = match arrays.as_slice() {
            [one] => one.clone(),
            many => {
                let many: Vec<&dyn Array> = many.iter().map(AsRef::as_ref).collect();
                concat(&many).map_err(|e| Diagnostic::bug(e.to_string()))?
            }
        };
        drop(arrays);
        match &self.taken {
            None => Ok(whole),
            Some(rows) => taken(&whole, rows),
        }
    }
}

fn taken(array: &ArrayRef, rows: &[u32]) -> Result<ArrayRef, Diagnostic> {
    take(array, &UInt32Array::from(rows.to_vec()), None).map_err(|e| Diagnostic::bug(e.to_string()))
}
