//! The matrix: how each rule stands on each target.

use maud::{Markup, html};

use super::model::{Report, Target};
use super::rule::facts;
use super::verdict;
use crate::rules::{Rule, RuleId, Subject};

/// The rules, a table a subject.
pub(super) fn matrix(report: &Report<'_>) -> Markup {
    html! {
        @for subject in Subject::ALL {
            (table(report, subject.as_str(), &report.rules(*subject).map(|rule| (&rule.id, Some(rule))).collect::<Vec<_>>()))
        }
        @let unknown: Vec<_> = report.unknown_rules().into_iter().map(|id| (id, None)).collect();
        @if !unknown.is_empty() { (table(report, "other rules", &unknown)) }
    }
}

fn table(report: &Report<'_>, subject: &str, rules: &[(&RuleId, Option<&Rule>)]) -> Markup {
    html! {
        section.subject data-s=(subject) {
            h3 { (subject) }
            table.matrix {
                caption.sr { "Rules on " (subject) }
                thead { tr { th scope="col" { "Rule" } @for target in &report.targets { th.target scope="col" { span { (target.name) } } } } }
                tbody { @for (id, rule) in rules { (row(report, id, *rule)) } }
            }
        }
    }
}

fn row(report: &Report<'_>, id: &RuleId, rule: Option<&Rule>) -> Markup {
    html! {
        tr id={ "rule-" (id) } data-e=[rule.map(|rule| rule.evidence.as_str())] {
            th scope="row" {
                @match rule {
                    // With a deviation, it is told there.
                    Some(rule) if report.findings.contains_key(id) => {
                        a href={ "#findings-" (id) } { (id) } " " span { (rule.says) }
                    }
                    Some(rule) => details { summary { b { (id) } " " span { (rule.says) } } (facts(rule)) }
                    None => b { (id) }
                }
            }
            @for target in &report.targets { (cell(target, id)) }
        }
    }
}

fn cell(target: &Target<'_>, id: &RuleId) -> Markup {
    let Some((standing, worst)) = target.standings.get(id).and_then(|standing| Some((standing, standing.worst()?)))
    else {
        return html! { td.none { i { "not tested" } } };
    };
    let (count, all) = standing.counts();
    html! {
        td class=(verdict::class(worst)) {
            @if verdict::is_told(worst) { a href={ "#findings-" (id) } { (worst) } } @else { i { (worst) } }
            @if count < all { small { " " (count) "/" (all) } }
        }
    }
}
