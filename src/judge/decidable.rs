//! Whether an expectation can be held against evidence: not all that it may ask for is kept there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::context::{Context, EvaluateError};
use super::recorded::{Blobs, REDACTED};
use crate::scenario::{Expected, Expr, Generator, Matcher, Refusal};
use crate::target::{Answer, Exchange};

/// What is known while evidence is judged.
pub(crate) struct Known<'a> {
    pub(crate) context: &'a Context,
    pub(crate) blobs: &'a Blobs,
    /// Whether the target's time at the call is in the log.
    pub(crate) now: bool,
}

const BYTES: &str = "the log does not hold the bytes that it is about";
const TIME: &str = "the log does not hold the target's time";
const VALUE: &str = "the log does not hold a value that it rests on";

impl Known<'_> {
    /// Why the expectation cannot be held against the exchange, if it cannot.
    pub(crate) fn undecidable(&self, expected: &Expected, exchange: &Exchange) -> Option<&'static str> {
        match (expected, &exchange.answer) {
            (Expected::Success(Some(matcher)), Answer::Success(body)) => self.matcher(matcher, Some(body)),
            (Expected::Refusal(refusal), Answer::Refusal { message, .. }) => {
                let Refusal { message: text, body, .. } = refusal.as_ref();
                let message = message.clone().map(Value::String);
                let response = exchange.response.as_ref().and_then(|r| serde_json::from_slice::<Value>(&r.body).ok());
                let text = text.as_ref().and_then(|matcher| self.matcher(matcher, message.as_ref()));
                text.or_else(|| body.as_ref().and_then(|matcher| self.matcher(matcher, response.as_ref())))
            }
            _ => None,
        }
    }

    fn matcher(&self, matcher: &Matcher, found: Option<&Value>) -> Option<&'static str> {
        match (matcher, found) {
            (Matcher::Object(members), Some(Value::Object(object))) => {
                members.iter().find_map(|(name, matcher)| self.matcher(matcher, object.get(name)))
            }
            (Matcher::List(matchers), Some(Value::Array(items))) => {
                matchers.iter().zip(items).find_map(|(matcher, item)| self.matcher(matcher, Some(item)))
            }
            (Matcher::Contains(matcher), Some(Value::Array(items))) => {
                items.iter().find_map(|item| self.matcher(matcher, Some(item)))
            }
            (Matcher::Equals(expr) | Matcher::Not(expr), found) => self.equal(expr, found),
            (Matcher::OneOf(exprs), found) => exprs.iter().find_map(|expr| self.equal(expr, found)),
            (Matcher::SameItems(exprs), found) => {
                let items = found.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                exprs.iter().find_map(|expr| match items {
                    [] => self.equal(expr, None),
                    items => items.iter().find_map(|item| self.equal(expr, Some(item))),
                })
            }
            (Matcher::StartsWith(expr), found) => self.equal(expr, None).or_else(|| self.hidden(found)),
            (Matcher::Matches(_), found) => self.hidden(found),
            (Matcher::Near { .. }, _) => (!self.now).then_some(TIME),
            (
                Matcher::RsaPublicKey(_)
                | Matcher::PublicKeyOf(_)
                | Matcher::MacBy { .. }
                | Matcher::SignatureBy { .. },
                found,
            ) => found.map(|_| BYTES),
            (
                Matcher::Object(_)
                | Matcher::List(_)
                | Matcher::Contains(_)
                | Matcher::Absent
                | Matcher::Present
                | Matcher::Length { .. },
                _,
            ) => None,
        }
    }

    fn equal(&self, expr: &Expr, found: Option<&Value>) -> Option<&'static str> {
        if !self.now && any(expr, &|generator| matches!(generator, Generator::Now(_))) {
            return Some(TIME);
        }
        let random = |generator: &Generator| {
            matches!(generator, Generator::Random(_) | Generator::Wrap { .. } | Generator::Damage { .. })
        };
        if any(expr, &random) {
            return Some(BYTES);
        }
        match self.context.evaluate(expr) {
            Ok(expected) => found.and_then(|found| self.equal_values(&expected, found)),
            // A variable that no request shows, or a client's Region, unlike a member that an answer lacks, was there.
            Err(EvaluateError::Missing { path, .. }) if path.is_empty() || path == "region" => Some(VALUE),
            Err(EvaluateError::UnknownAccount) => Some(VALUE),
            Err(_) => None,
        }
    }

    /// A blob whose bytes are made up equals another that was sent or received if it did then. With any other of its
    /// length it cannot be compared.
    fn equal_values(&self, expected: &Value, found: &Value) -> Option<&'static str> {
        match (expected, found) {
            (Value::Object(expected), Value::Object(found)) => {
                expected.iter().find_map(|(name, value)| self.equal_values(value, found.get(name)?))
            }
            (Value::Array(expected), Value::Array(found)) => {
                expected.iter().zip(found).find_map(|(value, found)| self.equal_values(value, found))
            }
            (Value::String(expected), Value::String(found)) => {
                let length = |blob: &str| STANDARD.decode(blob).ok().map(|bytes| bytes.len());
                let open = self.blobs.made_up(found) && !self.blobs.has(expected) && length(expected) == length(found);
                (open || (expected != found && found.contains(REDACTED))).then_some(BYTES)
            }
            _ => None,
        }
    }

    fn hidden(&self, found: Option<&Value>) -> Option<&'static str> {
        let text = found.and_then(Value::as_str)?;
        (self.blobs.made_up(text) || text.contains(REDACTED)).then_some(BYTES)
    }
}

/// Whether a value is made with such a generator.
pub(crate) fn any(expr: &Expr, wanted: &dyn Fn(&Generator) -> bool) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Template(_) => false,
        Expr::Object(members) => members.values().any(|expr| any(expr, wanted)),
        Expr::Array(items) => items.iter().any(|expr| any(expr, wanted)),
        Expr::Generated(generator) => {
            wanted(generator)
                || match generator.as_ref() {
                    Generator::Damage { blob, .. } => any(blob, wanted),
                    Generator::Time { base, .. } => any(base, wanted),
                    Generator::Wrap { .. }
                    | Generator::Text(_)
                    | Generator::Random(_)
                    | Generator::Repeat { .. }
                    | Generator::Now(_) => false,
                }
        }
    }
}
