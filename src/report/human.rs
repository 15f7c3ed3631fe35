//! The report for a terminal: what deviates, with the evidence to mend it from, and a summary.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::digest::Digest;
use super::groups::{Case, Contrast, DeviationGroup, Tests, unsupported};
use super::profiles::{Claim, ClaimStanding};
use super::run_log::RunLog;
use super::summary::{Conclusion, Counts, Summary};
use super::text::{names, plural, shorten};
use crate::judge::{Evidence, ListedStanding, Verdict};
use crate::rules::{self, Rule, RuleId};
use crate::runner::{Event, Generated, repeat_command};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
/// So many cases are named beside the one that is shown.
const OTHER_CASES: usize = 6;
/// So many characters of what a target said are shown in a line.
const LONGEST: usize = 400;
/// So many characters of a body are shown.
const LONGEST_BODY: usize = 4_000;

/// The report for a terminal. Deviations of one kind (scenario, rule and what was seen) are shown once, with the case
/// that came first by name and the names of the others.
#[derive(Debug, Default)]
pub struct Human {
    digest: Digest,
}

impl Human {
    /// Takes in the next event.
    pub fn add(&mut self, event: &Event) {
        self.digest.add(event);
    }

    /// The report on a run that is over, or was killed.
    #[must_use]
    pub fn of(log: &RunLog) -> Self {
        Self { digest: Digest::of(log) }
    }

    /// The run, folded.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The run's summary.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.digest.summary
    }

    /// The whole report.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for group in self.digest.groups.deviations() {
            self.deviation(&mut text, group);
        }
        self.sequences(&mut text);
        self.listed(&mut text);
        self.observed(&mut text);
        self.undecided(&mut text);
        self.subjects(&mut text);
        self.profiles(&mut text);
        self.last_line(&mut text);
        text
    }

    /// The report without findings: counts by subject, profiles, conclusion.
    #[must_use]
    pub fn render_overview(&self) -> String {
        let mut text = format!("{BOLD}{}{BOLD:#}\n", self.digest.target());
        self.subjects(&mut text);
        self.profiles(&mut text);
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
        expected_and_observed(text, &group.first);
        for note in &finding.notes {
            line(text, "note", &shorten(note, LONGEST));
        }
        line(text, "because", &outcome.why);
        steps(text, &group.first);
        if let Some(evidence) = group.first.exchange() {
            exchange(text, evidence);
        }
        line(text, "repeat", &repeat_command(self.digest.summary.run.as_ref(), outcome));
        let others = group.other_tests();
        if !others.is_empty() {
            line(text, "also", &names(others.into_iter(), OTHER_CASES));
        }
        text.push('\n');
    }

    /// What the list of known deviations says. Of a deviation that it does not excuse, the deviation's note has said it.
    fn listed(&self, text: &mut String) {
        for (standing, says, tests) in self.digest.groups.listed() {
            let (style, label) = match standing {
                ListedStanding::AsListed => (DIM, "KNOWN"),
                ListedStanding::Gone => (RED, "UNEXPECTED PASS"),
                ListedStanding::Otherwise | ListedStanding::Overdue => (RED, "NOT AS LISTED"),
            };
            let _ = writeln!(text, "{style}{label}{style:#} {says}");
            let _ = writeln!(text, "  {}", names(tests.names.iter().map(String::as_str), OTHER_CASES));
        }
        if self.digest.groups.listed().len() > 0 {
            text.push('\n');
        }
    }

    /// The properties of generated sequences that do not hold.
    fn sequences(&self, text: &mut String) {
        for outcome in self.digest.groups.sequences() {
            let reason = outcome.reason.as_deref().unwrap_or_default();
            let (style, listed) = match outcome.verdict {
                Verdict::KnownDeviation => (DIM, ", all listed"),
                _ => (RED, ""),
            };
            let _ = writeln!(text, "{style}SEQUENCES{style:#} {BOLD}{}{BOLD:#} {reason}{listed}", outcome.test);
            let rules = outcome.generated.as_ref().map(Generated::deviating).unwrap_or_default();
            let counted = |(rule, count): (&&RuleId, &usize)| match count {
                1 => rule.to_string(),
                many => format!("{rule} ({many})"),
            };
            let rules: Vec<String> = rules.iter().map(counted).collect();
            if !rules.is_empty() {
                line(text, if rules.len() == 1 { "rule" } else { "rules" }, &rules.join(", "));
            }
            line(text, "repeat", &repeat_command(self.digest.summary.run.as_ref(), outcome));
        }
        if self.digest.groups.sequences().len() > 0 {
            text.push('\n');
        }
    }

    fn observed(&self, text: &mut String) {
        if self.digest.groups.observations().len() == 0 {
            return;
        }
        let _ = writeln!(text, "{BOLD}Open rules: what the target does where no source says what AWS does{BOLD:#}");
        for (rule, seen) in self.digest.groups.observations() {
            for (observed, Tests { count, .. }) in seen {
                let observed = shorten(observed, LONGEST);
                let _ = writeln!(text, "  {rule:<32} {observed} {DIM}({count}×){DIM:#}");
            }
        }
        text.push('\n');
    }

    /// Tests that came to no verdict on the target, by their reasons.
    fn undecided(&self, text: &mut String) {
        for (operation, Tests { count, .. }) in self.digest.groups.unsupported() {
            let tests = format!("{} {}", plural(*count, "test"), if *count == 1 { "needs it" } else { "need it" });
            let (why, operation) =
                (unsupported(self.digest.summary.run.as_ref(), operation), shorten(operation, LONGEST));
            let _ = writeln!(text, "{YELLOW}UNSUPPORTED{YELLOW:#} {operation}: {why}; {tests}");
        }
        for (verdict, reason, tests) in self.digest.groups.undecided() {
            let label = verdict.words().to_uppercase();
            let _ = writeln!(text, "{YELLOW}{label}{YELLOW:#} {}", shorten(reason, LONGEST));
            let _ = writeln!(text, "  {}", names(tests.names.iter().map(String::as_str), OTHER_CASES));
        }
        let left: Vec<&str> = self.digest.groups.left_behind().flat_map(|(_, keys)| keys).map(String::as_str).collect();
        if !left.is_empty() {
            let _ = writeln!(text, "{YELLOW}LEFT BEHIND{YELLOW:#} {}", shorten(&left.join(" "), LONGEST_BODY));
        }
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }

    fn subjects(&self, text: &mut String) {
        let width = self.digest.summary.subjects.keys().map(String::len).max().unwrap_or(0);
        for (subject, counts) in &self.digest.summary.subjects {
            let _ = writeln!(text, "  {subject:<width$}  {}", coloured(counts));
        }
    }

    /// The profiles that the run tested, and those that it found broken.
    fn profiles(&self, text: &mut String) {
        let told = |claim: &&Claim| match claim.standing {
            ClaimStanding::Pass | ClaimStanding::Partly | ClaimStanding::Fail => true,
            ClaimStanding::NotTested => false,
        };
        let claims: Vec<&Claim> = self.digest.summary.profiles.iter().filter(told).collect();
        let width = claims.iter().map(|claim| claim.profile.len()).max().unwrap_or(0);
        if !claims.is_empty() {
            let _ = writeln!(text, "\n{BOLD}Profiles{BOLD:#}");
        }
        for claim in claims {
            let style = match claim.standing {
                ClaimStanding::Pass => GREEN,
                ClaimStanding::Fail => RED,
                ClaimStanding::Partly | ClaimStanding::NotTested => YELLOW,
            };
            let until = claim.valid_until.map(|day| format!(" {DIM}until {day}{DIM:#}")).unwrap_or_default();
            let _ = writeln!(text, "  {:<width$}  {style}{}{style:#}{until}", claim.profile, claim.words());
        }
    }

    fn last_line(&self, text: &mut String) {
        let style = match self.digest.summary.conclusion {
            Conclusion::Conformant => GREEN,
            Conclusion::NotConformant | Conclusion::HarnessError => RED,
            Conclusion::AsListed | Conclusion::Undecided | Conclusion::Interrupted => YELLOW.bold(),
        };
        if let Some(words) = self.digest.cut_short() {
            let _ = writeln!(text, "{YELLOW}{words}{YELLOW:#}");
        }
        let (target, words) = (self.digest.target(), self.digest.summary.verdict_line());
        let _ = writeln!(text, "{target} is {style}{words}{style:#}");
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

fn expected_and_observed(text: &mut String, case: &Case) {
    for Contrast { expected, observed } in case.contrasts() {
        line(text, "expected", &shorten(&expected, LONGEST));
        line(text, "observed", &shorten(&observed, LONGEST));
    }
}

/// The calls that set the scene, and the judged one.
fn steps(text: &mut String, case: &Case) {
    for (position, evidence) in case.steps().enumerate() {
        let mark = if evidence.line == case.finding.line { "►" } else { " " };
        let label = if position == 0 { "steps" } else { "" };
        let at = case.outcome.place(evidence.line);
        let outcome = shorten(&evidence.outcome, LONGEST);
        line(text, label, &format!("{mark} {:<26} {outcome} {DIM}{at}{DIM:#}", evidence.operation));
    }
}

fn exchange(text: &mut String, evidence: &Evidence) {
    let body = |value: &Value| match value {
        Value::String(text) => shorten(text, LONGEST_BODY),
        other => shorten(&other.to_string(), LONGEST_BODY),
    };
    line(text, "request", &body(&evidence.request));
    let status = evidence.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let id = evidence.response_headers.get("x-amzn-requestid").and_then(Value::as_str);
    let id = id.map(|id| format!(" {DIM}(request id {}){DIM:#}", shorten(id, LONGEST))).unwrap_or_default();
    line(text, "response", &format!("{status} {}{id}", body(&evidence.response)));
}

fn coloured(counts: &Counts) -> String {
    let part = |(verdict, count): (Verdict, usize)| {
        let style = match verdict {
            Verdict::Pass => GREEN,
            Verdict::UnexpectedPass | Verdict::Deviation | Verdict::HarnessError => RED,
            Verdict::KnownDeviation
            | Verdict::Unsupported
            | Verdict::Blocked
            | Verdict::Vacuous
            | Verdict::Inconclusive => YELLOW,
            Verdict::NotRun | Verdict::Observed => DIM,
        };
        format!("{style}{count} {verdict}{style:#}")
    };
    counts.iter().map(part).collect::<Vec<_>>().join(", ")
}
