//! Columns that describe groups: of each group the value on the latest day on which it is known.

use super::cells::{day_of_bucket, Book};
use super::groups::LevelId;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::plan::{AggFunc, AttributePlan, Dim};
use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use std::cmp::Ordering;
use std::collections::HashMap;

/// A column of values, and which of them describes each group of the details.
pub(super) struct Attribute {
    pub(super) dim: Dim,
    values: ArrayRef,
    rows: HashMap<u32, u32>,
}

impl Attribute {
    /// The values of groups; null for rows that are of no group of the details.
    pub(super) fn column(&self, groups: impl Iterator<Item = Option<u32>>) -> Result<ArrayRef, Diagnostic> {
        let rows: UInt32Array = groups.map(|group| self.rows.get(&group?).copied()).collect();
        take(&self.values, &rows, None).map_err(|e| Diagnostic::bug(e.to_string()))
    }
}

/// Finds what describes the groups of a level.
pub(super) fn attribute(book: &Book<'_>, plan: &AttributePlan, level: LevelId) -> Result<Attribute, Diagnostic> {
    let (read, cells) = book.read(plan.rollup)?;
    let groups = book.numbers(read, cells, level)?;
    let column = |name: String| {
        cells.column_by_name(&name).ok_or_else(|| Diagnostic::bug(format!("cells without the column {name}")))
    };
    let place = read.dims.iter().position(|dim| *dim == plan.dim);
    let place = place.ok_or_else(|| Diagnostic::bug("an attribute is not rolled up"))?;
    let values = canonical(column(format!("d{place}"))?, plan.dim.ty)?;
    let latest = read.aggregates.iter().position(|a| a.func == AggFunc::Max && a.expr.as_ref() == Some(&plan.day));
    let latest = latest.ok_or_else(|| Diagnostic::bug("the days of an attribute are not rolled up"))?;
    let days = column(format!("v{latest}"))?.as_primitive::<Decimal128Type>();
    let buckets = column("b".to_owned())?.as_primitive::<Int64Type>();
    let end = book.report.reads.end;
    let mut rows: HashMap<u32, u32> = HashMap::new();
    for (row, group) in (0u32..).zip(groups.iter()) {
        let at = row as usize;
        // Another report may want later days.
        let late = || end.is_some_and(|end| day_of_bucket(&book.plan.calendar, read.bucket, buckets.value(at)) > end);
        if values.is_null(at) || days.is_null(at) || late() {
            continue;
        }
        let known = rows.entry(*group).or_insert(row);
        let older = days.value(at).cmp(&days.value(*known as usize));
        if older.then_with(|| order(&values, *known as usize, at)) == Ordering::Greater {
            *known = row;
        }
    }
    Ok(Attribute { dim: plan.dim.clone(), values, rows })
}

/// A roll-up's dimension in the type that reports show.
fn canonical(array: &ArrayRef, ty: Type) -> Result<ArrayRef, Diagnostic> {
    let wanted = match ty {
        Type::Bool => DataType::Boolean,
        Type::Date => DataType::Date32,
        Type::Text => DataType::Utf8,
        _ => DataType::Int64,
    };
    cast(array, &wanted).map_err(|e| Diagnostic::bug(e.to_string()))
}

/// The order of two values: texts by their bytes.
fn order(values: &ArrayRef, a: usize, b: usize) -> Ordering {
    if let Some(texts) = values.as_string_opt::<i32>() {
        return texts.value(a).cmp(texts.value(b));
    }
    if let Some(flags) = values.as_boolean_opt() {
        return flags.value(a).cmp(&flags.value(b));
    }
    if let Some(days) = values.as_primitive_opt::<Date32Type>() {
        return days.value(a).cmp(&days.value(b));
    }
    values.as_primitive_opt::<Int64Type>().map_or(Ordering::Equal, |numbers| numbers.value(a).cmp(&numbers.value(b)))
}
