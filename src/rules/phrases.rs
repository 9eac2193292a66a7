//! Phrase lists. The lists of a rule set are matched together: one look at the first word of a text
//! tells every list that has a phrase there, however many lists and phrases there are.

use super::error::RuleError;
use super::parts::{Gate, PREFIX};
use super::pattern::{Gates, PhraseExpression, Place, Traits, beginning, check};
use super::starts::{Beginnings, Starts};
use crate::tag::Name;
use crate::text;
use crate::words::{first_word, is_cjk, is_word};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::borrow::Cow;

/// Lists a set can have: one bit each.
pub(crate) const MAX_LISTS: usize = 64;

/// A list of phrases, by its place in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListId(u8);

impl ListId {
    pub(crate) fn bit(self) -> u64 {
        1 << self.0
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The lists of a set of bits.
    pub(crate) fn all_of(mut bits: u64) -> impl Iterator<Item = ListId> {
        std::iter::from_fn(move || {
            let list = (bits != 0).then(|| ListId(bits.trailing_zeros() as u8));
            bits &= bits.wrapping_sub(1);
            list
        })
    }
}

struct Phrase {
    folded: Cow<'static, str>,
    list: ListId,
    /// The next phrase with the same first word.
    next: u32,
}

/// No phrase follows.
const END: u32 = u32::MAX;

struct List {
    name: String,
    expressions: Vec<PhraseExpression>,
    /// What a text must have for one of the expressions to match.
    gates: Gates,
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

    /// Whether what answers this answers `other`.
    pub(crate) fn covers(self, other: Asked) -> bool {
        other.begins & !self.begins == 0 && other.exact & !self.exact == 0
    }

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

/// A phrase of a built-in list: the list's number, the phrase, the length of its first word in bytes.
pub(crate) type BuiltinPhrase = (u8, &'static str, u8);

/// An expression of a built-in list: the list's number, the source, what a text must have for a match, and
/// what a match can begin with.
pub(crate) type BuiltinExpression = (u8, &'static str, Gate, &'static [Cow<'static, str>]);

/// `:exact-text(/re/)` does not look at longer texts, in bytes.
pub(crate) const MAX_EXACT: usize = 4096;

/// All phrase lists of a rule set.
#[derive(Default)]
pub(crate) struct PhraseBook {
    lists: Vec<List>,
    phrases: Vec<Phrase>,
    /// The last phrase with this first word, or first character where the script writes no spaces.
    by_first: FxHashMap<Name, u32>,
    /// Where phrases can begin at all.
    starts: Starts,
    /// Length of the longest phrase, in bytes of folded text.
    longest: usize,
    /// Expressions by what they can begin with; those that can begin with anything.
    expressions_by_prefix: FxHashMap<Cow<'static, str>, SmallVec<[(ListId, u32); 2]>>,
    expressions: Vec<(ListId, u32)>,
    /// The lists of the latter, by what a text must have for one to match.
    gates: Gates,
    /// Which first bytes expressions with such a beginning can have.
    beginnings: Beginnings,
}

/// Whether a phrase that ends where `rest` begins has ended a word.
fn ends_word(phrase: &str, rest: &str) -> bool {
    match (phrase.chars().next_back(), rest.chars().next()) {
        (Some(last), Some(next)) => !is_word(last) || is_cjk(last) || !is_word(next),
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
                self.add_expression(list, PhraseExpression::new(expression));
                continue;
            }
            let folded = text::fold(line);
            let folded = text::trim_to_word(&folded);
            if first_word(folded).is_empty() {
                let reason = "a phrase needs a word: letters, digits or ©".to_owned();
                return Err(RuleError::new(file, i + 1, 1, line, reason));
            }
            let first = first_word(folded).len();
            self.add_phrase(list, Cow::Owned(folded.to_owned()), first);
        }
        Ok(())
    }

    /// Takes the built-in lists, before any other: their names, their phrases, their
    /// expressions. A test has shown that the phrases are folded and the expressions right; checking
    /// would take several times as long as everything else at the start.
    pub(crate) fn add_builtin(
        &mut self,
        lists: &[&str],
        phrases: &'static [BuiltinPhrase],
        expressions: &'static [BuiltinExpression],
    ) {
        debug_assert!(self.lists.is_empty() && lists.len() <= MAX_LISTS);
        let named = |name: &&str| List {
            name: (*name).to_owned(),
            expressions: Vec::new(),
            gates: Gates::default(),
        };
        self.lists = lists.iter().map(named).collect();
        self.phrases.reserve(phrases.len());
        self.by_first.reserve(phrases.len() / 2);
        for &(list, phrase, first) in phrases {
            self.add_phrase(ListId(list), Cow::Borrowed(phrase), usize::from(first));
        }
        for &(list, source, gate, prefixes) in expressions {
            let (source, prefixes) = (Cow::Borrowed(source), Cow::Borrowed(prefixes));
            let expression = PhraseExpression::known(source, gate, prefixes);
            self.add_expression(ListId(list), expression);
        }
    }

    fn add_expression(&mut self, list: ListId, expression: PhraseExpression) {
        let List {
            expressions, gates, ..
        } = &mut self.lists[list.index()];
        let id = (list, expressions.len() as u32);
        gates.add(expression.gate(), list.bit());
        if expression.prefixes().is_empty() {
            self.expressions.push(id);
            self.gates.add(expression.gate(), list.bit());
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

    /// Adds a phrase whose first word has this length.
    fn add_phrase(&mut self, list: ListId, folded: Cow<'static, str>, first: usize) {
        let first = &folded[..first];
        self.starts.add(&folded, first);
        let next = self
            .by_first
            .insert(Name::new(first.as_bytes()), self.phrases.len() as u32);
        self.longest = self.longest.max(folded.len());
        self.phrases.push(Phrase {
            folded,
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
            gates: Gates::default(),
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
        let phrases = self.phrases.iter().filter(move |p| p.list == list);
        phrases.map(|p| &*p.folded)
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
        // Of an expression too little may be there to tell.
        let is_short = !ended && text.chars().nth(PREFIX).is_none();
        let may_begin = self.starts.may_begin(text, first);
        let may_begin_expression = is_short || self.may_begin_expression(text, ended, asked);
        if !may_begin && !may_begin_expression {
            return Openings::NONE;
        }
        let mut o = Openings::NONE;
        let window = floor_char_boundary(text, self.longest + 16);
        let whole = window == text.len();
        buffer.clear();
        text::fold_into(&text[..window], buffer);
        let folded = &buffer[..];
        let phrases = may_begin.then(|| self.phrases_from(first_word(folded)));
        for (phrase, list) in phrases.into_iter().flatten() {
            let bit = list.bit();
            if (asked.begins | asked.exact) & bit == 0 {
                continue;
            }
            if let Some(rest) = folded.strip_prefix(phrase) {
                if rest.is_empty() && !ended {
                    o.may_begin |= bit;
                } else if ends_word(phrase, rest) {
                    o.begins |= bit;
                }
                if whole && !rest.contains(is_word) {
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
        if is_short {
            let with_expressions = |list: &ListId| {
                let list = self.lists.get(list.index());
                list.is_some_and(|list| !list.expressions.is_empty())
            };
            let lists = ListId::all_of(asked.begins | asked.exact).filter(with_expressions);
            let lists = lists.fold(0, |all, list| all | list.bit());
            o.may_begin |= lists & asked.begins & !o.begins;
            o.may_be_exact |= lists & asked.exact;
        }
        if !may_begin_expression || is_short {
            return o;
        }
        let fold_all = |text: &str| {
            let mut folded = String::with_capacity(text.len());
            text::fold_into(text, &mut folded);
            folded
        };
        let by_prefix = prefixes(folded)
            .filter(|prefix| self.beginnings.may_be(prefix))
            .filter_map(|prefix| self.expressions_by_prefix.get(prefix));
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
        let asked = asked.begins | asked.exact;
        self.beginnings.may_have(text)
            || !ended && self.gates.all() & asked != 0
            // Of those that can begin with anything most want what few texts have.
            || ended && self.gates.may_match(asked, text)
    }

    /// The expressions of these lists.
    pub(super) fn expressions_of(
        &self,
        lists: u64,
    ) -> impl Iterator<Item = (ListId, &PhraseExpression)> {
        ListId::all_of(lists).flat_map(|list| {
            let expressions = self.lists.get(list.index()).map(|list| &list.expressions);
            let expressions = expressions.into_iter().flatten();
            expressions.map(move |expression| (list, expression))
        })
    }

    fn expression(&self, list: ListId, i: u32) -> &PhraseExpression {
        &self.lists[list.0 as usize].expressions[i as usize]
    }

    /// Length of the longest phrase, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The phrases whose first word this is.
    fn phrases_from(&self, first: &str) -> impl Iterator<Item = (&str, ListId)> {
        // The last phrase of a chain points behind the end.
        let phrase = |id: u32| self.phrases.get(id as usize);
        let id = self.by_first.get(&Name::new(first.as_bytes())).copied();
        let phrases = std::iter::successors(id.and_then(phrase), move |p| phrase(p.next));
        phrases.map(|p| (&*p.folded, p.list))
    }

    /// Whether each built-in phrase is found by its first word.
    #[cfg(test)]
    pub(super) fn finds_builtin(&self) -> bool {
        let found = |phrase: &str| {
            let mut same = self.phrases_from(first_word(phrase));
            same.any(|(found, _)| found == phrase)
        };
        self.phrases.iter().all(|phrase| found(&phrase.folded))
    }

    /// Whether a phrase begins with this, the first word of a text.
    fn any_from(&self, first: &str) -> bool {
        self.phrases_from(first).next().is_some()
    }

    /// Of these lists, those with an expression that may match a text of which this much is known, whatever
    /// its [`Needles`](super::needles::Needles) say.
    pub(crate) fn gated(&self, lists: u64, traits: Traits) -> u64 {
        let gated = ListId::all_of(lists).filter(|list| {
            let list = self.lists.get(list.index());
            list.is_some_and(|list| list.gates.any_beside_open(traits))
        });
        gated.fold(0, |lists, list| lists | list.bit())
    }

    /// Whether an expression of the list matches anywhere in `folded`, the folded form of a text of
    /// which this much is known: `has_needle` if what its [`Needles`](super::needles::Needles) are made of may stand in it.
    pub(crate) fn expression_found<'a>(
        &self,
        list: ListId,
        traits: Traits,
        has_needle: bool,
        folded: impl FnOnce() -> &'a str,
    ) -> bool {
        let List {
            expressions, gates, ..
        } = &self.lists[list.index()];
        if !has_needle && !gates.any_beside_open(traits) {
            return false;
        }
        let expressions = expressions
            .iter()
            .filter(|e| e.may_match(traits) && (has_needle || e.gate() != Gate::Open));
        let mut expressions = expressions.peekable();
        if expressions.peek().is_none() {
            return false;
        }
        let folded = folded();
        expressions.any(|e| e.is_match(Place::Anywhere, folded))
    }

    /// Where phrases of these lists can begin.
    pub(crate) fn starts(&self, lists: u64) -> Starts {
        let mut starts = Starts::of(lists);
        for Phrase { folded, list, .. } in &self.phrases {
            if lists & list.bit() != 0 {
                starts.add(folded, first_word(folded));
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
            let may_begin = if ends_here {
                open = open.or(Some(at));
                starts.words.may_have(word)
            } else {
                starts.may_begin(rest, word)
            };
            if !may_begin {
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
                if window == rest.len() && !ends_here && may_go_on() {
                    open = open.or(Some(at));
                }
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
        found || self.expression_found(list, Traits::of(folded), true, || folded)
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
