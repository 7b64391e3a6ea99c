//! What all reports need, shared: one roll-up for every (source, segment, dimensions, bucket), derived from a finer
//! one where that holds everything; and one scan for every source that feeds a roll-up.

use super::segments::Segments;
use crate::calendar::{Calendar, Grain};
use crate::catalog::Catalog;
use crate::expr::{Expr, Type};
use crate::plan::{
    Aggregate, ColumnRole, DayRange, Dim, Formula, LogicalSource, MetricPlan, ReportInput, ReportPlan, RollupPlan,
    Scan, ScanColumn, ScanFile, TimePlan,
};
use crate::spec::{Pipeline, Source};
use indexmap::IndexMap;
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
        let bucket = bucket(report, calendar);
        let mut dims: Vec<Dim> = report.dims.clone();
        dims.sort_by(|a, b| a.name.cmp(&b.name));
        let mut inputs = vec![];
        for source in sources.values() {
            let simple: Vec<(&String, &Aggregate)> = simple_metrics(report, metrics, &source.name);
            if simple.is_empty() {
                continue;
            }
            for segment in &report.segments {
                // A union's `where` holds within the union's roll-ups only, a physical source's for its whole scan.
                let own = source.filter.clone().filter(|_| source.is_union());
                let filter = Expr::all([own, segments.filter(segment, &source.name)]);
                let id = find_or_add(&mut rollups, source, segment, filter, bucket, &dims, report);
                let slots = simple.iter().map(|(name, a)| ((*name).clone(), slot(&mut rollups[id], a))).collect();
                inputs.push(ReportInput { segment: segment.clone(), source: source.name.clone(), rollup: id, slots });
            }
        }
        report.inputs = inputs;
    }
    derive(&mut rollups);
    rollups
}

/// The longest bucket that all grains of a report are made of. A range that cuts a bucket makes it a day.
fn bucket(report: &ReportPlan, calendar: &Calendar) -> Grain {
    let common = Grain::common(&report.grains);
    let cut_start =
        report.range.start.is_some_and(|day| common == Grain::All || calendar.period_start(common, day) != day);
    let cut_end = report.range.end.is_some_and(|day| {
        common == Grain::All || calendar.period_end(common, calendar.period_start(common, day)) != day
    });
    if cut_start || cut_end {
        common.min(Grain::Day)
    } else {
        common
    }
}

fn simple_metrics<'m>(
    report: &ReportPlan,
    metrics: &'m IndexMap<String, MetricPlan>,
    wanted: &str,
) -> Vec<(&'m String, &'m Aggregate)> {
    let computed = metrics.iter().filter(|(name, _)| report.computed.contains(name));
    computed
        .filter_map(|(name, metric)| match &metric.formula {
            Formula::Simple { source, aggregate, .. } if source == wanted => Some((name, aggregate)),
            _ => None,
        })
        .collect()
}

fn find_or_add(
    rollups: &mut Vec<RollupPlan>,
    source: &LogicalSource,
    segment: &str,
    filter: Option<Expr>,
    bucket: Grain,
    dims: &[Dim],
    report: &ReportPlan,
) -> usize {
    let same =
        |r: &&mut RollupPlan| r.source == source.name && r.segment == segment && r.bucket == bucket && r.dims == dims;
    if let Some(rollup) = rollups.iter_mut().find(same) {
        rollup.range = rollup.range.hull(report.range);
        if !rollup.reports.contains(&report.name) {
            rollup.reports.push(report.name.clone());
        }
        return rollup.id;
    }
    let id = rollups.len();
    rollups.push(RollupPlan {
        id,
        source: source.name.clone(),
        segment: segment.to_owned(),
        filter,
        bucket,
        dims: dims.to_vec(),
        aggregates: vec![],
        range: report.range,
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
    spec: &Pipeline,
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
        for (column, ty) in filter.iter().flat_map(Expr::columns) {
            add_column(&mut columns, source, 0, column, ty);
        }
        for (logical, member) in &read_by {
            let its: Vec<&&RollupPlan> = feeds.iter().filter(|r| r.source == logical.name).collect();
            for rollup in its {
                for (column, ty) in needed(rollup) {
                    add_column(&mut columns, logical, *member, column, ty);
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
        let files = info.files.iter().map(|f| ScanFile {
            path: f.path.clone(),
            format: f.format,
            bytes: f.bytes,
            records: f.records,
            partitions: f.partitions.clone(),
        });
        let separator = spec.sources.get(name).and_then(Source::declared_separator);
        scans.push(Scan {
            source: name.clone(),
            files: files.collect(),
            columns,
            time,
            filter,
            feeds: feeds.iter().map(|r| r.id).collect(),
            ranges: ranges(&feeds),
            calendar: calendar.clone(),
            separator,
        });
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

fn add_column(columns: &mut Vec<ScanColumn>, logical: &LogicalSource, member: usize, name: &str, ty: Type) {
    if columns.iter().any(|c| c.name == name && c.ty == ty) {
        return;
    }
    let column = logical.columns.get(name);
    let raw = column.and_then(|c| c.raw.get(member).cloned().flatten());
    let dimension = column.is_some_and(|c| c.role == ColumnRole::Dimension);
    columns.push(ScanColumn { name: name.to_owned(), raw, ty, dimension });
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
