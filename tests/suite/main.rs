//! The integration suite: one binary, so that dependencies are linked once.

mod bad_input;
mod content_fit;
mod corpus;
mod definitions;
mod determinism;
mod dialects;
mod differential;
mod drivers;
mod explain;
mod harness;
mod init;
mod joins;
mod library;
mod lifetime;
mod limits;
mod lists;
mod meanings;
mod mistakes;
mod objectives;
mod oracle;
mod outputs;
mod pruning;
mod quality;
mod readers;
mod shipped;
mod tidy;
