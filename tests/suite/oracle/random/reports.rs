//! Random reports over the metrics of a case.

use std::collections::BTreeSet;

use super::metrics::{Metric, Trait};
use super::prng::Random;
use super::sources::{common_dimensions, Source};
use super::time::Time;
use super::Manner;
use crate::oracle::calendar::iso;

/// What a report may be made of.
pub(super) struct Materials<'a> {
    pub(super) sources: &'a [Source],
    pub(super) segments: &'a [(String, String)],
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
    yaml += &groups(random, materials, &shown, is_long);
    if random.chance(80) {
        let all = [vec!["all"], materials.segments.iter().map(|(name, _)| name.as_str()).collect()].concat();
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

/// `group_by` and `totals`.
fn groups(random: &mut Random, materials: &Materials, shown: &[Metric], is_long: bool) -> String {
    let read: BTreeSet<String> = shown.iter().flat_map(|metric| metric.sources.clone()).collect();
    let dimensions = common_dimensions(materials.sources, &read);
    let count = if is_long { *random.pick(&[0, 0, 1, 1, 1, 2]) } else { random.below(3) };
    let group_by = random.sample(&dimensions, count);
    let mut yaml = String::new();
    if !group_by.is_empty() || random.chance(30) {
        yaml.extend([format!("    group_by: [{}]\n", group_by.join(", "))]);
    }
    if !materials.manner.is_plain && random.chance(35) {
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
