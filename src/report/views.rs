//! What a metric looks at: a level, a segment, and for each period of a report a span of days, which is the period
//! itself, an earlier one, or a window.

use super::groups::LevelId;
use super::periods::Period;
use crate::calendar::{Calendar, Grain, Length, Offset, Unit};
use crate::plan::{DayRange, Window};
use crate::spec::{Align, PeriodAgg};

/// What a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct View<'p> {
    /// The dimensions that tell groups apart.
    pub(super) level: LevelId,
    /// The segment.
    pub(super) segment: &'p str,
    /// The days.
    pub(super) when: When,
    /// Only the records of groups that are not among the top ones of their period.
    pub(super) rest: bool,
}

/// The days that are looked at for a period; by default its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct When {
    /// Only up to the last day that is known: a side of a comparison.
    cut: Option<Known>,
    /// An earlier period.
    offset: Option<Offset>,
    /// A window anchored in the period.
    window: Option<(Window, PeriodAgg, Known)>,
}

/// The days of which a metric's sources all have records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Known {
    /// The first.
    pub(super) first: Option<i32>,
    /// The last, which counts as whole.
    pub(super) last: Option<i32>,
}

/// The days to look at for a period of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Index of the period.
    pub(super) period: u32,
    /// First day; `i32::MIN` for all that came before.
    pub(super) first: i32,
    /// Last day.
    pub(super) last: i32,
    /// For hours: the hour instead of days.
    pub(super) hour: Option<i64>,
}

impl When {
    /// The current side of a comparison.
    pub(super) fn current(self, known: Known) -> Self {
        Self { cut: Some(known), ..self }
    }

    /// The earlier side of a comparison.
    pub(super) fn earlier(self, offset: Offset, known: Known) -> Self {
        Self { cut: Some(known), offset: Some(offset), ..self }
    }

    /// A window anchored in what is looked at.
    pub(super) fn window(self, window: Window, anchor: PeriodAgg, known: Known) -> Self {
        Self { window: Some((window, anchor, known)), ..self }
    }

    /// Whether each period has a span for every day.
    pub(super) fn is_daily(self) -> bool {
        matches!(self.window, Some((_, PeriodAgg::Average, _)))
    }

    /// The spans of periods, those of an earlier period first.
    pub(super) fn slots(self, calendar: &Calendar, range: DayRange, grain: Grain, periods: &[Period]) -> Vec<Slot> {
        let mut slots = vec![];
        for (index, period) in (0u32..).zip(periods) {
            if period.hour.is_some() {
                slots.push(Slot { period: index, first: period.start, last: period.end, hour: period.hour });
                continue;
            }
            let Some(span) = self.span(calendar, range, grain, period) else { continue };
            let slot = |first, last| Slot { period: index, first, last, hour: None };
            let Some((window, anchor, known)) = self.window else {
                slots.push(slot(span.first, span.last));
                continue;
            };
            let Some(last) = known.last.map(|last| last.min(span.last)).filter(|last| *last >= span.first) else {
                continue;
            };
            let anchors = match anchor {
                PeriodAgg::Last => last..=last,
                PeriodAgg::First => span.first..=span.first,
                PeriodAgg::Average => span.first..=last,
            };
            slots.extend(anchors.map(|day| slot(first_day(window, calendar, grain, (span.start, span.end), day), day)));
        }
        slots
    }

    fn span(self, calendar: &Calendar, range: DayRange, grain: Grain, period: &Period) -> Option<Span> {
        let (start, end) = (period.start, period.end);
        let first = range.start.map_or(start, |day| day.max(start));
        let last = range.end.map_or(end, |day| day.min(end));
        let own = Span { start, end, first, last };
        let Some(known) = self.cut else { return Some(own) };
        let last = known.last?.min(last);
        let current = Some(Span { last, ..own }).filter(|_| last >= first)?;
        let Some(offset) = self.offset else { return Some(current) };
        let (start, end) = offset.earlier(calendar, grain, start, end)?;
        let whole = current.first == period.start && current.last == period.end;
        let first = if whole { start } else { start + (current.first - period.start) };
        let last = if whole { end } else { end.min(first + (current.last - current.first)) };
        // A whole period is not held against a part of one.
        (first <= last && known.first.is_some_and(|known| known <= first)).then_some(Span { start, end, first, last })
    }
}

/// A period, and the days of it that are looked at.
struct Span {
    start: i32,
    end: i32,
    first: i32,
    last: i32,
}

/// The first day of a window that ends with `day`, in a period.
fn first_day(window: Window, calendar: &Calendar, grain: Grain, (start, end): (i32, i32), day: i32) -> i32 {
    match window {
        Window::Trailing(length) => length.before(day).map_or(i32::MIN, |before| before.saturating_add(1)),
        Window::Periods(count) => {
            let length = Length { count: count - 1, unit: Unit::Period };
            let offset = Offset { length, align: Align::Calendar };
            offset.earlier(calendar, grain, start, end).map_or(start, |(first, _)| first)
        }
        Window::ToDate(whole) => calendar.period_start(whole, day),
        Window::Everything => i32::MIN,
    }
}
