//! Where phrases begin in the page's text, and where stands what their expressions cannot do without:
//! found once, whoever asks.

use crate::rules::needles::Searched;
use crate::rules::phrases::{ListId, MAX_LISTS, PhraseBook};
use crate::rules::starts::Starts;
use crate::text::{Text, fold_into};

/// What has been found. Elements ask for the text from their beginning to where the page is, so of each
/// list the last place is enough.
pub(super) struct Hits {
    /// By list, the page-wide offset behind the last place where a phrase begins; 0 if there is none.
    phrases: [u64; MAX_LISTS],
    /// Places near the end, with their lists: more text may show that these are no phrases.
    open: Vec<(u64, u64)>,
    /// Up to here the text has been searched for phrases.
    searched: u64,
    /// By list, an offset that is not before the end of the last needle.
    needles: [u64; MAX_LISTS],
    /// Up to here the text has been searched for needles.
    needled: u64,
    begun: Searched,
    buffer: String,
}

impl Default for Hits {
    fn default() -> Self {
        Hits {
            phrases: [0; MAX_LISTS],
            open: Vec::new(),
            searched: 0,
            needles: [0; MAX_LISTS],
            needled: 0,
            begun: Searched::default(),
            buffer: String::new(),
        }
    }
}

impl Hits {
    /// Searches what has come since the last time.
    pub(super) fn search(&mut self, book: &PhraseBook, starts: &Starts, text: &Text) {
        let end = text.end();
        if self.searched < end {
            let from = self.searched.max(text.begin());
            self.open.clear();
            let (open, phrases) = (&mut self.open, &mut self.phrases);
            let certain = book.scan(
                starts,
                text.raw_slice(from, end),
                &mut self.buffer,
                |at, lists| open.push((from + at as u64, lists)),
            );
            // A phrase that reaches to the end may go on, and a word may.
            self.searched = from + certain as u64;
            open.retain(|&(at, lists)| {
                let is_open = at >= self.searched;
                if !is_open {
                    for list in ListId::all_of(lists) {
                        phrases[list.index()] = at + 1;
                    }
                }
                is_open
            });
        }
        if self.needled < end {
            self.search_needles(book, starts, text);
        }
    }

    fn search_needles(&mut self, book: &PhraseBook, starts: &Starts, text: &Text) {
        let needles = starts.needles(book);
        let end = text.end();
        if self.needled < text.begin() {
            self.begun = Searched::default();
        }
        let new = text.raw_slice(self.needled, end);
        let lists = if new.is_ascii() {
            let folded = new.bytes().map(|b| b.to_ascii_lowercase());
            needles.search(&mut self.begun, folded)
        } else {
            self.buffer.clear();
            fold_into(new, &mut self.buffer);
            needles.search(&mut self.begun, self.buffer.bytes())
        };
        for list in ListId::all_of(lists | needles.always()) {
            self.needles[list.index()] = end;
        }
        self.needled = end;
    }

    /// Of these lists, those of which a phrase stands in the text from `start` on, or an expression may match
    /// in it.
    pub(super) fn since(&self, start: u64, lists: u64) -> u64 {
        let found = ListId::all_of(lists)
            .filter(|&list| self.has_phrase(list, start) || self.has_needle(list, start));
        found.fold(0, |lists, list| lists | list.bit())
    }

    /// Whether a phrase of the list stands in the text from `start` on.
    pub(super) fn has_phrase(&self, list: ListId, start: u64) -> bool {
        let mut open = self.open.iter();
        self.phrases[list.index()] > start
            || open.any(|&(at, lists)| at >= start && lists & list.bit() != 0)
    }

    /// Whether an expression of the list may match in the text from `start` on.
    pub(super) fn has_needle(&self, list: ListId, start: u64) -> bool {
        self.needles[list.index()] > start
    }
}
