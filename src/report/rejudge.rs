//! Judging a run again, by today's rules and scenarios, from what its event log holds.
//!
//! Nothing is called. Each recorded call is laid beside the step of today's scenario that makes it; where they do not fit,
//! the scenario has changed, and the test has to be run again. What rests on bytes that the log does not hold, such as a
//! proof of the key material in force, is kept as it was recorded, with a note.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde_json::Value;

use super::run_log::RunLog;
use crate::judge::{
    Blobs, Context, Evidence, Finding, Judgement, KnownEvidence, Place, Redactor, Stop, Told, Verdict, generated_with,
};
use crate::kms::{Arn, Region};
use crate::known::without;
use crate::rules::RuleId;
use crate::runner::{RunStarted, TestOutcome, finished};
use crate::scenario::{Action, Call, Expected, Expr, Generator, Library, Role, SourceFile, Test, parse};
use crate::target::Exchange;

/// How the note of a finding begins that was kept as it was recorded.
pub const KEPT: &str = "kept as recorded: ";
/// Why a test whose scenario has changed says nothing.
const CHANGED: &str = "the scenario has changed: run it again";

/// The run as today's rules and scenarios have it. Its suite version becomes this program's; what a list of known
/// deviations said of it is forgotten.
#[must_use]
pub fn rejudge(log: &RunLog, library: &Library) -> RunLog {
    let tests: HashMap<&str, &Test> = library.tests.iter().map(|test| (test.name.as_str(), test)).collect();
    let outcomes = log.outcomes.iter().map(|outcome| {
        let outcome = without(outcome);
        match tests.get(outcome.test.as_str()) {
            _ if outcome.generated.is_some() => again_generated(&outcome, &log.started),
            Some(test) => again(test, &outcome, &log.started),
            None if outcome.verdict == Verdict::HarnessError => outcome,
            None => not_run(outcome, "there is no such test any more"),
        }
    });
    let outcomes = outcomes.collect();
    let started = RunStarted { suite_version: Cow::Borrowed(env!("CARGO_PKG_VERSION")), ..log.started.clone() };
    RunLog { started, outcomes, finished: log.finished.clone() }
}

/// What generated sequences came to can only be judged again where it is a scenario, which the log then holds.
fn again_generated(outcome: &TestOutcome, run: &RunStarted) -> TestOutcome {
    let Some(text) = &outcome.text else { return outcome.clone() };
    let file = SourceFile { path: outcome.file.clone(), text: text.clone() };
    match parse(&outcome.scenario, file).ok().and_then(|tests| tests.into_iter().next()) {
        Some(test) => TestOutcome { generated: outcome.generated.clone(), ..again(&test, outcome, run) },
        None => not_run(outcome.clone(), "its scenario is not one any more"),
    }
}

fn not_run(mut outcome: TestOutcome, reason: &str) -> TestOutcome {
    outcome.verdict = Verdict::NotRun;
    outcome.reason = Some(reason.to_owned());
    outcome.unsupported.clear();
    outcome.findings.clear();
    outcome
}

fn again(test: &Test, outcome: &TestOutcome, run: &RunStarted) -> TestOutcome {
    // Without a call there is nothing to judge: it was not begun, or not offered.
    if outcome.exchanges.is_empty() {
        return outcome.clone();
    }
    let Some(matched) = Matched::new(test, outcome) else { return not_run(outcome.clone(), CHANGED) };
    let mut exchanges = outcome.exchanges.clone();
    for (step, exchange) in &matched.calls {
        exchanges[*exchange].line = test.steps[*step].line;
    }
    let (findings, stop) = matched.judge(test, outcome, run);
    let mut again = finished(test, findings, exchanges, outcome.left_behind.clone(), stop);
    again.text.clone_from(&outcome.text);
    again.elapsed_ms = outcome.elapsed_ms;
    again
}

/// The steps of a test with the recorded calls that they made.
struct Matched {
    /// The call of each step that made one.
    calls: BTreeMap<usize, usize>,
    /// Values of variables, by the step whose request shows them.
    variables: Vec<(usize, String, Value)>,
    blobs: Blobs,
}

impl Matched {
    /// Nothing, if the steps cannot have made these calls.
    fn new(test: &Test, outcome: &TestOutcome) -> Option<Self> {
        let mut recorded = outcome.exchanges.iter().enumerate();
        let (mut calls, mut variables, mut known) = (BTreeMap::new(), Vec::new(), BTreeMap::<usize, String>::new());
        let mut refused = Vec::new();
        let steps = test.steps.iter().enumerate().filter_map(|(index, step)| Some((index, step.call()?)));
        for (step, call) in steps {
            if call.if_refused.as_ref().is_some_and(|name| !refused.contains(&name)) {
                continue;
            }
            let Some((index, evidence)) = recorded.next() else {
                // It came to its end then, and would not now.
                outcome.reason.as_ref()?;
                break;
            };
            let mut told = Told::default();
            if !told.by(call, evidence) {
                return None;
            }
            if let (Some(name), true) = (&call.binding, evidence.outcome != "success") {
                refused.push(name);
            }
            calls.insert(step, index);
            for (number, blob) in told.blobs {
                // Equal blobs had one number, and others had others. A blob that is spelled out once only may be another
                // of that length now: the log does not tell.
                let other = known.iter().any(|(n, b)| (*n == number) != (*b == blob));
                if other {
                    return None;
                }
                known.insert(number, blob);
            }
            variables.extend(told.variables.into_iter().map(|(name, value)| (step, name, value)));
        }
        let complete = recorded.next().is_none();
        complete.then(|| Self { calls, variables, blobs: Blobs::of(&outcome.exchanges, known) })
    }

    fn judge(&self, test: &Test, outcome: &TestOutcome, run: &RunStarted) -> (Vec<Finding>, Option<Stop>) {
        let judgement = Judgement::new(Context::new(IndexMap::new()), Redactor::default(), run.messages);
        let mut again = Again { matched: self, outcome, judgement, places: places(test, outcome, self, run) };
        let mut stop = None;
        for (index, step) in test.steps.iter().enumerate() {
            let result = match &step.action {
                Action::Advance(_) => Ok(()),
                Action::Set(names) => {
                    again.set(index, names);
                    Ok(())
                }
                Action::Call(call) => again.call(index, step.line, call),
            };
            if let Err(why) = result {
                stop = Some(why);
                break;
            }
        }
        (again.judgement.findings, stop)
    }
}

/// A test under way once more.
struct Again<'a> {
    matched: &'a Matched,
    outcome: &'a TestOutcome,
    judgement: Judgement,
    places: HashMap<Option<String>, Place>,
}

impl Again<'_> {
    /// Variables get the values that requests show; time, that of the next call; what is random and never sent, none.
    fn set(&mut self, step: usize, names: &[(String, Expr)]) {
        let next = self.matched.calls.range(step..).next();
        let now = next.and_then(|(_, index)| self.outcome.exchanges[*index].caller.as_ref()).map(|caller| caller.now);
        if let Some(now) = now {
            self.judgement.context.set_now(now);
        }
        self.judgement.context.set_places(self.places.clone());
        for (name, expr) in names {
            let shown = self.matched.variables.iter().find(|(at, shown, _)| *at > step && shown == name);
            let lost = |generator: &Generator| match generator {
                Generator::Now(_) => now.is_none(),
                Generator::Random(_) | Generator::Wrap { .. } | Generator::Damage { .. } => true,
                Generator::Text(_) | Generator::Repeat { .. } | Generator::Time { .. } => false,
            };
            if let Some((_, _, value)) = shown {
                self.judgement.context.set(name, self.matched.blobs.fill(value));
            } else if let (false, Ok(value)) = (generated_with(expr, &lost), self.judgement.context.evaluate(expr)) {
                self.judgement.context.set(name, value);
            }
        }
    }

    fn call(&mut self, step: usize, line: usize, call: &Call) -> Result<(), Stop> {
        if call.if_refused.as_ref().is_some_and(|name| !self.judgement.was_refused(name)) {
            return Ok(());
        }
        let Some(index) = self.matched.calls.get(&step) else { return Err(self.end(line)) };
        let evidence = &self.outcome.exchanges[*index];
        let Some(exchange) = self.matched.blobs.exchange(call, evidence) else {
            return Err(Stop::new(Verdict::NotRun, CHANGED));
        };
        if let Some(caller) = &evidence.caller {
            self.judgement.context.set_now(caller.now);
            let place = Place { account: caller.account.clone(), region: caller.region.clone() };
            self.places.insert(call.client.clone(), place);
        }
        self.judgement.context.set_places(self.places.clone());
        // Numbers the blobs as they were numbered then.
        self.judgement.redactor.evidence(line, &exchange);
        let now = evidence.caller.is_some();
        match &call.role {
            Role::Scene(expected) => match self.undecidable(expected, &exchange, now) {
                Some(_) => self.keep_scene(evidence)?,
                None => return self.judgement.take(line, call, exchange),
            },
            Role::Judge(rules) if rules.iter().any(|(_, rule)| self.undecidable(rule, &exchange, now).is_some()) => {
                for rule in rules {
                    match self.undecidable(&rule.1, &exchange, now) {
                        Some(why) => self.keep(line, &rule.0, evidence, why),
                        None => self.judgement.judge(line, std::slice::from_ref(rule), &exchange)?,
                    }
                }
            }
            Role::Judge(_) | Role::Observe { .. } => return self.judgement.take(line, call, exchange),
        }
        self.judgement.bind(line, call, exchange);
        Ok(())
    }

    fn undecidable(&self, expected: &Expected, exchange: &Exchange, now: bool) -> Option<&'static str> {
        let known = KnownEvidence { context: &self.judgement.context, blobs: &self.matched.blobs, now };
        known.undecidable(expected, exchange)
    }

    /// What was found then is taken over. The answer went the right way: only then is there something left to compare.
    fn keep(&mut self, line: usize, rule: &RuleId, evidence: &Evidence, why: &str) {
        let mut found = self.outcome.findings.iter();
        let Some(found) = found.find(|finding| finding.line == evidence.line && finding.rule == *rule) else { return };
        let mut finding = found.clone();
        finding.line = line;
        finding.notes.push(format!("{KEPT}{why}"));
        self.judgement.findings.push(finding);
    }

    /// The scene was set then, unless the test ended here.
    fn keep_scene(&self, evidence: &Evidence) -> Result<(), Stop> {
        let last = self.outcome.exchanges.last().is_some_and(|last| std::ptr::eq(last, evidence));
        match last && [Verdict::Vacuous, Verdict::Blocked].contains(&self.outcome.verdict) {
            true => Err(self.as_recorded()),
            false => Ok(()),
        }
    }

    /// The recorded calls end here. Where that was not for an answer, it is as it was.
    fn end(&self, line: usize) -> Stop {
        let reason = self.outcome.reason.as_deref().unwrap_or_default();
        let of_an_answer = match self.outcome.verdict {
            Verdict::Deviation => reason.starts_with("what follows line ") && reason.ends_with(" its outcome"),
            Verdict::Vacuous => true,
            Verdict::Blocked => !reason.contains(" cannot be carried out: "),
            Verdict::NotRun
            | Verdict::Pass
            | Verdict::Observed
            | Verdict::KnownDeviation
            | Verdict::Unsupported
            | Verdict::Inconclusive
            | Verdict::UnexpectedPass
            | Verdict::HarnessError => false,
        };
        if of_an_answer {
            let reason = format!("the recorded calls end before line {line}, to which it goes on by now: run it again");
            return Stop::new(Verdict::NotRun, reason);
        }
        self.as_recorded()
    }

    fn as_recorded(&self) -> Stop {
        let reason = self.outcome.reason.clone().unwrap_or_default();
        let verdict = match self.outcome.verdict {
            // The deviation came first; why the test then ended, its reason tells.
            Verdict::Deviation if reason.contains(" cannot be ") => Verdict::Blocked,
            Verdict::Deviation if reason.starts_with("what follows line ") => Verdict::Observed,
            Verdict::Deviation => Verdict::Inconclusive,
            verdict => verdict,
        };
        Stop { unsupported: self.outcome.unsupported.clone(), ..Stop::new(verdict, reason) }
    }
}

/// Where each client calls, as its first call tells. Logs of older versions do not say; there, the first ARN does.
fn places(test: &Test, outcome: &TestOutcome, matched: &Matched, run: &RunStarted) -> HashMap<Option<String>, Place> {
    let mut places = HashMap::new();
    for (step, index) in &matched.calls {
        let client = test.steps[*step].call().and_then(|call| call.client.clone());
        let evidence = &outcome.exchanges[*index];
        let told = match &evidence.caller {
            Some(caller) => Some(Place { account: caller.account.clone(), region: caller.region.clone() }),
            None => account_of(evidence, client.is_none().then_some(run.region.as_str())),
        };
        if let Some(place) = told {
            places.entry(client).or_insert(place);
        }
    }
    places
}

fn account_of(evidence: &Evidence, region: Option<&str>) -> Option<Place> {
    let arn: Arn = evidence.response.pointer("/KeyMetadata/Arn")?.as_str()?.parse().ok()?;
    let region: Region = region.map_or(Ok(arn.region), str::parse).ok()?;
    Some(Place { account: Some(arn.account), region })
}
