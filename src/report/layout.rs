//! The output contract: report tables in Arrow, long and wide. Column names, order and types depend on the pipeline
//! only, never on the data; a change of them bumps [`super::SCHEMA_VERSION`].

use super::periods::Period;
use super::table::{Cells, SCHEMA_VERSION};
use crate::calendar::{Calendar, Grain};
use crate::diagnostic::Diagnostic;
use crate::plan::{sources_of, whole_definition, MetricPlan};
use crate::spec::{Format, IncompletePeriods, Layout, Reaggregate};
use arrow::array::{
    new_null_array, Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::{filter_record_batch, take};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use std::collections::HashMap;
use std::sync::Arc;

/// What the columns of a comparison say, in order.
const COMPARED: [&str; 4] = ["value", "abs", "pct", "better"];

/// One row a cell, one column a metric.
pub(super) fn wide(cells: &Cells<'_>) -> Result<RecordBatch, Diagnostic> {
    let (plan, report) = (cells.plan, cells.report);
    let mut columns = cells.head(&sources_of(&plan.metrics, &report.metrics));
    columns.extend(cells.dim_columns());
    columns.push((Field::new("segment", DataType::Utf8, false), cells.segments.clone()));
    for (name, shown) in report.metrics.iter().zip(&cells.values) {
        let metric = &plan.metrics[name];
        let array = shown.value.clone();
        columns.push((
            Field::new(name, array.data_type().clone(), true)
                .with_metadata(metadata(metric, whole_definition(&plan.metrics, metric))),
            array,
        ));
        if let Some(breaks) = &shown.breaks {
            columns.push((Field::new(format!("{name}__is_break"), DataType::Boolean, false), breaks.clone()));
        }
        for (comparison, compared) in report.compare.iter().zip(&shown.compared) {
            for (what, array) in COMPARED.iter().zip(compared.iter().flatten()) {
                let name = format!("{name}__{}__{what}", comparison.name);
                columns.push((Field::new(name, array.data_type().clone(), true), array.clone()));
            }
        }
    }
    cells.batch(columns, Layout::Wide)
}

/// One row a cell and metric.
pub(super) fn long(cells: &Cells<'_>) -> Result<RecordBatch, Diagnostic> {
    let plan = cells.plan;
    let metrics: Vec<&MetricPlan> = cells.report.metrics.iter().map(|name| &plan.metrics[name]).collect();
    let (rows, width) = (cells.rows.len(), metrics.len());
    // Row r of the long table is cell r / width, metric r % width.
    let cell_of = arrow::array::UInt64Array::from_iter_values((0..rows * width).map(|r| (r / width) as u64));
    let spread = |array: &ArrayRef| take(array, &cell_of, None).map_err(|e| Diagnostic::bug(e.to_string()));
    let sources: Vec<Vec<&str>> =
        metrics.iter().map(|m| sources_of(&plan.metrics, std::slice::from_ref(&m.name))).collect();
    let by_metric: Vec<Vec<(Field, ArrayRef)>> = sources.iter().map(|sources| cells.head(sources)).collect();
    let mut columns = vec![];
    for (i, (field, array)) in by_metric[0].iter().enumerate() {
        let spread = match field.name().as_str() {
            "is_complete" | "coverage" | "days" => {
                interleave(&by_metric.iter().map(|h| h[i].1.clone()).collect::<Vec<_>>(), rows)?
            }
            _ => spread(array)?,
        };
        columns.push((field.clone(), spread));
    }
    for (field, array) in cells.dim_columns() {
        columns.push((field, spread(&array)?));
    }
    columns.push((Field::new("segment", DataType::Utf8, false), spread(&cells.segments)?));
    let repeated = |text: &dyn Fn(&MetricPlan) -> Option<String>| -> ArrayRef {
        let texts: Vec<Option<String>> = metrics.iter().map(|m| text(m)).collect();
        Arc::new((0..rows * width).map(|r| texts[r % width].as_deref()).collect::<StringArray>())
    };
    columns.push((Field::new("metric", DataType::Utf8, false), repeated(&|m| Some(m.name.clone()))));
    columns.extend(cells.long_values(&metrics)?);
    columns.push((Field::new("unit", DataType::Utf8, true), repeated(&|m| m.unit.clone())));
    columns
        .push((Field::new("direction", DataType::Utf8, false), repeated(&|m| Some(m.direction.as_str().to_owned()))));
    columns.push((Field::new("additivity", DataType::Utf8, false), repeated(&|m| Some(additivity(m)))));
    let last = |sources: &Vec<&str>| {
        let period = cells.distinct.first()?;
        cells.periods.coverage(sources, period).as_of
    };
    let as_of: Vec<Option<i32>> = sources.iter().map(last).collect();
    let as_of: Date32Array = (0..rows * width).map(|r| as_of[r % width]).collect();
    columns.push((Field::new("as_of", DataType::Date32, true), Arc::new(as_of)));
    cells.batch(columns, Layout::Long)
}

impl Cells<'_> {
    fn text<'t>(&self, value: impl Fn(&(Grain, usize, u32)) -> &'t str) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(self.rows.iter().map(value)))
    }

    /// The columns from `report` to `level` or `rank`, one value a cell.
    fn head(&self, sources: &[&str]) -> Vec<(Field, ArrayRef)> {
        let known: Vec<_> = self.distinct.iter().map(|p| self.periods.coverage(sources, p)).collect();
        let days = self.periods.known(sources);
        let days: Vec<Option<i64>> = self.distinct.iter().map(|p| self.periods.days(days, p)).collect();
        let complete: BooleanArray = self.rows.iter().map(|(_, p, _)| Some(known[*p].is_complete)).collect();
        let coverage = Float64Array::from_iter_values(self.rows.iter().map(|(_, p, _)| known[*p].coverage));
        let days: Int64Array = self.rows.iter().map(|(_, p, _)| days[*p]).collect();
        let (starts, ends) = self.period_bounds();
        let field =
            |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), matches!(name, "days" | "rank"));
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("report", self.text(|_| &self.report.name)),
            ("grain", self.text(|(grain, _, _)| grain.as_str())),
            ("period_start", starts),
            ("period_end", ends),
            ("period_label", self.text(|(_, p, _)| &self.distinct[*p].label)),
            ("is_complete", Arc::new(complete)),
            ("coverage", Arc::new(coverage)),
            ("days", Arc::new(days)),
            ("level", self.text(|(_, _, level)| &self.report.levels[*level as usize].name)),
        ];
        columns.extend(self.ranks.iter().map(|ranks| ("rank", ranks.clone())));
        columns.into_iter().map(|(name, array)| (field(name, &array), array)).collect()
    }

    /// First and last day of each cell's period. In a report with hours, instants: an hour's start and last second.
    fn period_bounds(&self) -> (ArrayRef, ArrayRef) {
        if !self.report.grains.contains(&Grain::Hour) {
            let days = |day: fn(&Period) -> i32| -> ArrayRef {
                Arc::new(Date32Array::from_iter_values(self.rows.iter().map(|(_, p, _)| day(&self.distinct[*p]))))
            };
            return (days(|p| p.start), days(|p| p.end));
        }
        let zone = &self.plan.calendar.timezone;
        let midnight = |day: i32| Calendar::instant_of_wall(zone, i64::from(day) * 86_400_000_000).unwrap_or(i64::MAX);
        let start = |p: &Period| p.hour.map_or_else(|| midnight(p.start), |h| h * 1_000_000);
        let end = |p: &Period| {
            p.hour.map_or_else(|| midnight(p.end.saturating_add(1)), |h| (h + 3600) * 1_000_000) - 1_000_000
        };
        let instants = |of: &dyn Fn(&Period) -> i64| -> ArrayRef {
            let values = self.rows.iter().map(|(_, p, _)| of(&self.distinct[*p]));
            Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone(self.zone_name()))
        };
        (instants(&start), instants(&end))
    }

    fn zone_name(&self) -> String {
        self.plan.calendar.timezone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// The dimensions, and what describes them.
    fn dim_columns(&self) -> Vec<(Field, ArrayRef)> {
        let dims = self.report.dims.iter().map(|dim| &dim.name).zip(&self.dims);
        let all = dims.chain(self.attributes.iter().map(|(name, array)| (name, array)));
        all.map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array.clone())).collect()
    }

    /// `value`, `value_int`, `numerator` and `denominator` of the long layout.
    fn long_values(&self, metrics: &[&MetricPlan]) -> Result<Vec<(Field, ArrayRef)>, Diagnostic> {
        let cells = self.rows.len();
        let mut columns = vec![];
        let nulls: ArrayRef = Arc::new(Float64Array::new_null(cells));
        let floats: Vec<ArrayRef> = self.values.iter().map(|v| Arc::new(float_array(&v.value)) as ArrayRef).collect();
        columns.push((Field::new("value", DataType::Float64, true), interleave(&floats, cells)?));
        let whole: Vec<ArrayRef> = metrics
            .iter()
            .zip(&self.values)
            .map(|(m, v)| if m.integer { v.value.clone() } else { Arc::new(Int64Array::new_null(cells)) as ArrayRef })
            .collect();
        columns.push((Field::new("value_int", DataType::Int64, true), interleave(&whole, cells)?));
        for (name, second) in [("numerator", false), ("denominator", true)] {
            let parts: Vec<ArrayRef> = self
                .values
                .iter()
                .map(|v| v.parts.as_ref().map_or(nulls.clone(), |(n, d)| if second { d.clone() } else { n.clone() }))
                .collect();
            columns.push((Field::new(name, DataType::Float64, true), interleave(&parts, cells)?));
        }
        for (index, comparison) in self.report.compare.iter().enumerate() {
            for (at, name) in COMPARED.iter().enumerate() {
                let better = *name == "better";
                let ty = if better { DataType::Boolean } else { DataType::Float64 };
                let of = |shown: &super::table::Shown| match &shown.compared[index] {
                    None => new_null_array(&ty, cells),
                    Some(columns) if better => columns[at].clone(),
                    Some(columns) => Arc::new(float_array(&columns[at])),
                };
                let arrays: Vec<ArrayRef> = self.values.iter().map(of).collect();
                columns
                    .push((Field::new(format!("{}_{name}", comparison.name), ty, true), interleave(&arrays, cells)?));
            }
        }
        if self.values.iter().any(|shown| shown.breaks.is_some()) {
            let whole: ArrayRef = Arc::new(BooleanArray::from(vec![false; cells]));
            let breaks: Vec<ArrayRef> =
                self.values.iter().map(|shown| shown.breaks.as_ref().unwrap_or(&whole).clone()).collect();
            columns.push((Field::new("is_break", DataType::Boolean, false), interleave(&breaks, cells)?));
        }
        Ok(columns)
    }

    fn batch(&self, columns: Vec<(Field, ArrayRef)>, layout: Layout) -> Result<RecordBatch, Diagnostic> {
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        let mut metadata = HashMap::new();
        metadata.insert("jalon.schema_version".to_owned(), SCHEMA_VERSION.to_string());
        metadata.insert("jalon.pipeline".to_owned(), self.plan.name.clone());
        metadata.insert("jalon.report".to_owned(), self.report.name.clone());
        if let Some(text) = &self.report.description {
            metadata.insert("jalon.description".to_owned(), text.clone());
        }
        if layout == Layout::Long {
            for name in &self.report.metrics {
                let metric = &self.plan.metrics[name];
                metadata.insert(format!("jalon.metric.{name}"), whole_definition(&self.plan.metrics, metric));
            }
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let table = RecordBatch::try_new(schema, arrays).map_err(|e| Diagnostic::bug(e.to_string()))?;
        match table.column_by_name("is_complete").and_then(|column| column.as_boolean_opt()) {
            Some(complete) if self.report.incomplete == IncompletePeriods::Drop => {
                filter_record_batch(&table, complete).map_err(|e| Diagnostic::bug(e.to_string()))
            }
            _ => Ok(table),
        }
    }
}

/// What a BI tool or a reader may want to know of a metric's column.
fn metadata(metric: &MetricPlan, definition: String) -> HashMap<String, String> {
    let format = metric.format.map(|f| match f {
        Format::Number => "number",
        Format::Percent => "percent",
        Format::Currency => "currency",
    });
    let entries = [
        ("definition", Some(definition)),
        ("unit", metric.unit.clone()),
        ("direction", Some(metric.direction.as_str().to_owned())),
        ("additivity", Some(additivity(metric))),
        ("label", metric.label.clone()),
        ("description", metric.description.clone()),
        ("format", format.map(str::to_owned)),
    ];
    entries.into_iter().filter_map(|(key, value)| Some((format!("jalon.{key}"), value?))).collect()
}

/// `non_additive`, with `:sum_with_warning` where it was added up all the same, and `:ignores_country` where it is
/// repeated over the values of a dimension; `:lifetime_snapshot` where figures are dated by publication.
fn additivity(metric: &MetricPlan) -> String {
    let mut word = metric.additivity.as_str().to_owned();
    match metric.reaggregate {
        None => {}
        Some(Reaggregate::SumWithWarning) => word.push_str(":sum_with_warning"),
        Some(Reaggregate::Max) => word.push_str(":max"),
    }
    if metric.is_lifetime {
        word.push_str(":lifetime_snapshot");
    }
    for name in metric.ignores() {
        word.push_str(&format!(":ignores_{name}"));
    }
    word
}

fn float_array(array: &ArrayRef) -> Float64Array {
    if let Some(floats) = array.as_primitive_opt::<Float64Type>() {
        return floats.clone();
    }
    #[expect(clippy::cast_precision_loss, reason = "`value` is a float by contract; `value_int` has the exact one")]
    array.as_primitive::<Int64Type>().iter().map(|v| v.map(|v| v as f64)).collect()
}

/// One value of each array in turn.
fn interleave(arrays: &[ArrayRef], cells: usize) -> Result<ArrayRef, Diagnostic> {
    let width = arrays.len();
    let order: Vec<(usize, usize)> = (0..cells * width).map(|r| (r % width, r / width)).collect();
    let arrays: Vec<&dyn arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
    arrow::compute::interleave(&arrays, &order).map_err(|e| Diagnostic::bug(e.to_string()))
}
