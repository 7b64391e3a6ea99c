//! From what a record covers to the one day (or hour) it is counted on, and from days to buckets.

use crate::calendar::{iso_date, Calendar, Grain};
use crate::diagnostic::Diagnostic;
use crate::plan::{Covers, Scan};
use crate::source::Batch;
use crate::spec::Assign;
use arrow::array::Array;
use std::collections::BTreeSet;
use std::path::Path;

/// The day each record is counted on, and the days the data covers.
pub(super) struct Days {
    /// One day a record; where the record is left out by `where`, anything.
    pub(super) days: Vec<i32>,
    /// First and last day that each record covers.
    covered: Vec<(i32, i32)>,
}

/// Finds the day that each kept record is counted on.
///
/// # Errors
/// A kept record without a date, or one that straddles two periods of a report while the source has no `assign`.
pub(super) fn days(scan: &Scan, batch: &Batch, kept: &[bool], path: &Path) -> Result<Days, Diagnostic> {
    let undated = kept.iter().enumerate().filter(|(i, kept)| **kept && batch.start.is_null(*i)).count();
    if undated > 0 {
        return Err(no_date(scan, &scan.time.column.raw, undated, path));
    }
    let start = batch.start.values();
    let calendar = &scan.calendar;
    let last: Vec<i32> = match scan.time.covers {
        Covers::Hour | Covers::Day => {
            return Ok(Days { days: start.to_vec(), covered: start.iter().map(|day| (*day, *day)).collect() });
        }
        Covers::Week => start.iter().map(|day| day + 6).collect(),
        Covers::Period(grain) => {
            start.iter().map(|day| calendar.period_end(grain, calendar.period_start(grain, *day))).collect()
        }
        Covers::Range => {
            let Some(end) = &batch.end else { return Err(Diagnostic::bug("a range without an end column")) };
            let missing = kept.iter().enumerate().filter(|(i, kept)| **kept && end.is_null(*i)).count();
            if missing > 0 {
                return Err(no_date(scan, scan.time.end.as_ref().map_or("", |t| t.raw.as_str()), missing, path));
            }
            end.values().to_vec()
        }
    };
    let first: Vec<i32> = match scan.time.covers {
        Covers::Period(grain) => start.iter().map(|day| calendar.period_start(grain, *day)).collect(),
        _ => start.to_vec(),
    };
    check(scan, &first, &last, kept, path)?;
    let days = first
        .iter()
        .zip(&last)
        .map(|(first, last)| match scan.time.assign {
            None | Some(Assign::Start) => *first,
            Some(Assign::End) => *last,
            Some(Assign::Majority) => first + (last - first).max(0) / 2,
        })
        .collect();
    Ok(Days { days, covered: first.into_iter().zip(last).collect() })
}

fn no_date(scan: &Scan, column: &str, records: usize, path: &Path) -> Diagnostic {
    let count = crate::diagnostic::count(records as u64, "record");
    Diagnostic::data("no-date", format!("`{}` holds {count} without a date in `{column}`", path.display()))
        .note(format!("source `{}`: a record without a date belongs to no period", scan.source))
        .help(format!("correct the file, or leave such records out knowingly: `where: {column} IS NOT NULL`"))
}

fn check(scan: &Scan, first: &[i32], last: &[i32], kept: &[bool], path: &Path) -> Result<(), Diagnostic> {
    for (i, (first, last)) in first.iter().zip(last).enumerate() {
        if !kept[i] {
            continue;
        }
        let span = || format!("{} to {}", iso_date(*first), iso_date(*last));
        if last < first {
            return Err(Diagnostic::data(
                "empty-range",
                format!("a record of `{}` ends before it starts: {}", path.display(), span()),
            ));
        }
        if scan.time.assign.is_some() {
            continue;
        }
        for grain in &scan.time.grains {
            let calendar = &scan.calendar;
            let same =
                *grain == Grain::All || calendar.period_start(*grain, *first) == calendar.period_start(*grain, *last);
            if !same {
                let help = match (scan.time.covers, grain) {
                    (Covers::Week, Grain::Week) => "set `calendar.first_day_of_week` to the export's, or say where such a record goes: `time: {…, assign: majority}`",
                    _ => "say where such a record goes: `time: {…, assign: majority}` (or `start`, `end`)",
                };
                return Err(Diagnostic::data(
                    "straddling-record",
                    format!("a record of `{}` covers {}, which is in two {}s", path.display(), span(), grain.as_str()),
                )
                .note(format!("source `{}` is reported by {}", scan.source, grain.as_str()))
                .help(help));
            }
        }
    }
    Ok(())
}

impl Days {
    /// Adds the days that kept records cover, whichever of them a record is counted on.
    pub(super) fn cover(&self, kept: &[bool], days: &mut BTreeSet<i32>) {
        let mut before = None;
        for (kept, covered) in kept.iter().zip(&self.covered) {
            if *kept && before != Some(*covered) {
                before = Some(*covered);
                // No export covers more than a century.
                days.extend((covered.0..=covered.1).take(36_600));
            }
        }
    }
}

/// The bucket of each day; neighbouring records are mostly of one day.
pub(super) fn buckets(calendar: &Calendar, grain: Grain, days: &[i32]) -> Vec<i32> {
    if grain == Grain::All {
        return vec![0; days.len()];
    }
    let mut known: Option<(i32, i32)> = None;
    days.iter()
        .map(|day| match known {
            Some((last, bucket)) if last == *day => bucket,
            _ => {
                let bucket = calendar.period_start(grain, *day);
                known = Some((*day, bucket));
                bucket
            }
        })
        .collect()
}
