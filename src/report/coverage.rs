//! Which scenarios check which rules: computed from the scenarios themselves.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Serialize;

use crate::rules::{self, Rule, RuleId};
use crate::scenario::Test;

/// The rules with what checks each, in the order of the catalogue.
#[derive(Debug, Clone)]
pub struct Coverage {
    rows: IndexMap<RuleId, Row>,
}

/// What checks one rule.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// Scenarios that judge or observe the rule, by name.
    pub scenarios: BTreeSet<String>,
    /// How many of their tests do.
    pub tests: usize,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Scenarios judge it.
    Judged,
    /// It is open, and scenarios observe it.
    Observed,
    /// No scenario can check it, and the rule says why.
    Unchecked,
    /// It is open, and no scenario observes it.
    Unobserved,
    /// Scenarios should judge it, and none does.
    Missing,
}

impl Coverage {
    /// Works out what these tests check.
    #[must_use]
    pub fn of(tests: &[Test]) -> Self {
        let mut rows: IndexMap<RuleId, Row> =
            rules::catalogue().iter().map(|rule| (rule.id.clone(), Row::default())).collect();
        for test in tests {
            for rule in test.rules() {
                let row = rows.entry(rule.clone()).or_default();
                row.scenarios.insert(test.scenario.name.clone());
                row.tests += 1;
            }
        }
        Self { rows }
    }

    /// What checks a rule.
    #[must_use]
    pub fn row(&self, rule: &Rule) -> &Row {
        // Every rule of the catalogue was put in.
        &self.rows[&rule.id]
    }

    /// How a rule stands.
    #[must_use]
    pub fn standing(&self, rule: &Rule) -> Standing {
        match (self.row(rule).tests > 0, rule.is_judged(), rule.unchecked.is_some()) {
            (true, true, _) => Standing::Judged,
            (true, false, _) => Standing::Observed,
            (false, _, true) => Standing::Unchecked,
            (false, true, false) => Standing::Missing,
            (false, false, false) => Standing::Unobserved,
        }
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Judged => "judged",
            Self::Observed => "observed",
            Self::Unchecked => "unchecked",
            Self::Unobserved => "unobserved",
            Self::Missing => "MISSING",
        })
    }
}
