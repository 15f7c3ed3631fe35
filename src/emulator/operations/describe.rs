//! DescribeKey and GetPublicKey: what a key shows of itself.

use serde::{Deserialize, Serialize, Serializer};

use super::{Session, key_id};
use crate::emulator::crypto::signing;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::store::{Books, Key, Life, MaterialId, Role};
use crate::emulator::wire::{Blob, Instant};
use crate::kms::{
    EncryptionAlgorithm, ExpirationModel, KeyManager, KeySpec, KeyState, KeyUsage, MacAlgorithm, Origin,
    SigningAlgorithm,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeKey {
    key_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    pub(super) key_metadata: KeyMetadata,
}

/// A key as DescribeKey shows it. What a key does not have is absent, not null (CRE-EXT-FIELDS).
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeyMetadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    key_id: String,
    arn: String,
    creation_date: Instant,
    enabled: bool,
    description: String,
    key_usage: KeyUsage,
    key_state: KeyState,
    #[serde(skip_serializing_if = "is_left_out")]
    deletion_date: Option<Instant>,
    #[serde(skip_serializing_if = "is_left_out", serialize_with = "shown_valid_to")]
    valid_to: Option<Instant>,
    origin: Origin,
    #[serde(skip_serializing_if = "is_left_out")]
    expiration_model: Option<ExpirationModel>,
    key_manager: KeyManager,
    #[serde(skip_serializing_if = "is_left_out")]
    customer_master_key_spec: Option<KeySpec>,
    key_spec: KeySpec,
    #[serde(flatten)]
    algorithms: Algorithms,
    multi_region: bool,
    #[serde(skip_serializing_if = "is_left_out")]
    multi_region_configuration: Option<MultiRegionConfiguration>,
    #[serde(skip_serializing_if = "is_left_out")]
    pending_deletion_window_in_days: Option<i64>,
    #[serde(skip_serializing_if = "is_left_out")]
    current_key_material_id: Option<MaterialId>,
}

/// What a key can do; all but one are empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Algorithms {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) encryption_algorithms: &'static [EncryptionAlgorithm],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) signing_algorithms: &'static [SigningAlgorithm],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) mac_algorithms: &'static [MacAlgorithm],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) key_agreement_algorithms: &'static [&'static str],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionConfiguration {
    multi_region_key_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<RegionalKey>,
    replica_keys: Vec<RegionalKey>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionalKey {
    arn: String,
    region: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublicKey {
    key_id: String,
    public_key: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_master_key_spec: Option<KeySpec>,
    key_spec: KeySpec,
    key_usage: KeyUsage,
    #[serde(flatten)]
    algorithms: Algorithms,
}

pub(super) fn describe_key(session: &Session<'_>, request: &DescribeKey) -> Result<Described, Failure> {
    let mut books = session.books();
    let now = books.now;
    let mut key = books.find(&request.key_id)?.clone();
    if Defect::ExpiryShownOnly.is_on() {
        key.drop_expired(now);
    }
    Ok(Described { key_metadata: KeyMetadata::of(key, &books) })
}

pub(super) fn get_public_key(session: &Session<'_>, request: &DescribeKey) -> Result<PublicKey, Failure> {
    let mut books = session.books();
    let key = books.permitted(&request.key_id)?;
    match key.spec {
        _ if Defect::PublicKeyOfSymmetricKey.is_on() => {}
        KeySpec::SymmetricDefault | KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
            return Err(Failure::unsupported(format!("{} is not an asymmetric key.", key.arn)));
        }
        _ => {}
    }
    let public = key.current().and_then(|material| material.public_key.clone());
    let public = public.map(|der| if Defect::PublicKeyIsPoint.is_on() { point(key.spec, der) } else { der });
    Ok(PublicKey {
        key_id: key_id(&key.arn),
        // CRY-GETPUB-PENDING.
        public_key: Blob(public.ok_or_else(|| Failure::state(format!("{} is pending import.", key.arn)))?),
        customer_master_key_spec: old_spec(key.spec),
        key_spec: key.spec,
        key_usage: key.usage,
        algorithms: Algorithms::of(key.spec, key.usage),
    })
}

impl KeyMetadata {
    pub(super) fn of(key: Key, books: &Books<'_>) -> Self {
        let state = match key.state() {
            KeyState::PendingImport if Defect::ExternalKeyStartsEnabled.is_on() && key.materials.is_empty() => {
                KeyState::Enabled
            }
            state => state,
        };
        let (expiration_model, valid_to) = key.expiration().unzip();
        let shows_material = key.is_symmetric() || Defect::MaterialIdOfEveryKey.is_on();
        let current = key.current().filter(|_| shows_material);
        let current = current.filter(|material| material.held.is_some() || !Defect::MaterialIdForgotten.is_on());
        let (deletion_date, window) = match key.life {
            Life::PendingDeletion { date } => (Some(Instant(date)), None),
            Life::PendingReplicaDeletion { window } => (None, Some(window.as_hours() / 24)),
            Life::Creating { .. } | Life::Active(_) | Life::Updating { .. } => (None, None),
        };
        Self {
            account: key.arn.account.to_string(),
            key_id: key.id.to_string(),
            arn: key.arn.to_string(),
            creation_date: Instant(key.created),
            enabled: state == KeyState::Enabled,
            key_usage: key.usage,
            key_state: state,
            deletion_date,
            valid_to: valid_to.flatten().map(Instant),
            origin: match Defect::OriginChanges.is_on() && key.is_complete() {
                true => Origin::AwsKms,
                false => key.origin,
            },
            expiration_model,
            key_manager: KeyManager::Customer,
            customer_master_key_spec: old_spec(key.spec),
            key_spec: key.spec,
            algorithms: Algorithms::of(key.spec, key.usage),
            multi_region: key.role.is_some(),
            multi_region_configuration: key.role.map(|role| MultiRegionConfiguration::of(&key, role, books)),
            pending_deletion_window_in_days: window,
            // A replica that is still being created has none (MRK-REPL-CREATING).
            current_key_material_id: current
                .filter(|_| state != KeyState::Creating || Defect::CreatingReplicaShowsMaterial.is_on())
                .map(|material| material.id),
            description: key.description,
        }
    }
}

fn is_left_out<T>(member: &Option<T>) -> bool {
    member.is_none() && !Defect::NullForAbsent.is_on()
}

fn shown_valid_to<S: Serializer>(valid_to: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    match valid_to {
        Some(Instant(end)) if Defect::ValidToShownInMilliseconds.is_on() => {
            serializer.serialize_i64(end.as_millisecond())
        }
        _ => valid_to.serialize(serializer),
    }
}

/// For [`Defect::PublicKeyIsPoint`]: what is left of a SubjectPublicKeyInfo without the name of the curve.
fn point(spec: KeySpec, der: Vec<u8>) -> Vec<u8> {
    let coordinate = match spec {
        KeySpec::EccNistP256 | KeySpec::EccSecgP256k1 => 32,
        KeySpec::EccNistP384 => 48,
        KeySpec::EccNistP521 => 66,
        _ => return der,
    };
    der.get(der.len().saturating_sub(2 * coordinate + 1)..).unwrap_or_default().to_vec()
}

impl MultiRegionConfiguration {
    fn of(key: &Key, role: Role, books: &Books<'_>) -> Self {
        let family = books.family(&key.id);
        let in_role =
            |role: Role| family.iter().filter(move |key| key.role == Some(role)).map(|key| RegionalKey::of(key));
        Self {
            multi_region_key_type: match role {
                Role::Primary => "PRIMARY",
                Role::Replica => "REPLICA",
            },
            primary_key: in_role(Role::Primary).next(),
            replica_keys: in_role(Role::Replica).collect(),
        }
    }
}

impl RegionalKey {
    fn of(key: &Key) -> Self {
        Self { arn: key.arn.to_string(), region: key.arn.region.to_string() }
    }
}

impl Algorithms {
    pub(super) fn of(spec: KeySpec, usage: KeyUsage) -> Self {
        let mut algorithms = Self {
            encryption_algorithms: &[],
            signing_algorithms: &[],
            mac_algorithms: &[],
            key_agreement_algorithms: &[],
        };
        match usage {
            KeyUsage::EncryptDecrypt => algorithms.encryption_algorithms = encryption_algorithms(spec),
            KeyUsage::SignVerify => algorithms.signing_algorithms = signing::algorithms(spec),
            KeyUsage::GenerateVerifyMac => algorithms.mac_algorithms = mac_algorithms(spec),
            KeyUsage::KeyAgreement => algorithms.key_agreement_algorithms = &["ECDH"],
        }
        algorithms
    }
}

fn encryption_algorithms(spec: KeySpec) -> &'static [EncryptionAlgorithm] {
    match spec {
        KeySpec::SymmetricDefault => &[EncryptionAlgorithm::SymmetricDefault],
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            &[EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256]
        }
        _ => &[],
    }
}

fn mac_algorithms(spec: KeySpec) -> &'static [MacAlgorithm] {
    match spec {
        KeySpec::Hmac224 => &[MacAlgorithm::HmacSha224],
        KeySpec::Hmac256 => &[MacAlgorithm::HmacSha256],
        KeySpec::Hmac384 => &[MacAlgorithm::HmacSha384],
        KeySpec::Hmac512 => &[MacAlgorithm::HmacSha512],
        _ => &[],
    }
}

/// `CustomerMasterKeySpec` mirrors `KeySpec`, as far as it has the same names (CRE-EXT-DEFAULTS).
fn old_spec(spec: KeySpec) -> Option<KeySpec> {
    match spec {
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 | KeySpec::EccNistEdwards25519 => None,
        _ => Some(spec),
    }
}
