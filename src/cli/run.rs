//! `kms-conformance run`: scenarios against a target.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::exit_code::Exit;
use super::failure::Failure;
use super::filter::Filter;
use super::progress::Progress;
use super::signals::Signals;
use crate::emulator::{Config, Defect, Emulator};
use crate::judge::Messages;
use crate::kms::Region;
use crate::report::{EVENT_LOG, Human, Summary};
use crate::runner::{self, Event, Options, Plan, StopReason, Stopper};
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

    /// The endpoint to test, such as http://127.0.0.1:4566; the built-in emulator if there is none
    #[arg(long, value_name = "URL", env = "KMS_CONFORMANCE_ENDPOINT", help_heading = "The target")]
    endpoint: Option<String>,
    /// Runs against the built-in emulator with one thing wrong in it: a name from `kms-conformance defects --list`
    #[arg(long, value_name = "NAME", value_parser = super::defects::parse_defect, conflicts_with = "endpoint")]
    #[arg(help_heading = "The target")]
    defect: Option<Defect>,
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
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human, help_heading = "The report")]
    format: Format,
    /// Writes events.jsonl (every call, redacted) and results.json into this folder
    #[arg(long, value_name = "DIR", help_heading = "The report")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs: the content of results.json
    Json,
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
    let tests = args.filter.choose(library)?;
    if args.list {
        let names: String = tests.iter().map(|test| format!("{}\n", test.name)).collect();
        super::print(&names);
        return Ok(Exit::Success);
    }
    let archive = args.out.as_deref().map(Archive::create).transpose()?;
    super::runtime()?.block_on(execute(&args, tests, archive))
}

async fn execute(args: &RunArgs, tests: Vec<Arc<Test>>, mut archive: Option<Archive>) -> Result<Exit, Failure> {
    let target = match &args.endpoint {
        None => Target::emulator(Emulator::new(Config { defect: args.defect, ..Config::default() })),
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
    let mut unwritten = None;
    let scenarios = args.scenarios.as_ref().map(|dir| dir.display().to_string());
    runner::run(Arc::new(target), Plan { tests, scenarios }, args.options(), &stopper, |event| {
        progress.add(event);
        report.add(event);
        if let Some(error) = archive.as_mut().and_then(|archive| archive.add(event).err()) {
            unwritten.get_or_insert(error);
        }
    })
    .await;
    listener.abort();
    if let Some(archive) = archive {
        archive.finish(report.summary())?;
    }
    match args.format {
        Format::Human => super::print(&report.render()),
        Format::Json => super::print(&json(report.summary())),
    }
    unwritten.map_or_else(|| Ok(report.summary().conclusion.into()), Err)
}

impl RunArgs {
    fn options(&self) -> Options {
        let default = Options::default();
        Options {
            jobs: self.jobs.unwrap_or(default.jobs),
            max_wait: self.max_wait,
            messages: if self.strict_messages { Messages::Judged } else { Messages::Noted },
        }
    }
}

fn json(summary: &Summary) -> String {
    // Every key of the summary's maps is text, so that it always has a JSON form.
    serde_json::to_string_pretty(summary).map(|text| text + "\n").unwrap_or_default()
}

/// The first signal lets tests finish their call and clean up; the second one leaves at once.
pub(super) async fn stop_on_signal(mut signals: Signals, stopper: Stopper) {
    signals.next().await;
    stopper.stop(StopReason::Interrupted);
    anstream::eprintln!("stopping: the tests under way clean up; Ctrl-C again leaves at once");
    signals.next().await;
    std::process::exit(Exit::Interrupted as i32);
}

/// The folder of a run's files.
struct Archive {
    dir: PathBuf,
    events: BufWriter<File>,
}

impl Archive {
    fn create(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(EVENT_LOG);
        let open = || {
            fs::create_dir_all(dir)?;
            File::create(&path)
        };
        let file = open().map_err(|error| Failure::unwritable(&path, &error))?;
        Ok(Self { dir: dir.to_owned(), events: BufWriter::new(file) })
    }

    /// Written through at once: the log is all that remains of a run that is killed.
    fn add(&mut self, event: &Event) -> Result<(), Failure> {
        let mut write = || {
            serde_json::to_writer(&mut self.events, event)?;
            self.events.write_all(b"\n")?;
            self.events.flush()
        };
        write().map_err(|error| Failure::unwritable(&self.dir.join(EVENT_LOG), &error))
    }

    fn finish(self, summary: &Summary) -> Result<(), Failure> {
        let path = self.dir.join("results.json");
        fs::write(&path, json(summary)).map_err(|error| Failure::unwritable(&path, &error))
    }
}
