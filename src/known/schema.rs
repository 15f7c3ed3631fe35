//! The JSON schema of lists of known deviations, for editors.

use serde_json::{Map, Value, json};

use super::read::{DEVIATION_FIELDS, FILE_FIELDS, UNJUDGED_FIELDS};
use crate::kms::Operation;
use crate::rules;

/// The schema as a JSON document.
#[must_use]
pub fn json_schema() -> Value {
    let properties: Map<String, Value> = FILE_FIELDS.iter().map(|name| ((*name).to_owned(), list(name))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kms-conformance known deviations",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The text of the schema.
#[must_use]
pub fn json_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

fn list(name: &str) -> Value {
    let items = match name {
        "deviations" => entry(&DEVIATION_FIELDS, &["rule", "scenario", "answers", "reason"]),
        "unjudged" => entry(&UNJUDGED_FIELDS, &["tests", "because", "reason"]),
        _ => {
            let names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.as_str()).collect();
            json!({"enum": names})
        }
    };
    json!({"type": ["array", "null"], "items": items})
}

fn entry(fields: &[&str], required: &[&str]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|name| ((*name).to_owned(), field(name))).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn field(name: &str) -> Value {
    let text = |says: &str| json!({"type": "string", "pattern": r"\S", "description": says});
    match name {
        "rule" => {
            let ids: Vec<&str> = rules::catalogue().iter().map(|rule| rule.id.as_str()).collect();
            json!({"enum": ids, "description": "The rule that does not hold"})
        }
        "scenario" => text("The scenario that shows it"),
        "cases" => json!({
            "type": "array",
            "items": text("A case: what stands between the brackets of a test's name"),
            "minItems": 1,
            "description": "The cases that answer so; all of them, if left out",
        }),
        "tests" => json!({
            "type": "array",
            "items": text("A test, or a scenario for all of its tests"),
            "description": "The tests that cannot be judged",
        }),
        "answers" => one_or_more(text("What the target answers, as `kms-conformance known` writes it")),
        "because" => one_or_more(text("Why the tests cannot be judged, as `kms-conformance known` writes it")),
        "reason" => text("Why the target does so"),
        "link" => text("Where more is said of it"),
        _ => json!({
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}$",
            "description": "The last day on which the entry holds",
        }),
    }
}

fn one_or_more(one: Value) -> Value {
    json!({"anyOf": [one.clone(), {"type": "array", "items": one, "minItems": 1}]})
}
