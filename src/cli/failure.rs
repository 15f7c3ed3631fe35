//! Errors of the command line: who is to blame decides the exit code.

use std::fmt;
use std::path::Path;

use anstyle::{AnsiColor, Style as Ansi};

use super::exit_code::Exit;
use crate::report::AssembleError;
use crate::report::files::WriteError;
use crate::scenario::{FileErrors, LibraryError, Style};
use crate::target::TargetError;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn harness(what: &str, error: &dyn fmt::Display) -> Self {
        Self { exit: Exit::HarnessError, message: format!("{what}: {error}"), hint: None }
    }

    /// A file of the user's that cannot be written.
    pub(super) fn unwritable(path: &Path, error: &dyn fmt::Display) -> Self {
        let message = format!("cannot write {}: {error}", path.display());
        Self { exit: Exit::Usage, message, hint: Some("give another folder with --out".into()) }
    }

    /// The same for a file that the user named.
    pub(super) fn unwritable_file(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::usage(format!("cannot write {}: {error}", path.display()), "give another file with --out")
    }

    pub(super) const fn exit(&self) -> Exit {
        self.exit
    }
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self { exit: Exit::Usage, message: error.render(Style::Coloured), hint: None }
    }
}

impl From<FileErrors> for Failure {
    fn from(errors: FileErrors) -> Self {
        let count = if errors.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", errors.len()) };
        Self { exit: Exit::Usage, message: format!("{}{count}", errors.render(Style::Coloured)), hint: None }
    }
}

impl From<AssembleError> for Failure {
    fn from(error: AssembleError) -> Self {
        let hint = match &error {
            AssembleError::Read(_) | AssembleError::NoLog(_) => "`kms-conformance run --out DIR` writes event logs",
            AssembleError::Merge(_) => "give the logs of one run, of each part one",
        };
        Self::usage(error.to_string(), hint)
    }
}

impl From<WriteError> for Failure {
    fn from(WriteError { path, error }: WriteError) -> Self {
        Self::unwritable(&path, &error)
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let (exit, hint) = match &error {
            TargetError::Url { .. } => (Exit::Usage, Some("such as --endpoint http://127.0.0.1:4566")),
            TargetError::Aws(_) => {
                (Exit::Usage, Some("run against the built-in emulator, or against another endpoint"))
            }
            TargetError::Credentials { .. } | TargetError::Description { .. } => (Exit::Usage, None),
            TargetError::Unreachable { .. } => (Exit::Undecided, Some("is it running, and is this its address?")),
        };
        Self { exit, message: error.to_string(), hint: hint.map(str::to_owned) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const RED: Ansi = AnsiColor::Red.on_default().bold();
        const CYAN: Ansi = AnsiColor::Cyan.on_default().bold();
        // A rendering of scenario mistakes brings its own "error:" lines.
        if self.message.contains("error") && self.message.contains("-->") {
            write!(f, "{}", self.message)?;
        } else {
            write!(f, "{RED}error:{RED:#} {}", self.message)?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n{CYAN}hint:{CYAN:#} {hint}"))
    }
}
