//! Looking for defects with generated sequences, until one deviates.

use super::caught::{Catch, Kill};
use crate::emulator::{Config, Defect, Emulator};
use crate::judge::Verdict;
use crate::runner::{Options, Stopper};
use crate::sequence::hunt;
use crate::target::Target;

/// The sequences to look with.
#[derive(Debug, Clone, Copy)]
pub struct BySequences {
    /// What they are made from.
    pub seed: u64,
    /// After so many operations without a deviation a defect is given up.
    pub operations: usize,
    /// How they are run.
    pub options: Options,
}

impl BySequences {
    /// Runs sequences against an emulator of its own, in this process, until one deviates; one without a defect, if none
    /// is given.
    pub async fn look_for(&self, defect: Option<Defect>, stopper: &Stopper) -> Catch {
        let target = Target::emulator(Emulator::new(Config { defect, ..Config::default() }));
        let hunted = hunt(&target, self.seed, self.operations, &self.options, stopper).await;
        let mut catch = Catch { operations: Some(hunted.operations), ..Catch::default() };
        if let Some((property, rules)) = hunted.caught {
            catch.verdicts.insert(Verdict::Deviation, 1);
            let (name, scenario) = (property.name.to_owned(), property.name.to_owned());
            catch.kills.push(Kill { name, scenario, rules: rules.into_iter().collect() });
        }
        catch
    }
}
