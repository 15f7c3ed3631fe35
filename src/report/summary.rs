//! The fold from events to counts and a conclusion.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::judge::{Finding, Verdict};
use crate::rules::RuleId;
use crate::runner::{Event, RunFinished, RunStarted, StopReason, TestOutcome};

/// The version of `results.json`. It changes when a member changes in a way that an older reader would misread.
pub const RESULTS_VERSION: u32 = 1;

/// How many tests, or findings, came to each verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Verdict, usize>);

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        *self.0.entry(verdict).or_default() += 1;
    }

    /// How many came to this verdict.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> usize {
        self.0.get(&verdict).copied().unwrap_or_default()
    }

    /// The verdicts that occurred, in the order of severity.
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, usize)> {
        self.0.iter().map(|(verdict, count)| (*verdict, *count))
    }
}

/// What a run says of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Conclusion {
    /// Every rule that was judged holds, and some was.
    Conformant,
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
#[derive(Debug, Clone, Serialize)]
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
    /// Tests by verdict, for each subject.
    pub subjects: BTreeMap<String, Counts>,
    /// Findings by verdict, for each rule.
    pub rules: BTreeMap<RuleId, Counts>,
    /// Every test, by name.
    pub results: BTreeMap<String, TestResult>,
}

/// What remains of a test in the summary: all but its exchanges.
#[derive(Debug, Clone, Serialize)]
pub struct TestResult {
    /// The verdict on the test.
    pub verdict: Verdict,
    /// Why it was not run to its end, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The operations that the target does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
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
            subjects: BTreeMap::new(),
            rules: BTreeMap::new(),
            results: BTreeMap::new(),
        }
    }
}

impl Summary {
    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.run = Some(started.clone()),
            Event::TestFinished(outcome) => self.add_test(outcome),
            Event::RunFinished(finished) => self.finished = Some(finished.clone()),
        }
        self.conclusion = self.conclude();
    }

    fn add_test(&mut self, outcome: &TestOutcome) {
        self.tests.add(outcome.verdict);
        self.subjects.entry(outcome.subject.clone()).or_default().add(outcome.verdict);
        for finding in &outcome.findings {
            self.rules.entry(finding.rule.clone()).or_default().add(finding.verdict);
        }
        let result = TestResult {
            verdict: outcome.verdict,
            reason: outcome.reason.clone(),
            unsupported: outcome.unsupported.clone(),
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
        let any = |verdicts: &[Verdict]| verdicts.iter().any(|verdict| self.tests.of(*verdict) > 0);
        if any(&[Verdict::HarnessError]) {
            Conclusion::HarnessError
        } else if self.stopped() == Some(StopReason::Interrupted) {
            Conclusion::Interrupted
        } else if any(&[Verdict::Deviation, Verdict::Unsupported]) {
            Conclusion::NotConformant
        } else if any(&[Verdict::Blocked, Verdict::Vacuous, Verdict::Inconclusive]) || !any(&[Verdict::Pass]) {
            Conclusion::Undecided
        } else {
            Conclusion::Conformant
        }
    }

    /// The conclusion in words.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.conclusion {
            Conclusion::Conformant if self.tests.of(Verdict::NotRun) > 0 => "conformant in all that could be tested",
            Conclusion::Conformant => "conformant",
            Conclusion::NotConformant => "not conformant",
            Conclusion::Undecided => "undecided",
            Conclusion::HarnessError => "harness error",
            Conclusion::Interrupted => "interrupted",
        }
    }

    /// The conclusion in words, with the counts: the last line of a run.
    #[must_use]
    pub fn verdict_line(&self) -> String {
        let counts: Vec<String> = self.tests.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let counts = if counts.is_empty() { "no tests".to_owned() } else { counts.join(", ") };
        format!("{}: {counts}", self.words())
    }
}
