//! What may be husk: names on the pages whose elements hold none of the article's text and give a
//! reason to think so. A reason is what they are called, how their text begins, what they are by
//! their role, that pages repeat them, or that they lead elsewhere.

use super::article::{Articles, Role};
use super::hints::Sign;
use super::names::Form;
use super::page::Page;
use super::site::{Named, Place, Site};
use anyhow::Result;
use dehusk::Kind;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The share of an element's words that other pages have too, from which on it is the same there:
/// beside an article, if it is a list of links, and on a page without an article.
pub(super) const SAME: f64 = 0.8;
const SAME_LINKS: f64 = 0.6;
const SAME_ELSEWHERE: f64 = 0.9;

/// The share of all that is left on a page that is too much for husk, if it is not the same on pages.
const LARGE: f64 = 0.4;

/// The share of links in a block that leads elsewhere.
const LINKS: f64 = 0.5;

/// Characters of a name that is no short word.
const SHORT: usize = 9;

/// Characters of a block's beginning that are asked for a phrase.
const BEGINNING: usize = 80;

/// Words that prose outside of the body may have in what is husk by its element only.
const LITTLE: usize = 60;

/// Why something is thought to be husk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// Its text begins with a phrase of a list.
    Phrase,
    /// Its name.
    Name,
    /// Other pages have the same text.
    Same,
    /// Its element or role.
    Landmark,
    /// It leads elsewhere.
    Links,
}

/// A selector that may drop husk.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub selector: String,
    pub kind: Kind,
    pub why: Why,
    /// What it is expected to match, without what lies inside another of them.
    pub places: Vec<Place>,
    /// How much it is to be liked, for what it takes: 1 is as good as any.
    pub quality: f64,
    /// It is told by its own name of which kind it is.
    pub telling: bool,
}

/// What the elements of a name hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Pages on which words are left in them, and elements in which there are.
    pub pages: usize,
    pub elements: usize,
    /// Words left, and of those that other pages have too, that may be the article's.
    pub words: usize,
    pub shared: usize,
    pub maybe: usize,
    /// Blocks that are the article's text, and pages on which there are such.
    pub text: usize,
    /// Mean share of links, by words.
    pub links: f64,
    /// Words of headings.
    pub headings: usize,
    /// Some of it stands in the article's body, or between the headline and it.
    pub in_body: bool,
}

impl Held {
    /// Whether other pages have this share of its words too.
    pub(super) fn is_same(&self, share: f64) -> bool {
        self.pages > 1 && self.shared as f64 >= share * self.words as f64
    }

    /// Whether it is the headings and labels of an article's parts: pages may have them in common.
    pub(super) fn is_structure(&self) -> bool {
        let labels = self.links < LINKS && self.words <= 2 * self.elements;
        self.in_body && (labels || self.is_of_headings())
    }

    /// Whether it is nothing but headings.
    fn is_of_headings(&self) -> bool {
        self.headings * 10 >= self.words * 9
    }
}

/// Sums over the pieces of the pages.
pub(super) struct Measures {
    shared: Vec<Vec<usize>>,
    maybe: Vec<Vec<usize>>,
    headings: Vec<Vec<usize>>,
    /// Blocks of the article's text before each block.
    text: Vec<Vec<usize>>,
    bodies: Vec<Option<Range<usize>>>,
}

impl Measures {
    pub(super) fn new(site: &Site, articles: &Articles) -> Measures {
        let per_page = |measure: &dyn Fn(&Page, &[Role], usize) -> bool| {
            let pages = site.pages.iter().zip(&articles.roles);
            let sums = pages.map(|(page, roles)| {
                let mut sum = 0;
                let mut sums = vec![0];
                for (i, piece) in page.tree.pieces.iter().enumerate() {
                    let counts = !page.gone_pieces[i] && measure(page, roles, piece.block);
                    sum += usize::from(counts) * piece.words;
                    sums.push(sum);
                }
                sums
            });
            sums.collect()
        };
        let text = articles.roles.iter().map(|roles| {
            let mut sum = 0;
            let mut sums = vec![0];
            for role in roles {
                sum += usize::from(*role == Role::Text);
                sums.push(sum);
            }
            sums
        });
        let body = |p: usize| {
            let blocks = &site.pages[p].tree.blocks[articles.spans[p].clone()];
            Some(blocks.first()?.pieces.start..blocks.last()?.pieces.end)
        };
        Measures {
            shared: per_page(&|page, _, block| page.lines[block].shared),
            maybe: per_page(&|_, roles, block| roles[block] == Role::Maybe),
            headings: per_page(&|page, _, block| {
                let mut around = page.tree.upwards(page.tree.blocks[block].element);
                around.any(|e| page.tree.elements[e].is_heading())
            }),
            text: text.collect(),
            bodies: (0..site.pages.len()).map(body).collect(),
        }
    }

    /// Blocks of the article's text that an element holds, or holds a part of.
    pub(super) fn text(&self, site: &Site, (p, e): Place) -> usize {
        let page = &site.pages[p];
        let blocks = page.blocks(&page.tree.elements[e].pieces);
        self.text[p][blocks.end] - self.text[p][blocks.start]
    }

    pub(super) fn held(&self, site: &Site, places: &[Place]) -> Held {
        let mut held = Held::default();
        let mut last = None;
        let mut linked = 0.0;
        for &(p, e) in places {
            let page = &site.pages[p];
            let pieces = &page.tree.elements[e].pieces;
            held.text += self.text(site, (p, e));
            let words = page.left(e);
            if words == 0 {
                continue;
            }
            held.pages += usize::from(last.replace(p) != Some(p));
            held.elements += 1;
            held.words += words;
            held.shared += self.shared[p][pieces.end] - self.shared[p][pieces.start];
            held.maybe += self.maybe[p][pieces.end] - self.maybe[p][pieces.start];
            held.headings += self.headings[p][pieces.end] - self.headings[p][pieces.start];
            linked += page.link_density(pieces) * words as f64;
            held.in_body |= self.bodies[p].as_ref().is_some_and(|body| {
                body.start <= pieces.start && pieces.end <= body.end && body.len() > pieces.len()
            });
        }
        held.links = linked / held.words.max(1) as f64;
        held
    }
}

/// The pages of places, each once.
fn places_by_page(places: &[Place]) -> impl Iterator<Item = usize> {
    let mut pages: Vec<usize> = places.iter().map(|(p, _)| *p).collect();
    pages.dedup();
    pages.into_iter()
}

/// All names that may be husk's, for what they hold that is left.
///
/// # Errors
///
/// None: see [`super::hints::Hints::of_beginnings`].
pub(super) fn candidates(
    site: &Site,
    articles: &Articles,
    measures: &Measures,
) -> Result<Vec<Candidate>> {
    let mut open: Vec<(usize, Vec<Place>, Held)> = Vec::new();
    for (i, named) in site.named.iter().enumerate() {
        let places = site.outermost(&named.places);
        let held = measures.held(site, &places);
        if held.words > 0 && held.text == 0 && !articles.bodies.contains(&i) {
            open.push((i, places, held));
        }
    }
    let phrases = Phrases::of(site, open.iter().flat_map(|(_, places, _)| places))?;
    let judge = Judge {
        site,
        articles,
        phrases,
    };
    let candidate = |(i, places, held): (usize, Vec<Place>, Held)| {
        let named = &site.named[i];
        let (why, kind) = judge.reason(named, &places, &held)?;
        let gone = site
            .gone_as(&places)
            .filter(|(kind, words, _)| *words > held.words && *kind != Kind::Repeats);
        let kind = gone.map_or(kind, |(kind, _, _)| kind);
        Some(Candidate {
            selector: selector(named, &held),
            kind,
            why,
            quality: quality(
                site,
                named,
                held.pages,
                matches!(why, Why::Phrase | Why::Same),
            ),
            telling: matches!(named.sign, Some(Sign::Husk(_))) && named.handle.form != Form::Type,
            places,
        })
    };
    Ok(open.into_iter().filter_map(candidate).collect())
}

/// A name that says husk, some elements of which hold text of the article.
pub(super) struct Mixed {
    /// What takes the others, if a guard can tell them apart.
    pub guarded: Option<Candidate>,
    /// The name alone, and where it holds text.
    pub selector: String,
    pub kind: Kind,
    pub text: Vec<Place>,
}

/// The names that say husk, and not only of husk.
pub(super) fn mixed(site: &Site, articles: &Articles, measures: &Measures) -> Vec<Mixed> {
    let judge = Judge {
        site,
        articles,
        phrases: Phrases::default(),
    };
    let names = site
        .named
        .iter()
        .filter(|named| named.is_sure && !named.is_poor() && named.handle.form != Form::Type);
    let mixed = names.filter_map(|named| {
        let kind = named.kind()?;
        let (text, free): (Vec<Place>, Vec<Place>) = named
            .places
            .iter()
            .partition(|place| measures.text(site, **place) > 0);
        let places = site.outermost(&free);
        let held = measures.held(site, &places);
        let guarded = guard(site, &text, &places).map(|guard| Candidate {
            selector: format!("{}{guard}", named.handle.selector),
            kind,
            why: Why::Name,
            quality: 0.8 * quality(site, named, held.pages, false),
            telling: true,
            places,
        });
        (!text.is_empty()).then(|| Mixed {
            guarded: guarded.filter(|guarded| {
                let is_husk = || judge.reason(named, &guarded.places, &held).is_some();
                held.words > 0 && !held.in_body && is_husk()
            }),
            selector: named.handle.selector.clone(),
            kind,
            text,
        })
    });
    mixed.collect()
}

/// What tells elements that hold text of the article from those that do not.
fn guard(site: &Site, text: &[Place], free: &[Place]) -> Option<&'static str> {
    let paragraphs = |&(p, e): &Place| {
        let page = &site.pages[p];
        let blocks = page.blocks(&page.tree.elements[e].pieces);
        page.lines[blocks].iter().any(|line| line.paragraph)
    };
    let headline = |&(p, e): &Place| {
        let tree = &site.pages[p].tree;
        tree.elements[e..tree.elements[e].end]
            .iter()
            .any(|element| element.name == "h1")
    };
    if text.iter().all(paragraphs) && !free.iter().any(paragraphs) {
        Some(":max-paragraph-text(80)")
    } else if text.iter().all(headline) && !free.iter().any(headline) {
        Some(":not(:has(h1))")
    } else {
        None
    }
}

/// Says of a name why its elements are husk, if they are.
struct Judge<'a> {
    site: &'a Site,
    articles: &'a Articles,
    phrases: Phrases,
}

impl Judge<'_> {
    fn reason(&self, named: &Named, places: &[Place], held: &Held) -> Option<(Why, Kind)> {
        if places.iter().all(|&(p, _)| self.articles.is_certain[p]) {
            self.on_articles(named, places, held)
        } else {
            self.elsewhere(named, places, held)
        }
    }

    fn on_articles(&self, named: &Named, places: &[Place], held: &Held) -> Option<(Why, Kind)> {
        let links = held.links >= LINKS;
        let same = held.is_same(if links { SAME_LINKS } else { SAME });
        let prose = held.maybe * 2 > held.words;
        let sure = named.is_sure;
        let large = self.is_large(places, held);
        if !same && (large || named.sign == Some(Sign::Article)) {
            return None;
        }
        if let Some(kind) = self.phrases.kind(places)
            && (same || !prose)
        {
            return Some((Why::Phrase, named.kind().unwrap_or(kind)));
        }
        if let Some(kind) = named.kind()
            && named.handle.form != Form::Type
            && (same
                || if held.in_body {
                    !prose && (sure || links)
                } else {
                    !prose || sure
                })
        {
            return Some((Why::Name, kind));
        }
        if named.is_poor() || held.is_structure() {
            None
        } else if same {
            Some((
                Why::Same,
                self.kind(named, places).unwrap_or(Kind::Navigation),
            ))
        } else if named.handle.form == Form::Type {
            let kind = named.kind()?;
            let little = held.maybe <= LITTLE * held.pages && !prose;
            little.then_some((Why::Landmark, kind))
        } else {
            let enough = held.pages > 1 || self.site.pages.len() == 1;
            let kind = || self.kind(named, places).unwrap_or(Kind::Related);
            (links && enough && !prose).then(|| (Why::Links, kind()))
        }
    }

    /// On a page without an article lists of links, teasers and labels are what the page is there
    /// for: what is husk must be the same on pages, or be called what no page is there for.
    fn elsewhere(&self, named: &Named, places: &[Place], held: &Held) -> Option<(Why, Kind)> {
        let common = held.pages * 2 > self.site.pages.len();
        if held.is_same(SAME_ELSEWHERE) && common && !named.is_poor() {
            let kind = self
                .phrases
                .kind(places)
                .or_else(|| self.kind(named, places));
            return Some((Why::Same, kind.unwrap_or(Kind::Navigation)));
        }
        let kind = named.kind()?;
        let prose = held.maybe * 2 > held.words || self.is_large(places, held);
        let is_content =
            prose || held.is_of_headings() || matches!(kind, Kind::Related | Kind::Navigation);
        (named.is_sure && !is_content && !named.is_poor()).then_some((Why::Name, kind))
    }

    /// Whether it is too much of what is left on its pages for husk.
    fn is_large(&self, places: &[Place], held: &Held) -> bool {
        let pages = places_by_page(places).map(|p| self.site.pages[p].left_in_all());
        held.words as f64 > LARGE * pages.sum::<usize>() as f64
    }

    /// The kind that an element's name tells, or what is around it.
    fn kind(&self, named: &Named, places: &[Place]) -> Option<Kind> {
        named.kind().or_else(|| kind_around(self.site, places))
    }
}

/// The kind that the other names of the elements tell, and those of what is right inside and
/// around.
pub(super) fn kind_around(site: &Site, places: &[Place]) -> Option<Kind> {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for &(p, e) in places {
        let page = &site.pages[p];
        let element = &page.tree.elements[e];
        let near = (e..element.end.min(e + 4)).chain(element.parent);
        for name in near.flat_map(|e| &site.names_of[p][e]) {
            if let Some(kind) = site.named[*name].kind() {
                *counts.entry(kind).or_default() += 1;
            }
        }
    }
    counts
        .into_iter()
        .max_by_key(|(_, n)| *n)
        .map(|(kind, _)| kind)
}

/// The name, with what keeps it from harm on other pages where it is a weak one.
fn selector(named: &Named, held: &Held) -> String {
    let selector = &named.handle.selector;
    match named.handle.form {
        Form::Type => format!("{selector}:max-paragraph-text(300)"),
        _ if held.in_body && !matches!(named.sign, Some(Sign::Husk(_))) => {
            format!("{selector}:max-paragraph-text(80)")
        }
        _ => selector.clone(),
    }
}

/// How good a name is for what it stands for on some pages; `sure` if it is husk for certain.
pub(super) fn quality(site: &Site, named: &Named, pages: usize, sure: bool) -> f64 {
    let form = match named.handle.form {
        Form::Class | Form::Id => 1.0,
        Form::ClassPart | Form::IdPart => 0.9,
        Form::Attribute => 0.8,
        Form::Type => 0.5,
    };
    let told = match (named.kind().is_some(), sure) {
        (true, _) => 1.5,
        (_, true) => 1.2,
        _ => 1.0,
    };
    let modified = if named.handle.name.contains("--") {
        0.8
    } else {
        1.0
    };
    // One short word may be anything on another page.
    let short = named.handle.name.len() < SHORT && !named.handle.name.contains(['-', '_']);
    let vague = if short && named.kind().is_none() {
        0.6
    } else {
        1.0
    };
    let long = if named.handle.name.len() > 30 {
        0.9
    } else {
        1.0
    };
    let digits = if named.handle.name.contains(|c: char| c.is_ascii_digit()) {
        0.8
    } else {
        1.0
    };
    let mixed = if named.is_mixed { 0.6 } else { 1.0 };
    let pages = 0.5 + 0.5 * pages as f64 / site.pages.len() as f64;
    form * told * modified * vague * long * digits * mixed * pages
}

/// The phrases with which elements begin.
#[derive(Default)]
struct Phrases(HashMap<Place, Kind>);

impl Phrases {
    fn of<'a>(site: &Site, places: impl Iterator<Item = &'a Place>) -> Result<Phrases> {
        let mut of_text: HashMap<String, Vec<Place>> = HashMap::new();
        for &(p, e) in places {
            if site.pages[p].left(e) > 0 {
                let text = site.pages[p].text_left(e).chars().take(BEGINNING).collect();
                of_text.entry(text).or_default().push((p, e));
            }
        }
        let (texts, places): (Vec<String>, Vec<Vec<Place>>) = of_text.into_iter().unzip();
        let found = site.hints.of_beginnings(&texts)?;
        let mut kinds = HashMap::new();
        for (found, places) in found.into_iter().zip(places) {
            if let Some(kind) = found {
                kinds.extend(places.into_iter().map(|place| (place, kind)));
            }
        }
        Ok(Phrases(kinds))
    }

    /// The kind that most of these elements begin with.
    fn kind(&self, places: &[Place]) -> Option<Kind> {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in places.iter().filter_map(|place| self.0.get(place)) {
            *counts.entry(*kind).or_default() += 1;
        }
        let (kind, n) = counts.into_iter().max_by_key(|(_, n)| *n)?;
        (n * 2 > places.len()).then_some(kind)
    }
}
