//! The command line: flags, then options, then action. One file per command.

mod defects;
mod diff;
mod emulator;
mod exit_code;
mod explore;
mod failure;
mod filter;
mod job_summary;
mod known;
mod progress;
mod record;
mod report;
mod rules;
mod run;
mod schema;
mod signals;
mod target;

use clap::{Parser, Subcommand};

use crate::scenario::Library;
pub use exit_code::Exit;
use failure::Failure;

const ABOUT: &str = "Proves, or disproves, that an endpoint treats imported key material (BYOK) the way AWS KMS does.";

const EXAMPLES: &str = "\
Examples:
  kms-conformance run                                       every scenario, against the built-in emulator
  kms-conformance run --endpoint http://127.0.0.1:4566      against whatever answers there
  kms-conformance run import_token --out report             tests whose name says so; the event log goes to report/
  kms-conformance run --target targets/example.yaml         against what the file describes
  kms-conformance explore --time 10m                        generated sequences, each deviation shrunk
  kms-conformance report shards --out report                the shards of a run, put together
  kms-conformance rules --subject valid_to                  what is known of ValidTo, and from where
  kms-conformance emulator --listen 127.0.0.1:4599          the emulator, for the AWS CLI and any SDK";

#[derive(Debug, Parser)]
#[command(name = "kms-conformance", version, about = ABOUT, after_help = EXAMPLES, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs scenarios against a target and reports what deviates
    #[command(after_help = exit_code::EXIT_CODES)]
    Run(Box<run::RunArgs>),
    /// Generates sequences of operations, runs them against a target, and shrinks what deviates
    #[command(after_help = explore::EXAMPLES)]
    Explore(Box<explore::ExploreArgs>),
    /// Makes the reports of a run again from its event log, puts shards together, shows several runs beside each other
    #[command(after_help = report::EXAMPLES)]
    Report(report::ReportArgs),
    /// Writes a list of known deviations from a run, for `run --known`
    #[command(after_help = known::EXAMPLES)]
    Known(known::KnownArgs),
    /// Compares two runs: what regressed, what was fixed, what is wrong in another way
    #[command(after_help = diff::EXAMPLES)]
    Diff(diff::DiffArgs),
    /// Prints the rules: what KMS does, how well that is known, from where, and what checks it
    Rules(rules::RulesArgs),
    /// Serves the built-in emulator over HTTP until Ctrl-C
    Emulator(emulator::EmulatorArgs),
    /// Puts defects into the built-in emulator, one at a time, and shows what catches each
    #[command(after_help = defects::AFTER_HELP)]
    Defects(defects::DefectsArgs),
    /// Prints the text of a shipped scenario, those of the key-state table included
    Scenario {
        /// Its name, or that of one of its tests
        name: String,
    },
    /// Prints a JSON schema: of the files that people write, for editors, or of what a run writes, for programs
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t)]
        of: schema::Of,
    },
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> Exit {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(*args),
        Command::Explore(args) => explore::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Known(args) => known::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Emulator(args) => emulator::run(args),
        Command::Defects(args) => defects::run(&args),
        Command::Scenario { name } => scenario(&name),
        Command::Schema { of } => {
            print(&schema::text(of));
            Ok(Exit::Success)
        }
    };
    result.unwrap_or_else(|failure| {
        anstream::eprintln!("{failure}");
        failure.exit()
    })
}

fn scenario(name: &str) -> Result<Exit, Failure> {
    let library = Library::shipped()?;
    let test = library.tests.iter().find(|test| test.name == name || test.scenario.name == name);
    let hint = "`kms-conformance run --list` prints the names of all tests";
    let test = test.ok_or_else(|| Failure::usage(format!("there is no scenario `{name}`"), hint))?;
    print(&test.scenario.file.text);
    Ok(Exit::Success)
}

/// An event log that a user named and that is none.
fn unreadable_log(error: &crate::report::ReadError) -> Failure {
    Failure::usage(error.to_string(), "give the folder of a `run --out`, or the events.jsonl in it")
}

/// Writes data to stdout. A reader that has gone, such as `head`, is no error.
fn print(text: &str) {
    use std::io::Write as _;
    let _ = anstream::stdout().write_all(text.as_bytes());
}

/// The runtime that everything asynchronous runs on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::harness("no threads can be started", &error))
}
