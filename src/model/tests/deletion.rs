//! The deletion of material and of keys.

use super::*;
use crate::kms::KeyState;
use crate::model::world::DELETION_SLACK;
use crate::states::Way;

#[test]
fn without_an_id_the_current_material_is_deleted_and_with_one_that_one() {
    for (material, by_id) in [(1, false), (0, true), (1, true)] {
        let (mut world, key) = SmallWorld::rotated();
        let id_of = by_id.then(|| world.keys[&key].holds(material).expect("it has it").import);
        world.does(&Transition::DeleteMaterial { key, id_of });
        let missing = world.keys[&key].materials.iter().filter(|held| !held.present).map(|held| held.material);
        assert_eq!(missing.collect::<Vec<_>>(), [material]);
        assert_eq!(world.keys[&key].way, Way::MaterialDeleted);
    }
}

#[test]
fn material_that_was_deleted_does_not_expire() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    world.pass(HOUR * 2);
    assert_eq!(world.keys[&key].way, Way::MaterialDeleted);
}

#[test]
fn deleting_what_expired_changes_nothing_and_what_did_not_is_a_deletion() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.pass(HOUR * 2);
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    assert_eq!(world.keys[&key].way, Way::MaterialExpired);

    let (mut world, key) = SmallWorld::rotated();
    world.imports_for(key, 0, HOUR);
    world.pass(HOUR * 2);
    assert_eq!(world.keys[&key].way, Way::MaterialExpired);
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    assert_eq!(world.keys[&key].way, Way::MaterialDeleted);
}

#[test]
fn deleting_material_that_waits_leaves_the_key_as_it_was() {
    let (mut world, key) = SmallWorld::with_waiting();
    let waiting = world.keys[&key].waiting().expect("one waits").import;
    world.does(&Transition::DeleteMaterial { key, id_of: Some(waiting) });
    assert_eq!(world.keys[&key].state(), KeyState::Enabled);
    assert_eq!(world.told(&Transition::Rotate { key }), "KMSInvalidStateException by ROT-OD-NOPENDING");
    let new = |world: &mut SmallWorld, material| Import { new: Some(true), ..world.request(key, material) };
    let (same, other) = (new(&mut world, 1), new(&mut world, 2));
    assert_eq!(world.told_import(&other), "ok by IMP-NEW-ON-ENABLED", "DEL-NEW-AFTER-PENDING-DEL");
    // Whether the key still knows it is not stated.
    assert_eq!(world.told_import(&same), "unstated");
    let lost = world.request(key, 0);
    assert_eq!(world.told_import(&lost), "ok by REI-SAME-NO-DELETE");
    world.take(&Transition::Import(same), true);
    let again = new(&mut world, 2);
    assert_eq!(world.told_import(&again), "KMSInvalidStateException by IMP-NEW-PENDING-CONFLICT");
}

#[test]
fn what_is_deleted_by_an_id_must_be_known_and_there() {
    let told = |world: &SmallWorld, key, id_of| world.told(&Transition::DeleteMaterial { key, id_of });
    let (mut world, key) = SmallWorld::rotated();
    let former = world.keys[&key].holds(0).expect("it has it").import;
    let other = world.key(Kind::Symmetric);
    let elsewhere = world.imports(other, 0);
    assert_eq!(told(&world, key, Some(former)), "ok by DEL-ENABLED");
    assert_eq!(told(&world, key, Some(elsewhere)), "open by DEL-KMID-UNKNOWN");
    world.does(&Transition::DeleteMaterial { key, id_of: Some(former) });
    assert_eq!(told(&world, key, Some(former)), "unstated");
    assert_eq!(told(&world, key, None), "ok by DEL-PENDINGIMPORT");
    // Where it is not known which materials there are, the key still has a current one to delete.
    let (mut world, key) = SmallWorld::rotated();
    world.doubts(key);
    assert_eq!(told(&world, key, Some(world.keys[&key].holds(0).expect("it has it").import)), "unstated");
    assert_eq!(told(&world, key, None), "ok by DEL-ENABLED");
    let (world, key) = SmallWorld::with_material(Kind::Hmac);
    let import = world.keys[&key].materials[0].import;
    assert_eq!(told(&world, key, Some(import)), "open by DEL-KMID-ASYM");
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Generated);
    assert_eq!(told(&world, key, None), "UnsupportedOperationException by DEL-NONEXT");
}

#[test]
fn deleting_from_a_key_whose_materials_are_not_known_leaves_its_state_unknown() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.doubts(key);
    world.take(&Transition::DeleteMaterial { key, id_of: None }, true);
    assert!(!world.keys[&key].state_known);
}

#[test]
fn only_the_keys_own_ciphertexts_were_made_before_it_lost_its_material() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let other = world.key(Kind::Symmetric);
    world.imports(other, 0);
    let (before, elsewhere) = (world.encrypts(key), world.encrypts(other));
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    world.imports(key, 0);
    let after = world.encrypts(key);
    let lost = [before, elsewhere, after].map(|name| world.ciphertexts[&name].after.1);
    assert_eq!(lost, [true, false, false]);
}

#[test]
fn the_waiting_period_is_7_to_30_days() {
    let (world, key) = SmallWorld::with_material(Kind::Symmetric);
    for (days, allowed) in
        [(6, "refused by SKD-WINDOW"), (7, "ok by SKD-FROM"), (30, "ok by SKD-FROM"), (31, "refused by SKD-WINDOW")]
    {
        assert_eq!(world.told(&Transition::ScheduleDeletion { key, days }), allowed);
    }
}

/// SKD-SLACK.
#[test]
fn a_key_is_gone_a_day_after_its_date_at_the_latest() {
    let week = DAY * 7;
    for (time, enable, describe) in [
        (week - LATENCY - SECOND, "KMSInvalidStateException by ENA-PENDDEL", "ok by KST-READ"),
        (week - LATENCY, "unstated", "unstated"),
        (week + DELETION_SLACK, "unstated", "unstated"),
        (week + DELETION_SLACK + SECOND, "NotFoundException by SKD-SLACK", "NotFoundException by SKD-SLACK"),
    ] {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        world.pass(HOUR);
        world.does(&Transition::ScheduleDeletion { key, days: 7 });
        world.pass(time);
        assert_eq!(world.told(&Transition::Enable { key }), enable, "{time:#}");
        assert_eq!(world.told(&Transition::Describe { key }), describe, "{time:#}");
    }
}

#[test]
fn a_key_saved_from_deletion_is_disabled_and_stays() {
    for kind in [Kind::Symmetric, Kind::Generated] {
        let mut world = SmallWorld::default();
        let key = world.key(kind);
        if kind != Kind::Generated {
            world.imports(key, 0);
        }
        world.does(&Transition::ScheduleDeletion { key, days: 7 });
        world.does(&Transition::CancelDeletion { key });
        assert_eq!((world.keys[&key].way, world.keys[&key].state_known), (Way::Disabled, true));
        world.pass(DAY * 40);
        assert_eq!(world.told(&Transition::Enable { key }), "ok by DIS-ENA-EXT");
    }
    // Without material, and where that is not known, the state is open (CKD-NOMATERIAL).
    let (mut doubtful, key) = SmallWorld::with_material(Kind::Symmetric);
    doubtful.doubts(key);
    let mut empty = SmallWorld::default();
    assert_eq!(empty.key(Kind::Symmetric), key);
    for mut world in [doubtful, empty] {
        world.does(&Transition::ScheduleDeletion { key, days: 7 });
        world.does(&Transition::CancelDeletion { key });
        assert!(!world.keys[&key].state_known);
    }
}

/// The target ignores CancelKeyDeletion, and the key shows when it goes.
#[test]
fn a_key_that_was_not_saved_from_deletion_goes_when_it_says() {
    let ignored = || {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        world.does(&Transition::ScheduleDeletion { key, days: 7 });
        world.does(&Transition::CancelDeletion { key });
        world.adopt(key, KeyState::PendingDeletion);
        (world, key)
    };
    let (mut world, key) = ignored();
    world.adopt_deletion(key, Some(DAY * 7));
    assert_eq!(world.told(&Transition::Enable { key }), "KMSInvalidStateException by ENA-PENDDEL");
    world.adopt_deletion(key, Some(DAY * 30));
    world.pass(DAY * 7);
    assert_eq!(world.told(&Transition::Describe { key }), "unstated");
    world.pass(DAY * 2);
    assert_eq!(world.told(&Transition::Describe { key }), "NotFoundException by SKD-SLACK");
    // One that does not say may go at any time.
    let (mut world, key) = ignored();
    world.adopt_deletion(key, None);
    world.pass(DAY * 40);
    for transition in [Transition::Enable { key }, Transition::Describe { key }] {
        assert_eq!(world.told(&transition), "unstated");
    }
    // Of a key that is not going a date says nothing.
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.adopt_deletion(key, None);
    world.adopt_deletion(key, Some(DAY));
    assert_eq!((world.keys[&key].deletion, world.keys[&key].settles), (None, None));
}
