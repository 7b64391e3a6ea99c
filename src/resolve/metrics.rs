//! Metrics in an order in which each comes after those it is made of; cycles and unknown names are told.

use super::check_reserved;
use super::declared::{declare, written_keys, Declared, LIBRARY_KEYS};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::library::Kpi;
use crate::metric::{kind_of, MetricContext, Reference, KINDS};
use crate::plan::{LogicalSource, MetricPlan};
use crate::spec::{Additivity, Metric, MetricKind, Pipeline};
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
    let declared = declare(spec, sources, broken_sources, errors);
    let mut resolver = Resolver {
        spec,
        declared: &declared,
        sources,
        broken_sources,
        errors,
        resolved: IndexMap::new(),
        failed: vec![],
        path: vec![],
    };
    for name in spec.metrics.keys() {
        resolver.visit(name);
    }
    Metrics { resolved: resolver.resolved, names: spec.metrics.keys().cloned().collect() }
}

struct Resolver<'r> {
    spec: &'r Pipeline,
    declared: &'r IndexMap<String, Option<Declared>>,
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
        let Some(declared) = self.declared.get(name) else { return };
        let plan = declared.as_ref().and_then(|declared| self.declared_metric(name, declared));
        match plan {
            Some(plan) => {
                self.resolved.insert(name.to_owned(), plan);
            }
            None => self.failed.push(name.to_owned()),
        }
    }

    fn declared_metric(&mut self, name: &str, declared: &Declared) -> Option<MetricPlan> {
        let at = YamlPath::root().key("metrics").key(declared.part_of.as_deref().unwrap_or(name));
        if declared.part_of.is_none() {
            check_reserved(name, "metric", &at, self.errors);
        }
        if declared.ready.is_none() {
            self.foreign_keys(name, declared.kind, &declared.metric, &at);
        }
        self.path.push(name.to_owned());
        let ready = self.references(name, declared, &at);
        self.path.pop();
        if ready {
            self.build(name, declared, at)
        } else {
            None
        }
    }

    fn build(&mut self, name: &str, declared: &Declared, at: YamlPath) -> Option<MetricPlan> {
        let mut context = MetricContext {
            name,
            spec: &declared.metric,
            part_of: declared.part_of.as_deref(),
            at_most: declared.ready.map_or(Additivity::Additive, Kpi::at_most),
            at,
            sources: self.sources,
            broken_sources: self.broken_sources,
            metrics: &self.resolved,
            errors: self.errors,
        };
        let mut plan = kind_of(declared.kind).resolve(&mut context)?;
        if declared.metric.unit.is_none() && declared.ready.is_some_and(Kpi::has_unit_of_columns) {
            // Of the first part, the one above the line. Whole numbers without a unit are taken for counts elsewhere.
            if let Some(first) = plan.formula.inputs().first() {
                plan.unit = self.resolved.get(*first).and_then(|part| part.unit.clone());
            }
            plan.unit = plan.unit.filter(|unit| unit != "count");
        }
        Some(plan)
    }

    /// Resolves what the metric is made of; false when one of them is missing, failed or leads back here.
    fn references(&mut self, name: &str, declared: &Declared, at: &YamlPath) -> bool {
        let mut ready = true;
        for Reference { name: input, at, part } in kind_of(declared.kind).references(&declared.metric, at) {
            // Hidden parts of a ready KPI are known to that KPI only.
            let hidden = declared.ready.is_some() && self.declared.contains_key(&input);
            if let Some(start) = self.path.iter().position(|p| *p == input) {
                let mut cycle = self.path[start..].to_vec();
                cycle.push(input.clone());
                let error = Diagnostic::pipeline("metric-cycle", format!("metric `{name}` is made of itself"));
                self.errors.push(error.place(&at, part, "leads back").note(cycle.join(" → ")));
                ready = false;
            } else if hidden || self.spec.metrics.contains_key(&input) {
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
    fn foreign_keys(&mut self, name: &str, kind: MetricKind, metric: &Metric, at: &YamlPath) {
        let kind = kind_of(kind);
        for key in written_keys(metric).iter().filter(|key| !kind.keys().contains(key)) {
            if LIBRARY_KEYS.contains(key) {
                let error =
                    Diagnostic::pipeline("clashing-keys", format!("`{key}` goes with `library`, not with `type`"));
                self.errors.push(error.at_key(&at.key(key)).help("`jalon kpis` lists the ready KPIs"));
                continue;
            }
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
