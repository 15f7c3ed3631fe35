//! One test, step by step, to its verdict.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cleanup::Made;
use super::event::TestOutcome;
use super::{Options, Stopper};
use crate::judge::{Caller, Comparison, Context, Evidence, Finding, Judgement, Place, Redactor, Stop, Verdict};
use crate::kms::Operation;
use crate::material::{Material, Recipe};
use crate::scenario::{Action, Call, Expected, Send, Step, Test, format_duration};
use crate::target::{Answer, ClockError, Exchange, Overrides, Session, Target};

/// By the client's name; none is the test's own.
pub(super) type Sessions = IndexMap<Option<String>, Arc<Session>>;

/// A test under way.
pub(crate) struct TestRun<'a> {
    stopper: &'a Stopper,
    sessions: Sessions,
    judgement: Judgement,
    exchanges: Vec<Evidence>,
    made: Made,
    slot: Slot<'a>,
}

/// The right to keep the machine busy, given back while a test only waits.
pub(crate) struct Slot<'a> {
    pub(crate) slots: &'a Arc<Semaphore>,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

impl Slot<'_> {
    pub(crate) async fn take(&mut self) {
        // The semaphore is never closed; without a permit the test would merely share the machine.
        self.permit = Arc::clone(self.slots).acquire_owned().await.ok();
    }
}

/// Runs a test.
pub(super) async fn run(
    target: &Target,
    test: &Test,
    options: &Options,
    stopper: &Stopper,
    mut slot: Slot<'_>,
) -> TestOutcome {
    slot.take().await;
    let started = Instant::now();
    let mut outcome = match prepare(target, test, options, stopper, slot).await {
        Ok(run) => run.finish(test, target.keeps_keys()).await,
        Err(stop) => finished(test, Vec::new(), Vec::new(), Vec::new(), Some(stop)),
    };
    outcome.elapsed_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    outcome
}

pub(crate) async fn prepare<'a>(
    target: &Target,
    test: &Test,
    options: &Options,
    stopper: &'a Stopper,
    slot: Slot<'a>,
) -> Result<TestRun<'a>, Stop> {
    if let Some(why) = stopper.why() {
        return Err(Stop::new(Verdict::NotRun, why));
    }
    lacking(target, test)?;
    let sessions = sessions(target, test).await?;
    let session = &sessions[&None];
    let wait = test.total_wait();
    if !session.clock().is_controlled() && wait > options.max_wait {
        let (wait, most) = (format_duration(wait), format_duration(options.max_wait));
        let reason = format!("needs {wait} to pass; the target's clock cannot be turned, and --max-wait is {most}");
        return Err(Stop::new(Verdict::NotRun, reason));
    }
    let material = make_material(test.material.clone()).await?;
    let mut redactor = Redactor::default();
    material.values().for_each(|material| redactor.hide(material));
    Ok(TestRun {
        stopper,
        judgement: Judgement::new(Context::new(material), redactor, options.messages),
        sessions,
        exchanges: Vec::new(),
        made: Made::default(),
        slot,
    })
}

/// Without all its operations a test is not begun.
fn lacking(target: &Target, test: &Test) -> Result<(), Stop> {
    let lacking: BTreeMap<Operation, &str> =
        test.calls().filter_map(|call| Some((call.operation, target.lacks(call.operation)?))).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let reason: Vec<String> = lacking.iter().map(|(operation, answer)| format!("{operation}: {answer}")).collect();
    let unsupported = lacking.keys().map(ToString::to_string).collect();
    Err(Stop { unsupported, ..Stop::new(Verdict::Unsupported, reason.join("; ")) })
}

/// A session for the test's own client, and one for each that it has beside.
async fn sessions(target: &Target, test: &Test) -> Result<Sessions, Stop> {
    let undecided = |error: ClockError| Stop::new(Verdict::Inconclusive, error.to_string());
    let own = target.session().await.map_err(undecided)?;
    let mut others = Vec::new();
    for (name, client) in &test.clients {
        let session =
            target.second_session(&own, *client).map_err(|error| Stop::new(Verdict::NotRun, error.to_string()))?;
        session.clock().freeze().await.map_err(undecided)?;
        others.push((Some(name.clone()), session));
    }
    let all = std::iter::once((None, own)).chain(others);
    Ok(all.map(|(name, session)| (name, Arc::new(session))).collect())
}

/// Making RSA keys takes long; the other tests go on meanwhile.
async fn make_material(recipes: IndexMap<String, Recipe>) -> Result<IndexMap<String, Material>, Stop> {
    if recipes.is_empty() {
        return Ok(IndexMap::new());
    }
    let make = move || {
        let mut made: IndexMap<String, Material> = IndexMap::new();
        for (name, recipe) in &recipes {
            let slot = made.values().filter(|material| material.spec() == recipe.spec()).count();
            made.insert(name.clone(), Material::make(recipe, slot)?);
        }
        Ok(made)
    };
    let failed = |error: &dyn std::fmt::Display| Stop::new(Verdict::HarnessError, format!("no key material: {error}"));
    let made: Result<_, crate::material::MaterialError> =
        tokio::task::spawn_blocking(make).await.map_err(|error| failed(&error))?;
    made.map_err(|error| failed(&error))
}

impl TestRun<'_> {
    async fn finish(mut self, test: &Test, keeps_keys: bool) -> TestOutcome {
        let mut stop = None;
        for step in &test.steps {
            if let Err(why) = self.step(step).await {
                stop = Some(why);
                break;
            }
        }
        let left_behind = if keeps_keys { self.made.clean_up(&self.sessions).await } else { Vec::new() };
        finished(test, self.judgement.findings, self.exchanges, left_behind, stop)
    }

    /// Unless the run was stopped.
    pub(crate) fn may_go_on(&self) -> Result<(), Stop> {
        if self.stopper.reason().is_some() { Err(self.stopped()) } else { Ok(()) }
    }

    fn stopped(&self) -> Stop {
        Stop::new(Verdict::NotRun, self.stopper.why().unwrap_or_default())
    }

    /// Cleans up. Returns every call, redacted, and what could not be removed.
    pub(crate) async fn close(self, keeps_keys: bool) -> (Vec<Evidence>, Vec<String>) {
        let left_behind = if keeps_keys { self.made.clean_up(&self.sessions).await } else { Vec::new() };
        (self.exchanges, left_behind)
    }

    /// Binds a call's answer to a name.
    pub(crate) fn bind(&mut self, name: Option<&str>, exchange: &Exchange) {
        if let (Some(name), Answer::Success(body)) = (name, &exchange.answer) {
            self.judgement.context.bind(name, exchange.input.clone(), body.clone());
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), Stop> {
        self.may_go_on()?;
        match &step.action {
            Action::Advance(duration) => self.advance(*duration).await,
            Action::Set(names) => {
                self.refresh().await?;
                for (name, expr) in names {
                    let value = self.judgement.evaluate(step.line, expr)?;
                    self.judgement.context.set(name, value);
                }
                Ok(())
            }
            Action::Call(call) => self.call(step.line, call).await,
        }
    }

    pub(crate) async fn advance(&mut self, duration: SignedDuration) -> Result<(), Stop> {
        let waits = !self.sessions[&None].clock().is_controlled();
        if waits {
            self.slot.permit = None;
        }
        let passed = tokio::select! {
            passed = pass_time(&self.sessions, duration) => passed,
            () = self.stopper.stopped() => Ok(()),
        };
        if waits {
            self.slot.take().await;
        }
        passed.map_err(|error| Stop::new(Verdict::Inconclusive, error.to_string()))
    }

    /// The target's time.
    pub(crate) async fn now(&self) -> Result<Timestamp, Stop> {
        let now = self.sessions[&None].clock().now().await;
        now.map_err(|error| Stop::new(Verdict::Inconclusive, error.to_string()))
    }

    async fn refresh(&mut self) -> Result<(), Stop> {
        let now = self.now().await?;
        self.judgement.context.set_now(now);
        self.locate();
        Ok(())
    }

    /// An account is known once an answer has named it.
    fn locate(&mut self) {
        let place = |session: &Session| Place { account: session.account(), region: session.region().clone() };
        let places = self.sessions.iter().map(|(name, session)| (name.clone(), place(session)));
        self.judgement.context.set_places(places.collect());
    }

    async fn call(&mut self, line: usize, call: &Call) -> Result<(), Stop> {
        if call.if_refused.as_ref().is_some_and(|name| !self.judgement.was_refused(name)) {
            return Ok(());
        }
        let exchange = self.send(line, call).await?;
        self.judgement.take(line, call, exchange)
    }

    /// What judging the call again has to know of it.
    fn caller(&self, client: Option<&String>) -> Caller {
        let session = &self.sessions[&client.cloned()];
        Caller { now: self.judgement.context.now(), account: session.account(), region: session.region().clone() }
    }

    /// Makes the call, and takes in what says nothing of the target's rules.
    pub(crate) async fn send(&mut self, line: usize, call: &Call) -> Result<Exchange, Stop> {
        let turn = tokio::select! {
            turn = self.sessions[&call.client].turn(call.operation) => turn,
            () = self.stopper.stopped() => return Err(self.stopped()),
        };
        self.refresh().await?;
        let request = self.judgement.evaluate(line, &call.request)?;
        let overrides = self.overrides(line, &call.send)?;
        let exchange = self.sessions[&call.client].call_in_turn(turn, request, overrides).await;
        self.take(line, call, &exchange)?;
        Ok(exchange)
    }

    /// Makes these calls at the same time, and lets time pass meanwhile. The exchanges are in the order of the calls, whose
    /// lines begin with this one; nothing where the target does not offer the operation. Either all calls are made or none.
    pub(crate) async fn send_together(
        &mut self,
        line: usize,
        calls: &[Call],
        passing: &[SignedDuration],
    ) -> Result<Vec<Option<Exchange>>, Stop> {
        self.refresh().await?;
        let mut requests = Vec::new();
        for call in calls {
            requests.push((self.judgement.evaluate(line, &call.request)?, self.overrides(line, &call.send)?));
        }
        let mut tasks = Vec::new();
        for (call, (request, overrides)) in calls.iter().zip(requests) {
            let (session, operation) = (Arc::clone(&self.sessions[&call.client]), call.operation);
            tasks.push(tokio::spawn(async move { session.call_with(operation, request, overrides).await }));
        }
        for duration in passing {
            self.advance(*duration).await?;
        }
        let (mut exchanges, mut undecided) = (Vec::new(), None);
        for ((line, call), task) in (line..).zip(calls).zip(tasks) {
            let exchange = task.await.map_err(|error| Stop::new(Verdict::HarnessError, error.to_string()))?;
            match self.take(line, call, &exchange) {
                Ok(()) => exchanges.push(Some(exchange)),
                Err(stop) if stop.verdict == Verdict::Unsupported => exchanges.push(None),
                Err(stop) => undecided = undecided.or(Some(stop)),
            }
        }
        undecided.map_or(Ok(exchanges), Err)
    }

    /// Keeps the evidence of a call, and what it made.
    pub(crate) fn take(&mut self, line: usize, call: &Call, exchange: &Exchange) -> Result<(), Stop> {
        self.locate();
        self.made.note(call.client.as_ref(), exchange);
        let mut evidence = self.judgement.redactor.evidence(line, exchange);
        evidence.caller = Some(self.caller(call.client.as_ref()));
        self.exchanges.push(evidence);
        self.stopper.note(exchange);
        self.judgement.undecided(line, exchange)
    }

    pub(crate) fn compare(&self, line: usize, expected: &Expected, exchange: &Exchange) -> Result<Comparison, Stop> {
        self.judgement.compare(line, expected, exchange)
    }

    fn overrides(&self, line: usize, send: &Send) -> Result<Overrides, Stop> {
        let body = match &send.body {
            Some(template) => {
                let body = self.judgement.context.template(template);
                let body = body.map_err(|error| self.judgement.cannot(line, "be carried out", &error))?;
                Some(body.as_str().map_or_else(|| body.to_string(), str::to_owned))
            }
            None => None,
        };
        Ok(Overrides { operation: send.operation.clone(), content_type: send.content_type.clone(), body })
    }
}

/// Each account of an emulator's has a clock of its own; all of them are turned. The real clock is waited for once.
async fn pass_time(sessions: &Sessions, duration: SignedDuration) -> Result<(), ClockError> {
    let mut turned = Vec::new();
    for session in sessions.values() {
        let account = session.clock().is_controlled().then(|| session.account()).flatten();
        if !turned.contains(&account) {
            session.clock().advance(duration).await?;
            turned.push(account);
        }
    }
    Ok(())
}

/// The outcome of a test that came to its end, or to this stop.
pub(crate) fn finished(
    test: &Test,
    findings: Vec<Finding>,
    exchanges: Vec<Evidence>,
    left_behind: Vec<String>,
    stop: Option<Stop>,
) -> TestOutcome {
    let worst = |verdicts: &[Verdict]| findings.iter().map(|f| f.verdict).filter(|v| verdicts.contains(v)).max();
    let verdict = worst(&[Verdict::Deviation])
        .or(stop.as_ref().map(|stop| stop.verdict))
        .or(worst(&[Verdict::Pass]))
        .unwrap_or(Verdict::Observed);
    let scenario = &test.scenario;
    let (reason, unsupported) = stop.map(|stop| (Some(stop.reason), stop.unsupported)).unwrap_or_default();
    TestOutcome {
        test: test.name.clone(),
        scenario: scenario.name.clone(),
        subject: scenario.subject.clone(),
        title: scenario.title.clone(),
        why: scenario.why.clone(),
        file: scenario.file.path.clone(),
        text: None,
        verdict,
        reason,
        unsupported,
        listed: None,
        rules: test.rules().into_iter().cloned().collect(),
        findings,
        exchanges,
        left_behind,
        generated: None,
        elapsed_ms: 0.0,
    }
}
