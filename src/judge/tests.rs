//! Every matcher, met and missed; refusals; what is a note and what a difference.

use std::collections::HashMap;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::step::{Comparison, compare};
use super::{Context, Messages, Place, Redactor};
use crate::kms::{ErrorCode, KeySpec, MacAlgorithm, Operation, SigningAlgorithm};
use crate::material::{Material, Recipe};
use crate::scenario::{Expected, Role, SourceFile, parse};
use crate::target::{Answer, Exchange, Message};

const NOW: i64 = 1_800_000_000;

/// The expectation of the last step of a scenario whose step is `operation: {}` with these fields.
fn expectation(operation: Operation, fields: &str) -> Expected {
    let yaml = format!(
        "name: a test\nwhy: to test\nmaterial: {{ m: HMAC_256, e: ECC_NIST_P256 }}\nsteps:\n  \
         - CreateKey: {{}}\n    checks: CRE-EXT-STATE\n  - {operation}: {{ $raw: {{}} }}\n    {fields}\n"
    );
    let file = SourceFile { path: "test.yaml".into(), text: yaml };
    let tests = parse("judge/test", file).unwrap_or_else(|errors| panic!("{errors}"));
    let step = tests[0].steps.last().and_then(|step| step.call()).expect("a call").clone();
    match step.role {
        Role::Scene(expected) => expected,
        role @ (Role::Judge(_) | Role::Observe { .. }) => panic!("{role:?}"),
    }
}

fn context() -> Context {
    let material = |spec| Material::make(&Recipe::of(spec).unwrap(), 0).unwrap();
    let own = IndexMap::from([
        ("m".to_owned(), material(KeySpec::Hmac256)),
        ("e".to_owned(), material(KeySpec::EccNistP256)),
    ]);
    let mut context = Context::new(own);
    context.set_now(Timestamp::from_second(NOW).unwrap());
    let place = Place { account: "111122223333".parse().ok(), region: "eu-west-1".parse().unwrap() };
    context.set_places(HashMap::from([(None, place)]));
    context
}

fn exchange(operation: Operation, status: u16, answer: Answer, body: &Value) -> Exchange {
    Exchange {
        operation,
        unnamed: false,
        input: json!({}),
        request: None,
        response: Some(Message { headers: Vec::new(), body: body.to_string().into_bytes() }),
        status: Some(status),
        answer,
        elapsed: Duration::ZERO,
        attempts: 1,
    }
}

fn success(context: &Context, operation: Operation, fields: &str, body: &Value) -> Comparison {
    let exchange = exchange(operation, 200, Answer::Success(body.clone()), body);
    let expected = expectation(operation, fields);
    compare(context, &Redactor::default(), &expected, &exchange, Messages::Noted).unwrap()
}

/// Holds each expectation of `KeyMetadata` against one that meets it and one that misses it.
#[test]
fn every_matcher_can_be_met_and_missed() {
    let cases = [
        ("KeyState: Enabled", json!({"KeyState": "Enabled"}), json!({"KeyState": "Disabled"})),
        ("KeyState: Enabled", json!({"KeyState": "Enabled", "More": 1}), json!({})),
        ("Enabled: true", json!({"Enabled": true}), json!({"Enabled": "true"})),
        ("ValidTo: 5", json!({"ValidTo": 5.0}), json!({"ValidTo": 5.5})),
        ("ValidTo: { $absent: true }", json!({}), json!({"ValidTo": null})),
        ("ValidTo: { $present: true }", json!({"ValidTo": 1}), json!({})),
        ("KeyState: { $not: Enabled }", json!({"KeyState": "Disabled"}), json!({"KeyState": "Enabled"})),
        ("KeyState: { $not: Enabled }", json!({"KeyState": "Disabled"}), json!({})),
        (
            "KeyState: { $one_of: [Enabled, Disabled] }",
            json!({"KeyState": "Disabled"}),
            json!({"KeyState": "Creating"}),
        ),
        ("MacAlgorithms: [HMAC_SHA_256]", json!({"MacAlgorithms": ["HMAC_SHA_256"]}), json!({"MacAlgorithms": []})),
        (
            "EncryptionAlgorithms: { $same_items: [RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256] }",
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"]}),
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_1"]}),
        ),
        (
            "MacAlgorithms: { $contains: HMAC_SHA_256 }",
            json!({"MacAlgorithms": ["HMAC_SHA_224", "HMAC_SHA_256"]}),
            json!({"MacAlgorithms": ["HMAC_SHA_224"]}),
        ),
        ("KeyId: { $matches: '^[a-f]+$' }", json!({"KeyId": "abc"}), json!({"KeyId": "abcz"})),
        (
            "Arn: { $starts_with: 'arn:aws:kms:${region}:${account}:' }",
            json!({"Arn": "arn:aws:kms:eu-west-1:111122223333:key/x"}),
            json!({"Arn": "arn:aws:kms:eu-west-2:111122223333:key/x"}),
        ),
        ("Description: { $length: 3 }", json!({"Description": "äöü"}), json!({"Description": "ab"})),
        ("Description: { $length: { min: 1, max: 2 } }", json!({"Description": "ab"}), json!({"Description": ""})),
        ("ValidTo: { $near: +1h, within: 5s }", json!({"ValidTo": NOW + 3605}), json!({"ValidTo": NOW + 3606})),
        ("ValidTo: { $now: +1h }", json!({"ValidTo": NOW + 3600}), json!({"ValidTo": NOW})),
    ];
    let context = context();
    for (expected, met, missed) in cases {
        let fields = format!("expect: {{ KeyMetadata: {{ {expected} }} }}");
        let hold = |metadata: &Value| {
            success(&context, Operation::DescribeKey, &fields, &json!({"KeyMetadata": metadata})).holds()
        };
        assert!(hold(&met), "{expected} is met by {met}");
        assert!(!hold(&missed), "{expected} is missed by {missed}");
    }
}

#[test]
fn proofs_tell_which_material_is_in_force() {
    use base64::Engine as _;
    let blob = |bytes: &[u8]| Value::String(base64::engine::general_purpose::STANDARD.encode(bytes));
    let (context, other) = (context(), context());
    let mac = |of: &Context| blob(&of.material("m").unwrap().mac(MacAlgorithm::HmacSha256, b"hello").unwrap());
    let public_key = |of: &Context| blob(of.material("e").unwrap().public_key_der().unwrap());

    let expect = "expect: { Mac: { $mac_by: m, message: { $text: hello }, algorithm: HMAC_SHA_256 } }";
    let holds = |body: Value| success(&context, Operation::GenerateMac, expect, &body).holds();
    assert!(holds(json!({"Mac": mac(&context)})));
    assert!(!holds(json!({"Mac": mac(&other)})));
    assert!(!holds(json!({})));

    let expect = "expect: { PublicKey: { $public_key_of: e } }";
    let holds = |body: Value| success(&context, Operation::GetPublicKey, expect, &body).holds();
    assert!(holds(json!({"PublicKey": public_key(&context)})));
    assert!(!holds(json!({"PublicKey": public_key(&other)})));

    let expect = "expect: { Signature: { $signature_by: e, message: { $text: hello }, algorithm: ECDSA_SHA_256 } }";
    assert_eq!(SigningAlgorithm::EcdsaSha256.as_str(), "ECDSA_SHA_256");
    assert!(!success(&context, Operation::Sign, expect, &json!({"Signature": blob(&[1; 70])})).holds());

    let expect = "expect: { PublicKey: { $rsa_public_key: 2048 } }";
    let rsa = Material::make(&Recipe::of(KeySpec::Rsa2048).unwrap(), 0).unwrap();
    let holds = |key: Value| success(&context, Operation::GetPublicKey, expect, &json!({"PublicKey": key})).holds();
    assert!(holds(blob(rsa.public_key_der().unwrap())));
    assert!(!holds(public_key(&context)));
}

fn refused(fields: &str, status: u16, code: &str, message: Option<&str>, messages: Messages) -> Comparison {
    let body = json!({"__type": code, "message": message});
    let answer = Answer::Refusal { code: ErrorCode::from_wire(code), message: message.map(str::to_owned) };
    let exchange = exchange(Operation::DescribeKey, status, answer, &body);
    let expected = expectation(Operation::DescribeKey, fields);
    compare(&context(), &Redactor::default(), &expected, &exchange, messages).unwrap()
}

#[test]
fn a_refusal_is_held_against_code_and_status() {
    let holds = |fields, status, code| refused(fields, status, code, None, Messages::Noted).holds();
    assert!(holds("fails: NotFoundException", 400, "NotFoundException"));
    assert!(!holds("fails: NotFoundException", 400, "DisabledException"));
    assert!(holds("fails: [NotFoundException, DisabledException]", 400, "DisabledException"));
    assert!(holds("fails: any", 400, "WhateverException"));
    assert!(!holds("fails: any", 500, "InternalError"), "a crash is no refusal");
    assert!(!holds("fails: { code: NotFoundException, status: 400 }", 404, "NotFoundException"));
    assert!(holds("fails: { code: any, body: { __type: XException } }", 400, "XException"));
    assert!(!holds("fails: { code: any, body: { Message: { $present: true } } }", 400, "XException"));
}

#[test]
fn another_text_is_a_note_unless_texts_are_judged() {
    let fields = "fails: { code: NotFoundException, message: \"Key '${account}' does not exist\" }";
    let text = Some("no such key");
    let noted = refused(fields, 400, "NotFoundException", text, Messages::Noted);
    assert!(noted.holds() && noted.notes.len() == 1, "{noted:?}");
    assert!(!refused(fields, 400, "NotFoundException", text, Messages::Judged).holds());
    let right = Some("Key '111122223333' does not exist");
    assert!(refused(fields, 400, "NotFoundException", right, Messages::Judged).holds());
}

#[test]
fn a_success_where_a_refusal_is_expected_goes_the_wrong_way_and_the_reverse() {
    let context = context();
    assert!(!success(&context, Operation::DescribeKey, "fails: any", &json!({})).right_way);
    assert!(!refused("expect: { KeyMetadata: { Enabled: true } }", 400, "XException", None, Messages::Noted).right_way);
    let garbage = exchange(Operation::DescribeKey, 200, Answer::Unreadable("<html>".into()), &json!({}));
    for fields in ["fails: any", "expect: { KeyMetadata: { Enabled: true } }"] {
        let expected = expectation(Operation::DescribeKey, fields);
        let compared = compare(&context, &Redactor::default(), &expected, &garbage, Messages::Noted).unwrap();
        assert!(!compared.right_way && !compared.holds());
    }
}
