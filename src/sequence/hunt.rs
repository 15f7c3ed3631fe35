//! Looking for any deviation at all: how many operations does it take?

use proptest::strategy::ValueTree as _;

use super::execute::execute;
use super::property::{PROPERTIES, Property, Scope, scheduled};
use super::setting::Setting;
use crate::rules::RuleId;
use crate::runner::{Options, Stopper};
use crate::target::Target;

/// What a hunt has come to.
#[derive(Debug, Clone)]
pub struct Hunted {
    /// How many operations the sequences made; looks at keys do not count.
    pub operations: usize,
    /// The property whose sequence deviated first, and the rules that it found not to hold; none, if nothing deviated.
    pub caught: Option<(&'static Property, Vec<RuleId>)>,
    /// Why a sequence went no further, if one did not.
    pub stopped: Option<String>,
}

/// Runs the sequences of a seed, the properties by turns, until one deviates or they have made so many operations. Nothing
/// is shrunk. The target's clock must be one that can be turned.
pub async fn hunt(target: &Target, seed: u64, most: usize, options: &Options, stopper: &Stopper) -> Hunted {
    let mut hunted = Hunted { operations: 0, caught: None, stopped: None };
    let settings = PROPERTIES.map(|property| Setting::new(property.name, property.focus.kinds, property.focus.related));
    let scope = Scope { length: 40, turned: true, clients: 2 };
    for number in 0.. {
        let property = scheduled(number);
        let Some(setting) = settings.iter().find(|setting| setting.test.name == property.name) else { break };
        let Some(transitions) = property.sequence(seed, number, scope).map(|tree| tree.current()) else { break };
        let executed = execute(target, setting, &transitions, options, stopper).await;
        hunted.operations += executed.operations;
        hunted.stopped = hunted.stopped.or(executed.stop.map(|stop| stop.reason));
        if !executed.found.is_empty() {
            let rules = executed.found.into_iter().map(|found| found.finding.rule).collect();
            hunted.caught = Some((property, rules));
            break;
        }
        if hunted.operations >= most || stopper.reason().is_some() {
            break;
        }
    }
    hunted
}
