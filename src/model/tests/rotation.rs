//! New material, rotations, and what was encrypted before them.

use super::*;
use crate::model::Standing;
use crate::model::world::SETTLING;

#[test]
fn a_rotation_makes_the_material_that_waits_the_current_one() {
    let (mut world, key) = SmallWorld::with_waiting();
    assert_eq!(world.keys[&key].current().map(|held| held.material), Some(0));
    world.does(&Transition::Rotate { key });
    let standings =
        |world: &SmallWorld| world.keys[&key].materials.iter().map(|held| held.standing).collect::<Vec<_>>();
    assert_eq!(standings(&world), [Standing::Former, Standing::Current]);
    world.pass(HOUR);
    let new = Import { new: Some(true), ..world.request(key, 2) };
    world.does(&Transition::Import(new));
    world.does(&Transition::Rotate { key });
    assert_eq!(standings(&world), [Standing::Former, Standing::Former, Standing::Current]);
    assert_eq!(world.keys[&key].rotations(), 2);
}

#[test]
fn while_a_rotation_may_be_under_way_nothing_is_judged() {
    let (mut world, key) = SmallWorld::with_waiting();
    world.pass(HOUR);
    world.does(&Transition::Rotate { key });
    let disable = Transition::Disable { key };
    for (time, allowed) in [(SignedDuration::ZERO, "unstated"), (SETTLING, "unstated"), (SECOND, "ok by DIS-ENA-EXT")] {
        world.pass(time);
        assert_eq!(world.told(&disable), allowed, "after {:#} more", time);
    }
    assert_eq!(world.keys[&key].settles, None);
}

#[test]
fn there_must_be_material_to_rotate_to() {
    let told = |world: &SmallWorld, key| world.told(&Transition::Rotate { key });
    let (world, key) = SmallWorld::with_material(Kind::Symmetric);
    assert_eq!(told(&world, key), "KMSInvalidStateException by ROT-OD-NOPENDING");
    let (mut world, key) = SmallWorld::with_waiting();
    assert_eq!(told(&world, key), "ok by ROT-OD-OK");
    world.does(&Transition::Disable { key });
    assert_eq!(told(&world, key), "DisabledException by ROT-OD-DISABLED");
    for kind in [Kind::Hmac, Kind::Ecc] {
        let (world, key) = SmallWorld::with_material(kind);
        assert_eq!(told(&world, key), "UnsupportedOperationException by ROT-OD-ASYM");
    }
    // Rotations of keys whose material AWS made are not what this is about.
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Generated);
    assert_eq!(told(&world, key), "unstated");
    let (mut world, key) = SmallWorld::with_waiting();
    world.doubts(key);
    assert_eq!(told(&world, key), "unstated");
}

#[test]
fn a_rotation_to_nothing_leaves_the_materials_unknown() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.take(&Transition::Rotate { key }, true);
    assert!(!world.keys[&key].certain);
    assert_eq!(world.keys[&key].current().map(|held| held.material), Some(0));
}

#[test]
fn a_ciphertext_is_of_the_current_material_as_far_as_that_is_known() {
    let (mut world, key) = SmallWorld::with_waiting();
    let current = world.keys[&key].current().expect("it has one").import;
    let ciphertext = world.encrypts(key);
    assert_eq!(world.ciphertexts[&ciphertext].import, Some(current));
    world.does(&Transition::Rotate { key });
    let during = world.next_name();
    world.take(&Transition::Use { key, usage: Use::Encrypt(during) }, true);
    assert_eq!(world.ciphertexts[&during].import, None, "the rotation may be under way");
    world.pass(HOUR);
    world.doubts(key);
    let doubtful = world.next_name();
    world.take(&Transition::Use { key, usage: Use::Encrypt(doubtful) }, true);
    assert_eq!(world.ciphertexts[&doubtful].import, None);
}

#[test]
fn other_kinds_of_key_that_take_new_material_are_not_known_any_more() {
    let (mut world, key) = SmallWorld::with_material(Kind::Hmac);
    let request = world.request(key, 1);
    world.take(&Transition::Import(request), true);
    assert!(!world.keys[&key].certain);
    assert_eq!(world.keys[&key].materials.len(), 1);
}
