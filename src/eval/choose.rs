//! Expressions that take one of several values: `CASE`, `COALESCE`, `NULLIF`; and texts changed one by one.

use super::logic::{compare, first_true, is_known};
use super::vector::{at, Data, Text, Vector};
use crate::expr::{Compare, Type};
use arrow::array::{Array, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use std::borrow::Cow;

/// The result of the first test that is true, else the last of `results`, which is one longer than `tests`.
pub(super) fn case(tests: &[&Vector], results: &[&Vector], ty: Type, rows: usize) -> Vector {
    take(results, &first_true(tests, rows), ty)
}

pub(super) fn coalesce(items: &[&Vector], ty: Type, rows: usize) -> Vector {
    let last = items.len() - 1;
    let choice: Vec<usize> =
        (0..rows).map(|i| items.iter().position(|item| is_known(item, i)).unwrap_or(last)).collect();
    take(items, &choice, ty)
}

pub(super) fn null_if(left: &Vector, right: &Vector, ty: Type, rows: usize) -> Vector {
    let equal = compare(Compare::Eq, left, right, ty);
    case(&[&equal], &[&Vector::null(ty), left], ty, rows)
}

/// Of each record the value of the chosen vector.
fn take(from: &[&Vector], choice: &[usize], ty: Type) -> Vector {
    let from: Vec<_> = from.iter().map(|v| v.typed(ty)).collect();
    let known = BooleanBuffer::collect_bool(choice.len(), |i| is_known(&from[choice[i]], i));
    let nulls = (known.count_set_bits() < choice.len()).then(|| NullBuffer::new(known));
    let is_narrow = || from.iter().all(|v| matches!(v.data, Data::Int(_)));
    let data = match ty {
        Type::Bool | Type::Null => {
            let sides: Vec<BooleanBuffer> = from.iter().map(|v| v.is_true(choice.len())).collect();
            Data::Bool(BooleanBuffer::collect_bool(choice.len(), |i| sides[choice[i]].value(i)))
        }
        Type::Int if is_narrow() => {
            let slices: Vec<&[i64]> =
                from.iter().map(|v| if let Data::Int(n) = &v.data { &n[..] } else { &[] }).collect();
            Data::Int(choice.iter().enumerate().map(|(i, c)| at(slices[*c], i)).collect())
        }
        Type::Int | Type::Decimal(_) => {
            let slices: Vec<_> = from.iter().map(|v| v.wide()).collect();
            Data::Wide(choice.iter().enumerate().map(|(i, c)| at(&slices[*c], i)).collect())
        }
        Type::Float => {
            let slices: Vec<_> = from.iter().map(|v| v.floats()).collect();
            Data::Float(choice.iter().enumerate().map(|(i, c)| at(&slices[*c], i)).collect())
        }
        Type::Date => {
            let slices: Vec<&[i32]> =
                from.iter().map(|v| if let Data::Date(d) = &v.data { &d[..] } else { &[0] }).collect();
            Data::Date(choice.iter().enumerate().map(|(i, c)| at(slices[*c], i)).collect())
        }
        Type::Text => {
            let text = |(i, c): (usize, &usize)| match &from[*c].data {
                Data::Text(texts) => texts.get(if texts.len() == 1 { 0 } else { i }),
                _ => None,
            };
            Data::Text(Text::Plain(choice.iter().enumerate().map(text).collect::<StringArray>()))
        }
    };
    Vector::new(data, nulls)
}

/// What each text becomes, null where it becomes nothing.
pub(super) fn map_text(inner: &Vector, change: impl for<'t> Fn(&'t str) -> Option<Cow<'t, str>>) -> Vector {
    let inner = inner.typed(Type::Text);
    let Data::Text(texts) = &inner.data else { return Vector::null(Type::Text) };
    let text = |i: usize| texts.get(i).filter(|_| !inner.is_null(i));
    let changed: StringArray = (0..texts.len()).map(|i| text(i).and_then(&change)).collect();
    let nulls = changed.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
    Vector::new(Data::Text(Text::Plain(changed)), nulls)
}
