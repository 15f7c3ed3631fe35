//! What time does: material expires, keys are deleted.

use jiff::SignedDuration;
use serde_json::json;

use crate::client::{Client, b64, bytes, random};

#[tokio::test]
async fn material_is_gone_at_its_very_instant_and_can_come_back() {
    let client = Client::new();
    let now = client.freeze();
    let material = random(32);
    let key = client.symmetric().await;
    let valid_to = (now + 60_000) as f64 / 1000.0;
    let expires = json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": valid_to });
    client.import(&key, &material, expires).await.unwrap();
    assert_eq!(client.describe(&key).await["ValidTo"], valid_to);
    let sealed = client.ok("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"hello") })).await;

    client.advance(SignedDuration::from_millis(59_999));
    assert_eq!(client.state(&key).await, "Enabled");
    client.advance(SignedDuration::from_millis(1));
    let metadata = client.describe(&key).await;
    assert_eq!(metadata["KeyState"], "PendingImport");
    assert_eq!(metadata["Enabled"], false);
    assert!(metadata.get("ValidTo").is_none() && metadata.get("ExpirationModel").is_none());
    let decrypt = json!({ "KeyId": key, "CiphertextBlob": sealed["CiphertextBlob"] });
    assert_eq!(
        client.refused("Decrypt", decrypt.clone()).await,
        ("KMSInvalidStateException".to_owned(), "<arn> is pending import.".to_owned())
    );

    client.import(&key, &material, json!({})).await.unwrap();
    assert_eq!(bytes(&client.ok("Decrypt", decrypt).await["Plaintext"]), b"hello");
}

#[tokio::test]
async fn a_reimport_moves_the_expiry() {
    let client = Client::new();
    let now = client.freeze() / 1000;
    let material = random(32);
    let key = client.symmetric().await;
    let until = |seconds| json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": now + seconds });
    client.import(&key, &material, until(60)).await.unwrap();
    client.import(&key, &material, until(120)).await.unwrap();
    client.advance(SignedDuration::from_secs(61));
    assert_eq!(client.state(&key).await, "Enabled");
    client.advance(SignedDuration::from_secs(60));
    assert_eq!(client.state(&key).await, "PendingImport");
}

#[tokio::test]
async fn a_key_is_gone_when_its_deletion_date_comes() {
    let client = Client::new();
    client.freeze();
    let key = client.imported(&random(32)).await;
    client.ok("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })).await;
    let answer = client.ok("ScheduleKeyDeletion", json!({ "KeyId": key, "PendingWindowInDays": 7 })).await;
    assert_eq!(answer["KeyState"], "PendingDeletion");
    assert_eq!(answer["PendingWindowInDays"], 7);
    assert_eq!(client.describe(&key).await["DeletionDate"], answer["DeletionDate"]);
    assert_eq!(
        client.refused("ScheduleKeyDeletion", json!({ "KeyId": key })).await,
        ("KMSInvalidStateException".to_owned(), "<arn> is pending deletion.".to_owned())
    );
    client.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_millis(1));
    assert_eq!(client.state(&key).await, "PendingDeletion");
    client.advance(SignedDuration::from_millis(1));
    let alias = client.refused("DescribeKey", json!({ "KeyId": "alias/a" })).await.1;
    assert_eq!(alias, "Alias arn:aws:kms:us-east-1:111122223333:alias/a is not found.", "it went with its key");
    assert_eq!(client.ok("ListAliases", json!({})).await["Aliases"], json!([]));
    assert_eq!(client.ok("ListKeys", json!({})).await["Keys"], json!([]));
    assert_eq!(
        client.refused("DescribeKey", json!({ "KeyId": key })).await,
        ("NotFoundException".to_owned(), "Key '<arn>' does not exist".to_owned())
    );
}

#[tokio::test]
async fn a_cancelled_deletion_leaves_the_key_disabled_or_without_material_in_pending_import() {
    let client = Client::new();
    let (full, empty) = (client.imported(&random(32)).await, client.symmetric().await);
    for (key, state) in [(&full, "Disabled"), (&empty, "PendingImport")] {
        client.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await;
        let answer = client.ok("CancelKeyDeletion", json!({ "KeyId": key })).await;
        assert_eq!(answer["KeyId"], client.arn(key).as_str());
        let metadata = client.describe(key).await;
        assert_eq!(metadata["KeyState"], state);
        assert!(metadata.get("DeletionDate").is_none());
    }
}

#[tokio::test]
async fn deleting_material_while_deletion_is_pending_leaves_the_state() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    client.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await;
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(client.state(&key).await, "PendingDeletion");
    let body = json!({ "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    assert_eq!(client.refused("GetParametersForImport", body).await.1, "<arn> is pending deletion.");
}

#[tokio::test]
async fn accounts_have_clocks_of_their_own() {
    let client = Client::new();
    let other = client.in_account("444455556666");
    let start = client.freeze();
    other.freeze();
    client.advance(SignedDuration::from_hours(1));
    assert_eq!(client.clock().now().as_millisecond(), start + 3_600_000);
    assert!(other.clock().now().as_millisecond() < start + 60_000);
}
