//! Explaining one figure: which records of which files it was made of, and by which definitions.

use super::{check, Checked, Overrides};
use crate::calendar::{iso_date, Grain};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, Compare, Expr, Literal, Scope, Type};
use crate::plan::{AggFunc, Aggregate, DayRange, Dim, Formula, Plan, ReportPlan, RollupPlan, Scan, SnapshotPlan};
use crate::report::{self, Figure, Place, Trace, Value};
use crate::rollup::{self, Options, Progress};
use serde::Serialize;

/// Which figure is asked for, as it is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The metric.
    pub metric: String,
    /// The report; may be left out where only one shows the metric.
    pub report: Option<String>,
    /// The period's label.
    pub period: String,
    /// Its grain, where the label does not tell.
    pub grain: Option<String>,
    /// The segment. Default: the report's only one, else `all`.
    pub segment: Option<String>,
    /// An SQL condition on the report's dimensions that one group passes.
    pub condition: Option<String>,
}

/// A figure, and all that it is made of.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The report.
    pub report: String,
    /// The grain.
    pub grain: Grain,
    /// The period's label.
    pub period: String,
    /// Its first day.
    pub period_start: String,
    /// Its last day.
    pub period_end: String,
    /// Whether the sources go on to its end.
    pub is_complete: bool,
    /// The word in the column `level`.
    pub level: String,
    /// The metric, with what it is made of.
    pub figure: Part,
}

/// A metric on the way to a figure.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// The metric.
    pub metric: String,
    /// Its value; null when not known.
    pub value: serde_json::Value,
    /// Its definition as SQL.
    pub definition: String,
    /// First day looked at; null for all that came before.
    pub first_day: Option<String>,
    /// Last day looked at.
    pub last_day: Option<String>,
    /// The segment.
    pub segment: String,
    /// The group, in words; empty for all together.
    pub group: String,
    /// For simple metrics: the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Records>,
    /// What it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Part>,
}

/// The records behind a simple metric.
#[derive(Clone, Debug, Serialize)]
pub struct Records {
    /// The source or union.
    pub source: String,
    /// The conditions that a record must pass to be in the row.
    pub conditions: Vec<String>,
    /// How many records are in the row.
    pub records: u64,
    /// How many of them have a value: they pass the metric's filter, and its expression is known.
    pub with_value: u64,
    /// The files that hold any of them.
    pub files: Vec<FileRecords>,
    /// How many files the source has.
    pub of_files: usize,
    /// What else is to be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The records of one file.
#[derive(Clone, Debug, Serialize)]
pub struct FileRecords {
    /// The file.
    pub path: String,
    /// Its records in the row.
    pub records: u64,
    /// Those with a value.
    pub with_value: u64,
}

/// The dimensions of a report, as the columns of a condition.
struct Dims<'d>(&'d [Dim]);

impl Scope for Dims<'_> {
    fn column(&self, name: &str) -> Option<Type> {
        self.0.iter().find(|dim| dim.name == name).map(|dim| dim.ty)
    }
    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|dim| dim.name.as_str()).collect()
    }
    fn noun(&self) -> &'static str {
        "dimension"
    }
}

/// Explains one figure of a pipeline that has no mistakes.
///
/// # Errors
/// A figure that is not there, told as a mistake of the command line; what a run fails with.
pub fn explain_number(
    checked: &Checked,
    question: &Question,
    overrides: &Overrides,
    options: &Options,
) -> Result<Answer, Diagnostic> {
    let whole = checked.plan.as_ref().ok_or_else(|| Diagnostic::bug("a pipeline with mistakes is not explained"))?;
    let report = which(whole, question)?;
    let condition = question.condition.as_ref().map(|sql| condition(sql, report)).transpose()?;
    // Only what the report needs is read.
    let overrides = Overrides { report: Some(report.name.clone()), ..overrides.clone() };
    let one = check(&checked.path, &overrides)?;
    let plan = one.plan.ok_or_else(|| Diagnostic::bug("a part of a pipeline has mistakes that the whole has not"))?;
    let segment = question.segment.as_deref().or(match report.segments.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    });
    let figure = Figure {
        metric: &question.metric,
        period: &question.period,
        grain: grain(question, report)?,
        segment: segment.unwrap_or(crate::plan::ALL),
        group: condition.as_ref(),
    };
    let (rollups, stats) = rollup::roll_up(&plan, options, &Progress::default())?;
    let (place, trace) = report::Prepared::new(&plan, rollups, &stats).trace(0, &figure)?;
    let Place { grain, period, label, level, is_complete } = place;
    Ok(Answer {
        report: report.name.clone(),
        grain,
        period: label,
        period_start: iso_date(period.0),
        period_end: iso_date(period.1),
        is_complete,
        level,
        figure: part(&plan, trace, options)?,
    })
}

/// The report that shows the metric.
fn which<'p>(plan: &'p Plan, question: &Question) -> Result<&'p ReportPlan, Diagnostic> {
    let all = || plan.reports.iter().filter(|report| !report.is_internal);
    let shows = |report: &&ReportPlan| report.metrics.contains(&question.metric);
    if let Some(name) = &question.report {
        let known = all().map(|r| r.name.as_str());
        let report = all().find(|r| r.name == *name).ok_or_else(|| {
            Diagnostic::pipeline("unknown-report", format!("there is no report `{name}`"))
                .suggest(name, "reports", known)
        })?;
        return Some(report).filter(shows).ok_or_else(|| {
            let message = format!("report `{name}` does not show `{}`", question.metric);
            let known = report.metrics.iter().map(String::as_str);
            Diagnostic::pipeline("unknown-metric", message).suggest(&question.metric, "its metrics", known)
        });
    }
    let reports: Vec<&ReportPlan> = all().filter(shows).collect();
    match reports.as_slice() {
        [one] => Ok(one),
        [] => {
            let mut known: Vec<&str> = all().flat_map(|r| r.metrics.iter().map(String::as_str)).collect();
            known.sort_unstable();
            known.dedup();
            let message = format!("no report shows `{}`", question.metric);
            Err(Diagnostic::pipeline("unknown-metric", message).suggest(&question.metric, "metrics shown", known))
        }
        many => {
            let names: Vec<&str> = many.iter().map(|r| r.name.as_str()).collect();
            let message = format!("{} reports show `{}`", many.len(), question.metric);
            let error = Diagnostic::pipeline("several-reports", message).note(names.join(", "));
            Err(error.help(format!("say which: `--report {}`", names[0])))
        }
    }
}

fn grain(question: &Question, report: &ReportPlan) -> Result<Option<Grain>, Diagnostic> {
    let Some(name) = &question.grain else { return Ok(None) };
    let grain = report.grains.iter().find(|g| g.as_str() == name);
    let known = report.grains.iter().map(|g| g.as_str());
    let message = format!("report `{}` has no grain `{name}`", report.name);
    grain
        .copied()
        .map(Some)
        .ok_or_else(|| Diagnostic::pipeline("unknown-grain", message).suggest(name, "its grains", known))
}

fn condition(sql: &str, report: &ReportPlan) -> Result<Expr, Diagnostic> {
    let expr = expr::parse(sql, &Dims(&report.dims)).map_err(|mistakes| {
        let mistake = mistakes.into_iter().next();
        let told = mistake.map(|m| {
            let mut error = Diagnostic::pipeline(m.code, format!("`--where`: {}", m.message));
            error.notes = m.notes;
            error.help = m.help;
            error
        });
        told.unwrap_or_else(|| Diagnostic::bug("a mistake that is none"))
    })?;
    if expr.columns().is_empty() {
        let known: Vec<&str> = report.dims.iter().map(|dim| dim.name.as_str()).collect();
        let error = Diagnostic::pipeline("type-mismatch", "`--where` names no dimension");
        return Err(error.note(format!("dimensions of the report: {}", known.join(", "))));
    }
    if expr.ty() == Type::Bool {
        return Ok(expr);
    }
    let message = format!("`--where` is {}, it must be a condition", expr.ty().a());
    Err(Diagnostic::pipeline("type-mismatch", message).help("`--where \"network = 'facebook'\"`"))
}

fn part(plan: &Plan, trace: Trace, options: &Options) -> Result<Part, Diagnostic> {
    let metric = &plan.metrics[&trace.metric];
    let records = match (&metric.formula, trace.days) {
        (Formula::Simple { source, aggregate, snapshot, .. }, Some(days)) => {
            let mut records = records(plan, source, aggregate, (&trace, days), options)?;
            records.note = snapshot.as_ref().map(|snapshot| {
                let each = if snapshot.keys.is_empty() {
                    "all records".to_owned()
                } else {
                    format!("each {}", snapshot.keys.join(", "))
                };
                format!("of these days one counts for {each}: see the definition")
            });
            Some(records)
        }
        _ => None,
    };
    let inputs = trace.inputs.into_iter().map(|input| part(plan, input, options)).collect::<Result<_, _>>()?;
    Ok(Part {
        value: match trace.value {
            Value::Null => serde_json::Value::Null,
            Value::Int(n) => n.into(),
            Value::Float(x) => x.into(),
        },
        definition: metric.definition.clone(),
        first_day: trace.days.and_then(|(first, _)| first).map(iso_date),
        last_day: trace.days.map(|(_, last)| iso_date(last)),
        segment: trace.segment,
        group: report::in_words(&trace.group),
        metric: trace.metric,
        records,
        inputs,
    })
}

/// Counts the records of a row file by file.
fn records(
    plan: &Plan,
    source: &str,
    aggregate: &Aggregate,
    (trace, (first, last)): (&Trace, (Option<i32>, i32)),
    options: &Options,
) -> Result<Records, Diagnostic> {
    let of_source = |rollup: &&RollupPlan| rollup.source == source && rollup.segment == trace.segment;
    let segment = plan.rollups.iter().find(of_source).and_then(|rollup| rollup.filter.clone());
    let group: Vec<Expr> = trace.group.iter().map(|(dim, value)| is(dim, value)).collect();
    let filter = Expr::all(segment.clone().into_iter().chain(group.iter().cloned()).map(Some));
    let end = plan.as_of.map_or(last, |as_of| as_of.min(last));
    let scans: Vec<&Scan> =
        plan.scans.iter().filter(|scan| scan.feeds.iter().any(|id| plan.rollups[*id].source == source)).collect();
    let counted = Aggregate { func: AggFunc::Count, expr: aggregate.expr.clone(), filter: aggregate.filter.clone() };
    let rollup = RollupPlan {
        id: 0,
        source: source.to_owned(),
        segment: trace.segment.clone(),
        filter,
        bucket: Grain::All,
        dims: vec![],
        aggregates: vec![counted],
        range: DayRange { start: first, end: Some(end) },
        derived_from: None,
        reports: vec![],
    };
    let mut conditions: Vec<String> = scans.iter().filter_map(|scan| Some(scan.filter.as_ref()?.to_string())).collect();
    conditions.extend(segment.iter().chain(&group).map(Expr::to_string));
    conditions.dedup();
    let mut found = Records {
        source: source.to_owned(),
        conditions,
        records: 0,
        with_value: 0,
        files: vec![],
        of_files: scans.iter().map(|scan| scan.files.len()).sum(),
        note: None,
    };
    for scan in scans {
        for (index, file) in scan.files.iter().enumerate() {
            let scan = Scan { feeds: vec![0], ranges: vec![rollup.range], checks: vec![], ..of_file(scan, index) };
            let one = Plan { scans: vec![scan], rollups: vec![rollup.clone()], reports: vec![], ..plan.clone() };
            let (rollups, _) = rollup::roll_up(&one, options, &Progress::default())?;
            let (records, with_value) = rollups.first().map_or((0, 0), rollup::counts);
            found.records += records;
            found.with_value += with_value;
            if records > 0 {
                found.files.push(FileRecords { path: file.path.display().to_string(), records, with_value });
            }
        }
    }
    Ok(found)
}

/// The scan as far as it gives records of one file. Which snapshots count is judged by all files.
fn of_file(scan: &Scan, index: usize) -> Scan {
    match &scan.snapshot {
        Some(snapshot) => {
            Scan { snapshot: Some(SnapshotPlan { only: Some(index), ..snapshot.clone() }), ..scan.clone() }
        }
        None => Scan { files: vec![scan.files[index].clone()], ..scan.clone() },
    }
}

/// The condition that a dimension has a value.
fn is(dim: &Dim, value: &Literal) -> Expr {
    let column = Box::new(Expr::Column { name: dim.name.clone(), ty: dim.ty });
    match value {
        Literal::Null => Expr::IsNull(column),
        value => Expr::Compare { op: Compare::Eq, left: column, right: Box::new(Expr::Literal(value.clone())) },
    }
}
