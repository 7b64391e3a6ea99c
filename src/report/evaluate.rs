//! The values of metrics in their views: simple ones of states, the others of those that they are made of.

use super::rows::rows_key;
use super::sheet::Maker;
use super::values::{self, Columns};
use super::views::{Slot, View};
use crate::diagnostic::Diagnostic;
use crate::plan::{Formula, MetricPlan};
use crate::spec::PeriodAgg;
use indexmap::IndexMap;
use polars::prelude::{Column, DataFrame, IdxCa};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

impl<'p> Maker<'_, 'p> {
    /// A metric's columns in a view, for the rows of another view.
    pub(super) fn value(&mut self, name: &'p str, view: View<'p>, rows: View<'p>) -> Result<Columns, Diagnostic> {
        let view = self.seen(name, view);
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
                let compared = values::comparison(metric, *calculation, (&now.value, &then.value), self.with_parts)?;
                match self.comparable(&inputs, view) {
                    None => Ok(compared),
                    // What is compared is shown all the same.
                    Some(rows) => Ok(Columns { value: compared.taken(&rows)?.value, ..compared }),
                }
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
        // Columns are shared, not copied.
        let mut inputs: IndexMap<&'p str, Columns> = IndexMap::new();
        for name in waiting.iter().flat_map(|metric| metric.formula.inputs()) {
            if !inputs.contains_key(name) {
                let columns = done.get(name).filter(|_| self.seen(name, view) == view).cloned();
                let columns = columns.map_or_else(|| self.value(name, view, view), Ok)?;
                inputs.insert(name, columns);
            }
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
        let derived = values::derive(self.report, &waiting, (rows, &inputs), &days)?;
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
