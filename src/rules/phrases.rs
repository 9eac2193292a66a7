//! Phrase lists, and the patterns that text tests compare with. The lists of a rule set are
//! matched together: one look at the first word of a text tells every list that has a phrase
//! there, however many lists and phrases there are.

use super::error::RuleError;
use crate::text;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// How much of a text `:begins-with(/re/)` sees, in characters. The longest prompt of the lists
/// begins within 120; a bound is what lets a candidate be given up early.
pub(crate) const BEGINNING: usize = 300;

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
}

#[derive(Default)]
struct List {
    name: String,
    expressions: Vec<String>,
    begins: OnceLock<Option<Regex>>,
    exact: OnceLock<Option<Regex>>,
    anywhere: OnceLock<Option<Regex>>,
    automaton: OnceLock<Option<AhoCorasick>>,
}

/// All phrase lists of a rule set.
#[derive(Default)]
pub(crate) struct PhraseBook {
    lists: Vec<List>,
    phrases: Vec<Phrase>,
    /// Phrases by their first word, or first character where the script writes no spaces.
    by_first: FxHashMap<Box<str>, Vec<u32>>,
    /// Length of the longest phrase, in bytes of folded text.
    longest: usize,
}

/// The first word of folded text; of CJK text, its first character.
fn first_word(folded: &str) -> &str {
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
        for (i, line) in content.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('!') {
                continue;
            }
            if let Some(expression) = expression_of(line) {
                regex_syntax_check(expression).map_err(|reason| {
                    RuleError::new(
                        file,
                        i + 1,
                        1,
                        line,
                        format!("bad regular expression: {reason}"),
                    )
                })?;
                self.lists[list.0 as usize]
                    .expressions
                    .push(expression.to_owned());
                continue;
            }
            let folded = text::fold(line);
            let folded = text::trim_to_word(&folded);
            let first = first_word(folded);
            if first.is_empty() {
                return Err(RuleError::new(
                    file,
                    i + 1,
                    1,
                    line,
                    "a phrase needs a word: letters, digits or ©".to_owned(),
                ));
            }
            self.longest = self.longest.max(folded.len());
            let id = self.phrases.len() as u32;
            match self.by_first.get_mut(first) {
                Some(ids) => ids.push(id),
                None => {
                    self.by_first.insert(first.into(), vec![id]);
                }
            }
            self.phrases.push(Phrase {
                folded: folded.into(),
                list,
            });
        }
        Ok(())
    }

    fn list_or_new(&mut self, name: &str, file: &str) -> Result<ListId, RuleError> {
        if let Some(list) = self.list(name) {
            return Ok(list);
        }
        if self.lists.len() == MAX_LISTS {
            return Err(RuleError::new(
                file,
                1,
                1,
                name,
                format!("more than {MAX_LISTS} phrase lists"),
            ));
        }
        self.lists.push(List {
            name: name.to_owned(),
            ..List::default()
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
        self.by_first.get(word).is_some_and(|ids| {
            ids.iter().any(|&id| {
                let phrase = &self.phrases[id as usize];
                phrase.list == list && &*phrase.folded == word
            })
        })
    }

    /// The lists with a phrase at the beginning of `folded`, which begins with a word.
    pub(crate) fn begins(&self, folded: &str) -> u64 {
        self.matching(folded, |(phrase, rest)| ends_word(phrase, rest))
    }

    /// The lists with a phrase that is all of `folded`.
    pub(crate) fn exact(&self, folded: &str) -> u64 {
        self.matching(folded, |(_, rest)| rest.is_empty())
    }

    fn matching(&self, folded: &str, ok: impl Fn((&str, &str)) -> bool) -> u64 {
        let Some(ids) = self.by_first.get(first_word(folded)) else {
            return 0;
        };
        ids.iter()
            .map(|&id| &self.phrases[id as usize])
            .filter(|phrase| {
                folded
                    .strip_prefix(&*phrase.folded)
                    .is_some_and(|rest| ok((&phrase.folded, rest)))
            })
            .fold(0, |lists, phrase| lists | phrase.list.bit())
    }

    /// Bytes of folded text after which a beginning is decided.
    pub(crate) fn decided_after(&self, list: ListId) -> usize {
        if self.lists[list.0 as usize].expressions.is_empty() {
            self.longest + 1
        } else {
            BEGINNING
        }
    }

    fn expression(&self, list: ListId, shape: Shape) -> Option<&Regex> {
        let list = &self.lists[list.0 as usize];
        let cell = match shape {
            Shape::Begins => &list.begins,
            Shape::Exact => &list.exact,
            Shape::Anywhere => &list.anywhere,
        };
        cell.get_or_init(|| {
            if list.expressions.is_empty() {
                return None;
            }
            Regex::new(&shape.wrap(&list.expressions.join("|"))).ok()
        })
        .as_ref()
    }

    /// Whether an expression of the list matches the beginning of `folded`.
    pub(crate) fn expression_begins(&self, list: ListId, folded: &str) -> bool {
        self.expression(list, Shape::Begins)
            .is_some_and(|re| re.is_match(beginning(folded)))
    }

    /// Whether an expression of the list matches all of `folded`.
    pub(crate) fn expression_is(&self, list: ListId, folded: &str) -> bool {
        self.expression(list, Shape::Exact)
            .is_some_and(|re| re.is_match(folded))
    }

    /// Whether a phrase of the list stands anywhere in `folded`, as whole words.
    pub(crate) fn found(&self, list: ListId, folded: &str) -> bool {
        let automaton = self.lists[list.0 as usize].automaton.get_or_init(|| {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .match_kind(MatchKind::Standard)
                .build(
                    self.phrases
                        .iter()
                        .filter(|phrase| phrase.list == list)
                        .map(|phrase| phrase.folded.as_bytes()),
                )
                .ok()
        });
        let literal = automaton.as_ref().is_some_and(|automaton| {
            automaton.find_overlapping_iter(folded).any(|found| {
                let (before, rest) = folded.split_at(found.start());
                let (phrase, rest) = rest.split_at(found.len());
                let begins = before
                    .chars()
                    .next_back()
                    .is_none_or(|c| !text::is_word(c) || text::is_cjk(c));
                begins && ends_word(phrase, rest)
            })
        });
        literal
            || self
                .expression(list, Shape::Anywhere)
                .is_some_and(|re| re.is_match(folded))
    }
}

/// The first [`BEGINNING`] characters.
pub(crate) fn beginning(text: &str) -> &str {
    match text.char_indices().nth(BEGINNING) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn expression_of(line: &str) -> Option<&str> {
    line.strip_prefix('/')?.strip_suffix('/')
}

/// How an expression is held against a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Begins,
    Exact,
    Anywhere,
}

impl Shape {
    fn wrap(self, expression: &str) -> String {
        match self {
            Shape::Begins => format!("^(?:{expression})"),
            Shape::Exact => format!("^(?:{expression})$"),
            Shape::Anywhere => expression.to_owned(),
        }
    }
}

/// Whether an expression can be compiled, without the cost of doing it.
fn regex_syntax_check(expression: &str) -> Result<(), String> {
    regex_syntax::Parser::new()
        .parse(expression)
        .map(drop)
        .map_err(|error| match error {
            regex_syntax::Error::Parse(e) => e.kind().to_string(),
            regex_syntax::Error::Translate(e) => e.kind().to_string(),
            e => e.to_string(),
        })
}

/// Where a text test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// `:has-text()`: anywhere.
    Anywhere,
    /// `:begins-with()`: at the beginning, leading punctuation aside.
    Begins,
    /// `:exact-text()`: the whole, punctuation at both ends aside.
    Exact,
}

/// What a text test looks for.
pub(crate) enum Pattern {
    /// Words, whatever their case; folded.
    Literal(Box<str>),
    /// A phrase list.
    List(ListId),
    /// A regular expression; compiled when it is first needed.
    Expression(Expression),
}

/// A regular expression, compiled at its first use: most rules of a set are never asked.
pub(crate) struct Expression {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Expression {
    /// Checks an expression; `flags` may have `i`.
    pub(crate) fn new(source: &str, flags: &str, place: Place) -> Result<Self, String> {
        if let Some(flag) = flags.chars().find(|c| !"imsu".contains(*c)) {
            return Err(format!(
                "unknown flag '{flag}' of a regular expression; i, m and s are known"
            ));
        }
        let flags: String = flags.chars().filter(|&c| c != 'u').collect();
        let inner = if flags.is_empty() {
            source.to_owned()
        } else {
            format!("(?{flags}:{source})")
        };
        let source = match place {
            Place::Anywhere => inner,
            Place::Begins => Shape::Begins.wrap(&inner),
            Place::Exact => Shape::Exact.wrap(&inner),
        };
        regex_syntax_check(&source)
            .map_err(|reason| format!("bad regular expression: {reason}"))?;
        Ok(Expression {
            source,
            compiled: OnceLock::new(),
        })
    }

    /// Whether the expression matches.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
            .is_some_and(|re| re.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> PhraseBook {
        let mut book = PhraseBook::default();
        book.add(
            "read",
            "read.txt",
            "! it\nleggi anche\n! fr\nà lire aussi\n! ja\n関連記事\n",
        )
        .unwrap();
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
        assert!(!book.found(read, "sorleggi anche questo"));
    }

    #[test]
    fn an_expression_of_a_list_matches_folded_text() {
        let book = book();
        let left = book.list("left").unwrap();
        assert!(book.expression_begins(left, "ti resta il 50,97% di questo articolo"));
        assert!(book.found(left, "oggi ti resta il 50,97% di questo"));
        assert!(!book.expression_is(left, "ti resta il 50,97% di questo"));
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
