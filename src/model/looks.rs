//! How a key, and an answer, must look: members, in the language of scenarios.

use serde_json::{Value, json};

use super::allowed::by_state;
use super::transition::{Import, Transition, Use};
use super::world::{Held, Key, Kind, Name, Related, Standing, World};
use crate::kms::KeyState;
use crate::states::Way;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The answer of `DescribeKey`.
    Metadata,
    /// The answer of `ListKeyRotations` with all key material.
    Rotations,
}

/// A look at a key after a call, and what must be seen: for each rule the members, as `checks` has them in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The key.
    pub key: Name,
    /// What is looked at.
    pub seen: Seen,
    /// What must be seen, by which rule.
    pub checks: Vec<(&'static str, Value)>,
}

impl World {
    /// What must be seen of the call's key after it, in a world that has taken the call in. `before` is how the key had
    /// come to be in its state before the call.
    #[must_use]
    pub fn looks(&self, transition: &Transition, succeeded: bool, before: Option<Way>) -> Vec<Look> {
        let quiet = matches!(transition, Transition::Pass(_) | Transition::Together(_) | Transition::Use { .. })
            || (succeeded && matches!(transition, Transition::Parameters { .. }));
        let name = match transition {
            Transition::Replicate { replica, .. } if succeeded => Some(*replica),
            _ => transition.key(),
        };
        let Some((name, key)) = name.and_then(|name| Some((name, self.keys.get(&name)?))).filter(|_| !quiet) else {
            return Vec::new();
        };
        let mut looks = vec![Look { key: name, seen: Seen::Metadata, checks: Vec::new() }];
        if key.is_unsettled(self.now) || key.is_gone(self.now) || !key.state_known {
            return looks;
        }
        let state = state_rule(transition, succeeded, before.unwrap_or(key.way), key);
        looks[0].checks.push((state, json!({ "KeyMetadata": state_of(key) })));
        let origin = if key.kind == Kind::Generated { "AWS_KMS" } else { "EXTERNAL" };
        looks[0].checks.push(("CRE-EXT-IMMUTABLE", json!({ "KeyMetadata": { "Origin": origin } })));
        looks[0].checks.extend(members(key).map(|(rule, members)| (rule, json!({ "KeyMetadata": members }))));
        if let Some(list) = self.rotations(name, key) {
            looks.push(list);
        }
        looks
    }

    /// What the answer to a call must show, in the world before the call.
    #[must_use]
    pub fn answers(&self, transition: &Transition) -> Vec<(&'static str, Value)> {
        let Some(key) = transition.key().and_then(|name| self.keys.get(&name)) else { return Vec::new() };
        match transition {
            Transition::Parameters { key, .. } => vec![
                ("GPI-RESP", json!({ "KeyId": arn(*key) })),
                ("GPI-KEYSIZE", json!({ "PublicKey": { "$rsa_public_key": 2048 } })),
                ("GPI-24H", json!({ "ParametersValidTo": { "$near": "+24h", "within": "1m" } })),
            ]
            .into_iter()
            .chain(self.tokens.keys().next_back().map(|token| ("GPI-FRESH", differs_from(*token))))
            .collect(),
            Transition::Import(import) if key.kind == Kind::Symmetric => self.import_answer(import),
            Transition::Use { key: name, usage } => self.use_answer(*name, key, *usage),
            _ => Vec::new(),
        }
    }

    fn import_answer(&self, import: &Import) -> Vec<(&'static str, Value)> {
        let id = json!({ "$matches": "^[a-f0-9]{64}$" });
        let mut checks = vec![("IMP-RESP", json!({ "KeyId": arn(import.key), "KeyMaterialId": id }))];
        let earlier = self.imports.iter().rev().find(|(_, (key, material))| {
            self.primary(*key) == self.primary(import.key) && *material == import.material
        });
        checks.extend(earlier.map(|(name, _)| ("REI-ID-STABLE", json!({ "KeyMaterialId": material_id(*name) }))));
        let elsewhere = self.imports.iter().rev().find(|(_, (key, material))| {
            let same = self.primary(*key) == self.primary(import.key);
            self.keys.get(key).is_some_and(|key| key.kind == Kind::Symmetric)
                && (same != (*material == import.material))
        });
        let differs = |name: &Name| json!({ "KeyMaterialId": { "$not": material_id(*name) } });
        checks.extend(elsewhere.map(|(name, _)| ("KMID-INPUT", differs(name))));
        checks
    }

    fn use_answer(&self, name: Name, key: &Key, usage: Use) -> Vec<(&'static str, Value)> {
        let material = key.current().filter(|_| key.certain).map(|held| key.kind.material(held.material));
        let text = json!({ "$text": MESSAGE });
        match (usage, material) {
            (Use::Decrypt(ciphertext), _) => self.decrypted(name, key, ciphertext),
            (Use::GenerateMac, Some(material)) => {
                let mac = json!({ "$mac_by": material, "message": text, "algorithm": "HMAC_SHA_256" });
                vec![("CRY-HMAC-INTEROP", json!({ "Mac": mac }))]
            }
            (Use::Sign, Some(material)) => {
                let by = json!({ "$signature_by": material, "message": text, "algorithm": "ECDSA_SHA_256" });
                vec![("CRY-SIGN", json!({ "Signature": by }))]
            }
            (Use::GetPublicKey, Some(material)) => {
                vec![("DET-PUBKEY", json!({ "PublicKey": { "$public_key_of": material } }))]
            }
            _ => Vec::new(),
        }
    }

    fn decrypted(&self, name: Name, key: &Key, ciphertext: Name) -> Vec<(&'static str, Value)> {
        let Some(made) = self.ciphertexts.get(&ciphertext).filter(|made| made.key == name) else { return Vec::new() };
        let rule = match made.after {
            (rotations, _) if rotations < key.rotations() => "ROT-OLD-DECRYPT",
            (_, true) => "REI-OLD-CIPHERTEXT",
            (_, false) => "CRY-ROUNDTRIP",
        };
        let mut checks = vec![(rule, json!({ "Plaintext": { "$text": MESSAGE } }))];
        let import = made.import.filter(|_| key.certain);
        checks.extend(import.map(|import| ("KMID-IN-CIPHERTEXT", json!({ "KeyMaterialId": material_id(import) }))));
        checks
    }

    fn rotations(&self, name: Name, key: &Key) -> Option<Look> {
        let listed = key.kind == Kind::Symmetric && key.certain && !key.materials.is_empty();
        if !listed || matches!(key.related, Related::ReplicaOf(_)) {
            return None;
        }
        if key.way == Way::PendingDeletion {
            // It can be read; what it lists then is not stated.
            return Some(Look { key: name, seen: Seen::Rotations, checks: vec![("KST-READ", json!({}))] });
        }
        let entry = |held: &Held| {
            let state = match held.standing {
                Standing::Current => "CURRENT",
                Standing::Former => "NON_CURRENT",
                Standing::Waiting if self.waits_everywhere(name) => "PENDING_ROTATION",
                Standing::Waiting => "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
            };
            let present = if held.present { "IMPORTED" } else { "PENDING_IMPORT" };
            let entry = json!({
                "KeyMaterialId": material_id(held.import), "KeyMaterialState": state, "ImportState": present,
            });
            ("ROT-LIST-STATES", json!({ "Rotations": { "$contains": entry } }))
        };
        let checks = key.materials.iter().map(entry).collect();
        Some(Look { key: name, seen: Seen::Rotations, checks })
    }
}

impl Kind {
    /// What scenarios call the key's material with that number.
    #[must_use]
    pub fn material(self, number: usize) -> String {
        let kind = match self {
            Self::Symmetric | Self::Generated => "m",
            Self::Hmac => "h",
            Self::Ecc => "e",
        };
        format!("{kind}{number}")
    }
}

/// What is encrypted, signed and tagged.
pub const MESSAGE: &str = "conformance";

fn differs_from(token: Name) -> Value {
    json!({
        "PublicKey": { "$not": format!("${{p{token}.PublicKey}}") },
        "ImportToken": { "$not": format!("${{p{token}.ImportToken}}") },
    })
}

fn arn(key: Name) -> String {
    format!("${{k{key}.Arn}}")
}

fn material_id(import: Name) -> String {
    format!("${{i{import}.KeyMaterialId}}")
}

fn state_of(key: &Key) -> Value {
    let state = key.state();
    match key.odd_enabled == Some(key.way) {
        true => json!({ "KeyState": state.as_str() }),
        false => json!({ "KeyState": state.as_str(), "Enabled": state == KeyState::Enabled }),
    }
}

/// The rule by which a key has its state after a call.
fn state_rule(transition: &Transition, succeeded: bool, before: Way, key: &Key) -> &'static str {
    let by_table = |call: &str| by_state(call, before).unwrap_or("KST-UNMOVED");
    match transition {
        Transition::Create { kind: Kind::Generated, .. } => "CRE-ORIGIN-DEFAULT",
        Transition::Create { .. } => "CRE-EXT-STATE",
        Transition::Import(_) if !succeeded => "IMP-INTERPRET-FAIL",
        Transition::Import(import) => import_state_rule(import, before, key),
        Transition::DeleteMaterial { id_of, .. } if succeeded => match (before, key.way, id_of) {
            (Way::Enabled, Way::Enabled, Some(_)) => "DEL-PENDING-ROTATION",
            (Way::Enabled, _, Some(_)) => "DEL-KMID",
            _ => by_table("delete_imported_key_material"),
        },
        Transition::Enable { .. } if succeeded => by_table("enable_key"),
        Transition::Disable { .. } if succeeded => by_table("disable_key"),
        Transition::ScheduleDeletion { .. } if succeeded => by_table("schedule_key_deletion"),
        Transition::CancelDeletion { .. } if succeeded => "CKD-STATE",
        Transition::Describe { .. } => described(key),
        _ => "KST-UNMOVED",
    }
}

/// The rule by which a key has its state when nothing but time has moved it.
fn described(key: &Key) -> &'static str {
    match (key.way, key.related) {
        (Way::MaterialExpired, _) => "EXP-DELETES",
        (Way::Enabled, _) if key.expires() => "EXP-NOT-BEFORE",
        (Way::NeverImported, Related::ReplicaOf(_)) => "MRK-REPL-STATE",
        _ => "KST-UNMOVED",
    }
}

fn import_state_rule(import: &Import, before: Way, key: &Key) -> &'static str {
    let waits = key.holds(import.material).is_some_and(|held| held.standing == Standing::Waiting);
    match before {
        _ if key.state() == KeyState::PendingImport => "IMP-ENABLE-ALL",
        Way::Enabled if waits => "IMP-NEW-ON-ENABLED",
        _ => by_state("import_the_material", before).unwrap_or("KST-UNMOVED"),
    }
}

/// The members that describe a key's material, where it is stated how they must be.
fn members(key: &Key) -> Option<(&'static str, Value)> {
    let symmetric = key.kind == Kind::Symmetric;
    let absent = || json!({ "$absent": true });
    if key.kind == Kind::Generated || !key.certain {
        return None;
    }
    match key.way {
        Way::NeverImported if key.related == Related::Alone => Some((
            "CRE-EXT-FIELDS",
            json!({ "ExpirationModel": absent(), "ValidTo": absent(), "CurrentKeyMaterialId": absent() }),
        )),
        Way::MaterialDeleted if key.materials.len() == 1 && !matches!(key.related, Related::ReplicaOf(_)) => {
            let id = key.current().filter(|_| symmetric).map_or_else(absent, |held| material_id(held.import).into());
            let rule = if symmetric { "DESC-DELETED-SYM" } else { "DESC-DELETED-OTHER" };
            Some((rule, json!({ "ExpirationModel": absent(), "ValidTo": absent(), "CurrentKeyMaterialId": id })))
        }
        Way::Enabled => {
            let current = key.current()?;
            let id = if symmetric { material_id(current.import).into() } else { absent() };
            let earliest = key.permanent().filter_map(|held| held.expires).min();
            let (model, valid_to) = match earliest {
                Some((_, import)) => ("KEY_MATERIAL_EXPIRES", format!("${{i{import}.request.ValidTo}}").into()),
                None => ("KEY_MATERIAL_DOES_NOT_EXPIRE", absent()),
            };
            let rule = match (earliest, key.permanent().count() > 1, key.waiting()) {
                (Some(_), true, _) => "EXP-VALIDTO-AGG",
                (None, true, _) => "DESC-ROTATED",
                (_, false, Some(_)) => "DESC-NEW-PENDING",
                (Some(_), false, None) => "DESC-IMPORTED-EXPIRES",
                (None, false, None) if symmetric => "DESC-IMPORTED-SYM",
                (None, false, None) => "DESC-IMPORTED-OTHER",
            };
            Some((rule, json!({ "ExpirationModel": model, "ValidTo": valid_to, "CurrentKeyMaterialId": id })))
        }
        _ => None,
    }
}

impl Key {
    fn expires(&self) -> bool {
        self.permanent().any(|held| held.expires.is_some())
    }
}
