//! Analyses: questions about figures, answered from the reports that were planned for them. One file a kind.

mod content_fit;
mod drivers;

pub use content_fit::{table as content_fit, FEWEST};
pub use drivers::table as drivers;
