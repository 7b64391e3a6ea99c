//! The product's long CSV export, read back into the oracle's shape.

use std::path::Path;

use super::index::Dim;

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
    pub(crate) dims: Vec<Dim>,
    pub(crate) segment: String,
    pub(crate) metric: String,
    pub(crate) value: Option<f64>,
    pub(crate) value_int: Option<i128>,
    pub(crate) denominator: Option<f64>,
    pub(crate) compared: Vec<ComparedRow>,
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

/// The columns of a long export: how many dimensions it has, and the entries of its `compare`.
struct Columns {
    dimensions: usize,
    compared: Vec<String>,
}

impl Columns {
    /// Checks the header on the way.
    fn of(header: &[String]) -> Self {
        let at = |name: &str| {
            header.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column `{name}`: {header:?}"))
        };
        let dimensions = at("level") + 1..at("segment");
        let between = &header[at("denominator") + 1..at("unit")];
        let compared: Vec<String> = between.iter().step_by(4).map(|name| name.replace("_value", "")).collect();
        let parts =
            compared.iter().flat_map(|name| ["value", "abs", "pct", "better"].map(|part| format!("{name}_{part}")));
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let expected = [
            texts(&BEFORE_DIMENSIONS),
            header[dimensions.clone()].to_vec(),
            texts(&AFTER_DIMENSIONS),
            parts.collect(),
            texts(&LAST),
        ];
        assert_eq!(header, expected.concat(), "the columns of a long export");
        Self { dimensions: dimensions.len(), compared }
    }
}

/// Reads a long export in the dialect `rfc4180`.
pub(crate) fn read_long_csv(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let columns = Columns::of(&header);
    reader.records().map(|record| row(&record.expect("a CSV record"), &columns)).collect()
}

fn row(record: &csv::StringRecord, columns: &Columns) -> Row {
    let cells: Vec<&str> = record.iter().collect();
    let (before, rest) = cells.split_at(BEFORE_DIMENSIONS.len());
    let (dims, rest) = rest.split_at(columns.dimensions);
    let (own, rest) = rest.split_at(AFTER_DIMENSIONS.len());
    let compared = columns.compared.iter().zip(rest.chunks_exact(4)).map(|(name, cells)| ComparedRow {
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
        dims: dims.iter().map(|cell| dimension(cell)).collect(),
        segment: unescaped(own[0]),
        metric: unescaped(own[1]),
        value: number(own[2]),
        value_int: number(own[3]),
        denominator: number(own[5]),
        compared: compared.collect(),
    }
}

fn number<T: std::str::FromStr>(cell: &str) -> Option<T> {
    let parse = || cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number of its column"));
    (!cell.is_empty()).then(parse)
}

fn dimension(cell: &str) -> Dim {
    match cell {
        "(all)" => Dim::All,
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

    #[test]
    fn a_long_export_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.csv");
        let text = "report,grain,period_start,period_end,period_label,is_complete,coverage,days,level,network,country,\
            segment,metric,value,value_int,numerator,denominator,previous_year_value,previous_year_abs,\
            previous_year_pct,previous_year_better,unit,direction,additivity,as_of\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,true,1,1,detail,(unknown),\"'=a,\"\"b\",all,m,3,3,,,2,1,0.5,true,,,,\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,false,1,0,network,x,(all),all,rate,,,1,7,,,,,,,,\r\n";
        std::fs::write(&path, text).unwrap();
        let text = str::to_owned;
        let m = Row {
            report: text("r"),
            grain: text("day"),
            period_start: text("2025-01-31"),
            period_end: text("2025-01-31"),
            period_label: text("2025-01-31"),
            is_complete: true,
            days: 1,
            level: text("detail"),
            dims: vec![Dim::Unknown, Dim::Is(text("=a,\"b"))],
            segment: text("all"),
            metric: text("m"),
            value: Some(3.0),
            value_int: Some(3),
            denominator: None,
            compared: vec![ComparedRow {
                name: text("previous_year"),
                earlier: Some(2.0),
                change: Some(1.0),
                percent: Some(0.5),
                better: Some(true),
            }],
        };
        let nothing = ComparedRow { earlier: None, change: None, percent: None, better: None, ..m.compared[0].clone() };
        let rate = Row {
            is_complete: false,
            days: 0,
            level: text("network"),
            dims: vec![Dim::Is(text("x")), Dim::All],
            metric: text("rate"),
            value: None,
            value_int: None,
            denominator: Some(7.0),
            compared: vec![nothing],
            ..m.clone()
        };
        assert_eq!(read_long_csv(&path), [m, rate]);
    }
}
