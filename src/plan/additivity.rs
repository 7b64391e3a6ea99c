//! What adds up. Additivity belongs to the *measure*: declared, or known for well-known column names; an expression
//! has the weakest of what it is made of.

use super::logical::{ColumnRole, LogicalSource};
use crate::expr::{Arith, Expr};
use crate::spec::Additivity;

/// Names (or parts of names between underscores) of unique counts and rates: they add up over nothing.
const NON_ADDITIVE: &[&str] = &[
    "reach",
    "users",
    "viewers",
    "visitors",
    "uniques",
    "unique",
    "frequency",
    "rate",
    "ratio",
    "ctr",
    "cpc",
    "cpm",
    "cpa",
    "cpv",
    "roas",
    "roi",
    "average",
    "avg",
    "mean",
    "median",
    "percent",
    "percentage",
    "pct",
    "share_of_voice",
    "position",
    "vtr",
    "vcr",
    "nps",
    "csat",
];

/// Names of levels: they add up over everything but time.
const SEMI_ADDITIVE: &[&str] = &["followers", "subscribers", "fans", "follower_count", "subscriber_count"];

/// Names that contain one of the words above and add up all the same: they count events.
const ADDITIVE: &[&str] = &[
    "new_followers",
    "new_subscribers",
    "new_users",
    "new_fans",
    "net_new_followers",
    "net_followers",
    "followers_gained",
    "followers_lost",
    "subscribers_gained",
    "subscribers_lost",
    "lost_followers",
    "engaged_users_sessions",
];

/// The additivity of a measure by its name alone.
#[must_use]
pub fn well_known(name: &str) -> Additivity {
    let name = name.to_lowercase().replace([' ', '-', '.', '%', '(', ')'], "_");
    let name = name.trim_matches('_');
    if ADDITIVE.contains(&name) {
        return Additivity::Additive;
    }
    let is = |word: &str| name == word || name.split('_').any(|part| part == word);
    if NON_ADDITIVE.iter().any(|word| is(word)) {
        return Additivity::NonAdditive;
    }
    if SEMI_ADDITIVE.contains(&name) {
        return Additivity::SemiAdditive;
    }
    Additivity::Additive
}

/// The additivity of a record's value: the weakest of the measures it is made of, conditions apart. A division by
/// something that is not a constant makes a rate of each record, and rates do not add up.
#[must_use]
pub fn of_expr(expr: &Expr, source: &LogicalSource) -> Additivity {
    let weakest =
        |items: Vec<&Expr>| items.into_iter().map(|e| of_expr(e, source)).max().unwrap_or(Additivity::Additive);
    match expr {
        Expr::Column { name, .. } => match source.columns.get(name).map(|c| &c.role) {
            Some(ColumnRole::Measure { additivity, .. }) => *additivity,
            Some(ColumnRole::Raw) => well_known(name),
            _ => Additivity::Additive,
        },
        Expr::Arith { op: Arith::Div, right, .. } if !is_constant(right) => Additivity::NonAdditive,
        Expr::Case { branches, otherwise } => {
            weakest(branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]).collect())
        }
        Expr::NullIf(value, _) => of_expr(value, source),
        Expr::Compare { .. } | Expr::And(..) | Expr::Or(..) | Expr::Not(_) | Expr::IsNull(_) => Additivity::Additive,
        other => weakest(other.children()),
    }
}

/// Whether an expression over metrics adds up when each of its metrics does: sums, differences, constant factors.
#[must_use]
pub fn is_linear(expr: &Expr) -> bool {
    match expr {
        Expr::Column { .. } => true,
        Expr::ToFloat(inner) | Expr::Negate(inner) => is_linear(inner),
        Expr::Arith { op: Arith::Add | Arith::Sub, left, right } => is_linear(left) && is_linear(right),
        Expr::Arith { op: Arith::Mul, left, right } => {
            (is_constant(left) && is_linear(right)) || (is_linear(left) && is_constant(right))
        }
        Expr::Arith { op: Arith::Div, left, right } => is_linear(left) && is_constant(right),
        _ => false,
    }
}

fn is_constant(expr: &Expr) -> bool {
    expr.columns().is_empty()
}

/// Why a measure does not add up, in the words of its owner.
#[must_use]
pub fn reason(additivity: Additivity) -> &'static str {
    match additivity {
        Additivity::Additive => "it adds up over everything",
        Additivity::SemiAdditive => "it is a level: two days of it added up count the same people twice",
        Additivity::NonAdditive => "it counts unique people or is a rate: adding two rows counts the same people twice",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_need_no_declaration() {
        for name in
            ["reach", "Reach", "paid_reach", "unique_viewers", "bounce_rate", "ctr", "total_users", "Avg position"]
        {
            assert_eq!(well_known(name), Additivity::NonAdditive, "{name}");
        }
        assert_eq!(well_known("followers"), Additivity::SemiAdditive);
        for name in ["impressions", "new_followers", "spend", "clicks", "iteration", "searches"] {
            assert_eq!(well_known(name), Additivity::Additive, "{name}");
        }
    }
}
