//! Numbers of one run: the same in every report.

use kms_conformance::judge::Verdict;
use kms_conformance::report::{Digest, RunLog, files, html, junit, markdown};
use kms_conformance::runner::{Generated, TestOutcome};

use crate::common::{human, log_of, outcome};

/// Two tests, a property of generated sequences, and two deviations that its sequences found.
fn run() -> RunLog {
    let generated = |test: &str, verdict| {
        let property = "sequences/imports".to_owned();
        let generated = Generated { property, seed: 0, cases: 9, steps: 40, clients: 2, came_to: None };
        TestOutcome { generated: Some(generated), scenario: test.to_owned(), ..outcome(test, verdict, "seen") }
    };
    let mut property = generated("sequences/imports", Verdict::Deviation);
    property.findings.clear();
    let found = ["regressions/one", "regressions/other"].map(|test| generated(test, Verdict::Deviation));
    let tests = [outcome("own/a", Verdict::Pass, "fine"), outcome("own/b", Verdict::Deviation, "seen"), property];
    let mut log = log_of(tests.into_iter().chain(found).collect());
    log.started.tests = 3;
    log.started.target_version = Some("2.4.1".to_owned());
    log
}

#[test]
fn what_sequences_found_is_counted_in_every_report_alike() {
    let log = run();
    let digest = [Digest::of(&log)];
    let counts = "4 deviation (2 of them found by generated sequences)";
    assert!(human(&log).contains(&format!("1 pass, {counts}\n")), "{}", human(&log));
    assert!(markdown::render(&digest, 60_000).contains(&format!("1 pass, {counts}. ")));
    let page = html::render(std::slice::from_ref(&log));
    let counts = ["<b>5</b> of 5", "<span class=\"whole\">4 deviation,</span> <span class=\"whole\">1 pass</span>"];
    assert!(page.contains(&format!("{}<div class=\"note\">{}</div>", counts[0], counts[1])), "{page}");
    assert!(page.contains("<div class=\"note\">2 of them found by generated sequences</div>"));
    let results: serde_json::Value = serde_json::from_str(&files::Results::of(&digest).json()).unwrap();
    let sum = |counts: &serde_json::Value| -> u64 {
        counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
    };
    assert_eq!(sum(&results["tests"]), 5);
    assert_eq!(results["run"]["tests"].as_u64().unwrap() + results["found"].as_u64().unwrap(), 5);
    assert_eq!(results["subjects"].as_object().unwrap().values().map(sum).sum::<u64>(), 5);
    assert_eq!(results["results"].as_object().unwrap().len(), 5);
    let xml = junit::render(&[log]).unwrap();
    assert!(xml.contains("tests=\"5\"") && xml.matches("<testcase").count() == 5, "{xml}");
}

/// A property has no deviation of its own: what its sequences showed is told by other tests.
#[test]
fn markdown_counts_the_tests_whose_deviations_it_tells() {
    let text = markdown::render(&[Digest::of(&run())], 60_000);
    assert!(text.contains("#### Deviations: 3 tests in 3 kinds"), "{text}");
}

#[test]
fn every_report_names_the_version_of_the_target() {
    let log = run();
    let name = "http://a.example 2.4.1";
    assert!(human(&log).contains(&format!("{name} is not conformant")));
    assert!(markdown::render(&[Digest::of(&log)], 60_000).contains(name));
    assert!(junit::render(std::slice::from_ref(&log)).unwrap().contains("name=\"target_version\" value=\"2.4.1\""));
    let page = html::render(std::slice::from_ref(&log));
    assert!(page.contains(&format!("<title>KMS conformance: {name}</title>")));
    assert!(page.contains("<th scope=\"row\">Version<td>2.4.1"));
    // Of one target in two versions, each column says which.
    let mut older = log.clone();
    older.started.target_version = None;
    let page = html::render(&[older, log]);
    assert!(page.contains(&format!("<th scope=\"col\">http://a.example<th scope=\"col\">{name}")), "{page}");
    assert!(page.contains("<th scope=\"row\">Version<td><span class=\"none\">not given</span><td>2.4.1"));
}
