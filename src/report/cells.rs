//! From the buckets and dimensions of roll-ups to the periods and dimensions of a report, states still unfinished.
//! The roll-ups of several sources meet here: a full outer join on period and dimensions, a cell of each input in one row.

use crate::calendar::{Calendar, Grain};
use crate::diagnostic::Diagnostic;
use crate::frame::{engine_error, frame_of};
use crate::plan::{AggFunc, Aggregate, DayRange, Plan, ReportInput, ReportPlan, RollupId};
use crate::rollup::{coarsen, exact, Merge};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use indexmap::IndexMap;
use polars::prelude::{col, DataFrame, DataType, Expr, IntoColumn, IntoLazy, PlSmallStr, PolarsResult, Series};
use std::collections::BTreeMap;

/// The column of an input's records.
pub(super) fn rows_column(input: usize) -> String {
    format!("rows{input}")
}

/// The column of a state of an input.
pub(super) fn state_column(input: usize, state: &str) -> String {
    format!("{input}_{state}")
}

fn dim_column(index: usize) -> String {
    format!("d{index}")
}

/// The key columns of a report's frames: period, dimensions.
pub(super) fn keys(report: &ReportPlan) -> Vec<String> {
    std::iter::once("p".to_owned()).chain((0..report.dims.len()).map(dim_column)).collect()
}

/// One row a cell of the report at a grain, for one segment; columns `p` (first day, hour, or 0), `d0`…, and for each
/// input its `rows{i}` and states.
pub(super) fn regroup(
    plan: &Plan,
    report: &ReportPlan,
    segment: &str,
    grain: Grain,
    rollups: &BTreeMap<RollupId, RecordBatch>,
) -> Result<DataFrame, Diagnostic> {
    let mut parts = vec![];
    for (index, input) in report.inputs.iter().enumerate().filter(|(_, i)| i.segment == segment) {
        parts.push(part(plan, report, index, input, grain, rollups)?);
    }
    if parts.len() == 1 {
        return parts.pop().ok_or_else(|| Diagnostic::bug("no part"));
    }
    let whole = stack(parts).map_err(|e| engine_error(&e))?;
    let keys = keys(report);
    let mut aggregates: Vec<Expr> = vec![];
    for name in whole.get_column_names_owned() {
        if keys.contains(&name.to_string()) {
            continue;
        }
        let (_, state) = name.rsplit_once('_').unwrap_or(("", name.as_str()));
        // A cell has at most one row an input, whose columns are its own: nothing is added up here.
        aggregates.push(if state.starts_with('v') { col(name.as_str()).max() } else { col(name.as_str()).sum() });
    }
    let by: Vec<Expr> = keys.iter().map(|k| col(k.as_str())).collect();
    whole.lazy().group_by(by).agg(aggregates).collect().map_err(|e| engine_error(&e))
}

/// The frames under each other; a column that one lacks is null there.
fn stack(mut parts: Vec<DataFrame>) -> PolarsResult<DataFrame> {
    let mut columns: Vec<(PlSmallStr, DataType)> = vec![];
    for column in parts.iter().flat_map(DataFrame::columns) {
        if !columns.iter().any(|(name, _)| name == column.name()) {
            columns.push((column.name().clone(), column.dtype().clone()));
        }
    }
    let mut whole: Option<DataFrame> = None;
    for part in &mut parts {
        for (name, ty) in &columns {
            if part.get_column_index(name).is_none() {
                part.with_column(Series::full_null(name.clone(), part.height(), ty).into_column())?;
            }
        }
        let part = part.select(columns.iter().map(|(name, _)| name.clone()))?;
        match &mut whole {
            Some(frame) => {
                frame.vstack_mut(&part)?;
            }
            None => whole = Some(part),
        }
    }
    let mut whole = whole.unwrap_or_default();
    whole.rechunk_mut();
    Ok(whole)
}

/// One roll-up's cells with the report's keys, one row a cell; states renamed so that inputs do not clash.
fn part(
    plan: &Plan,
    report: &ReportPlan,
    index: usize,
    input: &ReportInput,
    grain: Grain,
    rollups: &BTreeMap<RollupId, RecordBatch>,
) -> Result<DataFrame, Diagnostic> {
    let wanted = &plan.rollups[input.rollup];
    let read = &plan.rollups[wanted.derived_from.unwrap_or(wanted.id)];
    let cells = rollups.get(&read.id).ok_or_else(|| Diagnostic::bug(format!("roll-up r{} is missing", read.id)))?;
    let mut dims = vec![];
    for dim in &report.dims {
        let position = read.dims.iter().position(|d| d == dim);
        dims.push(dim_column(position.ok_or_else(|| Diagnostic::bug("a dimension is not rolled up"))?));
    }
    // By the name of a state in the roll-up its name here.
    let mut states: IndexMap<String, (String, Merge)> = IndexMap::new();
    states.insert("rows".to_owned(), (rows_column(index), Merge::Add));
    for slot in input.slots.values() {
        let aggregate = &wanted.aggregates[*slot];
        let position = read.aggregates.iter().position(|a| a == aggregate);
        let position = position.ok_or_else(|| Diagnostic::bug("a state is not rolled up"))?;
        let merge = match aggregate.func {
            AggFunc::Count | AggFunc::Sum => Merge::Add,
            AggFunc::Min => Merge::Min,
            AggFunc::Max => Merge::Max,
        };
        for (state, name) in self::states(aggregate, *slot) {
            states.insert(format!("{state}{position}"), (state_column(index, &name), merge));
        }
    }
    let buckets = cells.column_by_name("b").ok_or_else(|| Diagnostic::bug("a roll-up without buckets"))?;
    let periods = periods(plan, report, (read.bucket, grain), buckets.as_primitive::<Int64Type>().values());
    let coarser;
    let cells = match periods {
        None if read.dims.len() == report.dims.len() => cells,
        periods => {
            let periods = periods.unwrap_or_else(|| buckets.as_primitive::<Int64Type>().iter().collect());
            let carried: Vec<(String, Merge)> = states.iter().map(|(name, (_, how))| (name.clone(), *how)).collect();
            coarser =
                coarsen(cells, &periods, &dims, &carried, &|| exact::overflow(&format!("report `{}`", report.name)))?;
            &coarser
        }
    };
    let here = std::iter::once(("b", "p".to_owned()))
        .chain(dims.iter().enumerate().map(|(i, dim)| (dim.as_str(), dim_column(i))))
        .chain(states.iter().map(|(from, (to, _))| (from.as_str(), to.clone())));
    frame_of(cells, here).map_err(|e| engine_error(&e))
}

/// The period of each bucket, none for those outside the report's range; `None` where buckets are periods and all are
/// inside. The planner has made buckets that the range does not cut.
fn periods(
    plan: &Plan,
    report: &ReportPlan,
    (bucket, grain): (Grain, Grain),
    buckets: &[i64],
) -> Option<Vec<Option<i64>>> {
    let calendar = &plan.calendar;
    let whole = report.range == DayRange::default() || bucket == Grain::All;
    let inside = |b: i64| whole || report.range.contains(day_of_bucket(calendar, bucket, b));
    if grain == bucket && buckets.iter().all(|b| inside(*b)) {
        return None;
    }
    let mut last = None;
    let period = |b: &i64| match last {
        // Neighbouring cells are often of one bucket.
        Some((known, period)) if known == *b => period,
        _ => {
            let period = inside(*b).then(|| match grain {
                Grain::All => 0,
                _ if grain == bucket => *b,
                _ => i64::from(calendar.period_start(grain, day_of_bucket(calendar, bucket, *b))),
            });
            last = Some((*b, period));
            period
        }
    };
    Some(buckets.iter().map(period).collect())
}

/// The state columns of an aggregate: its prefix in the roll-up, its name here. Sums of floats have a tail.
pub(super) fn states(aggregate: &Aggregate, slot: usize) -> Vec<(&'static str, String)> {
    match aggregate.func {
        AggFunc::Count => vec![("n", format!("n{slot}"))],
        AggFunc::Sum if aggregate.has_tail() => {
            vec![("s", format!("s{slot}")), ("n", format!("n{slot}")), ("t", format!("t{slot}"))]
        }
        AggFunc::Sum => vec![("s", format!("s{slot}")), ("n", format!("n{slot}"))],
        AggFunc::Min => vec![("v", format!("v{slot}min"))],
        AggFunc::Max => vec![("v", format!("v{slot}max"))],
    }
}

fn day_of_bucket(calendar: &Calendar, bucket: Grain, value: i64) -> i32 {
    if bucket == Grain::Hour {
        return calendar.day_of(value.saturating_mul(1_000_000)).unwrap_or(i32::MAX);
    }
    i32::try_from(value).unwrap_or(i32::MAX)
}
