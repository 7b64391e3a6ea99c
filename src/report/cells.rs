//! From the buckets and dimensions of roll-ups to the periods and dimensions of a report, states still unfinished.
//! The roll-ups of several sources meet here: a full outer join on period and dimensions, made as one group-by.

use crate::calendar::{Calendar, Grain};
use crate::diagnostic::Diagnostic;
use crate::frame::{engine_error, sum_is_safe};
use crate::plan::{AggFunc, Aggregate, DayRange, Plan, ReportInput, ReportPlan, RollupId};
use crate::rollup::exact;
use polars::prelude::{
    col, BooleanChunked, Column, DataFrame, DataType, Expr, Int64Chunked, IntoColumn, IntoLazy, NewChunkedArray,
    PlSmallStr, PolarsResult, Series, SortMultipleOptions,
};
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
fn keys(report: &ReportPlan) -> Vec<String> {
    std::iter::once("p".to_owned()).chain((0..report.dims.len()).map(dim_column)).collect()
}

/// One row a cell of the report at a grain, for one segment; columns `p` (first day, hour, or 0), `d0`…, and for each
/// input its `rows{i}` and states.
pub(super) fn regroup(
    plan: &Plan,
    report: &ReportPlan,
    segment: &str,
    grain: Grain,
    frames: &BTreeMap<RollupId, DataFrame>,
) -> Result<DataFrame, Diagnostic> {
    let mut parts = vec![];
    for (index, input) in report.inputs.iter().enumerate().filter(|(_, i)| i.segment == segment) {
        parts.push(part(plan, report, index, input, grain, frames)?);
    }
    let unique = parts.len() == 1 && is_keyed_alike(plan, report, segment, grain);
    let whole = stack(parts).map_err(|e| engine_error(&e))?;
    if unique {
        return Ok(whole);
    }
    let keys = keys(report);
    let mut aggregates: Vec<Expr> = vec![];
    for name in whole.get_column_names_owned() {
        let state = name.rsplit_once('_').map_or(name.as_str(), |(_, state)| state);
        if keys.contains(&name.to_string()) {
            continue;
        }
        let column = col(name.as_str());
        aggregates.push(match state.as_bytes().first() {
            Some(b'v') if state.ends_with("min") => column.min(),
            Some(b'v') => column.max(),
            Some(b's') => {
                if !sum_is_safe(&whole, &keys, &name).map_err(|e| engine_error(&e))? {
                    return Err(exact::overflow(&format!("report `{}`", report.name)));
                }
                column.sum()
            }
            _ => column.sum(),
        });
    }
    let by: Vec<Expr> = keys.iter().map(|k| col(k.as_str())).collect();
    whole.lazy().group_by(by).agg(aggregates).collect().map_err(|e| engine_error(&e))
}

/// Whether the roll-up of a segment's only input has the report's very keys: then its cells are the report's.
fn is_keyed_alike(plan: &Plan, report: &ReportPlan, segment: &str, grain: Grain) -> bool {
    let input = report.inputs.iter().find(|i| i.segment == segment).map(|i| &plan.rollups[i.rollup]);
    let read = input.map(|wanted| &plan.rollups[wanted.derived_from.unwrap_or(wanted.id)]);
    read.is_some_and(|read| read.bucket == grain && read.dims.len() == report.dims.len())
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

/// One roll-up's cells with the report's keys, states renamed so that inputs do not clash.
fn part(
    plan: &Plan,
    report: &ReportPlan,
    index: usize,
    input: &ReportInput,
    grain: Grain,
    frames: &BTreeMap<RollupId, DataFrame>,
) -> Result<DataFrame, Diagnostic> {
    let wanted = &plan.rollups[input.rollup];
    let read = &plan.rollups[wanted.derived_from.unwrap_or(wanted.id)];
    let frame = frames.get(&read.id).ok_or_else(|| Diagnostic::bug(format!("roll-up r{} is missing", read.id)))?;
    let error = |e: polars::prelude::PolarsError| engine_error(&e);
    let buckets: Vec<i64> = frame.column("b").and_then(Column::i64).map_err(error)?.iter().flatten().collect();
    let mut columns = vec![periods(&plan.calendar, read.bucket, grain, &buckets)];
    for (i, dim) in report.dims.iter().enumerate() {
        let position =
            read.dims.iter().position(|d| d == dim).ok_or_else(|| Diagnostic::bug("a dimension is not rolled up"))?;
        let column = frame.column(&dim_column(position)).map_err(error)?;
        columns.push(column.clone().with_name(dim_column(i).into()));
    }
    columns.push(frame.column("rows").map_err(error)?.clone().with_name(rows_column(index).into()));
    let mut taken: Vec<usize> = vec![];
    for slot in input.slots.values() {
        let aggregate = &wanted.aggregates[*slot];
        let position = read
            .aggregates
            .iter()
            .position(|a| a == aggregate)
            .ok_or_else(|| Diagnostic::bug("a state is not rolled up"))?;
        if taken.contains(slot) {
            continue;
        }
        taken.push(*slot);
        for (state, name) in states(aggregate, *slot) {
            let column = frame.column(&format!("{state}{position}")).map_err(error)?;
            columns.push(column.clone().with_name(state_column(index, &name).into()));
        }
    }
    let part = DataFrame::new(frame.height(), columns).map_err(error)?;
    match in_range(&plan.calendar, read.bucket, report.range, &buckets) {
        Some(mask) => part.filter(&mask).map_err(error),
        None => Ok(part),
    }
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

/// The period of each bucket.
fn periods(calendar: &Calendar, bucket: Grain, grain: Grain, buckets: &[i64]) -> Column {
    let periods = buckets.iter().map(|b| match grain {
        Grain::All => 0,
        _ if grain == bucket => *b,
        _ => i64::from(calendar.period_start(grain, day_of_bucket(calendar, bucket, *b))),
    });
    Int64Chunked::from_iter_values("p".into(), periods).into_column()
}

fn day_of_bucket(calendar: &Calendar, bucket: Grain, value: i64) -> i32 {
    if bucket == Grain::Hour {
        return calendar.day_of(value.saturating_mul(1_000_000)).unwrap_or(i32::MAX);
    }
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Which buckets lie in the report's range. The planner has made buckets that the range does not cut.
fn in_range(calendar: &Calendar, bucket: Grain, range: DayRange, buckets: &[i64]) -> Option<BooleanChunked> {
    if range == DayRange::default() || bucket == Grain::All {
        return None;
    }
    let inside: Vec<bool> = buckets.iter().map(|b| range.contains(day_of_bucket(calendar, bucket, *b))).collect();
    Some(BooleanChunked::from_slice("in_range".into(), &inside))
}

/// The order of rows: period, dimensions (by bytes, nulls last), segment.
pub(super) fn sort(report: &ReportPlan, frame: &DataFrame) -> Result<DataFrame, Diagnostic> {
    let mut by = keys(report);
    by.push("segment".to_owned());
    let options = SortMultipleOptions::default().with_nulls_last(true).with_maintain_order(true);
    frame.sort(by, options).map_err(|e| engine_error(&e))
}
