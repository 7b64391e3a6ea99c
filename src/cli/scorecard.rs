//! The scorecard in the terminal: how every target stands, objective by objective.

use super::summary::table;
use crate::calendar::iso_date;
use crate::diagnostic::{grouped, Diagnostic};
use crate::plan::{MetricPlan, Plan, ScorecardPlan};
use crate::scorecard::{subject, Row, Scorecard, Status};
use crate::spec::Format;
use std::fmt::Write as _;

/// A mark, a word and a colour: none of them is needed to understand the others.
fn mark(status: Status) -> (&'static str, &'static str, &'static str) {
    match status {
        Status::OnTrack => ("✔", "on track", "32"),
        Status::AtRisk => ("!", "at risk", "33"),
        Status::OffTrack => ("✘", "off track", "31"),
        Status::InProgress => ("…", "in progress", "0"),
        Status::NoData => ("?", "no data", "35"),
        Status::NotStarted => ("·", "not started", "0"),
    }
}

pub(super) fn text(plan: &Plan, targets: &ScorecardPlan, card: &Scorecard, colour: bool) -> String {
    let mut out = String::new();
    for (index, objective) in targets.objectives.iter().enumerate() {
        let rows: Vec<&Row> = card.current(targets).into_iter().filter(|row| row.objective == index).collect();
        let _ = write!(out, "\n{}", objective.name);
        let goal = objective.goal.map(|goal| goal.as_str().to_owned());
        let about: Vec<String> =
            [goal, objective.owner.clone(), objective.strategy.clone()].into_iter().flatten().collect();
        if !about.is_empty() {
            let _ = write!(out, " ({})", about.join("; "));
        }
        out.push('\n');
        if rows.is_empty() {
            out.push_str("  no period has a target yet\n");
            continue;
        }
        let mut cells: Vec<Vec<String>> =
            vec![["", "target", "period", "value", "target", "reached", "expected", "ends at", "trend", ""]
                .map(str::to_owned)
                .to_vec()];
        cells.extend(rows.iter().map(|row| line(plan, targets, row)));
        let lines = table(&cells, &[3, 4, 5, 6, 7]);
        for (number, line) in lines.lines().enumerate() {
            let code = number.checked_sub(1).and_then(|n| rows.get(n)).map(|row| mark(row.status).2);
            match code.filter(|code| colour && *code != "0") {
                Some(code) => {
                    let _ = writeln!(out, "\u{1b}[{code}m{line}\u{1b}[0m");
                }
                None => {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
    }
    out
}

fn line(plan: &Plan, targets: &ScorecardPlan, row: &Row) -> Vec<String> {
    let (_, target, metric) = subject(plan, targets, row);
    let (sign, word, _) = mark(row.status);
    let name = metric.label.as_ref().unwrap_or(&metric.name);
    let mut what = name.clone();
    if target.segment != crate::plan::ALL {
        let _ = write!(what, ", {}", target.segment);
    }
    if !row.group.is_empty() {
        let _ = write!(what, ", {}", row.group);
    }
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| number(metric, value));
    vec![
        sign.to_owned(),
        what,
        row.label.clone(),
        shown(row.value),
        number(metric, row.aim),
        row.attainment.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0)),
        shown(row.expected),
        shown(row.projection.filter(|_| !row.is_complete)),
        row.trend.clone(),
        word.to_owned(),
    ]
}

/// A figure as people read it: files hold it whole.
fn number(metric: &MetricPlan, value: f64) -> String {
    if metric.format == Some(Format::Percent) {
        return format!("{:.2} %", value * 100.0);
    }
    if value.abs() >= 1000.0 && value.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, below 10^15")]
        let whole = grouped(value.abs().round() as u64);
        return if value < 0.0 { format!("-{whole}") } else { whole };
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What is to be told of targets with `level: fail` that are missed.
pub(super) fn missed(plan: &Plan, targets: &ScorecardPlan, card: &Scorecard) -> Vec<Diagnostic> {
    let told = |row: &Row| {
        let (objective, target, metric) = subject(plan, targets, row);
        let group = if row.group.is_empty() { String::new() } else { format!(", {}", row.group) };
        let message = format!(
            "objective `{}` missed `{}` ({}{group}) in {}: {} instead of {}",
            objective.name,
            metric.name,
            target.segment,
            row.label,
            row.value.map_or_else(|| "nothing".to_owned(), |value| number(metric, value)),
            number(metric, row.aim)
        );
        let last = row.as_of.map_or_else(|| "never".to_owned(), iso_date);
        let error = Diagnostic::warning("target-missed", message).note(format!("figures are known up to {last}"));
        error.help("the target has `level: fail`: the run ends with 1; `--no-enforce` turns that off")
    };
    card.missed(targets).into_iter().map(told).collect()
}
