//! `dehusk rules …`: what there is, what it does, whether it is sound, where it can be had from.

mod cases;
mod check;
mod import;
mod list;
mod new;

pub(crate) use new::is_inline;

#[cfg(feature = "serve")]
pub(crate) use cases::options_of;

use crate::cli::RulesCommand;
use crate::job::{Exit, stdout};
use anyhow::{Result, anyhow};
use std::io::{self, Write as _};

/// Does what was asked.
///
/// # Errors
///
/// What the user has to know, in words.
pub(crate) fn run(command: &RulesCommand) -> Result<Exit> {
    match command {
        RulesCommand::List { set, json } => list::list(set, *json),
        RulesCommand::Show { host, set } => list::show(host, set),
        RulesCommand::Check {
            paths,
            corpus,
            json,
        } => check::run(paths, corpus.as_deref(), *json),
        RulesCommand::Test { paths, set, bless } => cases::run(paths, set, *bless),
        RulesCommand::Import {
            paths,
            output,
            left_out,
        } => import::run(paths, output.as_deref(), *left_out),
        RulesCommand::New { host, files, set } => new::run(host, files, set),
    }
}

/// Writes to standard output. Whoever has read enough may go.
fn print(text: &str) -> Result<Exit> {
    match stdout()?.write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow!(error).context("cannot write to standard output"))
        }
        _ => Ok(Exit::Filtered),
    }
}
