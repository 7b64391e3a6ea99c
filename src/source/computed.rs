//! Columns that are made of other columns of a batch.

use super::batch::{arrow_type, text_type, BatchError};
use crate::eval::{Data, Memory, NodeId, Nodes, Text, Values, Vector};
use crate::expr::Type;
use crate::plan::{Made, ScanColumn};
use arrow::array::{
    new_null_array, Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int64Array, StringArray, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, take};
use std::sync::Arc;

/// The expressions of a scan's computed columns.
pub(super) struct Computed {
    nodes: Nodes,
    /// The columns, in an order in which each comes after those that it is made of.
    columns: Vec<(usize, NodeId)>,
    memory: Memory,
}

impl Computed {
    pub(super) fn new(columns: &[ScanColumn]) -> Self {
        let mut nodes = Nodes::default();
        let made = columns.iter().enumerate().filter_map(|(index, column)| match &column.made {
            Made::Computed(expr) => Some((index, expr)),
            _ => None,
        });
        let columns = made.map(|(index, expr)| (index, nodes.add(expr, columns))).collect();
        Self { nodes, columns, memory: Memory::default() }
    }

    /// Puts the computed columns in their places.
    pub(super) fn fill(
        &mut self,
        columns: &[ScanColumn],
        arrays: &mut [ArrayRef],
        rows: usize,
    ) -> Result<(), BatchError> {
        for (index, node) in &self.columns {
            let vector = Values::new(&self.nodes, columns, (arrays, rows), &mut self.memory).get(*node);
            let column = &columns[*index];
            let too_large = || BatchError { column: column.name.clone(), message: "a value is too large".to_owned() };
            arrays[*index] = array(&vector, column.ty, rows).ok_or_else(too_large)?;
        }
        Ok(())
    }
}

/// A vector as a column; `None` where an integer is too large for one.
fn array(vector: &Vector, ty: Type, rows: usize) -> Option<ArrayRef> {
    let typed = vector.typed(ty);
    let nulls: Option<NullBuffer> = typed.nulls.clone();
    let array: ArrayRef = match &typed.data {
        Data::Bool(flags) => Arc::new(BooleanArray::new(flags.clone(), nulls)),
        Data::Int(numbers) => Arc::new(Int64Array::new(numbers.clone(), nulls)),
        Data::Wide(numbers) => {
            let known = |i: usize| nulls.as_ref().is_none_or(|n| n.is_valid(i));
            let narrow = |(i, n): (usize, &i128)| if known(i) { i64::try_from(*n).ok().map(Some) } else { Some(None) };
            Arc::new(
                numbers
                    .iter()
                    .enumerate()
                    .map(narrow)
                    .collect::<Option<Vec<Option<i64>>>>()?
                    .into_iter()
                    .collect::<Int64Array>(),
            )
        }
        Data::Date(days) => Arc::new(Date32Array::new(days.clone(), nulls)),
        Data::Text(Text::Dictionary { keys, values }) => {
            Arc::new(DictionaryArray::new(keys.clone(), Arc::new(values.clone())))
        }
        Data::Text(Text::Plain(texts)) => {
            let known = |i: usize| nulls.as_ref().is_none_or(|n| n.is_valid(i));
            // An empty text is null, as everywhere.
            let texts: StringArray =
                texts.iter().enumerate().map(|(i, t)| t.filter(|t| known(i) && !t.is_empty())).collect();
            cast(&texts, &text_type()).ok()?
        }
        Data::Float(_) => return Some(new_null_array(&arrow_type(ty), rows)),
    };
    if array.len() == rows {
        return Some(array);
    }
    // The same for all records.
    take(&array, &UInt32Array::from(vec![0; rows]), None).ok()
}
