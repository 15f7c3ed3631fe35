//! The layer in front of every operation: is the body JSON, has each member its type, is each value within its bounds?
//!
//! It knows no operation: all of it comes from [`shapes`]. A body that cannot be read is a `SerializationException`;
//! values out of bounds are one `ValidationException` that names them all, in the recorded wording.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use regex::Regex;
use serde_json::{Map, Value};

use super::defects::Defect;
use super::failure::Failure;
use super::wire;
use crate::kms::shapes::{Kind, Shape};
use crate::kms::{ErrorCode, Operation, Region, shapes};

/// Reads a request's body, and returns it once it fits the operation's shape.
pub(crate) fn request(operation: Operation, region: &Region, body: &[u8]) -> Result<Value, Failure> {
    let shape = shapes::input(operation);
    let value = if body.is_empty() { Value::Object(Map::new()) } else { parse(body)? };
    type_check(shape, &value, &Path::default())?;
    let mut violations = Violations { region, found: Vec::new() };
    violations.structure(shape, &value, &Path::default());
    match violations.found.as_slice() {
        [] => Ok(value),
        found => Err(Failure::validation(report(found))),
    }
}

fn parse(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|error| unreadable(format!("the body is not JSON: {error}")))
}

fn unreadable(message: String) -> Failure {
    Failure::new(ErrorCode::SERIALIZATION, message)
}

fn report(found: &[String]) -> String {
    let noun = if found.len() == 1 { "error" } else { "errors" };
    format!("{} validation {noun} detected: {}", found.len(), found.join("; "))
}

/// Where a value stands, as the messages tell it: `tags.1.member.tagKey`.
#[derive(Debug, Clone, Default)]
struct Path(String);

impl Path {
    fn member(&self, name: &str) -> Self {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        let name: String = first.into_iter().chain(letters).collect();
        Self(if self.0.is_empty() { name } else { format!("{}.{name}", self.0) })
    }

    fn item(&self, index: usize) -> Self {
        Self(format!("{}.{}.member", self.0, index + 1))
    }
}

/// A member that is `null` counts as one that is not there.
fn present<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).filter(|value| !value.is_null())
}

fn type_check(shape: &Shape, value: &Value, path: &Path) -> Result<(), Failure> {
    let expect = |holds: bool, what: &str| {
        let place = if path.0.is_empty() { "the body" } else { &path.0 };
        if holds { Ok(()) } else { Err(unreadable(format!("{place} must be {what}"))) }
    };
    match shape.kind {
        Kind::Structure => {
            expect(value.is_object(), "an object")?;
            let mut members =
                shape.members.iter().filter_map(|(name, shape)| Some((name, shape, present(value, name)?)));
            members.try_for_each(|(name, shape, value)| type_check(shape, value, &path.member(name)))
        }
        Kind::List => {
            let items = value.as_array().map(Vec::as_slice);
            expect(items.is_some(), "a list")?;
            let Some(element) = shape.element() else { return Ok(()) };
            let mut items = items.unwrap_or_default().iter().enumerate();
            items.try_for_each(|(index, item)| type_check(element, item, &path.item(index)))
        }
        Kind::Map => {
            expect(value.is_object(), "a map")?;
            let Some(element) = shape.map_value() else { return Ok(()) };
            let mut values = value.as_object().into_iter().flatten();
            values.try_for_each(|(key, value)| type_check(element, value, &path.member(key)))
        }
        Kind::String => expect(value.is_string(), "a string"),
        Kind::Blob if Defect::BadBase64IsValidation.is_on() => {
            let is_base64 = value.as_str().and_then(wire::decode).is_some();
            is_base64.then_some(()).ok_or_else(|| Failure::validation(format!("{} is not base64", path.0)))
        }
        Kind::Blob => expect(value.as_str().and_then(wire::decode).is_some(), "base64 text"),
        Kind::Timestamp => expect(value.as_f64().and_then(wire::instant).is_some(), "an instant in epoch seconds"),
        Kind::Integer => expect(value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()), "a whole number"),
        Kind::Boolean => expect(value.is_boolean(), "true or false"),
    }
}

/// The constraints that a request violates, in the order of the members.
struct Violations<'r> {
    region: &'r Region,
    found: Vec<String>,
}

impl Violations<'_> {
    fn structure(&mut self, shape: &Shape, value: &Value, path: &Path) {
        for (name, member) in &shape.members {
            let path = path.member(name);
            match present(value, name) {
                Some(value) => self.value(member, value, &path),
                None if shape.required.contains(name) && !Defect::RequiredMembersUnchecked.is_on() => {
                    let path = path.0;
                    self.found
                        .push(format!("Value null at '{path}' failed to satisfy constraint: Member must not be null"));
                }
                None => {}
            }
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value, path: &Path) {
        for broken in self.broken(shape, value) {
            let shown = shown(shape, value);
            self.found.push(format!("Value {shown}at '{}' failed to satisfy constraint: {broken}", path.0));
        }
        match (shape.kind, shape.element()) {
            (Kind::Structure, _) => self.structure(shape, value, path),
            (Kind::List, Some(element)) => self.items(element, value, path),
            _ => {}
        }
    }

    /// A list of structures names each faulty member; a list of plain values is shown whole.
    fn items(&mut self, element: &Shape, list: &Value, path: &Path) {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        if element.kind == Kind::Structure {
            for (index, item) in items.iter().enumerate() {
                self.structure(element, item, &path.item(index));
            }
            return;
        }
        let mut broken: Vec<String> = Vec::new();
        for each in items.iter().flat_map(|item| self.broken(element, item)) {
            if !broken.contains(&each) {
                broken.push(each);
            }
        }
        if !broken.is_empty() {
            self.found.push(format!(
                "Value '{}' at '{}' failed to satisfy constraint: Member must satisfy constraint: [{}]",
                plain(list),
                path.0,
                broken.join(", ")
            ));
        }
    }

    /// What the value itself, not its parts, violates.
    fn broken(&self, shape: &Shape, value: &Value) -> Vec<String> {
        let mut broken = Vec::new();
        let aspect = if shape.kind == Kind::Integer { "value" } else { "length" };
        let unchecked = if shape.kind == Kind::Integer { Defect::NumbersUnchecked } else { Defect::LengthsUnchecked };
        if let Some(size) = size(shape, value).filter(|_| !unchecked.is_on()) {
            if let Some(min) = shape.min.filter(|min| size < *min) {
                broken.push(format!("Member must have {aspect} greater than or equal to {min}"));
            }
            if let Some(max) = shape.max.filter(|max| size > *max) {
                broken.push(format!("Member must have {aspect} less than or equal to {max}"));
            }
        }
        if let (Some(pattern), Some(text)) = (&shape.pattern, value.as_str())
            && !matches(pattern, text)
            && !Defect::PatternsUnchecked.is_on()
        {
            broken.push(format!("Member must satisfy regular expression pattern: {pattern}"));
        }
        if let (Some(names), Some(text)) = (shape.one_of(), value.as_str()) {
            let offered: Vec<&str> = names.iter().map(String::as_str).filter(|name| self.offers(name)).collect();
            if !offered.contains(&text) && !Defect::NamesUnchecked.is_on() {
                broken.push(format!("Member must satisfy enum value set: [{}]", offered.join(", ")));
            }
        }
        broken
    }

    /// SM2 exists in China Regions only: elsewhere the recorded sets leave it out.
    fn offers(&self, name: &str) -> bool {
        self.region.as_str().starts_with("cn-") || !matches!(name, "SM2" | "SM2DSA" | "SM2PKE")
    }
}

/// The number that `min` and `max` bound.
#[expect(clippy::cast_precision_loss, reason = "lengths and 32-bit integers are far below 2^53")]
fn size(shape: &Shape, value: &Value) -> Option<f64> {
    match shape.kind {
        Kind::String => value.as_str().map(|text| text.chars().count() as f64),
        Kind::Blob => value.as_str().and_then(wire::decode).map(|bytes| bytes.len() as f64),
        Kind::List => value.as_array().map(|items| items.len() as f64),
        Kind::Map => value.as_object().map(|entries| entries.len() as f64),
        Kind::Integer => value.as_f64(),
        Kind::Structure | Kind::Timestamp | Kind::Boolean => None,
    }
}

/// The value in a message, with the space after it. Bytes and secrets are not shown.
fn shown(shape: &Shape, value: &Value) -> String {
    if shape.sensitive || shape.kind == Kind::Blob { String::new() } else { format!("'{}' ", plain(value)) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Whether the whole text matches a pattern of the model, whose classes (`\w`, `\s`, `\d`) are ASCII.
fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<RwLock<HashMap<String, Option<Regex>>>> = LazyLock::new(RwLock::default);
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(pattern).cloned();
    let regex = known.unwrap_or_else(|| {
        let regex = compile(pattern);
        COMPILED.write().unwrap_or_else(PoisonError::into_inner).insert(pattern.to_owned(), regex.clone());
        regex
    });
    // A pattern that does not compile constrains nothing; a test holds that all of them do.
    regex.is_none_or(|regex| regex.is_match(text))
}

fn compile(pattern: &str) -> Option<Regex> {
    let ascii = pattern.replace(r"\w", "[0-9A-Za-z_]").replace(r"\s", r"[ \t\n\x0B\f\r]").replace(r"\d", "[0-9]");
    // `[a-z0-9-_.]`: a dash right after a range is itself, which this regex library wants to be told.
    let ascii = ascii.replace("0-9-_", r"0-9\-_");
    Regex::new(&format!(r"\A(?:{ascii})\z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(operation: Operation, body: &Value) -> (String, String) {
        refusal_in("us-east-1", operation, body)
    }

    fn refusal_in(region: &str, operation: Operation, body: &Value) -> (String, String) {
        let failure = request(operation, &region.parse().unwrap(), body.to_string().as_bytes()).unwrap_err();
        (failure.code.to_string(), failure.message.unwrap())
    }

    fn violation(operation: Operation, body: Value) -> String {
        let (code, message) = refusal(operation, &body);
        assert_eq!(code, "ValidationException", "{message}");
        message
    }

    #[test]
    fn a_missing_member_is_null() {
        assert_eq!(
            violation(Operation::DescribeKey, json!({})),
            "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(
            violation(Operation::DescribeKey, json!({ "KeyId": null })),
            violation(Operation::DescribeKey, json!({}))
        );
    }

    #[test]
    fn all_violations_are_told_at_once() {
        assert_eq!(
            violation(Operation::ImportKeyMaterial, json!({ "KeyId": "", "ImportToken": "" })),
            "3 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length \
             greater than or equal to 1; Value at 'importToken' failed to satisfy constraint: Member must have length \
             greater than or equal to 1; Value null at 'encryptedKeyMaterial' failed to satisfy constraint: Member \
             must not be null"
        );
    }

    #[test]
    fn bounds_of_numbers_are_values() {
        assert_eq!(
            violation(Operation::GenerateRandom, json!({ "NumberOfBytes": 1025 })),
            "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must \
             have value less than or equal to 1024"
        );
    }

    #[test]
    fn a_member_inside_a_list_has_a_numbered_path() {
        let tags = json!([{ "TagKey": "a", "TagValue": "b" }, { "TagKey": "", "TagValue": "b" }]);
        assert_eq!(
            violation(Operation::CreateKey, json!({ "Tags": tags })),
            "1 validation error detected: Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: Member \
             must have length greater than or equal to 1"
        );
    }

    #[test]
    fn a_pattern_must_match_the_whole_text() {
        assert_eq!(
            violation(Operation::GetKeyPolicy, json!({ "KeyId": "k", "PolicyName": "invalid-name" })),
            r"1 validation error detected: Value 'invalid-name' at 'policyName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w]+"
        );
    }

    #[test]
    fn sm2_is_offered_in_china_only() {
        let body = json!({ "KeyId": "k", "WrappingAlgorithm": "X", "WrappingKeySpec": "RSA_2048" });
        assert!(!refusal(Operation::GetParametersForImport, &body).1.contains("SM2PKE"));
        assert!(refusal_in("cn-north-1", Operation::GetParametersForImport, &body).1.contains("SM2PKE"));
    }

    #[test]
    fn what_cannot_be_read_is_a_serialization_exception() {
        for body in [
            json!([]),
            json!("text"),
            json!({ "KeyId": 1 }),
            json!({ "KeyId": "k", "ImportToken": "not base64" }),
            json!({ "KeyId": "k", "ValidTo": "tomorrow" }),
            json!({ "KeyId": "k", "ValidTo": 1e300 }),
        ] {
            assert_eq!(refusal(Operation::ImportKeyMaterial, &body).0, "SerializationException", "{body}");
        }
        let truncated = request(Operation::DescribeKey, &"us-east-1".parse().unwrap(), br#"{"KeyId":"#).unwrap_err();
        assert_eq!(truncated.code, ErrorCode::SERIALIZATION);
    }

    #[test]
    fn unknown_members_are_ignored() {
        let body = br#"{"KeyId":"k","Surprise":1}"#;
        assert!(request(Operation::DescribeKey, &"us-east-1".parse().unwrap(), body).is_ok());
    }

    #[test]
    fn every_pattern_of_the_model_compiles() {
        fn patterns(shape: &Shape) -> Vec<&str> {
            let parts = shape.members.values().chain(shape.element()).chain(shape.map_key()).chain(shape.map_value());
            shape.pattern.as_deref().into_iter().chain(parts.flat_map(patterns)).collect()
        }
        for operation in Operation::ALL {
            for pattern in patterns(shapes::input(*operation)) {
                assert!(compile(pattern).is_some(), "{operation}: {pattern}");
            }
        }
        assert!(matches("^[a-zA-Z0-9-_.]+$", "a-b_c.9"));
        assert!(!matches("^[a-f0-9]+$", "ABCD"));
    }
}
