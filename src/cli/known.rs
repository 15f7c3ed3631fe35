//! `kms-conformance known`: a list of known deviations from a run; and reading such lists for other commands.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit_code::Exit;
use super::failure::Failure;
use crate::known::{Fold, KnownDeviations, Matter, Names, generate};
use crate::report::RunLog;
use crate::scenario::{Library, SourceFile};

/// So many entries that no test was held against are named.
const NAMED: usize = 8;

/// For `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  kms-conformance run --endpoint http://127.0.0.1:4566 --out report
  kms-conformance known --from report --out known.yaml                      what deviates today; say why in each entry
  kms-conformance run --endpoint http://127.0.0.1:4566 --known known.yaml   fails for what is new, other or mended
  kms-conformance known --from report --from again --out known.yaml         of two runs, which may answer differently
  kms-conformance known --from report --merge known.yaml --out known.yaml   brings the list up to date, keeping reasons";

/// Flags of `known`.
#[derive(Debug, Args)]
pub(super) struct KnownArgs {
    /// The run: its folder, or its events.jsonl (may be repeated: what differs from run to run is listed with all answers)
    #[arg(long, value_name = "RUN", required = true)]
    from: Vec<PathBuf>,
    /// A list whose reasons, links and days are kept where the target still answers so
    #[arg(long, value_name = "FILE")]
    merge: Option<PathBuf>,
    /// Writes the list into this file, not to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &KnownArgs) -> Result<Exit, Failure> {
    let read = |path: &PathBuf| RunLog::read(path).map_err(|error| super::unreadable_log(&error));
    let logs = args.from.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    one_target(&logs)?;
    let names = names_of(&logs)?;
    let earlier = args.merge.as_deref().map(|path| parse(path, &names)).transpose()?;
    let text = generate(&logs, &names, earlier.as_ref());
    match &args.out {
        Some(path) => fs::write(path, text).map_err(|error| Failure::unwritable_file(path, &error))?,
        None => super::print(&text),
    }
    Ok(Exit::Success)
}

/// Runs of several targets have no list in common.
fn one_target(logs: &[RunLog]) -> Result<(), Failure> {
    let mut targets: Vec<&str> = logs.iter().map(|log| log.started.target.as_str()).collect();
    targets.dedup();
    match targets.as_slice() {
        [one, other, ..] => {
            let message = format!("the runs are of several targets: {one} and {other}");
            Err(Failure::usage(message, "make a list for each target"))
        }
        _ => Ok(()),
    }
}

/// What a list may name: scenarios of the program, of the runs, and of the folders that the runs took them from, if they
/// are still there.
pub(super) fn names_of(logs: &[RunLog]) -> Result<Names, Failure> {
    let mut names = Names::of_library(&Library::shipped()?);
    for log in logs {
        let own = log.started.scenarios.as_ref().and_then(|dir| Library::from_dir(Path::new(dir)).ok());
        names = own.iter().fold(names, Names::and_of_library).and_of_run(log);
    }
    Ok(names)
}

/// Reads a list, and says on stderr how many of its entries lack a reason.
pub(super) fn read(path: &Path, names: &Names) -> Result<KnownDeviations, Failure> {
    let known = parse(path, names)?;
    match known.without_reason() {
        0 => {}
        1 => anstream::eprintln!("{}: 1 entry lacks a reason", path.display()),
        many => anstream::eprintln!("{}: {many} entries lack a reason", path.display()),
    }
    Ok(known)
}

fn parse(path: &Path, names: &Names) -> Result<KnownDeviations, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let hint = "`kms-conformance known --from RUN --out FILE` makes such a list";
        Failure::usage(format!("cannot read {}: {error}", path.display()), hint)
    })?;
    let file = SourceFile { path: path.display().to_string(), text };
    Ok(KnownDeviations::parse(file, names)?)
}

/// Says on stderr which entries no test was held against.
pub(super) fn tell_not_seen(known: &KnownDeviations, fold: &Fold<'_>) {
    let not_seen: Vec<_> = fold.not_seen().collect();
    for entry in not_seen.iter().take(NAMED) {
        let what = match &entry.matter {
            Matter::Deviation { rule, tests, .. } => format!("{rule} in {}", some(tests)),
            Matter::Unjudged { tests, .. } => some(tests),
            Matter::Unsupported(operation) => operation.to_string(),
        };
        anstream::eprintln!("{}:{}: not seen: {what}", known.file, entry.line);
    }
    if not_seen.len() > NAMED {
        anstream::eprintln!("{}: {} more entries were not seen", known.file, not_seen.len() - NAMED);
    }
}

fn some(tests: &std::collections::BTreeSet<String>) -> String {
    let first = tests.first().map_or("no test", String::as_str);
    match tests.len().saturating_sub(1) {
        0 => first.to_owned(),
        more => format!("{first} and {more} more"),
    }
}
