//! Whose credentials calls are signed with.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::config::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use super::{Endpoint, TargetError};
use crate::kms::{AccountId, Region};

/// Many emulators take an access key id of twelve digits as the account.
const SECOND_ACCOUNT: &str = "111122223333";

/// Credentials of nobody, for endpoints that check none.
pub(super) fn anyone() -> Credentials {
    Credentials::new("test", "test", None, None, "kms-conformance")
}

pub(super) trait ForAccount {
    fn for_account(account: &AccountId) -> Self;
}

impl ForAccount for Credentials {
    /// The emulator takes an access key id of twelve digits as the account.
    fn for_account(account: &AccountId) -> Self {
        Self::new(account.as_str(), "test", None, None, "kms-conformance")
    }
}

/// The profile's, if one is named; else the SDK's own chain; for a loopback endpoint
/// only if the environment names some, else made-up ones.
pub(super) async fn credentials(
    endpoint: &Endpoint,
    profile: Option<&str>,
    host: &str,
    http_client: &SharedHttpClient,
) -> Result<(SharedCredentialsProvider, Option<Region>), TargetError> {
    let named =
        profile.is_some() || ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter().any(|name| std::env::var_os(name).is_some());
    if is_loopback(host) && !named {
        return Ok((SharedCredentialsProvider::new(anyone()), None));
    }
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client.clone());
    let loader = profile.into_iter().fold(loader, aws_config::ConfigLoader::profile_name);
    let config = loader.load().await;
    let region = config.region().and_then(|region| region.as_ref().parse().ok());
    let missing = || TargetError::Credentials {
        url: endpoint.url.clone(),
        why: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE".to_owned(),
    };
    Ok((config.credentials_provider().ok_or_else(missing)?, region))
}

/// Of a second account: the profile's, if one is named; made-up ones for a loopback endpoint.
pub(super) async fn second_credentials(
    endpoint: &Endpoint,
    host: &str,
    http_client: &SharedHttpClient,
) -> Result<Option<SharedCredentialsProvider>, TargetError> {
    let Some(profile) = &endpoint.second_profile else {
        let stranger = Credentials::new(SECOND_ACCOUNT, "test", None, None, "kms-conformance");
        return Ok(is_loopback(host).then(|| SharedCredentialsProvider::new(stranger)));
    };
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client.clone()).profile_name(profile);
    let why = || format!("the AWS configuration has no profile `{profile}` with credentials");
    let missing = || TargetError::Credentials { url: endpoint.url.clone(), why: why() };
    loader.load().await.credentials_provider().map(Some).ok_or_else(missing)
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
