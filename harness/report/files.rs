//! The files of a report, and the command that makes them.

use std::fs;

use kms_conformance::judge::Verdict;
use kms_conformance::runner::TestOutcome;

use crate::common::{expect, log_of, outcome, read, run, snapshot, stdout, text, write_log};

fn names(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_writes_the_files_that_a_report_makes_again_from_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let (out, again) = (dir.path().join("out"), dir.path().join("again"));
    expect(0, &["run", "--subject", "create", "--out", text(&out)]);
    expect(0, &["report", text(&out), "--out", text(&again)]);
    for name in names(&again) {
        assert_eq!(read(&again, &name), read(&out, &name), "{name}");
    }
    let mut expected = names(&again);
    expected.push("events.jsonl".to_owned());
    expected.sort();
    assert_eq!(names(&out), expected);
    assert!(["badge.svg", "junit.xml", "report.md", "results.json"].iter().all(|name| again.join(name).is_file()));
}

#[test]
fn stdout_is_what_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let human = expect(0, &["run", "--exact", "create/defaults", "--out", text(&out)]);
    assert_eq!(expect(0, &["report", text(&out)]), human);
    assert_eq!(expect(0, &["report", text(&out), "--format", "json"]), read(&out, "results.json"));
    assert_eq!(expect(0, &["report", text(&out), "--format", "markdown"]), read(&out, "report.md"));
}

#[test]
fn several_targets_are_shown_beside_each_other() {
    let dir = tempfile::tempdir().unwrap();
    for (name, verdict) in [("one", Verdict::Pass), ("other", Verdict::Deviation)] {
        let mut log = log_of(vec![outcome("own/a", verdict, "words")]);
        log.started.target = name.to_owned();
        write_log(&dir.path().join(name), &log);
    }
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let out = dir.path().join("out");
    let shown = expect(0, &["report", text(&one), text(&other), "--out", text(&out)]);
    assert!(shown.contains("one is conformant: 1 pass") && shown.contains("other is not conformant"), "{shown}");
    let results: serde_json::Value = serde_json::from_str(&read(&out, "results.json")).unwrap();
    assert_eq!(results["version"], 1);
    assert_eq!(results["runs"].as_array().unwrap().len(), 2);
    assert!(read(&out, "junit.xml").contains(r#"<testsuite name="other own""#));
    assert!(read(&out, "badge-2.svg").contains("not conformant"));
    assert!(!out.join("badge.svg").exists());
}

#[test]
fn a_very_long_answer_is_not_shown_whole() {
    let dir = tempfile::tempdir().unwrap();
    let long = "x".repeat(100_000);
    let all = Verdict::ALL.iter().map(|verdict| {
        let (title, why) = ("a scenario's title".to_owned(), "a scenario's reason".to_owned());
        TestOutcome { title, why, ..outcome(&format!("own/{verdict}"), *verdict, &long) }
    });
    write_log(dir.path(), &log_of(all.collect()));
    let output = run(&["report", text(dir.path())]);
    let longest = stdout(&output).lines().map(str::len).max().unwrap();
    assert!(longest < 10_000, "{longest}");
}

#[test]
fn help_shows_examples() {
    snapshot("help", &expect(0, &["report", "--help"]));
}
