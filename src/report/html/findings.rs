//! What deviates, rule by rule, with all that it takes to see it again.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use indexmap::IndexMap;
use maud::{Markup, PreEscaped, html};

use super::model::{Finding, Report};
use super::rule::facts;
use super::shared::{Extent, Shared};
use super::text::{Plain, phrase};
use super::verdict;
use crate::judge;
use crate::report::text::names;
use crate::rules::{self, RuleId, Subject};
use crate::runner::{TestOutcome, repeat_command};

/// So many cases are named where there are many.
const TESTS_NAMED: usize = 6;

/// The findings, told whole.
pub(super) struct Findings<'r> {
    report: &'r Report<'r>,
    /// By anchor, those first that say most.
    told: IndexMap<String, Told>,
    pub(super) shared: Shared,
}

/// A finding with calls and scenario.
pub(super) struct Told {
    pub(super) markup: String,
    /// How many of the shared commands and exchanges it needs, with those before it.
    pub(super) shared: Extent,
}

/// Tells findings whole, one after the other.
struct Teller<'r> {
    report: &'r Report<'r>,
    shared: Shared,
    /// The finding that shows a scenario's text.
    texts: HashMap<&'r str, String>,
}

impl<'r> Findings<'r> {
    pub(super) fn of(report: &'r Report<'r>) -> Self {
        let mut teller = Teller { report, shared: Shared::default(), texts: HashMap::new() };
        let mut told = IndexMap::new();
        for finding in report.by_weight() {
            let markup = teller.finding(finding).into_string();
            told.insert(finding.anchor(), Told { markup, shared: teller.shared.extent() });
        }
        Self { report, told, shared: teller.shared }
    }

    pub(super) fn len(&self) -> usize {
        self.told.len()
    }

    /// Those of these positions, with their anchors.
    pub(super) fn told(&self, positions: Range<usize>) -> impl Iterator<Item = (&str, &Told)> {
        let told = self.told.get_range(positions);
        told.into_iter().flatten().map(|(anchor, told)| (anchor.as_str(), told))
    }

    /// All findings, in the order of the rules: the first so many whole, the others in short.
    pub(super) fn render(&self, whole: usize) -> Markup {
        let mut subjects: BTreeMap<(Option<usize>, &str), Vec<&RuleId>> = BTreeMap::new();
        let place = |id: &RuleId| rules::catalogue().iter().position(|rule| rule.id == *id);
        let mut ids: Vec<&RuleId> = self.report.findings.keys().collect();
        ids.sort_by_key(|id| (place(id).is_none(), place(id)));
        for id in ids {
            let subject = rules::catalogue().get(id.as_str()).map(|rule| rule.subject);
            let order = Subject::ALL.iter().position(|known| Some(*known) == subject).unwrap_or(Subject::ALL.len());
            subjects.entry((Some(order), subject.map_or("other rules", Subject::as_str))).or_default().push(id);
        }
        html! {
            @for ((_, subject), ids) in subjects {
                section.subject {
                    h3 { (subject) }
                    @for id in ids { (self.rule(id, whole)) }
                }
            }
        }
    }

    fn rule(&self, id: &RuleId, whole: usize) -> Markup {
        let report = self.report;
        let findings = report.findings.get(id).map(Vec::as_slice).unwrap_or_default();
        html! {
            section.rule id={ "findings-" (id) } {
                h4 { a href={ "#rule-" (id) } { (id) } }
                @match rules::catalogue().get(id.as_str()) {
                    Some(rule) => { p.says { (rule.says) } (facts(rule)) }
                    None => p { "This program's catalogue does not have the rule." }
                }
                @for finding in findings { (self.finding(finding, whole)) }
            }
        }
    }

    fn finding(&self, finding: &Finding<'r>, whole: usize) -> Markup {
        let anchor = finding.anchor();
        let told = self.told.get_full(anchor.as_str()).filter(|(position, ..)| *position < whole);
        html! {
            @match told {
                Some((_, _, told)) => article id=(anchor) data-t=(finding.positions()) { (PreEscaped(&told.markup)) },
                None => (self.in_short(finding)),
            }
        }
    }

    /// A finding like one that is shown whole.
    fn in_short(&self, finding: &Finding<'r>) -> Markup {
        let Some((_, first, seen)) = finding.shown().next() else { return html! {} };
        html! {
            article.short id=(finding.anchor()) data-t=(finding.positions()) {
                h5 { (first.title) }
                p.path { (first.place(seen.line)) }
                @for (alike, seen) in self.on_targets(finding) {
                    h6 class=(verdict::class(seen.verdict)) { (alike.join(", ")) ": " (seen.verdict) }
                    (expected_and_observed(seen))
                }
                @if let Some(run) = finding.targets().first().and_then(|target| self.report.targets.get(*target)) {
                    p.repeat { code { (Plain(&repeat_command(Some(&run.log.started), first))) } }
                }
            }
        }
    }

    /// What was seen, each with the targets that it was seen on.
    fn on_targets<'f>(&self, finding: &'f Finding<'r>) -> Vec<(Vec<&'r str>, &'f judge::Finding)> {
        let mut told: Vec<(Vec<&'r str>, &'f judge::Finding)> = Vec::new();
        for (target, _, seen) in finding.shown() {
            let name = self.report.targets.get(target).map_or("", |run| run.name.as_str());
            match told.iter_mut().find(|(_, other)| *other == seen) {
                Some((names, _)) => names.push(name),
                None => told.push((vec![name], seen)),
            }
        }
        told
    }
}

impl<'r> Teller<'r> {
    fn finding(&mut self, finding: &'r Finding<'r>) -> Markup {
        let Some((_, first, seen)) = finding.shown().next() else { return html! {} };
        html! {
            h5 { (first.title) }
            p { (first.why) " " span.path { (first.place(seen.line)) } }
            @for (target, outcome, seen) in finding.shown() { (self.on_target(finding, target, outcome, seen)) }
            (self.others(finding))
            (self.shared.steps(self.report, finding))
            (self.scenario(finding))
        }
    }

    /// What one target does.
    fn on_target(&self, finding: &Finding<'_>, target: usize, outcome: &TestOutcome, seen: &judge::Finding) -> Markup {
        let Some(run) = self.report.targets.get(target) else { return html! {} };
        let cases = finding.seen.iter().find(|seen| seen.target == target).map(|seen| seen.cases.as_slice());
        let mut tests: Vec<&str> = cases.unwrap_or_default().iter().map(|(outcome, _)| outcome.test.as_str()).collect();
        tests.dedup();
        let others: Vec<&str> =
            tests.iter().filter_map(|test| test.strip_prefix(finding.kind.scenario.as_str())).collect();
        html! {
            h6 class=(verdict::class(seen.verdict)) { (run.name) ": " (seen.verdict) }
            (expected_and_observed(seen))
            @for note in &seen.notes { p.note { "Note: " (phrase(note)) } }
            p.repeat { "Repeat: " code { (Plain(&repeat_command(Some(&run.log.started), outcome))) } }
            @if others.len() > 1 { p.note { "In " (others.len()) " cases: " (Plain(&names(others.iter().copied(), TESTS_NAMED))) } }
        }
    }

    /// The targets that do not show this, and what they do instead.
    fn others(&self, finding: &Finding<'_>) -> Markup {
        let targets = finding.targets();
        let siblings = self.report.findings.get(&finding.kind.rule).map(Vec::as_slice).unwrap_or_default();
        let sibling = |index: usize| {
            let alike =
                |other: &&Finding<'_>| other.kind.scenario == finding.kind.scenario && other.targets().contains(&index);
            siblings.iter().find(alike).map(Finding::anchor)
        };
        let others = self.report.targets.iter().enumerate().filter(|(index, _)| !targets.contains(index));
        let others = others.map(|(index, target)| {
            let test = finding.shown().next().and_then(|(_, outcome, _)| target.summary.results.get(&outcome.test));
            html! {
                li {
                    (target.name) ": "
                    @match (sibling(index), test) {
                        (Some(anchor), _) => a href={ "#" (anchor) } { "deviates in another way" },
                        (None, Some(test)) => (test.verdict),
                        (None, None) => "not tested",
                    }
                }
            }
        });
        let others: Vec<Markup> = others.collect();
        html! { @if !others.is_empty() { ul.others { @for other in &others { (other) } } } }
    }

    /// The scenario's text from where it says what it does to the judged step, shown with the first of its findings.
    fn scenario(&mut self, finding: &'r Finding<'r>) -> Markup {
        let report = self.report;
        let Some((_, outcome, seen)) = finding.shown().next() else { return html! {} };
        let Some(text) = report.tests.text(outcome) else { return html! {} };
        let lines: Vec<&str> = text.lines().collect();
        let first = lines.iter().position(|line| BODY.iter().any(|field| line.starts_with(field))).unwrap_or(0);
        let judged = step_at(&lines, seen.line);
        let first = match self.texts.get(text) {
            Some(_) => judged.start,
            None => first.min(judged.start),
        };
        let elsewhere = self.texts.get(text).cloned();
        self.texts.entry(text).or_insert_with(|| finding.anchor());
        let left = lines.len() - judged.end;
        html! {
            details {
                summary { "Scenario" }
                @if let Some(anchor) = elsewhere { p.note { "Its first lines are shown with " a href={ "#" (anchor) } { "another finding" } "." } }
                pre {
                    @if judged.start > first { (Plain(&lines[first..judged.start].join("\n"))) "\n" }
                    mark { (Plain(&lines[judged].join("\n"))) }
                    @if left > 0 { "\n# and " (left) " more lines" }
                }
            }
        }
    }
}

/// The fields of a scenario after those that are told in words.
const BODY: [&str; 4] = ["matrix:", "material:", "clients:", "steps:"];

/// The lines of a step that starts at a line, from 1.
fn step_at(lines: &[&str], line: usize) -> std::ops::Range<usize> {
    let start = line.saturating_sub(1).min(lines.len());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let Some(first) = lines.get(start) else { return start..start };
    let inner = |line: &&&str| !line.trim().is_empty() && indent(line) > indent(first);
    start..start + 1 + lines[start + 1..].iter().take_while(inner).count()
}

/// Of a refusal, or of a call that went the wrong way, the whole outcome; else the members that differ.
fn expected_and_observed(finding: &judge::Finding) -> Markup {
    let whole = finding.differences.is_empty() || finding.observed != "success";
    // Of another exception, and of its status, the outcome has said it.
    let said = |path: &str| finding.differences.iter().any(|d| d.path == "the exception") && path.starts_with("the ");
    html! {
        dl {
            @if whole {
                dt { "Expected" } dd { (phrase(finding.expected.as_deref().unwrap_or_default())) }
                dt { "Observed" } dd.bad { (phrase(&finding.observed)) }
            }
            @for difference in finding.differences.iter().filter(|difference| !said(&difference.path)) {
                dt { "Expected" } dd { code { (phrase(&difference.path)) } " " (phrase(&difference.expected)) }
                dt { "Observed" } dd.bad { code { (phrase(&difference.path)) } " " (phrase(&difference.found)) }
            }
        }
    }
}
