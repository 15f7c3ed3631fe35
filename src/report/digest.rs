//! What every report for people is made from: a run's summary and its findings in groups.

use super::groups::Groups;
use super::run_log::RunLog;
use super::summary::Summary;
use super::text::plural;
use crate::runner::{Event, RunStarted};

/// A run, folded into what people read. It keeps no more of the exchanges than are shown, so that it stays small.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    /// Counts, conclusion, results.
    pub summary: Summary,
    /// The findings, like things together.
    pub groups: Groups,
}

impl Digest {
    /// The digest of a run that is over, or was killed.
    #[must_use]
    pub fn of(log: &RunLog) -> Self {
        Self { summary: Summary::of(log), groups: Groups::of(log) }
    }

    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        self.summary.add(event);
        if let Event::TestFinished(outcome) = event {
            self.groups.add(outcome);
        }
    }

    /// Says so if the log lacks the run's end, or outcomes.
    #[must_use]
    pub fn cut_short(&self) -> Option<String> {
        let run = self.summary.run.as_ref()?;
        let cut = self.summary.finished.is_none() || self.summary.missing() > 0;
        let (missing, tests) = (self.summary.missing(), plural(run.tests, "test"));
        cut.then(|| format!("The log ends before the run did: the outcomes of {missing} of {tests} are missing."))
    }

    /// What the target is called in reports, with its version.
    #[must_use]
    pub fn target(&self) -> String {
        self.summary.run.as_ref().map_or_else(|| "the target".to_owned(), RunStarted::target_and_version)
    }
}
