//! What imported material does is what it would do anywhere.

use hmac::Mac;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use rsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};

use crate::client::{Client, b64, bytes, oaep, random, rsa_aes};

async fn import_wrapped(client: &Client, key: &str, parameters: &Value, wrapped: &[u8]) {
    let request = json!({
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": b64(wrapped),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    });
    client.ok("ImportKeyMaterial", request).await;
    let metadata = client.describe(key).await;
    assert_eq!(metadata["KeyState"], "Enabled");
    assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    assert!(metadata.get("CurrentKeyMaterialId").is_none(), "only symmetric keys show ids");
}

#[tokio::test]
async fn a_mac_is_the_hmac_of_the_imported_bytes() {
    let client = Client::new();
    for (spec, algorithm, length) in [
        ("HMAC_224", "HMAC_SHA_224", 28),
        ("HMAC_256", "HMAC_SHA_256", 32),
        ("HMAC_384", "HMAC_SHA_384", 48),
        ("HMAC_512", "HMAC_SHA_512", 64),
    ] {
        let key = client.external(spec, "GENERATE_VERIFY_MAC").await;
        let material = random(length);
        client.import(&key, &material, json!({})).await.unwrap();
        let message = random(100);
        let body = json!({ "KeyId": key, "Message": b64(&message), "MacAlgorithm": algorithm });
        let mac = bytes(&client.ok("GenerateMac", body).await["Mac"]);
        macro_rules! expected {
            ($hash:ty) => {
                hmac::Hmac::<$hash>::new_from_slice(&material).unwrap().chain_update(&message).finalize().into_bytes()[..]
                    .to_vec()
            };
        }
        let expected = match length {
            28 => expected!(sha2::Sha224),
            32 => expected!(sha2::Sha256),
            48 => expected!(sha2::Sha384),
            _ => expected!(sha2::Sha512),
        };
        assert_eq!(mac, expected, "{spec}");
        let mut body = json!({ "KeyId": key, "Message": b64(&message), "MacAlgorithm": algorithm, "Mac": b64(&mac) });
        assert_eq!(client.ok("VerifyMac", body.clone()).await["MacValid"], true);
        body["Mac"] = b64(&random(mac.len())).into();
        let refusal = client.call("VerifyMac", body).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.message), ("KMSInvalidMacException", None));
    }
}

#[tokio::test]
async fn an_imported_rsa_key_signs_and_decrypts_as_the_importers_own() {
    let client = Client::new();
    let private = RsaPrivateKey::new(&mut rand::thread_rng(), 2048).unwrap();
    let public = private.to_public_key();
    let pkcs8 = private.to_pkcs8_der().unwrap();
    let spki = public.to_public_key_der().unwrap();

    let signer = client.external("RSA_2048", "SIGN_VERIFY").await;
    let parameters = client.parameters(&signer, "RSA_AES_KEY_WRAP_SHA_256", "RSA_3072").await;
    let wrapped = rsa_aes(&parameters, Oaep::new::<sha2::Sha256>(), pkcs8.as_bytes());
    import_wrapped(&client, &signer, &parameters, &wrapped).await;
    let shown = client.ok("GetPublicKey", json!({ "KeyId": signer })).await;
    assert_eq!(bytes(&shown["PublicKey"]), spki.as_bytes());
    let body = json!({ "KeyId": signer, "Message": b64(b"hello"), "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256" });
    let signature = bytes(&client.ok("Sign", body).await["Signature"]);
    let verifier = rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(public.clone());
    verifier.verify(b"hello", &signature.as_slice().try_into().unwrap()).unwrap();
    let body = json!({ "KeyId": signer, "Message": b64(b"hello"), "SigningAlgorithm": "RSASSA_PSS_SHA_512" });
    let signature = bytes(&client.ok("Sign", body).await["Signature"]);
    let verifier = rsa::pss::VerifyingKey::<sha2::Sha512>::new(public.clone());
    verifier.verify(b"hello", &signature.as_slice().try_into().unwrap()).unwrap();

    let decrypter = client.external("RSA_2048", "ENCRYPT_DECRYPT").await;
    let parameters = client.parameters(&decrypter, "RSA_AES_KEY_WRAP_SHA_1", "RSA_2048").await;
    let wrapped = rsa_aes(&parameters, Oaep::new::<sha1::Sha1>(), pkcs8.as_bytes());
    import_wrapped(&client, &decrypter, &parameters, &wrapped).await;
    let sealed = public.encrypt(&mut rand::thread_rng(), Oaep::new::<sha2::Sha256>(), b"hello").unwrap();
    let algorithm = "RSAES_OAEP_SHA_256";
    let body = json!({ "KeyId": decrypter, "CiphertextBlob": b64(&sealed), "EncryptionAlgorithm": algorithm });
    let opened = client.ok("Decrypt", body).await;
    assert_eq!(bytes(&opened["Plaintext"]), b"hello");
    assert!(opened.get("KeyMaterialId").is_none());
    let body = json!({ "KeyId": decrypter, "Plaintext": b64(b"hi"), "EncryptionAlgorithm": algorithm });
    let sealed = bytes(&client.ok("Encrypt", body).await["CiphertextBlob"]);
    assert_eq!(private.decrypt(Oaep::new::<sha2::Sha256>(), &sealed).unwrap(), b"hi");
    let body = json!({ "KeyId": decrypter, "Plaintext": b64(&[0; 191]), "EncryptionAlgorithm": algorithm });
    assert_eq!(
        client.refused("Encrypt", body).await.1,
        "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes."
    );
}

macro_rules! ecdsa_cycle {
    ($client:expr, $spec:literal, $algorithm:literal, $wrapping_key:literal, $curve:ident, $private:expr) => {{
        let secret = $curve::SecretKey::random(&mut rand::thread_rng());
        let private: Vec<u8> = $private(&secret);
        let key = $client.external($spec, "SIGN_VERIFY").await;
        let parameters = $client.parameters(&key, "RSAES_OAEP_SHA_1", $wrapping_key).await;
        let wrapped = oaep(&parameters, Oaep::new::<sha1::Sha1>(), &private);
        import_wrapped(&$client, &key, &parameters, &wrapped).await;
        let shown = bytes(&$client.ok("GetPublicKey", json!({ "KeyId": key })).await["PublicKey"]);
        assert_eq!(shown, secret.public_key().to_public_key_der().unwrap().as_bytes(), $spec);

        let body = json!({ "KeyId": key, "Message": b64(b"hello"), "SigningAlgorithm": $algorithm });
        let signature = $client.ok("Sign", body.clone()).await["Signature"].clone();
        let verifier = $curve::ecdsa::VerifyingKey::from_affine(*secret.public_key().as_affine()).unwrap();
        // RustCrypto's secp256k1 takes only the smaller of the two values of S that are both good.
        let parsed = $curve::ecdsa::Signature::from_der(&bytes(&signature)).unwrap();
        verifier.verify(b"hello", &parsed.normalize_s().unwrap_or(parsed)).unwrap();
        let mut body = body;
        body["Signature"] = signature;
        assert_eq!($client.ok("Verify", body.clone()).await["SignatureValid"], true);
        body["Message"] = b64(b"other").into();
        let refusal = $client.call("Verify", body).await.unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.message), ("KMSInvalidSignatureException", None));
    }};
}

#[tokio::test]
async fn imported_ecc_keys_sign_as_the_importers_own() {
    let client = Client::new();
    ecdsa_cycle!(client, "ECC_NIST_P256", "ECDSA_SHA_256", "RSA_2048", p256, |secret: &p256::SecretKey| {
        secret.to_pkcs8_der().unwrap().as_bytes().to_vec()
    });
    ecdsa_cycle!(client, "ECC_NIST_P384", "ECDSA_SHA_384", "RSA_2048", p384, |secret: &p384::SecretKey| {
        secret.to_pkcs8_der().unwrap().as_bytes().to_vec()
    });
    ecdsa_cycle!(client, "ECC_SECG_P256K1", "ECDSA_SHA_256", "RSA_2048", k256, |secret: &k256::SecretKey| {
        secret.to_pkcs8_der().unwrap().as_bytes().to_vec()
    });
}

/// RustCrypto's P-521 has no verifier for DER signatures, so the emulator checks its own here.
#[tokio::test]
async fn an_imported_p521_key_shows_the_importers_public_key() {
    let client = Client::new();
    let secret = p521::SecretKey::random(&mut rand::thread_rng());
    let key = client.external("ECC_NIST_P521", "SIGN_VERIFY").await;
    let parameters = client.parameters(&key, "RSAES_OAEP_SHA_256", "RSA_3072").await;
    let pkcs8 = secret.to_pkcs8_der().unwrap();
    let wrapped = oaep(&parameters, Oaep::new::<sha2::Sha256>(), pkcs8.as_bytes());
    import_wrapped(&client, &key, &parameters, &wrapped).await;
    let shown = bytes(&client.ok("GetPublicKey", json!({ "KeyId": key })).await["PublicKey"]);
    assert_eq!(p521::PublicKey::from_public_key_der(&shown).unwrap(), secret.public_key());
    let mut body = json!({ "KeyId": key, "Message": b64(b"hello"), "SigningAlgorithm": "ECDSA_SHA_512" });
    body["Signature"] = client.ok("Sign", body.clone()).await["Signature"].clone();
    assert_eq!(client.ok("Verify", body).await["SignatureValid"], true);
}

/// The first test vector of RFC 8032.
#[tokio::test]
async fn an_imported_ed25519_key_gives_the_signature_of_the_rfc() {
    let client = Client::new();
    let key = client.external("ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await;
    let pkcs8 = "302e020100300506032b657004220420c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    client.import(&key, &hex::decode(pkcs8).unwrap(), json!({})).await.unwrap();
    let body = json!({ "KeyId": key, "Message": b64(&[0xaf, 0x82]), "SigningAlgorithm": "ED25519_SHA_512" });
    assert_eq!(
        hex::encode(bytes(&client.ok("Sign", body.clone()).await["Signature"])),
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    );
    let mut body = body;
    body["Signature"] = client.ok("Sign", body.clone()).await["Signature"].clone();
    assert_eq!(client.ok("Verify", body).await["SignatureValid"], true);
}

#[tokio::test]
async fn a_digest_may_be_signed_in_place_of_its_message() {
    use sha2::Digest;
    let client = Client::new();
    let key = client.create(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })).await;
    let digest = sha2::Sha256::digest(b"hello");
    let mut body = json!({
        "KeyId": key, "Message": b64(&digest), "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256",
    });
    let signature = client.ok("Sign", body.clone()).await["Signature"].clone();
    let verify =
        json!({ "KeyId": key, "Message": b64(b"hello"), "Signature": signature, "SigningAlgorithm": "ECDSA_SHA_256" });
    assert_eq!(client.ok("Verify", verify).await["SignatureValid"], true);
    body["Message"] = b64(&digest[..31]).into();
    assert_eq!(
        client.refused("Sign", body).await,
        ("ValidationException".to_owned(), "Digest is invalid length for algorithm ECDSA_SHA_256.".to_owned())
    );
}

#[tokio::test]
async fn material_in_another_encoding_is_refused() {
    let client = Client::new();
    let secret = p256::SecretKey::random(&mut rand::thread_rng());
    let pkcs8 = secret.to_pkcs8_der().unwrap().as_bytes().to_vec();
    let pem = secret.to_pkcs8_pem(Default::default()).unwrap().as_bytes().to_vec();
    let sec1 = secret.to_sec1_der().unwrap().to_vec();
    let padded = [pkcs8.as_slice(), &[0]].concat();
    let key = client.external("ECC_NIST_P384", "SIGN_VERIFY").await;
    let right = client.external("ECC_NIST_P256", "SIGN_VERIFY").await;
    for (key, material, what) in
        [(&key, &pkcs8, "other curve"), (&right, &sec1, "SEC1"), (&right, &padded, "trailing byte")]
    {
        let refusal = client.import(key, material, json!({})).await.unwrap_err();
        assert_eq!(refusal.code, "IncorrectKeyMaterialException", "{what}");
    }
    let parameters = client.parameters(&right, "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048").await;
    let request = json!({
        "KeyId": right,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": b64(&rsa_aes(&parameters, Oaep::new::<sha2::Sha256>(), &pem)),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    });
    assert_eq!(client.refused("ImportKeyMaterial", request).await.0, "IncorrectKeyMaterialException");
}

#[tokio::test]
async fn a_ciphertext_belongs_to_its_key_and_context() {
    let client = Client::new();
    let material = random(32);
    let (one, twin) = (client.imported(&material).await, client.imported(&material).await);
    let context = json!({ "a": "b" });
    let body = json!({ "KeyId": one, "Plaintext": b64(b"hello"), "EncryptionContext": context });
    let sealed = client.ok("Encrypt", body).await;
    let blob = &sealed["CiphertextBlob"];
    assert_eq!(sealed["KeyId"], client.arn(&one).as_str());

    let refusal = client.call("Decrypt", json!({ "CiphertextBlob": blob })).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.message), ("InvalidCiphertextException", None));
    let body = json!({ "CiphertextBlob": blob, "EncryptionContext": context, "KeyId": twin });
    assert_eq!(
        client.refused("Decrypt", body).await,
        (
            "IncorrectKeyException".to_owned(),
            "The key ID in the request does not identify a CMK that can perform this operation.".to_owned()
        )
    );
    let body = json!({
        "CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": twin,
    });
    let moved = client.ok("ReEncrypt", body).await;
    assert_eq!(moved["SourceKeyId"], client.arn(&one).as_str());
    assert_eq!(moved["KeyId"], client.arn(&twin).as_str());
    assert_ne!(moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]);
    let opened = client.ok("Decrypt", json!({ "CiphertextBlob": moved["CiphertextBlob"], "KeyId": twin })).await;
    assert_eq!(bytes(&opened["Plaintext"]), b"hello");
    let mut garbled = bytes(blob);
    *garbled.last_mut().unwrap() ^= 1;
    let body = json!({ "CiphertextBlob": b64(&garbled), "EncryptionContext": context });
    assert_eq!(client.call("Decrypt", body).await.unwrap_err().code, "InvalidCiphertextException");
}

#[tokio::test]
async fn a_data_key_opens_to_its_plaintext() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    for (members, length) in [(json!({ "KeySpec": "AES_256" }), 32), (json!({ "NumberOfBytes": 100 }), 100)] {
        let mut body = members;
        body["KeyId"] = key.as_str().into();
        let answer = client.ok("GenerateDataKey", body.clone()).await;
        assert_eq!(bytes(&answer["Plaintext"]).len(), length);
        assert_eq!(answer["KeyMaterialId"].as_str().unwrap().len(), 64);
        let opened = client.ok("Decrypt", json!({ "CiphertextBlob": answer["CiphertextBlob"] })).await;
        assert_eq!(opened["Plaintext"], answer["Plaintext"]);
        assert!(client.ok("GenerateDataKeyWithoutPlaintext", body).await.get("Plaintext").is_none());
    }
    assert_eq!(
        client.refused("GenerateDataKey", json!({ "KeyId": key })).await.1,
        "Please specify either number of bytes or key spec."
    );
}

#[tokio::test]
async fn a_key_does_only_what_it_is_for() {
    let client = Client::new();
    let signer = client.create(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })).await;
    assert_eq!(
        client.refused("Encrypt", json!({ "KeyId": signer, "Plaintext": b64(b"x") })).await,
        (
            "InvalidKeyUsageException".to_owned(),
            "<arn> key usage is SIGN_VERIFY which is not valid for Encrypt.".to_owned()
        )
    );
    let mac = client.create(json!({ "KeySpec": "HMAC_224", "KeyUsage": "GENERATE_VERIFY_MAC" })).await;
    assert_eq!(
        client.refused("GenerateMac", json!({ "KeyId": mac, "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256" })).await,
        (
            "InvalidKeyUsageException".to_owned(),
            "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.".to_owned()
        )
    );
    let key = client.imported(&random(32)).await;
    assert_eq!(client.refused("GetPublicKey", json!({ "KeyId": key })).await.0, "UnsupportedOperationException");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_have_been() {
    let client = Client::new();
    let key = client.imported(&random(32)).await;
    let body = json!({ "KeyId": key, "Plaintext": b64(b"x"), "DryRun": true });
    assert_eq!(
        client.refused("Encrypt", body.clone()).await,
        (
            "DryRunOperationException".to_owned(),
            "The request would have succeeded, but the DryRun option is set.".to_owned()
        )
    );
    client.ok("DisableKey", json!({ "KeyId": key })).await;
    assert_eq!(client.refused("Encrypt", body).await.0, "DisabledException");
}

#[tokio::test]
async fn an_rsa_key_of_aws_has_the_size_of_its_spec() {
    let client = Client::new();
    let key = client.create(json!({ "KeySpec": "RSA_3072", "KeyUsage": "SIGN_VERIFY" })).await;
    let public = bytes(&client.ok("GetPublicKey", json!({ "KeyId": key })).await["PublicKey"]);
    assert_eq!(RsaPublicKey::from_public_key_der(&public).unwrap().size(), 384);
    assert!(RsaPrivateKey::from_pkcs8_der(&public).is_err());
}
