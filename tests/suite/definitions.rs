//! Definitions that change: what counts, where a period straddles two of them, and growth that is withheld.

use crate::harness::{cells, Place};

/// Ten likes and one share a day, from 1 January to 30 April 2025.
fn data() -> String {
    let day = |d: i32| jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(i64::from(d)));
    let rows: String = (0..120).map(|d| format!("{},FR,10,1\n", day(d))).collect();
    format!("date,country,likes,shares\n{rows}")
}

fn place(metrics: &str, report: &str) -> Place {
    let place = Place::new();
    place.write("data.csv", data());
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1\nname: t\nsources:\n  s: {{path: data.csv, time: {{column: date}}, dimensions: [country], measures: [likes, shares]}}\nmetrics:\n{metrics}reports:\n  - {{name: r, {report}, exports: [{{format: csv, path: r.csv, layout: wide}}]}}\n"
        ),
    );
    place
}

const VERSIONED: &str =
    "  eng: {type: simple, source: s, expr: likes, versions: [{valid_from: 2025-02-11, expr: likes + shares}]}\n";

#[test]
fn each_record_counts_by_the_definition_of_its_day() {
    let place = place(VERSIONED, "metrics: [eng], grains: [month]");
    place.run(&[]);
    // February: 10 days of 10, 18 days of 11.
    let expected = ["2025-01 310 false", "2025-02 298 true", "2025-03 341 false", "2025-04 330 false"];
    assert_eq!(cells(&place, &["period_label", "eng", "eng__is_break"]), expected);
    place.run(&["--engine", "polars"]);
    assert_eq!(cells(&place, &["period_label", "eng", "eng__is_break"]), expected);
}

#[test]
fn a_version_that_begins_with_a_period_is_no_break_in_it() {
    let place = place(&VERSIONED.replace("2025-02-11", "2025-03-01"), "metrics: [eng], grains: [month, quarter]");
    place.run(&[]);
    let expected = [
        "2025-01 310 false",
        "2025-02 280 false",
        "2025-03 341 false",
        "2025-04 330 false",
        "2025-Q1 931 true",
        "2025-Q2 330 false",
    ];
    assert_eq!(cells(&place, &["period_label", "eng", "eng__is_break"]), expected);
}

#[test]
fn growth_across_a_break_is_withheld_unless_figures_are_comparable() {
    let metrics = format!("{VERSIONED}  growth: {{type: time_comparison, base_metric: eng, offset_window: 1 month, calculation: difference}}\n");
    let report = "metrics: [eng, growth], grains: [month], compare: [previous_month]";
    let withheld = place(&metrics, report);
    withheld.run(&[]);
    let columns =
        ["period_label", "growth", "eng__previous_month__value", "eng__previous_month__abs", "growth__is_break"];
    let expected = ["2025-01    false", "2025-02  310  true", "2025-03  298  true", "2025-04 -11 341 -11 false"];
    assert_eq!(cells(&withheld, &columns), expected);
    let comparable =
        place(&metrics.replace("expr: likes + shares}", "expr: likes + shares, comparable: true}"), report);
    comparable.run(&[]);
    let expected =
        ["2025-01    false", "2025-02 -12 310 -12 true", "2025-03 43 298 43 true", "2025-04 -11 341 -11 false"];
    assert_eq!(cells(&comparable, &columns), expected);
}

#[test]
fn a_window_and_a_ratio_break_with_what_they_are_made_of() {
    let metrics = format!("{VERSIONED}  likes: {{type: simple, source: s, expr: likes}}\n  share_rate: {{type: ratio, numerator: eng, denominator: likes}}\n  rolling: {{type: cumulative, input_metric: eng, window: 7 days}}\n");
    let place =
        place(&metrics, "metrics: [likes, share_rate, rolling], grains: [day], start: 2025-02-10, end: 2025-02-18");
    place.run(&[]);
    let expected = [
        "2025-02-10 1 false 70 false",
        "2025-02-11 1.1 false 71 true",
        "2025-02-12 1.1 false 72 true",
        "2025-02-13 1.1 false 73 true",
        "2025-02-14 1.1 false 74 true",
        "2025-02-15 1.1 false 75 true",
        "2025-02-16 1.1 false 76 true",
        "2025-02-17 1.1 false 77 false",
        "2025-02-18 1.1 false 77 false",
    ];
    let columns = ["period_label", "share_rate", "share_rate__is_break", "rolling", "rolling__is_break"];
    assert_eq!(cells(&place, &columns), expected);
    assert!(!place.read("r.csv").contains("likes__is_break"));
}

#[test]
fn filters_change_too_and_what_a_version_lacks_is_the_metrics_own() {
    let metrics = "  eng: {type: simple, source: s, expr: likes, filter: shares > 5, versions: [{valid_from: 2025-02-01, filter: shares > 0}, {valid_from: 2025-03-01, expr: 0.5 * shares, filter: \"TRUE\"}]}\n";
    let place = place(metrics, "metrics: [eng], grains: [month]");
    place.run(&[]);
    assert_eq!(cells(&place, &["period_label", "eng"]), ["2025-01 ", "2025-02 280", "2025-03 15.5", "2025-04 15"]);
}

#[test]
fn what_is_counted_may_change_its_type() {
    let metrics = "  n: {type: simple, source: s, agg: count, versions: [{valid_from: 2025-02-01, expr: \"NULLIF(country, 'FR')\"}, {valid_from: 2025-03-01, expr: shares}]}\n";
    let place = place(metrics, "metrics: [n], grains: [month]");
    place.run(&[]);
    assert_eq!(cells(&place, &["period_label", "n"]), ["2025-01 31", "2025-02 0", "2025-03 31", "2025-04 30"]);
    place.run(&["--engine", "polars"]);
    assert_eq!(cells(&place, &["period_label", "n"]), ["2025-01 31", "2025-02 0", "2025-03 31", "2025-04 30"]);
}

/// Values that are no numbers are not counted, whatever stands beside them in another version.
#[test]
fn counting_leaves_out_what_is_no_number_under_several_definitions_too() {
    use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array};
    use std::sync::Arc;
    let place = Place::new();
    let day: ArrayRef = Arc::new(Date32Array::from(vec![20_000, 20_000, 20_001, 20_001]));
    let noise: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(f64::NAN), Some(2.0), None]));
    let likes: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(3), None]));
    place.write("data.parquet", crate::harness::parquet(vec![("date", day), ("noise", noise), ("likes", likes)]));
    place.write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data.parquet, time: {column: date}, measures: [noise, likes]}\nmetrics:\n  n: {type: simple, source: s, agg: count, expr: noise, versions: [{valid_from: 2024-10-05, expr: likes}]}\nreports:\n  - {name: r, metrics: [n], grains: [day], exports: [{format: csv, path: r.csv, layout: wide}]}\n",
    );
    for engine in ["fused", "polars"] {
        place.run(&["--engine", engine]);
        assert_eq!(cells(&place, &["period_label", "n"]), ["2024-10-04 1", "2024-10-05 1"]);
    }
}

#[test]
fn mistakes_in_versions() {
    let metrics = "  a: {type: simple, source: s, expr: likes, versions: [{valid_from: 2025-02-30, expr: likes}, {valid_from: 2025-02-01}, {valid_from: 2025-01-01, expr: lykes, filter: likes}]}
  b: {type: simple, source: s, agg: count, versions: [{valid_from: 2025-02-01, expr: likes}]}
  c: {type: ratio, numerator: a, denominator: b, versions: [{valid_from: 2025-02-01, expr: likes}]}
";
    let place = place(metrics, "metrics: [c], grains: [month]");
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}
