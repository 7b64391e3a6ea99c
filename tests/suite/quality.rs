//! Checks of records, what is expected of files, and the limit of bad rows.

use crate::harness::{Done, Place};

const DATA: &str = "date,network,post_id,clicks\n2025-01-01,x,p1,1\n2025-01-02,,p2,20\n2025-02-01,x,p2,-3\n";

fn pipeline(source: &str) -> String {
    format!(
        "version: 1\nname: t\nsources:\n  s:\n    path: a.csv\n    time: {{column: date}}\n    dimensions: [network, post_id]\n    \
         measures: [clicks]\n{source}metrics:\n  clicks: {{type: simple, source: s, expr: clicks}}\nreports:\n  - name: r\n    \
         metrics: [clicks]\n    grains: [month]\n    exports: [{{format: csv, path: r.csv}}]\n"
    )
}

fn run(place: &Place, source: &str) -> Done {
    place.write("pipeline.yaml", pipeline(source));
    place.jalon(&["run", "pipeline.yaml", "--as-of", "2025-02-10"])
}

#[test]
fn a_failed_check_stops_publishing_with_exit_code_1() {
    let place = Place::new();
    place.write("a.csv", DATA);
    let cases = [
        ("missing: network", "check `missing network` failed: 1 of 3 records"),
        ("invalid: clicks < 0", "check `invalid: clicks < 0` failed: 1 of 3 records"),
        ("duplicate: post_id", "check `duplicate post_id` failed: 1 of 3 records"),
        ("row_count: {min: 10}", "check `row_count` failed: 3 records, at least 10 expected"),
        ("freshness: 2 days", "the newest record is of 2025-02-01, 9 days before 2025-02-10"),
        ("schema: [date, reach]", "schema: 1 file without a column `reach`"),
    ];
    for (check, message) in cases {
        let done = run(&place, &format!("    checks: [{{{check}}}]\n"));
        assert_eq!(done.code, 1, "{check}: {}", done.stderr);
        assert!(done.stderr.contains(message), "{check}: {}", done.stderr);
        assert!(!place.path().join("r.csv").exists(), "{check}");
    }
    for (check, message) in cases {
        let place = Place::new();
        place.write("a.csv", DATA);
        let done = run(&place, &format!("    checks: [{{{check}, level: warn}}]\n"));
        assert_eq!(done.code, 0, "{check}: {}", done.stderr);
        assert!(done.stderr.contains(message), "{check}: {}", done.stderr);
        assert!(place.path().join("r.csv").exists(), "{check}");
    }
}

#[test]
fn checks_that_pass_are_in_the_manifest() {
    let place = Place::new();
    place.write("a.csv", DATA);
    let checks = "    checks:\n      - {missing: [date, clicks]}\n      - {name: keys, duplicate: [post_id, date]}\n      \
                  - {missing: network, max: 40 %}\n      - {row_count: {min: 1, max: 3}}\n      - {freshness: 9 days}\n      \
                  - {schema: [date, network]}\n";
    let done = run(&place, checks);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
    let names: Vec<&str> =
        manifest["checks"].as_array().expect("checks").iter().filter_map(|c| c["check"].as_str()).collect();
    assert_eq!(names, ["missing date", "missing clicks", "keys", "missing network", "row_count", "freshness 9 days"]);
}

#[test]
fn what_no_reader_sees_is_expected() {
    let place = Place::new();
    place.write("a.csv", DATA);
    let done = run(&place, "    expect: {rows: 3, totals: {clicks: 18}}\n");
    assert_eq!(done.code, 0, "{}", done.stderr);
    // Cut short between two rows: nothing but the expectation tells.
    place.write("a.csv", &DATA[..DATA.len() - "2025-02-01,x,p2,-3\n".len()]);
    let done = run(&place, "    expect: {rows: 3, totals: {clicks: 18}}\n");
    assert_eq!(done.code, 1, "{}", done.stderr);
    for word in ["2 records, 3 expected", "21, 18 expected", "nothing was published"] {
        assert!(done.stderr.contains(word), "no `{word}` in {}", done.stderr);
    }
    place.write("a.csv", DATA);
    let sum = {
        use sha2::Digest;
        sha2::Sha256::digest(DATA).iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    assert_eq!(run(&place, &format!("    expect: {{sha256: {{a.csv: {sum}}}}}\n")).code, 0);
    let other = sum.replace(['a', 'b'], "c");
    let done = run(&place, &format!("    expect: {{sha256: {{a.csv: {other}}}}}\n"));
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stderr.contains(&sum), "{}", done.stderr);
}

#[test]
fn mistakes_in_checks_are_told_where_they_are_written() {
    let place = Place::new();
    place.write("a.csv", DATA);
    let source = "    max_bad_rows: many\n    checks:\n      - {missing: netwrok}\n      - {missing: network, invalid: clicks < 0}\n      \
                  - {invalid: clicks + 1}\n      - {freshness: soon}\n      - {}\n    expect: {totals: {likes: 1}, sha256: {a.csv: abc}}\n";
    let check = |source: &str| {
        place.write("pipeline.yaml", pipeline(source));
        place.jalon(&["check", "pipeline.yaml"]).stderr
    };
    insta::assert_snapshot!(check(source));
    insta::assert_snapshot!(check(&source.replace("    max_bad_rows: many\n", "")));
}

#[test]
fn too_many_bad_rows_fail_the_run_and_can_be_looked_at() {
    let place = Place::new();
    place.write("a.csv", DATA.replace("-3", "three").replace("20\n", "20,1\n"));
    let done = run(&place, "");
    assert_eq!(done.code, 3, "{}", done.stderr);
    insta::assert_snapshot!(done.stderr);
    assert_eq!(place.read("quarantine/t.csv").lines().count(), 3);
    assert!(!place.path().join("r.csv").exists());
    let done = run(&place, "    max_bad_rows: 70 %\n");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let done = run(&place, "    on_bad_row: fail\n    max_bad_rows: 70 %\n");
    assert_eq!(done.code, 3);
    assert!(done.stderr.contains("a.csv:3: a record with 5 fields"), "{}", done.stderr);
}

#[test]
fn the_quarantine_goes_where_it_is_asked_to() {
    let place = Place::new();
    place.write("a.csv", DATA.replace("-3", "three"));
    let text =
        pipeline("    max_bad_rows: 1\n") + "quarantine:\n  exports: [{format: parquet, path: bad/rows.parquet}]\n";
    place.write("pipeline.yaml", text);
    let done = place.run(&[]);
    assert!(done.stderr.contains("bad/rows.parquet"), "{}", done.stderr);
    assert!(place.path().join("bad/rows.parquet").exists() && !place.path().join("quarantine/t.csv").exists());
}
