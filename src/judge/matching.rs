//! Holding an answer against an expectation.

use std::collections::BTreeSet;

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::{Context, EvaluateError, decode, timestamp};
use crate::kms::shapes::{Kind, Shape};
use crate::material;
use crate::scenario::{Expr, Matcher, format_duration};

/// One member that is not what was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Where it stands in the answer, such as `KeyMetadata.KeyState`.
    pub path: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Holds answers against expectations in one context.
pub(crate) struct Matching<'a> {
    pub(crate) context: &'a Context,
    pub(crate) differences: Vec<Difference>,
}

impl Matching<'_> {
    /// Compares a member, absent if `None`, and collects what differs.
    pub(crate) fn check(
        &mut self,
        path: &str,
        matcher: &Matcher,
        found: Option<&Value>,
        shape: Option<&Shape>,
    ) -> Result<(), EvaluateError> {
        match (matcher, found) {
            (Matcher::Object(members), Some(Value::Object(object))) => {
                for (name, inner) in members {
                    let shape = shape.and_then(|shape| shape.member(name).or_else(|| shape.map_value()));
                    self.check(&join(path, name), inner, object.get(name), shape)?;
                }
            }
            (Matcher::List(matchers), Some(Value::Array(items))) if matchers.len() == items.len() => {
                for (index, (inner, item)) in matchers.iter().zip(items).enumerate() {
                    self.check(&join(path, &index.to_string()), inner, Some(item), shape.and_then(Shape::element))?;
                }
            }
            (Matcher::Contains(inner), Some(Value::Array(items))) => {
                let mut met = false;
                for item in items {
                    met |= self.would_match(inner, item, shape.and_then(Shape::element))?;
                }
                if !met {
                    self.differ(path, "a list with an item as described", found);
                }
            }
            _ => {
                if let Some(expected) = self.mismatch(matcher, found, shape)? {
                    self.differ(path, &expected, found);
                }
            }
        }
        Ok(())
    }

    fn would_match(&self, matcher: &Matcher, item: &Value, shape: Option<&Shape>) -> Result<bool, EvaluateError> {
        let mut trial = Matching { context: self.context, differences: Vec::new() };
        trial.check("", matcher, Some(item), shape)?;
        Ok(trial.differences.is_empty())
    }

    fn differ(&mut self, path: &str, expected: &str, found: Option<&Value>) {
        let found = found.map_or_else(|| "absent".to_owned(), ToString::to_string);
        let path = if path.is_empty() { "the answer" } else { path };
        self.differences.push(Difference { path: path.to_owned(), expected: expected.to_owned(), found });
    }

    /// What was expected, if the value is something else.
    fn mismatch(
        &self,
        matcher: &Matcher,
        found: Option<&Value>,
        shape: Option<&Shape>,
    ) -> Result<Option<String>, EvaluateError> {
        let unless = |holds: bool, expected: String| if holds { None } else { Some(expected) };
        let text = found.and_then(Value::as_str);
        Ok(match matcher {
            Matcher::Absent => unless(found.is_none(), "absent".into()),
            Matcher::Present => unless(found.is_some(), "present".into()),
            Matcher::Equals(expr) => {
                let expected = self.context.evaluate(expr)?;
                unless(found.is_some_and(|found| equal(found, &expected)), expected.to_string())
            }
            Matcher::Not(expr) => {
                let other = self.context.evaluate(expr)?;
                unless(found.is_some_and(|found| !equal(found, &other)), format!("anything but {other}"))
            }
            Matcher::OneOf(exprs) => {
                let allowed = self.all(exprs)?;
                let holds = found.is_some_and(|found| allowed.iter().any(|value| equal(found, value)));
                unless(holds, format!("one of {}", Value::Array(allowed)))
            }
            Matcher::SameItems(exprs) => {
                let expected = self.all(exprs)?;
                let sorted = |items: &[Value]| items.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
                let holds = found
                    .and_then(Value::as_array)
                    .is_some_and(|items| items.len() == expected.len() && sorted(items) == sorted(&expected));
                unless(holds, format!("{} in any order", Value::Array(expected)))
            }
            Matcher::Matches(regex) => {
                unless(text.is_some_and(|text| regex.is_match(text)), format!("text that matches {regex}"))
            }
            Matcher::StartsWith(expr) => {
                let start = self.context.evaluate(expr)?;
                let start = start.as_str().unwrap_or_default();
                unless(text.is_some_and(|text| text.starts_with(start)), format!("text that starts with {start:?}"))
            }
            Matcher::Length { min, max } => {
                let length = found.and_then(|found| length(found, shape));
                let bounds =
                    if min == max { format!("a length of {min}") } else { format!("a length of {min} to {max}") };
                let bounds = bounds.replace(&format!(" to {}", usize::MAX), " or more");
                let known = length.map(|n| format!(" (it is {n})")).unwrap_or_default();
                unless(length.is_some_and(|n| (*min..=*max).contains(&n)), format!("{bounds}{known}"))
            }
            Matcher::Near { offset, within } => {
                let ideal = self.context.now().saturating_add(*offset).unwrap_or(jiff::Timestamp::MAX);
                let holds = found.and_then(timestamp).is_some_and(|at| at.duration_since(ideal).abs() <= *within);
                let (offset, within) = (format_duration(*offset), format_duration(*within));
                unless(holds, format!("{} (now {offset}), give or take {within}", ideal.as_second()))
            }
            Matcher::RsaPublicKey(bits) => {
                let actual = self.blob(found).and_then(|der| material::rsa_public_key_bits(&der).ok());
                let known = actual.map(|n| format!(" (it has {n})")).unwrap_or_default();
                let expected = format!("a DER SubjectPublicKeyInfo with an RSA key of {bits} bits{known}");
                unless(actual == Some(*bits), expected)
            }
            Matcher::PublicKeyOf(_) | Matcher::MacBy { .. } | Matcher::SignatureBy { .. } => {
                self.proof(matcher, found)?
            }
            Matcher::Object(_) => Some("an object".into()),
            Matcher::List(items) => Some(format!("a list of {} items", items.len())),
            Matcher::Contains(_) => Some("a list".into()),
        })
    }

    /// Which key material is in force, worked out here.
    fn proof(&self, matcher: &Matcher, found: Option<&Value>) -> Result<Option<String>, EvaluateError> {
        let found = self.blob(found);
        let (holds, expected) = match matcher {
            Matcher::PublicKeyOf(name) => {
                let ours = self.context.material(name).and_then(material::Material::public_key_der);
                (
                    found.is_some() && found.as_deref() == ours,
                    format!("the public key of the imported private key `{name}`"),
                )
            }
            Matcher::MacBy { material, message, algorithm } => {
                let message = self.context.bytes(message)?;
                let ours = self.context.material(material).and_then(|m| m.mac(*algorithm, &message).ok());
                let expected = format!("the {algorithm} that the imported key material `{material}` gives");
                (found.is_some() && found == ours, expected)
            }
            Matcher::SignatureBy { material, message, algorithm } => {
                let message = self.context.bytes(message)?;
                let verified = found
                    .as_ref()
                    .zip(self.context.material(material))
                    .is_some_and(|(signature, key)| key.verifies(*algorithm, &message, signature).unwrap_or(false));
                (verified, format!("an {algorithm} signature by the imported private key `{material}`"))
            }
            _ => (true, String::new()),
        };
        Ok(if holds { None } else { Some(expected) })
    }

    fn blob(&self, found: Option<&Value>) -> Option<Vec<u8>> {
        found.and_then(|value| decode(value, "the member").ok())
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<Value>, EvaluateError> {
        exprs.iter().map(|expr| self.context.evaluate(expr)).collect()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// JSON equality, except that numbers are compared by value: `1` and `1.0` are the same instant.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// Bytes of a blob, characters of a text, items of a list.
fn length(value: &Value, shape: Option<&Shape>) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::String(text) if shape.is_some_and(|shape| shape.kind == Kind::Blob) => {
            base64::engine::general_purpose::STANDARD.decode(text).ok().map(|bytes| bytes.len())
        }
        Value::String(text) => Some(text.chars().count()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
