//! Every matcher, met and missed; refusals; what is a note and what a difference.

mod context;

use std::collections::HashMap;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

use super::step::{Comparison, compare, observation};
use super::{Context, Messages, Place, Redactor};
use crate::kms::{ErrorCode, KeySpec, MacAlgorithm, Operation};
use crate::material::{Material, Recipe};
use crate::scenario::{Expected, Role, SourceFile, parse};
use crate::target::{Answer, Exchange, Message};

const NOW: i64 = 1_800_000_000;

/// The expectation of the last step of a scenario whose step is `operation: {}` with these fields.
fn expectation(operation: Operation, fields: &str) -> Expected {
    let yaml = format!(
        "name: a test\nwhy: to test\nmaterial: {{ m: HMAC_256, e: ECC_NIST_P256 }}\nsteps:\n  \
         - CreateKey: {{}}\n    as: k\n    checks: CRE-EXT-STATE\n  - {operation}: {{ $raw: {{}} }}\n    {fields}\n"
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
        ("ValidTo: { $present: true }", json!({"ValidTo": 0}), json!({"ValidTo": null})),
        ("Description: { $present: true }", json!({"Description": ""}), json!({"Description": null})),
        ("KeyState: { $not: Enabled }", json!({"KeyState": "Disabled"}), json!({"KeyState": "Enabled"})),
        ("KeyState: { $not: Enabled }", json!({"KeyState": "Disabled"}), json!({})),
        ("KeyState: { $not: Enabled }", json!({"KeyState": "Disabled"}), json!({"KeyState": null})),
        (
            "KeyState: { $one_of: [Enabled, Disabled] }",
            json!({"KeyState": "Disabled"}),
            json!({"KeyState": "Creating"}),
        ),
        ("MacAlgorithms: [HMAC_SHA_256]", json!({"MacAlgorithms": ["HMAC_SHA_256"]}), json!({"MacAlgorithms": []})),
        (
            "MacAlgorithms: [HMAC_SHA_256]",
            json!({"MacAlgorithms": ["HMAC_SHA_256"]}),
            json!({"MacAlgorithms": ["HMAC_SHA_256", "HMAC_SHA_224"]}),
        ),
        (
            "MacAlgorithms: { $not: [HMAC_SHA_256] }",
            json!({"MacAlgorithms": ["HMAC_SHA_256", "HMAC_SHA_256"]}),
            json!({"MacAlgorithms": ["HMAC_SHA_256"]}),
        ),
        (
            "MacAlgorithms: { $not: [HMAC_SHA_256] }",
            json!({"MacAlgorithms": ["HMAC_SHA_224"]}),
            json!({"MacAlgorithms": ["HMAC_SHA_256"]}),
        ),
        (
            "MultiRegionConfiguration: { MultiRegionKeyType: PRIMARY }",
            json!({"MultiRegionConfiguration": {"MultiRegionKeyType": "PRIMARY", "ReplicaKeys": []}}),
            json!({"MultiRegionConfiguration": null}),
        ),
        (
            "EncryptionAlgorithms: { $same_items: [RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256] }",
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"]}),
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_1"]}),
        ),
        (
            "EncryptionAlgorithms: { $same_items: [RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, RSAES_OAEP_SHA_256] }",
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]}),
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]}),
        ),
        (
            "EncryptionAlgorithms: { $same_items: [RSAES_OAEP_SHA_1] }",
            json!({"EncryptionAlgorithms": ["RSAES_OAEP_SHA_1"]}),
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
        ("Description: { $length: 1 }", json!({"Description": "a"}), json!({"Description": 1})),
        ("Description: { $length: { min: 1, max: 2 } }", json!({"Description": "ab"}), json!({"Description": ""})),
        ("Description: { $length: { max: 2 } }", json!({"Description": ""}), json!({"Description": "abc"})),
        ("Description: { $length: { min: 2 } }", json!({"Description": "abc"}), json!({"Description": "a"})),
        ("MacAlgorithms: { $length: 2 }", json!({"MacAlgorithms": ["a", "b"]}), json!({"MacAlgorithms": ["ab"]})),
        ("ValidTo: { $near: +1h, within: 5s }", json!({"ValidTo": NOW + 3605}), json!({"ValidTo": NOW + 3606})),
        ("ValidTo: { $near: +1h, within: 5s }", json!({"ValidTo": NOW + 3595}), json!({"ValidTo": NOW + 3594})),
        ("ValidTo: { $near: +0s, within: 5s }", json!({"ValidTo": NOW}), json!({"ValidTo": NOW.to_string()})),
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

/// Objects are compared by the members mentioned, but values by all of theirs.
#[test]
fn an_object_among_others_is_compared_by_all_its_members() {
    let context = context();
    let holds = |fields: &str, tags: Value| {
        success(&context, Operation::ListResourceTags, fields, &json!({"Tags": tags})).holds()
    };
    let (a, b) = (json!({"TagKey": "a", "TagValue": "1"}), json!({"TagValue": "2", "TagKey": "b"}));
    let same = "expect: { Tags: { $same_items: [{ TagKey: a, TagValue: '1' }, { TagKey: b, TagValue: '2' }] } }";
    assert!(holds(same, json!([b, a])));
    assert!(!holds(same, json!([a, a])));
    assert!(!holds(same, json!([a, {"TagKey": "b", "TagValue": "1"}])));
    assert!(!holds(same, json!([a, {"TagKey": "b", "TagValues": "2"}])));
    assert!(!holds(same, json!([a, {"TagKey": "b"}])));
    assert!(!holds(same, json!([a, {"TagKey": "b", "TagValue": "2", "More": 1}])));
    let contains = "expect: { Tags: { $contains: { TagKey: a } } }";
    assert!(holds(contains, json!([a, b])), "as an expectation it mentions one member");
    assert!(!holds(contains, json!([b])) && !holds(contains, json!({})));
    let list = "expect: { Tags: [{ TagKey: a }, { TagKey: { $not: a } }] }";
    assert!(holds(list, json!([a, b])) && !holds(list, json!([a, a])));
}

#[test]
fn what_an_earlier_answer_gave_is_the_same_however_its_numbers_are_written() {
    let mut context = context();
    context.bind("k", json!({}), json!({"KeyMetadata": {"ValidTo": 5, "MacAlgorithms": [1, 2]}}));
    let holds = |expected: &str, metadata: Value| {
        let fields = format!("expect: {{ KeyMetadata: {expected} }}");
        success(&context, Operation::DescribeKey, &fields, &json!({"KeyMetadata": metadata})).holds()
    };
    let whole = |metadata: Value| holds("\"${k}\"", metadata);
    assert!(whole(json!({"ValidTo": 5.0, "MacAlgorithms": [1.0, 2]})));
    assert!(!whole(json!({"ValidTo": 6, "MacAlgorithms": [1, 2]})));
    assert!(!whole(json!({"ValidTo": 5, "MacAlgorithms": [1, 2, 3]})));
    assert!(!whole(json!({"ValidTo": 5})));
    let list = |items: Value| holds("{ MacAlgorithms: \"${k.MacAlgorithms}\" }", json!({"MacAlgorithms": items}));
    assert!(list(json!([1.0, 2.0])));
    assert!(!list(json!([1])) && !list(json!([2, 1])) && !list(json!([1, 3])));
}

#[test]
fn a_start_that_is_no_text_starts_nothing() {
    let mut context = context();
    let fields = "expect: { KeyMetadata: { Arn: { $starts_with: \"${k.Arn}\" } } }";
    let body = json!({"KeyMetadata": {"Arn": "arn:aws:kms"}});
    context.bind("k", json!({}), json!({"KeyMetadata": {"Arn": "arn:"}}));
    assert!(success(&context, Operation::DescribeKey, fields, &body).holds());
    context.bind("k", json!({}), json!({"KeyMetadata": {"Arn": null}}));
    assert!(!success(&context, Operation::DescribeKey, fields, &body).holds());
}

#[test]
fn a_difference_says_where_what_and_what_instead() {
    let metadata = json!({"KeyState": "Disabled", "Description": "abc", "MacAlgorithms": ["x"], "ValidTo": NOW});
    let public_key = Material::make(&Recipe::of(KeySpec::Rsa2048).unwrap(), 0).unwrap();
    let public_key = blob(public_key.public_key_der().unwrap());
    let describe = |expected: &str| (Operation::DescribeKey, format!("{{ KeyMetadata: {{ {expected} }} }}"));
    let get = |expected: &str| (Operation::GetPublicKey, format!("{{ PublicKey: {expected} }}"));
    let cases = [
        (describe("KeyState: Enabled"), "KeyMetadata.KeyState: \"Enabled\", not \"Disabled\""),
        (describe("KeyState: { $absent: true }"), "KeyMetadata.KeyState: absent, not \"Disabled\""),
        (describe("KeySpec: { $present: true }"), "KeyMetadata.KeySpec: present, not absent"),
        (describe("KeyState: { $not: Disabled }"), "KeyMetadata.KeyState: anything but \"Disabled\", not \"Disabled\""),
        (describe("KeyState: { $one_of: [Enabled] }"), "KeyMetadata.KeyState: one of [\"Enabled\"], not \"Disabled\""),
        (describe("MacAlgorithms: [HMAC_SHA_256]"), "KeyMetadata.MacAlgorithms.0: \"HMAC_SHA_256\", not \"x\""),
        (describe("MacAlgorithms: []"), "KeyMetadata.MacAlgorithms: a list of 0 items, not [\"x\"]"),
        (
            describe("MacAlgorithms: { $same_items: [HMAC_SHA_256] }"),
            "KeyMetadata.MacAlgorithms: [\"HMAC_SHA_256\"] in any order, not [\"x\"]",
        ),
        (
            describe("MacAlgorithms: { $contains: HMAC_SHA_256 }"),
            "KeyMetadata.MacAlgorithms: a list with an item as described, not [\"x\"]",
        ),
        (
            describe("SigningAlgorithms: { $contains: ED25519_SHA_512 }"),
            "KeyMetadata.SigningAlgorithms: a list, not absent",
        ),
        (describe("Description: { $matches: z }"), "KeyMetadata.Description: text that matches z, not \"abc\""),
        (
            describe("Description: { $starts_with: z }"),
            "KeyMetadata.Description: text that starts with \"z\", not \"abc\"",
        ),
        (describe("Description: { $length: 2 }"), "KeyMetadata.Description: a length of 2 (it is 3), not \"abc\""),
        (
            describe("Description: { $length: { min: 4, max: 5 } }"),
            "KeyMetadata.Description: a length of 4 to 5 (it is 3), not \"abc\"",
        ),
        (
            describe("Description: { $length: { min: 4 } }"),
            "KeyMetadata.Description: a length of 4 or more (it is 3), not \"abc\"",
        ),
        (
            describe("ValidTo: { $near: +1h, within: 5s }"),
            "KeyMetadata.ValidTo: 1800003600 (now 1h), give or take 5s, not 1800000000",
        ),
        (get("{ $length: 4 }"), "PublicKey: a length of 4 (it is 294), not "),
        (
            get("{ $rsa_public_key: 4096 }"),
            "PublicKey: a DER SubjectPublicKeyInfo with an RSA key of 4096 bits (it has 2048), not ",
        ),
        (get("{ $public_key_of: e }"), "PublicKey: the public key of the imported private key `e`, not "),
    ];
    let context = context();
    for ((operation, expected), wanted) in cases {
        let body = json!({"KeyMetadata": metadata, "PublicKey": public_key});
        let found = success(&context, operation, &format!("expect: {expected}"), &body);
        let [difference] = found.differences.as_slice() else { panic!("{expected}: {:?}", found.differences) };
        let shown = format!("{}: {}, not {}", difference.path, difference.expected, difference.found);
        assert!(if wanted.ends_with(' ') { shown.starts_with(wanted) } else { shown == wanted }, "{shown}");
    }
    let found = success(&context, Operation::DescribeKey, "expect: { KeyMetadata: {} }", &json!([]));
    assert_eq!((found.differences[0].path.as_str(), found.differences[0].found.as_str()), ("the answer", "[]"));
}

fn blob(bytes: &[u8]) -> Value {
    use base64::Engine as _;
    Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
}

#[test]
fn proofs_tell_which_material_is_in_force() {
    let (context, other) = (context(), context());
    let mac = |of: &Context| blob(&of.material("m").unwrap().mac(MacAlgorithm::HmacSha256, b"hello").unwrap());
    let public_key = |of: &Context| blob(of.material("e").unwrap().public_key_der().unwrap());

    let expect = "expect: { Mac: { $mac_by: m, message: { $text: hello }, algorithm: HMAC_SHA_256 } }";
    let holds = |body: Value| success(&context, Operation::GenerateMac, expect, &body).holds();
    assert!(holds(json!({"Mac": mac(&context)})));
    assert!(!holds(json!({"Mac": mac(&other)})));
    assert!(!holds(json!({"Mac": "not base64"})));
    assert!(!holds(json!({})));

    let expect = "expect: { PublicKey: { $public_key_of: e } }";
    let holds = |body: Value| success(&context, Operation::GetPublicKey, expect, &body).holds();
    assert!(holds(json!({"PublicKey": public_key(&context)})));
    assert!(!holds(json!({"PublicKey": public_key(&other)})));
    assert!(!holds(json!({})));

    let expect = "expect: { Signature: { $signature_by: e, message: { $text: hello }, algorithm: ECDSA_SHA_256 } }";
    let signature = |of: &Context, message: &[u8]| {
        let key = p256::ecdsa::SigningKey::from_pkcs8_der(of.material("e").unwrap().bytes()).unwrap();
        let signature: p256::ecdsa::DerSignature = key.sign(message);
        blob(signature.as_bytes())
    };
    let holds = |body: Value| success(&context, Operation::Sign, expect, &body).holds();
    assert!(holds(json!({"Signature": signature(&context, b"hello")})));
    assert!(!holds(json!({"Signature": signature(&context, b"hullo")})));
    assert!(!holds(json!({"Signature": signature(&other, b"hello")})));
    assert!(!holds(json!({"Signature": blob(&[1; 70])})));
    assert!(!holds(json!({})));

    let expect = "expect: { PublicKey: { $rsa_public_key: 2048 } }";
    let rsa = Material::make(&Recipe::of(KeySpec::Rsa2048).unwrap(), 0).unwrap();
    let holds = |key: Value| success(&context, Operation::GetPublicKey, expect, &json!({"PublicKey": key})).holds();
    assert!(holds(blob(rsa.public_key_der().unwrap())));
    assert!(!holds(public_key(&context)));
    assert!(!holds(json!({})));
}

/// Such material is no proof of anything: nothing must pass for "the same nothing".
#[test]
fn material_that_cannot_give_what_is_expected_is_met_by_nothing() {
    let (context, something) = (context(), blob(&[1; 32]));
    let cases = [
        (Operation::GetPublicKey, "PublicKey", "$public_key_of: m"),
        (Operation::GenerateMac, "Mac", "$mac_by: e, message: { $text: hello }, algorithm: HMAC_SHA_256"),
        (Operation::Sign, "Signature", "$signature_by: m, message: { $text: hello }, algorithm: ECDSA_SHA_256"),
    ];
    for (operation, member, matcher) in cases {
        let fields = format!("expect: {{ {member}: {{ {matcher} }} }}");
        for body in [json!({}), json!({member: something}), json!({member: ""}), json!({member: null})] {
            assert!(!success(&context, operation, &fields, &body).holds(), "{matcher} is met by {body}");
        }
    }
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
    assert!(holds("fails: any", 400, "X") && holds("fails: any", 499, "X"), "a client's fault");
    assert!(!holds("fails: any", 399, "X"));
    assert!(!holds("fails: any", 500, "InternalError"), "a crash is no refusal");
    assert!(holds("fails: { code: NotFoundException, status: 400 }", 400, "NotFoundException"));
    assert!(!holds("fails: { code: NotFoundException, status: 400 }", 404, "NotFoundException"));
    assert!(holds("fails: { code: any, status: 500 }", 500, "InternalError"));
    assert!(holds("fails: { code: any, body: { __type: XException } }", 400, "XException"));
    assert!(!holds("fails: { code: any, body: { Message: { $present: true } } }", 400, "XException"));
}

#[test]
fn what_a_refusal_must_be_is_said_in_words() {
    let words = |fields| {
        let found = refused(fields, 404, "XException", Some("no"), Messages::Judged);
        let differences = found.differences.iter();
        let differences = differences.map(|d| format!("{}: {}, not {}", d.path, d.expected, d.found));
        format!("{} | {}", found.expected, differences.collect::<Vec<_>>().join("; "))
    };
    assert_eq!(words("fails: any"), "a refusal | ");
    assert_eq!(
        words("fails: [NotFoundException, DisabledException]"),
        "NotFoundException or DisabledException | \
         the exception: NotFoundException or DisabledException, not XException"
    );
    assert_eq!(words("fails: { code: any, status: 400 }"), "a refusal (HTTP 400) | the HTTP status: 400, not 404");
    assert_eq!(words("fails: { code: any, message: yes }"), "a refusal | the text: \"yes\", not \"no\"");
    assert_eq!(
        words("fails: { code: any, body: { message: { $absent: true } } }"),
        "a refusal | the body.message: absent, not \"no\""
    );
    let crash = refused("fails: any", 500, "InternalError", None, Messages::Noted);
    assert_eq!(crash.differences[0].expected, "400 (a client's fault)");
    let success = |fields| success(&context(), Operation::DescribeKey, fields, &json!({})).expected;
    assert_eq!(success(""), "success");
    assert_eq!(success("expect: { KeyMetadata: {} }"), "success, with the members as expected");
}

#[test]
fn an_observation_shows_the_members_asked_for_but_no_secret() {
    let body = json!({"Plaintext": "c2VjcmV0", "KeyId": "arn:x"});
    let exchange = exchange(Operation::Decrypt, 200, Answer::Success(body.clone()), &body);
    let show = ["KeyId", "Plaintext", "EncryptionAlgorithm"].map(|member| vec![member.to_owned()]);
    assert_eq!(
        observation(&mut Redactor::default(), &exchange, &show),
        "success, KeyId \"arn:x\", Plaintext \"<Plaintext, blob 1, 6 bytes>\", EncryptionAlgorithm absent"
    );
    let refusal = Answer::Refusal { code: ErrorCode::from_wire("XException"), message: None };
    let exchange = Exchange { answer: refusal, status: Some(400), ..exchange };
    assert_eq!(observation(&mut Redactor::default(), &exchange, &show), "XException");
}

#[test]
fn another_text_is_a_note_unless_texts_are_judged() {
    let fields = "fails: { code: NotFoundException, message: \"Key '${account}' does not exist\" }";
    let text = Some("no such key");
    let noted = refused(fields, 400, "NotFoundException", text, Messages::Noted);
    assert!(noted.holds(), "{noted:?}");
    assert_eq!(noted.notes, ["the text is \"no such key\", recorded is \"Key '111122223333' does not exist\""]);
    let silent = refused(fields, 400, "NotFoundException", None, Messages::Judged);
    assert_eq!(silent.differences[0].found, "absent", "no text at all is another text, too");
    assert!(!refused(fields, 400, "NotFoundException", text, Messages::Judged).holds());
    let right = Some("Key '111122223333' does not exist");
    assert!(refused(fields, 400, "NotFoundException", right, Messages::Judged).holds());
    assert!(refused(fields, 400, "NotFoundException", right, Messages::Noted).notes.is_empty());
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
