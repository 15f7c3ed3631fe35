//! Choosing tests by name, rule and subject.

use std::sync::Arc;

use super::failure::Failure;
use super::report::parse_profile;
use crate::report::profiles::Profile;
use crate::rules;
use crate::scenario::{Library, Test};
use crate::sequence::{PROPERTIES, Property};

/// The subject of generated sequences.
const SEQUENCES: &str = "sequences";

/// Which tests are meant.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Choosing tests")]
pub(super) struct Filter {
    /// Tests whose name contains one of these
    names: Vec<String>,
    /// Takes the names as whole: a test's, or a scenario's for all its cases
    #[arg(long)]
    exact: bool,
    /// Tests that judge or observe this rule (may be repeated)
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Tests of this subject, the folder of their scenario (may be repeated)
    #[arg(long, value_name = "NAME")]
    subject: Vec<String>,
    /// Tests that check a rule of this profile (may be repeated)
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    profile: Vec<&'static Profile>,
}

impl Filter {
    /// The tests that are meant.
    ///
    /// # Errors
    /// When a rule or subject does not exist, or when nothing is left.
    pub(super) fn choose(&self, library: Library) -> Result<Vec<Arc<Test>>, Failure> {
        self.check(&library)?;
        let tests: Vec<_> = library.tests.into_iter().filter(|test| self.wants(test)).map(Arc::new).collect();
        if tests.is_empty() && self.properties().is_empty() {
            let hint = "`kms-conformance run --list` prints the names of all tests";
            return Err(Failure::usage("no test is chosen by these names, rules and subjects", hint));
        }
        Ok(tests)
    }

    /// The properties of generated sequences that are chosen. None is, where rules or profiles are asked for: they
    /// are about all.
    pub(super) fn properties(&self) -> Vec<&'static Property> {
        let named = |property: &Property, name: &String| match self.exact {
            true => *name == property.name,
            false => property.name.contains(name.as_str()),
        };
        let wants = |property: &&Property| {
            (self.names.is_empty() || self.names.iter().any(|name| named(property, name)))
                && self.rule.is_empty()
                && self.profile.is_empty()
                && (self.subject.is_empty() || self.subject.iter().any(|subject| subject == SEQUENCES))
        };
        PROPERTIES.iter().filter(wants).collect()
    }

    /// The one profile that is meant, if it is one.
    pub(super) fn only_profile(&self) -> Option<&'static Profile> {
        match self.profile.as_slice() {
            [profile] => Some(profile),
            _ => None,
        }
    }

    fn check(&self, library: &Library) -> Result<(), Failure> {
        if let Some(unknown) = self.rule.iter().find(|id| rules::catalogue().get(id).is_none()) {
            return Err(Failure::usage(
                format!("there is no rule `{unknown}`"),
                "`kms-conformance rules` prints them all",
            ));
        }
        let known = |subject: &&String| library.tests.iter().any(|test| test.scenario.subject == subject.as_str());
        if let Some(unknown) = self.subject.iter().find(|subject| !known(subject) && *subject != SEQUENCES) {
            let mut subjects: Vec<&str> = library.tests.iter().map(|test| test.scenario.subject.as_str()).collect();
            subjects.dedup();
            subjects.push(SEQUENCES);
            let hint = format!("the subjects are {}", subjects.join(", "));
            return Err(Failure::usage(format!("there is no subject `{unknown}`"), hint));
        }
        Ok(())
    }

    fn wants(&self, test: &Test) -> bool {
        let named = |name: &String| match self.exact {
            true => *name == test.name || *name == test.scenario.name,
            false => test.name.contains(name.as_str()),
        };
        let rules = test.rules();
        (self.names.is_empty() || self.names.iter().any(named))
            && (self.rule.is_empty() || self.rule.iter().any(|id| rules.iter().any(|rule| rule.as_str() == id)))
            && (self.profile.is_empty()
                || self.profile.iter().any(|profile| rules.iter().any(|rule| profile.has(rule))))
            && (self.subject.is_empty() || self.subject.contains(&test.scenario.subject))
    }
}
