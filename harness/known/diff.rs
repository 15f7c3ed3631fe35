//! Two runs compared: of a target that changes, and of two targets.

use super::target::Bench;

/// Runs before and after: keys are in these states.
fn runs(before: &str, after: &str) -> Bench {
    let bench = Bench::new(before);
    bench.run("before", &[]);
    bench.keys_are(after);
    bench.run("after", &[]);
    bench
}

#[test]
fn a_rule_that_held_and_does_not_any_more_has_regressed() {
    let bench = runs("PendingImport", "Enabled");
    let shown = bench.program(&["diff", "before", "after"]).ends_with(1).says("Regressed (2)");
    let shown = shown.says("CRE-EXT-STATE own/state").says("answers success; KeyMetadata.KeyState \"Enabled\"");
    shown.says("No longer tested (1)").says("2 regressed, 0 fixed, 0 wrong with another answer");
    let shown = bench.program(&["diff", "after", "before"]).ends_with(0).says("Fixed (2)");
    shown.says("Newly tested (1)").says("0 regressed, 2 fixed");
}

#[test]
fn another_wrong_answer_is_neither_better_nor_worse() {
    let bench = runs("Enabled", "Disabled");
    let shown = bench.program(&["diff", "before", "after"]).ends_with(0);
    shown.says("Wrong as before, with another answer (2)").says("0 regressed, 0 fixed, 2 wrong with another answer");
}

#[test]
fn what_is_wrong_in_both_alike_is_counted() {
    let bench = runs("Enabled", "Enabled");
    let shown = bench.program(&["diff", "before", "after/events.jsonl"]).ends_with(0);
    shown.says("0 newly tested, 0 no longer tested, 2 still wrong, 0 still right");
}

#[test]
fn an_operation_that_is_not_offered_any_more_has_regressed() {
    let bench = Bench::new("PendingImport");
    bench.answer("CreateAlias", 400, r#"{"__type":"NotFoundException"}"#);
    bench.run("before", &[]).ends_with(0);
    bench.answer("CreateAlias", 400, r#"{"__type":"UnknownOperationException"}"#);
    bench.run("after", &[]);
    bench.program(&["diff", "before", "after"]).ends_with(1).says("not offered: CreateAlias").says("1 regressed");
}

#[test]
fn markdown_is_for_release_notes_and_json_for_programs() {
    let bench = runs("Enabled", "PendingImport");
    let text = bench.program(&["diff", "before", "after", "--format", "markdown"]).ends_with(0).stdout;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"run of \d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC", "run of <time>");
    settings.bind(|| insta::assert_snapshot!("diff-markdown", text.replace(&bench.url, "<url>")));
    let json = bench.program(&["diff", "before", "after", "--format", "json"]).ends_with(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["changes"]["fixed"][0]["rule"], "CRE-EXT-STATE");
    assert_eq!(json["changes"]["fixed"][0]["tests"].as_array().unwrap().len(), 2);
    assert_eq!(json["changes"]["regressed"], serde_json::Value::Null);
}

#[test]
fn of_two_targets_nothing_is_said_to_have_regressed() {
    let (bench, other) = (Bench::new("PendingImport"), Bench::new("Enabled"));
    bench.run("one", &[]);
    other.run("two", &[]);
    let two = other.path("two");
    let shown = bench.program(&["diff", "one", two.to_str().unwrap()]).ends_with(1);
    let shown = shown.says(&format!("Right at {}, wrong or not offered at {} (2)", bench.url, other.url));
    assert!(!shown.stdout.to_lowercase().contains("regressed"), "{}", shown.stdout);
}

#[test]
fn other_versions_and_other_rules_are_told() {
    let bench = runs("PendingImport", "PendingImport");
    let log = bench.read("before/events.jsonl");
    let (version, found) = (concat!("\"suite_version\":\"", env!("CARGO_PKG_VERSION"), "\""), "CRE-EXT-STATE");
    assert!(log.contains(version) && log.contains(found));
    let old = log.replace(version, "\"suite_version\":\"0.0.9\"").replace(found, "CRE-EXT-OLD");
    bench.write("old.jsonl", &old);
    let shown = bench.program(&["diff", "old.jsonl", "after"]).ends_with(0);
    let shown = shown.says("The versions of kms-conformance differ: 0.0.9, then ");
    let shown = shown.says("Rules of which only the new run says something: CRE-EXT-STATE");
    shown.says("Rules of which only the old run says something: CRE-EXT-OLD");
    bench.program(&["diff", "old.jsonl", "nowhere"]).ends_with(2).notes("give the folder of a `run --out`");
}
