//! What text tests compare with: literals, phrase lists, regular expressions. Expressions are many
//! and most are never asked, so each is compiled when a text first passes a cheap look at what it
//! cannot do without.

use super::phrases::ListId;
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
    needle: Box<str>,
    /// The characters a match can begin with, if they are few.
    first: Option<Box<str>>,
    compiled: [OnceLock<Option<Regex>>; 3],
}

impl PhraseExpression {
    pub(crate) fn new(source: &str) -> Self {
        PhraseExpression {
            source: ascii_classes(source).into(),
            needle: needle_of(source).into(),
            first: first_of(source).map(Into::into),
            compiled: Default::default(),
        }
    }

    /// The characters a match can begin with, if they are few.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// Whether the expression matches `folded` at this place.
    pub(crate) fn is_match(&self, place: Place, folded: &str) -> bool {
        if !folded.contains(&*self.needle) {
            return false;
        }
        if place != Place::Anywhere
            && let Some(first) = &self.first
            && !folded.starts_with(|c| first.contains(c))
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
    let chars: Vec<char> = expression.chars().collect();
    let mut best = String::new();
    let mut run = String::new();
    let mut i = 0;
    while i < chars.len() {
        let literal = match chars[i] {
            '|' => return String::new(),
            '(' | '[' => {
                i = end_of_bracket(&chars, i);
                None
            }
            '\\' => {
                i += 2;
                chars.get(i - 1).filter(|c| !c.is_alphanumeric()).copied()
            }
            '.' | '^' | '$' | '?' | '*' | '+' | '{' | '}' | ')' | ']' => {
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
            _ => {
                if run.len() > best.len() {
                    best.clone_from(&run);
                }
                run.clear();
                if chars.get(i - 1) == Some(&'{') {
                    // The numbers of a repetition are no literals.
                    while i < chars.len() && chars[i] != '}' {
                        i += 1;
                    }
                }
            }
        }
    }
    if run.len() > best.len() { run } else { best }
}

/// The characters that a match of an expression can begin with; `None` if it could be any.
fn first_of(expression: &str) -> Option<String> {
    let chars: Vec<char> = expression.chars().collect();
    // With a choice at the top level the first branch tells nothing of the others.
    let mut i = 0;
    while i < chars.len() {
        match chars[i] {
            '|' => return None,
            '(' | '[' => i = end_of_bracket(&chars, i),
            '\\' => i += 2,
            _ => i += 1,
        }
    }
    first_of_branch(&chars)
}

fn first_of_branch(chars: &[char]) -> Option<String> {
    let (first, end) = match chars.first()? {
        '(' => {
            let end = end_of_bracket(chars, 0);
            let inner = chars.get(1..end - 1)?;
            if inner.first() == Some(&'?') {
                return None;
            }
            let mut all = String::new();
            for branch in branches(inner) {
                all.push_str(&first_of_branch(branch)?);
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
            (plain, end)
        }
        '\\' => match chars.get(1)? {
            'd' => (DIGITS.to_owned(), 2),
            c if c.is_alphanumeric() => return None,
            c => (c.to_string(), 2),
        },
        '.' | '^' | '$' => return None,
        c => (c.to_string(), 1),
    };
    (!is_optional(chars.get(end))).then_some(first)
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
        for (expression, needle, first) in [
            (
                r"noch [\d.,]+ ?% (des|dieses) artikels",
                " artikels",
                Some("n"),
            ),
            (r"(foto|bild)\s*[:|]", "", Some("fb")),
            (r"\d+ kommentare?", " kommentar", Some(DIGITS)),
            (r"(ihnen )?bleiben noch", "bleiben noch", None),
            (r"a|b", "", None),
            (r"x{2,3}yz", "yz", None),
            (r"[\d.,]+ ?% av", "% av", Some("0123456789.,")),
            (r"\(c\) ?(19|20)\d\d", "(c)", Some("(")),
            (r"(a(b|c)|[de])f", "f", Some("ade")),
        ] {
            assert_eq!(needle_of(expression), needle, "{expression}");
            assert_eq!(first_of(expression).as_deref(), first, "{expression}");
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
