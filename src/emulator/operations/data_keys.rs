//! GenerateDataKey and GenerateDataKeyPair, each with and without plaintext; GenerateRandom.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encryption::Ready;
use super::stores;
use super::{Session, key_id, unless_dry, without_recipient};
use crate::emulator::crypto::secret::{key_pair, random};
use crate::emulator::crypto::symmetric::EncryptionContext;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::MaterialId;
use crate::emulator::wire::Blob;
use crate::kms::{KeySpec, Operation};

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateDataKeyPair {
    key_id: String,
    key_pair_spec: KeySpec,
    encryption_context: Option<EncryptionContext>,
    recipient: Option<Value>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataKeyPair {
    private_key_ciphertext_blob: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_plaintext: Option<Blob>,
    public_key: Blob,
    key_id: String,
    key_pair_spec: KeySpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<MaterialId>,
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
        (None, None) if Defect::NoSizeIsThirtyTwo.is_on() => 32,
        (None, None) | (Some(_), Some(_)) => {
            return Err(Failure::validation("Please specify either number of bytes or key spec."));
        }
    };
    let ready = Ready::to_encrypt(session, &request.key_id, None)?;
    unless_dry(request.dry_run)?;
    let plaintext = random(length)?;
    let context = request.encryption_context.clone().unwrap_or_default();
    let ciphertext = ready.encrypt(&context, &plaintext)?;
    session.used(&ready.key.id);
    Ok(DataKey {
        ciphertext_blob: Blob(ciphertext),
        plaintext: (session.operation == Operation::GenerateDataKey).then_some(Blob(plaintext)),
        key_id: key_id(&ready.key.arn),
        key_material_id: ready.shown_material(),
    })
}

pub(super) async fn generate_data_key_pair(
    session: &Session<'_>,
    request: &GenerateDataKeyPair,
) -> Result<DataKeyPair, Failure> {
    without_recipient(request.recipient.as_ref())?;
    let ready = Ready::to_encrypt(session, &request.key_id, None)?;
    unless_dry(request.dry_run)?;
    let (private, public) = key_pair(request.key_pair_spec).await?;
    let context = request.encryption_context.clone().unwrap_or_default();
    let ciphertext = ready.encrypt(&context, &private)?;
    session.used(&ready.key.id);
    Ok(DataKeyPair {
        private_key_ciphertext_blob: Blob(ciphertext),
        private_key_plaintext: (session.operation == Operation::GenerateDataKeyPair).then_some(Blob(private)),
        public_key: Blob(public),
        key_id: key_id(&ready.key.arn),
        key_pair_spec: request.key_pair_spec,
        key_material_id: ready.shown_material(),
    })
}

pub(super) fn generate_random(request: &GenerateRandom) -> Result<Random, Failure> {
    without_recipient(request.recipient.as_ref())?;
    if request.custom_key_store_id.is_some() {
        return Err(stores::not_found());
    }
    let length = request.number_of_bytes.ok_or_else(|| Failure::validation("NumberOfBytes is required."))?;
    Ok(Random { plaintext: Blob(random(length)?) })
}
