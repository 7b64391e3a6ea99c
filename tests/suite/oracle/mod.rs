//! The independent oracle: what a pipeline means, computed the slowest and plainest way.
//!
//! It reads the same YAML and the same files as the product and uses none of its code: records are maps from
//! column name to value, expressions are walked once per record, every value is made of the records of its span,
//! every time, and float sums are exact. Where the two disagree, one of them misreads the contract.
//!
//! Deliberately absent: hour grain, sources coarser than a day whose rows straddle a period, `normalise`, `map` and
//! dimensions that are expressions, wide exports, coverage, warnings, and the refusals: a pipeline that the contract
//! refuses either panics here or is evaluated as if it were allowed. The one thing not written by hand is the database
//! of time zones.

mod accumulate;
mod attributes;
mod breaks;
mod calendar;
mod compare;
mod eval;
mod exact;
mod examples;
mod functions;
mod index;
mod kind;
mod long_csv;
mod lookups;
mod metrics;
mod outcome;
mod random;
mod read;
mod read_files;
mod spans;
mod spec;
mod spec_metrics;
mod sql;
mod table_examples;
mod time_examples;
mod top;
mod top_examples;
mod value;
mod version_examples;
mod views;
mod zones;

pub(crate) use calendar::parse_iso;
pub(crate) use compare::compare;
pub(crate) use eval::evaluate;
pub(crate) use long_csv::read_long_csv;
pub(crate) use random::{random_case, Random};
#[allow(unused_imports, reason = "a test names the types only where it needs to")]
pub(crate) use {eval::Cell, long_csv::Row, random::Case};
