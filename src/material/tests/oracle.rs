//! What AWS-LC makes of the same bytes.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey,
    PrivateDecryptingKey,
};

use crate::kms::WrappingAlgorithm;

/// The holder of a wrapping key pair.
pub(super) struct Importer(PrivateDecryptingKey);

impl Importer {
    pub(super) fn new(size: KeySize) -> Self {
        Self(PrivateDecryptingKey::generate(size).unwrap())
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Self {
        Self(PrivateDecryptingKey::from_pkcs8(der).unwrap())
    }

    pub(super) fn public_key(&self) -> Vec<u8> {
        AsDer::<PublicKeyX509Der<'_>>::as_der(&self.0.public_key()).unwrap().as_ref().to_vec()
    }

    pub(super) fn unwrap(&self, wrapped: &[u8], algorithm: WrappingAlgorithm) -> Option<Vec<u8>> {
        match algorithm {
            WrappingAlgorithm::RsaesPkcs1V15 => {
                let key = Pkcs1PrivateDecryptingKey::new(self.0.clone()).unwrap();
                let mut plaintext = vec![0; key.min_output_size()];
                key.decrypt(wrapped, &mut plaintext).ok().map(|plaintext| plaintext.to_vec())
            }
            WrappingAlgorithm::RsaesOaepSha1 | WrappingAlgorithm::RsaesOaepSha256 => {
                let oaep = match algorithm {
                    WrappingAlgorithm::RsaesOaepSha1 => &OAEP_SHA1_MGF1SHA1,
                    _ => &OAEP_SHA256_MGF1SHA256,
                };
                let key = OaepPrivateDecryptingKey::new(self.0.clone()).unwrap();
                let mut plaintext = vec![0; key.min_output_size()];
                key.decrypt(oaep, wrapped, &mut plaintext, None).ok().map(|plaintext| plaintext.to_vec())
            }
            WrappingAlgorithm::RsaAesKeyWrapSha1 => self.unwrap_both(wrapped, WrappingAlgorithm::RsaesOaepSha1),
            WrappingAlgorithm::RsaAesKeyWrapSha256 => self.unwrap_both(wrapped, WrappingAlgorithm::RsaesOaepSha256),
            WrappingAlgorithm::Sm2Pke => None,
        }
    }

    fn unwrap_both(&self, wrapped: &[u8], oaep: WrappingAlgorithm) -> Option<Vec<u8>> {
        let (key, material) = wrapped.split_at_checked(self.0.key_size_bytes())?;
        let key = self.unwrap(key, oaep)?;
        let mut plaintext = vec![0; material.len()];
        let kek = AesKek::new(&AES_256, &key).ok()?;
        kek.unwrap_with_padding(material, &mut plaintext).ok().map(|plaintext| plaintext.to_vec())
    }
}
