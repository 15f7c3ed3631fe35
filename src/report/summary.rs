//! The fold from events to counts and a conclusion.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::profiles::{self, Claim};
use super::run_log::RunLog;
use crate::judge::{Finding, Listed, ListedStanding, Verdict};
use crate::rules::RuleId;
use crate::runner::{Event, RunFinished, RunStarted, StopReason, TestOutcome};

/// The version of `results.json`. It changes when a member changes in a way that an older reader would misread. Further
/// members, verdicts and conclusions do not change it.
pub const RESULTS_VERSION: u32 = 1;

/// How many tests, or findings, came to each verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Verdict, usize>);

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        *self.0.entry(verdict).or_default() += 1;
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many came to this verdict.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> usize {
        self.0.get(&verdict).copied().unwrap_or_default()
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// The verdicts that occurred, in the order of severity.
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, usize)> {
        self.0.iter().map(|(verdict, count)| (*verdict, *count))
    }
}

/// What a run says of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conclusion {
    /// Every rule that was judged holds, and some was.
    Conformant,
    /// What is wrong, or not offered, or could not be judged, is all in the list of known deviations, as it is.
    AsListed,
    /// A rule does not hold, or an operation is not offered.
    NotConformant,
    /// Nothing is known to be wrong, but something that should be judged could not be.
    Undecided,
    /// The harness failed.
    HarnessError,
    /// The user interrupted the run.
    Interrupted,
}

/// A run, folded.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Summary {
    version: u32,
    /// What was run against what, once the run has started.
    pub run: Option<RunStarted>,
    /// How it ended, once it has.
    pub finished: Option<RunFinished>,
    /// The conclusion from all that came so far.
    pub conclusion: Conclusion,
    /// Tests by verdict.
    pub tests: Counts,
    /// How many of the tests are what generated sequences found, and not among those that the run began with.
    found: usize,
    /// Of the tests that could not be judged, and of those that need what the target does not offer, those of which the
    /// list of known deviations says so.
    #[serde(skip_serializing_if = "Counts::is_empty")]
    pub listed: Counts,
    /// Tests by verdict, for each subject.
    pub subjects: BTreeMap<String, Counts>,
    /// Findings by verdict, for each rule.
    pub rules: BTreeMap<RuleId, Counts>,
    /// How the target stands with each profile, once the run has ended.
    pub profiles: Vec<Claim>,
    /// Every test, by name.
    pub results: BTreeMap<String, TestResult>,
}

/// What remains of a test in the summary: all but its exchanges.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TestResult {
    /// The verdict on the test.
    pub verdict: Verdict,
    /// Why it was not run to its end, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The operations that the target does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
    /// What the list of known deviations says of a test that could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<Listed>,
    /// The rules that it judges or observes, if it gets that far.
    pub rules: Vec<RuleId>,
    /// What was found of each rule.
    pub findings: Vec<Finding>,
    /// Keys that could not be cleaned up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<String>,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            version: RESULTS_VERSION,
            run: None,
            finished: None,
            conclusion: Conclusion::Undecided,
            tests: Counts::default(),
            found: 0,
            listed: Counts::default(),
            subjects: BTreeMap::new(),
            rules: BTreeMap::new(),
            profiles: Vec::new(),
            results: BTreeMap::new(),
        }
    }
}

impl Summary {
    /// The summary of a run that is over, or was killed.
    #[must_use]
    pub fn of(log: &RunLog) -> Self {
        let mut summary = Self::default();
        log.events().for_each(|event| summary.add(&event));
        summary.end();
        summary
    }

    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.run = Some((**started).clone()),
            Event::TestFinished(outcome) => self.add_test(outcome),
            Event::RunFinished(finished) => self.finished = Some(finished.clone()),
        }
        self.conclusion = self.conclude();
        if self.finished.is_some() {
            self.end();
        }
    }

    /// No more events come.
    fn end(&mut self) {
        let whole = self.finished.is_some() && self.missing() == 0;
        if !whole && self.conclusion != Conclusion::HarnessError {
            self.conclusion = Conclusion::Interrupted;
        }
        self.profiles = profiles::claims(self);
    }

    /// Whether the run came to its own end, with all its tests.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.finished.as_ref().is_some_and(|finished| finished.stopped.is_none()) && self.missing() == 0
    }

    /// How many tests have begun, or should have, and have left no outcome.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.tests.saturating_sub(self.tests.total() - self.found))
    }

    /// How many tests there should be: those that the run began with, and what generated sequences found.
    #[must_use]
    pub fn due(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.tests) + self.found
    }

    /// Says how many of the tests generated sequences found, if they found any.
    #[must_use]
    pub fn found_words(&self) -> Option<String> {
        match self.found {
            0 => None,
            1 => Some("1 of them found by generated sequences".to_owned()),
            many => Some(format!("{many} of them found by generated sequences")),
        }
    }

    fn add_test(&mut self, outcome: &TestOutcome) {
        self.tests.add(outcome.verdict);
        self.found += usize::from(outcome.is_found());
        if outcome.listed.as_ref().is_some_and(|listed| listed.standing == ListedStanding::AsListed) {
            self.listed.add(outcome.verdict);
        }
        self.subjects.entry(outcome.subject.clone()).or_default().add(outcome.verdict);
        for finding in &outcome.findings {
            self.rules.entry(finding.rule.clone()).or_default().add(finding.verdict);
        }
        let result = TestResult {
            verdict: outcome.verdict,
            reason: outcome.reason.clone(),
            unsupported: outcome.unsupported.clone(),
            listed: outcome.listed.clone(),
            rules: outcome.rules.clone(),
            findings: outcome.findings.clone(),
            left_behind: outcome.left_behind.clone(),
        };
        self.results.insert(outcome.test.clone(), result);
    }

    /// Why the run ended before its tests did, if it did.
    #[must_use]
    pub fn stopped(&self) -> Option<StopReason> {
        self.finished.as_ref().and_then(|finished| finished.stopped)
    }

    fn conclude(&self) -> Conclusion {
        let unlisted = |verdict: &Verdict| self.tests.of(*verdict) > self.listed.of(*verdict);
        let any = |verdicts: &[Verdict]| verdicts.iter().any(unlisted);
        let found = |verdict: Verdict| self.rules.values().any(|counts| counts.of(verdict) > 0);
        if any(&[Verdict::HarnessError]) {
            Conclusion::HarnessError
        } else if self.stopped() == Some(StopReason::Interrupted) {
            Conclusion::Interrupted
        } else if any(&[Verdict::Deviation, Verdict::UnexpectedPass, Verdict::Unsupported])
            || found(Verdict::UnexpectedPass)
        {
            Conclusion::NotConformant
        } else if any(&[Verdict::Blocked, Verdict::Vacuous, Verdict::Inconclusive])
            || !any(&[Verdict::Pass, Verdict::KnownDeviation])
        {
            Conclusion::Undecided
        } else if any(&[Verdict::KnownDeviation]) || !self.listed.is_empty() {
            Conclusion::AsListed
        } else {
            Conclusion::Conformant
        }
    }

    /// The conclusion in words.
    #[must_use]
    pub fn conclusion_words(&self) -> &'static str {
        match self.conclusion {
            Conclusion::Conformant if self.tests.of(Verdict::NotRun) > 0 => "conformant in all that could be tested",
            Conclusion::Conformant => "conformant",
            Conclusion::AsListed => "not conformant, but only as listed",
            Conclusion::NotConformant => "not conformant",
            Conclusion::Undecided => "undecided",
            Conclusion::HarnessError => "harness error",
            Conclusion::Interrupted => "interrupted",
        }
    }

    /// The conclusion in words, with the counts: the last line of a run.
    #[must_use]
    pub fn verdict_line(&self) -> String {
        let words = self.conclusion_words();
        let listed = |verdict, count| match self.listed.of(verdict) {
            0 => String::new(),
            all if all == count => " (listed)".to_owned(),
            some => format!(" ({some} listed)"),
        };
        let counts = self.tests.iter().map(|(verdict, count)| format!("{count} {verdict}{}", listed(verdict, count)));
        let counts: Vec<String> = counts.collect();
        let counts = if counts.is_empty() { "no tests".to_owned() } else { counts.join(", ") };
        let found = self.found_words().map(|words| format!(" ({words})")).unwrap_or_default();
        format!("{words}: {counts}{found}")
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    /// A summary of one test for each verdict, and of how the run ended.
    fn summary(verdicts: &[Verdict], stopped: Option<StopReason>) -> Summary {
        let mut summary = Summary::default();
        for (index, verdict) in verdicts.iter().enumerate() {
            let (observed, expected) = ("seen".to_owned(), None);
            let (differences, notes) = (Vec::new(), Vec::new());
            let rule = crate::rules::catalogue().iter().next().expect("a rule").id.clone();
            let listed = None;
            let finding = Finding { rule, verdict: *verdict, line: 1, expected, observed, differences, notes, listed };
            let outcome = TestOutcome {
                test: format!("subject/test{index}"),
                scenario: "subject/test".into(),
                subject: "subject".into(),
                title: String::new(),
                why: String::new(),
                file: String::new(),
                text: None,
                verdict: *verdict,
                reason: None,
                unsupported: Vec::new(),
                listed: None,
                rules: Vec::new(),
                findings: vec![finding],
                exchanges: Vec::new(),
                left_behind: Vec::new(),
                generated: None,
                elapsed_ms: 0.0,
            };
            summary.add(&Event::TestFinished(Box::new(outcome)));
        }
        summary.add(&Event::RunFinished(RunFinished { at: Timestamp::UNIX_EPOCH, stopped }));
        summary
    }

    #[test]
    fn the_worst_that_is_known_is_the_conclusion() {
        use Verdict::{Blocked, Deviation, HarnessError, Inconclusive, NotRun, Observed, Pass, Unsupported, Vacuous};
        let cases: [(&[Verdict], &str); 13] = [
            (&[], "undecided: no tests"),
            (&[Pass, Pass, Observed], "conformant: 2 pass, 1 observed"),
            (&[Pass, NotRun], "conformant in all that could be tested: 1 not run, 1 pass"),
            (&[NotRun], "undecided: 1 not run"),
            (&[Observed], "undecided: 1 observed"),
            (&[Pass, Blocked], "undecided: 1 pass, 1 blocked"),
            (&[Pass, Vacuous], "undecided: 1 pass, 1 vacuous"),
            (&[Pass, Inconclusive], "undecided: 1 pass, 1 inconclusive"),
            (&[Pass, Deviation], "not conformant: 1 pass, 1 deviation"),
            (&[Pass, Unsupported], "not conformant: 1 pass, 1 unsupported"),
            (&[Deviation, Inconclusive], "not conformant: 1 inconclusive, 1 deviation"),
            (&[Pass, HarnessError], "harness error: 1 pass, 1 harness error"),
            (&[Deviation, HarnessError], "harness error: 1 deviation, 1 harness error"),
        ];
        for (verdicts, line) in cases {
            assert_eq!(summary(verdicts, None).verdict_line(), line, "{verdicts:?}");
        }
    }

    #[test]
    fn an_interrupted_run_concludes_nothing_of_the_target() {
        let line = |verdicts: &[Verdict], stopped| summary(verdicts, Some(stopped)).verdict_line();
        assert_eq!(line(&[Verdict::Pass], StopReason::Interrupted), "interrupted: 1 pass");
        assert_eq!(line(&[Verdict::Deviation], StopReason::Interrupted), "interrupted: 1 deviation");
        assert_eq!(line(&[Verdict::HarnessError], StopReason::Interrupted), "harness error: 1 harness error");
        assert_eq!(line(&[Verdict::Deviation], StopReason::TargetGone), "not conformant: 1 deviation");
    }

    #[test]
    fn verdicts_are_counted_by_test_subject_and_rule() {
        let summary = summary(&[Verdict::Pass, Verdict::Deviation, Verdict::Pass], None);
        let counted = |counts: &Counts| (counts.of(Verdict::Pass), counts.of(Verdict::Deviation));
        assert_eq!(counted(&summary.tests), (2, 1));
        assert_eq!(summary.subjects.values().map(counted).collect::<Vec<_>>(), [(2, 1)]);
        assert_eq!(summary.rules.values().map(counted).collect::<Vec<_>>(), [(2, 1)]);
        assert_eq!(summary.tests.of(Verdict::Blocked), 0);
        assert_eq!(summary.results["subject/test1"].verdict, Verdict::Deviation);
    }
}
