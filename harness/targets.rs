//! Target descriptions: mistakes are explained, the schema and the example are in step, and what is declared holds.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use kms_conformance::emulator::{Config, Emulator, server};
use kms_conformance::report::RunLog;
use kms_conformance::scenario::SourceFile;
use kms_conformance::target::{Description, description_schema};

const EXAMPLE: &str = "targets/example.yaml";

fn source(path: &Path) -> SourceFile {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    SourceFile { path: name, text: fs::read_to_string(path).unwrap() }
}

fn malformed() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir("harness/malformed_targets").unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 7);
    files
}

fn instance(yaml: &str) -> Option<serde_json::Value> {
    serde_yaml::from_str_with_options(yaml, serde_yaml::options! { strict_booleans: true }).ok()
}

#[test]
fn every_mistake_is_explained_under_its_line() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/malformed_targets");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for path in malformed() {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let shown = Description::parse(source(&path)).expect_err(&name).to_string();
            assert!(shown.contains("help: "), "{name} does not say what to write instead:\n{shown}");
            assert!(shown.contains(&format!("--> {name}.yaml:")), "{name} does not say where:\n{shown}");
            insta::assert_snapshot!(name, shown);
        }
    });
}

#[test]
fn the_schema_file_is_the_one_that_the_program_makes() {
    let published = fs::read_to_string("targets/schema.json").unwrap_or_default();
    let hint = "targets/schema.json is out of step: run `cargo run -- schema target > targets/schema.json`";
    assert!(published == description_schema::json_schema_text(), "{hint}");
}

#[test]
fn the_schema_takes_the_example_and_no_file_with_a_mistake_that_an_editor_can_see() {
    let validator = jsonschema::validator_for(&description_schema::json_schema()).unwrap();
    assert!(validator.is_valid(&instance(&fs::read_to_string(EXAMPLE).unwrap()).unwrap()));
    for short in ["name: x", "{ name: x, pacing: aws }", "{ name: x, pacing: { operations: aws } }"] {
        assert!(validator.is_valid(&instance(short).unwrap()), "{short}");
    }
    for path in malformed() {
        let read = instance(&fs::read_to_string(&path).unwrap());
        assert!(read.is_none_or(|instance| !validator.is_valid(&instance)), "{}", path.display());
    }
}

#[test]
fn the_example_shows_every_field() {
    let example = Description::parse(source(Path::new(EXAMPLE))).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!((example.name.as_str(), example.version.as_deref()), ("Example KMS", Some("2.4.1")));
    let shown = instance(&fs::read_to_string(EXAMPLE).unwrap()).unwrap();
    assert_shows(&description_schema::json_schema(), &shown, "");
}

fn assert_shows(schema: &serde_json::Value, shown: &serde_json::Value, path: &str) {
    let long_form = schema["anyOf"].as_array().and_then(|forms| forms.iter().find(|form| form["type"] == "object"));
    let fields = long_form.unwrap_or(schema)["properties"].as_object();
    for (field, schema) in fields.into_iter().flatten() {
        assert!(!shown[field].is_null(), "the example does not show {path}{field}");
        assert_shows(schema, &shown[field], &format!("{path}{field}."));
    }
}

/// The operations that were asked for, in order.
type Asked = Arc<Mutex<Vec<String>>>;

/// The emulator on a port of its own, for as long as the test process lives, which does not know some operations.
fn endpoint(unknown: &'static [&'static str]) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let inner = emulator();
    let asked = Asked::default();
    let note = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (inner, note) = (inner.clone(), Arc::clone(&note));
            thread::spawn(move || forward(stream, &inner, unknown, &note));
        }
    });
    (url, asked)
}

fn emulator() -> String {
    let (send, receive) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap().to_string()).unwrap();
            server::serve(Emulator::new(Config::default()), listener, std::future::pending()).await.unwrap();
        });
    });
    receive.recv().unwrap()
}

/// One request a connection.
fn forward(mut client: TcpStream, inner: &str, unknown: &[&str], asked: &Asked) {
    let mut request = Vec::new();
    let mut buffer = [0; 64 * 1024];
    let (operation, end) = loop {
        match client.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some(head) = text.find("\r\n\r\n") else { continue };
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: usize = header("content-length:").map_or(0, |length| length.parse().unwrap());
        if request.len() >= head + 4 + length {
            break (header("x-amz-target:").unwrap_or_default().replace("trentservice.", ""), head);
        }
    };
    asked.lock().unwrap().push(operation.clone());
    if unknown.iter().any(|name| name.to_lowercase() == operation) {
        let body = r#"{"__type":"UnknownOperationException"}"#;
        let head = format!("HTTP/1.1 400 Bad\r\ncontent-length: {}\r\nconnection: close", body.len());
        let _ = write!(client, "{head}\r\n\r\n{body}");
        return;
    }
    let mut server = TcpStream::connect(inner).unwrap();
    server.write_all(&request[..end]).unwrap();
    server.write_all(b"\r\nconnection: close").unwrap();
    server.write_all(&request[end..]).unwrap();
    let mut answer = Vec::new();
    let _ = server.read_to_end(&mut answer);
    let _ = client.write_all(&answer);
}

/// Runs the program with a description of this text; the folder holds the run's files.
fn run(description: &str, arguments: &[&str]) -> (Output, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("target.yaml");
    fs::write(&file, description).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    for name in ["KMS_CONFORMANCE_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").args(["run", "--max-wait", "0s", "--target"]).arg(&file);
    let output = command.arg("--out").arg(dir.path()).args(arguments).output().unwrap();
    (output, dir)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn name_version_and_region_reach_every_report() {
    let (url, _) = endpoint(&[]);
    let description =
        format!("{{ name: Acme KMS, version: '7.1', endpoint: {url}, regions: {{ first: eu-north-1 }} }}");
    let (output, dir) = run(&description, &["--subject", "create"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stderr).contains("against Acme KMS 7.1 (eu-north-1)"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("Acme KMS 7.1 is conformant"), "{}", text(&output.stdout));
    let log = RunLog::read(dir.path()).unwrap();
    assert_eq!((log.started.target.as_str(), log.started.target_version.as_deref()), ("Acme KMS", Some("7.1")));
    assert_eq!(log.started.url.as_deref(), Some(url.as_str()));
    let results: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(dir.path().join("results.json")).unwrap()).unwrap();
    assert_eq!(results["run"]["target_version"], "7.1");
}

#[test]
fn flags_override_the_description() {
    let (url, _) = endpoint(&[]);
    let nowhere = "{ name: Acme KMS, endpoint: 'http://127.0.0.1:1', regions: { first: eu-north-1 } }";
    let (output, _dir) = run(nowhere, &["--endpoint", &url, "--region", "sa-east-1", "--subject", "create"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("(sa-east-1)"), "{}", text(&output.stderr));
    let (output, _dir) = run("name: Acme KMS", &["--subject", "create"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("names no endpoint"), "{}", text(&output.stderr));
}

#[test]
fn what_is_declared_as_lacking_is_unsupported_and_never_called() {
    let (url, asked) = endpoint(&[]);
    let description =
        format!("{{ name: Acme KMS, endpoint: {url}, capabilities: {{ clock: real, lacks: [GenerateMac] }} }}");
    let (output, _dir) = run(&description, &["crypto/mac"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("UNSUPPORTED GenerateMac: its description says that it is not offered"), "{shown}");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().any(|operation| operation == "createkey"));
    assert!(!asked.iter().any(|operation| operation == "generatemac"), "{asked:?}");
}

/// Nor does a call that the target does not know hide what those at the same time did.
#[test]
fn sequences_leave_out_what_the_target_does_not_know() {
    // Of an emulator whose clock can be turned it is not asked beforehand.
    for (clock, beforehand) in [("real", true), ("controlled", false)] {
        let (url, asked) = endpoint(&["RotateKeyOnDemand"]);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("target.yaml");
        fs::write(&file, format!("{{ name: Acme KMS, endpoint: {url}, capabilities: {{ clock: {clock} }} }}")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
        command.env_remove("KMS_CONFORMANCE_ENDPOINT").env("NO_COLOR", "1");
        command.args(["explore", "--property", "concurrency", "--cases", "10", "--target"]).arg(&file);
        let output = command.arg("--out").arg(dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
        let asked = asked.lock().unwrap();
        let how_often = |name: &str| asked.iter().filter(|operation| *operation == name).count();
        assert_eq!(how_often("rotatekeyondemand") == 1, beforehand, "{}", how_often("rotatekeyondemand"));
        assert!(how_often("importkeymaterial") > 20);
    }
}

#[test]
fn what_is_declared_as_offered_but_is_not_known_contradicts_the_description() {
    let (url, asked) = endpoint(&["GenerateMac", "VerifyMac"]);
    let description =
        format!("{{ name: Acme KMS, endpoint: {url}, capabilities: {{ clock: real, offers: [GenerateMac] }} }}");
    let (output, _dir) = run(&description, &["crypto/mac", "members_of_a_mac"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}{}", text(&output.stderr));
    let contradicted = "GenerateMac: the target does not know it, although its description says that it is offered";
    assert!(shown.contains(contradicted), "{shown}");
    assert!(shown.contains("UNSUPPORTED VerifyMac: the target does not know it;"), "{shown}");
    assert!(asked.lock().unwrap().iter().any(|operation| operation == "generatemac"));
}

#[test]
fn tests_of_a_second_region_or_account_that_is_declared_not_to_be_there_are_not_run() {
    let (url, _) = endpoint(&[]);
    for (field, told) in [("second_region", "needs a second Region"), ("second_account", "needs a second account")] {
        let description = format!("{{ name: Acme KMS, endpoint: {url}, capabilities: {{ {field}: false }} }}");
        let (output, _dir) = run(&description, &["--subject", "multi_region", "--subject", "identifiers"]);
        let shown = text(&output.stdout);
        assert!(shown.contains(&format!("NOT RUN {told}; the target's description says")), "{field}: {shown}");
        assert_eq!(output.status.code(), Some(0), "{field}: {shown}");
    }
}

#[test]
fn a_clock_that_is_declared_to_be_controlled_must_be_and_a_real_one_is_not_turned() {
    let (url, _) = endpoint(&[]);
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let description = format!("{{ name: Acme, endpoint: 'http://{stranger}', capabilities: {{ clock: controlled }} }}");
    let (output, _dir) = run(&description, &["--subject", "expiry"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("target.yaml says `clock: controlled`, but"), "{}", text(&output.stderr));
    let with = |clock: &str| {
        let description = format!("{{ name: Acme, endpoint: {url}, capabilities: {{ clock: {clock} }} }}");
        text(&run(&description, &["--subject", "expiry"]).0.stdout)
    };
    assert!(with("real").contains("the target's clock cannot be turned"));
    assert!(!with("controlled").contains("the target's clock cannot be turned"));
}

#[test]
fn a_second_account_that_is_declared_needs_credentials() {
    let description = "{ name: Acme, endpoint: 'http://kms.invalid', capabilities: { second_account: true } }";
    let (output, _dir) = run(description, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`second_account: true`, but there are no credentials"));
}

/// A call that the target does not offer does nothing, and the calls that are made at the same time do what they do.
#[test]
fn calls_beside_one_that_is_not_offered_are_taken_in() {
    let (url, asked) = endpoint(&["RotateKeyOnDemand", "ListKeyRotations"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_PROFILE").env("NO_COLOR", "1");
    let arguments = ["explore", "--property", "concurrency", "--cases", "10", "--clients", "3", "--endpoint", &url];
    let dir = tempfile::tempdir().unwrap();
    let output = command.args(arguments).arg("--out").arg(dir.path()).output().unwrap();
    let shown = text(&output.stdout);
    assert!(asked.lock().unwrap().iter().any(|operation| operation == "rotatekeyondemand"));
    assert_eq!(output.status.code(), Some(0), "{shown}{}", text(&output.stderr));
}
