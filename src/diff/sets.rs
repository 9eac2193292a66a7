//! Rule sets as `dehusk diff` names them: files and folders, the built-in rules, several together.

use crate::rule_set::{self, Found};
use anyhow::{Context as _, Result, bail};
use dehusk::Rules;
use std::path::Path;

/// The word for the rules that come with dehusk. A file of this name is `./builtin`.
const BUILTIN: &str = "builtin";

/// The rules of a set: a path, `builtin`, or several of them with `+` between.
///
/// A folder that has what `selectors/` has stands in place of the built-in rules, with its phrases in
/// place of theirs. Rules are called by their places in the folder, so that those of two checkouts have
/// the same names.
///
/// # Errors
///
/// What cannot be read.
pub(super) fn read(named: &str) -> Result<Rules> {
    let mut builder = Rules::builder().builtin(false);
    let mut has_builtin = false;
    for part in parts(named) {
        let path = Path::new(part);
        let is_checkout = rule_set::is_checkout(path);
        if part == BUILTIN || is_checkout {
            if has_builtin {
                bail!(
                    "{named}: {part} stands in the place of the built-in rules, and so does another part"
                );
            }
            has_builtin = true;
        }
        if part == BUILTIN {
            builder = builder.builtin(true);
            continue;
        }
        if is_checkout {
            builder = rule_set::in_their_place(builder, path)?;
            continue;
        }
        let mut found = Found::default();
        found.add(path)?;
        for (name, _) in &mut found.rules {
            *name = short(name, path);
        }
        builder = found.into_set(builder);
    }
    rule_set::build(builder).with_context(|| format!("the rules of {named}"))
}

/// What a set is made of. A path may have a `+` in it.
fn parts(named: &str) -> Vec<&str> {
    if Path::new(named).exists() {
        return vec![named];
    }
    named.split('+').collect()
}

/// A file's name in the folder, or by itself.
fn short(name: &str, root: &Path) -> String {
    let path = Path::new(name);
    let below = path
        .strip_prefix(root)
        .ok()
        .filter(|below| below.file_name().is_some());
    let below = below.or_else(|| path.file_name().map(Path::new));
    below.map_or_else(|| name.to_owned(), |below| below.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_names() {
        assert_eq!(parts("builtin+a.sel"), ["builtin", "a.sel"]);
        assert_eq!(parts("src"), ["src"]);
        for (name, root, expected) in [
            ("/tmp/old/generic/ads.sel", "/tmp/old", "generic/ads.sel"),
            ("/tmp/old/generic/ads.sel", "/tmp/old/", "generic/ads.sel"),
            ("old/x.com.sel", "old/x.com.sel", "x.com.sel"),
            ("x.com.sel", "x.com.sel", "x.com.sel"),
        ] {
            assert_eq!(short(name, Path::new(root)), expected);
        }
    }
}
