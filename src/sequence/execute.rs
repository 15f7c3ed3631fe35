//! Running a sequence against a target: each call is compared with what the model allows, each key with how the model has
//! it, and what deviates is taken in, so that it does not hide what comes after.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::found::{Found, Signature};
use super::reach::Reach;
use super::setting::Setting;
use super::write;
use crate::judge::{Comparison, Evidence, Finding, Stop, Verdict};
use crate::kms::{ErrorCode, KeyState, Operation};
use crate::model::{Allowed, Look, Seen, Transition, Use, World};
use crate::rules::{self, RuleId};
use crate::runner::test_run::{self, Slot, TestRun};
use crate::runner::{Options, Stopper};
use crate::scenario::{Action, Call, Draft, Expected, Refusal, Role};
use crate::states::{self, Way};
use crate::target::{Answer, Exchange, Target};

/// A step as it was carried out.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// The step, without any expectation.
    pub(crate) step: Map<String, Value>,
    /// The exceptions that a refusal like it may have, if it was refused; any, if there are none.
    pub(crate) refused: Option<Vec<ErrorCode>>,
    /// Whether it is no step of a scenario: it only looks, or the target does not offer the operation.
    pub(crate) aside: bool,
}

/// A sequence that was run.
#[derive(Debug, Default)]
pub(crate) struct Executed {
    pub(crate) found: Vec<Found>,
    pub(crate) written: Vec<Written>,
    /// The transitions that were carried out, and which of the steps each began with; what uses what is not there, or what
    /// no rule is about, was not.
    pub(crate) carried_out: Vec<(usize, usize)>,
    pub(crate) reach: Reach,
    /// How often each rule was judged or, where it is open, observed.
    pub(crate) judged: BTreeMap<RuleId, usize>,
    /// How many transitions were carried out that call the target; looks do not count.
    pub(crate) operations: usize,
    /// How many calls could not be made, since they rest on what an earlier answer lacks.
    pub(crate) unmade: usize,
    /// Why it went no further.
    pub(crate) stop: Option<Stop>,
    /// Whether calls were made at the same time.
    pub(crate) concurrent: bool,
    pub(crate) exchanges: Vec<Evidence>,
    pub(crate) left_behind: Vec<String>,
}

impl Executed {
    /// In how many ways the target had done before a deviation what AWS does not do.
    pub(crate) fn divergences_before(&self, found: &Found) -> usize {
        self.diverged_before(found).count()
    }

    /// Of the transitions of the sequence, those that were carried out up to a deviation.
    pub(crate) fn leading_to(&self, found: &Found, transitions: &[Transition]) -> Vec<Transition> {
        let before = self.carried_out.iter().filter(|(_, step)| *step <= found.at);
        before.filter_map(|(index, _)| transitions.get(*index)).cloned().collect()
    }

    /// The deviations before one that may have led to it.
    pub(crate) fn diverged_before(&self, found: &Found) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |other| other.diverges && other.at < found.at)
    }
}

/// Runs a sequence in a session, and so on emulators in an account, of its own.
pub(crate) async fn execute(
    target: &Target,
    setting: &Setting,
    transitions: &[Transition],
    options: &Options,
    stopper: &Stopper,
) -> Executed {
    let slots = Arc::new(Semaphore::new(1));
    let mut slot = Slot { slots: &slots, permit: None };
    slot.take().await;
    let run = match test_run::prepare(target, &setting.test, options, stopper, slot).await {
        Ok(run) => run,
        Err(stop) => return Executed { stop: Some(stop), ..Executed::default() },
    };
    let draft = Draft::new(setting.test.material.clone(), setting.test.clients.clone());
    let mut execution = Execution {
        target,
        began: Timestamp::UNIX_EPOCH,
        run,
        draft,
        world: World::default(),
        done: Executed::default(),
    };
    let result = execution.walk(transitions).await;
    let Execution { run, mut done, .. } = execution;
    done.stop = result.err();
    let (exchanges, left_behind) = run.close(target.keeps_keys()).await;
    Executed { exchanges, left_behind, ..done }
}

pub(super) struct Execution<'a> {
    target: &'a Target,
    pub(super) run: TestRun<'a>,
    draft: Draft,
    pub(super) world: World,
    pub(super) done: Executed,
    began: Timestamp,
}

impl Execution<'_> {
    async fn walk(&mut self, transitions: &[Transition]) -> Result<(), Stop> {
        self.began = self.run.now().await?;
        for (index, transition) in transitions.iter().enumerate() {
            self.run.may_go_on()?;
            self.synchronise().await?;
            let step = self.done.written.len();
            let result = self.transition(transition).await;
            if self.done.written.len() > step {
                self.done.carried_out.push((index, step));
            }
            result?;
        }
        Ok(())
    }

    /// The model's time is the target's.
    pub(super) async fn synchronise(&mut self) -> Result<(), Stop> {
        let elapsed = self.run.now().await?.duration_since(self.began);
        let passed = elapsed - self.world.now;
        if passed.is_positive() {
            self.world.pass(passed);
        }
        Ok(())
    }

    async fn transition(&mut self, transition: &Transition) -> Result<(), Stop> {
        if !self.world.knows(transition) {
            return Ok(());
        }
        if let Transition::Pass(duration) = transition {
            let step = write::step(&self.world, transition);
            self.done.written.push(Written { step, refused: None, aside: false });
            self.run.advance(*duration).await?;
            return self.synchronise().await;
        }
        match transition {
            Transition::Together(calls) if calls.len() > 1 => return self.together(calls).await,
            Transition::Together(calls) => {
                for call in calls {
                    Box::pin(self.transition(call)).await?;
                }
                return Ok(());
            }
            _ => {}
        }
        self.acquaint(transition).await?;
        let before = transition.key().and_then(|key| self.world.keys.get(&key)).map(|key| (key.way, key.state()));
        match (self.world.allows(transition), transition) {
            // Whether it succeeds is not stated, but not that anything else may be decrypted than was encrypted.
            (allowed @ Allowed::Unstated, Transition::Use { usage: Use::Decrypt(_), .. }) => {
                self.call(transition, &allowed, before).await
            }
            (Allowed::Unstated, _) => Ok(()),
            (Allowed::Success { .. }, Transition::Describe { .. }) => self.looks(transition, true, before).await,
            (allowed, _) => self.call(transition, &allowed, before).await,
        }
    }

    /// Looks at a key whose state an open outcome has left unknown.
    pub(super) async fn acquaint(&mut self, transition: &Transition) -> Result<(), Stop> {
        let Some(name) = transition.key() else { return Ok(()) };
        let unknown =
            self.world.keys.get(&name).is_some_and(|key| !key.state_known && !key.is_unsettled(self.world.now));
        if unknown {
            self.look(&Look { key: name, seen: Seen::Metadata, checks: Vec::new() }, transition, None).await?;
        }
        Ok(())
    }

    async fn call(
        &mut self,
        transition: &Transition,
        allowed: &Allowed,
        before: Option<(Way, KeyState)>,
    ) -> Result<(), Stop> {
        let step = write::step(&self.world, transition);
        let mut bound = step.clone();
        if let Some(witness) = witness(transition, &self.world) {
            bound.insert("expect".to_owned(), witness);
        }
        let Some(call) = self.read(&bound) else { return Ok(()) };
        let answers = self.world.answers(transition);
        let checks: Vec<_> =
            answers.into_iter().filter_map(|(rule, members)| self.check(&step, rule, members)).collect();
        let Some(exchange) = self.send(&call).await? else { return Ok(()) };
        let succeeded = matches!(exchange.answer, Answer::Success(_));
        self.done.operations += 1;
        self.note_step(step, &exchange, Some(allowed));
        if let Some((way, _)) = before {
            self.done.reach.note(way, call.operation, succeeded);
        }
        let context = Judged { transition, before, operation: call.operation };
        let kept = self.outcome(&context, allowed, &exchange);
        if succeeded {
            self.run.bind(call.binding.as_deref(), &exchange);
            for (rule, expected, expectation) in checks {
                self.judge(&context, &rule, &expected, &expectation, &exchange);
            }
        }
        self.world.take(transition, succeeded);
        if let Some(key) = transition.key().filter(|_| !kept) {
            self.world.doubt(key);
        }
        self.looks(transition, succeeded, before).await
    }

    /// Judges that a call succeeded or was refused. Returns whether it went the way that the model allows.
    fn outcome(&mut self, context: &Judged<'_>, allowed: &Allowed, exchange: &Exchange) -> bool {
        let (rule, expected, expectation) = match allowed {
            Allowed::Success { rule } => {
                let rule = match &exchange.answer {
                    Answer::Refusal { code, .. } => self.world.broken(context.transition, rule, code),
                    _ => *rule,
                };
                (rule, Expected::Success(None), Map::new())
            }
            Allowed::Refusal { rule, codes } => {
                let refusal = Refusal { codes: codes.clone(), status: None, message: None, body: None };
                let mut expectation = Map::new();
                expectation.insert("fails".to_owned(), write::codes(codes));
                (*rule, Expected::Refusal(Box::new(refusal)), expectation)
            }
            Allowed::Open { rule } => {
                self.count(rule);
                return true;
            }
            Allowed::Unstated => return true,
        };
        let Some(rule) = rule_id(rule) else { return true };
        let mut whole = expectation;
        whole.insert("checks".to_owned(), rule.as_str().into());
        self.judge(context, &rule, &expected, &whole, exchange)
    }

    /// Compares an answer with an expectation. Returns whether it went the right way.
    fn judge(
        &mut self,
        context: &Judged<'_>,
        rule: &RuleId,
        expected: &Expected,
        expectation: &Map<String, Value>,
        exchange: &Exchange,
    ) -> bool {
        let line = self.done.written.len();
        // What rests on a member that an earlier answer lacks cannot be judged.
        let Ok(comparison) = self.run.compare(line, expected, exchange) else { return true };
        self.count(rule.as_str());
        if comparison.holds() {
            return true;
        }
        let right_way = comparison.right_way;
        // Which members a key shows is told apart by the members; what a call does to a state, by the call and the state.
        let differs = |member: &str| comparison.differences.iter().any(|difference| difference.path.ends_with(member));
        let about_state = differs(".KeyState");
        let shown = matches!(exchange.answer, Answer::Success(_)) && right_way && !about_state;
        let looking = [Operation::DescribeKey, Operation::ListKeyRotations].contains(&exchange.operation);
        let other_material = differs(CURRENT_MATERIAL) && shows_material(exchange);
        let diverges = !right_way || about_state || other_material;
        let by_state = about_state || (!shown && states::is_about_states(rule));
        let signature = Signature {
            rule: rule.to_string(),
            operation: if looking && shown { exchange.operation } else { context.operation },
            state: context.before.map(|(_, state)| state).filter(|_| by_state),
            what: what(exchange),
            members: comparison.differences.iter().map(|difference| difference.path.clone()).collect(),
        };
        let witness = context.transition.key().zip(context.before.map(|(_, state)| state));
        let at = line - 1;
        let finding = finding(rule, line, comparison);
        let (together, expectation) = (Vec::new(), expectation.clone());
        self.done.found.push(Found { signature, finding, diverges, at, together, expectation, witness });
        right_way
    }

    async fn looks(
        &mut self,
        transition: &Transition,
        succeeded: bool,
        before: Option<(Way, KeyState)>,
    ) -> Result<(), Stop> {
        for look in self.world.looks(transition, succeeded, before.map(|(way, _)| way)) {
            self.look(&look, transition, before).await?;
        }
        Ok(())
    }

    async fn look(
        &mut self,
        look: &Look,
        transition: &Transition,
        before: Option<(Way, KeyState)>,
    ) -> Result<(), Stop> {
        let step = write::look(&self.world, look);
        let Some(call) = self.read(&step) else { return Ok(()) };
        let checks = look.checks.iter().filter_map(|(rule, members)| self.check(&step, rule, members.clone()));
        let checks: Vec<_> = checks.collect();
        let Some(exchange) = self.send(&call).await? else { return Ok(()) };
        self.note_step(step, &exchange, None);
        let operation = transition.operation().unwrap_or(call.operation);
        let context = Judged { transition, before, operation };
        let before = self.done.found.len();
        for (rule, expected, expectation) in &checks {
            self.judge(&context, rule, expected, expectation, &exchange);
        }
        let other = |found: &Found| found.signature.members.iter().any(|member| member.ends_with(CURRENT_MATERIAL));
        if shows_material(&exchange) && self.done.found[before..].iter().any(other) {
            self.world.distrust(look.key);
        }
        self.adopt(look, &exchange);
        Ok(())
    }

    /// Takes in the state that a key shows, if the model does not know it or the target does not keep to it, an `Enabled`
    /// that does not go with it, and when it is to be deleted, if the model knows of no deletion.
    pub(super) fn adopt(&mut self, look: &Look, exchange: &Exchange) {
        let Answer::Success(body) = &exchange.answer else { return };
        let state = body["KeyMetadata"]["KeyState"].as_str().and_then(|text| text.parse::<KeyState>().ok());
        let (Some(state), Some(key)) = (state, self.world.keys.get(&look.key)) else { return };
        if key.is_unsettled(self.world.now) {
            return;
        }
        if !key.state_known || key.state() != state {
            self.world.adopt(look.key, state);
        }
        if let Some(enabled) = body["KeyMetadata"]["Enabled"].as_bool() {
            self.world.adopt_enabled(look.key, enabled);
        }
        if state == KeyState::PendingDeletion {
            let seconds = body["KeyMetadata"]["DeletionDate"].as_f64().map(|seconds| seconds as i64);
            let date = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
            self.world.adopt_deletion(look.key, date.map(|date| date.duration_since(self.began)));
        }
    }

    /// Whether the target is known not to offer the operation, which then is never called.
    pub(super) fn lacks(&self, call: &Call) -> bool {
        self.target.lacks(call.operation).is_some()
    }

    /// Makes a call. Nothing where it rests on what an earlier answer lacks, or the target does not offer it.
    pub(super) async fn send(&mut self, call: &Call) -> Result<Option<Exchange>, Stop> {
        if self.lacks(call) {
            return Ok(None);
        }
        match self.run.send(self.done.written.len() + 1, call).await {
            Ok(exchange) => Ok(Some(exchange)),
            Err(stop) if stop.verdict == Verdict::Blocked => {
                self.done.unmade += 1;
                Ok(None)
            }
            Err(stop) if stop.verdict == Verdict::Unsupported => {
                self.note_unsupported();
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }

    /// Keeps a step, a look if nothing is `allowed`. Which of several exceptions a refusal has says nothing of the key.
    pub(super) fn note_step(&mut self, step: Map<String, Value>, exchange: &Exchange, allowed: Option<&Allowed>) {
        let refused = match (&exchange.answer, allowed) {
            (Answer::Refusal { code, .. }, Some(Allowed::Refusal { codes, .. })) if !codes.is_empty() => {
                let other = (!codes.contains(code)).then_some(code);
                Some(codes.iter().chain(other).cloned().collect())
            }
            (Answer::Refusal { .. }, _) => Some(Vec::new()),
            _ => None,
        };
        self.done.written.push(Written { step, refused, aside: allowed.is_none() });
    }

    /// Keeps the place of a call that the target does not offer, so that what comes next has one of its own.
    pub(super) fn note_unsupported(&mut self) {
        self.done.written.push(Written { step: Map::new(), refused: None, aside: true });
    }

    pub(super) fn count(&mut self, rule: &str) {
        if let Some(rule) = rule_id(rule) {
            *self.done.judged.entry(rule).or_default() += 1;
        }
    }

    pub(super) fn read(&mut self, step: &Map<String, Value>) -> Option<Call> {
        match self.draft.step(&Value::Object(step.clone()), self.done.written.len() + 1) {
            Ok(step) => match step.action {
                Action::Call(call) => Some(*call),
                Action::Advance(_) | Action::Set(_) => None,
            },
            Err(mistake) => {
                // A sequence may only use what the language has; a name whose step was refused is no mistake of ours.
                tracing::debug!(%mistake, ?step, "a step of a sequence cannot be read");
                None
            }
        }
    }

    /// An expectation of a step, read by the rules of the language, and as it is written.
    pub(super) fn check(
        &mut self,
        step: &Map<String, Value>,
        rule: &str,
        members: Value,
    ) -> Option<(RuleId, Expected, Map<String, Value>)> {
        let mut expectation = Map::new();
        expectation.insert("checks".to_owned(), serde_json::json!({ rule: members }));
        let mut judged = step.clone();
        judged.remove("as");
        judged.extend(expectation.clone());
        match self.read(&judged)?.role {
            Role::Judge(mut rules) => rules.pop().map(|(rule, expected)| (rule, expected, expectation)),
            Role::Scene(_) | Role::Observe { .. } => None,
        }
    }
}

/// What a judgement is about.
pub(super) struct Judged<'t> {
    pub(super) transition: &'t Transition,
    pub(super) before: Option<(Way, KeyState)>,
    pub(super) operation: Operation,
}

/// A new key is witnessed by the answer that made it.
fn witness(transition: &Transition, world: &World) -> Option<Value> {
    match transition {
        Transition::Create { .. } => {
            let mut after = world.clone();
            after.take(transition, true);
            let state = after.keys.get(&transition.key()?)?.state();
            Some(serde_json::json!({ "KeyMetadata": { "KeyState": state.as_str() } }))
        }
        Transition::Replicate { .. } => Some(serde_json::json!({ "ReplicaKeyMetadata": { "KeyState": "Creating" } })),
        _ => None,
    }
}

pub(super) fn rule_id(rule: &str) -> Option<RuleId> {
    rules::catalogue().get(rule).map(|rule| rule.id.clone())
}

/// Where a key shows which material it uses.
const CURRENT_MATERIAL: &str = ".CurrentKeyMaterialId";

fn shows_material(exchange: &Exchange) -> bool {
    matches!(&exchange.answer, Answer::Success(body) if body["KeyMetadata"]["CurrentKeyMaterialId"].is_string())
}

/// How a call came out, without what differs from run to run.
fn what(exchange: &Exchange) -> String {
    match &exchange.answer {
        Answer::Success(_) => "success".to_owned(),
        Answer::Refusal { code, .. } => code.to_string(),
        Answer::Unreadable(_) => "unreadable".to_owned(),
        Answer::Nothing(_) | Answer::NotSent(_) => "no answer".to_owned(),
    }
}

fn finding(rule: &RuleId, line: usize, comparison: Comparison) -> Finding {
    Finding {
        rule: rule.clone(),
        verdict: Verdict::Deviation,
        line,
        expected: Some(comparison.expected),
        observed: comparison.observed,
        differences: comparison.differences,
        notes: comparison.notes,
        listed: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_key_state_table_are_about_states_and_those_of_requests_are_not() {
        let about = |rule: &str| states::is_about_states(&rule_id(rule).expect("a rule"));
        assert!(["CKD-NOTPENDING", "IMP-FIRST-OK", "ENA-PENDDEL"].into_iter().all(about));
        assert!(!["IMP-VALIDTO-MAX", "TOK-KEYBOUND", "GPI-24H"].into_iter().any(about));
    }
}
