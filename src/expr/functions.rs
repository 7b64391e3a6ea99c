//! CASE, EXTRACT and the functions, each a row in one list.

use super::parse::{decimal_to_float, to_float, Typer, ALLOWED};
use super::{Compare, DatePart, Expr, Literal, Type};
use crate::channels::{Version, VERSIONS};
use crate::diagnostic::nearest;
use sqlparser::ast::{self, DateTimeField, FunctionArg, FunctionArgExpr, FunctionArguments};

/// A function: its name, how many arguments it takes, and how it is typed.
struct Function {
    name: &'static str,
    arity: (usize, usize),
    build: fn(&mut Typer<'_>, &[&ast::Expr], &ast::Expr) -> Option<Expr>,
}

const MANY: usize = 64;

const FUNCTIONS: &[Function] = &[
    Function { name: "coalesce", arity: (1, MANY), build: coalesce },
    Function { name: "nullif", arity: (2, 2), build: null_if },
    Function { name: "sum_known", arity: (1, MANY), build: sum_known },
    Function { name: "lower", arity: (1, 1), build: |t, a, _| Some(Expr::Lower(Box::new(t.text_arg(a[0])?))) },
    Function { name: "upper", arity: (1, 1), build: |t, a, _| Some(Expr::Upper(Box::new(t.text_arg(a[0])?))) },
    Function { name: "split_part", arity: (3, 3), build: split_part },
    Function {
        name: "social_network",
        arity: (1, 1),
        build: |t, a, _| Some(Expr::SocialNetwork(Box::new(t.text_arg(a[0])?))),
    },
    Function { name: "channel_group", arity: (3, 4), build: channel_group },
    Function {
        name: "abs",
        arity: (1, 1),
        build: |t, a, _| Some(Expr::Abs(Box::new(decimal_to_float(t.number(a[0])?)))),
    },
    Function { name: "year", arity: (1, 1), build: |t, a, _| date_part(t, DatePart::Year, a[0]) },
    Function { name: "quarter", arity: (1, 1), build: |t, a, _| date_part(t, DatePart::Quarter, a[0]) },
    Function { name: "month", arity: (1, 1), build: |t, a, _| date_part(t, DatePart::Month, a[0]) },
    Function { name: "week", arity: (1, 1), build: |t, a, _| date_part(t, DatePart::Week, a[0]) },
    Function { name: "day", arity: (1, 1), build: |t, a, _| date_part(t, DatePart::Day, a[0]) },
    Function { name: "dayofweek", arity: (1, 1), build: |t, a, _| date_part(t, DatePart::DayOfWeek, a[0]) },
];

/// `name(args)`
pub(super) fn call(typer: &mut Typer<'_>, function: &ast::Function, tree: &ast::Expr) -> Option<Expr> {
    let name = function.name.to_string().to_lowercase();
    let Some(known) = FUNCTIONS.iter().find(|f| f.name == name) else {
        let aggregates = ["sum", "count", "avg", "min", "max"];
        let names: Vec<&str> = FUNCTIONS.iter().map(|f| f.name).collect();
        let help = if aggregates.contains(&name.as_str()) {
            vec!["aggregation is the metric's `agg:`; the expression is for one record".to_owned()]
        } else if let Some(near) = nearest(&name, &names) {
            vec![format!("did you mean `{near}`?"), ALLOWED.to_owned()]
        } else {
            vec![ALLOWED.to_owned()]
        };
        return typer.error_with("unknown-function", tree, format!("there is no function `{name}`"), help);
    };
    let plain = function.over.is_none()
        && function.filter.is_none()
        && function.within_group.is_empty()
        && function.null_treatment.is_none();
    let FunctionArguments::List(list) = &function.args else {
        return typer.forbidden(tree, &format!("`{name}` without arguments"));
    };
    if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return typer.forbidden(tree, &format!("`{name}` with OVER, FILTER or DISTINCT"));
    }
    let mut args = vec![];
    for arg in &list.args {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => args.push(expr),
            other => return typer.forbidden(tree, &format!("the argument `{other}`")),
        }
    }
    if args.len() < known.arity.0 || args.len() > known.arity.1 {
        let wanted = match known.arity {
            (least, most) if least == most => least.to_string(),
            (_, MANY) => "one or more".to_owned(),
            (least, most) => format!("{least} to {most}"),
        };
        let found = args.len();
        return typer.error("wrong-arguments", tree, format!("`{name}` takes {wanted} arguments, found {found}"));
    }
    (known.build)(typer, &args, tree)
}

/// `EXTRACT(field FROM date)`
pub(super) fn extract(
    typer: &mut Typer<'_>,
    field: &DateTimeField,
    expr: &ast::Expr,
    tree: &ast::Expr,
) -> Option<Expr> {
    let part = match field {
        DateTimeField::Year => DatePart::Year,
        DateTimeField::Quarter => DatePart::Quarter,
        DateTimeField::Month => DatePart::Month,
        DateTimeField::Week(None) => DatePart::Week,
        DateTimeField::Day => DatePart::Day,
        DateTimeField::Isodow => DatePart::DayOfWeek,
        other => {
            let help = vec!["parts: YEAR, QUARTER, MONTH, WEEK (ISO), DAY, ISODOW (Monday 1)".to_owned()];
            return typer.error_with("sql-not-allowed", tree, format!("`{other}` is not a part of a date here"), help);
        }
    };
    date_part(typer, part, expr)
}

fn date_part(typer: &mut Typer<'_>, part: DatePart, tree: &ast::Expr) -> Option<Expr> {
    let expr = typer.expr(tree)?;
    if !matches!(expr.ty(), Type::Date | Type::Null) {
        return typer.error_with(
            "type-mismatch",
            tree,
            format!("`{tree}` is {}, a date is needed here", expr.ty().a()),
            vec!["declare the column's `type: date`".into()],
        );
    }
    Some(Expr::DatePart { part, expr: Box::new(expr) })
}

/// Types all items and brings them to one type.
fn unified(typer: &mut Typer<'_>, trees: &[&ast::Expr], at: &ast::Expr) -> Option<Vec<Expr>> {
    let typed: Vec<Option<Expr>> = trees.iter().map(|tree| typer.expr(tree)).collect();
    let items: Vec<Expr> = typed.into_iter().collect::<Option<_>>()?;
    bring_together(typer, items, at)
}

/// Brings expressions to one type: two passes, because a later number may turn earlier integers into floats.
fn bring_together(typer: &mut Typer<'_>, mut items: Vec<Expr>, at: &ast::Expr) -> Option<Vec<Expr>> {
    let mut common = items.first()?.clone();
    for item in &items {
        let (left, right) = typer.unify(common, item.clone(), at)?;
        common = if left.ty() == Type::Null { right } else { left };
    }
    for item in &mut items {
        let (_, unified) = typer.unify(common.clone(), item.clone(), at)?;
        *item = unified;
    }
    Some(items)
}

fn coalesce(typer: &mut Typer<'_>, args: &[&ast::Expr], tree: &ast::Expr) -> Option<Expr> {
    Some(Expr::Coalesce(unified(typer, args, tree)?))
}

fn sum_known(typer: &mut Typer<'_>, args: &[&ast::Expr], tree: &ast::Expr) -> Option<Expr> {
    let items = unified(typer, args, tree)?;
    if !items.iter().all(|item| item.ty().is_numeric()) {
        return typer.error("type-mismatch", tree, "`sum_known` takes numbers");
    }
    typer.bounded(Expr::SumKnown(items), tree)
}

fn null_if(typer: &mut Typer<'_>, args: &[&ast::Expr], tree: &ast::Expr) -> Option<Expr> {
    let mut items = unified(typer, args, tree)?.into_iter();
    Some(Expr::NullIf(Box::new(items.next()?), Box::new(items.next()?)))
}

fn split_part(typer: &mut Typer<'_>, args: &[&ast::Expr], _: &ast::Expr) -> Option<Expr> {
    let (expr, separator, part) = (typer.text_arg(args[0]), typer.expr(args[1]), typer.expr(args[2]));
    let (expr, separator, part) = (Box::new(expr?), separator?, part?);
    let separator = match separator {
        Expr::Literal(Literal::Text(text)) if !text.is_empty() => Some(text),
        _ => typer.error(
            "sql-not-allowed",
            args[1],
            "the separator of SPLIT_PART must be a text in single quotes, of one character or more",
        ),
    };
    let part = match part {
        Expr::Literal(Literal::Int(part @ 1..)) => usize::try_from(part).ok(),
        _ => typer.error_with(
            "sql-not-allowed",
            args[2],
            "the part of SPLIT_PART must be a whole number from 1",
            vec!["1 is the part before the first separator".to_owned()],
        ),
    };
    Some(Expr::SplitPart { expr, separator: separator?, part: part? })
}

fn channel_group(typer: &mut Typer<'_>, args: &[&ast::Expr], _: &ast::Expr) -> Option<Expr> {
    let (source, medium, campaign) = (typer.text_arg(args[0]), typer.text_arg(args[1]), typer.text_arg(args[2]));
    let version = match args.get(3) {
        None => VERSIONS.first().copied(),
        Some(tree) => version(typer, tree),
    };
    Some(Expr::ChannelGroup { touch: Box::new([source?, medium?, campaign?]), version: version? })
}

fn version(typer: &mut Typer<'_>, tree: &ast::Expr) -> Option<Version> {
    let typed = typer.expr(tree)?;
    let known = match &typed {
        Expr::Literal(Literal::Text(name)) => VERSIONS.iter().find(|version| version.name() == name),
        _ => None,
    };
    if known.is_some() {
        return known.copied();
    }
    let message = match typed {
        Expr::Literal(Literal::Text(name)) => format!("there is no version `{name}` of CHANNEL_GROUP"),
        _ => "the version of CHANNEL_GROUP must be a text in single quotes".to_owned(),
    };
    let names: Vec<String> = VERSIONS.iter().map(|version| format!("'{}'", version.name())).collect();
    let help = vec![format!("versions: {}; without one the first is taken", names.join(", "))];
    typer.error_with("unknown-version", tree, message, help)
}

/// `CASE WHEN … THEN … ELSE … END`, and `CASE x WHEN v THEN …`.
pub(super) fn case(
    typer: &mut Typer<'_>,
    operand: Option<&ast::Expr>,
    conditions: &[ast::CaseWhen],
    otherwise: Option<&ast::Expr>,
) -> Option<Expr> {
    let subject = match operand {
        Some(tree) => Some(typer.expr(tree)?),
        None => None,
    };
    let mut tests = vec![];
    let mut results = vec![];
    for when in conditions {
        let test = match &subject {
            None => typer.boolean(&when.condition),
            Some(subject) => {
                let value = typer.expr(&when.condition)?;
                typer.compare(Compare::Eq, subject.clone(), value, &when.condition)
            }
        };
        let result = typer.expr(&when.result);
        tests.push(test?);
        results.push(result?);
    }
    results.push(match otherwise {
        Some(tree) => typer.expr(tree)?,
        None => Expr::Literal(Literal::Null),
    });
    let at = otherwise.or(conditions.first().map(|when| &when.result))?;
    let mut results = bring_together(typer, results, at)?;
    if results.iter().any(|r| r.ty() == Type::Float) {
        results = results.into_iter().map(to_float).collect();
    }
    let otherwise = Box::new(results.pop()?);
    Some(Expr::Case { branches: tests.into_iter().zip(results).collect(), otherwise })
}

#[cfg(test)]
mod tests {
    use crate::expr::{parse, Scope, Type};

    struct Columns;

    impl Scope for Columns {
        fn column(&self, name: &str) -> Option<Type> {
            match name {
                "n" => Some(Type::Int),
                "t" => Some(Type::Text),
                _ => None,
            }
        }
        fn names(&self) -> Vec<&str> {
            vec!["n", "t"]
        }
        fn noun(&self) -> &'static str {
            "column"
        }
    }

    #[test]
    fn functions_of_texts_say_what_they_take() {
        let separator = "the separator of SPLIT_PART must be a text in single quotes, of one character or more";
        let part = "the part of SPLIT_PART must be a whole number from 1";
        let quoted = "the version of CHANNEL_GROUP must be a text in single quotes";
        for (sql, expected) in [
            ("SPLIT_PART(t, t, 1)", vec![separator]),
            ("SPLIT_PART(t, '', 1)", vec![separator]),
            ("SPLIT_PART(t, NULL, 1)", vec![separator]),
            ("SPLIT_PART(t, '/', 0)", vec![part]),
            ("SPLIT_PART(t, '/', -1)", vec![part]),
            ("SPLIT_PART(t, '/', 1.5)", vec![part]),
            ("SPLIT_PART(t, '/', n)", vec![part]),
            ("SPLIT_PART(t, 1, '/')", vec![separator, part]),
            ("SPLIT_PART(n, '/', 1)", vec!["`n` is an integer, a text is needed here"]),
            ("SPLIT_PART(t, '/')", vec!["`split_part` takes 3 arguments, found 2"]),
            ("SOCIAL_NETWORK(n)", vec!["`n` is an integer, a text is needed here"]),
            ("SOCIAL_NETWORK()", vec!["`social_network` takes 1 arguments, found 0"]),
            ("CHANNEL_GROUP(t, t)", vec!["`channel_group` takes 3 to 4 arguments, found 2"]),
            ("CHANNEL_GROUP(t, n, t)", vec!["`n` is an integer, a text is needed here"]),
            ("CHANNEL_GROUP(t, t, t, '2019')", vec!["there is no version `2019` of CHANNEL_GROUP"]),
            ("CHANNEL_GROUP(t, t, t, 2023)", vec![quoted]),
            ("CHANNEL_GROUP(t, t, t, t)", vec![quoted]),
            ("CHANNEL_GROUPS(t, t, t)", vec!["there is no function `channel_groups`"]),
        ] {
            let errors = parse(sql, &Columns).expect_err(sql);
            let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            assert_eq!(messages, expected, "{sql}");
        }
        let errors = parse("CHANNEL_GROUP(t, t, t, '2019')", &Columns).expect_err("an unknown version");
        assert_eq!(errors[0].help, ["versions: '2023-11'; without one the first is taken"]);
        assert_eq!(&"CHANNEL_GROUP(t, t, t, '2019')"[errors[0].range.clone()], "'2019'");
    }

    #[test]
    fn functions_of_texts_are_printed_as_they_are_read() {
        for (sql, printed) in [
            ("split_part(t, '''', 2)", "SPLIT_PART(t, '''', 2)"),
            ("Social_Network(NULL)", "SOCIAL_NETWORK(NULL)"),
            ("channel_group(t, 'x', NULL)", "CHANNEL_GROUP(t, 'x', NULL, '2023-11')"),
        ] {
            let expr = parse(sql, &Columns).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
            assert_eq!(expr.to_string(), printed);
            assert_eq!(expr.ty(), Type::Text);
        }
    }
}
