//! GetKeyPolicy, PutKeyPolicy, ListKeyPolicies. Policies are kept, not enforced.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Session;
use super::listing::{Rest, page};
use crate::emulator::failure::Failure;
use crate::kms::{AccountId, ErrorCode};

/// The only name that a key policy can have.
const NAME: &str = "default";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeyPolicies {
    key_id: String,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyPolicy {
    policy: String,
    policy_name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyPolicies {
    policy_names: Vec<&'static str>,
    #[serde(flatten)]
    rest: Rest,
}

/// The policy of a key that was made without one.
pub(super) fn default(account: &AccountId) -> String {
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

/// The policy, if it is JSON with statements.
pub(super) fn checked(policy: String) -> Result<String, Failure> {
    let is_policy = serde_json::from_str::<Value>(&policy).is_ok_and(|value| value.get("Statement").is_some());
    if is_policy { Ok(policy) } else { Err(Failure::named("MalformedPolicyDocumentException", "This is no policy.")) }
}

fn check_name(name: Option<&str>) -> Result<(), Failure> {
    match name {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(Failure::new(ErrorCode::NOT_FOUND, "No such policy exists")),
    }
}

pub(super) fn get_key_policy(session: &Session<'_>, request: &GetKeyPolicy) -> Result<KeyPolicy, Failure> {
    let mut books = session.books();
    let policy = books.find(&request.key_id)?.policy.clone();
    check_name(request.policy_name.as_deref())?;
    Ok(KeyPolicy { policy, policy_name: NAME })
}

pub(super) fn put_key_policy(session: &Session<'_>, request: PutKeyPolicy) -> Result<(), Failure> {
    let mut books = session.books();
    let key = books.permitted(&request.key_id)?;
    check_name(request.policy_name.as_deref())?;
    key.policy = checked(request.policy)?;
    Ok(())
}

pub(super) fn list_key_policies(session: &Session<'_>, request: &ListKeyPolicies) -> Result<KeyPolicies, Failure> {
    let mut books = session.books();
    books.find(&request.key_id)?;
    let limit = request.limit.unwrap_or(100);
    let (policy_names, rest) = page(session.operation, vec![NAME], limit, request.marker.as_deref())?;
    Ok(KeyPolicies { policy_names, rest })
}
