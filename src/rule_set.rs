//! Which rules the flags name: files and folders found and read.

use crate::cli::Set;
use anyhow::{Context as _, Result, anyhow};
use dehusk::import::Format;
use dehusk::{RuleErrors, Rules, RulesBuilder};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Everything the flags name; `select` are selectors by themselves.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn builder(set: &Set, select: &[String]) -> Result<RulesBuilder> {
    let mut builder = Rules::builder().builtin(!set.no_default_selectors);
    if !set.no_config
        && let Some(folder) = config_folder()
        && folder.is_dir()
    {
        builder = add_folder(builder, &folder)?;
    }
    for path in &set.selectors {
        builder = if path.is_dir() {
            add_folder(builder, path)?
        } else {
            add_file(builder, path)?
        };
    }
    for selector in select {
        builder = builder.select(selector);
    }
    Ok(builder)
}

/// Rules that cannot be read, a line each.
pub(crate) fn in_words(errors: RuleErrors) -> anyhow::Error {
    let mut lines = String::new();
    for (i, error) in errors.0.iter().enumerate() {
        if i > 0 {
            lines.push_str("\ndehusk: ");
        }
        lines.push_str(&error.to_string());
    }
    anyhow!(lines)
}

/// `$XDG_CONFIG_HOME/dehusk/selectors`, or the same in `~/.config`.
fn config_folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".config")))?;
    Some(base.join("dehusk").join("selectors"))
}

fn add_file(builder: RulesBuilder, path: &Path) -> Result<RulesBuilder> {
    Ok(builder.file(path.display().to_string(), read(path)?))
}

/// The `.sel` files of a folder and of its subfolders, the lists of its `phrases/`, and what others
/// collected.
fn add_folder(mut builder: RulesBuilder, folder: &Path) -> Result<RulesBuilder> {
    let in_phrases = folder.file_name().is_some_and(|name| name == "phrases");
    for path in sorted(folder)? {
        if path.is_dir() {
            // A link back up would never end.
            if !path.is_symlink() {
                builder = add_folder(builder, &path)?;
            }
        } else if path.extension().is_some_and(|e| e == "sel") {
            builder = add_file(builder, &path)?;
        } else if !in_phrases && path.extension().is_some_and(|e| e == "txt") {
            let content = read(&path)?;
            let name = path.display().to_string();
            // Of other texts in a folder nobody said that they are rules.
            if Format::of(&name, &content) != Format::Sel {
                builder = builder.file(name, content);
            }
        } else if in_phrases && path.extension().is_some_and(|e| e == "txt") {
            let list = path.file_stem().unwrap_or_default().to_string_lossy();
            builder = builder.phrases(list, path.display().to_string(), read(&path)?);
        }
    }
    Ok(builder)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
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
