//! Cells as Arrow, in the form that all engines hand over (see [`crate::rollup`]).

use super::cells::Cells;
use super::codes::{DimCodes, Numbers};
use super::layout::{Layout, Place, RollupLayout};
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{AggFunc, Aggregate, RollupPlan};
use crate::rollup::{container, exact};
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// What the codes of cells stand for.
pub(super) struct Keys<'k> {
    pub(super) buckets: &'k Numbers,
    pub(super) dims: Vec<&'k DimCodes>,
    /// The texts of each dimension of texts.
    pub(super) texts: Vec<ArrayRef>,
}

/// The finished roll-up.
pub(super) fn finish(
    rollup: &RollupPlan,
    layout: &Layout,
    own: &RollupLayout,
    cells: &Cells,
    keys: &Keys<'_>,
) -> Result<RecordBatch, Diagnostic> {
    let slots: Vec<usize> = (0..cells.len()).filter(|slot| cells.rows(*slot) > 0).collect();
    let mut columns = key_columns(rollup, cells, keys, &slots);
    let rows: Int64Array = slots.iter().map(|slot| Some(cells.rows(*slot))).collect();
    let rows: ArrayRef = Arc::new(rows);
    // One array for all that are the same in every roll-up.
    let zeros = container(Decimal128Array::from(vec![0; slots.len()]));
    columns.push(("rows".to_owned(), rows.clone()));
    for (i, aggregate) in rollup.aggregates.iter().enumerate() {
        columns.extend(
            state_columns(i, aggregate, layout, own, cells, &slots, (&rows, &zeros))
                .ok_or_else(|| exact::overflow(&format!("`{}` [{}]", rollup.source, rollup.segment)))?,
        );
    }
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| Diagnostic::bug(e.to_string()))
}

/// The states of an aggregate; `None` when a sum is too large.
fn state_columns(
    i: usize,
    aggregate: &Aggregate,
    layout: &Layout,
    own: &RollupLayout,
    cells: &Cells,
    slots: &[usize],
    (rows, zeros): (&ArrayRef, &ArrayRef),
) -> Option<Vec<(String, ArrayRef)>> {
    let counts = || -> ArrayRef {
        let value = layout.values.iter().position(|v| v == aggregate);
        let counted = value.and_then(|v| own.counted.iter().position(|c| *c == v));
        match counted.filter(|position| cells.has_missing(*position)) {
            // One array for all values that every record has.
            None => rows.clone(),
            Some(position) => {
                let count = |slot: &usize| Some(cells.rows(*slot) - cells.missing(position, *slot));
                Arc::new(slots.iter().map(count).collect::<Int64Array>())
            }
        }
    };
    let each =
        |value: &dyn Fn(usize) -> Option<i128>| -> Option<Vec<i128>> { slots.iter().map(|s| value(*s)).collect() };
    Some(match (aggregate.func, own.places[i]) {
        (AggFunc::Count | AggFunc::Sum, Place::Lane(pack, lane)) if cells.is_narrow((pack, lane)) => {
            let values: Int64Array = slots.iter().map(|slot| Some(cells.narrow((pack, lane), *slot))).collect();
            let values: ArrayRef = Arc::new(values);
            match aggregate.func {
                AggFunc::Count => vec![(format!("n{i}"), values)],
                _ => vec![(format!("s{i}"), values), (format!("n{i}"), counts())],
            }
        }
        (AggFunc::Count, Place::Lane(pack, lane)) => {
            let counts: Option<Vec<i64>> =
                each(&|slot| cells.lane((pack, lane), slot))?.into_iter().map(|n| i64::try_from(n).ok()).collect();
            vec![(format!("n{i}"), Arc::new(Int64Array::from(counts?)) as ArrayRef)]
        }
        (AggFunc::Sum, Place::Lane(pack, lane)) => {
            let sums = each(&|slot| cells.lane((pack, lane), slot))?;
            vec![(format!("s{i}"), container(sums.into())), (format!("n{i}"), counts())]
        }
        (AggFunc::Sum, Place::Wide(position)) => {
            let heads = each(&|slot| cells.wide_sum(position, slot).map(|(head, _)| head))?;
            let mut columns = vec![(format!("s{i}"), container(heads.into()))];
            if aggregate.has_tail() {
                let tails = if cells.has_tails(position) {
                    container(each(&|slot| cells.wide_sum(position, slot).map(|(_, tail)| tail))?.into())
                } else {
                    zeros.clone()
                };
                columns.push((format!("t{i}"), tails));
            }
            columns.push((format!("n{i}"), counts()));
            columns
        }
        (_, Place::Wide(position)) if aggregate.expr.as_ref().is_some_and(|e| e.ty() == Type::Float) => {
            let values: Float64Array = slots.iter().map(|slot| cells.extreme_float(position, *slot)).collect();
            vec![(format!("v{i}"), Arc::new(values))]
        }
        (_, place) => {
            let position = if let Place::Wide(position) = place { position } else { 0 };
            vec![(format!("v{i}"), container(slots.iter().map(|slot| cells.extreme(position, *slot)).collect()))]
        }
    })
}

/// The bucket and the dimensions of each cell.
fn key_columns(rollup: &RollupPlan, cells: &Cells, keys: &Keys<'_>, slots: &[usize]) -> Vec<(String, ArrayRef)> {
    let width = rollup.dims.len();
    let mut codes = vec![0u32; width * slots.len()];
    let mut buckets = Vec::with_capacity(slots.len());
    for (j, slot) in slots.iter().enumerate() {
        let bucket = cells.key(*slot, &mut codes[j * width..(j + 1) * width]);
        buckets.push(keys.buckets.get(bucket));
    }
    let mut columns: Vec<(String, ArrayRef)> = vec![("b".to_owned(), Arc::new(Int64Array::from(buckets)))];
    for (d, ((dim, values), texts)) in rollup.dims.iter().zip(&keys.dims).zip(&keys.texts).enumerate() {
        let of = || codes.iter().skip(d).step_by(width.max(1)).copied();
        let numbers = || of().map(|code| values.number(code));
        let array: ArrayRef = match dim.ty {
            Type::Text => {
                let keys: Int32Array =
                    of().map(|code| code.checked_sub(1).and_then(|k| i32::try_from(k).ok())).collect();
                Arc::new(DictionaryArray::new(keys, texts.clone()))
            }
            Type::Bool | Type::Null => Arc::new(numbers().map(|n| n.map(|n| n != 0)).collect::<BooleanArray>()),
            Type::Date => Arc::new(numbers().map(|n| n.and_then(|n| i32::try_from(n).ok())).collect::<Int32Array>()),
            _ => Arc::new(numbers().collect::<Int64Array>()),
        };
        columns.push((format!("d{d}"), array));
    }
    columns
}
