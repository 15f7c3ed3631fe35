//! `kms-conformance rules`: what KMS does, and what checks it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use clap::Args;
use serde_json::json;

use super::exit_code::Exit;
use super::failure::Failure;
use crate::report::{Coverage, Row, Standing};
use crate::rules::{self, Evidence, Page, Rule, Subject};
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
    /// Prints what a public page promises, and how that stands today: cli-v1, dotnet-v3, cli-v2, powershell or paws
    #[arg(long, value_name = "PAGE", conflicts_with_all = ["ids", "subject", "evidence", "coverage"])]
    source: Option<Page>,
    /// Prints a table of what checks each rule
    #[arg(long)]
    coverage: bool,
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
    let coverage = Coverage::of(&Library::shipped()?.tests);
    if let Some(page) = args.source {
        super::print(&if args.json { json_of(page) } else { promises(page, &coverage) });
        return Ok(Exit::Success);
    }
    let chosen: Vec<&Rule> = rules::catalogue().iter().filter(|rule| args.wants(rule)).collect();
    if chosen.is_empty() {
        return Err(Failure::usage(
            "no rule is chosen by these ids and flags",
            "`kms-conformance rules` prints them all",
        ));
    }
    let text = match (args.json, args.coverage) {
        (true, _) => {
            let rows = chosen.iter().map(|rule| json!({"rule": rule, "checked_by": coverage.row(rule)}));
            format!("{:#}\n", serde_json::Value::Array(rows.collect()))
        }
        (false, true) => table(&chosen, &coverage),
        (false, false) => chosen.iter().map(|rule| describe(rule, coverage.row(rule))).collect(),
    };
    super::print(&text);
    Ok(Exit::Success)
}

impl RulesArgs {
    fn wants(&self, rule: &Rule) -> bool {
        (self.ids.is_empty() || self.ids.iter().any(|id| rule.id.as_str().contains(&id.to_uppercase())))
            && self.subject.is_none_or(|subject| subject == rule.subject)
            && self.evidence.is_none_or(|evidence| evidence == rule.evidence)
    }
}

fn json_of(page: Page) -> String {
    format!("{:#}\n", json!({"page": page, "title": page.title(), "promises": rules::promises(page)}))
}

/// Sentence by sentence, what a page promises and what checks it.
fn promises(page: Page, coverage: &Coverage) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n\n", page.title());
    let mut counts: BTreeMap<rules::Standing, usize> = BTreeMap::new();
    for promise in rules::promises(page) {
        *counts.entry(promise.today).or_default() += 1;
        let rules = promise.rules.iter().filter_map(|id| rules::catalogue().get(id.as_str()));
        let checked: Vec<String> = rules.map(|rule| format!("{} ({})", rule.id, coverage.standing(rule))).collect();
        let _ = writeln!(text, "{}\n  {DIM}today   {DIM:#} {}", promise.says, promise.today);
        if let Some(note) = &promise.note {
            let _ = writeln!(text, "  {DIM}note    {DIM:#} {note}");
        }
        let _ = writeln!(text, "  {DIM}rules   {DIM:#} {}\n", checked.join(", "));
    }
    let counts: Vec<String> = counts.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
    let _ = writeln!(text, "{} promises: {}", rules::promises(page).len(), counts.join(", "));
    text
}

/// Rule by rule, what checks it.
fn table(rules: &[&Rule], coverage: &Coverage) -> String {
    let mut text =
        format!("{BOLD}{:<34} {:<10} {:<10} {:>5}  scenarios{BOLD:#}\n", "rule", "evidence", "standing", "tests");
    let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
    for rule in rules {
        let (row, standing) = (coverage.row(rule), coverage.standing(rule));
        *counts.entry(standing).or_default() += 1;
        let scenarios: Vec<&str> = row.scenarios.iter().map(String::as_str).collect();
        let by =
            rule.unchecked.as_deref().filter(|_| row.tests == 0).map_or_else(|| scenarios.join(" "), str::to_owned);
        let (id, evidence) = (rule.id.as_str(), rule.evidence.as_str());
        let _ = writeln!(text, "{id:<34} {evidence:<10} {standing:<10} {:>5}  {by}", row.tests);
    }
    let counts: Vec<String> = counts.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
    let _ = writeln!(text, "{} rules: {}", rules.len(), counts.join(", "));
    text
}

fn describe(rule: &Rule, row: &Row) -> String {
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
    let scenarios: Vec<&str> = row.scenarios.iter().map(String::as_str).collect();
    match &rule.unchecked {
        Some(why) if scenarios.is_empty() => line("by none", why),
        _ if scenarios.is_empty() => line(verb, "by nothing yet"),
        _ => line(verb, &format!("by {}", scenarios.join(", "))),
    }
    text.push('\n');
    text
}
