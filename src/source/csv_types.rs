//! What a cell of text looks like, and what a column of such cells holds.

use crate::calendar::parse_date;
use crate::catalog::Physical;
use crate::expr::Type;

/// What a cell looks like.
pub(super) fn of_cell(cell: &str) -> Physical {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits {
        // An id such as 00123 or one with more digits than 64 bits hold would lose some as a number.
        let faithful = (digits.len() == 1 || !digits.starts_with('0')) && cell.parse::<i64>().is_ok();
        return Physical::Typed(if faithful { Type::Int } else { Type::Text });
    }
    if is_number(digits) {
        return Physical::Typed(Type::Float);
    }
    if cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false") {
        return Physical::Typed(Type::Bool);
    }
    if parse_date(cell).is_some() {
        return Physical::Typed(Type::Date);
    }
    timestamp(cell).unwrap_or(Physical::Typed(Type::Text))
}

/// `12.5`, `.5`, `1e-3`: what a machine writes; no words such as `nan`.
fn is_number(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    starts_well && plain && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `2025-01-31T12:30:00`, with a space or `T`, with or without fraction, `Z` or offset.
fn timestamp(cell: &str) -> Option<Physical> {
    let (date, rest) = (cell.get(..10)?, cell.get(10..)?);
    parse_date(date)?;
    let time = rest.strip_prefix(['T', ' '])?;
    let clock = time.get(..8)?;
    let well_formed =
        clock.bytes().enumerate().all(|(i, b)| if i == 2 || i == 5 { b == b':' } else { b.is_ascii_digit() });
    if !well_formed {
        return None;
    }
    let zone = time[8..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).trim();
    match zone {
        "" => Some(Physical::Timestamp { zoned: false }),
        "Z" => Some(Physical::Timestamp { zoned: true }),
        _ if zone.starts_with(['+', '-']) => Some(Physical::Timestamp { zoned: true }),
        _ => None,
    }
}

pub(super) fn merge(left: &Physical, right: &Physical) -> Physical {
    use Physical::{Empty, Timestamp, Typed};
    match (left, right) {
        _ if left == right => left.clone(),
        (Empty, other) | (other, Empty) => other.clone(),
        (Typed(Type::Int), Typed(Type::Float)) | (Typed(Type::Float), Typed(Type::Int)) => Typed(Type::Float),
        (Typed(Type::Date), Timestamp { zoned: false }) | (Timestamp { zoned: false }, Typed(Type::Date)) => {
            Timestamp { zoned: false }
        }
        _ => Typed(Type::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_tell_their_type() {
        let typed = |cell: &str| of_cell(cell);
        assert_eq!(typed("12"), Physical::Typed(Type::Int));
        assert_eq!(typed("-0.5e3"), Physical::Typed(Type::Float));
        assert_eq!(typed("007"), Physical::Typed(Type::Text));
        assert_eq!(typed("12345678901234567890"), Physical::Typed(Type::Text));
        assert_eq!(typed("NaN"), Physical::Typed(Type::Text));
        assert_eq!(typed("NA"), Physical::Typed(Type::Text));
        assert_eq!(typed("2024-02-30"), Physical::Typed(Type::Text));
        assert_eq!(typed("2024-02-29"), Physical::Typed(Type::Date));
        assert_eq!(typed("2024-02-29 10:11:12.5"), Physical::Timestamp { zoned: false });
        assert_eq!(typed("2024-02-29T10:11:12+01:00"), Physical::Timestamp { zoned: true });
    }
}
