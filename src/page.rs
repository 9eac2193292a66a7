//! What the page has shown so far: whether it is an article's, whether its headline has been seen,
//! how much article text there was and whether the article's body has ended, which blocks of text
//! stood on it. Fed by the stream, asked by the matcher; knows no rules.

use crate::tag::{Class, Name};
use crate::text::UNITS;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// An element is the article's body if it holds this much paragraph text (1,200 characters) …
const BODY_TEXT: u64 = 1200 * UNITS;
/// … and this share of the article text so far, in percent. Both from runs over
/// 101 news pages: lower values end bodies at teasers, higher ones miss short articles.
const BODY_SHARE: u64 = 80;
/// An element without a telling name is a body if that many of its children hold paragraphs and it
/// has 1,000 characters of them.
const BODY_CHILDREN: u32 = 4;
const NAMELESS_BODY_TEXT: u64 = 1000 * UNITS;
/// Article text grown by 15 % and 300 characters since means the body had not ended.
const RESUMED_SHARE: u64 = 115;
const RESUMED_TEXT: u64 = 300 * UNITS;
/// So many paragraphs with no line of links between them are running text: a list of teasers has the
/// title of the next one there.
const PROSE: u8 = 4;
/// Blocks of text remembered for `:repeats`.
const MAX_BLOCKS: usize = 1 << 16;
/// <https://ogp.me/#types>
const TYPE: &str = "og:type";
/// The names that publishers' tools read for a date.
const DATES: [&str; 5] = [
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "dc.date.issued",
];
/// Longest JSON-LD looked at for an Article type, in bytes.
const MAX_JSON_LD: usize = 256 * 1024;

/// What tells an element's siblings of the same make: its name and first class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Make {
    pub name: Name,
    pub first_class: u64,
}

impl Make {
    pub(crate) fn new(name: Name, class: Option<&str>) -> Make {
        let first_class = class
            .and_then(|c| c.split_ascii_whitespace().next())
            .map_or(0, |c| hash(c.as_bytes()));
        Make { name, first_class }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

/// A hash of text that does not tell ASCII cases apart: a headline set in capitals is the same.
fn text_hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    for chunk in text.as_bytes().chunks(8) {
        let mut eight = [0; 8];
        for (to, from) in eight.iter_mut().zip(chunk) {
            *to = from.to_ascii_lowercase();
        }
        hasher.write_u64(u64::from_le_bytes(eight));
    }
    hasher.finish()
}

/// The part of the state that a dropped element takes with it.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    article: u64,
    headline: bool,
    prose: u8,
    body: Option<(u64, Make)>,
}

/// How an element looks at its end, to judge whether it was the article's body.
pub(crate) struct Ended {
    pub make: Make,
    pub class: Class,
    /// A `[body]` rule matched it.
    pub named: bool,
    /// Paragraph text in it, in half characters.
    pub paragraph: u64,
    /// Children with paragraph text.
    pub paragraph_children: u32,
}

/// The state.
#[derive(Default)]
pub(crate) struct Page {
    article_page: bool,
    json_ld: Option<Vec<u8>>,
    state: State,
    /// Open elements whose text is not the article's (comments).
    aside: u32,
    /// First place of each block's text, by hash; and in the order of the page.
    blocks: FxHashMap<u64, u64>,
    order: Vec<(u64, u64)>,
}

#[derive(Default)]
struct State {
    /// Paragraph text of the article so far, in half characters.
    article: u64,
    headline: bool,
    /// Paragraphs since the last line of links; [`PROSE`] once there have been so many.
    prose: u8,
    /// Article text when the body ended, and the body's make.
    body: Option<(u64, Make)>,
}

impl Snapshot {
    /// Article text before the element, in half characters.
    pub(crate) fn article(&self) -> u64 {
        self.article
    }
}

impl Page {
    pub(crate) fn is_article(&self) -> bool {
        self.article_page
    }

    pub(crate) fn headline_seen(&self) -> bool {
        self.state.headline
    }

    /// Whether an element of this make begins after the article's body.
    pub(crate) fn after_body(&self, make: Make) -> bool {
        self.state.body.is_some_and(|(_, body)| body != make)
    }

    /// Whether running text has been seen.
    pub(crate) fn after_prose(&self) -> bool {
        self.state.prose == PROSE
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            article: self.state.article,
            headline: self.state.headline,
            prose: self.state.prose,
            body: self.state.body,
        }
    }

    /// An element that began at `snapshot`, its text at `text_start`, was dropped.
    pub(crate) fn restore(&mut self, snapshot: Snapshot, text_start: u64) {
        self.state = State {
            article: snapshot.article,
            headline: snapshot.headline,
            prose: snapshot.prose,
            body: snapshot.body,
        };
        while let Some((start, hash)) = self.order.pop_if(|(start, _)| *start >= text_start) {
            if self.blocks.get(&hash) == Some(&start) {
                self.blocks.remove(&hash);
            }
        }
    }

    /// Whether a `<meta>` of this name says anything of the page.
    pub(crate) fn asks_meta(property: &str) -> bool {
        property.eq_ignore_ascii_case(TYPE) || is_date(property)
    }

    /// `<meta property=… content=…>`, names in any case.
    pub(crate) fn meta(&mut self, property: &str, content: &str) {
        let content = content.trim();
        if property.eq_ignore_ascii_case(TYPE) {
            let kind = content.to_ascii_lowercase();
            self.article_page |= kind.starts_with("article") || matches!(&*kind, "blog" | "news");
        } else if is_date(property) {
            self.article_page |= !content.is_empty();
        }
    }

    /// A `<script type="application/ld+json">` begins.
    pub(crate) fn begin_json_ld(&mut self) {
        if !self.article_page {
            self.json_ld = Some(Vec::new());
        }
    }

    /// The script's text, a piece of it.
    pub(crate) fn json_ld(&mut self, bytes: &[u8]) {
        if let Some(buffer) = &mut self.json_ld
            && buffer.len() + bytes.len() <= MAX_JSON_LD
        {
            buffer.extend_from_slice(bytes);
        }
    }

    /// The script has ended.
    pub(crate) fn end_json_ld(&mut self) {
        if let Some(buffer) = self.json_ld.take() {
            self.article_page |= says_article(&buffer);
        }
    }

    pub(crate) fn enter_aside(&mut self) {
        self.aside += 1;
    }

    pub(crate) fn leave_aside(&mut self) {
        self.aside -= 1;
    }

    /// The text of an element that began at `snapshot` was not the article's, as its end has shown.
    pub(crate) fn forget_paragraphs(&mut self, snapshot: Snapshot) {
        self.state.article = snapshot.article;
        self.state.prose = snapshot.prose;
        self.state.body = snapshot.body;
    }

    /// A paragraph has ended, of so many half characters.
    pub(crate) fn paragraph(&mut self, units: u64) {
        if self.aside > 0 {
            return;
        }
        self.state.article += units;
        self.state.prose = PROSE.min(self.state.prose + 1);
        if let Some((at, _)) = self.state.body
            && self.state.article > at * RESUMED_SHARE / 100 + RESUMED_TEXT
        {
            self.state.body = None;
        }
    }

    /// A block that is mostly links has ended.
    pub(crate) fn link_line(&mut self) {
        if !self.after_prose() {
            self.state.prose = 0;
        }
    }

    /// An `h1` with text has ended.
    pub(crate) fn headline(&mut self) {
        self.state.headline = true;
    }

    /// An element has ended and stays.
    pub(crate) fn element_ended(&mut self, ended: &Ended) {
        if ended.paragraph < BODY_TEXT
            || self.aside > 0
            || ended.paragraph * 100 < self.state.article * BODY_SHARE
            || ended.class.has(Class::INLINE)
        {
            return;
        }
        let nameless = self.article_page
            && ended.paragraph_children >= BODY_CHILDREN
            && ended.paragraph >= NAMELESS_BODY_TEXT
            && !ended.class.has(Class::NOT_BODY);
        if ended.named || nameless {
            self.state.body = Some((self.state.article, ended.make));
        }
    }

    /// A block of text has ended; `start` is its place in the page's text.
    pub(crate) fn block(&mut self, text: &str, start: u64) {
        if self.order.len() < MAX_BLOCKS && !text.is_empty() {
            let hash = text_hash(text);
            if let std::collections::hash_map::Entry::Vacant(entry) = self.blocks.entry(hash) {
                entry.insert(start);
                self.order.push((start, hash));
            }
        }
    }

    /// Whether this text stood on the page before `start`.
    pub(crate) fn stood_before(&self, text: &str, start: u64) -> bool {
        self.blocks
            .get(&text_hash(text))
            .is_some_and(|first| *first < start)
    }
}

fn is_date(property: &str) -> bool {
    DATES.iter().any(|date| property.eq_ignore_ascii_case(date))
}

/// Whether JSON-LD has an `@type` that is an Article or one of its subtypes:
/// <https://schema.org/Article>. A search, not a parse: half of what pages carry is not valid JSON.
fn says_article(json: &[u8]) -> bool {
    let text = String::from_utf8_lossy(json);
    text.match_indices("\"@type\"").any(|(at, key)| {
        let rest = text[at + key.len()..].trim_start();
        let Some(rest) = rest.strip_prefix(':') else {
            return false;
        };
        let end = match rest.trim_start().strip_prefix('[') {
            Some(_) => rest.find(']'),
            None => rest.match_indices('"').nth(1).map(|(i, _)| i),
        };
        rest[..end.unwrap_or(rest.len())]
            .split('"')
            .any(|word| word.ends_with("Article") || matches!(word, "BlogPosting" | "Recipe"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_ld_of_articles() {
        for (json, yes) in [
            (r#"{"@type": "NewsArticle"}"#, true),
            (r#"{"@graph":[{"@type":["Thing","Article"]}]}"#, true),
            (r#"{"@type":"BlogPosting"}"#, true),
            (r#"{"@type":"WebPage","name":"Article"}"#, false),
            (r#"{"@type":"Product"}"#, false),
            ("", false),
        ] {
            assert_eq!(says_article(json.as_bytes()), yes, "{json}");
        }
    }

    #[test]
    fn a_dropped_element_takes_its_text_along() {
        let mut page = Page::default();
        page.block("headline", 0);
        let before = page.snapshot();
        page.paragraph(500);
        page.headline();
        page.block("teaser", 10);
        assert!(page.stood_before("teaser", 20));
        page.restore(before, 10);
        assert!(!page.stood_before("teaser", 20));
        assert!(page.stood_before("headline", 20));
        assert!(!page.headline_seen());
        assert_eq!(page.state.article, 0);
    }
}
