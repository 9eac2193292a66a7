//! From files to a rule set: what serves every page is compiled at once, what serves a site is kept
//! until a page of it comes by.

use super::compile::Compiler;
use super::error::{RuleError, RuleErrors};
use super::kind::Kind;
use super::phrases::PhraseBook;
use super::sheet::{Action, Level, Rule};
use super::source::{ListRule, SiteFile, Source, compile_file, compile_line, hosts_of, try_add};
use super::{Inner, NOT_NAMES, Rules, builtin, file};
use crate::import::{self, Format};
use crate::tag::Name;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::{Arc, Mutex};

/// Name and content of selector files; list, name and content of phrase lists.
type Instead = (Vec<(String, String)>, Vec<(String, String, String)>);

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
    /// What is read in place of the built-in files: rules, phrase lists.
    instead: Option<Instead>,
    files: Vec<(String, String)>,
    phrases: Vec<(String, String, String)>,
    selectors: Vec<String>,
}

impl RulesBuilder {
    pub(super) fn new() -> Self {
        RulesBuilder {
            builtin: true,
            instead: None,
            files: Vec::new(),
            phrases: Vec::new(),
            selectors: Vec::new(),
        }
    }

    /// Whether the built-in selector files are part of the set (they are by default). The built-in
    /// phrase lists are in any case: a list nobody names costs nothing.
    #[must_use]
    pub fn builtin(mut self, yes: bool) -> Self {
        self.builtin = yes;
        self
    }

    /// Selector files (name, content) and phrase lists (list, name, content) in place of the built-in
    /// ones and at their levels: those of a checkout as they are now, say.
    ///
    /// ```
    /// let rules = [("generic/ads.sel".to_owned(), ".promo, p:has-text(@ad)".to_owned())];
    /// let phrases = [("ad".to_owned(), "phrases/ad.txt".to_owned(), "advertisement".to_owned())];
    /// let rules = dehusk::Rules::builder().builtin_from(rules, phrases).build()?;
    /// # Ok::<(), dehusk::RuleErrors>(())
    /// ```
    #[must_use]
    pub fn builtin_from(
        mut self,
        files: impl IntoIterator<Item = (String, String)>,
        phrases: impl IntoIterator<Item = (String, String, String)>,
    ) -> Self {
        self.builtin = true;
        self.instead = Some((files.into_iter().collect(), phrases.into_iter().collect()));
        self
    }

    /// Adds a selector file. `name` is shown in errors and reports; if its last part without
    /// `.sel` is a host (`example.com.sel`), the file serves that host and its subdomains.
    ///
    /// A site file of ftr-site-config or a list of Adblock Plus or uBlock Origin, told by
    /// [`Format::of`](crate::import::Format::of), is read as it is. What cannot be read in one is
    /// passed over; [`import::read`](crate::import::read) says what.
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
        let instead = match &self.instead {
            None => {
                book.add_builtin(builtin::LISTS, builtin::PHRASES, builtin::EXPRESSIONS);
                &[][..]
            }
            Some((_, phrases)) => {
                book.add_builtin(&[], &[], &[]);
                phrases
            }
        };
        for (list, name, content) in instead.iter().chain(&self.phrases) {
            errors.extend(book.add(list, name, content).err());
        }

        let mut set = Collected {
            generic: Compiler::new(&book),
            sites: Vec::new(),
            by_host: FxHashMap::default(),
            errors,
        };
        match self.instead {
            Some((files, _)) if self.builtin => {
                for (name, content) in files {
                    set.add_sel(&name, content, Level::Generic, Level::Site);
                }
            }
            None if self.builtin => set.add_builtin(),
            _ => {}
        }
        for (name, content) in self.files {
            match Format::of(&name, &content) {
                Format::Sel => set.add_sel(&name, content, Level::User, Level::UserSite),
                Format::Ftr => set.add_ftr(&name, content),
                Format::Abp => set.add_list(&name, &content),
            }
        }
        let select: Arc<str> = "-e".into();
        for (i, selector) in self.selectors.iter().enumerate() {
            let line = file::Line {
                number: i + 1,
                indent: 0,
                action: Action::Drop(Kind::Custom),
                selector,
            };
            let (generic, errors) = (&mut set.generic, &mut set.errors);
            compile_line(generic, &select, &line, Level::Select, errors);
        }
        if !set.errors.is_empty() {
            return Err(RuleErrors(set.errors));
        }
        let generic = Arc::new(set.generic.finish(std::iter::empty()));
        let not_names = book.list(NOT_NAMES).into_iter();
        let not_names = not_names.flat_map(|list| book.phrases_of(list));
        let not_names = not_names.map(|word| Name::new(word.as_bytes())).collect();
        Ok(Rules(Arc::new(Inner {
            not_names,
            starts: Mutex::default(),
            generic,
            sites: set.sites,
            has_entities: set.by_host.keys().any(|host| host.ends_with('*')),
            by_host: set.by_host,
            compiled: Mutex::new(FxHashMap::default()),
            book,
        })))
    }
}

/// The parts of a set while its files are read.
struct Collected<'b> {
    generic: Compiler<'b>,
    sites: Vec<SiteFile>,
    by_host: FxHashMap<String, Vec<usize>>,
    errors: Vec<RuleError>,
}

impl Collected<'_> {
    /// Adds rules that serve these hosts.
    fn add_site(&mut self, hosts: impl IntoIterator<Item = String>, file: SiteFile) {
        for host in hosts {
            self.by_host.entry(host).or_default().push(self.sites.len());
        }
        self.sites.push(file);
    }

    fn add_builtin(&mut self) {
        for (name, content) in builtin::GENERIC {
            let name = (*name).into();
            let (generic, errors) = (&mut self.generic, &mut self.errors);
            compile_file(generic, &name, content, Level::Generic, errors);
        }
        for (hosts, name, content) in builtin::SITES {
            let file = SiteFile {
                name: (*name).into(),
                source: Source::Sel(Cow::Borrowed(content)),
                level: Level::Site,
            };
            self.add_site(hosts.iter().map(|host| (*host).to_owned()), file);
        }
    }

    /// Adds a selector file, at one of two levels: that of every page's rules or that of a site's.
    fn add_sel(&mut self, name: &str, content: String, every_page: Level, site: Level) {
        let custom = Action::Drop(Kind::Custom);
        let hosts = hosts_of(name, &file::parse(name, &content, custom, &mut Vec::new()));
        let errors = &mut self.errors;
        if hosts.is_empty() {
            compile_file(
                &mut self.generic,
                &name.into(),
                &content,
                every_page,
                errors,
            );
            return;
        }
        let file = SiteFile {
            name: name.into(),
            source: Source::Sel(content.into()),
            level: site,
        };
        file.compile(&mut Compiler::new(self.generic.book()), errors);
        self.add_site(hosts, file);
    }

    fn add_ftr(&mut self, name: &str, content: String) {
        let Some(host) = import::ftr_host(name) else {
            self.add_global_ftr(name, &content);
            return;
        };
        let file = SiteFile {
            name: name.into(),
            source: Source::Ftr(content),
            level: Level::UserSite,
        };
        self.add_site([host], file);
    }

    /// `global.txt`, whose rules serve every page; no other file may be without a host.
    fn add_global_ftr(&mut self, name: &str, content: &str) {
        let imported = import::read(name, content);
        if imported.rules.is_empty() {
            let reason = "a site file of ftr-site-config is named after its host, example.com.txt";
            let error = RuleError::new(name, 1, 1, "", reason.to_owned());
            self.errors.push(error);
        }
        let name: Arc<str> = name.into();
        for imported in imported.rules {
            let rule = Rule {
                action: Action::Drop(imported.kind),
                level: Level::User,
                file: Arc::clone(&name),
                line: imported.line as u32,
                selector: (&*imported.selector).into(),
            };
            try_add(&mut self.generic, rule);
        }
    }

    /// Adds a list: rules of every page at once, those of sites as text until a page of theirs
    /// comes by.
    fn add_list(&mut self, name: &str, content: &str) {
        let name: Arc<str> = name.into();
        let mut rules: Vec<ListRule> = Vec::new();
        let mut of_host: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        let imported = import::read(&name, content);
        for imported in &imported.rules {
            let action = if imported.except {
                Action::Except
            } else {
                Action::Drop(imported.kind)
            };
            let (excluded, hosts): (Vec<&str>, Vec<&str>) = imported
                .hosts
                .split(',')
                .map(str::trim)
                .filter(|host| !host.is_empty())
                .partition(|host| host.starts_with('~'));
            if hosts.is_empty() {
                let rule = Rule {
                    action,
                    level: Level::User,
                    file: Arc::clone(&name),
                    line: imported.line as u32,
                    selector: (&*imported.selector).into(),
                };
                try_add(&mut self.generic, rule);
            }
            let excluded = excluded
                .into_iter()
                .map(|host| (&host[1..], Action::Except));
            let named = hosts.into_iter().map(|host| (host, action));
            for (host, action) in named.chain(excluded) {
                let is_new = rules.last().is_none_or(|last| {
                    last.line as usize != imported.line || last.action != action
                });
                if is_new {
                    rules.push(ListRule {
                        line: imported.line as u32,
                        action,
                        selector: (&*imported.selector).into(),
                    });
                }
                of_host
                    .entry(host)
                    .or_default()
                    .push(rules.len() as u32 - 1);
            }
        }
        let rules: Arc<[ListRule]> = rules.into();
        for (host, places) in of_host {
            let file = SiteFile {
                name: Arc::clone(&name),
                source: Source::List(Arc::clone(&rules), places),
                level: Level::UserSite,
            };
            self.add_site([host.to_ascii_lowercase()], file);
        }
    }
}
