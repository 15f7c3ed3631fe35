//! The operations, a file per family.

mod aliases;
mod create;
mod data_keys;
mod describe;
mod encryption;
mod import;
mod lifecycle;
mod listing;
mod mac;
mod parameters;
mod policy;
mod rotation;
mod signing;
mod tags;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Inner;
use super::failure::Failure;
use super::protocol::Caller;
use super::store::{Account, Books, Key};
use crate::kms::{Arn, ErrorCode, KeyUsage, Operation};

/// One request, as its operation sees it.
pub(crate) struct Session<'a> {
    pub(crate) emulator: &'a Inner,
    pub(crate) caller: &'a Caller,
    pub(crate) account: &'a Account,
    pub(crate) operation: Operation,
}

impl Session<'_> {
    /// Opens the account's books; they are closed when the value is dropped, which must be before any `await`.
    fn books(&self) -> Books<'_> {
        self.account.open(&self.caller.account, &self.caller.region, self.operation)
    }
}

/// Carries a request out whose body has passed validation.
pub(crate) async fn perform(session: &Session<'_>, body: Value) -> Result<Bytes, Failure> {
    use Operation as O;
    match session.operation {
        O::CancelKeyDeletion => answer(lifecycle::cancel_key_deletion(session, &read(body)?)?),
        O::CreateAlias => nothing(aliases::create_alias(session, read(body)?)?),
        O::CreateKey => answer(create::create_key(session, read(body)?).await?),
        O::Decrypt => answer(encryption::decrypt(session, &read(body)?)?),
        O::DeleteAlias => nothing(aliases::delete_alias(session, &read(body)?)?),
        O::DeleteImportedKeyMaterial => answer(import::delete_imported_key_material(session, &read(body)?)?),
        O::DescribeKey => answer(describe::describe_key(session, &read(body)?)?),
        O::DisableKey => nothing(lifecycle::disable_key(session, &read(body)?)?),
        O::DisableKeyRotation | O::EnableKeyRotation => nothing(rotation::automatic_rotation(session, &read(body)?)?),
        O::EnableKey => nothing(lifecycle::enable_key(session, &read(body)?)?),
        O::Encrypt => answer(encryption::encrypt(session, &read(body)?)?),
        O::GenerateDataKey | O::GenerateDataKeyWithoutPlaintext => {
            answer(data_keys::generate_data_key(session, &read(body)?)?)
        }
        O::GenerateMac => answer(mac::generate_mac(session, &read(body)?)?),
        O::GenerateRandom => answer(data_keys::generate_random(&read(body)?)?),
        O::GetKeyPolicy => answer(policy::get_key_policy(session, &read(body)?)?),
        O::GetKeyRotationStatus => answer(rotation::get_key_rotation_status(session, &read(body)?)?),
        O::GetParametersForImport => answer(parameters::get_parameters_for_import(session, &read(body)?).await?),
        O::GetPublicKey => answer(describe::get_public_key(session, &read(body)?)?),
        O::ImportKeyMaterial => answer(import::import_key_material(session, &read(body)?)?),
        O::ListAliases => answer(aliases::list_aliases(session, &read(body)?)?),
        O::ListKeyPolicies => answer(policy::list_key_policies(session, &read(body)?)?),
        O::ListKeyRotations => answer(rotation::list_key_rotations(session, &read(body)?)?),
        O::ListKeys => answer(listing::list_keys(session, &read(body)?)?),
        O::ListResourceTags => answer(tags::list_resource_tags(session, &read(body)?)?),
        O::PutKeyPolicy => nothing(policy::put_key_policy(session, read(body)?)?),
        O::ReEncrypt => answer(encryption::re_encrypt(session, &read(body)?)?),
        O::RotateKeyOnDemand => answer(rotation::rotate_key_on_demand(session, &read(body)?).await?),
        O::ScheduleKeyDeletion => answer(lifecycle::schedule_key_deletion(session, &read(body)?)?),
        O::Sign => answer(signing::sign(session, &read(body)?)?),
        O::TagResource => nothing(tags::tag_resource(session, read(body)?)?),
        O::UntagResource => nothing(tags::untag_resource(session, &read(body)?)?),
        O::UpdateAlias => nothing(aliases::update_alias(session, read(body)?)?),
        O::UpdateKeyDescription => nothing(lifecycle::update_key_description(session, read(body)?)?),
        O::Verify => answer(signing::verify(session, &read(body)?)?),
        O::VerifyMac => answer(mac::verify_mac(session, &read(body)?)?),
        O::ConnectCustomKeyStore
        | O::CreateCustomKeyStore
        | O::CreateGrant
        | O::DeleteCustomKeyStore
        | O::DeriveSharedSecret
        | O::DescribeCustomKeyStores
        | O::DisconnectCustomKeyStore
        | O::GenerateDataKeyPair
        | O::GenerateDataKeyPairWithoutPlaintext
        | O::GetKeyLastUsage
        | O::ListGrants
        | O::ListRetirableGrants
        | O::ReplicateKey
        | O::RetireGrant
        | O::RevokeGrant
        | O::UpdateCustomKeyStore
        | O::UpdatePrimaryRegion => Err(Failure::silent(ErrorCode::UNKNOWN_OPERATION)),
    }
}

/// The request, in the operation's own terms. Validation has seen to everything that a shape can tell.
fn read<T: DeserializeOwned>(body: Value) -> Result<T, Failure> {
    serde_json::from_value(body).map_err(|error| Failure::new(ErrorCode::SERIALIZATION, error.to_string()))
}

fn answer(answer: impl Serialize) -> Result<Bytes, Failure> {
    serde_json::to_vec(&answer).map(Bytes::from).map_err(|error| Failure::internal(error.to_string()))
}

/// The answer of an operation that has none: an empty body.
#[expect(clippy::unnecessary_wraps, reason = "reads like its neighbour `answer`")]
fn nothing((): ()) -> Result<Bytes, Failure> {
    Ok(Bytes::new())
}

/// Ends a dry run that would have succeeded.
fn unless_dry(dry_run: Option<bool>) -> Result<(), Failure> {
    if dry_run == Some(true) {
        let message = "The request would have succeeded, but the DryRun option is set.";
        return Err(Failure::named("DryRunOperationException", message));
    }
    Ok(())
}

/// Refuses what a Nitro enclave would ask for: see the limitations.
fn without_recipient(recipient: Option<&Value>) -> Result<(), Failure> {
    match recipient {
        None => Ok(()),
        Some(_) => Err(Failure::unsupported("This emulator has no support for the Recipient parameter.")),
    }
}

/// Refuses a key that is for something else.
fn used_for(key: &Key, usage: KeyUsage, operation: Operation) -> Result<(), Failure> {
    if key.usage == usage {
        return Ok(());
    }
    let message = format!("{} key usage is {} which is not valid for {operation}.", key.arn, key.usage);
    Err(Failure::new(ErrorCode::INVALID_KEY_USAGE, message))
}

fn incompatible(algorithm: impl std::fmt::Display, key: &Key) -> Failure {
    let message = format!("Algorithm {algorithm} is incompatible with key spec {}.", key.spec);
    Failure::new(ErrorCode::INVALID_KEY_USAGE, message)
}

/// GPI-NONEXT and its kin.
fn wrong_origin(key: &Key) -> Failure {
    Failure::unsupported(format!("{} origin is {} which is not valid for this operation.", key.arn, key.origin))
}

/// The ARN as every answer has it where the documentation says `KeyId`.
fn key_id(arn: &Arn) -> String {
    arn.to_string()
}
