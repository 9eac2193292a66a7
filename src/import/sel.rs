//! Imported rules as selector files.

use super::Imported;
use crate::rules::Action;
use crate::rules::host::{is_host, is_host_or_entity};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A selector file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelFile {
    /// Its name: `sites/example.com.sel`, or `easylist.sel` for rules of every page.
    pub name: String,
    /// What it says.
    pub content: String,
}

/// The length at which a line of hosts is broken, in bytes.
const HOSTS_LINE: usize = 100;

/// A rule of a file: what it does, and its selector.
type Entry<'a> = (Action, &'a str);

/// Writes what was read from `name` as selector files: one for each host or for hosts with the same
/// rules, one for what serves every page, sorted by name.
///
/// Rules that were not [validated](Imported::validated) make files that cannot be read.
#[must_use]
pub fn to_sel(name: &str, imported: &Imported<'_>) -> Vec<SelFile> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut every_page = Vec::new();
    let mut by_host: BTreeMap<String, Vec<Entry<'_>>> = BTreeMap::new();
    for rule in &imported.rules {
        let selector = rule.selector.trim();
        if selector.is_empty() || selector.starts_with('!') || selector.contains('\n') {
            continue;
        }
        let action = if rule.except {
            Action::Except
        } else {
            Action::Drop(rule.kind)
        };
        let mut named = false;
        for host in rule.hosts.split(',').map(str::trim) {
            let (host, action) = match host.strip_prefix('~') {
                // An exception to an exception cannot be said.
                Some(_) if rule.except => continue,
                Some(host) => (host, Action::Except),
                None if host.is_empty() => continue,
                None => {
                    named = true;
                    (host, action)
                }
            };
            if is_host_or_entity(host) {
                let entries = by_host.entry(host.to_ascii_lowercase()).or_default();
                entries.push((action, selector));
            }
        }
        if !named {
            every_page.push((action, selector));
        }
    }

    let mut files = Vec::new();
    if !every_page.is_empty() {
        files.push(SelFile {
            name: format!("{}.sel", list_name(base)),
            content: content(base, &[], every_page),
        });
    }
    let mut groups: Vec<(Vec<String>, Vec<Entry<'_>>)> = Vec::new();
    let mut group_of: FxHashMap<Vec<Entry<'_>>, usize> = FxHashMap::default();
    for (host, entries) in by_host {
        if let Some(&group) = group_of.get(&entries) {
            groups[group].0.push(host);
        } else {
            group_of.insert(entries.clone(), groups.len());
            groups.push((vec![host], entries));
        }
    }
    for (hosts, entries) in groups {
        let file = match hosts[0].strip_suffix(".*") {
            Some(host) => format!("{host}.any"),
            None => hosts[0].clone(),
        };
        files.push(SelFile {
            name: format!("sites/{file}.sel"),
            content: content(base, &hosts, entries),
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// The name of a list's file, which must not look like that of a host's.
fn list_name(base: &str) -> String {
    let stem = base.strip_suffix(".txt").unwrap_or(base);
    if is_host(stem) {
        stem.replace('.', "-")
    } else {
        stem.to_owned()
    }
}

/// A file: where it comes from, the hosts that its name does not say, the rules by section.
fn content(source: &str, hosts: &[String], entries: Vec<Entry<'_>>) -> String {
    let mut out = format!("! From {source}.\n");
    if hosts.len() > 1 || hosts.iter().any(|host| host.ends_with('*')) {
        let mut line = String::new();
        for host in hosts {
            if line.len() + host.len() > HOSTS_LINE && !line.is_empty() {
                let _ = writeln!(out, "! hosts: {line}");
                line.clear();
            }
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(host);
        }
        let _ = writeln!(out, "! hosts: {line}");
    }
    let mut sections: Vec<(Action, Vec<&str>)> = Vec::new();
    let mut seen = FxHashSet::default();
    for (action, selector) in entries {
        if !seen.insert((action, selector)) {
            continue;
        }
        match sections.iter_mut().find(|(a, _)| *a == action) {
            Some((_, selectors)) => selectors.push(selector),
            None => sections.push((action, vec![selector])),
        }
    }
    for (action, selectors) in sections {
        let _ = writeln!(out, "\n[{}]", action.name());
        for selector in selectors {
            if looks_like_section(selector) {
                out.push('*');
            }
            out.push_str(selector);
            out.push('\n');
        }
    }
    out
}

/// `[hidden]` would begin a section.
fn looks_like_section(selector: &str) -> bool {
    let inner = selector.strip_prefix('[').and_then(|s| s.strip_suffix(']'));
    inner.is_some_and(|name| name.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import;
    use crate::rules::{Kind, file};
    use std::collections::BTreeSet;

    const LIST: &str = "! Title: Ads of all sorts
##.ad
##[hidden]
~x.example###promo
a.example,b.example##.one
c.example##.one
a.example,b.example##.two > p:has-text(Ad)
a.example##[ad-slot]
www.shop.*,shop.*##.ad-box
sub.a.example#@#.one
#@#.never
c.example,~d.c.example##.one
! *** easylist:easylist_cookie/easylist_cookie_specific_hide.txt ***
c.example##.cookies
";

    #[test]
    fn a_file_for_each_host_and_one_for_every_page() {
        let files = to_sel("lists/ads.txt", &import::read("ads.txt", LIST));
        let shown: Vec<_> = files.iter().map(|f| (&*f.name, &*f.content)).collect();
        assert_eq!(
            shown,
            [
                (
                    "ads.sel",
                    "! From ads.txt.\n\n[ads]\n.ad\n*[hidden]\n#promo\n\n[except]\n.never\n"
                ),
                (
                    "sites/a.example.sel",
                    "! From ads.txt.\n\n[ads]\n.one\n.two > p:has-text(/Ad/)\n[ad-slot]\n"
                ),
                (
                    "sites/b.example.sel",
                    "! From ads.txt.\n\n[ads]\n.one\n.two > p:has-text(/Ad/)\n"
                ),
                (
                    "sites/c.example.sel",
                    "! From ads.txt.\n\n[ads]\n.one\n\n[consent]\n.cookies\n"
                ),
                (
                    "sites/d.c.example.sel",
                    "! From ads.txt.\n! hosts: d.c.example, sub.a.example\n\n[except]\n.one\n"
                ),
                (
                    "sites/shop.any.sel",
                    "! From ads.txt.\n! hosts: shop.*, www.shop.*\n\n[ads]\n.ad-box\n"
                ),
                (
                    "sites/x.example.sel",
                    "! From ads.txt.\n\n[except]\n#promo\n"
                ),
            ]
        );
    }

    /// Host, action and selector of every rule that files have.
    fn rules_of(files: &[SelFile]) -> BTreeSet<(String, &'static str, String)> {
        let mut rules = BTreeSet::new();
        for SelFile { name, content } in files {
            let mut errors = Vec::new();
            let parsed = file::parse(name, content, Action::Drop(Kind::Custom), &mut errors);
            assert_eq!(errors, [], "{name}");
            let stem = name.strip_suffix(".sel").unwrap();
            let mut hosts = parsed.hosts;
            if hosts.is_empty() {
                hosts.push(stem.strip_prefix("sites/").unwrap_or("").to_owned());
            }
            for host in &hosts {
                for line in &parsed.lines {
                    let selector = line.selector.to_owned();
                    rules.insert((host.clone(), line.action.name(), selector));
                }
            }
        }
        rules
    }

    #[test]
    fn files_are_read_back_to_the_same_rules() {
        let many: String = (0..300).map(|i| format!("host-{i}.example,")).collect();
        let list = format!("{LIST}{many}z.example##.many\n");
        let imported = import::read("ads.txt", &list);
        let mut expected = BTreeSet::new();
        for rule in &imported.rules {
            let selector = match &*rule.selector {
                "[hidden]" => "*[hidden]",
                selector => selector,
            };
            let name = if rule.except {
                "except"
            } else {
                rule.kind.name()
            };
            let hosts = || rule.hosts.split(',');
            if !hosts().any(|host| !host.is_empty() && !host.starts_with('~')) {
                expected.insert((String::new(), name, selector.to_owned()));
            }
            for host in hosts().filter(|host| !host.is_empty()) {
                let (host, name) = match host.strip_prefix('~') {
                    Some(host) => (host, "except"),
                    None => (host, name),
                };
                expected.insert((host.to_owned(), name, selector.to_owned()));
            }
        }
        assert_eq!(rules_of(&to_sel("ads.txt", &imported)), expected);
    }

    #[test]
    fn no_line_is_taken_for_something_else() {
        for (selector, written) in [
            ("[hidden]", "*[hidden]"),
            ("[keep]", "*[keep]"),
            ("[data-ad]", "[data-ad]"),
            ("[hidden], [ad]", "[hidden], [ad]"),
            ("[a][b]", "[a][b]"),
        ] {
            let list = format!("##{selector}");
            let files = to_sel("my.txt", &import::read("my.txt", &list));
            assert!(
                files[0].content.ends_with(&format!("]\n{written}\n")),
                "{files:?}"
            );
        }
        let files = to_sel("x.example.txt", &import::read("x.example.txt", "##.ad"));
        assert_eq!(files[0].name, "x-example.sel");
    }
}
