//! Phrase lists. The lists of a rule set are matched together: one look at the first word of a text
//! tells every list that has a phrase there, however many lists and phrases there are.

use super::error::RuleError;
use super::pattern::{PREFIX, PhraseExpression, Place, Traits, beginning, check};
use crate::text;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Lists a set can have: one bit each.
const MAX_LISTS: usize = 64;

/// A list of phrases, by its place in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListId(u8);

impl ListId {
    pub(crate) fn bit(self) -> u64 {
        1 << self.0
    }
}

struct Phrase {
    folded: Box<str>,
    list: ListId,
    /// The next phrase with the same first word.
    next: u32,
}

/// No phrase follows.
const END: u32 = u32::MAX;

struct List {
    name: String,
    expressions: Vec<PhraseExpression>,
}

/// Lists of which it is asked whether a phrase of theirs begins a text, or is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub begins: u64,
    pub exact: u64,
}

impl Asked {
    /// Every list.
    #[cfg(test)]
    const ALL: Asked = Asked {
        begins: u64::MAX,
        exact: u64::MAX,
    };

    /// These lists and those of `other`.
    pub(crate) fn and(self, other: Asked) -> Asked {
        Asked {
            begins: self.begins | other.begins,
            exact: self.exact | other.exact,
        }
    }
}

/// What the text of an element says of all lists at once, as sets of their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Openings {
    /// A phrase begins the text.
    pub begins: u64,
    /// One may, when more of the text has come.
    pub may_begin: u64,
    /// A phrase is all of the text; or may be.
    pub exact: u64,
    pub may_be_exact: u64,
}

impl Openings {
    /// Nothing is known yet.
    pub(crate) const OPEN: Openings = Openings {
        begins: 0,
        may_begin: u64::MAX,
        exact: 0,
        may_be_exact: u64::MAX,
    };

    /// No phrase.
    pub(crate) const NONE: Openings = Openings {
        begins: 0,
        may_begin: 0,
        exact: 0,
        may_be_exact: 0,
    };
}

/// `:exact-text(/re/)` does not look at longer texts, in bytes.
pub(crate) const MAX_EXACT: usize = 4096;

/// All phrase lists of a rule set.
#[derive(Default)]
pub(crate) struct PhraseBook {
    lists: Vec<List>,
    /// The built-in phrases, sorted, with the numbers of their lists.
    builtin: &'static [(&'static str, u8)],
    /// Where those begin that begin with each byte.
    by_byte: Vec<u32>,
    /// The others.
    phrases: Vec<Phrase>,
    /// The last phrase with this first word, or first character where the script writes no spaces.
    by_first: FxHashMap<Box<str>, u32>,
    /// Where phrases can begin at all.
    starts: Starts,
    /// Length of the longest phrase, in bytes of folded text.
    longest: usize,
    /// Expressions by what they can begin with; those that can begin with anything.
    expressions_by_prefix: FxHashMap<Box<str>, Vec<(ListId, u32)>>,
    expressions: Vec<(ListId, u32)>,
    /// Which first bytes expressions with such a beginning can have.
    beginnings: Beginnings,
}

/// The first word of folded text; of CJK text, its first character.
fn first_word(folded: &str) -> &str {
    let ascii = folded
        .bytes()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(folded.len());
    if folded.as_bytes().get(ascii).is_none_or(u8::is_ascii) {
        return &folded[..ascii];
    }
    let mut end = 0;
    for c in folded.chars() {
        if text::is_cjk(c) {
            if end == 0 {
                end = c.len_utf8();
            }
            break;
        }
        if !text::is_word(c) {
            break;
        }
        end += c.len_utf8();
    }
    &folded[..end]
}

/// Whether a phrase that ends where `rest` begins has ended a word.
fn ends_word(phrase: &str, rest: &str) -> bool {
    match (phrase.chars().next_back(), rest.chars().next()) {
        (Some(last), Some(next)) => {
            !text::is_word(last) || text::is_cjk(last) || !text::is_word(next)
        }
        _ => true,
    }
}

impl PhraseBook {
    /// Adds the phrases of a file to the list called `name`.
    pub(crate) fn add(&mut self, name: &str, file: &str, content: &str) -> Result<(), RuleError> {
        let list = self.list_or_new(name, file)?;
        for (i, line) in lines(content) {
            if let Some(expression) = expression_of(line) {
                check(expression).map_err(|reason| {
                    let reason = format!("bad regular expression: {reason}");
                    RuleError::new(file, i + 1, 1, line, reason)
                })?;
                self.add_expression(list, expression);
                continue;
            }
            let folded = text::fold(line);
            let folded = text::trim_to_word(&folded);
            if first_word(folded).is_empty() {
                let reason = "a phrase needs a word: letters, digits or ©".to_owned();
                return Err(RuleError::new(file, i + 1, 1, line, reason));
            }
            self.add_phrase(list, folded);
        }
        Ok(())
    }

    /// Takes the built-in lists, before any other: their names, their phrases sorted, their
    /// expressions. A test has shown that the phrases are folded and the expressions right; checking
    /// would take several times as long as everything else at the start.
    pub(crate) fn add_builtin(
        &mut self,
        lists: &[&str],
        phrases: &'static [(&'static str, u8)],
        expressions: &[(u8, &str)],
    ) {
        debug_assert!(self.lists.is_empty() && lists.len() <= MAX_LISTS);
        let named = |name: &&str| List {
            name: (*name).to_owned(),
            expressions: Vec::new(),
        };
        self.lists = lists.iter().map(named).collect();
        self.builtin = phrases;
        self.by_byte = vec![0; 257];
        for (phrase, list) in phrases {
            let first = first_word(phrase);
            if first.ends_with(|c: char| c.is_ascii())
                && phrase.as_bytes().get(first.len()) >= Some(&b'{')
            {
                // A combining dot behind the first letter: not sorted among those of the word.
                self.add_phrase(ListId(*list), phrase);
            }
            self.starts.add(phrase, first);
            self.longest = self.longest.max(phrase.len());
            let byte = usize::from(phrase.bytes().next().unwrap_or(0));
            self.by_byte[byte + 1] += 1;
        }
        for byte in 1..self.by_byte.len() {
            self.by_byte[byte] += self.by_byte[byte - 1];
        }
        for (list, expression) in expressions {
            self.add_expression(ListId(*list), expression);
        }
    }

    fn add_expression(&mut self, list: ListId, expression: &str) {
        let expression = PhraseExpression::new(expression);
        let expressions = &mut self.lists[list.0 as usize].expressions;
        let id = (list, expressions.len() as u32);
        if expression.prefixes().is_empty() {
            self.expressions.push(id);
        }
        for prefix in expression.prefixes() {
            self.beginnings.add(prefix);
            let with_prefix = self
                .expressions_by_prefix
                .entry(prefix.clone())
                .or_default();
            if with_prefix.last() != Some(&id) {
                with_prefix.push(id);
            }
        }
        expressions.push(expression);
    }

    fn add_phrase(&mut self, list: ListId, folded: &str) {
        let first = first_word(folded);
        self.starts.add(folded, first);
        let next = self
            .by_first
            .insert(first.into(), self.phrases.len() as u32);
        self.longest = self.longest.max(folded.len());
        self.phrases.push(Phrase {
            folded: folded.into(),
            list,
            next: next.unwrap_or(END),
        });
    }

    fn list_or_new(&mut self, name: &str, file: &str) -> Result<ListId, RuleError> {
        if let Some(list) = self.list(name) {
            return Ok(list);
        }
        if self.lists.len() == MAX_LISTS {
            let reason = format!("more than {MAX_LISTS} phrase lists");
            return Err(RuleError::new(file, 1, 1, name, reason));
        }
        self.lists.push(List {
            name: name.to_owned(),
            expressions: Vec::new(),
        });
        Ok(ListId(self.lists.len() as u8 - 1))
    }

    /// The list called `name`.
    pub(crate) fn list(&self, name: &str) -> Option<ListId> {
        let i = self.lists.iter().position(|list| list.name == name)?;
        Some(ListId(i as u8))
    }

    /// The names of all lists.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|list| &*list.name)
    }

    /// The phrases of a list.
    pub(crate) fn phrases_of(&self, list: ListId) -> impl Iterator<Item = &str> {
        let builtin = self.builtin.iter().filter(move |(_, l)| *l == list.0);
        let others = self.phrases.iter().filter(move |p| p.list == list);
        let others = others.map(|p| &*p.folded);
        builtin.map(|(phrase, _)| *phrase).chain(others)
    }

    /// The lists with a phrase at the beginning of `folded`, which begins with a word.
    pub(crate) fn begins(&self, folded: &str) -> u64 {
        self.phrases_from(first_word(folded))
            .filter(|(phrase, _)| {
                let rest = folded.strip_prefix(phrase);
                rest.is_some_and(|rest| ends_word(phrase, rest))
            })
            .fold(0, |lists, (_, list)| lists | list.bit())
    }

    /// What `text`, from its first word on, says of the lists that are `asked`, whether one of their
    /// phrases begins it and whether one is all of it; `ended` if it is all there will be.
    pub(crate) fn openings(
        &self,
        text: &str,
        ended: bool,
        asked: Asked,
        buffer: &mut String,
    ) -> Openings {
        let first = raw_word(text);
        if first.len() == text.len() && !ended {
            return Openings::OPEN;
        }
        if !self.starts.may_begin(text, first) && !self.may_begin_expression(text, ended, asked) {
            return Openings::NONE;
        }
        let mut o = Openings::NONE;
        let window = floor_char_boundary(text, self.longest + 16);
        let whole = window == text.len();
        buffer.clear();
        text::fold_into(&text[..window], buffer);
        let folded = &buffer[..];
        for (phrase, list) in self.phrases_from(first_word(folded)) {
            let bit = list.bit();
            if let Some(rest) = folded.strip_prefix(phrase) {
                if rest.is_empty() && !ended {
                    o.may_begin |= bit;
                } else if ends_word(phrase, rest) {
                    o.begins |= bit;
                }
                if whole && !rest.contains(text::is_word) {
                    *(if ended {
                        &mut o.exact
                    } else {
                        &mut o.may_be_exact
                    }) |= bit;
                }
            } else if !ended && phrase.starts_with(folded) {
                o.may_begin |= bit;
                o.may_be_exact |= bit;
            }
        }
        let fold_all = |text: &str| {
            let mut folded = String::with_capacity(text.len());
            text::fold_into(text, &mut folded);
            folded
        };
        let by_prefix = prefixes(folded).filter_map(|p| self.expressions_by_prefix.get(p));
        let expressions = by_prefix.flatten().chain(&self.expressions);
        let mut beginning_folded = None;
        let mut whole_folded = None;
        let mut seen = None;
        for &(list, i) in expressions {
            let bit = list.bit();
            let expression = self.expression(list, i);
            if asked.begins & bit & !o.begins != 0 {
                let seen = *seen.get_or_insert_with(|| beginning(text).len());
                if ended || seen < text.len() {
                    let folded = beginning_folded.get_or_insert_with(|| fold_all(&text[..seen]));
                    if expression.is_match(Place::Begins, folded) {
                        o.begins |= bit;
                    }
                } else {
                    o.may_begin |= bit;
                }
            }
            if asked.exact & bit & !o.exact != 0 && text.len() <= MAX_EXACT {
                if ended {
                    let folded = whole_folded.get_or_insert_with(|| match whole {
                        true => Cow::Borrowed(folded),
                        false => Cow::Owned(fold_all(text)),
                    });
                    if expression.is_match(Place::Exact, text::trim_after_word(folded)) {
                        o.exact |= bit;
                    }
                } else {
                    o.may_be_exact |= bit;
                }
            }
        }
        o
    }

    /// Whether some expression of the `asked` lists may match at the beginning of `text`, not folded.
    fn may_begin_expression(&self, text: &str, ended: bool, asked: Asked) -> bool {
        // Of those that can begin with anything most want what few texts have.
        let mut anything = self.expressions.iter().filter(|(list, _)| {
            let lists = asked.begins | asked.exact;
            lists & list.bit() != 0
        });
        self.beginnings.may_have(text)
            || anything
                .any(|&(list, i)| !ended || self.expression(list, i).may_match(Traits::of(text)))
    }

    fn expression(&self, list: ListId, i: u32) -> &PhraseExpression {
        &self.lists[list.0 as usize].expressions[i as usize]
    }

    /// Length of the longest phrase, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The phrases whose first word this is; of words that are not ASCII, some that begin with it and
    /// go on too.
    fn phrases_from(&self, first: &str) -> impl Iterator<Item = (&str, ListId)> {
        let byte = usize::from(first.bytes().next().unwrap_or(0));
        let near = match self.by_byte.get(byte..byte + 2) {
            Some(&[from, to]) if self.starts.words.may_have(first) => {
                &self.builtin[from as usize..to as usize]
            }
            _ => &[],
        };
        let start = near.partition_point(|(phrase, _)| *phrase < first);
        let ascii = first.bytes().next_back().is_some_and(|b| b.is_ascii());
        let goes_on = move |phrase: &str| {
            let next = phrase.as_bytes().get(first.len());
            phrase.starts_with(first) && !(ascii && next.is_some_and(|next| *next >= b'a'))
        };
        let builtin = near[start..]
            .iter()
            .take_while(move |(phrase, _)| goes_on(phrase))
            .map(|(phrase, list)| (*phrase, ListId(*list)));
        // The last phrase of a chain points behind the end.
        let phrase = |id: u32| self.phrases.get(id as usize);
        let id = self.by_first.get(first).copied();
        let others = std::iter::successors(id.and_then(phrase), move |p| phrase(p.next));
        builtin.chain(others.map(|p| (&*p.folded, p.list)))
    }

    /// Whether each built-in phrase is found by its first word.
    #[cfg(test)]
    pub(super) fn finds_builtin(&self) -> bool {
        let found = |phrase: &str| {
            let mut same = self.phrases_from(first_word(phrase));
            same.any(|(found, _)| found == phrase)
        };
        self.builtin.iter().all(|(phrase, _)| found(phrase))
    }

    /// Whether a phrase begins with this, the first word of a text.
    fn any_from(&self, first: &str) -> bool {
        self.phrases_from(first).next().is_some()
    }

    /// Whether an expression of the list matches anywhere in `folded`, the folded form of `text`.
    pub(crate) fn expression_found<'a>(
        &self,
        list: ListId,
        traits: Traits,
        folded: impl FnOnce() -> &'a str,
    ) -> bool {
        let expressions = self.lists[list.0 as usize].expressions.iter();
        let mut expressions = expressions.filter(|e| e.may_match(traits)).peekable();
        if expressions.peek().is_none() {
            return false;
        }
        let folded = folded();
        expressions.any(|e| e.is_match(Place::Anywhere, folded))
    }

    /// Where phrases of these lists can begin.
    pub(crate) fn starts(&self, lists: u64) -> Starts {
        let mut starts = Starts::default();
        let builtin = self.builtin.iter().map(|(p, list)| (*p, ListId(*list)));
        let others = self.phrases.iter().map(|p| (&*p.folded, p.list));
        for (phrase, list) in builtin.chain(others) {
            if lists & list.bit() != 0 {
                starts.add(phrase, first_word(phrase));
            }
        }
        starts
    }

    /// Calls `hit` with the place of each word of `text` at which phrases begin that `starts` is
    /// made of, and some others, and with their lists. Returns the first place that more text may make the beginning of a phrase.
    pub(crate) fn scan(
        &self,
        starts: &Starts,
        text: &str,
        buffer: &mut String,
        mut hit: impl FnMut(usize, u64),
    ) -> usize {
        let mut at = 0;
        let mut open = None;
        while at < text.len() {
            let rest = &text[at..];
            let word = raw_word(rest);
            if word.is_empty() {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
            let ends_here = word.len() == rest.len();
            if !ends_here && !starts.may_begin(rest, word) {
                at += word.len();
                continue;
            }
            buffer.clear();
            text::fold_into(word, buffer);
            if self.any_from(first_word(buffer)) {
                buffer.clear();
                let window = floor_char_boundary(rest, self.longest + 16);
                text::fold_into(&rest[..window], buffer);
                let lists = self.begins(buffer);
                if lists != 0 {
                    hit(at, lists);
                }
                let may_go_on = || {
                    let mut phrases = self.phrases_from(first_word(buffer));
                    phrases.any(|(phrase, _)| phrase.starts_with(&**buffer))
                };
                if window == rest.len() && (ends_here || may_go_on()) {
                    open = open.or(Some(at));
                }
            } else if ends_here {
                open = open.or(Some(at));
            }
            at += word.len();
        }
        open.unwrap_or(text.len())
    }

    /// Whether a phrase of the list stands anywhere in `folded`, as whole words.
    pub(crate) fn found(&self, list: ListId, folded: &str) -> bool {
        let mut found = false;
        let starts = self.starts(list.bit());
        self.scan(&starts, folded, &mut String::new(), |_, lists| {
            found |= lists & list.bit() != 0
        });
        found || self.expression_found(list, Traits::of(folded), || folded)
    }
}

/// The word that text begins with, not folded; of CJK text, its first character.
fn raw_word(text: &str) -> &str {
    let ascii = text
        .bytes()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    if text.as_bytes().get(ascii).is_none_or(u8::is_ascii) {
        return &text[..ascii];
    }
    first_word(text)
}

/// The beginnings of a text, of one to [`PREFIX`] characters.
fn prefixes(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.take(PREFIX).map(|end| &text[..end])
}

/// The greatest character boundary up to `n`.
fn floor_char_boundary(text: &str, n: usize) -> usize {
    let mut n = n.min(text.len());
    while !text.is_char_boundary(n) {
        n -= 1;
    }
    n
}

/// Tells most words that are no phrase's first from their first three bytes and their length: a
/// table of bits, which is cheaper to ask than a map.
struct Sieve([u64; Sieve::WORDS]);

/// Tells most places of a text at which no phrase of some lists begins.
#[derive(Default)]
pub(crate) struct Starts {
    words: Sieve,
    /// First words with the two bytes behind them, or alone.
    pairs: Sieve,
}

impl Starts {
    /// The two bytes behind the first word, if they are ASCII.
    fn behind(text: &str, word: &str) -> Option<[u8; 2]> {
        let two = text.as_bytes().get(word.len()..word.len() + 2)?;
        two.is_ascii().then(|| [two[0], two[1]])
    }

    fn add(&mut self, phrase: &str, first: &str) {
        self.words.add(first);
        let behind = Starts::behind(phrase, first).unwrap_or_default();
        self.pairs.add_with(first, behind);
    }

    /// Whether a phrase may begin with `word`, with which `text` begins, not folded.
    fn may_begin(&self, text: &str, word: &str) -> bool {
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
    const WORDS: usize = 256;

    fn place(bytes: &[u8], behind: [u8; 2]) -> (usize, u64) {
        let byte = |i: usize| {
            bytes
                .get(i)
                .map_or(0, |b| u32::from(b.to_ascii_lowercase()))
        };
        let key = byte(0) | byte(1) << 8 | byte(2) << 16 | (bytes.len() as u32) << 24;
        let [a, b] = behind.map(|b| u32::from(b.to_ascii_lowercase()));
        let key = key ^ (a << 8 | b).wrapping_mul(0x85eb_ca6b);
        let hash = key.wrapping_mul(0x9e37_79b1) >> 18;
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
    fn may_have(&self, word: &str) -> bool {
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

/// The same for beginnings, from their first three bytes.
#[derive(Default)]
struct Beginnings(Sieve);

impl Beginnings {
    fn add(&mut self, beginning: &str) {
        let bytes = beginning.as_bytes();
        self.0.add_bytes(&bytes[..bytes.len().min(PREFIX)]);
    }

    /// Whether a text, not folded, may have such a beginning. Folding may change what is not ASCII.
    fn may_have(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let first = &bytes[..bytes.len().min(PREFIX)];
        !first.is_ascii() || (1..=first.len()).any(|n| self.0.has_bytes(&first[..n]))
    }
}

/// The lines of a list that are phrases, numbered from 0.
fn lines(content: &str) -> impl Iterator<Item = (usize, &str)> {
    content
        .lines()
        .map(str::trim)
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('!'))
}

fn expression_of(line: &str) -> Option<&str> {
    line.strip_prefix('/')?.strip_suffix('/')
}

/// Whether a line of a built-in list is as [`PhraseBook::add_builtin`] takes it.
#[cfg(test)]
pub(super) fn is_folded(line: &str) -> bool {
    let folded = text::fold(line);
    text::trim_to_word(&folded) == line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> PhraseBook {
        let mut book = PhraseBook::default();
        let read = "! it\nleggi anche\nleggi tutto\n! fr\nà lire aussi\n! ja\n関連記事\n";
        book.add("read", "read.txt", read).unwrap();
        book.add("left", "left.txt", r"/ti resta il [\d.,]+ ?%/")
            .unwrap();
        book
    }

    #[test]
    fn a_phrase_begins_a_text_as_whole_words() {
        let book = book();
        let read = book.list("read").unwrap();
        for (text, yes) in [
            ("leggi anche: il resto", true),
            ("leggi anche", true),
            ("leggi anchetti", false),
            ("à lire aussi notre dossier", true),
            ("関連記事はこちら", true),
            ("leggi", false),
        ] {
            assert_eq!(book.begins(text) & read.bit() != 0, yes, "{text}");
        }
    }

    #[test]
    fn what_a_beginning_leaves_open() {
        let book = book();
        let read = book.list("read").unwrap().bit();
        let left = book.list("left").unwrap().bit();
        let openings = |text, ended| book.openings(text, ended, Asked::ALL, &mut String::new());
        assert_eq!(openings("Leg", false), Openings::OPEN);
        assert_eq!(openings("Leggi a", false).may_begin, read);
        assert_eq!(openings("Leggi un", false).may_begin, 0);
        assert_eq!(openings("Leggi anche", false).may_begin, read);
        assert_eq!(openings("Leggi anche:", false).begins, read);
        assert_eq!(openings("Leggi anche", true).exact, read);
        assert_eq!(openings("Leggi anche!", true).exact, read);
        assert_eq!(openings("Leggi anche tu", true).exact, 0);
        assert_eq!(openings("Ti resta", false).may_begin, left);
        assert_eq!(openings("Ti resta il 5% di", true).begins, left);
        assert_eq!(openings("Altro testo", false).may_begin, 0);
    }

    #[test]
    fn a_phrase_is_found_as_whole_words() {
        let book = book();
        let read = book.list("read").unwrap();
        assert!(book.found(read, "ora leggi anche questo"));
        assert!(book.found(read, "この関連記事を"));
        assert!(!book.found(read, "sorleggi anche questo"));
        let left = book.list("left").unwrap();
        assert!(book.found(left, "oggi ti resta il 50,97% di questo"));
    }

    #[test]
    fn a_bad_expression_is_an_error_with_its_line() {
        let error = PhraseBook::default()
            .add("x", "x.txt", "one\n/(/")
            .unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.to_string().contains("unclosed group"), "{error}");
    }
}
