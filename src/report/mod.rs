//! What people and programs read: folds over the events of a run.

mod by_hand;
mod coverage;
mod deviations;
pub mod html;
mod human;
mod normalise;
mod run_log;
mod summary;

pub use coverage::{Coverage, Row, Standing};
pub use human::Human;
pub use normalise::Normaliser;
pub use run_log::{EVENT_LOG, ReadError, RunLog};
pub use summary::{Conclusion, Counts, RESULTS_VERSION, Summary, TestResult};
