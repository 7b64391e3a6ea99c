//! From the cells of a roll-up to those of longer buckets and fewer dimensions: keys meet, states merge. Sums are exact
//! whatever their order; only a final one that 128 bits do not hold is an error.

use super::hash::fast_map;
use super::pairs::Pairs;
use super::wide::Wide;
use crate::diagnostic::Diagnostic;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, PrimitiveArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Decimal128Type, Field, Float64Type, Int32Type, Int64Type, Schema, UInt32Type};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// How the states of cells become that of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Sums and counts, which are never null.
    Add,
    /// The smallest that is known.
    Min,
    /// The largest that is known.
    Max,
}

/// Cells with the keys `b` (given by `buckets`, one for each row of `cells`; `None` leaves the row out) and the columns
/// named in `dims`, and the states named in `states`.
///
/// # Errors
/// A sum that is too large, told by `overflow`.
pub fn coarsen(
    cells: &RecordBatch,
    buckets: &[Option<i64>],
    dims: &[String],
    states: &[(String, Merge)],
    overflow: &dyn Fn() -> Diagnostic,
) -> Result<RecordBatch, Diagnostic> {
    let column = |name: &str| {
        cells.column_by_name(name).ok_or_else(|| Diagnostic::bug(format!("a roll-up without the column {name}")))
    };
    let rows: Vec<usize> = (0..buckets.len()).filter(|row| buckets[*row].is_some()).collect();
    let dim_arrays: Vec<&ArrayRef> = dims.iter().map(|dim| column(dim)).collect::<Result<_, _>>()?;
    let (slots, firsts) = slots(buckets, &dim_arrays, &rows);
    let merged = Merged { slots, firsts, rows };
    let periods: arrow::array::Int64Array = merged.firsts.iter().map(|first| buckets[*first as usize]).collect();
    let mut columns: Vec<(String, ArrayRef)> = vec![("b".to_owned(), Arc::new(periods))];
    let firsts = UInt32Array::from(merged.firsts.clone());
    for (name, array) in dims.iter().zip(dim_arrays) {
        let values = take(array, &firsts, None).map_err(|e| Diagnostic::bug(e.to_string()))?;
        columns.push((name.clone(), values));
    }
    // Counts that are the same for several states are one array, and stay one.
    let mut known: Vec<(&ArrayRef, ArrayRef)> = vec![];
    for (name, how) in states {
        let array = column(name)?;
        let merged = match known.iter().find(|(from, _)| *how == Merge::Add && Arc::ptr_eq(from, array)) {
            Some((_, merged)) => merged.clone(),
            None => merged.state(array, *how).ok_or_else(overflow)?,
        };
        known.push((array, merged.clone()));
        columns.push((name.clone(), merged));
    }
    let fields: Vec<Field> = columns.iter().map(|(name, a)| Field::new(name, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| Diagnostic::bug(e.to_string()))
}

/// Which cells become which.
struct Merged {
    /// For each kept row its new cell.
    slots: Vec<u32>,
    /// For each new cell the first row that became it.
    firsts: Vec<u32>,
    /// The rows that are kept.
    rows: Vec<usize>,
}

/// The new cell of each row, and the first row of each.
fn slots(buckets: &[Option<i64>], dims: &[&ArrayRef], rows: &[usize]) -> (Vec<u32>, Vec<u32>) {
    let number = |row: &usize| buckets[*row].unwrap_or(0);
    let (mut slots, mut len) = numbered(rows.iter().map(number).map(Some));
    for dim in dims {
        let (codes, codes_len) = codes(dim, rows);
        let mut pairs = Pairs::new();
        pairs.fit(len, codes_len);
        let mut next = Vec::with_capacity(rows.len());
        pairs.number(slots.into_iter().zip(codes), &mut next);
        (slots, len) = (next, pairs.len());
    }
    let mut firsts = vec![u32::MAX; len];
    for (row, slot) in rows.iter().zip(&slots).rev() {
        firsts[*slot as usize] = u32::try_from(*row).unwrap_or(u32::MAX);
    }
    // Without dimensions the codes of buckets begin with that of null, which does not occur.
    if firsts.first() == Some(&u32::MAX) {
        firsts.remove(0);
        for slot in &mut slots {
            *slot -= 1;
        }
    }
    (slots, firsts)
}

/// Small numbers for the values of a dimension, that of null 0, and how many numbers there are.
fn codes(dim: &ArrayRef, rows: &[usize]) -> (Vec<u32>, usize) {
    match dim.data_type() {
        DataType::Dictionary(..) => {
            let texts = dim.as_dictionary::<Int32Type>();
            let keys = texts.keys();
            let code = |row: &usize| {
                let key = if keys.is_valid(*row) { keys.value(*row) } else { -1 };
                u32::try_from(key + 1).unwrap_or(0)
            };
            (rows.iter().map(code).collect(), texts.values().len() + 1)
        }
        DataType::UInt32 => {
            let codes = dim.as_primitive::<UInt32Type>();
            let most = arrow::compute::max(codes).unwrap_or(0);
            (rows.iter().map(|row| codes.value(*row)).collect(), most as usize + 1)
        }
        DataType::Boolean => {
            let flags = dim.as_boolean();
            numbered(rows.iter().map(|row| flags.is_valid(*row).then(|| i64::from(flags.value(*row)))))
        }
        DataType::Int32 => {
            let days = dim.as_primitive::<Int32Type>();
            numbered(rows.iter().map(|row| days.is_valid(*row).then(|| i64::from(days.value(*row)))))
        }
        _ => {
            let numbers = dim.as_primitive::<Int64Type>();
            numbered(rows.iter().map(|row| numbers.is_valid(*row).then(|| numbers.value(*row))))
        }
    }
}

fn numbered(values: impl Iterator<Item = Option<i64>>) -> (Vec<u32>, usize) {
    let mut known = fast_map();
    let mut last = (None, 0);
    let codes = values
        .map(|value| {
            if value.is_none() || value == last.0 {
                return value.map_or(0, |_| last.1);
            }
            let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
            last = (value, *known.entry(value).or_insert(next));
            last.1
        })
        .collect();
    (codes, known.len() + 1)
}

impl Merged {
    /// The states of the new cells; `None` when a sum is too large.
    fn state(&self, array: &ArrayRef, how: Merge) -> Option<ArrayRef> {
        Some(match (how, array.data_type()) {
            (Merge::Add, DataType::Int64) => {
                let values = array.as_primitive::<Int64Type>().values();
                match self.add(values) {
                    Some(sums) => Arc::new(arrow::array::Int64Array::from(sums)),
                    None => self.add_wide(values.iter().map(|v| i128::from(*v)))?,
                }
            }
            (Merge::Add, _) => self.add_wide(array.as_primitive::<Decimal128Type>().values().iter().copied())?,
            (_, DataType::Float64) => Arc::new(self.extreme::<Float64Type>(array, how)),
            (_, DataType::Int64) => Arc::new(self.extreme::<Int64Type>(array, how)),
            _ => super::container(self.extreme::<Decimal128Type>(array, how)),
        })
    }

    /// `None` when 64 bits do not hold a sum on its way.
    fn add(&self, values: &[i64]) -> Option<Vec<i64>> {
        let mut sums = vec![0i64; self.firsts.len()];
        let mut passed = false;
        for (row, slot) in self.rows.iter().zip(&self.slots) {
            let sum = &mut sums[*slot as usize];
            let (new, over) = sum.overflowing_add(values[*row]);
            *sum = new;
            passed |= over;
        }
        (!passed).then_some(sums)
    }

    fn add_wide(&self, values: impl ExactSizeIterator<Item = i128>) -> Option<ArrayRef> {
        let mut sums = Wide::default();
        sums.fit(self.firsts.len());
        let mut kept = self.rows.iter().zip(&self.slots).peekable();
        for (row, value) in values.enumerate() {
            if let Some((_, slot)) = kept.next_if(|(kept, _)| **kept == row) {
                sums.add_one(*slot, value);
            }
        }
        let sums: Option<Vec<i128>> = (0..self.firsts.len()).map(|cell| sums.get(cell)).collect();
        Some(super::container(Decimal128Array::from(sums?)))
    }

    fn extreme<T: ArrowPrimitiveType>(&self, array: &ArrayRef, how: Merge) -> PrimitiveArray<T>
    where
        T::Native: PartialOrd,
    {
        let values = array.as_primitive::<T>();
        let mut best: Vec<Option<T::Native>> = vec![None; self.firsts.len()];
        for (row, slot) in self.rows.iter().zip(&self.slots).filter(|(row, _)| values.is_valid(**row)) {
            let (value, known) = (values.value(*row), &mut best[*slot as usize]);
            if known.is_none_or(|known| if how == Merge::Min { value < known } else { value > known }) {
                *known = Some(value);
            }
        }
        best.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, Float64Array, Int64Array};

    #[test]
    fn keys_meet_and_states_merge() {
        let texts: DictionaryArray<Int32Type> = vec![Some("x"), None, Some("y"), Some("x"), None].into_iter().collect();
        let wide = Decimal128Array::from(vec![1 << 100, -1, 2, 1 << 100, 5]);
        let least = Float64Array::from(vec![Some(2.5), None, Some(1.0), Some(-1.0), None]);
        let cells = RecordBatch::try_from_iter([
            ("d0", Arc::new(texts) as ArrayRef),
            ("d1", Arc::new(Int64Array::from(vec![7, 7, 7, 8, 7]))),
            ("s0", Arc::new(Int64Array::from(vec![i64::MAX, 1, 2, 3, 4]))),
            ("s1", super::super::container(wide)),
            ("v2", Arc::new(least)),
        ])
        .expect("cells");
        let states = [("s0".to_owned(), Merge::Add), ("s1".to_owned(), Merge::Add), ("v2".to_owned(), Merge::Min)];
        let overflow = || Diagnostic::bug("too large");
        let buckets = [Some(10), Some(10), None, Some(10), Some(10)];
        let found = coarsen(&cells, &buckets, &["d0".to_owned()], &states, &overflow).expect("coarser cells");
        assert_eq!(found.num_rows(), 2);
        assert_eq!(found.column(0).as_primitive::<Int64Type>().values(), &[10, 10]);
        assert!(found.column(1).is_valid(0) && found.column(1).is_null(1));
        // 64 bits do not hold the first sum.
        assert_eq!(found.column(2).as_primitive::<Decimal128Type>().values(), &[i128::from(i64::MAX) + 3, 5]);
        assert_eq!(found.column(3).as_primitive::<Decimal128Type>().values(), &[1 << 101, 4]);
        assert_eq!(found.column(4).as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(-1.0), None]);
        let all = coarsen(&cells, &[Some(0); 5], &[], &states[1..2], &overflow).expect("coarser cells");
        assert_eq!(all.column(1).as_primitive::<Decimal128Type>().values(), &[(1 << 101) + 6]);
        assert!(coarsen(&cells, &[None; 5], &["d1".to_owned()], &states, &overflow).is_ok_and(|c| c.num_rows() == 0));
    }
}
