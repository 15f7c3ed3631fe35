//! Evidence made into exchanges again, so that they can be judged once more.
//!
//! Evidence shows which blob is which, and how long each is, but not its bytes. Here every blob gets bytes of its own of
//! the right length: blobs are equal if they were, and have the lengths that they had. Those whose content a scenario
//! itself spells out get it back.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;

use super::evidence::Evidence;
use crate::kms::{ErrorCode, Operation};
use crate::scenario::{Call, Expr, Generator, Part, Reference, Template};
use crate::target::{Answer, Exchange, Message, Transport};

/// What stands for text that is not shown.
pub(crate) const REDACTED: &str = "<redacted>";
const UNREADABLE: &str = "an answer that the SDK cannot read (";
const NOT_SENT: &str = "the request could not be made: ";
const UNREACHABLE: &str = "no connection: ";
const BROKEN: &str = "the connection broke: ";
const TIMED_OUT: &str = "no answer in time: ";

/// Number and length of the blob that a text stands for.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    static BLOB: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^<\w+, blob (\d+), (\d+) bytes>$").unwrap_or_else(|_| unreachable!("every test compiles it"))
    });
    let found = BLOB.captures(text)?;
    Some((found[1].parse().ok()?, found[2].parse().ok()?))
}

/// What the recorded request of a call tells, once it is laid beside the scenario's.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Blobs that the scenario spells out, as base64.
    pub(crate) blobs: BTreeMap<usize, String>,
    /// Values of variables, as recorded.
    pub(crate) variables: Vec<(String, Value)>,
}

impl Told {
    /// Whether the recorded request can be of this call.
    pub(crate) fn by(&mut self, call: &Call, evidence: &Evidence) -> bool {
        evidence.operation == call.operation.as_str()
            && (call.send.body.is_some() || self.value(&call.request, &evidence.request))
    }

    fn value(&mut self, expr: &Expr, recorded: &Value) -> bool {
        match (expr, recorded) {
            (Expr::Literal(value), recorded) => self.literal(value, recorded),
            (Expr::Object(members), Value::Object(recorded)) => {
                members.len() == recorded.len()
                    && members
                        .iter()
                        .all(|(name, expr)| recorded.get(name).is_some_and(|value| self.value(expr, value)))
            }
            (Expr::Array(items), Value::Array(recorded)) => {
                items.len() == recorded.len() && items.iter().zip(recorded).all(|(expr, value)| self.value(expr, value))
            }
            (Expr::Object(_) | Expr::Array(_), _) => false,
            (Expr::Template(template), recorded) => self.template(template, recorded),
            (Expr::Generated(generator), recorded) => self.generated(generator, recorded),
        }
    }

    fn literal(&mut self, value: &Value, recorded: &Value) -> bool {
        match (value, recorded) {
            (Value::String(text), Value::String(shown)) => match placeholder(shown) {
                Some((number, length)) => {
                    let fits = STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == length);
                    if fits {
                        self.blobs.insert(number, text.clone());
                    }
                    fits
                }
                None => text == shown || shown.contains(REDACTED) || shown.contains(": not base64, "),
            },
            (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
            (Value::Object(members), Value::Object(recorded)) => {
                members.len() == recorded.len()
                    && members.iter().all(|(name, value)| recorded.get(name).is_some_and(|r| self.literal(value, r)))
            }
            (Value::Array(items), Value::Array(recorded)) => {
                items.len() == recorded.len() && items.iter().zip(recorded).all(|(value, r)| self.literal(value, r))
            }
            (value, recorded) => value == recorded,
        }
    }

    fn template(&mut self, template: &Template, recorded: &Value) -> bool {
        match template.0.as_slice() {
            [Part::Text(text)] => self.literal(&Value::String(text.clone()), recorded),
            [Part::Reference(Reference::Variable(name))] => {
                self.variables.push((name.clone(), recorded.clone()));
                true
            }
            // What the reference named then is not compared: the answer that it was in is judged by itself.
            _ => true,
        }
    }

    fn generated(&mut self, generator: &Generator, recorded: &Value) -> bool {
        match generator {
            Generator::Text(Template(parts)) => match parts.as_slice() {
                [] => self.literal(&Value::String(String::new()), recorded),
                [Part::Text(text)] => self.literal(&Value::String(STANDARD.encode(text)), recorded),
                _ => true,
            },
            Generator::Repeat { text, times } => self.literal(&Value::String(text.repeat(*times)), recorded),
            Generator::Random(wanted) => {
                recorded.as_str().and_then(placeholder).is_none_or(|(_, length)| length == *wanted)
            }
            Generator::Wrap { .. } | Generator::Damage { .. } | Generator::Now(_) | Generator::Time { .. } => true,
        }
    }
}

/// The blobs of a test, with bytes.
#[derive(Debug, Default)]
pub(crate) struct Blobs {
    content: BTreeMap<usize, String>,
    made_up: HashSet<String>,
}

impl Blobs {
    /// Those of these calls, of which some are known, as base64.
    pub(crate) fn of(exchanges: &[Evidence], known: BTreeMap<usize, String>) -> Self {
        let mut blobs = Self { content: known, made_up: HashSet::new() };
        for evidence in exchanges {
            blobs.collect(&evidence.request);
            blobs.collect(&evidence.response);
        }
        blobs
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::Object(members) => members.values().for_each(|value| self.collect(value)),
            Value::Array(items) => items.iter().for_each(|value| self.collect(value)),
            Value::String(text) => {
                if let Some((number, length)) =
                    placeholder(text).filter(|(number, _)| !self.content.contains_key(number))
                {
                    let taken: HashSet<&String> = self.content.values().collect();
                    let candidate = |salt: usize| STANDARD.encode(bytes(number, salt, length));
                    let made = (0..=usize::from(u8::MAX)).map(candidate).find(|text| !taken.contains(text));
                    let made = made.unwrap_or_else(|| candidate(0));
                    self.made_up.insert(made.clone());
                    self.content.insert(number, made);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether the bytes of this blob, as base64, are not the real ones.
    pub(crate) fn made_up(&self, blob: &str) -> bool {
        self.made_up.contains(blob)
    }

    /// Whether this blob, as base64, is one that was sent or received.
    pub(crate) fn has(&self, blob: &str) -> bool {
        self.content.values().any(|known| known == blob)
    }

    /// The value with its blobs.
    pub(crate) fn fill(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|value| self.fill(value)).collect()),
            Value::String(text) => {
                let blob = placeholder(text).and_then(|(number, _)| self.content.get(&number));
                Value::String(blob.unwrap_or(text).clone())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The exchange that the evidence is of; nothing, if it is of none that this program knows.
    pub(crate) fn exchange(&self, call: &Call, evidence: &Evidence) -> Option<Exchange> {
        let operation: Operation = evidence.operation.parse().ok()?;
        let response = self.fill(&evidence.response);
        let answer = answer(evidence, &response)?;
        let body = match (&response, evidence.status) {
            (_, None) => None,
            (Value::String(text), Some(_)) => Some(text.clone().into_bytes()),
            (json, Some(_)) => Some(json.to_string().into_bytes()),
        };
        Some(Exchange {
            operation,
            unnamed: call.send.operation.is_some(),
            input: self.fill(&evidence.request),
            request: None,
            response: body.map(|body| Message { headers: Vec::new(), body }),
            status: evidence.status,
            answer,
            elapsed: Duration::try_from_secs_f64(evidence.elapsed_ms / 1e3).unwrap_or_default(),
            attempts: evidence.attempts,
        })
    }
}

/// Bytes that tell a blob from the others.
fn bytes(number: usize, salt: usize, length: usize) -> Vec<u8> {
    let pattern = [number, number >> 8, salt, number >> 16].map(|part| part.to_le_bytes()[0]);
    // Short blobs differ in their first byte, if at all.
    let first = pattern[0].wrapping_add(pattern[2]);
    let rest = pattern.into_iter().cycle();
    std::iter::once(first).chain(rest).take(length).collect()
}

/// What the call came to: the reverse of [`Redactor::outcome`](super::Redactor::outcome).
fn answer(evidence: &Evidence, response: &Value) -> Option<Answer> {
    let outcome = evidence.outcome.as_str();
    if outcome == "success" {
        let body = if response.is_object() { response.clone() } else { Value::Object(serde_json::Map::new()) };
        return Some(Answer::Success(body));
    }
    if let Some(rest) = outcome.strip_prefix(UNREADABLE) {
        let rest = rest.strip_suffix(')')?;
        let status = evidence.status.map(|status| format!("HTTP {status}, ")).unwrap_or_default();
        return Some(Answer::Unreadable(rest.strip_prefix(&status)?.to_owned()));
    }
    let nothing = [
        (UNREACHABLE, Transport::Unreachable as fn(String) -> Transport),
        (BROKEN, Transport::Broken),
        (TIMED_OUT, Transport::TimedOut),
    ];
    if let Some(why) = outcome.strip_prefix(NOT_SENT) {
        return Some(Answer::NotSent(why.to_owned()));
    }
    for (prefix, transport) in nothing {
        if let Some(why) = outcome.strip_prefix(prefix).filter(|_| evidence.status.is_none()) {
            return Some(Answer::Nothing(transport(why.to_owned())));
        }
    }
    let status = evidence.status?;
    let (code, message) = match outcome.split_once(": ") {
        Some((code, message)) => (code, Some(message.to_owned())),
        None => (outcome, None),
    };
    let code = code.strip_suffix(&format!(" (HTTP {status})")).unwrap_or(code);
    Some(Answer::Refusal { code: ErrorCode::from_wire(code), message })
}
