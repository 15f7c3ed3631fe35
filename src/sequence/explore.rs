//! Exploring a target: generated sequences, and for each distinct deviation a minimal one, confirmed by a replay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::strategy::ValueTree as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::execute::{Executed, Found, Signature, execute};
use super::export::{self, Provenance};
use super::property::{PROPERTIES, Property, Scope, scheduled};
use super::reach::Reach;
use super::tally::{Tally, property_outcome};
use crate::judge::Verdict;
use crate::kms::Operation;
use crate::known::{Answers, answer};
use crate::model::Transition;
use crate::rules;
use crate::runner::{
    self, Event, Generated, Options, RunStarted, SequenceDeviation, SequenceResults, Stopper, TestOutcome,
    explore_command,
};
use crate::scenario::{SourceFile, parse};
use crate::target::Target;

/// How much is explored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exploration {
    /// How many sequences, over all properties.
    pub cases: u32,
    /// So many steps a sequence at most.
    pub steps: usize,
    /// What the sequences are made from: the same seed gives the same sequences on every machine.
    pub seed: u64,
    /// No sequence is begun, and nothing is shrunk further, after so long.
    pub time: Option<Duration>,
    /// So many clients call at the same time, where sequences are about that.
    pub clients: usize,
    /// What the sequences are about.
    pub properties: Vec<&'static Property>,
    /// Wrong answers that are known already; these are not shrunk.
    pub known: Answers,
    /// The folder that scenarios of what is found are going to be written to, if they are.
    pub folder: Option<String>,
}

impl Default for Exploration {
    /// What `run` explores by default.
    fn default() -> Self {
        let (properties, known) = (PROPERTIES.iter().collect(), Answers::default());
        Self { cases: 256, steps: 40, seed: 0, time: None, clients: 2, properties, known, folder: None }
    }
}

/// How far an exploration has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Sequences that were run.
    pub done: u32,
    /// Of how many.
    pub of: u32,
    /// Distinct deviations so far.
    pub found: usize,
    /// How many of them are shrunk.
    pub shrunk: usize,
}

/// What an exploration has come to, beside the outcomes that it told as events.
#[derive(Debug, Clone, Default)]
pub struct Explored {
    /// What was reached.
    pub reach: Reach,
    /// How many calls the sequences made; looks at keys do not count.
    pub operations: usize,
    /// How many sequences were run.
    pub sequences: u32,
}

/// A minimal sequence may take so many attempts.
const ATTEMPTS: usize = 400;
/// A deviation that depends on chance is tried so often.
const REPLAYS: usize = 3;
/// Without these there are no imports to speak of.
const NEEDED: [Operation; 4] =
    [Operation::CreateKey, Operation::DescribeKey, Operation::GetParametersForImport, Operation::ImportKeyMaterial];

/// Explores a target, and tells `sink` the outcome of every property and of every distinct deviation.
pub async fn explore(
    target: &Arc<Target>,
    exploration: &Exploration,
    options: &Options,
    stopper: &Stopper,
    sink: &mut impl FnMut(&Event),
    tick: &mut impl FnMut(Tick),
) -> Explored {
    let mut explorer = Explorer::new(target, exploration, options, stopper).await;
    explorer.run(tick).await;
    let outcomes = explorer.shrink(tick).await;
    let explored = explorer.explored();
    for outcome in explorer.outcomes().into_iter().chain(outcomes) {
        sink(&Event::TestFinished(Box::new(outcome)));
    }
    explored
}

struct Explorer<'e> {
    target: &'e Arc<Target>,
    exploration: &'e Exploration,
    options: &'e Options,
    stopper: &'e Stopper,
    began: Instant,
    turned: bool,
    tallies: Vec<Tally>,
    found: BTreeMap<Signature, First>,
    /// What was found, once it is shrunk or known.
    told: BTreeMap<Signature, SequenceDeviation>,
    tick: Tick,
}

/// Where a deviation was first seen.
struct First {
    property: usize,
    case: u32,
    found: Found,
    executed: Arc<Executed>,
}

impl First {
    /// What is wrong, and whose answer shows it.
    fn deviation(&self) -> SequenceDeviation {
        let Found { signature, finding, together, .. } = &self.found;
        let judged = self.executed.exchanges.iter().find(|exchange| exchange.line == finding.line);
        let judged = judged.filter(|_| together.is_empty()).map(|exchange| exchange.operation.clone());
        let operation = signature.operation.to_string();
        SequenceDeviation {
            rule: finding.rule.clone(),
            judged: judged.unwrap_or_else(|| operation.clone()),
            operation,
            state: signature.state.map(|state| state.to_string()),
            answer: answer(finding),
            told_by: None,
        }
    }
}

impl<'e> Explorer<'e> {
    async fn new(
        target: &'e Arc<Target>,
        exploration: &'e Exploration,
        options: &'e Options,
        stopper: &'e Stopper,
    ) -> Self {
        let turned = target.session().await.is_ok_and(|session| session.clock().is_controlled());
        let tallies = exploration.properties.iter().copied().map(Tally::new).collect();
        let (found, told) = (BTreeMap::new(), BTreeMap::new());
        let (began, tick) = (Instant::now(), Tick { of: exploration.cases, ..Tick::default() });
        Self { target, exploration, options, stopper, began, turned, tallies, found, told, tick }
    }

    fn lacking(&self) -> Option<String> {
        let lacking = NEEDED.iter().filter(|operation| self.target.lacks(**operation).is_some());
        let names: Vec<&str> = lacking.map(|operation| operation.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    fn is_over(&self) -> bool {
        let late = self.exploration.time.is_some_and(|time| self.began.elapsed() > time);
        late || self.stopper.reason().is_some()
    }

    fn transitions(&self, property: usize, case: u32) -> Vec<Transition> {
        let tree = self.tree(property, case);
        tree.map(|tree| tree.current()).unwrap_or_default()
    }

    fn tree(&self, property: usize, case: u32) -> Option<super::tree::SequenceTree> {
        let tally = self.tallies.get(property)?;
        let (length, clients) = (self.exploration.steps, self.exploration.clients);
        tally.property.sequence(self.exploration.seed, case, Scope { length, turned: self.turned, clients })
    }

    /// Runs the sequences side by side, the properties by turns, so that a time limit leaves something of each.
    async fn run(&mut self, tick: &mut impl FnMut(Tick)) {
        if self.lacking().is_some() || self.tallies.is_empty() {
            return;
        }
        let slots = Arc::new(Semaphore::new(self.options.jobs.get()));
        let mut running = JoinSet::new();
        for number in 0..self.exploration.cases {
            let Ok(permit) = Arc::clone(&slots).acquire_owned().await else { break };
            while let Some(joined) = running.try_join_next() {
                self.collect(joined, tick);
            }
            if self.is_over() {
                break;
            }
            let case = number;
            let Some(property) = self.tallies.iter().position(|tally| tally.property == scheduled(number)) else {
                self.tick.done += 1;
                continue;
            };
            let transitions = self.transitions(property, case);
            let (target, setting) = (Arc::clone(self.target), Arc::clone(&self.tallies[property].setting));
            let (options, stopper) = (*self.options, self.stopper.clone());
            running.spawn(async move {
                let executed = execute(&target, &setting, &transitions, &options, &stopper).await;
                drop(permit);
                (property, case, executed)
            });
        }
        while let Some(joined) = running.join_next().await {
            self.collect(joined, tick);
        }
    }

    fn collect(&mut self, joined: Result<(usize, u32, Executed), tokio::task::JoinError>, tick: &mut impl FnMut(Tick)) {
        self.tick.done += 1;
        match joined {
            Ok((property, case, executed)) => self.take(property, case, Arc::new(executed)),
            Err(error) => {
                let reason = format!("please report this: {error}");
                self.tallies.iter_mut().for_each(|tally| tally.stopped = Some((Verdict::HarnessError, reason.clone())));
            }
        }
        self.tick.found = self.found.len();
        tick(self.tick);
    }

    fn take(&mut self, property: usize, case: u32, executed: Arc<Executed>) {
        self.tallies[property].add(&executed);
        for found in &executed.found {
            let first = First { property, case, found: found.clone(), executed: Arc::clone(&executed) };
            // Whichever sequence is over first, the one with the lowest number is shrunk.
            let earlier =
                self.found.get(&found.signature).is_some_and(|other| (other.property, other.case) <= (property, case));
            if !earlier {
                self.found.insert(found.signature.clone(), first);
            }
        }
    }

    /// A minimal sequence, as a scenario that was run, for each distinct deviation.
    async fn shrink(&mut self, tick: &mut impl FnMut(Tick)) -> Vec<TestOutcome> {
        self.drop_doubles();
        let mut outcomes = Vec::new();
        let mut names = BTreeSet::new();
        self.tick.found = self.found.len();
        for (signature, first) in std::mem::take(&mut self.found) {
            let deviation = first.deviation();
            let known = self.exploration.known.have(&deviation);
            self.told.insert(signature.clone(), deviation);
            if known || self.stopper.reason().is_some() {
                continue;
            }
            let mut outcome = self.minimal(&signature, &first).await;
            let name = outcome.scenario.clone();
            let mut number = 2;
            while !names.insert(outcome.scenario.clone()) {
                outcome.scenario = format!("{name}_{number}");
                outcome.test.clone_from(&outcome.scenario);
                number += 1;
            }
            if outcome.text.is_some() {
                let folder = self.exploration.folder.as_ref().map(|folder| format!("{folder}/"));
                outcome.file = format!("{}{}.yaml", folder.unwrap_or_default(), outcome.scenario);
            }
            if let Some(told) = self.told.get_mut(&signature) {
                told.told_by = Some(outcome.test.clone());
            }
            outcomes.push(outcome);
            self.tick.shrunk += 1;
            tick(self.tick);
        }
        outcomes
    }

    /// What a call does that deviates by itself says nothing of its being made at the same time as others.
    fn drop_doubles(&mut self) {
        let alone = self.found.values().filter(|first| first.found.together.is_empty());
        let alone: BTreeSet<Operation> = alone.map(|first| first.found.signature.operation).collect();
        self.found.retain(|_, first| first.found.together.iter().all(|operation| !alone.contains(operation)));
    }

    async fn minimal(&self, signature: &Signature, first: &First) -> TestOutcome {
        let tally = &self.tallies[first.property];
        let (mut best, steps) = (None, self.transitions(first.property, first.case).len());
        if let Some(mut tree) = self.tree(first.property, first.case) {
            let (mut attempts, mut more) = (0, true);
            let mut failed = self.shows(tally, signature, &tree.current()).await;
            let reproduced = failed.is_some();
            while reproduced && more && attempts < ATTEMPTS && !self.is_over() {
                match failed.take() {
                    Some(smaller) => {
                        best = Some(smaller);
                        more = tree.simplify();
                    }
                    None => more = tree.complicate(),
                }
                if more {
                    failed = self.shows(tally, signature, &tree.current()).await;
                }
                attempts += 1;
            }
            best = failed.or(best);
        }
        let generated = self.generated(tally.property, Some(first.case));
        let run = RunStarted::now(self.target, 0);
        let provenance = Provenance { command: explore_command(Some(&run), &generated), steps };
        let outcome = match best {
            // A scenario's calls are made one after the other.
            Some((executed, found)) if executed.concurrent => {
                let note = "calls at the same time: a replay shows it again, if not every time".to_owned();
                as_seen(&executed, &found, &provenance, note)
            }
            Some((executed, found)) => {
                let note =
                    "the same calls in a scenario, without looks at the key between them, do not show it".to_owned();
                let outcome = self.confirmed(tally, &executed, &found, &provenance).await;
                outcome.unwrap_or_else(|| as_seen(&executed, &found, &provenance, note))
            }
            None => {
                let note = format!("seen in a sequence of {steps} steps; a replay did not show it again");
                as_seen(&first.executed, &first.found, &provenance, note)
            }
        };
        TestOutcome { generated: Some(generated), ..outcome }
    }

    /// Whether a sequence shows the deviation, on the target.
    async fn shows(
        &self,
        tally: &Tally,
        signature: &Signature,
        transitions: &[Transition],
    ) -> Option<(Executed, Found)> {
        let transitions = export::renumbered(transitions);
        // Which of several calls comes first is chance.
        let tries = if transitions.iter().any(|step| matches!(step, Transition::Together(_))) { REPLAYS } else { 1 };
        for _ in 0..tries {
            let executed = execute(self.target, &tally.setting, &transitions, self.options, self.stopper).await;
            if let Some(found) = executed.found.iter().find(|found| found.signature == *signature).cloned() {
                return Some((executed, found));
            }
        }
        None
    }

    /// The scenario's own run, which must show the deviation, too. A look at the key before the judged call makes it
    /// plainer, but may be what makes the deviation go away.
    async fn confirmed(
        &self,
        tally: &Tally,
        executed: &Executed,
        found: &Found,
        provenance: &Provenance,
    ) -> Option<TestOutcome> {
        for witness in [true, false].repeat(REPLAYS) {
            let text = export::scenario(&tally.setting, &executed.written, found, witness, provenance);
            let name = export::name(found);
            let file = SourceFile { path: format!("{name}.yaml"), text: text.clone() };
            let tests = match parse(&name, file) {
                Ok(tests) => tests,
                Err(errors) => {
                    tracing::warn!(%errors, "the scenario of a sequence cannot be read");
                    return None;
                }
            };
            let mut outcome = runner::run_test(self.target, tests.first()?, self.options).await;
            if outcome.verdict == Verdict::Deviation {
                outcome.text = Some(text);
                return Some(outcome);
            }
        }
        None
    }

    /// What makes a property's sequences again: all of them, or those up to this one.
    fn generated(&self, property: &Property, case: Option<u32>) -> Generated {
        let Exploration { seed, steps, clients, cases, .. } = *self.exploration;
        let cases = case.map_or(cases, |case| case + 1);
        Generated { property: property.name.to_owned(), seed, cases, steps, clients, came_to: None }
    }

    fn explored(&self) -> Explored {
        let mut explored = Explored::default();
        for tally in &self.tallies {
            explored.reach.merge(&tally.reach);
            explored.operations += tally.operations;
            explored.sequences += tally.sequences;
        }
        explored
    }

    fn outcomes(&self) -> Vec<TestOutcome> {
        let lacking = self.lacking();
        let generated = |tally: &Tally| {
            let deviations = tally.deviating.iter().filter_map(|signature| self.told.get(signature)).cloned().collect();
            let came_to = SequenceResults { sequences: tally.sequences, operations: tally.operations, deviations };
            Generated { came_to: Some(came_to), ..self.generated(tally.property, None) }
        };
        self.tallies.iter().map(|tally| property_outcome(tally, lacking.as_deref(), generated(tally))).collect()
    }
}

/// A deviation with the evidence of the sequence that showed it, where that cannot be a scenario.
fn as_seen(executed: &Executed, found: &Found, provenance: &Provenance, note: String) -> TestOutcome {
    let name = export::name(found);
    let mut finding = found.finding.clone();
    finding.notes.push(note);
    TestOutcome {
        test: name.clone(),
        scenario: name,
        subject: export::REGRESSIONS.to_owned(),
        title: export::title(found),
        why: rules::catalogue().get(&found.signature.rule).map_or_else(String::new, |rule| rule.says.clone()),
        file: String::new(),
        text: None,
        verdict: Verdict::Deviation,
        reason: Some(format!("repeat with: {}", provenance.command)),
        unsupported: Vec::new(),
        rules: vec![finding.rule.clone()],
        findings: vec![finding],
        exchanges: executed.exchanges.clone(),
        left_behind: Vec::new(),
        listed: None,
        generated: None,
        elapsed_ms: 0.0,
    }
}
