//! The files of a report, in a folder.
//!
//! | file | for |
//! | --- | --- |
//! | `results.json` | programs: the verdicts; its schema is `kms-conformance schema results` |
//! | `report.html` | people, in a browser |
//! | `report.md` | pull requests |
//! | `junit.xml` | CI systems |
//! | `badge.svg` | a README; of several runs `badge-1.svg` and so on, in their order |

use std::path::{Path, PathBuf};
use std::{fs, io};

use schemars::JsonSchema;
use serde::Serialize;

use super::digest::Digest;
use super::profiles::Profile;
use super::run_log::RunLog;
use super::summary::{RESULTS_VERSION, Summary};
use super::{badge, html, junit, markdown};

/// The name of the file for programs.
pub const RESULTS: &str = "results.json";

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}", path = path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// What `results.json` holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Results<'a> {
    /// Of one run, its summary.
    Run(&'a Summary),
    /// Of several, theirs.
    Runs {
        /// The version of this file.
        version: u32,
        /// The runs, in the order in which they were given.
        runs: Vec<&'a Summary>,
    },
}

impl<'a> Results<'a> {
    /// The results of these runs.
    #[must_use]
    pub fn of(runs: &'a [Digest]) -> Self {
        match runs {
            [run] => Self::Run(&run.summary),
            runs => Self::Runs { version: RESULTS_VERSION, runs: runs.iter().map(|run| &run.summary).collect() },
        }
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> String {
        // Every key of the summary's maps is text, so that it always has a JSON form.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

/// Writes every file into a folder, which is made if it is not there. The badges are of the profile, if there is one.
///
/// # Errors
/// When the folder cannot be made, or a file cannot be written.
pub fn write(dir: &Path, runs: &[RunLog], profile: Option<&Profile>) -> Result<(), WriteError> {
    fs::create_dir_all(dir).map_err(|error| WriteError { path: dir.to_owned(), error })?;
    let put = |name: &str, text: String| {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|error| WriteError { path, error })
    };
    let digests: Vec<Digest> = runs.iter().map(Digest::of).collect();
    put(RESULTS, Results::of(&digests).json())?;
    put("report.html", html::render(runs))?;
    put("report.md", markdown::render(&digests, markdown::COMMENT_LIMIT))?;
    let junit = junit::render(runs);
    put("junit.xml", junit.map_err(|error| failed(dir.join("junit.xml"), &error))?)?;
    for (position, run) in digests.iter().enumerate() {
        let name = if digests.len() == 1 { "badge.svg".to_owned() } else { format!("badge-{}.svg", position + 1) };
        let claims = &run.summary.profiles;
        let claim = profile.and_then(|profile| claims.iter().find(|claim| claim.profile == profile.name));
        put(&name, badge::render(&run.summary, claim))?;
    }
    Ok(())
}

fn failed(path: PathBuf, error: &dyn std::fmt::Display) -> WriteError {
    WriteError { path, error: io::Error::other(error.to_string()) }
}
