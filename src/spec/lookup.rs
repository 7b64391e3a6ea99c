//! Lookups in the pipeline language: small tables that are joined to the records of sources.

use super::{CsvSpec, FileFormat, NamesOr, OneOrMany};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A small table with one row a key, joined to the records of the sources that name it: tags of posts, brands of
/// accounts, names of countries.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// A file, a glob, a folder, or a list of these, as in a source.
    pub path: OneOrMany,
    /// The file format. Default: from the file's extension.
    #[serde(default)]
    pub format: Option<FileFormat>,
    /// How CSV files are written.
    #[serde(default)]
    pub csv: Option<CsvSpec>,
    /// Columns that identify a row, once each: a list of names, or names with details.
    pub key: NamesOr<LookupColumn>,
    /// Columns that it adds to a source: a list of names, or names with details.
    pub columns: NamesOr<LookupColumn>,
    /// What it tells.
    #[serde(default)]
    pub description: Option<String>,
}

/// Details of a lookup's column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupColumn {
    /// Name of the column in the files. Default: its own name.
    #[serde(default)]
    pub column: Option<String>,
    /// Type of the column in CSV files. Default: from a sample.
    #[serde(default, rename = "type")]
    pub data_type: Option<LookupType>,
    /// What it is.
    #[serde(default)]
    pub description: Option<String>,
}

/// Type of a lookup's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LookupType {
    Text,
    Integer,
    Number,
    Boolean,
    Date,
}

/// How a source is joined to a lookup.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupUse {
    /// The source's columns that are held against the lookup's key, in its order. Default: those of the same names.
    #[serde(default)]
    pub on: Option<Vec<String>>,
}
