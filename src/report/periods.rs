//! What the columns of a period say.

use super::coverage::{Coverage, PeriodCoverage};
use super::views::Known;
use crate::calendar::{Calendar, Grain};
use crate::plan::{sources_of, DayRange, Plan, ReportPlan};

/// A period of a report.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Period {
    /// First day.
    pub(super) start: i32,
    /// Last day.
    pub(super) end: i32,
    /// For hours: the instant, in seconds.
    pub(super) hour: Option<i64>,
    /// Its name.
    pub(super) label: String,
}

/// The periods of a report.
pub(super) struct Periods<'p> {
    calendar: &'p Calendar,
    range: DayRange,
    extent: Option<(i32, i32)>,
    coverage: &'p Coverage,
}

impl<'p> Periods<'p> {
    pub(super) fn new(plan: &'p Plan, report: &ReportPlan, coverage: &'p Coverage) -> Self {
        let sources = sources_of(&plan.metrics, &report.metrics);
        Self { calendar: &plan.calendar, range: report.range, extent: coverage.extent(&sources), coverage }
    }

    /// The period whose key is `key`: its first day, its hour, or 0 for the whole range.
    pub(super) fn period(&self, grain: Grain, key: i64) -> Period {
        let day = || i32::try_from(key).unwrap_or(i32::MAX);
        match grain {
            Grain::Hour => {
                let day = self.calendar.day_of(key.saturating_mul(1_000_000)).unwrap_or(i32::MAX);
                Period { start: day, end: day, hour: Some(key), label: self.calendar.hour_label(key) }
            }
            Grain::All => {
                let (first, last) = self.extent.unwrap_or((0, 0));
                let (start, end) = (self.range.start.unwrap_or(first), self.range.end.unwrap_or(last));
                Period { start, end, hour: None, label: self.calendar.label(grain, start) }
            }
            _ => Period {
                start: day(),
                end: self.calendar.period_end(grain, day()),
                hour: None,
                label: self.calendar.label(grain, day()),
            },
        }
    }

    /// All periods from the first day of a source to the last, within the report's range.
    pub(super) fn all(&self, grain: Grain) -> Vec<Period> {
        let Some((first, last)) = self.extent else { return vec![] };
        let first = self.range.start.map_or(first, |day| day.max(first));
        let last = self.range.end.map_or(last, |day| day.min(last));
        if first > last {
            return vec![];
        }
        if grain == Grain::All {
            return vec![self.period(grain, 0)];
        }
        let mut periods = vec![];
        let mut next = self.calendar.period_start(grain, first);
        while next <= last {
            let period = self.period(grain, i64::from(next));
            next = period.end + 1;
            periods.push(period);
        }
        periods
    }

    /// The days of which all of the sources have records, as far as the report goes.
    pub(super) fn known(&self, sources: &[&str]) -> Known {
        let known = self.coverage.known(sources);
        Known { last: known.last.map(|last| self.range.end.map_or(last, |end| end.min(last))), ..known }
    }

    /// How many days of a period are looked at: those within the report's range, up to the last that is known. None
    /// for hours.
    pub(super) fn days(&self, known: Known, period: &Period) -> Option<i64> {
        let first = self.range.start.map_or(period.start, |start| start.max(period.start));
        let last = known.last.map_or(i32::MIN, |last| last.min(period.end));
        period.hour.is_none().then(|| (i64::from(last) - i64::from(first) + 1).max(0))
    }

    /// What the sources know of a period.
    pub(super) fn coverage(&self, sources: &[&str], period: &Period) -> PeriodCoverage {
        let mut known = self.coverage.of(sources, period.start, period.end);
        // A period that the report's own range cuts holds a part of its records only.
        if !self.range.contains(period.start) || !self.range.contains(period.end) {
            let start = self.range.start.map_or(period.start, |s| s.max(period.start));
            let end = self.range.end.map_or(period.end, |e| e.min(period.end));
            let inside = f64::from((end - start + 1).max(0)) / f64::from((period.end - period.start + 1).max(1));
            known.is_complete = false;
            known.coverage = self.coverage.of(sources, start, end).coverage * inside;
        }
        known
    }
}
