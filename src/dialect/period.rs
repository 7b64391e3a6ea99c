//! The period of an export, told by its preamble or its file name, and days that only make sense within one.

use super::fields::day_of;
use super::names;
use crate::calendar::civil;

/// The one day of a month (1 to 12) and day within `start` to `end`, both inclusive; `None` where the period holds no
/// such day, or more than one (it is longer than a year).
#[must_use]
pub fn in_period(month: u8, day: u8, start: i32, end: i32) -> Option<i32> {
    let (month, day) = (i32::from(month), i32::from(day));
    let (first, last) = (civil(start).0, civil(end).0);
    let mut days = (first.max(1900)..=last.min(2199)).filter_map(|year| day_of(year, month, day));
    let mut within = days.by_ref().filter(|found| (start..=end).contains(found));
    let found = within.next()?;
    within.next().is_none().then_some(found)
}

/// The first and last day of an export, in a preamble, a title line or a file name: exactly two full dates, in order.
/// `None` for more or fewer, or where day and month of one could be swapped.
#[must_use]
pub fn period_in(text: &str) -> Option<(i32, i32)> {
    match dates_in(text)[..] {
        [Found::Day(start), Found::Day(end)] if start <= end => Some((start, end)),
        _ => None,
    }
}

/// The day of a snapshot: the last full date in a file name, else 13 digits that are the milliseconds since 1970 of a moment from
/// 2010 to 2039, as `LinkedIn` names its exports (the day is that of UTC). `None` where there is none, or where its day and
/// month could be swapped (`01-02-2025`). Other runs of more than 8 digits are ids.
#[must_use]
pub fn day_in(text: &str) -> Option<i32> {
    match dates_in(text).last() {
        Some(Found::Day(day)) => Some(*day),
        Some(Found::Unclear) => None,
        None => tokens(text).into_iter().rev().find_map(moment),
    }
}

/// The day of milliseconds since 1970.
fn moment(token: Token) -> Option<i32> {
    const DAY: i64 = 86_400_000;
    let Token::Digits(digits) = token else { return None };
    let millis: i64 = digits.parse().ok().filter(|_| digits.len() == 13)?;
    let day = i32::try_from(millis / DAY).ok()?;
    (2010..2040).contains(&civil(day).0).then_some(day)
}

/// A full date in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Day(i32),
    /// Month or day may come first.
    Unclear,
}

/// A run of characters of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Digits(&'a str),
    Word(&'a str),
    Gap(&'a str),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_gap = |c: char| !c.is_ascii_digit() && !names::is_letter(c);
    let mut found = vec![];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = |within: &dyn Fn(char) -> bool| rest.find(|c| !within(c)).unwrap_or(rest.len());
        let (token, end) = if c.is_ascii_digit() {
            let end = end(&|c| c.is_ascii_digit());
            (Token::Digits(&rest[..end]), end)
        } else if names::is_letter(c) {
            let end = end(&names::is_letter);
            (Token::Word(&rest[..end]), end)
        } else {
            let end = end(&is_gap);
            (Token::Gap(&rest[..end]), end)
        };
        found.push(token);
        rest = &rest[end..];
    }
    found
}

/// Every full date of a text, from left to right.
fn dates_in(text: &str) -> Vec<Found> {
    let tokens = tokens(text);
    let mut found = vec![];
    let mut rest = &tokens[..];
    while !rest.is_empty() {
        let date = compact(rest).or_else(|| year_first(rest)).or_else(|| year_last(rest)).or_else(|| named(rest));
        let used = date.map_or(1, |(_, used)| used);
        found.extend(date.map(|(date, _)| date));
        rest = &rest[used..];
    }
    found
}

/// `20230424`
fn compact(tokens: &[Token]) -> Option<(Found, usize)> {
    let [Token::Digits(digits), ..] = tokens else { return None };
    if digits.len() != 8 {
        return None;
    }
    let day = day_of(number(&digits[..4], 4)?, number(&digits[4..6], 2)?, number(&digits[6..], 2)?)?;
    Some((Found::Day(day), 1))
}

/// `2025-01-31`, with `-`, `/`, `.` or `_`.
fn year_first(tokens: &[Token]) -> Option<(Found, usize)> {
    let [Token::Digits(year), Token::Gap(gap), Token::Digits(month), Token::Gap(other), Token::Digits(day), ..] =
        tokens
    else {
        return None;
    };
    if gap != other || !is_separator(gap) {
        return None;
    }
    Some((Found::Day(day_of(number(year, 4)?, number(month, 2)?, number(day, 2)?)?), 5))
}

/// `31/01/2025` and `01/31/2025`, with the same marks. Unclear where both make a date.
fn year_last(tokens: &[Token]) -> Option<(Found, usize)> {
    let [Token::Digits(first), Token::Gap(gap), Token::Digits(second), Token::Gap(other), Token::Digits(year), ..] =
        tokens
    else {
        return None;
    };
    // `12_01_2025-01-31`: the year starts a date of its own, told by other marks.
    let own = tokens.get(5) != Some(&Token::Gap(gap)) && year_first(&tokens[4..]).is_some();
    if gap != other || !is_separator(gap) || own {
        return None;
    }
    let (first, second, year) = (number(first, 2)?, number(second, 2)?, number(year, 4)?);
    let date = match (day_of(year, first, second), day_of(year, second, first)) {
        (Some(one), Some(other)) if one != other => Found::Unclear,
        (one, other) => Found::Day(one.or(other)?),
    };
    Some((date, 5))
}

/// `Feb-01-2025`, `March 27, 2026`, `27 January 2026`, `8 de marzo de 2026`, `1er mars 2026`.
fn named(tokens: &[Token]) -> Option<(Found, usize)> {
    let mut parts = tokens.iter().enumerate().filter(|(_, token)| !is_filler(token));
    let mut next = || parts.next().map(|(at, token)| (at, *token));
    let ((_, one), (_, two), (last, three)) = (next()?, next()?, next()?);
    let (month, day, year) = match (one, two, three) {
        (Token::Word(month), Token::Digits(day), Token::Digits(year)) => (month, day, year),
        (Token::Digits(day), Token::Word(month), Token::Digits(year)) => (month, day, year),
        _ => return None,
    };
    let day = day_of(number(year, 4)?, i32::from(names::month(month)?), number(day, 2)?)?;
    Some((Found::Day(day), last + 1))
}

/// What may stand between the parts of a named date.
fn is_filler(token: &Token) -> bool {
    match token {
        Token::Gap(gap) => {
            gap.len() <= 4 && gap.chars().all(|c| (c.is_whitespace() && c != '\n') || ",.-_/".contains(c))
        }
        Token::Word(word) => ["de", "del", "er"].iter().any(|filler| word.eq_ignore_ascii_case(filler)),
        Token::Digits(_) => false,
    }
}

fn is_separator(gap: &str) -> bool {
    matches!(gap, "-" | "/" | "." | "_")
}

/// A year has four digits; a month and a day have one or two.
fn number(digits: &str, most: usize) -> Option<i32> {
    let least = if most == 4 { 4 } else { 1 };
    (least..=most).contains(&digits.len()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{iso_date, parse_date};

    fn day(text: &str) -> i32 {
        parse_date(text).expect("a date")
    }

    #[test]
    fn a_day_without_year_is_one_day_of_the_period() {
        let year = (day("2024-02-28"), day("2025-02-27"));
        for (month, date, expected) in [
            (2, 28, Some("2024-02-28")),
            (2, 29, Some("2024-02-29")),
            (2, 27, Some("2025-02-27")),
            (7, 16, Some("2024-07-16")),
            (2, 30, None),
            (13, 1, None),
            (0, 0, None),
        ] {
            assert_eq!(in_period(month, date, year.0, year.1).map(iso_date).as_deref(), expected, "{month} {date}");
        }
        assert_eq!(in_period(2, 28, year.0, day("2025-02-28")), None);
        assert_eq!(in_period(3, 8, day("2024-04-01"), day("2024-06-30")), None);
        assert_eq!(in_period(1, 1, i32::MIN, i32::MAX), None);
        assert_eq!(in_period(1, 1, 10, 0), None);
    }

    #[test]
    fn periods_of_real_exports() {
        for (text, start, end) in [
            ("# All Users\n# Start date: 20230424\n# End date: 20230521", "2023-04-24", "2023-05-21"),
            ("#  \n# Fecha de inicio: 20230424\n# Fecha de finalización: 20230521", "2023-04-24", "2023-05-21"),
            ("# 20241122-20260120", "2024-11-22", "2026-01-20"),
            ("27 January 2026 - 23 February 2026", "2026-01-27", "2026-02-23"),
            ("\"March 27, 2026 - April 23, 2026\"", "2026-03-27", "2026-04-23"),
            ("2023-04-01 - 2023-04-30", "2023-04-01", "2023-04-30"),
            ("1er février 2026 – 23 févr. 2026", "2026-02-01", "2026-02-23"),
            ("du 1er au 3 : 27 janvier 2026 - 3 août 2026", "2026-01-27", "2026-08-03"),
            ("8 de marzo de 2026 - 9 de abril de 2026", "2026-03-08", "2026-04-09"),
            ("Feb-01-2025_Mar-15-2025_613168031534769.csv", "2025-02-01", "2025-03-15"),
            ("tweet_activity_metrics_user_20210801_20210901_en.csv", "2021-08-01", "2021-09-01"),
            ("x_2025-01-01_2025-03-31.csv", "2025-01-01", "2025-03-31"),
            ("x_2025_01_01_2025_03_31.csv", "2025-01-01", "2025-03-31"),
            ("12_01_2025-01-01_2025-03-31.csv", "2025-01-01", "2025-03-31"),
            ("31/01/2025 - 28/02/2025", "2025-01-31", "2025-02-28"),
            ("01-Feb-2025 to 02-Feb-2025", "2025-02-01", "2025-02-02"),
        ] {
            let found = period_in(text).map(|(a, b)| (iso_date(a), iso_date(b)));
            assert_eq!(found, Some((start.to_owned(), end.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_of_two_dates() {
        for text in [
            "",
            "All time",
            "# Start date: 20230424",
            "20230521-20230424",
            "20230101 20230201 20230301",
            "01/02/2025 - 28/02/2025",
            "9 abr - 15 abr",
            "Mar 1 - Mar 31, 2025",
            "20250230_20250301",
            "Wordwordword 2024 - 2025",
        ] {
            assert_eq!(period_in(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_date_of_a_file_name_is_its_snapshot() {
        for (name, expected) in [
            ("Feb-01-2025_Mar-15-2025_613168031534769.csv", Some("2025-03-15")),
            ("posts 2025-03-31.csv", Some("2025-03-31")),
            ("posts_20250331.csv", Some("2025-03-31")),
            ("posts_31-03-2025.csv", Some("2025-03-31")),
            ("posts_02-02-2025.csv", Some("2025-02-02")),
            ("posts_31.03.2025.csv", Some("2025-03-31")),
            ("posts 31 mars 2025 (2).csv", Some("2025-03-31")),
            ("export-2025-03-31T101500.csv", Some("2025-03-31")),
            ("posts_01-02-2025.csv", None),
            ("2025-03-31_01-02-2025.csv", None),
            ("01_02_2025_03_04_2025.csv", None),
            ("posts_2025033112.csv", None),
            ("posts_202503311.csv", None),
            ("613168031534769.csv", None),
            ("Content.csv", None),
            ("march.csv", None),
            ("2025-13-01.csv", None),
            ("", None),
        ] {
            assert_eq!(day_in(name).map(iso_date).as_deref(), expected, "{name}");
        }
    }
}
