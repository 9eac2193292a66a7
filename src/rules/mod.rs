//! Rules: what to drop. `Rules` is built once from selector files and shared between filters and
//! threads; the rules of a site are compiled when a page of it comes by.

mod builder;
pub(crate) mod compile;
mod error;
pub(crate) mod file;
pub(crate) mod host;
pub(crate) mod index;
mod kind;
pub(crate) mod needles;
mod parts;
pub(crate) mod pattern;
pub(crate) mod phrases;
pub(crate) mod selector;
pub(crate) mod sheet;
pub(crate) mod source;
pub(crate) mod starts;
pub(crate) mod written;

pub use builder::RulesBuilder;
pub use error::{RuleError, RuleErrors};
pub use host::host_of;
pub use kind::{Kind, KindSet, UnknownKind};
pub use sheet::{Action, Level, Rule};
pub use source::SiteRules;

use crate::tag::Name;
use compile::Compiler;
use phrases::PhraseBook;
use rustc_hash::{FxHashMap, FxHashSet};
use sheet::Sheet;
use source::SiteFile;
use starts::Starts;
use std::cmp::Reverse;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The files of `selectors/`, built in.
mod builtin {
    use super::parts::Gate;
    use super::phrases::{BuiltinExpression, BuiltinPhrase};
    use std::borrow::Cow;

    include!(concat!(env!("OUT_DIR"), "/selectors.rs"));
}

/// Sheets of sites that are kept compiled; a crawl visits few sites at a time.
const SITES_KEPT: usize = 256;

/// The list of words that begin a class or id which is a state or a topic, not a name.
const NOT_NAMES: &str = "not-names";

/// A rule set. Cheap to clone; filters and threads share it.
#[derive(Clone)]
pub struct Rules(Arc<Inner>);

struct Inner {
    book: PhraseBook,
    /// The words of the list [`NOT_NAMES`].
    not_names: FxHashSet<Name>,
    generic: Arc<Sheet>,
    /// Where phrases can begin that the generic rules look for anywhere in a text.
    starts: Mutex<FxHashMap<u64, Arc<Starts>>>,
    sites: Vec<SiteFile>,
    by_host: FxHashMap<String, Vec<usize>>,
    /// Whether any of the hosts is one such as `google.*`.
    has_entities: bool,
    compiled: Mutex<FxHashMap<Vec<usize>, Arc<Sheet>>>,
}

impl Rules {
    /// The rules that dehusk ships.
    ///
    /// They can be read: a test reads every built-in file.
    #[must_use]
    pub fn builtin() -> Rules {
        RulesBuilder::new()
            .build()
            .unwrap_or_else(|_| Rules::none())
    }

    /// No rules at all: a filter with them passes every page through.
    #[must_use]
    pub fn none() -> Rules {
        Rules(Arc::new(Inner {
            book: PhraseBook::default(),
            not_names: FxHashSet::default(),
            generic: Arc::new(Sheet::default()),
            starts: Mutex::default(),
            sites: Vec::new(),
            by_host: FxHashMap::default(),
            has_entities: false,
            compiled: Mutex::new(FxHashMap::default()),
        }))
    }

    /// A builder that begins with the built-in rules.
    #[must_use]
    pub fn builder() -> RulesBuilder {
        RulesBuilder::new()
    }

    /// The hosts that have rules of their own, sorted.
    #[must_use]
    pub fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<&str> = self.0.by_host.keys().map(String::as_str).collect();
        hosts.sort_unstable();
        hosts
    }

    /// The selector files that dehusk ships, name and content.
    pub fn builtin_files() -> impl Iterator<Item = (&'static str, &'static str)> {
        let sites = builtin::SITES
            .iter()
            .map(|(_, name, content)| (*name, *content));
        builtin::GENERIC.iter().copied().chain(sites)
    }

    /// The rules that serve every page, in the order in which they were read.
    #[must_use]
    pub fn generic_rules(&self) -> &[Rule] {
        &self.0.generic.rules
    }

    /// The rules for a page of `host` in order of precedence: of the highest level first, those that
    /// serve every page last among their level. Of rules that match the same element the first gives
    /// its name to what goes.
    #[must_use]
    pub fn rules_for(&self, host: &str) -> Vec<Rule> {
        let site = self.site(host);
        let site = site.iter().flat_map(|sheet| &sheet.rules);
        let mut rules: Vec<Rule> = site.chain(&self.0.generic.rules).cloned().collect();
        rules.sort_by_key(|rule| Reverse(rule.level));
        rules
    }

    /// The files that serve some hosts only, each with its hosts. Rules of a list count as a file for
    /// each of their hosts.
    #[must_use]
    pub fn site_files(&self) -> Vec<SiteRules<'_>> {
        let sites = &self.0.sites;
        let mut files: Vec<SiteRules<'_>> = sites.iter().map(SiteFile::summary).collect();
        for (host, places) in &self.0.by_host {
            for &place in places {
                files[place].hosts.push(host);
            }
        }
        for file in &mut files {
            file.hosts.sort_unstable();
        }
        files.sort_by(|a, b| (&a.hosts, a.level, a.file).cmp(&(&b.hosts, b.level, b.file)));
        files
    }

    pub(crate) fn book(&self) -> &PhraseBook {
        &self.0.book
    }

    /// Whether the first of a class's or an id's words says that it is a state or a topic.
    pub(crate) fn is_no_name(&self, words: &[Name]) -> bool {
        words.len() > 1 && self.0.not_names.contains(&words[0])
    }

    pub(crate) fn generic(&self) -> &Arc<Sheet> {
        &self.0.generic
    }

    /// Where phrases of these lists can begin; worked out once.
    pub(crate) fn starts(&self, lists: u64) -> Arc<Starts> {
        let mut known = lock(&self.0.starts);
        let starts = || Arc::new(self.0.book.starts(lists));
        Arc::clone(known.entry(lists).or_insert_with(starts))
    }

    /// The rules for a host and its parents, compiled; `None` where there are none.
    pub(crate) fn site(&self, host: &str) -> Option<Arc<Sheet>> {
        let mut files: Vec<usize> = host::suffixes(host)
            .filter_map(|suffix| self.0.by_host.get(suffix))
            .flatten()
            .copied()
            .collect();
        if self.0.has_entities {
            let entities = host::entities(host);
            let entities = entities.iter().filter_map(|name| self.0.by_host.get(name));
            files.extend(entities.flatten());
        }
        if files.is_empty() {
            return None;
        }
        let mut compiled = lock(&self.0.compiled);
        if let Some(sheet) = compiled.get(&files) {
            return Some(Arc::clone(sheet));
        }
        let mut compiler = Compiler::new(&self.0.book);
        for &i in &files {
            self.0.sites[i].compile(&mut compiler, &mut Vec::new());
        }
        let mut sheet = compiler.finish(self.0.generic.exceptions());
        sheet.off = self.0.generic.excepted(sheet.exceptions());
        let sheet = Arc::new(sheet);
        if compiled.len() >= SITES_KEPT {
            compiled.clear();
        }
        compiled.insert(files, Arc::clone(&sheet));
        Some(sheet)
    }
}

/// Locks what only remembers: what a thread that panicked left in it is as good as any.
pub(crate) fn lock<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("rules", &self.0.generic.rules.len())
            .field("sites", &self.0.sites.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_can_be_read() {
        if let Err(errors) = Rules::builder().build() {
            panic!("{errors}");
        }
        let rules = Rules::builtin();
        assert!(rules.book().finds_builtin());
        for (list, name, content) in builtin::PHRASE_FILES {
            if let Err(error) = PhraseBook::default().add(list, name, content) {
                panic!("{error}");
            }
            for line in content.lines().map(str::trim) {
                let is_phrase = !line.is_empty() && !line.starts_with(['!', '/']);
                assert!(!is_phrase || phrases::is_folded(line), "{name}: {line}");
            }
        }
        for file in &rules.0.sites {
            let mut errors = Vec::new();
            file.compile(&mut Compiler::new(&rules.0.book), &mut errors);
            assert!(errors.is_empty(), "{}", RuleErrors(errors));
        }
    }

    #[test]
    fn rules_are_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>(_: &T) {}
        let rules = Rules::builder()
            .builtin(false)
            .select(".x")
            .build()
            .unwrap();
        shared(&rules);
        let thread = std::thread::spawn({
            let rules = rules.clone();
            move || {
                crate::clean(
                    &rules,
                    &crate::Options::new(),
                    &b"a<i class=x>b</i>"[..],
                    std::io::sink(),
                )
            }
        });
        let report = thread.join().unwrap().unwrap();
        assert_eq!(report.total().elements, 1);
    }

    #[test]
    fn every_bad_rule_is_told_with_its_place() {
        let errors = Rules::builder()
            .builtin(false)
            .file("a.sel", "[ads]\n  p:hover\n.fine\ndiv:last-child\n")
            .file("example.com.sel", "p:has-text(/(/)")
            .select("a:has(+ b)")
            .build()
            .unwrap_err();
        let places: Vec<(&str, usize)> =
            errors.0.iter().map(|e| (e.file.as_str(), e.line)).collect();
        assert_eq!(
            places,
            [
                ("a.sel", 2),
                ("a.sel", 4),
                ("example.com.sel", 1),
                ("-e", 1)
            ]
        );
        assert_eq!(errors.0[0].column, 5);
    }

    #[test]
    fn the_table_of_refused_selectors() {
        for selector in [
            "p:last-child",
            "p:nth-last-child(2)",
            "p:last-of-type",
            "p:only-child",
            "p:only-of-type",
            "p:has(+ a)",
            "p:has(~ a)",
            "p:has-text(x) > a",
            "div:has(b) a",
            "div:not(:has(b)) a",
            "p::before",
            "a:hover",
            "p:has-text(@no-such-list)",
            "p:upward(2) a",
        ] {
            let result = Rules::builder().builtin(false).select(selector).build();
            assert!(result.is_err(), "{selector}");
        }
    }
}
