//! A start tag as rules see it: its name, its attributes with entities decoded, and the words of
//! its class and id.

use crate::open_elements::Namespace;
use crate::page::Make;
use crate::scanner::Tag;
use crate::tag::{Class, Name, NameHasher, name};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::ops::Range;

/// A class or id of more words than this is a headline, not a name.
const MAX_WORDS: usize = 5;

/// A start tag.
pub(crate) struct Element<'a> {
    pub name: Name,
    pub class_of_name: Class,
    pub namespace: Namespace,
    source: &'a str,
    /// Where its attributes stand in `source`, name and value.
    attributes: &'a [(Range<usize>, Range<usize>)],
    id: Option<Cow<'a, str>>,
    class: Option<Cow<'a, str>>,
}

impl<'a> Element<'a> {
    /// An element without a tag on the page.
    pub(crate) fn implied(name: Name) -> Element<'static> {
        Element {
            name,
            class_of_name: Class::of(name),
            namespace: Namespace::Html,
            source: "",
            attributes: &[],
            id: None,
            class: None,
        }
    }

    /// The value of an attribute; of two of the same name the first counts.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let source = self.source;
        let mut all = self.attributes.iter();
        all.find(|(n, _)| is_named(source, n, name))
            .map(|(_, value)| decode(&source[value.clone()]))
    }

    /// Names and values of all attributes, as they stand in the page.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let source = self.source;
        self.attributes
            .iter()
            .map(|(name, value)| (&source[name.clone()], &source[value.clone()]))
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The class attribute.
    pub(crate) fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.class().unwrap_or_default().split_ascii_whitespace()
    }

    pub(crate) fn make(&self) -> Make {
        Make::new(self.name, self.class())
    }
}

/// Whether this part of a tag is `name`, in any case. Most names differ in length.
fn is_named(source: &str, part: &Range<usize>, name: &str) -> bool {
    part.len() == name.len() && source[part.clone()].eq_ignore_ascii_case(name)
}

/// The tag's element, from where lol_html found its parts.
pub(crate) fn element_of<'a>(source: &'a str, tag: &'a Tag, foreign: bool) -> Element<'a> {
    let name = tag.name;
    let namespace = if foreign {
        Namespace::Foreign
    } else {
        Namespace::Html
    };
    let mut element = Element {
        name,
        class_of_name: if foreign {
            // Of foreign names only those of the roots mean anything.
            match name {
                name::SVG | name::MATH => Class::of(name),
                _ => Class::of(name::SPAN),
            }
        } else {
            Class::of(name)
        },
        namespace,
        source,
        attributes: &tag.attributes,
        id: None,
        class: None,
    };
    for (name, value) in &tag.attributes {
        let value = || decode(&source[value.clone()]);
        if is_named(source, name, "class") {
            element.class.get_or_insert_with(value);
        } else if is_named(source, name, "id") {
            element.id.get_or_insert_with(value);
        }
    }
    element
}

/// A start tag in short: `div#id.class.class`, at most 60 characters.
pub(crate) fn label(out: &mut String, source: &str, element: &Element<'_>) {
    const LONGEST: usize = 60;
    let name = source[1..]
        .split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
        .next()
        .unwrap_or_default();
    out.push_str(&name.to_ascii_lowercase());
    if let Some(id) = element.id().filter(|id| !id.trim().is_empty()) {
        out.push('#');
        out.push_str(id.trim());
    }
    for class in element.classes() {
        out.push('.');
        out.push_str(class);
    }
    if let Some((end, _)) = out.char_indices().nth(LONGEST) {
        out.truncate(end);
        out.push('…');
    }
}

/// An attribute's value, entities decoded.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    if value.contains('&') {
        htmlize::unescape_attribute(value)
    } else {
        Cow::Borrowed(value)
    }
}

/// The words of a class or id.
pub(crate) type Words = SmallVec<[Name; MAX_WORDS + 1]>;

/// The words of a class or id, whatever their case: split at everything that is no letter or digit,
/// and at camel humps. Empty for a headline.
pub(crate) fn words_of(name: &str) -> Words {
    let mut words = Words::new();
    let mut word = NameHasher::new();
    let mut previous = Script::None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let script = Script::of(c);
        let hump = match (previous, script) {
            (_, Script::None) => true,
            (Script::Lower | Script::Digit, Script::Upper) => true,
            // `HTMLParser`: the last capital begins the next word.
            (Script::Upper, Script::Upper) => chars
                .peek()
                .is_some_and(|next| Script::of(*next) == Script::Lower),
            // Letters right after digits are a part of a number or a hash: `2col`, `27835ad151`.
            (Script::Lower | Script::Upper, Script::Digit) => true,
            _ => false,
        };
        if hump && previous != Script::None {
            words.push(std::mem::take(&mut word).finish());
            if words.len() > MAX_WORDS {
                return Words::new();
            }
        }
        if c.is_ascii() {
            if script != Script::None {
                word = word.push(c as u8);
            }
        } else if script != Script::None {
            for c in c.to_lowercase() {
                let mut bytes = [0; 4];
                for &byte in c.encode_utf8(&mut bytes).as_bytes() {
                    word = word.push(byte);
                }
            }
        }
        previous = script;
    }
    if previous != Script::None {
        words.push(word.finish());
    }
    if words.len() > MAX_WORDS {
        words.clear();
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    None,
    Lower,
    Upper,
    Digit,
}

impl Script {
    fn of(c: char) -> Script {
        match c {
            'a'..='z' => Script::Lower,
            'A'..='Z' => Script::Upper,
            '0'..='9' => Script::Digit,
            c if c.is_ascii() => Script::None,
            c if c.is_uppercase() => Script::Upper,
            c if c.is_alphabetic() => Script::Lower,
            _ => Script::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names() {
        for (name, words) in [
            ("site-newsletter", &["site", "newsletter"][..]),
            ("NewsletterBox", &["newsletter", "box"]),
            ("newsletters", &["newsletters"]),
            ("c-nav__item--2col", &["c", "nav", "item", "2col"]),
            ("newsletter2", &["newsletter", "2"]),
            ("richtext-27835ad151", &["richtext", "27835ad", "151"]),
            ("HTMLParser", &["html", "parser"]),
            ("shareURL", &["share", "url"]),
            ("a-newsletter-about-the-end-of-print", &[]),
            ("", &[]),
        ] {
            let words: Words = words.iter().map(|w| Name::new(w.as_bytes())).collect();
            assert_eq!(words_of(name), words, "{name}");
        }
    }
}
