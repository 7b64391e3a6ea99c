//! The days of a case.

use super::expressions::Named;
use super::prng::Random;
use crate::oracle::calendar::{iso, parse_iso, period, same_day, Calendar};
use crate::oracle::value::Kind;

/// The dates of a case in order, and the name of the column they are in.
pub(super) struct Time {
    pub(super) column: String,
    pub(super) dates: Vec<i32>,
    /// Whether the days lie close together, in the same season of two or three years.
    pub(super) is_dense: bool,
}

/// Either a few dates far apart, or the days of one season in two or three years.
pub(super) fn random_time(random: &mut Random) -> Time {
    let column = random.pick(&["date", "day"]).to_string();
    let is_dense = random.chance(55);
    let mut dates = if is_dense { season(random) } else { special_dates(random) };
    dates.sort_unstable();
    Time { column, dates, is_dense }
}

/// Ends of months and years, leap days, and a few others, over one to three years.
fn special_dates(random: &mut Random) -> Vec<i32> {
    const SPECIAL: [&str; 14] = [
        "01-01", "01-04", "02-28", "02-29", "03-01", "03-31", "04-01", "06-30", "07-01", "09-30", "10-01", "12-28",
        "12-29", "12-31",
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

impl Time {
    pub(super) fn named(&self) -> Named {
        let literals = self.dates.iter().map(|date| format!("'{}'", iso(*date))).collect();
        Named { name: self.column.clone(), kind: Kind::Date, literals }
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
