//! The records of a report by source, segment and group, each in the order of their dates.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sqlparser::ast::Expr;

use super::metrics::{shown, Metrics};
use super::read::{Record, Table};
use super::spans::Span;
use super::spec::{Report, Segment, Spec};
use super::sql::{eval, parse, Scope};

/// What a row shows of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dim {
    /// The dimension is dropped: a total over all of its values.
    All,
    /// The dimension is dropped: all groups together that a top list leaves out.
    Others,
    /// Null.
    Unknown,
    Is(String),
}

impl Dim {
    /// As a CSV export shows it.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Dim::All => "(all)",
            Dim::Others => "(others)",
            Dim::Unknown => "(unknown)",
            Dim::Is(text) => text,
        }
    }
}

/// One for each dimension of the report's `group_by`.
pub(crate) type Group = Vec<Dim>;

/// The places of the records of each group in their table.
type Groups = BTreeMap<Group, Vec<usize>>;

/// A source, a segment (none: all records), and which dimensions are kept.
type Key = (String, Option<usize>, Vec<bool>);

/// What a segment keeps.
enum Filter {
    Everywhere(Box<Expr>),
    BySource(BTreeMap<String, Expr>),
}

pub(crate) struct Index<'a> {
    metrics: &'a Metrics,
    group_by: &'a [String],
    segments: Vec<Option<Filter>>,
    known: RefCell<BTreeMap<Key, Rc<Groups>>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(spec: &Spec, report: &'a Report, metrics: &'a Metrics) -> Self {
        let segment = |name: &String| match spec.segments.get(name) {
            Some(Segment::Everywhere(filter)) => Some(Filter::Everywhere(Box::new(parse(filter)))),
            Some(Segment::BySource(filters)) => {
                let filters = filters.iter().map(|(source, filter)| (source.clone(), parse(filter)));
                Some(Filter::BySource(filters.collect()))
            }
            None if name == "all" => None,
            None => panic!("no segment `{name}`"),
        };
        let segments = report.segments.iter().map(segment).collect();
        Self { metrics, group_by: &report.group_by, segments, known: RefCell::default() }
    }

    /// A segment by its place in the report; none where it keeps every record anyway.
    pub(crate) fn segment(&self, at: usize) -> Option<usize> {
        self.segments[at].is_some().then_some(at)
    }

    /// The groups of a source and segment, at the level that keeps these dimensions.
    pub(crate) fn groups(&self, source: &str, segment: Option<usize>, kept: &[bool]) -> Rc<Groups> {
        let key = (source.to_owned(), segment, kept.to_vec());
        if let Some(groups) = self.known.borrow().get(&key) {
            return Rc::clone(groups);
        }
        let filter = segment.and_then(|at| self.segments[at].as_ref()).map(|filter| match filter {
            Filter::Everywhere(filter) => &**filter,
            Filter::BySource(filters) => {
                filters.get(source).unwrap_or_else(|| panic!("a segment says nothing of `{source}`"))
            }
        });
        let groups = Rc::new(self.grouped(&self.metrics.tables[source], filter, kept));
        self.known.borrow_mut().insert(key, Rc::clone(&groups));
        groups
    }

    fn grouped(&self, table: &Table, segment: Option<&Expr>, kept: &[bool]) -> Groups {
        // A source need not have the dimensions that are not kept.
        let names: Vec<String> =
            self.group_by.iter().zip(kept).filter(|(_, kept)| **kept).map(|(name, _)| name.clone()).collect();
        let mut groups = Groups::new();
        for (at, record) in table.records.iter().enumerate() {
            if holds(segment, table, record) {
                let mut values = shown(record, &names).into_iter();
                let dims = kept.iter().map(|kept| match kept.then(|| values.next().expect("one for each name")) {
                    None => Dim::All,
                    Some(None) => Dim::Unknown,
                    Some(Some(text)) => Dim::Is(text),
                });
                groups.entry(dims.collect()).or_default().push(at);
            }
        }
        for records in groups.values_mut() {
            records.sort_by_key(|at| table.records[*at].date);
        }
        groups
    }

    /// The records of a source and segment in a group whose days lie in a span, those of some groups of the details left out.
    pub(crate) fn records_beside(
        &self,
        (source, segment): (&str, Option<usize>),
        group: &Group,
        beside: &BTreeSet<Group>,
        span: Span,
    ) -> Vec<usize> {
        let out: BTreeSet<usize> = beside.iter().flat_map(|kept| self.records(source, segment, kept, span)).collect();
        let all = |dim: &Dim| if *dim == Dim::Others { Dim::All } else { dim.clone() };
        let whole: Group = group.iter().map(all).collect();
        self.records(source, segment, &whole, span).into_iter().filter(|at| !out.contains(at)).collect()
    }

    /// The records of a source in a group and segment whose days lie in a span.
    pub(crate) fn records(&self, source: &str, segment: Option<usize>, group: &Group, span: Span) -> Vec<usize> {
        let kept: Vec<bool> = group.iter().map(|dim| *dim != Dim::All).collect();
        let groups = self.groups(source, segment, &kept);
        let date = |at: &usize| self.metrics.tables[source].records[*at].date;
        let Some(all) = groups.get(group) else {
            return Vec::new();
        };
        let from = all.partition_point(|at| date(at) < span.0);
        let rest = &all[from..];
        rest[..rest.partition_point(|at| date(at) <= span.1)].to_vec()
    }
}

fn holds(segment: Option<&Expr>, table: &Table, record: &Record) -> bool {
    let scope = Scope { kinds: &table.kinds, values: &record.values, largest: 0.0.into() };
    segment.is_none_or(|segment| eval(segment, &scope).truth() == Some(true))
}
