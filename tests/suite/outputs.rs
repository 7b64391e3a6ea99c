//! The output contract: columns, types, order, null and text forms, metadata, time zones, and the accounts.

use crate::harness::Place;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;

const DATA: &str = "date,network,note,clicks,spend\n\
2025-01-01,x,=1+1,1,0.1\n2025-01-01,,\"semi;colon\",2,0.2\n2025-01-02,facebook,\"quote\"\"d\",,\n2025-02-01,x,=1+1,3,1e-7\n";

fn pipeline(report: &str) -> String {
    format!(
        "version: 1\nname: t\nsources:\n  s:\n    path: data.csv\n    time: {{column: date}}\n    dimensions: [network, note]\n    measures: {{clicks: {{}}, spend: {{unit: EUR}}}}\nmetrics:\n  clicks: {{type: simple, source: s, expr: clicks, direction: higher_is_better, label: Clics}}\n  spend: {{type: simple, source: s, expr: spend}}\n  cpc: {{type: ratio, numerator: spend, denominator: clicks, direction: lower_is_better}}\n  mean: {{type: simple, source: s, agg: average, expr: spend}}\n  records: {{type: simple, source: s, agg: count}}\nreports:\n{report}"
    )
}

#[test]
fn long_and_wide_as_csv_are_exactly_this() {
    let place = Place::new();
    place.write("data.csv", DATA).write(
        "pipeline.yaml",
        pipeline("  - {name: r, metrics: [clicks, spend, cpc, mean, records], group_by: [note], grains: [month, all], exports: [{format: csv, path: long.csv}, {format: csv, path: wide.csv, layout: wide}, {format: csv, path: fr.csv, layout: wide, dialect: excel_fr}]}\n"),
    );
    place.run(&[]);
    insta::assert_snapshot!("long", place.read("long.csv").replace("\r\n", "⏎\n"));
    insta::assert_snapshot!("wide", place.read("wide.csv").replace("\r\n", "⏎\n"));
    insta::assert_snapshot!("excel_fr", place.read("fr.csv").replace("\r\n", "⏎\n"));
}

#[test]
fn parquet_types_do_not_depend_on_the_data_and_fields_tell_their_meaning() {
    let place = Place::new();
    let exports = "exports: [{format: parquet, path: l.parquet}, {format: parquet, path: w.parquet, layout: wide}]";
    place.write(
        "pipeline.yaml",
        pipeline(&format!("  - {{name: r, metrics: [clicks, cpc], group_by: [network], grains: [day], {exports}}}\n")),
    );
    let mut schemas = vec![];
    for data in [DATA, "date,network,note,clicks,spend\n2025-01-01,x,a,1,2.5\n"] {
        place.write("data.csv", data);
        place.run(&[]);
        let mut both = String::new();
        for name in ["l.parquet", "w.parquet"] {
            let file = File::open(place.path().join(name)).expect("a report");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
            for field in reader.schema().fields() {
                let mut metadata: Vec<_> = field.metadata().iter().filter(|(k, _)| k.starts_with("jalon.")).collect();
                metadata.sort();
                both.push_str(&format!(
                    "{} {} {} {metadata:?}\n",
                    field.name(),
                    field.data_type(),
                    field.is_nullable()
                ));
            }
            both.push('\n');
        }
        schemas.push(both);
    }
    assert_eq!(schemas[0], schemas[1]);
    insta::assert_snapshot!(schemas[0]);
}

#[test]
fn the_manifest_accounts_for_every_record() {
    let place = Place::new();
    place.write("data.csv", DATA).write(
        "pipeline.yaml",
        pipeline(
            "  - {name: r, metrics: [clicks], grains: [day], end: 2025-01-31, exports: [{format: csv, path: r.csv}]}\n",
        )
        .replace("    dimensions:", "    where: note <> 'semi;colon'\n    dimensions:"),
    );
    place.run(&[]);
    let manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
    let total = &manifest["inputs"][0]["total"];
    let number = |key: &str| total[key].as_u64().expect("a number");
    assert_eq!((number("records"), number("used"), number("unused"), number("out_of_range")), (4, 2, 1, 1));
    let output = &manifest["outputs"][0];
    assert_eq!((output["rows"].as_u64(), output["files"][0]["sha256"].as_str().map(str::len)), (Some(2), Some(64)));
    let bytes = std::fs::metadata(place.path().join("r.csv")).expect("a report").len();
    assert_eq!(output["bytes"].as_u64(), Some(bytes));
}

#[test]
fn two_manifests_differ_in_the_run_only() {
    let place = Place::new();
    place.write("data.csv", DATA).write(
        "pipeline.yaml",
        pipeline("  - {name: r, metrics: [clicks], grains: [day], exports: [{format: csv, path: r.csv}]}\n"),
    );
    let mut manifests = vec![];
    for _ in 0..2 {
        place.run(&[]);
        let mut manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
        manifest.as_object_mut().expect("an object").remove("run");
        manifests.push(manifest);
    }
    assert_eq!(manifests[0], manifests[1]);
}

#[test]
fn hours_are_instants_and_days_are_local() {
    let place = Place::new();
    // The night of 26 October 2025 has two hours from 2 to 3 in Paris.
    let data = "at,n\n2025-10-25T22:30:00Z,1\n2025-10-26T00:15:00Z,2\n2025-10-26T01:15:00Z,4\n2025-10-26T22:59:59Z,8\n2025-10-26T23:00:00Z,16\n";
    place.write("data.csv", data).write(
        "pipeline.yaml",
        "version: 1\nname: t\ncalendar: {timezone: Europe/Paris}\nsources:\n  s: {path: data.csv, time: {column: at, grain: hour}, measures: [n]}\nmetrics:\n  n: {type: simple, source: s, expr: n}\nreports:\n  - {name: r, metrics: [n], grains: [hour, day], exports: [{format: csv, path: r.csv, layout: wide}]}\n",
    );
    place.run(&[]);
    let read = place.read("r.csv");
    let cells: Vec<(&str, &str)> =
        read.lines().skip(1).map(|l| (l.split(',').nth(4).expect("label"), l.rsplit(',').next().expect("n"))).collect();
    assert_eq!(
        cells,
        [
            ("2025-10-26T00:00+02:00", "1"),
            ("2025-10-26T02:00+02:00", "2"),
            ("2025-10-26T02:00+01:00", "4"),
            ("2025-10-26T23:00+01:00", "8"),
            ("2025-10-27T00:00+01:00", "16"),
            ("2025-10-26", "15"),
            ("2025-10-27", "16"),
        ]
    );
}

#[test]
fn coarse_sources_go_where_assign_says_and_nowhere_without() {
    let place = Place::new();
    let pipeline = |time: &str, grain: &str| {
        format!("version: 1\nname: t\nsources:\n  s: {{path: data.csv, time: {{{time}}}, measures: [n]}}\nmetrics:\n  n: {{type: simple, source: s, expr: n}}\nreports:\n  - {{name: r, metrics: [n], grains: [{grain}], exports: [{{format: csv, path: r.csv, layout: wide}}]}}\n")
    };
    let values = |place: &Place| -> Vec<String> {
        let read = place.read("r.csv");
        read.lines()
            .skip(1)
            .map(|l| format!("{}={}", l.split(',').nth(4).expect("label"), l.rsplit(',').next().expect("n")))
            .collect()
    };
    // Weeks that begin on 30 December and 27 January.
    place.write("data.csv", "week,n\n2024-12-30,1\n2025-01-27,2\n");
    place.write("pipeline.yaml", pipeline("column: week, grain: week", "day"));
    assert!(place.jalon(&["check", "pipeline.yaml"]).stderr.contains("has no days"));
    place.write("pipeline.yaml", pipeline("column: week, grain: week", "month"));
    assert!(place.jalon(&["check", "pipeline.yaml"]).stderr.contains("may belong to two months"));
    for (assign, expected) in
        [("start", ["2024-12=1", "2025-01=2"]), ("end", ["2025-01=1", "2025-02=2"]), ("majority", ["2025-01=3", ""])]
    {
        place.write("pipeline.yaml", pipeline(&format!("column: week, grain: week, assign: {assign}"), "month"));
        place.run(&[]);
        let expected: Vec<&str> = expected.into_iter().filter(|e| !e.is_empty()).collect();
        assert_eq!(values(&place), expected, "{assign}");
    }
    // A week that does not begin on the calendar's day is data that does not fit.
    place.write("data.csv", "week,n\n2025-01-05,1\n");
    place.write("pipeline.yaml", pipeline("column: week, grain: week", "week"));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3);
    assert!(done.stderr.contains("covers 2025-01-05 to 2025-01-11, which is in two weeks"), "{}", done.stderr);
    // Ranges by two columns.
    place.write("data.csv", "from,to,n\n2025-01-01,2025-01-31,1\n2025-02-01,2025-02-28,2\n");
    place.write("pipeline.yaml", pipeline("column: from, end_column: to, grain: range", "month"));
    place.run(&[]);
    assert_eq!(values(&place), ["2025-01=1", "2025-02=2"]);
}

#[test]
fn periods_are_complete_when_the_source_covers_them() {
    let place = Place::new();
    place.write("data.csv", "date,n\n2025-01-15,1\n2025-02-01,1\n2025-02-28,1\n2025-03-10,1\n").write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data.csv, time: {column: date}, measures: [n]}\nmetrics:\n  n: {type: simple, source: s, expr: n}\nreports:\n  - {name: r, metrics: [n], grains: [month], exports: [{format: csv, path: r.csv}]}\n",
    );
    place.run(&[]);
    let read = place.read("r.csv");
    let complete: Vec<&str> = read.lines().skip(1).map(|l| l.split(',').nth(5).expect("is_complete")).collect();
    assert_eq!(complete, ["false", "true", "false"]);
    assert!(read.contains(&format!(",{},", 2.0 / 28.0)), "{read}");
    assert!(read.lines().nth(1).expect("a row").ends_with(",2025-03-10"));
}

/// Whatever day a record is counted on, it covers all of its days.
#[test]
fn coverage_is_of_the_days_that_records_cover() {
    let place = Place::new();
    for assign in ["start", "end", "majority"] {
        place.write("data.csv", "week,n\n2025-01-06,1\n").write(
            "pipeline.yaml",
            format!("version: 1\nname: t\nsources:\n  s: {{path: data.csv, time: {{column: week, grain: week, assign: {assign}}}, measures: [n]}}\nmetrics:\n  n: {{type: simple, source: s, expr: n}}\nreports:\n  - {{name: r, metrics: [n], grains: [week], exports: [{{format: csv, path: r.csv}}]}}\n"),
        );
        place.run(&[]);
        assert!(place.read("r.csv").contains("2025-W02,true,1,7,detail"), "{assign}: {}", place.read("r.csv"));
    }
}

#[test]
fn a_level_is_not_added_up_over_the_days_of_a_union() {
    let place = Place::new();
    place.write("a.csv", "date,followers\n2025-01-06,10\n2025-01-07,11\n").write("b.csv", "date,followers\n2025-01-06,5\n").write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  a: {path: a.csv, time: {column: date}, measures: [followers]}\n  b: {path: b.csv, time: {column: date, grain: week}, measures: [followers]}\n  u: {union: [a, b]}\nmetrics:\n  followers: {type: simple, source: u, expr: followers}\nreports:\n  - {name: r, metrics: [followers], grains: [week], exports: [{format: csv, path: r.csv}]}\n",
    );
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("adds up a semi-additive measure by week"), "{}", done.stderr);
}

#[test]
fn nan_is_counted_once_and_only_where_it_is_read() {
    let place = Place::new();
    place.write("data.csv", "date,x\n2025-01-01,1.5\n2025-01-02,NaN\n2025-01-03,NaN\n").write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data.csv, time: {column: date}, measures: {x: {type: number}}, where: date < '2025-01-03'}\nmetrics:\n  x: {type: simple, source: s, expr: x}\n  most: {type: simple, source: s, agg: max, expr: x}\nreports:\n  - {name: r, metrics: [x, most], grains: [all], exports: [{format: csv, path: r.csv, layout: wide}]}\n",
    );
    let done = place.run(&[]);
    assert!(done.stderr.contains("1 record with NaN or infinity in `x`"), "{}", done.stderr);
    assert!(place.read("r.csv").trim_end().ends_with(",1.5,1.5"), "{}", place.read("r.csv"));
}

#[test]
fn sums_are_exact_and_overflow_is_an_error() {
    let place = Place::new();
    let pipeline = "version: 1\nname: t\nsources:\n  s: {path: data.csv, time: {column: date}, measures: {n: {}, x: {type: number}}}\nmetrics:\n  n: {type: simple, source: s, expr: n}\n  x: {type: simple, source: s, expr: x}\nreports:\n  - {name: r, metrics: [n, x], grains: [all], exports: [{format: csv, path: r.csv, layout: wide}]}\n";
    place.write("pipeline.yaml", pipeline);
    // In floats 1e15 + 0.1 - 1e15 is not 0.1; intermediate integer sums pass 64 bits, the result does not.
    place.write("data.csv", "date,n,x\n2025-01-01,9223372036854775807,1e15\n2025-01-01,9223372036854775807,0.1\n2025-01-01,-9223372036854775807,-1e15\n2025-01-01,-9223372036854775800,0.25\n");
    place.run(&[]);
    assert!(place.read("r.csv").trim_end().ends_with(",all,7,0.35"), "{}", place.read("r.csv"));
    place.write("data.csv", "date,n,x\n2025-01-01,9223372036854775807,1\n2025-01-01,1,1\n");
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3);
    assert!(done.stderr.contains("more than 64 bits hold"), "{}", done.stderr);
    place.write("data.csv", "date,n,x\n2025-01-01,1,8e18\n");
    assert!(place.jalon(&["run", "pipeline.yaml"]).stderr.contains("too large to be summed exactly"));
}

#[test]
fn a_broken_primary_key_is_a_data_error() {
    let place = Place::new();
    place.write("data.csv", "date,post,reach\n2025-01-01,1,5\n2025-01-01,2,6\n").write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data.csv, time: {column: date}, dimensions: [post], measures: [reach], primary_key: [date, post]}\nmetrics:\n  reach: {type: simple, source: s, expr: reach}\nreports:\n  - {name: r, metrics: [reach], group_by: [post], grains: [day], exports: [{format: csv, path: r.csv}]}\n",
    );
    place.run(&[]);
    place.write("data.csv", "date,post,reach\n2025-01-01,1,5\n2025-01-01,1,6\n");
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3);
    assert!(done.stderr.contains("more than one value of `reach`"), "{}", done.stderr);
}

#[test]
fn look_alikes_are_told() {
    let place = Place::new();
    place.write("data.csv", "date,network,note,clicks,spend\n2025-01-01,Facebook,a,1,1\n2025-01-01,facebook ,a,1,1\n").write(
        "pipeline.yaml",
        pipeline("  - {name: r, metrics: [clicks], group_by: [network], grains: [day], exports: [{format: csv, path: r.csv}]}\n"),
    );
    let done = place.run(&[]);
    assert!(done.stderr.contains("values that look alike: `Facebook`, `facebook`"), "{}", done.stderr);
}

#[test]
fn a_folder_with_other_files_and_inputs_are_never_replaced() {
    let place = Place::new();
    let report = |path: &str, partition: &str| {
        pipeline(&format!(
            "  - {{name: r, metrics: [clicks], grains: [day], exports: [{{format: {partition}, path: {path}}}]}}\n"
        ))
    };
    place.write("data.csv", DATA).write("important/thesis.docx", "years of work");
    place.write("pipeline.yaml", report("important", "parquet, partition_by: [grain]"));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 4, "{}", done.stderr);
    assert!(done.stderr.contains("holds more than a partitioned report"), "{}", done.stderr);
    assert_eq!(place.read("important/thesis.docx"), "years of work");
    place.write("pipeline.yaml", report("data.csv", "csv"));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("`data.csv` is read by `s`"), "{}", done.stderr);
    // What the next run would read as input.
    place.write("pipeline.yaml", report("out.csv", "csv").replace("path: data.csv", "path: '*.csv'"));
    assert!(place.jalon(&["check", "pipeline.yaml"]).stderr.contains("`out.csv` is read by `s`"));
    assert_eq!(place.read("data.csv"), DATA);
    place.write("pipeline.yaml", report(".jalon/lock.csv", "csv"));
    assert!(place.jalon(&["check", "pipeline.yaml"]).stderr.contains("jalon's own"));
}

#[test]
fn a_period_that_the_range_cuts_is_not_complete() {
    let place = Place::new();
    let days: String = (1..=31).map(|d| format!("2025-01-{d:02},x,a,1,1\n")).collect();
    place.write("data.csv", format!("date,network,note,clicks,spend\n{days}")).write(
        "pipeline.yaml",
        pipeline("  - {name: r, metrics: [clicks], grains: [month], end: 2025-01-15, exports: [{format: csv, path: r.csv, layout: wide}]}\n"),
    );
    place.run(&[]);
    assert!(
        place.read("r.csv").contains(&format!(",2025-01,false,{},15,detail,all,15", 15.0 / 31.0)),
        "{}",
        place.read("r.csv")
    );
}

#[test]
fn a_range_does_not_cut_coarse_records() {
    let place = Place::new();
    place.write("data.csv", "month,n\n2025-01-01,100\n").write(
        "pipeline.yaml",
        "version: 1\nname: t\nsources:\n  s: {path: data.csv, time: {column: month, grain: month}, measures: [n]}\nmetrics:\n  n: {type: simple, source: s, expr: n}\nreports:\n  - {name: r, metrics: [n], grains: [month], end: 2025-01-15, exports: [{format: csv, path: r.csv}]}\n",
    );
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.code == 2 && done.stderr.contains("`end` cuts the months"), "{}", done.stderr);
}

#[test]
fn an_empty_partitioned_report_still_has_its_columns() {
    let place = Place::new();
    place.write("data.csv", "date,network,note,clicks,spend\n").write(
        "pipeline.yaml",
        pipeline("  - {name: r, metrics: [clicks], grains: [day], exports: [{format: parquet, path: r, partition_by: [grain]}]}\n"),
    );
    let done = place.run(&[]);
    assert!(done.stderr.contains("has no rows"), "{}", done.stderr);
    assert!(place.path().join("r/part-0.parquet").exists());
    // And is replaced by one with rows.
    place.write("data.csv", DATA);
    place.run(&[]);
    assert!(
        place.path().join("r/grain=day/part-0.parquet").exists() && !place.path().join("r/part-0.parquet").exists()
    );
}

#[test]
fn a_long_chain_is_refused_instead_of_a_stack_overflow() {
    let place = Place::new();
    let chain = vec!["clicks"; 2000].join(" + ");
    place.write("data.csv", DATA).write(
        "pipeline.yaml",
        pipeline("  - {name: r, metrics: [clicks], grains: [day], exports: [{format: csv, path: r.csv}]}\n")
            .replace("expr: clicks,", &format!("expr: {chain},")),
    );
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("expression-too-deep"), "{}", done.stderr);
}
