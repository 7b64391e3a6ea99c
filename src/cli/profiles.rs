//! The profiles of exports for people and for programs: a list by network, or one of them whole.

use super::{print_json, OutputFormat, Printer};
use crate::plan::additivity::well_known;
use crate::profiles::{find, profiles, unknown, DatesOf, Profile, Tier};
use crate::spec::{Additivity, Currency, Dimension, Lang, Measure, PeriodType, SourceGrain};
use serde_json::{json, Value};
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Characters of a line of text.
const WIDTH: usize = 110;

/// All profiles, or one of them.
pub(super) fn show(printer: &Printer, name: Option<&str>, lang: Lang) -> io::Result<u8> {
    let is_json = printer.format == OutputFormat::Json;
    match name {
        Some(name) => match find(name) {
            Some(profile) if is_json => print_json(&json(profile, lang))?,
            Some(profile) => io::stdout().write_all(text(profile, lang).as_bytes())?,
            // All of a network.
            None if of_platform(name).next().is_some() && is_json => {
                let shown: Vec<Value> = of_platform(name).map(|profile| json(profile, lang)).collect();
                print_json(&json!({"profiles": shown}))?;
            }
            None if of_platform(name).next().is_some() => {
                let shown: Vec<&Profile> = of_platform(name).collect();
                io::stdout().write_all(list(&shown, lang).as_bytes())?;
            }
            None => return printer.failure(None, &unknown(name)),
        },
        None if is_json => print_json(&json_list(lang))?,
        None => io::stdout().write_all(list(&profiles().iter().collect::<Vec<_>>(), lang).as_bytes())?,
    }
    Ok(0)
}

/// English or French.
fn word<'t>(lang: Lang, en: &'t str, fr: &'t str) -> &'t str {
    match lang {
        Lang::En => en,
        Lang::Fr => fr,
    }
}

/// The profiles of a platform, or of a network.
fn of_platform(name: &str) -> impl Iterator<Item = &'static Profile> + '_ {
    let is_of =
        move |profile: &&Profile| profile.about.id.split('.').next() == Some(name) || profile.about.network == name;
    profiles().iter().filter(is_of)
}

/// Profiles, platform by platform.
fn list(shown: &[&Profile], lang: Lang) -> String {
    let mut out = String::new();
    let platform = |profile: &Profile| profile.about.id.split('.').next().unwrap_or_default().to_owned();
    let width = shown.iter().map(|profile| profile.about.id.len()).max().unwrap_or(0);
    let mut heading = String::new();
    for profile in shown {
        if platform(profile) != heading {
            heading = platform(profile);
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{heading}");
        }
        let about = &profile.about;
        let mark = if about.tier == Tier::Experimental { "?" } else { " " };
        let (id, table, title) = (&about.id, about.table.as_str(), about.title.get(lang));
        let _ = writeln!(out, "{mark} {id:width$}  {table:13}  {title}");
    }
    let told = word(
        lang,
        "? experimental: the layout was told or remembered, no file was seen; `jalon profiles NAME` shows one whole",
        "? expérimental : format rapporté ou de mémoire, aucun fichier vu ; `jalon profiles NOM` en montre un en entier",
    );
    let _ = writeln!(out, "\n{told}");
    out
}

/// Lines of a text that is not to be wider than a screen.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for part in text.split_whitespace() {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + part.chars().count() + 1 > WIDTH - indent {
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(part);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

fn tier(profile: &Profile, lang: Lang) -> &'static str {
    match profile.about.tier {
        Tier::Complete => word(lang, "complete", "complet"),
        Tier::Experimental => word(lang, "experimental", "expérimental"),
    }
}

/// What the records cover, and what their dates are of.
fn dates(profile: &Profile, lang: Lang) -> String {
    let of = match profile.about.dates {
        DatesOf::Activity => word(lang, "of the activity", "de l'activité"),
        DatesOf::Publication => word(lang, "of publication", "de publication"),
    };
    let grain = profile.source.time.as_ref().and_then(|time| time.grain);
    let covers = match grain {
        Some(SourceGrain::Range) => word(lang, "a row covers the whole period", "une ligne couvre toute la période"),
        _ if profile.source.period_type == Some(PeriodType::LifetimeSnapshot) => {
            word(lang, "lifetime figures up to the export", "chiffres cumulés jusqu'à l'export")
        }
        _ => word(lang, "a row a day", "une ligne par jour"),
    };
    format!("{of}; {covers}")
}

fn currency(profile: &Profile, lang: Lang) -> Option<String> {
    let has_money = profile.source.measures.entries().iter().any(|(_, m, _)| m.unit.as_deref() == Some("money"));
    match &profile.source.currency {
        Some(Currency::Code(code)) => Some(code.clone()),
        Some(Currency::Told(told)) => Some(format!("`{}`", told.column)),
        None if has_money => Some(
            word(lang, "not in the file: write `currency: EUR`", "absente du fichier : écrire `currency: EUR`")
                .to_owned(),
        ),
        None => None,
    }
}

/// The additivity of a measure that a profile gives.
fn additivity(name: &str, measure: &Measure) -> Additivity {
    measure.additivity.unwrap_or_else(|| well_known(name))
}

/// The spellings of a column.
fn spellings(profile: &Profile, column: &str) -> String {
    profile.about.columns.get(column).map(|list| list.join(" | ")).unwrap_or_default()
}

/// One profile whole.
fn text(profile: &Profile, lang: Lang) -> String {
    let about = &profile.about;
    let mut out = format!("{}: {}\n\n", about.id, about.title.get(lang));
    let evidence = format!("{}: {}", tier(profile, lang), about.evidence.get(lang));
    let facts = [
        (word(lang, "table", "table"), Some(about.table.as_str().to_owned())),
        (word(lang, "tier", "niveau"), Some(evidence)),
        (word(lang, "dates", "dates"), Some(dates(profile, lang))),
        (word(lang, "time zone", "fuseau"), Some(about.zone.get(lang).to_owned())),
        (word(lang, "currency", "devise"), currency(profile, lang)),
        (word(lang, "obtain", "obtenir"), Some(about.obtain.get(lang).to_owned())),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(out, "  {name:10} {}", wrapped(&value, 13));
        }
    }
    let _ = writeln!(
        out,
        "\n{}",
        word(
            lang,
            "gives, from the columns (any may be missing, in any order)",
            "donne, à partir des colonnes (chacune peut manquer, ordre libre)"
        )
    );
    let (dimensions, measures) = (profile.source.dimensions.entries(), profile.source.measures.entries());
    let names = dimensions.iter().map(|(name, ..)| name.len()).chain(measures.iter().map(|(name, ..)| name.len()));
    let width = names.max().unwrap_or(0);
    for (name, dimension, _) in &dimensions {
        let _ = writeln!(out, "  {name:width$}  {:13}  {:12}  {}", "", "", of_dimension(profile, name, dimension));
    }
    for (name, measure, _) in &measures {
        let unit = measure.unit.as_deref().unwrap_or("count");
        let from = match &measure.expr {
            Some(expr) => format!("= {}", one_line(expr)),
            None => spellings(profile, measure.column.as_deref().unwrap_or(name)),
        };
        let _ = writeln!(out, "  {name:width$}  {:13}  {unit:12}  {from}", additivity(name, measure).as_str());
    }
    if !about.traps.is_empty() {
        let _ = writeln!(out, "\n{}", word(lang, "traps", "pièges"));
        for trap in &about.traps {
            let _ = writeln!(out, "  - {}", wrapped(trap.get(lang), 4));
        }
    }
    let name = about.table.as_str();
    let _ = writeln!(out, "\n{}", word(lang, "example", "exemple"));
    let _ =
        writeln!(out, "  sources:\n    {name}:\n      profile: {}\n      path: exports/{}/*", about.id, about.network);
    out
}

fn of_dimension(profile: &Profile, name: &str, dimension: &Dimension) -> String {
    match &dimension.expr {
        Some(expr) => format!("= {}", one_line(expr)),
        None => spellings(profile, dimension.column.as_deref().unwrap_or(name)),
    }
}

fn one_line(sql: &str) -> String {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// One profile for programs.
fn json(profile: &Profile, lang: Lang) -> Value {
    let about = &profile.about;
    let dimension = |(name, dimension, _): &(&str, Dimension, Option<usize>)| json!({"name": name, "expr": dimension.expr, "columns": about.columns.get(dimension.column.as_deref().unwrap_or(name))});
    let measure = |(name, measure, _): &(&str, Measure, Option<usize>)| {
        json!({
            "name": name,
            "unit": measure.unit.as_deref().unwrap_or("count"),
            "additivity": additivity(name, measure).as_str(),
            "expr": measure.expr,
            "columns": about.columns.get(measure.column.as_deref().unwrap_or(name)),
        })
    };
    json!({
        "id": about.id,
        "title": about.title.get(lang),
        "network": about.network,
        "table": about.table,
        "tier": about.tier,
        "evidence": about.evidence.get(lang),
        "dates": about.dates,
        "time_zone": about.zone.get(lang),
        "currency": currency(profile, lang),
        "obtain": about.obtain.get(lang),
        "traps": about.traps.iter().map(|trap| trap.get(lang)).collect::<Vec<_>>(),
        "dimensions": profile.source.dimensions.entries().iter().map(dimension).collect::<Vec<_>>(),
        "measures": profile.source.measures.entries().iter().map(measure).collect::<Vec<_>>(),
        "ignored": about.ignored,
    })
}

/// All profiles for programs.
fn json_list(lang: Lang) -> Value {
    json!({"profiles": profiles().iter().map(|profile| json(profile, lang)).collect::<Vec<_>>()})
}
