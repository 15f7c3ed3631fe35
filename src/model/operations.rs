//! What AWS allows of every call but an import.

use jiff::SignedDuration;

use super::allowed::{Allowed, Objection, by_state, weigh};
use super::transition::{Transition, Use};
use super::world::{Key, Kind, LATENCY, Name, Related, World};
use crate::kms::ErrorCode;
use crate::states::Way;

impl World {
    /// What AWS allows the call to come to now. A call that uses what is not there is [`Allowed::Unstated`], and so is
    /// the mere passing of time.
    #[must_use]
    pub fn allows(&self, transition: &Transition) -> Allowed {
        if let Transition::Create { kind, multi_region, .. } = transition {
            return Allowed::Success { rule: created(*kind, *multi_region) };
        }
        let Some(key) = transition.key().and_then(|name| self.keys.get(&name)) else { return Allowed::Unstated };
        if key.is_gone(self.now) {
            return Allowed::Refusal { rule: "SKD-SLACK", codes: vec![ErrorCode::NOT_FOUND] };
        }
        let going = key.settles == Some(SignedDuration::MAX) || key.deletion.is_some_and(|at| self.now >= at - LATENCY);
        if matches!(transition, Transition::Describe { .. }) && !going {
            return Allowed::Success { rule: "KST-READ" };
        }
        if key.is_unsettled(self.now) || !key.state_known {
            return Allowed::Unstated;
        }
        match transition {
            Transition::Create { .. } | Transition::Describe { .. } | Transition::Pass(_) | Transition::Together(_) => {
                Allowed::Unstated
            }
            Transition::Import(import) => self.allows_import(import),
            Transition::Parameters { .. } => {
                let origin = (key.kind == Kind::Generated)
                    .then(|| Objection::refused("GPI-NONEXT", [ErrorCode::UNSUPPORTED_OPERATION]));
                judge("get_parameters_for_import", key, origin)
            }
            Transition::DeleteMaterial { id_of, .. } => self.allows_deletion(transition, key, *id_of),
            Transition::Enable { .. } => judge("enable_key", key, None),
            Transition::Disable { .. } => judge("disable_key", key, None),
            Transition::ScheduleDeletion { days, .. } => {
                let window = (!(7..=30).contains(days)).then(|| Objection::refused("SKD-WINDOW", []));
                judge("schedule_key_deletion", key, window)
            }
            Transition::CancelDeletion { .. } => judge("cancel_key_deletion", key, None),
            Transition::Rotate { key: name } => self.allows_rotation(*name, key),
            Transition::Replicate { key: name, .. } => self.allows_replication(*name, key),
            Transition::Use { usage, .. } => self.allows_use(transition, key, *usage),
        }
    }

    fn allows_deletion(&self, transition: &Transition, key: &Key, id_of: Option<Name>) -> Allowed {
        let mut objection =
            (key.kind == Kind::Generated).then(|| Objection::refused("DEL-NONEXT", [ErrorCode::UNSUPPORTED_OPERATION]));
        if let (Some(id_of), None) = (id_of, &objection) {
            let named = self.imports.get(&id_of).filter(|(owner, _)| Some(*owner) == transition.key());
            let held = named.and_then(|(_, material)| key.holds(*material));
            objection = match (key.kind, held) {
                (Kind::Hmac | Kind::Ecc, _) => Some(Objection::Open("DEL-KMID-ASYM")),
                (_, None) => Some(Objection::Open("DEL-KMID-UNKNOWN")),
                // Whether there is anything to delete, and what that does, only holds where it is known to be there.
                (_, Some(held)) => (!held.present || !key.certain).then_some(Objection::Unstated),
            };
        }
        judge("delete_imported_key_material", key, objection)
    }

    fn allows_rotation(&self, name: Name, key: &Key) -> Allowed {
        if key.kind == Kind::Generated || !key.certain {
            return Allowed::Unstated;
        }
        let replica = matches!(key.related, Related::ReplicaOf(_));
        let objection = replica.then(|| Objection::refused("MRK-ROTATE-PRIMARY", []));
        let call = match (key.kind, key.waiting()) {
            (Kind::Symmetric, Some(_)) => "rotate_to_new_material",
            (Kind::Symmetric, None) => "rotate_key_on_demand",
            _ => "rotate_a_key_that_does_not_rotate",
        };
        let lacking = key.waiting().is_some() && !self.waits_everywhere(name);
        let objection = objection.or_else(|| lacking.then(|| Objection::refused("MRK-PENDING-STATES", [])));
        // Replicas are rotated with their primary key, whose state they need not share.
        let relatives = self.family(name).into_iter().filter(|relative| *relative != name);
        let usable = relatives.filter_map(|relative| self.keys.get(&relative)).all(|key| key.way == Way::Enabled);
        if !replica && !usable {
            return Allowed::Unstated;
        }
        judge(call, key, objection)
    }

    /// Whether every related key has the material that waits.
    pub(super) fn waits_everywhere(&self, name: Name) -> bool {
        let family = self.family(name);
        family.iter().filter_map(|name| self.keys.get(name)).all(|key| key.waiting().is_some_and(|held| held.present))
    }

    fn allows_replication(&self, name: Name, key: &Key) -> Allowed {
        let objection = match key.related {
            Related::Alone => return Allowed::Unstated,
            Related::ReplicaOf(_) => Some(Objection::refused("MRK-REPL-OF-REPL", [ErrorCode::UNSUPPORTED_OPERATION])),
            Related::Primary => (self.family(name).len() > 1)
                .then(|| Objection::refused("MRK-REPL-DUP", [ErrorCode::from_wire("AlreadyExistsException")])),
        };
        // How material that waits goes with a new replica is not stated.
        if objection.is_none() && (key.waiting().is_some() || !key.certain) {
            return Allowed::Unstated;
        }
        judge("replicate_key", key, objection)
    }

    fn allows_use(&self, transition: &Transition, key: &Key, usage: Use) -> Allowed {
        let (call, fits) = match usage {
            Use::Encrypt(_) => ("encrypt", matches!(key.kind, Kind::Symmetric | Kind::Generated)),
            Use::Decrypt(_) => ("decrypt", matches!(key.kind, Kind::Symmetric | Kind::Generated)),
            Use::GenerateDataKey => ("generate_data_key", matches!(key.kind, Kind::Symmetric | Kind::Generated)),
            Use::GenerateMac => ("generate_mac", key.kind == Kind::Hmac),
            Use::Sign => ("sign", key.kind == Kind::Ecc),
            Use::GetPublicKey => ("get_public_key", key.kind == Kind::Ecc),
        };
        // What a key is good for that the target enabled without its material is not for the rules to say.
        if !fits || (!key.certain && key.way == Way::Enabled) || (!key.certain && usage == Use::GetPublicKey) {
            return Allowed::Unstated;
        }
        let mut objection = None;
        if let Use::Decrypt(ciphertext) = usage {
            let Some(ciphertext) = self.ciphertexts.get(&ciphertext) else { return Allowed::Unstated };
            let (own, of) = (transition.key().unwrap_or(ciphertext.key), ciphertext.key);
            if own != of {
                // Related keys share their materials: a replica decrypts what its primary key encrypted.
                let related = self.primary(own) == self.primary(of);
                objection = Some(match related {
                    true => Objection::Unstated,
                    false => Objection::refused("CRY-WRONG-KEY", [ErrorCode::INCORRECT_KEY]),
                });
            }
            if key.way == Way::NeverImported {
                return Allowed::Unstated;
            }
        }
        if usage == Use::GetPublicKey && key.materials.is_empty() {
            // There is none: whether that, or the key's state, is named is not stated.
            objection = Some(Objection::Unstated);
        }
        judge(call, key, objection)
    }
}

/// The table's word and one objection more.
fn judge(call: &str, key: &Key, objection: Option<Objection>) -> Allowed {
    let mut objections: Vec<Objection> = objection.into_iter().collect();
    let success = by_state(call, key.way).unwrap_or_else(|objection| {
        objections.push(objection);
        ""
    });
    weigh(success, &objections)
}

/// The rule by which such a key can be created.
const fn created(kind: Kind, multi_region: bool) -> &'static str {
    match (kind, multi_region) {
        (Kind::Generated, _) => "CRE-ORIGIN-DEFAULT",
        (_, true) => "CRE-MRK",
        (_, false) => "CRE-EXT-SPECS",
    }
}
