//! A list of known deviations, from the run that it is made of to the day when it is out of date.

use super::target::Bench;

/// The target's keys are enabled from the start, which is wrong, and it knows no aliases. All that is listed.
fn listed() -> Bench {
    let bench = Bench::new("Enabled");
    bench.run("first", &[]).ends_with(1).says("DEVIATION own/state");
    bench.program(&["known", "--from", "first", "--out", "known.yaml"]).ends_with(0);
    bench
}

/// The line, counted from 1, that begins with these words.
fn line(text: &str, words: &str) -> usize {
    1 + text.lines().position(|line| line.trim_start().starts_with(words)).unwrap()
}

#[test]
fn the_list_of_a_run_reads_well_and_is_always_the_same() {
    let bench = listed();
    let text = bench.read("known.yaml");
    let shown = text.replace(&bench.url, "<url>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"run of \d{4}-\d{2}-\d{2} with", "run of <day> with");
    settings.bind(|| insta::assert_snapshot!("known", shown));
    assert_eq!(bench.program(&["known", "--from", "first/events.jsonl"]).ends_with(0).stdout, text);
    bench.run("second", &[]);
    assert_eq!(bench.program(&["known", "--from", "second"]).ends_with(0).stdout, text, "from another run");
}

#[test]
fn what_is_listed_does_not_fail_a_run() {
    let bench = listed();
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(0);
    let shown = shown.notes("known.yaml: 2 entries lack a reason").says("is not conformant, but only as listed");
    let shown = shown.says("2 known deviation, 1 unsupported (listed), 1 vacuous (listed)");
    assert!(!shown.stdout.contains("DEVIATION"), "{}", shown.stdout);
    let results: serde_json::Value = serde_json::from_str(&bench.read("second/results.json")).unwrap();
    assert_eq!(results["conclusion"], "as_listed");
    assert_eq!(results["rules"]["CRE-EXT-STATE"]["known_deviation"], 2);
    // A list of a run that was held against a list is the same.
    let again = bench.program(&["known", "--from", "second"]).ends_with(0).stdout;
    assert_eq!(again, bench.read("known.yaml"));
}

#[test]
fn another_wrong_answer_fails_a_run_with_file_and_line() {
    let bench = listed();
    let line = line(&bench.read("known.yaml"), "- rule: CRE-EXT-STATE");
    bench.keys_are("Disabled");
    let says = format!(
        "known.yaml:{line}: CRE-EXT-STATE is listed as `success; KeyMetadata.KeyState \"Enabled\"`, \
         now it answers `success; KeyMetadata.KeyState \"Disabled\"`"
    );
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(1).says(&says).says("DEVIATION own/state");
    shown.says("where \"PendingImport\" sets the scene`, now `vacuous: ");
}

#[test]
fn what_is_mended_fails_a_run_until_it_is_taken_out() {
    let bench = listed();
    bench.keys_are("PendingImport");
    let text = bench.read("known.yaml");
    let rule = line(&text, "- rule: CRE-EXT-STATE");
    let unjudged = line(&text, "- because:");
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(1);
    let shown =
        shown.says(&format!("UNEXPECTED PASS known.yaml:{rule}: CRE-EXT-STATE is listed as `success; KeyMetadata."));
    let shown = shown.says(&format!("UNEXPECTED PASS known.yaml:{unjudged}: listed as `vacuous: "));
    shown.says("3 unexpected pass");
    bench.program(&["known", "--from", "second", "--out", "known.yaml"]).ends_with(0);
    bench.run("third", &["--known", "known.yaml"]).ends_with(0).says("3 pass, 1 unsupported (listed)");
}

#[test]
fn a_case_that_is_mended_is_told_from_those_that_are_not() {
    let bench = listed();
    let text = bench
        .read("known.yaml")
        .replace("    scenario: own/state\n", "    scenario: own/state\n    cases: ['spec=RSA_2048']\n");
    bench.write("known.yaml", &text);
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(1);
    shown.says("DEVIATION own/state[spec=SYMMETRIC_DEFAULT]").says("1 known deviation").says("1 deviation");
}

#[test]
fn an_answer_that_differs_from_run_to_run_is_listed_with_all_of_them() {
    let bench = listed();
    let one = "answers: 'success; KeyMetadata.KeyState \"Enabled\"'";
    let both = "answers:\n      - 'success; KeyMetadata.KeyState \"Disabled\"'\n      - 'success; KeyMetadata.KeyState \"Enabled\"'";
    let text = bench.read("known.yaml").replace(one, both);
    bench.write("known.yaml", &text);
    bench.run("second", &["--known", "known.yaml"]).ends_with(0).says("2 known deviation");
    bench.keys_are("Disabled");
    bench.run("third", &["--known", "known.yaml", "--exact", "own/state"]).ends_with(0).says("2 known deviation");
    let merged = bench.program(&["known", "--from", "second", "--merge", "known.yaml"]).ends_with(0).stdout;
    assert_eq!(merged, text);
}

#[test]
fn a_list_of_several_runs_has_the_answers_of_all_of_them() {
    let bench = listed();
    bench.keys_are("Disabled");
    bench.run("other", &[]).ends_with(1);
    let both = bench.program(&["known", "--from", "first", "--from", "other", "--out", "both.yaml"]).ends_with(0);
    assert_eq!(both.stdout, "");
    let text = bench.read("both.yaml");
    let answers = "    answers:\n      - 'success; KeyMetadata.KeyState \"Disabled\"'\n      - 'success; KeyMetadata.KeyState \"Enabled\"'\n";
    assert!(text.contains(answers) && text.contains("from its 2 runs of "), "{text}");
    assert!(text.contains("  - because:\n      - 'vacuous: CreateKey shows"), "{text}");
    bench.run("third", &["--known", "both.yaml"]).ends_with(0).says("2 known deviation");
    bench.keys_are("Enabled");
    bench.run("fourth", &["--known", "both.yaml"]).ends_with(0).says("2 known deviation");
    let merged = bench.program(&["known", "--from", "first", "--merge", "both.yaml"]).ends_with(0).stdout;
    assert_eq!(merged.lines().skip(1).collect::<Vec<_>>(), text.lines().skip(1).collect::<Vec<_>>());
    // Two runs alike are as one.
    let twice = bench.program(&["known", "--from", "first", "--from", "first"]).ends_with(0).stdout;
    assert_eq!(twice.lines().skip(1).collect::<Vec<_>>(), bench.read("known.yaml").lines().skip(1).collect::<Vec<_>>());
    bench.write("elsewhere.jsonl", &bench.read("first/events.jsonl").replacen(&bench.url, "http://elsewhere", 1));
    bench.program(&["known", "--from", "first", "--from", "elsewhere.jsonl"]).ends_with(2).notes("of several targets");
}

#[test]
fn an_operation_that_is_offered_now_fails_a_run_until_it_is_taken_out() {
    let bench = listed();
    bench.answer("CreateAlias", 400, r#"{"__type":"NotFoundException"}"#);
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(1);
    shown.says("CreateAlias is listed as not offered, but it is: take it out of the list").says("1 unexpected pass");
}

#[test]
fn an_entry_whose_tests_are_not_run_is_named_and_does_not_fail() {
    let bench = listed();
    let shown = bench.run("second", &["--known", "known.yaml", "--exact", "own/state"]);
    shown.ends_with(0).notes("not seen: own/described").notes("not seen: CreateAlias");
}

#[test]
fn an_entry_holds_to_the_end_of_its_last_day() {
    let bench = listed();
    let text = bench.read("known.yaml");
    let with = |day: &str| text.replacen("    reason:", &format!("    until: {day}\n    reason:"), 1);
    bench.write("known.yaml", &with("2026-01-01"));
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(1);
    shown.says("which is listed until 2026-01-01 only");
    bench.write("known.yaml", &with("9999-01-01"));
    bench.run("third", &["--known", "known.yaml"]).ends_with(0);
}

#[test]
fn reasons_are_kept_when_a_list_is_brought_up_to_date() {
    let bench = listed();
    let text = bench.read("known.yaml").replacen(
        "reason: 'TODO: say why'",
        "reason: 'keys are made at once'\n    link: 'https://issues.example/1'",
        1,
    );
    bench.write("known.yaml", &text);
    let merged = |from: &str| bench.program(&["known", "--from", from, "--merge", "known.yaml"]).ends_with(0).stdout;
    assert_eq!(merged("first"), text);
    // Of what this run leaves out, the old list is all that is known.
    bench.run("alias", &["--exact", "own/alias"]);
    assert!(merged("alias").contains("  # The run says nothing of this one.\n  - rule: CRE-EXT-STATE"));
    bench.keys_are("Disabled");
    bench.run("second", &[]);
    assert!(!merged("second").contains("keys are made at once"), "the answer is another one");
}

#[test]
fn a_list_with_a_mistake_or_none_at_all_ends_with_2() {
    let bench = listed();
    let text = bench.read("known.yaml").replace("own/state", "own/sate");
    bench.write("known.yaml", &text);
    let shown = bench.run("second", &["--known", "known.yaml"]).ends_with(2);
    shown.notes("there is no scenario `own/sate`").notes("did you mean `own/state`?").notes("--> known.yaml:");
    bench.run("second", &["--known", "nothing.yaml"]).ends_with(2).notes("cannot read nothing.yaml");
    bench.program(&["known", "--from", "nowhere"]).ends_with(2).notes("give the folder of a `run --out`");
}

#[test]
fn an_old_log_is_held_against_a_list_too() {
    let bench = listed();
    let report = |more: &[&str]| bench.program(&[&["report", "first"], more].concat()).ends_with(0);
    report(&[]).says("DEVIATION own/state");
    report(&["--known", "known.yaml"]).says("is not conformant, but only as listed");
    report(&["--known", "known.yaml", "--rejudge"]).says("is not conformant, but only as listed");
    let junit = |text: &str| {
        (text.matches("<failure").count(), text.matches("<error").count(), text.matches("<skipped").count())
    };
    report(&["--out", "plain"]);
    assert_eq!(junit(&bench.read("plain/junit.xml")), (2, 1, 1));
    report(&["--known", "known.yaml", "--out", "held"]);
    assert_eq!(junit(&bench.read("held/junit.xml")), (0, 0, 4));
    assert!(bench.read("held/report.md").contains("**as listed**"));
    bench.keys_are("PendingImport");
    bench.run("second", &["--known", "known.yaml"]).ends_with(1);
    assert_eq!(junit(&bench.read("second/junit.xml")), (3, 0, 1));
    assert!(bench.read("second/report.md").contains("**unexpected pass**"));
}

#[test]
fn an_old_log_is_judged_by_the_rules_of_today() {
    let bench = listed();
    bench.program(&["report", "first", "--rejudge"]).ends_with(0).notes("of 0 tests the verdict is another one");
    let scenario = "scenarios/own/state.yaml";
    bench.write(scenario, &bench.read(scenario).replace("KeyState: PendingImport", "KeyState: Enabled"));
    let shown = bench.program(&["report", "first", "--rejudge"]).ends_with(0);
    shown.notes("of 2 tests the verdict is another one").says("2 pass, 1 unsupported, 1 vacuous");
}
