//! Segments: typed against each source that they fit; a report asks for the pair it needs.

use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{Compare, Expr, Type};
use crate::metric::parse_at;
use crate::plan::{LogicalSource, ALL};
use crate::spec::{Pipeline, SegmentWhere};
use indexmap::IndexMap;

/// Segments by name, each with its condition by source.
#[derive(Debug, Default)]
pub(super) struct Segments {
    by_name: IndexMap<String, IndexMap<String, Expr>>,
    /// Those that say a condition for each source.
    by_source: Vec<String>,
    /// Conditions of one source that have mistakes, which are told.
    broken: Vec<(String, String)>,
}

impl Segments {
    /// All names, `all` included.
    pub(super) fn names(&self) -> Vec<&str> {
        std::iter::once(ALL).chain(self.by_name.keys().map(String::as_str)).collect()
    }

    /// Whether the segment can be applied to a source.
    pub(super) fn fits(&self, segment: &str, source: &str) -> bool {
        segment == ALL
            || self.by_name.get(segment).is_some_and(|s| s.contains_key(source))
            || self.broken.iter().any(|(name, of)| name == segment && of == source)
    }

    /// Why a segment cannot be applied to a source.
    pub(super) fn why_not(&self, segment: &str) -> &'static str {
        if self.by_source.iter().any(|s| s == segment) {
            "it has conditions by source, and none for this one"
        } else {
            "a column that it uses is not there or has another type"
        }
    }

    /// The condition of a segment on a source; `None` for every record.
    pub(super) fn filter(&self, segment: &str, source: &str) -> Option<Expr> {
        self.by_name.get(segment)?.get(source).cloned()
    }
}

pub(super) fn resolve(
    spec: &Pipeline,
    sources: &IndexMap<String, LogicalSource>,
    errors: &mut Diagnostics,
) -> Segments {
    let mut segments = Segments::default();
    for (name, segment) in &spec.segments {
        let at = YamlPath::root().key("segments").key(name);
        if name == ALL {
            let error = Diagnostic::pipeline("reserved-name", "the segment `all` is built in: every record");
            errors.push(error.at_key(&at).help("choose another name"));
            continue;
        }
        let place = at.key("where");
        let by_source = match &segment.filter {
            SegmentWhere::Everywhere(sql) => everywhere(name, sql, sources, &place, errors),
            SegmentWhere::BySource(conditions) => {
                segments.by_source.push(name.clone());
                if conditions.is_empty() {
                    let error = Diagnostic::pipeline("missing-key", format!("segment `{name}` names no source"));
                    errors.push(error.at(&place).help("`where: {ads: \"country = 'FR'\", web: \"geo = 'France'\"}`"));
                }
                let mut by_source = IndexMap::new();
                for (source, sql) in conditions {
                    let here = place.key(source);
                    let Some(logical) = sources.get(source) else {
                        // A source with mistakes of its own is told there.
                        if !spec.sources.contains_key(source) {
                            let known = spec.sources.keys().map(String::as_str);
                            let error =
                                Diagnostic::pipeline("unknown-source", format!("there is no source `{source}`"));
                            errors.push(error.at_key(&here).suggest(source, "sources", known));
                        }
                        continue;
                    };
                    match condition(name, sql, logical, &here, errors) {
                        Some(expr) => {
                            hint_at_nulls(&expr, &here, errors);
                            by_source.insert(source.clone(), expr);
                        }
                        None => segments.broken.push((name.clone(), source.clone())),
                    }
                }
                by_source
            }
        };
        segments.by_name.insert(name.clone(), by_source);
    }
    segments
}

/// The condition of a segment on every source that has its columns.
fn everywhere(
    name: &str,
    sql: &str,
    sources: &IndexMap<String, LogicalSource>,
    at: &YamlPath,
    errors: &mut Diagnostics,
) -> IndexMap<String, Expr> {
    let mut by_source = IndexMap::new();
    let mut first_mistakes: Option<Diagnostics> = None;
    for (source_name, source) in sources {
        let mut mistakes = Diagnostics::default();
        if let Some(expr) = condition(name, sql, source, at, &mut mistakes) {
            if by_source.is_empty() {
                hint_at_nulls(&expr, at, errors);
            }
            by_source.insert(source_name.clone(), expr);
        }
        if mistakes.has_errors() && first_mistakes.is_none() {
            first_mistakes = Some(mistakes);
        }
    }
    // A segment need not fit every source, only those of the reports that use it; but it must fit one.
    if by_source.is_empty() {
        errors.extend(first_mistakes.unwrap_or_default().into_vec());
    }
    by_source
}

fn condition(name: &str, sql: &str, source: &LogicalSource, at: &YamlPath, errors: &mut Diagnostics) -> Option<Expr> {
    let expr = parse_at(sql, source, at, errors)?;
    if expr.ty() == Type::Bool {
        return Some(expr);
    }
    let message = format!("segment `{name}` is {}, it must be a condition", expr.ty().a());
    let error = Diagnostic::pipeline("type-mismatch", message);
    errors.push(error.at(at).help("compare something: `country = 'FR'`"));
    None
}

/// `NOT country = 'FR'` leaves out the records without a country: true to SQL, and a surprise to many.
pub(super) fn hint_at_nulls(expr: &Expr, at: &YamlPath, errors: &mut Diagnostics) {
    let mut columns = vec![];
    negated_columns(expr, &mut columns);
    let guarded = |name: &str| {
        let mut found = false;
        walk(expr, &mut |e| found |= matches!(e, Expr::IsNull(inner) if is_column(inner, name)));
        found
    };
    for name in columns {
        if !guarded(&name) {
            errors.push(
                Diagnostic::hint("null-is-left-out", format!("records without `{name}` do not pass this condition"))
                    .at(at)
                    .help(format!(
                        "to keep them add `OR {name} IS NULL`; to say that it is meant add `AND {name} IS NOT NULL`"
                    )),
            );
        }
    }
}

fn is_column(expr: &Expr, wanted: &str) -> bool {
    matches!(expr, Expr::Column { name, .. } if name == wanted)
}

fn walk(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expr);
    for child in expr.children() {
        walk(child, visit);
    }
}

fn negated_columns(expr: &Expr, found: &mut Vec<String>) {
    let mut note = |inner: &Expr| {
        if let Expr::Column { name, ty: Type::Text | Type::Int } = inner {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
    };
    match expr {
        Expr::Compare { op: Compare::Ne, left, .. } => note(left),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Compare { op: Compare::Eq, left, .. } => note(left),
            Expr::InList { expr, .. } | Expr::Like { expr, .. } => note(expr),
            _ => {}
        },
        _ => {}
    }
    for child in expr.children() {
        negated_columns(child, found);
    }
}
