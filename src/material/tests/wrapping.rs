use std::sync::LazyLock;

use aws_lc_rs::rsa::KeySize;

use super::oracle::Importer;
use super::*;
use crate::kms::WrappingAlgorithm::{
    self, RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha1, RsaesOaepSha256, RsaesPkcs1V15, Sm2Pke,
};

const RSA: [WrappingAlgorithm; 5] =
    [RsaesPkcs1V15, RsaesOaepSha1, RsaesOaepSha256, RsaAesKeyWrapSha1, RsaAesKeyWrapSha256];

static IMPORTER: LazyLock<Importer> = LazyLock::new(|| Importer::new(KeySize::Rsa2048));
static IMPORTERS: LazyLock<[(usize, Importer); 2]> =
    LazyLock::new(|| [(3072, Importer::new(KeySize::Rsa3072)), (4096, Importer::new(KeySize::Rsa4096))]);

fn wrapped(material: &[u8], algorithm: WrappingAlgorithm) -> Vec<u8> {
    wrap(material, &IMPORTER.public_key(), algorithm).unwrap()
}

#[test]
fn aws_lc_unwraps_what_was_wrapped() {
    for algorithm in RSA {
        for length in [1, 7, 8, 9, 28, 32, 64, 128, 190] {
            let material = random(length).unwrap();
            let unwrapped = IMPORTER.unwrap(&wrapped(&material, algorithm), algorithm);
            assert_eq!(unwrapped.as_deref(), Some(material.as_slice()), "{algorithm}, {length} bytes");
        }
    }
}

#[test]
fn the_larger_wrapping_keys_wrap_too() {
    for (bits, importer) in IMPORTERS.iter() {
        for algorithm in RSA {
            let material = random(32).unwrap();
            let wrapped = wrap(&material, &importer.public_key(), algorithm).unwrap();
            assert_eq!(importer.unwrap(&wrapped, algorithm).as_deref(), Some(material.as_slice()), "{bits}");
        }
    }
}

#[test]
fn every_documented_form_is_wrapped_by_aes_key_wrap() {
    for spec in KeySpec::ALL {
        let Ok(recipe) = Recipe::of(*spec) else { continue };
        let material = Material::make(&recipe, 0).unwrap();
        let unwrapped = IMPORTER.unwrap(&wrapped(material.bytes(), RsaAesKeyWrapSha256), RsaAesKeyWrapSha256);
        assert_eq!(unwrapped.as_deref(), Some(material.bytes()), "{spec}");
    }
}

#[test]
fn another_algorithm_does_not_unwrap() {
    for (ours, theirs) in [
        (RsaesOaepSha1, RsaesOaepSha256),
        (RsaesOaepSha256, RsaesOaepSha1),
        (RsaAesKeyWrapSha1, RsaAesKeyWrapSha256),
        (RsaAesKeyWrapSha256, RsaAesKeyWrapSha1),
        (RsaesOaepSha256, RsaAesKeyWrapSha256),
        (RsaAesKeyWrapSha256, RsaesOaepSha256),
    ] {
        assert_eq!(IMPORTER.unwrap(&wrapped(&[7; 32], ours), theirs), None, "{ours} as {theirs}");
    }
}

#[test]
fn another_key_does_not_unwrap() {
    let (_, other) = &IMPORTERS[0];
    assert_eq!(other.unwrap(&wrapped(&[7; 32], RsaesOaepSha256), RsaesOaepSha256), None);
}

#[test]
fn a_flipped_bit_does_not_unwrap() {
    for algorithm in [RsaesOaepSha256, RsaAesKeyWrapSha256] {
        let mut damaged = wrapped(&[7; 32], algorithm);
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(IMPORTER.unwrap(&damaged, algorithm), None, "{algorithm}");
    }
}

#[test]
fn no_two_wrappings_are_alike() {
    for algorithm in RSA {
        assert_ne!(wrapped(&[7; 32], algorithm), wrapped(&[7; 32], algorithm), "{algorithm}");
    }
}

#[test]
fn wrappings_are_as_long_as_documented() {
    assert_eq!(wrapped(&[7; 32], RsaesOaepSha1).len(), 256);
    assert_eq!(wrapped(&[7; 32], RsaAesKeyWrapSha256).len(), 256 + 40);
    assert_eq!(wrapped(&[7; 33], RsaAesKeyWrapSha256).len(), 256 + 48);
}

/// The limits are those recorded on AWS for `Encrypt` with the same paddings.
#[test]
fn material_up_to_the_capacity_is_wrapped_and_no_longer() {
    let (_, rsa_3072) = &IMPORTERS[0];
    let (_, rsa_4096) = &IMPORTERS[1];
    for (importer, algorithm, capacity) in [
        (&*IMPORTER, RsaesOaepSha1, 214),
        (&*IMPORTER, RsaesOaepSha256, 190),
        (&*IMPORTER, RsaesPkcs1V15, 245),
        (rsa_3072, RsaesOaepSha1, 342),
        (rsa_3072, RsaesOaepSha256, 318),
        (rsa_4096, RsaesOaepSha1, 470),
        (rsa_4096, RsaesOaepSha256, 446),
    ] {
        assert!(wrap(&vec![7; capacity], &importer.public_key(), algorithm).is_ok(), "{algorithm}, {capacity} bytes");
        let error = wrap(&vec![7; capacity + 1], &importer.public_key(), algorithm).unwrap_err();
        assert!(matches!(error, WrapError::TooLong { capacity: c, .. } if c == capacity), "{error}");
    }
}

#[test]
fn too_long_says_how_much_fits() {
    let material = make(KeySpec::EccNistP521);
    let error = wrap(material.bytes(), &IMPORTER.public_key(), RsaesOaepSha256).unwrap_err();
    assert_eq!(
        error.to_string(),
        "241 bytes of key material are more than the 190 that RSAES_OAEP_SHA_256 wraps under a 2048-bit key"
    );
}

#[test]
fn nothing_is_wrapped_by_oaep_but_not_by_aes_key_wrap() {
    assert_eq!(IMPORTER.unwrap(&wrapped(&[], RsaesOaepSha256), RsaesOaepSha256), Some(Vec::new()));
    let error = wrap(&[], &IMPORTER.public_key(), RsaAesKeyWrapSha256).unwrap_err();
    assert_eq!(error, WrapError::Empty { algorithm: RsaAesKeyWrapSha256 });
}

#[test]
fn sm2_is_refused() {
    assert_eq!(
        wrap(&[7; 32], &IMPORTER.public_key(), Sm2Pke).unwrap_err(),
        WrapError::Unsupported { algorithm: Sm2Pke }
    );
}

#[test]
fn a_key_that_is_not_rsa_is_the_targets_fault() {
    let ecc = make(KeySpec::EccNistP256);
    let error = wrap(&[7; 32], ecc.public_key_der().unwrap(), RsaesOaepSha256).unwrap_err();
    assert_eq!(error.to_string(), "the wrapping key is a public key of algorithm 1.2.840.10045.2.1, not RSA");
    for garbage in [&[][..], &[0x30], &[0; 300], b"-----BEGIN PUBLIC KEY-----"] {
        let error = wrap(&[7; 32], garbage, RsaesOaepSha256).unwrap_err();
        assert!(matches!(error, WrapError::PublicKey(PublicKeyError::NotSpki(_))), "{error}");
    }
}

/// Every byte of a public key is damaged in turn. Nothing panics, and what still counts as a key wraps.
#[test]
fn a_damaged_public_key_is_an_error_or_a_key() {
    let intact = IMPORTER.public_key();
    let mut refused = 0;
    for at in 0..intact.len() {
        for bit in [0x01, 0x80] {
            let mut damaged = intact.clone();
            damaged[at] ^= bit;
            match wrap(&[7; 32], &damaged, RsaesOaepSha256) {
                Ok(wrapped) => {
                    assert_eq!(Ok(wrapped.len()), rsa_public_key_bits(&damaged).map(|bits| bits.div_ceil(8)));
                }
                Err(WrapError::PublicKey(_)) => refused += 1,
                Err(error) => panic!("byte {at}: {error}"),
            }
        }
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn a_truncated_or_extended_public_key_is_no_key() {
    let intact = IMPORTER.public_key();
    for length in 0..intact.len() {
        assert!(rsa_public_key_bits(&intact[..length]).is_err(), "{length} bytes");
    }
    assert!(rsa_public_key_bits(&[intact.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn the_size_of_a_public_key_is_that_of_its_modulus() {
    assert_eq!(rsa_public_key_bits(&IMPORTER.public_key()), Ok(2048));
    for (bits, importer) in IMPORTERS.iter() {
        assert_eq!(rsa_public_key_bits(&importer.public_key()), Ok(*bits));
    }
}

/// RFC 5649, section 6: both examples.
#[test]
fn aes_key_wrap_with_padding_is_that_of_rfc_5649() {
    let kek = hex::decode("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8").unwrap();
    let kek = aes_kw::KekAes192::try_from(kek.as_slice()).unwrap();
    for (plaintext, wrapped) in [
        (
            "c37b7e6492584340bed12207808941155068f738",
            "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
        ),
        ("466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"),
    ] {
        let plaintext = hex::decode(plaintext).unwrap();
        assert_eq!(hex::encode(kek.wrap_with_padding_vec(&plaintext).unwrap()), wrapped);
    }
}
