//! Exploring a target: generated sequences, and for each distinct deviation a minimal one, confirmed by a replay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use proptest::strategy::ValueTree as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::execute::{Executed, execute};
use super::found::{Found, Signature};
use super::property::{PROPERTIES, Property, Scope, scheduled, sequences_about};
use super::reach::Reach;
use super::tally::{Tally, property_outcome};
use crate::judge::Verdict;
use crate::kms::Operation;
use crate::known::{Answers, answer};
use crate::model::Transition;
use crate::runner::{Event, Generated, Options, SequenceDeviation, SequenceResults, Stopper, TestOutcome};
use crate::target::Target;

/// How much is explored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exploration {
    /// How many sequences in a row, those of properties that are left out included.
    pub cases: u32,
    /// So many steps a sequence at most.
    pub steps: usize,
    /// What the sequences are made from: the same seed gives the same sequences on every machine.
    pub seed: u64,
    /// Nothing is shrunk further after so long, and no sequence is begun; nor after half of it, if there is something to
    /// shrink.
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

pub(super) struct Explorer<'e> {
    pub(super) target: &'e Arc<Target>,
    /// The built-in emulator, which does what the rules say: there a scenario must pass.
    pub(super) correct: Target,
    exploration: &'e Exploration,
    pub(super) options: &'e Options,
    pub(super) stopper: &'e Stopper,
    began: Instant,
    turned: bool,
    pub(super) tallies: Vec<Tally>,
    found: BTreeMap<Signature, First>,
    /// What was found, once it is shrunk or known.
    told: BTreeMap<Signature, SequenceDeviation>,
    tick: Tick,
}

/// Where a deviation was first seen.
pub(super) struct First {
    pub(super) property: usize,
    pub(super) case: u32,
    pub(super) found: Found,
    pub(super) executed: Arc<Executed>,
}

impl First {
    /// The sequence to shrink is the one with the lowest number, whichever is over first, among those that make
    /// no calls at the same time, if there are any, and in which the fewest deviations come before.
    fn rank(&self) -> (bool, usize, usize, u32) {
        let executed = &self.executed;
        (executed.concurrent, executed.divergences_before(&self.found), self.property, self.case)
    }
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
        let (correct, began) = (Target::correct(), Instant::now());
        let of = sequences_about(&exploration.properties, exploration.cases);
        let tick = Tick { of, ..Tick::default() };
        Self { target, correct, exploration, options, stopper, began, turned, tallies, found, told, tick }
    }

    fn lacking(&self) -> Option<String> {
        let lacking = NEEDED.iter().filter(|operation| self.target.lacks(**operation).is_some());
        let names: Vec<&str> = lacking.map(|operation| operation.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    pub(super) fn is_over(&self) -> bool {
        let late = self.exploration.time.is_some_and(|time| self.began.elapsed() > time);
        late || self.stopper.reason().is_some()
    }

    /// Half of the time is kept for shrinking, once there is something to shrink.
    fn has_run_enough(&self) -> bool {
        let unknown = self.found.values().any(|first| !self.exploration.known.have(&first.deviation()));
        let share = if unknown { 2 } else { 1 };
        let late = self.exploration.time.is_some_and(|time| self.began.elapsed() > time / share);
        late || self.stopper.reason().is_some()
    }

    pub(super) fn transitions(&self, property: usize, case: u32) -> Vec<Transition> {
        let tree = self.tree(property, case);
        tree.map(|tree| tree.current()).unwrap_or_default()
    }

    pub(super) fn tree(&self, property: usize, case: u32) -> Option<super::tree::SequenceTree> {
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
            if self.has_run_enough() {
                break;
            }
            let case = number;
            let about = self.tallies.iter().position(|tally| tally.property == scheduled(number));
            let Some(property) = about else { continue };
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
            let better = self.found.get(&found.signature).is_some_and(|other| other.rank() <= first.rank());
            if !better {
                self.found.insert(found.signature.clone(), first);
            }
        }
    }

    /// A minimal sequence, as a scenario that was run, for each distinct deviation; several side by side.
    async fn shrink(&mut self, tick: &mut impl FnMut(Tick)) -> Vec<TestOutcome> {
        self.drop_doubles();
        self.tick.found = self.found.len();
        let all = std::mem::take(&mut self.found);
        let mut deviations: BTreeMap<Signature, SequenceDeviation> =
            all.iter().map(|(signature, first)| (signature.clone(), first.deviation())).collect();
        let known: BTreeSet<&Signature> = deviations
            .iter()
            .filter(|(_, one)| self.exploration.known.have(one))
            .map(|(signature, _)| signature)
            .collect();
        let unknown = all.iter().filter(|(signature, _)| !known.contains(signature));
        let minimal = stream::iter(unknown).map(async |(signature, first)| match self.stopper.reason() {
            Some(_) => None,
            None => Some((signature, self.minimal(signature, first).await)),
        });
        let mut minimal = Box::pin(minimal.buffered(self.options.jobs.get()));
        let (mut outcomes, mut names, mut now) = (Vec::new(), BTreeSet::new(), self.tick);
        let mut told_by = Vec::new();
        while let Some(outcome) = minimal.next().await {
            let Some((signature, mut outcome)) = outcome else { continue };
            self.place(&mut outcome, &mut names);
            told_by.push((signature.clone(), outcome.test.clone()));
            outcomes.push(outcome);
            now.shrunk += 1;
            tick(now);
        }
        drop(minimal);
        for (signature, test) in told_by {
            deviations.entry(signature).and_modify(|deviation| deviation.told_by = Some(test));
        }
        self.told = deviations;
        outcomes
    }

    /// A name that no other outcome has, and the file of its scenario, if it has one.
    fn place(&self, outcome: &mut TestOutcome, names: &mut BTreeSet<String>) {
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
    }

    /// What a call does that deviates by itself, and what a key shows wrongly by itself, says nothing of calls at the same
    /// time. Of what shows in more members or in fewer, the plainest is kept.
    fn drop_doubles(&mut self) {
        let alone = self.found.values().filter(|first| first.found.together.is_empty());
        let alone = alone.map(|first| &first.found.signature);
        let (operations, rules): (BTreeSet<Operation>, BTreeSet<String>) =
            alone.map(|signature| (signature.operation, signature.rule.clone())).unzip();
        self.found.retain(|signature, first| {
            let together = &first.found.together;
            let known = rules.contains(&signature.rule) || together.iter().any(|(_, call)| operations.contains(call));
            together.is_empty() || !known
        });
        let all: Vec<Signature> = self.found.keys().cloned().collect();
        self.found.retain(|signature, _| !all.iter().any(|other| signature.says_more_than(other)));
    }

    /// What makes a property's sequences again: all of them, or those up to this one.
    pub(super) fn generated(&self, property: &Property, case: Option<u32>) -> Generated {
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
