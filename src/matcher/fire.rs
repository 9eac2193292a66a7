//! What follows from a match: flags for descendants and siblings, verdicts, protections, and the
//! news to ancestors that wait for it in a `:has()`.

use super::{Context, Matcher, NodeRef, Occasion};
use crate::rules::Kind;
use crate::rules::sheet::{Action, Anchor, Combinator, Rule};
use crate::tag::Class;

impl Matcher {
    /// A node is certain to match the element at this depth.
    pub(super) fn matched(&mut self, r: NodeRef, depth: usize, context: Context<'_>) {
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
        let Some(rule) = self.rule_of(r) else { return };
        let Rule { action, level, .. } = *self.rule(rule);
        match action {
            Action::Keep => {
                for state in &mut self.stack[..=depth] {
                    if state.protected < Some(level) {
                        state.protected = Some(level);
                        state.keeper = Some(rule);
                    }
                }
            }
            Action::Except => {}
            Action::Body => self.stack[depth].named_body = true,
            Action::Truncated if !self.explain => {}
            Action::Truncated => {
                self.stack[depth].truncated.get_or_insert(rule);
            }
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
                    self.quiet.set(self.quiet.get().min(depth));
                    self.news = true;
                }
            }
        }
    }

    /// The inside of a `:has()` has matched at `depth`: tells the ancestors it counts for.
    pub(super) fn fire(
        &mut self,
        probe: NodeRef,
        anchor: Anchor,
        depth: usize,
        context: Context<'_>,
    ) {
        match anchor {
            Anchor::Level(n) => {
                if let Some(ancestor) = depth.checked_sub(n as usize) {
                    self.tell(probe, ancestor, context);
                }
            }
            Anchor::Upward(None) => self.tell_below(probe, depth, context),
            Anchor::Upward(Some(target)) => {
                let target = probe.sibling(target);
                let is_target = |&d: &usize| self.stack[d].matches.contains(&target);
                if let Some(ancestor) = (0..depth).rev().find(is_target) {
                    self.tell(probe, ancestor, context);
                }
            }
            Anchor::Ancestors if self.node(probe).left.is_none() => {
                self.tell_below(probe, depth, context);
            }
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
    pub(super) fn leftmost(&self, r: NodeRef, depth: usize, out: &mut Vec<usize>) {
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

    pub(super) fn tell_below(&mut self, probe: NodeRef, depth: usize, context: Context<'_>) {
        for ancestor in (0..depth).rev() {
            // Whoever was told already has told those below.
            if self.stack[ancestor].fired.contains(&probe) {
                break;
            }
            self.tell(probe, ancestor, context);
        }
    }

    pub(super) fn tell(&mut self, probe: NodeRef, depth: usize, context: Context<'_>) {
        if self.stack[depth].fired.contains(&probe) {
            return;
        }
        self.stack[depth].fired.push(probe);
        // Nothing is gained by an early look, if a protection can still come.
        if self.node(probe).awaited > self.keeps && self.stack[depth].is_candidate() {
            self.review(depth, Occasion::Match(probe), context);
        }
    }
}
