//! The JSON schema of scenario files, for editors: made from the same tables that the parser reads by.

use serde_json::{Map, Value, json};

use super::expr::Place;
use super::file::{CLIENT_FIELDS, FILE_FIELDS, MATERIAL_FIELDS};
use super::parse_matcher::MATCHERS;
use super::parse_step::{CALL_FIELDS, SEND_FIELDS};
use super::parse_value::OPERATORS;
use crate::kms::shapes::{self, Kind, Shape};
use crate::kms::{ErrorCode, KeySpec, MacAlgorithm, Operation, SigningAlgorithm, WrappingAlgorithm};
use crate::material::Form;
use crate::rules::{self, Evidence};

/// The schema as a JSON document.
#[must_use]
pub fn json_schema() -> Value {
    let mut parts = Parts::default();
    let steps = steps(&mut parts);
    let mut definitions = Map::new();
    definitions
        .insert("forward".into(), json!({"type": "string", "pattern": r"^\+?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"}));
    definitions.insert(
        "duration".into(),
        any_of(vec![
            json!({"type": "string", "pattern": r"^[+-]?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"}),
            reference("template"),
        ]),
    );
    definitions.insert("name".into(), json!({"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}));
    definitions.insert("template".into(), json!({"type": "string", "pattern": r"\$\{"}));
    definitions.insert("raw".into(), operator("$raw", json!({}), &[]));
    definitions.insert("value".into(), json!(true));
    for kind in [Kind::Blob, Kind::Timestamp, Kind::String] {
        definitions.insert(kind_name(kind).into(), any_of(generated(kind)));
    }
    definitions.insert("matcher".into(), any_of(MATCHERS.iter().map(|name| matcher(name)).collect()));
    definitions.insert("refusal".into(), refusal());
    definitions.insert("material".into(), material());
    definitions.insert("judged_rule".into(), rule_names(|evidence| evidence != Evidence::Open));
    definitions.insert("open_rule".into(), rule_names(|evidence| evidence == Evidence::Open));
    definitions.insert("step".into(), any_of(steps));
    definitions.extend(parts.0.into_iter().map(|(schema, name)| (name, schema)));
    let fields = FILE_FIELDS.map(|field| (field.to_owned(), file_field(field)));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kms-conformance scenario",
        "type": "object",
        "properties": Map::from_iter(fields),
        "required": ["name", "why", "steps"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// The text of `scenarios/schema.json`.
#[must_use]
pub fn json_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

/// Schemas that occur more than once, each under a name of its own.
#[derive(Default)]
struct Parts(Vec<(Value, String)>);

impl Parts {
    fn named(&mut self, prefix: &str, schema: Value) -> Value {
        if let Some((_, name)) = self.0.iter().find(|(known, _)| *known == schema) {
            return reference(name);
        }
        let name = format!("{prefix}_{}", self.0.len() + 1);
        let reference = reference(&name);
        self.0.push((schema, name));
        reference
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn any_of(alternatives: Vec<Value>) -> Value {
    json!({"anyOf": alternatives})
}

fn object(properties: Map<String, Value>, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// An object whose first member is an operator; all its members are required.
fn operator(name: &str, argument: Value, more: &[(&str, Value)]) -> Value {
    let mut properties = Map::from_iter([(name.to_owned(), argument)]);
    properties.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let required: Vec<&str> = std::iter::once(name).chain(more.iter().map(|(name, _)| *name)).collect();
    object(properties, &required)
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure => "structure",
        Kind::List => "list",
        Kind::Map => "map",
        Kind::String => "text",
        Kind::Blob => "blob",
        Kind::Timestamp => "timestamp",
        Kind::Integer => "integer",
        Kind::Boolean => "boolean",
    }
}

fn file_field(field: &str) -> Value {
    let plain = json!({"type": ["string", "number"]});
    let row = json!({"type": "object", "propertyNames": reference("name"), "additionalProperties": any_of(vec![plain.clone(), json!({"type": "array", "items": plain})])});
    match field {
        "name" => json!({"type": "string", "minLength": 1, "description": "what the scenario shows, as one fact"}),
        "why" => {
            json!({"type": "string", "minLength": 1, "description": "which bug it would find, or what a user would lose"})
        }
        "matrix" => any_of(vec![row.clone(), json!({"type": "array", "items": row})]),
        "clients" => {
            let fields = CLIENT_FIELDS.map(|field| (field.to_owned(), json!({"const": "other"})));
            json!({"type": "object", "propertyNames": reference("name"), "additionalProperties": object(Map::from_iter(fields), &[])})
        }
        "material" => json!({"type": "object", "additionalProperties": reference("material")}),
        _ => json!({"type": "array", "minItems": 1, "items": reference("step")}),
    }
}

fn names<T: ToString>(all: &[T]) -> Value {
    json!({"enum": all.iter().map(ToString::to_string).collect::<Vec<_>>()})
}

fn material() -> Value {
    let spec = any_of(vec![names(KeySpec::ALL), reference("template")]);
    let form = any_of(vec![
        json!({"enum": Form::ALL.iter().map(|form| form.as_str()).collect::<Vec<_>>()}),
        reference("template"),
    ]);
    let length = any_of(vec![json!({"type": "integer", "minimum": 0}), reference("template")]);
    let properties = MATERIAL_FIELDS.into_iter().map(str::to_owned).zip([spec.clone(), form, length]);
    any_of(vec![spec, object(properties.collect(), &["for"])])
}

fn rule_names(fits: fn(Evidence) -> bool) -> Value {
    let rules: Vec<&str> =
        rules::catalogue().iter().filter(|rule| fits(rule.evidence)).map(|rule| rule.id.as_str()).collect();
    json!({"enum": rules})
}

fn refusal() -> Value {
    let code = json!({"enum": ErrorCode::known()});
    let codes = any_of(vec![
        json!({"const": "any"}),
        reference("template"),
        code.clone(),
        json!({"type": "array", "items": any_of(vec![code, reference("template")])}),
    ]);
    let text = any_of(vec![json!({"type": "string"}), reference("matcher")]);
    let long = object(
        Map::from_iter([
            ("code".into(), codes.clone()),
            ("status".into(), json!({"type": "integer"})),
            ("message".into(), text),
            ("body".into(), json!(true)),
        ]),
        &["code"],
    );
    any_of(vec![codes, long])
}

fn steps(parts: &mut Parts) -> Vec<Value> {
    let mut steps = vec![
        operator("advance", any_of(vec![reference("forward"), reference("template")]), &[]),
        operator("set", json!({"type": "object", "additionalProperties": true}), &[]),
    ];
    steps.extend(Operation::ALL.iter().map(|operation| call(parts, *operation)));
    steps
}

fn call(parts: &mut Parts, operation: Operation) -> Value {
    let answer = expectation(parts, shapes::output(operation));
    let request = value(parts, shapes::input(operation));
    let judged = any_of(vec![reference("judged_rule"), reference("template")]);
    let path = json!({"type": "string"});
    let mut properties = Map::from_iter([(operation.as_str().to_owned(), request)]);
    for field in CALL_FIELDS {
        let schema = match field {
            "as" | "client" | "if_refused" => reference("name"),
            "send" => {
                object(Map::from_iter(SEND_FIELDS.map(|field| (field.to_owned(), json!({"type": "string"})))), &[])
            }
            "expect" => answer.clone(),
            "fails" => reference("refusal"),
            "checks" => any_of(vec![
                judged.clone(),
                json!({"type": "object", "propertyNames": judged, "additionalProperties": answer}),
            ]),
            "observe" => any_of(vec![reference("open_rule"), reference("template")]),
            _ => any_of(vec![path.clone(), json!({"type": "array", "items": path})]),
        };
        properties.insert(field.to_owned(), schema);
    }
    object(properties, &[operation.as_str()])
}

fn text_of(shape: &Shape) -> Value {
    match shape.one_of() {
        Some(names) => any_of(vec![json!({"enum": names}), reference("template")]),
        None => json!({"type": "string"}),
    }
}

/// The members of a structure, each under its name.
fn members(parts: &mut Parts, shape: &Shape, of: fn(&mut Parts, &Shape) -> Value) -> Value {
    object(shape.members.iter().map(|(name, inner)| (name.clone(), of(parts, inner))).collect(), &[])
}

/// A list, a map or a structure of such parts; none for a plain value.
fn compound(parts: &mut Parts, shape: &Shape, of: fn(&mut Parts, &Shape) -> Value) -> Option<Value> {
    match shape.kind {
        Kind::Structure => Some(members(parts, shape, of)),
        Kind::List => Some(json!({"type": "array", "items": shape.element().map(|inner| of(parts, inner))})),
        Kind::Map => {
            Some(json!({"type": "object", "additionalProperties": shape.map_value().map(|inner| of(parts, inner))}))
        }
        Kind::String | Kind::Blob | Kind::Timestamp | Kind::Integer | Kind::Boolean => None,
    }
}

/// A value in a request.
fn value(parts: &mut Parts, shape: &Shape) -> Value {
    let plain = compound(parts, shape, value).unwrap_or_else(|| match shape.kind {
        Kind::Blob | Kind::Timestamp => reference(kind_name(shape.kind)),
        Kind::Integer => any_of(vec![json!({"type": "integer"}), reference("template")]),
        Kind::Boolean => any_of(vec![json!({"type": "boolean"}), reference("template")]),
        _ => any_of(vec![text_of(shape), reference("text")]),
    });
    parts.named("value", any_of(vec![plain, reference("template"), reference("raw")]))
}

/// An expectation of an answer.
fn expectation(parts: &mut Parts, shape: &Shape) -> Value {
    let plain = compound(parts, shape, expectation).unwrap_or_else(|| value(parts, shape));
    parts.named("expect", any_of(vec![plain, reference("template"), reference("matcher")]))
}

/// What may stand for a value of this kind beside a plain literal.
fn generated(kind: Kind) -> Vec<Value> {
    let count = json!({"type": "integer", "minimum": 0});
    let mut alternatives = match kind {
        Kind::Blob => vec![json!({"type": "string"})],
        Kind::Timestamp => vec![json!({"type": "number"}), reference("template")],
        _ => Vec::new(),
    };
    for (name, _) in OPERATORS.iter().filter(|(_, makes)| *makes == kind) {
        let algorithm = names(WrappingAlgorithm::ALL);
        let places = json!({"enum": Place::NAMES.map(|(name, _)| name)});
        alternatives.push(match *name {
            "$wrap" => {
                let material = json!({"type": "string"});
                let algorithm = ("algorithm", any_of(vec![algorithm, reference("template")]));
                let as_asked = operator(name, material.clone(), &[("with", reference("name"))]);
                any_of(vec![as_asked, operator(name, material, &[("with", reference("name")), algorithm])])
            }
            "$flip" => operator(name, reference("blob"), &[("at", any_of(vec![places, reference("template")]))]),
            "$truncate" | "$extend" => {
                operator(name, reference("blob"), &[("by", any_of(vec![count.clone(), reference("template")]))])
            }
            "$random" => operator(name, any_of(vec![count.clone(), reference("template")]), &[]),
            "$repeat" => operator(
                name,
                json!({"type": "string"}),
                &[("times", any_of(vec![count.clone(), reference("template")]))],
            ),
            "$now" => operator(name, reference("duration"), &[]),
            "$time" => operator(name, reference("template"), &[("plus", reference("duration"))]),
            _ => operator(name, json!({"type": "string"}), &[]),
        });
    }
    alternatives
}

fn matcher(name: &str) -> Value {
    let flag = json!({"const": true});
    let list = json!({"type": "array"});
    let text = json!({"type": "string"});
    let count = any_of(vec![json!({"type": "integer", "minimum": 0}), reference("template")]);
    match name {
        "$absent" | "$present" => operator(name, flag, &[]),
        "$one_of" | "$same_items" => operator(name, list, &[]),
        "$matches" | "$starts_with" | "$public_key_of" => operator(name, text, &[]),
        "$length" => {
            let bounds = object(Map::from_iter([("min".into(), count.clone()), ("max".into(), count.clone())]), &[]);
            operator(name, any_of(vec![count, bounds]), &[])
        }
        "$near" => operator(name, reference("duration"), &[("within", reference("duration"))]),
        "$rsa_public_key" => operator(name, count, &[]),
        "$mac_by" => operator(
            name,
            text,
            &[
                ("message", reference("blob")),
                ("algorithm", any_of(vec![names(MacAlgorithm::ALL), reference("template")])),
            ],
        ),
        "$signature_by" => operator(
            name,
            text,
            &[
                ("message", reference("blob")),
                ("algorithm", any_of(vec![names(SigningAlgorithm::ALL), reference("template")])),
            ],
        ),
        _ => operator(name, reference("value"), &[]),
    }
}
