//! Expectation and observation make a verdict, with the evidence for it.

mod context;
mod evidence;
mod matching;
mod secrets;
mod step;
#[cfg(test)]
mod tests;
mod verdict;

pub use context::{Context, EvaluateError, Place};
pub use evidence::{Evidence, Redactor};
pub use matching::Difference;
pub(crate) use step::{Comparison, compare, observation};
pub use step::{Finding, Messages};
pub use verdict::Verdict;
