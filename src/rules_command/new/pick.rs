//! Of all candidates the few that a person should read: each takes much that the others do not.

use super::article::{Articles, Role};
use super::candidates::{Candidate, Why};
use super::site::{Place, Site};

/// The share of a wrapper's words that boxes with telling names must hold to be put in its place,
/// and how many they may be.
const INSTEAD: f64 = 0.75;
const FEW: usize = 4;

/// What a word counts for that others take already: the box around is better than what they left.
const ALSO: f64 = 0.2;

/// How much less a candidate is worth for the number of its elements on a page, by its logarithm.
const MANY: f64 = 0.15;

/// The words that are still to be taken.
pub(super) struct Open<'a> {
    site: &'a Site,
    /// By page and piece.
    open: Vec<Vec<bool>>,
    /// Open words before each piece.
    sums: Vec<Vec<usize>>,
}

impl<'a> Open<'a> {
    /// All that is left on the pages and is not the article's text.
    pub(super) fn left(site: &'a Site, articles: &Articles) -> Open<'a> {
        let pages = site.pages.iter().zip(&articles.roles);
        let open = pages.map(|(page, roles)| {
            let pieces = page.tree.pieces.iter().zip(&page.gone_pieces);
            pieces
                .map(|(piece, gone)| !gone && roles[piece.block] != Role::Text)
                .collect()
        });
        Open::new(site, open.collect())
    }

    /// All that the rules there take.
    pub(super) fn gone(site: &'a Site) -> Open<'a> {
        let open = site.pages.iter().map(|page| page.gone_pieces.clone());
        Open::new(site, open.collect())
    }

    fn new(site: &'a Site, open: Vec<Vec<bool>>) -> Open<'a> {
        let mut new = Open {
            site,
            open,
            sums: Vec::new(),
        };
        new.sum();
        new
    }

    fn sum(&mut self) {
        let pages = self.site.pages.iter().zip(&self.open);
        let sums = pages.map(|(page, open)| {
            let mut sum = 0;
            let mut sums = vec![0];
            for (piece, open) in page.tree.pieces.iter().zip(open) {
                sum += usize::from(*open) * piece.words;
                sums.push(sum);
            }
            sums
        });
        self.sums = sums.collect();
    }

    pub(super) fn is_open(&self, page: usize, piece: usize) -> bool {
        self.open[page][piece]
    }

    /// Open words in some elements.
    pub(super) fn words(&self, places: &[Place]) -> usize {
        let words = |&(p, e): &Place| {
            let pieces = &self.site.pages[p].tree.elements[e].pieces;
            self.sums[p][pieces.end] - self.sums[p][pieces.start]
        };
        places.iter().map(words).sum()
    }

    /// All words in some elements.
    fn all(&self, places: &[Place]) -> usize {
        let words = |&(p, e): &Place| {
            let page = &self.site.pages[p];
            let pieces = &page.tree.pieces[page.tree.elements[e].pieces.clone()];
            pieces.iter().map(|piece| piece.words).sum::<usize>()
        };
        places.iter().map(words).sum()
    }

    /// Takes the words of some elements.
    pub(super) fn take(&mut self, places: &[Place]) {
        for &(p, e) in places {
            self.open[p][self.site.pages[p].tree.elements[e].pieces.clone()].fill(false);
        }
        self.sum();
    }

    /// Takes the best candidate, again and again, as long as there is one that takes at least `least`
    /// words of each page it is on, or a few in all if its name or text tells what it is.
    pub(super) fn pick(
        &mut self,
        mut candidates: Vec<Candidate>,
        most: usize,
        least: usize,
    ) -> Vec<Candidate> {
        let mut picked = Vec::new();
        while picked.len() < most {
            // A box is better than the many things in it.
            let value = |c: &Candidate| {
                let words = self.words(&c.places) as f64;
                let all = self.all(&c.places) as f64;
                let a_page = c.places.len() as f64 / pages(&c.places).max(1) as f64;
                (words + ALSO * (all - words)) * c.quality / (1.0 + MANY * a_page.max(1.0).ln())
            };
            candidates.retain(|c| {
                let words = self.words(&c.places);
                let told = c.telling || c.why == Why::Phrase;
                let pages = pages(&c.places);
                let least = match pages {
                    1 if told => least.min(3),
                    _ if told => 2,
                    pages => least * pages,
                };
                words >= least
            });
            let best = candidates.iter().enumerate().max_by(|(_, a), (_, b)| {
                let (x, y) = (value(a), value(b));
                x.total_cmp(&y)
                    .then_with(|| b.selector.len().cmp(&a.selector.len()))
            });
            let Some((best, _)) = best else {
                break;
            };
            let best = candidates.swap_remove(best);
            self.take(&best.places);
            picked.retain(|other: &Candidate| !self.is_inside(other, &best));
            picked.push(best);
        }
        picked
    }

    /// Whether all that one takes is in what another takes.
    fn is_inside(&self, inner: &Candidate, outer: &Candidate) -> bool {
        inner.places.iter().all(|&(p, e)| {
            let tree = &self.site.pages[p].tree;
            let mut around = outer.places.iter();
            around.any(|&(q, w)| p == q && tree.is_inside(e, w))
        })
    }
}

fn pages(places: &[Place]) -> usize {
    let mut pages: Vec<usize> = places.iter().map(|(p, _)| *p).collect();
    pages.dedup();
    pages.len()
}

/// Leaves out wrappers that nothing tells of, where a few boxes with telling names hold most of
/// what is in them.
pub(super) fn without_wrappers(
    site: &Site,
    open: &Open<'_>,
    candidates: Vec<Candidate>,
) -> Vec<Candidate> {
    let is_wrapper = |wrapper: &Candidate| {
        if wrapper.telling {
            return false;
        }
        let inner = candidates.iter().filter(|c| c.telling).filter_map(|c| {
            let inside = |&(p, e): &Place| {
                let around =
                    |&(q, w): &Place| p == q && e != w && site.pages[p].tree.is_inside(e, w);
                wrapper.places.iter().any(around)
            };
            let places: Vec<Place> = c.places.iter().copied().filter(inside).collect();
            let words = open.words(&places);
            (words > 0).then_some(words)
        });
        let mut words: Vec<usize> = inner.collect();
        words.sort_unstable_by(|a, b| b.cmp(a));
        let held: usize = words.iter().take(FEW).sum();
        held as f64 >= INSTEAD * open.words(&wrapper.places) as f64
    };
    let wrappers: Vec<bool> = candidates.iter().map(is_wrapper).collect();
    let kept = candidates.into_iter().zip(wrappers);
    kept.filter(|(_, is_wrapper)| !is_wrapper)
        .map(|(c, _)| c)
        .collect()
}
