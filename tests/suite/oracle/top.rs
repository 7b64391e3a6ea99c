//! Top lists: the groups of the details with the largest values, and all others together.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::eval::Row;
use super::index::{Dim, Group};
use super::spans::Span;
use super::spec::Top;
use super::value::{compare, Value};

/// What each list is of: a grain, a period, a segment, and the values of the dimensions in `per`.
type Key = (usize, Span, usize, Group);

/// Of the rows of all groups those that the lists keep, with their ranks, and rows of the level `others` where they are
/// asked for. `by`: the value that decides.
pub(crate) fn take(
    top: &Top,
    group_by: &[String],
    rows: Vec<Row>,
    others: usize,
    by: impl Fn(&Row) -> Value,
) -> Vec<Row> {
    let kept = |row: &Row| -> Group {
        let dims = group_by.iter().zip(row.group.iter());
        dims.map(|(name, dim)| if top.per.contains(name) { dim.clone() } else { Dim::Others }).collect()
    };
    let mut lists: BTreeMap<Key, Vec<Row>> = BTreeMap::new();
    for row in rows {
        lists.entry((row.grain, row.period, row.segment, kept(&row))).or_default().push(row);
    }
    let mut taken = Vec::new();
    for ((.., group), rows) in lists {
        let (mut ranked, left): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|row| (by(&row), row)).partition(|(value, _)| *value != Value::Null);
        ranked.sort_by(|(a, row), (b, other)| {
            let order = compare(a, b).expect("values are numbers");
            let order = if top.ascending { order } else { order.reverse() };
            order.then_with(|| in_reports(row).cmp(&in_reports(other)))
        });
        let left: Vec<Row> =
            ranked.split_off(top.n.min(ranked.len())).into_iter().chain(left).map(|(_, row)| row).collect();
        let beside: BTreeSet<Group> = ranked.iter().map(|(_, row)| row.group.to_vec()).collect();
        taken.extend(ranked.into_iter().zip(1..).map(|((_, row), rank)| Row { rank: Some(rank), ..row }));
        if let Some(any) = left.first().filter(|_| top.others) {
            let (group, beside) = (Rc::new(group), Some(Rc::new(beside)));
            taken.push(Row { level: others, group, beside, ..any.clone() });
        }
    }
    taken
}

/// Groups in the order of reports: by bytes, nulls last.
fn in_reports(row: &Row) -> Vec<(bool, &Dim)> {
    row.group.iter().map(|dim| (*dim == Dim::Unknown, dim)).collect()
}
