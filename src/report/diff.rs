//! Two runs compared: what regressed, what was fixed, what is wrong in another way.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::run_log::RunLog;
use crate::judge::Verdict;
use crate::known;
use crate::rules::{self, Rule, RuleId};
use crate::runner::{RunStarted, TestOutcome};

/// The version of the JSON form. It changes when a member changes in a way that an older reader would misread.
pub const DIFF_VERSION: u32 = 1;

/// How the rules stand in one run, beside another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    version: u32,
    /// The run that is compared with.
    pub old: RunStarted,
    /// The run that is compared.
    pub new: RunStarted,
    /// Rules of which only the new run says something.
    pub rules_only_in_new: BTreeSet<RuleId>,
    /// Rules of which only the old run says something.
    pub rules_only_in_old: BTreeSet<RuleId>,
    /// How many tests showed, in both runs, that a rule holds.
    pub still_right: usize,
    /// All that differs, and what is wrong in both runs alike.
    pub changes: BTreeMap<Kind, Vec<Change>>,
}

/// What became of a rule in a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// It held, and does not any more, or is about an operation that is not offered any more.
    Regressed,
    /// It did not hold, and does now.
    Fixed,
    /// It does not hold, as before, but the wrong answer is another one.
    ChangedWrongAnswer,
    /// It could not be judged, or was not run, and now is judged.
    NewlyTested,
    /// It was judged, and now cannot be, or is not run.
    NoLongerTested,
    /// It does not hold, and the answer is the same.
    StillWrong,
}

/// One change, with all the tests of a scenario that show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The rule.
    pub rule: RuleId,
    /// The scenario.
    pub scenario: String,
    /// How it stood in the old run, in words.
    pub was: String,
    /// How it stands in the new run, in words.
    pub now: String,
    /// The tests, by name.
    pub tests: BTreeSet<String>,
}

/// How a rule stands in one test.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    Holds,
    Wrong(String),
    NotOffered(String),
    Untested(String),
}

impl Kind {
    /// All kinds, what matters most first.
    pub const ALL: [Self; 6] = [
        Self::Regressed,
        Self::Fixed,
        Self::ChangedWrongAnswer,
        Self::NewlyTested,
        Self::NoLongerTested,
        Self::StillWrong,
    ];
}

impl Diff {
    /// Compares two runs. What lists of known deviations said of them does not matter.
    #[must_use]
    pub fn of(old: &RunLog, new: &RunLog) -> Self {
        let (old_tests, new_tests) = (by_name(old), by_name(new));
        let names: BTreeSet<&String> = old_tests.keys().chain(new_tests.keys()).collect();
        let mut groups: BTreeMap<Kind, BTreeMap<[String; 3], Change>> = BTreeMap::new();
        let mut still_right = 0;
        for name in names {
            let (was, now) = (old_tests.get(name), new_tests.get(name));
            for rule in [was, now].into_iter().flatten().flat_map(judged).collect::<BTreeSet<_>>() {
                let (was, now) = (standing(was, &rule), standing(now, &rule));
                let Some(kind) = kind(&was, &now) else {
                    still_right += usize::from(was == Standing::Holds && now == Standing::Holds);
                    continue;
                };
                let scenario = name.split('[').next().unwrap_or(name).to_owned();
                let key = [format!("{rule} {scenario}"), was.words(), now.words()];
                let change = || Change { rule, scenario, was: was.words(), now: now.words(), tests: BTreeSet::new() };
                groups.entry(kind).or_default().entry(key).or_insert_with(change).tests.insert(name.clone());
            }
        }
        let (old_rules, new_rules) = (rules(old), rules(new));
        Self {
            version: DIFF_VERSION,
            old: old.started.clone(),
            new: new.started.clone(),
            rules_only_in_new: new_rules.difference(&old_rules).cloned().collect(),
            rules_only_in_old: old_rules.difference(&new_rules).cloned().collect(),
            still_right,
            changes: groups.into_iter().map(|(kind, changes)| (kind, changes.into_values().collect())).collect(),
        }
    }

    /// What changed in this way.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> &[Change] {
        self.changes.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// How often this happened: a test counts once for each rule.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.of_kind(kind).iter().map(|change| change.tests.len()).sum()
    }

    /// Whether both runs are of one target.
    #[must_use]
    pub fn same_target(&self) -> bool {
        self.old.target == self.new.target
    }
}

fn by_name(log: &RunLog) -> BTreeMap<String, TestOutcome> {
    log.outcomes.iter().map(|outcome| (outcome.test.clone(), known::without(outcome))).collect()
}

/// The rules that a test judged; open ones are only observed.
fn judged(outcome: &TestOutcome) -> impl Iterator<Item = RuleId> + '_ {
    let findings = outcome.findings.iter();
    let found = findings.filter(|finding| finding.verdict != Verdict::Observed).map(|finding| finding.rule.clone());
    let known = |rule: &&RuleId| rules::catalogue().get(rule.as_str()).is_some_and(Rule::is_judged);
    let sequences = outcome.rules.iter().filter(|_| outcome.is_property()).filter(known);
    found.chain(sequences.cloned())
}

fn rules(log: &RunLog) -> BTreeSet<RuleId> {
    log.outcomes.iter().flat_map(|outcome| &outcome.findings).map(|finding| finding.rule.clone()).collect()
}

fn standing(outcome: Option<&TestOutcome>, rule: &RuleId) -> Standing {
    let Some(outcome) = outcome else { return Standing::Untested("not part of the run".to_owned()) };
    let findings: Vec<_> = outcome.findings.iter().filter(|finding| finding.rule == *rule).collect();
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Deviation);
    let wrong: BTreeSet<String> = wrong.map(|finding| known::answer(finding)).collect();
    if !wrong.is_empty() {
        return Standing::Wrong(wrong.into_iter().collect::<Vec<_>>().join(", and "));
    }
    if findings.iter().any(|finding| finding.verdict == Verdict::Pass) {
        return Standing::Holds;
    }
    match (outcome.verdict, &outcome.reason) {
        // Of the rules that sequences judged, those that held have a finding.
        (Verdict::Deviation, _) if outcome.is_property() && outcome.rules.contains(rule) => {
            Standing::Wrong("otherwise in generated sequences".to_owned())
        }
        (Verdict::Unsupported, _) => Standing::NotOffered(outcome.unsupported.join(", ")),
        (Verdict::Deviation, _) => Standing::Untested("not reached: the test went wrong before".to_owned()),
        _ if !findings.is_empty() => Standing::Untested("observed only".to_owned()),
        (verdict, Some(reason)) => {
            Standing::Untested(known::because(outcome).unwrap_or_else(|| format!("{verdict}: {reason}")))
        }
        (_, None) => Standing::Untested("not judged".to_owned()),
    }
}

impl Standing {
    fn words(&self) -> String {
        match self {
            Self::Holds => "holds".to_owned(),
            Self::Wrong(answer) => format!("answers {answer}"),
            Self::NotOffered(operations) => format!("not offered: {operations}"),
            Self::Untested(why) => why.clone(),
        }
    }
}

fn kind(was: &Standing, now: &Standing) -> Option<Kind> {
    use Standing::{Holds, NotOffered, Untested, Wrong};
    match (was, now) {
        (Holds, Wrong(_) | NotOffered(_)) => Some(Kind::Regressed),
        (Wrong(_), Holds) => Some(Kind::Fixed),
        (Wrong(was), Wrong(now)) if was == now => Some(Kind::StillWrong),
        (Wrong(_), Wrong(_)) => Some(Kind::ChangedWrongAnswer),
        (NotOffered(_) | Untested(_), Holds | Wrong(_)) => Some(Kind::NewlyTested),
        (Holds, Untested(_)) | (Wrong(_), NotOffered(_) | Untested(_)) => Some(Kind::NoLongerTested),
        (Holds, Holds) | (NotOffered(_) | Untested(_), NotOffered(_) | Untested(_)) => None,
    }
}
