//! Spec + catalog → plan: the doors between what the user wrote and what is carried out. Every mistake is collected,
//! so that one `jalon check` tells them all.

mod adds_up;
mod analyses;
mod baseline;
mod calendar;
mod columns;
mod computed;
mod currency;
mod declared;
mod exports;
mod formats;
mod lists;
mod lookups;
mod metrics;
mod objectives;
mod preview;
mod quality;
mod ready;
mod reports;
mod rollups;
mod scorecard;
mod segments;
mod sources;
mod unions;
mod views;

pub use preview::{shown, Shown};

use crate::calendar::Calendar;
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::plan::{AnalysesPlan, DayRange, Plan, DAYS_IN_PERIOD};
use crate::spec::Pipeline;
use std::path::PathBuf;
use std::sync::Arc;

/// The key columns of every report, and the word for their days in expressions; metrics and dimensions may not be called so.
pub const RESERVED: &[&str] = &[
    "report",
    "grain",
    "period_start",
    "period_end",
    "period_label",
    "is_complete",
    "coverage",
    "days",
    "level",
    "rank",
    "segment",
    "metric",
    "value",
    "value_int",
    "numerator",
    "denominator",
    "unit",
    "direction",
    "additivity",
    "as_of",
    "is_break",
    DAYS_IN_PERIOD,
];

/// What a command line says instead of the pipeline.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Folder that export paths are relative to.
    pub output_root: Option<PathBuf>,
    /// First and last day of all reports.
    pub range: DayRange,
    /// The last day that counts.
    pub as_of: Option<i32>,
    /// The only report to plan.
    pub report: Option<String>,
}

/// Resolves a pipeline; what `overrides` has wins over the pipeline's own.
///
/// Mistakes go into `errors`; the plan is only there when none of them is an error.
pub fn resolve(spec: &Pipeline, catalog: &Catalog, overrides: &Overrides, errors: &mut Diagnostics) -> Option<Plan> {
    let root = YamlPath::root();
    if spec.version != 1 {
        let error = Diagnostic::pipeline(
            "unknown-version",
            format!("version {} of the pipeline language is not known", spec.version),
        );
        errors.push(error.at(&root.key("version")).help("write `version: 1`"));
    }
    if !is_name(&spec.name) {
        let error = Diagnostic::pipeline("invalid-name", format!("`{}` is not a name for a pipeline", spec.name));
        let help = "letters, digits, `_` and `-`: the run manifest is a file of that name";
        errors.push(error.at(&root.key("name")).help(help));
    }
    let calendar = calendar::resolve(&spec.calendar, errors).map(Arc::new);
    let sources = sources::resolve(spec, catalog, errors);
    let broken: Vec<String> = spec.sources.keys().filter(|name| !sources.contains_key(*name)).cloned().collect();
    let segments = segments::resolve(spec, &sources, errors);
    let mut metrics = metrics::resolve(spec, &sources, &broken, errors);
    quality::mixed(&mut metrics.resolved, &sources, errors);
    let (mut reports, mut taken) =
        reports::resolve(spec, &sources, &metrics, &segments, calendar.as_deref(), overrides, errors);
    let fallback = Calendar::default();
    let known = objectives::Known {
        sources: &sources,
        metrics: &metrics,
        segments: &segments,
        calendar: calendar.as_deref().unwrap_or(&fallback),
        catalog,
    };
    // A single report needs no targets.
    let mut targets = overrides.report.is_none().then(|| objectives::resolve(spec, &known, errors)).flatten();
    if let Some(targets) = &mut targets {
        targets.exports = exports::of_scorecard(spec, &mut taken, errors);
        for report in scorecard::reports(targets, reports.len()) {
            let at = root.key("objectives");
            // Targets are of whole periods, whatever days the reports are of.
            let whole = Overrides { range: DayRange::default(), ..overrides.clone() };
            reports.push(reports::internal(&report, at, &known, &whole, errors));
        }
    }
    let mut analyses = AnalysesPlan::default();
    if overrides.report.is_none() {
        let (plans, needed) = self::analyses::resolve(spec, &known, reports.len(), &mut taken, errors);
        analyses = plans;
        for (i, report) in needed {
            reports.push(reports::internal(&report, root.key("analyses").index(i), &known, overrides, errors));
        }
    }
    let quarantine = exports::of_quarantine(spec, catalog, &mut taken, errors);
    let output_root = output_root(spec, overrides, errors);
    if errors.has_errors() {
        return None;
    }
    let calendar = calendar?;
    let rollups = rollups::share(&mut reports, &sources, &metrics.resolved, &segments, &calendar);
    let scans = rollups::scans(catalog, &sources, &rollups, &reports, &calendar);
    Some(Plan {
        name: spec.name.clone(),
        calendar,
        scans,
        rollups,
        metrics: metrics.resolved,
        reports,
        analyses,
        scorecard: targets,
        quarantine: if overrides.report.is_none() { quarantine } else { vec![] },
        as_of: overrides.as_of,
        output_root: output_root?,
    })
}

/// The folder that export paths are relative to; `None` where a variable in it is wrong, which is told.
fn output_root(spec: &Pipeline, overrides: &Overrides, errors: &mut Diagnostics) -> Option<PathBuf> {
    if let Some(path) = &overrides.output_root {
        return Some(path.clone());
    }
    let Some(text) = &spec.output_root else { return Some(PathBuf::from(".")) };
    match crate::spec::expand_variables(text, &YamlPath::root().key("output_root")) {
        Ok(path) => Some(PathBuf::from(path)),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// Letters, digits, `_` and `-`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Refuses names that clash with the columns that every report has.
fn check_reserved(name: &str, noun: &str, at: &YamlPath, errors: &mut Diagnostics) {
    if RESERVED.contains(&name) {
        let error = Diagnostic::pipeline(
            "reserved-name",
            format!("a {noun} cannot be called `{name}`: every report has a column of that name"),
        );
        errors.push(error.at_key(at).help(match noun {
            "dimension" => "give it another name: `my_name: {column: …}`",
            _ => "choose another name",
        }));
    }
}
