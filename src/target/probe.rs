//! Finding out which operations a target does not offer, before tests that need them come to strange ends.
//!
//! Most targets say so by name. Some answer an unknown operation with a bare server fault; it is told by comparing with
//! the answer to an operation that cannot exist. A fault that a target shows on *odd input* must not pass for a missing
//! operation, so this is only believed where the input is certain to be good.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::exchange::{Answer, Exchange};
use super::session::Session;
use super::wire::Overrides;
use crate::kms::Operation;
use crate::kms::shapes::{self, Kind, Shape};

/// No operation of KMS has this name.
const NO_SUCH_OPERATION: &str = "KmsConformanceNoSuchOperation";
/// The shortest window that AWS allows, in days (SKD-WINDOW).
const SHORTEST_WINDOW_DAYS: u32 = 7;

/// The operations, of those asked for, that the target does not offer, each with what it answers.
pub(super) async fn unsupported(session: &Session, asked: &[Operation]) -> BTreeMap<Operation, String> {
    let mut missing = BTreeMap::new();
    let created = session.call(Operation::CreateKey, json!({"Origin": "EXTERNAL"})).await;
    let Answer::Success(created) = created.answer else { return missing };
    let Some(key) = created["KeyMetadata"]["KeyId"].as_str() else { return missing };
    let nonsense = Overrides { operation: Some(NO_SUCH_OPERATION.to_owned()), ..Overrides::default() };
    let nonsense = fingerprint(&session.call_with(Operation::ListKeys, json!({}), nonsense).await);
    for operation in asked.iter().filter(|operation| worth_asking(**operation)) {
        let exchange = session.call(*operation, minimal(shapes::input(*operation), key)).await;
        let unknown = exchange.is_unsupported() || (is_fault(&exchange) && fingerprint(&exchange) == nonsense);
        let certain = !needs_blob(*operation)
            || (*operation == Operation::ImportKeyMaterial && missing.contains_key(&Operation::GetParametersForImport));
        if unknown && (certain || exchange.is_unsupported()) {
            missing.insert(*operation, answer_in_words(&exchange));
        }
    }
    session
        .call(Operation::ScheduleKeyDeletion, json!({"KeyId": key, "PendingWindowInDays": SHORTEST_WINDOW_DAYS}))
        .await;
    missing
}

/// Calls that would make or end something, or that the probe makes anyway, are left to the tests.
fn worth_asking(operation: Operation) -> bool {
    let input = shapes::input(operation);
    input.required.iter().any(|name| name == "KeyId")
        && ![Operation::ScheduleKeyDeletion, Operation::ReplicateKey].contains(&operation)
}

fn needs_blob(operation: Operation) -> bool {
    let input = shapes::input(operation);
    input.required.iter().any(|name| input.member(name).is_some_and(|shape| shape.kind == Kind::Blob))
}

fn is_fault(exchange: &Exchange) -> bool {
    exchange.status.is_some_and(|status| status >= 500)
}

/// Status and body, without the operation's name.
fn fingerprint(exchange: &Exchange) -> (Option<u16>, String) {
    let body = exchange.response.as_ref().map(|message| String::from_utf8_lossy(&message.body).into_owned());
    let body = body.unwrap_or_default().replace(NO_SUCH_OPERATION, "").replace(exchange.operation.as_str(), "");
    (exchange.status, body)
}

fn answer_in_words(exchange: &Exchange) -> String {
    let status = exchange.status.map(|status| format!("HTTP {status}")).unwrap_or_default();
    match &exchange.answer {
        Answer::Refusal { code, .. } => format!("{status} {code}"),
        Answer::Success(_) | Answer::Unreadable(_) | Answer::Nothing(_) | Answer::NotSent(_) => {
            format!("{status}, as for an operation that does not exist")
        }
    }
}

/// The required members with plausible values.
fn minimal(shape: &Shape, key: &str) -> Value {
    let member = |name: &String| Some((name.clone(), plausible(name, shape.member(name)?, key)));
    Value::Object(shape.required.iter().filter_map(member).collect::<Map<_, _>>())
}

fn plausible(name: &str, shape: &Shape, key: &str) -> Value {
    match shape.kind {
        Kind::String if name.ends_with("KeyId") => key.into(),
        Kind::String => {
            shape.one_of().and_then(|names| names.first()).cloned().unwrap_or_else(|| "a".to_owned()).into()
        }
        // 256 bytes: the length of a ciphertext under RSA_2048.
        Kind::Blob => base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7_u8; 256]).into(),
        Kind::Integer => json!(1),
        Kind::Boolean => json!(true),
        Kind::Timestamp => json!(0),
        Kind::List => json!([]),
        Kind::Map => json!({}),
        Kind::Structure => minimal(shape, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimal_input_has_what_is_required() {
        let input = minimal(shapes::input(Operation::GetParametersForImport), "k");
        let wrapping = shapes::input(Operation::GetParametersForImport).member("WrappingKeySpec");
        assert_eq!(input["KeyId"], "k");
        assert_eq!(input["WrappingKeySpec"], wrapping.and_then(Shape::one_of).map(|names| names[0].as_str()).unwrap());
        assert!(needs_blob(Operation::ImportKeyMaterial));
        assert!(!needs_blob(Operation::GetParametersForImport));
    }
}
