//! A sequence as a scenario that anybody can read, run alone and keep.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::execute::Written;
use super::found::Found;
use super::setting::Setting;
use super::write::{self, OTHER_REGION};
use crate::kms::{ErrorCode, Operation};
use crate::model::{Import, Name, Transition, Use, Wrapping};
use crate::rules::{self, RuleId};
use crate::states::snake_case;

/// The subject of scenarios of what sequences found.
pub(crate) const REGRESSIONS: &str = "regressions";

/// How the first line of such a scenario begins.
pub(crate) const FOUND: &str = "# Found by a generated sequence";

/// Lines are broken where they would be longer.
const WIDTH: usize = 118;

/// Where a sequence comes from.
#[derive(Debug, Clone)]
pub(crate) struct Provenance {
    /// The command that generates and finds it again.
    pub(crate) command: String,
    /// How many steps it had before it was shrunk.
    pub(crate) steps: usize,
}

/// The scenario's text. With a `witness`, a look at the key's state goes right before the judged call.
pub(crate) fn scenario(
    setting: &Setting,
    written: &[Written],
    found: &Found,
    witness: bool,
    provenance: &Provenance,
) -> String {
    let steps = steps(written, found, witness);
    let rule = rules::catalogue().get(&found.signature.rule);
    let says = rule.map_or_else(String::new, |rule| rule.says.clone());
    let (command, before) = (&provenance.command, provenance.steps);
    let mut text = format!("{FOUND} of {before} steps: {command}\n");
    let _ = writeln!(text, "name: {}", scalar(&title(found)));
    let _ = writeln!(text, "why: {}", scalar(&says));
    let all = json!(steps).to_string();
    let used = setting.test.material.iter().filter(|(name, _)| all.contains(&format!("\"$wrap\":\"{name}\"")));
    let by = |name: &str| {
        ["$mac_by", "$signature_by", "$public_key_of"].map(|operator| format!("\"{operator}\":\"{name}\""))
    };
    let judged = setting.test.material.iter().filter(|(name, _)| by(name).iter().any(|mention| all.contains(mention)));
    let used: BTreeMap<&String, &str> =
        used.chain(judged).map(|(name, recipe)| (name, recipe.spec().as_str())).collect();
    if !used.is_empty() {
        text.push_str("material:\n");
        used.iter().for_each(|(name, spec)| text.push_str(&format!("  {name}: {spec}\n")));
    }
    if all.contains(OTHER_REGION) {
        let _ = writeln!(text, "clients: {{ {OTHER_REGION}: {{ region: other }} }}");
    }
    text.push_str("steps:\n");
    steps.iter().for_each(|step| text.push_str(&written_step(step)));
    text
}

/// What the scenario shows, as one fact.
pub(crate) fn title(found: &Found) -> String {
    let (signature, finding) = (&found.signature, &found.finding);
    let (operation, rule) = (signature.operation, &signature.rule);
    let state = signature.state.map_or_else(String::new, |state| format!(" while the key is {state}"));
    let members: Vec<&str> = finding.differences.iter().map(|difference| difference.path.as_str()).collect();
    if finding.observed == "success" && !members.is_empty() {
        return format!("{operation}{state}: {} as {rule} has it", members.join(", "));
    }
    let expected = finding.expected.as_deref().unwrap_or("as the rule says");
    format!("{operation}{state}: {expected} ({rule})")
}

/// The name of the scenario: `regressions/ckd_notpending_cancel_key_deletion_enabled`.
pub(crate) fn name(found: &Found) -> String {
    let state = found.signature.state.map_or_else(String::new, |state| snake_case(state.as_str()));
    let (rule, operation) = (&found.signature.rule, found.signature.operation);
    format!("{}_{state}", stem(rule, operation)).trim_end_matches('_').to_owned()
}

fn stem(rule: &str, operation: Operation) -> String {
    let rule = rule.to_ascii_lowercase().replace('-', "_");
    format!("{REGRESSIONS}/{rule}_{}", snake_case(operation.as_str()))
}

/// The operation in the name of a scenario of what sequences found of a rule.
pub(crate) fn found_operation(scenario: &str, rule: &RuleId) -> Option<String> {
    let is_in = |operation: &&Operation| {
        let rest = scenario.strip_prefix(stem(rule.as_str(), **operation).as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    // One operation's name may begin with another's.
    let named = Operation::ALL.iter().filter(is_in).max_by_key(|operation| operation.as_str().len());
    named.map(ToString::to_string)
}

/// The calls up to the one that shows the deviation, each expected to come out as it did, and that one judged.
fn steps(written: &[Written], found: &Found, witness: bool) -> Vec<Map<String, Value>> {
    let Some((judged, before)) = written.get(..=found.at).and_then(<[Written]>::split_last) else { return Vec::new() };
    let mut steps: Vec<Map<String, Value>> = before.iter().filter(|step| !step.aside).map(scene).collect();
    let mut last = judged.step.clone();
    last.remove("as");
    last.extend(found.expectation.clone());
    if judged.aside {
        steps.push(last);
        return steps;
    }
    if let Some((key, state)) = found.witness.filter(|_| witness) {
        let mut look = Map::new();
        look.insert("DescribeKey".to_owned(), json!({ "KeyId": format!("${{k{key}.KeyId}}") }));
        look.extend(judged.step.get("client").map(|client| ("client".to_owned(), client.clone())));
        look.insert("expect".to_owned(), json!({ "KeyMetadata": { "KeyState": state.as_str() } }));
        steps.push(look);
    }
    steps.push(last);
    steps
}

fn scene(written: &Written) -> Map<String, Value> {
    let mut step = written.step.clone();
    if let Some(codes) = &written.refused {
        step.remove("as");
        let known = codes.iter().all(|code| ErrorCode::known().contains(&code.as_str()));
        step.insert("fails".to_owned(), write::codes(if known { codes } else { &[] }));
    } else if step.contains_key("ReplicateKey") {
        step.insert("expect".to_owned(), json!({ "ReplicaKeyMetadata": { "KeyState": "Creating" } }));
    } else if let Some(request) = step.get("CreateKey") {
        let external = request.get("Origin").is_some();
        let state = if external { "PendingImport" } else { "Enabled" };
        step.insert("expect".to_owned(), json!({ "KeyMetadata": { "KeyState": state } }));
    }
    step
}

fn written_step(step: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (position, (name, value)) in step.iter().enumerate() {
        let indent = if position == 0 { "  - " } else { "    " };
        let line = format!("{indent}{name}: {}", flow(value));
        match value {
            Value::Object(members) if line.len() > WIDTH => {
                let _ = writeln!(text, "{indent}{name}:");
                for (name, value) in members {
                    let _ = writeln!(text, "      {name}: {}", flow(value));
                }
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

/// A value in YAML's flow style.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}: {}", flow(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => scalar(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Text, in quotes unless it is a plain word.
fn scalar(text: &str) -> String {
    let word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '+')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-+".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if word { text.to_owned() } else { Value::from(text).to_string() }
}

/// The same sequence with names that count from 1, for each kind of thing.
pub(crate) fn renumbered(transitions: &[Transition]) -> Vec<Transition> {
    let mut names = Names::default();
    transitions.iter().map(|transition| names.transition(transition)).collect()
}

#[derive(Default)]
struct Names {
    keys: BTreeMap<Name, Name>,
    tokens: BTreeMap<Name, Name>,
    imports: BTreeMap<Name, Name>,
    ciphertexts: BTreeMap<Name, Name>,
}

fn numbered(names: &mut BTreeMap<Name, Name>, name: Name) -> Name {
    let next = Name(u32::try_from(names.len()).unwrap_or(u32::MAX).saturating_add(1));
    *names.entry(name).or_insert(next)
}

impl Names {
    fn transition(&mut self, transition: &Transition) -> Transition {
        let mut transition = transition.clone();
        match &mut transition {
            Transition::Create { key, .. }
            | Transition::Enable { key }
            | Transition::Disable { key }
            | Transition::ScheduleDeletion { key, .. }
            | Transition::CancelDeletion { key }
            | Transition::Describe { key }
            | Transition::Rotate { key } => *key = numbered(&mut self.keys, *key),
            Transition::Replicate { key, replica } => {
                *key = numbered(&mut self.keys, *key);
                *replica = numbered(&mut self.keys, *replica);
            }
            Transition::Parameters { key, token, .. } => {
                *key = numbered(&mut self.keys, *key);
                *token = numbered(&mut self.tokens, *token);
            }
            Transition::Import(import) => self.import(import),
            Transition::DeleteMaterial { key, id_of } => {
                *key = numbered(&mut self.keys, *key);
                *id_of = id_of.map(|import| numbered(&mut self.imports, import));
            }
            Transition::Use { key, usage } => {
                *key = numbered(&mut self.keys, *key);
                if let Use::Encrypt(ciphertext) | Use::Decrypt(ciphertext) = usage {
                    *ciphertext = numbered(&mut self.ciphertexts, *ciphertext);
                }
            }
            Transition::Together(calls) => {
                for call in calls {
                    *call = self.transition(call);
                }
            }
            Transition::Pass(_) => {}
        }
        transition
    }

    fn import(&mut self, import: &mut Import) {
        import.key = numbered(&mut self.keys, import.key);
        import.token = numbered(&mut self.tokens, import.token);
        import.import = numbered(&mut self.imports, import.import);
        import.id_of = import.id_of.map(|other| numbered(&mut self.imports, other));
        if let Wrapping::PublicKeyOf(other) = &mut import.wrapping {
            *other = numbered(&mut self.tokens, *other);
        }
    }
}
