//! Which target a run is against: flags first, then the target's description, then defaults.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::failure::Failure;
use super::run::parse_wait;
use crate::emulator::{Config, Defect, Emulator};
use crate::kms::Region;
use crate::runner::Options;
use crate::scenario::SourceFile;
use crate::target::{Description, Endpoint, Target};

/// How long to wait for an answer where nobody says.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Flags that say which target, and how to treat it.
#[derive(Debug, Args)]
#[command(next_help_heading = "The target")]
pub(super) struct TargetArgs {
    /// A description of the target: its name, version, address, capabilities and pacing; the flags below override it
    #[arg(long = "target", value_name = "FILE")]
    pub(super) description: Option<PathBuf>,
    /// The endpoint to test, such as http://127.0.0.1:4566; the built-in emulator if there is none
    #[arg(long, value_name = "URL", env = "KMS_CONFORMANCE_ENDPOINT")]
    endpoint: Option<String>,
    /// The built-in emulator with one thing wrong in it: a name from `kms-conformance defects --list`
    #[arg(long, value_name = "NAME", value_parser = super::defects::parse_defect)]
    #[arg(conflicts_with_all = ["endpoint", "description"])]
    defect: Option<Defect>,
    /// The Region to sign requests for [default: the AWS SDK's, then us-east-1]
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,
    /// A Region for scenarios about two of them [default: us-west-2, or us-east-1 beside that]
    #[arg(long, value_name = "REGION")]
    second_region: Option<Region>,
    /// A profile of the AWS configuration for scenarios about two accounts
    #[arg(long, value_name = "NAME")]
    second_profile: Option<String>,
    /// How long to wait for an answer [default: 15s]
    #[arg(long, value_name = "DURATION", value_parser = parse_wait)]
    timeout: Option<SignedDuration>,
    /// How long a test may wait where the target's clock cannot be turned; tests that need more are not run
    /// [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_wait)]
    max_wait: Option<SignedDuration>,
    /// How many tests run at once [default: twice the number of cores]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Reads a target's description.
pub(super) fn read(path: &Path) -> Result<Description, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let hint = "`kms-conformance run --help` says what --target is";
        Failure::usage(format!("cannot read {}: {error}", path.display()), hint)
    })?;
    Ok(Description::parse(SourceFile { path: path.display().to_string(), text })?)
}

/// Reaches the target.
pub(super) async fn connect(args: &TargetArgs, description: Option<Description>) -> Result<Target, Failure> {
    let said = description.clone().unwrap_or_default();
    let Some(url) = args.endpoint.clone().or(said.endpoint) else {
        return match description {
            None => Ok(Target::emulator(Emulator::new(Config { defect: args.defect, ..Config::default() }))),
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

impl TargetArgs {
    /// How to run: as the flags say, then the description.
    pub(super) fn options(&self, description: Option<&Description>) -> Options {
        let default = Options::default();
        let jobs = description.and_then(|description| description.concurrent_tests);
        let max_wait = description.and_then(|description| description.max_wait);
        Options {
            jobs: self.jobs.or(jobs).unwrap_or(default.jobs),
            max_wait: self.max_wait.or(max_wait).unwrap_or(default.max_wait),
            ..default
        }
    }
}
