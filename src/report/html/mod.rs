//! `report.html`: one file without anything outside it, for those who build a target and those who choose one.
//!
//! It is all there without JavaScript, which adds filters, a choice of theme and buttons that copy. A policy in the file
//! forbids everything that it does not bring along, so that a target cannot smuggle in a script even if an escape were
//! missing. The same runs make the same bytes.

mod findings;
mod matrix;
mod model;
mod open;
mod overview;
mod rule;
mod shared;
mod text;
mod undecided;
mod verdict;

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::RunLog;
use super::by_hand::PREPARATION;
use crate::judge::Verdict;
use crate::rules::{Evidence, Subject};
use findings::{Findings, Rendered};
use model::Report;
use shared::Shared;
use text::Plain;

const STYLE: &str = include_str!("report.css");
const THEME: &str = include_str!("theme.js");
const SCRIPT: &str = include_str!("report.js");

/// End tags that HTML lets authors leave out, and that a large table has thousands of.
const OPTIONAL_END_TAGS: [&str; 8] = ["</li>", "</dt>", "</dd>", "</td>", "</th>", "</tr>", "</thead>", "</tbody>"];
/// No larger than this is the file, in bytes, if that can be had.
const LARGEST: usize = 1_000_000;

/// The report on these runs, side by side: one for each target, or version of a target.
#[must_use]
pub fn render(targets: &[RunLog]) -> String {
    let report = Report::of(targets);
    let findings = report.by_weight();
    let with = |count: usize| {
        let page = render_with(&report, &findings[..count].iter().cloned().collect()).into_string();
        OPTIONAL_END_TAGS.iter().fold(page, |page, tag| page.replace(tag, ""))
    };
    let all = with(findings.len());
    if all.len() <= LARGEST {
        return all;
    }
    // The greatest number of findings shown whole with which the file is not too large.
    let (mut least, mut page) = (0, with(0));
    let mut most = findings.len();
    while least + 1 < most {
        let middle = least.midpoint(most);
        let tried = with(middle);
        if tried.len() <= LARGEST {
            (least, page) = (middle, tried);
        } else {
            most = middle;
        }
    }
    page
}

fn render_with(report: &Report<'_>, whole: &HashSet<String>) -> Markup {
    let Rendered { findings, shared } = Findings::new(report, whole).render();
    let count = report.findings.values().map(Vec::len).sum::<usize>();
    let names: Vec<String> = report.targets.iter().map(|target| target.log.started.target_and_version()).collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "KMS conformance: " (names.join(", ")) }
                script { (PreEscaped(THEME)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#rules" { "Skip to the rules" }
                header {
                    h1 { "KMS conformance" }
                    p { "Whether a target treats imported key material (BYOK) as AWS KMS does." }
                    (contents(count))
                }
                main {
                    section aria-labelledby="overview" { h2 #overview { "Overview" } (overview::overview(report)) }
                    (filters(report))
                    section aria-labelledby="rules" { h2 #rules { "Rules" } (legend()) (matrix::matrix(report)) }
                    section aria-labelledby="findings" {
                        h2 #findings { "Deviations" }
                        @if count == 0 { p { "Nothing deviates." } } @else { (intro(count, whole.len())) (findings) }
                    }
                    section aria-labelledby="open" {
                        h2 #open { "Open rules" }
                        p { "Where no source says what AWS does, or the sources disagree, nothing is judged. This is what was seen, and how often." }
                        (open::open(report))
                    }
                    section aria-labelledby="undecided" { h2 #undecided { "Tests without a verdict" } (undecided::undecided(report)) }
                    @if count > 0 { (by_hand(&shared)) }
                }
                footer { p { "Made by kms-conformance " (env!("CARGO_PKG_VERSION")) ". Key material, tokens and credentials are redacted." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn intro(count: usize, whole: usize) -> Markup {
    html! {
        p { (count) " kinds: what one scenario shows of one rule, with the case of its matrix that comes first." }
        @if whole < count {
            p.note { "To keep this file small, " (whole) " of them are shown with their calls and their scenario, and the others in short. "
                "A report on fewer targets shows more, and " code { "kms-conformance scenario NAME" } " prints a scenario." }
        }
    }
}

/// Nothing but the style and the script of this file.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {} {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(THEME),
        hash(SCRIPT)
    )
}

fn contents(findings: usize) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#overview" { "Overview" } }
                li { a href="#rules" { "Rules" } }
                li { a href="#findings" { "Deviations (" (findings) ")" } }
                li { a href="#open" { "Open rules" } }
                li { a href="#undecided" { "Without a verdict" } }
                @if findings > 0 { li { a href="#by-hand" { "By hand" } } }
            }
            button #theme type="button" hidden { "Theme: automatic" }
        }
    }
}

/// Shown where there is JavaScript.
fn filters(report: &Report<'_>) -> Markup {
    let choice = |name: &str, label: &str, choices: Vec<(String, String)>| {
        html! {
            label { (label) " "
                select name=(name) { option value="" { "all" } @for (value, words) in choices { option value=(value) { (words) } } }
            }
        }
    };
    let same = |word: &str| (word.to_owned(), word.to_owned());
    let by_class = |verdict: &Verdict| (verdict::class(*verdict).to_owned(), verdict.words().to_owned());
    let subjects = Subject::ALL.iter().map(|subject| same(subject.as_str())).collect();
    let evidence =
        [Evidence::Recorded, Evidence::Documented, Evidence::Open].iter().map(|e| same(e.as_str())).collect();
    let verdicts =
        Verdict::ALL.iter().filter(|verdict| report.targets.iter().any(|target| target.rules_with(**verdict) > 0));
    let verdicts = verdicts.map(by_class).chain([("none".to_owned(), "not tested".to_owned())]).collect();
    let targets =
        report.targets.iter().enumerate().map(|(index, target)| (index.to_string(), target.name.clone())).collect();
    html! {
        form #filters role="search" aria-label="Filter rules and deviations" hidden {
            label.text { "Text " input type="search" name="q" autocomplete="off" spellcheck="false" aria-keyshortcuts="/" placeholder="press / to filter"; }
            (choice("subject", "Subject", subjects))
            (choice("evidence", "Evidence", evidence))
            (choice("verdict", "Verdict", verdicts))
            @if report.targets.len() > 1 { (choice("target", "Target", targets)) }
            button type="reset" { "Clear" }
            p #count role="status" aria-live="polite" {}
        }
    }
}

fn legend() -> Markup {
    html! {
        details.legend {
            summary { "What the verdicts mean" }
            p { "Of each rule the worst verdict is shown, and how many of its judgements came to it." }
            dl { @for verdict in Verdict::ALL { dt class=(verdict::class(verdict)) { i { (verdict) } } dd { (verdict::meaning(verdict)) } } }
        }
    }
}

fn by_hand(shared: &Shared) -> Markup {
    html! {
        section aria-labelledby="by-hand" {
            h2 #by-hand { "By hand" }
            p { "A deviation that is told with its calls comes with the commands that show it. Run this first, once, in bash; before that set " code { "ENDPOINT" }
                " to the target's URL, and credentials if it checks them. What exchanges show as "
                code { "<ImportToken, blob 3, 1732 bytes>" } " is redacted: the commands get a token, a public key and key material of their own." }
            pre.sh #preparation { (Plain(PREPARATION)) }
            p { "Commands and exchanges that set the scene of several deviations are shown once, here. In these exchanges names stand for key ids, ARNs, key material ids, accounts and instants, and the ids of requests are left out; in all, dates and the content type " code { "application/x-amz-json-1.1" } "." }
            (shared.sections())
        }
    }
}
