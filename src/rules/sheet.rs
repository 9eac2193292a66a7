//! Compiled rules. A selector is a chain of nodes, one per compound, each pointing to its left
//! neighbour; a node that other nodes lean on (an ancestor, an earlier sibling, the inside of a
//! `:has()`) is matched once per element, however many rules share it. How a node is matched
//! against an element is left to the matcher.

use super::index::Index;
use super::kind::Kind;
use super::pattern::{Pattern, Place};
use super::phrases::Asked;
use super::selector::{self, Limit, Measure};
use crate::matcher::KnownTypes;
use crate::tag::Name;
use rustc_hash::FxHashSet;
use selectors::attr::AttrSelectorOperator;
use std::sync::Arc;

/// Where a rule stands among the others: a protection holds against its own level and below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// `selectors/generic/`.
    Generic,
    /// `selectors/sites/`.
    Site,
    /// The user's own file for every page.
    User,
    /// The user's own file for a site.
    UserSite,
    /// A selector given by itself, `-e` on the command line.
    Select,
}

impl Level {
    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Generic => "generic",
            Level::Site => "site",
            Level::User => "user",
            Level::UserSite => "user-site",
            Level::Select => "select",
        }
    }
}

/// What a rule does with the elements it matches: the section of the file it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// They go, if their kind is wanted gone.
    Drop(Kind),
    /// `[keep]`: neither the element nor what contains it is dropped.
    Keep,
    /// `[body]`: the article's text is here.
    Body,
    /// `[truncated]`: where this is dropped, the article's text was cut short.
    Truncated,
    /// `[except]`: rules of this selector do not count.
    Except,
}

impl Action {
    /// The name of its section.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Action::Drop(kind) => kind.name(),
            Action::Keep => "keep",
            Action::Body => "body",
            Action::Truncated => "truncated",
            Action::Except => "except",
        }
    }
}

/// One line of a selector file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// Where it stands among others.
    pub level: Level,
    /// The file, as it was named to the builder; `-e` for a selector given by itself.
    pub file: Arc<str>,
    /// Its line in the file, from 1.
    pub line: u32,
    /// The selector list as it was written.
    pub selector: Box<str>,
}

/// A node of a [`Sheet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub u32);

/// How a node is bound to its left neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combinator {
    Child,
    Descendant,
    NextSibling,
    LaterSibling,
}

/// Which ancestors of a match inside `:has()` the match counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// `:has(X)`: every ancestor of the leftmost compound's match.
    Ancestors,
    /// `:has(> X)`: its parent.
    Parent,
    /// `:upward(T)`: the nearest ancestor of the subject's match that this node matches too,
    /// wherever the rest of it stands; every ancestor, if T is not decided at the start tag.
    Upward(Option<NodeId>),
    /// `:upward(n)`: the n-th ancestor of the subject's match.
    Level(u32),
}

/// What a node's match is good for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Uses {
    /// The subject of this rule.
    pub rule: Option<u32>,
    /// Stands left of ` ` or `>`.
    pub ancestor: bool,
    /// Stands left of `+` or `~`.
    pub sibling: bool,
    /// The heading of an `:under()`.
    pub heading: bool,
    /// The inside of a `:has()`.
    pub probe: Option<Anchor>,
}

/// One compound of a selector and what stands to its left.
#[derive(Default)]
pub(crate) struct Node {
    /// Decided by the element's name and class alone, the same for every element that has these.
    pub own: Box<[Test]>,
    /// What the page must have shown: a set of the constants of [`needs`].
    pub needs: u8,
    /// What the start tag has to decide can be asked later too, as long as the element is open: it
    /// depends on name, class and id words, ancestors, earlier siblings and the page so far alone.
    pub late: bool,
    /// Decided at the start tag.
    pub tests: Box<[Test]>,
    /// Decided when the element ends, cheapest first.
    pub deferred: Box<[Test]>,
    pub left: Option<(Combinator, NodeId)>,
    pub uses: Uses,
    /// The probes that the deferred tests wait for.
    pub waits: Box<[NodeId]>,
    /// The highest level of a rule that waits for this node as a probe.
    pub awaited: Option<Level>,
    /// Phrase lists of which one must begin the text, be all of it; 0 if none must.
    pub begins: u64,
    pub exact: u64,
    /// All lists that the deferred tests ask for.
    pub asks: Asked,
    /// How much text must have come before the deferred tests can be decided, in half characters;
    /// `u64::MAX` if only the element's end decides them.
    pub first_alarm: u64,
}

/// Most first words are shorter, in bytes: after so much text it is worth looking which phrases
/// can begin it.
pub(crate) const FIRST_WORD: usize = 16;

/// What the page may have shown, and other things that are told of an element once for all nodes.
pub(crate) mod needs {
    /// `:article-page`
    pub(crate) const ARTICLE_PAGE: u8 = 1;
    /// `:before-headline`
    pub(crate) const BEFORE_HEADLINE: u8 = 2;
    /// `:after-body`
    pub(crate) const AFTER_BODY: u8 = 4;
    /// `:after-prose`
    pub(crate) const AFTER_PROSE: u8 = 8;
    /// A heading that an `:under()` asks for stands above the element.
    pub(crate) const HEADING: u8 = 16;
    /// An earlier sibling is one that a `+` or `~` asks for.
    pub(crate) const SIBLING: u8 = 32;
    /// Rules are tried, not only what others wait for.
    pub(crate) const RULES: u8 = 64;
    /// The element has an id.
    pub(crate) const ID: u8 = 128;
}

/// One selector of an `:is()` or `:not()`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alternative {
    pub node: NodeId,
    /// Its place among the alternatives whose start-tag part a pending candidate remembers.
    pub bit: u8,
    /// The place of its `:is()` or `:not()` among the simple selectors of the compound.
    pub place: u8,
}

/// A simple selector.
pub(crate) enum Test {
    Type(Name),
    /// One of these types: what `:is(div, p)` comes to.
    Types(Box<[Name]>),
    Id(Box<str>),
    Class(Box<str>),
    Attribute(Box<AttributeTest>),
    Root,
    Nth {
        a: i32,
        b: i32,
        of_type: bool,
    },
    Named(Box<[Box<[Name]>]>),
    MatchesPath(Pattern),
    /// The page has shown this, one of [`needs`].
    Page(u8),
    Under(Box<[NodeId]>),
    Any(Box<[Alternative]>),
    Not(Box<[Alternative]>),
    Has(Box<[NodeId]>),
    Text(Place, Pattern),
    /// The source of a script, a style sheet and so on holds this.
    Code(Pattern),
    Length(Measure, Limit),
    MinLinkDensity(u32),
    MaxLinkDensity(u32),
    MinLinks(u32),
    MaxLinkText(u32),
    Empty,
    Repeats,
}

/// `[name op value]`.
pub(crate) struct AttributeTest {
    /// In lower case.
    pub name: Box<str>,
    /// `None`: the attribute is there, whatever its value.
    pub value: Option<(AttrSelectorOperator, Box<str>)>,
    pub ignore_case: bool,
}

/// A set of compiled rules.
#[derive(Default)]
pub(crate) struct Sheet {
    pub nodes: Vec<Node>,
    pub rules: Vec<Rule>,
    pub index: Index,
    /// Of the sheet that serves every page, the subjects of rules that do not count here.
    pub off: FxHashSet<NodeId>,
    /// The highest level of a `[keep]` rule.
    pub keeps: Option<Level>,
    /// The lists of which phrases are looked for anywhere in a text; and of which only `[truncated]` rules
    /// do, that nobody may ask.
    pub scanned: u64,
    pub scanned_if_told: u64,
    /// Whether any rule asks for repeats, or for the place among siblings of a type.
    pub asks_repeats: bool,
    pub asks_types: bool,
    /// Whether any rule asks for the words of names.
    pub asks_words: bool,
    /// Whether any rule asks for the source of scripts and the like.
    pub asks_code: bool,
    /// What the matcher has worked out of it.
    pub known_types: KnownTypes,
}

impl Sheet {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The rules that say which selectors do not count.
    pub(crate) fn exceptions(&self) -> impl Iterator<Item = &Rule> + Clone {
        self.rules
            .iter()
            .filter(|rule| rule.action == Action::Except)
    }

    /// The subjects of this sheet's rules that `exceptions` name: rules of their level and below
    /// with the same selector, or a list that has it.
    pub(crate) fn excepted<'a>(
        &self,
        exceptions: impl Iterator<Item = &'a Rule> + Clone,
    ) -> FxHashSet<NodeId> {
        let mut off = FxHashSet::default();
        if exceptions.clone().next().is_none() {
            return off;
        }
        let mut subjects: Vec<Vec<NodeId>> = vec![Vec::new(); self.rules.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            if let Some(rule) = node.uses.rule {
                subjects[rule as usize].push(NodeId(i as u32));
            }
        }
        for exception in exceptions {
            for (rule, subjects) in self.rules.iter().zip(&subjects) {
                if rule.level > exception.level {
                    continue;
                }
                if rule.selector == exception.selector {
                    off.extend(subjects);
                } else if rule.selector.contains(&*exception.selector) {
                    let same = selector::which_are(&rule.selector, &exception.selector);
                    // With `:upward(a, b)` a selector has several subjects.
                    if same.len() == subjects.len() {
                        let named = subjects.iter().zip(same).filter(|(_, same)| *same);
                        off.extend(named.map(|(node, _)| node));
                    }
                }
            }
        }
        off
    }
}
