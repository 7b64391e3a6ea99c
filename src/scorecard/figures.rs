//! The metrics' own figures, out of the reports that were made for the scorecard.

use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::expr::Literal;
use crate::plan::{Plan, TargetPlan};
use crate::report::ReportTable;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use std::collections::HashMap;

/// A metric's figure for a period, segment and group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figure {
    pub(super) value: Option<f64>,
    /// The figure of the period a year earlier, as far into it as this one is.
    pub(super) last_year: Option<f64>,
    pub(super) is_complete: bool,
    /// How many days it covers.
    pub(super) days: i64,
}

/// Which figures: report, metric, segment, group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Series {
    report: usize,
    metric: String,
    segment: String,
    /// The values of the report's dimensions, as texts; null is none.
    group: Vec<Option<String>>,
}

/// All figures.
#[derive(Default)]
pub(super) struct Figures {
    series: HashMap<Series, HashMap<(Grain, i32), Figure>>,
}

/// The figures of one metric, segment and group.
#[derive(Clone, Copy)]
pub(super) struct Its<'f> {
    periods: Option<&'f HashMap<(Grain, i32), Figure>>,
}

impl Its<'_> {
    pub(super) fn of(self, grain: Grain, start: i32) -> Option<Figure> {
        self.periods?.get(&(grain, start)).copied()
    }

    pub(super) fn value(self, grain: Grain, start: i32) -> Option<f64> {
        self.of(grain, start)?.value
    }
}

impl Figures {
    /// Takes in the table of a report, by its index in the plan.
    pub(super) fn add(&mut self, plan: &Plan, report: usize, table: &ReportTable) -> Result<(), Diagnostic> {
        let batch = table.long.as_ref().ok_or_else(|| Diagnostic::bug("a scorecard's report without a table"))?;
        let dims = &plan.reports[report].dims;
        let column = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| Diagnostic::bug(format!("a report without the column {name}")))
        };
        let grains: Vec<&Grain> = plan.reports[report].grains.iter().collect();
        let (grain, segment, metric) = (column("grain")?, column("segment")?, column("metric")?);
        let groups: Vec<&ArrayRef> = dims.iter().map(|dim| column(&dim.name)).collect::<Result<_, _>>()?;
        let starts = column("period_start")?.as_primitive::<Date32Type>();
        let (values, days) =
            (column("value")?.as_primitive::<Float64Type>(), column("days")?.as_primitive::<Int64Type>());
        let complete = column("is_complete")?.as_boolean();
        let last_year = batch.column_by_name("previous_year_value").map(AsArray::as_primitive::<Float64Type>);
        let known = |array: &arrow::array::Float64Array, row: usize| array.is_valid(row).then(|| array.value(row));
        for row in 0..batch.num_rows() {
            let series = Series {
                report,
                metric: metric.as_string::<i32>().value(row).to_owned(),
                segment: segment.as_string::<i32>().value(row).to_owned(),
                group: groups.iter().map(|array| text(array, row)).collect(),
            };
            let word = grain.as_string::<i32>().value(row);
            let Some(grain) = grains.iter().find(|grain| grain.as_str() == word) else { continue };
            let figure = Figure {
                value: known(values, row),
                last_year: last_year.and_then(|array| known(array, row)),
                is_complete: complete.value(row),
                days: if days.is_valid(row) { days.value(row) } else { 0 },
            };
            self.series.entry(series).or_default().insert((**grain, starts.value(row)), figure);
        }
        Ok(())
    }

    /// The figures of a metric for a target's segment and group.
    pub(super) fn its(&self, target: &TargetPlan, metric: &str) -> Its<'_> {
        let series = Series {
            report: target.report,
            metric: metric.to_owned(),
            segment: target.segment.clone(),
            group: target.group.iter().map(|(_, value)| shown(value)).collect(),
        };
        Its { periods: self.series.get(&series) }
    }
}

/// A dimension's value as a text.
fn text(array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => crate::calendar::iso_date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        _ => return None,
    })
}

/// A target's value of a dimension as a text; null is none.
pub(super) fn shown(value: &Literal) -> Option<String> {
    match value {
        Literal::Null => None,
        Literal::Text(text) => Some(text.clone()),
        Literal::Bool(flag) => Some(flag.to_string()),
        Literal::Int(number) => Some(number.to_string()),
        Literal::Float(number) => Some(number.to_string()),
        Literal::Date(day) => Some(crate::calendar::iso_date(*day)),
    }
}
