//! Which days each source has: what makes a period complete.

use super::views::Known;
use crate::plan::Plan;
use crate::rollup::Stats;
use std::collections::{BTreeMap, BTreeSet};

/// The days of each logical source.
pub(super) struct Coverage {
    days: BTreeMap<String, BTreeSet<i32>>,
    /// The last day that counts, where one was given.
    as_of: Option<i32>,
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
        Self { days, as_of: plan.as_of }
    }

    /// First and last day over several sources: the earliest and the latest.
    pub(super) fn extent(&self, sources: &[&str]) -> Option<(i32, i32)> {
        let sets = || sources.iter().filter_map(|s| self.days.get(*s));
        Some((
            sets().filter_map(BTreeSet::first).min().copied()?,
            sets().filter_map(|days| self.last(Some(days))).max()?,
        ))
    }

    /// The days of which all of several sources have records: from the latest of their first to the earliest of their
    /// last days.
    pub(super) fn known(&self, sources: &[&str]) -> Known {
        let sets = || sources.iter().map(|s| self.days.get(*s));
        let first = sets().map(|days| days.and_then(BTreeSet::first).copied()).collect::<Option<Vec<i32>>>();
        let last = sets().map(|days| self.last(days)).collect::<Option<Vec<i32>>>();
        Known {
            first: first.and_then(|days| days.into_iter().max()),
            last: last.and_then(|days| days.into_iter().min()),
        }
    }

    /// The last day of a source that counts.
    fn last(&self, days: Option<&BTreeSet<i32>>) -> Option<i32> {
        let last = days.and_then(BTreeSet::last).copied()?;
        Some(self.as_of.map_or(last, |as_of| as_of.min(last)))
    }

    /// What is known of the days from `start` to `end`.
    pub(super) fn of(&self, sources: &[&str], start: i32, end: i32) -> PeriodCoverage {
        let mut known = PeriodCoverage { is_complete: !sources.is_empty(), coverage: 1.0, as_of: None };
        for source in sources {
            let days = self.days.get(*source);
            let (first, last) = (days.and_then(BTreeSet::first).copied(), self.last(days));
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
