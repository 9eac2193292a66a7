//! Watching files: of the paths that are named, what changes, once it has been quiet for a moment.

use crate::batch::PAGES;
use anyhow::Result;
use notify::event::{Event, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Editors write a file in several steps. What follows within this time belongs to one change.
const QUIET: Duration = Duration::from_millis(80);

/// Files and folders that are being watched.
pub(super) struct Watch {
    // Watches as long as it lives.
    _watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    /// The real paths.
    paths: Vec<PathBuf>,
    /// What cannot be watched, in words.
    pub(super) problems: Vec<String>,
}

impl Watch {
    /// Begins to watch. What is not there is left out.
    ///
    /// # Errors
    ///
    /// The system cannot watch files at all.
    pub(super) fn new(paths: &[PathBuf]) -> Result<Watch> {
        let (sender, events) = channel();
        let mut watcher = notify::recommended_watcher(sender)?;
        let mut real = Vec::new();
        let mut watched = BTreeSet::new();
        let mut problems = Vec::new();
        for path in paths {
            let Ok(path) = path.canonicalize() else {
                continue;
            };
            // A file that is written anew is another one below the same name: its folder knows.
            let (place, mode) = match path.parent() {
                Some(parent) if !path.is_dir() => (parent, RecursiveMode::NonRecursive),
                _ => (&*path, RecursiveMode::Recursive),
            };
            if watched.insert((place.to_owned(), mode == RecursiveMode::Recursive))
                && let Err(error) = watcher.watch(place, mode)
            {
                problems.push(format!(
                    "{}: changes will not be seen: {error}",
                    place.display()
                ));
            }
            real.push(path);
        }
        Ok(Watch {
            _watcher: watcher,
            events,
            paths: real,
            problems,
        })
    }

    /// Waits for a change below the paths. `None` if there will be none any more.
    pub(super) fn next(&self) -> Option<()> {
        loop {
            let event = self.events.recv().ok()?;
            if self.is_change(&event) {
                break;
            }
        }
        // Other events, such as those of reading, do not make it less quiet.
        let mut quiet = Instant::now() + QUIET;
        loop {
            let left = quiet.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Some(());
            }
            match self.events.recv_timeout(left) {
                Ok(event) if self.is_change(&event) => quiet = Instant::now() + QUIET,
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn is_change(&self, event: &notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            // Events were lost, perhaps.
            return true;
        };
        // To read is no change, and reading is what follows a change.
        let is_read = matches!(event.kind, EventKind::Access(_));
        event.need_rescan() || !is_read && event.paths.iter().any(|path| self.matters(path))
    }

    /// Whether a path is one that was named, or of a page or a file with rules in a folder that was.
    fn matters(&self, path: &Path) -> bool {
        let mut below = self
            .paths
            .iter()
            .filter_map(|watched| path.strip_prefix(watched).ok());
        below.any(|below| below.as_os_str().is_empty() || is_known(below) && !is_hidden(below))
    }
}

/// What pages and files with rules end in; what ends in nothing is a folder, most likely.
fn is_known(path: &Path) -> bool {
    let Some(extension) = path.extension() else {
        return true;
    };
    let mut known = ["sel", "txt", "gz", "zst"].iter().chain(PAGES);
    known.any(|known| extension.eq_ignore_ascii_case(known))
}

/// What editors and version control keep for themselves.
fn is_hidden(path: &Path) -> bool {
    let mut parts = path.iter();
    parts.any(|part| part.as_encoded_bytes().starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters() {
        let folder = std::env::temp_dir().canonicalize().unwrap();
        let file = std::env::current_exe().unwrap().canonicalize().unwrap();
        let watch = Watch::new(&[folder.clone(), file.clone(), "missing".into()]).unwrap();
        for (path, matters) in [
            (folder.join("a.sel"), true),
            (folder.join("a/page.HTML"), true),
            (folder.join("pages"), true),
            (folder.join("page.htm.gz"), true),
            (folder.join(".a.sel.swp"), false),
            (folder.join(".git/index.txt"), false),
            (folder.join("a.sel~"), false),
            (folder.join("a.png"), false),
            (file.clone(), true),
            (
                file.with_file_name("another.sel"),
                file.starts_with(&folder),
            ),
        ] {
            assert_eq!(watch.matters(&path), matters, "{}", path.display());
        }
    }
}
