//! The entry and the operators: `sqlparser`'s syntax tree, narrowed and typed.

use super::{functions, Arith, Compare, Expr, Literal, Type};
use crate::calendar::parse_date;
use crate::diagnostic::{nearest, short_list};
use sqlparser::ast::{self, BinaryOperator, Spanned, UnaryOperator, Value};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Span;
use std::ops::Range;

/// What may be used, told with every refusal.
pub(super) const ALLOWED: &str =
    "allowed: = <> < <= > >=, AND, OR, NOT, IN (…), BETWEEN, LIKE, IS NULL, + - * / %, CASE, COALESCE, \
     NULLIF, SUM_KNOWN, LOWER, UPPER, SPLIT_PART, CHANNEL_GROUP, SOCIAL_NETWORK, ABS, YEAR, QUARTER, MONTH, WEEK, DAY, \
     DAYOFWEEK, EXTRACT";

/// The largest integers that an expression may come to: what 128 bits hold.
const MAX_INT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// The columns that an expression may use.
pub trait Scope {
    /// The type of a column, if there is one of that name.
    fn column(&self, name: &str) -> Option<Type>;
    /// All names, for suggestions.
    fn names(&self) -> Vec<&str>;
    /// What a name stands for: `column`, `metric`.
    fn noun(&self) -> &'static str;
}

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Stable identifier.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// Byte range in the SQL text.
    pub range: Range<usize>,
    /// Facts.
    pub notes: Vec<String>,
    /// Ways out.
    pub help: Vec<String>,
}

/// Parses and types an expression.
///
/// # Errors
/// Every mistake that was found: syntax, unknown columns, forbidden constructs, types that do not fit.
pub fn parse(text: &str, scope: &dyn Scope) -> Result<Expr, Vec<ExprError>> {
    let mut typer = Typer { text, scope, errors: vec![], depth: 0 };
    let expr = typer.parse();
    match expr {
        Some(expr) if typer.errors.is_empty() => Ok(expr),
        _ => Err(typer.errors),
    }
}

pub(super) struct Typer<'a> {
    text: &'a str,
    scope: &'a dyn Scope,
    pub(super) errors: Vec<ExprError>,
    depth: usize,
}

/// Operations inside each other; a chain `a + b + c` nests too. More than people write, less than a stack holds.
const MAX_DEPTH: usize = 200;

impl Typer<'_> {
    fn parse(&mut self) -> Option<Expr> {
        let dialect = GenericDialect {};
        let parsed = Parser::new(&dialect).with_recursion_limit(100).try_with_sql(self.text).and_then(|mut parser| {
            let tree = parser.parse_expr()?;
            parser.expect_token(&sqlparser::tokenizer::Token::EOF)?;
            Ok(tree)
        });
        match parsed {
            Ok(tree) => self.expr(&tree),
            Err(error) => {
                let message = error.to_string();
                let message = message.trim_start_matches("sql parser error: ");
                let (message, range) = self.locate(message);
                self.errors.push(ExprError {
                    code: "sql-syntax",
                    message: format!("not a SQL expression: {message}"),
                    range,
                    notes: vec![],
                    help: vec![
                        "texts take single quotes: 'FR'; names with spaces take double quotes: \"Video views\"".into()
                    ],
                });
                None
            }
        }
    }

    /// `… at Line: 1, Column: 9` → the message without it, and the place.
    fn locate(&self, message: &str) -> (String, Range<usize>) {
        let Some((head, tail)) = message.rsplit_once(" at Line: ") else {
            return (message.to_owned(), 0..self.text.len());
        };
        let mut numbers = tail.split(", Column: ").map(|n| n.trim().parse::<u64>().unwrap_or(1));
        let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
        let start = self.offset(line, column).min(self.text.len());
        let end = self.text[start..].find(char::is_whitespace).map_or(self.text.len(), |n| start + n);
        (head.to_owned(), start..end)
    }

    fn offset(&self, line: u64, column: u64) -> usize {
        let skip = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let start: usize = self.text.split_inclusive('\n').take(skip).map(str::len).sum();
        let chars = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
        self.text[start..].char_indices().nth(chars).map_or(self.text.len(), |(at, _)| start + at)
    }

    fn range(&self, node: &impl Spanned) -> Range<usize> {
        self.span_range(node.span())
    }

    fn span_range(&self, span: Span) -> Range<usize> {
        if span.start.line == 0 {
            return 0..self.text.len();
        }
        let start = self.offset(span.start.line, span.start.column);
        let end = self.offset(span.end.line, span.end.column).max(start);
        start..end
    }

    pub(super) fn error<T>(
        &mut self,
        code: &'static str,
        node: &impl Spanned,
        message: impl Into<String>,
    ) -> Option<T> {
        self.error_with(code, node, message, vec![])
    }

    pub(super) fn error_with<T>(
        &mut self,
        code: &'static str,
        node: &impl Spanned,
        message: impl Into<String>,
        help: Vec<String>,
    ) -> Option<T> {
        let range = self.range(node);
        self.errors.push(ExprError { code, message: message.into(), range, notes: vec![], help });
        None
    }

    pub(super) fn forbidden<T>(&mut self, node: &impl Spanned, what: &str) -> Option<T> {
        let range = self.range(node);
        self.errors.push(ExprError {
            code: "sql-not-allowed",
            message: format!("{what} cannot be used in an expression"),
            range,
            notes: vec![ALLOWED.to_owned()],
            help: vec![],
        });
        None
    }

    pub(super) fn expr(&mut self, tree: &ast::Expr) -> Option<Expr> {
        self.depth += 1;
        let expr = if self.depth > MAX_DEPTH {
            // The tree's own span would be found by walking all of it at every level.
            let message = format!("the expression has more than {MAX_DEPTH} operations inside each other");
            let (range, help) =
                (0..self.text.len(), vec!["split it into several metrics, or prepare a column in the export".into()]);
            self.errors.push(ExprError { code: "expression-too-deep", message, range, notes: vec![], help });
            None
        } else {
            self.expr_within(tree)
        };
        self.depth -= 1;
        expr
    }

    fn expr_within(&mut self, tree: &ast::Expr) -> Option<Expr> {
        use ast::Expr as E;
        match tree {
            E::Identifier(ident) => self.column(ident),
            E::Nested(inner) => self.expr(inner),
            E::Value(value) => self.value(&value.value, tree),
            E::TypedString(typed) => self.typed_string(typed, tree),
            E::BinaryOp { left, op, right } => self.binary(left, op, right, tree),
            E::UnaryOp { op, expr } => self.unary(*op, expr, tree),
            E::IsNull(e) => Some(Expr::IsNull(Box::new(self.expr(e)?))),
            E::IsNotNull(e) => Some(not(Expr::IsNull(Box::new(self.expr(e)?)))),
            E::IsTrue(e) | E::IsFalse(e) => {
                let inner = self.boolean(e)?;
                let wanted = Expr::Literal(Literal::Bool(matches!(tree, E::IsTrue(_))));
                let same = Expr::Compare { op: Compare::Eq, left: Box::new(inner), right: Box::new(wanted) };
                Some(Expr::Coalesce(vec![same, Expr::Literal(Literal::Bool(false))]))
            }
            E::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            E::Between { expr, negated, low, high } => self.between(expr, low, high, *negated, tree),
            E::Like { negated, any: false, expr, pattern, escape_char: None } => self.like(expr, pattern, *negated),
            E::Case { operand, conditions, else_result, .. } => {
                functions::case(self, operand.as_deref(), conditions, else_result.as_deref())
            }
            E::Extract { field, expr, .. } => functions::extract(self, field, expr, tree),
            E::Function(function) => functions::call(self, function, tree),
            E::CompoundIdentifier(_) => self.error_with(
                "sql-not-allowed",
                tree,
                format!("`{tree}` has a dot"),
                vec!["columns are named without their source; quote a name that has a dot: \"a.b\"".into()],
            ),
            E::ILike { .. } => self.error_with(
                "sql-not-allowed",
                tree,
                "ILIKE cannot be used in an expression",
                vec!["write LOWER(x) LIKE 'pattern in lower case'".into()],
            ),
            E::Cast { .. } => self.error_with(
                "sql-not-allowed",
                tree,
                "CAST cannot be used in an expression",
                vec!["declare the column's type in the source: `dimensions: {x: {type: integer}}`".into()],
            ),
            other => {
                let text = other.to_string();
                let head: String = text.chars().take(40).collect();
                self.forbidden(tree, &format!("`{head}`"))
            }
        }
    }

    fn column(&mut self, ident: &ast::Ident) -> Option<Expr> {
        let name = &ident.value;
        if let Some(ty) = self.scope.column(name) {
            // A column that no file has.
            if ty == Type::Null {
                return Some(Expr::Literal(Literal::Null));
            }
            return Some(Expr::Column { name: name.clone(), ty });
        }
        let noun = self.scope.noun();
        let known = self.scope.names();
        let mut help = vec![];
        if let Some(near) = nearest(name, &known) {
            help.push(format!("did you mean `{near}`?"));
        }
        if ident.quote_style == Some('"') {
            help.push(format!("if it is a text and not a {noun}, single quotes are needed: '{name}'"));
        }
        let range = self.span_range(ident.span);
        let notes = vec![format!("{noun}s here: {}", short_list(&known))];
        self.errors.push(ExprError {
            code: if noun == "metric" { "unknown-metric" } else { "unknown-column" },
            message: format!("there is no {noun} `{name}`"),
            range,
            notes,
            help,
        });
        None
    }

    fn value(&mut self, value: &Value, tree: &ast::Expr) -> Option<Expr> {
        let literal = match value {
            Value::SingleQuotedString(text) => Literal::Text(text.clone()),
            Value::Boolean(b) => Literal::Bool(*b),
            Value::Null => Literal::Null,
            Value::Number(text, _) => {
                let text = text.as_str();
                match (text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(n), _) => Literal::Int(n),
                    (_, Ok(x)) if x.is_finite() => Literal::Float(x),
                    _ => return self.error("sql-syntax", tree, format!("`{text}` is too large a number")),
                }
            }
            other => return self.forbidden(tree, &format!("`{other}`")),
        };
        Some(Expr::Literal(literal))
    }

    fn typed_string(&mut self, typed: &ast::TypedString, tree: &ast::Expr) -> Option<Expr> {
        let ast::DataType::Date = typed.data_type else { return self.forbidden(tree, &format!("`{tree}`")) };
        let text = typed.value.value.clone().into_string().unwrap_or_default();
        match parse_date(&text) {
            Some(day) => Some(Expr::Literal(Literal::Date(day))),
            None => self.error("invalid-date", tree, format!("`{text}` is not a date (YYYY-MM-DD)")),
        }
    }

    fn unary(&mut self, op: UnaryOperator, inner: &ast::Expr, tree: &ast::Expr) -> Option<Expr> {
        match op {
            UnaryOperator::Not => Some(not(self.boolean(inner)?)),
            UnaryOperator::Plus => self.number(inner),
            UnaryOperator::Minus => Some(match self.number(inner)? {
                Expr::Literal(Literal::Int(n)) => Expr::Literal(Literal::Int(n.wrapping_neg())),
                Expr::Literal(Literal::Float(x)) => Expr::Literal(Literal::Float(-x)),
                other => Expr::Negate(Box::new(decimal_to_float(other))),
            }),
            _ => self.forbidden(tree, &format!("`{op}`")),
        }
    }

    pub(super) fn number(&mut self, tree: &ast::Expr) -> Option<Expr> {
        let expr = self.expr(tree)?;
        if expr.ty().is_numeric() {
            return Some(expr);
        }
        self.error("type-mismatch", tree, format!("`{tree}` is {}, a number is needed here", expr.ty().a()))
    }

    pub(super) fn boolean(&mut self, tree: &ast::Expr) -> Option<Expr> {
        let expr = self.expr(tree)?;
        if matches!(expr.ty(), Type::Bool | Type::Null) {
            return Some(expr);
        }
        self.error_with(
            "type-mismatch",
            tree,
            format!("`{tree}` is {}, a condition is needed here", expr.ty().a()),
            vec![format!("compare it with something, e.g. `{tree} IS NOT NULL`")],
        )
    }

    fn binary(&mut self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr, tree: &ast::Expr) -> Option<Expr> {
        let arith = match op {
            BinaryOperator::Plus => Some(Arith::Add),
            BinaryOperator::Minus => Some(Arith::Sub),
            BinaryOperator::Multiply => Some(Arith::Mul),
            BinaryOperator::Divide => Some(Arith::Div),
            BinaryOperator::Modulo => Some(Arith::Rem),
            _ => None,
        };
        if let Some(op) = arith {
            let (l, r) = (self.number(left), self.number(right));
            return self.arith(op, l?, r?, tree);
        }
        let compare = match op {
            BinaryOperator::Eq => Compare::Eq,
            BinaryOperator::NotEq => Compare::Ne,
            BinaryOperator::Lt => Compare::Lt,
            BinaryOperator::LtEq => Compare::Le,
            BinaryOperator::Gt => Compare::Gt,
            BinaryOperator::GtEq => Compare::Ge,
            BinaryOperator::And | BinaryOperator::Or => {
                let (l, r) = (self.boolean(left), self.boolean(right));
                let (l, r) = (Box::new(l?), Box::new(r?));
                return Some(if *op == BinaryOperator::And { Expr::And(l, r) } else { Expr::Or(l, r) });
            }
            _ => return self.forbidden(tree, &format!("`{op}`")),
        };
        let (l, r) = (self.expr(left), self.expr(right));
        self.compare(compare, l?, r?, tree)
    }

    fn arith(&mut self, op: Arith, left: Expr, right: Expr, tree: &ast::Expr) -> Option<Expr> {
        let both_int = matches!((left.ty(), right.ty()), (Type::Int | Type::Null, Type::Int | Type::Null));
        if op == Arith::Rem && !both_int {
            return self.error("type-mismatch", tree, "`%` takes integers");
        }
        let (left, right) =
            if both_int && op != Arith::Div { (left, right) } else { (to_float(left), to_float(right)) };
        self.bounded(Expr::Arith { op, left: Box::new(left), right: Box::new(right) }, tree)
    }

    /// Refuses integers that 128 bits might not hold.
    pub(super) fn bounded(&mut self, expr: Expr, tree: &ast::Expr) -> Option<Expr> {
        if expr.int_bound() > MAX_INT {
            return self.error_with(
                "integer-too-wide",
                tree,
                "this product of integers may not fit 128 bits",
                vec!["take one factor as a number: `1.0 * x`".into()],
            );
        }
        Some(expr)
    }

    pub(super) fn compare(&mut self, op: Compare, left: Expr, right: Expr, tree: &ast::Expr) -> Option<Expr> {
        let (left, right) = self.unify(left, right, tree)?;
        if left.ty() == Type::Bool && !matches!(op, Compare::Eq | Compare::Ne) {
            return self.error("type-mismatch", tree, "booleans have no order: compare them with = or <>");
        }
        Some(Expr::Compare { op, left: Box::new(left), right: Box::new(right) })
    }

    /// Brings two expressions to one type, or tells why that cannot be.
    pub(super) fn unify(&mut self, left: Expr, right: Expr, tree: &impl Spanned) -> Option<(Expr, Expr)> {
        let (l, r) = (left.ty(), right.ty());
        match (l, r) {
            _ if l == r && !matches!(l, Type::Decimal(_)) => Some((left, right)),
            (Type::Null, _) | (_, Type::Null) => Some((decimal_to_float(left), decimal_to_float(right))),
            _ if l.is_numeric() && r.is_numeric() => Some((to_float(left), to_float(right))),
            (Type::Date, Type::Text) => Some((left, self.date_text(right, tree)?)),
            (Type::Text, Type::Date) => Some((self.date_text(left, tree)?, right)),
            _ => {
                let mut help = vec![];
                if matches!((&left, &right), (Expr::Column { ty: Type::Text, .. }, Expr::Literal(Literal::Int(_)))) {
                    help.push("put the value in single quotes, or declare the column's `type: integer`".into());
                }
                if matches!((&left, &right), (Expr::Column { ty: Type::Int, .. }, Expr::Literal(Literal::Text(_)))) {
                    help.push("write the number without quotes, or declare the column's `type: text`".into());
                }
                if matches!((l, r), (Type::Bool, Type::Int | Type::Text) | (Type::Int | Type::Text, Type::Bool)) {
                    help.push("a boolean is written TRUE or FALSE, or stands alone: `is_paid`, `NOT is_paid`".into());
                }
                self.error_with("type-mismatch", tree, format!("{} and {} do not fit together", l.a(), r.a()), help)
            }
        }
    }

    fn date_text(&mut self, expr: Expr, tree: &impl Spanned) -> Option<Expr> {
        match expr {
            Expr::Literal(Literal::Text(text)) => match parse_date(&text) {
                Some(day) => Some(Expr::Literal(Literal::Date(day))),
                None => self.error("invalid-date", tree, format!("`{text}` is not a date (YYYY-MM-DD)")),
            },
            other => self.error_with(
                "type-mismatch",
                tree,
                format!("a date and {} do not fit together", other.ty().a()),
                vec!["declare the column's `type: date`".into()],
            ),
        }
    }

    pub(super) fn text_arg(&mut self, tree: &ast::Expr) -> Option<Expr> {
        let expr = self.expr(tree)?;
        if matches!(expr.ty(), Type::Text | Type::Null) {
            return Some(expr);
        }
        self.error("type-mismatch", tree, format!("`{tree}` is {}, a text is needed here", expr.ty().a()))
    }
}

pub(super) fn not(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}

pub(super) fn to_float(expr: Expr) -> Expr {
    match expr.ty() {
        Type::Int | Type::Decimal(_) => Expr::ToFloat(Box::new(expr)),
        _ => expr,
    }
}

pub(super) fn decimal_to_float(expr: Expr) -> Expr {
    match expr.ty() {
        Type::Decimal(_) => Expr::ToFloat(Box::new(expr)),
        _ => expr,
    }
}
