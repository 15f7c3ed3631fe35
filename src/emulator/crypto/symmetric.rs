//! Ciphertexts of symmetric keys: AES-256-GCM, with a head that names the key and its material.
//!
//! The head and the encryption context are authenticated, so that a ciphertext opens under its own key, its own
//! material and its own context only (KMID-IN-CIPHERTEXT, MRK-INTEROP).

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::emulator::failure::Failure;
use crate::emulator::store::MaterialId;
use crate::kms::{ErrorCode, KeyId};

/// The length of symmetric key material.
pub(crate) const KEY_BYTES: usize = 32;
const VERSION: u8 = 1;

/// What the client binds to a ciphertext.
pub(crate) type EncryptionContext = BTreeMap<String, String>;

/// A symmetric key's material.
pub(crate) struct SymmetricKey(RandomizedNonceKey);

/// A ciphertext, taken apart but not yet opened.
pub(crate) struct Ciphertext<'b> {
    pub(crate) key: KeyId,
    pub(crate) material: MaterialId,
    head: &'b [u8],
    nonce: &'b [u8],
    sealed: &'b [u8],
}

impl SymmetricKey {
    pub(crate) fn new(bytes: &[u8; KEY_BYTES]) -> Result<Self, Failure> {
        Ok(Self(RandomizedNonceKey::new(&AES_256_GCM, bytes)?))
    }

    pub(crate) fn seal(
        &self,
        key: &KeyId,
        material: &MaterialId,
        context: &EncryptionContext,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let mut blob = head(key, material);
        let mut sealed = plaintext.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(authenticated(&blob, context)), &mut sealed)?;
        blob.extend_from_slice(nonce.as_ref());
        blob.append(&mut sealed);
        Ok(blob)
    }

    pub(crate) fn open(&self, ciphertext: &Ciphertext<'_>, context: &EncryptionContext) -> Result<Vec<u8>, Failure> {
        let invalid = |_| invalid_ciphertext();
        let nonce = Nonce::try_assume_unique_for_key(ciphertext.nonce).map_err(invalid)?;
        let mut sealed = ciphertext.sealed.to_vec();
        let aad = Aad::from(authenticated(ciphertext.head, context));
        Ok(self.0.open_in_place(nonce, aad, &mut sealed).map_err(invalid)?.to_vec())
    }
}

impl<'b> Ciphertext<'b> {
    /// Takes a blob apart. What does not look like a ciphertext of this emulator is no ciphertext.
    pub(crate) fn parse(blob: &'b [u8]) -> Result<Self, Failure> {
        Self::split(blob).ok_or_else(invalid_ciphertext)
    }

    fn split(blob: &'b [u8]) -> Option<Self> {
        let (&[version, length], rest) = blob.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        let (key, rest) = rest.split_at_checked(length.into())?;
        let (material, rest) = rest.split_first_chunk()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        Some(Self {
            key: std::str::from_utf8(key).ok()?.parse().ok()?,
            material: MaterialId(*material),
            head: &blob[..blob.len() - rest.len()],
            nonce,
            sealed,
        })
    }
}

/// Decrypt's answer to anything that does not decrypt: recorded without a message.
pub(crate) fn invalid_ciphertext() -> Failure {
    Failure::silent(ErrorCode::INVALID_CIPHERTEXT)
}

fn head(key: &KeyId, material: &MaterialId) -> Vec<u8> {
    let key = key.as_str().as_bytes();
    let mut head = vec![VERSION, u8::try_from(key.len()).unwrap_or(u8::MAX)];
    head.extend_from_slice(key);
    head.extend_from_slice(&material.0);
    head
}

/// The head, and the context's pairs in order, each text with its length before it.
fn authenticated(head: &[u8], context: &EncryptionContext) -> Vec<u8> {
    let mut bytes = head.to_vec();
    for text in context.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> KeyId {
        "1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap()
    }

    fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn opens(secret: &SymmetricKey, blob: &[u8], under: &EncryptionContext) -> Option<Vec<u8>> {
        secret.open(&Ciphertext::parse(blob).ok()?, under).ok()
    }

    #[test]
    fn a_ciphertext_opens_under_its_own_context_only() {
        let secret = SymmetricKey::new(&[7; KEY_BYTES]).unwrap();
        let own = context(&[("a", "b"), ("c", "d")]);
        let blob = secret.seal(&key(), &MaterialId([1; 32]), &own, b"hello").unwrap();
        assert_eq!(opens(&secret, &blob, &own).as_deref(), Some(&b"hello"[..]));
        for other in [context(&[]), context(&[("a", "b")]), context(&[("a", "bc"), ("", "d")])] {
            assert_eq!(opens(&secret, &blob, &other), None);
        }
    }

    #[test]
    fn every_byte_of_a_ciphertext_counts() {
        let secret = SymmetricKey::new(&[7; KEY_BYTES]).unwrap();
        let blob = secret.seal(&key(), &MaterialId([1; 32]), &context(&[]), b"hello").unwrap();
        for position in 0..blob.len() {
            let mut damaged = blob.clone();
            damaged[position] ^= 1;
            assert_eq!(opens(&secret, &damaged, &context(&[])), None, "{position}");
            assert_eq!(opens(&secret, &blob[..position], &context(&[])), None, "{position}");
        }
    }
}
