//! GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encryption::Ready;
use super::{Session, key_id, unless_dry, without_recipient};
use crate::emulator::crypto::secret::random;
use crate::emulator::crypto::symmetric::EncryptionContext;
use crate::emulator::failure::Failure;
use crate::emulator::store::MaterialId;
use crate::emulator::wire::Blob;
use crate::kms::Operation;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateDataKey {
    key_id: String,
    encryption_context: Option<EncryptionContext>,
    number_of_bytes: Option<usize>,
    key_spec: Option<DataKeySpec>,
    recipient: Option<Value>,
    dry_run: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
enum DataKeySpec {
    #[serde(rename = "AES_256")]
    Aes256,
    #[serde(rename = "AES_128")]
    Aes128,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateRandom {
    number_of_bytes: Option<usize>,
    custom_key_store_id: Option<String>,
    recipient: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataKey {
    ciphertext_blob: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<Blob>,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<MaterialId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Random {
    plaintext: Blob,
}

pub(super) fn generate_data_key(session: &Session<'_>, request: &GenerateDataKey) -> Result<DataKey, Failure> {
    without_recipient(request.recipient.as_ref())?;
    let length = match (request.number_of_bytes, request.key_spec) {
        (Some(length), None) => length,
        (None, Some(DataKeySpec::Aes256)) => 32,
        (None, Some(DataKeySpec::Aes128)) => 16,
        (None, None) | (Some(_), Some(_)) => {
            return Err(Failure::validation("Please specify either number of bytes or key spec."));
        }
    };
    let ready = Ready::to_encrypt(session, &request.key_id, None)?;
    unless_dry(request.dry_run)?;
    let plaintext = random(length)?;
    let context = request.encryption_context.clone().unwrap_or_default();
    Ok(DataKey {
        ciphertext_blob: Blob(ready.encrypt(&context, &plaintext)?),
        plaintext: (session.operation == Operation::GenerateDataKey).then_some(Blob(plaintext)),
        key_id: key_id(&ready.key.arn),
        key_material_id: ready.shown_material(),
    })
}

pub(super) fn generate_random(request: &GenerateRandom) -> Result<Random, Failure> {
    without_recipient(request.recipient.as_ref())?;
    if request.custom_key_store_id.is_some() {
        return Err(Failure::named("CustomKeyStoreNotFoundException", "The custom key store does not exist."));
    }
    let length = request.number_of_bytes.ok_or_else(|| Failure::validation("NumberOfBytes is required."))?;
    Ok(Random { plaintext: Blob(random(length)?) })
}
