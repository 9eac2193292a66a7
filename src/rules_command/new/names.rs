//! What an element can be called by in a selector: its class names, its id, attributes that name
//! it. Names that a build makes up (`css-1x7k2q`) or that count (`post-12345`) are none: they are
//! others tomorrow.

use super::tree::{Element, Tree};
use dehusk::lint::{SHORT_PART, looks_hashed};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Letters that the end of a name must have to stand for it, which is not as telling as its beginning:
/// `[class*="_relatedbox"]`.
const END: usize = 8;

/// Words that a name has; what has more is a headline.
const WORDS: usize = 5;

/// Names that begin alike, and end in something made up, before all of them count as made up.
const FAMILY: usize = 4;

/// The same for names that end in a number.
const NUMBERED: usize = 8;

/// How a selector names an element, the best way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    Class,
    Id,
    /// The part of a class that a build leaves alone.
    ClassPart,
    /// The beginning of an id that ends in a number.
    IdPart,
    Attribute,
    /// The element's own name.
    Type,
}

/// A way to name an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    pub selector: String,
    pub form: Form,
    /// The name itself.
    pub name: String,
}

impl Handle {
    fn new(form: Form, name: &str, selector: String) -> Handle {
        Handle {
            selector,
            form,
            name: name.to_owned(),
        }
    }
}

/// Knows which names of some pages are made up.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Beginnings of which so many names end in something made up.
    families: HashSet<String>,
}

impl Names {
    /// What the names of these pages have in common.
    pub(super) fn of<'a>(trees: impl IntoIterator<Item = &'a Tree>) -> Names {
        let mut endings: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for element in trees.into_iter().flat_map(|tree| &tree.elements) {
            let id = element.attribute("id").into_iter();
            for name in element.classes().chain(id) {
                if let Some((beginning, ending)) = split_ending(name) {
                    endings.entry(beginning).or_default().insert(ending);
                }
            }
        }
        let is_family = |(beginning, endings): (&str, BTreeSet<&str>)| {
            let numbers = endings.iter().filter(|e| is_number(e)).count();
            let made_up = endings.iter().filter(|e| is_made_up(e)).count();
            let yes = numbers >= NUMBERED || made_up >= FAMILY && made_up * 2 > endings.len();
            yes.then(|| beginning.to_owned())
        };
        Names {
            families: endings.into_iter().filter_map(is_family).collect(),
        }
    }

    /// Whether a name is the same on the next page, and after the next build.
    pub(super) fn is_stable(&self, name: &str) -> bool {
        let letters = name.chars().filter(|c| c.is_alphabetic()).count();
        let readable = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        (3..=60).contains(&name.len())
            && letters >= 2
            && name.chars().all(readable)
            && !segments(name).any(is_made_up)
            && segments(name).filter(|s| is_number(s)).count() < 2
            && words(name).len() <= WORDS
            && !self.is_of_family(name)
    }

    fn is_of_family(&self, name: &str) -> bool {
        split_ending(name).is_some_and(|(beginning, _)| self.families.contains(beginning))
    }

    /// The part of a class that stays when a build makes up the rest.
    fn stable_part<'n>(&self, name: &'n str) -> Option<&'n str> {
        let readable = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if !name.chars().all(readable) {
            return None;
        }
        let mut at = 0;
        for segment in segments(name) {
            let start = at + name[at..].find(segment)?;
            if is_made_up(segment)
                || (self.is_of_family(name) && start + segment.len() == name.len())
            {
                let before = &name[..start];
                let after = &name[start + segment.len()..];
                let good = |(part, least): &(&str, usize)| {
                    let letters = part.chars().filter(|c| c.is_alphabetic()).count();
                    letters >= *least && !segments(part).any(is_made_up)
                };
                let parts = [(before, SHORT_PART), (after, END)];
                return parts.into_iter().find(good).map(|(part, _)| part);
            }
            at = start + segment.len();
        }
        None
    }

    /// All ways to name an element.
    pub(super) fn handles(&self, element: &Element) -> Vec<Handle> {
        let mut handles = Vec::new();
        for class in element.classes() {
            if self.is_stable(class) {
                handles.push(Handle::new(
                    Form::Class,
                    class,
                    format!(".{}", identifier(class)),
                ));
            } else if let Some(part) = self.stable_part(class) {
                let selector = format!("[class*={}]", string(part));
                handles.push(Handle::new(Form::ClassPart, part, selector));
            }
        }
        if let Some(id) = element.attribute("id").map(str::trim) {
            if self.is_stable(id) {
                handles.push(Handle::new(Form::Id, id, format!("#{}", identifier(id))));
            }
            if let Some(part) = numbered(id) {
                handles.push(Handle::new(
                    Form::IdPart,
                    part,
                    format!("[id^={}]", string(part)),
                ));
            }
        }
        // Of what stands in a line, labels say what this one link or button is for.
        let attributes = element.attributes.iter().filter(|_| !element.is_inline());
        for (name, value) in attributes {
            if names_things(name) && self.is_value(value) {
                let selector = format!("[{}={}]", identifier(name), string(value));
                handles.push(Handle::new(Form::Attribute, value, selector));
            } else if name.starts_with("data-")
                && let Some(part) = numbered(value)
            {
                let selector = format!("[{}^={}]", identifier(name), string(part));
                handles.push(Handle::new(Form::Attribute, part, selector));
            }
        }
        if is_telling_type(&element.name) {
            let name = &element.name;
            handles.push(Handle::new(Form::Type, name, name.clone()));
        }
        handles
    }

    /// Whether an attribute's value is a name or a label and no number, address or text.
    fn is_value(&self, value: &str) -> bool {
        let letters = value.chars().filter(|c| c.is_alphabetic()).count();
        (3..=40).contains(&value.chars().count())
            && letters >= 3
            && value
                .chars()
                .all(|c| c.is_alphanumeric() || " -_".contains(c))
            && value.split(' ').count() <= 5
            && !value
                .split(' ')
                .flat_map(segments)
                .any(|s| is_made_up(s) || is_number(s))
            && !matches!(value, "true" | "false" | "null" | "none" | "undefined")
    }
}

/// Elements that say by their own name what they are for; the same for a site's own elements.
fn is_telling_type(name: &str) -> bool {
    matches!(
        name,
        "header" | "footer" | "nav" | "aside" | "dialog" | "form"
    ) || (name.contains('-') && !name.starts_with("font-") && name != "annotation-xml")
}

/// Attributes that name an element.
fn names_things(attribute: &str) -> bool {
    matches!(attribute, "role" | "aria-label" | "itemprop" | "name")
        || attribute.starts_with("data-")
}

/// A name's parts between hyphens and underscores.
fn segments(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_']).filter(|s| !s.is_empty())
}

/// A name's beginning with what parts it from the last part, and the last part; or what stands
/// before a number and the number.
fn split_ending(name: &str) -> Option<(&str, &str)> {
    let at = match name.rfind(['-', '_']) {
        Some(at) => at + 1,
        None => name.trim_end_matches(|c: char| c.is_ascii_digit()).len(),
    };
    let (beginning, ending) = name.split_at_checked(at)?;
    (!beginning.is_empty() && !ending.is_empty()).then_some((beginning, ending))
}

/// What stands before the number at a name's end, if it is long enough to stand for the name.
fn numbered(name: &str) -> Option<&str> {
    let beginning = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let letters = beginning.chars().filter(|c| c.is_alphabetic()).count();
    let good = |c: char| c.is_alphanumeric() || "-_".contains(c);
    (beginning.len() < name.len()
        && letters >= 4
        && beginning.chars().all(good)
        && !segments(beginning).any(is_made_up))
    .then_some(beginning)
}

fn is_number(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a part of a name looks like a hash or a number: digits among letters, capitals as they
/// come, no vowel.
fn is_made_up(segment: &str) -> bool {
    if looks_hashed(segment) {
        return true;
    }
    let digits = segment.chars().filter(char::is_ascii_digit).count();
    let letters = segment.chars().filter(|c| c.is_alphabetic()).count();
    if digits > 0 {
        let kinds: Vec<bool> = segment.chars().map(|c| c.is_ascii_digit()).collect();
        let switches = kinds.windows(2).filter(|w| w[0] != w[1]).count();
        let capital = segment
            .chars()
            .skip_while(char::is_ascii_digit)
            .skip(1)
            .any(char::is_uppercase);
        let long = letters > 4 || capital;
        return switches > 1
            || digits > 2
            || (switches == 1 && kinds.first() == Some(&true) && long);
    }
    let upper = |c: char| c.is_uppercase();
    let humps = segment
        .chars()
        .zip(segment.chars().skip(1))
        .filter(|&(a, b)| !upper(a) && upper(b))
        .count();
    let vowels = segment
        .chars()
        .filter(|c| !c.is_ascii() || "aeiouyAEIOUY".contains(*c))
        .count();
    let mixed = segment.chars().any(upper) && segment.chars().any(char::is_lowercase);
    let capitals = segment.chars().filter(|c| upper(*c)).count();
    match letters {
        0..=4 => false,
        _ if vowels == 0 => true,
        _ if mixed && capitals * 5 > letters * 2 => true,
        5..=8 if mixed => vowels * 5 < letters || humps > 1,
        _ => false,
    }
}

/// The words of a name in lower case: split at all that is no letter or digit, at camel humps and
/// before digits, as `:named()` does.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_small = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = !previous.is_alphanumeric()
            || (c.is_uppercase() && (!previous.is_uppercase() || next_is_small))
            || (c.is_ascii_digit() && !previous.is_ascii_digit());
        previous = c;
        if !c.is_alphanumeric() {
            continue;
        }
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// A name as CSS writes it.
fn identifier(name: &str) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = cssparser::serialize_identifier(name, &mut out);
    out
}

/// A string as CSS writes it.
pub(super) fn string(text: &str) -> String {
    let mut out = String::new();
    let _ = cssparser::serialize_string(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stay_and_names_that_are_made_up() {
        let names = Names::default();
        for (name, stable) in [
            ("teaser", true),
            ("article__body", true),
            ("c-nav__item--2col", true),
            ("MainMenuModule", true),
            ("shareURL", true),
            ("col-4", true),
            ("html5", true),
            ("css-1x7k2q", false),
            ("sc-gsDKAQ", false),
            ("sc-bdVaJa", false),
            ("jss123", false),
            ("_3xYzK", false),
            ("Teaser_box__x3Kd9", false),
            ("Teaser_box__EiNYR", false),
            ("link_15-1-0", false),
            ("_uZlpYYmAJIuh_", false),
            ("what-the-mayor-said-on-monday", false),
            ("post-12345", false),
            ("md:flex", false),
            ("w-[300px]", false),
            ("a", false),
        ] {
            assert_eq!(names.is_stable(name), stable, "{name}");
        }
    }

    #[test]
    fn what_is_left_of_a_name_that_is_made_up() {
        let names = Names::default();
        for (name, part) in [
            ("Teaser_box__x3Kd9", Some("Teaser_box__")),
            ("StyledHeader-sc-1x7k2q-0", Some("StyledHeader-sc-")),
            ("css-1x7k2q-RelatedLinks", Some("-RelatedLinks")),
            ("box__x3Kd9", None),
            ("css-1x7k2q", None),
            ("teaser", None),
        ] {
            assert_eq!(names.stable_part(name), part, "{name}");
        }
    }

    #[test]
    fn families_of_names_are_seen_on_the_page() {
        let page = "<p class='dcr-kwixqe jss1'><p class='dcr-1x7k2q jss2'><p class='dcr-9fq2ka jss3'>\
            <p class='dcr-3k1ab9 jss4'><p class='dcr-6y7zz1 jss5'><p class='jss6 jss7 jss8 item-a'>";
        let names = Names::of([&Tree::parse(page).unwrap()]);
        assert!(!names.is_stable("dcr-kwixqe") && !names.is_stable("jss12"));
        assert!(names.is_stable("item-a"));
    }

    #[test]
    fn the_ways_to_name_an_element() {
        let page = "<aside class='box Teaser_box__x3Kd9' id=slot-17 data-module='RelatedBox' \
            data-n=3 aria-label='Read also' data-url=http://x/>";
        let tree = Tree::parse(page).unwrap();
        let element = tree.elements.iter().find(|e| e.name == "aside").unwrap();
        let handles = Names::default().handles(element);
        let selectors: Vec<&str> = handles.iter().map(|h| h.selector.as_str()).collect();
        assert_eq!(
            selectors,
            [
                ".box",
                "[class*=\"Teaser_box__\"]",
                "#slot-17",
                "[id^=\"slot-\"]",
                "[data-module=\"RelatedBox\"]",
                "[aria-label=\"Read also\"]",
                "aside"
            ]
        );
    }

    #[test]
    fn words_of_names() {
        for (name, expected) in [
            ("site-newsletter", &["site", "newsletter"][..]),
            ("NewsletterBox", &["newsletter", "box"]),
            ("HTMLParser", &["html", "parser"]),
            ("shareURL", &["share", "url"]),
            ("c-nav__item--2col", &["c", "nav", "item", "2col"]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
