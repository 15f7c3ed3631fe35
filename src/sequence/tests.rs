//! Sequences against the emulator, and how they shrink.

use std::sync::Arc;

use proptest::strategy::ValueTree as _;

use super::execute::execute;
use super::explore::{Exploration, explore};
use super::export::renumbered;
use super::property::{PROPERTIES, Property, Scope};
use super::setting::Setting;
use crate::emulator::{Config, Defect, Emulator};
use crate::judge::Verdict;
use crate::kms::WrappingAlgorithm;
use crate::model::{Allowed, Expiry, Import, Kind, Name, Transition, Use, World, Wrapping};
use crate::runner::{Event, Options, Stopper, TestOutcome};
use crate::target::Target;

const SCOPE: Scope = Scope { length: 40, turned: true, clients: 2 };

async fn explored(emulator: Emulator, exploration: Exploration) -> Vec<TestOutcome> {
    let target = Arc::new(Target::emulator(emulator));
    let mut outcomes = Vec::new();
    let mut sink = |event: &Event| {
        if let Event::TestFinished(outcome) = event {
            outcomes.push((**outcome).clone());
        }
    };
    let (options, stopper) = (Options::default(), Stopper::default());
    explore(&target, &exploration, &options, &stopper, &mut sink, &mut |_| ()).await;
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_property_holds_on_the_emulator() {
    let cases = 80;
    let outcomes = explored(Emulator::new(Config::default()), Exploration { cases, ..Exploration::default() }).await;
    assert_eq!(outcomes.len(), PROPERTIES.len());
    for outcome in outcomes {
        assert_eq!((outcome.verdict, outcome.reason), (Verdict::Pass, None), "{}", outcome.test);
        assert!(outcome.findings.len() > 10, "{}: only {} rules were judged", outcome.test, outcome.findings.len());
    }
}

/// A key that shows other material than it must use is not judged by the model's any more, but what it decrypts is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_decrypted_is_judged_whatever_became_of_the_key() {
    let (key, kind, material) = (Name(1), Kind::Symmetric, Name(3));
    let parameters = |token| Transition::Parameters { key, token, algorithm: WrappingAlgorithm::RsaesOaepSha256 };
    let (damaged_token, wrapping, expiry, new, id_of) = (None, Wrapping::Right, Expiry::Never, None, None);
    let token = Name(2);
    let import =
        Import { key, import: material, token, damaged_token, wrapping, material: 0, kind, expiry, new, id_of };
    let other = Import { import: Name(6), token: Name(5), material: 1, new: Some(true), ..import.clone() };
    let decrypt = Transition::Use { key, usage: Use::Decrypt(Name(4)) };
    let transitions = [
        Transition::Create { key, kind, multi_region: false },
        parameters(token),
        Transition::Import(import),
        Transition::Use { key, usage: Use::Encrypt(Name(4)) },
        parameters(Name(5)),
        Transition::Import(other),
        decrypt,
    ];
    let config = Config { defect: Some(Defect::NewMaterialAtOnce), ..Config::default() };
    let (target, stopper) = (Target::emulator(Emulator::new(config)), Stopper::default());
    let setting = Setting::new("", &[kind], false);
    let executed = execute(&target, &setting, &transitions, &Options::default(), &stopper).await;
    let rules: Vec<&str> = executed.found.iter().map(|found| found.signature.rule.as_str()).collect();
    assert!(rules.contains(&"DESC-NEW-PENDING") && !rules.contains(&"KMID-IN-CIPHERTEXT"), "{rules:?}");
    assert!(executed.judged.keys().any(|rule| rule.as_str() == "CRY-ROUNDTRIP"), "{:?}", executed.judged);
}

/// The smallest sequence in which a key that lost its material gets it back.
#[test]
fn a_sequence_shrinks_to_what_it_takes() {
    let loses_and_regains = |transitions: &[Transition]| {
        let mut world = World::default();
        let mut lost = false;
        transitions.iter().any(|transition| {
            let known = world.knows(transition);
            let succeeds = known && matches!(world.allows(transition), Allowed::Success { .. });
            lost |= succeeds && matches!(transition, Transition::DeleteMaterial { .. }) && !world.imports.is_empty();
            let regained = succeeds && lost && matches!(transition, Transition::Import(_));
            world.take(transition, succeeds);
            regained
        })
    };
    let trees = (0..200).filter_map(|case| PROPERTIES[0].sequence(1, case, SCOPE));
    let mut tree = trees.into_iter().find(|tree| loses_and_regains(&tree.current())).expect("one that does");
    let (mut smallest, mut more) = (tree.current(), tree.simplify());
    assert!(smallest.len() > 10, "{}", smallest.len());
    while more {
        let current = tree.current();
        if loses_and_regains(&current) {
            smallest = current;
            more = tree.simplify();
        } else {
            more = tree.complicate();
        }
    }
    // CreateKey, two pairs, an import, a deletion, and the import again.
    assert_eq!(smallest.len(), 6, "{smallest:?}");
}

#[test]
fn names_count_from_one_for_each_kind_of_thing() {
    let sequence = |property: &Property| property.sequence(3, 0, SCOPE).expect("a sequence").current();
    for property in &PROPERTIES {
        let renumbered = renumbered(&sequence(property));
        let made: Vec<u32> = renumbered.iter().filter_map(|step| step.made().map(|name| name.0)).collect();
        assert_eq!(made.first(), Some(&1), "{}", property.name);
        assert!(made.iter().max().is_some_and(|max| (*max as usize) < renumbered.len()), "{}", property.name);
    }
}

#[test]
fn a_setting_has_the_materials_of_its_kinds() {
    for property in &PROPERTIES {
        let setting = Setting::new(property.name, property.focus.kinds, property.focus.related);
        assert!(setting.test.material.len() >= 3, "{}", property.name);
        assert_eq!(setting.test.clients.contains_key("west"), property.focus.related, "{}", property.name);
    }
}
