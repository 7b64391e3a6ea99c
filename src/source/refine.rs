//! What becomes of a batch before anybody sees it: rows of totals are taken out, and the records are checked.

use super::batch::Batch;
use crate::diagnostic::Diagnostic;
use crate::eval::{Memory, NodeId, Nodes, Values};
use crate::expr::Expr;
use crate::plan::{CheckKind, Scan};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter;
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use arrow::row::{RowConverter, SortField};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Refines the batches of a scan.
pub(super) struct Refine<'s> {
    scan: &'s Scan,
    nodes: Nodes,
    totals: Option<NodeId>,
    /// One for each check.
    checks: Vec<Checker>,
}

/// How a check looks at a batch.
enum Checker {
    /// Counts records that pass a condition.
    Condition(NodeId),
    /// Counts records whose values in these columns were met before.
    Duplicate(Vec<usize>, Mutex<Option<Keys>>),
    /// Adds a column up.
    Total(usize),
    /// Looks at the account, not at records.
    Later,
}

/// The keys met so far, in a form that has one text for equal values.
struct Keys {
    converter: RowConverter,
    seen: HashSet<Box<[u8]>>,
}

impl<'s> Refine<'s> {
    pub(super) fn new(scan: &'s Scan) -> Self {
        let mut nodes = Nodes::default();
        let totals = scan.total_rows.as_ref().map(|expr| nodes.add(expr, &scan.columns));
        let place = |(name, ty): &(String, crate::expr::Type)| {
            scan.columns.iter().position(|c| c.name == *name && c.ty == *ty).unwrap_or(0)
        };
        let checks = scan
            .checks
            .iter()
            .map(|check| match &check.kind {
                CheckKind::Records { condition, .. } => Checker::Condition(nodes.add(condition, &scan.columns)),
                CheckKind::Duplicate { columns, .. } => {
                    Checker::Duplicate(columns.iter().map(place).collect(), Mutex::new(None))
                }
                CheckKind::Total { column, .. } => Checker::Total(place(column)),
                CheckKind::RowCount { .. } | CheckKind::Freshness { .. } | CheckKind::Checksum { .. } => Checker::Later,
            })
            .collect();
        Self { scan, nodes, totals, checks }
    }

    /// Takes rows of totals out of a batch.
    pub(super) fn without_totals(&self, batch: Batch) -> Result<Batch, Diagnostic> {
        let Some(node) = self.totals else { return Ok(batch) };
        let mut memory = Memory::default();
        let is_total = Values::new(&self.nodes, &self.scan.columns, (&batch.columns, batch.rows), &mut memory)
            .get(node)
            .is_true(batch.rows);
        let totals = is_total.count_set_bits() as u64;
        if totals == 0 {
            return Ok(batch);
        }
        let mut kept = keep(&batch, &!&is_total)?;
        kept.aside.totals += totals;
        Ok(kept)
    }

    /// Checks a batch: by check how many of its records are at fault, or the sum of its measure.
    pub(super) fn check(&self, batch: &mut Batch) -> Result<(), Diagnostic> {
        if self.checks.is_empty() || batch.rows == 0 {
            return Ok(());
        }
        let mut memory = Memory::default();
        let mut found = vec![];
        {
            let mut values = Values::new(&self.nodes, &self.scan.columns, (&batch.columns, batch.rows), &mut memory);
            for check in &self.checks {
                found.push(match check {
                    #[allow(clippy::cast_precision_loss, reason = "a count of records")]
                    Checker::Condition(node) => values.get(*node).is_true(batch.rows).count_set_bits() as f64,
                    Checker::Duplicate(columns, keys) => duplicates(batch, columns, keys)?,
                    Checker::Total(column) => sum(&batch.columns[*column]),
                    Checker::Later => 0.0,
                });
            }
        }
        batch.aside.checks = found;
        Ok(())
    }
}

/// How many records have a key that was met before.
fn duplicates(batch: &Batch, columns: &[usize], keys: &Mutex<Option<Keys>>) -> Result<f64, Diagnostic> {
    let bug = |e: arrow::error::ArrowError| Diagnostic::bug(e.to_string());
    let arrays: Vec<ArrayRef> = columns.iter().map(|column| batch.columns[*column].clone()).collect();
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    if keys.is_none() {
        let fields = arrays.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        *keys = Some(Keys { converter: RowConverter::new(fields).map_err(bug)?, seen: HashSet::new() });
    }
    let Some(keys) = keys.as_mut() else { return Ok(0.0) };
    let rows = keys.converter.convert_columns(&arrays).map_err(bug)?;
    let mut twice = 0.0;
    for row in &rows {
        if !keys.seen.insert(row.as_ref().into()) {
            twice += 1.0;
        }
    }
    Ok(twice)
}

/// The sum of a column's known values.
#[allow(clippy::cast_precision_loss, reason = "compared with nine digits")]
fn sum(array: &ArrayRef) -> f64 {
    if let Some(values) = array.as_primitive_opt::<Int64Type>() {
        return values.iter().flatten().map(i128::from).sum::<i128>() as f64;
    }
    if let Some(values) = array.as_primitive_opt::<Float64Type>() {
        return values.iter().flatten().filter(|value| value.is_finite()).sum();
    }
    match array.as_primitive_opt::<Decimal128Type>() {
        Some(values) => values.iter().flatten().sum::<i128>() as f64 / 10f64.powi(i32::from(values.scale())),
        None => 0.0,
    }
}

/// The records of a batch that are to stay.
pub(super) fn keep(batch: &Batch, kept: &BooleanBuffer) -> Result<Batch, Diagnostic> {
    let mask = BooleanArray::new(kept.clone(), None);
    let of = |array: &dyn Array| filter(array, &mask).map_err(|e| Diagnostic::bug(e.to_string()));
    let days = |array: &Int32Array| -> Result<Int32Array, Diagnostic> { Ok(of(array)?.as_primitive().clone()) };
    let hours = |array: &Int64Array| -> Result<Int64Array, Diagnostic> { Ok(of(array)?.as_primitive().clone()) };
    Ok(Batch {
        rows: kept.count_set_bits(),
        columns: batch.columns.iter().map(|column| of(column.as_ref())).collect::<Result<_, _>>()?,
        start: days(&batch.start)?,
        end: batch.end.as_ref().map(days).transpose()?,
        hour: batch.hour.as_ref().map(hours).transpose()?,
        unmatched: batch.unmatched.clone(),
        aside: batch.aside.clone(),
    })
}

/// The condition that a scan must read whole files for; nothing of them may be skipped by their statistics.
pub(super) fn needs_all(scan: &Scan) -> bool {
    scan.snapshot.is_some() || !scan.checks.is_empty() || scan.total_rows.as_ref().is_some_and(|e| !is_never(e))
}

fn is_never(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(crate::expr::Literal::Bool(false)))
}
