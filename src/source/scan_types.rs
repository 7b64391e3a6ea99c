//! The types that the cells of a scan's columns are read as.

use super::batch::text_type;
use super::csv_cells::Strict;
use crate::expr::Type;
use crate::plan::{Clock, Scan};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::sync::Arc;

/// The type to decode a column as, if the scan wants it. What needs a strict reading is decoded as text.
pub(super) fn scan_type(scan: &Scan, raw: &str) -> Option<DataType> {
    if strict(scan, raw).is_some() {
        return Some(text_type());
    }
    let column = scan.columns.iter().find(|c| c.raw.as_deref() == Some(raw))?;
    Some(match column.ty {
        Type::Bool | Type::Null => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::Float | Type::Decimal(_) => DataType::Float64,
        Type::Text | Type::Date => text_type(),
    })
}

/// The strict reading of a column, where it needs one.
pub(super) fn strict(scan: &Scan, raw: &str) -> Option<Strict> {
    let times = [Some(&scan.time.column), scan.time.end.as_ref()];
    if let Some(time) = times.into_iter().flatten().find(|t| t.raw == raw) {
        return Some(match time.clock {
            Clock::Day => Strict::Date,
            Clock::Wall(_) => Strict::Wall,
            Clock::Instant => Strict::Instant,
        });
    }
    let column = scan.columns.iter().find(|c| c.raw.as_deref() == Some(raw))?;
    match column.ty {
        Type::Date => Some(Strict::Date),
        Type::Int if column.dimension => Some(Strict::Integer),
        _ => None,
    }
}

/// The batch with its strictly read columns converted.
pub(super) fn converted(scan: &Scan, batch: &RecordBatch) -> Result<RecordBatch, String> {
    let schema = batch.schema();
    let mut fields = vec![];
    let mut arrays = vec![];
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let array = match strict(scan, field.name()) {
            Some(strict) => strict.convert(array).map_err(|e| format!("column `{}`: {e}", field.name()))?,
            None => array.clone(),
        };
        fields.push(Field::new(field.name(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).map_err(|e| e.to_string())
}
