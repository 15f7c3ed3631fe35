//! The GitHub Action: its scripts are run, with stubs for what they call, as a runner would run them.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const STUB: &str = "#!/usr/bin/env bash\nprintf '%s\\0' \"$0\" \"$@\" >> \"$STUB_LOG\"\nexit \"${STUB_CODE:-0}\"\n";

fn action() -> Value {
    serde_yaml::from_str(&fs::read_to_string("action.yml").unwrap()).unwrap()
}

fn steps(action: &Value) -> &[Value] {
    action["runs"]["steps"].as_array().unwrap()
}

fn step<'a>(action: &'a Value, mark: &str) -> &'a Value {
    steps(action).iter().find(|step| step["run"].as_str().is_some_and(|run| run.contains(mark))).unwrap()
}

/// A runner's folder, with stubs instead of cargo and of the program.
struct Runner(tempfile::TempDir);

impl Runner {
    fn new() -> Self {
        let runner = Self(tempfile::tempdir().unwrap());
        for stub in ["path/cargo", "root/bin/kms-conformance"] {
            let path = runner.path(stub);
            fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
            fs::write(&path, STUB).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        runner
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Runs a step's own command, with its environment and these values for what GitHub would fill in.
    fn run(&self, step: &Value, values: &[(&str, &str)], code: i32) -> Output {
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", step["run"].as_str().unwrap()]).env_clear();
        let path = format!("{}:{}", self.path("path"), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("STUB_LOG", self.path("log")).env("STUB_CODE", code.to_string());
        command.env("GITHUB_OUTPUT", self.path("output")).env("RUNNER_TEMP", self.path("temp"));
        command.current_dir(self.0.path());
        for name in step["env"].as_object().unwrap().keys() {
            let value = values.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
            command.env(name, value);
        }
        command.env("ACTION_PATH", env!("CARGO_MANIFEST_DIR")).env("ROOT", self.path("root"));
        command.output().unwrap()
    }

    /// What the stubs were called with.
    fn called(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.split_terminator('\0').map(str::to_owned).collect()
    }

    /// The step's outputs, as a runner reads them.
    fn outputs(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.path("output")).unwrap_or_default();
        let (mut outputs, mut lines) = (BTreeMap::new(), text.lines());
        while let Some(line) = lines.next() {
            match line.split_once("<<") {
                Some((name, end)) if !line.split("<<").next().unwrap().contains('=') => {
                    let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                    outputs.insert(name.to_owned(), value.join("\n"));
                }
                _ => {
                    let (name, value) = line.split_once('=').unwrap();
                    outputs.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        outputs
    }
}

#[test]
fn inputs_become_arguments_and_results_become_outputs() {
    let (action, runner) = (action(), Runner::new());
    let values = [
        ("INPUT_ENDPOINT", "http://127.0.0.1:4566"),
        ("INPUT_TARGET", "my target.yaml"),
        ("INPUT_REGION", "eu-west-1"),
        ("INPUT_KNOWN", "known.yaml"),
        ("INPUT_PROFILE", "core"),
        ("INPUT_OUT", "my reports"),
        ("INPUT_ARGS", "import_token\r\n\n--shard\n1/4\n"),
    ];
    let output = runner.run(step(&action, "run.sh"), &values, 0);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = [
        "run",
        "--out",
        "my reports",
        "--endpoint=http://127.0.0.1:4566",
        "--target=my target.yaml",
        "--region=eu-west-1",
        "--known=known.yaml",
        "--profile=core",
        "import_token",
        "--shard",
        "1/4",
    ];
    assert_eq!(runner.called()[1..], expected);
    let outputs = runner.outputs();
    let output = |name: &str| outputs[name].as_str();
    assert_eq!([output("conclusion"), output("exit-code"), output("report-dir")], ["conformant", "0", "my reports"]);
}

#[test]
fn what_is_not_given_is_not_passed_on() {
    let (action, runner) = (action(), Runner::new());
    runner.run(step(&action, "run.sh"), &[], 0);
    assert_eq!(runner.called()[1..], ["run", "--out", "kms-conformance-report"]);
}

#[test]
fn exit_codes_are_kept_and_named() {
    let action = action();
    for (code, conclusion) in [
        (0, "conformant"),
        (1, "not_conformant"),
        (2, "usage_error"),
        (3, "undecided"),
        (4, "harness_error"),
        (101, "harness_error"),
        (130, "interrupted"),
    ] {
        let runner = Runner::new();
        assert_eq!(runner.run(step(&action, "run.sh"), &[], code).status.code(), Some(code));
        assert_eq!(runner.outputs()["conclusion"], conclusion);
        assert_eq!(runner.outputs()["exit-code"], code.to_string());
    }
}

#[test]
fn hostile_inputs_are_words_and_nothing_else() {
    const HOSTILE: &str = "$(touch pwned) `touch pwned`; touch pwned\" '&& touch pwned\nconclusion=conformant";
    let (action, runner) = (action(), Runner::new());
    let names = ["ENDPOINT", "TARGET", "REGION", "KNOWN", "PROFILE", "OUT"].map(|name| format!("INPUT_{name}"));
    let mut values: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), HOSTILE)).collect();
    values.push(("INPUT_ARGS", "$(touch pwned)\n* `touch pwned`"));
    assert_eq!(runner.run(step(&action, "run.sh"), &values, 1).status.code(), Some(1));
    assert!(!Path::new(&runner.path("pwned")).exists());
    let called = runner.called();
    assert_eq!(called[1..4], ["run", "--out", HOSTILE]);
    assert_eq!(called[4], format!("--endpoint={HOSTILE}"));
    assert_eq!(called[9..], ["$(touch pwned)", "* `touch pwned`"]);
    assert_eq!(runner.outputs()["conclusion"], "not_conformant", "an input sets no output");
    assert_eq!(runner.outputs()["report-dir"], HOSTILE);
}

#[test]
fn the_program_is_built_from_the_ref_that_is_asked_for() {
    let action = action();
    let install = |reference: &str, own: &str| {
        let runner = Runner::new();
        fs::remove_file(runner.path("root/bin/kms-conformance")).unwrap();
        let values = [("REF", reference), ("OWN_REF", own), ("REPOSITORY", "https://example.com/a/b")];
        let output = runner.run(step(&action, "build.sh\" install"), &values, 0);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let root = runner.path("root");
        let called: Vec<String> = runner.called().into_iter().skip(1).filter(|word| *word != root).collect();
        called.join(" ")
    };
    let own = format!("install --locked --root --path {}", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(install("main", "true"), own);
    let from = "install --locked --root --git https://example.com/a/b";
    assert_eq!(install("v1.2.3", "false"), format!("{from} --tag v1.2.3"));
    assert_eq!(install("main; touch pwned", "false"), format!("{from} --branch main; touch pwned"));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(install(commit, "false"), format!("{from} --rev {commit}"));
}

#[test]
fn only_what_names_one_build_is_cached_and_what_is_cached_is_not_built() {
    let action = action();
    for (reference, cacheable) in
        [("0123456789abcdef0123456789abcdef01234567", "true"), ("v1.2.3", "true"), ("v1", "false"), ("main", "false")]
    {
        let runner = Runner::new();
        assert!(runner.run(step(&action, "build.sh\" where"), &[("REF", reference)], 0).status.success());
        assert_eq!(runner.outputs()["cacheable"], cacheable, "{reference}");
    }
    let runner = Runner::new();
    runner.run(step(&action, "build.sh\" install"), &[("REF", "v1.2.3"), ("OWN_REF", "false")], 0);
    assert_eq!(runner.called(), Vec::<String>::new());
}

/// An expression in a script would be replaced by its value before the shell reads it.
#[test]
fn no_script_holds_an_expression_and_every_input_is_used() {
    let action = action();
    for step in steps(&action) {
        if let Some(run) = step["run"].as_str() {
            assert!(!run.contains("${{"), "{run}");
            assert_eq!(step["shell"], "bash", "{run}");
        }
    }
    let text = fs::read_to_string("action.yml").unwrap();
    for input in action["inputs"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("inputs.{input} ")), "{input} is not used");
    }
    for (output, defined) in action["outputs"].as_object().unwrap() {
        let script = fs::read_to_string("harness/action/run.sh").unwrap();
        assert_eq!(defined["value"], format!("${{{{ steps.run.outputs.{output} }}}}"));
        assert!(script.contains(output.as_str()), "{output} is not set");
    }
}
