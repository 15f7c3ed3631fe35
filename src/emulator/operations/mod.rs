//! The operations, a file per family.

mod agreement;
mod aliases;
mod create;
mod data_keys;
mod describe;
mod encryption;
mod grants;
mod import;
mod lifecycle;
mod listing;
mod mac;
mod multi_region;
mod parameters;
mod policy;
mod rotation;
mod signing;
mod stores;
mod tags;
mod usage;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::Inner;
use super::defects::Defect;
use super::failure::Failure;
use super::protocol::Caller;
use super::store::{Account, Books, Key, Use};
use crate::kms::{Arn, ErrorCode, KeyId, KeyUsage, Operation};

/// One request, as its operation sees it.
pub(crate) struct Session<'a> {
    pub(crate) emulator: &'a Inner,
    pub(crate) caller: &'a Caller,
    pub(crate) account: &'a Account,
    pub(crate) operation: Operation,
    pub(crate) request: Uuid,
}

impl Session<'_> {
    /// Opens the account's books; they are closed when the value is dropped, which must be before any `await`.
    fn books(&self) -> Books<'_> {
        self.account.open(&self.caller.account, &self.caller.region, self.operation)
    }

    /// Notes that the key was used, for GetKeyLastUsage.
    fn used(&self, key: &KeyId) {
        let mut books = self.books();
        let at = books.now;
        if let Some(key) = books.key(key) {
            key.last_use = Some(Use { operation: self.operation, at, request: self.request });
        }
    }
}

/// Carries a request out whose body has passed validation.
pub(crate) async fn perform(session: &Session<'_>, body: Value) -> Result<Bytes, Failure> {
    use Operation as O;
    match session.operation {
        O::CancelKeyDeletion => answer(lifecycle::cancel_key_deletion(session, &read(body)?)?),
        O::ConnectCustomKeyStore | O::DeleteCustomKeyStore | O::DisconnectCustomKeyStore | O::UpdateCustomKeyStore => {
            Err(stores::not_found())
        }
        O::CreateAlias => nothing(aliases::create_alias(session, read(body)?)?),
        O::CreateCustomKeyStore => Err(stores::create_custom_key_store(&read(body)?)),
        O::CreateGrant => answer(grants::create_grant(session, &read(body)?)?),
        O::CreateKey => answer(create::create_key(session, read(body)?).await?),
        O::Decrypt => answer(encryption::decrypt(session, &read(body)?)?),
        O::DeleteAlias => nothing(aliases::delete_alias(session, &read(body)?)?),
        O::DeleteImportedKeyMaterial => answer(import::delete_imported_key_material(session, &read(body)?)?),
        O::DeriveSharedSecret => answer(agreement::derive_shared_secret(session, &read(body)?)?),
        O::DescribeCustomKeyStores => answer(stores::describe_custom_key_stores(&read(body)?)?),
        O::DescribeKey => answer(describe::describe_key(session, &read(body)?)?),
        O::DisableKey => nothing(lifecycle::disable_key(session, &read(body)?)?),
        O::DisableKeyRotation | O::EnableKeyRotation => nothing(rotation::automatic_rotation(session, &read(body)?)?),
        O::EnableKey => nothing(lifecycle::enable_key(session, &read(body)?)?),
        O::Encrypt => answer(encryption::encrypt(session, &read(body)?)?),
        O::GenerateDataKey | O::GenerateDataKeyWithoutPlaintext => {
            answer(data_keys::generate_data_key(session, &read(body)?)?)
        }
        O::GenerateDataKeyPair | O::GenerateDataKeyPairWithoutPlaintext => {
            answer(data_keys::generate_data_key_pair(session, &read(body)?).await?)
        }
        O::GenerateMac => answer(mac::generate_mac(session, &read(body)?)?),
        O::GenerateRandom => answer(data_keys::generate_random(&read(body)?)?),
        O::GetKeyLastUsage => answer(usage::get_key_last_usage(session, &read(body)?)?),
        O::GetKeyPolicy => answer(policy::get_key_policy(session, &read(body)?)?),
        O::GetKeyRotationStatus => answer(rotation::get_key_rotation_status(session, &read(body)?)?),
        O::GetParametersForImport => answer(parameters::get_parameters_for_import(session, &read(body)?).await?),
        O::GetPublicKey => answer(describe::get_public_key(session, &read(body)?)?),
        O::ImportKeyMaterial => answer(import::import_key_material(session, &read(body)?).await?),
        O::ListAliases => answer(aliases::list_aliases(session, &read(body)?)?),
        O::ListGrants => answer(grants::list_grants(session, &read(body)?)?),
        O::ListKeyPolicies => answer(policy::list_key_policies(session, &read(body)?)?),
        O::ListKeyRotations => answer(rotation::list_key_rotations(session, &read(body)?)?),
        O::ListKeys => answer(listing::list_keys(session, &read(body)?)?),
        O::ListResourceTags => answer(tags::list_resource_tags(session, &read(body)?)?),
        O::ListRetirableGrants => answer(grants::list_retirable_grants(session, &read(body)?)?),
        O::PutKeyPolicy => nothing(policy::put_key_policy(session, read(body)?)?),
        O::ReEncrypt => answer(encryption::re_encrypt(session, &read(body)?)?),
        O::ReplicateKey => answer(multi_region::replicate_key(session, read(body)?)?),
        O::RetireGrant => nothing(grants::retire_grant(session, &read(body)?)?),
        O::RevokeGrant => nothing(grants::revoke_grant(session, &read(body)?)?),
        O::RotateKeyOnDemand => answer(rotation::rotate_key_on_demand(session, &read(body)?).await?),
        O::ScheduleKeyDeletion => answer(lifecycle::schedule_key_deletion(session, &read(body)?)?),
        O::Sign => answer(signing::sign(session, &read(body)?)?),
        O::TagResource => nothing(tags::tag_resource(session, read(body)?)?),
        O::UntagResource => nothing(tags::untag_resource(session, &read(body)?)?),
        O::UpdateAlias => nothing(aliases::update_alias(session, read(body)?)?),
        O::UpdateKeyDescription => nothing(lifecycle::update_key_description(session, read(body)?)?),
        O::UpdatePrimaryRegion => nothing(multi_region::update_primary_region(session, &read(body)?)?),
        O::Verify => answer(signing::verify(session, &read(body)?)?),
        O::VerifyMac => answer(mac::verify_mac(session, &read(body)?)?),
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
    if dry_run == Some(true) && !Defect::DryRunIgnored.is_on() {
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
    if Defect::WrongUsageIsUnsupported.is_on() {
        return Err(Failure::unsupported(message));
    }
    Err(Failure::new(ErrorCode::INVALID_KEY_USAGE, message))
}

fn incompatible(algorithm: impl std::fmt::Display, key: &Key) -> Failure {
    let message = format!("Algorithm {algorithm} is incompatible with key spec {}.", key.spec);
    if Defect::WrongAlgorithmIsValidation.is_on() {
        return Failure::validation(message);
    }
    Failure::new(ErrorCode::INVALID_KEY_USAGE, message)
}

/// GPI-NONEXT and its kin.
fn wrong_origin(key: &Key) -> Failure {
    Failure::unsupported(format!("{} origin is {} which is not valid for this operation.", key.arn, key.origin))
}

/// MRK-REPL-OF-REPL.
fn not_primary(key: &Key) -> Failure {
    Failure::unsupported(format!("{} is not a multi-region primary key.", key.arn))
}

/// The ARN as every answer has it where the documentation says `KeyId`.
fn key_id(arn: &Arn) -> String {
    if Defect::KeyIdForArn.is_on() {
        return arn.resource.trim_start_matches("key/").to_owned();
    }
    arn.to_string()
}
