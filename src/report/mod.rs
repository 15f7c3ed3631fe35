//! What people and programs read: folds over the events of a run.

mod human;
mod normalise;
mod summary;

pub use human::Human;
pub use normalise::Normaliser;
pub use summary::{Conclusion, Counts, RESULTS_VERSION, Summary, TestResult};
