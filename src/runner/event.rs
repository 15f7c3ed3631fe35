//! What happens in a run, as a stream of events. The event log is the run's archive; every report is a fold over it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shard::Shard;
use crate::judge::{Evidence, Finding, Listed, Messages, Verdict};
use crate::kms::Operation;
use crate::rules::RuleId;
use crate::target::{Description, Target};

/// The version of the event log. It changes when an event changes in a way that an older reader would misread. Further
/// members and verdicts do not change it.
pub const EVENTS_VERSION: u32 = 1;

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The first event.
    RunStarted(Box<RunStarted>),
    /// A test has come to its verdict.
    TestFinished(Box<TestOutcome>),
    /// The last event, unless the run was killed.
    RunFinished(RunFinished),
}

/// What is run against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunStarted {
    /// [`EVENTS_VERSION`].
    pub version: u32,
    /// The version of this program, and so of its rules and scenarios.
    pub suite_version: Cow<'static, str>,
    /// What reports call the target.
    pub target: String,
    /// The target's version, if its description names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_version: Option<String>,
    /// What the target's description says of what it offers, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Box<Declared>>,
    /// Its URL, unless it is the emulator in this process.
    pub url: Option<String>,
    /// The one thing that the emulator in this process does wrong, if it was made so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// The Region of the calls.
    pub region: String,
    /// The folder of the scenarios, unless they are those of the program.
    pub scenarios: Option<String>,
    /// The part of the run that this is, if it was cut into shards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What the logs of one run have in common, where each of its processes writes its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Whether texts of exceptions are judged.
    #[serde(default, skip_serializing_if = "Messages::are_noted")]
    pub messages: Messages,
    /// How many tests there are.
    pub tests: usize,
    /// When the run started, by the clock of this machine.
    pub at: Timestamp,
}

/// What a target's description says of what it offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    /// The description's file.
    pub file: String,
    /// The URL that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The Region that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Operations that it offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<String>,
    /// Operations that it does not offer; they were not called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

impl Declared {
    fn of(description: &Description) -> Self {
        let names = |operations: &BTreeSet<Operation>| operations.iter().map(ToString::to_string).collect();
        let capabilities = &description.capabilities;
        let (offers, lacks) = (names(&capabilities.offers), names(&capabilities.lacks));
        let (endpoint, region) = (description.endpoint.clone(), description.region.as_ref().map(ToString::to_string));
        Self { file: description.path.clone(), endpoint, region, offers, lacks }
    }
}

impl RunStarted {
    /// The start, now, of a whole run of the program's own scenarios.
    #[must_use]
    pub fn now(target: &Target, tests: usize) -> Self {
        Self {
            version: EVENTS_VERSION,
            suite_version: Cow::Borrowed(env!("CARGO_PKG_VERSION")),
            target: target.name(),
            target_version: target.version().map(str::to_owned),
            declared: target.description().map(Declared::of).map(Box::new),
            url: target.url().map(str::to_owned),
            defect: target.defect().map(|defect| defect.to_string()),
            region: target.region().to_string(),
            scenarios: None,
            shard: None,
            run_id: None,
            messages: Messages::default(),
            tests,
            at: Timestamp::now(),
        }
    }

    /// What reports call the target, with its version.
    #[must_use]
    pub fn target_and_version(&self) -> String {
        match &self.target_version {
            Some(version) => format!("{} {version}", self.target),
            None => self.target.clone(),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunFinished {
    /// When, by the clock of this machine.
    pub at: Timestamp,
    /// Why it ended before its tests did, if it did.
    pub stopped: Option<StopReason>,
}

/// Why a run ended before its tests did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The user interrupted it.
    Interrupted,
    /// The target stopped answering.
    TargetGone,
}

/// A test's verdict and all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What the list of known deviations says of a test that could not be judged, or could not be until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Listed>,
    /// The rules that the test judges or observes, if it gets that far. Empty in logs of before this was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// What was found of each rule, in the order of the steps.
    pub findings: Vec<Finding>,
    /// Every call, redacted, in order.
    pub exchanges: Vec<Evidence>,
    /// Keys that could not be cleaned up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<String>,
    /// The generated sequences that it is of: those of a property, or those up to the one that found a deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// How long the test took, in milliseconds, waiting included.
    pub elapsed_ms: f64,
}

/// Generated sequences: what it takes to make them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Generated {
    /// What they are about: the name of a property.
    pub property: String,
    /// What they are made from.
    pub seed: u64,
    /// How many are made, those of other properties included.
    pub cases: u32,
    /// How many steps each has at most.
    pub steps: usize,
    /// How many clients call at the same time, where sequences are about that.
    pub clients: usize,
    /// What the sequences of a property came to. Not in logs of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_to: Option<SequenceResults>,
}

/// What the sequences of a property came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SequenceResults {
    /// How many were run.
    pub sequences: u32,
    /// How many calls they made; looks at keys do not count.
    pub operations: usize,
    /// The distinct deviations that they showed. Sequences of several properties may show the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<SequenceDeviation>,
}

/// A deviation that generated sequences showed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SequenceDeviation {
    /// The rule that does not hold.
    pub rule: RuleId,
    /// The operation whose outcome, or whose effect, deviates.
    pub operation: String,
    /// The operation whose answer shows it.
    pub judged: String,
    /// The key's state before the call, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the target answers, without what differs from run to run.
    pub answer: String,
    /// The test that tells it, with a sequence of its own; nothing, where a test of the run or the list of known deviations
    /// has it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by: Option<String>,
}

impl Generated {
    /// The rules that do not hold in the sequences of a property, with the number of distinct deviations from each.
    #[must_use]
    pub fn deviating(&self) -> BTreeMap<&RuleId, usize> {
        let mut rules = BTreeMap::new();
        for deviation in self.came_to.iter().flat_map(|came_to| &came_to.deviations) {
            *rules.entry(&deviation.rule).or_default() += 1;
        }
        rules
    }
}

impl TestOutcome {
    /// Whether it tells what all sequences of a property came to, and not of one test.
    #[must_use]
    pub fn is_property(&self) -> bool {
        self.generated.as_ref().is_some_and(|generated| generated.property == self.test)
    }

    /// Whether a generated sequence found it: it is none of the tests that the run began with.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.generated.is_some() && !self.is_property()
    }

    /// The operation of the judged call, if it was made.
    pub(crate) fn operations_of<'o>(&'o self, finding: &Finding) -> impl Iterator<Item = &'o str> {
        let line = finding.line;
        let judged = self.exchanges.iter().find(move |exchange| exchange.line == line);
        judged.map(|exchange| exchange.operation.as_str()).into_iter()
    }

    /// Where a call was made: a line of the scenario or, where there is none, a step of a generated sequence.
    #[must_use]
    pub fn place(&self, line: usize) -> String {
        if self.file.is_empty() { format!("step {line}") } else { format!("{}:{line}", self.file) }
    }

    /// The folder that the scenario of what a sequence found was written to, if it was.
    #[must_use]
    pub fn written_to(&self) -> Option<&str> {
        self.generated.as_ref().and(self.text.as_ref())?;
        self.file.strip_suffix(".yaml")?.strip_suffix(self.scenario.as_str())?.strip_suffix('/')
    }
}
