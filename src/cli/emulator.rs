//! `kms-conformance emulator`: the built-in emulator, served.

use std::net::SocketAddr;

use clap::Args;
use tokio::net::TcpListener;

use super::exit_code::Exit;
use super::failure::Failure;
use super::signals::Signals;
use crate::emulator::{Config, Emulator, server};

/// Flags of `emulator`.
#[derive(Debug, Args)]
pub(super) struct EmulatorArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4599")]
    listen: SocketAddr,
}

pub(super) fn run(args: EmulatorArgs) -> Result<Exit, Failure> {
    super::runtime()?.block_on(serve(args.listen))
}

async fn serve(listen: SocketAddr) -> Result<Exit, Failure> {
    let cannot_listen = |error: std::io::Error| {
        Failure::usage(format!("cannot listen on {listen}: {error}"), "give another address with --listen")
    };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let mut signals = Signals::listen().map_err(|error| Failure::harness("Ctrl-C cannot be caught", &error))?;
    super::print(&format!("http://{address}\n"));
    anstream::eprintln!("the emulator is ready; Ctrl-C stops it");
    server::serve(Emulator::new(Config::default()), listener, signals.next())
        .await
        .map_err(|error| Failure::harness("the emulator stopped", &error))?;
    Ok(Exit::Success)
}
