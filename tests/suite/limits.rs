//! Large inputs: files that several threads decode, and states that outgrow what they may take.

use crate::harness::Place;

const PIPELINE: &str = "version: 1
name: large
sources:
  posts:
    path: posts.csv
    time: {column: date}
    dimensions: [post_id, title]
    measures: {views: {unit: count}}
metrics:
  views: {type: simple, source: posts, expr: views}
  posts: {type: simple, source: posts, agg: count}
reports:
  - name: all
    metrics: [views, posts]
    grains: [month]
    exports: [{format: csv, layout: wide, path: out/all.csv}]
";

/// More than three blocks; `title` makes the text of a row.
fn posts(rows: usize, title: impl Fn(usize) -> String) -> String {
    let padding = "x".repeat(80);
    let mut text = String::from("date,post_id,title,padding,views\n");
    for row in 0..rows {
        let line = format!("2025-{:02}-01,{row},{},{padding},{row}\n", 1 + row % 3, title(row));
        text.push_str(&line);
    }
    text
}

#[test]
fn a_large_csv_file_is_cut_where_records_end() {
    let rows = 60_000;
    // Quoted cells with line ends, separators and quotes; and stray quotes, which make an even number of quotes mean
    // nothing: then the file is read in one piece.
    let quoted = |row: usize| {
        if row.is_multiple_of(3) {
            "plain ".to_owned()
        } else {
            "\"two\nlines, \"\"said\"\"\"".to_owned()
        }
    };
    let stray = |row: usize| {
        let size = "5\" wide ".to_owned();
        if row % 1000 == 7 {
            size
        } else {
            quoted(row)
        }
    };
    for text in [posts(rows, quoted), posts(rows, stray)] {
        let place = Place::new();
        place.write("pipeline.yaml", PIPELINE);
        place.write("posts.csv", &text);
        let mut seen = vec![];
        for threads in ["1", "2", "5"] {
            place.run(&["--quiet", "--threads", threads]);
            seen.push(place.files("out"));
        }
        assert!(seen.iter().all(|files| *files == seen[0]));
        let (_, bytes) = seen[0].iter().find(|(name, _)| name.ends_with("all.csv")).expect("a report");
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        for (month, line) in text.lines().skip(1).enumerate() {
            let views: usize = (0..rows).filter(|row| row % 3 == month).sum();
            assert!(line.ends_with(&format!(",{views},{}", rows / 3)), "{line}");
        }
        assert_eq!(text.lines().count(), 4);
    }
}

#[test]
fn states_that_outgrow_the_limit_stop_the_run() {
    let place = Place::new();
    place.write("pipeline.yaml", PIPELINE.replace("grains: [month]", "grains: [month]\n    group_by: [post_id]"));
    place.write("posts.csv", posts(20_000, |_| String::new()));
    for engine in ["fused", "polars"] {
        let done = place.jalon(&["run", "pipeline.yaml", "--engine", engine, "--max-memory", "200KB"]);
        assert_eq!(done.code, 4, "{engine}: {}", done.stderr);
        for part in [
            "out-of-memory",
            "200.0 kB",
            "the largest is r0: `posts` [all] by month × post_id",
            "keys",
            "--max-memory 8GB",
        ] {
            assert!(done.stderr.contains(part), "{engine}: no `{part}` in {}", done.stderr);
        }
        assert!(!place.path().join("out/all.csv").exists(), "{engine}");
        let done = place.jalon(&["run", "pipeline.yaml", "--engine", engine, "--max-memory", "1GB", "--quiet"]);
        assert_eq!(done.code, 0, "{engine}: {}", done.stderr);
        std::fs::remove_dir_all(place.path().join("out")).expect("reports");
    }
    let done = place.jalon(&["run", "pipeline.yaml", "--max-memory", "8 apples"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("write `512MB` or `8GB`"), "{}", done.stderr);
}
