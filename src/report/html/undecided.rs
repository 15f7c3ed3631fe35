//! Tests that came to no verdict on the target, with the reasons.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::model::{Report, Target};
use super::text::{Plain, phrase};
use super::verdict;
use crate::judge::Verdict;
use crate::report::Normaliser;
use crate::report::groups::{general, unsupported};
use crate::report::text::names;

/// So many tests are named at once.
const TESTS_SHOWN: usize = 2;
/// So many tests are named where there are many.
const TESTS_NAMED: usize = 24;

/// For each target, the reasons and the tests.
pub(super) fn undecided(report: &Report<'_>) -> Markup {
    html! { @for target in &report.targets { h3 { (target.name) } (on(target)) } }
}

/// Reasons with the tests that they are of.
type Reasons<'t> = BTreeMap<Verdict, BTreeMap<String, Vec<(&'t str, &'t str)>>>;

fn on(target: &Target<'_>) -> Markup {
    let mut reasons = Reasons::new();
    let mut left: Vec<&str> = Vec::new();
    for (test, result) in &target.summary.results {
        left.extend(result.left_behind.iter().map(String::as_str));
        if verdict::judged(result.verdict).is_some() || result.verdict == Verdict::Observed {
            continue;
        }
        let of_verdict = reasons.entry(result.verdict).or_default();
        if result.unsupported.is_empty() {
            let reason = result.reason.as_deref().unwrap_or("no reason is known");
            of_verdict.entry(general(reason)).or_default().push((test, reason));
        }
        for operation in &result.unsupported {
            let why = unsupported(Some(&target.log.started), operation);
            of_verdict.entry(format!("{operation}: {why}")).or_default().push((test, ""));
        }
    }
    html! {
        @if reasons.is_empty() { p { "Every test came to a verdict." } }
        @else {
            table.reasons {
                caption.sr { "Tests without a verdict on " (target.name) }
                thead { tr { th scope="col" { "Verdict" } th scope="col" { "Reason" } th scope="col" { "Tests" } } }
                @for (verdict, reasons) in &reasons {
                    tbody {
                        @for (position, (reason, tests)) in reasons.iter().enumerate() {
                            tr {
                                @if position == 0 {
                                    th scope="rowgroup" rowspan=(reasons.len()) class=(verdict::class(*verdict)) { i { (verdict) } }
                                }
                                td { (phrase(&in_words(reason, tests))) }
                                td { (named(tests)) }
                            }
                        }
                    }
                }
            }
        }
        @if !left.is_empty() { p.note { "Keys that could not be cleaned up (" (left.len()) "): " (Plain(&names(left.iter().copied(), TESTS_NAMED))) } }
    }
}

/// Of one test, the reason as it is.
fn in_words(general: &str, tests: &[(&str, &str)]) -> String {
    match tests {
        [(_, reason)] if !reason.is_empty() => Normaliser::default().apply(reason),
        _ => general.to_owned(),
    }
}

/// A few tests by name, of many their number first.
fn named(tests: &[(&str, &str)]) -> Markup {
    let named = |most| names(tests.iter().map(|(test, _)| *test), most);
    html! {
        @if tests.len() <= TESTS_SHOWN { span.tests { (Plain(&named(TESTS_SHOWN))) } }
        @else {
            details {
                summary { b { (tests.len()) } " tests" }
                span.tests { (Plain(&named(TESTS_NAMED))) }
            }
        }
    }
}
