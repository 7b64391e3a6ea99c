//! IN, BETWEEN and LIKE.

use super::parse::{not, Typer};
use super::{Compare, Expr, Literal, Type};
use sqlparser::ast::{self, Value};

impl Typer<'_> {
    pub(super) fn in_list(&mut self, tree: &ast::Expr, list: &[ast::Expr], negated: bool) -> Option<Expr> {
        let mut expr = self.expr(tree)?;
        let mut literals = vec![];
        for item in list {
            let Some(typed) = self.expr(item) else { continue };
            let Some((left, right)) = self.unify(expr.clone(), typed, item) else { continue };
            match right {
                Expr::Literal(literal) => {
                    expr = left;
                    literals.push(literal);
                }
                Expr::ToFloat(inner) if matches!(*inner, Expr::Literal(Literal::Int(_))) => {
                    if let Expr::Literal(Literal::Int(n)) = *inner {
                        #[expect(clippy::cast_precision_loss, reason = "compared as floats, as SQL does")]
                        literals.push(Literal::Float(n as f64));
                    }
                    expr = left;
                }
                _ => {
                    self.error::<()>("sql-not-allowed", item, format!("`{item}` is not a constant"));
                }
            }
        }
        if !self.errors.is_empty() {
            return None;
        }
        if expr.ty() == Type::Float {
            #[expect(clippy::cast_precision_loss, reason = "compared as floats, as SQL does")]
            for literal in &mut literals {
                if let Literal::Int(n) = literal {
                    *literal = Literal::Float(*n as f64);
                }
            }
        }
        let found = Expr::InList { expr: Box::new(expr), list: literals };
        Some(if negated { not(found) } else { found })
    }

    pub(super) fn between(
        &mut self,
        expr: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        negated: bool,
        tree: &ast::Expr,
    ) -> Option<Expr> {
        let (value, low, high) = (self.expr(expr), self.expr(low), self.expr(high));
        let value = value?;
        let from = self.compare(Compare::Ge, value.clone(), low?, tree);
        let to = self.compare(Compare::Le, value, high?, tree);
        let inside = Expr::And(Box::new(from?), Box::new(to?));
        Some(if negated { not(inside) } else { inside })
    }

    pub(super) fn like(&mut self, tree: &ast::Expr, pattern: &ast::Expr, negated: bool) -> Option<Expr> {
        let expr = self.text_arg(tree)?;
        let ast::Expr::Value(value) = pattern else {
            return self.error("sql-not-allowed", pattern, "the pattern of LIKE must be a text in single quotes");
        };
        let Value::SingleQuotedString(pattern) = &value.value else {
            return self.error("sql-not-allowed", pattern, "the pattern of LIKE must be a text in single quotes");
        };
        let like = Expr::Like { expr: Box::new(expr), pattern: pattern.clone() };
        Some(if negated { not(like) } else { like })
    }
}
