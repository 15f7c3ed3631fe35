//! Several materials on one symmetric key: import of new material, rotation on demand, loss of any of them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{Client, b64, bytes, random};

/// A key with one material in force and another that waits; their ids.
async fn with_pending(client: &Client) -> (String, Materials) {
    let (first, second) = (random(32), random(32));
    let key = client.symmetric().await;
    let one = client.import(&key, &first, json!({})).await.unwrap();
    let new = json!({ "ImportType": "NEW_KEY_MATERIAL", "KeyMaterialDescription": "second" });
    let two = client.import(&key, &second, new).await.unwrap();
    let id = |answer: &Value| answer["KeyMaterialId"].as_str().unwrap().to_owned();
    (key, Materials { first, second, one: id(&one), two: id(&two) })
}

struct Materials {
    first: Vec<u8>,
    second: Vec<u8>,
    one: String,
    two: String,
}

async fn current(client: &Client, key: &str) -> String {
    client.describe(key).await["CurrentKeyMaterialId"].as_str().unwrap().to_owned()
}

async fn rotate(client: &Client, key: &str) {
    let answer = client.ok("RotateKeyOnDemand", json!({ "KeyId": key })).await;
    assert_eq!(answer, json!({ "KeyId": client.arn(key) }));
    client.advance(SignedDuration::from_secs(60));
}

async fn encrypt(client: &Client, key: &str) -> Value {
    client.ok("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"hello") })).await["CiphertextBlob"].clone()
}

async fn opens_with(client: &Client, blob: &Value) -> String {
    let opened = client.ok("Decrypt", json!({ "CiphertextBlob": blob })).await;
    assert_eq!(bytes(&opened["Plaintext"]), b"hello");
    opened["KeyMaterialId"].as_str().unwrap().to_owned()
}

async fn list(client: &Client, key: &str, include: &str) -> Vec<Value> {
    let body = json!({ "KeyId": key, "IncludeKeyMaterial": include });
    client.ok("ListKeyRotations", body).await["Rotations"].as_array().unwrap().clone()
}

fn members<'v>(rotations: &'v [Value], member: &str) -> Vec<&'v str> {
    rotations.iter().map(|entry| entry[member].as_str().unwrap_or("-")).collect()
}

#[tokio::test]
async fn new_material_waits_and_comes_into_force_a_minute_after_the_rotation() {
    let client = Client::new();
    client.freeze();
    let (key, materials) = with_pending(&client).await;
    assert_ne!(materials.one, materials.two);
    assert_eq!(client.state(&key).await, "Enabled");
    assert_eq!(current(&client, &key).await, materials.one);
    let before = encrypt(&client, &key).await;

    client.ok("RotateKeyOnDemand", json!({ "KeyId": key })).await;
    let status = client.ok("GetKeyRotationStatus", json!({ "KeyId": key })).await;
    assert_eq!(status["KeyRotationEnabled"], false);
    assert!(status.get("OnDemandRotationStartDate").is_some());
    assert_eq!(
        client.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await.0,
        "ConflictException",
        "one at a time"
    );
    client.advance(SignedDuration::from_millis(59_999));
    let status = client.ok("GetKeyRotationStatus", json!({ "KeyId": key })).await;
    assert!(status.get("OnDemandRotationStartDate").is_none());
    assert_eq!(current(&client, &key).await, materials.one);
    client.advance(SignedDuration::from_millis(1));
    assert_eq!(current(&client, &key).await, materials.two);

    let after = encrypt(&client, &key).await;
    assert_eq!(opens_with(&client, &before).await, materials.one);
    assert_eq!(opens_with(&client, &after).await, materials.two);
    assert_eq!(
        client.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await,
        (
            "KMSInvalidStateException".to_owned(),
            "No available key material pending rotation for the key: <arn>.".to_owned()
        )
    );
}

#[tokio::test]
async fn only_one_material_may_wait() {
    let client = Client::new();
    let (key, materials) = with_pending(&client).await;
    let request = client.import_request(&key, &random(32), json!({ "ImportType": "NEW_KEY_MATERIAL" })).await;
    let (code, message) = client.refused("ImportKeyMaterial", request).await;
    assert_eq!(code, "KMSInvalidStateException");
    let (start, rest) = message.split_at("New key material (id: ".len());
    assert_eq!(start, "New key material (id: ");
    let expected = format!(
        ") cannot be imported into KMS key <arn>, because another key material (id: {}) is pending rotation.",
        materials.two
    );
    assert_eq!(&rest[64..], expected);
    assert!(rest[..64].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn material_that_the_key_knows_is_not_new_and_material_that_it_does_not_know_is_not_existing() {
    let client = Client::new();
    let (key, materials) = with_pending(&client).await;
    let none = json!({});
    let new = json!({ "ImportType": "NEW_KEY_MATERIAL" });
    let existing = json!({ "ImportType": "EXISTING_KEY_MATERIAL" });
    let of = |id: &str| json!({ "ImportType": "EXISTING_KEY_MATERIAL", "KeyMaterialId": id });
    let stranger = random(32);
    for (material, members, outcome) in [
        (&materials.first, &new, Some("IncorrectKeyMaterialException")),
        (&materials.second, &new, Some("IncorrectKeyMaterialException")),
        (&stranger, &none, Some("IncorrectKeyMaterialException")),
        (&stranger, &existing, Some("IncorrectKeyMaterialException")),
        (&materials.first, &of(&materials.two), Some("IncorrectKeyMaterialException")),
        (&materials.first, &of(&materials.one), None),
        (&materials.second, &of(&materials.two), None),
        (&materials.first, &none, None),
    ] {
        let refusal = client.import(&key, material, members.clone()).await.err().map(|refusal| refusal.code);
        assert_eq!(refusal.as_deref(), outcome, "{members}");
    }
    let with_new = json!({ "ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": materials.one });
    assert_eq!(client.import(&key, &stranger, with_new).await.unwrap_err().code, "ValidationException");
    let empty = client.symmetric().await;
    let refusal = client.import(&empty, &stranger, existing).await.unwrap_err();
    assert_eq!(refusal.code, "IncorrectKeyMaterialException");
}

#[tokio::test]
async fn rotations_are_listed_with_all_material_or_alone() {
    let client = Client::new();
    let now = client.freeze() / 1000;
    let (key, materials) = with_pending(&client).await;
    assert_eq!(list(&client, &key, "ROTATIONS_ONLY").await, Vec::<Value>::new());
    let all = list(&client, &key, "ALL_KEY_MATERIAL").await;
    assert_eq!(members(&all, "KeyMaterialId"), [&materials.one, &materials.two]);
    assert_eq!(members(&all, "KeyMaterialState"), ["CURRENT", "PENDING_ROTATION"]);
    assert_eq!(members(&all, "KeyMaterialDescription"), ["-", "second"]);
    assert_eq!(members(&all, "RotationType"), ["-", "-"]);

    rotate(&client, &key).await;
    let expires = json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": now + 3600 });
    client.import(&key, &materials.second, expires).await.unwrap();
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key, "KeyMaterialId": materials.one })).await;
    let all = list(&client, &key, "ALL_KEY_MATERIAL").await;
    assert_eq!(members(&all, "KeyMaterialState"), ["NON_CURRENT", "CURRENT"]);
    assert_eq!(members(&all, "ImportState"), ["PENDING_IMPORT", "IMPORTED"]);
    assert_eq!(members(&all, "ExpirationModel"), ["-", "KEY_MATERIAL_EXPIRES"]);
    assert_eq!(members(&all, "KeyMaterialDescription"), ["-", "second"], "a reimport keeps the description");
    assert_eq!(all[1]["ValidTo"], now + 3600);
    let rotations = list(&client, &key, "ROTATIONS_ONLY").await;
    assert_eq!(members(&rotations, "KeyMaterialId"), [&materials.two]);
    assert_eq!(members(&rotations, "RotationType"), ["ON_DEMAND"]);
    assert!((rotations[0]["RotationDate"].as_f64().unwrap() - now as f64).abs() <= 1.0);
}

#[tokio::test]
async fn a_key_needs_every_material_that_was_ever_in_force() {
    let client = Client::new();
    client.freeze();
    let (key, materials) = with_pending(&client).await;
    let before = encrypt(&client, &key).await;
    rotate(&client, &key).await;
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key, "KeyMaterialId": materials.one })).await;
    assert_eq!(client.state(&key).await, "PendingImport");
    assert_eq!(
        client.refused("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"x") })).await.1,
        "<arn> is pending import."
    );
    let deleted = client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(deleted["KeyMaterialId"], materials.two.as_str(), "without an id the current one is meant");
    client.import(&key, &materials.first, json!({})).await.unwrap();
    assert_eq!(client.state(&key).await, "PendingImport", "one is still missing");
    client.import(&key, &materials.second, json!({})).await.unwrap();
    assert_eq!(client.state(&key).await, "Enabled");
    assert_eq!(opens_with(&client, &before).await, materials.one);
}

#[tokio::test]
async fn losing_the_material_that_waits_leaves_the_key_as_it_is_and_frees_the_place() {
    let client = Client::new();
    let now = client.freeze() / 1000;
    let (key, materials) = with_pending(&client).await;
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key, "KeyMaterialId": materials.two })).await;
    assert_eq!(client.state(&key).await, "Enabled");
    assert_eq!(list(&client, &key, "ALL_KEY_MATERIAL").await.len(), 1);
    let expires =
        json!({ "ImportType": "NEW_KEY_MATERIAL", "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": now + 30 });
    client.import(&key, &random(32), expires).await.unwrap();
    assert!(client.describe(&key).await.get("ValidTo").is_none(), "what waits does not count");
    client.ok("RotateKeyOnDemand", json!({ "KeyId": key })).await;
    client.advance(SignedDuration::from_secs(120));
    assert_eq!(client.state(&key).await, "Enabled", "it expired before it came into force");
    assert_eq!(current(&client, &key).await, materials.one);
    let unknown = json!({ "KeyId": key, "KeyMaterialId": materials.two });
    assert_eq!(client.refused("DeleteImportedKeyMaterial", unknown).await.0, "NotFoundException");
}

#[tokio::test]
async fn the_earliest_expiry_counts_and_puts_the_whole_key_out_of_use() {
    let client = Client::new();
    let now = client.freeze() / 1000;
    let (key, materials) = with_pending(&client).await;
    rotate(&client, &key).await;
    let until = |seconds| json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": now + seconds });
    client.import(&key, &materials.second, until(7200)).await.unwrap();
    assert_eq!(client.describe(&key).await["ValidTo"], now + 7200);
    client.import(&key, &materials.first, until(3600)).await.unwrap();
    assert_eq!(client.describe(&key).await["ValidTo"], now + 3600);
    client.advance(SignedDuration::from_secs(3600));
    assert_eq!(client.state(&key).await, "PendingImport");
    assert_eq!(current(&client, &key).await, materials.two);
}

#[tokio::test]
async fn rotation_is_refused_as_recorded() {
    let client = Client::new();
    let empty = client.symmetric().await;
    let disabled = client.create(json!({ "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" })).await;
    let signer = client.create(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })).await;
    client.ok("DisableKey", json!({ "KeyId": disabled })).await;
    let unknown = "00000000-12ab-34cd-56ef-1234567890ab".to_owned();
    for (key, code, message) in [
        (&empty, "KMSInvalidStateException", "<arn> is pending import."),
        (&disabled, "DisabledException", "<arn> is disabled."),
        (&signer, "UnsupportedOperationException", "<none>"),
        (&unknown, "NotFoundException", "Key '<arn>' does not exist"),
    ] {
        let told = client.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await;
        assert_eq!(told, (code.to_owned(), message.to_owned()));
    }
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"] {
        assert_eq!(
            client.refused(operation, json!({ "KeyId": empty })).await,
            (
                "UnsupportedOperationException".to_owned(),
                "<arn> origin is EXTERNAL which is not valid for this operation.".to_owned()
            ),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_key_of_aws_rotates_25_times() {
    let client = Client::new();
    client.freeze();
    let key = client.create(json!({})).await;
    let first = encrypt(&client, &key).await;
    for _ in 0..25 {
        let before = current(&client, &key).await;
        rotate(&client, &key).await;
        assert_ne!(current(&client, &key).await, before);
    }
    assert_eq!(
        client.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await,
        (
            "LimitExceededException".to_owned(),
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
             performed for this key: <arn>"
                .to_owned()
        )
    );
    opens_with(&client, &first).await;
    let body = json!({ "KeyId": key, "Limit": 20 });
    let page = client.ok("ListKeyRotations", body.clone()).await;
    assert_eq!(page["Rotations"].as_array().unwrap().len(), 20);
    let mut body = body;
    body["Marker"] = page["NextMarker"].clone();
    assert_eq!(client.ok("ListKeyRotations", body).await["Rotations"].as_array().unwrap().len(), 5);
}
