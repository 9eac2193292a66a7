//! What text tests compare with: literals, phrase lists, regular expressions. Expressions are many
//! and most are never asked, so each is compiled when a text first passes a cheap look at what it
//! cannot do without.

use super::phrases::ListId;
use memchr::memmem::Finder;
use regex::Regex;
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
    compiled: OnceLock<Option<Regex>>,
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
        check(&source).map_err(|reason| format!("bad regular expression: {reason}"))?;
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

/// A regular expression of a phrase list: held against folded text, in one of three ways.
pub(crate) struct PhraseExpression {
    source: Box<str>,
    /// What every match has in it.
    needle: OnceLock<Finder<'static>>,
    /// What a match can begin with, at most [`PREFIX`] characters each; none if it could be any.
    prefixes: Vec<Box<str>>,
    gate: Gate,
    compiled: [OnceLock<Option<Regex>>; 3],
}

impl PhraseExpression {
    pub(crate) fn new(source: &str) -> Self {
        PhraseExpression {
            source: ascii_classes(source).into(),
            needle: OnceLock::new(),
            prefixes: prefixes_of(source),
            gate: Gate::of(source),
            compiled: Default::default(),
        }
    }

    /// What a match can begin with, at most [`PREFIX`] characters each; none if it could be any.
    pub(crate) fn prefixes(&self) -> &[Box<str>] {
        &self.prefixes
    }

    /// Whether the expression may match a text of which this much is known.
    pub(crate) fn may_match(&self, traits: Traits) -> bool {
        match self.gate {
            Gate::Open => true,
            Gate::Percent => traits.percent,
            Gate::NotLatin => traits.not_latin,
        }
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

/// Characters of an expression's beginning that are looked at.
pub(crate) const PREFIX: usize = 3;

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

/// What a text must have for an expression to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    Percent,
    NotLatin,
}

/// A character of Greek, Cyrillic or a script behind them.
fn is_not_latin(c: char) -> bool {
    c >= '\u{370}' && c.is_alphabetic()
}

impl Gate {
    fn of(expression: &str) -> Gate {
        let literals = literals_of(expression);
        let has = |wanted: fn(char) -> bool| literals.iter().any(|l| l.contains(wanted));
        if has(|c| c == '%') {
            Gate::Percent
        } else if has(is_not_latin) || has_group_not_latin(expression) {
            Gate::NotLatin
        } else {
            Gate::Open
        }
    }
}

/// Whether each branch of some group, or of the whole, has a character of such a script.
fn has_group_not_latin(expression: &str) -> bool {
    let chars: Vec<char> = expression.chars().collect();
    let has = |branch: &&[char]| {
        let literals = literals_of(&branch.iter().collect::<String>());
        literals
            .iter()
            .any(|literal| literal.contains(is_not_latin))
    };
    let all = |chars: &[char]| branches(chars).iter().all(has);
    if branches(&chars).len() > 1 {
        return all(&chars);
    }
    let mut i = 0;
    while i < chars.len() {
        match chars[i] {
            '(' => {
                let end = end_of_bracket(&chars, i);
                let inner = chars.get(i + 1..end - 1).unwrap_or_default();
                if !is_optional(chars.get(end)) && all(inner) {
                    return true;
                }
                i = end;
            }
            '[' => i = end_of_bracket(&chars, i),
            '\\' => i += 2,
            _ => i += 1,
        }
    }
    false
}

/// Phrases mean the digits and spaces that pages use: folded text has no other spaces, and the
/// Unicode classes are the costliest part of compiling an expression.
fn ascii_classes(expression: &str) -> String {
    expression
        .replace(r"\\", "\u{0}")
        .replace(r"\d", "[0-9]")
        .replace(r"\s", "[ ]")
        .replace('\u{0}', r"\\")
}

const DIGITS: &str = "0123456789";

/// The end of the class or group that begins at `at`: the offset behind its closing bracket.
fn end_of_bracket(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut in_class = 0;
    let mut i = at;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 1,
            '[' => in_class += 1,
            ']' if in_class > 0 => in_class -= 1,
            '(' if in_class == 0 => depth += 1,
            ')' if in_class == 0 => depth -= 1,
            _ => {}
        }
        i += 1;
        if depth == 0 && in_class == 0 {
            break;
        }
    }
    i.min(chars.len())
}

fn is_optional(next: Option<&char>) -> bool {
    matches!(next, Some('?' | '*' | '{'))
}

/// The longest literal that every match of an expression must hold; empty if there is none.
fn needle_of(expression: &str) -> String {
    let literals = literals_of(expression).into_iter();
    literals.max_by_key(String::len).unwrap_or_default()
}

/// The literals that every match of an expression must hold.
fn literals_of(expression: &str) -> Vec<String> {
    let chars: Vec<char> = expression.chars().collect();
    let mut literals = Vec::new();
    let mut run = String::new();
    let mut i = 0;
    while i < chars.len() {
        let literal = match chars[i] {
            '|' => return Vec::new(),
            '(' | '[' => {
                i = end_of_bracket(&chars, i);
                None
            }
            '\\' => {
                i += 2;
                chars.get(i - 1).filter(|c| !c.is_alphanumeric()).copied()
            }
            '{' => {
                // The numbers of a repetition are no literals.
                while i < chars.len() && chars[i] != '}' {
                    i += 1;
                }
                i += 1;
                None
            }
            '.' | '^' | '$' | '?' | '*' | '+' | '}' | ')' | ']' => {
                i += 1;
                None
            }
            c => {
                i += 1;
                Some(c)
            }
        };
        match literal {
            Some(c) if !is_optional(chars.get(i)) => run.push(c),
            _ => literals.push(std::mem::take(&mut run)),
        }
    }
    literals.push(run);
    literals.retain(|literal| !literal.is_empty());
    literals
}

/// What a match of an expression can begin with, at most [`PREFIX`] characters each; none if it
/// could be any.
fn prefixes_of(expression: &str) -> Vec<Box<str>> {
    let chars: Vec<char> = expression.chars().collect();
    let mut all = Vec::new();
    for branch in branches(&chars) {
        match prefixes_of_branch(branch) {
            Some(prefixes) => all.extend(prefixes.into_iter().map(String::into_boxed_str)),
            None => return Vec::new(),
        }
    }
    all
}

fn prefixes_of_branch(chars: &[char]) -> Option<Vec<String>> {
    let (first, end) = match chars.first()? {
        '(' => {
            let end = end_of_bracket(chars, 0);
            let inner = chars.get(1..end - 1)?;
            if inner.first() == Some(&'?') {
                return None;
            }
            let mut all = Vec::new();
            for branch in branches(inner) {
                all.extend(prefixes_of_branch(branch)?);
            }
            (all, end)
        }
        '[' => {
            let end = end_of_bracket(chars, 0);
            let inner = chars.get(1..end - 1)?;
            if inner.iter().any(|c| matches!(c, '^' | '-' | '[')) {
                return None;
            }
            let inner: String = inner.iter().collect();
            let plain = inner.replace(r"\d", DIGITS);
            if plain.contains('\\') {
                return None;
            }
            (plain.chars().map(String::from).collect(), end)
        }
        '\\' => match chars.get(1)? {
            'b' => return prefixes_of_branch(&chars[2..]),
            'd' => (DIGITS.chars().map(String::from).collect(), 2),
            c if c.is_alphanumeric() => return None,
            c => (vec![c.to_string()], 2),
        },
        '.' | '^' | '$' | '?' | '*' | '+' | '{' | '}' | ')' | ']' | '|' => return None,
        _ => {
            // A run of literals, as far as each of them is certain.
            let literal = |i: usize| {
                let plain = chars
                    .get(i)
                    .is_some_and(|c| !r"\.^$?*+{}()[]|".contains(*c));
                plain && !is_optional(chars.get(i + 1))
            };
            let n = (0..PREFIX).take_while(|&i| literal(i)).count().max(1);
            (vec![chars[..n].iter().collect()], n)
        }
    };
    match chars.get(end) {
        // Without it the match begins with what follows.
        Some('?' | '*') => {
            let mut all = first;
            all.extend(prefixes_of_branch(&chars[end + 1..])?);
            Some(all)
        }
        Some('{') => None,
        _ => Some(first),
    }
}

/// The branches of a choice.
fn branches(chars: &[char]) -> Vec<&[char]> {
    let mut branches = Vec::new();
    let (mut start, mut i) = (0, 0);
    while i < chars.len() {
        match chars[i] {
            '|' => {
                branches.push(&chars[start..i]);
                i += 1;
                start = i;
            }
            '(' | '[' => i = end_of_bracket(chars, i),
            '\\' => i += 2,
            _ => i += 1,
        }
    }
    branches.push(&chars[start.min(chars.len())..]);
    branches
}

/// Whether an expression can be compiled, without the cost of doing it.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    regex_syntax::Parser::new()
        .parse(expression)
        .map(drop)
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
    fn what_an_expression_cannot_do_without() {
        for (expression, needle, prefixes) in [
            (r"noch [\d.,]+ ?% (des|dieses) artikels", " artikels", "noc"),
            (r"(foto|bild)\s*[:|]", "", "fot bil"),
            (r"\d+ kommentare?", " kommentar", "0 1 2 3 4 5 6 7 8 9"),
            (r"(ihnen )?bleiben noch", "bleiben noch", "ihn ble"),
            (r"\[?1\]?[.)]? \D", " ", "[ 1"),
            (r"x*", "", ""),
            (r"\b(ti|vi) rest(a|ano)", " rest", "ti vi"),
            (r"a|b", "", "a b"),
            (r"x{2,3}yz", "yz", ""),
            (r"[\d.,]+ ?% av", "% av", "0 1 2 3 4 5 6 7 8 9 . ,"),
            (r"\(c\) ?(19|20)\d\d", "(c)", "("),
            (r"(a(b|c)|[de])f", "f", "a d e"),
            (r"tags?\s*:", "tag", "tag"),
            (r"tag?\s*:", "ta", "ta"),
        ] {
            assert_eq!(needle_of(expression), needle, "{expression}");
            let found = prefixes_of(expression);
            assert_eq!(found.join(" "), prefixes, "{expression}");
        }
    }

    #[test]
    fn an_expression_matches_at_its_place() {
        let left = PhraseExpression::new(r"ti resta il [\d.,]+ ?%");
        assert!(left.is_match(Place::Begins, "ti resta il 50,97% di questo"));
        assert!(!left.is_match(Place::Begins, "oggi ti resta il 50,97% di questo"));
        assert!(left.is_match(Place::Anywhere, "oggi ti resta il 50,97% di questo"));
        assert!(!left.is_match(Place::Exact, "ti resta il 50,97% di questo"));
    }

    #[test]
    fn flags_are_checked() {
        assert!(Expression::new("x", "q", Place::Begins).is_err());
        let expression = Expression::new("anzeige", "i", Place::Begins);
        assert!(expression.is_ok_and(|e| e.is_match("ANZEIGE hier")));
    }
}
