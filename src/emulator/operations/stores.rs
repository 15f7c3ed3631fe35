//! Custom key stores, of which the account has none: nothing is found, and nothing is there to make one from.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::emulator::failure::Failure;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateCustomKeyStore {
    custom_key_store_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeCustomKeyStores {
    custom_key_store_id: Option<String>,
    custom_key_store_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Stores {
    custom_key_stores: Vec<Value>,
    truncated: bool,
}

pub(super) fn create_custom_key_store(request: &CreateCustomKeyStore) -> Failure {
    match request.custom_key_store_type.as_deref() {
        Some("EXTERNAL_KEY_STORE") => {
            Failure::named("XksProxyUriUnreachableException", "The external key store proxy cannot be reached.")
        }
        _ => Failure::named("CloudHsmClusterNotFoundException", "The AWS CloudHSM cluster does not exist."),
    }
}

pub(super) fn describe_custom_key_stores(request: &DescribeCustomKeyStores) -> Result<Stores, Failure> {
    match (&request.custom_key_store_id, &request.custom_key_store_name) {
        (None, None) => Ok(Stores { custom_key_stores: Vec::new(), truncated: false }),
        (Some(_), _) | (_, Some(_)) => Err(not_found()),
    }
}

pub(super) fn not_found() -> Failure {
    Failure::named("CustomKeyStoreNotFoundException", "The custom key store does not exist.")
}
