//! Key material that is in force: parsed, checked against the key spec, and ready for use.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
};
use aws_lc_rs::{digest, hmac, rand, rsa};

use super::der;
use super::symmetric::{KEY_BYTES, SymmetricKey};
use crate::emulator::choices::{self, HmacLengths};
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::MaterialId;
use crate::emulator::wrapping_pool::{self, RsaSize};
use crate::kms::{KeyId, KeySpec};

/// The material of one KMS key.
pub(crate) struct Secret {
    pub(crate) kind: SecretKind,
    /// What tells this material from other material: the bytes of a symmetric or HMAC key, the public key of a pair.
    identity: Vec<u8>,
}

/// What a key can do depends on what it is.
pub(crate) enum SecretKind {
    Symmetric(SymmetricKey),
    Hmac(Vec<u8>),
    Ecdsa { key: Box<EcdsaKeyPair>, pkcs8: Vec<u8> },
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaSecret>),
}

/// An RSA pair, once for each thing that it does.
pub(crate) struct RsaSecret {
    pub(crate) signing: rsa::KeyPair,
    pub(crate) decrypting: OaepPrivateDecryptingKey,
    pub(crate) encrypting: PublicEncryptingKey,
}

/// Bytes that are no material for the key spec.
#[derive(Debug)]
pub(crate) struct Malformed;

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Self::new(choices::MALFORMED_MATERIAL, "The key material is not valid for the key spec of the KMS key.")
    }
}

impl Secret {
    /// Reads imported material.
    pub(crate) fn parse(spec: KeySpec, bytes: &[u8]) -> Result<Self, Malformed> {
        match spec {
            KeySpec::SymmetricDefault => {
                let bytes: &[u8; KEY_BYTES] = bytes.try_into().map_err(|_| Malformed)?;
                let key = SymmetricKey::new(bytes).map_err(|_| Malformed)?;
                Ok(Self { kind: SecretKind::Symmetric(key), identity: bytes.to_vec() })
            }
            KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
                let nominal = hmac_bytes(spec).ok_or(Malformed)?;
                let fits = match choices::HMAC_LENGTHS {
                    HmacLengths::Nominal => bytes.len() == nominal,
                    HmacLengths::NominalTo128Bytes => (nominal..=128).contains(&bytes.len()),
                };
                let secret = Self { kind: SecretKind::Hmac(bytes.to_vec()), identity: bytes.to_vec() };
                if fits { Ok(secret) } else { Err(Malformed) }
            }
            KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 | KeySpec::EccSecgP256k1 => {
                Self::ecdsa(ecdsa_algorithm(spec).ok_or(Malformed)?, bytes)
            }
            KeySpec::EccNistEdwards25519 => Self::ed25519(bytes),
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
                Self::rsa(rsa_size(spec).ok_or(Malformed)?, bytes)
            }
            KeySpec::Sm2 | KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => Err(Malformed),
        }
    }

    /// Makes material for a key of origin `AWS_KMS`.
    pub(crate) async fn generate(spec: KeySpec) -> Result<Self, Failure> {
        let bytes = match spec {
            KeySpec::SymmetricDefault => random(KEY_BYTES)?,
            KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
                random(hmac_bytes(spec).unwrap_or(KEY_BYTES))?
            }
            _ => key_pair(spec).await?.0,
        };
        Self::parse(spec, &bytes).map_err(|_| Failure::internal("material of our own making is malformed"))
    }

    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, bytes: &[u8]) -> Result<Self, Malformed> {
        if !der::is_bare_pkcs8(bytes) {
            return Err(Malformed);
        }
        let key = EcdsaKeyPair::from_pkcs8(algorithm, bytes).map_err(|_| Malformed)?;
        let point = key.public_key().as_ref();
        if Defect::PrivateKeyNeedsPublicKey.is_on() && !bytes.windows(point.len()).any(|part| part == point) {
            return Err(Malformed);
        }
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).map_err(|_| Malformed)?;
        let kind = SecretKind::Ecdsa { key: Box::new(key), pkcs8: bytes.to_vec() };
        Ok(Self { kind, identity: public.as_ref().to_vec() })
    }

    fn ed25519(bytes: &[u8]) -> Result<Self, Malformed> {
        if !der::is_bare_pkcs8(bytes) {
            return Err(Malformed);
        }
        let key = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| Malformed)?;
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).map_err(|_| Malformed)?;
        Ok(Self { identity: public.as_ref().to_vec(), kind: SecretKind::Ed25519(Box::new(key)) })
    }

    fn rsa(size: RsaSize, bytes: &[u8]) -> Result<Self, Malformed> {
        if !der::is_bare_pkcs8(bytes) {
            return Err(Malformed);
        }
        let key = PrivateDecryptingKey::from_pkcs8(bytes).map_err(|_| Malformed)?;
        if key.key_size_bits() != size.bits() {
            return Err(Malformed);
        }
        let encrypting = key.public_key();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(&encrypting).map_err(|_| Malformed)?.as_ref().to_vec();
        let rsa = RsaSecret {
            signing: rsa::KeyPair::from_pkcs8(bytes).map_err(|_| Malformed)?,
            decrypting: OaepPrivateDecryptingKey::new(key).map_err(|_| Malformed)?,
            encrypting,
        };
        Ok(Self { kind: SecretKind::Rsa(Box::new(rsa)), identity: public })
    }

    /// The same secret for all that its id tells, but a symmetric one opens nothing that was sealed before.
    pub(crate) fn renewed(self) -> Result<Self, Failure> {
        match self.kind {
            SecretKind::Symmetric(_) => {
                let bytes = random(KEY_BYTES)?.try_into().unwrap_or([0; KEY_BYTES]);
                Ok(Self { kind: SecretKind::Symmetric(SymmetricKey::new(&bytes)?), identity: self.identity })
            }
            _ => Ok(self),
        }
    }

    /// The public key of an asymmetric key, as SubjectPublicKeyInfo (CRY-ECC-PUB).
    pub(crate) fn public_key(&self) -> Option<&[u8]> {
        match &self.kind {
            SecretKind::Symmetric(_) | SecretKind::Hmac(_) => None,
            SecretKind::Ecdsa { .. } | SecretKind::Ed25519(_) | SecretKind::Rsa(_) => Some(&self.identity),
        }
    }

    /// The id of this material in this key (KMID-INPUT, KMID-STABLE, KMID-DISTINCT). AWS does not say how it makes them
    /// (KMID-ALGO).
    pub(crate) fn id(&self, key: &KeyId) -> MaterialId {
        let material = hmac::Key::new(hmac::HMAC_SHA256, digest::digest(&digest::SHA256, &self.identity).as_ref());
        let key = if Defect::MaterialIdIgnoresKey.is_on() { "any key" } else { key.as_str() };
        let tag = hmac::sign(&material, format!("kms-conformance key material id of {key}").as_bytes());
        let mut id = [0; 32];
        id.copy_from_slice(tag.as_ref());
        MaterialId(id)
    }
}

/// A new key pair of this spec: PKCS#8 and SubjectPublicKeyInfo.
pub(crate) async fn key_pair(spec: KeySpec) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    if let Some(size) = rsa_size(spec) {
        let pair = wrapping_pool::generate_apart(size).await?;
        return Ok((pair.private, pair.public));
    }
    if let Some(algorithm) = ecdsa_algorithm(spec) {
        let key = EcdsaKeyPair::generate(algorithm)?;
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key())?;
        return Ok((key.to_pkcs8v1()?.as_ref().to_vec(), public.as_ref().to_vec()));
    }
    if spec == KeySpec::EccNistEdwards25519 {
        let key = Ed25519KeyPair::generate()?;
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key())?;
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&key)?;
        return Ok((private.as_ref().to_vec(), public.as_ref().to_vec()));
    }
    Err(Failure::unsupported(format!("This emulator makes no {spec} keys.")))
}

pub(crate) fn random(length: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

/// The length of material that is plain bytes.
pub(crate) fn raw_length(spec: KeySpec) -> Option<usize> {
    if spec == KeySpec::SymmetricDefault { Some(KEY_BYTES) } else { hmac_bytes(spec) }
}

fn hmac_bytes(spec: KeySpec) -> Option<usize> {
    match spec {
        KeySpec::Hmac224 => Some(28),
        KeySpec::Hmac256 => Some(32),
        KeySpec::Hmac384 => Some(48),
        KeySpec::Hmac512 => Some(64),
        _ => None,
    }
}

fn rsa_size(spec: KeySpec) -> Option<RsaSize> {
    match spec {
        KeySpec::Rsa2048 => Some(RsaSize::Bits2048),
        KeySpec::Rsa3072 => Some(RsaSize::Bits3072),
        KeySpec::Rsa4096 => Some(RsaSize::Bits4096),
        _ => None,
    }
}

fn ecdsa_algorithm(spec: KeySpec) -> Option<&'static EcdsaSigningAlgorithm> {
    match spec {
        KeySpec::EccNistP256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeySpec::EccNistP384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeySpec::EccNistP521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        KeySpec::EccSecgP256k1 => Some(&ECDSA_P256K1_SHA256_ASN1_SIGNING),
        _ => None,
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const OTHER: &str = "00000000-12ab-34cd-56ef-1234567890ab";

    fn fits(spec: KeySpec, bytes: &[u8]) -> bool {
        Secret::parse(spec, bytes).is_ok()
    }

    #[test]
    fn symmetric_and_hmac_material_has_one_length() {
        for (spec, length) in
            [(KeySpec::SymmetricDefault, 32), (KeySpec::Hmac224, 28), (KeySpec::Hmac384, 48), (KeySpec::Hmac512, 64)]
        {
            assert!(fits(spec, &vec![1; length]), "{spec}");
            assert!(!fits(spec, &vec![1; length - 1]), "{spec}");
            assert!(!fits(spec, &vec![1; length + 1]), "{spec}");
        }
    }

    #[tokio::test]
    async fn a_pair_is_material_for_its_own_spec_only() {
        let specs = [
            KeySpec::EccNistP256,
            KeySpec::EccNistP384,
            KeySpec::EccNistP521,
            KeySpec::EccSecgP256k1,
            KeySpec::EccNistEdwards25519,
            KeySpec::Rsa2048,
        ];
        for made in specs {
            let (private, public) = key_pair(made).await.unwrap();
            for wanted in specs.into_iter().chain([KeySpec::Rsa4096]) {
                assert_eq!(fits(wanted, &private), made == wanted, "{made} as {wanted}");
            }
            assert_eq!(Secret::parse(made, &private).unwrap().public_key(), Some(&public[..]), "{made}");
        }
    }

    #[test]
    fn a_material_id_is_stable_and_depends_on_key_and_material() {
        let id = |bytes: [u8; 32], key: &str| {
            Secret::parse(KeySpec::SymmetricDefault, &bytes).unwrap().id(&key.parse().unwrap()).to_string()
        };
        assert_eq!(id([1; 32], KEY), id([1; 32], KEY));
        assert_ne!(id([1; 32], KEY), id([1; 32], OTHER));
        assert_ne!(id([1; 32], KEY), id([2; 32], KEY));
        assert_eq!(id([1; 32], KEY).len(), 64);
    }

    /// P-256, 67 bytes: the private scalar alone. The public key has to be computed.
    #[test]
    fn a_private_key_without_its_public_key_is_enough() {
        let whole = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let scalar = {
            use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
            let bytes: EcPrivateKeyBin<'_> = whole.private_key().as_be_bytes().unwrap();
            hex::encode(bytes.as_ref())
        };
        let bare = format!("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420{scalar}");
        let bare = Secret::parse(KeySpec::EccNistP256, &hex::decode(bare).unwrap()).unwrap();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(whole.public_key()).unwrap();
        assert_eq!(bare.public_key(), Some(public.as_ref()));
    }
}
