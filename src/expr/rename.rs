//! Expressions with a column under another name.

use super::Expr;

impl Expr {
    /// Calls a column otherwise, wherever it stands.
    pub fn rename(&mut self, from: &str, to: &str) {
        match self {
            Self::Column { name, .. } => {
                if name == from {
                    to.clone_into(name);
                }
            }
            Self::Literal(_) => {}
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
            | Self::DatePart { expr: e, .. } => e.rename(from, to),
            Self::Arith { left, right, .. }
            | Self::Compare { left, right, .. }
            | Self::And(left, right)
            | Self::Or(left, right)
            | Self::NullIf(left, right) => {
                left.rename(from, to);
                right.rename(from, to);
            }
            Self::Case { branches, otherwise } => {
                for (condition, result) in branches {
                    condition.rename(from, to);
                    result.rename(from, to);
                }
                otherwise.rename(from, to);
            }
            Self::Coalesce(items) | Self::SumKnown(items) => items.iter_mut().for_each(|item| item.rename(from, to)),
            Self::ChannelGroup { touch, .. } => touch.iter_mut().for_each(|item| item.rename(from, to)),
        }
    }
}
