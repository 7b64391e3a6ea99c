//! Patterns of dates, `DD/MM/YYYY HH:mm`: text → pieces, and every mistake in them.

use super::date::MomentKind;
use std::ops::Range;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Where, in bytes of the pattern.
    pub range: Range<usize>,
    /// What is wrong, for people.
    pub message: String,
}

/// What a part of a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Weekday,
    Hour,
    /// 1 to 12, with [`Field::HalfDay`].
    Hour12,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Offset,
    DayNumber,
}

impl Field {
    /// The field of a run of one letter. `MM` behind an hour is minutes, as spreadsheets write them.
    fn of(letter: char, count: usize, behind_hour: bool) -> Option<Self> {
        Some(match (letter, count) {
            ('Y', 4) => Self::Year,
            ('Y', 2) => Self::ShortYear,
            ('M', 1 | 2) if behind_hour => Self::Minute,
            ('M', 1 | 2) => Self::Month,
            ('M', 3 | 4) => Self::MonthName,
            ('D', 1 | 2) => Self::Day,
            ('d', 3 | 4) => Self::Weekday,
            ('H', 1 | 2) => Self::Hour,
            ('h', 1 | 2) => Self::Hour12,
            ('A', 1) => Self::HalfDay,
            ('m', 1 | 2) => Self::Minute,
            ('s', 1 | 2) => Self::Second,
            ('S', 1..=9) => Self::Fraction,
            ('Z', 1) => Self::Offset,
            ('N', _) => Self::DayNumber,
            _ => return None,
        })
    }

    /// What it is called; fields of one name exclude each other.
    fn name(self) -> &'static str {
        match self {
            Self::Year | Self::ShortYear => "the year",
            Self::Month | Self::MonthName => "the month",
            Self::Day => "the day",
            Self::Weekday => "the weekday",
            Self::Hour | Self::Hour12 => "the hour",
            Self::HalfDay => "AM or PM",
            Self::Minute => "the minutes",
            Self::Second => "the seconds",
            Self::Fraction => "the fraction of a second",
            Self::Offset => "the offset",
            Self::DayNumber => "the day number",
        }
    }

    /// Whether it is read as digits, so that digits before it have to end by their number.
    fn is_digits(self) -> bool {
        !matches!(self, Self::MonthName | Self::Weekday | Self::HalfDay | Self::Offset)
    }
}

/// What the text of a cell must be, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// One or more spaces, Unicode's included.
    Space,
    Literal(char),
    Field {
        field: Field,
        /// How many digits, where nothing else tells its end.
        width: Option<usize>,
    },
}

/// A piece and where it stands.
struct Part {
    piece: Piece,
    range: Range<usize>,
}

impl Part {
    fn field(&self) -> Option<Field> {
        match self.piece {
            Piece::Field { field, .. } => Some(field),
            _ => None,
        }
    }
}

/// The pieces of a pattern, and what its cells are.
pub(super) fn pieces(pattern: &str) -> Result<(Vec<Piece>, MomentKind), PatternError> {
    let mut parts = split(pattern)?;
    // Cells are trimmed: a space at an end would never be there.
    while parts.last().is_some_and(|part| part.piece == Piece::Space) {
        parts.pop();
    }
    let spaces = parts.iter().take_while(|part| part.piece == Piece::Space).count();
    parts.drain(..spaces);
    let kind = kind(&parts, pattern)?;
    fix_widths(&mut parts, pattern)?;
    Ok((parts.into_iter().map(|part| part.piece).collect(), kind))
}

fn split(pattern: &str) -> Result<Vec<Part>, PatternError> {
    let mut parts: Vec<Part> = vec![];
    let mut at = 0;
    while let Some(c) = pattern[at..].chars().next() {
        let start = at;
        at += c.len_utf8();
        match c {
            '\'' => at = quoted(pattern, start, &mut parts)?,
            'T' => parts.push(Part { piece: Piece::Literal(c), range: start..at }),
            _ if c.is_ascii_alphabetic() => {
                let count = pattern[start..].chars().take_while(|other| *other == c).count();
                at = start + count;
                let Some(field) = Field::of(c, count, is_behind_hour(&parts)) else {
                    return Err(PatternError { range: start..at, message: hint(c).to_owned() });
                };
                parts.push(Part { piece: Piece::Field { field, width: None }, range: start..at });
            }
            _ => push_text(&mut parts, c, start..at),
        }
    }
    Ok(parts)
}

/// Adds quoted text and returns where it ends; `''` is a quote, inside and outside.
fn quoted(pattern: &str, start: usize, parts: &mut Vec<Part>) -> Result<usize, PatternError> {
    let mut chars = pattern[start + 1..].char_indices().map(|(at, c)| (start + 1 + at, c)).peekable();
    if let Some((at, '\'')) = chars.peek() {
        parts.push(Part { piece: Piece::Literal('\''), range: start..at + 1 });
        return Ok(at + 1);
    }
    while let Some((at, c)) = chars.next() {
        if c == '\'' && chars.next_if(|(_, next)| *next == '\'').is_none() {
            return Ok(at + 1);
        }
        push_text(parts, c, at..at + c.len_utf8());
    }
    Err(PatternError { range: start..pattern.len(), message: "the quoted text has no end".to_owned() })
}

/// Adds a character that stands for itself. Spaces side by side are one.
fn push_text(parts: &mut Vec<Part>, c: char, range: Range<usize>) {
    if !c.is_whitespace() {
        parts.push(Part { piece: Piece::Literal(c), range });
    } else if parts.last().is_none_or(|part| part.piece != Piece::Space) {
        parts.push(Part { piece: Piece::Space, range });
    }
}

fn is_behind_hour(parts: &[Part]) -> bool {
    let last = parts.iter().rev().find(|part| !matches!(part.piece, Piece::Literal(_)));
    matches!(last.and_then(Part::field), Some(Field::Hour | Field::Hour12))
}

/// What someone may have meant by letters that mean nothing.
fn hint(letter: char) -> &'static str {
    match letter {
        'Y' | 'y' => "the year is `YYYY`, or `YY` for its last two digits",
        'M' => "the month is `M` or `MM`, or `MMM` for its name",
        'D' | 'd' => "the day is `D` or `DD`, and the name of a weekday `ddd`",
        'H' | 'h' => "the hour is `H` or `HH`, or `h` with `A` for AM and PM",
        'm' => "the minutes are `m` or `mm`, and the name of a month `MMM`",
        's' | 'S' => "the seconds are `s` or `ss`, and their fraction `SSS`",
        'A' | 'a' => "AM or PM is `A`",
        'Z' | 'z' => "the offset is `Z`",
        'n' => "a day number is `N`",
        _ => "letters that stand for themselves are quoted: `D 'de' MMMM`",
    }
}

/// What cells of a pattern are, once its fields are known to make sense together.
fn kind(parts: &[Part], pattern: &str) -> Result<MomentKind, PatternError> {
    let whole = 0..pattern.len();
    let named = |name: &str| parts.iter().find(|part| part.field().is_some_and(|f| f.name() == name));
    let has = |name: &str| named(name).is_some();
    let error = |range: &Range<usize>, message: String| Err(PatternError { range: range.clone(), message });
    for (at, part) in parts.iter().enumerate() {
        let Some(field) = part.field() else { continue };
        if parts[..at].iter().any(|other| other.field().is_some_and(|o| o.name() == field.name())) {
            return error(&part.range, format!("{} is given twice", field.name()));
        }
        let message = match field {
            Field::DayNumber if parts.iter().filter(|p| p.field().is_some()).count() > 1 => "a day number stands alone",
            Field::Minute if !has("the hour") => "these are minutes, and there is no hour; the month is `MM`",
            Field::Second if !has("the minutes") => "there are seconds and no minutes",
            Field::Fraction if !has("the seconds") => "there is a fraction and no seconds",
            Field::Hour12 if !has("AM or PM") => "`h` goes to 12 and needs `A`; the hour of 24 is `H`",
            Field::HalfDay if !has("the hour") => "there is AM or PM and no hour",
            Field::Offset if !has("the hour") => "there is an offset and no hour",
            Field::Offset if !has("the year") => "there is an offset and no year",
            _ => continue,
        };
        return error(&part.range, message.to_owned());
    }
    if let (Some(half), Some(hour)) = (named("AM or PM"), named("the hour")) {
        if hour.field() == Some(Field::Hour) {
            return error(&half.range, "`H` goes to 23; the hour with AM or PM is `h`".to_owned());
        }
    }
    if has("the day number") {
        return Ok(MomentKind::Number);
    }
    if let Some(missing) = ["the month", "the day"].into_iter().find(|name| !has(name)) {
        return error(&whole, format!("a date needs {missing}, as in `YYYY-MM-DD`"));
    }
    Ok(match (has("the year"), has("the hour"), has("the offset")) {
        (false, ..) => MomentKind::DayOfYear,
        (true, false, _) => MomentKind::Day,
        (true, true, false) => MomentKind::Wall,
        (true, true, true) => MomentKind::Instant,
    })
}

/// Digits side by side (`YYYYMMDD`) have as many as there are letters; elsewhere `M` and `MM` mean one or two.
fn fix_widths(parts: &mut [Part], pattern: &str) -> Result<(), PatternError> {
    let digits: Vec<bool> = parts.iter().map(|part| part.field().is_some_and(Field::is_digits)).collect();
    for (at, part) in parts.iter_mut().enumerate() {
        let Piece::Field { field, width } = &mut part.piece else { continue };
        let (before, after) = (at > 0 && digits[at - 1], digits.get(at + 1) == Some(&true));
        let letters = part.range.len();
        if !digits[at] || !(before || after) {
            continue;
        }
        if after && (letters == 1 || *field == Field::Fraction) {
            let written = &pattern[part.range.clone()];
            return Err(PatternError {
                range: part.range.clone(),
                message: format!("nothing tells where `{written}` ends and the next digits start"),
            });
        }
        if *field != Field::Fraction && letters > 1 {
            *width = Some(letters);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_pattern() {
        for (pattern, kind) in [
            ("YYYYMMDD", MomentKind::Day),
            ("ddd, MMM D, YYYY", MomentKind::Day),
            ("YYYY-MM-DDTHH:mm", MomentKind::Wall),
            ("MM/DD/YYYY hh:mm:ss A", MomentKind::Wall),
            ("YYYY-MM-DD HH:mm Z", MomentKind::Instant),
            ("D 'de' MMMM", MomentKind::DayOfYear),
            ("D MMMM HH:mm", MomentKind::DayOfYear),
            ("N", MomentKind::Number),
            ("NNNN", MomentKind::Number),
        ] {
            assert_eq!(pieces(pattern).map(|(_, kind)| kind), Ok(kind), "{pattern}");
        }
    }

    #[test]
    fn mm_behind_an_hour_is_minutes() {
        for pattern in ["MM/DD/YYYY HH:MM", "DD/MM/YYYY HH'h'MM", "YYYYMMDDHHMM"] {
            let (pieces, _) = pieces(pattern).expect("a pattern");
            let minutes = pieces.iter().filter(|p| matches!(p, Piece::Field { field: Field::Minute, .. }));
            assert_eq!(minutes.count(), 1, "{pattern}");
        }
        assert!(pieces("HH:mm MM/DD/YYYY").is_ok());
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (pattern, place, part) in [
            ("", "", "needs the month"),
            ("YYYY", "YYYY", "needs the month"),
            ("MMMM YYYY", "MMMM YYYY", "needs the day"),
            ("HH:mm", "HH:mm", "needs the month"),
            ("yyyy-MM-DD", "yyyy", "`YYYY`"),
            ("YYYY-MM-dd", "dd", "`DD`"),
            ("DD/mm/YYYY", "mm", "the month is `MM`"),
            ("DD/MM/YYYY MM", "MM", "the month is given twice"),
            ("DD/MM/YYYY YY", "YY", "the year is given twice"),
            ("DD/MM/YYYY hh:mm", "hh", "needs `A`"),
            ("DD/MM/YYYY HH:mm A", "A", "is `h`"),
            ("DD/MM/YYYY A", "A", "no hour"),
            ("DD/MM/YYYY HH:ss", "ss", "no minutes"),
            ("DD/MM HH:mm Z", "Z", "no year"),
            ("DD/MM/YYYY Z", "Z", "no hour"),
            ("D de MMMM", "d", "the day is"),
            ("D of MMMM", "o", "quoted"),
            ("D 'de MMMM", "'de MMMM", "no end"),
            ("YYYYMDD", "M", "nothing tells where `M` ends"),
            ("N YYYY", "N", "stands alone"),
            ("YYYY-MMMMM-DD", "MMMMM", "`MMM`"),
        ] {
            let error = pieces(pattern).expect_err(pattern);
            assert_eq!(&pattern[error.range.clone()], place, "{pattern}");
            assert!(error.message.contains(part), "{pattern}: {}", error.message);
        }
    }
}
