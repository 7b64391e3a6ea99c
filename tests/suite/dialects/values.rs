//! How one value is written: numbers, dates and texts in the forms that exports have.

use crate::oracle::Random;
use jiff::civil::{date, Date};
use jiff::ToSpan as _;

/// What parts groups of three digits; the word of the pipeline language, and the characters.
pub(super) const THOUSANDS: [(&str, &[char]); 5] = [
    ("none", &[]),
    ("comma", &[',']),
    ("point", &['.']),
    ("space", &[' ', '\u{a0}', '\u{202f}']),
    ("apostrophe", &['\'', '\u{2019}']),
];

/// What a measure's numbers have around them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dress {
    Bare,
    Percent,
    /// A mark before or behind the number.
    Money(&'static str, bool),
    /// `K` behind the number.
    Thousand,
}

/// How the numbers of a file are written.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) decimal: char,
    pub(super) thousands: usize,
    /// The characters that may part thousands: of those above, what the encoding has.
    pub(super) marks: Vec<char>,
    pub(super) minus: char,
    pub(super) nulls: Vec<&'static str>,
}

/// A decimal number: digits, how many of them are decimals, the sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub(super) digits: u64,
    pub(super) decimals: usize,
    pub(super) is_negative: bool,
}

impl Amount {
    fn parts(self) -> (String, String) {
        let all = format!("{:0>width$}", self.digits, width = self.decimals + 1);
        let (front, decimals) = all.split_at(all.len() - self.decimals);
        (front.to_owned(), decimals.to_owned())
    }

    /// Its value times a power of ten, by the standard library's parser.
    pub(super) fn value(self, power: i32) -> f64 {
        let (front, decimals) = self.parts();
        let sign = if self.is_negative { "-" } else { "" };
        let decimals = if decimals.is_empty() { "0".to_owned() } else { decimals };
        format!("{sign}{front}.{decimals}e{power}").parse().expect("a number")
    }

    /// As a cell.
    pub(super) fn written(self, numbers: &Numbers, dress: Dress, random: &mut Random) -> String {
        let (front, decimals) = self.parts();
        let grouped = if !numbers.marks.is_empty() && random.chance(70) {
            let mark = *random.pick(&numbers.marks);
            grouped(&front, mark)
        } else {
            front
        };
        let decimals = if decimals.is_empty() { decimals } else { format!("{}{decimals}", numbers.decimal) };
        let sign = if self.is_negative { numbers.minus.to_string() } else { String::new() };
        let space = if random.chance(50) { " " } else { "" };
        match dress {
            Dress::Bare => format!("{sign}{grouped}{decimals}"),
            Dress::Percent => format!("{sign}{grouped}{decimals}{space}%"),
            Dress::Thousand => format!("{sign}{grouped}{decimals}K"),
            Dress::Money(mark, true) if random.chance(50) => format!("{mark}{sign}{grouped}{decimals}"),
            Dress::Money(mark, true) => format!("{sign}{mark}{grouped}{decimals}"),
            Dress::Money(mark, false) => format!("{sign}{grouped}{decimals}{space}{mark}"),
        }
    }
}

fn grouped(digits: &str, mark: char) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// The day with a number, counted from 1970-01-01.
pub(super) fn civil(day: i32) -> Date {
    date(1970, 1, 1).checked_add(day.days()).expect("a day of our time")
}

/// The number of a day.
pub(super) fn number(of: Date) -> i32 {
    (of - date(1970, 1, 1)).get_days()
}

/// How dates are written: the pattern of the pipeline language, and in which language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Dates {
    pub(super) pattern: &'static str,
    pub(super) language: usize,
    /// Whether it says neither year nor day without the export's period.
    pub(super) needs_period: bool,
}

pub(super) const DATES: [Dates; 24] = [
    of("ISO", 0, false),
    of("ISO", 0, false),
    of("ISO T", 0, false),
    of("ISO time", 0, false),
    of("MM/DD/YYYY", 0, false),
    of("M/D/YYYY", 0, false),
    of("DD/MM/YYYY", 0, false),
    of("D/M/YYYY", 0, false),
    of("DD.MM.YY", 0, false),
    of("YYYYMMDD", 0, false),
    of("ddd, MMM D, YYYY", 0, false),
    of("D MMMM YYYY", 0, false),
    of("D MMMM YYYY", 1, false),
    of("D MMMM YYYY", 2, false),
    of("D 'de' MMMM 'de' YYYY", 2, false),
    of("MM/DD/YYYY HH:mm", 0, false),
    of("DD/MM/YYYY HH:mm", 0, false),
    of("MM/DD/YYYY h:mm A", 0, false),
    of("D MMMM YYYY HH:mm", 1, false),
    of("MMMM D", 0, true),
    of("D MMMM", 1, true),
    of("D 'de' MMMM", 2, true),
    of("N", 0, true),
    of("MMM D, YYYY", 2, false),
];

const fn of(pattern: &'static str, language: usize, needs_period: bool) -> Dates {
    Dates { pattern, language, needs_period }
}

#[rustfmt::skip]
const MONTHS: [[&str; 12]; 3] = [
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
     "December"],
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
     "décembre"],
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
     "diciembre"],
];

#[rustfmt::skip]
const SHORT: [[&str; 12]; 3] = [
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"],
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
];

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Dates {
    /// What the pipeline says: `None` where nothing need be said.
    pub(super) fn declared(self) -> Option<&'static str> {
        if self.pattern.starts_with("ISO") {
            None
        } else {
            Some(self.pattern)
        }
    }

    /// A day, and the minutes of it where the form has a time. `start` is the first day of the period.
    pub(super) fn written(self, day: i32, minutes: u16, start: i32) -> String {
        let of = civil(day);
        let (year, month, day_of_month) = (of.year(), of.month(), of.day());
        let place = usize::try_from(month - 1).expect("a month");
        let (long, short) = (MONTHS[self.language][place], SHORT[self.language][place]);
        let (hour, minute) = (minutes / 60, minutes % 60);
        let first = if self.language == 1 && day_of_month == 1 { "1er".to_owned() } else { day_of_month.to_string() };
        match self.pattern {
            "ISO" => of.to_string(),
            "ISO T" => format!("{of}T{hour:02}:{minute:02}:00"),
            "ISO time" => format!("{of} {hour:02}:{minute:02}:59.5"),
            "MM/DD/YYYY" => format!("{month:02}/{day_of_month:02}/{year}"),
            "M/D/YYYY" => format!("{month}/{day_of_month}/{year}"),
            "DD/MM/YYYY" => format!("{day_of_month:02}/{month:02}/{year}"),
            "D/M/YYYY" => format!("{day_of_month}/{month}/{year}"),
            "DD.MM.YY" => format!("{day_of_month:02}.{month:02}.{:02}", year % 100),
            "YYYYMMDD" => format!("{year}{month:02}{day_of_month:02}"),
            "ddd, MMM D, YYYY" => {
                let weekday = WEEKDAYS[usize::try_from(of.weekday().to_monday_zero_offset()).expect("a weekday")];
                format!("{weekday}, {short} {day_of_month}, {year}")
            }
            "MMM D, YYYY" => format!("{short} {day_of_month}, {year}"),
            "D MMMM YYYY" => format!("{first} {long} {year}"),
            "D 'de' MMMM 'de' YYYY" => format!("{first} de {long} de {year}"),
            "MM/DD/YYYY HH:mm" => format!("{month:02}/{day_of_month:02}/{year} {hour:02}:{minute:02}"),
            "DD/MM/YYYY HH:mm" => format!("{day_of_month:02}/{month:02}/{year} {hour:02}:{minute:02}"),
            "MM/DD/YYYY h:mm A" => {
                let half = if hour < 12 { "AM" } else { "PM" };
                format!("{month:02}/{day_of_month:02}/{year} {}:{minute:02} {half}", (hour + 11) % 12 + 1)
            }
            "D MMMM YYYY HH:mm" => format!("{first} {long} {year} {hour:02}:{minute:02}"),
            "MMMM D" => format!("{long} {day_of_month}"),
            "D MMMM" => format!("{first} {long}"),
            "D 'de' MMMM" => format!("{first} de {long}"),
            "N" => format!("{:04}", day - start),
            other => panic!("{other}"),
        }
    }
}

/// Texts that a dimension may hold, among them what breaks readers.
const TEXTS: [&str; 44] = [
    "Paris",
    "Facebook",
    "Caffè",
    "Cafe\u{301}",
    "Zürich – Nord",
    "北京",
    "🙂 émoji",
    "שלום",
    "a, b",
    "a; b",
    "a\tb",
    "say \"hi\"",
    "\"quoted\"",
    "5\" wide",
    "\"",
    "\"\"",
    "two\nlines",
    "two\r\nlines",
    "a blank\n\nline",
    "\nfirst",
    " leading",
    "trailing  ",
    "\u{a0}both\u{202f}",
    "   ",
    "NA",
    "N/A",
    "null",
    "NULL",
    "none",
    "NaN",
    "-",
    "--",
    "true",
    "12",
    "007",
    "1.5",
    "2025-01-01",
    "3.0672E+14",
    "=SUM(A1:A9)",
    "'apostrophe",
    "# not a comment",
    "Total",
    "Date",
    "sep=;",
];

/// A text, as it stands in a cell; only of what the encoding has.
pub(super) fn text(fits: &dyn Fn(char) -> bool, random: &mut Random) -> String {
    loop {
        let text = match random.below(12) {
            0 => String::new(),
            1 => format!("{}{}{}", random.pick(&TEXTS), random.pick(&[",", " ", ";", "\"", ""]), random.pick(&TEXTS)),
            2 => "long ".repeat(random.below(120)),
            _ => (*random.pick(&TEXTS)).to_owned(),
        };
        if text.chars().all(fits) {
            return text;
        }
    }
}
