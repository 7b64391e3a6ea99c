//! Definitions that change, on a few records, with figures computed by hand.

use super::table_examples::report;

const POSTS: &str = "date,kind,likes,shares
2025-05-01,a,4,9
2025-06-10,a,2,9
2025-06-30,b,4,9
2025-07-01,a,6,2
2025-07-31,b,1,0
2025-08-31,a,5,7
";

/// The metric `m` of these keys, and what is made of it.
fn posts(keys: &str, rest: &str) -> Vec<String> {
    let yaml = format!(
        "
sources:
  posts: {{path: posts.csv, time: {{column: date}}, dimensions: [kind], measures: [likes, shares]}}
metrics:
  m: {{type: simple, source: posts, direction: higher_is_better, {keys}}}
  records: {{type: simple, source: posts, agg: count}}
  rate: {{type: ratio, numerator: m, denominator: records}}
  two: {{type: cumulative, input_metric: m, window: 2 periods}}
  total: {{type: cumulative, input_metric: m}}
  growth: {{type: time_comparison, base_metric: m, offset_window: 1 month, calculation: difference}}
  growth_of_two_months: {{type: time_comparison, base_metric: m, offset_window: 2 months, calculation: difference}}
  more: {{type: derived, expr: growth + 1}}
"
    );
    report(&[("posts.csv", POSTS)], &yaml, rest)
}

const SHARES_COUNT: &str = "expr: likes, versions: [{valid_from: 2025-07-01, expr: likes + shares}]";

#[test]
fn a_record_counts_by_the_definition_of_its_day() {
    let days = ["2025-06-30 4", "2025-07-01 8"];
    assert_eq!(posts(SHARES_COUNT, "metrics: [m], grains: [day], start: 2025-06-30, end: 2025-07-01"), days);
    let months = ["2025-05 4 4", "2025-06 6 3", "2025-07 9 4.5", "2025-08 12 12"];
    assert_eq!(posts(SHARES_COUNT, "metrics: [m, rate], grains: [month]"), months);
}

#[test]
fn what_a_version_does_not_say_is_the_metrics_own() {
    let keys = "expr: likes, filter: kind = 'b', versions: [{valid_from: 2025-07-01, expr: likes + shares}, \
                {valid_from: 2025-08-01, filter: kind = 'a'}]";
    let months = ["2025-05 -", "2025-06 4", "2025-07 1", "2025-08 5"];
    assert_eq!(posts(keys, "metrics: [m], grains: [month]"), months);
    // Where one of them is a float, all of them are.
    let keys = "expr: likes, versions: [{valid_from: 2025-07-01, expr: likes * 0.5}]";
    assert_eq!(posts(keys, "metrics: [m], grains: [all]"), ["all 16!"]);
    let keys = "agg: count, versions: [{valid_from: 2025-07-01, filter: shares > 0}]";
    assert_eq!(posts(keys, "metrics: [m], grains: [month]"), ["2025-05 1", "2025-06 2", "2025-07 1", "2025-08 1"]);
}

#[test]
fn a_break_is_a_version_that_begins_after_the_first_day() {
    let report = "metrics: [m, rate, records, two, total], grains: [month]";
    let months = ["2025-05 4 4 1 4 4", "2025-06 6 3 2 10 10", "2025-07 9 4.5 2 15! 19!", "2025-08 12 12 1 21 31!"];
    assert_eq!(posts(SHARES_COUNT, report), months);
    assert_eq!(posts(SHARES_COUNT, "metrics: [m], grains: [quarter, year]"), ["2025-Q2 10", "2025-Q3 21", "2025 31!"]);
    // A running total looks at no day before the first.
    let from_the_first = "expr: likes, versions: [{valid_from: 2025-05-01, expr: likes + shares}]";
    assert_eq!(posts(from_the_first, "metrics: [total], grains: [all]"), ["all 58"]);
    // Days that are not known yet are not looked at.
    assert_eq!(posts(SHARES_COUNT, "metrics: [m], grains: [year], end: 2025-06-30"), ["2025 10"]);
}

#[test]
fn growth_over_a_break_is_withheld() {
    let compared = "metrics: [m], grains: [month], compare: [previous_period]";
    let months = [
        "2025-05 4 [- - - -]",
        "2025-06 6 [4 2 0.5 true]",
        "2025-07 9 [6 - - -]",
        "2025-08 12 [9 3 0.3333333333333333 true]",
    ];
    assert_eq!(posts(SHARES_COUNT, compared), months);
    // July is not compared with June, nor August with June.
    let months = ["2025-05 - - -", "2025-06 2 3 -", "2025-07 -! -! -!", "2025-08 3 4 -!"];
    assert_eq!(posts(SHARES_COUNT, "metrics: [growth, more, growth_of_two_months], grains: [month]"), months);
}

#[test]
fn versions_may_be_comparable() {
    let keys = "expr: likes, versions: [{valid_from: 2025-07-01, expr: likes + shares, comparable: true}]";
    let rows = posts(keys, "metrics: [m, growth], grains: [month], start: 2025-07-01, compare: [previous_month]");
    assert_eq!(rows, ["2025-07 9 [6 3 0.5 true] 3! [- - - -]", "2025-08 12 [9 3 0.3333333333333333 true] 3 [- - - -]"]);
    // Of two versions that begin in between, one is enough to withhold it.
    let keys = "expr: likes, versions: [{valid_from: 2025-06-30, comparable: true, expr: likes}, \
                {valid_from: 2025-07-01, expr: likes + shares}, {valid_from: 2025-07-31, comparable: true, expr: likes}]";
    let rows = posts(keys, "metrics: [growth], grains: [month]");
    assert_eq!(rows, ["2025-05 -", "2025-06 2!", "2025-07 -!", "2025-08 -4!"]);
}
