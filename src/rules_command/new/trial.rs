//! Selectors are tried: the filter runs with them over the pages, and what it takes is what the
//! draft says. Those that have nothing to do with each other are tried together.

use super::article::{Articles, Role};
use super::page::{dropped, removals};
use super::site::{Place, Site};
use anyhow::Result;
use dehusk::Rules;
use std::collections::BTreeSet;
use std::ops::Range;

/// What a selector takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    /// Pages and elements.
    pub pages: usize,
    pub elements: usize,
    /// Words, and those of them that the rules there leave.
    pub words: usize,
    pub left: usize,
    /// The share of links in its text.
    pub links: f64,
    /// The beginning of what it takes that was left, else of what it takes.
    pub text: String,
    /// The page and the beginning of a paragraph of the article, or of its headline, that it takes.
    pub lost: Option<(usize, String)>,
}

/// Tries each selector by itself; `places` is what it is expected to match.
///
/// # Errors
///
/// A selector that the filter refuses.
pub(super) fn try_each(
    site: &Site,
    articles: &Articles,
    selectors: &[(&str, &[Place])],
) -> Result<Vec<Taken>> {
    let mut results = vec![Taken::default(); selectors.len()];
    for batch in batches(site, selectors) {
        let mut file = String::new();
        for &i in &batch {
            file.push_str(selectors[i].0);
            file.push('\n');
        }
        let rules = Rules::builder()
            .builtin(false)
            .file("draft", file)
            .build()?;
        for p in 0..site.pages.len() {
            let removals = removals(&site.pages[p].html, "", &rules)?;
            for (line, &i) in batch.iter().enumerate() {
                let own = removals.iter().filter(|r| r.line as usize == line + 1);
                let own: Vec<Range<u64>> = own.map(|r| r.bytes.clone()).collect();
                if !own.is_empty() {
                    results[i].add(site, articles, p, &own);
                }
            }
        }
    }
    for taken in &mut results {
        taken.links /= taken.words.max(1) as f64;
    }
    Ok(results)
}

impl Taken {
    /// Adds what goes of a page.
    fn add(&mut self, site: &Site, articles: &Articles, p: usize, ranges: &[Range<u64>]) {
        let page = &site.pages[p];
        let gone = dropped(
            &page.tree,
            ranges.iter().map(|range| (range.clone(), ())).collect(),
        );
        let gone: Vec<bool> = gone.iter().map(Option::is_some).collect();
        self.pages += 1;
        self.elements += ranges.len();
        for (i, piece) in page.tree.pieces.iter().enumerate() {
            if !gone[piece.element] {
                continue;
            }
            self.words += piece.words;
            self.links += if piece.in_link {
                piece.words as f64
            } else {
                0.0
            };
            self.left += usize::from(!page.gone_pieces[i]) * piece.words;
            if articles.roles[p][piece.block] == Role::Text && self.lost.is_none() {
                let block = page.tree.blocks[piece.block].pieces.clone();
                self.lost = Some((p, page.tree.text(block)));
            }
        }
        if self.text.is_empty() {
            let left = |i: &usize| !page.gone_pieces[*i];
            let taken = |i: &usize| gone[page.tree.pieces[*i].element];
            let all = 0..page.tree.pieces.len();
            self.text = page.tree.text(all.clone().filter(taken).filter(left));
            if self.text.is_empty() {
                self.text = page.tree.text(all.filter(taken));
            }
        }
    }
}

/// Selectors whose elements do not lie in each other, together.
fn batches(site: &Site, selectors: &[(&str, &[Place])]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for (i, (_, places)) in selectors.iter().enumerate() {
        let free = batches.iter_mut().find(|batch| {
            !batch
                .iter()
                .any(|&other| meet(site, places, selectors[other].1))
        });
        match free {
            Some(batch) => batch.push(i),
            None => batches.push(vec![i]),
        }
    }
    batches
}

fn meet(site: &Site, a: &[Place], b: &[Place]) -> bool {
    a.iter().any(|&(p, e)| {
        let tree = &site.pages[p].tree;
        b.iter()
            .any(|&(q, f)| p == q && (tree.is_inside(e, f) || tree.is_inside(f, e)))
    })
}

/// What goes with a whole draft.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// Words more than with the rules that are there.
    pub words: usize,
    /// Pieces of the article's text.
    pub paragraphs: usize,
    /// The lines of the draft that take them.
    pub lines: BTreeSet<u32>,
}

/// Runs rules over all pages; `file` is the draft's among them.
///
/// # Errors
///
/// None: there is nothing to write that could fail.
pub(super) fn try_whole(
    site: &Site,
    articles: &Articles,
    host: &str,
    rules: &Rules,
    file: &str,
) -> Result<Whole> {
    let mut whole = Whole::default();
    for (p, page) in site.pages.iter().enumerate() {
        let removals = removals(&page.html, host, rules)?;
        let cuts = removals
            .iter()
            .map(|r| (r.bytes.clone(), (&*r.file == file).then_some(r.line)));
        let gone = dropped(&page.tree, cuts.collect());
        for (i, piece) in page.tree.pieces.iter().enumerate() {
            let Some(line) = gone[piece.element] else {
                continue;
            };
            whole.words += usize::from(!page.gone_pieces[i]) * piece.words;
            if articles.roles[p][piece.block] == Role::Text {
                whole.paragraphs += 1;
                whole.lines.extend(line);
            }
        }
    }
    Ok(whole)
}
