//! Looking again at an open element: which of its candidates are decided, and when it is worth looking the
//! next time.

use super::deferred::Look;
use super::element_state::{Pending, Unread};
use super::makes::Shared;
use super::start::Subject;
use super::{Context, Matcher, NodeRef, Occasion, Truth};
use crate::rules::phrases::{Asked, Openings};
use crate::rules::sheet::Test;
use crate::text::UNITS;
use smallvec::SmallVec;

/// A candidate that allows no more text, in half characters, is mostly ruled out by it before anything is
/// gained from asking the start tag; others would hold back output for long, or for good.
const SOON: u32 = 300 * UNITS as u32;

/// Nodes that have come to match, with their ranks.
type Matched = SmallVec<[(u8, NodeRef); 4]>;

impl Matcher {
    /// Looks at the candidates of an element; at its end all of them are decided.
    pub(super) fn review(&mut self, depth: usize, occasion: Occasion, context: Context<'_>) {
        if !self.stack[depth].is_candidate() {
            return;
        }
        let now = context.text.counts.text;
        let mut look = self.look(depth, occasion == Occasion::End, context);
        look.beginning = std::mem::take(&mut self.folded);
        look.beginning.clear();
        let mut pending = std::mem::take(&mut self.stack[depth].pending);
        for p in &mut pending {
            p.due = match occasion {
                Occasion::Text => p.alarm <= now,
                Occasion::Match(probe) => self.waits_for(p.node, probe, depth),
                Occasion::End => true,
            };
        }
        let mut unread = self.stack[depth].unread.take();
        let is_due = unread.as_ref().is_some_and(|unread| match occasion {
            Occasion::Match(probe) => {
                let mut shared = unread.make.all(unread.shown);
                shared.any(|shared| self.waits_for(shared.node, probe, depth))
            }
            Occasion::Text => !unread.words_known || unread.until <= now,
            Occasion::End => true,
        });
        let mut asked = Asked::default();
        for p in pending.iter().filter(|p| p.due) {
            asked = asked.and(self.node(p.node).asks);
        }
        if let Some(unread) = unread.as_ref().filter(|_| is_due) {
            for all in unread.make.candidates() {
                asked = asked.and(all.asked(look.measures.text_bound(), unread.words_known));
            }
        }
        if asked != Asked::default() {
            // One look at the text rules most candidates out.
            look.openings = Some(self.openings(depth, asked, &mut look));
        }
        let mut yes = Matched::new();
        pending.retain_mut(|p| !p.due || self.stays_pending(p, &mut look, &mut yes));
        let open = occasion == Occasion::Text && look.openings == Some(Openings::OPEN);
        // Before the first word is there; what is not read then is read when there is more.
        let too_early = open && unread.as_ref().is_some_and(|unread| !unread.words_known);
        if is_due && !too_early {
            unread = unread
                .and_then(|unread| self.read(unread, occasion, &mut look, &mut pending, &mut yes));
        }
        self.folded = look.beginning;
        let state = &mut self.stack[depth];
        state.pending = pending;
        state.unread = unread;
        state.set_alarm(now);
        if matches!(occasion, Occasion::Match(_)) {
            self.alarm = 0;
        }
        // What a match sets off can only add to others' candidates, never to this element's.
        yes.sort_unstable();
        for (_, node) in yes {
            self.matched(node, depth, context);
        }
    }

    /// Whether a pending candidate is still undecided.
    fn stays_pending(&self, p: &mut Pending, look: &mut Look<'_>, yes: &mut Matched) -> bool {
        let node = self.node(p.node);
        if !look.may_open(node.begins, node.exact) {
            return false;
        }
        match self.all(p.node, p.bits, look) {
            Truth::Later(_) if !look.ended => {
                p.alarm = self.alarm_of(p.node, p.bits, look);
                return true;
            }
            Truth::Yes => yes.push((p.rank, p.node)),
            _ => {}
        }
        false
    }

    /// Looks at the candidates that all elements with this name and class have. While the element is
    /// open, those that its first words can decide are: they are decided, or pending from here on. The
    /// others are left as they are.
    fn read(
        &self,
        mut unread: Unread,
        occasion: Occasion,
        look: &mut Look<'_>,
        pending: &mut Vec<Pending>,
        yes: &mut Matched,
    ) -> Option<Unread> {
        let text = look.measures.text_bound();
        let subject = Subject {
            looks: &unread.make.looks,
            element: None,
            id_words: unread.id_words.as_deref(),
            depth: look.depth,
            shown: unread.shown,
        };
        let may_begin = !unread.words_known && look.openings != Some(Openings::NONE);
        let mut left = false;
        let mut drops = false;
        // When the last of them will have been ruled out by its lengths, and the last that drops.
        let mut until = 0;
        let mut held_until = 0;
        for all in unread.make.candidates() {
            let lists = [if may_begin { &all.worded[..] } else { &[] }, &all.others];
            for list in lists {
                for shared in list.iter().take_while(|s| s.bounds.max_text >= text) {
                    if shared.needs & !unread.shown != 0
                        || unread.words_known && shared.early
                        || look.measures.rule_out(&shared.bounds)
                        || !look.may_open(shared.begins, shared.exact)
                        || unread.goes && !self.tells(shared.node)
                    {
                        continue;
                    }
                    if occasion == Occasion::Text && !shared.early {
                        if shared.bounds.max_text > SOON && self.fails(shared, &subject, look) {
                            continue;
                        }
                        left = true;
                        let end = self.ruled_out_at(shared, look);
                        until = until.max(end);
                        if shared.drops && !unread.goes {
                            drops = true;
                            held_until = held_until.max(end);
                        }
                        continue;
                    }
                    let holds = shared.holds;
                    if holds != 0 && look.ended && self.may_hold(look) & holds != holds {
                        continue;
                    }
                    let node = shared.node;
                    match self.late(shared, &subject, look) {
                        (Truth::Later(_), bits) if !look.ended => pending.push(Pending {
                            node,
                            bits,
                            drops: shared.drops,
                            rank: shared.rank,
                            alarm: self.alarm_of(node, bits, look),
                            due: false,
                        }),
                        (Truth::Yes, _) => yes.push((shared.rank, node)),
                        _ => {}
                    }
                }
            }
        }
        unread.words_known = true;
        unread.drops = drops;
        unread.until = if drops { held_until } else { until };
        left.then_some(unread)
    }

    /// Whether the element's measures so far, or its start tag, rule out a candidate.
    fn fails(&self, shared: &Shared, subject: &Subject<'_, '_>, look: &Look<'_>) -> bool {
        let deferred = self.node(shared.node).deferred.iter();
        let mut measured = deferred.map_while(|test| look.measures.test(test));
        measured.any(|truth| truth == Truth::No)
            || shared.settled.is_none()
                && self.at_start(shared.node, subject, look.context) == Truth::No
    }

    /// The length of the page's text at which an element's lengths will have ruled out a candidate.
    fn ruled_out_at(&self, shared: &Shared, look: &Look<'_>) -> u64 {
        match shared.bounds.max_text {
            u32::MAX => self.alarm_of(shared.node, u32::MAX, look),
            max => {
                let left = u64::from(max).saturating_sub(look.measures.text);
                look.context.text.counts.text + left + 1
            }
        }
    }

    /// A candidate that was not looked at when its start tag came by: its deferred tests, and the
    /// alternatives that the start tag left possible. Most are ruled out by their lengths or by what is
    /// inside, so these are looked at before the start tag is asked.
    fn late(
        &self,
        shared: &Shared,
        subject: &Subject<'_, '_>,
        look: &mut Look<'_>,
    ) -> (Truth, u32) {
        let node = self.node(shared.node);
        let mut truth = Truth::Yes;
        let mut done = 0;
        for test in &node.deferred {
            let result = match test {
                Test::Has(_) => self.test(test, shared.node, 0, look),
                _ => match look.measures.test(test) {
                    Some(result) => result,
                    None => break,
                },
            };
            match result {
                Truth::No => return (Truth::No, 0),
                Truth::Yes => {}
                later => truth = later,
            }
            done += 1;
        }
        let bits = match shared.settled {
            Some(bits) => bits,
            None => match self.at_start(shared.node, subject, look.context) {
                Truth::Later(bits) => bits,
                _ => return (Truth::No, 0),
            },
        };
        for test in &node.deferred[done..] {
            match self.test_deferred(test, shared.node, bits, look) {
                Truth::No => return (Truth::No, bits),
                Truth::Yes => {}
                later => truth = later,
            }
        }
        (truth, bits)
    }

    /// Whether a match of `probe` is worth a look at a node of the element: it is, if the element
    /// could be cut at once.
    fn waits_for(&self, node: NodeRef, probe: NodeRef, depth: usize) -> bool {
        let waits = &self.node(node).waits;
        node.sheet() == probe.sheet()
            && waits.contains(&probe.node())
            && self
                .rule_of(node)
                .is_some_and(|rule| self.can_cut_now(depth, rule))
    }
}
