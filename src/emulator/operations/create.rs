//! CreateKey.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use uuid::Uuid;

use super::Session;
use super::describe::{Described, KeyMetadata};
use super::policy;
use super::stores;
use super::tags::{self, Tag};
use crate::emulator::choices;
use crate::emulator::crypto::secret::Secret;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::{Expiry, Held, Key, Life, Material, Role, Standing, Switch};
use crate::kms::{KeyId, KeySpec, KeyUsage, Origin};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateKey {
    policy: Option<String>,
    description: Option<String>,
    key_usage: Option<KeyUsage>,
    customer_master_key_spec: Option<KeySpec>,
    key_spec: Option<KeySpec>,
    origin: Option<Origin>,
    custom_key_store_id: Option<String>,
    tags: Option<Vec<Tag>>,
    multi_region: Option<bool>,
    xks_key_id: Option<String>,
}

/// What the key is to be, once the members agree with each other.
struct Plan {
    spec: KeySpec,
    usage: KeyUsage,
    origin: Origin,
}

pub(super) async fn create_key(session: &Session<'_>, request: CreateKey) -> Result<Described, Failure> {
    let plan = plan(&request)?;
    let tags = tags::checked(request.tags.unwrap_or_default(), 0)?;
    let policy = match request.policy {
        Some(policy) => policy::checked(policy)?,
        None => policy::default(&session.caller.account),
    };
    let role = (request.multi_region == Some(true)).then_some(Role::Primary);
    let id = new_id(role)?;
    let materials = match plan.origin {
        Origin::External => Vec::new(),
        Origin::AwsKms | Origin::AwsCloudHsm | Origin::ExternalKeyStore => {
            vec![first_material(&id, Secret::generate(plan.spec).await?)]
        }
    };
    let mut books = session.books();
    let key = Key {
        arn: books.arn_of(&id),
        id: id.clone(),
        spec: plan.spec,
        usage: plan.usage,
        origin: plan.origin,
        created: books.now,
        description: request.description.unwrap_or_default(),
        policy,
        tags,
        life: Life::Active(Switch::On),
        role,
        materials,
        rotation_started: None,
        on_demand_rotations: 0,
        grants: IndexMap::new(),
        last_use: None,
    };
    books.add(key);
    let key_metadata = KeyMetadata::of(books.key_again(&id)?.clone(), &books);
    Ok(Described { key_metadata })
}

fn plan(request: &CreateKey) -> Result<Plan, Failure> {
    let spec = match (request.key_spec, request.customer_master_key_spec) {
        (Some(_), Some(_)) => {
            let message = "You cannot specify KeySpec and CustomerMasterKeySpec in the same request.";
            return Err(Failure::validation(message));
        }
        (Some(spec), None) | (None, Some(spec)) => spec,
        (None, None) => KeySpec::SymmetricDefault,
    };
    let usage = usage(spec, request.key_usage)?;
    let origin = request.origin.unwrap_or(Origin::AwsKms);
    no_store(request, origin)?;
    if Defect::SymmetricKeysOnly.is_on() && origin == Origin::External && spec != KeySpec::SymmetricDefault {
        return Err(Failure::unsupported("Origin EXTERNAL is valid only for symmetric keys."));
    }
    match spec {
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 if origin == Origin::External => {
            let message = format!("KeySpec {spec} is not supported for keys with Origin EXTERNAL.");
            Err(Failure::new(choices::MLDSA_EXTERNAL, message))
        }
        KeySpec::Sm2 | KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => {
            Err(Failure::unsupported(format!("This emulator makes no {spec} keys.")))
        }
        _ => Ok(Plan { spec, usage, origin }),
    }
}

/// CRE-EXT-NOSTORE, and what names a custom key store: the account has none.
fn no_store(request: &CreateKey, origin: Origin) -> Result<(), Failure> {
    match (origin, &request.custom_key_store_id) {
        (Origin::External, Some(_)) => {
            let message = "Origin EXTERNAL is not valid for a KMS key in a custom key store.";
            Err(Failure::new(choices::EXTERNAL_IN_STORE, message))
        }
        (Origin::AwsKms, Some(_)) => {
            Err(Failure::validation("CustomKeyStoreId is valid only with Origin AWS_CLOUDHSM or EXTERNAL_KEY_STORE."))
        }
        (Origin::AwsCloudHsm | Origin::ExternalKeyStore, Some(_)) => Err(stores::not_found()),
        (Origin::AwsCloudHsm | Origin::ExternalKeyStore, None) => {
            Err(Failure::validation(format!("CustomKeyStoreId is required with Origin {origin}.")))
        }
        (Origin::AwsKms | Origin::External, None) if request.xks_key_id.is_some() => {
            Err(Failure::validation("XksKeyId is valid only with Origin EXTERNAL_KEY_STORE."))
        }
        (Origin::AwsKms | Origin::External, None) => Ok(()),
    }
}

/// CRE-USAGE-REQ, CRE-USAGE-COMPAT, CRE-USAGE-SYM.
fn usage(spec: KeySpec, wanted: Option<KeyUsage>) -> Result<KeyUsage, Failure> {
    let allowed: &[KeyUsage] = match spec {
        KeySpec::SymmetricDefault => &[KeyUsage::EncryptDecrypt],
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &[KeyUsage::EncryptDecrypt, KeyUsage::SignVerify],
        KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 => {
            &[KeyUsage::SignVerify, KeyUsage::KeyAgreement]
        }
        KeySpec::EccSecgP256k1
        | KeySpec::EccNistEdwards25519
        | KeySpec::MlDsa44
        | KeySpec::MlDsa65
        | KeySpec::MlDsa87 => &[KeyUsage::SignVerify],
        KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => &[KeyUsage::GenerateVerifyMac],
        KeySpec::Sm2 => &[KeyUsage::EncryptDecrypt, KeyUsage::SignVerify, KeyUsage::KeyAgreement],
    };
    match wanted {
        Some(usage) if allowed.contains(&usage) => Ok(usage),
        None if spec == KeySpec::SymmetricDefault => Ok(KeyUsage::EncryptDecrypt),
        None if Defect::UsageByDefault.is_on() => Ok(allowed[0]),
        None => Err(Failure::validation(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        )),
        Some(usage) if spec == KeySpec::SymmetricDefault => Err(Failure::validation(format!(
            "The operation failed because the KeyUsage value of the CMK is {usage}. To perform this operation, the \
             KeyUsage value must be ENCRYPT_DECRYPT."
        ))),
        Some(usage) => Err(Failure::validation(format!("KeyUsage {usage} is not compatible with KeySpec {spec}"))),
    }
}

/// A UUID, or `mrk-` and the digits of one for a multi-Region key (CRE-MRK).
fn new_id(role: Option<Role>) -> Result<KeyId, Failure> {
    let id = match role {
        None => Uuid::new_v4().to_string(),
        Some(_) if Defect::MultiRegionIdWithoutPrefix.is_on() => Uuid::new_v4().to_string(),
        Some(_) => format!("mrk-{}", Uuid::new_v4().simple()),
    };
    id.parse().map_err(|_| Failure::internal("a new key id is malformed"))
}

/// The material of a key of origin AWS_KMS.
fn first_material(id: &KeyId, secret: Secret) -> Material {
    Material {
        id: secret.id(id),
        standing: Standing::Current,
        public_key: secret.public_key().map(<[u8]>::to_vec),
        held: Some(Held { secret: Arc::new(secret), expiry: Expiry::Never }),
        description: None,
        rotation: None,
    }
}
