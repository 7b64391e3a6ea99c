//! The aggregations, each over the list of the values of one cell.

use std::cmp::Ordering;

use super::exact::ExactSum;
use super::value::{compare, float, Value};

/// Aggregates the values of an expression; nulls, NaN and infinities are left out first.
pub(crate) fn aggregate(agg: &str, values: &[Value]) -> Value {
    let known: Vec<&Value> = values.iter().filter(|value| is_known(value)).collect();
    let count = i128::try_from(known.len()).expect("a length fits");
    match agg {
        "count" => Value::Int(count),
        _ if known.is_empty() => Value::Null,
        "sum" => sum(&known),
        "average" => {
            let sum = sum(&known).number().expect("a sum is a number");
            Value::Float(sum / float(count))
        }
        "min" => extreme(&known, Ordering::Less),
        "max" => extreme(&known, Ordering::Greater),
        other => panic!("the oracle has no aggregation `{other}`"),
    }
}

fn is_known(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Float(value) => value.is_finite(),
        _ => true,
    }
}

/// Integers add up as integers, floats exactly with one rounding at the end.
fn sum(values: &[&Value]) -> Value {
    let mut ints: i128 = 0;
    let mut floats = ExactSum::new();
    let mut all_integers = true;
    for value in values {
        match value {
            Value::Int(int) => ints += int,
            Value::Float(value) => {
                all_integers = false;
                floats.add(*value);
            }
            other => panic!("{other:?} does not add up"),
        }
    }
    if all_integers {
        return Value::Int(ints);
    }
    assert_eq!(ints, 0, "an expression is of one kind on every record");
    Value::Float(floats.round())
}

fn extreme(values: &[&Value], wanted: Ordering) -> Value {
    let better = |best: &Value, value: &Value| compare(value, best) == Some(wanted);
    let mut best = values[0];
    for value in &values[1..] {
        if better(best, value) {
            best = value;
        }
    }
    best.clone()
}

mod tests {
    use super::aggregate;
    use crate::oracle::value::Value::{self, Float, Int, Null};

    #[test]
    fn nothing_adds_up_to_null_and_counts_zero() {
        for values in [vec![], vec![Null, Null], vec![Float(f64::NAN), Float(f64::INFINITY)]] {
            for agg in ["sum", "average", "min", "max"] {
                assert_eq!(aggregate(agg, &values), Null, "{agg}");
            }
            assert_eq!(aggregate("count", &values), Int(0));
        }
    }

    #[test]
    fn nulls_are_left_out() {
        let values = [Int(-3), Null, Int(5), Int(2)];
        let expected: [(&str, Value); 5] =
            [("sum", Int(4)), ("count", Int(3)), ("min", Int(-3)), ("max", Int(5)), ("average", Float(4.0 / 3.0))];
        for (agg, value) in expected {
            assert_eq!(aggregate(agg, &values), value, "{agg}");
        }
    }

    #[test]
    fn integer_sums_are_wider_than_their_terms() {
        let most = i128::from(i64::MAX);
        assert_eq!(aggregate("sum", &[Int(most), Int(most), Int(-most)]), Int(most));
    }

    #[test]
    fn float_sums_round_once() {
        assert_eq!(aggregate("sum", &[Float(1e16), Float(1.0), Null, Float(-1e16)]), Float(1.0));
        assert_eq!(aggregate("average", &[Float(1e16), Float(1.0), Float(-1e16), Float(1.0)]), Float(0.5));
    }
}
