//! Arithmetic. Integers are computed in 64 bits, and again in 128 where that is too narrow (the planner has shown that
//! 128 always suffice).

use super::vector::{at, both_known, map2, Data, Vector};
use crate::expr::{Arith, DatePart, Type};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};

pub(super) fn arith(op: Arith, left: &Vector, right: &Vector, ty: Type) -> Vector {
    let known = both_known(left, right);
    if ty == Type::Float {
        let (l, r) = (left.floats(), right.floats());
        let values = match op {
            Arith::Add => map2(&l, &r, |a, b| a + b),
            Arith::Sub => map2(&l, &r, |a, b| a - b),
            Arith::Mul => map2(&l, &r, |a, b| a * b),
            Arith::Div | Arith::Rem => map2(&l, &r, |a, b| a / b),
        };
        let nulls = if op == Arith::Div { without_zeros(known, &r, |x| *x == 0.0, values.len()) } else { known };
        return Vector::new(Data::Float(values.into()), nulls);
    }
    if op == Arith::Rem {
        return remainder(left, right, known);
    }
    let narrow = match (&left.data, &right.data) {
        (Data::Int(l), Data::Int(r)) => narrow(op, l, r),
        _ => None,
    };
    if let Some(values) = narrow {
        return Vector::new(Data::Int(values.into()), known);
    }
    let (l, r) = (left.wide(), right.wide());
    // What lies under a null may be anything, so the operations wrap.
    let values = match op {
        Arith::Add => map2(&l, &r, i128::wrapping_add),
        Arith::Sub => map2(&l, &r, i128::wrapping_sub),
        _ => map2(&l, &r, i128::wrapping_mul),
    };
    Vector::new(Data::Wide(values.into()), known)
}

/// The result in 64 bits, unless a value does not fit.
fn narrow(op: Arith, left: &[i64], right: &[i64]) -> Option<Vec<i64>> {
    let f = match op {
        Arith::Add => i64::overflowing_add,
        Arith::Sub => i64::overflowing_sub,
        _ => i64::overflowing_mul,
    };
    let lost = std::cell::Cell::new(false);
    let values = map2(left, right, |l, r| {
        let (value, overflow) = f(l, r);
        lost.set(lost.get() | overflow);
        value
    });
    (!lost.get()).then_some(values)
}

/// `%`, with the dividend's sign; null by zero.
fn remainder(left: &Vector, right: &Vector, known: Option<NullBuffer>) -> Vector {
    let (l, r) = (left.wide(), right.wide());
    let values = map2(&l, &r, |a, b| a.checked_rem(b).unwrap_or(0));
    let nulls = without_zeros(known, &r, |x| *x == 0, values.len());
    Vector::new(Data::Wide(values.into()), nulls)
}

/// Records whose divisor is zero are null.
fn without_zeros<T>(known: Option<NullBuffer>, divisors: &[T], zero: fn(&T) -> bool, len: usize) -> Option<NullBuffer> {
    if !divisors.iter().any(zero) {
        return known;
    }
    let not_zero = match divisors {
        [_] => BooleanBuffer::new_unset(len),
        many => BooleanBuffer::collect_bool(len, |i| !zero(&many[i])),
    };
    NullBuffer::union(known.as_ref(), Some(&NullBuffer::new(not_zero)))
}

pub(super) fn negate(inner: &Vector) -> Vector {
    map_numbers(inner, i64::checked_neg, i128::wrapping_neg, |x| -x)
}

pub(super) fn abs(inner: &Vector) -> Vector {
    map_numbers(inner, i64::checked_abs, i128::wrapping_abs, |x| if x < 0.0 { -x } else { x })
}

fn map_numbers(
    inner: &Vector,
    narrow: fn(i64) -> Option<i64>,
    wide: fn(i128) -> i128,
    float: fn(f64) -> f64,
) -> Vector {
    let data = match &inner.data {
        Data::Float(x) => Data::Float(x.iter().map(|x| float(*x)).collect()),
        Data::Int(n) => match n.iter().map(|n| narrow(*n)).collect::<Option<Vec<i64>>>() {
            Some(values) => Data::Int(values.into()),
            None => Data::Wide(n.iter().map(|n| wide(i128::from(*n))).collect()),
        },
        Data::Wide(n) => Data::Wide(n.iter().map(|n| wide(*n)).collect()),
        other => other.clone(),
    };
    Vector::new(data, inner.nulls.clone())
}

pub(super) fn to_float(inner: &Vector, ty: Type) -> Vector {
    let floats = inner.floats();
    let values: ScalarBuffer<f64> = match ty {
        Type::Decimal(scale) => {
            let unit = 10f64.powi(i32::from(scale));
            floats.iter().map(|x| x / unit).collect()
        }
        _ => floats.into_owned().into(),
    };
    Vector::new(Data::Float(values), inner.nulls.clone())
}

/// The sum of those that are known; null when none is.
pub(super) fn sum_known(items: &[&Vector], ty: Type) -> Vector {
    let len = items.iter().map(|v| v.len()).max().unwrap_or(1);
    let any = BooleanBuffer::collect_bool(len, |i| items.iter().any(|v| !v.is_null(if v.len() == 1 { 0 } else { i })));
    let nulls = (any.count_set_bits() < len).then(|| NullBuffer::new(any));
    let filled = items.iter().map(|item| filled(item, ty));
    let sum = filled.reduce(|l, r| arith(Arith::Add, &l, &r, ty)).unwrap_or_else(|| Vector::null(ty));
    let data = if sum.len() == len { sum.data } else { spread(&sum, len) };
    Vector::new(data, nulls)
}

/// With zeros for nulls.
fn filled(item: &Vector, ty: Type) -> Vector {
    let item = item.typed(ty);
    let Some(nulls) = &item.nulls else { return item.into_owned() };
    let data = match &item.data {
        Data::Float(x) => Data::Float(x.iter().zip(nulls).map(|(x, known)| if known { *x } else { 0.0 }).collect()),
        Data::Int(n) => Data::Int(n.iter().zip(nulls).map(|(n, known)| if known { *n } else { 0 }).collect()),
        Data::Wide(n) => Data::Wide(n.iter().zip(nulls).map(|(n, known)| if known { *n } else { 0 }).collect()),
        other => other.clone(),
    };
    Vector::new(data, None)
}

fn spread(sum: &Vector, len: usize) -> Data {
    match &sum.data {
        Data::Float(x) => Data::Float(vec![at(x, 0); len].into()),
        Data::Int(n) => Data::Int(vec![at(n, 0); len].into()),
        Data::Wide(n) => Data::Wide(vec![at(n, 0); len].into()),
        other => other.clone(),
    }
}

pub(super) fn date_part(part: DatePart, inner: &Vector) -> Vector {
    let Data::Date(days) = &inner.data else { return Vector::null(Type::Int) };
    // Neighbouring records are mostly of one day.
    let mut last = None;
    let parts = days.iter().map(|day| match last {
        Some((known, of_day)) if known == *day => of_day,
        _ => {
            let of_day = part.of(*day);
            last = Some((*day, of_day));
            of_day
        }
    });
    Vector::new(Data::Int(parts.collect()), inner.nulls.clone())
}
