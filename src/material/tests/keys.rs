use std::collections::HashSet;
use std::thread;

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
};
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;

use super::*;

const CURVES: [(KeySpec, &EcdsaSigningAlgorithm); 4] = [
    (KeySpec::EccNistP256, &ECDSA_P256_SHA256_ASN1_SIGNING),
    (KeySpec::EccNistP384, &ECDSA_P384_SHA384_ASN1_SIGNING),
    (KeySpec::EccNistP521, &ECDSA_P521_SHA512_ASN1_SIGNING),
    (KeySpec::EccSecgP256k1, &ECDSA_P256K1_SHA256_ASN1_SIGNING),
];

const RSA: [(KeySpec, usize); 3] = [(KeySpec::Rsa2048, 2048), (KeySpec::Rsa3072, 3072), (KeySpec::Rsa4096, 4096)];

fn length(spec: KeySpec, form: Form) -> usize {
    make_as(spec, form).bytes().len()
}

#[test]
fn random_bytes_are_of_the_nominal_length() {
    for (spec, expected) in [
        (KeySpec::SymmetricDefault, 32),
        (KeySpec::Hmac224, 28),
        (KeySpec::Hmac256, 32),
        (KeySpec::Hmac384, 48),
        (KeySpec::Hmac512, 64),
    ] {
        let material = make(spec);
        assert_eq!(material.bytes().len(), expected, "{spec}");
        assert_eq!(material.public_key_der(), None, "{spec}");
    }
}

#[test]
fn random_bytes_are_as_many_as_were_asked_for() {
    for length in [0, 1, 31, 33, 128, LENGTH_MAX] {
        let recipe = Recipe::new(KeySpec::SymmetricDefault, None, Some(length)).unwrap();
        assert_eq!(Material::make(&recipe, 0).unwrap().bytes().len(), length);
    }
}

/// The sizes are OpenSSL's.
#[test]
fn ecc_keys_are_as_long_as_those_of_openssl() {
    for (spec, pkcs8, private_only, sec1) in [
        (KeySpec::EccNistP256, 138, 67, 121),
        (KeySpec::EccNistP384, 185, 80, 167),
        (KeySpec::EccNistP521, 241, 98, 223),
        (KeySpec::EccSecgP256k1, 135, 64, 118),
    ] {
        assert_eq!(length(spec, Form::Pkcs8), pkcs8, "{spec}");
        assert_eq!(length(spec, Form::PrivateOnly), private_only, "{spec}");
        assert_eq!(length(spec, Form::Sec1), sec1, "{spec}");
    }
    assert_eq!(length(KeySpec::EccNistEdwards25519, Form::Pkcs8), 48);
}

#[test]
fn aws_lc_finds_the_same_public_key_in_an_ecc_key() {
    for (spec, algorithm) in CURVES {
        let material = make(spec);
        let key = EcdsaKeyPair::from_pkcs8(algorithm, material.bytes()).unwrap();
        assert!(material.public_key_der().unwrap().ends_with(key.public_key().as_ref()), "{spec}");
    }
    let material = make(KeySpec::EccNistEdwards25519);
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(material.bytes()).unwrap();
    assert!(material.public_key_der().unwrap().ends_with(key.public_key().as_ref()));
}

#[test]
fn aws_lc_derives_the_public_key_that_an_ecc_key_lacks() {
    for (spec, algorithm) in CURVES {
        for form in [Form::PrivateOnly, Form::Sec1] {
            let material = make_as(spec, form);
            let key = EcdsaKeyPair::from_private_key_der(algorithm, material.bytes()).unwrap();
            assert!(material.public_key_der().unwrap().ends_with(key.public_key().as_ref()), "{spec} {form}");
        }
    }
}

#[test]
fn aws_lc_reads_the_public_keys() {
    for (spec, _) in CURVES {
        let material = make(spec);
        let found = p256::pkcs8::SubjectPublicKeyInfoRef::try_from(material.public_key_der().unwrap()).unwrap();
        assert_eq!(found.algorithm.oid.to_string(), "1.2.840.10045.2.1", "{spec}");
    }
    for (spec, bits) in RSA {
        let material = make(spec);
        let key = aws_lc_rs::rsa::PublicEncryptingKey::from_der(material.public_key_der().unwrap()).unwrap();
        assert_eq!(key.key_size_bits(), bits);
    }
}

#[test]
fn rsa_keys_are_of_their_size_with_two_valid_primes() {
    for (spec, bits) in RSA {
        let material = make(spec);
        let key = rsa::RsaPrivateKey::from_pkcs8_der(material.bytes()).unwrap();
        key.validate().unwrap();
        assert_eq!((key.n().bits(), key.e()), (bits, &rsa::BigUint::from(65537_u32)));
        assert_eq!(rsa_public_key_bits(material.public_key_der().unwrap()), Ok(bits));
    }
}

#[test]
fn pkcs1_is_the_key_inside_of_pkcs8() {
    let (inner, outer) = (make_as(KeySpec::Rsa2048, Form::Pkcs1), make_as(KeySpec::Rsa2048, Form::Pkcs8));
    assert!(outer.bytes().ends_with(inner.bytes()));
    assert_eq!(outer.bytes().len(), inner.bytes().len() + 26);
    assert!(signature::RsaKeyPair::from_der(inner.bytes()).is_ok());
}

#[test]
fn pem_is_pkcs8_as_text() {
    for spec in [KeySpec::Rsa2048, KeySpec::EccNistP384, KeySpec::EccNistEdwards25519] {
        let text = make_as(spec, Form::Pem);
        let text = std::str::from_utf8(text.bytes()).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{spec}");
        let (label, der) = rsa::pkcs8::SecretDocument::from_pem(text).unwrap();
        assert_eq!(label, "PRIVATE KEY");
        assert_eq!(der.as_bytes().len(), length(spec, Form::Pkcs8), "{spec}");
    }
}

#[test]
fn no_two_materials_are_alike() {
    for spec in KeySpec::ALL {
        let Ok(recipe) = Recipe::of(*spec) else { continue };
        if RSA.iter().any(|(rsa, _)| rsa == spec) {
            continue;
        }
        let made: HashSet<_> = (0..8).map(|_| Material::make(&recipe, 0).unwrap().bytes().to_vec()).collect();
        assert_eq!(made.len(), 8, "{spec}");
    }
}

#[test]
fn rsa_keys_differ_between_slots_and_stay_the_same_within_one() {
    let recipe = Recipe::of(KeySpec::Rsa2048).unwrap();
    let slot = |slot| Material::make(&recipe, slot).unwrap().bytes().to_vec();
    assert_eq!(slot(1), slot(1));
    assert_ne!(slot(1), slot(2));
}

#[test]
fn threads_that_ask_for_one_slot_at_once_get_one_key() {
    let keys: HashSet<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| rsa_keys::cached(recipe::RsaSize::Bits2048, 77).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().pair.spki.clone()).collect()
    });
    assert_eq!(keys.len(), 1);
}

#[test]
fn debug_shows_no_secrets() {
    for spec in KeySpec::ALL {
        for form in Form::of(*spec) {
            let material = make_as(*spec, form);
            let shown = format!("{material:?} {material:#?} {:?} {:?}", material.recipe(), material.traces());
            assert_eq!(material.traces().find_in(shown.as_bytes()), None, "{shown}");
            assert!(shown.contains(&format!("{spec:?}")), "{shown}");
        }
    }
}

#[test]
fn traces_are_found_wherever_they_stand_and_only_there() {
    for spec in [KeySpec::SymmetricDefault, KeySpec::EccNistP521, KeySpec::EccNistEdwards25519, KeySpec::Rsa2048] {
        let [ours, other] = [0, 1].map(|slot| Material::make(&Recipe::of(spec).unwrap(), slot).unwrap().traces());
        for (encoding, needle) in ours.iter() {
            let artefact = [b"before ", needle, b" after"].concat();
            assert!(ours.find_in(&artefact).is_some(), "{spec}: {encoding}");
            assert_eq!(other.find_in(&artefact), None, "{spec}: {encoding}");
        }
    }
}

#[test]
fn base64_is_a_trace_with_and_without_padding_or_more_behind_it() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    let material = make(KeySpec::SymmetricDefault);
    let more = [material.bytes(), b"more"].concat();
    for text in [STANDARD.encode(material.bytes()), STANDARD_NO_PAD.encode(material.bytes()), STANDARD.encode(more)] {
        assert_eq!(material.traces().find_in(text.as_bytes()), Some("base64"));
        assert_eq!(material.traces().find_in(&text.as_bytes()[1..]), None);
    }
}

#[test]
fn the_scalar_of_a_private_key_is_a_trace_of_its_own() {
    let material = make(KeySpec::EccNistP256);
    let key = p256::SecretKey::from_pkcs8_der(material.bytes()).unwrap();
    let careless = format!("d = {}", hex::encode(key.to_bytes()));
    assert_eq!(material.traces().find_in(careless.as_bytes()), Some("hexadecimal"));
    assert_eq!(make(KeySpec::EccNistP256).traces().find_in(careless.as_bytes()), None);
}

#[test]
fn secrets_too_short_to_tell_from_chance_leave_no_traces() {
    let recipe = Recipe::new(KeySpec::SymmetricDefault, None, Some(1)).unwrap();
    assert_eq!(Material::make(&recipe, 0).unwrap().traces().iter().count(), 0);
}
