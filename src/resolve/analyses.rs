//! Analyses: whether a metric's change can be taken apart, and the reports that hold what is needed for it.

use super::exports::{self, Taken};
use super::objectives::Known;
use super::{check_reserved, is_name};
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::plan::{AnalysesPlan, ContentFitPlan, DriversPlan, Formula, MetricPlan};
use crate::spec::{Additivity, Analysis, AnalysisKind, Compare, GrainSpec, Pipeline, Report, TargetGrain, Totals};

/// Resolves the analyses; each plan comes with the reports it needs, whose indices begin with `first`, and the place of the
/// analysis that needs each.
pub(super) fn resolve(
    spec: &Pipeline,
    known: &Known<'_>,
    first: usize,
    taken: &mut Taken,
    errors: &mut Diagnostics,
) -> (AnalysesPlan, Vec<(usize, Report)>) {
    let (mut plans, mut reports): (AnalysesPlan, Vec<(usize, Report)>) = (AnalysesPlan::default(), vec![]);
    for (i, analysis) in spec.analyses.iter().enumerate() {
        let at = YamlPath::root().key("analyses").index(i);
        let named = spec.reports.iter().map(|r| &r.name).chain(spec.analyses[..i].iter().map(|a| &a.name));
        if !is_name(&analysis.name) || named.into_iter().any(|name| *name == analysis.name) {
            let message = format!("`{}` is not a name of its own for an analysis", analysis.name);
            let error = Diagnostic::pipeline("invalid-name", message).at(&at.key("name"));
            errors.push(error.help("letters, digits, `_` and `-`; no report or other analysis has it"));
        }
        let exports = exports::of_analysis(analysis, &at, taken, errors);
        let parts = parts(analysis, known, &at, errors);
        if analysis.by.is_empty() {
            let error = Diagnostic::pipeline("missing-key", "a change is taken apart by at least one dimension");
            errors.push(error.at(&at.key("by")).help("`by: [network, country]`"));
        }
        for (key, written) in [("within", !analysis.within.is_empty()), ("unit", analysis.unit.is_some())] {
            if written && analysis.kind == AnalysisKind::Drivers {
                let error = Diagnostic::pipeline("clashing-keys", format!("`{key}` goes with `type: content_fit`"));
                errors.push(error.at_key(&at.key(key)));
            }
        }
        let dims = analysis.within.iter().chain(&analysis.by).chain(&analysis.unit);
        dims.for_each(|dim| check_reserved(dim, "dimension", &at.key("by"), errors));
        let Some(parts) = parts else { continue };
        match analysis.kind {
            AnalysisKind::Drivers => {
                let compare = analysis.compare.unwrap_or(Compare::PreviousPeriod);
                let mut by = vec![];
                for dim in &analysis.by {
                    by.push((dim.clone(), first + reports.len()));
                    reports.push((i, report(analysis, parts.as_ref(), vec![compare], vec![dim.clone()])));
                }
                plans.drivers.push(DriversPlan {
                    name: analysis.name.clone(),
                    metric: analysis.metric.clone(),
                    parts,
                    grain: grain(analysis.grain).into(),
                    compare: compare.as_str(),
                    by,
                    exports,
                });
            }
            AnalysisKind::ContentFit => {
                let Some((parts, unit)) = content_fit(analysis, parts, &at, errors) else { continue };
                let dims = analysis.within.iter().chain(&analysis.by).chain([&unit]).cloned().collect();
                plans.content_fits.push(ContentFitPlan {
                    name: analysis.name.clone(),
                    metric: analysis.metric.clone(),
                    parts: parts.clone(),
                    grain: grain(analysis.grain).into(),
                    within: analysis.within.clone(),
                    by: analysis.by.clone(),
                    unit,
                    report: first + reports.len(),
                    exports,
                });
                reports.push((i, report(analysis, Some(&parts), vec![], dims)));
            }
        }
    }
    (plans, reports)
}

/// Content is held against the rest by a ratio over units.
fn content_fit(
    analysis: &Analysis,
    parts: Option<(String, String)>,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<((String, String), String)> {
    if analysis.compare.is_some() {
        let error = Diagnostic::pipeline("clashing-keys", "`compare` goes with `type: drivers`");
        errors.push(error.at_key(&at.key("compare")));
    }
    if parts.is_none() {
        let message = format!("`{}` is no ratio: more of it says nothing of how content fits", analysis.metric);
        let error = Diagnostic::pipeline("meaningless-analysis", message).at(&at.key("metric"));
        errors.push(error.help("take a `type: ratio`: engagements by impressions, clicks by impressions"));
    }
    if analysis.unit.is_none() {
        let error = Diagnostic::pipeline("missing-key", "what is content counted by?").at_key(at);
        errors.push(error.help("`unit: post_id`: how much posts differ tells what is chance"));
    }
    Some((parts?, analysis.unit.clone()?))
}

/// `Some(None)` for a metric that adds up, its two sides for a ratio of such, `None` for what cannot be taken apart.
#[expect(clippy::option_option, reason = "wrong, or without parts")]
fn parts(
    analysis: &Analysis,
    known: &Known<'_>,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<Option<(String, String)>> {
    let metrics = known.metrics;
    let here = at.key("metric");
    if !metrics.names.contains(&analysis.metric) {
        let names = metrics.names.iter().map(String::as_str);
        let error = Diagnostic::pipeline("unknown-metric", format!("`{}` is not a metric", analysis.metric));
        errors.push(error.at(&here).suggest(&analysis.metric, "metrics", names));
        return None;
    }
    let metric = metrics.resolved.get(&analysis.metric)?;
    let adds_up = |m: &MetricPlan| m.additivity == Additivity::Additive;
    if adds_up(metric) {
        return Some(None);
    }
    if let Formula::Ratio { numerator, denominator, ignores, ignores_segment: false, unit } = &metric.formula {
        let both = [numerator, denominator].into_iter().all(|name| metrics.resolved.get(name).is_some_and(adds_up));
        if both && unit.is_empty() && ignores.is_empty() {
            return Some(Some((numerator.clone(), denominator.clone())));
        }
    }
    let message = format!("the change of `{}` cannot be taken apart", metric.name);
    errors.push(
        Diagnostic::pipeline("meaningless-analysis", message)
            .at(&here)
            .place(&YamlPath::root().key("metrics").key(&metric.name), Part::Key, "defined here")
            .note(format!("it is {}: {}", metric.additivity.as_str().replace('_', "-"), metric.definition))
            .help("take a metric that adds up over groups and periods, or a `type: ratio` of two such metrics"),
    );
    None
}

fn report(
    analysis: &Analysis,
    parts: Option<&(String, String)>,
    compare: Vec<Compare>,
    group_by: Vec<String>,
) -> Report {
    Report {
        name: format!("{}_{}", analysis.name, group_by.join("_")),
        description: None,
        metrics: parts.map_or_else(|| vec![analysis.metric.clone()], |(n, d)| vec![n.clone(), d.clone()]),
        group_by,
        segments: analysis.segments.clone(),
        grains: vec![grain(analysis.grain)],
        start: analysis.start.clone(),
        end: analysis.end.clone(),
        compare,
        totals: Totals::No,
        top: None,
        attributes: vec![],
        incomplete_periods: None,
        exports: vec![],
    }
}

fn grain(grain: TargetGrain) -> GrainSpec {
    match grain {
        TargetGrain::Day => GrainSpec::Day,
        TargetGrain::Week => GrainSpec::Week,
        TargetGrain::Month => GrainSpec::Month,
        TargetGrain::Quarter => GrainSpec::Quarter,
        TargetGrain::Year => GrainSpec::Year,
    }
}
