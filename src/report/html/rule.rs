//! What is known of a rule.

use maud::{Markup, html};

use super::text::linked;
use crate::rules::{Evidence, Rule};

/// What must be seen, how well that is known, and where from.
pub(super) fn facts(rule: &Rule) -> Markup {
    let evidence = match rule.evidence {
        Evidence::Recorded => "Recorded on AWS",
        Evidence::Documented => "Documented by AWS",
        Evidence::Open => "Open: no source says, or the sources disagree",
    };
    html! {
        div.facts {
            p { b { "To be seen: " } (rule.expect) }
            p { b { (evidence) } " (compared " (rule.checked) ")" }
            ul {
                @for source in &rule.sources { li { (linked(&source.to_string())) } }
                @if let Some(conflict) = &rule.conflict { li { b { "But: " } (linked(conflict)) } }
            }
        }
    }
}
