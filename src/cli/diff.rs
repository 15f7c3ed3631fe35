//! `kms-conformance diff`: two runs compared.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit_code::Exit;
use super::failure::Failure;
use crate::report::{Diff, Kind, RunLog};

/// For `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  kms-conformance run --endpoint http://127.0.0.1:4566 --out before
  kms-conformance run --endpoint http://127.0.0.1:4566 --out after
  kms-conformance diff before after                       what regressed, and what was fixed
  kms-conformance diff before after --format markdown     for release notes

Exit codes:
    0  nothing regressed
    1  a rule that held does not hold any more, or an operation is not offered any more
    2  the command line or an event log is wrong";

/// Flags of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The earlier run: its folder, or its events.jsonl
    old: PathBuf,
    /// The later run, or that of another target
    new: PathBuf,
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs
    Json,
    /// For release notes
    Markdown,
}

pub(super) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let read = |path| RunLog::read(path).map_err(|error| super::unreadable_log(&error));
    let diff = Diff::of(&read(&args.old)?, &read(&args.new)?);
    let text = match args.format {
        Format::Human => diff.render(),
        Format::Markdown => diff.markdown(),
        Format::Json => {
            let json = serde_json::to_string_pretty(&diff);
            json.map_err(|error| Failure::harness("the comparison has no JSON form", &error))? + "\n"
        }
    };
    super::print(&text);
    Ok(if diff.count(Kind::Regressed) == 0 { Exit::Success } else { Exit::NotConformant })
}
