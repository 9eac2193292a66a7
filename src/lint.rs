//! What can be wrong with a rule that can be read: it says what another says, can match nothing, or
//! does harm on the next page of the site (`selectors/README.md`, "A rule that does no harm").

mod hashed;
mod never;

pub use hashed::looks_hashed;

use crate::import::Format;
use crate::rules::Action;
use crate::rules::compile::parts_of;
use crate::rules::selector::{self, Css, Pseudo};
use crate::rules::source::{first_action, hosts_of};
use crate::rules::{RuleError, file};
use cssparser::ToCss;
use rustc_hash::FxHashMap;
use selectors::attr::AttrSelectorOperator as Operator;
use selectors::parser::{Component, Selector, SelectorList};
use std::fmt;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lint {
    /// It cannot be read, or a stream cannot decide it.
    Unreadable,
    /// An earlier rule for the same pages says the same.
    Duplicate,
    /// No element can match it.
    NeverMatches,
    /// A part of a class or id of fewer than [`SHORT_PART`] characters is all it asks for.
    ShortSubstring,
    /// The place among siblings is all it asks for.
    Positional,
    /// A class or id that a program made up, and will make up anew.
    HashedName,
    /// No page of the corpus shows what it is for.
    NotShown,
}

impl Lint {
    /// Its name, for people and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lint::Unreadable => "unreadable",
            Lint::Duplicate => "duplicate",
            Lint::NeverMatches => "never-matches",
            Lint::ShortSubstring => "short-substring",
            Lint::Positional => "positional",
            Lint::HashedName => "hashed-name",
            Lint::NotShown => "not-shown",
        }
    }
}

/// Parts of a class or id that are shorter stand in too many words: `ad` is in "headline", `share` in
/// "shareholders".
pub const SHORT_PART: usize = 6;

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub lint: Lint,
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line that was read.
    pub selector: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl From<RuleError> for Finding {
    fn from(error: RuleError) -> Finding {
        Finding {
            lint: Lint::Unreadable,
            file: error.file,
            line: error.line,
            column: error.column,
            selector: error.selector,
            message: error.reason,
        }
    }
}

impl fmt::Display for Finding {
    /// `file:line:column: lint: message`, and below it the rule with a caret under the column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            file, line, column, ..
        } = self;
        writeln!(
            f,
            "{file}:{line}:{column}: {}: {}",
            self.lint.name(),
            self.message
        )?;
        let rule: Vec<char> = self.selector.chars().collect();
        // Of a long line a window around the place is enough.
        let at = column.saturating_sub(1).min(rule.len());
        let from = if rule.len() > WINDOW {
            at.saturating_sub(WINDOW / 4)
        } else {
            0
        };
        let to = (from + WINDOW).min(rule.len());
        let shown = |c: &char| if c.is_control() { '\u{fffd}' } else { *c };
        let before = if from > 0 { "…" } else { "" };
        let after = if to < rule.len() { "…" } else { "" };
        let part: String = rule[from..to].iter().map(shown).collect();
        writeln!(f, "    {before}{part}{after}")?;
        write!(f, "    {}^", " ".repeat(at - from + before.chars().count()))
    }
}

/// Characters of a rule that are shown.
const WINDOW: usize = 100;

/// Where a rule stands.
struct Place<'a> {
    file: &'a str,
    line: &'a file::Line<'a>,
}

impl Place<'_> {
    /// `at` is the part of the rule that it is about.
    fn finding(&self, lint: Lint, at: &str, message: String) -> Finding {
        let selector = self.line.selector;
        let column = selector
            .find(at)
            .map_or(0, |i| selector[..i].chars().count());
        Finding {
            lint,
            file: self.file.to_owned(),
            line: self.line.number,
            column: column + 1,
            selector: self.line.selector.to_owned(),
            message,
        }
    }
}

/// Looks through selector files, each with its name. Files of other forms and rules that cannot be
/// read are passed over: [`RulesBuilder::build`](crate::RulesBuilder::build) tells of these.
#[must_use]
pub fn check(files: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = FxHashMap::default();
    for (name, content) in files {
        if Format::of(name, content) != Format::Sel {
            continue;
        }
        let file = file::parse(name, content, first_action(name), &mut Vec::new());
        let mut hosts = hosts_of(name, &file);
        if hosts.is_empty() {
            hosts.push(String::new());
        }
        for line in &file.lines {
            let place = Place { file: name, line };
            let Ok(list) = selector::parse(line.selector) else {
                continue;
            };
            if line.action != Action::Except {
                findings.extend(look_at(&place, &list));
            }
            findings.extend(duplicate(&place, &list, &hosts, &mut seen));
        }
    }
    findings
}

/// What the rules of a host are known by: what they do, and their selector.
type Seen = FxHashMap<(String, bool, Action, String), String>;

/// Tells of a rule that stands there already for one of the hosts.
fn duplicate(
    place: &Place<'_>,
    list: &SelectorList<Css>,
    hosts: &[String],
    seen: &mut Seen,
) -> Option<Finding> {
    let action = place.line.action;
    let drops = matches!(action, Action::Drop(_));
    // What one rule drops another need not drop, of whatever kind.
    let action = if drops { Action::Except } else { action };
    let here = format!("{}:{}", place.file, place.line.number);
    let mut first = None;
    for selector in list.slice() {
        let css = selector.to_css_string();
        for host in hosts {
            let key = (host.clone(), drops, action, css.clone());
            match seen.get(&key) {
                Some(other) => first = first.or_else(|| Some((css.clone(), other.clone()))),
                None => {
                    seen.insert(key, here.clone());
                }
            }
        }
    }
    let (css, other) = first?;
    let what = if list.len() > 1 {
        format!("{css} ")
    } else {
        String::new()
    };
    Some(place.finding(
        Lint::Duplicate,
        &css,
        format!("{what}stands in {other} already; one of the two can go"),
    ))
}

/// The findings that a rule gives by itself.
fn look_at(place: &Place<'_>, list: &SelectorList<Css>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for selector in list.slice() {
        let Ok(parts) = parts_of(selector) else {
            continue;
        };
        let compounds: Vec<_> = parts
            .iter()
            .map(|(compound, _)| compound.as_slice())
            .collect();
        if let Some(why) = never::why(&parts, place.line.action) {
            findings.push(place.finding(Lint::NeverMatches, "", why));
        }
        if let Some(name) = compounds
            .iter()
            .flat_map(|c| c.iter())
            .find_map(|c| hashed_name(c))
        {
            let message = format!(
                "'{name}' looks made up by a program, which will call it something else tomorrow; \
                 use a name that means something, an attribute, or what the text says"
            );
            findings.push(place.finding(Lint::HashedName, &name, message));
        }
        let Some(subject) = compounds.last() else {
            continue;
        };
        if subject.iter().any(|c| signs(c)) {
            continue;
        }
        if let Some(part) = subject.iter().find_map(|c| short_part(c)) {
            let message = format!(
                "'{part}' stands in many a longer word; ask for whole words, :named({part}), or add \
                 what the element says or holds"
            );
            findings.push(place.finding(Lint::ShortSubstring, part, message));
        } else if is_positional(selector) && !subject.iter().any(|c| part_of_name(c).is_some()) {
            let message = "what comes first or second here is text on the next page; add what it is \
                           called, says or holds";
            findings.push(place.finding(Lint::Positional, ":", message.to_owned()));
        }
    }
    findings
}

/// Whether a simple selector tells husk from text, in part at least: a name, an attribute's value,
/// what the text says or how much it is.
fn signs(component: &Component<Css>) -> bool {
    match component {
        Component::ID(_) | Component::Class(_) => true,
        Component::AttributeInNoNamespace { .. } => part_of_name(component).is_none(),
        Component::NonTSPseudoClass(pseudo) => !matches!(
            pseudo,
            Pseudo::ArticlePage | Pseudo::BeforeHeadline | Pseudo::AfterBody | Pseudo::AfterProse
        ),
        Component::Has(_) => true,
        Component::Is(list) | Component::Where(list) => list
            .slice()
            .iter()
            .all(|s| s.iter_raw_match_order().any(signs)),
        _ => false,
    }
}

/// `[class*="part"]`, `[id*="part"]` and the like.
fn part_of_name(component: &Component<Css>) -> Option<&str> {
    match component {
        Component::AttributeInNoNamespace {
            local_name,
            operator: Operator::Substring | Operator::Prefix | Operator::Suffix,
            value,
            ..
        } if matches!(local_name.as_ref(), "class" | "id") => Some(value.as_ref()),
        _ => None,
    }
}

fn short_part(component: &Component<Css>) -> Option<&str> {
    match component {
        Component::AttributeInNoNamespace {
            operator: Operator::Substring,
            ..
        } => part_of_name(component).filter(|part| {
            part.chars().count() < SHORT_PART
                && !part.ends_with(['-', '_'])
                && !part.starts_with(['-', '_'])
        }),
        _ => None,
    }
}

/// Whether the place among siblings is asked for, of the subject or of what stands around it.
fn is_positional(selector: &Selector<Css>) -> bool {
    selector
        .iter_raw_match_order()
        .any(|c| matches!(c, Component::Nth(_) | Component::NthOf(_)))
}

/// A class or id that a program made up.
fn hashed_name(component: &Component<Css>) -> Option<String> {
    match component {
        Component::ID(name) | Component::Class(name) => {
            looks_hashed(name.as_ref()).then(|| name.as_ref().to_owned())
        }
        Component::AttributeInNoNamespace {
            local_name, value, ..
        } if matches!(local_name.as_ref(), "class" | "id") => value
            .as_ref()
            .split_ascii_whitespace()
            .find(|name| looks_hashed(name))
            .map(str::to_owned),
        Component::Is(list) | Component::Where(list) | Component::Negation(list) => list
            .slice()
            .iter()
            .flat_map(|s| s.iter_raw_match_order())
            .find_map(hashed_name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, content: &str) -> Vec<(Lint, usize)> {
        let findings = check(&[(name.to_owned(), content.to_owned())]);
        findings.into_iter().map(|f| (f.lint, f.line)).collect()
    }

    #[test]
    fn one_rule_at_a_time() {
        for (rule, expected) in [
            (".promo", None),
            ("[class*=\"ad\"]", Some(Lint::ShortSubstring)),
            ("div[id*=share]", Some(Lint::ShortSubstring)),
            ("[class*=\"ad-\"]", None),
            ("[class*=\"advert\"]", None),
            ("[class*=\"ad\"]:max-text-length(20)", None),
            ("[class*=\"ad\"].slot", None),
            ("[src*=\"ad\"]", None),
            ("div:nth-of-type(2)", Some(Lint::Positional)),
            ("article > :first-child", Some(Lint::Positional)),
            ("p:first-child:begins-with(\"Anzeige\")", None),
            (".box > p:nth-of-type(2)", Some(Lint::Positional)),
            (".box > .note:first-child", None),
            (".css-1x7k2q", Some(Lint::HashedName)),
            ("div:is(.sc-gsDKAQ, .x)", Some(Lint::HashedName)),
            ("div[class=\"a kIrNdw\"]", Some(Lint::HashedName)),
            ("body.home", Some(Lint::NeverMatches)),
        ] {
            let expected: Vec<(Lint, usize)> = expected.map(|lint| (lint, 1)).into_iter().collect();
            assert_eq!(found("x.sel", rule), expected, "{rule}");
        }
    }

    #[test]
    fn what_stands_twice() {
        let duplicate = |name: &str, content: &str| {
            let found = found(name, content).into_iter();
            found
                .filter(|(lint, _)| *lint == Lint::Duplicate)
                .map(|(_, line)| line)
                .collect::<Vec<_>>()
        };
        assert_eq!(duplicate("a.sel", ".a\n[ads]\n.b\ndiv > .a,   .a\n"), [4]);
        assert_eq!(
            duplicate("a.sel", "[keep]\n.a\n[body]\n.a\n[ads]\n.a"),
            [0; 0]
        );
        assert_eq!(
            duplicate("a.sel", "p:has-text(\"x\")\np:has-text(\"y\")"),
            [0; 0]
        );
        let two = [
            ("a.de.sel".to_owned(), ".a".to_owned()),
            ("b.de.sel".to_owned(), ".a".to_owned()),
            ("c.sel".to_owned(), "! hosts: b.de, c.de\n.a".to_owned()),
        ];
        let found = check(&two);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("b.de.sel:1"), "{}", found[0]);
    }

    #[test]
    fn a_caret_shows_the_place() {
        let finding = Finding::from(RuleError {
            file: "x.sel".to_owned(),
            line: 3,
            column: 3,
            selector: "p:hover".to_owned(),
            reason: "no".to_owned(),
        });
        assert_eq!(
            finding.to_string(),
            "x.sel:3:3: unreadable: no\n    p:hover\n      ^"
        );
    }
}
