//! What amounts of money are in. Amounts of two currencies are never added up: a source has one, or its records are brought into
//! one by rates of a lookup.

use super::computed::shadow;
use crate::catalog::SourceInfo;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{quoted, Expr};
use crate::metric::parse_at;
use crate::plan::{CheckKind, CheckPlan, ColumnRole, Formula, LogicalColumn, LogicalSource, Made, MetricPlan};
use crate::spec::{Currency, Level, Limit, LookupUse, NamesOr, Source, ToldCurrency};
use indexmap::{IndexMap, IndexSet};
use std::path::Path;

/// The unit of measures that are amounts of money, before it is known in what.
const MONEY: &str = "money";

/// The lookup's column of rates where none is named.
const RATE: &str = "rate";

/// A source with the lookup that its rates are in among its lookups.
pub(super) fn with_rates(source: &Source) -> Option<Source> {
    let Some(Currency::Told(ToldCurrency { rates: Some(rates), .. })) = &source.currency else { return None };
    let uses = source.lookups.entries();
    if uses.iter().any(|(name, ..)| name == rates) {
        return None;
    }
    let mut all: IndexMap<String, Option<LookupUse>> =
        uses.into_iter().map(|(name, details, _)| (name.to_owned(), Some(details))).collect();
    all.insert(rates.clone(), None);
    Some(Source { lookups: NamesOr::Map(all), ..source.clone() })
}

/// Gives the amounts of a source their currency; what is to be checked of its records.
pub(super) fn resolve(
    source: &Source,
    logical: &mut LogicalSource,
    info: &SourceInfo,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Vec<CheckPlan> {
    let Some(currency) = &source.currency else { return vec![] };
    let at = at.key("currency");
    let amounts: Vec<String> = logical
        .columns
        .iter()
        .filter(|(_, column)| unit(column) == Some(MONEY))
        .map(|(name, _)| name.clone())
        .collect();
    let told = match currency {
        Currency::Code(code) => {
            if is_sound(code, &at, errors) && agrees(code, &logical.name, info, &at, errors) {
                set(logical, &amounts, code);
            }
            return vec![];
        }
        Currency::Told(told) => told,
    };
    if let Some(to) = &told.to {
        if !is_sound(to, &at.key("to"), errors) {
            return vec![];
        }
    }
    if told.rates.is_some() && told.to.is_none() {
        let error =
            Diagnostic::pipeline("missing-key", "`rates` needs `to`: the currency that amounts are brought into");
        errors.push(error.at_key(&at.key("rates")).help("write `to: EUR`"));
        return vec![];
    }
    if told.rate.is_some() && told.rates.is_none() {
        let error = Diagnostic::pipeline("clashing-keys", "`rate` goes with `rates`");
        errors.push(error.at_key(&at.key("rate")).help("name the lookup: `rates: exchange_rates`"));
        return vec![];
    }
    match logical.columns.get(&told.column) {
        None => {
            let message = format!("source `{}` has no column `{}` that tells a currency", logical.name, told.column);
            let error = Diagnostic::pipeline("missing-column", message).at(&at.key("column"));
            errors.push(error.suggest(&told.column, "columns there", logical.columns.keys().map(String::as_str)));
            return vec![];
        }
        // An export that tells no currency: its amounts stay amounts.
        Some(column) if column.empty => {
            if let Some(to) = &told.to {
                set(logical, &amounts, to);
            }
            return vec![];
        }
        Some(_) => {}
    }
    if let (Some(to), None) = (&told.to, &told.rates) {
        if source.profile.is_some() && !agrees(to, &logical.name, info, &at, errors) {
            return vec![];
        }
    }
    match &told.rates {
        Some(rates) => converted(source, told, rates, &amounts, logical, &at, errors),
        None => one(source, told, &amounts, (logical, info), &at, errors),
    }
}

fn unit(column: &LogicalColumn) -> Option<&str> {
    match &column.role {
        ColumnRole::Measure { unit, .. } => unit.as_deref(),
        _ => None,
    }
}

/// Whether no file says in its header that its amounts are in another currency.
fn agrees(code: &str, source: &str, info: &SourceInfo, at: &YamlPath, errors: &mut Diagnostics) -> bool {
    let other =
        info.files.iter().find_map(|file| Some((file, file.layout.currency.as_ref().filter(|told| *told != code)?)));
    if let Some((file, told)) = other {
        let message = format!("the amounts of `{source}` are in {told}, and not in {code}");
        let error = Diagnostic::pipeline("mixed-currencies", message).at(at);
        errors.push(error.note(format!("{} says so in its header", file.path.display())).help(format!(
            "leave `currency` out, or bring them into {code}: `currency: {{column: currency, to: {code}, rates: …}}`"
        )));
    }
    other.is_none()
}

fn is_sound(code: &str, at: &YamlPath, errors: &mut Diagnostics) -> bool {
    let sound = is_code(code);
    if !sound {
        let error = Diagnostic::pipeline("invalid-value", format!("`{code}` is no code of a currency")).at(at);
        errors.push(error.help("codes have three capital letters: `EUR`, `USD`, `GBP`"));
    }
    sound
}

/// Whether a unit is a currency.
fn is_code(unit: &str) -> bool {
    unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn set(logical: &mut LogicalSource, amounts: &[String], code: &str) {
    for name in amounts {
        if let Some(ColumnRole::Measure { unit, .. }) = logical.columns.get_mut(name).map(|column| &mut column.role) {
            *unit = Some(code.to_owned());
        }
    }
}

/// All amounts are to be in one currency: that of `to`, else the one that the files begin with.
fn one(
    source: &Source,
    told: &ToldCurrency,
    amounts: &[String],
    (logical, info): (&mut LogicalSource, &SourceInfo),
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Vec<CheckPlan> {
    let mut seen: IndexMap<&str, &Path> = IndexMap::new();
    for file in &info.files {
        if let Some(code) = file.layout.currency.as_ref().or(file.layout.first_currency.as_ref()) {
            seen.entry(code).or_insert(&file.path);
        }
    }
    if let (None, Some((first, path)), Some((second, other))) = (&told.to, seen.get_index(0), seen.get_index(1)) {
        let message = format!("the amounts of `{}` are in {first} and in {second}, and are not added up", logical.name);
        errors.push(
            Diagnostic::pipeline("mixed-currencies", message)
                .at(at)
                .note(format!("{}: {first}", path.display()))
                .note(format!("{}: {second}", other.display()))
                .help(format!("bring them into one by rates: `currency: {{column: {}, to: {first}, rates: …}}`, a lookup by currency", told.column))
                .help(format!("or keep one: `where: {} = '{first}'` with `currency: {{column: {0}, to: {first}}}`", told.column)),
        );
        return vec![];
    }
    let Some(code) = told.to.clone().or_else(|| seen.first().map(|(code, _)| (*code).to_owned())) else {
        let error =
            Diagnostic::pipeline("missing-key", format!("nothing tells in what the amounts of `{}` are", logical.name));
        errors.push(error.at(at).help(format!(
            "say it: `currency: {{column: {}, to: EUR}}`; every record is held against it",
            told.column
        )));
        return vec![];
    };
    set(logical, amounts, &code);
    let column = quoted(&told.column);
    let wrong = format!("({column} IS NULL OR UPPER({column}) <> '{code}')");
    let name = format!("amounts in {code} alone");
    let amounts: Vec<(String, String)> = amounts.iter().map(|name| (name.clone(), name.clone())).collect();
    check(source, name, &amounts, &wrong, logical, at, errors)
}

/// All amounts are brought into one currency.
fn converted(
    source: &Source,
    told: &ToldCurrency,
    rates: &str,
    amounts: &[String],
    logical: &mut LogicalSource,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Vec<CheckPlan> {
    let rate = told.rate.as_deref().unwrap_or(RATE);
    if !logical.columns.contains_key(rate) {
        let message = format!("the lookup `{rates}` adds no column `{rate}`");
        let error = Diagnostic::pipeline("missing-column", message);
        let error = if told.rate.is_some() { error.at(&at.key("rate")) } else { error.at(&at.key("rates")) };
        errors
            .push(error.help("name the column of rates: `rate: …`, a number: what one unit of the currency is worth"));
        return vec![];
    }
    let (to, column, rate) = (told.to.clone().unwrap_or_default(), quoted(&told.column), quoted(rate));
    let mut before = vec![];
    for name in amounts {
        let original = shadow(logical, name);
        let Some(written) = logical.columns.get(name).cloned() else { continue };
        let own = quoted(&original);
        let sql = format!("CASE WHEN UPPER({column}) = '{to}' THEN {own} ELSE {own} * {rate} END");
        let Some(expr) = parse_at(&sql, &*logical, at, errors) else { continue };
        let (ty, made) = (expr.ty(), vec![Made::Computed(expr)]);
        logical.columns.insert(name.clone(), LogicalColumn { ty, made, raw: vec![None], ..written });
        before.push((name.clone(), original));
    }
    set(logical, amounts, &to);
    let wrong = format!("({column} IS NULL OR (UPPER({column}) <> '{to}' AND {rate} IS NULL))");
    check(source, format!("amounts without a rate to {to}"), &before, &wrong, logical, at, errors)
}

/// A check of the records that have an amount and pass the source's own `where`; of each amount its name, and the column of what was
/// exported.
fn check(
    source: &Source,
    name: String,
    amounts: &[(String, String)],
    wrong: &str,
    logical: &LogicalSource,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> Vec<CheckPlan> {
    if amounts.is_empty() {
        return vec![];
    }
    let known: Vec<String> = amounts.iter().map(|(_, own)| format!("{} IS NOT NULL", quoted(own))).collect();
    let sql = format!("({}) AND {wrong}", known.join(" OR "));
    let Some(mut condition) = parse_at(&sql, logical, at, errors) else { return vec![] };
    if let Some(filter) = &source.filter {
        // A mistake in it is told elsewhere.
        let Some(mut own) = parse_at(filter, logical, at, &mut Diagnostics::default()) else { return vec![] };
        // An amount that could not be brought into the currency is no reason to leave its record out.
        for (name, original) in amounts {
            own.rename(name, original);
        }
        condition = Expr::And(Box::new(condition), Box::new(own));
    }
    vec![CheckPlan { name, kind: CheckKind::Records { condition, max: Limit::Rows(0) }, level: Level::Fail }]
}

/// Refuses metrics whose amounts are in several currencies.
pub(super) fn mixed(
    metrics: &IndexMap<String, MetricPlan>,
    sources: &IndexMap<String, LogicalSource>,
    errors: &mut Diagnostics,
) {
    let mut known: IndexMap<&str, IndexSet<String>> = IndexMap::new();
    for (name, metric) in metrics {
        let mut found: IndexSet<String> = IndexSet::new();
        match &metric.formula {
            Formula::Simple { source, aggregate, .. } => {
                let columns = aggregate.expr.iter().flat_map(|expr| expr.columns());
                let source = sources.get(source);
                found.extend(
                    columns
                        .filter_map(|(column, _)| unit(source?.columns.get(column)?))
                        .filter(|u| is_code(u))
                        .map(str::to_owned),
                );
            }
            formula => {
                for input in formula.inputs() {
                    found.extend(known.get(input).into_iter().flatten().cloned());
                }
            }
        }
        if found.len() > 1 {
            let list: Vec<&str> = found.iter().map(String::as_str).collect();
            let message = format!("`{name}` mixes amounts in {}", list.join(" and in "));
            let error = Diagnostic::pipeline("mixed-currencies", message).at_key(&metric.place());
            errors.push(error.help(
                "bring the source's amounts into one currency: `currency: {column: currency, to: EUR, rates: …}`, a lookup by currency",
            ));
            // Told once, not of all that is made of it.
            found.truncate(1);
        }
        known.insert(name, found);
    }
}

/// Two members of a union whose measure is in two currencies.
pub(super) fn differ(left: &LogicalColumn, right: &LogicalColumn) -> Option<(String, String)> {
    let (left, right) = (unit(left).filter(|u| is_code(u))?, unit(right).filter(|u| is_code(u))?);
    (left != right).then(|| (left.to_owned(), right.to_owned()))
}

/// Where one of two members of a union says in what its amounts are and the other does not: what it says.
pub(super) fn is_unknown_beside<'c>(left: &'c LogicalColumn, right: &'c LogicalColumn) -> Option<&'c str> {
    match (unit(left)?, unit(right)?) {
        (code, MONEY) | (MONEY, code) if is_code(code) => Some(code),
        _ => None,
    }
}
