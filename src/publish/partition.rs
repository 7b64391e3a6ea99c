//! Hive partitioning: `grain=day/network=facebook/part-0.parquet`. The columns become folders and leave the files.

use crate::calendar::iso_date;
use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Rows with one value in each partition column.
pub(super) struct Part {
    pub(super) folder: PathBuf,
    pub(super) table: RecordBatch,
}

/// Splits a table; parts are sorted by folder, rows keep their order.
pub(super) fn split(table: &RecordBatch, columns: &[String]) -> Result<Vec<Part>, String> {
    let schema = table.schema();
    let positions: Vec<usize> =
        columns.iter().map(|c| schema.index_of(c).map_err(|e| e.to_string())).collect::<Result<_, _>>()?;
    let mut parts: BTreeMap<Vec<String>, Vec<u64>> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let key: Vec<String> = columns
            .iter()
            .zip(&positions)
            .map(|(name, position)| format!("{}={}", encode(name), value(table.column(*position), row)))
            .collect();
        parts.entry(key).or_default().push(row as u64);
    }
    let kept: Vec<usize> = (0..table.num_columns()).filter(|i| !positions.contains(i)).collect();
    parts
        .into_iter()
        .map(|(folders, rows)| {
            let rows = take_record_batch(table, &UInt64Array::from(rows)).map_err(|e| e.to_string())?;
            let table = rows.project(&kept).map_err(|e| e.to_string())?;
            Ok(Part { folder: folders.iter().collect(), table })
        })
        .collect()
}

/// The table without its partition columns.
pub(super) fn without(table: &RecordBatch, columns: &[String]) -> Result<RecordBatch, String> {
    let schema = table.schema();
    let kept: Vec<usize> = (0..table.num_columns()).filter(|i| !columns.contains(schema.field(*i).name())).collect();
    table.project(&kept).map_err(|e| e.to_string())
}

fn value(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "__HIVE_DEFAULT_PARTITION__".to_owned();
    }
    match array.data_type() {
        DataType::Utf8 => encode(array.as_string::<i32>().value(row)),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => iso_date(array.as_primitive::<Date32Type>().value(row)),
        other => format!("<{other}>"),
    }
}

/// Percent-encodes what Hive does, and what file systems do not take.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || "\"#%'*/:=?\\{}[]^<>|".contains(c) {
            for byte in c.to_string().bytes() {
                out.extend([format!("%{byte:02X}")]);
            }
        } else {
            out.push(c);
        }
    }
    match out.as_str() {
        "." | ".." => out.replace('.', "%2E"),
        "" => "%00".to_owned(),
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_folder() {
        assert_eq!(encode("a/b=c"), "a%2Fb%3Dc");
        assert_eq!(encode(".."), "%2E%2E");
        assert_eq!(encode("18-24 é"), "18-24 é");
    }
}
