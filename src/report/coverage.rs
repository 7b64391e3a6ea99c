//! Which days each source has: what makes a period complete.

use crate::plan::{Formula, Plan};
use crate::rollup::Stats;
use std::collections::{BTreeMap, BTreeSet};

/// The days of each logical source.
pub(super) struct Coverage {
    days: BTreeMap<String, BTreeSet<i32>>,
}

/// What is known of a period for a set of sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PeriodCoverage {
    /// Whether the sources have begun before it and gone on to its end.
    pub(super) is_complete: bool,
    /// The share of its days that have records, in the source with the fewest.
    pub(super) coverage: f64,
    /// The last day that all of them have.
    pub(super) as_of: Option<i32>,
}

impl Coverage {
    pub(super) fn new(plan: &Plan, stats: &Stats) -> Self {
        let mut days: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        for rollup in &plan.rollups {
            days.entry(rollup.source.clone()).or_insert_with(|| {
                let members = plan.scans.iter().filter(|scan| {
                    let feeds = |id: &usize| plan.rollups[*id].source == rollup.source;
                    scan.feeds.iter().any(feeds)
                });
                members
                    .filter_map(|scan| stats.sources.get(&scan.source))
                    .flat_map(|s| s.days.iter().copied())
                    .collect()
            });
        }
        Self { days }
    }

    /// First and last day over several sources: the earliest and the latest.
    pub(super) fn extent(&self, sources: &[&str]) -> Option<(i32, i32)> {
        let sets = || sources.iter().filter_map(|s| self.days.get(*s));
        Some((sets().filter_map(BTreeSet::first).min().copied()?, sets().filter_map(BTreeSet::last).max().copied()?))
    }

    /// What is known of the days from `start` to `end`.
    pub(super) fn of(&self, sources: &[&str], start: i32, end: i32) -> PeriodCoverage {
        let mut known = PeriodCoverage { is_complete: !sources.is_empty(), coverage: 1.0, as_of: None };
        for source in sources {
            let days = self.days.get(*source);
            let (first, last) = (days.and_then(BTreeSet::first).copied(), days.and_then(BTreeSet::last).copied());
            known.is_complete &= first.is_some_and(|f| f <= start) && last.is_some_and(|l| l >= end);
            let with_records = days.map_or(0, |d| d.range(start..=end.max(start)).count());
            let length = f64::from(end.max(start) - start + 1);
            #[expect(clippy::cast_precision_loss, reason = "days of a period")]
            let share = with_records as f64 / length;
            known.coverage = known.coverage.min(share);
            known.as_of = match (known.as_of, last) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        known
    }
}

/// The sources that a metric is made of, each once, in the order of the plan.
pub(super) fn sources_of<'p>(plan: &'p Plan, metrics: &[String]) -> Vec<&'p str> {
    let mut found: Vec<&str> = vec![];
    let mut open: Vec<&str> =
        metrics.iter().filter_map(|m| plan.metrics.get_key_value(m)).map(|(k, _)| k.as_str()).collect();
    while let Some(name) = open.pop() {
        let Some(metric) = plan.metrics.get(name) else { continue };
        match &metric.formula {
            Formula::Simple { source, .. } if !found.contains(&source.as_str()) => found.push(source),
            Formula::Simple { .. } => {}
            formula => open.extend(formula.inputs()),
        }
    }
    found.sort_unstable();
    found
}
