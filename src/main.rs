//! The command: parse, run, say what went wrong.

mod batch;
mod cli;
mod diff;
mod explain;
mod job;
mod preview;
mod rule_set;
mod rules_command;
mod suggest;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::parse();
    let exit = job::run(&cli).unwrap_or_else(|error| {
        eprintln!("dehusk: {error:#}");
        job::Exit::Failed
    });
    ExitCode::from(exit as u8)
}
