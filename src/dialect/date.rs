//! One way of writing dates, told by a pattern that a spreadsheet's user knows: `DD/MM/YYYY HH:mm`.

use super::fields::{take_digits, take_fraction, take_offset, time_of_day, Fields, MICROS_OF_DAY, YEARS};
use super::pattern::{pieces, PatternError, Piece};
use crate::calendar::{civil, parse_date};

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A day, counted from 1970-01-01.
    Day(i32),
    /// A date and a time of no zone: microseconds since 1970-01-01T00:00 on the same clock.
    Wall(i64),
    /// A date, a time and an offset: microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// A day of an unnamed year, the 29th of February included. See [`in_period`](super::in_period).
    DayOfYear {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
        /// Microseconds since midnight; 0 where the pattern has no time.
        micros: i64,
    },
    /// Days after the first day of the export's period, which is 0.
    Number(i32),
}

/// What all cells of a pattern are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MomentKind {
    /// [`Moment::Day`]
    Day,
    /// [`Moment::Wall`]
    Wall,
    /// [`Moment::Instant`]
    Instant,
    /// [`Moment::DayOfYear`]
    DayOfYear,
    /// [`Moment::Number`]
    Number,
}

impl Moment {
    /// Its kind.
    #[must_use]
    pub fn kind(self) -> MomentKind {
        match self {
            Self::Day(_) => MomentKind::Day,
            Self::Wall(_) => MomentKind::Wall,
            Self::Instant(_) => MomentKind::Instant,
            Self::DayOfYear { .. } => MomentKind::DayOfYear,
            Self::Number(_) => MomentKind::Number,
        }
    }
}

/// A way of writing dates; the default is `ISO`.
///
/// | in the pattern | in a cell |
/// |---|---|
/// | `YYYY`, `YY` | the year; 00 to 68 are 20xx, 69 to 99 are 19xx |
/// | `M`, `MM` | the month, one or two digits |
/// | `MMM`, `MMMM` | its name in English, French or Spanish, in full or short |
/// | `D`, `DD` | the day, one or two digits, and `1er` |
/// | `ddd`, `dddd` | the weekday's name; of a full date it must be the right one |
/// | `H`, `HH` | the hour, 0 to 23 |
/// | `h`, `hh` with `A` | the hour, 1 to 12, and AM or PM |
/// | `m`, `mm` (`MM` behind an hour) | the minutes |
/// | `s`, `ss`, `SSS` | the seconds, and a fraction of 1 to 9 digits |
/// | `Z` | the offset: `Z`, `+00`, `+0000`, `+00:00` |
/// | `N` | a day number, from the first day of the export's period |
/// | a space | one or more spaces, Unicode's included |
/// | `'de'` | that text; `''` is a quote |
/// | `T`, and what is no letter | itself |
///
/// Digits side by side (`YYYYMMDD`) have exactly as many as there are letters. `ISO` alone reads `YYYY-MM-DD`, with a
/// time (`T` or a space, `HH:MM`, seconds and a fraction) and an offset where the cell has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    pattern: String,
    /// None for `ISO`.
    pieces: Vec<Piece>,
    kind: Option<MomentKind>,
}

impl Default for DateFormat {
    fn default() -> Self {
        Self { pattern: Self::ISO.to_owned(), pieces: vec![], kind: None }
    }
}

impl DateFormat {
    /// The pattern of ISO 8601.
    pub const ISO: &'static str = "ISO";

    /// The format of a pattern.
    ///
    /// # Errors
    /// Where the pattern has letters that mean nothing, or no day and month, or parts that contradict each other.
    pub fn compile(pattern: &str) -> Result<Self, PatternError> {
        if pattern == Self::ISO {
            return Ok(Self::default());
        }
        let (pieces, kind) = pieces(pattern)?;
        Ok(Self { pattern: pattern.to_owned(), pieces, kind: Some(kind) })
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// What every cell is; `None` for `ISO`, whose cells tell it themselves.
    #[must_use]
    pub fn kind(&self) -> Option<MomentKind> {
        self.kind
    }

    /// What a cell says, spaces around it aside; `None` where it is written another way, is empty, or where there is no
    /// such day or time (30 February). Years are 1900 to 2199.
    #[must_use]
    pub fn parse(&self, cell: &str) -> Option<Moment> {
        let mut rest = cell.trim();
        let Some(kind) = self.kind else { return iso(rest) };
        let mut fields = Fields::default();
        for (at, piece) in self.pieces.iter().enumerate() {
            rest = fields.take(piece, self.pieces.get(at + 1), rest)?;
        }
        if rest.is_empty() {
            fields.moment(kind)
        } else {
            None
        }
    }
}

fn iso(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let day = parse_date(date).filter(|day| YEARS.contains(&civil(*day).0))?;
    if rest.is_empty() {
        return Some(Moment::Day(day));
    }
    let rest = rest.strip_prefix(['T', 't']).or_else(|| rest.strip_prefix(char::is_whitespace).map(str::trim_start))?;
    let (hour, rest) = take_digits(rest, 2, 2)?;
    let (minute, mut rest) = take_digits(rest.strip_prefix(':')?, 2, 2)?;
    let (mut second, mut micros) = (0, 0);
    if let Some(behind) = rest.strip_prefix(':') {
        (second, rest) = take_digits(behind, 2, 2)?;
        if let Some(behind) = rest.strip_prefix(['.', ',']) {
            (micros, rest) = take_fraction(behind)?;
        }
    }
    let wall = i64::from(day) * MICROS_OF_DAY + time_of_day(hour, minute, second, micros)?;
    if rest.is_empty() {
        return Some(Moment::Wall(wall));
    }
    match take_offset(rest)? {
        (offset, "") => Some(Moment::Instant(wall - offset * 1_000_000)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Field;
    use super::*;
    use crate::calendar::{day_of_week, iso_date};
    use proptest::prelude::*;

    /// A moment as text, to compare with.
    fn told(moment: Moment) -> String {
        let time = |micros: i64| {
            let seconds = micros / 1_000_000;
            let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            if micros % 1_000_000 == 0 {
                time
            } else {
                format!("{time}.{:06}", micros % 1_000_000)
            }
        };
        let date = |micros: i64| iso_date(i32::try_from(micros.div_euclid(MICROS_OF_DAY)).expect("a day"));
        match moment {
            Moment::Day(day) => iso_date(day),
            Moment::Wall(micros) => format!("{} {}", date(micros), time(micros.rem_euclid(MICROS_OF_DAY))),
            Moment::Instant(micros) => format!("{} {}Z", date(micros), time(micros.rem_euclid(MICROS_OF_DAY))),
            Moment::DayOfYear { month, day, micros } => format!("{month}-{day} {}", time(micros)),
            Moment::Number(number) => format!("day {number}"),
        }
    }

    fn read(pattern: &str, cell: &str) -> Option<String> {
        let format = DateFormat::compile(pattern).expect(pattern);
        let moment = format.parse(cell)?;
        assert!(format.kind().is_none_or(|kind| kind == moment.kind()), "{pattern}: {cell}");
        Some(told(moment))
    }

    #[test]
    fn dates_of_real_exports() {
        for (pattern, cell, expected) in [
            ("ISO", "2025-02-05", "2025-02-05"),
            ("ISO", "\u{a0}2025-02-05 ", "2025-02-05"),
            ("ISO", "2024-03-31T00:00:00", "2024-03-31 00:00:00"),
            ("ISO", "2024-03-31 01:02", "2024-03-31 01:02:00"),
            ("ISO", "2024-03-31T01:02:03.5", "2024-03-31 01:02:03.500000"),
            ("ISO", "2023-04-21T14:51:11+0300", "2023-04-21 11:51:11Z"),
            ("ISO", "2023-04-21T14:51Z", "2023-04-21 14:51:00Z"),
            ("ISO", "1969-12-31T23:59:59.999999Z", "1969-12-31 23:59:59.999999Z"),
            ("MM/DD/YYYY HH:mm", "04/02/2024 04:32", "2024-04-02 04:32:00"),
            ("MM/DD/YYYY HH:MM", "10/1/2024 3:30", "2024-10-01 03:30:00"),
            ("M/D/YYYY", "8/24/2014", "2014-08-24"),
            ("MM/DD/YYYY hh:mm:ss A", "02/14/2016 12:40:16 AM", "2016-02-14 00:40:16"),
            ("MM/DD/YYYY h:mm A", "02/14/2016 12:40 p.m.", "2016-02-14 12:40:00"),
            ("M/D/YY HH:mm", "10/16/17 22:59", "2017-10-16 22:59:00"),
            ("D/M/YY", "1/2/69", "1969-02-01"),
            ("D/M/YY", "1/2/68", "2068-02-01"),
            ("YYYY-MM-DD HH:mm Z", "2021-08-31 19:53 +0000", "2021-08-31 19:53:00Z"),
            ("YYYY-MM-DD HH:mm:ss.SSS Z", "2021-08-31 19:53:01.25 -08:00", "2021-09-01 03:53:01.250000Z"),
            ("ddd MMM D YYYY", "Thu Mar 20 2025", "2025-03-20"),
            ("ddd, MMM D, YYYY", "Fri, Mar 21, 2025", "2025-03-21"),
            ("dddd D MMMM YYYY", "vendredi 21  mars\u{202f}2025", "2025-03-21"),
            ("MMMM D", "February 28", "2-28 00:00:00"),
            ("MMMM D", "February 29", "2-29 00:00:00"),
            ("D 'de' MMMM", "8 de marzo", "3-8 00:00:00"),
            ("D 'de' MMMM", "8\u{a0}de marzo", "3-8 00:00:00"),
            ("MMM D, YYYY", "Jan 6, 2024", "2024-01-06"),
            ("D MMM YYYY", "3 févr. 2025", "2025-02-03"),
            ("D MMM YYYY", "1er août 2025", "2025-08-01"),
            ("D.MMM.YYYY", "3.Mar.2025", "2025-03-03"),
            ("YYYYMMDD", "20231010", "2023-10-10"),
            ("YYYYMMDDHHmmss", "20231010235958", "2023-10-10 23:59:58"),
            ("YYYY年M月D日", "2023年1月10日", "2023-01-10"),
            ("D MMMM HH'h'mm", "16 juillet 9h05", "7-16 09:05:00"),
            ("D MMMM h 'o''clock' A", "16 July 9 o'clock PM", "7-16 21:00:00"),
            ("N", "0000", "day 0"),
            ("N", "0121", "day 121"),
        ] {
            assert_eq!(read(pattern, cell).as_deref(), Some(expected), "{pattern}: {cell}");
        }
    }

    #[test]
    fn what_is_written_another_way_is_no_date() {
        for (pattern, cell) in [
            ("ISO", ""),
            ("ISO", "2025-02-30"),
            ("ISO", "1899-12-31"),
            ("ISO", "2200-01-01"),
            ("ISO", "2025-2-5"),
            ("ISO", "2025-02-05T"),
            ("ISO", "2025-02-05T24:00"),
            ("ISO", "2025-02-05T10"),
            ("ISO", "2025-02-05T10:00:60"),
            ("ISO", "2025-02-05T10:00:00."),
            ("ISO", "2025-02-05T10:00+1"),
            ("ISO", "2025-02-05 10:00 +0000"),
            ("ISO", "2025-02-0é"),
            ("MM/DD/YYYY", "31/12/2024"),
            ("MM/DD/YYYY", "12/31/24"),
            ("MM/DD/YYYY", "12/31/2024 10:00"),
            ("MM/DD/YY", "12/31/2024"),
            ("DD/MM/YYYY", "29/02/2025"),
            ("DD/MM/YYYY", "00/02/2025"),
            ("D MMMM", "30 février"),
            ("D MMMM", "30 floréal"),
            ("ddd MMM D YYYY", "Fri Mar 20 2025"),
            ("ddd MMM D YYYY", "Foo Mar 20 2025"),
            ("YYYYMMDD", "2023101"),
            ("YYYYMMDD", "202310100"),
            ("h:mm A D/M/YYYY", "13:00 PM 1/1/2025"),
            ("h:mm A D/M/YYYY", "0:00 AM 1/1/2025"),
            ("D M YYYY", "1-1-2025"),
            ("D/M/YYYY", "2er/1/2025"),
            ("N", "-1"),
            ("N", "1.0"),
            ("N", "12345678901"),
        ] {
            assert_eq!(read(pattern, cell), None, "{pattern}: {cell}");
        }
    }

    #[test]
    fn the_default_is_iso() {
        let format = DateFormat::default();
        assert_eq!((format.pattern(), format.kind()), ("ISO", None));
        assert_eq!(DateFormat::compile("ISO"), Ok(format));
        let error = DateFormat::compile("DD/mm/YYYY").expect_err("minutes");
        assert_eq!(error.range, 3..5);
    }

    const NAMES: [[&str; 12]; 3] = [
        ["January", "Feb", "March", "Apr", "May", "June", "Jul", "August", "Sept", "Oct", "November", "Dec"],
        ["janvier", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "octobre", "nov.", "décembre"],
        ["enero", "feb.", "marzo", "abr", "mayo", "junio", "julio", "ago.", "septiembre", "oct", "noviembre", "dic"],
    ];
    const DAYS: [[&str; 7]; 3] = [
        ["Mon", "Tue", "Wednesday", "Thu", "Fri", "Saturday", "Sun"],
        ["lundi", "mar.", "mercredi", "jeu.", "vendredi", "sam.", "dimanche"],
        ["lunes", "mar.", "miércoles", "jueves", "vie", "sábado", "dom."],
    ];

    /// A cell of a format, the inverse of reading.
    fn written(format: &DateFormat, day: i32, micros: i64, language: usize, space: &str) -> String {
        let (year, month, date) = civil(day);
        let name = |list: &[&'static str], at: i32| list[usize::try_from(at).expect("an index")];
        let seconds = micros / 1_000_000;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let part = |piece: &Piece| match piece {
            Piece::Space => space.to_owned(),
            Piece::Literal(c) => c.to_string(),
            Piece::Field { field, width } => {
                let digits = |n: i64| width.map_or_else(|| n.to_string(), |_| format!("{n:02}"));
                match field {
                    Field::Year => year.to_string(),
                    Field::ShortYear => format!("{:02}", year % 100),
                    Field::Month => digits(i64::from(month)),
                    Field::MonthName => name(&NAMES[language], month - 1).to_owned(),
                    Field::Day if date == 1 && language == 1 && width.is_none() => "1er".to_owned(),
                    Field::Day => digits(i64::from(date)),
                    Field::Weekday => name(&DAYS[language], day_of_week(day)).to_owned(),
                    Field::Hour => digits(hour),
                    Field::Hour12 => digits((hour + 11) % 12 + 1),
                    Field::HalfDay => if hour < 12 { "a.m." } else { "PM" }.to_owned(),
                    Field::Minute => digits(minute),
                    Field::Second => format!("{second:02}"),
                    Field::Fraction => format!("{:06}", micros % 1_000_000),
                    Field::Offset => "+02:00".to_owned(),
                    Field::DayNumber => unreachable!("no year"),
                }
            }
        };
        format.pieces.iter().map(part).collect()
    }

    proptest! {
        // The days that `YY` can tell: 1969 to 2068.
        #[test]
        fn a_date_written_by_any_pattern_reads_back(
            day in -365_i32..36_160,
            micros in 0..MICROS_OF_DAY,
            language in 0..3_usize,
            space in 0..3_usize,
        ) {
            for pattern in [
                "YYYY-MM-DD",
                "YYYYMMDD",
                "D/M/YYYY",
                "MM.DD.YYYY",
                "ddd MMM D YYYY",
                "dddd, D 'de' MMMM 'de' YYYY",
                "D-MMM-YY",
                "YYYYMMDDTHHmmssSSS",
                "DD/MM/YYYY HH:MM:ss.SSS",
                "hh:mm:ss.SSS A, MMM D, YYYY",
                "A h:mm:ss.SSS ddd D/M/YYYY",
                "YYYY-MM-DDTHH:mm:ss.SSSZ",
                "ddd MMM DD HH:mm:ss.SSS Z YYYY",
            ] {
                let format = DateFormat::compile(pattern).expect(pattern);
                let cell = written(&format, day, micros, language, [" ", "\u{a0}", "  "][space]);
                let wall = i64::from(day) * MICROS_OF_DAY + micros;
                let expected = match format.kind() {
                    Some(MomentKind::Day) => Moment::Day(day),
                    Some(MomentKind::Wall) => Moment::Wall(wall),
                    _ => Moment::Instant(wall - 7_200_000_000),
                };
                prop_assert_eq!(format.parse(&cell), Some(expected), "{}: {}", pattern, cell);
            }
        }

        #[test]
        fn no_cell_and_no_pattern_is_too_strange(cell in "\\PC{0,16}", pattern in "[YMDdHhAmsSZNTé' :/]{0,12}") {
            if let Ok(format) = DateFormat::compile(&pattern) {
                let _ = format.parse(&cell);
                let _ = format.parse(&pattern);
            }
            let _ = DateFormat::default().parse(&cell);
            let _ = super::super::period_in(&cell);
        }
    }
}
