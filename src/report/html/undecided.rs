//! Tests that came to no verdict on the target, with the reasons.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::model::{Report, Target};
use super::text::{Plain, phrase};
use super::verdict;
use crate::judge::Verdict;
use crate::report::groups::general;
use crate::report::text::names;

/// So many tests are named where there are many.
const TESTS_NAMED: usize = 6;

/// For each target, the reasons and the tests.
pub(super) fn undecided(report: &Report<'_>) -> Markup {
    html! { @for target in &report.targets { h3 { (target.name) } (on(target)) } }
}

fn on(target: &Target<'_>) -> Markup {
    let mut reasons: BTreeMap<(Verdict, String), Vec<&str>> = BTreeMap::new();
    let mut left: Vec<&str> = Vec::new();
    for (test, result) in &target.summary.results {
        left.extend(result.left_behind.iter().map(String::as_str));
        if verdict::judged(result.verdict).is_some() || result.verdict == Verdict::Observed {
            continue;
        }
        if result.unsupported.is_empty() {
            let reason = result.reason.as_deref().unwrap_or("no reason is known");
            reasons.entry((result.verdict, general(reason))).or_default().push(test);
        }
        for operation in &result.unsupported {
            let reason = format!("{operation}: the target does not know it");
            reasons.entry((result.verdict, reason)).or_default().push(test);
        }
    }
    html! {
        @if reasons.is_empty() { p { "Every test came to a verdict." } }
        @else {
            table.reasons {
                caption.sr { "Tests without a verdict on " (target.name) }
                thead { tr { th scope="col" { "Verdict" } th scope="col" { "Reason" } th scope="col" { "Tests" } } }
                tbody {
                    @for ((verdict, reason), tests) in &reasons {
                        tr {
                            td class=(verdict::class(*verdict)) { i { (verdict) } }
                            td { (phrase(reason)) }
                            td { b { (tests.len()) } " " span.tests { (Plain(&names(tests.iter().copied(), TESTS_NAMED))) } }
                        }
                    }
                }
            }
        }
        @if !left.is_empty() { p.note { "Keys that could not be cleaned up (" (left.len()) "): " (Plain(&names(left.iter().copied(), TESTS_NAMED))) } }
    }
}
