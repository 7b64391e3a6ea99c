//! Reports: which cells exist, and the value of every metric in each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlparser::ast::Expr;

use super::calendar::{iso, period, Period};
use super::metrics::{Group, Metrics};
use super::read::{Record, Table};
use super::spec::{parse as parse_spec, Report, Spec};
use super::sql::{eval, parse, Scope};
use super::value::{float, Kind, Value};

/// One value of one report, as the long layout shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) report: String,
    pub(crate) grain: String,
    pub(crate) period_start: String,
    pub(crate) period_end: String,
    pub(crate) period_label: String,
    pub(crate) dims: Vec<Option<String>>,
    pub(crate) segment: String,
    pub(crate) metric: String,
    pub(crate) value: Option<f64>,
    /// Set for metrics that are integers whatever the data.
    pub(crate) value_int: Option<i128>,
    /// The largest absolute term that the value was made of: the scale of the tolerance.
    pub(crate) largest_term: f64,
}

/// What tells one cell from another within a report; metrics apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    grain: usize,
    start: i32,
    dims: Vec<Option<String>>,
    segment: usize,
}

/// Every cell of every report of a pipeline. Paths are relative to `base_dir`.
pub(crate) fn evaluate(pipeline_yaml: &str, base_dir: &Path) -> Vec<Cell> {
    let spec = parse_spec(pipeline_yaml);
    let metrics = Metrics::prepare(&spec, base_dir);
    spec.reports.iter().flat_map(|report| evaluate_report(&spec, report, &metrics)).collect()
}

fn evaluate_report(spec: &Spec, report: &Report, metrics: &Metrics) -> Vec<Cell> {
    let sources: BTreeSet<&str> = report.metrics.iter().flat_map(|name| metrics.sources(name)).collect();
    let tables: Vec<(&str, &Table)> = sources.iter().map(|&source| (source, &metrics.tables[source])).collect();
    let dates = || tables.iter().flat_map(|(_, table)| &table.records).map(|record| record.date);
    let (Some(first), Some(last)) = (dates().min(), dates().max()) else {
        return Vec::new();
    };
    let whole = (report.start.unwrap_or(first), report.end.unwrap_or(last));

    let segments: Vec<Option<Expr>> = report.segments.iter().map(|name| segment(spec, name)).collect();
    let mut groups: BTreeMap<Key, (Period, Group)> = BTreeMap::new();
    for (source, table) in tables {
        for record in table.records.iter().filter(|record| (whole.0..=whole.1).contains(&record.date)) {
            for (at, _) in segments.iter().enumerate().filter(|(_, segment)| holds(segment.as_ref(), table, record)) {
                for (grain, name) in report.grains.iter().enumerate() {
                    let period = period(name, record.date, spec.calendar, whole);
                    let key = Key { grain, start: period.start, dims: dims(report, record), segment: at };
                    let (_, group) = groups.entry(key).or_insert_with(|| (period, Group::new()));
                    group.entry(source).or_default().push(record);
                }
            }
        }
    }
    let cells = groups.iter().flat_map(|(key, (period, group))| {
        report.metrics.iter().map(move |metric| cell(report, key, period, metric, metrics, group))
    });
    cells.collect()
}

fn segment(spec: &Spec, name: &str) -> Option<Expr> {
    match spec.segments.get(name) {
        Some(filter) => Some(parse(filter)),
        None if name == "all" => None,
        None => panic!("no segment `{name}`"),
    }
}

fn holds(segment: Option<&Expr>, table: &Table, record: &Record) -> bool {
    let scope = Scope { kinds: &table.kinds, values: &record.values, largest: 0.0.into() };
    segment.is_none_or(|segment| eval(segment, &scope).truth() == Some(true))
}

fn dims(report: &Report, record: &Record) -> Vec<Option<String>> {
    let shown = |dim: &String| record.values.get(dim).unwrap_or_else(|| panic!("no dimension `{dim}`")).shown();
    report.group_by.iter().map(shown).collect()
}

fn cell(report: &Report, key: &Key, period: &Period, metric: &str, metrics: &Metrics, group: &Group) -> Cell {
    let outcome = metrics.value(metric, group);
    let (value, value_int) = match outcome.value {
        Value::Null => (None, None),
        Value::Int(int) => {
            assert_eq!(metrics.kind(metric), Kind::Int, "`{metric}` is an integer here and a float elsewhere");
            (Some(float(int)), Some(int))
        }
        Value::Float(value) => (Some(value), None),
        other => panic!("`{metric}` is {other:?}, which is no number"),
    };
    Cell {
        report: report.name.clone(),
        grain: report.grains[key.grain].clone(),
        period_start: iso(period.start),
        period_end: iso(period.end),
        period_label: period.label.clone(),
        dims: key.dims.clone(),
        segment: report.segments[key.segment].clone(),
        metric: metric.to_owned(),
        value,
        value_int,
        largest_term: outcome.largest,
    }
}
