//! Expectation and observation make a verdict, with the evidence for it.

mod context;
mod decidable;
mod evidence;
mod judgement;
mod listed;
mod matching;
mod recorded;
mod secrets;
mod step;
#[cfg(test)]
mod tests;
mod verdict;

pub use context::{Context, EvaluateError, Place};
pub(crate) use decidable::{Known as KnownEvidence, any as generated_with};
pub use evidence::{Caller, Evidence, Redactor};
pub(crate) use judgement::{Judgement, Stop};
pub use listed::{Listed, ListedStanding};
pub use matching::Difference;
pub(crate) use recorded::{Blobs, Told};
pub(crate) use step::{Comparison, describe};
pub use step::{Finding, Messages};
pub use verdict::Verdict;
