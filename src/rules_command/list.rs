//! `dehusk rules list` and `dehusk rules show`: what there is, and for whom.

use super::print;
use crate::cli::Set;
use crate::job::Exit;
use crate::{rule_set, suggest};
use anyhow::{Result, bail};
use dehusk::{Action, Kind, Rules, SiteRules, host_of};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Sites and kinds, how many rules they have, and from which files.
///
/// # Errors
///
/// Rules that cannot be read, output that cannot be written.
pub(super) fn list(set: &Set, as_json: bool) -> Result<Exit> {
    let rules = rule_set::build(rule_set::builder(set)?)?;
    let files = rules.site_files();
    let kinds = Kind::ALL.map(|kind| (kind, count(&rules, &files, Action::Drop(kind))));
    if as_json {
        return print(&format!("{:#}\n", in_json(&rules, &files, &kinds)));
    }
    let mut out = format!("{:<14} {:>9} {:>9}\n", "KIND", "GENERIC", "SITES");
    for (kind, (generic, sites)) in kinds {
        let _ = writeln!(out, "{kind:<14} {generic:>9} {sites:>9}");
    }
    let width = files.iter().map(|f| name_of(f).chars().count()).max();
    let width = width.unwrap_or(0).clamp("SITE".len(), 40);
    let _ = writeln!(out, "\n{:<width$} {:>6}  FILE", "SITE", "RULES");
    for file in &files {
        let n: usize = file.counts.iter().map(|(_, n)| n).sum();
        let _ = writeln!(out, "{:<width$} {n:>6}  {}", name_of(file), file.file);
    }
    let hosts = rules.hosts().len();
    let _ = writeln!(
        out,
        "\n{hosts} hosts, {} rules for every page",
        rules.generic_rules().len()
    );
    print(&out)
}

/// The first host, and how many more there are.
fn name_of(file: &SiteRules<'_>) -> String {
    match file.hosts.as_slice() {
        [] => String::new(),
        [host] => (*host).to_owned(),
        [host, more @ ..] => format!("{host} +{}", more.len()),
    }
}

/// Rules of a section: for every page, for sites.
fn count(rules: &Rules, files: &[SiteRules<'_>], action: Action) -> (usize, usize) {
    let generic = rules.generic_rules().iter().filter(|r| r.action == action);
    let sites = files.iter().flat_map(|file| &file.counts);
    let sites = sites.filter(|(other, _)| *other == action).map(|(_, n)| n);
    (generic.count(), sites.sum())
}

fn in_json(rules: &Rules, files: &[SiteRules<'_>], kinds: &[(Kind, (usize, usize))]) -> Value {
    let kinds: Map<String, Value> = kinds
        .iter()
        .map(|(kind, (generic, sites))| {
            (
                kind.name().to_owned(),
                json!({ "generic": generic, "sites": sites }),
            )
        })
        .collect();
    let mut generic: Vec<(&str, usize)> = Vec::new();
    for rule in rules.generic_rules() {
        match generic.last_mut() {
            Some((file, n)) if *file == &*rule.file => *n += 1,
            _ => generic.push((&rule.file, 1)),
        }
    }
    let generic: Vec<Value> = generic
        .into_iter()
        .map(|(file, n)| json!({ "file": file, "rules": n }))
        .collect();
    let sites: Vec<Value> = files
        .iter()
        .map(|file| {
            let counts = file.counts.iter();
            let counts: Map<String, Value> = counts
                .map(|(action, n)| (action.name().to_owned(), json!(n)))
                .collect();
            json!({ "hosts": file.hosts, "file": file.file, "level": file.level.name(), "rules": counts })
        })
        .collect();
    json!({ "kinds": kinds, "generic": generic, "sites": sites })
}

/// The rules for a host, the highest first.
///
/// # Errors
///
/// A host that is none, rules that cannot be read, output that cannot be written.
pub(super) fn show(host: &str, set: &Set) -> Result<Exit> {
    let Some(host) = host_of(host) else {
        bail!("{host}: a host such as example.com is wanted, or an address");
    };
    let rules = rule_set::build(rule_set::builder(set)?)?;
    if let Some(meant) = suggest::host(&rules, &host) {
        eprintln!("dehusk: {host}: it has no rules of its own; did you mean {meant}?");
    }
    let rules = rules.rules_for(&host);
    let place = |rule: &dehusk::Rule| format!("{}:{}", rule.file, rule.line);
    let width = rules.iter().map(|r| place(r).chars().count()).max();
    let width = width.unwrap_or(0).min(50);
    let mut out = String::new();
    for rule in &rules {
        let (level, section) = (rule.level.name(), rule.action.name());
        let _ = writeln!(
            out,
            "{level:<9} {section:<12} {:<width$}  {}",
            place(rule),
            rule.selector
        );
    }
    print(&out)
}
