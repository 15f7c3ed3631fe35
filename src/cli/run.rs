//! `kms-conformance run`: scenarios against a target.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::exit_code::Exit;
use super::failure::Failure;
use super::filter::Filter;
use super::known;
use super::record::Recorder;
use super::report::Format;
use super::signals::Signals;
use super::target::{self, TargetArgs};
use crate::judge::Messages;
use crate::known::{Fold, KnownDeviations, Names};
use crate::runner::{Options, Plan, Shard, StopReason, Stopper};
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
    /// Known deviations, as `kms-conformance known` lists them: they do not fail the run, unless they change or go
    #[arg(long, value_name = "FILE", help_heading = "The report")]
    known: Option<PathBuf>,
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t, help_heading = "The report")]
    format: Format,
    /// Writes events.jsonl (every call, redacted), results.json, report.html, report.md, junit.xml and badge.svg into this
    /// folder, and scenarios of what generated sequences found below regressions/
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
    let known = args.known.as_deref().map(|path| known::read(path, &Names::of_library(&library))).transpose()?;
    let tests = args.part(args.filter.choose(library)?)?;
    if args.list {
        let exploration = args.exploration(false);
        let properties = exploration.iter().flat_map(|exploration| &exploration.properties);
        let names = tests.iter().map(|test| test.name.as_str()).chain(properties.map(|property| property.name));
        super::print(&names.map(|name| format!("{name}\n")).collect::<String>());
        return Ok(Exit::Success);
    }
    let description = args.target.description.as_deref().map(target::read).transpose()?;
    let recorder = Recorder::create(args.out.as_deref(), args.out.as_deref())?;
    super::runtime()?.block_on(execute(&args, description, tests, recorder, known.as_ref()))
}

async fn execute(
    args: &RunArgs,
    description: Option<Description>,
    tests: Vec<Arc<Test>>,
    recorder: Recorder,
    known: Option<&KnownDeviations>,
) -> Result<Exit, Failure> {
    let options = args.options(description.as_ref());
    let target = target::connect(&args.target, description).await?;
    let mut fold = known.map(Fold::new);
    let scenarios = args.scenarios.as_ref().map(|dir| dir.display().to_string());
    let exploration = args.exploration(target.url().is_some());
    let exploration = exploration.map(|exploration| Exploration {
        folder: recorder.folder(),
        known: known.map(|known| known.answers(Timestamp::now().to_zoned(TimeZone::UTC).date())).unwrap_or_default(),
        ..exploration
    });
    let plan = Plan { tests, scenarios, shard: args.shard, exploration };
    let (mut recorder, _) = recorder.run(target, plan, options, fold.as_mut()).await?;
    if let (Some(known), Some(fold)) = (known, &fold) {
        known::tell_not_seen(known, fold);
    }
    recorder.finish(args.filter.only_profile())?;
    super::report::print(args.format, &recorder.report)?;
    Ok(recorder.complete()?.summary().conclusion.into())
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

/// The first signal lets tests finish their call and clean up; the second one leaves at once.
pub(super) async fn stop_on_signal(mut signals: Signals, stopper: Stopper) {
    signals.next().await;
    stopper.stop(StopReason::Interrupted);
    anstream::eprintln!("stopping: the tests under way clean up; Ctrl-C again leaves at once");
    signals.next().await;
    std::process::exit(Exit::Interrupted as i32);
}
