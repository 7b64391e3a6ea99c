//! A lookup as a whole: its columns, and the row of every key.

use crate::expr::Type;
use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type};
use std::collections::HashMap;
use std::path::PathBuf;

/// A small table with one row a key.
#[derive(Clone, Debug)]
pub struct LookupTable {
    /// Its name.
    pub name: String,
    /// Where it was read from.
    pub files: Vec<PathBuf>,
    /// How many rows it has.
    pub rows: usize,
    /// The columns that identify a row, in order.
    pub key: Vec<LookupColumn>,
    /// The columns that it adds, in order.
    pub columns: Vec<LookupColumn>,
    index: Index,
}

/// A column of a lookup.
#[derive(Clone, Debug)]
pub struct LookupColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The value of each row, in the arrays of batches: Boolean, Int64, Float64, Decimal128, Dictionary(Int32, Utf8) or Date32.
    pub values: ArrayRef,
}

/// The rows that keys lead to.
#[derive(Clone, Debug)]
pub struct Matched {
    /// For each record the row; null without a match.
    pub rows: UInt32Array,
    /// How many records have none.
    pub unmatched: u64,
}

/// Keys as numbers, column by column.
#[derive(Clone, Debug, Default)]
struct Index {
    /// For each key column the number of each value.
    values: Vec<HashMap<Value, u32>>,
    /// For the second and each further column the number of (keys so far, value).
    steps: Vec<HashMap<(u32, u32), u32>>,
    /// The row of each whole key.
    rows: Vec<u32>,
}

/// A value that can be part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Value {
    Text(String),
    /// Integers, days, and booleans as 0 and 1.
    Number(i64),
}

impl LookupTable {
    /// A table of its columns.
    ///
    /// # Errors
    /// Two rows with one key: their places.
    pub fn new(
        name: String,
        files: Vec<PathBuf>,
        rows: usize,
        key: Vec<LookupColumn>,
        columns: Vec<LookupColumn>,
    ) -> Result<Self, (usize, usize)> {
        let mut index = Index {
            values: vec![HashMap::new(); key.len()],
            steps: vec![HashMap::new(); key.len().saturating_sub(1)],
            rows: vec![],
        };
        for row in 0..rows {
            let values: Option<Vec<Value>> = key.iter().map(|column| value(&column.values, row)).collect();
            // Null matches nothing.
            let Some(values) = values else { continue };
            if let Some(known) = index.insert(values, row) {
                return Err((known, row));
            }
        }
        Ok(Self { name, files, rows, key, columns, index })
    }

    /// How many of its rows have a key: those with a null in it match nothing.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.index.rows.len()
    }

    /// The rows that records lead to, whose keys are given column by column.
    #[must_use]
    pub fn matched(&self, keys: &[ArrayRef], records: usize) -> Matched {
        let Index { values, steps, rows } = &self.index;
        let mut numbers: Option<Vec<Option<u32>>> = None;
        for (place, (array, known)) in keys.iter().zip(values).enumerate() {
            let codes = codes(array, known);
            numbers = Some(match numbers {
                None => codes,
                Some(before) => {
                    let step = &steps[place - 1];
                    before.into_iter().zip(codes).map(|(l, r)| step.get(&(l?, r?)).copied()).collect()
                }
            });
        }
        let row = |number: Option<u32>| number.and_then(|n| rows.get(n as usize)).copied();
        let rows: UInt32Array = numbers.unwrap_or_else(|| vec![None; records]).into_iter().map(row).collect();
        Matched { unmatched: rows.null_count() as u64, rows }
    }
}

impl Index {
    /// Adds a key; the row that it has already, if any.
    fn insert(&mut self, values: Vec<Value>, row: usize) -> Option<usize> {
        let mut key = None;
        for (place, value) in values.into_iter().enumerate() {
            let next = number(self.values[place].len());
            let code = *self.values[place].entry(value).or_insert(next);
            key = Some(match key {
                None => code,
                Some(before) => {
                    let next = number(self.steps[place - 1].len());
                    *self.steps[place - 1].entry((before, code)).or_insert(next)
                }
            });
        }
        let key = key? as usize;
        if let Some(known) = self.rows.get(key) {
            return Some(*known as usize);
        }
        self.rows.push(number(row));
        None
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The number of each value of a column; a dictionary's values are looked up once each.
fn codes(array: &ArrayRef, known: &HashMap<Value, u32>) -> Vec<Option<u32>> {
    let of = |array: &ArrayRef, row: usize| known.get(&value(array, row)?).copied();
    let DataType::Dictionary(..) = array.data_type() else {
        return (0..array.len()).map(|row| of(array, row)).collect();
    };
    let dictionary = array.as_dictionary::<Int32Type>();
    let values: Vec<Option<u32>> = (0..dictionary.values().len()).map(|place| of(dictionary.values(), place)).collect();
    let code = |key: Option<i32>| values.get(usize::try_from(key?).ok()?).copied().flatten();
    dictionary.keys().iter().map(code).collect()
}

/// The value of a row, in a type that a key may have.
fn value(array: &ArrayRef, row: usize) -> Option<Value> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            return value(dictionary.values(), dictionary.key(row)?);
        }
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::Boolean => Value::Number(i64::from(array.as_boolean().value(row))),
        DataType::Date32 => Value::Number(i64::from(array.as_primitive::<Date32Type>().value(row))),
        DataType::Int64 => Value::Number(array.as_primitive::<Int64Type>().value(row)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, Int64Array};
    use std::sync::Arc;

    fn text(values: Vec<Option<&str>>) -> ArrayRef {
        Arc::new(values.into_iter().collect::<DictionaryArray<Int32Type>>())
    }

    fn column(name: &str, ty: Type, values: ArrayRef) -> LookupColumn {
        LookupColumn { name: name.to_owned(), ty, values }
    }

    #[test]
    fn keys_of_two_columns_match_as_a_whole_and_null_matches_nothing() {
        let network = column("network", Type::Text, text(vec![Some("x"), Some("x"), Some("y"), None]));
        let id = column("id", Type::Int, Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(1), Some(2)])));
        let table =
            LookupTable::new("t".to_owned(), vec![], 4, vec![network.clone(), id.clone()], vec![]).expect("distinct");
        assert_eq!(table.keys(), 3);
        let keys = [
            text(vec![Some("y"), Some("y"), Some("x"), None, Some("x")]),
            Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(2), Some(1), None])) as ArrayRef,
        ];
        let matched = table.matched(&keys, 5);
        assert_eq!(matched.rows.iter().collect::<Vec<_>>(), [Some(2), None, Some(1), None, None]);
        assert_eq!(matched.unmatched, 3);
        let twice = LookupTable::new("t".to_owned(), vec![], 4, vec![network], vec![]);
        assert_eq!(twice.map(|t| t.rows), Err((0, 1)));
    }
}
