//! Columns that every record of an export has without holding them: the days that it covers, the day it was made on.

use super::partitions::Partition;
use crate::calendar::iso_date;
use crate::catalog::{FileInfo, Physical, Reading};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::dialect::day_in;
use crate::expr::Type;
use crate::spec::{EXPORT_END, EXPORT_START, SNAPSHOT_DAY};

/// Adds the columns that a source needs of its exports; `false` when an export does not tell them, which is told.
pub(super) fn add_columns(files: &mut [FileInfo], reading: &Reading, at: &YamlPath, errors: &mut Diagnostics) -> bool {
    let wants_period = reading.times.iter().any(|time| time == EXPORT_START || time == EXPORT_END);
    let wants_day = reading.snapshot.as_ref().is_some_and(|snapshot| snapshot.column == SNAPSHOT_DAY);
    let mut sound = true;
    for file in files {
        if wants_period {
            match file.layout.period {
                Some((start, end)) => {
                    add(file, EXPORT_START, start);
                    add(file, EXPORT_END, end);
                }
                None => {
                    sound = false;
                    errors.push(no_period(file).at(&at.key("time")));
                }
            }
        }
        if wants_day {
            let name = file.path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match day_in(&name) {
                Some(day) => add(file, SNAPSHOT_DAY, day),
                None => {
                    sound = false;
                    errors.push(no_day(file).at(&at.key("period_type")));
                }
            }
        }
    }
    sound
}

fn no_period(file: &FileInfo) -> Diagnostic {
    let message = format!("nothing tells which days `{}` covers", file.path.display());
    Diagnostic::pipeline("no-period", message)
        .note("looked at: the lines above the table, and two dates in the file's name")
        .help("declare it: `period: {start: 2025-01-01, end: 2025-01-31}`, or name the column that dates a record: `time: {column: …}`")
}

fn no_day(file: &FileInfo) -> Diagnostic {
    let message = format!("nothing tells when the export `{}` was made", file.path.display());
    Diagnostic::pipeline("no-snapshot-day", message)
        .note("looked at: dates in the file's name; the time that the disk tells is not asked, a copy changes it")
        .help("name the file after the day of the export, as in `posts_2025-03-31.csv`, or name a column that tells it: `snapshot: {column: …}`")
}

fn add(file: &mut FileInfo, column: &str, day: i32) {
    if file.columns.iter().any(|(name, _)| name == column) {
        return;
    }
    file.columns.push((column.to_owned(), Physical::Typed(Type::Date)));
    file.partitions.push(Partition { column: column.to_owned(), value: Some(iso_date(day)) });
}
