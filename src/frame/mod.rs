//! Arrow ↔ Polars, and expressions → Polars: the one place where the two meet. Polars has no link to arrow-rs, so
//! columns are rebuilt here; numbers keep their order and nulls.

mod lower;
mod sums;

pub use lower::{column_key, lower};
pub use sums::sum_is_safe;

use crate::plan::Scan;
use crate::source::Batch;
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array,
    PrimitiveArray, StringArray,
};
use arrow::datatypes::{DataType as ArrowType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use polars::prelude::*;
use std::sync::Arc;

/// A failure inside Polars: an engine's failure, exit code 4.
#[must_use]
pub fn engine_error(error: &PolarsError) -> crate::diagnostic::Diagnostic {
    crate::diagnostic::Diagnostic::engine("polars", format!("Polars failed: {error}"))
        .help("please report it with the pipeline and the command")
}

/// A batch as a `DataFrame`: the scan's columns under their [`column_key`]s, and `__day`, the first day of each record.
///
/// # Errors
/// Only if the columns had different lengths, which would be a bug.
pub fn batch_frame(scan: &Scan, batch: &Batch) -> PolarsResult<DataFrame> {
    let mut columns = vec![primitive::<Int32Type, polars::prelude::Int32Type>("__day", &batch.start)];
    for (column, array) in scan.columns.iter().zip(&batch.columns) {
        columns.push(series(&column_key(&column.name, column.ty), array)?);
    }
    DataFrame::new(batch.rows, columns.into_iter().map(Column::from).collect())
}

/// An Arrow array as a Polars series. Decimals become their unscaled 128-bit integers, dates their day numbers.
///
/// # Errors
/// A type that batches and roll-ups never have.
pub fn series(name: &str, array: &ArrayRef) -> PolarsResult<Series> {
    Ok(match array.data_type() {
        ArrowType::Boolean => {
            let values: BooleanChunked = array.as_boolean().iter().collect();
            values.with_name(name.into()).into_series()
        }
        ArrowType::Int32 => primitive::<Int32Type, polars::prelude::Int32Type>(name, array.as_primitive()),
        ArrowType::Date32 => {
            let days = array.as_primitive::<Date32Type>().reinterpret_cast::<Int32Type>();
            primitive::<Int32Type, polars::prelude::Int32Type>(name, &days)
        }
        ArrowType::Int64 => primitive::<Int64Type, polars::prelude::Int64Type>(name, array.as_primitive()),
        ArrowType::Float64 => primitive::<Float64Type, polars::prelude::Float64Type>(name, array.as_primitive()),
        ArrowType::Decimal128(..) => {
            primitive::<Decimal128Type, polars::prelude::Int128Type>(name, array.as_primitive())
        }
        ArrowType::Utf8 => {
            let values: StringChunked = array.as_string::<i32>().iter().collect();
            values.with_name(name.into()).into_series()
        }
        ArrowType::Dictionary(..) => {
            let texts = array.as_dictionary::<Int32Type>();
            let texts = texts.downcast_dict::<StringArray>();
            let Some(texts) = texts else { polars_bail!(ComputeError: "a dictionary of other values than text") };
            let values: StringChunked = texts.into_iter().collect();
            values.with_name(name.into()).into_series()
        }
        other => polars_bail!(ComputeError: "no Polars column for {other}"),
    })
}

/// Columns of a record batch as a `DataFrame`, by their names there and here. Columns that share one array share one
/// series.
///
/// # Errors
/// A column that is not there, or of a type that batches and roll-ups never have.
pub fn frame_of<'n>(batch: &RecordBatch, names: impl Iterator<Item = (&'n str, String)>) -> PolarsResult<DataFrame> {
    let mut columns: Vec<Column> = vec![];
    let mut known: Vec<(&ArrayRef, Column)> = vec![];
    for (from, to) in names {
        let array = batch.column_by_name(from).ok_or_else(|| polars_err!(ColumnNotFound: "{from}"))?;
        let column = match known.iter().find(|(known, _)| Arc::ptr_eq(known, array)) {
            Some((_, column)) => column.clone(),
            None => Column::from(series(from, array)?),
        };
        known.push((array, column.clone()));
        columns.push(column.with_name(to.into()));
    }
    DataFrame::new(batch.num_rows(), columns)
}

fn primitive<A, P>(name: &str, array: &PrimitiveArray<A>) -> Series
where
    A: ArrowPrimitiveType,
    P: PolarsNumericType<Native = A::Native>,
    ChunkedArray<P>: IntoSeries,
{
    let values = if array.null_count() == 0 {
        ChunkedArray::<P>::from_slice(name.into(), array.values())
    } else {
        ChunkedArray::<P>::from_iter_options(name.into(), array.iter())
    };
    values.into_series()
}

/// A Polars series as an Arrow array; 128-bit integers become `Decimal128(38, 0)`.
///
/// # Errors
/// A type that roll-ups and reports never have.
pub fn array(series: &Series) -> PolarsResult<ArrayRef> {
    Ok(match series.dtype() {
        DataType::Boolean => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        DataType::Int32 => Arc::new(series.i32()?.iter().collect::<Int32Array>()),
        DataType::Int64 => Arc::new(series.i64()?.iter().collect::<Int64Array>()),
        DataType::Float64 => Arc::new(series.f64()?.iter().collect::<Float64Array>()),
        DataType::String => Arc::new(series.str()?.iter().collect::<StringArray>()),
        DataType::Int128 => {
            let values: Decimal128Array = series.i128()?.iter().collect();
            // i128 sums may have more than 38 digits; the type is a container here, and is not validated.
            Arc::new(values.with_data_type(ArrowType::Decimal128(38, 0)))
        }
        other => polars_bail!(ComputeError: "no Arrow array for {other}"),
    })
}
