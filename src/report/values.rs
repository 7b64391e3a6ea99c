//! From states to values: simple metrics are finished, ratios, means, comparisons and derived metrics computed from
//! others.

use super::cells::{batch_of, states, ROWS};
use super::snapshot;
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Type};
use crate::frame::{column_key, engine_error, frame_of, lower};
use crate::plan::{Aggregate, Formula, MetricPlan, ReportPlan, DAYS_IN_PERIOD};
use crate::rollup::exact;
use crate::spec::{Agg, Calculation, Direction, Number, WindowAgg};
use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::record_batch::RecordBatch;
use indexmap::IndexMap;
use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Float64Chunked, IdxCa, Int128Chunked, Int64Chunked, IntoColumn,
    IntoLazy, NewChunkedArray, PlSmallStr, PolarsError,
};

/// The columns of a metric.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// Its values: Int64 for metrics that are whole numbers, else Float64.
    pub(super) value: Column,
    /// What it was divided from, as floats.
    pub(super) parts: Option<(Column, Column)>,
}

impl Columns {
    fn plain(value: Column) -> Self {
        Self { value, parts: None }
    }

    /// The values of other rows; null where there is none.
    pub(super) fn taken(&self, rows: &IdxCa) -> Result<Self, Diagnostic> {
        let take = |column: &Column| column.take(rows).map_err(error);
        let parts = self.parts.as_ref().map(|(n, d)| Ok::<_, Diagnostic>((take(n)?, take(d)?))).transpose()?;
        Ok(Self { value: take(&self.value)?, parts })
    }
}

/// The columns of a comparison of a report.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    /// The earlier value.
    pub(super) value: Column,
    /// The current value less the earlier one.
    pub(super) abs: Column,
    /// That, by the magnitude of the earlier value.
    pub(super) pct: Column,
    /// Whether the metric moved the way that is better.
    pub(super) better: Column,
}

impl Compared {
    /// The comparison without what cannot be compared: only the earlier value is shown outside of `rows`.
    pub(super) fn withheld(self, rows: &IdxCa) -> Result<Self, Diagnostic> {
        let take = |column: &Column| column.take(rows).map_err(error);
        Ok(Self { abs: take(&self.abs)?, pct: take(&self.pct)?, better: take(&self.better)?, value: self.value })
    }

    /// The values of other rows.
    pub(super) fn taken(&self, rows: &IdxCa) -> Result<Self, Diagnostic> {
        let value = self.value.take(rows).map_err(error)?;
        Ok(Self { value, ..self.clone().withheld(rows)? })
    }
}

/// Whether a metric shows what it is divided from.
pub(super) fn has_parts(metric: &MetricPlan) -> bool {
    match &metric.formula {
        Formula::Ratio { .. } | Formula::Share { .. } => true,
        Formula::Simple { agg, snapshot, .. } => {
            *agg == Agg::Average || snapshot.as_ref().is_some_and(|s| s.pick == WindowAgg::Average)
        }
        Formula::Comparison { calculation, .. } => *calculation != Calculation::Difference,
        Formula::Derived { .. } | Formula::Cumulative { .. } => false,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn error(e: PolarsError) -> Diagnostic {
    engine_error(&e)
}

/// The values of other rows; null where there is none.
pub(super) fn taken(column: &Column, rows: &IdxCa) -> Result<Column, Diagnostic> {
    column.take(rows).map_err(error)
}

/// States as a frame: all rows, or those in `rows`, null where there is none.
pub(super) fn frame(states: &RecordBatch, rows: Option<&UInt32Array>) -> Result<DataFrame, Diagnostic> {
    let schema = states.schema();
    let names = schema.fields().iter().map(|field| (field.name().as_str(), field.name().clone()));
    let Some(rows) = rows else { return frame_of(states, names).map_err(error) };
    let mut columns: Vec<(String, ArrayRef)> = vec![];
    for (index, field) in schema.fields().iter().enumerate() {
        let array = states.column(index);
        // Counts that several states share stay shared.
        let known = (0..index).find(|known| Arc::ptr_eq(states.column(*known), array));
        let taken = match known {
            Some(known) => columns[known].1.clone(),
            None => take(array, rows, None).map_err(|e| Diagnostic::bug(e.to_string()))?,
        };
        columns.push((field.name().clone(), taken));
    }
    let taken = batch_of(rows.len(), columns)?;
    frame_of(&taken, names).map_err(error)
}

/// Whole numbers as a column.
pub(super) fn integers(values: impl Iterator<Item = Option<i64>>) -> Column {
    Int64Chunked::from_iter_options(PlSmallStr::EMPTY, values).into_column()
}

fn float_column(values: impl Iterator<Item = Option<f64>>) -> Column {
    Float64Chunked::from_iter_options(PlSmallStr::EMPTY, values).into_column()
}

/// A simple metric of its states.
pub(super) fn simple(
    report: &ReportPlan,
    metric: &MetricPlan,
    slot: usize,
    frame: &DataFrame,
) -> Result<Columns, Diagnostic> {
    let Formula::Simple { agg, aggregate, snapshot, fill, .. } = &metric.formula else {
        return Err(Diagnostic::bug("not a simple metric"));
    };
    let average = snapshot.as_ref().is_some_and(|s| s.pick == WindowAgg::Average);
    let columns =
        if average { average_of_days(aggregate, slot, frame)? } else { finished(*agg, aggregate, slot, frame)? };
    let value = if metric.integer { narrow(report, metric, columns.value)? } else { columns.value };
    let value = match fill {
        None => value,
        Some(Number::Int(number)) if metric.integer => {
            let values = value.i64().map_err(error)?;
            integers(values.iter().map(|v| v.or(Some(*number))))
        }
        Some(number) => {
            #[expect(clippy::cast_precision_loss, reason = "a number that someone wrote")]
            let number = match number {
                Number::Int(number) => *number as f64,
                Number::Float(number) => *number,
            };
            float_column(as_floats(&value)?.into_iter().map(|v| v.or(Some(number))))
        }
    };
    Ok(Columns { value, ..columns })
}

fn state<'f>(aggregate: &Aggregate, slot: usize, index: usize, frame: &'f DataFrame) -> Result<&'f Column, Diagnostic> {
    let (_, state) = &states(aggregate, slot)[index];
    frame.column(state).map_err(error)
}

fn finished(agg: Agg, aggregate: &Aggregate, slot: usize, frame: &DataFrame) -> Result<Columns, Diagnostic> {
    let ty = aggregate.expr.as_ref().map_or(Type::Int, Expr::ty);
    let state = |index: usize| state(aggregate, slot, index, frame);
    match agg {
        Agg::Count => {
            // Where the source has no record in a cell that another source made, nothing is known: not even a count of 0.
            let rows = frame.column(ROWS).map_err(error)?;
            Ok(Columns::plain(where_some(state(0)?, rows)?))
        }
        Agg::Min | Agg::Max => {
            let column = state(0)?.clone();
            Ok(Columns::plain(match ty {
                Type::Decimal(scale) => {
                    let unscaled = column.i128().map_err(error)?;
                    float_column(unscaled.iter().map(|v| v.map(|v| exact::from_decimal(v, scale))))
                }
                _ => column,
            }))
        }
        Agg::Sum | Agg::Average => {
            let sums = where_some(state(0)?, state(1)?)?;
            if agg == Agg::Sum && ty == Type::Int {
                return Ok(Columns::plain(sums));
            }
            let tails = if ty == Type::Float { Some(state(2)?) } else { None };
            let sums = rounded(&sums, tails, ty)?;
            if agg == Agg::Sum {
                return Ok(Columns::plain(float_column(sums.into_iter())));
            }
            let counts = where_some(state(1)?, frame.column(ROWS).map_err(error)?)?;
            Ok(quotient(sums, as_floats(&counts)?))
        }
    }
}

/// The mean of the sums of days that have one.
fn average_of_days(aggregate: &Aggregate, slot: usize, frame: &DataFrame) -> Result<Columns, Diagnostic> {
    let ty = aggregate.expr.as_ref().map_or(Type::Int, Expr::ty);
    let sums = where_some(state(aggregate, slot, 0, frame)?, state(aggregate, slot, 1, frame)?)?;
    let tails = if ty == Type::Float { Some(state(aggregate, slot, 2, frame)?) } else { None };
    let days = frame.column(snapshot::DAYS).map_err(error)?;
    Ok(quotient(rounded(&sums, tails, ty)?, as_floats(days)?))
}

/// The values of cells that have some.
fn where_some(values: &Column, counts: &Column) -> Result<Column, Diagnostic> {
    let counts = counts.i64().map_err(error)?;
    if counts.null_count() == 0 && counts.iter().flatten().all(|n| n > 0) {
        return Ok(values.clone());
    }
    let some = counts.iter().map(|n| n.unwrap_or(0) > 0);
    Ok(match values.i64() {
        Ok(values) => integers(values.iter().zip(some).map(|(v, some)| v.filter(|_| some))),
        Err(_) => {
            let values = values.i128().map_err(error)?;
            let known = values.iter().zip(some).map(|(v, some)| v.filter(|_| some));
            Int128Chunked::from_iter_options(PlSmallStr::EMPTY, known).into_column()
        }
    })
}

/// Sums as floats: the one rounding of each.
fn rounded(sums: &Column, tails: Option<&Column>, ty: Type) -> Result<Vec<Option<f64>>, Diagnostic> {
    let Ok(wide) = sums.i128() else { return as_floats(sums) };
    Ok(match (ty, tails) {
        (Type::Decimal(scale), _) => wide.iter().map(|v| v.map(|v| exact::from_decimal(v, scale))).collect(),
        (_, Some(tails)) => {
            let tails = tails.i128().map_err(error)?;
            let round = |(head, tail): (Option<i128>, Option<i128>)| Some(exact::from_fixed(head?, tail.unwrap_or(0)));
            wide.iter().zip(tails.iter()).map(round).collect()
        }
        #[expect(clippy::cast_precision_loss, reason = "the one rounding of an average's numerator")]
        _ => wide.iter().map(|v| v.map(|v| v as f64)).collect(),
    })
}

/// Numbers as floats, integers rounded to the nearest.
pub(super) fn as_floats(column: &Column) -> Result<Vec<Option<f64>>, Diagnostic> {
    let floats = column.cast(&DataType::Float64).map_err(error)?;
    Ok(floats.f64().map_err(error)?.iter().collect())
}

/// One column over another, with its parts if they are wanted. A missing side or a zero below the line gives null.
pub(super) fn divided(above: &Column, below: &Column, with_parts: bool) -> Result<Columns, Diagnostic> {
    let columns = quotient(as_floats(above)?, as_floats(below)?);
    Ok(Columns { parts: columns.parts.filter(|_| with_parts), ..columns })
}

fn quotient(above: Vec<Option<f64>>, below: Vec<Option<f64>>) -> Columns {
    let value = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
        (Some(a), Some(b)) if *b != 0.0 => Some(a / b).filter(|x| x.is_finite()),
        _ => None,
    };
    let values: Vec<Option<f64>> = above.iter().zip(&below).map(value).collect();
    let parts = Some((float_column(above.into_iter()), float_column(below.into_iter())));
    Columns { value: float_column(values.into_iter()), parts }
}

/// The mean of the known values that belong to each of `rows` rows, with their sum and number. Sums are exact.
pub(super) fn mean(
    metric: &MetricPlan,
    values: &Column,
    belongs: impl Iterator<Item = Option<u32>>,
    rows: usize,
) -> Result<Columns, Diagnostic> {
    let mut sums = vec![(0i128, 0i128, 0u64); rows];
    for (value, row) in as_floats(values)?.into_iter().zip(belongs) {
        let (Some(value), Some(row)) = (value, row) else { continue };
        let (head, tail) = exact::to_fixed(value).ok_or_else(|| exact::too_large(&metric.name, value))?;
        let sum = &mut sums[row as usize];
        let added = sum.0.checked_add(head).and_then(|head| Some((head, sum.1.checked_add(tail)?, sum.2 + 1)));
        *sum = added.ok_or_else(|| exact::overflow(&metric.name))?;
    }
    let total = |(head, tail, count): &(i128, i128, u64)| (*count > 0).then(|| exact::from_fixed(*head, *tail));
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    let count = |(_, _, count): &(i128, i128, u64)| Some(*count as f64);
    Ok(quotient(sums.iter().map(total).collect(), sums.iter().map(count).collect()))
}

/// Whole numbers less others.
fn difference(metric: &MetricPlan, now: &Column, then: &Column) -> Result<Column, Diagnostic> {
    if !metric.integer {
        let pairs = as_floats(now)?.into_iter().zip(as_floats(then)?);
        return Ok(float_column(pairs.map(|(a, b)| Some(a? - b?).filter(|x| x.is_finite()))));
    }
    let (now, then) = (now.i64().map_err(error)?, then.i64().map_err(error)?);
    let mut differences = Vec::with_capacity(now.len());
    for pair in now.iter().zip(then.iter()) {
        differences.push(match pair {
            (Some(a), Some(b)) => Some(a.checked_sub(b).ok_or_else(|| exact::overflow(&metric.name))?),
            _ => None,
        });
    }
    Ok(integers(differences.into_iter()))
}

/// By how much the magnitude of the earlier value moved.
fn percent_change(now: &Column, then: &Column) -> Result<Column, Diagnostic> {
    let pairs = as_floats(now)?.into_iter().zip(as_floats(then)?);
    let change = |(a, b): (Option<f64>, Option<f64>)| {
        let (a, b) = (a?, b?);
        Some((a - b) / b.abs()).filter(|x| b != 0.0 && x.is_finite())
    };
    Ok(float_column(pairs.map(change)))
}

/// A metric against an earlier period.
pub(super) fn comparison(
    metric: &MetricPlan,
    calculation: Calculation,
    (now, then): (&Column, &Column),
    with_parts: bool,
) -> Result<Columns, Diagnostic> {
    match calculation {
        Calculation::Difference => difference(metric, now, then).map(Columns::plain),
        Calculation::Ratio => divided(now, then, with_parts),
        Calculation::PercentChange => {
            let parts = divided(now, then, with_parts)?.parts;
            Ok(Columns { value: percent_change(now, then)?, parts })
        }
    }
}

/// The columns of a comparison of a report.
pub(super) fn compare(metric: &MetricPlan, now: &Column, then: &Column) -> Result<Compared, Diagnostic> {
    let abs = difference(metric, now, then)?;
    let better = |abs: Option<f64>| {
        let abs = abs.filter(|abs| *abs != 0.0)?;
        match metric.direction {
            Direction::HigherIsBetter => Some(abs > 0.0),
            Direction::LowerIsBetter => Some(abs < 0.0),
            Direction::CloserToTarget | Direction::Neutral => None,
        }
    };
    let better: BooleanChunked = as_floats(&abs)?.into_iter().map(better).collect();
    Ok(Compared { value: then.clone(), pct: percent_change(now, then)?, abs, better: better.into_column() })
}

/// Derived metrics, of which none is made of another. `days` tells the days that a metric looks at, row by row.
pub(super) fn derive(
    report: &ReportPlan,
    metrics: &[&MetricPlan],
    (rows, inputs): (usize, &IndexMap<&str, Columns>),
    days: &dyn Fn(&MetricPlan) -> Column,
) -> Result<Vec<Columns>, Diagnostic> {
    let mut columns: Vec<Column> = vec![];
    let mut lowered = vec![];
    for metric in metrics {
        let Formula::Derived { expr } = &metric.formula else { return Err(Diagnostic::bug("not a derived metric")) };
        for (name, ty) in expr.columns() {
            let key = if name == DAYS_IN_PERIOD { days_key(metric) } else { column_key(name, ty) };
            if columns.iter().any(|c| *c.name() == key) {
                continue;
            }
            let column = if name == DAYS_IN_PERIOD {
                days(metric)
            } else {
                let columns = inputs.get(name);
                columns.ok_or_else(|| Diagnostic::bug(format!("`{name}` was not evaluated")))?.value.clone()
            };
            columns.push(column.with_name(key.into()));
        }
        let ty = if metric.integer { DataType::Int128 } else { DataType::Float64 };
        // Each metric has days of its own.
        let own_days = |expr| renamed(expr, &column_key(DAYS_IN_PERIOD, Type::Int), &days_key(metric));
        lowered.push(own_days(lower(expr)).cast(ty).alias(format!("\u{1f}{}", metric.name)));
    }
    let frame = DataFrame::new(rows, columns).map_err(error)?;
    // There is nothing to optimise in a few columns, and a report has many small frames.
    let computed = frame.lazy().without_optimizations().with_columns(lowered).collect().map_err(error)?;
    metrics
        .iter()
        .map(|metric| {
            let column = computed.column(&format!("\u{1f}{}", metric.name)).map_err(error)?;
            Ok(Columns::plain(if metric.integer {
                narrow(report, metric, column.clone())?
            } else {
                let values = column.f64().map_err(error)?;
                float_column(values.iter().map(|x| x.filter(|x| x.is_finite())))
            }))
        })
        .collect()
}

/// The column of the days that a metric looks at.
fn days_key(metric: &MetricPlan) -> String {
    format!("{DAYS_IN_PERIOD}\u{1f}{}", metric.name)
}

fn renamed(expr: polars::prelude::Expr, from: &str, to: &str) -> polars::prelude::Expr {
    expr.map_expr(|e| match e {
        polars::prelude::Expr::Column(name) if name == from => polars::prelude::Expr::Column(to.into()),
        other => other,
    })
}

/// A non-additive measure reported at its primary key: a second value in one cell means the key is none.
pub(super) fn check_single(
    report: &ReportPlan,
    metric: &MetricPlan,
    grain: Grain,
    frame: &DataFrame,
    slot: usize,
) -> Result<(), Diagnostic> {
    let Formula::Simple { aggregate, .. } = &metric.formula else { return Ok(()) };
    let counts = state(aggregate, slot, 1, frame)?.i64().map_err(error)?;
    let several = counts.iter().filter(|n| n.unwrap_or(0) > 1).count();
    if several == 0 {
        return Ok(());
    }
    let cells = crate::diagnostic::count(several as u64, "cell");
    Err(Diagnostic::data(
        "primary-key-broken",
        format!(
            "report `{}` by {}: {cells} hold more than one value of `{}`",
            report.name,
            grain.as_str(),
            metric.name
        ),
    )
    .note("the measure does not add up, and the source's `primary_key` promises one record a cell")
    .help("correct `primary_key:`, or remove the duplicate records from the files"))
}

/// Integers that were computed in 128 bits are written in 64.
fn narrow(report: &ReportPlan, metric: &MetricPlan, column: Column) -> Result<Column, Diagnostic> {
    let Ok(values) = column.i128() else { return Ok(column) };
    if let Some(value) = values.iter().flatten().find(|v| i64::try_from(*v).is_err()) {
        let message =
            format!("report `{}`: a value of `{}` is {value}, more than 64 bits hold", report.name, metric.name);
        return Err(Diagnostic::data("sum-overflow", message).help("take the metric as a number: `expr: 1.0 * x`"));
    }
    column.cast(&DataType::Int64).map_err(error)
}
