//! Random metrics that are made of other metrics.

use std::collections::BTreeSet;

use super::expressions::{Grower, Named};
use super::metrics::{Metric, Trait, Whole, GRAINS};
use super::prng::Random;
use super::sources::{common_dimensions, Source};
use super::{quoted, Manner};
use crate::oracle::kind::kind_of;
use crate::oracle::sql::{columns, parse};
use crate::oracle::value::Kind;

/// A metric of any type but `simple`, if there is one that it can be made of.
pub(super) fn random_combined(
    random: &mut Random,
    at: usize,
    metrics: &[Metric],
    sources: &[Source],
    manner: Manner,
) -> Option<Metric> {
    // Which rows a metric makes that joins the calendar is only plain where it is shown itself.
    let metrics: Vec<Metric> = metrics.iter().filter(|metric| !metric.is(Trait::JoinsTimespine)).cloned().collect();
    if metrics.is_empty() {
        return None;
    }
    match random.below(if manner.is_plain { 5 } else { 13 }) {
        0 | 1 => Some(random_ratio(random, &format!("ratio_{at}"), &metrics, sources, manner)),
        2 if !manner.is_plain => mean_of_ratios(random, &format!("mean_{at}"), &metrics, sources),
        2..=4 => Some(random_derived(random, &format!("derived_{at}"), &metrics, manner)),
        5 | 6 => share(random, &format!("share_{at}"), &metrics, sources),
        7..=9 => cumulative(random, &format!("window_{at}"), &metrics),
        _ => comparison(random, &format!("change_{at}"), &metrics, manner.iso_weeks),
    }
}

fn without(metrics: &[Metric], unwanted: &[Trait]) -> Vec<Metric> {
    metrics.iter().filter(|metric| !metric.is_any(unwanted)).cloned().collect()
}

/// What a metric has of the metrics it is made of.
fn made_of(name: &str, yaml: String, kind: Kind, inputs: &[&Metric]) -> Metric {
    let own = [Trait::Simple, Trait::Comparison, Trait::AddsUp, Trait::Exact];
    let mut grains = BTreeSet::from(GRAINS);
    grains.retain(|grain| inputs.iter().all(|input| input.grains.contains(grain)));
    Metric {
        name: name.to_owned(),
        yaml,
        kind,
        sources: inputs.iter().flat_map(|input| input.sources.clone()).collect(),
        reads: inputs.iter().flat_map(|input| input.reads.clone()).collect(),
        wholes: inputs.iter().flat_map(|input| input.wholes.clone()).collect(),
        grains,
        traits: inputs
            .iter()
            .flat_map(|input| input.traits.clone())
            .filter(|inherited| !own.contains(inherited))
            .collect(),
    }
}

fn random_ratio(random: &mut Random, name: &str, metrics: &[Metric], sources: &[Source], manner: Manner) -> Metric {
    let metrics = &of_one_kind(random, metrics);
    let (numerator, denominator) = (random.pick(metrics), random.pick(metrics));
    let mut yaml = format!("type: ratio, numerator: {}, denominator: {}", numerator.name, denominator.name);
    let mut wholes = Vec::new();
    // The numerator looks at the row's own days in every source, so that no row hangs on the denominator.
    let allowed = !manner.is_plain
        && !numerator.is_any(&[Trait::Cumulates, Trait::Compares, Trait::Ignores])
        && denominator.is(Trait::Simple)
        && !denominator.is(Trait::Ignores)
        && denominator.sources.is_subset(&numerator.sources);
    if allowed && random.chance(80) {
        let count = 1 + random.below(2);
        let mut names = random.sample(&common_dimensions(sources, &numerator.sources), count);
        wholes.push(Whole::Ignoring(names.clone()));
        if random.chance(50) {
            names.push("segment".to_owned());
        }
        yaml.extend([format!(", denominator_ignores: [{}]", names.join(", "))]);
    }
    let mut metric = made_of(name, yaml, Kind::Float, &[numerator, denominator]);
    metric.wholes.extend(wholes);
    if numerator.is_exact() && denominator.is_exact() {
        metric.traits.insert(Trait::Exact);
    }
    metric
}

/// The metrics of one of two kinds, where there are both: those without versions, or those that look at no days but
/// the row's own. Which days a metric looks at that is made of both is not said.
fn of_one_kind(random: &mut Random, metrics: &[Metric]) -> Vec<Metric> {
    let kinds = [without(metrics, &[Trait::Versioned]), without(metrics, &[Trait::Cumulates, Trait::Compares])];
    let kinds: Vec<Vec<Metric>> = kinds.into_iter().filter(|metrics| !metrics.is_empty()).collect();
    random.pick(&kinds).clone()
}

fn mean_of_ratios(random: &mut Random, name: &str, metrics: &[Metric], sources: &[Source]) -> Option<Metric> {
    let simple: Vec<Metric> = without(metrics, &[Trait::SemiAdditive, Trait::Fills, Trait::Ignores]);
    let simple: Vec<Metric> = simple.into_iter().filter(|metric| metric.is(Trait::Simple)).collect();
    let numerator = simple.get(random.below(simple.len().max(1)))?;
    let same: Vec<&Metric> = simple.iter().filter(|metric| metric.sources == numerator.sources).collect();
    let denominator = *random.pick(&same);
    let dimensions = common_dimensions(sources, &numerator.sources);
    let count = 1 + random.below(2);
    let unit = random.sample(&dimensions, count);
    let yaml = format!(
        "type: ratio, numerator: {}, denominator: {}, ratio_agg: mean_of_ratios, ratio_unit: [{}]",
        numerator.name,
        denominator.name,
        unit.join(", ")
    );
    let mut mean = made_of(name, yaml, Kind::Float, &[numerator, denominator]);
    // Like a share, it is not accumulated.
    mean.traits.insert(Trait::Shares);
    Some(mean)
}

fn random_derived(random: &mut Random, name: &str, metrics: &[Metric], manner: Manner) -> Metric {
    let adding_up: Vec<Metric> = metrics.iter().filter(|metric| metric.is(Trait::AddsUp)).cloned().collect();
    if adding_up.len() > 1 && random.chance(25) {
        return sum_or_difference(random, name, &adding_up);
    }
    let count = 1 + random.below(3);
    let usable = of_one_kind(random, metrics);
    let inputs = random.sample(&usable, count);
    let named = |name: &str, kind: Kind, literals: [&str; 2]| Named {
        name: name.to_owned(),
        kind,
        literals: literals.map(str::to_owned).to_vec(),
    };
    let mut scope: Vec<Named> = inputs.iter().map(|metric| named(&metric.name, metric.kind, ["100", "0"])).collect();
    if !manner.is_plain && random.chance(30) {
        scope.push(named("days_in_period", Kind::Int, ["28", "31"]));
    }
    let mut expr = Grower { random, columns: &scope, products: false }.number(2);
    let mut words = columns(&parse(&expr));
    if !inputs.iter().any(|input| words.contains(&input.name)) {
        expr = format!("{} / ({expr})", inputs[0].name);
        words.push(inputs[0].name.clone());
    }
    let kinds = scope.iter().map(|column| (column.name.clone(), column.kind)).collect();
    let kind = kind_of(&parse(&expr), &kinds);
    // Whether or not the expression names all of them, the report must suit each.
    let inputs: Vec<&Metric> = inputs.iter().collect();
    let mut metric = made_of(name, format!("type: derived, expr: {}", quoted(&expr)), kind, &inputs);
    let named = inputs.iter().filter(|input| words.contains(&input.name));
    metric.reads = named.flat_map(|input| input.reads.clone()).collect();
    if words.iter().any(|word| word == "days_in_period") {
        metric.traits.insert(Trait::CountsDays);
    }
    metric
}

fn sum_or_difference(random: &mut Random, name: &str, adding_up: &[Metric]) -> Metric {
    let (a, b) = (random.pick(adding_up), random.pick(adding_up));
    let yaml = format!("type: derived, expr: {} {} {}", a.name, random.pick(&["+", "-"]), b.name);
    let mut metric = made_of(name, yaml, a.kind.with(b.kind), &[a, b]);
    metric.traits.insert(Trait::AddsUp);
    metric
}

fn share(random: &mut Random, name: &str, metrics: &[Metric], sources: &[Source]) -> Option<Metric> {
    let inputs: Vec<&Metric> = metrics.iter().filter(|metric| metric.is(Trait::AddsUp)).collect();
    let input = *inputs.get(random.below(inputs.len().max(1)))?;
    let mut yaml = format!("type: share, input_metric: {}", input.name);
    let mut kept = Vec::new();
    if random.chance(70) {
        let count = 1 + random.below(2);
        let within = random.sample(&common_dimensions(sources, &input.sources), count);
        yaml.extend([format!(", within: [{}]", within.join(", "))]);
        kept = within;
    }
    let mut metric = made_of(name, yaml, Kind::Float, &[input]);
    metric.wholes.push(Whole::Within(kept));
    metric.traits.insert(Trait::Shares);
    if input.is_exact() {
        metric.traits.insert(Trait::Exact);
    }
    Some(metric)
}

/// A number of units, in words.
fn length(count: i32, unit: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

fn cumulative(random: &mut Random, name: &str, metrics: &[Metric]) -> Option<Metric> {
    use Trait::{Compares, CountsDays, Cumulates, SemiAdditive, Shares};
    let inputs = without(metrics, &[SemiAdditive, Cumulates, Compares, Shares, CountsDays]);
    let input = inputs.get(random.below(inputs.len().max(1)))?;
    let mut grains: Vec<&str> = GRAINS.to_vec();
    let mut yaml = format!("type: cumulative, input_metric: {}", input.name);
    // Which day is the first that is known of several sources with versions is not said.
    let is_plain = !input.is(Trait::Versioned) || input.sources.len() == 1;
    match random.below(8) {
        0 if is_plain => {}
        1 | 2 => {
            let (to_date, fitting): (&str, &[&str]) = *random.pick(&[
                ("week", &["day", "week"][..]),
                ("month", &["day", "month"]),
                ("quarter", &["day", "month", "quarter"]),
                ("year", &["day", "month", "quarter", "year"]),
            ]);
            grains = fitting.to_vec();
            yaml.extend([format!(", grain_to_date: {to_date}")]);
        }
        3 | 4 => {
            grains.pop();
            yaml.extend([format!(", window: {}", length(random.between(1, 4), "period"))]);
        }
        _ => {
            let (unit, most) =
                *random.pick(&[("day", 40), ("day", 9), ("week", 5), ("month", 3), ("quarter", 2), ("year", 1)]);
            yaml.extend([format!(", window: {}", length(random.between(1, most), unit))]);
        }
    }
    let period_agg = *random.pick(&["", "last", "first", "average", "average"]);
    if !period_agg.is_empty() {
        yaml.extend([format!(", period_agg: {period_agg}")]);
    }
    let kind = if period_agg == "average" { Kind::Float } else { input.kind };
    let mut metric = made_of(name, yaml, kind, &[input]);
    metric.traits.insert(Cumulates);
    if input.is_exact() && period_agg != "average" {
        metric.traits.insert(Trait::Exact);
    }
    metric.grains.retain(|grain| grains.contains(grain));
    (!metric.grains.is_empty()).then_some(metric)
}

fn comparison(random: &mut Random, name: &str, metrics: &[Metric], iso_weeks: bool) -> Option<Metric> {
    let mut bases = without(metrics, &[Trait::Compares]);
    if random.chance(50) {
        bases.retain(|metric| metric.is(Trait::Simple));
    }
    let base = bases.get(random.below(bases.len().max(1)))?;
    let (offset, align, grains) = offset(random, iso_weeks);
    let mut yaml = format!("type: time_comparison, base_metric: {}, offset_window: {offset}", base.name);
    if !align.is_empty() {
        yaml.extend([format!(", align: {align}")]);
    }
    let calculation = *random.pick(&["", "percent_change", "difference", "difference", "ratio"]);
    if !calculation.is_empty() {
        yaml.extend([format!(", calculation: {calculation}")]);
    }
    let kind = if calculation == "difference" { base.kind } else { Kind::Float };
    let mut metric = made_of(name, yaml, kind, &[base]);
    metric.traits.extend([Trait::Comparison, Trait::Compares]);
    if base.is_exact() {
        metric.traits.insert(Trait::Exact);
    }
    metric.grains.retain(|grain| grains.contains(grain));
    (!metric.grains.is_empty()).then_some(metric)
}

/// An offset, an alignment or none, and the grains that they suit.
fn offset(random: &mut Random, iso_weeks: bool) -> (String, &'static str, Vec<&'static str>) {
    let whole = |months: i32| {
        let fits = move |(_, of): &(&str, i32)| months % of == 0;
        let periods = [("month", 1), ("quarter", 3), ("year", 12)].into_iter().filter(fits).map(|(grain, _)| grain);
        [vec!["day", "all"], periods.collect()].concat()
    };
    match random.below(16) {
        0..=4 => ("1 period".to_owned(), "", GRAINS.to_vec()),
        5 => {
            let days = *random.pick(&[1, 1, 2, 3, 7, 14, 30, 45]);
            let weeks = if days % 7 == 0 { vec!["week"] } else { vec![] };
            (length(days, "day"), "", [vec!["day", "all"], weeks].concat())
        }
        6 => (length(random.between(1, 4), "week"), "", vec!["day", "week", "all"]),
        7 | 8 => {
            let months = *random.pick(&[1, 1, 1, 2, 3, 6, 12]);
            (length(months, "month"), "", whole(months))
        }
        9 => {
            let quarters = *random.pick(&[1, 1, 2, 4]);
            (length(quarters, "quarter"), "", whole(3 * quarters))
        }
        10..=12 => ("1 year".to_owned(), "", [whole(12), vec!["week"]].concat()),
        13 => ("2 years".to_owned(), "", whole(24)),
        14 if iso_weeks => (length(random.between(1, 2), "year"), "iso_week", vec!["day", "week"]),
        _ => {
            let (unit, most) = *random.pick(&[("week", 6), ("month", 3), ("quarter", 2), ("year", 1), ("year", 2)]);
            (length(random.between(1, most), unit), "weekday", vec!["day", "week"])
        }
    }
}
