//! Dimensions in the pipeline language: a column of the files, or an expression.

use super::DimensionType;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dimension: details of a column, or an SQL expression alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(from = "DimensionForm")]
#[schemars(with = "DimensionForm")]
pub struct Dimension {
    /// Name of the column in the files.
    pub column: Option<String>,
    /// An expression over the source's columns instead of a column.
    pub expr: Option<String>,
    /// Type of the column in CSV files.
    pub data_type: Option<DimensionType>,
    /// How its dates are written in files of text.
    pub format: Option<super::OneOrMany>,
    /// How texts are brought into one form.
    pub normalise: Option<Vec<Normalise>>,
    /// Other texts for some texts.
    pub map: IndexMap<String, Option<String>>,
    /// What it is.
    pub description: Option<String>,
    /// Whether the column may be missing in all files.
    pub optional: bool,
    /// Whether it was written as an expression alone.
    pub is_short: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum DimensionForm {
    /// SQL expression over the source's columns.
    Expr(String),
    Details(DimensionDetails),
}

/// Details of a dimension.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DimensionDetails {
    /// Name of the column in the files. Default: the dimension's own name.
    #[serde(default)]
    column: Option<String>,
    /// SQL expression over the source's columns, instead of `column`.
    #[serde(default)]
    expr: Option<String>,
    /// Type of the column in CSV files. Default: from a sample.
    #[serde(default, rename = "type")]
    data_type: Option<DimensionType>,
    /// With `type: date`, how its dates are written in files of text, as in `time.format`.
    #[serde(default)]
    format: Option<super::OneOrMany>,
    /// How texts are brought into one form. Default: `[trim, nfc]`; `[]` leaves them as they are.
    #[serde(default)]
    normalise: Option<Vec<Normalise>>,
    /// Other texts for some texts, after `normalise`: `{fb: facebook}`; null for a text that means nothing.
    #[serde(default)]
    map: IndexMap<String, Option<String>>,
    /// What it is.
    #[serde(default)]
    description: Option<String>,
    /// Whether the column may be missing in all files; it is null then. Default: false.
    #[serde(default)]
    optional: bool,
}

impl From<DimensionForm> for Dimension {
    fn from(form: DimensionForm) -> Self {
        match form {
            DimensionForm::Expr(expr) => Self { expr: Some(expr), is_short: true, ..Self::default() },
            DimensionForm::Details(DimensionDetails {
                column,
                expr,
                data_type,
                format,
                normalise,
                map,
                description,
                optional,
            }) => Self { column, expr, data_type, format, normalise, map, description, optional, is_short: false },
        }
    }
}

/// A step that brings texts into one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// Spaces at both ends go.
    Trim,
    /// Unicode's composed form: one way to write each accent.
    Nfc,
    /// Small letters.
    Lower,
    /// Capital letters.
    Upper,
}
