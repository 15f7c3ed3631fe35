//! The defects of the built-in emulator: that they are named well, and that the harness catches them for the right reason.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};
use std::sync::Arc;

use kms_conformance::defects::{ByScenarios, Catch, Fate, Means, Row};
use kms_conformance::emulator::{Defect, Reach};
use kms_conformance::rules::catalogue;
use kms_conformance::runner::{Options, Stopper};
use kms_conformance::scenario::Library;

/// What the scenarios of this name, for all their cases, find in an emulator with the defect.
async fn look(defect: Defect, scenario: &str) -> Row {
    let library = Library::shipped().unwrap();
    let tests: Vec<_> = library.tests.into_iter().filter(|test| test.scenario.name == scenario).map(Arc::new).collect();
    assert!(!tests.is_empty(), "{scenario} is shipped");
    let looking = ByScenarios { tests, options: Options::default() };
    let mut row = Row::new(defect);
    row.caught.insert(Means::Scenarios, looking.look_for(Some(defect), &Stopper::default()).await);
    row
}

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    command.env_remove("KMS_CONFORMANCE_ENDPOINT").env("NO_COLOR", "1").env("COLUMNS", "120");
    command.args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_defect_breaks_a_rule_that_is_judged() {
    for defect in Defect::ALL {
        let rule = catalogue().get(defect.about().rule);
        assert!(rule.is_some_and(kms_conformance::rules::Rule::is_judged), "{defect} breaks {}", defect.about().rule);
    }
}

#[test]
fn names_are_unique_and_in_kebab_case_and_texts_are_sentences() {
    let names: BTreeSet<&str> = Defect::ALL.iter().map(|defect| defect.name()).collect();
    assert_eq!(names.len(), Defect::ALL.len());
    let kebab = regex::Regex::new("^[a-z0-9]+(-[a-z0-9]+)*$").unwrap();
    for defect in Defect::ALL {
        assert!(kebab.is_match(defect.name()), "{defect}");
        assert!(defect.about().says.ends_with('.') && !defect.about().seen.ends_with('.'), "{defect}");
    }
}

#[test]
fn every_defect_is_in_the_emulator() {
    let code: String = sources("src/emulator".as_ref());
    for defect in Defect::ALL {
        assert!(code.contains(&format!("Defect::{defect:?}")), "nothing asks for {defect}");
    }
}

/// The emulator's code, without the list of the defects.
fn sources(dir: &std::path::Path) -> String {
    let mut code = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code.push_str(&sources(&path));
        } else if !path.ends_with("defects/list.rs") {
            code.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    code
}

#[tokio::test]
async fn defects_are_caught_by_the_scenarios_that_are_meant_for_them() {
    for (defect, scenario) in [
        (Defect::TokenIgnoresKey, "import_token/issued_for_another_key"),
        (Defect::ValidToCapped, "valid_to/beyond_365_days"),
        (Defect::CancelledDeletionEnables, "key_states/cancelled_deletion"),
        (Defect::BadSignatureAnswered, "crypto/signature_of_another_message"),
        (Defect::MaterialIdForgotten, "delete/of_an_enabled_symmetric_key"),
        (Defect::ErrorsWithoutType, "validation/errors_name_their_type"),
    ] {
        let row = look(defect, scenario).await;
        assert_eq!(row.fate(), Fate::Caught, "{defect} by {scenario}: {:?}", row.caught);
    }
}

#[tokio::test]
async fn a_scenario_about_something_else_catches_nothing() {
    let row = look(Defect::TokenIgnoresKey, "create/defaults").await;
    assert_eq!(row.fate(), Fate::Survived);
}

#[test]
fn blocked_and_vacuous_tests_catch_nothing_and_a_survivor_needs_someone_who_could_have_found_it() {
    let mut row = Row::new(Defect::TokenIgnoresKey);
    assert_eq!(row.fate(), Fate::OutOfReach, "nobody looked");
    row.caught.insert(
        Means::Scenarios,
        Catch { verdicts: [(kms_conformance::judge::Verdict::Blocked, 7)].into(), ..Catch::default() },
    );
    assert_eq!(row.fate(), Fate::Survived);
    assert!(matches!(Defect::FirstImportsRace.about().reach, Reach::Sequences(_)));
    let mut row = Row::new(Defect::FirstImportsRace);
    row.caught.insert(Means::Scenarios, Catch::default());
    assert_eq!(row.fate(), Fate::OutOfReach);
}

#[test]
fn a_survivor_fails_the_command_and_is_named() {
    let output = program(&["defects", "token-ignores-key", "--subject", "create", "--only", "scenarios"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("SURVIVED token-ignores-key"), "{}", stdout(&output));
    let output = program(&["defects", "token-ignores-key", "--subject", "import_token"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn a_run_names_the_defect_of_its_target_and_how_to_repeat_it() {
    let output = program(&["run", "--defect", "token-ignores-key", "--exact", "import_token/issued_for_another_key"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(shown.contains("the built-in emulator with the defect token-ignores-key is not conformant"), "{shown}");
    assert!(shown.contains("kms-conformance run --defect token-ignores-key --exact"), "{shown}");
}

#[test]
fn an_unknown_defect_is_a_usage_error_with_a_suggestion() {
    for arguments in [
        &["run", "--defect", "token-ignore-key"][..],
        &["emulator", "--defect", "token-ignore-key"],
        &["defects", "token-ignore-kez"],
    ] {
        let output = program(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("did you mean `token-ignores-key`?"), "{}", stderr(&output));
    }
    let output = program(&["run", "--defect", "token-ignores-key", "--endpoint", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_list_tells_what_each_defect_does() {
    let output = program(&["defects", "token-ignores-key", "--list"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("token-ignores-key\n  A token issued for one key"), "{}", stdout(&output));
    let all: serde_json::Value =
        serde_json::from_str(&stdout(&program(&["defects", "--list", "--format", "json"]))).unwrap();
    assert_eq!(all.as_array().unwrap().len(), Defect::ALL.len());
}
