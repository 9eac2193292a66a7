//! What nearly went is told when it has ended, if somebody asks.

use super::Stream;
use crate::matcher::{Context, GivenUp, Saved as SavedBy};
use crate::report::{Kept, PREVIEW, Saved, first_words};
use crate::rules::sheet::Action;
use crate::text::UNITS;
use std::io::Write;

/// Text of an open element that is kept, so that it can be told what nearly matched it, in bytes. An
/// element of more text is no husk that a rule missed by a little.
pub(super) const WATCHED_TEXT: u64 = 1 << 20;

impl<W: Write> Stream<W> {
    /// The element at `depth` has ended, and stays: tells which rule came nearest to dropping it.
    pub(super) fn tell_kept(&mut self, depth: usize) {
        // An element without a tag of its own cannot be shown.
        let in_cut = self.cut.is_some_and(|(cut, _)| cut <= depth);
        if in_cut || self.matcher.element(depth).label.is_empty() {
            return;
        }
        let context = context!(self);
        let Some(miss) = self.matcher.miss(depth, context) else {
            return;
        };
        let state = self.matcher.element(depth);
        let rule = self.matcher.rule(miss.rule);
        let Action::Drop(kind) = rule.action else {
            return;
        };
        let saved = match miss.saved {
            SavedBy::Protected(keeper) => {
                let keeper = self.matcher.rule(keeper);
                Saved::Keep {
                    file: keeper.file.clone(),
                    line: keeper.line,
                }
            }
            SavedBy::GivenUp(GivenUp::HoldLimit) => Saved::HoldLimit,
            SavedBy::GivenUp(GivenUp::Structure) => Saved::Structure,
            SavedBy::Tests(tests) => Saved::Tests(tests),
        };
        self.recorder.keep(Kept {
            kind,
            file: rule.file.clone(),
            line: rule.line,
            selector: rule.selector.to_string(),
            element: state.label.clone(),
            bytes: state.start..self.offset,
            text_length: (self.text.counts.text - state.before.text) / UNITS,
            text: first_words(self.words_of(depth), PREVIEW),
            last_words: self.last_words_of(depth),
            saved,
        });
    }
}
