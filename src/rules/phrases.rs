//! Phrase lists. The lists of a rule set are matched together: one look at the first word of a text
//! tells every list that has a phrase there, however many lists and phrases there are.

use super::error::RuleError;
use super::pattern::{BEGINNING, PhraseExpression, Place, check};
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
}

/// All phrase lists of a rule set.
#[derive(Default)]
pub(crate) struct PhraseBook {
    lists: Vec<List>,
    phrases: Vec<Phrase>,
    /// The last phrase with this first word, or first character where the script writes no spaces.
    by_first: FxHashMap<Cow<'static, str>, u32>,
    /// Length of the longest phrase, in bytes of folded text.
    longest: usize,
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
            self.add_phrase(list, Cow::Owned(folded.to_owned()));
        }
        Ok(())
    }

    /// Adds the phrases of a built-in file, which a test has shown to be folded and right: checking
    /// takes several times as long as reading.
    pub(crate) fn add_builtin(&mut self, name: &str, file: &str, content: &'static str) {
        let Ok(list) = self.list_or_new(name, file) else {
            return;
        };
        for (_, line) in lines(content) {
            match expression_of(line) {
                Some(expression) => self.add_expression(list, expression),
                None => self.add_phrase(list, Cow::Borrowed(line)),
            }
        }
    }

    fn add_expression(&mut self, list: ListId, expression: &str) {
        let expression = PhraseExpression::new(expression);
        self.lists[list.0 as usize].expressions.push(expression);
    }

    fn add_phrase(&mut self, list: ListId, folded: Cow<'static, str>) {
        let first = match &folded {
            Cow::Borrowed(folded) => Cow::Borrowed(first_word(folded)),
            Cow::Owned(folded) => Cow::Owned(first_word(folded).to_owned()),
        };
        let next = self.by_first.insert(first, self.phrases.len() as u32);
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

    /// Whether `word`, in lower case, is a phrase of the list.
    pub(crate) fn has_word(&self, list: ListId, word: &str) -> bool {
        self.phrases_from(word)
            .any(|phrase| phrase.list == list && phrase.folded == word)
    }

    /// The lists with a phrase at the beginning of `folded`, which begins with a word.
    pub(crate) fn begins(&self, folded: &str) -> u64 {
        self.phrases_from(first_word(folded))
            .filter(|phrase| {
                folded
                    .strip_prefix(&*phrase.folded)
                    .is_some_and(|rest| ends_word(&phrase.folded, rest))
            })
            .fold(0, |lists, phrase| lists | phrase.list.bit())
    }

    /// The lists with a phrase that is all of `folded`.
    pub(crate) fn exact(&self, folded: &str) -> u64 {
        self.phrases_from(first_word(folded))
            .filter(|phrase| phrase.folded == folded)
            .fold(0, |lists, phrase| lists | phrase.list.bit())
    }

    fn phrases_from(&self, first: &str) -> impl Iterator<Item = &Phrase> {
        let first = self.by_first.get(first).copied();
        // The last phrase of a chain points behind the end.
        let phrase = |id: u32| self.phrases.get(id as usize);
        std::iter::successors(first.and_then(phrase), move |p| phrase(p.next))
    }

    /// Bytes of folded text after which a beginning is decided.
    pub(crate) fn decided_after(&self, list: ListId) -> usize {
        if self.lists[list.0 as usize].expressions.is_empty() {
            self.longest + 1
        } else {
            BEGINNING
        }
    }

    /// Whether an expression of the list matches `folded` at this place.
    pub(crate) fn expression(&self, list: ListId, place: Place, folded: &str) -> bool {
        let mut expressions = self.lists[list.0 as usize].expressions.iter();
        expressions.any(|expression| expression.is_match(place, folded))
    }

    /// Whether a phrase of the list stands anywhere in `folded`, as whole words.
    pub(crate) fn found(&self, list: ListId, folded: &str) -> bool {
        let mut in_word = false;
        let literal = folded.char_indices().any(|(at, c)| {
            let begins = text::is_word(c) && (!in_word || text::is_cjk(c));
            in_word = text::is_word(c) && !text::is_cjk(c);
            begins && self.begins(&folded[at..]) & list.bit() != 0
        });
        literal || self.expression(list, Place::Anywhere, folded)
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
        assert_eq!(book.exact("leggi anche"), read.bit());
        assert_eq!(book.exact("leggi anche tu"), 0);
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
