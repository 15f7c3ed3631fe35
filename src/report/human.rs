//! The report for a terminal: what deviates, with the evidence to mend it from, and a summary.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::groups::{DeviationGroup, Groups, Tests, repeat_command};
use super::summary::{Conclusion, Counts, Summary};
use crate::judge::{Evidence, Finding, Verdict};
use crate::rules::{self, Rule};
use crate::runner::{Event, RunStarted, TestOutcome};

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
    groups: Groups,
}

impl Human {
    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        self.summary.add(event);
        if let Event::TestFinished(outcome) = event {
            self.groups.add(outcome);
        }
    }

    /// The run, folded.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The whole report.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for group in self.groups.deviations() {
            self.deviation(&mut text, group);
        }
        self.observed(&mut text);
        self.undecided(&mut text);
        self.subjects(&mut text);
        self.last_line(&mut text);
        text
    }

    fn deviation(&self, text: &mut String, group: &DeviationGroup) {
        let (finding, outcome) = (&group.first.finding, &group.first.outcome);
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
        line(text, "repeat", &repeat_command(self.summary.run.as_ref(), &outcome.test));
        let others = group.other_tests();
        if !others.is_empty() {
            line(text, "also", &names(others.into_iter()));
        }
        text.push('\n');
    }

    fn observed(&self, text: &mut String) {
        if self.groups.observations().len() == 0 {
            return;
        }
        let _ = writeln!(text, "{BOLD}Open rules: what the target does where no source says what AWS does{BOLD:#}");
        for (rule, seen) in self.groups.observations() {
            for (observed, Tests { count, .. }) in seen {
                let _ = writeln!(text, "  {rule:<32} {observed} {DIM}({count}×){DIM:#}");
            }
        }
        text.push('\n');
    }

    /// Tests that came to no verdict on the target, by their reasons.
    fn undecided(&self, text: &mut String) {
        for (operation, Tests { count, .. }) in self.groups.unsupported() {
            let tests = if *count == 1 { "1 test needs it".to_owned() } else { format!("{count} tests need it") };
            let why = self.unsupported(operation);
            let _ = writeln!(text, "{YELLOW}UNSUPPORTED{YELLOW:#} {operation}: {why}; {tests}");
        }
        for (verdict, reason, tests) in self.groups.undecided() {
            let label = verdict.words().to_uppercase();
            let _ = writeln!(text, "{YELLOW}{label}{YELLOW:#} {reason}");
            let _ = writeln!(text, "  {}", names(tests.names.iter().map(String::as_str)));
        }
        let left: Vec<&str> = self.groups.left_behind().flat_map(|(_, keys)| keys).map(String::as_str).collect();
        if !left.is_empty() {
            let _ = writeln!(text, "{YELLOW}LEFT BEHIND{YELLOW:#} {}", left.join(" "));
        }
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }

    fn unsupported(&self, operation: &str) -> &'static str {
        let declared = self.summary.run.as_ref().and_then(|run| run.declared.as_ref());
        let says = |operations: &[String]| operations.iter().any(|name| name == operation);
        match declared {
            Some(declared) if says(&declared.lacks) => "its description says that it is not offered",
            Some(declared) if says(&declared.offers) => {
                "the target does not know it, although its description says that it is offered"
            }
            Some(_) | None => "the target does not know it",
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
        let target = self.summary.run.as_ref().map(RunStarted::target_and_version).unwrap_or_default();
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

/// The first names, and how many more there are.
fn names<'a>(tests: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = tests.len().saturating_sub(OTHER_CASES);
    let mut text = tests.take(OTHER_CASES).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
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
