//! Judging one call: an expectation and an answer make a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::{Context, EvaluateError};
use super::evidence::Redactor;
use super::listed::Listed;
use super::matching::{Difference, Matching};
use super::verdict::Verdict;
use crate::kms::shapes;
use crate::kms::{ErrorCode, Operation};
use crate::rules::RuleId;
use crate::scenario::{Expected, Matcher, Refusal};
use crate::target::{Answer, Exchange};

/// What one step says of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// What is said of it.
    pub verdict: Verdict,
    /// The step's line in the scenario file.
    pub line: usize,
    /// What must be seen, in words; for an open rule, nothing.
    pub expected: Option<String>,
    /// What was seen, in words.
    pub observed: String,
    /// Members that are not what they must be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What is worth knowing but not judged, such as a text other than the recorded one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the list of known deviations says of it, if it was held against one that does; the last note says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Listed>,
}

/// Whether texts of exceptions are judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Messages {
    /// A text other than the recorded one is a note.
    #[default]
    Noted,
    /// It is a deviation.
    Judged,
}

impl Messages {
    /// Whether texts are noted only, as is usual.
    #[must_use]
    pub fn are_noted(&self) -> bool {
        match self {
            Self::Noted => true,
            Self::Judged => false,
        }
    }
}

/// How an answer compares with what was expected.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    /// Whether it went the right way: a success where one was expected, a refusal where one was.
    pub(crate) right_way: bool,
    pub(crate) expected: String,
    pub(crate) observed: String,
    pub(crate) differences: Vec<Difference>,
    pub(crate) notes: Vec<String>,
}

impl Comparison {
    pub(crate) fn holds(&self) -> bool {
        self.right_way && self.differences.is_empty()
    }
}

/// Compares an answer with an expectation.
///
/// # Errors
/// When the expectation rests on an earlier answer that lacks something.
pub(crate) fn compare(
    context: &Context,
    redactor: &Redactor,
    expected: &Expected,
    exchange: &Exchange,
    messages: Messages,
) -> Result<Comparison, EvaluateError> {
    let observed = redactor.outcome(exchange);
    let mut matching = Matching { context, differences: Vec::new() };
    let mut notes = Vec::new();
    let right_way = match (expected, &exchange.answer) {
        (Expected::Success(matcher), Answer::Success(body)) => {
            if let Some(matcher) = matcher {
                matching.check("", matcher, Some(body), Some(shapes::output(exchange.operation)))?;
            }
            true
        }
        (Expected::Refusal(refusal), Answer::Refusal { code, message }) => {
            check_code(&mut matching, refusal, code, exchange.status);
            if let Some(matcher) = &refusal.message {
                let note = check_message(context, matcher, message.as_deref())?;
                match messages {
                    Messages::Judged => matching.differences.extend(note),
                    Messages::Noted => {
                        notes.extend(note.map(|d| format!("the text is {}, recorded is {}", d.found, d.expected)));
                    }
                }
            }
            if let Some(matcher) = &refusal.body {
                let body = exchange.response.as_ref().and_then(|message| serde_json::from_slice(&message.body).ok());
                matching.check("the body", matcher, body.as_ref(), None)?;
            }
            true
        }
        _ => false,
    };
    let mut differences = matching.differences;
    for difference in &mut differences {
        difference.found = redactor.scrub(&difference.found);
        difference.expected = redactor.scrub(&difference.expected);
    }
    let notes = notes.iter().map(|note| redactor.scrub(note)).collect();
    Ok(Comparison { right_way, expected: describe(expected), observed, differences, notes })
}

fn check_code(matching: &mut Matching<'_>, refusal: &Refusal, code: &ErrorCode, status: Option<u16>) {
    let mut differ = |path: &str, expected: String, found: String| {
        matching.differences.push(Difference { path: path.to_owned(), expected, found });
    };
    if !refusal.codes.is_empty() && !refusal.codes.contains(code) {
        differ("the exception", codes(refusal), code.to_string());
    }
    let acceptable = |found: u16| refusal.status.map_or((400..500).contains(&found), |wanted| wanted == found);
    if let Some(found) = status.filter(|found| !acceptable(*found)) {
        let wanted = refusal.status.map_or_else(|| "400 (a client's fault)".to_owned(), |wanted| wanted.to_string());
        differ("the HTTP status", wanted, found.to_string());
    }
}

fn check_message(
    context: &Context,
    matcher: &Matcher,
    found: Option<&str>,
) -> Result<Option<Difference>, EvaluateError> {
    let mut matching = Matching { context, differences: Vec::new() };
    let found = found.map(|text| serde_json::Value::String(text.to_owned()));
    matching.check("the text", matcher, found.as_ref(), None)?;
    Ok(matching.differences.pop())
}

fn codes(refusal: &Refusal) -> String {
    match refusal.codes.as_slice() {
        [] => "a refusal".to_owned(),
        codes => codes.iter().map(ErrorCode::as_str).collect::<Vec<_>>().join(" or "),
    }
}

/// An expectation in words.
pub(crate) fn describe(expected: &Expected) -> String {
    match expected {
        Expected::Success(None) => "success".to_owned(),
        Expected::Success(Some(_)) => "success, with the members as expected".to_owned(),
        Expected::Refusal(refusal) => match refusal.status {
            Some(status) => format!("{} (HTTP {status})", codes(refusal)),
            None => codes(refusal),
        },
    }
}

/// What an answer shows of an open rule.
pub(crate) fn observation(redactor: &mut Redactor, exchange: &Exchange, show: &[Vec<String>]) -> String {
    let outcome = redactor.outcome(exchange);
    let Answer::Success(body) = &exchange.answer else { return outcome };
    let operation: Operation = exchange.operation;
    let shown = redactor.json(body, Some(shapes::output(operation)), operation.as_str());
    let members = show.iter().map(|path| {
        let value = super::context::lookup(&shown, path).map_or_else(|| "absent".to_owned(), ToString::to_string);
        format!("{} {value}", path.last().map_or("", String::as_str))
    });
    std::iter::once(outcome).chain(members).collect::<Vec<_>>().join(", ")
}
