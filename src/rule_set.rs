//! Which rules the flags name: files and folders found and read.

use crate::cli::Set;
use anyhow::{Context as _, Result, anyhow};
use dehusk::import::Format;
use dehusk::{RuleErrors, Rules, RulesBuilder};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Files with rules and phrases, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Name and content of selector files and of collections.
    pub rules: Vec<(String, String)>,
    /// List, name and content of phrase lists.
    phrases: Vec<(String, String, String)>,
}

impl Found {
    /// Adds a file, or the files of a folder.
    ///
    /// # Errors
    ///
    /// What cannot be read.
    pub(crate) fn add(&mut self, path: &Path) -> Result<()> {
        if path.is_dir() {
            self.add_folder(path, &mut Vec::new())
        } else {
            self.rules.push((path.display().to_string(), read(path)?));
            Ok(())
        }
    }

    /// The `.sel` files of a folder and of its subfolders, the lists of its `phrases/`, and what
    /// others collected. `seen` has the folders that were read, by their real paths: a link to one of
    /// them would never end, or have every rule twice.
    fn add_folder(&mut self, folder: &Path, seen: &mut Vec<PathBuf>) -> Result<()> {
        let real = folder
            .canonicalize()
            .with_context(|| format!("cannot read {}", folder.display()))?;
        if seen.contains(&real) {
            return Ok(());
        }
        seen.push(real);
        let in_phrases = folder.file_name().is_some_and(|name| name == "phrases");
        for path in sorted(folder)? {
            if is_hidden(&path) {
                continue;
            }
            if path.is_dir() {
                self.add_folder(&path, seen)?;
                continue;
            }
            // To read a pipe or a device might take for ever. What is not there is told below.
            if path.exists() && !path.is_file() {
                continue;
            }
            let name = path.display().to_string();
            let ends_with = |extension: &str| path.extension().is_some_and(|e| e == extension);
            if ends_with("sel") {
                self.rules.push((name, read(&path)?));
            } else if ends_with("txt") && in_phrases {
                let list = path.file_stem().unwrap_or_default().to_string_lossy();
                self.phrases.push((list.into_owned(), name, read(&path)?));
            } else if ends_with("txt") {
                let content = read(&path)?;
                // Of other texts in a folder nobody said that they are rules.
                if Format::of(&name, &content) != Format::Sel {
                    self.rules.push((name, content));
                }
            }
        }
        Ok(())
    }

    /// Adds what was found to a set.
    pub(crate) fn into_set(self, mut builder: RulesBuilder) -> RulesBuilder {
        for (name, content) in self.rules {
            builder = builder.file(name, content);
        }
        for (list, name, content) in self.phrases {
            builder = builder.phrases(list, name, content);
        }
        builder
    }
}

/// A file that an editor or a version control system keeps for itself.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// What the rules of a checkout lie in.
const CHECKOUT: [&str; 3] = ["generic", "sites", "phrases"];

/// Whether a folder holds what the selectors/ of a checkout does.
pub(crate) fn is_checkout(folder: &Path) -> bool {
    CHECKOUT.iter().all(|part| folder.join(part).is_dir())
}

/// The rules and phrases of such a folder in place of the built-in ones, called as these are.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn in_their_place(builder: RulesBuilder, folder: &Path) -> Result<RulesBuilder> {
    let mut found = Found::default();
    for part in CHECKOUT {
        found.add(&folder.join(part))?;
    }
    let short = |name: String| {
        let below = Path::new(&name).strip_prefix(folder);
        below.map_or_else(|_| name.clone(), |below| below.display().to_string())
    };
    let rules = found.rules.into_iter();
    let phrases = found.phrases.into_iter();
    Ok(builder.builtin_from(
        rules.map(|(name, content)| (short(name), content)),
        phrases.map(|(list, name, content)| (list, short(name), content)),
    ))
}

/// The folder with the rules of a checkout, if this is one.
#[cfg(feature = "serve")]
pub(crate) fn checkout() -> Option<&'static Path> {
    let folder = Path::new("selectors");
    is_checkout(folder).then_some(folder)
}

/// Everything the flags name; in a checkout its rules as they are now, in place of those built in.
///
/// # Errors
///
/// A file that cannot be read.
#[cfg(feature = "serve")]
pub(crate) fn builder_here(set: &Set) -> Result<RulesBuilder> {
    let builder = builder(set)?;
    match checkout().filter(|_| !set.no_default_selectors) {
        Some(folder) => in_their_place(builder, folder),
        None => Ok(builder),
    }
}

/// Everything the flags name.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn builder(set: &Set) -> Result<RulesBuilder> {
    let mut found = Found::default();
    if !set.no_config {
        found = own()?;
    }
    for path in &set.selectors {
        found.add(path)?;
    }
    Ok(found.into_set(Rules::builder().builtin(!set.no_default_selectors)))
}

/// Where the rules lie that the flags name: files and folders, whether or not they are there.
#[cfg(feature = "serve")]
pub(crate) fn places(set: &Set) -> Vec<PathBuf> {
    let own = config_folder().filter(|_| !set.no_config);
    let here = checkout().filter(|_| !set.no_default_selectors);
    let mut places = set.selectors.clone();
    places.extend(own);
    places.extend(here.map(Path::to_owned));
    places
}

/// The user's own files.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn own() -> Result<Found> {
    let mut found = Found::default();
    if let Some(folder) = config_folder()
        && folder.is_dir()
    {
        found.add(&folder)?;
    }
    Ok(found)
}

/// The set built, or what cannot be read in it, a line each.
///
/// # Errors
///
/// Rules and phrases that cannot be read.
pub(crate) fn build(builder: RulesBuilder) -> Result<Rules> {
    builder.build().map_err(|RuleErrors(errors)| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!(lines.join("\ndehusk: "))
    })
}

/// `$XDG_CONFIG_HOME/dehusk/selectors`, or the same in `~/.config`.
fn config_folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))?;
    Some(base.join("dehusk").join("selectors"))
}

/// What a folder holds, by name.
///
/// # Errors
///
/// The folder cannot be read.
pub(crate) fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).and_then(|entries| {
        entries
            .map(|e| e.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()
    });
    let mut paths = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes)
        .map_err(|_| anyhow!("{}: a selector file must be UTF-8", path.display()))
}
