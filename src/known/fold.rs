//! Holding outcomes against a list of known deviations.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Entry, KnownDeviations, Matter, answer, because, names};
use crate::judge::{Finding, Listed, ListedStanding, Verdict};
use crate::rules::{self, Rule, RuleId};
use crate::runner::{Event, TestOutcome};
use crate::sequence::found_operation;

impl KnownDeviations {
    /// The outcome as the list has it, on this day. What an earlier list said of it is forgotten.
    #[must_use]
    pub fn judge(&self, outcome: &TestOutcome, on: Date) -> TestOutcome {
        let mut outcome = without(outcome);
        let covers = |entry: &&Entry| match outcome.is_found() {
            true => entry.covers_found(&outcome),
            false => entry.covers(&outcome.test, &outcome.scenario),
        };
        let covering: Vec<&Entry> = self.entries.iter().filter(covers).collect();
        let rules: BTreeSet<RuleId> = outcome.findings.iter().map(|finding| finding.rule.clone()).collect();
        for rule in rules {
            self.judge_rule(&mut outcome, &rule, &covering, on);
        }
        outcome.verdict = overall(&outcome);
        outcome.listed = self.whole(&outcome, &covering, on);
        if outcome.verdict == Verdict::Pass && outcome.listed.is_some() {
            outcome.verdict = Verdict::UnexpectedPass;
        }
        if outcome.is_property() && outcome.verdict == Verdict::Deviation && self.lists_all(&outcome, on) {
            outcome.verdict = Verdict::KnownDeviation;
        }
        outcome
    }

    /// Whether the list has every deviation that the sequences of a property showed. Of an old log only the rules are known.
    fn lists_all(&self, property: &TestOutcome, on: Date) -> bool {
        let answers = self.answers(on);
        match property.generated.as_ref().and_then(|generated| generated.came_to.as_ref()) {
            Some(came_to) => came_to.deviations.iter().all(|deviation| answers.have(deviation)),
            None => {
                let held = |rule: &RuleId| property.findings.iter().any(|finding| finding.rule == *rule);
                let judged = |rule: &RuleId| rules::catalogue().get(rule.as_str()).is_some_and(Rule::is_judged);
                let mut deviating = property.rules.iter().filter(|rule| judged(rule) && !held(rule));
                deviating.all(|rule| answers.have_rule(rule))
            }
        }
    }

    /// What a test found of one rule. A test may judge a rule in several steps, and an entry says of which by the answer.
    fn judge_rule(&self, outcome: &mut TestOutcome, rule: &RuleId, covering: &[&Entry], on: Date) {
        let mut left: Vec<(&Entry, &BTreeSet<String>)> = covering
            .iter()
            .filter_map(|entry| match &entry.matter {
                Matter::Deviation { rule: listed, answers, .. } if listed == rule => Some((*entry, answers)),
                _ => None,
            })
            .collect();
        let mut found: Vec<&mut Finding> =
            outcome.findings.iter_mut().filter(|finding| finding.rule == *rule).collect();
        let mut stale = left.clone();
        for finding in found.iter_mut().filter(|finding| finding.verdict == Verdict::Deviation) {
            let seen = answer(finding);
            let Some((entry, _)) = left.iter().find(|(_, answers)| answers.contains(&seen)).copied() else { continue };
            stale.retain(|(other, _)| other.line != entry.line);
            match entry.until.filter(|until| on > *until) {
                None => {
                    finding.verdict = Verdict::KnownDeviation;
                    let says = format!("{rule} answers `{seen}`: {}", entry.because());
                    note(finding, self.listed(entry, ListedStanding::AsListed, says));
                }
                Some(until) => {
                    let says = format!("{rule} answers `{seen}`, which is listed until {until} only");
                    note(finding, self.listed(entry, ListedStanding::Overdue, says));
                }
            }
        }
        left = stale;
        let changed =
            found.iter_mut().filter(|finding| finding.verdict == Verdict::Deviation && finding.listed.is_none());
        for finding in changed {
            let Some((entry, answers)) = left.pop_first() else { break };
            let says = format!("{rule} is listed as {}, now it answers `{}`", or(answers), answer(finding));
            note(finding, self.listed(entry, ListedStanding::Otherwise, says));
        }
        for finding in found.iter_mut().filter(|finding| finding.verdict == Verdict::Pass) {
            let Some((entry, answers)) = left.pop_first() else { break };
            let says = format!("{rule} is listed as {}, but it holds now: take it out of the list", or(answers));
            finding.verdict = Verdict::UnexpectedPass;
            note(finding, self.listed(entry, ListedStanding::Gone, says));
        }
    }

    /// What the list says of a test as a whole: that it cannot be judged, or needs what the target does not offer.
    fn whole(&self, outcome: &TestOutcome, covering: &[&Entry], on: Date) -> Option<Listed> {
        let unexpected = outcome.findings.iter().any(|finding| finding.verdict == Verdict::UnexpectedPass);
        let unjudged = covering.iter().find_map(|entry| match &entry.matter {
            Matter::Unjudged { because, .. } => Some((*entry, because)),
            Matter::Deviation { .. } | Matter::Unsupported(_) => None,
        });
        match outcome.verdict {
            // An unexpected pass on the way must not be excused along with what follows it.
            Verdict::Blocked | Verdict::Vacuous if !unexpected => {
                let (entry, listed) = unjudged?;
                let now = because(outcome).unwrap_or_default();
                Some(match (listed.contains(&now), entry.until.filter(|until| on > *until)) {
                    (true, None) => {
                        let says = format!("`{now}`: {}", entry.because());
                        self.listed(entry, ListedStanding::AsListed, says)
                    }
                    (true, Some(until)) => {
                        let says = format!("`{now}` is listed until {until} only");
                        self.listed(entry, ListedStanding::Overdue, says)
                    }
                    (false, _) => {
                        let says = format!("listed as {}, now `{now}`", or(listed));
                        self.listed(entry, ListedStanding::Otherwise, says)
                    }
                })
            }
            Verdict::Unsupported => {
                let all = outcome.unsupported.iter().map(|name| self.unsupported(name)).collect::<Option<Vec<_>>>()?;
                let (first, others) = all.split_first()?;
                let (names, verb) = match outcome.unsupported.as_slice() {
                    [name] => (name.clone(), "is"),
                    names => (joined(names), "are"),
                };
                let lines: Vec<String> = others.iter().map(|entry| entry.line.to_string()).collect();
                let lines = if lines.is_empty() {
                    String::new()
                } else {
                    format!(" (lines {}, {})", first.line, lines.join(", "))
                };
                let says = format!("{names} {verb} not offered{lines}");
                Some(self.listed(first, ListedStanding::AsListed, says))
            }
            Verdict::Pass => {
                if let Some((entry, listed)) = unjudged {
                    let says = format!("listed as {}, but it passes now: take it out of the list", or(listed));
                    return Some(self.listed(entry, ListedStanding::Gone, says));
                }
                let answered = |name: &str| self.unsupported(name).map(|entry| (entry, name.to_owned()));
                let (entry, name) = outcome.exchanges.iter().find_map(|exchange| answered(&exchange.operation))?;
                let says = format!("{name} is listed as not offered, but it is: take it out of the list");
                Some(self.listed(entry, ListedStanding::Gone, says))
            }
            Verdict::Blocked
            | Verdict::Vacuous
            | Verdict::NotRun
            | Verdict::Observed
            | Verdict::KnownDeviation
            | Verdict::Inconclusive
            | Verdict::UnexpectedPass
            | Verdict::Deviation
            | Verdict::HarnessError => None,
        }
    }

    fn unsupported(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| match &entry.matter {
            Matter::Unsupported(operation) => operation.as_str() == name,
            Matter::Deviation { .. } | Matter::Unjudged { .. } => false,
        })
    }

    fn listed(&self, entry: &Entry, standing: ListedStanding, says: String) -> Listed {
        let says = format!("{}:{}: {says}", self.file, entry.line);
        let (reason, link) = (entry.reason.clone(), entry.link.clone());
        Listed { file: self.file.clone(), line: entry.line, standing, says, reason, link }
    }
}

impl Entry {
    /// Whether it is of this deviation that generated sequences found. Which of several sequences shows it, and so the
    /// number at the end of its name, differs from run to run; and a scenario may have shown the same of the operation.
    fn covers_found(&self, outcome: &TestOutcome) -> bool {
        let Matter::Deviation { rule, tests, operations, answers } = &self.matter else { return false };
        let same = |test: &String| names::unnumbered(test) == names::unnumbered(&outcome.scenario);
        let shows = |finding: &Finding| {
            let found = found_operation(&outcome.scenario, rule);
            let mut shown = outcome.operations_of(finding).map(str::to_owned).chain(found);
            finding.rule == *rule && answers.contains(&answer(finding)) && shown.any(|name| operations.contains(&name))
        };
        tests.iter().any(same) || outcome.findings.iter().any(shows)
    }

    /// Why the target answers so, for a sentence.
    fn because(&self) -> String {
        let link = self.link.as_ref().map(|link| format!(" ({link})")).unwrap_or_default();
        format!("{}{link}", self.reason)
    }
}

/// Names in a sentence: `A, B and C`.
fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

fn or(answers: &BTreeSet<String>) -> String {
    answers.iter().map(|answer| format!("`{answer}`")).collect::<Vec<_>>().join(" or ")
}

trait PopFirst<T> {
    fn pop_first(&mut self) -> Option<T>;
}

impl<T> PopFirst<T> for Vec<T> {
    fn pop_first(&mut self) -> Option<T> {
        (!self.is_empty()).then(|| self.remove(0))
    }
}

fn note(finding: &mut Finding, listed: Listed) {
    finding.notes.push(listed.says.clone());
    finding.listed = Some(listed);
}

/// The verdict on a test whose findings were held against the list. Nothing but a deviation, or a pass, changes.
fn overall(outcome: &TestOutcome) -> Verdict {
    let any = |verdict| outcome.findings.iter().any(|finding| finding.verdict == verdict);
    match outcome.verdict {
        Verdict::Deviation | Verdict::Pass if any(Verdict::Deviation) => Verdict::Deviation,
        Verdict::Deviation | Verdict::Pass if any(Verdict::UnexpectedPass) => Verdict::UnexpectedPass,
        Verdict::Deviation | Verdict::Pass if any(Verdict::KnownDeviation) => Verdict::KnownDeviation,
        other => other,
    }
}

/// The outcome as it was before it was held against any list.
#[must_use]
pub fn without(outcome: &TestOutcome) -> TestOutcome {
    let mut outcome = outcome.clone();
    outcome.listed = None;
    for finding in &mut outcome.findings {
        if finding.listed.take().is_some() {
            finding.notes.pop();
        }
        finding.verdict = before(finding.verdict);
    }
    let deviates = outcome.findings.iter().any(|finding| finding.verdict == Verdict::Deviation);
    outcome.verdict = if deviates { Verdict::Deviation } else { before(outcome.verdict) };
    outcome
}

fn before(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::KnownDeviation => Verdict::Deviation,
        Verdict::UnexpectedPass => Verdict::Pass,
        other => other,
    }
}

/// Holds the events of a run against a list, one by one, and keeps in mind which entries were met.
#[derive(Debug)]
pub struct Fold<'k> {
    known: &'k KnownDeviations,
    on: Date,
    /// Lines of the entries that some test was held against.
    seen: BTreeSet<usize>,
}

impl<'k> Fold<'k> {
    /// Before the first event.
    #[must_use]
    pub fn new(known: &'k KnownDeviations) -> Self {
        Self { known, on: Date::MIN, seen: BTreeSet::new() }
    }

    /// The event as the list has it. The day is the one on which the run started, in UTC.
    pub fn event(&mut self, event: &Event) -> Event {
        match event {
            Event::RunStarted(started) => {
                self.on = started.at.to_zoned(TimeZone::UTC).date();
                event.clone()
            }
            Event::TestFinished(outcome) => {
                let outcome = self.known.judge(outcome, self.on);
                let listed = outcome.findings.iter().filter_map(|finding| finding.listed.as_ref());
                self.seen.extend(listed.chain(&outcome.listed).map(|listed| listed.line));
                // One test may need several operations that are not offered.
                let needed = outcome.unsupported.iter().filter_map(|name| self.known.unsupported(name));
                self.seen.extend(needed.map(|entry| entry.line));
                Event::TestFinished(Box::new(outcome))
            }
            Event::RunFinished(_) => event.clone(),
        }
    }

    /// The entries of which no test said anything: none was run, or none came so far.
    pub fn not_seen(&self) -> impl Iterator<Item = &'k Entry> {
        self.known.entries.iter().filter(|entry| !self.seen.contains(&entry.line))
    }
}
