//! What a start tag decides: which nodes can match its element at all, and what its name, its
//! attributes, its ancestors and earlier siblings and the page so far say of them.

use super::element_state::Pending;
use super::{Context, Matcher, NodeRef, Truth};
use crate::element::{Element, words_of};
use crate::page::{Make, Page};
use crate::rules::Kind;
use crate::rules::index::Index;
use crate::rules::pattern::Pattern;
use crate::rules::phrases::Asked;
use crate::rules::sheet::{Action, Alternative, AttributeTest, Combinator, NodeId, Test, needs};
use crate::tag::{Class, Name, name};
use crate::text::fold_into;
use rustc_hash::FxHasher;
use selectors::attr::CaseSensitivity;
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// Names with classes about which it is remembered what they can match; a page has a few hundred.
const MAX_CACHED_MAKES: usize = 1 << 13;

/// What is known of all elements with this name and class.
pub(crate) struct MakeEntry {
    name: Name,
    class: Box<str>,
    pub(super) candidates: Rc<Candidates>,
    /// The words of each class that is a name.
    words: Vec<Words>,
}

/// The nodes that a name and class leave possible. Elements with classes that no rule knows share
/// those of their name.
#[derive(Default)]
pub(crate) struct Candidates {
    /// Candidates that nothing at the start tag can rule out or decide, but what the page has
    /// shown; their alarms are counted from the element's start.
    pub(super) ready: Vec<(u8, Pending)>,
    /// The same, of those that a phrase at the beginning must not be missing for: most elements'
    /// first word rules all of them out.
    pub(super) unread: Vec<(u8, Pending)>,
    /// The lists that they ask for.
    pub(super) asked: Asked,
    /// Nodes that have more to ask at the start tag.
    pub(super) rest: Vec<(u8, NodeRef)>,
}

/// The words of a class or id.
pub(super) type Words = SmallVec<[String; 4]>;

/// A start tag that is being matched.
pub(super) struct Subject<'a, 'e> {
    pub(super) element: &'a Element<'e>,
    pub(super) make: &'a MakeEntry,
    /// The words of its id, if that is a name.
    pub(super) id_words: Option<&'a Words>,
    pub(super) depth: usize,
    /// What the page has shown, of [`needs`].
    pub(super) shown: u8,
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

/// What the page has shown, of [`needs`], to an element of this make.
pub(super) fn shown(page: &Page, make: Option<Make>) -> u8 {
    let flag = |yes: bool, flag: u8| if yes { flag } else { 0 };
    flag(page.is_article(), needs::ARTICLE_PAGE)
        | flag(!page.headline_seen(), needs::BEFORE_HEADLINE)
        | flag(
            make.is_some_and(|make| page.after_body(make)),
            needs::AFTER_BODY,
        )
        | flag(page.after_prose(), needs::AFTER_PROSE)
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

impl Matcher {
    /// What is known of an element by its name and class alone; from the cache, unless its id may
    /// have a say.
    pub(super) fn make_entry(&mut self, element: &Element<'_>) -> Rc<MakeEntry> {
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
        let words = if self.asks_words {
            let words = element.classes().map(words_of);
            words.filter(|words| !self.is_no_name(words)).collect()
        } else {
            Vec::new()
        };
        let mut nodes = Vec::new();
        self.collect_class(element, &words, &mut nodes);
        let candidates = if nodes.is_empty() {
            self.candidates_of_type(element)
        } else {
            self.collect_type(element.name, &mut nodes);
            nodes.sort_unstable();
            nodes.dedup();
            Rc::new(self.candidates_of(&nodes, element, false))
        };
        if self.makes.len() >= MAX_CACHED_MAKES {
            self.makes.clear();
        }
        let entry = Rc::new(MakeEntry {
            name: element.name,
            class: class.into(),
            candidates,
            words,
        });
        self.makes.insert(key, Rc::clone(&entry));
        entry
    }

    /// What an element can match whose classes no rule knows.
    fn candidates_of_type(&mut self, element: &Element<'_>) -> Rc<Candidates> {
        if let Some(candidates) = self.types.get(&element.name) {
            return Rc::clone(candidates);
        }
        let mut nodes = Vec::new();
        self.collect_type(element.name, &mut nodes);
        let candidates = Rc::new(self.candidates_of(&nodes, element, true));
        self.types.insert(element.name, Rc::clone(&candidates));
        candidates
    }

    /// Sorts nodes by what is left to ask. With `any_class` the element's class may be another: what
    /// asks for it is left to ask.
    fn candidates_of(
        &self,
        nodes: &[NodeRef],
        element: &Element<'_>,
        any_class: bool,
    ) -> Candidates {
        let mut all = Candidates::default();
        for &r in nodes {
            let node = self.node(r);
            let by_type = |test: &Test| matches!(test, Test::Type(_) | Test::Types(_));
            let own = node.own.iter().filter(|test| !any_class || by_type(test));
            if !own.into_iter().all(|test| self.test_own(test, r, element)) {
                continue;
            }
            let uses = &node.uses;
            let only_rule =
                !(uses.ancestor || uses.sibling || uses.heading || uses.probe.is_some());
            if only_rule && !self.is_wanted(r) {
                continue;
            }
            let at_once = node.tests.is_empty()
                && node.left.is_none()
                && node.waits.is_empty()
                && (!any_class || node.own.iter().all(by_type));
            let has_alternatives = |test: &Test| matches!(test, Test::Any(_) | Test::Not(_));
            if only_rule
                && at_once
                && !node.deferred.is_empty()
                && !node.deferred.iter().any(has_alternatives)
            {
                let mut pending = self.pending_of(r, 0);
                pending.alarm = node.first_alarm;
                if pending.drops && pending.begins | pending.exact != 0 {
                    all.asked = all.asked.and(pending.asks);
                    all.unread.push((node.needs, pending));
                } else {
                    all.ready.push((node.needs, pending));
                }
            } else {
                all.rest.push((node.needs, r));
            }
        }
        all
    }

    pub(super) fn is_asked(
        &self,
        candidate: NodeRef,
        element: &Element<'_>,
        probes_only: bool,
    ) -> bool {
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
        self.is_wanted(candidate)
            && (!probes_only || self.action_of(candidate) == Some(Action::Truncated))
    }

    /// Whether the rule of a node has something to say about pages filtered as this one is.
    pub(super) fn is_wanted(&self, r: NodeRef) -> bool {
        self.action_of(r).is_some_and(|action| match action {
            // Comments are told from article text, dropped or not.
            Action::Drop(kind) => self.wanted.contains(kind) || kind == Kind::Comments,
            Action::Keep | Action::Body => true,
            Action::Truncated => self.explain,
        })
    }

    /// The nodes that can match an element by its name.
    fn collect_type(&self, name: Name, out: &mut Vec<NodeRef>) {
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
            let mut add = |ids: &[NodeId]| {
                out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
            };
            add(&index.universal);
            if let Some(ids) = index.types.get(&name) {
                add(ids);
            }
        }
        out.sort_unstable();
    }

    /// The nodes that can match an element by its classes.
    fn collect_class(&self, element: &Element<'_>, words: &[Words], out: &mut Vec<NodeRef>) {
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
            let classes = element
                .classes()
                .filter_map(|class| index.classes.get(class));
            let words = words
                .iter()
                .flatten()
                .filter_map(|w| index.words.get(w.as_str()));
            for ids in classes.chain(words) {
                out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
            }
            if let Some(class) = element.class() {
                add_attribute(index, "class", class, sheet, out);
            }
        }
    }

    /// The nodes that can match an element by its id and other attributes, added to those that can
    /// by name and class.
    pub(super) fn collect_attributes(&self, subject: &Subject<'_, '_>, out: &mut Vec<NodeRef>) {
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
            if let Some(id) = element.id()
                && let Some(ids) = index.ids.get(id)
            {
                out.extend(ids.iter().map(|&id| NodeRef::new(sheet, id)));
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

    /// Whether the first of these words says that they are a state or a topic.
    pub(super) fn is_no_name(&self, words: &[String]) -> bool {
        words.len() > 1
            && self
                .not_names
                .is_some_and(|list| self.rules.book().has_word(list, &words[0]))
    }

    /// What the start tag says of a node.
    pub(super) fn at_start(
        &self,
        r: NodeRef,
        subject: &Subject<'_, '_>,
        context: Context<'_>,
    ) -> Truth {
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

    pub(super) fn is_left(&self, combinator: Combinator, left: NodeRef, depth: usize) -> bool {
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
    pub(super) fn test_own(&self, test: &Test, r: NodeRef, element: &Element<'_>) -> bool {
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

    pub(super) fn test_at_start(
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
}
