//! What is behind one figure, for people: a tree of metrics, and the records of those at its ends.

use crate::diagnostic::{count, grouped};
use crate::run::{Answer, Part, Records};
use std::fmt::Write as _;

/// Files listed of each metric; the others are counted.
const FILES: usize = 12;

pub(super) fn text(answer: &Answer) -> String {
    let mut out = String::new();
    let figure = &answer.figure;
    let _ = writeln!(out, "{} = {}", figure.metric, number(&figure.value));
    let open = if answer.is_complete { "" } else { ", not complete" };
    let days = if answer.period_start == answer.period_end {
        answer.period_start.clone()
    } else {
        format!("{} to {}", answer.period_start, answer.period_end)
    };
    let _ = writeln!(out, "  report {}, {} {} ({days}{open})", answer.report, answer.grain.as_str(), answer.period);
    let group = if figure.group.is_empty() { String::new() } else { format!(", {}", figure.group) };
    let _ = writeln!(out, "  segment {}{group} [{}]\n", figure.segment, answer.level);
    part(&mut out, figure, 0);
    out
}

fn part(out: &mut String, part: &Part, depth: usize) {
    let indent = "  ".repeat(depth);
    let _ = writeln!(out, "{indent}{} = {}", part.metric, number(&part.value));
    let _ = writeln!(out, "{indent}  {}", part.definition);
    if let Some(last) = &part.last_day {
        let first = part.first_day.as_deref().unwrap_or("the beginning");
        let days = if first == last { last.clone() } else { format!("{first} to {last}") };
        let group = if part.group.is_empty() { "all together".to_owned() } else { part.group.clone() };
        let _ = writeln!(out, "{indent}  {days}; segment {}; {group}", part.segment);
    } else {
        let _ = writeln!(out, "{indent}  no days are looked at: the source begins later, or there is no such period");
    }
    if let Some(found) = &part.records {
        records(out, found, &indent);
    }
    for input in &part.inputs {
        self::part(out, input, depth + 1);
    }
}

fn records(out: &mut String, found: &Records, indent: &str) {
    for condition in &found.conditions {
        let _ = writeln!(out, "{indent}  where {condition}");
    }
    let (all, known) = (count(found.records, "record"), grouped(found.with_value));
    let _ = writeln!(out, "{indent}  {all} of `{}`, {known} with a value", found.source);
    if let Some(note) = &found.note {
        let _ = writeln!(out, "{indent}  {note}");
    }
    for file in found.files.iter().take(FILES) {
        let _ = writeln!(out, "{indent}    {} in {}", grouped(file.records), file.path);
    }
    if found.files.len() > FILES {
        let _ = writeln!(out, "{indent}    … and {} more", count((found.files.len() - FILES) as u64, "file"));
    }
    let others = found.of_files - found.files.len();
    if others > 0 {
        let _ = writeln!(out, "{indent}    none in {}", count(others as u64, "other file"));
    }
}

fn number(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "null (unknown)".to_owned(),
        other => match other.as_u64() {
            Some(whole) => grouped(whole),
            None => other.to_string(),
        },
    }
}
