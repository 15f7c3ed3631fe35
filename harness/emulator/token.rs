//! Import tokens.

use jiff::SignedDuration;
use serde_json::json;

use crate::client::{Client, b64, bytes, random};

async fn code(client: &Client, request: serde_json::Value) -> String {
    client.refused("ImportKeyMaterial", request).await.0
}

#[tokio::test]
async fn a_token_is_bound_to_its_key() {
    let client = Client::new();
    let (one, other) = (client.symmetric().await, client.symmetric().await);
    let mut request = client.import_request(&one, &random(32), json!({})).await;
    request["KeyId"] = other.as_str().into();
    assert_eq!(code(&client, request.clone()).await, "InvalidImportTokenException");
    assert_eq!(client.state(&other).await, "PendingImport");
    request["KeyId"] = one.as_str().into();
    client.ok("ImportKeyMaterial", request).await;
}

#[tokio::test]
async fn a_damaged_token_is_invalid() {
    let client = Client::new();
    let key = client.symmetric().await;
    let request = client.import_request(&key, &random(32), json!({})).await;
    let token = bytes(&request["ImportToken"]);
    let mut damaged = Vec::new();
    for position in [0, token.len() / 2, token.len() - 1] {
        let mut flipped = token.clone();
        flipped[position] ^= 0x10;
        damaged.push(flipped);
    }
    damaged.push(token[..token.len() - 1].to_vec());
    damaged.push(token[1..].to_vec());
    damaged.push([token.as_slice(), &[0]].concat());
    damaged.push(random(1757));
    damaged.push(vec![0]);
    for token in damaged {
        let mut request = request.clone();
        request["ImportToken"] = b64(&token).into();
        assert_eq!(code(&client, request).await, "InvalidImportTokenException", "{} bytes", token.len());
    }
    assert_eq!(client.state(&key).await, "PendingImport");
    client.ok("ImportKeyMaterial", request).await;
}

#[tokio::test]
async fn a_token_lasts_for_24_hours_and_not_a_millisecond_longer() {
    let client = Client::new();
    let now = client.freeze();
    let key = client.symmetric().await;
    let request = client.import_request(&key, &random(32), json!({})).await;
    let parameters = client.parameters(&key, "RSAES_OAEP_SHA_256", "RSA_2048").await;
    let valid_to = parameters["ParametersValidTo"].as_f64().unwrap();
    assert_eq!((valid_to * 1000.0).round() as i64, now + 24 * 3600 * 1000);
    client.advance(SignedDuration::from_hours(24) - SignedDuration::from_millis(1));
    client.ok("ImportKeyMaterial", request.clone()).await;
    client.advance(SignedDuration::from_millis(1));
    assert_eq!(code(&client, request).await, "ExpiredImportTokenException");
}

#[tokio::test]
async fn an_older_token_outlives_a_newer_one_and_may_be_used_again() {
    let client = Client::new();
    let key = client.symmetric().await;
    let material = random(32);
    let older = client.import_request(&key, &material, json!({})).await;
    client.import(&key, &material, json!({})).await.unwrap();
    client.ok("ImportKeyMaterial", older.clone()).await;
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    client.ok("ImportKeyMaterial", older).await;
    assert_eq!(client.state(&key).await, "Enabled");
}

#[tokio::test]
async fn a_token_of_another_emulator_is_invalid() {
    let (one, other) = (Client::new(), Client::new());
    let key = one.symmetric().await;
    let request = one.import_request(&key, &random(32), json!({})).await;
    let stranger = other.symmetric().await;
    let mut request = request;
    request["KeyId"] = stranger.as_str().into();
    assert_eq!(code(&other, request).await, "InvalidImportTokenException");
}
