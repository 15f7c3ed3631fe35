//! What time does to material.

use super::*;
use crate::kms::KeyState;
use crate::model::world::SETTLING;
use crate::model::{Seen, Standing};
use crate::states::Way;

#[test]
fn material_is_gone_at_valid_to_and_near_that_nothing_is_judged() {
    for (time, settled, state) in [
        (HOUR - LATENCY - SECOND, true, KeyState::Enabled),
        (HOUR - LATENCY, false, KeyState::Enabled),
        (HOUR, false, KeyState::PendingImport),
        (HOUR + LATENCY, false, KeyState::PendingImport),
        (HOUR + LATENCY + SECOND, true, KeyState::PendingImport),
    ] {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Hmac);
        world.pass(HOUR);
        world.imports_for(key, 0, HOUR);
        world.pass(time);
        let now = world.now;
        assert_eq!(world.keys[&key].state(), state, "{time:#}");
        // Once it has expired there is no instant left to be near to.
        assert_eq!(!world.keys[&key].is_unsettled(now), settled || state == KeyState::PendingImport, "{time:#}");
    }
}

#[test]
fn a_reimport_sets_another_expiry_or_none() {
    for (expiry, state) in [
        (Expiry::Never, KeyState::Enabled),
        (Expiry::After(HOUR * 30), KeyState::Enabled),
        (Expiry::AfterByDefault(HOUR), KeyState::PendingImport),
    ] {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        world.imports_for(key, 0, HOUR * 2);
        let reimport = Import { expiry, ..world.request(key, 0) };
        world.does(&Transition::Import(reimport));
        world.pass(HOUR * 3);
        assert_eq!(world.keys[&key].state(), state, "{expiry:?}");
    }
}

#[test]
fn a_key_that_expired_is_enabled_again_by_its_material() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.pass(HOUR * 2);
    let encrypt = Transition::Use { key, usage: Use::GenerateDataKey };
    assert_eq!(world.told(&encrypt), "KMSInvalidStateException by EXP-DELETES");
    let request = world.request(key, 0);
    assert_eq!(world.told_import(&request), "ok by REI-SAME-AFTER-EXPIRY");
    world.does(&Transition::Import(request));
    assert_eq!(world.told(&encrypt), "ok by KST-ENABLED");
}

#[test]
fn material_that_expires_while_the_key_is_disabled_leaves_its_state_unknown() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.does(&Transition::Disable { key });
    world.pass(HOUR * 2);
    assert!(!world.keys[&key].state_known);
    assert_eq!(world.told(&Transition::Enable { key }), "unstated");
    assert_eq!(world.told(&Transition::Describe { key }), "ok by KST-READ");
}

#[test]
fn a_key_pending_deletion_stays_so_when_its_material_expires() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.does(&Transition::ScheduleDeletion { key, days: 7 });
    world.pass(HOUR * 2);
    assert_eq!(world.keys[&key].state(), KeyState::PendingDeletion);
    assert!(world.keys[&key].state_known);
    // CKD-NOMATERIAL is open.
    world.does(&Transition::CancelDeletion { key });
    assert!(!world.keys[&key].state_known);
}

/// EXP-MULTI.
#[test]
fn a_key_is_lost_with_any_material_that_belongs_to_it_and_not_with_one_that_waits() {
    let (mut world, key) = SmallWorld::rotated();
    world.imports_for(key, 0, HOUR);
    world.pass(HOUR * 2);
    assert_eq!(world.keys[&key].state(), KeyState::PendingImport, "the former material has expired");
    assert!(world.keys[&key].certain);

    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let new = Import { new: Some(true), expiry: Expiry::After(HOUR), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    world.pass(HOUR * 2);
    assert_eq!(world.keys[&key].state(), KeyState::Enabled, "the material that waited has expired");
    assert!(world.keys[&key].state_known);
    // Whether it still waits is not stated.
    assert!(!world.keys[&key].certain);
    assert_eq!(world.told(&Transition::Rotate { key }), "unstated");
}

#[test]
fn of_a_key_whose_materials_are_not_known_no_expiry_is_judged() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.doubts(key);
    world.pass(HOUR * 2);
    assert!(!world.keys[&key].state_known);
}

/// ROT-OD-TIMING: a rotation need not be over with its answer.
#[test]
fn material_that_expires_while_a_rotation_may_be_under_way_leaves_the_state_unknown() {
    for (left, known) in [(SECOND, false), (SETTLING, false), (SETTLING + SECOND, true)] {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        let new = Import { new: Some(true), expiry: Expiry::After(HOUR), ..world.request(key, 1) };
        world.does(&Transition::Import(new));
        world.pass(HOUR - left);
        world.take(&Transition::Rotate { key }, true);
        world.pass(HOUR);
        let key = &world.keys[&key];
        assert_eq!((key.state_known, key.certain), (known, known), "{left:#} before it");
        assert_eq!(key.state(), KeyState::PendingImport);
    }
}

#[test]
fn whether_a_key_that_was_disabled_comes_back_enabled_is_open() {
    for disabled in [false, true] {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        if disabled {
            world.does(&Transition::Disable { key });
        }
        world.does(&Transition::DeleteMaterial { key, id_of: None });
        assert_eq!(world.keys[&key].way, Way::MaterialDeleted);
        world.imports(key, 0);
        assert_eq!(world.keys[&key].state_known, !disabled, "DIS-DEL-REIMP");
        world.adopt(key, KeyState::Enabled);
        world.does(&Transition::DeleteMaterial { key, id_of: None });
        world.imports(key, 0);
        assert!(world.keys[&key].state_known, "it was enabled the second time");
    }
}

#[test]
fn what_an_import_does_to_the_state_of_a_disabled_key_or_one_that_goes_is_open() {
    for step in [(|key| Transition::Disable { key }) as fn(Name) -> Transition, |key| Transition::ScheduleDeletion {
        key,
        days: 7,
    }] {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        let request = world.request(key, 0);
        world.does(&step(key));
        assert!(world.told_import(&request).starts_with("open by IMP-STATE-"));
        world.take(&Transition::Import(request), true);
        assert!(!world.keys[&key].state_known);
    }
}

#[test]
fn a_key_is_enabled_once_every_material_is_back() {
    let (mut world, key) = SmallWorld::rotated();
    let former = world.keys[&key].holds(0).expect("it has it").import;
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    world.imports_for(key, 0, HOUR);
    assert_eq!(world.keys[&key].state(), KeyState::PendingImport, "the current one is missing");
    world.imports(key, 1);
    assert_eq!(world.keys[&key].state(), KeyState::Enabled);
    world.does(&Transition::DeleteMaterial { key, id_of: Some(former) });
    assert_eq!(world.keys[&key].state(), KeyState::PendingImport, "a former one is missing");
    world.imports(key, 1);
    assert_eq!(world.keys[&key].state(), KeyState::PendingImport, "it still is");
}

#[test]
fn an_import_into_a_key_whose_materials_are_not_known_leaves_its_state_unknown() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.doubts(key);
    assert!(world.keys[&key].state_known);
    let request = world.request(key, 0);
    world.take(&Transition::Import(request), true);
    assert!(!world.keys[&key].state_known);
}

#[test]
fn a_key_that_is_seen_in_a_state_is_taken_to_be_in_it() {
    let complete = || SmallWorld::with_material(Kind::Symmetric);
    let disabled = || {
        let (mut world, key) = complete();
        world.does(&Transition::Disable { key });
        (world, key)
    };
    let empty = || {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        (world, key)
    };
    let lost = || {
        let (mut world, key) = complete();
        world.does(&Transition::DeleteMaterial { key, id_of: None });
        (world, key)
    };
    let expired = || {
        let (mut world, key) = empty();
        world.imports_for(key, 0, HOUR);
        world.pass(HOUR * 2);
        (world, key)
    };
    let going = || {
        let (mut world, key) = complete();
        world.does(&Transition::ScheduleDeletion { key, days: 7 });
        (world, key)
    };
    type Made = (SmallWorld, Name);
    // Whether the model still knows its materials: it does not where they do not fit the state.
    let cases: [(&dyn Fn() -> Made, KeyState, Way, bool); 14] = [
        (&complete, KeyState::Disabled, Way::Disabled, true),
        (&disabled, KeyState::Enabled, Way::Enabled, true),
        (&lost, KeyState::Enabled, Way::Enabled, false),
        (&lost, KeyState::Disabled, Way::Disabled, false),
        (&empty, KeyState::Enabled, Way::Enabled, false),
        (&going, KeyState::Disabled, Way::Disabled, true),
        (&going, KeyState::Enabled, Way::Enabled, true),
        (&complete, KeyState::PendingImport, Way::MaterialDeleted, false),
        (&lost, KeyState::PendingImport, Way::MaterialDeleted, true),
        (&expired, KeyState::PendingImport, Way::MaterialExpired, true),
        (&empty, KeyState::PendingImport, Way::NeverImported, true),
        (&complete, KeyState::PendingDeletion, Way::PendingDeletion, true),
        (&complete, KeyState::PendingReplicaDeletion, Way::PendingReplicaDeletion, true),
        (&complete, KeyState::Updating, Way::Updating, true),
    ];
    for (number, (made, seen, way, certain)) in cases.into_iter().enumerate() {
        let (mut world, name) = made();
        world.keys.get_mut(&name).expect("the key").state_known = false;
        world.adopt(name, seen);
        let key = &world.keys[&name];
        assert_eq!((key.way, key.certain, key.state_known), (way, certain, true), "case {number}, seen {seen}");
        assert!(key.deletion.is_none() || way == Way::PendingDeletion, "case {number}");
        assert!(seen != KeyState::Enabled || key.permanent().all(|held| held.present), "case {number}");
    }
    let (mut world, key) = complete();
    world.keys.get_mut(&key).expect("the key").state_known = false;
    world.adopt(key, KeyState::Unavailable);
    assert!(!world.keys[&key].state_known, "nothing is known of such a state");
}

#[test]
fn a_generated_key_needs_no_import_to_be_enabled() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Generated);
    world.does(&Transition::Disable { key });
    world.adopt(key, KeyState::Enabled);
    assert!(world.keys[&key].certain);
    world.adopt(key, KeyState::PendingImport);
    assert!(!world.keys[&key].certain, "it cannot wait for an import");
}

#[test]
fn material_that_waits_is_not_there_because_the_key_is_enabled() {
    let (mut world, key, replica) = SmallWorld::with_replica();
    let request = Import { new: Some(false), ..world.request(replica, 0) };
    world.does(&Transition::Import(request));
    let new = Import { new: Some(true), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    world.adopt(replica, KeyState::Enabled);
    let held = world.keys[&replica].waiting().expect("it waits here, too");
    assert!(!held.present);
    assert_eq!(held.standing, Standing::Waiting);
    assert!(
        world.looks(&Transition::Describe { key: replica }, true, None).iter().all(|look| look.seen == Seen::Metadata)
    );
}
