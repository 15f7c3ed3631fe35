//! Chromium without a window, driven through its own debugging protocol over a pair of pipes: no driver, no socket.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Names a browser, or says with `required` that tests must not be skipped without one.
const CHOICE: &str = "KMS_CONFORMANCE_BROWSER";
const KNOWN: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Commands come in on file descriptor 3 and answers go out on 4. A browser that runs as root has no sandbox.
const START: &str = r#"[ "$(id -u)" = 0 ] && set -- "$@" --no-sandbox; exec "$@" 3<&0 4>&1 >/dev/null 2>&1"#;

pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

/// A page's size and theme.
pub(crate) struct View {
    pub(crate) width: u32,
    pub(crate) dark: bool,
    pub(crate) print: bool,
    pub(crate) scripts: bool,
}

pub(crate) const DESKTOP: View = View { width: 1400, dark: false, print: false, scripts: true };

impl Browser {
    /// A browser with an empty page; none, and a word about it, where the machine has no Chromium.
    pub(crate) fn start() -> Option<Self> {
        let choice = std::env::var(CHOICE).ok();
        let named = choice.as_deref().filter(|choice| *choice != "required");
        let works =
            |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
        let Some(program) = named.or_else(|| KNOWN.iter().copied().find(works)) else {
            assert!(choice.is_none(), "there is no Chromium: run harness/browser/install");
            eprintln!("SKIPPED: there is no Chromium; harness/browser/install gets it");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new("sh")
            .args([
                "-c",
                START,
                "sh",
                program,
                "--headless=new",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
            ])
            .args(["--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut browser =
            Self { process, commands, answers, session: None, sent: 0, events: Vec::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", target)["sessionId"].as_str().unwrap().to_owned();
        browser.session = Some(session);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Opens a file and waits until it is loaded. `rest` is a query, an anchor, or both.
    pub(crate) fn open(&mut self, file: &Path, rest: &str, view: &View) {
        let scheme = if view.dark { "dark" } else { "light" };
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        let media = if view.print { "print" } else { "screen" };
        let size = json!({"width": view.width, "height": 1000, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        self.call("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !view.scripts}));
        self.navigate("about:blank");
        self.events.clear();
        self.navigate(&format!("file://{}{rest}", file.display()));
    }

    pub(crate) fn reload(&mut self) {
        let address = self.js("location.href");
        self.navigate("about:blank");
        self.navigate(address.as_str().unwrap());
    }

    fn navigate(&mut self, address: &str) {
        self.events.retain(|event| event["method"] != "Page.loadEventFired");
        self.call("Page.navigate", json!({"url": address}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let message = self.read();
            self.events.push(message);
        }
    }

    /// The value of an expression in the page, once it is there if it is promised.
    pub(crate) fn js(&mut self, expression: &str) -> Value {
        let what = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", what);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits for an expression to become true; a test that waits in vain is ended after some seconds by the page.
    pub(crate) fn until(&mut self, expression: &str) {
        let wait = format!(
            "new Promise((done, fail) => {{ const end = Date.now() + 10000; const look = () => \
             ({expression}) ? done(true) : Date.now() > end ? fail('in vain: ' + {expression:?}) : setTimeout(look, 10); look(); }})"
        );
        self.js(&wait);
    }

    /// Presses a key, which types its character if it has one.
    pub(crate) fn press(&mut self, key: &str) {
        let mut down = json!({"type": "keyDown", "key": key});
        if key.chars().count() == 1 {
            down["text"] = key.into();
        } else if key == "Enter" {
            down["text"] = "\r".into();
        }
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            _ => 0,
        };
        if code > 0 {
            down["windowsVirtualKeyCode"] = code.into();
        }
        self.call("Input.dispatchKeyEvent", down);
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key}));
    }

    /// The names and roles that a screen reader has.
    pub(crate) fn accessibility(&mut self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        nodes.map(|node| (text(&node["role"]), text(&node["name"]))).collect()
    }

    /// Whatever the page complained of, and whatever it asked for beside itself.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.js("0");
        let told = self.events.iter().filter(|event| match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" | "Log.entryAdded" => true,
            "Runtime.consoleAPICalled" => event["params"]["type"] != "debug",
            "Network.requestWillBeSent" => {
                let address = event["params"]["request"]["url"].as_str().unwrap_or_default();
                event["params"]["type"] != "Document" || !(address.starts_with("file:") || address == "about:blank")
            }
            _ => false,
        });
        told.map(ToString::to_string).collect()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        self.commands.flush().unwrap();
        loop {
            let message = self.read();
            if message["id"] == self.sent {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.answers.read_until(0, &mut message).unwrap();
        assert!(message.pop() == Some(0), "Chromium ended");
        serde_json::from_slice(&message).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
