//! Rules: what to drop. `Rules` is built once from selector files and shared between filters and
//! threads; the rules of a site are compiled when a page of it comes by.

mod compile;
mod error;
mod file;
pub(crate) mod host;
pub(crate) mod index;
mod kind;
pub(crate) mod pattern;
pub(crate) mod phrases;
pub(crate) mod selector;
pub(crate) mod sheet;

pub use error::{RuleError, RuleErrors};
pub use host::host_of;
pub use kind::{Kind, KindSet, UnknownKind};
pub use sheet::Level;

use crate::tag::Name;
use compile::Compiler;
use phrases::{PhraseBook, Starts};
use rustc_hash::{FxHashMap, FxHashSet};
use sheet::{Action, Rule, Sheet};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// The files of `selectors/`, built in.
mod builtin {
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
    starts: Arc<Starts>,
    sites: Vec<SiteFile>,
    by_host: FxHashMap<String, Vec<usize>>,
    compiled: Mutex<FxHashMap<Vec<usize>, Arc<Sheet>>>,
}

/// A selector file that serves some hosts.
struct SiteFile {
    name: Arc<str>,
    content: Cow<'static, str>,
    level: Level,
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
            starts: Arc::default(),
            sites: Vec::new(),
            by_host: FxHashMap::default(),
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

    pub(crate) fn starts(&self) -> &Arc<Starts> {
        &self.0.starts
    }

    /// The rules for a host and its parents, compiled; `None` where there are none.
    pub(crate) fn site(&self, host: &str) -> Option<Arc<Sheet>> {
        let files: Vec<usize> = host::suffixes(host)
            .filter_map(|suffix| self.0.by_host.get(suffix))
            .flatten()
            .copied()
            .collect();
        if files.is_empty() {
            return None;
        }
        // The map only caches: what a thread that panicked left in it is as good as any.
        let mut compiled = self
            .0
            .compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sheet) = compiled.get(&files) {
            return Some(Arc::clone(sheet));
        }
        let mut compiler = Compiler::new(&self.0.book);
        for &i in &files {
            let file = &self.0.sites[i];
            // Files are checked when the set is built.
            compile_file(
                &mut compiler,
                &file.name,
                &file.content,
                file.level,
                &mut Vec::new(),
            );
        }
        let sheet = Arc::new(compiler.finish());
        if compiled.len() >= SITES_KEPT {
            compiled.clear();
        }
        compiled.insert(files, Arc::clone(&sheet));
        Some(sheet)
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("rules", &self.0.generic.rules.len())
            .field("sites", &self.0.sites.len())
            .finish()
    }
}

/// Collects selector files and phrase lists into [`Rules`].
///
/// ```
/// let rules = dehusk::Rules::builder()
///     .builtin(false)
///     .file("mine.sel", "[ads]\n.promo, aside:has-text(\"Sponsored\")\n")
///     .select("p.legal")
///     .build()?;
/// # Ok::<(), dehusk::RuleErrors>(())
/// ```
pub struct RulesBuilder {
    builtin: bool,
    files: Vec<(String, String)>,
    phrases: Vec<(String, String, String)>,
    selectors: Vec<String>,
}

impl RulesBuilder {
    fn new() -> Self {
        RulesBuilder {
            builtin: true,
            files: Vec::new(),
            phrases: Vec::new(),
            selectors: Vec::new(),
        }
    }

    /// Whether the built-in selector files are part of the set (they are by default). The built-in
    /// phrase lists always are: a list nobody names costs nothing.
    #[must_use]
    pub fn builtin(mut self, yes: bool) -> Self {
        self.builtin = yes;
        self
    }

    /// Adds a selector file. `name` is shown in errors and reports; if its last part without
    /// `.sel` is a host (`example.com.sel`), the file serves that host and its subdomains.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, content: impl Into<String>) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }

    /// Adds phrases to the list called `list`, which need not exist.
    #[must_use]
    pub fn phrases(
        mut self,
        list: impl Into<String>,
        name: impl Into<String>,
        content: impl Into<String>,
    ) -> Self {
        self.phrases
            .push((list.into(), name.into(), content.into()));
        self
    }

    /// Adds one selector list, of the kind `custom` and the highest level.
    #[must_use]
    pub fn select(mut self, selector: impl Into<String>) -> Self {
        self.selectors.push(selector.into());
        self
    }

    /// Reads everything.
    ///
    /// # Errors
    ///
    /// Every rule and phrase that cannot be read, in the order in which they were added.
    pub fn build(self) -> Result<Rules, RuleErrors> {
        let mut errors = Vec::new();
        let mut book = PhraseBook::default();
        book.add_builtin(builtin::LISTS, builtin::PHRASES, builtin::EXPRESSIONS);
        for (list, name, content) in &self.phrases {
            errors.extend(book.add(list, name, content).err());
        }

        let mut generic = Compiler::new(&book);
        let mut sites: Vec<SiteFile> = Vec::new();
        let mut by_host: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        if self.builtin {
            for (name, content) in builtin::GENERIC {
                compile_file(
                    &mut generic,
                    &(*name).into(),
                    content,
                    Level::Generic,
                    &mut errors,
                );
            }
            for (hosts, name, content) in builtin::SITES {
                for host in *hosts {
                    by_host
                        .entry((*host).to_owned())
                        .or_default()
                        .push(sites.len());
                }
                sites.push(SiteFile {
                    name: (*name).into(),
                    content: Cow::Borrowed(content),
                    level: Level::Site,
                });
            }
        }
        for (name, content) in self.files {
            let stem = stem_of(&name);
            let mut hosts =
                file::parse(&name, &content, Action::Drop(Kind::Custom), &mut Vec::new()).hosts;
            if hosts.is_empty() && host::is_host(stem) {
                hosts.push(stem.to_ascii_lowercase());
            }
            if hosts.is_empty() {
                compile_file(
                    &mut generic,
                    &name.as_str().into(),
                    &content,
                    Level::User,
                    &mut errors,
                );
                continue;
            }
            let file = SiteFile {
                name: name.into(),
                content: Cow::Owned(content),
                level: Level::UserSite,
            };
            let mut check = Compiler::new(&book);
            compile_file(
                &mut check,
                &file.name,
                &file.content,
                file.level,
                &mut errors,
            );
            for host in hosts {
                by_host.entry(host).or_default().push(sites.len());
            }
            sites.push(file);
        }
        let select: Arc<str> = "-e".into();
        for (i, selector) in self.selectors.iter().enumerate() {
            let line = file::Line {
                number: i + 1,
                indent: 0,
                action: Action::Drop(Kind::Custom),
                selector,
            };
            compile_line(&mut generic, &select, &line, Level::Select, &mut errors);
        }
        let generic = Arc::new(generic.finish());
        if !errors.is_empty() {
            return Err(RuleErrors(errors));
        }
        let not_names = book.list(NOT_NAMES).into_iter();
        let not_names = not_names.flat_map(|list| book.phrases_of(list));
        let not_names = not_names.map(|word| Name::new(word.as_bytes())).collect();
        Ok(Rules(Arc::new(Inner {
            not_names,
            starts: Arc::new(book.starts(generic.scanned)),
            book,
            generic,
            sites,
            by_host,
            compiled: Mutex::new(FxHashMap::default()),
        })))
    }
}

/// A file's name without its folder and `.sel`.
fn stem_of(name: &str) -> &str {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.strip_suffix(".sel").unwrap_or(base)
}

fn compile_file(
    compiler: &mut Compiler<'_>,
    name: &Arc<str>,
    content: &str,
    level: Level,
    errors: &mut Vec<RuleError>,
) {
    let first = match stem_of(name) {
        "keep" => Action::Keep,
        "body" => Action::Body,
        "truncated" => Action::Truncated,
        stem => Action::Drop(stem.parse().unwrap_or(Kind::Custom)),
    };
    let file = file::parse(name, content, first, errors);
    for line in &file.lines {
        compile_line(compiler, name, line, level, errors);
    }
}

fn compile_line(
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
            let mut compiler = Compiler::new(&rules.0.book);
            compile_file(
                &mut compiler,
                &file.name,
                &file.content,
                file.level,
                &mut errors,
            );
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
