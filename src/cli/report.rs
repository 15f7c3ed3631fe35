//! `kms-conformance report`: reports again, from event logs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit_code::Exit;
use super::failure::Failure;
use super::job_summary;
use super::known;
use crate::known::{Fold, without};
use crate::report::files::{self, Results};
use crate::report::markdown;
use crate::report::profiles::{self, Profile};
use crate::report::{Digest, Human, KEPT, Merge, RunLog, read_runs, rejudge};
use crate::scenario::Library;

/// For `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  kms-conformance report out                           the report of a run again, from out/events.jsonl
  kms-conformance report shards --out report           the shards below shards/ as the run that they are parts of
  kms-conformance report moto localstack --out both    two targets beside each other
  kms-conformance report a b --merge --out whole       two runs of different tests as one
  kms-conformance report out --format markdown         for a pull request
  kms-conformance report out --rejudge                 by today's rules, without calling the target
  kms-conformance report out --known known.yaml        beside what is known

The exit code is 0 whenever the reports could be made, and 2 if not.";

/// Flags of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Event logs, and folders of them: shards of one run are put together, other runs shown beside each other
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Puts all logs together as parts of one run, even if they are no shards of one number
    #[arg(long)]
    merge: bool,
    /// Judges the recorded calls again, by this program's rules and scenarios
    #[arg(long)]
    rejudge: bool,
    /// Known deviations, as `kms-conformance known` lists them
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes results.json, report.html, report.md, junit.xml and badge.svg into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The profile that the badge is about, rather than the whole run
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    profile: Option<&'static Profile>,
}

/// What is written to stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Human,
    /// For programs: the content of results.json
    Json,
    /// For pull requests: the content of report.md
    Markdown,
}

pub(super) fn parse_profile(name: &str) -> Result<&'static Profile, String> {
    let names = || profiles::all().iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", ");
    profiles::get(name).ok_or_else(|| format!("the profiles are {}", names()))
}

pub(super) fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let merge = if args.merge { Merge::All } else { Merge::Parts };
    let mut runs = read_runs(&args.runs, merge)?;
    if args.rejudge {
        runs = runs.iter().map(rejudged).collect::<Result<_, _>>()?;
    }
    if let Some(path) = &args.known {
        runs = runs.iter().map(|run| held_against(path, run)).collect::<Result<_, _>>()?;
    }
    if let Some(dir) = &args.out {
        files::write(dir, &runs, args.profile)?;
    }
    let digests: Vec<Digest> = runs.iter().map(Digest::of).collect();
    job_summary::append(&digests)?;
    super::print(&match args.format {
        Format::Human => human(&runs),
        Format::Json => Results::of(&digests).json(),
        Format::Markdown => markdown::render(&digests, markdown::COMMENT_LIMIT),
    });
    Ok(Exit::Success)
}

/// Tells of one run that was just made.
pub(super) fn print(format: Format, report: &Human) -> Result<(), Failure> {
    let digest = std::slice::from_ref(report.digest());
    job_summary::append(digest)?;
    super::print(&match format {
        Format::Human => report.render(),
        Format::Json => Results::of(digest).json(),
        Format::Markdown => markdown::render(digest, markdown::COMMENT_LIMIT),
    });
    Ok(())
}

/// Of one run, the whole; of several, what can be compared at a glance.
fn human(runs: &[RunLog]) -> String {
    match runs {
        [run] => Human::of(run).render(),
        runs => runs.iter().map(|run| Human::of(run).render_overview()).collect::<Vec<_>>().join("\n"),
    }
}

/// By the scenarios of the program, or of the folder that the run took them from.
fn rejudged(run: &RunLog) -> Result<RunLog, Failure> {
    let library = match &run.started.scenarios {
        Some(dir) => Library::from_dir(Path::new(dir))?,
        None => Library::shipped()?,
    };
    let again = rejudge(run, &library);
    let changed =
        run.outcomes.iter().zip(&again.outcomes).filter(|(old, new)| without(old).verdict != new.verdict).count();
    let notes = again.outcomes.iter().flat_map(|outcome| &outcome.findings).flat_map(|finding| &finding.notes);
    let kept = notes.filter(|note| note.starts_with(KEPT)).count();
    let target = run.started.target_and_version();
    anstream::eprintln!(
        "{target}: of {changed} tests the verdict is another one; {kept} findings are kept as recorded"
    );
    Ok(again)
}

/// The run as a list of known deviations has it.
fn held_against(path: &Path, run: &RunLog) -> Result<RunLog, Failure> {
    let known = known::read(path, &known::names_of(std::slice::from_ref(run))?)?;
    let mut fold = Fold::new(&known);
    let events: Vec<_> = run.events().map(|event| fold.event(&event)).collect();
    known::tell_not_seen(&known, &fold);
    Ok(RunLog::from_events(events).unwrap_or_else(|| run.clone()))
}
