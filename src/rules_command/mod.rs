//! `dehusk rules …`: what there is, what it does, whether it is sound, where it can be had from.

mod new;

use crate::cli::RulesCommand;
use crate::job::Exit;
use anyhow::{Result, bail};

/// Does what was asked.
///
/// # Errors
///
/// What the user has to know, in words.
pub(crate) fn run(command: &RulesCommand) -> Result<Exit> {
    match command {
        RulesCommand::New { host, files, set } => new::run(host, files, set),
        _ => bail!("not yet"),
    }
}
