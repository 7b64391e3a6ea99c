//! Drivers: which values of a dimension explain a metric's change between two periods. Contributions add up to the change.
//!
//! What adds up is taken apart by differences. A ratio is taken apart as Kitagawa did ("Components of a Difference Between Two
//! Rates", 1955): with the weight *w* of a group (its part of the denominator) and its rate *r*, the change Σw₁r₁ − Σw₀r₀ is the sum of
//! rate effects (w₀+w₁)/2 · (r₁−r₀) and mix effects (w₁−w₀) · ((r₀+r₁)/2 − R), R being the mean of the two total rates. Weights
//! add up to 1, so R changes no sum; it makes a group that grows count by how far its rate is from the whole's.

use crate::diagnostic::Diagnostic;
use crate::plan::{DriversPlan, Plan};
use crate::report::{titled, ReportTable};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A period of a segment: segment, first day, last day, label.
type Cell = (String, i32, i32, String);

/// The figures of a group: earlier and current, above and below the line.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    then: [f64; 2],
    now: [f64; 2],
}

/// What a group explains.
#[derive(Clone, Debug)]
struct Row {
    cell: Cell,
    dimension: String,
    value: Option<String>,
    earlier: Option<f64>,
    current: Option<f64>,
    /// Parts of the denominator, for ratios.
    weights: Option<(f64, f64)>,
    contribution: f64,
    /// Rate and mix effect, for ratios.
    effects: Option<(f64, f64)>,
    rank: i64,
    total: (f64, f64),
}

/// The table of an analysis, of the tables of its reports.
///
/// # Errors
/// Only if a table were not what reports are.
pub fn table(
    plan: &Plan,
    drivers: &DriversPlan,
    tables: &BTreeMap<usize, &ReportTable>,
) -> Result<RecordBatch, Diagnostic> {
    let mut rows = vec![];
    for (dimension, report) in &drivers.by {
        let table = tables.get(report).and_then(|table| table.long.as_ref());
        let batch = table.ok_or_else(|| Diagnostic::bug("an analysis without its report"))?;
        for Compared { cell, groups, .. } in gathered(drivers, dimension, batch)? {
            rows.extend(explained(drivers, dimension, &cell, &groups));
        }
    }
    laid_out(plan, drivers, &rows)
}

/// A period of a segment, with its groups in the order of the report.
struct Compared {
    cell: Cell,
    groups: Vec<(Option<String>, Group)>,
    /// Whether anything is known of the earlier period.
    has_earlier: bool,
    /// Whether the two may not be compared.
    is_withheld: bool,
}

/// The groups of each period and segment, in the order of the report.
fn gathered(drivers: &DriversPlan, dimension: &str, batch: &RecordBatch) -> Result<Vec<Compared>, Diagnostic> {
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| Diagnostic::bug(format!("a report without the column {name}")))
    };
    let float = |name: &str| column(name).map(|array| array.as_primitive::<Float64Type>().clone());
    let text = |name: &str| column(name).map(|array| array.as_string::<i32>().clone());
    let (segments, labels, metrics) = (text("segment")?, text("period_label")?, text("metric")?);
    let (starts, ends) = (column("period_start")?, column("period_end")?);
    let (starts, ends) = (starts.as_primitive::<Date32Type>(), ends.as_primitive::<Date32Type>());
    let values = cast(column(dimension)?, &DataType::Utf8).map_err(|e| Diagnostic::bug(e.to_string()))?;
    let values = values.as_string::<i32>();
    let (now, then) = (float("value")?, float(&format!("{}_value", drivers.compare))?);
    // Null where the two may not be compared, although both are known.
    let changes = float(&format!("{}_abs", drivers.compare))?;
    let mut cells: Vec<Compared> = vec![];
    let mut places: HashMap<Cell, usize> = HashMap::new();
    for row in 0..batch.num_rows() {
        let cell = (segments.value(row).to_owned(), starts.value(row), ends.value(row), labels.value(row).to_owned());
        let known = |array: &Float64Array| array.is_valid(row).then(|| array.value(row));
        let place = *places.entry(cell.clone()).or_insert_with(|| {
            cells.push(Compared { cell, groups: vec![], has_earlier: false, is_withheld: false });
            cells.len() - 1
        });
        let Compared { groups, has_earlier, is_withheld, .. } = &mut cells[place];
        *has_earlier |= known(&then).is_some();
        *is_withheld |= known(&now).is_some() && known(&then).is_some() && known(&changes).is_none();
        let value = values.is_valid(row).then(|| values.value(row).to_owned());
        if groups.last().is_none_or(|(last, _)| *last != value) {
            groups.push((value, Group::default()));
        }
        let below = drivers.parts.as_ref().is_some_and(|(_, denominator)| metrics.value(row) == denominator);
        if let Some((_, group)) = groups.last_mut() {
            group.now[usize::from(below)] = known(&now).unwrap_or(0.0);
            group.then[usize::from(below)] = known(&then).unwrap_or(0.0);
        }
    }
    // A period that is compared with nothing has no change.
    cells.retain(|cell| cell.has_earlier && !cell.is_withheld);
    Ok(cells)
}

/// What each group explains of the change.
fn explained(drivers: &DriversPlan, dimension: &str, cell: &Cell, groups: &[(Option<String>, Group)]) -> Vec<Row> {
    let sum = |of: &dyn Fn(&Group) -> f64| groups.iter().map(|(_, group)| of(group)).sum::<f64>();
    let is_ratio = drivers.parts.is_some();
    let (below_then, below_now) = (sum(&|g| g.then[1]), sum(&|g| g.now[1]));
    if is_ratio && (below_then == 0.0 || below_now == 0.0) {
        return vec![];
    }
    let total = if is_ratio {
        (sum(&|g| g.then[0]) / below_then, sum(&|g| g.now[0]) / below_now)
    } else {
        (sum(&|g| g.then[0]), sum(&|g| g.now[0]))
    };
    let mean = f64::midpoint(total.0, total.1);
    let mut rows: Vec<Row> = groups
        .iter()
        .map(|(value, group)| {
            let (then, now) = (group.then, group.now);
            let mut row = Row {
                cell: cell.clone(),
                dimension: dimension.to_owned(),
                value: value.clone(),
                earlier: Some(then[0]),
                current: Some(now[0]),
                weights: None,
                contribution: now[0] - then[0],
                effects: None,
                rank: 0,
                total,
            };
            if is_ratio {
                let rate = |above: f64, below: f64| (below != 0.0).then(|| above / below);
                let (before, after) = (rate(then[0], then[1]), rate(now[0], now[1]));
                let (w0, w1) = (then[1] / below_then, now[1] / below_now);
                row.contribution = now[0] / below_now - then[0] / below_then - mean * (w1 - w0);
                // A group that is there on one side only has no rate that could have changed.
                let rates = before.zip(after).map_or(0.0, |(r0, r1)| f64::midpoint(w0, w1) * (r1 - r0));
                row.effects = Some((rates, row.contribution - rates));
                row.weights = Some((w0, w1));
                (row.earlier, row.current) = (before, after);
            }
            row
        })
        .collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows[*b].contribution.abs().total_cmp(&rows[*a].contribution.abs()).then(a.cmp(b)));
    for (rank, row) in (1..).zip(order) {
        rows[row].rank = rank;
    }
    rows
}

fn laid_out(plan: &Plan, drivers: &DriversPlan, rows: &[Row]) -> Result<RecordBatch, Diagnostic> {
    let text =
        |of: &dyn Fn(&Row) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
    let float =
        |of: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let day = |of: fn(&Row) -> i32| -> ArrayRef { Arc::new(Date32Array::from_iter_values(rows.iter().map(of))) };
    let change = |row: &Row| row.total.1 - row.total.0;
    let columns: Vec<(&str, bool, ArrayRef)> = vec![
        ("analysis", false, text(&|_| Some(drivers.name.clone()))),
        ("metric", false, text(&|_| Some(drivers.metric.clone()))),
        ("segment", false, text(&|r| Some(r.cell.0.clone()))),
        ("grain", false, text(&|_| Some(drivers.grain.as_str().to_owned()))),
        ("period_start", false, day(|r| r.cell.1)),
        ("period_end", false, day(|r| r.cell.2)),
        ("period_label", false, text(&|r| Some(r.cell.3.clone()))),
        ("compared_with", false, text(&|_| Some(drivers.compare.to_owned()))),
        ("dimension", false, text(&|r| Some(r.dimension.clone()))),
        ("dimension_value", true, text(&|r| r.value.clone())),
        ("rank", false, Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.rank)))),
        ("earlier", true, float(&|r| r.earlier)),
        ("current", true, float(&|r| r.current)),
        ("weight_earlier", true, float(&|r| r.weights.map(|w| w.0))),
        ("weight_current", true, float(&|r| r.weights.map(|w| w.1))),
        ("contribution", false, float(&|r| Some(r.contribution))),
        ("share_of_change", true, float(&|r| Some(r.contribution / change(r)).filter(|s| s.is_finite()))),
        ("rate_effect", true, float(&|r| r.effects.map(|e| e.0))),
        ("mix_effect", true, float(&|r| r.effects.map(|e| e.1))),
        ("total_earlier", false, float(&|r| Some(r.total.0))),
        ("total_current", false, float(&|r| Some(r.total.1))),
        ("total_change", false, float(&|r| Some(change(r)))),
    ];
    titled(plan, &drivers.name, columns.into_iter().map(|(name, nullable, array)| (name.to_owned(), nullable, array)))
}
