//! Judging old event logs by today's rules: where nothing has changed, nothing changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use kms_conformance::emulator::{Config, Emulator};
use kms_conformance::judge::Verdict;
use kms_conformance::report::{KEPT, RunLog, rejudge};
use kms_conformance::runner::{Event, Options, Plan, Stopper, TestOutcome, run};
use kms_conformance::scenario::{Library, SourceFile, Test, parse};
use kms_conformance::target::Target;

/// A run against the emulator, written as an event log and read back.
async fn recorded(tests: &[Test]) -> RunLog {
    let target = Arc::new(Target::emulator(Emulator::new(Config::default())));
    let plan =
        Plan { tests: tests.iter().cloned().map(Arc::new).collect(), scenarios: None, shard: None, exploration: None };
    let mut events = Vec::new();
    run(
        target,
        plan,
        Options::default(),
        &Stopper::default(),
        |event| {
            events.push(serde_json::to_string(event).unwrap());
        },
        |_| (),
    )
    .await;
    RunLog::from_events(events.iter().map(|line| serde_json::from_str::<Event>(line).unwrap())).unwrap()
}

/// The outcome without the notes of what was kept, and how many there were.
fn without_kept(outcome: &TestOutcome) -> (TestOutcome, usize) {
    let mut outcome = outcome.clone();
    let mut kept = 0;
    for finding in &mut outcome.findings {
        let all = finding.notes.len();
        finding.notes.retain(|note| !note.starts_with(KEPT));
        kept += all - finding.notes.len();
    }
    (outcome, kept)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_judged_again_as_it_was_judged() {
    let library = Library::shipped().unwrap();
    let log = recorded(&library.tests).await;
    let again = rejudge(&log, &library);
    let (mut kept, mut findings) = (0, 0);
    let mut changed: BTreeMap<&str, String> = BTreeMap::new();
    for (old, new) in log.outcomes.iter().zip(&again.outcomes) {
        let (new, notes) = without_kept(new);
        kept += notes;
        findings += new.findings.len();
        if *old != new {
            changed.insert(
                &old.test,
                format!("{:?} {:?}\n{:?}\n{:?}", new.verdict, new.reason, old.findings, new.findings),
            );
        }
    }
    assert!(changed.is_empty(), "{} changed, such as {:#?}", changed.len(), changed.iter().take(8).collect::<Vec<_>>());
    // Proofs of the key material in force need its bytes.
    println!("{kept} of {findings} findings were kept as recorded");
    assert!(findings > 2000 && kept > 0 && kept * 12 < findings, "{kept} of {findings} findings were kept");
}

/// A scenario of which every part can be changed: what is sent, what is expected, and how far it goes.
const SCENARIO: &str = r#"
name: a key waits for its material, and says when that expires
why: to be judged again
steps:
  - set: { later: { $now: +30d } }
  - CreateKey: { Origin: EXTERNAL, Description: first }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - GetParametersForImport: { KeyId: "${k.KeyId}", WrappingAlgorithm: RSAES_OAEP_SHA_256, WrappingKeySpec: RSA_2048 }
    as: p
    expect: { KeyId: "${k.Arn}", ParametersValidTo: { $near: +24h, within: 5s } }
    checks: GPI-24H
  - DescribeKey: { KeyId: "${k.KeyId}" }
    expect: { KeyMetadata: { Arn: { $starts_with: "arn:aws:kms:${region}:${account}:" }, Description: first } }
    checks: CRE-EXT-STATE
  - CreateKey: { Origin: AWS_KMS }
    as: other
    expect: { KeyMetadata: { KeyState: Enabled } }
  - GenerateMac: { KeyId: "${other.KeyId}", Message: { $text: hello }, MacAlgorithm: HMAC_SHA_256 }
    fails: InvalidKeyUsageException
    checks: CRY-WRONG-USAGE
  - Encrypt: { KeyId: "${other.KeyId}", Plaintext: { $text: hello } }
    as: e
    expect: { CiphertextBlob: { $length: { min: 1, max: 6144 } } }
  - Decrypt: { CiphertextBlob: "${e.CiphertextBlob}" }
    expect: { Plaintext: { $text: hello } }
    checks: CRY-ROUNDTRIP
"#;

fn library(yaml: &str) -> Library {
    let file = SourceFile { path: "own/scenario.yaml".into(), text: yaml.to_owned() };
    Library { tests: parse("own/scenario", file).unwrap_or_else(|errors| panic!("{errors}")) }
}

/// The outcome of a run, judged again with these words of the scenario changed.
async fn judged_with(changes: &[(&str, &str)]) -> TestOutcome {
    let log = recorded(&library(SCENARIO).tests).await;
    assert_eq!(log.outcomes[0].verdict, Verdict::Pass, "{:?} {:#?}", log.outcomes[0].reason, log.outcomes[0].findings);
    judged_again(&log, changes)
}

fn judged_again(log: &RunLog, changes: &[(&str, &str)]) -> TestOutcome {
    let yaml = changes.iter().fold(SCENARIO.to_owned(), |yaml, (old, new)| {
        assert!(yaml.contains(old), "{old}");
        yaml.replace(old, new)
    });
    rejudge(log, &library(&yaml)).outcomes.remove(0)
}

#[tokio::test]
async fn nothing_changes_where_nothing_has_changed() {
    let outcome = judged_with(&[]).await;
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Pass, 4));
    assert!(outcome.findings.iter().all(|finding| finding.notes.is_empty()), "{:#?}", outcome.findings);
}

#[tokio::test]
async fn another_expectation_is_another_verdict() {
    for (old, new, rule) in [
        ("ParametersValidTo: { $near: +24h, within: 5s }", "ParametersValidTo: { $near: +12h, within: 5s }", "GPI-24H"),
        ("KeyId: \"${k.Arn}\", Para", "KeyId: \"${k.KeyId}\", Para", "GPI-24H"),
        ("${region}:${account}:", "${region}:111122223333:", "CRE-EXT-STATE"),
        ("Description: first } }\n    checks", "Description: second } }\n    checks", "CRE-EXT-STATE"),
        ("fails: InvalidKeyUsageException", "fails: ValidationException", "CRY-WRONG-USAGE"),
        ("expect: { Plaintext: { $text: hello } }", "expect: { Plaintext: { $text: hell } }", "CRY-ROUNDTRIP"),
        ("expect: { Plaintext: { $text: hello } }", "expect: { Plaintext: { $length: 4 } }", "CRY-ROUNDTRIP"),
        ("expect: { Plaintext: { $text: hello } }", "expect: { Plaintext: \"${e.CiphertextBlob}\" }", "CRY-ROUNDTRIP"),
    ] {
        let outcome = judged_with(&[(old, new)]).await;
        let deviations: Vec<&str> = outcome
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Deviation)
            .map(|finding| finding.rule.as_str())
            .collect();
        assert_eq!(deviations, [rule], "{new}: {:?} {:?}", outcome.verdict, outcome.reason);
        assert_eq!(outcome.verdict, Verdict::Deviation, "{new}");
    }
}

#[tokio::test]
async fn another_rule_is_charged_where_the_step_judges_another() {
    let outcome = judged_with(&[("checks: CRE-EXT-STATE", "checks: CRE-EXT-ECHO")]).await;
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(outcome.findings.iter().any(|finding| finding.rule.as_str() == "CRE-EXT-ECHO"), "{:#?}", outcome.findings);
}

#[tokio::test]
async fn a_scene_that_would_not_be_set_any_more_is_no_pass() {
    let outcome = judged_with(&[("{ KeyState: PendingImport }", "{ KeyState: Enabled }")]).await;
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Vacuous, 0));
}

#[tokio::test]
async fn a_scenario_that_calls_otherwise_has_to_be_run_again() {
    for (old, new) in [
        ("Description: first }\n    as: k", "Description: second }\n    as: k"),
        ("Message: { $text: hello }", "Message: { $text: hallo }"),
        ("WrappingKeySpec: RSA_2048", "WrappingKeySpec: RSA_3072"),
        ("  - CreateKey: { Origin: AWS_KMS }\n", "  - ListKeys: {}\n  - CreateKey: { Origin: AWS_KMS }\n"),
        ("Origin: AWS_KMS }", "Origin: AWS_KMS, Description: other }"),
    ] {
        let outcome = judged_with(&[(old, new)]).await;
        assert_eq!(outcome.verdict, Verdict::NotRun, "{new}");
        assert_eq!(outcome.reason.as_deref(), Some("the scenario has changed: run it again"), "{new}");
        assert!(outcome.findings.is_empty() && !outcome.exchanges.is_empty(), "{new}");
    }
}

#[tokio::test]
async fn a_test_that_ended_early_is_not_taken_for_one_that_would_go_on() {
    let wrong = [("fails: InvalidKeyUsageException", "expect: { KeyId: { $present: true } }")];
    let yaml = SCENARIO.replace(wrong[0].0, wrong[0].1);
    let log = recorded(&library(&yaml).tests).await;
    assert_eq!(log.outcomes[0].verdict, Verdict::Deviation);
    assert_eq!(judged_again(&log, &wrong).verdict, Verdict::Deviation);
    let outcome = judged_again(&log, &[]);
    assert_eq!(outcome.verdict, Verdict::NotRun);
    assert!(outcome.reason.unwrap().contains("run it again"));
    assert!(outcome.findings.iter().all(|finding| finding.verdict == Verdict::Pass));
}

#[tokio::test]
async fn what_rests_on_a_time_that_an_older_log_lacks_is_kept_with_a_note() {
    let mut log = recorded(&library(SCENARIO).tests).await;
    log.outcomes[0].exchanges.iter_mut().for_each(|evidence| evidence.caller = None);
    let outcome = judged_again(
        &log,
        &[("ParametersValidTo: { $near: +24h, within: 5s }", "ParametersValidTo: { $near: +12h, within: 5s }")],
    );
    assert_eq!(outcome.verdict, Verdict::Pass);
    let kept: Vec<_> = outcome.findings.iter().filter(|f| f.notes.iter().any(|note| note.starts_with(KEPT))).collect();
    assert_eq!(kept.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["GPI-24H"]);
    // Account and Region are in the ARNs.
    let outcome = judged_again(&log, &[("${region}:${account}:", "${region}:111122223333:")]);
    assert_eq!(outcome.verdict, Verdict::Deviation);
}

#[tokio::test]
async fn a_test_that_is_gone_says_nothing() {
    let log = recorded(&library(SCENARIO).tests).await;
    let outcome = rejudge(&log, &Library { tests: Vec::new() }).outcomes.remove(0);
    assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::NotRun, 0));
    assert_eq!(outcome.reason.as_deref(), Some("there is no such test any more"));
}
