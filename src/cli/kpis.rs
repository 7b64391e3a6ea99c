//! The ready KPIs for people and for programs: a list by goal, or one of them whole.

use super::{print_json, OutputFormat, Printer};
use crate::library::{example, library, Formula, Kpi};
use crate::spec::{Additivity, Direction, Format, Goal, Lang};
use serde_json::{json, Value};
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// All KPIs, or one of them.
pub(super) fn show(printer: &Printer, id: Option<&str>, goal: Option<Goal>, lang: Lang) -> io::Result<u8> {
    let is_json = printer.format == OutputFormat::Json;
    match id {
        Some(id) => match library().kpis.get(id) {
            Some(kpi) if is_json => print_json(&json(kpi, lang))?,
            Some(kpi) => io::stdout().write_all(text(kpi, lang).as_bytes())?,
            None => return printer.failure(None, &library().unknown(id)),
        },
        None if is_json => print_json(&json_list(goal, lang))?,
        None => io::stdout().write_all(list(goal, lang).as_bytes())?,
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

/// All KPIs, or those that serve a goal; each under the first of its goals.
fn list(goal: Option<Goal>, lang: Lang) -> String {
    let mut out = String::new();
    let goals = goal.map_or(Goal::ALL.to_vec(), |goal| vec![goal]);
    for heading in goals {
        let serves = |kpi: &&Kpi| {
            if goal.is_some() {
                kpi.goals.contains(&heading)
            } else {
                kpi.goals.first() == Some(&heading)
            }
        };
        let shown: Vec<(&Kpi, String)> =
            library().kpis.values().filter(serves).map(|kpi| (kpi, kpi.formula_text())).collect();
        let rows: Vec<[&str; 4]> = shown
            .iter()
            .map(|(kpi, formula)| [kpi.id.as_str(), kpi.name.get(lang), kpi.unit.as_str(), formula.as_str()])
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        let _ = writeln!(out, "{}", heading.name(lang));
        for (row, (kpi, _)) in rows.iter().zip(&shown) {
            let [id, name, unit, formula] = row;
            let arrow = arrow(kpi.direction);
            let _ =
                writeln!(out, "  {arrow} {id:0$}  {name:1$}  {unit:2$}  {formula}", widths[0], widths[1], widths[2]);
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{}\n",
        word(
            lang,
            "↑ higher is better, ↓ lower is better, → closer to a target, ○ neutral; `jalon kpis ID` shows one whole, with an example",
            "↑ plus haut vaut mieux, ↓ plus bas vaut mieux, → proche d'une cible, ○ neutre ; `jalon kpis ID` en montre un en entier, avec un exemple"
        )
    );
    if goal.is_none() {
        let _ = writeln!(out, "{}", word(lang, "not expressible yet", "pas encore exprimables"));
        for missing in &library().missing {
            let _ = writeln!(out, "  {}\n    {}", missing.name.get(lang), missing.why.get(lang));
        }
    }
    out.trim_end().to_owned() + "\n"
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::HigherIsBetter => "↑",
        Direction::LowerIsBetter => "↓",
        Direction::CloserToTarget => "→",
        Direction::Neutral => "○",
    }
}

fn direction(kpi: &Kpi, lang: Lang) -> &'static str {
    match kpi.direction {
        Direction::HigherIsBetter => word(lang, "higher is better", "plus haut vaut mieux"),
        Direction::LowerIsBetter => word(lang, "lower is better", "plus bas vaut mieux"),
        Direction::CloserToTarget => word(lang, "closer to a target", "proche d'une cible"),
        Direction::Neutral => word(lang, "neutral", "neutre"),
    }
}

fn additivity(kpi: &Kpi, lang: Lang) -> &'static str {
    match kpi.additivity {
        Additivity::Additive => word(lang, "additive", "additif"),
        Additivity::SemiAdditive => word(lang, "semi-additive: not over time", "semi-additif : pas dans le temps"),
        Additivity::NonAdditive => word(lang, "non-additive", "non additif"),
    }
}

fn format_word(kpi: &Kpi) -> Option<&'static str> {
    kpi.format.map(|format| match format {
        Format::Number => "number",
        Format::Percent => "percent",
        Format::Currency => "currency",
    })
}

fn kind(kpi: &Kpi) -> &'static str {
    match kpi.formula {
        Formula::Simple(_) => "simple",
        Formula::Ratio(_) => "ratio",
        Formula::Derived(_) => "derived",
    }
}

/// Measures that must be known for a record to count.
fn known(kpi: &Kpi) -> &[String] {
    match &kpi.formula {
        Formula::Ratio(ratio) => &ratio.known,
        Formula::Simple(_) | Formula::Derived(_) => &[],
    }
}

/// One KPI whole.
fn text(kpi: &Kpi, lang: Lang) -> String {
    let mut out = format!("{}: {}\n  {}\n\n", kpi.id, kpi.name.get(lang), kpi.description.get(lang));
    let goals: Vec<&str> = kpi.goals.iter().map(|goal| goal.name(lang)).collect();
    let unit = format_word(kpi).map_or(kpi.unit.clone(), |format| format!("{} ({format})", kpi.unit));
    let mut formula = kpi.formula_text();
    if !known(kpi).is_empty() {
        let of = word(lang, "of records that have", "pour les lignes qui ont");
        formula += &format!(", {of} {}", known(kpi).join(", "));
    }
    for (name, value) in [
        (word(lang, "formula", "formule"), formula.as_str()),
        ("type", kind(kpi)),
        (word(lang, "goals", "objectifs"), goals.join(", ").as_str()),
        (word(lang, "unit", "unité"), unit.as_str()),
        (word(lang, "direction", "sens"), direction(kpi, lang)),
        (word(lang, "adds up", "additivité"), additivity(kpi, lang)),
        (word(lang, "authority", "autorité"), kpi.authority.as_str()),
    ] {
        let _ = writeln!(out, "  {name:11} {value}");
    }
    let parts = kpi.all_parts();
    if !parts.is_empty() {
        let _ = writeln!(out, "\n{}", word(lang, "made of", "composé de"));
        let width = parts.iter().map(|part| part.id.len()).max().unwrap_or(0);
        for part in parts {
            let _ = writeln!(out, "  {:width$}  {}", part.id, part.formula_text());
        }
    }
    let measures = kpi.measures(&|_| false);
    if !measures.is_empty() {
        let _ = writeln!(out, "\n{}", word(lang, "columns", "colonnes"));
        let width = measures.iter().map(|name| name.len()).max().unwrap_or(0);
        for (name, measure) in measures.iter().filter_map(|name| library().measures.get_key_value(*name)) {
            let _ = writeln!(out, "  {name:width$}  {}", measure.get(lang));
        }
    }
    let _ = writeln!(out, "\n{}", word(lang, "example", "exemple"));
    for line in example(kpi).lines() {
        let _ = writeln!(out, "  {line}");
    }
    out
}

/// One KPI for programs.
fn json(kpi: &Kpi, lang: Lang) -> Value {
    json!({
        "id": kpi.id,
        "name": kpi.name.get(lang),
        "description": kpi.description.get(lang),
        "goals": kpi.goals,
        "type": kpi.kind(),
        "formula": kpi.formula_text(),
        "known": known(kpi),
        "unit": kpi.unit,
        "format": kpi.format,
        "direction": kpi.direction,
        "additivity": kpi.additivity,
        "authority": kpi.authority,
        "parts": kpi.all_parts().iter().map(|part| part.id.as_str()).collect::<Vec<_>>(),
        "columns": kpi.measures(&|_| false),
        "example": example(kpi),
    })
}

/// All KPIs, or those that serve a goal, for programs.
fn json_list(goal: Option<Goal>, lang: Lang) -> Value {
    let kpis = library().kpis.values().filter(|kpi| goal.is_none_or(|goal| kpi.goals.contains(&goal)));
    let missing = library()
        .missing
        .iter()
        .map(|missing| json!({"id": missing.id, "name": missing.name.get(lang), "why": missing.why.get(lang)}));
    json!({
        "kpis": kpis.map(|kpi| json(kpi, lang)).collect::<Vec<_>>(),
        "not_expressible": missing.collect::<Vec<_>>(),
    })
}
