//! Primary keys and their replicas.

use super::*;
use crate::kms::KeyState;
use crate::model::{Related, Standing};
use crate::scenario::Damage;
use crate::states::Way;

/// The same as [`SmallWorld::with_replica`], and the replica has the material, too.
fn with_both() -> (SmallWorld, Name, Name) {
    let (mut world, key, replica) = SmallWorld::with_replica();
    let request = Import { new: Some(false), ..world.request(replica, 0) };
    world.does(&Transition::Import(request));
    (world, key, replica)
}

#[test]
fn a_primary_key_with_material_is_replicated_once_and_no_other_key_is() {
    let mut world = SmallWorld::default();
    let (alone, key) = (world.key(Kind::Symmetric), world.next_name());
    world.imports(alone, 0);
    world.does(&Transition::Create { key, kind: Kind::Symmetric, multi_region: true });
    let told = |world: &SmallWorld, key| world.told(&Transition::Replicate { key, replica: Name(99) });
    assert_eq!(told(&world, alone), "unstated");
    assert_eq!(told(&world, key), "KMSInvalidStateException by MRK-REPL-PENDING");
    world.imports(key, 0);
    assert_eq!(told(&world, key), "ok by KST-ENABLED");
    let mut waiting = SmallWorld(world.0.clone());
    let new = Import { new: Some(true), ..waiting.request(key, 1) };
    waiting.does(&Transition::Import(new));
    assert_eq!(told(&waiting, key), "unstated", "how a new replica gets what waits is not stated");
    let mut doubtful = SmallWorld(world.0.clone());
    doubtful.doubts(key);
    assert_eq!(told(&doubtful, key), "unstated");

    let (mut world, key, replica) = SmallWorld::with_replica();
    assert_eq!(told(&world, key), "AlreadyExistsException by MRK-REPL-DUP");
    assert_eq!(told(&world, replica), "KMSInvalidStateException or UnsupportedOperationException by MRK-REPL-OF-REPL");
    let new = Import { new: Some(true), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    assert_eq!(told(&world, key), "AlreadyExistsException by MRK-REPL-DUP", "whatever waits");
}

#[test]
fn while_a_replica_is_made_nothing_is_judged_of_it_or_its_primary_key() {
    let mut world = SmallWorld::default();
    let (key, replica) = (world.next_name(), world.next_name());
    world.does(&Transition::Create { key, kind: Kind::Symmetric, multi_region: true });
    world.imports_for(key, 0, DAY);
    world.pass(HOUR);
    world.does(&Transition::Replicate { key, replica });
    for name in [key, replica] {
        assert_eq!(world.told(&Transition::Disable { key: name }), "unstated");
    }
    assert_eq!(world.keys[&replica].related, Related::ReplicaOf(key));
    world.pass(HOUR);
    assert_eq!(world.told(&Transition::Disable { key }), "ok by DIS-ENA-EXT");
    assert_eq!(world.told(&Transition::Disable { key: replica }), "KMSInvalidStateException by DIS-PENDINGIMPORT");
    let held = world.keys[&replica].holds(0).expect("its primary key has it");
    assert!(!held.present, "material is not copied");
    assert_eq!(held.expires, None, "each Region has an expiry of its own");
}

#[test]
fn a_replica_takes_the_material_of_its_primary_key_as_existing() {
    let (mut world, key, replica) = SmallWorld::with_replica();
    let request = world.request(replica, 0);
    for (material, new, allowed) in [
        (0, Some(false), "ok by IMP-FIRST-OK"),
        (0, Some(true), "refused by MRK-NEW-PRIMARY-ONLY"),
        (1, Some(false), "refused by MRK-SAME-MATERIAL"),
        (0, None, "open by MRK-OMITTED-ON-REPLICA"),
    ] {
        let request = Import { material, new, ..request.clone() };
        assert_eq!(world.told_import(&request), allowed, "{material} {new:?}");
    }
    let primary = world.request(key, 0);
    let across = Import { token: primary.token, new: Some(false), ..request.clone() };
    assert_eq!(world.told_import(&across), "refused by TOK-ACROSS-REGION");
    let damaged = Import { damaged_token: Some(Damage::Truncate(1)), ..across };
    assert_eq!(world.told_import(&damaged), "InvalidImportTokenException by TOK-TAMPER");
    // Related keys give the same material the same id.
    let first = world.keys[&key].materials[0].import;
    let by_id = Import { id_of: Some(first), new: Some(false), ..request };
    assert_eq!(world.told_import(&by_id), "ok by IMP-FIRST-OK");
    world.does(&Transition::Import(by_id));
    let again = world.request(replica, 0);
    assert_eq!(world.told_import(&again), "ok by REI-SAME-NO-DELETE", "it is not its first any more");
}

#[test]
fn whether_a_replica_with_some_of_its_materials_still_waits_for_its_first_is_open() {
    let mut world = SmallWorld::default();
    let (key, replica) = (world.next_name(), world.next_name());
    world.does(&Transition::Create { key, kind: Kind::Symmetric, multi_region: true });
    world.imports(key, 0);
    let new = Import { new: Some(true), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    world.does(&Transition::Rotate { key });
    world.pass(HOUR);
    world.does(&Transition::Replicate { key, replica });
    world.pass(HOUR);
    let part = Import { new: Some(false), ..world.request(replica, 1) };
    world.does(&Transition::Import(part));
    let rest = world.request(replica, 0);
    assert_eq!(world.told_import(&rest), "open by MRK-OMITTED-ON-REPLICA");
    world.does(&Transition::Import(Import { new: Some(false), ..rest }));
    assert_eq!(world.keys[&replica].state(), KeyState::Enabled);
    world.does(&Transition::DeleteMaterial { key: replica, id_of: None });
    let lost = world.request(replica, 1);
    assert_eq!(world.told_import(&lost), "ok by REI-SAME-AFTER-DELETE", "it has the other one");
}

#[test]
fn replicas_of_other_kinds_of_key_take_the_same_material_only() {
    let mut world = SmallWorld::default();
    let (key, replica) = (world.next_name(), world.next_name());
    world.does(&Transition::Create { key, kind: Kind::Hmac, multi_region: true });
    world.imports(key, 0);
    world.does(&Transition::Replicate { key, replica });
    world.pass(HOUR);
    let (other, same) = (world.request(replica, 1), world.request(replica, 0));
    assert_eq!(world.told_import(&other), "refused by MRK-SAME-MATERIAL");
    assert_eq!(world.told_import(&same), "ok by IMP-FIRST-OK");
}

#[test]
fn new_material_waits_until_every_replica_has_it_and_is_rotated_to_everywhere() {
    let (mut world, key, replica) = with_both();
    let new = Import { new: Some(true), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    assert_eq!(world.told(&Transition::Rotate { key }), "refused by MRK-PENDING-STATES");
    let theirs = Import { new: Some(false), ..world.request(replica, 1) };
    assert_eq!(world.told_import(&theirs), "ok by REI-SAME-NO-DELETE");
    world.does(&Transition::Import(theirs));
    assert_eq!(world.told(&Transition::Rotate { key: replica }), "refused by MRK-ROTATE-PRIMARY");
    world.does(&Transition::Rotate { key });
    for name in [key, replica] {
        assert_eq!(world.keys[&name].current().map(|held| held.material), Some(1));
        assert!(world.keys[&name].is_unsettled(world.now));
    }
}

#[test]
fn what_a_rotation_does_while_a_replica_cannot_be_used_is_not_stated() {
    let (mut world, key, replica) = with_both();
    assert_eq!(world.told(&Transition::Rotate { key }), "KMSInvalidStateException by ROT-OD-NOPENDING");
    world.does(&Transition::Disable { key: replica });
    assert_eq!(world.told(&Transition::Rotate { key }), "unstated");
    assert_eq!(world.told(&Transition::Rotate { key: replica }), "refused by MRK-ROTATE-PRIMARY");
    let (mut world, key, _) = with_both();
    let other = world.key(Kind::Symmetric);
    world.does(&Transition::Disable { key });
    assert_eq!(world.told(&Transition::Rotate { key }), "DisabledException by ROT-OD-DISABLED");
    assert_eq!(world.told(&Transition::Rotate { key: other }), "KMSInvalidStateException by ROT-OD-PENDINGIMPORT");
}

#[test]
fn new_material_that_a_replica_wrongly_took_does_not_wait_in_its_primary_key() {
    let (mut world, key, replica) = with_both();
    let new = Import { new: Some(true), ..world.request(replica, 1) };
    world.take(&Transition::Import(new), true);
    assert!(world.keys[&replica].waiting().is_some());
    assert!(world.keys[&key].waiting().is_none());
}

#[test]
fn new_material_of_a_primary_key_waits_in_its_own_replicas_only() {
    let (mut world, key, replica) = with_both();
    let other = world.key(Kind::Symmetric);
    world.imports(other, 0);
    let new = Import { new: Some(true), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    let waiting = |name: Name| world.keys[&name].waiting().map(|held| (held.standing, held.present));
    assert_eq!(waiting(key), Some((Standing::Waiting, true)));
    assert_eq!(waiting(replica), Some((Standing::Waiting, false)));
    assert_eq!(waiting(other), None);
}

#[test]
fn what_becomes_of_related_keys_when_waiting_material_is_deleted_is_not_known() {
    let (mut world, key, replica) = with_both();
    let other = world.key(Kind::Symmetric);
    let request = Import { new: Some(true), ..world.request(key, 1) };
    let id_of = Some(request.import);
    world.does(&Transition::Import(request));
    let copy = Import { new: Some(false), ..world.request(replica, 1) };
    let copied = copy.import;
    world.does(&Transition::Import(copy));
    world.does(&Transition::DeleteMaterial { key, id_of });
    assert_eq!([key, replica, other].map(|name| world.keys[&name].certain), [false, false, true]);
    world.adopt(replica, KeyState::Enabled);
    let deletion = Transition::DeleteMaterial { key: replica, id_of: Some(copied) };
    assert_eq!(world.told(&deletion), "unstated", "it may be gone from the replica, too");
    let (mut alone, key) = SmallWorld::with_waiting();
    let id_of = alone.keys[&key].waiting().map(|held| held.import);
    alone.does(&Transition::DeleteMaterial { key, id_of });
    assert!(alone.keys[&key].certain);
}

#[test]
fn a_primary_key_with_replicas_waits_for_their_deletion() {
    let (mut world, key, replica) = with_both();
    world.does(&Transition::ScheduleDeletion { key, days: 7 });
    assert_eq!((world.keys[&key].way, world.keys[&key].deletion), (Way::PendingReplicaDeletion, None));
    world.pass(DAY * 40);
    assert_eq!(world.told(&Transition::Enable { key }), "KMSInvalidStateException by KST-REPLICA-DELETION");
    let began = world.now;
    world.does(&Transition::ScheduleDeletion { key: replica, days: 7 });
    assert_eq!(world.keys[&replica].deletion, Some(began + DAY * 7));
    world.pass(DAY * 7 - LATENCY - SECOND);
    assert_eq!(world.told(&Transition::Enable { key }), "KMSInvalidStateException by KST-REPLICA-DELETION");
    // When it is seen to go on to PendingDeletion is not stated.
    world.pass(SECOND);
    assert_eq!(world.told(&Transition::Enable { key }), "unstated");
    world.pass(DAY * 2);
    assert_eq!(world.told(&Transition::Enable { key }), "unstated");
}

#[test]
fn a_key_without_relatives_waits_for_nobody() {
    let mut world = SmallWorld::default();
    let key = world.next_name();
    world.does(&Transition::Create { key, kind: Kind::Symmetric, multi_region: true });
    let other = world.key(Kind::Symmetric);
    for name in [key, other] {
        world.does(&Transition::ScheduleDeletion { key: name, days: 7 });
        assert_eq!((world.keys[&name].way, world.keys[&name].deletion), (Way::PendingDeletion, Some(DAY * 7)));
    }
}

#[test]
fn a_replica_decrypts_what_its_primary_key_encrypted_and_no_other_key_does() {
    let (mut world, key, replica) = with_both();
    let other = world.key(Kind::Symmetric);
    world.imports(other, 0);
    let ciphertext = world.encrypts(key);
    let told = |world: &SmallWorld, key| world.told(&Transition::Use { key, usage: Use::Decrypt(ciphertext) });
    assert_eq!(told(&world, key), "ok by KST-ENABLED");
    assert_eq!(told(&world, other), "IncorrectKeyException by CRY-WRONG-KEY");
    // Whether that holds at once is not stated.
    assert_eq!(told(&world, replica), "unstated");
    let empty = world.key(Kind::Symmetric);
    assert_eq!(told(&world, empty), "unstated");
}
