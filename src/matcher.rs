//! Which rules match which elements. At a start tag the index gives the nodes that can match at
//! all; what the start tag decides is decided, and what needs the element's text or content stays
//! with the element as a pending candidate. What a match does to the output is left to the stream.

mod deferred;
mod element_state;

pub(crate) use element_state::ElementState;

use crate::element::{Element, words_of};
use crate::open_elements::MAX_DEPTH;
use crate::page::{Make, Page};
use crate::rules::index::Index;
use crate::rules::pattern::Pattern;
use crate::rules::phrases::ListId;
use crate::rules::sheet::{
    Action, Alternative, Anchor, AttributeTest, Combinator, Level, Node, NodeId, Rule, Sheet, Test,
    needs,
};
use crate::rules::{Kind, KindSet, Rules};
use crate::tag::{Class, Name, heading_level, name};
use crate::text::{Text, UNITS, fold_into};
use deferred::Hits;
use element_state::Pending;
use rustc_hash::{FxHashMap, FxHasher};
use selectors::attr::CaseSensitivity;
use smallvec::SmallVec;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

/// The list of words that begin a class or id which is a state or a topic, not a name.
const NOT_NAMES: &str = "not-names";

/// Names with classes about which it is remembered what they can match; a page has a few hundred.
const MAX_CACHED_MAKES: usize = 1 << 13;

/// A node of one of the sheets in force: its number, the sheet in the top bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeRef(u32);

impl NodeRef {
    fn new(sheet: usize, node: NodeId) -> NodeRef {
        NodeRef((sheet as u32) << 31 | node.0)
    }

    fn sheet(self) -> usize {
        (self.0 >> 31) as usize
    }

    fn node(self) -> NodeId {
        NodeId(self.0 & 0x7fff_ffff)
    }

    fn sibling(self, node: NodeId) -> NodeRef {
        NodeRef::new(self.sheet(), node)
    }
}

/// A rule of one of the sheets in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleRef {
    sheet: usize,
    rule: u32,
}

/// A sheet, and what open elements mean to its nodes.
struct Active {
    sheet: Arc<Sheet>,
    /// How many open elements match each node.
    open: Vec<u32>,
    /// How many pending candidates wait for each probe.
    waiting: Vec<u32>,
}

impl Active {
    fn new(sheet: Arc<Sheet>) -> Active {
        let n = sheet.nodes.len();
        Active {
            sheet,
            open: vec![0; n],
            waiting: vec![0; n],
        }
    }
}

/// What is known of all elements with this name and class.
pub(crate) struct MakeEntry {
    name: Name,
    class: Box<str>,
    /// Candidates that nothing at the start tag can rule out or decide, but what the page has
    /// shown; their alarms are counted from the element's start.
    ready: Vec<(u8, Pending)>,
    /// The same, of those that a phrase at the beginning must not be missing for: most elements'
    /// first word rules all of them out. And the lists that they ask for.
    unread: Vec<(u8, Pending)>,
    asked: (u64, u64),
    /// Nodes that have more to ask at the start tag.
    rest: Vec<(u8, NodeRef)>,
    /// The words of each class that is a name.
    words: Vec<Words>,
}

/// The words of a class or id.
type Words = SmallVec<[String; 4]>;

/// A start tag that is being matched.
struct Subject<'a, 'e> {
    element: &'a Element<'e>,
    make: &'a MakeEntry,
    /// The words of its id, if that is a name.
    id_words: Option<&'a Words>,
    depth: usize,
    /// What the page has shown, of [`needs`].
    shown: u8,
}

impl Subject<'_, '_> {
    /// Whether a class or the id has all of these words.
    fn is_named(&self, wanted: &[Box<str>]) -> bool {
        self.make.words.iter().chain(self.id_words).any(|words| {
            wanted
                .iter()
                .all(|word| words.iter().any(|w| **w == **word))
        })
    }
}

/// Three-valued truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    No,
    Yes,
    /// Not before more of the element has been seen; the bits tell which alternatives are left.
    Later(u32),
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Truth {
        if yes { Truth::Yes } else { Truth::No }
    }
}

/// Why the candidates of an element are looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Its text has grown.
    Text,
    /// This probe has matched inside.
    Match(NodeRef),
    /// It ends.
    End,
}

/// What the page has shown, of [`needs`], to an element of this make.
fn shown(page: &Page, make: Option<Make>) -> u8 {
    let flag = |yes: bool, flag: u8| if yes { flag } else { 0 };
    flag(page.is_article(), needs::ARTICLE_PAGE)
        | flag(!page.headline_seen(), needs::BEFORE_HEADLINE)
        | flag(
            make.is_some_and(|make| page.after_body(make)),
            needs::AFTER_BODY,
        )
}

/// What else a test may look at.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub text: &'a Text,
    pub page: &'a Page,
    /// Path and query of the page's address.
    pub path: Option<&'a str>,
    /// Text ranges of what has been dropped and may lie in open candidates.
    pub cuts: &'a [(u64, u64)],
}

/// The matcher's verdict on an element that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stays,
    /// A rule would have dropped it, a protection saved it.
    Protected(RuleRef),
    Dropped(RuleRef),
}

/// What an element's start tag led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Plain,
    /// To be dropped as it comes.
    Cut(RuleRef),
    /// Held until it is decided.
    Held,
}

/// Rules at work on one page.
pub(crate) struct Matcher {
    rules: Rules,
    active: Vec<Active>,
    wanted: KindSet,
    /// The highest level of a `[keep]` rule in force.
    keeps: Option<Level>,
    not_names: Option<ListId>,
    stack: Vec<ElementState>,
    /// Elements in use of `stack`; the rest are kept for their buffers.
    len: usize,
    next_uid: u32,
    /// When to look at a candidate again: length of the page's text, element, its depth.
    alarms: BinaryHeap<Reverse<(u64, u32, u32)>>,
    /// What is known of elements by their name and class alone.
    makes: FxHashMap<u64, Rc<MakeEntry>>,
    candidates: Vec<NodeRef>,
    /// Whether any rule asks for the words of names.
    asks_words: bool,
    /// Places in the page's text at which phrases begin, and their lists.
    hits: RefCell<Hits>,
    folded: String,
    /// A rule has come to match since somebody asked.
    news: bool,
}

impl Matcher {
    pub(crate) fn new(rules: &Rules, wanted: KindSet) -> Matcher {
        let generic = Arc::clone(rules.generic());
        Matcher {
            rules: rules.clone(),
            keeps: generic.keeps,
            asks_words: generic.asks_words,
            hits: RefCell::default(),
            active: vec![Active::new(generic)],
            wanted,
            not_names: rules.book().list(NOT_NAMES),
            stack: Vec::new(),
            len: 0,
            next_uid: 0,
            alarms: BinaryHeap::new(),
            makes: FxHashMap::default(),
            candidates: Vec::new(),
            folded: String::new(),
            news: false,
        }
    }

    /// Puts the rules of a site in force, from here on.
    pub(crate) fn add_site(&mut self, sheet: Arc<Sheet>) {
        self.keeps = self.keeps.max(sheet.keeps);
        self.asks_words |= sheet.asks_words;
        self.active.truncate(1);
        self.active.push(Active::new(sheet));
        self.makes.clear();
    }

    pub(crate) fn rule(&self, rule: RuleRef) -> &Rule {
        &self.active[rule.sheet].sheet.rules[rule.rule as usize]
    }

    /// Whether any rule asks for repeats.
    pub(crate) fn asks_repeats(&self) -> bool {
        self.active.iter().any(|a| a.sheet.asks_repeats)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn element(&self, depth: usize) -> &ElementState {
        &self.stack[depth]
    }

    pub(crate) fn element_mut(&mut self, depth: usize) -> &mut ElementState {
        &mut self.stack[depth]
    }

    fn node(&self, r: NodeRef) -> &Node {
        self.active[r.sheet()].sheet.node(r.node())
    }

    /// The state of a new element on top of the stack.
    pub(crate) fn push(&mut self, name: Name, class: Class) -> &mut ElementState {
        if self.len == self.stack.len() {
            self.stack.push(ElementState::default());
        }
        self.next_uid = self.next_uid.wrapping_add(1);
        let state = &mut self.stack[self.len];
        state.reset(self.next_uid, name, class);
        self.len += 1;
        state
    }

    /// Matches the element on top of the stack, whose start tag this is. With `probes_only` (inside
    /// a cut) no rule is tried, only what candidates that are still open may ask for.
    pub(crate) fn enter(
        &mut self,
        element: &Element<'_>,
        context: Context<'_>,
        probes_only: bool,
    ) -> Entered {
        let depth = self.len - 1;
        self.count_among_siblings(depth, element);
        let make = self.make_entry(element);
        let id_words = element
            .id()
            .filter(|_| self.asks_words)
            .map(words_of)
            .filter(|words| !self.is_no_name(words));
        let subject = Subject {
            element,
            make: &make,
            id_words: id_words.as_ref(),
            depth,
            shown: shown(context.page, self.stack[depth].make),
        };
        if !probes_only {
            let now = context.text.counts.text;
            if make
                .unread
                .iter()
                .any(|(needs, _)| needs & !subject.shown == 0)
            {
                self.stack[depth].unread = Some((Rc::clone(&make), subject.shown));
            }
            self.stack[depth].pending.reserve(make.ready.len());
            let ready = make
                .ready
                .iter()
                .filter(|(needs, _)| needs & !subject.shown == 0);
            self.stack[depth]
                .pending
                .extend(ready.map(|(_, pending)| Pending {
                    alarm: pending.alarm.saturating_add(now),
                    ..*pending
                }));
        }
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        let rest = make
            .rest
            .iter()
            .filter(|(needs, _)| needs & !subject.shown == 0);
        candidates.extend(rest.map(|(_, node)| *node));
        self.collect_attributes(&subject, &mut candidates);
        for &candidate in &candidates {
            if !self.is_asked(candidate, element, probes_only) {
                continue;
            }
            match self.at_start(candidate, &subject, context) {
                Truth::No => {}
                Truth::Yes => self.matched(candidate, depth, context),
                Truth::Later(bits) => self.add_pending(candidate, bits, depth, context),
            }
        }
        self.candidates = candidates;
        if let Some(rule) = self.stack[depth].drop
            && self.can_cut_now(depth, rule)
        {
            return Entered::Cut(rule);
        }
        self.set_alarm(depth, context.text.counts.text);
        if self.stack[depth].is_held() {
            Entered::Held
        } else {
            Entered::Plain
        }
    }

    /// What is known of an element by its name and class alone; from the cache, unless its id may
    /// have a say.
    fn make_entry(&mut self, element: &Element<'_>) -> Rc<MakeEntry> {
        let class = element.class().unwrap_or_default();
        let key = {
            let mut hasher = FxHasher::default();
            element.name.hash(&mut hasher);
            class.hash(&mut hasher);
            hasher.finish()
        };
        if let Some(entry) = self.makes.get(&key)
            && entry.name == element.name
            && *entry.class == *class
        {
            return Rc::clone(entry);
        }
        let mut nodes = Vec::new();
        self.collect_make(element, class, &mut nodes);
        let mut entry = MakeEntry {
            name: element.name,
            class: class.into(),
            ready: Vec::new(),
            unread: Vec::new(),
            asked: (0, 0),
            rest: Vec::new(),
            words: if self.asks_words {
                element
                    .classes()
                    .map(words_of)
                    .filter(|words| !self.is_no_name(words))
                    .collect()
            } else {
                Vec::new()
            },
        };
        for r in nodes {
            let own = &self.node(r).own;
            if !own.iter().all(|test| self.test_own(test, r, element)) {
                continue;
            }
            let node = self.node(r);
            let uses = &node.uses;
            let only_rule =
                !(uses.ancestor || uses.sibling || uses.heading || uses.probe.is_some());
            if only_rule && !self.is_wanted(r) {
                continue;
            }
            let at_once = node.tests.is_empty() && node.left.is_none() && node.waits.is_empty();
            let has_alternatives = |test: &Test| matches!(test, Test::Any(_) | Test::Not(_));
            if only_rule
                && at_once
                && !node.deferred.is_empty()
                && !node.deferred.iter().any(has_alternatives)
            {
                let mut pending = self.pending_of(r, 0);
                pending.alarm = node.first_alarm;
                if pending.drops && pending.begins | pending.exact != 0 {
                    entry.asked.0 |= pending.begins;
                    entry.asked.1 |= pending.exact;
                    entry.unread.push((node.needs, pending));
                } else {
                    entry.ready.push((node.needs, pending));
                }
            } else {
                entry.rest.push((node.needs, r));
            }
        }
        if self.makes.len() >= MAX_CACHED_MAKES {
            self.makes.clear();
        }
        let entry = Rc::new(entry);
        self.makes.insert(key, Rc::clone(&entry));
        entry
    }

    /// Whether no protection can come that saves the element from `rule`.
    fn can_cut_now(&self, depth: usize, rule: RuleRef) -> bool {
        let level = self.rule(rule).level;
        self.keeps.is_none_or(|keeps| keeps < level)
            && !self.stack[depth].class.has(Class::NEVER_DROPPED)
    }

    fn count_among_siblings(&mut self, depth: usize, element: &Element<'_>) {
        let asks_types = self.active.iter().any(|a| a.sheet.asks_types);
        if depth > 0 {
            let parent = &mut self.stack[depth - 1];
            parent.children += 1;
            if asks_types {
                parent.count_type(element.name);
            }
        }
    }

    fn is_asked(&self, candidate: NodeRef, element: &Element<'_>, probes_only: bool) -> bool {
        let uses = &self.node(candidate).uses;
        if uses.ancestor || uses.sibling {
            return true;
        }
        if uses.probe.is_some()
            && self.active[candidate.sheet()].waiting[candidate.node().0 as usize] > 0
        {
            return true;
        }
        if uses.heading && element.class_of_name.has(Class::HEADING) {
            return true;
        }
        !probes_only && uses.rule.is_some() && self.is_wanted(candidate)
    }

    /// Whether the rule of a node has something to say about pages filtered as this one is.
    fn is_wanted(&self, r: NodeRef) -> bool {
        self.node(r).uses.rule.is_some_and(|rule| {
            match self.active[r.sheet()].sheet.rules[rule as usize].action {
                // Comments are told from article text, dropped or not.
                Action::Drop(kind) => self.wanted.contains(kind) || kind == Kind::Comments,
                Action::Keep | Action::Body => true,
            }
        })
    }

    /// The nodes that can match an element by its name and class.
    fn collect_make(&self, element: &Element<'_>, class: &str, out: &mut Vec<NodeRef>) {
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
            let mut add = |ids: &[NodeId]| {
                out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
            };
            add(&index.universal);
            if let Some(ids) = index.types.get(&element.name) {
                add(ids);
            }
            for token in class.split_ascii_whitespace() {
                if let Some(ids) = index.classes.get(token) {
                    out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
                }
                if !index.words.is_empty() {
                    self.add_words(sheet, token, out);
                }
            }
            if element.class.is_some() {
                add_attribute(index, "class", class, sheet, out);
            }
        }
        out.sort_unstable();
        out.dedup();
    }

    /// The nodes that can match an element by its id and other attributes, added to those that can
    /// by name and class.
    fn collect_attributes(&self, subject: &Subject<'_, '_>, out: &mut Vec<NodeRef>) {
        let element = subject.element;
        let before = out.len();
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
            if !index.attributes.is_empty() {
                for (name, value) in &element.attributes {
                    if &**name != "class" {
                        add_attribute(index, name, value, sheet, out);
                    }
                }
            }
            if let Some(id) = element.id() {
                if let Some(ids) = index.ids.get(id) {
                    out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
                }
            }
            for word in subject.id_words.into_iter().flatten() {
                if let Some(ids) = index.words.get(word.as_str()) {
                    out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
                }
            }
        }
        if out.len() > before {
            out.sort_unstable();
            out.dedup();
        }
    }

    fn add_words(&self, sheet: usize, name: &str, out: &mut Vec<NodeRef>) {
        let words = words_of(name);
        if self.is_no_name(&words) {
            return;
        }
        let index = &self.active[sheet].sheet.index;
        for word in &words {
            if let Some(ids) = index.words.get(word.as_str()) {
                out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
            }
        }
    }

    /// Whether the first of these words says that they are a state or a topic.
    fn is_no_name(&self, words: &[String]) -> bool {
        words.len() > 1
            && self
                .not_names
                .is_some_and(|list| self.rules.book().has_word(list, &words[0]))
    }

    /// What the start tag says of a node.
    fn at_start(&self, r: NodeRef, subject: &Subject<'_, '_>, context: Context<'_>) -> Truth {
        let node = self.node(r);
        if node.needs & !subject.shown != 0 {
            return Truth::No;
        }
        for test in node.own.iter().chain(&node.tests) {
            if !self.test_at_start(test, r, subject, context) {
                return Truth::No;
            }
        }
        if let Some((combinator, left)) = node.left
            && !self.is_left(combinator, r.sibling(left), subject.depth)
        {
            return Truth::No;
        }
        if node.deferred.is_empty() {
            return Truth::Yes;
        }
        let mut bits = 0;
        for test in &node.deferred {
            if let Test::Any(alternatives) | Test::Not(alternatives) = test {
                for alternative in alternatives {
                    let truth = self.at_start(r.sibling(alternative.node), subject, context);
                    match truth {
                        Truth::No => {}
                        // An alternative that is certain has no deferred tests to fail.
                        Truth::Yes if matches!(test, Test::Not(_)) => return Truth::No,
                        Truth::Yes => bits |= 1 << alternative.bit,
                        Truth::Later(inner) => bits |= inner | 1 << alternative.bit,
                    }
                }
            }
        }
        Truth::Later(bits)
    }

    fn is_left(&self, combinator: Combinator, left: NodeRef, depth: usize) -> bool {
        let Some(parent) = depth.checked_sub(1).map(|d| &self.stack[d]) else {
            return false;
        };
        match combinator {
            Combinator::Child => parent.matches.contains(&left),
            // The element itself is flagged only after its own tests.
            Combinator::Descendant => {
                let open = self.active[left.sheet()].open[left.node().0 as usize];
                open > u32::from(self.stack[depth].matches.contains(&left))
            }
            Combinator::NextSibling => parent.last_child.contains(&left),
            Combinator::LaterSibling => parent.earlier_children.contains(&left),
        }
    }

    /// A test that asks for nothing but name and class.
    fn test_own(&self, test: &Test, r: NodeRef, element: &Element<'_>) -> bool {
        let matches = |a: &Alternative| {
            let r = r.sibling(a.node);
            self.node(r)
                .own
                .iter()
                .all(|test| self.test_own(test, r, element))
        };
        match test {
            Test::Type(name) => element.name == *name,
            Test::Types(names) => names.contains(&element.name),
            Test::Class(class) => element.classes().any(|c| c == &**class),
            Test::Attribute(test) => attribute_matches(test, element),
            Test::Any(alternatives) => alternatives.iter().any(matches),
            Test::Not(alternatives) => !alternatives.iter().any(matches),
            _ => false,
        }
    }

    fn test_at_start(
        &self,
        test: &Test,
        r: NodeRef,
        subject: &Subject<'_, '_>,
        context: Context<'_>,
    ) -> bool {
        let Subject { element, depth, .. } = *subject;
        match test {
            Test::Type(name) => element.name == *name,
            Test::Types(names) => names.contains(&element.name),
            Test::Id(id) => element.id() == Some(&**id),
            Test::Class(class) => element.classes().any(|c| c == &**class),
            Test::Attribute(test) => attribute_matches(test, element),
            Test::Root => depth == 0 && element.name == name::HTML,
            Test::Nth { a, b, of_type } => {
                let place = match depth.checked_sub(1).map(|d| &self.stack[d]) {
                    Some(parent) if *of_type => parent.of_type(element.name),
                    Some(parent) => parent.children,
                    None => 1,
                };
                is_nth(*a, *b, place)
            }
            Test::Named(alternatives) => alternatives.iter().any(|words| subject.is_named(words)),
            Test::MatchesPath(pattern) => context.path.is_some_and(|path| match pattern {
                Pattern::Literal(part) => path.to_lowercase().contains(&**part),
                Pattern::Expression(expression) => expression.is_match(path),
                Pattern::List(list) => {
                    let mut folded = String::new();
                    fold_into(path, &mut folded);
                    self.rules.book().found(*list, &folded)
                }
            }),
            Test::Page(needs) => needs & !subject.shown == 0,
            Test::Under(nodes) => depth.checked_sub(1).is_some_and(|d| {
                self.stack[d].headings.iter().any(|heading| {
                    nodes
                        .iter()
                        .any(|&n| heading.matches.contains(&r.sibling(n)))
                })
            }),
            Test::Any(alternatives) => alternatives
                .iter()
                .any(|a| self.at_start(r.sibling(a.node), subject, context) == Truth::Yes),
            Test::Not(alternatives) => alternatives
                .iter()
                .all(|a| self.at_start(r.sibling(a.node), subject, context) == Truth::No),
            // Deferred tests are never asked here.
            _ => false,
        }
    }

    fn pending_of(&self, r: NodeRef, bits: u32) -> Pending {
        let node = self.node(r);
        let drops = node.uses.rule.is_some_and(|rule| {
            matches!(
                self.active[r.sheet()].sheet.rules[rule as usize].action,
                Action::Drop(kind) if self.wanted.contains(kind)
            )
        });
        Pending {
            node: r,
            bits,
            drops,
            begins: node.begins,
            exact: node.exact,
            alarm: u64::MAX,
            due: false,
        }
    }

    fn add_pending(&mut self, node: NodeRef, bits: u32, depth: usize, context: Context<'_>) {
        let mut pending = self.pending_of(node, bits);
        let first = self.node(node).first_alarm;
        pending.alarm = first.saturating_add(context.text.counts.text);
        let active = &mut self.active[node.sheet()];
        for probe in &active.sheet.node(node.node()).waits {
            active.waiting[probe.0 as usize] += 1;
        }
        self.stack[depth].pending.push(pending);
    }

    /// A node is certain to match the element at this depth.
    fn matched(&mut self, r: NodeRef, depth: usize, context: Context<'_>) {
        let uses = self.node(r).uses;
        if uses.ancestor {
            self.stack[depth].matches.push(r);
            self.active[r.sheet()].open[r.node().0 as usize] += 1;
        }
        if uses.sibling {
            self.stack[depth].as_sibling.push(r);
        }
        if uses.heading && self.stack[depth].class.has(Class::HEADING) {
            self.stack[depth].as_heading.push(r);
        }
        if let Some(anchor) = uses.probe {
            self.fire(r, anchor, depth, context);
        }
        let Some(rule) = uses.rule else { return };
        let rule = RuleRef {
            sheet: r.sheet(),
            rule,
        };
        let Rule { action, level, .. } = *self.rule(rule);
        match action {
            Action::Keep => {
                for state in &mut self.stack[..=depth] {
                    state.protected = state.protected.max(Some(level));
                }
            }
            Action::Body => self.stack[depth].named_body = true,
            Action::Drop(kind) if !self.wanted.contains(kind) => {
                self.stack[depth].aside |= kind == Kind::Comments;
            }
            Action::Drop(_) if self.stack[depth].class.has(Class::NEVER_DROPPED) => {}
            Action::Drop(_) => {
                let better = self.stack[depth]
                    .drop
                    .is_none_or(|other| self.rule(other).level < level);
                if better {
                    self.stack[depth].drop = Some(rule);
                    self.news = true;
                }
            }
        }
    }

    /// The inside of a `:has()` has matched at `depth`: tells the ancestors it counts for.
    fn fire(&mut self, probe: NodeRef, anchor: Anchor, depth: usize, context: Context<'_>) {
        match anchor {
            Anchor::Level(n) => {
                if let Some(ancestor) = depth.checked_sub(n as usize) {
                    self.tell(probe, ancestor, context);
                }
            }
            Anchor::Upward => self.tell_below(probe, depth, context),
            Anchor::Parent | Anchor::Ancestors => {
                let mut leftmost = Vec::new();
                self.leftmost(probe, depth, &mut leftmost);
                for depth in leftmost {
                    if anchor == Anchor::Ancestors {
                        self.tell_below(probe, depth, context);
                    } else if let Some(parent) = depth.checked_sub(1) {
                        self.tell(probe, parent, context);
                    }
                }
            }
        }
    }

    /// The depths at which the leftmost compound of a chain matches, given that its last one does
    /// at `depth`.
    fn leftmost(&self, r: NodeRef, depth: usize, out: &mut Vec<usize>) {
        let Some((combinator, left)) = self.node(r).left else {
            out.push(depth);
            return;
        };
        let left = r.sibling(left);
        match combinator {
            Combinator::NextSibling | Combinator::LaterSibling => self.leftmost(left, depth, out),
            Combinator::Child => {
                if let Some(parent) = depth.checked_sub(1) {
                    self.leftmost(left, parent, out);
                }
            }
            Combinator::Descendant => {
                for ancestor in (0..depth).rev() {
                    if self.stack[ancestor].matches.contains(&left) {
                        self.leftmost(left, ancestor, out);
                    }
                }
            }
        }
    }

    fn tell_below(&mut self, probe: NodeRef, depth: usize, context: Context<'_>) {
        for ancestor in (0..depth).rev() {
            // Whoever was told already has told those below.
            if self.stack[ancestor].fired.contains(&probe) {
                break;
            }
            self.tell(probe, ancestor, context);
        }
    }

    fn tell(&mut self, probe: NodeRef, depth: usize, context: Context<'_>) {
        if self.stack[depth].fired.contains(&probe) {
            return;
        }
        self.stack[depth].fired.push(probe);
        if self.stack[depth].is_candidate() {
            self.review(depth, Occasion::Match(probe), context);
        }
    }

    /// The page's text has grown: looks again at the candidates that wanted to know.
    pub(crate) fn text_grew(&mut self, context: Context<'_>) {
        while let Some(&Reverse((at, uid, depth))) = self.alarms.peek() {
            if at > context.text.counts.text {
                break;
            }
            self.alarms.pop();
            // The element may have moved down by one when a formatting element was taken out.
            let depth = (0..=depth as usize)
                .rev()
                .take(4)
                .find(|&d| d < self.len && self.stack[d].uid == uid);
            if let Some(depth) = depth {
                self.review(depth, Occasion::Text, context);
                self.set_alarm(depth, context.text.counts.text);
            }
        }
    }

    /// Whether the text has reached a length at which a candidate is to be looked at again.
    pub(crate) fn is_alarmed(&self, text: u64) -> bool {
        self.alarms
            .peek()
            .is_some_and(|Reverse((at, ..))| *at <= text)
    }

    fn set_alarm(&mut self, depth: usize, text: u64) {
        let state = &self.stack[depth];
        let mut at = state
            .pending
            .iter()
            .map(|p| p.alarm)
            .min()
            .unwrap_or(u64::MAX);
        if state.unread.is_some() {
            // A word that is longer is looked at again in steps of the same length.
            let have = text - state.before.text;
            at = at.min(text + deferred::FIRST_WORD as u64 * UNITS - have.min(UNITS));
        }
        if at == u64::MAX {
            return;
        }
        self.alarms.push(Reverse((at, state.uid, depth as u32)));
        // Elements without text never come to their alarm; they must not pile up.
        if self.alarms.len() > 2 * MAX_DEPTH + 4 * self.len {
            let stack = &self.stack[..self.len];
            self.alarms
                .retain(|Reverse((_, uid, _))| stack.iter().any(|s| s.uid == *uid));
        }
    }

    /// The outermost candidate that may be dropped: nothing from its start on may be written yet.
    pub(crate) fn outermost_held(&self) -> Option<usize> {
        (0..self.len).find(|&depth| self.stack[depth].is_held())
    }

    /// The outermost candidate, whether it may be dropped or only others ask for it.
    pub(crate) fn outermost_pending(&self) -> Option<usize> {
        (0..self.len).find(|&depth| self.stack[depth].is_candidate())
    }

    /// Whether a rule has come to match since the last call.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// An element that is certain to be dropped and that no protection can save.
    pub(crate) fn certain(&self) -> Option<(usize, RuleRef)> {
        (0..self.len).find_map(|depth| {
            let rule = self.stack[depth].drop?;
            self.can_cut_now(depth, rule).then_some((depth, rule))
        })
    }

    /// Gives up a candidate: it stays, whatever comes.
    pub(crate) fn give_up(&mut self, depth: usize) {
        self.stack[depth].unread = None;
        let pending = std::mem::take(&mut self.stack[depth].pending);
        for p in &pending {
            self.stop_waiting(p.node);
        }
        self.stack[depth].drop = None;
        self.stack[depth].given_up = true;
    }

    fn stop_waiting(&mut self, node: NodeRef) {
        let active = &mut self.active[node.sheet()];
        for probe in &active.sheet.node(node.node()).waits {
            active.waiting[probe.0 as usize] -= 1;
        }
    }

    /// The element at `depth` ends: decides what is left to decide. It stays on the stack.
    pub(crate) fn decide(&mut self, depth: usize, context: Context<'_>) -> Verdict {
        self.review(depth, Occasion::End, context);
        let state = &self.stack[depth];
        match state.drop {
            None => Verdict::Stays,
            Some(rule) if state.protected.is_some_and(|p| p >= self.rule(rule).level) => {
                Verdict::Protected(rule)
            }
            Some(rule) => Verdict::Dropped(rule),
        }
    }

    /// Takes the element at `depth` off the stack and tells its parent what it was.
    pub(crate) fn leave(&mut self, depth: usize, text: u64) {
        self.give_up(depth);
        for i in 0..self.stack[depth].matches.len() {
            let r = self.stack[depth].matches[i];
            self.active[r.sheet()].open[r.node().0 as usize] -= 1;
        }
        let (below, rest) = self.stack.split_at_mut(depth);
        let state = &mut rest[0];
        if let Some(parent) = below.last_mut() {
            parent.child_ended(state, heading_level(state.name), text);
        }
        self.stack[depth..self.len].rotate_left(1);
        self.len -= 1;
    }
}

fn add_attribute(index: &Index, name: &str, value: &str, sheet: usize, out: &mut Vec<NodeRef>) {
    let Some(attribute) = index.attributes.get(name) else {
        return;
    };
    let mut add = |ids: &[NodeId]| out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
    add(&attribute.any);
    if let Some(ids) = attribute.values.get(value) {
        add(ids);
    }
    if let Some(automaton) = &attribute.automaton {
        for found in automaton.find_overlapping_iter(value) {
            add(&[attribute.parts[found.pattern().as_usize()].1]);
        }
    }
}

fn attribute_matches(test: &AttributeTest, element: &Element<'_>) -> bool {
    let Some(value) = element.attribute(&test.name) else {
        return false;
    };
    let Some((operator, wanted)) = &test.value else {
        return true;
    };
    let case = if test.ignore_case {
        CaseSensitivity::AsciiCaseInsensitive
    } else {
        CaseSensitivity::CaseSensitive
    };
    operator.eval_str(value, wanted, case)
}

/// Whether `place` is a·n + b for some n ≥ 0: <https://drafts.csswg.org/css-syntax/#anb-microsyntax>
fn is_nth(a: i32, b: i32, place: u32) -> bool {
    let past = i64::from(place) - i64::from(b);
    let a = i64::from(a);
    if a == 0 {
        past == 0
    } else {
        past % a == 0 && past / a >= 0
    }
}
