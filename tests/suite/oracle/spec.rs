//! A pipeline's YAML, read with a loose hand: what the contract refuses is not looked for here.

use std::collections::BTreeMap;

use serde_yaml::Value as Yaml;

use super::calendar::{parse_iso, Calendar};
use super::spec_metrics::{metric, Metric};
use super::value::Kind;

pub(crate) struct Spec {
    pub(crate) calendar: Calendar,
    /// In which instants become days.
    pub(crate) timezone: String,
    pub(crate) sources: BTreeMap<String, Source>,
    /// The names of the sources as the pipeline lists them.
    pub(crate) order: Vec<String>,
    pub(crate) lookups: BTreeMap<String, Lookup>,
    pub(crate) segments: BTreeMap<String, Segment>,
    pub(crate) metrics: BTreeMap<String, Metric>,
    /// Of the metrics that say one.
    pub(crate) directions: BTreeMap<String, String>,
    pub(crate) reports: Vec<Report>,
}

pub(crate) struct Source {
    pub(crate) paths: Vec<String>,
    pub(crate) format: Option<String>,
    pub(crate) separator: u8,
    pub(crate) time_column: String,
    /// Of the wall times in the time column.
    pub(crate) timezone: Option<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) filter: Option<String>,
    /// The members of a union; empty for a source of its own files.
    pub(crate) union: Vec<String>,
    /// The lookups that are joined to its records, and the columns that they are joined on, if it says them.
    pub(crate) lookups: Vec<(String, Vec<String>)>,
}

/// A small table with one row a key.
pub(crate) struct Lookup {
    /// Its files, read like those of a source; the fields are the key and what the table adds.
    pub(crate) table: Source,
    pub(crate) key: Vec<String>,
}

/// One condition for all sources, or one for each.
pub(crate) enum Segment {
    Everywhere(String),
    BySource(BTreeMap<String, String>),
}

/// A dimension or a measure of a source.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) column: String,
    pub(crate) is_measure: bool,
    pub(crate) declared: Option<Kind>,
    pub(crate) reaggregate: Option<String>,
}

pub(crate) struct Report {
    pub(crate) name: String,
    pub(crate) metrics: Vec<String>,
    pub(crate) group_by: Vec<String>,
    pub(crate) segments: Vec<String>,
    pub(crate) grains: Vec<String>,
    pub(crate) start: Option<i32>,
    pub(crate) end: Option<i32>,
    pub(crate) compare: Vec<String>,
    /// The sets of dimensions that total rows keep.
    pub(crate) totals: Vec<Vec<String>>,
    /// Whether rows of incomplete periods are left out.
    pub(crate) drops_incomplete: bool,
    pub(crate) top: Option<Top>,
    pub(crate) attributes: Vec<String>,
}

/// Which groups of a report are kept: those with the largest values.
pub(crate) struct Top {
    pub(crate) n: usize,
    pub(crate) by: String,
    /// For each combination of these dimensions.
    pub(crate) per: Vec<String>,
    /// Whether the other groups have a row together.
    pub(crate) others: bool,
    pub(crate) ascending: bool,
}

/// The scalar under a key, as text.
pub(super) fn text(map: &Yaml, key: &str) -> Option<String> {
    map.get(key).and_then(scalar)
}

fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

pub(super) fn required(map: &Yaml, key: &str) -> String {
    text(map, key).unwrap_or_else(|| panic!("`{key}` is missing in {map:?}"))
}

/// One text or a list of them; nothing when the key is absent.
pub(super) fn texts(map: &Yaml, key: &str) -> Vec<String> {
    match map.get(key) {
        None | Some(Yaml::Null) => Vec::new(),
        Some(Yaml::Sequence(items)) => items.iter().filter_map(scalar).collect(),
        Some(one) => scalar(one).into_iter().collect(),
    }
}

/// The entries of a map under a key, or of a list of bare names.
fn entries(map: &Yaml, key: &str) -> Vec<(String, Yaml)> {
    match map.get(key) {
        None | Some(Yaml::Null) => Vec::new(),
        Some(Yaml::Sequence(names)) => names.iter().filter_map(scalar).map(|name| (name, Yaml::Null)).collect(),
        Some(Yaml::Mapping(entries)) => {
            entries.iter().map(|(k, v)| (scalar(k).expect("a key is a scalar"), v.clone())).collect()
        }
        Some(other) => panic!("`{key}` is neither a map nor a list: {other:?}"),
    }
}

impl Spec {
    /// Whether a metric, or one that it is made of, has versions.
    pub(crate) fn has_versions(&self, name: &str) -> bool {
        match &self.metrics[name] {
            Metric::Simple(simple) => !simple.versions.is_empty(),
            metric => metric.inputs(&self.metrics).iter().any(|input| self.has_versions(input)),
        }
    }
}

/// Parses the whole pipeline.
pub(crate) fn parse(yaml: &str) -> Spec {
    let root: Yaml = serde_yaml::from_str(yaml).expect("the pipeline is YAML");
    let incomplete = root.get("calendar").and_then(|calendar| text(calendar, "incomplete_periods"));
    Spec {
        calendar: calendar(root.get("calendar").unwrap_or(&Yaml::Null)),
        timezone: root.get("calendar").and_then(|map| text(map, "timezone")).unwrap_or_else(|| "UTC".to_owned()),
        sources: entries(&root, "sources").into_iter().map(|(name, map)| (name, source(&map))).collect(),
        order: entries(&root, "sources").into_iter().map(|(name, _)| name).collect(),
        lookups: entries(&root, "lookups").into_iter().map(|(name, map)| (name, lookup(&map))).collect(),
        segments: entries(&root, "segments").into_iter().map(|(name, map)| (name, segment(&map))).collect(),
        directions: entries(&root, "metrics")
            .into_iter()
            .filter_map(|(name, map)| text(&map, "direction").map(|direction| (name, direction)))
            .collect(),
        metrics: entries(&root, "metrics").into_iter().map(|(name, map)| (name, metric(&map))).collect(),
        reports: match root.get("reports") {
            Some(Yaml::Sequence(reports)) => reports.iter().map(|map| report(map, incomplete.as_deref())).collect(),
            _ => Vec::new(),
        },
    }
}

fn calendar(map: &Yaml) -> Calendar {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let rank = |names: &[&str], key: &str, first: i32| {
        let name = text(map, key).unwrap_or_else(|| names[0].to_owned());
        let at = names.iter().position(|n| **n == name).unwrap_or_else(|| panic!("{key}: {name}?"));
        first + i32::try_from(at).expect("a short list")
    };
    Calendar {
        first_day_of_week: rank(&DAYS, "first_day_of_week", 0),
        first_month_of_year: rank(&MONTHS, "first_month_of_year", 1),
    }
}

fn source(map: &Yaml) -> Source {
    let separator = map.get("csv").and_then(|csv| text(csv, "separator")).unwrap_or_else(|| ",".to_owned());
    let time = map.get("time").unwrap_or(&Yaml::Null);
    Source {
        paths: texts(map, "path").iter().map(|path| with_variables(path)).collect(),
        format: text(map, "format"),
        separator: separator.bytes().next().expect("a separator is one byte"),
        time_column: text(time, "column").unwrap_or_default(),
        timezone: text(time, "timezone"),
        fields: [fields(map, "dimensions", false), fields(map, "measures", true)].concat(),
        filter: text(map, "where"),
        union: texts(map, "union"),
        lookups: entries(map, "lookups").into_iter().map(|(name, details)| (name, texts(&details, "on"))).collect(),
    }
}

fn fields(map: &Yaml, key: &str, is_measure: bool) -> Vec<Field> {
    let field = |(name, field): (String, Yaml)| Field {
        column: text(&field, "column").unwrap_or_else(|| name.clone()),
        name,
        is_measure,
        declared: text(&field, "type").map(|t| declared(&t)),
        reaggregate: text(&field, "reaggregate"),
    };
    entries(map, key).into_iter().map(field).collect()
}

fn lookup(map: &Yaml) -> Lookup {
    let key = fields(map, "key", false);
    Lookup {
        key: key.iter().map(|field| field.name.clone()).collect(),
        table: Source { fields: [key, fields(map, "columns", false)].concat(), ..source(map) },
    }
}

fn segment(map: &Yaml) -> Segment {
    match map.get("where") {
        Some(Yaml::Mapping(_)) => {
            let conditions = entries(map, "where").into_iter();
            Segment::BySource(conditions.map(|(source, filter)| (source, scalar(&filter).expect("SQL"))).collect())
        }
        _ => Segment::Everywhere(required(map, "where")),
    }
}

fn declared(name: &str) -> Kind {
    match name {
        "text" => Kind::Text,
        "integer" => Kind::Int,
        "number" => Kind::Float,
        "boolean" => Kind::Bool,
        "date" => Kind::Date,
        other => panic!("no type `{other}`"),
    }
}

/// `${NAME}` and `${NAME:-default}` replaced from the environment.
fn with_variables(path: &str) -> String {
    let Some((before, rest)) = path.split_once("${") else {
        return path.to_owned();
    };
    let (inside, after) = rest.split_once('}').unwrap_or_else(|| panic!("an open variable in `{path}`"));
    let (name, default) = inside.split_once(":-").map_or((inside, None), |(name, d)| (name, Some(d)));
    let value = std::env::var(name).ok().filter(|v| !v.is_empty() || default.is_none());
    let value = value.or(default.map(str::to_owned)).unwrap_or_else(|| panic!("`{name}` is not set"));
    format!("{before}{value}{}", with_variables(after))
}

/// `default`: what the calendar says about incomplete periods.
fn report(map: &Yaml, default: Option<&str>) -> Report {
    let date = |key| text(map, key).map(|t| parse_iso(&t).unwrap_or_else(|| panic!("{key}: {t} is no date")));
    let mut segments = texts(map, "segments");
    if segments.is_empty() {
        segments.push("all".to_owned());
    }
    let group_by = texts(map, "group_by");
    let incomplete = text(map, "incomplete_periods");
    Report {
        name: required(map, "name"),
        metrics: texts(map, "metrics"),
        totals: totals(map, &group_by),
        group_by,
        segments,
        grains: texts(map, "grains"),
        start: date("start"),
        end: date("end"),
        compare: texts(map, "compare"),
        drops_incomplete: incomplete.as_deref().or(default) == Some("drop"),
        top: map.get("top").map(top),
        attributes: texts(map, "attributes"),
    }
}

fn top(map: &Yaml) -> Top {
    Top {
        n: required(map, "n").parse().expect("a number of groups"),
        by: required(map, "by"),
        per: texts(map, "per"),
        others: text(map, "others").is_some_and(|word| word == "true"),
        ascending: text(map, "order").is_some_and(|word| word == "ascending"),
    }
}

/// `true` asks for one total over all groups, which is what a report without groups shows anyway.
fn totals(map: &Yaml, group_by: &[String]) -> Vec<Vec<String>> {
    match map.get("totals") {
        Some(Yaml::Bool(true)) if !group_by.is_empty() => vec![Vec::new()],
        Some(Yaml::Sequence(sets)) => {
            let names =
                |set: &Yaml| set.as_sequence().expect("a list of dimensions").iter().filter_map(scalar).collect();
            sets.iter().map(names).collect()
        }
        _ => Vec::new(),
    }
}
