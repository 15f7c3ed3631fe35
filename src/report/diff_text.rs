//! Two runs compared, for people: on a terminal, and as Markdown for release notes.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;

use super::diff::{Change, Diff, Kind};
use crate::rules::{self, RuleId};
use crate::runner::RunStarted;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// So many tests are named.
const NAMED: usize = 6;

impl Diff {
    /// The comparison for a terminal. What is wrong in both alike is only counted.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (label, run) in [("old", &self.old), ("new", &self.new)] {
            let _ = writeln!(text, "{DIM}{label}{DIM:#} {}", of_run(run));
        }
        for remark in self.remarks() {
            let _ = writeln!(text, "{remark}");
        }
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::StillWrong) {
            let changes = self.of_kind(kind);
            if changes.is_empty() {
                continue;
            }
            let style = style(kind);
            let _ = writeln!(text, "\n{style}{}{style:#}", self.title(kind));
            for change in changes {
                let _ = writeln!(text, "  {BOLD}{}{BOLD:#} {}", change.rule, change.scenario);
                let says = says(&change.rule);
                for (label, content) in [("rule", says), ("was", &change.was), ("now", &change.now)] {
                    let _ = writeln!(text, "    {DIM}{label:<5}{DIM:#} {content}");
                }
                if let Some(tests) = tests(change) {
                    let _ = writeln!(text, "    {DIM}tests{DIM:#} {tests}");
                }
            }
        }
        let _ = writeln!(text, "\n{}", self.last_line());
        text
    }

    /// The comparison as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# Conformance of {} to AWS KMS\n\n", code(&self.new.target_and_version()));
        for (label, run) in [("Old", &self.old), ("New", &self.new)] {
            let _ = writeln!(text, "- {label}: {}", of_run(run));
        }
        for remark in self.remarks() {
            let _ = writeln!(text, "- {remark}");
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !self.of_kind(*kind).is_empty()) {
            let _ = writeln!(text, "\n## {}\n", self.title(kind));
            for change in self.of_kind(kind) {
                let _ = writeln!(text, "- **{}** ({}): {}", change.rule, change.scenario, says(&change.rule));
                let both = change.was == change.now;
                let answers =
                    if both { code(&change.now) } else { format!("{} → {}", code(&change.was), code(&change.now)) };
                let count =
                    if change.tests.len() == 1 { "1 test".into() } else { format!("{} tests", change.tests.len()) };
                let _ = writeln!(text, "  {answers} ({count})");
            }
        }
        let _ = writeln!(text, "\n{}", self.last_line());
        text
    }

    /// What makes the runs less comparable.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let (old, new) = (&self.old.suite_version, &self.new.suite_version);
        if old != new {
            remarks.push(format!("The versions of kms-conformance differ: {old}, then {new}; rules may have changed."));
        }
        for (name, rules) in [("new", &self.rules_only_in_new), ("old", &self.rules_only_in_old)] {
            if !rules.is_empty() {
                let ids = some(rules.iter().map(RuleId::as_str));
                remarks.push(format!("Rules of which only the {name} run says something: {ids}"));
            }
        }
        remarks
    }

    fn title(&self, kind: Kind) -> String {
        let (old, new) = (self.old.target_and_version(), self.new.target_and_version());
        let words = match (kind, self.same_target()) {
            (Kind::Regressed, true) => "Regressed".to_owned(),
            (Kind::Fixed, true) => "Fixed".to_owned(),
            (Kind::ChangedWrongAnswer, true) => "Wrong as before, with another answer".to_owned(),
            (Kind::NewlyTested, true) => "Newly tested".to_owned(),
            (Kind::NoLongerTested, true) => "No longer tested".to_owned(),
            (Kind::StillWrong, true) => "Still wrong".to_owned(),
            (Kind::Regressed, false) => format!("Right at {old}, wrong or not offered at {new}"),
            (Kind::Fixed, false) => format!("Wrong at {old}, right at {new}"),
            (Kind::ChangedWrongAnswer, false) => "Wrong at both, each in its own way".to_owned(),
            (Kind::NewlyTested, false) => format!("Tested only at {new}"),
            (Kind::NoLongerTested, false) => format!("Tested only at {old}"),
            (Kind::StillWrong, false) => "Wrong at both, alike".to_owned(),
        };
        format!("{words} ({})", self.count(kind))
    }

    fn last_line(&self) -> String {
        let words = |kind| match (kind, self.same_target()) {
            (Kind::Regressed, true) => "regressed",
            (Kind::Fixed, true) => "fixed",
            (Kind::ChangedWrongAnswer, true) => "wrong with another answer",
            (Kind::NewlyTested, true) => "newly tested",
            (Kind::NoLongerTested, true) => "no longer tested",
            (Kind::StillWrong, true) => "still wrong",
            (Kind::Regressed, false) => "right only at the old target",
            (Kind::Fixed, false) => "right only at the new target",
            (Kind::ChangedWrongAnswer, false) => "wrong at both in different ways",
            (Kind::NewlyTested, false) => "tested only at the new target",
            (Kind::NoLongerTested, false) => "tested only at the old target",
            (Kind::StillWrong, false) => "wrong at both alike",
        };
        let counts: Vec<String> =
            Kind::ALL.iter().map(|kind| format!("{} {}", self.count(*kind), words(*kind))).collect();
        let right = if self.same_target() { "still right" } else { "right at both" };
        format!("{}, {} {right} (rules, each counted once for every test)", counts.join(", "), self.still_right)
    }
}

fn of_run(run: &RunStarted) -> String {
    let day = run.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    let (target, region, suite) = (run.target_and_version(), &run.region, &run.suite_version);
    format!("{target} ({region}), run of {day} with kms-conformance {suite}")
}

fn says(rule: &RuleId) -> &str {
    rules::catalogue().get(rule.as_str()).map_or("a rule that is not in the catalogue any more", |rule| &rule.says)
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::Regressed => AnsiColor::Red.on_default().bold(),
        Kind::Fixed => AnsiColor::Green.on_default().bold(),
        Kind::ChangedWrongAnswer | Kind::NoLongerTested => AnsiColor::Yellow.on_default().bold(),
        Kind::NewlyTested | Kind::StillWrong => BOLD,
    }
}

/// The tests, unless the scenario is the only one.
fn tests(change: &Change) -> Option<String> {
    let names: Vec<&str> = change.tests.iter().map(String::as_str).collect();
    if names == [change.scenario.as_str()] {
        return None;
    }
    Some(some(names.into_iter()))
}

fn some<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names.take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Markdown's code, which takes all characters as they are.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", text.replace('\n', " "))
}
