//! Calls other than imports.

use super::*;
use crate::states::Way;

#[test]
fn keys_are_created_by_the_rules_of_their_kind() {
    let world = SmallWorld::default();
    for (kind, multi_region, allowed) in [
        (Kind::Symmetric, false, "ok by CRE-EXT-SPECS"),
        (Kind::Hmac, false, "ok by CRE-EXT-SPECS"),
        (Kind::Ecc, true, "ok by CRE-MRK"),
        (Kind::Generated, false, "ok by CRE-ORIGIN-DEFAULT"),
    ] {
        assert_eq!(world.told(&Transition::Create { key: Name(1), kind, multi_region }), allowed);
    }
}

#[test]
fn of_a_key_that_is_not_there_and_of_time_nothing_is_stated() {
    let world = SmallWorld::default();
    assert_eq!(world.told(&Transition::Enable { key: Name(1) }), "unstated");
    assert_eq!(world.told(&Transition::Pass(HOUR)), "unstated");
}

#[test]
fn import_parameters_are_for_keys_with_imported_material() {
    let mut world = SmallWorld::default();
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    for (kind, allowed) in
        [(Kind::Symmetric, "ok by KST-PARAMETERS"), (Kind::Generated, "UnsupportedOperationException by GPI-NONEXT")]
    {
        let key = world.key(kind);
        assert_eq!(world.told(&Transition::Parameters { key, token: Name(99), algorithm }), allowed);
    }
}

#[test]
fn a_key_is_good_for_what_its_kind_is_made_for() {
    let both = [Use::Encrypt(Name(90)), Use::GenerateDataKey];
    for (kind, fit) in [
        (Kind::Symmetric, &both[..]),
        (Kind::Generated, &both[..]),
        (Kind::Hmac, &[Use::GenerateMac]),
        (Kind::Ecc, &[Use::Sign, Use::GetPublicKey]),
    ] {
        let mut world = SmallWorld::default();
        let key = world.key(kind);
        if kind != Kind::Generated {
            world.imports(key, 0);
        }
        for usage in [both[0], both[1], Use::GenerateMac, Use::Sign, Use::GetPublicKey] {
            let allowed = if fit.contains(&usage) { "ok by KST-ENABLED" } else { "unstated" };
            assert_eq!(world.told(&Transition::Use { key, usage }), allowed, "{kind:?} {usage:?}");
        }
    }
}

#[test]
fn what_is_encrypted_under_a_generated_key_can_be_decrypted() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Generated);
    let ciphertext = world.encrypts(key);
    assert_eq!(world.told(&Transition::Use { key, usage: Use::Decrypt(ciphertext) }), "ok by KST-ENABLED");
    assert_eq!(world.told(&Transition::Use { key, usage: Use::Decrypt(Name(99)) }), "unstated");
}

#[test]
fn what_a_key_of_unknown_materials_is_good_for_is_judged_only_where_its_state_decides() {
    let told = |world: &SmallWorld, key, usage| world.told(&Transition::Use { key, usage });
    let (mut world, key) = SmallWorld::with_material(Kind::Ecc);
    world.doubts(key);
    assert_eq!(told(&world, key, Use::Sign), "unstated");
    assert_eq!(told(&world, key, Use::GetPublicKey), "unstated");
    world.does(&Transition::Disable { key });
    assert_eq!(told(&world, key, Use::Sign), "DisabledException by DIS-CRYPTO");
    assert_eq!(told(&world, key, Use::GetPublicKey), "unstated");
    let (mut world, key) = SmallWorld::with_material(Kind::Ecc);
    world.does(&Transition::Disable { key });
    assert_eq!(told(&world, key, Use::GetPublicKey), "ok by KST-PUBKEY-DISABLED");
}

#[test]
fn of_a_key_in_an_unknown_state_only_reading_is_judged() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.keys.get_mut(&key).expect("the key").state_known = false;
    assert_eq!(world.told(&Transition::Enable { key }), "unstated");
    assert_eq!(world.told(&Transition::Describe { key }), "ok by KST-READ");
}

#[test]
fn a_call_that_was_refused_changes_nothing_but_its_token() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let request = world.request(key, 1);
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    for call in [
        Transition::Disable { key },
        Transition::ScheduleDeletion { key, days: 7 },
        Transition::DeleteMaterial { key, id_of: None },
        Transition::Rotate { key },
        Transition::Import(request),
        Transition::Create { key: Name(90), kind: Kind::Symmetric, multi_region: false },
        Transition::Replicate { key, replica: Name(91) },
        Transition::Parameters { key, token: Name(92), algorithm },
        Transition::Use { key, usage: Use::Encrypt(Name(93)) },
    ] {
        let before = (world.tokens.len(), world.ciphertexts.len(), world.imports.len());
        world.take(&call, false);
        assert_eq!((world.tokens.len(), world.ciphertexts.len(), world.imports.len()), before, "{call}");
        assert_eq!(world.keys.len(), 1, "{call}");
        let of = &world.keys[&key];
        assert!(of.way == Way::Enabled && of.is_complete() && of.certain && of.settles.is_none(), "{call}");
        assert_eq!(of.materials.len(), 1, "{call}");
    }
}

#[test]
fn calls_at_the_same_time_are_taken_in_one_after_the_other() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.take(&Transition::Together(vec![Transition::Disable { key }, Transition::Pass(HOUR)]), true);
    assert_eq!((world.keys[&key].way, world.now), (Way::Disabled, HOUR));
}

/// Whether that, or the key's state, is named first is not stated.
#[test]
fn of_a_key_that_never_had_a_public_key_the_exception_is_open() {
    let usage = Use::GetPublicKey;
    let (mut had, key) = SmallWorld::with_material(Kind::Ecc);
    had.does(&Transition::ScheduleDeletion { key, days: 7 });
    let both = "DisabledException or KMSInvalidStateException by KST-PUBKEY-PENDDEL";
    assert_eq!(had.told(&Transition::Use { key, usage }), both);
    let mut never = SmallWorld::default();
    assert_eq!(never.key(Kind::Ecc), key);
    never.does(&Transition::ScheduleDeletion { key, days: 7 });
    assert_eq!(never.told(&Transition::Use { key, usage }), "refused by KST-PUBKEY-PENDDEL");
}

/// A key that shows another material than it must have is not judged by what the model has of its materials.
#[test]
fn a_key_that_uses_other_material_is_judged_by_its_state_alone() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let ciphertext = world.encrypts(key);
    let decrypt = Transition::Use { key, usage: Use::Decrypt(ciphertext) };
    assert_eq!(world.told(&decrypt), "ok by KST-ENABLED");
    world.distrust(key);
    assert_eq!(world.told(&decrypt), "unstated");
    assert_eq!(world.told(&Transition::Disable { key }), "ok by DIS-ENA-EXT");
    assert!(world.keys[&key].state_known);
}
