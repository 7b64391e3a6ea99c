//! Content fit: lift, error and what stands out, by hand.

use crate::harness::Place;

fn place(data: &str, analysis: &str) -> Place {
    let place = Place::new();
    place.write("data.csv", data);
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1
name: t
sources:
  s: {{path: data.csv, time: {{column: date}}, dimensions: {{network: {{}}, format: {{}}, post: {{type: text}}}}, measures: [likes, views]}}
metrics:
  likes: {{type: simple, source: s, expr: likes}}
  views: {{type: simple, source: s, expr: views}}
  rate: {{type: ratio, numerator: likes, denominator: views}}
analyses:
{analysis}
reports: []
"
        ),
    );
    place
}

fn rows(place: &Place, columns: &[&str]) -> Vec<Vec<String>> {
    crate::harness::rows(place, "fit.csv", columns)
}

const FIT: &str = "  - {name: fit, type: content_fit, metric: rate, within: [network], by: [format], unit: post, grain: month, exports: [{format: csv, path: fit.csv}, {format: parquet, path: fit.parquet}]}";

/// Posts of a format on network x, with 100 views each and these likes, in two records of two days.
fn posts(format: &str, likes: &[i32]) -> String {
    let one = |(number, likes): (usize, &i32)| {
        format!("2025-01-01,x,{format},{format}{number},{likes},60\n2025-01-02,x,{format},{format}{number},0,40\n")
    };
    likes.iter().enumerate().map(one).collect()
}

#[test]
fn a_format_stands_out_when_its_posts_agree() {
    let data = format!(
        "date,network,format,post,likes,views\n{}{}{}2025-01-01,y,video,lone,1,10\n",
        posts("video", &[20, 21, 19, 20, 20, 20]),
        posts("image", &[10, 11, 9, 10, 10, 10]),
        posts("link", &[1, 30, 9]),
    );
    let place = place(&data, FIT);
    place.run(&[]);
    let columns = ["network", "format", "units", "value", "level_value", "rest_value", "stands_out"];
    let found = rows(&place, &columns);
    let level = (120.0 + 60.0 + 40.0) / 1500.0;
    assert_eq!(found[0][..4], ["x", "image", "6", "0.1"]);
    assert_eq!(found[0][4], format!("{level}"));
    assert_eq!(found[0][5], format!("{}", 160.0 / 900.0));
    // Three posts are too few to say anything, one network with one post as well.
    assert_eq!(found[1], ["x", "link", "3", &format!("{}", 40.0 / 300.0), &format!("{level}"), "0.15", ""]);
    assert_eq!(found[2][..4], ["x", "video", "6", "0.2"]);
    assert_eq!(found[3], ["y", "video", "1", "0.1", "0.1", "", ""]);
    // Of 20 likes with a spread of 2/5 the error is √(6/5 · 2) / 600; the rest is 0, 1, -1, 0, 0, 0 and others off 100/9.
    let of = rows(&place, &["standard_error", "p_value", "lift", "stands_out"]);
    let (rest, r) = ([10.0, 11.0, 9.0, 10.0, 10.0, 10.0, 1.0, 30.0, 9.0], 100.0 / 900.0);
    let variance = |n: f64, squares: f64, below: f64| n / (n - 1.0) * squares / below / below;
    let squares: f64 = rest.iter().map(|y| f64::powi(y - r * 100.0, 2)).sum();
    let error = (variance(6.0, 2.0, 600.0) + variance(9.0, squares, 900.0)).sqrt();
    let found: f64 = of[2][0].parse().expect("a number");
    assert!((found - error).abs() < 1e-12, "{found} {error}");
    let lift: f64 = of[2][2].parse().expect("a number");
    assert!((lift - 0.2 / level).abs() < 1e-12);
    // z = 2.96, p = 0.003: below 0.05 / 2.
    let p: f64 = of[2][1].parse().expect("a number");
    let z = (0.2 - r) / error;
    assert!((2.5..3.5).contains(&z) && (0.0005..0.012).contains(&p) && of[2][3] == "true", "{z} {p}");
}

#[test]
fn chance_does_not_stand_out() {
    let data = format!(
        "date,network,format,post,likes,views\n{}{}",
        posts("video", &[1, 30, 5, 40, 2, 12]),
        posts("image", &[3, 25, 9, 33, 0, 11]),
    );
    let place = place(&data, FIT);
    place.run(&["--engine", "polars"]);
    assert!(rows(&place, &["stands_out"]).iter().all(|row| row[0] == "false"));
}

#[test]
fn mistakes_in_content_fit() {
    let analyses = "  - {name: a, type: content_fit, metric: likes, by: [format], grain: month, exports: [{format: csv, path: a.csv}]}
  - {name: b, type: content_fit, metric: rate, by: [format], unit: pst, compare: previous_year, grain: month, exports: [{format: csv, path: b.csv}]}
  - {name: c, type: drivers, metric: rate, by: [format], within: [network], unit: post, grain: month, exports: [{format: csv, path: c.csv}]}";
    let done = place("date,network,format,post,likes,views\n2025-01-01,x,f,1,1,1\n", analyses)
        .jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}
