//! What transitions name, and what must be there for them.

use super::*;
use crate::kms::{KeySpec, KeyUsage, Operation};
use crate::scenario::Damage;
use crate::scenario::Place;

fn import(key: Name, token: Name) -> Import {
    Import {
        key,
        import: Name(4),
        token,
        damaged_token: None,
        wrapping: Wrapping::Right,
        material: 0,
        kind: Kind::Symmetric,
        expiry: Expiry::Never,
        new: None,
        id_of: None,
    }
}

#[test]
fn every_call_has_its_operation_its_key_and_what_it_makes() {
    let (key, made) = (Name(1), Name(4));
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    let of = |usage| Transition::Use { key, usage };
    for (call, operation, makes) in [
        (Transition::Create { key: made, kind: Kind::Ecc, multi_region: false }, Operation::CreateKey, true),
        (Transition::Replicate { key, replica: made }, Operation::ReplicateKey, true),
        (Transition::Parameters { key, token: made, algorithm }, Operation::GetParametersForImport, true),
        (Transition::Import(import(key, Name(2))), Operation::ImportKeyMaterial, true),
        (Transition::DeleteMaterial { key, id_of: None }, Operation::DeleteImportedKeyMaterial, false),
        (Transition::Enable { key }, Operation::EnableKey, false),
        (Transition::Disable { key }, Operation::DisableKey, false),
        (Transition::ScheduleDeletion { key, days: 7 }, Operation::ScheduleKeyDeletion, false),
        (Transition::CancelDeletion { key }, Operation::CancelKeyDeletion, false),
        (Transition::Rotate { key }, Operation::RotateKeyOnDemand, false),
        (Transition::Describe { key }, Operation::DescribeKey, false),
        (of(Use::Encrypt(made)), Operation::Encrypt, true),
        (of(Use::Decrypt(made)), Operation::Decrypt, false),
        (of(Use::GenerateDataKey), Operation::GenerateDataKey, false),
        (of(Use::GenerateMac), Operation::GenerateMac, false),
        (of(Use::Sign), Operation::Sign, false),
        (of(Use::GetPublicKey), Operation::GetPublicKey, false),
    ] {
        assert_eq!(call.operation(), Some(operation));
        assert_eq!(call.made(), makes.then_some(made), "{call}");
        let about = if operation == Operation::CreateKey { made } else { key };
        assert_eq!(call.key(), Some(about), "{call}");
        assert_eq!(call.to_string(), format!("{operation} k{about}"));
        let renamed = call.clone().renamed(Name(9));
        assert_eq!(renamed.made(), makes.then_some(Name(9)), "{call}");
        assert_eq!(renamed == call, !makes, "{call}");
    }
    let pass = Transition::Pass(HOUR);
    assert_eq!((pass.operation(), pass.key(), pass.made(), pass.to_string()), (None, None, None, "1h pass".to_owned()));
    let together = Transition::Together(vec![pass, Transition::Rotate { key }]);
    assert_eq!((together.operation(), together.key(), together.made()), (None, None, None));
    assert_eq!(together.to_string(), "1h pass ‖ RotateKeyOnDemand k1");
}

#[test]
fn kinds_have_their_spec_their_usage_and_materials_of_their_own() {
    for (kind, spec, usage, material) in [
        (Kind::Symmetric, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, "m2"),
        (Kind::Generated, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, "m2"),
        (Kind::Hmac, KeySpec::Hmac256, KeyUsage::GenerateVerifyMac, "h2"),
        (Kind::Ecc, KeySpec::EccNistP256, KeyUsage::SignVerify, "e2"),
    ] {
        assert_eq!((kind.spec(), kind.usage()), (spec, usage));
        let import = Import { kind, material: 2, ..import(Name(1), Name(2)) };
        assert_eq!(import.named_material(), material);
    }
}

#[test]
fn valid_to_is_where_a_request_has_one() {
    for (expiry, valid_to) in [
        (Expiry::After(HOUR), Some(HOUR)),
        (Expiry::AfterByDefault(HOUR), Some(HOUR)),
        (Expiry::NeverWithValidTo(HOUR), Some(HOUR)),
        (Expiry::Never, None),
        (Expiry::Neither, None),
        (Expiry::ModelAlone, None),
    ] {
        assert_eq!(expiry.valid_to(), valid_to, "{expiry:?}");
    }
}

#[test]
fn names_are_new() {
    let mut world = World::default();
    assert_eq!([world.next_name(), world.next_name()], [Name(1), Name(2)]);
    world.take(&Transition::Create { key: Name(7), kind: Kind::Hmac, multi_region: false }, true);
    assert_eq!(world.next_name(), Name(8));
    world.take(&Transition::Create { key: Name(3), kind: Kind::Hmac, multi_region: false }, true);
    assert_eq!(world.next_name(), Name(9));
}

#[test]
fn a_transition_makes_sense_where_all_that_it_uses_is_there() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let imported = world.keys[&key].materials[0].import;
    let (token, ciphertext, nothing) = (world.token(key), world.encrypts(key), Name(99));
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    let good = import(key, token);
    let known = |transition: &Transition| world.knows(transition);
    for (key, is_there) in [(key, true), (nothing, false)] {
        for transition in [
            Transition::Replicate { key, replica: nothing },
            Transition::Parameters { key, token: nothing, algorithm },
            Transition::Import(import(key, token)),
            Transition::DeleteMaterial { key, id_of: None },
            Transition::DeleteMaterial { key, id_of: Some(imported) },
            Transition::Enable { key },
            Transition::Use { key, usage: Use::Sign },
            Transition::Use { key, usage: Use::Decrypt(ciphertext) },
            Transition::Together(vec![Transition::Pass(HOUR), Transition::Rotate { key }]),
        ] {
            assert_eq!(known(&transition), is_there, "{transition:?}");
        }
    }
    assert!(known(&Transition::Create { key: nothing, kind: Kind::Ecc, multi_region: false }));
    assert!(known(&Transition::Pass(HOUR)));
    assert!(!known(&Transition::DeleteMaterial { key, id_of: Some(nothing) }));
    assert!(!known(&Transition::Use { key, usage: Use::Decrypt(nothing) }));
    for (request, is_there) in [
        (Import { wrapping: Wrapping::PublicKeyOf(token), ..good.clone() }, true),
        (Import { wrapping: Wrapping::Damaged(Damage::Flip(Place::End)), ..good.clone() }, true),
        (Import { id_of: Some(imported), ..good.clone() }, true),
        (Import { token: nothing, ..good.clone() }, false),
        (Import { wrapping: Wrapping::PublicKeyOf(nothing), ..good.clone() }, false),
        (Import { id_of: Some(nothing), ..good }, false),
    ] {
        assert_eq!(known(&Transition::Import(request.clone())), is_there, "{request:?}");
    }
}
