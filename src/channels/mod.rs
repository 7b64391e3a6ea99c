//! Where a visit came from: the channel of a source, medium and campaign, and the social network of a source.
//!
//! A channel is told in two steps. Each of the three texts is asked once for its [`Facts`]; the first rule whose facts
//! all hold names the channel. So a pattern is matched once for each distinct text, never for each record.

mod facts;
mod rules;
mod sources;

pub use facts::{Asked, Facts};
pub use rules::{Version, VERSIONS};
pub use sources::social_network;

#[cfg(test)]
mod tests;
