//! Mistakes in lists of known deviations are explained under their lines.

use std::collections::BTreeSet;
use std::fs;

use kms_conformance::known::{KnownDeviations, Names, schema};
use kms_conformance::scenario::{Library, SourceFile};

/// Every file in `harness/malformed_known` has a mistake; its message is a snapshot that a person has read.
#[test]
fn every_mistake_is_explained_under_its_line() {
    let names = Names::of_library(&Library::shipped().unwrap());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/malformed_known");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        let files = files();
        assert!(files.len() >= 16, "{} files", files.len());
        for (name, text) in files {
            let file = SourceFile { path: format!("{name}.yaml"), text };
            let errors = KnownDeviations::parse(file, &names).expect_err(&name);
            let shown = errors.to_string();
            assert!(shown.contains("help: "), "{name} does not say what to write instead:\n{shown}");
            assert!(shown.contains(&format!("--> {name}.yaml:")), "{name} does not say where:\n{shown}");
            insta::assert_snapshot!(name, shown);
        }
    });
}

/// An editor shows most mistakes while they are made. What only the program finds is listed here.
#[test]
fn the_schema_refuses_what_an_editor_can_see() {
    const PROGRAM_ONLY: &[&str] = &[
        "broken_yaml",
        "case_for_a_scenario",
        "day_that_is_none",
        "listed_twice",
        "rule_of_another_scenario",
        "unknown_case",
        "unknown_scenario",
        "unknown_test",
    ];
    let validator = jsonschema::validator_for(&schema::json_schema()).unwrap();
    let valid = |text: &str| {
        let options = serde_yaml::options! { strict_booleans: true };
        let instance: Option<serde_json::Value> = serde_yaml::from_str_with_options(text, options).ok();
        instance.is_none_or(|instance| validator.is_valid(&instance))
    };
    let accepted: BTreeSet<String> =
        files().into_iter().filter(|(_, text)| valid(text)).map(|(name, _)| name).collect();
    assert_eq!(accepted.iter().map(String::as_str).collect::<Vec<_>>(), PROGRAM_ONLY);
}

fn files() -> Vec<(String, String)> {
    let entries = fs::read_dir("harness/malformed_known").unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}
