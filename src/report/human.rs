//! The report for a terminal: what deviates, with the evidence to mend it from, and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use anstyle::{AnsiColor, Style};
use regex::Regex;
use serde_json::Value;

use super::normalise::Normaliser;
use super::summary::{Conclusion, Counts, Summary};
use crate::judge::{Evidence, Finding, Verdict};
use crate::rules::{self, Rule};
use crate::runner::{Event, TestOutcome};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
/// So many cases are named beside the one that is shown.
const OTHER_CASES: usize = 6;

/// The report for a terminal. Deviations of one kind (scenario, rule and what was seen) are shown once, with the case
/// that came first by name and the names of the others.
#[derive(Debug, Default)]
pub struct Human {
    summary: Summary,
    deviations: BTreeMap<(String, String, String), Vec<Deviation>>,
    observations: BTreeMap<String, BTreeMap<String, usize>>,
}

#[derive(Debug)]
struct Deviation {
    finding: Finding,
    outcome: TestOutcome,
}

impl Human {
    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        self.summary.add(event);
        let Event::TestFinished(outcome) = event else { return };
        for finding in &outcome.findings {
            match finding.verdict {
                Verdict::Deviation => self.add_deviation(finding, outcome),
                Verdict::Observed => {
                    let seen = self.observations.entry(finding.rule.to_string()).or_default();
                    *seen.entry(general(&finding.observed)).or_default() += 1;
                }
                _ => {}
            }
        }
    }

    /// The run, folded.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    fn add_deviation(&mut self, finding: &Finding, outcome: &TestOutcome) {
        let kind = finding.observed.split(':').next().unwrap_or_default().to_owned();
        let paths: Vec<&str> = finding.differences.iter().map(|d| d.path.as_str()).collect();
        let key = (outcome.scenario.clone(), finding.rule.to_string(), format!("{kind} {}", paths.join(" ")));
        let group = self.deviations.entry(key).or_default();
        group.push(Deviation { finding: finding.clone(), outcome: outcome.clone() });
        group.sort_by(|a, b| a.outcome.test.cmp(&b.outcome.test));
        // Only the first is shown whole.
        for other in group.iter_mut().skip(1) {
            other.outcome.exchanges.clear();
        }
    }

    /// The whole report.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for group in self.deviations.values() {
            if let Some((first, others)) = group.split_first() {
                self.deviation(&mut text, first, others);
            }
        }
        self.observed(&mut text);
        self.undecided(&mut text);
        self.subjects(&mut text);
        self.last_line(&mut text);
        text
    }

    fn deviation(&self, text: &mut String, deviation: &Deviation, others: &[Deviation]) {
        let (finding, outcome) = (&deviation.finding, &deviation.outcome);
        let _ = writeln!(text, "{RED}DEVIATION{RED:#} {BOLD}{}{BOLD:#}", outcome.test);
        let _ = writeln!(text, "  {}", outcome.title);
        if let Some(rule) = rules::catalogue().get(finding.rule.as_str()) {
            rule_lines(text, rule);
        }
        expected_and_observed(text, finding);
        for note in &finding.notes {
            line(text, "note", note);
        }
        line(text, "because", &outcome.why);
        steps(text, outcome, finding.line);
        if let Some(evidence) = outcome.exchanges.iter().find(|evidence| evidence.line == finding.line) {
            exchange(text, evidence);
        }
        line(text, "repeat", &self.repeat(&outcome.test));
        also(text, &outcome.test, others);
        text.push('\n');
    }

    /// The command that runs just this test again.
    fn repeat(&self, test: &str) -> String {
        let run = self.summary.run.as_ref();
        let endpoint = run.and_then(|run| run.url.as_ref()).map(|url| format!(" --endpoint {url}")).unwrap_or_default();
        let defect =
            run.and_then(|run| run.defect.as_ref()).map(|name| format!(" --defect {name}")).unwrap_or_default();
        let region = run.map(|run| run.region.as_str()).filter(|region| *region != crate::target::DEFAULT_REGION);
        let region = region.map(|region| format!(" --region {region}")).unwrap_or_default();
        let scenarios = run.and_then(|run| run.scenarios.as_ref()).map(|dir| format!(" --scenarios {dir}"));
        format!("kms-conformance run{endpoint}{defect}{region}{} --exact '{test}'", scenarios.unwrap_or_default())
    }

    fn observed(&self, text: &mut String) {
        if self.observations.is_empty() {
            return;
        }
        let _ = writeln!(text, "{BOLD}Open rules: what the target does where no source says what AWS does{BOLD:#}");
        for (rule, seen) in &self.observations {
            for (observed, count) in seen {
                let _ = writeln!(text, "  {rule:<32} {observed} {DIM}({count}×){DIM:#}");
            }
        }
        text.push('\n');
    }

    /// Tests that came to no verdict on the target, by their reasons.
    fn undecided(&self, text: &mut String) {
        let mut unsupported: BTreeMap<&str, usize> = BTreeMap::new();
        let mut reasons: BTreeMap<(Verdict, String), Vec<&str>> = BTreeMap::new();
        for (test, result) in &self.summary.results {
            for operation in &result.unsupported {
                *unsupported.entry(operation).or_default() += 1;
            }
            let told = [Verdict::Deviation, Verdict::Observed, Verdict::Unsupported].contains(&result.verdict);
            if let Some(reason) = result.reason.as_ref().filter(|_| !told) {
                reasons.entry((result.verdict, general(reason))).or_default().push(test);
            }
        }
        for (operation, count) in unsupported {
            let tests = if count == 1 { "1 test needs it".to_owned() } else { format!("{count} tests need it") };
            let _ = writeln!(text, "{YELLOW}UNSUPPORTED{YELLOW:#} {operation}: the target does not know it; {tests}");
        }
        for ((verdict, reason), tests) in reasons {
            let label = verdict.words().to_uppercase();
            let _ = writeln!(text, "{YELLOW}{label}{YELLOW:#} {reason}");
            let _ = writeln!(text, "  {}", names(&tests));
        }
        let left: Vec<&str> =
            self.summary.results.values().flat_map(|result| &result.left_behind).map(String::as_str).collect();
        if !left.is_empty() {
            let _ = writeln!(text, "{YELLOW}LEFT BEHIND{YELLOW:#} {}", left.join(" "));
        }
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }

    fn subjects(&self, text: &mut String) {
        let width = self.summary.subjects.keys().map(String::len).max().unwrap_or(0);
        for (subject, counts) in &self.summary.subjects {
            let _ = writeln!(text, "  {subject:<width$}  {}", coloured(counts));
        }
    }

    fn last_line(&self, text: &mut String) {
        let style = match self.summary.conclusion {
            Conclusion::Conformant => GREEN,
            Conclusion::NotConformant | Conclusion::HarnessError => RED,
            Conclusion::Undecided | Conclusion::Interrupted => YELLOW.bold(),
        };
        let target = self.summary.run.as_ref().map_or("", |run| run.target.as_str());
        let _ = writeln!(text, "{target} is {style}{}{style:#}", self.summary.verdict_line());
    }
}

fn line(text: &mut String, label: &str, content: &str) {
    let _ = writeln!(text, "  {DIM}{label:<9}{DIM:#} {content}");
}

fn rule_lines(text: &mut String, rule: &Rule) {
    line(text, "rule", &format!("{} ({}): {}", rule.id, rule.evidence.as_str(), rule.says));
    for (position, source) in rule.sources.iter().enumerate() {
        line(text, if position == 0 { "source" } else { "" }, &source.to_string());
    }
    if let Some(conflict) = &rule.conflict {
        line(text, "but", conflict);
    }
}

/// Of a refusal, or of a call that went the wrong way, the whole outcome; else the members that differ.
fn expected_and_observed(text: &mut String, finding: &Finding) {
    let expected = finding.expected.as_deref().unwrap_or("");
    if finding.differences.is_empty() || finding.observed != "success" {
        line(text, "expected", expected);
        line(text, "observed", &finding.observed);
    }
    // Of another exception, and of its status, the outcome has said it.
    let said = |path: &str| finding.differences.iter().any(|d| d.path == "the exception") && path.starts_with("the ");
    for difference in finding.differences.iter().filter(|difference| !said(&difference.path)) {
        line(text, "expected", &format!("{} {}", difference.path, difference.expected));
        line(text, "observed", &format!("{} {}", difference.path, difference.found));
    }
}

/// The calls that set the scene, and the judged one.
fn steps(text: &mut String, outcome: &TestOutcome, judged: usize) {
    for (position, evidence) in outcome.exchanges.iter().take_while(|evidence| evidence.line <= judged).enumerate() {
        let mark = if evidence.line == judged { "►" } else { " " };
        let label = if position == 0 { "steps" } else { "" };
        let at = format!("{}:{}", outcome.file, evidence.line);
        let operation = &evidence.operation;
        line(text, label, &format!("{mark} {operation:<26} {} {DIM}{at}{DIM:#}", evidence.outcome));
    }
}

fn exchange(text: &mut String, evidence: &Evidence) {
    let body = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    line(text, "request", &body(&evidence.request));
    let status = evidence.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let id = evidence.response_headers.get("x-amzn-requestid").and_then(Value::as_str);
    let id = id.map(|id| format!(" {DIM}(request id {id}){DIM:#}")).unwrap_or_default();
    line(text, "response", &format!("{status} {}{id}", body(&evidence.response)));
}

fn also(text: &mut String, shown: &str, others: &[Deviation]) {
    let mut tests: Vec<&str> = others.iter().map(|other| other.outcome.test.as_str()).collect();
    tests.retain(|test| *test != shown);
    tests.dedup();
    if !tests.is_empty() {
        line(text, "also", &names(&tests));
    }
}

fn names(tests: &[&str]) -> String {
    let mut text = tests.iter().take(OTHER_CASES).copied().collect::<Vec<_>>().join(", ");
    if tests.len() > OTHER_CASES {
        let _ = write!(text, " and {} more", tests.len() - OTHER_CASES);
    }
    text
}

fn coloured(counts: &Counts) -> String {
    let part = |(verdict, count): (Verdict, usize)| {
        let style = match verdict {
            Verdict::Pass => GREEN,
            Verdict::Deviation | Verdict::HarnessError => RED,
            Verdict::Unsupported | Verdict::Blocked | Verdict::Vacuous | Verdict::Inconclusive => YELLOW,
            Verdict::NotRun | Verdict::Observed => DIM,
        };
        format!("{style}{count} {verdict}{style:#}")
    };
    counts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Text without what differs from run to run, so that like things are counted together.
fn general(text: &str) -> String {
    static BLOB: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r", blob \d+").unwrap_or_else(|_| unreachable!("every test compiles it")));
    BLOB.replace_all(&Normaliser::default().apply(text), "").into_owned()
}
