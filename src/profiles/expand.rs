//! A source that names a profile → the source that one would have written without it.

use super::{find, unknown, About, Profile, Tier};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::substitute;
use crate::spec::{CsvSpec, Currency, NamesOr, NumberSpec, Pipeline, Source, TimeSpec, ToldCurrency, EXPORT_START};
use indexmap::IndexMap;

/// Brings what the profiles say into the sources that name them; what a source says itself wins. A profile that is not known is told,
/// and its source left as it is.
pub fn expand(pipeline: &mut Pipeline, errors: &mut Diagnostics) {
    for (name, source) in &mut pipeline.sources {
        let Some(id) = source.profile.clone() else { continue };
        let at = YamlPath::root().key("sources").key(name).key("profile");
        if !source.union.is_empty() {
            let error = Diagnostic::pipeline("clashing-keys", "`profile` cannot stand beside `union`");
            errors.push(error.at_key(&at).help("the united sources have profiles of their own"));
            continue;
        }
        let Some(profile) = find(&id) else {
            errors.push(unknown(&id).at(&at));
            // Nothing is said of a source of which hardly anything is known.
            (source.path, source.time) = (None, None);
            continue;
        };
        if profile.about.tier == Tier::Experimental {
            let warning =
                Diagnostic::warning("experimental-profile", format!("the profile `{id}` is experimental")).at(&at);
            errors.push(warning.note(profile.about.evidence.en.as_str()).help(format!(
                "hold its figures against those that the network shows; `jalon profiles {id}` tells more"
            )));
        }
        *source = merged(called(std::mem::take(source), profile), &profile.source);
    }
}

/// What a source is that names a profile: all its columns may be missing, an export has those that were ticked.
pub(super) fn template(about: &About) -> Source {
    let mut source = about.source.clone();
    source.dimensions = each(&source.dimensions, |dimension| dimension.optional = true);
    source.measures = each(&source.measures, |measure| measure.optional = true);
    if source.format.is_some_and(|format| !format.is_text()) {
        by_path(about, source)
    } else {
        source
    }
}

/// Files that know their columns are read by the names there, which may be paths: `geo.country`.
fn by_path(about: &About, mut source: Source) -> Source {
    let path = |name: &str| about.columns.get(name).and_then(|spellings| spellings.first());
    let declared: Vec<String> = source
        .dimensions
        .entries()
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .chain(source.measures.entries().iter().map(|(name, ..)| (*name).to_owned()))
        .collect();
    let column = |name: &str, column: &Option<String>| path(column.as_deref().unwrap_or(name)).cloned();
    let replaced = |sql: &String| {
        substitute(sql, &|word| {
            let path = path(word).filter(|_| !declared.iter().any(|name| name == word))?;
            Some(format!("\"{path}\""))
        })
    };
    source.dimensions = named(&source.dimensions, |name, dimension| match &dimension.expr {
        Some(sql) => dimension.expr = Some(replaced(sql)),
        None => dimension.column = column(name, &dimension.column),
    });
    source.measures = named(&source.measures, |name, measure| match &measure.expr {
        Some(sql) => measure.expr = Some(replaced(sql)),
        None => measure.column = column(name, &measure.column),
    });
    if let Some(time) = &mut source.time {
        if let Some(path) = path(&time.column) {
            time.column.clone_from(path);
        }
    }
    source
}

fn each<T: Clone + Default>(entries: &NamesOr<T>, change: impl Fn(&mut T)) -> NamesOr<T> {
    named(entries, |_, details| change(details))
}

fn named<T: Clone + Default>(entries: &NamesOr<T>, change: impl Fn(&str, &mut T)) -> NamesOr<T> {
    let changed = entries.entries().into_iter().map(|(name, mut details, _)| {
        change(name, &mut details);
        (name.to_owned(), Some(details))
    });
    NamesOr::Map(changed.collect())
}

/// A column may be named as the exports spell it.
fn called(source: Source, profile: &Profile) -> Source {
    let (dimensions, measures) = (profile.source.dimensions.entries(), profile.source.measures.entries());
    // The profile's own names before the spellings of exports: `shares` of X are its reposts, `Shares` are those sent.
    let own = |column: &str| {
        let of_dimension = dimensions.iter().find(|(name, ..)| *name == column).map(|(_, d, _)| d.column.clone());
        let of_measure = || measures.iter().find(|(name, ..)| *name == column).map(|(_, m, _)| m.column.clone());
        let read = of_dimension.or_else(of_measure)?;
        Some(read.unwrap_or_else(|| column.to_owned()))
    };
    let name = |column: String| {
        let spelled = || profile.headers.name(&column).map(|(name, _)| name.to_owned());
        let own = own(&column).or_else(|| profile.about.columns.contains_key(&column).then(|| column.clone()));
        own.or_else(spelled).unwrap_or_else(|| column.clone())
    };
    let mut source = source;
    if let NamesOr::Map(_) = &source.dimensions {
        source.dimensions = each(&source.dimensions, |dimension| dimension.column = dimension.column.take().map(&name));
    }
    if let NamesOr::Map(_) = &source.measures {
        source.measures = each(&source.measures, |measure| measure.column = measure.column.take().map(&name));
    }
    if let Some(time) = &mut source.time {
        time.column = name(std::mem::take(&mut time.column));
        time.end_column = time.end_column.take().map(&name);
    }
    source
}

/// What is written, completed by what is ready. All keys are named, so that a new one is not forgotten.
fn merged(own: Source, ready: &Source) -> Source {
    let ready = ready.clone();
    let mut checks = ready.checks;
    checks.extend(own.checks);
    Source {
        profile: own.profile,
        path: own.path,
        format: own.format.or(ready.format),
        csv: csv(own.csv, ready.csv),
        member: own.member.or(ready.member),
        sheet: own.sheet.or(ready.sheet),
        table: own.table.or(ready.table),
        description_rows: own.description_rows.or(ready.description_rows),
        unnest: own.unnest.or(ready.unnest),
        numbers: numbers(own.numbers, ready.numbers),
        period: own.period.or(ready.period),
        total_rows: own.total_rows.or(ready.total_rows),
        on_bad_row: own.on_bad_row.or(ready.on_bad_row),
        max_bad_rows: own.max_bad_rows.or(ready.max_bad_rows),
        expect: own.expect.or(ready.expect),
        period_type: own.period_type.or(ready.period_type),
        snapshot: own.snapshot.or(ready.snapshot),
        checks,
        time: time(own.time, ready.time),
        dimensions: entries(&own.dimensions, &ready.dimensions),
        measures: entries(&own.measures, &ready.measures),
        primary_key: if own.primary_key.is_empty() { ready.primary_key } else { own.primary_key },
        filter: match (own.filter, ready.filter) {
            // A comment at the end of a condition ends with its line.
            (Some(own), Some(ready)) => Some(format!("({own}\n) AND ({ready})")),
            (own, ready) => own.or(ready),
        },
        lookups: own.lookups,
        currency: currency(own.currency, ready.currency),
        union: own.union,
    }
}

/// `currency: EUR` beside a profile whose exports tell their currency holds them against it.
fn currency(own: Option<Currency>, ready: Option<Currency>) -> Option<Currency> {
    match (own, ready) {
        (Some(Currency::Code(code)), Some(Currency::Told(told))) => {
            Some(Currency::Told(ToldCurrency { to: Some(code), ..told }))
        }
        (own, ready) => own.or(ready),
    }
}

fn csv(own: Option<CsvSpec>, ready: Option<CsvSpec>) -> Option<CsvSpec> {
    let (Some(own), Some(ready)) = (&own, &ready) else { return own.or(ready) };
    Some(CsvSpec {
        separator: own.separator.clone().or_else(|| ready.separator.clone()),
        encoding: own.encoding.or(ready.encoding),
        ragged: own.ragged.or(ready.ragged),
    })
}

fn numbers(own: Option<NumberSpec>, ready: Option<NumberSpec>) -> Option<NumberSpec> {
    let (Some(own), Some(ready)) = (&own, &ready) else { return own.or(ready) };
    Some(NumberSpec {
        decimal: own.decimal.or(ready.decimal),
        thousands: own.thousands.or(ready.thousands),
        nulls: own.nulls.clone().or_else(|| ready.nulls.clone()),
    })
}

/// `time: {timezone: …}` alone leaves the column and all else to the profile.
fn time(own: Option<TimeSpec>, ready: Option<TimeSpec>) -> Option<TimeSpec> {
    let (Some(own), Some(ready)) = (own.clone(), ready.clone()) else { return own.or(ready) };
    let same_column = own.column == EXPORT_START || own.column == ready.column;
    let ready = if same_column { ready } else { TimeSpec { column: own.column.clone(), ..TimeSpec::of(EXPORT_START) } };
    Some(TimeSpec {
        column: ready.column,
        format: own.format.or(ready.format),
        grain: own.grain.or(ready.grain),
        timezone: own.timezone.or(ready.timezone),
        end_column: own.end_column.or(ready.end_column),
        assign: own.assign.or(ready.assign),
    })
}

/// Entries by name: the written ones take the place of ready ones, but for bare names, which only name them.
fn entries<T: Clone + Default>(own: &NamesOr<T>, ready: &NamesOr<T>) -> NamesOr<T> {
    let mut all: IndexMap<String, Option<T>> =
        ready.entries().into_iter().map(|(name, details, _)| (name.to_owned(), Some(details))).collect();
    let is_list = matches!(own, NamesOr::Names(_));
    for (name, details, _) in own.entries() {
        if !(is_list && all.contains_key(name)) {
            all.insert(name.to_owned(), Some(details));
        }
    }
    NamesOr::Map(all)
}
