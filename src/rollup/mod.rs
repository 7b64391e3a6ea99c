//! Roll-ups: one pass over each source for all reports. Engines stand behind [`Engine`]; what they hand over
//! ([`Rollup`]) is small, in Arrow, and the same to the byte whichever engine made it.
//!
//! # State columns of a roll-up
//! `b` (Int64: the bucket's first day, its hour, or 0 for `all`), the dimensions `d0`, `d1` … (Dictionary(Int32, Utf8), Int64,
//! Boolean or Int32 day; nullable), `rows` (Int64), and for the aggregate with index *i*: `s{i}` (Int64, or a Decimal128 container of an i128:
//! an integer, an unscaled decimal, or the head of a sum of floats in units of 2⁻⁶⁴, whose tail in units of 2⁻¹²⁸ is `t{i}`: see [`exact`]) with
//! `n{i}` (Int64, how many values) for sums, `n{i}` for counts,
//! `v{i}` (i128 container or Float64) for minima and maxima.

mod coarsen;
mod engine;
pub mod exact;
mod hash;
mod look_alikes;
mod memory;
mod pairs;
mod schedule;
mod stats;
mod time;
mod wide;

pub use coarsen::{coarsen, Merge};
pub use engine::{Engine, ENGINES};
pub(crate) use hash::{fast_map, FastMap};
pub use look_alikes::look_alikes;
pub use memory::memory_for_a_run;
pub use stats::{FileStats, Progress, SourceStats, Stats};

use crate::diagnostic::Diagnostic;
use crate::plan::{EngineChoice, Plan, RollupId};
use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// A finished roll-up.
#[derive(Clone, Debug)]
pub struct Rollup {
    /// Which one of the plan.
    pub id: RollupId,
    /// Keys and states, one row a cell; the order of rows means nothing.
    pub cells: RecordBatch,
}

/// Of a roll-up whose first aggregate counts: its records, and those with a value, over all cells.
#[must_use]
pub fn counts(rollup: &Rollup) -> (u64, u64) {
    let sum = |name: &str| {
        let column = rollup.cells.column_by_name(name);
        let numbers = column.and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int64Type>());
        numbers.map_or(0, |n| n.iter().flatten().sum::<i64>())
    };
    (sum("rows").unsigned_abs(), sum("n0").unsigned_abs())
}

/// i128 values as Arrow. Sums may have more than 38 digits; the type is a container here, and is not validated.
pub(crate) fn container(values: Decimal128Array) -> ArrayRef {
    Arc::new(values.with_data_type(DataType::Decimal128(38, 0)))
}

/// How a roll-up is carried out; none of it changes a result.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that decode and accumulate.
    pub threads: usize,
    /// Records a batch; `None`: what suits the engine.
    pub batch_rows: Option<usize>,
    /// The most bytes that the states of all roll-ups may take together.
    pub max_memory: Option<u64>,
    /// The engine to use; `None`: the first of [`ENGINES`].
    pub engine: Option<&'static dyn Engine>,
}

impl Default for Options {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
        Self { threads, batch_rows: None, max_memory: None, engine: None }
    }
}

impl Options {
    /// The engine that carries a plan out: one for all its roll-ups, because they share their scans.
    #[must_use]
    pub fn engine(&self) -> &'static dyn Engine {
        self.engine.unwrap_or(ENGINES[0])
    }

    /// That engine, and why, for people.
    #[must_use]
    pub fn choice(&self) -> EngineChoice {
        let engine = self.engine();
        let because = if self.engine.is_some() { "asked for" } else { "the fastest" };
        EngineChoice { engine: engine.name(), because: format!("{because}; {}", engine.doc()) }
    }
}

/// Carries out all scans of a plan.
///
/// # Errors
/// Unreadable files, bad records, sums that overflow, states that outgrow the memory they may take, or a failing engine.
pub fn roll_up(plan: &Plan, options: &Options, progress: &Progress) -> Result<(Vec<Rollup>, Stats), Diagnostic> {
    options.engine().roll_up(plan, options, progress)
}
