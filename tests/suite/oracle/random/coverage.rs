//! What random cases come across: a generator that no longer reaches a part of the language would test nothing of it.

use std::collections::BTreeMap;

use super::random_case;
use crate::oracle::calendar::parse_iso;
use crate::oracle::eval::{evaluate, Cell, Compared};
use crate::oracle::value::Value;

const CASES: u64 = 300;

/// Every key and kind of value that has a meaning of its own.
const WORDS: [&str; 60] = [
    "type: cumulative",
    "grain_to_date: week",
    "grain_to_date: year",
    "window: 1 period",
    "days, period_agg",
    "period_agg: first",
    "period_agg: last",
    "period_agg: average",
    "type: time_comparison",
    "offset_window: 1 period",
    "offset_window: 1 year",
    "offset_window: 2 years",
    "weeks",
    "months",
    "align: weekday",
    "align: iso_week",
    "calculation: difference",
    "calculation: ratio",
    "calculation: percent_change",
    "type: share",
    "within:",
    "denominator_ignores:",
    "segment]",
    "ratio_agg: mean_of_ratios",
    "window_agg: last",
    "window_agg: first",
    "window_agg: opening",
    "window_agg: average",
    "carry_forward:",
    "fill_nulls_with: 0",
    "join_to_timespine: true",
    "days_in_period",
    "compare: [previous_period",
    "previous_week",
    "previous_month",
    "previous_quarter",
    "previous_year",
    "totals: true",
    "totals: [[",
    "incomplete_periods: drop",
    "lower_is_better",
    "lookups: [lookup_0",
    "{on: [",
    ".parquet, key: [",
    ", key: {",
    "theme",
    "tier",
    "vip",
    "since",
    "budget",
    "where: {posts: ",
    "where: {web: ",
    "ignore_dimensions: [",
    "versions: [{valid_from: ",
    "comparable: true",
    "per: [",
    "others: true",
    "order: ascending",
    "attributes: [",
    "grain: day, timezone: Australia/Lord_Howe",
];

/// What a cell may come across besides: how many there should be at least.
const MARKS: [(&str, usize); 8] = [
    ("rank", 500),
    ("others", 200),
    ("value of others", 100),
    ("attribute", 500),
    ("unknown attribute", 100),
    ("break", 100),
    ("no break", 500),
    ("withheld growth", 20),
];

fn marks(cell: &Cell) -> Vec<&'static str> {
    let of_others = cell.level == "others";
    let withheld = |compared: &Compared| {
        cell.value.value.is_some() && compared.earlier.value.is_some() && compared.change.value.is_none()
    };
    let found = [
        ("rank", cell.rank.is_some()),
        ("others", of_others),
        ("value of others", of_others && cell.value.value.is_some()),
        ("attribute", cell.attributes.iter().any(|value| *value != Value::Null)),
        ("unknown attribute", cell.level == "detail" && cell.attributes.contains(&Value::Null)),
        ("break", cell.is_break == Some(true)),
        ("no break", cell.is_break == Some(false)),
        ("withheld growth", cell.is_break.is_some() && cell.compared.iter().any(withheld)),
    ];
    found.into_iter().filter(|(_, found)| *found).map(|(name, _)| name).collect()
}

/// How many cells there are of a kind, and how many of them have a value.
#[derive(Default)]
struct Count {
    cells: usize,
    values: usize,
}

#[test]
fn random_cases_reach_every_part_of_the_language() {
    let mut texts = String::new();
    let mut as_ofs = 0;
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut marked: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..CASES {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let case = random_case(seed, dir.path());
        let as_of = case.as_of.as_deref().and_then(parse_iso);
        as_ofs += usize::from(as_of.is_some());
        for cell in evaluate(&case.yaml, dir.path(), as_of) {
            for mark in marks(&cell) {
                *marked.entry(mark).or_default() += 1;
            }
            let kind = cell.metric.split('_').next().unwrap_or_default().to_owned();
            let compared = cell.compared.iter().map(|compared| (compared.name.clone(), compared.change.value));
            for (name, value) in [(kind, cell.value.value)].into_iter().chain(compared) {
                let count = counts.entry(name).or_default();
                count.cells += 1;
                count.values += usize::from(value.is_some());
            }
        }
        texts += &case.yaml;
    }
    let unused: Vec<&&str> = WORDS.iter().filter(|word| !texts.contains(**word)).collect();
    assert!(unused.is_empty(), "never used: {unused:?}");
    assert!(as_ofs > 10, "only {as_ofs} cases say what day it is");
    for (mark, least) in MARKS {
        let count = marked.get(mark).copied().unwrap_or_default();
        assert!(count >= least, "{mark}: {count} cells");
    }
    for kind in ["simple", "level", "ratio", "mean", "derived", "share", "window", "change"] {
        let Count { cells, values } = counts[kind];
        assert!(values > 50 && cells - values > 20, "{kind}: {values} values in {cells} cells");
    }
    for entry in ["previous_period", "previous_year"] {
        let Count { cells, values } = counts[entry];
        assert!(values > 200, "{entry}: {values} values in {cells} cells");
    }
}
