//! Verdicts.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is said of a rule, or of a test, on one target; in the order of severity.
///
/// "The target is wrong" ([`Deviation`](Self::Deviation)), "the target does not offer this"
/// ([`Unsupported`](Self::Unsupported)), "nobody says what is right" ([`Observed`](Self::Observed)) and "we broke"
/// ([`HarnessError`](Self::HarnessError)) are never confused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It was not tried: it needs more time than may be waited for, or the run was stopped.
    NotRun,
    /// The target does what the rule says, and the precondition was witnessed.
    Pass,
    /// The rule is open; what the target does is reported.
    Observed,
    /// The target does not do what the rule says, in the way that the list of known deviations says.
    KnownDeviation,
    /// The target does not know an operation that the test needs.
    Unsupported,
    /// A step that sets the scene failed.
    Blocked,
    /// The precondition was not witnessed, so that a pass would mean nothing.
    Vacuous,
    /// Throttling, time limits or a broken connection left it undecided.
    Inconclusive,
    /// The target does what the rule says, but the list of known deviations says otherwise: it is out of date.
    UnexpectedPass,
    /// The target does not do what the rule says.
    Deviation,
    /// The harness itself failed.
    HarnessError,
}

impl Verdict {
    /// All verdicts, in the order of severity.
    pub const ALL: [Self; 11] = [
        Self::NotRun,
        Self::Pass,
        Self::Observed,
        Self::KnownDeviation,
        Self::Unsupported,
        Self::Blocked,
        Self::Vacuous,
        Self::Inconclusive,
        Self::UnexpectedPass,
        Self::Deviation,
        Self::HarnessError,
    ];

    /// The verdict in words, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotRun => "not run",
            Self::Pass => "pass",
            Self::Observed => "observed",
            Self::KnownDeviation => "known deviation",
            Self::Unsupported => "unsupported",
            Self::Blocked => "blocked",
            Self::Vacuous => "vacuous",
            Self::Inconclusive => "inconclusive",
            Self::UnexpectedPass => "unexpected pass",
            Self::Deviation => "deviation",
            Self::HarnessError => "harness error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}
