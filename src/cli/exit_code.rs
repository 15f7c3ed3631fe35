//! What the process ends with.

use std::process::ExitCode;

use crate::report::Conclusion;

/// The exit codes, as they are documented in `--help` and in the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The target is conformant, or deviates only as the list of known deviations says, or the command did what it was asked.
    Success = 0,
    /// The target deviates from a rule, or does not offer an operation, or the list of known deviations is out of date.
    NotConformant = 1,
    /// The command line, a scenario or a list of known deviations is wrong.
    Usage = 2,
    /// The target cannot be reached, or the run could not decide.
    Undecided = 3,
    /// The harness itself failed.
    HarnessError = 4,
    /// The user interrupted it.
    Interrupted = 130,
}

/// For `--help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
    0  conformant, or deviating only as the list of --known says
    1  not conformant: a rule does not hold, or an operation is not offered, or the list of --known is out of date
    2  the command line, a scenario or the list of --known is wrong
    3  the target cannot be reached, or nothing is known to be wrong but not all could be judged
    4  the harness itself failed
  130  interrupted";

impl From<Conclusion> for Exit {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Conformant | Conclusion::AsListed => Self::Success,
            Conclusion::NotConformant => Self::NotConformant,
            Conclusion::Undecided => Self::Undecided,
            Conclusion::HarnessError => Self::HarnessError,
            Conclusion::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
