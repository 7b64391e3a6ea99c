//! The first records of a scan as the engines see them, for whoever wants to look at some: no more is read than that.

use super::bad_rows::BadRow;
use super::batch::Batch;
use super::{Failure, Feed};
use crate::calendar::iso_date;
use crate::diagnostic::Diagnostic;
use crate::eval::{Memory, Nodes, Values};
use crate::plan::Scan;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type};
use serde_json::{Number, Value};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

/// Some records of a scan, and what was met on the way to them.
#[derive(Debug, Default)]
pub struct FirstRecords {
    /// The first day of each record, and the value of each of the scan's columns.
    pub rows: Vec<(Option<i32>, Vec<Value>)>,
    /// Rows that cannot be read, with the index of their file in the scan.
    pub bad: Vec<(usize, BadRow)>,
    /// Rows of totals that were left out.
    pub totals: u64,
}

/// Told by the sink when it has enough; nobody sees it.
const ENOUGH: &str = "enough";

/// The first `wanted` records of a scan that pass its `where`: rows of totals are left out, snapshots are as they are.
///
/// # Errors
/// The files cannot be read that far.
pub fn first(scan: &Scan, wanted: usize) -> Result<FirstRecords, Diagnostic> {
    // What is said of records as a whole needs all of them.
    let scan = Scan { snapshot: None, checks: vec![], ..scan.clone() };
    let (progress, uncut): (AtomicU64, BTreeSet<usize>) = (AtomicU64::new(0), (0..scan.files.len()).collect());
    let feed = Feed::new(&scan, wanted.clamp(64, 4096), &progress, &uncut);
    let mut nodes = Nodes::default();
    let filter = scan.filter.as_ref().map(|expr| nodes.add(expr, &scan.columns));
    let mut found = FirstRecords::default();
    let mut sink = |file: usize, mut batch: Batch| {
        let aside = std::mem::take(&mut batch.aside);
        found.totals += aside.totals;
        found.bad.extend(aside.bad.into_iter().map(|bad| (file, bad)));
        let mut memory = Memory::default();
        let kept = filter.map(|node| {
            Values::new(&nodes, &scan.columns, (&batch.columns, batch.rows), &mut memory).get(node).is_true(batch.rows)
        });
        for row in 0..batch.rows {
            if found.rows.len() == wanted {
                break;
            }
            if kept.as_ref().is_none_or(|kept| kept.value(row)) {
                let day = batch.start.is_valid(row).then(|| batch.start.value(row));
                found.rows.push((day, batch.columns.iter().map(|array| value(array, row)).collect()));
            }
        }
        if found.rows.len() == wanted {
            return Err(Diagnostic::data(ENOUGH, "enough was read"));
        }
        Ok(())
    };
    let mut file = None;
    loop {
        match feed.step(&mut file, &|| (usize::MAX, 0), &mut sink) {
            Ok(true) => {}
            Ok(false) => return Ok(found),
            Err((_, Failure::Told(told))) if told.code == ENOUGH => return Ok(found),
            Err((_, Failure::Told(error))) => return Err(*error),
            Err((_, Failure::CutWrongly)) => return Err(Diagnostic::bug("a whole file was cut")),
        }
    }
}

/// A cell of a batch.
fn value(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    let float = |value: f64| Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number);
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int64 => Value::from(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => Value::String(iso_date(array.as_primitive::<Date32Type>().value(row))),
        DataType::Decimal128(..) => {
            let text = array.as_primitive::<Decimal128Type>().value_as_string(row);
            text.parse().map_or(Value::String(text), float)
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            let texts = dictionary.values().as_string::<i32>();
            let key = dictionary.key(row).filter(|key| texts.is_valid(*key));
            key.map_or(Value::Null, |key| Value::String(texts.value(key).to_owned()))
        }
        other => Value::String(other.to_string()),
    }
}
