//! The control endpoint: what a test may ask of an emulator that it could not ask of AWS.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Emulator, Fault};
use crate::kms::AccountId;

const ROOT: &str = "/_kms-conformance";
const CLOCK: &str = "/_kms-conformance/clock";
const FAULTS: &str = "/_kms-conformance/faults";
/// The version of this interface.
const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    account: String,
    #[serde(default)]
    freeze: bool,
    advance_ms: Option<i64>,
}

/// Whether a path belongs to the control endpoint.
pub(crate) fn is_meant(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn respond(emulator: &Emulator, request: &Request<Bytes>) -> Response<Bytes> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, ROOT) => (StatusCode::OK, hello(emulator)),
        (&Method::POST, CLOCK) => answer(clock(emulator, request.body())),
        (&Method::POST, FAULTS) => answer(faults(emulator, request.body())),
        (_, path) => answer(Err(format!(
            "no such control request: GET {ROOT}, POST {CLOCK} and POST {FAULTS} exist, not {path}"
        ))),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn answer(outcome: Result<Value, String>) -> (StatusCode, Value) {
    outcome.map_or_else(|error| (StatusCode::BAD_REQUEST, json!({ "error": error })), |body| (StatusCode::OK, body))
}

fn faults(emulator: &Emulator, body: &[u8]) -> Result<Value, String> {
    let fault: Fault = serde_json::from_slice(body)
        .map_err(|error| format!("expected {{\"operation\": …, \"code\": …, \"times\": …}}: {error}"))?;
    emulator.inject(fault);
    Ok(json!({}))
}

fn hello(emulator: &Emulator) -> Value {
    let mut hello = json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "control": VERSION });
    if let Some(defect) = emulator.defect() {
        hello["defect"] = defect.name().into();
    }
    hello
}

fn clock(emulator: &Emulator, body: &[u8]) -> Result<Value, String> {
    let request: ClockRequest = serde_json::from_slice(body)
        .map_err(|error| format!("expected {{\"account\": …, \"freeze\": true, \"advance_ms\": …}}: {error}"))?;
    let account: AccountId = request.account.parse().map_err(|error| format!("`account`: {error}"))?;
    let advance = request.advance_ms.unwrap_or_default();
    if advance < 0 {
        return Err(format!("`advance_ms` is {advance}, but time does not go back"));
    }
    let clock = emulator.clock(&account);
    if request.freeze {
        clock.freeze();
    }
    clock.advance(SignedDuration::from_millis(advance));
    Ok(json!({ "now_ms": clock.now().as_millisecond() }))
}
