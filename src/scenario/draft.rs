//! A scenario that is written while it runs: each step is read by the rules of the language, as from a file.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::parse_step::Steps;
use super::reader::Errors;
use super::scope::Scope;
use super::step::Step;
use super::yaml::{Key, Node, Value};
use crate::material::Recipe;
use crate::target::Client;

/// What the steps so far have bound and witnessed.
#[derive(Debug)]
pub(crate) struct Draft {
    scope: Scope,
}

impl Draft {
    pub(crate) fn new(material: IndexMap<String, Recipe>, clients: IndexMap<String, Client>) -> Self {
        Self { scope: Scope { material, clients, ..Scope::default() } }
    }

    /// Reads the next step, which stands in this line.
    ///
    /// # Errors
    /// The first mistake, in words.
    pub(crate) fn step(&mut self, step: &Json, line: usize) -> Result<Step, String> {
        let mut errors = Errors::default();
        let scope = std::mem::take(&mut self.scope);
        let mut reader = Steps { errors: &mut errors, scope, line: &|_| line };
        let read = reader.step(&node(step));
        self.scope = reader.scope;
        match (read, errors.0.first()) {
            (Some(step), None) => Ok(step),
            (_, Some(mistake)) => Err(mistake.message.clone()),
            (None, None) => Err("the step cannot be read".to_owned()),
        }
    }
}

/// The same value as a tree of YAML, of which nobody will ask for places.
fn node(value: &Json) -> Node {
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(number.clone()),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Sequence(items.iter().map(node).collect()),
        Json::Object(members) => {
            let key = |name: &String| Key { span: 0..0, name: name.clone() };
            Value::Mapping(members.iter().map(|(name, value)| (key(name), node(value))).collect())
        }
    };
    Node { span: 0..0, value }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_is_read_as_from_a_file_and_binds_names() {
        let mut draft = Draft::new(IndexMap::new(), IndexMap::new());
        let create = json!({
            "CreateKey": { "Origin": "EXTERNAL" }, "as": "k1",
            "expect": { "KeyMetadata": { "KeyState": "PendingImport" } },
        });
        assert_eq!(draft.step(&create, 7).expect("a step").line, 7);
        let enable = json!({ "EnableKey": { "KeyId": "${k1.KeyId}" }, "fails": "KMSInvalidStateException", "checks": "ENA-PENDINGIMPORT" });
        assert!(draft.step(&enable, 8).is_ok());
        let mistake = draft.step(&json!({ "EnableKey": { "KeyId": "${k2.KeyId}" } }), 9).expect_err("a mistake");
        assert!(mistake.contains("no earlier step has bound `k2`"), "{mistake}");
    }
}
