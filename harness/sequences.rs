//! Generated sequences find what is wrong, shrink it, and write it as a scenario that tells right from wrong.

use std::fs;
use std::process::{Command, Output};
use std::sync::Arc;

use kms_conformance::emulator::{Config, Defect, Emulator};
use kms_conformance::judge::{Finding, Verdict};
use kms_conformance::runner::{Event, Options, Stopper, TestOutcome, run_test};
use kms_conformance::scenario::{SourceFile, Test, parse};
use kms_conformance::sequence::{Exploration, PROPERTIES, Property, explore};
use kms_conformance::target::Target;

fn emulator(defect: Option<Defect>) -> Arc<Target> {
    Arc::new(Target::emulator(Emulator::new(Config { defect, ..Config::default() })))
}

fn property(name: &str) -> &'static Property {
    PROPERTIES.iter().find(|property| property.name == name).expect("a property")
}

async fn explored(defect: Defect, name: &str, cases: u32) -> Vec<TestOutcome> {
    let exploration = Exploration { cases, properties: vec![property(name)], ..Exploration::default() };
    let mut outcomes = Vec::new();
    let mut sink = |event: &Event| {
        if let Event::TestFinished(outcome) = event {
            outcomes.push((**outcome).clone());
        }
    };
    let (options, stopper) = (Options::default(), Stopper::default());
    explore(&emulator(Some(defect)), &exploration, &options, &stopper, &mut sink, &mut |_| ()).await;
    outcomes
}

fn found<'o>(outcomes: &'o [TestOutcome], rule: &str) -> &'o TestOutcome {
    let about = |outcome: &&TestOutcome| {
        let deviates = outcome.findings.iter().any(|f| f.verdict == Verdict::Deviation && f.rule.as_str() == rule);
        outcome.subject == "regressions" && deviates
    };
    let names: Vec<&str> = outcomes.iter().map(|outcome| outcome.test.as_str()).collect();
    outcomes.iter().find(about).unwrap_or_else(|| panic!("{rule} among {names:?}"))
}

fn scenario(outcome: &TestOutcome) -> Test {
    let text = outcome.text.clone().expect("the scenario's text");
    let file = SourceFile { path: outcome.file.clone(), text };
    parse(&outcome.scenario, file).expect("a scenario").remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deviation_shrinks_to_a_scenario_that_fails_there_and_passes_here() {
    let outcomes = explored(Defect::TokenIgnoresKey, "sequences/imports", 300).await;
    let about_tokens =
        outcomes.iter().filter(|outcome| outcome.test.contains("tok_keybound") && outcome.text.is_some());
    let outcome =
        about_tokens.min_by_key(|outcome| outcome.exchanges.len()).expect("a token of another key was accepted");
    let test = scenario(outcome);
    // Two keys, a pair for one of them, the witness, and the import into the other.
    assert!(test.calls().count() <= 5, "{}", outcome.text.as_deref().unwrap_or_default());
    let verdict = async |target: Arc<Target>| run_test(&target, &test, &Options::default()).await.verdict;
    assert_eq!(verdict(emulator(Some(Defect::TokenIgnoresKey))).await, Verdict::Deviation);
    assert_eq!(verdict(emulator(None)).await, Verdict::Pass);
    let property = outcomes.iter().find(|outcome| outcome.test == "sequences/imports").expect("the property");
    assert_eq!(property.verdict, Verdict::Deviation);
}

/// A sequence meets many deviations before the one that it shrinks to. None of them is left in a scenario, which would
/// be blocked where nothing is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_fails_where_it_was_found_and_passes_here() {
    let (mut scenarios, mut follow) = (0, 0);
    for (defect, name, cases) in [
        (Defect::OtherMaterialWhileEnabled, "sequences/key_states", 200),
        (Defect::CancelWithoutDeletion, "sequences/key_states", 100),
        (Defect::DeletionInEveryRegion, "sequences/multi_region", 100),
    ] {
        let outcomes = explored(defect, name, cases).await;
        let found = outcomes.iter().filter(|outcome| outcome.subject == "regressions");
        for outcome in found {
            if outcome.text.is_none() {
                let notes = outcome.findings.iter().flat_map(|finding| &finding.notes);
                follow += notes.filter(|note| note.contains("it may follow from what deviates before it")).count();
                continue;
            }
            scenarios += 1;
            let (test, options) = (scenario(outcome), Options::default());
            let there = run_test(&emulator(Some(defect)), &test, &options).await;
            let here = run_test(&emulator(None), &test, &options).await;
            assert_eq!(
                (there.verdict, here.verdict, here.reason),
                (Verdict::Deviation, Verdict::Pass, None),
                "{defect:?}: {}",
                outcome.text.as_deref().unwrap_or_default()
            );
        }
    }
    assert!(scenarios >= 6, "only {scenarios} scenarios");
    assert!(follow > 0, "of what follows from another deviation there is no scenario, and it is said");
}

/// What deviates again and again does not hide what else there is, and is told once.
#[tokio::test(flavor = "multi_thread")]
async fn each_distinct_deviation_is_told_once() {
    let outcomes = explored(Defect::FailedImportEnables, "sequences/imports", 300).await;
    let names: Vec<&str> = outcomes.iter().map(|outcome| outcome.test.as_str()).collect();
    let mut once = names.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), names.len(), "{names:?}");
    found(&outcomes, "IMP-INTERPRET-FAIL");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_that_race_are_found_and_told_with_their_history() {
    let outcomes = explored(Defect::NewMaterialsRace, "sequences/concurrency", 420).await;
    let raced = |outcome: &&TestOutcome| {
        let observed = |finding: &Finding| finding.observed.starts_with("at the same time: ImportKeyMaterial k1");
        outcome.subject == "regressions" && outcome.findings.iter().any(observed)
    };
    let outcome = outcomes.iter().find(raced).expect("two imports both took effect");
    assert_eq!(outcome.text, None, "a scenario's calls are made one after the other");
    let observed = &outcome.findings[0].observed;
    assert!(observed.contains("‖ ImportKeyMaterial k1"), "{observed}");
    // The judged call is marked, and the other one is shown before it.
    let line = outcome.findings[0].line;
    let judged: Vec<_> = outcome.exchanges.iter().filter(|evidence| evidence.line == line).collect();
    assert_eq!(judged.len(), 1, "one exchange is marked");
    assert_eq!(judged[0].operation, "ImportKeyMaterial");
    let imports = outcome.exchanges.iter().filter(|evidence| evidence.operation == "ImportKeyMaterial");
    assert!(imports.filter(|evidence| evidence.line < line).count() >= 2, "the first import, and the other new one");
    assert!(outcome.reason.as_ref().is_some_and(|reason| reason.contains("explore")), "{:?}", outcome.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_once_in_fifty_times_is_reported_with_its_evidence() {
    let outcomes = explored(Defect::EveryFiftiethImportLost, "sequences/imports", 700).await;
    let seen = outcomes.iter().filter(|outcome| outcome.subject == "regressions").collect::<Vec<_>>();
    assert!(!seen.is_empty(), "one in fifty imports was lost");
    for outcome in seen {
        assert!(!outcome.exchanges.is_empty(), "{}", outcome.test);
        assert!(outcome.text.is_some() || !outcome.findings[0].notes.is_empty(), "{:?}", outcome.findings);
    }
}

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    command.env_remove("KMS_CONFORMANCE_ENDPOINT").env_remove("GITHUB_STEP_SUMMARY");
    command.env("NO_COLOR", "1").env("COLUMNS", "120").args(arguments).output().expect("the program runs")
}

#[test]
fn explore_writes_what_it_found_and_run_repeats_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().to_str().expect("a path");
    let arguments = ["--property", "imports", "--cases", "50", "--out", out];
    let explored = program(&[&["explore", "--defect", "token-ignores-key"][..], &arguments].concat());
    assert_eq!(explored.status.code(), Some(1), "{}", String::from_utf8_lossy(&explored.stderr));
    let name = "regressions/tok_keybound_import_key_material";
    for file in [&format!("{name}.yaml"), "reach.json", "events.jsonl", "results.json"] {
        assert!(dir.path().join(file).is_file(), "{file}");
    }
    let repeat = ["run", "--scenarios", out, "--exact", name];
    assert_eq!(program(&repeat).status.code(), Some(0), "it passes on the emulator");
    let repeat = [&repeat[..], &["--defect", "token-ignores-key"]].concat();
    assert_eq!(program(&repeat).status.code(), Some(1), "it fails where it was found");
    let file = dir.path().join(format!("{name}.yaml"));
    fs::write(&file, "# Ours.\n").expect("the file can be written");
    let again = program(&[&["explore", "--defect", "token-ignores-key"][..], &arguments].concat());
    assert_eq!(fs::read_to_string(&file).expect("the file"), "# Ours.\n");
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("is not as it was found before, and is left as it is"), "{told}");
}

/// Whoever explores in a checkout is to know that the next build takes in what was found.
#[test]
fn without_a_folder_of_its_own_explore_says_what_becomes_of_what_it_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    command.env_remove("KMS_CONFORMANCE_ENDPOINT").env_remove("GITHUB_STEP_SUMMARY").env("NO_COLOR", "1");
    command.args(["explore", "--defect", "token-ignores-key", "--property", "imports", "--cases", "50"]);
    let explored = command.current_dir(dir.path()).output().expect("the program runs");
    assert!(dir.path().join("scenarios/regressions/tok_keybound_import_key_material.yaml").is_file());
    let told = String::from_utf8_lossy(&explored.stderr).into_owned();
    let expected = "scenarios/regressions; the next build has them as tests, unless you delete them";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn explore_says_what_was_reached_and_what_was_not() {
    let told = |seed: &str| {
        // How many calls those at the same time lead to is chance.
        let properties = ["--property", "imports", "--property", "expiry", "--property", "multi_region"];
        let output = program(&[&["explore", "--cases", "20", "--seed", seed][..], &properties].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").lines().next().unwrap_or_default().to_owned()
    };
    let line = told("5");
    assert!(line.starts_with("20 sequences, ") && line.contains("state, operation and outcome were reached"), "{line}");
    assert_eq!(told("5"), line, "the same seed gives the same sequences");
    assert_ne!(told("6"), line);
}

#[test]
fn a_property_that_there_is_not_is_a_mistake_that_names_those_that_there_are() {
    let output = program(&["explore", "--property", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("imports, expiry, other_key_types"));
}
