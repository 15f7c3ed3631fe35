//! A cell of the table, as it is written: `DisabledException by DIS-CRYPTO`.

use std::str::FromStr;

use serde::Deserialize;

use crate::kms::{ErrorCode, KeyState};
use crate::rules::{ParseRuleIdError, RuleId};

/// What becomes of a call in a state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Cell {
    /// The call can be made.
    Call(Fate),
    /// There is no such call.
    Impossible {
        /// Why not.
        since: String,
    },
}

/// How a call ends, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// How it ends.
    pub outcome: Outcome,
    /// The rule that says so, or that is open about it.
    pub rule: RuleId,
    /// The states in which the rule has the key afterwards; none where the key stays as it is.
    pub then: Vec<KeyState>,
}

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeds.
    Success,
    /// It is refused with one of these exceptions; with any, where there are none.
    Refusal(Vec<ErrorCode>),
    /// Nobody says.
    Open,
}

/// Text that is not a cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCellError {
    /// No rule is named.
    #[error("`{0}` names no rule: write `ok by RULE`, or `n/a, since …`")]
    NoRule(String),
    /// What should be a rule's id is none.
    #[error(transparent)]
    NotARule(#[from] ParseRuleIdError),
    /// What should be an exception is none.
    #[error("`{0}` is neither `ok`, `refused` or `open` nor an exception of KMS")]
    NotAnOutcome(String),
    /// What should be a state is none.
    #[error("`{0}` is not a key state")]
    NotAState(String),
}

impl FromStr for Cell {
    type Err = ParseCellError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(since) = text.strip_prefix("n/a, since ").map(str::trim).filter(|since| !since.is_empty()) {
            return Ok(Self::Impossible { since: since.to_owned() });
        }
        let (outcome, rest) = text.split_once(" by ").ok_or_else(|| ParseCellError::NoRule(text.to_owned()))?;
        let (rule, then) = match rest.split_once(", then ") {
            Some((rule, then)) => (rule, then.split(" or ").map(state).collect::<Result<_, _>>()?),
            None => (rest, Vec::new()),
        };
        Ok(Self::Call(Fate { outcome: outcome.parse()?, rule: rule.trim().parse()?, then }))
    }
}

impl FromStr for Outcome {
    type Err = ParseCellError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ok" => Ok(Self::Success),
            "open" => Ok(Self::Open),
            "refused" => Ok(Self::Refusal(Vec::new())),
            exceptions => exceptions.split(" or ").map(exception).collect::<Result<_, _>>().map(Self::Refusal),
        }
    }
}

impl TryFrom<String> for Cell {
    type Error = ParseCellError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

fn exception(text: &str) -> Result<ErrorCode, ParseCellError> {
    let code = ErrorCode::from_wire(text);
    if code.is_known() { Ok(code) } else { Err(ParseCellError::NotAnOutcome(text.to_owned())) }
}

fn state(text: &str) -> Result<KeyState, ParseCellError> {
    text.parse().map_err(|_| ParseCellError::NotAState(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(text: &str) -> Fate {
        match text.parse() {
            Ok(Cell::Call(fate)) => fate,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_cell_tells_outcome_rule_and_state() {
        let refused = fate("DisabledException or KMSInvalidStateException by PEND-CRYPTO");
        assert_eq!(refused.outcome, Outcome::Refusal(vec![ErrorCode::DISABLED, ErrorCode::KMS_INVALID_STATE]));
        assert_eq!((refused.rule.as_str(), refused.then), ("PEND-CRYPTO", vec![]));
        let moved = fate("ok by MRK-UPDATE-PRIMARY, then Updating or Enabled");
        assert_eq!((moved.outcome, moved.then), (Outcome::Success, vec![KeyState::Updating, KeyState::Enabled]));
        assert_eq!(fate("open by ROT-STATUS").outcome, Outcome::Open);
        assert_eq!(fate("refused by ROT-AUTO").outcome, Outcome::Refusal(vec![]));
    }

    #[test]
    fn an_impossible_call_has_a_reason() {
        assert_eq!("n/a, since x".parse(), Ok(Cell::Impossible { since: "x".to_owned() }));
        for text in ["n/a", "n/a, since ", "n/a, since"] {
            assert_eq!(text.parse::<Cell>(), Err(ParseCellError::NoRule(text.to_owned())));
        }
    }

    #[test]
    fn slips_are_named() {
        let told = |text: &str| text.parse::<Cell>().unwrap_err().to_string();
        assert_eq!(told("ok"), "`ok` names no rule: write `ok by RULE`, or `n/a, since …`");
        assert!(told("fine by KST-READ").starts_with("`fine` is neither"));
        assert!(told("DisabledExeption by KST-READ").starts_with("`DisabledExeption` is neither"));
        assert!(told("ok by kst-read").starts_with("`kst-read` is not a rule id"));
        assert_eq!(told("ok by KST-READ, then Gone"), "`Gone` is not a key state");
    }
}
