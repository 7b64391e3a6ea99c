//! From states to values: simple metrics are finished, then ratios and derived metrics computed from them, each
//! after its inputs.

use super::cells::{rows_column, state_column, states};
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Type};
use crate::frame::{column_key, engine_error, lower};
use crate::plan::{Aggregate, Formula, MetricPlan, Plan, ReportPlan};
use crate::rollup::exact;
use crate::spec::Agg;
use polars::prelude::{
    Column, DataFrame, DataType, Float64Chunked, Int128Chunked, Int64Chunked, IntoColumn, IntoLazy, NamedFrom,
    NewChunkedArray, PlSmallStr, PolarsError, Series,
};

/// The value column of a metric.
pub(super) fn value_column(metric: &MetricPlan) -> String {
    column_key(&metric.name, if metric.integer { Type::Int } else { Type::Float })
}

/// The columns of the parts of a ratio or an average.
pub(super) fn part_columns(metric: &str) -> (String, String) {
    (format!("{metric}\u{1f}numerator"), format!("{metric}\u{1f}denominator"))
}

/// Whether a metric shows what it is divided from.
pub(super) fn has_parts(metric: &MetricPlan) -> bool {
    matches!(metric.formula, Formula::Ratio { .. } | Formula::Simple { agg: Agg::Average, .. })
}

/// Adds the value columns of all metrics of a report, and the segment; drops the states.
pub(super) fn evaluate(
    plan: &Plan,
    report: &ReportPlan,
    segment: &str,
    grain: Grain,
    cells: DataFrame,
) -> Result<DataFrame, Diagnostic> {
    let mut frame = cells;
    let mut keep: Vec<String> = vec!["p".to_owned()];
    keep.extend((0..report.dims.len()).map(|i| format!("d{i}")));
    // Derived metrics that do not wait for each other are computed at one go.
    let mut waiting: Vec<(&MetricPlan, &Expr)> = vec![];
    for name in &report.computed {
        let metric = &plan.metrics[name];
        if metric.formula.inputs().iter().any(|input| waiting.iter().any(|(metric, _)| metric.name == *input)) {
            derive(report, std::mem::take(&mut waiting), &mut frame)?;
        }
        let columns = match &metric.formula {
            Formula::Simple { source, agg, aggregate, .. } => {
                let input = report.inputs.iter().position(|i| i.segment == segment && i.source == *source);
                let input = input.ok_or_else(|| Diagnostic::bug(format!("`{name}` has no input")))?;
                let slot = report.inputs[input].slots[name];
                if report.single_valued.contains(name) {
                    check_single(report, metric, grain, &frame, &state_column(input, &format!("n{slot}")))?;
                }
                simple(metric, *agg, aggregate, input, slot, &frame)?
            }
            Formula::Ratio { numerator, denominator } => {
                ratio(metric, &plan.metrics[numerator], &plan.metrics[denominator], &frame)?
            }
            Formula::Derived { expr } => {
                waiting.push((metric, expr));
                keep.push(value_column(metric));
                continue;
            }
        };
        for column in columns {
            keep.push(column.name().to_string());
            frame.with_column(column).map_err(|e| engine_error(&e))?;
        }
        if metric.integer {
            narrow(report, metric, &mut frame)?;
        }
    }
    derive(report, waiting, &mut frame)?;
    let mut frame = frame.select(keep).map_err(|e| engine_error(&e))?;
    let segments = Series::new("segment".into(), vec![segment; frame.height()]);
    frame.with_column(segments.into_column()).map_err(|e| engine_error(&e))?;
    Ok(frame)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn error(e: PolarsError) -> Diagnostic {
    engine_error(&e)
}

/// A metric's values as floats.
fn floats(metric: &MetricPlan, frame: &DataFrame) -> Result<Vec<Option<f64>>, Diagnostic> {
    as_floats(frame.column(&value_column(metric)).map_err(error)?)
}

fn float_column(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    Float64Chunked::from_iter_options(name.into(), values).into_column()
}

fn simple(
    metric: &MetricPlan,
    agg: Agg,
    aggregate: &Aggregate,
    input: usize,
    slot: usize,
    frame: &DataFrame,
) -> Result<Vec<Column>, Diagnostic> {
    let ty = aggregate.expr.as_ref().map_or(Type::Int, Expr::ty);
    let name = value_column(metric);
    let state = |index: usize| -> Result<&Column, Diagnostic> {
        let (_, state) = &states(aggregate, slot)[index];
        frame.column(&state_column(input, state)).map_err(error)
    };
    match agg {
        Agg::Count => {
            // Where the source has no record in a cell that another source made, nothing is known: not even a count of 0.
            let rows = frame.column(&rows_column(input)).map_err(error)?;
            Ok(vec![where_some(state(0)?, rows)?.with_name(name.into())])
        }
        Agg::Min | Agg::Max => {
            let column = state(0)?.clone();
            let column = match ty {
                Type::Decimal(scale) => {
                    let unscaled = column.i128().map_err(error)?;
                    float_column(&name, unscaled.iter().map(|v| v.map(|v| exact::from_decimal(v, scale))))
                }
                _ => column.with_name(name.into()),
            };
            Ok(vec![column])
        }
        Agg::Sum | Agg::Average => {
            let sums = where_some(state(0)?, state(1)?)?;
            if agg == Agg::Sum && ty == Type::Int {
                return Ok(vec![sums.with_name(name.into())]);
            }
            let tails = if ty == Type::Float { Some(state(2)?) } else { None };
            let sums = rounded(&sums, tails, ty)?;
            if agg == Agg::Sum {
                return Ok(vec![float_column(&name, sums.into_iter())]);
            }
            let counts = where_some(state(1)?, frame.column(&rows_column(input)).map_err(error)?)?;
            Ok(divided(metric, sums, as_floats(&counts)?))
        }
    }
}

/// The values of cells that have some.
fn where_some(values: &Column, counts: &Column) -> Result<Column, Diagnostic> {
    let counts = counts.i64().map_err(error)?;
    if counts.null_count() == 0 && counts.iter().flatten().all(|n| n > 0) {
        return Ok(values.clone());
    }
    let some = counts.iter().map(|n| n.unwrap_or(0) > 0);
    Ok(match values.i64() {
        Ok(values) => {
            let known = values.iter().zip(some).map(|(v, some)| v.filter(|_| some));
            Int64Chunked::from_iter_options(PlSmallStr::EMPTY, known).into_column()
        }
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
fn as_floats(column: &Column) -> Result<Vec<Option<f64>>, Diagnostic> {
    let floats = column.cast(&DataType::Float64).map_err(error)?;
    Ok(floats.f64().map_err(error)?.iter().collect())
}

/// The value column of a division and its parts. A missing side or a zero below the line gives null.
fn divided(metric: &MetricPlan, above: Vec<Option<f64>>, below: Vec<Option<f64>>) -> Vec<Column> {
    let value = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
        (Some(a), Some(b)) if *b != 0.0 => Some(a / b).filter(|x| x.is_finite()),
        _ => None,
    };
    let values: Vec<Option<f64>> = above.iter().zip(&below).map(value).collect();
    let (numerator, denominator) = part_columns(&metric.name);
    vec![
        float_column(&value_column(metric), values.into_iter()),
        float_column(&numerator, above.into_iter()),
        float_column(&denominator, below.into_iter()),
    ]
}

fn ratio(
    metric: &MetricPlan,
    numerator: &MetricPlan,
    denominator: &MetricPlan,
    frame: &DataFrame,
) -> Result<Vec<Column>, Diagnostic> {
    Ok(divided(metric, floats(numerator, frame)?, floats(denominator, frame)?))
}

/// Adds the value columns of derived metrics, of which none is made of another.
fn derive(report: &ReportPlan, metrics: Vec<(&MetricPlan, &Expr)>, frame: &mut DataFrame) -> Result<(), Diagnostic> {
    if metrics.is_empty() {
        return Ok(());
    }
    let lowered = |(metric, expr): &(&MetricPlan, &Expr)| {
        let ty = if metric.integer { DataType::Int128 } else { DataType::Float64 };
        lower(expr).cast(ty).alias(value_column(metric))
    };
    let lowered: Vec<_> = metrics.iter().map(lowered).collect();
    // There is nothing to optimise in a few columns, and a report has many small frames.
    let computed = frame.clone().lazy().without_optimizations().with_columns(lowered).collect().map_err(error)?;
    for (metric, _) in metrics {
        let name = value_column(metric);
        let column = computed.column(&name).map_err(error)?;
        let column = if metric.integer {
            column.clone()
        } else {
            let values = column.f64().map_err(error)?;
            float_column(&name, values.iter().map(|x| x.filter(|x| x.is_finite())))
        };
        frame.with_column(column).map_err(error)?;
        if metric.integer {
            narrow(report, metric, frame)?;
        }
    }
    Ok(())
}

/// A non-additive measure reported at its primary key: a second value in one cell means the key is none.
fn check_single(
    report: &ReportPlan,
    metric: &MetricPlan,
    grain: Grain,
    frame: &DataFrame,
    counts: &str,
) -> Result<(), Diagnostic> {
    let counts = frame.column(counts).and_then(Column::i64).map_err(error)?;
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
fn narrow(report: &ReportPlan, metric: &MetricPlan, frame: &mut DataFrame) -> Result<(), Diagnostic> {
    let column = frame.column(&value_column(metric)).map_err(error)?;
    let Ok(values) = column.i128() else { return Ok(()) };
    if let Some(value) = values.iter().flatten().find(|v| i64::try_from(*v).is_err()) {
        let message =
            format!("report `{}`: a value of `{}` is {value}, more than 64 bits hold", report.name, metric.name);
        return Err(Diagnostic::data("sum-overflow", message).help("take the metric as a number: `expr: 1.0 * x`"));
    }
    let narrow = column.cast(&DataType::Int64).map_err(error)?;
    frame.with_column(narrow).map(|_| ()).map_err(error)
}
