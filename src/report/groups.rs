//! What a run found, like things together: the same grouping for every report that people read.
//!
//! ```
//! # use kms_conformance::report::{Groups, RunLog};
//! # use kms_conformance::runner::repeat_command;
//! # fn show(log: &RunLog) {
//! let groups = Groups::of(log);
//! for group in groups.deviations() {
//!     println!("{} in {} cases", group.first.finding.rule, 1 + group.others.len());
//!     println!("  {}", repeat_command(Some(&log.started), &group.first.outcome));
//! }
//! # }
//! ```

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::normalise::Normaliser;
use super::run_log::RunLog;
use crate::judge::{Difference, Evidence, Finding, Listed, ListedStanding, Verdict};
use crate::rules::RuleId;
use crate::runner::{RunStarted, TestOutcome};

/// The findings of a run in groups. All groups are in an order that does not depend on that of the events.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    deviations: BTreeMap<Kind, DeviationGroup>,
    observations: BTreeMap<RuleId, BTreeMap<String, Tests>>,
    unsupported: BTreeMap<String, Tests>,
    /// By the reason in general; beside the tests, the reason of the last of them as it is.
    undecided: BTreeMap<(Verdict, String), (Tests, String)>,
    left_behind: BTreeMap<String, Vec<String>>,
    sequences: BTreeMap<String, TestOutcome>,
    listed: BTreeMap<(ListedStanding, usize, String), Tests>,
}

/// What deviations have in common that are told once: scenario, rule and what was seen. The cases of a scenario's matrix
/// mostly deviate in one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// The scenario's path without the ending.
    pub(super) scenario: String,
    /// The rule.
    pub(super) rule: RuleId,
    /// What was seen: the outcome without its text, and the members that differ.
    pub(super) seen: String,
}

impl Kind {
    /// The kind of a deviation that a test found.
    pub(super) fn of(outcome: &TestOutcome, finding: &Finding) -> Self {
        let seen = finding.observed.split(':').next().unwrap_or_default();
        let paths: Vec<&str> = finding.differences.iter().map(|difference| difference.path.as_str()).collect();
        let seen = format!("{seen} {}", paths.join(" "));
        Self { scenario: outcome.scenario.clone(), rule: finding.rule.clone(), seen }
    }
}

/// Deviations of one kind: of one scenario, from one rule, with the same thing seen.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviationGroup {
    /// The case that comes first by name, with all its exchanges.
    pub first: Case,
    /// The other cases, by name, without their exchanges.
    pub others: Vec<Case>,
}

/// A finding with the test that it was made in.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What was found.
    pub finding: Finding,
    /// The test.
    pub outcome: TestOutcome,
}

/// What several tests have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tests {
    /// Their names.
    pub names: BTreeSet<String>,
    /// How often it was found; a test may find it more than once.
    pub count: usize,
}

impl Groups {
    /// What a run found.
    #[must_use]
    pub fn of(log: &RunLog) -> Self {
        let mut groups = Self::default();
        log.outcomes.iter().for_each(|outcome| groups.add(outcome));
        groups
    }

    /// Takes in the next test.
    pub fn add(&mut self, outcome: &TestOutcome) {
        for finding in &outcome.findings {
            match finding.verdict {
                Verdict::Deviation => self.add_deviation(finding, outcome),
                Verdict::Observed => {
                    let seen = self.observations.entry(finding.rule.clone()).or_default();
                    seen.entry(general(&finding.observed)).or_default().add(&outcome.test);
                }
                Verdict::NotRun
                | Verdict::Pass
                | Verdict::KnownDeviation
                | Verdict::UnexpectedPass
                | Verdict::Unsupported
                | Verdict::Blocked
                | Verdict::Vacuous
                | Verdict::Inconclusive
                | Verdict::HarnessError => {}
            }
        }
        let listed = outcome.findings.iter().filter_map(|finding| finding.listed.as_ref()).chain(&outcome.listed);
        for Listed { standing, line, says, .. } in listed {
            self.listed.entry((*standing, *line, says.clone())).or_default().add(&outcome.test);
        }
        let deviates = matches!(outcome.verdict, Verdict::Deviation | Verdict::KnownDeviation);
        if outcome.is_property() && deviates {
            self.sequences.insert(outcome.test.clone(), outcome.clone());
        }
        for operation in &outcome.unsupported {
            self.unsupported.entry(operation.clone()).or_default().add(&outcome.test);
        }
        if let Some(reason) = outcome.reason.as_ref().filter(|_| is_undecided(outcome)) {
            let group = self.undecided.entry((outcome.verdict, general(reason))).or_default();
            group.0.add(&outcome.test);
            group.1 = Normaliser::default().apply(reason);
        }
        if !outcome.left_behind.is_empty() {
            self.left_behind.insert(outcome.test.clone(), outcome.left_behind.clone());
        }
    }

    fn add_deviation(&mut self, finding: &Finding, outcome: &TestOutcome) {
        let case = Case { finding: finding.clone(), outcome: outcome.clone() };
        match self.deviations.entry(Kind::of(outcome, finding)) {
            Entry::Vacant(none) => {
                none.insert(DeviationGroup { first: case, others: Vec::new() });
            }
            Entry::Occupied(mut group) => group.get_mut().add(case),
        }
    }

    /// The deviations, by scenario, rule and what was seen.
    pub fn deviations(&self) -> impl ExactSizeIterator<Item = &DeviationGroup> {
        self.deviations.values()
    }

    /// What the target does where rules are open: rule by rule, each thing seen and the tests that saw it.
    pub fn observations(&self) -> impl ExactSizeIterator<Item = (&RuleId, &BTreeMap<String, Tests>)> {
        self.observations.iter()
    }

    /// The operations that the target does not know, with the tests that need them.
    pub fn unsupported(&self) -> impl ExactSizeIterator<Item = (&str, &Tests)> {
        self.unsupported.iter().map(|(operation, tests)| (operation.as_str(), tests))
    }

    /// Tests that came to no verdict on the target, by verdict and reason.
    pub fn undecided(&self) -> impl ExactSizeIterator<Item = (Verdict, &str, &Tests)> {
        self.undecided.iter().map(|((verdict, general), (tests, own))| {
            let reason = if tests.names.len() == 1 { own } else { general };
            (*verdict, reason.as_str(), tests)
        })
    }

    /// What the list of known deviations says, with the tests that were held against it.
    pub fn listed(&self) -> impl ExactSizeIterator<Item = (ListedStanding, &str, &Tests)> {
        self.listed.iter().map(|((standing, _, says), tests)| (*standing, says.as_str(), tests))
    }

    /// The properties that generated sequences found not to hold, by name. What they found is among the deviations, save
    /// for rules that tests found deviating.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &TestOutcome> {
        self.sequences.values()
    }

    /// Keys that could not be cleaned up, by the test that made them.
    pub fn left_behind(&self) -> impl ExactSizeIterator<Item = (&str, &[String])> {
        self.left_behind.iter().map(|(test, keys)| (test.as_str(), keys.as_slice()))
    }
}

impl DeviationGroup {
    /// Only the first case is shown whole; of the others, of which there may be very many, the exchanges are dropped.
    fn add(&mut self, mut case: Case) {
        if case.outcome.test < self.first.outcome.test {
            std::mem::swap(&mut case, &mut self.first);
        }
        case.outcome.exchanges.clear();
        let place = self.others.partition_point(|other| other.outcome.test <= case.outcome.test);
        self.others.insert(place, case);
    }

    /// The names of the other tests that show the same, each once.
    #[must_use]
    pub fn other_tests(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.others.iter().map(|case| case.outcome.test.as_str()).collect();
        names.retain(|name| *name != self.first.outcome.test);
        names.dedup();
        names
    }
}

impl Case {
    /// What was expected beside what was observed. Of a refusal, or of a call that went the wrong way, the whole outcome;
    /// else the members that differ.
    #[must_use]
    pub fn contrasts(&self) -> Vec<Contrast> {
        let finding = &self.finding;
        let mut contrasts = Vec::new();
        if finding.differences.is_empty() || finding.observed != "success" {
            let expected = finding.expected.clone().unwrap_or_default();
            contrasts.push(Contrast { expected, observed: finding.observed.clone() });
        }
        // Of another exception, and of its status, the outcome has said it.
        let said =
            |path: &str| finding.differences.iter().any(|d| d.path == "the exception") && path.starts_with("the ");
        let told = finding.differences.iter().filter(|difference| !said(&difference.path));
        contrasts.extend(told.map(|Difference { path, expected, found }| Contrast {
            expected: format!("{path} {expected}"),
            observed: format!("{path} {found}"),
        }));
        contrasts
    }

    /// The calls that set the scene, and the judged one, which is the last.
    pub fn steps(&self) -> impl Iterator<Item = &Evidence> {
        self.outcome.exchanges.iter().take_while(|evidence| evidence.line <= self.finding.line)
    }

    /// The judged call.
    #[must_use]
    pub fn exchange(&self) -> Option<&Evidence> {
        self.outcome.exchanges.iter().find(|evidence| evidence.line == self.finding.line)
    }
}

/// What was expected, and what was observed instead; in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contrast {
    /// What must be seen.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

impl Tests {
    fn add(&mut self, test: &str) {
        self.names.insert(test.to_owned());
        self.count += 1;
    }
}

/// Whether the test says nothing of the target, for a reason that is told by itself.
fn is_undecided(outcome: &TestOutcome) -> bool {
    if outcome.listed.as_ref().is_some_and(|listed| listed.standing == ListedStanding::AsListed) {
        return false;
    }
    match outcome.verdict {
        Verdict::NotRun
        | Verdict::Pass
        | Verdict::Blocked
        | Verdict::Vacuous
        | Verdict::Inconclusive
        | Verdict::HarnessError => true,
        Verdict::Deviation
        | Verdict::KnownDeviation
        | Verdict::UnexpectedPass
        | Verdict::Observed
        | Verdict::Unsupported => false,
    }
}

/// Text without what differs from run to run, and from scenario to scenario, so that like things are counted together.
pub(crate) fn general(text: &str) -> String {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r", blob \d+| \(line \d+\)| \(it is \d+\)")
            .unwrap_or_else(|_| unreachable!("every test compiles it"))
    });
    static WAIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^needs \S+ to pass; (.*), and --max-wait is (\S+)$")
            .unwrap_or_else(|_| unreachable!("every test compiles it"))
    });
    let text = PLACE.replace_all(&Normaliser::default().apply(text), "").into_owned();
    WAIT.replace(&text, "needs more time to pass than --max-wait, which is $2; $1").into_owned()
}

/// Why an operation counts as not offered.
pub(super) fn unsupported(run: Option<&RunStarted>, operation: &str) -> &'static str {
    let says = |operations: &[String]| operations.iter().any(|name| name == operation);
    match run.and_then(|run| run.declared.as_ref()) {
        Some(declared) if says(&declared.lacks) => "its description says that it is not offered",
        Some(declared) if says(&declared.offers) => {
            "the target does not know it, although its description says that it is offered"
        }
        Some(_) | None => "the target does not know it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_numbers_only_are_one() {
        let wait =
            |needs: &str| format!("needs {needs} to pass; the target's clock cannot be turned, and --max-wait is 30s");
        let expected = "needs more time to pass than --max-wait, which is 30s; the target's clock cannot be turned";
        assert_eq!((general(&wait("2m")).as_str(), general(&wait("364d1h")).as_str()), (expected, expected));
        let length =
            |is: usize| format!("ListKeys (line 9) shows Keys [] where a length of 1 (it is {is}) sets the scene");
        assert_eq!(general(&length(0)), general(&length(259)));
    }
}
