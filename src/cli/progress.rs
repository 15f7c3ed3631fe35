//! Progress on stderr: a bar on a terminal, a line now and then elsewhere. The only file that knows the bar's crate.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::defects::{Fate, Row};
use crate::judge::Verdict;
use crate::report::plural;
use crate::runner::Event;
use crate::sequence::Tick;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows how far a run is.
pub(super) struct Progress {
    bar: ProgressBar,
    terminal: bool,
    last_line: Instant,
    done: usize,
    total: usize,
    deviations: usize,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let terminal = std::io::stderr().is_terminal();
        Self { bar, terminal, last_line: Instant::now(), done: 0, total: 0, deviations: 0 }
    }

    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => {
                self.total = started.tests;
                self.bar.set_length(started.tests as u64);
                let tests = plural(started.tests, "test");
                self.say(&format!("{tests} against {} ({})", started.target_and_version(), started.region));
            }
            Event::TestFinished(outcome) => {
                self.deviations += usize::from(outcome.verdict == Verdict::Deviation);
                // What sequences find comes on top of the tests that the run began with.
                if !outcome.is_found() {
                    self.done += 1;
                    self.bar.inc(1);
                }
                self.bar.set_message(self.words());
                if !self.terminal && self.last_line.elapsed() >= LINE_EVERY {
                    self.last_line = Instant::now();
                    self.say(&format!("{} of {} tests{}", self.done, self.total, self.words()));
                }
            }
            Event::RunFinished(_) => self.bar.finish_and_clear(),
        }
    }

    /// Shows how far generated sequences are.
    pub(super) fn tick(&mut self, tick: Tick) {
        let words = match (tick.found, tick.shrunk) {
            (0, _) => String::new(),
            (found, 0) => format!(", {}", plural(found, "distinct deviation")),
            (found, shrunk) => format!(", {shrunk} of {} shrunk", plural(found, "distinct deviation")),
        };
        let words = format!("{} of {} sequences{words}", tick.done, tick.of);
        self.bar.set_message(format!(" {words}"));
        if !self.terminal && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            self.say(&words);
        }
    }

    /// A line of talk, above the bar.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| anstream::eprintln!("{text}"));
    }

    fn words(&self) -> String {
        match self.deviations {
            0 => String::new(),
            some => format!(" {}", plural(some, "deviation")),
        }
    }
}

/// Shows how many defects have been looked for.
pub(super) struct DefectProgress {
    bar: ProgressBar,
    terminal: bool,
    last_line: Instant,
    survivors: usize,
}

impl DefectProgress {
    pub(super) fn new(defects: usize) -> Self {
        let Progress { bar, terminal, last_line, .. } = Progress::new();
        bar.set_length(defects as u64);
        Self { bar, terminal, last_line, survivors: 0 }
    }

    pub(super) fn add(&mut self, row: &Row) {
        self.bar.inc(1);
        self.survivors += usize::from(row.fate() == Fate::Survived);
        let survivors = if self.survivors == 0 { String::new() } else { format!(", {} survived", self.survivors) };
        let words = format!("{}{survivors}", row.defect);
        self.bar.set_message(words.clone());
        if !self.terminal && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            anstream::eprintln!("{} of {}: {words}", self.bar.position(), self.bar.length().unwrap_or_default());
        }
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
