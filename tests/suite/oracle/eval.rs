//! Reports: which rows exist, and the value of every metric in each.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::attributes::{attributes, Attribute};
use super::calendar::{iso, period, Period};
use super::index::{Dim, Group};
use super::metrics::{Metrics, Prepared};
use super::outcome::{difference, percent_change, Outcome};
use super::spans::{named_offset, Span};
use super::spec::{parse as parse_spec, Report, Spec};
use super::top::take;
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
    /// The place of the group in a top list.
    pub(crate) rank: Option<usize>,
    pub(crate) dims: Vec<Dim>,
    /// One for each of the report's `attributes`.
    pub(crate) attributes: Vec<Value>,
    pub(crate) segment: String,
    pub(crate) metric: String,
    pub(crate) value: Amount,
    /// Set for metrics that are integers whatever the data.
    pub(crate) value_int: Option<i128>,
    /// How many ratios a mean of ratios is made of.
    pub(crate) ratios: Option<usize>,
    /// One for each entry of the report's `compare`.
    pub(crate) compared: Vec<Compared>,
    /// Of metrics with versions: whether one begins within the days looked at.
    pub(crate) is_break: Option<bool>,
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) grain: usize,
    pub(crate) period: Span,
    pub(crate) label: String,
    /// By its place beside the levels; beyond them where it is of other groups.
    pub(crate) level: usize,
    pub(crate) group: Rc<Group>,
    pub(crate) segment: usize,
    pub(crate) rank: Option<usize>,
    /// The groups of the details that a row of all others is beside.
    pub(crate) beside: Option<Rc<BTreeSet<Group>>>,
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
    attributes: Vec<Attribute>,
}

/// Every cell of every report of a pipeline. Paths are relative to `base_dir`; records after `as_of` are out of range.
pub(crate) fn evaluate(pipeline_yaml: &str, base_dir: &Path, as_of: Option<i32>) -> Vec<Cell> {
    let spec = parse_spec(pipeline_yaml);
    let metrics = Metrics::prepare(&spec, base_dir, as_of);
    let cells = spec.reports.iter().flat_map(|report| {
        let views = Views::new(&spec, report, &metrics);
        let levels = levels(report);
        let attributes = attributes(&spec, report, &metrics, &views.index);
        Evaluation { spec: &spec, report, metrics: &metrics, views, levels, attributes }.cells()
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
    fn view(&self, row: &Row) -> View<'a> {
        let (start, end) = (self.report.start, self.report.end);
        let Row { grain, period, .. } = *row;
        View {
            group: Rc::clone(&row.group),
            beside: row.beside.clone(),
            segment: self.views.index.segment(row.segment),
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
                let of_level = self.rows_of(level, segment, &periods);
                match &self.report.top {
                    Some(top) if level == 0 => {
                        let by = |row: &Row| self.views.value(&top.by, &self.view(row)).value;
                        rows.extend(take(top, &self.report.group_by, of_level, self.levels.len(), by));
                    }
                    _ => rows.extend(of_level),
                }
            }
        }
        rows
    }

    /// The rows of one level and segment.
    fn rows_of(&self, level: usize, segment: usize, periods: &[(usize, Period)]) -> Vec<Row> {
        let kept = &self.levels[level].kept;
        let segment_key = self.views.index.segment(segment);
        let row = |(grain, period): &(usize, Period), group: &Rc<Group>| Row {
            grain: *grain,
            period: (period.start, period.end),
            label: period.label.clone(),
            level,
            group: Rc::clone(group),
            segment,
            rank: None,
            beside: None,
        };
        // What is looked at is the same for every group.
        let any = Rc::new(kept.iter().map(|kept| if *kept { Dim::Unknown } else { Dim::All }).collect());
        let mut rows = Vec::new();
        let mut occurring = BTreeSet::new();
        for at in periods {
            let mut groups: BTreeSet<Group> = BTreeSet::new();
            for (source, span) in self.looks(&self.view(&row(at, &any))) {
                let of_source = self.views.index.groups(source, segment_key, kept);
                let has_records =
                    |group: &&Group| !self.views.index.records(source, segment_key, group, span).is_empty();
                groups.extend(of_source.keys().filter(has_records).cloned());
            }
            for group in groups.into_iter().map(Rc::new) {
                occurring.insert((at.0, Rc::clone(&group)));
                rows.push(row(at, &group));
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
        let view = self.view(row);
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
            level: self.levels.get(row.level).map_or("others", |level| &level.name).to_owned(),
            rank: row.rank,
            dims: row.group.to_vec(),
            attributes: self.attributes.iter().map(|attribute| attribute.of(row)).collect(),
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
            is_break: self.report.metrics.iter().any(|name| self.spec.has_versions(name)).then(|| {
                // Of a metric with one definition nothing breaks.
                self.spec.has_versions(metric) && self.is_break(metric, &view)
            }),
        }
    }

    /// Whether a version begins within the days that a cell's value looks at.
    fn is_break(&self, metric: &str, view: &View<'a>) -> bool {
        self.views.is_break(&self.views.looked_at(metric, view))
    }

    /// A metric that compares with another period by itself is not compared again.
    fn compared(&self, entry: &str, metric: &str, view: &View<'a>) -> Compared {
        let (current, earlier) = if self.metrics.has_comparison(metric) {
            (Outcome::null(), Outcome::null())
        } else {
            self.views.compared(metric, &named_offset(entry), None, view)
        };
        let looked = self.views.looked_at_compared(metric, &named_offset(entry), None, view);
        let is_withheld = self.views.is_withheld(&looked);
        let unless_withheld = |growth: Outcome| if is_withheld { Outcome::null() } else { growth };
        let change = unless_withheld(difference(&current, &earlier));
        Compared {
            name: entry.to_owned(),
            earlier: amount(&earlier),
            change: amount(&change),
            percent: amount(&unless_withheld(percent_change(&current, &earlier))),
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
