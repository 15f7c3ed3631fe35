//! What can be wrong with an import.

use super::*;
use crate::kms::ErrorCode;
use crate::scenario::{Damage, Place};

#[test]
fn a_pair_is_good_for_a_day() {
    for (age, allowed) in [
        (SignedDuration::ZERO, "ok by IMP-FIRST-OK"),
        (DAY - LATENCY - SECOND, "ok by IMP-FIRST-OK"),
        (DAY - LATENCY, "unstated"),
        (DAY + LATENCY, "unstated"),
        (DAY + LATENCY + SECOND, "ExpiredImportTokenException by TOK-24H"),
    ] {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        world.pass(HOUR);
        let request = world.request(key, 0);
        world.pass(age);
        assert_eq!(world.told_import(&request), allowed, "{age:#}");
    }
}

#[test]
fn another_keys_token_is_refused_and_once_it_is_old_either_fault_may_be_named() {
    for (age, allowed) in [
        (DAY - LATENCY - SECOND, "InvalidImportTokenException by TOK-KEYBOUND"),
        (DAY - LATENCY, "ExpiredImportTokenException or InvalidImportTokenException by TOK-KEYBOUND"),
        (DAY * 2, "ExpiredImportTokenException or InvalidImportTokenException by TOK-KEYBOUND"),
    ] {
        let mut world = SmallWorld::default();
        let (key, other) = (world.key(Kind::Symmetric), world.key(Kind::Symmetric));
        world.pass(HOUR);
        let request = world.request(key, 0);
        world.pass(age);
        assert_eq!(world.told_import(&Import { key: other, ..request }), allowed, "{age:#}");
    }
}

#[test]
fn a_damaged_token_is_refused_and_one_with_bytes_appended_is_not_stated() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    let request = world.request(key, 0);
    for (damage, allowed) in [
        (Damage::Flip(Place::Start), "InvalidImportTokenException by TOK-TAMPER"),
        (Damage::Truncate(1), "InvalidImportTokenException by TOK-TAMPER"),
        (Damage::Extend(1), "open by TOK-EXTENDED"),
    ] {
        let request = Import { damaged_token: Some(damage), ..request.clone() };
        assert_eq!(world.told_import(&request), allowed);
    }
}

#[test]
fn an_older_pair_is_good_and_what_else_is_wrong_is_refused_for_that_or_for_its_age() {
    let mut world = SmallWorld::default();
    let (key, other) = (world.key(Kind::Symmetric), world.key(Kind::Symmetric));
    let request = world.request(key, 0);
    world.token(other);
    assert_eq!(world.told_import(&request), "ok by IMP-FIRST-OK", "the newer pair is another key's");
    world.token(key);
    let faulty = |fault: Expiry| Import { expiry: fault, ..request.clone() };
    assert_eq!(world.told_import(&request), "ok by TOK-OLDER-PAIR");
    let either = "InvalidImportTokenException or ValidationException by IMP-VALIDTO-REQUIRED";
    assert_eq!(world.told_import(&faulty(Expiry::Neither)), either);
    let any = "refused by IMP-VALIDTO-FORBIDDEN";
    assert_eq!(world.told_import(&faulty(Expiry::NeverWithValidTo(HOUR))), any);
    let newest = world.request(key, 0);
    assert_eq!(world.told_import(&newest), "ok by IMP-FIRST-OK");
    let missing = Import { expiry: Expiry::Neither, ..newest };
    assert_eq!(world.told_import(&missing), "ValidationException by IMP-VALIDTO-REQUIRED");
}

#[test]
fn whether_a_token_can_be_used_again_is_open() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let request = world.request(key, 0);
    world.does(&Transition::Import(request.clone()));
    assert_eq!(world.told_import(&request), "open by TOK-REUSE-AFTER-SUCCESS");
    let wrong = world.request(key, 1);
    assert_eq!(world.told_import(&wrong), "IncorrectKeyMaterialException by IMP-EXISTING-DIFFERENT");
    world.take(&Transition::Import(wrong.clone()), false);
    assert_eq!(world.told_import(&Import { material: 0, ..wrong }), "open by TOK-REUSE-AFTER-REFUSAL");
}

#[test]
fn a_token_is_still_good_after_a_refusal_that_can_only_be_for_a_missing_valid_to() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let other = world.key(Kind::Symmetric);
    let good = world.request(key, 0);
    let missing = Import { expiry: Expiry::Neither, ..good.clone() };
    let unknown = Import { id_of: None, wrapping: Wrapping::Damaged(Damage::Truncate(1)), ..missing.clone() };
    let still_good = "ok by REI-SAME-NO-DELETE";
    let open = "open by TOK-REUSE-AFTER-REFUSAL";
    for (refused, then) in [
        (missing.clone(), still_good),
        (Import { expiry: Expiry::ModelAlone, ..missing.clone() }, still_good),
        // A damaged token is another token.
        (Import { damaged_token: Some(Damage::Truncate(1)), ..good.clone() }, still_good),
        (Import { expiry: Expiry::NeverWithValidTo(HOUR), ..good.clone() }, open),
        // Which of two faults was named is not known.
        (Import { material: 1, ..missing.clone() }, open),
        (Import { key: other, ..missing.clone() }, open),
        (unknown, open),
    ] {
        let before = world.0.clone();
        world.take(&Transition::Import(refused.clone()), false);
        assert_eq!(world.told_import(&good), then, "after {refused:?}");
        world.0 = before;
    }
}

#[test]
fn material_is_wrapped_under_the_public_key_that_came_with_the_token() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    let other = world.token(key);
    let request = world.request(key, 0);
    for (wrapping, allowed) in [
        (Wrapping::Right, "ok by IMP-FIRST-OK"),
        (Wrapping::PublicKeyOf(request.token), "ok by IMP-FIRST-OK"),
        (Wrapping::PublicKeyOf(other), "refused by TOK-PAIRED"),
        (Wrapping::OtherHash(WrappingAlgorithm::RsaesOaepSha1), "InvalidCiphertextException by WRAP-MGF"),
        (Wrapping::Damaged(Damage::Flip(Place::Middle)), "InvalidCiphertextException by WRAP-WRONGKEY"),
        (Wrapping::Damaged(Damage::Truncate(1)), "refused by WRAP-SIZE"),
        (Wrapping::Damaged(Damage::Extend(1)), "refused by WRAP-SIZE"),
    ] {
        assert_eq!(world.told_import(&Import { wrapping, ..request.clone() }), allowed, "{wrapping:?}");
    }
}

#[test]
fn valid_to_lies_ahead_and_within_a_year() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    let request = world.request(key, 0);
    let year = DAY * 365;
    for (later, allowed) in [
        (-HOUR, "refused by IMP-VALIDTO-PAST"),
        (-LATENCY - SECOND, "refused by IMP-VALIDTO-PAST"),
        (-LATENCY, "unstated"),
        (LATENCY, "unstated"),
        (LATENCY + SECOND, "ok by IMP-FIRST-OK"),
        (year - LATENCY - SECOND, "ok by IMP-FIRST-OK"),
        (year - LATENCY, "unstated"),
        (year + LATENCY, "unstated"),
        (year + LATENCY + SECOND, "refused by IMP-VALIDTO-MAX"),
        (year * 3, "refused by IMP-VALIDTO-MAX"),
    ] {
        for expiry in [Expiry::After(later), Expiry::AfterByDefault(later)] {
            assert_eq!(world.told_import(&Import { expiry, ..request.clone() }), allowed, "{later:#}");
        }
    }
    for (expiry, allowed) in [
        (Expiry::Never, "ok by IMP-FIRST-OK"),
        (Expiry::Neither, "ValidationException by IMP-VALIDTO-REQUIRED"),
        (Expiry::ModelAlone, "ValidationException by IMP-VALIDTO-REQUIRED-EXPLICIT"),
        (Expiry::NeverWithValidTo(HOUR), "refused by IMP-VALIDTO-FORBIDDEN"),
    ] {
        assert_eq!(world.told_import(&Import { expiry, ..request.clone() }), allowed, "{expiry:?}");
    }
}

#[test]
fn import_type_and_material_id_are_for_symmetric_keys() {
    for kind in [Kind::Hmac, Kind::Ecc] {
        let (mut world, key) = SmallWorld::with_material(kind);
        let import = *world.imports.keys().next().expect("the import");
        let request = world.request(key, 0);
        assert_eq!(world.told_import(&request), "ok by REI-SAME-NO-DELETE");
        for (new, id_of) in [(Some(true), None), (Some(false), None), (None, Some(import))] {
            let request = Import { new, id_of, ..request.clone() };
            assert_eq!(world.told_import(&request), "refused by IMP-TYPE-SYMONLY");
        }
    }
}

#[test]
fn a_material_id_is_that_of_the_imported_material_and_not_for_new_material() {
    let (mut world, key) = SmallWorld::rotated();
    let [first, second] = [0, 1].map(|material| world.keys[&key].holds(material).expect("it has it").import);
    let other = world.key(Kind::Symmetric);
    let elsewhere = world.imports(other, 0);
    let request = world.request(key, 0);
    for (id_of, allowed) in [
        (first, "ok by REI-SAME-NO-DELETE"),
        (second, "refused by IMP-KMID-MATCH"),
        // The id depends on the key, too.
        (elsewhere, "refused by IMP-KMID-MATCH"),
    ] {
        assert_eq!(world.told_import(&Import { id_of: Some(id_of), ..request.clone() }), allowed);
    }
    let new = Import { material: 2, new: Some(true), id_of: Some(first), ..request };
    assert_eq!(world.told_import(&new), "refused by IMP-KMID-WITH-NEW");
    assert_eq!(world.told_import(&Import { id_of: None, ..new }), "ok by IMP-NEW-ON-ENABLED");
}

#[test]
fn a_symmetric_key_takes_as_existing_what_it_has_and_as_new_what_it_has_not() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    let told = |world: &mut SmallWorld, material, new| {
        let request = world.request(key, material);
        world.told_import(&Import { new, ..request })
    };
    assert_eq!(told(&mut world, 0, None), "ok by IMP-FIRST-OK");
    assert_eq!(told(&mut world, 0, Some(true)), "ok by IMP-FIRST-OK");
    assert_eq!(told(&mut world, 0, Some(false)), "open by IMP-EXISTING-ON-EMPTY");

    let (mut world, _) = SmallWorld::with_material(Kind::Symmetric);
    let known = "IncorrectKeyMaterialException by IMP-NEW-ALREADY-ASSOCIATED";
    let different = "IncorrectKeyMaterialException by IMP-EXISTING-DIFFERENT";
    for (material, new, allowed) in [
        (0, None, "ok by REI-SAME-NO-DELETE"),
        (0, Some(false), "ok by REI-SAME-NO-DELETE"),
        (0, Some(true), known),
        (1, None, different),
        (1, Some(false), different),
        (1, Some(true), "ok by IMP-NEW-ON-ENABLED"),
    ] {
        assert_eq!(told(&mut world, material, new), allowed, "{material} {new:?}");
    }

    let (mut world, _) = SmallWorld::with_waiting();
    let conflict = "KMSInvalidStateException by IMP-NEW-PENDING-CONFLICT";
    let either = "IncorrectKeyMaterialException or KMSInvalidStateException by IMP-NEW-ALREADY-ASSOCIATED";
    for (material, new, allowed) in [
        (0, None, "ok by REI-SAME-NO-DELETE"),
        (0, Some(true), either),
        // What a reimport does to material that waits is not stated.
        (1, None, "unstated"),
        (1, Some(true), either),
        (2, None, different),
        (2, Some(true), conflict),
    ] {
        assert_eq!(told(&mut world, material, new), allowed, "{material} {new:?}, while 1 waits");
    }
}

#[test]
fn other_kinds_of_key_take_only_the_material_they_had_first() {
    for kind in [Kind::Hmac, Kind::Ecc] {
        let mut world = SmallWorld::default();
        let key = world.key(kind);
        let first = world.request(key, 1);
        assert_eq!(world.told_import(&first), "ok by IMP-FIRST-OK");
        world.does(&Transition::Import(first));
        let (same, other) = (world.request(key, 1), world.request(key, 0));
        assert_eq!(world.told_import(&same), "ok by TOK-OLDER-PAIR");
        assert_eq!(world.told_import(&other), "IncorrectKeyMaterialException by IMP-ASYM-DIFFERENT");
    }
}

#[test]
fn nothing_is_imported_into_a_key_whose_material_aws_made() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Generated);
    let request = world.request(key, 0);
    assert_eq!(world.told_import(&request), "UnsupportedOperationException by IMP-NONEXT");
    let other = world.key(Kind::Symmetric);
    let elsewhere = world.imports(other, 0);
    // Of two faults either may be named.
    assert_eq!(world.told_import(&Import { id_of: Some(elsewhere), ..request }), "refused by IMP-NONEXT");
}

#[test]
fn new_material_for_a_key_that_lost_its_own_is_open() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    let request = world.request(key, 1);
    let new = Import { new: Some(true), ..request.clone() };
    assert_eq!(world.told_import(&new), "open by IMP-NEW-ON-PENDINGIMPORT");
    let existing = "IncorrectKeyMaterialException by IMP-EXISTING-DIFFERENT";
    assert_eq!(world.told_import(&Import { new: Some(false), ..request }), existing);
}

#[test]
fn of_a_key_whose_materials_are_not_known_no_import_is_judged() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.doubts(key);
    let request = world.request(key, 1);
    assert_eq!(world.told_import(&request), "unstated");
    let missing = Import { expiry: Expiry::Neither, ..request };
    assert_eq!(world.told_import(&missing), "refused by IMP-VALIDTO-REQUIRED");
}

/// Which of two pairs that were asked for at the same time is the newer one is not known.
#[test]
fn pairs_that_were_asked_for_at_the_same_time_may_both_be_the_older_one() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    let (one, other) = (world.request(key, 0), world.request(key, 0));
    assert_eq!(world.told_import(&other), "ok by IMP-FIRST-OK");
    world.race(&[other.token, other.import]);
    assert_eq!(world.told_import(&other), "ok by IMP-FIRST-OK", "one token alone does not race");
    world.race(&[one.token, other.token]);
    for request in [one, other] {
        assert_eq!(world.told_import(&request), "ok by TOK-OLDER-PAIR");
    }
}

#[test]
fn an_older_pair_is_to_blame_only_where_the_token_is() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    let older = Transition::Import(world.request(key, 0));
    world.token(key);
    for (code, rule) in [
        (ErrorCode::INVALID_IMPORT_TOKEN, "TOK-OLDER-PAIR"),
        (ErrorCode::EXPIRED_IMPORT_TOKEN, "TOK-OLDER-PAIR"),
        (ErrorCode::KMS_INVALID_STATE, "IMP-FIRST-OK"),
    ] {
        assert_eq!(world.broken(&older, "TOK-OLDER-PAIR", &code), rule);
    }
    let code = ErrorCode::KMS_INVALID_STATE;
    assert_eq!(world.broken(&older, "IMP-FIRST-OK", &code), "IMP-FIRST-OK");
    assert_eq!(world.broken(&Transition::Enable { key }, "DIS-ENA-EXT", &code), "DIS-ENA-EXT");
}
