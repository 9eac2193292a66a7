//! `dehusk rules test`: pages that have been looked at once, and what should come of them. A case is a
//! folder HOST/CASE with `page.html`, `clean.html` and `explain.txt`; `args` has flags of its own.

use super::print;
use crate::cli::{Cli, Set};
use crate::job::{self, Exit};
use crate::rule_set;
use anyhow::{Context as _, Result, anyhow, bail};
use clap::Parser as _;
use dehusk::{Options, Report, Rules};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// One page, and what is known of it.
pub(super) struct Case {
    host: String,
    folder: PathBuf,
}

/// The cases below a folder: a case itself, a host's, or those of many hosts.
///
/// # Errors
///
/// The folder cannot be read, or holds none.
pub(super) fn find(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    gather(folder, &mut cases)?;
    if cases.is_empty() {
        bail!(
            "{}: no cases; one is a folder HOST/CASE with page.html in it",
            folder.display()
        );
    }
    Ok(cases)
}

/// What is known of a page by where it lies: the host that the folder around it or the next one is
/// called after, and a case's `args`.
///
/// # Errors
///
/// `args` cannot be read.
#[cfg(feature = "serve")]
pub(crate) fn options_of(page: &Path) -> Result<Options> {
    let page = page.canonicalize().unwrap_or_else(|_| page.to_owned());
    let mut folders = page.ancestors().skip(1).take(2);
    let host = folders.find_map(|folder| {
        let name = folder.file_name()?.to_str()?;
        dehusk::host_of(name).filter(|host| host.contains('.'))
    });
    match (host, page.parent()) {
        (Some(host), Some(folder)) => {
            let folder = folder.to_owned();
            Case { host, folder }.options()
        }
        _ => Ok(Options::new()),
    }
}

fn gather(folder: &Path, cases: &mut Vec<Case>) -> Result<()> {
    if folder.join("page.html").is_file() {
        // `.` has no name of its own.
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let host = folder
            .parent()
            .and_then(Path::file_name)
            .unwrap_or_default();
        let host = host.to_string_lossy().into_owned();
        cases.push(Case { host, folder });
        return Ok(());
    }
    for path in rule_set::sorted(folder)? {
        if path.is_dir() && !path.is_symlink() {
            gather(&path, cases)?;
        }
    }
    Ok(())
}

impl Case {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The page's bytes.
    pub(super) fn page(&self) -> Result<Vec<u8>> {
        let path = self.path("page.html");
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The options that the case's `args` and its host say.
    pub(super) fn options(&self) -> Result<Options> {
        let path = self.path("args");
        let args = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            args => args.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let words = ["dehusk"].into_iter().chain(args.split_whitespace());
        let cli = Cli::try_parse_from(words).map_err(|e| anyhow!("{}: {e}", path.display()))?;
        let mut options = Options::new();
        if dehusk::host_of(&self.host).is_some() {
            options = options.url(&format!("https://{}/", self.host));
        }
        job::options_on(options, &cli.filter.how)
    }

    /// What comes out, and what is told of it.
    fn run(&self, rules: &Rules) -> Result<(Vec<u8>, String)> {
        let options = self.options()?.explain(true);
        let mut clean = Vec::new();
        let report = dehusk::clean(rules, &options, &self.page()?[..], &mut clean)?;
        if let Some(why) = &report.unfiltered {
            bail!("{}: {why}", self.path("page.html").display());
        }
        Ok((clean, explained(&report)))
    }
}

/// What `--explain` says.
fn explained(report: &Report) -> String {
    let mut lines: Vec<String> = report.removals.iter().map(ToString::to_string).collect();
    lines.extend(report.prompt.iter().map(ToString::to_string));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Runs the cases of all paths.
///
/// # Errors
///
/// What cannot be read or written.
pub(super) fn run(paths: &[PathBuf], set: &Set, bless: bool) -> Result<Exit> {
    let rules = rule_set::build(rule_set::builder(set)?)?;
    let here = [PathBuf::from("corpus")];
    let mut cases = Vec::new();
    for path in if paths.is_empty() { &here } else { paths } {
        cases.extend(find(path)?);
    }
    let mut out = String::new();
    let mut failed = 0;
    for case in &cases {
        let complaints = try_case(case, &rules, bless)?;
        failed += usize::from(!complaints.is_empty());
        for complaint in complaints {
            let _ = writeln!(out, "{complaint}\n");
        }
    }
    let what = if bless {
        "written anew"
    } else {
        "as they should be"
    };
    let passed = cases.len() - failed;
    let _ = writeln!(out, "{passed} of {} cases {what}", cases.len());
    print(&out)?;
    Ok(if failed == 0 {
        Exit::Filtered
    } else {
        Exit::Found
    })
}

fn try_case(case: &Case, rules: &Rules, bless: bool) -> Result<Vec<String>> {
    let (clean, explained) = case.run(rules)?;
    let mut complaints = Vec::new();
    let page = case.page()?;
    let (page, after) = (
        String::from_utf8_lossy(&page),
        String::from_utf8_lossy(&clean),
    );
    for element in marked(&page).filter(|element| !after.contains(element)) {
        let path = case.path("page.html");
        complaints.push(format!(
            "{}: lost, though marked data-keep\n  {element}",
            path.display()
        ));
    }
    for (name, got) in [
        ("clean.html", clean.as_slice()),
        ("explain.txt", explained.as_bytes()),
    ] {
        let path = case.path(name);
        if bless {
            fs::write(&path, got).with_context(|| format!("cannot write {}", path.display()))?;
            continue;
        }
        match fs::read(&path) {
            Ok(expected) => complaints.extend(difference(&path, &expected, got)),
            Err(error) => {
                complaints.push(format!("{}: {error}; --bless writes it", path.display()))
            }
        }
    }
    Ok(complaints)
}

/// Where two texts begin to differ; `None` if they do not.
fn difference(file: &Path, expected: &[u8], got: &[u8]) -> Option<String> {
    if expected == got {
        return None;
    }
    let mut expected = expected.split_inclusive(|&b| b == b'\n');
    let mut got = got.split_inclusive(|&b| b == b'\n');
    for number in 1.. {
        let (expected, got) = (expected.next(), got.next());
        if expected != got {
            let shown = |line: Option<&[u8]>| match line {
                Some(line) => format!("{:?}", String::from_utf8_lossy(line)),
                None => "the end".to_owned(),
            };
            return Some(format!(
                "{}:{number}\n  expected {}\n  got      {}",
                file.display(),
                shown(expected),
                shown(got)
            ));
        }
    }
    None
}

/// The elements marked with `data-keep`, from the start tag to the first end tag of that name.
fn marked(page: &str) -> impl Iterator<Item = &str> {
    page.match_indices(" data-keep>").filter_map(|(at, _)| {
        let from = page[..at].rfind('<')?;
        let name = page[from + 1..at].split_whitespace().next()?;
        let to = page[at..].find(&format!("</{name}>"))?;
        Some(&page[from..at + to])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs() {
        let file = Path::new("x");
        assert_eq!(difference(file, b"a\nb\n", b"a\nb\n"), None);
        let told = difference(file, b"a\nb\n", b"a\nc\n").unwrap();
        assert!(told.starts_with("x:2\n"), "{told}");
        let told = difference(file, b"a\n", b"a\nc\n").unwrap();
        assert!(told.contains("expected the end"), "{told}");
    }

    #[test]
    fn marked_elements() {
        let page = "<p class=a data-keep>A</p><div><h2 data-keep>B<i>c</i></h2></div>";
        let found: Vec<&str> = marked(page).collect();
        assert_eq!(found, ["<p class=a data-keep>A", "<h2 data-keep>B<i>c</i>"]);
    }
}
