//! The page's visible text on its way: who is told that it has grown, and how long it is kept.

use super::kept::WATCHED_TEXT;
use super::{PREVIEW_TEXT, Stream};
use crate::matcher::Context;
use crate::report::{PROMPT, first_words, last_words};
use crate::text::{Link, UNITS};
use std::io::Write;

/// Text at the end of what has been seen that is kept for the last words of what goes, in bytes: first
/// words in it, of four bytes a character, do not hide them.
const LAST_TEXT: u64 = 1024;

impl<W: Write> Stream<W> {
    /// A piece of text has ended: what was cut off at its end is text after all.
    pub(super) fn end_text(&mut self) {
        let before = self.text.counts.text;
        let lead = self.text.flush(self.link());
        if lead.words {
            self.text_came(before, lead.space);
        }
    }

    pub(super) fn break_line(&mut self, ends_block: bool) {
        let Some(block) = self.text.break_line(ends_block) else {
            return;
        };
        if block.paragraph > 0 {
            self.page.paragraph(block.paragraph);
        } else if block.links {
            self.page.link_line();
        }
        if self.matcher.asks_repeats() {
            self.page
                .block(self.text.slice(block.start, block.end), block.start);
        }
        self.forget_text();
    }

    /// Lets go of text that no candidate can ask for.
    pub(super) fn forget_text(&mut self) {
        let mut needed = self.text.end();
        if let Some(depth) = self.matcher.outermost_pending() {
            needed = self.matcher.element(depth).text_start;
            if self.text.end() - needed > self.hold_limit {
                self.matcher.reach_limit(depth);
                self.recorder.report.undecided += 1;
                self.update_hold();
            }
        }
        for depth in 0..if self.explain { self.matcher.len() } else { 0 } {
            let state = self.matcher.element(depth);
            let start = state.text_start;
            let is_watched = self.matcher.is_watched(depth);
            if state.truncated.is_none()
                && self.cut.is_none_or(|(cut, _)| cut != depth)
                && !is_watched
            {
                continue;
            }
            let wanted = if is_watched {
                WATCHED_TEXT
            } else {
                PREVIEW_TEXT
            };
            if self.text.end() - start < wanted {
                needed = needed.min(start);
            } else if state.preview.is_empty() {
                let words = first_words(self.text.slice(start, start + PREVIEW_TEXT), PROMPT);
                self.matcher.element_mut(depth).preview = words;
            }
        }
        if self.explain {
            needed = needed.min(self.text.end().saturating_sub(LAST_TEXT));
        }
        self.text.release(needed);
    }

    /// The text of the element at `depth`, of which all has been seen, or its beginning.
    pub(super) fn words_of(&self, depth: usize) -> &str {
        let state = self.matcher.element(depth);
        if state.preview.is_empty() {
            self.text.slice(state.text_start, self.text.end())
        } else {
            &state.preview
        }
    }

    /// The last words of the element at `depth`; empty if the first are all of its text.
    pub(super) fn last_words_of(&self, depth: usize) -> String {
        let start = self.matcher.element(depth).text_start;
        last_words(self.text.slice(start, self.text.end())).to_owned()
    }

    /// Visible text has come: elements that began right before it begin at its first word.
    pub(super) fn text_came(&mut self, before: u64, space: bool) {
        if space {
            for depth in (0..self.matcher.len()).rev() {
                let state = self.matcher.element_mut(depth);
                if state.before.text != before {
                    break;
                }
                state.before.text += UNITS;
                state.text_start += 1;
            }
        }
        if self.matcher.is_alarmed(self.text.counts.text) {
            let context = context!(self);
            self.matcher.text_grew(context);
            self.update_hold();
        }
    }

    pub(super) fn link(&self) -> Link {
        match (self.links, self.text.counts.text > self.before_link) {
            (0, _) => Link::Outside,
            (_, false) => Link::Fresh,
            (_, true) => Link::Begun,
        }
    }

    pub(super) fn take_visible(&mut self, bytes: &[u8]) {
        if self.unseen > 0 {
            return;
        }
        let before = self.text.counts.text;
        let lead = self.text.push(bytes, self.link());
        if lead.words {
            self.text_came(before, lead.space);
        }
    }
}
