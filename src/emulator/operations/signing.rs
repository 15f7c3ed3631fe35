//! Sign and Verify.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::describe::Algorithms;
use super::{Session, incompatible, key_id, unless_dry, used_for};
use crate::emulator::crypto::secret::Secret;
use crate::emulator::crypto::signing::{self, Message};
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::wire::Blob;
use crate::kms::{Arn, ErrorCode, KeyId, KeySpec, KeyUsage, SigningAlgorithm};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sign {
    key_id: String,
    message: Blob,
    message_type: Option<MessageType>,
    signing_algorithm: SigningAlgorithm,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Verify {
    key_id: String,
    message: Blob,
    message_type: Option<MessageType>,
    signature: Blob,
    signing_algorithm: SigningAlgorithm,
    dry_run: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
enum MessageType {
    #[serde(rename = "RAW")]
    Raw,
    #[serde(rename = "DIGEST")]
    Digest,
    #[serde(rename = "EXTERNAL_MU")]
    ExternalMu,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Signed {
    key_id: String,
    signature: Blob,
    signing_algorithm: SigningAlgorithm,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Verified {
    key_id: String,
    signature_valid: bool,
    signing_algorithm: SigningAlgorithm,
}

struct Signer {
    id: KeyId,
    arn: Arn,
    spec: KeySpec,
    secret: Arc<Secret>,
}

pub(super) fn sign(session: &Session<'_>, request: &Sign) -> Result<Signed, Failure> {
    let signer = signer(session, &request.key_id, request.signing_algorithm)?;
    let message = message(&request.message, request.message_type)?;
    let signature = signing::sign(&signer.secret, request.signing_algorithm, &message)?;
    unless_dry(request.dry_run)?;
    session.used(&signer.id);
    Ok(Signed { key_id: key_id(&signer.arn), signature: Blob(signature), signing_algorithm: request.signing_algorithm })
}

pub(super) fn verify(session: &Session<'_>, request: &Verify) -> Result<Verified, Failure> {
    let signer = signer(session, &request.key_id, request.signing_algorithm)?;
    let message = message(&request.message, request.message_type)?;
    let algorithm = request.signing_algorithm;
    let signature_valid = signing::verify(&signer.secret, signer.spec, algorithm, &message, &request.signature.0)?;
    if !signature_valid && !Defect::BadSignatureAnswered.is_on() {
        return Err(Failure::silent(ErrorCode::KMS_INVALID_SIGNATURE));
    }
    unless_dry(request.dry_run)?;
    session.used(&signer.id);
    Ok(Verified { key_id: key_id(&signer.arn), signature_valid, signing_algorithm: algorithm })
}

fn signer(session: &Session<'_>, named: &str, algorithm: SigningAlgorithm) -> Result<Signer, Failure> {
    let mut books = session.books();
    let key = books.permitted(named)?;
    used_for(key, KeyUsage::SignVerify, session.operation)?;
    if !Algorithms::of(key.spec, key.usage).signing_algorithms.contains(&algorithm) {
        return Err(incompatible(algorithm, key));
    }
    Ok(Signer { id: key.id.clone(), arn: key.arn.clone(), spec: key.spec, secret: key.current_secret()?.1.secret })
}

fn message(bytes: &Blob, kind: Option<MessageType>) -> Result<Message<'_>, Failure> {
    match kind.unwrap_or(MessageType::Raw) {
        MessageType::Raw => Ok(Message::Raw(&bytes.0)),
        MessageType::Digest => Ok(Message::Digest(&bytes.0)),
        MessageType::ExternalMu => Err(Failure::validation("MessageType EXTERNAL_MU is valid for ML-DSA keys only.")),
    }
}
