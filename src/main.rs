//! The command line: see [`kms_conformance::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    kms_conformance::cli::main().into()
}
