//! The days of a case.

use super::expressions::Named;
use super::prng::Random;
use crate::oracle::calendar::{iso, parse_iso, period, same_day, Calendar};
use crate::oracle::value::{Kind, Value};

/// Some of them change their clocks at midnight, some by half an hour, some never.
pub(super) const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Paris",
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kolkata",
    "Pacific/Auckland",
];

/// The dates of a case in order.
pub(super) struct Time {
    pub(super) dates: Vec<i32>,
    /// Whether the days lie close together, in the same season of two or three years.
    pub(super) is_dense: bool,
}

/// Either a few dates far apart, or the days of one season in two or three years.
pub(super) fn random_time(random: &mut Random) -> Time {
    let is_dense = random.chance(55);
    let mut dates = if is_dense { season(random) } else { special_dates(random) };
    dates.sort_unstable();
    Time { dates, is_dense }
}

/// Ends of months and years, leap days, changes of clocks, and a few others, over one to three years.
fn special_dates(random: &mut Random) -> Vec<i32> {
    const SPECIAL: [&str; 20] = [
        "01-01", "01-04", "02-28", "02-29", "03-01", "03-09", "03-30", "03-31", "04-01", "04-06", "06-30", "07-01",
        "09-30", "10-01", "10-05", "10-26", "11-02", "12-28", "12-29", "12-31",
    ];
    let first = random.between(2019, 2024);
    let last = first + random.between(0, 2);
    let mut dates = Vec::new();
    let wanted = 4 + random.below(16);
    while dates.len() < wanted {
        let year = random.between(first, last);
        let text = if random.chance(60) {
            format!("{year}-{}", random.pick(&SPECIAL))
        } else {
            format!("{year}-{:02}-{:02}", random.between(1, 12), random.between(1, 28))
        };
        dates.extend(parse_iso(&text));
    }
    dates
}

/// Some weeks in a row with days missing, perhaps a whole month, and the same a year and two years later.
fn season(random: &mut Random) -> Vec<i32> {
    let (year, month) = (random.between(2018, 2023), random.between(1, 12));
    let first = parse_iso(&format!("{year}-{month:02}-01")).expect("a date") + random.between(0, 27);
    let length = if random.chance(50) { random.between(6, 30) } else { random.between(20, 120) };
    let kept = 30 + random.below(70);
    let hole = random.chance(40).then(|| {
        let calendar = Calendar { first_day_of_week: 0, first_month_of_year: 1 };
        period("month", first + random.between(0, length), calendar, (0, 0))
    });
    let mut dates = Vec::new();
    for years in 0..=random.between(1, 2) {
        for day in first..first + length {
            let date = same_day(day, 12 * years);
            let missing = hole.as_ref().is_some_and(|hole| (hole.start..=hole.end).contains(&date));
            if !missing && random.chance(kept) {
                dates.push(date);
            }
        }
    }
    // A day that is always there, so that no case is empty.
    dates.push(first);
    // The last season is open: it ends somewhere.
    dates.truncate(dates.len() - random.below(dates.len() / 4 + 1));
    dates.push(first + random.between(0, length));
    dates
}

/// What a time column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Dates,
    /// Timestamps in UTC, or with an offset.
    Instants,
    /// Timestamps of a zone that they do not say.
    Walls,
}

/// The seconds of a day near which days and clocks change.
const MOMENTS: [i32; 12] = [0, 1799, 1800, 3600, 5400, 7200, 9000, 10_800, 43_200, 79_200, 84_600, 86_399];

impl Clock {
    pub(super) fn random(random: &mut Random) -> Self {
        match random.below(20) {
            0..=10 => Clock::Dates,
            11..=15 => Clock::Instants,
            _ => Clock::Walls,
        }
    }

    /// A cell on a day, in the writer's own zone, in a CSV file; in a Parquet file, where timestamps are counts of a
    /// unit of which there are so many in a second.
    pub(super) fn cell(self, random: &mut Random, date: i32, in_a_second: Option<i32>) -> Value {
        let seconds = if random.chance(75) { *random.pick(&MOMENTS) } else { random.between(0, 86_399) };
        let part = random.chance(30);
        match in_a_second {
            _ if self == Clock::Dates => Value::Date(date),
            Some(units) => {
                let count = (i128::from(date) * 86_400 + i128::from(seconds)) * i128::from(units);
                Value::Int(count + i128::from(if part { random.between(0, units - 1) } else { 0 }))
            }
            None => {
                const OFFSETS: [&str; 7] = ["Z", "Z", "+00:00", "+02:00", "-05:00", "+10:30", "-09:30"];
                let offset = if self == Clock::Instants { *random.pick(&OFFSETS) } else { "" };
                let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
                let between = random.pick(&["T", " "]);
                let part = if part { format!(".{:03}", random.between(0, 999)) } else { String::new() };
                Value::Text(format!("{}{between}{hours:02}:{minutes:02}:{seconds:02}{part}{offset}", iso(date)))
            }
        }
    }
}

impl Time {
    /// A time column as expressions see it.
    pub(super) fn named(&self, column: &str) -> Named {
        let literals = self.dates.iter().map(|date| format!("'{}'", iso(*date))).collect();
        Named { name: column.to_owned(), kind: Kind::Date, literals }
    }

    /// The days of one source: those of the case, or without some at the beginning or at the end.
    pub(super) fn of_source(&self, random: &mut Random) -> Vec<i32> {
        let count = self.dates.len();
        let from = if random.chance(25) { random.below(count / 3 + 1) } else { 0 };
        let to = if random.chance(35) { count - random.below(count / 4 + 1) } else { count };
        self.dates[from..to].to_vec()
    }

    /// A day to take as the last one: late enough for every source to have begun.
    pub(super) fn as_of(&self, random: &mut Random) -> i32 {
        *random.pick(&self.dates[self.dates.len() * 2 / 3..])
    }
}
