//! Generated sequences of operations: property-based conformance.
//!
//! proptest makes sequences over the reference model ([`crate::model`]): several keys, tokens, materials and ciphertexts,
//! good requests and faulty ones, and jumps in time around every instant at which something is to happen. Each call, and
//! how its key looks afterwards, is compared with what the model allows. What deviates is taken in, so that it does not
//! hide what comes after; each distinct deviation is shrunk to a minimal sequence, written as a scenario, and confirmed
//! by running that.

mod execute;
mod explore;
mod export;
mod found;
mod hunt;
mod minimal;
mod opening;
mod property;
mod reach;
mod setting;
mod strategy;
mod tally;
#[cfg(test)]
mod tests;
mod together;
mod tree;
mod write;

pub use explore::{Exploration, Explored, Tick, explore};
pub(crate) use export::{FOUND, REGRESSIONS, found_operation};
pub use hunt::{Hunted, hunt};
pub use opening::Opening;
pub use property::{PROPERTIES, Property};
pub(crate) use property::{cases_for, sequences_about};
pub(crate) use reach::operations;
pub use reach::{Came, Reach, Reached};
pub use strategy::Focus;
