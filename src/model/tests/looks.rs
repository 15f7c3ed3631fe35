//! How keys and answers must look.

use serde_json::{Value, json};

use super::*;
use crate::kms::KeyState;
use crate::model::{MESSAGE, Seen};
use crate::states::Way;

type Check = (&'static str, Value);

/// Takes a call in. Returns the checks of the look at its key that follows.
fn after(world: &mut SmallWorld, transition: &Transition, succeeded: bool) -> Vec<Check> {
    let before = transition.key().and_then(|key| world.keys.get(&key)).map(|key| key.way);
    world.take(transition, succeeded);
    let mut looks = world.looks(transition, succeeded, before);
    assert_eq!((looks[0].key, looks[0].seen), (transition.key().expect("a key"), Seen::Metadata));
    looks.swap_remove(0).checks
}

/// The rule by which the key has its state after a call, and the state.
fn state_after(world: &mut SmallWorld, transition: &Transition, succeeded: bool) -> String {
    let checks = after(world, transition, succeeded);
    let (rule, value) = &checks[0];
    let state = &value["KeyMetadata"];
    assert_eq!(state["Enabled"], Value::Bool(state["KeyState"] == "Enabled"));
    format!("{} by {rule}", state["KeyState"].as_str().expect("a state"))
}

fn describe(key: Name) -> Transition {
    Transition::Describe { key }
}

#[test]
fn the_state_after_a_call_is_by_the_rule_of_that_call() {
    type Make = fn(&mut SmallWorld, Name) -> Transition;
    let material: fn() -> (SmallWorld, Name) = || SmallWorld::with_material(Kind::Symmetric);
    let empty: fn() -> (SmallWorld, Name) = || {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        (world, key)
    };
    let disabled: fn() -> (SmallWorld, Name) = || {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        world.does(&Transition::Disable { key });
        (world, key)
    };
    let going: fn() -> (SmallWorld, Name) = || {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        world.does(&Transition::ScheduleDeletion { key, days: 7 });
        (world, key)
    };
    let deleted: fn() -> (SmallWorld, Name) = || {
        let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
        world.does(&Transition::DeleteMaterial { key, id_of: None });
        (world, key)
    };
    let expired: fn() -> (SmallWorld, Name) = || {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        world.imports_for(key, 0, HOUR);
        world.pass(HOUR * 2);
        (world, key)
    };
    let expiring: fn() -> (SmallWorld, Name) = || {
        let mut world = SmallWorld::default();
        let key = world.key(Kind::Symmetric);
        world.imports_for(key, 0, HOUR);
        (world, key)
    };
    let import: Make = |world, key| Transition::Import(world.request(key, 0));
    let new: Make = |world, key| Transition::Import(Import { new: Some(true), ..world.request(key, 1) });
    let delete: Make = |_, key| Transition::DeleteMaterial { key, id_of: None };
    let by_id: Make =
        |world, key| Transition::DeleteMaterial { key, id_of: world.keys[&key].current().map(|held| held.import) };
    let delete_waiting: Make =
        |world, key| Transition::DeleteMaterial { key, id_of: world.keys[&key].waiting().map(|held| held.import) };
    let enable: Make = |_, key| Transition::Enable { key };
    let disable: Make = |_, key| Transition::Disable { key };
    let schedule: Make = |_, key| Transition::ScheduleDeletion { key, days: 7 };
    let cancel: Make = |_, key| Transition::CancelDeletion { key };
    let look: Make = |_, key| describe(key);
    for (number, (made, call, succeeded, told)) in [
        (empty, import, true, "Enabled by IMP-FIRST-OK"),
        (empty, import, false, "PendingImport by IMP-INTERPRET-FAIL"),
        (deleted, import, true, "Enabled by REI-SAME-AFTER-DELETE"),
        (expired, import, true, "Enabled by REI-SAME-AFTER-EXPIRY"),
        (material, import, true, "Enabled by REI-SAME-NO-DELETE"),
        (material, new, true, "Enabled by IMP-NEW-ON-ENABLED"),
        (material, new, false, "Enabled by IMP-INTERPRET-FAIL"),
        (material, delete, true, "PendingImport by DEL-ENABLED"),
        (material, delete, false, "Enabled by KST-UNMOVED"),
        (material, by_id, true, "PendingImport by DEL-KMID"),
        (SmallWorld::with_waiting, delete_waiting, true, "Enabled by DEL-PENDING-ROTATION"),
        (disabled, delete, true, "PendingImport by DEL-DISABLED"),
        (going, delete, true, "PendingDeletion by DEL-PENDDEL"),
        (empty, delete, true, "PendingImport by DEL-PENDINGIMPORT"),
        (disabled, enable, true, "Enabled by DIS-ENA-EXT"),
        (material, enable, true, "Enabled by ENA-IDEMP"),
        (disabled, enable, false, "Disabled by KST-UNMOVED"),
        (material, disable, true, "Disabled by DIS-ENA-EXT"),
        (disabled, disable, true, "Disabled by DIS-IDEMP"),
        (material, disable, false, "Enabled by KST-UNMOVED"),
        (empty, schedule, true, "PendingDeletion by SKD-FROM"),
        (empty, schedule, false, "PendingImport by KST-UNMOVED"),
        (going, cancel, true, "Disabled by CKD-STATE"),
        (going, cancel, false, "PendingDeletion by KST-UNMOVED"),
        (material, look, true, "Enabled by KST-UNMOVED"),
        (deleted, look, true, "PendingImport by KST-UNMOVED"),
        (expired, look, true, "PendingImport by EXP-DELETES"),
        (expiring, look, true, "Enabled by EXP-NOT-BEFORE"),
        (expiring, disable, true, "Disabled by DIS-ENA-EXT"),
        (expired, disable, false, "PendingImport by KST-UNMOVED"),
        (expiring, enable, false, "Enabled by KST-UNMOVED"),
    ]
    .into_iter()
    .enumerate()
    {
        let (mut world, key) = made();
        let call = call(&mut world, key);
        assert_eq!(state_after(&mut world, &call, succeeded), told, "case {number}: {call}");
    }
}

#[test]
fn before_valid_to_only_a_key_in_use_shows_that_it_did_not_expire_too_soon() {
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    world.imports_for(key, 0, HOUR);
    world.does(&Transition::Disable { key });
    assert_eq!(state_after(&mut world, &describe(key), true), "Disabled by KST-UNMOVED");
}

#[test]
fn a_key_that_misses_another_of_its_materials_goes_on_waiting() {
    let (mut world, key) = SmallWorld::rotated();
    let former = world.keys[&key].holds(0).map(|held| held.import);
    world.does(&Transition::DeleteMaterial { key, id_of: former });
    let import = Transition::Import(world.request(key, 1));
    assert_eq!(state_after(&mut world, &import, true), "PendingImport by IMP-ENABLE-ALL");
}

#[test]
fn new_keys_are_in_the_state_of_their_origin() {
    let mut world = SmallWorld::default();
    let create = |key, kind| Transition::Create { key, kind, multi_region: false };
    let told = state_after(&mut world, &create(Name(1), Kind::Ecc), true);
    assert_eq!(told, "PendingImport by CRE-EXT-STATE");
    let told = state_after(&mut world, &create(Name(2), Kind::Generated), true);
    assert_eq!(told, "Enabled by CRE-ORIGIN-DEFAULT");
}

#[test]
fn a_new_replica_waits_for_its_import_once_it_is_made() {
    let mut world = SmallWorld::default();
    let (key, replica) = (world.next_name(), world.next_name());
    world.does(&Transition::Create { key, kind: Kind::Symmetric, multi_region: true });
    world.imports(key, 0);
    let replicate = Transition::Replicate { key, replica };
    world.take(&replicate, true);
    let looks = world.looks(&replicate, true, None);
    assert_eq!(looks.iter().map(|look| (look.key, look.checks.len())).collect::<Vec<_>>(), [(replica, 0)]);
    world.pass(HOUR);
    assert_eq!(state_after(&mut world, &describe(replica), true), "PendingImport by MRK-REPL-STATE");
    assert_eq!(state_after(&mut world, &Transition::Enable { key: replica }, false), "PendingImport by KST-UNMOVED");
    assert_eq!(
        state_after(&mut world, &Transition::Replicate { key, replica: Name(99) }, false),
        "Enabled by KST-UNMOVED"
    );
    let import = Import { new: Some(false), ..world.request(replica, 0) };
    world.does(&Transition::Import(import));
    assert_eq!(state_after(&mut world, &describe(replica), true), "Enabled by KST-UNMOVED");
}

#[test]
fn there_is_a_look_after_every_call_that_may_do_something_to_a_key() {
    let (mut world, key) = SmallWorld::with_material(Kind::Hmac);
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    let parameters = Transition::Parameters { key, token: Name(90), algorithm };
    let usage = Transition::Use { key, usage: Use::GenerateMac };
    for (transition, succeeded, looks) in [
        (Transition::Pass(HOUR), true, 0),
        (Transition::Together(vec![describe(key)]), true, 0),
        (usage.clone(), true, 0),
        (usage, false, 0),
        (parameters.clone(), true, 0),
        (parameters, false, 1),
        (Transition::Rotate { key }, false, 1),
        (describe(Name(99)), true, 0),
    ] {
        assert_eq!(world.looks(&transition, succeeded, None).len(), looks, "{transition}");
    }
    world.keys.get_mut(&key).expect("the key").state_known = false;
    let looks = world.looks(&describe(key), true, None);
    assert_eq!(looks.iter().map(|look| look.checks.len()).collect::<Vec<_>>(), [0], "its state is not known");
}

#[test]
fn a_key_that_goes_has_nothing_to_show() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.does(&Transition::ScheduleDeletion { key, days: 7 });
    let checks = |world: &SmallWorld| world.looks(&describe(key), true, None)[0].checks.len();
    assert_eq!(checks(&world), 2, "its state and its origin");
    world.pass(DAY * 7);
    assert_eq!(checks(&world), 0, "it may be gone");
    world.pass(DAY * 2);
    assert_eq!(checks(&world), 0, "it is gone");
}

/// The members of a key's material, and their rule.
fn members(world: &SmallWorld, key: Name) -> Option<(&'static str, String)> {
    let looks = world.looks(&describe(key), true, None);
    let (rule, value) = looks[0].checks.get(2)?;
    let shown = |name: &str| match &value["KeyMetadata"][name] {
        Value::String(text) => text.clone(),
        other => {
            assert_eq!(*other, json!({ "$absent": true }), "{name}");
            "-".to_owned()
        }
    };
    Some((rule, ["ExpirationModel", "ValidTo", "CurrentKeyMaterialId"].map(shown).join(" ")))
}

#[test]
fn a_key_shows_its_material_as_it_is() {
    let id = |world: &SmallWorld, key, material| {
        let held = world.keys[&key].holds(material).expect("it has it");
        format!("${{i{}.KeyMaterialId}}", held.import)
    };
    let stays = "KEY_MATERIAL_DOES_NOT_EXPIRE -";

    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    assert_eq!(members(&world, key), Some(("CRE-EXT-FIELDS", "- - -".to_owned())));
    let first = world.imports(key, 0);
    assert_eq!(members(&world, key), Some(("DESC-IMPORTED-SYM", format!("{stays} ${{i{first}.KeyMaterialId}}"))));
    let import = world.imports_for(key, 0, HOUR);
    let expires = format!("KEY_MATERIAL_EXPIRES ${{i{import}.request.ValidTo}} ${{i{import}.KeyMaterialId}}");
    assert_eq!(members(&world, key), Some(("DESC-IMPORTED-EXPIRES", expires)));
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    assert_eq!(members(&world, key), Some(("DESC-DELETED-SYM", format!("- - {}", id(&world, key, 0)))));
    world.does(&Transition::ScheduleDeletion { key, days: 7 });
    assert_eq!(members(&world, key), None, "DESC-SCHEDULED is open");

    for kind in [Kind::Hmac, Kind::Ecc] {
        let (mut world, key) = SmallWorld::with_material(kind);
        assert_eq!(members(&world, key), Some(("DESC-IMPORTED-OTHER", format!("{stays} -"))));
        world.does(&Transition::DeleteMaterial { key, id_of: None });
        assert_eq!(members(&world, key), Some(("DESC-DELETED-OTHER", "- - -".to_owned())));
    }

    // What waits for a rotation does not show, even if it expires.
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    let new = Import { new: Some(true), expiry: Expiry::After(HOUR), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    assert_eq!(members(&world, key), Some(("DESC-NEW-PENDING", format!("{stays} {}", id(&world, key, 0)))));

    let (mut world, key) = SmallWorld::rotated();
    assert_eq!(members(&world, key), Some(("DESC-ROTATED", format!("{stays} {}", id(&world, key, 1)))));
    let later = world.imports_for(key, 1, HOUR * 2);
    let earlier = world.imports_for(key, 0, HOUR);
    assert!(later < earlier);
    let expires = format!("KEY_MATERIAL_EXPIRES ${{i{earlier}.request.ValidTo}} {}", id(&world, key, 1));
    assert_eq!(members(&world, key), Some(("EXP-VALIDTO-AGG", expires)));
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    assert_eq!(members(&world, key), None, "what such a key shows when it misses one of several is not stated");
}

#[test]
fn what_a_key_of_unknown_materials_shows_of_them_is_not_judged() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.doubts(key);
    let looks = world.looks(&describe(key), true, None);
    assert_eq!(looks.len(), 1, "nor is what ListKeyRotations lists");
    assert_eq!(members(&world, key), None);
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Generated);
    assert_eq!(members(&world, key), None, "nor is a key's whose material AWS made");
}

#[test]
fn what_a_replica_without_material_shows_is_not_judged() {
    let (mut world, _, replica) = SmallWorld::with_replica();
    assert_eq!(members(&world, replica), None);
    let import = Import { new: Some(false), ..world.request(replica, 0) };
    world.does(&Transition::Import(import));
    assert!(members(&world, replica).is_some());
    world.does(&Transition::DeleteMaterial { key: replica, id_of: None });
    assert_eq!(members(&world, replica), None);
}

/// What `ListKeyRotations` must list: number of the material, its state, and whether it is there.
fn rotations(world: &SmallWorld, key: Name) -> Option<Vec<String>> {
    let look = world.looks(&describe(key), true, None).into_iter().find(|look| look.seen == Seen::Rotations)?;
    assert_eq!(look.key, key);
    let told = |(held, (rule, check)): (&crate::model::Held, &Check)| {
        assert_eq!(*rule, "ROT-LIST-STATES");
        let entry = &check["Rotations"]["$contains"];
        assert_eq!(entry["KeyMaterialId"], format!("${{i{}.KeyMaterialId}}", held.import));
        let text = |name: &str| entry[name].as_str().expect("a text").to_owned();
        format!("{} {} {}", held.material, text("KeyMaterialState"), text("ImportState"))
    };
    Some(world.keys[&key].materials.iter().zip(&look.checks).map(told).collect())
}

#[test]
fn every_material_is_listed_as_what_it_is_to_the_key() {
    let told = |world: &SmallWorld, key| rotations(world, key).unwrap_or_default().join(", ");
    let (world, key) = SmallWorld::with_waiting();
    assert_eq!(told(&world, key), "0 CURRENT IMPORTED, 1 PENDING_ROTATION IMPORTED");
    let (mut world, key) = SmallWorld::rotated();
    assert_eq!(told(&world, key), "0 NON_CURRENT IMPORTED, 1 CURRENT IMPORTED");
    world.does(&Transition::DeleteMaterial { key, id_of: None });
    assert_eq!(told(&world, key), "0 NON_CURRENT IMPORTED, 1 CURRENT PENDING_IMPORT");

    let (mut world, key, replica) = SmallWorld::with_replica();
    let new = Import { new: Some(true), ..world.request(key, 1) };
    world.does(&Transition::Import(new));
    let lacking = "0 CURRENT IMPORTED, 1 PENDING_MULTI_REGION_IMPORT_AND_ROTATION IMPORTED";
    assert_eq!(told(&world, key), lacking);
    for material in [0, 1] {
        let theirs = Import { new: Some(false), ..world.request(replica, material) };
        world.does(&Transition::Import(theirs));
    }
    assert_eq!(told(&world, key), "0 CURRENT IMPORTED, 1 PENDING_ROTATION IMPORTED");
    assert_eq!(rotations(&world, replica), None);

    for kind in [Kind::Hmac, Kind::Ecc] {
        let (world, key) = SmallWorld::with_material(kind);
        assert_eq!(rotations(&world, key), None, "ROT-LIST-UNSUPP is open");
    }
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    assert_eq!(rotations(&world, key), None, "there is nothing to list yet");
}

#[test]
fn a_key_pending_deletion_is_read_and_what_it_lists_is_not_judged() {
    let (mut world, key) = SmallWorld::rotated();
    let deletion = Transition::ScheduleDeletion { key, days: 7 };
    let before = Some(world.keys[&key].way);
    world.does(&deletion);
    let looks = world.looks(&deletion, true, before);
    let list = looks.iter().find(|look| look.seen == Seen::Rotations).expect("it is looked at");
    assert_eq!(list.checks, [("KST-READ", serde_json::json!({}))]);
}

#[test]
fn parameters_name_their_key_and_are_good_for_a_day() {
    let (world, key) = SmallWorld::with_material(Kind::Symmetric);
    let algorithm = WrappingAlgorithm::RsaesOaepSha256;
    let parameters = |key| Transition::Parameters { key, token: Name(90), algorithm };
    let answers = world.answers(&parameters(key));
    let rules: Vec<&str> = answers.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, ["GPI-RESP", "GPI-KEYSIZE", "GPI-24H", "GPI-FRESH"]);
    assert_eq!(answers[0].1["KeyId"], format!("${{k{key}.Arn}}"));
    assert_eq!(answers[2].1["ParametersValidTo"]["$near"], "+24h");
    assert!(world.answers(&parameters(Name(99))).is_empty());
    assert!(world.answers(&Transition::Enable { key }).is_empty());
}

#[test]
fn the_id_of_a_material_is_the_same_in_its_key_and_differs_elsewhere() {
    let ids = |world: &mut SmallWorld, key, material| {
        let request = Import { new: None, ..world.request(key, material) };
        let answers = world.answers(&Transition::Import(request));
        let told = answers.iter().map(|(rule, value)| match &value["KeyMaterialId"] {
            Value::String(id) => format!("{rule} {id}"),
            Value::Object(id) => match id.get("$not") {
                Some(other) => format!("{rule} not {}", other.as_str().expect("an id")),
                None => (*rule).to_owned(),
            },
            other => panic!("{other}"),
        });
        told.collect::<Vec<_>>()
    };
    let mut world = SmallWorld::default();
    let key = world.key(Kind::Symmetric);
    assert_eq!(ids(&mut world, key, 0), ["IMP-RESP"]);
    let first = world.imports(key, 0);
    let same = format!("REI-ID-STABLE ${{i{first}.KeyMaterialId}}");
    let not = format!("KMID-INPUT not ${{i{first}.KeyMaterialId}}");
    assert_eq!(ids(&mut world, key, 0), ["IMP-RESP", &same]);
    assert_eq!(ids(&mut world, key, 1), ["IMP-RESP", &not], "other material in the same key");
    let other = world.key(Kind::Symmetric);
    assert_eq!(ids(&mut world, other, 0), ["IMP-RESP", &not], "the same material in another key");
    assert_eq!(ids(&mut world, other, 1), ["IMP-RESP"], "nothing is the same");
    let hmac = world.key(Kind::Hmac);
    world.imports(hmac, 1);
    assert_eq!(ids(&mut world, other, 1), ["IMP-RESP"], "other kinds of key show no id");
    assert!(ids(&mut world, hmac, 1).is_empty(), "IMP-RESP-ASYM is open");

    let (mut world, key, replica) = SmallWorld::with_replica();
    let first = world.keys[&key].materials[0].import;
    let same = format!("REI-ID-STABLE ${{i{first}.KeyMaterialId}}");
    let not = format!("KMID-INPUT not ${{i{first}.KeyMaterialId}}");
    assert_eq!(ids(&mut world, replica, 0), ["IMP-RESP", &same], "related keys share it");
    assert_eq!(ids(&mut world, replica, 1), ["IMP-RESP", &not]);
}

#[test]
fn tags_signatures_and_public_keys_are_those_of_the_imported_material() {
    for (kind, usage, rule, member, operator, material) in [
        (Kind::Hmac, Use::GenerateMac, "CRY-HMAC-INTEROP", "Mac", "$mac_by", "h0"),
        (Kind::Ecc, Use::Sign, "CRY-SIGN", "Signature", "$signature_by", "e0"),
        (Kind::Ecc, Use::GetPublicKey, "DET-PUBKEY", "PublicKey", "$public_key_of", "e0"),
    ] {
        let (mut world, key) = SmallWorld::with_material(kind);
        let answers = world.answers(&Transition::Use { key, usage });
        assert_eq!(answers.len(), 1);
        assert_eq!((answers[0].0, &answers[0].1[member][operator]), (rule, &json!(material)));
        world.doubts(key);
        assert!(world.answers(&Transition::Use { key, usage }).is_empty(), "its material is not known");
    }
    let (world, key) = SmallWorld::with_material(Kind::Symmetric);
    assert!(world.answers(&Transition::Use { key, usage: Use::GenerateDataKey }).is_empty());
}

#[test]
fn what_is_decrypted_is_what_was_encrypted_by_the_rule_of_what_came_between() {
    let rules = |world: &SmallWorld, key, ciphertext| {
        let answers = world.answers(&Transition::Use { key, usage: Use::Decrypt(ciphertext) });
        assert!(answers.first().is_none_or(|(_, value)| value["Plaintext"]["$text"] == MESSAGE));
        answers.into_iter().map(|(rule, _)| rule).collect::<Vec<_>>()
    };
    let (mut world, key) = SmallWorld::with_waiting();
    let import = world.keys[&key].current().expect("it has one").import;
    let ciphertext = world.encrypts(key);
    assert_eq!(rules(&world, key, ciphertext), ["CRY-ROUNDTRIP", "KMID-IN-CIPHERTEXT"]);
    let id = &world.answers(&Transition::Use { key, usage: Use::Decrypt(ciphertext) })[1].1["KeyMaterialId"];
    assert_eq!(*id, format!("${{i{import}.KeyMaterialId}}"));
    let other = world.key(Kind::Symmetric);
    assert!(rules(&world, other, ciphertext).is_empty(), "it is another key's");

    let mut lost = SmallWorld(world.0.clone());
    lost.does(&Transition::DeleteMaterial { key, id_of: None });
    lost.imports(key, 0);
    assert_eq!(rules(&lost, key, ciphertext), ["REI-OLD-CIPHERTEXT", "KMID-IN-CIPHERTEXT"]);
    world.does(&Transition::Rotate { key });
    world.pass(HOUR);
    assert_eq!(rules(&world, key, ciphertext), ["ROT-OLD-DECRYPT", "KMID-IN-CIPHERTEXT"]);
    let later = world.encrypts(key);
    assert_eq!(rules(&world, key, later), ["CRY-ROUNDTRIP", "KMID-IN-CIPHERTEXT"]);
    world.doubts(key);
    assert_eq!(rules(&world, key, later), ["CRY-ROUNDTRIP"]);
}

#[test]
fn how_a_key_came_to_be_in_its_state_may_be_left_out_where_nothing_changed_it() {
    let (world, key) = SmallWorld::with_material(Kind::Symmetric);
    let enable = Transition::Enable { key };
    let told = |before| world.looks(&enable, true, before)[0].checks[0].clone();
    assert_eq!(told(None), told(Some(Way::Enabled)));
    assert_eq!(told(None).0, "ENA-IDEMP");
    assert_eq!(told(None).1["KeyMetadata"]["KeyState"], KeyState::Enabled.as_str());
}

/// An Enabled that does not go with the state is told once, not of every call that leaves the key as it is.
#[test]
fn an_odd_enabled_is_none_of_the_calls_that_follow() {
    let (mut world, key) = SmallWorld::with_material(Kind::Symmetric);
    world.does(&Transition::Disable { key });
    world.adopt_enabled(key, true);
    let checks = after(&mut world, &Transition::Disable { key }, false);
    assert_eq!(checks[0], ("KST-UNMOVED", json!({ "KeyMetadata": { "KeyState": "Disabled" } })));
    assert_eq!(state_after(&mut world, &Transition::Enable { key }, true), "Enabled by DIS-ENA-EXT");
    world.adopt_enabled(key, true);
    assert_eq!(state_after(&mut world, &describe(key), true), "Enabled by KST-UNMOVED");
}
