//! Analyses: questions about figures, answered from the reports that were planned for them. One file a kind.

mod drivers;

pub use drivers::table as drivers;
