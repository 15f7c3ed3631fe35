//! `kms-conformance explore`: generated sequences of operations against a target, and what they found, shrunk.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::SignedDuration;
use serde_json::json;

use super::exit_code::Exit;
use super::failure::Failure;
use super::job_summary;
use super::record::{self, Recorder};
use super::report::Format;
use super::run::parse_wait;
use super::target::{self, TargetArgs};
use crate::report::{Summary, markdown};
use crate::runner::Plan;
use crate::sequence::{Exploration, Explored, PROPERTIES, Property, cases_for};
use crate::target::Description;

pub(super) const EXAMPLES: &str = "\
Examples:
  kms-conformance explore                                         the built-in emulator
  kms-conformance explore --endpoint http://127.0.0.1:4566 --time 10m
  kms-conformance explore --property expiry --cases 2000 --seed 7
  kms-conformance explore --clients 3 --property concurrency      calls on the same keys at the same time";

/// Flags of `explore`.
#[derive(Debug, Args)]
pub(super) struct ExploreArgs {
    /// How many sequences are generated, of all properties or of those that are named
    #[arg(long, value_name = "N", default_value_t = 512)]
    cases: u32,
    /// How many steps a sequence has at most
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=1000))]
    steps: u16,
    /// What the sequences are made from: the same seed gives the same sequences on every machine
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// How long it may take; once something was found, half of it is for shrinking [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = parse_wait)]
    time: Option<SignedDuration>,
    /// How many clients call at the same time, where sequences are about that
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=4))]
    clients: u8,
    /// What the sequences are about, such as `expiry`; may be given several times [default: everything]
    #[arg(long, value_name = "NAME", value_parser = property)]
    property: Vec<&'static Property>,
    #[command(flatten)]
    target: TargetArgs,
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t, help_heading = "The report")]
    format: Format,
    /// Writes events.jsonl, the reports, reach.json and the scenarios of what was found into this folder; without it
    /// those scenarios go to scenarios/regressions
    #[arg(long, value_name = "DIR", help_heading = "The report")]
    out: Option<PathBuf>,
}

fn property(name: &str) -> Result<&'static Property, String> {
    let short = |property: &Property| property.name.trim_start_matches("sequences/");
    let found = PROPERTIES.iter().find(|property| property.name == name || short(property) == name);
    found.ok_or_else(|| format!("it can be {}", PROPERTIES.iter().map(short).collect::<Vec<_>>().join(", ")))
}

pub(super) fn run(args: &ExploreArgs) -> Result<Exit, Failure> {
    let description = args.target.description.as_deref().map(target::read).transpose()?;
    let recorder = Recorder::create(args.out.as_deref(), Some(args.out.as_deref().unwrap_or(Path::new("scenarios"))))?;
    super::runtime()?.block_on(execute(args, description, recorder))
}

async fn execute(args: &ExploreArgs, description: Option<Description>, recorder: Recorder) -> Result<Exit, Failure> {
    let options = args.target.options(description.as_ref());
    let target = target::connect(&args.target, description).await?;
    let exploration = Exploration { folder: recorder.folder(), ..args.exploration() };
    let plan = Plan { tests: Vec::new(), scenarios: None, shard: None, exploration: Some(exploration) };
    let (mut recorder, explored) = recorder.run(target, plan, options, None).await?;
    if let Some(dir) = &args.out {
        record::write(&dir.join("reach.json"), &format!("{:#}\n", json!(explored.reach.table())))?;
    }
    recorder.finish(None)?;
    let digest = std::slice::from_ref(recorder.report.digest());
    job_summary::append(digest)?;
    super::print(&match args.format {
        Format::Human => format!("{}{}", reach(&explored), recorder.report.render()),
        Format::Json => json_of(&explored, recorder.report.summary()),
        Format::Markdown => markdown::render(digest, markdown::COMMENT_LIMIT),
    });
    Ok(recorder.complete()?.summary().conclusion.into())
}

impl ExploreArgs {
    fn exploration(&self) -> Exploration {
        let properties = if self.property.is_empty() { PROPERTIES.iter().collect() } else { self.property.clone() };
        Exploration {
            cases: cases_for(&properties, self.cases),
            steps: usize::from(self.steps),
            seed: self.seed,
            time: self.time.map(SignedDuration::unsigned_abs),
            clients: usize::from(self.clients),
            properties,
            ..Exploration::default()
        }
    }
}

/// State × operation × outcome: how often each was reached, and what never was.
fn reach(explored: &Explored) -> String {
    let table = explored.reach.table();
    let (reached, of) = explored.reach.counts();
    let mut text = format!(
        "{} sequences, {} operations; {reached} of {of} combinations of state, operation and outcome were reached\n",
        explored.sequences, explored.operations
    );
    let mut missing = String::new();
    for cell in table.iter().filter(|cell| cell.count == 0) {
        let outcome = if cell.outcome == crate::sequence::Came::Success { "success" } else { "refusal" };
        let _ = writeln!(missing, "  {:<26} {:<28} {outcome}", cell.state, cell.operation.as_str());
    }
    if !missing.is_empty() && explored.operations > 0 {
        text.push_str("never reached:\n");
        text.push_str(&missing);
    }
    text.push('\n');
    text
}

fn json_of(explored: &Explored, summary: &Summary) -> String {
    let told = json!({
        "sequences": explored.sequences, "operations": explored.operations, "reach": explored.reach.table(),
        "results": summary,
    });
    format!("{told:#}\n")
}
