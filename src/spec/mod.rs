//! YAML text → [`Pipeline`]: what the user wrote, one to one. No judgement beyond shape is made here.
//!
//! Three passes over the same text: `tree` reads YAML events into nodes with byte spans (and finds duplicate keys),
//! `shape` holds the nodes against the JSON Schema generated from the types below, so that *every* unknown key and
//! every value of the wrong kind is told with its line; only then does serde build the types.

mod analysis;
mod check;
mod currency;
mod dimension;
mod lookup;
mod metric;
mod objective;
mod one_or_many;
mod reading;
mod report;
mod segment;
mod shape;
mod totals;
mod tree;
mod types;
mod variables;

pub use analysis::{Analysis, AnalysisKind};
pub use check::{Check, RowCount};
pub use currency::{Currency, ToldCurrency};
pub use dimension::{Dimension, Normalise};
pub use lookup::{Lookup, LookupColumn, LookupType, LookupUse};
pub use metric::*;
pub use objective::*;
pub use one_or_many::{NamesOr, OneOrMany};
pub use reading::*;
pub use report::*;
pub use segment::{Segment, SegmentWhere};
pub use totals::Totals;
pub use tree::Document;
pub use types::*;
pub use variables::expand_variables;

use crate::diagnostic::{Diagnostic, Step, YamlPath};

/// Parses a pipeline's text, and tells every mistake of syntax or shape with its place.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let (document, mut errors) = Document::parse(text);
    errors.extend(shape::check(&document, &schema()));
    // Duplicate and unknown keys can be left out, so that what comes after them is judged too.
    let dispensable = |e: &Diagnostic| matches!(e.code, "duplicate-key" | "unknown-key");
    let Some(root) = document.root().filter(|_| errors.iter().all(dispensable)) else {
        return Parsed { pipeline: None, errors, document };
    };
    let unknown: Vec<YamlPath> = errors
        .iter()
        .filter(|e| e.code == "unknown-key")
        .filter_map(|e| Some(e.places.first()?.path.clone()))
        .collect();
    let value = root.to_value(&YamlPath::root(), &unknown);
    match serde_path_to_error::deserialize::<_, Pipeline>(value) {
        Ok(pipeline) => Parsed { pipeline: Some(pipeline), errors, document },
        Err(error) => {
            let path = yaml_path(error.path());
            errors.push(Diagnostic::pipeline("invalid-value", error.into_inner().to_string()).at(&path));
            Parsed { pipeline: None, errors, document }
        }
    }
}

/// Parses what a pipeline's text says of its sources, whatever else is wrong with it: its metrics and reports are left out.
#[must_use]
pub fn parse_sources(text: &str) -> Parsed {
    const READ: &[&str] = &["version", "name", "calendar", "sources", "lookups"];
    let (document, mut errors) = Document::parse(text);
    errors.extend(shape::check(&document, &schema()));
    errors.retain(|error| {
        let Some(place) = error.places.first() else { return true };
        let is_syntax = matches!(place.part, crate::diagnostic::Part::Bytes(_));
        is_syntax || matches!(place.path.0.first(), Some(Step::Key(key)) if READ.contains(&key.as_str()))
    });
    let Some(root) = document.root() else { return Parsed { pipeline: None, errors, document } };
    let unknown = errors.iter().filter(|e| e.code == "unknown-key");
    let unknown: Vec<YamlPath> = unknown.filter_map(|e| Some(e.places.first()?.path.clone())).collect();
    let mut value = root.to_value(&YamlPath::root(), &unknown);
    if let serde_yaml::Value::Mapping(keys) = &mut value {
        keys.retain(|key, _| key.as_str().is_some_and(|key| READ.contains(&key)));
        keys.insert("metrics".into(), serde_yaml::Mapping::new().into());
        keys.insert("reports".into(), serde_yaml::Value::Sequence(vec![]));
        for (key, default) in [("version", serde_yaml::Value::from(1)), ("name", "unnamed".into())] {
            if !keys.contains_key(key) {
                keys.insert(key.into(), default);
            }
        }
    }
    match serde_path_to_error::deserialize::<_, Pipeline>(value) {
        Ok(pipeline) => Parsed { pipeline: Some(pipeline), errors, document },
        Err(error) => {
            let path = yaml_path(error.path());
            let told = Diagnostic::pipeline("invalid-value", error.into_inner().to_string()).at(&path);
            // What is told of the shape says it better.
            if errors.is_empty() {
                errors.push(told);
            }
            Parsed { pipeline: None, errors, document }
        }
    }
}

/// A pipeline's text, read as far as it goes.
pub struct Parsed {
    /// What the user wrote, without the keys that are in error; `None` when too much is wrong to go on.
    pub pipeline: Option<Pipeline>,
    /// Every mistake of syntax or shape.
    pub errors: Vec<Diagnostic>,
    /// The text with its places.
    pub document: Document,
}

/// The JSON Schema of a pipeline file, generated from the spec types.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Pipeline).to_value()
}

fn yaml_path(path: &serde_path_to_error::Path) -> YamlPath {
    use serde_path_to_error::Segment;
    path.iter().fold(YamlPath::root(), |at, segment| match segment {
        Segment::Seq { index } => at.index(*index),
        Segment::Map { key } => at.key(key),
        Segment::Enum { .. } | Segment::Unknown => at,
    })
}
