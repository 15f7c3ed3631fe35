use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};

use super::oracle::Importer;
use super::*;
use crate::kms::{EncryptionAlgorithm, MacAlgorithm, SigningAlgorithm, WrappingAlgorithm};

const MESSAGE: &[u8] = b"what was signed";
const MACS: [(MacAlgorithm, hmac::Algorithm); 4] = [
    (MacAlgorithm::HmacSha224, hmac::HMAC_SHA224),
    (MacAlgorithm::HmacSha256, hmac::HMAC_SHA256),
    (MacAlgorithm::HmacSha384, hmac::HMAC_SHA384),
    (MacAlgorithm::HmacSha512, hmac::HMAC_SHA512),
];

/// A signature by AWS-LC with the private key as it would be imported.
fn signed(material: &Material, algorithm: SigningAlgorithm) -> Vec<u8> {
    let (key, random) = (material.bytes(), SystemRandom::new());
    let ecdsa = |curve| {
        let key = EcdsaKeyPair::from_pkcs8(curve, key).unwrap();
        key.sign(&random, MESSAGE).unwrap().as_ref().to_vec()
    };
    let rsa = |padding: &'static dyn signature::RsaEncoding| {
        let key = RsaKeyPair::from_pkcs8(key).unwrap();
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(padding, &random, MESSAGE, &mut signature).unwrap();
        signature
    };
    match algorithm {
        SigningAlgorithm::EcdsaSha256 if material.spec() == KeySpec::EccSecgP256k1 => {
            ecdsa(&ECDSA_P256K1_SHA256_ASN1_SIGNING)
        }
        SigningAlgorithm::EcdsaSha256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        SigningAlgorithm::EcdsaSha384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        SigningAlgorithm::EcdsaSha512 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
        SigningAlgorithm::RsassaPkcs1V15Sha256 => rsa(&signature::RSA_PKCS1_SHA256),
        SigningAlgorithm::RsassaPkcs1V15Sha384 => rsa(&signature::RSA_PKCS1_SHA384),
        SigningAlgorithm::RsassaPkcs1V15Sha512 => rsa(&signature::RSA_PKCS1_SHA512),
        SigningAlgorithm::RsassaPssSha256 => rsa(&signature::RSA_PSS_SHA256),
        SigningAlgorithm::RsassaPssSha384 => rsa(&signature::RSA_PSS_SHA384),
        SigningAlgorithm::RsassaPssSha512 => rsa(&signature::RSA_PSS_SHA512),
        SigningAlgorithm::Ed25519Sha512 => {
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).unwrap().sign(MESSAGE).as_ref().to_vec()
        }
        other => panic!("AWS-LC is not asked for {other}"),
    }
}

/// Every spec with each algorithm that KMS has for it, apart from Ed25519ph.
fn pairs() -> Vec<(KeySpec, SigningAlgorithm)> {
    let mut pairs = vec![
        (KeySpec::EccNistP256, SigningAlgorithm::EcdsaSha256),
        (KeySpec::EccNistP384, SigningAlgorithm::EcdsaSha384),
        (KeySpec::EccNistP521, SigningAlgorithm::EcdsaSha512),
        (KeySpec::EccSecgP256k1, SigningAlgorithm::EcdsaSha256),
        (KeySpec::EccNistEdwards25519, SigningAlgorithm::Ed25519Sha512),
    ];
    for spec in [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096] {
        pairs.extend(SigningAlgorithm::ALL.iter().filter(|a| a.as_str().starts_with("RSASSA")).map(|a| (spec, *a)));
    }
    pairs
}

#[test]
fn signatures_of_aws_lc_verify_and_damaged_ones_do_not() {
    for (spec, algorithm) in pairs() {
        let material = make(spec);
        let signature = signed(&material, algorithm);
        let verifies = |message: &[u8], signature: &[u8]| material.verifies(algorithm, message, signature).unwrap();
        assert!(verifies(MESSAGE, &signature), "{spec} {algorithm}");
        assert!(!verifies(b"what was not signed", &signature), "{spec} {algorithm}");
        for at in 0..signature.len() {
            if at % (signature.len() / 8) != 0 {
                continue;
            }
            let mut damaged = signature.clone();
            damaged[at] ^= 1;
            assert!(!verifies(MESSAGE, &damaged), "{spec} {algorithm}, byte {at}");
        }
        for malformed in [&[][..], &signature[1..], &signature[..signature.len() - 1], &[0; 600]] {
            assert!(!verifies(MESSAGE, malformed), "{spec} {algorithm}");
        }
    }
}

#[test]
fn the_signature_of_another_key_does_not_verify() {
    for (spec, algorithm) in pairs() {
        let slots = |slot| Material::make(&Recipe::of(spec).unwrap(), slot).unwrap();
        if spec == KeySpec::Rsa4096 {
            continue; // Slow to generate, and the same code as the smaller ones.
        }
        let signature = signed(&slots(0), algorithm);
        assert!(!slots(1).verifies(algorithm, MESSAGE, &signature).unwrap(), "{spec} {algorithm}");
    }
}

#[test]
fn the_hash_and_the_padding_of_an_rsa_signature_are_those_of_its_algorithm() {
    let material = make(KeySpec::Rsa2048);
    for (_, algorithm) in pairs().into_iter().filter(|(spec, _)| *spec == KeySpec::Rsa2048) {
        let signature = signed(&material, algorithm);
        for claimed in SigningAlgorithm::ALL.iter().filter(|a| a.as_str().starts_with("RSASSA")) {
            let verified = material.verifies(*claimed, MESSAGE, &signature).unwrap();
            assert_eq!(verified, *claimed == algorithm, "{algorithm} as {claimed}");
        }
    }
}

#[test]
fn both_signs_of_a_secp256k1_signature_verify() {
    let material = make(KeySpec::EccSecgP256k1);
    let signature = k256::ecdsa::Signature::from_der(&signed(&material, SigningAlgorithm::EcdsaSha256)).unwrap();
    let negated = k256::ecdsa::Signature::from_scalars(signature.r(), -*signature.s()).unwrap();
    for signature in [signature, negated] {
        let der = signature.to_der();
        assert!(material.verifies(SigningAlgorithm::EcdsaSha256, MESSAGE, der.as_bytes()).unwrap());
    }
}

/// RFC 8032, section 7.3.
#[test]
fn the_prehashed_signature_of_rfc_8032_verifies() {
    let seed = hex::decode("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42").unwrap();
    let signature = hex::decode(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062a\
         aad11c2a26083406",
    )
    .unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().unwrap()).verifying_key();
    let verifies = |algorithm, message: &[u8]| PublicKey::Ed25519(key).verifies(algorithm, message, &signature);
    assert_eq!(verifies(SigningAlgorithm::Ed25519PhSha512, b"abc"), Some(true));
    assert_eq!(verifies(SigningAlgorithm::Ed25519PhSha512, b"abd"), Some(false));
    assert_eq!(verifies(SigningAlgorithm::Ed25519Sha512, b"abc"), Some(false));
}

#[test]
fn each_spec_verifies_its_own_algorithms_only() {
    for spec in KeySpec::ALL {
        let Ok(recipe) = Recipe::of(*spec) else { continue };
        let material = Material::make(&recipe, 0).unwrap();
        for algorithm in SigningAlgorithm::ALL {
            let own = pairs().contains(&(*spec, *algorithm))
                || (*spec, *algorithm) == (KeySpec::EccNistEdwards25519, SigningAlgorithm::Ed25519PhSha512);
            assert_eq!(material.verifies(*algorithm, MESSAGE, b"").is_ok(), own, "{spec} {algorithm}");
        }
    }
    let error = make(KeySpec::EccNistP384).verifies(SigningAlgorithm::EcdsaSha256, MESSAGE, b"").unwrap_err();
    assert_eq!(error.to_string(), "ECDSA_SHA_256 is not an algorithm of ECC_NIST_P384 key material");
}

#[test]
fn macs_are_those_of_aws_lc_for_keys_of_any_length() {
    for (algorithm, theirs) in MACS {
        for length in [1, 28, 32, 48, 64, 65, 128, 129, 200] {
            let recipe = Recipe::new(KeySpec::Hmac256, None, Some(length)).unwrap();
            let material = Material::make(&recipe, 0).unwrap();
            let expected = hmac::sign(&hmac::Key::new(theirs, material.bytes()), MESSAGE);
            assert_eq!(material.mac(algorithm, MESSAGE).unwrap(), expected.as_ref(), "{algorithm}, {length} bytes");
            assert_ne!(material.mac(algorithm, b"").unwrap(), expected.as_ref());
        }
    }
}

#[test]
fn a_private_key_makes_no_mac() {
    let error = make(KeySpec::EccNistP256).mac(MacAlgorithm::HmacSha256, MESSAGE).unwrap_err();
    assert_eq!(error.to_string(), "HMAC_SHA_256 is not an algorithm of ECC_NIST_P256 key material");
}

/// RFC 4231, sections 4.2 and 4.3.
#[test]
fn macs_are_those_of_rfc_4231() {
    let mac = |key: &[u8], algorithm, message: &[u8]| hex::encode(proof::mac(key, algorithm, message));
    let first = |algorithm| mac(&[0x0b; 20], algorithm, b"Hi There");
    assert_eq!(first(MacAlgorithm::HmacSha224), "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22");
    assert_eq!(first(MacAlgorithm::HmacSha256), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_eq!(
        mac(b"Jefe", MacAlgorithm::HmacSha256, b"what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn only_the_private_key_decrypts_what_was_encrypted_to_it() {
    let recipe = Recipe::of(KeySpec::Rsa2048).unwrap();
    let [one, two] = [0, 1].map(|slot| Material::make(&recipe, slot).unwrap());
    for (algorithm, unwrapping) in [
        (EncryptionAlgorithm::RsaesOaepSha1, WrappingAlgorithm::RsaesOaepSha1),
        (EncryptionAlgorithm::RsaesOaepSha256, WrappingAlgorithm::RsaesOaepSha256),
    ] {
        let ciphertext = one.encrypt_to(algorithm, MESSAGE).unwrap();
        let decrypted = |material: &Material| Importer::from_pkcs8(material.bytes()).unwrap(&ciphertext, unwrapping);
        assert_eq!(decrypted(&one).as_deref(), Some(MESSAGE), "{algorithm}");
        assert_eq!(decrypted(&two), None, "{algorithm}");
    }
}

#[test]
fn what_cannot_be_encrypted_is_the_scenarios_fault() {
    let key = make(KeySpec::Rsa2048);
    let error = key.encrypt_to(EncryptionAlgorithm::RsaesOaepSha256, &[0; 191]).unwrap_err();
    assert_eq!(error, ProofError::TooLong { length: 191, capacity: 190 });
    for (spec, algorithm) in [
        (KeySpec::Rsa2048, EncryptionAlgorithm::SymmetricDefault),
        (KeySpec::Rsa2048, EncryptionAlgorithm::Sm2Pke),
        (KeySpec::EccNistP256, EncryptionAlgorithm::RsaesOaepSha256),
        (KeySpec::SymmetricDefault, EncryptionAlgorithm::SymmetricDefault),
    ] {
        let error = make(spec).encrypt_to(algorithm, MESSAGE).unwrap_err();
        assert_eq!(error, ProofError::NotItsAlgorithm { spec, algorithm: algorithm.as_str() });
    }
}
