//! A client of the emulator without a socket, and the wrapping of material by RustCrypto: an oracle that shares no code
//! with the emulator.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::SignedDuration;
use kms_conformance::emulator::{AccountClock, Config, Emulator};
use rsa::pkcs8::DecodePublicKey;
use rsa::{Oaep, RsaPublicKey};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) emulator: Emulator,
    pub(crate) account: String,
    pub(crate) region: String,
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: Option<String>,
}

pub(crate) type Answer = Result<Value, Refusal>;

impl Client {
    pub(crate) fn new() -> Self {
        let emulator = Emulator::new(Config::default());
        Self { emulator, account: ACCOUNT.to_owned(), region: "us-east-1".to_owned() }
    }

    pub(crate) fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    pub(crate) fn in_account(&self, account: &str) -> Self {
        Self { account: account.to_owned(), ..self.clone() }
    }

    pub(crate) fn clock(&self) -> AccountClock {
        self.emulator.clock(&self.account.parse().unwrap())
    }

    /// The account's time, which stands still from now on.
    pub(crate) fn freeze(&self) -> i64 {
        self.clock().freeze();
        self.clock().now().as_millisecond()
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.clock().advance(by);
    }

    pub(crate) async fn call(&self, operation: &str, body: Value) -> Answer {
        self.call_raw(operation, body.to_string().into()).await
    }

    pub(crate) async fn call_raw(&self, operation: &str, body: Bytes) -> Answer {
        let scope = format!("{}/20261121/{}/kms/aws4_request", self.account, self.region);
        let request = http::Request::post("/")
            .header("x-amz-target", format!("TrentService.{operation}"))
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
            .body(body)
            .unwrap();
        let response = self.emulator.respond(request).await;
        assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
        assert!(response.headers().contains_key("x-amzn-requestid"));
        let status = response.status().as_u16();
        let body = response.into_body();
        let value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        if status == 200 {
            return Ok(value);
        }
        let text = |member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
        Err(Refusal {
            status,
            code: text("__type").expect("an error has a type"),
            message: text("message").or_else(|| text("Message")),
        })
    }

    /// Calls, and expects success.
    pub(crate) async fn ok(&self, operation: &str, body: Value) -> Value {
        self.call(operation, body.clone()).await.unwrap_or_else(|refusal| panic!("{operation} {body}: {refusal:?}"))
    }

    /// Calls, and expects a refusal: its code and its message, with the ARN of the key written `<arn>`.
    pub(crate) async fn refused(&self, operation: &str, body: Value) -> (String, String) {
        let key = body.get("KeyId").and_then(Value::as_str).unwrap_or_default().to_owned();
        let arn = if key.starts_with("arn:") { key } else { self.arn(&key) };
        let refusal = match self.call(operation, body.clone()).await {
            Ok(answer) => panic!("{operation} {body} succeeded: {answer}"),
            Err(refusal) => refusal,
        };
        assert_eq!(refusal.status, 400, "{refusal:?}");
        (refusal.code, refusal.message.unwrap_or_else(|| "<none>".to_owned()).replace(&arn, "<arn>"))
    }

    pub(crate) fn arn(&self, key: &str) -> String {
        format!("arn:aws:kms:{}:{}:key/{key}", self.region, self.account)
    }

    /// Makes a key, and returns its id.
    pub(crate) async fn create(&self, body: Value) -> String {
        self.ok("CreateKey", body).await["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn external(&self, spec: &str, usage: &str) -> String {
        self.create(json!({ "Origin": "EXTERNAL", "KeySpec": spec, "KeyUsage": usage })).await
    }

    pub(crate) async fn symmetric(&self) -> String {
        self.external("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").await
    }

    pub(crate) async fn describe(&self, key: &str) -> Value {
        self.ok("DescribeKey", json!({ "KeyId": key })).await["KeyMetadata"].clone()
    }

    pub(crate) async fn state(&self, key: &str) -> String {
        self.describe(key).await["KeyState"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn parameters(&self, key: &str, algorithm: &str, spec: &str) -> Value {
        let body = json!({ "KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec });
        self.ok("GetParametersForImport", body).await
    }

    /// A request to import the material, wrapped afresh, that never expires. The members given are added or replaced.
    pub(crate) async fn import_request(&self, key: &str, material: &[u8], members: Value) -> Value {
        let parameters = self.parameters(key, "RSAES_OAEP_SHA_256", "RSA_2048").await;
        let mut request = json!({
            "KeyId": key,
            "ImportToken": parameters["ImportToken"],
            "EncryptedKeyMaterial": b64(&oaep_sha256(&parameters, material)),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        for (name, value) in members.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    }

    pub(crate) async fn import(&self, key: &str, material: &[u8], members: Value) -> Answer {
        let request = self.import_request(key, material, members).await;
        self.call("ImportKeyMaterial", request).await
    }

    /// A symmetric key with this material.
    pub(crate) async fn imported(&self, material: &[u8]) -> String {
        let key = self.symmetric().await;
        self.import(&key, material, json!({})).await.unwrap();
        key
    }
}

pub(crate) fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("a blob")).unwrap()
}

pub(crate) fn random(length: usize) -> Vec<u8> {
    (0..length).map(|_| rand::random()).collect()
}

fn public_key(parameters: &Value) -> RsaPublicKey {
    RsaPublicKey::from_public_key_der(&bytes(&parameters["PublicKey"])).unwrap()
}

/// Wraps by RSA-OAEP with SHA-256.
pub(crate) fn oaep_sha256(parameters: &Value, material: &[u8]) -> Vec<u8> {
    oaep(parameters, Oaep::new::<sha2::Sha256>(), material)
}

pub(crate) fn oaep(parameters: &Value, padding: Oaep, material: &[u8]) -> Vec<u8> {
    public_key(parameters).encrypt(&mut rand::thread_rng(), padding, material).unwrap()
}

/// Wraps as RSA_AES_KEY_WRAP does: an AES key by RSA-OAEP, then the material under it by AES-KWP.
pub(crate) fn rsa_aes(parameters: &Value, padding: Oaep, material: &[u8]) -> Vec<u8> {
    let key: [u8; 32] = random(32).try_into().unwrap();
    let mut wrapped = oaep(parameters, padding, &key);
    wrapped.extend(aes_kw::KekAes256::from(key).wrap_with_padding_vec(material).unwrap());
    wrapped
}
