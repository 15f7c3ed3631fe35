//! What sequences have reached: state × operation × outcome, with counts, and what they never did.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kms::Operation;
use crate::states::{self, Cell, Outcome, Way};

/// How a call came out, as reach is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Came {
    /// It succeeded.
    Success,
    /// It was refused.
    Refusal,
}

/// Counts of calls by the key's way of being in its state, the operation and the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(BTreeMap<(&'static str, Operation, Came), usize>);

/// A line of the report of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// The key's way of being in its state, as the key-state table has it.
    pub state: &'static str,
    /// The operation.
    pub operation: Operation,
    /// The outcome.
    pub outcome: Came,
    /// How often; 0 for what the model has but no sequence did.
    pub count: usize,
}

/// The operations that sequences are made of, with those of their calls that the key-state table has.
const CALLS: [(Operation, &[&str]); 14] = [
    (Operation::GetParametersForImport, &["get_parameters_for_import"]),
    (Operation::ImportKeyMaterial, &["import_the_material", "import_new_material"]),
    (Operation::DeleteImportedKeyMaterial, &["delete_imported_key_material"]),
    (Operation::EnableKey, &["enable_key"]),
    (Operation::DisableKey, &["disable_key"]),
    (Operation::ScheduleKeyDeletion, &["schedule_key_deletion"]),
    (Operation::CancelKeyDeletion, &["cancel_key_deletion"]),
    (Operation::RotateKeyOnDemand, &["rotate_key_on_demand", "rotate_to_new_material"]),
    (Operation::ReplicateKey, &["replicate_key"]),
    (Operation::Encrypt, &["encrypt"]),
    (Operation::Decrypt, &["decrypt"]),
    (Operation::GenerateDataKey, &["generate_data_key"]),
    (Operation::GenerateMac, &["generate_mac"]),
    (Operation::Sign, &["sign"]),
];

/// The operations that sequences call.
pub(crate) fn operations() -> impl Iterator<Item = Operation> {
    let looks = [Operation::CreateKey, Operation::DescribeKey, Operation::ListKeyRotations, Operation::GetPublicKey];
    looks.into_iter().chain(CALLS.iter().map(|(operation, _)| *operation))
}

/// Refusals that any state knows, for what is wrong with the request.
const REFUSED_ANYWHERE: [Operation; 2] = [Operation::ImportKeyMaterial, Operation::ScheduleKeyDeletion];

impl Reach {
    pub(crate) fn note(&mut self, way: Way, operation: Operation, succeeded: bool) {
        let came = if succeeded { Came::Success } else { Came::Refusal };
        *self.0.entry((way.as_str(), operation, came)).or_default() += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (cell, count) in &other.0 {
            *self.0.entry(*cell).or_default() += count;
        }
    }

    /// Every cell that was reached, and every cell that the key-state table has and sequences could reach, in the order
    /// of states.
    #[must_use]
    pub fn table(&self) -> Vec<Reached> {
        let mut cells = expected();
        cells.extend(&self.0);
        let row = |((state, operation, outcome), count)| Reached { state, operation, outcome, count };
        cells.into_iter().map(row).collect()
    }

    /// How many cells were reached, of how many.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let table = self.table();
        (table.iter().filter(|cell| cell.count > 0).count(), table.len())
    }
}

/// The cells that a target that keeps to the rules should show, open ones either way left out.
fn expected() -> BTreeMap<(&'static str, Operation, Came), usize> {
    let mut cells = BTreeMap::new();
    // A replica is Creating, and a primary key Updating, for an unstated time, in which sequences leave them alone.
    let ways = states::entries().filter(|entry| !matches!(entry.way, Way::Creating | Way::Updating));
    for entry in ways {
        let Some((operation, _)) = CALLS.iter().find(|(_, calls)| calls.contains(&entry.call)) else { continue };
        let Cell::Call(fate) = entry.cell else { continue };
        match &fate.outcome {
            Outcome::Success => cells.insert((entry.way.as_str(), *operation, Came::Success), 0),
            Outcome::Refusal(_) => cells.insert((entry.way.as_str(), *operation, Came::Refusal), 0),
            Outcome::Open => None,
        };
        if REFUSED_ANYWHERE.contains(operation) {
            cells.insert((entry.way.as_str(), *operation, Came::Refusal), 0);
        }
    }
    cells
}
