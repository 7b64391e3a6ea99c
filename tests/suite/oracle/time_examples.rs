//! Windows, comparisons, totals and the like, each on a few records, with figures computed by hand.

use std::fs::write;

use super::calendar::parse_iso;
use super::eval::{evaluate, Amount, Cell};

/// Two sources that every example may use; their files are `posts.csv` and `accounts.csv`.
const SOURCES: &str = "
version: 1
name: examples
sources:
  posts:
    path: posts.csv
    time: {column: date, grain: day}
    dimensions: [network, country, post]
    measures: {views: {type: integer}, clicks: {type: integer}}
  accounts:
    path: accounts.csv
    time: {column: date, grain: day}
    dimensions: [account, country]
    measures: {followers: {additivity: semi_additive, type: integer}}
segments:
  x: {where: network = 'x'}
  german: {where: country = 'DE'}
metrics:
  views: {type: simple, source: posts, agg: sum, expr: views, direction: higher_is_better}
  clicks: {type: simple, source: posts, agg: sum, expr: clicks}
  rate: {type: ratio, numerator: clicks, denominator: views}
";

const POSTS: &str = "date,network,country,post,views,clicks\n";

/// The cells of one report; `metrics` and `report` are lines of YAML.
fn cells(file: &str, text: &str, metrics: &[&str], report: &str, as_of: Option<&str>) -> Vec<Cell> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(dir.path().join(file), text).expect("a written file");
    let metrics: String = metrics.iter().map(|metric| format!("  {metric}\n")).collect();
    let yaml = format!("{SOURCES}{metrics}reports:\n  - {{name: r, {report}}}\n");
    evaluate(&yaml, dir.path(), as_of.and_then(parse_iso))
}

fn number(amount: Amount) -> String {
    amount.value.map_or("-".to_owned(), |value| value.to_string())
}

/// A line for each row: period, rank, dimensions, attributes, segment, then the value of each metric, with a `!` where a
/// version begins, and what it is compared with.
pub(super) fn rows(cells: &[Cell]) -> Vec<String> {
    let key = |cell: &Cell| {
        let rank = cell.rank.map(|rank| format!(" #{rank}")).unwrap_or_default();
        let dims = cell.dims.iter().map(|dim| format!(" {}", dim.shown()));
        let attributes = cell.attributes.iter().map(|value| format!(" ({})", value.shown().unwrap_or_default()));
        let segment = if cell.segment == "all" { String::new() } else { format!(" {}", cell.segment) };
        let beside = dims.chain(attributes).collect::<String>();
        format!("{}{rank}{beside}{segment}", cell.period_label)
    };
    let value = |cell: &Cell| {
        if let Some(int) = cell.value_int {
            assert_eq!(cell.value.value, int.to_string().parse().ok());
        }
        let compared = cell.compared.iter().map(|c| {
            let better = c.better.map_or("-".to_owned(), |better| better.to_string());
            format!(" [{} {} {} {better}]", number(c.earlier), number(c.change), number(c.percent))
        });
        let mark = if cell.is_break == Some(true) { "!" } else { "" };
        format!(" {}{mark}{}", number(cell.value), compared.collect::<String>())
    };
    let of_row = |row: &[Cell]| format!("{}{}", key(&row[0]), row.iter().map(value).collect::<String>());
    cells.chunk_by(|a, b| (key(a), &a.grain) == (key(b), &b.grain)).map(of_row).collect()
}

fn posts(records: &str, metrics: &[&str], report: &str) -> Vec<String> {
    rows(&cells("posts.csv", &format!("{POSTS}{records}"), metrics, report, None))
}

#[test]
fn ratios_of_windows_and_periods_are_sums_over_sums() {
    let records = "2025-01-01,x,,,10,1\n2025-02-10,x,,,2,1\n2025-03-31,x,,,8,4\n";
    let metrics = ["two_months: {type: cumulative, input_metric: rate, window: 2 periods}"];
    let months = posts(records, &metrics, "metrics: [rate, two_months], grains: [month]");
    assert_eq!(months, ["2025-01 0.1 0.1", "2025-02 0.5 0.16666666666666666", "2025-03 0.5 0.5"]);
    let quarters = posts(records, &metrics, "metrics: [rate, two_months], grains: [quarter]");
    assert_eq!(quarters, ["2025-Q1 0.3 0.3"]);
}

#[test]
fn a_missing_month_compares_with_nothing() {
    let records = "2025-01-01,x,,,4,\n2025-01-20,x,,,6,\n2025-03-02,x,,,30,\n2025-03-31,x,,,3,\n2025-04-30,x,,,11,\n";
    let metrics = ["growth: {type: time_comparison, base_metric: views, offset_window: 1 month}"];
    // January has nothing before it that is known. February has a row because January has records; its own value is
    // not known, so there is no change.
    let rows = posts(records, &metrics, "metrics: [views, growth], grains: [month], compare: [previous_period]");
    let expected = [
        "2025-01 10 [- - - -] - [- - - -]",
        "2025-02 - [10 - - -] - [- - - -]",
        "2025-03 33 [- - - -] - [- - - -]",
        "2025-04 11 [33 -22 -0.6666666666666666 false] -0.6666666666666666 [- - - -]",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn rolling_days_over_sparse_groups() {
    let records = "2025-01-01,x,,,1,\n2025-01-10,x,,,2,\n2025-01-28,y,,,4,\n2025-01-29,y,,,8,\n";
    let metrics = [
        "rolling: {type: cumulative, input_metric: views, window: 28 days}",
        "so_far: {type: cumulative, input_metric: views}",
    ];
    let report = "metrics: [views, rolling, so_far], group_by: [network], grains: [day], start: 2025-01-28";
    let expected = ["2025-01-28 x - 3 3", "2025-01-28 y 4 4 4", "2025-01-29 x - 2 3", "2025-01-29 y 8 12 12"];
    assert_eq!(posts(records, &metrics, report), expected);
}

#[test]
fn anchors_of_a_period() {
    // The data ends on 4 February.
    let records = "2025-01-30,x,,,1,\n2025-01-31,x,,,2,\n2025-02-02,x,,,4,\n2025-02-04,x,,,9,\n";
    let metrics = [
        "last: {type: cumulative, input_metric: views, window: 3 days}",
        "first: {type: cumulative, input_metric: views, window: 3 days, period_agg: first}",
        "mean: {type: cumulative, input_metric: views, window: 3 days, period_agg: average}",
        "to_date: {type: cumulative, input_metric: views, grain_to_date: month}",
        "month: {type: cumulative, input_metric: views, window: 1 month}",
    ];
    // February, anchored on 1, 2, 3 and 4: 1+2, 2+4, 4, 4+9. January: nothing on 1 to 29, then 1 and 1+2.
    // One month up to 4 February begins on 5 January.
    let rows = posts(records, &metrics, "metrics: [last, first, mean, to_date, month], grains: [month]");
    assert_eq!(rows, ["2025-01 3 - 2 3 3", "2025-02 13 3 6.5 13 16"]);
    // A report that begins on 2 February: its first anchor is that day, and what lies before is read.
    let report = "metrics: [last, first, mean, to_date, month], grains: [month], start: 2025-02-02";
    assert_eq!(posts(records, &metrics, report), ["2025-02 13 6 7.666666666666667 13 16"]);
}

#[test]
fn months_are_counted_from_the_same_day() {
    let records = "2025-01-28,x,,,1,\n2025-01-29,x,,,2,\n2025-02-28,x,,,4,\n2025-03-01,x,,,8,\n2025-03-31,x,,,16,\n";
    let metrics = ["month: {type: cumulative, input_metric: views, window: 1 month}"];
    // Up to 28 February from 29 January; up to 1 March from 2 February; up to 31 March from 1 March.
    let rows = posts(records, &metrics, "metrics: [month], grains: [day], start: 2025-02-28");
    let ends: Vec<&String> = [0, 1, rows.len() - 1].map(|at| &rows[at]).to_vec();
    assert_eq!(ends, ["2025-02-28 6", "2025-03-01 12", "2025-03-31 24"]);
}

#[test]
fn an_open_month_is_compared_with_its_first_days() {
    let january = (1..=31).map(|day| format!("2025-01-{day:02},x,,,{},\n", if day == 15 { 100 } else { 1 }));
    let february = (1..=11).map(|day| format!("2025-02-{day:02},x,,,{},\n", if day == 11 { 1000 } else { 2 }));
    let records = january.chain(february).collect::<String>();
    let report = "metrics: [views, daily, growth], grains: [month], compare: [previous_period]";
    let metrics = [
        "daily: {type: derived, expr: views / days_in_period}",
        "growth: {type: time_comparison, base_metric: views, offset_window: 1 month, calculation: difference}",
    ];
    let text = format!("{POSTS}{records}");
    let cells = cells("posts.csv", &text, &metrics, report, Some("2025-02-10"));
    let expected = [
        "2025-01 130 [- - - -] 4.193548387096774 [- - - -] - [- - - -]",
        "2025-02 20 [10 10 1 true] 2 [1 1 1 -] 10 [- - - -]",
    ];
    assert_eq!(rows(&cells), expected);
    let known: Vec<(i32, bool)> = cells.iter().step_by(3).map(|cell| (cell.days, cell.is_complete)).collect();
    assert_eq!(known, [(31, true), (10, false)]);
    // The differences of integers are integers.
    assert_eq!(cells.last().and_then(|cell| cell.value_int), Some(10));
}

#[test]
fn a_report_that_begins_within_a_month_compares_from_the_same_day() {
    let records = "2025-01-01,x,,,1,\n2025-01-19,x,,,2,\n2025-01-20,x,,,4,\n2025-02-19,x,,,8,\n2025-02-20,x,,,16,\n\
                   2025-02-28,x,,,32,\n2025-03-31,x,,,64,\n";
    // From 20 February on: nine days, against 20 to 28 January. March is whole, and so is the February before it.
    let report = "metrics: [views], grains: [month], start: 2025-02-20, compare: [previous_month]";
    assert_eq!(
        posts(records, &[], report),
        ["2025-02 48 [4 44 11 true]", "2025-03 64 [56 8 0.14285714285714285 true]"]
    );
}

#[test]
fn week_53_and_52_weeks() {
    let records = "2018-12-31,x,,,1,\n2019-12-30,x,,,5,\n2020-12-28,x,,,7,\n2021-01-04,x,,,9,\n2021-01-10,x,,,0,\n";
    let metrics = [
        "iso: {type: time_comparison, base_metric: views, offset_window: 1 year, calculation: difference, align: iso_week}",
        "weeks: {type: time_comparison, base_metric: views, offset_window: 1 year, calculation: difference}",
    ];
    // 2020-W53 and 2020-W01 both lie 52 weeks from a week with records; only the latter has the same number.
    let rows = posts(records, &metrics, "metrics: [iso, weeks], grains: [week], start: 2020-12-21");
    assert_eq!(rows, ["2020-W53 - 2", "2021-W01 4 -"]);
}

#[test]
fn the_29th_of_february_minus_a_year() {
    let records = "2023-02-01,x,,,1,\n2023-02-28,x,,,10,\n2024-02-28,x,,,3,\n2024-02-29,x,,,20,\n";
    let metrics = [
        "year: {type: time_comparison, base_metric: views, offset_window: 1 year, calculation: difference}",
        "weekday: {type: time_comparison, base_metric: views, offset_window: 1 year, calculation: ratio, align: weekday}",
    ];
    let days = posts(records, &metrics, "metrics: [year, weekday], grains: [day], start: 2024-02-28");
    assert_eq!(days, ["2024-02-28 -7 -", "2024-02-29 10 -"]);
    let months = posts(records, &metrics[..1], "metrics: [year], grains: [month], start: 2024-02-01");
    assert_eq!(months, ["2024-02 12"]);
    // The whole range moved back by its own length, 27 and 28 February; by a year, 28 February 2023 twice.
    let report = "metrics: [views], grains: [all], start: 2024-02-28, compare: [previous_period, previous_year]";
    assert_eq!(posts(records, &[], report), ["all 23 [- - - -] [10 13 1.3 true]"]);
}

#[test]
fn windows_of_an_earlier_period_count_from_there() {
    let records = "2025-01-01,x,,,1,\n2025-02-01,x,,,2,\n2025-03-31,x,,,4,\n2025-04-01,x,,,8,\n2025-04-30,x,,,16,\n";
    let metrics = ["two: {type: cumulative, input_metric: views, window: 2 periods}"];
    let report = "metrics: [two], grains: [month], compare: [previous_period]";
    // February: January's own window begins before the data, which is no reason to withhold it.
    let expected =
        ["2025-01 1 [- - - -]", "2025-02 3 [1 2 2 -]", "2025-03 6 [3 3 1 -]", "2025-04 28 [6 22 3.6666666666666665 -]"];
    assert_eq!(posts(records, &metrics, report), expected);
}

const ACCOUNTS: &str = "date,account,country,followers
2025-01-29,b,FR,7
2025-01-30,a,FR,10
2025-01-30,a,DE,5
2025-01-31,a,FR,11
2025-02-10,b,FR,9
";

fn followers(window_agg: &str, more: &str, report: &str) -> Vec<String> {
    let dimension = format!("{{name: time, window_agg: {window_agg}, group_by: [account]}}");
    let metric = format!(
        "followers: {{type: simple, source: accounts, agg: sum, expr: followers, non_additive_dimension: {dimension}{more}}}"
    );
    rows(&cells(
        "accounts.csv",
        ACCOUNTS,
        &[&metric],
        &format!("metrics: [followers], grains: [month], {report}"),
        None,
    ))
}

#[test]
fn followers_at_the_end_of_the_month() {
    let by_country = "group_by: [country], totals: true";
    // Germany is not reported on the last day of account a: missing, and not of the day before. Account a is not
    // reported in February at all.
    let expected = ["2025-01 DE -", "2025-01 FR 18", "2025-01 (all) 18", "2025-02 FR 9", "2025-02 (all) 9"];
    assert_eq!(followers("last", "", by_country), expected);
    let carried = ["2025-01 DE -", "2025-01 FR 18", "2025-01 (all) 18", "2025-02 FR 20", "2025-02 (all) 20"];
    assert_eq!(followers("last", ", carry_forward: 1 day", by_country), carried);
    let first = ["2025-01 DE 5", "2025-01 FR 17", "2025-01 (all) 22", "2025-02 FR 9", "2025-02 (all) 9"];
    assert_eq!(followers("first", "", by_country), first);
    let opening = ["2025-01 DE -", "2025-01 FR -", "2025-01 (all) -", "2025-02 FR 18", "2025-02 (all) 18"];
    assert_eq!(followers("opening", "", by_country), opening);
    // 7, 10 and 11 in France; 7, 15 and 11 everywhere.
    let mean = ["2025-01 DE 5", "2025-01 FR 9.333333333333334", "2025-01 (all) 11", "2025-02 FR 9", "2025-02 (all) 9"];
    assert_eq!(followers("average", "", by_country), mean);
    assert_eq!(followers("last", "", "segments: [german]"), ["2025-01 german -"]);
    assert_eq!(followers("last", ", fill_nulls_with: 0", "segments: [german]"), ["2025-01 german 0"]);
}

const NETWORKS: &str =
    "2025-01-01,x,FR,p1,10,1\n2025-01-02,x,DE,p2,30,3\n2025-01-31,y,FR,p1,40,12\n2025-01-31,,FR,,0,4\n";

#[test]
fn totals_and_shares_are_computed_at_their_own_level() {
    let metrics = [
        "of_all: {type: share, input_metric: views}",
        "of_network: {type: share, input_metric: views, within: [network]}",
        "of_country: {type: ratio, numerator: clicks, denominator: views, denominator_ignores: [network, segment]}",
    ];
    let report = "metrics: [views, rate, of_all, of_network, of_country], grains: [month], \
                  group_by: [network, country], totals: [[], [network]]";
    let expected = [
        "2025-01 x DE 30 0.1 0.375 0.75 0.1",
        "2025-01 x FR 10 0.1 0.125 0.25 0.02",
        "2025-01 y FR 40 0.3 0.5 1 0.24",
        "2025-01 (unknown) FR 0 - 0 - 0.08",
        "2025-01 (all) (all) 80 0.25 1 1 0.25",
        "2025-01 x (all) 40 0.1 0.5 1 0.05",
        "2025-01 y (all) 40 0.3 0.5 1 0.15",
        "2025-01 (unknown) (all) 0 - 0 - 0.05",
    ];
    let mut actual = posts(NETWORKS, &metrics, report);
    let mut expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
    actual.sort();
    expected.sort();
    assert_eq!(actual, expected);
    let report = "metrics: [of_all, of_country], grains: [month], group_by: [network], segments: [x]";
    assert_eq!(posts(NETWORKS, &metrics, report), ["2025-01 x x 1 0.05"]);
}

#[test]
fn levels_have_names() {
    let report = "metrics: [views], grains: [all], group_by: [country, network, post], \
                  totals: [[], [network], [network, country]]";
    let cells = cells("posts.csv", &format!("{POSTS}{NETWORKS}"), &[], report, None);
    let mut levels: Vec<&str> = cells.iter().map(|cell| cell.level.as_str()).collect();
    levels.dedup();
    levels.sort_unstable();
    levels.dedup();
    assert_eq!(levels, ["country+network", "detail", "network", "total"]);
}

#[test]
fn a_mean_of_ratios_has_one_for_each_unit() {
    let mean =
        "mean: {type: ratio, numerator: clicks, denominator: views, ratio_agg: mean_of_ratios, ratio_unit: [post]}";
    // p1: 13 / 50; p2: 3 / 30; the post without a name has no views.
    let report = "metrics: [mean, rate], grains: [month]";
    let cells = cells("posts.csv", &format!("{POSTS}{NETWORKS}"), &[mean], report, None);
    assert_eq!(rows(&cells), ["2025-01 0.18 0.25"]);
    assert_eq!(cells[0].ratios, Some(2));
}

#[test]
fn what_is_unknown_may_be_filled_and_dropped() {
    let records = "2025-01-02,x,,,1,\n2025-01-02,y,,,,3\n2025-03-01,x,,,4,\n2025-03-31,x,,,,\n";
    let metrics = [
        "filled: {type: simple, source: posts, agg: sum, expr: views, fill_nulls_with: 0}",
        "spread: {type: simple, source: posts, agg: sum, expr: views, fill_nulls_with: 7, join_to_timespine: true}",
    ];
    let rows = posts(records, &metrics, "metrics: [views, filled], grains: [month], group_by: [network]");
    assert_eq!(rows, ["2025-01 x 1 1", "2025-01 y - 0", "2025-03 x 4 4"]);
    let report = "metrics: [views, spread], grains: [month], group_by: [network]";
    let expected =
        ["2025-01 x 1 1", "2025-01 y - 7", "2025-02 x - 7", "2025-02 y - 7", "2025-03 x 4 4", "2025-03 y - 7"];
    assert_eq!(posts(records, &metrics, report), expected);
    // January begins before the data does.
    let report = format!("{report}, incomplete_periods: drop");
    assert_eq!(posts(records, &metrics, &report), expected[2..]);
}
