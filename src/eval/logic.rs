//! Comparisons and three-valued logic. Floats compare as numbers, NaN being equal to itself and above all others; texts
//! compare by bytes.

use super::vector::{both_known, test2, Data, Vector};
use crate::expr::{Compare, LikePattern, Literal, Type};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use std::cmp::Ordering;

fn holds(op: Compare, order: Ordering) -> bool {
    match op {
        Compare::Eq => order.is_eq(),
        Compare::Ne => order.is_ne(),
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
    }
}

fn float_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// One loop for each operator, so that none is chosen in the loop.
fn test_ordered<T: Copy + Ord>(op: Compare, left: &[T], right: &[T]) -> BooleanBuffer {
    match op {
        Compare::Eq => test2(left, right, |a, b| a == b),
        Compare::Ne => test2(left, right, |a, b| a != b),
        Compare::Lt => test2(left, right, |a, b| a < b),
        Compare::Le => test2(left, right, |a, b| a <= b),
        Compare::Gt => test2(left, right, |a, b| a > b),
        Compare::Ge => test2(left, right, |a, b| a >= b),
    }
}

pub(super) fn compare(op: Compare, left: &Vector, right: &Vector, ty: Type) -> Vector {
    let (left, right) = (left.typed(ty), right.typed(ty));
    let nulls = both_known(&left, &right);
    let truth = match (&left.data, &right.data) {
        (Data::Int(l), Data::Int(r)) => test_ordered(op, l, r),
        (Data::Int(_) | Data::Wide(_), Data::Int(_) | Data::Wide(_)) => test_ordered(op, &left.wide(), &right.wide()),
        (Data::Date(l), Data::Date(r)) => test_ordered(op, l, r),
        (Data::Float(l), Data::Float(r)) => test2(l, r, |a, b| holds(op, float_order(a, b))),
        (Data::Bool(l), Data::Bool(r)) => {
            let (l, r): (Vec<bool>, Vec<bool>) = (l.iter().collect(), r.iter().collect());
            test_ordered(op, &l, &r)
        }
        (Data::Text(l), Data::Text(r)) => {
            let len = l.len().max(r.len());
            let one = |texts: &super::vector::Text, i: usize| if texts.len() == 1 { 0 } else { i };
            BooleanBuffer::collect_bool(len, |i| match (l.get(one(l, i)), r.get(one(r, i))) {
                (Some(a), Some(b)) => holds(op, a.as_bytes().cmp(b.as_bytes())),
                _ => false,
            })
        }
        _ => BooleanBuffer::new_unset(left.len().max(right.len())),
    };
    Vector::new(Data::Bool(truth), nulls)
}

pub(super) fn in_list(value: &Vector, ty: Type, list: &[Literal]) -> Vector {
    let tests = list.iter().map(|literal| compare(Compare::Eq, value, &Vector::constant(literal), ty));
    let none = || Vector::new(Data::Bool(BooleanBuffer::new_unset(value.len())), None);
    tests.reduce(|l, r| or(&l, &r)).unwrap_or_else(none)
}

/// Truth and falsehood of each record; both unset where it is null.
fn sides(vector: &Vector, len: usize) -> (BooleanBuffer, BooleanBuffer) {
    let Data::Bool(values) = &vector.data else {
        return (BooleanBuffer::new_unset(len), BooleanBuffer::new_unset(len));
    };
    let (mut yes, mut no) = match &vector.nulls {
        None => (values.clone(), !values),
        Some(nulls) => (values & nulls.inner(), &!values & nulls.inner()),
    };
    if values.len() < len {
        let spread = |b: bool| if b { BooleanBuffer::new_set(len) } else { BooleanBuffer::new_unset(len) };
        (yes, no) = (spread(yes.value(0)), spread(no.value(0)));
    }
    (yes, no)
}

fn of_sides(yes: BooleanBuffer, no: &BooleanBuffer, may_be_null: bool) -> Vector {
    let nulls = may_be_null.then(|| NullBuffer::new(&yes | no)).filter(|n| n.null_count() > 0);
    Vector::new(Data::Bool(yes), nulls)
}

pub(super) fn and(left: &Vector, right: &Vector) -> Vector {
    let len = left.len().max(right.len());
    let ((ly, ln), (ry, rn)) = (sides(left, len), sides(right, len));
    of_sides(&ly & &ry, &(&ln | &rn), left.nulls.is_some() || right.nulls.is_some())
}

pub(super) fn or(left: &Vector, right: &Vector) -> Vector {
    let len = left.len().max(right.len());
    let ((ly, ln), (ry, rn)) = (sides(left, len), sides(right, len));
    of_sides(&ly | &ry, &(&ln & &rn), left.nulls.is_some() || right.nulls.is_some())
}

pub(super) fn not(inner: &Vector) -> Vector {
    match &inner.data {
        Data::Bool(values) => Vector::new(Data::Bool(!values), inner.nulls.clone()),
        _ => Vector::null(Type::Bool),
    }
}

pub(super) fn is_null(inner: &Vector) -> Vector {
    let truth = match &inner.nulls {
        None => BooleanBuffer::new_unset(inner.len()),
        Some(nulls) => !nulls.inner(),
    };
    Vector::new(Data::Bool(truth), None)
}

pub(super) fn like(inner: &Vector, pattern: &str) -> Vector {
    let inner = inner.typed(Type::Text);
    let Data::Text(texts) = &inner.data else { return Vector::null(Type::Bool) };
    let pattern = LikePattern::new(pattern);
    let truth = BooleanBuffer::collect_bool(texts.len(), |i| texts.get(i).is_some_and(|t| pattern.matches(t)));
    Vector::new(Data::Bool(truth), inner.nulls.clone())
}

/// Which of the choices each record takes; see [`super::choose`].
pub(super) fn first_true(tests: &[&Vector], len: usize) -> Vec<usize> {
    let tests: Vec<BooleanBuffer> = tests.iter().map(|t| t.is_true(len)).collect();
    (0..len).map(|i| tests.iter().position(|t| t.value(i)).unwrap_or(tests.len())).collect()
}

/// Whether a vector, which may be a constant, has a value in a record.
pub(super) fn is_known(vector: &Vector, i: usize) -> bool {
    !vector.is_null(if vector.len() == 1 { 0 } else { i })
}
