//! Attributes: columns beside the dimensions, each with its latest known value.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::eval::Row;
use super::index::{Group, Index};
use super::metrics::Metrics;
use super::spec::{Report, Spec};
use super::value::{compare, Value};

/// The value of each group of the details.
pub(crate) struct Attribute(BTreeMap<Group, Value>);

impl Attribute {
    /// Totals and others have none.
    pub(crate) fn of(&self, row: &Row) -> Value {
        let value = if row.level == 0 { self.0.get(&*row.group) } else { None };
        value.cloned().unwrap_or(Value::Null)
    }
}

pub(crate) fn attributes(spec: &Spec, report: &Report, metrics: &Metrics, index: &Index) -> Vec<Attribute> {
    let simples = || report.metrics.iter().flat_map(|name| metrics.simples(name));
    let is_grouped = |source: &str| simples().any(|simple| simple.source == source && simple.ignores.is_empty());
    let read: Vec<&String> = spec.order.iter().filter(|source| is_grouped(source)).collect();
    let attribute = |name: &String| {
        let has_column = |source: &&&String| metrics.tables[**source].kinds.contains_key(name);
        let source = read.iter().find(has_column).unwrap_or_else(|| panic!("no source with a column `{name}`"));
        let table = &metrics.tables[*source];
        let groups = index.groups(source, None, &vec![true; report.group_by.len()]);
        let latest = groups.iter().map(|(group, records)| {
            let shown = records.iter().map(|at| &table.records[*at]);
            let shown = shown.filter(|record| report.end.is_none_or(|end| record.date <= end));
            let known: Vec<(i32, &Value)> =
                shown.map(|record| (record.date, &record.values[name])).filter(|(_, v)| **v != Value::Null).collect();
            let last = known.iter().map(|(date, _)| *date).max();
            let of_day = known.into_iter().filter(|(date, _)| Some(*date) == last).map(|(_, value)| value);
            let smallest = of_day.reduce(|a, b| if compare(b, a) == Some(Ordering::Less) { b } else { a });
            (group.clone(), smallest.cloned().unwrap_or(Value::Null))
        });
        Attribute(latest.collect())
    };
    report.attributes.iter().map(attribute).collect()
}
