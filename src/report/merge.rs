//! States over spans of days that overlap: each day's cells are added once, into running sums, of which a span is the
//! difference of two. Sums are exact, so the difference is.

use super::views::Slot;
use crate::diagnostic::Diagnostic;
use crate::rollup::{container, Merge};
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Decimal128Type, Float64Type, Int64Type};
use std::sync::Arc;

/// Cells of days, ordered by group and day.
pub(super) struct ByDay {
    /// The rows in that order.
    rows: Vec<u32>,
    /// The day of each, in that order.
    days: Vec<i32>,
    /// Group and the end of its rows.
    ends: Vec<(u32, usize)>,
}

/// What a span of a group holds: its rows are a range of [`ByDay`].
pub(super) struct Spans {
    /// Index of the slot of each.
    pub(super) slots: Vec<u32>,
    /// Group of each.
    pub(super) groups: Vec<u32>,
    /// Rows of each.
    ranges: Vec<(usize, usize)>,
}

impl ByDay {
    pub(super) fn new(days: &[i32], groups: &[u32]) -> Self {
        // A day of either sign as a number that is ordered as days are.
        let key = |row: u32| {
            let (group, day) = (groups[row as usize], days[row as usize]);
            u64::from(group) << 32 | u64::from(day.wrapping_sub(i32::MIN).cast_unsigned())
        };
        let mut keyed: Vec<(u64, u32)> =
            (0..u32::try_from(days.len()).unwrap_or(u32::MAX)).map(|row| (key(row), row)).collect();
        keyed.sort_unstable();
        let rows: Vec<u32> = keyed.into_iter().map(|(_, row)| row).collect();
        let mut ends: Vec<(u32, usize)> = vec![];
        for (at, row) in rows.iter().enumerate() {
            let group = groups[*row as usize];
            match ends.last_mut() {
                Some((last, end)) if *last == group => *end = at + 1,
                _ => ends.push((group, at + 1)),
            }
        }
        let days = rows.iter().map(|row| days[*row as usize]).collect();
        Self { rows, days, ends }
    }

    /// The spans that hold something.
    pub(super) fn spans(&self, slots: &[Slot]) -> Spans {
        let mut found = Spans { slots: vec![], groups: vec![], ranges: vec![] };
        let mut start = 0;
        for (group, end) in &self.ends {
            let days = &self.days[start..*end];
            for (index, slot) in (0u32..).zip(slots) {
                let from = days.partition_point(|day| *day < slot.first);
                let to = days.partition_point(|day| *day <= slot.last);
                if from < to {
                    found.slots.push(index);
                    found.groups.push(*group);
                    found.ranges.push((start + from, start + to));
                }
            }
            start = *end;
        }
        found
    }

    /// A state over spans.
    pub(super) fn state(
        &self,
        spans: &Spans,
        array: &ArrayRef,
        how: Merge,
        overflow: &dyn Fn() -> Diagnostic,
    ) -> Result<ArrayRef, Diagnostic> {
        Ok(match (how, array.data_type()) {
            (Merge::Add, DataType::Int64) => {
                let values = array.as_primitive::<Int64Type>().values();
                let sums = self.sums(spans, |row| i128::from(values[row]));
                let narrow: Option<Vec<i64>> = sums.iter().map(|sum| i64::try_from((*sum)?).ok()).collect();
                match narrow {
                    Some(sums) => Arc::new(Int64Array::from(sums)),
                    None => wide(sums).ok_or_else(overflow)?,
                }
            }
            (Merge::Add, _) => {
                let values = array.as_primitive::<Decimal128Type>().values();
                wide(self.sums(spans, |row| values[row])).ok_or_else(overflow)?
            }
            (_, DataType::Float64) => Arc::new(self.extreme::<Float64Type>(spans, array, how)),
            (_, DataType::Int64) => Arc::new(self.extreme::<Int64Type>(spans, array, how)),
            _ => container(self.extreme::<Decimal128Type>(spans, array, how)),
        })
    }

    /// `None` where 128 bits do not hold a running sum.
    fn sums(&self, spans: &Spans, value: impl Fn(usize) -> i128) -> Vec<Option<i128>> {
        let mut running = Vec::with_capacity(self.rows.len() + 1);
        let mut sum = Some(0i128);
        running.push(sum);
        for row in &self.rows {
            sum = sum.and_then(|sum| sum.checked_add(value(*row as usize)));
            running.push(sum);
        }
        spans.ranges.iter().map(|(from, to)| running[*to]?.checked_sub(running[*from]?)).collect()
    }

    fn extreme<T: ArrowPrimitiveType>(&self, spans: &Spans, array: &ArrayRef, how: Merge) -> PrimitiveArray<T>
    where
        T::Native: PartialOrd,
    {
        let values = array.as_primitive::<T>();
        let best = |(from, to): &(usize, usize)| {
            let rows = self.rows[*from..*to].iter().map(|row| *row as usize).filter(|row| values.is_valid(*row));
            rows.map(|row| values.value(row)).reduce(|best, value| {
                let better = if how == Merge::Min { value < best } else { value > best };
                if better {
                    value
                } else {
                    best
                }
            })
        };
        spans.ranges.iter().map(best).collect()
    }
}

fn wide(sums: Vec<Option<i128>>) -> Option<ArrayRef> {
    let sums: Option<Vec<i128>> = sums.into_iter().collect();
    Some(container(Decimal128Array::from(sums?)))
}
