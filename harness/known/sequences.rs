//! Lists of known deviations and generated sequences: what is known is neither shrunk nor counted against the run, and
//! nothing else hides behind it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::target::{Shown, program};

/// Sequences of imports against the emulator with a defect, with the event log in `out`.
fn run(dir: &Path, defect: &str, out: &str, more: &[&str]) -> Shown {
    let own = ["run", "--defect", defect, "--sequences", "100", "--out", out, "sequences/imports"];
    program(dir, &[&own[..], more].concat())
}

fn verdict(dir: &Path, out: &str, test: &str) -> Value {
    let results = fs::read_to_string(dir.join(out).join("results.json")).unwrap();
    let results: Value = serde_json::from_str(&results).unwrap();
    results["results"][test]["verdict"].clone()
}

#[test]
fn a_property_is_known_only_if_all_that_it_showed_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let shown = run(dir, "failed-import-enables", "first", &[]).ends_with(1);
    shown.says("2 distinct deviations").says("rules     CRE-EXT-FIELDS, IMP-INTERPRET-FAIL");
    let list = program(dir, &["known", "--from", "first"]).ends_with(0).stdout;
    fs::write(dir.join("all.yaml"), &list).unwrap();
    let shown = run(dir, "failed-import-enables", "all", &["--known", "all.yaml"]).ends_with(0);
    shown.says("is not conformant, but only as listed: 1 known deviation");
    assert!(!dir.join("all/regressions").exists(), "what is listed is not shrunk again");
    // Without the second of its two entries.
    let (start, second) = (list.find("- rule: ").unwrap(), list.rfind("- rule: IMP-INTERPRET-FAIL").unwrap());
    assert!(start < second);
    fs::write(dir.join("some.yaml"), &list[..second]).unwrap();
    run(dir, "failed-import-enables", "some", &["--known", "some.yaml"]).ends_with(1).says("2 deviation");
    assert_eq!(verdict(dir, "some", "sequences/imports"), "deviation");
    let told = "regressions/imp_interpret_fail_import_key_material_pending_import";
    assert_eq!(verdict(dir, "some", told), "deviation");
    assert_eq!(verdict(dir, "some", "regressions/cre_ext_fields_describe_key"), Value::Null, "it is listed");
}

#[test]
fn another_answer_than_the_listed_one_is_found_shrunk_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(dir, "token-ignores-key", "first", &[]).ends_with(1);
    let list = program(dir, &["known", "--from", "first"]).ends_with(0).stdout;
    fs::write(dir.join("known.yaml"), list.replace("answers: success", "answers: NotFoundException")).unwrap();
    let shown = run(dir, "token-ignores-key", "second", &["--known", "known.yaml"]).ends_with(1);
    shown.says("TOK-KEYBOUND is listed as `NotFoundException`, now it answers `success`");
    let found: Vec<_> =
        fs::read_dir(dir.join("second/regressions")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        found.iter().any(|name| name.to_string_lossy().starts_with("tok_keybound_import_key_material")),
        "{found:?}"
    );
}

/// A test that deviates from a rule in one operation must not hide what sequences find of the rule in another.
#[test]
fn another_operation_is_found_although_a_test_deviates_from_its_rule() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir_all(dir.join("scenarios/own")).unwrap();
    fs::write(dir.join("scenarios/own/wrong.yaml"), WRONG).unwrap();
    let own = ["--scenarios", "scenarios", "own/"];
    let shown = run(dir, "token-ignores-key", "first", &own).ends_with(1);
    shown.says("DEVIATION own/wrong").says("DEVIATION regressions/tok_keybound_import_key_material");
}

const WRONG: &str = r#"
name: a key is described as disabled
why: this is wrong on purpose, so that the rule does not hold in an operation that has nothing to do with it
steps:
  - CreateKey: { Origin: EXTERNAL }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - DescribeKey: { KeyId: "${k.KeyId}" }
    expect: { KeyMetadata: { KeyState: Disabled } }
    checks: TOK-KEYBOUND
"#;
