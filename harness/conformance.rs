//! Every scenario, and every case of its matrix, as a test of its own; and every property of generated sequences.
//!
//! `cargo test import_token` and `cargo nextest run import_token` choose by name. The target is the built-in emulator, or
//! whatever `KMS_CONFORMANCE_ENDPOINT` names; there, tests that would have to wait longer than 30 seconds are ignored.
//!
//! If `KMS_CONFORMANCE_OUT` names a folder, every process, of which nextest has one a test, writes an event log of its own
//! into it; `kms-conformance report` makes one run of them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use kms_conformance::emulator::{Config, Emulator};
use kms_conformance::judge::Verdict;
use kms_conformance::kms::Operation;
use kms_conformance::report::{Human, LogWriter};
use kms_conformance::runner::{Event, Options, RunFinished, RunStarted, Stopper, TestOutcome, run_test};
use kms_conformance::scenario::{Library, Test};
use kms_conformance::sequence::{Exploration, PROPERTIES, Property, explore};
use kms_conformance::target::{Endpoint, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// Of ten times as many sequences in a row, those of each property are run; the program runs more.
const SEQUENCES: usize = 10;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let endpoint = std::env::var("KMS_CONFORMANCE_ENDPOINT").ok();
    let library = Library::shipped().expect("the shipped scenarios have no mistakes");
    let runtime = Arc::new(Runtime::new().expect("threads can be started"));
    let target = match arguments.list {
        true => None,
        false => Some(Arc::new(runtime.block_on(reach(endpoint.as_deref())))),
    };
    let log: Arc<OnceLock<Log>> = Arc::default();
    let trial = |test: Test| {
        let ignored = endpoint.is_some() && test.total_wait() > Options::default().max_wait;
        let (name, subject) = (test.name.clone(), test.scenario.subject.clone());
        let (runtime, target, log) = (Arc::clone(&runtime), target.clone(), Arc::clone(&log));
        let run = move || {
            let target = target.ok_or("a test that is only listed is not run")?;
            let outcome = runtime.block_on(run_test(&target, &test, &Options::default()));
            if let Some(log) = log.get() {
                log.add(&Event::TestFinished(Box::new(outcome.clone())));
            }
            judge(&outcome)
        };
        Trial::test(name, run).with_kind(subject).with_ignored_flag(ignored)
    };
    let property = |property: &'static Property| {
        let (runtime, target, log) = (Arc::clone(&runtime), target.clone(), Arc::clone(&log));
        let run = move || {
            let target = target.ok_or("a test that is only listed is not run")?;
            let outcomes = runtime.block_on(explored(&target, property));
            if let Some(log) = log.get() {
                outcomes.iter().for_each(|outcome| log.add(&Event::TestFinished(Box::new(outcome.clone()))));
            }
            outcomes.iter().rev().try_for_each(judge)
        };
        // The program itself explores other targets, with a limit of time.
        Trial::test(property.name, run).with_kind("sequences").with_ignored_flag(endpoint.is_some())
    };
    let properties = PROPERTIES.iter().map(property);
    let trials: Vec<Trial> = library.tests.into_iter().map(trial).chain(properties).collect();
    let is_run = |trial: &&Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    if let Some(begun) = target.and_then(|target| Log::begin(&target, trials.iter().filter(is_run).count())) {
        let _ = log.set(begun);
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(log) = log.get() {
        log.add(&Event::RunFinished(RunFinished { at: Timestamp::now(), stopped: None }));
    }
    conclusion.exit_code()
}

/// What a few sequences of a property come to: its own outcome, then those of what they found.
async fn explored(target: &Arc<Target>, property: &'static Property) -> Vec<TestOutcome> {
    let cases = u32::try_from(SEQUENCES * 10).expect("a small number");
    let exploration = Exploration { cases, properties: vec![property], ..Exploration::default() };
    let mut outcomes = Vec::new();
    let mut sink = |event: &Event| {
        if let Event::TestFinished(outcome) = event {
            outcomes.push((**outcome).clone());
        }
    };
    explore(target, &exploration, &Options::default(), &Stopper::default(), &mut sink, &mut |_| ()).await;
    outcomes
}

/// The event log of this process.
struct Log(Mutex<LogWriter>);

impl Log {
    /// Begins a log, if one is asked for and there are tests for it. The processes of one nextest run share its id.
    fn begin(target: &Target, tests: usize) -> Option<Self> {
        let dir = PathBuf::from(std::env::var_os("KMS_CONFORMANCE_OUT").filter(|_| tests > 0)?);
        let path = dir.join(format!("events-{}.jsonl", uuid::Uuid::new_v4()));
        let log = LogWriter::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let log = Self(Mutex::new(log));
        let run_id = std::env::var("NEXTEST_RUN_ID").ok();
        log.add(&Event::RunStarted(Box::new(RunStarted { run_id, ..RunStarted::now(target, tests) })));
        Some(log)
    }

    fn add(&self, event: &Event) {
        self.0.lock().expect("no thread panicked while it wrote").add(event).expect("the event log can be written");
    }
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
