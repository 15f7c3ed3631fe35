//! ImportKeyMaterial and DeleteImportedKeyMaterial.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Session, key_id, wrong_origin};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::crypto::secret::Secret;
use crate::emulator::crypto::unwrap::unwrap;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::emulator::store::{Books, Expiry, Held, Key, Life, Material, MaterialId, Role, Standing, Switch};
use crate::emulator::wire::{Blob, Instant};
use crate::kms::{ErrorCode, ExpirationModel, ImportType, Origin};

/// IMP-VALIDTO-MAX.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImportKeyMaterial {
    key_id: String,
    import_token: Blob,
    encrypted_key_material: Blob,
    valid_to: Option<Instant>,
    expiration_model: Option<ExpirationModel>,
    import_type: Option<ImportType>,
    key_material_description: Option<String>,
    key_material_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteImportedKeyMaterial {
    key_id: String,
    key_material_id: Option<String>,
}

/// The answer of both. The id is that of a symmetric key's material (IMP-RESP, DEL-RESP).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Imported {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<MaterialId>,
}

/// The request's members, once they agree with each other and with the key.
struct Order {
    kind: ImportType,
    expiry: Expiry,
    expected: Option<MaterialId>,
    description: Option<String>,
}

pub(super) fn import_key_material(session: &Session<'_>, request: &ImportKeyMaterial) -> Result<Imported, Failure> {
    let (arn, spec) = {
        let mut books = session.books();
        let now = books.now;
        let key = importable(&mut books, &request.key_id)?;
        order(request, key, now)?;
        (key.arn.clone(), key.spec)
    };
    // The RSA operation takes its time; the account's books are closed meanwhile, and looked at anew after it.
    let token = session.emulator.seal()?.open(&request.import_token.0, &arn, session.account.clock.now())?;
    let bytes = unwrap(&session.emulator.pool, &token, &request.encrypted_key_material.0)?;
    let secret = Secret::parse(spec, &bytes)?;

    let mut books = session.books();
    let now = books.now;
    let key = importable(&mut books, &request.key_id)?;
    let order = order(request, key, now)?;
    let material = secret.id(&key.id);
    let exposed = key.is_symmetric().then_some(material);
    import(key, secret, order)?;
    Ok(Imported { key_id: key_id(&arn), key_material_id: exposed })
}

fn importable<'b>(books: &'b mut Books<'_>, named: &str) -> Result<&'b mut Key, Failure> {
    let operation = books.operation;
    let key = books.find(named)?;
    if key.origin != Origin::External {
        return Err(wrong_origin(key));
    }
    states::permit(operation, key.state(), &key.arn)?;
    Ok(key)
}

fn order(request: &ImportKeyMaterial, key: &Key, now: Timestamp) -> Result<Order, Failure> {
    if !key.is_symmetric() {
        let member = [
            ("ImportType", request.import_type.is_some()),
            ("KeyMaterialId", request.key_material_id.is_some()),
            ("KeyMaterialDescription", request.key_material_description.is_some()),
        ];
        if let Some((member, _)) = member.into_iter().find(|(_, given)| *given) {
            let message = format!("{member} is supported for symmetric encryption keys only.");
            return Err(Failure::new(choices::SYMMETRIC_ONLY_MEMBER, message));
        }
    }
    let kind = request.import_type.unwrap_or_else(|| default_type(key));
    if request.import_type == Some(ImportType::NewKeyMaterial) && request.key_material_id.is_some() {
        let message = "KeyMaterialId cannot be specified with ImportType NEW_KEY_MATERIAL.";
        return Err(Failure::new(choices::MATERIAL_ID_WITH_NEW, message));
    }
    Ok(Order {
        kind,
        expiry: expiry(request, now)?,
        expected: request.key_material_id.as_deref().and_then(MaterialId::parse),
        description: request.key_material_description.clone(),
    })
}

/// IMP-TYPE-DEFAULT, MRK-OMITTED-ON-REPLICA.
fn default_type(key: &Key) -> ImportType {
    match (key.current(), key.role) {
        (None, None | Some(Role::Primary)) => ImportType::NewKeyMaterial,
        (Some(_), _) | (None, Some(Role::Replica)) => ImportType::ExistingKeyMaterial,
    }
}

/// IMP-VALIDTO-REQUIRED and its kin. Only the first text is recorded.
fn expiry(request: &ImportKeyMaterial, now: Timestamp) -> Result<Expiry, Failure> {
    match (request.expiration_model.unwrap_or(ExpirationModel::KeyMaterialExpires), request.valid_to) {
        (ExpirationModel::KeyMaterialDoesNotExpire, None) => Ok(Expiry::Never),
        (ExpirationModel::KeyMaterialDoesNotExpire, Some(_)) => Err(Failure::new(
            choices::VALID_TO_FORBIDDEN,
            "ValidTo cannot be specified if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (ExpirationModel::KeyMaterialExpires, None) => {
            Err(Failure::validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))
        }
        (ExpirationModel::KeyMaterialExpires, Some(Instant(end))) if choices::MATERIAL_LIFE.is_over(end, now) => {
            Err(Failure::new(choices::VALID_TO_PAST, "ValidTo must be in the future"))
        }
        (ExpirationModel::KeyMaterialExpires, Some(Instant(end))) if end > later(now, LONGEST_LIFE) => {
            Err(Failure::new(choices::VALID_TO_TOO_FAR, "ValidTo must be at most 365 days in the future"))
        }
        (ExpirationModel::KeyMaterialExpires, Some(Instant(end))) => Ok(Expiry::At(end)),
    }
}

/// Puts the material where it belongs: in the place it had, into force in an empty key, or in line for rotation.
fn import(key: &mut Key, secret: Secret, order: Order) -> Result<(), Failure> {
    let material = secret.id(&key.id);
    if order.expected.is_some_and(|expected| expected != material) {
        let message = "The key material does not match the KeyMaterialId in the request.";
        return Err(Failure::new(choices::MATERIAL_ID_MISMATCH, message));
    }
    match order.kind {
        ImportType::ExistingKeyMaterial => restore(key, material, secret, order),
        ImportType::NewKeyMaterial => {
            admissible(key, material)?;
            add(key, material, secret, order);
            Ok(())
        }
    }
}

fn restore(key: &mut Key, id: MaterialId, secret: Secret, order: Order) -> Result<(), Failure> {
    let was_complete = key.is_complete();
    let code = match (key.current(), key.role) {
        (None, None | Some(Role::Primary)) => choices::EXISTING_ON_EMPTY,
        (None, Some(Role::Replica)) => choices::REPLICA_MATERIAL,
        // IMP-EXISTING-DIFFERENT, IMP-ASYM-DIFFERENT.
        (Some(_), _) => ErrorCode::INCORRECT_KEY_MATERIAL,
    };
    let material = key
        .material_mut(&id)
        .ok_or_else(|| Failure::new(code, "The key material was not imported into this KMS key before."))?;
    material.held = Some(Held { secret: Arc::new(secret), expiry: order.expiry });
    // IMP-DESC: without a new description the old one stays.
    material.description = order.description.or(material.description.take());
    // IMP-ENABLE-ALL, DIS-DEL-REIMP; a key that lacked nothing stays as it is (IMP-STATE-DISABLED).
    if !was_complete && key.is_complete() && matches!(key.life, Life::Active(_)) {
        key.life = Life::Active(Switch::On);
    }
    Ok(())
}

/// Whether new material may come in: not on a replica, not if the key knows it, not if other new material waits.
fn admissible(key: &Key, id: MaterialId) -> Result<(), Failure> {
    if key.role == Some(Role::Replica) {
        let message = format!("{} is not a multi-region primary key.", key.arn);
        return Err(Failure::new(choices::NEW_ON_REPLICA, message));
    }
    if key.material(&id).is_some() {
        let message = "The key material is already associated with this KMS key.";
        return Err(Failure::new(ErrorCode::INCORRECT_KEY_MATERIAL, message));
    }
    // IMP-NEW-PENDING-CONFLICT, as recorded.
    match key.pending() {
        None => Ok(()),
        Some(pending) => Err(Failure::state(format!(
            "New key material (id: {id}) cannot be imported into KMS key {}, because another key material (id: {}) is \
             pending rotation.",
            key.arn, pending.id
        ))),
    }
}

fn add(key: &mut Key, material: MaterialId, secret: Secret, order: Order) {
    let standing = if key.current().is_none() { Standing::Current } else { Standing::PendingRotation };
    key.materials.push(Material {
        id: material,
        standing,
        public_key: secret.public_key().map(<[u8]>::to_vec),
        held: Some(Held { secret: Arc::new(secret), expiry: order.expiry }),
        description: order.description,
        rotation: None,
    });
    // IMP-FIRST-OK.
    if standing == Standing::Current && matches!(key.life, Life::Active(_)) {
        key.life = Life::Active(Switch::On);
    }
}

pub(super) fn delete_imported_key_material(
    session: &Session<'_>,
    request: &DeleteImportedKeyMaterial,
) -> Result<Imported, Failure> {
    let mut books = session.books();
    let key = importable(&mut books, &request.key_id)?;
    let meant = match &request.key_material_id {
        Some(_) if !key.is_symmetric() => {
            let message = "KeyMaterialId is supported for symmetric encryption keys only.";
            return Err(Failure::new(choices::SYMMETRIC_ONLY_MEMBER, message));
        }
        Some(text) => {
            let known = MaterialId::parse(text).filter(|id| key.material(id).is_some());
            Some(known.ok_or_else(|| {
                Failure::new(choices::UNKNOWN_MATERIAL_ID, format!("Key material {text} does not exist in {}", key.arn))
            })?)
        }
        // DEL-KMID-DEFAULT.
        None => key.current().map(|material| material.id),
    };
    if let Some(id) = meant {
        key.lose(&id);
    }
    Ok(Imported { key_id: key_id(&key.arn), key_material_id: meant.filter(|_| key.is_symmetric()) })
}
