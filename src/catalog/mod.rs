//! What the files of each source hold, as planning needs it: names, types, sizes; never the records, but for lookups,
//! which are small and held as a whole.

mod headers;
mod lookup;
mod reading;

pub use headers::{folded, Headers, Renamed, CURRENCY_COLUMN};
pub use lookup::{LookupColumn, LookupTable, Matched};
pub use reading::{Encoding, FileLayout, Numbers, Reading, SnapshotReading};

use crate::expr::Type;
use crate::spec::{DimensionType, FileFormat};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a column holds in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Physical {
    /// Values of a type that expressions know.
    Typed(Type),
    /// Points in time: with a zone (instants) or without (wall times).
    Timestamp { zoned: bool },
    /// Nothing but nulls were seen.
    Empty,
    /// A type that cannot be used, by name.
    Unusable(String),
}

impl Physical {
    /// The word for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Typed(ty) => ty.to_string(),
            Self::Timestamp { zoned: true } => "timestamp with a zone".to_owned(),
            Self::Timestamp { zoned: false } => "timestamp without a zone".to_owned(),
            Self::Empty => "empty column".to_owned(),
            Self::Unusable(name) => name.clone(),
        }
    }
}

/// The type that a dimension is declared as.
#[must_use]
pub fn dimension_type(ty: DimensionType) -> Type {
    match ty {
        DimensionType::Text => Type::Text,
        DimensionType::Integer => Type::Int,
        DimensionType::Boolean => Type::Bool,
        DimensionType::Date => Type::Date,
    }
}

/// A column that a file's folders tell, as in `year=2025/part-0.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name.
    pub column: String,
    /// Its value, the same for all records of the file.
    pub value: Option<String>,
}

/// One file of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileInfo {
    /// Where it is.
    pub path: PathBuf,
    /// How it is read.
    pub format: FileFormat,
    /// Its size.
    pub bytes: u64,
    /// How many records it holds, where that is known without reading them all.
    pub records: Option<u64>,
    /// Columns that its folders tell, and not the file itself.
    pub partitions: Vec<Partition>,
    /// Its columns in file order, then those of its folders.
    pub columns: Vec<(String, Physical)>,
    /// For text columns of a sampled format: the first cell that made them text, as `line: cell`.
    pub text_because: IndexMap<String, String>,
    /// How it is written, for formats that leave that open.
    pub layout: FileLayout,
    /// For columns that should hold numbers or dates and do not as they are declared: how they seem to be written, in
    /// the words of the pipeline language.
    pub seems: IndexMap<String, String>,
    /// What stands out in it, for people: a name that stands twice in the header, say.
    pub remarks: Vec<String>,
    /// Its columns that the source's profile does not know.
    pub unknown: Vec<String>,
}

/// A column of a source, over all its files.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnInfo {
    /// What it holds in all of them taken together.
    pub physical: Physical,
    /// A file that has it, for messages.
    pub file: PathBuf,
}

/// The files and columns of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceInfo {
    /// Its files.
    pub files: Vec<FileInfo>,
    /// Its columns, in the order of the first file, then as they appear.
    pub columns: IndexMap<String, ColumnInfo>,
    /// How its files are read.
    pub reading: Arc<Reading>,
}

/// All sources that have files, and the lookups.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By source name.
    pub sources: IndexMap<String, SourceInfo>,
    /// By lookup name.
    pub lookups: IndexMap<String, Arc<LookupTable>>,
    /// The figures of targets that stand in files, by the places of objective and target.
    pub targets: BTreeMap<(usize, usize), Vec<TargetRow>>,
}

/// A target's figure in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRow {
    /// The label of its period.
    pub period: String,
    /// The figure.
    pub value: f64,
    /// The day it was set on.
    pub set_on: Option<i32>,
    /// Where it stands: file and record.
    pub place: String,
}
