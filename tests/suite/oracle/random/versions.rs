//! Random versions of simple metrics.

use super::cells::{Column, Content, Role};
use super::expressions::{Grower, Named};
use super::metrics::{Metric, Trait};
use super::prng::Random;
use super::quoted;
use super::sources::Source;
use crate::oracle::calendar::{iso, period, Calendar};
use crate::oracle::kind::kind_of;
use crate::oracle::spans::Span;
use crate::oracle::sql::{parse, Kinds};
use crate::oracle::value::Kind;

/// Which expressions the versions of a metric may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Definable {
    /// None: only the filter changes.
    Filter,
    /// Sums of additive measures.
    Additive,
    /// Any number.
    Number,
    /// Any column, which is counted.
    Column,
}

/// Adds versions to a metric, each from a day on that lies after the first that is known of every source, so that it
/// does not matter where the first period begins, and not after the last.
pub(super) fn version(random: &mut Random, metric: &mut Metric, source: &Source, definable: Definable, known: Span) {
    let count = 1 + random.below(3);
    let mut days: Vec<i32> = (0..count).map(|_| valid_from(random, known)).collect();
    days.sort_unstable();
    days.dedup();
    let kinds: Kinds = source.scope(|_| true).into_iter().map(|column| (column.name, column.kind)).collect();
    let mut entries = Vec::new();
    for day in days {
        let mut entry = format!("valid_from: {}", iso(day));
        let with_expr = definable != Definable::Filter && random.chance(70);
        if with_expr {
            let expr = expression(random, source, definable);
            if definable != Definable::Column && metric.kind != Kind::Float {
                metric.kind = metric.kind.with(kind_of(&parse(&expr), &kinds));
            }
            metric.traits.remove(&Trait::Exact);
            entry.extend([format!(", expr: {}", quoted(&expr))]);
        }
        if !with_expr || random.chance(25) {
            let columns = source.scope(|column| column.content != Content::Noise);
            let filter = Grower { random, columns: &columns, products: true }.truth(1);
            entry.extend([format!(", filter: {}", quoted(&filter))]);
        }
        if random.chance(25) {
            entry.extend([format!(", comparable: {}", random.pick(&["true", "true", "false"]))]);
        }
        entries.push(format!("{{{entry}}}"));
    }
    metric.yaml.extend([format!(", versions: [{}]", entries.join(", "))]);
    metric.traits.insert(Trait::Versioned);
}

/// Often the first day of a month: where a definition changes in practice.
fn valid_from(random: &mut Random, (first, last): Span) -> i32 {
    let day = random.between(first + 1, last);
    let calendar = Calendar { first_day_of_week: 0, first_month_of_year: 1 };
    let month = period("month", day, calendar, (first, last)).start;
    if month > first && random.chance(50) {
        month
    } else {
        day
    }
}

fn expression(random: &mut Random, source: &Source, definable: Definable) -> String {
    let usable = |column: &&Column| match definable {
        Definable::Additive => column.role == Role::Additive && column.content != Content::Noise,
        Definable::Number => column.is_number(),
        Definable::Column | Definable::Filter => true,
    };
    let columns: Vec<&Column> = source.columns.iter().filter(usable).collect();
    let column = random.pick(&columns).name.clone();
    if definable != Definable::Additive || random.chance(50) {
        return column;
    }
    let named: Vec<Named> = columns.into_iter().map(Column::named).collect();
    let expr = Grower { random, columns: &named, products: true }.number(2);
    // A division would make a rate of each record.
    if expr.contains('/') {
        column
    } else {
        expr
    }
}
