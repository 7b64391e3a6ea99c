//! Segments in the pipeline language: one condition, or one for each source.

use indexmap::IndexMap;
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::de::{value, Deserializer, MapAccess, Visitor};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;

/// A named filter.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// SQL condition over a source's columns, or one for each source: `{ads: "country = 'FR'", web: "geo = 'France'"}`.
    #[serde(rename = "where")]
    pub filter: SegmentWhere,
    /// Whom it describes.
    #[serde(default)]
    pub description: Option<String>,
}

/// The condition of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentWhere {
    /// For every source that has its columns.
    Everywhere(String),
    /// For the sources named.
    BySource(IndexMap<String, String>),
}

impl<'de> serde::Deserialize<'de> for SegmentWhere {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = SegmentWhere;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an SQL condition, or a mapping of sources to conditions")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SegmentWhere, E> {
                Ok(SegmentWhere::Everywhere(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SegmentWhere, A::Error> {
                IndexMap::deserialize(value::MapAccessDeserializer::new(map)).map(SegmentWhere::BySource)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for SegmentWhere {
    fn schema_name() -> Cow<'static, str> {
        "SegmentWhere".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]})
    }
}
