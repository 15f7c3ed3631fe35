//! Keys apart from their material: creation, look-up, states, tags, aliases, validation.

use serde_json::{Value, json};

use crate::client::{Client, b64, random};

const UNKNOWN: &str = "00000000-12ab-34cd-56ef-1234567890ab";

fn pair(code: &str, message: &str) -> (String, String) {
    (code.to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_key_is_described_as_it_was_created() {
    let client = Client::new();
    let created = client.ok("CreateKey", json!({ "Origin": "EXTERNAL", "Description": "mine" })).await;
    let metadata = &created["KeyMetadata"];
    assert_eq!(*metadata, client.describe(metadata["KeyId"].as_str().unwrap()).await);
    for (member, value) in [
        ("AWSAccountId", json!("111122223333")),
        ("CustomerMasterKeySpec", json!("SYMMETRIC_DEFAULT")),
        ("Description", json!("mine")),
        ("EncryptionAlgorithms", json!(["SYMMETRIC_DEFAULT"])),
        ("KeyManager", json!("CUSTOMER")),
        ("KeySpec", json!("SYMMETRIC_DEFAULT")),
        ("KeyUsage", json!("ENCRYPT_DECRYPT")),
        ("MultiRegion", json!(false)),
        ("Origin", json!("EXTERNAL")),
    ] {
        assert_eq!(metadata[member], value, "{member}");
    }
    assert!(metadata.get("SigningAlgorithms").is_none());
}

#[tokio::test]
async fn every_importable_spec_makes_an_external_key() {
    let client = Client::new();
    for (spec, usage, algorithms, expected) in [
        ("HMAC_224", "GENERATE_VERIFY_MAC", "MacAlgorithms", json!(["HMAC_SHA_224"])),
        ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", json!(["ECDSA_SHA_256"])),
        ("ECC_NIST_P384", "KEY_AGREEMENT", "KeyAgreementAlgorithms", json!(["ECDH"])),
        ("ECC_NIST_P521", "SIGN_VERIFY", "SigningAlgorithms", json!(["ECDSA_SHA_512"])),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", json!(["ECDSA_SHA_256"])),
        ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", json!(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])),
    ] {
        let key = client.external(spec, usage).await;
        let metadata = client.describe(&key).await;
        assert_eq!(metadata[algorithms], expected, "{spec}");
        assert_eq!(metadata["KeyState"], "PendingImport");
    }
}

#[tokio::test]
async fn what_cannot_be_is_not_created() {
    let client = Client::new();
    for (body, code, message) in [
        (
            json!({ "KeySpec": "HMAC_256", "Origin": "EXTERNAL" }),
            "ValidationException",
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        ),
        (
            json!({ "KeySpec": "RSA_2048", "KeyUsage": "KEY_AGREEMENT" }),
            "ValidationException",
            "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048",
        ),
        (
            json!({ "KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL" }),
            "UnsupportedOperationException",
            "KeySpec ML_DSA_44 is not supported for keys with Origin EXTERNAL.",
        ),
        (
            json!({ "Tags": [{ "TagKey": "aws:x", "TagValue": "" }] }),
            "TagException",
            "Tags beginning with aws: are reserved",
        ),
        (
            json!({ "Tags": (0..51).map(|n| json!({ "TagKey": n.to_string(), "TagValue": "" })).collect::<Vec<_>>() }),
            "TagException",
            "Too many tags",
        ),
    ] {
        assert_eq!(client.refused("CreateKey", body.clone()).await, pair(code, message), "{body}");
    }
    let body = json!({ "KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL" });
    let (code, message) = client.refused("CreateKey", body).await;
    assert_eq!(code, "ValidationException");
    assert!(message.contains("'SM2' at 'keySpec'"), "{message}");
}

#[tokio::test]
async fn keys_are_found_by_id_arn_and_alias() {
    let client = Client::new();
    let key = client.symmetric().await;
    let alias = format!("arn:aws:kms:us-east-1:{}:alias/a", client.account);
    client.ok("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": client.arn(&key) })).await;
    for name in [key.as_str(), &client.arn(&key), "alias/a", &alias] {
        assert_eq!(client.describe(name).await["KeyId"], key.as_str(), "{name}");
    }
    assert_eq!(
        client.refused("DisableKey", json!({ "KeyId": "alias/a" })).await,
        pair("InvalidArnException", "Key Aliases are not supported for this operation.")
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let client = Client::new();
    let key = client.symmetric().await;
    let elsewhere = client.arn(&key).replace("us-east-1", "eu-west-1");
    let stranger = client.arn(&key).replace("111122223333", "444455556666");
    for (name, code, message) in [
        ("fake-key-id", "NotFoundException", "Invalid keyId 'fake-key-id'"),
        ("mrk-fake-key-id", "NotFoundException", "Invalid keyId 'mrk-fake-key-id'"),
        (UNKNOWN, "NotFoundException", "Key '<arn>' does not exist"),
        (&client.arn(UNKNOWN), "NotFoundException", "Key '<arn>' does not exist"),
        (&elsewhere, "NotFoundException", "Invalid arn eu-west-1"),
        ("alias/x", "NotFoundException", "Alias arn:aws:kms:us-east-1:111122223333:alias/x is not found."),
        ("arn:aws:s3:::x", "InvalidArnException", "Invalid arn <arn>"),
    ] {
        assert_eq!(client.refused("DescribeKey", json!({ "KeyId": name })).await, pair(code, message), "{name}");
    }
    assert_eq!(client.refused("DescribeKey", json!({ "KeyId": stranger })).await.0, "AccessDeniedException");
    let abroad = client.in_region("eu-west-1");
    assert_eq!(
        abroad.refused("DescribeKey", json!({ "KeyId": key })).await,
        pair("NotFoundException", "Key '<arn>' does not exist")
    );
}

#[tokio::test]
async fn enabling_and_disabling_repeat_without_harm() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    for (operation, state) in
        [("EnableKey", "Enabled"), ("DisableKey", "Disabled"), ("DisableKey", "Disabled"), ("EnableKey", "Enabled")]
    {
        assert_eq!(client.ok(operation, json!({ "KeyId": key })).await, Value::Null);
        assert_eq!(client.state(&key).await, state);
    }
    client.ok("DisableKey", json!({ "KeyId": key })).await;
    assert_eq!(
        client.refused("Encrypt", json!({ "KeyId": key, "Plaintext": b64(b"x") })).await,
        pair("DisabledException", "<arn> is disabled.")
    );
    let empty = client.symmetric().await;
    for operation in ["EnableKey", "DisableKey"] {
        assert_eq!(
            client.refused(operation, json!({ "KeyId": empty })).await,
            pair("KMSInvalidStateException", "<arn> is pending import.")
        );
    }
}

#[tokio::test]
async fn only_windows_of_7_to_30_days_are_accepted() {
    let client = Client::new();
    let key = client.symmetric().await;
    for days in [0, 1, 6, 31, 365, 366] {
        let body = json!({ "KeyId": key, "PendingWindowInDays": days });
        assert_eq!(client.refused("ScheduleKeyDeletion", body).await.0, "ValidationException", "{days}");
    }
    assert_eq!(
        client.refused("CancelKeyDeletion", json!({ "KeyId": key })).await,
        pair("KMSInvalidStateException", "<arn> is not pending deletion.")
    );
    assert_eq!(client.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await["PendingWindowInDays"], 30);
}

#[tokio::test]
async fn tags_are_kept_and_replaced_and_taken_off() {
    let client = Client::new();
    let key = client.create(json!({ "Tags": [{ "TagKey": "a", "TagValue": "1" }] })).await;
    let tags = json!([{ "TagKey": "a", "TagValue": "2" }, { "TagKey": "b", "TagValue": "" }]);
    client.ok("TagResource", json!({ "KeyId": key, "Tags": tags })).await;
    assert_eq!(client.ok("ListResourceTags", json!({ "KeyId": key })).await["Tags"], tags);
    client.ok("UntagResource", json!({ "KeyId": key, "TagKeys": ["a"] })).await;
    let page = client.ok("ListResourceTags", json!({ "KeyId": key })).await;
    assert_eq!(page, json!({ "Tags": [{ "TagKey": "b", "TagValue": "" }], "Truncated": false }));
    let twice = json!([{ "TagKey": "a", "TagValue": "1" }, { "TagKey": "a", "TagValue": "2" }]);
    assert_eq!(
        client.refused("TagResource", json!({ "KeyId": key, "Tags": twice })).await,
        pair("TagException", "Duplicate tag keys")
    );
}

#[tokio::test]
async fn aliases_are_made_moved_and_listed() {
    let client = Client::new();
    let (one, other) = (client.symmetric().await, client.symmetric().await);
    let body = json!({ "AliasName": "alias/a", "TargetKeyId": one });
    client.ok("CreateAlias", body.clone()).await;
    assert_eq!(client.call("CreateAlias", body).await.unwrap_err().code, "AlreadyExistsException");
    client.ok("UpdateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": other })).await;
    let listed = client.ok("ListAliases", json!({ "KeyId": other })).await;
    assert_eq!(listed["Aliases"][0]["TargetKeyId"], other.as_str());
    assert_eq!(client.ok("ListAliases", json!({ "KeyId": one })).await["Aliases"], json!([]));
    client.ok("DeleteAlias", json!({ "AliasName": "alias/a" })).await;
    assert_eq!(
        client.call("DeleteAlias", json!({ "AliasName": "alias/a" })).await.unwrap_err().code,
        "NotFoundException"
    );
    let refusal = client.call("CreateAlias", json!({ "AliasName": "a", "TargetKeyId": one })).await.unwrap_err();
    assert!(refusal.message.unwrap().starts_with("Alias must start with the prefix \"alias/\"."));
}

#[tokio::test]
async fn policies_are_kept() {
    let client = Client::new();
    let key = client.symmetric().await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    client.ok("PutKeyPolicy", json!({ "KeyId": key, "Policy": policy })).await;
    let shown = client.ok("GetKeyPolicy", json!({ "KeyId": key })).await;
    assert_eq!(shown, json!({ "Policy": policy, "PolicyName": "default" }));
    let body = json!({ "KeyId": key, "Policy": "{" });
    assert_eq!(client.refused("PutKeyPolicy", body).await.0, "MalformedPolicyDocumentException");
}

#[tokio::test]
async fn validation_comes_before_the_key_is_looked_for() {
    let client = Client::new();
    let body = json!({ "KeyId": UNKNOWN, "ImportToken": "", "EncryptedKeyMaterial": b64(&[0; 6145]) });
    assert_eq!(
        client.refused("ImportKeyMaterial", body).await,
        pair(
            "ValidationException",
            "2 validation errors detected: Value at 'importToken' failed to satisfy constraint: Member must have \
             length greater than or equal to 1; Value at 'encryptedKeyMaterial' failed to satisfy constraint: Member \
             must have length less than or equal to 6144"
        )
    );
    let refusal = client.call_raw("DescribeKey", "{".into()).await.unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (400, "SerializationException"));
}

#[tokio::test]
async fn random_bytes_are_counted() {
    let client = Client::new();
    let answer = client.ok("GenerateRandom", json!({ "NumberOfBytes": 7 })).await;
    assert_eq!(crate::client::bytes(&answer["Plaintext"]).len(), 7);
    assert_eq!(
        client.refused("GenerateRandom", json!({})).await,
        pair("ValidationException", "NumberOfBytes is required.")
    );
}
