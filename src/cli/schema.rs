//! `kms-conformance schema`: the JSON schemas of what people write, for editors, and of what runs write, for programs.

use clap::ValueEnum;

use crate::report::files::Results;
use crate::runner::Event;
use crate::{scenario, target};

/// What there is a schema of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Of {
    /// Scenario files
    #[default]
    Scenario,
    /// Target descriptions
    Target,
    /// results.json
    Results,
    /// A line of events.jsonl
    Events,
    /// A list of known deviations
    Known,
}

pub(super) fn text(of: Of) -> String {
    match of {
        Of::Scenario => scenario::schema::json_schema_text(),
        Of::Target => target::description_schema::json_schema_text(),
        Of::Results => written::<Results<'_>>("kms-conformance results"),
        Of::Known => crate::known::schema::json_schema_text(),
        Of::Events => written::<Event>("kms-conformance event"),
    }
}

/// The schema of a type as it is written.
fn written<T: schemars::JsonSchema>(title: &str) -> String {
    let mut schema =
        schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    format!("{:#}\n", schema.as_value())
}
