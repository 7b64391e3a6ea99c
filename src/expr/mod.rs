//! SQL text → typed [`Expr`]: the closed subset of SQL that `where:`, `filter:` and `expr:` may use.
//!
//! Every meaning that engines differ on is fixed here: division is float division and gives null by zero, `%` keeps
//! the dividend's sign, logic is three-valued, text compares by bytes, integer arithmetic cannot overflow (an
//! expression whose result might pass 2¹²⁷ is refused when the pipeline is checked).

mod functions;
mod outcomes;
mod parse;
mod predicates;
mod rename;
mod sql;
mod text;
mod words;

pub use outcomes::{Known, Nulls, Outcomes, Values};
pub use parse::{parse, ExprError, Scope};
pub use sql::quoted;
pub use text::split_part;
pub use words::{substitute, words};

use crate::calendar::{civil, day_of_week, iso_week};
use crate::channels::Version;
use std::fmt;

/// The type of a column or of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// True or false.
    Bool,
    /// A 64-bit integer in files; computed in 128 bits.
    Int,
    /// A 64-bit float.
    Float,
    /// A decimal with this many digits after the point; exact where summed as it is, a float in arithmetic.
    Decimal(i8),
    /// UTF-8 text.
    Text,
    /// A calendar day.
    Date,
    /// The type of a bare `NULL`, which takes the type it meets.
    Null,
}

impl Type {
    /// The type with its article: `an integer`, `a text`.
    #[must_use]
    pub fn a(self) -> String {
        let article = if self == Self::Int { "an" } else { "a" };
        format!("{article} {self}")
    }

    /// Whether arithmetic applies.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Decimal(_) | Self::Null)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Float => "number",
            Self::Decimal(_) => "decimal",
            Self::Text => "text",
            Self::Date => "date",
            Self::Null => "null",
        })
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// A text.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Unknown.
    Null,
}

impl Literal {
    /// The literal's type.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::Text(_) => Type::Text,
            Self::Date(_) => Type::Date,
            Self::Null => Type::Null,
        }
    }
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arith {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: always a float division; null by zero.
    Div,
    /// `%`: integers only; the dividend's sign; null by zero.
    Rem,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePart {
    /// Calendar year.
    Year,
    /// Calendar quarter, 1 to 4.
    Quarter,
    /// Month, 1 to 12.
    Month,
    /// ISO week, 1 to 53.
    Week,
    /// Day of the month.
    Day,
    /// ISO day of the week: Monday 1 to Sunday 7.
    DayOfWeek,
}

impl DatePart {
    /// The part of a day.
    #[must_use]
    pub fn of(self, day: i32) -> i64 {
        let (year, month, of_month) = civil(day);
        i64::from(match self {
            Self::Year => year,
            Self::Quarter => (month - 1) / 3 + 1,
            Self::Month => month,
            Self::Week => iso_week(day).1,
            Self::Day => of_month,
            Self::DayOfWeek => day_of_week(day) + 1,
        })
    }
}

/// A typed expression over named columns. Null in gives null out, unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A column.
    Column { name: String, ty: Type },
    /// A constant.
    Literal(Literal),
    /// An integer or decimal taken as a float.
    ToFloat(Box<Expr>),
    /// Arithmetic; both sides are of one type.
    Arith { op: Arith, left: Box<Expr>, right: Box<Expr> },
    /// `-x`
    Negate(Box<Expr>),
    /// `ABS(x)`
    Abs(Box<Expr>),
    /// A comparison; both sides are of one type.
    Compare { op: Compare, left: Box<Expr>, right: Box<Expr> },
    /// Three-valued AND.
    And(Box<Expr>, Box<Expr>),
    /// Three-valued OR.
    Or(Box<Expr>, Box<Expr>),
    /// Three-valued NOT.
    Not(Box<Expr>),
    /// `x IS NULL`: never null itself.
    IsNull(Box<Expr>),
    /// `x IN (…)`, constants of `x`'s type.
    InList { expr: Box<Expr>, list: Vec<Literal> },
    /// `x LIKE 'pattern'`: `%` any run, `_` any one character; case-sensitive; `\` escapes.
    Like { expr: Box<Expr>, pattern: String },
    /// The result of the first condition that is true, else `otherwise`; all results are of one type.
    Case { branches: Vec<(Expr, Expr)>, otherwise: Box<Expr> },
    /// The first that is not null.
    Coalesce(Vec<Expr>),
    /// `NULLIF(a, b)`: null where they are equal, else `a`.
    NullIf(Box<Expr>, Box<Expr>),
    /// The sum of those that are known; null when none is.
    SumKnown(Vec<Expr>),
    /// Unicode lowercase.
    Lower(Box<Expr>),
    /// Unicode uppercase.
    Upper(Box<Expr>),
    /// `SPLIT_PART(x, 'separator', n)`: the part between separators, from 1; null where there is none.
    SplitPart { expr: Box<Expr>, separator: String, part: usize },
    /// `SOCIAL_NETWORK(source)`: null where it is none.
    SocialNetwork(Box<Expr>),
    /// `CHANNEL_GROUP(source, medium, campaign, 'version')`: null only where all three are.
    ChannelGroup { touch: Box<[Expr; 3]>, version: Version },
    /// A part of a date, as an integer.
    DatePart { part: DatePart, expr: Box<Expr> },
}

impl Expr {
    /// The expression's type.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Column { ty, .. } => *ty,
            Self::Literal(literal) => literal.ty(),
            Self::ToFloat(_) => Type::Float,
            Self::Arith { op: Arith::Div, .. } => Type::Float,
            Self::Arith { left, right, .. } => first_known(left.ty(), right.ty()),
            Self::Negate(inner) | Self::Abs(inner) => inner.ty(),
            Self::Compare { .. }
            | Self::And(..)
            | Self::Or(..)
            | Self::Not(_)
            | Self::IsNull(_)
            | Self::InList { .. }
            | Self::Like { .. } => Type::Bool,
            Self::Case { branches, otherwise } => {
                branches.iter().map(|(_, result)| result.ty()).fold(otherwise.ty(), first_known)
            }
            Self::Coalesce(items) | Self::SumKnown(items) => items.iter().map(Self::ty).fold(Type::Null, first_known),
            Self::NullIf(left, _) => left.ty(),
            Self::Lower(_)
            | Self::Upper(_)
            | Self::SplitPart { .. }
            | Self::SocialNetwork(_)
            | Self::ChannelGroup { .. } => Type::Text,
            Self::DatePart { .. } => Type::Int,
        }
    }

    /// The direct parts of the expression.
    #[must_use]
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Self::Column { .. } | Self::Literal(_) => vec![],
            Self::ToFloat(e)
            | Self::Negate(e)
            | Self::Abs(e)
            | Self::Not(e)
            | Self::IsNull(e)
            | Self::Lower(e)
            | Self::Upper(e)
            | Self::SocialNetwork(e)
            | Self::SplitPart { expr: e, .. }
            | Self::InList { expr: e, .. }
            | Self::Like { expr: e, .. }
            | Self::DatePart { expr: e, .. } => vec![e],
            Self::Arith { left, right, .. } | Self::Compare { left, right, .. } => vec![left, right],
            Self::And(l, r) | Self::Or(l, r) | Self::NullIf(l, r) => vec![l, r],
            Self::Case { branches, otherwise } => {
                branches.iter().flat_map(|(c, r)| [c, r]).chain([otherwise.as_ref()]).collect()
            }
            Self::Coalesce(items) | Self::SumKnown(items) => items.iter().collect(),
            Self::ChannelGroup { touch, .. } => touch.iter().collect(),
        }
    }

    /// The columns it reads, in order of appearance, each once.
    #[must_use]
    pub fn columns(&self) -> Vec<(&str, Type)> {
        fn walk<'e>(expr: &'e Expr, found: &mut Vec<(&'e str, Type)>) {
            if let Expr::Column { name, ty } = expr {
                if !found.contains(&(name.as_str(), *ty)) {
                    found.push((name, *ty));
                }
            }
            expr.children().into_iter().for_each(|child| walk(child, found));
        }
        let mut found = vec![];
        walk(self, &mut found);
        found
    }

    /// How large an integer result can be at most, sign apart; 0 for other types. Columns hold 64-bit integers.
    #[must_use]
    pub fn int_bound(&self) -> f64 {
        if self.ty() != Type::Int {
            return 0.0;
        }
        let largest = |items: Vec<&Expr>| items.into_iter().map(Self::int_bound).fold(0.0, f64::max);
        match self {
            Self::Column { .. } => 2f64.powi(63),
            #[expect(clippy::cast_precision_loss, reason = "a bound")]
            Self::Literal(Literal::Int(n)) => n.unsigned_abs() as f64,
            Self::Arith { op: Arith::Mul, left, right } => left.int_bound() * right.int_bound(),
            Self::Arith { op: Arith::Rem, left, right } => left.int_bound().min(right.int_bound()),
            Self::Arith { left, right, .. } => left.int_bound() + right.int_bound(),
            Self::SumKnown(items) => items.iter().map(Self::int_bound).sum(),
            Self::DatePart { .. } => 10_000.0,
            Self::Case { branches, otherwise } => {
                largest(branches.iter().map(|(_, r)| r).chain([otherwise.as_ref()]).collect())
            }
            _ => largest(self.children()),
        }
    }

    /// `a AND b`, where a missing side does not matter.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Option<Expr>>) -> Option<Expr> {
        parts.into_iter().flatten().reduce(|l, r| Self::And(Box::new(l), Box::new(r)))
    }
}

/// The first of two types, unless it is that of a bare null.
fn first_known(left: Type, right: Type) -> Type {
    if left == Type::Null {
        right
    } else {
        left
    }
}

/// A `LIKE` pattern taken apart, for matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikePattern(Vec<LikeToken>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum LikeToken {
    Run,
    One,
    Char(char),
}

impl LikePattern {
    /// Takes a pattern apart; `\` makes the next character ordinary.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let mut tokens = vec![];
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '%' => LikeToken::Run,
                '_' => LikeToken::One,
                '\\' => LikeToken::Char(chars.next().unwrap_or('\\')),
                other => LikeToken::Char(other),
            });
        }
        Self(tokens)
    }

    /// Whether the whole text matches: greedy with one point of return, so linear in practice.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut t, mut p) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while t < text.len() {
            match self.0.get(p) {
                Some(LikeToken::Run) => {
                    back = Some((p, t));
                    p += 1;
                }
                Some(LikeToken::One) => (t, p) = (t + 1, p + 1),
                Some(LikeToken::Char(c)) if *c == text[t] => (t, p) = (t + 1, p + 1),
                _ => {
                    let Some((run, from)) = back else { return false };
                    back = Some((run, from + 1));
                    (t, p) = (from + 1, run + 1);
                }
            }
        }
        self.0[p..].iter().all(|token| *token == LikeToken::Run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_matches_runs_single_characters_and_escapes() {
        let like = |pattern: &str, text: &str| LikePattern::new(pattern).matches(text);
        assert!(like("a%c", "abbbc") && like("%", "") && like("_é_", "aéb") && like("100\\%", "100%"));
        assert!(!like("a%c", "abbbd") && !like("_", "") && !like("A", "a") && !like("100\\%", "1000"));
        assert!(like("%ab%ab", "abxabyab"));
    }
}
