//! Where the definition of a metric changes within the days that a row looks at.

use std::collections::BTreeMap;

use super::metrics::Prepared;
use super::spans::Span;
use super::spec_metrics::{Length, Version, Window};
use super::views::{View, Views};

/// The days that each simple metric is looked at over, from the first to the last.
pub(crate) type Looked = BTreeMap<String, Span>;

fn merge(looked: impl IntoIterator<Item = Looked>) -> Looked {
    let mut all = Looked::new();
    for (name, span) in looked.into_iter().flatten() {
        let known = all.entry(name).or_insert(span);
        *known = (known.0.min(span.0), known.1.max(span.1));
    }
    all
}

impl<'a> Views<'a> {
    /// The days that a metric looks at in a view: up to the last that is known.
    pub(crate) fn looked_at(&self, name: &str, view: &View<'a>) -> Looked {
        match self.metrics.prepared(name) {
            Prepared::Simple(_) => {
                let last = self.days_of(name).map(|(_, last)| view.span.1.min(last));
                last.filter(|last| view.span.0 <= *last)
                    .map(|last| (name.to_owned(), (view.span.0, last)))
                    .into_iter()
                    .collect()
            }
            Prepared::Ratio(ratio) => {
                merge([&ratio.numerator, &ratio.denominator].map(|input| self.looked_at(input, view)))
            }
            Prepared::Derived { inputs, .. } => merge(inputs.iter().map(|input| self.looked_at(input, view))),
            Prepared::Share(share) => self.looked_at(&share.input, view),
            Prepared::Cumulative(cumulative) => {
                let windows = self.windows(name, cumulative, view).into_iter().map(|window| {
                    // A running total has no first day of its own.
                    let first = match (&cumulative.window, self.days_of(name)) {
                        (Window::Everything, Some((first, _))) => first.max(window.span.0),
                        _ => window.span.0,
                    };
                    self.looked_at(&cumulative.input, &View { span: (first, window.span.1), ..window })
                });
                merge(windows.collect::<Vec<Looked>>())
            }
            Prepared::Comparison(comparison) => {
                self.looked_at_compared(&comparison.base, &comparison.offset, comparison.align.as_deref(), view)
            }
        }
    }

    /// From the first day of the earlier side, where it counts, to the last of the current one.
    pub(crate) fn looked_at_compared(
        &self,
        name: &str,
        offset: &Length,
        align: Option<&str>,
        view: &View<'a>,
    ) -> Looked {
        let (current, earlier) = self.sides(name, offset, align, view);
        let earlier = earlier.filter(|earlier| self.is_known(name, earlier));
        merge([current, earlier].into_iter().flatten().map(|side| self.looked_at(name, &side)))
    }

    /// The versions that begin within the days looked at, after the first of them.
    fn breaks<'l>(&'l self, looked: &'l Looked) -> impl Iterator<Item = &'l Version> {
        looked.iter().flat_map(|(name, span)| {
            let versions = self.metrics.simple(name).versions.iter();
            versions.filter(|version| span.0 < version.valid_from && version.valid_from <= span.1)
        })
    }

    pub(crate) fn is_break(&self, looked: &Looked) -> bool {
        self.breaks(looked).next().is_some()
    }

    /// Whether growth over these days is of two things that may not be compared.
    pub(crate) fn is_withheld(&self, looked: &Looked) -> bool {
        self.breaks(looked).any(|version| !version.is_comparable)
    }
}
