//! The groups of a report: values of its dimensions as small numbers, and combinations of them as numbers of groups,
//! the same for all roll-ups that a report reads.

use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::Dim;
use crate::rollup::{fast_map, FastMap};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, StringArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use indexmap::IndexSet;
use std::sync::Arc;

/// The number of a value; null is 0.
type Code = u32;

/// The values of one dimension.
struct Values {
    ty: Type,
    texts: IndexSet<String>,
    numbers: IndexSet<i64>,
}

impl Values {
    fn new(ty: Type) -> Self {
        Self { ty, texts: IndexSet::new(), numbers: IndexSet::new() }
    }

    /// The numbers of a roll-up's column.
    fn codes(&mut self, array: &ArrayRef) -> Result<Vec<Code>, Diagnostic> {
        let code = |index: usize| Code::try_from(index + 1).unwrap_or(Code::MAX);
        Ok(match array.data_type() {
            DataType::Dictionary(..) => {
                let texts = array.as_dictionary::<Int32Type>();
                let values = texts.values().as_string::<i32>();
                let known: Vec<Code> = (0..values.len())
                    .map(|i| {
                        if values.is_valid(i) {
                            code(self.texts.insert_full(values.value(i).to_owned()).0)
                        } else {
                            0
                        }
                    })
                    .collect();
                let keys = texts.keys();
                let one =
                    |i: usize| if keys.is_valid(i) { known[usize::try_from(keys.value(i)).unwrap_or(0)] } else { 0 };
                (0..keys.len()).map(one).collect()
            }
            DataType::Boolean => self.number(array.as_boolean().iter().map(|flag| flag.map(i64::from))),
            DataType::Int32 => self.number(array.as_primitive::<Int32Type>().iter().map(|day| day.map(i64::from))),
            DataType::Int64 => self.number(array.as_primitive::<Int64Type>().iter()),
            other => return Err(Diagnostic::bug(format!("a dimension of type {other}"))),
        })
    }

    fn number(&mut self, values: impl Iterator<Item = Option<i64>>) -> Vec<Code> {
        let mut last = (None, 0);
        values
            .map(|value| {
                if value != last.0 {
                    let code =
                        value.map_or(0, |v| Code::try_from(self.numbers.insert_full(v).0 + 1).unwrap_or(Code::MAX));
                    last = (value, code);
                }
                last.1
            })
            .collect()
    }

    fn len(&self) -> usize {
        self.texts.len() + self.numbers.len()
    }

    /// The values by number, that of null first.
    fn array(&self) -> ArrayRef {
        let numbers = || self.numbers.iter().copied();
        match self.ty {
            Type::Bool => {
                Arc::new(std::iter::once(None).chain(numbers().map(|n| Some(n != 0))).collect::<BooleanArray>())
            }
            Type::Date => {
                Arc::new(std::iter::once(None).chain(numbers().map(|n| i32::try_from(n).ok())).collect::<Date32Array>())
            }
            Type::Text => Arc::new(
                std::iter::once(None).chain(self.texts.iter().map(|t| Some(t.as_str()))).collect::<StringArray>(),
            ),
            _ => Arc::new(std::iter::once(None).chain(numbers().map(Some)).collect::<Int64Array>()),
        }
    }

    /// The place of each number in the order of values: texts by their bytes, null last.
    fn ranks(&self) -> Vec<Code> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        if self.ty == Type::Text {
            order.sort_unstable_by(|a, b| self.texts[*a].cmp(&self.texts[*b]));
        } else {
            order.sort_unstable_by_key(|i| self.numbers[*i]);
        }
        let mut ranks = vec![Code::try_from(order.len()).unwrap_or(Code::MAX); order.len() + 1];
        for (rank, index) in (0..).zip(order) {
            ranks[index + 1] = rank;
        }
        ranks
    }
}

/// Groups at one set of dimensions.
pub(super) struct Level {
    /// Which dimensions, as indices in [`Groups::values`].
    pub(super) dims: Vec<usize>,
    /// For the second and each further dimension, the number of (group so far, value).
    steps: Vec<FastMap<u64>>,
    /// The last value of each group, and the group so far before it: from the last step back to the first dimension.
    parts: Vec<Vec<(u32, Code)>>,
}

impl Level {
    fn new(dims: Vec<usize>) -> Self {
        let steps = dims.len().saturating_sub(1);
        Self { dims, steps: (0..steps).map(|_| fast_map()).collect(), parts: vec![vec![]; steps] }
    }

    /// The groups of rows whose values are given dimension by dimension.
    fn number(&mut self, rows: usize, codes: &[&[Code]]) -> Vec<u32> {
        let Some((first, others)) = codes.split_first() else { return vec![0; rows] };
        let mut groups = first.to_vec();
        for ((step, parts), codes) in self.steps.iter_mut().zip(&mut self.parts).zip(others) {
            let mut last = (u64::MAX, 0);
            for (group, code) in groups.iter_mut().zip(*codes) {
                let pair = u64::from(*group) << 32 | u64::from(*code);
                if pair != last.0 {
                    let next = u32::try_from(parts.len()).unwrap_or(u32::MAX);
                    let number = *step.entry(pair).or_insert(next);
                    if number == next {
                        parts.push((*group, *code));
                    }
                    last = (pair, number);
                }
                *group = last.1;
            }
        }
        groups
    }

    /// For each dimension the value of each group.
    fn decoded(&self, values: &[Values]) -> Vec<Vec<Code>> {
        let Some(first) = self.dims.first() else { return vec![] };
        let len = self.parts.last().map_or_else(|| values[*first].len() + 1, Vec::len);
        let mut before: Vec<u32> = (0..u32::try_from(len).unwrap_or(u32::MAX)).collect();
        let mut decoded = vec![];
        for parts in self.parts.iter().rev() {
            decoded.push(before.iter().map(|group| parts[*group as usize].1).collect());
            for group in &mut before {
                *group = parts[*group as usize].0;
            }
        }
        decoded.push(before);
        decoded.reverse();
        decoded
    }
}

/// Index of a level in [`Groups`].
pub(super) type LevelId = usize;

/// The groups of a report at all levels that are looked at.
pub(super) struct Groups {
    values: Vec<Values>,
    levels: Vec<Level>,
}

impl Groups {
    pub(super) fn new<'d>(dims: impl Iterator<Item = &'d Dim>) -> Self {
        Self { values: dims.map(|dim| Values::new(dim.ty)).collect(), levels: vec![] }
    }

    /// The level of a set of dimensions, given as sorted indices.
    pub(super) fn level(&mut self, dims: &[usize]) -> LevelId {
        self.levels.iter().position(|level| level.dims == dims).unwrap_or_else(|| {
            self.levels.push(Level::new(dims.to_vec()));
            self.levels.len() - 1
        })
    }

    pub(super) fn dims(&self, level: LevelId) -> &[usize] {
        &self.levels[level].dims
    }

    /// The values of a dimension's column as numbers.
    pub(super) fn codes(&mut self, dim: usize, array: &ArrayRef) -> Result<Vec<Code>, Diagnostic> {
        self.values[dim].codes(array)
    }

    /// The groups of rows at a level, whose values are given dimension by dimension.
    pub(super) fn number(&mut self, level: LevelId, rows: usize, codes: &[&[Code]]) -> Vec<u32> {
        self.levels[level].number(rows, codes)
    }

    /// The groups at a coarser level that groups at a level belong to.
    pub(super) fn project(&mut self, from: LevelId, to: LevelId, groups: &[u32]) -> Vec<u32> {
        if from == to {
            return groups.to_vec();
        }
        let kept: Vec<usize> = {
            let (from, to) = (&self.levels[from].dims, &self.levels[to].dims);
            to.iter().filter_map(|dim| from.iter().position(|d| d == dim)).collect()
        };
        let decoded = self.levels[from].decoded(&self.values);
        let all: Vec<&[Code]> = kept.iter().map(|at| decoded[*at].as_slice()).collect();
        let rows = decoded.first().map_or(1, Vec::len);
        let projected = self.levels[to].number(rows, &all);
        groups.iter().map(|group| projected[*group as usize]).collect()
    }

    /// The place of each group of a level in the order of the dimensions' values, by group.
    pub(super) fn order(&self, level: LevelId) -> Vec<u32> {
        let level = &self.levels[level];
        let decoded = level.decoded(&self.values);
        let Some(first) = decoded.first() else { return vec![0] };
        let ranks: Vec<Vec<Code>> = level.dims.iter().map(|dim| self.values[*dim].ranks()).collect();
        let bits = |ranks: &Vec<Code>| usize::BITS - ranks.len().leading_zeros();
        let ranked =
            |group: u32| ranks.iter().zip(&decoded).map(move |(ranks, codes)| ranks[codes[group as usize] as usize]);
        let mut order: Vec<u32> = (0..u32::try_from(first.len()).unwrap_or(u32::MAX)).collect();
        if ranks.iter().map(bits).sum::<u32>() <= u128::BITS {
            let widths: Vec<u32> = ranks.iter().map(bits).collect();
            let key = |group: &u32| {
                ranked(*group).zip(&widths).fold(0u128, |key, (rank, bits)| key << bits | u128::from(rank))
            };
            order.sort_by_cached_key(key);
        } else {
            order.sort_by_cached_key(|group| ranked(*group).collect::<Vec<Code>>());
        }
        let mut places = vec![0; order.len()];
        for (place, group) in (0u32..).zip(order) {
            places[group as usize] = place;
        }
        places
    }

    /// A dimension's values for rows whose groups are of several levels; null where a level does not keep it.
    pub(super) fn column(&self, dim: usize, rows: &[(LevelId, u32)]) -> Result<ArrayRef, Diagnostic> {
        let decoded: Vec<Option<Vec<Code>>> = self
            .levels
            .iter()
            .map(|level| {
                let at = level.dims.iter().position(|d| *d == dim)?;
                Some(level.decoded(&self.values).swap_remove(at))
            })
            .collect();
        let code = |(level, group): &(LevelId, u32)| decoded[*level].as_ref().map(|codes| codes[*group as usize]);
        let codes: UInt32Array = rows.iter().map(code).collect();
        take(&self.values[dim].array(), &codes, None).map_err(|e| Diagnostic::bug(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_same_for_all_roll_ups_and_are_ordered_by_their_values() {
        let dims = [Dim { name: "a".into(), ty: Type::Text }, Dim { name: "b".into(), ty: Type::Int }];
        let mut groups = Groups::new(dims.iter());
        let (both, only_b, none) = (groups.level(&[0, 1]), groups.level(&[1]), groups.level(&[]));
        let texts = |values: Vec<Option<&str>>| -> ArrayRef {
            Arc::new(values.into_iter().collect::<arrow::array::DictionaryArray<Int32Type>>())
        };
        let mut number = |a: Vec<Option<&str>>, b: Vec<Option<i64>>| {
            let rows = a.len();
            let a = groups.codes(0, &texts(a)).expect("codes");
            let b = groups.codes(1, &(Arc::new(Int64Array::from(b)) as ArrayRef)).expect("codes");
            groups.number(both, rows, &[&a, &b])
        };
        let first = number(vec![Some("y"), None, Some("é"), Some("y")], vec![Some(2), Some(2), None, Some(-1)]);
        let again = number(vec![None, Some("x"), Some("y")], vec![Some(2), Some(2), Some(2)]);
        assert_eq!((again[0], again[2]), (first[1], first[0]));
        let all = [first.clone(), vec![again[1]]].concat();
        let mut sorted = all.clone();
        let order = groups.order(both);
        sorted.sort_by_key(|group| order[*group as usize]);
        assert_eq!(sorted, [again[1], first[3], first[0], first[2], first[1]]);
        let by_b = groups.project(both, only_b, &all);
        assert_eq!(by_b[0], by_b[1]);
        assert!(by_b[0] != by_b[2] && by_b[4] == by_b[0]);
        assert_eq!(groups.project(both, none, &all), [0; 5]);
        let column = groups.column(1, &[(both, first[3]), (only_b, by_b[0]), (none, 0)]).expect("a column");
        assert_eq!(column.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(-1), Some(2), None]);
    }
}
