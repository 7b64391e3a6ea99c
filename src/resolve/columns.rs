//! Columns as the files have them: declared ones with their roles, and what there is besides.

use super::computed::text_form;
use crate::catalog::{dimension_type, Physical, SourceInfo};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::Type;
use crate::plan::additivity::well_known;
use crate::plan::{ColumnRole, LogicalColumn, Made};
use crate::spec::{MeasureType, Source, TimeSpec, TABLE_TITLE};
use indexmap::IndexMap;

/// A dimension that no file has: null in every record.
fn absent(ty: Type) -> LogicalColumn {
    LogicalColumn {
        ty,
        role: ColumnRole::Dimension,
        raw: vec![None],
        made: vec![Made::AsRead],
        empty: true,
        text_because: None,
    }
}

/// Adds what the files have besides, and what a profile knows that they lack.
pub(super) fn undeclared(
    source: &Source,
    time_spec: &TimeSpec,
    info: &SourceInfo,
    columns: &mut IndexMap<String, LogicalColumn>,
) {
    let taken: Vec<String> = columns.values().filter_map(|c| c.raw[0].clone()).collect();
    for (raw, column) in &info.columns {
        if columns.contains_key(raw) || taken.contains(raw) {
            continue;
        }
        let role = if *raw == time_spec.column { ColumnRole::Time } else { ColumnRole::Raw };
        let ty = match &column.physical {
            _ if role == ColumnRole::Time => Type::Date,
            Physical::Typed(ty) => *ty,
            Physical::Empty if info.reading.measures.contains(raw) => Type::Float,
            Physical::Empty => Type::Text,
            Physical::Timestamp { .. } | Physical::Unusable(_) => continue,
        };
        columns.insert(
            raw.clone(),
            LogicalColumn {
                ty,
                role,
                raw: vec![Some(raw.clone())],
                made: vec![Made::AsRead],
                empty: column.physical == Physical::Empty,
                text_because: because(info, raw),
            },
        );
    }
    for name in info.reading.headers.iter().flat_map(|headers| headers.names()) {
        if !columns.contains_key(name) && !info.columns.contains_key(name) {
            columns.insert(name.to_owned(), LogicalColumn { role: ColumnRole::Raw, ..absent(Type::Null) });
        }
    }
    let lacks_title = !columns.contains_key(TABLE_TITLE) && !info.columns.contains_key(TABLE_TITLE);
    if source.table.is_some() && lacks_title && info.reading.all_tables {
        columns.insert(TABLE_TITLE.to_owned(), LogicalColumn { role: ColumnRole::Raw, ..absent(Type::Null) });
    }
}

pub(super) fn because(info: &SourceInfo, raw: &str) -> Option<String> {
    info.files.iter().find_map(|f| f.text_because.get(raw).map(|why| format!("{}, {why}", f.path.display())))
}

/// How the cells of a column seem to be written, where not as declared.
pub(super) fn seems<'i>(info: &'i SourceInfo, raw: &str) -> Option<&'i str> {
    info.files.iter().find_map(|f| f.seems.get(raw).map(String::as_str))
}

/// The place of an entry that is written in a list of names or in a mapping.
fn entry(list: &YamlPath, name: &str, index: Option<usize>) -> YamlPath {
    index.map_or_else(|| list.key(name), |i| list.index(i))
}

/// Adds the declared dimensions that are in the files.
pub(super) fn dimensions(
    name: &str,
    source: &Source,
    info: &SourceInfo,
    at: &YamlPath,
    columns: &mut IndexMap<String, LogicalColumn>,
    errors: &mut Diagnostics,
) {
    let time_column = source.time.as_ref().map(|t| t.column.as_str());
    for (dimension, details, index) in source.dimensions.entries() {
        let here = entry(&at.key("dimensions"), dimension, index);
        if details.expr.is_some() {
            continue;
        }
        let raw = details.column.as_deref().unwrap_or(dimension);
        if details.optional && !info.columns.contains_key(raw) {
            let ty = details.data_type.map_or(Type::Text, dimension_type);
            columns.insert(dimension.to_owned(), absent(ty));
            continue;
        }
        let Some(physical) = find(name, raw, info, &here, details.column.is_some(), errors) else { continue };
        let ty = match physical {
            Physical::Typed(Type::Float | Type::Decimal(_)) => {
                let error = Diagnostic::pipeline(
                    "type-mismatch",
                    format!("`{dimension}` holds numbers with decimals and cannot be a dimension"),
                );
                errors.push(error.at(&here).help("list it under `measures:`, or declare `type: text` (CSV)"));
                continue;
            }
            Physical::Typed(ty) => *ty,
            Physical::Empty => Type::Text,
            Physical::Timestamp { .. } if info.files.iter().any(|f| f.format.is_text()) => {
                let error = Diagnostic::pipeline(
                    "type-mismatch",
                    format!("`{dimension}` holds timestamps and cannot be a dimension"),
                );
                errors.push(error.at(&here).help("declare `type: text` to group by them as they are written"));
                continue;
            }
            Physical::Timestamp { .. } => Type::Date,
            Physical::Unusable(kind) => {
                errors.push(
                    Diagnostic::pipeline(
                        "type-mismatch",
                        format!("`{dimension}` is a {kind}: it cannot be a dimension"),
                    )
                    .at(&here),
                );
                continue;
            }
        };
        let role = if time_column == Some(raw) { ColumnRole::Time } else { ColumnRole::Dimension };
        let column = LogicalColumn {
            ty,
            role,
            raw: vec![Some(raw.to_owned())],
            made: vec![text_form(&details, ty, &here, errors)],
            empty: *physical == Physical::Empty,
            text_because: because(info, raw),
        };
        columns.insert(dimension.to_owned(), column);
    }
}

/// Adds the declared measures that are in the files.
pub(super) fn measures(
    name: &str,
    source: &Source,
    info: &SourceInfo,
    at: &YamlPath,
    columns: &mut IndexMap<String, LogicalColumn>,
    errors: &mut Diagnostics,
) {
    for (measure, details, index) in source.measures.entries() {
        let here = entry(&at.key("measures"), measure, index);
        if details.expr.is_some() {
            continue;
        }
        let raw = details.column.as_deref().unwrap_or(measure);
        if columns.contains_key(measure) {
            errors.push(
                Diagnostic::pipeline("duplicate-column", format!("`{measure}` is both a dimension and a measure"))
                    .at(&here),
            );
            continue;
        }
        let is_absent = details.optional && !info.columns.contains_key(raw);
        let physical = if is_absent {
            &Physical::Empty
        } else {
            let Some(found) = find(name, raw, info, &here, details.column.is_some(), errors) else { continue };
            found
        };
        let ty = match physical {
            Physical::Typed(ty @ (Type::Int | Type::Float | Type::Decimal(_))) => *ty,
            Physical::Empty if details.data_type == Some(MeasureType::Number) => Type::Float,
            Physical::Empty => Type::Int,
            other => {
                let mut error = Diagnostic::pipeline(
                    "type-mismatch",
                    format!("measure `{measure}` holds a {}, not numbers", other.describe()),
                )
                .at(&here);
                if let Some(why) = because(info, raw) {
                    error = error.note(format!("{why} is not a number"));
                }
                if let Some(form) = seems(info, raw) {
                    errors.push(error.help(format!("its numbers seem to be written in another way: {form}")));
                    continue;
                }
                errors.push(error.help(
                    "if only some cells are at fault, correct them in the file; a column of words is a dimension",
                ));
                continue;
            }
        };
        let additivity = details.additivity.unwrap_or_else(|| well_known(measure).max(well_known(raw)));
        let unit = details.unit.clone().or_else(|| (ty == Type::Int).then(|| "count".to_owned()));
        let role = ColumnRole::Measure { additivity, unit, reaggregate: details.reaggregate };
        columns.insert(
            measure.to_owned(),
            LogicalColumn {
                ty,
                role,
                raw: vec![(!is_absent).then(|| raw.to_owned())],
                made: vec![Made::AsRead],
                empty: *physical == Physical::Empty,
                text_because: None,
            },
        );
    }
}

/// A raw column, or an error with what there is.
fn find<'i>(
    source: &str,
    raw: &str,
    info: &'i SourceInfo,
    at: &YamlPath,
    renamed: bool,
    errors: &mut Diagnostics,
) -> Option<&'i Physical> {
    if let Some(column) = info.columns.get(raw) {
        let lacking: Vec<String> = info
            .files
            .iter()
            .filter(|f| !f.columns.iter().any(|(name, _)| name == raw))
            .map(|f| f.path.display().to_string())
            .collect();
        // An export has the columns that were ticked: a profile expects no less.
        if !lacking.is_empty() && info.reading.headers.is_none() {
            let names: Vec<&str> = lacking.iter().map(String::as_str).collect();
            let message =
                format!("column `{raw}` is missing in {} of {} files, and null there", lacking.len(), info.files.len());
            errors.push(
                Diagnostic::hint("column-missing-in-files", message)
                    .at_key(at)
                    .note(crate::diagnostic::short_list(&names)),
            );
        }
        return Some(&column.physical);
    }
    let at = if renamed { at.key("column") } else { at.clone() };
    let file = info.files.first().map(|f| f.path.display().to_string()).unwrap_or_default();
    let mut error =
        Diagnostic::pipeline("missing-column", format!("source `{source}` has no column `{raw}` in its files"));
    error = if renamed { error.at(&at) } else { error.at_key(&at) };
    if let Some(sign) = info
        .columns
        .keys()
        .next()
        .filter(|_| info.columns.len() == 1)
        .and_then(|n| n.chars().find(|c| ";\t|".contains(*c)))
    {
        error = error.help(format!(
            "the file seems to be separated by {sign:?}: write `csv: {{separator: {:?}}}`",
            sign.to_string()
        ));
    }
    let known = info.columns.keys().map(String::as_str);
    errors.push(error.suggest(raw, "columns there", known).note(format!("first file: {file}")));
    None
}
