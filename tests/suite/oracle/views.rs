//! The value of a metric over a span of days, for a group and a segment: each from the records, every time.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::calendar::Calendar;
use super::index::{Dim, Group, Index};
use super::kind::kind_of;
use super::metrics::{shown, Metrics, Prepared, Simple, Snapshot, DAYS_IN_PERIOD};
use super::outcome::{difference, mean, percent_change, ratio, Outcome};
use super::spans::{earlier, window_start, Span};
use super::spec::{Report, Spec};
use super::spec_metrics::{Comparison, Cumulative, Length, Ratio};
use super::sql::{eval, Scope};
use super::value::{is_zero, Value};

/// What a metric is looked at for.
#[derive(Clone)]
pub(crate) struct View<'a> {
    pub(crate) group: Rc<Group>,
    /// The groups of the details whose records the view leaves out, where it is of all others together.
    pub(crate) beside: Option<Rc<BTreeSet<Group>>>,
    /// By its place in the report; none for all records.
    pub(crate) segment: Option<usize>,
    pub(crate) span: Span,
    pub(crate) grain: &'a str,
    /// The whole period that the span lies in, or that the window's anchor lies in.
    pub(crate) period: Span,
}

/// Which records a metric looks at for a row itself: a source and a span.
pub(crate) type Looks<'a> = BTreeSet<(&'a str, Span)>;

pub(crate) struct Views<'a> {
    calendar: Calendar,
    report: &'a Report,
    pub(crate) metrics: &'a Metrics,
    pub(crate) index: Index<'a>,
    /// The first day of any source that the pipeline reads.
    beginning: i32,
    /// The first and the last day of each metric that was asked for; none where a source is empty.
    known_days: BTreeMap<String, Option<Span>>,
}

impl<'a> Views<'a> {
    pub(crate) fn new(spec: &'a Spec, report: &'a Report, metrics: &'a Metrics) -> Self {
        let beginning = metrics.tables.keys().filter_map(|source| metrics.days_of(source)).map(|days| days.0).min();
        Self {
            calendar: spec.calendar,
            report,
            metrics,
            index: Index::new(spec, report, metrics),
            beginning: beginning.unwrap_or(0),
            known_days: metrics.names().map(|name| (name.clone(), metrics.known_days(name))).collect(),
        }
    }

    /// The first and the last day of a metric in the report, which ends no later than the report does.
    pub(crate) fn days_of(&self, name: &str) -> Option<Span> {
        let (first, last) = self.known_days[name]?;
        Some((first, self.report.end.map_or(last, |end| last.min(end))))
    }

    /// How many days of a span the metric knows of.
    pub(crate) fn days(&self, name: &str, span: Span) -> i32 {
        self.days_of(name).map_or(0, |(_, last)| (span.1.min(last) - span.0 + 1).max(0))
    }

    /// Whether the metric's sources cover a period from its first day to its last, and the report does not cut it.
    pub(crate) fn is_complete(&self, name: &str, period: Span) -> bool {
        let within = |(first, last): Span| first <= period.0 && period.1 <= last;
        self.days_of(name).is_some_and(within) && self.report.start.is_none_or(|start| start <= period.0)
    }

    /// The value of a metric.
    pub(crate) fn value(&self, name: &str, view: &View<'a>) -> Outcome {
        match self.metrics.prepared(name) {
            Prepared::Simple(simple) => {
                let ignoring = (!simple.ignores.is_empty()).then(|| self.ignoring(view, &simple.ignores));
                let view = ignoring.as_ref().unwrap_or(view);
                simple.filled(match &simple.snapshot {
                    Some(snapshot) => self.snapshot(simple, snapshot, view),
                    None => simple.over(&self.records(&simple.source, view, view.span)),
                })
            }
            Prepared::Ratio(ratio) if ratio.unit.is_some() => mean(&self.ratios(ratio, view)),
            Prepared::Ratio(Ratio { numerator, denominator, ignores, .. }) => {
                let below = self.ignoring(view, ignores);
                ratio(&self.value(numerator, view), &self.value(denominator, &below))
            }
            Prepared::Derived { .. } => self.derived(name, view),
            Prepared::Cumulative(cumulative) => {
                let windows = self.windows(name, cumulative, view);
                let values: Vec<Outcome> = windows.iter().map(|window| self.value(&cumulative.input, window)).collect();
                match values.as_slice() {
                    values if cumulative.period_agg == "average" => mean(values),
                    [] => Outcome::null(),
                    [one] => one.clone(),
                    _ => panic!("`{name}` has one anchor a period"),
                }
            }
            Prepared::Comparison(_) if self.is_withheld(&self.looked_at(name, view)) => Outcome::null(),
            Prepared::Comparison(Comparison { base, offset, align, calculation }) => {
                let (current, earlier) = self.compared(base, offset, align.as_deref(), view);
                match calculation.as_str() {
                    "difference" => difference(&current, &earlier),
                    "percent_change" => percent_change(&current, &earlier),
                    "ratio" => ratio(&current, &earlier),
                    other => panic!("no calculation `{other}`"),
                }
            }
            Prepared::Share(share) => {
                let others: Vec<String> =
                    self.report.group_by.iter().filter(|dim| !share.within.contains(dim)).cloned().collect();
                ratio(&self.value(&share.input, view), &self.value(&share.input, &self.ignoring(view, &others)))
            }
        }
    }

    fn records(&self, source: &str, view: &View, span: Span) -> Vec<usize> {
        match &view.beside {
            Some(kept) => self.index.records_beside((source, view.segment), &view.group, kept, span),
            None => self.index.records(source, view.segment, &view.group, span),
        }
    }

    fn derived(&self, name: &str, view: &View<'a>) -> Outcome {
        let Prepared::Derived { expr, inputs, kinds } = self.metrics.prepared(name) else {
            panic!("`{name}` is not derived");
        };
        let outcomes: Vec<Outcome> = inputs.iter().map(|input| self.value(input, view)).collect();
        let largest = outcomes.iter().map(|outcome| outcome.largest).fold(0.0, f64::max);
        let has_mean = outcomes.iter().any(|outcome| outcome.has_mean);
        let mut values: BTreeMap<String, Value> =
            inputs.iter().cloned().zip(outcomes.into_iter().map(|outcome| outcome.value)).collect();
        values.insert(DAYS_IN_PERIOD.to_owned(), Value::Int(self.days(name, view.span).into()));
        let scope = Scope { kinds, values: &values, largest: Cell::new(largest) };
        let value = eval(expr, &scope).into_kind(kind_of(expr, kinds));
        Outcome { has_mean, ..Outcome::new(value, scope.largest.get()) }
    }

    /// The same view over all values of some dimensions, and over all records where `segment` is among them.
    fn ignoring(&self, view: &View<'a>, names: &[String]) -> View<'a> {
        let kept = |(name, dim): (&String, &Dim)| if names.contains(name) { Dim::All } else { dim.clone() };
        let group: Group = self.report.group_by.iter().zip(view.group.iter()).map(kept).collect();
        let segment = view.segment.filter(|_| !names.iter().any(|name| name == "segment"));
        // Of the groups that a top list leaves out, the whole is that of all groups.
        let beside = view.beside.clone().filter(|_| group == *view.group);
        assert!(beside.is_some() || !group.contains(&Dim::Others), "a whole keeps only dimensions of `per`");
        View { group: Rc::new(group), beside, segment, ..view.clone() }
    }

    /// One ratio for each unit that has records in the cell and a ratio.
    pub(crate) fn ratios(&self, Ratio { numerator, denominator, unit, .. }: &Ratio, view: &View) -> Vec<Outcome> {
        let (above, below) = (self.metrics.simple(numerator), self.metrics.simple(denominator));
        assert_eq!(above.source, below.source, "a mean of ratios is over one source");
        let mut units: BTreeMap<Vec<Option<String>>, Vec<usize>> = BTreeMap::new();
        for at in self.records(&above.source, view, view.span) {
            let record = &self.metrics.tables[&above.source].records[at];
            units.entry(shown(record, unit.as_ref().expect("a unit"))).or_default().push(at);
        }
        let ratios = units.values().map(|records| ratio(&above.over(records), &below.over(records)));
        ratios.filter(|ratio| ratio.value != Value::Null).collect()
    }

    /// One view for each anchor day: the one of the last or first day, or of each.
    pub(crate) fn windows(&self, name: &str, cumulative: &Cumulative, view: &View<'a>) -> Vec<View<'a>> {
        let Some((_, last)) = self.days_of(name) else {
            return Vec::new();
        };
        let (first, last) = (view.span.0, view.span.1.min(last));
        let anchors = match cumulative.period_agg.as_str() {
            _ if last < first => Vec::new(),
            "last" => vec![last],
            "first" => vec![first],
            "average" => (first..=last).collect(),
            other => panic!("no period_agg `{other}`"),
        };
        let row = (view.grain, view.period);
        let window = |anchor: i32| {
            let start = window_start(&cumulative.window, anchor, row, self.calendar, self.beginning);
            View { span: (start, anchor), ..view.clone() }
        };
        anchors.into_iter().map(window).collect()
    }

    /// The two views of a comparison: the row's days up to the metric's last, and the same of the earlier period.
    pub(crate) fn sides(
        &self,
        name: &str,
        offset: &Length,
        align: Option<&str>,
        view: &View<'a>,
    ) -> (Option<View<'a>>, Option<View<'a>>) {
        let Some((_, last)) = self.days_of(name) else {
            return (None, None);
        };
        let now = (view.span.0, view.span.1.min(last));
        if now.1 < now.0 {
            return (None, None);
        }
        let current = View { span: now, ..view.clone() };
        let then = earlier(view.grain, view.period, offset, align, self.calendar).and_then(|period| {
            let from = period.0 + now.0 - view.period.0;
            let part = (from, (from + now.1 - now.0).min(period.1));
            let span = if now == view.period { period } else { part };
            (span.0 <= span.1).then(|| View { span, period, ..view.clone() })
        });
        (Some(current), then)
    }

    /// Whether a metric is known from the first day of an earlier period on: a whole period is not held against a part
    /// of one.
    pub(crate) fn is_known(&self, name: &str, earlier: &View) -> bool {
        self.days_of(name).is_some_and(|(first, _)| first <= earlier.span.0)
    }

    /// A metric in the days of a row, and in the same days of an earlier period.
    pub(crate) fn compared(
        &self,
        name: &str,
        offset: &Length,
        align: Option<&str>,
        view: &View<'a>,
    ) -> (Outcome, Outcome) {
        let (current, earlier) = self.sides(name, offset, align, view);
        let value = |view: Option<View<'a>>| view.map_or_else(Outcome::null, |view| self.value(name, &view));
        (value(current), value(earlier.filter(|earlier| self.is_known(name, earlier))))
    }

    /// What a metric looks at for the row itself. Looks for another group or segment are left out: they make no row.
    pub(crate) fn looks(&self, name: &str, view: &View<'a>, looks: &mut Looks<'a>) {
        let same = |other: &View| (&other.group, other.segment) == (&view.group, view.segment);
        match self.metrics.prepared(name) {
            // The dates before the period that `opening` and `carry_forward` may take are no reason for a row.
            Prepared::Simple(simple) => {
                if same(&self.ignoring(view, &simple.ignores)) {
                    looks.insert((&simple.source, view.span));
                }
            }
            Prepared::Ratio(Ratio { numerator, denominator, ignores, .. }) => {
                self.looks(numerator, view, looks);
                let below = self.ignoring(view, ignores);
                if same(&below) {
                    self.looks(denominator, &below, looks);
                }
            }
            Prepared::Derived { inputs, .. } => {
                for input in inputs {
                    self.looks(input, view, looks);
                }
            }
            Prepared::Cumulative(cumulative) => {
                for window in self.windows(name, cumulative, view) {
                    self.looks(&cumulative.input, &window, looks);
                }
            }
            Prepared::Comparison(Comparison { base, offset, align, .. }) => {
                self.compared_looks(base, offset, align.as_deref(), view, looks);
            }
            Prepared::Share(share) => self.looks(&share.input, view, looks),
        }
    }

    /// What the two sides of a comparison look at; the earlier one only if it is known from its first day.
    pub(crate) fn compared_looks(
        &self,
        name: &str,
        offset: &Length,
        align: Option<&str>,
        view: &View<'a>,
        looks: &mut Looks<'a>,
    ) {
        let (current, earlier) = self.sides(name, offset, align, view);
        for side in current.iter().chain(earlier.iter().filter(|earlier| self.is_known(name, earlier))) {
            self.looks(name, side, looks);
        }
    }

    fn snapshot(&self, simple: &Simple, snapshot: &Snapshot, view: &View) -> Outcome {
        let (first, last) = view.span;
        let range = match snapshot.window_agg.as_str() {
            "last" => (first - snapshot.carry_forward, last),
            "opening" => (self.beginning, first - 1),
            "first" => view.span,
            "average" => return self.daily_mean(simple, view),
            other => panic!("no window_agg `{other}`"),
        };
        let wants_last = snapshot.window_agg != "first";
        let date = |at: usize| self.metrics.tables[&simple.source].records[at].date;
        let mut records = self.records(&simple.source, view, range);
        // Whether a date is the key's last is for the source to say, not for the group or the segment.
        records.retain(|at| snapshot.date_within(*at, range, wants_last) == Some(date(*at)));
        simple.over(&records)
    }

    /// The sums by day, averaged over the days that have one.
    fn daily_mean(&self, simple: &Simple, view: &View) -> Outcome {
        let days = (view.span.0..=view.span.1).map(|day| simple.over(&self.records(&simple.source, view, (day, day))));
        mean(&days.collect::<Vec<Outcome>>())
    }
}

/// Whether a change is for the better by a metric's direction; none when neutral or unchanged.
pub(crate) fn is_better(direction: Option<&str>, change: &Outcome) -> Option<bool> {
    let change = change.value.number()?;
    match direction {
        _ if is_zero(change) => None,
        Some("higher_is_better") => Some(change > 0.0),
        Some("lower_is_better") => Some(change < 0.0),
        _ => None,
    }
}
