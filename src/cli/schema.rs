//! `kms-conformance schema`: JSON schemas for editors and programs.

use clap::ValueEnum;

use crate::{scenario, target};

/// What there is a schema of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Of {
    /// Scenario files
    #[default]
    Scenario,
    /// Target descriptions
    Target,
}

pub(super) fn text(of: Of) -> String {
    match of {
        Of::Scenario => scenario::schema::json_schema_text(),
        Of::Target => target::description_schema::json_schema_text(),
    }
}
