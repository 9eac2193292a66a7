//! Embeds `selectors/` into the crate: generic files, site files with their hosts, phrase lists.
//! A host that two files serve fails the build; what the files say is checked by the crate's tests.

#[allow(dead_code)]
#[path = "src/rules/parts.rs"]
mod parts;
#[allow(dead_code)]
#[path = "src/words.rs"]
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("selectors");
    let mut out = String::new();

    out.push_str("pub(super) const GENERIC: &[(&str, &str)] = &[\n");
    for path in files(&root.join("generic"), "sel")? {
        writeln!(
            out,
            "({:?}, include_str!({:?})),",
            shown(&root, &path),
            path
        )
        .map_err(io::Error::other)?;
    }
    out.push_str("];\n");

    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    out.push_str("pub(super) const SITES: &[(&[&str], &str, &str)] = &[\n");
    for path in files(&root.join("sites"), "sel")? {
        let hosts = hosts(&path)?;
        let name = shown(&root, &path);
        for host in &hosts {
            if let Some(other) = owners.insert(host.clone(), name.clone()) {
                return Err(io::Error::other(format!(
                    "{host} is served by {other} and by {name}"
                )));
            }
        }
        writeln!(out, "(&{hosts:?}, {name:?}, include_str!({path:?})),")
            .map_err(io::Error::other)?;
    }
    out.push_str("];\n");

    phrases(&root, &mut out)?;

    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("selectors.rs");
    fs::write(target, out)?;
    println!("cargo::rerun-if-changed=selectors");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// The phrase lists: their names, their phrases with the lengths of their first words, their expressions
/// with what their sources say of them (so that it need not be asked when the program starts), and the files for the tests.
fn phrases(root: &Path, out: &mut String) -> io::Result<()> {
    let files = files(&root.join("phrases"), "txt")?;
    let mut phrases = Vec::new();
    let mut expressions = Vec::new();
    for (list, path) in files.iter().enumerate() {
        for line in fs::read_to_string(path)?.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('!') {
                continue;
            }
            match line.strip_prefix('/').and_then(|l| l.strip_suffix('/')) {
                Some(expression) => {
                    let prefixes = parts::prefixes_of(expression).into_iter();
                    let prefixes: Vec<String> = prefixes
                        .map(|prefix| format!("Cow::Borrowed({prefix:?})"))
                        .collect();
                    expressions.push(format!(
                        "({list}, {:?}, Gate::{:?}, &[{}]),\n",
                        parts::ascii_classes(expression),
                        parts::Gate::of(expression),
                        prefixes.join(", "),
                    ));
                }
                None => phrases.push((list, line.to_owned(), words::first_word(line).len())),
            }
        }
    }
    let names: Vec<String> = files.iter().map(|path| stem(path)).collect();
    let written = [
        format!("pub(super) const LISTS: &[&str] = &{names:?};\n"),
        format!("pub(super) static PHRASES: &[BuiltinPhrase] = &{phrases:?};\n"),
        format!(
            "pub(super) static EXPRESSIONS: &[BuiltinExpression] = &[\n{}];\n",
            expressions.concat()
        ),
        "#[cfg(test)]\npub(super) const PHRASE_FILES: &[(&str, &str, &str)] = &[\n".to_owned(),
    ];
    out.extend(written);
    for path in &files {
        let name = shown(root, path);
        writeln!(out, "({:?}, {name:?}, include_str!({path:?})),", stem(path))
            .map_err(io::Error::other)?;
    }
    out.push_str("];\n");
    Ok(())
}

/// The files of a folder with this extension, sorted.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The file's name as it is shown to people: `generic/ads.sel`.
fn shown(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// The hosts that a site file serves: those of its `! hosts:` line, or its own name.
fn hosts(path: &Path) -> io::Result<Vec<String>> {
    let content = fs::read_to_string(path)?;
    let listed: Vec<String> = content
        .lines()
        .filter_map(|line| line.strip_prefix('!')?.trim_start().strip_prefix("hosts:"))
        .flat_map(|hosts| hosts.split(','))
        .map(|host| host.trim().to_ascii_lowercase())
        .collect();
    Ok(if listed.is_empty() {
        vec![stem(path)]
    } else {
        listed
    })
}
