//! Finding event logs, and putting those together that are parts of one run.

use std::fs;
use std::path::{Path, PathBuf};

use super::merge::MergeError;
use super::run_log::{EVENT_LOG, ReadError, RunLog};
use crate::runner::RunStarted;

/// Why reports cannot be made of event logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// A log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A folder has no log.
    #[error("{}: no event log in this folder", .0.display())]
    NoLog(PathBuf),
    /// Logs that should be of one run are not.
    #[error("{0}")]
    Merge(String),
}

/// Whether to put logs together that do not say themselves that they are parts of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Only shards of one number, and logs with the same run id.
    Parts,
    /// All.
    All,
}

/// Reads runs from event logs. A folder stands for its `events.jsonl`, or, if it has none, for every `*.jsonl` in it and
/// below it.
///
/// # Errors
/// When a log cannot be read; when logs are parts of one run, or should be by `merge`, and contradict each other.
pub fn read_runs(paths: &[PathBuf], merge: Merge) -> Result<Vec<RunLog>, AssembleError> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(logs_of(path)?);
    }
    let mut groups: Vec<Vec<(PathBuf, RunLog)>> = Vec::new();
    for file in files {
        let log = RunLog::read(&file)?;
        let same = |group: &&mut Vec<(PathBuf, RunLog)>| {
            merge == Merge::All || group.first().is_some_and(|(_, first)| are_parts(&first.started, &log.started))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push((file, log)),
            None => groups.push(vec![(file, log)]),
        }
    }
    groups.into_iter().map(whole).collect()
}

fn whole(group: Vec<(PathBuf, RunLog)>) -> Result<RunLog, AssembleError> {
    let (files, mut logs): (Vec<PathBuf>, Vec<RunLog>) = group.into_iter().unzip();
    match logs.pop() {
        // A shard by itself is reported as what it is.
        Some(only) if logs.is_empty() => Ok(only),
        last => {
            logs.extend(last);
            let names: Vec<_> = files.iter().map(|file| file.display()).collect();
            RunLog::merge(logs).map_err(|error: MergeError| AssembleError::Merge(error.with_names(&names)))
        }
    }
}

/// Whether the logs say of themselves that they are parts of one run.
fn are_parts(one: &RunStarted, other: &RunStarted) -> bool {
    let same_target =
        one.url == other.url && one.target_and_version() == other.target_and_version() && one.region == other.region;
    let same_suite = one.suite_version == other.suite_version && one.scenarios == other.scenarios;
    let shards = matches!((one.shard, other.shard), (Some(one), Some(other)) if one.count() == other.count());
    let ids = one.run_id.is_some() && one.run_id == other.run_id;
    same_target && same_suite && (shards || ids)
}

fn logs_of(path: &Path) -> Result<Vec<PathBuf>, AssembleError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let own = path.join(EVENT_LOG);
    if own.is_file() {
        return Ok(vec![own]);
    }
    let mut found = Vec::new();
    search(path, &mut found).map_err(|error| ReadError::Unreadable { path: path.to_owned(), error })?;
    found.sort();
    if found.is_empty() { Err(AssembleError::NoLog(path.to_owned())) } else { Ok(found) }
}

fn search(dir: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "jsonl") {
            found.push(path);
        }
    }
    Ok(())
}
