//! How verdicts look: the one place of this report that knows them all.

use crate::judge::Verdict;
use crate::report::Conclusion;

/// The verdict's class in the style sheet, which has a sign and a colour for each.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Observed => "observed",
        Verdict::NotRun => "not-run",
        Verdict::Unsupported => "unsupported",
        Verdict::Blocked => "blocked",
        Verdict::Vacuous => "vacuous",
        Verdict::Inconclusive => "inconclusive",
        Verdict::KnownDeviation => "known-deviation",
        Verdict::UnexpectedPass => "unexpected-pass",
        Verdict::Deviation => "deviation",
        Verdict::HarnessError => "harness-error",
    }
}

/// Whether findings of this verdict are told one by one, with their evidence.
pub(super) const fn is_told(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Deviation | Verdict::KnownDeviation | Verdict::UnexpectedPass => true,
        Verdict::Pass
        | Verdict::Observed
        | Verdict::NotRun
        | Verdict::Unsupported
        | Verdict::Blocked
        | Verdict::Vacuous
        | Verdict::Inconclusive
        | Verdict::HarnessError => false,
    }
}

/// Whether a rule with this worst verdict was judged, and passed.
pub(super) const fn judged(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Pass | Verdict::UnexpectedPass => Some(true),
        Verdict::Deviation | Verdict::KnownDeviation => Some(false),
        Verdict::Observed
        | Verdict::NotRun
        | Verdict::Unsupported
        | Verdict::Blocked
        | Verdict::Vacuous
        | Verdict::Inconclusive
        | Verdict::HarnessError => None,
    }
}

/// What a verdict means, for the legend.
pub(super) const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "the target does what the rule says, and the precondition was witnessed",
        Verdict::Observed => "the rule is open: what the target does is reported, never judged",
        Verdict::NotRun => "it needs more time than may be waited for, or the run was stopped",
        Verdict::Unsupported => "the target does not know an operation that the test needs",
        Verdict::Blocked => "a step that sets the scene failed: nothing is said of the rule",
        Verdict::Vacuous => "the precondition was not witnessed, so that a pass would mean nothing",
        Verdict::Inconclusive => "throttling, a time limit or a broken connection left it undecided",
        Verdict::KnownDeviation => "the target does not do what the rule says, as the list of known deviations has it",
        Verdict::UnexpectedPass => "the rule holds, but the list of known deviations says otherwise: it is out of date",
        Verdict::Deviation => "the target does not do what the rule says",
        Verdict::HarnessError => "the harness itself failed",
    }
}

/// The class of a conclusion.
pub(super) const fn conclusion_class(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Conformant => "pass",
        Conclusion::NotConformant | Conclusion::HarnessError => "deviation",
        Conclusion::AsListed | Conclusion::Undecided | Conclusion::Interrupted => "vacuous",
    }
}
