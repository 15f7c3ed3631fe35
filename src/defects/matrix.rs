//! Defects by what catches them, and what they say together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

use super::caught::{Catch, Means};
use crate::emulator::{About, Defect};
use crate::scenario::{Role, Test};

/// The version of the matrix as JSON. It changes when a member changes in a way that an older reader would misread.
pub const MATRIX_VERSION: u32 = 1;

/// One defect, and what each way of looking found in it.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The defect.
    pub defect: Defect,
    /// What it does, which rule it breaks, and what can find it.
    #[serde(flatten)]
    pub about: About,
    /// What was found, by each way of looking that was taken.
    pub caught: BTreeMap<Means, Catch>,
}

/// What became of a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fate {
    /// Something deviated, and the rule that the defect breaks among it.
    Caught,
    /// Something deviated, but for another reason than the defect's own rule.
    CaughtByOthers,
    /// Nothing deviated.
    Survived,
    /// No way of looking that was taken can find it.
    OutOfReach,
}

/// The rows, and what nothing was caught with.
#[derive(Debug, Clone, Serialize)]
pub struct Matrix {
    version: u32,
    /// A row a defect.
    #[serde(serialize_with = "with_fates")]
    pub rows: Vec<Row>,
    /// Scenarios that judge something and caught nothing; empty if some defects were left out.
    pub idle_scenarios: Vec<String>,
}

impl Row {
    /// A row without anything in it.
    #[must_use]
    pub fn new(defect: Defect) -> Self {
        Self { defect, about: defect.about(), caught: BTreeMap::new() }
    }

    /// What became of the defect.
    #[must_use]
    pub fn fate(&self) -> Fate {
        let mut rules = self.caught.values().flat_map(Catch::rules).peekable();
        if rules.peek().is_some() {
            let its_own = rules.any(|rule| rule.as_str() == self.about.rule);
            return if its_own { Fate::Caught } else { Fate::CaughtByOthers };
        }
        match self.caught.keys().any(|means| means.reaches(self.about.reach)) {
            true => Fate::Survived,
            false => Fate::OutOfReach,
        }
    }
}

impl Matrix {
    /// The matrix of these rows. Which scenarios caught nothing is told only if `tests` are those that every defect was
    /// looked for with.
    #[must_use]
    pub fn new(rows: Vec<Row>, tests: Option<&[std::sync::Arc<Test>]>) -> Self {
        let busy: BTreeSet<&str> = rows
            .iter()
            .filter_map(|row| row.caught.get(&Means::Scenarios))
            .flat_map(|catch| catch.kills.iter().map(|kill| kill.scenario.as_str()))
            .collect();
        let judging = tests.unwrap_or_default().iter().filter(|test| judges(test));
        let all: BTreeSet<&str> = judging.map(|test| test.scenario.name.as_str()).collect();
        let idle_scenarios = all.difference(&busy).map(|name| (*name).to_owned()).collect();
        Self { version: MATRIX_VERSION, rows, idle_scenarios }
    }

    /// The rows whose defects met this fate.
    pub fn of(&self, fate: Fate) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.fate() == fate)
    }

    /// How many defects are in the reach of a way of looking that was taken, and those of them that it missed.
    #[must_use]
    pub fn missed_by(&self, means: Means) -> (usize, Vec<&Row>) {
        let reached = self.rows.iter().filter(|row| row.caught.contains_key(&means) && means.reaches(row.about.reach));
        let reached: Vec<&Row> = reached.collect();
        let missed = reached.iter().filter(|row| row.caught[&means].kills.is_empty()).copied().collect();
        (reached.len(), missed)
    }

    /// Whether too much was missed: by scenarios anything at all; by sequences, which meet a defect by chance, more than
    /// one in twenty of what is in their reach; by all that can find a defect, that defect.
    #[must_use]
    pub fn misses_too_much(&self) -> bool {
        let (_, scenarios) = self.missed_by(Means::Scenarios);
        let (reached, sequences) = self.missed_by(Means::Sequences);
        let looked_everywhere = |row: &Row| {
            let mut able = Means::ALL.into_iter().filter(|means| means.reaches(row.about.reach));
            able.all(|means| row.caught.contains_key(&means))
        };
        !scenarios.is_empty() || sequences.len() * 20 > reached || self.of(Fate::Survived).any(looked_everywhere)
    }

    /// Whether the harness itself failed somewhere.
    #[must_use]
    pub fn harness_failed(&self) -> bool {
        self.rows.iter().flat_map(|row| row.caught.values()).any(Catch::harness_failed)
    }
}

fn with_fates<S: Serializer>(rows: &[Row], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct WithFate<'r> {
        #[serde(flatten)]
        row: &'r Row,
        fate: Fate,
    }
    serializer.collect_seq(rows.iter().map(|row| WithFate { row, fate: row.fate() }))
}

/// A scenario that only observes what open rules leave open cannot deviate.
fn judges(test: &Test) -> bool {
    test.calls().any(|call| matches!(call.role, Role::Judge(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defects::{Catch, Kill};
    use crate::emulator::Reach;

    /// Rows of sequences alone, the first of which missed their defect.
    fn rows(all: usize, missed: usize) -> Vec<Row> {
        let both = Defect::ALL.iter().filter(|defect| matches!(defect.about().reach, Reach::Both)).take(all);
        let kill = Kill { name: String::new(), scenario: String::new(), rules: BTreeSet::new() };
        let row = |(number, defect): (usize, &Defect)| {
            let kills = if number < missed { Vec::new() } else { vec![kill.clone()] };
            let catch = Catch { kills, ..Catch::default() };
            Row { caught: BTreeMap::from([(Means::Sequences, catch)]), ..Row::new(*defect) }
        };
        both.enumerate().map(row).collect()
    }

    #[test]
    fn sequences_may_miss_one_in_twenty_and_scenarios_none() {
        assert!(!Matrix::new(rows(20, 1), None).misses_too_much());
        assert!(Matrix::new(rows(20, 2), None).misses_too_much());
        let mut rows = rows(20, 1);
        rows[0].caught.insert(Means::Scenarios, Catch::default());
        assert!(Matrix::new(rows, None).misses_too_much());
    }
}
