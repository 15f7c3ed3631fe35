//! Writing an event log.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use crate::runner::Event;

/// An event log that is being written.
#[derive(Debug)]
pub struct LogWriter(BufWriter<File>);

impl LogWriter {
    /// Begins a log, in the place of any that is there, and makes its folder.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        File::create(path).map(|file| Self(BufWriter::new(file)))
    }

    /// Adds an event. It is written through at once: the log is all that remains of a run that is killed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, event: &Event) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, event)?;
        self.0.write_all(b"\n")?;
        self.0.flush()
    }
}
