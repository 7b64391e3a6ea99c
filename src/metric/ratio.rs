//! `type: ratio`: one metric over another, Σ numerator / Σ denominator at every grain and level; never a mean of
//! ratios. A missing side or a zero denominator gives null.

use super::{Kind, MetricContext, Reference};
use crate::diagnostic::{Part, YamlPath};
use crate::plan::{Formula, MetricPlan};
use crate::spec::{Additivity, Metric, MetricKind};

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
        &["numerator", "denominator"]
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
        Some(MetricPlan {
            name: context.name.to_owned(),
            integer: false,
            unit: spec.unit.clone().or(unit),
            direction: spec.direction.unwrap_or_default(),
            format: spec.format,
            additivity: Additivity::NonAdditive,
            reaggregate: above.reaggregate.or(below.reaggregate),
            definition: format!("{numerator} / NULLIF({denominator}, 0)"),
            label: spec.label.clone(),
            description: spec.description.clone(),
            formula: Formula::Ratio { numerator, denominator },
        })
    }
}
