//! Where definitions change: periods whose days are counted by several, and growth that is withheld for it.

use super::rows::rows_key;
use super::sheet::Maker;
use super::views::View;
use crate::plan::{versions_of, Formula, VersionPlan};
use polars::prelude::{BooleanChunked, Column, IdxCa, IntoColumn, NewChunkedArray, PlSmallStr};
use std::collections::HashMap;

/// The first and the last day looked at, by period.
type Spans = HashMap<u32, (i32, i32)>;

impl<'p> Maker<'_, 'p> {
    /// For each row whether another definition of a metric begins within the days looked at; `None` for metrics with
    /// one definition.
    pub(super) fn breaks(&mut self, name: &'p str) -> Option<Column> {
        let versions = versions_of(&self.plan.metrics, name);
        if versions.is_empty() {
            return None;
        }
        let mut spans = Spans::new();
        let main = self.main;
        self.looked_at_by(name, main, &mut spans);
        let broken = |(period, _): &(u32, u32)| Some(spans.get(period).is_some_and(|span| begins(&versions, *span)));
        let rows = self.rows[&rows_key(main)].keys.iter().map(broken);
        Some(BooleanChunked::from_iter_options(PlSmallStr::EMPTY, rows).into_column())
    }

    /// The rows of a view in which the two sides of a comparison may be compared, the others null; `None`: all.
    pub(super) fn comparable(&mut self, sides: &[(&'p str, View<'p>)], view: View<'p>) -> Option<IdxCa> {
        let (name, _) = sides.first()?;
        let mut versions = versions_of(&self.plan.metrics, name);
        versions.retain(|version| !version.comparable);
        if versions.is_empty() {
            return None;
        }
        let mut spans = Spans::new();
        for (name, view) in sides {
            self.looked_at_by(name, *view, &mut spans);
        }
        let keys = (0u32..).zip(&self.rows[&rows_key(view)].keys);
        let broken = |period: &u32| spans.get(period).is_some_and(|span| begins(&versions, *span));
        Some(keys.map(|(row, (period, _))| (!broken(period)).then_some(row)).collect())
    }

    /// Widens the spans by the days that a metric looks at in a view.
    fn looked_at_by(&mut self, name: &'p str, view: View<'p>, spans: &mut Spans) {
        let metric = self.metric(name);
        if !matches!(metric.formula, Formula::Simple { .. }) {
            for (input, view) in self.inputs(name, view) {
                // What has one definition does not break.
                if !versions_of(&self.plan.metrics, input).is_empty() {
                    self.looked_at_by(input, view, spans);
                }
            }
            return;
        }
        let known = self.known(name);
        for slot in self.slots(view.when).iter() {
            // Of an open period only the days that are there.
            let last = known.last.map_or(slot.last, |last| last.min(slot.last));
            let first = if slot.first == i32::MIN { known.first.unwrap_or(last) } else { slot.first };
            let span = spans.entry(slot.period).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
    }
}

/// Whether a definition begins after the first of some days, up to the last.
fn begins(versions: &[VersionPlan], (first, last): (i32, i32)) -> bool {
    versions.iter().any(|version| version.from > first && version.from <= last)
}
