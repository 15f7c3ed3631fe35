//! Steps: calls with what is expected of them, time, and names for values.

use jiff::SignedDuration;

use super::expr::Expr;
use super::matcher::Matcher;
use crate::kms::{ErrorCode, Operation};
use crate::rules::RuleId;

/// One step of a scenario.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands in its file, counted from 1.
    pub line: usize,
    /// What it does.
    pub action: Action,
}

impl Step {
    /// The call that the step makes, if it makes one.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match &self.action {
            Action::Call(call) => Some(call),
            Action::Advance(_) | Action::Set(_) => None,
        }
    }
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Calls the target.
    Call(Box<Call>),
    /// Lets time pass.
    Advance(SignedDuration),
    /// Binds names to values.
    Set(Vec<(String, Expr)>),
}

/// A call of an operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which operation.
    pub operation: Operation,
    /// The request's body.
    pub request: Expr,
    /// The name for the answer.
    pub binding: Option<String>,
    /// What the answer is for.
    pub role: Role,
}

/// What the answer to a call is for.
#[derive(Debug, Clone)]
pub enum Role {
    /// It sets the scene, or witnesses it.
    Scene(Expected),
    /// It judges these rules, each by an expectation of its own.
    Judge(Vec<(RuleId, Expected)>),
    /// It is reported for an open rule.
    Observe {
        /// The open rule.
        rule: RuleId,
        /// Paths of members worth reporting.
        show: Vec<Vec<String>>,
    },
}

/// What a call must come to.
#[derive(Debug, Clone)]
pub enum Expected {
    /// An answer with these members.
    Success(Option<Matcher>),
    /// An exception.
    Refusal(Refusal),
}

/// Which exception.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The acceptable codes; any refusal, where there are none.
    pub codes: Vec<ErrorCode>,
    /// The HTTP status, where it matters.
    pub status: Option<u16>,
    /// The text, where it is recorded.
    pub message: Option<Matcher>,
}

impl Call {
    /// The rules that this call says something of.
    pub fn rules(&self) -> impl Iterator<Item = &RuleId> {
        let (judged, observed) = match &self.role {
            Role::Scene(_) => (&[][..], None),
            Role::Judge(rules) => (rules.as_slice(), None),
            Role::Observe { rule, .. } => (&[][..], Some(rule)),
        };
        judged.iter().map(|(rule, _)| rule).chain(observed)
    }
}
