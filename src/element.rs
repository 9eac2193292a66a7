//! A start tag as rules see it: its name, its attributes with entities decoded, and the words of
//! its class and id.

use crate::open_elements::Namespace;
use crate::page::Make;
use crate::scanner::Tag;
use crate::tag::{Class, Name, name};
use smallvec::SmallVec;
use std::borrow::Cow;

/// A class or id of more words than this is a headline, not a name.
const MAX_WORDS: usize = 5;

/// A start tag.
pub(crate) struct Element<'a> {
    pub name: Name,
    pub class_of_name: Class,
    pub namespace: Namespace,
    /// Names in lower case; of two of the same name the first counts.
    pub attributes: SmallVec<[(Cow<'a, str>, Cow<'a, str>); 8]>,
    pub id: Option<usize>,
    pub class: Option<usize>,
}

impl<'a> Element<'a> {
    /// The value of an attribute; `name` is in lower case.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| &**value)
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.map(|i| &*self.attributes[i].1)
    }

    /// The class attribute.
    pub(crate) fn class(&self) -> Option<&str> {
        self.class.map(|i| &*self.attributes[i].1)
    }

    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.class().unwrap_or_default().split_ascii_whitespace()
    }

    pub(crate) fn make(&self) -> Make {
        Make::new(self.name, self.class())
    }
}

/// The tag's element, from where lol_html found its parts.
pub(crate) fn element_of<'a>(source: &'a str, tag: &Tag, foreign: bool) -> Element<'a> {
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
        attributes: SmallVec::with_capacity(tag.attributes.len()),
        id: None,
        class: None,
    };
    for (name, value) in &tag.attributes {
        let name = &source[name.clone()];
        let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        let i = element.attributes.len();
        match &*name {
            "id" if element.id.is_none() => element.id = Some(i),
            "class" if element.class.is_none() => element.class = Some(i),
            _ => {}
        }
        element
            .attributes
            .push((name, decode(&source[value.clone()])));
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

/// The words of a class or id, in lower case: split at everything that is no letter or digit, and
/// at camel humps. Empty for a headline.
pub(crate) fn words_of(name: &str) -> SmallVec<[String; 4]> {
    let mut words: SmallVec<[String; 4]> = SmallVec::new();
    let mut word = String::new();
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
            (Script::Digit, Script::Lower) | (Script::Lower | Script::Upper, Script::Digit) => true,
            _ => false,
        };
        if hump && !word.is_empty() {
            words.push(std::mem::take(&mut word));
            if words.len() > MAX_WORDS {
                return SmallVec::new();
            }
        }
        if script != Script::None {
            word.extend(c.to_lowercase());
        }
        previous = script;
    }
    if !word.is_empty() {
        words.push(word);
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
            ("c-nav__item--2col", &["c", "nav", "item", "2", "col"]),
            ("HTMLParser", &["html", "parser"]),
            ("shareURL", &["share", "url"]),
            ("a-newsletter-about-the-end-of-print", &[]),
            ("", &[]),
        ] {
            assert_eq!(&*words_of(name), words, "{name}");
        }
    }
}
