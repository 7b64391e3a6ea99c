//! Targets relative to what was: the earlier period, and how they differ from it.

use super::objectives::Resolver;
use crate::calendar::Grain;
use crate::diagnostic::{Diagnostic, YamlPath};
use crate::plan::{Base, Change, Figures, MetricPlan};
use crate::spec::{Additivity, Baseline, BaselineChange, Format};

impl Resolver<'_, '_> {
    pub(super) fn relative(&mut self, baseline: &Baseline, metric: &MetricPlan, grain: Grain) -> Option<Figures> {
        let at = self.at.key("baseline");
        let change = match &baseline.change {
            None => Some(Change::Plus(0.0)),
            Some(BaselineChange::Number(more)) => Some(Change::Plus(*more)),
            Some(BaselineChange::Text(text)) => self.change(text, metric, &at.key("change")),
        };
        let last_year = format!("same_{}_last_year", grain.as_str());
        let base = match baseline.period.as_str() {
            "previous_period" => Base::Previous,
            text if text == "same_period_last_year" || text == last_year => Base::LastYear,
            label => {
                let Some((of, start)) = self.known.calendar.grain_of(label) else {
                    let error = Diagnostic::pipeline("invalid-period", format!("`{label}` is no period"));
                    self.errors.push(error.at(&at.key("period")).suggest(
                        label,
                        "an earlier period, or its label (2025, 2025-Q4)",
                        [last_year.as_str(), "same_period_last_year", "previous_period"],
                    ));
                    return None;
                };
                Base::Fixed { grain: of, start, spread: baseline.spread }
            }
        };
        let adds_up = metric.additivity == Additivity::Additive;
        match base {
            Base::Fixed { grain: of, .. } if of != grain && !grain.nests_in(of) => {
                let message = format!("a {} says nothing of a {}", of.as_str(), grain.as_str());
                let error = Diagnostic::pipeline("grain-too-fine", message).at(&at.key("period"));
                self.errors.push(error.help("take a period that is as long as the target's, or holds whole ones"));
                return None;
            }
            Base::Fixed { grain: of, spread: None, .. } if of != grain && adds_up => {
                let message = format!("how is the figure of a {} spread over {}s?", of.as_str(), grain.as_str());
                let error = Diagnostic::pipeline("missing-key", message).at(&at);
                self.errors.push(
                    error
                        .help("`spread: even_days`: the same for every day")
                        .help("`spread: same_shape_last_year`: as the metric was spread a year earlier"),
                );
                return None;
            }
            Base::Fixed { grain: of, spread: Some(_), .. } if of == grain || !adds_up => {
                let message = if of == grain { "there is nothing to spread" } else { "only what adds up is spread" };
                self.errors.push(Diagnostic::pipeline("clashing-keys", message).at_key(&at.key("spread")));
                return None;
            }
            Base::LastYear | Base::Previous if baseline.spread.is_some() => {
                let error = Diagnostic::pipeline("clashing-keys", "`spread` goes with a `period` that is longer");
                self.errors.push(error.at_key(&at.key("spread")));
                return None;
            }
            _ => {}
        }
        Some(Figures::Relative(base, change?))
    }

    /// `+10%`, `-5 %`, `+2pt`, `+500`.
    fn change(&mut self, text: &str, metric: &MetricPlan, at: &YamlPath) -> Option<Change> {
        let trimmed = text.trim();
        let parse = |number: &str| number.trim().trim_start_matches('+').parse::<f64>().ok().filter(|n| n.is_finite());
        let is_rate = metric.format == Some(Format::Percent) || metric.unit.as_deref() == Some("ratio");
        if trimmed.ends_with("pt") && !is_rate {
            let message = format!("percent points are of rates, `{}` is none", metric.name);
            let error = Diagnostic::pipeline("type-mismatch", message).at(at);
            self.errors.push(
                error.help("`+2%` of the figure, or a number to add: `+500`; `format: percent` makes a metric a rate"),
            );
            return None;
        }
        let change = if let Some(number) = trimmed.strip_suffix('%') {
            parse(number).map(Change::Percent)
        } else if let Some(number) = trimmed.strip_suffix("pt") {
            parse(number).map(|n| Change::Plus(n / 100.0))
        } else {
            parse(trimmed).map(Change::Plus)
        };
        if change.is_none() {
            let error = Diagnostic::pipeline("invalid-value", format!("`{text}` is not a change")).at(at);
            self.errors.push(
                error.help("`+10%` of the figure, `+2pt` (percent points of a rate), or a number to add: `+500`"),
            );
        }
        change
    }
}
