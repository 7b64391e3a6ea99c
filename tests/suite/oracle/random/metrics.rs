//! Random metrics of every type.

use std::collections::BTreeSet;

use super::cells::{Column, Content, Role};
use super::expressions::{Grower, Named};
use super::prng::Random;
use super::quoted;
use super::sources::{Source, Time};
use crate::oracle::kind::kind_of;
use crate::oracle::sql::parse;
use crate::oracle::value::Kind;

/// A metric as reports and other metrics see it.
#[derive(Clone)]
pub(super) struct Metric {
    pub(super) name: String,
    /// Its entries, in one line.
    pub(super) yaml: String,
    pub(super) kind: Kind,
    /// The names of the sources it reads.
    pub(super) sources: BTreeSet<String>,
    /// It sums a semi-additive measure.
    pub(super) only_by_day: bool,
}

/// Simple metrics over any source, then ratios and derived metrics over what is there.
pub(super) fn random_metrics(random: &mut Random, sources: &[Source], time: &Time) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for at in 0..3 + random.below(4) {
        let source = random.pick(sources);
        metrics.push(random_simple(random, &format!("simple_{at}"), source, time));
    }
    for at in 0..random.below(5) {
        let metric = if random.chance(50) {
            random_ratio(random, &format!("ratio_{at}"), &metrics)
        } else {
            random_derived(random, &format!("derived_{at}"), &metrics)
        };
        metrics.push(metric);
    }
    for metric in &mut metrics {
        metric.yaml += &decorations(random);
    }
    metrics
}

fn random_simple(random: &mut Random, name: &str, source: &Source, time: &Time) -> Metric {
    let everything = source.scope(&time.named(), |column| column.content != Content::Noise);
    let agg = *random.pick(&["sum", "sum", "sum", "sum", "count", "count", "min", "max", "average", "average"]);
    let (expr, extra, only_by_day) = match agg {
        "sum" | "average" => summed(random, agg, source),
        "count" if random.chance(40) => (None, None, false),
        "count" => {
            let any: Vec<&Column> = source.columns.iter().collect();
            (Some(random.pick(&any).name.clone()), None, false)
        }
        _ if random.chance(50) => {
            let numbers: Vec<&Column> = source.columns.iter().filter(|column| column.is_number()).collect();
            (Some(random.pick(&numbers).name.clone()), None, false)
        }
        _ => (Some(Grower { random, columns: &everything, products: true }.number(2)), None, false),
    };
    let kinds = source.columns.iter().map(|c| (c.name.clone(), c.content.kind()));
    let kinds = kinds.chain([(time.column.clone(), Kind::Date)]).collect();
    let kind = match (agg, &expr) {
        ("count", _) | (_, None) => Kind::Int,
        ("average", _) => Kind::Float,
        (_, Some(expr)) => kind_of(&parse(expr), &kinds),
    };
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
    Metric { name: name.to_owned(), yaml, kind, sources: [source.name.clone()].into(), only_by_day }
}

/// What may be added up: an expression, a `reaggregate` where it needs one, and whether it is only by day.
fn summed(random: &mut Random, agg: &str, source: &Source) -> (Option<String>, Option<&'static str>, bool) {
    let measures: Vec<&Column> = source.columns.iter().filter(|column| column.role != Role::Dimension).collect();
    let measure = *random.pick(&measures);
    let additive = |column: &Column| column.role == Role::Additive;
    match measure.role {
        Role::NonAdditive { reaggregate } if agg == "sum" => {
            let here = *random.pick(&["sum_with_warning", "max"]);
            (Some(measure.name.clone()), reaggregate.is_none().then_some(here), false)
        }
        Role::SemiAdditive if agg == "sum" => (Some(measure.name.clone()), None, true),
        Role::Additive if random.chance(45) => (Some(measure.name.clone()), None, false),
        _ => {
            let wanted = |column: &&Column| additive(column) && column.content != Content::Noise;
            let columns: Vec<Named> = source.columns.iter().filter(wanted).map(Column::named).collect();
            let mut grower = Grower { random, columns: &columns, products: true };
            let expr = grower.number(2);
            // A division makes a rate of each record; adding rates up must be allowed openly.
            let openly = expr.contains('/').then_some("sum_with_warning");
            (Some(expr), openly, false)
        }
    }
}

fn random_ratio(random: &mut Random, name: &str, metrics: &[Metric]) -> Metric {
    let (numerator, denominator) = (random.pick(metrics), random.pick(metrics));
    Metric {
        name: name.to_owned(),
        yaml: format!("type: ratio, numerator: {}, denominator: {}", numerator.name, denominator.name),
        kind: Kind::Float,
        sources: &numerator.sources | &denominator.sources,
        only_by_day: numerator.only_by_day || denominator.only_by_day,
    }
}

fn random_derived(random: &mut Random, name: &str, metrics: &[Metric]) -> Metric {
    let count = 1 + random.below(3);
    let inputs = random.sample(metrics, count);
    let columns: Vec<Named> = inputs
        .iter()
        .map(|metric| Named {
            name: metric.name.clone(),
            kind: metric.kind,
            literals: vec!["100".to_owned(), "0".to_owned()],
        })
        .collect();
    let expr = Grower { random, columns: &columns, products: false }.number(2);
    let kinds = columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
    let kind = kind_of(&parse(&expr), &kinds);
    // Whether or not the expression names all of them, the report must suit each.
    let sources = inputs.iter().flat_map(|metric| metric.sources.clone()).collect();
    let only_by_day = inputs.iter().any(|metric| metric.only_by_day);
    Metric {
        name: name.to_owned(),
        yaml: format!("type: derived, expr: {}", quoted(&expr)),
        kind,
        sources,
        only_by_day,
    }
}

/// What says nothing about values.
fn decorations(random: &mut Random) -> String {
    let mut yaml = String::new();
    for (key, values) in [
        ("label", ["Clics, été", "\"KPI\" n° 1"]),
        ("description", ["a: b", "# none"]),
        ("unit", ["count", "EUR"]),
        ("format", ["number", "percent"]),
        ("direction", ["higher_is_better", "neutral"]),
    ] {
        if random.chance(15) {
            yaml.extend([format!(", {key}: {}", quoted(values[random.below(values.len())]))]);
        }
    }
    yaml
}
