//! Objectives: targets by period, how they roll up, and how they are judged; figures by hand.

use crate::harness::{Done, Place};

/// One like a day from 1 January 2025 on, `impressions` ten a day, and a stock of followers that grows by one a day.
fn data(last: &str) -> String {
    let first = jiff::civil::date(2024, 1, 1);
    let last: jiff::civil::Date = last.parse().expect("a date");
    let days = first.until(last).expect("days").get_days();
    let day = |d: i32| first.saturating_add(jiff::Span::new().days(i64::from(d)));
    let rows: String = (0..=days).map(|d| format!("{},x,1,10,{},0.5\n", day(d), 100 + d)).collect();
    format!("date,network,likes,impressions,followers,spend\n{rows}")
}

struct Case<'c> {
    last: &'c str,
    calendar: &'c str,
    targets: &'c str,
    args: &'c [&'c str],
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self { last: "2025-12-31", calendar: "", targets: "", args: &[] }
    }
}

impl Case<'_> {
    fn place(&self) -> (Place, Done) {
        let place = Place::new();
        place.write("data.csv", data(self.last));
        place.write(
            "pipeline.yaml",
            format!(
                "version: 1
name: t
{}
sources:
  s: {{path: data.csv, time: {{column: date}}, dimensions: [network], measures: [likes, impressions, followers, spend]}}
segments:
  nobody: {{where: network = 'nobody'}}
metrics:
  likes: {{type: simple, source: s, expr: likes, direction: higher_is_better}}
  impressions: {{type: simple, source: s, expr: impressions, direction: higher_is_better}}
  followers: {{type: simple, source: s, expr: followers, non_additive_dimension: {{name: time}}, direction: higher_is_better}}
  spend: {{type: simple, source: s, expr: spend, direction: lower_is_better}}
  balance: {{type: derived, expr: likes - impressions, direction: higher_is_better}}
  like_rate: {{type: ratio, numerator: likes, denominator: impressions, direction: higher_is_better, format: percent}}
objectives:
  - name: o
    goal: awareness
    targets:
{}
reports: []
",
                self.calendar,
                self.targets.lines().map(|line| format!("      {}\n", line.trim())).collect::<String>()
            ),
        );
        let done = place.jalon(&[&["run", "pipeline.yaml"], self.args].concat());
        (place, done)
    }

    /// Some columns of the scorecard, row by row.
    fn rows(&self, columns: &[&str]) -> Vec<String> {
        let (place, done) = self.place();
        assert_eq!(done.code, 0, "{}", done.stderr);
        let text = place.read("t.scorecard.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("a header").clone();
        let at: Vec<usize> = columns.iter().map(|c| names.iter().position(|n| n == *c).expect("a column")).collect();
        let rounded = |cell: &str| match cell.parse::<f64>() {
            Ok(number) if cell.contains('.') => format!("{}", (number * 1e6).round() / 1e6),
            _ => cell.to_owned(),
        };
        let row = |record: csv::StringRecord| at.iter().map(|i| rounded(&record[*i])).collect::<Vec<_>>().join(" ");
        reader.records().map(|record| row(record.expect("a record"))).collect()
    }
}

const MONTHS: &str = "{2025-01: 30, 2025-02: 30, 2025-03: 30, 2025-04: 10, 2025-05: 10, 2025-06: 10, 2025-07: 31, 2025-08: 31, 2025-09: 31, 2025-10: 40, 2025-11: 40, 2025-12: 40}";

#[test]
fn targets_of_months_make_those_of_quarters_and_years() {
    let of = |metric: &str, rest: &str| {
        let targets = format!("- {{metric: {metric}, grain: month, values: {MONTHS}{rest}}}");
        let rows = Case { targets: &targets, ..Case::default() }.rows(&["grain", "period_label", "target"]);
        rows.into_iter().filter(|row| !row.starts_with("month")).collect::<Vec<_>>()
    };
    let sums =
        ["quarter 2025-Q1 90", "quarter 2025-Q2 30", "quarter 2025-Q3 93", "quarter 2025-Q4 120", "year 2025 333"];
    assert_eq!(of("likes", ""), sums);
    let means =
        ["quarter 2025-Q1 30", "quarter 2025-Q2 10", "quarter 2025-Q3 31", "quarter 2025-Q4 40", "year 2025 27.75"];
    assert_eq!(of("likes", ", rollup: average"), means);
    let last = ["quarter 2025-Q1 30", "quarter 2025-Q2 10", "quarter 2025-Q3 31", "quarter 2025-Q4 40", "year 2025 40"];
    assert_eq!(of("followers", ""), last);
    // A rate has none unless it says how; weighted by days' worth of impressions.
    assert_eq!(of("like_rate", ""), Vec::<String>::new());
    let weighted = of("like_rate", ", rollup: weighted_by, weighted_by: impressions");
    // 10,142 of target times days, over 365.
    assert_eq!(weighted[0], "quarter 2025-Q1 30");
    assert_eq!(weighted[4], "year 2025 27.786301");
}

#[test]
fn a_longer_period_needs_a_target_for_each_period_within() {
    let targets = "- {metric: likes, grain: month, values: {2025-01: 30, 2025-02: 30, 2025-04: 30}}";
    let rows = Case { targets, ..Case::default() }.rows(&["grain", "period_label", "target"]);
    assert_eq!(rows, ["month 2025-01 30", "month 2025-02 30", "month 2025-04 30"]);
}

#[test]
fn attainment_gap_and_status_by_direction_for_odd_targets_too() {
    let targets =
        "- {metric: likes, grain: month, values: {2025-01: 31, 2025-02: 30, 2025-03: 62, 2025-04: 0, 2025-05: -5}}
- {metric: spend, grain: month, values: {2025-01: 15.5, 2025-02: 13, 2025-03: 7.75, 2025-04: 0}, rollup: none}
- {metric: likes, grain: month, direction: closer_to_target, values: {2025-01: 30, 2025-02: 56}, rollup: none}
- {metric: balance, grain: month, values: {2025-01: -300, 2025-02: -200}, rollup: none}";
    let rows = Case { targets, ..Case::default() }.rows(&["metric", "value", "target", "attainment", "gap", "status"]);
    let expected = [
        "likes 31 31 1 0 on_track",
        "likes 28 30 0.933333 -2 at_risk",
        "likes 31 62 0.5 -31 off_track",
        "likes 30 0  30 on_track",
        "likes 31 -5  36 on_track",
        "likes 90 123 0.731707 -33 off_track",
        "spend 15.5 15.5 1 0 on_track",
        "spend 14 13 0.928571 1 at_risk",
        "spend 15.5 7.75 0.5 7.75 off_track",
        "spend 15 0  15 off_track",
        "likes 31 30 0.966667 1 at_risk",
        "likes 28 56 0.5 -28 off_track",
        "balance -279 -300  21 on_track",
        "balance -252 -200  -52 off_track",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn the_last_figure_set_before_a_period_is_over_counts() {
    let targets = "- {metric: likes, grain: month, rollup: none, values: {2025-01: [{set_on: 2024-12-01, value: 40}, {set_on: 2025-01-15, value: 31}, {set_on: 2025-02-03, value: 20}], 2025-02: [{set_on: 2025-03-01, value: 28}], 2025-03: 31}}";
    let rows = Case { targets, ..Case::default() }.rows(&["period_label", "target", "target_set_on", "first_target"]);
    assert_eq!(rows, ["2025-01 31 2025-01-15 40", "2025-02 28 2025-03-01 28", "2025-03 31  31"]);
    // On the tenth the revision of the fifteenth is not known yet.
    let rows = Case { targets, last: "2025-01-10", ..Case::default() }.rows(&["period_label", "target", "status"]);
    assert_eq!(
        rows,
        ["2025-01 40 at_risk", "2025-02 28 not_started", "2025-03 31 not_started"]
            .map(|r| r.replace("at_risk", "off_track"))
    );
}

#[test]
fn pacing_on_the_first_the_fifteenth_and_the_last_day() {
    let targets = "- {metric: likes, grain: month, values: {2025-03: 62}, rollup: none}
- {metric: followers, grain: month, values: {2025-03: 576}, rollup: none}
- {metric: like_rate, grain: month, values: {2025-03: 0.2}}
- {metric: likes, grain: month, values: {2025-03: 62}, rollup: none, pacing: none}";
    let columns = ["metric", "days", "value", "expected", "projection", "status"];
    let on = |last: &str| Case { last, targets, ..Case::default() }.rows(&columns);
    // Followers: 524 at the end of February, so 576 asks for 52 more; they grow by 31.
    let first = [
        "likes 1 1 2 31 off_track",
        "followers 1 525 525.677419 555 at_risk",
        "like_rate 1 0.1 0.2 0.1 off_track",
        "likes 1 1   in_progress",
    ];
    assert_eq!(on("2025-03-01"), first);
    let middle = [
        "likes 15 15 30 31 off_track",
        "followers 15 539 549.16129 555 at_risk",
        "like_rate 15 0.1 0.2 0.1 off_track",
        "likes 15 15   in_progress",
    ];
    assert_eq!(on("2025-03-15"), middle);
    let last = [
        "likes 31 31  31 off_track",
        "followers 31 555  555 at_risk",
        "like_rate 31 0.1  0.1 off_track",
        "likes 31 31  31 off_track",
    ];
    assert_eq!(on("2025-03-31"), last);
}

#[test]
fn the_shape_of_last_year_paces_and_spreads() {
    // 29 of last February's 29 likes by day 29: every day alike, so the share is days over 29.
    let targets = "- {metric: likes, grain: month, values: {2025-02: 29}, rollup: none, pacing: same_shape_last_year}
- {metric: likes, grain: month, baseline: {period: \"2024\", change: +10%, spread: same_shape_last_year}, rollup: none}
- {metric: likes, grain: quarter, baseline: {period: \"2024\", spread: even_days}, rollup: none}
- {metric: likes, grain: month, baseline: {period: previous_period, change: +2}, rollup: none}
- {metric: like_rate, grain: month, baseline: {period: same_month_last_year, change: +2pt}}";
    let case = Case { targets, last: "2025-02-10", ..Case::default() };
    let rows = case.rows(&["metric", "grain", "period_label", "target", "expected", "pacing"]);
    let of = |start: &str| rows.iter().filter(|row| row.starts_with(start)).cloned().collect::<Vec<_>>();
    assert_eq!(rows[0], "likes month 2025-02 29 10 same_shape_last_year");
    let spread = of("likes month 2025-02");
    // 366 likes in 2024, 29 in its February: as it was, times 1.1. In January there were 31, plus 2.
    assert_eq!(spread[1], "likes month 2025-02 31.9 11.392857 linear");
    assert_eq!(spread[2], "likes month 2025-02 33 11.785714 linear");
    assert_eq!(of("likes quarter 2025-Q1"), ["likes quarter 2025-Q1 90 41 linear"]);
    assert_eq!(of("like_rate month 2025-02"), ["like_rate month 2025-02 0.12 0.12 linear"]);
}

#[test]
fn fiscal_quarters_are_named_by_the_year_they_end_in() {
    let calendar = "calendar: {first_month_of_year: april}";
    let targets = "- {metric: likes, grain: quarter, values: {2026-Q1: 91, FY2026-Q2: 92}}";
    let rows = Case { calendar, targets, last: "2025-09-30", ..Case::default() }.rows(&[
        "period_label",
        "period_start",
        "value",
        "target",
        "status",
    ]);
    let expected = ["FY2026-Q1 2025-04-01 91 91 on_track", "FY2026-Q2 2025-07-01 92 92 on_track"];
    assert_eq!(rows, expected);
}

#[test]
fn a_period_without_data_is_no_data_and_not_off_track() {
    let targets = "- {metric: likes, segment: nobody, grain: month, values: {2025-01: 10}}
- {metric: likes, grain: month, dimensions: {network: y}, values: {2025-01: 10}, thresholds: {level: fail}}
- {metric: likes, grain: month, dimensions: {network: x}, values: {2025-01: 31, 2026-01: 10}}";
    let rows = Case { targets, ..Case::default() }.rows(&["dimensions", "period_label", "value", "status", "as_of"]);
    let expected = [
        " 2025-01  no_data 2025-12-31",
        "network = y 2025-01  no_data 2025-12-31",
        "network = x 2025-01 31 on_track 2025-12-31",
        "network = x 2026-01  not_started 2025-12-31",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn figures_in_a_file_are_told_apart_by_its_columns() {
    let place = Place::new();
    place.write(
        "targets.csv",
        "metric,period,value,set_on,network\nlikes,2025-01,40,2024-12-01,x\nlikes,2025-01,31,2025-01-05,x\nlikes,2025-01,7,,y\nimpressions,2025-01,9,,x\nlikes,2025,365,,x\n",
    );
    let targets = format!(
        "- {{metric: likes, grain: month, rollup: none, dimensions: {{network: x}}, table: {{path: \"{0}\"}}}}",
        place.path().join("targets.csv").display()
    );
    let (_, done) = Case { targets: &targets, ..Case::default() }.place();
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("`2025` is not a month") && done.stderr.contains("record 5"), "{}", done.stderr);
    place.write("targets.csv", "metric,period,value,set_on,network\nlikes,2025-01,40,2024-12-01,x\nlikes,2025-01,31,2025-01-05,x\nlikes,2025-01,7,,y\nimpressions,2025-01,9,,x\n");
    let rows =
        Case { targets: &targets, ..Case::default() }.rows(&["period_label", "target", "first_target", "status"]);
    assert_eq!(rows, ["2025-01 31 40 on_track"]);
}

#[test]
fn a_missed_target_that_must_not_be_ends_the_run_with_1_after_publishing() {
    let targets = "- {metric: likes, grain: month, values: {2025-01: 100, 2025-02: 28, 2025-03: 100}, rollup: none, thresholds: {level: fail}}";
    let (place, done) = Case { targets, last: "2025-03-31", ..Case::default() }.place();
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(
        done.stderr.contains("objective `o` missed `likes` (all) in 2025-03: 31 instead of 100"),
        "{}",
        done.stderr
    );
    assert!(place.read("t.scorecard.csv").contains("off_track"));
    let (_, done) = Case { targets, last: "2025-03-31", args: &["--no-enforce"], ..Case::default() }.place();
    assert_eq!(done.code, 0);
    // The last period that is over is February, which was reached; January is the past.
    let (_, done) = Case { targets, last: "2025-03-30", ..Case::default() }.place();
    assert_eq!(done.code, 0, "{}", done.stderr);
}

#[test]
fn the_scorecard_in_the_terminal_and_in_the_manifest() {
    let targets = "- {metric: likes, grain: month, values: {2025-01: 31, 2025-02: 50}, rollup: none}
- {metric: like_rate, grain: month, dimensions: {network: x}, values: {2025-02: 0.105}}
- {metric: spend, segment: nobody, grain: month, values: {2025-02: 10}}
- {metric: followers, grain: year, values: {2025: 1000}}
- {metric: likes, grain: year, values: {2026: 1000}}";
    let (place, done) = Case { targets, last: "2025-02-14", ..Case::default() }.place();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let at = done.stdout.find("\no (").expect("a scorecard");
    insta::assert_snapshot!(&done.stdout[at..]);
    let manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
    assert_eq!(manifest["scorecard"][0]["status"], "off_track");
    assert_eq!(manifest["scorecard"][0]["period"], "2025-02");
}

#[test]
fn mistakes_in_objectives_are_told_at_once() {
    let targets = "- {metric: lykes, grain: month, values: {2025-01: 1}}
- {metric: likes, segment: some, grain: month, values: {2025-13: 1}}
- {metric: likes, grain: month, dimensions: {netwrk: x}, values: {2025-01: 1}}
- {metric: likes, grain: month}
- {metric: likes, grain: month, values: {2025-01: 1}, baseline: {period: previous_period}}
- {metric: like_rate, grain: month, rollup: sum, values: {2025-01: 1}}
- {metric: likes, grain: month, baseline: {period: \"2024\"}}
- {metric: likes, grain: year, baseline: {period: 2024-Q1, spread: even_days}}
- {metric: like_rate, grain: month, baseline: {period: \"2024\", spread: even_days}}
- {metric: likes, grain: month, baseline: {period: last_month, change: a lot}}
- {metric: likes, grain: month, direction: neutral, values: {2025-01: 1}}
- {metric: likes, grain: month, rollup: weighted_by, values: {2025-01: 1}}
- {metric: likes, grain: month, thresholds: {on_track: 0.5, at_risk: 0.8}, values: {2025-01: [{set_on: soon, value: 1}]}}";
    let (_, done) = Case { targets, ..Case::default() }.place();
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}

#[test]
fn a_baseline_makes_no_targets_beyond_the_objective() {
    let targets = "- {metric: likes, grain: month, baseline: {period: 2025-03}}";
    let case = Case { targets, last: "2025-06-30", ..Case::default() };
    let (place, _) = case.place();
    let yaml =
        place.read("pipeline.yaml").replace("    goal: awareness\n", "    start: 2025-04-01\n    end: 2025-04-30\n");
    place.write("pipeline.yaml", yaml);
    place.run(&[]);
    let text = place.read("t.scorecard.csv");
    assert!(text.lines().count() == 2 && text.contains(",2025-04,"), "{text}");
    // Without dates the data's own periods count: half of 2025 has no target for the year.
    let rows = case.rows(&["grain", "period_label"]);
    assert!(rows.contains(&"quarter 2025-Q2".to_owned()) && !rows.contains(&"year 2025".to_owned()), "{rows:?}");
}

#[test]
fn what_binary_numbers_only_come_near_to_is_reached() {
    let targets = "- {metric: likes, grain: month, direction: closer_to_target, rollup: none, thresholds: {on_track: 1, at_risk: 1}, baseline: {period: previous_period, change: -10%}}
- {metric: balance, grain: month, rollup: none, baseline: {period: previous_period, change: +10%}}";
    let rows =
        Case { targets, last: "2025-03-31", ..Case::default() }.rows(&["metric", "period_label", "target", "status"]);
    assert!(rows.contains(&"likes 2025-02 27.9 off_track".to_owned()), "{rows:?}");
    // A tenth more of −279 is −251.1.
    assert!(rows.contains(&"balance 2025-02 -251.1 off_track".to_owned()), "{rows:?}");
}

#[test]
fn a_row_of_a_table_that_names_a_group_is_no_target_of_all() {
    let place = Place::new();
    place.write("targets.csv", "period,value,network\n2025-01,400,\n2025-01,7,x\n2025-02,450,x\n");
    let table = place.path().join("targets.csv").display().to_string();
    let targets = format!("- {{metric: likes, grain: month, rollup: none, table: {{path: \"{table}\"}}}}\n- {{metric: likes, grain: month, rollup: none, dimensions: {{network: x}}, table: {{path: \"{table}\"}}}}");
    let rows = Case { targets: &targets, ..Case::default() }.rows(&["dimensions", "period_label", "target"]);
    assert_eq!(rows, [" 2025-01 400", "network = x 2025-01 7", "network = x 2025-02 450"]);
    place.write("targets.csv", "metric,period,value\nlyke,2025-01,400\n");
    let (_, done) = Case { targets: &targets, ..Case::default() }.place();
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("no row of the table is of the target on `likes`"), "{}", done.stderr);
}

#[test]
fn targets_that_cannot_be_judged_are_warned_of() {
    let targets = "- {metric: likes, grain: month, dimensions: {network: X}, values: {2025-01: 10}}
- {metric: likes, grain: month, baseline: {period: \"2019-01\"}}";
    let (_, done) = Case { targets, ..Case::default() }.place();
    assert_eq!(done.code, 0, "{}", done.stderr);
    for told in ["(all, network = 'X') by month is not judged: no figure", "is not judged: it has nothing to reach"] {
        assert!(done.stderr.contains(told), "{}", done.stderr);
    }
}

#[test]
fn a_target_is_not_made_of_figures_before_a_change_of_definition() {
    let targets = "- {metric: changed, grain: month, rollup: none, baseline: {period: previous_period}}";
    let (place, _) = Case { targets, last: "2025-04-30", ..Case::default() }.place();
    let yaml = place.read("pipeline.yaml").replace(
        "metrics:\n",
        "metrics:\n  changed: {type: simple, source: s, expr: likes, direction: higher_is_better, versions: [{valid_from: 2025-02-15, expr: impressions}]}\n",
    );
    place.write("pipeline.yaml", yaml);
    place.run(&["--as-of", "2025-04-30"]);
    let text = place.read("t.scorecard.csv");
    let has = |period: &str| text.contains(&format!(",{period},"));
    assert!(has("2025-01") && !has("2025-02") && !has("2025-03") && has("2025-04"), "{text}");
}

#[test]
fn a_scorecard_may_not_replace_the_table_of_its_targets() {
    let place = Place::new();
    place.write("targets.csv", "period,value\n2025-01,400\n").write("data.csv", "date,likes\n2025-01-01,1\n");
    place.write(
        "pipeline.yaml",
        "version: 1
name: t
sources:
  s: {path: data.csv, time: {column: date}, measures: [likes]}
metrics:
  likes: {type: simple, source: s, expr: likes, direction: higher_is_better}
objectives:
  - {name: o, goal: awareness, targets: [{metric: likes, grain: month, table: {path: targets.csv}}]}
scorecard: {exports: [{format: csv, path: targets.csv}]}
reports:
  - {name: r, metrics: [likes], grains: [month], exports: [{format: csv, path: r.csv}]}
",
    );
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert!(done.code == 2 && done.stderr.contains("is read by the targets of `likes`"), "{}", done.stderr);
    assert_eq!(place.read("targets.csv"), "period,value\n2025-01,400\n");
}
