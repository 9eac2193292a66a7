//! What an element's name and class leave possible: worked out once for all elements that have them, and
//! for all pages where it is the name alone.

use super::start::{attribute_matches, is_named};
use super::{Matcher, NodeRef, Truth};
use crate::element::{Element, Words, words_of};
use crate::rules::pattern::{Pattern, Place};
use crate::rules::phrases::Asked;
use crate::rules::selector::Measure;
use crate::rules::sheet::{Alternative, AttributeTest, FIRST_WORD, Test, needs};
use crate::rules::{KindSet, lock};
use crate::tag::{Class, Name};
use crate::text::UNITS;
use rustc_hash::{FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// Names with classes about which it is remembered what they can match; a page has a few hundred.
const MAX_CACHED_MAKES: usize = 1 << 13;

/// Names about which a sheet remembers it, from page to page: HTML and SVG have two hundred.
const MAX_KNOWN_TYPES: usize = 1 << 10;

/// An element's name and class, as far as rules ask.
pub(crate) struct Looks {
    pub(super) name: Name,
    class: Option<Box<str>>,
    /// The words of each class that is a name.
    pub(super) words: Vec<Words>,
}

impl Looks {
    pub(super) fn has_class(&self, class: &str) -> bool {
        let all = self.class.as_deref().unwrap_or_default();
        all.split_ascii_whitespace().any(|c| c == class)
    }

    pub(super) fn class_matches(&self, test: &AttributeTest) -> bool {
        attribute_matches(test, self.class.as_deref())
    }
}

/// What is known of all elements with this name and class.
pub(crate) struct MakeEntry {
    pub(super) looks: Looks,
    /// What the class leaves possible, and the name: for each sheet in force.
    candidates: SmallVec<[Arc<Candidates>; 3]>,
    /// The length of an element's text at which it is worth to look at them.
    pub(super) first_alarm: u64,
}

impl MakeEntry {
    fn new(looks: Looks, by_class: Candidates, by_type: &[Arc<OfType>]) -> MakeEntry {
        let mut candidates: SmallVec<[Arc<Candidates>; 3]> = SmallVec::new();
        if !by_class.is_empty() {
            candidates.push(Arc::new(by_class));
        }
        let by_type = by_type.iter().map(|of_type| &of_type.candidates);
        candidates.extend(by_type.filter(|all| !all.is_empty()).map(Arc::clone));
        let alarms = candidates.iter().map(|all| all.first_alarm).min();
        MakeEntry {
            // Not before its first word.
            first_alarm: alarms.unwrap_or(u64::MAX).max(FIRST_WORD as u64 * UNITS),
            looks,
            candidates,
        }
    }

    pub(super) fn candidates(&self) -> &[Arc<Candidates>] {
        &self.candidates
    }

    /// The candidates with deferred tests, after what the page has shown.
    pub(super) fn all(&self, shown: u8) -> impl Iterator<Item = &Shared> {
        self.candidates
            .iter()
            .flat_map(|all| all.others.iter().chain(&all.worded))
            .filter(move |shared| shared.needs & !shown == 0)
    }
}

/// What is known of all elements with a name, whatever their class.
pub(crate) struct OfType {
    candidates: Arc<Candidates>,
    /// All nodes that ask for the name, sorted.
    nodes: Vec<NodeRef>,
}

/// What a sheet knows of names, for filters that want the same of it.
#[derive(Default)]
pub(crate) struct KnownTypes(Mutex<FxHashMap<(Name, KindSet, bool), Arc<OfType>>>);

/// The nodes that a name, or a class, leaves possible.
pub(super) struct Candidates {
    /// Nodes with deferred tests, of which the start tag can be asked later too. An element that has
    /// them is looked at when its first word is there, or at its end. Those that allow the most text
    /// come first.
    pub(super) others: Vec<Shared>,
    /// The same, of those that a phrase at the beginning must not be missing for: most elements'
    /// first word rules all of them out.
    pub(super) worded: Vec<Shared>,
    /// The lists that each of these ask for.
    asked: [Asked; 2],
    first_alarm: u64,
    /// Nodes that are to be asked at the start tag, each after what the page must have shown, and whether
    /// they match anyway.
    pub(super) rest: Vec<(u8, NodeRef, bool)>,
}

impl Candidates {
    fn is_empty(&self) -> bool {
        self.others.is_empty() && self.worded.is_empty() && self.rest.is_empty()
    }

    /// The lists that are asked for about an element with so much text, in half characters, of which the
    /// first words have been looked at or not.
    pub(super) fn asked(&self, text: u32, words_known: bool) -> Asked {
        let [others, worded] = self.asked;
        let may = |all: &[Shared]| {
            all.first()
                .is_some_and(|first| first.bounds.max_text >= text)
        };
        let mut asked = Asked::default();
        if may(&self.others) {
            asked = asked.and(others);
        }
        if !words_known && may(&self.worded) {
            asked = asked.and(worded);
        }
        asked
    }
}

/// A candidate of all elements with a name and class.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub node: NodeRef,
    pub needs: u8,
    pub drops: bool,
    /// What a start tag has to decide, if name and class do: the alternatives that they leave possible.
    pub settled: Option<u32>,
    /// The beginning of the text may decide it.
    pub early: bool,
    /// Among matches at the same time, the lowest counts.
    pub rank: u8,
    pub bounds: Bounds,
    /// Phrase lists of which one must begin the element's text, be all of it.
    pub begins: u64,
    pub exact: u64,
    /// … of which each must stand anywhere in it.
    pub holds: u64,
}

/// What a node's deferred tests ask of an element's measures, as far as it can be said in numbers that do
/// not depend on the page: lengths in half characters, `u32::MAX` for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub max_text: u32,
    pub max_nonlink: u32,
    pub max_paragraph: u32,
    pub min_text: u32,
    pub min_links: u32,
    /// Something must have been found inside.
    pub wants_match: bool,
}

impl Bounds {
    fn of(deferred: &[Test]) -> Bounds {
        let mut bounds = Bounds {
            max_text: u32::MAX,
            max_nonlink: u32::MAX,
            max_paragraph: u32::MAX,
            min_text: 0,
            min_links: 0,
            wants_match: false,
        };
        for test in deferred {
            match test {
                Test::Length(measure, limit) => {
                    let length = limit.characters.saturating_mul(UNITS as u32);
                    let at_most = if limit.percent == 0 { length } else { u32::MAX };
                    match measure {
                        Measure::MaxText => bounds.max_text = bounds.max_text.min(at_most),
                        Measure::MaxNonlink => {
                            bounds.max_nonlink = bounds.max_nonlink.min(at_most);
                        }
                        Measure::MaxParagraph => {
                            bounds.max_paragraph = bounds.max_paragraph.min(at_most);
                        }
                        Measure::MinText => bounds.min_text = bounds.min_text.max(length),
                    }
                }
                Test::MinLinks(n) => bounds.min_links = bounds.min_links.max(*n),
                Test::Has(_) => bounds.wants_match = true,
                Test::Empty => bounds.max_text = 0,
                _ => {}
            }
        }
        bounds
    }
}

/// The lists of which each must stand anywhere in a text for these tests to hold.
fn held_by(deferred: &[Test]) -> u64 {
    deferred.iter().fold(0, |lists, test| match test {
        Test::Text(Place::Anywhere, Pattern::List(list)) => lists | list.bit(),
        _ => lists,
    })
}

impl Matcher {
    /// What is known of an element by its name and class alone; from the cache, if it has been asked.
    pub(super) fn make_entry(&mut self, element: &Element<'_>) -> Rc<MakeEntry> {
        let key = {
            let mut hasher = FxHasher::default();
            element.name.hash(&mut hasher);
            element.class().hash(&mut hasher);
            hasher.finish()
        };
        if let Some(entry) = self.makes.get(&key)
            && entry.looks.name == element.name
            && entry.looks.class.as_deref() == element.class()
        {
            return Rc::clone(entry);
        }
        let words = if self.asks_words {
            let words = element.classes().map(words_of);
            words
                .filter(|words| !self.rules.is_no_name(words))
                .collect()
        } else {
            Vec::new()
        };
        let looks = Looks {
            name: element.name,
            class: element.class().map(Box::from),
            words,
        };
        let by_type = self.of_type(looks.name);
        let mut nodes = Vec::new();
        self.collect_class(element, &looks.words, &mut nodes);
        nodes.sort_unstable();
        nodes.dedup();
        let by_name = |node: &NodeRef| by_type.iter().any(|t| t.nodes.binary_search(node).is_ok());
        nodes.retain(|node| !by_name(node));
        if self.makes.len() >= MAX_CACHED_MAKES {
            self.makes.clear();
        }
        let by_class = self.candidates_of(&nodes, &looks, false);
        let entry = Rc::new(MakeEntry::new(looks, by_class, &by_type));
        self.makes.insert(key, Rc::clone(&entry));
        entry
    }

    /// What is known of an element by its name alone; from the cache, if it has been asked.
    fn of_type(&mut self, name: Name) -> SmallVec<[Arc<OfType>; 2]> {
        if let Some(of_type) = self.types.get(&name) {
            return of_type.clone();
        }
        let sheets = 0..self.active.len();
        let of_type: SmallVec<[Arc<OfType>; 2]> =
            sheets.map(|sheet| self.of_type_in(sheet, name)).collect();
        self.types.insert(name, of_type.clone());
        of_type
    }

    fn of_type_in(&self, sheet: usize, name: Name) -> Arc<OfType> {
        let active = &self.active[sheet];
        if !active.off.is_empty() {
            return Arc::new(self.work_out_type(sheet, name));
        }
        let key = (name, self.wanted, self.explain);
        let KnownTypes(known) = &active.sheet.known_types;
        let mut known = lock(known);
        if let Some(of_type) = known.get(&key) {
            return Arc::clone(of_type);
        }
        let of_type = Arc::new(self.work_out_type(sheet, name));
        if known.len() < MAX_KNOWN_TYPES {
            known.insert(key, Arc::clone(&of_type));
        }
        of_type
    }

    fn work_out_type(&self, sheet: usize, name: Name) -> OfType {
        let mut nodes = Vec::new();
        self.collect_type_in(sheet, name, &mut nodes);
        nodes.sort_unstable();
        let looks = Looks {
            name,
            class: None,
            words: Vec::new(),
        };
        let candidates = self.candidates_of(&nodes, &looks, true);
        OfType {
            candidates: Arc::new(candidates),
            nodes,
        }
    }

    /// Sorts nodes by what is left to ask. With `any_class` the element's class may be another: what
    /// asks for it is left to ask.
    fn candidates_of(&self, nodes: &[NodeRef], looks: &Looks, any_class: bool) -> Candidates {
        let mut all = Candidates {
            others: Vec::new(),
            worded: Vec::new(),
            asked: Default::default(),
            first_alarm: u64::MAX,
            rest: Vec::new(),
        };
        let by_type = |test: &Test| matches!(test, Test::Type(_) | Test::Types(_));
        for &r in nodes {
            let node = self.node(r);
            let own = node.own.iter().filter(|test| !any_class || by_type(test));
            if !own.into_iter().all(|test| self.test_own(test, r, looks)) {
                continue;
            }
            let uses = &node.uses;
            let is_heading = Class::of(looks.name).has(Class::HEADING);
            let is_asked = uses.ancestor
                || uses.sibling
                || uses.heading && is_heading
                || uses.probe.is_some()
                || self.is_wanted(r);
            if !is_asked {
                continue;
            }
            let settled = self.settled(r, looks, any_class);
            if node.deferred.is_empty() || !node.late {
                let matches = settled == Some(Truth::Yes);
                all.rest.push((node.needs, r, matches));
                continue;
            }
            let settled = match settled {
                Some(Truth::Later(bits)) => Some(bits),
                Some(_) => continue,
                None => None,
            };
            let drops = self.drops(r);
            let worded = node.begins | node.exact != 0;
            let has_alternatives = |test: &Test| matches!(test, Test::Any(_) | Test::Not(_));
            let at_once = settled.is_some()
                && node.waits.is_empty()
                && !node.deferred.iter().any(has_alternatives)
                && self.is_wanted(r);
            let unnamed =
                |test: &Test| matches!(test, Test::Named(all) if !is_named(&looks.words, all));
            let by_id = !any_class && node.tests.iter().any(unnamed);
            let shared = Shared {
                node: r,
                needs: node.needs | if by_id { needs::ID } else { 0 },
                drops,
                settled,
                early: worded || self.is_early(r),
                rank: match (at_once, drops && worded) {
                    (true, false) => 0,
                    (false, _) => 1,
                    (true, true) => 2,
                },
                bounds: Bounds::of(&node.deferred),
                begins: node.begins,
                exact: node.exact,
                holds: held_by(&node.deferred),
            };
            let asked = &mut all.asked[usize::from(worded)];
            *asked = asked.and(node.asks);
            if worded {
                all.worded.push(shared);
            } else {
                all.others.push(shared);
            }
            all.first_alarm = all.first_alarm.min(node.first_alarm);
        }
        for shared in [&mut all.others, &mut all.worded] {
            shared.sort_by_key(|shared| std::cmp::Reverse(shared.bounds.max_text));
        }
        all
    }

    /// What the start tag says of a node, its `needs` aside, if that is the same for all elements of this
    /// name and class; with `any_class`, of this name.
    fn settled(&self, r: NodeRef, looks: &Looks, any_class: bool) -> Option<Truth> {
        let node = self.node(r);
        let by_type = |test: &Test| matches!(test, Test::Type(_) | Test::Types(_));
        for test in &node.own {
            if any_class && !by_type(test) {
                return None;
            }
            if !self.test_own(test, r, looks) {
                return Some(Truth::No);
            }
        }
        if !node.tests.is_empty() || node.left.is_some() {
            return None;
        }
        if node.deferred.is_empty() {
            return Some(Truth::Yes);
        }
        let mut bits = 0;
        for test in &node.deferred {
            let (Test::Any(alternatives) | Test::Not(alternatives)) = test else {
                continue;
            };
            for alternative in alternatives {
                let r = r.sibling(alternative.node);
                if self.node(r).needs != 0 {
                    return None;
                }
                match self.settled(r, looks, any_class)? {
                    Truth::No => {}
                    // An alternative that is certain has no deferred tests to fail.
                    Truth::Yes if matches!(test, Test::Not(_)) => return Some(Truth::No),
                    Truth::Yes => bits |= 1 << alternative.bit,
                    Truth::Later(inner) => bits |= inner | 1 << alternative.bit,
                }
            }
        }
        Some(Truth::Later(bits))
    }

    /// Whether the beginning of an element's text may decide a node.
    fn is_early(&self, r: NodeRef) -> bool {
        self.node(r).deferred.iter().any(|test| match test {
            Test::Text(place, _) => *place != Place::Anywhere,
            Test::Any(alternatives) | Test::Not(alternatives) => alternatives
                .iter()
                .any(|a| self.is_early(r.sibling(a.node))),
            _ => false,
        })
    }

    /// The nodes that can match an element by its name.
    pub(super) fn collect_type(&self, name: Name, out: &mut Vec<NodeRef>) {
        for sheet in 0..self.active.len() {
            self.collect_type_in(sheet, name, out);
        }
        out.sort_unstable();
    }

    fn collect_type_in(&self, sheet: usize, name: Name, out: &mut Vec<NodeRef>) {
        let index = &self.active[sheet].sheet.index;
        let of_name = index.types.get(&name).map_or(&[][..], Vec::as_slice);
        let ids = index.universal.iter().chain(of_name);
        out.extend(ids.map(|&id| NodeRef::new(sheet, id)));
    }

    /// The nodes that can match an element by its classes.
    pub(super) fn collect_class(
        &self,
        element: &Element<'_>,
        words: &[Words],
        out: &mut Vec<NodeRef>,
    ) {
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
            let classes = element
                .classes()
                .filter_map(|class| index.classes.get(class));
            let words = words.iter().flatten().filter_map(|w| index.words.get(w));
            for ids in classes.chain(words) {
                out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
            }
            if let (Some(class), Some(attribute)) = (element.class(), index.attribute("class")) {
                attribute.find(class, |ids| {
                    out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
                });
            }
        }
    }

    /// A test that asks for nothing but name and class.
    fn test_own(&self, test: &Test, r: NodeRef, looks: &Looks) -> bool {
        let matches = |a: &Alternative| {
            let r = r.sibling(a.node);
            self.node(r)
                .own
                .iter()
                .all(|test| self.test_own(test, r, looks))
        };
        match test {
            Test::Type(name) => looks.name == *name,
            Test::Types(names) => names.contains(&looks.name),
            Test::Class(class) => looks.has_class(class),
            Test::Attribute(test) => looks.class_matches(test),
            Test::Any(alternatives) => alternatives.iter().any(matches),
            Test::Not(alternatives) => !alternatives.iter().any(matches),
            _ => false,
        }
    }
}
