//! What a start tag decides: which nodes can match its element at all, and what its name, its
//! attributes, its ancestors and earlier siblings and the page so far say of them.

use super::element_state::{ElementState, Heading};
use super::makes::Looks;
use super::{Context, Matcher, NodeRef, Truth};
use crate::element::{Element, Words, decode};
use crate::page::Page;
use crate::rules::Kind;
use crate::rules::pattern::Pattern;
use crate::rules::sheet::{Action, Anchor, AttributeTest, Combinator, Node, NodeId, Test, needs};
use crate::tag::{Class, Name, name};
use crate::text::fold_into;
use selectors::attr::CaseSensitivity;

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
pub(super) fn is_named<'a>(
    names: impl IntoIterator<Item = &'a Words>,
    wanted: &[Box<[Name]>],
) -> bool {
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

pub(super) fn attribute_matches(test: &AttributeTest, value: Option<&str>) -> bool {
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
        for (name, value) in element.attributes() {
            // What its class brings is known already.
            if name.eq_ignore_ascii_case("class") {
                continue;
            }
            for (sheet, active) in self.active.iter().enumerate() {
                if let Some(attribute) = active.sheet.index.attribute(name) {
                    attribute.find(&decode(value), |ids| add(out, sheet, ids));
                }
            }
        }
        for sheet in 0..self.active.len() {
            let index = &self.active[sheet].sheet.index;
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
        for test in &node.own {
            if !self.test_at_start(test, r, subject, context) {
                return Truth::No;
            }
        }
        // Mostly there is no such element, and that is soon seen.
        if let Some((combinator, left)) = node.left
            && !self.is_left(combinator, r.sibling(left), subject.depth)
        {
            return Truth::No;
        }
        for test in &node.tests {
            if !self.test_at_start(test, r, subject, context) {
                return Truth::No;
            }
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
        let is_open = || self.active[left.sheet()].open[left.node().0 as usize] > 0;
        match combinator {
            Combinator::Child => is_open() && parent.matches.contains(&left),
            // What is open may be the element itself, or lie in it.
            Combinator::Descendant => {
                let mut around = self.stack[..depth].iter().rev();
                is_open() && around.any(|state| state.matches.contains(&left))
            }
            Combinator::NextSibling => parent.last_child.contains(&left),
            Combinator::LaterSibling => parent.earlier_children.contains(&left),
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
