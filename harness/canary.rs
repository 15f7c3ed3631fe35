//! No artefact holds a secret: not the files of a run, not what the program prints, not a snapshot, not what is traced.
//!
//! A tap between the program and the emulator knows every secret that passes, key material included; the artefacts are
//! then searched for each of them in every form. `harness/canary/` has the tap and the search.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

#[path = "canary/echo.rs"]
mod echo;
#[path = "canary/needles.rs"]
mod needles;
#[path = "canary/tap.rs"]
mod tap;
#[path = "canary/traces.rs"]
mod traces;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kms_conformance::runner::{self, Options, Plan, Stopper};
use kms_conformance::scenario::Library;
use kms_conformance::target::{Endpoint, Target};
use sha2::Digest as _;

use needles::{Found, Needles};
use tap::{Manners, Record};

const ACCESS_KEY: &str = "AKIACANARYCANARYCANA";
const SECRET_KEY: &str = "canary/Secret+AccessKey0123456789abcdefgh";

/// Scenarios about all that is secret, and nearly all operations that bear it.
const BROAD: &[&str] = &[
    "import_token/",
    "import/",
    "reimport/",
    "crypto/",
    "expiry/",
    "rotation/",
    "multi_region/",
    "delete/",
    "identifiers/alias_for_",
    "wrapping/key_agreement_key",
    "validation/random_bytes",
];
/// Some of them, in which each kind of secret passes.
const SOME: [&str; 3] = ["import_token/issued", "rotation/old_", "identifiers/alias_for_"];

fn session_token() -> String {
    STANDARD.encode(noise(240))
}

/// Bytes without any order in them, the same each time.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|n| sha2::Sha256::digest(n.to_be_bytes())[0]).collect()
}

fn run(url: &str, out: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    for name in ["KMS_CONFORMANCE_ENDPOINT", "AWS_PROFILE", "AWS_REGION"] {
        command.env_remove(name);
    }
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    command.env("AWS_SESSION_TOKEN", session_token()).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    command.args(["run", "--max-wait", "0s", "--endpoint", url, "--out"]).arg(out).args(arguments).output().unwrap()
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The secrets that passed, and those of the environment, which do not.
fn all(record: &mut Record) -> &Needles {
    record.needles.add("the secret access key", SECRET_KEY.as_bytes());
    record.needles.add("the session token's text", session_token().as_bytes());
    &record.needles
}

/// A file with what report.html has compressed.
fn legible(mut file: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&file).into_owned();
    let packed = text.split_once("<template id=\"packed\">").and_then(|(_, rest)| rest.split_once("</template>"));
    if let Some((packed, _)) = packed {
        file.extend(miniz_oxide::inflate::decompress_to_vec_zlib(&STANDARD.decode(packed).unwrap()).unwrap());
    }
    file
}

/// What is found in the run's files, and in what was printed.
fn search(needles: &Needles, output: &Output, out: &Path) -> Vec<(String, Found)> {
    let files = files(out);
    assert!(files.iter().any(|file| file.ends_with("events.jsonl")), "{files:?}");
    let mut found: Vec<_> = files
        .iter()
        .map(|file| (file.display().to_string(), needles.find_in(&legible(fs::read(file).unwrap()))))
        .collect();
    found.push(("stdout".into(), needles.find_in(&output.stdout)));
    found.push(("stderr".into(), needles.find_in(&output.stderr)));
    found.retain(|(_, found)| !found.is_empty());
    found
}

fn assert_passed(record: &Record, kinds: &[&str]) {
    for kind in kinds {
        let count = record.kinds.get(*kind).copied().unwrap_or_default();
        assert!(count > 0, "{kind} did not pass: {:?}", record.kinds);
    }
}

#[test]
fn a_broad_run_leaves_no_secret_in_any_artefact() {
    let (tap, url) = tap::start(Manners::Good);
    let out = tempfile::tempdir().unwrap();
    let output = run(&url, out.path(), BROAD);
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
    let mut record = tap.record.lock().unwrap();
    assert_passed(&record, &["a token", "encrypted material", "key material", "a data key", "a private data key"]);
    assert_passed(&record, &["a shared secret", "a signature", "a session token"]);
    assert!(record.kinds["key material"] > 300, "{:?}", record.kinds);
    assert!(!last.contains("deviation"), "the tap is not noticed: {}", String::from_utf8_lossy(&output.stdout));
    let needles = all(&mut record);
    assert!(needles.secrets() > 1000);
    assert_eq!(search(needles, &output, out.path()), []);
    for file in files(Path::new("snapshots")) {
        assert_eq!(needles.find_in(&fs::read(&file).unwrap()), Found::new(), "{}", file.display());
    }
}

#[test]
fn a_target_that_quotes_secrets_has_them_blotted_out() {
    let (tap, url) = tap::start(Manners::QuotesSecrets);
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("target.yaml");
    fs::write(&file, "{ name: Quoter, capabilities: { clock: real } }").unwrap();
    let target = file.display().to_string();
    let output = run(&url, out.path(), &[&SOME[..], &["--target", &target]].concat());
    let mut record = tap.record.lock().unwrap();
    assert_passed(&record, &["key material", "a data key", "a session token"]);
    let needles = all(&mut record);
    assert_eq!(search(needles, &output, out.path()), []);
    let log = fs::read_to_string(out.path().join("events.jsonl")).unwrap();
    assert!(log.matches("<redacted>").count() > 1000, "something was quoted");
    assert!(log.contains("InternalQuote") && log.contains("ADebugMember"));
}

/// The search finds what it is to find: the wire itself is an artefact without redaction.
#[test]
fn the_search_finds_secrets_where_nothing_is_redacted() {
    let (tap, url) = tap::start(Manners::Good);
    let out = tempfile::tempdir().unwrap();
    run(&url, out.path(), &SOME);
    let mut record = tap.record.lock().unwrap();
    let wire = std::mem::take(&mut record.wire);
    let found = all(&mut record).find_in(&wire);
    for kind in ["a token", "encrypted material", "a data key", "a shared secret"] {
        assert!(found.keys().any(|what| what.starts_with(kind)), "{kind}: {found:?}");
    }
}

#[test]
fn the_search_finds_each_form_of_each_part() {
    let secret = noise(100);
    let mut needles = Needles::default();
    needles.add("it", &secret);
    let python = format!("b'{}'", secret.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>());
    let texts = [
        ("hexadecimal", hex::encode(&secret)),
        ("upper-case hexadecimal", hex::encode_upper(&secret)),
        ("list", format!("{secret:?}")),
        ("list", serde_json::to_string(&secret).unwrap()),
        ("list", format!("{secret:#?}").replace(' ', "")),
        ("JSON", serde_json::to_string(&secret.iter().map(|byte| char::from(*byte)).collect::<String>()).unwrap()),
        ("C", python),
    ];
    for (form, text) in texts {
        let found = needles.find_in(text.as_bytes());
        assert!(found.keys().any(|what| what.contains(form)), "{form}: {found:?}");
    }
    for before in 0..5 {
        let within = [&vec![1; before][..], &secret, &[2, 3]].concat();
        let found = needles.find_in(STANDARD.encode(&within).as_bytes());
        assert_eq!(found.values().sum::<usize>(), 3, "the start, the middle and the end: {found:?}");
        let url_safe = base64::engine::general_purpose::URL_SAFE.encode(&within);
        assert_eq!(needles.find_in(url_safe.as_bytes()).values().sum::<usize>(), 3);
        assert_eq!(needles.find_in(base32(&within).as_bytes()).values().sum::<usize>(), 3, "base32 after {before}");
    }
    assert_eq!(needles.find_in(&secret).values().sum::<usize>(), 3);
    assert_eq!(needles.find_in(b"nothing of the sort, in a text that is long enough"), Found::new());
}

/// Base32 by big numbers, eight digits a time: another way than the search's.
fn base32(bytes: &[u8]) -> String {
    let digit =
        |number: u64, at: u32| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(number >> (35 - 5 * at) & 31) as usize]);
    let group =
        |five: &[u8]| five.iter().chain([0; 5].iter()).take(5).fold(0, |number, byte| number << 8 | u64::from(*byte));
    bytes.chunks(5).flat_map(|five| (0..8).map(move |at| digit(group(five), at))).collect()
}

/// The AWS SDK traces requests as they are, so that whoever subscribes to its traces gets secrets; the program does not.
#[test]
fn nothing_secret_is_traced_but_by_the_sdk() {
    let (tap, url) = tap::start(Manners::QuotesSecrets);
    let traces = traces::Traces::default();
    tracing::subscriber::set_global_default(traces.clone()).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(traced_run(&url));
    let text = traces.0.lock().unwrap().clone();
    let (ours, others): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.contains(" kms_conformance"));
    let mut record = tap.record.lock().unwrap();
    assert_passed(&record, &["key material", "a data key"]);
    let needles = all(&mut record);
    assert_eq!(needles.find_in(ours.join("\n").as_bytes()), Found::new());
    let found = needles.find_in(others.join("\n").as_bytes());
    assert!(found.keys().any(|what| what.starts_with("a signature")), "all that is traced is searched: {found:?}");
}

async fn traced_run(url: &str) {
    let timeout = Duration::from_secs(15);
    let endpoint = Endpoint { url: url.to_owned(), region: None, second_region: None, second_profile: None, timeout };
    let target = Arc::new(Target::connect(&endpoint).await.unwrap());
    let tests = Library::shipped().unwrap().tests.into_iter();
    let tests = tests.filter(|test| SOME.iter().any(|name| test.name.starts_with(name)));
    let plan = Plan { tests: tests.map(Arc::new).collect(), scenarios: None, shard: None, exploration: None };
    runner::run(target, plan, Options::default(), &Stopper::default(), |_| {}, |_| ()).await;
}
