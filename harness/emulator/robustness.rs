//! Whatever comes in, the emulator answers; and whoever comes together, nobody is in the other's way.

use std::collections::HashSet;

use jiff::SignedDuration;
use kms_conformance::kms::shapes::{Kind, Shape};
use kms_conformance::kms::{Operation, shapes};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::client::{Client, b64, bytes, random};

/// Makes requests that mostly fit their shape, about things that mostly exist.
struct Requests {
    rng: StdRng,
    texts: Vec<String>,
    blobs: Vec<String>,
}

impl Requests {
    fn structure(&mut self, shape: &Shape) -> Value {
        let mut members = serde_json::Map::new();
        for (name, member) in &shape.members {
            if shape.required.contains(name) && self.rng.gen_bool(0.98) || self.rng.gen_bool(0.3) {
                members.insert(name.clone(), self.value(member));
            }
        }
        Value::Object(members)
    }

    fn value(&mut self, shape: &Shape) -> Value {
        if self.rng.gen_bool(0.01) {
            return [json!(null), json!(-1), json!("\u{0}ü"), json!([[]]), json!({})]
                .choose(&mut self.rng)
                .unwrap()
                .clone();
        }
        match shape.kind {
            Kind::Structure => self.structure(shape),
            Kind::List => (0..self.rng.gen_range(0..3)).map(|_| self.value(shape.element().unwrap())).collect(),
            Kind::Map => json!({ "a": "b" }),
            Kind::String => match shape.one_of() {
                Some(names) => names.choose(&mut self.rng).unwrap().as_str().into(),
                None => self.texts.choose(&mut self.rng).unwrap().as_str().into(),
            },
            Kind::Blob => self.blobs.choose(&mut self.rng).unwrap().as_str().into(),
            Kind::Timestamp => (jiff::Timestamp::now().as_second() + self.rng.gen_range(-1000..1_000_000_000)).into(),
            Kind::Integer => self.rng.gen_range(-1..1100).into(),
            Kind::Boolean => self.rng.gen_bool(0.1).into(),
        }
    }

    /// Keeps what an answer names, so that later requests can name it.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                let list = if text.len() > 100 { &mut self.blobs } else { &mut self.texts };
                if list.len() < 200 {
                    list.push(text.clone());
                } else {
                    let index = self.rng.gen_range(0..list.len());
                    list[index].clone_from(text);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(members) => members.values().for_each(|member| self.learn(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[tokio::test]
async fn no_request_breaks_the_emulator() {
    let seed = rand::random();
    let client = Client::new();
    let mut requests = Requests {
        rng: StdRng::seed_from_u64(seed),
        texts: ["alias/a", "fake", "{}", "eu-west-1", "default"].map(str::to_owned).to_vec(),
        blobs: vec![String::new(), b64(b"x"), b64(&[0; 256]), b64(&[1; 6144]), b64(&[1; 6145])],
    };
    for (spec, usage) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("ECC_NIST_P384", "KEY_AGREEMENT"),
    ] {
        for origin in ["EXTERNAL", "AWS_KMS"] {
            let body = json!({ "KeySpec": spec, "KeyUsage": usage, "Origin": origin, "MultiRegion": true });
            requests.texts.push(client.create(body).await);
        }
    }
    let imported = client.imported(&random(32)).await;
    requests.texts.push(imported);
    let mut succeeded = 0;
    for _ in 0..4000 {
        let operation = *Operation::ALL.choose(&mut requests.rng).unwrap();
        let mut body = requests.structure(shapes::input(operation));
        // To make RSA keys takes too long here.
        for member in ["KeySpec", "KeyPairSpec", "CustomerMasterKeySpec", "WrappingKeySpec"] {
            if let Some(spec) = body.get_mut(member).filter(|spec| spec.as_str().is_some_and(|s| s.starts_with("RSA")))
            {
                *spec = if member == "WrappingKeySpec" { json!("RSA_2048") } else { json!("ECC_NIST_P256") };
            }
        }
        match client.call(operation.as_str(), body.clone()).await {
            Ok(answer) => {
                requests.learn(&answer);
                succeeded += 1;
            }
            Err(refusal) => assert_eq!(refusal.status, 400, "seed {seed}, {operation} {body}: {refusal:?}"),
        }
        client.advance(SignedDuration::from_secs(requests.rng.gen_range(0..3600)));
    }
    assert!(succeeded > 100, "seed {seed}: only {succeeded} requests succeeded");
}

#[tokio::test]
async fn a_hundred_accounts_use_no_more_wrapping_pairs_than_one() {
    let client = Client::new();
    let mut pairs = HashSet::new();
    for account in 0..100 {
        let client = client.in_account(&format!("{account:012}"));
        let key = client.symmetric().await;
        for _ in 0..2 {
            pairs.insert(bytes(&client.parameters(&key, "RSAES_OAEP_SHA_1", "RSA_2048").await["PublicKey"]));
        }
    }
    assert_eq!(pairs.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imports_into_one_key_side_by_side_leave_one_of_their_outcomes() {
    let client = Client::new();
    let (key, materials) = (client.symmetric().await, [random(32), random(32), random(32), random(32)]);
    let imports = materials.map(|material| {
        let (client, key) = (client.clone(), key.clone());
        tokio::spawn(async move { client.import(&key, &material, json!({})).await })
    });
    let mut accepted = Vec::new();
    for import in imports {
        match import.await.unwrap() {
            Ok(answer) => accepted.push(answer["KeyMaterialId"].clone()),
            Err(refusal) => assert_eq!(refusal.code, "IncorrectKeyMaterialException"),
        }
    }
    assert_eq!(accepted.len(), 1, "the first of them is in, all others are different material");
    assert_eq!(client.describe(&key).await["CurrentKeyMaterialId"], accepted[0]);
}
