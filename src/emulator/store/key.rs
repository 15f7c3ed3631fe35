//! A KMS key: what it is, what it holds, and the state that follows.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::material::{Expiry, Held, Material, MaterialId, Rotation, RotationKind, Standing};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::defects::Defect;
use crate::emulator::failure::Failure;
use crate::kms::{Arn, ExpirationModel, KeyId, KeySpec, KeyState, KeyUsage, Operation, Origin};

/// A KMS key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) arn: Arn,
    pub(crate) spec: KeySpec,
    pub(crate) usage: KeyUsage,
    pub(crate) origin: Origin,
    pub(crate) created: Timestamp,
    pub(crate) description: String,
    pub(crate) policy: String,
    pub(crate) tags: IndexMap<String, String>,
    pub(crate) life: Life,
    /// What a multi-Region key is to those related to it.
    pub(crate) role: Option<Role>,
    /// In order of arrival.
    pub(crate) materials: Vec<Material>,
    /// When the on-demand rotation that is in progress was started.
    pub(crate) rotation_started: Option<Timestamp>,
    pub(crate) on_demand_rotations: usize,
    pub(crate) grants: IndexMap<String, Grant>,
    /// The last cryptographic operation with this key that succeeded.
    pub(crate) last_use: Option<Use>,
}

/// A grant on a key. Grants are kept, not enforced: everybody in an account may do everything here.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// The request that made it, without what is not part of the grant.
    pub(crate) terms: GrantTerms,
    pub(crate) created: Timestamp,
    /// What names this grant to RetireGrant.
    pub(crate) token: String,
}

/// What a grant says.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GrantTerms {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) grantee_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) grantee_service_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retiring_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retiring_service_principal: Option<String>,
    pub(crate) operations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) constraints: Option<serde_json::Value>,
}

/// A successful cryptographic operation.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) operation: Operation,
    pub(crate) at: Timestamp,
    pub(crate) request: Uuid,
}

/// Where a key is in its life. Whether it has its material is another matter: see [`Key::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Creating { until: Timestamp },
    Active(Switch),
    Updating { until: Timestamp },
    PendingReplicaDeletion { window: SignedDuration },
    PendingDeletion { date: Timestamp },
}

/// What EnableKey and DisableKey turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// What a multi-Region key is to those related to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Primary,
    Replica,
}

impl Key {
    /// The state that the key shows. A key that lacks any of its permanent material is in PendingImport, whatever it
    /// was switched to (CRE-EXT-STATE, DEL-ENABLED, EXP-DELETES).
    pub(crate) fn state(&self) -> KeyState {
        match self.life {
            Life::Creating { .. } => KeyState::Creating,
            Life::Updating { .. } => KeyState::Updating,
            Life::PendingDeletion { .. } => KeyState::PendingDeletion,
            Life::PendingReplicaDeletion { .. } => KeyState::PendingReplicaDeletion,
            Life::Active(Switch::Off) if Defect::DeletionLeavesKeyDisabled.is_on() => KeyState::Disabled,
            Life::Active(_) if !self.is_complete() => KeyState::PendingImport,
            Life::Active(Switch::On) => KeyState::Enabled,
            Life::Active(Switch::Off) => KeyState::Disabled,
        }
    }

    /// Whether the key has material, and all of it that it cannot do without (IMP-ENABLE-ALL, ROT-MISSING-ANY).
    pub(crate) fn is_complete(&self) -> bool {
        if Defect::MissingOldMaterialIgnored.is_on() {
            return self.current().is_some_and(|material| material.held.is_some());
        }
        let mut permanent = self.permanent().peekable();
        permanent.peek().is_some() && permanent.all(|material| material.held.is_some())
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        self.spec == KeySpec::SymmetricDefault
    }

    fn permanent(&self) -> impl Iterator<Item = &Material> {
        self.materials.iter().filter(|material| material.standing.is_permanent())
    }

    pub(crate) fn material(&self, id: &MaterialId) -> Option<&Material> {
        self.materials.iter().find(|material| material.id == *id)
    }

    pub(crate) fn material_mut(&mut self, id: &MaterialId) -> Option<&mut Material> {
        self.materials.iter_mut().find(|material| material.id == *id)
    }

    /// The material that new ciphertexts are made with; it is remembered after it was deleted (DEL-KEEPS-CURRENTID).
    pub(crate) fn current(&self) -> Option<&Material> {
        self.materials.iter().find(|material| material.standing == Standing::Current)
    }

    /// The material that waits to come into force, in this Region or first in others.
    pub(crate) fn pending(&self) -> Option<&Material> {
        self.materials.iter().find(|material| !material.standing.is_permanent())
    }

    /// The secret that is in force. The state check comes first, so that a key without one is not asked.
    pub(crate) fn current_secret(&self) -> Result<(MaterialId, Held), Failure> {
        let current = self.current().and_then(|material| Some((material.id, material.held.clone()?)));
        current.ok_or_else(|| Failure::internal("a key in use has no current material"))
    }

    /// The expiry that DescribeKey shows: the earliest of the permanent material (EXP-VALIDTO-AGG); nothing for a key
    /// that holds none (DEL-KEEPS-CURRENTID, EXP-FIELDS-AFTER).
    pub(crate) fn expiration(&self) -> Option<(ExpirationModel, Option<Timestamp>)> {
        if self.origin != Origin::External {
            return None;
        }
        let held: Vec<Expiry> = self.permanent().filter_map(|m| m.held.as_ref().map(|held| held.expiry)).collect();
        let earliest = held.iter().filter_map(|expiry| match expiry {
            Expiry::Never => None,
            Expiry::At(instant) => Some(*instant),
        });
        let shown = if Defect::LatestExpiryShown.is_on() { earliest.max() } else { earliest.min() };
        match (held.is_empty(), shown) {
            (true, _) if Defect::ExpirationModelBeforeImport.is_on() && self.materials.is_empty() => {
                Some((ExpirationModel::KeyMaterialExpires, None))
            }
            (true, _) if Defect::ExpirationModelAfterDeletion.is_on() && !self.materials.is_empty() => {
                Some((ExpirationModel::KeyMaterialDoesNotExpire, None))
            }
            (true, _) => None,
            (false, None) => Some((ExpirationModel::KeyMaterialDoesNotExpire, None)),
            (false, Some(instant)) => Some((ExpirationModel::KeyMaterialExpires, Some(instant))),
        }
    }

    /// Takes a material's secret away. What was only waiting to come into force is forgotten altogether
    /// (DEL-PENDING-ROTATION), except by a replica, which remembers what its primary key has (MRK-DEL-REPLICA).
    pub(crate) fn lose(&mut self, id: &MaterialId) {
        for material in self.materials.iter_mut().filter(|material| material.id == *id) {
            material.held = None;
        }
        let forgets = self.role != Some(Role::Replica);
        self.materials.retain(|material| material.id != *id || material.standing.is_permanent() || !forgets);
    }

    pub(crate) fn drop_expired(&mut self, now: Timestamp) {
        if Defect::ExpiryNeverHappens.is_on() {
            return;
        }
        let early = SignedDuration::from_hours(i64::from(Defect::ExpiryAnHourEarly.is_on()));
        let now = later(now, early);
        let is_over = |expiry| match expiry {
            Expiry::Never => false,
            Expiry::At(instant) => choices::MATERIAL_LIFE.is_over(instant, now),
        };
        let expired = self.materials.iter().filter(|m| m.held.as_ref().is_some_and(|held| is_over(held.expiry)));
        let expired: Vec<MaterialId> = expired.map(|material| material.id).collect();
        for id in expired {
            self.lose(&id);
            self.materials.retain(|material| material.id != id || !Defect::ExpiryForgetsMaterial.is_on());
        }
    }

    /// Puts the material that waits into force (ROT-OD-OK).
    pub(super) fn complete_rotation(&mut self) {
        let Some(date) = self.rotation_started.take() else { return };
        let is_ready = |material: &Material| material.standing == Standing::PendingRotation;
        if !self.materials.iter().any(is_ready) || Defect::RotationNeverCompletes.is_on() {
            return;
        }
        if Defect::RotationDropsOldMaterial.is_on() {
            self.materials.retain(is_ready);
        }
        for material in &mut self.materials {
            match material.standing {
                Standing::Current => material.standing = Standing::NonCurrent,
                Standing::PendingRotation => {
                    material.standing = Standing::Current;
                    material.rotation = Some(Rotation { date, kind: RotationKind::OnDemand });
                }
                Standing::NonCurrent | Standing::PendingMultiRegionImport => {}
            }
        }
    }
}
