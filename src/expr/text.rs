//! What functions of texts come to.

/// The part of a text between separators, counted from 1; none where it is missing or empty.
#[must_use]
pub fn split_part<'t>(text: &'t str, separator: &str, part: usize) -> Option<&'t str> {
    text.split(separator).nth(part.checked_sub(1)?).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_one_and_empty_ones_are_missing() {
        let parts = |text: &str, separator: &str| [1, 2, 3].map(|n| split_part(text, separator, n).map(str::to_owned));
        let of = |parts: [&str; 3]| parts.map(|part| (!part.is_empty()).then(|| part.to_owned()));
        assert_eq!(parts("google / organic", " / "), of(["google", "organic", ""]));
        assert_eq!(parts("a_b_c_d", "_"), of(["a", "b", "c"]));
        assert_eq!(parts("_b__d", "_"), of(["", "b", ""]));
        assert_eq!(parts("été·à·", "·"), of(["été", "à", ""]));
        assert_eq!(parts("aaaa", "aaa"), of(["", "a", ""]));
        assert_eq!(parts("whole", "|"), of(["whole", "", ""]));
        assert_eq!(parts("", "|"), of(["", "", ""]));
        assert_eq!(split_part("a", "|", 0), None);
        assert_eq!(split_part("a|b", "|", usize::MAX), None);
    }
}
