//! SQL expressions: the parser's tree, walked once per record.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use sqlparser::ast::{BinaryOperator, CaseWhen, DataType, Expr, UnaryOperator, Value as Literal};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::calendar::parse_iso;
use super::functions::{call, extract};
use super::kind::kind_of;
use super::value::{and, compare, is_zero, or, Kind, Value};

/// The kinds of the columns that an expression may name.
pub(crate) type Kinds = BTreeMap<String, Kind>;

/// The columns that an expression may name: their kinds, and the values of one record.
pub(crate) struct Scope<'a> {
    pub(crate) kinds: &'a Kinds,
    pub(crate) values: &'a BTreeMap<String, Value>,
    /// The largest absolute number met while evaluating.
    pub(crate) largest: Cell<f64>,
}

/// Parses one whole expression.
pub(crate) fn parse(text: &str) -> Expr {
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text).unwrap_or_else(|e| panic!("`{text}`: {e}"));
    let expr = parser.parse_expr().unwrap_or_else(|e| panic!("`{text}`: {e}"));
    let rest = parser.peek_token();
    assert_eq!(rest.token, sqlparser::tokenizer::Token::EOF, "`{text}` goes on after an expression");
    expr
}

/// The names of the columns in an expression.
pub(crate) fn columns(expr: &Expr) -> Vec<String> {
    // The printed expression is taken apart into words: naive, and independent of the tree's shape. Words inside
    // of text literals come along; the callers only look for names they know.
    let text = expr.to_string();
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The value of an expression in a scope.
pub(crate) fn eval(expr: &Expr, scope: &Scope) -> Value {
    let value = eval_node(expr, scope);
    if let Some(number) = value.number() {
        if number.is_finite() {
            scope.largest.set(scope.largest.get().max(number.abs()));
        }
    }
    value
}

fn eval_node(expr: &Expr, scope: &Scope) -> Value {
    match expr {
        Expr::Nested(inner) => eval(inner, scope),
        Expr::Identifier(name) => scope
            .values
            .get(&name.value)
            .unwrap_or_else(|| panic!("no column `{}` in {:?}", name.value, scope.kinds.keys()))
            .clone(),
        Expr::Value(literal) => literal_value(&literal.value),
        Expr::TypedString(typed) => {
            assert_eq!(typed.data_type, DataType::Date, "only dates are typed literals");
            let Literal::SingleQuotedString(text) = &typed.value.value else { panic!("{typed} is no date") };
            Value::Date(parse_iso(text).unwrap_or_else(|| panic!("{typed} is no date")))
        }
        Expr::UnaryOp { op, expr } => unary(*op, eval(expr, scope)),
        Expr::BinaryOp { left, op, right } => binary(&eval(left, scope), op, &eval(right, scope)),
        Expr::Case { operand, conditions, else_result, .. } => {
            case(operand.as_deref(), conditions, else_result.as_deref(), scope).into_kind(kind_of(expr, scope.kinds))
        }
        Expr::Extract { field, expr, .. } => extract(&field.to_string(), &eval(expr, scope)),
        Expr::Function(function) => {
            let arguments: Vec<Value> = arguments(function).into_iter().map(|a| eval(a, scope)).collect();
            call(&function.name.to_string().to_uppercase(), arguments, kind_of(expr, scope.kinds))
        }
        other => predicate(other, scope),
    }
}

/// The conditions that are no operators.
fn predicate(expr: &Expr, scope: &Scope) -> Value {
    match expr {
        Expr::IsNull(inner) => Value::Bool(eval(inner, scope) == Value::Null),
        Expr::IsNotNull(inner) => Value::Bool(eval(inner, scope) != Value::Null),
        Expr::Between { expr, negated, low, high } => {
            let value = eval(expr, scope);
            let from = compare(&value, &eval(low, scope)).map(|order| order != Ordering::Less);
            let to = compare(&value, &eval(high, scope)).map(|order| order != Ordering::Greater);
            negated_if(*negated, and(from, to))
        }
        Expr::InList { expr, list, negated } => {
            let value = eval(expr, scope);
            let equal = list.iter().map(|item| compare(&value, &eval(item, scope)).map(Ordering::is_eq));
            negated_if(*negated, equal.fold(Some(false), or))
        }
        Expr::Like { negated, expr, pattern, .. } => {
            negated_if(*negated, like(&eval(expr, scope), &eval(pattern, scope)))
        }
        other => panic!("`{other}` is outside of the language"),
    }
}

/// The plain arguments of a function call.
pub(crate) fn arguments(function: &sqlparser::ast::Function) -> Vec<&Expr> {
    use sqlparser::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    let FunctionArguments::List(list) = &function.args else { panic!("{function}: arguments in brackets") };
    let plain = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => expr,
        other => panic!("{function}: what is `{other}`?"),
    });
    plain.collect()
}

fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Number(text, _) => match text.parse::<i128>() {
            Ok(int) => Value::Int(int),
            Err(_) => Value::Float(text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}"))),
        },
        Literal::SingleQuotedString(text) => Value::Text(text.clone()),
        Literal::Boolean(value) => Value::Bool(*value),
        Literal::Null => Value::Null,
        other => panic!("`{other}` is outside of the language"),
    }
}

fn negated_if(negated: bool, truth: Option<bool>) -> Value {
    truth.map(|truth| truth != negated).into()
}

fn unary(op: UnaryOperator, value: Value) -> Value {
    match (op, value) {
        (_, Value::Null) => Value::Null,
        (UnaryOperator::Not, value) => value.truth().map(|truth| !truth).into(),
        (UnaryOperator::Plus, value) => value,
        (UnaryOperator::Minus, Value::Int(int)) => Value::Int(-int),
        (UnaryOperator::Minus, Value::Float(value)) => Value::Float(-value),
        (op, value) => panic!("{op} of {value:?}"),
    }
}

fn binary(left: &Value, op: &BinaryOperator, right: &Value) -> Value {
    let compared = |wanted: fn(Ordering) -> bool| compare(left, right).map(wanted).into();
    match op {
        BinaryOperator::And => and(left.truth(), right.truth()).into(),
        BinaryOperator::Or => or(left.truth(), right.truth()).into(),
        BinaryOperator::Eq => compared(Ordering::is_eq),
        BinaryOperator::NotEq => compared(Ordering::is_ne),
        BinaryOperator::Lt => compared(Ordering::is_lt),
        BinaryOperator::LtEq => compared(Ordering::is_le),
        BinaryOperator::Gt => compared(Ordering::is_gt),
        BinaryOperator::GtEq => compared(Ordering::is_ge),
        _ => arithmetic(left, op, right),
    }
}

fn arithmetic(left: &Value, op: &BinaryOperator, right: &Value) -> Value {
    match (left, op, right) {
        (Value::Null, _, _) | (_, _, Value::Null) => Value::Null,
        (Value::Int(a), BinaryOperator::Plus, Value::Int(b)) => Value::Int(a + b),
        (Value::Int(a), BinaryOperator::Minus, Value::Int(b)) => Value::Int(a - b),
        (Value::Int(a), BinaryOperator::Multiply, Value::Int(b)) => Value::Int(a * b),
        (Value::Int(a), BinaryOperator::Modulo, Value::Int(b)) => {
            // The sign of the dividend; none for zero.
            a.checked_rem(*b).map_or(Value::Null, Value::Int)
        }
        (a, op, b) => {
            let (Some(a), Some(b)) = (a.number(), b.number()) else { panic!("{a:?} {op} {b:?}") };
            match op {
                BinaryOperator::Plus => Value::Float(a + b),
                BinaryOperator::Minus => Value::Float(a - b),
                BinaryOperator::Multiply => Value::Float(a * b),
                BinaryOperator::Divide if is_zero(b) => Value::Null,
                BinaryOperator::Divide => Value::Float(a / b),
                op => panic!("`{op}` is outside of the language"),
            }
        }
    }
}

fn case(operand: Option<&Expr>, whens: &[CaseWhen], otherwise: Option<&Expr>, scope: &Scope) -> Value {
    let operand = operand.map(|operand| eval(operand, scope));
    for when in whens {
        let condition = eval(&when.condition, scope);
        let holds = match &operand {
            Some(operand) => compare(operand, &condition).map(Ordering::is_eq),
            None => condition.truth(),
        };
        if holds == Some(true) {
            return eval(&when.result, scope);
        }
    }
    otherwise.map_or(Value::Null, |otherwise| eval(otherwise, scope))
}

fn like(value: &Value, pattern: &Value) -> Option<bool> {
    match (value, pattern) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Text(text), Value::Text(pattern)) => {
            let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
            Some(matches(&text, &pattern))
        }
        (value, pattern) => panic!("{value:?} LIKE {pattern:?}"),
    }
}

fn matches(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| matches(&text[skipped..], rest)),
        ['_', rest @ ..] => !text.is_empty() && matches(&text[1..], rest),
        [first, rest @ ..] => text.first() == Some(first) && matches(&text[1..], rest),
    }
}
