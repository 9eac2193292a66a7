//! A page of the site: read, made a tree of, and filtered by the rules that there are already.

use super::tree::{Tree, fold};
use anyhow::{Context as _, Result, bail};
use dehusk::{Kind, Options, Removal, Rules};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Characters from which on a block is a paragraph, as the filter counts: less than half of it links,
/// and with punctuation.
const PARAGRAPH: usize = 80;

/// What there is to know of a block of text.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// Its text without case, digits all alike: what two pages are compared by.
    pub key: String,
    /// Characters, and those of them in links.
    pub characters: usize,
    pub linked: usize,
    pub words: usize,
    /// Long enough and not of links.
    pub paragraph: bool,
    /// Other pages have it too.
    pub shared: bool,
    /// The rules there are take all of it.
    pub gone: bool,
}

impl Line {
    /// Half of it or more is links.
    pub(super) fn is_links(&self) -> bool {
        self.linked * 2 >= self.characters
    }
}

/// A page.
pub(super) struct Page {
    /// Its file's name, without folders.
    pub name: String,
    /// In UTF-8.
    pub html: String,
    pub tree: Tree,
    /// Its head says that it is an article.
    pub is_article: bool,
    /// Whether these rules take a piece of text, and as what.
    pub gone_pieces: Vec<bool>,
    pub gone_as: Vec<Option<Kind>>,
    /// The blocks of the tree.
    pub lines: Vec<Line>,
    /// Words left before each piece, and behind the last.
    left: Vec<usize>,
    /// Characters of links left before each piece, and of all text.
    left_linked: Vec<usize>,
    left_characters: Vec<usize>,
}

impl Page {
    /// Reads a page and filters it.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or that is no page with text.
    pub(super) fn read(path: &Path, host: &str, rules: &Rules) -> Result<Page> {
        let shown = path.display();
        let bytes = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            bail!("{shown} is empty; a saved page is wanted");
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        let page = Page::new(&name.to_string_lossy(), &bytes, host, rules)
            .with_context(|| format!("cannot use {shown}"))?;
        Ok(page)
    }

    /// A page from its bytes.
    ///
    /// # Errors
    ///
    /// Bytes that are no page with text.
    pub(super) fn new(name: &str, bytes: &[u8], host: &str, rules: &Rules) -> Result<Page> {
        let html = decoded(bytes)?;
        let tree = Tree::parse(&html)?;
        if tree.pieces.is_empty() {
            bail!("it has no text");
        }
        let removals = removals(&html, host, rules)?;
        let cuts = removals.iter().map(|r| (r.bytes.clone(), r.kind)).collect();
        let gone = dropped(&tree, cuts);
        let mut page = Page {
            name: name.to_owned(),
            is_article: is_article(&html)?,
            html,
            gone_pieces: tree
                .pieces
                .iter()
                .map(|p| gone[p.element].is_some())
                .collect(),
            gone_as: tree.pieces.iter().map(|p| gone[p.element]).collect(),
            tree,
            lines: Vec::new(),
            left: Vec::new(),
            left_linked: Vec::new(),
            left_characters: Vec::new(),
        };
        page.measure();
        Ok(page)
    }

    fn measure(&mut self) {
        let sums = |measure: &dyn Fn(usize) -> usize| {
            let mut sum = 0;
            let mut sums = vec![0];
            for piece in 0..self.tree.pieces.len() {
                sum += if self.gone_pieces[piece] {
                    0
                } else {
                    measure(piece)
                };
                sums.push(sum);
            }
            sums
        };
        let pieces = &self.tree.pieces;
        self.left = sums(&|i| pieces[i].words);
        self.left_characters = sums(&|i| pieces[i].text.chars().count());
        self.left_linked = sums(&|i| {
            let piece = &pieces[i];
            usize::from(piece.in_link) * piece.text.chars().count()
        });
        self.lines = (0..self.tree.blocks.len()).map(|i| self.line(i)).collect();
    }

    fn line(&self, block: usize) -> Line {
        let pieces = self.tree.blocks[block].pieces.clone();
        let text = self.tree.text(pieces.clone());
        let mut line = Line {
            gone: pieces.clone().all(|i| self.gone_pieces[i]),
            key: key(&text),
            ..Line::default()
        };
        for piece in &self.tree.pieces[pieces] {
            let characters = piece.text.trim().chars().count();
            line.words += piece.words;
            line.characters += characters;
            line.linked += usize::from(piece.in_link) * characters;
        }
        let wide = text.chars().filter(|&c| c >= '\u{2e80}').count();
        line.paragraph = line.characters + wide * 3 / 2 >= PARAGRAPH
            && !line.is_links()
            && text.contains([
                '.', '!', '?', ',', ';', ':', '…', '。', '、', '，', '؟', '،', '।',
            ]);
        line
    }

    /// Words of an element's text that the rules there are leave.
    pub(super) fn left(&self, element: usize) -> usize {
        between(&self.left, &self.tree.elements[element].pieces)
    }

    /// The share of links in an element's text that is left.
    pub(super) fn link_density(&self, pieces: &Range<usize>) -> f64 {
        let characters = between(&self.left_characters, pieces);
        between(&self.left_linked, pieces) as f64 / characters.max(1) as f64
    }

    /// Words of all text that is left.
    pub(super) fn left_in_all(&self) -> usize {
        self.left.last().copied().unwrap_or_default()
    }

    /// Words of all text that the rules there take.
    pub(super) fn gone_in_all(&self) -> usize {
        let pieces = self.tree.pieces.iter().zip(&self.gone_pieces);
        let gone = pieces.filter(|(_, gone)| **gone);
        gone.map(|(piece, _)| piece.words).sum()
    }

    /// The blocks of an element, those that begin before it or end behind it too.
    pub(super) fn blocks(&self, pieces: &Range<usize>) -> Range<usize> {
        let of = |piece: usize| self.tree.pieces.get(piece).map(|p| p.block);
        match (of(pieces.start), pieces.end.checked_sub(1).and_then(of)) {
            (Some(first), Some(last)) if !pieces.is_empty() => first..last + 1,
            _ => 0..0,
        }
    }

    /// The text of an element that is left, or all of it if nothing is.
    pub(super) fn text_left(&self, element: usize) -> String {
        let pieces = self.tree.elements[element].pieces.clone();
        let left = self
            .tree
            .text(pieces.clone().filter(|&i| !self.gone_pieces[i]));
        if left.is_empty() {
            self.tree.text(pieces)
        } else {
            left
        }
    }

    /// The content of the first `<meta>` with this name or property.
    pub(super) fn meta(&self, name: &str) -> Option<&str> {
        let mut elements = self.tree.elements.iter().filter(|e| e.name == "meta");
        elements.find_map(|element| {
            let named = ["name", "property"].map(|a| element.attribute(a));
            named
                .contains(&Some(name))
                .then(|| element.attribute("content"))?
        })
    }

    /// The page's own address, as its head has it.
    pub(super) fn address(&self) -> Option<&str> {
        let mut links = self.tree.elements.iter().filter(|e| e.name == "link");
        links
            .find(|link| link.attribute("rel") == Some("canonical"))
            .and_then(|link| link.attribute("href"))
            .or_else(|| self.meta("og:url"))
    }
}

/// The sum over a range, from sums.
fn between(sums: &[usize], range: &Range<usize>) -> usize {
    let at = |i: usize| sums.get(i).copied().unwrap_or_default();
    at(range.end).saturating_sub(at(range.start.min(range.end)))
}

/// A text as it is compared between pages.
pub(super) fn key(text: &str) -> String {
    let alike = |c: char| if c.is_ascii_digit() { '0' } else { c };
    fold(text).to_lowercase().chars().map(alike).collect()
}

/// The page in UTF-8: a filter without rules only decodes.
fn decoded(bytes: &[u8]) -> Result<String> {
    let mut page = Vec::with_capacity(bytes.len());
    let report = dehusk::clean(&Rules::none(), &Options::new(), bytes, &mut page)?;
    if let Some(why) = report.unfiltered {
        bail!("{why}");
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// What rules take of a page in UTF-8, of every kind.
///
/// # Errors
///
/// None: there is nothing to write that could fail.
pub(super) fn removals(page: &str, host: &str, rules: &Rules) -> Result<Vec<Removal>> {
    let options = Options::new()
        .url(host)
        .encoding("utf-8")?
        .drop(Kind::ALL)
        .explain(true);
    let report = dehusk::clean(rules, &options, page.as_bytes(), std::io::sink())?;
    Ok(report.removals)
}

/// Whether the page's head says that it is an article; the filter knows.
fn is_article(page: &str) -> Result<bool> {
    let rules = Rules::builder().builtin(false).select("*:article-page");
    Ok(!removals(page, "", &rules.build()?)?.is_empty())
}

/// Which elements go with these bytes, and what is said of the bytes.
pub(super) fn dropped<T: Copy>(tree: &Tree, mut cuts: Vec<(Range<u64>, T)>) -> Vec<Option<T>> {
    cuts.sort_by_key(|(range, _)| range.start);
    let mut gone: Vec<Option<T>> = Vec::with_capacity(tree.elements.len());
    for element in &tree.elements {
        let in_cut = element.start.and_then(|start| {
            let behind = cuts.partition_point(|(range, _)| range.start <= start);
            let (range, what) = cuts.get(behind.checked_sub(1)?)?;
            range.contains(&start).then_some(*what)
        });
        gone.push(in_cut.or_else(|| gone[element.parent?]));
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str, selectors: &[&str]) -> Page {
        let rules = Rules::builder().builtin(false);
        let rules = selectors.iter().fold(rules, |rules, s| rules.select(*s));
        let rules = rules.build().unwrap();
        Page::new("a.html", html.as_bytes(), "example.org", &rules).unwrap()
    }

    #[test]
    fn what_rules_take_is_gone_and_the_rest_is_left() {
        let page = page(
            "<div id=a>One <i>two</i><p class=x>three</p>four</div>",
            &[".x"],
        );
        let div = page
            .tree
            .elements
            .iter()
            .position(|e| e.name == "div")
            .unwrap();
        assert_eq!(page.left(div), 3);
        assert_eq!(page.text_left(div), "One two four");
        let gone: Vec<bool> = page.lines.iter().map(|line| line.gone).collect();
        assert_eq!(gone, [false, true, false]);
    }

    #[test]
    fn a_paragraph_is_long_and_no_link() {
        let text =
            "It rained on Monday, and on Tuesday it rained again, until the river rose too high.";
        for (html, yes) in [
            (format!("<p>{text}</p>"), true),
            (format!("<p><a href=x>{text}</a></p>"), false),
            (format!("<p>{}</p>", &text[..70]), false),
            (format!("<p>{}</p>", text.replace([',', '.'], "")), false),
            (
                "<p>昨日は雨が降りました。今日も雨が降っています。明日も降るでしょうか。</p>"
                    .to_owned(),
                true,
            ),
        ] {
            assert_eq!(page(&html, &[]).lines[0].paragraph, yes, "{html}");
        }
    }

    #[test]
    fn pages_in_any_encoding_are_read() {
        let rules = Rules::none();
        let bytes = b"<meta charset=windows-1252><p class=x>\xe9t\xe9 \x80</p>";
        let page = Page::new("a.html", bytes, "example.org", &rules).unwrap();
        assert_eq!(page.text_left(0), "été €");
    }

    #[test]
    fn what_is_no_page_is_told() {
        for (bytes, why) in [
            (&b"\x1f\x8b\x08\0\0\0\0\0"[..], "gzip"),
            (b"<script>x</script>", "no text"),
        ] {
            let error = Page::new("a.html", bytes, "example.org", &Rules::none());
            let error = error.err().unwrap().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
