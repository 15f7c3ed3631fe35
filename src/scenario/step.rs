//! Steps: calls with what is expected of them, time, and names for values.

use jiff::SignedDuration;

use super::expr::{Expr, Template};
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
    /// Who calls, if not the test's own client.
    pub client: Option<String>,
    /// What is sent instead of what the SDK would send.
    pub send: Send,
    /// The call is made only if the call bound to this name was refused.
    pub if_refused: Option<String>,
    /// What the answer is for.
    pub role: Role,
}

/// Parts of a request that no SDK would send so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Send {
    /// Instead of the operation's name in `X-Amz-Target`.
    pub operation: Option<String>,
    /// Instead of `application/x-amz-json-1.1`.
    pub content_type: Option<String>,
    /// Instead of the JSON of the request.
    pub body: Option<Template>,
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
    Refusal(Box<Refusal>),
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
    /// The body's members, where their form matters.
    pub body: Option<Matcher>,
}

impl Expected {
    /// Whether it is about the form of an error, whichever error that is: it says nothing where there is none.
    #[must_use]
    pub fn is_about_form(&self) -> bool {
        match self {
            Self::Success(_) => false,
            Self::Refusal(refusal) => {
                let form = [refusal.status.is_some(), refusal.body.is_some(), refusal.message.is_some()];
                refusal.codes.is_empty() && form.contains(&true)
            }
        }
    }
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
