//! The table's three files, read together.

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::Deserialize;

use super::cell::Cell;
use crate::kms::{KeyState, Operation};

/// The table of this program. Tests hold that its files are well-formed, as they do for the rules.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::built_in().unwrap_or_else(|error| panic!("the built-in key-state table is well-formed: {error}"))
});

macro_rules! ways {
    ($($(#[$meta:meta])* $variant:ident = $name:ident),+ $(,)?) => {
        /// A way for a key to be in a state: some states are come by in several.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Way {
            $($(#[$meta])* $variant,)+
        }

        impl Way {
            /// Every way, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the table.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name)),+ }
            }
        }

        /// Calls that fare alike: a line of the table for each, with a cell for every way.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Group {
            calls: Vec<String>,
            why: String,
            $($name: Cell,)+
        }

        impl Group {
            fn cell(&self, way: Way) -> &Cell {
                match way { $(Way::$variant => &self.$name),+ }
            }
        }
    };
}

ways! {
    /// It has its material and may be used.
    Enabled = enabled,
    /// It has its material and was disabled.
    Disabled = disabled,
    /// It has its material, and its deletion was scheduled.
    PendingDeletion = pending_deletion,
    /// It waits for its first import.
    NeverImported = never_imported,
    /// Its material was deleted.
    MaterialDeleted = material_deleted,
    /// Its material expired.
    MaterialExpired = material_expired,
    /// It is a replica that is being made.
    Creating = creating,
    /// It was the primary key until a moment ago, and another one becomes it.
    Updating = updating,
    /// It is a primary key whose deletion was scheduled, and has replicas still.
    PendingReplicaDeletion = pending_replica_deletion,
}

/// A cell of the table and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The call, by its name in the table.
    pub call: &'static str,
    /// The operation that is called.
    pub operation: Operation,
    /// How the key came to be in its state.
    pub way: Way,
    /// That state.
    pub state: KeyState,
    /// What becomes of the call.
    pub cell: &'static Cell,
}

/// The three files.
#[derive(Debug)]
pub(super) struct Table {
    groups: Vec<Group>,
    pub(super) calls: IndexMap<String, Call>,
    pub(super) states: States,
}

/// `states.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct States {
    pub(super) create: String,
    pub(super) import: String,
    pub(super) import_expiring: String,
    pub(super) ways: IndexMap<Way, Reach>,
    pub(super) keys: IndexMap<Kind, Properties>,
}

/// How a key comes to be in a state.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reach {
    pub(super) state: KeyState,
    pub(super) slug: String,
    pub(super) says: String,
    pub(super) material: Material,
    #[serde(default)]
    pub(super) related: bool,
    #[serde(default)]
    pub(super) key: Looked,
    #[serde(default)]
    pub(super) reach: String,
    #[serde(default)]
    pub(super) stays: Vec<KeyState>,
}

/// The material that a key gets before it comes to be in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Material {
    None,
    Lasting,
    Expiring,
}

/// The key that is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Looked {
    /// The one that was created.
    #[default]
    #[serde(rename = "k")]
    Itself,
    /// Its replica in the other Region.
    #[serde(rename = "r")]
    Replica,
}

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Symmetric,
    RsaEncryption,
    Hmac,
    Ecc,
    Rsa,
    Agreement,
}

/// What a kind of key has, which the texts call by `${name}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Properties {
    /// Whether imports into such a key tell new material from existing.
    #[serde(default)]
    pub(super) typed: bool,
    spec: String,
    usage: String,
    wrapping: String,
    encryption: Option<String>,
    signing: Option<String>,
}

/// How a call is made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    operation: Option<Operation>,
    says: Option<String>,
    pub(super) keys: Vec<Kind>,
    #[serde(default)]
    pub(super) related: bool,
    #[serde(default)]
    while_enabled: String,
    #[serde(default)]
    before: String,
    request: String,
    #[serde(default, rename = "in")]
    variations: IndexMap<Way, Variation>,
}

/// What differs for a way.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variation {
    while_enabled: Option<String>,
    before: Option<String>,
    request: Option<String>,
}

/// Why the files cannot be read together.
#[derive(Debug, thiserror::Error)]
pub(super) enum TableError {
    #[error("{file}: {error}")]
    Malformed { file: &'static str, error: String },
    #[error("`{0}` is in one of table.yaml and calls.yaml only, or twice in the table")]
    Unmatched(String),
    #[error("the call `{0}` names no operation")]
    NoOperation(String),
    #[error("states.yaml does not tell how a key comes to be in `{0}`")]
    NoWay(&'static str),
}

impl Table {
    fn built_in() -> Result<Self, TableError> {
        let table = Self {
            groups: read("table.yaml", include_str!("table.yaml"))?,
            calls: read("calls.yaml", include_str!("calls.yaml"))?,
            states: read("states.yaml", include_str!("states.yaml"))?,
        };
        table.agrees()?;
        Ok(table)
    }

    /// Each call stands in the table once, and each way and operation is known.
    fn agrees(&self) -> Result<(), TableError> {
        let listed =
            |call: &str| self.groups.iter().flat_map(|group| &group.calls).filter(|name| *name == call).count();
        let mut named = self.groups.iter().flat_map(|group| &group.calls).chain(self.calls.keys());
        if let Some(name) = named.find(|name| listed(name) != 1 || !self.calls.contains_key(*name)) {
            return Err(TableError::Unmatched(name.clone()));
        }
        if let Some((name, _)) = self.calls.iter().find(|(name, call)| call.operation(name).is_none()) {
            return Err(TableError::NoOperation(name.clone()));
        }
        match Way::ALL.iter().find(|way| !self.states.ways.contains_key(*way)) {
            Some(way) => Err(TableError::NoWay(way.as_str())),
            None => Ok(()),
        }
    }

    pub(super) fn entries(&'static self) -> impl Iterator<Item = Entry> {
        self.cells().map(|(entry, _)| entry)
    }

    pub(super) fn scenarios(&'static self) -> Vec<(String, String)> {
        self.cells().filter_map(|(entry, why)| self.scenario(&entry, why)).collect()
    }

    /// Every cell, and why it matters.
    fn cells(&'static self) -> impl Iterator<Item = (Entry, &'static str)> {
        let lines = self.groups.iter().flat_map(|group| group.calls.iter().map(move |call| (call.as_str(), group)));
        let cells = lines.flat_map(|(call, group)| Way::ALL.iter().map(move |way| (call, group, *way)));
        cells.filter_map(|(call, group, way)| {
            let operation = self.calls.get(call)?.operation(call)?;
            let state = self.states.ways.get(&way)?.state;
            Some((Entry { call, operation, way, state, cell: group.cell(way) }, group.why.as_str()))
        })
    }
}

fn read<T: for<'de> Deserialize<'de>>(file: &'static str, text: &str) -> Result<T, TableError> {
    serde_yaml::from_str(text).map_err(|error| TableError::Malformed { file, error: error.to_string() })
}

impl Call {
    /// The operation that is called: the one that is given, or the one that the call is named after.
    fn operation(&self, name: &str) -> Option<Operation> {
        let given = self.operation;
        given.or_else(|| Operation::ALL.iter().copied().find(|operation| snake_case(operation.as_str()) == name))
    }

    pub(super) fn says(&self, operation: Operation) -> &str {
        self.says.as_deref().unwrap_or(operation.as_str())
    }

    pub(super) fn while_enabled(&self, way: Way) -> &str {
        self.variation(way, |variation| &variation.while_enabled).unwrap_or(&self.while_enabled)
    }

    pub(super) fn before(&self, way: Way) -> &str {
        self.variation(way, |variation| &variation.before).unwrap_or(&self.before)
    }

    pub(super) fn request(&self, way: Way) -> &str {
        self.variation(way, |variation| &variation.request).unwrap_or(&self.request)
    }

    fn variation(&self, way: Way, part: impl Fn(&Variation) -> &Option<String>) -> Option<&str> {
        self.variations.get(&way).and_then(|variation| part(variation).as_deref())
    }
}

impl Properties {
    /// The names that the texts know, and what they stand for.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let always = [("spec", &self.spec), ("usage", &self.usage), ("wrapping", &self.wrapping)];
        let some = [("encryption", &self.encryption), ("signing", &self.signing)];
        let always = always.into_iter().map(|(name, value)| (name, value.as_str()));
        always.chain(some.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))))
    }
}

/// A name of AWS's as scenarios spell it: `GenerateDataKey` is `generate_data_key`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_agree() {
        Table::built_in().unwrap();
    }

    #[test]
    fn ways_are_called_in_the_files_as_here() {
        for way in Way::ALL {
            assert_eq!(serde_json::from_value::<Way>(way.as_str().into()).unwrap(), *way);
        }
    }

    #[test]
    fn a_call_without_a_line_or_a_line_without_a_call_is_noticed() {
        let mut table = Table::built_in().unwrap();
        table.groups[0].calls.push("decrypt".to_owned());
        assert!(matches!(table.agrees(), Err(TableError::Unmatched(name)) if name == "decrypt"));
        let mut table = Table::built_in().unwrap();
        table.groups[0].calls.clear();
        assert!(matches!(table.agrees(), Err(TableError::Unmatched(name)) if name == "encrypt"));
    }

    #[test]
    fn names_are_turned_as_scenarios_spell_them() {
        assert_eq!(snake_case("GenerateDataKeyPair"), "generate_data_key_pair");
        assert_eq!(snake_case("ReEncrypt"), "re_encrypt");
    }
}
