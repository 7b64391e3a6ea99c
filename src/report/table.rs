//! The output contract: report tables in Arrow, long and wide. Column names, order and types depend on the pipeline
//! only, never on the data; a change of them bumps [`SCHEMA_VERSION`].

use super::coverage::sources_of;
use super::periods::{Period, Periods};
use super::values::{has_parts, part_columns, value_column};
use crate::calendar::{Calendar, Grain};
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use crate::frame::{array, engine_error};
use crate::plan::{MetricPlan, Plan, ReportPlan};
use crate::spec::{Format, Layout, Reaggregate};
use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use polars::prelude::{Column, DataFrame};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Version of the output contract.
pub const SCHEMA_VERSION: u32 = 1;

/// The word of rows that are not totals.
const DETAIL: &str = "detail";

/// A finished report.
#[derive(Clone, Debug)]
pub struct ReportTable {
    /// Name of the report.
    pub name: String,
    /// One row a cell and metric; only when an export asks for it.
    pub long: Option<RecordBatch>,
    /// One row a cell, one column a metric; only when an export asks for it.
    pub wide: Option<RecordBatch>,
    /// Number of cells: rows of the wide layout.
    pub cells: usize,
}

/// The cells of a report in order, ready to be laid out.
struct Cells<'p> {
    plan: &'p Plan,
    report: &'p ReportPlan,
    periods: &'p Periods<'p>,
    /// Grain and period of each cell.
    rows: Vec<(Grain, usize)>,
    distinct: Vec<Period>,
    dims: Vec<ArrayRef>,
    segments: ArrayRef,
    /// For each shown metric its value (Int64 or Float64) and the parts of a ratio or average.
    values: Vec<(ArrayRef, Option<(ArrayRef, ArrayRef)>)>,
}

/// Lays the cells of all grains out.
pub(super) fn assemble(
    plan: &Plan,
    report: &ReportPlan,
    periods: &Periods<'_>,
    parts: &[(Grain, DataFrame)],
) -> Result<ReportTable, Diagnostic> {
    let cells = Cells::new(plan, report, periods, parts)?;
    let wants = |layout: Layout| report.exports.iter().any(|e| e.layout == layout);
    Ok(ReportTable {
        name: report.name.clone(),
        long: wants(Layout::Long).then(|| cells.long()).transpose()?,
        wide: wants(Layout::Wide).then(|| cells.wide()).transpose()?,
        cells: cells.rows.len(),
    })
}

impl<'p> Cells<'p> {
    fn new(
        plan: &'p Plan,
        report: &'p ReportPlan,
        periods: &'p Periods<'p>,
        parts: &[(Grain, DataFrame)],
    ) -> Result<Self, Diagnostic> {
        let mut rows = vec![];
        let mut distinct = vec![];
        let mut known: BTreeMap<(Grain, i64), usize> = BTreeMap::new();
        for (grain, frame) in parts {
            let keys = frame.column("p").and_then(Column::i64).map_err(|e| engine_error(&e))?;
            for key in keys.iter().flatten() {
                let index = *known.entry((*grain, key)).or_insert_with(|| {
                    distinct.push(periods.period(*grain, key));
                    distinct.len() - 1
                });
                rows.push((*grain, index));
            }
        }
        let column = |name: &str| -> Result<ArrayRef, Diagnostic> {
            let arrays: Vec<ArrayRef> = parts
                .iter()
                .map(|(_, frame)| array(frame.column(name)?.as_materialized_series()))
                .collect::<polars::prelude::PolarsResult<_>>()
                .map_err(|e| engine_error(&e))?;
            let arrays: Vec<&dyn arrow::array::Array> = arrays.iter().map(AsRef::as_ref).collect();
            concat(&arrays).map_err(|e| Diagnostic::bug(e.to_string()))
        };
        let dims = report.dims.iter().enumerate().map(|(i, dim)| Ok(dim_array(dim.ty, column(&format!("d{i}"))?)));
        let values = report.metrics.iter().map(|name| {
            let metric = &plan.metrics[name];
            let parts = has_parts(metric).then(|| part_columns(name));
            let parts = parts.map(|(n, d)| Ok::<_, Diagnostic>((column(&n)?, column(&d)?))).transpose()?;
            Ok((column(&value_column(metric))?, parts))
        });
        Ok(Self {
            plan,
            report,
            periods,
            dims: dims.collect::<Result<_, Diagnostic>>()?,
            values: values.collect::<Result<_, Diagnostic>>()?,
            segments: column("segment")?,
            rows,
            distinct,
        })
    }

    fn text(&self, value: impl Fn(Grain, usize) -> String) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(self.rows.iter().map(|(grain, period)| value(*grain, *period))))
    }

    /// The columns from `report` to `level`, one value a cell.
    fn head(&self, sources: &[&str]) -> Vec<(Field, ArrayRef)> {
        let known: Vec<_> = self.distinct.iter().map(|p| self.periods.coverage(sources, p)).collect();
        let complete: BooleanArray = self.rows.iter().map(|(_, p)| Some(known[*p].is_complete)).collect();
        let coverage = Float64Array::from_iter_values(self.rows.iter().map(|(_, p)| known[*p].coverage));
        let (starts, ends) = self.period_bounds();
        let field = |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), false);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("report", self.text(|_, _| self.report.name.clone())),
            ("grain", self.text(|grain, _| grain.as_str().to_owned())),
            ("period_start", starts),
            ("period_end", ends),
            ("period_label", self.text(|_, p| self.distinct[p].label.clone())),
            ("is_complete", Arc::new(complete)),
            ("coverage", Arc::new(coverage)),
            ("level", self.text(|_, _| DETAIL.to_owned())),
        ];
        columns.into_iter().map(|(name, array)| (field(name, &array), array)).collect()
    }

    /// First and last day of each cell's period. In a report with hours, instants: an hour's start and last second.
    fn period_bounds(&self) -> (ArrayRef, ArrayRef) {
        if !self.report.grains.contains(&Grain::Hour) {
            let days = |day: fn(&Period) -> i32| -> ArrayRef {
                Arc::new(Date32Array::from_iter_values(self.rows.iter().map(|(_, p)| day(&self.distinct[*p]))))
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
            let values = self.rows.iter().map(|(_, p)| of(&self.distinct[*p]));
            Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone(self.zone_name()))
        };
        (instants(&start), instants(&end))
    }

    fn zone_name(&self) -> String {
        self.plan.calendar.timezone.iana_name().unwrap_or("UTC").to_owned()
    }

    fn dim_columns(&self) -> Vec<(Field, ArrayRef)> {
        let fields = self.report.dims.iter().zip(&self.dims);
        fields.map(|(dim, array)| (Field::new(&dim.name, array.data_type().clone(), true), array.clone())).collect()
    }

    fn wide(&self) -> Result<RecordBatch, Diagnostic> {
        let mut columns = self.head(&sources_of(self.plan, &self.report.metrics));
        columns.extend(self.dim_columns());
        columns.push((Field::new("segment", DataType::Utf8, false), self.segments.clone()));
        for (name, (value, _)) in self.report.metrics.iter().zip(&self.values) {
            let metric = &self.plan.metrics[name];
            let array = value.clone();
            columns.push((Field::new(name, array.data_type().clone(), true).with_metadata(metadata(metric)), array));
        }
        self.batch(columns, Layout::Wide)
    }

    fn long(&self) -> Result<RecordBatch, Diagnostic> {
        let metrics: Vec<&MetricPlan> = self.report.metrics.iter().map(|name| &self.plan.metrics[name]).collect();
        let (cells, width) = (self.rows.len(), metrics.len());
        // Row r of the long table is cell r / width, metric r % width.
        let cell_of = arrow::array::UInt64Array::from_iter_values((0..cells * width).map(|r| (r / width) as u64));
        let spread = |array: &ArrayRef| take(array, &cell_of, None).map_err(|e| Diagnostic::bug(e.to_string()));
        let by_metric: Vec<Vec<(Field, ArrayRef)>> =
            metrics.iter().map(|m| self.head(&sources_of(self.plan, std::slice::from_ref(&m.name)))).collect();
        let mut columns = vec![];
        for (i, (field, array)) in by_metric[0].iter().enumerate() {
            let spread = match field.name().as_str() {
                "is_complete" | "coverage" => {
                    interleave(&by_metric.iter().map(|h| h[i].1.clone()).collect::<Vec<_>>(), cells)?
                }
                _ => spread(array)?,
            };
            columns.push((field.clone(), spread));
        }
        for (field, array) in self.dim_columns() {
            columns.push((field, spread(&array)?));
        }
        columns.push((Field::new("segment", DataType::Utf8, false), spread(&self.segments)?));
        let repeated = |text: &dyn Fn(&MetricPlan) -> Option<String>| -> ArrayRef {
            let texts: Vec<Option<String>> = metrics.iter().map(|m| text(m)).collect();
            Arc::new((0..cells * width).map(|r| texts[r % width].as_deref()).collect::<StringArray>())
        };
        columns.push((Field::new("metric", DataType::Utf8, false), repeated(&|m| Some(m.name.clone()))));
        columns.extend(self.long_values(&metrics)?);
        columns.push((Field::new("unit", DataType::Utf8, true), repeated(&|m| m.unit.clone())));
        columns.push((
            Field::new("direction", DataType::Utf8, false),
            repeated(&|m| Some(m.direction.as_str().to_owned())),
        ));
        columns.push((Field::new("additivity", DataType::Utf8, false), repeated(&|m| Some(additivity(m)))));
        let as_of: Vec<Option<i32>> = metrics
            .iter()
            .map(|m| {
                self.distinct
                    .first()
                    .and_then(|p| self.periods.coverage(&sources_of(self.plan, std::slice::from_ref(&m.name)), p).as_of)
            })
            .collect();
        let as_of: Date32Array = (0..cells * width).map(|r| as_of[r % width]).collect();
        columns.push((Field::new("as_of", DataType::Date32, true), Arc::new(as_of)));
        self.batch(columns, Layout::Long)
    }

    /// `value`, `value_int`, `numerator` and `denominator` of the long layout.
    fn long_values(&self, metrics: &[&MetricPlan]) -> Result<Vec<(Field, ArrayRef)>, Diagnostic> {
        let cells = self.rows.len();
        let mut columns = vec![];
        let nulls: ArrayRef = Arc::new(Float64Array::new_null(cells));
        let floats: Vec<ArrayRef> = self.values.iter().map(|(v, _)| Arc::new(float_array(v)) as ArrayRef).collect();
        columns.push((Field::new("value", DataType::Float64, true), interleave(&floats, cells)?));
        let whole: Vec<ArrayRef> = metrics
            .iter()
            .zip(&self.values)
            .map(|(m, (v, _))| if m.integer { v.clone() } else { Arc::new(Int64Array::new_null(cells)) })
            .collect();
        columns.push((Field::new("value_int", DataType::Int64, true), interleave(&whole, cells)?));
        for (name, second) in [("numerator", false), ("denominator", true)] {
            let parts: Vec<ArrayRef> = self
                .values
                .iter()
                .map(|(_, parts)| {
                    parts.as_ref().map_or(nulls.clone(), |(n, d)| if second { d.clone() } else { n.clone() })
                })
                .collect();
            columns.push((Field::new(name, DataType::Float64, true), interleave(&parts, cells)?));
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
                metadata.insert(format!("jalon.metric.{name}"), metric.definition.clone());
            }
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        RecordBatch::try_new(schema, arrays).map_err(|e| Diagnostic::bug(e.to_string()))
    }
}

/// What a BI tool or a reader may want to know of a metric's column.
fn metadata(metric: &MetricPlan) -> HashMap<String, String> {
    let format = metric.format.map(|f| match f {
        Format::Number => "number",
        Format::Percent => "percent",
        Format::Currency => "currency",
    });
    let entries = [
        ("definition", Some(metric.definition.clone())),
        ("unit", metric.unit.clone()),
        ("direction", Some(metric.direction.as_str().to_owned())),
        ("additivity", Some(additivity(metric))),
        ("label", metric.label.clone()),
        ("description", metric.description.clone()),
        ("format", format.map(str::to_owned)),
    ];
    entries.into_iter().filter_map(|(key, value)| Some((format!("jalon.{key}"), value?))).collect()
}

/// `non_additive`, or `non_additive:sum_with_warning` where it was added up all the same.
fn additivity(metric: &MetricPlan) -> String {
    let word = metric.additivity.as_str();
    match metric.reaggregate {
        None => word.to_owned(),
        Some(Reaggregate::SumWithWarning) => format!("{word}:sum_with_warning"),
        Some(Reaggregate::Max) => format!("{word}:max"),
    }
}

fn dim_array(ty: Type, array: ArrayRef) -> ArrayRef {
    if ty == Type::Date {
        return Arc::new(array.as_primitive::<Int32Type>().reinterpret_cast::<Date32Type>());
    }
    array
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
