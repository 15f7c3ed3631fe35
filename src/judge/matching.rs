//! Holding an answer against an expectation.

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::{Context, EvaluateError, decode, timestamp};
use crate::kms::shapes::{Kind, Shape};
use crate::material::{Material, rsa_public_key_bits};
use crate::scenario::{Expr, Matcher, format_duration};

/// A longer list, in bytes, is told by its first item.
const LONGEST_LIST: usize = 400;

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
        let found = found.map_or_else(|| "absent".to_owned(), shown);
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
        // AWS leaves out what it does not give: `null` is neither absent nor a value.
        let given = found.filter(|found| !found.is_null());
        let text = found.and_then(Value::as_str);
        Ok(match matcher {
            Matcher::Absent => unless(found.is_none(), "absent".into()),
            Matcher::Present => unless(given.is_some(), "present".into()),
            Matcher::Equals(expr) => {
                let expected = self.context.evaluate(expr)?;
                unless(found.is_some_and(|found| equal(found, &expected)), expected.to_string())
            }
            Matcher::Not(expr) => {
                let other = self.context.evaluate(expr)?;
                unless(given.is_some_and(|found| !equal(found, &other)), format!("anything but {other}"))
            }
            Matcher::OneOf(exprs) => {
                let allowed = self.all(exprs)?;
                let holds = found.is_some_and(|found| allowed.iter().any(|value| equal(found, value)));
                unless(holds, format!("one of {}", Value::Array(allowed)))
            }
            Matcher::SameItems(exprs) => {
                let expected = self.all(exprs)?;
                let holds = found.and_then(Value::as_array).is_some_and(|items| same_items(items, &expected));
                unless(holds, format!("{} in any order", Value::Array(expected)))
            }
            Matcher::Matches(regex) => {
                unless(text.is_some_and(|text| regex.is_match(text)), format!("text that matches {regex}"))
            }
            Matcher::StartsWith(expr) => {
                let start = self.context.evaluate(expr)?;
                let holds = text.zip(start.as_str()).is_some_and(|(text, start)| text.starts_with(start));
                unless(holds, format!("text that starts with {start}"))
            }
            Matcher::Length { min, max } => {
                let length = found.and_then(|found| length(found, shape));
                let known = length.map(|n| format!(" (it is {n})")).unwrap_or_default();
                let expected = format!("a length of {}{known}", bounds(*min, *max));
                unless(length.is_some_and(|n| (*min..=*max).contains(&n)), expected)
            }
            Matcher::Near { offset, within } => {
                let ideal = self.context.now().saturating_add(*offset).unwrap_or(jiff::Timestamp::MAX);
                let holds = found.and_then(timestamp).is_some_and(|at| at.duration_since(ideal).abs() <= *within);
                let (offset, within) = (format_duration(*offset), format_duration(*within));
                unless(holds, format!("{} (now {offset}), give or take {within}", ideal.as_second()))
            }
            Matcher::RsaPublicKey(bits) => {
                let actual = blob(found).and_then(|der| rsa_public_key_bits(&der).ok());
                let known = actual.map(|n| format!(" (it has {n})")).unwrap_or_default();
                let expected = format!("a DER SubjectPublicKeyInfo with an RSA key of {bits} bits{known}");
                unless(actual == Some(*bits), expected)
            }
            Matcher::PublicKeyOf(name) => {
                let ours = self.context.material(name).and_then(Material::public_key_der);
                let holds = blob(found).zip(ours).is_some_and(|(found, ours)| found == ours);
                unless(holds, format!("the public key of the imported private key `{name}`"))
            }
            Matcher::MacBy { material, message, algorithm } => {
                let message = self.context.bytes(message)?;
                let ours = self.context.material(material).and_then(|m| m.mac(*algorithm, &message).ok());
                let holds = blob(found).zip(ours).is_some_and(|(found, ours)| found == ours);
                unless(holds, format!("the {algorithm} that the imported key material `{material}` gives"))
            }
            Matcher::SignatureBy { material, message, algorithm } => {
                let message = self.context.bytes(message)?;
                let (signature, key) = (blob(found), self.context.material(material));
                let verifies = |(signature, key): (Vec<u8>, &Material)| key.verifies(*algorithm, &message, &signature);
                let holds = signature.zip(key).is_some_and(|both| verifies(both).unwrap_or(false));
                unless(holds, format!("an {algorithm} signature by the imported private key `{material}`"))
            }
            Matcher::Object(_) => Some("an object".into()),
            Matcher::List(items) => Some(format!("a list of {} items", items.len())),
            Matcher::Contains(_) => Some("a list".into()),
        })
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<Value>, EvaluateError> {
        exprs.iter().map(|expr| self.context.evaluate(expr)).collect()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A value in words. Of a long list of objects, such as all keys of a target, the first stands for the others.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Array(items) if text.len() > LONGEST_LIST => match items.as_slice() {
            [first @ Value::Object(_), others @ ..] if !others.is_empty() => {
                format!("[{first},{{… {} more}}]", others.len())
            }
            _ => text,
        },
        _ => text,
    }
}

fn blob(found: Option<&Value>) -> Option<Vec<u8>> {
    found.and_then(|value| decode(value, "the member").ok())
}

fn bounds(min: usize, max: usize) -> String {
    match max {
        _ if max == min => min.to_string(),
        usize::MAX => format!("{min} or more"),
        _ => format!("{min} to {max}"),
    }
}

/// Whether the lists have the same items, each as often, in any order.
fn same_items(a: &[Value], b: &[Value]) -> bool {
    let mut rest: Vec<&Value> = a.iter().collect();
    let mut take = |wanted: &Value| rest.iter().position(|item| equal(item, wanted)).map(|at| rest.swap_remove(at));
    a.len() == b.len() && b.iter().all(|wanted| take(wanted).is_some())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_long_list_of_objects_one_is_shown_and_the_others_are_counted() {
        let keys = |count: usize| Value::Array(vec![json!({"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}); count]);
        assert_eq!(shown(&keys(2)), keys(2).to_string());
        assert_eq!(shown(&keys(259)), r#"[{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"},{… 258 more}]"#);
        let one = json!([{ "Policy": "x".repeat(LONGEST_LIST) }]);
        assert_eq!(shown(&one), one.to_string(), "there are no others");
        let text = Value::String("x".repeat(500));
        assert_eq!(shown(&text), text.to_string());
    }
}
