//! What goes over the wire in the main scenarios, redacted, with identity kept: `<key 1>`, `<key material 1>`.

use std::fmt::Write as _;

use kms_conformance::emulator::{Config, Emulator};
use kms_conformance::report::Normaliser;
use kms_conformance::runner::{Options, TestOutcome, run_test};
use kms_conformance::scenario::Library;
use kms_conformance::target::Target;

/// Tests whose transcripts are kept.
const MAIN: &[&str] = &[
    "create/waits_for_its_material[spec=SYMMETRIC_DEFAULT,usage=ENCRYPT_DECRYPT]",
    "delete/of_an_enabled_symmetric_key",
    "expiry/fields_after_an_expiry[spec=SYMMETRIC_DEFAULT]",
    "import/new_material_waits_for_a_rotation",
    "import_token/damaged[spec=SYMMETRIC_DEFAULT,place=end]",
    "import_token/expires_after_24_hours[spec=SYMMETRIC_DEFAULT,later=24h1m]",
    "import_token/issued_for_another_key[spec=SYMMETRIC_DEFAULT]",
    "import_token/with_another_answers_public_key[spec=SYMMETRIC_DEFAULT,algorithm=RSAES_OAEP_SHA_1,size=RSA_2048]",
    "reimport/after_a_deletion",
    "reimport/changes_the_expiry[spec=SYMMETRIC_DEFAULT]",
    "reimport/other_material_after_a_deletion",
    "valid_to/beyond_365_days[spec=SYMMETRIC_DEFAULT,offset=+3650d]",
    "valid_to/required_by_default[spec=SYMMETRIC_DEFAULT]",
    "wrapping/hmac_material_as_recorded[spec=HMAC_224]",
    "wrapping/rsa_key_as_recorded",
];

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
