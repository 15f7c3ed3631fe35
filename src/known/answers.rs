//! Wrong answers by rule and operation, to tell one that is new from one that is known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{KnownDeviations, Matter, answer};
use crate::judge::Verdict;
use crate::rules::RuleId;
use crate::runner::{SequenceDeviation, TestOutcome};

/// What is between the parts of an answer: success or the exception, and then each member that differs.
const PARTS: &str = "; ";

/// Wrong answers that tests have shown, or that a list names. A rule may be about many operations, and a target may answer
/// each of them in several wrong ways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<(RuleId, String), BTreeSet<String>>);

impl Answers {
    /// Adds what a test found.
    pub fn add_test(&mut self, outcome: &TestOutcome) {
        for finding in outcome.findings.iter().filter(|finding| finding.verdict == Verdict::Deviation) {
            for operation in outcome.operations_of(finding) {
                self.add_one(&finding.rule, operation, answer(finding));
            }
        }
    }

    /// Adds what a list names, as far as it holds on this day.
    pub(super) fn add_list(&mut self, known: &KnownDeviations, on: Date) {
        for entry in known.entries.iter().filter(|entry| entry.until.is_none_or(|until| on <= until)) {
            let Matter::Deviation { rule, operations, answers, .. } = &entry.matter else { continue };
            for (operation, answer) in operations.iter().flat_map(|name| answers.iter().map(move |one| (name, one))) {
                self.add_one(rule, operation, answer.clone());
            }
        }
    }

    /// Adds others.
    pub fn add(&mut self, others: Self) {
        for (key, answers) in others.0 {
            self.0.entry(key).or_default().extend(answers);
        }
    }

    fn add_one(&mut self, rule: &RuleId, operation: &str, answer: String) {
        self.0.entry((rule.clone(), operation.to_owned())).or_default().insert(answer);
    }

    /// Whether any wrong answer to this rule is known.
    #[must_use]
    pub fn have_rule(&self, rule: &RuleId) -> bool {
        self.0.keys().any(|(other, _)| other == rule)
    }

    /// Whether this deviation is known: the rule's wrong answer of the operation, or all of its members that differ from
    /// what they should be, each of which may be known from another answer.
    #[must_use]
    pub fn have(&self, deviation: &SequenceDeviation) -> bool {
        let SequenceDeviation { rule, operation, judged, answer, .. } = deviation;
        [operation, judged].into_iter().any(|operation| {
            let answers = self.0.get(&(rule.clone(), operation.clone()));
            answers.is_some_and(|answers| answers.contains(answer) || made_of(answer, answers))
        })
    }
}

fn made_of(answer: &str, answers: &BTreeSet<String>) -> bool {
    let Some((outcome, members)) = answer.split_once(PARTS) else { return false };
    let known = answers.iter().filter_map(|other| other.split_once(PARTS)).filter(|(other, _)| *other == outcome);
    let known: BTreeSet<&str> = known.flat_map(|(_, members)| members.split(PARTS)).collect();
    members.split(PARTS).all(|member| known.contains(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(rule: &str, operation: &str, answer: &str) -> SequenceDeviation {
        SequenceDeviation {
            rule: rule.parse().expect("a rule"),
            operation: "ImportKeyMaterial".into(),
            judged: operation.into(),
            state: None,
            answer: answer.into(),
            told_by: None,
        }
    }

    #[test]
    fn another_answer_of_a_known_rule_is_new_and_so_is_another_operation() {
        let mut answers = Answers::default();
        let rule = "TOK-KEYBOUND".parse().expect("a rule");
        for answer in ["success", "success; A 1; B 2", "success; C 3", "NotFoundException; D 4"] {
            answers.add_one(&rule, "DescribeKey", answer.to_owned());
        }
        let have = |operation: &str, answer: &str| answers.have(&deviation("TOK-KEYBOUND", operation, answer));
        assert!(have("DescribeKey", "success") && have("DescribeKey", "success; A 1; B 2"));
        assert!(have("DescribeKey", "success; A 1; C 3"), "its members are known from two answers");
        assert!(!have("DescribeKey", "success; A 2"));
        assert!(!have("DescribeKey", "success; D 4"), "that goes with an exception");
        assert!(!have("DescribeKey", "NotFoundException"));
        assert!(!have("Decrypt", "success"));
        assert!(!answers.have(&deviation("TOK-EXPIRED", "DescribeKey", "success")));
    }
}
