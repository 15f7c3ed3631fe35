//! What AWS allows of an `ImportKeyMaterial`: all that can be wrong with the request, the token, the ciphertext, the
//! material and the key's state, each by its rule.

use jiff::SignedDuration;

use super::allowed::{Allowed, Objection, by_state, weigh};
use super::transition::{Expiry, Import, Transition, Wrapping};
use super::world::{Key, Kind, LATENCY, Related, Standing, TOKEN_LIFE, World};
use crate::kms::ErrorCode;
use crate::scenario::Damage;
use crate::states::Way;

/// `ValidTo` may lie so far ahead (IMP-VALIDTO-MAX).
const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// An older pair is as good as a newer one.
const OLDER_PAIR: &str = "TOK-OLDER-PAIR";

impl World {
    pub(super) fn allows_import(&self, import: &Import) -> Allowed {
        let Some(key) = self.keys.get(&import.key) else { return Allowed::Unstated };
        let mut objections = Vec::new();
        if key.kind == Kind::Generated {
            objections.push(Objection::refused("IMP-NONEXT", [ErrorCode::UNSUPPORTED_OPERATION]));
        }
        let success = match by_state(table_call(key, import), key.way) {
            Ok(rule) => rule,
            Err(objection) => {
                objections.push(objection);
                ""
            }
        };
        let found = [
            expiry(import.expiry),
            self.token(import),
            self.wrapping(import),
            material_id_and_type(key, import),
            self.material_id(import),
        ];
        objections.extend(found.into_iter().flatten());
        if key.kind != Kind::Generated {
            objections.extend(self.material(key, import));
        }
        let older = self.is_older(import);
        let success = if older && import.damaged_token.is_none() { OLDER_PAIR } else { success };
        match weigh(success, &objections) {
            // Who takes only the latest pair names that first; it is judged where nothing else is wrong.
            Allowed::Refusal { rule, mut codes } if older && !codes.is_empty() => {
                codes.push(ErrorCode::INVALID_IMPORT_TOKEN);
                codes.sort();
                codes.dedup();
                Allowed::Refusal { rule, codes }
            }
            allowed => allowed,
        }
    }

    /// The rule that a refusal breaks of a call that by this rule must succeed. An older pair is not to blame for what has
    /// nothing to do with pairs.
    pub(crate) fn broken(&self, transition: &Transition, rule: &'static str, code: &ErrorCode) -> &'static str {
        let Transition::Import(import) = transition else { return rule };
        let token = [ErrorCode::INVALID_IMPORT_TOKEN, ErrorCode::EXPIRED_IMPORT_TOKEN].contains(code);
        let Some(key) = self.keys.get(&import.key).filter(|_| rule == OLDER_PAIR && !token) else { return rule };
        by_state(table_call(key, import), key.way).unwrap_or(rule)
    }

    /// Whether its key was given a newer pair since.
    fn is_older(&self, import: &Import) -> bool {
        let Some(token) = self.tokens.get(&import.token) else { return false };
        token.raced || self.tokens.range(import.token..).skip(1).any(|(_, newer)| newer.key == token.key)
    }

    fn token(&self, import: &Import) -> Option<Objection> {
        let token = self.tokens.get(&import.token)?;
        match import.damaged_token {
            Some(Damage::Extend(_)) => return Some(Objection::Open("TOK-EXTENDED")),
            Some(Damage::Flip(_) | Damage::Truncate(_)) => {
                return Some(Objection::refused("TOK-TAMPER", [ErrorCode::INVALID_IMPORT_TOKEN]));
            }
            None => {}
        }
        let age = self.now - token.issued;
        if token.key != import.key {
            if self.primary(token.key) == self.primary(import.key) {
                return Some(Objection::refused("TOK-ACROSS-REGION", []));
            }
            let late = (age >= TOKEN_LIFE - LATENCY).then_some(ErrorCode::EXPIRED_IMPORT_TOKEN);
            let codes = [ErrorCode::INVALID_IMPORT_TOKEN].into_iter().chain(late);
            return Some(Objection::refused("TOK-KEYBOUND", codes));
        }
        if age > TOKEN_LIFE + LATENCY {
            return Some(Objection::refused("TOK-24H", [ErrorCode::EXPIRED_IMPORT_TOKEN]));
        }
        if age >= TOKEN_LIFE - LATENCY {
            return Some(Objection::Unstated);
        }
        match (token.used, token.refused) {
            (true, _) => Some(Objection::Open("TOK-REUSE-AFTER-SUCCESS")),
            (false, true) => Some(Objection::Open("TOK-REUSE-AFTER-REFUSAL")),
            (false, false) => None,
        }
    }

    fn wrapping(&self, import: &Import) -> Option<Objection> {
        match import.wrapping {
            Wrapping::Right => None,
            Wrapping::PublicKeyOf(other) if other == import.token => None,
            Wrapping::PublicKeyOf(other) => {
                // Blobs of two ways of wrapping differ in more than the key.
                self.tokens.contains_key(&other).then(|| Objection::refused("TOK-PAIRED", []))
            }
            Wrapping::OtherHash(_) => Some(Objection::refused("WRAP-MGF", [ErrorCode::INVALID_CIPHERTEXT])),
            Wrapping::Damaged(Damage::Flip(_)) => {
                Some(Objection::refused("WRAP-WRONGKEY", [ErrorCode::INVALID_CIPHERTEXT]))
            }
            Wrapping::Damaged(Damage::Truncate(_) | Damage::Extend(_)) => Some(Objection::refused("WRAP-SIZE", [])),
        }
    }

    fn material_id(&self, import: &Import) -> Option<Objection> {
        let (owner, material) = self.imports.get(&import.id_of?)?;
        // The id depends on the key and the material, and related keys share it.
        let matches = self.primary(*owner) == self.primary(import.key) && *material == import.material;
        (!matches).then(|| Objection::refused("IMP-KMID-MATCH", []))
    }

    /// Whether the key takes this material.
    fn material(&self, key: &Key, import: &Import) -> Option<Objection> {
        if !key.certain {
            return Some(Objection::Unstated);
        }
        if key.kind != Kind::Symmetric {
            let first = key.materials.first()?;
            let rule = match key.related {
                Related::ReplicaOf(_) => "MRK-SAME-MATERIAL",
                Related::Alone | Related::Primary => "IMP-ASYM-DIFFERENT",
            };
            let codes = if rule == "IMP-ASYM-DIFFERENT" { vec![ErrorCode::INCORRECT_KEY_MATERIAL] } else { vec![] };
            return (first.material != import.material).then_some(Objection::Certain(rule, codes));
        }
        match key.related {
            Related::ReplicaOf(_) => replica_takes(key, import),
            Related::Alone | Related::Primary => symmetric_takes(key, import),
        }
    }
}

/// The line of the key-state table that an import belongs to.
fn table_call(key: &Key, import: &Import) -> &'static str {
    let adds = key.kind == Kind::Symmetric && key.holds(import.material).is_none() && import.new != Some(false);
    if adds { "import_new_material" } else { "import_the_material" }
}

fn expiry(expiry: Expiry) -> Option<Objection> {
    match expiry {
        Expiry::Never => None,
        Expiry::Neither => Some(Objection::refused("IMP-VALIDTO-REQUIRED", [ErrorCode::VALIDATION])),
        Expiry::ModelAlone => Some(Objection::refused("IMP-VALIDTO-REQUIRED-EXPLICIT", [ErrorCode::VALIDATION])),
        Expiry::NeverWithValidTo(_) => Some(Objection::refused("IMP-VALIDTO-FORBIDDEN", [])),
        Expiry::After(later) | Expiry::AfterByDefault(later) => {
            if later < -LATENCY {
                Some(Objection::refused("IMP-VALIDTO-PAST", []))
            } else if later > LONGEST + LATENCY {
                Some(Objection::refused("IMP-VALIDTO-MAX", []))
            } else {
                (later <= LATENCY || later >= LONGEST - LATENCY).then_some(Objection::Unstated)
            }
        }
    }
}

fn material_id_and_type(key: &Key, import: &Import) -> Option<Objection> {
    if !matches!(key.kind, Kind::Symmetric | Kind::Generated) && (import.new.is_some() || import.id_of.is_some()) {
        return Some(Objection::refused("IMP-TYPE-SYMONLY", []));
    }
    (import.new == Some(true) && import.id_of.is_some()).then(|| Objection::refused("IMP-KMID-WITH-NEW", []))
}

fn symmetric_takes(key: &Key, import: &Import) -> Option<Objection> {
    let ever = !key.materials.is_empty();
    let new = import.new.unwrap_or(!ever);
    let held = key.holds(import.material);
    if key.forgotten.contains(&import.material) {
        return Some(Objection::Unstated);
    }
    match (new, held) {
        (false, _) if !ever => Some(Objection::Open("IMP-EXISTING-ON-EMPTY")),
        (true, Some(_)) if key.waiting().is_some() => Some(Objection::refused(
            "IMP-NEW-ALREADY-ASSOCIATED",
            [ErrorCode::INCORRECT_KEY_MATERIAL, ErrorCode::KMS_INVALID_STATE],
        )),
        (true, Some(_)) => Some(Objection::refused("IMP-NEW-ALREADY-ASSOCIATED", [ErrorCode::INCORRECT_KEY_MATERIAL])),
        (true, None) if key.waiting().is_some() => {
            Some(Objection::refused("IMP-NEW-PENDING-CONFLICT", [ErrorCode::KMS_INVALID_STATE]))
        }
        (true, None) => None,
        (false, Some(held)) => (held.standing == Standing::Waiting).then_some(Objection::Unstated),
        (false, None) => Some(Objection::refused("IMP-EXISTING-DIFFERENT", [ErrorCode::INCORRECT_KEY_MATERIAL])),
    }
}

fn replica_takes(key: &Key, import: &Import) -> Option<Objection> {
    let first = key.way == Way::NeverImported || key.materials.iter().all(|held| !held.present);
    if import.new == Some(true) {
        Some(Objection::refused("MRK-NEW-PRIMARY-ONLY", []))
    } else if key.holds(import.material).is_none() {
        Some(Objection::refused("MRK-SAME-MATERIAL", []))
    } else {
        (import.new.is_none() && first).then_some(Objection::Open("MRK-OMITTED-ON-REPLICA"))
    }
}
