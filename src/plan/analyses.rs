//! Analyses, resolved: which reports hold the figures that a change is taken apart with.

use super::types::ExportPlan;
use crate::calendar::Grain;

/// A metric's change, taken apart by the values of dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct DriversPlan {
    /// Its name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// For a ratio: its numerator and denominator.
    pub parts: Option<(String, String)>,
    /// The length of the periods.
    pub grain: Grain,
    /// What columns of the comparison are named after.
    pub compare: &'static str,
    /// The dimensions, each with the index of the report that has its figures.
    pub by: Vec<(String, usize)>,
    /// The files.
    pub exports: Vec<ExportPlan>,
}
