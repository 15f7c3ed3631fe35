//! GenerateMac and VerifyMac.

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use super::describe::Algorithms;
use super::{Session, incompatible, key_id, unless_dry, used_for};
use crate::emulator::crypto::secret::SecretKind;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::wire::Blob;
use crate::kms::{Arn, ErrorCode, KeyId, KeyUsage, MacAlgorithm};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GenerateMac {
    message: Blob,
    key_id: String,
    mac_algorithm: MacAlgorithm,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VerifyMac {
    message: Blob,
    key_id: String,
    mac_algorithm: MacAlgorithm,
    mac: Blob,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Mac {
    mac: Blob,
    mac_algorithm: MacAlgorithm,
    key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VerifiedMac {
    key_id: String,
    mac_valid: bool,
    mac_algorithm: MacAlgorithm,
}

struct Tagger {
    id: KeyId,
    arn: Arn,
    key: hmac::Key,
}

pub(super) fn generate_mac(session: &Session<'_>, request: &GenerateMac) -> Result<Mac, Failure> {
    let tagger = hmac_key(session, &request.key_id, request.mac_algorithm)?;
    unless_dry(request.dry_run)?;
    let mac = hmac::sign(&tagger.key, &request.message.0).as_ref().to_vec();
    session.used(&tagger.id);
    Ok(Mac { mac: Blob(mac), mac_algorithm: request.mac_algorithm, key_id: key_id(&tagger.arn) })
}

pub(super) fn verify_mac(session: &Session<'_>, request: &VerifyMac) -> Result<VerifiedMac, Failure> {
    let tagger = hmac_key(session, &request.key_id, request.mac_algorithm)?;
    let good = hmac::verify(&tagger.key, &request.message.0, &request.mac.0).is_ok();
    if !good && !Defect::BadMacAccepted.is_on() {
        return Err(Failure::silent(ErrorCode::KMS_INVALID_MAC));
    }
    unless_dry(request.dry_run)?;
    session.used(&tagger.id);
    Ok(VerifiedMac { key_id: key_id(&tagger.arn), mac_valid: true, mac_algorithm: request.mac_algorithm })
}

fn hmac_key(session: &Session<'_>, named: &str, algorithm: MacAlgorithm) -> Result<Tagger, Failure> {
    let mut books = session.books();
    let key = books.permitted(named)?;
    used_for(key, KeyUsage::GenerateVerifyMac, session.operation)?;
    let has = Algorithms::of(key.spec, key.usage).mac_algorithms.contains(&algorithm);
    if !has && !Defect::AnyMacAlgorithm.is_on() {
        return Err(incompatible(algorithm, key));
    }
    let hash = match algorithm {
        _ if Defect::MacAlwaysSha256.is_on() => hmac::HMAC_SHA256,
        MacAlgorithm::HmacSha224 => hmac::HMAC_SHA224,
        MacAlgorithm::HmacSha256 => hmac::HMAC_SHA256,
        MacAlgorithm::HmacSha384 => hmac::HMAC_SHA384,
        MacAlgorithm::HmacSha512 => hmac::HMAC_SHA512,
    };
    match &key.current_secret()?.1.secret.kind {
        SecretKind::Hmac(bytes) => {
            Ok(Tagger { id: key.id.clone(), arn: key.arn.clone(), key: hmac::Key::new(hash, bytes) })
        }
        _ => Err(Failure::internal("an HMAC key with material of another kind")),
    }
}
