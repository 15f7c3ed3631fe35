//! Writing the scenario of a cell.

use super::cell::{Cell, Fate, Outcome};
use super::table::{Call, Entry, Kind, Looked, Material, Properties, Reach, Table};
use crate::kms::KeyState;
use crate::rules;

/// The rule for a key that stays as it is.
const UNMOVED: &str = "KST-UNMOVED";

/// What the scenario of a cell is put together from.
struct Writer<'a> {
    entry: &'a Entry,
    fate: &'a Fate,
    call: &'a Call,
    reach: &'a Reach,
    table: &'a Table,
    keys: Vec<&'a Properties>,
}

impl Table {
    /// The name and text of the cell's scenario, if the cell can be reached.
    pub(super) fn scenario(&self, entry: &Entry, why: &str) -> Option<(String, String)> {
        let Cell::Call(fate) = entry.cell else { return None };
        let (call, reach) = (self.calls.get(entry.call)?, self.states.ways.get(&entry.way)?);
        // One kind of key shows what being a multi-Region key changes.
        let kinds: &[Kind] = if reach.related { call.keys.get(..1)? } else { &call.keys };
        let keys = kinds.iter().map(|kind| self.states.keys.get(kind)).collect::<Option<_>>()?;
        let writer = Writer { entry, fate, call, reach, table: self, keys };
        Some((format!("key_states/{}_{}", entry.call, reach.slug), writer.scenario(why)))
    }
}

impl Writer<'_> {
    fn scenario(&self, why: &str) -> String {
        let steps = self.steps();
        let mut text = format!("name: {}\nwhy: {}\n", quoted(&self.title()), quoted(why));
        text.push_str(&self.matrix(&steps));
        let materials: String = ["m", "new"]
            .into_iter()
            .filter(|name| steps.contains(&format!("$wrap: {name},")))
            .map(|name| format!("  {name}: \"${{spec}}\"\n"))
            .collect();
        if !materials.is_empty() {
            text.push_str(&format!("material:\n{materials}"));
        }
        if steps.contains("west") {
            text.push_str("clients: { west: { region: other } }\n");
        }
        text.push_str("steps:\n");
        for line in steps.lines() {
            text.push_str(&format!("  {line}\n"));
        }
        text
    }

    fn title(&self) -> String {
        let (call, when) = (self.call.says(self.entry.operation), &self.reach.says);
        match &self.fate.outcome {
            Outcome::Success => format!("{call} succeeds {when}"),
            Outcome::Refusal(_) => format!("{call} is refused {when}"),
            Outcome::Open => format!("what {call} answers {when}"),
        }
    }

    /// The kinds of key, each with the names that the steps use.
    fn matrix(&self, steps: &str) -> String {
        let mut text = "matrix:\n".to_owned();
        for key in &self.keys {
            let used = key.variables().filter(|(name, _)| steps.contains(&format!("${{{name}}}")));
            let used: Vec<String> = used.map(|(name, value)| format!("{name}: {value}")).collect();
            text.push_str(&format!("  - {{ {} }}\n", used.join(", ")));
        }
        text
    }

    fn steps(&self) -> String {
        let states = &self.table.states;
        let import = match self.reach.material {
            Material::None => "",
            Material::Lasting => &states.import,
            Material::Expiring => &states.import_expiring,
        };
        let while_enabled = match self.reach.material {
            Material::None => "",
            Material::Lasting | Material::Expiring => self.call.while_enabled(self.entry.way),
        };
        let before = self.call.before(self.entry.way);
        // A replica is looked at that is only made by `reach`.
        let (early, late) = match self.reach.key {
            Looked::Itself => (before, ""),
            Looked::Replica => ("", before),
        };
        let parts = [&states.create, import, while_enabled, early, &self.reach.reach, late];
        let mut text: String = parts.into_iter().map(|part| self.filled(part)).collect();
        text.push_str(&self.filled(&self.witness()));
        text.push_str(&self.filled(&self.judged_call()));
        text.push_str(&self.filled(&self.state_afterwards()));
        text
    }

    fn witness(&self) -> String {
        let state = self.entry.state;
        format!("{LOOK}\n  <client>\n  expect: {{ KeyMetadata: {{ KeyState: {state} }} }}\n")
    }

    fn judged_call(&self) -> String {
        let (operation, rule) = (self.entry.operation, &self.fate.rule);
        let request = self.call.request(self.entry.way).trim_end();
        let request = match request.starts_with('{') {
            true => format!(" {request}"),
            false => request.lines().map(|line| format!("\n    {line}")).collect(),
        };
        let verdict = match &self.fate.outcome {
            Outcome::Success => format!("  checks: {rule}\n"),
            Outcome::Refusal(_) => format!("  fails: {}\n  checks: {rule}\n", self.refusal()),
            Outcome::Open => format!("  observe: {rule}\n"),
        };
        format!("- {operation}:{request}\n  <client>\n{verdict}")
    }

    fn refusal(&self) -> String {
        let Outcome::Refusal(codes) = &self.fate.outcome else { return String::new() };
        let codes: Vec<&str> = codes.iter().map(crate::kms::ErrorCode::as_str).collect();
        match (codes.as_slice(), self.message()) {
            ([], _) => "any".to_owned(),
            ([code], Some(message)) => format!("{{ code: {code}, message: {message} }}"),
            ([code], None) => (*code).to_owned(),
            (codes, _) => format!("[{}]", codes.join(", ")),
        }
    }

    /// The text that was recorded with the rule, if it needs nothing but the key's ARN.
    fn message(&self) -> Option<String> {
        let recorded = rules::catalogue().get(self.fate.rule.as_str())?.message.as_ref()?;
        let text = recorded.replace("<arn>", "${<key>.Arn}");
        (text.matches('<').count() == recorded.matches("<arn>").count()).then(|| quoted(&text))
    }

    fn state_afterwards(&self) -> String {
        let rule = self.fate.rule.as_str();
        let looked = format!("{LOOK}\n  <client>\n");
        if self.fate.outcome == Outcome::Open {
            return format!("{looked}  observe: {rule}\n  show: [KeyMetadata.KeyState]\n");
        }
        let itself = [self.entry.state];
        let (rule, states) = match (self.fate.then.as_slice(), self.reach.stays.as_slice()) {
            ([], []) => (UNMOVED, &itself[..]),
            ([], stays) => (UNMOVED, stays),
            (then, _) => (rule, then),
        };
        format!("{looked}  checks:\n    {rule}: {{ KeyMetadata: {{ KeyState: {} }} }}\n", one_of(states))
    }

    /// The text without placeholders.
    fn filled(&self, text: &str) -> String {
        let (key, client) = match self.reach.key {
            Looked::Itself => ("k", None),
            Looked::Replica => ("r", Some("client: west")),
        };
        let existing = self.keys.iter().any(|key| key.typed).then_some("ImportType: EXISTING_KEY_MATERIAL");
        let multi = if self.reach.related || self.call.related { ", MultiRegion: true" } else { "" };
        let mut filled = String::new();
        for line in text.lines() {
            let alone = match line.trim() {
                "<client>" => client,
                "<existing>" => existing,
                _ => Some(line.trim()),
            };
            if let Some(words) = alone {
                let indent = &line[..line.len() - line.trim_start().len()];
                filled.push_str(&format!("{indent}{words}\n").replace("<key>", key).replace("<multi>", multi));
            }
        }
        filled
    }
}

/// Looking at the key.
const LOOK: &str = "- DescribeKey: { KeyId: \"${<key>.KeyId}\" }";

fn one_of(states: &[KeyState]) -> String {
    match states {
        [state] => state.to_string(),
        states => {
            let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
            format!("{{ $one_of: [{}] }}", states.join(", "))
        }
    }
}

/// The text in quotes, as JSON and YAML both have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crate::states::table::{TABLE, Way};

    fn text(call: &str, way: Way) -> String {
        let entry = TABLE.entries().find(|entry| entry.call == call && entry.way == way).unwrap();
        TABLE.scenario(&entry, "a reason").unwrap().1
    }

    #[test]
    fn no_placeholder_is_left() {
        for (name, text) in TABLE.scenarios() {
            for placeholder in ["<key>", "<client>", "<multi>", "<existing>", "<arn>"] {
                assert!(!text.contains(placeholder), "{name} holds {placeholder}");
            }
        }
    }

    #[test]
    fn a_replica_is_looked_at_by_the_client_of_its_region() {
        let creating = text("tag_resource", Way::Creating);
        assert!(creating.contains("  - TagResource: { KeyId: \"${r.KeyId}\""), "{creating}");
        assert_eq!(creating.matches("    client: west\n").count(), 3, "{creating}");
        assert!(!text("tag_resource", Way::Enabled).contains("west"));
    }

    #[test]
    fn what_needs_an_enabled_key_is_left_out_where_there_never_was_one() {
        assert!(text("list_grants", Way::Disabled).contains("CreateGrant"));
        assert!(!text("list_grants", Way::NeverImported).contains("CreateGrant"));
        assert!(!text("list_grants", Way::NeverImported).contains("material:"));
    }

    #[test]
    fn a_recorded_text_goes_with_the_one_exception_that_it_was_recorded_with() {
        let message = "message: \"${k.Arn} is pending import.\"";
        assert!(text("rotate_key_on_demand", Way::NeverImported).contains(message));
        assert!(!text("rotate_a_key_that_does_not_rotate", Way::NeverImported).contains("message"));
    }

    #[test]
    fn ways_that_need_relatives_try_one_kind_of_key() {
        assert_eq!(text("enable_key", Way::Disabled).matches("spec: ").count(), 4);
        assert_eq!(text("enable_key", Way::Updating).matches("spec: ").count(), 1);
    }
}
