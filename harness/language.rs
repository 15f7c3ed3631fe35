//! The scenario language: mistakes are explained, the schema is in step, the shipped scenarios are well-formed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kms_conformance::report::{Coverage, Standing};
use kms_conformance::rules::{self, Rule};
use kms_conformance::scenario::{Library, SourceFile, parse, schema};

/// Every file in `harness/malformed` has a mistake; its message is a snapshot that a person has read.
#[test]
fn every_mistake_is_explained_under_its_line() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/malformed");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        let mut files: Vec<_> = fs::read_dir("harness/malformed").unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 30, "{} files", files.len());
        for path in files {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let file = SourceFile { path: format!("{name}.yaml"), text: fs::read_to_string(&path).unwrap() };
            let errors = parse(&format!("malformed/{name}"), file).expect_err(&name);
            let shown = errors.to_string();
            assert!(shown.contains("help: "), "{name} does not say what to write instead:\n{shown}");
            assert!(shown.contains(&format!("--> {name}.yaml:")), "{name} does not say where:\n{shown}");
            insta::assert_snapshot!(name, shown);
        }
    });
}

#[test]
fn the_schema_file_is_the_one_that_the_program_makes() {
    let path = Path::new("scenarios/schema.json");
    let published = fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == schema::json_schema_text(),
        "scenarios/schema.json is out of step: run `cargo run -- schema > scenarios/schema.json`"
    );
}

#[test]
fn the_schema_accepts_every_shipped_scenario() {
    let validator = jsonschema::validator_for(&schema::json_schema()).unwrap();
    for path in scenario_files(Path::new("scenarios")) {
        let text = fs::read_to_string(&path).unwrap();
        let instance = instance(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&instance).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {}", path.display(), errors.join("\n"));
    }
}

/// An editor shows most mistakes while they are made. What only the parser finds is listed here.
#[test]
fn the_schema_refuses_what_an_editor_can_see() {
    const PARSER_ONLY: &[&str] = &[
        "bad_regular_expression",
        "blob_that_is_not_base64",
        "broken_yaml",
        "duplicate_key",
        "duplicate_member",
        "expect_beside_fails",
        "length_for_a_key_pair",
        "matrix_rows_differ",
        "matrix_value_that_does_not_fit",
        "matrix_variable_unused",
        "name_bound_twice",
        "no_rule_anywhere",
        "not_witnessed",
        "reference_to_a_member_that_is_not_there",
        "reference_to_nothing",
        "refusal_of_what_is_not_observed",
        "required_member_left_out",
        "show_what_is_not_there",
        "show_without_observe",
        "unclosed_reference",
        "unknown_client",
        "unknown_material",
        "wrap_under_what_is_no_wrapping_key",
    ];
    let validator = jsonschema::validator_for(&schema::json_schema()).unwrap();
    let mut accepted = BTreeSet::new();
    for entry in fs::read_dir("harness/malformed").unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let valid = instance(&text).is_none_or(|instance| validator.is_valid(&instance));
        if valid {
            accepted.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
    assert_eq!(accepted, PARSER_ONLY);
}

#[test]
fn names_of_tests_are_unique_and_subjects_are_folders() {
    let library = Library::shipped().unwrap_or_else(|error| panic!("{error}"));
    let names: BTreeSet<&str> = library.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names.len(), library.tests.len());
    let scenarios: BTreeSet<&str> = library.tests.iter().map(|test| test.scenario.name.as_str()).collect();
    assert!(scenarios.len() >= 60, "{} scenarios", scenarios.len());
    for name in scenarios {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'/'), "{name}");
        assert_eq!(name.matches('/').count(), 1, "{name}");
    }
}

/// Coverage is computed from the scenarios; that no scenario lacks a rule is held by the parser.
#[test]
fn every_judged_rule_has_a_scenario_or_says_why_it_cannot_have_one() {
    let coverage = Coverage::of(&Library::shipped().unwrap().tests);
    let standing = |rule: &&Rule, standing| coverage.standing(rule) == standing;
    let missing: Vec<&str> =
        rules::catalogue().iter().filter(|r| standing(r, Standing::Missing)).map(|r| r.id.as_str()).collect();
    assert!(missing.is_empty(), "no scenario judges {missing:?}: write one, or say `unchecked:` why there is none");
    let excused: Vec<&str> = rules::catalogue()
        .iter()
        .filter(|rule| rule.unchecked.is_some() && coverage.row(rule).tests > 0)
        .map(|rule| rule.id.as_str())
        .collect();
    assert!(excused.is_empty(), "scenarios do check {excused:?}: take `unchecked:` out");
}

/// The file as an editor's YAML 1.2 reads it.
fn instance(yaml: &str) -> Option<serde_json::Value> {
    serde_yaml::from_str_with_options(yaml, serde_yaml::options! { strict_booleans: true }).ok()
}

fn scenario_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(scenario_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files
}
