//! What people and programs read: folds over the events of a run.

mod assemble;
pub mod badge;
mod coverage;
mod digest;
pub mod files;
mod groups;
mod human;
pub mod junit;
mod log_writer;
pub mod markdown;
mod merge;
mod normalise;
pub mod profiles;
mod run_log;
mod summary;
mod text;

pub use assemble::{AssembleError, Merge, read_runs};
pub use coverage::{Coverage, Row, Standing};
pub use digest::Digest;
pub use groups::{Case, Contrast, DeviationGroup, Groups, Tests, repeat_command};
pub use human::Human;
pub use log_writer::LogWriter;
pub use merge::{Disagreement, MergeError};
pub use normalise::Normaliser;
pub use run_log::{EVENT_LOG, ReadError, RunLog};
pub use summary::{Conclusion, Counts, RESULTS_VERSION, Summary, TestResult};
