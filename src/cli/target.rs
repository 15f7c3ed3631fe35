//! Which target a run is against: flags first, then the target's description, then defaults.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::failure::Failure;
use super::run::RunArgs;
use crate::emulator::{Config, Emulator};
use crate::scenario::SourceFile;
use crate::target::{Description, Endpoint, Target};

/// How long to wait for an answer where nobody says.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Reads a target's description.
pub(super) fn read(path: &Path) -> Result<Description, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let hint = "`kms-conformance run --help` says what --target is";
        Failure::usage(format!("cannot read {}: {error}", path.display()), hint)
    })?;
    Ok(Description::parse(SourceFile { path: path.display().to_string(), text })?)
}

/// Reaches the target.
pub(super) async fn connect(args: &RunArgs, description: Option<Description>) -> Result<Target, Failure> {
    let said = description.clone().unwrap_or_default();
    let Some(url) = args.endpoint.clone().or(said.endpoint) else {
        return match description {
            None => Ok(Target::emulator(Emulator::new(Config::default()))),
            Some(description) => {
                let hint = "add `endpoint: http://…` to it, or give --endpoint";
                Err(Failure::usage(format!("{} names no endpoint", description.path), hint))
            }
        };
    };
    let timeout = args.timeout.or(said.timeout);
    let endpoint = Endpoint {
        url,
        region: args.region.clone().or(said.region),
        second_region: args.second_region.clone().or(said.second_region),
        second_profile: args.second_profile.clone().or(said.second_profile),
        timeout: timeout.map_or(TIMEOUT, |timeout| Duration::try_from(timeout).unwrap_or(Duration::MAX)),
    };
    Ok(Target::connect_described(&endpoint, description).await?)
}
