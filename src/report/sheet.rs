//! The values of a report's metrics for one grain, level and segment. Metrics are looked at in several views; what they
//! need is collected first, then cells are made of the roll-ups once for each view, then values in the order of need.

use super::cells::{day_of_bucket, Book, Cells};
use super::groups::LevelId;
use super::periods::{Period, Periods};
use super::rows::{rows_key, Rows, RowsKey};
use super::values::{self, Columns};
use super::views::{Known, Slot, View, When};
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::plan::{any_part, sources_of, ComparePlan, DayRange, Formula, MetricPlan, Plan, ReportInput, ReportPlan};
use crate::spec::{Layout, PeriodAgg};
use indexmap::{IndexMap, IndexSet};
use polars::prelude::{Column, DataFrame, IdxCa};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// The finished cells of a grain, level and segment.
pub(super) struct Sheet {
    /// The periods.
    pub(super) periods: Vec<Period>,
    /// Index of the period, and group of each row.
    pub(super) rows: Vec<(u32, u32)>,
    /// The columns of each shown metric, in order.
    pub(super) values: Vec<Shown>,
}

/// The columns of a shown metric.
pub(super) struct Shown {
    /// Its values, and the parts of a ratio or average.
    pub(super) columns: Columns,
    /// The earlier values, one for each of the report's comparisons; none for metrics that are comparisons themselves.
    pub(super) earlier: Vec<Option<values::Compared>>,
}

pub(super) struct Maker<'m, 'p> {
    pub(super) book: &'m Book<'p>,
    plan: &'p Plan,
    report: &'p ReportPlan,
    known: HashMap<&'p str, Known>,
    grain: Grain,
    /// Whether the parts of ratios are shown.
    with_parts: bool,
    pub(super) main: View<'p>,
    pub(super) periods: Vec<Period>,
    /// For each view the metrics that are needed in it.
    pub(super) wanted: IndexMap<View<'p>, IndexSet<&'p str>>,
    pub(super) slots: HashMap<When, Rc<Vec<Slot>>>,
    pub(super) rows: HashMap<RowsKey, Rc<Rows>>,
    pub(super) cells: HashMap<(usize, View<'p>, &'p str), Rc<Cells>>,
    values: HashMap<View<'p>, IndexMap<&'p str, Columns>>,
}

/// Makes the cells of a grain, level and segment.
pub(super) fn make<'p>(
    book: &Book<'p>,
    periods: &Periods<'p>,
    grain: Grain,
    level: LevelId,
    segment: &'p str,
) -> Result<Sheet, Diagnostic> {
    let (plan, report) = (book.plan, book.report);
    let known = |name: &'p String| {
        let sources = sources_of(&plan.metrics, std::slice::from_ref(name));
        (name.as_str(), periods.known(&sources))
    };
    let main = View { level, segment, when: When::default() };
    let mut maker = Maker {
        book,
        plan,
        report,
        known: report.computed.iter().map(known).collect(),
        grain,
        with_parts: report.exports.iter().any(|e| e.layout == Layout::Long),
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
    maker.finish()
}

impl<'p> Maker<'_, 'p> {
    fn metric(&self, name: &str) -> &'p MetricPlan {
        &self.plan.metrics[name]
    }

    fn known(&self, name: &str) -> Known {
        self.known.get(name).copied().unwrap_or_default()
    }

    /// The comparisons of the report that a metric is shown with.
    fn comparisons(&self, name: &str) -> Vec<(usize, &'p ComparePlan)> {
        let is_one = |m: &MetricPlan| matches!(m.formula, Formula::Comparison { .. });
        if any_part(&self.plan.metrics, name, &is_one) {
            return vec![];
        }
        self.report.compare.iter().enumerate().collect()
    }

    /// Notes that a metric is needed in a view, and what it is made of in which views.
    fn want(&mut self, name: &'p str, view: View<'p>) {
        if !self.wanted.entry(view).or_default().insert(name) {
            return;
        }
        for (input, view) in self.inputs(name, view) {
            self.want(input, view);
        }
    }

    /// The metrics that a metric is made of, each with the view it is looked at in.
    fn inputs(&self, name: &'p str, view: View<'p>) -> Vec<(&'p str, View<'p>)> {
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
                let level =
                    if ignores.is_empty() { view.level } else { self.level_of(view.level, |d| !ignores.contains(d)) };
                let segment = if *ignores_segment { ALL } else { view.segment };
                vec![(numerator, view), (denominator, View { level, segment, ..view })]
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
                vec![(input, view), (input, View { level, ..view })]
            }
        }
    }

    /// The level that keeps some of a level's dimensions.
    fn level_of(&self, level: LevelId, keeps: impl Fn(&String) -> bool) -> LevelId {
        let mut groups = self.book.groups.borrow_mut();
        let dims: Vec<usize> = groups.dims(level).iter().copied().filter(|dim| keeps(&self.dim_name(*dim))).collect();
        groups.level(&dims)
    }

    /// The level that has dimensions beside those of a level.
    fn level_with(&self, level: LevelId, names: &[String]) -> LevelId {
        let mut groups = self.book.groups.borrow_mut();
        let mut dims = groups.dims(level).to_vec();
        let all = self.report.dims.iter().chain(&self.report.hidden_dims);
        dims.extend(all.enumerate().filter(|(_, d)| names.contains(&d.name)).map(|(index, _)| index));
        dims.sort_unstable();
        dims.dedup();
        groups.level(&dims)
    }

    fn dim_name(&self, index: usize) -> String {
        let all = self.report.dims.iter().chain(&self.report.hidden_dims);
        all.map(|dim| dim.name.clone()).nth(index).unwrap_or_default()
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
        for (view, name) in leaves {
            let (bucket, buckets) = self.book.buckets(self.input(view, name)?.1)?;
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
            let range = counted(self.plan, self.report);
            range.start.is_none_or(|day| period.end >= day) && range.end.is_none_or(|day| period.start <= day)
        };
        Ok(keys.into_iter().map(|key| periods.period(self.grain, key)).filter(within).collect())
    }

    /// The input that holds a simple metric's states for a view.
    fn input(&self, view: View<'p>, name: &str) -> Result<(usize, &'p ReportInput), Diagnostic> {
        let groups = self.book.groups.borrow();
        let dims = groups.dims(view.level);
        let inputs = self.report.inputs.iter().enumerate();
        let fits = |(_, input): &(usize, &ReportInput)| {
            input.segment == view.segment
                && input.slots.contains_key(name)
                && dims.iter().all(|dim| input.dims.contains(dim))
        };
        let best = inputs.filter(fits).min_by_key(|(_, input)| input.dims.len());
        best.ok_or_else(|| Diagnostic::bug(format!("`{name}` has no input for segment `{}`", view.segment)))
    }

    fn slots(&mut self, when: When) -> Rc<Vec<Slot>> {
        let (plan, report, grain, periods) = (self.plan, self.report, self.grain, &self.periods);
        let slots = self.slots.entry(when);
        slots.or_insert_with(|| Rc::new(when.slots(&plan.calendar, counted(plan, report), grain, periods))).clone()
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
            let cells = self.book.snapshot(input, view.level, &slots, (name, how))?;
            self.cells.insert((index, view, name), Rc::new(cells));
            // Which rows there are is told by all records, not by those of the days that count.
            let cells = self.book.cells(input, view.level, (self.grain, &slots), &[])?;
            self.cells.insert((index, view, ""), Rc::new(cells));
        }
        for ((index, view), names) in plain {
            let slots = self.slots(view.when);
            let cells = self.book.cells(&self.report.inputs[index], view.level, (self.grain, &slots), &names)?;
            self.cells.insert((index, view, ""), Rc::new(cells));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Sheet, Diagnostic> {
        let main = self.main;
        let mut shown = vec![];
        for name in &self.report.metrics {
            let columns = self.value(name, main, main)?;
            let mut earlier: Vec<Option<values::Compared>> = self.report.compare.iter().map(|_| None).collect();
            for (index, comparison) in self.comparisons(name) {
                let known = self.known(name);
                let now = self.value(name, View { when: main.when.current(known), ..main }, main)?;
                let then =
                    self.value(name, View { when: main.when.earlier(comparison.offset, known), ..main }, main)?;
                earlier[index] = Some(values::compare(self.metric(name), &now.value, &then.value)?);
            }
            shown.push(Shown { columns, earlier });
        }
        let rows = self.rows[&rows_key(main)].keys.clone();
        Ok(Sheet { periods: self.periods, rows, values: shown })
    }

    /// A metric's columns in a view, for the rows of another view.
    fn value(&mut self, name: &'p str, view: View<'p>, rows: View<'p>) -> Result<Columns, Diagnostic> {
        if !self.values.contains_key(&view) {
            self.evaluate(view)?;
        }
        let columns = self.values.get(&view).and_then(|values| values.get(name));
        let columns = columns.cloned().ok_or_else(|| Diagnostic::bug(format!("`{name}` was not evaluated")))?;
        if rows_key(view) == rows_key(rows) {
            return Ok(columns);
        }
        let (from, to) = (self.rows[&rows_key(view)].clone(), self.rows[&rows_key(rows)].clone());
        let of: Vec<u32> = to.keys.iter().map(|(_, group)| *group).collect();
        let groups = self.book.groups.borrow_mut().project(rows.level, view.level, &of);
        let found = to.keys.iter().zip(groups).map(|((slot, _), group)| from.row((*slot, group)));
        columns.taken(&found.collect::<IdxCa>())
    }

    /// Computes all metrics that are needed in a view, each after its inputs.
    fn evaluate(&mut self, view: View<'p>) -> Result<(), Diagnostic> {
        let mut names: Vec<&'p str> = self.wanted.get(&view).into_iter().flatten().copied().collect();
        names.sort_by_key(|name| self.plan.metrics.get_index_of(*name));
        let mut done: IndexMap<&'p str, Columns> = IndexMap::new();
        self.finish_simple(view, &names, &mut done)?;
        // Derived metrics that do not wait for each other are computed at one go.
        let mut waiting: Vec<&'p MetricPlan> = vec![];
        for name in names.into_iter().filter(|name| !matches!(self.plan.metrics[*name].formula, Formula::Simple { .. }))
        {
            let metric = self.metric(name);
            if metric.formula.inputs().iter().any(|input| waiting.iter().any(|m| m.name == *input)) {
                self.derive(view, &mut waiting, &mut done)?;
            }
            if matches!(metric.formula, Formula::Derived { .. }) {
                waiting.push(metric);
                continue;
            }
            let columns = self.composed(metric, view, &done)?;
            done.insert(name, columns);
        }
        self.derive(view, &mut waiting, &mut done)?;
        if let Some(rows) = self.looked_at(view) {
            // Where nothing is looked at nothing is known, whatever an expression makes of null.
            for columns in done.values_mut() {
                *columns = columns.taken(&rows)?;
            }
        }
        self.values.insert(view, done);
        Ok(())
    }

    /// The simple metrics of a view; nobody reads their states any more then.
    fn finish_simple(
        &mut self,
        view: View<'p>,
        names: &[&'p str],
        done: &mut IndexMap<&'p str, Columns>,
    ) -> Result<(), Diagnostic> {
        let mut states: HashMap<(usize, &str), DataFrame> = HashMap::new();
        for name in names {
            let metric = self.metric(name);
            let Formula::Simple { snapshot, .. } = &metric.formula else { continue };
            let (index, input) = self.input(view, name)?;
            let kind = if snapshot.is_some() { name } else { "" };
            let states = match states.entry((index, kind)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(self.aligned(index, view, kind)?),
            };
            if self.report.single_valued.iter().any(|m| m == name) {
                values::check_single(self.report, metric, self.grain, states, input.slots[*name])?;
            }
            done.insert(name, values::simple(self.report, metric, input.slots[*name], states)?);
        }
        Ok(())
    }

    /// The rows of a view in which anything is looked at, the others null; `None`: in all.
    fn looked_at(&mut self, view: View<'p>) -> Option<IdxCa> {
        let slots = self.slots(view.when);
        if view.when.is_daily() || slots.len() == self.periods.len() {
            return None;
        }
        let periods: BTreeSet<u32> = slots.iter().map(|slot| slot.period).collect();
        let keys = (0u32..).zip(&self.rows[&rows_key(view)].keys);
        Some(keys.map(|(row, (period, _))| periods.contains(period).then_some(row)).collect())
    }

    /// A metric made of others, which may be in other views.
    fn composed(
        &mut self,
        metric: &'p MetricPlan,
        view: View<'p>,
        done: &IndexMap<&'p str, Columns>,
    ) -> Result<Columns, Diagnostic> {
        let inputs = self.inputs(&metric.name, view);
        let of = |maker: &mut Self, index: usize, rows: View<'p>| -> Result<Columns, Diagnostic> {
            let (name, its) = inputs[index];
            match done.get(name).filter(|_| its == view) {
                Some(columns) => Ok(columns.clone()),
                None => maker.value(name, its, rows),
            }
        };
        match &metric.formula {
            Formula::Ratio { unit, .. } if !unit.is_empty() => {
                let units = inputs[0].1;
                let (above, below) = (of(self, 0, units)?, of(self, 1, units)?);
                let ratios = values::divided(&above.value, &below.value, false)?;
                let finer = self.rows[&rows_key(units)].clone();
                let groups: Vec<u32> = finer.keys.iter().map(|(_, group)| *group).collect();
                let groups = self.book.groups.borrow_mut().project(units.level, view.level, &groups);
                let rows = &self.rows[&rows_key(view)];
                let belongs = finer.keys.iter().zip(groups).map(|((slot, _), g)| rows.row((*slot, g)));
                values::mean(metric, &ratios.value, belongs, rows.keys.len())
            }
            Formula::Ratio { .. } => {
                let (above, below) = (of(self, 0, view)?, of(self, 1, view)?);
                values::divided(&above.value, &below.value, self.with_parts)
            }
            Formula::Share { .. } => {
                let (part, whole) = (of(self, 0, view)?, of(self, 1, view)?);
                values::divided(&part.value, &whole.value, self.with_parts)
            }
            Formula::Cumulative { anchor: PeriodAgg::Average, .. } => {
                let days = inputs[0].1;
                let each = of(self, 0, days)?;
                let (finer, slots) = (self.rows[&rows_key(days)].clone(), self.slots(days.when));
                let rows = &self.rows[&rows_key(view)];
                let belongs = finer.keys.iter().map(|(slot, group)| rows.row((slots[*slot as usize].period, *group)));
                let mean = values::mean(metric, &each.value, belongs, rows.keys.len())?;
                Ok(Columns { parts: None, ..mean })
            }
            Formula::Cumulative { .. } => Ok(Columns { parts: None, ..of(self, 0, view)? }),
            Formula::Comparison { calculation, .. } => {
                let (now, then) = (of(self, 0, view)?, of(self, 1, view)?);
                values::comparison(metric, *calculation, (&now.value, &then.value), self.with_parts)
            }
            Formula::Simple { .. } | Formula::Derived { .. } => Err(Diagnostic::bug("not made of others")),
        }
    }

    /// Computes the derived metrics that wait, of which none is made of another.
    fn derive(
        &mut self,
        view: View<'p>,
        waiting: &mut Vec<&'p MetricPlan>,
        done: &mut IndexMap<&'p str, Columns>,
    ) -> Result<(), Diagnostic> {
        let waiting = std::mem::take(waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let slots = self.slots(view.when);
        let days = |metric: &MetricPlan| -> Column {
            let by_slot: Vec<i64> = slots.iter().map(|slot| self.days(metric, *slot)).collect();
            let rows = &self.rows[&rows_key(view)];
            let mut of_slot: HashMap<u32, i64> = HashMap::new();
            for (index, (slot, days)) in (0u32..).zip(slots.iter().zip(by_slot)) {
                of_slot.insert(if view.when.is_daily() { index } else { slot.period }, days);
            }
            values::integers(rows.keys.iter().map(|(slot, _)| of_slot.get(slot).copied()))
        };
        let rows = self.rows[&rows_key(view)].keys.len();
        let derived = values::derive(self.report, &waiting, (rows, done), &days, &self.plan.metrics)?;
        for (metric, columns) in waiting.into_iter().zip(derived) {
            done.insert(&metric.name, columns);
        }
        Ok(())
    }

    /// How many days a derived metric looks at.
    fn days(&self, metric: &MetricPlan, slot: Slot) -> i64 {
        let known = self.known(&metric.name);
        let last = known.last.map_or(i32::MIN, |last| last.min(slot.last));
        let first = if slot.first == i32::MIN { known.first.unwrap_or(last) } else { slot.first };
        (i64::from(last) - i64::from(first) + 1).max(0)
    }

    /// The states of an input for the rows of a view.
    fn aligned(&mut self, index: usize, view: View<'p>, kind: &'p str) -> Result<DataFrame, Diagnostic> {
        let cells = self.cells.remove(&(index, view, kind)).ok_or_else(|| Diagnostic::bug("no cells"))?;
        let slots = self.slots(view.when);
        let rows = &self.rows[&rows_key(view)];
        let slot = |slot: u32| if view.when.is_daily() { slot } else { slots[slot as usize].period };
        let same = rows.keys.len() == cells.slots.len()
            && rows.keys.iter().zip(cells.slots.iter().zip(&cells.groups)).all(|(k, (s, g))| *k == (slot(*s), *g));
        if same {
            return values::frame(&cells.states, None);
        }
        let mut place: Vec<Option<u32>> = vec![None; rows.keys.len()];
        for (cell, (s, group)) in (0u32..).zip(cells.slots.iter().zip(&cells.groups)) {
            if let Some(row) = rows.row((slot(*s), *group)) {
                place[row as usize] = Some(cell);
            }
        }
        values::frame(&cells.states, Some(&place.into()))
    }
}

/// The days that count in a report: within its range, and not after the last day that counts at all.
pub(super) fn counted(plan: &Plan, report: &ReportPlan) -> DayRange {
    let last = plan.as_of.into_iter().chain(report.range.end).min();
    DayRange { end: last, ..report.range }
}

/// The segment of all records.
const ALL: &str = "all";
