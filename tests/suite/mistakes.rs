//! Messages as a user sees them: all mistakes of a pipeline at once, each with line, column and caret. The snapshots
//! are the museum: a change of wording shows in review.

use crate::harness::Place;

const DATA: &str = "date,network,country,post_id,is_paid,impressions,reach,followers,likes,spend\n\
2025-01-01,x,FR,1,true,100,80,10,5,1.5\n2025-01-02,facebook,,2,false,200,150,20,7,\n";

/// Checks a pipeline over the data above and gives back what is printed.
fn check(pipeline: &str) -> String {
    let place = Place::new();
    place.write("pipeline.yaml", pipeline).write("data.csv", DATA);
    let done = place.jalon(&["check", "pipeline.yaml"]);
    format!("exit code {}\n{}{}", done.code, done.stdout, done.stderr)
}

/// A pipeline with parts replaced: the rest of it is right.
fn with(changes: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "\
version: 1
name: museum
sources:
  posts:
    path: data.csv
    time: {column: date, grain: day}
    dimensions: [network, country, post_id, is_paid]
    measures: [impressions, reach, followers, likes, spend]
segments:
  french: {where: country = 'FR'}
metrics:
  impressions: {type: simple, source: posts, expr: impressions}
  likes: {type: simple, source: posts, expr: likes}
  like_rate: {type: ratio, numerator: likes, denominator: impressions}
reports:
  - name: weekly
    metrics: [impressions, like_rate]
    group_by: [network]
    segments: [all, french]
    grains: [day, week]
    exports: [{format: csv, path: out/weekly.csv}]
",
    );
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn a_right_pipeline_has_nothing_to_tell() {
    insta::assert_snapshot!(check(&with(&[])));
}

#[test]
fn shape_all_at_once() {
    insta::assert_snapshot!(check(&with(&[
        ("grain: day}", "grian: day}"),
        ("numerator: likes, ", "numerater: likes, "),
        ("type: ratio", "type: ration"),
        ("[day, week]", "[day, weak]"),
        ("    group_by: [network]\n", "    group_by: network\n"),
        ("name: museum\n", "name: museum\nname: again\n"),
    ])));
}

#[test]
fn yaml_that_is_none() {
    insta::assert_snapshot!(check("version: 1\nname: [oops\nsources: {}\n"));
    insta::assert_snapshot!(check(""));
}

#[test]
fn names_all_at_once() {
    insta::assert_snapshot!(check(&with(&[
        ("denominator: impressions", "denominator: impresions"),
        ("[impressions, like_rate]", "[impressions, like_rat]"),
        ("group_by: [network]", "group_by: [netwrok]"),
        ("[all, french]", "[all, frensh]"),
        ("measures: [impressions,", "measures: [impressions, clicks,"),
        ("source: posts, expr: likes", "source: post, expr: likes"),
    ])));
}

#[test]
fn expressions() {
    insta::assert_snapshot!(check(&with(&[
        ("country = 'FR'", "\"contry = 'FR' AND country = \\\"FR\\\"\""),
        ("expr: impressions}", "expr: impressions + network}"),
        ("expr: likes}", "expr: \"SUM(likes) OVER ()\", filter: likes ILIKE 'x'}"),
    ])));
    insta::assert_snapshot!(check(&with(&[(
        "country = 'FR'",
        "network = 12 OR is_paid = 1 OR date > 'yesterday' OR likes"
    )])));
    insta::assert_snapshot!(check(&with(&[("country = 'FR'", "country = 'FR' AND (SELECT 1)")])));
    insta::assert_snapshot!(check(&with(&[("country = 'FR'", "country = 'FR' AND")])));
}

#[test]
fn what_does_not_add_up_is_refused() {
    insta::assert_snapshot!(check(&with(&[("expr: likes}", "expr: reach}")])));
    insta::assert_snapshot!(check(&with(&[("expr: likes}", "expr: followers}")])));
    insta::assert_snapshot!(check(&with(&[("expr: likes}", "expr: likes / impressions, agg: average}")])));
}

#[test]
fn what_does_not_add_up_is_allowed_openly() {
    insta::assert_snapshot!(check(&with(&[("expr: likes}", "expr: reach, reaggregate: sum_with_warning}")])));
    let keyed = with(&[
        ("expr: likes}", "expr: reach}"),
        ("    measures:", "    primary_key: [date, post_id]\n    measures:"),
        ("group_by: [network]", "group_by: [post_id]"),
        ("grains: [day, week]", "grains: [day]"),
    ]);
    insta::assert_snapshot!(check(&keyed));
}

#[test]
fn a_cycle_of_metrics() {
    insta::assert_snapshot!(check(&with(&[
        ("expr: impressions}", "expr: impressions}\n  a: {type: derived, expr: b + 1}\n  b: {type: derived, expr: c * 2}\n  c: {type: derived, expr: a - impressions}"),
    ])));
}

#[test]
fn exports_that_lead_nowhere_good() {
    insta::assert_snapshot!(check(&with(&[(
        "[{format: csv, path: out/weekly.csv}]",
        "[{format: csv, path: ../weekly.csv}, {format: csv, path: /etc/x.csv}, {format: parquet, path: a}, {format: parquet, path: b.parquet, partition_by: [grian]}, {format: csv, path: c.csv}, {format: csv, path: c.csv}]",
    )])));
}

#[test]
fn keys_that_do_not_go_together() {
    insta::assert_snapshot!(check(&with(&[
        ("type: ratio,", "type: ratio, agg: sum,"),
        ("path: data.csv", "path: data.csv\n    union: [posts]"),
    ])));
}

#[test]
fn nulls_are_hinted_at() {
    insta::assert_snapshot!(check(&with(&[("country = 'FR'", "NOT country = 'FR'")])));
}

#[test]
fn diagnostics_as_json_are_one_object_a_line() {
    let place = Place::new();
    place.write("pipeline.yaml", with(&[("country = 'FR'", "contry = 'FR'")])).write("data.csv", DATA);
    let done = place.jalon(&["check", "pipeline.yaml", "--format", "json"]);
    assert_eq!(done.code, 2);
    let first: serde_json::Value = serde_json::from_str(done.stderr.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["code"], "unknown-column");
    assert_eq!((first["places"][0]["line"].as_u64(), first["places"][0]["column"].as_u64()), (Some(10), Some(19)));
}

#[test]
fn a_pipeline_that_is_not_there() {
    let place = Place::new();
    let done = place.jalon(&["run", "nowhere.yaml"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("`nowhere.yaml` cannot be read"), "{}", done.stderr);
}

/// Metrics over time that mean nothing, and keys that do not go together.
#[test]
fn meaningless_metrics_over_time() {
    let metrics = "metrics:
  fans: {type: simple, source: posts, expr: followers, non_additive_dimension: {name: time, group_by: [acount]}}
  fans_kept: {type: simple, source: posts, expr: followers, carry_forward: 3 days}
  fans_long: {type: simple, source: posts, expr: followers, carry_forward: 1 month, non_additive_dimension: {name: time}}
  reach_last: {type: simple, source: posts, expr: reach, non_additive_dimension: {name: time}}
  filled: {type: simple, source: posts, expr: likes, fill_nulls_with: 0.5}
  level: {type: simple, source: posts, expr: followers, non_additive_dimension: {name: time}}
  summed: {type: cumulative, input_metric: likes, window: 28 fortnights}
  both: {type: cumulative, input_metric: likes, window: 28 days, grain_to_date: year}
  growth: {type: time_comparison, base_metric: likes, offset_window: 1 year}
  again: {type: time_comparison, base_metric: growth, offset_window: 1 year}
  twice: {type: cumulative, input_metric: growth}
  fans_28: {type: cumulative, input_metric: fans_level, window: 28 days}
  fans_level: {type: simple, source: posts, expr: followers, non_additive_dimension: {name: time}}
  part: {type: share, input_metric: like_rate}
  mean: {type: ratio, numerator: likes, denominator: impressions, ratio_agg: mean_of_ratios}
  unit: {type: ratio, numerator: likes, denominator: impressions, ratio_unit: [post_id]}
  voice: {type: ratio, numerator: likes, denominator: impressions, denominator_ignores: [brand]}
";
    insta::assert_snapshot!(check(&with(&[("metrics:\n  impressions", &format!("{metrics}  impressions"))])));
}

/// What makes no sense at the grains or dimensions of a report.
#[test]
fn meaningless_comparisons_in_a_report() {
    let metrics = "metrics:
  growth: {type: time_comparison, base_metric: likes, offset_window: 1 month}
  month: {type: cumulative, input_metric: likes, grain_to_date: month}
  last_3: {type: cumulative, input_metric: likes, window: 3 periods}
";
    insta::assert_snapshot!(check(&with(&[
        ("metrics:\n  impressions", &format!("{metrics}  impressions")),
        ("metrics: [impressions, like_rate]", "metrics: [growth, month, last_3]\n    compare: [previous_month, previous_year, previous_year]\n    totals: [[], [network], [netwrk], []]"),
        ("grains: [day, week]", "grains: [day, week, all]"),
    ])));
    insta::assert_snapshot!(check(&with(&[(
        "grains: [day, week]",
        "grains: [day, week]\n    totals: sometimes\n    compare: [last_year]\n    incomplete_periods: hide"
    ),])));
}
