//! Roll-up engines, one folder each, one line each in [`ENGINES`]. They must agree to the byte.

mod fused;
mod polars;

use super::{Options, Progress, Rollup, Stats};
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;

/// Something that carries out the scans of a plan.
pub trait Engine: std::fmt::Debug + Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// What it is, in one sentence.
    fn doc(&self) -> &'static str;
    /// Carries out all scans and hands over every roll-up that is not derived.
    ///
    /// # Errors
    /// Unreadable files, bad records, sums that overflow, or a failure of its own.
    fn roll_up(&self, plan: &Plan, options: &Options, progress: &Progress) -> Result<(Vec<Rollup>, Stats), Diagnostic>;
}

/// All engines, the fastest first. Each supports everything that a plan can ask for.
pub const ENGINES: &[&dyn Engine] = &[&fused::FusedEngine, &polars::PolarsEngine];
