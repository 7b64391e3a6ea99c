//! Spans of days: the windows of cumulative metrics, and the period that another one is compared with.

use super::calendar::{days, iso_week, period, same_day, weekday, Calendar};
use super::spec_metrics::{Length, Window};

/// A first and a last day, both included.
pub(crate) type Span = (i32, i32);

/// The first day of a window that ends on `anchor`, for a row of `grain` whose period is `own`. `beginning` is the
/// first day that there is.
pub(crate) fn window_start(
    window: &Window,
    anchor: i32,
    (grain, own): (&str, Span),
    calendar: Calendar,
    beginning: i32,
) -> i32 {
    match window {
        Window::Everything => beginning,
        Window::ToDate(grain) => period(grain, anchor, calendar, own).start,
        Window::Last(Length { count, unit }) => match unit.as_str() {
            "day" => anchor - count + 1,
            "week" => anchor - 7 * count + 1,
            "period" => (1..*count).fold(own, |later, _| before(grain, later, calendar)).0,
            unit => same_day(anchor, -count * months(unit)) + 1,
        },
    }
}

/// The period before; for `all` the range moved back by its own length.
fn before(grain: &str, (start, end): Span, calendar: Calendar) -> Span {
    if grain == "all" {
        let length = end - start + 1;
        return (start - length, end - length);
    }
    let period = period(grain, start - 1, calendar, (start, end));
    (period.start, period.end)
}

fn months(unit: &str) -> i32 {
    match unit {
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        other => panic!("`{other}` is no number of months"),
    }
}

/// The period that `own`, a period of `grain`, is compared with; none for a week 53 that the other year lacks.
pub(crate) fn earlier(
    grain: &str,
    own: Span,
    offset: &Length,
    align: Option<&str>,
    calendar: Calendar,
) -> Option<Span> {
    let Length { count, unit } = offset;
    if unit == "period" {
        return Some((0..*count).fold(own, |later, _| before(grain, later, calendar)));
    }
    if align == Some("iso_week") {
        assert_eq!(unit, "year", "ISO weeks are compared over years");
        return same_iso_day(own.0, *count).zip(same_iso_day(own.1, *count));
    }
    // Weeks, wherever weekdays stay what they are.
    let in_weeks = match (unit.as_str(), align == Some("weekday"), grain) {
        ("week", ..) => Some(1),
        ("year", true, _) | ("year", _, "week") => Some(52),
        ("quarter", true, _) => Some(13),
        ("month", true, _) => Some(4),
        _ => None,
    };
    let moved = |date: i32| match (in_weeks, unit.as_str()) {
        (Some(weeks), _) => date - 7 * weeks * count,
        (None, "day") => date - count,
        (None, unit) => same_day(date, -count * months(unit)),
    };
    match grain {
        "day" | "week" | "all" => Some((moved(own.0), moved(own.1))),
        grain => {
            let period = period(grain, moved(own.0), calendar, own);
            assert_eq!(period.start, moved(own.0), "{offset:?} is no number of whole periods by {grain}");
            Some((period.start, period.end))
        }
    }
}

/// The same weekday of the ISO week with the same number, some years before.
fn same_iso_day(date: i32, years: i32) -> Option<i32> {
    let (year, week) = iso_week(date);
    // The fourth of January is always in week 1.
    let fourth = days(year - years, 1, 4);
    let found = fourth - weekday(fourth) + 7 * (week - 1) + weekday(date);
    (iso_week(found) == (year - years, week)).then_some(found)
}

/// What the entries of `compare` stand for.
pub(crate) fn named_offset(name: &str) -> Length {
    let unit = name.strip_prefix("previous_").unwrap_or_else(|| panic!("`{name}` names nothing earlier"));
    Length { count: 1, unit: unit.to_owned() }
}
