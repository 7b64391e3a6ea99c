//! YAML text → [`Pipeline`]: what the user wrote, one to one. No judgement beyond shape is made here.
//!
//! Three passes over the same text: `tree` reads YAML events into nodes with byte spans (and finds duplicate keys),
//! `shape` holds the nodes against the JSON Schema generated from the types below, so that *every* unknown key and
//! every value of the wrong kind is told with its line; only then does serde build the types.

mod one_or_many;
mod shape;
mod tree;
mod types;
mod variables;

pub use one_or_many::{NamesOr, OneOrMany};
pub use tree::Document;
pub use types::*;
pub use variables::expand_variables;

use crate::diagnostic::{Diagnostic, YamlPath};

/// Parses a pipeline's text.
///
/// # Errors
/// Every mistake of syntax or shape, each with its place in the text.
pub fn parse(text: &str) -> Result<(Pipeline, Document), (Vec<Diagnostic>, Document)> {
    let (document, mut errors) = Document::parse(text);
    if errors.is_empty() {
        errors = shape::check(&document, &schema());
    }
    if !errors.is_empty() {
        return Err((errors, document));
    }
    let deserializer = serde_yaml::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Pipeline>(deserializer) {
        Ok(pipeline) => Ok((pipeline, document)),
        Err(error) => {
            let path = yaml_path(error.path());
            let message = error.into_inner().to_string();
            Err((vec![Diagnostic::pipeline("invalid-value", message).at(&path)], document))
        }
    }
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
