//! What the sources may name: the model and the emulator share no logic, and the model has no rules of its own.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::rules;

/// The sources of a module, without those of its tests, with their comments taken out.
fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module), &mut sources);
    assert!(sources.len() > 5, "{module}: {sources:?}");
    sources
}

fn collect(dir: &Path, sources: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(dir).expect("the sources are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                collect(&path, sources);
            }
        } else if path.extension().is_some_and(|end| end == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            let text = fs::read_to_string(&path).expect("a source");
            // Test modules come last in a file.
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = lines.collect::<Vec<_>>().join("\n");
            sources.push((path, code));
        }
    }
}

/// The uses of one of these modules of the crate, in whatever way they are written.
fn uses(code: &str, modules: &[&str]) -> Vec<String> {
    let modules = modules.join("|");
    let path =
        Regex::new(&format!(r"\b(?:crate|kms_conformance|super(?:::super)*)::(?:{modules})\b")).expect("an expression");
    let group = Regex::new(r"(?s)\b(?:crate|kms_conformance)::\{.*?;").expect("an expression");
    let member = Regex::new(&format!(r"\b(?:{modules})\b")).expect("an expression");
    let paths = path.find_iter(code).map(|found| found.as_str().to_owned());
    let groups = group.find_iter(code).filter(|found| member.is_match(found.as_str()));
    paths.chain(groups.map(|found| found.as_str().to_owned())).collect()
}

#[test]
fn the_model_and_the_emulator_know_nothing_of_each_other() {
    for (module, others) in [
        ("model", &["emulator", "sequence"][..]),
        ("sequence", &["emulator"]),
        ("emulator", &["model", "sequence", "rules", "scenario", "states"]),
    ] {
        for (path, code) in sources(module) {
            assert_eq!(uses(&code, others), [""; 0], "{}", path.display());
        }
    }
}

#[test]
fn every_way_to_name_a_module_is_found() {
    for code in [
        "use crate::emulator::Emulator;",
        "let emulator = crate::emulator::Emulator::new();",
        "use super::super::emulator;",
        "use crate::{kms::Operation, emulator::Emulator};",
        "use crate::{\n    kms,\n    emulator,\n};",
    ] {
        assert_eq!(uses(code, &["emulator", "model"]).len(), 1, "{code}");
    }
    assert!(
        uses("use crate::kms::Operation; use crate::emulators; use crate::model_of;", &["emulator", "model"])
            .is_empty()
    );
}

/// What a rule's name that the catalogue does not have would judge is never judged.
#[test]
fn every_rule_that_the_model_names_is_in_the_catalogue() {
    let name = Regex::new(r#""([A-Z0-9]{3,}(?:-[A-Z0-9]+)+)""#).expect("an expression");
    let mut named = 0;
    for (path, code) in sources("model") {
        for [rule] in name.captures_iter(&code).map(|captures| captures.extract().1) {
            assert!(rules::catalogue().get(rule).is_some(), "{}: {rule}", path.display());
            named += 1;
        }
    }
    assert!(named > 60, "only {named}");
}
