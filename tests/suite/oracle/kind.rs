//! The static kind of an expression: whether a number is an integer must not depend on the data.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value as Literal};

use super::sql::{arguments, Kinds};
use super::value::Kind;

/// The kind of an expression over columns of these kinds.
pub(crate) fn kind_of(expr: &Expr, kinds: &Kinds) -> Kind {
    match expr {
        Expr::Nested(inner) => kind_of(inner, kinds),
        Expr::Identifier(name) => {
            *kinds.get(&name.value).unwrap_or_else(|| panic!("no column `{}` in {:?}", name.value, kinds.keys()))
        }
        Expr::Value(literal) => match &literal.value {
            Literal::Number(text, _) if text.parse::<i128>().is_ok() => Kind::Int,
            Literal::Number(..) => Kind::Float,
            Literal::Boolean(_) => Kind::Bool,
            Literal::Null => Kind::Null,
            _ => Kind::Text,
        },
        Expr::TypedString(_) => Kind::Date,
        Expr::UnaryOp { op: UnaryOperator::Not, .. } => Kind::Bool,
        Expr::UnaryOp { expr, .. } => kind_of(expr, kinds),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
                kind_of(left, kinds).with(kind_of(right, kinds))
            }
            BinaryOperator::Divide => Kind::Float,
            BinaryOperator::Modulo => Kind::Int,
            _ => Kind::Bool,
        },
        Expr::Case { conditions, else_result, .. } => {
            let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
            common(results, kinds)
        }
        Expr::Extract { .. } => Kind::Int,
        Expr::Function(function) => match function.name.to_string().to_uppercase().as_str() {
            "COALESCE" | "SUM_KNOWN" => common(arguments(function), kinds),
            "NULLIF" | "ABS" => kind_of(arguments(function)[0], kinds),
            "LOWER" | "UPPER" => Kind::Text,
            _ => Kind::Int,
        },
        _ => Kind::Bool,
    }
}

fn common<'a>(exprs: impl IntoIterator<Item = &'a Expr>, kinds: &Kinds) -> Kind {
    exprs.into_iter().fold(Kind::Null, |kind, expr| kind.with(kind_of(expr, kinds)))
}
