//! The plan: what is scanned, rolled up and reported, with every meaning fixed. It holds nothing that a user could
//! have misspelt, and knows no engine, no file system and no Polars. `resolve` makes it; engines and the report
//! stage carry it out; [`explain`] prints it.

pub mod additivity;
mod explain;
mod logical;
mod types;

pub use explain::{explain, explain_json, EngineChoice};
pub use logical::{ColumnRole, LogicalColumn, LogicalSource, SourceTime};
pub use types::*;
