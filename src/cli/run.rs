//! `kms-conformance run`: scenarios against a target.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::exit_code::Exit;
use super::failure::Failure;
use super::filter::Filter;
use super::job_summary;
use super::known;
use super::progress::Progress;
use super::report::Format;
use super::signals::Signals;
use crate::emulator::{Config, Emulator};
use crate::judge::Messages;
use crate::kms::Region;
use crate::known::{Fold, KnownDeviations, Names};
use crate::report::files::{self, Results};
use crate::report::profiles::Profile;
use crate::report::{AssembleError, EVENT_LOG, Human, LogWriter, RunLog, markdown};
use crate::runner::{self, Event, Options, Plan, Shard, StopReason, Stopper};
use crate::scenario::{Library, Test, parse_duration};
use crate::target::{Endpoint, Target};

/// Flags of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    filter: Filter,
    /// Prints the names of the chosen tests, one a line, and runs none
    #[arg(long)]
    list: bool,
    /// Runs the scenarios in this folder, laid out as <subject>/<name>.yaml, instead of those in the program
    #[arg(long, value_name = "DIR", help_heading = "Choosing tests")]
    scenarios: Option<PathBuf>,
    /// Runs one of N equal parts of the chosen tests, such as 1/4; `kms-conformance report` puts the parts together
    #[arg(long, value_name = "K/N", help_heading = "Choosing tests")]
    shard: Option<Shard>,

    /// The endpoint to test, such as http://127.0.0.1:4566; the built-in emulator if there is none
    #[arg(long, value_name = "URL", env = "KMS_CONFORMANCE_ENDPOINT", help_heading = "The target")]
    endpoint: Option<String>,
    /// The Region to sign requests for [default: the AWS SDK's, then us-east-1]
    #[arg(long, value_name = "REGION", help_heading = "The target")]
    region: Option<Region>,
    /// A Region for scenarios about two of them [default: us-west-2, or us-east-1 beside that]
    #[arg(long, value_name = "REGION", help_heading = "The target")]
    second_region: Option<Region>,
    /// A profile of the AWS configuration for scenarios about two accounts
    #[arg(long, value_name = "NAME", help_heading = "The target")]
    second_profile: Option<String>,
    /// How long to wait for an answer
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_wait, help_heading = "The target")]
    timeout: SignedDuration,
    /// How long a test may wait where the target's clock cannot be turned; tests that need more are not run
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_wait, help_heading = "The target")]
    max_wait: SignedDuration,
    /// How many tests run at once [default: twice the number of cores]
    #[arg(long, value_name = "N", help_heading = "The target")]
    jobs: Option<NonZeroUsize>,

    /// Takes texts of exceptions that differ from the recorded ones for deviations, not for notes
    #[arg(long, help_heading = "The report")]
    strict_messages: bool,
    /// Known deviations, as `kms-conformance known` lists them: they do not fail the run, unless they change or go
    #[arg(long, value_name = "FILE", help_heading = "The report")]
    known: Option<PathBuf>,
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t, help_heading = "The report")]
    format: Format,
    /// Writes events.jsonl (every call, redacted), results.json, report.md, junit.xml and badge.svg into this folder
    #[arg(long, value_name = "DIR", help_heading = "The report")]
    out: Option<PathBuf>,
}

fn parse_wait(text: &str) -> Result<SignedDuration, String> {
    match parse_duration(text) {
        Ok(duration) if !duration.is_negative() => Ok(duration),
        Ok(_) => Err("a negative duration".to_owned()),
        Err(error) => Err(format!("{error}; {}", crate::scenario::DURATION_HELP)),
    }
}

pub(super) fn run(args: RunArgs) -> Result<Exit, Failure> {
    let library = match &args.scenarios {
        Some(dir) => Library::from_dir(dir)?,
        None => Library::shipped()?,
    };
    let known = args.known.as_deref().map(|path| known::read(path, &Names::of_library(&library))).transpose()?;
    let tests = args.part(args.filter.choose(library)?)?;
    if args.list {
        let names: String = tests.iter().map(|test| format!("{}\n", test.name)).collect();
        super::print(&names);
        return Ok(Exit::Success);
    }
    let archive = args.out.as_deref().map(Archive::create).transpose()?;
    super::runtime()?.block_on(execute(&args, tests, archive, known.as_ref()))
}

async fn execute(
    args: &RunArgs,
    tests: Vec<Arc<Test>>,
    mut archive: Option<Archive>,
    known: Option<&KnownDeviations>,
) -> Result<Exit, Failure> {
    let target = match &args.endpoint {
        None => Target::emulator(Emulator::new(Config::default())),
        Some(url) => {
            let timeout = Duration::try_from(args.timeout).unwrap_or(Duration::MAX);
            let endpoint = Endpoint {
                url: url.clone(),
                region: args.region.clone(),
                second_region: args.second_region.clone(),
                second_profile: args.second_profile.clone(),
                timeout,
            };
            Target::connect(&endpoint).await?
        }
    };
    let stopper = Stopper::default();
    let signals = Signals::listen().map_err(|error| Failure::harness("Ctrl-C cannot be caught", &error))?;
    let listener = tokio::spawn(stop_on_signal(signals, stopper.clone()));
    let (mut progress, mut report) = (Progress::new(), Human::default());
    let mut fold = known.map(Fold::new);
    let mut unwritten = None;
    let scenarios = args.scenarios.as_ref().map(|dir| dir.display().to_string());
    runner::run(Arc::new(target), Plan { tests, scenarios, shard: args.shard }, args.options(), &stopper, |event| {
        let folded = fold.as_mut().map(|fold| fold.event(event));
        let event = folded.as_ref().unwrap_or(event);
        progress.add(event);
        report.add(event);
        if let Some(error) = archive.as_mut().and_then(|archive| archive.add(event).err()) {
            unwritten.get_or_insert(error);
        }
    })
    .await;
    listener.abort();
    if let (Some(known), Some(fold)) = (known, &fold) {
        known::tell_not_seen(known, fold);
    }
    if let Some(archive) = archive {
        archive.finish(args.filter.only_profile())?;
    }
    let digest = std::slice::from_ref(report.digest());
    job_summary::append(digest)?;
    super::print(&match args.format {
        Format::Human => report.render(),
        Format::Json => Results::of(digest).json(),
        Format::Markdown => markdown::render(digest, markdown::COMMENT_LIMIT),
    });
    unwritten.map_or_else(|| Ok(report.summary().conclusion.into()), Err)
}

impl RunArgs {
    /// The shard's part of the tests, or all of them.
    fn part(&self, tests: Vec<Arc<Test>>) -> Result<Vec<Arc<Test>>, Failure> {
        let Some(shard) = self.shard else { return Ok(tests) };
        let chosen = tests.len();
        let part = shard.take(tests);
        if part.is_empty() {
            let message = format!("shard {shard} has no tests: only {chosen} are chosen");
            return Err(Failure::usage(message, format!("cut them into at most {chosen} shards")));
        }
        Ok(part)
    }

    fn options(&self) -> Options {
        let default = Options::default();
        Options {
            jobs: self.jobs.unwrap_or(default.jobs),
            max_wait: self.max_wait,
            messages: if self.strict_messages { Messages::Judged } else { Messages::Noted },
        }
    }
}

/// The first signal lets tests finish their call and clean up; the second one leaves at once.
async fn stop_on_signal(mut signals: Signals, stopper: Stopper) {
    signals.next().await;
    stopper.stop(StopReason::Interrupted);
    anstream::eprintln!("stopping: the tests under way clean up; Ctrl-C again leaves at once");
    signals.next().await;
    std::process::exit(Exit::Interrupted as i32);
}

/// The folder of a run's files.
struct Archive {
    dir: PathBuf,
    events: LogWriter,
}

impl Archive {
    fn create(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(EVENT_LOG);
        let events = LogWriter::create(&path).map_err(|error| Failure::unwritable(&path, &error))?;
        Ok(Self { dir: dir.to_owned(), events })
    }

    fn add(&mut self, event: &Event) -> Result<(), Failure> {
        self.events.add(event).map_err(|error| Failure::unwritable(&self.dir.join(EVENT_LOG), &error))
    }

    /// Makes the reports from the log, as `kms-conformance report` would, so that a run's exchanges need not be kept.
    fn finish(self, profile: Option<&Profile>) -> Result<(), Failure> {
        let run = RunLog::read(&self.dir).map_err(AssembleError::from)?;
        Ok(files::write(&self.dir, &[run], profile)?)
    }
}
