//! The words of an expression's text, told and replaced without a parser: for texts that are plain words, numbers, brackets and
//! quoted texts.

/// The words of an SQL expression, texts in quotes apart, each once.
#[must_use]
pub fn words(sql: &str) -> Vec<&str> {
    let mut found: Vec<&str> = vec![];
    for (is_word, piece) in pieces(sql) {
        if is_word && !found.contains(&piece) {
            found.push(piece);
        }
    }
    found
}

/// The expression with words replaced.
#[must_use]
pub fn substitute(sql: &str, replacement: &dyn Fn(&str) -> Option<String>) -> String {
    let replaced = |(is_word, piece): (bool, &str)| match replacement(piece) {
        Some(text) if is_word => text,
        _ => piece.to_owned(),
    };
    pieces(sql).into_iter().map(replaced).collect()
}

/// The expression in pieces: words, and what is between them.
fn pieces(sql: &str) -> Vec<(bool, &str)> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut pieces = vec![];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if is_letter(first) {
            rest.find(|c| !is_letter(c))
        } else if first == '\'' {
            rest[1..].find('\'').map(|end| end + 2)
        } else {
            rest.find(|c| is_letter(c) || c == '\'')
        };
        let (piece, after) = rest.split_at(length.unwrap_or(rest.len()));
        pieces.push((is_letter(first), piece));
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_texts_and_numbers_from_words() {
        assert_eq!(words("SUM_KNOWN(a, b) + 10 * a"), ["SUM_KNOWN", "a", "b", "10"]);
        let swap = |word: &str| (word == "a").then(|| "(x + y)".to_owned());
        assert_eq!(substitute("a IN ('a', 'b a') AND ab", &swap), "(x + y) IN ('a', 'b a') AND ab");
    }
}
