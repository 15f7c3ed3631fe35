//! `kms-conformance schema`: the JSON schemas of what users write and of what runs write.

use clap::ValueEnum;

use crate::report::files::Results;
use crate::runner::Event;
use crate::scenario::schema::json_schema_text;

/// What the schema is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Of {
    /// A scenario file
    #[default]
    Scenario,
    /// results.json
    Results,
    /// A line of events.jsonl
    Events,
    /// A list of known deviations
    Known,
}

pub(super) fn text(of: Of) -> String {
    match of {
        Of::Scenario => json_schema_text(),
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
