//! `dehusk preview`: a page as it is, with what would go marked, as one HTML file that needs nothing
//! else. What goes is what the filter says; here it is only shown.

mod document;
mod marks;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "serve")]
mod site;
#[cfg(feature = "serve")]
mod watch;

use crate::cli::Preview;
use crate::job::{self, Exit, name_of, stdout};
use anyhow::{Context as _, Result, anyhow, bail};
use document::Previewed;
use std::io::{self, IsTerminal as _, Read as _, Write as _};

/// What is said to those who name several pages.
const SEVERAL: &str = if cfg!(feature = "serve") {
    "several pages: --serve shows them"
} else {
    "several pages: a preview shows one"
};

/// Does what the flags say.
///
/// # Errors
///
/// What the user has to know, in words.
pub(crate) fn run(asked: &Preview) -> Result<Exit> {
    #[cfg(feature = "serve")]
    if asked.serve.serve {
        return serve::run(asked);
    }
    let file = match &asked.files[..] {
        [] => None,
        [file] => Some(file.as_path()),
        _ => bail!(SEVERAL),
    };
    if file.is_none() && io::stdin().is_terminal() {
        bail!("no page: give a file, or pipe one in: curl -s URL | dehusk preview > preview.html");
    }
    let name = name_of(file);
    let options = job::options(&asked.how)?;
    let rules = job::rules(&asked.how)?;
    let mut page = Vec::new();
    job::open(file)?
        .read_to_end(&mut page)
        .with_context(|| format!("cannot read {name}"))?;
    let previewed = Previewed::new(&rules, &options, &page).with_context(|| name.clone())?;
    let html = previewed.html(&name, None)?;
    match stdout()?.write_all(html.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(anyhow!(error).context("cannot write to standard output"));
        }
        _ => {}
    }
    if let Some(why) = &previewed.report.unfiltered {
        eprintln!("dehusk: {name}: {why}; what comes behind is shown as it is");
        return Ok(Exit::Partly);
    }
    Ok(Exit::Filtered)
}
