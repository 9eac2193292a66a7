//! What a start tag decides: which nodes can match its element at all, and what its name, its
//! attributes, its ancestors and earlier siblings and the page so far say of them.

use super::element_state::{ElementState, Heading};
use super::{Context, Matcher, NodeRef, Truth};
use crate::element::{Element, Words, decode, words_of};
use crate::page::Page;
use crate::rules::Kind;
use crate::rules::pattern::Pattern;
use crate::rules::phrases::Asked;
use crate::rules::sheet::{
    Action, Alternative, Anchor, AttributeTest, Combinator, FIRST_WORD, Node, NodeId, Test, needs,
};
use crate::tag::{Class, Name, name};
use crate::text::{UNITS, fold_into};
use rustc_hash::FxHasher;
use selectors::attr::CaseSensitivity;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// Names with classes about which it is remembered what they can match; a page has a few hundred.
const MAX_CACHED_MAKES: usize = 1 << 13;

/// An element's name and class, as far as rules ask.
pub(crate) struct Looks {
    name: Name,
    class: Option<Box<str>>,
    /// The words of each class that is a name.
    pub(super) words: Vec<Words>,
}

impl Looks {
    fn has_class(&self, class: &str) -> bool {
        let all = self.class.as_deref().unwrap_or_default();
        all.split_ascii_whitespace().any(|c| c == class)
    }

    fn class_matches(&self, test: &AttributeTest) -> bool {
        attribute_matches(test, self.class.as_deref())
    }
}

/// What is known of all elements with this name and class.
pub(crate) struct MakeEntry {
    pub(super) looks: Looks,
    by_class: Candidates,
    by_type: Rc<OfType>,
    /// The lists that its candidates ask for.
    pub(super) asked: Asked,
    /// The length of an element's text at which it is worth to look at them.
    pub(super) first_alarm: u64,
}

impl MakeEntry {
    fn new(looks: Looks, by_class: Candidates, by_type: Rc<OfType>) -> MakeEntry {
        let others = &by_type.candidates;
        let alarm = by_class.first_alarm.min(others.first_alarm);
        MakeEntry {
            asked: by_class.asked.and(others.asked),
            // Not before its first word.
            first_alarm: alarm.max(FIRST_WORD as u64 * UNITS),
            looks,
            by_class,
            by_type,
        }
    }

    /// The candidates with deferred tests, after what the page has shown; those that want a phrase
    /// only if `worded`.
    pub(super) fn all(&self, shown: u8, worded: bool) -> impl Iterator<Item = &Shared> {
        let by_class = self.by_class.all(worded);
        let all = by_class.chain(self.by_type.candidates.all(worded));
        all.filter(move |shared| shared.needs & !shown == 0)
    }

    /// The nodes that are to be asked at the start tag, and whether they match anyway.
    pub(super) fn rest(&self, shown: u8) -> impl Iterator<Item = (NodeRef, bool)> {
        let rest = self.by_class.rest.iter();
        let rest = rest.chain(&self.by_type.candidates.rest);
        rest.filter(move |(needs, ..)| needs & !shown == 0)
            .map(|&(_, node, matches)| (node, matches))
    }
}

/// What is known of all elements with a name, whatever their class.
pub(crate) struct OfType {
    candidates: Candidates,
    /// All nodes that ask for the name, sorted.
    nodes: Vec<NodeRef>,
}

/// The nodes that a name, or a class, leaves possible.
struct Candidates {
    /// Nodes with deferred tests, of which the start tag can be asked later too. An element that has
    /// them is looked at when its first word is there, or at its end.
    others: Vec<Shared>,
    /// The same, of those that a phrase at the beginning must not be missing for: most elements'
    /// first word rules all of them out.
    worded: Vec<Shared>,
    asked: Asked,
    first_alarm: u64,
    /// Nodes that are to be asked at the start tag, and whether they match anyway.
    rest: Vec<(u8, NodeRef, bool)>,
}

impl Candidates {
    fn all(&self, worded: bool) -> impl Iterator<Item = &Shared> {
        let worded = if worded { &self.worded[..] } else { &[] };
        worded.iter().chain(&self.others)
    }
}

/// A candidate of all elements with a name and class.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub node: NodeRef,
    pub needs: u8,
    pub drops: bool,
    /// Name and class decide all that a start tag has to.
    pub settled: bool,
    /// Among matches at the same time, the lowest counts.
    pub rank: u8,
    /// Phrase lists of which one must begin the element's text, be all of it.
    pub begins: u64,
    pub exact: u64,
}

/// A start tag that is being matched.
pub(super) struct Subject<'a, 'e> {
    pub(super) looks: &'a Looks,
    /// None if it has been forgotten already.
    pub(super) element: Option<&'a Element<'e>>,
    /// The words of its id, if that is a name.
    pub(super) id_words: Option<&'a Words>,
    pub(super) depth: usize,
    /// What the page has shown, of [`needs`].
    pub(super) shown: u8,
}

impl Subject<'_, '_> {
    /// Whether a class or the id has all words of one of these names.
    fn is_named(&self, wanted: &[Box<[Name]>]) -> bool {
        is_named(self.looks.words.iter().chain(self.id_words), wanted)
    }

    fn attribute_matches(&self, test: &AttributeTest) -> bool {
        if &*test.name == "class" {
            self.looks.class_matches(test)
        } else {
            let value = self.element.and_then(|e| e.attribute(&test.name));
            attribute_matches(test, value.as_deref())
        }
    }
}

/// Whether a class or id of these words has all words of one of the wanted names.
fn is_named<'a>(names: impl IntoIterator<Item = &'a Words>, wanted: &[Box<[Name]>]) -> bool {
    names.into_iter().any(|words| {
        let mut wanted = wanted.iter();
        wanted.any(|wanted| wanted.iter().all(|word| words.contains(word)))
    })
}

/// What the page has shown, of [`needs`], to the last of these open elements.
pub(super) fn shown(page: &Page, open: &[ElementState]) -> u8 {
    let flag = |yes: bool, flag: u8| if yes { flag } else { 0 };
    let [.., parent, element] = open else {
        return flag(!page.headline_seen(), needs::BEFORE_HEADLINE);
    };
    let is_asked_for = |heading: &Heading| !heading.matches.is_empty();
    flag(page.is_article(), needs::ARTICLE_PAGE)
        | flag(!page.headline_seen(), needs::BEFORE_HEADLINE)
        | flag(
            element.make.is_some_and(|make| page.after_body(make)),
            needs::AFTER_BODY,
        )
        | flag(page.after_prose(), needs::AFTER_PROSE)
        | flag(parent.headings.iter().any(is_asked_for), needs::HEADING)
        | flag(!parent.earlier_children.is_empty(), needs::SIBLING)
}

fn attribute_matches(test: &AttributeTest, value: Option<&str>) -> bool {
    let Some(value) = value else {
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
        nodes.retain(|node| by_type.nodes.binary_search(node).is_err());
        if self.makes.len() >= MAX_CACHED_MAKES {
            self.makes.clear();
        }
        let by_class = self.candidates_of(&nodes, &looks, false);
        let entry = Rc::new(MakeEntry::new(looks, by_class, by_type));
        self.makes.insert(key, Rc::clone(&entry));
        entry
    }

    /// What is known of an element by its name alone; from the cache, if it has been asked.
    fn of_type(&mut self, name: Name) -> Rc<OfType> {
        if let Some(of_type) = self.types.get(&name) {
            return Rc::clone(of_type);
        }
        let mut nodes = Vec::new();
        self.collect_type(name, &mut nodes);
        let looks = Looks {
            name,
            class: None,
            words: Vec::new(),
        };
        let candidates = self.candidates_of(&nodes, &looks, true);
        let of_type = Rc::new(OfType { candidates, nodes });
        self.types.insert(name, Rc::clone(&of_type));
        of_type
    }

    /// Sorts nodes by what is left to ask. With `any_class` the element's class may be another: what
    /// asks for it is left to ask.
    fn candidates_of(&self, nodes: &[NodeRef], looks: &Looks, any_class: bool) -> Candidates {
        let mut all = Candidates {
            others: Vec::new(),
            worded: Vec::new(),
            asked: Asked::default(),
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
            let has_alternatives = |test: &Test| matches!(test, Test::Any(_) | Test::Not(_));
            let settled = node.tests.is_empty()
                && node.left.is_none()
                && (!any_class || node.own.iter().all(by_type))
                && !node.deferred.iter().any(has_alternatives);
            if node.deferred.is_empty() || !node.late {
                let matches = settled && node.deferred.is_empty();
                all.rest.push((node.needs, r, matches));
                continue;
            }
            let drops = self.drops(r);
            let worded = node.begins | node.exact != 0;
            let at_once = settled && node.waits.is_empty() && self.is_wanted(r);
            let unnamed =
                |test: &Test| matches!(test, Test::Named(all) if !is_named(&looks.words, all));
            let by_id = !any_class && node.tests.iter().any(unnamed);
            let shared = Shared {
                node: r,
                needs: node.needs | if by_id { needs::ID } else { 0 },
                drops,
                settled,
                rank: match (at_once, drops && worded) {
                    (true, false) => 0,
                    (false, _) => 1,
                    (true, true) => 2,
                },
                begins: node.begins,
                exact: node.exact,
            };
            all.asked = all.asked.and(node.asks);
            if worded {
                all.worded.push(shared);
            } else {
                all.others.push(shared);
            }
            all.first_alarm = all.first_alarm.min(node.first_alarm);
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
        if uses.ancestor || uses.sibling || uses.probe.is_some() {
            return !self.has_told(candidate);
        }
        if uses.heading && element.class_of_name.has(Class::HEADING) {
            return true;
        }
        self.is_wanted(candidate)
            && (!probes_only || self.action_of(candidate) == Some(Action::Truncated))
    }

    /// Whether a node is a probe that has told all whom it concerns here.
    pub(super) fn has_told(&self, r: NodeRef) -> bool {
        let Node { uses, left, .. } = self.node(r);
        let only_probe = !(uses.ancestor || uses.sibling || uses.heading || uses.rule.is_some());
        only_probe
            && left.is_none()
            && matches!(uses.probe, Some(Anchor::Parent | Anchor::Ancestors))
            && self.len > 1
            && self.stack[self.len - 2].fired.contains(&r)
    }

    /// Whether the rule of a node has something to say about pages filtered as this one is.
    pub(super) fn is_wanted(&self, r: NodeRef) -> bool {
        self.action_of(r).is_some_and(|action| match action {
            // Comments are told from article text, dropped or not.
            Action::Drop(kind) => self.wanted.contains(kind) || kind == Kind::Comments,
            Action::Keep | Action::Body => true,
            Action::Truncated => self.explain,
            Action::Except => false,
        })
    }

    /// The nodes that can match an element by its name.
    pub(super) fn collect_type(&self, name: Name, out: &mut Vec<NodeRef>) {
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

    /// The nodes that can match an element by its id and other attributes, added to those that can
    /// by name and class.
    pub(super) fn collect_attributes(
        &self,
        element: &Element<'_>,
        id_words: Option<&Words>,
        out: &mut Vec<(NodeRef, bool)>,
    ) {
        let add = |out: &mut Vec<_>, sheet, ids: &[NodeId]| {
            out.extend(ids.iter().map(|&id| (NodeRef::new(sheet, id), false)));
        };
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
            for (name, value) in element.attributes() {
                if let Some(attribute) = index.attribute(name)
                    && !name.eq_ignore_ascii_case("class")
                {
                    attribute.find(&decode(value), |ids| add(out, sheet, ids));
                }
            }
            if let Some(id) = element.id()
                && let Some(ids) = index.ids.get(id)
            {
                add(out, sheet, ids);
            }
            for word in id_words.into_iter().flatten() {
                if let Some(ids) = index.words.get(word) {
                    add(out, sheet, ids);
                }
            }
        }
        if !out.is_sorted_by(|a, b| a.0 < b.0) {
            out.sort_unstable();
            out.dedup_by_key(|(node, _)| *node);
        }
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
            // What is open may be the element itself, or lie in it.
            Combinator::Descendant => {
                let open = self.active[left.sheet()].open[left.node().0 as usize];
                let mut around = self.stack[..depth].iter().rev();
                open > 0 && around.any(|state| state.matches.contains(&left))
            }
            Combinator::NextSibling => parent.last_child.contains(&left),
            Combinator::LaterSibling => parent.earlier_children.contains(&left),
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

    pub(super) fn test_at_start(
        &self,
        test: &Test,
        r: NodeRef,
        subject: &Subject<'_, '_>,
        context: Context<'_>,
    ) -> bool {
        let Subject { looks, depth, .. } = *subject;
        match test {
            Test::Type(name) => looks.name == *name,
            Test::Types(names) => names.contains(&looks.name),
            Test::Id(id) => subject.element.and_then(Element::id) == Some(&**id),
            Test::Class(class) => looks.has_class(class),
            Test::Attribute(test) => subject.attribute_matches(test),
            Test::Root => depth == 0 && looks.name == name::HTML,
            Test::Nth { a, b, of_type } => {
                let place = match depth.checked_sub(1).map(|d| &self.stack[d]) {
                    Some(parent) if *of_type => parent.of_type(looks.name),
                    Some(parent) => parent.children,
                    None => 1,
                };
                is_nth(*a, *b, place)
            }
            Test::Named(alternatives) => subject.is_named(alternatives),
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
