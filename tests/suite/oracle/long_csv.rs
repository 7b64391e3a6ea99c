//! The product's long CSV export, read back into the oracle's shape.

use std::path::Path;

/// One row of a long export: the keys and the value, as they read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) report: String,
    pub(crate) grain: String,
    pub(crate) period_start: String,
    pub(crate) period_end: String,
    pub(crate) period_label: String,
    pub(crate) dims: Vec<Option<String>>,
    pub(crate) segment: String,
    pub(crate) metric: String,
    pub(crate) value: Option<f64>,
    pub(crate) value_int: Option<i128>,
}

/// Reads a long export in the dialect `rfc4180`.
pub(crate) fn read_long_csv(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let at = |name: &str| {
        header.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column `{name}`: {header:?}"))
    };
    // The dimensions stand between the level and the segment.
    let dims = at("level") + 1..at("segment");
    let (report, grain, metric, segment) = (at("report"), at("grain"), at("metric"), at("segment"));
    let (start, end, label) = (at("period_start"), at("period_end"), at("period_label"));
    let (value, value_int) = (at("value"), at("value_int"));
    let rows = reader.records().map(|record| {
        let record = record.expect("a CSV record");
        let text = |at: usize| unescaped(&record[at]);
        Row {
            report: text(report),
            grain: text(grain),
            period_start: text(start),
            period_end: text(end),
            period_label: text(label),
            dims: dims.clone().map(|at| dimension(&record[at])).collect(),
            segment: text(segment),
            metric: text(metric),
            value: number(&record[value]),
            value_int: number(&record[value_int]),
        }
    });
    rows.collect()
}

fn number<T: std::str::FromStr>(cell: &str) -> Option<T> {
    let parse = || cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number of its column"));
    (!cell.is_empty()).then(parse)
}

fn dimension(cell: &str) -> Option<String> {
    (cell != "(unknown)").then(|| unescaped(cell))
}

/// Without the apostrophe that keeps a spreadsheet from running the text.
fn unescaped(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => text.to_owned(),
        _ => cell.to_owned(),
    }
}

mod tests {
    use super::{read_long_csv, Row};

    #[test]
    fn a_long_export_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.csv");
        let text =
            "report,grain,period_start,period_end,period_label,is_complete,coverage,level,network,country,segment,\
            metric,value,value_int,numerator,denominator,unit,direction,additivity,as_of\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,true,1,detail,(unknown),\"'=a,\"\"b\",all,m,3,3,,,,,,\r\n\
            r,day,2025-01-31,2025-01-31,2025-01-31,true,1,detail,x,'t,all,rate,,,,,,,,\r\n";
        std::fs::write(&path, text).unwrap();
        let row = |dims: [Option<&str>; 2], metric: &str, value, value_int| Row {
            report: "r".to_owned(),
            grain: "day".to_owned(),
            period_start: "2025-01-31".to_owned(),
            period_end: "2025-01-31".to_owned(),
            period_label: "2025-01-31".to_owned(),
            dims: dims.iter().map(|dim| dim.map(str::to_owned)).collect(),
            segment: "all".to_owned(),
            metric: metric.to_owned(),
            value,
            value_int,
        };
        let expected =
            [row([None, Some("=a,\"b")], "m", Some(3.0), Some(3)), row([Some("x"), Some("'t")], "rate", None, None)];
        assert_eq!(read_long_csv(&path), expected);
    }
}
