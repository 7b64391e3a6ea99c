//! The doors through which fuzzers and the corpus reach the readers: a small pipeline over one file, planned and read as
//! `jalon run` plans and reads it.

use jalon::dialect::{
    date_formats, day_in, in_period, number_formats, period_in, DateFormat, Decimal, NumberFormat, Thousands,
};
use jalon::run::{check, Overrides};
use jalon::source::{records, Feed};
use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::atomic::AtomicU64;

const PLAIN: &str = "time: {column: date}\ndimensions: [network]\nmeasures: [clicks, cost]";

/// Ways of declaring text: the marks, what dates a record, what becomes of bad rows.
const CSV: &[&str] = &[
    PLAIN,
    "csv: {ragged: fill}\nnumbers: {decimal: comma, thousands: space, nulls: [\"--\", N/A]}\n\
     period: {start: 2025-01-01, end: 2025-12-31}\n\
     time: {column: date, format: [\"DD/MM/YYYY HH:mm\", \"D MMMM YYYY\", MMMM D, YYYYMMDD, ISO]}\n\
     dimensions: [network]\nmeasures: {clicks: {type: integer}, cost: {type: number}}",
    "table: 2\ncsv: {encoding: utf-16le}\ntime: {column: date}\ndimensions: [network]\nmeasures: [clicks, cost]",
    "csv: {encoding: windows-1252, separator: \";\"}\ntotal_rows: network = 'Total'\nnumbers: {thousands: point, decimal: comma}\n\
     time: {column: date, format: \"ddd, MMM D, YYYY\"}\ndimensions: [network]\nmeasures: [clicks, cost]",
    "time: {grain: range}\ndimensions: [network]\nmeasures: [clicks, cost]\nnumbers: {thousands: comma}",
    "period_type: lifetime_snapshot\nprimary_key: [network]\nsnapshot: {column: day}\ntime: {column: date, format: N}\n\
     dimensions: [network]\nmeasures: [clicks, cost]\non_bad_row: fail",
    "table: Ads\ntime: {column: date, timezone: Europe/Paris, grain: hour}\ndimensions: [network]\n\
     measures: {clicks: {column: clicks (2)}, cost: {numbers: {thousands: apostrophe}}}",
];

const JSON: &[&str] = &[
    PLAIN,
    "unnest: items\ntime: {column: date}\ndimensions: {network: {column: items.network}}\nmeasures: {clicks: {column: items.clicks}, cost: {}}",
    "time: {column: date, format: [ISO, DD/MM/YYYY]}\ndimensions: {network: {column: geo.country}}\n\
     measures: [clicks, cost]\nnumbers: {decimal: comma}",
];

const SHEETS: &[&str] = &[
    PLAIN,
    "sheet: 2\ntable: 2\ntime: {column: date, format: [DD/MM/YYYY, ISO]}\ndimensions: [network]\nmeasures: [clicks, cost]",
    "sheet: data\ntime: {grain: range}\nperiod: {start: 2025-01-01, end: 2025-01-31}\ndimensions: [network]\n\
     measures: {clicks: {type: integer}, cost: {type: number}}",
];

const NESTED: &[&str] = &[
    PLAIN,
    "unnest: items\ntime: {column: date}\ndimensions: {network: {column: geo.country}}\nmeasures: {clicks: {}, cost: {column: items}}",
    "unnest: items\ntime: {column: date}\ndimensions: {network: {column: geo.city.name}}\nmeasures: {clicks: {column: items.x}, cost: {}}",
    "where: clicks > 2 AND network = 'x'\ntime: {column: date}\ndimensions: [network]\nmeasures: [clicks, cost]",
];

/// The targets: their names, the file that is read, and the ways of declaring it.
const TARGETS: &[(&str, &str, &[&str])] = &[
    ("arrow", "f.arrow", NESTED),
    ("csv", "f.csv", CSV),
    ("dialects", "", &[""]),
    ("gzip", "f.csv.gz", CSV),
    ("ndjson", "f.ndjson", JSON),
    ("parquet", "f.parquet", NESTED),
    ("sniffer", "Ads 2025-01-01_2025-01-31.csv", CSV),
    ("workbook", "f.xlsx", SHEETS),
    ("zip", "f.zip", CSV),
];

fn target(name: &str) -> &'static (&'static str, &'static str, &'static [&'static str]) {
    TARGETS.iter().find(|target| target.0 == name).expect("the name of a target")
}

/// How many ways there are of declaring a target's file.
pub(crate) fn ways(name: &str) -> usize {
    target(name).2.len()
}

/// Reads the bytes as a target's file, to the end or to the first diagnostic; how many records there were.
pub(crate) fn open(name: &str, folder: &Path, way: usize, bytes: &[u8]) -> usize {
    if name == "dialects" {
        return dialects(bytes);
    }
    let (_, file, sources) = target(name);
    let bytes = match name {
        // Samples of the middle and the tail are taken of files that are longer than that of the head.
        "sniffer" => bytes.repeat(300_000 / bytes.len().max(1)),
        "workbook" if !bytes.starts_with(b"PK") && !bytes.starts_with(b"\xD0\xCF") => workbook(bytes),
        _ => bytes.to_vec(),
    };
    std::fs::write(folder.join(file), bytes).expect("a written file");
    let format = if name == "workbook" { "format: excel\n" } else { "" };
    let path = folder.join(file).display().to_string();
    let source = format!("path: \"{path}\"\n{format}{}", sources[way]);
    let pipeline = folder.join("pipeline.yaml");
    std::fs::write(&pipeline, yaml(&source)).expect("a written file");
    let checked = check(&pipeline, &Overrides::default()).expect("a pipeline");
    let Some(plan) = checked.plan.filter(|_| name != "sniffer") else { return 0 };
    let mut rows = 0;
    for scan in &plan.scans {
        let _ = records(scan, 3, &mut |_, batch| {
            rows += batch.rows;
            Ok(())
        });
        // In blocks, as several threads would read it.
        let (progress, whole) = (AtomicU64::new(0), BTreeSet::new());
        let feed = Feed::new(scan, 1000, &progress, &whole);
        let mut file = None;
        while let Ok(true) = feed.step(&mut file, &|| (usize::MAX, 0), &mut |_, _| Ok(())) {}
    }
    rows
}

fn yaml(source: &str) -> String {
    let indented: String = source.lines().map(|line| format!("    {}\n", line.trim_start())).collect();
    format!(
        "version: 1\nname: f\nsources:\n  s:\n{indented}metrics:\n  clicks: {{type: simple, source: s, expr: clicks}}\n  \
         cost: {{type: simple, source: s, expr: cost}}\nreports:\n  - name: r\n    metrics: [clicks, cost]\n    \
         group_by: [network]\n    grains: [month]\n    exports: [{{format: csv, path: r.csv}}]\n"
    )
}

/// A workbook of two sheets, both of which hold the bytes as their XML.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    const TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
        <Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
    const RELATIONS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
        <Relationship Id=\"r\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
        Target=\"xl/workbook.xml\"/></Relationships>";
    const BOOK: &str = "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
        xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>\
        <sheet name=\"data\" sheetId=\"1\" r:id=\"a\"/><sheet name=\"more\" sheetId=\"2\" r:id=\"b\"/></sheets></workbook>";
    const SHEETS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
        <Relationship Id=\"a\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" \
        Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" \
        Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" \
        Target=\"worksheets/sheet2.xml\"/></Relationships>";
    const STYLES: &str = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs>\
        <xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>";
    const TEXTS: &str = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
        <si><t>date</t></si><si><t>network</t></si><si><t>clicks</t></si><si><t>cost</t></si><si><t>x</t></si></sst>";
    let mut book = zip::ZipWriter::new(Cursor::new(vec![]));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", SHEETS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/sharedStrings.xml", TEXTS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/worksheets/sheet2.xml", sheet),
    ] {
        book.start_file(name, stored).expect("a member");
        book.write_all(bytes).expect("bytes");
    }
    book.finish().expect("the end").into_inner()
}

/// Patterns, dates, numbers and periods: the first line is a pattern, the others are cells.
fn dialects(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, cells) = text.split_once('\n').unwrap_or((&text, ""));
    let cells: Vec<&str> = cells.lines().collect();
    let format = DateFormat::compile(pattern);
    if let Err(error) = &format {
        assert!(pattern.get(error.range.clone()).is_some(), "the place of a mistake is in the pattern");
    }
    let mut read = 0;
    for cell in &cells {
        read += usize::from(format.as_ref().is_ok_and(|format| format.parse(cell).is_some()));
        for decimal in [Decimal::Point, Decimal::Comma] {
            for thousands in
                [Thousands::None, Thousands::Comma, Thousands::Point, Thousands::Space, Thousands::Apostrophe]
            {
                read += usize::from(NumberFormat { decimal, thousands }.parse(cell).is_ok());
            }
        }
        if let Some((start, end)) = period_in(cell) {
            assert!(start <= end, "a period begins before it ends");
            let _ = in_period(2, 29, start, end);
        }
        let _ = day_in(cell);
    }
    read + date_formats(&cells).len() + number_formats(&cells).len()
}
