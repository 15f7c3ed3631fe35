//! What people and programs read: folds over the events of a run.

mod assemble;
pub mod badge;
mod by_hand;
mod coverage;
mod diff;
mod diff_text;
mod digest;
pub mod files;
mod groups;
pub mod html;
mod human;
pub mod junit;
mod log_writer;
pub mod markdown;
mod merge;
mod normalise;
pub mod profiles;
mod rejudge;
mod run_log;
mod summary;
mod text;

pub use assemble::{AssembleError, Merge, read_runs};
pub use coverage::{Coverage, Row, Standing};
pub use diff::{Change, DIFF_VERSION, Diff, Kind};
pub use digest::Digest;
pub(crate) use groups::general;
pub use groups::{Case, Contrast, DeviationGroup, Groups, Tests};
pub use human::Human;
pub use log_writer::LogWriter;
pub use merge::{Disagreement, MergeError};
pub use normalise::Normaliser;
pub use rejudge::{KEPT, rejudge};
pub use run_log::{EVENT_LOG, ReadError, RunLog};
pub use summary::{Conclusion, Counts, RESULTS_VERSION, Summary, TestResult};
pub(crate) use text::plural;
