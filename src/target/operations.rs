//! Every operation of the API, sent through its own method of the official SDK, with the body that the scenario asks for.

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::exchange::{Answer, Transport};
use super::wire::Wire;
use crate::kms::{ErrorCode, Operation};

macro_rules! operations {
    ($($operation:ident => $method:ident),+ $(,)?) => {
        /// Sends the operation; what comes back in the body is left to the record.
        pub(super) async fn send(client: &Client, operation: Operation, wire: Wire) -> Outcome {
            match operation {
                $(Operation::$operation => outcome(client.$method().customize().interceptor(wire).send().await),)+
            }
        }
    };
}

operations! {
    CancelKeyDeletion => cancel_key_deletion,
    ConnectCustomKeyStore => connect_custom_key_store,
    CreateAlias => create_alias,
    CreateCustomKeyStore => create_custom_key_store,
    CreateGrant => create_grant,
    CreateKey => create_key,
    Decrypt => decrypt,
    DeleteAlias => delete_alias,
    DeleteCustomKeyStore => delete_custom_key_store,
    DeleteImportedKeyMaterial => delete_imported_key_material,
    DeriveSharedSecret => derive_shared_secret,
    DescribeCustomKeyStores => describe_custom_key_stores,
    DescribeKey => describe_key,
    DisableKey => disable_key,
    DisableKeyRotation => disable_key_rotation,
    DisconnectCustomKeyStore => disconnect_custom_key_store,
    EnableKey => enable_key,
    EnableKeyRotation => enable_key_rotation,
    Encrypt => encrypt,
    GenerateDataKey => generate_data_key,
    GenerateDataKeyPair => generate_data_key_pair,
    GenerateDataKeyPairWithoutPlaintext => generate_data_key_pair_without_plaintext,
    GenerateDataKeyWithoutPlaintext => generate_data_key_without_plaintext,
    GenerateMac => generate_mac,
    GenerateRandom => generate_random,
    GetKeyLastUsage => get_key_last_usage,
    GetKeyPolicy => get_key_policy,
    GetKeyRotationStatus => get_key_rotation_status,
    GetParametersForImport => get_parameters_for_import,
    GetPublicKey => get_public_key,
    ImportKeyMaterial => import_key_material,
    ListAliases => list_aliases,
    ListGrants => list_grants,
    ListKeyPolicies => list_key_policies,
    ListKeyRotations => list_key_rotations,
    ListKeys => list_keys,
    ListResourceTags => list_resource_tags,
    ListRetirableGrants => list_retirable_grants,
    PutKeyPolicy => put_key_policy,
    ReEncrypt => re_encrypt,
    ReplicateKey => replicate_key,
    RetireGrant => retire_grant,
    RevokeGrant => revoke_grant,
    RotateKeyOnDemand => rotate_key_on_demand,
    ScheduleKeyDeletion => schedule_key_deletion,
    Sign => sign,
    TagResource => tag_resource,
    UntagResource => untag_resource,
    UpdateAlias => update_alias,
    UpdateCustomKeyStore => update_custom_key_store,
    UpdateKeyDescription => update_key_description,
    UpdatePrimaryRegion => update_primary_region,
    Verify => verify,
    VerifyMac => verify_mac,
}

/// What the SDK made of a call, the body apart.
pub(super) enum Outcome {
    Success,
    Failure(Answer),
}

fn outcome<T, E>(result: Result<T, SdkError<E, HttpResponse>>) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Err(error) = result else { return Outcome::Success };
    let why = || chain(&error);
    Outcome::Failure(match &error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => Answer::Refusal {
                code: ErrorCode::from_wire(code),
                message: service.err().message().map(str::to_owned),
            },
            None => {
                let status = service.raw().status().as_u16();
                Answer::Unreadable(format!("HTTP status {status} without an exception's name in `__type`"))
            }
        },
        SdkError::ResponseError(_) => Answer::Unreadable(why()),
        SdkError::TimeoutError(_) => Answer::Nothing(Transport::TimedOut(why())),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Answer::Nothing(Transport::TimedOut(why())),
        SdkError::DispatchFailure(failure) if is_connect(&error) && !failure.is_user() => {
            Answer::Nothing(Transport::Unreachable(why()))
        }
        SdkError::DispatchFailure(failure) if !failure.is_user() => Answer::Nothing(Transport::Broken(why())),
        _ => Answer::NotSent(why()),
    })
}

/// Whether the failure was in making the connection, so that nothing was sent.
fn is_connect(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        cause = error.source();
    }
    let text = chain(error).to_lowercase();
    text.contains("connect error") || text.contains("dns error")
}

/// An error and its causes in one line, each said once.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
