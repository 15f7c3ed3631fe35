//! Proofs of which key material a target has in force: what a key answered, checked or recomputed here.

use hmac::{Hmac, Mac};
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::Material;
use super::public_key::PublicKey;
use super::rsa_public::{EncryptError, Padding, Recipient};
use crate::kms::{EncryptionAlgorithm, KeySpec, MacAlgorithm, SigningAlgorithm};

/// Nothing could be proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Key material of this kind has no such algorithm. The fault is the scenario's.
    #[error("{algorithm} is not an algorithm of {spec} key material")]
    NotItsAlgorithm {
        /// The spec that the material was made for.
        spec: KeySpec,
        /// The algorithm that was asked for.
        algorithm: &'static str,
    },
    /// The plaintext does not fit. The fault is the scenario's.
    #[error("a plaintext of {length} bytes is longer than the {capacity} that fit")]
    TooLong {
        /// The plaintext's length in bytes.
        length: usize,
        /// The greatest length in bytes.
        capacity: usize,
    },
    /// A library failed. The fault is this program's or its machine's.
    #[error("the proof failed: {0}")]
    Internal(String),
}

impl Material {
    /// The HMAC of a message, in full, under random bytes of any length.
    ///
    /// # Errors
    ///
    /// When the material is a private key.
    pub fn mac(&self, algorithm: MacAlgorithm, message: &[u8]) -> Result<Vec<u8>, ProofError> {
        match self.pair {
            None => Ok(mac(self.bytes(), algorithm, message)),
            Some(_) => Err(self.not_its_algorithm(algorithm.as_str())),
        }
    }

    /// Whether a signature over the message (as it is, not its digest) verifies under the material's public key.
    ///
    /// A signature that is malformed does not verify. ECDSA signatures are DER, as KMS answers them; the salt of a PSS
    /// signature is as long as the hash.
    ///
    /// # Errors
    ///
    /// When the material is no private key, or KMS has no such algorithm for keys of its spec.
    pub fn verifies(&self, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> Result<bool, ProofError> {
        self.pair
            .as_ref()
            .and_then(|pair| pair.public.verifies(algorithm, message, signature))
            .ok_or_else(|| self.not_its_algorithm(algorithm.as_str()))
    }

    /// Encrypts a plaintext under the material's public key, so that only a target that has the private key in force
    /// can decrypt it.
    ///
    /// # Errors
    ///
    /// When the material is no RSA private key, or the plaintext does not fit.
    pub fn encrypt_to(&self, algorithm: EncryptionAlgorithm, plaintext: &[u8]) -> Result<Vec<u8>, ProofError> {
        let padding = match algorithm {
            EncryptionAlgorithm::RsaesOaepSha1 => Some(Padding::OaepSha1),
            EncryptionAlgorithm::RsaesOaepSha256 => Some(Padding::OaepSha256),
            EncryptionAlgorithm::SymmetricDefault | EncryptionAlgorithm::Sm2Pke => None,
        };
        let (Some(padding), Some(PublicKey::Rsa(key))) = (padding, self.pair.as_ref().map(|pair| &pair.public)) else {
            return Err(self.not_its_algorithm(algorithm.as_str()));
        };
        Recipient::from(key.clone()).encrypt(padding, plaintext).map_err(|error| match error {
            EncryptError::TooLong { length, capacity } => ProofError::TooLong { length, capacity },
            EncryptError::Internal(reason) => ProofError::Internal(reason),
        })
    }

    fn not_its_algorithm(&self, algorithm: &'static str) -> ProofError {
        ProofError::NotItsAlgorithm { spec: self.spec(), algorithm }
    }
}

pub(super) fn mac(key: &[u8], algorithm: MacAlgorithm, message: &[u8]) -> Vec<u8> {
    macro_rules! hmac {
        ($hash:ty) => {{
            let mut hmac = Hmac::<$hash>::new_from_slice(key).expect("HMAC takes keys of any length");
            hmac.update(message);
            hmac.finalize().into_bytes().to_vec()
        }};
    }
    match algorithm {
        MacAlgorithm::HmacSha224 => hmac!(Sha224),
        MacAlgorithm::HmacSha256 => hmac!(Sha256),
        MacAlgorithm::HmacSha384 => hmac!(Sha384),
        MacAlgorithm::HmacSha512 => hmac!(Sha512),
    }
}
