//! Drivers: contributions by hand, and that they add up whatever the data.

use crate::harness::{rows, Place};
use proptest::prelude::*;

fn place(data: &str, analyses: &str) -> Place {
    let place = Place::new();
    place.write("data.csv", data);
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1
name: t
sources:
  s: {{path: data.csv, time: {{column: date}}, dimensions: [network, country], measures: [revenue, {{}}]}}
metrics:
  revenue: {{type: simple, source: s, expr: revenue}}
  spend: {{type: simple, source: s, expr: spend}}
  roas: {{type: ratio, numerator: revenue, denominator: spend}}
  roas_change: {{type: time_comparison, base_metric: roas, offset_window: 1 month}}
analyses:
{analyses}
reports: []
"
        )
        .replace("measures: [revenue, {}]", "measures: {revenue: {type: number}, spend: {type: number}}"),
    );
    place
}

const ROAS: &str = "  - {name: why, type: drivers, metric: roas, by: [network, country], grain: month, exports: [{format: csv, path: why.csv}]}";

#[test]
fn mix_and_rate_are_told_apart_and_add_up() {
    // x: 10 of 10, then 20 of 10: its rate doubles. y: 5 of 10, then 15 of 30: as good, but more of it.
    let data = "date,network,country,revenue,spend\n2025-01-01,x,FR,10,10\n2025-01-01,y,FR,5,10\n2025-02-01,x,FR,20,10\n2025-02-28,y,BE,15,30\n";
    let place = place(data, ROAS);
    place.run(&[]);
    let columns = [
        "dimension",
        "dimension_value",
        "rank",
        "weight_earlier",
        "weight_current",
        "rate_effect",
        "mix_effect",
        "contribution",
        "total_earlier",
        "total_current",
    ];
    let found = rows(&place, "why.csv", &columns);
    // R is 0.75, then 0.875; the weight of x falls from 1/2 to 1/4. Rate of x: (1/2 + 1/4) / 2 · (2 − 1) = 0.375;
    // mix of x: −1/4 · (1.5 − 0.8125) = −0.171875; mix of y: 1/4 · (0.5 − 0.8125) = −0.078125.
    assert_eq!(found[0], ["network", "x", "1", "0.5", "0.25", "0.375", "-0.171875", "0.203125", "0.75", "0.875"]);
    assert_eq!(found[1], ["network", "y", "2", "0.5", "0.75", "0", "-0.078125", "-0.078125", "0.75", "0.875"]);
    assert_eq!(found[2][..2], ["country", "BE"]);
    assert_eq!(found.len(), 4);
}

#[test]
fn what_adds_up_is_taken_apart_by_differences() {
    let data = "date,network,country,revenue,spend\n2025-01-01,x,FR,10,10\n2025-01-01,y,,5,10\n2025-02-01,x,FR,4,10\n2025-02-28,z,BE,15,30\n";
    let place = place(data, "  - {name: why, type: drivers, metric: revenue, by: [network], grain: month, exports: [{format: csv, path: why.csv}, {format: parquet, path: why.parquet}]}");
    place.run(&[]);
    let columns = ["dimension_value", "earlier", "current", "contribution", "share_of_change", "rank", "total_change"];
    let expected = [
        ["x", "10", "4", "-6", "-1.5", "2", "4"],
        ["y", "5", "0", "-5", "-1.25", "3", "4"],
        ["z", "0", "15", "15", "3.75", "1", "4"],
    ];
    assert_eq!(rows(&place, "why.csv", &columns), expected);
    place.run(&["--engine", "polars"]);
    assert_eq!(rows(&place, "why.csv", &columns), expected);
}

#[test]
fn mistakes_in_analyses() {
    let analyses = "  - {name: a, type: drivers, metric: roas_change, by: [network], grain: month, exports: [{format: csv, path: a.csv}]}
  - {name: a, type: drivers, metric: revenu, by: [], grain: month, exports: []}
  - {name: c, type: drivers, metric: roas, by: [netwrk], grain: week, compare: previous_month, exports: [{format: csv, path: data.csv}]}";
    let done = place("date,network,country,revenue,spend\n2025-01-01,x,FR,10,10\n", analyses)
        .jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Contributions, and rate and mix effects, sum to the change within a billionth of what is added.
    #[test]
    fn contributions_sum_to_the_change(
        records in prop::collection::vec((0u8..4, 0u8..5, 0u8..4, -1_000_000i64..1_000_000, 0i64..1_000_000), 1..60)
    ) {
        let line = |(month, network, country, revenue, spend): &(u8, u8, u8, i64, i64)| {
            let network = ["", "x", "y", "z", "é"][usize::from(*network)];
            let country = ["FR", "BE", "", "CA"][usize::from(*country)];
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let cents = |n: i64| n as f64 / 100.0;
            format!("2025-0{}-15,{network},{country},{},{}\n", month + 1, cents(*revenue), cents(*spend))
        };
        let data = format!("date,network,country,revenue,spend\n{}", records.iter().map(line).collect::<String>());
        let both = format!("{ROAS}\n  - {{name: sums, type: drivers, metric: revenue, by: [network, country], grain: month, exports: [{{format: csv, path: sums.csv}}]}}");
        let place = place(&data, &both);
        place.run(&[]);
        for file in ["why.csv", "sums.csv"] {
            let columns = ["period_label", "dimension", "contribution", "rate_effect", "mix_effect", "total_change", "total_earlier", "total_current"];
            let mut cells: std::collections::BTreeMap<(String, String), (f64, f64, f64, f64)> = std::collections::BTreeMap::new();
            for row in rows(&place, file, &columns) {
                let number = |i: usize| row[i].parse::<f64>().unwrap_or(0.0);
                let cell = cells.entry((row[0].clone(), row[1].clone())).or_default();
                cell.0 += number(2);
                cell.1 += number(3) + number(4);
                cell.2 = number(5);
                cell.3 += number(2).abs() + number(6).abs() + number(7).abs();
            }
            for (contributions, effects, change, size) in cells.into_values() {
                prop_assert!((contributions - change).abs() <= 1e-9 * size.max(1e-9), "{file}: {contributions} {change}");
                if file == "why.csv" {
                    prop_assert!((effects - change).abs() <= 1e-9 * size.max(1e-9), "{file}: {effects} {change}");
                }
            }
        }
    }
}
