//! Calls made at the same time: some order must explain what they came to, and how the keys look afterwards.

use std::collections::BTreeSet;

use serde_json::Map;

use super::execute::{Execution, rule_id};
use super::found::{Found, Signature};
use super::write;
use crate::judge::{Comparison, Finding, Stop, Verdict};
use crate::kms::KeyState;
use crate::model::{Allowed, Happened, Look, Name, Orders, Seen, Transition, World};
use crate::scenario::Call;
use crate::target::{Answer, Exchange};

/// What tells deviations of calls at the same time from those of calls one after the other.
const AT_THE_SAME_TIME: &str = "at the same time: ";

/// What was seen of a key, by which of the steps.
struct Looked {
    look: Look,
    exchange: Exchange,
    at: usize,
}

/// Calls that were made at the same time, after this world.
struct Joint {
    before: World,
    /// The time that went by meanwhile, and then the calls.
    happened: Vec<Happened>,
    /// Which of the steps each of them is; time that goes by is none, and counts as the first.
    steps: Vec<usize>,
}

/// What no order of the calls explains.
struct Unexplained {
    rule: String,
    /// The position of the call that it is told of.
    call: usize,
    /// The step that shows it.
    at: usize,
    expected: String,
    what: String,
    /// The look that shows it, where the calls themselves are explained.
    seen: Option<Comparison>,
}

impl Execution<'_> {
    pub(super) async fn together(&mut self, transitions: &[Transition]) -> Result<(), Stop> {
        let mut calls = Vec::new();
        let mut passing = Vec::new();
        for transition in transitions {
            if let Transition::Pass(duration) = transition {
                passing.push(*duration);
            } else {
                self.acquaint(transition).await?;
                calls.extend(self.readable(transition).filter(|(_, call)| !self.lacks(call)));
            }
        }
        let before = self.world.clone();
        self.done.concurrent = true;
        let first = self.done.written.len();
        let requests: Vec<Call> = calls.iter().map(|(_, call)| call.clone()).collect();
        let exchanges = match self.run.send_together(first + 1, &requests, &passing).await {
            Ok(exchanges) => exchanges,
            Err(stop) if stop.verdict == Verdict::Blocked => return Ok(()),
            Err(stop) => return Err(stop),
        };
        let mut happened: Vec<Happened> = passing.iter().map(|duration| passed(*duration)).collect();
        let mut steps = vec![first; happened.len()];
        for ((transition, call), exchange) in calls.into_iter().zip(&exchanges) {
            let Some(exchange) = exchange else {
                self.note_unsupported();
                continue;
            };
            self.done.operations += 1;
            let refused = match &exchange.answer {
                Answer::Refusal { code, .. } => Some(code.clone()),
                _ => None,
            };
            self.note_step(write::step(&before, &transition), exchange, Some(&Allowed::Unstated));
            self.run.bind(call.binding.as_deref(), exchange);
            happened.push(Happened { transition, refused });
            steps.push(self.done.written.len() - 1);
        }
        let looked = self.look_at_all(&before, &happened).await?;
        let made: Vec<Name> = happened.iter().filter_map(|call| call.transition.made()).collect();
        self.explain(&Joint { before, happened, steps }, &looked);
        self.world.race(&made);
        self.synchronise().await
    }

    /// The call of a transition that can be made here, and that the model has an opinion about.
    fn readable(&mut self, transition: &Transition) -> Option<(Transition, Call)> {
        let stated =
            matches!(transition, Transition::Describe { .. }) || self.world.allows(transition) != Allowed::Unstated;
        let mut step = write::step(&self.world, transition);
        if matches!(transition, Transition::Create { .. } | Transition::Replicate { .. }) {
            return None;
        }
        if !stated {
            step.clear();
        }
        (stated && !step.is_empty()).then(|| self.read(&step)).flatten().map(|call| (transition.clone(), call))
    }

    /// One look at each key that the calls were about.
    async fn look_at_all(&mut self, world: &World, happened: &[Happened]) -> Result<Vec<Looked>, Stop> {
        let names: BTreeSet<Name> = happened.iter().filter_map(|call| call.transition.key()).collect();
        let mut looked = Vec::new();
        for key in names {
            for seen in [Seen::Metadata, Seen::Rotations] {
                let symmetric = world.keys.get(&key).is_some_and(|key| key.kind == crate::model::Kind::Symmetric);
                if seen == Seen::Rotations && !symmetric {
                    continue;
                }
                let look = Look { key, seen, checks: Vec::new() };
                let step = write::look(world, &look);
                let Some(call) = self.read(&step) else { continue };
                let Some(exchange) = self.send(&call).await? else { continue };
                self.note_step(step, &exchange, None);
                looked.push(Looked { look, exchange, at: self.done.written.len() - 1 });
            }
        }
        Ok(looked)
    }

    /// Goes on in a world that explains all that was seen, and reports that there is none.
    fn explain(&mut self, joint: &Joint, looked: &[Looked]) {
        let happened = &joint.happened;
        match joint.before.orders(happened) {
            Orders::Unexplained { rule, call, allowed } => {
                let what = happened[call].refused.as_ref().map_or("success", |code| code.as_str()).to_owned();
                let expected = format!("{}, in some order of the calls", expected(&allowed));
                let (rule, at) = (rule.to_owned(), joint.steps[call]);
                self.report(joint, Unexplained { rule, call, at, expected, what, seen: None });
                happened.iter().for_each(|call| self.world.take(&call.transition, call.refused.is_none()));
                self.distrust(happened, looked);
            }
            Orders::Explained(worlds) => {
                let mut missed = None;
                for world in worlds {
                    match self.contradiction(&world, looked) {
                        None => {
                            self.world = world;
                            return;
                        }
                        Some(contradiction) => missed = Some((contradiction, world)),
                    }
                }
                let Some(((rule, at, seen), world)) = missed else { return };
                let (expected, what) =
                    ("what some order of the calls leads to".to_owned(), "something else".to_owned());
                let (call, seen) = (happened.len().saturating_sub(1), Some(seen));
                self.report(joint, Unexplained { rule, call, at, expected, what, seen });
                self.world = world;
                self.distrust(happened, looked);
            }
        }
    }

    /// The first rule that what was seen breaks in this world, and the step that saw it.
    fn contradiction(&mut self, world: &World, looked: &[Looked]) -> Option<(String, usize, Comparison)> {
        for Looked { look, exchange, at } in looked {
            let wanted = world.looks(&Transition::Describe { key: look.key }, true, None);
            for wanted in wanted.into_iter().filter(|wanted| wanted.seen == look.seen) {
                let step = write::look(world, &wanted);
                for (rule, members) in wanted.checks {
                    let Some((_, expected, _)) = self.check(&step, rule, members) else { continue };
                    self.count(rule);
                    let Ok(comparison) = self.run.compare(at + 1, &expected, exchange) else { continue };
                    if !comparison.holds() && !self.is_shown_wrongly(rule) {
                        return Some((rule.to_owned(), *at, comparison));
                    }
                }
            }
        }
        None
    }

    /// Whether a key has shown wrong members by this rule before, so that it says nothing of calls at the same time.
    fn is_shown_wrongly(&self, rule: &str) -> bool {
        let shown = |found: &Found| !found.diverges && found.together.is_empty() && found.signature.rule == rule;
        self.done.found.iter().any(shown)
    }

    /// After what no order explains nothing is known of the keys' materials; their states are as they show them.
    fn distrust(&mut self, happened: &[Happened], looked: &[Looked]) {
        for name in happened.iter().filter_map(|call| call.transition.key()).collect::<BTreeSet<_>>() {
            self.world.doubt(name);
        }
        for Looked { look, exchange, .. } in looked {
            self.adopt(look, exchange);
        }
    }

    fn report(&mut self, joint: &Joint, unexplained: Unexplained) {
        let Joint { before, happened, steps } = joint;
        let Unexplained { rule, call, at, expected, what, seen } = unexplained;
        let (Some(rule), Some(happening)) = (rule_id(&rule), happened.get(call)) else { return };
        let history = happened.iter().map(told).collect::<Vec<_>>().join(" ‖ ");
        let key = happening.transition.key();
        let state: Option<KeyState> = key.and_then(|key| before.keys.get(&key)).map(crate::model::Key::state);
        let Some(operation) = happening.transition.operation() else { return };
        let what = format!("{AT_THE_SAME_TIME}{what}");
        let signature = Signature { rule: rule.to_string(), operation, state, what, members: BTreeSet::new() };
        let observed = format!("{AT_THE_SAME_TIME}{history}");
        // Where members are shown in place of what was observed, the calls are told besides.
        let notes = seen.iter().map(|_| observed.clone()).collect();
        let finding = Finding {
            rule,
            verdict: Verdict::Deviation,
            line: at + 1,
            expected: Some(expected),
            observed,
            differences: seen.map(|seen| seen.differences).unwrap_or_default(),
            notes,
            listed: None,
        };
        let placed = steps.iter().zip(happened);
        let together = placed.filter_map(|(step, it)| Some((*step, it.transition.operation()?))).collect();
        let (expectation, witness, diverges) = (Map::new(), None, true);
        self.done.found.push(Found { signature, finding, diverges, at, together, expectation, witness });
    }
}

fn passed(duration: jiff::SignedDuration) -> Happened {
    Happened { transition: Transition::Pass(duration), refused: None }
}

fn told(call: &Happened) -> String {
    let outcome = call.refused.as_ref().map_or("success", |code| code.as_str());
    match &call.transition {
        Transition::Pass(_) => call.transition.to_string(),
        Transition::Import(import) => format!("{} ({}): {outcome}", call.transition, import.named_material()),
        _ => format!("{}: {outcome}", call.transition),
    }
}

fn expected(allowed: &Allowed) -> String {
    match allowed {
        Allowed::Success { .. } => "success".to_owned(),
        Allowed::Refusal { codes, .. } if codes.is_empty() => "a refusal".to_owned(),
        Allowed::Refusal { codes, .. } => {
            codes.iter().map(crate::kms::ErrorCode::as_str).collect::<Vec<_>>().join(" or ")
        }
        Allowed::Open { .. } | Allowed::Unstated => "anything".to_owned(),
    }
}
