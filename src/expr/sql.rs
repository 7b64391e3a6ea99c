//! Printing an expression as SQL, for `explain`, file metadata and messages.

use super::{Arith, Compare, DatePart, Expr, Literal};
use crate::calendar::iso_date;
use std::fmt;

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => f.write_str(if *b { "TRUE" } else { "FALSE" }),
            Self::Int(n) => write!(f, "{n}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Date(day) => write!(f, "DATE '{}'", iso_date(*day)),
            Self::Null => f.write_str("NULL"),
        }
    }
}

impl fmt::Display for Arith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
        })
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

impl fmt::Display for DatePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Year => "YEAR",
            Self::Quarter => "QUARTER",
            Self::Month => "MONTH",
            Self::Week => "WEEK",
            Self::Day => "DAY",
            Self::DayOfWeek => "DAYOFWEEK",
        })
    }
}

/// An operand: put in brackets when it is itself an operation.
struct Operand<'e>(&'e Expr);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = match self.0 {
            Expr::ToFloat(inner) => return Operand(inner).fmt(f),
            Expr::Arith { .. }
            | Expr::Negate(_)
            | Expr::Compare { .. }
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::InList { .. }
            | Expr::Like { .. } => false,
            _ => true,
        };
        if bare {
            self.0.fmt(f)
        } else {
            write!(f, "({})", self.0)
        }
    }
}

fn call(f: &mut fmt::Formatter<'_>, name: &str, args: &[&Expr]) -> fmt::Result {
    write!(f, "{name}(")?;
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{arg}")?;
    }
    f.write_str(")")
}

/// A name as SQL writes it: quoted unless it is a plain lowercase word.
fn ident(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if plain {
        f.write_str(name)
    } else {
        f.write_str(&quoted(name))
    }
}

/// A name in double quotes, whatever signs it has.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column { name, .. } => ident(f, name),
            Self::Literal(literal) => literal.fmt(f),
            Self::ToFloat(inner) => inner.fmt(f),
            Self::Arith { op, left, right } => write!(f, "{} {op} {}", Operand(left), Operand(right)),
            Self::Compare { op, left, right } => write!(f, "{} {op} {}", Operand(left), Operand(right)),
            Self::Negate(inner) => write!(f, "-{}", Operand(inner)),
            Self::Abs(inner) => call(f, "ABS", &[inner]),
            // A chain of one operator reads better without brackets.
            Self::And(l, r) => match (l.as_ref(), r.as_ref()) {
                (Self::And(..), Self::Or(..)) => write!(f, "{l} AND ({r})"),
                (Self::And(..), _) => write!(f, "{l} AND {r}"),
                (Self::Or(..), Self::Or(..)) => write!(f, "({l}) AND ({r})"),
                (Self::Or(..), _) => write!(f, "({l}) AND {r}"),
                (_, Self::Or(..)) => write!(f, "{l} AND ({r})"),
                _ => write!(f, "{l} AND {r}"),
            },
            Self::Or(l, r) => write!(f, "{l} OR {r}"),
            Self::Not(inner) => match inner.as_ref() {
                Self::IsNull(e) => write!(f, "{} IS NOT NULL", Operand(e)),
                _ => write!(f, "NOT {}", Operand(inner)),
            },
            Self::IsNull(inner) => write!(f, "{} IS NULL", Operand(inner)),
            Self::InList { expr, list } => {
                let items: Vec<String> = list.iter().map(Literal::to_string).collect();
                write!(f, "{} IN ({})", Operand(expr), items.join(", "))
            }
            Self::Like { expr, pattern } => write!(f, "{} LIKE '{}'", Operand(expr), pattern.replace('\'', "''")),
            Self::Case { branches, otherwise } => {
                f.write_str("CASE")?;
                for (condition, result) in branches {
                    write!(f, " WHEN {condition} THEN {result}")?;
                }
                write!(f, " ELSE {otherwise} END")
            }
            Self::Coalesce(items) => call(f, "COALESCE", &items.iter().collect::<Vec<_>>()),
            Self::NullIf(l, r) => call(f, "NULLIF", &[l, r]),
            Self::SumKnown(items) => call(f, "SUM_KNOWN", &items.iter().collect::<Vec<_>>()),
            Self::Lower(inner) => call(f, "LOWER", &[inner]),
            Self::Upper(inner) => call(f, "UPPER", &[inner]),
            Self::SplitPart { expr, separator, part } => {
                write!(f, "SPLIT_PART({expr}, '{}', {part})", separator.replace('\'', "''"))
            }
            Self::SocialNetwork(inner) => call(f, "SOCIAL_NETWORK", &[inner]),
            Self::ChannelGroup { touch, version } => {
                let [source, medium, campaign] = touch.as_ref();
                write!(f, "CHANNEL_GROUP({source}, {medium}, {campaign}, '{}')", version.name())
            }
            Self::DatePart { part, expr } => write!(f, "{part}({expr})"),
        }
    }
}
