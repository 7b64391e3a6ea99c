//! The calendar block.

use super::sources::unknown_zone;
use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostics, YamlPath};
use crate::spec::{CalendarSpec, Month, Weekday};
use jiff::tz::TimeZone;

pub(super) fn resolve(spec: &CalendarSpec, errors: &mut Diagnostics) -> Option<Calendar> {
    let name = spec.timezone.as_deref().unwrap_or("UTC");
    let Ok(timezone) = TimeZone::get(name) else {
        errors.push(unknown_zone(name, &YamlPath::root().key("calendar").key("timezone")));
        return None;
    };
    let first_day_of_week = match spec.first_day_of_week.unwrap_or(Weekday::Monday) {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    };
    let first_month_of_year = match spec.first_month_of_year.unwrap_or(Month::January) {
        Month::January => 1,
        Month::February => 2,
        Month::March => 3,
        Month::April => 4,
        Month::May => 5,
        Month::June => 6,
        Month::July => 7,
        Month::August => 8,
        Month::September => 9,
        Month::October => 10,
        Month::November => 11,
        Month::December => 12,
    };
    Some(Calendar { timezone, first_day_of_week, first_month_of_year })
}
