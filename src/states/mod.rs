//! The key-state table: what a key allows in each state, as data, and one scenario for every cell of it.
//!
//! `table.yaml` holds the table: every operation that takes a key, against every way for a key to be in a state.
//! `calls.yaml` tells how each call is made, `states.yaml` how each state is reached. [`scenarios`] puts the three
//! together: a key is brought into the state, which is witnessed; the call is judged by the cell's rule, or observed where
//! that is open; and the key's state after it is judged too. The scenarios are text in the language of every other
//! scenario and belong to [`Library::shipped`](crate::scenario::Library::shipped).
//!
//! ```
//! use kms_conformance::states::{self, Cell, Outcome, Way};
//!
//! let entry = states::entries().find(|entry| entry.call == "encrypt" && entry.way == Way::Disabled).unwrap();
//! let Cell::Call(fate) = entry.cell else { panic!("Encrypt can be called on a disabled key") };
//! assert!(matches!(&fate.outcome, Outcome::Refusal(codes) if codes[0].as_str() == "DisabledException"));
//! assert!(states::scenarios().iter().any(|(name, _)| name == "key_states/encrypt_while_disabled"));
//! ```

mod cell;
mod table;
mod write;

pub use cell::{Cell, Fate, Outcome, ParseCellError};
pub use table::{Entry, Way};

use table::TABLE;
pub(crate) use table::snake_case;

/// Every cell of the table, group by group.
pub fn entries() -> impl Iterator<Item = Entry> {
    TABLE.entries()
}

/// Whether a rule decides a cell of the table, and so is about the state that a key is in.
pub(crate) fn is_about_states(rule: &crate::rules::RuleId) -> bool {
    entries().any(|entry| matches!(entry.cell, Cell::Call(fate) if fate.rule == *rule))
}

/// The scenario of every cell that can be reached: its name, such as `key_states/encrypt_while_disabled`, and its text.
#[must_use]
pub fn scenarios() -> Vec<(String, String)> {
    TABLE.scenarios()
}
