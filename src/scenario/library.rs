//! Sets of scenarios: those that are part of this program, or a folder of the user's own.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use super::Test;
use super::diagnostic::{FileErrors, SourceFile, Style};
use super::file::parse;
use crate::states;

// Made by build.rs: the name and text of every file under scenarios/.
include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// A set of tests, sorted by name.
#[derive(Debug, Clone)]
pub struct Library {
    /// The tests, by name.
    pub tests: Vec<Test>,
}

/// Why a set of scenarios cannot be used. Its message is meant for the scenarios' author.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// Some files have mistakes.
    #[error("{}", render(.0, Style::Plain))]
    Mistakes(Vec<FileErrors>),
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// There is no scenario in the folder.
    #[error("there is no scenario in {0}: files end in .yaml and lie in a folder named after their subject")]
    Empty(String),
}

impl LibraryError {
    /// The message, in colour where wanted.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        match self {
            Self::Mistakes(files) => render(files, style),
            Self::Unreadable { .. } | Self::Empty(_) => self.to_string(),
        }
    }
}

fn render(files: &[FileErrors], style: Style) -> String {
    let mistakes: usize = files.iter().map(FileErrors::len).sum();
    let mut text: String = files.iter().map(|file| file.render(style)).collect();
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    text.push_str(&format!("{} in {}", plural(mistakes, "mistake"), plural(files.len(), "scenario file")));
    text
}

impl Library {
    /// The scenarios that are part of this program: the files, and those of the key-state table.
    ///
    /// # Errors
    /// When one of them has a mistake, which a test rules out.
    pub fn shipped() -> Result<Self, LibraryError> {
        let files = SHIPPED.iter().map(|(name, text)| {
            let file = SourceFile { path: format!("scenarios/{name}.yaml"), text: (*text).to_owned() };
            ((*name).to_owned(), file)
        });
        let generated = states::scenarios().into_iter().map(|(name, text)| {
            let file = SourceFile { path: format!("generated/{name}.yaml"), text };
            (name, file)
        });
        Self::read(files.chain(generated))
    }

    /// The scenarios in a folder, laid out as `<subject>/<name>.yaml`.
    ///
    /// # Errors
    /// All mistakes of all files; a file that cannot be read; a folder without scenarios.
    pub fn from_dir(dir: &Path) -> Result<Self, LibraryError> {
        let mut paths = Vec::new();
        find_yaml(dir, &mut paths)?;
        paths.sort();
        let mut files = Vec::new();
        for path in &paths {
            let text = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
            let relative = path.strip_prefix(dir).unwrap_or(path).with_extension("");
            let name: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            files.push((name.join("/"), SourceFile { path: path.display().to_string(), text }));
        }
        if files.is_empty() {
            return Err(LibraryError::Empty(dir.display().to_string()));
        }
        Self::read(files)
    }

    fn read(files: impl IntoIterator<Item = (String, SourceFile)>) -> Result<Self, LibraryError> {
        let (mut tests, mut mistakes) = (Vec::new(), Vec::new());
        for read in parse_all(files.into_iter().collect()) {
            match read {
                Ok(cases) => tests.extend(cases),
                Err(errors) => mistakes.push(errors),
            }
        }
        if !mistakes.is_empty() {
            return Err(LibraryError::Mistakes(mistakes));
        }
        tests.sort_by(|a, b| a.scenario.name.cmp(&b.scenario.name));
        Ok(Self { tests })
    }
}

/// Parses the files on all cores, in their order: every start of the program waits for it.
fn parse_all(mut files: Vec<(String, SourceFile)>) -> Vec<Result<Vec<Test>, FileErrors>> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = files.len().div_ceil(cores).max(1);
    let mut shares = Vec::new();
    while !files.is_empty() {
        let rest = files.split_off(share.min(files.len()));
        shares.push(std::mem::replace(&mut files, rest));
    }
    let parse_share = |share: Vec<(String, SourceFile)>| -> Vec<_> {
        share.into_iter().map(|(name, file)| parse(&name, file)).collect()
    };
    thread::scope(|scope| {
        let parsers: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || parse_share(share))).collect();
        let parsed = parsers.into_iter().map(|parser| parser.join().unwrap_or_else(|panic| resume_unwind(panic)));
        parsed.flatten().collect()
    })
}

fn unreadable(path: &Path, source: io::Error) -> LibraryError {
    LibraryError::Unreadable { path: path.display().to_string(), source }
}

fn find_yaml(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), LibraryError> {
    for entry in fs::read_dir(dir).map_err(|source| unreadable(dir, source))? {
        let path = entry.map_err(|source| unreadable(dir, source))?.path();
        if path.is_dir() {
            find_yaml(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            found.push(path);
        }
    }
    Ok(())
}
