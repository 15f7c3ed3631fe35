//! The report as JUnit XML, for the test pages of CI systems: a suite per subject, a case per test.
//!
//! A deviation is a failure, whose type is the rule; a test that could not be decided is an error, so that nobody takes
//! it for a pass; one that was not run, or whose operation is not offered, is skipped with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, Property, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};
use serde_json::Value;

use super::groups::{Case, Contrast};
use super::run_log::RunLog;
use super::text::shorten;
use crate::judge::{Evidence, ListedStanding, Verdict};
use crate::rules::{self, RuleId};
use crate::runner::{RunStarted, TestOutcome, repeat_command};

/// CI systems show a message in a line.
const LONGEST_MESSAGE: usize = 500;
/// So many characters of a body are shown.
const LONGEST_BODY: usize = 4_000;

/// The report on one run, or on several, whose suites are then named after their targets, too.
///
/// # Errors
/// When the XML writer fails, which it has no reason to.
pub fn render(runs: &[RunLog]) -> Result<String, SerializeError> {
    let mut report = Report::new("kms-conformance");
    if let Some(start) = runs.iter().map(|run| run.started.at).min() {
        report.set_timestamp(instant(start));
    }
    for run in runs {
        let mut subjects: BTreeMap<&str, Vec<&TestOutcome>> = BTreeMap::new();
        for outcome in &run.outcomes {
            subjects.entry(&outcome.subject).or_default().push(outcome);
        }
        for (subject, outcomes) in subjects {
            let name = if runs.len() > 1 {
                format!("{} {subject}", run.started.target_and_version())
            } else {
                subject.to_owned()
            };
            report.add_test_suite(suite(&name, &run.started, &outcomes));
        }
    }
    report.to_string()
}

fn instant(at: jiff::Timestamp) -> DateTime<Utc> {
    SystemTime::from(at).into()
}

fn suite(name: &str, run: &RunStarted, outcomes: &[&TestOutcome]) -> TestSuite {
    let mut suite = TestSuite::new(clean(name));
    suite.set_timestamp(instant(run.at));
    suite.set_time(outcomes.iter().map(|outcome| took(outcome)).sum());
    suite.add_property(Property::new("target", clean(&run.target)));
    if let Some(version) = &run.target_version {
        suite.add_property(Property::new("target_version", clean(version)));
    }
    suite.add_property(Property::new("region", clean(&run.region)));
    suite.add_property(Property::new("suite_version", clean(&run.suite_version)));
    suite.add_test_cases(outcomes.iter().map(|outcome| case(run, outcome)));
    suite
}

fn took(outcome: &TestOutcome) -> Duration {
    Duration::try_from_secs_f64(outcome.elapsed_ms / 1e3).unwrap_or_default()
}

fn case(run: &RunStarted, outcome: &TestOutcome) -> TestCase {
    let mut case = TestCase::new(clean(&outcome.test), status(run, outcome));
    case.set_classname(clean(&outcome.scenario));
    case.set_time(took(outcome));
    case.add_property(Property::new("verdict", outcome.verdict.words()));
    for rule in rules_of(outcome) {
        case.add_property(Property::new("rule", rule.as_str()));
    }
    for key in &outcome.left_behind {
        case.add_property(Property::new("left_behind", clean(key)));
    }
    match outcome.verdict {
        Verdict::Pass | Verdict::Observed | Verdict::NotRun | Verdict::KnownDeviation | Verdict::Unsupported => {}
        Verdict::UnexpectedPass
        | Verdict::Deviation
        | Verdict::Blocked
        | Verdict::Vacuous
        | Verdict::Inconclusive
        | Verdict::HarnessError => {
            case.set_system_out(clean(&evidence(outcome)));
        }
    }
    case
}

/// The test's rules, each once; of a log of before they were kept, those that were come to.
fn rules_of(outcome: &TestOutcome) -> Vec<&RuleId> {
    let mut rules: Vec<&RuleId> = outcome.rules.iter().collect();
    for finding in &outcome.findings {
        if !rules.contains(&&finding.rule) {
            rules.push(&finding.rule);
        }
    }
    rules
}

fn status(run: &RunStarted, outcome: &TestOutcome) -> TestCaseStatus {
    let reason = || clean(&shorten(outcome.reason.as_deref().unwrap_or_default(), LONGEST_MESSAGE));
    let listed = || clean(&shorten(&listed(outcome), LONGEST_MESSAGE));
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_type(outcome.verdict.words()).set_message(message);
        status
    };
    let excused = outcome.listed.as_ref().is_some_and(|listed| listed.standing == ListedStanding::AsListed);
    match outcome.verdict {
        Verdict::KnownDeviation => skipped(listed()),
        Verdict::Blocked | Verdict::Vacuous if excused => skipped(listed()),
        Verdict::UnexpectedPass => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(outcome.verdict.words()).set_message(listed());
            status
        }
        Verdict::Pass | Verdict::Observed => TestCaseStatus::success(),
        Verdict::Deviation => failure(run, outcome),
        Verdict::Unsupported | Verdict::NotRun => skipped(reason()),
        Verdict::Blocked | Verdict::Vacuous | Verdict::Inconclusive | Verdict::HarnessError => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(outcome.verdict.words()).set_message(reason());
            let repeat = repeat_command(Some(run), outcome);
            status.set_description(clean(&format!("{}\n{}\nrepeat: {repeat}", outcome.title, outcome.why)));
            status
        }
    }
}

/// What the list of known deviations says of a test.
fn listed(outcome: &TestOutcome) -> String {
    let findings = outcome.findings.iter().filter_map(|finding| finding.listed.as_ref());
    findings.chain(&outcome.listed).map(|listed| listed.says.as_str()).collect::<Vec<_>>().join("; ")
}

/// JUnit has one failure a test: the first rule is its type, and the text tells of all.
fn failure(run: &RunStarted, outcome: &TestOutcome) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let (mut message, mut text) = (None, format!("{}\n{}\n", outcome.title, outcome.why));
    for finding in outcome.findings.iter().filter(|finding| finding.verdict == Verdict::Deviation) {
        let case = Case { finding: finding.clone(), outcome: outcome.clone() };
        let _ = writeln!(text, "\n{} ({})", finding.rule, outcome.place(finding.line));
        if let Some(rule) = rules::catalogue().get(finding.rule.as_str()) {
            let _ = writeln!(text, "  rule: {} ({})", rule.says, rule.evidence);
            for source in &rule.sources {
                let _ = writeln!(text, "  source: {source}");
            }
        }
        for Contrast { expected, observed } in case.contrasts() {
            let _ = writeln!(text, "  expected: {expected}\n  observed: {observed}");
            if message.is_none() {
                status.set_type(finding.rule.as_str());
                message = Some(format!("{}: expected {expected}, observed {observed}", finding.rule));
            }
        }
    }
    let _ = write!(text, "\nrepeat: {}", repeat_command(Some(run), outcome));
    // What generated sequences came to is told by the outcomes of those that deviated.
    let message = message.unwrap_or_else(|| outcome.reason.clone().unwrap_or_default());
    let message = shorten(&message, LONGEST_MESSAGE);
    status.set_message(clean(&message)).set_description(clean(&text));
    status
}

/// Text that XML can hold: what it cannot, such as a control character that a target put into a message, is replaced.
fn clean(text: &str) -> String {
    let invalid = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.replace(invalid, "\u{fffd}")
}

/// Every call in a line, and those that were judged and found wrong, or else the last, in full.
fn evidence(outcome: &TestOutcome) -> String {
    let judged = |line: usize| {
        outcome.findings.iter().any(|finding| finding.line == line && finding.verdict == Verdict::Deviation)
    };
    let any = outcome.exchanges.iter().any(|evidence| judged(evidence.line));
    let last = outcome.exchanges.last().map(|evidence| evidence.line);
    let mut text = String::new();
    for evidence in &outcome.exchanges {
        let _ = writeln!(text, "{} {} {}", outcome.place(evidence.line), evidence.operation, evidence.outcome);
        if judged(evidence.line) || (!any && last == Some(evidence.line)) {
            exchange(&mut text, evidence);
        }
    }
    text
}

fn exchange(text: &mut String, evidence: &Evidence) {
    let body = |value: &Value| match value {
        Value::String(text) => shorten(text, LONGEST_BODY),
        other => shorten(&other.to_string(), LONGEST_BODY),
    };
    let status = evidence.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let _ = writeln!(text, "  request: {}\n  response: {status} {}", body(&evidence.request), body(&evidence.response));
}
