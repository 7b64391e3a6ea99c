//! A metric that is a ready KPI of the library, made into ordinary metrics: itself, and hidden parts whose names begin with its
//! own. Mistakes are told at the place of the metric that was written.

use super::declared::{written_keys, Declared};
use crate::diagnostic::{nearest, short_list, Diagnostic, Diagnostics, YamlPath};
use crate::expr::{quoted, substitute, words, Type};
use crate::library::{library, Derived, Formula, Kpi, MeasureKind, Ratio, Simple, BASELINE};
use crate::metric::parse_at;
use crate::plan::LogicalSource;
use crate::spec::{Lang, Metric, NonAdditiveDimension, Number, RatioAgg, TimeDimension};
use indexmap::IndexMap;

/// A metric with the key `library`, and what it may look at.
pub(super) struct Ready<'r> {
    pub(super) name: &'r str,
    pub(super) written: &'r Metric,
    pub(super) at: &'r YamlPath,
    pub(super) lang: Lang,
    /// The names of all metrics that are written.
    pub(super) names: &'r [&'r str],
    pub(super) sources: &'r IndexMap<String, LogicalSource>,
    pub(super) broken_sources: &'r [String],
}

/// What the parts of a KPI are made with.
struct Inputs {
    /// The source, unless all parts are metrics.
    source: Option<String>,
    /// SQL over the columns of the source for each measure.
    columns: IndexMap<&'static str, String>,
    /// What tells one account with followers from another.
    account: Vec<String>,
}

/// What a part takes over from those that it is a part of.
#[derive(Clone, Default)]
struct Under {
    /// Conditions that a record must pass.
    conditions: Vec<String>,
    /// Dimensions over all of whose values it is taken.
    ignores: Vec<String>,
    /// Whether nothing is 0.
    absent_is_zero: bool,
}

impl Ready<'_> {
    /// The metrics that it is made of, itself last; `None` when something is wrong, which is told.
    pub(super) fn expand(&self, id: &str, errors: &mut Diagnostics) -> Option<Vec<(String, Declared)>> {
        let Some(kpi) = library().kpis.get(id) else {
            errors.push(library().unknown(id).at(&self.at.key("library")));
            return None;
        };
        let keys = self.check_keys(kpi, errors);
        let parts = self.check_parts(kpi, errors);
        let inputs = self.inputs(kpi, errors);
        let inputs = inputs.filter(|_| keys && parts)?;
        let mut made = vec![];
        let own = self.build(kpi, self.name, &Under::default(), &inputs, &mut made);
        made.push((self.name.to_owned(), Declared { metric: self.named(kpi, own), ..declared(kpi, None) }));
        Some(made)
    }

    /// Whether a part is a metric of the pipeline instead.
    fn elsewhere(&self, id: &str) -> bool {
        self.written.metrics.as_ref().is_some_and(|metrics| metrics.contains_key(id))
    }

    /// Keys that this KPI does not take.
    fn check_keys(&self, kpi: &Kpi, errors: &mut Diagnostics) -> bool {
        let mut takes = vec!["source", "columns", "filter", "reaggregate"];
        if !kpi.parts().is_empty() {
            takes.push("metrics");
        }
        if kpi.aggregates(&|id| self.elsewhere(id)).iter().any(|(_, simple)| simple.day.is_some()) {
            takes.push("account");
        }
        match &kpi.formula {
            Formula::Ratio(ratio) if !ratio.mean_of.is_empty() => takes.push("ratio_unit"),
            Formula::Derived(Derived { baseline: Some(_), .. }) => takes.push("ignore_dimensions"),
            _ => {}
        }
        let mut right = true;
        for key in written_keys(self.written).into_iter().filter(|key| !takes.contains(key)) {
            let message = format!("`{key}` is not a key of the ready KPI `{}`", kpi.id);
            let error = Diagnostic::pipeline("clashing-keys", message).at_key(&self.at.key(key));
            errors.push(error.note(format!("keys of it: {}", takes.join(", "))));
            right = false;
        }
        right
    }

    /// The metrics that stand for parts.
    fn check_parts(&self, kpi: &Kpi, errors: &mut Diagnostics) -> bool {
        let mut right = true;
        let parts: Vec<&str> = kpi.all_parts().into_iter().map(|part| part.id.as_str()).collect();
        for (part, metric) in self.written.metrics.iter().flatten() {
            let at = self.at.key("metrics").key(part);
            if !parts.contains(&part.as_str()) {
                let message = format!("`{part}` is not a part of the ready KPI `{}`", kpi.id);
                let error = Diagnostic::pipeline("unknown-part", message).at_key(&at);
                errors.push(error.suggest(part, "its parts", parts.iter().copied()));
                right = false;
            }
            if !self.names.contains(&metric.as_str()) {
                let message = format!("metric `{}` uses `{metric}`, which is not a metric", self.name);
                let known = self.names.iter().copied().filter(|name| *name != self.name);
                errors.push(Diagnostic::pipeline("unknown-metric", message).at(&at).suggest(metric, "metrics", known));
                right = false;
            }
        }
        right
    }

    fn inputs(&self, kpi: &'static Kpi, errors: &mut Diagnostics) -> Option<Inputs> {
        let elsewhere = |id: &str| self.elsewhere(id);
        let aggregates = kpi.aggregates(&elsewhere);
        if aggregates.is_empty() {
            return self.no_source(errors).then(|| Inputs { source: None, columns: IndexMap::new(), account: vec![] });
        }
        let source = self.source(kpi, errors)?;
        let mut right = self.counts_what_it_says(kpi, source, errors);
        let columns = self.columns(kpi, source, errors);
        let account = match &self.written.account {
            Some(names) => names.clone(),
            None if source.has_dimension("account_id") => vec!["account_id".to_owned()],
            None => vec![],
        };
        for (i, name) in self.written.account.iter().flatten().enumerate() {
            source.require_dimension(name, &self.at.key("account").index(i), errors);
            right &= source.has_dimension(name);
        }
        if let Some(sql) = &self.written.filter {
            let at = self.at.key("filter");
            let expr = parse_at(sql, source, &at, errors);
            right &= expr.as_ref().is_some_and(|expr| expr.ty() == Type::Bool);
            if let Some(ty) = expr.map(|expr| expr.ty()).filter(|ty| *ty != Type::Bool) {
                let message = format!("`filter` is {}, it must be a condition", ty.a());
                let error = Diagnostic::pipeline("type-mismatch", message).at(&at);
                errors.push(error.help("compare something: `country = 'FR'`"));
            }
        }
        let columns = columns.filter(|_| right)?;
        Some(Inputs { source: Some(source.name.clone()), columns, account })
    }

    /// A part that counts records is a metric of its own: the records beside other columns are rarely posts one by one.
    fn counts_what_it_says(&self, kpi: &'static Kpi, source: &LogicalSource, errors: &mut Diagnostics) -> bool {
        let mut right = true;
        for (part, _) in kpi.aggregates(&|id| self.elsewhere(id)).iter().filter(|(_, simple)| simple.expr.is_none()) {
            if part.id == kpi.id {
                continue;
            }
            let id = &part.id;
            let message =
                format!("`{}` is divided by `{id}`, which would count every record of `{}`", self.name, source.name);
            let error = Diagnostic::pipeline("missing-part", message).at(&self.at.key("library"));
            errors.push(error.note(part.description.en.as_str()).help(format!(
                "make it a metric, `{id}: {{library: {id}, source: …}}`, and write `metrics: {{{id}: {id}}}` here"
            )));
            right = false;
        }
        right
    }

    /// With all parts from elsewhere, keys about a source mean nothing.
    fn no_source(&self, errors: &mut Diagnostics) -> bool {
        let mut right = true;
        for key in ["source", "columns", "filter", "reaggregate"] {
            if written_keys(self.written).contains(&key) {
                let message = format!("`{key}` of `{}` is about records, but all its parts are metrics", self.name);
                errors.push(Diagnostic::pipeline("clashing-keys", message).at_key(&self.at.key(key)));
                right = false;
            }
        }
        right
    }

    fn source(&self, kpi: &Kpi, errors: &mut Diagnostics) -> Option<&LogicalSource> {
        let Some(name) = &self.written.source else {
            let message = format!("metric `{}` lacks the key `source`", self.name);
            let error = Diagnostic::pipeline("missing-key", message).at_key(self.at);
            let error = error.help(format!("for example `source: {}`", kpi.source));
            let parts: Vec<String> = kpi.parts().into_iter().map(|part| format!("{}: …", part.id)).collect();
            errors.push(if parts.is_empty() {
                error
            } else {
                error.help(format!("parts may be metrics of other sources: `metrics: {{{}}}`", parts.join(", ")))
            });
            return None;
        };
        if let Some(source) = self.sources.get(name) {
            return Some(source);
        }
        if !self.broken_sources.contains(name) {
            let known = self.sources.keys().chain(self.broken_sources).map(String::as_str);
            let message = format!("metric `{}` reads `{name}`, which is not a source", self.name);
            let error = Diagnostic::pipeline("unknown-source", message).at(&self.at.key("source"));
            errors.push(error.suggest(name, "sources", known));
        }
        None
    }

    /// SQL for each measure; columns that are missing or of the wrong type are told.
    fn columns(
        &self,
        kpi: &'static Kpi,
        source: &LogicalSource,
        errors: &mut Diagnostics,
    ) -> Option<IndexMap<&'static str, String>> {
        let measures = kpi.measures(&|id| self.elsewhere(id));
        let mut right = true;
        for measure in self.written.columns.iter().flatten().map(|(name, _)| name) {
            if !measures.contains(&measure.as_str()) {
                let message = format!("`{measure}` is not a column that `{}` is computed from", kpi.id);
                let error = Diagnostic::pipeline("unknown-measure", message);
                let at = self.at.key("columns").key(measure);
                errors.push(error.at_key(&at).suggest(measure, "its columns", measures.iter().copied()));
                right = false;
            }
        }
        let mut found = IndexMap::new();
        let mut missing = vec![];
        for measure in measures {
            let written = self.written.columns.as_ref().and_then(|columns| columns.get(measure));
            if written.is_none() && !source.columns.contains_key(measure) {
                missing.push(measure);
                continue;
            }
            match written {
                Some(sql) => {
                    let at = self.at.key("columns").key(measure);
                    right &= self.fits(measure, sql, source, &at, errors);
                    // A comment at the end of the expression ends with the line.
                    found.insert(measure, format!("({sql}\n)"));
                }
                None => {
                    let sql = quoted(measure);
                    right &= self.fits(measure, &sql, source, &self.at.key("library"), errors);
                    found.insert(measure, sql);
                }
            }
        }
        if !missing.is_empty() {
            errors.push(self.missing(kpi, &missing, source));
            right = false;
        }
        right.then_some(found)
    }

    /// Whether what is taken for a measure is an expression of the right type.
    fn fits(&self, measure: &str, sql: &str, source: &LogicalSource, at: &YamlPath, errors: &mut Diagnostics) -> bool {
        let Some(expr) = parse_at(sql, source, at, errors) else { return false };
        let kind = library().measures.get(measure).map_or(MeasureKind::Number, |m| m.kind);
        let fits = match expr.ty() {
            Type::Null => true,
            Type::Int | Type::Float | Type::Decimal(_) => kind == MeasureKind::Number,
            Type::Bool => kind == MeasureKind::Condition,
            Type::Text => kind == MeasureKind::Text,
            Type::Date => false,
        };
        if !fits {
            let message = format!("`{measure}` is {}, `{}` needs {}", expr.ty().a(), self.name, kind.a());
            let mut error = Diagnostic::pipeline("type-mismatch", message).at(at);
            let because =
                expr.columns().into_iter().find_map(|(name, _)| source.columns.get(name)?.text_because.clone());
            if let (Some(because), MeasureKind::Number) = (because, kind) {
                error = error.note(format!("{because} is not a number"));
            }
            errors.push(error.help(format!("`columns: {{{measure}: …}}` takes another column or an SQL expression")));
        }
        fits
    }

    /// That the source lacks columns.
    fn missing(&self, kpi: &Kpi, missing: &[&str], source: &LogicalSource) -> Diagnostic {
        let columns: Vec<&str> = source.columns.keys().map(String::as_str).collect();
        let message =
            format!("source `{}` has no `{}`, which `{}` needs", source.name, missing.join("`, `"), self.name);
        let mut error = Diagnostic::pipeline("unknown-column", message).at(&self.at.key("library"));
        for measure in missing {
            let what = library().measures.get(*measure).map_or("", |m| m.get(Lang::En));
            error = error.note(format!("`{measure}`: {what}"));
        }
        let like = |measure: &&str| format!("{measure}: {}", nearest(measure, &columns).unwrap_or("…"));
        let maps: Vec<String> = missing.iter().map(like).collect();
        let lacks_all = |part: &&&Kpi| {
            let needs = part.measures(&|_| false);
            part.parts().is_empty() && !needs.is_empty() && needs.iter().all(|measure| missing.contains(measure))
        };
        let parts = kpi.all_parts();
        let parts: Vec<String> = parts.iter().filter(lacks_all).map(|part| format!("{}: …", part.id)).collect();
        if !parts.is_empty() {
            let help = format!("`metrics: {{{}}}` takes a metric of another source for a part", parts.join(", "));
            error = error.help(help);
        }
        error
            .note(format!("columns there: {}", short_list(&columns)))
            .help(format!("`columns: {{{}}}` takes a column or an SQL expression for it", maps.join(", ")))
            .help("`\"NULL\"` says that nothing is known of one")
    }

    /// The metric of a KPI; its parts are added to those made.
    fn build(
        &self,
        kpi: &'static Kpi,
        name: &str,
        under: &Under,
        inputs: &Inputs,
        made: &mut Vec<(String, Declared)>,
    ) -> Metric {
        match &kpi.formula {
            Formula::Simple(simple) => self.simple(simple, under, inputs),
            Formula::Ratio(ratio) => {
                let measures = kpi.measures(&|id| self.elsewhere(id));
                let known = ratio.known.iter().filter(|name| measures.contains(&name.as_str()));
                let known =
                    known.filter_map(|name| Some(format!("{} IS NOT NULL", inputs.columns.get(name.as_str())?)));
                let mut under = under.clone();
                under.conditions.extend(known);
                under.absent_is_zero = false;
                let below = self.part(&ratio.denominator, (name, &ratio.denominator), &under, inputs, made);
                under.absent_is_zero = ratio.absent_is_zero;
                let above = self.part(&ratio.numerator, (name, &ratio.numerator), &under, inputs, made);
                self.ratio(ratio, above, below)
            }
            Formula::Derived(derived) => {
                let mut parts = IndexMap::new();
                for word in words(&derived.expr) {
                    let mut under = under.clone();
                    let id = match &derived.baseline {
                        Some(baseline) if word == BASELINE => {
                            under.ignores = self.written.ignore_dimensions.clone().unwrap_or(baseline.ignores.clone());
                            &baseline.of
                        }
                        _ => word,
                    };
                    if library().kpis.contains_key(id) {
                        parts.insert(word, self.part(id, (name, word), &under, inputs, made));
                    }
                }
                let expr = substitute(&derived.expr, &|word| parts.get(word).map(|name| quoted(name)));
                Metric { expr: Some(expr), ..Metric::default() }
            }
        }
    }

    /// The name of the metric that a part is.
    fn part(
        &self,
        id: &str,
        (whole, called): (&str, &str),
        under: &Under,
        inputs: &Inputs,
        made: &mut Vec<(String, Declared)>,
    ) -> String {
        if let Some(metric) = self.written.metrics.as_ref().and_then(|metrics| metrics.get(id)) {
            return metric.clone();
        }
        let kpi = library().part(id);
        let name = format!("{whole}.{called}");
        let metric = self.build(kpi, &name, under, inputs, made);
        let unit = (!kpi.has_unit_of_columns()).then(|| kpi.unit.clone());
        let metric = Metric { unit, direction: Some(kpi.direction), ..metric };
        made.push((name.clone(), Declared { metric, ..declared(kpi, Some(self.name.to_owned())) }));
        name
    }

    fn simple(&self, simple: &Simple, under: &Under, inputs: &Inputs) -> Metric {
        let over_columns = |sql: &String| substitute(sql, &|word| inputs.columns.get(word).cloned());
        let own = [self.written.filter.clone(), simple.filter.as_ref().map(over_columns)];
        let conditions: Vec<String> = own.into_iter().flatten().chain(under.conditions.clone()).collect();
        let filter = match conditions.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            several => Some(several.iter().map(|one| format!("({one}\n)")).collect::<Vec<_>>().join(" AND ")),
        };
        Metric {
            source: inputs.source.clone(),
            agg: simple.agg,
            expr: simple.expr.as_ref().map(over_columns),
            filter,
            reaggregate: self.written.reaggregate,
            fill_nulls_with: under.absent_is_zero.then_some(Number::Int(0)),
            ignore_dimensions: (!under.ignores.is_empty()).then(|| under.ignores.clone()),
            non_additive_dimension: simple.day.map(|day| NonAdditiveDimension {
                name: TimeDimension::Time,
                window_agg: Some(day),
                group_by: inputs.account.clone(),
            }),
            ..Metric::default()
        }
    }

    fn ratio(&self, ratio: &Ratio, above: String, below: String) -> Metric {
        let mean = !ratio.mean_of.is_empty();
        let unit = self.written.ratio_unit.clone().unwrap_or_else(|| ratio.mean_of.clone());
        Metric {
            numerator: Some(above),
            denominator: Some(below),
            ratio_agg: mean.then_some(RatioAgg::MeanOfRatios),
            ratio_unit: mean.then_some(unit),
            ..Metric::default()
        }
    }

    /// What people are told of it: as written, else as the library has it.
    fn named(&self, kpi: &Kpi, metric: Metric) -> Metric {
        let written = self.written;
        let text = |own: &Option<String>, ready: &str| own.clone().or_else(|| Some(ready.to_owned()));
        Metric {
            label: text(&written.label, kpi.name.get(self.lang)),
            description: text(&written.description, kpi.description.get(self.lang)),
            unit: written.unit.clone().or_else(|| (!kpi.has_unit_of_columns()).then(|| kpi.unit.clone())),
            format: written.format.or(kpi.format),
            direction: written.direction.or(Some(kpi.direction)),
            ..metric
        }
    }
}

fn declared(kpi: &'static Kpi, part_of: Option<String>) -> Declared {
    Declared { kind: kpi.kind(), metric: Metric::default(), part_of, ready: Some(kpi) }
}
