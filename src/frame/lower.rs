//! A typed [`Expr`] as a Polars expression, with our meanings spelt out: nothing is left to Polars' habits.
//!
//! Integers are computed in 128 bits (the planner has shown that they fit), dates are day numbers, text functions and
//! `LIKE` are ours.

use crate::channels::{social_network, Asked, Facts, Version};
use crate::expr::{split_part, Arith, Compare, DatePart, Expr, LikePattern, Literal, Type};
use polars::prelude::{
    col, lit, when, BooleanChunked, Column, DataType, Expr as Polars, Field, Int64Chunked, IntoColumn, NewChunkedArray,
    Null, StringChunked,
};
use std::borrow::Cow;

/// The name of a column in a frame: two columns may have one name and different types (see `Scan::columns`).
#[must_use]
pub fn column_key(name: &str, ty: Type) -> String {
    match ty {
        Type::Decimal(scale) => format!("{name}\u{1f}d{scale}"),
        Type::Float => format!("{name}\u{1f}f"),
        Type::Int => format!("{name}\u{1f}i"),
        Type::Bool | Type::Text | Type::Date | Type::Null => name.to_owned(),
    }
}

/// Lowers an expression over a frame whose columns are named by [`column_key`].
#[must_use]
pub fn lower(expr: &Expr) -> Polars {
    match expr {
        Expr::Column { name, ty } => col(column_key(name, *ty)),
        Expr::Literal(literal) => self::literal(literal),
        Expr::ToFloat(inner) => to_float(inner),
        Expr::Arith { op, left, right } => arith(*op, left, right),
        Expr::Negate(inner) => negate(inner),
        Expr::Abs(inner) => when(value(inner).lt(zero(inner.ty()))).then(negate(inner)).otherwise(value(inner)),
        Expr::Compare { op, left, right } => compare(*op, left, right),
        Expr::And(l, r) => lower(l).and(lower(r)),
        Expr::Or(l, r) => lower(l).or(lower(r)),
        Expr::Not(inner) => boolean(inner).not(),
        Expr::IsNull(inner) => lower(inner).is_null(),
        Expr::InList { expr, list } => any_of(&value(expr), expr.ty(), list),
        Expr::Like { expr, pattern } => like(text(expr), pattern),
        Expr::Case { branches, otherwise } => {
            branches.iter().rev().fold(value_as(otherwise, expr.ty()), |rest, (test, result)| {
                when(boolean(test)).then(value_as(result, expr.ty())).otherwise(rest)
            })
        }
        Expr::Coalesce(items) => {
            let items: Vec<Polars> = items.iter().map(|item| value_as(item, expr.ty())).collect();
            polars::prelude::coalesce(&items)
        }
        Expr::NullIf(left, right) => when(compare(Compare::Eq, left, right)).then(lit(Null {})).otherwise(value(left)),
        Expr::SumKnown(items) => sum_known(items, expr.ty()),
        Expr::Lower(inner) => map_text(text(inner), |text| Some(text.to_lowercase().into())),
        Expr::Upper(inner) => map_text(text(inner), |text| Some(text.to_uppercase().into())),
        Expr::SplitPart { expr, separator, part } => {
            let (separator, part) = (separator.clone(), *part);
            map_text(text(expr), move |text| split_part(text, &separator, part).map(Cow::Borrowed))
        }
        Expr::SocialNetwork(inner) => map_text(text(inner), |text| social_network(text).map(Cow::Borrowed)),
        Expr::ChannelGroup { touch, version } => channel_group(touch, *version),
        Expr::DatePart { part, expr } => date_part(*part, expr),
    }
}

/// The value of an expression in the width that arithmetic uses: integers in 128 bits.
fn value(expr: &Expr) -> Polars {
    value_as(expr, expr.ty())
}

fn value_as(expr: &Expr, ty: Type) -> Polars {
    let plain = lower(expr);
    match ty {
        Type::Int | Type::Decimal(_) => plain.cast(DataType::Int128),
        Type::Float => plain.cast(DataType::Float64),
        Type::Bool => plain.cast(DataType::Boolean),
        Type::Text => plain.cast(DataType::String),
        Type::Date => plain.cast(DataType::Int32),
        Type::Null => plain,
    }
}

fn boolean(expr: &Expr) -> Polars {
    value_as(expr, Type::Bool)
}

fn text(expr: &Expr) -> Polars {
    value_as(expr, Type::Text)
}

fn literal(literal: &Literal) -> Polars {
    match literal {
        Literal::Bool(b) => lit(*b),
        Literal::Int(n) => lit(*n),
        Literal::Float(x) => lit(*x),
        Literal::Text(text) => lit(text.clone()),
        Literal::Date(day) => lit(*day),
        Literal::Null => lit(Null {}),
    }
}

fn zero(ty: Type) -> Polars {
    if ty == Type::Float {
        lit(0.0)
    } else {
        lit(0i64).cast(DataType::Int128)
    }
}

fn to_float(inner: &Expr) -> Polars {
    let float = lower(inner).cast(DataType::Float64);
    match inner.ty() {
        Type::Decimal(scale) => float / lit(10f64.powi(i32::from(scale))),
        _ => float,
    }
}

fn negate(inner: &Expr) -> Polars {
    let minus_one = if inner.ty() == Type::Float { lit(-1.0) } else { lit(-1i64).cast(DataType::Int128) };
    value(inner) * minus_one
}

fn arith(op: Arith, left: &Expr, right: &Expr) -> Polars {
    let ty =
        if op == Arith::Div || left.ty() == Type::Float || right.ty() == Type::Float { Type::Float } else { Type::Int };
    let (l, r) = (value_as(left, ty), value_as(right, ty));
    match op {
        Arith::Add => l + r,
        Arith::Sub => l - r,
        Arith::Mul => l * r,
        Arith::Div => when(r.clone().neq(lit(0.0))).then(l / r).otherwise(lit(Null {})),
        Arith::Rem => {
            // Polars' remainder has the divisor's sign; ours has the dividend's.
            let zero = || zero(Type::Int);
            let floor = l.clone() % when(r.clone().neq(zero())).then(r.clone()).otherwise(lit(Null {}));
            let other_sign = floor.clone().lt(zero()).neq(l.lt(zero())).and(floor.clone().neq(zero()));
            when(other_sign).then(floor.clone() - r).otherwise(floor)
        }
    }
}

fn compare(op: Compare, left: &Expr, right: &Expr) -> Polars {
    let ty = if left.ty() == Type::Null { right.ty() } else { left.ty() };
    // A column against a constant needs no widening.
    let narrow = |e: &Expr| matches!(e, Expr::Column { .. } | Expr::Literal(_));
    let (l, r) = if ty == Type::Int && narrow(left) && narrow(right) {
        (lower(left).cast(DataType::Int64), lower(right).cast(DataType::Int64))
    } else {
        (value_as(left, ty), value_as(right, ty))
    };
    match op {
        Compare::Eq => l.eq(r),
        Compare::Ne => l.neq(r),
        Compare::Lt => l.lt(r),
        Compare::Le => l.lt_eq(r),
        Compare::Gt => l.gt(r),
        Compare::Ge => l.gt_eq(r),
    }
}

/// `x = a OR x = b …` as a balanced tree, so that long lists do not nest deeply.
fn any_of(value: &Polars, ty: Type, list: &[Literal]) -> Polars {
    match list {
        [] => lit(false),
        [one] => value.clone().eq(value_as(&Expr::Literal(one.clone()), ty)),
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            any_of(value, ty, left).or(any_of(value, ty, right))
        }
    }
}

fn sum_known(items: &[Expr], ty: Type) -> Polars {
    let values: Vec<Polars> = items.iter().map(|item| value_as(item, ty)).collect();
    let any = values.iter().map(|v| v.clone().is_not_null()).reduce(Polars::or).unwrap_or_else(|| lit(false));
    let sum = values.into_iter().map(|v| v.fill_null(zero(ty))).reduce(|l, r| l + r).unwrap_or_else(|| zero(ty));
    when(any).then(sum).otherwise(lit(Null {}))
}

fn like(text: Polars, pattern: &str) -> Polars {
    let pattern = LikePattern::new(pattern);
    text.map(
        move |column: Column| {
            let texts = column.str()?;
            let found: BooleanChunked = texts.iter().map(|t| t.map(|t| pattern.matches(t))).collect();
            Ok(found.with_name(column.name().clone()).into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::Boolean)),
    )
}

fn map_text(text: Polars, change: impl for<'t> Fn(&'t str) -> Option<Cow<'t, str>> + Send + Sync + 'static) -> Polars {
    text.map(
        move |column: Column| {
            let texts = column.str()?;
            let changed =
                StringChunked::from_iter_options(column.name().clone(), texts.iter().map(|t| t.and_then(&change)));
            Ok(changed.into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::String)),
    )
}

fn channel_group(touch: &[Expr; 3], version: Version) -> Polars {
    let [source, medium, campaign] = touch.each_ref().map(text);
    source.map_many(
        move |columns: &mut [Column]| {
            // A constant comes as one row.
            let rows = columns.iter().map(Column::len).find(|len| *len != 1).unwrap_or(1);
            let mut facts = vec![Facts::default(); rows];
            for (column, asked) in columns.iter().zip(Asked::ALL) {
                let of: Vec<Facts> = column.str()?.iter().map(|text| Facts::of(asked, text)).collect();
                for (i, facts) in facts.iter_mut().enumerate() {
                    *facts = *facts | of[if of.len() == 1 { 0 } else { i }];
                }
            }
            let names: Vec<&str> = version.channels().collect();
            let channels = facts.into_iter().map(|facts| version.channel(facts).map(|place| names[place]));
            Ok(StringChunked::from_iter_options(columns[0].name().clone(), channels).into_column())
        },
        &[medium, campaign],
        |_, fields| Ok(Field::new(fields[0].name().clone(), DataType::String)),
    )
}

fn date_part(part: DatePart, expr: &Expr) -> Polars {
    value_as(expr, Type::Date).map(
        move |column: Column| {
            let days = column.i32()?;
            let parts =
                Int64Chunked::from_iter_options(column.name().clone(), days.iter().map(|d| d.map(|day| part.of(day))));
            Ok(parts.into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::Int64)),
    )
}
