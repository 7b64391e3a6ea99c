//! How the files of a source are read: what the source declares, and what each file's beginning tells.

use super::{Headers, Renamed};
use crate::dialect::{DateFormat, NumberFormat};
use crate::expr::Type;
use crate::spec::{Keep, Limit, NameOrPlace, OnBadRow, Ragged};
use indexmap::{IndexMap, IndexSet};
use std::borrow::Cow;
use std::sync::Arc;

/// What a source declares of its files, its patterns compiled. Columns are named as in the files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Separator of CSV files, where declared.
    pub separator: Option<u8>,
    /// Encoding of files of text, where declared.
    pub encoding: Option<Encoding>,
    /// What becomes of rows with fewer or more fields than the header.
    pub ragged: Ragged,
    /// The file in a `.zip`.
    pub member: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<NameOrPlace>,
    /// The table of a file that holds several.
    pub table: Option<NameOrPlace>,
    /// Whether all tables of a file are read that have the declared columns.
    pub all_tables: bool,
    /// Of all tables those with one of these titles, folded; all where none are named.
    pub titles: Vec<String>,
    /// How many records after the header are no data.
    pub description_rows: u64,
    /// The column that tells a record's currency.
    pub currency: Option<String>,
    /// The name of the profile.
    pub profile: Option<String>,
    /// How the exports of a profile call their columns.
    pub headers: Option<Arc<Headers>>,
    /// The list each element of which is a record.
    pub unnest: Option<String>,
    /// How numbers are written.
    pub numbers: Numbers,
    /// How those of some columns are.
    pub numbers_of: IndexMap<String, Numbers>,
    /// How dates are written, for the columns that say it.
    pub dates: IndexMap<String, Vec<DateFormat>>,
    /// Columns of numbers: where cells of a sample do not fit, the cells are wrong, not the type.
    pub measures: IndexSet<String>,
    /// The columns that date a record.
    pub times: IndexSet<String>,
    /// Columns whose type is declared.
    pub typed: IndexMap<String, Type>,
    /// The columns that the source declares: they tell where the header is.
    pub named: IndexSet<String>,
    /// Columns without which a record is bad: the key of a lifetime source.
    pub keys: Vec<String>,
    /// The days that the exports cover, where declared.
    pub period: Option<(i32, i32)>,
    /// Whether rows that look like totals are left out.
    pub finds_totals: bool,
    /// What becomes of rows that cannot be read.
    pub on_bad_row: OnBadRow,
    /// How many may be bad.
    pub max_bad_rows: Limit,
    /// For lifetime snapshots, what is made of them.
    pub snapshot: Option<SnapshotReading>,
}

/// What is made of lifetime snapshots.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotReading {
    /// The column that tells the day of the export: of the file, or [`crate::spec::SNAPSHOT_DAY`].
    pub column: String,
    /// Which of several snapshots of one key count.
    pub keep: Keep,
}

/// How numbers are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Decimals and thousands.
    pub format: NumberFormat,
    /// Texts that stand for no value.
    pub nulls: Vec<String>,
}

impl Reading {
    /// How the numbers of a column are written.
    #[must_use]
    pub fn numbers_of(&self, column: &str) -> &Numbers {
        self.numbers_of.get(column).unwrap_or(&self.numbers)
    }

    /// What a column of a file is called in the pipeline.
    #[must_use]
    pub fn name<'n>(&'n self, cell: &'n str) -> Cow<'n, str> {
        let known = self.headers.as_ref().and_then(|headers| headers.name(cell));
        known.map_or_else(|| Cow::Borrowed(cell.trim()), |(name, _)| Cow::Borrowed(name))
    }

    /// Whether a column is one that the profile knows, by its name in the pipeline.
    #[must_use]
    pub fn knows(&self, column: &str) -> bool {
        self.headers.as_ref().is_some_and(|headers| headers.names().any(|name| name == column))
    }

    /// A header under the names of the pipeline.
    #[must_use]
    pub fn renamed(&self, header: &[String]) -> Renamed {
        match &self.headers {
            Some(headers) => headers.rename(header),
            None => Renamed { names: header.to_vec(), ..Renamed::default() },
        }
    }

    /// Whether the numbers and dates of a column are written as machines write them.
    #[must_use]
    pub fn is_plain(&self, column: &str) -> bool {
        *self.numbers_of(column) == Numbers::default() && !self.dates.contains_key(column)
    }
}

/// An encoding of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Western European Windows.
    Windows1252,
}

impl Encoding {
    /// The word of the pipeline language.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }
}

/// How one file is written, as its beginning tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileLayout {
    /// Its encoding.
    pub encoding: Encoding,
    /// What parts its fields.
    pub separator: u8,
    /// In a `.zip`: the file in it.
    pub member: Option<String>,
    /// The names of its columns; repeated ones are numbered, as in `Views (2)`.
    pub header: Vec<String>,
    /// Its cells as they stand in the file, where a profile calls them otherwise.
    pub printed: Vec<String>,
    /// Further places of columns: where a row has nothing at the first, the value stands at the second.
    pub others: Vec<(usize, usize)>,
    /// The currency that its header tells.
    pub currency: Option<String>,
    /// The currency of its first record, where a column tells it.
    pub first_currency: Option<String>,
    /// The title of the table, where all tables of the file are read.
    pub title: Option<String>,
    /// The line or row of the header, from 1; of the last record that describes it.
    pub header_line: u64,
    /// The days that it covers, where declared or found above the table or in its name.
    pub period: Option<(i32, i32)>,
    /// Whether the table ends before the file does: at a blank line.
    pub ends_at_blank: bool,
    /// Whether `arrow::csv` can read it: UTF-8 from the first line on, without anything that needs a closer look.
    pub is_plain: bool,
}
