//! What deviates, and what tells deviations apart.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::judge::Finding;
use crate::kms::{KeyState, Operation};
use crate::model::Name;

/// What tells deviations apart: of each, one is shrunk and reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Signature {
    /// The rule.
    pub(crate) rule: String,
    /// The operation whose outcome, or whose effect, deviates.
    pub(crate) operation: Operation,
    /// The key's state before the call, where the rule is about that.
    pub(crate) state: Option<KeyState>,
    /// The outcome.
    pub(crate) what: String,
    /// The members that differ.
    pub(crate) members: BTreeSet<String>,
}

impl Signature {
    /// Whether another says the same, but of fewer members.
    pub(crate) fn says_more_than(&self, other: &Self) -> bool {
        let same = (&self.rule, self.operation, self.state, &self.what)
            == (&other.rule, other.operation, other.state, &other.what);
        same && !other.members.is_empty()
            && self.members.len() > other.members.len()
            && self.members.is_superset(&other.members)
    }
}

/// A deviation.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) signature: Signature,
    pub(crate) finding: Finding,
    /// Whether the key may now be another than AWS's would be: the call went the wrong way, or the key is in a state that
    /// it must not be in. What is only shown wrongly, or refused by the wrong exception, changes nothing.
    pub(crate) diverges: bool,
    /// Which of the written steps shows it.
    pub(crate) at: usize,
    /// The calls that were made at the same time, if that is what the deviation is about: which of the written steps
    /// each is, and its operation.
    pub(crate) together: Vec<(usize, Operation)>,
    /// What the step must come to, as a scenario has it.
    pub(crate) expectation: Map<String, Value>,
    /// The judged key, and its state as it was witnessed before the call.
    pub(crate) witness: Option<(Name, KeyState)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(members: &[&str]) -> Signature {
        Signature {
            rule: "DESC-NEW-PENDING".to_owned(),
            operation: Operation::DescribeKey,
            state: None,
            what: "success".to_owned(),
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        }
    }

    #[test]
    fn the_same_of_more_members_says_more() {
        let (one, both, other) = (signature(&["a"]), signature(&["a", "b"]), signature(&["b"]));
        assert!(both.says_more_than(&one) && both.says_more_than(&other));
        assert!(!one.says_more_than(&both) && !one.says_more_than(&one) && !one.says_more_than(&other));
        assert!(!one.says_more_than(&signature(&[])));
        let elsewhere = Signature { state: Some(KeyState::Enabled), ..one };
        assert!(!both.says_more_than(&elsewhere));
    }
}
