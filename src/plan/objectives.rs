//! Objectives, resolved: which figure is to be reached in which period, and how it is judged.

use super::types::{Dim, ExportPlan};
use crate::calendar::Grain;
use crate::expr::Literal;
use crate::spec::{Direction, Goal, Level, Pacing, Spread};
use std::collections::BTreeMap;

/// All targets of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct ScorecardPlan {
    /// The objectives.
    pub objectives: Vec<ObjectivePlan>,
    /// Their targets, in the order written.
    pub targets: Vec<TargetPlan>,
    /// The files that say how they stand.
    pub exports: Vec<ExportPlan>,
}

/// What is to be reached, why, by whom and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectivePlan {
    /// Its name.
    pub name: String,
    /// The strategy that it serves.
    pub strategy: Option<String>,
    /// What kind of aim it is.
    pub goal: Option<Goal>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// First day that it is pursued.
    pub start: Option<i32>,
    /// Last day.
    pub end: Option<i32>,
}

/// A figure to reach, for each of several periods.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetPlan {
    /// Index of its objective.
    pub objective: usize,
    /// The metric.
    pub metric: String,
    /// The segment.
    pub segment: String,
    /// The group: dimensions with their values, in the order of the report's.
    pub group: Vec<(Dim, Literal)>,
    /// The length of its periods.
    pub grain: Grain,
    /// The figures.
    pub figures: Figures,
    /// How targets of longer periods are made, and of which.
    pub rollup: RollUp,
    /// The longer grains.
    pub longer: Vec<Grain>,
    /// What is expected of a period that is not over.
    pub pacing: Pacing,
    /// How the metric grows within a period.
    pub growth: Growth,
    /// Attainment from which it is on track.
    pub on_track: f64,
    /// Attainment from which it is at risk.
    pub at_risk: f64,
    /// What a miss does.
    pub level: Level,
    /// Which way is better.
    pub direction: Direction,
    /// The report, among all of the plan, that holds the metric's figures.
    pub report: usize,
}

/// The figures of a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Figures {
    /// By first day of the period: figures with the day each was set on, in order.
    Set(BTreeMap<i32, Vec<SetOn>>),
    /// From the metric's own figures.
    Relative(Base, Change),
}

/// A figure, and the day it was set on; `None`: before everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetOn {
    /// The day.
    pub day: Option<i32>,
    /// The figure.
    pub value: f64,
}

/// The earlier period that a target is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The period a year earlier; of weeks 52 earlier.
    LastYear,
    /// The period before.
    Previous,
    /// One period for all.
    Fixed {
        /// Its grain.
        grain: Grain,
        /// Its first day.
        start: i32,
        /// How it is spread, where it is longer and adds up.
        spread: Option<Spread>,
    },
}

/// How a target differs from its base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Plus so many percent of its magnitude.
    Percent(f64),
    /// Plus this.
    Plus(f64),
}

/// How targets of longer periods are made of those within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollUp {
    /// Not at all.
    None,
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The last of them.
    Last,
    /// Their mean, weighted by the figures of a metric.
    WeightedBy(String),
}

/// How a metric grows within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// From nothing: impressions.
    Flow,
    /// From where it stood before: followers.
    Stock,
    /// Not at all: rates.
    Rate,
}
