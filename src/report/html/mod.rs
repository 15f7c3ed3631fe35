//! `report.html`: one file without anything outside it, for those who build a target and those who choose one.
//!
//! It is all there without JavaScript, which adds filters, a choice of theme and buttons that copy. Only of a report that
//! would be too large the calls and scenarios of some findings are compressed, and JavaScript unpacks them. A policy in the
//! file forbids everything that it does not bring along, so that a target cannot smuggle in a script even if an escape were
//! missing. The same runs make the same bytes.

mod findings;
mod matrix;
mod model;
mod open;
mod overview;
mod packed;
mod rule;
mod sequences;
mod shared;
mod text;
mod undecided;
mod verdict;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::RunLog;
use super::by_hand::PREPARATION;
use crate::judge::Verdict;
use crate::rules::{Evidence, Subject};
use findings::Findings;
use model::Report;
use shared::Extent;
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
    let findings = Findings::of(&report);
    let page = |layout| {
        let page = page(&report, &findings, layout).into_string();
        OPTIONAL_END_TAGS.iter().fold(page, |page, tag| page.replace(tag, ""))
    };
    let all = findings.len();
    let plain = page(Layout { whole: all, packed: 0 });
    if plain.len() <= LARGEST {
        return plain;
    }
    let rest_packed = |whole| page(Layout { whole, packed: all - whole });
    let some_packed = |packed| page(Layout { whole: 0, packed });
    greatest(all, &rest_packed).or_else(|| greatest(all, &some_packed)).unwrap_or_else(|| some_packed(0))
}

/// The page with the greatest number that leaves it small enough; none, if not even 0 does.
fn greatest(most: usize, page: &dyn Fn(usize) -> String) -> Option<String> {
    let fitting = |number| Some(page(number)).filter(|page| page.len() <= LARGEST);
    let (mut least, mut most, mut best) = (0, most, fitting(0)?);
    while least + 1 < most {
        let middle = least.midpoint(most);
        match fitting(middle) {
            Some(page) => (least, best) = (middle, page),
            None => most = middle,
        }
    }
    Some(best)
}

/// How many findings are told whole, and of how many others the same is packed. The rest is told in short only.
#[derive(Clone, Copy)]
struct Layout {
    whole: usize,
    packed: usize,
}

fn page(report: &Report<'_>, findings: &Findings<'_>, layout: Layout) -> Markup {
    let Layout { whole, packed } = layout;
    let count = findings.len();
    let shown = findings.told(0..whole).last().map(|(_, told)| told.shared).unwrap_or_default();
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
                    (contents(count, sequences::any(report)))
                }
                main {
                    section aria-labelledby="overview" { h2 #overview { "Overview" } (overview::overview(report)) }
                    (filters(report))
                    section aria-labelledby="rules" { h2 #rules { "Rules" } (legend()) (matrix::matrix(report)) }
                    section aria-labelledby="findings" {
                        h2 #findings { "Deviations" }
                        @if count == 0 { p { "Nothing deviates." } } @else { (intro(count, layout)) (findings.render(whole)) }
                    }
                    @if sequences::any(report) {
                        section aria-labelledby="sequences" { h2 #sequences { "Generated sequences" } (sequences::sequences(report)) }
                    }
                    section aria-labelledby="open" {
                        h2 #open { "Open rules" }
                        p { "Where no source says what AWS does, or the sources disagree, nothing is judged. This is what was seen, and how often." }
                        (open::open(report))
                    }
                    section aria-labelledby="undecided" { h2 #undecided { "Tests without a verdict" } (undecided::undecided(report)) }
                    @if count > 0 { (by_hand(findings, shown)) }
                }
                footer { p { "Made by kms-conformance " (env!("CARGO_PKG_VERSION")) ". Key material, tokens and credentials are redacted." } }
                @if packed > 0 { template #packed { (packed::packed(findings, whole..whole + packed, shown)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn intro(count: usize, Layout { whole, packed }: Layout) -> Markup {
    let more = html! { "A report on fewer targets shows more, and " code { "kms-conformance scenario NAME" } " prints a scenario." };
    html! {
        p { (count) @if count == 1 { " kind" } @else { " kinds" } ": what one scenario shows of one rule, with the case of its matrix that comes first." }
        @if packed > 0 {
            p.note #unpacked { "To keep this file small, the calls and scenarios of " (packed) " of them are compressed. Here they are told in short, since the page's script did not run; with it, they are told whole." }
        }
        @if whole + packed < count {
            p.note { "To keep this file small, " (count - whole - packed) " of them are told in short, without their calls and their scenario. " (more) }
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

fn contents(findings: usize, sequences: bool) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#overview" { "Overview" } }
                li { a href="#rules" { "Rules" } }
                li { a href="#findings" { "Deviations (" (findings) ")" } }
                @if sequences { li { a href="#sequences" { "Sequences" } } }
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

fn by_hand(findings: &Findings<'_>, shown: Extent) -> Markup {
    html! {
        section aria-labelledby="by-hand" {
            h2 #by-hand { "By hand" }
            p { "A deviation that is told with its calls comes with the commands that show it. Run this first, once, in bash; before that set " code { "ENDPOINT" }
                " to the target's URL, and credentials if it checks them. What exchanges show as "
                code { "<ImportToken, blob 3, 1732 bytes>" } " is redacted: the commands get a token, a public key and key material of their own." }
            pre.sh #preparation { (Plain(PREPARATION)) }
            p { "Commands and exchanges that set the scene of several deviations are shown once, here. In these exchanges names stand for key ids, ARNs, key material ids, accounts and instants, and the ids of requests are left out; in all, dates and the content type " code { "application/x-amz-json-1.1" } "." }
            h3 { "Commands" }
            div #commands { (findings.shared.commands(0..shown.commands)) }
            h3 { "Exchanges" }
            div #exchanges { (findings.shared.exchanges(0..shown.exchanges)) }
        }
    }
}
