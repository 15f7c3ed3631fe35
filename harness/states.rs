//! The key-state table: it is complete, it agrees with the rules, and each of its cells is tested as it says.

use std::collections::{BTreeMap, BTreeSet};

use kms_conformance::kms::{Operation, shapes};
use kms_conformance::rules::{self, Evidence};
use kms_conformance::scenario::{Library, Role, Step, Test, schema};
use kms_conformance::states::{self, Cell, Fate, Outcome, Way};

/// The members by which a request names a key.
const KEY_MEMBERS: [&str; 4] = ["KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId"];

#[test]
fn every_operation_that_takes_a_key_is_in_the_table() {
    let takes_a_key = |operation: &&Operation| {
        let input = shapes::input(**operation);
        // An alias stands for its key, and its deletion has a row in AWS's table.
        KEY_MEMBERS.iter().any(|name| input.member(name).is_some()) || **operation == Operation::DeleteAlias
    };
    let wanted: BTreeSet<Operation> = Operation::ALL.iter().filter(takes_a_key).copied().collect();
    let held: BTreeSet<Operation> = states::entries().map(|entry| entry.operation).collect();
    assert_eq!(held, wanted);
}

#[test]
fn every_call_has_a_cell_for_every_way_into_a_state() {
    let mut ways: BTreeMap<&str, Vec<Way>> = BTreeMap::new();
    for entry in states::entries() {
        ways.entry(entry.call).or_default().push(entry.way);
    }
    for (call, ways) in ways {
        assert_eq!(ways, Way::ALL, "{call}");
    }
}

#[test]
fn open_cells_cite_open_rules_and_the_others_judged_ones() {
    for (entry, fate) in fates() {
        let rule = rules::catalogue().get(fate.rule.as_str());
        let rule =
            rule.unwrap_or_else(|| panic!("{} {}: there is no rule {}", entry.call, entry.way.as_str(), fate.rule));
        let open = fate.outcome == Outcome::Open;
        assert_eq!(open, rule.evidence == Evidence::Open, "{} {}: {}", entry.call, entry.way.as_str(), rule.id);
        assert!(!open || fate.then.is_empty(), "{} {}: nobody says what follows", entry.call, entry.way.as_str());
    }
}

/// An exception that the model does not list for the operation would be a slip of the table's.
#[test]
fn the_exceptions_are_those_of_the_operation() {
    for (entry, fate) in fates() {
        let Outcome::Refusal(codes) = &fate.outcome else { continue };
        for code in codes {
            let listed = shapes::errors(entry.operation).iter().any(|listed| listed == code.as_str());
            assert!(listed, "{} {}: {code}", entry.call, entry.way.as_str());
        }
    }
}

#[test]
fn each_cell_that_can_be_reached_is_a_scenario() {
    let names: BTreeSet<String> = states::scenarios().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), fates().count());
    let shipped: BTreeSet<String> = shipped().iter().map(|test| test.scenario.name.clone()).collect();
    assert_eq!(shipped, names);
}

/// The state is witnessed; then comes the call, judged or observed as its cell says; then the state is looked at again.
#[test]
fn each_test_ends_with_a_witness_the_call_and_another_look() {
    let scenarios: BTreeMap<String, (Operation, Fate)> = fates()
        .zip(states::scenarios())
        .map(|((entry, fate), (name, _))| (name, (entry.operation, fate.clone())))
        .collect();
    for test in shipped() {
        let (operation, fate) = &scenarios[&test.scenario.name];
        let calls: Vec<_> = test.steps.iter().filter_map(Step::call).collect();
        let [.., witness, call, look] = calls.as_slice() else { panic!("{} is too short", test.name) };
        assert_eq!(witness.operation, Operation::DescribeKey, "{}", test.name);
        assert!(matches!(witness.role, Role::Scene(_)), "{}", test.name);
        assert_eq!((call.operation, look.operation), (*operation, Operation::DescribeKey), "{}", test.name);
        let open = fate.outcome == Outcome::Open;
        assert_eq!((is_observed(&call.role), is_observed(&look.role)), (open, open), "{}", test.name);
        assert_eq!(call.rules().collect::<Vec<_>>(), [&fate.rule], "{}", test.name);
        let before = &calls[..calls.len() - 2];
        assert!(before.iter().all(|call| matches!(call.role, Role::Scene(_))), "{} judges its own scene", test.name);
    }
}

#[test]
fn the_schema_accepts_every_generated_scenario() {
    let validator = jsonschema::validator_for(&schema::json_schema()).unwrap();
    for (name, text) in states::scenarios() {
        let instance: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&instance).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
    }
}

/// Texts that a person has read: a plain one, one with two Regions, one that waits, one that is open.
#[test]
fn scenarios_read_like_those_written_by_hand() {
    let scenarios: BTreeMap<String, String> = states::scenarios().into_iter().collect();
    settings().bind(|| {
        for name in [
            "encrypt_while_disabled",
            "sign_while_creating",
            "import_the_material_while_updating",
            "verify_mac_after_its_material_expired",
            "get_public_key_before_any_import",
            "update_alias_from_the_key_while_creating",
        ] {
            insta::assert_snapshot!(name, scenarios[&format!("key_states/{name}")]);
        }
    });
}

#[test]
fn the_size_of_the_table_is_known() {
    let cells = states::entries().count();
    let open = fates().filter(|(_, fate)| fate.outcome == Outcome::Open).count();
    let reached = fates().count();
    let mut size = format!(
        "{} operations, {} calls\n{cells} cells: {} judged, {open} open, {} impossible\n{} tests\n",
        states::entries().map(|entry| entry.operation).collect::<BTreeSet<_>>().len(),
        cells / Way::ALL.len(),
        reached - open,
        cells - reached,
        shipped().len(),
    );
    for entry in states::entries() {
        if let Cell::Impossible { since } = entry.cell {
            size.push_str(&format!("{} {}: {since}\n", entry.call, entry.way.as_str()));
        }
    }
    settings().bind(|| insta::assert_snapshot!("size", size));
}

/// The cells that can be reached.
fn fates() -> impl Iterator<Item = (states::Entry, &'static Fate)> {
    states::entries().filter_map(|entry| match entry.cell {
        Cell::Call(fate) => Some((entry, fate)),
        Cell::Impossible { .. } => None,
    })
}

/// The tests of the table that are part of the program.
fn shipped() -> Vec<Test> {
    let library = Library::shipped().unwrap_or_else(|error| panic!("{error}"));
    library.tests.into_iter().filter(|test| test.scenario.file.path.starts_with("generated/")).collect()
}

fn is_observed(role: &Role) -> bool {
    matches!(role, Role::Observe { .. })
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/states");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
