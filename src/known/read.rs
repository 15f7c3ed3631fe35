//! Reading a list of known deviations, strictly: every mistake is shown under its line, with what to write instead.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use super::names::{self, Names};
use super::{Entry, KnownDeviations, Matter};
use crate::kms::Operation;
use crate::rules::{self, RuleId};
use crate::scenario::diagnostic::{Diagnostic, suggestion};
use crate::scenario::reader::{Errors, Fields};
use crate::scenario::yaml::{Node, Value};
use crate::scenario::{FileErrors, SourceFile};

/// The lists of a file.
pub(super) const FILE_FIELDS: [&str; 3] = ["deviations", "unjudged", "unsupported"];
/// The fields of an entry of `deviations`.
pub(super) const DEVIATION_FIELDS: [&str; 7] = ["rule", "scenario", "cases", "answers", "reason", "link", "until"];
/// The fields of an entry of `unjudged`.
pub(super) const UNJUDGED_FIELDS: [&str; 5] = ["tests", "because", "reason", "link", "until"];

impl KnownDeviations {
    /// Reads a list. Rules, scenarios and cases must be there, and nothing may be listed twice.
    ///
    /// # Errors
    /// All the mistakes of the file, each with its place and what to write instead.
    pub fn parse(file: SourceFile, names: &Names) -> Result<Self, FileErrors> {
        let file = Arc::new(file);
        let mut reader = Reader { errors: Errors::default(), names, file: &file, entries: Vec::new() };
        match Node::parse(&file.text) {
            Ok(root) => reader.file(&root),
            Err(diagnostic) => reader.errors.report(diagnostic),
        }
        let Reader { errors, entries, .. } = reader;
        match errors.0.is_empty() {
            true => Ok(Self { file: file.path.clone(), entries }),
            false => Err(FileErrors::new(Arc::clone(&file), errors.0)),
        }
    }
}

struct Reader<'a> {
    errors: Errors,
    names: &'a Names,
    file: &'a SourceFile,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn file(&mut self, root: &Node) {
        // A list of which every entry was taken out is empty, and so is a new file.
        if root.value == Value::Null {
            return;
        }
        let Some(fields) = self.errors.fields(root, "the list", &FILE_FIELDS) else { return };
        for node in self.list(&fields, "deviations") {
            self.deviation(node);
        }
        for node in self.list(&fields, "unjudged") {
            self.unjudged(node);
        }
        for node in self.list(&fields, "unsupported") {
            self.unsupported(node);
        }
    }

    fn list<'n>(&mut self, fields: &Fields<'n>, name: &str) -> &'n [Node] {
        let node = fields.get(name).filter(|node| node.value != Value::Null);
        node.and_then(|node| self.errors.list(node, &format!("`{name}`"))).unwrap_or_default()
    }

    fn deviation(&mut self, node: &Node) {
        const WHAT: &str = "a known deviation";
        let Some(fields) = self.errors.fields(node, WHAT, &DEVIATION_FIELDS) else { return };
        let rule = self.errors.required(&fields, "rule", WHAT).and_then(|node| self.rule(node));
        let scenario = self.errors.required(&fields, "scenario", WHAT).and_then(|node| self.scenario(node));
        let answers = self.errors.required(&fields, "answers", WHAT).and_then(|node| self.texts(node, "`answers`"));
        let rest = self.rest(&fields, WHAT);
        let Some(scenario) = scenario else { return };
        if let (Some(rule), Some(at)) = (&rule, fields.get("rule")) {
            self.checked(at, rule, &scenario);
        }
        let tests = match fields.get("cases") {
            Some(node) => self.cases(node, &scenario),
            None => Some(BTreeSet::from([scenario])),
        };
        if let (Some(rule), Some(answers), Some(tests)) = (rule, answers, tests) {
            let scenario = tests.first().map_or("", |test| names::scenario(test));
            let operations = self.names.operations(scenario, &rule);
            self.push(&fields.head(), Matter::Deviation { rule, tests, operations, answers }, rest);
        }
    }

    fn unjudged(&mut self, node: &Node) {
        const WHAT: &str = "an entry of `unjudged`";
        let Some(fields) = self.errors.fields(node, WHAT, &UNJUDGED_FIELDS) else { return };
        let tests = self.errors.required(&fields, "tests", WHAT).and_then(|node| self.tests(node));
        let because = self.errors.required(&fields, "because", WHAT).and_then(|node| self.texts(node, "`because`"));
        let rest = self.rest(&fields, WHAT);
        if let (Some(tests), Some(because)) = (tests, because) {
            self.push(&fields.head(), Matter::Unjudged { tests, because }, rest);
        }
    }

    fn unsupported(&mut self, node: &Node) {
        if let Some(operation) = self.errors.name(node, Operation::ALL, "an operation") {
            self.push(&node.span, Matter::Unsupported(operation), Some(Rest::default()));
        }
    }

    fn push(&mut self, at: &Range<usize>, matter: Matter, rest: Option<Rest>) {
        let Some(Rest { reason, link, until }) = rest else { return };
        if let Some(earlier) = self.entries.iter().find(|entry| overlap(&entry.matter, &matter)) {
            let message = format!("this is listed in line {} already", earlier.line);
            self.errors.report(Diagnostic::new(at.clone(), message).help("keep one of them"));
            return;
        }
        self.entries.push(Entry { line: self.file.line(at.start), matter, reason, link, until });
    }

    fn text(&mut self, fields: &Fields<'_>, name: &str, what: &str) -> Option<String> {
        let node = self.errors.required(fields, name, what)?;
        self.errors.text(node, &format!("`{name}`")).map(|text| text.trim().to_owned())
    }

    /// The fields that every entry has.
    fn rest(&mut self, fields: &Fields<'_>, what: &str) -> Option<Rest> {
        let reason = self.text(fields, "reason", what);
        let link = match fields.get("link") {
            Some(node) => Some(self.errors.text(node, "`link`")?.trim().to_owned()),
            None => None,
        };
        let until = match fields.get("until") {
            Some(node) => Some(self.date(node)?),
            None => None,
        };
        Some(Rest { reason: reason?, link, until })
    }

    fn date(&mut self, node: &Node) -> Option<Date> {
        let text = self.errors.text(node, "`until`")?;
        let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
        if date.is_none() {
            let message = format!("`{text}` is not a day");
            let help = "write the last day on which the entry holds, such as `2027-01-31`";
            self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        }
        date
    }

    fn rule(&mut self, node: &Node) -> Option<RuleId> {
        let text = self.errors.text(node, "`rule`")?;
        let rule = rules::catalogue().get(text);
        if rule.is_none() {
            let near = suggestion(text, rules::catalogue().iter().map(|rule| rule.id.as_str()));
            let help = format!("{near} (`kms-conformance rules` prints them all)");
            self.errors.report(Diagnostic::new(node.span.clone(), format!("there is no rule `{text}`")).help(help));
        }
        rule.map(|rule| rule.id.clone())
    }

    /// Another rule would never be found there, so that the entry would do nothing.
    fn checked(&mut self, node: &Node, rule: &RuleId, scenario: &str) {
        if !self.names.checks(scenario, rule.as_str()) {
            let message = format!("`{scenario}` does not check {rule}");
            let help = suggestion(rule.as_str(), self.names.rules(scenario));
            self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        }
    }

    fn scenario(&mut self, node: &Node) -> Option<String> {
        let text = self.errors.text(node, "`scenario`")?;
        if self.names.has_scenario(text) {
            return Some(text.to_owned());
        }
        let (message, help) = if self.names.has_scenario(names::scenario(text)) {
            let (name, case) = (names::scenario(text), names::case(text, names::scenario(text)));
            let help = format!("write `scenario: {name}` and `cases: ['{}']`", case.unwrap_or_default());
            (format!("`{text}` is not a scenario but a case of one"), help)
        } else {
            (format!("there is no scenario `{text}`"), suggestion(text, self.names.scenarios()))
        };
        self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        None
    }

    /// One text, or a list of them.
    fn texts(&mut self, node: &Node, what: &str) -> Option<BTreeSet<String>> {
        let items = match &node.value {
            Value::Sequence(items) if !items.is_empty() => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items.iter().map(|item| Some(self.errors.text(item, what)?.trim().to_owned())).collect()
    }

    /// The cases of a scenario, as names of tests.
    fn cases(&mut self, node: &Node, scenario: &str) -> Option<BTreeSet<String>> {
        let items = self.errors.list(node, "`cases`")?;
        if items.is_empty() {
            let help = "name some, or leave `cases` out if all of them answer so";
            self.errors.report(Diagnostic::new(node.span.clone(), "there are no cases").help(help));
            return None;
        }
        let tests = items.iter().map(|item| {
            let text = self.errors.text(item, "a case")?;
            let test = format!("{scenario}[{text}]");
            let cases: Vec<&str> = self.names.tests(scenario).filter_map(|test| names::case(test, scenario)).collect();
            if cases.contains(&text) {
                return Some(test);
            }
            let message = format!("`{scenario}` has no case `{text}`");
            self.errors.report(Diagnostic::new(item.span.clone(), message).help(suggestion(text, cases)));
            None
        });
        // All of the mistakes are reported, not only the first.
        tests.collect::<Vec<_>>().into_iter().collect()
    }

    /// Names of tests, and of scenarios for all of their tests.
    fn tests(&mut self, node: &Node) -> Option<BTreeSet<String>> {
        let items = self.errors.list(node, "`tests`")?;
        let tests = items.iter().map(|item| {
            let text = self.errors.text(item, "a test")?;
            let scenario = names::scenario(text);
            if self.names.has_scenario(text) || self.names.tests(scenario).any(|test| test == text) {
                return Some(text.to_owned());
            }
            let help = match self.names.has_scenario(scenario) {
                true => suggestion(text, self.names.tests(scenario)),
                false => suggestion(scenario, self.names.scenarios()),
            };
            self.errors.report(Diagnostic::new(item.span.clone(), format!("there is no test `{text}`")).help(help));
            None
        });
        tests.collect::<Vec<_>>().into_iter().collect()
    }
}

/// The fields that every entry has.
#[derive(Default)]
struct Rest {
    reason: String,
    link: Option<String>,
    until: Option<Date>,
}

/// Whether two entries list the same of the same test.
fn overlap(one: &Matter, other: &Matter) -> bool {
    let share = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        let within =
            |names: &BTreeSet<String>, name: &String| names.contains(name) || names.contains(names::scenario(name));
        one.iter().any(|name| within(other, name)) || other.iter().any(|name| within(one, name))
    };
    match (one, other) {
        (
            Matter::Deviation { rule, tests, answers, .. },
            Matter::Deviation { rule: other_rule, tests: other_tests, answers: other_answers, .. },
        ) => rule == other_rule && !answers.is_disjoint(other_answers) && share(tests, other_tests),
        // Of a test that cannot be judged one entry has all the reasons.
        (Matter::Unjudged { tests, .. }, Matter::Unjudged { tests: other_tests, .. }) => share(tests, other_tests),
        (Matter::Unsupported(operation), Matter::Unsupported(other)) => operation == other,
        _ => false,
    }
}
