//! Encrypt, Decrypt, ReEncrypt.

use std::borrow::Cow;

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Session, incompatible, key_id, unless_dry, used_for, without_recipient};
use crate::emulator::crypto::secret::{RsaSecret, SecretKind};
use crate::emulator::crypto::symmetric::{Ciphertext, EncryptionContext, invalid_ciphertext};
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::emulator::store::{Held, Key, MaterialId};
use crate::emulator::wire::Blob;
use crate::kms::{EncryptionAlgorithm, ErrorCode, KeyUsage};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Encrypt {
    key_id: String,
    plaintext: Blob,
    encryption_context: Option<EncryptionContext>,
    encryption_algorithm: Option<EncryptionAlgorithm>,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypt {
    ciphertext_blob: Option<Blob>,
    encryption_context: Option<EncryptionContext>,
    key_id: Option<String>,
    encryption_algorithm: Option<EncryptionAlgorithm>,
    recipient: Option<Value>,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReEncrypt {
    ciphertext_blob: Option<Blob>,
    source_encryption_context: Option<EncryptionContext>,
    source_key_id: Option<String>,
    destination_key_id: String,
    destination_encryption_context: Option<EncryptionContext>,
    source_encryption_algorithm: Option<EncryptionAlgorithm>,
    destination_encryption_algorithm: Option<EncryptionAlgorithm>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Encrypted {
    ciphertext_blob: Blob,
    key_id: String,
    encryption_algorithm: EncryptionAlgorithm,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decrypted {
    key_id: String,
    plaintext: Blob,
    encryption_algorithm: EncryptionAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<MaterialId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReEncrypted {
    ciphertext_blob: Blob,
    source_key_id: String,
    key_id: String,
    source_encryption_algorithm: EncryptionAlgorithm,
    destination_encryption_algorithm: EncryptionAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_key_material_id: Option<MaterialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_key_material_id: Option<MaterialId>,
}

/// A key that is ready for one encryption or decryption, so that the account's books need not stay open.
pub(super) struct Ready {
    pub(super) key: Key,
    pub(super) material: MaterialId,
    pub(super) algorithm: EncryptionAlgorithm,
    held: Held,
}

pub(super) fn encrypt(session: &Session<'_>, request: &Encrypt) -> Result<Encrypted, Failure> {
    let ready = Ready::to_encrypt(session, &request.key_id, request.encryption_algorithm)?;
    let context = request.encryption_context.clone().unwrap_or_default();
    let ciphertext = ready.encrypt(&context, &request.plaintext.0)?;
    unless_dry(request.dry_run)?;
    session.used(&ready.key.id);
    Ok(Encrypted {
        ciphertext_blob: Blob(ciphertext),
        key_id: key_id(&ready.key.arn),
        encryption_algorithm: ready.algorithm,
    })
}

pub(super) fn decrypt(session: &Session<'_>, request: &Decrypt) -> Result<Decrypted, Failure> {
    without_recipient(request.recipient.as_ref())?;
    let blob = ciphertext(request.ciphertext_blob.as_ref())?;
    let ready = Ready::to_decrypt(session, blob, request.key_id.as_deref(), request.encryption_algorithm)?;
    let context = request.encryption_context.clone().unwrap_or_default();
    let plaintext = ready.decrypt(&context, blob)?;
    unless_dry(request.dry_run)?;
    session.used(&ready.key.id);
    Ok(Decrypted {
        key_id: key_id(&ready.key.arn),
        plaintext: Blob(plaintext),
        encryption_algorithm: ready.algorithm,
        key_material_id: match Defect::DecryptNamesCurrentMaterial.is_on() {
            true => ready.key.current().map(|material| material.id),
            false => ready.shown_material().filter(|_| !Defect::DecryptNamesNoMaterial.is_on()),
        },
    })
}

pub(super) fn re_encrypt(session: &Session<'_>, request: &ReEncrypt) -> Result<ReEncrypted, Failure> {
    let blob = ciphertext(request.ciphertext_blob.as_ref())?;
    let source =
        Ready::to_decrypt(session, blob, request.source_key_id.as_deref(), request.source_encryption_algorithm)?;
    let destination =
        Ready::to_encrypt(session, &request.destination_key_id, request.destination_encryption_algorithm)?;
    let context = request.source_encryption_context.clone().unwrap_or_default();
    let plaintext = source.decrypt(&context, blob)?;
    let context = request.destination_encryption_context.clone().unwrap_or_default();
    let ciphertext = destination.encrypt(&context, &plaintext)?;
    unless_dry(request.dry_run)?;
    session.used(&source.key.id);
    session.used(&destination.key.id);
    Ok(ReEncrypted {
        ciphertext_blob: Blob(ciphertext),
        source_key_id: key_id(&source.key.arn),
        key_id: key_id(&destination.key.arn),
        source_encryption_algorithm: source.algorithm,
        destination_encryption_algorithm: destination.algorithm,
        source_key_material_id: source.shown_material(),
        destination_key_material_id: destination.shown_material(),
    })
}

/// The shape lets a request go without a ciphertext, for dry runs that ignore it; this emulator has no such dry runs.
fn ciphertext(blob: Option<&Blob>) -> Result<&[u8], Failure> {
    let message = "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member \
                   must not be null";
    blob.map(|blob| blob.0.as_slice()).ok_or_else(|| Failure::validation(message))
}

impl Ready {
    pub(super) fn to_encrypt(
        session: &Session<'_>,
        named: &str,
        algorithm: Option<EncryptionAlgorithm>,
    ) -> Result<Self, Failure> {
        let mut books = session.books();
        let key = books.permitted(named)?;
        used_for(key, KeyUsage::EncryptDecrypt, session.operation)?;
        let algorithm = of_key(key, algorithm)?;
        let (material, held) = key.current_secret()?;
        Ok(Self { key: key.clone(), material, algorithm, held })
    }

    /// The key of a ciphertext. A symmetric one names its key itself; whether that is the key of the request is looked
    /// at before anything else of the key.
    fn to_decrypt(
        session: &Session<'_>,
        blob: &[u8],
        named: Option<&str>,
        algorithm: Option<EncryptionAlgorithm>,
    ) -> Result<Self, Failure> {
        let mut books = session.books();
        let algorithm = algorithm.unwrap_or(EncryptionAlgorithm::SymmetricDefault);
        if algorithm != EncryptionAlgorithm::SymmetricDefault {
            let missing = || Failure::validation(format!("A KeyId is required with the algorithm {algorithm}."));
            let key = books.permitted(named.ok_or_else(missing)?)?;
            used_for(key, KeyUsage::EncryptDecrypt, session.operation)?;
            let algorithm = of_key(key, Some(algorithm))?;
            let (material, held) = key.current_secret()?;
            return Ok(Self { key: key.clone(), material, algorithm, held });
        }
        let named = named.map(|named| books.find(named).map(|key| key.id.clone())).transpose()?;
        let ciphertext = Ciphertext::parse(blob)?;
        if named.is_some_and(|named| named != ciphertext.key) && !Defect::DecryptIgnoresKeyId.is_on() {
            let message = "The key ID in the request does not identify a CMK that can perform this operation.";
            return Err(Failure::new(ErrorCode::INCORRECT_KEY, message));
        }
        let key = books.key(&ciphertext.key).ok_or_else(gone)?;
        states::permit(session.operation, key.state(), &key.arn)?;
        let held = key.material(&ciphertext.material).and_then(|material| material.held.clone());
        let held = held.ok_or_else(invalid_ciphertext)?;
        Ok(Self { key: key.clone(), material: ciphertext.material, algorithm, held })
    }

    pub(super) fn encrypt(&self, context: &EncryptionContext, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
        match &self.held.secret.kind {
            SecretKind::Symmetric(secret) => secret.seal(&self.key.id, &self.material, &bound(context), plaintext),
            SecretKind::Rsa(rsa) => {
                no_context(context, self.algorithm)?;
                self.encrypt_rsa(rsa, plaintext)
            }
            _ => Err(Failure::internal("an encryption key with material of another kind")),
        }
    }

    fn encrypt_rsa(&self, rsa: &RsaSecret, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
        let key = OaepPublicEncryptingKey::new(rsa.encrypting.clone())?;
        let hash = oaep(self.algorithm)?;
        let most = key.max_plaintext_size(hash);
        if plaintext.len() > most && Defect::RsaCapacityIsCiphertext.is_on() {
            return Err(invalid_ciphertext());
        }
        if plaintext.len() > most {
            return Err(Failure::validation(format!(
                "Algorithm {} and key spec {} cannot encrypt data larger than {most} bytes.",
                self.algorithm, self.key.spec
            )));
        }
        let mut ciphertext = vec![0; key.ciphertext_size()];
        let length = key.encrypt(hash, plaintext, &mut ciphertext, None)?.len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }

    fn decrypt(&self, context: &EncryptionContext, blob: &[u8]) -> Result<Vec<u8>, Failure> {
        match &self.held.secret.kind {
            SecretKind::Symmetric(secret) if Defect::DamagedCiphertextIsWrongKey.is_on() => {
                let opened = secret.open(&Ciphertext::parse(blob)?, &bound(context));
                opened.map_err(|_| Failure::new(ErrorCode::INCORRECT_KEY, "Another key made this ciphertext."))
            }
            SecretKind::Symmetric(secret) => secret.open(&Ciphertext::parse(blob)?, &bound(context)),
            SecretKind::Rsa(rsa) => {
                no_context(context, self.algorithm)?;
                let mut plaintext = vec![0; rsa.decrypting.min_output_size()];
                let opened = rsa.decrypting.decrypt(oaep(self.algorithm)?, blob, &mut plaintext, None);
                let length = opened.map_err(|_| invalid_ciphertext())?.len();
                plaintext.truncate(length);
                Ok(plaintext)
            }
            _ => Err(Failure::internal("an encryption key with material of another kind")),
        }
    }

    /// The id of the material, which only symmetric keys show (KMID-SCOPE).
    pub(super) fn shown_material(&self) -> Option<MaterialId> {
        self.key.is_symmetric().then_some(self.material)
    }
}

/// The algorithm, if the key has it. Symmetric keys need not be told.
fn of_key(key: &Key, algorithm: Option<EncryptionAlgorithm>) -> Result<EncryptionAlgorithm, Failure> {
    let algorithm = algorithm.unwrap_or(EncryptionAlgorithm::SymmetricDefault);
    let fits = match algorithm {
        EncryptionAlgorithm::SymmetricDefault => key.is_symmetric(),
        EncryptionAlgorithm::RsaesOaepSha1 | EncryptionAlgorithm::RsaesOaepSha256 => !key.is_symmetric(),
        EncryptionAlgorithm::Sm2Pke => false,
    };
    if fits { Ok(algorithm) } else { Err(incompatible(algorithm, key)) }
}

fn oaep(algorithm: EncryptionAlgorithm) -> Result<&'static OaepAlgorithm, Failure> {
    match algorithm {
        EncryptionAlgorithm::RsaesOaepSha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        EncryptionAlgorithm::RsaesOaepSha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        EncryptionAlgorithm::SymmetricDefault | EncryptionAlgorithm::Sm2Pke => {
            Err(Failure::internal("an RSA key was asked for another algorithm"))
        }
    }
}

fn no_context(context: &EncryptionContext, algorithm: EncryptionAlgorithm) -> Result<(), Failure> {
    if context.is_empty() {
        return Ok(());
    }
    Err(Failure::validation(format!("An encryption context cannot be specified with the algorithm {algorithm}.")))
}

/// The context that a ciphertext is bound to.
fn bound(context: &EncryptionContext) -> Cow<'_, EncryptionContext> {
    if Defect::ContextIgnored.is_on() { Cow::default() } else { Cow::Borrowed(context) }
}

fn gone() -> Failure {
    if Defect::GoneKeyIsNotFound.is_on() {
        return Failure::new(ErrorCode::NOT_FOUND, "The key of the ciphertext does not exist.");
    }
    let message = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
                   or you are not allowed to access.";
    Failure::new(ErrorCode::ACCESS_DENIED, message)
}
