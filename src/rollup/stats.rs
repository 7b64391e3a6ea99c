//! What became of every record, and what days the data covers.

use crate::source::{Aside, BadRow};
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceStats {
    /// File by file.
    pub files: Vec<FileStats>,
    /// Days of which there are records, after the source's `where`.
    pub days: BTreeSet<i32>,
    /// Values that were not finite, by what they are values of.
    pub not_finite: IndexMap<String, u64>,
    /// Records that each lookup has no row for, of all that were read.
    pub unmatched: IndexMap<String, u64>,
    /// Rows that cannot be read, with their files by index; in the order of files and lines.
    pub bad: Vec<(usize, BadRow)>,
    /// By column, cells that tell a bound instead of a value.
    pub censored: IndexMap<String, u64>,
    /// By column, ids that a spreadsheet has rounded, with one of them.
    pub damaged_ids: IndexMap<String, (u64, String)>,
    /// Rows whose key stands in the same export once more, further down: the last row counts.
    pub repeated_keys: u64,
    /// By check of the scan, how many records are at fault, or the sum of its measure.
    pub checks: Vec<f64>,
    /// Measures that are 0 in every record although they cannot be.
    pub placeholders: Vec<String>,
}

impl SourceStats {
    /// Sets records of a file aside, and takes note of what was noticed of its cells.
    pub(super) fn set_aside(&mut self, file: usize, aside: Aside) {
        let account = &mut self.files[file];
        account.records += aside.records();
        account.totals += aside.totals;
        account.superseded += aside.superseded;
        account.quarantined += aside.bad.len() as u64;
        self.bad.extend(aside.bad.into_iter().map(|bad| (file, bad)));
        for (column, count) in aside.censored {
            *self.censored.entry(column).or_default() += count;
        }
        for (column, (count, example)) in aside.damaged_ids {
            let known = self.damaged_ids.entry(column).or_insert((0, example.clone()));
            known.0 += count;
            // Of several the first in the alphabet, whichever thread met it.
            known.1 = std::mem::take(&mut known.1).min(example);
        }
        self.repeated_keys += aside.repeated_keys;
        self.add_checks(&aside.checks);
    }

    fn add_checks(&mut self, more: &[f64]) {
        self.checks.resize(self.checks.len().max(more.len()), 0.0);
        for (known, more) in self.checks.iter_mut().zip(more) {
            *known += more;
        }
    }

    /// Adds what another thread noticed of the same files.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (file, more) in self.files.iter_mut().zip(&other.files) {
            file.add(more);
        }
        self.days.extend(&other.days);
        for (name, count) in &other.not_finite {
            *self.not_finite.entry(name.clone()).or_default() += count;
        }
        for (name, count) in &other.unmatched {
            *self.unmatched.entry(name.clone()).or_default() += count;
        }
        self.bad.extend(other.bad.iter().cloned());
        self.repeated_keys += other.repeated_keys;
        for (name, count) in &other.censored {
            *self.censored.entry(name.clone()).or_default() += count;
        }
        for (name, (count, example)) in &other.damaged_ids {
            let known = self.damaged_ids.entry(name.clone()).or_insert((0, example.clone()));
            known.0 += count;
            known.1 = std::mem::take(&mut known.1).min(example.clone());
        }
        self.add_checks(&other.checks);
    }

    /// In the order of the files and of the alphabet, not in that of the threads.
    pub(super) fn sort(&mut self) {
        self.not_finite.sort_keys();
        self.unmatched.sort_keys();
        self.censored.sort_keys();
        self.damaged_ids.sort_keys();
        self.bad.sort_by_key(|(file, bad)| (*file, bad.line));
    }

    /// File by file; the tables of one file together.
    #[must_use]
    pub fn by_file(&self) -> Vec<FileStats> {
        let mut files: Vec<FileStats> = vec![];
        for file in &self.files {
            match files.last_mut().filter(|last| last.path == file.path) {
                Some(last) => {
                    last.bytes += file.bytes;
                    last.add(file);
                }
                None => files.push(file.clone()),
            }
        }
        files
    }

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
#[derive(Clone, Debug, Default, PartialEq)]
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
