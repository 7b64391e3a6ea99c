//! What a Parquet file's statistics say of its row groups and pages, and which of them need not be read therefore.

use super::batch;
use super::nested;
use super::partitions::Partition;
use super::prune::{self, Pruned, Verdict};
use super::Task;
use crate::calendar::Calendar;
use crate::expr::{Known, Nulls, Outcomes, Type, Values};
use crate::plan::{Clock, Scan, ScanColumn, TimeColumn};
use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Schema};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use parquet::file::metadata::ParquetMetaData;
use std::ops::Range;

/// What to read of a row group.
pub(super) enum Group {
    Skip,
    /// So many records: all of them, or those selected.
    Read(usize, Option<RowSelection>),
}

/// Chooses what to read of a file, row group by row group.
pub(super) fn choose(task: &Task<'_>, metadata: &ArrowReaderMetadata) -> (Vec<Group>, Pruned) {
    let file = Statistics::new(task, metadata);
    let mut pruned = Pruned::default();
    let groups = (0..file.metadata.num_row_groups()).map(|group| {
        let rows = usize::try_from(file.metadata.row_group(group).num_rows()).unwrap_or(0);
        if !prune::is_choosy(task.scan) {
            return Group::Read(rows, None);
        }
        let known = |column: &ScanColumn| file.known(column, &file.groups, group, rows);
        let days = file.days(&file.groups, group);
        if let Verdict::Skip(days) = prune::judge(task.scan, &known, days) {
            pruned.add(rows as u64, days);
            return Group::Skip;
        }
        let skipped = file.skipped_rows(group, rows, prune::passes(task.scan, &known), &mut pruned);
        let lost: usize = skipped.iter().map(Range::len).sum();
        pruned.add(lost as u64, None);
        match rows - lost {
            left if left == rows => Group::Read(rows, None),
            0 => Group::Skip,
            left => Group::Read(left, Some(all_but(&skipped, rows))),
        }
    });
    (groups.collect(), pruned)
}

/// The statistics of a file, for the columns that decide.
struct Statistics<'m> {
    scan: &'m Scan,
    partitions: &'m [Partition],
    metadata: &'m ParquetMetaData,
    schema: &'m Schema,
    /// All columns, those inside structs too: what is not among them is null.
    paths: Vec<String>,
    /// Of row groups, by raw name.
    groups: Vec<(&'m str, Bounds)>,
}

/// Smallest and largest values and numbers of nulls of a column, part by part; null where they are not known.
struct Bounds {
    least: ArrayRef,
    most: ArrayRef,
    nulls: UInt64Array,
}

impl<'m> Statistics<'m> {
    fn new(task: &Task<'m>, metadata: &'m ArrowReaderMetadata) -> Self {
        let mut file = Self {
            scan: task.scan,
            partitions: &task.file.partitions,
            metadata: metadata.metadata(),
            schema: metadata.schema(),
            paths: vec![],
            groups: vec![],
        };
        if prune::is_choosy(task.scan) {
            file.paths = nested::flatten(file.schema, None).into_iter().map(|(path, _)| path).collect();
            file.groups = file.bounds(|converter| {
                let groups = file.metadata.row_groups();
                Some(Bounds {
                    least: converter.row_group_mins(groups).ok()?,
                    most: converter.row_group_maxes(groups).ok()?,
                    nulls: converter.row_group_null_counts(groups).ok()?,
                })
            });
        }
        file
    }

    /// The bounds of all columns that decide.
    fn bounds(&self, of: impl Fn(&StatisticsConverter<'m>) -> Option<Bounds>) -> Vec<(&'m str, Bounds)> {
        let conditions = self.scan.filter.iter().flat_map(|f| f.columns());
        let raw = |name: &str| self.scan.columns.iter().find(|c| c.name == name).and_then(|c| c.raw.as_deref());
        let mut names: Vec<&'m str> = conditions.filter_map(|(name, _)| raw(name)).collect();
        names.push(&self.scan.time.column.raw);
        names.sort_unstable();
        names.dedup();
        let bounds = |name: &'m str| Some((name, of(&self.converter(name)?)?));
        names.into_iter().filter_map(bounds).collect()
    }

    fn converter(&self, raw: &str) -> Option<StatisticsConverter<'m>> {
        let descriptor = self.metadata.file_metadata().schema_descr();
        let converter = StatisticsConverter::try_new(raw, self.schema, descriptor).ok()?;
        let leaf = converter.parquet_column_index()?;
        // Old writers compared texts as signed bytes, and said so by using the old fields.
        let is_old = |statistics: &parquet::file::statistics::Statistics| statistics.is_min_max_deprecated();
        let text = *converter.arrow_field().data_type() == DataType::Utf8;
        let old = self.metadata.row_groups().iter().any(|g| g.column(leaf).statistics().is_some_and(is_old));
        // A number of nulls that is not given is not known: not every writer leaves out zeros only.
        (!(text && old)).then(|| converter.with_missing_null_counts_as_zero(false))
    }

    /// What is known of a column in a part with this many records.
    fn known(&self, column: &ScanColumn, bounds: &[(&str, Bounds)], part: usize, rows: usize) -> Known {
        let Some(raw) = column.raw.as_deref() else { return Known::NULL };
        if let Some(known) = prune::of_folder(self.partitions, raw, column.ty) {
            return known;
        }
        if !self.paths.iter().any(|path| path == raw) {
            return Known::NULL;
        }
        let Some((_, bounds)) = bounds.iter().find(|(name, _)| *name == raw) else { return Known::NOTHING };
        let time = &self.scan.time.column;
        if raw == time.raw && column.ty == Type::Date {
            let days = bounds.days(part, time, &self.scan.calendar);
            let values = days.map_or(Values::Unknown, |(a, b)| Values::Between(i64::from(a), i64::from(b)));
            return Known { nulls: bounds.nulls(part, rows), values };
        }
        bounds.known(part, rows, column.ty)
    }

    /// First and last day of the records of a part, if all are dated.
    fn days(&self, bounds: &[(&str, Bounds)], part: usize) -> Option<(i32, i32)> {
        let time = &self.scan.time.column;
        if let Some(days) = prune::day_of_folder(self.scan, self.partitions) {
            return Some(days);
        }
        let (_, bounds) = bounds.iter().find(|(name, _)| *name == time.raw)?;
        let dated = bounds.nulls.is_valid(part) && bounds.nulls.value(part) == 0;
        dated.then(|| bounds.days(part, time, &self.scan.calendar))?
    }

    /// Records of a row group that its pages' statistics tell nobody wants.
    fn skipped_rows(&self, group: usize, rows: usize, passes: Outcomes, pruned: &mut Pruned) -> Vec<Range<usize>> {
        let Some(pages) = self.metadata.page_index().map(AsRef::as_ref) else { return vec![] };
        let bounds = self.bounds(|converter| {
            Some(Bounds {
                least: converter.data_page_mins(pages, [&group]).ok()?,
                most: converter.data_page_maxes(pages, [&group]).ok()?,
                nulls: converter.data_page_null_counts(pages, [&group]).ok()?,
            })
        });
        // The first records of each column's pages; nothing where the bounds are not those of pages.
        let starts: Vec<(&str, Vec<usize>)> = bounds
            .iter()
            .filter_map(|(name, bounds)| {
                let leaf = self.converter(name)?.parquet_column_index()?;
                let locations = pages.offset_index(group, leaf)?.page_locations();
                let starts: Option<Vec<usize>> =
                    locations.iter().map(|page| usize::try_from(page.first_row_index).ok()).collect();
                let starts = starts.filter(|s| s.len() == bounds.least.len() && bounds.nulls.len() == s.len())?;
                Some((*name, starts))
            })
            .collect();
        if passes == Outcomes::TRUE {
            return self.unwanted_days(&bounds, &starts, rows, pruned);
        }
        self.failing_rows(&bounds, &starts, (group, rows))
    }

    /// Pages of the time column without a day that is wanted.
    fn unwanted_days(
        &self,
        bounds: &[(&str, Bounds)],
        starts: &[(&str, Vec<usize>)],
        rows: usize,
        pruned: &mut Pruned,
    ) -> Vec<Range<usize>> {
        let Some((_, starts)) = starts.iter().find(|(name, _)| *name == self.scan.time.column.raw) else {
            return vec![];
        };
        if !prune::dated_parts_may_go(self.scan) {
            return vec![];
        }
        let mut skipped = vec![];
        for (page, rows) in stretches(starts, rows).enumerate() {
            let days = self.days(bounds, page).filter(|days| prune::is_out_of_range(self.scan, *days));
            if days.is_some() && !rows.is_empty() {
                pruned.add(0, days);
                skipped.push(rows);
            }
        }
        skipped
    }

    /// Stretches between the beginnings of pages where no record passes the source's `where`.
    fn failing_rows(
        &self,
        bounds: &[(&str, Bounds)],
        starts: &[(&str, Vec<usize>)],
        (group, rows): (usize, usize),
    ) -> Vec<Range<usize>> {
        let mut cuts: Vec<usize> = starts.iter().flat_map(|(_, starts)| starts.iter().copied()).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let fails = |stretch: &Range<usize>| {
            let known = |column: &ScanColumn| {
                let raw = column.raw.as_deref();
                match starts.iter().find(|(name, _)| Some(*name) == raw) {
                    Some((_, starts)) => {
                        let page = starts.partition_point(|start| *start <= stretch.start) - 1;
                        let length = starts.get(page + 1).unwrap_or(&rows) - starts[page];
                        self.known(column, bounds, page, length)
                    }
                    None => self.known(column, &self.groups, group, rows),
                }
            };
            !prune::passes(self.scan, &known).yes
        };
        stretches(&cuts, rows).filter(|stretch| !stretch.is_empty() && fails(stretch)).collect()
    }
}

impl Bounds {
    fn nulls(&self, part: usize, rows: usize) -> Nulls {
        match self.nulls.is_valid(part).then(|| self.nulls.value(part)) {
            Some(0) => Nulls::None,
            Some(n) if n == rows as u64 => Nulls::All,
            _ => Nulls::Some,
        }
    }

    fn known(&self, part: usize, rows: usize, ty: Type) -> Known {
        let nulls = self.nulls(part, rows);
        let values = match ty {
            Type::Int | Type::Bool | Type::Date => self.integers(part, ty),
            Type::Text => self.texts(part),
            _ => None,
        };
        match values {
            // A text that is empty or blank is null once it is cleaned.
            Some(Values::TextBetween(low, high)) => {
                let visible = |text: &str| text.bytes().next().is_some_and(|b| b.is_ascii_graphic());
                let nulls = if visible(&low) && visible(&high) || nulls == Nulls::All { nulls } else { Nulls::Some };
                Known { nulls, values: Values::TextBetween(low, high) }
            }
            Some(values) => Known { nulls, values },
            // So is a day that is written as a text.
            None if matches!(ty, Type::Text | Type::Date) && nulls == Nulls::None => Known::NOTHING,
            None => Known { nulls, values: Values::Unknown },
        }
    }

    fn integers(&self, part: usize, ty: Type) -> Option<Values> {
        let number = |array: &ArrayRef| -> Option<i64> {
            if array.is_null(part) {
                return None;
            }
            match (ty, array.data_type()) {
                (Type::Bool, DataType::Boolean) => Some(i64::from(array.as_boolean().value(part))),
                (Type::Int, from) if from.is_integer() => batch::integer(&array.slice(part, 1)),
                (Type::Date, DataType::Date32) => batch::integer(&array.slice(part, 1)),
                _ => None,
            }
        };
        Some(Values::Between(number(&self.least)?, number(&self.most)?))
    }

    fn texts(&self, part: usize) -> Option<Values> {
        let text =
            |array: &ArrayRef| Some(array.as_string_opt::<i32>().filter(|a| a.is_valid(part))?.value(part).to_owned());
        Some(Values::TextBetween(text(&self.least)?, text(&self.most)?))
    }

    /// First and last day of the part's records that are dated, exactly.
    fn days(&self, part: usize, time: &TimeColumn, calendar: &Calendar) -> Option<(i32, i32)> {
        let day = |array: &ArrayRef| -> Option<i32> {
            if array.is_null(part) {
                return None;
            }
            let one = array.slice(part, 1);
            let zones = match &time.clock {
                Clock::Day | Clock::Wall(None) => vec![],
                Clock::Instant => vec![&calendar.timezone],
                Clock::Wall(Some(zone)) => vec![zone, &calendar.timezone],
            };
            if !zones.is_empty() {
                let instant = batch::instant(&one, &time.clock, calendar)?;
                zones.iter().all(|zone| is_steady(zone, instant)).then_some(())?;
            }
            batch::day(&one, &time.clock, calendar)
        };
        Some((day(&self.least)?, day(&self.most)?))
    }
}

/// Whether a zone's clocks are not changed within six hours of an instant (microseconds): where they are put back at
/// midnight, a later instant may be of an earlier day.
fn is_steady(zone: &TimeZone, instant: i64) -> bool {
    let Ok(instant) = Timestamp::from_microsecond(instant) else { return false };
    let hours = SignedDuration::from_hours(6);
    let (Ok(before), Ok(after)) = (instant.checked_sub(hours), instant.checked_add(hours)) else { return false };
    zone.following(before).next().is_none_or(|change| change.timestamp() > after)
}

/// From each start to the next, and from the last to the end.
fn stretches(starts: &[usize], rows: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let ends = starts.iter().skip(1).copied().chain([rows]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end)
}

/// The records that are not in `skipped`, which is in order.
fn all_but(skipped: &[Range<usize>], rows: usize) -> RowSelection {
    let starts = std::iter::once(0).chain(skipped.iter().map(|r| r.end));
    let ends = skipped.iter().map(|r| r.start).chain([rows]);
    RowSelection::from_consecutive_ranges(
        starts.zip(ends).map(|(start, end)| start..end).filter(|r| !r.is_empty()),
        rows,
    )
}
