//! Lifetime snapshots: exports of the same posts made on different days.

use crate::harness::{cells, rows, Place};

const MARCH: &str = "post_id,published,network,clicks,reach\np1,2025-02-10,x,100,50\np2,2025-03-01,x,10,8\n";
const APRIL: &str =
    "post_id,published,network,clicks,reach\np1,2025-02-10,x,120,60\np2,2025-03-01,x,15,9\np3,2025-03-20,y,7,5\n";

fn pipeline(source: &str, metrics: &str) -> String {
    format!(
        "version: 1\nname: t\nsources:\n  posts:\n    path: data/*.csv\n    time: {{column: published}}\n    \
         period_type: lifetime_snapshot\n    primary_key: [post_id]\n    dimensions: [network, post_id]\n    measures: [clicks]\n{source}\
         metrics:\n  clicks: {{type: simple, source: posts, expr: clicks}}\n{metrics}\
         reports:\n  - name: r\n    metrics: [clicks]\n    grains: [month]\n    exports: [{{format: csv, path: r.csv, layout: wide}}]\n"
    )
}

fn place() -> Place {
    let place = Place::new();
    place.write("data/posts_2025-03-15.csv", MARCH).write("data/posts_2025-04-15.csv", APRIL);
    place
}

#[test]
fn of_several_snapshots_of_a_post_the_latest_counts() {
    let place = place();
    place.write("pipeline.yaml", pipeline("", ""));
    for engine in ["fused", "polars"] {
        let done = place.run(&["--engine", engine]);
        assert_eq!(cells(&place, &["period_label", "clicks"]), ["2025-02 120", "2025-03 22"]);
        assert!(done.stdout.contains("3 used, 2 superseded"), "{}", done.stdout);
    }
    // Before filters: a post that left the network it was found on is not found there again.
    place.write("data/posts_2025-05-15.csv", MARCH.replace("p1,2025-02-10,x", "p1,2025-02-10,z"));
    place.write("pipeline.yaml", pipeline("    where: network = 'x'\n", ""));
    place.run(&[]);
    assert_eq!(cells(&place, &["period_label", "clicks"]), ["2025-03 10"]);
    let done = place.jalon(&["explain", "pipeline.yaml", "--number", "clicks", "--period", "2025-03"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("posts_2025-05-15.csv") && !done.stdout.contains("04-15"), "{}", done.stdout);
}

#[test]
fn the_figures_say_that_they_are_dated_by_publication() {
    let place = place();
    let text = pipeline("", "").replace("layout: wide", "layout: long");
    place.write("pipeline.yaml", text);
    place.run(&[]);
    assert_eq!(cells(&place, &["additivity"])[0], "additive:lifetime_snapshot");
    assert!(place.jalon(&["explain", "pipeline.yaml"]).stdout.contains("lifetime figures dated by publication"));
}

#[test]
fn differences_are_dated_by_the_later_snapshot_and_may_be_corrections() {
    let place = place();
    place.write("data/posts_2025-05-15.csv", APRIL.replace("x,120,", "x,118,").replace("y,7,5", "y,,5"));
    place.write("pipeline.yaml", pipeline("    snapshot: {keep: differences}\n", ""));
    for engine in ["fused", "polars"] {
        place.run(&["--engine", engine]);
        // April: 20 + 5, and all 7 of the post that was published since March; May: -2 + 0, and unknown for p3.
        assert_eq!(cells(&place, &["period_label", "clicks"]), ["2025-04 32", "2025-05 -2"]);
    }
    let manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
    let total = &manifest["inputs"][0]["total"];
    // The first snapshots of p1 and p2 are only counted from.
    assert_eq!((total["records"].as_u64(), total["superseded"].as_u64()), (Some(8), Some(2)));
}

#[test]
fn exports_without_posts_are_no_error() {
    let place = Place::new();
    place.write("data/posts_2025-03-15.csv", MARCH.lines().next().expect("a header"));
    for keep in ["latest", "differences"] {
        place.write("pipeline.yaml", pipeline(&format!("    snapshot: {{keep: {keep}}}\n"), ""));
        place.run(&[]);
        assert!(cells(&place, &["clicks"]).is_empty(), "{keep}");
    }
}

#[test]
fn the_day_of_a_snapshot_may_stand_in_a_column() {
    let place = Place::new();
    let text =
        "exported,post_id,published,network,clicks\n15/03/2025,p1,2025-02-10,x,100\n15/04/2025,p1,2025-02-10,x,120\n";
    place.write("data/a.csv", text);
    let source = "    snapshot: {column: exported, format: DD/MM/YYYY}\n";
    place.write("pipeline.yaml", pipeline(source, ""));
    place.run(&[]);
    assert_eq!(cells(&place, &["clicks"]), ["120"]);
    place.write("pipeline.yaml", pipeline(&source.replace("DD/MM/YYYY", "DD/MM/YYYY, keep: differences"), ""));
    place.run(&[]);
    assert_eq!(cells(&place, &["period_label", "clicks"]), ["2025-04 20"]);
}

#[test]
fn what_nobody_knows_is_asked_for() {
    let place = Place::new();
    place.write("data/posts.csv", MARCH).write("pipeline.yaml", pipeline("", ""));
    // Nothing is older or newer than a single export.
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    place.write("data/posts_2025-04-15.csv", MARCH);
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("nothing tells when the export `data/posts.csv` was made"), "{}", done.stderr);
    place.write("pipeline.yaml", pipeline("", "").replace("    primary_key: [post_id]\n", ""));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.stderr.contains("a lifetime source needs `primary_key`"), "{}", done.stderr);
}

#[test]
fn lifetime_figures_and_figures_of_a_day_are_not_mixed() {
    let place = place();
    place.write("web.csv", "date,network,sessions\n2025-03-01,x,4\n");
    let more = "  sessions: {type: simple, source: web, expr: sessions}\n  rate: {type: ratio, numerator: clicks, denominator: sessions}\n";
    let web =
        "  web:\n    path: web.csv\n    time: {column: date}\n    dimensions: [network]\n    measures: [sessions]\n";
    place.write("pipeline.yaml", pipeline("", more).replace("metrics:\n  clicks", &format!("{web}metrics:\n  clicks")));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("`rate` mixes lifetime figures of `posts` with those of `web`"), "{}", done.stderr);
    let differences = pipeline("    snapshot: {keep: differences}\n", more);
    place.write("pipeline.yaml", differences.replace("metrics:\n  clicks", &format!("{web}metrics:\n  clicks")));
    assert_eq!(place.jalon(&["check", "pipeline.yaml"]).code, 0);
}

#[test]
fn a_key_that_an_export_has_twice_is_told() {
    let place = Place::new();
    place.write("data/posts_2025-03-15.csv", format!("{MARCH}p2,2025-03-01,x,11,8\n"));
    place.write("pipeline.yaml", pipeline("", ""));
    let done = place.run(&[]);
    assert_eq!(cells(&place, &["period_label", "clicks"]), ["2025-02 100", "2025-03 11"]);
    assert!(done.stderr.contains("1 row with a key that stands in the same export once more"), "{}", done.stderr);
}

#[test]
fn error_rows_and_rounded_ids_are_no_posts() {
    let place = Place::new();
    let text = "post_id,published,network,clicks,comment\np1,2025-02-10,x,1,\n,,,3,An error occurred\n3.0672E+14,2025-02-11,x,5,\n";
    place.write("data/posts_2025-03-15.csv", text);
    place.write("pipeline.yaml", pipeline("    max_bad_rows: 2\n", ""));
    place.run(&[]);
    assert_eq!(cells(&place, &["clicks"]), ["1"]);
    let kept = rows(&place, "quarantine/t.csv", &["line", "column", "reason"]);
    assert_eq!(kept[0], ["3", "post_id", "is empty, and it is the record's key"]);
    assert!(kept[1][2].contains("a spreadsheet has rounded"), "{kept:?}");
}
