//! Signatures: which algorithms a key has, and how each is made and checked.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, UnparsedPublicKey, VerificationAlgorithm,
};

use super::secret::{Secret, SecretKind};
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::kms::{KeySpec, SigningAlgorithm};

/// The message as the request gives it.
pub(crate) enum Message<'m> {
    Raw(&'m [u8]),
    Digest(&'m [u8]),
}

/// Signs. The caller has seen to it that the algorithm is one of the key's.
pub(crate) fn sign(secret: &Secret, algorithm: SigningAlgorithm, message: &Message<'_>) -> Result<Vec<u8>, Failure> {
    match &secret.kind {
        SecretKind::Ecdsa { key, .. } => Ok(match digest_of(algorithm, message)? {
            Some(digest) => key.sign_digest(&digest)?.as_ref().to_vec(),
            None => return Err(no_prehash(algorithm)),
        }),
        SecretKind::Rsa(rsa) => {
            let (Some(encoding), Some(digest)) = (rsa_encoding(algorithm), digest_of(algorithm, message)?) else {
                return Err(Failure::internal("an RSA key was asked for a signature of another kind"));
            };
            let mut signature = vec![0; rsa.signing.public_modulus_len()];
            rsa.signing.sign_digest(encoding, &digest, &mut signature)?;
            Ok(signature)
        }
        SecretKind::Ed25519(key) => Ok(key.sign(pure(algorithm, message)?).as_ref().to_vec()),
        SecretKind::Symmetric(_) | SecretKind::Hmac(_) => Err(Failure::internal("this key does not sign")),
    }
}

/// Whether the signature is good.
pub(crate) fn verify(
    secret: &Secret,
    spec: KeySpec,
    algorithm: SigningAlgorithm,
    message: &Message<'_>,
    signature: &[u8],
) -> Result<bool, Failure> {
    let (Some(by), Some(public)) = (verification(spec, algorithm), secret.public_key()) else {
        return Err(no_prehash(algorithm));
    };
    let key = UnparsedPublicKey::new(by, public);
    Ok(match digest_of(algorithm, message)? {
        Some(digest) => key.verify_digest(&digest, signature).is_ok(),
        None => key.verify(pure(algorithm, message)?, signature).is_ok(),
    })
}

/// The digest that is signed; nothing for an algorithm that signs the message itself.
fn digest_of(algorithm: SigningAlgorithm, message: &Message<'_>) -> Result<Option<Digest>, Failure> {
    let Some(hash) = hash(algorithm) else { return Ok(None) };
    match message {
        Message::Raw(bytes) if Defect::MessageHashedTwice.is_on() => {
            Ok(Some(digest::digest(hash, digest::digest(hash, bytes).as_ref())))
        }
        Message::Digest(bytes) if Defect::DigestsOfAnyLength.is_on() && bytes.len() != hash.output_len() => {
            Ok(Some(digest::digest(hash, bytes)))
        }
        Message::Raw(bytes) => Ok(Some(digest::digest(hash, bytes))),
        Message::Digest(bytes) => Digest::import_less_safe(bytes, hash)
            .map(Some)
            .map_err(|_| Failure::validation(format!("Digest is invalid length for algorithm {algorithm}."))),
    }
}

/// The message for an algorithm that takes it whole: Ed25519.
fn pure<'m>(algorithm: SigningAlgorithm, message: &Message<'m>) -> Result<&'m [u8], Failure> {
    match (algorithm, message) {
        (SigningAlgorithm::Ed25519Sha512, Message::Raw(bytes)) => Ok(bytes),
        (SigningAlgorithm::Ed25519Sha512, Message::Digest(_)) => {
            Err(Failure::validation(format!("MessageType DIGEST is not valid for algorithm {algorithm}.")))
        }
        _ => Err(no_prehash(algorithm)),
    }
}

fn no_prehash(algorithm: SigningAlgorithm) -> Failure {
    Failure::unsupported(format!("This emulator does not implement {algorithm}."))
}

fn hash(algorithm: SigningAlgorithm) -> Option<&'static digest::Algorithm> {
    use SigningAlgorithm as S;
    match algorithm {
        S::RsassaPssSha256 | S::RsassaPkcs1V15Sha256 | S::EcdsaSha256 => Some(&digest::SHA256),
        S::RsassaPssSha384 | S::RsassaPkcs1V15Sha384 | S::EcdsaSha384 => Some(&digest::SHA384),
        S::RsassaPssSha512 | S::RsassaPkcs1V15Sha512 | S::EcdsaSha512 => Some(&digest::SHA512),
        S::Sm2Dsa | S::MlDsaShake256 | S::Ed25519Sha512 | S::Ed25519PhSha512 => None,
    }
}

fn rsa_encoding(algorithm: SigningAlgorithm) -> Option<&'static dyn RsaEncoding> {
    use SigningAlgorithm as S;
    match algorithm {
        S::RsassaPssSha256 => Some(&RSA_PSS_SHA256),
        S::RsassaPssSha384 => Some(&RSA_PSS_SHA384),
        S::RsassaPssSha512 => Some(&RSA_PSS_SHA512),
        S::RsassaPkcs1V15Sha256 => Some(&RSA_PKCS1_SHA256),
        S::RsassaPkcs1V15Sha384 => Some(&RSA_PKCS1_SHA384),
        S::RsassaPkcs1V15Sha512 => Some(&RSA_PKCS1_SHA512),
        _ => None,
    }
}

fn verification(spec: KeySpec, algorithm: SigningAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use SigningAlgorithm as S;
    match (spec, algorithm) {
        (KeySpec::EccNistP256, S::EcdsaSha256) => Some(&ECDSA_P256_SHA256_ASN1),
        (KeySpec::EccSecgP256k1, S::EcdsaSha256) => Some(&ECDSA_P256K1_SHA256_ASN1),
        (KeySpec::EccNistP384, S::EcdsaSha384) => Some(&ECDSA_P384_SHA384_ASN1),
        (KeySpec::EccNistP521, S::EcdsaSha512) => Some(&ECDSA_P521_SHA512_ASN1),
        (KeySpec::EccNistEdwards25519, S::Ed25519Sha512) => Some(&ED25519),
        (_, S::RsassaPssSha256) => Some(&RSA_PSS_2048_8192_SHA256),
        (_, S::RsassaPssSha384) => Some(&RSA_PSS_2048_8192_SHA384),
        (_, S::RsassaPssSha512) => Some(&RSA_PSS_2048_8192_SHA512),
        (_, S::RsassaPkcs1V15Sha256) => Some(&RSA_PKCS1_2048_8192_SHA256),
        (_, S::RsassaPkcs1V15Sha384) => Some(&RSA_PKCS1_2048_8192_SHA384),
        (_, S::RsassaPkcs1V15Sha512) => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

/// The algorithms that a signing key of this spec has, in the order in which AWS lists them.
pub(crate) fn algorithms(spec: KeySpec) -> &'static [SigningAlgorithm] {
    use SigningAlgorithm as S;
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &[
            S::RsassaPkcs1V15Sha256,
            S::RsassaPkcs1V15Sha384,
            S::RsassaPkcs1V15Sha512,
            S::RsassaPssSha256,
            S::RsassaPssSha384,
            S::RsassaPssSha512,
        ],
        KeySpec::EccNistP256 | KeySpec::EccSecgP256k1 => &[S::EcdsaSha256],
        KeySpec::EccNistP384 => &[S::EcdsaSha384],
        KeySpec::EccNistP521 => &[S::EcdsaSha512],
        KeySpec::EccNistEdwards25519 => &[S::Ed25519PhSha512, S::Ed25519Sha512],
        KeySpec::SymmetricDefault
        | KeySpec::Hmac224
        | KeySpec::Hmac256
        | KeySpec::Hmac384
        | KeySpec::Hmac512
        | KeySpec::Sm2
        | KeySpec::MlDsa44
        | KeySpec::MlDsa65
        | KeySpec::MlDsa87 => &[],
    }
}
