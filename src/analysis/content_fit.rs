//! Content fit: which content does better on a network than the rest of what is published there, and whether the difference
//! stands out from chance.
//!
//! A KPI is a ratio of sums over units (posts), so its error is that of a ratio estimator: Var(r) ≈ n/(n−1) · Σ(yᵢ − r·xᵢ)² / (Σxᵢ)²
//! (Cochran, "Sampling Techniques", 1977, chapter 6). A format is held against all other units of its network; the difference over its
//! standard error is taken as normal, and what stands out at 5 % is decided for all formats of a network together (Holm, 1979). With fewer than
//! [`FEWEST`] units on a side nothing is said.

use crate::diagnostic::Diagnostic;
use crate::plan::{ContentFitPlan, Plan};
use crate::report::{titled, ReportTable};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use indexmap::IndexMap;
use std::sync::Arc;

/// The fewest units on each side of which anything is said.
pub const FEWEST: usize = 5;

/// How often chance alone may stand out.
const LEVEL: f64 = 0.05;

/// Values of dimensions; null is none.
type Values = Vec<Option<String>>;

/// A period of a segment, and what is published together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cell {
    segment: String,
    start: i32,
    end: i32,
    label: String,
    within: Values,
}

/// Above and below the line, unit by unit.
type Units = Vec<(f64, f64)>;

#[derive(Clone, Debug)]
struct Row {
    cell: Cell,
    by: Values,
    units: usize,
    value: f64,
    level: f64,
    rest: Option<f64>,
    error: Option<f64>,
    p: Option<f64>,
    stands_out: Option<bool>,
}

/// The table of an analysis, of the table of its report.
///
/// # Errors
/// Only if that table were not what reports are.
pub fn table(plan: &Plan, fit: &ContentFitPlan, report: Option<&ReportTable>) -> Result<RecordBatch, Diagnostic> {
    let batch = report.and_then(|table| table.long.as_ref());
    let batch = batch.ok_or_else(|| Diagnostic::bug("an analysis without its report"))?;
    let mut rows = vec![];
    for (cell, formats) in gathered(fit, batch)? {
        rows.extend(held(&cell, &formats));
    }
    laid_out(plan, fit, &rows)
}

/// The units of each format, in the order of the report.
fn gathered(fit: &ContentFitPlan, batch: &RecordBatch) -> Result<IndexMap<Cell, IndexMap<Values, Units>>, Diagnostic> {
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| Diagnostic::bug(format!("a report without the column {name}")))
    };
    let text = |name: &String| -> Result<StringArray, Diagnostic> {
        let array = cast(column(name)?, &DataType::Utf8).map_err(|e| Diagnostic::bug(e.to_string()))?;
        Ok(array.as_string::<i32>().clone())
    };
    let texts = |names: &[String]| names.iter().map(text).collect::<Result<Vec<_>, _>>();
    let (within, by, unit) = (texts(&fit.within)?, texts(&fit.by)?, text(&fit.unit)?);
    let (segments, labels, metrics) = (column("segment")?, column("period_label")?, column("metric")?);
    let (starts, ends) = (column("period_start")?, column("period_end")?);
    let values = column("value")?.as_primitive::<Float64Type>();
    let mut sides: IndexMap<(Cell, Values, String), [Option<f64>; 2]> = IndexMap::new();
    let of = |arrays: &[StringArray], row: usize| -> Values {
        arrays.iter().map(|array| array.is_valid(row).then(|| array.value(row).to_owned())).collect()
    };
    for row in (0..batch.num_rows()).filter(|row| values.is_valid(*row) && unit.is_valid(*row)) {
        let cell = Cell {
            segment: segments.as_string::<i32>().value(row).to_owned(),
            start: starts.as_primitive::<Date32Type>().value(row),
            end: ends.as_primitive::<Date32Type>().value(row),
            label: labels.as_string::<i32>().value(row).to_owned(),
            within: of(&within, row),
        };
        let below = metrics.as_string::<i32>().value(row) == fit.parts.1;
        let side = sides.entry((cell, of(&by, row), unit.value(row).to_owned())).or_default();
        side[usize::from(below)] = Some(values.value(row));
    }
    let mut cells: IndexMap<Cell, IndexMap<Values, Units>> = IndexMap::new();
    for ((cell, by, _), side) in sides {
        // A unit of which one side is not known has no rate.
        let [Some(above), Some(below)] = side else { continue };
        cells.entry(cell).or_default().entry(by).or_default().push((above, below));
    }
    Ok(cells)
}

/// Sum over sum, and the square of its standard error.
fn ratio(units: &[(f64, f64)]) -> Option<(f64, Option<f64>)> {
    let (above, below) = units.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let r = Some(above / below).filter(|r| r.is_finite())?;
    #[expect(clippy::cast_precision_loss, reason = "a number of posts")]
    let n = units.len() as f64;
    let squares: f64 = units.iter().map(|(y, x)| (y - r * x).powi(2)).sum();
    Some((r, Some(n / (n - 1.0) * squares / (below * below)).filter(|v| v.is_finite())))
}

/// Each format against the rest of its cell.
fn held(cell: &Cell, formats: &IndexMap<Values, Units>) -> Vec<Row> {
    let all: Units = formats.values().flatten().copied().collect();
    let Some((level, _)) = ratio(&all) else { return vec![] };
    let mut rows = vec![];
    for (place, (by, units)) in formats.iter().enumerate() {
        let Some((value, variance)) = ratio(units) else { continue };
        let others = formats.values().enumerate().filter(|(at, _)| *at != place);
        let others: Units = others.flat_map(|(_, units)| units.iter().copied()).collect();
        let rest = ratio(&others);
        let enough = units.len() >= FEWEST && others.len() >= FEWEST;
        let error = rest.and_then(|(_, of_rest)| Some((variance? + of_rest?).sqrt())).filter(|_| enough);
        let p = rest
            .zip(error.filter(|e| *e > 0.0))
            .map(|((rest, _), error)| libm::erfc((value - rest).abs() / error / std::f64::consts::SQRT_2));
        rows.push(Row {
            cell: cell.clone(),
            by: by.clone(),
            units: units.len(),
            value,
            level,
            rest: rest.map(|(rest, _)| rest),
            error,
            p,
            stands_out: None,
        });
    }
    decide(&mut rows);
    rows
}

/// Holm's step-down: the smallest p is held against the level divided by the number of formats, the next by one less, up to
/// the first that does not stand out.
fn decide(rows: &mut [Row]) {
    let mut order: Vec<(f64, usize)> = rows.iter().enumerate().filter_map(|(at, row)| Some((row.p?, at))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut stands = true;
    let count = order.len();
    for (step, (p, at)) in order.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a number of formats")]
        let hypotheses = (count - step) as f64;
        stands &= p <= LEVEL / hypotheses;
        rows[at].stands_out = Some(stands);
    }
}

fn laid_out(plan: &Plan, fit: &ContentFitPlan, rows: &[Row]) -> Result<RecordBatch, Diagnostic> {
    let text =
        |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let float =
        |of: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let day = |of: fn(&Row) -> i32| -> ArrayRef { Arc::new(Date32Array::from_iter_values(rows.iter().map(of))) };
    let units = rows.iter().map(|row| i64::try_from(row.units).unwrap_or(i64::MAX));
    let mut columns: Vec<(String, bool, ArrayRef)> = vec![
        ("analysis".into(), false, text(&|_| Some(fit.name.clone()))),
        ("metric".into(), false, text(&|_| Some(fit.metric.clone()))),
        ("segment".into(), false, text(&|r| Some(r.cell.segment.clone()))),
        ("grain".into(), false, text(&|_| Some(fit.grain.as_str().to_owned()))),
        ("period_start".into(), false, day(|r| r.cell.start)),
        ("period_end".into(), false, day(|r| r.cell.end)),
        ("period_label".into(), false, text(&|r| Some(r.cell.label.clone()))),
    ];
    for (at, name) in fit.within.iter().enumerate() {
        columns.push((name.clone(), true, text(&|r| r.cell.within[at].clone())));
    }
    for (at, name) in fit.by.iter().enumerate() {
        columns.push((name.clone(), true, text(&|r| r.by[at].clone())));
    }
    columns.extend([
        ("units".into(), false, Arc::new(Int64Array::from_iter_values(units)) as ArrayRef),
        ("value".into(), false, float(&|r| Some(r.value))),
        ("level_value".into(), false, float(&|r| Some(r.level))),
        ("lift".into(), true, float(&|r| Some(r.value / r.level).filter(|lift| lift.is_finite()))),
        ("rest_value".into(), true, float(&|r| r.rest)),
        ("standard_error".into(), true, float(&|r| r.error)),
        ("p_value".into(), true, float(&|r| r.p)),
        ("stands_out".into(), true, Arc::new(rows.iter().map(|r| r.stands_out).collect::<BooleanArray>())),
    ]);
    titled(plan, &fit.name, columns)
}
