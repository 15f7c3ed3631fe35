//! What a run leaves behind while it goes on: progress on stderr, its event log and reports in a folder, and scenarios of
//! what generated sequences found.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::progress::Progress;
use super::run::stop_on_signal;
use super::signals::Signals;
use crate::known::Fold;
use crate::report::files;
use crate::report::profiles::Profile;
use crate::report::{AssembleError, EVENT_LOG, Human, LogWriter, RunLog, plural};
use crate::runner::{self, Event, Options, Plan, Stopper, TestOutcome};
use crate::sequence::{Explored, FOUND, REGRESSIONS};
use crate::target::Target;

/// Takes in the events of a run.
pub(super) struct Recorder {
    pub(super) report: Human,
    progress: Progress,
    archive: Option<Archive>,
    /// Where scenarios of what was found go, if anywhere.
    folder: Option<PathBuf>,
    found: usize,
    /// The first file that could not be written. A run is not worth less for it, and goes on.
    unwritten: Option<Failure>,
}

impl Recorder {
    /// The run's files go to `out`, and scenarios of what is found to `folder`.
    pub(super) fn create(out: Option<&Path>, folder: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self {
            report: Human::default(),
            progress: Progress::new(),
            archive: out.map(Archive::create).transpose()?,
            folder: folder.map(Path::to_owned),
            found: 0,
            unwritten: None,
        })
    }

    /// The folder for scenarios of what is found, for [`Exploration`](crate::sequence::Exploration).
    pub(super) fn folder(&self) -> Option<String> {
        self.folder.as_ref().map(|folder| folder.display().to_string())
    }

    /// Runs the plan, until Ctrl-C ends it.
    pub(super) async fn run(
        self,
        target: Target,
        plan: Plan,
        options: Options,
        mut fold: Option<&mut Fold<'_>>,
    ) -> Result<(Self, Explored), Failure> {
        let stopper = Stopper::default();
        let signals = Signals::listen().map_err(|error| Failure::harness("Ctrl-C cannot be caught", &error))?;
        let listener = tokio::spawn(stop_on_signal(signals, stopper.clone()));
        let recorder = RefCell::new(self);
        let sink = |event: &Event| {
            let folded = fold.as_mut().map(|fold| fold.event(event));
            recorder.borrow_mut().add(folded.as_ref().unwrap_or(event));
        };
        let tick = |tick| recorder.borrow_mut().progress.tick(tick);
        let explored = runner::run(Arc::new(target), plan, options, &stopper, sink, tick).await;
        listener.abort();
        Ok((recorder.into_inner(), explored))
    }

    fn add(&mut self, event: &Event) {
        self.progress.add(event);
        self.report.add(event);
        let logged = self.archive.as_mut().map_or(Ok(()), |archive| archive.add(event));
        let written = match event {
            Event::TestFinished(outcome) => self.write(outcome),
            Event::RunStarted(_) | Event::RunFinished(_) => Ok(()),
        };
        if let Err(error) = logged.and(written) {
            self.unwritten.get_or_insert(error);
        }
    }

    /// The scenario of a deviation that a generated sequence found.
    fn write(&mut self, outcome: &TestOutcome) -> Result<(), Failure> {
        let (Some(folder), Some(text)) = (&self.folder, outcome.text.as_ref().filter(|_| outcome.is_found())) else {
            return Ok(());
        };
        let path = folder.join(format!("{}.yaml", outcome.scenario));
        if fs::read_to_string(&path).is_ok_and(|there| !there.starts_with(FOUND)) {
            // The first line is gone: somebody has made it their own.
            anstream::eprintln!("{} is not as it was found before, and is left as it is", path.display());
            return Ok(());
        }
        write(&path, text)?;
        self.found += 1;
        Ok(())
    }

    /// Makes the reports of a run that is over, and says where scenarios went.
    pub(super) fn finish(&mut self, profile: Option<&Profile>) -> Result<(), Failure> {
        if let Some(folder) = self.folder.as_ref().filter(|_| self.found > 0) {
            let scenarios = plural(self.found, "scenario");
            // Without --out they lie where a build takes scenarios from.
            let kept =
                if self.archive.is_none() { "; the next build has them as tests, unless you delete them" } else { "" };
            anstream::eprintln!("{scenarios} of what was found: {}{kept}", folder.join(REGRESSIONS).display());
        }
        self.archive.take().map_or(Ok(()), |archive| archive.finish(profile))
    }

    /// What could not be written, once all else has been told.
    pub(super) fn complete(self) -> Result<Human, Failure> {
        self.unwritten.map_or(Ok(self.report), Err)
    }
}

/// Writes a file, and makes its folder.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).map_err(|error| Failure::unwritable(path, &error))
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
