//! Columns that are told by folders, as Hive, Spark and DuckDB write them: `year=2025/network=facebook/part-0.parquet`.

use super::csv_types::{merge, of_cell};
pub(super) use crate::catalog::Partition;
use crate::catalog::{FileInfo, Physical};
use crate::expr::Type;
use arrow::array::{new_null_array, ArrayRef, DictionaryArray, Int32Array, StringArray};
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

/// The folder that stands for records without a value.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns that the folders of a path tell; of two with one name the inner one.
pub(super) fn partitions(path: &Path) -> Vec<Partition> {
    let mut found: Vec<Partition> = vec![];
    for component in path.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(name) = component else { continue };
        let Some((column, value)) = name.to_str().and_then(is_partition) else { continue };
        found.retain(|p| p.column != column);
        found.push(Partition { column, value });
    }
    found
}

/// The column and the value that a folder's name stands for.
pub(super) fn is_partition(folder: &str) -> Option<(String, Option<String>)> {
    let (column, value) = folder.split_once('=')?;
    let column = unescaped(column);
    (!column.trim().is_empty()).then(|| (column, Some(value).filter(|v| *v != NULL).map(unescaped)))
}

/// `%2F` and the like; what is no such sequence stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |i: usize| tail.get(i).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (*first == b'%').then(|| digit(0).zip(digit(1))).flatten() {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Adds the columns of folders to those of the files. Their types are told by all their values, as in CSV; a file that
/// holds such a column itself keeps its own.
pub(super) fn add_columns(files: &mut [FileInfo]) {
    let mut kinds: BTreeMap<String, Physical> = BTreeMap::new();
    for Partition { column, value } in files.iter().flat_map(|f| partitions(&f.path)) {
        let kind = kinds.entry(column).or_insert(Physical::Empty);
        if let Some(value) = value.as_deref().map(str::trim).filter(|v| !v.is_empty()) {
            *kind = merge(kind, &of_cell(value));
        }
    }
    for file in files {
        for partition in partitions(&file.path) {
            if file.columns.iter().any(|(name, _)| *name == partition.column) {
                continue;
            }
            let kind = match &kinds[&partition.column] {
                // Folders are for grouping by: days, ids and names.
                Physical::Typed(Type::Float) | Physical::Timestamp { .. } => Physical::Typed(Type::Text),
                kind => kind.clone(),
            };
            file.columns.push((partition.column.clone(), kind));
            file.partitions.push(partition);
        }
    }
}

/// The column for this many records, as text.
pub(super) fn array(partition: &Partition, rows: usize) -> ArrayRef {
    let values = StringArray::from(vec![partition.value.as_deref().unwrap_or_default()]);
    match DictionaryArray::try_new(Int32Array::from(vec![0; rows]), Arc::new(values)) {
        Ok(array) if partition.value.is_some() => Arc::new(array),
        _ => new_null_array(&super::batch::text_type(), rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_columns() {
        let found =
            partitions(Path::new("/data/year=2025/name=a%20b%2Fc=d/country=__HIVE_DEFAULT_PARTITION__/x=y.csv"));
        let expected = [("year", Some("2025")), ("name", Some("a b/c=d")), ("country", None)];
        let found: Vec<(&str, Option<&str>)> = found.iter().map(|p| (p.column.as_str(), p.value.as_deref())).collect();
        assert_eq!(found, expected);
        assert_eq!(partitions(Path::new("data/=x/100%=y%zz/f.csv"))[0].value.as_deref(), Some("y%zz"));
    }
}
