//! Running the program, and logs to make reports of.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kms_conformance::judge::{Difference, Evidence, Finding, Verdict};
use kms_conformance::report::{EVENT_LOG, Human, LogWriter, RunLog};
use kms_conformance::runner::{Event, TestOutcome};
use serde_json::{Map, json};

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    for name in ["KMS_CONFORMANCE_ENDPOINT", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").env("COLUMNS", "120");
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs, and expects an exit code.
pub(crate) fn expect(code: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/report");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Scenarios of which one deviates in two ways, one is vacuous, one observes and one holds.
pub(crate) fn scenarios() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("wrong.yaml"), WRONG).unwrap();
    fs::write(own.join("vacuous.yaml"), WRONG.replace("PendingImport", "Disabled")).unwrap();
    fs::write(own.join("right.yaml"), WRONG.replace("Enabled, ValidTo: { $present: true }", "PendingImport")).unwrap();
    fs::write(own.join("open.yaml"), OPEN).unwrap();
    dir
}

const WRONG: &str = r#"
name: a new key is enabled
why: this is wrong on purpose, so that a deviation can be looked at
matrix:
  - { spec: SYMMETRIC_DEFAULT, usage: ENCRYPT_DECRYPT }
  - { spec: HMAC_256, usage: GENERATE_VERIFY_MAC }
steps:
  - CreateKey: { Origin: EXTERNAL, KeySpec: "${spec}", KeyUsage: "${usage}" }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - DescribeKey: { KeyId: "${k.KeyId}" }
    expect: { KeyMetadata: { KeyState: Enabled, ValidTo: { $present: true } } }
    checks: CRE-EXT-STATE
"#;

const OPEN: &str = r#"
name: what an alias of a key that waits shows
why: nobody says
steps:
  - CreateKey: { Origin: EXTERNAL, KeySpec: SYMMETRIC_DEFAULT, KeyUsage: SIGN_VERIFY }
    observe: CRE-USAGE-SYM
"#;

/// A log of these outcomes, as of a run of the program's own scenarios that came to its end.
pub(crate) fn log_of(outcomes: Vec<TestOutcome>) -> RunLog {
    let started = json!({"event": "run_started", "version": 1, "suite_version": "0.1.0", "target": "http://a.example",
        "url": "http://a.example", "region": "us-east-1", "scenarios": null, "tests": outcomes.len(),
        "at": "2026-11-22T10:00:00Z"});
    let finished = json!({"event": "run_finished", "at": "2026-11-22T10:01:00Z", "stopped": null});
    let mut events: Vec<Event> = vec![serde_json::from_value(started).unwrap()];
    events.extend(outcomes.into_iter().map(|outcome| Event::TestFinished(Box::new(outcome))));
    events.push(serde_json::from_value(finished).unwrap());
    RunLog::from_events(events).unwrap()
}

/// A test in which everything that a target, or a scenario, can put in says `words`.
pub(crate) fn outcome(test: &str, verdict: Verdict, words: &str) -> TestOutcome {
    let rule: kms_conformance::rules::RuleId = "CRE-EXT-STATE".parse().unwrap();
    let difference = Difference { path: words.to_owned(), expected: words.to_owned(), found: words.to_owned() };
    let found = match verdict {
        Verdict::Deviation | Verdict::Pass | Verdict::Observed => Some(verdict),
        _ => None,
    };
    let finding = |verdict| Finding {
        rule: rule.clone(),
        verdict,
        line: 3,
        expected: Some(words.to_owned()),
        observed: words.to_owned(),
        differences: vec![difference.clone()],
        notes: vec![words.to_owned()],
        listed: None,
    };
    TestOutcome {
        test: test.to_owned(),
        scenario: "own/scenario".to_owned(),
        subject: "own".to_owned(),
        title: words.to_owned(),
        why: words.to_owned(),
        file: "own/scenario.yaml".to_owned(),
        text: None,
        verdict,
        reason: found.is_none().then(|| words.to_owned()),
        unsupported: if verdict == Verdict::Unsupported { vec![words.to_owned()] } else { Vec::new() },
        listed: None,
        rules: vec![rule.clone()],
        findings: found.map(finding).into_iter().collect(),
        exchanges: vec![evidence(words)],
        left_behind: vec![words.to_owned()],
        generated: None,
        elapsed_ms: 1.5,
    }
}

fn evidence(words: &str) -> Evidence {
    let id = Map::from_iter([("x-amzn-requestid".to_owned(), words.into())]);
    Evidence {
        line: 3,
        operation: "DescribeKey".to_owned(),
        request_headers: Map::new(),
        request: json!({"KeyId": words}),
        status: Some(200),
        response_headers: id,
        response: words.into(),
        outcome: words.to_owned(),
        elapsed_ms: 0.5,
        attempts: 1,
        caller: None,
    }
}

/// The report for a terminal, without its colours.
pub(crate) fn human(log: &RunLog) -> String {
    anstream::adapter::strip_str(&Human::of(log).render()).to_string()
}

/// Writes a log into a folder.
pub(crate) fn write_log(dir: &Path, log: &RunLog) {
    let mut writer = LogWriter::create(&dir.join(EVENT_LOG)).unwrap();
    log.events().for_each(|event| writer.add(&event).unwrap());
}
