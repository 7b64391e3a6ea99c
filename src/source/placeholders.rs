//! Zeros that stand for "not available": an export that has `Views` 0 on every row while `Reach` is in the thousands did
//! not measure views.

use super::batch::Batch;
use crate::plan::{Scan, ScanColumn};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use std::sync::atomic::{AtomicU8, Ordering};

/// Parts of names of figures that cannot be 0 where others are not: whoever reacts has seen.
const SEEN_FIRST: &[&str] = &["view", "impression", "reach", "vues", "couverture", "portée", "visualiz", "alcance"];

/// Parts of names of figures that may well be 0: nobody paid.
const PAID: &[&str] = &["paid", "sponsor", "promoted", "boost", "ad ", "ads", "payé", "payant"];

const KNOWN: u8 = 1;
const NOT_ZERO: u8 = 2;

/// What was seen of each measure of a scan.
pub(super) struct Zeros<'s> {
    scan: &'s Scan,
    seen: Vec<AtomicU8>,
}

impl<'s> Zeros<'s> {
    pub(super) fn new(scan: &'s Scan) -> Self {
        Self { scan, seen: scan.columns.iter().map(|_| AtomicU8::new(0)).collect() }
    }

    /// Looks at the measures that were nothing but 0 so far.
    pub(super) fn look(&self, batch: &Batch) {
        let columns = self.scan.columns.iter().zip(&self.seen).zip(&batch.columns);
        for ((_, seen), array) in columns.filter(|((column, _), _)| column.measure) {
            if seen.load(Ordering::Relaxed) & NOT_ZERO == 0 {
                seen.fetch_or(flags(array), Ordering::Relaxed);
            }
        }
    }

    /// Measures that are 0 in every record, although other measures show that they cannot be.
    pub(super) fn placeholders(&self) -> Vec<String> {
        let measures = || self.scan.columns.iter().zip(&self.seen).filter(|(column, _)| column.measure);
        let flags = |seen: &AtomicU8| seen.load(Ordering::Relaxed);
        if !measures().any(|(_, seen)| flags(seen) & NOT_ZERO != 0) {
            return vec![];
        }
        let has = |name: &str, parts: &[&str]| parts.iter().any(|part| name.to_lowercase().contains(part));
        let comes_first = |name: &str| has(name, SEEN_FIRST);
        let is_paid = |column: &ScanColumn| has(&column.name, PAID) || has(column.raw.as_deref().unwrap_or(""), PAID);
        let found = measures().filter(|(column, seen)| {
            flags(seen) == KNOWN
                && !is_paid(column)
                && (comes_first(&column.name) || column.raw.as_deref().is_some_and(comes_first))
        });
        let mut names: Vec<String> = found.map(|(column, _)| column.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn flags(array: &ArrayRef) -> u8 {
    if array.null_count() == array.len() {
        return 0;
    }
    let not_zero = if let Some(values) = array.as_primitive_opt::<Int64Type>() {
        values.iter().flatten().any(|value| value != 0)
    } else if let Some(values) = array.as_primitive_opt::<Float64Type>() {
        values.iter().flatten().any(|value| value != 0.0)
    } else {
        true
    };
    if not_zero {
        KNOWN | NOT_ZERO
    } else {
        KNOWN
    }
}
