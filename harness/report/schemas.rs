//! The published schemas: what a run writes is valid by them, and what it would not write is not.

use serde_json::{Value, json};

use crate::common::{expect, read, scenarios, text};

fn validator(of: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&expect(0, &["schema", of])).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::validator_for(&closed(schema)).unwrap()
}

/// The schema with no members but those that it names, so that a member it forgot is found. What an event adds its own
/// name to is closed as part of the event.
fn closed(schema: Value) -> Value {
    let mut extended = Vec::new();
    find_extended(&schema, &mut extended);
    assert!(extended.is_empty() || extended.len() == 3, "{extended:?}");
    close(schema, "", &extended)
}

fn find_extended(schema: &Value, found: &mut Vec<String>) {
    if let (Some(target), Some(_)) = (schema["$ref"].as_str(), schema.get("properties")) {
        found.push(target.trim_start_matches('#').to_owned());
    }
    match schema {
        Value::Object(members) => members.values().for_each(|inner| find_extended(inner, found)),
        Value::Array(items) => items.iter().for_each(|item| find_extended(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn close(mut schema: Value, at: &str, extended: &[String]) -> Value {
    match &mut schema {
        Value::Object(members) => {
            for (name, inner) in members.iter_mut() {
                *inner = close(inner.take(), &format!("{at}/{name}"), extended);
            }
            let named = members.get("properties").is_some_and(Value::is_object);
            if named && !extended.contains(&at.to_owned()) {
                members.insert("unevaluatedProperties".into(), false.into());
            }
        }
        Value::Array(items) => {
            for (position, item) in items.iter_mut().enumerate() {
                *item = close(item.take(), &format!("{at}/{position}"), extended);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn what_a_run_writes_is_valid() {
    let dir = scenarios();
    let (own, shipped) = (dir.path().join("out"), dir.path().join("shipped"));
    expect(1, &["run", "--scenarios", text(dir.path()), "--sequences", "0", "--strict-messages", "--out", text(&own)]);
    expect(0, &["run", "--subject", "delete", "--shard", "1/2", "--out", text(&shipped)]);
    let (results, events) = (validator("results"), validator("events"));
    for out in [&own, &shipped] {
        assert_valid(&results, &serde_json::from_str(&read(out, "results.json")).unwrap());
        for line in read(out, "events.jsonl").lines() {
            assert_valid(&events, &serde_json::from_str(line).unwrap());
        }
    }
    let both = expect(0, &["report", text(&own), text(&shipped), "--format", "json"]);
    assert_valid(&results, &serde_json::from_str(&both).unwrap());
}

#[test]
fn what_a_run_would_not_write_is_not_valid() {
    let dir = scenarios();
    let out = dir.path().join("out");
    expect(1, &["run", "--scenarios", text(dir.path()), "--sequences", "0", "--out", text(&out)]);
    let (results, events) = (validator("results"), validator("events"));
    let good: Value = serde_json::from_str(&read(&out, "results.json")).unwrap();
    for (pointer, bad) in [
        ("/conclusion", json!("splendid")),
        ("/version", json!("one")),
        ("/tests", json!({"pass": "many"})),
        ("/results/own~1open/findings", json!([{"rule": "CRE-EXT-STATE"}])),
    ] {
        let mut results_of_none = good.clone();
        *results_of_none.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = bad;
        assert!(!results.is_valid(&results_of_none), "{pointer}");
    }
    let line = read(&out, "events.jsonl").lines().last().unwrap().replace('{', r#"{"tea":true,"#);
    assert!(!events.is_valid(&serde_json::from_str(&line).unwrap()), "{line}");
    for bad in [json!({}), json!({"event": "tea_break"}), json!({"event": "run_finished", "stopped": null})] {
        assert!(!events.is_valid(&bad), "{bad}");
    }
}

#[test]
fn the_schema_of_scenarios_stays_the_default() {
    assert_eq!(expect(0, &["schema"]), expect(0, &["schema", "scenario"]));
}
