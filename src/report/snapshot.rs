//! Measures that do not add up over time: which day of a period counts for each key (an account), whatever the segment.

use super::cells::{batch_of, Cells};
use super::views::Slot;
use crate::diagnostic::Diagnostic;
use crate::plan::Snapshot;
use crate::spec::WindowAgg;
use arrow::array::{ArrayRef, AsArray, Int64Array, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The column of days that have a value, for the average of days.
pub(super) const DAYS: &str = "days";

/// The days on which the keys of a source have records.
pub(super) struct Dates {
    /// By key, in order.
    by_key: BTreeMap<u32, Vec<i32>>,
}

impl Dates {
    pub(super) fn new(days: &[i32], keys: &[u32]) -> Self {
        let mut by_key: BTreeMap<u32, Vec<i32>> = BTreeMap::new();
        for (day, key) in days.iter().zip(keys) {
            by_key.entry(*key).or_default().push(*day);
        }
        for days in by_key.values_mut() {
            days.sort_unstable();
            days.dedup();
        }
        Self { by_key }
    }

    /// For each slot and key the cells of the day that counts: pairs of slot and cell, given the cells' days and keys.
    pub(super) fn choose(&self, how: &Snapshot, slots: &[Slot], days: &[i32], keys: &[u32]) -> Vec<(u32, u32)> {
        let mut cells: BTreeMap<(u32, i32), Vec<u32>> = BTreeMap::new();
        for (cell, (day, key)) in (0u32..).zip(days.iter().zip(keys)) {
            cells.entry((*key, *day)).or_default().push(cell);
        }
        let mut chosen = vec![];
        for (index, slot) in (0u32..).zip(slots) {
            for (key, days) in &self.by_key {
                let Some(day) = day(how, *slot, days) else { continue };
                chosen.extend(cells.get(&(*key, day)).into_iter().flatten().map(|cell| (index, *cell)));
            }
        }
        chosen
    }

    /// How often keys had no record of their own, slot by slot: carried, missing, and slots of which some are missing.
    pub(super) fn count(&self, how: &Snapshot, slots: &[Slot]) -> (u64, u64, u64) {
        let (mut carried, mut missing, mut partial) = (0, 0, 0);
        for slot in slots {
            let (mut known, mut lacking) = (0u64, 0u64);
            for days in self.by_key.values().filter(|days| days.first().is_some_and(|first| *first <= slot.last)) {
                match day(how, *slot, days) {
                    None => lacking += 1,
                    Some(day) => {
                        known += 1;
                        carried += u64::from(day < slot.first);
                    }
                }
            }
            missing += lacking;
            partial += u64::from(known > 0 && lacking > 0);
        }
        (carried, missing, partial)
    }
}

/// How often the keys of a measure that does not add up over time had no record in a period.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SnapshotCount {
    /// The report.
    pub report: String,
    /// The grain of the periods.
    pub grain: &'static str,
    /// The metric.
    pub metric: String,
    /// Pairs of a period and a key whose value was taken from a day before the period.
    pub carried: u64,
    /// Pairs of a period and a key that has records before, but none in the period, nor in the days that may stand in.
    pub missing: u64,
    /// Periods whose value is of some keys, while others are missing.
    pub partial_periods: u64,
}

/// The day that counts, of the days on which a key has records.
fn day(how: &Snapshot, slot: Slot, days: &[i32]) -> Option<i32> {
    let after = days.partition_point(|day| *day <= slot.last);
    let before = days.partition_point(|day| *day < slot.first);
    match how.pick {
        WindowAgg::First => days.get(before).copied().filter(|day| *day <= slot.last),
        WindowAgg::Opening => days[..before].last().copied(),
        WindowAgg::Last | WindowAgg::Average => {
            days[..after].last().copied().filter(|day| *day >= slot.first.saturating_sub(how.carry))
        }
    }
}

/// The cells of days that have a value, each counting as one day.
pub(super) fn known_days(cells: &Cells, counts: &str) -> Result<Cells, Diagnostic> {
    let known = cells.states.column_by_name(counts).ok_or_else(|| Diagnostic::bug("a sum without its count"))?;
    let known = known.as_primitive::<Int64Type>().values();
    let rows: Vec<u32> = (0u32..).zip(known).filter(|(_, n)| **n > 0).map(|(row, _)| row).collect();
    let taken = UInt32Array::from(rows.clone());
    let mut columns: Vec<(String, ArrayRef)> = vec![];
    for (field, array) in cells.states.schema().fields().iter().zip(cells.states.columns()) {
        let array = take(array, &taken, None).map_err(|e| Diagnostic::bug(e.to_string()))?;
        columns.push((field.name().clone(), array));
    }
    columns.push((DAYS.to_owned(), Arc::new(Int64Array::from(vec![1; rows.len()]))));
    let of = |values: &[u32]| rows.iter().map(|row| values[*row as usize]).collect();
    Ok(Cells { slots: of(&cells.slots), groups: of(&cells.groups), states: batch_of(rows.len(), columns)? })
}
