//! Where the articles are: what differs from page to page and is long prose. The element that holds
//! it becomes `[keep]` and `[body]`; its paragraphs are what no rule of the draft may take.

use super::hints::Sign;
use super::names::Form;
use super::page::{Line, Page, key};
use super::site::{Named, Site};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// Characters of prose from which on there is an article.
const ENOUGH: i64 = 250;

/// The share of prose on a page that is there for its article: if it says so, and else.
const PROSE_SAID: f64 = 0.25;
const PROSE: f64 = 0.6;

/// Paragraphs that an article has, and those that make one of a page that does not say it is one.
const FEW: usize = 2;
const MANY: usize = 4;

/// The share of a page's article that an element has to hold to be its body.
const MOST: f64 = 0.6;

/// Characters of a line without links that may be a standfirst.
const STANDFIRST: usize = 60;

/// At most so many names for the body: generations of markup. Each must be worth so much more than
/// the others alone; each page has its best ones tried.
const BODIES: usize = 3;
const ANOTHER: f64 = 0.25;
const POOL: usize = 10;

/// What a block of text is to the article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Its headline or a paragraph of it.
    Text,
    /// May be part of it: prose outside of the body, short lines inside.
    Maybe,
    Other,
}

/// The articles of the pages.
pub(super) struct Articles {
    /// The element around each page's article, if it has one.
    pub around: Vec<Option<usize>>,
    /// Whether the page is there for its article, and not for a list, goods or answers.
    pub is_certain: Vec<bool>,
    /// What holds the article's text, as places in [`Site::named`].
    pub bodies: Vec<usize>,
    /// The blocks of each page from the headline to the body's end.
    pub spans: Vec<Range<usize>>,
    /// The role of each page's blocks.
    pub roles: Vec<Vec<Role>>,
}

impl Articles {
    pub(super) fn find(site: &Site) -> Articles {
        let values: Vec<Vec<i64>> = site.pages.iter().map(values).collect();
        // Where pages say that they are articles, the others are none.
        let some_say = site.pages.iter().any(|page| page.is_article);
        let pages = site.pages.iter().zip(&values);
        let around = pages.map(|(page, values)| {
            let best = best(values)?;
            let fewest = if page.is_article { FEW } else { MANY };
            let is_article = page.is_article || !some_say;
            (is_article && paragraphs(page, best) >= fewest).then_some(best)
        });
        let around: Vec<Option<usize>> = around.collect();
        let pages = site.pages.iter().zip(&around);
        let is_certain = pages.map(|(page, around)| {
            let share = if page.is_article { PROSE_SAID } else { PROSE };
            around.is_some_and(|around| prose(page, around) >= share)
        });
        let is_certain: Vec<bool> = is_certain.collect();
        let certain = around.iter().zip(&is_certain);
        let certain: Vec<Option<usize>> = certain
            .map(|(around, yes)| around.filter(|_| *yes))
            .collect();
        let bodies = bodies(site, &values, &certain);
        let mut articles = Articles {
            is_certain,
            around,
            bodies,
            spans: Vec::new(),
            roles: Vec::new(),
        };
        for (p, page) in site.pages.iter().enumerate() {
            let body = articles.body(site, p).or(articles.around[p]);
            let headlines = headlines(page);
            let span = body.map_or(0..0, |body| span(page, body, &headlines));
            articles.roles.push(roles(page, body, &span, &headlines));
            articles.spans.push(span);
        }
        articles
    }

    /// The element on a page that the body's name leads to: the one that holds most.
    pub(super) fn body(&self, site: &Site, page: usize) -> Option<usize> {
        let places = self.bodies.iter().flat_map(|&i| &site.named[i].places);
        let on_page = places.filter(|(p, _)| *p == page).map(|(_, e)| *e);
        let around = self.around[page]?;
        let tree = &site.pages[page].tree;
        on_page
            .filter(|&e| tree.is_inside(e, around) || tree.is_inside(around, e))
            .max_by_key(|&e| (site.pages[page].left(e), Reverse(e)))
    }
}

/// What each element is worth as the article's box: characters of prose of the page's own, less
/// those of links and of what other pages say too.
fn values(page: &Page) -> Vec<i64> {
    let mut sum = 0;
    let mut sums = vec![0];
    for line in &page.lines {
        let characters = i64::try_from(line.characters).unwrap_or(i64::MAX);
        sum += match line {
            line if line.gone => 0,
            line if line.shared || line.is_links() => -characters,
            line if line.paragraph => characters,
            _ => 0,
        };
        sums.push(sum);
    }
    let value = |element: &super::tree::Element| {
        let blocks = page.blocks(&element.pieces);
        sums[blocks.end] - sums[blocks.start]
    };
    page.tree.elements.iter().map(value).collect()
}

/// Paragraphs of the page's own in an element.
fn paragraphs(page: &Page, element: usize) -> usize {
    let blocks = page.blocks(&page.tree.elements[element].pieces);
    let lines = page.lines[blocks].iter();
    lines
        .filter(|line| line.paragraph && !line.gone && !line.shared)
        .count()
}

/// The share that the paragraphs in an element have of all text that is left on the page.
fn prose(page: &Page, element: usize) -> f64 {
    let blocks = page.blocks(&page.tree.elements[element].pieces);
    let own = |line: &&Line| line.paragraph && !line.gone && !line.shared;
    let inside = page.lines[blocks].iter().filter(own);
    let all = page.lines.iter().filter(|line| !line.gone);
    let characters = |sum: usize, line: &Line| sum + line.characters;
    inside.fold(0, characters) as f64 / all.fold(0, characters).max(1) as f64
}

/// The innermost of the elements that are worth most, if that is enough.
fn best(values: &[i64]) -> Option<usize> {
    let (element, value) = values
        .iter()
        .enumerate()
        .max_by_key(|(i, value)| (**value, *i))?;
    (*value >= ENOUGH).then_some(element)
}

/// The names of the article's body: the few that lead to it best on all pages together.
fn bodies(site: &Site, values: &[Vec<i64>], around: &[Option<usize>]) -> Vec<usize> {
    let fits = |(i, named): (usize, &Named)| {
        let fits = (0..site.pages.len()).map(|p| fit(site, named, p, &values[p], around[p]?));
        let worth = fits
            .map(|fit| fit.map_or(0.0, |fit| fit.worth(named)))
            .collect();
        (i, worth)
    };
    let all: Vec<(usize, Vec<f64>)> = site.named.iter().enumerate().map(fits).collect();
    // Of each page the best ones, so that all pairs and triples can be tried.
    let mut pool: BTreeSet<usize> = BTreeSet::new();
    for p in 0..site.pages.len() {
        let mut best: Vec<&(usize, Vec<f64>)> = all.iter().filter(|(_, w)| w[p] > 0.0).collect();
        best.sort_by(|a, b| b.1[p].total_cmp(&a.1[p]).then(a.0.cmp(&b.0)));
        pool.extend(best.iter().take(POOL).map(|(i, _)| *i));
    }
    let worth = |set: &[usize]| {
        let best = |p: usize| set.iter().map(|&i| all[i].1[p]).fold(0.0, f64::max);
        (0..site.pages.len()).map(best).sum::<f64>() - ANOTHER * set.len() as f64
    };
    let mut found: (f64, Vec<usize>) = (0.0, Vec::new());
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..BODIES {
        let longer = sets.iter().flat_map(|set| {
            let rest = pool
                .iter()
                .filter(|&&i| set.last().is_none_or(|&last| i > last));
            rest.map(|&i| set.iter().copied().chain([i]).collect::<Vec<usize>>())
        });
        sets = longer.collect();
        for set in &sets {
            let worth = worth(set);
            if worth > found.0 + 1e-9 {
                found = (worth, set.clone());
            }
        }
    }
    found.1
}

/// How well a name leads to a page's article.
struct Fit {
    /// The share of the article, and what else there is for each character of it; what rules take
    /// counts half.
    share: f64,
    besides: f64,
    /// Pieces of text in the element.
    size: usize,
    /// Elements with text that bear the name and are something else.
    others: usize,
}

fn fit(site: &Site, named: &Named, p: usize, values: &[i64], around: usize) -> Option<Fit> {
    if named.is_poor() {
        return None;
    }
    let page = &site.pages[p];
    let places = || {
        named
            .places
            .iter()
            .filter(|(q, _)| *q == p)
            .map(|&(_, e)| e)
    };
    let element = places().max_by_key(|&e| (values[e], e))?;
    let share = values[element] as f64 / values[around].max(1) as f64;
    let apart = |e: &usize| !page.tree.is_inside(*e, element) && !page.tree.is_inside(element, *e);
    let others = places().filter(apart).filter(|&e| page.left(e) > 5).count();
    let blocks = page.blocks(&page.tree.elements[element].pieces);
    let mut text = 0.0;
    let mut besides = 0.0;
    for line in &page.lines[blocks] {
        let characters = line.characters as f64;
        match line {
            line if line.gone => besides += characters / 2.0,
            line if line.paragraph && !line.shared => text += characters,
            _ => besides += characters,
        }
    }
    (share >= MOST).then(|| Fit {
        share,
        besides: besides / f64::max(text, 1.0),
        size: page.tree.elements[element].pieces.len(),
        others,
    })
}

impl Fit {
    /// How good the name is: 1 for all of the article and nothing else. A narrow element is better
    /// than a wide one, for `[keep]` protects all that it stands in; a name that says what it is
    /// better than another, and one that stands for nothing else.
    fn worth(&self, named: &Named) -> f64 {
        let told = match named.sign {
            Some(Sign::Article) => 0.1,
            Some(Sign::Husk(_)) => -0.1,
            None => 0.0,
        };
        let form = match named.handle.form {
            Form::Class | Form::Id => 0.02,
            Form::Attribute => -0.05,
            _ => 0.0,
        };
        let others = 0.1 * self.others.min(3) as f64;
        let small = 0.01 / (1.0 + self.size as f64) - 0.0001 * named.handle.name.len() as f64;
        self.share - 0.5 * self.besides.min(1.0) + told + form + small - others
    }
}

/// The blocks of a page's article: those of its body, and those between the headline and it.
fn span(page: &Page, body: usize, headlines: &HashSet<usize>) -> Range<usize> {
    let inside = page.blocks(&page.tree.elements[body].pieces);
    let above = headlines.iter().copied().filter(|&i| i < inside.start);
    above.max().unwrap_or(inside.start)..inside.end
}

/// What each block is to the article in `body`.
fn roles(
    page: &Page,
    body: Option<usize>,
    span: &Range<usize>,
    headlines: &HashSet<usize>,
) -> Vec<Role> {
    let inside = body.map_or(0..0, |body| page.blocks(&page.tree.elements[body].pieces));
    let role = |(i, line): (usize, &Line)| {
        let own = !line.gone && !line.shared;
        if headlines.contains(&i) || (own && line.paragraph && inside.contains(&i)) {
            Role::Text
        } else if own && !line.is_links() && (is_prose(line) || span.contains(&i)) {
            Role::Maybe
        } else {
            Role::Other
        }
    };
    page.lines.iter().enumerate().map(role).collect()
}

fn is_prose(line: &Line) -> bool {
    line.paragraph || (line.characters >= STANDFIRST && line.linked == 0)
}

/// The words that a headline has of the page's title, at least, and their share of it.
const OF_TITLE: usize = 3;
const MOST_OF_TITLE: f64 = 0.6;

/// The blocks that are the headline: the first `h1` that is the page's own, and what says the same as
/// the title in the head.
fn headlines(page: &Page) -> HashSet<usize> {
    let mut found = HashSet::new();
    let title = ["og:title", "twitter:title"]
        .iter()
        .find_map(|name| page.meta(name));
    let title = key(title.unwrap_or_default());
    let title: HashSet<&str> = title.split(' ').collect();
    let mut first = true;
    for element in page
        .tree
        .elements
        .iter()
        .filter(|e| matches!(&*e.name, "h1" | "h2"))
    {
        let blocks = page.blocks(&element.pieces);
        let lines = &page.lines[blocks.clone()];
        let words: HashSet<&str> = lines.iter().flat_map(|line| line.key.split(' ')).collect();
        let both = words.intersection(&title).count();
        let is_title = both >= OF_TITLE && both as f64 >= MOST_OF_TITLE * words.len() as f64;
        let own = !words.is_empty() && !lines.iter().any(|line| line.shared || line.gone);
        let is_first = element.name == "h1" && own && first;
        first &= !is_first;
        if is_title || is_first {
            found.extend(blocks.filter(|&i| !page.lines[i].gone));
        }
    }
    found
}
