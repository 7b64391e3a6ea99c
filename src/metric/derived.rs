//! `type: derived`: an expression over other metrics, computed from their values.

use super::{Decided, Kind, MetricContext, MetricScope, Reference};
use crate::diagnostic::{Diagnostic, Part, YamlPath};
use crate::expr::{self, Scope, Type};
use crate::plan::additivity::is_linear;
use crate::plan::{Formula, MetricPlan, DAYS_IN_PERIOD};
use crate::spec::{Additivity, Metric, MetricKind};
use std::cell::RefCell;

pub(super) struct Derived;

impl Kind for Derived {
    fn kind(&self) -> MetricKind {
        MetricKind::Derived
    }
    fn name(&self) -> &'static str {
        "derived"
    }
    fn doc(&self) -> &'static str {
        "an expression over other metrics"
    }
    fn example(&self) -> &'static str {
        "{type: derived, expr: new_followers - unfollows}"
    }
    fn keys(&self) -> &'static [&'static str] {
        &["expr"]
    }

    fn references(&self, spec: &Metric, at: &YamlPath) -> Vec<Reference> {
        let Some(sql) = &spec.expr else { return vec![] };
        let recorder = Recorder(RefCell::new(vec![]));
        // Mistakes of syntax or type are told when the metric itself is resolved.
        let _ = expr::parse(sql, &recorder);
        let names = recorder.0.into_inner();
        let place = |name: &str| sql.find(name).map_or(Part::Value, |start| Part::Within(start..start + name.len()));
        let metrics = names.iter().filter(|name| *name != DAYS_IN_PERIOD);
        metrics.map(|name| Reference { name: name.clone(), at: at.key("expr"), part: place(name) }).collect()
    }

    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan> {
        let spec = context.spec;
        let Some(sql) = &spec.expr else {
            context.missing("expr", "a - b");
            return None;
        };
        let scope = MetricScope::new(context.metrics, context.metrics.keys().map(String::as_str).collect());
        let expr = context.parse("expr", sql, &scope)?;
        let inputs: Vec<&MetricPlan> =
            expr.columns().iter().filter_map(|(name, _)| context.metrics.get(*name)).collect();
        if inputs.is_empty() || !matches!(expr.ty(), Type::Int | Type::Float) {
            let what = if inputs.is_empty() { "names no metric".to_owned() } else { format!("is {}", expr.ty().a()) };
            let error = Diagnostic::pipeline("type-mismatch", format!("the expression of `{}` {what}", context.name));
            context
                .errors
                .push(error.at(&context.at.key("expr")).help("a derived metric is a number made of other metrics"));
            return None;
        }
        let of_days = expr.columns().iter().any(|(name, _)| *name == DAYS_IN_PERIOD);
        let linear = is_linear(&expr) && !of_days;
        let weakest = inputs.iter().map(|m| m.additivity).max().unwrap_or(Additivity::Additive);
        let same_unit = inputs.iter().all(|m| m.unit == inputs[0].unit);
        Some(context.plan(Decided {
            integer: expr.ty() == Type::Int,
            unit: inputs[0].unit.clone().filter(|_| linear && same_unit),
            additivity: if linear { weakest } else { Additivity::NonAdditive },
            reaggregate: inputs.iter().find_map(|m| m.reaggregate),
            definition: expr.to_string(),
            formula: Formula::Derived { expr },
        }))
    }
}

/// A scope that knows every name and remembers which were asked for.
struct Recorder(RefCell<Vec<String>>);

impl Scope for Recorder {
    fn column(&self, name: &str) -> Option<Type> {
        let mut names = self.0.borrow_mut();
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
        Some(Type::Int)
    }
    fn names(&self) -> Vec<&str> {
        vec![]
    }
    fn noun(&self) -> &'static str {
        "metric"
    }
}
