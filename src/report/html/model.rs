//! What the report is about: the runs, folded side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use super::verdict;
use crate::judge::{self, Verdict};
use crate::report::groups::{Kind, general};
use crate::report::{RunLog, Summary};
use crate::rules::{self, Rule, RuleId, Subject};
use crate::runner::TestOutcome;
use crate::scenario::{Library, SourceFile, Test, parse};

/// So many hexadecimal digits tell the kinds of deviation of one rule in one scenario apart.
const DIGITS: usize = 8;

/// The runs, folded.
pub(super) struct Report<'a> {
    /// A target or version each.
    pub(super) targets: Vec<Target<'a>>,
    /// By rule.
    pub(super) findings: BTreeMap<RuleId, Vec<Finding<'a>>>,
    pub(super) tests: Tests,
}

/// One run.
pub(super) struct Target<'a> {
    pub(super) log: &'a RunLog,
    /// What the target is called here; no two are called the same.
    pub(super) name: String,
    pub(super) summary: Summary,
    /// How each rule stands, by its id.
    pub(super) standings: BTreeMap<RuleId, Standing>,
    /// What the target does where rules are open, and how often it was seen.
    pub(super) observed: BTreeMap<RuleId, BTreeMap<String, usize>>,
}

/// How many times a rule came to each verdict.
#[derive(Default)]
pub(super) struct Standing(BTreeMap<Verdict, usize>);

/// Deviations of one kind, on all targets that show it.
pub(super) struct Finding<'a> {
    pub(super) kind: Kind,
    pub(super) seen: Vec<Seen<'a>>,
}

/// Deviations of one kind on one target; never none.
pub(super) struct Seen<'a> {
    /// The target's position.
    pub(super) target: usize,
    pub(super) cases: Vec<Case<'a>>,
}

/// A test's outcome, and what it found.
type Case<'a> = (&'a TestOutcome, &'a judge::Finding);

/// The tests behind outcomes.
pub(super) struct Tests {
    shipped: HashMap<String, Test>,
    /// By the test's name; runs of several versions may have other texts under one name.
    own: HashMap<String, Vec<(String, Test)>>,
}

impl<'a> Report<'a> {
    pub(super) fn of(logs: &'a [RunLog]) -> Self {
        let tests = Tests::of(logs);
        let mut targets: Vec<Target<'a>> = Vec::new();
        for log in logs {
            targets.push(Target::of(log, name(logs, log, targets.len()), &tests));
        }
        Self { findings: findings(logs), targets, tests }
    }

    /// The rules of a subject that the catalogue or a run knows, in the order of the catalogue.
    pub(super) fn rules(&self, subject: Subject) -> impl Iterator<Item = &'static Rule> {
        rules::catalogue().iter().filter(move |rule| rule.subject == subject)
    }

    /// The findings, those first that say most: one of each rule, then one of each wrong answer to it, then one of each set
    /// of targets that give it.
    pub(super) fn by_weight(&self) -> Vec<&Finding<'a>> {
        let (mut rules, mut answers, mut sets) = (HashSet::new(), HashSet::new(), HashSet::new());
        let mut findings: Vec<(usize, &Finding<'a>)> = Vec::new();
        for finding in self.findings.values().flatten() {
            let (rule, seen) = (&finding.kind.rule, &finding.kind.seen);
            let new = [rules.insert(rule), answers.insert((rule, seen)), sets.insert((rule, seen, finding.targets()))];
            findings.push((new.iter().position(|new| *new).unwrap_or(new.len()), finding));
        }
        findings.sort_by_key(|(class, _)| *class);
        findings.into_iter().map(|(_, finding)| finding).collect()
    }

    /// Rules that runs of other versions judged, and that this program does not know.
    pub(super) fn unknown_rules(&self) -> Vec<&RuleId> {
        let mut unknown: Vec<&RuleId> = self.targets.iter().flat_map(|target| target.standings.keys()).collect();
        unknown.retain(|id| rules::catalogue().get(id.as_str()).is_none());
        unknown.sort();
        unknown.dedup();
        unknown
    }
}

impl<'a> Target<'a> {
    fn of(log: &'a RunLog, name: String, tests: &Tests) -> Self {
        let summary = Summary::of(log);
        let mut standings: BTreeMap<RuleId, Standing> = BTreeMap::new();
        let mut observed: BTreeMap<RuleId, BTreeMap<String, usize>> = BTreeMap::new();
        for outcome in &log.outcomes {
            for finding in &outcome.findings {
                standings.entry(finding.rule.clone()).or_default().add(finding.verdict);
                if finding.verdict == Verdict::Observed {
                    let seen = observed.entry(finding.rule.clone()).or_default();
                    *seen.entry(general(&finding.observed)).or_default() += 1;
                }
            }
            // Of the rules that a test did not come to, its own verdict is said, unless it ended as it should.
            if verdict::judged(outcome.verdict).is_none() && outcome.verdict != Verdict::Observed {
                for rule in tests.get(outcome).map(Test::rules).unwrap_or_default() {
                    if !outcome.findings.iter().any(|finding| finding.rule == *rule) {
                        standings.entry(rule.clone()).or_default().add(outcome.verdict);
                    }
                }
            }
        }
        Self { log, name, summary, standings, observed }
    }

    /// How many rules passed, and how many were judged, of those that the filter takes.
    pub(super) fn passed(&self, takes: impl Fn(&RuleId) -> bool) -> (usize, usize) {
        let standings = self.standings.iter().filter(|(id, _)| takes(id));
        let judged: Vec<bool> = standings.filter_map(|(_, standing)| verdict::judged(standing.worst()?)).collect();
        (judged.iter().filter(|passed| **passed).count(), judged.len())
    }

    /// How many rules have this worst verdict.
    pub(super) fn rules_with(&self, verdict: Verdict) -> usize {
        self.standings.values().filter(|standing| standing.worst() == Some(verdict)).count()
    }
}

impl Standing {
    fn add(&mut self, verdict: Verdict) {
        *self.0.entry(verdict).or_default() += 1;
    }

    /// The most severe verdict.
    pub(super) fn worst(&self) -> Option<Verdict> {
        self.0.last_key_value().map(|(verdict, _)| *verdict)
    }

    /// How many times it came to the worst verdict, and to any.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.0.last_key_value().map_or(0, |(_, count)| *count), self.0.values().sum())
    }
}

impl<'a> Finding<'a> {
    /// The cases that are shown, one of each target: the same on all of them, if there is one that all deviate in.
    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, &'a TestOutcome, &'a judge::Finding)> {
        let has = |seen: &Seen<'_>, test: &str| seen.cases.iter().any(|(outcome, _)| outcome.test == test);
        let firsts = self.seen.first().map(|seen| seen.cases.as_slice()).unwrap_or_default();
        let mut tests = firsts.iter().map(|(outcome, _)| outcome.test.as_str());
        let common = tests.find(|test| self.seen.iter().all(|seen| has(seen, test)));
        self.seen.iter().filter_map(move |seen| {
            let case = seen.cases.iter().find(|(outcome, _)| common.is_none_or(|test| outcome.test == test))?;
            Some((seen.target, case.0, case.1))
        })
    }

    /// The positions of the targets that show it.
    pub(super) fn targets(&self) -> Vec<usize> {
        self.seen.iter().map(|seen| seen.target).collect()
    }

    /// The same as text, for the script.
    pub(super) fn positions(&self) -> String {
        self.seen.iter().map(|seen| seen.target.to_string()).collect::<Vec<_>>().join(" ")
    }

    /// The finding's anchor: the same in every run that finds this.
    pub(super) fn anchor(&self) -> String {
        let digest = hex::encode(Sha256::digest(general(&self.kind.seen)));
        let scenario = slug(&self.kind.scenario);
        format!("finding-{scenario}-{}-{}", self.kind.rule, &digest[..DIGITS])
    }
}

/// A path as part of an anchor.
pub(super) fn slug(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

/// What a target is called: with its version where several versions of it stand side by side, and with a number where even
/// that is the same.
fn name(logs: &[RunLog], log: &RunLog, position: usize) -> String {
    let started = &log.started;
    let others = logs.iter().filter(|other| other.started.target == started.target);
    let versions = others.clone().any(|other| other.started.target_version != started.target_version);
    let name = if versions { started.target_and_version() } else { started.target.clone() };
    let same = |other: &&RunLog| other.started.target_and_version() == started.target_and_version();
    let earlier = logs[..position].iter().filter(same).count();
    if earlier == 0 { name } else { format!("{name} ({})", earlier + 1) }
}

fn findings(logs: &[RunLog]) -> BTreeMap<RuleId, Vec<Finding<'_>>> {
    let mut kinds: BTreeMap<Kind, BTreeMap<usize, Vec<Case<'_>>>> = BTreeMap::new();
    for (target, log) in logs.iter().enumerate() {
        for outcome in &log.outcomes {
            for finding in outcome.findings.iter().filter(|finding| verdict::is_told(finding.verdict)) {
                let of_kind = kinds.entry(Kind::of(outcome, finding)).or_default();
                of_kind.entry(target).or_default().push((outcome, finding));
            }
        }
    }
    let mut findings: BTreeMap<RuleId, Vec<Finding<'_>>> = BTreeMap::new();
    for (kind, seen) in kinds {
        let seen = seen.into_iter().map(|(target, mut cases)| {
            // One that is new must not hide behind one that is known.
            cases.sort_by(|a, b| (b.1.verdict, &a.0.test).cmp(&(a.1.verdict, &b.0.test)));
            Seen { target, cases }
        });
        let seen = seen.collect();
        findings.entry(kind.rule.clone()).or_default().push(Finding { kind, seen });
    }
    findings
}

impl Tests {
    fn of(logs: &[RunLog]) -> Self {
        let mut shipped = Vec::new();
        if logs.iter().flat_map(|log| &log.outcomes).any(|outcome| outcome.text.is_none()) {
            // That the shipped scenarios have no mistakes is held by a test.
            shipped = Library::shipped().map(|library| library.tests).unwrap_or_default();
        }
        let mut own: HashMap<String, Vec<(String, Test)>> = HashMap::new();
        let mut read = HashSet::new();
        for outcome in logs.iter().flat_map(|log| &log.outcomes) {
            let Some(text) = &outcome.text else { continue };
            if read.insert((outcome.scenario.as_str(), text.as_str())) {
                let file = SourceFile { path: outcome.file.clone(), text: text.clone() };
                for test in parse(&outcome.scenario, file).unwrap_or_default() {
                    own.entry(test.name.clone()).or_default().push((text.clone(), test));
                }
            }
        }
        Self { shipped: shipped.into_iter().map(|test| (test.name.clone(), test)).collect(), own }
    }

    /// The test that came to this outcome, if it is known and still the same.
    pub(super) fn get(&self, outcome: &TestOutcome) -> Option<&Test> {
        match &outcome.text {
            None => self.shipped.get(&outcome.test).filter(|test| test.scenario.file.path == outcome.file),
            Some(text) => self.own.get(&outcome.test)?.iter().find(|(own, _)| own == text).map(|(_, test)| test),
        }
    }

    /// The text of the outcome's scenario.
    pub(super) fn text<'t>(&'t self, outcome: &'t TestOutcome) -> Option<&'t str> {
        outcome.text.as_deref().or_else(|| self.get(outcome).map(|test| test.scenario.file.text.as_str()))
    }
}
