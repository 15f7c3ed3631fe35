//! Where AWS is silent: what each target does.

use maud::{Markup, html};

use super::model::Report;
use super::text::phrase;
use crate::rules::{self, RuleId};

/// A row for each open rule that was observed anywhere.
pub(super) fn open(report: &Report<'_>) -> Markup {
    let observed = |id: &RuleId| report.targets.iter().any(|target| target.observed.contains_key(id));
    let rules: Vec<_> = rules::catalogue().iter().filter(|rule| observed(&rule.id)).collect();
    html! {
        @if rules.is_empty() { p { "No open rule was observed." } }
        @else {
            div.wide role="region" tabindex="0" aria-label="Open rules" {
                table.open {
                    caption.sr { "What each target does where rules are open" }
                    thead { tr { th scope="col" { "Open rule" } @for target in &report.targets { th scope="col" { (target.name) } } } }
                    tbody {
                        @for rule in rules {
                            tr {
                                th scope="row" { a href={ "#rule-" (rule.id) } { (rule.id) } " " span.says { (rule.says) } }
                                @for target in &report.targets {
                                    td data-on=(target.name) {
                                        @if let Some(seen) = target.observed.get(&rule.id) {
                                            ul { @for (what, count) in seen { li { (phrase(what)) " " small { (count) "×" } } } }
                                        } @else { span.none { "not observed" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
