//! The public half of generated key material, and what it verifies.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::kms::SigningAlgorithm::{self, self as A};

/// A public key, by the library that knows it.
#[derive(Clone)]
pub(super) enum PublicKey {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::PublicKey),
    Secp256k1(k256::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
    Rsa(RsaPublicKey),
}

impl PublicKey {
    /// Whether the signature verifies; `None` where keys of this kind have no such algorithm.
    pub(super) fn verifies(&self, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
        // Each curve has one hash in KMS.
        let goes_with = |own: SigningAlgorithm| (algorithm == own).then_some(());
        match self {
            Self::P256(key) => goes_with(A::EcdsaSha256).map(|()| {
                let signature = p256::ecdsa::Signature::from_der(signature);
                signature.is_ok_and(|s| holds(key, &Sha256::digest(message), &s))
            }),
            Self::P384(key) => goes_with(A::EcdsaSha384).map(|()| {
                let signature = p384::ecdsa::Signature::from_der(signature);
                signature.is_ok_and(|s| holds(key, &Sha384::digest(message), &s))
            }),
            Self::P521(key) => goes_with(A::EcdsaSha512).map(|()| {
                let signature = p521::ecdsa::Signature::from_der(signature);
                let key = p521::ecdsa::VerifyingKey::from_affine(*key.as_affine());
                let digest = Sha512::digest(message);
                signature.is_ok_and(|s| key.is_ok_and(|key| holds(&key, &digest, &s)))
            }),
            Self::Secp256k1(key) => goes_with(A::EcdsaSha256).map(|()| {
                // The library takes Bitcoin's view that of (r, s) and (r, -s) only one is a signature. KMS signs either
                // way.
                let signature = k256::ecdsa::Signature::from_der(signature).map(|s| s.normalize_s().unwrap_or(s));
                signature.is_ok_and(|s| holds(key, &Sha256::digest(message), &s))
            }),
            Self::Ed25519(key) => ed25519_verifies(key, algorithm, message, signature),
            Self::Rsa(key) => rsa_verifies(key, algorithm, message, signature),
        }
    }
}

fn holds<S, K: PrehashVerifier<S>>(key: &K, digest: &[u8], signature: &S) -> bool {
    key.verify_prehash(digest, signature).is_ok()
}

fn ed25519_verifies(
    key: &ed25519_dalek::VerifyingKey,
    algorithm: SigningAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let signature = ed25519_dalek::Signature::from_slice(signature);
    match algorithm {
        A::Ed25519Sha512 => Some(signature.is_ok_and(|s| key.verify_strict(message, &s).is_ok())),
        A::Ed25519PhSha512 => Some(
            signature.is_ok_and(|s| key.verify_prehashed_strict(Sha512::new_with_prefix(message), None, &s).is_ok()),
        ),
        A::RsassaPssSha256
        | A::RsassaPssSha384
        | A::RsassaPssSha512
        | A::RsassaPkcs1V15Sha256
        | A::RsassaPkcs1V15Sha384
        | A::RsassaPkcs1V15Sha512
        | A::EcdsaSha256
        | A::EcdsaSha384
        | A::EcdsaSha512
        | A::Sm2Dsa
        | A::MlDsaShake256 => None,
    }
}

/// The salt of a PSS signature is as long as the hash, as KMS makes it.
fn rsa_verifies(key: &RsaPublicKey, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
    let sha256 = || Sha256::digest(message);
    let sha384 = || Sha384::digest(message);
    let sha512 = || Sha512::digest(message);
    let verdict = match algorithm {
        A::RsassaPkcs1V15Sha256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), &sha256(), signature),
        A::RsassaPkcs1V15Sha384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), &sha384(), signature),
        A::RsassaPkcs1V15Sha512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), &sha512(), signature),
        A::RsassaPssSha256 => key.verify(Pss::new_with_salt::<Sha256>(32), &sha256(), signature),
        A::RsassaPssSha384 => key.verify(Pss::new_with_salt::<Sha384>(48), &sha384(), signature),
        A::RsassaPssSha512 => key.verify(Pss::new_with_salt::<Sha512>(64), &sha512(), signature),
        A::EcdsaSha256
        | A::EcdsaSha384
        | A::EcdsaSha512
        | A::Sm2Dsa
        | A::MlDsaShake256
        | A::Ed25519Sha512
        | A::Ed25519PhSha512 => return None,
    };
    Some(verdict.is_ok())
}
