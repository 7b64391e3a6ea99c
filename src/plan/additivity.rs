//! What adds up. Additivity belongs to the *measure*: declared, or known for well-known column names; an expression
//! has the weakest of what it is made of.

use super::logical::{ColumnRole, LogicalSource};
use crate::expr::{Arith, Expr};
use crate::spec::Additivity;

/// Names (or parts of names) of unique counts: they add up over nothing.
const UNIQUE: &[&str] = &["reach", "users", "viewers", "visitors", "uniques", "unique"];

/// Names (or parts of names) of rates: they add up over nothing.
const RATES: &[&str] = &[
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
    "position",
    "vtr",
    "vcr",
    "nps",
    "csat",
];

/// Names (or parts of names) of levels: they add up over everything but time.
const SEMI_ADDITIVE: &[&str] = &["followers", "follower", "subscribers", "subscriber", "fans"];

/// Parts that make a count of events of any of the words above: new followers are gained once each.
const ADDITIVE: &[&str] =
    &["new", "net", "gained", "gain", "lost", "loss", "unfollows", "unsubscribed", "unsubscribes", "added", "removed"];

/// The additivity of a measure by its name alone: `Total followers`, `activeUsers` and `bounce_rate` are taken apart.
#[must_use]
pub fn well_known(name: &str) -> Additivity {
    let parts = parts(name);
    let any = |words: &[&str]| parts.iter().any(|part| words.contains(&part.as_str()));
    if any(RATES) {
        Additivity::NonAdditive
    } else if any(ADDITIVE) {
        Additivity::Additive
    } else if any(UNIQUE) {
        Additivity::NonAdditive
    } else if any(SEMI_ADDITIVE) {
        Additivity::SemiAdditive
    } else {
        Additivity::Additive
    }
}

/// The words of a name: humps, spaces and signs part them.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        let hump = c.is_uppercase() && before_lower;
        if hump || !c.is_alphanumeric() {
            parts.push(String::new());
        }
        if c.is_alphanumeric() {
            if let Some(part) = parts.last_mut() {
                part.extend(c.to_lowercase());
            }
        }
        before_lower = c.is_lowercase();
    }
    parts.retain(|part| !part.is_empty());
    parts
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
        for name in ["followers", "total_followers", "followers_count", "page_fans", "Subscribers"] {
            assert_eq!(well_known(name), Additivity::SemiAdditive, "{name}");
        }
        for name in [
            "impressions",
            "new_followers",
            "newUsers",
            "Subscribers gained",
            "net_new_followers",
            "unfollows",
            "spend",
            "clicks",
            "iteration",
            "searches",
        ] {
            assert_eq!(well_known(name), Additivity::Additive, "{name}");
        }
    }
}
