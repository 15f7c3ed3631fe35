//! Putting the parts of one run together again.

use std::collections::HashMap;
use std::fmt;

use super::run_log::RunLog;
use crate::judge::Messages;
use crate::runner::{RunFinished, RunStarted, Shard, StopReason};

/// Why logs are not the parts of one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There is no log.
    #[error("there is no log")]
    Nothing,
    /// Two logs are of different runs.
    #[error("logs {} and {}: {difference}", .logs.0 + 1, .logs.1 + 1)]
    Disagree {
        /// The positions of the two logs, from 0.
        logs: (usize, usize),
        /// What they disagree on.
        difference: Disagreement,
    },
    /// Some shards have no log.
    #[error("shard {} of {count} is missing", .missing.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))]
    Incomplete {
        /// The shards without a log, from 1.
        missing: Vec<usize>,
        /// How many shards there are.
        count: usize,
    },
}

/// What two logs that should be of one run disagree on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Disagreement {
    /// A fact about the run.
    #[error("the {what} differs: {one} and {other}")]
    Of {
        /// Which fact.
        what: &'static str,
        /// What the first log says.
        one: String,
        /// What the second log says.
        other: String,
    },
    /// Both have the same shard.
    #[error("both are shard {0}")]
    Shard(Shard),
    /// Both have the same test.
    #[error("both have the test {test}{}", more(.others))]
    Test {
        /// The test that comes first by name.
        test: String,
        /// How many others they share.
        others: usize,
    },
}

fn more(others: &usize) -> String {
    if *others == 0 { String::new() } else { format!(" and {others} more") }
}

impl MergeError {
    /// The error in words, with the names of the logs for their positions.
    #[must_use]
    pub fn with_names(&self, names: &[impl fmt::Display]) -> String {
        match self {
            Self::Disagree { logs, difference } => match (names.get(logs.0), names.get(logs.1)) {
                (Some(one), Some(other)) => format!("{one} and {other}: {difference}"),
                _ => self.to_string(),
            },
            Self::Nothing | Self::Incomplete { .. } => self.to_string(),
        }
    }
}

/// What the parts of one run have in common.
fn facts(run: &RunStarted) -> [(&'static str, String); 8] {
    let or_none = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    let messages = match run.messages {
        Messages::Noted => "noted",
        Messages::Judged => "judged",
    };
    [
        ("target", run.target.clone()),
        ("target's version", or_none(&run.target_version, "none")),
        ("URL", or_none(&run.url, "none")),
        ("Region", run.region.clone()),
        ("suite version", run.suite_version.to_string()),
        ("folder of scenarios", or_none(&run.scenarios, "the program's own")),
        ("treatment of texts of exceptions", messages.to_owned()),
        ("number of shards", run.shard.map_or_else(|| "none".to_owned(), |shard| shard.count().to_string())),
    ]
}

impl RunLog {
    /// Puts the parts of one run together: from the earliest start to the latest end, with the tests of all.
    /// A deviation that the generated sequences of several parts found is told once.
    ///
    /// The result is the log of a whole run: what it holds of each test is what the parts hold, untouched, and what only
    /// tells the parts apart (shard, run id) is gone. If a part was stopped, or killed, so was the whole.
    ///
    /// # Errors
    /// When the logs are of different targets, Regions, suite versions or scenarios; when they have a test or a shard in
    /// common; when a shard is missing.
    pub fn merge(logs: Vec<Self>) -> Result<Self, MergeError> {
        agree(&logs)?;
        disjoint(&logs)?;
        let finished = finished(&logs);
        let mut logs = logs.into_iter();
        let mut whole = logs.next().ok_or(MergeError::Nothing)?;
        for part in logs {
            whole.started.at = whole.started.at.min(part.started.at);
            whole.started.tests += part.started.tests;
            whole.outcomes.extend(part.outcomes);
        }
        whole.started.shard = None;
        whole.started.run_id = None;
        whole.finished = finished;
        whole.outcomes.sort_by(|a, b| a.test.cmp(&b.test));
        whole.outcomes.dedup_by(|next, first| next.is_found() && first.is_found() && next.test == first.test);
        Ok(whole)
    }
}

fn agree(logs: &[RunLog]) -> Result<(), MergeError> {
    let Some(first) = logs.first() else { return Err(MergeError::Nothing) };
    let wanted = facts(&first.started);
    let mut shards: HashMap<usize, usize> = HashMap::new();
    for (position, log) in logs.iter().enumerate() {
        for ((what, one), (_, other)) in wanted.iter().zip(facts(&log.started)) {
            if *one != other {
                let difference = Disagreement::Of { what, one: one.clone(), other };
                return Err(MergeError::Disagree { logs: (0, position), difference });
            }
        }
        let Some(shard) = log.started.shard else { continue };
        if let Some(earlier) = shards.insert(shard.index(), position) {
            return Err(MergeError::Disagree { logs: (earlier, position), difference: Disagreement::Shard(shard) });
        }
    }
    let count = first.started.shard.map_or(0, Shard::count);
    let missing: Vec<usize> = (1..=count).filter(|index| !shards.contains_key(index)).collect();
    if missing.is_empty() { Ok(()) } else { Err(MergeError::Incomplete { missing, count }) }
}

fn disjoint(logs: &[RunLog]) -> Result<(), MergeError> {
    let mut owners: HashMap<&str, usize> = HashMap::new();
    for (position, log) in logs.iter().enumerate() {
        // A test in which the harness panicked has lost its name.
        // What sequences found, several parts may have found.
        let named = || log.outcomes.iter().filter(|outcome| !outcome.scenario.is_empty() && !outcome.is_found());
        let shared = named().filter_map(|outcome| Some((*owners.get(outcome.test.as_str())?, &outcome.test)));
        let shared: Vec<(usize, &String)> = shared.collect();
        if let Some((earlier, test)) = shared.first() {
            let others = shared.iter().filter(|(owner, _)| owner == earlier).count() - 1;
            let difference = Disagreement::Test { test: (*test).clone(), others };
            return Err(MergeError::Disagree { logs: (*earlier, position), difference });
        }
        owners.extend(named().map(|outcome| (outcome.test.as_str(), position)));
    }
    Ok(())
}

/// How the whole ended: nothing, if one of its parts was killed.
fn finished(logs: &[RunLog]) -> Option<RunFinished> {
    let ends: Option<Vec<&RunFinished>> = logs.iter().map(|log| log.finished.as_ref()).collect();
    let ends = ends?;
    let at = ends.iter().map(|end| end.at).max()?;
    let stopped = |reason| ends.iter().any(|end| end.stopped == Some(reason)).then_some(reason);
    Some(RunFinished { at, stopped: stopped(StopReason::Interrupted).or_else(|| stopped(StopReason::TargetGone)) })
}
