//! A page as a tree: its elements, where each begins in the page, and the text in it. html5ever
//! builds the tree; the places come from lol_html, which numbers the start tags first.

use anyhow::{Result, anyhow};
use html5ever::interface::{
    Attribute, ElemName, ElementFlags, NodeOrText, QualName, QuirksMode, TreeSink,
};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{LocalName, Namespace, ParseOpts, parse_document};
use lol_html::{RewriteStrSettings, element, rewrite_str};
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

/// The attribute that bears a start tag's number on the way through html5ever.
const NUMBER: &str = "dehusk-number";

/// Elements whose text a reader does not see; the filter does not count it either.
const UNSEEN: [&str; 11] = [
    "head", "iframe", "noembed", "noframes", "noscript", "object", "script", "style", "svg",
    "template", "title",
];

/// Elements that do not end a line of text.
const INLINE: [&str; 56] = [
    "a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "button", "canvas", "cite", "code",
    "data", "del", "dfn", "em", "embed", "font", "i", "iframe", "img", "input", "ins", "kbd",
    "label", "map", "mark", "math", "meter", "nobr", "noscript", "object", "output", "picture",
    "progress", "q", "rp", "rt", "ruby", "s", "samp", "script", "select", "small", "span",
    "strike", "strong", "style", "sub", "sup", "svg", "textarea", "time", "tt", "u", "video",
];

/// Whether an element of this name ends no line of text.
pub(crate) fn is_inline(name: &str) -> bool {
    INLINE.contains(&name)
}

/// An element of a page.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// In lower case.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Where its start tag begins, in bytes; `None` if it has none.
    pub start: Option<u64>,
    pub parent: Option<usize>,
    /// The first element, in the order of the page, that is not inside it.
    pub end: usize,
    /// Its text, a range of [`Tree::pieces`].
    pub pieces: Range<usize>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(super) fn is_heading(&self) -> bool {
        matches!(&*self.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
    }

    pub(super) fn is_inline(&self) -> bool {
        is_inline(&self.name)
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = &str> + Clone {
        let classes = self.attribute("class").unwrap_or_default();
        classes.split_ascii_whitespace()
    }
}

/// Visible text between two tags.
#[derive(Debug)]
pub(super) struct Piece {
    /// White space folded, not trimmed away where a word ends.
    pub text: String,
    pub words: usize,
    /// The element it stands in.
    pub element: usize,
    pub in_link: bool,
    /// The block it is part of.
    pub block: usize,
}

/// A line or paragraph: the text between two elements that break lines.
#[derive(Debug)]
pub(super) struct Block {
    pub pieces: Range<usize>,
    /// The innermost element that holds all of it and breaks lines.
    pub element: usize,
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// In the order of the page.
    pub elements: Vec<Element>,
    pub pieces: Vec<Piece>,
    pub blocks: Vec<Block>,
}

impl Tree {
    /// The tree of a page.
    ///
    /// # Errors
    ///
    /// A page that lol_html cannot read.
    pub(super) fn parse(page: &str) -> Result<Tree> {
        let (numbered, starts) = number(page)?;
        let sink = Sink::default();
        let nodes = parse_document(sink, ParseOpts::default()).one(numbered);
        Ok(Builder::build(&nodes, &starts))
    }

    pub(super) fn is_inside(&self, element: usize, ancestor: usize) -> bool {
        self.elements
            .get(ancestor)
            .is_some_and(|a| (ancestor..a.end).contains(&element))
    }

    /// The element and what it is in, from the inside out.
    pub(super) fn upwards(&self, element: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(element), |&e| self.elements.get(e)?.parent)
    }

    /// The text of some pieces, a space between blocks.
    pub(super) fn text(&self, pieces: impl IntoIterator<Item = usize>) -> String {
        let mut text = String::new();
        let mut block = None;
        for piece in pieces.into_iter().filter_map(|i| self.pieces.get(i)) {
            if block.replace(piece.block) != Some(piece.block) {
                text.push(' ');
            }
            text.push_str(&piece.text);
        }
        fold(&text)
    }
}

/// White space folded and trimmed.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Words of a text; in Chinese, Japanese and Korean two characters are one.
fn words(text: &str) -> usize {
    let cjk = |c: &char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    let is_word = |w: &&str| w.chars().any(char::is_alphanumeric);
    text.split_whitespace()
        .filter(is_word)
        .map(|word| word.chars().filter(cjk).count().div_ceil(2).max(1))
        .sum()
}

/// The page with a number on every start tag, and the places of the tags.
fn number(page: &str) -> Result<(String, Vec<u64>)> {
    let mut starts = Vec::new();
    let handler = element!("*", |element| {
        starts.push(element.source_location().bytes().start as u64);
        element.set_attribute(NUMBER, &(starts.len() - 1).to_string())?;
        Ok(())
    });
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(handler)
        .with_strict(false);
    let numbered = rewrite_str(page, settings).map_err(|error| anyhow!("{error}"))?;
    Ok((numbered, starts))
}

/// What html5ever builds.
#[derive(Default)]
struct Node {
    parent: Option<usize>,
    children: Vec<usize>,
    name: Option<QualName>,
    attributes: Vec<Attribute>,
    text: StrTendril,
    /// Where what is in a template goes.
    template: Option<usize>,
}

/// All nodes ever made, the document first.
struct Sink(RefCell<Vec<Node>>);

impl Default for Sink {
    fn default() -> Self {
        Sink(RefCell::new(vec![Node::default()]))
    }
}

impl Sink {
    fn add(&self, node: Node) -> usize {
        let mut nodes = self.0.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }

    fn node_of(&self, child: NodeOrText<usize>) -> usize {
        match child {
            NodeOrText::AppendNode(node) => node,
            NodeOrText::AppendText(text) => self.add(Node {
                text,
                ..Node::default()
            }),
        }
    }

    fn detach(&self, node: usize) {
        let mut nodes = self.0.borrow_mut();
        if let Some(parent) = nodes[node].parent.take() {
            nodes[parent].children.retain(|&child| child != node);
        }
    }

    /// Puts `child` under `parent`, before its child `before` or last.
    fn insert(&self, parent: usize, before: Option<usize>, child: usize) {
        self.detach(child);
        let mut nodes = self.0.borrow_mut();
        nodes[child].parent = Some(parent);
        let children = &mut nodes[parent].children;
        let place = before.and_then(|before| children.iter().position(|&c| c == before));
        children.insert(place.unwrap_or(children.len()), child);
    }
}

/// An element's name, as html5ever asks for it.
#[derive(Debug)]
struct NameOf(QualName);

impl ElemName for NameOf {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl TreeSink for Sink {
    type Handle = usize;
    type Output = Vec<Node>;
    type ElemName<'a> = NameOf;

    fn finish(self) -> Vec<Node> {
        self.0.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        0
    }

    fn elem_name(&self, target: &usize) -> NameOf {
        let name = self.0.borrow()[*target].name.clone();
        NameOf(name.unwrap_or_else(|| QualName::new(None, Namespace::default(), "".into())))
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> usize {
        let template = flags.template.then(|| self.add(Node::default()));
        self.add(Node {
            name: Some(name),
            attributes: attrs,
            template,
            ..Node::default()
        })
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.add(Node::default())
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.add(Node::default())
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        let child = self.node_of(child);
        self.insert(*parent, None, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &usize,
        previous: &usize,
        child: NodeOrText<usize>,
    ) {
        if self.0.borrow()[*element].parent.is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &usize) -> usize {
        self.0.borrow()[*target].template.unwrap_or(*target)
    }

    fn same_node(&self, x: &usize, y: &usize) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        let child = self.node_of(child);
        let parent = self.0.borrow()[*sibling].parent.unwrap_or(0);
        self.insert(parent, Some(*sibling), child);
    }

    fn add_attrs_if_missing(&self, target: &usize, attrs: Vec<Attribute>) {
        let present = &mut self.0.borrow_mut()[*target].attributes;
        for attribute in attrs {
            if !present.iter().any(|a| a.name == attribute.name) {
                present.push(attribute);
            }
        }
    }

    fn remove_from_parent(&self, target: &usize) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &usize, new_parent: &usize) {
        let children = std::mem::take(&mut self.0.borrow_mut()[*node].children);
        for child in children {
            self.0.borrow_mut()[child].parent = None;
            self.insert(*new_parent, None, child);
        }
    }
}

/// Goes over html5ever's nodes once, in the order of the page.
#[derive(Default)]
struct Builder {
    tree: Tree,
    /// Open elements whose text is not seen; open links.
    unseen: usize,
    links: usize,
    /// Open elements that break lines.
    lines: Vec<usize>,
    /// The last line has been broken.
    broken: bool,
}

impl Builder {
    fn build(nodes: &[Node], starts: &[u64]) -> Tree {
        enum Visit {
            Enter(usize),
            Leave(usize),
        }
        let mut builder = Builder::default();
        let mut open: Vec<usize> = Vec::new();
        let mut visits = vec![Visit::Enter(0)];
        while let Some(visit) = visits.pop() {
            match visit {
                Visit::Leave(element) => {
                    builder.leave(element);
                    open.pop();
                }
                Visit::Enter(i) => {
                    let node = &nodes[i];
                    if let Some(name) = &node.name {
                        let element = Builder::element(name, &node.attributes, starts);
                        let element = builder.enter(element, open.last().copied());
                        open.push(element);
                        visits.push(Visit::Leave(element));
                    } else if !node.text.is_empty()
                        && let Some(&element) = open.last()
                    {
                        builder.text(&node.text, element);
                    }
                    visits.extend(node.children.iter().rev().map(|&child| Visit::Enter(child)));
                }
            }
        }
        builder.tree
    }

    fn element(name: &QualName, attributes: &[Attribute], starts: &[u64]) -> Element {
        let mut element = Element {
            name: name.local.to_ascii_lowercase().to_string(),
            ..Element::default()
        };
        for attribute in attributes {
            let (name, value) = (&*attribute.name.local, &*attribute.value);
            if name == NUMBER {
                let number: Option<usize> = value.parse().ok();
                element.start = number.and_then(|n| starts.get(n)).copied();
            } else {
                element.attributes.push((name.to_owned(), value.to_owned()));
            }
        }
        element
    }

    fn enter(&mut self, mut element: Element, parent: Option<usize>) -> usize {
        let i = self.tree.elements.len();
        let name = &*element.name;
        self.unseen += usize::from(UNSEEN.contains(&name));
        self.links += usize::from(name == "a");
        if !is_inline(name) {
            self.broken = true;
            if name != "br" {
                self.lines.push(i);
            }
        }
        element.parent = parent;
        element.pieces = self.tree.pieces.len()..0;
        self.tree.elements.push(element);
        i
    }

    fn leave(&mut self, i: usize) {
        let end = self.tree.elements.len();
        let pieces = self.tree.pieces.len();
        let element = &mut self.tree.elements[i];
        element.end = end;
        element.pieces.end = pieces;
        self.unseen -= usize::from(UNSEEN.contains(&&*element.name));
        self.links -= usize::from(element.name == "a");
        if !element.is_inline() {
            self.broken = true;
            if element.name != "br" {
                self.lines.pop();
            }
        }
    }

    fn text(&mut self, text: &str, element: usize) {
        if self.unseen > 0 || text.trim().is_empty() {
            // White space between two words keeps them apart.
            if let Some(last) = self.tree.pieces.last_mut()
                && !self.broken
                && !text.is_empty()
            {
                last.text.push(' ');
            }
            return;
        }
        let piece = self.tree.pieces.len();
        if self.broken || self.tree.blocks.is_empty() {
            self.broken = false;
            self.tree.blocks.push(Block {
                pieces: piece..piece,
                element: self.lines.last().copied().unwrap_or(element),
            });
        }
        if let Some(block) = self.tree.blocks.last_mut() {
            block.pieces.end = piece + 1;
        }
        let mut folded = fold(text);
        if text.starts_with(char::is_whitespace) {
            folded.insert(0, ' ');
        }
        if text.ends_with(char::is_whitespace) {
            folded.push(' ');
        }
        self.tree.pieces.push(Piece {
            words: words(&folded),
            text: folded,
            element,
            in_link: self.links > 0,
            block: self.tree.blocks.len() - 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(page: &str) -> Vec<(String, String)> {
        let tree = Tree::parse(page).unwrap();
        let shown = |block: &Block| {
            let name = tree.elements[block.element].name.clone();
            (name, tree.text(block.pieces.clone()))
        };
        tree.blocks.iter().map(shown).collect()
    }

    #[test]
    fn text_comes_in_blocks() {
        let page = "<title>no</title><p>One <b>two</b>&amp;<a href=x>three</a><p>four\n five\
            <script>no</script><ul><li>six<li>seven</ul>eight<br>nine";
        let row = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            blocks(page),
            [
                row("p", "One two&three"),
                row("p", "four five"),
                row("li", "six"),
                row("li", "seven"),
                row("body", "eight"),
                row("body", "nine"),
            ]
        );
    }

    #[test]
    fn an_element_knows_its_place_and_what_is_inside() {
        let page = "<body><div id=a><p>é</p><p>b</p></div><p>c</p>";
        let tree = Tree::parse(page).unwrap();
        let of = |name: &str| tree.elements.iter().position(|e| e.name == name).unwrap();
        let (div, p) = (of("div"), of("p"));
        assert_eq!(tree.elements[div].start, Some(6));
        assert_eq!(tree.elements[p].start, Some(16));
        assert_eq!(tree.elements[div].pieces, 0..2);
        assert!(tree.is_inside(p, div) && !tree.is_inside(div, p));
        assert!(tree.is_inside(div + 2, div) && !tree.is_inside(div + 3, div));
        assert_eq!(tree.upwards(p).nth(1), Some(div));
        assert_eq!(tree.elements[of("html")].start, None);
    }

    #[test]
    fn links_are_known_and_words_counted() {
        let tree = Tree::parse("<p>It is <a href=x>a – <i>link</i></a> 推荐阅读</p>").unwrap();
        let seen: Vec<(usize, bool)> = tree.pieces.iter().map(|p| (p.words, p.in_link)).collect();
        assert_eq!(seen, [(2, false), (1, true), (1, true), (2, false)]);
    }

    #[test]
    fn deep_and_broken_pages_are_read() {
        let deep = "<div>".repeat(3_000) + "x";
        assert_eq!(Tree::parse(&deep).unwrap().pieces.len(), 1);
        for page in [
            "",
            "<",
            "<table><p>a<tr>b<b>c<p>d</table></b>e",
            "<template><p>a</template>b",
        ] {
            Tree::parse(page).unwrap();
        }
    }
}
