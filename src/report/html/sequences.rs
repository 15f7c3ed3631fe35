//! The generated sequences: how many ran, what they came to, and the command that runs them again.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::model::{Report, Target};
use super::text::{Plain, phrase};
use super::verdict;
use crate::report::text::plural;
use crate::rules::RuleId;
use crate::runner::{Generated, SequenceDeviation, TestOutcome, explore_again_command};

/// What the sequences of a target came to.
pub(super) struct Sequences<'t> {
    /// The outcomes of properties, in the order of their names.
    properties: Vec<(&'t TestOutcome, &'t Generated)>,
}

impl<'t> Sequences<'t> {
    /// None, if the run had no generated sequences.
    pub(super) fn of(target: &'t Target<'_>) -> Option<Self> {
        let outcomes = target.log.outcomes.iter().filter(|outcome| outcome.is_property());
        let properties: Vec<_> = outcomes.filter_map(|outcome| Some((outcome, outcome.generated.as_ref()?))).collect();
        (!properties.is_empty()).then_some(Self { properties })
    }

    fn sequences(&self) -> usize {
        let came_to = self.properties.iter().filter_map(|(_, generated)| generated.came_to.as_ref());
        came_to.map(|came_to| usize::try_from(came_to.sequences).unwrap_or(usize::MAX)).sum()
    }

    fn operations(&self) -> usize {
        let came_to = self.properties.iter().filter_map(|(_, generated)| generated.came_to.as_ref());
        came_to.map(|came_to| came_to.operations).sum()
    }

    /// The distinct deviations, each once, however many properties showed it.
    fn deviations(&self) -> BTreeSet<&'t SequenceDeviation> {
        let came_to = self.properties.iter().filter_map(|(_, generated)| generated.came_to.as_ref());
        came_to.flat_map(|came_to| &came_to.deviations).collect()
    }

    /// Whether the log has what they came to.
    fn is_kept(&self) -> bool {
        self.properties.iter().any(|(_, generated)| generated.came_to.is_some())
    }

    /// How many ran and what they found, for the overview.
    pub(super) fn in_short(&self) -> Markup {
        let deviations = self.deviations().len();
        html! {
            @if !self.is_kept() { span.none { "not in the log" } }
            @else if self.sequences() == 0 { span.none { "none could run" } }
            @else {
                b { (self.sequences()) } " in " (plural(self.operations(), "operation"))
                div.note { @if deviations == 0 { "nothing deviated" } @else { (plural(deviations, "distinct deviation")) } }
            }
        }
    }
}

/// Whether any run had generated sequences.
pub(super) fn any(report: &Report<'_>) -> bool {
    report.targets.iter().any(|target| Sequences::of(target).is_some())
}

/// The properties beside each other, and what each target's sequences found.
pub(super) fn sequences(report: &Report<'_>) -> Markup {
    let mut properties: Vec<(&str, &str)> = Vec::new();
    for outcome in report.targets.iter().flat_map(|target| &target.log.outcomes).filter(|outcome| outcome.is_property())
    {
        if !properties.iter().any(|(name, _)| *name == outcome.test) {
            properties.push((&outcome.test, &outcome.title));
        }
    }
    html! {
        p { "After its tests a run makes up sequences of operations, good and faulty, and holds each answer against a model of what AWS allows." }
        table.properties {
            caption.sr { "Generated sequences" }
            thead { tr { th scope="col" { "Property" } @for target in &report.targets { th.target scope="col" { span { (target.name) } } } } }
            tbody {
                @for (name, title) in properties {
                    tr {
                        th scope="row" { b { (name.trim_start_matches("sequences/")) } " " span { (title) } }
                        @for target in &report.targets { (cell(target, name)) }
                    }
                }
            }
        }
        @for target in &report.targets {
            @if let Some(sequences) = Sequences::of(target) { (on_target(report, target, &sequences)) }
        }
    }
}

fn cell(target: &Target<'_>, property: &str) -> Markup {
    let Some(outcome) = target.log.outcomes.iter().find(|outcome| outcome.test == property) else {
        return html! { td.none { i { "not run" } } };
    };
    let came_to = outcome.generated.as_ref().and_then(|generated| generated.came_to.as_ref());
    html! {
        td class=(verdict::class(outcome.verdict)) {
            i { (outcome.verdict) }
            @if let Some(came_to) = came_to.filter(|came_to| came_to.sequences > 0) {
                small { " " (came_to.sequences) " in " (plural(came_to.operations, "operation"))
                    @if !came_to.deviations.is_empty() { ", " (plural(came_to.deviations.len(), "deviation")) } }
            }
        }
    }
}

fn on_target(report: &Report<'_>, target: &Target<'_>, sequences: &Sequences<'_>) -> Markup {
    let deviations = sequences.deviations();
    let told = deviations.iter().filter(|deviation| deviation.told_by.is_some()).count();
    let generated: Vec<&Generated> = sequences.properties.iter().map(|(_, generated)| *generated).collect();
    let seeds: BTreeSet<String> = generated.iter().map(|generated| generated.seed.to_string()).collect();
    let seeds: Vec<String> = seeds.into_iter().collect();
    let idle = sequences.is_kept() && sequences.sequences() == 0;
    let why = sequences.properties.iter().find_map(|(outcome, _)| outcome.reason.as_deref());
    html! {
        h3 { (target.name) }
        @if idle { p { "None could run: " (phrase(why.unwrap_or("no reason is known"))) "." } }
        @else {
            p {
                @if seeds.len() == 1 { "Seed " } @else { "Seeds " } (seeds.join(", "))
                @if sequences.is_kept() {
                    ": " (plural(sequences.sequences(), "sequence")) ", " (plural(sequences.operations(), "operation")) ". "
                    @if deviations.is_empty() { "Nothing deviated." }
                    @else {
                        (plural(deviations.len(), "distinct deviation")) "; " (told) " with a sequence of "
                        @if told == 1 { "its" } @else { "their" } " own among the deviations. What is left was shown by tests of the run, or is in its list of known deviations."
                    }
                } @else { "." }
            }
            p.repeat { "Repeat: " code { (Plain(&explore_again_command(&target.log.started, &generated))) } }
        }
        @if !deviations.is_empty() {
            details {
                summary { "What deviated" }
                ul { @for deviation in deviations { li { (told_shortly(report, deviation)) } } }
            }
        }
    }
}

/// A deviation in a line, with a link to where it is told whole.
fn told_shortly(report: &Report<'_>, deviation: &SequenceDeviation) -> Markup {
    let SequenceDeviation { rule, operation, state, answer, told_by, .. } = deviation;
    html! {
        @match place(report, rule, told_by.as_deref()) {
            Some(place) => a href={ "#" (place) } { (rule) },
            None => (rule),
        }
        " " (operation)
        @if let Some(state) = state { " while the key is " (state) }
        ": " span.path { (phrase(answer)) }
    }
}

/// The anchor of the finding or, where a test has shown it, of the rule's findings.
fn place(report: &Report<'_>, rule: &RuleId, told_by: Option<&str>) -> Option<String> {
    let findings = report.findings.get(rule)?;
    let own = findings.iter().find(|finding| Some(finding.kind.scenario.as_str()) == told_by);
    Some(own.map_or_else(|| format!("findings-{rule}"), super::model::Finding::anchor))
}
