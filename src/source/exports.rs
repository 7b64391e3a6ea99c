//! Columns that every record of an export has without holding them: the days that it covers, the day it was made on.

use super::partitions::Partition;
use crate::calendar::iso_date;
use crate::catalog::{FileInfo, Physical, Reading, CURRENCY_COLUMN};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::dialect::{day_in, period_in};
use crate::expr::Type;
use crate::spec::{EXPORT_END, EXPORT_START, SNAPSHOT_DAY, TABLE_TITLE};
use std::path::Path;

/// Adds what the header of each table and its title tell.
fn add_told(file: &mut FileInfo) {
    let told = [(CURRENCY_COLUMN, file.layout.currency.clone()), (TABLE_TITLE, file.layout.title.clone())];
    for (column, value) in told {
        if value.is_some() && !file.columns.iter().any(|(name, _)| name == column) {
            file.columns.push((column.to_owned(), Physical::Typed(Type::Text)));
            file.partitions.push(Partition { column: column.to_owned(), value });
        }
    }
}

/// Adds the columns that a source needs of its exports; `false` when an export does not tell them, which is told.
pub(super) fn add_columns(files: &mut [FileInfo], reading: &Reading, at: &YamlPath, errors: &mut Diagnostics) -> bool {
    let wants_period = reading.times.iter().any(|time| time == EXPORT_START || time == EXPORT_END);
    let wants_day = reading.snapshot.as_ref().is_some_and(|snapshot| snapshot.column == SNAPSHOT_DAY);
    let mut sound = true;
    let is_alone = files.iter().all(|file| Some(&file.path) == files.first().map(|first| &first.path));
    for file in files.iter_mut() {
        add_told(file);
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
            match day_of(&file.path) {
                Some(day) => add(file, SNAPSHOT_DAY, day),
                // Nothing is older or newer than the only export.
                None if is_alone => add_column(file, SNAPSHOT_DAY, None),
                None => {
                    sound = false;
                    errors.push(no_day(file).at(&at.key("period_type")));
                }
            }
        }
    }
    sound
}

/// The period that a file's name tells, else that of its folder: exports of several files come in one.
pub(super) fn period_of(path: &Path) -> Option<(i32, i32)> {
    let mut names = names(path);
    let own = names.next()?;
    // A file whose name has a date of its own is not dated by its folder.
    period_in(&own).or_else(|| names.next().filter(|_| day_in(&own).is_none()).and_then(|folder| period_in(&folder)))
}

/// The last day that a file's name tells, else that of its folder.
pub(super) fn day_of(path: &Path) -> Option<i32> {
    names(path).find_map(|name| day_in(&name))
}

fn names(path: &Path) -> impl Iterator<Item = String> + '_ {
    let folder = path.parent().and_then(Path::file_name);
    [path.file_stem(), folder].into_iter().flatten().map(|name| name.to_string_lossy().into_owned())
}

fn no_period(file: &FileInfo) -> Diagnostic {
    let message = format!("nothing tells which days `{}` covers", file.path.display());
    Diagnostic::pipeline("no-period", message)
        .note("looked at: the lines above the table, and two dates in the names of the file and of its folder")
        .help("declare it: `period: {start: 2025-01-01, end: 2025-01-31}`, or name the column that dates a record: `time: {column: …}`")
}

fn no_day(file: &FileInfo) -> Diagnostic {
    let message = format!("nothing tells when the export `{}` was made", file.path.display());
    Diagnostic::pipeline("no-snapshot-day", message)
        .note("looked at: dates in the names of the file and of its folder; the time that the disk tells is not asked, a copy changes it")
        .help("name the file after the day of the export, as in `posts_2025-03-31.csv`, or name a column that tells it: `snapshot: {column: …}`")
}

fn add(file: &mut FileInfo, column: &str, day: i32) {
    add_column(file, column, Some(day));
}

fn add_column(file: &mut FileInfo, column: &str, day: Option<i32>) {
    if file.columns.iter().any(|(name, _)| name == column) {
        return;
    }
    file.columns.push((column.to_owned(), Physical::Typed(Type::Date)));
    file.partitions.push(Partition { column: column.to_owned(), value: day.map(iso_date) });
}
