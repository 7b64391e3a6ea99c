//! What a simple metric aggregates: its `expr` and `filter`, and the later `versions` of them, applied by the day of each
//! record.

use super::{parse_at, MetricContext};
use crate::calendar::{iso_date, parse_date};
use crate::diagnostic::{Diagnostic, YamlPath};
use crate::expr::{Compare, Expr, Literal, Type};
use crate::plan::{LogicalSource, VersionPlan};
use crate::spec::Agg;

/// What a metric aggregates.
pub(super) struct Definition {
    /// The value of a record; `None` only for counting records.
    pub(super) expr: Option<Expr>,
    /// Records that do not pass have no value.
    pub(super) filter: Option<Expr>,
    /// The days on which another definition begins.
    pub(super) versions: Vec<VersionPlan>,
}

/// One definition of several, with the day it begins on.
struct Dated {
    from: i32,
    expr: Option<Expr>,
    filter: Option<Expr>,
}

/// The definition of a metric; every mistake in it is told.
pub(super) fn definition(context: &mut MetricContext<'_>, agg: Agg, source: &LogicalSource) -> Option<Definition> {
    let spec = context.spec;
    let at = context.at.clone();
    let versions = spec.versions.clone().unwrap_or_default();
    // All are read before any may fail, so that all mistakes are told.
    let filter = spec.filter.as_ref().map(|sql| condition(context, sql, source, &at.key("filter")));
    let expr = match &spec.expr {
        Some(sql) => Some(value(context, agg, sql, source, &at.key("expr"))),
        None if agg == Agg::Count => None,
        None => {
            context.missing("expr", "impressions");
            return None;
        }
    };
    let dated = dated(context, agg, source);
    let (filter, expr) = (filter.map_or(Some(None), |f| f.map(Some))?, expr.map_or(Some(None), |e| e.map(Some))?);
    let dated = dated?;
    if dated.is_empty() {
        return Some(Definition { expr, filter, versions: vec![] });
    }
    let day = day(context, source)?;
    // Without an expression every record counts.
    let counts_all = agg == Agg::Count && expr.is_none() && dated.iter().any(|d| d.expr.is_some());
    let expr = if counts_all { Some(Expr::Literal(Literal::Int(1))) } else { expr };
    let begins = dated.iter().zip(&versions).map(|(d, v)| VersionPlan { from: d.from, comparable: v.comparable });
    let begins = begins.collect();
    let expr = expr.map(|own| {
        // What is counted may be of any type: only whether it is known matters.
        let types: Vec<Type> = dated.iter().filter_map(|d| d.expr.as_ref()).chain([&own]).map(Expr::ty).collect();
        let differ = agg == Agg::Count && types.iter().any(|ty| *ty != types[0]);
        let floats = types.contains(&Type::Float);
        let form = |expr: Expr| if differ { known(expr, floats) } else { expr };
        let later = dated.iter().map(|d| (d.from, form(d.expr.clone().unwrap_or_else(|| own.clone())))).collect();
        by_day(&day, form(own.clone()), later)
    });
    let filter = (filter.is_some() || dated.iter().any(|d| d.filter.is_some())).then(|| {
        let own = filter.clone().unwrap_or(Expr::Literal(Literal::Bool(true)));
        let later = dated.iter().map(|d| (d.from, d.filter.clone().unwrap_or_else(|| own.clone()))).collect();
        by_day(&day, own.clone(), later)
    });
    Some(Definition { expr, filter, versions: begins })
}

/// The versions as they are written; `None` when one is wrong, which is told.
fn dated(context: &mut MetricContext<'_>, agg: Agg, source: &LogicalSource) -> Option<Vec<Dated>> {
    let mut complete = true;
    let mut dated: Vec<Dated> = vec![];
    for (i, version) in context.spec.versions.iter().flatten().enumerate() {
        let at = context.at.key("versions").index(i);
        let expr = version.expr.as_ref().map(|sql| value(context, agg, sql, source, &at.key("expr")));
        let filter = version.filter.as_ref().map(|sql| condition(context, sql, source, &at.key("filter")));
        complete &= !matches!((&expr, &filter), (Some(None), _) | (_, Some(None)));
        if expr.is_none() && filter.is_none() {
            let error = Diagnostic::pipeline("missing-key", "a version says what changes: `expr`, `filter`, or both");
            context.errors.push(error.at(&at));
            complete = false;
        }
        let Some(from) = parse_date(&version.valid_from) else {
            let error = Diagnostic::pipeline("invalid-date", format!("`{}` is not a date", version.valid_from));
            context.errors.push(error.at(&at.key("valid_from")).help("write YYYY-MM-DD"));
            complete = false;
            continue;
        };
        if let Some(before) = dated.last().filter(|d| d.from >= from) {
            let message =
                format!("the version from {} stands after that from {}", iso_date(from), iso_date(before.from));
            let error = Diagnostic::pipeline("wrong-order", message).at(&at.key("valid_from"));
            context.errors.push(error.help("list versions by their days, each day once"));
            complete = false;
        }
        dated.push(Dated { from, expr: expr.flatten(), filter: filter.flatten() });
    }
    complete.then_some(dated)
}

/// The day of a record, as an expression.
fn day(context: &mut MetricContext<'_>, source: &LogicalSource) -> Option<Expr> {
    match source.day() {
        Ok(day) => Some(day),
        Err(error) => {
            let help = "make a metric with `versions` of each member, and add them up in a derived metric";
            context.errors.push(error.at_key(&context.at.key("versions")).help(help));
            None
        }
    }
}

/// Something known where an expression is known, else null. Beside floats they stay what they are, because not all of
/// them are numbers, and the others become such.
fn known(expr: Expr, floats: bool) -> Expr {
    if floats && expr.ty() == Type::Float {
        return expr;
    }
    let one = if floats { Literal::Float(1.0) } else { Literal::Int(1) };
    let branches = vec![(Expr::IsNull(Box::new(expr)), Expr::Literal(Literal::Null))];
    Expr::Case { branches, otherwise: Box::new(Expr::Literal(one)) }
}

/// One expression that is another from each of several days on.
fn by_day(day: &Expr, own: Expr, later: Vec<(i32, Expr)>) -> Expr {
    let (from, others): (Vec<i32>, Vec<Expr>) = later.into_iter().unzip();
    let mut results: Vec<Expr> = std::iter::once(own).chain(others).collect();
    let alike = results.iter().all(|expr| expr.ty() == results[0].ty());
    // Integers and decimals beside floats are floats.
    let unified = |expr: Expr| if alike || expr.ty() == Type::Float { expr } else { Expr::ToFloat(Box::new(expr)) };
    results = results.into_iter().map(unified).collect();
    let last = results.pop().unwrap_or(Expr::Literal(Literal::Null));
    let before = |from: i32| Expr::Compare {
        op: Compare::Lt,
        left: Box::new(day.clone()),
        right: Box::new(Expr::Literal(Literal::Date(from))),
    };
    let branches = from.into_iter().map(before).zip(results).collect();
    Expr::Case { branches, otherwise: Box::new(last) }
}

fn value(context: &mut MetricContext<'_>, agg: Agg, sql: &str, source: &LogicalSource, at: &YamlPath) -> Option<Expr> {
    let expr = parse_at(sql, source, at, context.errors)?;
    if agg == Agg::Count || matches!(expr.ty(), Type::Int | Type::Float | Type::Decimal(_)) {
        return Some(expr);
    }
    let message = format!("metric `{}` aggregates {}, numbers are needed", context.name, expr.ty().a());
    let mut error = Diagnostic::pipeline("type-mismatch", message).at(at);
    let because = expr.columns().into_iter().find_map(|(name, _)| source.columns.get(name)?.text_because.clone());
    if let Some(because) = because {
        error = error.note(format!("{because} is not a number"));
    }
    context.errors.push(error.help("to count records or known values use `agg: count`"));
    None
}

fn condition(context: &mut MetricContext<'_>, sql: &str, source: &LogicalSource, at: &YamlPath) -> Option<Expr> {
    let expr = parse_at(sql, source, at, context.errors)?;
    if expr.ty() == Type::Bool {
        return Some(expr);
    }
    let error = Diagnostic::pipeline("type-mismatch", format!("`filter` is {}, it must be a condition", expr.ty().a()));
    context.errors.push(error.at(at).help("compare something: `country = 'FR'`"));
    None
}
