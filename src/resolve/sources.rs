//! Sources resolved: logical columns with types and roles, over one physical source or a union of several.

use super::columns::{self, because, seems};
use super::computed;
use super::currency;
use super::lookups;
use super::quality;
use super::segments::hint_at_nulls;
use super::unions;
use crate::calendar::Grain;
use crate::catalog::{Catalog, FileInfo, Physical, SourceInfo};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{Expr, Type};
use crate::metric::parse_at;
use crate::plan::{Clock, Covers, LogicalColumn, LogicalSource, Made, Quality, SourceTime, TimeColumn};
use crate::spec::{Pipeline, Source, SourceGrain, TimeSpec, EXPORT_END, EXPORT_START};
use indexmap::IndexMap;
use jiff::tz::TimeZone;

/// Resolves all sources; those with mistakes are left out and told.
pub(super) fn resolve(spec: &Pipeline, catalog: &Catalog, errors: &mut Diagnostics) -> IndexMap<String, LogicalSource> {
    let mut resolved = IndexMap::new();
    for (name, source) in &spec.sources {
        let at = YamlPath::root().key("sources").key(name);
        if source.union.is_empty() {
            if let Some(logical) = physical(name, source, (spec, catalog), &at, errors) {
                let filter = condition(source, &logical, &at, errors);
                resolved.insert(name.clone(), LogicalSource { filter, ..logical });
            }
        }
    }
    for (name, source) in &spec.sources {
        if !source.union.is_empty() {
            let at = YamlPath::root().key("sources").key(name);
            unions::same_files(source, catalog, &at, errors);
            if let Some(logical) = unions::resolve(name, source, spec, &resolved, &at, errors) {
                let filter = condition(source, &logical, &at, errors);
                resolved.insert(name.clone(), LogicalSource { filter, ..logical });
            }
        }
    }
    resolved
}

fn physical(
    name: &str,
    source: &Source,
    (spec, catalog): (&Pipeline, &Catalog),
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<LogicalSource> {
    if source.path.is_none() {
        // A profile that is not known is told already, and so is all that it would say.
        if source.profile.is_some() && source.time.is_none() {
            return None;
        }
        errors.push(
            Diagnostic::pipeline("missing-key", format!("source `{name}` has neither `path` nor `union`"))
                .at_key(at)
                .help("`path: exports/*.csv` reads files; `union: [a, b]` unites other sources"),
        );
        return None;
    }
    check_separator(source, at, errors);
    let Some(time_spec) = &source.time else {
        let error = Diagnostic::pipeline("missing-key", format!("source `{name}` lacks the key `time`")).at_key(at);
        errors.push(error.help("say which column dates a record: `time: {column: date, grain: day}`"));
        return None;
    };
    let info = catalog.sources.get(name)?;
    let mut columns: IndexMap<String, LogicalColumn> = IndexMap::new();
    columns::dimensions(name, source, info, at, &mut columns, errors);
    columns::measures(name, source, info, at, &mut columns, errors);
    let time = time(time_spec, info, at, errors);
    columns::undeclared(source, time_spec, info, &mut columns);
    let mut logical = LogicalSource {
        name: name.to_owned(),
        members: vec![name.to_owned()],
        columns,
        times: vec![],
        primary_key: source.primary_key.clone(),
        filter: None,
        quality: Quality::default(),
        is_lifetime: false,
    };
    let with_rates = currency::with_rates(source);
    let source = with_rates.as_ref().unwrap_or(source);
    let joined = lookups::join(spec, source, catalog, &mut logical, at, errors);
    computed::dimensions(source, &mut logical, at, errors);
    computed::measures(source, &mut logical, at, errors);
    let of_currency = if joined { currency::resolve(source, &mut logical, info, at, errors) } else { vec![] };
    keys(name, source, (&logical.columns, info), at, errors);
    // What is made of a lookup that cannot be read would be told as missing.
    let time = time.filter(|_| joined)?;
    let logical = LogicalSource { times: vec![time], ..logical };
    let mut quality = quality::resolve(source, &logical, info, at, errors);
    quality.checks.extend(of_currency);
    Some(LogicalSource { is_lifetime: quality.is_lifetime(), quality, ..logical })
}

fn check_separator(source: &Source, at: &YamlPath, errors: &mut Diagnostics) {
    if let Some(separator) = source.csv.as_ref().and_then(|c| c.separator.as_ref()) {
        if separator.len() != 1 {
            let at = at.key("csv").key("separator");
            errors.push(
                Diagnostic::pipeline("invalid-value", "a separator is one ASCII character")
                    .at(&at)
                    .help("a tab is written \"\\t\""),
            );
        }
    }
}

/// The source's own `where`.
fn condition(source: &Source, logical: &LogicalSource, at: &YamlPath, errors: &mut Diagnostics) -> Option<Expr> {
    let text = source.filter.as_ref()?;
    let at = at.key("where");
    let expr = parse_at(text, logical, &at, errors)?;
    if expr.ty() != Type::Bool {
        let error =
            Diagnostic::pipeline("type-mismatch", format!("`where` is {}, it must be a condition", expr.ty().a()));
        errors.push(error.at(&at).help("compare something: `country = 'FR'`"));
        return None;
    }
    hint_at_nulls(&expr, &at, errors);
    Some(expr)
}

fn time(spec: &TimeSpec, info: &SourceInfo, at: &YamlPath, errors: &mut Diagnostics) -> Option<SourceTime> {
    let at = at.key("time");
    let zone = match &spec.timezone {
        None => None,
        Some(name) => match TimeZone::get(name) {
            Ok(zone) => Some(zone),
            Err(_) => {
                errors.push(unknown_zone(name, &at.key("timezone")));
                return None;
            }
        },
    };
    let grain = spec.grain.unwrap_or(SourceGrain::Day);
    let column = time_column(&spec.column, zone.as_ref(), info, &at.key("column"), errors);
    let told_by_export = spec.column == EXPORT_START;
    if told_by_export && grain != SourceGrain::Range {
        let error = Diagnostic::pipeline("missing-key", "`time` lacks the key `column`");
        let help = "name the column that dates a record, or write `grain: range` where each covers the export's period";
        errors.push(error.at_key(&at).help(help));
        return None;
    }
    let own_end = spec.end_column.clone().or_else(|| told_by_export.then(|| EXPORT_END.to_owned()));
    let end = match (&own_end, grain) {
        (Some(name), SourceGrain::Range) => {
            Some(time_column(name, zone.as_ref(), info, &at.key("end_column"), errors)?)
        }
        (Some(_), _) => {
            let error = Diagnostic::pipeline("clashing-keys", "`end_column` goes with `grain: range` only");
            errors.push(error.at_key(&at.key("end_column")));
            None
        }
        (None, SourceGrain::Range) => {
            let error =
                Diagnostic::pipeline("missing-key", "`grain: range` needs `end_column`: the column of the last day");
            errors.push(error.at(&at.key("grain")));
            return None;
        }
        (None, _) => None,
    };
    let column = column?;
    if grain == SourceGrain::Hour && column.clock == Clock::Day {
        let error = Diagnostic::pipeline(
            "type-mismatch",
            format!("`{}` holds days, so the source cannot have `grain: hour`", spec.column),
        );
        errors.push(error.at(&at.key("grain")).help("write `grain: day`"));
        return None;
    }
    let covers = match grain {
        SourceGrain::Hour => Covers::Hour,
        SourceGrain::Day => Covers::Day,
        SourceGrain::Week => Covers::Week,
        SourceGrain::Month => Covers::Period(Grain::Month),
        SourceGrain::Quarter => Covers::Period(Grain::Quarter),
        SourceGrain::Year => Covers::Period(Grain::Year),
        SourceGrain::Range => Covers::Range,
    };
    Some(SourceTime { name: spec.column.clone(), column, end, covers, assign: spec.assign })
}

/// The error for a zone that nobody knows.
pub(super) fn unknown_zone(name: &str, at: &YamlPath) -> Diagnostic {
    Diagnostic::pipeline("unknown-timezone", format!("there is no time zone `{name}`"))
        .at(at)
        .help("use an IANA name: `Europe/Paris`, `America/New_York`, `UTC`")
}

fn time_column(
    raw: &str,
    zone: Option<&TimeZone>,
    info: &SourceInfo,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<TimeColumn> {
    let Some(column) = info.columns.get(raw) else {
        let known = info.columns.keys().map(String::as_str);
        let error = Diagnostic::pipeline("missing-column", format!("there is no time column `{raw}` in the files"));
        errors.push(error.at(at).suggest(raw, "columns there", known));
        return None;
    };
    if let Some(file) = info.files.iter().find(|f| !f.columns.iter().any(|(name, _)| name == raw)) {
        let error =
            Diagnostic::pipeline("missing-column", format!("`{}` has no time column `{raw}`", file.path.display()));
        let known = file.columns.iter().map(|(name, _)| name.as_str());
        errors.push(
            error
                .at(at)
                .suggest(raw, "columns there", known)
                .help("rename the column in the file, or read it as a source of its own"),
        );
        return None;
    }
    let clock = match &column.physical {
        Physical::Typed(Type::Date) | Physical::Empty => Clock::Day,
        Physical::Timestamp { zoned: true } => Clock::Instant,
        Physical::Timestamp { zoned: false } => Clock::Wall(zone.cloned()),
        other => {
            let mut error =
                Diagnostic::pipeline("type-mismatch", format!("`{raw}` holds {}, not dates", other.describe())).at(at);
            if let Some(why) = because(info, raw) {
                error = error.note(format!("{why} is not a date"));
            }
            if let Some(form) = seems(info, raw) {
                error = error.help(format!("its dates seem to be written in another way: {form}"));
            }
            errors.push(match info.reading.dates.get(raw) {
                None => error
                    .note("dates are read as YYYY-MM-DD, timestamps as YYYY-MM-DD HH:MM:SS, with or without offset"),
                Some(formats) => {
                    let forms: Vec<String> = formats.iter().map(|form| format!("`{}`", form.pattern())).collect();
                    error.note(format!("dates are read as `format` says: {}", forms.join(" or ")))
                }
            });
            return None;
        }
    };
    Some(TimeColumn { raw: raw.to_owned(), clock })
}

fn keys(
    name: &str,
    source: &Source,
    (columns, info): (&IndexMap<String, LogicalColumn>, &SourceInfo),
    at: &YamlPath,
    errors: &mut Diagnostics,
) {
    for (i, key) in source.primary_key.iter().enumerate() {
        let is_absent = |column: &LogicalColumn| column.raw == [None] && column.made == [Made::AsRead];
        if columns.get(key).is_none_or(is_absent) {
            let error = Diagnostic::pipeline("missing-column", format!("source `{name}` has no column `{key}`"));
            let known = columns.keys().map(String::as_str);
            errors.push(error.at(&at.key("primary_key").index(i)).suggest(key, "columns there", known));
            continue;
        }
        // Without its key a file's records are all the same one.
        let raw = columns.get(key).and_then(|column| column.raw[0].as_deref());
        let lacks = |file: &&FileInfo| raw.is_some_and(|raw| !file.columns.iter().any(|(name, _)| name == raw));
        if let Some(file) = info.files.iter().find(lacks).filter(|_| source.profile.is_some()) {
            let message = format!("`{}` has no column `{key}`, which tells its records apart", file.path.display());
            let error = Diagnostic::data("missing-column", message).at(&at.key("path"));
            errors.push(error.help("export it again with that column, or name the files more closely"));
        }
    }
}
