//! DeriveSharedSecret.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Session, key_id, unless_dry, used_for, without_recipient};
use crate::emulator::crypto::secret::SecretKind;
use crate::emulator::crypto::symmetric::invalid_ciphertext;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::Key;
use crate::emulator::wire::Blob;
use crate::kms::{ErrorCode, KeySpec, KeyUsage, Origin};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeriveSharedSecret {
    key_id: String,
    public_key: Blob,
    recipient: Option<Value>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Derived {
    key_id: String,
    shared_secret: Blob,
    key_agreement_algorithm: &'static str,
    key_origin: Origin,
}

pub(super) fn derive_shared_secret(session: &Session<'_>, request: &DeriveSharedSecret) -> Result<Derived, Failure> {
    without_recipient(request.recipient.as_ref())?;
    let key = {
        let mut books = session.books();
        let key = books.permitted(&request.key_id)?;
        used_for(key, KeyUsage::KeyAgreement, session.operation)?;
        key.clone()
    };
    let shared_secret = agree(&key, &request.public_key.0)?;
    unless_dry(request.dry_run)?;
    session.used(&key.id);
    Ok(Derived {
        key_id: key_id(&key.arn),
        shared_secret: Blob(shared_secret),
        key_agreement_algorithm: "ECDH",
        key_origin: key.origin,
    })
}

fn agree(key: &Key, peer: &[u8]) -> Result<Vec<u8>, Failure> {
    let other_kind = || Failure::internal("a key for key agreement with material of another kind");
    let curve = match key.spec {
        KeySpec::EccNistP256 => &ECDH_P256,
        KeySpec::EccNistP384 => &ECDH_P384,
        KeySpec::EccNistP521 => &ECDH_P521,
        _ => return Err(other_kind()),
    };
    let (_, held) = key.current_secret()?;
    let SecretKind::Ecdsa { pkcs8, .. } = &held.secret.kind else { return Err(other_kind()) };
    let own = PrivateKey::from_private_key_der(curve, pkcs8).map_err(|_| other_kind())?;
    // The recorded answer to a malformed public key has no message.
    let malformed = match Defect::BadPublicKeyIsCiphertext.is_on() {
        true => invalid_ciphertext(),
        false => Failure::silent(ErrorCode::VALIDATION),
    };
    agreement::agree(&own, UnparsedPublicKey::new(curve, peer), malformed, |secret| Ok(secret.to_vec()))
}
