//! `type: time_comparison`: a metric against an earlier period. The calendar is joined, never the row before.

use super::{Decided, Kind, MetricContext, Reference};
use crate::calendar::Offset;
use crate::diagnostic::YamlPath;
use crate::plan::{Formula, MetricPlan};
use crate::spec::{Additivity, Align, Calculation, Metric, MetricKind};

pub(super) struct TimeComparison;

impl Kind for TimeComparison {
    fn kind(&self) -> MetricKind {
        MetricKind::TimeComparison
    }
    fn name(&self) -> &'static str {
        "time_comparison"
    }
    fn doc(&self) -> &'static str {
        "a metric against an earlier period: difference, percent change or ratio"
    }
    fn example(&self) -> &'static str {
        "{type: time_comparison, base_metric: impressions, offset_window: 1 year, calculation: percent_change}"
    }
    fn keys(&self) -> &'static [&'static str] {
        &["base_metric", "offset_window", "calculation", "align"]
    }
    fn references(&self, spec: &Metric, at: &YamlPath) -> Vec<Reference> {
        super::reference("base_metric", spec.base_metric.as_ref(), at)
    }

    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan> {
        let spec = context.spec;
        let length = match &spec.offset_window {
            Some(text) => context.length("offset_window", text),
            None => {
                context.missing("offset_window", "1 year");
                None
            }
        };
        let base = context.input("base_metric", spec.base_metric.as_ref())?.clone();
        let compares = |m: &MetricPlan| matches!(m.formula, Formula::Comparison { .. });
        let why = "compares what is a comparison itself";
        if context.refuse_parts("base_metric", &base.name, why, "compare the metric that is compared there", &compares)
        {
            return None;
        }
        let offset = Offset { length: length?, align: spec.align.unwrap_or(Align::Calendar) };
        let calculation = spec.calculation.unwrap_or(Calculation::PercentChange);
        let aligned = match offset.align {
            Align::Calendar => "",
            Align::Weekday => ", BY WEEKDAY",
            Align::IsoWeek => ", BY ISO WEEK",
        };
        let earlier = format!("{} {} EARLIER{aligned}", base.name, offset.length);
        let (definition, additivity, unit) = match calculation {
            Calculation::Difference => (format!("{} - ({earlier})", base.name), base.additivity, base.unit.clone()),
            Calculation::PercentChange => (format!("{} / ({earlier}) - 1", base.name), Additivity::NonAdditive, None),
            Calculation::Ratio => (format!("{} / ({earlier})", base.name), Additivity::NonAdditive, None),
        };
        Some(context.plan(Decided {
            integer: base.integer && calculation == Calculation::Difference,
            unit: unit.or_else(|| (calculation != Calculation::Difference).then(|| "ratio".to_owned())),
            additivity,
            reaggregate: base.reaggregate,
            definition,
            formula: Formula::Comparison { base: base.name, offset, calculation },
        }))
    }
}
