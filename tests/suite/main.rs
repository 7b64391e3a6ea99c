//! The integration suite: one binary, so that dependencies are linked once.

mod bad_input;
mod determinism;
mod differential;
mod explain;
mod harness;
mod limits;
mod meanings;
mod mistakes;
mod oracle;
mod outputs;
mod pruning;
mod shipped;
mod tidy;
