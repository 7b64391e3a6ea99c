//! `type: cumulative`: a metric over a window of days, from the beginning of a period to date, or from the very
//! beginning. Of a ratio both sides are taken over the window, and then divided.

use super::{Decided, Kind, MetricContext, Reference};
use crate::calendar::{Grain, Unit};
use crate::diagnostic::{Diagnostic, Part, YamlPath};
use crate::plan::{Formula, MetricPlan, Window};
use crate::spec::{Additivity, Metric, MetricKind, PeriodAgg, ToDateGrain};

pub(super) struct Cumulative;

impl Kind for Cumulative {
    fn kind(&self) -> MetricKind {
        MetricKind::Cumulative
    }
    fn name(&self) -> &'static str {
        "cumulative"
    }
    fn doc(&self) -> &'static str {
        "a metric over the last days or periods, to date, or from the beginning"
    }
    fn example(&self) -> &'static str {
        "{type: cumulative, input_metric: engagements, window: 28 days}"
    }
    fn keys(&self) -> &'static [&'static str] {
        &["input_metric", "window", "grain_to_date", "period_agg"]
    }
    fn references(&self, spec: &Metric, at: &YamlPath) -> Vec<Reference> {
        super::reference("input_metric", spec.input_metric.as_ref(), at)
    }

    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan> {
        let spec = context.spec;
        let window = window(context);
        let input = context.input("input_metric", spec.input_metric.as_ref())?.clone();
        let level = |m: &MetricPlan| match &m.formula {
            Formula::Simple {
                additivity, snapshot, agg: crate::spec::Agg::Sum | crate::spec::Agg::Average, ..
            } => snapshot.is_some() || (*additivity != Additivity::Additive && m.reaggregate.is_none()),
            _ => false,
        };
        let over_time = |m: &MetricPlan| {
            matches!(m.formula, Formula::Cumulative { .. } | Formula::Comparison { .. } | Formula::Share { .. })
                || matches!(&m.formula, Formula::Ratio { unit, .. } if !unit.is_empty())
        };
        let why = "accumulates a measure that does not add up over time";
        let help = "accumulate what is gained and lost instead: new followers, unfollows";
        let refused = context.refuse_parts("input_metric", &input.name, why, help, &level)
            | context.refuse_parts(
                "input_metric",
                &input.name,
                "accumulates what is a window, a comparison, a share or a mean of ratios itself",
                "accumulate the metrics that it is made of",
                &over_time,
            );
        let window = window.filter(|_| !refused)?;
        let anchor = spec.period_agg.unwrap_or(PeriodAgg::Last);
        let over = match window {
            Window::Trailing(length) => format!("OVER {length}"),
            Window::Periods(count) => format!("OVER {count} periods"),
            Window::ToDate(grain) => format!("SINCE THE BEGINNING OF THE {}", grain.as_str().to_uppercase()),
            Window::Everything => "SINCE THE BEGINNING".to_owned(),
        };
        let day = match anchor {
            PeriodAgg::Last => "",
            PeriodAgg::First => " TO THE FIRST DAY",
            PeriodAgg::Average => " TO EACH DAY, AVERAGED",
        };
        let additive = input.additivity == Additivity::Additive;
        Some(context.plan(Decided {
            integer: input.integer && anchor != PeriodAgg::Average,
            unit: input.unit.clone(),
            // Over groups it adds up, over time it holds most days many times.
            additivity: if additive { Additivity::SemiAdditive } else { Additivity::NonAdditive },
            reaggregate: input.reaggregate,
            definition: format!("{} {over}{day}", input.name),
            formula: Formula::Cumulative { input: input.name, window, anchor },
        }))
    }
}

fn window(context: &mut MetricContext<'_>) -> Option<Window> {
    let spec = context.spec;
    if let (Some(_), Some(_)) = (&spec.window, spec.grain_to_date) {
        let error = Diagnostic::pipeline("clashing-keys", "a metric has a `window` or a `grain_to_date`, not both");
        let here = context.at.key("grain_to_date");
        context.errors.push(error.at_key(&here).place(&context.at.key("window"), Part::Key, "and here"));
        return None;
    }
    if let Some(text) = &spec.window {
        let length = context.length("window", text)?;
        return Some(if length.unit == Unit::Period {
            Window::Periods(length.count)
        } else {
            Window::Trailing(length)
        });
    }
    Some(spec.grain_to_date.map_or(Window::Everything, |grain| {
        Window::ToDate(match grain {
            ToDateGrain::Week => Grain::Week,
            ToDateGrain::Month => Grain::Month,
            ToDateGrain::Quarter => Grain::Quarter,
            ToDateGrain::Year => Grain::Year,
        })
    }))
}
