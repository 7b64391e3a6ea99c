//! Random metrics: what is known of each, and the simple ones. The others are made of them in `combined`.

use std::collections::BTreeSet;

use super::cells::{Column, Content, Role};
use super::combined::random_combined;
use super::expressions::{Grower, Named};
use super::prng::Random;
use super::sources::Source;
use super::versions::{version, Definable};
use super::{is_new, quoted, Manner};
use crate::oracle::kind::kind_of;
use crate::oracle::sql::parse;
use crate::oracle::value::Kind;

pub(super) const GRAINS: [&str; 6] = ["day", "week", "month", "quarter", "year", "all"];

/// A metric as reports and other metrics see it.
#[derive(Clone)]
pub(super) struct Metric {
    pub(super) name: String,
    /// Its entries, in one line.
    pub(super) yaml: String,
    pub(super) kind: Kind,
    /// The names of the sources it reads.
    pub(super) sources: BTreeSet<String>,
    /// Each of its simple metrics: a source, and the dimensions that are ignored.
    pub(super) reads: BTreeSet<(String, Vec<String>)>,
    /// What it is held against, if it is held against a whole.
    pub(super) wholes: Vec<Whole>,
    /// The grains of reports that may show it.
    pub(super) grains: BTreeSet<&'static str>,
    pub(super) traits: BTreeSet<Trait>,
}

/// The records that a share or a denominator is over, by the dimensions of a report.
#[derive(Clone)]
pub(super) enum Whole {
    /// All values of all dimensions but these.
    Within(Vec<String>),
    /// All values of these dimensions.
    Ignoring(Vec<String>),
}

impl Whole {
    /// Whether a row of other groups has this whole, where only the dimensions in `per` are kept.
    pub(super) fn keeps_only(&self, group_by: &[String], per: &[String]) -> bool {
        group_by.iter().all(|dim| match self {
            Whole::Within(kept) => !kept.contains(dim) || per.contains(dim),
            Whole::Ignoring(ignored) => ignored.contains(dim) || per.contains(dim),
        })
    }
}

/// What decides where a metric may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trait {
    /// Of the type `simple`.
    Simple,
    /// Of the type `time_comparison`.
    Comparison,
    /// A sum or count that adds up over groups, or a sum or difference of such.
    AddsUp,
    /// Its value has the same last bit whoever computes it, so that it can decide between groups.
    Exact,
    /// The following come with every metric that is made of one that has them: there is a semi-additive measure in
    /// it, a cumulative metric, a time comparison, a share, an expression with `days_in_period`, `fill_nulls_with`,
    /// `join_to_timespine`, `ignore_dimensions`, `versions`.
    SemiAdditive,
    Cumulates,
    Compares,
    Shares,
    CountsDays,
    Fills,
    JoinsTimespine,
    Ignores,
    Versioned,
}

impl Metric {
    pub(super) fn is(&self, wanted: Trait) -> bool {
        self.traits.contains(&wanted)
    }

    /// Whether it is a whole number, or has the last bits of one.
    pub(super) fn is_exact(&self) -> bool {
        self.kind == Kind::Int || self.is(Trait::Exact)
    }

    pub(super) fn is_any(&self, wanted: &[Trait]) -> bool {
        wanted.iter().any(|wanted| self.is(*wanted))
    }

    /// Whether a report may show more rows for it than there are records: a window or a comparison looks further.
    pub(super) fn adds_rows(&self) -> bool {
        self.is_any(&[Trait::Cumulates, Trait::Compares, Trait::JoinsTimespine])
    }
}

/// Simple metrics over any source, then the other types over what is there.
pub(super) fn random_metrics(random: &mut Random, sources: &[Source], manner: Manner) -> Vec<Metric> {
    // Dimensions of any source: that of the metric need not have them.
    let mut dimensions: Vec<String> = sources.iter().flat_map(Source::dimensions).collect();
    dimensions.sort();
    dimensions.dedup();
    let mut metrics = Vec::new();
    for at in 0..3 + random.below(4) {
        let source = random.pick(sources);
        let (mut metric, definable) = random_simple(random, &format!("simple_{at}"), source);
        if !manner.is_plain {
            more(random, &mut metric, (source, definable), &dimensions, manner);
        }
        metrics.push(metric);
    }
    let levels = |source: &&Source| source.columns.iter().any(|column| column.role == Role::SemiAdditive);
    if let Some(source) = sources.iter().find(levels).filter(|_| !manner.is_plain) {
        for at in 0..random.below(3) {
            let mut metric = random_level(random, &format!("level_{at}"), source);
            // What a version means for a day before the period is not said.
            let manner = if metric.yaml.contains("opening") || metric.yaml.contains("carry_forward") {
                Manner { known: None, ..manner }
            } else {
                manner
            };
            more(random, &mut metric, (source, Definable::Filter), &dimensions, manner);
            metrics.push(metric);
        }
    }
    for at in 0..random.below(9) {
        let metric = random_combined(random, at, &metrics, sources, manner);
        metrics.extend(metric);
    }
    for metric in &mut metrics {
        metric.yaml += &decorations(random);
    }
    metrics
}

/// What a simple metric may have besides.
fn more(
    random: &mut Random,
    metric: &mut Metric,
    (source, definable): (&Source, Definable),
    dimensions: &[String],
    manner: Manner,
) {
    if let Some(known) = manner.known.filter(|_| is_new(random, 9)) {
        version(random, metric, source, definable, known);
    }
    fill(random, metric);
    if is_new(random, 5) {
        let count = 1 + random.below(2);
        let ignored = random.sample(dimensions, count);
        metric.yaml.extend([format!(", ignore_dimensions: [{}]", ignored.join(", "))]);
        metric.reads = [(source.name.clone(), ignored)].into();
        metric.traits.insert(Trait::Ignores);
        metric.traits.remove(&Trait::AddsUp);
    }
}

/// A simple metric, and what its versions may be.
fn random_simple(random: &mut Random, name: &str, source: &Source) -> (Metric, Definable) {
    let everything = source.scope(|column| column.content != Content::Noise);
    let agg = *random.pick(&["sum", "sum", "sum", "sum", "count", "count", "min", "max", "average", "average"]);
    let mut grains = BTreeSet::from(GRAINS);
    let mut traits = BTreeSet::from([Trait::Simple]);
    let mut definable = if agg == "count" { Definable::Column } else { Definable::Number };
    let (expr, extra) = match agg {
        "sum" | "average" => {
            let summed = summed(random, agg, source);
            let is_plain = summed.role == Role::Additive && summed.reaggregate.is_none();
            definable = if is_plain { Definable::Additive } else { Definable::Filter };
            match summed.role {
                Role::SemiAdditive => {
                    grains = ["day"].into();
                    traits.insert(Trait::SemiAdditive);
                }
                Role::Additive if agg == "sum" && summed.reaggregate.is_none() => {
                    traits.insert(Trait::AddsUp);
                }
                _ => {}
            }
            (Some(summed.expr), summed.reaggregate)
        }
        "count" if random.chance(40) => {
            traits.insert(Trait::AddsUp);
            (None, None)
        }
        "count" => {
            let any: Vec<&Column> = source.columns.iter().collect();
            (Some(random.pick(&any).name.clone()), None)
        }
        _ if random.chance(50) => {
            let numbers: Vec<&Column> = source.columns.iter().filter(|column| column.is_number()).collect();
            (Some(random.pick(&numbers).name.clone()), None)
        }
        _ => (Some(Grower { random, columns: &everything, products: true }.number(2)), None),
    };
    let kinds = source.columns.iter().map(|c| (c.name.clone(), c.content.kind()));
    let kinds = kinds.chain(source.times.iter().map(|time| (time.name.clone(), Kind::Date))).collect();
    let kind = match (agg, &expr) {
        ("count", _) | (_, None) => Kind::Int,
        ("average", _) => Kind::Float,
        (_, Some(expr)) => kind_of(&parse(expr), &kinds),
    };
    // Money adds up to the same last bit, in whatever order.
    let is_plain = |column: &Column| matches!(column.content, Content::Money | Content::Int(..));
    let bare = source.columns.iter().any(|column| expr.as_ref() == Some(&column.name) && is_plain(column));
    let mut yaml = format!("type: simple, source: {}, agg: {agg}", source.name);
    if let Some(expr) = expr {
        yaml.extend([format!(", expr: {}", quoted(&expr))]);
    }
    if let Some(reaggregate) = extra {
        yaml.extend([format!(", reaggregate: {reaggregate}")]);
    }
    if random.chance(35) {
        let filter = Grower { random, columns: &everything, products: true }.truth(2);
        yaml.extend([format!(", filter: {}", quoted(&filter))]);
    }
    if bare && agg != "average" {
        traits.insert(Trait::Exact);
    }
    let (sources, reads) = ([source.name.clone()].into(), [(source.name.clone(), Vec::new())].into());
    (Metric { name: name.to_owned(), yaml, kind, sources, reads, wholes: Vec::new(), grains, traits }, definable)
}

/// What may be added up: an expression, the weakest role in it, and a `reaggregate` where it needs one.
struct Summed {
    expr: String,
    role: Role,
    reaggregate: Option<&'static str>,
}

fn summed(random: &mut Random, agg: &str, source: &Source) -> Summed {
    let measures: Vec<&Column> = source.columns.iter().filter(|column| column.is_measure()).collect();
    let measure = *random.pick(&measures);
    let (expr, role) = (measure.name.clone(), measure.role);
    let additive = |column: &Column| column.role == Role::Additive;
    match role {
        Role::NonAdditive { reaggregate } if agg == "sum" => {
            let here = *random.pick(&["sum_with_warning", "max"]);
            Summed { expr, role, reaggregate: reaggregate.is_none().then_some(here) }
        }
        Role::SemiAdditive if agg == "sum" => Summed { expr, role, reaggregate: None },
        Role::Additive if measure.content != Content::Wild && random.chance(25) && looked(source).is_some() => {
            let expr = format!("{expr} * {}", looked(source).expect("there is one"));
            Summed { expr, role, reaggregate: None }
        }
        Role::Additive if random.chance(45) => Summed { expr, role, reaggregate: None },
        _ => {
            let wanted = |column: &&Column| additive(column) && column.content != Content::Noise;
            let columns: Vec<Named> = source.columns.iter().filter(wanted).map(Column::named).collect();
            let mut grower = Grower { random, columns: &columns, products: true };
            let expr = grower.number(2);
            // A division makes a rate of each record; adding rates up must be allowed openly.
            let reaggregate = expr.contains('/').then_some("sum_with_warning");
            Summed { expr, role: Role::Additive, reaggregate }
        }
    }
}

/// A decimal of a lookup.
fn looked(source: &Source) -> Option<&str> {
    source.columns.iter().find(|column| column.role == Role::Looked).map(|column| column.name.as_str())
}

/// The level of a semi-additive measure at some day of each period.
fn random_level(random: &mut Random, name: &str, source: &Source) -> Metric {
    let measures = source.columns.iter().filter(|column| column.role == Role::SemiAdditive);
    let measure = *random.pick(&measures.collect::<Vec<&Column>>());
    let window_agg = *random.pick(&["last", "last", "last", "first", "opening", "average"]);
    let mut dimension = format!("name: time, window_agg: {window_agg}");
    if random.chance(75) {
        let count = 1 + random.below(2);
        let keys = random.sample(&source.dimensions(), count);
        dimension.extend([format!(", group_by: [{}]", keys.join(", "))]);
    }
    let mut yaml = format!("type: simple, source: {}, agg: sum, expr: {}", source.name, measure.name);
    yaml.extend([format!(", non_additive_dimension: {{{dimension}}}")]);
    if window_agg == "last" && random.chance(40) {
        yaml.extend([format!(", carry_forward: {} days", random.between(2, 40))]);
    }
    if random.chance(30) {
        let columns = source.scope(|column| column.content != Content::Noise);
        let filter = Grower { random, columns: &columns, products: true }.truth(1);
        yaml.extend([format!(", filter: {}", quoted(&filter))]);
    }
    let kind = if window_agg == "average" { Kind::Float } else { measure.content.kind() };
    let traits = BTreeSet::from([Trait::Simple, Trait::SemiAdditive]);
    let (sources, reads) = ([source.name.clone()].into(), [(source.name.clone(), Vec::new())].into());
    Metric { name: name.to_owned(), yaml, kind, sources, reads, wholes: Vec::new(), grains: GRAINS.into(), traits }
}

/// `fill_nulls_with` and `join_to_timespine`, sometimes.
fn fill(random: &mut Random, metric: &mut Metric) {
    let joins = random.chance(8);
    if random.chance(if joins { 70 } else { 12 }) {
        let numbers = if metric.kind == Kind::Int { ["0", "0", "7"] } else { ["0", "-1.5", "2"] };
        metric.yaml.extend([format!(", fill_nulls_with: {}", random.pick(&numbers))]);
        metric.traits.insert(Trait::Fills);
        metric.traits.remove(&Trait::AddsUp);
    }
    if joins {
        metric.yaml += ", join_to_timespine: true";
        metric.traits.insert(Trait::JoinsTimespine);
    }
}

/// What says nothing about values, but for the direction, which decides what is better.
fn decorations(random: &mut Random) -> String {
    let mut yaml = String::new();
    for (key, often, values) in [
        ("label", 15, ["Clics, été", "\"KPI\" n° 1", "a"]),
        ("description", 15, ["a: b", "# none", "-"]),
        ("unit", 15, ["count", "EUR", "accounts"]),
        ("format", 15, ["number", "percent", "currency"]),
        ("direction", 45, ["higher_is_better", "neutral", "lower_is_better"]),
    ] {
        if random.chance(often) {
            yaml.extend([format!(", {key}: {}", quoted(values[random.below(values.len())]))]);
        }
    }
    yaml
}
