//! `type: share`: a metric's part of the whole of its period and segment, or within dimensions.

use super::{Decided, Kind, MetricContext, Reference};
use crate::diagnostic::{Diagnostic, YamlPath};
use crate::plan::{Formula, MetricPlan};
use crate::spec::{Additivity, Metric, MetricKind};

pub(super) struct Share;

impl Kind for Share {
    fn kind(&self) -> MetricKind {
        MetricKind::Share
    }
    fn name(&self) -> &'static str {
        "share"
    }
    fn doc(&self) -> &'static str {
        "a metric's part of all groups of a report, or of those with the same values of some dimensions"
    }
    fn example(&self) -> &'static str {
        "{type: share, input_metric: impressions, within: [network], format: percent}"
    }
    fn keys(&self) -> &'static [&'static str] {
        &["input_metric", "within"]
    }
    fn references(&self, spec: &Metric, at: &YamlPath) -> Vec<Reference> {
        super::reference("input_metric", spec.input_metric.as_ref(), at)
    }

    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan> {
        let spec = context.spec;
        let input = context.input("input_metric", spec.input_metric.as_ref())?.clone();
        if input.additivity == Additivity::NonAdditive {
            let error = Diagnostic::pipeline(
                "meaningless-metric",
                format!("`{}` is a share of `{}`, whose groups do not add up to a whole", context.name, input.name),
            );
            context.errors.push(
                error
                    .at(&context.at.key("input_metric"))
                    .help("take the share of a sum or a count, not of a rate or a unique count"),
            );
            return None;
        }
        let within = spec.within.clone().unwrap_or_default();
        if !context.dimensions("within", &within, &input.name) {
            return None;
        }
        let whole = if within.is_empty() { "ALL".to_owned() } else { format!("EACH {}", within.join(", ")) };
        Some(context.plan(Decided {
            integer: false,
            unit: Some("ratio".to_owned()),
            additivity: Additivity::NonAdditive,
            reaggregate: input.reaggregate,
            definition: format!("{} / ({} OF {whole})", input.name, input.name),
            formula: Formula::Share { input: input.name, within },
        }))
    }
}
