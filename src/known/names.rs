//! Which scenarios and tests there are, for a list of known deviations to name.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::RunLog;
use crate::rules::RuleId;
use crate::scenario::Library;
use crate::sequence::{REGRESSIONS, found_operation};

/// The scenarios with their tests, and the rules that each checks.
#[derive(Debug, Clone, Default)]
pub struct Names {
    scenarios: BTreeMap<String, Scenario>,
}

#[derive(Debug, Clone, Default)]
struct Scenario {
    tests: BTreeSet<String>,
    /// With the operations that show each. Where that is not known, any rule will do.
    rules: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl Names {
    /// Those of a library.
    #[must_use]
    pub fn of_library(library: &Library) -> Self {
        Self::default().and_of_library(library)
    }

    /// With those of another library.
    #[must_use]
    pub fn and_of_library(mut self, library: &Library) -> Self {
        for test in &library.tests {
            let scenario = self.scenarios.entry(test.scenario.name.clone()).or_default();
            scenario.tests.insert(test.name.clone());
            let rules = scenario.rules.get_or_insert_default();
            for call in test.calls() {
                for rule in call.rules() {
                    rules.entry(rule.to_string()).or_default().insert(call.operation.to_string());
                }
            }
        }
        self
    }

    /// With those of a run, whose scenarios need not be at hand any more.
    #[must_use]
    pub fn and_of_run(mut self, log: &RunLog) -> Self {
        for outcome in &log.outcomes {
            let scenario = self.scenarios.entry(outcome.scenario.clone()).or_default();
            scenario.tests.insert(outcome.test.clone());
            let Some(rules) = &mut scenario.rules else { continue };
            for finding in &outcome.findings {
                let operations = rules.entry(finding.rule.to_string()).or_default();
                operations.extend(outcome.operations_of(finding).map(str::to_owned));
            }
        }
        self
    }

    pub(super) fn scenarios(&self) -> impl Iterator<Item = &str> {
        self.scenarios.keys().map(String::as_str)
    }

    /// Scenarios of what generated sequences find are there once they have found it.
    pub(super) fn has_scenario(&self, scenario: &str) -> bool {
        let found = scenario.strip_prefix(REGRESSIONS).is_some_and(|name| name.starts_with('/'));
        found || self.scenarios.contains_key(scenario)
    }

    pub(super) fn tests(&self, scenario: &str) -> impl Iterator<Item = &str> {
        self.scenarios.get(scenario).into_iter().flat_map(|scenario| &scenario.tests).map(String::as_str)
    }

    /// Whether the scenario checks the rule, as far as that is known.
    pub(super) fn checks(&self, scenario: &str, rule: &str) -> bool {
        let rules = self.scenarios.get(scenario).and_then(|scenario| scenario.rules.as_ref());
        rules.is_none_or(|rules| rules.contains_key(rule))
    }

    pub(super) fn rules(&self, scenario: &str) -> impl Iterator<Item = &str> {
        let rules = self.scenarios.get(scenario).and_then(|scenario| scenario.rules.as_ref());
        rules.into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// The operations by which the scenario shows how the rule stands. What generated sequences found has the operation in
    /// its name.
    pub(super) fn operations(&self, scenario: &str, rule: &RuleId) -> BTreeSet<String> {
        let rules = self.scenarios.get(scenario).and_then(|scenario| scenario.rules.as_ref());
        let known = rules.and_then(|rules| rules.get(rule.as_str())).cloned().unwrap_or_default();
        known.into_iter().chain(found_operation(scenario, rule)).collect()
    }
}

/// The case of a test: what stands between the brackets of its name.
pub(super) fn case<'t>(test: &'t str, scenario: &str) -> Option<&'t str> {
    test.strip_prefix(scenario)?.strip_prefix('[')?.strip_suffix(']')
}

/// The scenario of a test.
pub(super) fn scenario(test: &str) -> &str {
    test.split('[').next().unwrap_or(test)
}

/// The name of what generated sequences found, without the number that tells it from others of the same name.
pub(super) fn unnumbered(scenario: &str) -> &str {
    let (name, number) = scenario.rsplit_once('_').unwrap_or((scenario, ""));
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if numbered { name } else { scenario }
}
