//! Multi-Region keys with imported material.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{Client, b64, bytes, random};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// A primary key with this material, and its replica in eu-west-1, which has none yet.
async fn replicated(client: &Client, material: &[u8]) -> (String, Client) {
    let key = client.create(json!({ "Origin": "EXTERNAL", "MultiRegion": true })).await;
    client.import(&key, material, json!({})).await.unwrap();
    client.ok("ReplicateKey", json!({ "KeyId": key, "ReplicaRegion": "eu-west-1" })).await;
    client.advance(MINUTE);
    (key, client.in_region("eu-west-1"))
}

async fn pending_state(client: &Client, key: &str) -> String {
    let body = json!({ "KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" });
    let all = client.ok("ListKeyRotations", body).await["Rotations"].as_array().unwrap().clone();
    all.last().unwrap()["KeyMaterialState"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_multi_region_key_is_its_own_primary() {
    let client = Client::new();
    let key = client.create(json!({ "Origin": "EXTERNAL", "MultiRegion": true })).await;
    assert!(key.starts_with("mrk-") && key.len() == 36, "{key}");
    let metadata = client.describe(&key).await;
    assert_eq!(metadata["MultiRegion"], true);
    assert_eq!(metadata["KeyState"], "PendingImport");
    assert_eq!(
        metadata["MultiRegionConfiguration"],
        json!({
            "MultiRegionKeyType": "PRIMARY",
            "PrimaryKey": { "Arn": client.arn(&key), "Region": "us-east-1" },
            "ReplicaKeys": [],
        })
    );
    assert_eq!(
        client.refused("ReplicateKey", json!({ "KeyId": key, "ReplicaRegion": "eu-west-1" })).await,
        ("KMSInvalidStateException".to_owned(), "<arn> is pending import.".to_owned())
    );
}

#[tokio::test]
async fn a_replica_is_created_without_material_and_takes_that_of_its_primary_only() {
    let client = Client::new();
    client.freeze();
    let material = random(32);
    let key = client.create(json!({ "Origin": "EXTERNAL", "MultiRegion": true, "Description": "mine" })).await;
    let id = client.import(&key, &material, json!({})).await.unwrap()["KeyMaterialId"].clone();
    let sealed = client.ok("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"hello") })).await;
    let answer = client.ok("ReplicateKey", json!({ "KeyId": key, "ReplicaRegion": "eu-west-1" })).await;
    let metadata = &answer["ReplicaKeyMetadata"];
    assert_eq!(metadata["KeyState"], "Creating");
    assert_eq!(metadata["Enabled"], false);
    assert_eq!(metadata["Description"], "");
    assert_eq!(metadata["MultiRegionConfiguration"]["MultiRegionKeyType"], "REPLICA");
    assert!(metadata.get("CurrentKeyMaterialId").is_none());
    assert!(answer["ReplicaPolicy"].is_string());

    let abroad = client.in_region("eu-west-1");
    let parameters = json!({ "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    assert_eq!(abroad.refused("GetParametersForImport", parameters).await.1, "<arn> is creating.");
    client.advance(MINUTE);
    assert_eq!(abroad.state(&key).await, "PendingImport");

    let new = json!({ "ImportType": "NEW_KEY_MATERIAL" });
    assert_eq!(abroad.import(&key, &random(32), json!({})).await.unwrap_err().code, "IncorrectKeyMaterialException");
    assert_eq!(abroad.import(&key, &random(32), new).await.unwrap_err().code, "UnsupportedOperationException");
    let foreign = client.import_request(&key, &material, json!({})).await;
    assert_eq!(abroad.refused("ImportKeyMaterial", foreign).await.0, "InvalidImportTokenException");
    assert_eq!(abroad.import(&key, &material, json!({})).await.unwrap()["KeyMaterialId"], id);
    assert_eq!(abroad.state(&key).await, "Enabled");
    let opened = abroad.ok("Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await;
    assert_eq!(bytes(&opened["Plaintext"]), b"hello");
    assert_eq!(opened["KeyId"], abroad.arn(&key).as_str());
}

#[tokio::test]
async fn material_in_each_region_comes_and_goes_by_itself() {
    let client = Client::new();
    let now = client.freeze() / 1000;
    let material = random(32);
    let (key, abroad) = replicated(&client, &material).await;
    let expires = json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": now + 3600 });
    abroad.import(&key, &material, expires).await.unwrap();
    assert!(client.describe(&key).await.get("ValidTo").is_none());
    client.advance(SignedDuration::from_secs(3600));
    assert_eq!(abroad.state(&key).await, "PendingImport");
    assert_eq!(client.state(&key).await, "Enabled");
    abroad.import(&key, &material, json!({})).await.unwrap();
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(client.state(&key).await, "PendingImport");
    assert_eq!(abroad.state(&key).await, "Enabled");
}

#[tokio::test]
async fn new_material_waits_for_all_regions_and_then_rotates_in_all() {
    let client = Client::new();
    client.freeze();
    let (first, second) = (random(32), random(32));
    let (key, abroad) = replicated(&client, &first).await;
    abroad.import(&key, &first, json!({})).await.unwrap();
    let new = json!({ "ImportType": "NEW_KEY_MATERIAL" });
    let id = client.import(&key, &second, new).await.unwrap()["KeyMaterialId"].clone();
    for region in [&client, &abroad] {
        assert_eq!(pending_state(region, &key).await, "PENDING_MULTI_REGION_IMPORT_AND_ROTATION");
        assert_eq!(region.state(&key).await, "Enabled");
    }
    assert_eq!(client.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await.0, "KMSInvalidStateException");
    abroad.import(&key, &second, json!({})).await.unwrap();
    for region in [&client, &abroad] {
        assert_eq!(pending_state(region, &key).await, "PENDING_ROTATION");
    }
    assert_eq!(abroad.refused("RotateKeyOnDemand", json!({ "KeyId": key })).await.0, "UnsupportedOperationException");
    client.ok("RotateKeyOnDemand", json!({ "KeyId": key })).await;
    client.advance(MINUTE);
    for region in [&client, &abroad] {
        assert_eq!(region.describe(&key).await["CurrentKeyMaterialId"], id);
        assert_eq!(region.state(&key).await, "Enabled");
    }
}

#[tokio::test]
async fn a_replica_forgets_what_its_primary_forgets() {
    let client = Client::new();
    client.freeze();
    let (first, second) = (random(32), random(32));
    let (key, abroad) = replicated(&client, &first).await;
    abroad.import(&key, &first, json!({})).await.unwrap();
    let new = json!({ "ImportType": "NEW_KEY_MATERIAL" });
    let id = client.import(&key, &second, new).await.unwrap()["KeyMaterialId"].clone();
    abroad.import(&key, &second, json!({})).await.unwrap();
    abroad.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key, "KeyMaterialId": id })).await;
    assert_eq!(pending_state(&client, &key).await, "PENDING_MULTI_REGION_IMPORT_AND_ROTATION");
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key, "KeyMaterialId": id })).await;
    assert_eq!(pending_state(&abroad, &key).await, "CURRENT");
    assert_eq!(abroad.state(&key).await, "Enabled");
}

#[tokio::test]
async fn only_a_primary_key_is_replicated_and_only_once_per_region() {
    let client = Client::new();
    client.freeze();
    let (key, abroad) = replicated(&client, &random(32)).await;
    let body = json!({ "KeyId": key, "ReplicaRegion": "eu-west-1" });
    assert_eq!(client.refused("ReplicateKey", body).await.0, "AlreadyExistsException");
    let other = client.create(json!({ "MultiRegion": true })).await;
    client.ok("ReplicateKey", json!({ "KeyId": other, "ReplicaRegion": "eu-west-1" })).await;
    client.advance(MINUTE);
    assert_eq!(abroad.state(&other).await, "Enabled", "material of AWS is copied");
    for operation in ["ReplicateKey", "UpdatePrimaryRegion"] {
        let body = json!({ "KeyId": other, "ReplicaRegion": "ap-south-1", "PrimaryRegion": "us-east-1" });
        assert_eq!(
            abroad.refused(operation, body).await,
            ("UnsupportedOperationException".to_owned(), "<arn> is not a multi-region primary key.".to_owned())
        );
    }
}

#[tokio::test]
async fn primary_and_replica_change_places() {
    let client = Client::new();
    client.freeze();
    let material = random(32);
    let (key, abroad) = replicated(&client, &material).await;
    let body = json!({ "KeyId": key, "PrimaryRegion": "eu-west-1" });
    assert_eq!(
        client.call("UpdatePrimaryRegion", body.clone()).await.unwrap_err().code,
        "KMSInvalidStateException",
        "the replica has no material yet"
    );
    abroad.import(&key, &material, json!({})).await.unwrap();
    client.ok("UpdatePrimaryRegion", body).await;
    assert_eq!(client.state(&key).await, "Updating");
    let parameters = json!({ "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    assert_eq!(client.refused("GetParametersForImport", parameters).await.1, "<arn> is updating.");
    client.ok("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"x") })).await;
    client.advance(MINUTE);
    let kind = async |client: &Client| -> Value {
        let metadata = client.describe(&key).await;
        assert_eq!(metadata["KeyState"], "Enabled");
        metadata["MultiRegionConfiguration"]["MultiRegionKeyType"].clone()
    };
    assert_eq!(kind(&client).await, "REPLICA");
    assert_eq!(kind(&abroad).await, "PRIMARY");
}

#[tokio::test]
async fn a_primary_key_waits_for_its_replicas_before_it_is_deleted() {
    let client = Client::new();
    client.freeze();
    let (key, abroad) = replicated(&client, &random(32)).await;
    let answer = client.ok("ScheduleKeyDeletion", json!({ "KeyId": key, "PendingWindowInDays": 10 })).await;
    assert_eq!(answer["KeyState"], "PendingReplicaDeletion");
    let metadata = client.describe(&key).await;
    assert_eq!(metadata["PendingDeletionWindowInDays"], 10);
    assert!(metadata.get("DeletionDate").is_none());
    abroad.ok("ScheduleKeyDeletion", json!({ "KeyId": key, "PendingWindowInDays": 7 })).await;
    client.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(abroad.refused("DescribeKey", json!({ "KeyId": key })).await.0, "NotFoundException");
    assert_eq!(client.state(&key).await, "PendingDeletion");
    client.advance(SignedDuration::from_hours(10 * 24));
    assert_eq!(client.refused("DescribeKey", json!({ "KeyId": key })).await.0, "NotFoundException");
}
