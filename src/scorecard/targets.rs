//! The figure to reach in a period: as it was set, made of what was, or of the targets within.

use super::figures::{Figures, Its};
use crate::calendar::{Calendar, Grain, Length, Offset, Unit};
use crate::plan::{Base, Change, Figures as Set, ObjectivePlan, RollUp, SetOn, TargetPlan};
use crate::spec::{Align, Spread};
use std::collections::BTreeSet;

/// What is to be reached in a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    /// The figure in force.
    pub(super) value: f64,
    /// The day it was set on.
    pub(super) set_on: Option<i32>,
    /// The figure that was set first.
    pub(super) first: f64,
}

/// A target with all that its figures are made of.
pub(super) struct Aims<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) objective: &'a ObjectivePlan,
    pub(super) target: &'a TargetPlan,
    pub(super) figures: &'a Figures,
    pub(super) its: Its<'a>,
    /// First and last day known of the metric.
    pub(super) known: Option<(i32, i32)>,
    /// The days from which figures may not be compared with those before.
    pub(super) breaks: Vec<i32>,
}

impl Aims<'_> {
    /// The first days of the periods of a grain that have a target, or may have.
    pub(super) fn periods(&self, grain: Grain) -> Vec<i32> {
        let own: BTreeSet<i32> = match &self.target.figures {
            Set::Set(set) => set.keys().copied().collect(),
            Set::Relative(..) => self.pursued(),
        };
        let starts: BTreeSet<i32> = own.into_iter().map(|day| self.calendar.period_start(grain, day)).collect();
        starts.into_iter().collect()
    }

    /// The periods in which the objective is pursued; without dates those that the metric's data covers.
    fn pursued(&self) -> BTreeSet<i32> {
        let first = self.objective.start.or(self.known.map(|(first, _)| first));
        let last = self.objective.end.or(self.last());
        let (Some(first), Some(last)) = (first, last) else { return BTreeSet::new() };
        let mut starts = BTreeSet::new();
        let mut day = self.calendar.period_start(self.target.grain, first);
        while day <= last {
            starts.insert(day);
            day = self.calendar.period_end(self.target.grain, day) + 1;
        }
        starts
    }

    /// The last day known of the metric.
    pub(super) fn last(&self) -> Option<i32> {
        self.known.map(|(_, last)| last)
    }

    /// What is to be reached in a period of the target's grain or of a longer one.
    pub(super) fn aim(&self, grain: Grain, start: i32) -> Option<Aim> {
        if grain != self.target.grain {
            return self.rolled_up(grain, start);
        }
        match &self.target.figures {
            Set::Set(set) => self.in_force(set.get(&start)?, start),
            Set::Relative(base, change) => {
                let value = self.base(*base, *change, start).filter(|_| self.is_pursued(start))?;
                Some(Aim { value, set_on: None, first: value })
            }
        }
    }

    /// The last figure set before the period was over; what is set afterwards moves no goalposts.
    fn in_force(&self, set: &[SetOn], start: i32) -> Option<Aim> {
        let end = self.calendar.period_end(self.target.grain, start);
        let by = self.last().map_or(end, |last| last.min(end).max(start));
        let first = set.first()?;
        let known = set.iter().rev().find(|figure| figure.day.is_none_or(|day| day <= by));
        // Set only for later: it is what is aimed at all the same.
        let known = known.unwrap_or(first);
        Some(Aim { value: known.value, set_on: known.day, first: first.value })
    }

    /// Whether a period is one of those in which the objective is pursued.
    fn is_pursued(&self, start: i32) -> bool {
        let end = self.calendar.period_end(self.target.grain, start);
        let first = self.objective.start.or(self.known.map(|(first, _)| first));
        let last = self.objective.end.or(self.last());
        first.is_some_and(|first| end >= first) && last.is_some_and(|last| start <= last)
    }

    /// A figure of the metric that a period's target may be made of: not across a change of its definition.
    fn comparable(&self, grain: Grain, from: i32, start: i32) -> Option<f64> {
        let end = self.calendar.period_end(self.target.grain, start);
        let broken = self.breaks.iter().any(|day| *day > from.min(start) && *day <= end);
        self.its.value(grain, from).filter(|_| !broken)
    }

    fn base(&self, base: Base, change: Change, start: i32) -> Option<f64> {
        let grain = self.target.grain;
        let changed = |figure: f64| match change {
            // A tenth more of a loss is a smaller loss.
            Change::Percent(percent) if figure >= 0.0 => figure * (100.0 + percent) / 100.0,
            Change::Percent(percent) => figure + figure.abs() * percent / 100.0,
            Change::Plus(more) => figure + more,
        };
        match base {
            Base::LastYear => self.comparable(grain, self.year_before(grain, start)?, start).map(changed),
            Base::Previous => self.comparable(grain, self.calendar.period_start(grain, start - 1), start).map(changed),
            Base::Fixed { grain: of, start: from, spread } => {
                // The change is one of the whole, which is spread then.
                let whole = changed(self.comparable(of, from, start)?);
                let length = |grain, start| f64::from(self.calendar.period_end(grain, start) - start + 1);
                match spread {
                    None => Some(whole),
                    Some(Spread::EvenDays) => Some(whole * length(grain, start) / length(of, from)),
                    Some(Spread::SameShapeLastYear) => {
                        let then = self.year_before(grain, start)?;
                        let part = self.comparable(grain, then, start)?;
                        let all = self.its.value(of, self.calendar.period_start(of, then))?;
                        Some(whole * part / all).filter(|x| x.is_finite())
                    }
                }
            }
        }
    }

    /// The first day of the period a year before.
    pub(super) fn year_before(&self, grain: Grain, start: i32) -> Option<i32> {
        let offset = Offset { length: Length { count: 1, unit: Unit::Year }, align: Align::Calendar };
        let end = self.calendar.period_end(grain, start);
        offset.earlier(self.calendar, grain, start, end).map(|(first, _)| first)
    }

    /// A longer period has a target where each period within has one.
    fn rolled_up(&self, grain: Grain, start: i32) -> Option<Aim> {
        let own = self.target.grain;
        let end = self.calendar.period_end(grain, start);
        let mut within: Vec<(i32, Aim)> = vec![];
        let mut day = start;
        while day <= end {
            within.push((day, self.aim(own, day)?));
            day = self.calendar.period_end(own, day) + 1;
        }
        let weights: Vec<f64> = match &self.target.rollup {
            RollUp::None => return None,
            RollUp::Last => return within.last().map(|(_, aim)| *aim),
            RollUp::Sum => vec![1.0; within.len()],
            RollUp::Average => vec![1.0; within.len()],
            RollUp::WeightedBy(metric) => {
                // Periods that the weighing metric does not know yet do not count.
                let its = self.figures.its(self.target, metric);
                let weights: Vec<f64> = within.iter().map(|(day, _)| its.value(own, *day).unwrap_or(0.0)).collect();
                weights
            }
        };
        let all: f64 = if self.target.rollup == RollUp::Sum { 1.0 } else { weights.iter().sum() };
        if all == 0.0 {
            return None;
        }
        let sum = |of: fn(&Aim) -> f64| {
            let weighed = within.iter().zip(&weights).map(|((_, aim), weight)| of(aim) * weight);
            weighed.sum::<f64>() / all
        };
        let set_on = within.iter().filter_map(|(_, aim)| aim.set_on).max();
        Some(Aim { value: sum(|aim| aim.value), set_on, first: sum(|aim| aim.first) })
    }
}
