//! The request and response shapes of every operation, as AWS publishes them: members, types, bounds, patterns.
//!
//! The table `shapes.json` is data taken from the service model `kms-2014-11-01` (protocol JSON 1.1). It tells what a
//! request *may look like*; it says nothing of what KMS does with it.
//!
//! ```
//! use kms_conformance::kms::{Operation, shapes};
//!
//! let token = shapes::input(Operation::ImportKeyMaterial).member("ImportToken").unwrap();
//! assert_eq!((token.min, token.max), (Some(1.0), Some(6144.0)));
//! ```

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::Deserialize;

use super::Operation;

/// A node of the table: the type of a member and the constraints on its value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The members that a structure must have.
    #[serde(default)]
    pub required: Vec<String>,
    /// The members of a structure, in AWS's order.
    #[serde(default)]
    pub members: IndexMap<String, Self>,
    /// The least length (characters, bytes or items) or, for a number, the least value.
    pub min: Option<f64>,
    /// The greatest length (characters, bytes or items) or, for a number, the greatest value.
    pub max: Option<f64>,
    /// The regular expression that a string must match.
    pub pattern: Option<String>,
    /// The values that a string may have.
    #[serde(rename = "enum")]
    pub names: Option<Vec<String>>,
    /// Whether AWS marks the value as sensitive.
    #[serde(default)]
    pub sensitive: bool,
    member: Option<Box<Self>>,
    key: Option<Box<Self>>,
    value: Option<Box<Self>>,
}

/// The kinds of value in the KMS API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A JSON object with known members.
    #[default]
    Structure,
    /// A JSON array.
    List,
    /// A JSON object with free keys.
    Map,
    /// Text.
    String,
    /// Bytes: base64 on the wire.
    Blob,
    /// An instant: epoch seconds on the wire, possibly with a fraction.
    Timestamp,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

impl Shape {
    /// A shape of this kind without further constraints.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// The shape of the structure's member with this name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        self.members.get(name)
    }

    /// The shape of a list's items.
    #[must_use]
    pub fn element(&self) -> Option<&Self> {
        self.member.as_deref()
    }

    /// The shape of a map's keys.
    #[must_use]
    pub fn map_key(&self) -> Option<&Self> {
        self.key.as_deref()
    }

    /// The shape of a map's values.
    #[must_use]
    pub fn map_value(&self) -> Option<&Self> {
        self.value.as_deref()
    }

    /// The values that a string may have, where AWS lists them.
    #[must_use]
    pub fn one_of(&self) -> Option<&[String]> {
        self.names.as_deref()
    }
}

#[derive(Deserialize)]
struct Table {
    operations: IndexMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    input: Shape,
    output: Option<Shape>,
    errors: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table: Table = serde_json::from_str(include_str!("shapes.json"))
        .expect("shapes.json is part of this crate and is well-formed");
    table.operations.sort_unstable_keys();
    table
});
static EMPTY: LazyLock<Shape> = LazyLock::new(Shape::default);

fn entry(operation: Operation) -> &'static Entry {
    TABLE.operations.get(operation.as_str()).expect("every operation is in the table: a test of `Operation` holds that")
}

/// The shape of an operation's request.
#[must_use]
pub fn input(operation: Operation) -> &'static Shape {
    &entry(operation).input
}

/// The shape of an operation's answer; a structure without members where the operation answers nothing.
#[must_use]
pub fn output(operation: Operation) -> &'static Shape {
    entry(operation).output.as_ref().unwrap_or_else(|| &EMPTY)
}

/// The exceptions that the model lists for an operation.
#[must_use]
pub fn errors(operation: Operation) -> &'static [String] {
    &entry(operation).errors
}

/// The names of all operations in the table, sorted.
#[must_use]
pub fn published_operations() -> Vec<&'static str> {
    TABLE.operations.keys().map(String::as_str).collect()
}
