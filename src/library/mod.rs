//! Ready KPIs as data: one YAML file a group beside this one, embedded in the program. An entry says its formula in terms of
//! *measures* (the columns a source needs, by canonical names) and of other entries; `resolve` makes ordinary metrics of
//! it. A KPI that has variants carries what it is divided by in its name, so there is no bare `engagement_rate`.

mod example;
mod formula;

pub use example::example;

use crate::diagnostic::{nearest, Diagnostic};
pub use crate::spec::Texts;
use crate::spec::{Additivity, Agg, Direction, Format, Goal, Lang, MetricKind, WindowAgg};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The files of KPIs, in the order in which they are listed.
const FILES: &[&str] = &[
    include_str!("seen.yaml"),
    include_str!("engagement.yaml"),
    include_str!("audience.yaml"),
    include_str!("paid.yaml"),
    include_str!("web.yaml"),
    include_str!("video.yaml"),
    include_str!("care.yaml"),
];

/// The units of KPIs that are in the unit of what they are computed from: its currency, its minutes.
const OF_COLUMNS: &[&str] = &["money", "time"];

/// The part of a derived KPI that is its baseline.
pub const BASELINE: &str = "baseline";

/// All ready KPIs, and what they are made of.
#[derive(Debug)]
pub struct Library {
    /// The KPIs by id, in the order of their files.
    pub kpis: IndexMap<String, Kpi>,
    /// The measures that they are computed from, by name.
    pub measures: IndexMap<String, Measure>,
    /// KPIs of the field that cannot be expressed yet.
    pub missing: Vec<Missing>,
}

/// A column that KPIs are computed from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What the column holds.
    #[serde(default, rename = "type")]
    pub kind: MeasureKind,
    /// What it is, in English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Measure {
    /// What it is, in a language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Fr => &self.fr,
        }
    }
}

/// What a column holds that KPIs are computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasureKind {
    /// Numbers.
    #[default]
    Number,
    /// True or false.
    Condition,
    /// Words.
    Text,
}

impl MeasureKind {
    /// `a number`, `a condition`, `a text`.
    #[must_use]
    pub fn a(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Condition => "a condition",
            Self::Text => "a text",
        }
    }
}

/// A ready KPI.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kpi {
    /// Its name in pipelines.
    pub id: String,
    /// Its name for people.
    pub name: Texts,
    /// What it says, and what it does not.
    pub description: Texts,
    /// The goals that it serves; it is listed under the first.
    pub goals: Vec<Goal>,
    /// How it is computed.
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub formula: Formula,
    /// What its source is usually called.
    pub source: String,
    /// Parts that usually come from another source, and what that is called.
    #[serde(default)]
    pub apart: IndexMap<String, String>,
    /// Its unit; `money` and `time` are those of the columns.
    pub unit: String,
    /// How people like to read it.
    #[serde(default)]
    pub format: Option<Format>,
    /// Which way is better.
    pub direction: Direction,
    /// What it adds up over.
    pub additivity: Additivity,
    /// Whose definition it is.
    pub authority: String,
    /// Other names, for suggestions.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// How a KPI is computed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Formula {
    /// An aggregate of records.
    Simple(Simple),
    /// One KPI over another.
    Ratio(Ratio),
    /// An expression over KPIs.
    Derived(Derived),
}

/// An aggregate of records.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simple {
    /// How records are aggregated. Default: sum.
    #[serde(default)]
    pub agg: Option<Agg>,
    /// SQL over measures; none counts records.
    #[serde(default)]
    pub expr: Option<String>,
    /// SQL condition over measures.
    #[serde(default)]
    pub filter: Option<String>,
    /// For levels: which day of a period counts.
    #[serde(default)]
    pub day: Option<WindowAgg>,
}

/// One KPI over another.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// Above the line.
    pub numerator: String,
    /// Below the line.
    pub denominator: String,
    /// Measures that must be known for a record to count on either side.
    #[serde(default)]
    pub known: Vec<String>,
    /// Whether no record above the line is 0, not unknown.
    #[serde(default)]
    pub absent_is_zero: bool,
    /// When ratios are averaged: the dimensions that tell what one ratio is of.
    #[serde(default)]
    pub mean_of: Vec<String>,
}

/// An expression over KPIs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    /// SQL over ids of KPIs, `days_in_period` and [`BASELINE`].
    pub expr: String,
    /// A KPI taken over all values of dimensions.
    #[serde(default)]
    pub baseline: Option<Baseline>,
}

/// A KPI taken over all values of dimensions, in every row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The KPI.
    pub of: String,
    /// The dimensions.
    pub ignores: Vec<String>,
}

/// A KPI that cannot be expressed yet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// What it would be called.
    pub id: String,
    /// Its name for people.
    pub name: Texts,
    /// What it would need, and what there is instead.
    pub why: Texts,
}

impl Kpi {
    /// Whether its unit is that of the columns above the line.
    #[must_use]
    pub fn has_unit_of_columns(&self) -> bool {
        OF_COLUMNS.contains(&self.unit.as_str())
    }

    /// The type of metric that it is.
    #[must_use]
    pub fn kind(&self) -> MetricKind {
        match self.formula {
            Formula::Simple(_) => MetricKind::Simple,
            Formula::Ratio(_) => MetricKind::Ratio,
            Formula::Derived(_) => MetricKind::Derived,
        }
    }
}

/// The library.
#[must_use]
pub fn library() -> &'static Library {
    static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
        let groups = FILES.iter().flat_map(|text| parsed::<Vec<Kpi>>(text));
        Library {
            kpis: groups.map(|kpi| (kpi.id.clone(), kpi)).collect(),
            measures: parsed(include_str!("measures.yaml")),
            missing: parsed(include_str!("missing.yaml")),
        }
    });
    &LIBRARY
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_yaml::from_str(text).expect("the files of the library are fixed, and the tests read them all")
}

impl Library {
    /// A KPI that is a part of others: the data name no other.
    ///
    /// # Panics
    /// When there is none of that id, which the tests rule out for the parts of every KPI.
    #[must_use]
    pub fn part(&self, id: &str) -> &Kpi {
        self.kpis.get(id).expect("the parts of ready KPIs are ready KPIs")
    }

    /// That there is no KPI of that id, with those that may be meant.
    #[must_use]
    pub fn unknown(&self, id: &str) -> Diagnostic {
        let error = Diagnostic::pipeline("unknown-kpi", format!("there is no ready KPI `{id}`"));
        if let Some(missing) = self.missing.iter().find(|m| m.id == id) {
            return error.note(format!("it cannot be expressed yet: {}", missing.why.en));
        }
        let meant = self.meant(id);
        let error = match meant.as_slice() {
            [] => error,
            [one] => error.help(format!("did you mean `{one}`?")),
            several => error.help(format!("which of these: `{}`?", several.join("`, `"))),
        };
        error.help("`jalon kpis` lists them all")
    }

    /// The KPIs that a wrong id may mean: by another name, by its beginning, or by a slip of the hand.
    fn meant(&self, id: &str) -> Vec<&str> {
        let wanted = slug(id);
        let ids_of = |test: &dyn Fn(&Kpi) -> bool| -> Vec<&str> {
            self.kpis.values().filter(|kpi| test(kpi)).map(|kpi| kpi.id.as_str()).collect()
        };
        let other_name = |kpi: &Kpi| {
            kpi.aliases.contains(&wanted) || [&kpi.name.en, &kpi.name.fr].iter().any(|name| slug(name) == wanted)
        };
        let begins = |kpi: &Kpi| {
            [kpi.id.as_str(), &slug(&kpi.name.fr)].iter().any(|name| name.starts_with(&format!("{wanted}_")))
        };
        for found in [ids_of(&other_name), ids_of(&begins)] {
            if !found.is_empty() {
                return found;
            }
        }
        let known: Vec<&str> = self.kpis.keys().map(String::as_str).collect();
        nearest(&wanted, &known).into_iter().collect()
    }
}

/// A name as an id: `Taux d'engagement` is `taux_d_engagement`, accents apart.
fn slug(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let letters: String = name.nfd().filter(char::is_ascii).collect::<String>().to_lowercase();
    let words = letters.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}
