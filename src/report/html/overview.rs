//! What is read in ten seconds: which target, which version, conformant or not, and where it falls short.

use jiff::Timestamp;
use maud::{Markup, html};

use super::model::{Report, Target};
use super::sequences::{self, Sequences};
use super::text::Plain;
use super::verdict;
use crate::judge::Verdict;
use crate::rules::{self, RuleId, Subject};
use crate::runner::StopReason;

/// The targets side by side.
pub(super) fn overview(report: &Report<'_>) -> Markup {
    let row = |label: &str, cell: &dyn Fn(&Target<'_>) -> Markup| {
        html! { tr { th scope="row" { (label) } @for target in &report.targets { td { (cell(target)) } } } }
    };
    html! {
        div.wide role="region" tabindex="0" aria-label="The targets" {
            table.overview data-n=(report.targets.len()) {
                caption.sr { "The targets" }
                thead { tr { td {} @for target in &report.targets { th scope="col" { (target.name) } } } }
                tbody {
                    @if report.targets.iter().any(|target| target.log.started.target_version.is_some()) {
                        (row("Version", &version))
                    }
                    (row("Verdict", &conclusion))
                    (row("Rules passed", &|target| rate(target.passed(|_| true))))
                    (row("Rules not judged", &not_judged))
                    (row("Tests", &tests))
                    @if sequences::any(report) { (row("Sequences", &generated)) }
                    (row("URL", &|target| html! { (target.log.started.url.as_deref().unwrap_or("in this process")) }))
                    (row("Region", &|target| html! { (target.log.started.region) }))
                    (row("Run", &run))
                    (row("Suite", &suite))
                }
                tbody {
                    tr { th.group colspan=(report.targets.len() + 1) scope="rowgroup" { "Rules passed, by subject" } }
                    @for subject in Subject::ALL {
                        tr {
                            th scope="row" { (subject) }
                            @for target in &report.targets { td { (rate(target.passed(|id| is_on(id, *subject)))) } }
                        }
                    }
                }
            }
        }
    }
}

fn is_on(id: &RuleId, subject: Subject) -> bool {
    rules::catalogue().get(id.as_str()).is_some_and(|rule| rule.subject == subject)
}

/// The target's version, as its description names it.
fn version(target: &Target<'_>) -> Markup {
    match &target.log.started.target_version {
        Some(version) => html! { (Plain(version)) },
        None => html! { span.none { "not given" } },
    }
}

fn conclusion(target: &Target<'_>) -> Markup {
    let summary = &target.summary;
    html! {
        strong class={ "verdict " (verdict::conclusion_class(summary.conclusion)) } { (summary.conclusion_words()) }
        @match (&target.log.finished, summary.stopped()) {
            (None, _) => div.note { "the run was cut off" },
            (Some(_), Some(StopReason::Interrupted)) => div.note { "the run was interrupted" },
            (Some(_), Some(StopReason::TargetGone)) => div.note { "the target stopped answering" },
            (Some(_), None) => {}
        }
    }
}

fn rate((passed, judged): (usize, usize)) -> Markup {
    html! {
        @if judged == 0 { span.none { "none judged" } }
        @else {
            span.rate { b { (passed) } " of " (judged) }
            svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect.all width="100" height="8" {}
                rect.part width=(passed * 100 / judged) height="8" {}
            }
        }
    }
}

fn not_judged(target: &Target<'_>) -> Markup {
    let counts = Verdict::ALL.iter().rev().filter(|verdict| verdict::judged(**verdict).is_none());
    let counts = counts.map(|verdict| (verdict, target.rules_with(*verdict))).filter(|(_, count)| *count > 0);
    let counts: Vec<(&Verdict, usize)> = counts.collect();
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    html! { b { (all) } @if all > 0 { div.note { (counted(&counts)) } } }
}

fn tests(target: &Target<'_>) -> Markup {
    let tests = &target.summary.tests;
    let counts = Verdict::ALL.iter().rev().map(|verdict| (verdict, tests.of(*verdict))).filter(|(_, count)| *count > 0);
    let counts: Vec<(&Verdict, usize)> = counts.collect();
    html! {
        b { (tests.total()) } " of " (target.summary.due())
        div.note { (counted(&counts)) }
        @if let Some(words) = target.summary.found_words() { div.note { (words) } }
    }
}

fn generated(target: &Target<'_>) -> Markup {
    match Sequences::of(target) {
        Some(sequences) => sequences.in_short(),
        None => html! { span.none { "none" } },
    }
}

/// Counts by verdict, which are not broken across lines.
fn counted(counts: &[(&Verdict, usize)]) -> Markup {
    let last = counts.len().saturating_sub(1);
    html! {
        @for (position, (verdict, count)) in counts.iter().enumerate() {
            span.whole { (count) " " (verdict) @if position < last { "," } }
            @if position < last { " " }
        }
    }
}

fn run(target: &Target<'_>) -> Markup {
    let started = target.log.started.at;
    let shown = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let took = target.log.finished.as_ref().map(|finished| finished.at.duration_since(started).as_secs().max(0));
    html! {
        time datetime=(started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()) { (shown(started)) }
        @if let Some(took) = took { ", " span.whole { @if took >= 120 { (took / 60) " min" } @else { (took) " s" } } }
    }
}

fn suite(target: &Target<'_>) -> Markup {
    let started = &target.log.started;
    html! {
        "kms-conformance " (started.suite_version)
        @if let Some(dir) = &started.scenarios { ", scenarios of " (dir) }
    }
}
