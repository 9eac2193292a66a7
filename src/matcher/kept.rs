//! What nearly went, for people who ask why something is still there: rules whose telling tests hold
//! for an element, and what saved it from them. A rule is telling by what it names: a class, an id,
//! an attribute, words. Lengths, counts and guards alone would fit half the page.
//!
//! Nothing here is asked unless somebody wants to know, and nothing of it changes what goes: the same
//! rules are tried a second time, every test of them, when an element has ended.

mod told;

use super::deferred::{Look, Measures};
use super::start::Subject;
use super::{Active, Context, Matcher, NodeRef, RuleRef, Truth};
use crate::element::Element;
use crate::report::FailedTest;
use crate::rules::KindSet;
use crate::rules::phrases::Asked;
use crate::rules::selector::{Limit, Measure};
use crate::rules::sheet::{Action, Alternative, NodeId, Sheet, Test, needs};
use crate::tag::{Class, Name};
use crate::text::UNITS;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::rc::Rc;

/// A rule of which more lengths and counts fail than this did not nearly match, nor one of which more
/// than one test of another sort does.
const MAX_FAILED: usize = 2;

/// A text that is longer than this many times what a rule allows, and so many characters, is no husk
/// that the rule missed by a little: most often it is a page that begins with the husk.
const FAR: (u64, u64) = (4, 1000);

/// Why an element stays, whatever its rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// It reached the hold limit.
    HoldLimit,
    /// What the page closes where, or what stands before it, leaves it no certain end.
    Structure,
}

/// What it takes to tell which rules nearly match.
#[derive(Default)]
pub(super) struct Watch {
    /// Of each sheet in force, by node: the subjects of telling rules.
    telling: Vec<Box<[bool]>>,
    /// The telling ones that an element's name leads to.
    types: FxHashMap<Name, Rc<[NodeRef]>>,
}

/// A rule whose telling tests hold, as far as the start tag decides them.
pub(super) struct Near {
    node: NodeRef,
    /// The alternatives of deferred tests that the start tag left possible.
    bits: u32,
    failed: SmallVec<[Failing; 1]>,
}

/// A test that fails, of those that may.
#[derive(Clone, Copy)]
enum Failing {
    /// What the page would have to have shown: one of [`needs`].
    Page(u8),
    /// A `:not()`: its place in the compound, and the place of what matched in its list.
    Guard(u8, u8),
    /// An `:is()` of which only lengths fail.
    Either(u8),
    /// A length or count: its place among the deferred tests.
    Measure(u8),
}

/// A rule that nearly dropped an element.
pub(crate) struct Miss {
    pub rule: RuleRef,
    pub saved: Saved,
}

/// What saved it.
pub(crate) enum Saved {
    Protected(RuleRef),
    GivenUp(GivenUp),
    Tests(Vec<FailedTest>),
}

/// What the page has to have shown, and how a selector asks for it.
const SHOWN: [(u8, &str); 4] = [
    (needs::ARTICLE_PAGE, ":article-page"),
    (needs::BEFORE_HEADLINE, ":before-headline"),
    (needs::AFTER_BODY, ":after-body"),
    (needs::AFTER_PROSE, ":after-prose"),
];

impl Watch {
    fn new(active: &[Active], wanted: KindSet) -> Watch {
        let telling = active.iter().map(|active| {
            let sheet = &active.sheet;
            let is_telling = |id: u32| {
                let node = sheet.node(NodeId(id));
                let action = node.uses.rule.map(|rule| sheet.rules[rule as usize].action);
                let drops = matches!(action, Some(Action::Drop(kind)) if wanted.contains(kind));
                drops && !active.off.contains(&NodeId(id)) && tells(sheet, NodeId(id))
            };
            (0..sheet.nodes.len() as u32).map(is_telling).collect()
        });
        Watch {
            telling: telling.collect(),
            types: FxHashMap::default(),
        }
    }

    fn is_telling(&self, r: NodeRef) -> bool {
        self.telling[r.sheet()][r.node().0 as usize]
    }
}

/// Whether a match of this node says what the element is: it names a class, an id, an attribute or
/// words, or what it has in it or stands in does.
fn tells(sheet: &Sheet, id: NodeId) -> bool {
    let node = sheet.node(id);
    let mut tests = node.own.iter().chain(&node.tests).chain(&node.deferred);
    tests.any(|test| match test {
        Test::Id(_)
        | Test::Class(_)
        | Test::Attribute(_)
        | Test::Named(_)
        | Test::Text(..)
        | Test::Code(_) => true,
        Test::Has(nodes) | Test::Under(nodes) => nodes.iter().all(|&node| tells(sheet, node)),
        Test::Any(alternatives) => alternatives.iter().all(|a| tells(sheet, a.node)),
        _ => false,
    }) || node.left.is_some_and(|(_, left)| tells(sheet, left))
}

/// Whether a test only measures.
fn measures(test: &Test) -> bool {
    matches!(
        test,
        Test::Length(..)
            | Test::MinLinkDensity(_)
            | Test::MaxLinkDensity(_)
            | Test::MinLinks(_)
            | Test::MaxLinkText(_)
            | Test::Empty
    )
}

impl Matcher {
    /// From here on it can be told which rules nearly match.
    pub(crate) fn watch(&mut self) {
        self.watch = Some(Box::new(Watch::new(&self.active, self.wanted)));
    }

    /// Whether the element may be told of when it has ended, and its text with it.
    pub(crate) fn is_watched(&self, depth: usize) -> bool {
        !self.stack[depth].near.is_empty()
    }

    /// The element has reached the hold limit: it stays, whatever comes.
    pub(crate) fn reach_limit(&mut self, depth: usize) {
        self.stack[depth].given_up.get_or_insert(GivenUp::HoldLimit);
        self.give_up(depth);
    }

    /// The telling rules that a start tag leaves possible, lengths and guards aside.
    pub(super) fn near_at_start(
        &mut self,
        element: &Element<'_>,
        subject: &Subject<'_, '_>,
        context: Context<'_>,
    ) -> Vec<Near> {
        let Some(mut watch) = self.watch.take() else {
            return Vec::new();
        };
        let of_type = watch.types.get(&element.name).map(Rc::clone);
        let of_type = of_type.unwrap_or_else(|| {
            let mut nodes = Vec::new();
            self.collect_type(element.name, &mut nodes);
            nodes.retain(|&r| watch.is_telling(r));
            let nodes: Rc<[NodeRef]> = nodes.into();
            watch.types.insert(element.name, Rc::clone(&nodes));
            nodes
        });
        let mut nodes = Vec::new();
        self.collect_class(element, &subject.looks.words, &mut nodes);
        let mut others: Vec<(NodeRef, bool)> = nodes.into_iter().map(|r| (r, false)).collect();
        self.collect_attributes(element, subject.id_words, &mut others);
        let others = others.into_iter().map(|(r, _)| r);
        let others = others.filter(|&r| watch.is_telling(r));
        let mut nodes: Vec<NodeRef> = others.chain(of_type.iter().copied()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let near = nodes
            .into_iter()
            .filter_map(|r| self.nearly_at_start(r, subject, context));
        let near = near.collect();
        self.watch = Some(watch);
        near
    }

    /// [`Matcher::at_start`] with room for tests that may fail.
    fn nearly_at_start(
        &self,
        r: NodeRef,
        subject: &Subject<'_, '_>,
        context: Context<'_>,
    ) -> Option<Near> {
        let node = self.node(r);
        let mut failed = SmallVec::new();
        let missing = node.needs & !subject.shown;
        let missing = SHOWN.iter().filter(|(flag, _)| missing & flag != 0);
        failed.extend(missing.map(|(flag, _)| Failing::Page(*flag)));
        for test in node.own.iter().chain(&node.tests) {
            if !self.test_at_start(test, r, subject, context) {
                let Test::Not(alternatives) = test else {
                    return None;
                };
                let holds = |a: &Alternative| {
                    self.at_start(r.sibling(a.node), subject, context) != Truth::No
                };
                failed.push(guard(alternatives, holds)?);
            }
        }
        if let Some((combinator, left)) = node.left
            && !self.is_left(combinator, r.sibling(left), subject.depth)
        {
            return None;
        }
        let mut bits = 0;
        for test in &node.deferred {
            let (Test::Any(alternatives) | Test::Not(alternatives)) = test else {
                continue;
            };
            for alternative in alternatives {
                let truth = self.at_start(r.sibling(alternative.node), subject, context);
                if let Truth::Later(inner) = truth {
                    bits |= inner;
                }
                if truth != Truth::No {
                    bits |= 1 << alternative.bit;
                }
            }
        }
        // Lengths may fail too.
        (failed.len() < 2).then_some(Near {
            node: r,
            bits,
            failed,
        })
    }

    /// The rule that came nearest to dropping an element that has ended and stays.
    pub(crate) fn miss(&mut self, depth: usize, context: Context<'_>) -> Option<Miss> {
        let near = std::mem::take(&mut self.stack[depth].near);
        let state = &self.stack[depth];
        if let (Some(rule), Some(keeper)) = (state.drop, state.keeper) {
            let saved = Saved::Protected(keeper);
            return Some(Miss { rule, saved });
        }
        let asked = near.iter().fold(Asked::default(), |all, near| {
            all.and(self.node(near.node).asks)
        });
        let text_is_known = context.text.begin() <= state.text_start;
        let mut look = self.look(depth, true, context);
        if asked != Asked::default() {
            look.openings = Some(self.openings(depth, asked, &mut look));
        }
        let mut misses: Vec<(RuleRef, NodeRef, SmallVec<[Failing; 1]>)> = Vec::new();
        for near in near {
            let known = text_is_known || !self.asks_text(near.node);
            if known
                && let Some(failed) = self.nearly_at_end(&near, &mut look)
                && let Some(rule) = self.rule_of(near.node)
            {
                misses.push((rule, near.node, failed));
            }
        }
        // The one of the fewest failed tests; of those the highest, which comes first in its file.
        let level = |rule: RuleRef| Reverse(self.rule(rule).level);
        let (rule, node, failed) = misses
            .into_iter()
            .min_by_key(|(rule, _, failed)| (failed.len(), level(*rule)))?;
        let saved = if failed.is_empty() {
            let is_fixed = state.class.has(Class::NEVER_DROPPED);
            let keeper = state
                .keeper
                .filter(|&keeper| self.rule(keeper).level >= self.rule(rule).level);
            match (keeper, state.given_up) {
                _ if is_fixed => Saved::GivenUp(GivenUp::Structure),
                (Some(keeper), _) => Saved::Protected(keeper),
                (None, given_up) => Saved::GivenUp(given_up.unwrap_or(GivenUp::Structure)),
            }
        } else if state.class.has(Class::NEVER_DROPPED) || look.measures.text == 0 {
            return None;
        } else {
            let failed = failed.into_iter();
            Saved::Tests(failed.map(|f| self.told(node, f, &look)).collect())
        };
        Some(Miss { rule, saved })
    }

    /// Whether a node wants to know what an element's text says.
    fn asks_text(&self, r: NodeRef) -> bool {
        self.node(r).deferred.iter().any(|test| match test {
            Test::Text(..) | Test::Repeats => true,
            Test::Any(alternatives) | Test::Not(alternatives) => alternatives
                .iter()
                .any(|a| self.asks_text(r.sibling(a.node))),
            _ => false,
        })
    }

    /// The deferred tests of a near rule, every one of them; what failed, or `None` if a telling one
    /// did.
    fn nearly_at_end(&self, near: &Near, look: &mut Look<'_>) -> Option<SmallVec<[Failing; 1]>> {
        let &Near { node: r, bits, .. } = near;
        let mut failed = near.failed.clone();
        let node = self.node(r);
        if !look.may_open(node.begins, node.exact) {
            return None;
        }
        for (i, test) in node.deferred.iter().enumerate() {
            let measured = look.measures.test(test);
            let truth = measured.unwrap_or_else(|| self.test(test, r, bits, look));
            if truth == Truth::Yes {
                continue;
            }
            failed.push(match test {
                Test::Length(measure, limit) if look.measures.is_far(*measure, *limit) => {
                    return None;
                }
                test if measures(test) => Failing::Measure(i as u8),
                Test::Not(alternatives) => {
                    let mut look = |a: &Alternative| {
                        bits & 1 << a.bit != 0
                            && self.all(r.sibling(a.node), bits, look) == Truth::Yes
                    };
                    let at = alternatives.iter().position(&mut look)?;
                    Failing::Guard(alternatives[at].place, at as u8)
                }
                Test::Any(alternatives) => {
                    let mut open = alternatives.iter().filter(|a| bits & 1 << a.bit != 0);
                    open.find(|a| {
                        let deferred = &self.node(r.sibling(a.node)).deferred;
                        deferred.iter().all(measures)
                    })?;
                    Failing::Either(alternatives.first()?.place)
                }
                _ => return None,
            });
            if failed.len() > MAX_FAILED {
                return None;
            }
        }
        let is_measure = |failing: &Failing| matches!(failing, Failing::Measure(_));
        (failed.len() < 2 || failed.iter().all(is_measure)).then_some(failed)
    }
}

impl Measures {
    /// In half characters.
    fn length(&self, measure: Measure) -> u64 {
        match measure {
            Measure::MinText | Measure::MaxText => self.text,
            Measure::MaxNonlink => self.text - self.link.min(self.text),
            Measure::MaxParagraph => self.paragraph,
        }
    }

    /// Whether a length is far beyond its limit.
    fn is_far(&self, measure: Measure, limit: Limit) -> bool {
        let (times, more) = FAR;
        measure != Measure::MinText
            && self.length(measure) > self.allowed(limit).saturating_mul(times) + more * UNITS
    }
}

/// The first alternative of a failed `:not()` that holds.
fn guard(alternatives: &[Alternative], holds: impl Fn(&Alternative) -> bool) -> Option<Failing> {
    let at = alternatives.iter().position(holds)?;
    Some(Failing::Guard(alternatives[at].place, at as u8))
}
