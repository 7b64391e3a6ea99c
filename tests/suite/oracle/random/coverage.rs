//! What random cases come across: a generator that no longer reaches a part of the language would test nothing of it.

use std::collections::BTreeMap;

use super::random_case;
use crate::oracle::calendar::parse_iso;
use crate::oracle::eval::evaluate;

const CASES: u64 = 300;

/// Every key and kind of value that has a meaning of its own.
const WORDS: [&str; 41] = [
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
];

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
    for seed in 0..CASES {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let case = random_case(seed, dir.path());
        let as_of = case.as_of.as_deref().and_then(parse_iso);
        as_ofs += usize::from(as_of.is_some());
        for cell in evaluate(&case.yaml, dir.path(), as_of) {
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
    for kind in ["simple", "level", "ratio", "mean", "derived", "share", "window", "change"] {
        let Count { cells, values } = counts[kind];
        assert!(values > 50 && cells - values > 20, "{kind}: {values} values in {cells} cells");
    }
    for entry in ["previous_period", "previous_year"] {
        let Count { cells, values } = counts[entry];
        assert!(values > 200, "{entry}: {values} values in {cells} cells");
    }
}
