//! How the files of a source are written, and what becomes of rows that cannot be read.

use indexmap::IndexMap;
use schemars::{json_schema, JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// How CSV files are written. What is not said is found out from each file's beginning.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvSpec {
    /// One character between fields. Default: what a `sep=` line says, a tab for `.tsv`, else the one of comma,
    /// semicolon and tab that parts the declared columns of the header.
    #[serde(default)]
    pub separator: Option<String>,
    /// Encoding of the text. Default: by the byte order mark; without one UTF-16 where every other byte is zero, else
    /// UTF-8.
    #[serde(default)]
    pub encoding: Option<EncodingSpec>,
    /// What becomes of rows that have fewer or more fields than the header. Default: quarantine.
    #[serde(default)]
    pub ragged: Option<Ragged>,
}

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum EncodingSpec {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Western European Windows, cp1252.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// What becomes of rows that have fewer or more fields than the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ragged {
    /// They are bad rows: nobody knows which field is missing.
    #[default]
    Quarantine,
    /// Missing fields at the end are empty; empty fields too many are left out.
    Fill,
}

/// A table of a file by its title or its place, or a sheet of a workbook by its name or its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NameOrPlace {
    /// By title or name, whatever the case.
    Name(String),
    /// By place, from 1.
    Place(usize),
}

impl<'de> Deserialize<'de> for NameOrPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_yaml::Value::deserialize(deserializer)? {
            serde_yaml::Value::String(name) => Ok(Self::Name(name)),
            serde_yaml::Value::Number(number) => match number.as_u64().and_then(|n| usize::try_from(n).ok()) {
                Some(place) if place > 0 => Ok(Self::Place(place)),
                _ => Err(serde::de::Error::custom("places are counted from 1")),
            },
            _ => Err(serde::de::Error::custom("a name, or a place counted from 1")),
        }
    }
}

impl JsonSchema for NameOrPlace {
    fn schema_name() -> Cow<'static, str> {
        "NameOrPlace".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "integer"}]})
    }
}

/// How numbers are written in files of text. Percent signs (`15.86%` is 0.1586), currency marks (`€ 3.20`) and the
/// suffixes K, M and B (`1.2K` is 1200) are understood without being declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberSpec {
    /// What parts the decimals. Default: point.
    #[serde(default)]
    pub decimal: Option<DecimalMark>,
    /// What parts groups of three digits. Default: none.
    #[serde(default)]
    pub thousands: Option<ThousandsMark>,
    /// Texts that stand for no value, such as `-`, `--`, `N/A`, `undefined`; spaces around them do not matter. An empty
    /// cell always is one.
    #[serde(default)]
    pub nulls: Option<Vec<String>>,
}

/// What parts the decimals of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DecimalMark {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

/// What parts groups of three digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThousandsMark {
    /// `1200`
    None,
    /// `1,200`
    Comma,
    /// `1.200`
    Point,
    /// `1 200`, whichever kind of space it is.
    Space,
    /// `1'200`
    Apostrophe,
}

/// The days that an export covers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodSpec {
    /// First day, `YYYY-MM-DD`.
    pub start: String,
    /// Last day, `YYYY-MM-DD`.
    pub end: String,
}

/// What becomes of rows that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnBadRow {
    /// They are kept in a file of their own, with file, line, column, text and reason; the run goes on without them.
    #[default]
    Quarantine,
    /// The first one ends the run.
    Fail,
}

/// How many rows may be bad: a share (`1 %`) or a number (`20`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// A share of all rows, as a fraction.
    Share(f64),
    /// A number of rows.
    Rows(u64),
}

impl Default for Limit {
    /// One row in a hundred.
    fn default() -> Self {
        Self::Share(0.01)
    }
}

impl Limit {
    /// Whether `bad` of `all` is more than allowed.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a share needs no 16 digits")]
    pub fn is_passed(self, bad: u64, all: u64) -> bool {
        match self {
            Self::Share(share) => bad as f64 > share * all as f64,
            Self::Rows(rows) => bad > rows,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{} %", share * 100.0),
            Self::Rows(rows) => write!(f, "{rows}"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("write a share such as `1 %`, or a number of rows such as `20`");
        match serde_yaml::Value::deserialize(deserializer)? {
            serde_yaml::Value::Number(number) => number.as_u64().map(Self::Rows).ok_or_else(wrong),
            serde_yaml::Value::String(text) => {
                let percent: f64 =
                    text.trim().strip_suffix('%').and_then(|t| t.trim().parse().ok()).ok_or_else(wrong)?;
                if (0.0..=100.0).contains(&percent) {
                    Ok(Self::Share(percent / 100.0))
                } else {
                    Err(serde::de::Error::custom("a share is between `0 %` and `100 %`"))
                }
            }
            _ => Err(wrong()),
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "integer"}]})
    }
}

/// What is known of a source's files from elsewhere: what no reader can see, a file cut short between two rows, say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Number of rows over all files, those of totals left out.
    #[serde(default)]
    pub rows: Option<u64>,
    /// SHA-256 of each file, by its name without folder.
    #[serde(default)]
    pub sha256: IndexMap<String, String>,
    /// Sums of measures over all files, as the network itself shows them.
    #[serde(default)]
    pub totals: IndexMap<String, f64>,
}

/// What the records of a source tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodType {
    /// What happened in the time that a record is dated by.
    #[default]
    Activity,
    /// All that happened to a post up to the moment of the export. Such measures are dated by publication.
    LifetimeSnapshot,
}

/// When the exports of a lifetime source were made, and what is made of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotSpec {
    /// The column that tells the day of the export. Default: the last date in the file's name.
    #[serde(default)]
    pub column: Option<String>,
    /// How the column's dates are written, as in `time.format`.
    #[serde(default)]
    pub format: Option<super::OneOrMany>,
    /// Which of several snapshots of one key count. Default: latest.
    #[serde(default)]
    pub keep: Option<Keep>,
}

/// Which of several snapshots of one key count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The latest, dated by the time column.
    #[default]
    Latest,
    /// What was added from each snapshot to the next, dated by the later snapshot. Corrections may be negative. The
    /// first snapshot of a key counts in full where the key was published since the snapshot before, else not at all.
    Differences,
}

/// Where rows that cannot be read are written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// The files. Default: `quarantine/<name>.csv` beside the run's manifest.
    #[serde(default)]
    pub exports: Vec<super::ScorecardExport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_share_or_a_number() {
        let read = |text: &str| serde_yaml::from_str::<Limit>(text).ok();
        assert_eq!(read("1 %"), Some(Limit::Share(0.01)));
        assert_eq!(read("0%"), Some(Limit::Share(0.0)));
        assert_eq!(read("20"), Some(Limit::Rows(20)));
        assert_eq!(read("one"), None);
        assert_eq!(read("101 %"), None);
        assert!(Limit::Share(0.01).is_passed(2, 199) && !Limit::Share(0.01).is_passed(2, 200));
        assert!(Limit::Rows(0).is_passed(1, 1000) && !Limit::Rows(1).is_passed(1, 1));
    }
}
