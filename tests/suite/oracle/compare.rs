//! Cells against rows, both ways.

use std::collections::BTreeMap;

use super::eval::Cell;
use super::long_csv::Row;

/// A float may differ from the oracle's by this part of the largest term it was made of.
const TOLERANCE: f64 = 1e-12;

/// How many differences a message shows.
const SHOWN: usize = 8;

type Key = (String, String, String, Vec<Option<String>>, String, String);

/// Compares what should be there with what is there: every cell once, nothing else, integers equal, floats within
/// `TOLERANCE` of their largest term. The number of compared cells, or the first differences.
pub(crate) fn compare(expected: &[Cell], actual: &[Row]) -> Result<usize, String> {
    let mut differences = Vec::new();
    let mut rows: BTreeMap<Key, &Row> = BTreeMap::new();
    for row in actual {
        if rows.insert(row_key(row), row).is_some() {
            differences.push(format!("twice: {}", shown(&row_key(row))));
        }
    }
    for cell in expected {
        let key = cell_key(cell);
        match rows.remove(&key) {
            None => differences.push(format!("missing: {} = {:?}", shown(&key), cell.value)),
            Some(row) => {
                differences.extend(difference(cell, row).map(|what| format!("{}: {what}", shown(&key))));
            }
        }
    }
    let additional = rows.iter().map(|(key, row)| format!("additional: {} = {:?}", shown(key), row.value));
    differences.extend(additional);
    if differences.is_empty() {
        return Ok(expected.len());
    }
    let count = differences.len();
    differences.truncate(SHOWN);
    Err(format!("{count} differences in {} cells:\n  {}", expected.len(), differences.join("\n  ")))
}

fn difference(cell: &Cell, row: &Row) -> Option<String> {
    if (&cell.period_end, &cell.period_label) != (&row.period_end, &row.period_label) {
        let (end, label) = (&row.period_end, &row.period_label);
        return Some(format!("period …{end} `{label}` is not …{} `{}`", cell.period_end, cell.period_label));
    }
    if cell.value_int != row.value_int {
        return Some(format!("value_int {:?} is not {:?}", row.value_int, cell.value_int));
    }
    let equal = match (cell.value, row.value) {
        (None, None) => true,
        (Some(expected), Some(actual)) => near(expected, actual, cell),
        _ => false,
    };
    let what = || format!("value {:?} is not {:?} (largest term {:e})", row.value, cell.value, cell.largest_term);
    (!equal).then(what)
}

fn near(expected: f64, actual: f64, cell: &Cell) -> bool {
    let allowed = if cell.value_int.is_some() { 0.0 } else { TOLERANCE * cell.largest_term.max(expected.abs()) };
    (expected - actual).abs() <= allowed
}

fn cell_key(cell: &Cell) -> Key {
    (
        cell.report.clone(),
        cell.grain.clone(),
        cell.period_start.clone(),
        cell.dims.clone(),
        cell.segment.clone(),
        cell.metric.clone(),
    )
}

fn row_key(row: &Row) -> Key {
    (
        row.report.clone(),
        row.grain.clone(),
        row.period_start.clone(),
        row.dims.clone(),
        row.segment.clone(),
        row.metric.clone(),
    )
}

fn shown((report, grain, start, dims, segment, metric): &Key) -> String {
    let dims: Vec<&str> = dims.iter().map(|dim| dim.as_deref().unwrap_or("(unknown)")).collect();
    format!("{report} {grain} {start} {dims:?} {segment} {metric}")
}

mod tests {
    use super::{compare, Cell, Row};

    fn cell(metric: &str, value: Option<f64>, value_int: Option<i128>, largest_term: f64) -> Cell {
        let text = str::to_owned;
        Cell {
            report: text("r"),
            grain: text("all"),
            period_start: text("2025-01-01"),
            period_end: text("2025-01-02"),
            period_label: text("all"),
            dims: vec![None],
            segment: text("all"),
            metric: text(metric),
            value,
            value_int,
            largest_term,
        }
    }

    fn row(metric: &str, value: Option<f64>, value_int: Option<i128>) -> Row {
        let text = str::to_owned;
        Row {
            report: text("r"),
            grain: text("all"),
            period_start: text("2025-01-01"),
            period_end: text("2025-01-02"),
            period_label: text("all"),
            dims: vec![None],
            segment: text("all"),
            metric: text(metric),
            value,
            value_int,
        }
    }

    #[test]
    fn both_sides_must_hold_the_same_cells() {
        let cells = [cell("a", Some(2.0), Some(2), 2.0), cell("b", None, None, 0.0)];
        let rows = [row("b", None, None), row("a", Some(2.0), Some(2))];
        assert_eq!(compare(&cells, &rows), Ok(2));
        assert!(compare(&cells[..1], &rows).unwrap_err().contains("additional"));
        assert!(compare(&cells, &rows[..1]).unwrap_err().contains("missing"));
        assert!(compare(&cells, &[rows.clone(), rows].concat()).unwrap_err().contains("twice"));
    }

    #[test]
    fn integers_are_exact_and_floats_near() {
        let one = |cell: Cell, row: Row| compare(&[cell], &[row]);
        assert!(one(cell("a", Some(2.0), Some(2), 1e30), row("a", Some(2.0), Some(3))).is_err());
        assert!(one(cell("a", Some(2.0), Some(2), 1e30), row("a", Some(2.0), None)).is_err());
        assert!(one(cell("a", Some(2.0), None, 2.0), row("a", None, None)).is_err());
        assert!(one(cell("a", None, None, 2.0), row("a", Some(0.0), None)).is_err());
        assert!(one(cell("a", Some(1.0), None, 1.0), row("a", Some(1.0 + 1e-13), None)).is_ok());
        assert!(one(cell("a", Some(1.0), None, 1.0), row("a", Some(1.0 + 1e-11), None)).is_err());
        assert!(one(cell("a", Some(1.0), None, 1e3), row("a", Some(1.0 + 1e-11), None)).is_ok());
        assert!(one(cell("a", Some(1.0), None, 1.0), row("a", Some(f64::NAN), None)).is_err());
    }
}
