//! Watching files: of the paths that are named, what changes, once it has been quiet for a moment.

use anyhow::Result;
use notify::event::{Event, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

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
            if self.is_change(event) {
                break;
            }
        }
        loop {
            match self.events.recv_timeout(QUIET) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Some(()),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn is_change(&self, event: notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            // Events were lost, perhaps.
            return true;
        };
        // To read is no change, and reading is what follows a change.
        let mut named = event.paths.iter().filter(|path| !is_of_an_editor(path));
        !matches!(event.kind, EventKind::Access(_))
            && named.any(|path| self.paths.iter().any(|watched| path.starts_with(watched)))
    }
}

/// A file that an editor keeps beside the one it writes.
fn is_of_an_editor(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".") || name.ends_with(b"~")
}
