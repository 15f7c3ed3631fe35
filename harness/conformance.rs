//! Every scenario, and every case of its matrix, as a test of its own.
//!
//! `cargo test import_token` and `cargo nextest run import_token` choose by name. The target is the built-in emulator, or
//! whatever `KMS_CONFORMANCE_ENDPOINT` names; there, tests that would have to wait longer than 30 seconds are ignored.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use kms_conformance::emulator::{Config, Emulator};
use kms_conformance::judge::Verdict;
use kms_conformance::kms::Operation;
use kms_conformance::report::Human;
use kms_conformance::runner::{Event, Options, TestOutcome, run_test};
use kms_conformance::scenario::{Library, Test};
use kms_conformance::target::{Endpoint, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let endpoint = std::env::var("KMS_CONFORMANCE_ENDPOINT").ok();
    let library = Library::shipped().expect("the shipped scenarios have no mistakes");
    let runtime = Arc::new(Runtime::new().expect("threads can be started"));
    let target = match arguments.list {
        true => None,
        false => Some(Arc::new(runtime.block_on(reach(endpoint.as_deref())))),
    };
    let trial = |test: Test| {
        let ignored = endpoint.is_some() && test.total_wait() > Options::default().max_wait;
        let (name, subject) = (test.name.clone(), test.scenario.subject.clone());
        let (runtime, target) = (Arc::clone(&runtime), target.clone());
        let run = move || {
            let target = target.ok_or("a test that is only listed is not run")?;
            judge(&runtime.block_on(run_test(&target, &test, &Options::default())))
        };
        Trial::test(name, run).with_kind(subject).with_ignored_flag(ignored)
    };
    libtest_mimic::run(&arguments, library.tests.into_iter().map(trial).collect()).exit_code()
}

async fn reach(endpoint: Option<&str>) -> Target {
    let Some(url) = endpoint else { return Target::emulator(Emulator::new(Config::default())) };
    let endpoint = Endpoint {
        url: url.to_owned(),
        region: None,
        second_region: None,
        second_profile: None,
        timeout: Duration::from_secs(15),
    };
    let target = Target::connect(&endpoint).await.unwrap_or_else(|error| panic!("{error}"));
    target.probe(Operation::ALL).await;
    target
}

/// Only a pass, or an observation, is one: what could not be judged fails, and says why.
fn judge(outcome: &TestOutcome) -> Result<(), Failed> {
    match outcome.verdict {
        Verdict::Pass | Verdict::Observed => Ok(()),
        _ => {
            let mut report = Human::default();
            report.add(&Event::TestFinished(Box::new(outcome.clone())));
            Err(anstream::adapter::strip_str(&report.render()).to_string().into())
        }
    }
}
