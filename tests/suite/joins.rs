//! Several sources in one report, and lookups: figures by hand, and the mistakes that are told.

use crate::harness::{cells, Place};

const POSTS: &str =
    "date,network,country,post_id,likes\n2025-01-01,x,FR,1,10\n2025-01-01,x,BE,2,5\n2025-01-02,y,FR,3,7\n2025-01-02,y,,4,1\n";
const ADS: &str = "day,network,spend\n2025-01-01,x,100\n2025-01-02,x,20\n2025-01-02,y,30\n2025-01-03,z,5\n";
const TAGS: &str = "Post,Campaign,boosted,weight,until\n 1 ,spring,true,1.5,2025-02-01\n3,spring,false,2,\n4,autumn,true,,2025-03-01\n9,never,true,1,\n";

/// A folder with the data, and a pipeline of the blocks after `sources`.
fn place(rest: &str) -> Place {
    let place = Place::new();
    place.write("posts.csv", POSTS).write("ads.csv", ADS).write("tags.csv", TAGS);
    place.write(
        "pipeline.yaml",
        format!(
            "version: 1
name: t
sources:
  posts:
    path: posts.csv
    time: {{column: date}}
    dimensions: {{network: {{}}, country: {{}}, post_id: {{type: text}}}}
    measures: [likes]
    lookups: {{tags: {{on: [post_id]}}}}
  ads: {{path: ads.csv, time: {{column: day}}, dimensions: [network], measures: [spend]}}
lookups:
  tags:
    path: tags.csv
    key: {{Post: {{type: text}}}}
    columns: {{campaign: {{column: Campaign}}, boosted: {{}}, weight: {{}}, until: {{}}}}
{rest}"
        ),
    );
    place
}

fn report(metrics: &str, report: &str) -> String {
    format!("metrics:\n  likes: {{type: simple, source: posts, expr: likes}}\n{metrics}reports:\n  - {{name: r, metrics: [likes], {report}, exports: [{{format: csv, path: r.csv, layout: wide}}]}}\n")
}

#[test]
fn a_lookup_tells_dimensions_conditions_and_numbers() {
    let metrics = "  weighted: {type: simple, source: posts, expr: likes * weight}\n  boosted_likes: {type: simple, source: posts, expr: likes, filter: boosted AND until > DATE '2025-02-15'}\n";
    let place = place(
        &report(metrics, "group_by: [campaign], grains: [all]")
            .replace("metrics: [likes]", "metrics: [likes, weighted, boosted_likes]"),
    );
    let done = place.run(&[]);
    let columns = ["campaign", "likes", "weighted", "boosted_likes"];
    assert_eq!(cells(&place, &columns), ["autumn 1  1", "spring 17 29 ", "(unknown) 5  "]);
    assert!(done.stderr.contains("source `posts`: 1 record of 4 without a row in lookup `tags`"), "{}", done.stderr);
    let manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
    assert_eq!(manifest["inputs"][0]["unmatched"]["tags"], 1);
    place.run(&["--engine", "polars"]);
    assert_eq!(cells(&place, &columns), ["autumn 1  1", "spring 17 29 ", "(unknown) 5  "]);
    let explained = place.jalon(&["explain", "pipeline.yaml"]);
    assert!(explained.stdout.contains("looked up: campaign in tags by post_id"), "{}", explained.stdout);
}

#[test]
fn a_key_that_is_twice_in_a_lookup_is_an_error() {
    let place = place(&report("", "group_by: [campaign], grains: [all]"));
    place.write("tags.csv", "Post,Campaign,boosted,weight,until\n1,a,true,1,\n2,b,true,1,\n 1,a,true,1,\n");
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3);
    insta::assert_snapshot!(done.stderr);
}

#[test]
fn a_report_may_not_replace_a_lookup() {
    let place = place(&report("", "grains: [all]").replace("path: r.csv", "path: tags.csv"));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("`tags.csv` is read by `tags`"), "{}", done.stderr);
}

#[test]
fn mistakes_in_lookups_are_told_at_once() {
    let place = place(&report("", "grains: [all]"));
    let yaml = place.read("pipeline.yaml");
    let yaml = yaml
        .replace(
            "lookups: {tags: {on: [post_id]}}",
            "lookups: {tags: {on: [post_id, country]}, tagz: {}, codes: {}, wrong: {}, none: {}}",
        )
        .replace(
            "lookups:\n  tags:",
            "lookups:
  codes: {path: tags.csv, key: [Post], columns: {country: {column: Campaign}}}
  wrong: {path: tags.csv, key: {post_id: {column: Post}}, columns: [Champaign, boosted, boosted]}
  none: {path: nothing.csv, key: [], columns: [x]}
  number: {path: tags.csv, key: [weight], columns: [Campaign]}
  tags:",
        );
    place.write("pipeline.yaml", yaml);
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    let folder = place.path().display().to_string();
    insta::assert_snapshot!(done.stderr.replace(&folder, "FOLDER"));
}

#[test]
fn a_metric_that_ignores_a_dimension_is_repeated_over_its_values_and_counted_once_in_totals() {
    let metrics = "  spend: {type: simple, source: ads, expr: spend, ignore_dimensions: [country]}\n  spend_per_like: {type: ratio, numerator: spend, denominator: likes}\n";
    let yaml = report(metrics, "group_by: [network, country], grains: [all], totals: [[network], []]")
        .replace("metrics: [likes]", "metrics: [likes, spend, spend_per_like]");
    let place = place(&yaml);
    place.run(&[]);
    let expected = [
        "detail x BE 5 120 24",
        "detail x FR 10 120 12",
        "detail y FR 7 30 4.285714285714286",
        "detail y (unknown) 1 30 30",
        // At this level the dimension is not there to be ignored: the ads make rows of their own.
        "network x (all) 15 120 8",
        "network y (all) 8 30 3.75",
        "network z (all)  5 ",
        "total (all) (all) 23 155 6.739130434782608",
    ];
    let columns = ["level", "network", "country", "likes", "spend", "spend_per_like"];
    assert_eq!(cells(&place, &columns), expected);
    let long = place.read("pipeline.yaml").replace("layout: wide", "layout: long");
    place.write("pipeline.yaml", long);
    place.run(&[]);
    assert!(place.read("r.csv").contains("non_additive:ignores_country"));
}

#[test]
fn a_segment_says_what_it_means_in_each_source() {
    let metrics = "  spend: {type: simple, source: ads, expr: spend, ignore_dimensions: [country]}\n";
    let segments = "segments:\n  french: {where: {posts: \"country = 'FR'\", ads: \"network <> 'z'\"}}\n";
    let yaml = segments.to_owned()
        + &report(metrics, "group_by: [network], segments: [all, french], grains: [all]")
            .replace("metrics: [likes]", "metrics: [likes, spend]");
    let place = place(&yaml);
    place.run(&[]);
    let expected = ["x all 15 120", "x french 10 120", "y all 8 30", "y french 7 30", "z all  5"];
    assert_eq!(cells(&place, &["network", "segment", "likes", "spend"]), expected);
}

#[test]
fn mistakes_across_sources_are_told_with_the_ways_out() {
    let metrics = "  spend: {type: simple, source: ads, expr: spend}\n  alone: {type: simple, source: ads, expr: spend, ignore_dimensions: [country]}\n  mean: {type: ratio, numerator: alone, denominator: alone, ratio_agg: mean_of_ratios, ratio_unit: [network]}\n  part: {type: share, input_metric: alone}\n";
    let segments = "segments:\n  french: {where: {posts: \"country = 'FR'\", adz: \"TRUE\", ads: spend}}\n  nobody: {where: {}}\n  posts_only: {where: {posts: \"country = 'FR'\"}}\n";
    let mut yaml = segments.to_owned()
        + &report(metrics, "group_by: [country], segments: [posts_only], grains: [all]")
            .replace("metrics: [likes]", "metrics: [likes, spend]");
    yaml +=
        "  - {name: s, metrics: [alone], group_by: [country], grains: [all], exports: [{format: csv, path: s.csv}]}\n";
    let place = place(&yaml);
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}
