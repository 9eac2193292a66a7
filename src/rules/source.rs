//! What rules are read from: selector files, and collections of others.

use super::compile::Compiler;
use super::error::RuleError;
use super::host::is_host;
use super::kind::Kind;
use super::sheet::{Action, Level, Rule};
use super::{file, selector};
use crate::import;
use std::borrow::Cow;
use std::sync::Arc;

/// A file's rules for some hosts.
pub(super) struct SiteFile {
    pub name: Arc<str>,
    pub source: Source,
    pub level: Level,
}

/// What a site's rules are read from when a page of it comes by.
pub(super) enum Source {
    /// A selector file.
    Sel(Cow<'static, str>),
    /// A file of ftr-site-config.
    Ftr(String),
    /// These rules of a list.
    List(Arc<[ListRule]>, Vec<u32>),
}

/// A rule of a list.
pub(super) struct ListRule {
    pub line: u32,
    pub action: Action,
    pub selector: Box<str>,
}

/// What a file has for some hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRules<'a> {
    /// The hosts, sorted.
    pub hosts: Vec<&'a str>,
    /// The file, as it was named to the builder.
    pub file: &'a str,
    /// Where its rules stand among others.
    pub level: Level,
    /// How many rules it has in each section, in the order of the file.
    pub counts: Vec<(Action, usize)>,
}

impl SiteFile {
    /// The file without its hosts, which it does not know.
    pub(super) fn summary(&self) -> SiteRules<'_> {
        let actions: Vec<Action> = match &self.source {
            Source::Sel(content) => {
                let file = file::parse(
                    &self.name,
                    content,
                    first_action(&self.name),
                    &mut Vec::new(),
                );
                file.lines.iter().map(|line| line.action).collect()
            }
            Source::Ftr(content) => {
                let rules = import::read(&self.name, content).rules;
                rules.iter().map(|rule| Action::Drop(rule.kind)).collect()
            }
            Source::List(rules, places) => {
                let listed = places.iter().filter_map(|&i| rules.get(i as usize));
                listed.map(|rule| rule.action).collect()
            }
        };
        let mut counts: Vec<(Action, usize)> = Vec::new();
        for action in actions {
            match counts.iter_mut().find(|(other, _)| *other == action) {
                Some((_, n)) => *n += 1,
                None => counts.push((action, 1)),
            }
        }
        SiteRules {
            hosts: Vec::new(),
            file: &self.name,
            level: self.level,
            counts,
        }
    }

    /// Adds the file's rules. What a selector file says was checked when the set was built; in a
    /// collection, what cannot be read is passed over, as its other readers do.
    pub(super) fn compile(&self, compiler: &mut Compiler<'_>, errors: &mut Vec<RuleError>) {
        let rule = |line: usize, action, selector: &str| Rule {
            action,
            level: self.level,
            file: Arc::clone(&self.name),
            line: line as u32,
            selector: selector.into(),
        };
        match &self.source {
            Source::Sel(content) => {
                compile_file(compiler, &self.name, content, self.level, errors);
            }
            Source::Ftr(content) => {
                for imported in import::read(&self.name, content).rules {
                    let action = Action::Drop(imported.kind);
                    try_add(compiler, rule(imported.line, action, &imported.selector));
                }
            }
            Source::List(rules, places) => {
                for listed in places.iter().filter_map(|&i| rules.get(i as usize)) {
                    let (line, selector) = (listed.line as usize, &listed.selector);
                    try_add(compiler, rule(line, listed.action, selector));
                }
            }
        }
    }
}

/// Adds a rule of a collection, if it can be read.
pub(super) fn try_add(compiler: &mut Compiler<'_>, rule: Rule) {
    if let Ok(list) = selector::parse(&rule.selector) {
        // A rule that a stream cannot decide does nothing.
        let _ = compiler.add(rule, &list);
    }
}

/// A file's name without its folder and `.sel`.
fn stem_of(name: &str) -> &str {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.strip_suffix(".sel").unwrap_or(base)
}

/// The hosts that a selector file serves, by what it says or by its name; none: every page.
pub(crate) fn hosts_of(name: &str, file: &file::File<'_>) -> Vec<String> {
    let stem = stem_of(name);
    if file.hosts.is_empty() && is_host(stem) {
        vec![stem.to_ascii_lowercase()]
    } else {
        file.hosts.clone()
    }
}

/// What the lines before the first section do, by the file's name.
pub(crate) fn first_action(name: &str) -> Action {
    match stem_of(name) {
        "keep" => Action::Keep,
        "body" => Action::Body,
        "truncated" => Action::Truncated,
        "except" => Action::Except,
        stem => Action::Drop(stem.parse().unwrap_or(Kind::Custom)),
    }
}

pub(super) fn compile_file(
    compiler: &mut Compiler<'_>,
    name: &Arc<str>,
    content: &str,
    level: Level,
    errors: &mut Vec<RuleError>,
) {
    let file = file::parse(name, content, first_action(name), errors);
    for line in &file.lines {
        compile_line(compiler, name, line, level, errors);
    }
}

pub(super) fn compile_line(
    compiler: &mut Compiler<'_>,
    name: &Arc<str>,
    line: &file::Line<'_>,
    level: Level,
    errors: &mut Vec<RuleError>,
) {
    let fail = |column: usize, reason: String| {
        RuleError::new(
            name,
            line.number,
            line.indent + column,
            line.selector,
            reason,
        )
    };
    match selector::parse(line.selector) {
        Ok(list) => {
            let rule = Rule {
                action: line.action,
                level,
                file: Arc::clone(name),
                line: line.number as u32,
                selector: line.selector.into(),
            };
            if let Err(reason) = compiler.add(rule, &list) {
                errors.push(fail(1, reason));
            }
        }
        Err(error) => errors.push(fail(error.column, error.reason)),
    }
}
