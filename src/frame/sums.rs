//! Sums of 128-bit integers in a group-by wrap around silently in Polars, so it is shown first that they cannot.

use polars::prelude::{
    col, ChunkAgg, Column, DataFrame, Expr, Float64Chunked, IntoColumn, IntoLazy, NewChunkedArray, PolarsResult,
};

/// Whether the sums of an Int128 column by the keys stay within 126 bits: told by the largest value and the number
/// of rows, or else group by group in floats.
///
/// # Errors
/// A column that is not there or not Int128.
pub fn sum_is_safe(frame: &DataFrame, keys: &[String], column: &str) -> PolarsResult<bool> {
    let values = frame.column(column)?.i128()?;
    let largest = values.iter().flatten().map(i128::unsigned_abs).max().unwrap_or(0);
    let rows = frame.height().max(1) as u128;
    if largest.checked_mul(rows).is_some_and(|bound| bound < 1 << 126) {
        return Ok(true);
    }
    #[expect(clippy::cast_precision_loss, reason = "a bound, far from the limit either way")]
    let magnitudes = values.iter().map(|v| v.map(|v| v.unsigned_abs() as f64));
    let magnitudes = Float64Chunked::from_iter_options("magnitude".into(), magnitudes);
    let mut columns: Vec<Column> = vec![];
    for key in keys {
        columns.push(frame.column(key)?.clone());
    }
    columns.push(magnitudes.into_column());
    let keys: Vec<Expr> = keys.iter().map(|k| col(k.as_str())).collect();
    let sums =
        DataFrame::new(frame.height(), columns)?.lazy().group_by(keys).agg([col("magnitude").sum()]).collect()?;
    Ok(sums.column("magnitude")?.f64()?.max().unwrap_or(0.0) < 2f64.powi(126))
}
