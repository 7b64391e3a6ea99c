//! The plan of every shipped pipeline, as `explain` prints it: what is shared and derived shows in review.

use crate::harness::{repository, run_in, Place};

#[test]
fn the_plans_of_the_shipped_pipelines() {
    for name in ["brand_social", "content_formats", "paid_media", "web_traffic"] {
        let done = run_in(&repository(), &["explain", &format!("pipelines/{name}.yaml")]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        insta::assert_snapshot!(format!("explain_{name}"), done.stdout);
    }
}

const DATA: &str = "date,network,country,clicks\n2025-01-01,x,FR,1\n";

#[test]
fn a_coarser_report_is_derived_from_a_finer_one() {
    let place = Place::new();
    place.write("data.csv", DATA).write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data.csv, time: {column: date}, dimensions: [network, country], measures: [clicks]}\nmetrics:\n  clicks: {type: simple, source: s, expr: clicks}\n  most: {type: simple, source: s, agg: max, expr: clicks}\nreports:\n  - {name: fine, metrics: [clicks, most], group_by: [network, country], grains: [day, week], exports: [{format: csv, path: a.csv}]}\n  - {name: coarse, metrics: [clicks], group_by: [network], grains: [month], exports: [{format: csv, path: b.csv}]}\n  - {name: same, metrics: [most], group_by: [country, network], grains: [day], exports: [{format: csv, path: c.csv}]}\n",
    );
    insta::assert_snapshot!(place.jalon(&["explain", "pipeline.yaml"]).stdout);
}

/// A pipeline over two files and two sources, whose figures are made of what `explain --number` tells.
fn figures() -> crate::harness::Place {
    let place = crate::harness::Place::new();
    place.write("posts/1.csv", "date,network,likes,views\n2025-01-31,x,5,100\n2025-02-01,x,1,10\n2025-02-02,y,2,20\n");
    place.write("posts/2.csv", "date,network,likes,views\n2025-02-28,x,,30\n2025-02-28,,4,40\n");
    place.write("ads.csv", "day,spend\n2025-02-03,9.5\n2025-03-01,1\n");
    place.write(
        "pipeline.yaml",
        "version: 1
name: t
sources:
  posts: {path: posts, time: {column: date}, dimensions: [network], measures: [likes, views], where: views > 0}
  ads: {path: ads.csv, time: {column: day}, measures: [spend]}
segments: {named: {where: {posts: network IS NOT NULL, ads: \"TRUE\"}}}
metrics:
  likes: {type: simple, source: posts, expr: likes, filter: likes < 5}
  views: {type: simple, source: posts, expr: views}
  spend: {type: simple, source: ads, expr: spend, ignore_dimensions: [network]}
  like_rate: {type: ratio, numerator: likes, denominator: views}
  likes_growth: {type: time_comparison, base_metric: likes, offset_window: 1 month}
  cost_per_like: {type: ratio, numerator: spend, denominator: likes}
reports:
  - {name: by_network, metrics: [likes, like_rate, likes_growth, cost_per_like], group_by: [network], segments: [all, named], grains: [day, month], totals: true, exports: [{format: csv, path: r.csv}]}
  - {name: other, metrics: [likes], grains: [month], exports: [{format: csv, path: o.csv}]}
",
    );
    place
}

#[test]
fn one_figure_is_explained_down_to_its_files() {
    let place = figures();
    let ask = |args: &[&str]| {
        let done = place.jalon(&[&["explain", "pipeline.yaml", "--number"], args].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    insta::assert_snapshot!(ask(&[
        "like_rate",
        "--period",
        "2025-02",
        "--where",
        "network = 'x'",
        "--segment",
        "named"
    ]));
    insta::assert_snapshot!(ask(&["likes_growth", "--period", "2025-02"]));
    insta::assert_snapshot!(ask(&["cost_per_like", "--period", "2025-02", "--where", "network IS NULL"]));
    let json = ask(&["like_rate", "--period", "2025-02", "--where", "network = 'y'", "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(answer["figure"]["value"], 0.1);
    assert_eq!(answer["figure"]["inputs"][0]["records"]["files"][0]["path"], "posts/1.csv");
    assert!(!place.path().join("r.csv").exists(), "explaining writes nothing");
}

#[test]
fn figures_that_are_not_there() {
    let place = figures();
    let mut told = String::new();
    for args in [
        &["likes", "--period", "2025-02"][..],
        &["views", "--period", "2025-02"],
        &["like_rate", "--period", "2025-04"],
        &["like_rate", "--period", "2025-02", "--report", "by_netwrk"],
        &["like_rate", "--period", "2025-02", "--where", "netwrk = 'x'"],
        &["like_rate", "--period", "2025-02", "--where", "network = 'z'"],
        &["like_rate", "--period", "2025-02", "--where", "network IS NOT NULL"],
        &["like_rate", "--period", "2025-02", "--segment", "unnamed"],
        &["like_rate", "--period", "2025-02", "--grain", "week"],
    ] {
        let done = place.jalon(&[&["explain", "pipeline.yaml", "--number"], args].concat());
        assert_eq!(done.code, 2, "{args:?}: {}", done.stdout);
        told += &format!("$ {}\n{}\n", args.join(" "), done.stderr.trim_end());
    }
    insta::assert_snapshot!(told);
}
