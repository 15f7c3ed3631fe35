//! What happens in a run, as a stream of events. The event log is the run's archive; every report is a fold over it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::judge::{Evidence, Finding, Verdict};

/// The version of the event log. It changes when an event changes in a way that an older reader would misread.
pub const EVENTS_VERSION: u32 = 1;

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The first event.
    RunStarted(RunStarted),
    /// A test has come to its verdict.
    TestFinished(Box<TestOutcome>),
    /// The last event, unless the run was killed.
    RunFinished(RunFinished),
}

/// What is run against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`EVENTS_VERSION`].
    pub version: u32,
    /// The version of this program, and so of its rules and scenarios.
    pub suite_version: Cow<'static, str>,
    /// What reports call the target.
    pub target: String,
    /// Its URL, unless it is the emulator in this process.
    pub url: Option<String>,
    /// The one thing that the emulator in this process does wrong, if it was made so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// The Region of the calls.
    pub region: String,
    /// The folder of the scenarios, unless they are those of the program.
    pub scenarios: Option<String>,
    /// How many tests there are.
    pub tests: usize,
    /// When the run started, by the clock of this machine.
    pub at: Timestamp,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// When, by the clock of this machine.
    pub at: Timestamp,
    /// Why it ended before its tests did, if it did.
    pub stopped: Option<StopReason>,
}

/// Why a run ended before its tests did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The user interrupted it.
    Interrupted,
    /// The target stopped answering.
    TargetGone,
}

/// A test's verdict and all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestOutcome {
    /// The test's name.
    pub test: String,
    /// The scenario's path without the ending.
    pub scenario: String,
    /// Its folder.
    pub subject: String,
    /// What it shows.
    pub title: String,
    /// Which bug it would find.
    pub why: String,
    /// The scenario's file.
    pub file: String,
    /// The scenario's text, unless it is one of the program's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The verdict on the test.
    pub verdict: Verdict,
    /// Why it was not run to its end, if it was not.
    pub reason: Option<String>,
    /// The operations that the target does not know, where the verdict is *unsupported*.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
    /// What was found of each rule, in the order of the steps.
    pub findings: Vec<Finding>,
    /// Every call, redacted, in order.
    pub exchanges: Vec<Evidence>,
    /// Keys that could not be cleaned up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<String>,
    /// How long the test took, in milliseconds, waiting included.
    pub elapsed_ms: f64,
}
