//! Columns that are not as the files have them: texts in another form, and expressions.

use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{Expr, Literal, Type};
use crate::metric::parse_at;
use crate::plan::additivity::{of_expr, well_known};
use crate::plan::{ColumnRole, LogicalColumn, LogicalSource, Made, TextForm};
use crate::spec::{Dimension, Normalise, Source};

/// How the texts of a dimension come about.
pub(super) fn text_form(details: &Dimension, ty: Type, at: &YamlPath, errors: &mut Diagnostics) -> Made {
    let keys = [("normalise", details.normalise.is_some()), ("map", !details.map.is_empty())];
    let Some((key, _)) = keys.into_iter().find(|(_, written)| *written) else { return Made::AsRead };
    if ty != Type::Text {
        let error = Diagnostic::pipeline("type-mismatch", format!("`{key}` is for texts, the dimension is {}", ty.a()));
        errors.push(error.at_key(&at.key(key)).help("declare `type: text`, or leave the key out"));
        return Made::AsRead;
    }
    let steps = details.normalise.clone().unwrap_or_else(|| vec![Normalise::Trim, Normalise::Nfc]);
    Made::Texts(TextForm { steps, map: details.map.clone() })
}

/// Adds the dimensions that are expressions, each over the columns that are there before it.
pub(super) fn dimensions(source: &Source, logical: &mut LogicalSource, at: &YamlPath, errors: &mut Diagnostics) {
    for (name, details, _) in source.dimensions.entries() {
        let Some(sql) = &details.expr else { continue };
        let here = at.key("dimensions").key(name);
        let keys = [
            ("column", details.column.is_some()),
            ("type", details.data_type.is_some()),
            ("normalise", details.normalise.is_some()),
            ("map", !details.map.is_empty()),
        ];
        if !may_compute(name, &keys, logical, &here, errors) {
            continue;
        }
        let sql_at = if details.is_short { here.clone() } else { here.key("expr") };
        let Some(expr) = parse_at(sql, &*logical, &sql_at, errors) else { continue };
        if details.optional && expr.ty() == Type::Null {
            let made = LogicalColumn { empty: true, ..column(Expr::Literal(Literal::Null), ColumnRole::Dimension) };
            logical.columns.insert(name.to_owned(), LogicalColumn { ty: Type::Text, made: vec![Made::AsRead], ..made });
            continue;
        }
        if matches!(expr.ty(), Type::Float | Type::Decimal(_) | Type::Null) {
            let error = Diagnostic::pipeline(
                "type-mismatch",
                format!("dimension `{name}` is {}, it must be a text, an integer, a boolean or a date", expr.ty().a()),
            );
            errors.push(
                error.at(&sql_at).help("make classes of numbers: `CASE WHEN x < 10 THEN 'short' ELSE 'long' END`"),
            );
            continue;
        }
        add(logical, name, column(expr, ColumnRole::Dimension));
    }
}

/// Tells keys that do not go with `expr`; false where another column that is declared has the name.
fn may_compute(
    name: &str,
    keys: &[(&str, bool)],
    logical: &LogicalSource,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> bool {
    for (key, _) in keys.iter().filter(|(_, is_written)| *is_written) {
        let error = Diagnostic::pipeline("clashing-keys", format!("`{key}` does not go with `expr`"));
        errors.push(error.at_key(&at.key(key)).help("the expression says what the values are"));
    }
    let is_free = logical.columns.get(name).is_none_or(|column| column.role == ColumnRole::Raw);
    if !is_free {
        let error = Diagnostic::pipeline("duplicate-column", format!("`{name}` is there twice"));
        errors.push(error.at_key(at));
    }
    is_free
}

/// Keeps what a column was under a name of its own before another takes its place, and returns that name; expressions that were
/// made of it stay so.
pub(super) fn shadow(logical: &mut LogicalSource, name: &str) -> String {
    let hidden = format!("{name} as exported");
    let Some(before) = logical.columns.get(name).cloned() else { return hidden };
    for column in logical.columns.values_mut() {
        for made in &mut column.made {
            match made {
                Made::Computed(expr) => expr.rename(name, &hidden),
                Made::Looked(looked) => {
                    looked.on.iter_mut().filter(|(on, _)| on == name).for_each(|(on, _)| hidden.clone_into(on));
                }
                Made::AsRead | Made::Texts(_) => {}
            }
        }
    }
    logical.columns.insert(hidden.clone(), LogicalColumn { role: ColumnRole::Raw, ..before });
    hidden
}

/// Adds a column that an expression makes: in the expression its name is that of what was there before.
fn add(logical: &mut LogicalSource, name: &str, made: LogicalColumn) {
    let mut made = made;
    if logical.columns.contains_key(name) {
        let hidden = shadow(logical, name);
        for made in &mut made.made {
            if let Made::Computed(expr) = made {
                expr.rename(name, &hidden);
            }
        }
    }
    logical.columns.insert(name.to_owned(), made);
}

fn column(expr: Expr, role: ColumnRole) -> LogicalColumn {
    LogicalColumn {
        ty: expr.ty(),
        role,
        raw: vec![None],
        made: vec![Made::Computed(expr)],
        empty: false,
        text_because: None,
    }
}

/// Adds the measures that are expressions, each over the columns that are there before it. Without a declared additivity it is
/// the weaker of what the name says and of what the expression is made of.
pub(super) fn measures(source: &Source, logical: &mut LogicalSource, at: &YamlPath, errors: &mut Diagnostics) {
    for (name, details, _) in source.measures.entries() {
        let Some(sql) = &details.expr else { continue };
        let here = at.key("measures").key(name);
        let keys = [
            ("column", details.column.is_some()),
            ("type", details.data_type.is_some()),
            ("numbers", details.numbers.is_some()),
        ];
        if !may_compute(name, &keys, logical, &here, errors) {
            continue;
        }
        let Some(expr) = parse_at(sql, &*logical, &here.key("expr"), errors) else { continue };
        let additivity = details.additivity.unwrap_or_else(|| well_known(name).max(of_expr(&expr, logical)));
        let unit = details.unit.clone().or_else(|| (expr.ty() == Type::Int).then(|| "count".to_owned()));
        let role = ColumnRole::Measure { additivity, unit, reaggregate: details.reaggregate };
        let made = match expr.ty() {
            Type::Int | Type::Float => column(expr, role),
            Type::Decimal(_) => column(Expr::ToFloat(Box::new(expr)), role),
            Type::Null => {
                let made = vec![Made::AsRead];
                LogicalColumn { ty: Type::Int, made, empty: true, ..column(Expr::Literal(Literal::Null), role) }
            }
            other => {
                let message = format!("measure `{name}` is {}, it must be a number", other.a());
                errors.push(Diagnostic::pipeline("type-mismatch", message).at(&here.key("expr")));
                continue;
            }
        };
        add(logical, name, made);
    }
}
