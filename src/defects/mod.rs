//! The test of the harness: the built-in emulator with one [`Defect`] at a time, and what catches each.
//!
//! A defect is *caught* by what deviates on an emulator that has it. That a test is blocked or vacuous says that something
//! is wrong, not what, and catches nothing. A defect that nothing catches, although something could, is a *survivor*: a
//! check is missing.
//!
//! - `caught`: what a way of looking found in one defect. [`Means`] names the ways; a new one is added there.
//! - `scenarios`: looking with scenarios.
//! - `sequences`: looking with generated sequences, until one deviates.
//! - `matrix`: the rows, what they say together, and their table.
//!
//! [`Defect`]: crate::emulator::Defect

mod caught;
mod matrix;
mod scenarios;
mod sequences;
mod table;

pub use caught::{Catch, Kill, Means};
pub use matrix::{Fate, MATRIX_VERSION, Matrix, Row};
pub use scenarios::ByScenarios;
pub use sequences::BySequences;
