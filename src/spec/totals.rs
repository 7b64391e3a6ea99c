//! `totals`: yes or no, or sets of dimensions.

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::de::{value, Deserialize, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The levels of a report above its details.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Totals {
    /// None.
    #[default]
    No,
    /// One: everything together.
    Yes,
    /// One for each set of dimensions that are kept.
    Sets(Vec<Vec<String>>),
}

impl<'de> Deserialize<'de> for Totals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Totals;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a list of lists of dimensions")
            }
            fn visit_bool<E: serde::de::Error>(self, yes: bool) -> Result<Totals, E> {
                Ok(if yes { Totals::Yes } else { Totals::No })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Totals, A::Error> {
                Vec::deserialize(value::SeqAccessDeserializer::new(seq)).map(Totals::Sets)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Totals {
    fn schema_name() -> Cow<'static, str> {
        "Totals".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "boolean"},
            {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
        ]})
    }
}
