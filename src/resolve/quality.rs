//! What is known, checked and corrected of a source's records before anything is made of them: rows of totals, lifetime
//! snapshots, quality checks.

use crate::catalog::SourceInfo;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{Expr, Type};
use crate::metric::parse_at;
use crate::plan::{
    sources_of, CheckKind, CheckPlan, ColumnRole, Covers, LogicalSource, MetricPlan, Quality, Scan, SnapshotColumns,
    SnapshotPlan,
};
use crate::spec::{Check, Expect, Keep, Level, Limit, OneOrMany, Source};
use indexmap::IndexMap;

/// Resolves what a physical source says of its records.
pub(super) fn resolve(
    source: &Source,
    logical: &LogicalSource,
    info: &SourceInfo,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Quality {
    super::formats::check(source, info, at, errors);
    let mut quality = Quality { total_rows: total_rows(source, logical, at, errors), ..Quality::default() };
    quality.snapshot = snapshot(logical, info, at, errors);
    for (i, check) in source.checks.iter().enumerate() {
        checks(check, logical, info, &at.key("checks").index(i), &mut quality.checks, errors);
    }
    if let Some(expect) = &source.expect {
        expected(expect, logical, info, &at.key("expect"), &mut quality.checks, errors);
    }
    quality
}

fn condition(text: &str, logical: &LogicalSource, at: &YamlPath, errors: &mut Diagnostics) -> Option<Expr> {
    let expr = parse_at(text, logical, at, errors)?;
    if expr.ty() != Type::Bool {
        let error = Diagnostic::pipeline("type-mismatch", format!("it is {}, it must be a condition", expr.ty().a()));
        errors.push(error.at(at).help("compare something: `country = 'FR'`"));
        return None;
    }
    Some(expr)
}

fn total_rows(source: &Source, logical: &LogicalSource, at: &YamlPath, errors: &mut Diagnostics) -> Option<Expr> {
    let text = source.total_rows.as_ref().filter(|text| *text != "none")?;
    condition(text, logical, &at.key("total_rows"), errors)
}

/// Which snapshots count.
fn snapshot(
    logical: &LogicalSource,
    info: &SourceInfo,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Option<SnapshotColumns> {
    let reading = info.reading.snapshot.as_ref()?;
    let is_day = |column: &&crate::plan::LogicalColumn| {
        column.raw.first().is_some_and(|raw| raw.as_deref() == Some(reading.column.as_str())) && column.ty == Type::Date
    };
    let day = logical.columns.iter().find(|(_, column)| is_day(column)).map(|(name, _)| name.clone());
    let Some(day) = day else {
        let at = at.key("snapshot").key("column");
        let known = logical.columns.iter().filter(|(_, c)| c.ty == Type::Date).map(|(name, _)| name.as_str());
        let message = format!("there is no column of days `{}`", reading.column);
        errors.push(
            Diagnostic::pipeline("missing-column", message)
                .at(&at)
                .suggest(&reading.column, "columns of days", known)
                .help("say how its dates are written: `snapshot: {column: …, format: DD/MM/YYYY}`"),
        );
        return None;
    };
    let covers_day = logical.times.iter().all(|time| matches!(time.covers, Covers::Day | Covers::Hour));
    if reading.keep == Keep::Differences && !covers_day {
        let error =
            Diagnostic::pipeline("clashing-keys", "differences of snapshots are dated by the day of a snapshot");
        errors.push(
            error.at(&at.key("snapshot").key("keep")).help("leave `time.grain` out: it is the day of publication"),
        );
    }
    Some(SnapshotColumns { keys: logical.primary_key.clone(), day, keep: reading.keep })
}

fn checks(
    check: &Check,
    logical: &LogicalSource,
    info: &SourceInfo,
    at: &YamlPath,
    found: &mut Vec<CheckPlan>,
    errors: &mut Diagnostics,
) {
    let level = check.level.unwrap_or(Level::Fail);
    let max = check.max.unwrap_or(Limit::Rows(0));
    let mut add = |name: String, kind: CheckKind| {
        found.push(CheckPlan { name: check.name.clone().unwrap_or(name), kind, level });
    };
    let mut kinds = 0;
    if let Some(columns) = &check.missing {
        kinds += 1;
        for (name, ty) in known(columns, logical, &at.key("missing"), errors) {
            let column = Expr::Column { name: name.clone(), ty };
            add(format!("missing {name}"), CheckKind::Records { condition: Expr::IsNull(Box::new(column)), max });
        }
    }
    if let Some(text) = &check.invalid {
        kinds += 1;
        if let Some(condition) = condition(text, logical, &at.key("invalid"), errors) {
            add(format!("invalid: {text}"), CheckKind::Records { condition, max });
        }
    }
    if let Some(columns) = &check.duplicate {
        kinds += 1;
        let columns = known(columns, logical, &at.key("duplicate"), errors);
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let name = format!("duplicate {}", names.join(", "));
        if !columns.is_empty() {
            add(name, CheckKind::Duplicate { columns, max });
        }
    }
    if let Some(count) = check.row_count {
        kinds += 1;
        add("row_count".to_owned(), CheckKind::RowCount { min: count.min, max: count.max });
    }
    if let Some(text) = &check.freshness {
        kinds += 1;
        match text.trim().trim_end_matches('s').strip_suffix("day").and_then(|n| n.trim().parse().ok()) {
            Some(days) => add(format!("freshness {text}"), CheckKind::Freshness { days }),
            None => {
                let error = Diagnostic::pipeline("invalid-value", format!("`{text}` is no number of days"));
                errors.push(error.at(&at.key("freshness")).help("write it as `2 days`"));
            }
        }
    }
    if let Some(columns) = &check.schema {
        kinds += 1;
        schema(columns, info, level, &at.key("schema"), errors);
    }
    if kinds != 1 {
        let error = Diagnostic::pipeline("invalid-value", "a check checks one thing");
        let words = "`missing`, `invalid`, `duplicate`, `row_count`, `freshness` or `schema`";
        errors.push(error.at(at).help(format!("write exactly one of {words}")));
    }
}

/// Columns that every file is to have: judged here, because the catalog knows them.
fn schema(columns: &OneOrMany, info: &SourceInfo, level: Level, at: &YamlPath, errors: &mut Diagnostics) {
    for (index, name) in columns.entries() {
        let lacking = info.files.iter().filter(|file| !file.columns.iter().any(|(column, _)| column == name));
        let lacking: Vec<String> = lacking.map(|file| file.path.display().to_string()).collect();
        if lacking.is_empty() {
            continue;
        }
        let message =
            format!("schema: {} without a column `{name}`", crate::diagnostic::count(lacking.len() as u64, "file"));
        let names: Vec<&str> = lacking.iter().map(String::as_str).collect();
        let told = match level {
            Level::Warn => Diagnostic::warning("check-failed", message),
            Level::Fail => Diagnostic::check("check-failed", message),
        };
        let at = index.map_or_else(|| at.clone(), |i| at.index(i));
        errors.push(told.at(&at).note(crate::diagnostic::short_list(&names)));
    }
}

/// Columns of a source with their types.
fn known(columns: &OneOrMany, logical: &LogicalSource, at: &YamlPath, errors: &mut Diagnostics) -> Vec<(String, Type)> {
    let mut found = vec![];
    for (index, name) in columns.entries() {
        match logical.columns.get(name) {
            Some(column) => found.push((name.to_owned(), column.ty)),
            None => {
                let at = index.map_or_else(|| at.clone(), |i| at.index(i));
                let error =
                    Diagnostic::pipeline("missing-column", format!("source `{}` has no column `{name}`", logical.name));
                errors.push(error.at(&at).suggest(name, "columns there", logical.columns.keys().map(String::as_str)));
            }
        }
    }
    found
}

fn expected(
    expect: &Expect,
    logical: &LogicalSource,
    info: &SourceInfo,
    at: &YamlPath,
    found: &mut Vec<CheckPlan>,
    errors: &mut Diagnostics,
) {
    let mut add = |name: String, kind| found.push(CheckPlan { name, kind, level: Level::Fail });
    if let Some(rows) = expect.rows {
        add("expect rows".to_owned(), CheckKind::RowCount { min: Some(rows), max: Some(rows) });
    }
    for (name, sum) in &expect.totals {
        let at = at.key("totals").key(name);
        match logical.columns.get(name) {
            Some(column) if matches!(column.role, ColumnRole::Measure { .. }) => {
                let column = (name.clone(), column.ty);
                add(format!("expect total of {name}"), CheckKind::Total { column, sum: *sum });
            }
            _ => {
                let measures = logical.columns.iter().filter(|(_, c)| matches!(c.role, ColumnRole::Measure { .. }));
                let known = measures.map(|(name, _)| name.as_str());
                let error = Diagnostic::pipeline(
                    "missing-column",
                    format!("source `{}` has no measure `{name}`", logical.name),
                );
                errors.push(error.at_key(&at).suggest(name, "measures there", known));
            }
        }
    }
    for (file, sha256) in &expect.sha256 {
        let at = at.key("sha256").key(file);
        let named =
            |info: &&crate::catalog::FileInfo| info.path.file_name().is_some_and(|n| n.to_string_lossy() == *file);
        if info.files.iter().find(named).is_none() {
            let names: Vec<String> =
                info.files.iter().filter_map(|f| Some(f.path.file_name()?.to_string_lossy().into_owned())).collect();
            let error = Diagnostic::check("check-failed", format!("expect: there is no file `{file}`"));
            errors.push(error.at_key(&at).suggest(file, "files there", names.iter().map(String::as_str)));
            continue;
        }
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            let error = Diagnostic::pipeline("invalid-value", "a SHA-256 has 64 hexadecimal digits");
            errors.push(error.at(&at).help("`sha256sum file` prints it"));
            continue;
        }
        let kind = CheckKind::Checksum { file: file.clone(), sha256: sha256.to_lowercase() };
        add(format!("expect sha256 of {file}"), kind);
    }
}

/// Marks metrics that are made of lifetime figures, and refuses those that mix them with figures of a day, or two currencies.
pub(super) fn mixed(
    metrics: &mut IndexMap<String, MetricPlan>,
    sources: &IndexMap<String, LogicalSource>,
    errors: &mut Diagnostics,
) {
    super::currency::mixed(metrics, sources, errors);
    let names: Vec<String> = metrics.keys().cloned().collect();
    for name in &names {
        let read: Vec<&LogicalSource> =
            sources_of(metrics, std::slice::from_ref(name)).iter().filter_map(|source| sources.get(*source)).collect();
        let lifetime = read.iter().find(|source| source.is_lifetime);
        let activity = read.iter().find(|source| !source.is_lifetime);
        if let Some(metric) = metrics.get_mut(name) {
            metric.is_lifetime = lifetime.is_some();
        }
        if let (Some(lifetime), Some(activity)) = (lifetime, activity) {
            let message =
                format!("`{name}` mixes lifetime figures of `{}` with those of `{}`", lifetime.name, activity.name);
            errors.push(
                Diagnostic::pipeline("mixed-period-types", message)
                    .at_key(&YamlPath::root().key("metrics").key(name))
                    .note(format!("`{}` tells all that happened to a post, dated by its publication; `{}` tells what happened on a day", lifetime.name, activity.name))
                    .help(format!("take both from one source, or make daily figures of the snapshots: `sources.{}.snapshot: {{keep: differences}}`", lifetime.name)),
            );
        }
    }
}

/// Puts what a source says of its records into its scan, whose columns are complete.
pub(super) fn plan(scan: &mut Scan, quality: &Quality) {
    scan.total_rows.clone_from(&quality.total_rows);
    scan.checks.clone_from(&quality.checks);
    let place = |name: &str| scan.columns.iter().position(|column| column.name == name);
    scan.snapshot = quality.snapshot.as_ref().and_then(|snapshot| {
        Some(SnapshotPlan {
            keys: snapshot.keys.iter().map(|key| place(key)).collect::<Option<_>>()?,
            day: place(&snapshot.day)?,
            keep: snapshot.keep,
            only: None,
        })
    });
}

/// The columns that judging the records of a source needs.
pub(super) fn needed<'q>(quality: &'q Quality, logical: &LogicalSource) -> Vec<(&'q str, Type)> {
    let mut columns: Vec<(&str, Type)> = quality.total_rows.iter().flat_map(Expr::columns).collect();
    for check in &quality.checks {
        match &check.kind {
            CheckKind::Records { condition, .. } => columns.extend(condition.columns()),
            CheckKind::Duplicate { columns: of, .. } => {
                columns.extend(of.iter().map(|(name, ty)| (name.as_str(), *ty)));
            }
            CheckKind::Total { column: (name, ty), .. } => columns.push((name, *ty)),
            CheckKind::RowCount { .. } | CheckKind::Freshness { .. } | CheckKind::Checksum { .. } => {}
        }
    }
    if let Some(snapshot) = &quality.snapshot {
        let names = snapshot.keys.iter().chain([&snapshot.day]);
        columns.extend(names.filter_map(|name| Some((name.as_str(), logical.columns.get(name)?.ty))));
    }
    columns
}
