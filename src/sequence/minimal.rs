//! Of a deviation a minimal sequence, and the scenario of it, which tells right from wrong.

use proptest::strategy::ValueTree as _;

use super::execute::{Executed, execute};
use super::explore::{Explorer, First};
use super::export::{self, Provenance};
use super::found::{Found, Signature};
use super::tally::Tally;
use crate::judge::{Evidence, Finding, Verdict};
use crate::model::Transition;
use crate::rules;
use crate::runner::{self, RunStarted, TestOutcome, explore_command};
use crate::scenario::{SourceFile, Test, parse};

/// A minimal sequence may take so many attempts.
const ATTEMPTS: usize = 400;
/// A deviation that depends on chance is tried so often.
const REPLAYS: usize = 3;

/// Of a sequence that makes calls at the same time.
const AT_THE_SAME_TIME: &str = "calls at the same time: a replay shows it again, if not every time";

impl Explorer<'_> {
    /// The outcome of a deviation: of its scenario, or with the evidence of the sequence where there is none.
    pub(super) async fn minimal(&self, signature: &Signature, first: &First) -> TestOutcome {
        let tally = &self.tallies[first.property];
        let steps = self.transitions(first.property, first.case).len();
        let generated = self.generated(tally.property, Some(first.case));
        let run = RunStarted::now(self.target, 0);
        let provenance = Provenance { command: explore_command(Some(&run), &generated), steps };
        let outcome = match self.smallest(signature, first).await {
            // A scenario's calls are made one after the other.
            Some((executed, found)) if !found.together.is_empty() => {
                as_seen(&executed, &found, &provenance, AT_THE_SAME_TIME.to_owned())
            }
            Some((executed, found)) => match self.confirmed(tally, &executed, &found, &provenance).await {
                Ok(outcome) => outcome,
                Err(_) if executed.concurrent => as_seen(&executed, &found, &provenance, AT_THE_SAME_TIME.to_owned()),
                Err(note) => as_seen(&executed, &found, &provenance, note),
            },
            None => {
                let note = format!("seen in a sequence of {steps} steps; a replay did not show it again");
                as_seen(&first.executed, &first.found, &provenance, note)
            }
        };
        TestOutcome { generated: Some(generated), ..outcome }
    }

    /// The smallest sequence that shows the deviation. None is taken in which more calls deviate before it than in the
    /// one before, so that what has nothing to do with it goes.
    async fn smallest(&self, signature: &Signature, first: &First) -> Option<(Executed, Found)> {
        let tally = &self.tallies[first.property];
        let mut tree = self.tree(first.property, first.case)?;
        let transitions = tree.current();
        let mut best = self.shows(tally, signature, &transitions, usize::MAX).await?;
        let mut needed = best.0.leading_to(&best.1, &transitions);
        let (mut attempts, mut more) = (0, tree.simplify());
        while more && attempts < ATTEMPTS && !self.is_over() {
            let transitions = tree.current();
            if only_lacks_the_superfluous(&transitions, &needed) {
                more = tree.simplify();
                continue;
            }
            let most = best.0.divergences_before(&best.1);
            more = match self.shows(tally, signature, &transitions, most).await {
                Some(smaller) => {
                    needed = smaller.0.leading_to(&smaller.1, &transitions);
                    best = smaller;
                    tree.simplify()
                }
                None => tree.complicate(),
            };
            attempts += 1;
        }
        Some(best)
    }

    /// Whether a sequence shows the deviation, on the target, after so many divergences at most.
    async fn shows(
        &self,
        tally: &Tally,
        signature: &Signature,
        transitions: &[Transition],
        most: usize,
    ) -> Option<(Executed, Found)> {
        let transitions = export::renumbered(transitions);
        // Which of several calls comes first is chance.
        let tries = if transitions.iter().any(|step| matches!(step, Transition::Together(_))) { REPLAYS } else { 1 };
        for _ in 0..tries {
            let executed = execute(self.target, &tally.setting, &transitions, self.options, self.stopper).await;
            let found = executed.found.iter().find(|found| found.signature == *signature).cloned();
            if let Some(found) = found.filter(|found| executed.divergences_before(found) <= most) {
                return Some((executed, found));
            }
        }
        None
    }

    /// The scenario's own run, which must show the deviation, too, and which must pass where nothing deviates. A look at
    /// the key before the judged call makes it plainer, but may be what makes the deviation go away. Where there is no
    /// such scenario, the reason.
    async fn confirmed(
        &self,
        tally: &Tally,
        executed: &Executed,
        found: &Found,
        provenance: &Provenance,
    ) -> Result<TestOutcome, String> {
        let mut reason = String::new();
        for witness in [true, false].repeat(REPLAYS) {
            let text = export::scenario(&tally.setting, &executed.written, found, witness, provenance);
            let test = read(&export::name(found), &text)?;
            let mut outcome = runner::run_test(self.target, &test, self.options).await;
            if outcome.verdict != Verdict::Deviation {
                reason = no_scenario(executed, found, "there", &outcome);
                continue;
            }
            let elsewhere = runner::run_test(&self.correct, &test, self.options).await;
            if elsewhere.verdict == Verdict::Pass {
                outcome.text = Some(text);
                return Ok(outcome);
            }
            return Err(no_scenario(executed, found, "on the built-in emulator", &elsewhere));
        }
        Err(reason)
    }
}

/// Whether these transitions make the calls again that led to the deviation, so that they need not be run: what was left
/// out came after it, or was not carried out.
fn only_lacks_the_superfluous(transitions: &[Transition], needed: &[Transition]) -> bool {
    let mut left = needed.iter().peekable();
    for transition in transitions {
        left.next_if_eq(&transition);
    }
    left.peek().is_none()
}

/// A scenario as it will be read from its file.
fn read(name: &str, text: &str) -> Result<Test, String> {
    let file = SourceFile { path: format!("{name}.yaml"), text: text.to_owned() };
    let tests =
        parse(name, file).map_err(|errors| format!("please report this: its scenario cannot be read: {errors}"))?;
    tests.into_iter().next().ok_or_else(|| "please report this: its scenario has no test".to_owned())
}

/// Why the scenario of a deviation does not tell right from wrong.
fn no_scenario(executed: &Executed, found: &Found, place: &str, outcome: &TestOutcome) -> String {
    let mut earlier: Vec<String> = Vec::new();
    for other in executed.diverged_before(found) {
        let told = format!("{} ({})", other.signature.operation, other.signature.rule);
        if !earlier.contains(&told) {
            earlier.push(told);
        }
    }
    if earlier.is_empty() {
        let reason = outcome.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        return format!(
            "no scenario: without looks at the key between its calls it comes to {} {place}{reason}",
            outcome.verdict
        );
    }
    format!("it may follow from what deviates before it, without which it was not seen: {}", earlier.join(", "))
}

/// A deviation with the evidence of the sequence that showed it, where that cannot be a scenario.
fn as_seen(executed: &Executed, found: &Found, provenance: &Provenance, note: String) -> TestOutcome {
    let name = export::name(found);
    let (mut finding, mut exchanges) = (found.finding.clone(), executed.exchanges.clone());
    finding.notes.push(note);
    judged_last(found, &mut finding, &mut exchanges);
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
        exchanges,
        left_behind: Vec::new(),
        listed: None,
        generated: None,
        elapsed_ms: 0.0,
    }
}

/// Of calls at the same time puts the judged one last, since what comes after that is not shown as having led to it.
fn judged_last(found: &Found, finding: &mut Finding, exchanges: &mut [Evidence]) {
    let lines = found.together.iter().map(|(at, _)| at + 1);
    let Some(last) = lines.clone().max().filter(|_| lines.clone().any(|line| line == finding.line)) else { return };
    for evidence in exchanges.iter_mut() {
        if evidence.line == finding.line {
            evidence.line = last;
        } else if evidence.line > finding.line && evidence.line <= last {
            evidence.line -= 1;
        }
    }
    exchanges.sort_by_key(|evidence| evidence.line);
    finding.line = last;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;

    #[test]
    fn what_was_not_carried_out_is_left_out_without_a_run() {
        let [one, other, last] = [1, 2, 3].map(|key| Transition::Describe { key: Name(key) });
        let enable = Transition::Enable { key: Name(1) };
        let needed = [one.clone(), enable.clone()];
        for (transitions, same) in [
            (vec![one.clone(), other.clone(), enable.clone(), last.clone()], true),
            (vec![one.clone(), enable.clone()], true),
            (vec![one.clone(), other, last], false),
            (vec![enable, one], false),
            (vec![], false),
        ] {
            assert_eq!(only_lacks_the_superfluous(&transitions, &needed), same, "{transitions:?}");
        }
    }
}
