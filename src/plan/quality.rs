//! The plan's types for what is known, checked and corrected of records before anything is made of them.

use crate::expr::{Expr, Type};
use crate::spec::{Keep, Level, Limit};

/// Which of several snapshots of one key count.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotPlan {
    /// The columns of the key, by their places among the scan's columns.
    pub keys: Vec<usize>,
    /// The place of the column that tells the day of the snapshot.
    pub day: usize,
    /// What is kept.
    pub keep: Keep,
    /// The file whose records count, all others serving to judge them; `None`: all.
    pub only: Option<usize>,
}

/// What a source says of its records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// Records that pass are rows of totals.
    pub total_rows: Option<Expr>,
    /// Which snapshots count, for a lifetime source.
    pub snapshot: Option<SnapshotColumns>,
    /// What is checked.
    pub checks: Vec<CheckPlan>,
}

/// Which snapshots count, by names of columns.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotColumns {
    /// The key.
    pub keys: Vec<String>,
    /// The day of the snapshot.
    pub day: String,
    /// What is kept.
    pub keep: Keep,
}

impl Quality {
    /// Whether the measures are lifetime figures, dated by publication.
    #[must_use]
    pub fn is_lifetime(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.keep == Keep::Latest)
    }
}

/// A check of a scan's records.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckPlan {
    /// What it is called.
    pub name: String,
    /// What it looks at.
    pub kind: CheckKind,
    /// What a failure does.
    pub level: Level,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    /// Records that pass the condition are at fault; no more than the limit may.
    Records {
        /// The condition.
        condition: Expr,
        /// How many there may be.
        max: Limit,
    },
    /// Records whose values in these columns (by name and type) another record has too.
    Duplicate {
        /// The columns.
        columns: Vec<(String, Type)>,
        /// How many records there may be beyond the first of each.
        max: Limit,
    },
    /// Number of records.
    RowCount {
        /// At least.
        min: Option<u64>,
        /// At most.
        max: Option<u64>,
    },
    /// Days from the newest record to the day of the run.
    Freshness {
        /// At most.
        days: i32,
    },
    /// The sum of a measure, as known from elsewhere.
    Total {
        /// The measure, with its type.
        column: (String, Type),
        /// Its sum.
        sum: f64,
    },
    /// The checksum of a file.
    Checksum {
        /// The file's name without folder.
        file: String,
        /// Its SHA-256 in small hexadecimal digits.
        sha256: String,
    },
}
