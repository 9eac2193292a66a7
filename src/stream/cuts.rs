//! Verdicts become cuts: what is held, what is dropped, what is told of it.

use super::Stream;
use crate::matcher::{Context, RuleRef, Verdict};
use crate::report::{Cut, PREVIEW, PROMPT, Prompt, Removal, first_words};
use crate::rules::sheet::Action;
use crate::text::UNITS;
use std::io::Write;

impl<W: Write> Stream<W> {
    pub(super) fn begin_cut(&mut self, depth: usize, rule: RuleRef) {
        for inner in depth..self.matcher.len() {
            self.matcher.give_in(inner, self.text.counts.text);
        }
        self.splice.truncate(self.matcher.element(depth).position);
        self.splice.begin_cut();
        self.cut = Some((depth, rule));
        self.update_hold();
    }

    /// What happened may have settled the fate of an element around: drop it at once, so that no
    /// more of it is held.
    pub(super) fn cut_what_is_certain(&mut self) {
        if self.cut.is_none()
            && self.matcher.take_news()
            && let Some((depth, rule)) = self
                .matcher
                .certain(|depth| !self.open.may_lose_content(depth))
        {
            self.begin_cut(depth, rule);
        }
    }

    pub(super) fn update_hold(&mut self) {
        let held = self
            .matcher
            .outermost_held()
            .map(|depth| self.matcher.element(depth).position);
        if held == self.held {
            return;
        }
        let report = &mut self.recorder.report;
        if let Some(from) = self.held {
            report.longest_hold = report
                .longest_hold
                .max(self.splice.position().saturating_sub(from));
        }
        if held.is_some() {
            report.holds += 1;
        } else {
            self.settle();
        }
        self.held = held;
    }

    /// The elements from `depth` on stay open, but something ends across them: a cut ends here, so
    /// that it takes nothing along that is not its own. What cannot be told yet of a candidate is
    /// given up: its text so far is not all of its text.
    pub(super) fn settle_from(&mut self, depth: usize) {
        for above in (depth..self.matcher.len()).rev() {
            if self.cut.is_some_and(|(cut, _)| cut == above) {
                self.decide(above);
            }
            self.matcher.give_up(above);
        }
        self.update_hold();
    }

    /// The same; besides, what the blocks up to `depth` may be moved out of stays.
    pub(super) fn adopt_from(&mut self, depth: usize) {
        for below in 0..depth {
            if !self.open.is_block(below) {
                self.matcher.give_up(below);
            }
        }
        self.settle_from(depth);
    }

    /// Decides about the element at `depth`, of which all has been seen; true if it is dropped.
    pub(super) fn decide(&mut self, depth: usize) -> bool {
        if let Some((cut, rule)) = self.cut {
            if cut == depth {
                let context = context!(self);
                self.matcher.decide(depth, context);
                self.tell(depth);
                self.cut = None;
                self.splice.end_cut();
                self.record(depth, rule);
                return true;
            }
            if cut < depth {
                // Whatever it is, it goes; but others may have asked for it.
                let context = context!(self);
                self.matcher.decide(depth, context);
                self.tell(depth);
                return false;
            }
        }
        if !self.matcher.element(depth).is_candidate() {
            self.tell(depth);
            return false;
        }
        let context = context!(self);
        let verdict = self.matcher.decide(depth, context);
        self.tell(depth);
        match verdict {
            Verdict::Stays => false,
            Verdict::Protected(_) => {
                self.recorder.report.protected += 1;
                false
            }
            Verdict::Dropped(rule) => {
                self.splice.truncate(self.matcher.element(depth).position);
                self.record(depth, rule);
                true
            }
        }
    }

    /// The element at `depth` has been dropped up to here.
    pub(super) fn record(&mut self, depth: usize, rule: RuleRef) {
        let state = self.matcher.element(depth);
        let text = (state.text_start, self.text.end());
        let (preview, last_words) = if self.explain {
            let first = first_words(self.words_of(depth), PREVIEW);
            (first, self.last_words_of(depth))
        } else {
            Default::default()
        };
        let start = state.start;
        let text_length = (self.text.counts.text - state.before.text) / UNITS;
        let element = state.label.clone();
        let snapshot = state.snapshot;
        let rule = self.matcher.rule(rule);
        if let Action::Drop(kind) = rule.action {
            let removal = Removal {
                kind,
                file: rule.file.clone(),
                line: rule.line,
                selector: if self.explain {
                    rule.selector.to_string()
                } else {
                    String::new()
                },
                element,
                bytes: start..self.offset,
                text_length,
                text: preview,
                last_words,
            };
            self.recorder.cut(Cut { removal, text });
        }
        if let Some(snapshot) = snapshot {
            self.page.restore(snapshot, text.0);
        }
        if self.held.is_none() {
            self.settle();
        }
    }

    /// If the element at `depth`, of which all has been seen, says that the article's text is cut
    /// short, remembers it: it counts if the element goes, by whatever rule.
    fn tell(&mut self, depth: usize) {
        let Some(rule) = self.matcher.element_mut(depth).truncated.take() else {
            return;
        };
        let state = self.matcher.element(depth);
        let rule = self.matcher.rule(rule);
        self.recorder.tell(Prompt {
            file: rule.file.clone(),
            line: rule.line,
            selector: rule.selector.to_string(),
            element: state.label.clone(),
            bytes: state.start..self.offset,
            text: first_words(self.words_of(depth), PROMPT),
        });
    }

    /// What went is final.
    fn settle(&mut self) {
        let cut = self.cut.map(|(depth, _)| self.matcher.element(depth).start);
        self.recorder.settle(cut);
    }
}
