//! The program as a user runs it: exit codes, what goes to stdout, what its files hold.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kms_conformance::runner::Event;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    command
        .env_remove("KMS_CONFORMANCE_ENDPOINT")
        .env_remove("GITHUB_STEP_SUMMARY")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "120");
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn scenarios(yaml: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("own")).unwrap();
    fs::write(dir.path().join("own/scenario.yaml"), yaml).unwrap();
    dir
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A rule that holds nowhere: the emulator's new keys are not enabled.
const WRONG: &str = r#"
name: a new key is enabled
why: this is wrong on purpose, so that a deviation can be looked at
steps:
  - CreateKey: { Origin: EXTERNAL }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - DescribeKey: { KeyId: "${k.KeyId}" }
    expect: { KeyMetadata: { KeyState: Enabled, ValidTo: { $present: true } } }
    checks: CRE-EXT-STATE
"#;

#[test]
fn a_conformant_target_ends_with_0() {
    let output = run(&["run", "--subject", "create"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).lines().last().unwrap().starts_with("the built-in emulator is conformant: "));
}

#[test]
fn a_deviation_ends_with_1_and_can_be_mended_from_what_is_shown() {
    let dir = scenarios(WRONG);
    let output = run(&["run", "--scenarios", dir.path().to_str().unwrap(), "--sequences", "0"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output).replace(&dir.path().display().to_string(), "<dir>");
    let shown = kms_conformance::report::Normaliser::default().apply(&shown);
    snapshot("deviation", &shown);
}

#[test]
fn a_failed_precondition_is_no_deviation_and_ends_with_3() {
    let dir = scenarios(&WRONG.replace("PendingImport", "Disabled"));
    let output = run(&["run", "--scenarios", dir.path().to_str().unwrap(), "--sequences", "0"]);
    assert_eq!(output.status.code(), Some(3));
    let shown = stdout(&output);
    assert!(shown.contains("VACUOUS CreateKey (line 5)"), "{shown}");
    assert!(!shown.contains("DEVIATION"), "{shown}");
}

#[test]
fn usage_errors_end_with_2() {
    for arguments in [
        &["run", "--no-such-flag"][..],
        &["run", "no_such_test"],
        &["run", "--rule", "NO-SUCH-RULE"],
        &["run", "--subject", "no_such_subject"],
        &["run", "--scenarios", "no/such/folder"],
        &["run", "--max-wait", "soon"],
        &["run", "--endpoint", "not a url"],
        &["run", "--endpoint", "https://kms.us-east-1.amazonaws.com"],
        &["rules", "NO-SUCH-RULE"],
        &["rules", "--subject", "nothing"],
        &["emulator", "--listen", "nowhere"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("error"), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}: talk belongs on stderr");
    }
}

#[test]
fn a_mistake_in_a_scenario_ends_with_2_and_names_file_line_and_column() {
    let dir = scenarios(&WRONG.replace("DescribeKey", "DescribeKye"));
    let output = run(&["run", "--scenarios", dir.path().to_str().unwrap(), "--sequences", "0"]);
    assert_eq!(output.status.code(), Some(2));
    let shown = stderr(&output);
    assert!(shown.contains("own/scenario.yaml:8:5"), "{shown}");
    assert!(shown.contains("did you mean `DescribeKey`?"), "{shown}");
}

#[test]
fn list_prints_names_and_runs_nothing() {
    let output = run(&["run", "--list", "--rule", "TOK-KEYBOUND"]);
    assert_eq!(output.status.code(), Some(0));
    let names = stdout(&output);
    assert!(!names.is_empty());
    assert!(names.lines().all(|name| name.contains('/')), "{names}");
    assert!(output.stderr.is_empty());
}

#[test]
fn names_choose_tests_whole_or_in_part() {
    let listed = |arguments: &[&str]| {
        let output = run(&[&["run", "--list"], arguments].concat());
        stdout(&output).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = listed(&[]);
    let part = listed(&["import_token"]);
    assert!(!part.is_empty() && part.len() < all.len());
    assert!(part.iter().all(|name| name.contains("import_token")));
    let one = listed(&["--exact", &part[0]]);
    assert_eq!(one, [part[0].as_str()]);
}

#[test]
fn json_on_stdout_is_the_results_file() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("report");
    let output = run(&["run", "--subject", "create", "--format", "json", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let printed: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let written: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap();
    assert_eq!(printed, written);
    assert_eq!(printed["version"], 1);
    assert_eq!(printed["conclusion"], "conformant");
}

#[test]
fn the_event_log_is_a_line_an_event_and_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&["run", "--subject", "create", "--out", dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let events = read_events(dir.path());
    let Some(Event::RunStarted(started)) = events.first() else { panic!("the first event starts the run") };
    assert_eq!(started.version, 1);
    assert_eq!(started.tests, events.len() - 2);
    assert!(matches!(events.last(), Some(Event::RunFinished(_))));
}

/// Key material, tokens and ciphertexts are all longer than any word that belongs into an artefact. What may look like
/// them is the id of a key material.
#[test]
fn no_artefact_holds_anything_like_a_blob() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&["run", "import_token", "wrapping", "reimport", "--out", dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let long = regex::Regex::new("[A-Za-z0-9+/]{40,}").unwrap();
    let material_id = regex::Regex::new("^[0-9a-f]{64}$").unwrap();
    let files = ["events.jsonl", "results.json"].map(|name| fs::read_to_string(dir.path().join(name)).unwrap());
    for text in files.iter().chain([&stdout(&output), &stderr(&output)]) {
        let suspicious: Vec<&str> =
            long.find_iter(text).map(|found| found.as_str()).filter(|word| !harmless(word, &material_id)).collect();
        assert!(suspicious.is_empty(), "{suspicious:?}");
    }
}

fn harmless(word: &str, material_id: &regex::Regex) -> bool {
    let name = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase()) || part.ends_with("Exception");
    material_id.is_match(word) || word.split('/').all(name) || word.contains("WithoutPlaintext")
}

fn read_events(dir: &Path) -> Vec<Event> {
    let log = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rules_tell_what_is_known_and_what_checks_it() {
    let output = run(&["rules", "TOK-KEYBOUND"]);
    assert_eq!(output.status.code(), Some(0));
    snapshot("rule", &stdout(&output));
    let json: serde_json::Value = serde_json::from_str(&stdout(&run(&["rules", "--json"]))).unwrap();
    assert!(json.as_array().unwrap().len() > 90);
}

#[test]
fn help_shows_examples_and_exit_codes() {
    snapshot("help", &stdout(&run(&["--help"])));
    for command in ["run", "known", "diff"] {
        snapshot(&format!("help-{command}"), &stdout(&run(&[command, "--help"])));
    }
}

#[test]
fn a_pages_promises_are_shown_with_how_they_stand_today() {
    for page in ["cli-v1", "dotnet-v3", "cli-v2", "powershell", "paws"] {
        let output = run(&["rules", "--source", page]);
        assert_eq!(output.status.code(), Some(0), "{page}");
        assert!(stdout(&output).contains("promises: "), "{page}");
    }
    assert_eq!(run(&["rules", "--source", "no-such-page"]).status.code(), Some(2));
}

#[test]
fn the_text_of_a_shipped_scenario_is_printed() {
    for name in ["import_token/issued_for_another_key", "key_states/encrypt_while_disabled[spec=SYMMETRIC_DEFAULT]"] {
        let output = run(&["scenario", name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert!(stdout(&output).contains("steps:"), "{name}");
    }
    assert_eq!(run(&["scenario", "no/such"]).status.code(), Some(2));
}
