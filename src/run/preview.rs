//! The first records of a source, as the pipeline sees them.

use super::Checked;
use crate::calendar::iso_date;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::resolve::shown;
use crate::source::{self, BadRow};
use crate::spec::{self, Pipeline};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The first records of a source.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Its name.
    pub source: String,
    /// The names of the columns; the first one dates a record.
    pub columns: Vec<String>,
    /// The records, column by column.
    pub rows: Vec<Vec<Value>>,
    /// Rows on the way that cannot be read, with their files.
    pub bad: Vec<(PathBuf, BadRow)>,
    /// Rows of totals on the way.
    pub totals: u64,
    /// The names of the other sources.
    pub others: Vec<String>,
}

/// The first `rows` records of a source of a pipeline; of its first source where none is named. No preview where the source has
/// mistakes, which are in [`Checked::diagnostics`]; those elsewhere in the pipeline do not matter.
///
/// # Errors
/// The pipeline cannot be read, has no such source, or the files of the source cannot be read.
pub fn preview(path: &Path, source: Option<&str>, rows: usize) -> Result<(Checked, Option<Preview>), Diagnostic> {
    preview_text(path, &super::text(path)?, source, rows)
}

/// The same of the text of a pipeline.
///
/// # Errors
/// The pipeline has no such source, or the files of the source cannot be read.
pub fn preview_text(
    path: &Path,
    text: &str,
    source: Option<&str>,
    rows: usize,
) -> Result<(Checked, Option<Preview>), Diagnostic> {
    let spec::Parsed { pipeline, errors, document } = spec::parse_sources(text);
    let path = path.to_path_buf();
    let checked = |diagnostics: Vec<Diagnostic>| Checked {
        path: path.clone(),
        document: document.clone(),
        diagnostics,
        plan: None,
    };
    let Some(pipeline) = pipeline else { return Ok((checked(errors), None)) };
    let names: Vec<String> = pipeline.sources.keys().cloned().collect();
    let Some(name) = source.map(str::to_owned).or_else(|| names.first().cloned()) else {
        return Err(Diagnostic::pipeline("unknown-source", "the pipeline has no sources"));
    };
    if !names.contains(&name) {
        let error = Diagnostic::pipeline("unknown-source", format!("there is no source `{name}`"));
        return Err(error.suggest(&name, "sources", names.iter().map(String::as_str)));
    }
    let mut pipeline = only(pipeline, &name);
    let mut diagnostics = Diagnostics::default();
    let own = |error: &Diagnostic| of_sources(error, &pipeline);
    diagnostics.extend(errors.into_iter().filter(own));
    crate::profiles::expand(&mut pipeline, &mut diagnostics);
    let catalog = source::inspect(&pipeline, &mut diagnostics);
    let shown = shown(&pipeline, &catalog, &name, &mut diagnostics);
    let has_errors = diagnostics.has_errors();
    let checked = checked(diagnostics.into_vec());
    let Some(shown) = shown.filter(|_| !has_errors) else { return Ok((checked, None)) };
    let others = names.into_iter().filter(|other| *other != name).collect();
    let columns =
        std::iter::once(shown.time.clone()).chain(shown.columns.iter().map(|(name, _)| name.clone())).collect();
    let mut found = Preview { source: name, columns, others, ..Preview::default() };
    for scan in &shown.scans {
        let left = rows - found.rows.len();
        if left == 0 && rows > 0 {
            break;
        }
        let first = source::first(scan, left)?;
        let places: Vec<Option<usize>> = shown
            .columns
            .iter()
            .map(|(name, ty)| scan.columns.iter().position(|column| column.name == *name && column.ty == *ty))
            .collect();
        for (day, values) in first.rows {
            let day = day.map_or(Value::Null, |day| Value::String(iso_date(day)));
            let others = places.iter().map(|place| place.and_then(|at| values.get(at)).cloned().unwrap_or(Value::Null));
            found.rows.push(std::iter::once(day).chain(others).collect());
        }
        found.bad.extend(first.bad.into_iter().map(|(file, bad)| (scan.files[file].path.clone(), bad)));
        found.totals += first.totals;
    }
    Ok((checked, Some(found)))
}

/// The pipeline with nothing but a source, and those that it unites.
fn only(mut pipeline: Pipeline, name: &str) -> Pipeline {
    let united = pipeline.sources.get(name).map(|source| source.union.clone()).unwrap_or_default();
    pipeline.sources.retain(|other, _| other == name || united.contains(other));
    let used: Vec<String> = pipeline
        .sources
        .values()
        .flat_map(|source| {
            let uses = source.lookups.entries().into_iter().map(|(name, ..)| name.to_owned());
            uses.chain(source.rates().map(str::to_owned)).collect::<Vec<String>>()
        })
        .collect();
    pipeline.lookups.retain(|lookup, _| used.contains(lookup));
    pipeline
}

/// Whether a mistake is in what is left of a pipeline.
fn of_sources(error: &Diagnostic, pipeline: &Pipeline) -> bool {
    let Some(place) = error.places.first() else { return true };
    let at = YamlPath::root().key("sources");
    let other = place.path.0.len() > 1 && place.path.0.starts_with(&at.0);
    !other || pipeline.sources.keys().any(|name| place.path.0.starts_with(&at.key(name).0))
}
