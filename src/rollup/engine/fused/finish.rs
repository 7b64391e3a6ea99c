//! Cells as Arrow, in the form that all engines hand over (see [`crate::rollup`]).

use super::cells::Cells;
use super::codes::{DimCodes, Numbers};
use super::layout::{Layout, Place, RollupLayout};
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{AggFunc, RollupPlan};
use crate::rollup::exact;
use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// What the codes of cells stand for.
pub(super) struct Keys<'k> {
    pub(super) buckets: &'k Numbers,
    pub(super) dims: Vec<&'k DimCodes>,
}

/// The finished roll-up.
pub(super) fn finish(
    rollup: &RollupPlan,
    layout: &Layout,
    own: &RollupLayout,
    cells: Cells,
    keys: &Keys<'_>,
) -> Result<RecordBatch, Diagnostic> {
    let slots: Vec<usize> = (0..cells.len()).filter(|slot| cells.rows(*slot) > 0).collect();
    let mut columns = key_columns(rollup, &cells, keys, &slots);
    let rows: Int64Array = slots.iter().map(|slot| Some(cells.rows(*slot))).collect();
    columns.push(("rows".to_owned(), Arc::new(rows)));
    let too_large = || exact::overflow(&format!("`{}` [{}]", rollup.source, rollup.segment));
    let wide = |values: Vec<Option<i128>>| -> ArrayRef {
        // i128 sums may have more than 38 digits; the type is a container here, and is not validated.
        Arc::new(Decimal128Array::from(values).with_data_type(DataType::Decimal128(38, 0)))
    };
    for (i, aggregate) in rollup.aggregates.iter().enumerate() {
        let place = own.places[i];
        let missing = |slot: usize| {
            let value = layout.values.iter().position(|v| v == aggregate);
            let counted = value.and_then(|v| own.counted.iter().position(|c| *c == v));
            counted.map_or(0, |position| cells.missing(position, slot))
        };
        let counts = || -> ArrayRef {
            Arc::new(slots.iter().map(|slot| Some(cells.rows(*slot) - missing(*slot))).collect::<Int64Array>())
        };
        match (aggregate.func, place) {
            (AggFunc::Count, Place::Lane(pack, lane)) => {
                let counts: Option<Vec<i64>> =
                    slots.iter().map(|slot| i64::try_from(cells.lane((pack, lane), *slot)?).ok()).collect();
                let counts = counts.ok_or_else(too_large)?;
                columns.push((format!("n{i}"), Arc::new(Int64Array::from(counts))));
            }
            (AggFunc::Sum, Place::Lane(pack, lane)) => {
                let sums: Option<Vec<Option<i128>>> =
                    slots.iter().map(|slot| cells.lane((pack, lane), *slot).map(Some)).collect();
                columns.push((format!("s{i}"), wide(sums.ok_or_else(too_large)?)));
                columns.push((format!("n{i}"), counts()));
            }
            (AggFunc::Sum, Place::Wide(position)) => {
                let sums: Option<Vec<(i128, i128)>> =
                    slots.iter().map(|slot| cells.wide_sum(position, *slot)).collect();
                let sums = sums.ok_or_else(too_large)?;
                columns.push((format!("s{i}"), wide(sums.iter().map(|(head, _)| Some(*head)).collect())));
                if aggregate.has_tail() {
                    columns.push((format!("t{i}"), wide(sums.iter().map(|(_, tail)| Some(*tail)).collect())));
                }
                columns.push((format!("n{i}"), counts()));
            }
            (AggFunc::Min | AggFunc::Max, Place::Wide(position)) => {
                let float = aggregate.expr.as_ref().is_some_and(|e| e.ty() == Type::Float);
                let array: ArrayRef = if float {
                    let values = slots.iter().map(|slot| cells.extreme_float(position, *slot));
                    Arc::new(values.collect::<Float64Array>())
                } else {
                    wide(slots.iter().map(|slot| cells.extreme(position, *slot)).collect())
                };
                columns.push((format!("v{i}"), array));
            }
            (AggFunc::Count, Place::Wide(_)) | (AggFunc::Min | AggFunc::Max, Place::Lane(..)) => {
                return Err(Diagnostic::bug("a state is not where it belongs"));
            }
        }
    }
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| Diagnostic::bug(e.to_string()))
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
    for (d, (dim, values)) in rollup.dims.iter().zip(&keys.dims).enumerate() {
        let of = || codes.iter().skip(d).step_by(width.max(1)).copied();
        let numbers = || of().map(|code| values.number(code));
        let array: ArrayRef = match dim.ty {
            Type::Text => Arc::new(of().map(|code| values.text(code)).collect::<StringArray>()),
            Type::Bool | Type::Null => Arc::new(numbers().map(|n| n.map(|n| n != 0)).collect::<BooleanArray>()),
            Type::Date => {
                Arc::new(numbers().map(|n| n.and_then(|n| i32::try_from(n).ok())).collect::<Int32Array>())
            }
            _ => Arc::new(numbers().collect::<Int64Array>()),
        };
        columns.push((format!("d{d}"), array));
    }
    columns
}
