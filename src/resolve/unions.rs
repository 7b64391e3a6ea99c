//! Unions: several sources read as one, column by column.

use super::currency;
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::Type;
use crate::plan::{ColumnRole, LogicalColumn, LogicalSource, Made, Quality};
use crate::spec::{Pipeline, Source};
use indexmap::IndexMap;

/// Resolves a union of sources that are resolved already.
pub(super) fn resolve(
    name: &str,
    source: &Source,
    spec: &Pipeline,
    resolved: &IndexMap<String, LogicalSource>,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<LogicalSource> {
    refuse_keys(source, at, errors);
    let mut members: Vec<&LogicalSource> = vec![];
    let mut complete = true;
    for (i, member) in source.union.iter().enumerate() {
        let here = at.key("union").index(i);
        match (spec.sources.get(member), resolved.get(member)) {
            (None, _) => {
                let known = spec.sources.keys().map(String::as_str).filter(|n| *n != name);
                errors.push(
                    Diagnostic::pipeline("unknown-source", format!("there is no source `{member}`"))
                        .at(&here)
                        .suggest(member, "sources", known),
                );
                complete = false;
            }
            (Some(other), _) if !other.union.is_empty() => {
                let error = Diagnostic::pipeline("nested-union", format!("`{member}` is a union itself"));
                errors.push(error.at(&here).help("list its members here"));
                complete = false;
            }
            (Some(_), None) => complete = false,
            (Some(_), Some(logical)) if members.iter().any(|m| m.name == logical.name) => {
                errors.push(
                    Diagnostic::pipeline(
                        "duplicate-name",
                        format!("`{member}` is listed twice: its records would count twice"),
                    )
                    .at(&here),
                );
                complete = false;
            }
            (Some(_), Some(logical)) => members.push(logical),
        }
    }
    if !complete {
        return None;
    }
    let first = members.first()?;
    let columns = united_columns(name, &members, at, errors)?;
    let times = members.iter().flat_map(|m| m.times.clone()).collect();
    let same_key = members.iter().all(|m| m.primary_key == first.primary_key);
    let members_names = members.iter().map(|m| m.name.clone()).collect();
    let primary_key = if same_key && members.len() == 1 { first.primary_key.clone() } else { vec![] };
    let is_lifetime = first.is_lifetime;
    refuse_mixture(name, &members, at, errors);
    Some(LogicalSource {
        name: name.to_owned(),
        members: members_names,
        columns,
        times,
        primary_key,
        filter: None,
        quality: Quality::default(),
        is_lifetime,
    })
}

/// Lifetime figures and figures of a day are not united.
fn refuse_mixture(name: &str, members: &[&LogicalSource], at: &YamlPath, errors: &mut Diagnostics) {
    let Some(first) = members.first() else { return };
    if let Some(other) = members.iter().find(|m| m.is_lifetime != first.is_lifetime) {
        let message =
            format!("`{name}` unites lifetime figures with figures of a day: `{}` and `{}`", first.name, other.name);
        let error = Diagnostic::pipeline("mixed-period-types", message).at(&at.key("union"));
        errors.push(error.help(
            "unite sources of one `period_type`, or make daily figures of snapshots: `snapshot: {keep: differences}`",
        ));
    }
}

/// Keys that belong to the united sources.
fn refuse_keys(source: &Source, at: &YamlPath, errors: &mut Diagnostics) {
    let clashing = [
        ("path", source.path.is_some()),
        ("time", source.time.is_some()),
        ("csv", source.csv.is_some()),
        ("format", source.format.is_some()),
        ("dimensions", !source.dimensions.entries().is_empty()),
        ("measures", !source.measures.entries().is_empty()),
        ("primary_key", !source.primary_key.is_empty()),
        ("numbers", source.numbers.is_some()),
        ("total_rows", source.total_rows.is_some()),
        ("period_type", source.period_type.is_some()),
        ("expect", source.expect.is_some()),
        ("checks", !source.checks.is_empty()),
        ("lookups", !source.lookups.entries().is_empty()),
        ("currency", source.currency.is_some()),
    ];
    for (key, _) in clashing.iter().filter(|(_, there)| *there) {
        let error = Diagnostic::pipeline("clashing-keys", format!("`{key}` cannot stand beside `union`"));
        errors.push(error.at_key(&at.key(key)).help("columns, times and keys belong to the united sources"));
    }
}

/// Two members of a union that read one file would count its records twice.
pub(super) fn same_files(source: &Source, catalog: &Catalog, at: &YamlPath, errors: &mut Diagnostics) {
    let files = |member: &String| {
        catalog.sources.get(member).map(|s| s.files.iter().map(|f| &f.path).collect::<Vec<_>>()).unwrap_or_default()
    };
    // One file may hold several tables.
    let place = |member: &String| {
        catalog
            .sources
            .get(member)
            .map(|s| (s.reading.table.clone(), s.reading.sheet.clone(), s.reading.member.clone()))
    };
    for (i, member) in source.union.iter().enumerate() {
        for other in source.union[..i].iter().filter(|other| place(other) == place(member)) {
            if let Some(file) = files(member).iter().find(|f| member != other && files(other).contains(f)) {
                // Where each member takes its own records by `where` it is meant.
                let message = format!("`{member}` and `{other}` both read `{}`", file.display());
                errors.push(
                    Diagnostic::warning("file-read-twice", message)
                        .at(&at.key("union").index(i))
                        .note("records that pass both are counted twice"),
                );
            }
        }
    }
}

/// The columns of a union: by name, with one type; a member that lacks one has nulls there.
fn united_columns(
    name: &str,
    members: &[&LogicalSource],
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<IndexMap<String, LogicalColumn>> {
    let mut columns: IndexMap<String, LogicalColumn> = IndexMap::new();
    let mut unusable: Vec<&str> = vec![];
    let mut complete = true;
    for (i, member) in members.iter().enumerate() {
        for (column, logical) in &member.columns {
            let entry = columns.entry(column.clone()).or_insert_with(|| {
                let made = vec![Made::AsRead; members.len()];
                LogicalColumn { raw: vec![None; members.len()], made, ..logical.clone() }
            });
            entry.raw[i].clone_from(&logical.raw[0]);
            entry.made[i].clone_from(&logical.made[0]);
            if let Some((left, right)) = currency::differ(entry, logical).filter(|_| !logical.empty && !entry.empty) {
                let message = format!("`{column}` of union `{name}` is in {left} and in {right}, and is not added up");
                errors.push(
                    Diagnostic::pipeline("mixed-currencies", message)
                        .at(&at.key("union").index(i))
                        .note(format!("{right} in `{}`", member.name))
                        .help(format!("bring the amounts of `{}` into {left}: `currency: {{column: currency, to: {left}, rates: …}}`, a lookup by currency", member.name)),
                );
                complete = false;
            }
            if let Some(code) = currency::is_unknown_beside(entry, logical).filter(|_| !logical.empty && !entry.empty) {
                let message = format!("`{column}` of union `{name}` adds amounts in {code} to amounts of which nothing tells in what they are");
                errors.push(
                    Diagnostic::warning("unknown-currency", message)
                        .at(&at.key("union").index(i))
                        .help(format!("say it in the source that does not: `currency: {code}`")),
                );
            }
            let either_empty = entry.empty || logical.empty;
            if entry.empty {
                entry.ty = logical.ty;
                entry.empty = logical.empty;
            }
            match (entry.ty, logical.ty) {
                (l, r) if l == r || either_empty => {}
                (l, r) if l.is_numeric() && r.is_numeric() => entry.ty = Type::Float,
                (l, r) => {
                    let declared = entry.role != ColumnRole::Raw || logical.role != ColumnRole::Raw;
                    if declared {
                        let first =
                            members.iter().find(|m| m.columns.contains_key(column)).map_or("", |m| m.name.as_str());
                        errors.push(
                            Diagnostic::pipeline(
                                "clashing-types",
                                format!("column `{column}` of union `{name}` has two types"),
                            )
                            .at(&at.key("union"))
                            .note(format!("{l} in `{first}`, {r} in `{}`", member.name))
                            .help("declare one `type:` in the united sources, or rename one with `column:`"),
                        );
                        complete = false;
                    } else {
                        unusable.push(column);
                    }
                }
            }
            entry.role = weaker(&entry.role, &logical.role);
        }
    }
    columns.retain(|name, _| !unusable.contains(&name.as_str()));
    complete.then_some(columns)
}

/// The more careful of two roles.
fn weaker(left: &ColumnRole, right: &ColumnRole) -> ColumnRole {
    match (left, right) {
        (
            ColumnRole::Measure { additivity: l, unit, reaggregate },
            ColumnRole::Measure { additivity: r, unit: other, .. },
        ) => {
            let unit = if unit == other { unit.clone() } else { None };
            ColumnRole::Measure { additivity: (*l).max(*r), unit, reaggregate: *reaggregate }
        }
        (ColumnRole::Raw, other) => other.clone(),
        (role, _) => role.clone(),
    }
}
