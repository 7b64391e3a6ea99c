//! Filling the catalog: every file of every source is opened, its columns read, and their types reconciled.

use super::{exports, lookups, partitions, paths, reader, reading, targets};
use crate::catalog::{dimension_type, Catalog, ColumnInfo, FileInfo, Physical, Reading, SourceInfo};
use crate::diagnostic::{short_list, Diagnostic, Diagnostics, YamlPath};
use crate::expr::Type;
use crate::profiles::{find, mistaken, Seen};
use crate::spec::{FileFormat, MeasureType, NameOrPlace, Pipeline, Source};
use indexmap::{IndexMap, IndexSet};
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// The files of a source.
type Files = Vec<(PathBuf, FileFormat)>;

/// Finds the files of every source and reads what columns they have. Sources with mistakes are left out.
pub fn inspect(pipeline: &Pipeline, errors: &mut Diagnostics) -> Catalog {
    let mut catalog = Catalog::default();
    let mut sources: Vec<(&String, &Source, Files, Reading)> = vec![];
    for (name, source) in pipeline.sources.iter().filter(|(_, source)| source.path.is_some()) {
        let at = YamlPath::root().key("sources").key(name);
        let files = paths::files(source, &at, errors);
        sources.push((name, source, files, reading::reading(source, &at, errors)));
    }
    let files: Vec<(&Reading, &(PathBuf, FileFormat))> =
        sources.iter().flat_map(|(_, _, files, reading)| files.iter().map(move |file| (reading, file))).collect();
    let inspected: Vec<Result<Vec<FileInfo>, Diagnostic>> =
        files.into_par_iter().map(|(reading, (path, format))| reader(*format).inspect_all(path, reading)).collect();
    let mut inspected = inspected.into_iter();
    for (name, source, files, reading) in &sources {
        let at = YamlPath::root().key("sources").key(name);
        let inspected: Vec<Result<Vec<FileInfo>, Diagnostic>> = inspected.by_ref().take(files.len()).collect();
        let mut infos = vec![];
        let complete = inspected.iter().all(Result::is_ok) && !files.is_empty();
        for info in inspected {
            match info {
                Ok(tables) => infos.extend(tables),
                Err(error) => errors.push(error.at(&at.key("path"))),
            }
        }
        if !complete {
            continue;
        }
        partitions::add_columns(&mut infos);
        if !exports::add_columns(&mut infos, reading, &at, errors) {
            continue;
        }
        if !are_of_profile(&infos, reading, &at, errors) {
            continue;
        }
        told_of_files(&infos, reading, &at, errors);
        let mut columns = reconcile(&format!("source `{name}`"), &at, source, &infos, errors);
        for (column, info) in &mut columns {
            // Typed files may hold days as texts: how they are written is declared.
            let is_text =
                info.physical == Physical::Typed(Type::Text) && infos.iter().all(|file| !file.format.is_text());
            if is_text && reading.dates.contains_key(column) {
                info.physical = Physical::Typed(Type::Date);
            }
        }
        let reading = Arc::new(reading.clone());
        catalog.sources.insert((*name).clone(), SourceInfo { files: infos, columns, reading });
    }
    for (name, lookup) in &pipeline.lookups {
        if let Some(table) = lookups::load(name, lookup, errors) {
            catalog.lookups.insert(name.clone(), Arc::new(table));
        }
    }
    for (i, objective) in pipeline.objectives.iter().enumerate() {
        for (j, target) in objective.targets.iter().enumerate() {
            let Some(table) = &target.table else { continue };
            let at = YamlPath::root().key("objectives").index(i).key("targets").index(j).key("table");
            if let Some(rows) = targets::load(pipeline, target, table, &at, errors) {
                catalog.targets.insert((i, j), rows);
            }
        }
    }
    catalog
}

/// Whether the files of a source are of its profile, as far as their headers tell: a file of another would give figures of something
/// else.
fn are_of_profile(infos: &[FileInfo], reading: &Reading, at: &YamlPath, errors: &mut Diagnostics) -> bool {
    let Some(profile) = reading.profile.as_deref().and_then(find) else { return true };
    let mut right = true;
    for info in infos.iter().filter(|info| !info.layout.printed.is_empty()) {
        let member = info.layout.member.as_deref().map(|member| member.rsplit('/').next().unwrap_or(member));
        let seen = Seen {
            header: &info.layout.printed,
            file: member.or_else(|| info.path.file_name().and_then(|name| name.to_str())).unwrap_or_default(),
            sheet: match &reading.sheet {
                Some(NameOrPlace::Name(name)) => Some(name),
                _ => None,
            },
            title: info.layout.title.as_deref(),
            has_comments: false,
        };
        let others = mistaken(profile, &seen);
        if let Some(other) = others.first() {
            let id = &profile.about.id;
            let message = format!("`{}` is not an export of `{id}`", info.path.display());
            errors.push(
                Diagnostic::data("other-layout", message)
                    .at(&at.key("path"))
                    .note(format!("its columns are those of `{}`: {}", other.about.id, other.about.title.en))
                    .help("name the files more closely, and read this one as a source of its own"),
            );
            right = false;
        }
    }
    right
}

/// What stands out in the files of a source, and which columns its profile does not know.
fn told_of_files(infos: &[FileInfo], reading: &Reading, at: &YamlPath, errors: &mut Diagnostics) {
    for info in infos {
        let told = info.remarks.iter().map(|remark| format!("`{}`: {remark}", info.path.display()));
        errors.extend(told.map(|text| Diagnostic::hint("file-remark", text).at(&at.key("path"))));
    }
    let unknown: IndexSet<&str> = infos.iter().flat_map(|info| info.unknown.iter().map(String::as_str)).collect();
    let unknown: IndexSet<&str> = unknown.into_iter().filter(|name| !reading.named.contains(*name)).collect();
    if let (Some(profile), false) = (&reading.profile, unknown.is_empty()) {
        let names: Vec<&str> = unknown.into_iter().collect();
        let noun = if names.len() == 1 { "1 column is" } else { "columns are" };
        let number = if names.len() == 1 { String::new() } else { format!("{} ", names.len()) };
        let message = format!("{number}{noun} not known to the profile `{profile}`, and not used");
        errors.push(
            Diagnostic::hint("unknown-columns", message)
                .at(&at.key("profile"))
                .note(short_list(&names))
                .help("add one beside the profile where it is needed: `measures: {my_name: {column: \"…\"}}`"),
        );
    }
}

/// One type a column over all files, or an error that names two files which do not fit.
pub(super) fn reconcile(
    noun: &str,
    at: &YamlPath,
    source: &Source,
    files: &[FileInfo],
    errors: &mut Diagnostics,
) -> IndexMap<String, ColumnInfo> {
    let mut columns: IndexMap<String, ColumnInfo> = IndexMap::new();
    for file in files {
        for (column, physical) in &file.columns {
            let Some(known) = columns.get_mut(column) else {
                let info = ColumnInfo { physical: physical.clone(), file: file.path.clone() };
                columns.insert(column.clone(), info);
                continue;
            };
            match merge(&known.physical, physical, file.format.is_text()) {
                Some(merged) => known.physical = merged,
                None => {
                    errors.push(
                        Diagnostic::data(
                            "clashing-types",
                            format!("column `{column}` of {noun} has two types that do not fit"),
                        )
                        .at(&at.key("path"))
                        .note(format!("{}: {}", known.file.display(), known.physical.describe()))
                        .note(format!("{}: {}", file.path.display(), physical.describe()))
                        .help("read the files as two sources, and unite them with `union:`"),
                    );
                    known.physical = physical.clone();
                }
            }
        }
    }
    let csv = files.iter().all(|f| f.format.is_text());
    declared(at, source, csv, &mut columns, errors);
    columns
}

fn merge(left: &Physical, right: &Physical, is_text: bool) -> Option<Physical> {
    use Physical::{Empty, Timestamp, Typed};
    match (left, right) {
        _ if left == right => Some(left.clone()),
        (Empty, other) | (other, Empty) => Some(other.clone()),
        (Typed(l), Typed(r)) if l.is_numeric() && r.is_numeric() => Some(Typed(Type::Float)),
        // A day is midnight of that day in a column of wall times.
        (Typed(Type::Date), Timestamp { zoned: false }) | (Timestamp { zoned: false }, Typed(Type::Date)) => {
            Some(Timestamp { zoned: false })
        }
        // In CSV everything is text to begin with.
        (Typed(_) | Timestamp { .. }, Typed(_) | Timestamp { .. }) if is_text => Some(Typed(Type::Text)),
        _ => None,
    }
}

/// Declared types: in CSV they win over what a sample said; in Parquet only one that loses nothing does.
fn declared(
    at: &YamlPath,
    source: &Source,
    csv: bool,
    columns: &mut IndexMap<String, ColumnInfo>,
    errors: &mut Diagnostics,
) {
    let dimensions = source.dimensions.entries().into_iter().filter(|(_, d, _)| d.expr.is_none());
    let dimensions = dimensions.filter_map(|(name, d, _)| {
        let ty = dimension_type(d.data_type?);
        Some((d.column.unwrap_or_else(|| name.to_owned()), ty, at.key("dimensions").key(name).key("type")))
    });
    let measures = source.measures.entries().into_iter().filter_map(|(name, m, _)| {
        let ty = match m.data_type? {
            MeasureType::Integer => Type::Int,
            MeasureType::Number => Type::Float,
        };
        Some((m.column.unwrap_or_else(|| name.to_owned()), ty, at.key("measures").key(name).key("type")))
    });
    for (column, ty, at) in dimensions.chain(measures) {
        let Some(info) = columns.get_mut(&column) else { continue };
        let lossless = match (&info.physical, ty) {
            (Physical::Typed(known), ty) if *known == ty => true,
            (Physical::Typed(Type::Int | Type::Decimal(_)), Type::Float) => true,
            (Physical::Typed(Type::Int | Type::Bool | Type::Date), Type::Text) => true,
            (Physical::Timestamp { .. }, Type::Date) | (Physical::Empty, _) => true,
            _ => false,
        };
        if csv || lossless {
            info.physical = Physical::Typed(ty);
        } else {
            errors.push(
                Diagnostic::pipeline("type-mismatch", format!("column `{column}` cannot be read as {}", ty.a()))
                    .at(&at)
                    .note(format!("{} says that it holds {}", info.file.display(), info.physical.describe()))
                    .help("leave `type:` out: Parquet files say the types of their columns"),
            );
        }
    }
}
