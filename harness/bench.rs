//! How fast the harness and the emulator are: `cargo bench`. Run by hand, on a quiet machine; no test asserts a time.
//!
//! What counts are ratios between things measured in turns in the same run, each beside its budget.
//! `cargo bench -- overhead import` measures these alone; the others are `run` and `loopback`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be run says so by a panic")]

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kms_conformance::emulator::{Config, Emulator, server};
use kms_conformance::judge::Verdict;
use kms_conformance::kms::WrappingAlgorithm;
use kms_conformance::material::wrap;
use kms_conformance::runner::{self, Event, Options, Plan, Stopper, run_test};
use kms_conformance::scenario::{Library, SourceFile, parse};
use kms_conformance::target::Target;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Each measurement is made so often; the median counts.
const ROUNDS: usize = 7;
/// Calls in the scenario that the overhead is measured by.
const CALLS: usize = 200;
/// Clients that call over loopback at once, and what each of them calls in a round.
const CLIENTS: usize = 4;
const CALLS_OF_A_CLIENT: usize = 2_000;
/// Imports of an account.
const IMPORTS: usize = 60;

const RUN_BUDGET: Duration = Duration::from_secs(15);
const OVERHEAD_BUDGET: Duration = Duration::from_micros(300);
const THROUGHPUT_BUDGET: f64 = 0.6;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` and the like want nothing measured.
    if arguments.iter().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let runtime = Runtime::new().unwrap();
    type Part = (&'static str, fn(&Runtime));
    let parts: [Part; 4] =
        [("run", whole_run), ("overhead", overheads), ("loopback", loopback), ("import", import_cycle)];
    for (name, measure) in parts {
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            measure(&runtime);
        }
    }
}

fn overheads(runtime: &Runtime) {
    let key = "KeyId: \"${k.KeyId}\"";
    overhead(runtime, "DescribeKey", &format!("DescribeKey: {{ {key} }}"), &json!({}));
    let encrypt = format!("Encrypt: {{ {key}, Plaintext: {{ $text: hello }} }}");
    overhead(runtime, "Encrypt", &encrypt, &json!({"Plaintext": "aGVsbG8="}));
}

fn line(what: &str, found: &str, budget: &str) {
    println!("{what:<58} {found:>14}   {budget}");
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

fn median<T: PartialOrd + Copy>(mut all: Vec<T>) -> T {
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all[all.len() / 2]
}

fn whole_run(runtime: &Runtime) {
    let times = (0..3).map(|_| {
        let started = Instant::now();
        let target = Arc::new(Target::emulator(Emulator::new(Config::default())));
        let tests: Vec<_> = Library::shipped().unwrap().tests.into_iter().map(Arc::new).collect();
        let (all, mut good) = (tests.len(), 0);
        let plan = Plan { tests, scenarios: None, shard: None, exploration: None };
        runtime.block_on(runner::run(
            target,
            plan,
            Options::default(),
            &Stopper::default(),
            |event| {
                if let Event::TestFinished(outcome) = event {
                    good += usize::from([Verdict::Pass, Verdict::Observed].contains(&outcome.verdict));
                }
            },
            |_| (),
        ));
        assert_eq!(good, all, "what is measured is a run that passes");
        started.elapsed()
    });
    let time = median(times.collect());
    line("every scenario, in process", &format!("{:.2} s", time.as_secs_f64()), &format!("budget < {RUN_BUDGET:?}"));
}

/// What a call costs beside the target's own work: evaluating the step, the SDK's pipeline, redaction, judging.
fn overhead(runtime: &Runtime, what: &str, step: &str, direct: &Value) {
    let steps = format!("  - {step}\n").repeat(CALLS);
    let text = format!(
        "name: calls\nwhy: to be measured\nsteps:\n  - CreateKey: {{}}\n    as: k\n    expect: {{ KeyMetadata: {{ KeyState: Enabled }} }}\n{steps}  - DescribeKey: \
         {{ KeyId: \"${{k.KeyId}}\" }}\n    expect: {{ KeyMetadata: {{ Origin: AWS_KMS }} }}\n    checks: CRE-ORIGIN-DEFAULT\n"
    );
    let file = SourceFile { path: "bench.yaml".into(), text };
    let test = parse("bench/calls", file).unwrap_or_else(|errors| panic!("{errors}")).remove(0);
    let emulator = Emulator::new(Config::default());
    let target = Target::emulator(emulator.clone());
    let key = create_key(runtime, &emulator, &json!({}));
    let mut input = direct.clone();
    input["KeyId"] = key.into();
    let (mut through, mut own) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let outcome = runtime.block_on(run_test(&target, &test, &Options::default()));
        through.push(started.elapsed() / u32::try_from(CALLS).unwrap());
        assert_eq!(outcome.exchanges.len(), CALLS + 2, "{:?}", outcome.reason);
        let started = Instant::now();
        for _ in 0..CALLS {
            runtime.block_on(call(&emulator, what, &input));
        }
        own.push(started.elapsed() / u32::try_from(CALLS).unwrap());
    }
    let (through, own) = (median(through), median(own));
    line(&format!("{what} through the harness"), &micros(through), "");
    line(&format!("{what}, the emulator's own work"), &micros(own), "");
    let overhead = micros(through.saturating_sub(own));
    line(&format!("{what}, overhead of the harness"), &overhead, &format!("budget < {OVERHEAD_BUDGET:?}"));
}

async fn call(emulator: &Emulator, operation: &str, input: &Value) -> Value {
    call_in("000000000000", emulator, operation, input).await
}

async fn call_in(account: &str, emulator: &Emulator, operation: &str, input: &Value) -> Value {
    let credential = format!("AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/kms/aws4_request");
    let request = Request::post("/").header("x-amz-target", format!("TrentService.{operation}"));
    let request = request.header("authorization", credential);
    let response = emulator.respond(request.body(Bytes::from(input.to_string())).unwrap()).await;
    assert_eq!(response.status(), 200, "{operation}: {:?}", response.body());
    serde_json::from_slice(response.body()).unwrap_or_default()
}

fn create_key(runtime: &Runtime, emulator: &Emulator, input: &Value) -> String {
    let created = runtime.block_on(call(emulator, "CreateKey", input));
    created["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

/// The emulator behind its socket against a handler of the same HTTP library that reads the body and answers as much.
fn loopback(runtime: &Runtime) {
    let emulator = Emulator::new(Config::default());
    let key = create_key(runtime, &emulator, &json!({}));
    let body = json!({"KeyId": key}).to_string();
    let answer = runtime.block_on(call(&emulator, "DescribeKey", &json!({"KeyId": key}))).to_string();
    let served = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server::serve(emulator, listener, std::future::pending()));
        address
    });
    let bare = runtime.block_on(bare_handler(Bytes::from(answer)));
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {served}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: \
         TrentService.DescribeKey\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(throughput(bare, &request));
        ours.push(throughput(served, &request));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    line("a bare handler over loopback", &format!("{theirs:.0} calls/s"), "");
    line("DescribeKey of the emulator over loopback", &format!("{ours:.0} calls/s"), "");
    let ratio = format!("{:.2}", ours / theirs);
    line("DescribeKey ÷ bare handler", &ratio, &format!("budget ≥ {THROUGHPUT_BUDGET}"));
}

async fn bare_handler(answer: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(answer)))
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// Calls per second of all clients together.
fn throughput(address: SocketAddr, request: &str) -> f64 {
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                for _ in 0..CALLS_OF_A_CLIENT {
                    stream.write_all(request.as_bytes()).unwrap();
                    read_answer(&mut stream);
                }
            });
        }
    });
    (CLIENTS * CALLS_OF_A_CLIENT) as f64 / started.elapsed().as_secs_f64()
}

fn read_answer(stream: &mut TcpStream) {
    let mut buffer = [0; 16 * 1024];
    let mut length = 0;
    loop {
        length += stream.read(&mut buffer[length..]).unwrap();
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        let Some(head) = text.find("\r\n\r\n") else { continue };
        let header = text[..head].lines().find_map(|line| line.strip_prefix("content-length: "));
        if length >= head + 4 + header.unwrap().parse::<usize>().unwrap() {
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            return;
        }
    }
}

/// Getting parameters and importing, against the one thing in it that cannot be had faster. Wrapping keys are made ahead
/// and shared by accounts, so that a first account, which waits for them, is not measured.
fn import_cycle(runtime: &Runtime) {
    let emulator = Emulator::new(Config::default());
    runtime.block_on(imports("111111111111", &emulator));
    let (asking, importing) = runtime.block_on(imports("222222222222", &emulator));
    let pair = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let private = OaepPrivateDecryptingKey::new(pair).unwrap();
    let wrapped = wrap(&[7; 32], public.as_ref(), WrappingAlgorithm::RsaesOaepSha256).unwrap();
    let operations = (0..IMPORTS).map(|_| {
        let mut buffer = vec![0; private.min_output_size()];
        let started = Instant::now();
        private.decrypt(&OAEP_SHA256_MGF1SHA256, &wrapped, &mut buffer, None).unwrap();
        started.elapsed()
    });
    let operations: Vec<Duration> = operations.collect();
    let (asked, imported, operation) = (median(asking), median(importing), median(operations));
    let cycle = asked + imported;
    line("GetParametersForImport, RSA_2048", &micros(asked), "");
    line("ImportKeyMaterial", &micros(imported), "");
    line("the RSA private operation alone", &micros(operation), "");
    let ratio = format!("{:.1}", cycle.as_secs_f64() / operation.as_secs_f64());
    line("import cycle ÷ RSA private operation", &ratio, "bound by it: near 1");
}

/// How long each GetParametersForImport and each ImportKeyMaterial of an account took.
async fn imports(account: &str, emulator: &Emulator) -> (Vec<Duration>, Vec<Duration>) {
    let (mut asking, mut importing) = (Vec::new(), Vec::new());
    for _ in 0..IMPORTS {
        let created = call_in(account, emulator, "CreateKey", &json!({"Origin": "EXTERNAL"})).await;
        let key = created["KeyMetadata"]["KeyId"].clone();
        let wanted = json!({"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"});
        let started = Instant::now();
        let parameters = call_in(account, emulator, "GetParametersForImport", &wanted).await;
        asking.push(started.elapsed());
        let public = STANDARD.decode(parameters["PublicKey"].as_str().unwrap()).unwrap();
        let wrapped = wrap(&[7; 32], &public, WrappingAlgorithm::RsaesOaepSha256).unwrap();
        let import = json!({
            "KeyId": key, "ImportToken": parameters["ImportToken"], "EncryptedKeyMaterial": STANDARD.encode(&wrapped),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        let started = Instant::now();
        call_in(account, emulator, "ImportKeyMaterial", &import).await;
        importing.push(started.elapsed());
    }
    (asking, importing)
}
