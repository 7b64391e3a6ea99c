//! Columns that are made of other columns of a batch: expressions, and what lookups tell.

use super::batch::{arrow_type, text_type, BatchError};
use crate::catalog::{LookupTable, Matched};
use crate::eval::{Data, Memory, NodeId, Nodes, Text, Values, Vector};
use crate::expr::Type;
use crate::plan::{Looked, Made, ScanColumn};
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array, StringArray, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, take};
use std::sync::Arc;

/// The expressions of a scan's computed columns.
pub(super) struct Computed {
    nodes: Nodes,
    /// The columns, in an order in which each comes after those that it is made of.
    columns: Vec<(usize, Step)>,
    memory: Memory,
}

/// How a column is made.
enum Step {
    Expression(NodeId),
    /// By the columns at these indices.
    Lookup(Looked, Vec<usize>),
}

impl Computed {
    pub(super) fn new(columns: &[ScanColumn]) -> Self {
        let mut nodes = Nodes::default();
        let place = |on: &(String, Type)| columns.iter().position(|c| c.name == on.0 && c.ty == on.1).unwrap_or(0);
        let mut step = |column: &ScanColumn| match &column.made {
            Made::Computed(expr) => Some(Step::Expression(nodes.add(expr, columns))),
            Made::Looked(looked) => Some(Step::Lookup(looked.clone(), looked.on.iter().map(place).collect())),
            Made::AsRead | Made::Texts(_) => None,
        };
        let made = columns.iter().enumerate().filter_map(|(index, column)| Some((index, step(column)?))).collect();
        Self { columns: made, nodes, memory: Memory::default() }
    }

    /// Puts the computed columns in their places; tells how many records each lookup has no row for.
    pub(super) fn fill(
        &mut self,
        columns: &[ScanColumn],
        arrays: &mut [ArrayRef],
        rows: usize,
    ) -> Result<Vec<(String, u64)>, BatchError> {
        // Most columns of a lookup are looked up by the same columns.
        let mut known: Vec<(&Arc<LookupTable>, &[usize], Matched)> = vec![];
        for (index, step) in &self.columns {
            let column = &columns[*index];
            let failed = |message: String| BatchError { column: column.name.clone(), message };
            arrays[*index] = match step {
                Step::Expression(node) => {
                    let vector = Values::new(&self.nodes, columns, (arrays, rows), &mut self.memory).get(*node);
                    array(&vector, column.ty, rows).ok_or_else(|| failed("a value is too large".to_owned()))?
                }
                Step::Lookup(looked, on) => {
                    let same = |(table, by, _): &&(&Arc<LookupTable>, &[usize], Matched)| {
                        Arc::ptr_eq(table, &looked.table) && *by == on.as_slice()
                    };
                    if !known.iter().any(|k| same(&k)) {
                        let keys: Vec<ArrayRef> = on.iter().map(|place| arrays[*place].clone()).collect();
                        known.push((&looked.table, on, looked.table.matched(&keys, rows)));
                    }
                    let Some((_, _, matched)) = known.iter().find(same) else { continue };
                    let values = &looked.table.columns[looked.column].values;
                    let taken = take(values, &matched.rows, None).map_err(|e| failed(e.to_string()))?;
                    cast(&taken, &arrow_type(column.ty)).map_err(|e| failed(e.to_string()))?
                }
            };
        }
        Ok(known.into_iter().map(|(table, _, matched)| (table.name.clone(), matched.unmatched)).collect())
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
        Data::Float(numbers) => Arc::new(Float64Array::new(numbers.clone(), nulls)),
    };
    if array.len() == rows {
        return Some(array);
    }
    // The same for all records.
    take(&array, &UInt32Array::from(vec![0; rows]), None).ok()
}
