//! Names that the pipeline gives: short, in small letters, each once.

use super::words::{plain, unit};
use crate::resolve::RESERVED;

/// Words of SQL that a name in an expression would be taken for.
const SQL: &[&str] = &[
    "all", "and", "any", "as", "asc", "between", "by", "case", "cast", "current", "day", "desc", "distinct", "else",
    "end", "exists", "extract", "false", "from", "group", "having", "if", "in", "interval", "is", "join", "left",
    "like", "limit", "month", "not", "null", "on", "or", "order", "right", "select", "set", "share", "then", "time",
    "true", "union", "when", "where", "with", "year",
];

/// A name of a text: `Estimated earnings (USD)` is `estimated_earnings`. Empty where the text has no letter or digit.
pub(super) fn name_of(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    // A unit in parentheses at the end is told elsewhere.
    while let Some((before, inside)) = rest.trim_end().strip_suffix(')').and_then(|r| r.rsplit_once('(')) {
        if before.trim().is_empty() || (inside != "%" && unit(&format!("({inside})")).is_none()) {
            break;
        }
        rest = before;
    }
    for c in plain(rest).chars() {
        match c {
            c if c.is_alphanumeric() => kept.push(c),
            '%' => kept.push_str("_percent_"),
            '\'' | '\u{2019}' => {}
            _ => kept.push('_'),
        }
    }
    let parts: Vec<&str> = kept.split('_').filter(|part| !part.is_empty()).collect();
    let name = parts.join("_");
    match name.chars().next() {
        Some(c) if c.is_numeric() => format!("n_{name}"),
        _ => name,
    }
}

/// Gives names, none twice.
#[derive(Default)]
pub(super) struct Names {
    taken: Vec<String>,
}

impl Names {
    /// Names that are taken by others.
    pub(super) fn without(taken: impl IntoIterator<Item = String>) -> Self {
        Self { taken: taken.into_iter().collect() }
    }

    /// The names that were given.
    pub(super) fn taken(self) -> Vec<String> {
        self.taken
    }

    /// Whether somebody has a name.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.taken.iter().any(|taken| taken == name)
    }

    /// A name of a text that nobody has yet; `own` may be taken all the same.
    pub(super) fn give(&mut self, text: &str, fallback: &str, own: Option<&str>) -> String {
        let mut base = name_of(text);
        if base.is_empty() {
            fallback.clone_into(&mut base);
        }
        if RESERVED.contains(&base.as_str()) {
            base.push_str("_of_export");
        }
        let mut name = base.clone();
        let mut nth = 1;
        while self.taken.contains(&name) && Some(name.as_str()) != own {
            nth += 1;
            name = format!("{base}_{nth}");
        }
        self.taken.push(name.clone());
        name
    }
}

/// A name in an SQL expression.
pub(super) fn in_sql(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !SQL.contains(&name);
    if is_plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A text as a YAML value, quoted where YAML would take it for something else. Fits in `[…]` and `{…}`.
pub(super) fn yaml(text: &str) -> String {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let is_plain = text.starts_with(|c: char| is_letter(c) && !c.is_numeric())
        && text.chars().all(|c| is_letter(c) || " ./()-_".contains(c))
        && !text.ends_with(' ')
        && !words.contains(&text.to_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Spaces that look like others, and what cannot be seen.
            c if c.is_control() || (c.is_whitespace() && c != ' ') || c == '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_each_given_once() {
        for (text, name) in [
            ("Estimated earnings (USD)", "estimated_earnings"),
            ("Réactions, commentaires et partages", "reactions_commentaires_et_partages"),
            ("3-second video views", "n_3_second_video_views"),
            ("J’aime sur Facebook", "jaime_sur_facebook"),
            ("(not set)", "not_set"),
            ("Clics (tous)", "clics_tous"),
            ("Average percentage viewed (%)", "average_percentage_viewed"),
            ("…", ""),
        ] {
            assert_eq!(name_of(text), name, "{text}");
        }
        let mut names = Names::default();
        assert_eq!(names.give("Views", "x", None), "views");
        assert_eq!(names.give("views (2)", "x", None), "views_2");
        assert_eq!(names.give("Rank", "x", None), "rank_of_export");
    }

    #[test]
    fn texts_are_quoted_where_yaml_needs_it() {
        for text in ["Publish time", "exports/a b.csv", "Clics (tous)", "Réactions"] {
            assert_eq!(yaml(text), text);
        }
        for text in ["2024", "a: b", "a #b", "- a", "yes", "null", "a, b", "", "@x", "*", "CTR\u{a0}x", "a\"b", "1e3"] {
            let read: Vec<String> = serde_yaml::from_str(&format!("[{}]", yaml(text))).expect("a list");
            assert_eq!(read, [text]);
        }
    }
}
