//! Rows of totals, which networks put first, last, or in several last rows: told by their first words.

use super::find_table::text;
use super::rows::{Cell, Row};

/// Words that a row of totals begins with.
const WORDS: &[&str] = &[
    "Total",
    "Totals",
    "TOTAL",
    "Grand total",
    "Grand Total",
    "Total général",
    "Total general",
    "Totaux",
    "Totale",
    "Totales",
    "Totais",
    "Gesamt",
    "Gesamtsumme",
    "Summe",
];

/// Whether a row holds totals: its first cell says so (or a cell past the header does, as in GA4's explorations), no day
/// dates it, and no key but that first cell tells it apart.
pub(super) fn looks_like_one(row: &Row, header: usize, time: Option<usize>, keys: &[usize]) -> bool {
    let says = |i: usize| {
        // Searches are written in small letters: `total` may be one.
        let may = row.first_byte(i).is_some_and(|byte| byte.is_ascii_uppercase() || !byte.is_ascii() || byte == b' ');
        may && matches!(row.cell(i), Cell::Text(text) if is_word(&text))
    };
    let first = (row.len() > 0 && says(0)) || (row.len() == header + 1 && says(header));
    first
        && time.is_none_or(|time| time == 0 || is_empty(&row.cell(time)))
        && keys.iter().all(|key| *key == 0 || is_empty(&row.cell(*key)))
}

fn is_empty(cell: &Cell<'_>) -> bool {
    // `--` and the like.
    !text(cell).chars().any(char::is_alphanumeric)
}

/// Whether a text is a word for totals.
pub(super) fn is_word(text: &str) -> bool {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_uppercase()) {
        return false;
    }
    let head = text.split([':', '\u{a0}', '\u{202f}']).next().unwrap_or_default().trim();
    WORDS.contains(&text) || (head.len() < text.len() && WORDS.contains(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_told_by_their_first_words() {
        for text in ["Total", "Grand total", "Total: Campaigns", "Total\u{a0}: Campagnes", "Total général"] {
            assert!(is_word(text), "{text}");
        }
        for text in ["total", "Total energies", "TotalEnergies", "", "Totally", "Sum of parts"] {
            assert!(!is_word(text), "{text}");
        }
    }

    #[test]
    fn a_row_with_a_day_or_a_key_is_none() {
        let row = |cells: &[&str]| Row {
            content: super::super::rows::Content::Cells(
                cells
                    .iter()
                    .map(|c| if c.is_empty() { Cell::Empty } else { Cell::Text((*c).to_owned().into()) })
                    .collect(),
            ),
            ..Row::default()
        };
        assert!(looks_like_one(&row(&["Total", "", "12"]), 3, Some(1), &[]));
        assert!(looks_like_one(&row(&["Total: Account", " --", "12"]), 3, Some(1), &[]));
        assert!(!looks_like_one(&row(&["Total", "2025-01-01", "12"]), 3, Some(1), &[]));
        assert!(!looks_like_one(&row(&["Total", "p12", "12"]), 3, None, &[1]));
        assert!(looks_like_one(&row(&["", "12", "15", "Grand total"]), 3, None, &[]));
    }
}
