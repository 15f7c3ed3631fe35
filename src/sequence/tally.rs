//! What the sequences of a property came to, and the verdict on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::execute::Executed;
use super::found::Signature;
use super::property::Property;
use super::reach::Reach;
use super::setting::Setting;
use crate::judge::{Finding, Verdict};
use crate::report::plural;
use crate::rules::{self, RuleId};
use crate::runner::{Generated, TestOutcome};

/// What the sequences of a property came to.
pub(super) struct Tally {
    pub(super) property: &'static Property,
    pub(super) setting: Arc<Setting>,
    pub(super) began: Instant,
    pub(super) sequences: u32,
    pub(super) operations: usize,
    pub(super) unmade: usize,
    pub(super) judged: BTreeMap<RuleId, usize>,
    pub(super) reach: Reach,
    /// What deviates.
    pub(super) deviating: BTreeSet<Signature>,
    pub(super) stopped: Option<(Verdict, String)>,
    pub(super) left_behind: Vec<String>,
}

impl Tally {
    pub(super) fn new(property: &'static Property) -> Self {
        Self {
            property,
            setting: Arc::new(Setting::new(property.name, property.focus.kinds, property.focus.related)),
            began: Instant::now(),
            sequences: 0,
            operations: 0,
            unmade: 0,
            judged: BTreeMap::new(),
            reach: Reach::default(),
            deviating: BTreeSet::new(),
            stopped: None,
            left_behind: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, executed: &Executed) {
        self.sequences += 1;
        self.operations += executed.operations;
        self.unmade += executed.unmade;
        self.reach.merge(&executed.reach);
        self.left_behind.extend(executed.left_behind.iter().cloned());
        for (rule, count) in &executed.judged {
            *self.judged.entry(rule.clone()).or_default() += count;
        }
        self.deviating.extend(executed.found.iter().map(|found| found.signature.clone()));
        if let Some(stop) = &executed.stop {
            self.stopped.get_or_insert((stop.verdict, stop.reason.clone()));
        }
    }
}

/// The outcome of a property. `lacking` are operations without which there is nothing to explore.
pub(super) fn property_outcome(tally: &Tally, lacking: Option<&str>, generated: Generated) -> TestOutcome {
    let property = tally.property;
    let deviations = generated.came_to.as_ref().map_or(0, |came_to| came_to.deviations.len());
    let deviating: BTreeSet<&str> = tally.deviating.iter().map(|signature| signature.rule.as_str()).collect();
    let sequences = usize::try_from(tally.sequences).unwrap_or(usize::MAX);
    let ran = format!("{}, {}", plural(sequences, "sequence"), plural(tally.operations, "operation"));
    let kept: Vec<_> = tally
        .judged
        .iter()
        .filter(|(rule, _)| {
            let judged =
                rules::catalogue().get(rule.as_str()).is_some_and(|rule| rule.evidence != rules::Evidence::Open);
            judged && !deviating.contains(rule.as_str())
        })
        .collect();
    let (verdict, reason) = match (&tally.stopped, lacking) {
        (_, Some(operations)) => (Verdict::Unsupported, Some(format!("the target does not know {operations}"))),
        (Some((verdict @ Verdict::HarnessError, reason)), _) => (*verdict, Some(reason.clone())),
        _ if deviations > 0 => {
            (Verdict::Deviation, Some(format!("{ran}: {}", plural(deviations, "distinct deviation"))))
        }
        _ if !deviating.is_empty() => (Verdict::Deviation, Some(format!("{ran}: what other sequences found, too"))),
        (Some((verdict, reason)), _) => (*verdict, Some(reason.clone())),
        (None, None) if tally.sequences == 0 => (Verdict::NotRun, Some("there was no time left for it".to_owned())),
        (None, None) if tally.unmade > tally.operations => {
            let reason = format!("{ran}: {} more rest on what answers lack", tally.unmade);
            (Verdict::Blocked, Some(reason))
        }
        (None, None) if kept.is_empty() => (Verdict::Vacuous, Some(format!("{ran}, none of which could be judged"))),
        (None, None) => (Verdict::Pass, None),
    };
    let pass = |(rule, count): (&RuleId, &usize)| Finding {
        rule: rule.clone(),
        verdict: Verdict::Pass,
        line: 0,
        expected: None,
        observed: format!("kept {count} times"),
        differences: Vec::new(),
        notes: Vec::new(),
        listed: None,
    };
    TestOutcome {
        test: property.name.to_owned(),
        scenario: property.name.to_owned(),
        subject: "sequences".to_owned(),
        title: property.title.to_owned(),
        why: property.why.to_owned(),
        file: String::new(),
        text: None,
        verdict,
        reason,
        unsupported: lacking.map(|names| names.split(", ").map(str::to_owned).collect()).unwrap_or_default(),
        findings: kept.into_iter().map(pass).collect(),
        exchanges: Vec::new(),
        left_behind: tally.left_behind.clone(),
        listed: None,
        rules: tally.judged.keys().cloned().collect(),
        generated: Some(generated),
        elapsed_ms: (tally.began.elapsed().as_secs_f64() * 1e6).round() / 1e3,
    }
}
