//! What became of every record, and what days the data covers.

use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Each record of a file is in exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileStats {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Records that it holds.
    pub records: u64,
    /// Added into at least one roll-up.
    pub used: u64,
    /// Left out by the source's `where`, or in no segment.
    pub unused: u64,
    /// Skipped unread because metadata told that nobody wants them.
    pub pruned: u64,
    /// Outside the days of every report.
    pub out_of_range: u64,
    /// Rows of totals.
    pub totals: u64,
    /// Older snapshots of a record.
    pub superseded: u64,
    /// Records that could not be read.
    pub quarantined: u64,
    /// Not opened: its folders tell that nobody wants its records. They count as pruned where their number is known
    /// without reading them, which is so for Parquet and for CSV of up to 256 KiB; else they are in no count.
    pub unread: bool,
}

impl FileStats {
    /// Adds another account to this one.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.used += other.used;
        self.unused += other.unused;
        self.pruned += other.pruned;
        self.out_of_range += other.out_of_range;
        self.totals += other.totals;
        self.superseded += other.superseded;
        self.quarantined += other.quarantined;
        self.unread |= other.unread;
    }

    /// Whether the buckets add up to the records.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let sum = self.used
            + self.unused
            + self.pruned
            + self.out_of_range
            + self.totals
            + self.superseded
            + self.quarantined;
        sum == self.records
    }
}

/// The account of one physical source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// File by file.
    pub files: Vec<FileStats>,
    /// Days of which there are records, after the source's `where`.
    pub days: BTreeSet<i32>,
    /// Values that were not finite, by what they are values of.
    pub not_finite: IndexMap<String, u64>,
    /// Records that each lookup has no row for, of all that were read.
    pub unmatched: IndexMap<String, u64>,
}

impl SourceStats {
    /// All files together.
    #[must_use]
    pub fn total(&self) -> FileStats {
        let mut total = FileStats::default();
        for file in &self.files {
            total.bytes += file.bytes;
            total.add(file);
        }
        total
    }
}

/// The account of a run's scans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By physical source.
    pub sources: IndexMap<String, SourceStats>,
    /// The most memory that the states of each roll-up took, in bytes, by roll-up id.
    pub state_bytes: Vec<u64>,
}

/// Bytes of input decoded so far, for whoever watches.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes read.
    pub bytes: AtomicU64,
}

impl Progress {
    /// Bytes read so far.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
