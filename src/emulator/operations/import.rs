//! ImportKeyMaterial and DeleteImportedKeyMaterial.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Session, key_id, wrong_origin};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::crypto::secret::{Secret, random, raw_length};
use crate::emulator::crypto::unwrap::unwrap;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::emulator::store::{Books, Expiry, Held, Key, Life, Material, MaterialId, Role, Standing, Switch};
use crate::emulator::wire::{Blob, Instant};
use crate::kms::{Arn, ErrorCode, ExpirationModel, ImportType, KeySpec, KeyState, Operation, Origin};

/// IMP-VALIDTO-MAX.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);
/// For [`Defect::ValidTo366Days`].
const LEAP_YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);

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

pub(super) async fn import_key_material(
    session: &Session<'_>,
    request: &ImportKeyMaterial,
) -> Result<Imported, Failure> {
    let before = first_look(session, request)?;
    if before.is_generated {
        return Ok(Imported { key_id: key_id(&before.arn), key_material_id: None });
    }
    // The RSA operation takes its time; the account's books are closed meanwhile, and looked at anew after it.
    let secret = match unwrapped(session, request, &before) {
        Err(failure) if Defect::FailedImportEnables.is_on() => {
            enable_all_the_same(session, request);
            return Err(failure);
        }
        outcome => outcome?,
    };
    if Defect::FirstImportsRace.is_on() || Defect::NewMaterialsRace.is_on() {
        tokio::task::yield_now().await;
    }

    let mut books = session.books();
    let now = books.now;
    let key = importable(&mut books, &request.key_id)?;
    overlook_others(key, request, &before);
    let order = order(request, key, now)?;
    let material = secret.id(&key.id);
    let exposed = exposed(key, material)?;
    let answer = Imported { key_id: key_id(&before.arn), key_material_id: exposed };
    if Defect::EveryFiftiethImportLost.is_on() && session.emulator.imports.count_import().is_multiple_of(50) {
        return Ok(answer);
    }
    let (id, expiry) = (key.id.clone(), order.expiry);
    import(key, secret, order)?;
    if Defect::ExpiryOfEveryRegion.is_on() {
        let everywhere = books.family_mut(&id).filter_map(|key| key.material_mut(&material)?.held.as_mut());
        everywhere.for_each(|held| held.expiry = expiry);
    }
    Ok(answer)
}

/// The key before the material was unwrapped.
struct Before {
    arn: Arn,
    /// The key that the token must have been issued for.
    bound_to: Arn,
    spec: KeySpec,
    /// Whether AWS made its material, which is refused unless a defect has it otherwise.
    is_generated: bool,
    was_empty: bool,
    had_pending: bool,
}

fn first_look(session: &Session<'_>, request: &ImportKeyMaterial) -> Result<Before, Failure> {
    let mut books = session.books();
    let now = books.now;
    let key = importable(&mut books, &request.key_id)?;
    if Defect::TokenSpentByRefusal.is_on() && !session.account.memory.spend(&request.import_token.0) {
        return Err(Failure::new(ErrorCode::INVALID_IMPORT_TOKEN, "The import token was used before."));
    }
    let order = order(request, key, now)?;
    if let Some(current) = key.current().map(|material| material.id).filter(|_| stores_expiry_early())
        && let Some(held) = key.material_mut(&current).and_then(|material| material.held.as_mut())
    {
        held.expiry = order.expiry;
    }
    let mut before = Before {
        arn: key.arn.clone(),
        bound_to: key.arn.clone(),
        spec: key.spec,
        is_generated: key.origin != Origin::External,
        was_empty: key.current().is_none(),
        had_pending: key.pending().is_some(),
    };
    let id = key.id.clone();
    if Defect::ImportIntoCreatingReplica.is_on() && key.state() == KeyState::Creating {
        let family = books.family(&id);
        let primary = family.iter().find(|key| key.role == Some(Role::Primary));
        before.bound_to = primary.map_or(before.bound_to, |key| key.arn.clone());
    }
    Ok(before)
}

fn unwrapped(session: &Session<'_>, request: &ImportKeyMaterial, before: &Before) -> Result<Secret, Failure> {
    let (token, wrapped) = (&request.import_token.0, &request.encrypted_key_material.0);
    let opened = session.emulator.seal()?.open(token, &before.bound_to, session.account.clock.now())?;
    if Defect::OnlyNewestToken.is_on() && session.account.memory.is_superseded(&before.arn, token) {
        return Err(Failure::new(ErrorCode::INVALID_IMPORT_TOKEN, "There is a newer import token."));
    }
    let as_it_is = raw_length(before.spec).filter(|_| Defect::MaterialNotUnwrapped.is_on());
    let bytes = match as_it_is.and_then(|length| wrapped.get(..length)) {
        Some(bytes) => bytes.to_vec(),
        None => unwrap(&session.emulator.pool, &opened, wrapped)?,
    };
    Ok(Secret::parse(before.spec, &bytes)?)
}

/// The id that the answer names: of symmetric keys only (IMP-RESP).
fn exposed(key: &Key, material: MaterialId) -> Result<Option<MaterialId>, Failure> {
    if Defect::ReimportChangesMaterialId.is_on() && key.material(&material).is_some() {
        return Ok(random(32)?.try_into().ok().map(MaterialId));
    }
    Ok(key.is_symmetric().then_some(material).filter(|_| !Defect::ImportAnswersNoMaterialId.is_on()))
}

fn stores_expiry_early() -> bool {
    Defect::ExpiryStoredBeforeValidation.is_on()
}

/// For imports that race: what came in since the first look is written over.
fn overlook_others(key: &mut Key, request: &ImportKeyMaterial, before: &Before) {
    if Defect::FirstImportsRace.is_on() && before.was_empty {
        key.materials.clear();
    }
    let is_new = request.import_type == Some(ImportType::NewKeyMaterial);
    if Defect::NewMaterialsRace.is_on() && is_new && !before.had_pending {
        key.materials.retain(|material| material.standing.is_permanent());
    }
}

/// For [`Defect::FailedImportEnables`]: an empty key gets material of zeros.
fn enable_all_the_same(session: &Session<'_>, request: &ImportKeyMaterial) {
    let mut books = session.books();
    let Ok(key) = books.find(&request.key_id) else { return };
    let zeros = raw_length(key.spec).map(|length| vec![0; length]).unwrap_or_default();
    if let Ok(secret) = Secret::parse(key.spec, &zeros)
        && key.materials.is_empty()
    {
        let order =
            Order { kind: ImportType::NewKeyMaterial, expiry: Expiry::Never, expected: None, description: None };
        add(key, secret.id(&key.id), secret, order);
    }
}

fn importable<'b>(books: &'b mut Books<'_>, named: &str) -> Result<&'b mut Key, Failure> {
    let operation = books.operation;
    let key = books.find(named)?;
    let any_origin = match operation {
        Operation::DeleteImportedKeyMaterial => Defect::DeletionOfAwsMaterial.is_on(),
        _ => Defect::ImportIntoAwsKeys.is_on(),
    };
    if key.origin != Origin::External && !any_origin {
        return Err(wrong_origin(key));
    }
    states::permit(operation, key.state(), &key.arn)?;
    Ok(key)
}

fn order(request: &ImportKeyMaterial, key: &Key, now: Timestamp) -> Result<Order, Failure> {
    if !key.is_symmetric() && !Defect::ImportTypeForAllKeys.is_on() {
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
    if request.import_type == Some(ImportType::NewKeyMaterial)
        && request.key_material_id.is_some()
        && !Defect::MaterialIdWithNew.is_on()
    {
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
        _ if Defect::ImportTypeAlwaysNew.is_on() => ImportType::NewKeyMaterial,
        (None, None | Some(Role::Primary)) => ImportType::NewKeyMaterial,
        (Some(_), _) | (None, Some(Role::Replica)) => ImportType::ExistingKeyMaterial,
    }
}

/// IMP-VALIDTO-REQUIRED and its kin. Only the first text is recorded.
fn expiry(request: &ImportKeyMaterial, now: Timestamp) -> Result<Expiry, Failure> {
    let valid_to = request.valid_to.map(|Instant(end)| as_read(end));
    match (request.expiration_model.unwrap_or(default_model(valid_to)), valid_to) {
        (ExpirationModel::KeyMaterialDoesNotExpire, None) => Ok(Expiry::Never),
        (ExpirationModel::KeyMaterialDoesNotExpire, Some(_)) if Defect::ValidToWithoutExpiry.is_on() => {
            Ok(Expiry::Never)
        }
        (ExpirationModel::KeyMaterialDoesNotExpire, Some(_)) => Err(Failure::new(
            choices::VALID_TO_FORBIDDEN,
            "ValidTo cannot be specified if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (ExpirationModel::KeyMaterialExpires, None) => {
            Err(Failure::validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))
        }
        (ExpirationModel::KeyMaterialExpires, Some(end)) => within_bounds(end, now),
    }
}

fn within_bounds(end: Timestamp, now: Timestamp) -> Result<Expiry, Failure> {
    if choices::MATERIAL_LIFE.is_over(end, now) && !Defect::ValidToInThePast.is_on() {
        return Err(Failure::new(choices::VALID_TO_PAST, "ValidTo must be in the future"));
    }
    let longest = if Defect::ValidTo366Days.is_on() { LEAP_YEAR } else { LONGEST_LIFE };
    if end > later(now, longest) {
        if Defect::ValidToCapped.is_on() {
            return Ok(Expiry::At(later(now, LONGEST_LIFE)));
        }
        return Err(Failure::new(choices::VALID_TO_TOO_FAR, "ValidTo must be at most 365 days in the future"));
    }
    Ok(match Defect::ValidToNotKept.is_on() {
        true => Expiry::Never,
        false => Expiry::At(end),
    })
}

/// The instant that the request means.
fn as_read(end: Timestamp) -> Timestamp {
    if Defect::ValidToInMilliseconds.is_on() {
        return Timestamp::from_millisecond(end.as_second()).unwrap_or(end);
    }
    if Defect::ValidToInLocalTime.is_on() {
        return later(end, SignedDuration::from_hours(1));
    }
    end
}

fn default_model(valid_to: Option<Timestamp>) -> ExpirationModel {
    match valid_to {
        None if Defect::ValidToOptional.is_on() => ExpirationModel::KeyMaterialDoesNotExpire,
        _ => ExpirationModel::KeyMaterialExpires,
    }
}

/// Puts the material where it belongs: in the place it had, into force in an empty key, or in line for rotation.
fn import(key: &mut Key, secret: Secret, order: Order) -> Result<(), Failure> {
    let material = secret.id(&key.id);
    let ignored = Defect::MaterialIdNotCompared.is_on()
        || (Defect::MaterialIdWithNew.is_on() && order.kind == ImportType::NewKeyMaterial);
    if order.expected.is_some_and(|expected| expected != material) && !ignored {
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
    if key.material(&id).is_none() && is_replaceable(key) {
        key.materials.clear();
        add(key, id, secret, order);
        return Ok(());
    }
    let was_complete = key.is_complete();
    let code = match (key.current(), key.role) {
        (None, None | Some(Role::Primary)) => choices::EXISTING_ON_EMPTY,
        (None, Some(Role::Replica)) => choices::REPLICA_MATERIAL,
        (Some(_), _) if Defect::IncorrectMaterialIsCiphertext.is_on() => ErrorCode::INVALID_CIPHERTEXT,
        // IMP-EXISTING-DIFFERENT, IMP-ASYM-DIFFERENT.
        (Some(_), _) => ErrorCode::INCORRECT_KEY_MATERIAL,
    };
    let material = key
        .material_mut(&id)
        .ok_or_else(|| Failure::new(code, "The key material was not imported into this KMS key before."))?;
    let expiry = match &material.held {
        Some(held) if Defect::ReimportKeepsExpiry.is_on() => held.expiry,
        _ => order.expiry,
    };
    let secret = if Defect::ReimportChangesSecret.is_on() { secret.renewed()? } else { secret };
    material.held = Some(Held { secret: Arc::new(secret), expiry });
    // IMP-DESC: without a new description the old one stays.
    let old = material.description.take().filter(|_| !Defect::ReimportDropsDescription.is_on());
    material.description = order.description.or(old);
    // IMP-ENABLE-ALL, DIS-DEL-REIMP; a key that lacked nothing stays as it is (IMP-STATE-DISABLED).
    if !was_complete && key.is_complete() && matches!(key.life, Life::Active(_)) {
        key.life = Life::Active(Switch::On);
    }
    Ok(())
}

/// Whether other material may take the place of a key's own: never, unless a defect has it so.
fn is_replaceable(key: &Key) -> bool {
    let own = if key.is_symmetric() { Defect::OtherMaterialWhileEnabled } else { Defect::OtherPrivateKey };
    (own.is_on() && key.is_complete()) || (Defect::ReplicaTakesOtherMaterial.is_on() && key.role == Some(Role::Replica))
}

/// Whether new material may come in: not on a replica, not if the key knows it, not if other new material waits.
fn admissible(key: &Key, id: MaterialId) -> Result<(), Failure> {
    if key.role == Some(Role::Replica) && !Defect::NewMaterialInReplica.is_on() {
        let message = format!("{} is not a multi-region primary key.", key.arn);
        return Err(Failure::new(choices::NEW_ON_REPLICA, message));
    }
    if key.material(&id).is_some() && !Defect::KnownMaterialAsNew.is_on() {
        let message = "The key material is already associated with this KMS key.";
        return Err(Failure::new(ErrorCode::INCORRECT_KEY_MATERIAL, message));
    }
    // IMP-NEW-PENDING-CONFLICT, as recorded.
    match key.pending() {
        None => Ok(()),
        Some(_) if Defect::SecondPendingMaterial.is_on() => Ok(()),
        Some(_) if Defect::ConflictWithoutIds.is_on() => {
            Err(Failure::state(format!("Another key material of {} is pending rotation.", key.arn)))
        }
        Some(pending) => Err(Failure::state(format!(
            "New key material (id: {id}) cannot be imported into KMS key {}, because another key material (id: {}) is \
             pending rotation.",
            key.arn, pending.id
        ))),
    }
}

fn add(key: &mut Key, material: MaterialId, secret: Secret, order: Order) {
    if Defect::NewMaterialAtOnce.is_on() {
        let current = key.materials.iter_mut().filter(|material| material.standing == Standing::Current);
        current.for_each(|material| material.standing = Standing::NonCurrent);
    }
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
        key.life = Life::Active(if Defect::ImportLeavesKeyDisabled.is_on() { Switch::Off } else { Switch::On });
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
        Some(_) if Defect::DeletionIgnoresMaterialId.is_on() => key.current().map(|material| material.id),
        Some(text) => {
            let known = MaterialId::parse(text).filter(|id| key.material(id).is_some());
            Some(known.ok_or_else(|| {
                Failure::new(choices::UNKNOWN_MATERIAL_ID, format!("Key material {text} does not exist in {}", key.arn))
            })?)
        }
        None if Defect::DeletionTakesTheOldest.is_on() => key.materials.first().map(|material| material.id),
        // DEL-KMID-DEFAULT.
        None => key.current().map(|material| material.id),
    };
    if let Some(id) = meant {
        key.lose(&id);
    }
    if Defect::DeletionForgetsMaterial.is_on() {
        key.materials.retain(|material| Some(material.id) != meant);
    }
    if Defect::DeletionCancelsKeyDeletion.is_on() && matches!(key.life, Life::PendingDeletion { .. }) {
        key.life = Life::Active(Switch::On);
    }
    let answer = Imported { key_id: key_id(&key.arn), key_material_id: meant.filter(|_| key.is_symmetric()) };
    if let Some(material) = meant.filter(|_| Defect::DeletionInEveryRegion.is_on()) {
        let key = key.id.clone();
        books.family_mut(&key).for_each(|key| key.lose(&material));
    }
    Ok(answer)
}
