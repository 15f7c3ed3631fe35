//! What a run found, like things together: the same grouping for every report that people read.
//!
//! ```
//! # use kms_conformance::report::{Groups, RunLog, repeat_command};
//! # fn show(log: &RunLog) {
//! let groups = Groups::of(log);
//! for group in groups.deviations() {
//!     println!("{} in {} cases", group.first.finding.rule, 1 + group.others.len());
//!     println!("  {}", repeat_command(Some(&log.started), &group.first.outcome.test));
//! }
//! # }
//! ```

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::normalise::Normaliser;
use super::run_log::RunLog;
use crate::judge::{Finding, Messages, Verdict};
use crate::rules::RuleId;
use crate::runner::{RunStarted, TestOutcome};

/// The findings of a run in groups. All groups are in an order that does not depend on that of the events.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    deviations: BTreeMap<(String, String, String), DeviationGroup>,
    observations: BTreeMap<RuleId, BTreeMap<String, Tests>>,
    unsupported: BTreeMap<String, Tests>,
    undecided: BTreeMap<(Verdict, String), Tests>,
    left_behind: BTreeMap<String, Vec<String>>,
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
                | Verdict::Unsupported
                | Verdict::Blocked
                | Verdict::Vacuous
                | Verdict::Inconclusive
                | Verdict::HarnessError => {}
            }
        }
        for operation in &outcome.unsupported {
            self.unsupported.entry(operation.clone()).or_default().add(&outcome.test);
        }
        if let Some(reason) = outcome.reason.as_ref().filter(|_| is_undecided(outcome.verdict)) {
            self.undecided.entry((outcome.verdict, general(reason))).or_default().add(&outcome.test);
        }
        if !outcome.left_behind.is_empty() {
            self.left_behind.insert(outcome.test.clone(), outcome.left_behind.clone());
        }
    }

    fn add_deviation(&mut self, finding: &Finding, outcome: &TestOutcome) {
        let kind = finding.observed.split(':').next().unwrap_or_default();
        let paths: Vec<&str> = finding.differences.iter().map(|d| d.path.as_str()).collect();
        let key = (outcome.scenario.clone(), finding.rule.to_string(), format!("{kind} {}", paths.join(" ")));
        let case = Case { finding: finding.clone(), outcome: outcome.clone() };
        match self.deviations.entry(key) {
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
        self.undecided.iter().map(|((verdict, reason), tests)| (*verdict, reason.as_str(), tests))
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

impl Tests {
    fn add(&mut self, test: &str) {
        self.names.insert(test.to_owned());
        self.count += 1;
    }
}

/// Whether the test says nothing of the target, for a reason that is told by itself.
fn is_undecided(verdict: Verdict) -> bool {
    match verdict {
        Verdict::NotRun
        | Verdict::Pass
        | Verdict::Blocked
        | Verdict::Vacuous
        | Verdict::Inconclusive
        | Verdict::HarnessError => true,
        Verdict::Deviation | Verdict::Observed | Verdict::Unsupported => false,
    }
}

/// The command that runs just this test again, for a POSIX shell.
#[must_use]
pub fn repeat_command(run: Option<&RunStarted>, test: &str) -> String {
    let mut words = vec!["kms-conformance".to_owned(), "run".to_owned()];
    let mut flag = |name: &str, value: &str| words.extend([name.to_owned(), shell_word(value)]);
    if let Some(run) = run {
        if let Some(declared) = &run.declared {
            flag("--target", &declared.file);
        }
        if let Some(url) = &run.url {
            flag("--endpoint", url);
        }
        if let Some(defect) = &run.defect {
            flag("--defect", defect);
        }
        if run.region != crate::target::DEFAULT_REGION {
            flag("--region", &run.region);
        }
        if let Some(scenarios) = &run.scenarios {
            flag("--scenarios", scenarios);
        }
        if run.messages == Messages::Judged {
            words.push("--strict-messages".to_owned());
        }
    }
    words.push("--exact".to_owned());
    words.push(quoted(test));
    words.join(" ")
}

/// A word that a shell takes as it stands, quoted only where it must be.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Text without what differs from run to run, so that like things are counted together.
fn general(text: &str) -> String {
    static BLOB: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r", blob \d+").unwrap_or_else(|_| unreachable!("every test compiles it")));
    BLOB.replace_all(&Normaliser::default().apply(text), "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_where_a_shell_needs_it() {
        assert_eq!(repeat_command(None, "a/b[c=d]"), "kms-conformance run --exact 'a/b[c=d]'");
        assert_eq!(shell_word("http://127.0.0.1:4566"), "http://127.0.0.1:4566");
        assert_eq!(shell_word("my scenarios"), "'my scenarios'");
        assert_eq!(shell_word("$(reboot)'s"), r"'$(reboot)'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
