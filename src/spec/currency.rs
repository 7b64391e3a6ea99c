//! What the amounts of a source are in.

use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;

/// `EUR`, or `{column: currency}`, which may be brought into one currency: `{column: currency, to: EUR, rates: fx}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Currency {
    /// All amounts are in one.
    Code(String),
    /// A column tells it.
    Told(ToldCurrency),
}

/// A column that tells in what the amounts of a record are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldCurrency {
    /// The column; its values are codes of three letters.
    pub column: String,
    /// The currency that all amounts are brought into.
    #[serde(default)]
    pub to: Option<String>,
    /// The lookup that holds the rates, one of `lookups:`: its key is the currency, or the currency and the date.
    #[serde(default)]
    pub rates: Option<String>,
    /// The lookup's column of rates: what one unit of the currency is worth in that of `to`. Default: rate.
    #[serde(default)]
    pub rate: Option<String>,
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Currency;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a code of three letters, or the column that tells it")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Currency, E> {
                Ok(Currency::Code(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Currency, A::Error> {
                ToldCurrency::deserialize(MapAccessDeserializer::new(map)).map(Currency::Told)
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let told = generator.subschema_for::<ToldCurrency>();
        json_schema!({"anyOf": [{"type": "string"}, told]})
    }
}
