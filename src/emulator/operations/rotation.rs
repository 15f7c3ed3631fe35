//! RotateKeyOnDemand, ListKeyRotations, and what is said about automatic rotation.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lifecycle::{KeyOnly, OfKey};
use super::listing::{Rest, page};
use super::{Session, key_id, not_primary, wrong_origin};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::crypto::secret::Secret;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::emulator::store::{Expiry, Held, Key, Material, MaterialId, ROTATION_SHOWN, Role, Standing};
use crate::emulator::wire::Instant;
use crate::kms::{ErrorCode, ExpirationModel, KeySpec, KeyState, Origin};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListKeyRotations {
    key_id: String,
    include_key_material: Option<Include>,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Include {
    #[serde(rename = "ALL_KEY_MATERIAL")]
    AllKeyMaterial,
    #[serde(rename = "ROTATIONS_ONLY")]
    RotationsOnly,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RotationStatus {
    key_id: String,
    key_rotation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_demand_rotation_start_date: Option<Instant>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rotations {
    rotations: Vec<Entry>,
    #[serde(flatten)]
    rest: Rest,
}

/// ROT-LIST-FIELDS.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_id: String,
    key_material_id: MaterialId,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import_state: Option<&'static str>,
    key_material_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_model: Option<ExpirationModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_date: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_type: Option<&'static str>,
}

pub(super) async fn rotate_key_on_demand(session: &Session<'_>, request: &OfKey) -> Result<KeyOnly, Failure> {
    // Made before it is known to be needed: the books are not left open while it is made.
    let fresh = Arc::new(Secret::generate(KeySpec::SymmetricDefault).await?);
    let mut books = session.books();
    let now = books.now;
    if Defect::SpecBeforeState.is_on() && !books.find(&request.key_id)?.is_symmetric() {
        return Err(Failure::silent(ErrorCode::UNSUPPORTED_OPERATION));
    }
    let key = books.permitted(&request.key_id)?;
    if Defect::RotationOfAsymmetricKeys.is_on() && !key.is_symmetric() {
        return Ok(KeyOnly { key_id: key_id(&key.arn) });
    }
    rotatable(key)?;
    let (id, arn, origin) = (key.id.clone(), key.arn.clone(), key.origin);
    if origin == Origin::External
        && !Defect::RotationWithoutMaterial.is_on()
        && !key.materials.iter().any(|material| material.standing == Standing::PendingRotation)
    {
        return Err(Failure::state(format!("No available key material pending rotation for the key: {arn}.")));
    }
    key.on_demand_rotations += 1;
    // Related keys in other Regions follow their primary key.
    for key in books.family_mut(&id) {
        key.rotation_started = Some(now);
        if origin != Origin::External {
            key.materials.push(Material {
                id: fresh.id(&id),
                standing: Standing::PendingRotation,
                public_key: None,
                held: Some(Held { secret: Arc::clone(&fresh), expiry: Expiry::Never }),
                description: None,
                rotation: None,
            });
        }
    }
    Ok(KeyOnly { key_id: key_id(&arn) })
}

/// ROT-OD-ASYM (recorded without a message), ROT-OD-AGAIN, ROT-OD-LIMIT.
fn rotatable(key: &Key) -> Result<(), Failure> {
    if !key.is_symmetric() {
        return Err(Failure::silent(ErrorCode::UNSUPPORTED_OPERATION));
    }
    if key.role == Some(Role::Replica) && !Defect::RotationOfReplica.is_on() {
        return Err(not_primary(key));
    }
    if key.rotation_started.is_some() {
        let message = format!("An on-demand rotation of {} is in progress.", key.arn);
        return Err(Failure::named("ConflictException", message));
    }
    if key.on_demand_rotations >= choices::ON_DEMAND_ROTATIONS && !Defect::RotationsUnlimited.is_on() {
        let message = format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
             performed for this key: {}",
            key.arn
        );
        return Err(Failure::new(ErrorCode::LIMIT_EXCEEDED, message));
    }
    Ok(())
}

pub(super) fn list_key_rotations(session: &Session<'_>, request: &ListKeyRotations) -> Result<Rotations, Failure> {
    let mut books = session.books();
    let key = books.find(&request.key_id)?;
    if !key.is_symmetric() {
        return Err(Failure::silent(ErrorCode::UNSUPPORTED_OPERATION));
    }
    let all = request.include_key_material.unwrap_or(Include::RotationsOnly) == Include::AllKeyMaterial
        || Defect::RotationsListEverything.is_on();
    let chosen = key.materials.iter().filter(|material| all || material.rotation.is_some());
    let entries = chosen.map(|material| Entry::of(key, material)).collect();
    let (rotations, rest) = page(session.operation, entries, request.limit.unwrap_or(100), request.marker.as_deref())?;
    Ok(Rotations { rotations, rest })
}

impl Entry {
    fn of(key: &Key, material: &Material) -> Self {
        let external = key.origin == Origin::External;
        let expiry = material.held.as_ref().filter(|_| external).map(|held| held.expiry);
        let (expiration_model, valid_to) = match expiry {
            None => (None, None),
            Some(Expiry::Never) => (Some(ExpirationModel::KeyMaterialDoesNotExpire), None),
            Some(Expiry::At(end)) => (Some(ExpirationModel::KeyMaterialExpires), Some(Instant(end))),
        };
        let import_state = if material.held.is_some() { "IMPORTED" } else { "PENDING_IMPORT" };
        Self {
            key_id: key_id(&key.arn),
            key_material_id: material.id,
            key_material_description: material.description.clone().filter(|_| external),
            import_state: external.then_some(import_state),
            key_material_state: match Defect::PendingMaterialListedAsCurrent.is_on() {
                true if material.standing == Standing::PendingRotation => Standing::Current.as_str(),
                _ => material.standing.as_str(),
            },
            expiration_model,
            valid_to,
            rotation_date: material.rotation.map(|rotation| Instant(rotation.date)),
            rotation_type: material.rotation.map(|rotation| rotation.kind.as_str()),
        }
    }
}

/// ROT-STATUS. Automatic rotation cannot be switched on here, so that it is always off.
pub(super) fn get_key_rotation_status(session: &Session<'_>, request: &OfKey) -> Result<RotationStatus, Failure> {
    let mut books = session.books();
    let now = books.now;
    let key = books.find(&request.key_id)?;
    if key.origin == Origin::External && key.state() == KeyState::PendingImport {
        return Err(wrong_origin(key));
    }
    if !key.is_symmetric() {
        return Err(Failure::silent(ErrorCode::UNSUPPORTED_OPERATION));
    }
    let started = key.rotation_started.filter(|started| later(*started, ROTATION_SHOWN) > now);
    Ok(RotationStatus {
        key_id: key_id(&key.arn),
        key_rotation_enabled: false,
        on_demand_rotation_start_date: started.map(Instant),
    })
}

/// EnableKeyRotation and DisableKeyRotation. Imported material does not rotate by itself (ROT-AUTO).
pub(super) fn automatic_rotation(session: &Session<'_>, request: &OfKey) -> Result<(), Failure> {
    let mut books = session.books();
    let key = books.find(&request.key_id)?;
    if key.origin == Origin::External && Defect::AutomaticRotation.is_on() {
        return Ok(());
    }
    if key.origin == Origin::External {
        return Err(wrong_origin(key));
    }
    states::permit(session.operation, key.state(), &key.arn)?;
    Err(Failure::unsupported("This emulator does not rotate keys automatically."))
}
