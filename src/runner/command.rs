//! The command that runs a test again, or the generated sequences that an outcome comes from.

use super::event::{Generated, RunStarted, TestOutcome};
use crate::judge::Messages;
use crate::sequence::{PROPERTIES, Property, sequences_about};

/// The command that shows this outcome again, for a POSIX shell: it runs just the test or, where the outcome is of generated
/// sequences and no scenario of it was written, those sequences.
#[must_use]
pub fn repeat_command(run: Option<&RunStarted>, outcome: &TestOutcome) -> String {
    let own = outcome.written_to();
    match &outcome.generated {
        Some(generated) if own.is_none() => explore_command(run, generated),
        Some(_) | None => run_command(run, own, &outcome.test),
    }
}

fn run_command(run: Option<&RunStarted>, own: Option<&str>, test: &str) -> String {
    let mut words = vec!["kms-conformance run".to_owned()];
    words.extend(run.map(target_flags).unwrap_or_default());
    if let Some(scenarios) = own.or(run.and_then(|run| run.scenarios.as_deref())) {
        words.push(format!("--scenarios {}", shell_word(scenarios)));
    }
    if run.is_some_and(|run| run.messages == Messages::Judged) {
        words.push("--strict-messages".to_owned());
    }
    words.push(format!("--exact {}", quoted(test)));
    words.join(" ")
}

/// The command that makes and runs these sequences again.
pub(crate) fn explore_command(run: Option<&RunStarted>, generated: &Generated) -> String {
    explore(run, &[generated], generated)
}

/// The command that makes and runs the sequences of all these properties of a run again.
pub(crate) fn explore_again_command(run: &RunStarted, properties: &[&Generated]) -> String {
    let Some(first) = properties.first() else { return String::new() };
    let named = if properties.len() == PROPERTIES.len() { &[] } else { properties };
    explore(Some(run), named, first)
}

fn explore(run: Option<&RunStarted>, named: &[&Generated], like: &Generated) -> String {
    let mut words = vec!["kms-conformance explore".to_owned()];
    words.extend(run.map(target_flags).unwrap_or_default());
    let name = |generated: &&Generated| shell_word(generated.property.trim_start_matches("sequences/"));
    words.extend(named.iter().map(|generated| format!("--property {}", name(generated))));
    let Generated { property: _, seed, steps, cases, clients, came_to: _ } = like;
    let is_named = |property: &&Property| named.is_empty() || named.iter().any(|one| one.property == property.name);
    let cases = sequences_about(&PROPERTIES.iter().filter(is_named).collect::<Vec<_>>(), *cases);
    words.push(format!("--seed {seed} --steps {steps} --cases {cases} --clients {clients}"));
    words.join(" ")
}

/// What the target's description says already is not said again.
fn target_flags(run: &RunStarted) -> Vec<String> {
    let declared = run.declared.as_ref();
    let said = |url: &str| declared.and_then(|declared| declared.endpoint.as_deref()) == Some(url);
    let usual = declared.and_then(|declared| declared.region.as_deref()).unwrap_or(crate::target::DEFAULT_REGION);
    let flags = [
        ("--target", declared.map(|declared| &declared.file)),
        ("--endpoint", run.url.as_ref().filter(|url| !said(url))),
        ("--defect", run.defect.as_ref().filter(|_| run.url.is_none())),
        ("--region", Some(&run.region).filter(|region| *region != usual)),
    ];
    flags.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", shell_word(value?)))).collect()
}

/// A word that a shell takes as it stands, quoted only where it must be.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_where_a_shell_needs_it() {
        assert_eq!(run_command(None, None, "a/b[c=d]"), "kms-conformance run --exact 'a/b[c=d]'");
        assert_eq!(shell_word("http://127.0.0.1:4566"), "http://127.0.0.1:4566");
        assert_eq!(shell_word("my scenarios"), "'my scenarios'");
        assert_eq!(shell_word("$(reboot)'s"), r"'$(reboot)'\''s'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn what_the_description_says_is_not_said_again() {
        let run = |url: &str, region: &str| {
            let json = serde_json::json!({
                "version": 1, "suite_version": "0.1.0", "target": "Mine", "url": url, "region": region,
                "scenarios": null, "tests": 0, "at": "2026-01-01T00:00:00Z",
                "declared": { "file": "mine.yaml", "endpoint": "http://127.0.0.1:1", "region": "eu-west-1" }
            });
            serde_json::from_value::<RunStarted>(json).unwrap()
        };
        let command = |url: &str, region: &str| run_command(Some(&run(url, region)), None, "a/b");
        let said = "kms-conformance run --target mine.yaml";
        assert_eq!(command("http://127.0.0.1:1", "eu-west-1"), format!("{said} --exact 'a/b'"));
        let other = format!("{said} --endpoint http://127.0.0.1:2 --region us-east-1 --exact 'a/b'");
        assert_eq!(command("http://127.0.0.1:2", "us-east-1"), other);
    }

    #[test]
    fn a_scenario_of_a_sequence_is_run_from_where_it_was_written_and_the_sequence_again_where_it_was_not() {
        let json = serde_json::json!({
            "test": "regressions/x", "scenario": "regressions/x", "subject": "regressions", "title": "", "why": "",
            "file": "my out/regressions/x.yaml", "text": "…", "verdict": "deviation", "reason": null,
            "findings": [], "exchanges": [], "elapsed_ms": 0.0,
            "generated": { "property": "sequences/expiry", "seed": 7, "cases": 5, "steps": 40, "clients": 2 }
        });
        let written: TestOutcome = serde_json::from_value(json).unwrap();
        let command = "kms-conformance run --scenarios 'my out' --exact 'regressions/x'";
        assert_eq!(repeat_command(None, &written), command);
        let again = "kms-conformance explore --property expiry --seed 7 --steps 40 --cases 1 --clients 2";
        let unwritten = TestOutcome { file: "regressions/x.yaml".into(), ..written.clone() };
        assert_eq!(repeat_command(None, &unwritten), again);
        let as_seen = TestOutcome { file: String::new(), text: None, ..written };
        assert_eq!(repeat_command(None, &as_seen), again);
    }
}
