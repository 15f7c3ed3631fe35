//! Wrapping of key material for import.

use aes_kw::KekAes256;
use p256::elliptic_curve::zeroize::Zeroizing;
use rand::RngCore;
use rand::rngs::OsRng;

use super::rsa_public::{EncryptError, Padding, PublicKeyError, Recipient};
use crate::kms::WrappingAlgorithm;

/// The length of the AES key that wraps the material in `RSA_AES_KEY_WRAP_*`, in bytes (WRAP-RSAAES-FORMAT).
const AES_KEY_LENGTH: usize = 32;

/// Key material could not be wrapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The wrapping key is none. The fault is the target's.
    #[error("the wrapping key is {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The material does not fit under the wrapping key. The fault is the scenario's.
    #[error(
        "{length} bytes of key material are more than the {capacity} that {algorithm} wraps under a {bits}-bit key"
    )]
    TooLong {
        /// The material's length in bytes.
        length: usize,
        /// The greatest length in bytes.
        capacity: usize,
        /// The size of the wrapping key in bits.
        bits: usize,
        /// The algorithm that was asked for.
        algorithm: WrappingAlgorithm,
    },
    /// AES key wrap with padding is not defined for nothing (RFC 5649, section 3). The fault is the scenario's.
    #[error("{algorithm} wraps no key material of 0 bytes")]
    Empty {
        /// The algorithm that was asked for.
        algorithm: WrappingAlgorithm,
    },
    /// An algorithm that this program does not have. The fault is the scenario's.
    #[error("{algorithm} is used in China Regions only; this program cannot wrap with it")]
    Unsupported {
        /// The algorithm that was asked for.
        algorithm: WrappingAlgorithm,
    },
    /// A library failed. The fault is this program's or its machine's.
    #[error("the key material could not be wrapped: {0}")]
    Internal(String),
}

/// Encrypts key material under a wrapping key: what `EncryptedKeyMaterial` takes.
///
/// The public key is a DER `SubjectPublicKeyInfo`, as `GetParametersForImport` answers it.
///
/// - `RSAES_OAEP_SHA_*`: RSA-OAEP of the material, one hash throughout and no label (WRAP-MGF). As long as the modulus.
/// - `RSA_AES_KEY_WRAP_SHA_*`: RSA-OAEP of a fresh 256-bit AES key, followed by the material under AES key wrap with
///   padding, RFC 5649 (WRAP-RSAAES-FORMAT). As long as the modulus, plus the material rounded up to 8 bytes, plus 8.
/// - `RSAES_PKCS1_V1_5`: what KMS took until October 2023 (GPI-PKCS1), for those who want to see it refused.
///
/// # Errors
///
/// When the public key is not an RSA key, the material is longer than the algorithm takes, or is empty where the
/// algorithm takes none such, and for `SM2PKE`.
pub fn wrap(material: &[u8], public_key_spki_der: &[u8], algorithm: WrappingAlgorithm) -> Result<Vec<u8>, WrapError> {
    let (method, padding) = match algorithm {
        WrappingAlgorithm::RsaesPkcs1V15 => (Method::Direct, Padding::Pkcs1),
        WrappingAlgorithm::RsaesOaepSha1 => (Method::Direct, Padding::OaepSha1),
        WrappingAlgorithm::RsaesOaepSha256 => (Method::Direct, Padding::OaepSha256),
        WrappingAlgorithm::RsaAesKeyWrapSha1 => (Method::AesKeyWrap, Padding::OaepSha1),
        WrappingAlgorithm::RsaAesKeyWrapSha256 => (Method::AesKeyWrap, Padding::OaepSha256),
        WrappingAlgorithm::Sm2Pke => return Err(WrapError::Unsupported { algorithm }),
    };
    let recipient = Recipient::from_spki(public_key_spki_der)?;
    let encrypt = |plaintext: &[u8]| {
        recipient.encrypt(padding, plaintext).map_err(|error| match error {
            EncryptError::TooLong { length, capacity } => {
                WrapError::TooLong { length, capacity, bits: recipient.bits(), algorithm }
            }
            EncryptError::Internal(reason) => WrapError::Internal(reason),
        })
    };
    match method {
        Method::Direct => encrypt(material),
        Method::AesKeyWrap if material.is_empty() => Err(WrapError::Empty { algorithm }),
        Method::AesKeyWrap => {
            let mut key = Zeroizing::new([0; AES_KEY_LENGTH]);
            OsRng.try_fill_bytes(key.as_mut()).map_err(|error| WrapError::Internal(error.to_string()))?;
            let mut wrapped = encrypt(key.as_slice())?;
            wrapped.extend(aes_key_wrap_padded(*key, material)?);
            Ok(wrapped)
        }
    }
}

/// What the RSA key encrypts.
enum Method {
    /// The material itself.
    Direct,
    /// An AES key that wraps the material.
    AesKeyWrap,
}

fn aes_key_wrap_padded(key: [u8; AES_KEY_LENGTH], material: &[u8]) -> Result<Vec<u8>, WrapError> {
    KekAes256::from(key).wrap_with_padding_vec(material).map_err(|error| WrapError::Internal(error.to_string()))
}
