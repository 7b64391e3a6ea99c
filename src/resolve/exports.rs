//! Exports: where reports go. Paths stay inside the output root and out of each other's way.

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::plan::ExportPlan;
use crate::spec::{expand_variables, Analysis, Export, ExportFormat, Pipeline, Report, ScorecardExport};
use std::path::{Component, Path, PathBuf};

/// The paths that were given out so far, with their places.
pub(super) type Taken = Vec<(PathBuf, YamlPath)>;

pub(super) fn resolve(report: &Report, at: &YamlPath, taken: &mut Taken, errors: &mut Diagnostics) -> Vec<ExportPlan> {
    if report.exports.is_empty() {
        let error = Diagnostic::pipeline("no-exports", format!("report `{}` is written nowhere", report.name));
        errors.push(error.at_key(&at.key("exports")).help("add one: `- {format: csv, path: reports/name.csv}`"));
    }
    for (i, export) in report.exports.iter().enumerate() {
        partitions(report, export, &at.key("exports").index(i), errors);
    }
    files(&report.exports, at, taken, errors)
}

/// The files of a report or of the scorecard.
fn files(exports: &[Export], at: &YamlPath, taken: &mut Taken, errors: &mut Diagnostics) -> Vec<ExportPlan> {
    let mut plans = vec![];
    for (i, export) in exports.iter().enumerate() {
        let at = at.key("exports").index(i);
        let path = path(export, &at, errors);
        if export.dialect.is_some() && export.format != ExportFormat::Csv {
            let error = Diagnostic::pipeline("clashing-keys", "`dialect` goes with `format: csv`");
            errors.push(error.at_key(&at.key("dialect")));
        }
        let Some(path) = path else { continue };
        let clash = taken.iter().find(|(other, _)| path.starts_with(other) || other.starts_with(&path));
        if let Some((other, place)) = clash {
            let message = if *other == path {
                format!("two exports are written to `{}`", path.display())
            } else {
                format!("the exports `{}` and `{}` are one inside the other", path.display(), other.display())
            };
            let error = Diagnostic::pipeline("clashing-paths", message).at(&at.key("path"));
            errors.push(error.place(place, crate::diagnostic::Part::Value, "the other one"));
        }
        taken.push((path.clone(), at.key("path")));
        plans.push(ExportPlan {
            format: export.format,
            path,
            layout: export.layout.unwrap_or_default(),
            partition_by: export.partition_by.clone(),
            dialect: export.dialect.unwrap_or_default(),
        });
    }
    plans
}

/// An export of a table that has one layout.
fn plain(export: ScorecardExport) -> Export {
    let ScorecardExport { format, path, dialect } = export;
    Export { format, path, layout: None, partition_by: vec![], dialect }
}

/// The files of an analysis.
pub(super) fn of_analysis(
    analysis: &Analysis,
    at: &YamlPath,
    taken: &mut Taken,
    errors: &mut Diagnostics,
) -> Vec<ExportPlan> {
    if analysis.exports.is_empty() {
        let error = Diagnostic::pipeline("no-exports", format!("analysis `{}` is written nowhere", analysis.name));
        errors.push(error.at_key(&at.key("exports")).help("add one: `- {format: csv, path: reports/name.csv}`"));
    }
    let exports: Vec<Export> = analysis.exports.iter().cloned().map(plain).collect();
    files(&exports, at, taken, errors)
}

/// The files of the scorecard.
pub(super) fn of_scorecard(spec: &Pipeline, taken: &mut Taken, errors: &mut Diagnostics) -> Vec<ExportPlan> {
    let written = spec.scorecard.as_ref().map(|s| s.exports.clone()).unwrap_or_default();
    let folder = folder(taken);
    let named = |format, end: &str| Export {
        format,
        path: folder.join(format!("{}.scorecard.{end}", spec.name)).display().to_string(),
        layout: None,
        partition_by: vec![],
        dialect: None,
    };
    let exports = if written.is_empty() {
        vec![named(ExportFormat::Parquet, "parquet"), named(ExportFormat::Csv, "csv")]
    } else {
        written.into_iter().map(plain).collect()
    };
    files(&exports, &YamlPath::root().key("scorecard"), taken, errors)
}

/// The files of rows that cannot be read; none where every file says the types of its columns itself.
pub(super) fn of_quarantine(
    spec: &Pipeline,
    catalog: &Catalog,
    taken: &mut Taken,
    errors: &mut Diagnostics,
) -> Vec<ExportPlan> {
    let written = spec.quarantine.as_ref().map(|q| q.exports.clone()).unwrap_or_default();
    if !written.is_empty() {
        let exports: Vec<Export> = written.into_iter().map(plain).collect();
        return files(&exports, &YamlPath::root().key("quarantine"), taken, errors);
    }
    if !catalog.sources.values().any(|source| source.files.iter().any(|file| file.format.is_text())) {
        return vec![];
    }
    let path = folder(taken).join("quarantine").join(format!("{}.csv", spec.name)).display().to_string();
    let export = Export { format: ExportFormat::Csv, path, layout: None, partition_by: vec![], dialect: None };
    files(&[export], &YamlPath::root().key("quarantine"), taken, errors)
}

/// The deepest folder that holds all exports so far: where the manifest is.
fn folder(taken: &Taken) -> PathBuf {
    let mut folders = taken.iter().map(|(path, _)| path.parent().unwrap_or(Path::new("")).to_path_buf());
    let first = folders.next().unwrap_or_default();
    folders.fold(first, |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

fn path(export: &Export, at: &YamlPath, errors: &mut Diagnostics) -> Option<PathBuf> {
    let at = at.key("path");
    let text = match expand_variables(&export.path, &at) {
        Ok(text) => text,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    let path = Path::new(&text);
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) if part == ".jalon" => {
                let error = Diagnostic::pipeline("invalid-path", "the folder `.jalon` is jalon's own");
                errors.push(error.at(&at).help("choose another path"));
                return None;
            }
            Component::Normal(part) => clean.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                errors.push(
                    Diagnostic::pipeline("path-outside", format!("`{text}` leads out of the output root"))
                        .at(&at)
                        .note("export paths are relative to `output_root` (default: the working directory)")
                        .help("set `output_root:` or `--output-root`, and write the path below it"),
                );
                return None;
            }
        }
    }
    if clean.as_os_str().is_empty() {
        errors.push(Diagnostic::pipeline("invalid-path", "an export needs a path").at(&at));
        return None;
    }
    let wanted = match export.format {
        ExportFormat::Parquet => "parquet",
        ExportFormat::Csv => "csv",
    };
    let has = clean.extension().is_some_and(|e| e.eq_ignore_ascii_case(wanted));
    if export.partition_by.is_empty() && !has {
        let error = Diagnostic::pipeline("invalid-path", format!("`{text}` does not end in `.{wanted}`"));
        errors.push(
            error
                .at(&at)
                .help(format!("write `{text}.{wanted}`, or `partition_by: [grain]` for a folder of Parquet files")),
        );
        return None;
    }
    if !export.partition_by.is_empty() && has {
        let folder = clean.with_extension("");
        let error = Diagnostic::pipeline(
            "invalid-path",
            format!("`{text}` is a folder, because of `partition_by`, but is named like a file"),
        );
        errors.push(error.at(&at).help(format!("write `{}`", folder.display())));
        return None;
    }
    Some(clean)
}

fn partitions(report: &Report, export: &Export, at: &YamlPath, errors: &mut Diagnostics) {
    if export.partition_by.is_empty() {
        return;
    }
    let at = at.key("partition_by");
    if export.format != ExportFormat::Parquet {
        errors.push(Diagnostic::pipeline("clashing-keys", "`partition_by` goes with `format: parquet`").at_key(&at));
        return;
    }
    let mut known = vec!["grain", "period_label", "level", "segment"];
    known.extend(report.group_by.iter().map(String::as_str));
    if export.layout.unwrap_or_default() == crate::spec::Layout::Long {
        known.push("metric");
    }
    for (i, column) in export.partition_by.iter().enumerate() {
        if !known.contains(&column.as_str()) {
            let error = Diagnostic::pipeline("unknown-column", format!("`{column}` is not a column to partition by"));
            errors.push(error.at(&at.index(i)).suggest(column, "columns", known.iter().copied()));
        }
        if export.partition_by[..i].contains(column) {
            errors.push(Diagnostic::pipeline("duplicate-name", format!("`{column}` is listed twice")).at(&at.index(i)));
        }
    }
}
