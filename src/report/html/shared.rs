//! The calls behind a finding, one step after the other. What sets a scene is much the same in many of them: commands and
//! exchanges that are alike are shown once, and steps refer to them.

use std::collections::BTreeMap;
use std::ops::Range;

use indexmap::IndexSet;
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::model::{Finding, Report};
use super::text::{Plain, body, phrase};
use crate::judge::Evidence;
use crate::report::Normaliser;
use crate::report::by_hand::{self, Commands};

/// What every request has as its content type, and what every answer should have.
const USUAL_CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The commands and exchanges that set scenes, each once.
#[derive(Default)]
pub(super) struct Shared {
    commands: IndexSet<String>,
    exchanges: IndexSet<(String, String)>,
}

/// So many of the first commands and exchanges.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) commands: usize,
    pub(super) exchanges: usize,
}

/// A step, as far as it is known.
struct Step<'a> {
    line: usize,
    what: String,
    commands: Option<Commands>,
    /// By the target's position.
    exchanges: BTreeMap<usize, &'a Evidence>,
}

impl Shared {
    /// The steps of a finding's test up to the judged one.
    pub(super) fn steps(&mut self, report: &Report<'_>, finding: &Finding<'_>) -> Markup {
        let Some((_, _, judged)) = finding.shown().next() else { return html! {} };
        let steps = steps_of(report, finding, judged.line);
        html! {
            details.calls {
                summary { "Calls, and how to repeat them by hand" }
                ol {
                    @for step in &steps {
                        @if step.line == judged.line { (judged_step(report, step)) } @else { (self.scene(report, step)) }
                    }
                }
            }
        }
    }

    fn scene(&mut self, report: &Report<'_>, step: &Step<'_>) -> Markup {
        let command = step.commands.as_ref().map(|commands| self.commands.insert_full(commands.text.clone()).0 + 1);
        let exchanges: Vec<(&str, usize, &str)> = step
            .exchanges
            .iter()
            .filter_map(|(target, exchange)| {
                let shown = shown(exchange, Ids::Left, &mut |text| Normaliser::default().apply(&text));
                let heading = format!("{}: {}", exchange.operation, Normaliser::default().apply(&exchange.outcome));
                let number = self.exchanges.insert_full((heading, shown)).0 + 1;
                Some((report.targets.get(*target)?.name.as_str(), number, exchange.outcome.as_str()))
            })
            .collect();
        html! {
            li value=(step.line) {
                (step.what)
                @if let Some(number) = command { " " a href={ "#c" (number) } { "commands" } }
                @for (name, number, outcome) in exchanges {
                    " " a href={ "#x" (number) } { (if report.targets.len() > 1 { name } else { "exchange" }) }
                    @if outcome != "success" { " " (phrase(&Normaliser::default().apply(outcome))) }
                }
            }
        }
    }

    /// How many there are.
    pub(super) fn extent(&self) -> Extent {
        Extent { commands: self.commands.len(), exchanges: self.exchanges.len() }
    }

    /// The commands that steps refer to by their numbers: those of these positions.
    pub(super) fn commands(&self, positions: Range<usize>) -> Markup {
        let commands = positions.filter_map(|index| Some((index + 1, self.commands.get_index(index)?)));
        html! { @for (number, text) in commands { pre.sh id={ "c" (number) } { (Plain(text)) } } }
    }

    /// The exchanges that steps refer to by their numbers: those of these positions.
    pub(super) fn exchanges(&self, positions: Range<usize>) -> Markup {
        let exchanges = positions.filter_map(|index| Some((index + 1, self.exchanges.get_index(index)?)));
        html! {
            @for (number, (heading, text)) in exchanges {
                div id={ "x" (number) } { p { (phrase(heading)) } pre { (Plain(text)) } }
            }
        }
    }
}

/// The steps of the test that is shown: its commands, and what each target answered.
fn steps_of<'a>(report: &Report<'_>, finding: &Finding<'a>, judged: usize) -> Vec<Step<'a>> {
    let mut steps: BTreeMap<usize, Step<'a>> = BTreeMap::new();
    let first = finding.shown().next().map(|(_, outcome, _)| outcome);
    let commands = first.and_then(|outcome| report.tests.get(outcome)).map(by_hand::commands).unwrap_or_default();
    for commands in commands.into_iter().filter(|commands| commands.line <= judged) {
        let (line, what) = (commands.line, commands.what.clone());
        steps.insert(line, Step { line, what, commands: Some(commands), exchanges: BTreeMap::new() });
    }
    for (target, outcome, _) in finding.shown() {
        for exchange in outcome.exchanges.iter().filter(|exchange| exchange.line <= judged) {
            let line = exchange.line;
            let unknown =
                || Step { line, what: exchange.operation.clone(), commands: None, exchanges: BTreeMap::new() };
            steps.entry(line).or_insert_with(unknown).exchanges.insert(target, exchange);
        }
    }
    steps.into_values().collect()
}

fn judged_step(report: &Report<'_>, step: &Step<'_>) -> Markup {
    html! {
        li.judged value=(step.line) {
            strong { (step.what) } ", judged"
            @if let Some(commands) = &step.commands {
                @if let Some(expected) = &commands.expected { ", must come to " (expected) }
                pre.sh { (Plain(&commands.text)) }
            }
            @for (target, exchange) in &step.exchanges {
                @if let Some(target) = report.targets.get(*target).filter(|_| report.targets.len() > 1) { p { (target.name) } }
                pre { (Plain(&shown(exchange, Ids::Shown, &mut |text| text))) }
            }
        }
    }
}

/// Whether requests' ids are shown, which differ every time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ids {
    Shown,
    Left,
}

/// An exchange as text.
fn shown(exchange: &Evidence, ids: Ids, text: &mut dyn FnMut(String) -> String) -> String {
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    let attempts = if exchange.attempts > 1 { format!(" (sent {} times)", exchange.attempts) } else { String::new() };
    let request = text(format!("{}{}", headers(&exchange.request_headers, ids), body(&exchange.request)));
    let response = text(format!("{}{}", headers(&exchange.response_headers, ids), body(&exchange.response)));
    format!("POST /{attempts}\n{request}\n\n{status}\n{response}")
}

/// Dates, and content types that are as they should be, are left out.
fn headers(headers: &Map<String, Value>, ids: Ids) -> String {
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let usual = match name.to_lowercase().as_str() {
            "date" | "x-amz-date" => true,
            "content-type" => value == USUAL_CONTENT_TYPE,
            "x-amzn-requestid" => ids == Ids::Left,
            _ => false,
        };
        (!usual).then(|| format!("{name}: {value}\n"))
    };
    headers.iter().filter_map(line).collect()
}
