//! The key-state table: which operation a key permits in which state.
//!
//! One row per operation that looks at the state, one column per state, as AWS publishes it; where the table leaves two
//! exceptions open, the one that [`choices`](super::choices) picks. What depends on the key's origin is not here.

use super::defects::Defect;
use super::failure::Failure;
use crate::kms::{Arn, ErrorCode, KeyState, Operation};

/// What the table says of an operation and a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Permitted.
    Ok,
    /// `DisabledException … is disabled.`
    Off,
    /// `KMSInvalidStateException`, saying that the key is in the state it is in.
    Bad,
    /// `KMSInvalidStateException … is not pending deletion.`
    Not,
}

use Cell::{Bad, Not, Off, Ok as Yes};

/// Operation; Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport, Creating, Updating.
type Row = (Operation, [Cell; 7]);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (Operation::CancelKeyDeletion,                   [Not, Not, Yes, Yes, Not, Not, Not]),
    (Operation::CreateAlias,                         [Yes, Yes, Bad, Bad, Yes, Yes, Yes]),
    (Operation::CreateGrant,                         [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::Decrypt,                             [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::DeleteImportedKeyMaterial,           [Yes, Yes, Yes, Yes, Yes, Bad, Bad]),
    (Operation::DeriveSharedSecret,                  [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::DisableKey,                          [Yes, Yes, Bad, Bad, Bad, Bad, Bad]),
    (Operation::DisableKeyRotation,                  [Yes, Off, Bad, Bad, Yes, Bad, Yes]),
    (Operation::EnableKey,                           [Yes, Yes, Bad, Bad, Bad, Bad, Bad]),
    (Operation::EnableKeyRotation,                   [Yes, Off, Bad, Bad, Yes, Bad, Yes]),
    (Operation::Encrypt,                             [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::GenerateDataKey,                     [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::GenerateDataKeyPair,                 [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::GenerateDataKeyPairWithoutPlaintext, [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::GenerateDataKeyWithoutPlaintext,     [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::GenerateMac,                         [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::GetParametersForImport,              [Yes, Yes, Bad, Bad, Yes, Bad, Bad]),
    (Operation::GetPublicKey,                        [Yes, Yes, Bad, Bad, Yes, Bad, Yes]),
    // PendingDeletion: the published table gives no state as the reason (IMP-STATE-PENDDEL).
    (Operation::ImportKeyMaterial,                   [Yes, Yes, Bad, Bad, Yes, Bad, Yes]),
    (Operation::ReEncrypt,                           [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::ReplicateKey,                        [Yes, Off, Bad, Bad, Bad, Bad, Bad]),
    (Operation::RotateKeyOnDemand,                   [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::ScheduleKeyDeletion,                 [Yes, Yes, Bad, Bad, Yes, Yes, Bad]),
    (Operation::Sign,                                [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::TagResource,                         [Yes, Yes, Bad, Bad, Yes, Yes, Yes]),
    (Operation::UntagResource,                       [Yes, Yes, Bad, Bad, Yes, Yes, Yes]),
    (Operation::UpdateAlias,                         [Yes, Yes, Bad, Bad, Yes, Yes, Yes]),
    (Operation::UpdateKeyDescription,                [Yes, Yes, Bad, Bad, Yes, Yes, Yes]),
    (Operation::UpdatePrimaryRegion,                 [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::Verify,                              [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
    (Operation::VerifyMac,                           [Yes, Off, Bad, Bad, Bad, Bad, Yes]),
];

/// Refuses the operation if a key in this state does not permit it. Operations without a row are permitted always.
pub(crate) fn permit(operation: Operation, state: KeyState, arn: &Arn) -> Result<(), Failure> {
    let row = TABLE.iter().find(|(of, _)| *of == operation);
    let cell = row.map_or(Yes, |(_, cells)| cells[column(state)]);
    match deviant(operation, state).unwrap_or(cell) {
        Yes => Ok(()),
        Off if Defect::DisabledIsInvalidState.is_on() => Err(Failure::state(format!("{arn} is disabled."))),
        Off => Err(Failure::new(ErrorCode::DISABLED, format!("{arn} is disabled."))),
        Bad if Defect::PendingImportIsDisabled.is_on() && state == KeyState::PendingImport => {
            Err(Failure::new(ErrorCode::DISABLED, format!("{arn} is disabled.")))
        }
        Bad => Err(Failure::state(format!("{arn} is {}.", words(state)))),
        Not => Err(Failure::state(format!("{arn} is not pending deletion."))),
    }
}

/// A cell of the table that a defect has changed.
fn deviant(operation: Operation, state: KeyState) -> Option<Cell> {
    use {KeyState as S, Operation as O};
    let (defect, cell) = match (operation, state) {
        (O::CancelKeyDeletion, S::Enabled | S::Disabled) => (Defect::CancelWithoutDeletion, Yes),
        (O::ScheduleKeyDeletion, S::PendingDeletion) => (Defect::DeletionScheduledTwice, Yes),
        (_, S::PendingDeletion) if is_cryptographic(operation) => (Defect::PendingDeletionEncrypts, Yes),
        (O::Encrypt | O::GenerateDataKey, S::Disabled) => (Defect::DisabledEncrypts, Yes),
        (O::EnableKey, S::PendingImport) => (Defect::EnableWithoutMaterial, Yes),
        (O::CreateGrant, S::PendingImport) => (Defect::GrantsWithoutMaterial, Yes),
        (O::RevokeGrant, S::Disabled | S::PendingImport) => (Defect::RevocationNeedsEnabledKey, Off),
        (O::PutKeyPolicy, S::Disabled | S::PendingImport) => (Defect::PolicyNeedsEnabledKey, Off),
        (O::GetPublicKey, S::Disabled) => (Defect::PublicKeyNeedsEnabledKey, Off),
        (O::TagResource | O::UntagResource, S::PendingDeletion) => (Defect::TagsWhilePendingDeletion, Yes),
        (O::ReplicateKey, S::PendingImport) => (Defect::ReplicationWithoutMaterial, Yes),
        (O::ImportKeyMaterial, S::Enabled) => (Defect::SameMaterialRefused, Bad),
        (O::DeleteImportedKeyMaterial, S::PendingImport) => (Defect::DeletionNeedsMaterial, Bad),
        (O::CreateAlias, S::PendingDeletion) => (Defect::AliasWhilePendingDeletion, Yes),
        (
            O::CreateAlias | O::UpdateAlias | O::TagResource | O::UntagResource | O::UpdateKeyDescription,
            S::Disabled | S::PendingImport,
        ) => (Defect::LabelsNeedEnabledKey, Bad),
        (O::GetParametersForImport, S::PendingDeletion) => (Defect::ParametersWhilePendingDeletion, Yes),
        (O::EnableKey, S::PendingDeletion) => (Defect::EnableWhilePendingDeletion, Yes),
        (O::UpdatePrimaryRegion, S::Disabled | S::PendingImport) => (Defect::PrimaryInAnyState, Yes),
        (O::ImportKeyMaterial, S::Creating) => (Defect::ImportIntoCreatingReplica, Yes),
        (_, S::Creating) => (Defect::CreatingPermitsEverything, Yes),
        (O::EnableKey | O::DisableKey | O::ScheduleKeyDeletion | O::ReplicateKey, S::Updating) => {
            (Defect::UpdatingPermitsEverything, Yes)
        }
        (_, S::Updating) => (Defect::UpdatingPermitsNothing, Bad),
        (_, S::PendingReplicaDeletion) => (Defect::ReplicaDeletionPermitsEverything, Yes),
        _ => return None,
    };
    defect.is_on().then_some(cell)
}

/// Whether an operation uses the key itself, not what is told of it.
pub(crate) fn is_cryptographic(operation: Operation) -> bool {
    use Operation as O;
    matches!(
        operation,
        O::Decrypt
            | O::DeriveSharedSecret
            | O::Encrypt
            | O::GenerateDataKey
            | O::GenerateDataKeyPair
            | O::GenerateDataKeyPairWithoutPlaintext
            | O::GenerateDataKeyWithoutPlaintext
            | O::GenerateMac
            | O::ReEncrypt
            | O::Sign
            | O::Verify
            | O::VerifyMac
    )
}

fn column(state: KeyState) -> usize {
    match state {
        KeyState::Enabled => 0,
        KeyState::Disabled => 1,
        KeyState::PendingDeletion => 2,
        KeyState::PendingReplicaDeletion => 3,
        // `Unavailable` is for keys in custom key stores, of which there are none; the strictest column stands in.
        KeyState::PendingImport | KeyState::Unavailable => 4,
        KeyState::Creating => 5,
        KeyState::Updating => 6,
    }
}

fn words(state: KeyState) -> &'static str {
    match state {
        KeyState::Enabled => "enabled",
        KeyState::Disabled => "disabled",
        KeyState::PendingDeletion => "pending deletion",
        KeyState::PendingReplicaDeletion => "pending replica deletion",
        KeyState::PendingImport => "pending import",
        KeyState::Unavailable => "unavailable",
        KeyState::Creating => "creating",
        KeyState::Updating => "updating",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(operation: Operation, state: KeyState) -> Option<(String, String)> {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap();
        let failure = permit(operation, state, &arn).err()?;
        let message = failure.message.unwrap();
        Some((failure.code.to_string(), message.replace(&arn.to_string(), "<arn>")))
    }

    fn told(code: &str, message: &str) -> Option<(String, String)> {
        Some((code.to_owned(), message.to_owned()))
    }

    #[test]
    fn the_recorded_refusals_have_their_recorded_words() {
        for (operation, state, code, message) in [
            (Operation::Encrypt, KeyState::PendingImport, "KMSInvalidStateException", "<arn> is pending import."),
            (
                Operation::RotateKeyOnDemand,
                KeyState::PendingImport,
                "KMSInvalidStateException",
                "<arn> is pending import.",
            ),
            (Operation::RotateKeyOnDemand, KeyState::Disabled, "DisabledException", "<arn> is disabled."),
            (
                Operation::ScheduleKeyDeletion,
                KeyState::PendingDeletion,
                "KMSInvalidStateException",
                "<arn> is pending deletion.",
            ),
            (
                Operation::CancelKeyDeletion,
                KeyState::Enabled,
                "KMSInvalidStateException",
                "<arn> is not pending deletion.",
            ),
        ] {
            assert_eq!(refusal(operation, state), told(code, message), "{operation} in {state}");
        }
    }

    #[test]
    fn reads_are_permitted_in_every_state() {
        for operation in [Operation::DescribeKey, Operation::GetKeyPolicy, Operation::ListKeyRotations] {
            for state in KeyState::ALL {
                assert_eq!(refusal(operation, *state), None, "{operation} in {state}");
            }
        }
    }

    #[test]
    fn an_import_is_permitted_while_updating_although_its_parameters_are_not() {
        assert_eq!(refusal(Operation::ImportKeyMaterial, KeyState::Updating), None);
        assert_eq!(
            refusal(Operation::GetParametersForImport, KeyState::Updating),
            told("KMSInvalidStateException", "<arn> is updating.")
        );
    }

    #[test]
    fn no_operation_has_two_rows() {
        for (index, (operation, _)) in TABLE.iter().enumerate() {
            assert!(TABLE.iter().skip(index + 1).all(|(other, _)| other != operation), "{operation}");
        }
    }
}
