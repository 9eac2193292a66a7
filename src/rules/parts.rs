//! What the source of a phrase list's expression says of its matches: with what they begin, what they cannot
//! do without. The build script asks it of the built-in lists, so that nothing is left to ask at the start.

/// Characters of an expression's beginning that are looked at.
pub(crate) const PREFIX: usize = 6;

/// What a text must have for an expression to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    Percent,
    NotLatin,
}

/// A character of Greek, Cyrillic or a script behind them.
pub(crate) fn is_not_latin(c: char) -> bool {
    c >= '\u{370}' && c.is_alphabetic()
}

impl Gate {
    pub(crate) fn of(expression: &str) -> Gate {
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
pub(crate) fn ascii_classes(expression: &str) -> String {
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
pub(crate) fn needle_of(expression: &str) -> String {
    let literals = literals_of(expression).into_iter();
    literals.max_by_key(String::len).unwrap_or_default()
}

/// Strings of which every match of an expression must hold at least one, as long as can be; none if
/// nothing is known.
pub(crate) fn needles_of(expression: &str) -> Vec<String> {
    let chars: Vec<char> = expression.chars().collect();
    needles_of_chars(&chars).unwrap_or_default()
}

fn needles_of_chars(chars: &[char]) -> Option<Vec<String>> {
    let branches = branches(chars);
    if let [one] = &branches[..] {
        let literals = literals_of(&one.iter().collect::<String>());
        let literals = literals.into_iter().map(|literal| vec![literal]);
        let shortest = |needles: &Vec<String>| needles.iter().map(String::len).min();
        return literals.chain(groups_of(one)).max_by_key(shortest);
    }
    let mut all = Vec::new();
    for branch in branches {
        all.extend(needles_of_chars(branch)?);
    }
    Some(all)
}

/// The needles of each group that cannot be left out.
fn groups_of(chars: &[char]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        match chars[i] {
            '(' => {
                let end = end_of_bracket(chars, i);
                let inner = chars.get(i + 1..end - 1).unwrap_or_default();
                if !is_optional(chars.get(end)) && inner.first() != Some(&'?') {
                    all.extend(needles_of_chars(inner));
                }
                i = end;
            }
            '[' => i = end_of_bracket(chars, i),
            '\\' => i += 2,
            _ => i += 1,
        }
    }
    all
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
pub(crate) fn prefixes_of(expression: &str) -> Vec<String> {
    let chars: Vec<char> = expression.chars().collect();
    // As long as can be without too many of them.
    let mut wanted = [PREFIX, PREFIX / 2, 1].into_iter();
    let all = wanted.find_map(|want| beginnings_of(&chars, want));
    let all = all.unwrap_or_default();
    if all.iter().any(|b| b.text.is_empty()) {
        return Vec::new();
    }
    let mut all: Vec<String> = all.into_iter().map(|b| b.text).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// More beginnings than these are not told apart.
const MAX_BEGINNINGS: usize = 64;

/// What a match can begin with.
#[derive(Clone)]
struct Beginning {
    text: String,
    /// It is all of the match.
    whole: bool,
}

/// The beginnings of what `chars` match, of at most `want` characters; `None` if they could be any.
fn beginnings_of(chars: &[char], want: usize) -> Option<Vec<Beginning>> {
    let mut all = Vec::new();
    for branch in branches(chars) {
        all.extend(beginnings_of_branch(branch, want)?);
    }
    (all.len() <= MAX_BEGINNINGS).then_some(all)
}

fn beginnings_of_branch(chars: &[char], want: usize) -> Option<Vec<Beginning>> {
    if chars.is_empty() {
        let text = String::new();
        return Some(vec![Beginning { text, whole: true }]);
    }
    let plain = |text: String| Beginning { text, whole: true };
    let (first, end) = match chars[0] {
        '(' => {
            let end = end_of_bracket(chars, 0);
            let inner = chars.get(1..end - 1)?;
            if inner.first() == Some(&'?') {
                return None;
            }
            (beginnings_of(inner, want)?, end)
        }
        '[' => {
            let end = end_of_bracket(chars, 0);
            let inner = chars.get(1..end - 1)?;
            if inner.iter().any(|c| matches!(c, '^' | '-' | '[')) {
                return None;
            }
            let inner: String = inner.iter().collect();
            let inner = inner.replace(r"\d", DIGITS);
            if inner.contains('\\') {
                return None;
            }
            (inner.chars().map(String::from).map(plain).collect(), end)
        }
        '\\' => match chars.get(1)? {
            'b' => return beginnings_of_branch(&chars[2..], want),
            'd' => (DIGITS.chars().map(String::from).map(plain).collect(), 2),
            // Folded text has no other space.
            's' => (vec![plain(" ".to_owned())], 2),
            c if c.is_alphanumeric() => return None,
            c => (vec![plain(c.to_string())], 2),
        },
        '.' | '^' | '$' | '?' | '*' | '+' | '{' | '}' | ')' | ']' | '|' => return None,
        c => (vec![plain(c.to_string())], 1),
    };
    let (optional, rest) = match chars.get(end) {
        // What is repeated may be followed by itself.
        Some('*') => (true, None),
        Some('+') => (false, None),
        Some('?') => (true, Some(&chars[end + 1..])),
        Some('{') => return None,
        _ => (false, Some(&chars[end..])),
    };
    let mut all = Vec::new();
    if optional {
        let skip = match chars[end] {
            '*' => &chars[end + 1..],
            _ => rest?,
        };
        all = beginnings_of_branch(skip, want)?;
    }
    let is_short = |b: &Beginning| b.whole && b.text.chars().count() < want;
    let shortest = first.iter().filter(|b| is_short(b));
    let shortest = shortest.map(|b| b.text.chars().count()).min();
    if first.is_empty() || shortest == Some(0) {
        return None;
    }
    let follow = rest
        .zip(shortest)
        .and_then(|(rest, shortest)| beginnings_of_branch(rest, want - shortest));
    for beginning in first {
        match &follow {
            Some(follow) if is_short(&beginning) => {
                let cut = |text: String| text.chars().take(want).collect::<String>();
                all.extend(follow.iter().map(|next| Beginning {
                    text: cut(format!("{}{}", beginning.text, next.text)),
                    whole: next.whole,
                }));
            }
            // It goes on, as far as is known.
            _ => all.push(Beginning {
                whole: beginning.whole && rest.is_some_and(<[char]>::is_empty),
                ..beginning
            }),
        }
    }
    (all.len() <= MAX_BEGINNINGS).then_some(all)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_cannot_do_without() {
        for (expression, needle, prefixes) in [
            (
                r"noch [.,]+ ?% (des|dieses) artikels",
                " artikels",
                "noch ,|noch .",
            ),
            (
                r"(foto|bild)\s*[:|]",
                "",
                "bild |bild:|bild||foto |foto:|foto|",
            ),
            (r"\d+ kommentare?", " kommentar", "0|1|2|3|4|5|6|7|8|9"),
            (r"(ihnen )?bleiben noch", "bleiben noch", "bleibe|ihnen "),
            (
                r"\[?1\]?[.)]? x",
                " x",
                "1 x|1) x|1. x|1] x|1]) x|1]. x|[1 x|[1) x|[1. x|[1] x|[1]) x|[1]. x",
            ),
            (r"x*", "", ""),
            (r"(a|b?)c", "c", ""),
            (r"\b(ti|vi) rest(a|ano)", " rest", "ti res|vi res"),
            (r"a|b", "", "a|b"),
            (r"x{2,3}yz", "yz", ""),
            (r"[1.,]+ ?% av", "% av", ",|.|1"),
            (
                r"\(c\) ?(19|20)\d",
                "(c)",
                "(c) 19|(c) 20|(c)190|(c)191|(c)192|(c)193|(c)194|(c)195|(c)196|(c)197|(c)198|(c)199|(c)200|(c)201|(c)202|(c)203|(c)204|(c)205|(c)206|(c)207|(c)208|(c)209",
            ),
            (r"(a(b|c)|[de])f", "f", "abf|acf|df|ef"),
            (r"tags?:", "tag", "tag:|tags:"),
            (r"tag?\s*:", "ta", "ta |ta:|tag |tag:"),
            (r"a(b.*c|d)e", "e", "ab|ade"),
            (r"a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?", "", ""),
        ] {
            assert_eq!(needle_of(expression), needle, "{expression}");
            let found = prefixes_of(expression);
            assert_eq!(found.join("|"), prefixes, "{expression}");
        }
    }

    #[test]
    fn one_of_several_needles() {
        for (expression, needles) in [
            (r"(makalenin|haberin) (y|%)[\d.,]+ k", "makalenin|haberin"),
            (r"(dir|es)? ?(bleiben|fehlen)( dir)?", "bleiben|fehlen"),
            (r"(a(bcd|ef)|gh) (ij)?", "bcd|ef|gh"),
            (r"ab|cd", "ab|cd"),
            (r"ab|c?", ""),
            (r"(abc|d*) ?", ""),
            (r"x(?i:abc)", "x"),
            (r"noch [\d.,]+ ?% (des|dieses)", "noch "),
        ] {
            assert_eq!(needles_of(expression).join("|"), needles, "{expression}");
        }
    }
}
