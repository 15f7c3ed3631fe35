//! Running tests: side by side, each with a session of its own, to a stream of [`Event`]s.

mod cleanup;
mod command;
mod event;
mod shard;
pub(crate) mod test_run;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use command::repeat_command;
pub(crate) use command::{explore_again_command, explore_command, shell_word};
pub use event::{
    Declared, EVENTS_VERSION, Event, Generated, RunFinished, RunStarted, SequenceDeviation, SequenceResults,
    StopReason, TestOutcome,
};
pub use shard::{ParseShardError, Shard};

pub(crate) use test_run::finished;

use crate::judge::{Messages, Verdict};
use crate::known::Answers;
use crate::scenario::Test;
use crate::sequence::{self, Exploration, Explored, Tick};
use crate::target::{Answer, Exchange, Target};

/// After so many calls in a row without any answer, the target is taken to be gone.
const SILENT_CALLS: u32 = 6;

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many tests keep the machine, and the target, busy at once. Tests that only wait do not count.
    pub jobs: NonZeroUsize,
    /// How long a test may wait in all, where the target's clock cannot be turned.
    pub max_wait: SignedDuration,
    /// Whether texts of exceptions are judged.
    pub messages: Messages,
}

impl Default for Options {
    /// Twice as many jobs as cores, waits of up to 30 seconds, texts noted.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            jobs: cores.saturating_mul(NonZeroUsize::MIN.saturating_add(1)),
            max_wait: SignedDuration::from_secs(30),
            messages: Messages::default(),
        }
    }
}

/// Ends a run early: tests under way stop after their current call and clean up, the others do not start.
#[derive(Debug, Clone)]
pub struct Stopper {
    reason: Arc<watch::Sender<Option<StopReason>>>,
    silent: Arc<AtomicU32>,
}

impl Default for Stopper {
    fn default() -> Self {
        Self { reason: Arc::new(watch::Sender::new(None)), silent: Arc::default() }
    }
}

impl Stopper {
    /// Ends the run, for the first reason given.
    pub fn stop(&self, reason: StopReason) {
        self.reason.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(reason);
            first
        });
    }

    /// Why the run was ended, if it was.
    #[must_use]
    pub fn reason(&self) -> Option<StopReason> {
        *self.reason.borrow()
    }

    fn why(&self) -> Option<&'static str> {
        self.reason().map(|reason| match reason {
            StopReason::Interrupted => "the run was interrupted",
            StopReason::TargetGone => "the target stopped answering",
        })
    }

    async fn stopped(&self) {
        // The sender lives as long as `self`, so that waiting can only end with a reason.
        let _ = self.reason.subscribe().wait_for(Option::is_some).await;
    }

    /// A target that has gone would otherwise keep every test waiting for its time limit.
    fn note(&self, exchange: &Exchange) {
        match exchange.answer {
            Answer::Nothing(_) => {
                if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT_CALLS {
                    self.stop(StopReason::TargetGone);
                }
            }
            Answer::Success(_) | Answer::Refusal { .. } | Answer::Unreadable(_) | Answer::NotSent(_) => {
                self.silent.store(0, Ordering::Relaxed);
            }
        }
    }
}

/// Runs one test by itself.
pub async fn run_test(target: &Target, test: &Test, options: &Options) -> TestOutcome {
    let slots = Arc::new(Semaphore::new(1));
    let slot = test_run::Slot { slots: &slots, permit: None };
    test_run::run(target, test, options, &Stopper::default(), slot).await
}

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tests.
    pub tests: Vec<Arc<Test>>,
    /// The folder that their scenarios come from, unless they are those of the program.
    pub scenarios: Option<String>,
    /// The shard that the tests are, if they are not all that were chosen.
    pub shard: Option<Shard>,
    /// Generated sequences, after the tests.
    pub exploration: Option<Exploration>,
}

/// Runs tests, and then generated sequences, and tells `sink` what happens. Tests come to their verdicts in any order.
/// Deviations that a test has shown, with the same answer of the same operation, are counted among the sequences', but not
/// shrunk.
///
/// Returns what the sequences came to beside their outcomes.
pub async fn run(
    target: Arc<Target>,
    plan: Plan,
    options: Options,
    stopper: &Stopper,
    mut sink: impl FnMut(&Event),
    mut tick: impl FnMut(Tick),
) -> Explored {
    let Plan { mut tests, scenarios, shard, exploration } = plan;
    let properties = exploration.as_ref().map_or(0, |exploration| exploration.properties.len());
    let started = RunStarted::now(&target, tests.len() + properties);
    let started = RunStarted { scenarios, shard, messages: options.messages, ..started };
    sink(&Event::RunStarted(Box::new(started)));
    let mut operations: Vec<_> = tests.iter().flat_map(|test| test.calls().map(|call| call.operation)).collect();
    if exploration.is_some() {
        operations.extend(sequence::operations());
    }
    operations.sort_unstable();
    operations.dedup();
    target.probe(&operations).await;
    // Where waits are real, those who wait longest start first, so that all waits overlap.
    tests.sort_by_key(|test| std::cmp::Reverse(test.total_wait()));
    let slots = Arc::new(Semaphore::new(options.jobs.get()));
    let mut running = JoinSet::new();
    for test in tests {
        let (target, stopper, slots) = (Arc::clone(&target), stopper.clone(), Arc::clone(&slots));
        running.spawn(async move {
            let slot = test_run::Slot { slots: &slots, permit: None };
            test_run::run(&target, &test, &options, &stopper, slot).await
        });
    }
    let mut shown = Answers::default();
    while let Some(joined) = running.join_next().await {
        let outcome = joined.unwrap_or_else(|error| panicked(&error));
        if exploration.is_some() {
            shown.add_test(&outcome);
        }
        sink(&Event::TestFinished(Box::new(outcome)));
    }
    let mut explored = Explored::default();
    if let Some(mut exploration) = exploration {
        exploration.known.add(shown);
        explored = sequence::explore(&target, &exploration, &options, stopper, &mut sink, &mut tick).await;
    }
    sink(&Event::RunFinished(RunFinished { at: Timestamp::now(), stopped: stopper.reason() }));
    explored
}

/// A panic is our fault, and must not pass for a verdict on the target.
fn panicked(error: &tokio::task::JoinError) -> TestOutcome {
    TestOutcome {
        test: "(unknown)".into(),
        scenario: String::new(),
        subject: "harness".into(),
        title: "the harness panicked".into(),
        why: String::new(),
        file: String::new(),
        text: None,
        verdict: Verdict::HarnessError,
        reason: Some(format!("please report this: {error}")),
        unsupported: Vec::new(),
        listed: None,
        rules: Vec::new(),
        findings: Vec::new(),
        exchanges: Vec::new(),
        left_behind: Vec::new(),
        generated: None,
        elapsed_ms: 0.0,
    }
}
