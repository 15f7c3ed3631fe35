//! Operations that have little to do with imports.

use p256::elliptic_curve::point::AffineCoordinates;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey};
use serde_json::{Value, json};

use crate::client::{Client, b64, bytes, random};

#[tokio::test]
async fn two_keys_agree_on_a_secret() {
    let client = Client::new();
    let own = p256::SecretKey::random(&mut rand::thread_rng());
    let key = client.create(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT" })).await;
    let theirs = bytes(&client.ok("GetPublicKey", json!({ "KeyId": key })).await["PublicKey"]);
    let theirs = p256::PublicKey::from_public_key_der(&theirs).unwrap();
    let expected = (theirs.to_projective() * *own.to_nonzero_scalar()).to_affine().x();
    let public = own.public_key().to_public_key_der().unwrap();
    let mut body = json!({ "KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": b64(public.as_bytes()) });
    let answer = client.ok("DeriveSharedSecret", body.clone()).await;
    assert_eq!(bytes(&answer["SharedSecret"]), &expected[..]);
    assert_eq!(answer["KeyOrigin"], "AWS_KMS");
    body["PublicKey"] = b64(b"nonsense").into();
    assert_eq!(
        client.refused("DeriveSharedSecret", body).await,
        ("ValidationException".to_owned(), "<none>".to_owned())
    );
}

#[tokio::test]
async fn a_data_key_pair_opens_to_its_private_key() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    for spec in ["ECC_NIST_P256", "RSA_2048", "ECC_NIST_EDWARDS25519"] {
        let body = json!({ "KeyId": key, "KeyPairSpec": spec });
        let pair = client.ok("GenerateDataKeyPair", body.clone()).await;
        assert_eq!(pair["KeyPairSpec"], spec);
        let opened = client.ok("Decrypt", json!({ "CiphertextBlob": pair["PrivateKeyCiphertextBlob"] })).await;
        assert_eq!(opened["Plaintext"], pair["PrivateKeyPlaintext"]);
        if spec == "ECC_NIST_P256" {
            let private = p256::SecretKey::from_pkcs8_der(&bytes(&pair["PrivateKeyPlaintext"])).unwrap();
            let public = p256::PublicKey::from_public_key_der(&bytes(&pair["PublicKey"])).unwrap();
            assert_eq!(private.public_key(), public);
        }
        let pair = client.ok("GenerateDataKeyPairWithoutPlaintext", body).await;
        assert!(pair.get("PrivateKeyPlaintext").is_none());
    }
    let body = json!({ "KeyId": key, "KeyPairSpec": "RSA_2048", "DryRun": true });
    assert_eq!(client.refused("GenerateDataKeyPair", body).await.0, "DryRunOperationException");
}

#[tokio::test]
async fn grants_are_kept_listed_retired_and_revoked() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    let grantee = "arn:aws:iam::111122223333:user/a";
    let body = json!({
        "KeyId": key, "Name": "n", "GranteePrincipal": grantee, "RetiringPrincipal": grantee, "Operations": ["Encrypt"],
        "Constraints": { "EncryptionContextSubset": { "a": "b" } },
    });
    let one = client.ok("CreateGrant", body.clone()).await;
    assert_eq!(
        client.ok("CreateGrant", body.clone()).await["GrantId"],
        one["GrantId"],
        "the same name, the same grant"
    );
    let mut unnamed = body;
    unnamed.as_object_mut().unwrap().remove("Name");
    let two = client.ok("CreateGrant", unnamed).await;
    let listed = client.ok("ListGrants", json!({ "KeyId": key })).await;
    assert_eq!(listed["Grants"].as_array().unwrap().len(), 2);
    assert_eq!(listed["Grants"][0]["Name"], "n");
    assert_eq!(listed["Grants"][0]["Operations"], json!(["Encrypt"]));
    assert_eq!(listed["Grants"][0]["Constraints"], json!({ "EncryptionContextSubset": { "a": "b" } }));
    client.ok("RetireGrant", json!({ "GrantToken": one["GrantToken"] })).await;
    client.ok("RevokeGrant", json!({ "KeyId": key, "GrantId": two["GrantId"] })).await;
    assert_eq!(client.ok("ListRetirableGrants", json!({ "RetiringPrincipal": grantee })).await["Grants"], json!([]));
    let again = json!({ "KeyId": key, "GrantId": two["GrantId"] });
    assert_eq!(client.refused("RevokeGrant", again).await.0, "NotFoundException");
}

#[tokio::test]
async fn there_are_no_custom_key_stores() {
    let client = Client::new();
    let none = json!({ "CustomKeyStores": [], "Truncated": false });
    assert_eq!(client.ok("DescribeCustomKeyStores", json!({})).await, none);
    for operation in ["ConnectCustomKeyStore", "DeleteCustomKeyStore", "DisconnectCustomKeyStore"] {
        let (code, _) = client.refused(operation, json!({ "CustomKeyStoreId": "cks-1" })).await;
        assert_eq!(code, "CustomKeyStoreNotFoundException", "{operation}");
    }
    let body = json!({ "Origin": "EXTERNAL", "CustomKeyStoreId": "cks-1" });
    assert_eq!(client.refused("CreateKey", body).await.0, "ValidationException");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_remembered() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    let usage = async || -> Value { client.ok("GetKeyLastUsage", json!({ "KeyId": key })).await };
    assert!(usage().await.get("KeyLastUsage").is_none());
    client.ok("GenerateDataKey", json!({ "KeyId": key, "KeySpec": "AES_256" })).await;
    assert_eq!(usage().await["KeyLastUsage"]["Operation"], "GenerateDataKey");
}

/// Every operation of the API is answered by something that knows it.
#[tokio::test]
async fn no_operation_is_unknown() {
    let client = Client::new();
    for operation in kms_conformance::kms::Operation::ALL {
        if let Err(refusal) = client.call(operation.as_str(), json!({})).await {
            assert_ne!(refusal.code, "UnknownOperationException", "{operation}");
            assert_eq!(refusal.status, 400, "{operation}: {refusal:?}");
        }
    }
}
