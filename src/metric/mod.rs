//! Metric types: one file each, one line each in [`KINDS`]. A type says which YAML keys it takes, which metrics it is
//! made of, and how it is resolved into a [`MetricPlan`]. Engines never learn the types' names.

mod cumulative;
mod derived;
mod ratio;
mod share;
mod simple;
mod time_comparison;
mod versions;

use crate::calendar::Length;
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::expr::{self, Expr, Scope, Type};
use crate::plan::{any_part, sources_of, Formula, LogicalSource, MetricPlan, DAYS_IN_PERIOD};
use crate::spec::{Additivity, Metric, MetricKind, Reaggregate};
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
pub const KINDS: &[&dyn Kind] = &[
    &simple::Simple,
    &ratio::Ratio,
    &derived::Derived,
    &cumulative::Cumulative,
    &time_comparison::TimeComparison,
    &share::Share,
];

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

/// The word among ignored dimensions that stands for the segment.
const SEGMENT: &str = "segment";

/// The reference in a key that names one metric.
fn reference(key: &str, name: Option<&String>, at: &YamlPath) -> Vec<Reference> {
    name.map(|name| Reference { name: name.clone(), at: at.key(key), part: Part::Value }).into_iter().collect()
}

/// What resolving one metric may look at.
pub struct MetricContext<'c> {
    /// The metric's name.
    pub name: &'c str,
    /// What the user wrote.
    pub spec: &'c Metric,
    /// For a hidden part of a KPI of the library: the metric that the user wrote.
    pub part_of: Option<&'c str>,
    /// What its measures add up over at most, whatever their columns are called.
    pub at_most: Additivity,
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

/// What a metric type decides; the rest of a [`MetricPlan`] is what the user wrote.
pub(crate) struct Decided {
    pub(crate) formula: Formula,
    pub(crate) integer: bool,
    pub(crate) unit: Option<String>,
    pub(crate) additivity: Additivity,
    pub(crate) reaggregate: Option<Reaggregate>,
    pub(crate) definition: String,
}

impl MetricContext<'_> {
    /// The metric with what its type decided.
    pub(crate) fn plan(&self, decided: Decided) -> MetricPlan {
        let spec = self.spec;
        MetricPlan {
            is_lifetime: false,
            name: self.name.to_owned(),
            part_of: self.part_of.map(str::to_owned),
            formula: decided.formula,
            integer: decided.integer,
            unit: spec.unit.clone().or(decided.unit),
            direction: spec.direction.unwrap_or_default(),
            format: spec.format,
            additivity: decided.additivity,
            reaggregate: decided.reaggregate,
            definition: decided.definition,
            label: spec.label.clone(),
            description: spec.description.clone(),
        }
    }

    /// The metric that a key names: told when the key is missing. Unknown names were told before.
    pub(crate) fn input(&mut self, key: &str, name: Option<&String>) -> Option<&MetricPlan> {
        let Some(name) = name else {
            self.missing(key, "impressions");
            return None;
        };
        self.metrics.get(name)
    }

    /// Tells names that are no dimensions of every source that a metric reads.
    pub(crate) fn dimensions(&mut self, key: &str, names: &[String], of: &str) -> bool {
        let mut known = true;
        for source in sources_of(self.metrics, &[of.to_owned()]) {
            let Some(source) = self.sources.get(source) else { continue };
            for (i, name) in names.iter().enumerate().filter(|(_, name)| *name != SEGMENT) {
                source.require_dimension(name, &self.at.key(key).index(i), self.errors);
                known &= source.has_dimension(name);
            }
        }
        known
    }

    /// A length of time, `28 days`.
    pub(crate) fn length(&mut self, key: &str, text: &str) -> Option<Length> {
        let length = Length::parse(text);
        if length.is_none() {
            let error = Diagnostic::pipeline("invalid-length", format!("`{text}` is not a length of time"));
            self.errors.push(error.at(&self.at.key(key)).help(
                "a whole number and a unit: `28 days`, `3 periods`, `1 year` (day, week, month, quarter, year, period)",
            ));
        }
        length
    }

    /// Refuses an input that is made of what cannot be looked at over other days.
    pub(crate) fn refuse_parts(
        &mut self,
        key: &str,
        input: &str,
        why: &str,
        help: &str,
        test: &dyn Fn(&MetricPlan) -> bool,
    ) -> bool {
        let Some(culprit) =
            self.metrics.values().find(|m| test(m) && any_part(self.metrics, input, &|p| p.name == m.name))
        else {
            return false;
        };
        let mut error = Diagnostic::pipeline("meaningless-metric", format!("`{}` {why}", self.name))
            .at(&self.at.key(key))
            .place(&culprit.place(), Part::Key, "defined here")
            .help(help);
        if culprit.name != input {
            error = error.note(format!("`{input}` is made of `{}`", culprit.name));
        }
        self.errors.push(error);
        true
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
        let mut types: BTreeMap<&str, Type> =
            metrics.iter().map(|(name, metric)| (name.as_str(), ty(metric))).collect();
        types.insert(DAYS_IN_PERIOD, Type::Int);
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
