//! Which outcomes AWS allows, put together from all that speaks against a call.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::kms::ErrorCode;
use crate::states::{self, Cell, Fate, Outcome, Way};

/// The id of a rule of the catalogue.
pub(super) type RuleName = &'static str;

/// What AWS allows a call to come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// It must succeed.
    Success {
        /// The rule that says so.
        rule: &'static str,
    },
    /// It must be refused.
    Refusal {
        /// The rule that says so.
        rule: &'static str,
        /// With one of these exceptions; with any, if there are none.
        codes: Vec<ErrorCode>,
    },
    /// The rule is open: whatever it comes to is taken in.
    Open {
        /// The open rule.
        rule: &'static str,
    },
    /// No rule is about it.
    Unstated,
}

/// One thing that speaks against a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// By this rule the call is refused, with one of these exceptions; with any, if there are none.
    Certain(&'static str, Vec<ErrorCode>),
    /// By this open rule it may be refused or not.
    Open(&'static str),
    /// No source says whether it is refused.
    Unstated,
}

impl Objection {
    pub(super) fn refused(rule: RuleName, codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        Self::Certain(rule, codes.into_iter().collect())
    }
}

/// What all the objections together allow. One certain objection is enough for a refusal; which of several faults a
/// target names first is not stated, so that the exception of any of them will do, and any exception at all where one
/// of them might be refused with one that is not known.
pub(super) fn weigh(success: RuleName, objections: &[Objection]) -> Allowed {
    let mut certain = objections.iter().filter_map(|objection| match objection {
        Objection::Certain(rule, codes) => Some((*rule, codes)),
        Objection::Open(_) | Objection::Unstated => None,
    });
    let doubtful = objections.iter().any(|objection| !matches!(objection, Objection::Certain(..)));
    if let Some((rule, first)) = certain.next() {
        let mut codes = first.clone();
        let mut any = doubtful || first.is_empty();
        for (_, more) in certain {
            any |= more.is_empty();
            codes.extend(more.iter().cloned());
        }
        codes.sort();
        codes.dedup();
        return Allowed::Refusal { rule, codes: if any { Vec::new() } else { codes } };
    }
    if objections.contains(&Objection::Unstated) {
        return Allowed::Unstated;
    }
    match objections.iter().find_map(|objection| match objection {
        Objection::Open(rule) => Some(*rule),
        _ => None,
    }) {
        Some(rule) => Allowed::Open { rule },
        None => Allowed::Success { rule: success },
    }
}

/// What the key-state table says of a call of `calls.yaml`; nothing where there is no such call.
pub(super) fn fate(call: &str, way: Way) -> Option<&'static Fate> {
    static FATES: LazyLock<HashMap<(&'static str, Way), &'static Fate>> = LazyLock::new(|| {
        let fates = states::entries().filter_map(|entry| match entry.cell {
            Cell::Call(fate) => Some(((entry.call, entry.way), fate)),
            Cell::Impossible { .. } => None,
        });
        fates.collect()
    });
    FATES.get(&(call, way)).copied()
}

/// The table's word on a call: the rule by which it succeeds, or what speaks against it.
pub(super) fn by_state(call: &str, way: Way) -> Result<RuleName, Objection> {
    let Some(fate) = fate(call, way) else { return Err(Objection::Unstated) };
    match &fate.outcome {
        Outcome::Success => Ok(fate.rule.as_str()),
        Outcome::Refusal(codes) => Err(Objection::Certain(fate.rule.as_str(), codes.clone())),
        Outcome::Open => Err(Objection::Open(fate.rule.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "A";
    const B: &str = "B";

    #[test]
    fn without_objections_a_call_succeeds() {
        assert_eq!(weigh(A, &[]), Allowed::Success { rule: A });
    }

    #[test]
    fn of_several_faults_any_may_be_named() {
        let token = Objection::refused(A, [ErrorCode::INVALID_IMPORT_TOKEN]);
        let state = Objection::refused(B, [ErrorCode::KMS_INVALID_STATE]);
        let codes = vec![ErrorCode::INVALID_IMPORT_TOKEN, ErrorCode::KMS_INVALID_STATE];
        assert_eq!(weigh("", &[token.clone(), state]), Allowed::Refusal { rule: A, codes });
        let unnamed = Objection::refused(B, []);
        assert_eq!(weigh("", &[token, unnamed]), Allowed::Refusal { rule: A, codes: vec![] });
    }

    #[test]
    fn an_exception_is_open_if_that_of_one_fault_is() {
        let named = |code| Objection::refused(A, [code]);
        let (token, state) = (named(ErrorCode::INVALID_IMPORT_TOKEN), named(ErrorCode::KMS_INVALID_STATE));
        let unnamed = Objection::refused(B, []);
        for order in [
            [unnamed.clone(), token.clone(), state.clone()],
            [token.clone(), unnamed.clone(), state.clone()],
            [token, state, unnamed],
        ] {
            assert!(matches!(weigh("", &order), Allowed::Refusal { codes, .. } if codes.is_empty()), "{order:?}");
        }
    }

    #[test]
    fn a_doubt_beside_a_fault_leaves_the_refusal_and_opens_the_exception() {
        let token = Objection::refused(A, [ErrorCode::INVALID_IMPORT_TOKEN]);
        for doubt in [Objection::Open(B), Objection::Unstated] {
            assert_eq!(weigh("", &[doubt, token.clone()]), Allowed::Refusal { rule: A, codes: vec![] });
        }
    }

    #[test]
    fn doubts_alone_decide_nothing() {
        assert_eq!(weigh(A, &[Objection::Open(B)]), Allowed::Open { rule: B });
        assert_eq!(weigh(A, &[Objection::Open(B), Objection::Unstated]), Allowed::Unstated);
    }

    #[test]
    fn the_table_tells_success_refusal_and_what_is_open() {
        assert_eq!(by_state("encrypt", Way::Enabled), Ok("KST-ENABLED"));
        assert_eq!(by_state("encrypt", Way::Disabled), Err(Objection::refused("DIS-CRYPTO", [ErrorCode::DISABLED])));
        assert_eq!(by_state("import_the_material", Way::Disabled), Err(Objection::Open("IMP-STATE-DISABLED")));
        assert_eq!(by_state("decrypt", Way::NeverImported), Err(Objection::Unstated));
        assert_eq!(by_state("no_such_call", Way::Enabled), Err(Objection::Unstated));
    }
}
