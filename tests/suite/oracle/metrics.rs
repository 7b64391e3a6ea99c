//! What is known of the metrics before any report is looked at.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlparser::ast::Expr;

use super::accumulate::aggregate;
use super::kind::kind_of;
use super::outcome::Outcome;
use super::read::{read, Record, Table};
use super::spans::Span;
use super::spec::{Field, Spec};
use super::spec_metrics::{self, Comparison, Cumulative, Metric, Ratio, Share, Version};
use super::sql::{columns, eval, parse, Kinds, Scope};
use super::value::{Kind, Value};

/// The name that stands for the column `days` in expressions over metrics.
pub(crate) const DAYS_IN_PERIOD: &str = "days_in_period";

/// The metrics that the reports show or need, and the tables they read.
pub(crate) struct Metrics {
    prepared: BTreeMap<String, Prepared>,
    pub(crate) tables: BTreeMap<String, Table>,
    /// The last day of each source that has records.
    last_days: BTreeMap<String, i32>,
}

pub(crate) enum Prepared {
    Simple(Simple),
    Ratio(Ratio),
    Derived { expr: Box<Expr>, inputs: Vec<String>, kinds: Kinds },
    Cumulative(Cumulative),
    Comparison(Comparison),
    Share(Share),
}

pub(crate) struct Simple {
    pub(crate) source: String,
    agg: String,
    kind: Kind,
    /// A column as it is, or a count of records: no arithmetic on the record.
    is_bare: bool,
    /// What each record of the source brings in; none where it does not pass the filter.
    terms: Vec<Option<Term>>,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) fill: Option<Value>,
    pub(crate) joins_timespine: bool,
    /// The dimensions over all of whose values it is taken.
    pub(crate) ignores: Vec<String>,
    pub(crate) versions: Vec<Version>,
}

struct Term {
    value: Value,
    largest: f64,
}

/// A semi-additive measure: when each key was seen.
pub(crate) struct Snapshot {
    pub(crate) window_agg: String,
    pub(crate) carry_forward: i32,
    /// The key of each record.
    keys: Vec<Vec<Option<String>>>,
    /// The dates on which the source has any record of a key.
    dates: BTreeMap<Vec<Option<String>>, BTreeSet<i32>>,
}

impl Snapshot {
    /// The last date within a span on which the key of this record was seen, or the first.
    pub(crate) fn date_within(&self, record: usize, (from, to): Span, last: bool) -> Option<i32> {
        let mut dates = self.dates[&self.keys[record]].iter().copied().filter(|date| (from..=to).contains(date));
        if last {
            dates.next_back()
        } else {
            dates.next()
        }
    }
}

impl Metrics {
    /// Records after `as_of` are out of range.
    pub(crate) fn prepare(spec: &Spec, base_dir: &Path, as_of: Option<i32>) -> Self {
        let mut metrics = Self { prepared: BTreeMap::new(), tables: BTreeMap::new(), last_days: BTreeMap::new() };
        for name in spec.reports.iter().flat_map(|report| &report.metrics) {
            metrics.add(spec, name, base_dir, as_of);
        }
        metrics
    }

    fn add(&mut self, spec: &Spec, name: &str, base_dir: &Path, as_of: Option<i32>) {
        if self.prepared.contains_key(name) {
            return;
        }
        let metric = spec.metrics.get(name).unwrap_or_else(|| panic!("no metric `{name}`"));
        let prepared = match metric {
            Metric::Simple(simple) => {
                if !self.tables.contains_key(&simple.source) {
                    let mut table = read(spec, &simple.source, base_dir);
                    // Data that goes on after that day has that day, with records or without.
                    if let Some(last) = table.records.iter().map(|record| record.date).max() {
                        let last = as_of.map_or(last, |as_of| as_of.min(last));
                        self.last_days.insert(simple.source.clone(), last);
                    }
                    table.records.retain(|record| as_of.is_none_or(|as_of| record.date <= as_of));
                    self.tables.insert(simple.source.clone(), table);
                }
                Prepared::Simple(prepare_simple(spec, simple, &self.tables[&simple.source]))
            }
            Metric::Ratio(ratio) => Prepared::Ratio(ratio.clone()),
            Metric::Cumulative(cumulative) => Prepared::Cumulative(cumulative.clone()),
            Metric::Comparison(comparison) => Prepared::Comparison(comparison.clone()),
            Metric::Share(share) => Prepared::Share(share.clone()),
            Metric::Derived { expr } => {
                let inputs = metric.inputs(&spec.metrics);
                Prepared::Derived { expr: Box::new(parse(expr)), inputs, kinds: Kinds::new() }
            }
        };
        for input in metric.inputs(&spec.metrics) {
            self.add(spec, &input, base_dir, as_of);
        }
        let prepared = match prepared {
            Prepared::Derived { expr, inputs, .. } => {
                let mut kinds: Kinds = inputs.iter().map(|input| (input.clone(), self.kind(input))).collect();
                kinds.insert(DAYS_IN_PERIOD.to_owned(), Kind::Int);
                Prepared::Derived { expr, inputs, kinds }
            }
            other => other,
        };
        self.prepared.insert(name.to_owned(), prepared);
    }

    pub(crate) fn prepared(&self, name: &str) -> &Prepared {
        &self.prepared[name]
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.prepared.keys()
    }

    /// The simple metric of this name.
    pub(crate) fn simple(&self, name: &str) -> &Simple {
        match self.prepared(name) {
            Prepared::Simple(simple) => simple,
            _ => panic!("`{name}` is no simple metric"),
        }
    }

    /// The static kind of a metric, whatever the data.
    pub(crate) fn kind(&self, name: &str) -> Kind {
        match self.prepared(name) {
            Prepared::Simple(simple) => simple.kind,
            Prepared::Ratio(_) | Prepared::Share(_) => Kind::Float,
            Prepared::Derived { expr, kinds, .. } => kind_of(expr, kinds),
            Prepared::Cumulative(cumulative) if cumulative.period_agg == "average" => Kind::Float,
            Prepared::Cumulative(cumulative) => self.kind(&cumulative.input),
            Prepared::Comparison(comparison) if comparison.calculation == "difference" => self.kind(&comparison.base),
            Prepared::Comparison(_) => Kind::Float,
        }
    }

    /// A metric and every metric that it is made of.
    fn tree(&self, name: &str) -> Vec<&Prepared> {
        let own = self.prepared(name);
        let inputs = inputs_of(own);
        [own].into_iter().chain(inputs.iter().flat_map(|input| self.tree(input))).collect()
    }

    pub(crate) fn simples(&self, name: &str) -> Vec<&Simple> {
        let simples = self.tree(name).into_iter().filter_map(|prepared| match prepared {
            Prepared::Simple(simple) => Some(simple),
            _ => None,
        });
        simples.collect()
    }

    /// The sources that a metric reads.
    pub(crate) fn sources(&self, name: &str) -> BTreeSet<&str> {
        self.simples(name).into_iter().map(|simple| simple.source.as_str()).collect()
    }

    pub(crate) fn joins_timespine(&self, name: &str) -> bool {
        self.simples(name).into_iter().any(|simple| simple.joins_timespine)
    }

    /// Whether a metric compares with another period by itself.
    pub(crate) fn has_comparison(&self, name: &str) -> bool {
        self.tree(name).into_iter().any(|prepared| matches!(prepared, Prepared::Comparison(_)))
    }

    /// The latest first day and the earliest last day of a metric's sources; none where one of them has no record.
    pub(crate) fn known_days(&self, name: &str) -> Option<Span> {
        let days: Option<Vec<Span>> = self.sources(name).into_iter().map(|source| self.days_of(source)).collect();
        days?.into_iter().reduce(|(a, b), (first, last)| (a.max(first), b.min(last)))
    }

    /// The first and the last day of the records of a source.
    pub(crate) fn days_of(&self, source: &str) -> Option<Span> {
        let first = self.tables[source].records.iter().map(|record| record.date).min();
        first.zip(self.last_days.get(source).copied())
    }
}

fn inputs_of(prepared: &Prepared) -> Vec<String> {
    match prepared {
        Prepared::Simple(_) => Vec::new(),
        Prepared::Ratio(ratio) => vec![ratio.numerator.clone(), ratio.denominator.clone()],
        Prepared::Derived { inputs, .. } => inputs.clone(),
        Prepared::Cumulative(cumulative) => vec![cumulative.input.clone()],
        Prepared::Comparison(comparison) => vec![comparison.base.clone()],
        Prepared::Share(share) => vec![share.input.clone()],
    }
}

/// What a record counts as from a day on.
struct Definition {
    from: i32,
    expr: Option<Expr>,
    filter: Option<Expr>,
}

/// The metric's own definition, then those of its versions; a key that a version lacks is the metric's own.
fn definitions(simple: &spec_metrics::Simple) -> Vec<Definition> {
    let definition = |from: i32, expr: Option<&String>, filter: Option<&String>| Definition {
        from,
        expr: expr.or(simple.expr.as_ref()).map(|expr| parse(expr)),
        filter: filter.or(simple.filter.as_ref()).map(|filter| parse(filter)),
    };
    let later = simple.versions.iter();
    let later = later.map(|version| definition(version.valid_from, version.expr.as_ref(), version.filter.as_ref()));
    [definition(i32::MIN, None, None)].into_iter().chain(later).collect()
}

fn prepare_simple(spec: &Spec, simple: &spec_metrics::Simple, table: &Table) -> Simple {
    let definitions = definitions(simple);
    let agg = effective_agg(spec, simple);
    // Where one version has integers and another floats, all of them are floats.
    // What is counted may be of any kind.
    let exprs = definitions.iter().filter_map(|definition| definition.expr.as_ref()).filter(|_| agg != "count");
    let summed = exprs.fold(Kind::Null, |kind, expr| kind.with(kind_of(expr, &table.kinds)));
    let kind = match (agg.as_str(), &simple.snapshot) {
        ("count", _) => Kind::Int,
        ("average", _) => Kind::Float,
        (_, Some(snapshot)) if snapshot.window_agg == "average" => Kind::Float,
        _ => summed,
    };
    let terms = table.records.iter().map(|record| {
        let known = definitions.iter().filter(|definition| definition.from <= record.date);
        let Definition { expr, filter, .. } = known.max_by_key(|one| one.from).expect("the first is always known");
        term(expr.as_ref(), filter.as_ref(), &table.kinds, record)
    });
    let terms = terms.map(|term| term.map(|term| Term { value: term.value.into_kind(summed), ..term }));
    Simple {
        source: simple.source.clone(),
        agg,
        kind,
        is_bare: definitions.iter().all(|one| matches!(one.expr, None | Some(Expr::Identifier(_)))),
        terms: terms.collect(),
        snapshot: simple.snapshot.as_ref().map(|snapshot| prepare_snapshot(snapshot, table)),
        fill: simple.fill.clone().map(|number| number.into_kind(kind)),
        joins_timespine: simple.joins_timespine,
        ignores: simple.ignores.clone(),
        versions: simple.versions.clone(),
    }
}

fn term(expr: Option<&Expr>, filter: Option<&Expr>, kinds: &Kinds, record: &Record) -> Option<Term> {
    let scope = || Scope { kinds, values: &record.values, largest: Cell::new(0.0) };
    if filter.is_some_and(|filter| eval(filter, &scope()).truth() != Some(true)) {
        return None;
    }
    let Some(expr) = expr else {
        return Some(Term { value: Value::Bool(true), largest: 0.0 });
    };
    let scope = scope();
    let value = eval(expr, &scope).into_kind(kind_of(expr, kinds));
    Some(Term { value, largest: scope.largest.get() })
}

fn prepare_snapshot(snapshot: &spec_metrics::Snapshot, table: &Table) -> Snapshot {
    let keys: Vec<_> = table.records.iter().map(|record| shown(record, &snapshot.keys)).collect();
    let mut dates: BTreeMap<Vec<Option<String>>, BTreeSet<i32>> = BTreeMap::new();
    for (record, key) in table.records.iter().zip(&keys) {
        dates.entry(key.clone()).or_default().insert(record.date);
    }
    Snapshot { window_agg: snapshot.window_agg.clone(), carry_forward: snapshot.carry_forward, keys, dates }
}

/// The values of some dimensions on a record; null is a value like any other.
pub(crate) fn shown(record: &Record, dims: &[String]) -> Vec<Option<String>> {
    let value = |dim: &String| record.values.get(dim).unwrap_or_else(|| panic!("no dimension `{dim}`"));
    dims.iter().map(|dim| value(dim).shown()).collect()
}

impl Simple {
    /// The aggregate of some records, by their place in the table; null where there is no record at all.
    pub(crate) fn over(&self, records: &[usize]) -> Outcome {
        if records.is_empty() {
            return Outcome::null();
        }
        let terms: Vec<&Term> = records.iter().filter_map(|at| self.terms[*at].as_ref()).collect();
        let values: Vec<Value> = terms.iter().map(|term| term.value.clone()).collect();
        let value = aggregate(&self.agg, &values);
        // The sum of bare cells is exact, so the result is the scale of the tolerance.
        let largest = if self.is_bare {
            value.number().map_or(0.0, f64::abs)
        } else {
            terms.iter().map(|term| term.largest).fold(0.0, f64::max)
        };
        Outcome::new(value, largest)
    }

    /// The value in place of none.
    pub(crate) fn filled(&self, outcome: Outcome) -> Outcome {
        match (&outcome.value, &self.fill) {
            (Value::Null, Some(number)) => Outcome::new(number.clone(), 0.0),
            _ => outcome,
        }
    }
}

/// `reaggregate: max`, on the metric or else on a measure it names, takes the maximum where a sum is asked for.
fn effective_agg(spec: &Spec, simple: &spec_metrics::Simple) -> String {
    let named = simple.expr.as_deref().map(parse).map_or_else(Vec::new, |expr| columns(&expr));
    let mut fields = own_fields(spec, &simple.source).into_iter().filter(|field| named.contains(&field.name));
    let of_measure = fields.find_map(|field| field.reaggregate.clone());
    let reaggregate = simple.reaggregate.clone().or(of_measure);
    match (simple.agg.as_str(), reaggregate.as_deref()) {
        ("sum" | "average", Some("max")) => "max".to_owned(),
        (agg, _) => agg.to_owned(),
    }
}

fn own_fields<'a>(spec: &'a Spec, source: &str) -> Vec<&'a Field> {
    let source = &spec.sources[source];
    let of_members = source.union.iter().flat_map(|member| own_fields(spec, member));
    source.fields.iter().chain(of_members).collect()
}
