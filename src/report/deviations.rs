//! What reports say of deviations in the same words: which are of one kind, and how to repeat one.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;

use super::normalise::Normaliser;
use crate::judge::Finding;
use crate::rules::RuleId;
use crate::runner::{RunStarted, TestOutcome};

/// So many tests are named where only some of many are.
const TESTS_NAMED: usize = 6;

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

/// The command that runs just this test again.
pub(super) fn repeat(run: &RunStarted, test: &str) -> String {
    let mut command = "kms-conformance run".to_owned();
    let mut flag = |name: &str, value: &str| {
        let _ = write!(command, " {name} {}", quoted(value));
    };
    if let Some(url) = &run.url {
        flag("--endpoint", url);
    }
    if run.region != crate::target::DEFAULT_REGION {
        flag("--region", &run.region);
    }
    if let Some(dir) = &run.scenarios {
        flag("--scenarios", dir);
    }
    let _ = write!(command, " --exact '{}'", test.replace('\'', r"'\''"));
    command
}

/// Text as a POSIX shell takes it for one word, in quotes only where it needs them.
pub(super) fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Some names of tests, and how many more there are.
pub(super) fn names(tests: &[&str]) -> String {
    let mut text = tests.iter().take(TESTS_NAMED).copied().collect::<Vec<_>>().join(", ");
    if tests.len() > TESTS_NAMED {
        let _ = write!(text, " and {} more", tests.len() - TESTS_NAMED);
    }
    text
}

/// Text without what differs from run to run, so that like things are counted together.
pub(super) fn general(text: &str) -> String {
    static BLOB: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r", blob \d+").unwrap_or_else(|_| unreachable!("every test compiles it")));
    BLOB.replace_all(&Normaliser::default().apply(text), "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_the_shell_needs_it() {
        assert_eq!(quoted("http://127.0.0.1:4566"), "http://127.0.0.1:4566");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn many_tests_are_named_in_part() {
        assert_eq!(names(&["a", "b"]), "a, b");
        assert_eq!(names(&["a", "b", "c", "d", "e", "f", "g", "h"]), "a, b, c, d, e, f and 2 more");
    }
}
