//! Lengths of time, and how far back a comparison looks: `28 days`, `3 periods`, a year earlier by weekday.

use super::{civil, day_of_week, days_from_civil, iso_week, Calendar, Grain};
use crate::spec::Align;
use std::fmt;

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Length {
    /// How many; at least 1.
    pub count: i32,
    /// Of what.
    pub unit: Unit,
}

/// What lengths are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Periods of the report's grain.
    Period,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Period, "period"),
        (Self::Day, "day"),
        (Self::Week, "week"),
        (Self::Month, "month"),
        (Self::Quarter, "quarter"),
        (Self::Year, "year"),
    ];
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Unit::ALL.iter().find(|(unit, _)| *unit == self.unit).map_or("", |(_, word)| word);
        write!(f, "{} {unit}{}", self.count, if self.count == 1 { "" } else { "s" })
    }
}

impl Length {
    /// `28 days`, `1 year`; `None` for anything else. The most is 100,000.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, word) = text.trim().split_once(char::is_whitespace)?;
        let count = count.parse().ok().filter(|count| (1..=100_000).contains(count))?;
        let word = word.trim();
        let word = word.strip_suffix('s').unwrap_or(word);
        Unit::ALL.iter().find(|(_, known)| *known == word).map(|(unit, _)| Self { count, unit: *unit })
    }

    /// Its days, where it has a fixed number.
    #[must_use]
    pub fn days(self) -> Option<i32> {
        match self.unit {
            Unit::Day => Some(self.count),
            Unit::Week => Some(self.count * 7),
            _ => None,
        }
    }

    /// Its months, where it is made of whole ones.
    #[must_use]
    pub fn months(self) -> Option<i32> {
        match self.unit {
            Unit::Month => Some(self.count),
            Unit::Quarter => Some(self.count * 3),
            Unit::Year => Some(self.count * 12),
            _ => None,
        }
    }

    /// The day this long before another one; of a month that has no such day, its last. `None` for periods.
    #[must_use]
    pub fn before(self, day: i32) -> Option<i32> {
        self.days().map(|days| day.saturating_sub(days)).or_else(|| Some(months_before(day, self.months()?)))
    }
}

/// The same day of an earlier month, or that month's last day.
fn months_before(day: i32, months: i32) -> i32 {
    let (y, m, d) = civil(day);
    let first = super::add_months(y, m, -months);
    let (y, m, _) = civil(first);
    first + (d - 1).min(super::add_months(y, m, 1) - 1 - first)
}

/// How far back a comparison looks, and what stays equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Offset {
    /// How far.
    pub length: Length,
    /// What stays equal.
    pub align: Align,
}

impl Offset {
    /// Why it cannot be used with the periods of a grain; `None` if it can.
    #[must_use]
    pub fn refusal(self, grain: Grain, calendar: &Calendar) -> Option<String> {
        let Length { unit, .. } = self.length;
        let (days, months) = (self.length.days(), self.length.months());
        if grain == Grain::Hour {
            return Some("hours are not compared with earlier ones".to_owned());
        }
        if self.align != Align::Calendar && !matches!(grain, Grain::Day | Grain::Week) {
            return Some(format!("weekdays and weeks are not equal between two {}s", grain.as_str()));
        }
        if self.align == Align::IsoWeek && (unit != Unit::Year || calendar.first_day_of_week != 0) {
            return Some("`iso_week` compares years, with weeks that start on Monday".to_owned());
        }
        let whole = match grain {
            Grain::Week => days.is_some_and(|d| d % 7 == 0) || unit == Unit::Year || self.align == Align::Weekday,
            Grain::Month => months.is_some(),
            Grain::Quarter => months.is_some_and(|m| m % 3 == 0),
            Grain::Year => months.is_some_and(|m| m % 12 == 0),
            Grain::Hour | Grain::Day | Grain::All => true,
        };
        let whole = whole || unit == Unit::Period;
        (!whole).then(|| format!("a {} minus {} is no {}", grain.as_str(), self.length, grain.as_str()))
    }

    /// First and last day of the period that one from `start` to `end` is compared with; `None` where there is none
    /// (a week 53). The offset has not been refused.
    #[must_use]
    pub fn earlier(self, calendar: &Calendar, grain: Grain, start: i32, end: i32) -> Option<(i32, i32)> {
        if let Some(weeks) = self.weeks(grain) {
            return Some((start - 7 * weeks, end - 7 * weeks));
        }
        if self.align == Align::IsoWeek {
            let into = day_of_week(start);
            let (year, week) = iso_week(start);
            let fourth = days_from_civil(year - self.length.count, 1, 4);
            let monday = fourth - day_of_week(fourth) + 7 * (week - 1);
            return (iso_week(monday).1 == week).then_some((monday + into, monday + into + end - start));
        }
        if self.length.unit == Unit::Period {
            let by = match grain {
                Grain::All => self.length.count.saturating_mul(end.saturating_sub(start).saturating_add(1)),
                Grain::Hour | Grain::Day => self.length.count,
                Grain::Week => 7 * self.length.count,
                Grain::Month | Grain::Quarter | Grain::Year => {
                    let months = match grain {
                        Grain::Month => 1,
                        Grain::Quarter => 3,
                        _ => 12,
                    };
                    let earlier = months_before(start, months * self.length.count);
                    return Some((earlier, calendar.period_end(grain, earlier)));
                }
            };
            return Some((start.saturating_sub(by), end.saturating_sub(by)));
        }
        let first = self.length.before(start)?;
        Some(match grain {
            Grain::All | Grain::Day => (first, self.length.before(end)?),
            Grain::Week => (first, first + 6),
            _ => (first, calendar.period_end(grain, first)),
        })
    }

    /// The weeks back, where it is made of whole ones: a week stays a week, a weekday a weekday.
    fn weeks(self, grain: Grain) -> Option<i32> {
        let count = self.length.count;
        let by_weekday = self.align == Align::Weekday && grain != Grain::All;
        match self.length.unit {
            Unit::Year if by_weekday || (grain == Grain::Week && self.align == Align::Calendar) => Some(52 * count),
            Unit::Quarter if by_weekday => Some(13 * count),
            Unit::Month if by_weekday => Some(4 * count),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{iso_date, parse_date};

    fn earlier(grain: Grain, day: &str, length: &str, align: Align) -> Option<String> {
        let calendar = Calendar::default();
        let start = calendar.period_start(grain, parse_date(day).expect("a date"));
        let offset = Offset { length: Length::parse(length).expect("a length"), align };
        assert_eq!(offset.refusal(grain, &calendar), None);
        let (from, to) = offset.earlier(&calendar, grain, start, calendar.period_end(grain, start))?;
        Some(format!("{} {}", iso_date(from), iso_date(to)))
    }

    #[test]
    fn lengths_are_a_number_and_a_unit() {
        assert_eq!(Length::parse("28 days"), Some(Length { count: 28, unit: Unit::Day }));
        assert_eq!(Length::parse(" 1  year "), Some(Length { count: 1, unit: Unit::Year }));
        for wrong in ["28", "days", "0 days", "-1 day", "1.5 days", "3 fortnights", "28days", "999999 days", "3 dayss"]
        {
            assert_eq!(Length::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Length { count: 3, unit: Unit::Period }.to_string(), "3 periods");
    }

    #[test]
    fn a_day_of_a_shorter_month_is_its_last() {
        let calendar = |day, length| earlier(Grain::Day, day, length, Align::Calendar);
        assert_eq!(calendar("2025-03-31", "1 month").as_deref(), Some("2025-02-28 2025-02-28"));
        assert_eq!(calendar("2024-03-31", "1 month").as_deref(), Some("2024-02-29 2024-02-29"));
        assert_eq!(calendar("2024-02-29", "1 year").as_deref(), Some("2023-02-28 2023-02-28"));
        assert_eq!(calendar("2025-01-31", "1 quarter").as_deref(), Some("2024-10-31 2024-10-31"));
        assert_eq!(calendar("2025-01-07", "1 week").as_deref(), Some("2024-12-31 2024-12-31"));
    }

    #[test]
    fn periods_become_periods() {
        let calendar = |grain, length| earlier(grain, "2025-05-14", length, Align::Calendar);
        assert_eq!(calendar(Grain::Month, "1 year").as_deref(), Some("2024-05-01 2024-05-31"));
        assert_eq!(calendar(Grain::Month, "3 periods").as_deref(), Some("2025-02-01 2025-02-28"));
        assert_eq!(calendar(Grain::Quarter, "6 months").as_deref(), Some("2024-10-01 2024-12-31"));
        assert_eq!(calendar(Grain::Year, "1 period").as_deref(), Some("2024-01-01 2024-12-31"));
        assert_eq!(calendar(Grain::Week, "1 year").as_deref(), Some("2024-05-13 2024-05-19"));
        assert_eq!(calendar(Grain::Week, "14 days").as_deref(), Some("2025-04-28 2025-05-04"));
    }

    #[test]
    fn weekdays_and_week_numbers_stay_equal() {
        let wednesday = earlier(Grain::Day, "2025-05-14", "1 year", Align::Weekday);
        assert_eq!(wednesday.as_deref(), Some("2024-05-15 2024-05-15"));
        let week_20 = earlier(Grain::Week, "2021-05-19", "1 year", Align::IsoWeek);
        assert_eq!(week_20.as_deref(), Some("2020-05-11 2020-05-17"));
        assert_eq!(earlier(Grain::Week, "2020-12-30", "1 year", Align::IsoWeek), None);
        let day = earlier(Grain::Day, "2021-01-05", "1 year", Align::IsoWeek);
        assert_eq!(day.as_deref(), Some("2019-12-31 2019-12-31"));
    }

    #[test]
    fn what_makes_no_period_is_refused() {
        let calendar = Calendar::default();
        for (grain, length, align) in [
            (Grain::Week, "1 month", Align::Calendar),
            (Grain::Week, "10 days", Align::Calendar),
            (Grain::Month, "4 weeks", Align::Calendar),
            (Grain::Quarter, "1 month", Align::Calendar),
            (Grain::Year, "3 quarters", Align::Calendar),
            (Grain::Month, "1 year", Align::Weekday),
            (Grain::Week, "1 week", Align::IsoWeek),
            (Grain::Hour, "1 day", Align::Calendar),
        ] {
            let offset = Offset { length: Length::parse(length).expect("a length"), align };
            assert!(offset.refusal(grain, &calendar).is_some(), "{grain:?} {length}");
        }
    }
}
