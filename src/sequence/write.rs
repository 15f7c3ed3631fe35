//! Transitions and looks as steps of a scenario.

use serde_json::{Map, Value, json};

use crate::kms::{ErrorCode, WrappingAlgorithm};
use crate::model::{Expiry, Import, Kind, Look, MESSAGE, Name, Related, Seen, Transition, Use, World, Wrapping};
use crate::scenario::{Damage, Place, format_duration};

/// The client of the other Region.
pub(crate) const OTHER_REGION: &str = "west";

/// A step that makes the transition's call, and nothing of what is expected of it; a step that waits, where it is time
/// that goes by.
pub(crate) fn step(world: &World, transition: &Transition) -> Map<String, Value> {
    let mut step = Map::new();
    match (transition, transition.operation()) {
        (Transition::Pass(duration), _) => {
            step.insert("advance".to_owned(), format_duration(*duration).into());
        }
        (_, Some(operation)) => {
            step.insert(operation.as_str().to_owned(), request(transition));
        }
        (_, None) => {}
    }
    if let Some(key) = transition.key() {
        client(world, key, &mut step);
    }
    if let Some(name) = binding(transition) {
        step.insert("as".to_owned(), name.into());
    }
    step
}

/// A step that looks at a key.
pub(crate) fn look(world: &World, look: &Look) -> Map<String, Value> {
    let id = id(look.key);
    let mut step = Map::new();
    match look.seen {
        Seen::Metadata => step.insert("DescribeKey".to_owned(), json!({ "KeyId": id })),
        Seen::Rotations => {
            step.insert("ListKeyRotations".to_owned(), json!({ "KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" }))
        }
    };
    client(world, look.key, &mut step);
    step
}

/// The exceptions as `fails` has them.
pub(crate) fn codes(codes: &[ErrorCode]) -> Value {
    match codes {
        [] => "any".into(),
        [code] => code.as_str().into(),
        codes => codes.iter().map(ErrorCode::as_str).collect::<Vec<_>>().into(),
    }
}

/// Calls about a replica are made in its Region.
fn client(world: &World, key: Name, step: &mut Map<String, Value>) {
    if world.keys.get(&key).is_some_and(|key| matches!(key.related, Related::ReplicaOf(_))) {
        step.insert("client".to_owned(), OTHER_REGION.into());
    }
}

/// The name that the call's answer is bound to.
fn binding(transition: &Transition) -> Option<String> {
    match transition {
        Transition::Create { key, .. } => Some(format!("k{key}")),
        Transition::Replicate { replica, .. } => Some(format!("k{replica}")),
        Transition::Parameters { token, .. } => Some(format!("p{token}")),
        Transition::Import(import) => Some(format!("i{}", import.import)),
        Transition::Use { usage: Use::Encrypt(ciphertext), .. } => Some(format!("c{ciphertext}")),
        _ => None,
    }
}

fn id(key: Name) -> String {
    format!("${{k{key}.KeyId}}")
}

fn request(transition: &Transition) -> Value {
    let text = json!({ "$text": MESSAGE });
    match transition {
        Transition::Create { kind, multi_region, .. } => create(*kind, *multi_region),
        Transition::Replicate { key, .. } => {
            json!({ "KeyId": id(*key), "ReplicaRegion": format!("${{{OTHER_REGION}.region}}") })
        }
        Transition::Parameters { key, algorithm, .. } => {
            json!({ "KeyId": id(*key), "WrappingAlgorithm": algorithm.as_str(), "WrappingKeySpec": "RSA_2048" })
        }
        Transition::Import(import) => import_request(import),
        Transition::DeleteMaterial { key, id_of } => {
            let mut request = json!({ "KeyId": id(*key) });
            if let Some(import) = id_of {
                request["KeyMaterialId"] = format!("${{i{import}.KeyMaterialId}}").into();
            }
            request
        }
        Transition::ScheduleDeletion { key, days } => json!({ "KeyId": id(*key), "PendingWindowInDays": days }),
        Transition::Enable { key }
        | Transition::Disable { key }
        | Transition::CancelDeletion { key }
        | Transition::Describe { key }
        | Transition::Rotate { key } => json!({ "KeyId": id(*key) }),
        Transition::Use { key, usage } => match usage {
            Use::Encrypt(_) => json!({ "KeyId": id(*key), "Plaintext": text }),
            Use::Decrypt(ciphertext) => {
                json!({ "KeyId": id(*key), "CiphertextBlob": format!("${{c{ciphertext}.CiphertextBlob}}") })
            }
            Use::GenerateDataKey => json!({ "KeyId": id(*key), "KeySpec": "AES_256" }),
            Use::GenerateMac => json!({ "KeyId": id(*key), "Message": text, "MacAlgorithm": "HMAC_SHA_256" }),
            Use::Sign => json!({
                "KeyId": id(*key), "Message": text, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256",
            }),
            Use::GetPublicKey => json!({ "KeyId": id(*key) }),
        },
        Transition::Pass(_) | Transition::Together(_) => Value::Null,
    }
}

fn create(kind: Kind, multi_region: bool) -> Value {
    let mut request = Map::new();
    if kind != Kind::Generated {
        request.insert("Origin".to_owned(), "EXTERNAL".into());
    }
    if matches!(kind, Kind::Hmac | Kind::Ecc) {
        request.insert("KeySpec".to_owned(), kind.spec().as_str().into());
        request.insert("KeyUsage".to_owned(), kind.usage().as_str().into());
    }
    if multi_region {
        request.insert("MultiRegion".to_owned(), true.into());
    }
    Value::Object(request)
}

fn import_request(import: &Import) -> Value {
    let token = json!(format!("${{p{}.ImportToken}}", import.token));
    let token = import.damaged_token.map_or(token.clone(), |damage| damaged(token, damage));
    let mut request = json!({ "KeyId": id(import.key), "ImportToken": token });
    request["EncryptedKeyMaterial"] = wrapped(import);
    let (model, valid_to) = match import.expiry {
        Expiry::Never => (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None),
        Expiry::After(later) => (Some("KEY_MATERIAL_EXPIRES"), Some(later)),
        Expiry::AfterByDefault(later) => (None, Some(later)),
        Expiry::Neither => (None, None),
        Expiry::ModelAlone => (Some("KEY_MATERIAL_EXPIRES"), None),
        Expiry::NeverWithValidTo(later) => (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), Some(later)),
    };
    if let Some(model) = model {
        request["ExpirationModel"] = model.into();
    }
    if let Some(later) = valid_to {
        let sign = if later.is_negative() { "" } else { "+" };
        request["ValidTo"] = json!({ "$now": format!("{sign}{}", format_duration(later)) });
    }
    if let Some(new) = import.new {
        request["ImportType"] = if new { "NEW_KEY_MATERIAL" } else { "EXISTING_KEY_MATERIAL" }.into();
    }
    if let Some(other) = import.id_of {
        request["KeyMaterialId"] = format!("${{i{other}.KeyMaterialId}}").into();
    }
    request
}

fn wrapped(import: &Import) -> Value {
    let material = import.named_material();
    let (with, other_hash, damage) = match import.wrapping {
        Wrapping::Right => (import.token, None, None),
        Wrapping::PublicKeyOf(other) => (other, None, None),
        Wrapping::OtherHash(algorithm) => (import.token, Some(algorithm), None),
        Wrapping::Damaged(damage) => (import.token, None, Some(damage)),
    };
    let mut blob = json!({ "$wrap": material, "with": format!("p{with}") });
    if let Some(algorithm) = other_hash {
        blob["algorithm"] = algorithm.as_str().into();
    }
    damage.map_or(blob.clone(), |damage| damaged(blob, damage))
}

fn damaged(blob: Value, damage: Damage) -> Value {
    match damage {
        Damage::Flip(place) => {
            let at = Place::NAMES.iter().find(|(_, other)| *other == place).map_or("middle", |(name, _)| name);
            json!({ "$flip": blob, "at": at })
        }
        Damage::Truncate(by) => json!({ "$truncate": blob, "by": by }),
        Damage::Extend(by) => json!({ "$extend": blob, "by": by }),
    }
}

/// The same way of wrapping with the other hash.
pub(crate) const fn other_hash(algorithm: WrappingAlgorithm) -> WrappingAlgorithm {
    match algorithm {
        WrappingAlgorithm::RsaesOaepSha1 => WrappingAlgorithm::RsaesOaepSha256,
        WrappingAlgorithm::RsaAesKeyWrapSha1 => WrappingAlgorithm::RsaAesKeyWrapSha256,
        WrappingAlgorithm::RsaAesKeyWrapSha256 => WrappingAlgorithm::RsaAesKeyWrapSha1,
        _ => WrappingAlgorithm::RsaesOaepSha1,
    }
}
