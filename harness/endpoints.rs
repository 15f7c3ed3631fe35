//! Endpoints that are served: the emulator over HTTP, and those that are gone, silent or talk garbage.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

/// A program that ends with the test.
struct Served(Child, String);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    for name in ["KMS_CONFORMANCE_ENDPOINT", "GITHUB_STEP_SUMMARY", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

fn emulator() -> Served {
    let mut child = program().args(["emulator", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    Served(child, url.trim().to_owned())
}

fn run_against(url: &str, more: &[&str]) -> Output {
    program().args(["run", "--endpoint", url]).args(more).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Serves every connection in a thread of its own, until the process ends.
fn serve(answer: impl Fn(&mut std::net::TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(&mut stream));
        }
    });
    url
}

fn read_request(stream: &mut std::net::TcpStream) {
    let mut buffer = [0; 16 * 1024];
    let _ = stream.read(&mut buffer);
}

#[test]
fn the_served_emulator_passes_with_its_clock_turned_from_afar() {
    let served = emulator();
    let output = run_against(&served.1, &["--subject", "import_token", "--subject", "expiry"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let last = stdout(&output).lines().last().unwrap().to_owned();
    assert!(!last.contains("not run"), "its clock can be turned: {last}");
}

#[cfg(unix)]
#[test]
fn the_served_emulator_stops_cleanly_when_asked() {
    let mut served = emulator();
    let stopped = Command::new("kill").args(["-INT", &served.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(served.0.wait().unwrap().code(), Some(0));
}

#[test]
fn nothing_there_ends_with_3_and_says_so() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run_against(&format!("http://{closed}"), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("does not answer"), "{}", stderr(&output));
}

#[test]
fn a_silent_endpoint_ends_with_3_and_does_not_hang() {
    let url = serve(|stream| {
        read_request(stream);
        thread::sleep(Duration::from_secs(3600));
    });
    let output = run_against(&url, &["--timeout", "300ms"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("no answer in time"), "{}", stderr(&output));
}

#[test]
fn an_endpoint_that_breaks_connections_ends_with_3() {
    let url = serve(read_request);
    let output = run_against(&url, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("the connection broke"), "{}", stderr(&output));
}

#[test]
fn garbage_is_a_deviation_where_it_is_judged_and_blocks_elsewhere() {
    let url = serve(|stream| {
        read_request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<html>it works!");
    });
    let output = run_against(&url, &["--subject", "create", "--subject", "reimport"]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}{}", stderr(&output));
    assert!(shown.contains("an answer that the SDK cannot read (HTTP 200"), "{shown}");
    assert!(shown.contains("BLOCKED"), "{shown}");
    assert!(!shown.lines().last().unwrap().contains("pass"), "nothing may pass: {shown}");
}

#[test]
fn an_endpoint_that_goes_away_during_the_run_is_reported_as_gone() {
    let answered = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let url = serve(move |stream| {
        read_request(stream);
        if answered.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 3 {
            let body = r#"{"Keys":[]}"#;
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        }
    });
    let output = run_against(&url, &["--subject", "reimport"]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "{shown}{}", stderr(&output));
    assert!(shown.contains("the target stopped answering"), "{shown}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_reports_what_there_is() {
    let url = serve(|stream| {
        read_request(stream);
        thread::sleep(Duration::from_millis(300));
        let body = r#"{"__type":"ThrottlingException","message":"slow down"}"#;
        let _ = write!(stream, "HTTP/1.1 400 Bad\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    });
    let mut child =
        program().args(["run", "--endpoint", &url]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Once it says what it runs, it listens for signals.
    let mut said = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("tests against"), "{said}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stdout(&output).contains("interrupted"), "{}", stdout(&output));
}

#[test]
fn a_target_that_does_nothing_right_passes_nothing() {
    for (status, body) in [("200 OK", "{}"), ("400 Bad", r#"{"__type":"ValidationException","message":"no"}"#)] {
        let url = serve(move |stream| {
            read_request(stream);
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close", body.len());
            let _ = write!(stream, "{head}\r\n\r\n{body}");
        });
        let output = run_against(&url, &["--max-wait", "0s"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let last = stdout(&output).lines().last().unwrap().to_owned();
        assert!(!last.contains("pass") && last.contains("deviation"), "{last}");
    }
}
