//! The scenario language: YAML files that walk keys through a life and judge what a target answers on the way.
//!
//! [`parse`] reads one file into [`Test`]s, one per case of its matrix, or into [`FileErrors`], which show every mistake
//! under the offending line. [`Library`] reads a folder of them, or those that are part of this program. The language is
//! described for its users in `scenarios/README.md`.
//!
//! ```
//! use kms_conformance::scenario::{SourceFile, parse};
//!
//! let yaml = r#"
//! name: a new key waits for its material
//! why: a key that is usable before any material was imported would use material that nobody chose
//! steps:
//!   - CreateKey: { Origin: EXTERNAL }
//!     expect: { KeyMetadata: { KeyState: PendingImport } }
//!     checks: CRE-EXT-STATE
//! "#;
//! let file = SourceFile { path: "example.yaml".into(), text: yaml.into() };
//! assert_eq!(parse("create/example", file)?.len(), 1);
//!
//! let file = SourceFile { path: "example.yaml".into(), text: yaml.replace("CreateKey", "CreateKye") };
//! assert!(parse("create/example", file).unwrap_err().to_string().contains("did you mean `CreateKey`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod diagnostic;
mod draft;
mod duration;
mod expr;
mod file;
mod library;
mod matcher;
mod matrix;
mod parse_matcher;
mod parse_step;
mod parse_value;
pub(crate) mod reader;
pub mod schema;
mod scope;
mod step;
pub(crate) mod yaml;

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::SignedDuration;

pub(crate) use diagnostic::{Diagnostic, suggestion};
pub use diagnostic::{FileErrors, SourceFile, Style};
pub(crate) use draft::Draft;
pub use duration::{DURATION_HELP, ParseDurationError, format_duration, parse_duration};
pub use expr::{Damage, Expr, Generator, Part, Place, Reference, Template};
pub use file::parse;
pub use library::{Library, LibraryError};
pub use matcher::Matcher;
pub(crate) use reader::{Errors, Fields};
pub use step::{Action, Call, Expected, Refusal, Role, Send, Step};
pub(crate) use yaml::{Key, Node, Value as YamlValue};

use crate::material::Recipe;
use crate::rules::RuleId;
use crate::target::Client;

/// What a scenario file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Its path without the ending, such as `import_token/random`.
    pub name: String,
    /// Its folder.
    pub subject: String,
    /// What it shows, as one fact.
    pub title: String,
    /// Which bug it would find.
    pub why: String,
    /// Where it stands.
    pub file: Arc<SourceFile>,
}

/// A scenario with one case of its matrix: what is run, listed and named.
#[derive(Debug, Clone)]
pub struct Test {
    /// The scenario that it is a case of.
    pub scenario: Arc<Scenario>,
    /// The scenario's name and the case, such as `import_token/random[spec=HMAC_256]`.
    pub name: String,
    /// The key material that it imports, by name.
    pub material: IndexMap<String, Recipe>,
    /// Clients beside its own, by name.
    pub clients: IndexMap<String, Client>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Test {
    /// How much time the test lets pass in all.
    #[must_use]
    pub fn total_wait(&self) -> SignedDuration {
        self.steps.iter().fold(SignedDuration::ZERO, |total, step| match step.action {
            Action::Advance(duration) => total.saturating_add(duration),
            Action::Call(_) | Action::Set(_) => total,
        })
    }

    /// The calls that the test makes, in its order.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps.iter().filter_map(Step::call)
    }

    /// The rules that the test judges or observes, in its order, each once.
    #[must_use]
    pub fn rules(&self) -> Vec<&RuleId> {
        let mut rules: Vec<&RuleId> = Vec::new();
        for rule in self.calls().flat_map(Call::rules) {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules
    }
}
