//! Looking for defects with scenarios: all of them against an emulator with one defect.

use std::sync::Arc;

use super::caught::{Catch, Kill};
use crate::emulator::{Config, Defect, Emulator};
use crate::judge::Verdict;
use crate::runner::{self, Event, Options, Plan, Stopper, TestOutcome};
use crate::scenario::Test;
use crate::target::Target;

/// The tests to look with, read once for all defects.
#[derive(Debug, Clone)]
pub struct ByScenarios {
    /// The tests.
    pub tests: Vec<Arc<Test>>,
    /// How they are run.
    pub options: Options,
}

impl ByScenarios {
    /// Runs the tests against an emulator of its own, in this process; one without a defect, if none is given. No test is left out once one has deviated: which of
    /// them do is what the matrix is about.
    pub async fn look_for(&self, defect: Option<Defect>, stopper: &Stopper) -> Catch {
        let emulator = Emulator::new(Config { defect, ..Config::default() });
        let plan = Plan { tests: self.tests.clone(), scenarios: None, shard: None, exploration: None };
        let mut catch = Catch::default();
        let sink = |event: &Event| {
            if let Event::TestFinished(outcome) = event {
                catch.add(outcome);
            }
        };
        runner::run(Arc::new(Target::emulator(emulator)), plan, self.options, stopper, sink, |_| ()).await;
        catch.kills.sort_by(|a, b| a.name.cmp(&b.name));
        catch
    }
}

impl Catch {
    fn add(&mut self, outcome: &TestOutcome) {
        *self.verdicts.entry(outcome.verdict).or_default() += 1;
        if outcome.verdict == Verdict::Deviation {
            let deviations = outcome.findings.iter().filter(|finding| finding.verdict == Verdict::Deviation);
            self.kills.push(Kill {
                name: outcome.test.clone(),
                scenario: outcome.scenario.clone(),
                rules: deviations.map(|finding| finding.rule.clone()).collect(),
            });
        }
    }
}
