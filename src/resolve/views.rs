//! What a report looks at beside its own periods and groups: totals, earlier periods, windows; whether they make sense
//! at its grains, and which days they need.

use super::reports::Resolver;
use crate::calendar::{Calendar, Grain, Length, Offset, Unit};
use crate::diagnostic::{Diagnostic, Part};
use crate::plan::{ComparePlan, DayRange, Dim, Formula, LevelPlan, MetricPlan, Window};
use crate::spec::{Align, Compare, Totals, WindowAgg};
use indexmap::IndexMap;

impl Resolver<'_> {
    /// The details, and the totals asked for.
    pub(super) fn levels(&mut self, dims: &[Dim]) -> Vec<LevelPlan> {
        let mut levels = vec![LevelPlan { name: "detail".to_owned(), dims: (0..dims.len()).collect(), is_rest: false }];
        let sets = match &self.report.totals {
            Totals::No => vec![],
            Totals::Yes if dims.is_empty() => vec![],
            Totals::Yes => vec![vec![]],
            Totals::Sets(sets) => sets.clone(),
        };
        let at = self.at.key("totals");
        for (i, set) in sets.iter().enumerate() {
            let mut kept = vec![];
            let mut known = true;
            for (j, name) in set.iter().enumerate() {
                match dims.iter().position(|d| d.name == *name) {
                    Some(index) => kept.push(index),
                    None if self.report.group_by.contains(name) => {}
                    None => {
                        known = false;
                        let error = Diagnostic::pipeline(
                            "unknown-dimension",
                            format!("report `{}` is not grouped by `{name}`", self.report.name),
                        );
                        let known = self.report.group_by.iter().map(String::as_str);
                        self.errors.push(error.at(&at.index(i).index(j)).suggest(
                            name,
                            "dimensions of the report",
                            known,
                        ));
                    }
                }
            }
            if !known {
                continue;
            }
            kept.sort_unstable();
            kept.dedup();
            if levels.iter().any(|level| level.dims == kept) {
                let error = Diagnostic::pipeline("duplicate-name", "these totals are there already");
                let all = kept.len() == dims.len();
                self.errors.push(error.at(&at.index(i)).help(if all {
                    "all dimensions kept are the details, which every report has"
                } else {
                    "name each set of dimensions once"
                }));
                continue;
            }
            let names: Vec<&str> = kept.iter().map(|index| dims[*index].name.as_str()).collect();
            let name = if names.is_empty() { "total".to_owned() } else { names.join("+") };
            levels.push(LevelPlan { name, dims: kept, is_rest: false });
        }
        levels
    }

    /// The earlier periods that every metric is compared with.
    pub(super) fn compare(&mut self) -> Vec<ComparePlan> {
        let mut compare: Vec<ComparePlan> = vec![];
        for (i, what) in self.report.compare.iter().enumerate() {
            let unit = match what {
                Compare::PreviousPeriod => Unit::Period,
                Compare::PreviousWeek => Unit::Week,
                Compare::PreviousMonth => Unit::Month,
                Compare::PreviousQuarter => Unit::Quarter,
                Compare::PreviousYear => Unit::Year,
            };
            if compare.iter().any(|known| known.name == what.as_str()) {
                let error = Diagnostic::pipeline("duplicate-name", format!("`{}` is listed twice", what.as_str()));
                self.errors.push(error.at(&self.at.key("compare").index(i)));
                continue;
            }
            let offset = Offset { length: Length { count: 1, unit }, align: Align::Calendar };
            compare.push(ComparePlan { name: what.as_str(), offset });
        }
        compare
    }

    /// Dimensions that metrics tell apart without showing them.
    pub(super) fn hidden_dims(&self, computed: &[String], dims: &[Dim]) -> Vec<Dim> {
        let mut hidden: Vec<Dim> = vec![];
        for metric in computed.iter().filter_map(|name| self.metrics.resolved.get(name)) {
            let (source, names) = match &metric.formula {
                Formula::Simple { source, snapshot: Some(snapshot), .. } => (source, &snapshot.keys),
                Formula::Ratio { numerator, unit, .. } => {
                    match self.metrics.resolved.get(numerator).map(|m| &m.formula) {
                        Some(Formula::Simple { source, .. }) => (source, unit),
                        _ => continue,
                    }
                }
                _ => continue,
            };
            let Some(source) = self.sources.get(source) else { continue };
            for name in names {
                let known = dims.iter().chain(&hidden).any(|dim| dim.name == *name);
                if let (false, Ok(ty)) = (known, source.dimension(name)) {
                    hidden.push(Dim { name: name.clone(), ty });
                }
            }
        }
        hidden
    }

    /// Windows and comparisons that make no sense at a grain of the report.
    pub(super) fn check_views(
        &mut self,
        computed: &[String],
        compare: &[ComparePlan],
        grains: &[Grain],
        calendar: &Calendar,
    ) {
        for (i, comparison) in compare.iter().enumerate() {
            if let Some((grain, why)) = refused(comparison.offset, grains, calendar) {
                let message =
                    format!("report `{}` by {} cannot be compared so: {why}", self.report.name, grain.as_str());
                let error = Diagnostic::pipeline("meaningless-comparison", message);
                self.errors.push(error.at(&self.at.key("compare").index(i)).help(ways_out(grain)));
            }
        }
        for metric in computed.iter().filter_map(|name| self.metrics.resolved.get(name)) {
            let found = match &metric.formula {
                Formula::Comparison { offset, .. } => {
                    refused(*offset, grains, calendar).map(|(grain, why)| (why, ways_out(grain)))
                }
                Formula::Cumulative { window, .. } => self.refused_window(metric, *window, grains),
                _ => None,
            };
            let Some((why, help)) = found else { continue };
            let index = self.report.metrics.iter().position(|m| *m == metric.name);
            let through = self.report.metrics.iter().position(|m| self.needs(m, &metric.name));
            let at = self.at.key("metrics");
            let at = index.or(through).map_or_else(|| at.clone(), |i| at.index(i));
            let message = format!("`{}` makes no sense in report `{}`: {why}", metric.name, self.report.name);
            self.errors.push(
                Diagnostic::pipeline("meaningless-comparison", message)
                    .at(&at)
                    .place(&metric.place(), Part::Key, "defined here")
                    .help(help),
            );
        }
    }

    fn refused_window(&self, metric: &MetricPlan, window: Window, grains: &[Grain]) -> Option<(String, &'static str)> {
        if grains.contains(&Grain::Hour) {
            return Some(("windows are made of days, not of hours".to_owned(), "report it by day or longer"));
        }
        match window {
            Window::ToDate(whole) => {
                let wrong = grains.iter().find(|g| !g.nests_in(whole) || **g == Grain::All)?;
                let why = format!("a {} is not part of one {}", wrong.as_str(), whole.as_str());
                Some((why, "leave that grain out of the report, or accumulate over another one"))
            }
            Window::Trailing(length) => {
                let sources = crate::plan::sources_of(&self.metrics.resolved, std::slice::from_ref(&metric.name));
                let coarse = sources
                    .into_iter()
                    .filter_map(|name| self.sources.get(name))
                    .find(|source| source.finest() > Grain::Day)?;
                let why = format!(
                    "records of `{}` cover a {} each, the window is {length}",
                    coarse.name,
                    coarse.finest().as_str()
                );
                Some((why, "count periods: `window: 3 periods`"))
            }
            Window::Periods(count) if count > 1 && grains.contains(&Grain::All) => {
                Some(("the grain `all` has one period only".to_owned(), "leave the grain `all` out of the report"))
            }
            Window::Periods(_) | Window::Everything => None,
        }
    }

    /// The days that count and those before them that the metrics look at.
    pub(super) fn reads(
        &self,
        range: DayRange,
        (shown, compare): (&[(String, usize)], &[ComparePlan]),
        grains: &[Grain],
        calendar: &Calendar,
    ) -> DayRange {
        let needs = Needs { resolver: self, end: range.end, grains, calendar };
        let mut start = range.start;
        for (name, _) in shown {
            start = earlier(start, needs.metric(name, range.start));
            for comparison in compare {
                start = earlier(start, needs.metric(name, needs.offset(comparison.offset, range.start)));
            }
        }
        DayRange { start, end: range.end }
    }

    /// For a report with a `start`: the first day before it that windows and comparisons look at, by source.
    pub(super) fn looks_back(
        &self,
        range: DayRange,
        (shown, compare): (&[(String, usize)], &[ComparePlan]),
        grains: &[Grain],
        calendar: &Calendar,
    ) -> IndexMap<String, i32> {
        let needs = Needs { resolver: self, end: range.end, grains, calendar };
        let mut days: IndexMap<String, i32> = IndexMap::new();
        let Some(start) = range.start else { return days };
        for (name, _) in shown {
            needs.sources(name, Some(start), &mut days);
            for comparison in compare {
                needs.sources(name, needs.offset(comparison.offset, Some(start)), &mut days);
            }
        }
        days.retain(|_, day| *day < start);
        days
    }
}

/// The earlier of two days; `None` is the beginning of time.
fn earlier(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    Some(a?.min(b?))
}

/// The first day that is looked at, for a row whose days begin on `start`. `None`: all days.
struct Needs<'n> {
    resolver: &'n Resolver<'n>,
    end: Option<i32>,
    grains: &'n [Grain],
    calendar: &'n Calendar,
}

impl Needs<'_> {
    /// The first day that the inputs of a metric are looked at.
    fn own(&self, metric: &MetricPlan, start: Option<i32>) -> Option<i32> {
        match &metric.formula {
            Formula::Simple { snapshot: Some(snapshot), .. } => match snapshot.pick {
                WindowAgg::Opening => None,
                _ => start.map(|day| day.saturating_sub(snapshot.carry)),
            },
            Formula::Cumulative { window, .. } => self.window(*window, start),
            Formula::Comparison { offset, .. } => self.offset(*offset, start),
            _ => start,
        }
    }

    /// The first day looked at by source, where that is a day: what looks at everything is never too short.
    fn sources(&self, name: &str, start: Option<i32>, days: &mut IndexMap<String, i32>) {
        let Some(metric) = self.resolver.metrics.resolved.get(name) else { return };
        if let (Formula::Simple { source, .. }, Some(start)) = (&metric.formula, start) {
            let day = days.entry(source.clone()).or_insert(start);
            *day = start.min(*day);
        }
        let own = self.own(metric, start);
        for input in metric.formula.inputs() {
            self.sources(input, own, days);
        }
    }

    fn metric(&self, name: &str, start: Option<i32>) -> Option<i32> {
        let metric = self.resolver.metrics.resolved.get(name)?;
        let own = self.own(metric, start);
        let inputs = metric.formula.inputs().into_iter().map(|input| self.metric(input, own));
        inputs.fold(earlier(start, own), earlier)
    }

    fn window(&self, window: Window, start: Option<i32>) -> Option<i32> {
        let start = start?;
        match window {
            Window::Trailing(length) => length.before(start).map(|day| day.saturating_add(1)),
            Window::ToDate(grain) => Some(self.calendar.period_start(grain, start)),
            Window::Everything => None,
            Window::Periods(count) => {
                let length = Length { count: count - 1, unit: Unit::Period };
                self.offset(Offset { length, align: Align::Calendar }, Some(start))
            }
        }
    }

    fn offset(&self, offset: Offset, start: Option<i32>) -> Option<i32> {
        let start = start?;
        let first = |grain: &Grain| {
            let (from, to) = match grain {
                Grain::All => (start, self.end?),
                _ => {
                    let from = self.calendar.period_start(*grain, start);
                    (from, self.calendar.period_end(*grain, from))
                }
            };
            // A week 53 is compared with nothing.
            Some(offset.earlier(self.calendar, *grain, from, to).map_or(from, |(from, _)| from))
        };
        self.grains.iter().map(first).fold(Some(start), earlier)
    }
}

/// The first grain at which an offset makes no sense, and why.
fn refused(offset: Offset, grains: &[Grain], calendar: &Calendar) -> Option<(Grain, String)> {
    grains.iter().find_map(|grain| Some((*grain, offset.refusal(*grain, calendar)?)))
}

fn ways_out(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "report it by day or longer",
        Grain::Week => "compare weeks with `1 week`, `1 period` or `1 year` (52 weeks), or leave the grain `week` out",
        _ => "compare with `1 period` or `1 year`, or leave that grain out of the report",
    }
}
