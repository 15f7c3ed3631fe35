//! What time does to keys: material expires, rotations and replicas are completed, keys are removed.
//!
//! Nothing runs in the background. Before a request looks at a key, what has come due since is carried out.

use jiff::{SignedDuration, Timestamp};

use super::{Books, Key, Life, Role, Standing, Switch};
use crate::emulator::choices;
use crate::emulator::clock::later;
use crate::emulator::defects::Defect;
use crate::kms::KeyId;

/// How long an on-demand rotation takes until the new material is in force (ROT-OD-TIMING).
pub(crate) const ROTATION_TAKES: SignedDuration = SignedDuration::from_secs(60);
/// How long `OnDemandRotationStartDate` is shown (ROT-OD-TIMING).
pub(crate) const ROTATION_SHOWN: SignedDuration = SignedDuration::from_secs(10);
/// How long a replica is in `Creating` (MRK-REPL-CREATING), and a key in `Updating`.
pub(crate) const REPLICATION_TAKES: SignedDuration = SignedDuration::from_secs(60);

impl Books<'_> {
    /// Carries out what has come due for this key and the keys related to it.
    pub(super) fn let_time_pass(&mut self, id: &KeyId) {
        let now = self.now;
        for key in self.family_mut(id) {
            key.let_time_pass(now);
        }
        while self.remove_one(id) {}
        self.share_pending(id);
    }

    /// Lets the replicas of a key follow what waits for rotation in their primary key: they learn of it, and forget what
    /// it forgot (MRK-DEL-PRIMARY-PENDING). It can be rotated to once all of them have it (MRK-PENDING-STATES).
    fn share_pending(&mut self, id: &KeyId) {
        let family = self.family(id);
        let Some(primary) = family.iter().find(|key| key.role == Some(Role::Primary)) else { return };
        let pending = primary.pending().cloned();
        let is_held = |key: &&Key| key.pending().is_some_and(|material| material.held.is_some());
        let standing = match family.iter().all(is_held) || Defect::RotationBeforeReplicas.is_on() {
            true => Standing::PendingRotation,
            false => Standing::PendingMultiRegionImport,
        };
        for key in self.family_mut(id) {
            let wanted = pending.as_ref().map(|material| material.id);
            key.materials.retain(|material| material.standing.is_permanent() || Some(material.id) == wanted);
            if let (Some(pending), None) = (&pending, key.pending()) {
                key.materials.push(pending.without_secret());
            }
            for material in key.materials.iter_mut().filter(|material| !material.standing.is_permanent()) {
                material.standing = standing;
            }
        }
    }

    /// Removes one key of the family whose time has come. The last replica to go starts the wait of a primary key that
    /// is to be deleted (PendingReplicaDeletion).
    fn remove_one(&mut self, id: &KeyId) -> bool {
        let now = self.now;
        let due = self.family(id).into_iter().find_map(|key| match key.life {
            Life::PendingDeletion { date } if choices::DELETION_WAIT.is_over(date, now) => {
                Some((key.arn.region.clone(), date))
            }
            _ => None,
        });
        let Some((region, date)) = due else { return false };
        if let Some(holding) = self.holdings.get_mut(&region) {
            holding.keys.shift_remove(id);
            holding.aliases.retain(|_, alias| alias.target != *id);
        }
        if !self.family(id).iter().any(|key| key.role == Some(Role::Replica)) {
            for key in self.family_mut(id) {
                if let Life::PendingReplicaDeletion { window } = key.life {
                    key.life = Life::PendingDeletion { date: later(date, window) };
                }
            }
        }
        true
    }
}

impl Key {
    fn let_time_pass(&mut self, now: Timestamp) {
        match self.life {
            Life::Creating { until } | Life::Updating { until } if until <= now => self.life = Life::Active(Switch::On),
            _ => {}
        }
        if let Some(completed) = self.rotation_started.map(|started| later(started, ROTATION_TAKES))
            && completed <= now
        {
            // What expired before that instant was not there to be rotated to.
            self.drop_expired(completed);
            self.complete_rotation();
        }
        // With these the material is gone in one place only.
        if !Defect::ExpiryShownOnly.is_on() && !Defect::ExpiryEnforcedOnly.is_on() {
            self.drop_expired(now);
        }
    }
}
