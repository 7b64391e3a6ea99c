//! The product's long CSV export, read back into the oracle's shape.

use std::path::Path;

use super::index::Dim;
use super::spec::{parse, Report, Spec};

/// One row of a long export: the keys and the value, as they read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) report: String,
    pub(crate) grain: String,
    pub(crate) period_start: String,
    pub(crate) period_end: String,
    pub(crate) period_label: String,
    pub(crate) is_complete: bool,
    pub(crate) days: i32,
    pub(crate) level: String,
    pub(crate) rank: Option<usize>,
    pub(crate) dims: Vec<Dim>,
    /// As they stand; none where the cell is empty.
    pub(crate) attributes: Vec<Option<String>>,
    pub(crate) segment: String,
    pub(crate) metric: String,
    pub(crate) value: Option<f64>,
    pub(crate) value_int: Option<i128>,
    pub(crate) denominator: Option<f64>,
    pub(crate) compared: Vec<ComparedRow>,
    pub(crate) is_break: Option<bool>,
}

/// The columns of one entry of `compare`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ComparedRow {
    pub(crate) name: String,
    pub(crate) earlier: Option<f64>,
    pub(crate) change: Option<f64>,
    pub(crate) percent: Option<f64>,
    pub(crate) better: Option<bool>,
}

const BEFORE_DIMENSIONS: [&str; 9] =
    ["report", "grain", "period_start", "period_end", "period_label", "is_complete", "coverage", "days", "level"];
const AFTER_DIMENSIONS: [&str; 6] = ["segment", "metric", "value", "value_int", "numerator", "denominator"];
const LAST: [&str; 4] = ["unit", "direction", "additivity", "as_of"];

/// Checks that a long export has the columns that its report asks for, and no others.
fn check_header(header: &[String], spec: &Spec, report: &Report) {
    let parts = |name: &String| ["value", "abs", "pct", "better"].map(|part| format!("{name}_{part}"));
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let expected = [
        texts(&BEFORE_DIMENSIONS),
        texts(if report.top.is_some() { &["rank"] } else { &[] }),
        report.group_by.clone(),
        report.attributes.clone(),
        texts(&AFTER_DIMENSIONS),
        report.compare.iter().flat_map(parts).collect(),
        texts(if has_breaks(spec, report) { &["is_break"] } else { &[] }),
        texts(&LAST),
    ];
    assert_eq!(header, expected.concat(), "the columns of a long export");
}

fn has_breaks(spec: &Spec, report: &Report) -> bool {
    report.metrics.iter().any(|name| spec.has_versions(name))
}

/// Reads a long export in the dialect `rfc4180`, whose file has the name of its report in this pipeline.
pub(crate) fn read_long_csv(path: &Path, pipeline_yaml: &str) -> Vec<Row> {
    let spec = parse(pipeline_yaml);
    let name = path.file_stem().expect("a name").to_string_lossy();
    let report = spec.reports.iter().find(|report| report.name == name).unwrap_or_else(|| panic!("no report `{name}`"));
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    check_header(&header, &spec, report);
    let breaks = has_breaks(&spec, report);
    reader.records().map(|record| row(&record.expect("a CSV record"), report, breaks)).collect()
}

fn row(record: &csv::StringRecord, report: &Report, breaks: bool) -> Row {
    let cells: Vec<&str> = record.iter().collect();
    let (before, rest) = cells.split_at(BEFORE_DIMENSIONS.len());
    let (rank, rest) = rest.split_at(usize::from(report.top.is_some()));
    let (dims, rest) = rest.split_at(report.group_by.len());
    let (attributes, rest) = rest.split_at(report.attributes.len());
    let (own, rest) = rest.split_at(AFTER_DIMENSIONS.len());
    let (compared, rest) = rest.split_at(4 * report.compare.len());
    let compared = report.compare.iter().zip(compared.chunks_exact(4)).map(|(name, cells)| ComparedRow {
        name: name.clone(),
        earlier: number(cells[0]),
        change: number(cells[1]),
        percent: number(cells[2]),
        better: number(cells[3]),
    });
    let text = |at: usize| unescaped(before[at]);
    Row {
        report: text(0),
        grain: text(1),
        period_start: text(2),
        period_end: text(3),
        period_label: text(4),
        is_complete: before[5] == "true",
        days: number(before[7]).unwrap_or_else(|| panic!("no days: {record:?}")),
        level: text(8),
        rank: rank.first().and_then(|cell| number(cell)),
        dims: dims.iter().map(|cell| dimension(cell)).collect(),
        attributes: attributes.iter().map(|cell| (!cell.is_empty()).then(|| unescaped(cell))).collect(),
        segment: unescaped(own[0]),
        metric: unescaped(own[1]),
        value: number(own[2]),
        value_int: number(own[3]),
        denominator: number(own[5]),
        compared: compared.collect(),
        is_break: if breaks { number(rest[0]) } else { None },
    }
}

fn number<T: std::str::FromStr>(cell: &str) -> Option<T> {
    let parse = || cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number of its column"));
    (!cell.is_empty()).then(parse)
}

fn dimension(cell: &str) -> Dim {
    match cell {
        "(all)" => Dim::All,
        "(others)" => Dim::Others,
        "(unknown)" => Dim::Unknown,
        text => Dim::Is(unescaped(text)),
    }
}

/// Without the apostrophe that keeps a spreadsheet from running the text.
fn unescaped(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => text.to_owned(),
        _ => cell.to_owned(),
    }
}

mod tests {
    use super::{read_long_csv, ComparedRow, Dim, Row};

    fn read(pipeline: &str, text: &str) -> Vec<Row> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("r.csv");
        std::fs::write(&path, text).expect("a written file");
        read_long_csv(&path, pipeline)
    }

    #[test]
    fn a_long_export_reads_back() {
        let pipeline = "metrics: {m: {type: simple, source: s}, rate: {type: ratio, numerator: m, denominator: m}}\n\
            reports: [{name: r, metrics: [m, rate], group_by: [network, country], compare: [previous_year]}]";
        let text = "report,grain,period_start,period_end,period_label,is_complete,coverage,days,level,network,country,\
            segment,metric,value,value_int,numerator,denominator,previous_year_value,previous_year_abs,\
            previous_year_pct,previous_year_better,unit,direction,additivity,as_of\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,true,1,1,detail,(unknown),\"'=a,\"\"b\",all,m,3,3,,,2,1,0.5,true,,,,\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,false,1,0,network,x,(all),all,rate,,,1,7,,,,,,,,\r\n";
        let m = Row {
            level: "detail".to_owned(),
            dims: vec![Dim::Unknown, Dim::Is("=a,\"b".to_owned())],
            compared: vec![ComparedRow {
                name: "previous_year".to_owned(),
                earlier: Some(2.0),
                change: Some(1.0),
                percent: Some(0.5),
                better: Some(true),
            }],
            ..plain()
        };
        let nothing = ComparedRow { earlier: None, change: None, percent: None, better: None, ..m.compared[0].clone() };
        let rate = Row {
            is_complete: false,
            days: 0,
            level: "network".to_owned(),
            dims: vec![Dim::Is("x".to_owned()), Dim::All],
            metric: "rate".to_owned(),
            value: None,
            value_int: None,
            denominator: Some(7.0),
            compared: vec![nothing],
            ..m.clone()
        };
        assert_eq!(read(pipeline, text), [m, rate]);
    }

    /// Three, on one day.
    fn plain() -> Row {
        let text = str::to_owned;
        Row {
            report: text("r"),
            grain: text("day"),
            period_start: text("2025-01-31"),
            period_end: text("2025-01-31"),
            period_label: text("2025-01-31"),
            is_complete: true,
            days: 1,
            level: text("detail"),
            rank: None,
            dims: vec![],
            attributes: vec![],
            segment: text("all"),
            metric: text("m"),
            value: Some(3.0),
            value_int: Some(3),
            denominator: None,
            compared: vec![],
            is_break: None,
        }
    }

    #[test]
    fn ranks_attributes_and_breaks_have_columns_where_they_are_asked_for() {
        let pipeline = "metrics: {m: {type: simple, source: s, versions: [{valid_from: 2025-02-01, expr: n}]}}\n\
            reports: [{name: r, metrics: [m], group_by: [post], attributes: [title, likes], top: {n: 1, by: m}}]";
        let text = "report,grain,period_start,period_end,period_label,is_complete,coverage,days,level,rank,post,title,\
            likes,segment,metric,value,value_int,numerator,denominator,is_break,unit,direction,additivity,as_of\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,true,1,1,detail,1,p,'+1,5,all,m,3,3,,,true,,,,\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,true,1,1,others,,(others),,,all,m,3,3,,,,,,,\r\n";
        let first = Row {
            rank: Some(1),
            dims: vec![Dim::Is("p".to_owned())],
            attributes: vec![Some("+1".to_owned()), Some("5".to_owned())],
            is_break: Some(true),
            ..plain()
        };
        let level = "others".to_owned();
        let others = Row { level, dims: vec![Dim::Others], attributes: vec![None, None], ..plain() };
        assert_eq!(read(pipeline, text), [first, others]);
    }

    #[test]
    #[should_panic(expected = "the columns of a long export")]
    fn a_column_that_nobody_asked_for_is_noticed() {
        let text = "report,grain,period_start,period_end,period_label,is_complete,coverage,days,level,rank,segment,\
            metric,value,value_int,numerator,denominator,unit,direction,additivity,as_of\r\n";
        read("metrics: {m: {type: simple, source: s}}\nreports: [{name: r, metrics: [m]}]", text);
    }
}
