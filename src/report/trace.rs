//! What is behind one figure: the metrics that it is made of, each with the days, the segment and the group that it was
//! looked at in.

use super::cells::Book;
use super::coverage::Coverage;
use super::groups::LevelId;
use super::periods::Periods;
use super::rows::rows_key;
use super::sheet::{self, Maker, Of};
use super::views::View;
use super::Prepared;
use crate::calendar::Grain;
use crate::diagnostic::{short_list, Diagnostic};
use crate::expr::{Expr, Literal, Type};
use crate::frame::{column_key, engine_error, frame_of, lower};
use crate::plan::{Dim, Formula, LevelPlan, Plan, ReportPlan};
use crate::spec::PeriodAgg;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Field, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use polars::prelude::{AnyValue, Column, IntoLazy};
use std::sync::Arc;

/// Which figure of a report.
#[derive(Clone, Debug)]
pub struct Figure<'f> {
    /// The metric.
    pub metric: &'f str,
    /// The label of its period.
    pub period: &'f str,
    /// The grain, where several have a period of that label.
    pub grain: Option<Grain>,
    /// The segment.
    pub segment: &'f str,
    /// A condition on the report's dimensions that one group passes.
    pub group: Option<&'f Expr>,
}

/// The place of a figure in its report.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The grain.
    pub grain: Grain,
    /// First and last day of the period.
    pub period: (i32, i32),
    /// Its label.
    pub label: String,
    /// The word in the column `level`.
    pub level: String,
    /// Whether the sources go on to the period's end.
    pub is_complete: bool,
}

/// A metric as it was looked at on the way to a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The metric.
    pub metric: String,
    /// Its value.
    pub value: Value,
    /// First and last day looked at; the first is `None` for all that came before.
    pub days: Option<(Option<i32>, i32)>,
    /// The segment.
    pub segment: String,
    /// The dimensions that were told apart, each with its value.
    pub group: Vec<(Dim, Literal)>,
    /// What it is made of. Empty for simple metrics, and where each input is looked at many times.
    pub inputs: Vec<Trace>,
}

/// A value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Not known.
    Null,
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
}

impl Prepared<'_> {
    /// Traces a figure of a report, which must not have been built before.
    ///
    /// # Errors
    /// A period, segment or group that is not there; what a run of the report fails with.
    pub fn trace(&self, report: usize, figure: &Figure<'_>) -> Result<(Place, Trace), Diagnostic> {
        let (report, rollups) = self.take(report);
        trace(self.plan, report, &Book::new(self.plan, report, rollups), &self.coverage, figure)
    }
}

fn trace<'p>(
    plan: &'p Plan,
    report: &'p ReportPlan,
    book: &Book<'p>,
    coverage: &Coverage,
    figure: &Figure<'_>,
) -> Result<(Place, Trace), Diagnostic> {
    let periods = Periods::new(plan, report, coverage);
    let segment = report.segments.iter().find(|s| *s == figure.segment);
    let segment = segment.ok_or_else(|| {
        let error = Diagnostic::pipeline(
            "unknown-segment",
            format!("report `{}` has no segment `{}`", report.name, figure.segment),
        );
        error.suggest(figure.segment, "its segments", report.segments.iter().map(String::as_str))
    })?;
    let mut labels: Vec<String> = vec![];
    let mut matching: Vec<String> = vec![];
    for grain in report.grains.iter().filter(|g| figure.grain.is_none_or(|wanted| wanted == **g)) {
        // Without a group all of them together are meant, where the report has that.
        let mut levels: Vec<&LevelPlan> = report.levels.iter().filter(|level| !level.is_rest).collect();
        if figure.group.is_none() {
            levels.sort_by_key(|level| level.dims.len());
        }
        for plan_of in levels {
            let level = book.groups.borrow_mut().level(&plan_of.dims);
            let of = Of { grain: *grain, level, segment, tops: None };
            let mut maker = sheet::ready(book, &periods, of)?;
            labels.extend(maker.periods.iter().map(|p| p.label.clone()));
            let Some(at) = maker.periods.iter().position(|p| p.label == figure.period) else { break };
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let rows: Vec<usize> = passing(&maker, level, at, &plan_of.dims, figure.group)?;
            if let [row] = rows.as_slice() {
                let period = maker.periods[at as usize].clone();
                let known =
                    periods.coverage(&crate::plan::sources_of(&plan.metrics, &[figure.metric.to_owned()]), &period);
                let name =
                    &plan.metrics.get_key_value(figure.metric).ok_or_else(|| Diagnostic::bug("no such metric"))?.0;
                let trace = maker.trace(name, maker.main, *row, at)?;
                let place = Place {
                    grain: *grain,
                    period: (period.start, period.end),
                    label: period.label,
                    level: plan_of.name.clone(),
                    is_complete: known.is_complete,
                };
                return Ok((place, trace));
            }
            if rows.len() > 1 {
                let groups = rows.iter().map(|row| described(&maker, level, *row));
                matching = groups.collect::<Result<_, _>>()?;
            }
        }
    }
    Err(not_found(report, figure, &labels, &matching))
}

fn not_found(report: &ReportPlan, figure: &Figure<'_>, labels: &[String], matching: &[String]) -> Diagnostic {
    let Figure { period, .. } = figure;
    if !labels.iter().any(|label| label == period) {
        let mut known: Vec<&str> = labels.iter().map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let message = format!("report `{}` has no period `{period}`", report.name);
        return Diagnostic::pipeline("unknown-period", message).suggest(period, "its periods", known);
    }
    if matching.is_empty() {
        let message = format!("report `{}` has no row for that in `{period}`", report.name);
        let error = Diagnostic::pipeline("no-such-row", message);
        return error.note("no record of its sources is of that period, segment and group");
    }
    let message = format!("{} groups of report `{}` pass in `{period}`", matching.len(), report.name);
    let groups: Vec<&str> = matching.iter().map(String::as_str).collect();
    Diagnostic::pipeline("several-rows", message).note(short_list(&groups)).help(
        "name one group: `--where \"network = 'facebook'\"`, or add `totals: true` to the report for all together",
    )
}

/// The rows of a period whose group passes a condition; without one, all. A condition on a dimension that the level does
/// not keep passes nowhere.
fn passing(
    maker: &Maker<'_, '_>,
    level: LevelId,
    period: u32,
    dims: &[usize],
    condition: Option<&Expr>,
) -> Result<Vec<usize>, Diagnostic> {
    let keys = &maker.rows[&rows_key(maker.main)].keys;
    let rows: Vec<usize> = (0..keys.len()).filter(|row| keys[*row].0 == period).collect();
    let Some(condition) = condition else { return Ok(rows) };
    let kept: Vec<&Dim> = dims.iter().map(|dim| &maker.report.dims[*dim]).collect();
    if condition.columns().iter().any(|(name, _)| !kept.iter().any(|dim| dim.name == *name)) {
        return Ok(vec![]);
    }
    let of: Vec<(LevelId, u32)> = rows.iter().map(|row| (level, keys[*row].1)).collect();
    let groups = maker.book.groups.borrow();
    let columns = dims.iter().map(|dim| groups.column(*dim, &of)).collect::<Result<Vec<ArrayRef>, _>>()?;
    let fields: Vec<Field> =
        kept.iter().zip(&columns).map(|(dim, a)| Field::new(&dim.name, a.data_type().clone(), true)).collect();
    let failed = |e: &dyn std::fmt::Display| Diagnostic::bug(e.to_string());
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| failed(&e))?;
    let names = kept.iter().map(|dim| (dim.name.as_str(), column_key(&dim.name, dim.ty)));
    let frame = frame_of(&batch, names).map_err(|e| engine_error(&e))?;
    let passes = frame.lazy().with_columns([lower(condition).alias("\u{1f}passes")]).collect();
    let passes = passes.map_err(|e| engine_error(&e))?;
    let passes = passes.column("\u{1f}passes").and_then(Column::bool).map_err(|e| engine_error(&e))?;
    Ok(rows.into_iter().zip(passes.iter()).filter(|(_, pass)| *pass == Some(true)).map(|(row, _)| row).collect())
}

/// A group in words: `network = facebook, country = (unknown)`.
fn described(maker: &Maker<'_, '_>, level: LevelId, row: usize) -> Result<String, Diagnostic> {
    let group = maker.rows[&rows_key(maker.main)].keys[row].1;
    Ok(format!("({})", in_words(&maker.group(level, group)?)))
}

/// A group in words.
#[must_use]
pub fn in_words(group: &[(Dim, Literal)]) -> String {
    let value = |literal: &Literal| match literal {
        Literal::Null => "(unknown)".to_owned(),
        Literal::Text(text) => text.clone(),
        Literal::Bool(flag) => flag.to_string(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => number.to_string(),
        Literal::Date(day) => crate::calendar::iso_date(*day),
    };
    group.iter().map(|(dim, v)| format!("{} = {}", dim.name, value(v))).collect::<Vec<_>>().join(", ")
}

impl<'p> Maker<'_, 'p> {
    /// The values of a group's dimensions.
    fn group(&self, level: LevelId, group: u32) -> Result<Vec<(Dim, Literal)>, Diagnostic> {
        let groups = self.book.groups.borrow();
        let mut values = vec![];
        for dim in groups.dims(level) {
            let Some(plan) = self.report.all_dims().nth(*dim) else { continue };
            let array = groups.column(*dim, &[(level, group)])?;
            values.push((plan.clone(), literal(&array, plan.ty)));
        }
        Ok(values)
    }

    /// What a metric is made of in a view, for one row of the sheet.
    fn trace(&mut self, name: &'p str, view: View<'p>, row: usize, period: u32) -> Result<Trace, Diagnostic> {
        let view = self.seen(name, view);
        let main = self.main;
        let columns = self.value(name, view, main)?;
        let value = match columns.value.get(row) {
            Ok(AnyValue::Int64(n)) => Value::Int(n),
            Ok(AnyValue::Float64(x)) => Value::Float(x),
            _ => Value::Null,
        };
        let group = self.rows[&rows_key(main)].keys[row].1;
        let group = self.book.groups.borrow_mut().project(main.level, view.level, &[group])[0];
        let slots = self.slots(view.when);
        let its = slots.iter().filter(|slot| slot.period == period);
        let days = its.fold(None, |span: Option<(i32, i32)>, slot| match span {
            None => Some((slot.first, slot.last)),
            Some((first, last)) => Some((first.min(slot.first), last.max(slot.last))),
        });
        let known = |first: i32| (first != i32::MIN).then_some(first);
        let many = match &self.metric(name).formula {
            Formula::Ratio { unit, .. } => !unit.is_empty(),
            Formula::Cumulative { anchor, .. } => *anchor == PeriodAgg::Average,
            _ => false,
        };
        let mut inputs = vec![];
        if !many {
            for (input, view) in self.inputs(name, view) {
                inputs.push(self.trace(input, view, row, period)?);
            }
        }
        Ok(Trace {
            metric: name.to_owned(),
            value,
            days: days.map(|(first, last)| (known(first), last)),
            segment: view.segment.to_owned(),
            group: self.group(view.level, group)?,
            inputs,
        })
    }
}

fn literal(array: &ArrayRef, ty: Type) -> Literal {
    if array.is_null(0) {
        return Literal::Null;
    }
    match (ty, array.data_type()) {
        (Type::Text, DataType::Utf8) => Literal::Text(array.as_string::<i32>().value(0).to_owned()),
        (Type::Bool, DataType::Boolean) => Literal::Bool(array.as_boolean().value(0)),
        (Type::Date, DataType::Date32) => Literal::Date(array.as_primitive::<Date32Type>().value(0)),
        (_, DataType::Int64) => Literal::Int(array.as_primitive::<Int64Type>().value(0)),
        _ => Literal::Null,
    }
}
