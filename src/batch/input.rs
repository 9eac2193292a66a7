//! What records are read from: files, and standard input.

use crate::job::name_of;
use anyhow::{Context as _, Result};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Something to read.
pub(crate) struct Input {
    pub reader: Box<dyn Read + Send>,
    /// `None` is standard input.
    pub path: Option<PathBuf>,
    pub name: String,
    /// What is known of a file.
    pub metadata: Option<Metadata>,
}

impl Input {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn open(path: &Path) -> Result<Input> {
        let name = name_of(Some(path));
        if path.as_os_str() == "-" {
            return Ok(Input {
                reader: Box::new(io::stdin()),
                path: None,
                name,
                metadata: stdin_metadata(),
            });
        }
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let metadata = file.metadata().ok().filter(Metadata::is_file);
        Ok(Input {
            reader: Box::new(file),
            path: Some(path.to_owned()),
            name,
            metadata,
        })
    }

    /// What a message about something in it begins with: nothing if that is standard input.
    pub(crate) fn place(&self) -> String {
        match self.path {
            Some(_) => format!("{}: ", self.name),
            None => String::new(),
        }
    }

    /// Its bytes, if it is a file.
    pub(crate) fn size(&self) -> Option<u64> {
        self.metadata.as_ref().map(Metadata::len)
    }
}

/// Bytes of all inputs; `None` if some are no files.
///
/// # Errors
///
/// One is not there.
pub(crate) fn total_size(paths: &[PathBuf]) -> Result<Option<u64>> {
    let mut total = Some(0);
    for path in paths {
        let known = if path.as_os_str() == "-" {
            stdin_metadata()
        } else {
            let known =
                fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
            known.is_file().then_some(known)
        };
        total = total.zip(known).map(|(sum, known)| sum + known.len());
    }
    Ok(total)
}

/// What is known of the file that is standard input, if it is one.
fn stdin_metadata() -> Option<Metadata> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let file = io::stdin().as_fd().try_clone_to_owned().ok()?;
        File::from(file).metadata().ok().filter(Metadata::is_file)
    }
    #[cfg(not(unix))]
    None
}
