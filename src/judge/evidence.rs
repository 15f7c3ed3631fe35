//! What is shown of an exchange: everything but secrets.
//!
//! Blobs are replaced by a name, a number that tells them apart within the test, and their length, so that a reader sees
//! *which* token was sent but not its content. What remains of key material, tokens and credentials in free text, such
//! as an error message that quotes them, is blotted out.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexSet;
use jiff::Timestamp;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::secrets::Secrets;
use crate::kms::shapes::{self, Kind, Shape};
use crate::kms::{AccountId, Operation, Region};
use crate::material::Material;
use crate::target::{Answer, Exchange, Message};

/// The headers that are worth showing; all others, credentials and signatures among them, are left out.
const SHOWN_HEADERS: [&str; 6] =
    ["content-type", "date", "x-amz-date", "x-amz-target", "x-amzn-errortype", "x-amzn-requestid"];
/// So much of a body that is not JSON is shown, in characters.
const SHOWN_OF_UNREADABLE: usize = 400;
/// Members that hold secrets: no part of them is shown, in whichever form. Other blobs are merely long.
const SECRET_MEMBERS: [&str; 5] =
    ["EncryptedKeyMaterial", "ImportToken", "Plaintext", "PrivateKeyPlaintext", "SharedSecret"];

/// A call as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The step's line in the scenario file.
    pub line: usize,
    /// Which operation.
    pub operation: String,
    /// The request's headers worth showing.
    pub request_headers: Map<String, Value>,
    /// The request's body.
    pub request: Value,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The answer's headers worth showing.
    pub response_headers: Map<String, Value>,
    /// The answer's body: JSON, or text if it is none; null if there was no answer.
    pub response: Value,
    /// What it came to, in words.
    pub outcome: String,
    /// How long the call took, in milliseconds.
    pub elapsed_ms: f64,
    /// How often it was sent.
    pub attempts: u32,
    /// What judging it again has to know of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Who called, and when by the target's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caller {
    /// The target's time before the call.
    pub now: Timestamp,
    /// The account that the client acts in, if the target has named it by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub account: Option<AccountId>,
    /// The Region that it calls.
    #[schemars(with = "String")]
    pub region: Region,
}

/// Makes evidence of the exchanges of one test.
#[derive(Debug, Default)]
pub struct Redactor {
    /// Every blob seen, as base64, so that equal ones get the same number.
    blobs: IndexSet<String>,
    secrets: Secrets,
}

impl Redactor {
    /// Text that must not be shown in any form.
    pub fn hide(&mut self, material: &Material) {
        material.secrets().for_each(|secret| self.secrets.hide(secret));
    }

    /// What a request is signed with, as far as the target sees it and may quote it.
    fn hide_credentials(&mut self, request: &Message) {
        for (name, value) in &request.headers {
            match name.to_lowercase().as_str() {
                "x-amz-security-token" => {
                    self.secrets.hide_text(value.as_str());
                    self.secrets.hide(&STANDARD.decode(value).unwrap_or_else(|_| value.as_bytes().to_vec()));
                }
                "authorization" => {
                    let part = |name: &str| value.split(name).nth(1).and_then(|rest| rest.split([',', '/']).next());
                    self.secrets.hide_text(part("Credential=").unwrap_or_default());
                    self.secrets.hide(&hex::decode(part("Signature=").unwrap_or_default()).unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    /// Every blob, before anything is shown that could quote one.
    fn hide_blobs(&mut self, value: &Value, shape: Option<&Shape>, name: &str) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, inner)| {
                let shape = shape.and_then(|shape| shape.member(key).or_else(|| shape.map_value()));
                self.hide_blobs(inner, shape, key);
            }),
            Value::Array(items) => {
                items.iter().for_each(|item| self.hide_blobs(item, shape.and_then(Shape::element), name));
            }
            Value::String(text) if shape.is_some_and(|shape| shape.kind == Kind::Blob) => self.hide_blob(text, name),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn hide_blob(&mut self, text: &str, name: &str) {
        if name == "PublicKey" || self.blobs.contains(text) {
            return;
        }
        let Ok(bytes) = STANDARD.decode(text) else { return };
        if SECRET_MEMBERS.contains(&name) {
            self.secrets.hide(&bytes);
        }
        self.secrets.hide_text(text);
        self.secrets.hide_text(hex::encode(&bytes));
        self.secrets.hide_text(String::from_utf8_lossy(&bytes));
    }

    /// The exchange as it may be shown.
    pub fn evidence(&mut self, line: usize, exchange: &Exchange) -> Evidence {
        let operation = exchange.operation;
        if let Some(request) = &exchange.request {
            self.hide_credentials(request);
        }
        let request = self.json(&exchange.input, Some(shapes::input(operation)), operation.as_str());
        let response = self.response(operation, exchange);
        Evidence {
            line,
            operation: operation.to_string(),
            request_headers: self.headers(exchange.request.as_ref()),
            request,
            status: exchange.status,
            response_headers: self.headers(exchange.response.as_ref()),
            response,
            outcome: self.outcome(exchange),
            elapsed_ms: (exchange.elapsed.as_secs_f64() * 1e6).round() / 1e3,
            attempts: exchange.attempts,
            caller: None,
        }
    }

    fn headers(&self, message: Option<&Message>) -> Map<String, Value> {
        let all = message.map_or(&[][..], |message| &message.headers);
        let shown = all.iter().filter(|(name, _)| SHOWN_HEADERS.contains(&name.to_lowercase().as_str()));
        shown.map(|(name, value)| (name.clone(), self.scrub(value).into())).collect()
    }

    fn response(&mut self, operation: Operation, exchange: &Exchange) -> Value {
        let Some(message) = &exchange.response else { return Value::Null };
        match serde_json::from_slice::<Value>(&message.body) {
            // A refusal has no shape; should it have members of the answer's, they are no less secret.
            Ok(body) => self.json(&body, Some(shapes::output(operation)), operation.as_str()),
            Err(_) if self.secrets.stand_in(&message.body) => Value::String("<redacted>".to_owned()),
            Err(_) => {
                // Cut off afterwards: half a secret would no longer be known for one.
                let text = self.scrub(&String::from_utf8_lossy(&message.body));
                Value::String(text.chars().take(SHOWN_OF_UNREADABLE).collect())
            }
        }
    }

    /// What an exchange came to, in words.
    pub fn outcome(&self, exchange: &Exchange) -> String {
        match &exchange.answer {
            Answer::Success(_) => "success".to_owned(),
            Answer::Refusal { code, message } => {
                let message = message.as_deref().map(|text| format!(": {}", self.scrub(text))).unwrap_or_default();
                let status = exchange.status.filter(|status| *status != 400);
                let status = status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
                format!("{}{status}{message}", self.scrub(code.as_str()))
            }
            Answer::Unreadable(why) => {
                let status = exchange.status.map(|status| format!("HTTP {status}, ")).unwrap_or_default();
                format!("an answer that the SDK cannot read ({status}{})", self.scrub(why))
            }
            Answer::Nothing(why) => self.scrub(&why.to_string()),
            Answer::NotSent(why) => format!("the request could not be made: {}", self.scrub(why)),
        }
    }

    /// JSON without its blobs.
    pub fn json(&mut self, value: &Value, shape: Option<&Shape>, name: &str) -> Value {
        self.hide_blobs(value, shape, name);
        self.shown(value, shape, name)
    }

    fn shown(&mut self, value: &Value, shape: Option<&Shape>, name: &str) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(key, inner): (&String, &Value)| {
                    let shape = shape.and_then(|shape| shape.member(key).or_else(|| shape.map_value()));
                    (self.scrub(key), self.shown(inner, shape, key))
                };
                Value::Object(members.iter().map(member).collect())
            }
            Value::Array(items) if self.secrets.stand_in_list(items) => Value::String("<redacted>".to_owned()),
            Value::Array(items) => {
                let shape = shape.and_then(Shape::element);
                Value::Array(items.iter().map(|item| self.shown(item, shape, name)).collect())
            }
            Value::String(text) if shape.is_some_and(|shape| shape.kind == Kind::Blob) => {
                Value::String(self.blob(text, name))
            }
            Value::String(text) => Value::String(self.scrub(text)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn blob(&mut self, text: &str, name: &str) -> String {
        let Ok(bytes) = STANDARD.decode(text) else {
            return format!("<{name}: not base64, {} characters>", text.len());
        };
        let (index, _) = self.blobs.insert_full(text.to_owned());
        let number = index + 1;
        format!("<{name}, blob {number}, {} bytes>", bytes.len())
    }

    /// Text without what must not be shown.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        static LONG: LazyLock<Regex> =
            LazyLock::new(|| Regex::new("[A-Za-z0-9+/]{100,}={0,2}").unwrap_or_else(|_| unreachable!("it compiles")));
        LONG.replace_all(&self.secrets.scrub(text), "<redacted>").into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::kms::{ErrorCode, KeySpec};
    use crate::material::Recipe;
    use crate::target::{Message, Transport};

    fn import() -> &'static Shape {
        shapes::input(Operation::ImportKeyMaterial)
    }

    #[test]
    fn blobs_are_told_apart_but_not_shown() {
        let mut redactor = Redactor::default();
        let (one, two) = (STANDARD.encode([1; 40]), STANDARD.encode([2; 41]));
        let request = json!({"ImportToken": one, "EncryptedKeyMaterial": two, "KeyId": "k"});
        let again = json!({"ImportToken": two});
        let shown = redactor.json(&request, Some(import()), "");
        assert_eq!(shown["ImportToken"], "<ImportToken, blob 1, 40 bytes>");
        assert_eq!(shown["EncryptedKeyMaterial"], "<EncryptedKeyMaterial, blob 2, 41 bytes>");
        assert_eq!(shown["KeyId"], "k");
        assert_eq!(redactor.json(&again, Some(import()), "")["ImportToken"], "<ImportToken, blob 2, 41 bytes>");
    }

    #[test]
    fn a_message_that_quotes_a_blob_is_blotted_out() {
        let mut redactor = Redactor::default();
        let token = STANDARD.encode([7; 40]);
        redactor.json(&json!({"ImportToken": token}), Some(import()), "");
        assert_eq!(redactor.scrub(&format!("bad token {token}!")), "bad token <redacted>!");
        assert_eq!(redactor.scrub(&format!("hex {}", hex::encode([7; 40]))), "hex <redacted>");
    }

    #[test]
    fn key_ids_and_material_ids_stay() {
        let redactor = Redactor::default();
        let text =
            format!("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab {}", "ab".repeat(32));
        assert_eq!(redactor.scrub(&text), text);
    }

    /// A call of GenerateDataKey that was answered so.
    fn exchange(status: u16, answer: Answer, body: &[u8]) -> Exchange {
        let header = |name: &str| (name.to_owned(), format!("the {name}"));
        let headers = vec![header("Authorization"), header("X-Amz-Target"), header("x-amz-security-token")];
        Exchange {
            operation: Operation::GenerateDataKey,
            unnamed: false,
            input: json!({"KeyId": "k", "NumberOfBytes": 32}),
            request: Some(Message { headers, body: Vec::new() }),
            response: Some(Message { headers: vec![header("date"), header("set-cookie")], body: body.to_vec() }),
            status: Some(status),
            answer,
            elapsed: Duration::from_nanos(1_234_567),
            attempts: 2,
        }
    }

    fn refusal(message: Option<&str>) -> Answer {
        Answer::Refusal { code: ErrorCode::from_wire("XException"), message: message.map(str::to_owned) }
    }

    #[test]
    fn an_exchange_is_shown_without_its_secrets() {
        let (key, short) = (STANDARD.encode([7; 32]), STANDARD.encode([8; 8]));
        let body = json!({"Plaintext": key, "CiphertextBlob": short, "KeyId": "k"});
        let mut redactor = Redactor::default();
        let answered = exchange(200, Answer::Success(body.clone()), body.to_string().as_bytes());
        let shown = redactor.evidence(7, &answered);
        let expected = Evidence {
            line: 7,
            operation: "GenerateDataKey".into(),
            request_headers: Map::from_iter([("X-Amz-Target".into(), json!("the X-Amz-Target"))]),
            request: json!({"KeyId": "k", "NumberOfBytes": 32}),
            status: Some(200),
            response_headers: Map::from_iter([("date".into(), json!("the date"))]),
            response: json!({
                "Plaintext": "<Plaintext, blob 1, 32 bytes>",
                "CiphertextBlob": "<CiphertextBlob, blob 2, 8 bytes>",
                "KeyId": "k"
            }),
            outcome: "success".into(),
            elapsed_ms: 1.235,
            attempts: 2,
            caller: None,
        };
        assert_eq!(shown, expected);
        // What was a blob there stays hidden where it is quoted.
        let text = format!("no {key}");
        let quoted = json!({"__type": "XException", "message": text});
        let refused = exchange(400, refusal(Some(&text)), quoted.to_string().as_bytes());
        let shown = redactor.evidence(8, &refused);
        assert_eq!(shown.response, json!({"__type": "XException", "message": "no <redacted>"}));
        assert_eq!(shown.outcome, "XException: no <redacted>");
        assert_eq!(redactor.evidence(9, &Exchange { response: None, ..refused }).response, Value::Null);
    }

    #[test]
    fn an_answer_that_is_not_json_is_cut_off_after_its_secrets_are_blotted_out() {
        let mut redactor = Redactor::default();
        let token = STANDARD.encode([7; 40]);
        redactor.json(&json!({"ImportToken": token}), Some(import()), "");
        let page = format!("{}{token}{}", "-".repeat(390), "+".repeat(400));
        let shown = redactor.evidence(1, &exchange(200, Answer::Unreadable("no JSON".into()), page.as_bytes()));
        assert_eq!(shown.response, json!(format!("{}<redacted>", "-".repeat(390))));
    }

    #[test]
    fn an_outcome_is_said_in_words() {
        let redactor = Redactor::default();
        let cases = [
            (200, Answer::Success(json!({})), "success"),
            (400, refusal(None), "XException"),
            (400, refusal(Some("no")), "XException: no"),
            (404, refusal(Some("no")), "XException (HTTP 404): no"),
            (200, Answer::Unreadable("why".into()), "an answer that the SDK cannot read (HTTP 200, why)"),
            (200, Answer::Nothing(Transport::Broken("why".into())), "the connection broke: why"),
            (200, Answer::NotSent("why".into()), "the request could not be made: why"),
        ];
        for (status, answer, expected) in cases {
            assert_eq!(redactor.outcome(&exchange(status, answer, b"{}")), expected);
        }
    }

    #[test]
    fn key_material_is_hidden_from_the_start() {
        let mut redactor = Redactor::default();
        let make = |recipe: &Recipe| Material::make(recipe, 0).unwrap();
        let (long, short) = (
            make(&Recipe::of(KeySpec::SymmetricDefault).unwrap()),
            make(&Recipe::new(KeySpec::SymmetricDefault, None, Some(1)).unwrap()),
        );
        redactor.hide(&long);
        redactor.hide(&short);
        for form in [STANDARD.encode(long.bytes()), hex::encode(long.bytes()), hex::encode_upper(long.bytes())] {
            assert_eq!(redactor.scrub(&format!("got {form}!")), "got <redacted>!");
        }
        let traces = long.traces();
        for (encoding, form) in traces.iter().filter(|(_, form)| form.is_ascii()) {
            let scrubbed = redactor.scrub(&format!("got {}!", String::from_utf8_lossy(form)));
            assert_eq!(traces.find_in(scrubbed.as_bytes()), None, "{encoding}");
        }
        let text = format!("{} and {}", STANDARD.encode(short.bytes()), hex::encode(short.bytes()));
        assert_eq!(redactor.scrub(&text), text, "so short a text stands anywhere by chance");
    }

    #[test]
    fn a_public_key_is_numbered_but_no_secret() {
        let mut redactor = Redactor::default();
        let (public, private) = (STANDARD.encode([1; 40]), STANDARD.encode([2; 40]));
        let body = json!({"PublicKey": public, "PrivateKeyPlaintext": private});
        let shape = shapes::output(Operation::GenerateDataKeyPair);
        let shown = redactor.json(&body, Some(shape), "");
        assert_eq!(shown["PublicKey"], "<PublicKey, blob 1, 40 bytes>");
        assert_eq!(redactor.scrub(&format!("{public} {private}")), format!("{public} <redacted>"));
    }

    #[test]
    fn a_blob_that_is_none_is_not_shown_either() {
        let shown = Redactor::default().json(&json!({"ImportToken": "not base64!"}), Some(import()), "");
        assert_eq!(shown["ImportToken"], "<ImportToken: not base64, 11 characters>");
    }

    #[test]
    fn long_base64_is_blotted_out_even_where_nobody_knows_it() {
        let redactor = Redactor::default();
        assert_eq!(redactor.scrub(&format!("a {} b", "A".repeat(100))), "a <redacted> b");
        assert_eq!(redactor.scrub(&"A".repeat(99)), "A".repeat(99));
    }
}
