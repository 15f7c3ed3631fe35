//! The summary of a job on GitHub: Markdown that is appended to the file that the job's environment names.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use super::failure::Failure;
use crate::report::Digest;
use crate::report::markdown::{self, JOB_SUMMARY_LIMIT};

/// Set by GitHub in every step of a job.
const FILE: &str = "GITHUB_STEP_SUMMARY";

/// Appends the report, if there is such a file. What the step has written before counts towards GitHub's limit.
pub(super) fn append(runs: &[Digest]) -> Result<(), Failure> {
    let Some(path) = std::env::var_os(FILE).filter(|path| !path.is_empty()) else { return Ok(()) };
    let path = Path::new(&path);
    let before = fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
    let report = markdown::render(runs, JOB_SUMMARY_LIMIT.saturating_sub(before));
    let write = || OpenOptions::new().create(true).append(true).open(path)?.write_all(report.as_bytes());
    write().map_err(|error| {
        Failure::usage(format!("cannot write {}: {error}", path.display()), format!("{FILE} names this file"))
    })
}
