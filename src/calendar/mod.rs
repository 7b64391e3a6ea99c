//! Days, periods and their names: the one calendar that planning, roll-ups and reports share.
//!
//! A *day* is a count of days since 1970-01-01 in the proleptic Gregorian calendar; an *hour* is the instant at which
//! it starts, in seconds since 1970-01-01T00:00:00Z. The conversions are Howard Hinnant's `chrono` algorithms
//! ("chrono-Compatible Low-Level Date Algorithms").

mod label;
mod offset;

pub use offset::{Length, Offset, Unit};

use crate::spec::GrainSpec;
use jiff::tz::TimeZone;
use jiff::Timestamp;

/// The length of a period. The order is that of reports: shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// The whole range of a report as one period.
    All,
}

impl Grain {
    /// Every grain, shortest first.
    pub const ALL: [Self; 7] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year, Self::All];

    /// The word used in pipelines and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::All => "all",
        }
    }

    /// Whether every period of `self` lies within one period of `coarser`.
    #[must_use]
    pub fn nests_in(self, coarser: Self) -> bool {
        self == coarser
            || match self {
                Self::Hour => true,
                Self::Day => coarser != Self::Hour,
                Self::Week => coarser == Self::All,
                Self::Month | Self::Quarter | Self::Year | Self::All => coarser > self,
            }
    }

    /// The longest grain that nests in all of them; `All` for none.
    #[must_use]
    pub fn common(grains: &[Self]) -> Self {
        let fits = |candidate: &Self| grains.iter().all(|g| candidate.nests_in(*g));
        Self::ALL.into_iter().rev().find(fits).unwrap_or(Self::Hour)
    }
}

impl From<GrainSpec> for Grain {
    fn from(spec: GrainSpec) -> Self {
        match spec {
            GrainSpec::Hour => Self::Hour,
            GrainSpec::Day => Self::Day,
            GrainSpec::Week => Self::Week,
            GrainSpec::Month => Self::Month,
            GrainSpec::Quarter => Self::Quarter,
            GrainSpec::Year => Self::Year,
            GrainSpec::All => Self::All,
        }
    }
}

/// How days become periods.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// The reporting zone: instants become days here.
    pub timezone: TimeZone,
    /// First day of the week, Monday 0 to Sunday 6.
    pub first_day_of_week: i32,
    /// First month of the fiscal year, 1 to 12.
    pub first_month_of_year: i32,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { timezone: TimeZone::UTC, first_day_of_week: 0, first_month_of_year: 1 }
    }
}

impl Calendar {
    /// First day of the period that holds `day`. For `All` the day itself (the range is the report's).
    #[must_use]
    pub fn period_start(&self, grain: Grain, day: i32) -> i32 {
        match grain {
            Grain::Hour | Grain::Day | Grain::All => day,
            Grain::Week => day - (day_of_week(day) - self.first_day_of_week).rem_euclid(7),
            Grain::Month => {
                let (y, m, _) = civil(day);
                days_from_civil(y, m, 1)
            }
            Grain::Quarter => {
                let (y, m, _) = civil(day);
                let into = (m - self.first_month_of_year).rem_euclid(3);
                add_months(y, m, -into)
            }
            Grain::Year => {
                let (y, m, _) = civil(day);
                let into = (m - self.first_month_of_year).rem_euclid(12);
                add_months(y, m, -into)
            }
        }
    }

    /// Last day of the period that starts on `start`, inclusive.
    #[must_use]
    pub fn period_end(&self, grain: Grain, start: i32) -> i32 {
        let (y, m, _) = civil(start);
        match grain {
            Grain::Hour | Grain::Day | Grain::All => start,
            Grain::Week => start + 6,
            Grain::Month => add_months(y, m, 1) - 1,
            Grain::Quarter => add_months(y, m, 3) - 1,
            Grain::Year => add_months(y, m, 12) - 1,
        }
    }

    /// The name of the period that starts on `start`. Fiscal quarters and years carry `FY` and are named by the
    /// calendar year in which the fiscal year ends; weeks are ISO weeks when they start on Monday, else named by their first day.
    #[must_use]
    pub fn label(&self, grain: Grain, start: i32) -> String {
        let (y, m, _) = civil(start);
        match grain {
            Grain::Hour | Grain::Day => iso_date(start),
            Grain::Week if self.first_day_of_week == 0 => {
                let (year, week) = iso_week(start);
                format!("{year:04}-W{week:02}")
            }
            Grain::Week => iso_date(start),
            Grain::Month => format!("{y:04}-{m:02}"),
            Grain::Quarter => {
                let quarter = (m - self.first_month_of_year).rem_euclid(12) / 3 + 1;
                format!("{}-Q{quarter}", self.year_label(y, m))
            }
            Grain::Year => self.year_label(y, m),
            Grain::All => "all".to_owned(),
        }
    }

    fn year_label(&self, year: i32, month: i32) -> String {
        if self.first_month_of_year == 1 {
            return format!("{year:04}");
        }
        let ends_in = if month >= self.first_month_of_year { year + 1 } else { year };
        format!("FY{ends_in:04}")
    }

    /// The day of an instant (microseconds since 1970-01-01T00:00:00Z) in the reporting zone; `None` out of range.
    #[must_use]
    pub fn day_of(&self, micros: i64) -> Option<i32> {
        let offset = self.offset_at(micros)?;
        i32::try_from((micros.div_euclid(1_000_000) + i64::from(offset)).div_euclid(86_400)).ok()
    }

    /// The instant (seconds) at which the local hour of an instant starts, zones with half-hour offsets included.
    #[must_use]
    pub fn hour_of(&self, micros: i64) -> Option<i64> {
        let offset = i64::from(self.offset_at(micros)?);
        let local = micros.div_euclid(1_000_000) + offset;
        Some(local - local.rem_euclid(3600) - offset)
    }

    fn offset_at(&self, micros: i64) -> Option<i32> {
        let instant = Timestamp::from_microsecond(micros).ok()?;
        Some(self.timezone.to_offset(instant).seconds())
    }

    /// The instant of a wall time (microseconds as if in UTC) in a zone. A time that a clock change skips is taken as
    /// if the clock had not yet changed; of a time that occurs twice, the first is meant.
    #[must_use]
    pub fn instant_of_wall(zone: &TimeZone, wall_micros: i64) -> Option<i64> {
        let wall = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(wall_micros).ok()?);
        Some(zone.to_timestamp(wall).ok()?.as_microsecond())
    }

    /// `2025-03-30T13:00+02:00`: an hour, with its offset in the reporting zone.
    #[must_use]
    pub fn hour_label(&self, hour: i64) -> String {
        let Ok(instant) = Timestamp::from_second(hour) else { return hour.to_string() };
        instant.to_zoned(self.timezone.clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
    }
}

/// Year, month (1–12) and day (1–31) of a day.
#[must_use]
pub fn civil(day: i32) -> (i32, i32, i32) {
    let z = i64::from(day) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let narrow = |n: i64| i32::try_from(n).expect("a 32-bit day has a 32-bit year, month and day");
    (narrow(year), narrow(month), narrow(day))
}

/// The day of a year, month (1–12) and day of month.
#[must_use]
pub fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = i64::from(year) - i64::from(month <= 2);
    let (month, day) = (i64::from(month), i64::from(day));
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    i32::try_from(days.clamp(i64::from(i32::MIN), i64::from(i32::MAX))).unwrap_or(i32::MAX)
}

/// First day of the month `months` after (or before) a month.
fn add_months(year: i32, month: i32, months: i32) -> i32 {
    let index = year * 12 + (month - 1) + months;
    days_from_civil(index.div_euclid(12), index.rem_euclid(12) + 1, 1)
}

/// Monday 0 to Sunday 6.
#[must_use]
pub fn day_of_week(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

/// ISO year and week of a day.
#[must_use]
pub fn iso_week(day: i32) -> (i32, i32) {
    let thursday = day - day_of_week(day) + 3;
    let (year, _, _) = civil(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// `2025-01-31`
#[must_use]
pub fn iso_date(day: i32) -> String {
    let (y, m, d) = civil(day);
    format!("{y:04}-{m:02}-{d:02}")
}

/// A wall time in microseconds since 1970-01-01T00:00 as `YYYY-MM-DD HH:MM:SS`, with its fraction where it has one.
#[must_use]
pub fn iso_time(micros: i64) -> String {
    const DAY: i64 = 86_400_000_000;
    let day = i32::try_from(micros.div_euclid(DAY)).unwrap_or(i32::MAX);
    let (seconds, fraction) = (micros.rem_euclid(DAY) / 1_000_000, micros.rem_euclid(1_000_000));
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match fraction {
        0 => format!("{} {clock}", iso_date(day)),
        _ => format!("{} {clock}.{fraction:06}", iso_date(day)),
    }
}

/// The day of a text `YYYY-MM-DD`; `None` for anything else, impossible dates included.
#[must_use]
pub fn parse_date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i32> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let (y, m, d) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&m) || d < 1 {
        return None;
    }
    let day = days_from_civil(y, m, d);
    (civil(day) == (y, m, d)).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        parse_date(text).expect("a date")
    }

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for n in (-800_000..800_000).step_by(37) {
            let (y, m, d) = civil(n);
            assert_eq!(days_from_civil(y, m, d), n);
        }
        assert_eq!(day("1970-01-01"), 0);
        assert_eq!(parse_date("2025-02-29"), None);
        assert_eq!(parse_date("2024-02-29").map(iso_date).as_deref(), Some("2024-02-29"));
    }

    #[test]
    fn iso_week_1_of_2025_runs_from_30_december_to_5_january() {
        let calendar = Calendar::default();
        for text in ["2024-12-30", "2025-01-01", "2025-01-05"] {
            let start = calendar.period_start(Grain::Week, day(text));
            assert_eq!(iso_date(start), "2024-12-30");
            assert_eq!(calendar.label(Grain::Week, start), "2025-W01");
        }
        assert_eq!(calendar.label(Grain::Week, day("2020-12-28")), "2020-W53");
    }

    #[test]
    fn sunday_weeks_are_named_by_their_first_day() {
        let calendar = Calendar { first_day_of_week: 6, ..Calendar::default() };
        for text in ["2024-12-29", "2025-01-01", "2025-01-04"] {
            let start = calendar.period_start(Grain::Week, day(text));
            assert_eq!(calendar.label(Grain::Week, start), "2024-12-29");
        }
    }

    #[test]
    fn a_fiscal_year_is_named_by_the_year_it_ends_in() {
        let calendar = Calendar { first_month_of_year: 4, ..Calendar::default() };
        let start = calendar.period_start(Grain::Year, day("2025-03-31"));
        assert_eq!((iso_date(start).as_str(), calendar.label(Grain::Year, start).as_str()), ("2024-04-01", "FY2025"));
        let start = calendar.period_start(Grain::Quarter, day("2025-05-15"));
        assert_eq!(calendar.label(Grain::Quarter, start), "FY2026-Q1");
        assert_eq!(iso_date(calendar.period_end(Grain::Quarter, start)), "2025-06-30");
    }

    #[test]
    fn a_day_of_clock_change_has_23_or_25_hours() {
        let calendar = Calendar { timezone: TimeZone::get("Europe/Paris").expect("zone"), ..Calendar::default() };
        let hours = |from: &str, to: &str| {
            let micros = |t: &str| t.parse::<Timestamp>().expect("timestamp").as_microsecond();
            let mut found = std::collections::BTreeSet::new();
            let mut at = micros(from);
            while at < micros(to) {
                found.insert(calendar.hour_of(at).expect("in range"));
                at += 900 * 1_000_000;
            }
            found
        };
        assert_eq!(hours("2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z").len(), 23);
        let autumn = hours("2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z");
        assert_eq!(autumn.len(), 25);
        let labels: Vec<String> = autumn.iter().map(|h| calendar.hour_label(*h)).collect();
        assert!(labels.contains(&"2025-10-26T02:00+02:00".into()) && labels.contains(&"2025-10-26T02:00+01:00".into()));
    }

    #[test]
    fn the_common_grain_nests_in_all() {
        assert_eq!(Grain::common(&[Grain::Week, Grain::Month]), Grain::Day);
        assert_eq!(Grain::common(&[Grain::Month, Grain::Year, Grain::All]), Grain::Month);
        assert_eq!(Grain::common(&[Grain::Hour, Grain::Day]), Grain::Hour);
        assert_eq!(Grain::common(&[Grain::All]), Grain::All);
    }
}
