//! The text of a first pipeline: what was found out, as YAML with comments.

use super::draft::{Draft, Kind, SnapshotDay};
use super::findings::{described, form, text_file, why};
use super::known::Known;
use super::names::{in_sql, yaml, Names};
use super::networks::Networks;
use super::roles::{short, Measure};
use super::times::{Dates, Time};
use super::Left;
use crate::calendar::{day_of_week, iso_date};
use crate::diagnostic::count;
use crate::dialect::{Decimal, NumberFormat, Thousands};
use crate::plan::additivity::well_known;
use crate::spec::{Additivity, NameOrPlace, SourceGrain};
use std::path::Path;

/// The first day of weeks, as [`day_of_week`] counts.
const MONDAY: i32 = 0;

/// A metric of the pipeline.
struct Metric {
    name: String,
    text: String,
}

/// The text of the pipeline.
pub(super) fn pipeline(
    name: &str,
    output: Option<&Path>,
    (known, drafts): (&[Known], &[Draft]),
    left: &[Left],
) -> String {
    let file = output.map_or_else(|| format!("{name}.yaml"), |path| path.display().to_string());
    let mut out = format!(
        "# A first pipeline over exports, written by `jalon init` from a look at them. It runs as it is:\n#\n\
         #   jalon run {file}\n#   jalon preview {file} {}\n#\n\
         # Everything here is yours to correct. Paths start at the folder that the command is run from.\n\
         version: 1\nname: {}\n\nsources:\n",
        known.first().map(|source| &source.name).or(drafts.first().map(|draft| &draft.name)).map_or("", String::as_str),
        yaml(name)
    );
    let networks = Networks::new(known);
    out += &networks.sources();
    for draft in drafts {
        out += &source(draft);
    }
    if !left.is_empty() {
        out += "  # Not made sources:\n";
        for left in left {
            out += &format!("  #   {}: {}\n", comment(&described(&left.table)), why(&left.why));
        }
    }
    let mut names = networks.names();
    let metrics = metrics(drafts, &mut names);
    out += "\nmetrics:\n";
    out += &networks.metrics();
    for metric in metrics.iter().flatten() {
        out += &format!("  {}: {}\n", yaml(&metric.name), metric.text);
    }
    out += "\nreports:\n";
    out += &networks.reports(name);
    for (draft, metrics) in drafts.iter().zip(&metrics) {
        out += &report(name, draft, metrics, drafts.len() == 1 && known.is_empty());
    }
    out
}

/// A text in a comment: on one line.
fn comment(text: &str) -> String {
    short(text, 400)
}

fn source(draft: &Draft) -> String {
    let table = &draft.table;
    let mut out = String::new();
    out += &format!("  # {}\n", comment(&described(table)));
    if let Some((text, _)) = text_file(table) {
        out += &format!("  # {text}\n");
    }
    out += &format!("  {}:\n", yaml(&draft.name));
    match draft.paths.as_slice() {
        [path] => out += &format!("    path: {}\n", yaml(path)),
        paths => {
            out += "    path:\n";
            out += &paths.iter().map(|path| format!("      - {}\n", yaml(path))).collect::<String>();
        }
    }
    if table.declares_format {
        out += "    format: csv\n";
    }
    out += &csv(draft);
    for (key, value) in [("member", &table.member), ("sheet", &table.sheet)] {
        if let Some(value) = value {
            out += &format!("    {key}: {}\n", yaml(value));
        }
    }
    match &table.table {
        Some(NameOrPlace::Name(name)) => out += &format!("    table: {}\n", yaml(name)),
        Some(NameOrPlace::Place(place)) => out += &format!("    table: {place}\n"),
        None => {}
    }
    out += &numbers(draft);
    if let Some((start, end)) = draft.period {
        let (start, end) = (iso_date(start), iso_date(end));
        out += &format!("    period: {{start: \"{start}\", end: \"{end}\"}}\n");
    }
    out += &time(draft);
    out += &kind(draft);
    out += &rows(draft);
    out += &columns(draft);
    out
}

/// What has to be declared of a CSV file.
fn csv(draft: &Draft) -> String {
    let table = &draft.table;
    let mut parts = vec![];
    match table.separator {
        Some(b',') | None => {}
        Some(_) if table.told_separator => {}
        Some(b'\t') => parts.push("separator: \"\\t\"".to_owned()),
        Some(other) => parts.push(format!("separator: \"{}\"", char::from(other))),
    }
    if table.declares_encoding {
        parts.push("encoding: windows-1252".to_owned());
    }
    if draft.fills {
        parts.push("ragged: fill".to_owned());
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("    csv: {{{}}}\n", parts.join(", "))
}

fn number_parts(format: NumberFormat) -> Vec<String> {
    let mut parts = vec![];
    if format.decimal == Decimal::Comma {
        parts.push("decimal: comma".to_owned());
    }
    let thousands = match format.thousands {
        Thousands::None => return parts,
        Thousands::Comma => "comma",
        Thousands::Point => "point",
        Thousands::Space => "space",
        Thousands::Apostrophe => "apostrophe",
    };
    parts.push(format!("thousands: {thousands}"));
    parts
}

fn nulls(draft: &Draft) -> Option<String> {
    let nulls: Vec<String> = draft.roles.nulls.iter().map(|(null, _)| yaml(null)).collect();
    (!nulls.is_empty()).then(|| format!("nulls: [{}]", nulls.join(", ")))
}

fn numbers(draft: &Draft) -> String {
    let mut parts = number_parts(draft.roles.numbers);
    parts.extend(nulls(draft));
    let mut out = String::new();
    if !parts.is_empty() {
        out += &format!("    numbers: {{{}}}\n", parts.join(", "));
    }
    if let Some((cell, format)) = &draft.roles.ambiguous {
        let other = number_parts(*format).join(", ");
        let other = if other.is_empty() { "the default".to_owned() } else { format!("`numbers: {{{other}}}`") };
        out += &format!(
            "    # {} could be read in two ways: with {other} it is another number.\n",
            comment(&format!("`{cell}`"))
        );
    }
    out
}

fn time(draft: &Draft) -> String {
    let name = |dates: &Dates| yaml(&draft.table.header[dates.column]);
    let mut out = String::new();
    let format = |dates: &Dates| match &dates.format {
        Some(format) if dates.declares_format => format!(", format: {}", quoted(format.pattern())),
        _ => String::new(),
    };
    let mut hint = |dates: &Dates| {
        if dates.other.is_some() {
            out += &format!("    # Dates{}.\n", comment(&form(dates).0));
        }
        if dates.is_wall {
            out += "    # Times without a zone are those of `calendar: {timezone: …}`; `time: {…, timezone: …}` says another.\n";
        }
    };
    match &draft.time {
        Time::Column(dates, grain) => {
            hint(dates);
            let grain = match grain {
                SourceGrain::Week => "week",
                SourceGrain::Month => "month",
                SourceGrain::Quarter => "quarter",
                SourceGrain::Year => "year",
                SourceGrain::Day | SourceGrain::Hour | SourceGrain::Range => "day",
            };
            // Weeks of reports begin on a Monday; others go where most of them lies.
            let is_other = grain == "week" && dates.days.iter().flatten().any(|day| day_of_week(*day) != MONDAY);
            let assign = if is_other { ", assign: majority" } else { "" };
            out += &format!("    time: {{column: {}{}, grain: {grain}{assign}}}\n", name(dates), format(dates));
        }
        Time::Range(first, last) => {
            hint(first);
            // Two columns that are written in two ways share the list.
            let (one, two) = (format(first), format(last));
            let format = match (&first.format, &last.format) {
                (Some(a), Some(b)) if one != two => {
                    format!(", format: [{}, {}]", quoted(a.pattern()), quoted(b.pattern()))
                }
                _ => one,
            };
            let (first, last) = (name(first), name(last));
            out += &format!("    time: {{column: {first}, end_column: {last}{format}, grain: range}}\n");
        }
        Time::Export => {
            out += "    # No column dates a record: each covers the period of its export.\n    time: {grain: range}\n";
        }
    }
    out
}

/// A pattern: `DD/MM/YYYY`.
pub(super) fn quoted(pattern: &str) -> String {
    match yaml(pattern) {
        plain if plain.starts_with('"') || !plain.contains(' ') => plain,
        plain => format!("\"{plain}\""),
    }
}

fn kind(draft: &Draft) -> String {
    match &draft.kind {
        Kind::Activity => String::new(),
        Kind::Lifetime { key, day } => {
            let name = draft.roles.dimensions.iter().find(|d| d.place == *key).map_or("", |d| d.name.as_str());
            let mut out = String::from(
                "    # All that happened to a post up to the export. Of a post in two exports the later one counts.\n    period_type: lifetime_snapshot\n",
            );
            out += &format!("    primary_key: [{}]\n", yaml(name));
            if let SnapshotDay::Column(dates) = day {
                let column = yaml(&draft.table.header[dates.column]);
                let format = dates.format.as_ref().filter(|_| dates.declares_format);
                let format = format.map(|f| format!(", format: {}", quoted(f.pattern()))).unwrap_or_default();
                out += &format!("    snapshot: {{column: {column}{format}}}\n");
            }
            out
        }
        Kind::LifetimeOfNoDay => "    # These seem to be lifetime figures of posts. Name the files after the day of the export (posts_2025-03-31.csv)\n    # and add `period_type: lifetime_snapshot` and `primary_key: […]`: then the later of two exports counts.\n".to_owned(),
    }
}

/// Totals, rows without a date, bad rows.
fn rows(draft: &Draft) -> String {
    let mut out = String::new();
    if draft.totals > 0 {
        out += &format!(
            "    # {} of totals left out by themselves (`total_rows: none` keeps such rows).\n",
            count(draft.totals as u64, "row")
        );
    }
    if let Some(condition) = &draft.total_rows {
        out += &format!("    total_rows: {}\n", sql(condition));
    }
    if draft.undated > 0 {
        let names = match &draft.time {
            Time::Column(dates, _) => vec![dates],
            Time::Range(first, last) => vec![first, last],
            Time::Export => vec![],
        };
        let conditions: Vec<String> =
            names.iter().map(|d| format!("{} IS NOT NULL", in_sql(&draft.table.header[d.column]))).collect();
        out += &format!("    # {} without a date left out.\n", count(draft.undated as u64, "row"));
        out += &format!("    where: {}\n", sql(&conditions.join(" AND ")));
    }
    if draft.bad > 0 {
        out +=
            &format!("    # {} cannot be read, as {}.\n", count(draft.bad as u64, "row"), comment(&draft.bad_because));
        let share = draft.bad * 1000 / draft.table.rows.len().max(1);
        if share >= 5 {
            // Twice what was seen: the files to come may be a little worse.
            let allowed = (share / 5 + 1).min(100);
            out += &format!("    max_bad_rows: \"{allowed} %\"\n");
        }
    }
    out
}

/// SQL as a YAML value.
fn sql(text: &str) -> String {
    if text.contains('"') {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

fn columns(draft: &Draft) -> String {
    let mut out = String::new();
    if !draft.roles.dimensions.is_empty() {
        out += "    dimensions:\n";
    }
    for dimension in &draft.roles.dimensions {
        let mut parts = vec![];
        if dimension.column != dimension.name {
            parts.push(format!("column: {}", yaml(&dimension.column)));
        }
        parts.extend(dimension.data_type.map(|ty| format!("type: {ty}")));
        let examples = dimension.examples.join(", ");
        let seen = comment(&format!("{} seen: {examples}", count(dimension.different as u64, "value")));
        out += &format!("      {}: {{{}}}  # {seen}\n", yaml(&dimension.name), parts.join(", "));
    }
    out += "    measures:\n";
    for measure in &draft.roles.measures {
        out += &format!("      {}: {{{}}}\n", yaml(&measure.name), measure_parts(measure, draft).join(", "));
    }
    if !draft.roles.left.is_empty() {
        out += "    # Columns that are not used:\n";
        for (column, why) in &draft.roles.left {
            out += &format!("    #   {}: {}\n", comment(column), comment(why));
        }
    }
    out
}

fn measure_parts(measure: &Measure, draft: &Draft) -> Vec<String> {
    let mut parts = vec![];
    if measure.column != measure.name {
        parts.push(format!("column: {}", yaml(&measure.column)));
    }
    // What the names alone would say, and what is meant.
    let by_name = well_known(&measure.name).max(well_known(&measure.column));
    if measure.additivity != Additivity::Additive || by_name != Additivity::Additive {
        parts.push(format!("additivity: {}", measure.additivity.as_str()));
    }
    if let Some(unit) = &measure.unit {
        parts.push(format!("unit: {unit}"));
    }
    if let Some(format) = measure.numbers {
        let mut own = number_parts(format);
        own.extend(nulls(draft));
        parts.push(format!("numbers: {{{}}}", own.join(", ")));
    }
    parts
}

/// The metrics of each source: the sums of what adds up, else what is nearest to one.
fn metrics(drafts: &[Draft], names: &mut Names) -> Vec<Vec<Metric>> {
    let all = |draft: &Draft| -> Vec<(Measure, &'static str)> {
        let sums: Vec<(Measure, &'static str)> = draft.additive().map(|measure| (measure.clone(), "sum")).collect();
        if !sums.is_empty() {
            return sums;
        }
        let own = |measure: &Measure| match measure.additivity {
            Additivity::SemiAdditive if draft.has_days() => (measure.clone(), "last"),
            _ => (measure.clone(), "max"),
        };
        draft.roles.measures.iter().map(own).collect()
    };
    let wanted: Vec<Vec<(Measure, &'static str)>> = drafts.iter().map(all).collect();
    let times = |name: &str| wanted.iter().flatten().filter(|(measure, _)| measure.name == name).count();
    drafts
        .iter()
        .zip(&wanted)
        .map(|(draft, wanted)| {
            let metric = |(measure, agg): &(Measure, &'static str)| {
                let is_shared = times(&measure.name) > 1;
                let own = if is_shared { format!("{} {}", draft.name, measure.name) } else { measure.name.clone() };
                let own = if *agg == "max" { format!("highest {own}") } else { own };
                let name = names.give(&own, "metric", None);
                let (source, expr) = (yaml(&draft.name), sql(&in_sql(&measure.name)));
                let label = match short(&measure.column, 80) {
                    label if label == name => String::new(),
                    label => format!(", label: {}", yaml(&label)),
                };
                let how = match *agg {
                    "last" => ", non_additive_dimension: {name: time, window_agg: last}",
                    "max" => ", agg: max",
                    _ => "",
                };
                Metric { name, text: format!("{{type: simple, source: {source}, expr: {expr}{how}{label}}}") }
            };
            wanted.iter().map(metric).collect()
        })
        .collect()
}

fn report(pipeline: &str, draft: &Draft, metrics: &[Metric], is_only: bool) -> String {
    let own = format!("by_{}", draft.grain);
    let own = if draft.grain == "all" { "whole_period".to_owned() } else { own };
    let name = if is_only { own } else { format!("{}_{own}", draft.name) };
    let by = draft.by.map(|place| draft.roles.dimensions[place].name.as_str());
    let mut out = format!("  - name: {}\n    metrics:\n", yaml(&name));
    for metric in metrics {
        out += &format!("      - {}\n", yaml(&metric.name));
    }
    if let Some(by) = by {
        out += &format!("    group_by: [{}]\n", yaml(by));
    }
    out += &format!("    grains: [{}]\n", draft.grain);
    if by.is_some() {
        out += "    totals: true\n";
    }
    let path = format!("reports/{pipeline}/{name}");
    out += "    exports:\n";
    out += &format!("      - {{format: csv, path: {}, layout: wide}}\n", yaml(&format!("{path}.csv")));
    out += &format!("      - {{format: parquet, path: {}, layout: wide}}\n", yaml(&format!("{path}.parquet")));
    out
}
