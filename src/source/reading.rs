//! What a source declares of its files, compiled: patterns of dates, formats of numbers, which columns are what.

use crate::calendar::parse_date;
use crate::catalog::{dimension_type, Encoding, Numbers, Reading, SnapshotReading};
use crate::diagnostic::{Diagnostic, Diagnostics, Part, YamlPath};
use crate::dialect::{DateFormat, Decimal, NumberFormat, Thousands};
use crate::expr::{words, Type};
use crate::profiles;
use crate::spec::{
    Currency, DecimalMark, DimensionType, EncodingSpec, MeasureType, NameOrPlace, NumberSpec, OneOrMany, PeriodType,
    Source, SourceGrain, ThousandsMark, EXPORT_END, SNAPSHOT_DAY,
};
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

/// Compiles what a source declares; mistakes are told, and left out.
pub(super) fn reading(source: &Source, at: &YamlPath, errors: &mut Diagnostics) -> Reading {
    let csv = source.csv.clone().unwrap_or_default();
    let mut reading = Reading {
        separator: source.declared_separator(),
        encoding: csv.encoding.map(|encoding| match encoding {
            EncodingSpec::Utf8 => Encoding::Utf8,
            EncodingSpec::Utf16Le => Encoding::Utf16Le,
            EncodingSpec::Utf16Be => Encoding::Utf16Be,
            EncodingSpec::Windows1252 => Encoding::Windows1252,
        }),
        ragged: csv.ragged.unwrap_or_default(),
        member: source.member.clone(),
        sheet: source.sheet.clone(),
        table: source.table.clone().filter(|table| !is_all(table)),
        all_tables: source.table.as_ref().is_some_and(is_all),
        titles: source.profile.as_deref().and_then(profiles::find).map(profiles::Profile::titles).unwrap_or_default(),
        description_rows: source.description_rows.unwrap_or(0),
        profile: source.profile.clone(),
        headers: source.profile.as_deref().and_then(profiles::find).map(|profile| Arc::clone(&profile.reading)),
        unnest: source.unnest.clone(),
        numbers: source.numbers.as_ref().map(|n| numbers(n, &at.key("numbers"), errors)).unwrap_or_default(),
        period: period(source, at, errors),
        finds_totals: source.total_rows.is_none(),
        on_bad_row: source.on_bad_row.unwrap_or_default(),
        max_bad_rows: source.max_bad_rows.unwrap_or_default(),
        ..Reading::default()
    };
    times(source, &mut reading, at, errors);
    columns(source, &mut reading, at, errors);
    if let Some(Currency::Told(told)) = &source.currency {
        let entries = source.dimensions.entries();
        let own = entries.iter().find(|(name, ..)| *name == told.column);
        let raw = own.and_then(|(_, details, _)| details.column.clone());
        reading.currency = Some(raw.unwrap_or_else(|| told.column.clone()));
    }
    snapshot(source, &mut reading, at, errors);
    reading
}

/// `table: all`.
fn is_all(table: &NameOrPlace) -> bool {
    matches!(table, NameOrPlace::Name(name) if name == "all")
}

/// The columns that date a record.
fn times(source: &Source, reading: &mut Reading, at: &YamlPath, errors: &mut Diagnostics) {
    let Some(time) = &source.time else { return };
    let has_range = time.grain == Some(SourceGrain::Range);
    let end = time.end_column.as_deref().or(has_range.then_some(EXPORT_END));
    let names: IndexSet<String> = std::iter::once(time.column.as_str()).chain(end).map(str::to_owned).collect();
    if let Some(format) = &time.format {
        let formats = date_formats(format, &at.key("time").key("format"), errors);
        for name in names.iter().filter(|_| !formats.is_empty()) {
            reading.dates.insert(name.clone(), formats.clone());
        }
    }
    reading.named.extend(names.iter().filter(|name| !crate::spec::is_told_by_export(name)).cloned());
    reading.times = names;
}

/// Dimensions and measures.
fn columns(source: &Source, reading: &mut Reading, at: &YamlPath, errors: &mut Diagnostics) {
    for (name, details, _) in source.dimensions.entries() {
        if details.expr.is_some() {
            continue;
        }
        let raw = details.column.unwrap_or_else(|| name.to_owned());
        reading.named.insert(raw.clone());
        if let Some(ty) = details.data_type {
            reading.typed.insert(raw.clone(), dimension_type(ty));
        }
        if let Some(format) = &details.format {
            let at = at.key("dimensions").key(name).key("format");
            if details.data_type != Some(DimensionType::Date) {
                let error = Diagnostic::pipeline("clashing-keys", "`format` goes with `type: date`");
                errors.push(error.at_key(&at).help("add `type: date`, or leave `format` out"));
                continue;
            }
            reading.dates.insert(raw, date_formats(format, &at, errors));
        }
    }
    let grouped: IndexSet<String> = source
        .dimensions
        .entries()
        .into_iter()
        .flat_map(|(name, details, _)| [Some(name.to_owned()), details.column].into_iter().flatten())
        .collect();
    for (name, details, _) in source.measures.entries() {
        if let Some(sql) = &details.expr {
            // Columns that a profile makes figures of are numbers, but for those to group by.
            let is_number =
                |word: &&str| reading.knows(word) && !reading.times.contains(*word) && !grouped.contains(*word);
            let used: Vec<String> = words(sql).into_iter().filter(is_number).map(str::to_owned).collect();
            reading.measures.extend(used);
            continue;
        }
        let raw = details.column.unwrap_or_else(|| name.to_owned());
        reading.named.insert(raw.clone());
        reading.measures.insert(raw.clone());
        if let Some(ty) = details.data_type {
            let ty = if ty == MeasureType::Integer { Type::Int } else { Type::Float };
            reading.typed.insert(raw.clone(), ty);
        }
        if let Some(spec) = &details.numbers {
            let own = numbers(spec, &at.key("measures").key(name).key("numbers"), errors);
            reading.numbers_of.insert(raw, own);
        }
    }
}

/// What is made of lifetime snapshots.
fn snapshot(source: &Source, reading: &mut Reading, at: &YamlPath, errors: &mut Diagnostics) {
    let is_lifetime = source.period_type == Some(PeriodType::LifetimeSnapshot);
    if !is_lifetime {
        if source.snapshot.is_some() {
            let error = Diagnostic::pipeline("clashing-keys", "`snapshot` goes with `period_type: lifetime_snapshot`");
            errors.push(error.at_key(&at.key("snapshot")));
        }
        return;
    }
    if source.primary_key.is_empty() {
        let error = Diagnostic::pipeline("missing-key", "a lifetime source needs `primary_key`");
        errors.push(
            error
                .at(&at.key("period_type"))
                .note("two exports hold the same post twice, with two values: the later one counts, never their sum")
                .help("name the columns that identify a post: `primary_key: [post_id]`"),
        );
    }
    let spec = source.snapshot.clone().unwrap_or_default();
    let column = spec.column.unwrap_or_else(|| SNAPSHOT_DAY.to_owned());
    if let Some(format) = &spec.format {
        let formats = date_formats(format, &at.key("snapshot").key("format"), errors);
        reading.dates.insert(column.clone(), formats);
    }
    if column != SNAPSHOT_DAY {
        reading.named.insert(column.clone());
        reading.times.insert(column.clone());
    }
    let raw: IndexMap<&str, String> = source
        .dimensions
        .entries()
        .into_iter()
        .filter(|(_, details, _)| details.expr.is_none())
        .map(|(name, details, _)| (name, details.column.unwrap_or_else(|| name.to_owned())))
        .collect();
    reading.keys = source.primary_key.iter().map(|key| raw.get(key.as_str()).unwrap_or(key).clone()).collect();
    reading.named.extend(reading.keys.iter().cloned());
    reading.snapshot = Some(SnapshotReading { column, keep: spec.keep.unwrap_or_default() });
}

fn numbers(spec: &NumberSpec, at: &YamlPath, errors: &mut Diagnostics) -> Numbers {
    let decimal = match spec.decimal {
        None | Some(DecimalMark::Point) => Decimal::Point,
        Some(DecimalMark::Comma) => Decimal::Comma,
    };
    let thousands = match spec.thousands {
        None | Some(ThousandsMark::None) => Thousands::None,
        Some(ThousandsMark::Comma) => Thousands::Comma,
        Some(ThousandsMark::Point) => Thousands::Point,
        Some(ThousandsMark::Space) => Thousands::Space,
        Some(ThousandsMark::Apostrophe) => Thousands::Apostrophe,
    };
    if matches!((decimal, thousands), (Decimal::Point, Thousands::Point) | (Decimal::Comma, Thousands::Comma)) {
        let error = Diagnostic::pipeline("clashing-keys", "decimals and thousands are parted by the same sign");
        let help = "for `1.200,50` write `{decimal: comma, thousands: point}`, for `1,200.50` `{thousands: comma}`";
        errors.push(error.at(&at.key("thousands")).help(help));
    }
    let nulls: Vec<String> = spec.nulls.clone().unwrap_or_default();
    Numbers { format: NumberFormat { decimal, thousands }, nulls }
}

fn date_formats(formats: &OneOrMany, at: &YamlPath, errors: &mut Diagnostics) -> Vec<DateFormat> {
    let mut compiled = vec![];
    for (index, pattern) in formats.entries() {
        match DateFormat::compile(pattern) {
            Ok(format) => compiled.push(format),
            Err(error) => {
                let at = index.map_or_else(|| at.clone(), |i| at.index(i));
                let told = Diagnostic::pipeline(
                    "invalid-format",
                    format!("`{pattern}` is no form of dates: {}", error.message),
                );
                errors.push(told.place(&at, Part::Within(error.range), "here").help(
                    "YYYY, MM, DD, HH, mm, ss stand for digits, MMM and MMMM for names of months: `DD/MM/YYYY HH:mm`",
                ));
            }
        }
    }
    compiled
}

fn period(source: &Source, at: &YamlPath, errors: &mut Diagnostics) -> Option<(i32, i32)> {
    let spec = source.period.as_ref()?;
    let at = at.key("period");
    let mut day = |text: &str, key: &str| {
        let day = parse_date(text);
        if day.is_none() {
            let error = Diagnostic::pipeline("invalid-value", format!("`{text}` is not a date"));
            errors.push(error.at(&at.key(key)).help("write it as YYYY-MM-DD"));
        }
        day
    };
    let (start, end) = (day(&spec.start, "start"), day(&spec.end, "end"));
    let (start, end) = (start?, end?);
    if start > end {
        errors.push(Diagnostic::pipeline("invalid-value", "the period ends before it begins").at(&at.key("end")));
        return None;
    }
    Some((start, end))
}
