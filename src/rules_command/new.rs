//! `dehusk rules new`: a draft of a site's selector file, made from its pages.

use crate::cli::Set;
use crate::job::Exit;
use anyhow::Result;
use std::path::PathBuf;

/// Prints the draft.
///
/// # Errors
///
/// A file that cannot be read, a host that is none.
pub(crate) fn run(_host: &str, _files: &[PathBuf], _set: &Set) -> Result<Exit> {
    Ok(Exit::Filtered)
}
