//! Quality checks in the pipeline language, with the words of the field (Soda's): missing, invalid, duplicate, `row_count`,
//! freshness, schema.

use super::{Level, Limit, OneOrMany};
use schemars::JsonSchema;
use serde::Deserialize;

/// A check of a source's records: exactly one of `missing`, `invalid`, `duplicate`, `row_count`, `freshness`, `schema`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What it is called in messages. Default: what it checks.
    #[serde(default)]
    pub name: Option<String>,
    /// Columns that are to have a value.
    #[serde(default)]
    pub missing: Option<OneOrMany>,
    /// An SQL condition that no record is to pass: `impressions < 0`, `country NOT IN ('FR', 'DE')`.
    #[serde(default)]
    pub invalid: Option<String>,
    /// Columns that together are to be different in every record.
    #[serde(default)]
    pub duplicate: Option<OneOrMany>,
    /// How many records there are to be, at least and at most.
    #[serde(default)]
    pub row_count: Option<RowCount>,
    /// How many days before `as_of` (the day of the run, where none is given) the newest record may be: `2 days`.
    #[serde(default)]
    pub freshness: Option<String>,
    /// Columns that every file is to have.
    #[serde(default)]
    pub schema: Option<OneOrMany>,
    /// How many records may fail (`missing`, `invalid`, `duplicate`). Default: none.
    #[serde(default)]
    pub max: Option<Limit>,
    /// What a failed check does: `warn` tells it, `fail` (the default) publishes nothing and ends with exit code 1.
    #[serde(default)]
    pub level: Option<Level>,
}

/// How many records there are to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowCount {
    /// At least.
    #[serde(default)]
    pub min: Option<u64>,
    /// At most.
    #[serde(default)]
    pub max: Option<u64>,
}
