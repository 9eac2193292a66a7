//! `dehusk rules import`: what others collected, as selector files.

use super::print;
use crate::job::Exit;
use crate::rule_set::Found;
use anyhow::{Context as _, Result, bail};
use dehusk::import::{self, Format, Reason, SelFile};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Reads, counts and writes.
///
/// # Errors
///
/// What cannot be read or written; no file that could be imported.
pub(super) fn run(paths: &[PathBuf], output: Option<&Path>, left_out: bool) -> Result<Exit> {
    let mut found = Found::default();
    for path in paths {
        found.add(path)?;
    }
    let of_others = |(name, content): &&(String, String)| Format::of(name, content) != Format::Sel;
    let files: Vec<_> = found.rules.iter().filter(of_others).collect();
    if files.is_empty() {
        bail!(
            "nothing to import: a site file of ftr-site-config is named example.com.txt, a list of Adblock Plus or uBlock Origin has lines such as example.com##.promo"
        );
    }
    let mut taken = 0;
    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let mut out = String::new();
    for (name, content) in &files {
        let imported = import::read(name, content).validated(content);
        taken += imported.rules.len();
        for line in &imported.left_out {
            *reasons.entry(line.reason).or_default() += 1;
            if left_out {
                let (reason, detail) = (line.reason.name(), &line.detail);
                let _ = writeln!(
                    out,
                    "{name}:{}: {reason}: {detail}: {}",
                    line.line, line.text
                );
            }
        }
        if output.is_some() {
            for file in import::to_sel(name, &imported) {
                add(&mut written, name, file);
            }
        }
    }
    if let Some(folder) = output {
        write(folder, &written)?;
    }
    let _ = writeln!(out, "{taken:>7}  rules taken from {} files", files.len());
    for (reason, n) in reasons {
        let _ = writeln!(out, "{n:>7}  left out: {reason}");
    }
    if let Some(folder) = output {
        let _ = writeln!(
            out,
            "{:>7}  selector files written to {}",
            written.len(),
            folder.display()
        );
    }
    print(&out)
}

/// Adds a file to be written. Two collections may know the same site; where either of the files is for
/// other sites too, they stay apart.
fn add(files: &mut BTreeMap<String, String>, source: &str, file: SelFile) {
    let names_hosts = |content: &str| content.contains("\n! hosts:");
    match files.get_mut(&file.name) {
        Some(there) if names_hosts(there) || names_hosts(&file.content) => {
            let source = Path::new(source).file_stem().unwrap_or_default();
            let name = format!("{}/{}", source.to_string_lossy(), file.name);
            files.insert(name, file.content);
        }
        Some(there) => {
            there.push('\n');
            there.push_str(&file.content);
        }
        None => {
            files.insert(file.name, file.content);
        }
    }
}

fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    for (name, content) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
