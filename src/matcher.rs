//! Which rules match which elements. At a start tag the index gives the nodes that can match at
//! all; what the start tag decides is decided, and what needs the element's text or content stays
//! with the element as a pending candidate. What a match does to the output is left to the stream.

mod deferred;
mod element_state;
mod fire;
mod hits;
mod kept;
mod makes;
mod review;
mod start;

pub(crate) use element_state::ElementState;
pub(crate) use kept::{GivenUp, Saved};
pub(crate) use makes::KnownTypes;

use crate::element::{Element, words_of};
use crate::page::Page;
use crate::rules::sheet::{Action, Level, Node, NodeId, Rule, Sheet, needs};
use crate::rules::starts::Starts;
use crate::rules::{KindSet, Rules};
use crate::tag::{Class, Name, heading_level, name};
use crate::text::Text;

use deferred::LastOpenings;
use element_state::{Pending, Unread};
use hits::Hits;
use kept::Watch;
use makes::{MakeEntry, OfType};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use start::{Subject, shown};
use std::cell::{Cell, RefCell};
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

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
    /// Subjects of rules that do not count on this site.
    off: FxHashSet<NodeId>,
}

/// The lists of which phrases are looked for anywhere; `explain` if anybody asks what `[truncated]`
/// rules say.
fn scanned_of(sheet: &Sheet, explain: bool) -> u64 {
    sheet.scanned | if explain { sheet.scanned_if_told } else { 0 }
}

impl Active {
    fn new(sheet: Arc<Sheet>) -> Active {
        let n = sheet.nodes.len();
        Active {
            sheet,
            open: vec![0; n],
            off: FxHashSet::default(),
        }
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

/// What is kept of the source of a script, in bytes; longer ones are programs, not snippets.
const MAX_CODE: usize = 1 << 20;

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
    /// Whether anybody asks what `[truncated]` rules say.
    explain: bool,
    /// The highest level of a `[keep]` rule in force.
    keeps: Option<Level>,
    /// The lists of which phrases are looked for anywhere, and where these can begin.
    scanned: u64,
    starts: Arc<Starts>,
    stack: Vec<ElementState>,
    /// Elements in use of `stack`; the rest are kept for their buffers.
    len: usize,
    /// The length of the page's text at which an outermost candidate is to be looked at again.
    alarm: u64,
    /// No element below this depth is a candidate.
    quiet: Cell<usize>,
    /// What is known of elements by their name and class alone.
    makes: FxHashMap<u64, Rc<MakeEntry>>,
    /// By their name alone, whatever the class, as long as no rule knows it.
    types: FxHashMap<Name, SmallVec<[Arc<OfType>; 2]>>,
    candidates: Vec<(NodeRef, bool)>,
    /// Whether any rule asks for the words of names.
    asks_words: bool,
    /// … for the source of scripts and the like.
    asks_code: bool,
    /// Places in the page's text at which phrases begin, and their lists.
    hits: RefCell<Hits>,
    last_openings: Cell<Option<LastOpenings>>,
    folded: String,
    /// A rule has come to match since somebody asked.
    news: bool,
    /// What it takes to tell which rules nearly match; nothing if nobody asks.
    watch: Option<Box<Watch>>,
}

impl Matcher {
    pub(crate) fn new(rules: &Rules, wanted: KindSet, explain: bool) -> Matcher {
        let generic = Arc::clone(rules.generic());
        let scanned = scanned_of(&generic, explain);
        Matcher {
            rules: rules.clone(),
            keeps: generic.keeps,
            scanned,
            starts: rules.starts(scanned),
            asks_words: generic.asks_words,
            asks_code: generic.asks_code,
            hits: RefCell::default(),
            last_openings: Cell::new(None),
            active: vec![Active::new(generic)],
            wanted,
            explain,
            stack: Vec::new(),
            len: 0,
            alarm: u64::MAX,
            quiet: Cell::new(0),
            makes: FxHashMap::default(),
            types: FxHashMap::default(),
            candidates: Vec::new(),
            folded: String::new(),
            news: false,
            watch: None,
        }
    }

    /// Puts the rules of a site in force, from here on.
    pub(crate) fn add_site(&mut self, sheet: Arc<Sheet>) {
        self.keeps = self.keeps.max(sheet.keeps);
        let scanned = scanned_of(&sheet, self.explain);
        if scanned & !self.scanned != 0 {
            self.scanned |= scanned;
            self.starts = self.rules.starts(self.scanned);
        }
        self.asks_words |= sheet.asks_words;
        self.asks_code |= sheet.asks_code;
        self.active.truncate(1);
        self.active[0].off.clone_from(&sheet.off);
        self.active.push(Active::new(sheet));
        self.makes.clear();
        self.types.clear();
        if self.watch.is_some() {
            self.watch();
        }
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

    fn rule_of(&self, r: NodeRef) -> Option<RuleRef> {
        let sheet = r.sheet();
        let active = &self.active[sheet];
        let rule = active.sheet.node(r.node()).uses.rule?;
        let counts = active.off.is_empty() || !active.off.contains(&r.node());
        counts.then_some(RuleRef { sheet, rule })
    }

    fn node(&self, r: NodeRef) -> &Node {
        self.active[r.sheet()].sheet.node(r.node())
    }

    /// What the rule of a node does.
    fn action_of(&self, r: NodeRef) -> Option<Action> {
        Some(self.rule(self.rule_of(r)?).action)
    }

    /// The state of a new element on top of the stack.
    pub(crate) fn push(&mut self, name: Name, class: Class) -> &mut ElementState {
        if self.len == self.stack.len() {
            self.stack.push(ElementState::default());
        }
        let state = &mut self.stack[self.len];
        state.reset(name, class);
        self.len += 1;
        state
    }

    /// Matches the element on top of the stack, whose start tag this is. With `probes_only` (inside
    /// a cut) no rule is tried, only what candidates that are still open may ask for, and whether
    /// what goes is `[truncated]`.
    pub(crate) fn enter(
        &mut self,
        element: &Element<'_>,
        context: Context<'_>,
        probes_only: bool,
    ) -> Entered {
        let depth = self.len - 1;
        self.count_among_siblings(depth, element);
        let make = self.make_entry(element);
        // The id of a heading is made of what it says, for links to it: a topic.
        let state = &self.stack[depth];
        let has_name = !state.class.has(Class::HEADING) && state.name != name::DT;
        let id_words = element
            .id()
            .filter(|_| self.asks_words && has_name)
            .map(words_of)
            .filter(|words| !self.rules.is_no_name(words));
        let shown = shown(context.page, &self.stack[..=depth])
            | if probes_only { 0 } else { needs::RULES }
            | if id_words.is_some() { needs::ID } else { 0 };
        let subject = Subject {
            looks: &make.looks,
            element: Some(element),
            id_words: id_words.as_ref(),
            depth,
            shown,
        };
        if self.watch.is_some() {
            let near = self.near_at_start(element, &subject, context);
            self.stack[depth].near = near;
            if probes_only {
                self.stack[depth].given_up = Some(GivenUp::Structure);
            }
        }
        let mut shared = make.all(shown);
        if let Some(first) = shared.next() {
            self.stack[depth].unread = Some(Unread {
                make: Rc::clone(&make),
                shown,
                id_words: id_words.clone().map(Box::new),
                drops: first.drops || shared.any(|shared| shared.drops),
                words_known: false,
                until: u64::MAX,
                goes: false,
            });
        }
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        for &(needs, node, matches) in make.candidates().iter().flat_map(|all| &all.rest) {
            if needs & !shown == 0 {
                candidates.push((node, matches));
            }
        }
        self.collect_attributes(element, id_words.as_ref(), &mut candidates);
        for &(candidate, matches) in &candidates {
            if matches {
                if self.has_told(candidate) {
                    continue;
                }
                self.matched(candidate, depth, context);
                continue;
            }
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
        let now = context.text.counts.text;
        let state = &mut self.stack[depth];
        state.set_alarm(now);
        if !state.is_candidate() {
            return Entered::Plain;
        }
        let (alarm, held) = (state.alarm, state.is_held());
        self.quiet.set(self.quiet.get().min(depth));
        let outermost =
            self.outermost_pending() == Some(depth) || held && self.outermost_held() == Some(depth);
        if outermost {
            self.alarm = self.alarm.min(alarm);
        }
        if held { Entered::Held } else { Entered::Plain }
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

    /// Whether the rule of a node, should it match, drops the element.
    fn drops(&self, r: NodeRef) -> bool {
        matches!(self.action_of(r), Some(Action::Drop(kind)) if self.wanted.contains(kind))
    }

    /// Whether it says that the article's text is cut short.
    fn tells(&self, r: NodeRef) -> bool {
        self.action_of(r) == Some(Action::Truncated)
    }

    fn add_pending(&mut self, node: NodeRef, bits: u32, depth: usize, context: Context<'_>) {
        let first = self.node(node).first_alarm;
        let pending = Pending {
            node,
            bits,
            drops: self.drops(node),
            rank: 1,
            alarm: first.saturating_add(context.text.counts.text),
            due: false,
        };
        self.stack[depth].pending.push(pending);
    }

    /// Whether the text has reached a length at which a candidate is to be looked at again.
    pub(crate) fn is_alarmed(&self, text: u64) -> bool {
        self.alarm <= text
    }

    /// The page's text has grown: looks again at the outermost candidates, if they wanted to know.
    /// What lies inside of them waits with them.
    pub(crate) fn text_grew(&mut self, context: Context<'_>) {
        let now = context.text.counts.text;
        loop {
            let outermost = [self.outermost_pending(), self.outermost_held()];
            let mut outermost = outermost.into_iter().flatten();
            let Some(depth) = outermost.find(|&depth| self.stack[depth].alarm <= now) else {
                break;
            };
            self.review(depth, Occasion::Text, context);
        }
        self.listen();
    }

    /// The source of the innermost element, a script or the like, goes on.
    pub(crate) fn code_came(&mut self, bytes: &[u8]) {
        if self.asks_code
            && let Some(state) = self.stack[..self.len].last_mut()
            && state.is_candidate()
        {
            let room = MAX_CODE - state.code.len();
            state
                .code
                .extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Sets the alarm to that of the outermost candidates.
    fn listen(&mut self) {
        let outermost = [self.outermost_pending(), self.outermost_held()];
        let outermost = outermost.into_iter().flatten();
        let alarms = outermost.map(|depth| self.stack[depth].alarm);
        self.alarm = alarms.min().unwrap_or(u64::MAX);
    }

    /// The outermost candidate that may be dropped: nothing from its start on may be written yet.
    pub(crate) fn outermost_held(&self) -> Option<usize> {
        let from = self.outermost_pending()?;
        (from..self.len).find(|&depth| self.stack[depth].is_held())
    }

    /// The outermost candidate, whether it may be dropped or only others ask for it.
    pub(crate) fn outermost_pending(&self) -> Option<usize> {
        let mut from = self.quiet.get()..self.len;
        let found = from.find(|&depth| self.stack[depth].is_candidate());
        self.quiet.set(found.unwrap_or(self.len));
        found
    }

    /// Whether a rule has come to match since the last call.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// An element that is certain to be dropped, that no protection can save and that `may` be cut.
    pub(crate) fn certain(&self, may: impl Fn(usize) -> bool) -> Option<(usize, RuleRef)> {
        (0..self.len).find_map(|depth| {
            let rule = self.stack[depth].drop?;
            (self.can_cut_now(depth, rule) && may(depth)).then_some((depth, rule))
        })
    }

    /// Gives up a candidate: it stays, whatever comes.
    pub(crate) fn give_up(&mut self, depth: usize) {
        let state = &mut self.stack[depth];
        state.unread = None;
        state.pending.clear();
        state.drop = None;
        state.given_up.get_or_insert(GivenUp::Structure);
        // What is inside may have waited with it.
        self.alarm = 0;
    }

    /// The element goes, whatever comes: nothing is left to ask but whether it is `[truncated]`.
    pub(crate) fn give_in(&mut self, depth: usize, text: u64) {
        let mut pending = std::mem::take(&mut self.stack[depth].pending);
        let unread = self.stack[depth].unread.take();
        self.give_up(depth);
        if !self.explain {
            return;
        }
        pending.retain(|p| self.tells(p.node));
        let tells = |unread: &Unread| {
            let mut all = unread.make.all(unread.shown);
            all.any(|shared| self.tells(shared.node))
        };
        let unread = unread.filter(tells).map(|unread| Unread {
            drops: false,
            goes: true,
            ..unread
        });
        let state = &mut self.stack[depth];
        state.pending = pending;
        state.unread = unread;
        state.set_alarm(text);
        if state.is_candidate() {
            self.quiet.set(self.quiet.get().min(depth));
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
        let quiet = self.quiet.get();
        self.quiet.set(quiet - usize::from(quiet > depth));
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
