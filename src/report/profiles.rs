//! Profiles: named sets of rules that a target can be said to keep, and how a run bears that out.
//!
//! The sets are data, in `src/report/profiles.yaml`. A profile's rules are the judged ones of its subjects and its list,
//! less those that no scenario can check. The [claim](Claim) on a profile is
//!
//! - *fail*, if the target deviates from one of its rules;
//! - else *not tested*, if the run left out some test of this program's that checks one of its rules;
//! - else *pass*, if every one of its rules passed at least once, and none was left open by a test that was blocked,
//!   vacuous, inconclusive or broke the harness before it could judge the rule;
//! - else *partly*.
//!
//! A run of other scenarios than this program's says nothing of any profile: all are *not tested*.
//!
//! A pass holds for [`VALID_DAYS`] from the start of the run. Targets and AWS both move: after a quarter of a year a claim
//! that nobody has renewed says little.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::summary::{Summary, TestResult};
use crate::judge::Verdict;
use crate::rules::{self, Rule, RuleId, Subject};
use crate::scenario::Library;

/// For so many days after a run a passed profile may be claimed.
pub const VALID_DAYS: i64 = 90;

/// A named set of rules.
#[derive(Debug)]
pub struct Profile {
    /// The name in files and on the command line.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What a target does that keeps its rules, in a sentence.
    pub says: String,
    /// Its rules, in the order of the catalogue. Never empty.
    pub rules: Vec<&'static Rule>,
}

/// How a run bears out that its target keeps a profile's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Claim {
    /// The profile's name.
    pub profile: String,
    /// Its name for people.
    pub title: String,
    /// How it stands.
    pub standing: ClaimStanding,
    /// How many rules it has.
    pub rules: usize,
    /// How many of them the target has shown to keep.
    pub kept: usize,
    /// The rules that the target deviates from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviating: Vec<RuleId>,
    /// The rules that are neither kept nor deviated from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<RuleId>,
    /// The last day on which a passed profile may be claimed (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
}

/// How a profile stands; see the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStanding {
    /// The target keeps every rule of it.
    Pass,
    /// The target deviates from no rule of it, but has not shown to keep them all.
    Partly,
    /// The target deviates from a rule of it.
    Fail,
    /// The run left out tests that check it.
    NotTested,
}

/// `profiles.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profiles: Vec<Entry>,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
    none: Vec<Excuse>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    title: String,
    says: String,
    #[serde(default)]
    subjects: Vec<Subject>,
    #[serde(default)]
    without: Vec<RuleId>,
    rules: Vec<RuleId>,
}

/// Why a rule is in no profile.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
struct Excuse {
    rule: RuleId,
    why: String,
}

fn file() -> File {
    serde_yaml::from_str(include_str!("profiles.yaml"))
        .unwrap_or_else(|error| panic!("the built-in profiles are well-formed: {error}"))
}

/// The profiles, in the order in which reports show them.
#[must_use]
pub fn all() -> &'static [Profile] {
    static ALL: LazyLock<Vec<Profile>> = LazyLock::new(|| file().profiles.into_iter().map(Entry::resolve).collect());
    &ALL
}

/// The profile with this name.
#[must_use]
pub fn get(name: &str) -> Option<&'static Profile> {
    all().iter().find(|profile| profile.name == name)
}

/// How the target of a run stands with every profile.
#[must_use]
pub fn claims(summary: &Summary) -> Vec<Claim> {
    let own = summary.run.as_ref().is_some_and(|run| run.scenarios.is_none());
    let tally = if own { Tally::of(summary) } else { Tally::default() };
    all().iter().map(|profile| profile.claim(summary, &tally)).collect()
}

impl Entry {
    fn resolve(self) -> Profile {
        let Self { name, title, says, subjects, without, rules } = self;
        let of_subjects = |rule: &Rule| subjects.contains(&rule.subject) && !without.contains(&rule.id);
        let can_be_shown = |rule: &&Rule| rule.is_judged() && rule.unchecked.is_none();
        let chosen = rules::catalogue().iter().filter(|rule| of_subjects(rule) || rules.contains(&rule.id));
        Profile { name, title, says, rules: chosen.filter(can_be_shown).collect() }
    }
}

impl Profile {
    /// Whether the rule is one of the profile's.
    #[must_use]
    pub fn has(&self, rule: &RuleId) -> bool {
        self.rules.iter().any(|own| own.id == *rule)
    }

    fn claim(&self, summary: &Summary, tally: &Tally) -> Claim {
        let of = |set: &BTreeSet<&RuleId>| -> Vec<RuleId> {
            self.rules.iter().map(|rule| &rule.id).filter(|id| set.contains(id)).cloned().collect()
        };
        let deviating = of(&tally.deviating);
        let kept: Vec<RuleId> = of(&tally.passed).into_iter().filter(|id| tally.keeps(id)).collect();
        let open: Vec<RuleId> = self.rules.iter().map(|rule| rule.id.clone()).filter(|id| !kept.contains(id)).collect();
        let open: Vec<RuleId> = open.into_iter().filter(|id| !deviating.contains(id)).collect();
        let standing = match (deviating.is_empty(), self.is_tested_by(summary, tally), open.is_empty()) {
            (false, _, _) => ClaimStanding::Fail,
            (true, false, _) => ClaimStanding::NotTested,
            (true, true, true) => ClaimStanding::Pass,
            (true, true, false) => ClaimStanding::Partly,
        };
        let at = summary.run.as_ref().map(|run| run.at);
        Claim {
            profile: self.name.clone(),
            title: self.title.clone(),
            standing,
            rules: self.rules.len(),
            kept: kept.len(),
            deviating,
            open,
            valid_until: at.filter(|_| standing == ClaimStanding::Pass).and_then(valid_until),
        }
    }

    /// Whether the run, which came to its end, has every test of this program's that checks a rule of the profile.
    fn is_tested_by(&self, summary: &Summary, tally: &Tally) -> bool {
        // Reading the scenarios takes longer than a small run.
        let perhaps = tally.is_of_old || self.rules.iter().all(|rule| tally.tried.contains(&rule.id));
        summary.is_whole()
            && perhaps
            && suite()
                .iter()
                .filter(|(_, rules)| rules.iter().any(|rule| self.has(rule)))
                .all(|(test, _)| summary.results.contains_key(test))
    }
}

/// What the tests of a run say of the rules.
#[derive(Default)]
struct Tally<'a> {
    passed: BTreeSet<&'a RuleId>,
    deviating: BTreeSet<&'a RuleId>,
    /// Rules of the tests.
    tried: BTreeSet<&'a RuleId>,
    /// Whether the log is of before a test's rules were kept.
    is_of_old: bool,
    /// Rules that some test should have judged and could not.
    left_open: BTreeSet<&'a RuleId>,
}

impl<'a> Tally<'a> {
    fn of(summary: &'a Summary) -> Self {
        let mut tally = Self::default();
        for (test, result) in &summary.results {
            tally.add(test, result);
        }
        tally
    }

    fn add(&mut self, test: &str, result: &'a TestResult) {
        self.is_of_old |= result.rules.is_empty();
        self.tried.extend(&result.rules);
        for finding in &result.findings {
            match finding.verdict {
                Verdict::Pass | Verdict::UnexpectedPass => self.passed.insert(&finding.rule),
                // That a deviation is known makes it no less one.
                Verdict::Deviation | Verdict::KnownDeviation => self.deviating.insert(&finding.rule),
                Verdict::Blocked | Verdict::Vacuous | Verdict::Inconclusive | Verdict::HarnessError => {
                    self.left_open.insert(&finding.rule)
                }
                Verdict::NotRun | Verdict::Observed | Verdict::Unsupported => false,
            };
        }
        match result.verdict {
            Verdict::Blocked | Verdict::Vacuous | Verdict::Inconclusive | Verdict::HarnessError => {
                // Logs of before a test's rules were kept have none.
                let kept = if result.rules.is_empty() { suite().get(test) } else { Some(&result.rules) };
                let found = |rule: &&RuleId| result.findings.iter().any(|finding| finding.rule == **rule);
                self.left_open.extend(kept.into_iter().flatten().filter(|rule| !found(rule)));
            }
            Verdict::NotRun
            | Verdict::Pass
            | Verdict::Observed
            | Verdict::KnownDeviation
            | Verdict::Unsupported
            | Verdict::UnexpectedPass
            | Verdict::Deviation => {}
        }
    }

    fn keeps(&self, rule: &RuleId) -> bool {
        self.passed.contains(rule) && !self.deviating.contains(rule) && !self.left_open.contains(rule)
    }
}

fn valid_until(start: Timestamp) -> Option<Date> {
    start.to_zoned(TimeZone::UTC).date().checked_add(VALID_DAYS.days()).ok()
}

/// The tests of this program, with their rules.
fn suite() -> &'static BTreeMap<String, Vec<RuleId>> {
    static SUITE: LazyLock<BTreeMap<String, Vec<RuleId>>> = LazyLock::new(|| {
        // A test holds that the shipped scenarios have no mistakes.
        let tests = Library::shipped().map(|library| library.tests).unwrap_or_default();
        tests.into_iter().map(|test| (test.name.clone(), test.rules().into_iter().cloned().collect())).collect()
    });
    &SUITE
}

impl Claim {
    /// How it stands, with what that rests on, such as `fail: 3 of 12 rules deviate`.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { standing, rules, kept, .. } = self;
        match standing {
            ClaimStanding::Pass => format!("{standing}: {rules} rules"),
            ClaimStanding::Partly => format!("{standing}: {kept} of {rules} rules shown to hold"),
            ClaimStanding::Fail => {
                let verb = if self.deviating.len() == 1 { "deviates" } else { "deviate" };
                format!("{standing}: {} of {rules} rules {verb}", self.deviating.len())
            }
            ClaimStanding::NotTested => standing.to_string(),
        }
    }
}

impl fmt::Display for ClaimStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Partly => "partly",
            Self::Fail => "fail",
            Self::NotTested => "not tested",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_profiles_name_exists_and_can_be_shown() {
        for entry in file().profiles {
            let named = entry.rules.iter().chain(&entry.without);
            for id in named {
                let rule = rules::catalogue().get(id.as_str());
                let rule = rule.unwrap_or_else(|| panic!("{}: there is no rule {id}", entry.name));
                assert!(rule.is_judged() && rule.unchecked.is_none(), "{}: {id} can never be kept", entry.name);
            }
            for id in &entry.without {
                let subject = rules::catalogue().get(id.as_str()).unwrap().subject;
                assert!(entry.subjects.contains(&subject), "{}: {id} would not be in it anyway", entry.name);
            }
            for id in &entry.rules {
                let subject = rules::catalogue().get(id.as_str()).unwrap().subject;
                assert!(!entry.subjects.contains(&subject), "{}: {id} is in it already", entry.name);
            }
        }
    }

    #[test]
    fn every_judged_rule_is_in_a_profile_or_says_why_it_is_in_none() {
        let excused = file().none;
        assert!(excused.iter().all(|excuse| !excuse.why.is_empty()));
        for rule in rules::catalogue().iter().filter(|rule| rule.is_judged() && rule.unchecked.is_none()) {
            let profiles = all().iter().filter(|profile| profile.has(&rule.id)).count();
            let excuses = excused.iter().filter(|excuse| excuse.rule == rule.id).count();
            assert!((profiles > 0) != (excuses > 0), "{}: {profiles} profiles, {excuses} excuses", rule.id);
        }
    }

    #[test]
    fn profiles_have_rules_and_names_of_their_own() {
        let names: BTreeSet<&str> = all().iter().map(|profile| profile.name.as_str()).collect();
        assert_eq!(names.len(), all().len());
        assert!(all().iter().all(|profile| !profile.rules.is_empty()));
    }

    #[test]
    fn a_claim_holds_for_ninety_days() {
        let start = "2026-11-22T23:59:59Z".parse().unwrap();
        assert_eq!(valid_until(start).unwrap().to_string(), "2027-02-20");
    }
}
