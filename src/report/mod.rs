//! What people and programs read: folds over the events of a run.

mod coverage;
mod groups;
mod human;
mod merge;
mod normalise;
pub mod profiles;
mod run_log;
mod summary;

pub use coverage::{Coverage, Row, Standing};
pub use groups::{Case, DeviationGroup, Groups, Tests, repeat_command};
pub use human::Human;
pub use merge::{Disagreement, MergeError};
pub use normalise::Normaliser;
pub use run_log::{EVENT_LOG, ReadError, RunLog};
pub use summary::{Conclusion, Counts, RESULTS_VERSION, Summary, TestResult};
