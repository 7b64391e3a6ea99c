//! The fixed meanings of time and of what adds up, one by one, with figures computed by hand.

use crate::harness::Place;
use std::collections::BTreeMap;

/// The rows of a wide report as texts by column.
type Rows = Vec<BTreeMap<String, String>>;

/// Runs one report over `data.csv` and reads it; `rest` is what follows the sources in the pipeline.
fn report(data: &str, source: &str, rest: &str, args: &[&str]) -> Rows {
    let place = Place::new();
    place.write("data.csv", data);
    place.write("pipeline.yaml", format!("version: 1\nname: t\nsources:\n  s: {{path: data.csv, {source}}}\n{rest}"));
    let args: Vec<&str> = ["run", "pipeline.yaml", "-q"].iter().chain(args).copied().collect();
    let done = place.jalon(&args);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let text = place.read("r.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let row = |record: csv::StringRecord| names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
    reader.records().map(|record| row(record.expect("a record"))).collect()
}

/// The cells of a column, by another.
fn by<'r>(rows: &'r Rows, key: &str, column: &str) -> Vec<(&'r str, &'r str)> {
    rows.iter().map(|row| (row[key].as_str(), row[column].as_str())).collect()
}

const N: &str = "time: {column: date}, dimensions: [country], measures: [n, m]";

fn of(metrics: &str, report: &str) -> String {
    format!("metrics:\n  n: {{type: simple, source: s, expr: n}}\n  m: {{type: simple, source: s, expr: m}}\n{metrics}reports:\n  - {{name: r, {report}, exports: [{{format: csv, path: r.csv, layout: wide}}]}}\n")
}

#[test]
fn a_ratio_over_a_quarter_is_sum_over_sum() {
    let rest = of(
        "  rate: {type: ratio, numerator: n, denominator: m}\n",
        "metrics: [rate], grains: [quarter], group_by: [country], totals: true",
    );
    let rows = report(
        "date,country,n,m\n2025-01-31,FR,1,10\n2025-02-28,FR,9,10\n2025-03-31,FR,0,80\n2025-03-31,BE,10,100\n",
        N,
        &rest,
        &[],
    );
    assert_eq!(by(&rows, "country", "rate"), [("BE", "0.1"), ("FR", "0.1"), ("(all)", "0.1")]);
    assert_eq!(by(&rows, "level", "rate")[2].0, "total");
}

#[test]
fn a_missing_month_breaks_growth_instead_of_comparing_with_the_wrong_one() {
    let rest = of(
        "  growth: {type: time_comparison, base_metric: n, offset_window: 1 month}\n",
        "metrics: [n, growth], grains: [month]",
    );
    let rows = report(
        "date,country,n,m\n2025-01-01,FR,10,\n2025-02-01,FR,15,\n2025-04-01,FR,30,\n2025-05-31,FR,60,\n",
        N,
        &rest,
        &[],
    );
    // March has no records of its own, and a row because February is looked at from there.
    let expected = [("2025-01", ""), ("2025-02", "0.5"), ("2025-03", ""), ("2025-04", ""), ("2025-05", "1")];
    assert_eq!(by(&rows, "period_label", "growth"), expected);
    assert_eq!(by(&rows, "period_label", "n")[2], ("2025-03", ""));
}

#[test]
fn rolling_28_days_over_sparse_groups_is_brute_force() {
    let days: Vec<(i32, &str, i64)> = (0..120)
        .filter_map(|d| match d % 17 {
            0 => Some((d, "FR", i64::from(d) + 1)),
            3 | 4 => Some((d, "BE", 100 - i64::from(d))),
            _ => None,
        })
        .collect();
    let date = |d: i32| jiff::civil::date(2024, 2, 10).saturating_add(jiff::Span::new().days(i64::from(d))).to_string();
    let data: String = days.iter().map(|(d, country, n)| format!("{},{country},{n},\n", date(*d))).collect();
    let rest = of(
        "  rolling: {type: cumulative, input_metric: n, window: 28 days}\n",
        "metrics: [rolling], grains: [day], group_by: [country]",
    );
    let rows = report(&format!("date,country,n,m\n{data}"), N, &rest, &[]);
    let last = days.iter().map(|(d, _, _)| *d).max().expect("days");
    let mut expected = vec![];
    for d in 0..=last {
        for country in ["BE", "FR"] {
            let inside: Vec<i64> =
                days.iter().filter(|(e, c, _)| *c == country && *e <= d && *e > d - 28).map(|r| r.2).collect();
            if !inside.is_empty() {
                expected.push((date(d), country.to_owned(), inside.iter().sum::<i64>().to_string()));
            }
        }
    }
    let found: Vec<(String, String, String)> =
        rows.iter().map(|r| (r["period_start"].clone(), r["country"].clone(), r["rolling"].clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_country_withheld_on_the_last_day_is_missing_at_month_end() {
    let source = "time: {column: date}, dimensions: [account, country], measures: [followers]";
    let rest = "segments: {fr: {where: \"country = 'FR'\"}}\nmetrics:\n  followers: {type: simple, source: s, expr: followers, non_additive_dimension: {name: time, window_agg: last, group_by: [account]}}\n  mean: {type: simple, source: s, expr: followers, non_additive_dimension: {name: time, window_agg: average, group_by: [account]}}\n  opening: {type: simple, source: s, expr: followers, non_additive_dimension: {name: time, window_agg: opening, group_by: [account]}}\nreports:\n  - {name: r, metrics: [followers, mean, opening], grains: [month], segments: [all, fr], exports: [{format: csv, path: r.csv, layout: wide}]}\n";
    // Account a reports to the 31st, without France on that day; account b to the 30th only.
    let data = "date,account,country,followers\n2025-01-15,a,FR,10\n2025-01-15,a,BE,5\n2025-01-31,a,BE,6\n2025-01-30,b,FR,100\n2025-02-28,b,FR,90\n2025-02-28,a,FR,12\n";
    let rows = report(data, source, rest, &[]);
    assert_eq!(by(&rows, "segment", "followers"), [("all", "106"), ("fr", "100"), ("all", "102"), ("fr", "102")]);
    assert_eq!(by(&rows, "segment", "mean")[0], ("all", "40.333333333333336"));
    assert_eq!(by(&rows, "segment", "opening"), [("all", ""), ("fr", ""), ("all", "106"), ("fr", "100")]);
}

#[test]
fn carry_forward_takes_a_few_days_before_the_period() {
    let source = "time: {column: date}, dimensions: [account], measures: [followers]";
    let rest = "metrics:\n  followers: {type: simple, source: s, expr: followers, carry_forward: 3 days, non_additive_dimension: {name: time, group_by: [account]}}\nreports:\n  - {name: r, metrics: [followers], grains: [week], exports: [{format: csv, path: r.csv, layout: wide}]}\n";
    // Weeks from Monday 6 and 13 January. Account b has nothing in the second: Friday the 10th is 3 days before it.
    let data = "date,account,followers\n2025-01-08,a,1\n2025-01-10,b,20\n2025-01-14,a,2\n2025-01-22,a,3\n";
    let rows = report(data, source, rest, &[]);
    assert_eq!(by(&rows, "period_label", "followers"), [("2025-W02", "21"), ("2025-W03", "22"), ("2025-W04", "3")]);
}

#[test]
fn weeks_are_iso_weeks_or_begin_on_the_declared_day() {
    let data = "date,country,n,m\n2024-12-30,FR,1,\n2025-01-05,FR,2,\n2025-01-06,FR,4,\n2027-01-03,FR,8,\n";
    let rest = of("", "metrics: [n], grains: [week]");
    let rows = report(data, N, &rest, &[]);
    assert_eq!(by(&rows, "period_label", "n"), [("2025-W01", "3"), ("2025-W02", "4"), ("2026-W53", "8")]);
    assert_eq!(by(&rows, "period_start", "period_end")[0], ("2024-12-30", "2025-01-05"));
    let rows = report(data, N, &format!("calendar: {{first_day_of_week: sunday}}\n{rest}"), &[]);
    assert_eq!(by(&rows, "period_label", "n"), [("2024-12-29", "1"), ("2025-01-05", "6"), ("2027-01-03", "8")]);
}

#[test]
fn the_tenth_day_of_an_open_month_compares_ten_days_with_ten() {
    let month = |month: u32, days: u32, n: u32| -> String {
        (1..=days).map(|d| format!("2025-{month:02}-{d:02},FR,{n},1\n")).collect()
    };
    let data = format!("date,country,n,m\n{}{}", month(5, 31, 2), month(6, 10, 3));
    let rest = of(
        "  growth: {type: time_comparison, base_metric: n, offset_window: 1 month}\n",
        "metrics: [n, growth], grains: [month], compare: [previous_period]",
    );
    let rows = report(&data, N, &rest, &[]);
    let june = &rows[1];
    assert_eq!([&june["n"], &june["growth"], &june["days"], &june["is_complete"]], ["30", "0.5", "10", "false"]);
    assert_eq!([&june["n__previous_period__value"], &june["n__previous_period__abs"]], ["20", "10"]);
    // The same, seen from the fourth.
    let rows = report(&data, N, &rest, &["--as-of", "2025-06-04"]);
    let june = &rows[1];
    assert_eq!(
        [&june["n"], &june["growth"], &june["days"], &june["n__previous_period__value"]],
        ["12", "0.5", "4", "8"]
    );
}

#[test]
fn week_53_is_compared_with_nothing_by_week_number() {
    let rest = of("  by_date: {type: time_comparison, base_metric: n, offset_window: 1 year, calculation: ratio}\n  by_week: {type: time_comparison, base_metric: n, offset_window: 1 year, calculation: ratio, align: iso_week}\n", "metrics: [by_date, by_week], grains: [week], start: 2020-12-14");
    let mondays = ["2019-12-16", "2019-12-23", "2019-12-30", "2020-12-14", "2020-12-21", "2020-12-28", "2021-01-03"];
    let data: String = mondays.iter().zip(1..).map(|(d, n)| format!("{d},FR,{n},\n")).collect();
    let rows = report(&format!("date,country,n,m\n2019-12-01,FR,0,\n{data}"), N, &rest, &[]);
    assert_eq!(by(&rows, "period_label", "by_week"), [("2020-W51", "4"), ("2020-W52", "2.5"), ("2020-W53", "")]);
    // 52 weeks before week 53 of 2020 is week 1 of 2020.
    assert_eq!(by(&rows, "period_label", "by_date")[2], ("2020-W53", "4.333333333333333"));
}

#[test]
fn fiscal_years_from_april_to_date() {
    let rest = of(
        "  to_date: {type: cumulative, input_metric: n, grain_to_date: year}\n",
        "metrics: [n, to_date], grains: [month, quarter]",
    );
    let data = "date,country,n,m\n2025-02-10,FR,1,\n2025-03-31,FR,2,\n2025-04-01,FR,4,\n2025-05-31,FR,8,\n";
    let rows = report(data, N, &format!("calendar: {{first_month_of_year: april}}\n{rest}"), &[]);
    let expected = [
        ("2025-02", "1"),
        ("2025-03", "3"),
        ("2025-04", "4"),
        ("2025-05", "12"),
        ("FY2025-Q4", "3"),
        ("FY2026-Q1", "12"),
    ];
    assert_eq!(by(&rows, "period_label", "to_date"), expected);
}

#[test]
fn a_retired_column_is_null_and_not_zero() {
    let rest = of("", "metrics: [n, m], grains: [month]");
    let rows = report("date,country,n,m\n2025-10-31,FR,1,5\n2025-11-30,FR,2,\n", N, &rest, &[]);
    assert_eq!(by(&rows, "n", "m"), [("1", "5"), ("2", "")]);
}

#[test]
fn not_france_leaves_out_those_without_a_country_and_a_null_country_is_no_total() {
    let data = "date,country,n,m\n2025-01-01,FR,1,\n2025-01-01,BE,2,\n2025-01-31,,4,\n";
    let rest = of("", "metrics: [n], grains: [month], group_by: [country], segments: [all, abroad], totals: true");
    let rest = format!("segments: {{abroad: {{where: \"NOT country = 'FR'\"}}}}\n{rest}");
    let rows = report(data, N, &rest, &[]);
    let found: Vec<[&str; 4]> =
        rows.iter().map(|r| [r["level"].as_str(), &r["country"], &r["segment"], &r["n"]]).collect();
    let expected = [
        ["detail", "BE", "abroad", "2"],
        ["detail", "BE", "all", "2"],
        ["detail", "FR", "all", "1"],
        ["detail", "(unknown)", "all", "4"],
        ["total", "(all)", "abroad", "2"],
        ["total", "(all)", "all", "7"],
    ];
    for row in expected {
        assert!(found.contains(&row), "{row:?} is not in {found:?}");
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn a_start_does_not_cut_what_windows_and_comparisons_look_at() {
    let data: String = (1..=12)
        .flat_map(|m| [format!("2024-{m:02}-01,FR,{m},\n"), format!("2025-{m:02}-28,FR,{},\n", 10 * m)])
        .collect();
    let metrics = "  total: {type: cumulative, input_metric: n}\n  yoy: {type: time_comparison, base_metric: n, offset_window: 1 year, calculation: ratio}\n  last_3: {type: cumulative, input_metric: n, window: 3 periods}\n";
    let rest = of(metrics, "metrics: [n, total, yoy, last_3], grains: [month], start: 2025-02-01, end: 2025-02-28");
    let rows = report(&format!("date,country,n,m\n{data}"), N, &rest, &[]);
    assert_eq!(rows.len(), 1);
    assert_eq!([&rows[0]["n"], &rows[0]["total"], &rows[0]["yoy"], &rows[0]["last_3"]], ["20", "108", "10", "42"]);
}

#[test]
fn the_29th_of_february_is_compared_with_the_28th() {
    let rest = of(
        "  yoy: {type: time_comparison, base_metric: n, offset_window: 1 year, calculation: difference}\n",
        "metrics: [yoy], grains: [day], start: 2024-02-28, end: 2024-03-01",
    );
    let rows = report("date,country,n,m\n2023-02-28,FR,1,\n2023-03-01,FR,2,\n2024-02-28,FR,10,\n2024-02-29,FR,20,\n2024-03-01,FR,30,\n", N, &rest, &[]);
    assert_eq!(by(&rows, "period_start", "yoy"), [("2024-02-28", "9"), ("2024-02-29", "19"), ("2024-03-01", "28")]);
}

#[test]
fn a_part_of_an_earlier_period_is_not_compared_with_a_whole_one() {
    let rest = of(
        "  growth: {type: time_comparison, base_metric: n, offset_window: 1 period}\n",
        "metrics: [growth], grains: [month]",
    );
    let rows = report("date,country,n,m\n2025-01-20,FR,1,\n2025-02-01,FR,50,\n2025-03-31,FR,100,\n", N, &rest, &[]);
    assert_eq!(by(&rows, "period_label", "growth"), [("2025-01", ""), ("2025-02", ""), ("2025-03", "1")]);
}

#[test]
fn shares_and_ignored_dimensions_have_a_fixed_whole() {
    let metrics = "  part: {type: share, input_metric: n}\n  voice: {type: ratio, numerator: n, denominator: n, denominator_ignores: [country, segment]}\n";
    let rest = of(
        metrics,
        "metrics: [part, voice], grains: [month], group_by: [country], segments: [small, all], totals: true",
    );
    let rest = format!("segments: {{small: {{where: \"country <> 'FR' AND country IS NOT NULL\"}}}}\n{rest}");
    let rows = report("date,country,n,m\n2025-01-01,FR,5,\n2025-01-01,BE,3,\n2025-01-31,CH,2,\n", N, &rest, &[]);
    let small: Vec<[&str; 3]> = rows
        .iter()
        .filter(|r| r["segment"] == "small")
        .map(|r| [r["country"].as_str(), &r["part"], &r["voice"]])
        .collect();
    assert_eq!(small, [["BE", "0.6", "0.3"], ["CH", "0.4", "0.2"], ["(all)", "1", "0.5"]]);
}

#[test]
fn a_mean_of_ratios_has_one_ratio_of_each_unit() {
    let source = "time: {column: date}, dimensions: [post, country], measures: [n, m]";
    let metrics = "  mean: {type: ratio, numerator: n, denominator: m, ratio_agg: mean_of_ratios, ratio_unit: [post]}\n  whole: {type: ratio, numerator: n, denominator: m}\n";
    let rest = of(metrics, "metrics: [mean, whole], grains: [month]");
    // Post a: 3/4 over two days; b: 1/2; c has no denominator and is left out.
    let data =
        "date,post,country,n,m\n2025-01-01,a,FR,1,2\n2025-01-31,a,BE,2,2\n2025-01-05,b,FR,10,20\n2025-01-06,c,FR,7,0\n";
    let rows = report(data, source, &rest, &[]);
    assert_eq!([&rows[0]["mean"], &rows[0]["whole"]], ["0.625", "0.8333333333333334"]);
}

#[test]
fn incomplete_periods_are_dropped_after_everything_is_computed() {
    let metrics = "  growth: {type: time_comparison, base_metric: n, offset_window: 1 period}\n";
    let data = "date,country,n,m\n2025-01-01,FR,10,\n2025-02-28,FR,20,\n2025-03-10,FR,5,\n";
    let rows = report(data, N, &of(metrics, "metrics: [n, growth], grains: [month], incomplete_periods: drop"), &[]);
    assert_eq!(by(&rows, "period_label", "growth"), [("2025-01", ""), ("2025-02", "1")]);
}

#[test]
fn rows_for_every_period_and_zero_in_place_of_unknown() {
    let rest = "metrics:\n  n: {type: simple, source: s, expr: n, join_to_timespine: true, fill_nulls_with: 0}\n  per_day: {type: derived, expr: n / days_in_period}\nreports:\n  - {name: r, metrics: [n, per_day], grains: [month], group_by: [country], exports: [{format: csv, path: r.csv, layout: wide}]}\n";
    let rows = report("date,country,n,m\n2025-01-01,FR,31,\n2025-03-05,BE,10,\n", N, rest, &[]);
    let found: Vec<[&str; 4]> =
        rows.iter().map(|r| [r["period_label"].as_str(), &r["country"], &r["n"], &r["per_day"]]).collect();
    let expected = [
        ["2025-01", "BE", "0", "0"],
        ["2025-01", "FR", "31", "1"],
        ["2025-02", "BE", "0", "0"],
        ["2025-02", "FR", "0", "0"],
        ["2025-03", "BE", "10", "2"],
        ["2025-03", "FR", "0", "0"],
    ];
    assert_eq!(found, expected);
}

#[test]
fn dimensions_may_be_expressions_and_texts_brought_into_one_form() {
    let place = Place::new();
    let days = ["2025-01-01,FB ,12,3,FR", "2025-01-02,facebook,40,4,fr", "2025-01-03,X,5,5,", "2025-01-04,n/a,90,6,BE"];
    place.write("data.csv", format!("date,network,length,n,country\n{}\n", days.join("\n")));
    let pipeline = "version: 1\nname: t\nsources:\n  s:\n    path: data.csv\n    time: {column: date}\n    dimensions:\n      network: {normalise: [trim, lower], map: {fb: facebook, n/a: null}}\n      country: {normalise: [upper]}\n      size: \"CASE WHEN length < 20 THEN 'short' ELSE 'long' END\"\n      both: {expr: \"CASE WHEN network IS NULL THEN 'none' ELSE size END\"}\n      weekend: DAYOFWEEK(date) > 5\n    measures: [n]\nmetrics:\n  n: {type: simple, source: s, expr: n}\n  short: {type: simple, source: s, expr: n, filter: size = 'short'}\nsegments:\n  fr: {where: \"country = 'FR'\"}\nreports:\n  - {name: r, metrics: [n, short], group_by: [network, both, weekend], segments: [all, fr], grains: [all], exports: [{format: csv, path: r.csv, layout: wide}]}\n";
    place.write("pipeline.yaml", pipeline);
    let expected = "facebook,long,false,all,4,\nfacebook,long,false,fr,4,\nfacebook,short,false,all,3,3\nfacebook,short,false,fr,3,3\nx,short,false,all,5,5\n(unknown),none,true,all,6,\n";
    for engine in ["fused", "polars"] {
        place.run(&["-q", "--engine", engine]);
        let rows: Vec<String> = place
            .read("r.csv")
            .lines()
            .skip(1)
            .map(|l| l.split(",detail,").nth(1).expect("a row").to_owned() + "\n")
            .collect();
        assert_eq!(rows.concat(), expected, "{engine}");
    }
    place.write(
        "pipeline.yaml",
        pipeline
            .replace("DAYOFWEEK(date) > 5", "length / 2")
            .replace("{normalise: [upper]}", "{normalise: [upper], type: integer}"),
    );
    let told = place.jalon(&["check", "pipeline.yaml"]).stderr;
    assert!(told.contains("dimension `weekend` is a number") && told.contains("`normalise` is for texts"), "{told}");
}

/// Found by a random case: the days of the only window were taken for cells of their own.
#[test]
fn the_window_of_a_report_of_one_day_holds_all_of_its_days() {
    let metrics = "  to_date: {type: cumulative, input_metric: n, grain_to_date: month}\n";
    let rest = of(metrics, "metrics: [to_date], grains: [day], start: 2025-01-03, end: 2025-01-03");
    let rows = report("date,country,n,m\n2025-01-01,FR,1,\n2025-01-02,FR,2,\n2025-01-03,FR,4,\n", N, &rest, &[]);
    assert_eq!(by(&rows, "period_start", "to_date"), [("2025-01-03", "7")]);
}

/// What a run warned of and counted for a report of followers.
fn followers(data: &str, metric: &str, report: &str) -> (String, serde_json::Value) {
    let place = Place::new();
    place.write("data.csv", data);
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1\nname: t\nsources:\n  s: {{path: data.csv, time: {{column: date}}, dimensions: [account], measures: [followers]}}\nmetrics:\n  fans: {{type: simple, source: s, expr: followers, non_additive_dimension: {{name: time, window_agg: last, group_by: [account]}}{metric}}}\nreports:\n  - {{name: r, metrics: [fans], {report}, exports: [{{format: csv, path: r.csv}}]}}\n"
        ),
    );
    let done = place.run(&[]);
    (done.stderr, serde_json::from_str(&place.read("t.manifest.json")).expect("JSON"))
}

#[test]
fn keys_that_are_carried_or_missing_are_counted_and_a_value_of_some_keys_is_warned_of() {
    let data =
        "date,account,followers\n2025-01-30,a,10\n2025-01-31,b,5\n2025-02-10,a,11\n2025-03-02,a,12\n2025-03-03,b,6\n";
    let (told, manifest) = followers(data, "", "grains: [month]");
    assert!(told.contains("report `r`: `fans` is incomplete in 1 month"), "{told}");
    let expected = serde_json::json!([{"report": "r", "grain": "month", "metric": "fans", "carried": 0, "missing": 1, "partial_periods": 1}]);
    assert_eq!(manifest["snapshots"], expected);
    let (told, manifest) = followers(data, ", carry_forward: 3 days", "grains: [month]");
    assert!(!told.contains("incomplete"), "{told}");
    assert_eq!((&manifest["snapshots"][0]["carried"], &manifest["snapshots"][0]["missing"]), (&1.into(), &0.into()));
}

#[test]
fn data_that_is_too_short_for_a_start_is_warned_of() {
    let place = Place::new();
    place.write("data.csv", "date,n\n2025-01-15,1\n2025-02-20,1\n");
    let pipeline = |report: &str| {
        format!("version: 1\nname: t\nsources:\n  s: {{path: data.csv, time: {{column: date}}, measures: [n]}}\nmetrics:\n  n: {{type: simple, source: s, expr: n}}\n  last_28d: {{type: cumulative, input_metric: n, window: 28 days}}\nreports:\n  - {{name: r, metrics: [last_28d], grains: [day], {report}, exports: [{{format: csv, path: r.csv}}]}}\n")
    };
    place.write("pipeline.yaml", pipeline("start: 2025-02-01"));
    let told = place.run(&[]).stderr;
    assert!(told.contains("report `r` looks back to 2025-01-05, but source `s` begins on 2025-01-15"), "{told}");
    place.write("pipeline.yaml", pipeline("start: 2025-02-11"));
    assert_eq!(place.run(&[]).stderr, "");
    place.write("pipeline.yaml", pipeline("start: 2025-02-20, compare: [previous_month]"));
    let told = place.run(&[]).stderr;
    assert!(told.contains("looks back to 2024-12-24"), "{told}");
}

/// A day is one in every zone: beside local times of another file it is no midnight there.
#[test]
fn days_in_one_file_are_not_shifted_by_the_zone_of_times_in_another() {
    use arrow::array::{ArrayRef, Date32Array, Int64Array, TimestampMicrosecondArray};
    use std::sync::Arc;
    let place = Place::new();
    let noon = 20_000 * 86_400_000_000 + 43_200_000_000;
    let times: [(&str, ArrayRef); 2] = [
        ("a", Arc::new(Date32Array::from(vec![20_000]))),
        ("b", Arc::new(TimestampMicrosecondArray::from(vec![noon]))),
    ];
    for (name, at) in times {
        let n: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let bytes = crate::harness::parquet(vec![("at", at), ("n", n)]);
        place.write(&format!("data/{name}.parquet"), bytes);
    }
    place.write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data, time: {column: at, timezone: Europe/Paris}, measures: [n]}\nmetrics:\n  n: {type: simple, source: s, expr: n}\nreports:\n  - {name: r, metrics: [n], grains: [day], exports: [{format: csv, path: r.csv, layout: wide}]}\n",
    );
    place.run(&[]);
    let text = place.read("r.csv");
    assert!(text.lines().count() == 2 && text.contains("2024-10-04"), "{text}");
}
