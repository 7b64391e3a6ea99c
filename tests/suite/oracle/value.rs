//! Dynamically typed values, their static kinds, and comparison.

use std::cmp::Ordering;
use std::num::FpCategory;

use super::calendar::{iso, parse_iso};

/// One value of one record, or of one metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Date(i32),
}

/// What a column or an expression holds, whatever the record. `Null`: nothing is known but nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Text,
    Date,
}

impl Kind {
    /// The kind that holds values of both kinds.
    pub(crate) fn with(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Null, kind) | (kind, Kind::Null) => kind,
            (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
            (a, b) if a == b => a,
            (a, b) => panic!("{a:?} and {b:?} have no kind in common"),
        }
    }
}

/// The float64 nearest to an integer: the text of the integer read as a float, which rounds once, to even.
pub(crate) fn float(int: i128) -> f64 {
    int.to_string().parse().expect("an integer reads as a float")
}

/// Zero of either sign: what nothing is divided by.
pub(crate) fn is_zero(value: f64) -> bool {
    value.classify() == FpCategory::Zero
}

impl Value {
    /// The value as a float64, when it is a number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Int(int) => Some(float(*int)),
            Value::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// An integer becomes a float where the kind of the expression around it says so.
    pub(crate) fn into_kind(self, kind: Kind) -> Value {
        match (self, kind) {
            (Value::Int(int), Kind::Float) => Value::Float(float(int)),
            (value, _) => value,
        }
    }

    /// As a dimension of a report shows it; none for null.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Bool(value) => Some(value.to_string()),
            Value::Int(int) => Some(int.to_string()),
            Value::Float(value) => Some(value.to_string()),
            Value::Text(text) => Some(text.clone()),
            Value::Date(date) => Some(iso(*date)),
        }
    }

    /// Three-valued truth.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Value::Null => None,
            Value::Bool(value) => Some(*value),
            other => panic!("{other:?} is neither true nor false"),
        }
    }
}

impl From<Option<bool>> for Value {
    fn from(truth: Option<bool>) -> Self {
        truth.map_or(Value::Null, Value::Bool)
    }
}

/// SQL comparison: null with anything is unknown, a text beside a date is a date, texts compare by bytes.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Text(b)) => Some(a.cmp(&date(b))),
        (Value::Text(a), Value::Date(b)) => Some(date(a).cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (a, b) => match (a.number(), b.number()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => panic!("{a:?} does not compare with {b:?}"),
        },
    }
}

fn date(text: &str) -> i32 {
    parse_iso(text).unwrap_or_else(|| panic!("`{text}` is no date"))
}

/// Kleene's AND.
pub(crate) fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Kleene's OR.
pub(crate) fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    and(left.map(|l| !l), right.map(|r| !r)).map(|neither| !neither)
}

mod tests {
    use super::{and, compare, float, or, Value};
    use std::cmp::Ordering;

    #[test]
    fn unknown_is_neither_true_nor_false() {
        const T: Option<bool> = Some(true);
        const F: Option<bool> = Some(false);
        const U: Option<bool> = None;
        for (left, right, both, either) in [
            (T, T, T, T),
            (T, F, F, T),
            (T, U, U, T),
            (F, T, F, T),
            (F, F, F, F),
            (F, U, F, U),
            (U, T, U, T),
            (U, F, F, U),
            (U, U, U, U),
        ] {
            assert_eq!(and(left, right), both);
            assert_eq!(or(left, right), either);
        }
    }

    #[test]
    fn comparison_follows_the_type() {
        let text = |t: &str| Value::Text(t.to_owned());
        assert_eq!(compare(&Value::Null, &Value::Null), None);
        assert_eq!(compare(&Value::Int(1), &Value::Float(1.0)), Some(Ordering::Equal));
        assert_eq!(compare(&text("Z"), &text("a")), Some(Ordering::Less));
        assert_eq!(compare(&text("z"), &text("é")), Some(Ordering::Less));
        assert_eq!(compare(&Value::Date(31), &text("1970-02-01")), Some(Ordering::Equal));
        assert_eq!(compare(&text("1970-01-02"), &Value::Date(0)), Some(Ordering::Greater));
    }

    #[test]
    fn large_integers_round_once() {
        assert_eq!(float(9_007_199_254_740_993).to_bits(), 9_007_199_254_740_992_f64.to_bits());
        assert_eq!(float(-9_007_199_254_740_995).to_bits(), (-9_007_199_254_740_996_f64).to_bits());
    }
}
