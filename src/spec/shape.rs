//! Holds a YAML document against the JSON Schema of the spec types, and tells *every* mistake of shape with its place.
//!
//! Only the keywords that `schemars` generates for our types are understood; a test holds that there are no others.

use super::tree::{Document, Node, NodeKind};
use crate::diagnostic::{Diagnostic, Part, YamlPath};
use serde_json::{Map, Value};

/// All mistakes of shape: unknown keys, missing keys, values of the wrong kind, words that are not in a list.
pub(super) fn check(document: &Document, schema: &Value) -> Vec<Diagnostic> {
    let mut checker = Checker { root: schema, errors: vec![] };
    if let Some(node) = document.root() {
        checker.node(node, schema, &YamlPath::root());
    }
    checker.errors
}

struct Checker<'s> {
    root: &'s Value,
    errors: Vec<Diagnostic>,
}

impl<'s> Checker<'s> {
    fn resolve(&self, mut schema: &'s Value) -> &'s Value {
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let Some(found) = self.root.pointer(reference.trim_start_matches('#')) else { return schema };
            schema = found;
        }
        schema
    }

    /// The alternatives of a schema, flattened: `anyOf`, `oneOf` and references opened.
    fn alternatives(&self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolve(schema);
        for keyword in ["anyOf", "oneOf"] {
            if let Some(options) = schema.get(keyword).and_then(Value::as_array) {
                return options.iter().flat_map(|option| self.alternatives(option)).collect();
            }
        }
        vec![schema]
    }

    fn node(&mut self, node: &Node, schema: &'s Value, path: &YamlPath) {
        let alternatives = self.alternatives(schema);
        if is_null(node) && alternatives.iter().any(|s| types(s).contains(&"null")) {
            return;
        }
        let fitting: Vec<&Value> = alternatives.iter().copied().filter(|s| fits(node, s)).collect();
        let Some(first) = fitting.first() else {
            self.wrong_kind(node, &alternatives, path);
            return;
        };
        match &node.kind {
            NodeKind::Mapping(entries) => self.mapping(entries, first, path),
            NodeKind::Sequence(items) => {
                if let Some(item_schema) = first.get("items") {
                    for (i, item) in items.iter().enumerate() {
                        self.node(item, item_schema, &path.index(i));
                    }
                }
            }
            NodeKind::Scalar { text, .. } => self.word(text, &fitting, path),
        }
    }

    fn mapping(&mut self, entries: &[(String, std::ops::Range<usize>, Node)], schema: &'s Value, path: &YamlPath) {
        static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&NOTHING);
        let others = schema.get("additionalProperties").filter(|s| s.is_object());
        for (key, _, value) in entries {
            let at = path.key(key);
            match (known.get(key), others) {
                (Some(schema), _) | (None, Some(schema)) => self.node(value, schema, &at),
                (None, None) => {
                    let place = if path.0.is_empty() { "a pipeline".to_owned() } else { format!("`{path}`") };
                    self.errors.push(
                        Diagnostic::pipeline("unknown-key", format!("{place} has no key `{key}`")).at_key(&at).suggest(
                            key,
                            "keys here",
                            known.keys().map(String::as_str),
                        ),
                    );
                }
            }
        }
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !entries.iter().any(|(k, _, _)| k == key) {
                let place = if path.0.is_empty() { "the pipeline".to_owned() } else { format!("`{path}`") };
                let part = if path.0.is_empty() { Part::Bytes(0..0) } else { Part::Key };
                let described = known.get(key).and_then(|s| s.get("description")).and_then(Value::as_str);
                let mut error = Diagnostic::pipeline("missing-key", format!("{place} lacks the key `{key}`")).place(
                    path,
                    part,
                    format!("needs `{key}`"),
                );
                if let Some(text) = described {
                    error = error.note(format!("`{key}`: {}", text.replace('\n', " ")));
                }
                self.errors.push(error);
            }
        }
    }

    /// A scalar against the words that its alternatives allow, when all of them are lists of words.
    fn word(&mut self, text: &str, fitting: &[&Value], path: &YamlPath) {
        let words: Vec<&str> = fitting.iter().flat_map(|s| words(s)).collect();
        let closed = fitting.iter().all(|s| s.get("enum").is_some() || s.get("const").is_some());
        if closed && !words.contains(&text) {
            self.errors.push(
                Diagnostic::pipeline("unknown-word", format!("`{text}` is not a value of `{path}`")).at(path).suggest(
                    text,
                    "values here",
                    words.iter().copied(),
                ),
            );
        }
    }

    fn wrong_kind(&mut self, node: &Node, alternatives: &[&Value], path: &YamlPath) {
        let mut wanted: Vec<&str> = vec![];
        for name in alternatives.iter().flat_map(|s| types(s)) {
            let word = match name {
                "object" => "a mapping",
                "array" => "a list",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "true or false",
                "string" => "a text",
                _ => continue,
            };
            if !wanted.contains(&word) {
                wanted.push(word);
            }
        }
        let found = match &node.kind {
            NodeKind::Mapping(_) => "a mapping".to_owned(),
            NodeKind::Sequence(_) => "a list".to_owned(),
            NodeKind::Scalar { .. } if is_null(node) => "nothing".to_owned(),
            NodeKind::Scalar { text, .. } => format!("`{text}`"),
        };
        let place = if path.0.is_empty() { "a pipeline".to_owned() } else { format!("`{path}`") };
        let message = format!("{place} must be {}, found {found}", wanted.join(" or "));
        self.errors.push(Diagnostic::pipeline("wrong-kind", message).at(path));
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("enum").is_some() || schema.get("const").is_some() => vec!["string"],
        _ => vec![],
    }
}

fn words(schema: &Value) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    listed.chain(schema.get("const")).filter_map(Value::as_str).collect()
}

fn fits(node: &Node, schema: &Value) -> bool {
    types(schema).into_iter().any(|name| match (&node.kind, name) {
        (NodeKind::Mapping(_), "object") | (NodeKind::Sequence(_), "array") => true,
        (NodeKind::Scalar { text, plain }, "string") => {
            // YAML reads a plain 12, true or ~ as something else than a text.
            !plain || !(is_null(node) || text.parse::<f64>().is_ok() || matches!(text.as_str(), "true" | "false"))
        }
        (NodeKind::Scalar { text, plain: true }, "integer") => text.parse::<i64>().is_ok(),
        (NodeKind::Scalar { text, plain: true }, "number") => text.parse::<f64>().is_ok(),
        (NodeKind::Scalar { text, plain: true }, "boolean") => matches!(text.as_str(), "true" | "false"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_uses_only_keywords_that_are_checked() {
        fn walk(value: &Value, in_schema: bool, found: &mut Vec<String>) {
            let Value::Object(map) = value else { return };
            for (key, inner) in map {
                let names_inside = matches!(key.as_str(), "properties" | "$defs");
                if in_schema {
                    found.push(key.clone());
                }
                match inner {
                    Value::Object(_) if names_inside && in_schema => {
                        inner.as_object().into_iter().flatten().for_each(|(_, s)| walk(s, true, found));
                    }
                    Value::Object(_) => walk(inner, true, found),
                    Value::Array(list) => list.iter().for_each(|s| walk(s, true, found)),
                    _ => {}
                }
            }
        }
        let known = [
            "$schema",
            "$defs",
            "$ref",
            "title",
            "description",
            "type",
            "properties",
            "required",
            "items",
            "enum",
            "const",
            "anyOf",
            "oneOf",
            "additionalProperties",
            "default",
            "format",
            "minimum",
        ];
        let mut found = vec![];
        walk(&crate::spec::schema(), true, &mut found);
        found.sort();
        found.dedup();
        let unknown: Vec<_> = found.iter().filter(|k| !known.contains(&k.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
