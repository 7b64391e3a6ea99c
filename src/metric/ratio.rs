//! `type: ratio`: one metric over another, Σ numerator / Σ denominator at every grain and level; a mean of ratios only
//! where the metric says so, with what one ratio is of. A missing side or a zero denominator gives null.

use super::{Decided, Kind, MetricContext, Reference, SEGMENT};
use crate::diagnostic::{Diagnostic, Part, YamlPath};
use crate::plan::{Formula, MetricPlan};
use crate::spec::{Additivity, Metric, MetricKind, RatioAgg};

pub(super) struct Ratio;

impl Kind for Ratio {
    fn kind(&self) -> MetricKind {
        MetricKind::Ratio
    }
    fn name(&self) -> &'static str {
        "ratio"
    }
    fn doc(&self) -> &'static str {
        "one metric over another: the sums are divided, at every grain"
    }
    fn example(&self) -> &'static str {
        "{type: ratio, numerator: clicks, denominator: impressions, format: percent}"
    }
    fn keys(&self) -> &'static [&'static str] {
        &["numerator", "denominator", "denominator_ignores", "ratio_agg", "ratio_unit"]
    }

    fn references(&self, spec: &Metric, at: &YamlPath) -> Vec<Reference> {
        [("numerator", &spec.numerator), ("denominator", &spec.denominator)]
            .into_iter()
            .filter_map(|(key, name)| Some(Reference { name: name.clone()?, at: at.key(key), part: Part::Value }))
            .collect()
    }

    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan> {
        let spec = context.spec;
        for (key, value) in [("numerator", &spec.numerator), ("denominator", &spec.denominator)] {
            if value.is_none() {
                context.missing(key, "impressions");
            }
        }
        let (numerator, denominator) = (spec.numerator.clone()?, spec.denominator.clone()?);
        let (above, below) = (context.metrics.get(&numerator)?, context.metrics.get(&denominator)?);
        let unit = match (&above.unit, &below.unit) {
            (Some(a), Some(b)) if a == b => Some("ratio".to_owned()),
            (Some(a), Some(b)) => Some(format!("{a} per {b}")),
            _ => None,
        };
        let reaggregate = above.reaggregate.or(below.reaggregate);
        let simple = |m: &MetricPlan| match &m.formula {
            Formula::Simple { source, snapshot: None, .. } => Some(source.clone()),
            _ => None,
        };
        let sources = (simple(above), simple(below));
        let units = Self::unit(context, sources)?;
        let ignored = spec.denominator_ignores.clone().unwrap_or_default();
        if !context.dimensions("denominator_ignores", &ignored, &denominator) {
            return None;
        }
        let definition = if units.is_empty() {
            let over = if ignored.is_empty() { String::new() } else { format!(" OVER ALL {}", ignored.join(", ")) };
            format!("{numerator} / NULLIF({denominator}{over}, 0)")
        } else {
            format!("AVG({numerator} / NULLIF({denominator}, 0)) OF EACH {}", units.join(", "))
        };
        Some(context.plan(Decided {
            integer: false,
            unit,
            additivity: Additivity::NonAdditive,
            reaggregate,
            definition,
            formula: Formula::Ratio {
                numerator,
                denominator,
                ignores_segment: ignored.iter().any(|name| name == SEGMENT),
                ignores: ignored.into_iter().filter(|name| name != SEGMENT).collect(),
                unit: units,
            },
        }))
    }
}

impl Ratio {
    /// What one ratio is of; empty when sums are divided. `None` when that is wrong.
    fn unit(context: &mut MetricContext<'_>, sources: (Option<String>, Option<String>)) -> Option<Vec<String>> {
        let spec = context.spec;
        let mean = spec.ratio_agg == Some(RatioAgg::MeanOfRatios);
        let unit = spec.ratio_unit.clone().unwrap_or_default();
        if !mean {
            if !unit.is_empty() {
                let error = Diagnostic::pipeline("clashing-keys", "`ratio_unit` goes with `ratio_agg: mean_of_ratios`");
                context.errors.push(error.at_key(&context.at.key("ratio_unit")));
                return None;
            }
            return Some(vec![]);
        }
        if unit.is_empty() {
            context.missing("ratio_unit", "[post_id]");
            return None;
        }
        if spec.denominator_ignores.is_some() {
            let error = Diagnostic::pipeline("clashing-keys", "a mean of ratios ignores no dimensions");
            context.errors.push(error.at_key(&context.at.key("denominator_ignores")));
            return None;
        }
        let ignoring = [&spec.numerator, &spec.denominator].into_iter().flatten();
        if let Some(name) =
            ignoring.into_iter().find(|n| context.metrics.get(*n).is_some_and(|m| !m.ignores().is_empty()))
        {
            let error = Diagnostic::pipeline(
                "meaningless-metric",
                format!("`{}` averages ratios of `{name}`, which ignores dimensions", context.name),
            );
            context.errors.push(error.at(&context.at.key("ratio_agg")).help("take both sides by the same dimensions"));
            return None;
        }
        let source = match sources {
            (Some(a), Some(b)) if a == b => a,
            _ => {
                let error = Diagnostic::pipeline(
                    "meaningless-metric",
                    format!("`{}` averages ratios of metrics that are not simple ones of one source", context.name),
                );
                context.errors.push(
                    error.at(&context.at.key("ratio_agg")).help("divide two `type: simple` metrics of the same source"),
                );
                return None;
            }
        };
        let source = context.sources.get(&source)?;
        for (i, name) in unit.iter().enumerate() {
            source.require_dimension(name, &context.at.key("ratio_unit").index(i), context.errors);
        }
        unit.iter().all(|name| source.has_dimension(name)).then_some(unit)
    }
}
