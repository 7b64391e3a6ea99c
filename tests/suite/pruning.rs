//! What need not be read is not read, every record of it is accounted for, and nothing else shows.

use crate::harness::Place;
use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::path::Path;
use std::sync::Arc;

/// 2025-01-01.
const FIRST: i32 = 20089;

/// Three months of records in the order of days, four a day, in row groups of 100 and pages of 20.
fn three_months(statistics: EnabledStatistics) -> Vec<u8> {
    let rows: Vec<i32> = (0..360).collect();
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values(rows.iter().map(|r| FIRST + r / 4)));
    let country = |r: &i32| ["DE", "ES", "FR", "IT"][usize::try_from(r / 90).expect("positive")];
    let countries: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(country)));
    let likes: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| i64::from(r % 7))));
    written(&[("date", days), ("country", countries), ("likes", likes)], statistics)
}

fn written(columns: &[(&str, ArrayRef)], statistics: EnabledStatistics) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns.iter().cloned()).expect("a batch");
    let properties = WriterProperties::builder()
        .set_statistics_enabled(statistics)
        .set_max_row_group_row_count(Some(100))
        .set_data_page_row_count_limit(20)
        .set_write_batch_size(20)
        .build();
    let mut writer = ArrowWriter::try_new(vec![], batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("a written batch");
    writer.into_inner().expect("a closed file")
}

/// A pipeline over `data`, with lines for the source and for the report.
fn pipeline(source: &str, report: &str) -> String {
    format!(
        "version: 1\nname: pruning\nsources:\n  posts:\n    path: data\n    time: {{column: date}}\n    dimensions: [country]\n    measures: [likes]\n{source}metrics:\n  likes: {{type: simple, source: posts, expr: likes}}\n  posts: {{type: simple, source: posts, agg: count}}\nreports:\n  - name: r\n    metrics: [likes, posts]\n    group_by: [country]\n    grains: [day, month, all]\n{report}    exports: [{{format: csv, path: out/r.csv}}]\n"
    )
}

/// Runs with both engines; gives back the report and the account `[records, used, unused, pruned, out_of_range]`.
fn run(place: &Place) -> (String, [u64; 5], serde_json::Value) {
    let mut found = None;
    for engine in ["fused", "polars"] {
        place.run(&["--quiet", "--engine", engine]);
        let manifest: serde_json::Value = serde_json::from_str(&place.read("out/pruning.manifest.json")).expect("JSON");
        let input = manifest["inputs"][0].clone();
        let number = |key: &str| input["total"][key].as_u64().expect("a number");
        let account = ["records", "used", "unused", "pruned", "out_of_range"].map(number);
        let this = (place.read("out/r.csv"), account, input);
        assert!(found.as_ref().is_none_or(|known| *known == this), "{engine}");
        found = Some(this);
    }
    found.expect("two engines ran")
}

/// The same report comes of files with and without statistics; returns both accounts and the inputs of the first.
fn same_report(source: &str, report: &str) -> ([u64; 5], [u64; 5], serde_json::Value) {
    let place = Place::new();
    place.write("pipeline.yaml", pipeline(source, report));
    place.write("data/a.parquet", three_months(EnabledStatistics::Page));
    let (pruned, account, input) = run(&place);
    place.write("data/a.parquet", three_months(EnabledStatistics::None));
    let (whole, plain, other) = run(&place);
    assert_eq!(pruned, whole);
    assert_eq!((&input["first_day"], &input["last_day"]), (&other["first_day"], &other["last_day"]));
    (account, plain, input)
}

#[test]
fn days_that_no_report_wants_are_not_read() {
    // The second row group holds the days from 26 January to 19 February, and its first page five of them.
    let (account, plain, input) = same_report("", "    start: 2025-02-01\n    end: 2025-02-28\n");
    assert_eq!(plain, [360, 112, 0, 0, 248]);
    // Row groups of days: 0–24, 25–49, 50–74, 75–89; February is 31–58. Pages of five days.
    assert_eq!(account, [360, 112, 0, 360 - 120, 8]);
    assert_eq!((input["first_day"].as_str(), input["last_day"].as_str()), (Some("2025-01-01"), Some("2025-03-31")));
}

#[test]
fn several_reports_want_several_ranges() {
    let january = "    start: 2025-01-01\n    end: 2025-01-10\n";
    let more = "    exports: [{format: csv, path: out/q.csv}]\n  - name: march\n    metrics: [likes]\n    grains: [day]\n    start: 2025-03-27\n";
    let (account, plain, _) = same_report("", &format!("{january}{more}"));
    assert_eq!((plain[1], plain[4]), (60, 300));
    assert_eq!((account[1], account[3], account[4]), (60, 300, 0));
}

#[test]
fn records_that_cannot_pass_are_not_read() {
    let (account, plain, _) = same_report("    where: country IN ('FR', 'XX')\n", "");
    assert_eq!((plain[1], plain[2], plain[3]), (90, 270, 0));
    // FR is in the records 180 to 269: pages of 20.
    assert_eq!((account[1], account[2], account[3]), (90, 10, 260));
    let (account, _, _) = same_report("    where: likes > 6\n", "");
    assert_eq!((account[1], account[3]), (0, 360));
    // A condition on something else leaves the days of other records unknown: nothing is pruned for its day.
    let (account, _, _) = same_report("    where: likes <> 3\n", "    start: 2025-02-01\n    end: 2025-02-28\n");
    assert_eq!(account[3], 0);
    // Unless it holds for all.
    let (account, _, _) = same_report("    where: likes < 7\n", "    start: 2025-02-01\n    end: 2025-02-28\n");
    assert_eq!(account[3], 240);
}

#[test]
fn records_without_a_date_are_told_and_not_pruned() {
    let place = Place::new();
    place.write("pipeline.yaml", pipeline("", "    start: 2025-02-01\n    end: 2025-02-28\n"));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(FIRST), None, Some(FIRST + 1)]));
    let countries: ArrayRef = Arc::new(StringArray::from(vec!["FR"; 3]));
    let likes: ArrayRef = Arc::new(Int64Array::from(vec![1; 3]));
    let columns = [("date", days), ("country", countries), ("likes", likes)];
    place.write("data/a.parquet", written(&columns, EnabledStatistics::Page));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.stderr.contains("no-date"), "{}", done.stderr);
}

#[test]
fn instants_near_a_change_of_clocks_are_read() {
    // In Havana clocks went back from 01:00 to 00:00 on 2 November 2025, at 05:00 UTC.
    const HOUR: i64 = 3_600_000_000;
    let midnight = i64::from(FIRST + 305) * 24 * HOUR;
    for (hours, pruned) in [(5, 0), (48, 2)] {
        let place = Place::new();
        let zone = "calendar: {timezone: America/Havana}\n";
        let report = "    start: 2025-12-01\n    end: 2025-12-31\n";
        place.write("pipeline.yaml", pipeline("", report).replace("sources:\n", &format!("{zone}sources:\n")));
        let at = midnight + hours * HOUR;
        let instants: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![at, at + HOUR]).with_timezone("UTC"));
        let countries: ArrayRef = Arc::new(StringArray::from(vec!["FR"; 2]));
        let likes: ArrayRef = Arc::new(Int64Array::from(vec![1; 2]));
        let columns = [("date", instants), ("country", countries), ("likes", likes)];
        place.write("data/a.parquet", written(&columns, EnabledStatistics::Page));
        assert_eq!(run(&place).1[3], pruned, "{hours} hours");
    }
}

#[test]
fn folders_are_columns_and_decide_which_files_are_opened() {
    let place = Place::new();
    let report = "    start: 2025-02-01\n    end: 2025-02-28\n";
    place.write("pipeline.yaml", pipeline("    where: country <> 'US'\n", report));
    for (day, country, likes) in [
        ("2025-01-31", "FR", "likes\n1\n2\n"),
        ("2025-02-01", "FR", "likes\n3\n"),
        ("2025-02-01", "US", "likes\n40\n50\n60\n"),
        ("2025-02-02", "C%C3%B4te%20d%27Ivoire", "likes\n5\n"),
        ("2025-02-28", "__HIVE_DEFAULT_PARTITION__", "likes\n6\n"),
        ("2025-03-09", "FR", "likes\n"),
    ] {
        place.write(&format!("data/date={day}/country={country}/part-0.csv"), likes);
    }
    let (report, account, input) = run(&place);
    // Nobody opens January, nor the United States, nor what has no country and cannot pass `where` therefore.
    assert_eq!(account, [8, 2, 0, 6, 0]);
    let unread = |path: &str| {
        let files = input["files"].as_array().expect("files");
        let file = files.iter().find(|f| f["path"].as_str().is_some_and(|p| p.contains(path))).expect("the file");
        file["unread"].as_bool().expect("a flag")
    };
    assert!(unread("2025-01-31") && unread("US") && !unread("2025-02-02") && !unread("2025-03-09"));
    // January counts for what is complete; a file without records does not.
    assert_eq!((input["first_day"].as_str(), input["last_day"].as_str()), (Some("2025-01-31"), Some("2025-02-02")));
    assert!(report.contains("Côte d'Ivoire"), "{report}");
}

#[test]
fn a_column_of_the_file_wins_over_its_folder() {
    let place = Place::new();
    place.write("pipeline.yaml", pipeline("", ""));
    place.write("data/country=US/a.csv", "date,country,likes\n2025-01-01,FR,1\n");
    assert!(run(&place).0.contains(",FR,"));
}

#[test]
fn a_report_may_not_be_written_into_partitions_that_are_read() {
    let place = Place::new();
    place.write("data/country=US/a.csv", "date,likes\n2025-01-01,1\n");
    place.write("pipeline.yaml", pipeline("", "").replace("out/r.csv", "data/country=FR/r.csv"));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.code == 2 && done.stderr.contains("clashing-paths"), "{}", done.stderr);
    assert!(!Path::new("data").exists());
}
