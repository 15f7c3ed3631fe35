//! Profiles: what a run may be said to show.

use std::sync::OnceLock;

use kms_conformance::judge::{Finding, Verdict};
use kms_conformance::report::profiles::{self, Claim, ClaimStanding};
use kms_conformance::report::{RunLog, Summary, badge};
use kms_conformance::runner::TestOutcome;
use kms_conformance::scenario::{Library, Test};
use serde_json::Value;

use crate::common::{expect, log_of, outcome, read, run, stderr, text, write_log};

/// A log of the tests of one profile in which every rule passed.
fn tokens() -> &'static RunLog {
    static LOG: OnceLock<RunLog> = OnceLock::new();
    LOG.get_or_init(|| {
        let profile = profiles::get("tokens").unwrap();
        let tests = Library::shipped().unwrap().tests;
        let chosen = tests.iter().filter(|test| test.rules().iter().any(|rule| profile.has(rule)));
        log_of(chosen.map(passed).collect())
    })
}

fn passed(test: &Test) -> TestOutcome {
    let mut passed = outcome(&test.name, Verdict::Pass, "fine");
    let finding = passed.findings.remove(0);
    passed.rules = test.rules().into_iter().cloned().collect();
    passed.findings = passed.rules.iter().map(|rule| Finding { rule: rule.clone(), ..finding.clone() }).collect();
    passed
}

fn claim(log: &RunLog, profile: &str) -> Claim {
    let claims = Summary::of(log).profiles;
    claims.into_iter().find(|claim| claim.profile == profile).unwrap()
}

#[test]
fn a_profile_chooses_the_tests_of_its_rules_and_passes_with_them() {
    let dir = tempfile::tempdir().unwrap();
    expect(0, &["run", "--profile", "tokens", "--out", text(dir.path())]);
    let log = RunLog::read(dir.path()).unwrap();
    let claim = claim(&log, "tokens");
    assert_eq!(claim.standing, ClaimStanding::Pass);
    assert_eq!((claim.kept, claim.open.len(), claim.deviating.len()), (claim.rules, 0, 0));
    let start = log.started.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(claim.valid_until.unwrap() - start, jiff::Span::new().days(90).fieldwise());
}

#[test]
fn a_profile_of_which_tests_are_left_out_is_not_tested() {
    let mut log = tokens().clone();
    assert_eq!(claim(&log, "multi_region").standing, ClaimStanding::NotTested);
    log.outcomes.pop();
    log.started.tests -= 1;
    assert_eq!(claim(&log, "tokens").standing, ClaimStanding::NotTested);
    let mut killed = tokens().clone();
    killed.finished = None;
    assert_eq!(claim(&killed, "tokens").standing, ClaimStanding::NotTested);
    let mut others = tokens().clone();
    others.outcomes[0].findings[0].verdict = Verdict::Deviation;
    others.started.scenarios = Some("mine".into());
    assert_eq!(claim(&others, "tokens").standing, ClaimStanding::NotTested, "of scenarios that nobody here wrote");
}

#[test]
fn one_deviation_fails_a_profile() {
    let mut log = tokens().clone();
    let finding = log.outcomes.iter_mut().flat_map(|outcome| &mut outcome.findings);
    let finding = finding.into_iter().find(|finding| finding.rule.as_str() == "TOK-KEYBOUND").unwrap();
    finding.verdict = Verdict::Deviation;
    let claim = claim(&log, "tokens");
    assert_eq!(claim.standing, ClaimStanding::Fail);
    assert_eq!(claim.deviating, ["TOK-KEYBOUND".parse().unwrap()]);
    assert_eq!((claim.kept, claim.valid_until), (claim.rules - 1, None));
    assert_eq!(claim.words(), format!("fail: 1 of {} rules deviates", claim.rules));
}

#[test]
fn a_rule_that_a_test_left_open_is_not_kept_though_others_passed() {
    for verdict in [Verdict::Blocked, Verdict::Vacuous, Verdict::Inconclusive, Verdict::HarnessError] {
        let mut log = tokens().clone();
        let judges = |outcome: &&mut TestOutcome| outcome.rules.iter().any(|rule| rule.as_str() == "TOK-KEYBOUND");
        let outcome = log.outcomes.iter_mut().find(judges).unwrap();
        outcome.verdict = verdict;
        outcome.findings.clear();
        // As in logs of before a test's rules were kept, on every other turn.
        if verdict == Verdict::Vacuous {
            outcome.rules.clear();
        }
        let claim = claim(&log, "tokens");
        assert_eq!(claim.standing, ClaimStanding::Partly, "{verdict}");
        assert!(claim.open.iter().any(|rule| rule.as_str() == "TOK-KEYBOUND"), "{verdict}");
    }
}

#[test]
fn a_rule_that_nothing_passed_is_not_kept() {
    let mut log = tokens().clone();
    for outcome in &mut log.outcomes {
        outcome.verdict = Verdict::Unsupported;
        outcome.findings.clear();
    }
    let claim = claim(&log, "tokens");
    assert_eq!((claim.standing, claim.kept), (ClaimStanding::Partly, 0));
}

#[test]
fn results_and_badge_tell_of_the_profile() {
    let dir = tempfile::tempdir().unwrap();
    let shown = expect(0, &["run", "--profile", "expiry", "--subject", "expiry", "--out", text(dir.path())]);
    assert!(!shown.contains("Profiles"), "with another filter tests are left out: {shown}");
    write_log(dir.path(), tokens());
    let shown = expect(0, &["report", text(dir.path()), "--out", text(dir.path()), "--profile", "tokens"]);
    assert!(shown.contains("Profiles\n  tokens  pass: "), "{shown}");
    let results: Value = serde_json::from_str(&read(dir.path(), "results.json")).unwrap();
    let claims = results["profiles"].as_array().unwrap();
    assert_eq!(claims.len(), profiles::all().len());
    let tokens = claims.iter().find(|claim| claim["profile"] == "tokens").unwrap();
    assert_eq!(tokens["standing"], "pass");
    assert!(
        read(dir.path(), "badge.svg").contains("<title>KMS Import tokens: pass 20"),
        "{}",
        read(dir.path(), "badge.svg")
    );
    expect(0, &["report", text(dir.path()), "--out", text(dir.path())]);
    assert!(read(dir.path(), "badge.svg").contains("<title>KMS imported keys: conformant 20"));
    expect(0, &["report", text(dir.path()), "--out", text(dir.path()), "--profile", "hmac"]);
    assert!(read(dir.path(), "badge.svg").contains("<title>KMS HMAC keys: not tested 20"));
}

#[test]
fn an_unknown_profile_is_refused_with_those_that_there_are() {
    for arguments in [["run", "--profile", "everything"], ["report", "x", "--profile=everything"]] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("the profiles are core_import, expiry"), "{}", stderr(&output));
    }
}

#[test]
fn a_badge_looks_as_it_should() {
    let mut log = tokens().clone();
    log.started.at = "2026-11-22T10:00:00Z".parse().unwrap();
    crate::common::snapshot("badge", &badge::render(&Summary::of(&log), None));
}
