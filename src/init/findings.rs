//! What was found out about a table, in words for people.

use super::draft::{Draft, Kind, SnapshotDay, Useless};
use super::roles::short;
use super::times::{Dates, Time};
use crate::catalog::Encoding;
use crate::diagnostic::{count, grouped};
use crate::dialect::{Decimal, NumberFormat, Thousands};
use crate::source::{PeriodFrom, SampledTable};
use crate::spec::{Additivity, FileFormat, NameOrPlace, SourceGrain};
use serde::Serialize;

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, with the sheet or table.
    pub table: String,
    /// What it is about: `encoding`, `time`, `numbers` …
    pub about: &'static str,
    /// What was found.
    pub text: String,
    /// Whether somebody should look at it.
    pub unsure: bool,
}

/// A table: its file, with what is meant of it.
pub(super) fn described(table: &SampledTable) -> String {
    let mut text = format!("`{}`", table.path.display());
    if let Some(member) = &table.member {
        text += &format!(", file `{member}`");
    }
    if let Some(sheet) = &table.sheet {
        text += &format!(", sheet `{sheet}`");
    }
    match &table.table {
        Some(NameOrPlace::Name(name)) => text += &format!(", table `{name}`"),
        Some(NameOrPlace::Place(place)) => text += &format!(", table {place}"),
        None => {}
    }
    text
}

/// Why nothing is made of a table.
pub(super) fn why(why: &Useless) -> &'static str {
    match why {
        Useless::NoNumbers => "no column of numbers",
        Useless::NoPeriod => "nothing dates its records: pass `--period 2025-01-01..2025-01-31`",
        Useless::Empty => "no rows",
    }
}

/// What was found out about a table that nothing is made of.
pub(super) fn of_left(table: &SampledTable, reason: &Useless, findings: &mut Vec<Finding>) {
    let unsure = matches!(reason, Useless::NoPeriod);
    findings.push(Finding { table: described(table), about: "left out", text: why(reason).to_owned(), unsure });
}

/// What was found out about a table that a source is made of.
pub(super) fn of_draft(draft: &Draft, findings: &mut Vec<Finding>) {
    let table = described(&draft.table);
    let table =
        if draft.files > 1 { format!("{table} and {} more", count(draft.files as u64 - 1, "file")) } else { table };
    let mut add = |about: &'static str, text: String, unsure: bool| {
        findings.push(Finding { table: table.clone(), about, text, unsure });
    };
    if let Some(profile) = super::known::may_be(&draft.table) {
        let id = &profile.about.id;
        add("profile", format!("perhaps {id}, which is experimental: `profile: {id}` reads it so"), true);
    }
    add("rows", rows(draft), false);
    if let Some((text, unsure)) = text_file(&draft.table) {
        add("text", text, unsure);
    }
    let (time, unsure) = time(draft);
    add("time", time, unsure);
    if let Some((days, from)) = draft.table.period {
        let told = match from {
            PeriodFrom::Lines => "told by the lines above the table",
            PeriodFrom::OtherTable => "told by the lines of another table",
            PeriodFrom::Name => "told by the file's name",
            PeriodFrom::Asked => "as asked",
        };
        add("period", format!("{}, {told}", super::span(days)), false);
    }
    if let Some(text) = numbers(draft.roles.numbers) {
        add("numbers", text, false);
    }
    if let Some((cell, format)) = &draft.roles.ambiguous {
        let other = numbers(*format).unwrap_or_else(|| "decimal point".to_owned());
        let own = numbers(draft.roles.numbers).unwrap_or_else(|| "decimal point".to_owned());
        add("numbers", format!("`{cell}` could be read in two ways: {own} is taken, not {other}"), true);
    }
    for measure in draft.roles.measures.iter().filter(|measure| measure.numbers.is_some()) {
        let format = measure.numbers.and_then(numbers).unwrap_or_else(|| "decimal point".to_owned());
        add("numbers", format!("`{}` alone: {format}", measure.column), false);
    }
    if !draft.roles.nulls.is_empty() {
        let nulls: Vec<String> =
            draft.roles.nulls.iter().map(|(null, n)| format!("`{null}` ({})", count(*n as u64, "cell"))).collect();
        add("no value", nulls.join(", "), false);
    }
    of_records(draft, &mut add);
    of_columns(draft, &mut add);
}

/// Totals, rows that cannot be read, lifetime or activity.
fn of_records(draft: &Draft, add: &mut dyn FnMut(&'static str, String, bool)) {
    if draft.totals > 0 {
        add("totals", format!("{}, left out by themselves", count(draft.totals as u64, "row")), false);
    }
    if let Some(condition) = &draft.total_rows {
        add("totals", format!("one row with the sums of all others: `total_rows: {condition}`"), false);
    }
    if draft.undated > 0 {
        add("undated", format!("{} without a date, left out", count(draft.undated as u64, "row")), true);
    }
    if draft.fills {
        add(
            "bad rows",
            "most rows are shorter or longer than the header by empty fields: they are taken".to_owned(),
            false,
        );
    }
    if draft.bad > 0 {
        let text = format!("{} that cannot be read; {}", count(draft.bad as u64, "row"), draft.bad_because);
        add("bad rows", text, true);
    }
    match &draft.kind {
        Kind::Activity => {}
        Kind::Lifetime { key, day } => {
            let day = match day {
                SnapshotDay::Name => "the file's name".to_owned(),
                SnapshotDay::Column(dates) => format!("`{}`", draft.table.header[dates.column]),
            };
            let key = &draft.table.header[*key];
            add("kind", format!("lifetime figures of posts by `{key}`, exported on the day that {day} tells"), false);
        }
        Kind::LifetimeOfNoDay => {
            let text =
                "lifetime figures of posts it seems, but nothing tells when they were exported: taken as they are";
            add("kind", text.to_owned(), true);
        }
    }
}

/// Which columns are what.
fn of_columns(draft: &Draft, add: &mut dyn FnMut(&'static str, String, bool)) {
    let names = |additivity: Additivity| {
        let measures = draft.roles.measures.iter().filter(|measure| measure.additivity == additivity);
        let names: Vec<&str> = measures.map(|measure| measure.column.as_str()).collect();
        names.join(", ")
    };
    for (about, additivity) in
        [("adds up", Additivity::Additive), ("levels", Additivity::SemiAdditive), ("no sums", Additivity::NonAdditive)]
    {
        let names = names(additivity);
        if !names.is_empty() {
            add(about, names, false);
        }
    }
    let dimensions: Vec<String> =
        draft.roles.dimensions.iter().map(|d| format!("{} ({})", d.column, d.different)).collect();
    if !dimensions.is_empty() {
        add("groups", dimensions.join(", "), false);
    }
    let left: Vec<String> = draft.roles.left.iter().map(|(column, why)| format!("{column} ({why})")).collect();
    if !left.is_empty() {
        add("unused", left.join(", "), false);
    }
}

fn rows(draft: &Draft) -> String {
    let table = &draft.table;
    let looked = table.rows.len() as u64;
    let rows = if table.is_whole || draft.files > 1 {
        count(looked, "row")
    } else {
        format!("the first {} rows", grouped(looked))
    };
    let columns = count(table.header.len() as u64, "column");
    match table.header_line {
        0 => format!("{rows} looked at, {columns}"),
        line => format!("{rows} looked at, {columns}, header in row {line}"),
    }
}

/// Encoding and separator, and whether they are a guess.
pub(super) fn text_file(table: &SampledTable) -> Option<(String, bool)> {
    if table.format != FileFormat::Csv {
        return None;
    }
    let encoding = match table.encoding? {
        Encoding::Utf8 if table.has_mark => "UTF-8 with byte order mark",
        Encoding::Utf8 => "UTF-8",
        Encoding::Utf16Le => "UTF-16LE",
        Encoding::Utf16Be => "UTF-16BE",
        Encoding::Windows1252 => "windows-1252 it seems: it is not UTF-8",
    };
    let separator = match table.separator? {
        b',' => "commas".to_owned(),
        b';' => "semicolons".to_owned(),
        b'\t' => "tabs".to_owned(),
        other => format!("`{}`", char::from(other)),
    };
    Some((format!("{encoding}, parted by {separator}"), table.declares_encoding))
}

/// What dates a record, and whether somebody should look at it.
fn time(draft: &Draft) -> (String, bool) {
    let name = |dates: &Dates| format!("`{}`", draft.table.header[dates.column]);
    match &draft.time {
        Time::Column(dates, grain) => {
            let covers = match grain {
                SourceGrain::Day | SourceGrain::Hour | SourceGrain::Range => "",
                SourceGrain::Week => ", a week each",
                SourceGrain::Month => ", a month each",
                SourceGrain::Quarter => ", a quarter each",
                SourceGrain::Year => ", a year each",
            };
            let (form, unsure) = form(dates);
            (format!("{}{form}{covers}", name(dates)), unsure)
        }
        Time::Range(first, last) => {
            let (form, unsure) = form(first);
            (format!("from {} to {}{form}", name(first), name(last)), unsure)
        }
        Time::Export => ("no column: every record covers the period of its export".to_owned(), false),
    }
}

/// How dates are written, with the other way to read them.
pub(super) fn form(dates: &Dates) -> (String, bool) {
    let Some(format) = &dates.format else { return (String::new(), false) };
    let example = short(&dates.example, 40);
    let mut text = format!(" as {} (`{example}`)", format.pattern());
    match &dates.other {
        Some(other) if dates.is_guess => {
            text += &format!("; {} reads every cell too: nothing but habit decides", other.pattern());
        }
        Some(other) => text += &format!("; {} reads every cell too, but days would jump", other.pattern()),
        None => {}
    }
    (text, dates.is_guess)
}

/// How numbers are written, where not plainly.
fn numbers(format: NumberFormat) -> Option<String> {
    let decimal = (format.decimal == Decimal::Comma).then_some("decimal comma");
    let thousands = match format.thousands {
        Thousands::None => None,
        Thousands::Comma => Some("thousands by comma"),
        Thousands::Point => Some("thousands by point"),
        Thousands::Space => Some("thousands by space"),
        Thousands::Apostrophe => Some("thousands by apostrophe"),
    };
    let parts: Vec<&str> = decimal.into_iter().chain(thousands).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
