//! Known deviations: a list of what a target is known to answer, so that a run fails only for what is new.
//!
//! The list is YAML. [`KnownDeviations::parse`] reads it, [`generate`] writes it from a run, and
//! [`KnownDeviations::judge`] holds an outcome against it: a deviation that is listed, and answers as listed, becomes
//! [`Verdict::KnownDeviation`]; one that is listed but gone [`Verdict::UnexpectedPass`]; one that answers otherwise stays
//! what it is, and says so. Tests that cannot be judged, and operations that are not offered, keep their verdict; listed
//! ones do not count against the run.
//!
//! ```
//! use kms_conformance::known::{KnownDeviations, Names};
//! use kms_conformance::scenario::{Library, SourceFile};
//!
//! let yaml = "
//! deviations:
//!   - rule: TOK-KEYBOUND
//!     scenario: import_token/issued_for_another_key
//!     answers: success
//!     reason: tokens are not bound to a key yet
//! unsupported: [DeriveSharedSecret]
//! ";
//! let file = SourceFile { path: "known.yaml".into(), text: yaml.into() };
//! let known = KnownDeviations::parse(file, &Names::of_library(&Library::shipped()?))?;
//! assert_eq!(known.entries.len(), 2);
//!
//! let file = SourceFile { path: "known.yaml".into(), text: yaml.replace("TOK-KEYBOUND", "TOK-KEYBUOND") };
//! let error = KnownDeviations::parse(file, &Names::of_library(&Library::shipped()?)).unwrap_err();
//! assert!(error.to_string().contains("did you mean `TOK-KEYBOUND`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod answers;
mod fold;
mod names;
mod read;
pub mod schema;
mod write;

use std::collections::BTreeSet;

use jiff::civil::Date;

pub(crate) use answer::{answer, because};
pub use answers::Answers;
pub use fold::{Fold, without};
pub use names::Names;
pub use write::generate;

#[cfg(doc)]
use crate::judge::Verdict;
use crate::kms::Operation;
use crate::rules::RuleId;

/// What a generated entry gives as its reason.
pub const NO_REASON: &str = "TODO: say why";

/// A list of known deviations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDeviations {
    /// The file, as messages call it.
    pub file: String,
    /// What it lists, in its order.
    pub entries: Vec<Entry>,
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the file, counted from 1.
    pub line: usize,
    /// What is known.
    pub matter: Matter,
    /// Why that is so; empty where an operation is merely named.
    pub reason: String,
    /// Where more is said of it, such as an issue.
    pub link: Option<String>,
    /// The last day on which the entry holds.
    pub until: Option<Date>,
}

/// What is known of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// A rule does not hold.
    Deviation {
        /// The rule.
        rule: RuleId,
        /// Names of tests, and of scenarios all of whose tests are meant.
        tests: BTreeSet<String>,
        /// The operations that show it; none, where that is not known.
        operations: BTreeSet<String>,
        /// What the target answers instead: one of these, where that differs from run to run.
        answers: BTreeSet<String>,
    },
    /// Tests cannot be judged, because the target does not let them set the scene.
    Unjudged {
        /// Names of tests, and of scenarios all of whose tests are meant.
        tests: BTreeSet<String>,
        /// The verdict and its reason: one of these, where that differs from run to run.
        because: BTreeSet<String>,
    },
    /// An operation is not offered.
    Unsupported(Operation),
}

impl Entry {
    /// Whether its reason is still to be written.
    #[must_use]
    pub fn lacks_reason(&self) -> bool {
        self.reason.starts_with("TODO")
    }

    fn covers(&self, test: &str, scenario: &str) -> bool {
        match &self.matter {
            Matter::Deviation { tests, .. } | Matter::Unjudged { tests, .. } => {
                tests.contains(test) || tests.contains(scenario)
            }
            Matter::Unsupported(_) => false,
        }
    }
}

impl KnownDeviations {
    /// The wrong answers that are listed, as far as they are on this day.
    #[must_use]
    pub fn answers(&self, on: Date) -> Answers {
        let mut answers = Answers::default();
        answers.add_list(self, on);
        answers
    }

    /// How many entries still lack a reason.
    #[must_use]
    pub fn without_reason(&self) -> usize {
        self.entries.iter().filter(|entry| entry.lacks_reason()).count()
    }
}
