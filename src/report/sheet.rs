//! The values of a report's metrics for one grain, level and segment. Metrics are looked at in several views; what they
//! need is collected first, then cells are made of the roll-ups once for each view, then values in the order of need.

use super::cells::{day_of_bucket, Book, Cells};
use super::groups::LevelId;
use super::periods::{Period, Periods};
use super::rows::{rows_key, Rows, RowsKey};
use super::snapshot::SnapshotCount;
use super::top::{MakeCells, Tops};
use super::values::{self, Columns};
use super::views::{Known, Slot, View, When};
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::plan::{any_part, sources_of, ComparePlan, Formula, MetricPlan, Plan, ReportInput, ReportPlan, ALL};
use crate::spec::{Layout, WindowAgg};
use indexmap::{IndexMap, IndexSet};
use polars::prelude::Column;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// The finished cells of a grain, level and segment.
pub(super) struct Sheet {
    /// The periods.
    pub(super) periods: Vec<Period>,
    /// Index of the period, and group of each row.
    pub(super) rows: Vec<(u32, u32)>,
    /// The place of each row among the top ones, where they are ranked.
    pub(super) ranks: Option<Vec<i64>>,
    /// The columns of each shown metric, in order.
    pub(super) values: Vec<Shown>,
}

/// The columns of a shown metric.
pub(super) struct Shown {
    /// Its values, and the parts of a ratio or average.
    pub(super) columns: Columns,
    /// The earlier values, one for each of the report's comparisons; none for metrics that are comparisons themselves.
    pub(super) earlier: Vec<Option<values::Compared>>,
    /// Whether another definition begins within the days looked at; `None` for metrics with one definition.
    pub(super) breaks: Option<Column>,
}

pub(super) struct Maker<'m, 'p> {
    pub(super) book: &'m Book<'p>,
    pub(super) plan: &'p Plan,
    pub(super) report: &'p ReportPlan,
    known: HashMap<&'p str, Known>,
    pub(super) grain: Grain,
    /// Whether the parts of ratios are shown.
    pub(super) with_parts: bool,
    /// The groups that are left out of the rest.
    pub(super) tops: Option<&'m Tops>,
    pub(super) main: View<'p>,
    pub(super) periods: Vec<Period>,
    /// For each view the metrics that are needed in it.
    pub(super) wanted: IndexMap<View<'p>, IndexSet<&'p str>>,
    pub(super) slots: HashMap<When, Rc<Vec<Slot>>>,
    pub(super) rows: HashMap<RowsKey, Rc<Rows>>,
    pub(super) cells: HashMap<(usize, View<'p>, &'p str), Rc<Cells>>,
    pub(super) values: HashMap<View<'p>, IndexMap<&'p str, Columns>>,
}

/// What a sheet is of.
#[derive(Clone, Copy)]
pub(super) struct Of<'m, 'p> {
    pub(super) grain: Grain,
    pub(super) level: LevelId,
    pub(super) segment: &'p str,
    /// For the rest: the groups that are left out.
    pub(super) tops: Option<&'m Tops>,
}

/// Everything that a sheet's values are made of.
pub(super) fn ready<'m, 'p>(
    book: &'m Book<'p>,
    periods: &Periods<'p>,
    of: Of<'m, 'p>,
) -> Result<Maker<'m, 'p>, Diagnostic> {
    let (plan, report) = (book.plan, book.report);
    let known = |name: &'p String| {
        let sources = sources_of(&plan.metrics, std::slice::from_ref(name));
        (name.as_str(), periods.known(&sources))
    };
    let main = View { level: of.level, segment: of.segment, when: When::default(), rest: of.tops.is_some() };
    let mut maker = Maker {
        book,
        plan,
        report,
        known: report.computed.iter().map(known).collect(),
        grain: of.grain,
        with_parts: report.exports.iter().any(|e| e.layout == Layout::Long),
        tops: of.tops,
        main,
        periods: vec![],
        wanted: IndexMap::new(),
        slots: HashMap::new(),
        rows: HashMap::new(),
        cells: HashMap::new(),
        values: HashMap::new(),
    };
    for name in &report.metrics {
        maker.want(name, main);
        for (_, comparison) in maker.comparisons(name) {
            let known = maker.known(name);
            maker.want(name, View { when: main.when.current(known), ..main });
            maker.want(name, View { when: main.when.earlier(comparison.offset, known), ..main });
        }
    }
    maker.periods = maker.periods(periods)?;
    maker.make_cells()?;
    maker.make_rows();
    Ok(maker)
}

impl<'p> Maker<'_, 'p> {
    pub(super) fn metric(&self, name: &str) -> &'p MetricPlan {
        &self.plan.metrics[name]
    }

    pub(super) fn known(&self, name: &str) -> Known {
        self.known.get(name).copied().unwrap_or_default()
    }

    /// The comparisons of the report that a metric is shown with.
    pub(super) fn comparisons(&self, name: &str) -> Vec<(usize, &'p ComparePlan)> {
        let is_one = |m: &MetricPlan| matches!(m.formula, Formula::Comparison { .. });
        if any_part(&self.plan.metrics, name, &is_one) {
            return vec![];
        }
        self.report.compare.iter().enumerate().collect()
    }

    /// The view in which a metric is looked at where one is asked for: without the dimensions that it ignores.
    pub(super) fn seen(&self, name: &str, view: View<'p>) -> View<'p> {
        let ignores = self.metric(name).ignores();
        if ignores.is_empty() {
            return view;
        }
        self.without(view, ignores)
    }

    /// Notes that a metric is needed in a view, and what it is made of in which views.
    fn want(&mut self, name: &'p str, view: View<'p>) {
        let view = self.seen(name, view);
        if !self.wanted.entry(view).or_default().insert(name) {
            return;
        }
        for (input, view) in self.inputs(name, view) {
            self.want(input, view);
        }
    }

    /// The metrics that a metric is made of, each with the view it is looked at in.
    pub(super) fn inputs(&self, name: &'p str, view: View<'p>) -> Vec<(&'p str, View<'p>)> {
        let inputs = self.inputs_where_asked(name, view);
        inputs.into_iter().map(|(name, view)| (name, self.seen(name, view))).collect()
    }

    fn inputs_where_asked(&self, name: &'p str, view: View<'p>) -> Vec<(&'p str, View<'p>)> {
        let known = self.known(name);
        let formula = &self.metric(name).formula;
        match formula {
            Formula::Simple { .. } => vec![],
            Formula::Derived { .. } => formula.inputs().into_iter().map(|input| (input, view)).collect(),
            Formula::Ratio { numerator, denominator, ignores, ignores_segment, unit } => {
                if !unit.is_empty() {
                    let view = View { level: self.level_with(view.level, unit), ..view };
                    return vec![(numerator, view), (denominator, view)];
                }
                let below = self.without(view, ignores);
                let segment = if *ignores_segment { ALL } else { view.segment };
                vec![(numerator, view), (denominator, View { segment, ..below })]
            }
            Formula::Cumulative { input, window, anchor } => {
                vec![(input, View { when: view.when.window(*window, *anchor, known), ..view })]
            }
            Formula::Comparison { base, offset, .. } => vec![
                (base, View { when: view.when.current(known), ..view }),
                (base, View { when: view.when.earlier(*offset, known), ..view }),
            ],
            Formula::Share { input, within } => {
                let level = self.level_of(view.level, |d| within.contains(d));
                vec![(input, view), (input, View { level, rest: false, ..view })]
            }
        }
    }

    /// A view over all values of some dimensions. What is over all of them is not of the rest only.
    fn without(&self, view: View<'p>, ignored: &[String]) -> View<'p> {
        if !self.report.dims.iter().any(|dim| ignored.contains(&dim.name)) {
            return view;
        }
        View { level: self.level_of(view.level, |dim| !ignored.contains(dim)), rest: false, ..view }
    }

    /// The level that keeps some of a level's dimensions.
    fn level_of(&self, level: LevelId, keeps: impl Fn(&String) -> bool) -> LevelId {
        let mut groups = self.book.groups.borrow_mut();
        let kept = |dim: &usize| self.report.all_dims().nth(*dim).is_some_and(|dim| keeps(&dim.name));
        let dims: Vec<usize> = groups.dims(level).iter().copied().filter(kept).collect();
        groups.level(&dims)
    }

    /// The level that has dimensions beside those of a level.
    fn level_with(&self, level: LevelId, names: &[String]) -> LevelId {
        let mut groups = self.book.groups.borrow_mut();
        let mut dims = groups.dims(level).to_vec();
        dims.extend(names.iter().filter_map(|name| self.report.dim(name)));
        dims.sort_unstable();
        dims.dedup();
        groups.level(&dims)
    }

    /// The simple metrics that are needed, by view.
    pub(super) fn leaves(&self) -> Vec<(View<'p>, &'p str)> {
        let all = self.wanted.iter().flat_map(|(view, names)| names.iter().map(|name| (*view, *name)));
        all.filter(|(_, name)| matches!(self.metric(name).formula, Formula::Simple { .. })).collect()
    }

    pub(super) fn on_spine(&self, name: &str) -> bool {
        matches!(self.metric(name).formula, Formula::Simple { on_spine: true, .. })
    }

    /// The periods that rows may be of: all of the calendar where windows or comparisons look at others, else those
    /// that occur in the roll-ups.
    fn periods(&self, periods: &Periods<'p>) -> Result<Vec<Period>, Diagnostic> {
        let leaves = self.leaves();
        let elsewhere = leaves.iter().any(|(view, name)| view.when != When::default() || self.on_spine(name));
        if elsewhere && self.grain != Grain::Hour {
            return Ok(periods.all(self.grain));
        }
        let calendar = &self.plan.calendar;
        let mut keys = BTreeSet::new();
        let inputs = leaves.into_iter().map(|(view, name)| Ok(self.input(view, name)?.0));
        // Many metrics share an input.
        for index in inputs.collect::<Result<BTreeSet<usize>, Diagnostic>>()? {
            let (bucket, buckets) = self.book.buckets(&self.report.inputs[index])?;
            let mut last = None;
            for b in buckets.into_iter().filter(|b| last.replace(*b) != Some(*b)) {
                keys.insert(match self.grain {
                    Grain::All => 0,
                    grain if grain == bucket => b,
                    grain => i64::from(calendar.period_start(grain, day_of_bucket(calendar, bucket, b))),
                });
            }
        }
        let within = |period: &Period| {
            let range = self.report.counted();
            range.start.is_none_or(|day| period.end >= day) && range.end.is_none_or(|day| period.start <= day)
        };
        Ok(keys.into_iter().map(|key| periods.period(self.grain, key)).filter(within).collect())
    }

    /// The level whose groups must be told apart for a view: the rest is told by the groups of the details.
    pub(super) fn told_apart(&self, view: View<'p>) -> LevelId {
        if !view.rest {
            return view.level;
        }
        let all: Vec<String> = self.report.dims.iter().map(|dim| dim.name.clone()).collect();
        self.level_with(view.level, &all)
    }

    /// The input that holds a simple metric's states for a view.
    pub(super) fn input(&self, view: View<'p>, name: &str) -> Result<(usize, &'p ReportInput), Diagnostic> {
        let level = self.told_apart(view);
        let groups = self.book.groups.borrow();
        let dims = groups.dims(level);
        let inputs = self.report.inputs.iter().enumerate();
        let fits = |(_, input): &(usize, &ReportInput)| {
            input.segment == view.segment
                && input.slots.contains_key(name)
                && dims.iter().all(|dim| input.dims.contains(dim))
        };
        let best = inputs.filter(fits).min_by_key(|(_, input)| input.dims.len());
        best.ok_or_else(|| Diagnostic::bug(format!("`{name}` has no input for segment `{}`", view.segment)))
    }

    pub(super) fn slots(&mut self, when: When) -> Rc<Vec<Slot>> {
        let (plan, report, grain, periods) = (self.plan, self.report, self.grain, &self.periods);
        let slots = self.slots.entry(when);
        slots.or_insert_with(|| Rc::new(when.slots(&plan.calendar, report.counted(), grain, periods))).clone()
    }

    /// The cells of all views, each input once for all of its metrics, measures that do not add up over time apart.
    fn make_cells(&mut self) -> Result<(), Diagnostic> {
        let mut plain: IndexMap<(usize, View<'p>), Vec<&'p str>> = IndexMap::new();
        for (view, name) in self.leaves() {
            let (index, input) = self.input(view, name)?;
            let slots = self.slots(view.when);
            let Formula::Simple { snapshot: Some(how), .. } = &self.metric(name).formula else {
                plain.entry((index, view)).or_default().push(name);
                continue;
            };
            let make: &MakeCells<'_> = &|level, slots, out| self.book.snapshot(input, level, slots, (name, how), out);
            let cells = match how.pick {
                WindowAgg::Average => self.by_period(view, &slots, make)?,
                WindowAgg::Last | WindowAgg::First | WindowAgg::Opening => self.gathered(view, &slots, make)?,
            };
            self.cells.insert((index, view, name), Rc::new(cells));
            // Which rows there are is told by all records, not by those of the days that count.
            plain.entry((index, view)).or_default();
        }
        for ((index, view), names) in plain {
            let slots = self.slots(view.when);
            let input = &self.report.inputs[index];
            let make: &MakeCells<'_> = &|level, slots, _| self.book.cells(input, level, (self.grain, slots), &names);
            let cells = self.gathered(view, &slots, make)?;
            self.cells.insert((index, view, ""), Rc::new(cells));
        }
        Ok(())
    }

    /// How often the keys of measures that do not add up over time have no record of their own in a period.
    pub(super) fn counts(&mut self) -> Result<Vec<SnapshotCount>, Diagnostic> {
        let mut counts = vec![];
        for (view, name) in self.leaves() {
            let Formula::Simple { snapshot: Some(how), .. } = &self.metric(name).formula else { continue };
            let by_key = matches!(how.pick, WindowAgg::Last | WindowAgg::First);
            if !by_key || view.when != When::default() || counts.iter().any(|c: &SnapshotCount| c.metric == name) {
                continue;
            }
            let slots = self.slots(view.when);
            let (carried, missing, partial_periods) =
                self.book.dates(self.input(view, name)?.1, how)?.1.count(how, &slots);
            let (report, metric) = (self.report.name.clone(), name.to_owned());
            counts.push(SnapshotCount {
                report,
                grain: self.grain.as_str(),
                metric,
                carried,
                missing,
                partial_periods,
            });
        }
        Ok(counts)
    }

    pub(super) fn finish(mut self) -> Result<Sheet, Diagnostic> {
        let main = self.main;
        let mut shown = vec![];
        for name in &self.report.metrics {
            let columns = self.value(name, main, main)?;
            let mut earlier: Vec<Option<values::Compared>> = self.report.compare.iter().map(|_| None).collect();
            for (index, comparison) in self.comparisons(name) {
                let known = self.known(name);
                let sides = [
                    View { when: main.when.current(known), ..main },
                    View { when: main.when.earlier(comparison.offset, known), ..main },
                ];
                let (now, then) = (self.value(name, sides[0], main)?, self.value(name, sides[1], main)?);
                let compared = values::compare(self.metric(name), &now.value, &then.value)?;
                earlier[index] = Some(match self.comparable(&[(name, sides[0]), (name, sides[1])], main) {
                    None => compared,
                    Some(rows) => compared.withheld(&rows)?,
                });
            }
            shown.push(Shown { columns, earlier, breaks: self.breaks(name) });
        }
        let rows = self.rows[&rows_key(main)].keys.clone();
        Ok(Sheet { periods: self.periods, rows, ranks: None, values: shown })
    }
}
