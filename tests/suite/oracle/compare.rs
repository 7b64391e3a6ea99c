//! Cells against rows, both ways.

use std::collections::BTreeMap;

use super::eval::{Amount, Cell, Compared};
use super::index::Dim;
use super::long_csv::{ComparedRow, Row};
use super::outcome::TOLERANCE;
use super::value::Value;

/// How many differences a message shows.
const SHOWN: usize = 8;

type Key = (String, String, String, Vec<Dim>, String, String);

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
            None => differences.push(format!("missing: {} = {:?}", shown(&key), cell.value.value)),
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
    if (&cell.level, cell.days, cell.is_complete) != (&row.level, row.days, row.is_complete) {
        let (actual, expected) = ((&row.level, row.days, row.is_complete), (&cell.level, cell.days, cell.is_complete));
        return Some(format!("level, days, is_complete {actual:?} is not {expected:?}"));
    }
    if cell.rank != row.rank {
        return Some(format!("rank {:?} is not {:?}", row.rank, cell.rank));
    }
    let attributes = cell.attributes.iter().zip(&row.attributes);
    if cell.attributes.len() != row.attributes.len()
        || !attributes.clone().all(|(value, text)| is_shown(value, text.as_deref()))
    {
        return Some(format!("attributes {:?} are not {:?}", row.attributes, cell.attributes));
    }
    if cell.is_break != row.is_break {
        return Some(format!("is_break {:?} is not {:?}", row.is_break, cell.is_break));
    }
    if cell.value_int != row.value_int {
        return Some(format!("value_int {:?} is not {:?}", row.value_int, cell.value_int));
    }
    let exact = cell.value_int.is_some();
    let ratios = cell.ratios.filter(|count| *count > 0).map(|count| count.to_string().parse::<f64>().ok());
    if ratios.is_some_and(|count| count != row.denominator) {
        return Some(format!("denominator {:?} is not {ratios:?}", row.denominator));
    }
    if cell.compared.len() != row.compared.len() {
        return Some(format!("compared {} times, not {}", row.compared.len(), cell.compared.len()));
    }
    let compared = cell.compared.iter().zip(&row.compared);
    let compared = compared.filter_map(|(expected, actual)| compared_difference(expected, actual, exact));
    wrong("value", cell.value, row.value, exact).into_iter().chain(compared).next()
}

/// Whether a text is a value as a CSV export shows it; numbers are shown in more than one way.
fn is_shown(value: &Value, text: Option<&str>) -> bool {
    match (value, text) {
        (Value::Float(value), Some(text)) => text.parse() == Ok(*value),
        (value, text) => value.shown().as_deref() == text,
    }
}

fn wrong(what: &str, expected: Amount, actual: Option<f64>, exact: bool) -> Option<String> {
    let equal = match (expected.value, actual) {
        // Whether there is a value at all hangs on the last bit of a mean.
        _ if !expected.largest_term.is_finite() => true,
        (None, None) => true,
        (Some(value), Some(actual)) => (value - actual).abs() <= if exact { 0.0 } else { allowed(expected) },
        _ => false,
    };
    let Amount { value, largest_term } = expected;
    (!equal).then(|| format!("{what} {actual:?} is not {value:?} (largest term {largest_term:e})"))
}

fn allowed(Amount { value, largest_term }: Amount) -> f64 {
    TOLERANCE * largest_term.max(value.unwrap_or(0.0).abs())
}

/// `exact`: the metric is an integer, and so are its earlier value and the difference, as far as floats tell.
fn compared_difference(expected: &Compared, actual: &ComparedRow, exact: bool) -> Option<String> {
    let Compared { name, earlier, change, percent, better } = expected;
    if *name != actual.name {
        return Some(format!("compared with `{}`, not `{name}`", actual.name));
    }
    // Where roundings may tell a change from none, both answers are right.
    let close = change.value.is_none_or(|value| value.abs() <= allowed(*change));
    let undecided = !exact && close && change.largest_term > 0.0;
    let better = (*better != actual.better && !undecided)
        .then(|| format!("{name}_better {:?} is not {better:?}", actual.better));
    wrong(&format!("{name}_value"), *earlier, actual.earlier, false)
        .or_else(|| wrong(&format!("{name}_abs"), *change, actual.change, false))
        .or_else(|| wrong(&format!("{name}_pct"), *percent, actual.percent, false))
        .or(better)
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
    let dims: Vec<&str> = dims.iter().map(Dim::shown).collect();
    format!("{report} {grain} {start} {dims:?} {segment} {metric}")
}

mod tests {
    use super::{compare, Amount, Cell, Compared, ComparedRow, Dim, Row, Value};

    fn amount(value: Option<f64>, largest_term: f64) -> Amount {
        Amount { value, largest_term }
    }

    fn cell(metric: &str, value: Option<f64>, value_int: Option<i128>, largest_term: f64) -> Cell {
        let text = str::to_owned;
        Cell {
            report: text("r"),
            grain: text("all"),
            period_start: text("2025-01-01"),
            period_end: text("2025-01-02"),
            period_label: text("all"),
            is_complete: true,
            days: 2,
            level: text("detail"),
            rank: None,
            dims: vec![Dim::Unknown],
            attributes: vec![],
            segment: text("all"),
            metric: text(metric),
            value: amount(value, largest_term),
            value_int,
            ratios: None,
            compared: vec![],
            is_break: None,
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
            is_complete: true,
            days: 2,
            level: text("detail"),
            rank: None,
            dims: vec![Dim::Unknown],
            attributes: vec![],
            segment: text("all"),
            metric: text(metric),
            value,
            value_int,
            denominator: None,
            compared: vec![],
            is_break: None,
        }
    }

    fn one(cell: Cell, row: Row) -> Result<usize, String> {
        compare(&[cell], &[row])
    }

    #[test]
    fn both_sides_must_hold_the_same_cells() {
        let cells = [cell("a", Some(2.0), Some(2), 2.0), cell("b", None, None, 0.0)];
        let rows = [row("b", None, None), row("a", Some(2.0), Some(2))];
        assert_eq!(compare(&cells, &rows), Ok(2));
        assert!(compare(&cells[..1], &rows).unwrap_err().contains("additional"));
        assert!(compare(&cells, &rows[..1]).unwrap_err().contains("missing"));
        assert!(compare(&cells, &[rows.clone(), rows].concat()).unwrap_err().contains("twice"));
        // A dropped dimension is not an unknown one.
        let total = Row { dims: vec![Dim::All], ..row("a", Some(2.0), Some(2)) };
        assert!(one(cell("a", Some(2.0), Some(2), 2.0), total).is_err());
    }

    #[test]
    fn integers_are_exact_and_floats_near() {
        assert!(one(cell("a", Some(2.0), Some(2), 1e30), row("a", Some(2.0), Some(3))).is_err());
        assert!(one(cell("a", Some(2.0), Some(2), 1e30), row("a", Some(2.0), None)).is_err());
        assert!(one(cell("a", Some(2.0), None, 2.0), row("a", None, None)).is_err());
        assert!(one(cell("a", None, None, 2.0), row("a", Some(0.0), None)).is_err());
        assert!(one(cell("a", Some(1.0), None, 1.0), row("a", Some(1.0 + 1e-13), None)).is_ok());
        assert!(one(cell("a", Some(1.0), None, 1.0), row("a", Some(1.0 + 1e-11), None)).is_err());
        assert!(one(cell("a", Some(1.0), None, 1e3), row("a", Some(1.0 + 1e-11), None)).is_ok());
        assert!(one(cell("a", Some(1.0), None, 1.0), row("a", Some(f64::NAN), None)).is_err());
        assert!(one(cell("a", None, None, f64::INFINITY), row("a", Some(7.0), None)).is_ok());
    }

    #[test]
    fn days_levels_and_completeness_count() {
        let (cell, row) = (|| cell("a", None, None, 0.0), || row("a", None, None));
        assert!(one(cell(), Row { days: 1, ..row() }).is_err());
        assert!(one(cell(), Row { level: "total".to_owned(), ..row() }).is_err());
        assert!(one(cell(), Row { is_complete: false, ..row() }).is_err());
        assert!(one(Cell { ratios: Some(3), ..cell() }, row()).is_err());
        assert!(one(Cell { ratios: Some(3), ..cell() }, Row { denominator: Some(3.0), ..row() }).is_ok());
    }

    #[test]
    fn ranks_attributes_and_breaks_count() {
        let (cell, row) = (|| cell("a", None, None, 0.0), || row("a", None, None));
        assert!(one(Cell { rank: Some(1), ..cell() }, Row { rank: Some(1), ..row() }).is_ok());
        assert!(one(Cell { rank: Some(1), ..cell() }, Row { rank: Some(2), ..row() }).is_err());
        assert!(one(cell(), Row { rank: Some(1), ..row() }).is_err());
        assert!(one(Cell { is_break: Some(false), ..cell() }, Row { is_break: Some(false), ..row() }).is_ok());
        assert!(one(Cell { is_break: Some(true), ..cell() }, Row { is_break: Some(false), ..row() }).is_err());
        assert!(one(Cell { is_break: Some(false), ..cell() }, row()).is_err());
        let shown = |value: Value, text: Option<&str>| {
            let attributes = vec![text.map(str::to_owned)];
            one(Cell { attributes: vec![value], ..cell() }, Row { attributes, ..row() }).is_ok()
        };
        assert!(shown(Value::Null, None) && !shown(Value::Null, Some("x")) && !shown(Value::Int(1), None));
        assert!(shown(Value::Float(0.001), Some("1e-3")) && !shown(Value::Float(0.001), Some("0.002")));
        assert!(shown(Value::Int(1), Some("1")) && !shown(Value::Text("1".to_owned()), Some("1.0")));
        assert!(one(Cell { attributes: vec![Value::Null], ..cell() }, row()).is_err());
    }

    #[test]
    fn comparisons_are_compared() {
        let expected = |change: f64, better: Option<bool>| Compared {
            name: "previous_period".to_owned(),
            earlier: amount(Some(1.5), 1.5),
            change: amount(Some(change), 1.5),
            percent: amount(Some(change / 1.5), 1.0),
            better,
        };
        let actual = |change: f64, better: Option<bool>| ComparedRow {
            name: "previous_period".to_owned(),
            earlier: Some(1.5),
            change: Some(change),
            percent: Some(change / 1.5),
            better,
        };
        let check = |expected: Compared, actual: ComparedRow| {
            let cell = Cell { compared: vec![expected], ..cell("a", Some(2.0), None, 2.0) };
            one(cell, Row { compared: vec![actual], ..row("a", Some(2.0), None) })
        };
        assert!(check(expected(0.5, Some(true)), actual(0.5, Some(true))).is_ok());
        assert!(check(expected(0.5, Some(true)), actual(0.5, Some(false))).is_err());
        assert!(check(expected(0.5, Some(true)), actual(0.5, None)).is_err());
        assert!(check(expected(0.5, Some(true)), actual(0.6, Some(true))).is_err());
        assert!(check(expected(0.0, None), actual(1e-14, Some(true))).is_ok());
        let other = ComparedRow { name: "previous_year".to_owned(), ..actual(0.5, None) };
        assert!(check(expected(0.5, None), other).is_err());
        let cell = Cell { compared: vec![expected(0.5, None)], ..cell("a", None, None, 0.0) };
        assert!(one(cell, row("a", None, None)).is_err());
    }
}
