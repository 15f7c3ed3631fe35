//! Taking imported key material out of its wrapping.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey};

use crate::emulator::choices;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::token::ImportToken;
use crate::emulator::wrapping_pool::WrappingPool;
use crate::kms::{ErrorCode, KeySpec, WrappingAlgorithm, WrappingKeySpec};

/// The AES key inside `RSA_AES_KEY_WRAP_*` (WRAP-RSAAES-FORMAT).
const AES_KEY_BYTES: usize = 32;

/// How the ciphertext is put together: RSA-OAEP alone, or RSA-OAEP of an AES key and AES-KWP under that. The hash is
/// that of the label and of MGF1 alike (WRAP-MGF).
enum Wrapping {
    Oaep(&'static OaepAlgorithm),
    OaepThenAes(&'static OaepAlgorithm),
}

impl Wrapping {
    fn of(algorithm: WrappingAlgorithm) -> Option<Self> {
        match algorithm {
            WrappingAlgorithm::RsaesOaepSha1 if Defect::OaepAlwaysSha256.is_on() => {
                Some(Self::Oaep(&OAEP_SHA256_MGF1SHA256))
            }
            WrappingAlgorithm::RsaesOaepSha1 => Some(Self::Oaep(&OAEP_SHA1_MGF1SHA1)),
            WrappingAlgorithm::RsaesOaepSha256 => Some(Self::Oaep(&OAEP_SHA256_MGF1SHA256)),
            WrappingAlgorithm::RsaAesKeyWrapSha1 => Some(Self::OaepThenAes(&OAEP_SHA1_MGF1SHA1)),
            WrappingAlgorithm::RsaAesKeyWrapSha256 => Some(Self::OaepThenAes(&OAEP_SHA256_MGF1SHA256)),
            WrappingAlgorithm::RsaesPkcs1V15 | WrappingAlgorithm::Sm2Pke => None,
        }
    }
}

/// Whether material for this key spec can be wrapped so, by the table of section 1.3 of the catalogue.
pub(crate) fn is_suitable(algorithm: WrappingAlgorithm, wrapping_key: WrappingKeySpec, spec: KeySpec) -> bool {
    let Some(wrapping) = Wrapping::of(algorithm) else { return false };
    let rsa_2048 = match wrapping_key {
        WrappingKeySpec::Rsa2048 => true,
        WrappingKeySpec::Rsa3072 | WrappingKeySpec::Rsa4096 => false,
        WrappingKeySpec::Sm2 => return false,
    };
    match spec {
        KeySpec::SymmetricDefault | KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
            matches!(wrapping, Wrapping::Oaep(_))
        }
        KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccSecgP256k1 | KeySpec::EccNistEdwards25519 => true,
        KeySpec::EccNistP521 => matches!(wrapping, Wrapping::OaepThenAes(_)) || !rsa_2048,
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => matches!(wrapping, Wrapping::OaepThenAes(_)),
        KeySpec::Sm2 | KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => false,
    }
}

/// Takes the material out, with the private key that the token carries (WRAP-WRONGKEY, TOK-PAIRED).
pub(crate) fn unwrap(pool: &WrappingPool, token: &ImportToken, wrapped: &[u8]) -> Result<Vec<u8>, Failure> {
    let key = pool.open(&token.private_key)?;
    let opened = unwrap_with(&key, token.algorithm, wrapped);
    if Defect::AnyWrappingKey.is_on() && opened.is_err() {
        let others = pool.all_open().into_iter();
        return others.map(|key| unwrap_with(&key, token.algorithm, wrapped)).find(Result::is_ok).unwrap_or(opened);
    }
    if Defect::EitherOaepHash.is_on() && opened.is_err() {
        return unwrap_with(&key, with_the_other_hash(token.algorithm), wrapped);
    }
    opened
}

fn unwrap_with(
    key: &OaepPrivateDecryptingKey,
    algorithm: WrappingAlgorithm,
    wrapped: &[u8],
) -> Result<Vec<u8>, Failure> {
    let modulus = key.key_size_bytes();
    let wrapped = match Defect::LongCiphertextCut.is_on() && is_oaep(algorithm) {
        true => wrapped.get(..modulus).unwrap_or(wrapped),
        false => wrapped,
    };
    let algorithm = match Defect::AnyWrappingAlgorithm.is_on() {
        true => of_length(algorithm, wrapped.len() == modulus),
        false => algorithm,
    };
    match Wrapping::of(algorithm).ok_or_else(|| Failure::internal("a token for a wrapping that is not offered"))? {
        Wrapping::Oaep(_) if wrapped.len() != modulus => {
            Err(Failure::new(choices::WRAPPED_SIZE, "Invalid encrypted key size."))
        }
        Wrapping::Oaep(hash) => open(key, hash, wrapped),
        Wrapping::OaepThenAes(hash) => {
            let (wrapped_key, wrapped) = match Defect::RsaAesPartsSwapped.is_on() {
                true => wrapped.split_at_checked(wrapped.len().saturating_sub(modulus)).map(|(a, b)| (b, a)),
                false => wrapped.split_at_checked(modulus),
            }
            .ok_or_else(garbled)?;
            let aes: [u8; AES_KEY_BYTES] = open(key, hash, wrapped_key)?.try_into().map_err(|_| garbled())?;
            let mut material = vec![0; wrapped.len()];
            let kek = AesKek::new(&AES_256, &aes)?;
            let length = kek.unwrap_with_padding(wrapped, &mut material).map_err(|_| garbled())?.len();
            material.truncate(length);
            Ok(material)
        }
    }
}

fn is_oaep(algorithm: WrappingAlgorithm) -> bool {
    matches!(algorithm, WrappingAlgorithm::RsaesOaepSha1 | WrappingAlgorithm::RsaesOaepSha256)
}

/// For [`Defect::EitherOaepHash`].
fn with_the_other_hash(algorithm: WrappingAlgorithm) -> WrappingAlgorithm {
    use WrappingAlgorithm as W;
    match algorithm {
        W::RsaesOaepSha1 => W::RsaesOaepSha256,
        W::RsaesOaepSha256 => W::RsaesOaepSha1,
        W::RsaAesKeyWrapSha1 => W::RsaAesKeyWrapSha256,
        W::RsaAesKeyWrapSha256 => W::RsaAesKeyWrapSha1,
        W::RsaesPkcs1V15 | W::Sm2Pke => algorithm,
    }
}

/// For [`Defect::AnyWrappingAlgorithm`].
fn of_length(algorithm: WrappingAlgorithm, is_modulus: bool) -> WrappingAlgorithm {
    use WrappingAlgorithm as W;
    match (algorithm, is_modulus) {
        (W::RsaesOaepSha1 | W::RsaAesKeyWrapSha1, true) => W::RsaesOaepSha1,
        (W::RsaesOaepSha1 | W::RsaAesKeyWrapSha1, false) => W::RsaAesKeyWrapSha1,
        (W::RsaesOaepSha256 | W::RsaAesKeyWrapSha256, true) => W::RsaesOaepSha256,
        (W::RsaesOaepSha256 | W::RsaAesKeyWrapSha256, false) => W::RsaAesKeyWrapSha256,
        (W::RsaesPkcs1V15 | W::Sm2Pke, _) => algorithm,
    }
}

fn open(key: &OaepPrivateDecryptingKey, hash: &'static OaepAlgorithm, wrapped: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut opened = vec![0; key.min_output_size()];
    let length = key.decrypt(hash, wrapped, &mut opened, None).map_err(|_| garbled())?.len();
    opened.truncate(length);
    Ok(opened)
}

fn garbled() -> Failure {
    Failure::new(ErrorCode::INVALID_CIPHERTEXT, "The encrypted key material cannot be decrypted.")
}
