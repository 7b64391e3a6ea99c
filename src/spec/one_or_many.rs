//! The two short forms of the language: a value or a list of them, and a list of names or a map with details.
//!
//! Written by hand rather than with `#[serde(untagged)]`, which would buffer the value and lose its position.

use indexmap::IndexMap;
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::de::{value, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// `x` or `[x, y]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneOrMany {
    /// A single text.
    One(String),
    /// A list of texts.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts as a list, with the index each has in the YAML sequence (none for the single form).
    pub fn entries(&self) -> Vec<(Option<usize>, &str)> {
        match self {
            Self::One(text) => vec![(None, text.as_str())],
            Self::Many(list) => list.iter().enumerate().map(|(i, t)| (Some(i), t.as_str())).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OneOrMany, A::Error> {
                Vec::deserialize(value::SeqAccessDeserializer::new(seq)).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
    }
}

/// `[a, b]` or `{a: {…}, b: {…}}`; a name with nothing behind it has the defaults of `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamesOr<T> {
    /// Names only.
    Names(Vec<String>),
    /// Names with details.
    Map(IndexMap<String, Option<T>>),
}

impl<T> Default for NamesOr<T> {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

impl<T: Clone + Default> NamesOr<T> {
    /// Name and details in the order written, with whether the short form was used (its entries have an index).
    pub fn entries(&self) -> Vec<(&str, T, Option<usize>)> {
        match self {
            Self::Names(names) => names.iter().enumerate().map(|(i, n)| (n.as_str(), T::default(), Some(i))).collect(),
            Self::Map(map) => map.iter().map(|(n, t)| (n.as_str(), t.clone().unwrap_or_default(), None)).collect(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NamesOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
            type Value = NamesOr<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names, or a mapping of names to their details")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<NamesOr<T>, A::Error> {
                Vec::deserialize(value::SeqAccessDeserializer::new(seq)).map(NamesOr::Names)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NamesOr<T>, A::Error> {
                IndexMap::deserialize(value::MapAccessDeserializer::new(map)).map(NamesOr::Map)
            }
        }
        deserializer.deserialize_any(Form(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for NamesOr<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("NamesOr{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let details = generator.subschema_for::<Option<T>>();
        json_schema!({"anyOf": [
            {"type": "array", "items": {"type": "string"}},
            {"type": "object", "additionalProperties": details}
        ]})
    }
}
