//! Files as networks, spreadsheets and people really write them.

use crate::harness::{cells, rows, Place};

/// A pipeline over one source that sums `clicks` by month and `network`.
fn pipeline(source: &str) -> String {
    let indented: String = source.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "version: 1\nname: t\nsources:\n  s:\n{indented}metrics:\n  clicks: {{type: simple, source: s, expr: clicks}}\n\
         reports:\n  - name: r\n    metrics: [clicks]\n    group_by: [network]\n    grains: [month]\n    \
         exports: [{{format: csv, path: r.csv, layout: wide}}]\n"
    )
}

const PLAIN: &str = "time: {column: date}\ndimensions: [network]\nmeasures: [clicks]\n";

/// The cells of the report of a source.
fn report(place: &Place, source: &str) -> Vec<String> {
    place.write("pipeline.yaml", pipeline(source));
    place.run(&[]);
    cells(place, &["period_label", "network", "clicks"])
}

fn total(place: &Place, key: &str) -> u64 {
    let manifest: serde_json::Value = serde_json::from_str(&place.read("t.manifest.json")).expect("JSON");
    manifest["inputs"][0]["total"][key].as_u64().expect("a number")
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("compressed");
    encoder.finish().expect("compressed")
}

const TEXT: &str = "date,network,clicks\n2025-01-01,Caffè,1\n2025-01-02,x,20\n2025-02-01,x,300\n";
const WANTED: [&str; 3] = ["2025-01 Caffè 1", "2025-01 x 20", "2025-02 x 300"];

#[test]
fn encodings_separators_and_packings_are_found_out() {
    let latin: Vec<u8> = TEXT.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    let windows = format!("path: data/*\ncsv: {{encoding: windows-1252}}\n{PLAIN}");
    let found = format!("path: data/*\n{PLAIN}");
    let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("plain", "a.csv", TEXT.into(), &found),
        ("byte order mark", "a.csv", [b"\xEF\xBB\xBF".as_slice(), TEXT.as_bytes()].concat(), &found),
        ("UTF-16LE", "a.csv", utf16(TEXT, true), &found),
        ("UTF-16BE", "a.csv", utf16(TEXT, false), &found),
        ("UTF-16LE without mark", "a.csv", utf16(TEXT, true)[2..].to_vec(), &found),
        ("cp1252", "a.csv", latin, &windows),
        ("semicolons", "a.csv", TEXT.replace(',', ";").into(), &found),
        ("tabs under .csv, UTF-16", "a.csv", utf16(&TEXT.replace(',', "\t"), true), &found),
        ("tabs", "a.tsv", TEXT.replace(',', "\t").into(), &found),
        ("sep= line", "a.csv", format!("sep=;\n{}", TEXT.replace(',', ";")).into(), &found),
        ("carriage returns", "a.csv", TEXT.replace('\n', "\r\n").into(), &found),
        ("gzip", "a.csv.gz", gzip(TEXT), &found),
        ("byte order mark within gzip", "a.csv.gz", gzip(&format!("\u{feff}{TEXT}")), &found),
        ("zstd", "a.csv.zst", zstd::encode_all(TEXT.as_bytes(), 1).expect("compressed"), &found),
    ];
    for (name, file, bytes, source) in cases {
        let place = Place::new();
        place.write(&format!("data/{file}"), bytes);
        assert_eq!(report(&place, source), WANTED, "{name}");
        assert_eq!((total(&place, "records"), total(&place, "used")), (3, 3), "{name}");
    }
}

#[test]
fn a_table_is_found_below_a_preamble_and_among_others() {
    let place = Place::new();
    let ads = "Campaign report\n\"January 1, 2025 - February 1, 2025\"\n";
    place.write("a.csv", format!("{ads}{TEXT}"));
    assert_eq!(report(&place, &format!("path: a.csv\n{PLAIN}")), WANTED);
    let other = TEXT.replace("20\n", "21\n");
    place.write("b.csv", format!("sep=,\n\"Facebook clicks\"\n{other}\n\"Instagram clicks\"\n{TEXT}"));
    for table in ["Instagram clicks", "2"] {
        assert_eq!(report(&place, &format!("path: b.csv\ntable: {table}\n{PLAIN}")), WANTED, "{table}");
    }
    assert_eq!(report(&place, &format!("path: b.csv\ntable: facebook clicks\n{PLAIN}"))[1], "2025-01 x 21");
    assert_eq!(total(&place, "records"), 3);
    // Nobody adds two tables up unasked.
    place.write("pipeline.yaml", pipeline(&format!("path: b.csv\n{PLAIN}")));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(
        done.stderr.contains("holds several tables") && done.stderr.contains("`Instagram clicks`"),
        "{}",
        done.stderr
    );
    place.write("pipeline.yaml", pipeline(&format!("path: b.csv\ntable: Threads clicks\n{PLAIN}")));
    assert!(place.jalon(&["check", "pipeline.yaml"]).stderr.contains("has no table `Threads clicks`"));
}

#[test]
fn a_second_header_far_into_a_file_is_not_read_as_data() {
    let place = Place::new();
    let line = "2025-01-02,a network with a long name,20\n";
    let text = format!("date,network,clicks\n{0}date,network,clicks\n{0}", line.repeat(400_000 / line.len() * 3));
    place.write("a.csv", text).write("pipeline.yaml", pipeline(&format!("path: a.csv\n{PLAIN}")));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.stderr.contains("the header stands in line"), "{}", done.stderr);
}

#[test]
fn rows_of_totals_are_left_out_wherever_they_stand() {
    let place = Place::new();
    let header = "network,date,clicks\n";
    let rows = "x,2025-01-02,20\nCaffè,2025-01-01,1\nx,2025-02-01,300\n";
    for (name, text) in [
        ("first", format!("{header}Total,,321\n{rows}")),
        ("last", format!("{header}{rows}Total: Campaigns, --,321\nTotal: Account,,321\nTotal: Search,,0\n")),
        ("with one cell more", format!("{header},,321,Grand total\n{rows}")),
    ] {
        place.write("a.csv", text);
        let source = format!("path: a.csv\nmax_bad_rows: 0\n{PLAIN}");
        assert_eq!(report(&place, &source), WANTED, "{name}");
        let (records, totals) = (total(&place, "records"), total(&place, "totals"));
        assert_eq!(records - totals, 3, "{name}");
        assert!(totals > 0, "{name}");
    }
    // Without a date a row is in no month, but its period is the export's here.
    let periods = "path: a.csv\nperiod: {start: 2025-01-01, end: 2025-01-31}\ntime: {grain: range}\n\
                   dimensions: [network]\nmeasures: [clicks]\n";
    place.write("a.csv", "network,clicks\nTotal,321\nx,320\nCaffè,1\n");
    assert_eq!(report(&place, periods), ["2025-01 Caffè 1", "2025-01 x 320"]);
    assert_eq!(report(&place, &format!("{periods}total_rows: none\n")).len(), 3);
    place.write("a.csv", "network,clicks\n,321\nx,320\nCaffè,1\n");
    let condition = format!("{periods}total_rows: network IS NULL\n");
    assert_eq!(report(&place, &condition), ["2025-01 Caffè 1", "2025-01 x 320"]);
    assert_eq!(total(&place, "totals"), 1);
}

#[test]
fn ragged_rows_are_bad_unless_the_source_says_otherwise() {
    let place = Place::new();
    place.write("a.csv", "date,network,clicks,note\n2025-01-02,x,20\n2025-01-01,Caffè,1,,,\n2025-02-01,x,300,n\n");
    let source = format!("path: a.csv\nmax_bad_rows: 2\n{PLAIN}");
    assert_eq!(report(&place, &source), ["2025-02 x 300"]);
    let kept = rows(&place, "quarantine/t.csv", &["line", "column", "reason", "record"]);
    assert_eq!(kept[0], ["2", "", "a record with 3 fields, the header has 4", "2025-01-02,x,20"]);
    assert_eq!(kept.len(), 2);
    assert_eq!(report(&place, &format!("path: a.csv\ncsv: {{ragged: fill}}\n{PLAIN}")), WANTED);
}

#[test]
fn lines_of_separators_are_no_records() {
    let place = Place::new();
    place.write("a.csv", format!("{TEXT},,\n,,\n"));
    assert_eq!(report(&place, &format!("path: a.csv\n{PLAIN}")), WANTED);
    assert_eq!((total(&place, "records"), total(&place, "used")), (3, 3));
}

#[test]
fn a_name_that_stands_twice_is_numbered() {
    let place = Place::new();
    place.write("a.csv", "date,network,clicks,clicks\n2025-01-02,x,20,5\n");
    assert_eq!(report(&place, &format!("path: a.csv\n{PLAIN}")), ["2025-01 x 20"]);
    let second = "time: {column: date}\ndimensions: [network]\nmeasures: {clicks: {column: clicks (2)}}\n";
    assert_eq!(report(&place, &format!("path: a.csv\n{second}")), ["2025-01 x 5"]);
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.stderr.contains("stands more than once in the header"), "{}", done.stderr);
}

#[test]
fn numbers_are_read_as_they_are_written() {
    let place = Place::new();
    let cases = [
        ("{decimal: comma, thousands: space}", "1\u{202f}234,50", "1234.5"),
        ("{decimal: comma, thousands: point}", "1.234", "1234"),
        ("{thousands: comma}", "\"9,380\"", "9380"),
        ("{thousands: apostrophe}", "1'234.5", "1234.5"),
        ("{decimal: comma}", "12,50 €", "12.5"),
        ("{}", "15.86%", "0.1586"),
        ("{}", "US$3.38", "3.38"),
        ("{}", "1.2K", "1200"),
        ("{}", "89.0", "89"),
        ("{nulls: [\"--\", undefined]}", " --", ""),
        ("{nulls: [\"--\", undefined]}", "undefined", ""),
        ("{}", "< 10%", ""),
    ];
    for (numbers, cell, wanted) in cases {
        let cell = if cell.contains(',') && !cell.starts_with('"') { format!("\"{cell}\"") } else { cell.to_owned() };
        place.write("a.csv", format!("date,network,clicks\n2025-01-02,x,{cell}\n"));
        let source = format!("path: a.csv\nnumbers: {numbers}\nmax_bad_rows: 0\n{PLAIN}");
        assert_eq!(report(&place, &source), [format!("2025-01 x {wanted}")], "{numbers} {cell}");
    }
    // A column may differ from the others.
    place.write("a.csv", "date,network,clicks,cost\n2025-01-02,x,\"1,200\",\"1,5\"\n");
    let source = "path: a.csv\ntime: {column: date}\ndimensions: [network]\nnumbers: {thousands: comma}\n\
                  measures: {clicks: {}, cost: {numbers: {decimal: comma}}}\n";
    place.write("pipeline.yaml", pipeline(source).replace("expr: clicks", "expr: clicks + cost"));
    place.run(&[]);
    assert_eq!(cells(&place, &["clicks"]), ["1201.5"]);
}

#[test]
fn what_is_unknown_is_said_and_never_zero() {
    let place = Place::new();
    let text = "date,network,clicks,id\n2025-01-02,x,< 10%,3.0672E+14\n2025-01-03,y,7,1\n";
    place.write("a.csv", text);
    let source = "path: a.csv\ntime: {column: date}\ndimensions: [network, id]\nmeasures: [clicks]\n";
    place.write("pipeline.yaml", pipeline(source).replace("[network]\n    grains", "[network, id]\n    grains"));
    let done = place.run(&[]);
    for word in ["1 cell of `clicks` tell a bound", "1 id in `id` were rounded by a spreadsheet, as `3.0672E+14`"] {
        assert!(done.stderr.contains(word), "no `{word}` in\n{}", done.stderr);
    }
    // Zeros where somebody must have seen something.
    place.write("b.csv", "date,network,clicks,views\n2025-01-02,x,3,0\n2025-01-03,y,7,0\n");
    let views = "path: b.csv\ntime: {column: date}\ndimensions: [network]\nmeasures: [clicks, views]\n";
    place.write("pipeline.yaml", pipeline(views).replace("expr: clicks", "expr: clicks + views"));
    let done = place.run(&[]);
    assert!(done.stderr.contains("`views` is 0 in every record"), "{}", done.stderr);
}

#[test]
fn dates_are_read_as_they_are_written() {
    let place = Place::new();
    let cases = [
        ("MM/DD/YYYY HH:mm", "04/02/2024 04:32", "2024-04"),
        ("DD/MM/YYYY", "04/02/2024", "2024-02"),
        ("YYYYMMDD", "20231010", "2023-10"),
        ("D MMMM YYYY", "8 de marzo 2024", ""),
        ("D 'de' MMMM YYYY", "8 de marzo 2024", "2024-03"),
        ("D MMMM YYYY", "1er février 2024", "2024-02"),
        ("ddd MMM D YYYY", "Thu Mar 20 2025", "2025-03"),
        ("ddd, MMM D, YYYY", "\"Fri, Mar 21, 2025\"", "2025-03"),
        ("YYYY-MM-DD HH:mm Z", "2021-08-31 19:53 +0000", "2021-08"),
        ("M/D/YY HH:mm", "10/16/17 22:59", "2017-10"),
        ("[\"MM/DD/YYYY\", ISO]", "2024-01-31", "2024-01"),
    ];
    for (format, cell, wanted) in cases {
        place.write("a.csv", format!("date,network,clicks\n{cell},x,1\n"));
        let format = if format.starts_with('[') { format.to_owned() } else { format!("\"{format}\"") };
        let source = format!(
            "path: a.csv\nmax_bad_rows: 0\ntime: {{column: date, format: {format}}}\ndimensions: [network]\nmeasures: [clicks]\n"
        );
        place.write("pipeline.yaml", pipeline(&source));
        if wanted.is_empty() {
            assert_ne!(place.jalon(&["run", "pipeline.yaml"]).code, 0, "{format} {cell}");
            continue;
        }
        place.run(&[]);
        assert_eq!(cells(&place, &["period_label"]), [wanted], "{format} {cell}");
    }
}

#[test]
fn a_year_that_is_not_written_comes_from_the_exports_period() {
    let place = Place::new();
    place.write("Overview 2024-02-28_2025-02-27.csv", "date,network,clicks\nFebruary 28,x,1\nFebruary 27,x,2\n");
    let source = |more: &str| {
        format!("path: Over*.csv\n{more}time: {{column: date, format: MMMM D}}\ndimensions: [network]\nmeasures: [clicks]\n")
    };
    assert_eq!(report(&place, &source("")), ["2024-02 x 1", "2025-02 x 2"]);
    // Days counted from the start that the lines above the table tell.
    place.write("ga4.csv", "# Start date: 20230424\n# End date: 20230521\nday,network,clicks\n0000,x,1\n0010,x,2\n");
    let days = "path: ga4.csv\ntime: {column: day, format: N}\ndimensions: [network]\nmeasures: [clicks]\n";
    assert_eq!(report(&place, days), ["2023-04 x 1", "2023-05 x 2"]);
    // Nothing tells the year.
    place.write("other.csv", "date,network,clicks\nFebruary 28,x,1\n");
    place.write("pipeline.yaml", pipeline(&source("").replace("Over*.csv", "other.csv")));
    let done = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.stderr.contains("its year is not known") && done.stderr.contains("period:"), "{}", done.stderr);
    // Records without any date are of the export's period, or of none.
    let range = "path: other.csv\ntime: {grain: range}\ndimensions: [network]\nmeasures: [clicks]\n";
    place.write("pipeline.yaml", pipeline(range));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.stderr.contains("nothing tells which days `other.csv` covers"), "{}", done.stderr);
}

#[test]
fn a_measure_written_in_another_way_is_told_with_the_way_out() {
    let place = Place::new();
    place.write("a.csv", "date,network,clicks\n2025-01-02,x,\"1 234,5\"\n2025-01-03,x,\"2 345,6\"\n");
    place.write("pipeline.yaml", pipeline(&format!("path: a.csv\n{PLAIN}")));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("numbers: {decimal: comma, thousands: space}"), "{}", done.stderr);
    place.write("a.csv", "date,network,clicks\n31/01/2025,x,1\n");
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.stderr.contains("format: DD/MM/YYYY"), "{}", done.stderr);
}

#[test]
fn workbooks_are_read_by_sheet_whatever_their_cells_are() {
    use rust_xlsxwriter::{Format, Workbook};
    let place = Place::new();
    let mut book = Workbook::new();
    let notes = book.add_worksheet();
    notes.set_name("Notes").expect("a sheet");
    notes.write(0, 0, "Exported for you").expect("written");
    let sheet = book.add_worksheet();
    sheet.set_name("All posts").expect("a sheet");
    sheet.write(0, 0, "A line above the table").expect("written");
    for (i, name) in ["date", "network", "clicks"].into_iter().enumerate() {
        sheet.write(2, u16::try_from(i).expect("small"), name).expect("written");
    }
    let day = Format::new().set_num_format("yyyy-mm-dd");
    // A real date, and dates and numbers as texts.
    let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2025, 1, 1).expect("a day");
    sheet.write_with_format(3, 0, &date, &day).expect("written");
    sheet.write(4, 0, "01/02/2025").expect("written");
    sheet.write(5, 0, "02/01/2025").expect("written");
    for (row, network) in [(3, "Caffè"), (4, "x"), (5, "x")] {
        sheet.write(row, 1, network).expect("written");
    }
    sheet.write(3, 2, 1).expect("written");
    sheet.write(4, 2, "20").expect("written");
    sheet.write(5, 2, 300.0).expect("written");
    // A note beside the table is no part of it, and blanks are no row.
    sheet.write(4, 5, "why so few?").expect("written");
    sheet.write(8, 0, " ").expect("written");
    book.save(place.path().join("a.xlsx")).expect("saved");
    let source = |sheet: &str| {
        format!(
            "path: a.xlsx\nsheet: {sheet}\ntime: {{column: date, format: MM/DD/YYYY}}\ndimensions: [network]\nmeasures: [clicks]\n"
        )
    };
    assert_eq!(report(&place, &source("All posts")), WANTED);
    assert_eq!(report(&place, &source("2")), WANTED);
    place.write("pipeline.yaml", pipeline(&source("Posts")));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.code != 0 && done.stderr.contains("All posts"), "{}", done.stderr);
}

#[test]
fn a_file_of_an_archive_is_read_by_its_name() {
    use std::io::Write;
    let place = Place::new();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, text) in [("Table data.csv", TEXT), ("Totals.csv", "date,clicks\n2025-01-01,9\n")] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        archive.write_all(text.as_bytes()).expect("written");
    }
    place.write("a.zip", archive.finish().expect("finished").into_inner());
    assert_eq!(report(&place, &format!("path: a.zip\nmember: table data.csv\n{PLAIN}")), WANTED);
    place.write("pipeline.yaml", pipeline(&format!("path: a.zip\n{PLAIN}")));
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert!(done.stderr.contains("holds 2 files") && done.stderr.contains("Table data.csv"), "{}", done.stderr);
}

#[test]
fn nested_json_and_parquet_are_read_by_paths_and_lists_unnested() {
    use arrow::array::{Array, ArrayRef, Int64Array, ListArray, StringArray, StructArray};
    use arrow::datatypes::{DataType, Field};
    use std::sync::Arc;

    let place = Place::new();
    let lines = "{\"date\": \"2025-01-01\", \"geo\": {\"network\": \"Caffè\"}, \"items\": [{\"clicks\": 1}]}\n\
                 {\"date\": \"2025-01-02\", \"geo\": {\"network\": \"x\"}, \"items\": [{\"clicks\": 15}, {\"clicks\": 5}]}\n\
                 {\"date\": \"2025-02-01\", \"geo\": {\"network\": \"x\"}, \"items\": [{\"clicks\": 300}]}\n";
    place.write("a.ndjson", lines);
    let source = |file: &str| {
        format!(
            "path: {file}\nunnest: items\ntime: {{column: date}}\ndimensions: {{network: {{column: geo.network}}}}\n\
             measures: {{clicks: {{column: items.clicks}}}}\n"
        )
    };
    assert_eq!(report(&place, &source("a.ndjson")), WANTED);
    assert_eq!(total(&place, "records"), 4);
    // The same as Parquet.
    let field = |name: &str, ty: DataType| Arc::new(Field::new(name, ty, true));
    let geo: ArrayRef = Arc::new(StructArray::from(vec![(
        field("network", DataType::Utf8),
        Arc::new(StringArray::from(vec!["Caffè", "x", "x"])) as ArrayRef,
    )]));
    let clicks = StructArray::from(vec![(
        field("clicks", DataType::Int64),
        Arc::new(Int64Array::from(vec![1, 15, 5, 300])) as ArrayRef,
    )]);
    let item = field("item", clicks.data_type().clone());
    let offsets = arrow::buffer::OffsetBuffer::new(vec![0, 1, 3, 4].into());
    let items: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(clicks), None));
    let days: ArrayRef = Arc::new(arrow::array::Date32Array::from(vec![20089, 20090, 20120]));
    place.write("a.parquet", crate::harness::parquet(vec![("date", days), ("geo", geo), ("items", items)]));
    assert_eq!(report(&place, &source("a.parquet")), WANTED);
    assert_eq!((total(&place, "records"), total(&place, "used")), (4, 4));
    // A broken line of JSON is a bad row.
    place.write("a.ndjson", format!("{lines}{{\"date\": oops}}\n"));
    assert_eq!(report(&place, &format!("max_bad_rows: 1\n{}", source("a.ndjson"))), WANTED);
    assert_eq!(rows(&place, "quarantine/t.csv", &["line"]), [["4"]]);
}

#[test]
fn keys_that_no_file_has_a_use_for_are_told() {
    let place = Place::new();
    place.write("a.csv", TEXT);
    place.write(
        "pipeline.yaml",
        pipeline(&format!("path: a.csv\nsheet: Metrics\nmember: x.csv\nunnest: items\n{PLAIN}")),
    );
    let done = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(done.code, 2);
    insta::assert_snapshot!(done.stderr);
}

#[test]
fn arrow_files_and_streams_are_read() {
    use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
    use arrow::ipc::writer::{FileWriter, StreamWriter};
    use std::sync::Arc;

    let place = Place::new();
    let batch = arrow::record_batch::RecordBatch::try_from_iter(vec![
        ("date", Arc::new(Date32Array::from(vec![20089, 20090, 20120])) as ArrayRef),
        ("network", Arc::new(StringArray::from(vec!["Caffè", "x", "x"]))),
        ("clicks", Arc::new(Int64Array::from(vec![1, 20, 300]))),
    ])
    .expect("a batch");
    let mut file = FileWriter::try_new(vec![], &batch.schema()).expect("a writer");
    file.write(&batch).expect("written");
    place.write("a.arrow", file.into_inner().expect("finished"));
    let mut stream = StreamWriter::try_new(vec![], &batch.schema()).expect("a writer");
    stream.write(&batch).expect("written");
    place.write("a.arrows", stream.into_inner().expect("finished"));
    for file in ["a.arrow", "a.arrows"] {
        assert_eq!(report(&place, &format!("path: {file}\n{PLAIN}")), WANTED, "{file}");
        assert_eq!((total(&place, "records"), total(&place, "used")), (3, 3), "{file}");
    }
}
