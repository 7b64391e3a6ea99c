//! Judging parts of files by what is known of them without reading: statistics of Parquet files, and folders.
//!
//! Nothing but time may come of it: a part is left out where no record passes the source's `where`, or where all pass
//! it and none is of a day that a report wants. Days of records decide which periods are complete, so the first and
//! the last day of what is left out count as if it had been read.

use super::partitions::Partition;
use crate::calendar::parse_date;
use crate::expr::{Expr, Known, Literal, Outcomes, Type};
use crate::plan::{Clock, Covers, Made, Scan, ScanColumn, ScanFile};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// What was left unread of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many records; 0 for a file that was not opened and whose format does not tell.
    pub records: u64,
    /// Days that they cover, the first and the last among them.
    pub days: BTreeSet<i32>,
    /// The file was not opened at all.
    pub unread: bool,
}

impl Pruned {
    /// Adds records from the first to the last of `days`, if they cover any that count.
    pub(super) fn add(&mut self, records: u64, days: Option<(i32, i32)>) {
        self.records += records;
        self.days.extend(days.into_iter().flat_map(|(first, last)| [first, last]));
    }
}

/// What to do with a part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Read,
    /// No record of it is wanted; the days are those that it covers all the same.
    Skip(Option<(i32, i32)>),
}

/// Whether anything at all may be left out of a scan.
pub(super) fn is_choosy(scan: &Scan) -> bool {
    !super::refine::needs_all(scan) && (scan.filter.is_some() || dated_parts_may_go(scan))
}

/// Whether records may be unwanted for their days. Records that cover more than a day reach beyond the day that they
/// are counted on, which statistics do not tell.
pub(super) fn dated_parts_may_go(scan: &Scan) -> bool {
    let bounded = scan.ranges.iter().all(|r| r.start.is_some() || r.end.is_some());
    bounded && matches!(scan.time.covers, Covers::Hour | Covers::Day)
}

/// Whether no report wants records from the first to the last of these days.
pub(super) fn is_out_of_range(scan: &Scan, (first, last): (i32, i32)) -> bool {
    scan.ranges.iter().all(|r| r.start.is_some_and(|start| last < start) || r.end.is_some_and(|end| first > end))
}

/// What the source's `where` comes out as.
pub(super) fn passes(scan: &Scan, known: &dyn Fn(&ScanColumn) -> Known) -> Outcomes {
    let of = |column: &Expr| {
        let Expr::Column { name, ty } = column else { return Known::NOTHING };
        let column = scan.columns.iter().find(|c| c.name == *name && c.ty == *ty);
        // What is made of the file's values is not what its statistics are of.
        column.filter(|c| c.made == Made::AsRead).map_or(Known::NOTHING, known)
    };
    scan.filter.as_ref().map_or(Outcomes::TRUE, |filter| Outcomes::of(filter, &of))
}

/// Judges a part whose records are of the days from the first to the last of `days`, none of them undated.
pub(super) fn judge(scan: &Scan, known: &dyn Fn(&ScanColumn) -> Known, days: Option<(i32, i32)>) -> Verdict {
    let passes = passes(scan, known);
    if !passes.yes {
        return Verdict::Skip(None);
    }
    match days {
        Some(days) if passes == Outcomes::TRUE && dated_parts_may_go(scan) && is_out_of_range(scan, days) => {
            Verdict::Skip(Some(days))
        }
        _ => Verdict::Read,
    }
}

/// What a file's folders tell of it, if that is enough to leave it unopened.
pub(super) fn unread(scan: &Scan, file: &ScanFile) -> Option<Pruned> {
    if file.partitions.is_empty() || file.records == Some(0) {
        return None;
    }
    let known = |column: &ScanColumn| match column.raw.as_deref() {
        Some(raw) => of_folder(&file.partitions, raw, column.ty).unwrap_or(Known::NOTHING),
        None => Known::NULL,
    };
    match judge(scan, &known, day_of_folder(scan, &file.partitions)) {
        Verdict::Read => None,
        Verdict::Skip(days) => {
            let mut pruned = Pruned { unread: true, ..Pruned::default() };
            pruned.add(file.records.unwrap_or(0), days);
            Some(pruned)
        }
    }
}

/// What a folder tells of a column.
pub(super) fn of_folder(partitions: &[Partition], raw: &str, ty: Type) -> Option<Known> {
    let partition = partitions.iter().find(|p| p.column == raw)?;
    let text: String = partition.value.as_deref().unwrap_or_default().trim().nfc().collect();
    if text.is_empty() {
        return Some(Known::NULL);
    }
    let literal = match ty {
        Type::Text => Some(Literal::Text(text)),
        Type::Int => text.parse().ok().map(Literal::Int),
        Type::Date => parse_date(&text).map(Literal::Date),
        _ => None,
    };
    literal.map(Known::constant)
}

/// The day that a folder dates its records by.
pub(super) fn day_of_folder(scan: &Scan, partitions: &[Partition]) -> Option<(i32, i32)> {
    let time = &scan.time.column;
    let partition = partitions.iter().find(|p| p.column == time.raw).filter(|_| time.clock == Clock::Day)?;
    let day = parse_date(partition.value.as_deref()?.trim())?;
    Some((day, day))
}
