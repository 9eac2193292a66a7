//! The operators of procedural filters, said in this crate's language. The selector is walked
//! through once and written anew; what CSS has is copied as it stands.

use super::Refused;
use crate::import::{Reason, xpath};
use std::borrow::Cow;
use std::fmt::Write as _;

/// What only a browser can tell or do.
const BROWSERS: [&str; 14] = [
    "style",
    "remove-attr",
    "remove-class",
    "matches-css",
    "matches-css-before",
    "matches-css-after",
    "matches-media",
    "matches-prop",
    "matches-property",
    "properties",
    "-abp-properties",
    "watch-attr",
    "watch-attrs",
    "shadow",
];

/// States and parts of an element that a page at rest does not have.
const STATES: [&str; 31] = [
    "active",
    "after",
    "any-link",
    "autofill",
    "before",
    "checked",
    "defined",
    "disabled",
    "enabled",
    "first-letter",
    "first-line",
    "focus",
    "focus-visible",
    "focus-within",
    "fullscreen",
    "host",
    "hover",
    "in-range",
    "indeterminate",
    "invalid",
    "link",
    "modal",
    "open",
    "out-of-range",
    "placeholder-shown",
    "popover-open",
    "read-only",
    "target",
    "user-invalid",
    "valid",
    "visited",
];

/// A selector with colons, in this crate's language.
pub(super) fn translate(source: &str) -> Result<Cow<'_, str>, Refused> {
    let mut translator = Translator {
        out: String::with_capacity(source.len() + 16),
        inside_has: false,
    };
    if let Err(refused) = translator.selector(source) {
        // Whatever else there is: it was not about HTML.
        let restyles = BROWSERS.iter().find(|name| uses(source, name));
        return Err(restyles.map_or(refused, |name| {
            Refused::new(Reason::NotHtml, format!(":{name}()"))
        }));
    }
    if translator.out == source {
        return Ok(Cow::Borrowed(source));
    }
    Ok(Cow::Owned(translator.out))
}

/// Whether a selector uses an operator, as far as that can be told from outside.
fn uses(source: &str, name: &str) -> bool {
    source
        .match_indices(name)
        .any(|(at, name)| source[..at].ends_with(':') && source[at + name.len()..].starts_with('('))
}

struct Translator {
    out: String,
    /// The selector is the inside of a `:has()`.
    inside_has: bool,
}

/// A pseudo-class as it stands: its name, its argument if it has one, and where it ends.
struct Pseudo<'a> {
    name: &'a str,
    argument: Option<&'a str>,
    end: usize,
}

impl Translator {
    fn selector(&mut self, source: &str) -> Result<(), Refused> {
        let bytes = source.as_bytes();
        let mut i = 0;
        while let Some(&b) = bytes.get(i) {
            let end = match b {
                b'\\' => after_escape(source, i),
                b'"' | b'\'' => after_string(bytes, i),
                b'[' => after_attribute(bytes, i),
                b':' => {
                    let pseudo = pseudo(source, i)?;
                    self.pseudo(source, i, &pseudo)?;
                    i = pseudo.end;
                    continue;
                }
                _ => {
                    // Up to the next byte that is not simply copied.
                    let rest = &bytes[i + 1..];
                    let special = |b: &u8| matches!(b, b'\\' | b'"' | b'\'' | b'[' | b':');
                    i + 1 + rest.iter().position(special).unwrap_or(rest.len())
                }
            };
            self.out.push_str(&source[i..end]);
            i = end;
        }
        Ok(())
    }

    fn pseudo(&mut self, source: &str, at: usize, pseudo: &Pseudo<'_>) -> Result<(), Refused> {
        let name = pseudo.name.to_ascii_lowercase();
        let Some(argument) = pseudo.argument else {
            if STATES.contains(&&*name) || name.starts_with('-') {
                return Err(Refused::new(Reason::NotHtml, format!(":{name}")));
            }
            self.out.push_str(&source[at..pseudo.end]);
            return Ok(());
        };
        if BROWSERS.contains(&&*name) {
            return Err(Refused::new(Reason::NotHtml, format!(":{name}()")));
        }
        match &*name {
            "has-text" | "contains" | "-abp-contains" => self.text("has-text", argument),
            "matches-path" => self.text("matches-path", argument),
            "has" | "if" | "-abp-has" => self.has(source, argument, pseudo.end),
            "if-not" => {
                self.out.push_str(":not(");
                self.nested("has", argument, true)?;
                self.out.push(')');
                Ok(())
            }
            "not" => self.nested("not", argument, self.inside_has),
            "is" | "where" | "any" | "matches" | "-webkit-any" | "-moz-any" => {
                self.nested("is", argument, self.inside_has)
            }
            "upward" | "nth-ancestor" => self.upward(argument),
            "xpath" => self.xpath(argument, pseudo.end == source.len()),
            "matches-attr" => self.attribute(argument),
            "remove" if argument.is_empty() && pseudo.end == source.len() => Ok(()),
            "remove" => Err(Refused::new(Reason::Broken, ":remove() is not the last")),
            "others" => Err(Refused::new(
                Reason::NotInAStream,
                ":others() asks for the whole page",
            )),
            _ => {
                self.out.push_str(&source[at..pseudo.end]);
                Ok(())
            }
        }
    }

    /// `:name(argument)`, the argument being a selector.
    fn nested(&mut self, name: &str, argument: &str, inside_has: bool) -> Result<(), Refused> {
        let outside = std::mem::replace(&mut self.inside_has, inside_has);
        let _ = write!(self.out, ":{name}(");
        let result = self.selector(argument);
        self.out.push(')');
        self.inside_has = outside;
        result
    }

    /// `:has()`. One inside another is said with a combinator, where it comes last: what holds an A
    /// that holds a B holds an A with a B in it.
    fn has(&mut self, source: &str, argument: &str, end: usize) -> Result<(), Refused> {
        let last = source[end..].trim_start();
        let plain = argument.trim_start();
        if !self.inside_has || !(last.is_empty() || last.starts_with(',')) || has_comma(plain) {
            return self.nested("has", argument, true);
        }
        // `:has(> A)` is its own combinator.
        self.out.push(' ');
        self.selector(plain)
    }

    fn upward(&mut self, argument: &str) -> Result<(), Refused> {
        let argument = argument.trim();
        if argument.bytes().all(|b| b.is_ascii_digit()) && !argument.is_empty() {
            let _ = write!(self.out, ":upward({argument})");
            return Ok(());
        }
        self.nested("upward", unquoted(argument), false)
    }

    /// `:xpath()`, which stands for elements of the whole page or goes up from where it stands.
    fn xpath(&mut self, argument: &str, is_last: bool) -> Result<(), Refused> {
        let path = unquoted(argument.trim());
        if !self.out.is_empty() {
            if !path.split('/').all(|step| step == "..") {
                let detail = ":xpath() that goes on from an element";
                return Err(Refused::new(Reason::Unknown, detail));
            }
            let _ = write!(self.out, ":upward({})", path.split('/').count());
            return Ok(());
        }
        let said = xpath::selectors(path);
        if let Some(refusal) = said.refused.into_iter().next() {
            return Err(Refused::new(refusal.reason, refusal.detail));
        }
        if said.selectors.len() != 1 && !is_last {
            let detail = ":xpath() of several alternatives, and more behind it";
            return Err(Refused::new(Reason::Unknown, detail));
        }
        self.out.push_str(&said.selectors.join(", "));
        Ok(())
    }

    fn text(&mut self, name: &str, argument: &str) -> Result<(), Refused> {
        let argument = argument.trim();
        if argument.is_empty() {
            return Err(Refused::new(
                Reason::Broken,
                format!(":{name}() of nothing"),
            ));
        }
        let _ = write!(self.out, ":{name}(/");
        if let Some((source, flags)) = as_expression(argument) {
            write_expression(source, &mut self.out)?;
            self.out.push('/');
            self.out
                .extend(flags.chars().filter(|c| "ims".contains(*c)));
        } else {
            write_literal(unquoted(argument), &mut self.out);
            self.out.push('/');
        }
        self.out.push(')');
        Ok(())
    }

    /// `:matches-attr(name="value")`, as an attribute selector where that says the same.
    fn attribute(&mut self, argument: &str) -> Result<(), Refused> {
        let unknown = || Refused::new(Reason::Unknown, format!(":matches-attr({argument})"));
        let whole = argument.trim();
        let whole = match unquoted(whole) {
            // Each of the two has its own.
            inner if inner.contains(['"', '\'']) => whole,
            inner => inner,
        };
        let (name, value) = match whole.split_once('=') {
            Some((name, value)) => (unquoted(name.trim()), Some(unquoted(value.trim()))),
            None => (whole, None),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(unknown());
        }
        let Some(value) = value else {
            let _ = write!(self.out, "[{name}]");
            return Ok(());
        };
        let (operator, value, flag) = match as_expression(value) {
            None => ("=", value.to_owned(), ""),
            Some((source, flags)) => {
                let (inner, begins) = match source.strip_prefix('^') {
                    Some(inner) => (inner, true),
                    None => (source, false),
                };
                let (inner, ends) = match inner.strip_suffix('$') {
                    Some(inner) if !inner.ends_with('\\') => (inner, true),
                    _ => (inner, false),
                };
                let operator = match (begins, ends) {
                    (true, true) => "=",
                    (true, false) => "^=",
                    (false, true) => "$=",
                    (false, false) => "*=",
                };
                let value = literal_of(inner).ok_or_else(unknown)?;
                (operator, value, if flags.contains('i') { " i" } else { "" })
            }
        };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(self.out, "[{name}{operator}\"{value}\"{flag}]");
        Ok(())
    }
}

/// The pseudo-class that begins at `at`.
fn pseudo(source: &str, at: usize) -> Result<Pseudo<'_>, Refused> {
    let bytes = source.as_bytes();
    let start = at + 1;
    if bytes.get(start) == Some(&b':') {
        let detail = source[at..].chars().take(24).collect::<String>();
        return Err(Refused::new(Reason::NotHtml, detail));
    }
    let end = start + name_length(bytes, start);
    let name = &source[start..end];
    if name.is_empty() {
        return Err(Refused::new(Reason::Broken, "a name is missing after ':'"));
    }
    if bytes.get(end) != Some(&b'(') {
        return Ok(Pseudo {
            name,
            argument: None,
            end,
        });
    }
    let close = if takes_text(name) {
        close_of_text(bytes, end + 1)
    } else {
        close_of_selector(source, end + 1)
    };
    let Some(close) = close else {
        let detail = format!(":{name}() without its ')'");
        return Err(Refused::new(Reason::Broken, detail));
    };
    Ok(Pseudo {
        name,
        argument: Some(&source[end + 1..close]),
        end: close + 1,
    })
}

/// The length of the name that begins at `start`.
fn name_length(bytes: &[u8], start: usize) -> usize {
    let is_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().take_while(is_name).count()
}

/// Whether a pseudo-class's argument is text, not CSS.
fn takes_text(name: &str) -> bool {
    matches!(
        &*name.to_ascii_lowercase(),
        "has-text" | "contains" | "-abp-contains" | "matches-path" | "matches-attr" | "xpath"
    )
}

fn after_escape(source: &str, at: usize) -> usize {
    let escaped = source[at + 1..].chars().next();
    at + 1 + escaped.map_or(0, char::len_utf8)
}

/// The end of the string that begins at `at`.
fn after_string(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut i = at + 1;
    while let Some(&b) = bytes.get(i) {
        i += 1;
        if b == quote {
            return i;
        }
        i += usize::from(b == b'\\');
    }
    bytes.len()
}

/// The end of the `[attribute]` that begins at `at`.
fn after_attribute(bytes: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while let Some(&b) = bytes.get(i) {
        match b {
            b']' => return i + 1,
            b'"' | b'\'' => i = after_string(bytes, i),
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
    bytes.len()
}

/// The parenthesis that closes an argument which is CSS.
fn close_of_selector(source: &str, start: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut depth = 0;
    let mut i = start;
    while let Some(&b) = bytes.get(i) {
        match b {
            b')' if depth == 0 => return Some(i),
            b')' => depth -= 1,
            b'(' => depth += 1,
            b'\\' => {
                i = after_escape(source, i);
                continue;
            }
            b'"' | b'\'' => {
                i = after_string(bytes, i);
                continue;
            }
            b'[' => {
                i = after_attribute(bytes, i);
                continue;
            }
            b':' => {
                // A text inside may have parentheses of its own.
                let name = &source[i + 1..i + 1 + name_length(bytes, i + 1)];
                let open = i + 1 + name.len();
                if takes_text(name) && bytes.get(open) == Some(&b'(') {
                    i = close_of_text(bytes, open + 1)? + 1;
                    continue;
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}

/// The parenthesis that closes an argument which is text: behind a regular expression, behind a
/// quoted text, or where the parentheses are even.
fn close_of_text(bytes: &[u8], start: usize) -> Option<usize> {
    let is_space = |b: &&u8| b.is_ascii_whitespace();
    let first = start + bytes.get(start..)?.iter().take_while(is_space).count();
    let closes = |i: usize| {
        let rest = bytes.get(i..)?;
        let flags = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let spaces = rest[flags..].iter().take_while(is_space).count();
        (rest.get(flags + spaces) == Some(&b')')).then_some(i + flags + spaces)
    };
    match bytes.get(first)? {
        b'/' => {
            let mut in_class = false;
            let mut i = first + 1;
            while let Some(&b) = bytes.get(i) {
                match b {
                    b'\\' => i += 1,
                    b'[' => in_class = true,
                    b']' => in_class = false,
                    b'/' if !in_class => {
                        if let Some(close) = closes(i + 1) {
                            return Some(close);
                        }
                    }
                    _ => {}
                }
                i += 1;
            }
        }
        b'"' | b'\'' => {
            let end = after_string(bytes, first);
            if let Some(close) = closes(end) {
                return Some(close);
            }
        }
        _ => {}
    }
    let mut depth = 0;
    let mut i = start;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'\\' => i += 1,
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(i),
            b')' => depth -= 1,
            _ => {}
        }
        i += 1;
    }
    None
}

/// Whether a list has more than one selector.
fn has_comma(selectors: &str) -> bool {
    let bytes = selectors.as_bytes();
    let mut depth = 0;
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'\\' => i += 1,
            b'"' | b'\'' => {
                i = after_string(bytes, i);
                continue;
            }
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b',' if depth == 0 => return true,
            _ => {}
        }
        i += 1;
    }
    false
}

/// A text without the quotation marks around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// Source and flags of `/source/flags`.
fn as_expression(text: &str) -> Option<(&str, &str)> {
    let rest = unquoted(text).strip_prefix('/')?;
    let (source, flags) = rest.rsplit_once('/')?;
    let known = flags.bytes().all(|b| b"dgimsuvy".contains(&b));
    (known && !source.is_empty()).then_some((source, flags))
}

/// Characters that mean something in a regular expression.
const META: &str = r".*+?^${}()|[]\/";

/// Writes a text as a regular expression. It is compared letter by letter, with its case; white
/// space in it is any white space.
fn write_literal(text: &str, out: &mut String) {
    let mut chars = text.chars().peekable();
    while let Some(mut c) = chars.next() {
        // A backslash keeps a parenthesis or a quotation mark from ending the argument.
        if c == '\\'
            && let Some(escaped) = chars.next_if(|c| !c.is_alphanumeric())
        {
            c = escaped;
        }
        if c.is_whitespace() {
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            c = ' ';
        }
        if META.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// The text that an expression without operators stands for.
fn literal_of(expression: &str) -> Option<String> {
    let mut text = String::with_capacity(expression.len());
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| !c.is_alphanumeric())?),
            '/' => text.push('/'),
            c if META.contains(c) => return None,
            c => text.push(c),
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Writes a regular expression of JavaScript as one that this crate reads: the same but for what
/// JavaScript takes as itself and others do not.
fn write_expression(source: &str, out: &mut String) -> Result<(), Refused> {
    let mut chars = source.chars().peekable();
    let mut in_class = false;
    let mut class_begins = false;
    while let Some(c) = chars.next() {
        let begins = std::mem::take(&mut class_begins);
        match c {
            '\\' => match chars.next() {
                None => return Err(Refused::new(Reason::Broken, "a lone backslash at the end")),
                Some('1'..='9') if !in_class => {
                    let detail = "a regular expression that refers back to a group";
                    return Err(Refused::new(Reason::Unknown, detail));
                }
                Some(c @ ('<' | '>')) => out.push(c),
                Some(c) if !c.is_ascii() => out.push(c),
                Some(c) if c.is_ascii_alphabetic() && !"bBdDsSwWfnrtvux".contains(c) => {
                    out.push(c);
                }
                Some(c) => out.extend(['\\', c]),
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                class_begins = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ']' if in_class && begins && out.ends_with('^') => {
                // `[^]`: any character.
                out.pop();
                out.push_str("\\s\\S]");
                in_class = false;
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            // Two of them are an operator on classes elsewhere.
            '&' | '~' if in_class => out.extend(['\\', c]),
            '/' => out.push_str("\\/"),
            '{' if !in_class => {
                let rest: String = chars.clone().take_while(|c| *c != '}').collect();
                let is_count = !rest.is_empty()
                    && rest.starts_with(|c: char| c.is_ascii_digit())
                    && rest.chars().all(|c| c.is_ascii_digit() || c == ',')
                    && chars.clone().any(|c| c == '}');
                out.push_str(if is_count { "{" } else { "\\{" });
            }
            c => out.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::usable;

    #[test]
    fn operators_in_this_crates_words() {
        for (source, expected) in [
            // What CSS has stays as it stands.
            (
                r".lg\:px-2:not(.a, [b=':c'])",
                r".lg\:px-2:not(.a, [b=':c'])",
            ),
            (
                "li:nth-child(2n + 1):has(> a)",
                "li:nth-child(2n + 1):has(> a)",
            ),
            ("p:min-text-length(20)", "p:min-text-length(20)"),
            // A text is compared letter by letter, with its case.
            ("p:has-text(Ad)", "p:has-text(/Ad/)"),
            ("p:-abp-contains(Ad) + ul", "p:has-text(/Ad/) + ul"),
            (":contains(a.b (c))", r":has-text(/a\.b \(c\)/)"),
            ("p:has-text(don't)", "p:has-text(/don't/)"),
            (r#"p:has-text("a)  b")"#, r"p:has-text(/a\) b/)"),
            (r"p:has-text(a\)b)", r"p:has-text(/a\)b/)"),
            ("p:has-text( 1/2 )", r"p:has-text(/1\/2/)"),
            ("p:has-text(@media)", "p:has-text(/@media/)"),
            // A regular expression stays one.
            ("p:has-text(/^Ad$/i)", "p:has-text(/^Ad$/i)"),
            ("p:has-text(/a(b|c)/u) > i", "p:has-text(/a(b|c)/) > i"),
            ("p:has-text(/[(/]x/)", r"p:has-text(/[(\/]x/)"),
            ("p:has-text(/[[]x{/)", r"p:has-text(/[\[]x\{/)"),
            (
                r"p:has-text(/\d{2,}\<\i[^]/)",
                r"p:has-text(/\d{2,}<i[\s\S]/)",
            ),
            (r"p:has-text(/a&b[a&&b]/)", r"p:has-text(/a&b[a\&\&b]/)"),
            // A path that begins with a slash is none, unless another ends it.
            (":matches-path(/shop) p", r":matches-path(/\/shop/) p"),
            (r":matches-path(/^\/shop/) p", r":matches-path(/^\/shop/) p"),
            // Names of old.
            ("p:if(> b:-abp-contains(x))", "p:has(> b:has-text(/x/))"),
            ("p:if-not(b)", "p:not(:has(b))"),
            ("p:-abp-has(b):any(.a, .b)", "p:has(b):is(.a, .b)"),
            ("b:nth-ancestor(2)", "b:upward(2)"),
            ("b:xpath(..)", "b:upward(1)"),
            ("b:has-text(x):xpath('../..')", "b:has-text(/x/):upward(2)"),
            (
                r#":xpath(//b[text()="Ad"]/../..)"#,
                "* > * > b:has-text(/^Ad$/):not(:has(> :has-text(/^Ad$/))):upward(2)",
            ),
            (
                r#":xpath('//b[contains(., "Ad")]'):upward(2)"#,
                "b:has-text(/Ad/):upward(2)",
            ),
            (":xpath(//b | //i)", "b, i"),
            ("b:upward(div:not(.c))", "b:upward(div:not(.c))"),
            ("b:upward('div')", "b:upward(div)"),
            // To remove is what is done to everything.
            ("p:has(b):remove()", "p:has(b)"),
            // What holds an A that holds a B.
            ("p:has(> a:has(> b))", "p:has(> a > b)"),
            ("p:has(a:has(b), i):not(q)", "p:has(a b, i):not(q)"),
            (
                "p:has(a:has(> b:has-text(x)))",
                "p:has(a > b:has-text(/x/))",
            ),
            // Attributes.
            (r#"a:matches-attr(href="x")"#, r#"a[href="x"]"#),
            (
                r#"a:matches-attr("data-a"="/^x\.y$/")"#,
                r#"a[data-a="x.y"]"#,
            ),
            ("a:matches-attr(id=/^x/i)", r#"a[id^="x" i]"#),
            ("a:matches-attr(id=/x$/)", r#"a[id$="x"]"#),
            ("a:matches-attr(id=/x/)", r#"a[id*="x"]"#),
            ("a:matches-attr(id)", "a[id]"),
        ] {
            let translated = translate(source);
            assert_eq!(translated.as_deref(), Ok(expected), "{source}");
            let borrowed = matches!(translated, Ok(Cow::Borrowed(_)));
            assert_eq!(borrowed, source == expected, "{source}");
            if !source.ends_with("> i") {
                assert_eq!(usable(expected), Ok(()), "{expected}");
            }
        }
    }

    #[test]
    fn operators_that_are_refused() {
        for (source, reason) in [
            ("p:style(margin: 0 !important)", Reason::NotHtml),
            ("p:has(b:matches-css(color: red))", Reason::NotHtml),
            ("p:matches-css-before(content: /^Ad/)", Reason::NotHtml),
            (":-abp-properties(width: 1px;)", Reason::NotHtml),
            ("p:remove-attr(onclick)", Reason::NotHtml),
            ("p::before", Reason::NotHtml),
            ("p:before", Reason::NotHtml),
            ("p:hover:style(color: red)", Reason::NotHtml),
            ("p:matches-media((min-width: 9px))", Reason::NotHtml),
            ("a:matches-attr(/x/):style(color: red)", Reason::NotHtml),
            ("p:others()", Reason::NotInAStream),
            ("p:xpath(//b)", Reason::Unknown),
            (":xpath(//b | //i):upward(1)", Reason::Unknown),
            (":xpath(//b/@id)", Reason::NotAnElement),
            (":xpath(//b[)", Reason::Broken),
            ("a:matches-attr(/^on/)", Reason::Unknown),
            (r"a:matches-attr(id=/\d/)", Reason::Unknown),
            (r"p:has-text(/(a)\1/)", Reason::Unknown),
            ("p:remove() b", Reason::Broken),
            ("p:has-text(x", Reason::Broken),
            ("p:has(x", Reason::Broken),
            ("p:has-text()", Reason::Broken),
            ("p: b", Reason::Broken),
            (r"p:has-text(/a\", Reason::Broken),
            ("p:", Reason::Broken),
        ] {
            let refused = translate(source).unwrap_err();
            assert_eq!(refused.reason, reason, "{source}: {refused:?}");
        }
    }
}
