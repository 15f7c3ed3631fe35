//! The JSON schema of target descriptions, for editors: made from the names that the parser reads by.

use serde_json::{Map, Value, json};

use super::description::{AWS_RATES, CAPABILITY_FIELDS, DeclaredClock, FIELDS, PACING_FIELDS, PAIR_FIELDS};
use super::pacing::Rate;
use crate::kms::Operation;

/// The schema as a JSON document.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = object(&FIELDS, field);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "kms-conformance target description".into();
    schema["required"] = json!(["name"]);
    schema
}

/// The text of `targets/schema.json`.
#[must_use]
pub fn json_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

fn object(fields: &[&str], of: fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|field| ((*field).to_owned(), of(field))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "pattern": r"\S", "description": description})
}

fn field(field: &str) -> Value {
    match field {
        "name" => text("what reports call the target"),
        "version" => text("the target's version"),
        "endpoint" => text("its URL, such as http://127.0.0.1:4566"),
        "regions" => object(&PAIR_FIELDS, region),
        "accounts" => object(&PAIR_FIELDS, |_| text("a profile of the AWS configuration")),
        "capabilities" => object(&CAPABILITY_FIELDS, capability),
        _ => json!({"anyOf": [{"const": AWS_RATES}, object(&PACING_FIELDS, pacing)]}),
    }
}

fn region(_: &str) -> Value {
    json!({"type": "string", "pattern": "^[a-z0-9-]+$", "description": "a Region, such as us-east-1"})
}

fn capability(field: &str) -> Value {
    match field {
        "offers" | "lacks" => json!({"type": "array", "items": {"enum": names(Operation::ALL)}}),
        "clock" => json!({"enum": names(&DeclaredClock::ALL)}),
        _ => json!({"type": "boolean"}),
    }
}

fn pacing(field: &str) -> Value {
    let rate = json!({"type": "number", "minimum": Rate::MIN, "maximum": Rate::MAX});
    match field {
        "per_second" => rate,
        "operations" => json!({"anyOf": [
            {"const": AWS_RATES},
            {"type": "object", "propertyNames": {"enum": names(Operation::ALL)}, "additionalProperties": rate},
        ]}),
        "concurrent_tests" => json!({"type": "integer", "minimum": 1}),
        _ => json!({"type": "string", "pattern": r"^\+?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"}),
    }
}

fn names<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}
