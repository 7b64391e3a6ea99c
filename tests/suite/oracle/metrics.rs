//! The value of one metric in one cell.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlparser::ast::Expr;

use super::accumulate::aggregate;
use super::kind::kind_of;
use super::read::{read, Record, Table};
use super::spec::{Metric, Simple, Spec};
use super::sql::{columns, eval, parse, Kinds, Scope};
use super::value::{is_zero, Kind, Value};

/// The records of one cell, by source; a source without a record there is absent.
pub(crate) type Group<'a> = BTreeMap<&'a str, Vec<&'a Record>>;

/// A value, and the largest absolute term it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) value: Value,
    pub(crate) largest: f64,
}

/// The metrics that the reports show or need, and the tables they read.
pub(crate) struct Metrics {
    prepared: BTreeMap<String, Prepared>,
    pub(crate) tables: BTreeMap<String, Table>,
}

enum Prepared {
    Simple { source: String, agg: String, expr: Option<Box<Expr>>, filter: Option<Box<Expr>> },
    Ratio { numerator: String, denominator: String },
    Derived { expr: Box<Expr>, inputs: Vec<String>, kinds: Kinds },
}

impl Metrics {
    pub(crate) fn prepare(spec: &Spec, base_dir: &Path) -> Self {
        let mut metrics = Self { prepared: BTreeMap::new(), tables: BTreeMap::new() };
        for name in spec.reports.iter().flat_map(|report| &report.metrics) {
            metrics.add(spec, name, base_dir);
        }
        metrics
    }

    fn add(&mut self, spec: &Spec, name: &str, base_dir: &Path) {
        if self.prepared.contains_key(name) {
            return;
        }
        let metric = spec.metrics.get(name).unwrap_or_else(|| panic!("no metric `{name}`"));
        let prepared = match metric {
            Metric::Simple(simple) => {
                if !self.tables.contains_key(&simple.source) {
                    self.tables.insert(simple.source.clone(), read(spec, &simple.source, base_dir));
                }
                Prepared::Simple {
                    source: simple.source.clone(),
                    agg: effective_agg(spec, simple),
                    expr: simple.expr.as_deref().map(parse).map(Box::new),
                    filter: simple.filter.as_deref().map(parse).map(Box::new),
                }
            }
            Metric::Ratio { numerator, denominator } => {
                self.add(spec, numerator, base_dir);
                self.add(spec, denominator, base_dir);
                Prepared::Ratio { numerator: numerator.clone(), denominator: denominator.clone() }
            }
            Metric::Derived { expr } => {
                let expr = Box::new(parse(expr));
                let inputs: Vec<String> =
                    columns(&expr).into_iter().filter(|word| spec.metrics.contains_key(word)).collect();
                for input in &inputs {
                    self.add(spec, input, base_dir);
                }
                let kinds = inputs.iter().map(|input| (input.clone(), self.kind(input))).collect();
                Prepared::Derived { expr, inputs, kinds }
            }
        };
        self.prepared.insert(name.to_owned(), prepared);
    }

    /// The static kind of a metric, whatever the data.
    pub(crate) fn kind(&self, name: &str) -> Kind {
        match &self.prepared[name] {
            Prepared::Simple { agg, .. } if agg == "count" => Kind::Int,
            Prepared::Simple { agg, .. } if agg == "average" => Kind::Float,
            Prepared::Simple { source, expr, .. } => {
                kind_of(expr.as_deref().expect("only a count has no expression"), &self.tables[source].kinds)
            }
            Prepared::Ratio { .. } => Kind::Float,
            Prepared::Derived { expr, kinds, .. } => kind_of(expr, kinds),
        }
    }

    /// The sources that a metric reads.
    pub(crate) fn sources(&self, name: &str) -> BTreeSet<&str> {
        match &self.prepared[name] {
            Prepared::Simple { source, .. } => [source.as_str()].into(),
            Prepared::Ratio { numerator, denominator } => &self.sources(numerator) | &self.sources(denominator),
            Prepared::Derived { inputs, .. } => inputs.iter().flat_map(|input| self.sources(input)).collect(),
        }
    }

    /// The value of a metric over the records of one cell.
    pub(crate) fn value(&self, name: &str, group: &Group) -> Outcome {
        match &self.prepared[name] {
            Prepared::Simple { source, agg, expr, filter } => match group.get(source.as_str()) {
                None => Outcome { value: Value::Null, largest: 0.0 },
                Some(records) => simple(agg, expr.as_deref(), filter.as_deref(), &self.tables[source].kinds, records),
            },
            Prepared::Ratio { numerator, denominator } => {
                ratio(&self.value(numerator, group), &self.value(denominator, group))
            }
            Prepared::Derived { expr, inputs, kinds } => {
                let outcomes: Vec<Outcome> = inputs.iter().map(|input| self.value(input, group)).collect();
                let largest = outcomes.iter().map(|outcome| outcome.largest).fold(0.0, f64::max);
                let values = inputs.iter().cloned().zip(outcomes.into_iter().map(|outcome| outcome.value)).collect();
                let scope = Scope { kinds, values: &values, largest: Cell::new(largest) };
                let value = eval(expr, &scope).into_kind(kind_of(expr, kinds));
                Outcome { value: finite(value), largest: scope.largest.get() }
            }
        }
    }
}

/// `reaggregate: max`, on the metric or else on a measure it names, takes the maximum where a sum is asked for.
fn effective_agg(spec: &Spec, simple: &Simple) -> String {
    let named = simple.expr.as_deref().map(parse).map_or_else(Vec::new, |expr| columns(&expr));
    let mut fields = own_fields(spec, &simple.source).into_iter().filter(|field| named.contains(&field.name));
    let of_measure = fields.find_map(|field| field.reaggregate.clone());
    let reaggregate = simple.reaggregate.clone().or(of_measure);
    match (simple.agg.as_str(), reaggregate.as_deref()) {
        ("sum" | "average", Some("max")) => "max".to_owned(),
        (agg, _) => agg.to_owned(),
    }
}

fn own_fields<'a>(spec: &'a Spec, source: &str) -> Vec<&'a super::spec::Field> {
    let source = &spec.sources[source];
    let of_members = source.union.iter().flat_map(|member| own_fields(spec, member));
    source.fields.iter().chain(of_members).collect()
}

fn simple(agg: &str, expr: Option<&Expr>, filter: Option<&Expr>, kinds: &Kinds, records: &[&Record]) -> Outcome {
    let mut values = Vec::new();
    let mut largest: f64 = 0.0;
    for record in records {
        let scope = || Scope { kinds, values: &record.values, largest: Cell::new(0.0) };
        if filter.is_some_and(|filter| eval(filter, &scope()).truth() != Some(true)) {
            continue;
        }
        let Some(expr) = expr else {
            values.push(Value::Bool(true));
            continue;
        };
        let scope = scope();
        values.push(eval(expr, &scope).into_kind(kind_of(expr, kinds)));
        largest = largest.max(scope.largest.get());
    }
    let value = aggregate(agg, &values);
    // A bare column has no arithmetic on the record: its sum is exact, so the result is the scale of the tolerance.
    if matches!(expr, Some(Expr::Identifier(_))) {
        largest = value.number().map_or(0.0, f64::abs);
    }
    Outcome { value, largest }
}

fn ratio(numerator: &Outcome, denominator: &Outcome) -> Outcome {
    let null = Outcome { value: Value::Null, largest: 0.0 };
    let (Some(n), Some(d)) = (numerator.value.number(), denominator.value.number()) else {
        return null;
    };
    if is_zero(d) {
        return null;
    }
    // The terms of the parts, in units of the ratio.
    let terms = [n / d, numerator.largest / d, n / d * (denominator.largest / d)];
    let largest = terms.iter().map(|term| term.abs()).fold(0.0, f64::max);
    Outcome { value: finite(Value::Float(n / d)), largest }
}

/// A report holds no NaN and no infinity.
fn finite(value: Value) -> Value {
    match value {
        Value::Float(value) if !value.is_finite() => Value::Null,
        value => value,
    }
}
