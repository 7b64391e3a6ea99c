//! `type: simple`: an aggregate of a source's records.

use super::versions::{self, Definition};
use super::{Decided, Kind, MetricContext, Reference};
use crate::diagnostic::{Diagnostic, YamlPath};
use crate::expr::{Expr, Type};
use crate::plan::additivity::of_expr;
use crate::plan::{AggFunc, Aggregate, ColumnRole, Formula, LogicalSource, MetricPlan, Snapshot};
use crate::spec::{Additivity, Agg, Metric, MetricKind, Number, Reaggregate, WindowAgg};

pub(super) struct Simple;

impl Kind for Simple {
    fn kind(&self) -> MetricKind {
        MetricKind::Simple
    }
    fn name(&self) -> &'static str {
        "simple"
    }
    fn doc(&self) -> &'static str {
        "sum, count, min, max or average of an expression over the records of a source"
    }
    fn example(&self) -> &'static str {
        "{type: simple, source: posts, agg: sum, expr: likes + comments, filter: is_paid}"
    }
    fn keys(&self) -> &'static [&'static str] {
        &[
            "source",
            "agg",
            "expr",
            "filter",
            "reaggregate",
            "non_additive_dimension",
            "carry_forward",
            "fill_nulls_with",
            "join_to_timespine",
            "ignore_dimensions",
            "versions",
        ]
    }
    fn references(&self, _: &Metric, _: &YamlPath) -> Vec<Reference> {
        vec![]
    }

    fn resolve(&self, context: &mut MetricContext<'_>) -> Option<MetricPlan> {
        let spec = context.spec;
        let source = source(context)?;
        let agg = spec.agg.unwrap_or(Agg::Sum);
        let Definition { expr, filter, versions } = versions::definition(context, agg, source)?;
        let base = expr.as_ref().map_or(Additivity::Additive, |e| of_expr(e, source)).max(context.at_most);
        let reaggregate = spec.reaggregate.or_else(|| expr.as_ref().and_then(|e| declared_reaggregate(e, source)));
        let adds = matches!(agg, Agg::Sum | Agg::Average) && base != Additivity::Additive;
        let reaggregate = reaggregate.filter(|_| adds);
        let agg = if reaggregate == Some(Reaggregate::Max) { Agg::Max } else { agg };
        let func = match agg {
            Agg::Sum | Agg::Average => AggFunc::Sum,
            Agg::Count => AggFunc::Count,
            Agg::Min => AggFunc::Min,
            Agg::Max => AggFunc::Max,
        };
        let integer = match agg {
            Agg::Count => true,
            Agg::Average => false,
            Agg::Sum | Agg::Min | Agg::Max => expr.as_ref().is_some_and(|e| e.ty() == Type::Int),
        };
        let additivity = match agg {
            Agg::Sum => base,
            Agg::Count => Additivity::Additive,
            Agg::Min | Agg::Max | Agg::Average => Additivity::NonAdditive,
        };
        let snapshot = snapshot(context, agg, base, source)?;
        let averaged = snapshot.as_ref().is_some_and(|s| s.pick == WindowAgg::Average);
        let integer = integer && !averaged;
        let fill = fill(context, integer)?;
        let ignores = spec.ignore_dimensions.clone().unwrap_or_default();
        // Its value is repeated from row to row.
        let adds_up = !averaged && ignores.is_empty();
        Some(context.plan(Decided {
            integer,
            unit: unit(agg, expr.as_ref(), source),
            additivity: if adds_up { additivity } else { Additivity::NonAdditive },
            reaggregate: reaggregate.filter(|_| snapshot.is_none()),
            definition: definition(agg, expr.as_ref(), filter.as_ref(), snapshot.as_ref(), &source.name),
            formula: Formula::Simple {
                source: source.name.clone(),
                agg,
                aggregate: Aggregate { func, expr, filter },
                additivity: base,
                snapshot,
                fill,
                on_spine: spec.join_to_timespine.unwrap_or(false),
                ignores,
                versions,
            },
        }))
    }
}

/// Which day of a period counts: `Some(None)` when all do, `None` when what was written is wrong.
#[expect(clippy::option_option, reason = "wrong, or absent")]
fn snapshot(
    context: &mut MetricContext<'_>,
    agg: Agg,
    base: Additivity,
    source: &LogicalSource,
) -> Option<Option<Snapshot>> {
    let spec = context.spec;
    let at = context.at.key("non_additive_dimension");
    let Some(written) = &spec.non_additive_dimension else {
        if spec.carry_forward.is_some() {
            let error = Diagnostic::pipeline("clashing-keys", "`carry_forward` goes with `non_additive_dimension`");
            context.errors.push(error.at_key(&context.at.key("carry_forward")));
            return None;
        }
        return Some(None);
    };
    if agg != Agg::Sum || base == Additivity::NonAdditive {
        let what = if agg == Agg::Sum { "a measure that adds up over nothing" } else { "another aggregate than `sum`" };
        let error = Diagnostic::pipeline("clashing-keys", format!("`non_additive_dimension` with {what}"));
        context
            .errors
            .push(error.at_key(&at).help("it is for levels that add up over everything but time: followers, stock"));
        return None;
    }
    if source.finest() != crate::calendar::Grain::Day {
        let error = Diagnostic::pipeline(
            "clashing-keys",
            format!("`non_additive_dimension` needs records by day, those of `{}` are not", source.name),
        );
        context.errors.push(error.at_key(&at));
        return None;
    }
    for (i, name) in written.group_by.iter().enumerate() {
        source.require_dimension(name, &at.key("group_by").index(i), context.errors);
    }
    let pick = written.window_agg.unwrap_or(WindowAgg::Last);
    let mut carry = 0;
    if let Some(text) = &spec.carry_forward {
        let length = context.length("carry_forward", text)?;
        if length.days().is_none() || pick != WindowAgg::Last {
            let error =
                Diagnostic::pipeline("invalid-length", "`carry_forward` is a number of days, with `window_agg: last`");
            context.errors.push(error.at(&context.at.key("carry_forward")).help("`carry_forward: 3 days`"));
            return None;
        }
        carry = length.days()?;
    }
    let known = written.group_by.iter().all(|name| source.has_dimension(name));
    known.then(|| Some(Snapshot { pick, keys: written.group_by.clone(), carry }))
}

/// What stands in for null: `Some(None)` for nothing, `None` when what was written is wrong.
#[expect(clippy::option_option, reason = "wrong, or absent")]
fn fill(context: &mut MetricContext<'_>, integer: bool) -> Option<Option<Number>> {
    let fill = context.spec.fill_nulls_with;
    if let (true, Some(Number::Float(number))) = (integer, fill) {
        let error = Diagnostic::pipeline(
            "type-mismatch",
            format!("`fill_nulls_with: {number}`, but `{}` is a whole number", context.name),
        );
        context
            .errors
            .push(error.at(&context.at.key("fill_nulls_with")).help("write a whole number, or `expr: 1.0 * x`"));
        return None;
    }
    Some(fill)
}

fn source<'c>(context: &mut MetricContext<'c>) -> Option<&'c LogicalSource> {
    let Some(name) = &context.spec.source else {
        let first = context.sources.keys().next().map_or("posts", String::as_str).to_owned();
        context.missing("source", &first);
        return None;
    };
    if let Some(source) = context.sources.get(name) {
        return Some(source);
    }
    if !context.broken_sources.contains(name) {
        let known = context.sources.keys().chain(context.broken_sources).map(String::as_str);
        let error = Diagnostic::pipeline(
            "unknown-source",
            format!("metric `{}` reads `{name}`, which is not a source", context.name),
        );
        context.errors.push(error.at(&context.at.key("source")).suggest(name, "sources", known));
    }
    None
}

/// The `reaggregate` that the measures of an expression declare.
fn declared_reaggregate(expr: &Expr, source: &LogicalSource) -> Option<Reaggregate> {
    expr.columns().into_iter().find_map(|(name, _)| match source.columns.get(name).map(|c| &c.role) {
        Some(ColumnRole::Measure { reaggregate, .. }) => *reaggregate,
        _ => None,
    })
}

fn unit(agg: Agg, expr: Option<&Expr>, source: &LogicalSource) -> Option<String> {
    let Some(expr) = expr.filter(|_| agg != Agg::Count) else { return Some("count".to_owned()) };
    let mut units =
        expr.columns().into_iter().filter_map(|(name, _)| match source.columns.get(name).map(|c| &c.role) {
            Some(ColumnRole::Measure { unit, .. }) => Some(unit.clone()),
            _ => None,
        });
    let first = units.next()??;
    units.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn definition(
    agg: Agg,
    expr: Option<&Expr>,
    filter: Option<&Expr>,
    snapshot: Option<&Snapshot>,
    source: &str,
) -> String {
    let name = match agg {
        Agg::Sum => "SUM",
        Agg::Count => "COUNT",
        Agg::Min => "MIN",
        Agg::Max => "MAX",
        Agg::Average => "AVG",
    };
    let inner = expr.map_or("*".to_owned(), Expr::to_string);
    let filter = filter.map_or(String::new(), |f| format!(" FILTER (WHERE {f})"));
    let day = snapshot.map_or(String::new(), |s| {
        let day = match s.pick {
            WindowAgg::Last => "ON THE LAST DAY",
            WindowAgg::First => "ON THE FIRST DAY",
            WindowAgg::Average => "AVERAGED OVER DAYS",
            WindowAgg::Opening => "ON THE LAST DAY BEFORE",
        };
        let keys = if s.keys.is_empty() { String::new() } else { format!(" OF EACH {}", s.keys.join(", ")) };
        format!(" {day}{keys}")
    });
    format!("{name}({inner}){filter} FROM {source}{day}")
}
