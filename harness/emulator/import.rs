//! Importing material: into an empty key, again, wrongly.

use rsa::Oaep;
use serde_json::{Value, json};

use crate::client::{Client, b64, bytes, oaep, oaep_sha256, random};

#[tokio::test]
async fn a_symmetric_key_goes_through_its_import_cycle() {
    let client = Client::new();
    let key = client.symmetric().await;
    let arn = client.arn(&key);
    let fresh = client.describe(&key).await;
    assert_eq!(fresh["KeyState"], "PendingImport");
    assert_eq!(fresh["Enabled"], false);
    for absent in ["ExpirationModel", "ValidTo", "CurrentKeyMaterialId", "DeletionDate", "MultiRegionConfiguration"] {
        assert!(fresh.get(absent).is_none(), "{absent}");
    }

    let material = random(32);
    let answer = client.import(&key, &material, json!({})).await.unwrap();
    assert_eq!(answer["KeyId"], arn.as_str());
    let id = answer["KeyMaterialId"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 64);
    let enabled = client.describe(&key).await;
    assert_eq!(enabled["KeyState"], "Enabled");
    assert_eq!(enabled["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    assert_eq!(enabled["CurrentKeyMaterialId"], id.as_str());

    let sealed = client.ok("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"hello") })).await;
    let deleted = client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(deleted, json!({ "KeyId": arn, "KeyMaterialId": id }));
    let empty = client.describe(&key).await;
    assert_eq!(empty["KeyState"], "PendingImport");
    assert_eq!(empty["CurrentKeyMaterialId"], id.as_str(), "the id outlives the material");
    assert!(empty.get("ExpirationModel").is_none());
    assert_eq!(
        client.refused("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"hello") })).await,
        ("KMSInvalidStateException".to_owned(), "<arn> is pending import.".to_owned())
    );

    let again = client.import(&key, &material, json!({})).await.unwrap();
    assert_eq!(again["KeyMaterialId"], id.as_str());
    let opened = client.ok("Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await;
    assert_eq!(bytes(&opened["Plaintext"]), b"hello");
    assert_eq!(opened["KeyMaterialId"], id.as_str());
}

#[tokio::test]
async fn parameters_are_fresh_and_of_the_size_asked_for() {
    let client = Client::new();
    let key = client.symmetric().await;
    let one = client.parameters(&key, "RSAES_OAEP_SHA_256", "RSA_2048").await;
    let two = client.parameters(&key, "RSAES_OAEP_SHA_256", "RSA_2048").await;
    assert_eq!(one["KeyId"], client.arn(&key).as_str());
    assert_eq!(bytes(&one["PublicKey"]).len(), 294);
    assert_ne!(one["PublicKey"], two["PublicKey"]);
    assert_ne!(one["ImportToken"], two["ImportToken"]);
    let large = client.parameters(&key, "RSAES_OAEP_SHA_1", "RSA_4096").await;
    assert_eq!(bytes(&large["PublicKey"]).len(), 550);
    assert!(bytes(&large["ImportToken"]).len() <= 6144);
}

#[tokio::test]
async fn the_same_material_may_be_imported_over_itself_with_another_expiry() {
    let client = Client::new();
    let now = client.freeze() / 1000;
    let material = random(32);
    let key = client.imported(&material).await;
    let expires = json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": now + 3600 });
    client.import(&key, &material, expires).await.unwrap();
    let metadata = client.describe(&key).await;
    assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_EXPIRES");
    assert_eq!(metadata["ValidTo"], now + 3600);
    client.import(&key, &material, json!({})).await.unwrap();
    assert!(client.describe(&key).await.get("ValidTo").is_none());
}

#[tokio::test]
async fn other_material_is_incorrect() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    let request = client.import_request(&key, &random(32), json!({})).await;
    assert_eq!(client.refused("ImportKeyMaterial", request).await.0, "IncorrectKeyMaterialException");

    let mac = client.external("HMAC_256", "GENERATE_VERIFY_MAC").await;
    let first = random(32);
    let answer = client.import(&mac, &first, json!({})).await.unwrap();
    assert!(answer.get("KeyMaterialId").is_none(), "only symmetric keys show ids");
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": mac })).await;
    let request = client.import_request(&mac, &random(32), json!({})).await;
    assert_eq!(client.refused("ImportKeyMaterial", request).await.0, "IncorrectKeyMaterialException");
    client.import(&mac, &first, json!({})).await.unwrap();
}

#[tokio::test]
async fn material_of_the_wrong_length_is_incorrect_and_changes_nothing() {
    let client = Client::new();
    let key = client.symmetric().await;
    for length in [1, 16, 31, 33] {
        let request = client.import_request(&key, &random(length), json!({})).await;
        assert_eq!(client.refused("ImportKeyMaterial", request).await.0, "IncorrectKeyMaterialException", "{length}");
    }
    assert_eq!(client.state(&key).await, "PendingImport");
}

#[tokio::test]
async fn an_import_without_a_valid_to_is_told_so_and_leaves_its_token_usable() {
    let client = Client::new();
    let key = client.symmetric().await;
    let mut request = client.import_request(&key, &random(32), json!({})).await;
    for model in [Value::Null, json!("KEY_MATERIAL_EXPIRES")] {
        request["ExpirationModel"] = model;
        assert_eq!(
            client.refused("ImportKeyMaterial", request.clone()).await,
            (
                "ValidationException".to_owned(),
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES".to_owned()
            )
        );
    }
    request["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE");
    client.ok("ImportKeyMaterial", request).await;
}

#[tokio::test]
async fn valid_to_is_between_now_and_a_year_from_now() {
    let client = Client::new();
    let now = client.freeze() as f64 / 1000.0;
    let year = 365.0 * 86400.0;
    let key = client.symmetric().await;
    let material = random(32);
    for (valid_to, accepted) in
        [(now - 1.0, false), (now, false), (now + 0.001, true), (now + year, true), (now + year + 0.001, false)]
    {
        let members = json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": valid_to });
        let outcome = client.import(&key, &material, members).await;
        assert_eq!(outcome.is_ok(), accepted, "{}", valid_to - now);
    }
    let members = json!({ "ValidTo": now + 60.0 });
    let refusal = client.import(&key, &material, members).await.unwrap_err();
    assert_eq!(refusal.code, "ValidationException", "it does not go with DOES_NOT_EXPIRE");
}

#[tokio::test]
async fn the_hash_of_the_wrapping_must_be_the_one_asked_for() {
    let client = Client::new();
    let key = client.symmetric().await;
    let material = random(32);
    let (one, other) = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256");
    let sha1 = || Oaep::new::<sha1::Sha1>();
    let sha256 = || Oaep::new::<sha2::Sha256>();
    let mixed = || Oaep::new_with_mgf_hash::<sha2::Sha256, sha1::Sha1>();
    for (asked, padding, good) in [
        (one, sha1(), true),
        (one, sha256(), false),
        (other, sha256(), true),
        (other, sha1(), false),
        (other, mixed(), false),
    ] {
        let parameters = client.parameters(&key, asked, "RSA_2048").await;
        let request = json!({
            "KeyId": key,
            "ImportToken": parameters["ImportToken"],
            "EncryptedKeyMaterial": b64(&oaep(&parameters, padding, &material)),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        match client.call("ImportKeyMaterial", request).await {
            Ok(_) => assert!(good, "{asked}"),
            Err(refusal) => {
                assert!(!good, "{asked}: {refusal:?}");
                assert_eq!(refusal.code, "InvalidCiphertextException");
            }
        }
    }
}

#[tokio::test]
async fn material_under_another_public_key_or_garbled_cannot_be_decrypted() {
    let client = Client::new();
    let key = client.symmetric().await;
    let mut request = client.import_request(&key, &random(32), json!({})).await;
    let other = client.parameters(&key, "RSAES_OAEP_SHA_256", "RSA_2048").await;
    request["EncryptedKeyMaterial"] = b64(&oaep_sha256(&other, &random(32))).into();
    assert_eq!(client.refused("ImportKeyMaterial", request.clone()).await.0, "InvalidCiphertextException");
    request["EncryptedKeyMaterial"] = b64(&[0; 256]).into();
    assert_eq!(client.refused("ImportKeyMaterial", request.clone()).await.0, "InvalidCiphertextException");
    request["EncryptedKeyMaterial"] = b64(&random(255)).into();
    assert_eq!(
        client.refused("ImportKeyMaterial", request).await,
        ("ValidationException".to_owned(), "Invalid encrypted key size.".to_owned())
    );
    assert_eq!(client.state(&key).await, "PendingImport");
}

#[tokio::test]
async fn wrappings_that_cannot_carry_the_material_are_not_offered() {
    let client = Client::new();
    let symmetric = client.symmetric().await;
    let rsa = client.external("RSA_2048", "SIGN_VERIFY").await;
    let p521 = client.external("ECC_NIST_P521", "SIGN_VERIFY").await;
    for (key, algorithm, spec) in [
        (&symmetric, "RSAES_PKCS1_V1_5", "RSA_2048"),
        (&symmetric, "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048"),
        (&rsa, "RSAES_OAEP_SHA_256", "RSA_4096"),
        (&p521, "RSAES_OAEP_SHA_256", "RSA_2048"),
    ] {
        let body = json!({ "KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec });
        let (code, _) = client.refused("GetParametersForImport", body).await;
        assert_eq!(code, "UnsupportedOperationException", "{algorithm} {spec}");
    }
    client.parameters(&p521, "RSAES_OAEP_SHA_1", "RSA_3072").await;
}

#[tokio::test]
async fn a_key_with_material_of_aws_takes_no_import() {
    let client = Client::new();
    let key = client.create(json!({})).await;
    let body = json!({ "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    let unsupported = (
        "UnsupportedOperationException".to_owned(),
        "<arn> origin is AWS_KMS which is not valid for this operation.".to_owned(),
    );
    assert_eq!(client.refused("GetParametersForImport", body).await, unsupported);
    assert_eq!(client.refused("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await, unsupported);
    let body = json!({ "KeyId": key, "ImportToken": b64(b"x"), "EncryptedKeyMaterial": b64(b"x") });
    assert_eq!(client.refused("ImportKeyMaterial", body).await, unsupported);
}

#[tokio::test]
async fn members_for_symmetric_keys_are_refused_for_others() {
    let client = Client::new();
    let key = client.external("HMAC_256", "GENERATE_VERIFY_MAC").await;
    for members in [
        json!({ "ImportType": "NEW_KEY_MATERIAL" }),
        json!({ "KeyMaterialDescription": "mine" }),
        json!({ "KeyMaterialId": "0".repeat(64) }),
    ] {
        let refusal = client.import(&key, &random(32), members.clone()).await.unwrap_err();
        assert_eq!(refusal.code, "UnsupportedOperationException", "{members}");
    }
    assert_eq!(client.state(&key).await, "PendingImport");
}

#[tokio::test]
async fn importing_into_a_disabled_key_leaves_it_disabled_unless_it_had_lost_its_material() {
    let client = Client::new();
    let material = random(32);
    let key = client.imported(&material).await;
    client.ok("DisableKey", json!({ "KeyId": key })).await;
    client.import(&key, &material, json!({})).await.unwrap();
    assert_eq!(client.state(&key).await, "Disabled");
    client.ok("DeleteImportedKeyMaterial", json!({ "KeyId": key })).await;
    assert_eq!(client.state(&key).await, "PendingImport");
    client.import(&key, &material, json!({})).await.unwrap();
    assert_eq!(client.state(&key).await, "Enabled");
}
