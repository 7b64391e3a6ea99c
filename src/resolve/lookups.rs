//! Lookups joined to sources: their columns become columns of the source.

use crate::catalog::{Catalog, LookupTable};
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::expr::Type;
use crate::plan::{ColumnRole, LogicalColumn, LogicalSource, Looked, Made};
use crate::spec::{Pipeline, Source};
use std::sync::Arc;

/// Adds the columns of the lookups that a source names; false when one of them cannot be joined, which is told: what
/// it would add would be told as missing.
pub(super) fn join(
    spec: &Pipeline,
    source: &Source,
    catalog: &Catalog,
    logical: &mut LogicalSource,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> bool {
    let mut complete = true;
    for (name, details, index) in source.lookups.entries() {
        let list = at.key("lookups");
        let here = index.map_or_else(|| list.key(name), |i| list.index(i));
        if !spec.lookups.contains_key(name) {
            let error = Diagnostic::pipeline("unknown-lookup", format!("there is no lookup `{name}`"));
            errors.push(error.at_key(&here).suggest(name, "lookups", spec.lookups.keys().map(String::as_str)));
            complete = false;
            continue;
        }
        let Some(table) = catalog.lookups.get(name) else {
            complete = false;
            continue;
        };
        let on_at = details.on.as_ref().map(|_| here.key("on"));
        let on = details.on.unwrap_or_else(|| table.key.iter().map(|k| k.name.clone()).collect());
        let Some(on) = key(table, &on, logical, (&here, on_at.as_ref()), errors) else {
            complete = false;
            continue;
        };
        for (column, looked) in table.columns.iter().enumerate() {
            if logical.columns.contains_key(&looked.name) {
                let message = format!("source `{}` has a column `{}` of its own", logical.name, looked.name);
                errors.push(
                    Diagnostic::pipeline("duplicate-column", message)
                        .at_key(&here)
                        .place(&YamlPath::root().key("lookups").key(name).key("columns"), Part::Value, "added here")
                        .help(format!(
                            "give the lookup's another name: `columns: {{my_{0}: {{column: {0}}}}}`",
                            looked.name
                        )),
                );
                continue;
            }
            let is_number = matches!(looked.ty, Type::Float | Type::Decimal(_));
            let role = if is_number { ColumnRole::Raw } else { ColumnRole::Dimension };
            let made = Made::Looked(Looked { table: Arc::clone(table), on: on.clone(), column });
            logical.columns.insert(
                looked.name.clone(),
                LogicalColumn {
                    ty: looked.ty,
                    role,
                    raw: vec![None],
                    made: vec![made],
                    empty: false,
                    text_because: None,
                },
            );
        }
    }
    complete
}

/// The source's columns that are held against a lookup's key, with their types.
fn key(
    table: &LookupTable,
    on: &[String],
    logical: &LogicalSource,
    (here, on_at): (&YamlPath, Option<&YamlPath>),
    errors: &mut Diagnostics,
) -> Option<Vec<(String, Type)>> {
    if on.len() != table.key.len() {
        let names: Vec<&str> = table.key.iter().map(|k| k.name.as_str()).collect();
        let message =
            format!("lookup `{}` has a key of {}", table.name, crate::diagnostic::count(names.len() as u64, "column"));
        let error = Diagnostic::pipeline("wrong-key", message).at(on_at.unwrap_or(here));
        errors.push(error.note(format!("its key is {}", names.join(", "))).help("name as many columns, in that order"));
        return None;
    }
    let mut found = vec![];
    for (i, (name, key)) in on.iter().zip(&table.key).enumerate() {
        let at = on_at.map_or_else(|| here.clone(), |at| at.index(i));
        let Some(column) = logical.columns.get(name) else {
            let message = format!("source `{}` has no column `{name}` to look up in `{}`", logical.name, table.name);
            let known = logical.columns.keys().map(String::as_str);
            let mut error =
                Diagnostic::pipeline("missing-column", message).at(&at).suggest(name, "columns there", known);
            if on_at.is_none() {
                error =
                    error.help(format!("name the source's own columns: `lookups: {{{}: {{on: […]}}}}`", table.name));
            }
            errors.push(error);
            continue;
        };
        // A table without rows fits everything: nothing is known of its types.
        if column.ty != key.ty && table.rows > 0 {
            let message = format!(
                "`{name}` of source `{}` is {}, `{}` of lookup `{}` is {}",
                logical.name,
                column.ty.a(),
                key.name,
                table.name,
                key.ty.a()
            );
            let mut error = Diagnostic::pipeline("clashing-types", message).at(&at);
            if let Some(because) = &column.text_because {
                error = error.note(format!("{because} is not a number"));
            }
            errors.push(error.help(format!(
                "declare one type on both sides: `{name}: {{type: text}}`, `key: {{{}: {{type: text}}}}`",
                key.name
            )));
            continue;
        }
        found.push((name.clone(), column.ty));
    }
    (found.len() == on.len()).then_some(found)
}
