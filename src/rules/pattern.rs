//! What text tests compare with: literals, phrase lists, regular expressions. Expressions are many
//! and most are never asked, so each is compiled when a text first passes a cheap look at what it
//! cannot do without.

use super::parts::{Gate, ascii_classes, is_not_latin, needle_of, needles_of, prefixes_of};
use super::phrases::ListId;
use memchr::memmem::Finder;
use regex::Regex;
use regex_syntax::hir::Hir;
use regex_syntax::hir::literal::Extractor;
use std::borrow::Cow;
use std::sync::OnceLock;

/// How much of a text `:begins-with(/re/)` sees, in characters. The longest prompt of the lists
/// begins within 120; a bound is what lets a candidate be given up early.
pub(crate) const BEGINNING: usize = 300;

/// The first [`BEGINNING`] characters.
pub(crate) fn beginning(text: &str) -> &str {
    if text.len() <= BEGINNING {
        return text;
    }
    match text.char_indices().nth(BEGINNING) {
        Some((end, _)) => &text[..end],
        None => text,
    }
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

impl Place {
    fn wrap(self, expression: &str) -> String {
        match self {
            Place::Begins => format!("^(?:{expression})"),
            Place::Exact => format!("^(?:{expression})$"),
            Place::Anywhere => expression.to_owned(),
        }
    }
}

/// What a text test looks for.
pub(crate) enum Pattern {
    /// Words, whatever their case; folded.
    Literal(Box<str>),
    /// A phrase list.
    List(ListId),
    /// A regular expression.
    Expression(Box<Expression>),
}

/// A regular expression of a rule.
pub(crate) struct Expression {
    source: String,
    /// If it is held against a beginning, the first bytes that a match can have.
    firsts: Option<ByteSet>,
    compiled: OnceLock<Option<Regex>>,
}

/// A set of bytes.
type ByteSet = [u64; 4];

/// The first bytes of what an expression matches; `None` if they could be any.
fn firsts_of(expression: &Hir) -> Option<ByteSet> {
    let prefixes = Extractor::new().extract(expression);
    let mut firsts = ByteSet::default();
    for prefix in prefixes.literals()? {
        let first = *prefix.as_bytes().first()?;
        firsts[usize::from(first / 64)] |= 1 << (first % 64);
    }
    Some(firsts)
}

impl Expression {
    /// Checks an expression; `flags` may have `i`, `m` and `s`.
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
        let source = place.wrap(&inner);
        let parsed =
            parse(&source).map_err(|reason| format!("bad regular expression: {reason}"))?;
        Ok(Expression {
            firsts: match place {
                Place::Anywhere => None,
                Place::Begins | Place::Exact => firsts_of(&parsed),
            },
            source,
            compiled: OnceLock::new(),
        })
    }

    /// Whether the expression matches.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        if let Some(firsts) = &self.firsts
            && text
                .bytes()
                .next()
                .is_none_or(|first| firsts[usize::from(first / 64)] & 1 << (first % 64) == 0)
        {
            return false;
        }
        self.compiled
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
            .is_some_and(|re| re.is_match(text))
    }
}

/// A regular expression of a phrase list: held against folded text, in one of three ways.
pub(crate) struct PhraseExpression {
    source: Cow<'static, str>,
    /// What every match has in it.
    needle: OnceLock<Finder<'static>>,
    prefixes: Prefixes,
    gate: Gate,
    compiled: [OnceLock<Option<Regex>>; 3],
}

/// What a match can begin with, at most [`PREFIX`](super::parts::PREFIX) characters each; none if it could
/// be any.
type Prefixes = Cow<'static, [Cow<'static, str>]>;

impl PhraseExpression {
    pub(crate) fn new(source: &str) -> Self {
        let prefixes = prefixes_of(source).into_iter();
        let prefixes = prefixes.map(Cow::Owned).collect();
        PhraseExpression::known(
            Cow::Owned(ascii_classes(source)),
            Gate::of(source),
            prefixes,
        )
    }

    /// An expression about which the rest is known.
    pub(crate) fn known(source: Cow<'static, str>, gate: Gate, prefixes: Prefixes) -> Self {
        PhraseExpression {
            source,
            needle: OnceLock::new(),
            prefixes,
            gate,
            compiled: Default::default(),
        }
    }

    /// What a match can begin with; none if it could be any.
    pub(crate) fn prefixes(&self) -> &[Cow<'static, str>] {
        &self.prefixes
    }

    /// What a text must have for the expression to match.
    pub(crate) fn gate(&self) -> Gate {
        self.gate
    }

    /// Whether the expression may match a text of which this much is known.
    pub(crate) fn may_match(&self, traits: Traits) -> bool {
        match self.gate {
            Gate::Open => true,
            Gate::Percent => traits.percent,
            Gate::NotLatin => traits.not_latin,
        }
    }

    /// Strings of which every match has at least one in it; none if nothing is known.
    pub(crate) fn needles(&self) -> Vec<String> {
        needles_of(&self.source)
    }

    /// Whether the expression matches `folded` at this place.
    pub(crate) fn is_match(&self, place: Place, folded: &str) -> bool {
        let needle = self
            .needle
            .get_or_init(|| Finder::new(&needle_of(&self.source)).into_owned());
        if needle.find(folded.as_bytes()).is_none() {
            return false;
        }
        if place != Place::Anywhere
            && !self.prefixes.is_empty()
            && !self
                .prefixes
                .iter()
                .any(|prefix| folded.starts_with(&**prefix))
        {
            return false;
        }
        let folded = if place == Place::Begins {
            beginning(folded)
        } else {
            folded
        };
        self.compiled[place as usize]
            .get_or_init(|| Regex::new(&place.wrap(&self.source)).ok())
            .as_ref()
            .is_some_and(|re| re.is_match(folded))
    }
}

/// What a text has, told once for all expressions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    percent: bool,
    not_latin: bool,
}

impl Traits {
    pub(crate) fn of(text: &str) -> Traits {
        Traits {
            percent: memchr::memchr(b'%', text.as_bytes()).is_some(),
            not_latin: !text.is_ascii() && text.chars().any(is_not_latin),
        }
    }
}

/// Phrase lists with expressions, by what a text must have for one of them to match.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gates([u64; 3]);

impl Gates {
    pub(crate) fn add(&mut self, gate: Gate, list: u64) {
        self.0[gate as usize] |= list;
    }

    /// All of them.
    pub(crate) fn all(&self) -> u64 {
        self.0.iter().fold(0, |all, lists| all | lists)
    }

    /// Whether one may match a text of which this much is known, other than those that ask for nothing.
    pub(crate) fn any_beside_open(&self, traits: Traits) -> bool {
        let [_, percent, not_latin] = self.0;
        percent != 0 && traits.percent || not_latin != 0 && traits.not_latin
    }

    /// Whether an expression of one of these lists may match `text`.
    pub(crate) fn may_match(&self, lists: u64, text: &str) -> bool {
        let [open, percent, not_latin] = self.0.map(|gate| gate & lists != 0);
        open || (percent || not_latin) && {
            let traits = Traits::of(text);
            percent && traits.percent || not_latin && traits.not_latin
        }
    }
}

/// Whether an expression can be compiled, without the cost of doing it.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    parse(expression).map(drop)
}

fn parse(expression: &str) -> Result<Hir, String> {
    regex_syntax::Parser::new()
        .parse(expression)
        .map_err(|error| match error {
            regex_syntax::Error::Parse(e) => e.kind().to_string(),
            regex_syntax::Error::Translate(e) => e.kind().to_string(),
            e => e.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_matches_at_its_place() {
        let left = PhraseExpression::new(r"ti resta il [\d.,]+ ?%");
        assert!(left.is_match(Place::Begins, "ti resta il 50,97% di questo"));
        assert!(!left.is_match(Place::Begins, "oggi ti resta il 50,97% di questo"));
        assert!(left.is_match(Place::Anywhere, "oggi ti resta il 50,97% di questo"));
        assert!(!left.is_match(Place::Exact, "ti resta il 50,97% di questo"));
    }

    #[test]
    fn the_first_byte_of_a_beginning_tells() {
        for (source, flags, text, matches) in [
            ("PREV(IOUS)? ", "", "PREVIOUS x", true),
            ("PREV(IOUS)? ", "", "prev x", false),
            ("perma(link|lien)", "i", "Permalien", true),
            ("[^a]b", "", "éb", true),
            ("é|x?y", "i", "ÉT", true),
            ("x*", "", "", true),
            (r"\bnext", "", "next", true),
            (".", "", "\u{3042}", true),
            ("a|", "", "b", true),
            ("K", "i", "\u{212a}", true),
        ] {
            let expression = Expression::new(source, flags, Place::Begins).expect(source);
            assert_eq!(expression.is_match(text), matches, "{source} {text}");
            let without = Expression {
                firsts: None,
                ..expression
            };
            assert_eq!(without.is_match(text), matches, "{source} {text}");
        }
    }

    #[test]
    fn flags_are_checked() {
        assert!(Expression::new("x", "q", Place::Begins).is_err());
        let expression = Expression::new("anzeige", "i", Place::Begins);
        assert!(expression.is_ok_and(|e| e.is_match("ANZEIGE hier")));
    }
}
