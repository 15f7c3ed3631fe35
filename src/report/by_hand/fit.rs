//! Which requests the AWS CLI sends as they are: it checks types, required members and least lengths before it sends.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::kms::shapes::{Kind, Shape};
use crate::scenario::{Expr, Generator, Part, Reference, Send, Template};

/// The last second of the year 9999: the AWS CLI knows no later instant.
const LAST_INSTANT: f64 = 253_402_300_799.0;

/// Whether flags of the AWS CLI can say all of the request.
pub(super) fn fits(send: &Send, request: &[(String, Expr)], shape: &Shape, variables: &HashMap<&str, &Expr>) -> bool {
    let given = |name: &String| request.iter().any(|(member, _)| member == name);
    let member = |(name, value): &(String, Expr)| {
        shape.member(name).is_some_and(|shape| Fit { variables, nested: false }.value(value, shape))
    };
    *send == Send::default() && shape.required.iter().all(given) && request.iter().all(member)
}

struct Fit<'a> {
    variables: &'a HashMap<&'a str, &'a Expr>,
    nested: bool,
}

impl Fit<'_> {
    fn value(&self, value: &Expr, shape: &Shape) -> bool {
        match (value, shape.kind) {
            (Expr::Literal(value), _) => self.literal(value, shape),
            (Expr::Template(Template(parts)), kind) => match (kind, parts.as_slice()) {
                (Kind::String | Kind::Integer, _) => true,
                (Kind::Timestamp, [Part::Reference(reference)]) => self.whole_seconds(reference),
                (Kind::Blob, [Part::Reference(_)]) => !self.nested,
                _ => false,
            },
            (Expr::Object(members), Kind::Structure | Kind::Map) => {
                let inner = Fit { nested: true, ..*self };
                let given = |required: &String| members.iter().any(|(name, _)| name == required);
                let fits = |shape: &Shape, value| inner.value(value, shape);
                let member = |name: &str| shape.member(name).or_else(|| shape.map_value());
                shape.required.iter().all(given)
                    && members.iter().all(|(name, value)| member(name).is_some_and(|shape| fits(shape, value)))
            }
            (Expr::Array(items), Kind::List) => {
                let inner = Fit { nested: true, ..*self };
                at_least(items.len(), shape)
                    && shape.element().is_some_and(|shape| items.iter().all(|item| inner.value(item, shape)))
            }
            (Expr::Generated(generator), kind) => self.generated(generator, kind, shape),
            (Expr::Object(_) | Expr::Array(_), _) => false,
        }
    }

    fn literal(&self, value: &Value, shape: &Shape) -> bool {
        match (value, shape.kind) {
            // The AWS CLI reads some values as the address of the value.
            (Value::String(text), Kind::String) => at_least(text.chars().count(), shape) && !text.contains("://"),
            (Value::String(text), Kind::Blob) => {
                let bytes = STANDARD.decode(text).ok();
                !self.nested && bytes.is_some_and(|bytes| at_least(bytes.len(), shape))
            }
            (Value::Number(number), Kind::Integer) => {
                number.as_i64().is_some_and(|number| shape.min.is_none_or(|min| number as f64 >= min))
            }
            (Value::Number(number), Kind::Timestamp) => {
                number.as_i64().is_some_and(|number| (0.0..=LAST_INSTANT).contains(&(number as f64)))
            }
            (Value::Bool(_), Kind::Boolean) => true,
            (Value::Array(items), Kind::List) => {
                let inner = Fit { nested: true, ..*self };
                at_least(items.len(), shape)
                    && shape.element().is_some_and(|shape| items.iter().all(|item| inner.literal(item, shape)))
            }
            _ => false,
        }
    }

    fn generated(&self, generator: &Generator, kind: Kind, shape: &Shape) -> bool {
        match (generator, kind) {
            (Generator::Wrap { .. } | Generator::Damage { .. }, Kind::Blob) => !self.nested,
            (Generator::Text(Template(parts)), Kind::Blob) => !self.nested && (!parts.is_empty() || at_least(0, shape)),
            (Generator::Random(length), Kind::Blob) => !self.nested && at_least(*length, shape),
            (Generator::Repeat { text, times }, Kind::String) => at_least(text.chars().count() * times, shape),
            (Generator::Now(_), Kind::Timestamp) => true,
            (Generator::Time { plus, .. }, Kind::Timestamp) => plus.subsec_nanos() == 0,
            _ => false,
        }
    }

    /// The AWS CLI sends instants without their fractions.
    fn whole_seconds(&self, reference: &Reference) -> bool {
        let Reference::Variable(name) = reference else { return true };
        match self.variables.get(name.as_str()) {
            Some(Expr::Generated(generator)) => match generator.as_ref() {
                Generator::Time { plus, .. } => plus.subsec_nanos() == 0,
                _ => true,
            },
            _ => true,
        }
    }
}

fn at_least(length: usize, shape: &Shape) -> bool {
    shape.min.is_none_or(|min| length as f64 >= min)
}
