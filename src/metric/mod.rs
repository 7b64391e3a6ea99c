//! Metric types: one file each, one line each in [`KINDS`]. A type says which YAML keys it takes, which metrics it is
//! made of, and how it is resolved into a [`MetricPlan`]. Engines never learn the types' names.

mod derived;
mod ratio;
mod simple;

use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::expr::{self, Expr, Scope, Type};
use crate::plan::{LogicalSource, MetricPlan};
use crate::spec::{Metric, MetricKind};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// A metric type.
pub trait Kind: Sync {
    /// Which one.
    fn kind(&self) -> MetricKind;
    /// Its word in pipelines.
    fn name(&self) -> &'static str;
    /// What it is, in one sentence.
    fn doc(&self) -> &'static str;
    /// A pipeline's metric block that shows it.
    fn example(&self) -> &'static str;
    /// The keys it takes beside those of every metric.
    fn keys(&self) -> &'static [&'static str];
    /// The metrics it is made of, with their places.
    fn references(&self, spec: &Metric, at: &YamlPath) -> Vec<Reference>;
    /// Resolves it; its references are resolved before.
    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan>;
}

/// All metric types.
pub const KINDS: &[&dyn Kind] = &[&simple::Simple, &ratio::Ratio, &derived::Derived];

/// The type of a metric.
#[must_use]
pub fn kind_of(kind: MetricKind) -> &'static dyn Kind {
    KINDS.iter().copied().find(|k| k.kind() == kind).unwrap_or(KINDS[0])
}

/// A metric named by another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub name: String,
    /// The key that holds it.
    pub at: YamlPath,
    /// The part of its value.
    pub part: Part,
}

/// What resolving one metric may look at.
pub struct MetricContext<'c> {
    /// The metric's name.
    pub name: &'c str,
    /// What the user wrote.
    pub spec: &'c Metric,
    /// Where it stands.
    pub at: YamlPath,
    /// The sources.
    pub sources: &'c IndexMap<String, LogicalSource>,
    /// Names of sources that have mistakes of their own.
    pub broken_sources: &'c [String],
    /// The metrics resolved so far.
    pub metrics: &'c IndexMap<String, MetricPlan>,
    /// Where mistakes go.
    pub errors: &'c mut Diagnostics,
}

impl MetricContext<'_> {
    /// Parses the SQL of one key; mistakes are told at their place in it.
    pub fn parse(&mut self, key: &str, sql: &str, scope: &dyn Scope) -> Option<Expr> {
        parse_at(sql, scope, &self.at.key(key), self.errors)
    }

    /// A required key that is missing.
    pub fn missing(&mut self, key: &str, example: &str) {
        let name = self.name;
        let error = Diagnostic::pipeline("missing-key", format!("metric `{name}` lacks the key `{key}`"));
        self.errors.push(error.at_key(&self.at).help(format!("for example `{key}: {example}`")));
    }
}

/// Parses SQL that stands at a place of the pipeline.
pub fn parse_at(sql: &str, scope: &dyn Scope, at: &YamlPath, errors: &mut Diagnostics) -> Option<Expr> {
    match expr::parse(sql, scope) {
        Ok(expr) => Some(expr),
        Err(mistakes) => {
            for mistake in mistakes {
                let mut error =
                    Diagnostic::pipeline(mistake.code, mistake.message).place(at, Part::Within(mistake.range), "");
                error.notes = mistake.notes;
                error.help = mistake.help;
                errors.push(error);
            }
            None
        }
    }
}

/// Metrics as the columns of a derived metric's expression.
pub(crate) struct MetricScope<'m> {
    names: Vec<&'m str>,
    types: BTreeMap<&'m str, Type>,
}

impl<'m> MetricScope<'m> {
    pub(crate) fn new(metrics: &'m IndexMap<String, MetricPlan>, all: Vec<&'m str>) -> Self {
        let ty = |m: &MetricPlan| if m.integer { Type::Int } else { Type::Float };
        let types = metrics.iter().map(|(name, metric)| (name.as_str(), ty(metric))).collect();
        Self { names: all, types }
    }
}

impl Scope for MetricScope<'_> {
    fn column(&self, name: &str) -> Option<Type> {
        self.types.get(name).copied()
    }
    fn names(&self) -> Vec<&str> {
        self.names.clone()
    }
    fn noun(&self) -> &'static str {
        "metric"
    }
}
