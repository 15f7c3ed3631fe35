//! Reading the YAML tree: fields by name, and every mistake collected.

use std::ops::Range;

use super::diagnostic::{Diagnostic, alternatives, suggestion};
use super::duration::{DURATION_HELP, parse_duration};
use super::yaml::{Key, Node, Value};

/// Collects the mistakes of a file. A reading function returns `None` when it has reported one.
#[derive(Debug, Default)]
pub(crate) struct Errors(pub(crate) Vec<Diagnostic>);

impl Errors {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    fn wrong_kind(&mut self, node: &Node, what: &str, expected: &str, help: &str) {
        let message = format!("{what} is {}, but must be {expected}", node.kind());
        self.report(Diagnostic::new(node.span.clone(), message).help(help));
    }

    /// The node as text that is not empty.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::String(text) if text.trim().is_empty() => {
                self.report(Diagnostic::new(node.span.clone(), format!("{what} is empty")).help("write some text"));
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.wrong_kind(node, what, "text", "put it in quotes");
                None
            }
        }
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let Value::Sequence(items) = &node.value else {
            self.wrong_kind(node, what, "a list", "write `- …` lines, or `[…, …]`");
            return None;
        };
        Some(items)
    }

    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        let Value::Mapping(entries) = &node.value else {
            self.wrong_kind(node, what, "a mapping", "write `field: value` lines, or `{ field: value }`");
            return None;
        };
        Some(entries)
    }

    /// The node as a mapping whose fields are all among `known`.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let entries = self.mapping(node, what)?;
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let message = format!("{what} has no field `{}`", key.name);
            let help = suggestion(&key.name, known.iter().copied());
            self.report(Diagnostic::new(key.span.clone(), message).help(help));
        }
        Some(Fields { span: node.span.clone(), entries })
    }

    /// A field that must be there.
    pub(crate) fn required<'n>(&mut self, fields: &Fields<'n>, name: &str, what: &str) -> Option<&'n Node> {
        let found = fields.get(name);
        if found.is_none() {
            let message = format!("{what} has no `{name}`");
            self.report(Diagnostic::new(fields.head(), message).help(format!("add `{name}: …`")));
        }
        found
    }

    pub(crate) fn whole_number(&mut self, node: &Node, what: &str) -> Option<usize> {
        let number = match &node.value {
            Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()),
            _ => None,
        };
        if number.is_none() {
            self.wrong_kind(node, what, "a whole number", "write a number such as `32`");
        }
        number
    }

    pub(crate) fn duration(&mut self, node: &Node, what: &str) -> Option<jiff::SignedDuration> {
        let Value::String(text) = &node.value else {
            self.wrong_kind(node, what, "a duration", DURATION_HELP);
            return None;
        };
        match parse_duration(text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.report(Diagnostic::new(node.span.clone(), error.to_string()).help(DURATION_HELP));
                None
            }
        }
    }

    /// A name of an enumeration of AWS's.
    pub(crate) fn name<T>(&mut self, node: &Node, all: &[T], what: &str) -> Option<T>
    where
        T: Copy + std::fmt::Display,
    {
        let text = self.text(node, what)?;
        let found = all.iter().copied().find(|name| name.to_string() == text);
        if found.is_none() {
            let names: Vec<String> = all.iter().map(ToString::to_string).collect();
            let help = suggestion(text, names.iter().map(String::as_str));
            self.report(Diagnostic::new(node.span.clone(), format!("{what} cannot be `{text}`")).help(help));
        }
        found
    }

    /// Exactly one of the fields is expected; reports when two stand side by side.
    pub(crate) fn exclusive(&mut self, fields: &Fields<'_>, names: &[&str]) {
        let present: Vec<&Key> =
            fields.entries.iter().map(|(key, _)| key).filter(|key| names.contains(&key.name.as_str())).collect();
        if let [first, second, ..] = present.as_slice() {
            let message = format!("`{}` cannot stand beside `{}`", second.name, first.name);
            let help = format!("keep one of {}", alternatives(present.iter().map(|key| key.name.as_str())));
            self.report(Diagnostic::new(second.span.clone(), message).help(help));
        }
    }
}

/// The fields of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'n> {
    pub(crate) span: Range<usize>,
    pub(crate) entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    pub(crate) fn key(&self, name: &str) -> Option<&'n Key> {
        self.entries.iter().map(|(key, _)| key).find(|key| key.name == name)
    }

    /// The first key: where a message about the whole mapping points.
    pub(crate) fn head(&self) -> Range<usize> {
        self.entries.first().map_or_else(|| self.span.clone(), |(key, _)| key.span.clone())
    }
}
