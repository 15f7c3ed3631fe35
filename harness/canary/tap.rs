//! A tap on the wire between the harness and the emulator: it knows every secret that passes.
//!
//! Key material passes wrapped. So the tap answers `GetParametersForImport` with a public key of its own, opens what is
//! imported, and wraps it again for the emulator: what any man in the middle would do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kms_conformance::emulator::{Config, Emulator};
use kms_conformance::kms::WrappingAlgorithm;
use kms_conformance::material::wrap;
use serde_json::{Value, json};

use super::echo;
use super::needles::Needles;

/// Wrapping keys of each size: enough for tests that import under one key what was wrapped for another.
const KEYS: usize = 5;

/// Whether the target quotes secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It answers as the emulator does.
    Good,
    /// It quotes secrets, in every form, in exceptions, headers and members that nobody asked for.
    QuotesSecrets,
}

/// What passed.
#[derive(Default)]
pub(crate) struct Record {
    /// Every secret.
    pub(crate) needles: Needles,
    /// Kinds of secrets, and how many passed.
    pub(crate) kinds: HashMap<String, usize>,
    /// Some of the traffic as it was.
    pub(crate) wire: Vec<u8>,
}

impl Record {
    fn add(&mut self, kind: &str, secret: &[u8]) {
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        self.needles.add(kind, secret);
    }

    fn keep(&mut self, body: &[u8]) {
        if self.wire.len() < 4 << 20 {
            self.wire.extend_from_slice(body);
            self.wire.push(b'\n');
        }
    }
}

struct Escrow {
    algorithm: WrappingAlgorithm,
    own: Arc<PrivateDecryptingKey>,
    real: Vec<u8>,
}

/// The tap.
pub(crate) struct Tap {
    emulator: Emulator,
    manners: Manners,
    next: AtomicUsize,
    imports: AtomicUsize,
    escrows: Mutex<HashMap<String, Escrow>>,
    pub(crate) record: Mutex<Record>,
}

/// Wrapping keys by their size.
fn keys() -> &'static HashMap<&'static str, Vec<Arc<PrivateDecryptingKey>>> {
    static MADE: LazyLock<HashMap<&'static str, Vec<Arc<PrivateDecryptingKey>>>> = LazyLock::new(|| {
        let sizes = [("RSA_2048", KeySize::Rsa2048), ("RSA_3072", KeySize::Rsa3072), ("RSA_4096", KeySize::Rsa4096)];
        let make = |size| (0..KEYS).map(|_| Arc::new(PrivateDecryptingKey::generate(size).unwrap())).collect();
        sizes.map(|(name, size)| (name, make(size))).into()
    });
    &MADE
}

/// A tap on a port of its own, for as long as the test process lives, and its URL.
pub(crate) fn start(manners: Manners) -> (Arc<Tap>, String) {
    let tap = Arc::new(Tap {
        emulator: Emulator::new(Config::default()),
        manners,
        next: AtomicUsize::new(0),
        imports: AtomicUsize::new(0),
        escrows: Mutex::default(),
        record: Mutex::default(),
    });
    let (send, receive) = std::sync::mpsc::channel();
    let served = Arc::clone(&tap);
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(format!("http://{}", listener.local_addr().unwrap())).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let tap = Arc::clone(&served);
                let service = service_fn(move |request| Arc::clone(&tap).serve(request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
    });
    (tap, receive.recv().unwrap())
}

impl Tap {
    async fn serve(self: Arc<Self>, request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>, String> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(self.respond(Request::from_parts(head, body)).await.map(Full::new))
    }

    async fn respond(&self, request: Request<Bytes>) -> Response<Bytes> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let operation = header("x-amz-target").replace("TrentService.", "");
        if operation.is_empty() {
            return self.emulator.respond(request).await;
        }
        let mut asked = self.credentials(header("authorization"), header("x-amz-security-token"));
        let input: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let opened = self.request(&operation, &input, &mut asked);
        let request = match &opened {
            Some(body) => request.map(|_| Bytes::from(body.to_string())),
            None => request,
        };
        self.record.lock().unwrap().keep(input.to_string().as_bytes());
        let response = self.emulator.respond(request).await;
        self.record.lock().unwrap().keep(response.body());
        let Ok(mut answer) = serde_json::from_slice::<Value>(response.body()) else { return response };
        let mut answered = Vec::new();
        self.answer(&operation, &input, &mut answer, &mut answered);
        let response = response.map(|_| Bytes::from(answer.to_string()));
        match self.manners {
            Manners::Good => response,
            Manners::QuotesSecrets => {
                let count = usize::from(operation == "ImportKeyMaterial");
                let turn = self.imports.fetch_add(count, Ordering::Relaxed);
                echo::quote(&operation, response, &asked, &answered, turn)
            }
        }
    }

    /// What the request is signed with. The secret access key never passes: the test knows it.
    fn credentials(&self, authorization: &str, token: &str) -> Vec<Vec<u8>> {
        let mut record = self.record.lock().unwrap();
        let mut quotable = Vec::new();
        if let Some(Ok(signature)) = authorization.split("Signature=").nth(1).map(hex::decode) {
            record.add("a signature", &signature);
            quotable.push(signature);
        }
        if !token.is_empty() {
            let token = STANDARD.decode(token).unwrap();
            record.add("a session token", &token);
            quotable.push(token);
        }
        quotable
    }

    /// Opens what is imported, and wraps it again. `None` if it cannot be opened, or is something else: it is passed on.
    fn request(&self, operation: &str, input: &Value, quotable: &mut Vec<Vec<u8>>) -> Option<Value> {
        if operation != "ImportKeyMaterial" {
            return None;
        }
        let mut record = self.record.lock().unwrap();
        for member in ["ImportToken", "EncryptedKeyMaterial"] {
            let bytes = STANDARD.decode(input[member].as_str().unwrap_or_default()).unwrap_or_default();
            // A token that nobody issued is a scenario's own words. Of a damaged one the parts are known.
            if member != "ImportToken" {
                record.add("encrypted material", &bytes);
            }
            quotable.push(bytes);
        }
        let wrapped = quotable.last()?.clone();
        let escrows = self.escrows.lock().unwrap();
        let escrow = escrows.get(input["ImportToken"].as_str()?)?;
        let material = open(escrow, &wrapped)?;
        record.add("key material", &material);
        quotable.push(material.clone());
        let mut input = input.clone();
        input["EncryptedKeyMaterial"] = STANDARD.encode(wrap(&material, &escrow.real, escrow.algorithm).ok()?).into();
        Some(input)
    }

    fn answer(&self, operation: &str, input: &Value, answer: &mut Value, quotable: &mut Vec<Vec<u8>>) {
        let secrets: &[(&str, &str)] = match operation {
            "GetParametersForImport" => &[("ImportToken", "a token")],
            "GenerateDataKey" => &[("Plaintext", "a data key")],
            "GenerateDataKeyPair" => &[("PrivateKeyPlaintext", "a private data key")],
            "GenerateRandom" => &[("Plaintext", "random bytes")],
            "DeriveSharedSecret" => &[("SharedSecret", "a shared secret")],
            _ => &[],
        };
        for (member, kind) in secrets {
            if let Some(bytes) = answer[*member].as_str().and_then(|text| STANDARD.decode(text).ok()) {
                self.record.lock().unwrap().add(kind, &bytes);
                quotable.push(bytes);
            }
        }
        if operation == "GetParametersForImport" {
            self.exchange_public_key(input, answer);
        }
    }

    fn exchange_public_key(&self, input: &Value, answer: &mut Value) {
        let algorithm = input["WrappingAlgorithm"].as_str().and_then(|name| name.parse().ok());
        let keys = input["WrappingKeySpec"].as_str().and_then(|size| keys().get(size));
        let (Some(algorithm), Some(keys)) = (algorithm, keys) else { return };
        let (Some(token), Some(real)) = (answer["ImportToken"].as_str(), answer["PublicKey"].as_str()) else { return };
        let own = Arc::clone(&keys[self.next.fetch_add(1, Ordering::Relaxed) % KEYS]);
        let real = STANDARD.decode(real).unwrap();
        let der: PublicKeyX509Der<'_> = own.public_key().as_der().unwrap();
        let (token, public_key) = (token.to_owned(), STANDARD.encode(der.as_ref()));
        self.escrows.lock().unwrap().insert(token, Escrow { algorithm, own, real });
        answer["PublicKey"] = json!(public_key);
    }
}

fn open(escrow: &Escrow, wrapped: &[u8]) -> Option<Vec<u8>> {
    let (hash, aes) = match escrow.algorithm {
        WrappingAlgorithm::RsaesOaepSha1 => (&OAEP_SHA1_MGF1SHA1, false),
        WrappingAlgorithm::RsaesOaepSha256 => (&OAEP_SHA256_MGF1SHA256, false),
        WrappingAlgorithm::RsaAesKeyWrapSha1 => (&OAEP_SHA1_MGF1SHA1, true),
        WrappingAlgorithm::RsaAesKeyWrapSha256 => (&OAEP_SHA256_MGF1SHA256, true),
        _ => return None,
    };
    let modulus = escrow.own.key_size_bytes();
    let key = OaepPrivateDecryptingKey::new((*escrow.own).clone()).ok()?;
    let mut buffer = vec![0; modulus];
    let opened = key.decrypt(hash, wrapped.get(..modulus)?, &mut buffer, None).ok()?;
    if !aes {
        return Some(opened.to_vec());
    }
    let mut plain = vec![0; wrapped.len()];
    let kek = AesKek::new(&AES_256, opened).ok()?;
    kek.unwrap_with_padding(&wrapped[modulus..], &mut plain).ok().map(|plain| plain.to_vec())
}
