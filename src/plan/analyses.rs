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

/// Content held against the rest of what is published together.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentFitPlan {
    /// Its name.
    pub name: String,
    /// The metric: a ratio.
    pub metric: String,
    /// Its numerator and denominator.
    pub parts: (String, String),
    /// The length of the periods.
    pub grain: Grain,
    /// The dimensions within which content is compared.
    pub within: Vec<String>,
    /// The dimensions that tell content apart.
    pub by: Vec<String>,
    /// The dimension of what is counted.
    pub unit: String,
    /// Index of the report that has the figures.
    pub report: usize,
    /// The files.
    pub exports: Vec<ExportPlan>,
}

/// All analyses of a pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysesPlan {
    /// Changes that are taken apart.
    pub drivers: Vec<DriversPlan>,
    /// Content that is held against the rest.
    pub content_fits: Vec<ContentFitPlan>,
}

impl AnalysesPlan {
    /// The files of all of them.
    pub fn exports(&self) -> impl Iterator<Item = &ExportPlan> {
        let drivers = self.drivers.iter().flat_map(|drivers| &drivers.exports);
        drivers.chain(self.content_fits.iter().flat_map(|fit| &fit.exports))
    }
}
