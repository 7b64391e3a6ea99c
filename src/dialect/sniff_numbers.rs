//! Which number formats some cells are written in.

use super::number::{Decimal, Number, NumberFormat, Thousands};

/// The formats that are looked for, the likeliest first.
const KNOWN: [NumberFormat; 8] = [
    NumberFormat { decimal: Decimal::Point, thousands: Thousands::None },
    NumberFormat { decimal: Decimal::Point, thousands: Thousands::Comma },
    NumberFormat { decimal: Decimal::Comma, thousands: Thousands::None },
    NumberFormat { decimal: Decimal::Comma, thousands: Thousands::Space },
    NumberFormat { decimal: Decimal::Comma, thousands: Thousands::Point },
    NumberFormat { decimal: Decimal::Point, thousands: Thousands::Space },
    NumberFormat { decimal: Decimal::Point, thousands: Thousands::Apostrophe },
    NumberFormat { decimal: Decimal::Comma, thousands: Thousands::Apostrophe },
];

/// The formats that read every cell which is not empty, bounds such as `< 10%` included; the one to prefer first. The
/// caller takes null spellings out. All formats where no cell is left, none where some cell is no number.
#[must_use]
pub fn number_formats(cells: &[&str]) -> Vec<NumberFormat> {
    let mut formats = KNOWN.to_vec();
    for cell in cells.iter().filter(|cell| !cell.trim().is_empty()) {
        formats.retain(|format| format.parse(cell).is_ok());
        if formats.is_empty() {
            break;
        }
    }
    formats
}

/// Whether two formats read one of the cells as different numbers: `1.200` as 1.2 and as 1200. Cells that one of them
/// does not read, empty ones included, say nothing.
#[must_use]
pub fn is_ambiguous(cells: &[&str], a: NumberFormat, b: NumberFormat) -> bool {
    let read = |format: NumberFormat, cell: &str| -> Option<Number> { format.parse(cell).ok() };
    cells.iter().any(|cell| match (read(a, cell), read(b, cell)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: NumberFormat) -> &'static str {
        match (format.decimal, format.thousands) {
            (Decimal::Point, Thousands::None) => "1.5",
            (Decimal::Point, Thousands::Comma) => "1,200.5",
            (Decimal::Point, Thousands::Space) => "1 200.5",
            (Decimal::Point, Thousands::Apostrophe) => "1'200.5",
            (Decimal::Comma, Thousands::None) => "1,5",
            (Decimal::Comma, Thousands::Point) => "1.200,5",
            (Decimal::Comma, Thousands::Space) => "1 200,5",
            (Decimal::Comma, Thousands::Apostrophe) => "1'200,5",
            _ => "?",
        }
    }

    #[test]
    fn the_first_format_is_the_one_to_prefer() {
        for (cells, first, count) in [
            (&["0", "12", ""][..], "1.5", 8),
            (&["0.62001524003048", "12"], "1.5", 4),
            (&["15.86%", "7%"], "1.5", 4),
            (&["9,380", "2,473.17", "< 10%"], "1,200.5", 1),
            (&["1 178", "23,55", "1,61%"], "1 200,5", 1),
            (&["23,55", "1,61%"], "1,5", 4),
            (&["1.200", "3,50"], "1.200,5", 1),
            (&["0,462"], "1,5", 4),
            (&["1'200"], "1'200.5", 2),
            (&["US$3.38", "US$135.81"], "1.5", 4),
        ] {
            let formats = number_formats(cells);
            assert_eq!(formats.first().map(|f| written(*f)), Some(first), "{cells:?}");
            assert_eq!(formats.len(), count, "{cells:?}");
        }
        assert_eq!(number_formats(&["", " "]).len(), KNOWN.len());
        assert!(number_formats(&["12", "undefined"]).is_empty());
    }

    #[test]
    fn thousands_and_decimals_can_look_alike() {
        let cells = ["1.200", "3.400", ""];
        let formats = number_formats(&cells);
        assert_eq!(formats.first().map(|f| written(*f)), Some("1.5"));
        let german = formats.iter().find(|f| f.thousands == Thousands::Point).expect("a format");
        assert!(is_ambiguous(&cells, formats[0], *german));
        assert!(!is_ambiguous(&["12", "7%"], formats[0], *german));
    }
}
