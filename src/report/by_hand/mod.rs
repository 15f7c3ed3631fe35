//! A test as commands of the AWS CLI and openssl, for those who would see a finding with their own hands.
//!
//! The commands of a test are the same for every target: after [`PREPARATION`], which is run once in a shell, they go to
//! `$ENDPOINT`. What the AWS CLI would refuse to send goes out through curl.

mod fit;
mod word;
mod writer;

use crate::judge::describe;
use crate::scenario::{Action, Expected, Role, Test, format_duration};
use writer::Writer;

/// What is run first: where the calls go, and functions for what takes more than a command.
pub(super) const PREPARATION: &str = include_str!("preparation.sh");

/// A step's commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commands {
    /// The step's line in the scenario file.
    pub(super) line: usize,
    /// The operation, or what happens instead of one.
    pub(super) what: String,
    /// What a call must come to, where that is more than success.
    pub(super) expected: Option<String>,
    /// The commands, one or more lines.
    pub(super) text: String,
}

/// The commands of a test's steps, in their order.
pub(super) fn commands(test: &Test) -> Vec<Commands> {
    let mut writer = Writer::new(test);
    let steps = test.steps.iter().map(|step| {
        let what = match &step.action {
            Action::Call(call) => {
                writer.call(call);
                call.operation.to_string()
            }
            Action::Advance(duration) => {
                writer.line(format!("sleep {}", duration.as_secs_f64().ceil()));
                format!("{} pass", format_duration(*duration))
            }
            Action::Set(names) => {
                names.iter().for_each(|(name, value)| writer.set(name, value));
                "values for later".to_owned()
            }
        };
        Commands {
            line: step.line,
            what,
            expected: step.call().and_then(|call| expected(&call.role)),
            text: writer.take(),
        }
    });
    steps.collect()
}

/// What must be seen, where that is more than success.
fn expected(role: &Role) -> Option<String> {
    match role {
        Role::Scene(Expected::Success(_)) | Role::Observe { .. } => None,
        Role::Scene(expected @ Expected::Refusal(_)) => Some(describe(expected)),
        Role::Judge(rules) => rules.first().map(|(_, expected)| describe(expected)),
    }
}
