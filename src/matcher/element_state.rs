//! What the matcher knows of an open element.

use super::kept::{GivenUp, Near};
use super::{MakeEntry, NodeRef, RuleRef};
use crate::element::Words;
use crate::page::{Make, Snapshot};
use crate::rules::Level;
use crate::splice::Position;
use crate::tag::{Class, Name};
use crate::text::{Counts, UNITS};
use smallvec::SmallVec;
use std::rc::Rc;

/// A node that may still match the element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub node: NodeRef,
    /// The alternatives that the start tag left possible.
    pub bits: u32,
    /// Its rule would drop the element, so the element is held.
    pub drops: bool,
    /// Among matches at the same time, the lowest counts.
    pub rank: u8,
    /// Length of the page's text at which it is to be looked at again.
    pub alarm: u64,
    /// It is being looked at.
    pub due: bool,
}

/// Candidates of an element that are those of all elements with its name and class.
pub(super) struct Unread {
    pub make: Rc<MakeEntry>,
    /// What the page had shown to the element, of [`needs`](crate::rules::sheet::needs).
    pub shown: u8,
    /// The words of its id, if that is a name.
    pub id_words: Option<Box<Words>>,
    /// One of them would drop the element.
    pub drops: bool,
    /// The element's first words have been looked at: what they can decide is decided or pending.
    pub words_known: bool,
    /// If they have, the length of the page's text at which to look again.
    pub until: u64,
    /// The element goes: only what tells that the article's text is cut short is left to ask.
    pub goes: bool,
}

/// A heading that has ended among the children of an element.
pub(crate) struct Heading {
    level: u8,
    /// Length of its text, in half characters.
    units: u64,
    pub(super) matches: SmallVec<[NodeRef; 2]>,
}

/// An open element. Buffers are kept when the state is used for the next element.
#[derive(Default)]
pub(crate) struct ElementState {
    pub(crate) name: Name,
    pub(crate) class: Class,
    /// Offset of its start tag in the page.
    pub(crate) start: u64,
    /// Where its start tag stands in the output.
    pub(crate) position: Position,
    /// The page's text before it: totals, and offset.
    pub(crate) before: Counts,
    pub(crate) text_start: u64,
    pub(crate) make: Option<Make>,
    pub(crate) snapshot: Option<Snapshot>,
    /// Its source, as far as it is kept: of a script or a style sheet that somebody asks about.
    pub(super) code: Vec<u8>,
    /// How it is called in a report.
    pub(crate) label: String,
    /// The first words of its text, if it is cut as it comes.
    pub(crate) preview: String,
    pub(crate) children: u32,
    /// Children with paragraph text.
    pub(crate) paragraph_children: u32,
    types: Vec<(Name, u32)>,
    /// Nodes it matches as an ancestor of others.
    pub(super) matches: Vec<NodeRef>,
    /// … as an earlier sibling, as a heading.
    pub(super) as_sibling: Vec<NodeRef>,
    pub(super) as_heading: Vec<NodeRef>,
    /// What its children matched as siblings: the last of them, and any.
    pub(super) last_child: Vec<NodeRef>,
    pub(super) earlier_children: Vec<NodeRef>,
    /// The headings its next child stands under, highest first.
    pub(super) headings: Vec<Heading>,
    pub(super) pending: Vec<Pending>,
    /// Its candidates by name and class, not looked at yet.
    pub(super) unread: Option<Unread>,
    /// Length of the page's text at which its candidates are to be looked at again.
    pub(super) alarm: u64,
    /// Probes that have matched inside.
    pub(super) fired: Vec<NodeRef>,
    /// The level of the highest protection on it or inside.
    pub(super) protected: Option<Level>,
    /// The rule that protects it so.
    pub(super) keeper: Option<RuleRef>,
    /// Rules that may nearly match it, if anybody asks for them; why it stays whatever they say.
    pub(super) near: Vec<Near>,
    pub(super) given_up: Option<GivenUp>,
    /// The rule that drops it, unless it is protected.
    pub(crate) drop: Option<RuleRef>,
    /// The rule that says that the article's text is cut short, if this goes.
    pub(crate) truncated: Option<RuleRef>,
    pub(crate) named_body: bool,
    /// Its text is not the article's.
    pub(crate) aside: bool,
    /// That was known from its start tag on.
    pub(crate) aside_at_start: bool,
}

impl ElementState {
    pub(crate) fn is_held(&self) -> bool {
        self.drop.is_some()
            || self.unread.as_ref().is_some_and(|unread| unread.drops)
            || self.pending.iter().any(|p| p.drops)
    }

    pub(crate) fn is_candidate(&self) -> bool {
        self.drop.is_some() || self.unread.is_some() || !self.pending.is_empty()
    }

    pub(super) fn reset(&mut self, name: Name, class: Class) {
        self.name = name;
        self.class = class;
        self.start = 0;
        self.position = 0;
        self.before = Counts::default();
        self.text_start = 0;
        self.make = None;
        self.snapshot = None;
        self.code.clear();
        self.label.clear();
        self.preview.clear();
        self.children = 0;
        self.paragraph_children = 0;
        self.types.clear();
        self.matches.clear();
        self.as_sibling.clear();
        self.as_heading.clear();
        self.last_child.clear();
        self.earlier_children.clear();
        self.headings.clear();
        self.pending.clear();
        self.unread = None;
        self.alarm = u64::MAX;
        self.fired.clear();
        self.protected = None;
        self.keeper = None;
        self.near.clear();
        self.given_up = None;
        self.drop = None;
        self.truncated = None;
        self.named_body = false;
        self.aside = false;
        self.aside_at_start = false;
    }

    /// Sets the alarm to the earliest of its candidates.
    pub(super) fn set_alarm(&mut self, text: u64) {
        let pending = self.pending.iter().map(|p| p.alarm).min();
        self.alarm = pending.unwrap_or(u64::MAX);
        if let Some(unread) = &self.unread {
            let next = if unread.words_known {
                unread.until
            } else {
                // A word that is longer is looked at again in steps of the same length.
                let have = text - self.before.text;
                text.saturating_add(unread.make.first_alarm - have.min(UNITS))
            };
            self.alarm = self.alarm.min(next);
        }
    }

    pub(super) fn count_type(&mut self, name: Name) {
        match self.types.iter_mut().find(|(n, _)| *n == name) {
            Some((_, count)) => *count += 1,
            None => self.types.push((name, 1)),
        }
    }

    /// How many children of this name there are so far.
    pub(super) fn of_type(&self, name: Name) -> u32 {
        let found = self.types.iter().find(|(n, _)| *n == name);
        found.map_or(0, |(_, count)| *count)
    }

    /// A child has ended; `level` is that of a heading, `text` the page's length of text.
    pub(super) fn child_ended(&mut self, child: &mut ElementState, level: Option<u8>, text: u64) {
        self.last_child.clear();
        self.last_child.extend_from_slice(&child.as_sibling);
        for r in &child.as_sibling {
            if !self.earlier_children.contains(r) {
                self.earlier_children.push(*r);
            }
        }
        let units = text - child.before.text;
        let heading = match level {
            Some(level) if units > 0 => Some(Heading {
                level,
                units,
                matches: child.as_heading.iter().copied().collect(),
            }),
            Some(_) => None,
            // A heading alone in its own box stands for the box.
            None if child.headings.len() == 1 && child.headings[0].units == units => {
                child.headings.pop()
            }
            None => None,
        };
        if let Some(heading) = heading {
            self.headings.retain(|h| h.level < heading.level);
            self.headings.push(heading);
        }
    }
}
