//! Bad input as a new user meets it: a clear error that names the file and the line, and no report touched.

use crate::harness::{command, done, Place};
use std::process::Stdio;

const PIPELINE: &str = "\
version: 1
name: t
sources:
  posts:
    path: data/*
    time: {column: date}
    dimensions: [network, note]
    measures: [clicks]
metrics:
  clicks: {type: simple, source: posts, expr: clicks}
reports:
  - name: r
    metrics: [clicks]
    group_by: [network]
    grains: [day, month]
    exports:
      - {format: csv, path: out/r.csv}
      - {format: parquet, path: out/r, partition_by: [grain]}
";

const GOOD: &str = "date,network,note,clicks\n2025-01-01,x,a,1\n2025-01-02,x,b,2\n";

/// A place where the pipeline has run once over good data.
fn ran() -> Place {
    let place = Place::new();
    place.write("pipeline.yaml", PIPELINE).write("data/a.csv", GOOD);
    place.run(&[]);
    place
}

/// Runs again over bad data: the exit code, the words of the message, and the old reports untouched.
fn fails(place: &Place, code: i32, words: &[&str]) {
    let reports = || -> Vec<(String, Vec<u8>)> {
        place.files("out").into_iter().filter(|(name, _)| !name.contains("quarantine")).collect()
    };
    let before = reports();
    assert!(before.len() >= 3);
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, code, "{}", done.stderr);
    for word in words {
        assert!(done.stderr.contains(word), "no `{word}` in:\n{}", done.stderr);
    }
    assert_eq!(reports(), before, "a report was touched");
}

#[test]
fn a_record_with_too_many_fields_is_told_with_its_physical_line() {
    let place = ran();
    place.write("data/a.csv", "date,network,note,clicks\n2025-01-01,x,\"two\nlines\",1\n2025-01-02,x,b,2,3\n");
    fails(&place, 3, &["data/a.csv:4:", "5 fields, the header has 4", "2025-01-02,x,b,2,3"]);
}

#[test]
fn a_cell_of_the_wrong_type_far_into_the_file_is_told_with_line_column_and_text() {
    let place = ran();
    // Past the sample of the head and before that of the middle.
    let mut text = String::from("date,network,note,clicks\n");
    for i in 0..120_000 {
        let clicks = if i == 40_000 { "n/a".to_owned() } else { i.to_string() };
        text.push_str(&format!("2025-01-01,facebook,note,{clicks}\n"));
    }
    place.write("data/a.csv", text);
    let told = &["data/a.csv:40002:", "column `clicks`", "`n/a`", "not a number"];
    place.write("pipeline.yaml", PIPELINE.replace("    time:", "    on_bad_row: fail\n    time:"));
    fails(&place, 3, told);
    // Unless it is to, one bad row does not stop a run.
    place.write("pipeline.yaml", PIPELINE);
    let done = place.run(&[]);
    assert!(done.stdout.contains("119,999 used, 1 quarantined"), "{}", done.stdout);
    assert!(told.iter().all(|word| done.stderr.contains(word)), "{}", done.stderr);
    let kept = place.read("out/quarantine/t.csv");
    assert!(kept.contains("posts,data/a.csv,40002,clicks,n/a,not a number,\"2025-01-01,facebook,note,n/a\""), "{kept}");
}

#[test]
fn a_measure_of_words_is_told_when_the_pipeline_is_checked() {
    let place = ran();
    place.write("data/a.csv", "date,network,note,clicks\n2025-01-01,x,a,1\n2025-01-02,x,b,many\n");
    fails(&place, 3, &["1 of 2 rows cannot be read", "data/a.csv:3: column `clicks` holds `many`"]);
    place.write("data/a.csv", "date,network,note,clicks\n2025-01-01,x,a,few\n2025-01-02,x,b,many\n");
    fails(&place, 2, &["measure `clicks` holds a text", "data/a.csv, line 2: `few`"]);
}

#[test]
fn an_unclosed_quote_is_told_where_it_opens() {
    let place = ran();
    place.write("data/a.csv", "date,network,note,clicks\n2025-01-01,x,a,1\n2025-01-02,x,\"b,2\n2025-01-03,x,c,3\n");
    fails(&place, 3, &["data/a.csv:3:", "a quote is opened here and never closed"]);
    // In the last column of the last record nothing else would give it away.
    place.write("data/a.csv", "date,network,clicks,note\n2025-01-01,x,1,a\n2025-01-02,x,2,\"b\n");
    fails(&place, 3, &["data/a.csv:3:", "never closed"]);
}

#[test]
fn an_unclosed_quote_in_a_large_file_does_not_swallow_it() {
    let place = ran();
    let mut text = String::from("date,network,note,clicks\n2025-01-01,x,\"open,1\n");
    let line = "2025-01-02,facebook,a rather long note that fills the file quickly enough for this test,2\n";
    text.push_str(&line.repeat((20 << 20) / line.len()));
    place.write("data/a.csv", text);
    fails(&place, 3, &["data/a.csv:2:", "never closed"]);
}

#[test]
fn half_a_parquet_file_an_empty_file_and_a_text_in_disguise() {
    let place = ran();
    let report = place.files("out/r").into_iter().find(|(n, _)| n.ends_with(".parquet")).expect("a report").1;
    std::fs::remove_file(place.path().join("data/a.csv")).expect("removed");
    place.write("data/a.parquet", &report[..report.len() / 2]);
    fails(&place, 3, &["data/a.parquet", "not a whole Parquet file", "the end of it is missing"]);
    place.write("data/a.parquet", "");
    fails(&place, 3, &["data/a.parquet", "is empty"]);
    std::fs::remove_file(place.path().join("data/a.parquet")).expect("removed");
    place.write("data/a.csv", "");
    fails(&place, 3, &["data/a.csv", "is empty: it has no header line"]);
    std::fs::remove_file(place.path().join("data/a.csv")).expect("removed");
    place.write("data/a.csv.gz", "not gzip at all");
    fails(&place, 3, &["data/a.csv.gz", "cannot be decompressed"]);
}

#[test]
fn a_truncated_gzip_file_is_not_read_as_a_shorter_one() {
    use std::io::Write;
    let place = ran();
    let mut text = String::from("date,network,note,clicks\n");
    for i in 0..200_000 {
        text.push_str(&format!("2025-01-01,x,{},1\n", i * 7919 % 100_003));
    }
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("compressed");
    let bytes = encoder.finish().expect("compressed");
    std::fs::remove_file(place.path().join("data/a.csv")).expect("removed");
    place.write("data/a.csv.gz", &bytes[..bytes.len() * 3 / 4]);
    fails(&place, 3, &["data/a.csv.gz"]);
}

#[test]
fn a_folder_instead_of_a_file_and_files_that_are_not_there() {
    let place = ran();
    let pipeline = |path: &str| PIPELINE.replace("data/*", path);
    std::fs::create_dir(place.path().join("empty")).expect("made");
    place.write("pipeline.yaml", pipeline("empty"));
    fails(&place, 2, &["the folder `empty` holds no data files", "pipeline.yaml:5:11"]);
    place.write("pipeline.yaml", pipeline("data/*.parquet"));
    fails(&place, 2, &["no file matches `data/*.parquet`", "the folder `data` is there"]);
    place.write("pipeline.yaml", pipeline("data/b.csv"));
    fails(&place, 2, &["there is no file `data/b.csv`", "did you mean `data/a.csv`?"]);
    place.write("pipeline.yaml", pipeline("${NOT_SET_ANYWHERE}/a.csv"));
    fails(&place, 2, &["no variable `NOT_SET_ANYWHERE`"]);
    // A folder that does hold data is a source.
    place.write("pipeline.yaml", pipeline("data"));
    place.run(&[]);
}

#[test]
fn records_without_a_date_are_an_error_unless_left_out_knowingly() {
    let place = ran();
    place.write("data/a.csv", "date,network,note,clicks\n2025-01-01,x,a,1\n,x,b,2\n");
    fails(&place, 3, &["data/a.csv", "1 record without a date in `date`", "where: date IS NOT NULL"]);
    let source = "    measures: [clicks]\n    where: date IS NOT NULL\n";
    place.write("pipeline.yaml", PIPELINE.replace("    measures: [clicks]\n", source));
    let done = place.run(&[]);
    assert!(done.stdout.contains("1 used, 1 unused"), "{}", done.stdout);
}

#[test]
fn files_whose_columns_do_not_fit_are_both_named() {
    let place = ran();
    place.write("data/b.csv", "date,network,note,clicks\n2025-01-01,x,a,1.5\n2025-01-03,y,a,2\n");
    // Integers in one file and decimals in another are numbers in both.
    place.run(&[]);
    assert!(place.read("out/r.csv").contains(",x,all,clicks,2.5,"), "{}", place.read("out/r.csv"));
    place.write("data/b.csv", "date,network,clicks\n2025-01-01,x,1\n");
    // A column that an old file lacks is null there.
    place.run(&[]);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_the_scan() {
    let place = ran();
    let before = place.files("out");
    place.write("pipeline.yaml", PIPELINE.replace("out/r.csv", "blocked/r.csv"));
    place.write("blocked", "a file where a folder should be");
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 4, "{}", done.stderr);
    assert!(done.stderr.contains("blocked/r.csv") && done.stderr.contains("no report was touched"), "{}", done.stderr);
    assert_eq!(place.files("out"), before);
}

/// Root may write anywhere, so permissions are tried where there is a user to drop to; /dev/full is a full disk.
#[test]
fn a_full_disk_leaves_the_old_reports() {
    let Ok(true) = std::fs::exists("/dev/full") else { return };
    let place = ran();
    let before = place.files("out");
    // The limit on file size stands for a full disk: writing fails half way.
    place.write("data/a.csv", big());
    let script = format!("ulimit -f 64; trap '' XFSZ; exec {} run pipeline.yaml", env!("CARGO_BIN_EXE_jalon"));
    let output =
        std::process::Command::new("bash").args(["-c", &script]).current_dir(place.path()).output().expect("bash");
    let done = done(&output);
    assert_eq!(done.code, 4, "{}", done.stderr);
    assert!(
        done.stderr.contains("cannot be written") && done.stderr.contains("no report was touched"),
        "{}",
        done.stderr
    );
    assert_eq!(place.files("out"), before);
}

fn big() -> String {
    let mut text = String::from("date,network,note,clicks\n");
    for i in 0..60_000 {
        text.push_str(&format!("2025-01-{:02},network {},a,{i}\n", 1 + i % 28, i % 900));
    }
    text
}

#[test]
fn a_killed_run_leaves_whole_reports() {
    let place = ran();
    let before = place.files("out");
    place.write("data/a.csv", big());
    place.run(&[]);
    let after = place.files("out");
    assert_ne!(before, after);
    place.write("data/a.csv", GOOD);
    place.run(&[]);
    place.write("data/a.csv", big());
    for delay in [1u64, 5, 20, 40, 60, 80, 100, 120, 140, 160, 200, 260] {
        let mut child = command(place.path())
            .args(["run", "pipeline.yaml", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("jalon starts");
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let _ = child.kill();
        let _ = child.wait();
        // Each export is the old one or the new one, whole.
        let now = place.files("out");
        let visible: Vec<_> = now.iter().filter(|(n, _)| !n.contains(".part")).collect();
        for (name, bytes) in &visible {
            let whole =
                before.contains(&(name.clone(), bytes.clone())) || after.contains(&(name.clone(), bytes.clone()));
            assert!(whole, "{name} is neither old nor new after {delay} ms");
        }
    }
    place.run(&[]);
    assert_eq!(place.files("out"), after, "the next run cleans up");
}

#[test]
fn a_pipe_that_closes_early_is_no_error() {
    let place = ran();
    let script = format!("{} schema | head -n 1", env!("CARGO_BIN_EXE_jalon"));
    let output =
        std::process::Command::new("bash").args(["-o", "pipefail", "-c", &script]).current_dir(place.path()).output();
    let done = done(&output.expect("bash"));
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
}

#[test]
fn a_cell_that_a_lenient_parser_would_change_is_refused() {
    let place = ran();
    let far = |cell: &str| {
        let mut text = String::from("date,network,note,clicks,id\n");
        for i in 0..60_000 {
            text.push_str(&format!("2025-01-01,facebook,a rather long note,{i},1{i}\n"));
        }
        // In the tail of the file, past what is sampled of it.
        let at = text.len() * 7 / 10;
        let line = text[at..].find('\n').map_or(at, |n| at + n + 1);
        text.insert_str(line, cell);
        text
    };
    let with_id =
        PIPELINE.replace("[network, note]", "[network, note, id]").replace("[network]\n    grains", "[id]\n    grains");
    place.write("data/a.csv", far("2025-01-02T23:30:00-05:00,x,a,1,5\n"));
    let strict = PIPELINE.replace("    time:", "    max_bad_rows: 0\n    time:");
    place.write("pipeline.yaml", strict);
    fails(&place, 3, &["column `date`", "2025-01-02T23:30:00-05:00", "not a date"]);
    place.write("pipeline.yaml", with_id);
    place.write("data/a.csv", far("2025-01-02,x,a,1,007\n"));
    fails(&place, 3, &["column `id`", "`007`", "leading zeros"]);
}

#[test]
fn one_file_under_two_spellings_is_read_once() {
    let place = ran();
    place.write("pipeline.yaml", PIPELINE.replace("data/*", "[data/*.csv, ./data/a.csv, data]"));
    let done = place.run(&[]);
    assert!(done.stdout.contains("1 file ") && done.stdout.contains("2 records"), "{}", done.stdout);
}

#[test]
fn hidden_and_marked_files_are_no_data() {
    let place = ran();
    place.write("data/._a.csv", "rubbish").write("data/_SUCCESS.csv", "rubbish");
    place.run(&[]);
}
