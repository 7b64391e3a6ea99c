//! Diagnostics as text with the YAML line under a caret, or as one line of JSON.

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::run::Checked;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{json, Value};
use std::ops::Range;

/// A diagnostic for people.
pub(super) fn text(checked: Option<&Checked>, diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name("hint"),
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let path = checked.map(|c| c.path.display().to_string()).unwrap_or_default();
    let mut group = match snippet(checked, diagnostic, &path) {
        Some(snippet) => title.element(snippet),
        None => Group::with_title(title),
    };
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Unicode).render(&[group])
}

fn snippet<'a>(
    checked: Option<&'a Checked>,
    diagnostic: &'a Diagnostic,
    path: &'a str,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let checked = checked?;
    let mut snippet = Snippet::source(checked.document.text()).path(path);
    let mut any = false;
    for (i, place) in diagnostic.places.iter().enumerate() {
        let Some(span) = span(checked, place) else { continue };
        let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(span);
        let annotation = if place.label.is_empty() { annotation } else { annotation.label(place.label.as_str()) };
        snippet = snippet.annotation(annotation);
        any = true;
    }
    any.then_some(snippet)
}

fn span(checked: &Checked, place: &Place) -> Option<Range<usize>> {
    checked.document.span(&place.path, &place.part)
}

/// A diagnostic for programs: one object, with lines and columns (both from 1, columns in characters).
pub(super) fn json(checked: Option<&Checked>, diagnostic: &Diagnostic) -> Value {
    let places: Vec<Value> = diagnostic
        .places
        .iter()
        .filter_map(|place| {
            let checked = checked?;
            let span = span(checked, place)?;
            let (line, column) = position(checked.document.text(), span.start);
            let (end_line, end_column) = position(checked.document.text(), span.end);
            Some(json!({
                "file": checked.path.display().to_string(),
                "path": place.path.to_string(),
                "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                "label": place.label,
            }))
        })
        .collect();
    json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "blame": diagnostic.blame,
        "message": diagnostic.message,
        "places": places,
        "notes": diagnostic.notes,
        "help": diagnostic.help,
    })
}

fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
