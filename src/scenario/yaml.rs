//! YAML as a tree in which every key and value knows where it stands in its file.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_yaml::{Location, Spanned};

use super::diagnostic::Diagnostic;

/// A value and where it stands, in bytes from the start of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Sequence(Vec<Node>),
    /// In the file's order; keys are unique.
    Mapping(Vec<(Key, Node)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) span: Range<usize>,
    pub(crate) name: String,
}

impl Node {
    /// Reads a YAML file.
    pub(crate) fn parse(text: &str) -> Result<Self, Diagnostic> {
        let options = serde_yaml::options! {
            strict_booleans: true,
            with_snippet: false,
        };
        serde_yaml::from_str_with_options::<Self>(text, options).map_err(|error| {
            let span = error.location().map_or(0..0, |location| match span_of(location) {
                // Some errors of the scanner know their line and column only.
                Range { start: 0, end: 0 } => offset(text, location)..offset(text, location),
                span => span,
            });
            let span = widen(text, span);
            syntax_diagnostic(span, &error.without_snippet().to_string())
        })
    }

    /// What kind of value it is, in words for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}

fn syntax_diagnostic(span: Range<usize>, message: &str) -> Diagnostic {
    // The library appends its own position, which the rendering shows better.
    let message = message.split(" at line ").next().unwrap_or(message);
    let message = message.split_once(": ").filter(|(head, _)| head.starts_with("line ")).map_or(message, |(_, m)| m);
    if let Some(key) = message.strip_prefix("duplicate mapping key: ").and_then(|rest| rest.split(", set ").next()) {
        Diagnostic::new(span, format!("`{key}` stands here twice")).help("keep one of them")
    } else {
        Diagnostic::new(span, message).help("check the indentation, the quotes and the brackets around this place")
    }
}

/// The byte offset of a line and column.
fn offset(text: &str, location: Location) -> usize {
    let number = |n: u64| usize::try_from(n.saturating_sub(1)).unwrap_or(0);
    let lines = text.split_inclusive('\n').take(number(location.line())).map(str::len).sum::<usize>();
    let line = text[lines..].lines().next().unwrap_or_default();
    lines + line.char_indices().nth(number(location.column())).map_or(line.len(), |(at, _)| at)
}

fn span_of(location: Location) -> Range<usize> {
    let span = location.span();
    let bytes = |value: Option<u64>| value.and_then(|v| usize::try_from(v).ok()).unwrap_or(0);
    let start = bytes(span.byte_offset());
    start..start + bytes(span.byte_len())
}

/// An empty span would underline nothing.
fn widen(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    if end > start { start..end } else { start..text.ceil_char_boundary((start + 1).min(text.len())) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { span: span_of(spanned.referenced), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        Number::from_f64(v).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            entries.push((Key { span: span_of(key.referenced), name: key.value }, map.next_value()?));
        }
        Ok(Value::Mapping(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_where_they_stand() {
        let text = "a: 1\nbé:\n  - {c: no, d: 24h}\n";
        let Value::Mapping(entries) = Node::parse(text).unwrap().value else { panic!("a mapping") };
        assert_eq!(&text[entries[0].0.span.clone()], "a");
        assert_eq!(&text[entries[0].1.span.clone()], "1");
        assert_eq!(&text[entries[1].0.span.clone()], "bé");
        let Value::Sequence(items) = &entries[1].1.value else { panic!("a sequence") };
        let Value::Mapping(inner) = &items[0].value else { panic!("a mapping") };
        assert_eq!(&text[inner[1].1.span.clone()], "24h");
        assert_eq!(inner[0].1.value, Value::String("no".into()), "booleans are strict");
    }

    #[test]
    fn a_duplicate_key_is_an_error() {
        let text = "a: 1\nb: 2\na: 3\n";
        let error = Node::parse(text).unwrap_err();
        assert_eq!(&text[error.span.clone()], "a", "{error:?}");
        assert_eq!(error.span.start, 10);
    }
}
