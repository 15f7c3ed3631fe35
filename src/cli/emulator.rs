//! `kms-conformance emulator`: the built-in emulator, served.

use std::net::SocketAddr;

use clap::Args;
use tokio::net::TcpListener;

use super::exit_code::Exit;
use super::failure::Failure;
use super::signals::Signals;
use crate::emulator::{Config, Defect, Emulator, server};

/// Flags of `emulator`.
#[derive(Debug, Args)]
pub(super) struct EmulatorArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4599")]
    listen: SocketAddr,
    /// Does one thing wrong: a name from `kms-conformance defects --list`
    #[arg(long, value_name = "NAME", value_parser = super::defects::parse_defect)]
    defect: Option<Defect>,
}

pub(super) fn run(args: EmulatorArgs) -> Result<Exit, Failure> {
    super::runtime()?.block_on(serve(&args))
}

async fn serve(args: &EmulatorArgs) -> Result<Exit, Failure> {
    let listen = args.listen;
    let cannot_listen = |error: std::io::Error| {
        Failure::usage(format!("cannot listen on {listen}: {error}"), "give another address with --listen")
    };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let mut signals = Signals::listen().map_err(|error| Failure::harness("Ctrl-C cannot be caught", &error))?;
    super::print(&format!("http://{address}\n"));
    if let Some(defect) = args.defect {
        anstream::eprintln!("it has the defect {defect}: {}", defect.about().says);
    }
    anstream::eprintln!("the emulator is ready; Ctrl-C stops it");
    let config = Config { defect: args.defect, ..Config::default() };
    server::serve(Emulator::new(config), listener, signals.next())
        .await
        .map_err(|error| Failure::harness("the emulator stopped", &error))?;
    Ok(Exit::Success)
}
