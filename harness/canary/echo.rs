//! A target without manners: it quotes secrets wherever an answer has room for them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::needles::forms;

/// Of so many imports three are refused.
const REFUSED: usize = 24;

/// The answer, with the secrets of the request quoted in it, or in an exception instead of it; how, goes by the turn. The
/// secrets of an answer are quoted beside themselves only: of what was never answered nobody can know that it is secret.
pub(crate) fn quote(
    operation: &str,
    mut response: Response<Bytes>,
    asked: &[Vec<u8>],
    answered: &[Vec<u8>],
    turn: usize,
) -> Response<Bytes> {
    if let Some(secret) = asked.first() {
        response.headers_mut().insert("x-amzn-requestid", HeaderValue::from_str(&hex::encode(secret)).unwrap());
    }
    if asked.len() < 3 && answered.is_empty() {
        return response;
    }
    match (operation == "ImportKeyMaterial", turn % REFUSED) {
        (true, 0) => refusal(response, &json!({"__type": "InternalQuote", "message": quotes(asked).join(" ")})),
        (true, 8) => {
            let code = "InvalidImportTokenException";
            refusal(response, &json!({"__type": code, "message": "no", "debug": members(asked)}))
        }
        (true, 16) => {
            let text = [quotes(asked).join(" ").as_bytes(), &asked.concat()].concat();
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response.map(|_| Bytes::from([b"<html>", &text[text.len().saturating_sub(300)..]].concat()))
        }
        _ => {
            let Ok(Value::Object(answer)) = serde_json::from_slice(response.body()) else { return response };
            // Before the members that hold the secrets, so that they are met before they are known.
            let first = json!({"ADebugMember": members(&[asked, answered].concat())});
            let all: Map<String, Value> = first.as_object().unwrap().clone().into_iter().chain(answer).collect();
            response.map(|_| Bytes::from(Value::Object(all).to_string()))
        }
    }
}

fn refusal(mut response: Response<Bytes>, body: &Value) -> Response<Bytes> {
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.map(|_| Bytes::from(body.to_string()))
}

/// Each secret's start, in every form; the bytes themselves have none in JSON.
fn quotes(secrets: &[Vec<u8>]) -> Vec<String> {
    let starts = secrets.iter().filter(|secret| secret.len() >= 16).map(|secret| &secret[..secret.len().min(40)]);
    starts.flat_map(forms).filter_map(|(_, text)| String::from_utf8(text).ok()).collect()
}

/// As texts, as names of members, and as lists.
fn members(secrets: &[Vec<u8>]) -> Value {
    let texts = quotes(secrets);
    let names: Map<String, Value> = texts.iter().map(|text| (text.clone(), text.clone().into())).collect();
    json!({"names": names, "lists": secrets, "texts": texts})
}
