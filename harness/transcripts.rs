//! What goes over the wire in the main scenarios, redacted, with identity kept: `<key 1>`, `<key material 1>`.

use std::fmt::Write as _;

use kms_conformance::emulator::{Config, Emulator};
use kms_conformance::report::Normaliser;
use kms_conformance::runner::{Options, TestOutcome, run_test};
use kms_conformance::scenario::Library;
use kms_conformance::target::Target;

/// Tests whose transcripts are kept.
const MAIN: &[&str] = &[];

#[tokio::test(flavor = "multi_thread")]
async fn the_main_scenarios_read_as_they_did() {
    let library = Library::shipped().unwrap();
    let target = Target::emulator(Emulator::new(Config::default()));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/transcripts");
    settings.set_prepend_module_to_snapshot(false);
    for name in MAIN {
        let test = library.tests.iter().find(|test| test.name == *name).unwrap_or_else(|| panic!("{name} is gone"));
        let transcript = transcript(&run_test(&target, test, &Options::default()).await);
        let file = name.replace(['/', '[', '=', ','], "-").replace(']', "");
        settings.bind(|| insta::assert_snapshot!(file, transcript));
    }
}

fn transcript(outcome: &TestOutcome) -> String {
    let mut text = format!("{}: {}\n", outcome.test, outcome.verdict);
    for evidence in &outcome.exchanges {
        let status = evidence.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let _ = writeln!(text, "\n> {} {}\n< {status} {}", evidence.operation, evidence.request, evidence.response);
        for finding in outcome.findings.iter().filter(|finding| finding.line == evidence.line) {
            let _ = writeln!(text, "  {}: {}", finding.rule, finding.verdict);
        }
    }
    Normaliser::default().apply(&text)
}
