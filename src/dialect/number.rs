//! One way of writing numbers: its decimal mark and what stands between thousands, and what surrounds numbers in exports
//! whatever their marks: signs, percent signs, `K` and `M`, money, bounds such as `< 10%`.

use super::currency;
use std::fmt;

/// What stands before the decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Decimal {
    /// `1.5`
    #[default]
    Point,
    /// `1,5`
    Comma,
}

impl Decimal {
    fn mark(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// What stands between thousands. A number without any is read too: `1200` and `1,200` mix in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Thousands {
    /// `1200`
    #[default]
    None,
    /// `1,200`
    Comma,
    /// `1.200`
    Point,
    /// `1 200`, with an ordinary, a no-break (U+00A0), a narrow no-break (U+202F) or a thin space (U+2009).
    Space,
    /// `1'200`, with `'` or U+2019.
    Apostrophe,
}

impl Thousands {
    fn is_mark(self, c: char) -> bool {
        match self {
            Self::None => false,
            Self::Comma => c == ',',
            Self::Point => c == '.',
            Self::Space => matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
            Self::Apostrophe => matches!(c, '\'' | '\u{2019}'),
        }
    }
}

/// A way of writing numbers; the default is plain: `1234.5`. The two marks are meant to differ: where both are the
/// comma or both the point, the first one of a number is read as its decimal mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NumberFormat {
    /// What stands before the decimals.
    pub decimal: Decimal,
    /// What stands between thousands.
    pub thousands: Thousands,
}

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Written without decimals, or whole once `K`, `M` or `B` is applied: `1200`, `1.2K`; the seconds of `0:06:39`.
    Int(i64),
    /// Written with decimals, an exponent or a percent sign; finite. A percentage is a fraction: `15.86%` is 0.1586.
    Float(f64),
    /// A bound and not a value: `< 10%`. It is known that something is there, not how much: neither null nor 0.
    Censored,
}

/// Why a cell is no number, in words that follow "`12,3,4`: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberError {
    reason: &'static str,
}

impl NumberError {
    const EMPTY: Self = Self { reason: "empty" };
    const NOT_A_NUMBER: Self = Self { reason: "not a number" };
    const OTHER_MARKS: Self = Self { reason: "its decimals or thousands are marked another way" };
    const GROUPS: Self = Self { reason: "its thousands are not in groups of three" };
    const LEADING_ZERO: Self = Self { reason: "a number with thousands does not start with 0" };
    const WHOLE_TOO_LARGE: Self = Self { reason: "too large for a whole number" };
    const TOO_LARGE: Self = Self { reason: "too large for a number" };
    const PERCENT_OF_MONEY: Self = Self { reason: "both a percentage and an amount of money" };

    /// The reason, for people.
    pub fn reason(self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl std::error::Error for NumberError {}

/// What the digits of a number are multiplied by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    One,
    /// A hundredth.
    Percent,
    /// A power of ten.
    Power(usize),
}

impl NumberFormat {
    /// The number of a cell. Spaces around it are skipped, Unicode's included. Null spellings (empty, `-`, `--`, `N/A`,
    /// `NaN`) are no numbers; nor is a percentage of money. Leading zeros are read: whether `007` is an id is for the
    /// caller to know.
    ///
    /// # Errors
    /// Why the cell is no number in this format.
    pub fn parse(self, cell: &str) -> Result<Number, NumberError> {
        match shape(cell.as_bytes()) {
            Shape::Whole => whole(cell),
            Shape::Decimal if self.decimal == Decimal::Point => float(cell),
            _ => self.parse_written(cell.trim()),
        }
    }

    /// A number or a bound.
    fn parse_written(self, text: &str) -> Result<Number, NumberError> {
        if text.is_empty() {
            return Err(NumberError::EMPTY);
        }
        match text.strip_prefix(['<', '>', '≤', '≥']) {
            Some(bound) => {
                let bound = bound.strip_prefix('=').unwrap_or(bound).trim_start();
                self.parse_value(bound).map(|_| Number::Censored)
            }
            None => self.parse_value(text),
        }
    }

    /// Takes off what surrounds the digits.
    fn parse_value(self, text: &str) -> Result<Number, NumberError> {
        if let Some(seconds) = duration(text) {
            return Ok(Number::Int(seconds));
        }
        let (sign, text) = take_sign(text);
        let (percent, text) = stripped(text, text.strip_suffix('%').map(str::trim_end));
        let (before, text) = stripped(text, currency::strip_before(text));
        let (after, text) = stripped(text, currency::strip_after(text));
        if percent && (before || after) {
            return Err(NumberError::PERCENT_OF_MONEY);
        }
        if before && after {
            return Err(NumberError::NOT_A_NUMBER);
        }
        let (inner, text) = if before && sign.is_none() { take_sign(text) } else { (None, text) };
        let (scale, body) = if percent { (Scale::Percent, text) } else { take_power(text) };
        self.parse_digits(sign.or(inner) == Some(true), body, scale)
    }

    /// Digits, marks and an exponent. Scales are applied to the text, so that the result is the nearest there is:
    /// 15.86 / 100 is not 0.1586.
    fn parse_digits(self, negative: bool, body: &str, scale: Scale) -> Result<Number, NumberError> {
        let (mantissa, exponent) = match body.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (body, None),
        };
        let (front, decimals) = match mantissa.split_once(self.decimal.mark()) {
            Some((front, decimals)) => (front, Some(decimals)),
            None => (mantissa, None),
        };
        if let Some(wrong) = decimals.filter(|d| !is_digits(d)) {
            return Err(why(wrong));
        }
        let mut text = String::with_capacity(body.len() + 8);
        if negative {
            text.push('-');
        }
        if front.is_empty() && decimals.is_some() {
            text.push('0');
        } else {
            self.push_front(front, &mut text)?;
        }
        match (exponent, scale) {
            (Some(exponent), Scale::One) if is_digits(front) || front.is_empty() => {
                let (_, digits) = take_sign(exponent);
                if !is_digits(digits) || exponent.starts_with('\u{2212}') {
                    return Err(NumberError::NOT_A_NUMBER);
                }
                push_decimals(&mut text, decimals);
                text.push('e');
                text.push_str(exponent);
                float(&text)
            }
            (Some(_), _) => Err(NumberError::NOT_A_NUMBER),
            (None, Scale::One) if decimals.is_none() => whole(&text),
            (None, Scale::One) => {
                push_decimals(&mut text, decimals);
                float(&text)
            }
            (None, Scale::Percent) => {
                push_decimals(&mut text, decimals);
                text.push_str("e-2");
                float(&text)
            }
            (None, Scale::Power(power)) => multiplied(text, decimals.unwrap_or(""), power),
        }
    }

    /// Adds the digits before the decimal mark, without what stands between thousands.
    fn push_front(self, front: &str, text: &mut String) -> Result<(), NumberError> {
        if is_digits(front) {
            text.push_str(front);
            return Ok(());
        }
        let groups = || front.split(|c| self.thousands.is_mark(c));
        if let Some(wrong) = groups().find(|group| !group.is_empty() && !is_digits(group)) {
            return Err(why(wrong));
        }
        if groups().all(str::is_empty) {
            return Err(NumberError::NOT_A_NUMBER);
        }
        for (at, group) in groups().enumerate() {
            if group.is_empty() || group.len() > 3 || (at > 0 && group.len() < 3) {
                return Err(NumberError::GROUPS);
            }
            // `0,462` is a fraction with a decimal comma, and not 462.
            if at == 0 && group.starts_with('0') {
                return Err(NumberError::LEADING_ZERO);
            }
            text.push_str(group);
        }
        Ok(())
    }
}

/// What most cells look like, told without reading them twice.
enum Shape {
    /// ASCII digits with an optional `-`.
    Whole,
    /// Two of those around a point.
    Decimal,
    Other,
}

fn shape(bytes: &[u8]) -> Shape {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let front = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    match &digits[front..] {
        _ if front == 0 => Shape::Other,
        [] => Shape::Whole,
        [b'.', decimals @ ..] if !decimals.is_empty() && decimals.iter().all(u8::is_ascii_digit) => Shape::Decimal,
        _ => Shape::Other,
    }
}

/// A text of digits with an optional `-`.
fn whole(text: &str) -> Result<Number, NumberError> {
    text.parse().map(Number::Int).map_err(|_| NumberError::WHOLE_TOO_LARGE)
}

/// A text in Rust's notation.
fn float(text: &str) -> Result<Number, NumberError> {
    let value: f64 = text.parse().map_err(|_| NumberError::NOT_A_NUMBER)?;
    if value.is_finite() {
        Ok(Number::Float(value))
    } else {
        Err(NumberError::TOO_LARGE)
    }
}

/// Digits and decimals times a power of ten.
fn multiplied(mut digits: String, decimals: &str, power: usize) -> Result<Number, NumberError> {
    let (shifted, left) = decimals.split_at(decimals.len().min(power));
    if left.bytes().any(|b| b != b'0') {
        return float(&format!("{digits}.{decimals}e{power}"));
    }
    digits.push_str(shifted);
    digits.extend(std::iter::repeat_n('0', power - shifted.len()));
    whole(&digits)
}

fn push_decimals(text: &mut String, decimals: Option<&str>) {
    if let Some(decimals) = decimals {
        text.push('.');
        text.push_str(decimals);
    }
}

/// The seconds of a duration in hours, minutes and seconds: `0:06:39`. Two parts may be minutes and seconds or hours and
/// minutes, and are none.
fn duration(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let is_part = |part: &str| part.len() == 2 && is_digits(part) && part < "60";
    let fits = parts.next().is_none() && is_digits(hours) && hours.len() < 8 && is_part(minutes) && is_part(seconds);
    let number = |part: &str| part.parse::<i64>().ok();
    if fits {
        Some((number(hours)? * 60 + number(minutes)?) * 60 + number(seconds)?)
    } else {
        None
    }
}

/// Whether a sign is a minus, and the text behind it.
fn take_sign(text: &str) -> (Option<bool>, &str) {
    if let Some(rest) = text.strip_prefix(['-', '\u{2212}']) {
        (Some(true), rest)
    } else if let Some(rest) = text.strip_prefix('+') {
        (Some(false), rest)
    } else {
        (None, text)
    }
}

/// `K`, `M` or `B` at the end.
fn take_power(text: &str) -> (Scale, &str) {
    let power = match text.as_bytes().last() {
        Some(b'K' | b'k') => 3,
        Some(b'M' | b'm') => 6,
        Some(b'B' | b'b') => 9,
        _ => return (Scale::One, text),
    };
    (Scale::Power(power), text[..text.len() - 1].trim_end())
}

/// Whether something was taken off, and what is left.
fn stripped<'a>(text: &'a str, rest: Option<&'a str>) -> (bool, &'a str) {
    (rest.is_some(), rest.unwrap_or(text))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Why a text that should be digits is none.
fn why(text: &str) -> NumberError {
    let mark = |c: char| matches!(c, ',' | '.' | '\'' | '\u{2019}') || c.is_whitespace();
    let marked = text.contains(mark) && text.contains(|c: char| c.is_ascii_digit());
    if marked && !text.starts_with(char::is_whitespace) && text.chars().all(|c| c.is_ascii_digit() || mark(c)) {
        NumberError::OTHER_MARKS
    } else {
        NumberError::NOT_A_NUMBER
    }
}

/// Whether a cell looks like an id that a spreadsheet took for a number, so that digits may be lost: `3.0672E+14`,
/// `1,12238E+15`, `1122380995915570.00`. Ids have 12 digits or more. An empty cell does not.
#[must_use]
pub fn looks_damaged_id(cell: &str) -> bool {
    let text = cell.trim();
    // Asked of every cell of a column: most are neither.
    if text.len() < 14 && !text.as_bytes().contains(&b'+') {
        return false;
    }
    if let Some((mantissa, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) {
        let (first, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
        let large = exponent.parse::<u32>().is_ok_and(|e| (11..=30).contains(&e));
        return first.len() == 1 && is_digits(first) && is_digits(decimals) && is_digits(exponent) && large;
    }
    let Some((digits, zeros)) = text.split_once(['.', ',']) else { return false };
    digits.len() >= 12 && is_digits(digits) && matches!(zeros, "0" | "00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use Number::{Censored, Float, Int};

    const PLAIN: NumberFormat = NumberFormat { decimal: Decimal::Point, thousands: Thousands::None };
    const ENGLISH: NumberFormat = NumberFormat { decimal: Decimal::Point, thousands: Thousands::Comma };
    const FRENCH: NumberFormat = NumberFormat { decimal: Decimal::Comma, thousands: Thousands::Space };
    const GERMAN: NumberFormat = NumberFormat { decimal: Decimal::Comma, thousands: Thousands::Point };
    const SWISS: NumberFormat = NumberFormat { decimal: Decimal::Point, thousands: Thousands::Apostrophe };

    #[test]
    fn numbers_of_real_exports() {
        for (format, cell, number) in [
            (PLAIN, "0", Int(0)),
            (PLAIN, " -28 ", Int(-28)),
            (PLAIN, "+7", Int(7)),
            (PLAIN, "\u{2212}7", Int(-7)),
            (PLAIN, "\u{a0}5\u{202f}", Int(5)),
            (PLAIN, "9223372036854775807", Int(i64::MAX)),
            (PLAIN, "-9223372036854775808", Int(i64::MIN)),
            (PLAIN, "89.0", Float(89.0)),
            (PLAIN, "1200.0", Float(1200.0)),
            (PLAIN, "0.056179775280898875", Float(0.056_179_775_280_898_875)),
            (PLAIN, "0.07692307978868484", Float(0.076_923_079_788_684_84)),
            (PLAIN, "1.200", Float(1.2)),
            (GERMAN, "1.200", Int(1200)),
            (GERMAN, "1200", Int(1200)),
            (GERMAN, "-1.234.567,5", Float(-1_234_567.5)),
            (ENGLISH, "9,380", Int(9380)),
            (ENGLISH, "2,473.17", Float(2473.17)),
            (ENGLISH, "1234.56", Float(1234.56)),
            (ENGLISH, ".5", Float(0.5)),
            (FRENCH, "1 178", Int(1178)),
            (FRENCH, "1\u{202f}234\u{a0}567,25", Float(1_234_567.25)),
            (FRENCH, "23,55", Float(23.55)),
            (SWISS, "1'200.5", Float(1200.5)),
            (SWISS, "1\u{2019}200", Int(1200)),
            (PLAIN, "1e-3", Float(0.001)),
            (PLAIN, "3.0672E+14", Float(3.0672e14)),
            (FRENCH, "1,12238E+15", Float(1.12238e15)),
        ] {
            assert_eq!(format.parse(cell), Ok(number), "{cell}");
        }
    }

    #[test]
    fn what_surrounds_a_number_is_read_exactly() {
        for (format, cell, number) in [
            (PLAIN, "15.86%", Float(0.1586)),
            (PLAIN, "7%", Float(0.07)),
            (PLAIN, "-1.5 %", Float(-0.015)),
            (FRENCH, "1,61%", Float(0.0161)),
            (FRENCH, "12\u{a0}%", Float(0.12)),
            (PLAIN, "1.2K", Int(1200)),
            (PLAIN, "1.0K", Int(1000)),
            (PLAIN, "3k", Int(3000)),
            (PLAIN, "1.2345K", Float(1234.5)),
            (PLAIN, "2.34M", Int(2_340_000)),
            (PLAIN, "1.23000000010B", Float(1_230_000_000.1)),
            (FRENCH, "1,2 k", Int(1200)),
            (FRENCH, "1,2 M€", Int(1_200_000)),
            (PLAIN, "US$3.38", Float(3.38)),
            (PLAIN, "CA$4", Int(4)),
            (PLAIN, "-$3.20", Float(-3.2)),
            (PLAIN, "$-3.20", Float(-3.2)),
            (PLAIN, "EUR 12.50", Float(12.5)),
            (FRENCH, "12,50 €", Float(12.5)),
            (FRENCH, "1 234,50\u{a0}€", Float(1234.5)),
            (PLAIN, "CHF 5", Int(5)),
            (PLAIN, "< 10%", Censored),
            (PLAIN, "<1%", Censored),
            (PLAIN, "> 90 %", Censored),
            (PLAIN, "<5", Censored),
            (PLAIN, "<= 5", Censored),
        ] {
            assert_eq!(format.parse(cell), Ok(number), "{cell}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (format, cell, reason) in [
            (PLAIN, "", "empty"),
            (PLAIN, " ", "empty"),
            (PLAIN, "-", "not a number"),
            (PLAIN, " --", "not a number"),
            (PLAIN, "N/A", "not a number"),
            (PLAIN, "NA", "not a number"),
            (PLAIN, "NaN", "not a number"),
            (PLAIN, "inf", "not a number"),
            (PLAIN, "-inf", "not a number"),
            (PLAIN, "undefined", "not a number"),
            (PLAIN, "04:34", "not a number"),
            (PLAIN, "0:04:3", "not a number"),
            (PLAIN, "0:60:00", "not a number"),
            (PLAIN, "2025-01-31", "not a number"),
            (PLAIN, "(5)", "not a number"),
            (PLAIN, "--5", "not a number"),
            (PLAIN, "-$-5", "not a number"),
            (PLAIN, "- 5", "not a number"),
            (PLAIN, "$5 USD", "not a number"),
            (PLAIN, "%", "not a number"),
            (PLAIN, "<", "not a number"),
            (PLAIN, "< --", "not a number"),
            (PLAIN, "K", "not a number"),
            (PLAIN, "5%%", "not a number"),
            (PLAIN, "5K%", "not a number"),
            (PLAIN, "1e", "not a number"),
            (PLAIN, "1e3K", "not a number"),
            (PLAIN, "e5", "not a number"),
            (PLAIN, ".", "not a number"),
            (PLAIN, "5.", "not a number"),
            (PLAIN, "REF 12", "not a number"),
            (PLAIN, "٣", "not a number"),
            (ENGLISH, "1,000e3", "not a number"),
            (PLAIN, "$5%", "both a percentage and an amount of money"),
            (PLAIN, "9,380", "its decimals or thousands are marked another way"),
            (PLAIN, "1 178", "its decimals or thousands are marked another way"),
            (GERMAN, "2,473.17", "its decimals or thousands are marked another way"),
            (ENGLISH, "1,00,000", "its thousands are not in groups of three"),
            (ENGLISH, "1234,567", "its thousands are not in groups of three"),
            (ENGLISH, "12,5", "its thousands are not in groups of three"),
            (ENGLISH, ",500", "its thousands are not in groups of three"),
            (GERMAN, "1.2", "its thousands are not in groups of three"),
            (FRENCH, "1  178", "its thousands are not in groups of three"),
            (ENGLISH, "0,462", "a number with thousands does not start with 0"),
            (PLAIN, "9223372036854775808", "too large for a whole number"),
            (PLAIN, "99999999999B", "too large for a whole number"),
            (PLAIN, "1e999", "too large for a number"),
        ] {
            assert_eq!(format.parse(cell).map_err(NumberError::reason), Err(reason), "{cell}");
        }
    }

    #[test]
    fn spreadsheets_damage_ids() {
        for id in ["3.0672E+14", "1,12238E+15", "1122380995915570.00", "1122380995915570,00", " 1E+15 "] {
            assert!(looks_damaged_id(id), "{id}");
        }
        for cell in ["", "1122380995915578", "3.0672E+4", "1e-3", "1234.00", "0.00", "E+15", "12.5E+15", "Class E+15"] {
            assert!(!looks_damaged_id(cell), "{cell}");
        }
    }

    /// Digits with a mark between thousands.
    fn grouped(digits: &str, mark: &str) -> String {
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(mark);
            }
            text.push(digit);
        }
        text
    }

    proptest! {
        #[test]
        fn a_number_written_in_any_format_reads_back(
            n in any::<i64>(),
            decimals in "[0-9]{1,9}",
            dot in any::<bool>(),
            mark in 0..6_usize,
            surround in 0..4_usize,
        ) {
            let marks = [
                (Thousands::None, ""),
                (Thousands::Space, "\u{202f}"),
                (Thousands::Space, " "),
                (Thousands::Apostrophe, "'"),
                (if dot { Thousands::Comma } else { Thousands::Point }, if dot { "," } else { "." }),
                (if dot { Thousands::Comma } else { Thousands::Point }, ""),
            ];
            let (thousands, between) = marks[mark];
            let format =
                NumberFormat { decimal: if dot { Decimal::Point } else { Decimal::Comma }, thousands };
            let sign = if n < 0 { "-" } else { "" };
            let digits = n.unsigned_abs().to_string();
            let front = grouped(&digits, between);
            let (before, after) = [("", ""), (" ", "\u{a0}"), ("€", ""), ("", " USD")][surround];
            let cell = format!("{before}{sign}{front}{after}");
            prop_assert_eq!(format.parse(&cell), Ok(Int(n)), "{}", cell);
            let cell = format!("{before}{sign}{front}{}{decimals}{after}", format.decimal.mark());
            let value: f64 = format!("{sign}{digits}.{decimals}").parse().expect("a float");
            prop_assert_eq!(format.parse(&cell), Ok(Float(value)), "{}", cell);
            let cell = format!("{sign}{front}{}{decimals}%", format.decimal.mark());
            let value: f64 = format!("{sign}{digits}.{decimals}e-2").parse().expect("a float");
            prop_assert_eq!(format.parse(&cell), Ok(Float(value)), "{}", cell);
        }

        #[test]
        fn no_cell_is_too_strange(cell in "\\PC{0,12}") {
            for format in [PLAIN, ENGLISH, FRENCH, GERMAN, SWISS] {
                let _ = format.parse(&cell);
            }
            let _ = looks_damaged_id(&cell);
        }
    }
}
