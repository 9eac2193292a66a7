//! Where phrases can begin: tables of bits that rule out most words and texts, before anything is compared.

use super::needles::Needles;
use super::parts::PREFIX;
use super::phrases::PhraseBook;
use std::sync::OnceLock;

/// Tells most words that are no phrase's first from their first eight bytes and their length: a
/// table of bits, which is cheaper to ask than a map.
pub(super) struct Sieve([u64; Sieve::WORDS]);

/// Tells most places of a text at which no phrase of some lists begins, and most texts in which no
/// expression of theirs matches.
#[derive(Default)]
pub(crate) struct Starts {
    lists: u64,
    needles: OnceLock<Needles>,
    pub(super) words: Sieve,
    /// First words with the two bytes behind them, or alone.
    pairs: Sieve,
}

impl Starts {
    /// None yet, of these lists.
    pub(super) fn of(lists: u64) -> Starts {
        Starts {
            lists,
            ..Starts::default()
        }
    }

    /// What the expressions of these lists cannot do without.
    pub(crate) fn needles(&self, book: &PhraseBook) -> &Needles {
        self.needles
            .get_or_init(|| Needles::new(book.expressions_of(self.lists)))
    }

    /// The two bytes behind the first word, if they are ASCII.
    fn behind(text: &str, word: &str) -> Option<[u8; 2]> {
        let two = text.as_bytes().get(word.len()..word.len() + 2)?;
        two.is_ascii().then(|| [two[0], two[1]])
    }

    pub(super) fn add(&mut self, phrase: &str, first: &str) {
        self.words.add(first);
        let behind = Starts::behind(phrase, first).unwrap_or_default();
        self.pairs.add_with(first, behind);
    }

    /// Whether a phrase may begin with `word`, with which `text` begins, not folded.
    pub(super) fn may_begin(&self, text: &str, word: &str) -> bool {
        self.words.may_have(word)
            && Starts::behind(text, word).is_none_or(|behind| {
                self.pairs.may_have_with(word, behind) || self.pairs.may_have(word)
            })
    }
}

impl Default for Sieve {
    fn default() -> Self {
        Sieve([0; Sieve::WORDS])
    }
}

impl Sieve {
    const BITS: u32 = 15;
    const WORDS: usize = (1 << Sieve::BITS) / 64;

    fn place(bytes: &[u8], behind: [u8; 2]) -> (usize, u64) {
        let first = match bytes.first_chunk() {
            Some(eight) => u64::from_le_bytes(*eight),
            None => bytes.iter().rfold(0, |key, b| key << 8 | u64::from(*b)),
        };
        // Lower case; of what is no letter, whatever comes of it.
        let key = first | 0x2020_2020_2020_2020;
        let [a, b] = behind.map(|b| u64::from(b | 0x20));
        let key = key ^ (a << 8 | b | (bytes.len() as u64) << 16) << 40;
        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Sieve::BITS);
        (hash as usize / 64, 1 << (hash % 64))
    }

    fn add(&mut self, first: &str) {
        self.add_with(first, [0, 0]);
    }

    fn add_with(&mut self, first: &str, behind: [u8; 2]) {
        let (word, bit) = Sieve::place(first.as_bytes(), behind);
        self.0[word] |= bit;
    }

    /// Whether a word, not folded, may be a phrase's first. Folding may change what is not ASCII.
    pub(super) fn may_have(&self, word: &str) -> bool {
        self.may_have_with(word, [0, 0])
    }

    fn may_have_with(&self, word: &str, behind: [u8; 2]) -> bool {
        let (place, bit) = Sieve::place(word.as_bytes(), behind);
        self.0[place] & bit != 0 || !word.is_ascii()
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        let (place, bit) = Sieve::place(bytes, [0, 0]);
        self.0[place] |= bit;
    }

    fn has_bytes(&self, bytes: &[u8]) -> bool {
        let (place, bit) = Sieve::place(bytes, [0, 0]);
        self.0[place] & bit != 0
    }
}

/// The same for beginnings.
#[derive(Default)]
pub(super) struct Beginnings(Sieve);

impl Beginnings {
    pub(super) fn add(&mut self, beginning: &str) {
        let bytes = beginning.as_bytes();
        self.0.add_bytes(&bytes[..bytes.len().min(PREFIX)]);
    }

    /// Whether folded text may be one of them.
    pub(super) fn may_be(&self, beginning: &str) -> bool {
        beginning.len() > PREFIX || self.0.has_bytes(beginning.as_bytes())
    }

    /// Whether a text, not folded, may have such a beginning. Folding may change what is not ASCII.
    pub(super) fn may_have(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let first = &bytes[..bytes.len().min(PREFIX)];
        !first.is_ascii() || (1..=first.len()).any(|n| self.0.has_bytes(&first[..n]))
    }
}
