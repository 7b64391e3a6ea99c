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
