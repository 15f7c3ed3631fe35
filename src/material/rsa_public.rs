//! RSA public keys of others, and encryption under them.

use rand::rngs::OsRng;
use rsa::pkcs1;
use rsa::pkcs8::SubjectPublicKeyInfoRef;
use rsa::pkcs8::der::asn1::AnyRef;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Oaep, Pkcs1v15Encrypt, RsaPublicKey};
use sha1::Sha1;
use sha2::Sha256;

/// The sizes of key, in bits, that are encrypted under. KMS wraps under 2048 to 4096 (GPI-KEYSPEC); what is out of
/// proportion would encrypt nothing or take minutes.
const BITS: std::ops::RangeInclusive<usize> = 1024..=16384;

/// Bytes that are not the RSA public key that they should be. The fault is the target's, which sent them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Not a public key at all.
    #[error("not a DER SubjectPublicKeyInfo: {0}")]
    NotSpki(String),
    /// A public key of another algorithm.
    #[error("a public key of algorithm {oid}, not RSA")]
    NotRsa {
        /// The algorithm's object identifier.
        oid: String,
    },
    /// An RSA public key that is not written as one.
    #[error("a malformed RSA public key: {0}")]
    Malformed(String),
    /// An RSA public key that nothing should be encrypted under.
    #[error("an RSA public key that cannot be used: {0}")]
    Unusable(String),
}

/// The size of an RSA public key, in bits of its modulus. The key is a DER `SubjectPublicKeyInfo`, as
/// `GetParametersForImport` and `GetPublicKey` answer it; nothing may follow it.
///
/// # Errors
///
/// When it is not one.
pub fn rsa_public_key_bits(spki_der: &[u8]) -> Result<usize, PublicKeyError> {
    Ok(modulus_and_exponent(spki_der)?.0.bits())
}

/// Somebody who can decrypt what is encrypted here.
pub(super) struct Recipient(RsaPublicKey);

/// How a plaintext is padded before it is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// RSAES-OAEP with SHA-1 as hash and in MGF1, and an empty label (WRAP-MGF).
    OaepSha1,
    /// RSAES-OAEP with SHA-256 as hash and in MGF1, and an empty label (WRAP-MGF).
    OaepSha256,
}

#[derive(Debug)]
pub(super) enum EncryptError {
    TooLong { length: usize, capacity: usize },
    Internal(String),
}

impl Recipient {
    pub(super) fn from_spki(spki_der: &[u8]) -> Result<Self, PublicKeyError> {
        let (modulus, exponent) = modulus_and_exponent(spki_der)?;
        if !BITS.contains(&modulus.bits()) {
            return Err(PublicKeyError::Unusable(format!("its size is {} bits", modulus.bits())));
        }
        let odd = |number: &BigUint| number.to_bytes_le().first().is_some_and(|digit| digit & 1 == 1);
        if !odd(&modulus) || !odd(&exponent) {
            return Err(PublicKeyError::Unusable("an even modulus or exponent makes no RSA key".to_owned()));
        }
        RsaPublicKey::new_with_max_size(modulus, exponent, *BITS.end())
            .map(Self)
            .map_err(|error| PublicKeyError::Unusable(error.to_string()))
    }

    pub(super) fn bits(&self) -> usize {
        self.0.n().bits()
    }

    /// The greatest length of a plaintext, in bytes (RFC 8017, sections 7.1.1 and 7.2.1).
    pub(super) fn capacity(&self, padding: Padding) -> usize {
        let overhead = match padding {
            Padding::Pkcs1 => 11,
            Padding::OaepSha1 => 2 * 20 + 2,
            Padding::OaepSha256 => 2 * 32 + 2,
        };
        self.0.size().saturating_sub(overhead)
    }

    pub(super) fn encrypt(&self, padding: Padding, plaintext: &[u8]) -> Result<Vec<u8>, EncryptError> {
        let (length, capacity) = (plaintext.len(), self.capacity(padding));
        if length > capacity {
            return Err(EncryptError::TooLong { length, capacity });
        }
        match padding {
            Padding::Pkcs1 => self.0.encrypt(&mut OsRng, Pkcs1v15Encrypt, plaintext),
            Padding::OaepSha1 => self.0.encrypt(&mut OsRng, Oaep::new::<Sha1>(), plaintext),
            Padding::OaepSha256 => self.0.encrypt(&mut OsRng, Oaep::new::<Sha256>(), plaintext),
        }
        .map_err(|error| EncryptError::Internal(error.to_string()))
    }
}

impl From<RsaPublicKey> for Recipient {
    fn from(key: RsaPublicKey) -> Self {
        Self(key)
    }
}

fn modulus_and_exponent(spki_der: &[u8]) -> Result<(BigUint, BigUint), PublicKeyError> {
    let spki =
        SubjectPublicKeyInfoRef::try_from(spki_der).map_err(|error| PublicKeyError::NotSpki(error.to_string()))?;
    if spki.algorithm.oid != pkcs1::ALGORITHM_OID {
        return Err(PublicKeyError::NotRsa { oid: spki.algorithm.oid.to_string() });
    }
    let malformed = |reason: String| PublicKeyError::Malformed(reason);
    if !spki.algorithm.parameters.is_some_and(AnyRef::is_null) {
        return Err(malformed("its algorithm has parameters other than NULL (RFC 3279)".to_owned()));
    }
    let key = spki.subject_public_key.as_bytes().ok_or_else(|| malformed("its bit string is not bytes".to_owned()))?;
    let key = pkcs1::RsaPublicKey::try_from(key).map_err(|error| malformed(error.to_string()))?;
    let number = |digits: &[u8]| BigUint::from_bytes_be(digits);
    Ok((number(key.modulus.as_bytes()), number(key.public_exponent.as_bytes())))
}
