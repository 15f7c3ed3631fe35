//! `kms-conformance rules`: what KMS does, and what checks it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use clap::Args;
use serde_json::json;

use super::exit_code::Exit;
use super::failure::Failure;
use crate::rules::{self, Evidence, Rule, Subject};
use crate::scenario::Library;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Flags of `rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// Rules whose id contains one of these
    ids: Vec<String>,
    /// Rules of this subject
    #[arg(long, value_name = "NAME", value_parser = parse_subject)]
    subject: Option<Subject>,
    /// Rules that are known this well
    #[arg(long, value_name = "EVIDENCE", value_parser = parse_evidence)]
    evidence: Option<Evidence>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

fn parse_subject(text: &str) -> Result<Subject, String> {
    let names = || Subject::ALL.iter().map(|subject| subject.as_str()).collect::<Vec<_>>().join(", ");
    Subject::ALL.iter().copied().find(|s| s.as_str() == text).ok_or_else(|| format!("the subjects are {}", names()))
}

fn parse_evidence(text: &str) -> Result<Evidence, String> {
    let all = [Evidence::Recorded, Evidence::Documented, Evidence::Open];
    all.into_iter().find(|e| e.as_str() == text).ok_or_else(|| "write recorded, documented or open".to_owned())
}

pub(super) fn run(args: &RulesArgs) -> Result<Exit, Failure> {
    let checks = checks(&Library::shipped()?);
    let chosen: Vec<&Rule> = rules::catalogue().iter().filter(|rule| args.wants(rule)).collect();
    if chosen.is_empty() {
        return Err(Failure::usage(
            "no rule is chosen by these ids and flags",
            "`kms-conformance rules` prints them all",
        ));
    }
    if args.json {
        let rules: Vec<_> =
            chosen.iter().map(|rule| json!({"rule": rule, "checked_by": checks.get(rule.id.as_str())})).collect();
        super::print(&format!("{:#}\n", serde_json::Value::Array(rules)));
        return Ok(Exit::Success);
    }
    let text = chosen.iter().map(|rule| describe(rule, checks.get(rule.id.as_str()).map_or(&[], Vec::as_slice)));
    super::print(&text.collect::<String>());
    Ok(Exit::Success)
}

impl RulesArgs {
    fn wants(&self, rule: &Rule) -> bool {
        (self.ids.is_empty() || self.ids.iter().any(|id| rule.id.as_str().contains(&id.to_uppercase())))
            && self.subject.is_none_or(|subject| subject == rule.subject)
            && self.evidence.is_none_or(|evidence| evidence == rule.evidence)
    }
}

/// The scenarios that judge or observe each rule.
fn checks(library: &Library) -> BTreeMap<String, Vec<String>> {
    let mut checks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for test in &library.tests {
        for rule in test.rules() {
            let scenarios = checks.entry(rule.to_string()).or_default();
            if !scenarios.contains(&test.scenario.name) {
                scenarios.push(test.scenario.name.clone());
            }
        }
    }
    checks
}

fn describe(rule: &Rule, scenarios: &[String]) -> String {
    let (id, subject, evidence) = (&rule.id, rule.subject.as_str(), rule.evidence.as_str());
    let mut text = format!("{BOLD}{id}{BOLD:#} ({subject}, {evidence})\n  {}\n", rule.says);
    let mut line = |label: &str, content: &str| {
        let _ = writeln!(text, "  {DIM}{label:<8}{DIM:#} {content}");
    };
    line("expect", &rule.expect);
    if let Some(message) = &rule.message {
        line("text", message);
    }
    for source in &rule.sources {
        line("source", &source.to_string());
    }
    if let Some(conflict) = &rule.conflict {
        line("but", conflict);
    }
    line("checked", &format!("{} against its sources", rule.checked));
    let verb = if rule.is_judged() { "judged" } else { "observed" };
    let by = if scenarios.is_empty() { "nothing yet".to_owned() } else { scenarios.join(", ") };
    line(verb, &format!("by {by}"));
    text.push('\n');
    text
}
