//! The emulator's own interface: the control endpoint, and the server.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use kms_conformance::emulator::server::serve;
use kms_conformance::emulator::{Config, Emulator};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

async fn control(emulator: &Emulator, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(Bytes::from(body.to_owned())).unwrap();
    let response = emulator.respond(request).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn the_emulator_says_what_it_is() {
    let emulator = Emulator::new(Config::default());
    let (status, body) = control(&emulator, "GET", "/_kms-conformance", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, json!({ "name": "kms-conformance", "version": env!("CARGO_PKG_VERSION"), "control": 1 }));
}

#[tokio::test]
async fn the_clock_can_be_read_frozen_and_advanced() {
    let emulator = Emulator::new(Config::default());
    let clock = async |body: Value| control(&emulator, "POST", "/_kms-conformance/clock", &body.to_string()).await.1;
    let account = "111122223333";
    let start = clock(json!({ "account": account, "freeze": true })).await["now_ms"].as_i64().unwrap();
    assert_eq!(clock(json!({ "account": account })).await["now_ms"], start);
    assert_eq!(clock(json!({ "account": account, "advance_ms": 86_400_000 })).await["now_ms"], start + 86_400_000);
    assert_eq!(emulator.clock(&account.parse().unwrap()).now().as_millisecond(), start + 86_400_000);
    let other = clock(json!({ "account": "444455556666", "advance_ms": 0 })).await["now_ms"].as_i64().unwrap();
    assert!((other - start).abs() < 60_000);
}

#[tokio::test]
async fn a_bad_control_request_is_told_what_is_wrong() {
    let emulator = Emulator::new(Config::default());
    for (method, path, body, about) in [
        ("POST", "/_kms-conformance/clock", r#"{}"#, "account"),
        ("POST", "/_kms-conformance/clock", r#"{"account":"1"}"#, "12 digits"),
        ("POST", "/_kms-conformance/clock", r#"{"account":"111122223333","advance_ms":-1}"#, "does not go back"),
        ("POST", "/_kms-conformance/clock", r#"{"account":"111122223333","advance":1}"#, "advance"),
        ("GET", "/_kms-conformance/clock", "", "POST /_kms-conformance/clock"),
        ("GET", "/_kms-conformance/nonsense", "", "nonsense"),
    ] {
        let (status, body) = control(&emulator, method, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["error"].as_str().unwrap().contains(about), "{body}");
    }
}

#[tokio::test]
async fn what_is_no_operation_is_unknown() {
    let emulator = Emulator::new(Config::default());
    for target in [None, Some("TrentService.Nonsense"), Some("DescribeKey"), Some("Other.DescribeKey")] {
        let mut request = Request::post("/");
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let response = emulator.respond(request.body(Bytes::from_static(b"{}")).unwrap()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.body(), r#"{"__type":"UnknownOperationException"}"#, "{target:?}");
    }
}

async fn exchange(stream: &mut TcpStream, operation: &str, body: &str) -> String {
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: TrentService.{operation}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut buffer = vec![0; 65536];
    let length = stream.read(&mut buffer).await.unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

#[tokio::test]
async fn the_server_answers_over_a_socket_and_stops_gracefully() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(Emulator::new(Config::default()), listener, async {
        let _ = stopped.await;
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let created = exchange(&mut stream, "CreateKey", r#"{"Origin":"EXTERNAL"}"#).await;
    assert!(created.starts_with("HTTP/1.1 200 OK\r\n"), "{created}");
    assert!(created.contains(r#""KeyState":"PendingImport""#), "{created}");
    assert!(created.contains(":000000000000:key/"), "an unsigned request is for the default account: {created}");
    let refused = exchange(&mut stream, "DescribeKey", "{").await;
    assert!(refused.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{refused}");

    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("it stops").unwrap().unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0, "the idle connection is closed");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}
