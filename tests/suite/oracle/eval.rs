//! Reports: which rows exist, and the value of every metric in each.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::calendar::{iso, period, Period};
use super::index::{Dim, Group};
use super::metrics::{Metrics, Prepared};
use super::outcome::{difference, percent_change, Outcome};
use super::spans::{named_offset, Span};
use super::spec::{parse as parse_spec, Report, Spec};
use super::value::{float, Kind, Value};
use super::views::{is_better, Looks, View, Views};

/// One value of one report, as the long layout shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) report: String,
    pub(crate) grain: String,
    pub(crate) period_start: String,
    pub(crate) period_end: String,
    pub(crate) period_label: String,
    pub(crate) is_complete: bool,
    pub(crate) days: i32,
    pub(crate) level: String,
    pub(crate) dims: Vec<Dim>,
    pub(crate) segment: String,
    pub(crate) metric: String,
    pub(crate) value: Amount,
    /// Set for metrics that are integers whatever the data.
    pub(crate) value_int: Option<i128>,
    /// How many ratios a mean of ratios is made of.
    pub(crate) ratios: Option<usize>,
    /// One for each entry of the report's `compare`.
    pub(crate) compared: Vec<Compared>,
}

/// A number or nothing, and the largest absolute term that it was made of: the scale of the tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Amount {
    pub(crate) value: Option<f64>,
    pub(crate) largest_term: f64,
}

/// A metric against an earlier period.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(crate) earlier: Amount,
    pub(crate) change: Amount,
    pub(crate) percent: Amount,
    pub(crate) better: Option<bool>,
}

/// A row of a report; each metric has a value there.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    grain: usize,
    period: Span,
    label: String,
    level: usize,
    group: Rc<Group>,
    segment: usize,
}

/// Detail rows, or total rows that keep some of the dimensions.
struct Level {
    name: String,
    kept: Vec<bool>,
}

struct Evaluation<'a> {
    spec: &'a Spec,
    report: &'a Report,
    metrics: &'a Metrics,
    views: Views<'a>,
    levels: Vec<Level>,
}

/// Every cell of every report of a pipeline. Paths are relative to `base_dir`; records after `as_of` are out of range.
pub(crate) fn evaluate(pipeline_yaml: &str, base_dir: &Path, as_of: Option<i32>) -> Vec<Cell> {
    let spec = parse_spec(pipeline_yaml);
    let metrics = Metrics::prepare(&spec, base_dir, as_of);
    let cells = spec.reports.iter().flat_map(|report| {
        let views = Views::new(&spec, report, &metrics);
        let levels = levels(report);
        Evaluation { spec: &spec, report, metrics: &metrics, views, levels }.cells()
    });
    cells.collect()
}

fn levels(report: &Report) -> Vec<Level> {
    let detail = Level { name: "detail".to_owned(), kept: vec![true; report.group_by.len()] };
    let totals = report.totals.iter().map(|kept| {
        let names: Vec<&str> = report.group_by.iter().filter(|dim| kept.contains(dim)).map(String::as_str).collect();
        Level {
            name: if names.is_empty() { "total".to_owned() } else { names.join("+") },
            kept: report.group_by.iter().map(|dim| kept.contains(dim)).collect(),
        }
    });
    [detail].into_iter().chain(totals).collect()
}

impl<'a> Evaluation<'a> {
    fn cells(&self) -> Vec<Cell> {
        let rows = self.rows();
        let cells = rows.iter().flat_map(|row| self.report.metrics.iter().map(|metric| self.cell(row, metric)));
        cells.filter(|cell| cell.is_complete || !self.report.drops_incomplete).collect()
    }

    /// The sources of all metrics of the report.
    fn sources(&self) -> BTreeSet<&'a str> {
        self.report.metrics.iter().flat_map(|name| self.metrics.sources(name)).collect()
    }

    /// The periods that may have rows, for each grain: from the first day of any source to the last.
    fn periods(&self) -> Vec<(usize, Period)> {
        let days: Vec<Span> = self.sources().into_iter().filter_map(|source| self.metrics.days_of(source)).collect();
        let (first, last) = (days.iter().map(|days| days.0).min(), days.iter().map(|days| days.1).max());
        let Some((first, last)) = first.zip(last) else {
            return Vec::new();
        };
        let whole = (self.report.start.unwrap_or(first), self.report.end.unwrap_or(last));
        let shown = whole.0.max(first)..=whole.1.min(last);
        let mut periods = Vec::new();
        for (at, grain) in self.report.grains.iter().enumerate() {
            let mut of_grain: Vec<Period> =
                shown.clone().map(|date| period(grain, date, self.spec.calendar, whole)).collect();
            of_grain.dedup();
            periods.extend(of_grain.into_iter().map(|period| (at, period)));
        }
        periods
    }

    /// What a row is looked at for: its period, within the report's `start` and `end`.
    fn view(&self, grain: usize, period: Span, group: &Rc<Group>, segment: usize) -> View<'a> {
        let (start, end) = (self.report.start, self.report.end);
        View {
            group: Rc::clone(group),
            segment: self.views.index.segment(segment),
            span: (start.map_or(period.0, |start| period.0.max(start)), end.map_or(period.1, |end| period.1.min(end))),
            grain: &self.report.grains[grain],
            period,
        }
    }

    fn rows(&self) -> BTreeSet<Row> {
        let periods = self.periods();
        let mut rows = BTreeSet::new();
        for level in 0..self.levels.len() {
            for segment in 0..self.report.segments.len() {
                rows.extend(self.rows_of(level, segment, &periods));
            }
        }
        rows
    }

    /// The rows of one level and segment.
    fn rows_of(&self, level: usize, segment: usize, periods: &[(usize, Period)]) -> Vec<Row> {
        let segment_key = self.views.index.segment(segment);
        let groups_of = |source: &str| self.views.index.groups(source, segment_key, &self.levels[level].kept);
        let all: BTreeSet<Group> = self
            .sources()
            .into_iter()
            .flat_map(|source| groups_of(source).keys().cloned().collect::<Vec<_>>())
            .collect();
        let groups: Vec<Rc<Group>> = all.into_iter().map(Rc::new).collect();
        let row = |(grain, period): &(usize, Period), group: &Rc<Group>| Row {
            grain: *grain,
            period: (period.start, period.end),
            label: period.label.clone(),
            level,
            group: Rc::clone(group),
            segment,
        };
        let mut rows = Vec::new();
        let mut occurring = BTreeSet::new();
        for at in periods {
            // What is looked at is the same for every group.
            let Some(any) = groups.first() else { continue };
            let looks = self.looks(&self.view(at.0, (at.1.start, at.1.end), any, segment));
            let has_records = |group: &&Rc<Group>| {
                looks
                    .iter()
                    .any(|(source, span)| !self.views.index.records(source, segment_key, group, *span).is_empty())
            };
            for group in groups.iter().filter(has_records) {
                occurring.insert((at.0, Rc::clone(group)));
                rows.push(row(at, group));
            }
        }
        if self.report.metrics.iter().any(|name| self.metrics.joins_timespine(name)) {
            let of_grain = |at: &(usize, Period)| {
                occurring
                    .iter()
                    .filter(|(grain, _)| *grain == at.0)
                    .map(|(_, group)| row(at, group))
                    .collect::<Vec<Row>>()
            };
            return periods.iter().flat_map(of_grain).collect();
        }
        rows
    }

    /// What the metrics of the report look at for a row, their comparisons with earlier periods included.
    fn looks(&self, view: &View<'a>) -> Looks<'a> {
        let mut looks = Looks::new();
        for name in &self.report.metrics {
            self.views.looks(name, view, &mut looks);
            for entry in self.report.compare.iter().filter(|_| !self.metrics.has_comparison(name)) {
                self.views.compared_looks(name, &named_offset(entry), None, view, &mut looks);
            }
        }
        looks
    }

    fn cell(&self, row: &Row, metric: &str) -> Cell {
        let view = self.view(row.grain, row.period, &row.group, row.segment);
        let outcome = self.views.value(metric, &view);
        let is_integer = self.metrics.kind(metric) == Kind::Int;
        let ratios = match self.metrics.prepared(metric) {
            Prepared::Ratio(ratio) if ratio.unit.is_some() => Some(self.views.ratios(ratio, &view).len()),
            _ => None,
        };
        Cell {
            report: self.report.name.clone(),
            grain: self.report.grains[row.grain].clone(),
            period_start: iso(row.period.0),
            period_end: iso(row.period.1),
            period_label: row.label.clone(),
            is_complete: self.views.is_complete(metric, row.period),
            days: self.views.days(metric, view.span),
            level: self.levels[row.level].name.clone(),
            dims: row.group.to_vec(),
            segment: self.report.segments[row.segment].clone(),
            metric: metric.to_owned(),
            value: amount(&outcome),
            value_int: match outcome.value {
                Value::Int(int) => {
                    assert!(is_integer, "`{metric}` is an integer here and a float elsewhere");
                    Some(int)
                }
                _ => None,
            },
            ratios,
            compared: self.report.compare.iter().map(|entry| self.compared(entry, metric, &view)).collect(),
        }
    }

    /// A metric that compares with another period by itself is not compared again.
    fn compared(&self, entry: &str, metric: &str, view: &View<'a>) -> Compared {
        let (current, earlier) = if self.metrics.has_comparison(metric) {
            (Outcome::null(), Outcome::null())
        } else {
            self.views.compared(metric, &named_offset(entry), None, view)
        };
        let change = difference(&current, &earlier);
        Compared {
            name: entry.to_owned(),
            earlier: amount(&earlier),
            change: amount(&change),
            percent: amount(&percent_change(&current, &earlier)),
            better: is_better(self.spec.directions.get(metric).map(String::as_str), &change),
        }
    }
}

fn amount(outcome: &Outcome) -> Amount {
    let value = match &outcome.value {
        Value::Null => None,
        Value::Int(int) => Some(float(*int)),
        Value::Float(value) => Some(*value),
        other => panic!("{other:?} is no number"),
    };
    Amount { value, largest_term: outcome.largest }
}
