//! Lists: the top groups of a report, and columns that only describe its groups.

use super::check_reserved;
use super::reports::{Read, Resolver};
use crate::diagnostic::{Diagnostic, Part, YamlPath};
use crate::expr::{Arith, DatePart, Expr, Literal, Type};
use crate::plan::{AttributePlan, ColumnRole, Dim, Formula, LevelPlan, TopPlan};
use crate::spec::{Top, TopOrder};

impl Resolver<'_> {
    /// The groups that are kept; adds the level of the others.
    pub(super) fn top(
        &mut self,
        shown: &[(String, usize)],
        computed: &[String],
        dims: &[Dim],
        levels: &mut Vec<LevelPlan>,
    ) -> Option<TopPlan> {
        let top = self.report.top.clone()?;
        let at = self.at.key("top");
        if self.report.group_by.is_empty() {
            let error = Diagnostic::pipeline("clashing-keys", "`top` keeps groups, but the report has one group only");
            self.errors.push(error.at_key(&at).help("say what is ranked: `group_by: [post_id]`"));
            return None;
        }
        if top.n == 0 {
            self.errors.push(Diagnostic::pipeline("invalid-value", "a list of 0 groups is empty").at(&at.key("n")));
        }
        let by = shown.iter().position(|(name, _)| *name == top.by);
        if by.is_none() && !(self.metrics.names.contains(&top.by) && self.report.metrics.contains(&top.by)) {
            let message = format!("report `{}` does not show `{}`, which it is ranked by", self.report.name, top.by);
            let known = self.report.metrics.iter().map(String::as_str);
            let error = Diagnostic::pipeline("unknown-metric", message).at(&at.key("by"));
            self.errors.push(error.suggest(&top.by, "metrics of the report", known));
        }
        let per = self.per(&top, dims, &at);
        if top.others && per.len() < dims.len() {
            self.check_others(computed, dims, &per, &at);
            levels.insert(1, LevelPlan { name: "others".to_owned(), dims: per.clone(), is_rest: true });
        }
        Some(TopPlan { n: top.n, by: by?, ascending: top.order == Some(TopOrder::Ascending), per })
    }

    /// The dimensions for each of whose values there is a list.
    fn per(&mut self, top: &Top, dims: &[Dim], at: &YamlPath) -> Vec<usize> {
        let at = at.key("per");
        let mut per: Vec<usize> = vec![];
        for (i, name) in top.per.iter().enumerate() {
            match dims.iter().position(|dim| dim.name == *name) {
                Some(index) => per.push(index),
                // What is wrong with the dimension is told there.
                None if self.report.group_by.contains(name) => {}
                None => {
                    let message = format!("report `{}` is not grouped by `{name}`", self.report.name);
                    let known = self.report.group_by.iter().map(String::as_str);
                    let error = Diagnostic::pipeline("unknown-dimension", message).at(&at.index(i));
                    self.errors.push(error.suggest(name, "dimensions of the report", known));
                }
            }
        }
        per.sort_unstable();
        per.dedup();
        if per.len() == dims.len() && !dims.is_empty() {
            let error = Diagnostic::pipeline("clashing-keys", "with all dimensions in `per` each list has one group");
            self.errors.push(error.at(&at).help("leave out the dimension that is ranked"));
        }
        per
    }

    /// Metrics that mean nothing for the groups that are left, taken together.
    fn check_others(&mut self, computed: &[String], dims: &[Dim], per: &[usize], at: &YamlPath) {
        for metric in computed.iter().filter_map(|name| self.metrics.resolved.get(name)) {
            let is_kept: Box<dyn Fn(&String) -> bool> = match &metric.formula {
                Formula::Share { within, .. } => Box::new(|name| within.contains(name)),
                Formula::Ratio { ignores, .. } | Formula::Simple { ignores, .. }
                    if dims.iter().any(|dim| ignores.contains(&dim.name)) =>
                {
                    Box::new(|name| !ignores.contains(name))
                }
                _ => continue,
            };
            let beyond = dims.iter().enumerate().find(|(i, dim)| is_kept(&dim.name) && !per.contains(i));
            let Some((_, dim)) = beyond else { continue };
            let message =
                format!("`{}` is held against each `{}`, of which the others are several", metric.name, dim.name);
            self.errors.push(
                Diagnostic::pipeline("meaningless-metric", message)
                    .at(&at.key("others"))
                    .place(&metric.place(), Part::Key, "defined here")
                    .help(format!("add `{}` to `per`, or leave `others` or the metric out", dim.name)),
            );
        }
    }

    /// The columns that describe the groups.
    pub(super) fn attributes(&mut self, readers: &[Read<'_>], dims: &[Dim]) -> Vec<AttributePlan> {
        let mut attributes: Vec<AttributePlan> = vec![];
        let at = self.at.key("attributes");
        if !self.report.attributes.is_empty() && self.report.group_by.is_empty() {
            let error = Diagnostic::pipeline("clashing-keys", "`attributes` describe groups, but the report has none");
            self.errors.push(error.at_key(&at).help("`group_by: [post_id]`"));
        }
        for (i, name) in self.report.attributes.iter().enumerate() {
            let here = at.index(i);
            check_reserved(name, "column", &here, self.errors);
            let taken = dims.iter().any(|dim| dim.name == *name)
                || self.metrics.names.contains(name)
                || attributes.iter().any(|a| a.dim.name == *name);
            if taken {
                let message = format!("the report would have two columns called `{name}`");
                self.errors.push(Diagnostic::pipeline("duplicate-name", message).at(&here));
                continue;
            }
            // In the order of the pipeline. What a metric ignores is not told apart in its source.
            let tells = |(_, metric): &&Read<'_>| !dims.iter().any(|dim| metric.ignores().contains(&dim.name));
            let is_read = |name: &str| readers.iter().filter(tells).any(|(source, _)| source.name == name);
            let mut sources: Vec<_> = self.sources.values().filter(|s| is_read(&s.name)).collect();
            sources.retain(|source| dims.iter().all(|dim| source.has_dimension(&dim.name)));
            // Sources with mistakes are told there.
            if readers.is_empty() {
                continue;
            }
            let Some(source) = sources.iter().find(|source| source.columns.contains_key(name)) else {
                let message = format!("no source of report `{}` has a column `{name}`", self.report.name);
                let known = sources.iter().flat_map(|s| s.columns.keys()).map(String::as_str);
                let error = Diagnostic::pipeline("missing-column", message).at(&here);
                self.errors.push(error.suggest(name, "columns there", known));
                continue;
            };
            let column = &source.columns[name];
            let ty = match column.ty {
                ty @ (Type::Text | Type::Int | Type::Bool | Type::Date) if column.role != ColumnRole::Time => ty,
                ty => {
                    let what = if column.role == ColumnRole::Time { "the time column".to_owned() } else { ty.a() };
                    let error =
                        Diagnostic::pipeline("type-mismatch", format!("`{name}` is {what}, it describes no group"));
                    self.errors.push(error.at(&here).help("show numbers as metrics: `agg: max`"));
                    continue;
                }
            };
            match source.day() {
                Ok(day) => attributes.push(AttributePlan {
                    dim: Dim { name: name.clone(), ty },
                    source: source.name.clone(),
                    day: sortable(&day),
                    rollup: 0,
                }),
                Err(error) => self.errors.push(error.at(&here)),
            }
        }
        attributes
    }
}

/// A day as a number that grows with it: 20250131.
fn sortable(day: &Expr) -> Expr {
    let part = |part| Expr::DatePart { part, expr: Box::new(day.clone()) };
    let number = |n| Expr::Literal(Literal::Int(n));
    let arith = |op, left, right| Expr::Arith { op, left: Box::new(left), right: Box::new(right) };
    let months = arith(Arith::Mul, part(DatePart::Month), number(100));
    let years = arith(Arith::Mul, part(DatePart::Year), number(10_000));
    arith(Arith::Add, arith(Arith::Add, years, months), part(DatePart::Day))
}
