//! A run read back from its event log: what every report is made from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::runner::{EVENTS_VERSION, Event, RunFinished, RunStarted, TestOutcome};

/// The name of the event log in a run's folder.
pub const EVENT_LOG: &str = "events.jsonl";

/// A run: what was run against what, each test's outcome, and how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLog {
    /// What was run against what.
    pub started: RunStarted,
    /// The outcomes, by the tests' names.
    pub outcomes: Vec<TestOutcome>,
    /// How it ended; nothing, if it was killed.
    pub finished: Option<RunFinished>,
}

/// Why an event log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{path}: {error}", path = path.display())]
    Unreadable {
        /// The event log.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line is not an event.
    #[error("{path}:{line}: not an event of a run: {error}", path = path.display())]
    NotAnEvent {
        /// The event log.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        error: serde_json::Error,
    },
    /// The log does not begin with the start of a run.
    #[error("{path}: the log does not begin with `run_started`", path = path.display())]
    NoStart {
        /// The event log.
        path: PathBuf,
    },
    /// The log is of another version than this program reads.
    #[error("{path}: event log version {found}; this program reads version {EVENTS_VERSION}", path = path.display())]
    Version {
        /// The event log.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

impl RunLog {
    /// Reads an event log, or the one in a run's folder. A last line that was cut off in the middle is left out: the run
    /// was killed while it wrote it.
    ///
    /// # Errors
    /// When the file cannot be read, or is no event log of a version that is known.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let path = if path.is_dir() { path.join(EVENT_LOG) } else { path.to_owned() };
        let text = fs::read_to_string(&path).map_err(|error| ReadError::Unreadable { path: path.clone(), error })?;
        let lines: Vec<&str> = text.lines().collect();
        let mut events = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            match serde_json::from_str(line) {
                Ok(event) => events.push(event),
                Err(error) if error.is_eof() && index + 1 == lines.len() => {}
                Err(error) => return Err(ReadError::NotAnEvent { path, line: index + 1, error }),
            }
        }
        let log = Self::from_events(events).ok_or_else(|| ReadError::NoStart { path: path.clone() })?;
        match log.started.version {
            EVENTS_VERSION => Ok(log),
            found => Err(ReadError::Version { path, found }),
        }
    }

    /// Folds a run's events; nothing, unless the first is the start of the run.
    #[must_use]
    pub fn from_events(events: impl IntoIterator<Item = Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let Some(Event::RunStarted(started)) = events.next() else { return None };
        let mut log = Self { started: *started, outcomes: Vec::new(), finished: None };
        for event in events {
            match event {
                Event::RunStarted(_) => {}
                Event::TestFinished(outcome) => log.outcomes.push(*outcome),
                Event::RunFinished(finished) => log.finished = Some(finished),
            }
        }
        log.outcomes.sort_by(|a, b| a.test.cmp(&b.test));
        Some(log)
    }

    /// The events again, in the order that reports expect.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        let outcomes = self.outcomes.iter().map(|outcome| Event::TestFinished(Box::new(outcome.clone())));
        std::iter::once(Event::RunStarted(Box::new(self.started.clone())))
            .chain(outcomes)
            .chain(self.finished.clone().map(Event::RunFinished))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = r#"{"event":"run_started","version":1,"suite_version":"0.1.0","target":"t","url":null,"region":"us-east-1","scenarios":null,"tests":0,"at":"2026-01-01T00:00:00Z"}"#;

    fn read(text: &str) -> Result<RunLog, ReadError> {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(EVENT_LOG), text).expect("a log");
        RunLog::read(dir.path())
    }

    #[test]
    fn a_log_that_was_cut_off_is_read_as_far_as_it_goes() {
        let log = read(&format!("{STARTED}\n{{\"event\":\"run_fin")).expect("a log");
        assert_eq!((log.started.target.as_str(), log.finished), ("t", None));
    }

    #[test]
    fn what_is_no_event_log_is_refused_with_its_place() {
        let error = read(&format!("{STARTED}\nnonsense\n{STARTED}\n")).expect_err("nonsense");
        assert!(error.to_string().contains("events.jsonl:2: not an event of a run"), "{error}");
        let error = read("").expect_err("empty");
        assert!(error.to_string().contains("does not begin with `run_started`"), "{error}");
        let error = read(&STARTED.replace("\"version\":1", "\"version\":99")).expect_err("another version");
        assert!(error.to_string().contains("version 99"), "{error}");
    }

    #[test]
    fn a_run_is_the_same_after_a_round_trip() {
        let log =
            read(&format!("{STARTED}\n{}\n", r#"{"event":"run_finished","at":"2026-01-01T00:00:01Z","stopped":null}"#));
        let log = log.expect("a log");
        assert_eq!(RunLog::from_events(log.events()), Some(log));
    }
}
