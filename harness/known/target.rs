//! A server that gives the answers that a test chose, and the program run against it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

/// Answers by operation; what is not there is not offered.
type Answers = Arc<Mutex<BTreeMap<String, (u16, String)>>>;

/// A target, a folder of scenarios, and a place for files.
pub(crate) struct Bench {
    pub(crate) url: String,
    answers: Answers,
    dir: tempfile::TempDir,
}

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

impl Bench {
    /// Whose keys are in this state from the start, and which knows no aliases.
    pub(crate) fn new(state: &str) -> Self {
        let answers = Answers::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(&answers);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                thread::spawn(move || serve(stream, &served));
            }
        });
        let bench = Self { url, answers, dir: tempfile::tempdir().unwrap() };
        bench.answer("ListKeys", 200, r#"{"Keys":[]}"#);
        bench.keys_are(state);
        for (name, text) in SCENARIOS {
            let path = bench.path("scenarios/own").join(format!("{name}.yaml"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        bench
    }

    pub(crate) fn answer(&self, operation: &str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(operation.to_owned(), (status, body.to_owned()));
    }

    pub(crate) fn keys_are(&self, state: &str) {
        let id = KEY.rsplit('/').next().unwrap();
        let key = format!(
            r#"{{"KeyMetadata":{{"Arn":"{KEY}","KeyId":"{id}","KeyState":"{state}","Origin":"EXTERNAL","Enabled":false}}}}"#
        );
        self.answer("CreateKey", 200, &key);
        self.answer("DescribeKey", 200, &key);
        self.answer("ScheduleKeyDeletion", 200, "{}");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs the scenarios, with the event log in `out`.
    pub(crate) fn run(&self, out: &str, more: &[&str]) -> Shown {
        let scenarios = self.path("scenarios");
        let own = ["--scenarios", scenarios.to_str().unwrap(), "--sequences", "0"];
        let arguments = [&["run", "--endpoint", &self.url, "--out", out], &own[..]].concat();
        self.program(&[&arguments[..], more].concat())
    }

    /// Runs the program in the folder of the files.
    pub(crate) fn program(&self, arguments: &[&str]) -> Shown {
        program(self.dir.path(), arguments)
    }
}

/// Runs the program in a folder.
pub(crate) fn program(dir: &Path, arguments: &[&str]) -> Shown {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-conformance"));
    for name in ["KMS_CONFORMANCE_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").env("COLUMNS", "120").current_dir(dir);
    command.args(arguments).output().unwrap().into()
}

/// What the program said.
pub(crate) struct Shown {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Shown {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Shown {
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }

    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "`{words}` is not in\n{}", self.stdout);
        self
    }

    pub(crate) fn notes(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "`{words}` is not in\n{}", self.stderr);
        self
    }
}

fn serve(mut stream: TcpStream, answers: &Answers) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut operation, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(target) = line.strip_prefix("x-amz-target: trentservice.") {
                operation = target.to_owned();
            } else if let Some(number) = line.strip_prefix("content-length: ") {
                length = number.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let known = answers.lock().unwrap();
        let found =
            known.iter().find(|(name, _)| name.eq_ignore_ascii_case(&operation)).map(|(_, answer)| answer.clone());
        drop(known);
        let (status, body) = found.unwrap_or((400, r#"{"__type":"UnknownOperationException"}"#.to_owned()));
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}",
            body.len()
        );
        if stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).is_err() {
            return;
        }
    }
}

const SCENARIOS: [(&str, &str); 3] = [
    (
        "state",
        r#"
name: a new key waits for its material
why: a key that is usable before any material was imported would use material that nobody chose
matrix: { spec: [SYMMETRIC_DEFAULT, RSA_2048] }
steps:
  - CreateKey: { Origin: EXTERNAL, KeySpec: "${spec}", KeyUsage: ENCRYPT_DECRYPT }
    expect: { KeyMetadata: { KeyState: PendingImport } }
    checks: CRE-EXT-STATE
"#,
    ),
    (
        "described",
        r#"
name: a key is described as it was created
why: a description that differs would mislead
steps:
  - CreateKey: { Origin: EXTERNAL }
    as: k
    expect: { KeyMetadata: { KeyState: PendingImport } }
  - DescribeKey: { KeyId: "${k.KeyId}" }
    expect: { KeyMetadata: { KeyState: PendingImport } }
    checks: CRE-EXT-STATE
"#,
    ),
    (
        "alias",
        r#"
name: an alias cannot be given to a key that is not there
why: an alias of nothing would be useless
steps:
  - CreateAlias: { AliasName: alias/x, TargetKeyId: 1234abcd-12ab-34cd-56ef-1234567890ab }
    fails: NotFoundException
    checks: ID-MISSING
"#,
    ),
];
