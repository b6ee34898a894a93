//! The binary: parse arguments, start tracing, call the command, map errors to exit codes.

use std::process::ExitCode;

use clap::Parser;
use letterpress::cli::{self, Cli};
use letterpress::telemetry;

fn main() -> ExitCode {
    cli::install_crypto();
    let cli = Cli::parse();
    telemetry::start(cli.is_service());
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("failed to start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => cli::explain(&error),
    }
}
