//! Which rows a sheet has, at every level that is looked at.

use super::cells::Cells;
use super::groups::LevelId;
use super::sheet::Maker;
use super::views::{View, When};
use crate::rollup::{fast_map, FastMap};
use indexmap::IndexMap;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Rows by their keys: (index of a period or slot, group).
#[derive(Default)]
pub(super) struct Rows {
    pub(super) keys: Vec<(u32, u32)>,
    index: OnceCell<FastMap<u64>>,
}

impl Rows {
    /// The row of a key.
    pub(super) fn row(&self, key: (u32, u32)) -> Option<u32> {
        let index = self.index.get_or_init(|| {
            let mut index = fast_map();
            index.reserve(self.keys.len());
            for (row, key) in (0u32..).zip(&self.keys) {
                index.insert(packed(*key), row);
            }
            index
        });
        index.get(&packed(key)).copied()
    }
}

fn packed((slot, group): (u32, u32)) -> u64 {
    u64::from(slot) << 32 | u64::from(group)
}

/// What rows are alike: those of a level, all or the rest, by period, or for averages of days by slot.
pub(super) type RowsKey = (LevelId, bool, Option<When>);

pub(super) fn rows_key(view: View<'_>) -> RowsKey {
    (view.level, view.rest, view.when.is_daily().then_some(view.when))
}

/// Keys of rows, of one set of cells or several.
#[derive(Default)]
struct Gathered {
    keys: Vec<(u32, u32)>,
    /// Whether a key may be there twice.
    several: bool,
}

impl Gathered {
    fn add(&mut self, keys: impl Iterator<Item = (u32, u32)>, several: bool) {
        self.several |= several || !self.keys.is_empty();
        self.keys.extend(keys);
    }

    fn rows(mut self) -> Rows {
        if self.several {
            self.keys.sort_unstable();
            self.keys.dedup();
        }
        Rows { keys: self.keys, index: OnceCell::new() }
    }
}

impl<'p> Maker<'_, 'p> {
    /// The rows of every level: where the segment's own records are, or what the report's rows belong to.
    pub(super) fn make_rows(&mut self) {
        let main = rows_key(self.main);
        let mut all: IndexMap<RowsKey, Gathered> = IndexMap::new();
        all.entry(main).or_default();
        for view in self.wanted.keys() {
            all.entry(rows_key(*view)).or_default();
        }
        for (view, cells) in self.own_cells() {
            let slots = &self.slots[&view.when];
            let period = |slot: &u32| slots[*slot as usize].period;
            let (daily, finer) = (view.when.is_daily(), self.is_finer(view.level, view.rest));
            if finer && !daily {
                let keys = cells.slots.iter().map(period).zip(cells.groups.iter().copied());
                all.entry(rows_key(view)).or_default().add(keys, false);
            }
            if finer && rows_key(view) != main {
                let groups = self.book.groups.borrow_mut().project(view.level, self.main.level, &cells.groups);
                all.entry(main).or_default().add(cells.slots.iter().map(period).zip(groups), true);
            }
        }
        if let Some(tops) = self.tops {
            // The rest has a row where the details have one that is not kept.
            let lists =
                (0u32..).zip(&self.periods).flat_map(|(at, period)| tops.rest(period).map(move |list| (at, list)));
            *all.entry(main).or_default() = Gathered { keys: lists.collect(), several: true };
        } else if self.leaves().iter().any(|(view, name)| *view == self.main && self.on_spine(name)) {
            let rows = all.entry(main).or_default();
            let groups: BTreeSet<u32> = rows.keys.iter().map(|(_, group)| *group).collect();
            let periods = 0..u32::try_from(self.periods.len()).unwrap_or(u32::MAX);
            rows.add(periods.flat_map(|period| groups.iter().map(move |group| (period, *group))), true);
        }
        // Coarser levels have what the report's rows belong to, averages of days every day of it.
        let (periods, groups): (Vec<u32>, Vec<u32>) = all[&main].keys.iter().copied().unzip();
        for ((level, rest, daily), rows) in &mut all {
            if daily.is_none() && self.is_finer(*level, *rest) {
                continue;
            }
            let groups = self.book.groups.borrow_mut().project(self.main.level, *level, &groups);
            let keys = periods.iter().copied().zip(groups);
            let Some(when) = daily else {
                rows.add(keys, true);
                continue;
            };
            let mut by_period: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for (index, slot) in (0u32..).zip(self.slots[when].iter()) {
                by_period.entry(slot.period).or_default().push(index);
            }
            let days = |period: u32| by_period.get(&period).into_iter().flatten().copied();
            rows.add(keys.flat_map(|(period, group)| days(period).map(move |slot| (slot, group))), true);
        }
        self.rows = all.into_iter().map(|(key, gathered)| (key, Rc::new(gathered.rows()))).collect();
    }

    /// The cells of the sheet's own segment, in the order of the views.
    fn own_cells(&self) -> Vec<(View<'p>, Rc<Cells>)> {
        let own = |view: &View<'p>| view.segment == self.main.segment;
        let mut cells: Vec<(View<'p>, Rc<Cells>)> = self
            .cells
            .iter()
            .filter(|((_, view, name), _)| name.is_empty() && own(view))
            .map(|((_, view, _), cells)| (*view, cells.clone()))
            .collect();
        cells.sort_by_key(|(view, _)| self.wanted.get_index_of(view));
        cells
    }

    /// Whether a level keeps all dimensions of the sheet's, and is of the same groups.
    fn is_finer(&self, level: LevelId, rest: bool) -> bool {
        if rest != self.main.rest {
            return false;
        }
        let groups = self.book.groups.borrow();
        groups.dims(self.main.level).iter().all(|dim| groups.dims(level).contains(dim))
    }
}
