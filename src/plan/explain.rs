//! Printing a plan, deterministically: what is scanned, rolled up and reported, what is shared and what is derived.

use super::objectives::{Base, Figures, ScorecardPlan};
use super::types::{AggFunc, Aggregate, Covers, DayRange, Made, Plan, ReportPlan, RollupPlan, Scan};
use crate::calendar::{iso_date, Grain};
use crate::diagnostic::count;
use crate::expr::Expr;
use crate::spec::{ExportFormat, Keep, Layout, Limit, OnBadRow, Reaggregate};
use serde_json::{json, Value};
use std::fmt::Write;

/// What carries a plan's roll-ups out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineChoice {
    /// Name of the engine.
    pub engine: &'static str,
    /// Why this one.
    pub because: String,
}

/// The plan as text; `engine` carries its roll-ups out.
#[must_use]
pub fn explain(plan: &Plan, engine: &EngineChoice) -> String {
    let mut out = String::new();
    let derived = plan.rollups.iter().filter(|r| r.derived_from.is_some()).count();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "pipeline {}: {} scanned, {} rolled up ({} of them derived), {} reports",
        plan.name,
        plan.scans.len(),
        plan.rollups.len(),
        derived,
        plan.reports.iter().filter(|report| !report.is_internal).count()
    );
    let zone = plan.calendar.timezone.iana_name().unwrap_or("UTC");
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekday =
        usize::try_from(plan.calendar.first_day_of_week).ok().and_then(|i| weekdays.get(i)).unwrap_or(&"monday");
    let month = plan.calendar.first_month_of_year;
    let _ = writeln!(out, "calendar: {zone}, weeks start on {weekday}, years start in month {month}");
    let _ = writeln!(out, "engine: {} for all roll-ups ({})\n", engine.engine, engine.because);
    for scan in &plan.scans {
        scan_text(&mut out, scan);
    }
    for rollup in &plan.rollups {
        rollup_text(&mut out, rollup);
    }
    for report in &plan.reports {
        report_text(&mut out, plan, report);
    }
    for fit in &plan.analyses.content_fits {
        let by = fit.by.join(", ");
        let report = &plan.reports[fit.report].name;
        let _ = writeln!(out, "content fit {}: {} by {by}, unit {}, from {report}", fit.name, fit.metric, fit.unit);
        for export in &fit.exports {
            let _ = writeln!(out, "  export {}", export.path.display());
        }
        out.push('\n');
    }
    for drivers in &plan.analyses.drivers {
        let _ = writeln!(
            out,
            "drivers {}: {} by {}, {}",
            drivers.name,
            drivers.metric,
            drivers.grain.as_str(),
            drivers.compare
        );
        for (dim, report) in &drivers.by {
            let _ = writeln!(out, "  {dim}: from {}", plan.reports[*report].name);
        }
        for export in &drivers.exports {
            let _ = writeln!(out, "  export {}", export.path.display());
        }
        out.push('\n');
    }
    if let Some(scorecard) = &plan.scorecard {
        scorecard_text(&mut out, plan, scorecard);
    }
    out.trim_end().to_owned() + "\n"
}

fn scan_text(out: &mut String, scan: &Scan) {
    let files = scan.files.len();
    let first = scan.files.first().map_or(String::new(), |f| f.path.display().to_string());
    let _ = writeln!(out, "scan {}: {} from {first}", scan.source, count(files as u64, "file"));
    let covers = match scan.time.covers {
        Covers::Hour => "an hour".to_owned(),
        Covers::Day => "a day".to_owned(),
        Covers::Week => "a week".to_owned(),
        Covers::Period(grain) => format!("a {}", grain.as_str()),
        Covers::Range => "a range of days".to_owned(),
    };
    let _ = writeln!(out, "  time: {}, a record covers {covers}", scan.time.column.raw);
    let _ = writeln!(out, "  columns read: {}", scan.raw_columns().join(", "));
    for column in &scan.columns {
        let _ = match &column.made {
            Made::Computed(expr) => writeln!(out, "  computed: {} = {expr}", column.name),
            Made::Looked(looked) => {
                let on: Vec<&str> = looked.on.iter().map(|(name, _)| name.as_str()).collect();
                writeln!(out, "  looked up: {} in {} by {}", column.name, looked.table.name, on.join(", "))
            }
            Made::Texts(form) => {
                let steps: Vec<String> = form.steps.iter().map(|s| format!("{s:?}").to_lowercase()).collect();
                writeln!(out, "  texts of {}: {}, {} mapped", column.name, steps.join(", "), form.map.len())
            }
            Made::AsRead if column.raw.is_none() => {
                writeln!(out, "  not in the files, taken as null: {}", column.name)
            }
            Made::AsRead => Ok(()),
        };
    }
    judged_text(out, scan);
    if let Some(filter) = &scan.filter {
        let _ = writeln!(out, "  where: {filter}");
    }
    if scan.ranges.iter().all(|r| *r != DayRange::default()) {
        let days: Vec<String> = scan.ranges.iter().map(|r| days(*r)).collect();
        let _ = writeln!(out, "  days wanted: {}", days.join("; "));
    }
    let _ = writeln!(out, "  feeds: {}\n", ids(&scan.feeds));
}

/// What becomes of records before anything is made of them, where it is not the ordinary.
fn judged_text(out: &mut String, scan: &Scan) {
    let reading = &scan.reading;
    let is_text = scan.files.iter().any(|file| file.format.is_text());
    if is_text && (reading.on_bad_row, reading.max_bad_rows) != (OnBadRow::default(), Limit::default()) {
        let _ = match reading.on_bad_row {
            OnBadRow::Fail => writeln!(out, "  bad rows: the first one ends the run"),
            OnBadRow::Quarantine => writeln!(out, "  bad rows: kept apart, at most {}", reading.max_bad_rows),
        };
    }
    if let Some(condition) = &scan.total_rows {
        let _ = writeln!(out, "  rows of totals, left out: {condition}");
    }
    if let Some(snapshot) = &scan.snapshot {
        let name = |place: &usize| scan.columns.get(*place).map_or("", |column| column.name.as_str());
        let keys: Vec<&str> = snapshot.keys.iter().map(name).collect();
        let (of, day) = (keys.join(", "), name(&snapshot.day));
        let _ = match snapshot.keep {
            Keep::Latest => writeln!(out, "  lifetime snapshots: of each {of} the latest by {day}"),
            Keep::Differences => writeln!(out, "  lifetime snapshots: of each {of} what was added, by {day}"),
        };
    }
    for check in &scan.checks {
        let _ = writeln!(out, "  check: {}", check.name);
    }
}

fn ids(ids: &[usize]) -> String {
    ids.iter().map(|id| format!("r{id}")).collect::<Vec<_>>().join(", ")
}

/// `day × network × country`
fn keys(bucket: Grain, dims: &[super::types::Dim]) -> String {
    let names = std::iter::once(bucket.as_str()).chain(dims.iter().map(|d| d.name.as_str()));
    names.collect::<Vec<_>>().join(" × ")
}

fn rollup_text(out: &mut String, rollup: &RollupPlan) {
    let _ = writeln!(
        out,
        "roll-up r{}: {} [{}] by {}",
        rollup.id,
        rollup.source,
        rollup.segment,
        keys(rollup.bucket, &rollup.dims)
    );
    if let Some(parent) = rollup.derived_from {
        let _ = writeln!(out, "  derived from r{parent}, which holds all its keys and states");
    }
    if let Some(filter) = &rollup.filter {
        let _ = writeln!(out, "  where: {filter}");
    }
    if rollup.range != DayRange::default() {
        let _ = writeln!(out, "  days: {}", days(rollup.range));
    }
    for aggregate in &rollup.aggregates {
        let _ = writeln!(out, "  state: {}", state(aggregate));
    }
    let _ = writeln!(out, "  for: {}\n", rollup.reports.join(", "));
}

fn days(range: DayRange) -> String {
    let day = |d: Option<i32>, open: &str| d.map_or(open.to_owned(), iso_date);
    format!("{} to {}", day(range.start, "the first"), day(range.end, "the last"))
}

fn state(aggregate: &Aggregate) -> String {
    let expr = aggregate.expr.as_ref().map_or("*".to_owned(), Expr::to_string);
    let func = match aggregate.func {
        AggFunc::Count => format!("count({expr})"),
        AggFunc::Sum => format!("sum and count({expr})"),
        AggFunc::Min => format!("min({expr})"),
        AggFunc::Max => format!("max({expr})"),
    };
    aggregate.filter.as_ref().map_or(func.clone(), |filter| format!("{func} where {filter}"))
}

fn report_text(out: &mut String, plan: &Plan, report: &ReportPlan) {
    let grains: Vec<&str> = report.grains.iter().map(|g| g.as_str()).collect();
    let dims: Vec<&str> = report.dims.iter().map(|d| d.name.as_str()).collect();
    let unwritten = if report.is_internal { " (not written)" } else { "" };
    let _ = writeln!(out, "report {}{unwritten}", report.name);
    let _ = writeln!(out, "  grains: {}", grains.join(", "));
    if !dims.is_empty() {
        let _ = writeln!(out, "  group by: {}", dims.join(", "));
    }
    if report.range != DayRange::default() {
        let _ = writeln!(out, "  days: {}", days(report.range));
    }
    if report.reads != report.range {
        let _ = writeln!(out, "  days looked at: {}", days(report.reads));
    }
    for level in &report.levels[1..] {
        let what = if level.is_rest { "further groups" } else { "totals" };
        let _ = writeln!(out, "  {what}: {}", level.name);
    }
    if let Some(top) = &report.top {
        let per: Vec<&str> = top.per.iter().map(|dim| report.dims[*dim].name.as_str()).collect();
        let of_each = if per.is_empty() { String::new() } else { format!(" of each {}", per.join(", ")) };
        let which = if top.ascending { "smallest" } else { "largest" };
        let _ = writeln!(out, "  top: the {} with the {which} {}{of_each}", top.n, report.metrics[top.by]);
    }
    for attribute in &report.attributes {
        let id = plan.rollups[attribute.rollup].derived_from.unwrap_or(attribute.rollup);
        let _ = writeln!(out, "  described by: {}, the latest of r{id}", attribute.dim.name);
    }
    for comparison in &report.compare {
        let _ = writeln!(out, "  compared with: {}", comparison.name);
    }
    for input in &report.inputs {
        let read = plan.rollups[input.rollup].derived_from.unwrap_or(input.rollup);
        let _ = writeln!(out, "  segment {}: {} from r{read}", input.segment, input.source);
    }
    for name in &report.computed {
        let metric = &plan.metrics[name];
        let hidden = if report.metrics.contains(name) { "" } else { " (not shown)" };
        let mark = match metric.reaggregate {
            None => "",
            Some(Reaggregate::SumWithWarning) => ", summed anyway",
            Some(Reaggregate::Max) => ", the largest instead of the sum",
        };
        let lifetime = if metric.is_lifetime { ", lifetime figures dated by publication" } else { "" };
        let (is, adds_up) = (&metric.definition, metric.additivity.as_str());
        let _ = writeln!(out, "  metric {name}{hidden}: {is} [{adds_up}{mark}{lifetime}]");
    }
    for name in &report.single_valued {
        let _ = writeln!(out, "  verified: at most one value of {name} in each cell");
    }
    for export in &report.exports {
        let format = match export.format {
            ExportFormat::Parquet => "parquet",
            ExportFormat::Csv => "csv",
        };
        let layout = match export.layout {
            Layout::Long => "long",
            Layout::Wide => "wide",
        };
        let by = if export.partition_by.is_empty() {
            String::new()
        } else {
            format!(", a folder by {}", export.partition_by.join(", "))
        };
        let _ = writeln!(out, "  export {}: {format}, {layout}{by}", export.path.display());
    }
    out.push('\n');
}

fn scorecard_text(out: &mut String, plan: &Plan, scorecard: &ScorecardPlan) {
    let _ = writeln!(out, "scorecard: {}", count(scorecard.targets.len() as u64, "target"));
    for target in &scorecard.targets {
        let objective = &scorecard.objectives[target.objective].name;
        let figures = match &target.figures {
            Figures::Set(set) => count(set.len() as u64, "period"),
            Figures::Relative(Base::LastYear, _) => "from a year before".to_owned(),
            Figures::Relative(Base::Previous, _) => "from the period before".to_owned(),
            Figures::Relative(Base::Fixed { grain, start, .. }, _) => {
                format!("from {}", plan.calendar.label(*grain, *start))
            }
        };
        let mut of = vec![format!("by {}", target.grain.as_str()), format!("segment {}", target.segment)];
        of.extend(target.group.iter().map(|(dim, value)| format!("{} = {}", dim.name, Expr::Literal(value.clone()))));
        let longer: Vec<&str> = target.longer.iter().map(|grain| grain.as_str()).collect();
        let rolled = if longer.is_empty() { String::new() } else { format!("; rolled up to {}", longer.join(", ")) };
        let report = &plan.reports[target.report].name;
        let _ = writeln!(out, "  {objective}: {} {} ({figures}) from {report}{rolled}", target.metric, of.join(", "));
    }
    for export in &scorecard.exports {
        let _ = writeln!(out, "  export {}", export.path.display());
    }
}

/// The plan as JSON, for tools.
#[must_use]
pub fn explain_json(plan: &Plan, engine: &EngineChoice) -> Value {
    let scans: Vec<Value> = plan
        .scans
        .iter()
        .map(|s| {
            json!({
                "source": s.source,
                "files": s.files.iter().map(|f| f.path.display().to_string()).collect::<Vec<_>>(),
                "columns": s.raw_columns(),
                "where": s.filter.as_ref().map(Expr::to_string),
                "feeds": s.feeds,
            })
        })
        .collect();
    let rollups: Vec<Value> = plan
        .rollups
        .iter()
        .map(|r| {
            json!({
                "id": r.id,
                "source": r.source,
                "segment": r.segment,
                "where": r.filter.as_ref().map(Expr::to_string),
                "bucket": r.bucket,
                "dimensions": r.dims.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
                "states": r.aggregates.iter().map(state).collect::<Vec<_>>(),
                "derived_from": r.derived_from,
                "engine": r.derived_from.is_none().then_some(engine.engine),
                "reports": r.reports,
            })
        })
        .collect();
    let reports: Vec<Value> = plan
        .reports
        .iter()
        .map(|r| {
            json!({
                "name": r.name,
                "grains": r.grains,
                "group_by": r.dims.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
                "segments": r.segments,
                "metrics": r.metrics.iter().map(|m| json!({
                    "name": m,
                    "definition": plan.metrics[m].definition,
                    "additivity": plan.metrics[m].additivity.as_str(),
                    "unit": plan.metrics[m].unit,
                })).collect::<Vec<_>>(),
                "exports": r.exports.iter().map(|e| e.path.display().to_string()).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"pipeline": plan.name, "scans": scans, "rollups": rollups, "reports": reports})
}
