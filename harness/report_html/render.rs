//! Writes `report.html` of the runs in these folders to stdout: `cargo run --example render_report -- DIR… > report.html`.

use std::path::Path;
use std::process::ExitCode;

use kms_conformance::report::{RunLog, html};

fn main() -> ExitCode {
    let logs: Result<Vec<RunLog>, _> = std::env::args().skip(1).map(|dir| RunLog::read(Path::new(&dir))).collect();
    match logs {
        Ok(logs) => {
            print!("{}", html::render(&logs));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
