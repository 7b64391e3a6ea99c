//! Objectives: every target named, dated and judged; and the reports that hold the figures they are held against.

use super::metrics::Metrics;
use super::segments::Segments;
use crate::calendar::{iso_date, parse_date, Calendar, Grain};
use crate::catalog::{Catalog, TargetRow};
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{Literal, Type};
use crate::plan::{
    sources_of, Dim, Figures, Formula, Growth, LogicalSource, MetricPlan, ObjectivePlan, RollUp, ScorecardPlan, SetOn,
    TargetPlan, Window, ALL,
};
use crate::spec::{
    Additivity, Agg, Direction, Objective, Pipeline, Target, TargetGrain, TargetRollup, TargetValue, WindowAgg,
};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// What targets are resolved against.
pub(super) struct Known<'k> {
    pub(super) sources: &'k IndexMap<String, LogicalSource>,
    pub(super) metrics: &'k Metrics,
    pub(super) segments: &'k Segments,
    pub(super) calendar: &'k Calendar,
    pub(super) catalog: &'k Catalog,
}

/// Resolves the objectives; the targets' reports are found later. `None` without objectives.
pub(super) fn resolve(spec: &Pipeline, known: &Known<'_>, errors: &mut Diagnostics) -> Option<ScorecardPlan> {
    let root = YamlPath::root();
    if spec.objectives.is_empty() {
        if spec.scorecard.is_some() {
            let error = Diagnostic::pipeline("clashing-keys", "a scorecard without objectives has nothing to say");
            errors.push(error.at_key(&root.key("scorecard")).help("add `objectives:`, or leave it out"));
        }
        return None;
    }
    let mut plan = ScorecardPlan { objectives: vec![], targets: vec![], exports: vec![] };
    for (i, objective) in spec.objectives.iter().enumerate() {
        let at = root.key("objectives").index(i);
        if spec.objectives[..i].iter().any(|other| other.name == objective.name) {
            let error =
                Diagnostic::pipeline("duplicate-name", format!("two objectives are called `{}`", objective.name));
            errors.push(error.at(&at.key("name")));
        }
        let dates = dates(objective, &at, errors);
        if objective.targets.is_empty() {
            let error = Diagnostic::pipeline("no-targets", format!("objective `{}` has no targets", objective.name));
            errors.push(error.at(&at.key("targets")).help("an objective is quantified by at least one target"));
        }
        plan.objectives.push(ObjectivePlan {
            name: objective.name.clone(),
            strategy: objective.strategy.clone(),
            goal: objective.goal,
            owner: objective.owner.clone(),
            start: dates.0,
            end: dates.1,
        });
        for (j, target) in objective.targets.iter().enumerate() {
            let at = at.key("targets").index(j);
            let rows = known.catalog.targets.get(&(i, j));
            let mut resolver = Resolver { known, target, at, errors };
            plan.targets.extend(resolver.target(i, dates, rows));
        }
    }
    Some(plan)
}

fn dates(objective: &Objective, at: &YamlPath, errors: &mut Diagnostics) -> (Option<i32>, Option<i32>) {
    let mut day = |key: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        let day = parse_date(text);
        if day.is_none() {
            let error = Diagnostic::pipeline("invalid-date", format!("`{text}` is not a date"));
            errors.push(error.at(&at.key(key)).help("write YYYY-MM-DD"));
        }
        day
    };
    let (start, end) = (day("start", &objective.start), day("end", &objective.end));
    if let (Some(from), Some(to)) = (start, end) {
        if from > to {
            let message =
                format!("objective `{}` starts on {} and ends on {}", objective.name, iso_date(from), iso_date(to));
            errors.push(Diagnostic::pipeline("empty-range", message).at(&at.key("end")));
            return (None, None);
        }
    }
    (start, end)
}

pub(super) struct Resolver<'r, 'e> {
    pub(super) known: &'r Known<'r>,
    target: &'r Target,
    pub(super) at: YamlPath,
    pub(super) errors: &'e mut Diagnostics,
}

impl<'r> Resolver<'r, '_> {
    fn target(
        &mut self,
        objective: usize,
        dates: (Option<i32>, Option<i32>),
        rows: Option<&Vec<TargetRow>>,
    ) -> Option<TargetPlan> {
        let grain = grain_of(self.target.grain);
        let metric = self.metric();
        let segment = self.segment();
        let figures = self.figures(metric, grain, dates, rows);
        let metric = metric?;
        let group = self.group(metric);
        let direction = self.direction(metric);
        let rollup = self.rollup(metric);
        let thresholds = self.target.thresholds.as_ref();
        let on_track = thresholds.and_then(|t| t.on_track).unwrap_or(1.0);
        let at_risk = thresholds.and_then(|t| t.at_risk).unwrap_or(0.9_f64.min(on_track));
        if at_risk > on_track || at_risk < 0.0 {
            let message = format!("a target at risk from {at_risk} and on track from {on_track}");
            let error = Diagnostic::pipeline("invalid-value", message).at(&self.at.key("thresholds"));
            self.errors.push(error.help("`on_track` is the higher one: `{on_track: 1, at_risk: 0.9}`"));
        }
        let growth = match &metric.formula {
            Formula::Cumulative { window: Window::ToDate(_), .. } => Growth::Flow,
            Formula::Cumulative { window: Window::Everything, .. } => Growth::Stock,
            Formula::Cumulative { .. } => Growth::Rate,
            Formula::Simple { snapshot: Some(s), .. } if s.pick != WindowAgg::Average => Growth::Stock,
            // What ignores a dimension is repeated over groups, and grows over days all the same.
            Formula::Simple {
                agg: Agg::Sum | Agg::Count, snapshot: None, additivity: Additivity::Additive, ..
            } => Growth::Flow,
            _ if metric.additivity == Additivity::Additive => Growth::Flow,
            _ => Growth::Rate,
        };
        Some(TargetPlan {
            objective,
            metric: metric.name.clone(),
            segment: segment?,
            group: group?,
            grain,
            figures: figures?,
            longer: if rollup == RollUp::None { vec![] } else { longer(grain) },
            rollup,
            pacing: self.target.pacing.unwrap_or_default(),
            growth,
            on_track,
            at_risk,
            level: thresholds.and_then(|t| t.level).unwrap_or_default(),
            direction: direction?,
            report: 0,
        })
    }

    /// The metric, if it is one; a metric with mistakes is told elsewhere.
    fn metric(&mut self) -> Option<&'r MetricPlan> {
        let metrics = self.known.metrics;
        let name = &self.target.metric;
        if !metrics.names.contains(name) {
            let known = metrics.names.iter().map(String::as_str);
            let error = Diagnostic::pipeline("unknown-metric", format!("a target on `{name}`, which is not a metric"));
            self.errors.push(error.at(&self.at.key("metric")).suggest(name, "metrics", known));
        }
        metrics.resolved.get(name)
    }

    fn segment(&mut self) -> Option<String> {
        let name = self.target.segment.clone().unwrap_or_else(|| ALL.to_owned());
        let known = self.known.segments.names();
        if known.contains(&name.as_str()) {
            return Some(name);
        }
        let error = Diagnostic::pipeline("unknown-segment", format!("there is no segment `{name}`"));
        self.errors.push(error.at(&self.at.key("segment")).suggest(&name, "segments", known));
        None
    }

    /// The values of dimensions, typed.
    fn group(&mut self, metric: &MetricPlan) -> Option<Vec<(Dim, Literal)>> {
        let mut group = vec![];
        let sources = sources_of(&self.known.metrics.resolved, std::slice::from_ref(&metric.name));
        for (name, value) in &self.target.dimensions {
            let at = self.at.key("dimensions").key(name);
            let mut ty = None;
            for source in sources.iter().filter_map(|source| self.known.sources.get(*source)) {
                match source.dimension(name) {
                    Ok(its) => ty = Some(its),
                    Err(error) => {
                        self.errors.push(error.at_key(&at).note(format!("`{}` reads `{}`", metric.name, source.name)));
                        return None;
                    }
                }
            }
            let ty = ty?;
            let literal = match ty {
                Type::Int => value.parse().ok().map(Literal::Int),
                Type::Bool => value.parse().ok().map(Literal::Bool),
                Type::Date => parse_date(value).map(Literal::Date),
                _ => Some(Literal::Text(value.clone())),
            };
            let Some(literal) = literal else {
                let message = format!("`{name}` is {}, `{value}` is none", ty.a());
                self.errors.push(Diagnostic::pipeline("type-mismatch", message).at(&at));
                return None;
            };
            group.push((Dim { name: name.clone(), ty }, literal));
        }
        group.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        Some(group)
    }

    fn direction(&mut self, metric: &MetricPlan) -> Option<Direction> {
        let direction = self.target.direction.unwrap_or(metric.direction);
        if direction != Direction::Neutral {
            return Some(direction);
        }
        let message = format!("a target on `{}`, of which more is neither better nor worse", metric.name);
        self.errors.push(
            Diagnostic::pipeline("no-direction", message)
                .at(&self.at.key("metric"))
                .help("say which way is better, on the metric or here: `direction: higher_is_better`")
                .help("(or `lower_is_better`, or `closer_to_target` for a figure to meet)"),
        );
        None
    }

    fn rollup(&mut self, metric: &MetricPlan) -> RollUp {
        let target = self.target;
        let written = target.rollup;
        if (written == Some(TargetRollup::WeightedBy)) != target.weighted_by.is_some() {
            let error = Diagnostic::pipeline("clashing-keys", "`rollup: weighted_by` and `weighted_by` go together");
            self.errors.push(error.at(&self.at).help("`rollup: weighted_by, weighted_by: impressions`"));
            return RollUp::None;
        }
        // What runs to date begins anew in each period of its own.
        let to_date =
            matches!(metric.formula, Formula::Cumulative { window: Window::ToDate(_) | Window::Periods(_), .. });
        let rollup = written.unwrap_or(match metric.additivity {
            _ if to_date => TargetRollup::None,
            Additivity::Additive => TargetRollup::Sum,
            Additivity::SemiAdditive => TargetRollup::Last,
            Additivity::NonAdditive => TargetRollup::None,
        });
        match rollup {
            TargetRollup::None => RollUp::None,
            TargetRollup::Average => RollUp::Average,
            TargetRollup::Last => RollUp::Last,
            TargetRollup::Sum if metric.additivity == Additivity::Additive => RollUp::Sum,
            TargetRollup::Sum => {
                let message = format!("targets on `{}` do not add up over periods", metric.name);
                let error = Diagnostic::pipeline("not-additive", message).at(&self.at.key("rollup"));
                self.errors.push(
                    error
                        .note(format!("it is {}: {}", metric.additivity.as_str().replace('_', "-"), metric.definition))
                        .help("`average`, `last`, or `weighted_by` the metric below its line; `none` for no longer periods"),
                );
                RollUp::None
            }
            TargetRollup::WeightedBy => {
                let weight = target.weighted_by.clone().unwrap_or_default();
                if !self.known.metrics.names.contains(&weight) {
                    let known = self.known.metrics.names.iter().map(String::as_str);
                    let error = Diagnostic::pipeline("unknown-metric", format!("`{weight}` is not a metric"));
                    self.errors.push(error.at(&self.at.key("weighted_by")).suggest(&weight, "metrics", known));
                }
                RollUp::WeightedBy(weight)
            }
        }
    }

    /// The figures, wherever they come from.
    fn figures(
        &mut self,
        metric: Option<&MetricPlan>,
        grain: Grain,
        dates: (Option<i32>, Option<i32>),
        rows: Option<&Vec<TargetRow>>,
    ) -> Option<Figures> {
        let target = self.target;
        self.one_way()?;
        if let Some(baseline) = &target.baseline {
            return self.relative(baseline, metric?, grain);
        }
        let mut set: BTreeMap<i32, Vec<SetOn>> = BTreeMap::new();
        let mut complete = true;
        for (label, value) in &target.values {
            let at = self.at.key("values").key(label);
            let Some(start) = self.period(label, grain, dates, |error| error.at_key(&at)) else {
                complete = false;
                continue;
            };
            let figures = self.revisions(value, &at);
            complete &= figures.is_some();
            if set.insert(start, figures.unwrap_or_default()).is_some() {
                let error =
                    Diagnostic::pipeline("duplicate-name", format!("`{label}` is a period that is there already"));
                self.errors.push(error.at_key(&at));
            }
        }
        for row in rows.into_iter().flatten() {
            let at = self.at.key("table");
            let told = |error: Diagnostic| error.at(&at).note(row.place.clone());
            match self.period(&row.period, grain, dates, told) {
                Some(start) => set.entry(start).or_default().push(SetOn { day: row.set_on, value: row.value }),
                None => complete = false,
            }
        }
        complete &= self.is_clear(&mut set, grain, rows);
        // A table that could not be read is told there.
        (complete && (target.table.is_none() || rows.is_some())).then_some(Figures::Set(set))
    }

    /// Figures come from one place.
    fn one_way(&mut self) -> Option<()> {
        let target = self.target;
        let ways = [
            ("values", !target.values.is_empty()),
            ("table", target.table.is_some()),
            ("baseline", target.baseline.is_some()),
        ];
        let written: Vec<&str> = ways.iter().filter(|(_, there)| *there).map(|(key, _)| *key).collect();
        if written.len() != 1 {
            let message = match written.as_slice() {
                [] => format!("the target on `{}` has no figures", target.metric),
                several => format!("the target on `{}` has its figures twice: {}", target.metric, several.join(", ")),
            };
            let error = Diagnostic::pipeline("clashing-keys", message).at(&self.at);
            self.errors
                .push(error.help("give one of `values: {2026-Q1: 1000}`, `table: {path: …}`, `baseline: {period: …}`"));
            return None;
        }
        Some(())
    }

    /// Sorts the figures of each period by the day they were set on; false where two are of one day, or a table has none.
    fn is_clear(&mut self, set: &mut BTreeMap<i32, Vec<SetOn>>, grain: Grain, rows: Option<&Vec<TargetRow>>) -> bool {
        let mut complete = true;
        for (start, figures) in set {
            figures.sort_by_key(|f| f.day);
            if figures.windows(2).any(|pair| pair[0].day == pair[1].day) {
                let label = self.known.calendar.label(grain, *start);
                let error =
                    Diagnostic::pipeline("duplicate-key", format!("two figures for `{label}` are set on one day"));
                let its = rows
                    .into_iter()
                    .flatten()
                    .filter(|row| self.known.calendar.labelled(grain, &row.period) == Some(*start));
                let places: Vec<&str> = its.map(|row| row.place.as_str()).collect();
                let error = if places.is_empty() { error } else { error.note(crate::diagnostic::short_list(&places)) };
                self.errors.push(error.at(&self.at).help("tell them apart by `set_on`, or keep one"));
                complete = false;
            }
        }
        if rows.is_some_and(Vec::is_empty) {
            let error = Diagnostic::pipeline(
                "no-targets",
                format!("no row of the table is of the target on `{}`", self.target.metric),
            );
            self.errors.push(
                error
                    .at(&self.at.key("table"))
                    .help("rows count whose columns `metric`, `segment` and dimensions hold the target's own"),
            );
            complete = false;
        }
        complete
    }

    /// The first day of a period, which must be of the grain and within the objective's dates.
    fn period(
        &mut self,
        label: &str,
        grain: Grain,
        (first, last): (Option<i32>, Option<i32>),
        told: impl Fn(Diagnostic) -> Diagnostic,
    ) -> Option<i32> {
        let calendar = self.known.calendar;
        let Some(start) = calendar.labelled(grain, label) else {
            let like = calendar.label(grain, calendar.period_start(grain, 20_500));
            let message = format!("`{label}` is not a {}", grain.as_str());
            self.errors
                .push(told(Diagnostic::pipeline("invalid-period", message)).help(format!("write it like `{like}`")));
            return None;
        };
        let end = calendar.period_end(grain, start);
        if first.is_some_and(|day| end < day) || last.is_some_and(|day| start > day) {
            let message = format!("`{label}` is outside of the objective's dates");
            self.errors.push(told(Diagnostic::pipeline("outside-dates", message)));
            return None;
        }
        Some(start)
    }

    fn revisions(&mut self, value: &TargetValue, at: &YamlPath) -> Option<Vec<SetOn>> {
        let revisions = match value {
            TargetValue::Once(value) => return Some(vec![SetOn { day: None, value: *value }]),
            TargetValue::Revised(revisions) => revisions,
        };
        let mut figures = vec![];
        for (i, revision) in revisions.iter().enumerate() {
            let Some(day) = parse_date(&revision.set_on) else {
                let error = Diagnostic::pipeline("invalid-date", format!("`{}` is not a date", revision.set_on));
                self.errors.push(error.at(&at.index(i).key("set_on")).help("write YYYY-MM-DD"));
                return None;
            };
            figures.push(SetOn { day: Some(day), value: revision.value });
        }
        if figures.is_empty() {
            self.errors.push(Diagnostic::pipeline("no-targets", "a period without a figure").at(at));
        }
        Some(figures)
    }
}

fn grain_of(grain: TargetGrain) -> Grain {
    match grain {
        TargetGrain::Day => Grain::Day,
        TargetGrain::Week => Grain::Week,
        TargetGrain::Month => Grain::Month,
        TargetGrain::Quarter => Grain::Quarter,
        TargetGrain::Year => Grain::Year,
    }
}

/// The longer periods that are made of whole periods of a grain.
fn longer(grain: Grain) -> Vec<Grain> {
    let all = [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];
    all.into_iter().filter(|longer| *longer > grain && grain.nests_in(*longer)).collect()
}
