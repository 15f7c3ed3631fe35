//! `kms-conformance defects`: what catches each defect of the built-in emulator.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use futures::StreamExt as _;
use tokio::runtime::Handle;

use super::exit_code::Exit;
use super::failure::Failure;
use super::progress::DefectProgress;
use super::run::stop_on_signal;
use super::signals::Signals;
use crate::defects::{ByScenarios, BySequences, Catch, Matrix, Means, Row};
use crate::emulator::{Defect, Reach};
use crate::runner::{Options, StopReason, Stopper};
use crate::scenario::{Library, Test};

pub(super) const AFTER_HELP: &str = "\
Examples:
  kms-conformance defects                          all of them: some ten minutes
  kms-conformance defects token --format json      those whose name says so, with every test that catches them
  kms-conformance defects --only sequences --seed 7
  kms-conformance defects --list                   what each of them does
  kms-conformance run --defect token-ignores-key   how a report looks that catches one

Exit codes:
    0  every defect was caught
    1  a defect survived: scenarios missed one in their reach, or sequences more than one in twenty
    2  the command line or a scenario is wrong
    4  the harness itself failed, or something deviates without any defect
  130  interrupted";

/// Flags of `defects`.
#[derive(Debug, Args)]
pub(super) struct DefectsArgs {
    /// Defects whose name contains one of these
    names: Vec<String>,
    /// Prints what each defect does and which rule it breaks, and looks for none
    #[arg(long)]
    list: bool,
    /// Looks with this alone
    #[arg(long, value_enum, value_name = "MEANS")]
    only: Option<Only>,
    /// Looks with the scenarios in this folder, laid out as <subject>/<name>.yaml, instead of those in the program
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Looks with scenarios of this subject (may be repeated)
    #[arg(long, value_name = "NAME")]
    subject: Vec<String>,
    /// What the sequences are made from
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// After so many operations of sequences a defect is given up
    #[arg(long, value_name = "N", default_value_t = 2000)]
    operations: usize,
    /// What is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The scenarios
    Scenarios,
    /// Generated sequences
    Sequences,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs: every defect with every test that caught it
    Json,
}

/// Reads the name of a defect from the command line.
pub(super) fn parse_defect(text: &str) -> Result<Defect, String> {
    text.parse::<Defect>().map_err(|error| {
        let closest = error.closest.map(|defect| format!("did you mean `{defect}`? ")).unwrap_or_default();
        format!("{error}; {closest}`kms-conformance defects --list` prints them all")
    })
}

pub(super) fn run(args: &DefectsArgs) -> Result<Exit, Failure> {
    let defects = args.chosen()?;
    if args.list {
        super::print(&listed(&defects, args.format));
        return Ok(Exit::Success);
    }
    let options = Options::default();
    let wanted = |means| args.only.is_none_or(|only| only == means);
    let looking = Looking {
        scenarios: wanted(Only::Scenarios)
            .then(|| args.tests())
            .transpose()?
            .map(|tests| ByScenarios { tests, options }),
        sequences: wanted(Only::Sequences).then_some(BySequences {
            seed: args.seed,
            operations: args.operations,
            options,
        }),
        whole: args.is_whole(),
    };
    let matrix = super::runtime()?.block_on(look(&defects, looking))?;
    let Some(matrix) = matrix else { return Ok(Exit::Interrupted) };
    super::print(&match args.format {
        Format::Human => matrix.render(),
        Format::Json => json(&matrix),
    });
    Ok(match matrix {
        matrix if matrix.harness_failed() => Exit::HarnessError,
        matrix if matrix.misses_too_much() => Exit::NotConformant,
        _ => Exit::Success,
    })
}

/// The ways of looking that are taken.
#[derive(Debug, Clone)]
struct Looking {
    scenarios: Option<ByScenarios>,
    sequences: Option<BySequences>,
    /// Whether every defect is looked for with every scenario.
    whole: bool,
}

impl Looking {
    async fn look_for(&self, defect: Defect, stopper: &Stopper) -> Row {
        Row { caught: self.look(Some(defect), stopper).await, ..Row::new(defect) }
    }

    async fn look(&self, defect: Option<Defect>, stopper: &Stopper) -> BTreeMap<Means, Catch> {
        let mut caught = BTreeMap::new();
        if let Some(scenarios) = &self.scenarios {
            caught.insert(Means::Scenarios, scenarios.look_for(defect, stopper).await);
        }
        if let Some(sequences) = self.sequences {
            caught.insert(Means::Sequences, sequences.look_for(defect, stopper).await);
        }
        caught
    }

    /// What deviates without any defect would be taken for a catch in every row.
    async fn control(&self, stopper: &Stopper) -> Result<(), Failure> {
        let caught = self.look(None, stopper).await;
        let Some(kill) = caught.values().flat_map(|catch| &catch.kills).next() else { return Ok(()) };
        let rules = kill.rules.iter().map(crate::rules::RuleId::as_str).collect::<Vec<_>>().join(", ");
        let problem = format!("{} deviates without any defect: {rules}", kill.name);
        Err(Failure::harness("nothing can be concluded from what is caught", &problem))
    }
}

/// The matrix, unless the user interrupted it. A few defects at a time, since a sequence keeps one core busy.
async fn look(defects: &[Defect], looking: Looking) -> Result<Option<Matrix>, Failure> {
    let stopper = Stopper::default();
    let signals = Signals::listen().map_err(|error| Failure::harness("Ctrl-C cannot be caught", &error))?;
    let listener = tokio::spawn(stop_on_signal(signals, stopper.clone()));
    let (control, stop) = (looking.clone(), stopper.clone());
    apart(move || async move { control.control(&stop).await }).await??;
    let mut progress = DefectProgress::new(defects.len());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let tasks = defects.iter().map(|defect| {
        let (looking, stopper, defect) = (looking.clone(), stopper.clone(), *defect);
        apart(move || async move { looking.look_for(defect, &stopper).await })
    });
    let mut looked = futures::stream::iter(tasks).buffered(cores);
    let mut rows = Vec::new();
    while let Some(row) = looked.next().await {
        if stopper.reason() == Some(StopReason::Interrupted) {
            return Ok(None);
        }
        let row = row?;
        progress.add(&row);
        rows.push(row);
    }
    progress.finish();
    listener.abort();
    let tests = looking.scenarios.as_ref().filter(|_| looking.whole).map(|scenarios| scenarios.tests.as_slice());
    Ok(Some(Matrix::new(rows, tests)))
}

/// Looks on a thread of its own: the generators of sequences stay on the one that made them.
async fn apart<T, F>(look: impl FnOnce() -> F + Send + 'static) -> Result<T, Failure>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let looked = tokio::task::spawn_blocking(move || Handle::current().block_on(look())).await;
    looked.map_err(|error| Failure::harness("the harness panicked", &error))
}

impl DefectsArgs {
    fn chosen(&self) -> Result<Vec<Defect>, Failure> {
        let wanted = |defect: &Defect| {
            self.names.is_empty() || self.names.iter().any(|name| defect.name().contains(name.as_str()))
        };
        let chosen: Vec<Defect> = Defect::ALL.iter().copied().filter(wanted).collect();
        if chosen.is_empty() {
            let hint = self.names.iter().find_map(|name| parse_defect(name).err()).unwrap_or_default();
            return Err(Failure::usage("no defect is chosen by these names", hint));
        }
        Ok(chosen)
    }

    fn tests(&self) -> Result<Vec<Arc<Test>>, Failure> {
        let library = match &self.scenarios {
            Some(dir) => Library::from_dir(dir)?,
            None => Library::shipped()?,
        };
        let wanted = |test: &Test| self.subject.is_empty() || self.subject.contains(&test.scenario.subject);
        let tests: Vec<_> = library.tests.into_iter().filter(wanted).map(Arc::new).collect();
        if tests.is_empty() {
            let hint = "`kms-conformance run --list` prints the names of all tests, which begin with their subject";
            return Err(Failure::usage("no test is of this subject", hint));
        }
        Ok(tests)
    }

    /// Whether every defect is looked for with every scenario, so that one that catches nothing is worth a thought.
    fn is_whole(&self) -> bool {
        self.names.is_empty() && self.scenarios.is_none() && self.subject.is_empty()
    }
}

fn listed(defects: &[Defect], format: Format) -> String {
    if format == Format::Json {
        return json(&defects.iter().copied().map(Row::new).collect::<Vec<_>>());
    }
    let entry = |defect: &Defect| {
        let about = defect.about();
        let reach = match about.reach {
            Reach::Both => String::new(),
            Reach::Scenarios(why) => format!("  for scenarios: {why}\n"),
            Reach::Sequences(why) => format!("  for sequences: {why}\n"),
        };
        format!("{defect}\n  {}\n  breaks {}\n  seen: {}\n{reach}", about.says, about.rule, about.seen)
    };
    defects.iter().map(entry).collect::<Vec<_>>().join("\n")
}

fn json(value: &impl serde::Serialize) -> String {
    // Every key of the maps is text, so that there always is a JSON form.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}
