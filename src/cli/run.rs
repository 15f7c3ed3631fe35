//! `kms-conformance run`: scenarios against a target.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use super::exit_code::Exit;
use super::failure::Failure;
use super::filter::Filter;
use super::progress::Progress;
use super::signals::Signals;
use super::target::{self, TargetArgs};
use crate::judge::Messages;
use crate::report::{EVENT_LOG, Human, Summary};
use crate::runner::{self, Event, Options, Plan, Shard, StopReason, Stopper};
use crate::scenario::{Library, Test, parse_duration};
use crate::sequence::Exploration;
use crate::target::Description;

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

    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    sequences: SequenceArgs,

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

/// Flags for the generated sequences of a run.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Generated sequences")]
struct SequenceArgs {
    /// How many sequences of operations are generated and run after the scenarios; 0 for none
    #[arg(long, value_name = "N", default_value_t = 256)]
    sequences: u32,
    /// What they are made from: the same seed gives the same sequences on every machine
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// No sequence is begun after so long, where the target is not the emulator in this process
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = parse_wait)]
    sequence_time: SignedDuration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// For programs: the content of results.json
    Json,
}

pub(super) fn parse_wait(text: &str) -> Result<SignedDuration, String> {
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
    let tests = args.part(args.filter.choose(library)?)?;
    if args.list {
        let exploration = args.exploration(false);
        let properties = exploration.iter().flat_map(|exploration| &exploration.properties);
        let names = tests.iter().map(|test| test.name.as_str()).chain(properties.map(|property| property.name));
        super::print(&names.map(|name| format!("{name}\n")).collect::<String>());
        return Ok(Exit::Success);
    }
    let description = args.target.description.as_deref().map(target::read).transpose()?;
    let archive = args.out.as_deref().map(Archive::create).transpose()?;
    super::runtime()?.block_on(execute(&args, description, tests, archive))
}

async fn execute(
    args: &RunArgs,
    description: Option<Description>,
    tests: Vec<Arc<Test>>,
    mut archive: Option<Archive>,
) -> Result<Exit, Failure> {
    let options = args.options(description.as_ref());
    let target = target::connect(&args.target, description).await?;
    let stopper = Stopper::default();
    let signals = Signals::listen().map_err(|error| Failure::harness("Ctrl-C cannot be caught", &error))?;
    let listener = tokio::spawn(stop_on_signal(signals, stopper.clone()));
    let (progress, mut report) = (RefCell::new(Progress::new()), Human::default());
    let mut unwritten = None;
    let scenarios = args.scenarios.as_ref().map(|dir| dir.display().to_string());
    let exploration = args.exploration(target.url().is_some());
    let plan = Plan { tests, scenarios, shard: args.shard, exploration };
    let sink = |event: &Event| {
        progress.borrow_mut().add(event);
        report.add(event);
        if let Some(error) = archive.as_mut().and_then(|archive| archive.add(event).err()) {
            unwritten.get_or_insert(error);
        }
    };
    let tick = |tick| progress.borrow_mut().tick(tick);
    runner::run(Arc::new(target), plan, options, &stopper, sink, tick).await;
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
    /// The shard's part of the tests, or all of them.
    fn part(&self, tests: Vec<Arc<Test>>) -> Result<Vec<Arc<Test>>, Failure> {
        let Some(shard) = self.shard else { return Ok(tests) };
        let chosen = tests.len();
        let part = shard.take(tests);
        if part.is_empty() && shard.take(self.filter.properties()).is_empty() {
            let message = format!("shard {shard} has no tests: only {chosen} are chosen");
            return Err(Failure::usage(message, format!("cut them into at most {chosen} shards")));
        }
        Ok(part)
    }

    fn options(&self, description: Option<&Description>) -> Options {
        let messages = if self.strict_messages { Messages::Judged } else { Messages::Noted };
        Options { messages, ..self.target.options(description) }
    }

    /// The generated sequences of the run; on a target of unknown speed they have a limit of time.
    fn exploration(&self, foreign: bool) -> Option<Exploration> {
        let properties = self.filter.properties();
        let properties = self.shard.map_or(properties.clone(), |shard| shard.take(properties));
        let SequenceArgs { sequences: cases, seed, .. } = self.sequences;
        let time = foreign.then_some(self.sequences.sequence_time.unsigned_abs());
        let exploration = Exploration { cases, seed, time, properties, ..Exploration::default() };
        (cases > 0 && !exploration.properties.is_empty()).then_some(exploration)
    }
}

pub(super) fn json(summary: &Summary) -> String {
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
pub(super) struct Archive {
    dir: PathBuf,
    events: BufWriter<File>,
}

impl Archive {
    pub(super) fn create(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(EVENT_LOG);
        let open = || {
            fs::create_dir_all(dir)?;
            File::create(&path)
        };
        let file = open().map_err(|error| Failure::unwritable(&path, &error))?;
        Ok(Self { dir: dir.to_owned(), events: BufWriter::new(file) })
    }

    /// Written through at once: the log is all that remains of a run that is killed.
    pub(super) fn add(&mut self, event: &Event) -> Result<(), Failure> {
        let mut write = || {
            serde_json::to_writer(&mut self.events, event)?;
            self.events.write_all(b"\n")?;
            self.events.flush()
        };
        write().map_err(|error| Failure::unwritable(&self.dir.join(EVENT_LOG), &error))
    }

    pub(super) fn finish(self, summary: &Summary) -> Result<(), Failure> {
        let path = self.dir.join("results.json");
        fs::write(&path, json(summary)).map_err(|error| Failure::unwritable(&path, &error))
    }
}
