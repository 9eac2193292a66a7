//! html5ever as the judge: the text that a page's tree keeps when elements are dropped, beside the
//! text of what dehusk leaves of the page.

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

pub fn parse(page: &str) -> RcDom {
    parse_document(RcDom::default(), ParseOpts::default()).one(page)
}

/// What a selector asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    Type(String),
    Id(String),
    Class(String),
    Attribute(&'static str),
}

impl Choice {
    /// The selector, escaped where CSS wants it.
    pub fn selector(&self) -> String {
        match self {
            Choice::Type(name) => name.clone(),
            Choice::Id(id) => format!("#{}", identifier(id)),
            Choice::Class(class) => format!(".{}", identifier(class)),
            Choice::Attribute(name) => format!("[{name}]"),
        }
    }

    /// Whether a tree's node is an element that the selector drops.
    pub fn drops(&self, node: &Handle) -> bool {
        let NodeData::Element { name, attrs, .. } = &node.data else {
            return false;
        };
        if matches!(&*name.local, "html" | "head" | "body" | "noscript") {
            return false;
        }
        let attrs = attrs.borrow();
        let value = |name: &str| attrs.iter().find(|a| &*a.name.local == name);
        match self {
            Choice::Type(wanted) => *wanted == *name.local,
            Choice::Id(wanted) => value("id").is_some_and(|id| *wanted == *id.value),
            Choice::Class(wanted) => value("class")
                .is_some_and(|class| class.value.split_ascii_whitespace().any(|c| c == wanted)),
            Choice::Attribute(name) => value(name).is_some(),
        }
    }
}

fn identifier(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        match c {
            'a'..='z' | 'A'..='Z' | '_' | '\u{80}'.. => out.push(c),
            '0'..='9' | '-' if i > 0 => out.push(c),
            c => {
                let _ = write!(out, "\\{:x} ", u32::from(c));
            }
        }
    }
    out
}

/// A class as a selector.
pub fn class_selector(class: &str) -> String {
    Choice::Class(class.to_owned()).selector()
}

/// The types, ids and classes of a page, sorted.
pub fn choices_of(tree: &RcDom) -> Vec<Choice> {
    fn walk(node: &Handle, out: &mut Vec<Choice>) {
        if let NodeData::Element {
            name,
            attrs,
            template_contents,
            ..
        } = &node.data
        {
            out.push(Choice::Type(name.local.to_string()));
            for attribute in &*attrs.borrow() {
                let value = &*attribute.value;
                match &*attribute.name.local {
                    "id" => out.push(Choice::Id(value.to_owned())),
                    "class" => {
                        let classes = value.split_ascii_whitespace();
                        out.extend(classes.map(|class| Choice::Class(class.to_owned())));
                    }
                    _ => {}
                }
            }
            if let Some(contents) = &*template_contents.borrow() {
                walk(contents, out);
            }
        }
        for child in &*node.children.borrow() {
            walk(child, out);
        }
    }
    let mut choices = Vec::new();
    walk(&tree.document, &mut choices);
    choices.sort();
    choices.dedup();
    choices
}

/// Eight of a page's classes at most, spread over all it has.
pub fn some_classes_of(page: &str) -> impl Iterator<Item = String> {
    let classes = classes_of(page);
    let step = classes.len().div_ceil(8).max(1);
    classes.into_iter().step_by(step)
}

/// The classes that occur in a page, sorted.
pub fn classes_of(page: &str) -> Vec<String> {
    let choices = choices_of(&parse(page)).into_iter();
    choices
        .filter_map(|choice| match choice {
            Choice::Class(class) => Some(class),
            _ => None,
        })
        .collect()
}

/// The text of a tree less the subtrees for which `dropped` holds, scripts and styles included;
/// an element's beginning and end separate words.
/// What is in a `<template>` is no part of the tree: a reader never sees it, and the insertion
/// modes inside it are not followed to the letter.
pub fn text_of(node: &Handle, dropped: &dyn Fn(&Handle) -> bool) -> String {
    fn walk(node: &Handle, dropped: &dyn Fn(&Handle) -> bool, out: &mut String) {
        match &node.data {
            NodeData::Text { contents } => {
                out.push_str(&contents.borrow());
                return;
            }
            NodeData::Element { .. } if dropped(node) => return,
            // What cuts bring together within an element becomes one text, as it does here.
            NodeData::Element { .. } => out.push(' '),
            _ => {}
        }
        for child in &*node.children.borrow() {
            walk(child, dropped, out);
        }
        out.push(' ');
    }
    let mut out = String::new();
    walk(node, dropped, &mut out);
    out
}

/// The text that the tree of `page` keeps when `.class` is dropped.
pub fn kept_by_tree(page: &str, class: &str) -> String {
    let class = Choice::Class(class.to_owned());
    text_of(&parse(page).document, &|node| class.drops(node))
}

/// The text of the whole tree of a page.
pub fn text_of_tree(page: &str) -> String {
    text_of(&parse(page).document, &|_| false)
}

pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The words of `wanted` that `got` lacks, counted.
pub fn missing(wanted: &[String], got: &[String]) -> Vec<String> {
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for word in got {
        *counts.entry(word).or_default() += 1;
    }
    wanted
        .iter()
        .filter(|word| {
            let count = counts.entry(word).or_default();
            *count -= 1;
            *count < 0
        })
        .cloned()
        .collect()
}

/// A page less some of its bytes.
pub fn without(page: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(page.len());
    let mut from = 0;
    for range in ranges {
        out.push_str(&page[from..range.start]);
        from = range.end;
    }
    out.push_str(&page[from..]);
    out
}

// ---- tags and text by their place in the page ----

/// A tree builder that is told where in the page its tokens end. It is fed one character at a time.
struct Watched {
    tree: TreeBuilder<Handle, RcDom>,
    page: String,
    fed: Cell<usize>,
    /// Everything before this has come as a token.
    before: Cell<usize>,
    raw_text: Cell<bool>,
    start_tags: RefCell<Vec<usize>>,
    letters: RefCell<Vec<Range<usize>>>,
}

impl TokenSink for Watched {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        let (before, fed) = (self.before.get(), self.fed.get());
        match &token {
            Token::ParseError(_) => return self.tree.process_token(token, line),
            Token::TagToken(tag) => {
                self.raw_text.set(false);
                if tag.kind == TagKind::StartTag {
                    // A `<` that was text after all is handed on with the character behind it.
                    let text = self.page[..before].ends_with('<');
                    let from = before - usize::from(text);
                    let start = self.page[from..fed].find('<').map_or(from, |at| from + at);
                    self.start_tags.borrow_mut().push(start);
                }
            }
            Token::CharacterTokens(text)
                if self.page[before..fed] == **text
                    && !self.raw_text.get()
                    && text.chars().all(char::is_alphanumeric) =>
            {
                let letters = &mut *self.letters.borrow_mut();
                match letters.last_mut() {
                    Some(word) if word.end == before => word.end = fed,
                    _ => letters.push(before..fed),
                }
            }
            _ => {}
        }
        self.before.set(fed);
        let result = self.tree.process_token(token, line);
        if !matches!(
            result,
            TokenSinkResult::Continue | TokenSinkResult::Script(_)
        ) {
            self.raw_text.set(true);
        }
        result
    }

    fn end(&self) {
        self.tree.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.tree
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Where a page's start tags begin, and where its words stand, raw text left out.
pub fn places(page: &str) -> (Vec<usize>, Vec<Range<usize>>) {
    let watched = Watched {
        tree: TreeBuilder::new(RcDom::default(), TreeBuilderOpts::default()),
        page: page.to_owned(),
        fed: Cell::default(),
        before: Cell::default(),
        raw_text: Cell::default(),
        start_tags: RefCell::default(),
        letters: RefCell::default(),
    };
    let tokenizer = Tokenizer::new(watched, TokenizerOpts::default());
    let queue = BufferQueue::default();
    for (i, c) in page.char_indices() {
        tokenizer.sink.fed.set(i + c.len_utf8());
        queue.push_back(StrTendril::from_char(c));
        while !queue.is_empty() {
            // It stops behind a script, for somebody to run it.
            let _ = tokenizer.feed(&queue);
        }
    }
    tokenizer.end();
    (
        tokenizer.sink.start_tags.take(),
        tokenizer.sink.letters.take(),
    )
}

/// The attribute that marks elements.
pub const MARK: &str = "data-dropped";

/// The page with a mark in the start tags that begin at these places, in order, and `ranges` of the
/// page as they are in the page with the marks.
pub fn marked(page: &str, tags: &[usize], ranges: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let mark = format!(" {MARK}=\"\"");
    let inserts = tags.iter().map(|&tag| {
        let name = page[tag + 1..]
            .find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
            .map_or(page.len(), |end| tag + 1 + end);
        (name..name, mark.clone())
    });
    replaced(page, inserts, ranges)
}

/// Puts texts in the place of others, in order; what is in `ranges` stays in them.
fn replaced(
    page: &str,
    changes: impl Iterator<Item = (Range<usize>, String)>,
    ranges: &[Range<usize>],
) -> (String, Vec<Range<usize>>) {
    let mut out = String::with_capacity(page.len() * 2);
    let mut ends: Vec<usize> = ranges.iter().flat_map(|r| [r.start, r.end]).collect();
    let (mut from, mut next) = (0, 0);
    for (range, text) in changes {
        while ends.get(next).is_some_and(|&end| end <= range.start) {
            ends[next] += out.len() - from;
            next += 1;
        }
        out.push_str(&page[from..range.start]);
        out.push_str(&text);
        from = range.end;
    }
    for end in &mut ends[next..] {
        *end = out.len() + *end - from;
    }
    out.push_str(&page[from..]);
    let ranges = ends.chunks_exact(2).map(|r| r[0]..r[1]).collect();
    (out, ranges)
}

// ---- comparing ----

/// How what dehusk leaves of a page and what the tree keeps of it differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Words that the tree keeps and dehusk does not.
    pub lost: Vec<String>,
    /// Words that dehusk keeps and the tree does not.
    pub left_over: Vec<String>,
}

/// Compares the page less `ranges` with its tree less what is dropped from it; None if the text is
/// the same, word by word.
pub fn difference(
    page: &str,
    ranges: &[Range<usize>],
    kept: &str,
    dropped: &dyn Fn(&Handle) -> bool,
) -> Option<Difference> {
    let left = text_of_tree(&without(page, ranges));
    if left.split_whitespace().eq(kept.split_whitespace()) {
        return None;
    }
    // So that a word lost can be told from the same word left over somewhere else, each gets a
    // number.
    let (_, places) = places(page);
    let numbers = places.iter().enumerate();
    let numbers = numbers.map(|(i, place)| (place.clone(), format!("{OPEN}{i}{CLOSE}")));
    let (numbered, ranges) = replaced(page, numbers, ranges);
    let kept = text_of(&parse(&numbered).document, dropped);
    let left = text_of_tree(&without(&numbered, &ranges));
    let words = |text: &str| -> Vec<String> {
        let spaced = text.replace(OPEN, " \u{f0000}").replace(CLOSE, " ");
        let mut words = Vec::new();
        for word in spaced.split_whitespace() {
            let number = word.strip_prefix(OPEN).and_then(|n| n.parse().ok());
            match number.and_then(|n: usize| places.get(n)) {
                Some(place) => words.push(format!("{}@{}", &page[place.clone()], place.start)),
                // What stands between words may grow together.
                None => words.extend(word.chars().map(String::from)),
            }
        }
        words
    };
    let (kept, left) = (words(&kept), words(&left));
    if kept == left {
        return None;
    }
    Some(Difference {
        lost: missing(&kept, &left),
        left_over: missing(&left, &kept),
    })
}

/// Around a word's number; a page has neither in its text.
const OPEN: char = '\u{f0000}';
const CLOSE: char = '\u{f0001}';
