//! What a way of looking for defects found in one of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::emulator::Reach;
use crate::judge::Verdict;
use crate::rules::RuleId;

/// A way of looking for defects: a column of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Means {
    /// The scenarios.
    Scenarios,
    /// Generated sequences of calls.
    Sequences,
}

impl Means {
    /// Every way of looking.
    pub const ALL: [Self; 2] = [Self::Scenarios, Self::Sequences];

    /// Whether it can find a defect of this reach.
    #[must_use]
    pub const fn reaches(self, reach: Reach) -> bool {
        match (reach, self) {
            (Reach::Both, _) | (Reach::Scenarios(_), Self::Scenarios) | (Reach::Sequences(_), Self::Sequences) => true,
            (Reach::Scenarios(_), Self::Sequences) | (Reach::Sequences(_), Self::Scenarios) => false,
        }
    }
}

/// What one way of looking found in an emulator with one defect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Catch {
    /// What deviated, by name.
    pub kills: Vec<Kill>,
    /// How many tests came to each verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// How many operations were made until then; of scenarios it is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<usize>,
}

/// A test, or a property, that deviated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kill {
    /// The test's name.
    pub name: String,
    /// The scenario that it is a case of; of a property, its name again.
    pub scenario: String,
    /// The rules that it found not to hold.
    pub rules: BTreeSet<RuleId>,
}

impl Catch {
    /// The rules that were found not to hold.
    #[must_use]
    pub fn rules(&self) -> BTreeSet<&RuleId> {
        self.kills.iter().flat_map(|kill| &kill.rules).collect()
    }

    /// Whether the harness itself failed, so that nothing is to be concluded.
    #[must_use]
    pub fn harness_failed(&self) -> bool {
        self.verdicts.contains_key(&Verdict::HarnessError)
    }
}
