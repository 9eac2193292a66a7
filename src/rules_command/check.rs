//! `dehusk rules check`: what a person should look at before rules are used or sent to others.

use super::{cases, print};
use crate::job::Exit;
use crate::rule_set::{self, Found};
use anyhow::Result;
use dehusk::import::{self, Format, Reason};
use dehusk::lint::{self, Finding, Lint};
use dehusk::{Action, Kind, Rules};
use serde_json::json;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Prints the findings.
///
/// # Errors
///
/// What cannot be read or written.
pub(super) fn run(paths: &[PathBuf], corpus: Option<&Path>, as_json: bool) -> Result<Exit> {
    let found = if paths.is_empty() {
        let shipped = Rules::builtin_files();
        let mut found = rule_set::own()?;
        found
            .rules
            .extend(shipped.map(|(name, content)| (name.to_owned(), content.to_owned())));
        found
    } else {
        let mut found = Found::default();
        for path in paths {
            found.add(path)?;
        }
        found
    };
    let files = found.rules.clone();
    let builder = found.into_set(Rules::builder().builtin(false));
    let mut findings: Vec<Finding> = Vec::new();
    match builder.build() {
        Err(errors) => findings.extend(errors.0.into_iter().map(Finding::from)),
        Ok(rules) => {
            if let Some(corpus) = corpus {
                findings.extend(not_shown(&rules, &files, corpus)?);
            }
        }
    }
    findings.extend(lint::check(&files));
    findings.extend(
        files
            .iter()
            .flat_map(|(name, content)| not_taken(name, content)),
    );
    let order = |f: &Finding| files.iter().position(|(name, _)| *name == f.file);
    findings.sort_by_key(|f| (order(f), f.line, f.column));

    let mut out = String::new();
    for finding in &findings {
        let _ = if as_json {
            let Finding {
                lint,
                file,
                line,
                column,
                selector,
                message,
            } = finding;
            writeln!(
                out,
                "{}",
                json!({
                    "lint": lint.name(), "file": file, "line": line, "column": column,
                    "selector": selector, "message": message,
                })
            )
        } else {
            writeln!(out, "{finding}")
        };
    }
    if !as_json && findings.is_empty() {
        let _ = writeln!(out, "{} files, nothing found", files.len());
    }
    print(&out)?;
    Ok(if findings.is_empty() {
        Exit::Filtered
    } else {
        Exit::Found
    })
}

/// The lines of a collection that its author meant otherwise, or that cannot be done here. What only
/// a browser can do is no finding.
fn not_taken(name: &str, content: &str) -> Vec<Finding> {
    if Format::of(name, content) == Format::Sel {
        return Vec::new();
    }
    let left_out = import::read(name, content)
        .validated(content)
        .left_out
        .into_iter();
    let left_out = left_out.filter(|l| !matches!(l.reason, Reason::NotHtml | Reason::NotAnElement));
    left_out
        .map(|l| Finding {
            lint: Lint::Unreadable,
            file: name.to_owned(),
            line: l.line,
            column: 1,
            selector: l.text.to_owned(),
            message: format!("{}: {}", l.reason, l.detail),
        })
        .collect()
}

/// The rules that drop nothing on any page of a corpus of cases.
fn not_shown(rules: &Rules, files: &[(String, String)], corpus: &Path) -> Result<Vec<Finding>> {
    let mut shown: HashSet<(String, u32)> = HashSet::new();
    for case in cases::find(corpus)? {
        let page = case.page()?;
        let asked = case.options()?.explain(true);
        // Of two rules for the same element one is told; with every kind asked for, rules for comments
        // hide those that are in them.
        for options in [asked.clone(), asked.drop(Kind::ALL)] {
            let report = dehusk::clean(rules, &options, &page[..], std::io::sink())?;
            let removals = report.removals.into_iter();
            shown.extend(removals.map(|r| (r.file.to_string(), r.line)));
        }
    }
    let mut sites: Vec<dehusk::Rule> = rules.generic_rules().to_vec();
    for host in rules.hosts() {
        sites.extend(rules.rules_for(host));
    }
    let mut seen = HashSet::new();
    let idle = sites.into_iter().filter(|rule| {
        let place = (rule.file.to_string(), rule.line);
        matches!(rule.action, Action::Drop(_))
            && files.iter().any(|(name, content)| {
                **name == *rule.file && Format::of(name, content) == Format::Sel
            })
            && !shown.contains(&place)
            && seen.insert(place)
    });
    Ok(idle
        .map(|rule| Finding {
            lint: Lint::NotShown,
            file: rule.file.to_string(),
            line: rule.line as usize,
            column: 1,
            selector: rule.selector.to_string(),
            message: format!("no page of {} shows what it drops", corpus.display()),
        })
        .collect())
}
