//! How an export calls its columns, in every language and wording, and what they are called in pipelines.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;

/// Stands in a spelling for a code of three letters.
const CURRENCY: &str = "{currency}";

/// The column that such a code becomes.
pub const CURRENCY_COLUMN: &str = "currency";

/// The spellings of the columns of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// The names in the pipeline.
    own: Vec<String>,
    /// By folded spelling.
    names: HashMap<String, String>,
    /// Of these the names themselves, which no export uses.
    unspelled: HashSet<String>,
    /// What stands before and after a currency, folded, and the name.
    with_currency: Vec<(String, String, String)>,
    /// Folded spellings of columns that are of no use.
    ignored: HashSet<String>,
}

/// A header under the names of the pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renamed {
    /// The names; what is not known keeps its own.
    pub names: Vec<String>,
    /// Those that are not known.
    pub unknown: Vec<String>,
    /// The currencies that spellings tell, each once.
    pub currencies: Vec<String>,
    /// Further columns of a name that are spelt otherwise than its first: in files of two languages a row has its value in
    /// one of them.
    pub others: Vec<(usize, usize)>,
}

impl Headers {
    /// Compiles `(name, spellings)` and the spellings to pass over.
    pub fn new<'a>(columns: impl Iterator<Item = (&'a str, &'a [String])>, ignored: &[String]) -> Self {
        let mut headers = Self { ignored: ignored.iter().map(|name| folded(name)).collect(), ..Self::default() };
        for (name, spellings) in columns {
            for spelling in spellings {
                match spelling.split_once(CURRENCY) {
                    Some((before, after)) => {
                        headers.with_currency.push((folded(before), folded(after), name.to_owned()));
                    }
                    None => {
                        headers.names.insert(folded(spelling), name.to_owned());
                    }
                }
            }
            headers.own.push(name.to_owned());
            // An export under the names of the pipeline already.
            if let Entry::Vacant(vacant) = headers.names.entry(folded(name)) {
                headers.unspelled.insert(vacant.key().clone());
                vacant.insert(name.to_owned());
            }
        }
        headers
    }

    /// The pipeline's name of a column, and the currency that its spelling tells.
    #[must_use]
    pub fn name(&self, spelling: &str) -> Option<(&str, Option<String>)> {
        let spelling = folded(spelling);
        if let Some(name) = self.names.get(&spelling) {
            return Some((name, None));
        }
        self.with_currency.iter().find_map(|(before, after, name)| {
            let code = spelling.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?.trim();
            let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic());
            is_code.then(|| (name.as_str(), Some(code.to_uppercase())))
        })
    }

    /// The names in the pipeline.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.own.iter().map(String::as_str)
    }

    /// The pipeline's name of a column that exports call so: the name itself is no spelling.
    #[must_use]
    pub fn spelled(&self, spelling: &str) -> Option<&str> {
        let (name, _) = self.name(spelling)?;
        (!self.unspelled.contains(&folded(spelling))).then_some(name)
    }

    /// Whether a column is known to be of no use.
    fn is_ignored(&self, spelling: &str) -> bool {
        let folded = folded(spelling);
        let with_code = |ignored: &String| {
            let (before, after) = ignored.split_once(CURRENCY)?;
            let code = folded.strip_prefix(before)?.strip_suffix(after)?;
            Some(code.len() == 3)
        };
        self.ignored.contains(&folded) || self.ignored.iter().any(|ignored| with_code(ignored) == Some(true))
    }

    /// A header under the names of the pipeline. Two spellings of one name stay two columns.
    #[must_use]
    pub fn rename(&self, header: &[String]) -> Renamed {
        let mut renamed = Renamed::default();
        for (place, spelling) in header.iter().enumerate() {
            // A column without a name goes by its place, as everywhere.
            let unnamed = spelling.trim().is_empty().then(|| format!("column {}", place + 1));
            match self.name(unnamed.as_deref().unwrap_or(spelling)) {
                Some((name, currency)) => {
                    let first = renamed.names.iter().position(|known| known == name);
                    if let Some(first) = first.filter(|first| folded(&header[*first]) != folded(spelling)) {
                        renamed.others.push((first, place));
                    }
                    renamed.names.push(name.to_owned());
                    renamed.currencies.extend(currency.filter(|code| !renamed.currencies.contains(code)));
                }
                None => {
                    let is_known = spelling.trim().is_empty() || self.is_ignored(spelling);
                    if !is_known && !renamed.unknown.contains(spelling) {
                        renamed.unknown.push(spelling.trim().to_owned());
                    }
                    renamed.names.push(spelling.clone());
                }
            }
        }
        renamed
    }
}

/// A spelling as it is compared: compatible forms of characters as one (so are no-break and other spaces), small letters, one
/// kind of apostrophe, single spaces.
#[must_use]
pub fn folded(text: &str) -> String {
    let plain: String =
        text.nfkc().map(|c| if matches!(c, '\u{2019}' | '\u{2018}' | '\u{00b4}' | '`') { '\'' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers {
        let spellings = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let columns = [
            ("views", spellings(&["Views", "Vues"])),
            ("viewers_3s", spellings(&["3-second viewers", "Spectateurs de 3 secondes"])),
            ("likes", spellings(&["Mentions J'aime"])),
            ("spend", spellings(&["Amount spent ({currency})"])),
        ];
        let ignored = spellings(&["Languages", "CPM ({currency})"]);
        Headers::new(columns.iter().map(|(name, list)| (*name, list.as_slice())), &ignored)
    }

    #[test]
    fn spellings_are_compared_without_case_spaces_and_kinds_of_apostrophes() {
        let headers = headers();
        for (spelling, name) in [
            ("VIEWS", "views"),
            (" vues ", "views"),
            ("Spectateurs de 3\u{a0}secondes", "viewers_3s"),
            ("Mentions J\u{2019}aime", "likes"),
            ("3-second  Viewers", "viewers_3s"),
            ("views", "views"),
        ] {
            assert_eq!(headers.name(spelling), Some((name, None)), "{spelling}");
        }
        assert_eq!(headers.name("View"), None);
    }

    #[test]
    fn a_header_tells_its_currency_and_what_is_not_known() {
        let header = ["Views", "Amount spent (UAH)", "Views", "Languages", "CPM (UAH)", "Mood", ""].map(str::to_owned);
        let renamed = headers().rename(&header);
        assert_eq!(renamed.names, ["views", "spend", "views", "Languages", "CPM (UAH)", "Mood", ""]);
        assert_eq!((renamed.unknown, renamed.currencies), (vec!["Mood".to_owned()], vec!["UAH".to_owned()]));
        assert_eq!(headers().name("Amount spent (total)"), None);
    }
}
