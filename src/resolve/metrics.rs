//! Metrics in an order in which each comes after those it is made of; cycles and unknown names are told.

use super::check_reserved;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::metric::{kind_of, MetricContext, Reference, KINDS};
use crate::plan::{LogicalSource, MetricPlan};
use crate::spec::{Metric, Pipeline};
use indexmap::IndexMap;

/// The metrics that could be resolved, and the names of all.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    /// Each after those it is made of.
    pub(super) resolved: IndexMap<String, MetricPlan>,
    /// In the order written.
    pub(super) names: Vec<String>,
}

pub(super) fn resolve(
    spec: &Pipeline,
    sources: &IndexMap<String, LogicalSource>,
    broken_sources: &[String],
    errors: &mut Diagnostics,
) -> Metrics {
    let mut resolver =
        Resolver { spec, sources, broken_sources, errors, resolved: IndexMap::new(), failed: vec![], path: vec![] };
    for name in spec.metrics.keys() {
        resolver.visit(name);
    }
    Metrics { resolved: resolver.resolved, names: spec.metrics.keys().cloned().collect() }
}

struct Resolver<'r> {
    spec: &'r Pipeline,
    sources: &'r IndexMap<String, LogicalSource>,
    broken_sources: &'r [String],
    errors: &'r mut Diagnostics,
    resolved: IndexMap<String, MetricPlan>,
    failed: Vec<String>,
    /// The metrics under way, outermost first.
    path: Vec<String>,
}

impl Resolver<'_> {
    fn visit(&mut self, name: &str) {
        if self.resolved.contains_key(name) || self.failed.iter().any(|f| f == name) {
            return;
        }
        let Some(metric) = self.spec.metrics.get(name) else { return };
        let at = YamlPath::root().key("metrics").key(name);
        check_reserved(name, "metric", &at, self.errors);
        self.foreign_keys(name, metric, &at);
        self.path.push(name.to_owned());
        let ready = self.references(name, metric, &at);
        self.path.pop();
        let plan = if ready { self.build(name, metric, at) } else { None };
        match plan {
            Some(plan) => {
                self.resolved.insert(name.to_owned(), plan);
            }
            None => self.failed.push(name.to_owned()),
        }
    }

    fn build(&mut self, name: &str, metric: &Metric, at: YamlPath) -> Option<MetricPlan> {
        let mut context = MetricContext {
            name,
            spec: metric,
            at,
            sources: self.sources,
            broken_sources: self.broken_sources,
            metrics: &self.resolved,
            errors: self.errors,
        };
        kind_of(metric.kind).resolve(&mut context)
    }

    /// Resolves what the metric is made of; false when one of them is missing, failed or leads back here.
    fn references(&mut self, name: &str, metric: &Metric, at: &YamlPath) -> bool {
        let mut ready = true;
        for Reference { name: input, at, part } in kind_of(metric.kind).references(metric, at) {
            if let Some(start) = self.path.iter().position(|p| *p == input) {
                let mut cycle = self.path[start..].to_vec();
                cycle.push(input.clone());
                let error = Diagnostic::pipeline("metric-cycle", format!("metric `{name}` is made of itself"));
                self.errors.push(error.place(&at, part, "leads back").note(cycle.join(" → ")));
                ready = false;
            } else if self.spec.metrics.contains_key(&input) {
                self.visit(&input);
                ready &= self.resolved.contains_key(&input);
            } else {
                let known = self.spec.metrics.keys().map(String::as_str).filter(|n| *n != name);
                let error = Diagnostic::pipeline(
                    "unknown-metric",
                    format!("metric `{name}` uses `{input}`, which is not a metric"),
                );
                self.errors.push(error.place(&at, part, "").suggest(&input, "metrics", known));
                ready = false;
            }
        }
        ready
    }

    /// Keys that belong to other types of metric.
    fn foreign_keys(&mut self, name: &str, metric: &Metric, at: &YamlPath) {
        let kind = kind_of(metric.kind);
        let written = [
            ("source", metric.source.is_some()),
            ("agg", metric.agg.is_some()),
            ("expr", metric.expr.is_some()),
            ("filter", metric.filter.is_some()),
            ("reaggregate", metric.reaggregate.is_some()),
            ("numerator", metric.numerator.is_some()),
            ("denominator", metric.denominator.is_some()),
            ("denominator_ignores", metric.denominator_ignores.is_some()),
            ("ratio_agg", metric.ratio_agg.is_some()),
            ("ratio_unit", metric.ratio_unit.is_some()),
            ("non_additive_dimension", metric.non_additive_dimension.is_some()),
            ("carry_forward", metric.carry_forward.is_some()),
            ("fill_nulls_with", metric.fill_nulls_with.is_some()),
            ("join_to_timespine", metric.join_to_timespine.is_some()),
            ("ignore_dimensions", metric.ignore_dimensions.is_some()),
            ("versions", metric.versions.is_some()),
            ("input_metric", metric.input_metric.is_some()),
            ("window", metric.window.is_some()),
            ("grain_to_date", metric.grain_to_date.is_some()),
            ("period_agg", metric.period_agg.is_some()),
            ("base_metric", metric.base_metric.is_some()),
            ("offset_window", metric.offset_window.is_some()),
            ("calculation", metric.calculation.is_some()),
            ("align", metric.align.is_some()),
            ("within", metric.within.is_some()),
        ];
        for (key, _) in written.iter().filter(|(key, there)| *there && !kind.keys().contains(key)) {
            let owners: Vec<&str> = KINDS.iter().filter(|k| k.keys().contains(key)).map(|k| k.name()).collect();
            self.errors.push(
                Diagnostic::pipeline("clashing-keys", format!("`{key}` is not a key of a {} metric", kind.name()))
                    .at_key(&at.key(key))
                    .note(format!("keys of `type: {}`: {}", kind.name(), kind.keys().join(", ")))
                    .help(format!(
                        "`{key}` belongs to `type: {}`; is `{name}` one of those?",
                        owners.join("` or `type: ")
                    )),
            );
        }
    }
}
