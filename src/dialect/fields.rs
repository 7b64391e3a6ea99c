//! Reading a cell piece by piece: text → fields → a moment.

use super::date::{Moment, MomentKind};
use super::names;
use super::pattern::{Field, Piece};
use crate::calendar::{civil, day_of_week, days_from_civil};

pub(super) const MICROS_OF_DAY: i64 = 86_400_000_000;

/// The years that are read: others are slips of the pen, or no dates.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// What has been read of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    year: i32,
    month: i32,
    day: i32,
    weekday: Option<u8>,
    hour: i32,
    /// Whether it is after noon; `None` with an hour of 24.
    afternoon: Option<bool>,
    minute: i32,
    second: i32,
    micros: i64,
    /// Seconds east of Greenwich.
    offset: i64,
    number: i32,
}

impl Fields {
    /// Reads a piece and returns the rest of the text; `None` where the text is something else.
    pub(super) fn take<'a>(&mut self, piece: &Piece, next: Option<&Piece>, text: &'a str) -> Option<&'a str> {
        match piece {
            Piece::Space => Some(text.trim_start()).filter(|rest| rest.len() < text.len()),
            Piece::Literal(c) => text.strip_prefix(*c),
            Piece::Field { field: Field::MonthName, .. } => {
                let (month, rest) = take_name(text, names::month, next)?;
                self.month = i32::from(month);
                Some(rest)
            }
            Piece::Field { field: Field::Weekday, .. } => {
                let (weekday, rest) = take_name(text, names::weekday, next)?;
                self.weekday = Some(weekday);
                Some(rest)
            }
            Piece::Field { field, width } => self.take_field(*field, *width, text),
        }
    }

    fn take_field<'a>(&mut self, field: Field, width: Option<usize>, text: &'a str) -> Option<&'a str> {
        let (least, most) = width.map_or((1, 2), |width| (width, width));
        let into = |place: &mut i32, least, most| -> Option<&'a str> {
            let (value, rest) = take_digits(text, least, most)?;
            *place = value;
            Some(rest)
        };
        match field {
            Field::Year => into(&mut self.year, 4, 4),
            Field::ShortYear => {
                let rest = into(&mut self.year, 2, 2)?;
                self.year += if self.year <= 68 { 2000 } else { 1900 };
                Some(rest)
            }
            Field::Month => into(&mut self.month, least, most),
            Field::Day => {
                let rest = into(&mut self.day, least, most)?;
                // French writes the first of a month as an ordinal: `1er mars`.
                let ordinal = rest.get(..2).filter(|er| self.day == 1 && er.eq_ignore_ascii_case("er"));
                Some(ordinal.map_or(rest, |er| &rest[er.len()..]))
            }
            Field::Hour | Field::Hour12 => into(&mut self.hour, least, most),
            Field::Minute => into(&mut self.minute, least, most),
            Field::Second => into(&mut self.second, least, most),
            Field::DayNumber => into(&mut self.number, 1, 9),
            Field::Fraction => {
                let (micros, rest) = take_fraction(text)?;
                self.micros = micros;
                Some(rest)
            }
            Field::HalfDay => {
                let (afternoon, rest) = take_half_day(text)?;
                self.afternoon = Some(afternoon);
                Some(rest)
            }
            Field::Offset => {
                let (offset, rest) = take_offset(text)?;
                self.offset = offset;
                Some(rest)
            }
            Field::MonthName | Field::Weekday => None,
        }
    }

    /// What the fields say together; `None` for a date or a time that does not exist.
    pub(super) fn moment(&self, kind: MomentKind) -> Option<Moment> {
        if kind == MomentKind::Number {
            return Some(Moment::Number(self.number));
        }
        let micros = time_of_day(self.hour_of_24()?, self.minute, self.second, self.micros)?;
        if kind == MomentKind::DayOfYear {
            // A leap year, so that the 29th of February is kept.
            day_of(2000, self.month, self.day)?;
            let (month, day) = (u8::try_from(self.month).ok()?, u8::try_from(self.day).ok()?);
            return Some(Moment::DayOfYear { month, day, micros });
        }
        let day = day_of(self.year, self.month, self.day)?;
        if self.weekday.is_some_and(|weekday| i32::from(weekday) != day_of_week(day)) {
            return None;
        }
        let wall = i64::from(day) * MICROS_OF_DAY + micros;
        Some(match kind {
            MomentKind::Instant => Moment::Instant(wall - self.offset * 1_000_000),
            MomentKind::Wall => Moment::Wall(wall),
            _ => Moment::Day(day),
        })
    }

    fn hour_of_24(&self) -> Option<i32> {
        match self.afternoon {
            None => Some(self.hour),
            Some(afternoon) => {
                let hour = (1..=12).contains(&self.hour).then_some(self.hour % 12)?;
                Some(if afternoon { hour + 12 } else { hour })
            }
        }
    }
}

/// The day of a date that exists, in the years that are read.
pub(super) fn day_of(year: i32, month: i32, day: i32) -> Option<i32> {
    if !YEARS.contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let found = days_from_civil(year, month, day);
    (civil(found) == (year, month, day)).then_some(found)
}

/// Microseconds since midnight; the hour goes to 23, and there are no leap seconds.
pub(super) fn time_of_day(hour: i32, minute: i32, second: i32, micros: i64) -> Option<i64> {
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
}

/// A number of `least` to `most` digits (9 at most), and the rest.
pub(super) fn take_digits(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (digits, rest) = text.split_at(count);
    Some((digits.parse().ok()?, rest))
}

/// The microseconds of a fraction of a second of 1 to 9 digits; what is smaller is dropped.
pub(super) fn take_fraction(text: &str) -> Option<(i64, &str)> {
    let (value, rest) = take_digits(text, 1, 9)?;
    let missing = 9 - (text.len() - rest.len());
    let nanos = (0..missing).fold(i64::from(value), |nanos, _| nanos * 10);
    Some((nanos / 1000, rest))
}

/// The seconds of `Z`, `UTC`, `+00`, `+0000` or `+00:00`.
pub(super) fn take_offset(text: &str) -> Option<(i64, &str)> {
    let zero = ["Z", "z", "UTC", "GMT"].iter().find_map(|mark| text.strip_prefix(mark));
    if let Some(rest) = zero {
        return Some((0, rest));
    }
    let west = text.starts_with(['-', '\u{2212}']);
    let text = text.strip_prefix(['+', '-', '\u{2212}'])?;
    let (hours, rest) = take_digits(text, 2, 2)?;
    let (minutes, rest) = match rest.strip_prefix(':') {
        Some(rest) => take_digits(rest, 2, 2)?,
        None => take_digits(rest, 2, 2).unwrap_or((0, rest)),
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = i64::from(hours * 3600 + minutes * 60);
    Some((if west { -seconds } else { seconds }, rest))
}

/// Whether `AM`, `pm`, `a.m.` or `p. m.` is after noon.
fn take_half_day(text: &str) -> Option<(bool, &str)> {
    let afternoon = text.starts_with(['p', 'P']);
    let rest = text.strip_prefix(['a', 'A', 'p', 'P'])?;
    let rest = rest.strip_prefix('.').map_or(rest, str::trim_start).strip_prefix(['m', 'M'])?;
    Some((afternoon, rest.strip_prefix('.').unwrap_or(rest)))
}

/// A name and the point of its abbreviation, unless the pattern has a point there itself.
fn take_name<'a>(text: &'a str, known: fn(&str) -> Option<u8>, next: Option<&Piece>) -> Option<(u8, &'a str)> {
    let (word, rest) = names::take_word(text);
    let number = known(word)?;
    let point = if next == Some(&Piece::Literal('.')) { None } else { rest.strip_prefix('.') };
    Some((number, point.unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_seconds_to_the_east() {
        for (text, seconds) in [
            ("Z", 0),
            ("UTC", 0),
            ("+0000", 0),
            ("+00", 0),
            ("+03:00", 10_800),
            ("+0300", 10_800),
            ("-08:00", -28_800),
            ("\u{2212}0330", -12_600),
        ] {
            assert_eq!(take_offset(text), Some((seconds, "")), "{text}");
        }
        for text in ["", "+", "+1", "+00:", "+99", "0000", "CET", "+00:60"] {
            assert_eq!(take_offset(text), None, "{text}");
        }
    }

    #[test]
    fn halves_of_the_day_are_written_many_ways() {
        for (text, afternoon) in [("AM", false), ("pm", true), ("a.m.", false), ("p.\u{a0}m.", true), ("P.M.", true)] {
            assert_eq!(take_half_day(text), Some((afternoon, "")), "{text}");
        }
        assert_eq!(take_half_day("noon"), None);
    }

    #[test]
    fn fractions_are_microseconds() {
        assert_eq!(take_fraction("5"), Some((500_000, "")));
        assert_eq!(take_fraction("000001"), Some((1, "")));
        assert_eq!(take_fraction("123456789"), Some((123_456, "")));
    }
}
