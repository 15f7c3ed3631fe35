//! Which scenarios and tests there are, for a list of known deviations to name.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::RunLog;
use crate::scenario::Library;
use crate::sequence::REGRESSIONS;

/// The scenarios with their tests, and the rules that each checks.
#[derive(Debug, Clone, Default)]
pub struct Names {
    scenarios: BTreeMap<String, Scenario>,
}

#[derive(Debug, Clone, Default)]
struct Scenario {
    tests: BTreeSet<String>,
    /// Where that is not known, any rule will do.
    rules: Option<BTreeSet<String>>,
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
            scenario.rules.get_or_insert_default().extend(test.rules().into_iter().map(ToString::to_string));
        }
        self
    }

    /// With those of a run, whose scenarios need not be at hand any more.
    #[must_use]
    pub fn and_of_run(mut self, log: &RunLog) -> Self {
        for outcome in &log.outcomes {
            let scenario = self.scenarios.entry(outcome.scenario.clone()).or_default();
            scenario.tests.insert(outcome.test.clone());
            let found = outcome.findings.iter().map(|finding| finding.rule.to_string());
            if let Some(rules) = &mut scenario.rules {
                rules.extend(found);
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
        rules.is_none_or(|rules| rules.contains(rule))
    }

    pub(super) fn rules(&self, scenario: &str) -> impl Iterator<Item = &str> {
        let rules = self.scenarios.get(scenario).and_then(|scenario| scenario.rules.as_ref());
        rules.into_iter().flatten().map(String::as_str)
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
