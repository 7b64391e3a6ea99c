//! What a condition can come out as for records of which only bounds are known: parts of files whose records cannot
//! pass need not be read.
//!
//! Everything here errs on one side: an outcome that is not listed never happens.

use super::{Compare, DatePart, Expr, LikePattern, Literal};

/// Which results a condition may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// It may be true.
    pub yes: bool,
    /// It may be false.
    pub no: bool,
    /// It may be null.
    pub null: bool,
}

impl Outcomes {
    /// True for every record.
    pub const TRUE: Self = Self { yes: true, no: false, null: false };
    const ANY: Self = Self { yes: true, no: true, null: true };
    const NULL: Self = Self { yes: false, no: false, null: true };

    /// What a condition can come out as.
    #[must_use]
    pub fn of(condition: &Expr, known: &dyn Fn(&Expr) -> Known) -> Self {
        let of = |expr: &Expr| Self::of(expr, known);
        match condition {
            Expr::And(left, right) => {
                let (l, r) = (of(left), of(right));
                Self { yes: l.yes && r.yes, no: l.no || r.no, null: l.null || r.null }
            }
            Expr::Or(left, right) => {
                let (l, r) = (of(left), of(right));
                Self { yes: l.yes || r.yes, no: l.no && r.no, null: l.null || r.null }
            }
            Expr::Not(inner) => {
                let Self { yes, no, null } = of(inner);
                Self { yes: no, no: yes, null }
            }
            Expr::IsNull(inner) => {
                let nulls = value(inner, known).nulls;
                Self { yes: nulls != Nulls::None, no: nulls != Nulls::All, null: false }
            }
            Expr::Compare { op, left, right } => compare(*op, &value(left, known), &value(right, known)),
            Expr::InList { expr, list } => {
                let expr = value(expr, known);
                let each = list.iter().map(|item| compare(Compare::Eq, &expr, &Known::constant(item.clone())));
                each.reduce(|l, r| Self { yes: l.yes || r.yes, no: l.no && r.no, null: l.null || r.null })
                    .unwrap_or(Self::ANY)
            }
            Expr::Like { expr, pattern } => match value(expr, known) {
                Known { values: Values::Constant(Literal::Text(text)), nulls: Nulls::None } => {
                    let matches = LikePattern::new(pattern).matches(&text);
                    Self { yes: matches, no: !matches, null: false }
                }
                Known { nulls: Nulls::All, .. } => Self::NULL,
                _ => Self::ANY,
            },
            Expr::Literal(Literal::Bool(b)) => Self { yes: *b, no: !*b, null: false },
            Expr::Literal(Literal::Null) => Self::NULL,
            // A column of truth values.
            Expr::Column { .. } => compare(Compare::Eq, &known(condition), &Known::constant(Literal::Bool(true))),
            _ => Self::ANY,
        }
    }
}

/// What is known of a column's values in some records.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// How many are null.
    pub nulls: Nulls,
    /// Those that are not.
    pub values: Values,
}

/// How many values of a column are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// None of them.
    None,
    /// Any number of them.
    Some,
    /// All of them.
    All,
}

/// Bounds of the values that are not null.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Nothing is known.
    Unknown,
    /// They are all this one.
    Constant(Literal),
    /// Integers, or days since 1970-01-01, from the first to the second.
    Between(i64, i64),
    /// Texts that sort between these by their bytes, before white space was trimmed and characters composed.
    TextBetween(String, String),
}

impl Known {
    /// Of a column of which nothing is known.
    pub const NOTHING: Self = Self { nulls: Nulls::Some, values: Values::Unknown };
    /// Of a column without values.
    pub const NULL: Self = Self { nulls: Nulls::All, values: Values::Unknown };

    /// Of a column with one value.
    #[must_use]
    pub fn constant(value: Literal) -> Self {
        match value {
            Literal::Null => Self::NULL,
            value => Self { nulls: Nulls::None, values: Values::Constant(value) },
        }
    }

    /// Bounds as integers, for types that are ordered as integers are.
    fn bounds(&self) -> Option<(i64, i64)> {
        match &self.values {
            Values::Between(low, high) => Some((*low, *high)),
            Values::Constant(Literal::Int(n)) => Some((*n, *n)),
            Values::Constant(Literal::Date(day)) => Some((i64::from(*day), i64::from(*day))),
            Values::Constant(Literal::Bool(b)) => Some((i64::from(*b), i64::from(*b))),
            _ => None,
        }
    }
}

/// What is known of an expression that is no condition.
fn value(expr: &Expr, known: &dyn Fn(&Expr) -> Known) -> Known {
    match expr {
        Expr::Column { .. } => known(expr),
        Expr::Literal(literal) => Known::constant(literal.clone()),
        Expr::Lower(inner) | Expr::Upper(inner) => {
            let Known { nulls, values } = value(inner, known);
            let values = match (expr, values) {
                (Expr::Lower(_), Values::Constant(Literal::Text(t))) => {
                    Values::Constant(Literal::Text(t.to_lowercase()))
                }
                (_, Values::Constant(Literal::Text(t))) => Values::Constant(Literal::Text(t.to_uppercase())),
                _ => Values::Unknown,
            };
            Known { nulls, values }
        }
        Expr::DatePart { part, expr } => {
            let inner = value(expr, known);
            let day = |day: i64| i32::try_from(day).ok().map(|day| part.of(day));
            let values = match inner.bounds() {
                // Years go on with the days; the other parts begin again and again.
                Some((first, last)) if first == last || *part == DatePart::Year => {
                    day(first).zip(day(last)).map_or(Values::Unknown, |(low, high)| Values::Between(low, high))
                }
                _ => Values::Unknown,
            };
            Known { nulls: inner.nulls, values }
        }
        _ => Known::NOTHING,
    }
}

fn compare(op: Compare, left: &Known, right: &Known) -> Outcomes {
    if left.nulls == Nulls::All || right.nulls == Nulls::All {
        return Outcomes::NULL;
    }
    let null = left.nulls != Nulls::None || right.nulls != Nulls::None;
    let (yes, no) = match (left.bounds(), right.bounds()) {
        (Some((a, b)), Some((c, d))) => {
            let overlap = a <= d && c <= b;
            let same = a == b && c == d && a == c;
            match op {
                Compare::Eq => (overlap, !same),
                Compare::Ne => (!same, overlap),
                Compare::Lt => (a < d, b >= c),
                Compare::Le => (a <= d, b > c),
                Compare::Gt => (b > c, a <= d),
                Compare::Ge => (b >= c, a < d),
            }
        }
        _ => texts(op, &left.values, &right.values),
    };
    Outcomes { yes, no, null }
}

/// Whether a comparison of texts may be true, and whether it may be false.
fn texts(op: Compare, left: &Values, right: &Values) -> (bool, bool) {
    use Values::{Constant, TextBetween};
    match (left, right) {
        (Constant(Literal::Text(l)), Constant(Literal::Text(r))) => {
            let yes = match op {
                Compare::Eq => l == r,
                Compare::Ne => l != r,
                Compare::Lt => l < r,
                Compare::Le => l <= r,
                Compare::Gt => l > r,
                Compare::Ge => l >= r,
            };
            (yes, !yes)
        }
        (TextBetween(low, high), Constant(Literal::Text(text)))
        | (Constant(Literal::Text(text)), TextBetween(low, high)) => {
            let equal = may_become(low, high, text);
            match op {
                Compare::Eq => (equal, true),
                Compare::Ne => (true, equal),
                _ => (true, true),
            }
        }
        _ => (true, true),
    }
}

/// Whether one of the texts from `low` to `high` may be `text` once it is trimmed and composed (NFC).
///
/// Only answered with no where all of them begin with a visible ASCII character, so that nothing is trimmed in front.
/// Then an ASCII character at the beginning of `text` was the same one in the file: others that compose to ASCII are
/// those that become `;`, `` ` `` and `K` (U+037E, U+1FEF, U+212A).
fn may_become(low: &str, high: &str, text: &str) -> bool {
    let visible = |c: Option<&u8>| c.is_some_and(u8::is_ascii_graphic);
    if !visible(low.as_bytes().first()) || !visible(high.as_bytes().first()) {
        return true;
    }
    let kept = |b: &u8| b.is_ascii() && !matches!(b, b';' | b'`' | b'K');
    let length = text.bytes().position(|b| !kept(&b)).unwrap_or(text.len());
    let beginning = &text.as_bytes()[..length];
    let low = &low.as_bytes()[..length.min(low.len())];
    low <= beginning && beginning <= high.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{parse, Scope, Type};

    struct Columns;

    impl Scope for Columns {
        fn column(&self, name: &str) -> Option<Type> {
            match name {
                "n" => Some(Type::Int),
                "t" => Some(Type::Text),
                "d" => Some(Type::Date),
                _ => None,
            }
        }
        fn names(&self) -> Vec<&str> {
            vec!["n", "t", "d"]
        }
        fn noun(&self) -> &'static str {
            "column"
        }
    }

    /// `yes`, `no` and `null` of a condition on n from 10 to 20, d in January 2025, t from `ES` to `FR`, without nulls.
    fn outcomes(sql: &str) -> (bool, bool, bool) {
        let known = |column: &Expr| {
            let values = match column {
                Expr::Column { name, .. } if name == "n" => Values::Between(10, 20),
                Expr::Column { name, .. } if name == "d" => Values::Between(20089, 20119),
                _ => Values::TextBetween("ES".to_owned(), "FR".to_owned()),
            };
            Known { nulls: Nulls::None, values }
        };
        let condition = parse(sql, &Columns).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let Outcomes { yes, no, null } = Outcomes::of(&condition, &known);
        (yes, no, null)
    }

    #[test]
    fn bounds_decide_what_they_can() {
        let (always, never, either) = ((true, false, false), (false, true, false), (true, true, false));
        for (sql, expected) in [
            ("n < 10", never),
            ("n < 11", either),
            ("n <= 20", always),
            ("n BETWEEN 21 AND 30", never),
            ("n = 20", either),
            ("n <> 21", always),
            ("n IN (1, 2, 30)", never),
            ("n IN (1, 15)", either),
            ("NOT n > 5", never),
            ("n IS NULL", never),
            ("n > 5 OR t = 'x'", always),
            ("d >= DATE '2025-02-01'", never),
            ("d >= DATE '2025-01-01' AND n > 9", always),
            ("EXTRACT(YEAR FROM d) = 2024", never),
            ("EXTRACT(YEAR FROM d) = 2025", always),
            ("EXTRACT(MONTH FROM d) = 2", either),
            ("t = 'DE'", never),
            ("t = 'FR'", either),
            ("t IN ('AA', 'ZZ')", never),
            ("t > 'ZZ'", either),
            ("LOWER(t) = 'de'", either),
        ] {
            let (yes, no, _) = outcomes(sql);
            let found = (yes, no, false);
            assert_eq!(found, expected, "{sql}");
        }
    }

    #[test]
    fn texts_that_cleaning_may_change_are_not_judged() {
        assert!(may_become("A", "Z", "FR") && !may_become("A", "Z", "a") && !may_become("GA", "Z", "FR"));
        // A leading space would be trimmed; a value of spaces only would be null.
        assert!(may_become(" FR", " FR", "ES") && may_become("", "A", "FR"));
        // U+212A, which sorts after all ASCII, composes to K; an accent may be a character of its own.
        assert!(may_become("O\u{212a}", "Z", "OK") && may_become("cafe\u{301}", "caff", "café"));
        assert!(may_become("FR ", "FR ", "FR"));
    }
}
