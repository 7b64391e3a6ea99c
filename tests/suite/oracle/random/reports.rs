//! Random reports over the metrics of a case.

use std::collections::BTreeSet;

use super::cells::{Column, Content, Role};
use super::metrics::{Metric, Trait};
use super::prng::Random;
use super::sources::Source;
use super::time::Time;
use super::{is_new, Manner, Segment};
use crate::oracle::calendar::iso;

/// What a report may be made of.
pub(super) struct Materials<'a> {
    pub(super) sources: &'a [Source],
    pub(super) segments: &'a [Segment],
    pub(super) metrics: &'a [Metric],
    pub(super) time: &'a Time,
    /// The last day of the run, where it says one.
    pub(super) as_of: Option<i32>,
    pub(super) manner: Manner,
}

pub(super) fn random_report(random: &mut Random, name: &str, materials: &Materials) -> String {
    // One metric decides which grains there may be; the others fit in.
    let combined: Vec<Metric> = materials.metrics.iter().filter(|metric| !metric.is(Trait::Simple)).cloned().collect();
    let leads = if combined.is_empty() || random.chance(40) { materials.metrics } else { &combined };
    let lead = random.pick(leads);
    let count = 1 + random.below(4);
    let grains = random.sample(&lead.grains.iter().copied().collect::<Vec<&str>>(), count);
    let fits = |metric: &&Metric| grains.iter().all(|grain| metric.grains.contains(grain));
    let mut shown = vec![lead.clone()];
    let others: Vec<Metric> = materials.metrics.iter().filter(fits).filter(|m| m.name != lead.name).cloned().collect();
    let count = random.below(5);
    shown.extend(random.sample(&others, count));
    let count = shown.len();
    let shown = random.sample(&shown, count);

    let is_plain = materials.manner.is_plain;
    let compare = if is_plain { Vec::new() } else { compare(random, &grains, &shown) };
    let is_long = shown.iter().any(Metric::adds_rows) || !compare.is_empty();
    let names: Vec<&str> = shown.iter().map(|metric| metric.name.as_str()).collect();
    let mut yaml = format!("  - name: {name}\n    metrics: [{}]\n", names.join(", "));
    let group_by = group_by(random, materials, &shown, is_long);
    yaml += &groups(random, &group_by, is_plain);
    if !is_plain {
        yaml += &top(random, &shown, &group_by);
        yaml += &attributes(random, materials, &shown, &group_by);
    }
    if random.chance(80) {
        let read: BTreeSet<String> = shown.iter().flat_map(|metric| metric.sources.clone()).collect();
        let says = |segment: &&Segment| segment.sources.as_ref().is_none_or(|named| read.is_subset(named));
        let own: Vec<&str> = materials.segments.iter().filter(says).map(|segment| segment.name.as_str()).collect();
        let all = [vec!["all"], own].concat();
        let most = if is_long { 2 } else { all.len() };
        let count = 1 + random.below(most);
        yaml.extend([format!("    segments: [{}]\n", random.sample(&all, count).join(", "))]);
    }
    yaml.extend([format!("    grains: [{}]\n", grains.join(", "))]);
    if !compare.is_empty() {
        yaml.extend([format!("    compare: [{}]\n", compare.join(", "))]);
    }
    if !is_plain && random.chance(25) {
        yaml.extend([format!("    incomplete_periods: {}\n", random.pick(&["flag", "keep", "drop", "drop"]))]);
    }
    yaml += &range(random, materials, is_long, grains.contains(&"day"));
    yaml + &format!("    exports:\n      - {{format: csv, path: out/{name}.csv, layout: long}}\n")
}

/// Entries that suit every grain of the report; none beside a metric that hides a comparison in it.
fn compare(random: &mut Random, grains: &[&str], shown: &[Metric]) -> Vec<&'static str> {
    const ENTRIES: [(&str, &[&str]); 5] = [
        ("previous_period", &["day", "week", "month", "quarter", "year", "all"]),
        ("previous_week", &["day", "week", "all"]),
        ("previous_month", &["day", "month", "all"]),
        ("previous_quarter", &["day", "month", "quarter", "all"]),
        ("previous_year", &["day", "week", "month", "quarter", "year", "all"]),
    ];
    if random.chance(60) || shown.iter().any(|metric| metric.is(Trait::Compares) && !metric.is(Trait::Comparison)) {
        return Vec::new();
    }
    let fits = |(_, of): &&(&str, &[&str])| grains.iter().all(|grain| of.contains(grain));
    let fitting: Vec<&str> = ENTRIES.iter().filter(fits).map(|(name, _)| *name).collect();
    let count = 1 + random.below(2);
    random.sample(&fitting, count)
}

/// Dimensions that every metric knows or ignores, and that one of them knows.
fn group_by(random: &mut Random, materials: &Materials, shown: &[Metric], is_long: bool) -> Vec<String> {
    let reads: Vec<(Vec<String>, &Vec<String>)> = shown
        .iter()
        .flat_map(|metric| &metric.reads)
        .map(|(name, ignored)| (source(materials, name).dimensions(), ignored))
        .collect();
    let mut dimensions: Vec<String> = reads.iter().flat_map(|(dimensions, _)| dimensions.clone()).collect();
    dimensions.sort();
    dimensions.dedup();
    dimensions.retain(|dim| reads.iter().all(|(known, ignored)| known.contains(dim) || ignored.contains(dim)));
    dimensions.retain(|dim| reads.iter().any(|(known, ignored)| known.contains(dim) && !ignored.contains(dim)));
    let count = if is_long { *random.pick(&[0, 0, 1, 1, 1, 2]) } else { random.below(3) };
    random.sample(&dimensions, count)
}

fn source<'a>(materials: &'a Materials, name: &str) -> &'a Source {
    materials.sources.iter().find(|source| source.name == name).expect("a source of this name")
}

/// A list of the groups with the largest values of a metric whose last bits are sure.
fn top(random: &mut Random, shown: &[Metric], group_by: &[String]) -> String {
    let deciding: Vec<&Metric> = shown.iter().filter(|metric| metric.is_exact()).collect();
    if group_by.is_empty() || deciding.is_empty() || !is_new(random, 30) {
        return String::new();
    }
    let mut entries = vec![format!("n: {}", random.between(1, 3)), format!("by: {}", random.pick(&deciding).name)];
    let per = if group_by.len() > 1 && random.chance(60) { random.sample(group_by, 1) } else { Vec::new() };
    if !per.is_empty() || random.chance(10) {
        entries.push(format!("per: [{}]", per.join(", ")));
    }
    let of_whole = |ignored: &Vec<String>| {
        let known: Vec<&String> = group_by.iter().filter(|dim| !ignored.contains(dim)).collect();
        known.len() == group_by.len() || known.iter().all(|dim| per.contains(dim))
    };
    let allowed = shown.iter().all(|metric| {
        metric.wholes.iter().all(|whole| whole.keeps_only(group_by, &per))
            && metric.reads.iter().all(|(_, ignored)| of_whole(ignored))
    });
    if allowed && random.chance(70) {
        entries.push("others: true".to_owned());
    }
    if random.chance(30) {
        entries.push(format!("order: {}", random.pick(&["ascending", "ascending", "descending"])));
    }
    format!("    top: {{{}}}\n", random.sample(&entries, entries.len()).join(", "))
}

/// Columns of any source that is not read through `ignore_dimensions` only.
fn attributes(random: &mut Random, materials: &Materials, shown: &[Metric], group_by: &[String]) -> String {
    let reads: BTreeSet<&(String, Vec<String>)> = shown.iter().flat_map(|metric| &metric.reads).collect();
    // Whether a source is read that way where none of its ignored dimensions is grouped by is not said.
    let unclear = |(_, ignored): &&(String, Vec<String>)| {
        !ignored.is_empty() && !ignored.iter().any(|dim| group_by.contains(dim))
    };
    if reads.iter().any(unclear) || group_by.is_empty() || !is_new(random, 18) {
        return String::new();
    }
    let measures = random.chance(25);
    let fits = |column: &&Column| {
        let beside = matches!(column.role, Role::Dimension | Role::Looked) || measures;
        // A number with decimals describes no group.
        let describes = matches!(column.content, Content::Text(_) | Content::Int(..) | Content::Bool | Content::Date);
        beside && describes && !group_by.contains(&column.name)
    };
    let of_source = |(name, _): &(String, Vec<String>)| source(materials, name).columns.iter().filter(fits);
    let mut names: Vec<&str> = reads
        .iter()
        .filter(|(_, ignored)| ignored.is_empty())
        .flat_map(|read| of_source(read))
        .map(|column| column.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let count = 1 + random.below(3);
    let names = random.sample(&names, count);
    if names.is_empty() {
        return String::new();
    }
    format!("    attributes: [{}]\n", names.join(", "))
}

/// `group_by` and `totals`.
fn groups(random: &mut Random, group_by: &[String], is_plain: bool) -> String {
    let mut yaml = String::new();
    if !group_by.is_empty() || random.chance(30) {
        yaml.extend([format!("    group_by: [{}]\n", group_by.join(", "))]);
    }
    if !is_plain && random.chance(35) {
        let mut sets = vec!["[]".to_owned()];
        if group_by.len() == 2 {
            sets.extend(group_by.iter().map(|dim| format!("[{dim}]")));
        }
        let count = 1 + random.below(sets.len());
        let sets = random.sample(&sets, count).join(", ");
        if group_by.is_empty() || random.chance(50) {
            yaml += "    totals: true\n";
        } else {
            yaml.extend([format!("    totals: [{sets}]\n")]);
        }
    }
    yaml
}

/// `start` and `end`, perhaps. Where rows look further than their own days, there should be days before `start`; and
/// where every day may have rows for every group, there should not be many.
fn range(random: &mut Random, materials: &Materials, is_long: bool, by_day: bool) -> String {
    let dates = &materials.time.dates;
    let from = if is_long && random.chance(70) { dates.len() / 2 } else { 0 };
    let (a, b) = (*random.pick(&dates[from..]), *random.pick(dates));
    let latest = |date: i32| materials.as_of.map_or(date, |as_of| date.min(as_of));
    if is_long && by_day {
        let start = latest(a - random.between(0, 20));
        return format!("    start: {}\n    end: {}\n", iso(start), iso(start + random.between(0, 40)));
    }
    let (first, last) = if is_long { (a, a.max(b)) } else { (a.min(b), a.max(b)) };
    let (start, end) = (latest(first + random.between(-9, 0)), last + random.between(0, 9));
    let mut yaml = String::new();
    for (key, date) in [("start", start), ("end", end)] {
        if random.chance(if is_long { 50 } else { 35 }) {
            yaml.extend([format!("    {key}: {}\n", iso(date))]);
        }
    }
    yaml
}
