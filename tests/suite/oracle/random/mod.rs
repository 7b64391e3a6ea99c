//! Random cases: data files and a pipeline over them that the contract accepts.

mod cells;
mod combined;
mod coverage;
mod expressions;
mod lookups;
mod metrics;
mod prng;
mod reports;
mod sources;
mod time;
mod versions;
mod write;

use std::collections::BTreeSet;
use std::path::Path;

use super::calendar::iso;
use super::read::read;
use super::spans::Span;
use super::spec::parse;
use cells::{Column, Content, Role, CHANNELS, COUNTRIES, NETWORKS};
use expressions::{Grower, Named};
use lookups::random_lookups;
use metrics::random_metrics;
pub(crate) use prng::Random;
use reports::{random_report, Materials};
use sources::{random_source, Source};
use time::{random_time, Time, ZONES};

/// Whether cases have lookups, segments by source, ignored dimensions, versions, top lists and attributes.
const NEW: bool = true;

/// As often as a new part of the language is drawn.
fn is_new(random: &mut Random, percent: usize) -> bool {
    NEW && random.chance(percent)
}

/// A pipeline, and the day that its run takes as the last one.
pub(crate) struct Case {
    pub(crate) yaml: String,
    pub(crate) as_of: Option<String>,
}

/// What is drawn once for a whole case.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Weeks from Monday, which ISO numbers count.
    iso_weeks: bool,
    /// Periods as they are: no windows, comparisons, totals and the like.
    is_plain: bool,
    /// The latest first day and the earliest last day of all sources, where there are days between them.
    known: Option<Span>,
}

/// Which records a report looks at.
struct Segment {
    name: String,
    /// As YAML: a condition, or one for each of some sources.
    filter: String,
    /// The sources that it says something of; none where it applies to all.
    sources: Option<BTreeSet<String>>,
}

/// Written to a file, a case is its pipeline.
impl AsRef<[u8]> for Case {
    fn as_ref(&self) -> &[u8] {
        self.yaml.as_bytes()
    }
}

/// Writes the data files of a case under `dir` and returns its pipeline, whose paths are relative to `dir`. Every
/// report has one long CSV export at `out/<report>.csv`.
pub(crate) fn random_case(seed: u64, dir: &Path) -> Case {
    let random = &mut Random::new(seed);
    let time = random_time(random);
    let (sources, lookups) = random_sources(random, dir, &time);
    let is_plain = random.chance(15);
    let calendar = calendar(random, is_plain);
    let iso_weeks = !calendar.contains("first_day_of_week") || calendar.contains("first_day_of_week: monday");
    let as_of = (!is_plain && random.chance(18)).then(|| time.as_of(random));
    let mut yaml = format!("version: 1\nname: case_{seed}\n{calendar}{lookups}");

    yaml += "sources:\n";
    for source in &sources {
        yaml.extend([format!("  {}:\n{}", source.name, source.yaml)]);
        if random.chance(25) && !source.yaml.contains("union:") {
            let columns = source.scope(|column| column.content != Content::Noise);
            yaml.extend([format!("    where: {}\n", quoted(&grow(random, &columns, 2)))]);
        }
    }
    let manner = Manner { iso_weeks, is_plain, known: known_days(&yaml, dir, as_of) };
    let segments = random_segments(random, &sources);
    yaml += "segments:\n";
    for Segment { name, filter, .. } in &segments {
        yaml.extend([format!("  {name}: {{where: {filter}}}\n")]);
    }
    let metrics = random_metrics(random, &sources, manner);
    yaml += "metrics:\n";
    for metric in &metrics {
        yaml.extend([format!("  {}: {{{}}}\n", metric.name, metric.yaml)]);
    }
    yaml += "reports:\n";
    let materials = Materials { sources: &sources, segments: &segments, metrics: &metrics, time: &time, as_of, manner };
    for at in 0..=random.below(2) {
        yaml += &random_report(random, &format!("report_{at}"), &materials);
    }
    Case { yaml, as_of: as_of.map(iso) }
}

/// The days on which every source of a pipeline has begun and none has ended.
fn known_days(yaml: &str, dir: &Path, as_of: Option<i32>) -> Option<Span> {
    let spec = parse(yaml);
    let mut known = (i32::MIN, as_of.unwrap_or(i32::MAX));
    for name in &spec.order {
        let dates: Vec<i32> = read(&spec, name, dir).records.iter().map(|record| record.date).collect();
        known = (known.0.max(*dates.iter().min()?), known.1.min(*dates.iter().max()?));
    }
    (known.0 < known.1).then_some(known)
}

/// A text as YAML: a JSON string is one.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn grow(random: &mut Random, columns: &[Named], depth: usize) -> String {
    Grower { random, columns, products: true }.truth(depth)
}

fn calendar(random: &mut Random, is_plain: bool) -> String {
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
    let mut entries = Vec::new();
    if random.chance(65) {
        entries.push(format!("timezone: {}", random.pick(&ZONES)));
    }
    if random.chance(60) {
        entries.push(format!("first_day_of_week: {}", random.pick(&DAYS)));
    }
    if random.chance(50) {
        entries.push(format!("first_month_of_year: {}", random.pick(&MONTHS)));
    }
    if !is_plain && random.chance(12) {
        entries.push(format!("incomplete_periods: {}", random.pick(&["flag", "keep", "drop"])));
    }
    if entries.is_empty() {
        String::new()
    } else {
        format!("calendar: {{{}}}\n", entries.join(", "))
    }
}

/// One or two sources, and perhaps their union, which comes last; and the YAML of the lookups that are joined to them.
fn random_sources(random: &mut Random, dir: &Path, time: &Time) -> (Vec<Source>, String) {
    let mut shared = vec![
        Column::new("network", Content::Text(NETWORKS), Role::Dimension),
        Column::new("country", Content::Text(COUNTRIES), Role::Dimension),
        Column::new("is_paid", Content::Bool, Role::Dimension),
        Column::new("age", Content::Int(-1, 4), Role::Dimension),
    ];
    if random.chance(40) {
        "pays".clone_into(&mut shared[1].in_file);
    }
    let reaggregate = *random.pick(&[None, Some("sum_with_warning"), Some("max")]);
    let posts = [
        Column::new("channel", Content::Text(CHANNELS), Role::Dimension),
        Column::new("published", Content::Date, Role::Dimension),
        Column::new("impressions", Content::Int(0, 20_000), Role::Additive),
        Column::new("clicks", Content::Int(0, 9), Role::Additive),
        Column::new("spend", Content::Money, Role::Additive),
        Column::new("reach", Content::Int(0, 900), Role::NonAdditive { reaggregate }),
        Column::new("noise", Content::Noise, Role::Additive),
    ];
    // A measure may be an integer in one source and a float in the other.
    let clicks = if random.chance(50) { Content::Int(0, 9) } else { Content::Money };
    let web = [
        Column::new("device", Content::Text(&["phone", "desktop"]), Role::Dimension),
        Column::new("clicks", clicks, Role::Additive),
        Column::new("revenue", Content::Wild, Role::Additive),
        Column::new("adjustment", Content::Int(-500, 500), Role::Additive),
        Column::new("followers", Content::Int(0, 5000), Role::SemiAdditive),
    ];
    let mut sources = Vec::new();
    let which = random.below(5);
    let time_columns = random.sample(&["date", "day"], 2);
    for (name, columns, absent) in [("posts", &posts[..], 0), ("web", &web[..], 1)] {
        if which != absent {
            let time_column = time_columns[usize::from(random.chance(10))];
            sources.push(random_source(random, dir, name, [&shared, columns].concat(), (time, time_column)));
        }
    }
    let lookups = if is_new(random, 22) { random_lookups(random, dir, time, &mut sources) } else { String::new() };
    if sources.len() == 2 && random.chance(60) {
        sources.push(union(&sources));
    }
    (sources, lookups)
}

fn union(members: &[Source]) -> Source {
    let mut columns: Vec<Column> = Vec::new();
    for column in members.iter().flat_map(|member| &member.columns) {
        match columns.iter_mut().find(|known| known.name == column.name) {
            // A float takes an integer in.
            Some(known) if column.content == Content::Money => known.content = Content::Money,
            Some(_) => {}
            None => columns.push(column.clone()),
        }
    }
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut times: Vec<Named> = members.iter().flat_map(|member| member.times.clone()).collect();
    times.dedup_by(|a, b| a.name == b.name);
    Source { name: "everything".to_owned(), columns, times, yaml: format!("    union: [{}]\n", names.join(", ")) }
}

/// Segments over columns that every source has, or with a condition for each source.
fn random_segments(random: &mut Random, sources: &[Source]) -> Vec<Segment> {
    let everywhere = |column: &Column| {
        column.content != Content::Noise
            && sources.iter().all(|source| source.columns.iter().any(|c| c.name == column.name))
            && (column.role == Role::Dimension || sources.len() == 1)
    };
    let mut columns = sources[0].scope(everywhere);
    // Two sources may call the day differently.
    let is_time = |source: &Source, name: &str| source.times.iter().any(|time| time.name == name);
    columns.retain(|column| !is_time(&sources[0], &column.name) || sources.iter().all(|s| is_time(s, &column.name)));
    let mut segments = Vec::new();
    for at in 0..=random.below(3) {
        let name = format!("segment_{at}");
        if is_new(random, 12) {
            segments.push(by_source(random, name, sources));
        } else {
            let filter = quoted(&grow(random, &columns, 2));
            segments.push(Segment { name, filter, sources: None });
        }
    }
    segments
}

/// A segment that says something of most sources.
fn by_source(random: &mut Random, name: String, sources: &[Source]) -> Segment {
    let mut filters = Vec::new();
    let mut named = BTreeSet::new();
    for source in sources {
        if random.chance(85) || named.is_empty() {
            let columns = source.scope(|column| column.content != Content::Noise);
            let filter = if random.chance(15) { "TRUE".to_owned() } else { grow(random, &columns, 2) };
            filters.push(format!("{}: {}", source.name, quoted(&filter)));
            named.insert(source.name.clone());
        }
    }
    Segment { name, filter: format!("{{{}}}", filters.join(", ")), sources: Some(named) }
}
