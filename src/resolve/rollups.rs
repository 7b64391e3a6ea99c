//! What all reports need, shared: one roll-up for every (source, segment, dimensions, bucket), derived from a finer
//! one where that holds everything; and one scan for every source that feeds a roll-up.

use super::quality;
use super::segments::Segments;
use crate::calendar::{Calendar, Grain};
use crate::catalog::Catalog;
use crate::expr::{Expr, Type};
use crate::plan::{
    AggFunc, Aggregate, ColumnRole, DayRange, Dim, Formula, LogicalSource, Made, MetricPlan, ReportInput, ReportPlan,
    RollupPlan, Scan, ScanColumn, Snapshot, TimePlan, ALL,
};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashSet;
use std::sync::Arc;

/// Collects and shares the roll-ups of all reports, and tells each report where its states are.
pub(super) fn share(
    reports: &mut [ReportPlan],
    sources: &IndexMap<String, LogicalSource>,
    metrics: &IndexMap<String, MetricPlan>,
    segments: &Segments,
    calendar: &Calendar,
) -> Vec<RollupPlan> {
    let mut rollups: Vec<RollupPlan> = vec![];
    for report in reports.iter_mut() {
        let shared = bucket(report, metrics, calendar);
        let demands = demands(report, metrics);
        let mut inputs = vec![];
        for source in sources.values() {
            // One input for each segment, each set of dimensions, and each of keys with days of
            // their own.
            let mut wanted: IndexMap<Wanted<'_>, Vec<&Demand<'_>>> = IndexMap::new();
            for demand in demands.iter().filter(|d| d.source == source.name) {
                let own = report.segments.iter().map(String::as_str).filter(|_| demand.own);
                let segments: IndexSet<&str> = own.chain(demand.whole.then_some(ALL)).collect();
                for segment in segments {
                    let keys = demand.snapshot.map(|s| s.keys.as_slice());
                    wanted.entry((segment, &demand.dims, keys)).or_default().push(demand);
                }
            }
            for ((segment, indices, _), demands) in wanted {
                let snapshot = demands.iter().find_map(|d| d.snapshot);
                let bucket = if snapshot.is_some() { shared.min(Grain::Day) } else { shared };
                let key = Key { source, segment, bucket, dims: dims(report, indices) };
                let id = find_or_add(&mut rollups, key, segments, report);
                let slots =
                    demands.iter().map(|d| (d.metric.to_owned(), slot(&mut rollups[id], d.aggregate))).collect();
                let presence = snapshot.map(|snapshot| {
                    let keys = snapshot.keys.iter().filter_map(|name| report.dim(name));
                    let dims = dims(report, &keys.collect::<Vec<_>>());
                    let key = Key { source, segment: ALL, bucket: Grain::Day, dims };
                    find_or_add(&mut rollups, key, segments, report)
                });
                inputs.push(ReportInput {
                    segment: segment.to_owned(),
                    source: source.name.clone(),
                    rollup: id,
                    dims: indices.to_vec(),
                    slots,
                    presence,
                });
            }
        }
        report.inputs = inputs;
        attributes(&mut rollups, report, sources, segments);
    }
    derive(&mut rollups);
    rollups
}

/// The roll-ups that tell which values describe the groups of a report, and on which days: those of all records up to
/// the report's last day, in whatever segment.
fn attributes(
    rollups: &mut Vec<RollupPlan>,
    report: &mut ReportPlan,
    sources: &IndexMap<String, LogicalSource>,
    segments: &Segments,
) {
    let mut described = std::mem::take(&mut report.attributes);
    for attribute in &mut described {
        let Some(source) = sources.get(&attribute.source) else { continue };
        let mut dims = report.dims.clone();
        dims.push(attribute.dim.clone());
        dims.sort_by(|a, b| a.name.cmp(&b.name));
        let range = DayRange { start: None, end: report.reads.end };
        let bucket = if range.end.is_some() { Grain::Day } else { Grain::All };
        let of = ReportPlan { reads: range, ..report.clone() };
        let id = find_or_add(rollups, Key { source, segment: ALL, bucket, dims }, segments, &of);
        let latest = Aggregate { func: AggFunc::Max, expr: Some(attribute.day.clone()), filter: None };
        slot(&mut rollups[id], &latest);
        attribute.rollup = id;
    }
    report.attributes = described;
}

/// What tells the inputs of a report and source apart: segment, dimensions, keys with days of their own.
type Wanted<'w> = (&'w str, &'w [usize], Option<&'w [String]>);

/// A simple metric that a report needs.
struct Demand<'d> {
    metric: &'d str,
    source: &'d str,
    aggregate: &'d Aggregate,
    snapshot: Option<&'d Snapshot>,
    /// Indices of the dimensions that it is told apart by: the report's own that it does not ignore, and hidden ones.
    dims: Vec<usize>,
    /// Whether it is needed in the report's segments.
    own: bool,
    /// Whether it is needed for all records.
    whole: bool,
}

/// The simple metrics that a report needs, each once for every set of dimensions.
fn demands<'d>(report: &ReportPlan, metrics: &'d IndexMap<String, MetricPlan>) -> Vec<Demand<'d>> {
    let mut found: Vec<Demand<'d>> = vec![];
    // Metrics to follow, with the dimensions that tell ratios apart, and whether all records are meant.
    let mut open: Vec<(&str, &[String], bool)> = report.metrics.iter().map(|m| (m.as_str(), &[][..], false)).collect();
    let mut seen: HashSet<(&str, &[String], bool)> = HashSet::new();
    while let Some((name, unit, whole)) = open.pop() {
        if !seen.insert((name, unit, whole)) {
            continue;
        }
        let Some((name, metric)) = metrics.get_key_value(name) else { continue };
        match &metric.formula {
            Formula::Simple { source, aggregate, snapshot, .. } => {
                let known = |name: &String| report.dim(name).filter(|_| !metric.ignores().contains(name));
                let own = report.dims.iter().filter_map(|dim| known(&dim.name));
                let keys = snapshot.iter().flat_map(|s| &s.keys).chain(unit);
                let mut dims: Vec<usize> = own.chain(keys.filter_map(|key| report.dim(key))).collect();
                dims.sort_unstable();
                dims.dedup();
                let same = |d: &&mut Demand<'_>| d.metric == name && d.dims == dims;
                if let Some(known) = found.iter_mut().find(same) {
                    known.whole |= whole;
                    known.own |= !whole;
                } else {
                    let snapshot = snapshot.as_ref();
                    found.push(Demand { metric: name, source, aggregate, snapshot, dims, own: !whole, whole });
                }
            }
            Formula::Ratio { numerator, denominator, ignores_segment, unit: own, .. } => {
                let unit = if own.is_empty() { unit } else { own };
                open.push((numerator, unit, whole));
                open.push((denominator, unit, whole || *ignores_segment));
            }
            formula => open.extend(formula.inputs().into_iter().map(|input| (input, unit, whole))),
        }
    }
    // In the order of the metrics, whichever way they were found.
    found.sort_by_key(|d| (metrics.get_index_of(d.metric), d.dims.clone()));
    // What takes a day of its own is not mixed with what adds up.
    found.sort_by_key(|d| d.snapshot.is_some());
    found
}

/// Dimensions by their indices in a report, in the order of roll-ups: by name.
fn dims(report: &ReportPlan, indices: &[usize]) -> Vec<Dim> {
    let mut dims: Vec<Dim> = indices.iter().filter_map(|index| report.all_dims().nth(*index).cloned()).collect();
    dims.sort_by(|a, b| a.name.cmp(&b.name));
    dims
}

/// The longest bucket that all grains of a report are made of. A range that cuts a bucket makes it a day, and so do windows
/// and comparisons: which days they are of shows when the last day is known.
fn bucket(report: &ReportPlan, metrics: &IndexMap<String, MetricPlan>, calendar: &Calendar) -> Grain {
    let common = Grain::common(&report.grains);
    let cut_start =
        report.range.start.is_some_and(|day| common == Grain::All || calendar.period_start(common, day) != day);
    let cut_end = report.reads.end.is_some_and(|day| {
        common == Grain::All || calendar.period_end(common, calendar.period_start(common, day)) != day
    });
    let over_days =
        |name: &String| matches!(metrics[name].formula, Formula::Cumulative { .. } | Formula::Comparison { .. });
    if cut_start || cut_end || !report.compare.is_empty() || report.computed.iter().any(over_days) {
        common.min(Grain::Day)
    } else {
        common
    }
}

/// What tells roll-ups apart.
struct Key<'k> {
    source: &'k LogicalSource,
    segment: &'k str,
    bucket: Grain,
    dims: Vec<Dim>,
}

fn find_or_add(rollups: &mut Vec<RollupPlan>, key: Key<'_>, segments: &Segments, report: &ReportPlan) -> usize {
    let Key { source, segment, bucket, dims } = key;
    let same =
        |r: &&mut RollupPlan| r.source == source.name && r.segment == segment && r.bucket == bucket && r.dims == dims;
    if let Some(rollup) = rollups.iter_mut().find(same) {
        rollup.range = rollup.range.hull(report.reads);
        if !rollup.reports.contains(&report.name) {
            rollup.reports.push(report.name.clone());
        }
        return rollup.id;
    }
    // A union's `where` holds within the union's roll-ups only, a physical source's for its whole scan.
    let own = source.filter.clone().filter(|_| source.is_union());
    let id = rollups.len();
    rollups.push(RollupPlan {
        id,
        source: source.name.clone(),
        segment: segment.to_owned(),
        filter: Expr::all([own, segments.filter(segment, &source.name)]),
        bucket,
        dims,
        aggregates: vec![],
        range: report.reads,
        derived_from: None,
        reports: vec![report.name.clone()],
    });
    id
}

fn slot(rollup: &mut RollupPlan, aggregate: &Aggregate) -> usize {
    if let Some(index) = rollup.aggregates.iter().position(|a| a == aggregate) {
        return index;
    }
    rollup.aggregates.push(aggregate.clone());
    rollup.aggregates.len() - 1
}

/// A roll-up whose keys and states are all in a finer one is computed from that one instead of from records.
fn derive(rollups: &mut [RollupPlan]) {
    let parents: Vec<Option<usize>> = rollups
        .iter()
        .map(|coarse| {
            let holds = |fine: &&RollupPlan| {
                fine.id != coarse.id
                    && fine.source == coarse.source
                    && fine.segment == coarse.segment
                    && fine.bucket.nests_in(coarse.bucket)
                    && coarse.dims.iter().all(|d| fine.dims.contains(d))
                    && coarse.aggregates.iter().all(|a| fine.aggregates.contains(a))
                    && fine.range.covers(coarse.range)
                    // Of two with the same keys neither is finer; they were shared before.
                    && (fine.bucket != coarse.bucket || fine.dims.len() > coarse.dims.len())
            };
            rollups.iter().filter(holds).min_by_key(|r| (r.dims.len(), std::cmp::Reverse(r.bucket), r.id)).map(|r| r.id)
        })
        .collect();
    for (rollup, parent) in rollups.iter_mut().zip(&parents) {
        // Follow to the one that is accumulated from records.
        let mut root = *parent;
        while let Some(next) = root.and_then(|id| parents[id]) {
            root = Some(next);
        }
        rollup.derived_from = root;
    }
}

/// One scan for every physical source that feeds a roll-up.
pub(super) fn scans(
    catalog: &Catalog,
    sources: &IndexMap<String, LogicalSource>,
    rollups: &[RollupPlan],
    reports: &[ReportPlan],
    calendar: &Arc<Calendar>,
) -> Vec<Scan> {
    let mut scans = vec![];
    for (name, source) in sources.iter().filter(|(_, s)| !s.is_union()) {
        let read_by: Vec<(&LogicalSource, usize)> = sources
            .values()
            .filter_map(|logical| Some((logical, logical.members.iter().position(|m| m == name)?)))
            .collect();
        let feeds: Vec<&RollupPlan> = rollups
            .iter()
            .filter(|r| r.derived_from.is_none() && read_by.iter().any(|(logical, _)| logical.name == r.source))
            .collect();
        if feeds.is_empty() {
            continue;
        }
        let filter = source.filter.clone();
        let mut columns: Vec<ScanColumn> = vec![];
        for column in filter.iter().flat_map(Expr::columns) {
            add_column(&mut columns, source, (source, 0), column);
        }
        for column in quality::needed(&source.quality, source) {
            add_column(&mut columns, source, (source, 0), column);
        }
        for (logical, member) in &read_by {
            let its: Vec<&&RollupPlan> = feeds.iter().filter(|r| r.source == logical.name).collect();
            for rollup in its {
                for column in needed(rollup) {
                    add_column(&mut columns, source, (logical, *member), column);
                }
            }
        }
        let grains = grains(reports, &read_by);
        let Some(own) = source.times.first() else { continue };
        let time = TimePlan {
            column: own.column.clone(),
            end: own.end.clone(),
            covers: own.covers,
            assign: own.assign,
            hours: feeds.iter().any(|r| r.bucket == Grain::Hour),
            grains,
        };
        let Some(info) = catalog.sources.get(name) else { continue };
        let mut scan = Scan {
            source: name.clone(),
            files: info.files.iter().map(Into::into).collect(),
            columns,
            time,
            filter,
            feeds: feeds.iter().map(|r| r.id).collect(),
            ranges: ranges(&feeds),
            calendar: calendar.clone(),
            reading: info.reading.clone(),
            total_rows: None,
            snapshot: None,
            checks: vec![],
        };
        quality::plan(&mut scan, &source.quality);
        scans.push(scan);
    }
    scans
}

/// The days that roll-ups want, each range once.
fn ranges(rollups: &[&RollupPlan]) -> Vec<DayRange> {
    let mut ranges: Vec<DayRange> = vec![];
    for rollup in rollups {
        if !ranges.contains(&rollup.range) {
            ranges.push(rollup.range);
        }
    }
    ranges
}

/// The columns that a roll-up reads, with types.
fn needed(rollup: &RollupPlan) -> Vec<(&str, Type)> {
    let expressions =
        rollup.aggregates.iter().flat_map(|a| a.expr.iter().chain(a.filter.iter())).chain(rollup.filter.iter());
    let dims = rollup.dims.iter().map(|d| (d.name.as_str(), d.ty));
    dims.chain(expressions.flat_map(Expr::columns)).collect()
}

/// Adds a column of a logical source for one of its members, whose own columns it may be made of.
pub(super) fn add_column(
    columns: &mut Vec<ScanColumn>,
    own: &LogicalSource,
    (logical, member): (&LogicalSource, usize),
    (name, ty): (&str, Type),
) {
    if columns.iter().any(|c| c.name == name && c.ty == ty) {
        return;
    }
    let column = logical.columns.get(name);
    let made = column.and_then(|c| c.made.get(member).cloned()).unwrap_or_default();
    let needed = match &made {
        Made::Computed(expr) => expr.columns(),
        Made::Looked(looked) => looked.on.iter().map(|(name, ty)| (name.as_str(), *ty)).collect(),
        Made::AsRead | Made::Texts(_) => vec![],
    };
    for needed in needed {
        add_column(columns, own, (own, 0), needed);
    }
    let raw = column.and_then(|c| c.raw.get(member).cloned().flatten());
    let dimension = column.is_some_and(|c| c.role == ColumnRole::Dimension);
    let measure = column.is_some_and(|c| matches!(c.role, ColumnRole::Measure { .. }));
    columns.push(ScanColumn { name: name.to_owned(), raw, ty, dimension, measure, made });
}

/// The grains of all reports that read the source, itself or through a union.
fn grains(reports: &[ReportPlan], read_by: &[(&LogicalSource, usize)]) -> Vec<Grain> {
    let mut grains: Vec<Grain> = reports
        .iter()
        .filter(|r| r.inputs.iter().any(|i| read_by.iter().any(|(logical, _)| logical.name == i.source)))
        .flat_map(|r| r.grains.iter().copied())
        .collect();
    grains.sort_unstable();
    grains.dedup();
    grains
}
