//! Where things are written. A file is made under another name and takes its own when it is whole, so
//! whoever finds it finds all of it.

use crate::job::stdout;
use anyhow::{Context as _, Result, anyhow};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that is not yet there.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    /// Where it is to be.
    path: PathBuf,
    /// Where it is; `None` when it is in its place.
    temporary: Option<PathBuf>,
}

impl NewFile {
    /// Makes it, and the folders around it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn create(path: &Path) -> Result<NewFile> {
        let cannot = || format!("cannot write {}", path.display());
        // Where a link leads a file is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(cannot)?;
        let name = path.file_name().ok_or_else(|| anyhow!(cannot()))?;
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.part", std::process::id()));
        let temporary = folder.join(temporary);
        let file = match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            // Of a process that is gone and had the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => File::create(&temporary),
            other => other,
        };
        Ok(NewFile {
            file: file.with_context(cannot)?,
            path,
            temporary: Some(temporary),
        })
    }

    /// It is whole: puts it in its place, with what is to be like the file that it was made from.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn finish(mut self, like: Option<&Like>) -> Result<()> {
        let cannot = || format!("cannot write {}", self.path.display());
        if let Some(like) = like {
            like.give(&self.file).with_context(cannot)?;
        }
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path).with_context(cannot)?;
        }
        self.temporary = None;
        Ok(())
    }

    /// It ends here, whole or not: keeps it beside its place, and says where.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn keep_part(mut self) -> Result<PathBuf> {
        let mut name = self
            .path
            .file_name()
            .map(OsStr::to_owned)
            .unwrap_or_default();
        name.push(".part");
        let part = self.path.with_file_name(name);
        if let Some(temporary) = &self.temporary {
            let cannot = || format!("cannot write {}", part.display());
            fs::rename(temporary, &part).with_context(cannot)?;
        }
        self.temporary = None;
        Ok(part)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// What a cleaned file takes over from the one it was made from: when that was last changed, by which
/// it is known to be up to date, and who may read it.
#[derive(Debug)]
pub(crate) struct Like {
    modified: Option<SystemTime>,
    permissions: fs::Permissions,
    empty: bool,
}

impl Like {
    /// Of a file that is open, before it is read: what changes behind that is seen the next time.
    pub(crate) fn new(metadata: &Metadata) -> Like {
        Like {
            modified: metadata.modified().ok(),
            permissions: metadata.permissions(),
            empty: metadata.len() == 0,
        }
    }

    /// The same, but for the time: a file that is replaced has changed now.
    pub(crate) fn without_time(self) -> Like {
        Like {
            modified: None,
            ..self
        }
    }

    fn give(&self, file: &File) -> io::Result<()> {
        if let Some(time) = self.modified {
            file.set_modified(time)?;
        }
        // Not every file system knows them.
        let _ = file.set_permissions(self.permissions.clone());
        Ok(())
    }

    /// Whether a file is there that was made from this one as it is now. An empty one was not: that is
    /// what a crash of the system may leave.
    pub(crate) fn is_given_to(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|made| {
            made.is_file()
                && self.modified.is_some()
                && made.modified().ok() == self.modified
                && (made.len() > 0 || self.empty)
        })
    }
}

/// A place to write to: standard output, a file to be, or something that is there and no file (a
/// device, a pipe) and is written to as it is.
pub(crate) enum Output {
    Stream(Box<dyn Write>),
    File(NewFile),
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn stdout() -> Result<Output> {
        Ok(Output::Stream(Box::new(stdout()?)))
    }

    /// A file by its name.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn create(path: &Path) -> Result<Output> {
        if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            let there = OpenOptions::new().write(true).open(path);
            let there = there.with_context(|| format!("cannot write {}", path.display()))?;
            return Ok(Output::Stream(Box::new(there)));
        }
        NewFile::create(path).map(Output::File)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stream(stream) => stream.write(bytes),
            Output::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stream(stream) => stream.flush(),
            Output::File(file) => file.flush(),
        }
    }
}

/// Whether two names are those of one file.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
            return (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
