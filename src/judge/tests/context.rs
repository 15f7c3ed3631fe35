//! Values of requests: what each comes to, and what is said when an answer lacks something.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rsa::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

use super::super::{Context, EvaluateError, Place};
use crate::kms::{KeySpec, WrappingAlgorithm};
use crate::material::{Material, Recipe};
use crate::scenario::{Expr, SourceFile, parse};

const NOW: i64 = super::NOW;

/// A value of a request as the last step of a scenario sends it, after steps that bound `k`, `l`, `p` and `at`.
fn value(text: &str) -> Expr {
    let yaml = format!(
        "name: a test\nwhy: to test\nclients: {{ west: {{ region: other }} }}\nmaterial: {{ m: HMAC_256 }}\nsteps:\n  \
         - CreateKey: {{}}\n    as: k\n    checks: CRE-EXT-STATE\n  \
         - ListKeys: {{}}\n    as: l\n  \
         - GetParametersForImport: {{ $raw: {{}} }}\n    as: p\n  \
         - set: {{ at: \"${{k.CreationDate}}\" }}\n  \
         - CreateKey: {{ $raw: {{ it: {text} }} }}\n"
    );
    let tests = parse("judge/test", SourceFile { path: "test.yaml".into(), text: yaml });
    let tests = tests.unwrap_or_else(|errors| panic!("{errors}"));
    match &tests[0].steps.last().and_then(|step| step.call()).expect("a call").request {
        Expr::Object(members) => members["it"].clone(),
        other => panic!("{other:?}"),
    }
}

/// What is known when that step runs.
fn context() -> Context {
    let mut context = super::context();
    let metadata = json!({"KeyId": "1234", "Enabled": true, "CreationDate": NOW, "DeletionDate": 0.25, "Arn": "arn:x"});
    context.bind("k", json!({"Description": "mine"}), json!({"KeyMetadata": metadata}));
    context.bind("l", json!({}), json!({"Keys": [{"KeyId": "first"}, {"KeyId": "second"}]}));
    context.set("at", json!(f64::from(1_800_000_000_u32) + 0.25));
    context
}

#[test]
fn every_kind_of_value_comes_to_what_it_says() {
    let blob = |bytes: &[u8]| json!(STANDARD.encode(bytes));
    let cases = [
        ("as it is", json!("as it is")),
        ("{ a: [1, true, null] }", json!({"a": [1, true, null]})),
        ("'${k.KeyId}'", json!("1234")),
        ("'key/${k.KeyId}:${k.Enabled}'", json!("key/1234:true")),
        ("{ a: [{ b: '${k.KeyId}' }] }", json!({"a": [{"b": "1234"}]})),
        // A lone reference keeps its type.
        ("'${k.Enabled}'", json!(true)),
        ("'${k.request.Description}'", json!("mine")),
        ("'${l.Keys.1.KeyId}'", json!("second")),
        ("'${l.Keys.0}'", json!({"KeyId": "first"})),
        ("'${at}'", json!(1_800_000_000.25)),
        ("'${region}:${account}'", json!("eu-west-1:111122223333")),
        ("{ $text: 'hello ${k.KeyId}' }", blob(b"hello 1234")),
        ("{ $text: '${k.Enabled}' }", blob(b"true")),
        ("{ $repeat: ab, times: 3 }", json!("ababab")),
        ("{ $flip: 'AAAA', at: start }", blob(&[1, 0, 0])),
        ("{ $truncate: 'AAAA', by: 1 }", blob(&[0, 0])),
        ("{ $now: +1h }", json!(NOW + 3600)),
        ("{ $now: -500ms }", json!(NOW - 1)),
        ("{ $time: '${k.CreationDate}', plus: 1s }", json!(NOW + 1)),
        ("{ $time: '${at}', plus: 250ms }", json!(1_800_000_000.5)),
        ("{ $time: '${at}', plus: 750ms }", json!(NOW + 1)),
        ("{ $time: '${k.DeletionDate}', plus: 250ms }", json!(0.5)),
    ];
    let context = context();
    for (text, expected) in cases {
        assert_eq!(context.evaluate(&value(text)).unwrap(), expected, "{text}");
    }
}

#[test]
fn random_bytes_are_as_many_as_asked_for_and_others_each_time() {
    let (context, random) = (context(), value("{ $random: 32 }"));
    let (one, two) = (context.bytes(&random).unwrap(), context.bytes(&random).unwrap());
    assert_eq!((one.len(), two.len()), (32, 32));
    assert_ne!(one, two);
}

#[test]
fn what_an_answer_lacks_is_named() {
    let cases = [
        ("'${k.KeySpec}'", "the answer `k` has no member `KeyMetadata.KeySpec`"),
        ("'${k.request.Origin}'", "the answer `k` has no member `Origin`"),
        ("'${l.Keys.2.KeyId}'", "the answer `l` has no member `Keys.2.KeyId`"),
        ("'${p.ImportToken}'", "the answer `p` has no member `ImportToken`"),
        ("{ $text: '${p.KeyId}' }", "the answer `p` has no member `KeyId`"),
        ("{ $flip: '${k.KeyId}!', at: start }", "`the blob` is not base64"),
        ("{ $flip: '${k.Enabled}', at: start }", "`the blob` is not base64"),
        ("{ $time: '${k.Arn}', plus: 1s }", "`\"arn:x\"` is not an instant in epoch seconds"),
        ("{ $wrap: m, with: p }", "the answer `p` has no member `PublicKey`"),
        ("'${west.account}'", "the account is not known: no answer has named it"),
        ("'${west.region}'", "the answer `west` has no member `region`"),
    ];
    let context = context();
    for (text, expected) in cases {
        assert_eq!(context.evaluate(&value(text)).unwrap_err().to_string(), expected, "{text}");
    }
    let nothing_set = Context::new(indexmap::IndexMap::new());
    assert!(matches!(nothing_set.evaluate(&value("'${at}'")), Err(EvaluateError::Missing { .. })));
}

#[test]
fn each_client_has_an_account_and_a_region_of_its_own() {
    let mut context = context();
    let place = |account: &str, region: &str| Place { account: account.parse().ok(), region: region.parse().unwrap() };
    let west = Some("west".to_owned());
    context
        .set_places(HashMap::from([(None, place("111122223333", "eu-west-1")), (west, place("444455556666", "x-1"))]));
    let places = value("'${account} ${region}, ${west.account} ${west.region}'");
    assert_eq!(context.evaluate(&places).unwrap(), "111122223333 eu-west-1, 444455556666 x-1");
}

/// Instants beyond what a calendar holds are no instants.
#[test]
fn an_instant_is_a_number_of_seconds_that_a_calendar_holds() {
    let at = |value: Value| super::super::context::timestamp(&value).map(Timestamp::as_millisecond);
    assert_eq!(at(json!(1_800_000_000)), Some(1_800_000_000_000));
    assert_eq!(at(json!(1_800_000_000.000_4)), Some(1_800_000_000_000));
    assert_eq!(at(json!(1_800_000_000.000_6)), Some(1_800_000_000_001));
    assert_eq!(at(json!(-1.5)), Some(-1_500));
    for none in [json!(1e14), json!(-1e14), json!(1e300), json!(1e308), json!("1800000000"), json!(true), json!(null)] {
        assert_eq!(at(none.clone()), None, "{none}");
    }
}

#[test]
fn wrapped_material_is_what_the_wrapping_key_unwraps() {
    let wrapping_key = Material::make(&Recipe::of(KeySpec::Rsa2048).unwrap(), 0).unwrap();
    let private_key = rsa::RsaPrivateKey::from_pkcs8_der(wrapping_key.bytes()).unwrap();
    let mut context = context();
    let asked = json!({"WrappingAlgorithm": WrappingAlgorithm::RsaesOaepSha256.as_str()});
    let public_key = STANDARD.encode(wrapping_key.public_key_der().unwrap());
    context.bind("p", asked, json!({"PublicKey": public_key}));
    let unwrapped = |text: &str, padding: rsa::Oaep| {
        let wrapped = context.bytes(&value(text)).unwrap();
        private_key.decrypt(padding, &wrapped).unwrap()
    };
    let material = context.material("m").unwrap().bytes();
    assert_eq!(unwrapped("{ $wrap: m, with: p }", rsa::Oaep::new::<sha2::Sha256>()), material);
    let other = "{ $wrap: m, with: p, algorithm: RSAES_OAEP_SHA_1 }";
    assert_eq!(unwrapped(other, rsa::Oaep::new::<sha1::Sha1>()), material, "instead of the algorithm asked for");
}
