//! Reading values of requests, checked against the API's shapes.

use serde_json::Value as Json;

use super::diagnostic::{Diagnostic, suggestion};
use super::expr::{Damage, Expr, Generator, Part, Place, Template};
use super::reader::{Errors, Fields};
use super::scope::Scope;
use super::yaml::{Key, Node, Value};
use crate::kms::WrappingAlgorithm;
use crate::kms::shapes::{Kind, Shape};

/// Reads values in one scope, reporting mistakes.
pub(crate) struct Values<'a> {
    pub(crate) errors: &'a mut Errors,
    pub(crate) scope: &'a Scope,
}

/// The operators of values, with the kind of member that each makes.
pub(crate) const OPERATORS: [(&str, Kind); 9] = [
    ("$wrap", Kind::Blob),
    ("$text", Kind::Blob),
    ("$random", Kind::Blob),
    ("$flip", Kind::Blob),
    ("$truncate", Kind::Blob),
    ("$extend", Kind::Blob),
    ("$now", Kind::Timestamp),
    ("$time", Kind::Timestamp),
    ("$repeat", Kind::String),
];

/// The operator that a mapping starts with, if it is one.
pub(crate) fn operator(node: &Node) -> Option<&Key> {
    match &node.value {
        Value::Mapping(entries) => entries.iter().map(|(key, _)| key).find(|key| key.name.starts_with('$')),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Sequence(_) => None,
    }
}

impl Values<'_> {
    /// Reads a value of this shape; of any shape, where there is none to hold it against.
    pub(crate) fn value(&mut self, node: &Node, shape: Option<&Shape>) -> Option<Expr> {
        if let Some(operator) = operator(node) {
            return if operator.name == "$raw" { self.raw(node) } else { self.generated(node, operator, shape) };
        }
        let Some(shape) = shape else { return self.free(node) };
        match (shape.kind, &node.value) {
            (Kind::Structure, Value::Mapping(entries)) => self.object(entries, shape),
            (Kind::Map, Value::Mapping(entries)) => {
                let inner = shape.map_value();
                let members = entries.iter().map(|(key, node)| Some((key.name.clone(), self.value(node, inner)?)));
                Some(Expr::Object(members.collect::<Option<_>>()?))
            }
            (Kind::List, Value::Sequence(items)) => {
                let items = items.iter().map(|item| self.value(item, shape.element()));
                Some(Expr::Array(items.collect::<Option<_>>()?))
            }
            (_, Value::String(text)) => self.text_of(node, text, shape),
            (Kind::Integer | Kind::Timestamp, Value::Number(number)) => Some(Expr::Literal(number.clone().into())),
            (Kind::Boolean, Value::Bool(flag)) => Some(Expr::Literal((*flag).into())),
            _ => self.mistyped(node, shape.kind),
        }
    }

    fn object(&mut self, entries: &[(Key, Node)], shape: &Shape) -> Option<Expr> {
        let mut members = Vec::new();
        for (key, node) in entries {
            match shape.member(&key.name) {
                Some(inner) => members.push(self.value(node, Some(inner)).map(|value| (key.name.clone(), value))),
                None => {
                    self.unknown_member(key, shape);
                    members.push(None);
                }
            }
        }
        Some(Expr::Object(members.into_iter().collect::<Option<_>>()?))
    }

    pub(crate) fn unknown_member(&mut self, key: &Key, shape: &Shape) {
        let help = suggestion(&key.name, shape.members.keys().map(String::as_str));
        self.errors.report(Diagnostic::new(key.span.clone(), format!("no member `{}` here", key.name)).help(help));
    }

    fn text_of(&mut self, node: &Node, text: &str, shape: &Shape) -> Option<Expr> {
        if text.contains("${") {
            return self.template(node, text).map(Expr::Template);
        }
        match shape.kind {
            Kind::String => {}
            Kind::Blob if is_base64(text) => {}
            Kind::Blob => {
                let help =
                    "write the bytes as base64, or `{ $text: … }` for text, or `{ $raw: … }` to send exactly this";
                self.errors.report(Diagnostic::new(node.span.clone(), "this is not base64").help(help));
                return None;
            }
            Kind::Timestamp => {
                let help = "write `{ $now: +90d }`, or epoch seconds as a number";
                self.errors
                    .report(Diagnostic::new(node.span.clone(), format!("`{text}` is not an instant")).help(help));
                return None;
            }
            kind @ (Kind::Structure | Kind::List | Kind::Map | Kind::Integer | Kind::Boolean) => {
                return self.mistyped(node, kind);
            }
        }
        if let Some(names) = shape.one_of().filter(|names| !names.iter().any(|name| name == text)) {
            let help = format!(
                "{} (`{{ $raw: {text} }}` sends it all the same)",
                suggestion(text, names.iter().map(String::as_str))
            );
            self.errors
                .report(Diagnostic::new(node.span.clone(), format!("`{text}` is not a value of AWS's")).help(help));
            return None;
        }
        Some(Expr::Literal(text.into()))
    }

    fn mistyped(&mut self, node: &Node, kind: Kind) -> Option<Expr> {
        let expected = match kind {
            Kind::Structure | Kind::Map => "a mapping",
            Kind::List => "a list",
            Kind::String => "text",
            Kind::Blob => "bytes",
            Kind::Timestamp => "an instant",
            Kind::Integer => "a number",
            Kind::Boolean => "true or false",
        };
        let help = match kind {
            Kind::String => "put it in quotes, or write `{ $raw: … }` to send exactly this",
            Kind::Timestamp => "write `{ $now: +90d }`, or epoch seconds as a number",
            Kind::Structure | Kind::Map | Kind::List | Kind::Blob | Kind::Integer | Kind::Boolean => {
                "write `{ $raw: … }` to send exactly this"
            }
        };
        let message = format!("this is {}, but must be {expected}", node.kind());
        self.errors.report(Diagnostic::new(node.span.clone(), message).help(help));
        None
    }

    /// A value that no shape constrains.
    pub(crate) fn free(&mut self, node: &Node) -> Option<Expr> {
        Some(match &node.value {
            Value::Null => Expr::Literal(Json::Null),
            Value::Bool(flag) => Expr::Literal((*flag).into()),
            Value::Number(number) => Expr::Literal(number.clone().into()),
            Value::String(text) if text.contains("${") => Expr::Template(self.template(node, text)?),
            Value::String(text) => Expr::Literal(text.as_str().into()),
            Value::Sequence(items) => {
                Expr::Array(items.iter().map(|item| self.value(item, None)).collect::<Option<_>>()?)
            }
            Value::Mapping(entries) => {
                let members = entries.iter().map(|(key, node)| Some((key.name.clone(), self.value(node, None)?)));
                Expr::Object(members.collect::<Option<_>>()?)
            }
        })
    }

    fn raw(&mut self, node: &Node) -> Option<Expr> {
        let fields = self.errors.fields(node, "`$raw`", &["$raw"])?;
        self.free(fields.get("$raw")?)
    }

    /// Text with references.
    pub(crate) fn template(&mut self, node: &Node, text: &str) -> Option<Template> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else {
                let help = "close the reference with `}`";
                self.errors.report(Diagnostic::new(node.span.clone(), "a reference is not closed").help(help));
                return None;
            };
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            match self.scope.resolve(&rest[start + 2..start + length]) {
                Ok(reference) => parts.push(Part::Reference(reference)),
                Err(unresolved) => {
                    let help = suggestion(&unresolved.found, unresolved.candidates.iter().map(String::as_str));
                    self.errors.report(Diagnostic::new(node.span.clone(), unresolved.message).help(help));
                    return None;
                }
            }
            rest = &rest[start + length + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Some(Template(parts))
    }

    fn generated(&mut self, node: &Node, operator: &Key, shape: Option<&Shape>) -> Option<Expr> {
        let Some((_, makes)) = OPERATORS.iter().find(|(name, _)| *name == operator.name) else {
            let names = OPERATORS.iter().map(|(name, _)| *name).chain(["$raw"]);
            let help = suggestion(&operator.name, names);
            let message = format!("there is no `{}` for values", operator.name);
            self.errors.report(Diagnostic::new(operator.span.clone(), message).help(help));
            return None;
        };
        if let Some(shape) = shape.filter(|shape| shape.kind != *makes) {
            return self.mistyped(node, shape.kind);
        }
        self.generator(node, operator).map(|generator| Expr::Generated(Box::new(generator)))
    }

    fn generator(&mut self, node: &Node, operator: &Key) -> Option<Generator> {
        let what = format!("`{}`", operator.name);
        let mut fields = |known: &[&str]| self.errors.fields(node, &what, known);
        match operator.name.as_str() {
            "$wrap" => {
                let fields = fields(&["$wrap", "with", "algorithm"])?;
                self.wrap(&fields)
            }
            "$text" => {
                let text = fields(&["$text"])?.get("$text")?;
                let words = self.errors.text(text, &what)?.to_owned();
                self.template(text, &words).map(Generator::Text)
            }
            "$random" => {
                let length = fields(&["$random"])?.get("$random")?;
                self.errors.whole_number(length, &what).map(Generator::Random)
            }
            "$repeat" => {
                let fields = fields(&["$repeat", "times"])?;
                let text = self.errors.text(fields.get("$repeat")?, &what)?.to_owned();
                let times = self.errors.required(&fields, "times", &what)?;
                Some(Generator::Repeat { text, times: self.errors.whole_number(times, "`times`")? })
            }
            "$flip" => {
                let fields = fields(&["$flip", "at"])?;
                let at = self.errors.required(&fields, "at", &what)?;
                let place = self.place(at)?;
                self.damage(fields.get("$flip")?, Damage::Flip(place))
            }
            cut @ ("$truncate" | "$extend") => {
                let fields = fields(&[cut, "by"])?;
                let by = self.errors.required(&fields, "by", &what)?;
                let by = self.errors.whole_number(by, "`by`")?;
                let damage = if cut == "$extend" { Damage::Extend(by) } else { Damage::Truncate(by) };
                self.damage(fields.get(cut)?, damage)
            }
            "$now" => {
                let offset = fields(&["$now"])?.get("$now")?;
                self.errors.duration(offset, &what).map(Generator::Now)
            }
            _ => {
                let fields = fields(&["$time", "plus"])?;
                let base = self.free(fields.get("$time")?)?;
                let plus = self.errors.required(&fields, "plus", &what)?;
                Some(Generator::Time { base, plus: self.errors.duration(plus, "`plus`")? })
            }
        }
    }

    fn wrap(&mut self, fields: &Fields<'_>) -> Option<Generator> {
        let material = self.material(fields.get("$wrap")?)?;
        let with = self.errors.required(fields, "with", "`$wrap`")?;
        let parameters = self.errors.text(with, "`with`")?.to_owned();
        if self.scope.answers.get(&parameters) != Some(&crate::kms::Operation::GetParametersForImport) {
            let known = self.scope.answers.iter().filter(|(_, o)| **o == crate::kms::Operation::GetParametersForImport);
            let help = suggestion(&parameters, known.map(|(name, _)| name.as_str()));
            let message = format!("`{parameters}` is not the answer of an earlier GetParametersForImport");
            self.errors.report(Diagnostic::new(with.span.clone(), message).help(help));
            return None;
        }
        let algorithm = match fields.get("algorithm") {
            Some(node) => Some(self.errors.name(node, WrappingAlgorithm::ALL, "`algorithm`")?),
            None => None,
        };
        Some(Generator::Wrap { material, parameters, algorithm })
    }

    /// The name of material that the scenario has.
    pub(crate) fn material(&mut self, node: &Node) -> Option<String> {
        let name = self.errors.text(node, "the material's name")?;
        if self.scope.material.contains_key(name) {
            return Some(name.to_owned());
        }
        let help = if self.scope.material.is_empty() {
            format!("add `material: {{ {name}: … }}` to the scenario")
        } else {
            suggestion(name, self.scope.material.keys().map(String::as_str))
        };
        self.errors.report(Diagnostic::new(node.span.clone(), format!("no material is called `{name}`")).help(help));
        None
    }

    fn place(&mut self, node: &Node) -> Option<Place> {
        let text = self.errors.text(node, "`at`")?;
        let found = Place::NAMES.iter().find(|(name, _)| *name == text).map(|(_, place)| *place);
        if found.is_none() {
            let help = suggestion(text, Place::NAMES.map(|(name, _)| name));
            self.errors.report(Diagnostic::new(node.span.clone(), format!("`at` cannot be `{text}`")).help(help));
        }
        found
    }

    fn damage(&mut self, node: &Node, damage: Damage) -> Option<Generator> {
        let shape = Shape::of(Kind::Blob);
        Some(Generator::Damage { blob: self.value(node, Some(&shape))?, damage })
    }
}

fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}
