//! What the list of known deviations says of a finding or a test.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The entry of a list of known deviations that a finding, or a test, was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// The list, as the user named it.
    pub file: String,
    /// Where the entry stands in it.
    pub line: usize,
    /// How the target answers, beside what the entry says.
    pub standing: ListedStanding,
    /// The same as a sentence, with file and line.
    pub says: String,
    /// Why the target deviates, in its maker's words.
    pub reason: String,
    /// Where more is said of it, such as an issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// How a target answers, beside what its list of known deviations says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ListedStanding {
    /// As the list says.
    AsListed,
    /// Wrong in another way than the list says.
    Otherwise,
    /// As the list says, but the entry's last day has passed.
    Overdue,
    /// Right.
    Gone,
}
