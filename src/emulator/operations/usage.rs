//! GetKeyLastUsage.

use serde::{Deserialize, Serialize};

use super::{Session, key_id};
use crate::emulator::failure::Failure;
use crate::emulator::wire::Instant;
use crate::kms::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetKeyLastUsage {
    key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LastUsage {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_last_usage: Option<Usage>,
    tracking_start_date: Instant,
    key_creation_date: Instant,
}

/// There is no trail here, and so no id of an event in one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Usage {
    operation: Operation,
    timestamp: Instant,
    kms_request_id: String,
}

pub(super) fn get_key_last_usage(session: &Session<'_>, request: &GetKeyLastUsage) -> Result<LastUsage, Failure> {
    let mut books = session.books();
    let key = books.find(&request.key_id)?;
    let usage = key.last_use.as_ref().map(|last| Usage {
        operation: last.operation,
        timestamp: Instant(last.at),
        kms_request_id: last.request.to_string(),
    });
    Ok(LastUsage {
        key_id: key_id(&key.arn),
        key_last_usage: usage,
        tracking_start_date: Instant(key.created),
        key_creation_date: Instant(key.created),
    })
}
