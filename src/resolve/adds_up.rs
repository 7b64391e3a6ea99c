//! The additivity contract: a report that would add up what does not is refused, with the ways out.

use super::reports::Resolver;
use crate::calendar::Grain;
use crate::diagnostic::{Diagnostic, Part};
use crate::plan::additivity::reason;
use crate::plan::{ColumnRole, Formula, LevelPlan, LogicalSource, MetricPlan};
use crate::spec::{Additivity, Agg, Reaggregate};

impl Resolver<'_> {
    /// The additivity contract. Returns the metrics whose cells may hold one value only.
    pub(super) fn check_additivity(
        &mut self,
        computed: &[String],
        grains: &[Grain],
        levels: &[LevelPlan],
    ) -> Vec<String> {
        let mut single_valued = vec![];
        for metric in computed.iter().filter_map(|name| self.metrics.resolved.get(name)) {
            let Formula::Simple { source, agg: Agg::Sum | Agg::Average, additivity, snapshot: None, .. } =
                &metric.formula
            else {
                continue;
            };
            let Some(source) = self.sources.get(source) else { continue };
            if *additivity == Additivity::Additive {
                continue;
            }
            if metric.reaggregate == Some(Reaggregate::SumWithWarning) {
                self.warn_summed(metric, *additivity);
                continue;
            }
            match additivity {
                Additivity::SemiAdditive => {
                    let is_own = |g: &&Grain| source.times.iter().all(|time| time.finest() == **g);
                    let wrong: Vec<&str> = grains.iter().filter(|g| !is_own(g)).map(|g| g.as_str()).collect();
                    if !wrong.is_empty() {
                        self.refuse(metric, source, *additivity, &wrong);
                    }
                }
                _ => {
                    let wrong: Vec<&str> = grains
                        .iter()
                        .filter(|g| !self.at_primary_key(metric, source, **g))
                        .map(|g| g.as_str())
                        .collect();
                    if !wrong.is_empty() {
                        self.refuse(metric, source, *additivity, &wrong);
                    } else if levels.len() > 1 {
                        self.refuse(metric, source, *additivity, &["totals"]);
                    } else {
                        single_valued.push(metric.name.clone());
                    }
                }
            }
        }
        single_valued
    }

    /// Whether a cell of the report at a grain is one record of the source.
    fn at_primary_key(&self, metric: &MetricPlan, source: &LogicalSource, grain: Grain) -> bool {
        !source.primary_key.is_empty()
            && source.primary_key.iter().all(|key| {
                let is_time = source.columns.get(key).is_some_and(|c| c.role == ColumnRole::Time);
                if is_time {
                    grain == source.finest()
                } else {
                    self.report.group_by.contains(key) && !metric.ignores().contains(key)
                }
            })
    }

    fn refuse(&mut self, metric: &MetricPlan, source: &LogicalSource, additivity: Additivity, grains: &[&str]) {
        let at = self.at.key("metrics");
        let index = self.report.metrics.iter().position(|m| *m == metric.name);
        let through = self.report.metrics.iter().position(|m| self.needs(m, &metric.name));
        let at = index.or(through).map_or_else(|| at.clone(), |i| at.index(i));
        let verb =
            if matches!(metric.formula, Formula::Simple { agg: Agg::Average, .. }) { "averages" } else { "adds up" };
        let by = grains.join(", ");
        let message = format!("`{}` {verb} a {} measure by {by}", metric.name, additivity.as_str().replace('_', "-"));
        let mut error = Diagnostic::pipeline("not-additive", message)
            .at(&at)
            .place(&metric.place(), Part::Key, "defined here")
            .note(format!("{}; {}", metric.definition, reason(additivity)));
        if let (None, Some(through)) = (index, through) {
            error =
                error.note(format!("report `{}` needs it for `{}`", self.report.name, self.report.metrics[through]));
        }
        if metric.definition.contains(" / ") {
            error = error.help("for a rate over all records use `type: ratio`: it divides the sums");
        }
        error = match additivity {
            Additivity::SemiAdditive => error
                .help("`non_additive_dimension: {name: time, window_agg: last, group_by: […]}` takes the last day of a period")
                .help(format!("or report it by {} only", source.finest().as_str())),
            _ if grains == ["totals"] => error.help("leave `totals` or the metric out of this report"),
            _ if source.primary_key.is_empty() => error.help(format!(
                "report it at the records' own level: declare `primary_key:` in `{}` and group by all of it",
                source.name
            )),
            _ => error.help(format!(
                "report it by {} and group by {}: one record of `{}`",
                source.finest().as_str(),
                source.primary_key.join(", "),
                source.name
            )),
        };
        self.errors.push(
            error
                .help("`reaggregate: max` takes the largest value, which never exceeds the true figure")
                .help("`reaggregate: sum_with_warning` on the metric adds it up all the same and marks the column"),
        );
    }

    fn warn_summed(&mut self, metric: &MetricPlan, additivity: Additivity) {
        self.errors.push(
            Diagnostic::warning(
                "summed-anyway",
                format!(
                    "`{}` adds up a {} measure, as `sum_with_warning` allows",
                    metric.name,
                    additivity.as_str().replace('_', "-")
                ),
            )
            .place(&metric.place(), Part::Key, "marked in every report")
            .note(reason(additivity)),
        );
    }
}
