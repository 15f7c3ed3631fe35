//! ReplicateKey and UpdatePrimaryRegion.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::describe::KeyMetadata;
use super::policy;
use super::tags::{self, Tag};
use super::{Session, not_primary};
use crate::emulator::clock::later;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::emulator::states;
use crate::emulator::store::{Key, Life, Material, REPLICATION_TAKES, Role};
use crate::kms::{Arn, ErrorCode, Origin, Region};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReplicateKey {
    key_id: String,
    replica_region: String,
    policy: Option<String>,
    description: Option<String>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdatePrimaryRegion {
    key_id: String,
    primary_region: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Replicated {
    replica_key_metadata: KeyMetadata,
    replica_policy: String,
    replica_tags: Vec<Tag>,
}

/// MRK-REPL-STATE, MRK-REPL-CREATING: the replica inherits neither description nor tags, nor imported material.
pub(super) fn replicate_key(session: &Session<'_>, request: ReplicateKey) -> Result<Replicated, Failure> {
    let region = region(&request.replica_region)?;
    let tags = tags::checked(request.tags.unwrap_or_default(), 0)?;
    let policy = match request.policy {
        Some(policy) => policy::checked(policy)?,
        None => policy::default(&session.caller.account),
    };
    let mut books = session.books();
    let now = books.now;
    let primary = books.permitted(&request.key_id)?.clone();
    let any_role = Defect::ReplicaOfReplica.is_on() && primary.role.is_some();
    if primary.role != Some(Role::Primary) && !any_role {
        return Err(not_primary(&primary));
    }
    let is_there = books.family(&primary.id).iter().any(|key| key.arn.region == region);
    if is_there && !Defect::SecondReplicaInRegion.is_on() {
        let message = format!("Key {} already exists in Region {region}.", primary.id);
        return Err(Failure::named("AlreadyExistsException", message));
    }
    let arn = Arn::of_key(region, primary.arn.account.clone(), &primary.id);
    if arn.partition != primary.arn.partition {
        return Err(Failure::validation(format!("{} is in another partition.", arn.region)));
    }
    let replica = Key {
        arn,
        created: now,
        description: request.description.unwrap_or_default(),
        policy: policy.clone(),
        tags,
        life: Life::Creating { until: later(now, REPLICATION_TAKES) },
        role: Some(Role::Replica),
        materials: inherited(&primary),
        grants: IndexMap::new(),
        last_use: None,
        ..primary
    };
    let replica_tags = tags::listed(&replica.tags);
    books.add(replica.clone());
    let replica_key_metadata = KeyMetadata::of(replica, &books);
    Ok(Replicated { replica_key_metadata, replica_policy: policy, replica_tags })
}

/// Imported material has to be imported into each Region; of it the replica has only what is to be known.
fn inherited(primary: &Key) -> Vec<Material> {
    match primary.origin {
        Origin::External if !Defect::ReplicaInheritsMaterial.is_on() => {
            primary.materials.iter().map(Material::without_secret).collect()
        }
        _ => primary.materials.clone(),
    }
}

/// MRK-UPDATE-PRIMARY. The two keys change places at once, and are in `Updating` for a while.
pub(super) fn update_primary_region(session: &Session<'_>, request: &UpdatePrimaryRegion) -> Result<(), Failure> {
    let region = region(&request.primary_region)?;
    let mut books = session.books();
    let now = books.now;
    let primary = books.permitted(&request.key_id)?;
    if primary.role != Some(Role::Primary) {
        return Err(not_primary(primary));
    }
    if primary.arn.region == region {
        return Err(Failure::unsupported(format!("{} is in Region {region} already.", primary.arn)));
    }
    let id = primary.id.clone();
    let replica = books.family(&id).into_iter().find(|key| key.arn.region == region).ok_or_else(|| {
        let arn = Arn::of_key(region.clone(), session.caller.account.clone(), &id);
        Failure::new(ErrorCode::NOT_FOUND, format!("Key '{arn}' does not exist"))
    })?;
    states::permit(session.operation, replica.state(), &replica.arn)?;
    for key in books.family_mut(&id) {
        let role = if key.arn.region == region { Role::Primary } else { Role::Replica };
        if key.role != Some(role) {
            key.role = Some(role);
            key.life = Life::Updating { until: later(now, REPLICATION_TAKES) };
        }
    }
    Ok(())
}

/// The shape's pattern has seen to it that this is a Region's name.
fn region(text: &str) -> Result<Region, Failure> {
    text.parse().map_err(|_| Failure::validation(format!("{text} is not a Region.")))
}
