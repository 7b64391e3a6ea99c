//! Civil dates by hand: days since 1970-01-01, and the period of a grain that holds a day.

/// A calendar as a pipeline declares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    /// 0 = Monday … 6 = Sunday.
    pub(crate) first_day_of_week: i32,
    /// 1 = January … 12 = December.
    pub(crate) first_month_of_year: i32,
}

/// A calendar period; both dates are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) label: String,
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_year(year: i32) -> i32 {
    if is_leap(year) {
        366
    } else {
        365
    }
}

fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, counted year by year and month by month.
pub(crate) fn days(year: i32, month: i32, day: i32) -> i32 {
    let years: i32 =
        if year >= 1970 { (1970..year).map(days_in_year).sum() } else { -(year..1970).map(days_in_year).sum::<i32>() };
    let months: i32 = (1..month).map(|m| days_in_month(year, m)).sum();
    years + months + day - 1
}

/// (year, month, day) of a day number.
pub(crate) fn civil(date: i32) -> (i32, i32, i32) {
    let mut year = 1970;
    let mut left = date;
    while left < 0 {
        year -= 1;
        left += days_in_year(year);
    }
    while left >= days_in_year(year) {
        left -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while left >= days_in_month(year, month) {
        left -= days_in_month(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// 0 = Monday … 6 = Sunday; 1970-01-01 was a Thursday.
pub(crate) fn weekday(date: i32) -> i32 {
    (date + 3).rem_euclid(7)
}

/// (ISO year, ISO week): the year of the week's Thursday, and the Thursday's rank in it.
pub(crate) fn iso_week(date: i32) -> (i32, i32) {
    let thursday = date - weekday(date) + 3;
    let (year, _, _) = civil(thursday);
    (year, (thursday - days(year, 1, 1)) / 7 + 1)
}

/// `2025-01-31`
pub(crate) fn iso(date: i32) -> String {
    let (year, month, day) = civil(date);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The day of a text `YYYY-MM-DD`, or none when it is not exactly a date in that form.
pub(crate) fn parse_iso(text: &str) -> Option<i32> {
    let digits = |range: std::ops::Range<usize>| {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i32>().ok())?
    };
    let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let valid = dashes && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days(year, month, day))
}

/// The first day of the month that is `offset` months from (year, month).
fn month_start(year: i32, month: i32, offset: i32) -> i32 {
    let months = year * 12 + (month - 1) + offset;
    days(months.div_euclid(12), months.rem_euclid(12) + 1, 1)
}

/// The same day of the month that is `offset` months away; a day that this month lacks is its last.
pub(crate) fn same_day(date: i32, offset: i32) -> i32 {
    let (year, month, day) = civil(date);
    let (start, next) = (month_start(year, month, offset), month_start(year, month, offset + 1));
    (start + day - 1).min(next - 1)
}

/// The period of `grain` that holds `date`; `whole` is the period of the grain `all`.
pub(crate) fn period(grain: &str, date: i32, calendar: Calendar, whole: (i32, i32)) -> Period {
    let (year, month, _) = civil(date);
    let fiscal = calendar.first_month_of_year != 1;
    let rank = (month - calendar.first_month_of_year).rem_euclid(12);
    // A fiscal year has the number of the calendar year it ends in.
    let named = if fiscal && month >= calendar.first_month_of_year { year + 1 } else { year };
    let prefix = if fiscal { "FY" } else { "" };
    match grain {
        "day" => Period { start: date, end: date, label: iso(date) },
        "week" => week(date, calendar.first_day_of_week),
        "month" => {
            let start = month_start(year, month, 0);
            Period { start, end: month_start(year, month, 1) - 1, label: format!("{year:04}-{month:02}") }
        }
        "quarter" => {
            let start = month_start(year, month, -(rank % 3));
            let end = month_start(year, month, 3 - rank % 3) - 1;
            Period { start, end, label: format!("{prefix}{named:04}-Q{}", rank / 3 + 1) }
        }
        "year" => {
            let start = month_start(year, month, -rank);
            let end = month_start(year, month, 12 - rank) - 1;
            Period { start, end, label: format!("{prefix}{named:04}") }
        }
        "all" => Period { start: whole.0, end: whole.1, label: "all".to_owned() },
        other => panic!("the oracle has no grain `{other}`"),
    }
}

fn week(date: i32, first_day: i32) -> Period {
    let start = date - (weekday(date) - first_day).rem_euclid(7);
    let label = if first_day == 0 {
        let (year, week) = iso_week(date);
        format!("{year:04}-W{week:02}")
    } else {
        iso(start)
    };
    Period { start, end: start + 6, label }
}

mod tests {
    use super::{civil, days, iso, iso_week, parse_iso, period, weekday, Calendar};

    fn shown(grain: &str, date: &str, first_day_of_week: i32, first_month_of_year: i32) -> String {
        let date = parse_iso(date).expect("a date");
        let whole = (days(2020, 1, 5), days(2026, 1, 1));
        let p = period(grain, date, Calendar { first_day_of_week, first_month_of_year }, whole);
        format!("{} {} {}", iso(p.start), iso(p.end), p.label)
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(1969, 12, 31), -1);
        assert_eq!(days(2000, 3, 1), 11_017);
        assert_eq!(days(2025, 1, 31), 20_119);
        for date in -200_000..200_000 {
            let (y, m, d) = civil(date);
            assert!((1..=12).contains(&m) && (1..=31).contains(&d));
            if date % 997 == 0 {
                assert_eq!(days(y, m, d), date);
            }
        }
    }

    #[test]
    fn text_is_a_date_only_when_it_exists() {
        assert_eq!(parse_iso("2024-02-29"), Some(days(2024, 2, 29)));
        for bad in
            ["2025-02-29", "1900-02-29", "2025-13-01", "2025-1-01", "25-01-01", "2025-01-01 ", "2025/01/01", "été"]
        {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn iso_weeks_belong_to_the_year_of_their_thursday() {
        assert_eq!(weekday(parse_iso("2025-01-31").unwrap()), 4);
        for (date, week) in [
            ("2024-12-30", (2025, 1)),
            ("2024-12-29", (2024, 52)),
            ("2021-01-03", (2020, 53)),
            ("2021-01-04", (2021, 1)),
            ("2027-01-03", (2026, 53)),
            ("2000-01-01", (1999, 52)),
        ] {
            assert_eq!(iso_week(parse_iso(date).unwrap()), week, "{date}");
        }
    }

    #[test]
    fn weeks_start_on_the_declared_day() {
        assert_eq!(shown("week", "2025-01-31", 0, 1), "2025-01-27 2025-02-02 2025-W05");
        assert_eq!(shown("week", "2021-01-01", 0, 1), "2020-12-28 2021-01-03 2020-W53");
        assert_eq!(shown("week", "2025-01-31", 6, 1), "2025-01-26 2025-02-01 2025-01-26");
        assert_eq!(shown("week", "2025-01-31", 4, 1), "2025-01-31 2025-02-06 2025-01-31");
        assert_eq!(shown("week", "2025-01-30", 4, 1), "2025-01-24 2025-01-30 2025-01-24");
    }

    #[test]
    fn fiscal_years_are_named_by_the_year_they_end_in() {
        assert_eq!(shown("year", "2025-06-30", 0, 7), "2024-07-01 2025-06-30 FY2025");
        assert_eq!(shown("year", "2025-07-01", 0, 7), "2025-07-01 2026-06-30 FY2026");
        assert_eq!(shown("quarter", "2025-07-01", 0, 7), "2025-07-01 2025-09-30 FY2026-Q1");
        assert_eq!(shown("quarter", "2024-02-29", 0, 2), "2024-02-01 2024-04-30 FY2025-Q1");
        assert_eq!(shown("quarter", "2024-01-31", 0, 2), "2023-11-01 2024-01-31 FY2024-Q4");
        assert_eq!(shown("quarter", "2024-01-31", 0, 12), "2023-12-01 2024-02-29 FY2024-Q1");
        assert_eq!(shown("year", "2025-12-31", 0, 1), "2025-01-01 2025-12-31 2025");
        assert_eq!(shown("quarter", "2025-05-05", 0, 1), "2025-04-01 2025-06-30 2025-Q2");
        assert_eq!(shown("month", "2024-02-10", 0, 7), "2024-02-01 2024-02-29 2024-02");
        assert_eq!(shown("all", "2024-02-10", 0, 7), "2020-01-05 2026-01-01 all");
    }
}
