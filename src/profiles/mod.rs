//! The layouts of the networks' own exports as data: one YAML file an export beside this one, embedded in the program. A
//! profile says how its columns are called in every language and wording, what a source declares of them, how the export is
//! obtained and what its traps are. A pipeline names it: `profile: x.content`.

mod expand;
mod list;
mod recognise;

pub use expand::expand;
pub use recognise::{mistaken, recognise, Seen};

use crate::catalog::{folded, Headers};
use crate::diagnostic::Diagnostic;
use crate::expr::words;
use crate::spec::{Measure, Source, Texts, TABLE_TITLE};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// An export of a network.
#[derive(Debug)]
pub struct Profile {
    /// What is said of it.
    pub about: About,
    /// What a source is that names it, without `path`.
    pub source: Source,
    /// How its columns are called.
    pub headers: Arc<Headers>,
    /// The same for reading them: files that know their columns keep the names.
    pub reading: Arc<Headers>,
}

/// A profile as its file has it, but for the source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its name in pipelines: `x.content`.
    pub id: String,
    /// What people call it.
    pub title: Texts,
    /// The network, or `web` and `meta` for what is of several.
    pub network: String,
    /// The table that its columns are those of.
    pub table: Table,
    /// How well it is known.
    pub tier: Tier,
    /// What that rests on.
    pub evidence: Texts,
    /// What the dates are of.
    pub dates: DatesOf,
    /// What is known of the time zone.
    pub zone: Texts,
    /// How the export is obtained.
    pub obtain: Texts,
    /// What goes wrong with it.
    #[serde(default)]
    pub traps: Vec<Texts>,
    /// What tells it.
    #[serde(default)]
    pub recognise: Recognise,
    /// By name in the pipeline the spellings of its columns.
    pub columns: IndexMap<String, Vec<String>>,
    /// Columns that are of no use.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// What a source is that names it.
    source: Source,
}

/// The tables that all profiles are brought into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// A row a post.
    Posts,
    /// A row an account and day.
    AccountDaily,
    /// A row an advertisement and day, or period.
    AdsDaily,
    /// A row a day, or period, of a site: visits by where they come from, or results of a search engine.
    WebDaily,
}

impl Table {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::AccountDaily => "account_daily",
            Self::AdsDaily => "ads_daily",
            Self::WebDaily => "web_daily",
        }
    }
}

/// How well a layout is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Real files were seen, or their header lines.
    Complete,
    /// It is told by others, or remembered.
    Experimental,
}

/// What the dates of the records are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatesOf {
    /// The day that the figures happened on, or the period that they cover.
    Activity,
    /// The day that the post was published on.
    Publication,
}

/// What tells the files of a profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognise {
    /// Columns, by name in the pipeline, all of which a header has.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Columns that it has none of.
    #[serde(default)]
    pub without: Vec<String>,
    /// The sheet of a workbook.
    #[serde(default)]
    pub sheet: Option<String>,
    /// What a file, or the file in an archive, is called.
    #[serde(default)]
    pub members: Vec<String>,
    /// Titles one of which stands above a table.
    #[serde(default)]
    pub titles: Vec<String>,
    /// Whether lines that begin with `#` stand above the table.
    #[serde(default)]
    pub comments: bool,
}

/// Whether a measure is told by the title of its table.
#[must_use]
pub fn is_by_title(measure: &Measure) -> bool {
    measure.expr.as_ref().is_some_and(|sql| words(sql).contains(&TABLE_TITLE))
}

impl Profile {
    /// The titles of the tables that it reads, folded: of those whose figures are told by their titles.
    #[must_use]
    pub fn titles(&self) -> Vec<String> {
        if self.source.measures.entries().iter().any(|(_, measure, _)| is_by_title(measure)) {
            self.about.recognise.titles.iter().map(|title| folded(title)).collect()
        } else {
            vec![]
        }
    }
}

/// All profiles, in the order of their list.
pub fn profiles() -> &'static [Profile] {
    static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| list::FILES.iter().map(|text| profile(text)).collect());
    &PROFILES
}

/// A profile by its name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Profile> {
    profiles().iter().find(|profile| profile.about.id == id)
}

/// The error for a profile that there is not.
#[must_use]
pub fn unknown(id: &str) -> Diagnostic {
    let error = Diagnostic::pipeline("unknown-profile", format!("there is no profile `{id}`"));
    let known = profiles().iter().map(|profile| profile.about.id.as_str());
    error.suggest(id, "profiles", known).help("`jalon profiles` lists them")
}

/// The files are part of the program: a test reads them all.
fn profile(text: &str) -> Profile {
    let about: About = match serde_yaml::from_str(text) {
        Ok(about) => about,
        Err(error) => unreachable!("a profile is not as it should be: {error}: {text:.60}"),
    };
    let columns = about.columns.iter().map(|(name, spellings)| (name.as_str(), spellings.as_slice()));
    let headers = Arc::new(Headers::new(columns, &about.ignored));
    let source = expand::template(&about);
    let reading = if source.format.is_some_and(|format| !format.is_text()) {
        let paths: Vec<&str> = about.columns.values().flatten().map(String::as_str).collect();
        Arc::new(Headers::new(paths.into_iter().map(|path| (path, &[][..])), &about.ignored))
    } else {
        Arc::clone(&headers)
    };
    Profile { about, source, headers, reading }
}

#[cfg(test)]
mod tests;
