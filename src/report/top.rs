//! Top lists: the groups with the largest values of a metric, for each period and segment; and the rest.

use super::cells::{Cells, LeftOut};
use super::groups::{Groups, LevelId};
use super::periods::Period;
use super::sheet::{Maker, Sheet, Shown};
use super::values;
use super::views::{Slot, View};
use crate::diagnostic::Diagnostic;
use crate::plan::TopPlan;
use arrow::compute::concat_batches;
use polars::prelude::{Column, IdxCa};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The groups that are among the top ones, by the first day and the hour of their period.
pub(super) struct Tops {
    /// The level of the groups.
    level: LevelId,
    groups: HashMap<(i32, Option<i64>), HashSet<u32>>,
    /// The lists that have further groups, by period.
    rest: HashMap<(i32, Option<i64>), BTreeSet<u32>>,
}

impl Tops {
    /// The lists that have further groups in a period.
    pub(super) fn rest(&self, period: &Period) -> impl Iterator<Item = u32> + '_ {
        self.rest.get(&(period.start, period.hour)).into_iter().flatten().copied()
    }

    fn has(&self, period: &Period, group: u32) -> bool {
        self.groups.get(&(period.start, period.hour)).is_some_and(|groups| groups.contains(&group))
    }
}

/// Keeps the top rows of the details, ranked, and tells which groups they are.
pub(super) fn cut(
    top: &TopPlan,
    (level, per): (LevelId, LevelId),
    sheet: Sheet,
    groups: &mut Groups,
) -> Result<(Sheet, Tops), Diagnostic> {
    let order = groups.order(level);
    let of: Vec<u32> = sheet.rows.iter().map(|(_, group)| *group).collect();
    let lists = groups.project(level, per, &of);
    let values = sheet.values.get(top.by).ok_or_else(|| Diagnostic::bug("nothing to rank by"))?;
    let values = Ranked::new(&values.columns.value)?;
    let mut by_list: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (row, (key, list)) in sheet.rows.iter().zip(&lists).enumerate() {
        if values.is_known(row) {
            by_list.entry((key.0, *list)).or_default().push(row);
        }
    }
    let mut ranks: Vec<Option<i64>> = vec![None; sheet.rows.len()];
    let mut tops = Tops { level, groups: HashMap::new(), rest: HashMap::new() };
    for ((period, _), mut rows) in by_list {
        rows.sort_by(|a, b| {
            let by_value = values.compare(*a, *b);
            let by_value = if top.ascending { by_value } else { by_value.reverse() };
            by_value.then_with(|| order[sheet.rows[*a].1 as usize].cmp(&order[sheet.rows[*b].1 as usize]))
        });
        let period = &sheet.periods[period as usize];
        let kept = tops.groups.entry((period.start, period.hour)).or_default();
        for (row, rank) in rows.into_iter().zip(1..=i64::from(top.n)) {
            ranks[row] = Some(rank);
            kept.insert(sheet.rows[row].1);
        }
    }
    for ((key, list), _) in sheet.rows.iter().zip(&lists).zip(&ranks).filter(|(_, rank)| rank.is_none()) {
        let period = &sheet.periods[key.0 as usize];
        tops.rest.entry((period.start, period.hour)).or_default().insert(*list);
    }
    Ok((kept(sheet, &ranks)?, tops))
}

/// The rows of a sheet that have a rank.
fn kept(sheet: Sheet, ranks: &[Option<i64>]) -> Result<Sheet, Diagnostic> {
    let rows: Vec<u32> = (0u32..).zip(ranks).filter(|(_, rank)| rank.is_some()).map(|(row, _)| row).collect();
    let taken: IdxCa = rows.iter().map(|row| Some(*row)).collect();
    let shown = |shown: Shown| {
        let earlier = shown.earlier.iter().map(|c| c.as_ref().map(|c| c.taken(&taken)).transpose());
        let breaks = shown.breaks.as_ref().map(|column| values::taken(column, &taken)).transpose()?;
        Ok(Shown {
            earlier: earlier.collect::<Result<_, Diagnostic>>()?,
            columns: shown.columns.taken(&taken)?,
            breaks,
        })
    };
    Ok(Sheet {
        rows: rows.iter().map(|row| sheet.rows[*row as usize]).collect(),
        ranks: Some(ranks.iter().copied().flatten().collect()),
        values: sheet.values.into_iter().map(shown).collect::<Result<_, Diagnostic>>()?,
        periods: sheet.periods,
    })
}

/// Values to rank by: whole numbers exactly.
enum Ranked {
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
}

impl Ranked {
    fn new(column: &Column) -> Result<Self, Diagnostic> {
        match column.i64() {
            Ok(integers) => Ok(Self::Integers(integers.iter().collect())),
            Err(_) => values::as_floats(column).map(Self::Floats),
        }
    }

    fn is_known(&self, row: usize) -> bool {
        match self {
            Self::Integers(values) => values[row].is_some(),
            Self::Floats(values) => values[row].is_some(),
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Integers(values) => values[a].cmp(&values[b]),
            Self::Floats(values) => values[a].partial_cmp(&values[b]).unwrap_or(Ordering::Equal),
        }
    }
}

/// Makes cells at a level, over slots, of groups that are not left out.
pub(super) type MakeCells<'c> = dyn Fn(LevelId, &[Slot], LeftOut<'_>) -> Result<Cells, Diagnostic> + 'c;

impl<'p> Maker<'_, 'p> {
    /// The cells of a view. Those of the rest are made where the groups of the details are told apart, and then put
    /// together.
    pub(super) fn gathered(&self, view: View<'p>, slots: &[Slot], make: &MakeCells<'_>) -> Result<Cells, Diagnostic> {
        let Some(tops) = self.tops.filter(|_| view.rest) else { return make(view.level, slots, None) };
        let level = self.told_apart(view);
        let cells = make(level, slots, None)?;
        let mut groups = self.book.groups.borrow_mut();
        let details = groups.project(level, tops.level, &cells.groups);
        let own = groups.project(level, view.level, &cells.groups);
        drop(groups);
        let slot = |(slot, detail): (&u32, &u32)| {
            let period = &self.periods[slots[*slot as usize].period as usize];
            (!tops.has(period, *detail)).then_some(i64::from(*slot))
        };
        let places: Vec<Option<i64>> = cells.slots.iter().zip(&details).map(slot).collect();
        self.book.together(&cells, &places, &own)
    }

    /// The cells of a view, period by period: days that are counted once, however many groups have them, cannot be put
    /// together afterwards.
    pub(super) fn by_period(&self, view: View<'p>, slots: &[Slot], make: &MakeCells<'_>) -> Result<Cells, Diagnostic> {
        let Some(tops) = self.tops.filter(|_| view.rest) else { return make(view.level, slots, None) };
        let mut by_period: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (index, slot) in (0u32..).zip(slots) {
            by_period.entry(slot.period).or_default().push(index);
        }
        let none = HashSet::new();
        let mut all: Vec<(Vec<u32>, Cells)> = vec![];
        for (period, indices) in by_period {
            let period = &self.periods[period as usize];
            let out = tops.groups.get(&(period.start, period.hour)).unwrap_or(&none);
            let its: Vec<Slot> = indices.iter().map(|index| slots[*index as usize]).collect();
            all.push((indices, make(view.level, &its, Some((tops.level, out)))?));
        }
        let slots = all.iter().flat_map(|(indices, cells)| cells.slots.iter().map(|slot| indices[*slot as usize]));
        let (slots, groups) =
            (slots.collect(), all.iter().flat_map(|(_, cells)| cells.groups.iter().copied()).collect());
        let Some((_, first)) = all.first() else { return make(view.level, &[], None) };
        let states = concat_batches(&first.states.schema(), all.iter().map(|(_, cells)| &cells.states));
        Ok(Cells { slots, groups, states: states.map_err(|e| Diagnostic::bug(e.to_string()))? })
    }
}
