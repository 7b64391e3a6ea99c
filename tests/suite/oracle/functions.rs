//! The functions of the language, on values.

use std::cmp::Ordering;

use super::calendar::{civil, iso_week, weekday};
use super::value::{compare, float, Kind, Value};

/// One function call; `kind` is the static kind of the whole call.
pub(crate) fn call(name: &str, arguments: Vec<Value>, kind: Kind) -> Value {
    match (name, arguments.as_slice()) {
        ("COALESCE", [_, ..]) => {
            arguments.into_iter().find(|a| *a != Value::Null).unwrap_or(Value::Null).into_kind(kind)
        }
        ("NULLIF", [a, b]) => {
            if compare(a, b).is_some_and(Ordering::is_eq) {
                Value::Null
            } else {
                a.clone()
            }
        }
        ("SUM_KNOWN", [_, ..]) => sum_known(&arguments, kind),
        ("LOWER" | "UPPER" | "ABS", [Value::Null]) => Value::Null,
        ("LOWER", [Value::Text(text)]) => Value::Text(text.to_lowercase()),
        ("UPPER", [Value::Text(text)]) => Value::Text(text.to_uppercase()),
        ("ABS", [Value::Int(int)]) => Value::Int(int.abs()),
        ("ABS", [Value::Float(value)]) => Value::Float(value.abs()),
        ("DAYOFWEEK", [date]) => extract("ISODOW", date),
        ("YEAR" | "QUARTER" | "MONTH" | "WEEK" | "DAY", [date]) => extract(name, date),
        _ => panic!("{name} of {arguments:?} is outside of the language"),
    }
}

/// Adds the known terms, from left to right; null when there is none.
fn sum_known(terms: &[Value], kind: Kind) -> Value {
    let known: Vec<&Value> = terms.iter().filter(|term| **term != Value::Null).collect();
    if known.is_empty() {
        return Value::Null;
    }
    if kind == Kind::Int {
        let ints = known.iter().map(|term| match term {
            Value::Int(int) => *int,
            other => panic!("SUM_KNOWN of {other:?}"),
        });
        return Value::Int(ints.sum());
    }
    let numbers = known.iter().map(|term| term.number().unwrap_or_else(|| panic!("SUM_KNOWN of {term:?}")));
    Value::Float(numbers.reduce(|a, b| a + b).unwrap_or(float(0)))
}

/// A part of a date, by the calendar everyone knows (never the fiscal one).
pub(crate) fn extract(field: &str, value: &Value) -> Value {
    let date = match value {
        Value::Null => return Value::Null,
        Value::Date(date) => *date,
        other => panic!("{field} of {other:?}"),
    };
    let (year, month, day) = civil(date);
    let part = match field {
        "YEAR" => year,
        "QUARTER" => (month - 1) / 3 + 1,
        "MONTH" => month,
        "WEEK" => iso_week(date).1,
        "DAY" => day,
        "ISODOW" => weekday(date) + 1,
        other => panic!("{other} is no part of a date"),
    };
    Value::Int(i128::from(part))
}
