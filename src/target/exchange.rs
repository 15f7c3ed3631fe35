//! What went over the wire in one call, and what it comes to.

use std::time::Duration;

use serde_json::Value;

use crate::kms::{ErrorCode, Operation};

/// One call: the request as it was sent and whatever came back.
///
/// It holds what was really on the wire, secrets included. Only its redacted form ([`crate::judge::Evidence`]) is shown.
#[derive(Clone)]
pub struct Exchange {
    /// Which operation.
    pub operation: Operation,
    /// Whether it was sent under another name than the operation's.
    pub unnamed: bool,
    /// The request's body, as the scenario asked for it; text where it is not JSON.
    pub input: Value,
    /// The request as it was sent, unless nothing was.
    pub request: Option<Message>,
    /// The response as it came, unless none did.
    pub response: Option<Message>,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// What it comes to.
    pub answer: Answer,
    /// How long the call took, all attempts together; the pauses between them and pacing apart.
    pub elapsed: Duration,
    /// How often it was sent; more than once only after a failure of the transport or an exception that says "try again".
    pub attempts: u32,
}

/// Headers and body.
#[derive(Clone, Default)]
pub struct Message {
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// What the official SDK made of the response.
#[derive(Clone)]
pub enum Answer {
    /// The operation succeeded; its body, `{}` if there was none.
    Success(Value),
    /// The target refused, with an exception.
    Refusal {
        /// The exception.
        code: ErrorCode,
        /// Its text, if it has one.
        message: Option<String>,
    },
    /// Something came back that the official SDK cannot read.
    Unreadable(String),
    /// Nothing came back.
    Nothing(Transport),
    /// The request could not be made: a fault of the harness.
    NotSent(String),
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// No connection could be made.
    Unreachable(String),
    /// The connection broke after the request had, or may have, been sent.
    Broken(String),
    /// No answer came in time.
    TimedOut(String),
}

impl Exchange {
    /// Whether the exception asks for another try, so that it says nothing of the target's rules.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &self.answer {
            Answer::Refusal { code, .. } => {
                [ErrorCode::THROTTLING, ErrorCode::KMS_INTERNAL, ErrorCode::DEPENDENCY_TIMEOUT].contains(code)
            }
            Answer::Nothing(_) => true,
            Answer::Success(_) | Answer::Unreadable(_) | Answer::NotSent(_) => false,
        }
    }

    /// Whether the target says that it does not offer the operation at all.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        const NAMES: [&str; 6] = [
            "UnknownOperationException",
            "UnknownOperation",
            "UnrecognizedOperation",
            "InvalidAction",
            "NotImplemented",
            "NotImplementedException",
        ];
        match &self.answer {
            // Whoever asks for an operation that does not exist wants to know what is answered.
            Answer::Refusal { .. } | Answer::Unreadable(_) if self.unnamed => false,
            Answer::Refusal { code, .. } => NAMES.contains(&code.as_str()) || self.status == Some(501),
            Answer::Unreadable(_) => matches!(self.status, Some(404 | 405 | 501)),
            Answer::Success(_) | Answer::Nothing(_) | Answer::NotSent(_) => false,
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "no connection: {why}"),
            Self::Broken(why) => write!(f, "the connection broke: {why}"),
            Self::TimedOut(why) => write!(f, "no answer in time: {why}"),
        }
    }
}
