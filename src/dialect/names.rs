//! Names of months and weekdays in English, French and Spanish, in full or short, with or without accents.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::UnicodeNormalization as _;

/// Months, folded. The languages share words only where they mean the same month.
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "janvier", "janv", "enero", "ene"],
    &["february", "feb", "fevrier", "fevr", "fev", "febrero"],
    &["march", "mar", "mars", "marzo"],
    &["april", "apr", "avril", "avr", "abril", "abr"],
    &["may", "mai", "mayo"],
    &["june", "jun", "juin", "junio"],
    &["july", "jul", "juillet", "juil", "julio"],
    &["august", "aug", "aout", "agosto", "ago"],
    &["september", "sept", "sep", "septembre", "septiembre", "setiembre", "set"],
    &["october", "oct", "octobre", "octubre"],
    &["november", "nov", "novembre", "noviembre"],
    &["december", "dec", "decembre", "diciembre", "dic"],
];

/// Weekdays from Monday, folded.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "mon", "lundi", "lunes", "lun"],
    &["tuesday", "tue", "tues", "mardi", "martes", "mar"],
    &["wednesday", "wed", "mercredi", "mer", "miercoles", "mie"],
    &["thursday", "thu", "thur", "thurs", "jeudi", "jeu", "jueves", "jue"],
    &["friday", "fri", "vendredi", "ven", "viernes", "vie"],
    &["saturday", "sat", "samedi", "sam", "sabado", "sab"],
    &["sunday", "sun", "dimanche", "dim", "domingo", "dom"],
];

/// The month (1 to 12) that a word names.
pub(super) fn month(word: &str) -> Option<u8> {
    position(&MONTHS, word).map(|at| at + 1)
}

/// The weekday (Monday 0 to Sunday 6) that a word names.
pub(super) fn weekday(word: &str) -> Option<u8> {
    position(&WEEKDAYS, word)
}

/// The word that a text starts with, and what follows; the word may be empty.
pub(super) fn take_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_letter(c)).unwrap_or(text.len()))
}

/// A letter, or an accent that stands apart from it.
pub(super) fn is_letter(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c)
}

/// Case and accents do not count: `Février`, `FEVRIER`.
fn position(names: &[&[&str]], word: &str) -> Option<u8> {
    let folded: String = if word.is_ascii() {
        word.to_ascii_lowercase()
    } else {
        word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
    };
    names.iter().position(|known| known.contains(&folded.as_str())).and_then(|at| u8::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_three_languages() {
        for (word, number) in [
            ("February", 2),
            ("feb", 2),
            ("févr", 2),
            ("fevrier", 2),
            ("FÉVRIER", 2),
            ("fe\u{301}vrier", 2),
            ("août", 8),
            ("aout", 8),
            ("marzo", 3),
            ("abr", 4),
            ("Sept", 9),
            ("décembre", 12),
        ] {
            assert_eq!(month(word), Some(number), "{word}");
        }
        for (word, number) in [("Fri", 4), ("jeudi", 3), ("miércoles", 2), ("SÁBADO", 5), ("Mon", 0), ("dim", 6)] {
            assert_eq!(weekday(word), Some(number), "{word}");
        }
        for word in ["", "ma", "marc", "Lifetime", "Global", "februar"] {
            assert_eq!((month(word), weekday(word)), (None, None), "{word}");
        }
    }

    #[test]
    fn no_word_means_two_things() {
        for names in [&MONTHS[..], &WEEKDAYS[..]] {
            let mut words: Vec<&str> = names.iter().flat_map(|known| known.iter().copied()).collect();
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), count);
        }
    }

    #[test]
    fn a_word_ends_where_its_letters_do() {
        assert_eq!(take_word("févr. 2025"), ("févr", ". 2025"));
        assert_eq!(take_word("fe\u{301}vr2025"), ("fe\u{301}vr", "2025"));
        assert_eq!(take_word("2025"), ("", "2025"));
    }
}
