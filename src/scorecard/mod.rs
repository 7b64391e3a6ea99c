//! The scorecard: every target held against its metric's figure, period by period. Figures come from reports that were
//! planned for it; `targets` says what is to be reached, `judge` how far it is, `table` lays it out.

mod figures;
mod judge;
mod table;
mod targets;

pub use judge::Status;
pub use table::table;

use self::figures::{shown, Figures};
use self::targets::{Aim, Aims};
use crate::calendar::Grain;
use crate::diagnostic::Diagnostic;
use crate::plan::{versions_of, MetricPlan, ObjectivePlan, Plan, ScorecardPlan, TargetPlan};
use crate::report::ReportTable;
use crate::spec::{Level, Pacing};

/// Periods that the trend shows, this one included.
const TREND: i32 = 6;

/// The scorecard's rows: by objective, target, grain and period.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// The rows.
    pub rows: Vec<Row>,
}

/// A target in a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Index of the objective in the plan.
    pub objective: usize,
    /// Index of the target in the plan.
    pub target: usize,
    /// The group in words; empty for all together.
    pub group: String,
    /// The grain of the period, and whether it is the target's own.
    pub grain: Grain,
    /// First and last day.
    pub period: (i32, i32),
    /// The period's label.
    pub label: String,
    /// Whether the metric's sources go on to its end.
    pub is_complete: bool,
    /// How many of its days the value covers.
    pub days: i64,
    /// The figure to reach.
    pub aim: f64,
    /// The day it was set on.
    pub set_on: Option<i32>,
    /// The figure that was set first.
    pub first_aim: f64,
    /// The metric's figure.
    pub value: Option<f64>,
    /// How far it is: 1 is the target.
    pub attainment: Option<f64>,
    /// Value − target.
    pub gap: Option<f64>,
    /// How it stands.
    pub status: Status,
    /// What is expected by now.
    pub expected: Option<f64>,
    /// How it was found.
    pub pacing: Option<Pacing>,
    /// Where it will end if it goes on so.
    pub projection: Option<f64>,
    /// The last periods as a line of blocks.
    pub trend: String,
    /// The figure of the period before.
    pub previous: Option<f64>,
    /// The last day known of the metric.
    pub as_of: Option<i32>,
}

/// Makes the scorecard of the tables of the plan's reports: those that serve it, with their indices. `known` tells first
/// and last day of a metric's data.
///
/// # Errors
/// Only if a table were not what reports are.
pub fn build(
    plan: &Plan,
    scorecard: &ScorecardPlan,
    tables: &[(usize, ReportTable)],
    known: &dyn Fn(&str) -> Option<(i32, i32)>,
) -> Result<Scorecard, Diagnostic> {
    let mut figures = Figures::default();
    for (report, table) in tables {
        figures.add(plan, *report, table)?;
    }
    let mut rows = vec![];
    for (index, target) in scorecard.targets.iter().enumerate() {
        let aims = Aims {
            calendar: &plan.calendar,
            objective: &scorecard.objectives[target.objective],
            target,
            figures: &figures,
            its: figures.its(target, &target.metric),
            known: known(&target.metric),
            breaks: versions_of(&plan.metrics, &target.metric)
                .iter()
                .filter(|version| !version.comparable)
                .map(|version| version.from)
                .collect(),
        };
        for grain in std::iter::once(target.grain).chain(target.longer.iter().copied()) {
            let periods = aims.periods(grain).into_iter();
            rows.extend(periods.filter_map(|start| Some(row(&aims, index, grain, start, aims.aim(grain, start)?))));
        }
    }
    Ok(Scorecard { rows })
}

fn row(aims: &Aims<'_>, index: usize, grain: Grain, start: i32, aim: Aim) -> Row {
    let Aims { calendar, target, its, .. } = *aims;
    let end = calendar.period_end(grain, start);
    let figure = its.of(grain, start).unwrap_or_default();
    let begun = aims.last().is_some_and(|last| last >= start);
    let is_complete = aims.last().is_some_and(|last| last >= end);
    let value = figure.value.filter(|_| begun);
    let previous = its.value(grain, calendar.period_start(grain, start - 1));
    let length = f64::from(end - start + 1);
    let elapsed = aims.last().map_or(0, |last| (last.min(end) - start + 1).max(0));
    let linear = f64::from(elapsed) / length;
    let (share, pacing) = match target.pacing {
        _ if !begun || is_complete => (None, None),
        Pacing::None => (None, Some(Pacing::None)),
        Pacing::Linear => (Some(linear), Some(Pacing::Linear)),
        Pacing::SameShapeLastYear => match last_year(aims, grain, start, figure.last_year) {
            Some(share) => (Some(share), Some(Pacing::SameShapeLastYear)),
            // Last year is not known.
            None => (Some(linear), Some(Pacing::Linear)),
        },
    };
    let expected = share.map(|share| judge::expected(target.growth, aim.value, share, previous));
    let projection = match (value, share) {
        (Some(value), Some(share)) => judge::projection(target.growth, value, share, previous),
        (value, _) => value.filter(|_| is_complete),
    };
    let thresholds = (target.on_track, target.at_risk);
    let status = match (value, expected) {
        _ if !begun => Status::NotStarted,
        (None, _) => Status::NoData,
        (Some(value), Some(expected)) => judge::status(target.direction, value, expected, thresholds),
        (Some(value), None) if is_complete => judge::status(target.direction, value, aim.value, thresholds),
        (Some(_), None) => Status::InProgress,
    };
    let group = target
        .group
        .iter()
        .map(|(dim, value)| format!("{} = {}", dim.name, shown(value).unwrap_or_else(|| "(unknown)".to_owned())));
    Row {
        objective: target.objective,
        target: index,
        group: group.collect::<Vec<_>>().join(", "),
        grain,
        period: (start, end),
        label: calendar.label(grain, start),
        is_complete,
        days: if begun { figure.days.max(i64::from(elapsed)) } else { 0 },
        aim: aim.value,
        set_on: aim.set_on,
        first_aim: aim.first,
        value,
        attainment: value.and_then(|value| judge::attainment(target.direction, value, aim.value)),
        gap: value.map(|value| value - aim.value),
        status,
        expected,
        pacing,
        projection,
        trend: trend(aims, grain, start),
        previous,
        as_of: aims.last(),
    }
}

/// How much of last year's figure was there after as many days.
fn last_year(aims: &Aims<'_>, grain: Grain, start: i32, so_far: Option<f64>) -> Option<f64> {
    let then = aims.year_before(grain, start)?;
    if aims.breaks.iter().any(|day| *day > then && *day <= aims.last().unwrap_or(start)) {
        return None;
    }
    let whole = aims.its.value(grain, then)?;
    Some(so_far? / whole).filter(|share| share.is_finite() && *share > 0.0)
}

/// The figures of the last periods as blocks between the smallest and the largest: `▁▃▅·█`.
fn trend(aims: &Aims<'_>, grain: Grain, start: i32) -> String {
    let mut values: Vec<Option<f64>> = vec![];
    let mut day = start;
    for _ in 0..TREND {
        values.push(aims.its.value(grain, day));
        day = aims.calendar.period_start(grain, day - 1);
    }
    values.reverse();
    let known = || values.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let block = |value: &Option<f64>| {
        const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let Some(value) = value else { return '·' };
        let place = if high > low { (value - low) / (high - low) } else { 0.5 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
        BLOCKS[((place * 7.0).round() as usize).min(7)]
    };
    if known().count() < 2 {
        return String::new();
    }
    values.iter().map(block).collect()
}

impl Scorecard {
    /// The rows that tell how things stand now: of each target's own grain the period that is open or was last.
    #[must_use]
    pub fn current(&self, plan: &ScorecardPlan) -> Vec<&Row> {
        let mut rows: Vec<&Row> = vec![];
        for (index, target) in plan.targets.iter().enumerate() {
            let own = || self.rows.iter().filter(move |row| row.target == index && row.grain == target.grain);
            let begun = own().filter(|row| row.status != Status::NotStarted).max_by_key(|row| row.period);
            rows.extend(begun.or_else(|| own().min_by_key(|row| row.period)));
        }
        rows
    }

    /// Targets that could not be judged in any period that has begun, with whether they have a figure to reach at all.
    #[must_use]
    pub fn unjudged(&self, plan: &ScorecardPlan) -> Vec<(usize, bool)> {
        let mut found = vec![];
        for index in 0..plan.targets.len() {
            let mut own = self.rows.iter().filter(|row| row.target == index).peekable();
            let has_figures = own.peek().is_some();
            let begun: Vec<&Row> = own.filter(|row| row.status != Status::NotStarted).collect();
            if !has_figures || !begun.is_empty() && begun.iter().all(|row| row.status == Status::NoData) {
                found.push((index, has_figures));
            }
        }
        found
    }

    /// Targets with `level: fail` that are off track in the last period that is over.
    #[must_use]
    pub fn missed(&self, plan: &ScorecardPlan) -> Vec<&Row> {
        let mut missed = vec![];
        for (index, target) in plan.targets.iter().enumerate().filter(|(_, target)| target.level == Level::Fail) {
            let own =
                self.rows.iter().filter(|row| row.target == index && row.grain == target.grain && row.is_complete);
            missed.extend(own.max_by_key(|row| row.period).filter(|row| row.status == Status::OffTrack));
        }
        missed
    }
}

/// What a row is about.
#[must_use]
pub fn subject<'p>(
    plan: &'p Plan,
    scorecard: &'p ScorecardPlan,
    row: &Row,
) -> (&'p ObjectivePlan, &'p TargetPlan, &'p MetricPlan) {
    let target = &scorecard.targets[row.target];
    (&scorecard.objectives[row.objective], target, &plan.metrics[&target.metric])
}
