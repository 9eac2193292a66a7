//! Husk without a name: blocks that begin alike, that pages repeat, and lists of links inside the
//! article. They are told by their element, how they begin, and what they are.

use super::article::Articles;
use super::candidates::{Candidate, Held, Measures, SAME, Why, kind_around};
use super::draft;
use super::names::string;
use super::page::Page;
use super::pick::Open;
use super::site::{Place, Site};
use super::tree::Block;
use anyhow::Result;
use dehusk::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// Characters that a block may have that is told by its beginning.
const LONGEST: usize = 400;

/// Words of a beginning that are tried.
const BEGINNINGS: [usize; 4] = [2, 3, 4, 6];

/// The share of links in a line that leads elsewhere, and in a list that does.
const SOME_LINKS: f64 = 0.3;
const MOSTLY_LINKS: f64 = 0.7;

/// Lists of links are a small part of an article: at most one word of so many.
const FEW: usize = 10;

/// All such blocks whose words are open.
///
/// # Errors
///
/// None: see [`super::hints::Hints::of_beginnings`].
pub(super) fn unnamed(
    site: &Site,
    articles: &Articles,
    measures: &Measures,
    open: &Open<'_>,
) -> Result<Vec<Candidate>> {
    let mut candidates = openings(site, articles, measures, open)?;
    candidates.extend(inside(site, articles, measures));
    Ok(candidates)
}

/// Blocks that begin alike.
fn openings(
    site: &Site,
    articles: &Articles,
    measures: &Measures,
    open: &Open<'_>,
) -> Result<Vec<Candidate>> {
    let mut begun: BTreeMap<(&str, String), Vec<Place>> = BTreeMap::new();
    for (p, page) in site.pages.iter().enumerate() {
        for (i, block) in page.tree.blocks.iter().enumerate() {
            let element = &page.tree.elements[block.element];
            if !can_open(page, i, block) || !block.pieces.clone().all(|i| open.is_open(p, i)) {
                continue;
            }
            let text = page.text_left(block.element);
            let openings = BEGINNINGS.map(|words| opening(&text, words));
            for opening in openings.into_iter().flatten().collect::<BTreeSet<String>>() {
                let places = begun.entry((&element.name, opening)).or_default();
                places.push((p, block.element));
            }
        }
    }
    let texts: Vec<String> = begun.keys().map(|(_, opening)| opening.clone()).collect();
    let told = site.hints.of_beginnings(&texts)?;
    let rows = begun.into_iter().zip(told);
    let candidates = rows.filter_map(|(((name, opening), places), told)| {
        let held = measures.held(site, &places);
        let (why, kind) = reason(site, articles, &opening, &places, &held, told)?;
        let longest = places
            .iter()
            .map(|&(p, e)| site.pages[p].text_left(e).chars().count());
        let limit = (longest.max()? * 3 / 2).next_multiple_of(50);
        let opening = opening.trim_end_matches(':');
        Some(Candidate {
            selector: format!(
                "{name}:begins-with({}):max-text-length({limit})",
                string(opening)
            ),
            kind,
            why,
            // The longest opening that takes as much is the safest.
            quality: 0.5 + opening.chars().count().min(40) as f64 / 200.0,
            telling: why == Why::Phrase,
            places,
        })
    });
    Ok(candidates.collect())
}

/// Why blocks that begin with this are husk, if they are; `told` is the kind of its phrase.
fn reason(
    site: &Site,
    articles: &Articles,
    opening: &str,
    places: &[Place],
    held: &Held,
    told: Option<Kind>,
) -> Option<(Why, Kind)> {
    let on_articles = places.iter().all(|&(p, _)| articles.is_certain[p]);
    let same = on_articles && held.is_same(SAME);
    let links = held.links >= SOME_LINKS;
    let alike = places.len() > 1 && opening.ends_with(':') && links;
    let told = told.filter(|_| on_articles && (links || !held.in_body));
    let item = |&(p, e): &Place| site.pages[p].tree.elements[e].name == "li";
    let same = same && !places.iter().any(item);
    let why = match told {
        _ if held.text > 0 => return None,
        Some(_) => Why::Phrase,
        // A line of links that pages repeat is the title of another article.
        None if same && !links && !held.is_structure() => Why::Same,
        None if alike && on_articles => Why::Links,
        None => return None,
    };
    let fallback = if same {
        Kind::Navigation
    } else {
        Kind::Related
    };
    let kind = told.or_else(|| kind_around(site, places));
    Some((why, kind.unwrap_or(fallback)))
}

/// Whether a block fills an element that can be told by how it begins.
fn can_open(page: &Page, i: usize, block: &Block) -> bool {
    const NAMES: [&str; 11] = [
        "p",
        "div",
        "li",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "aside",
        "blockquote",
    ];
    let (element, line) = (&page.tree.elements[block.element], &page.lines[i]);
    element.pieces == block.pieces
        && !line.gone
        && line.words > 1
        && line.characters <= LONGEST
        && NAMES.contains(&&*element.name)
}

/// The first words of a text without what stands before them, if there are so many or they end in a
/// colon before.
fn opening(text: &str, words: usize) -> Option<String> {
    let mut opening = String::new();
    let mut count = 0;
    for word in text
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .split(' ')
    {
        if count > 0 {
            opening.push(' ');
        }
        opening.push_str(word);
        count += 1;
        if count == words || word.ends_with(':') {
            break;
        }
    }
    let long = opening.chars().filter(|c| c.is_alphabetic()).count() >= 6;
    let printable = |c: char| !c.is_control() && !draft::turns(c);
    (long && opening.chars().all(printable) && (count == words || opening.ends_with(':')))
        .then_some(opening)
}

/// Lists and lines of nothing but links, inside the article's body.
fn inside(site: &Site, articles: &Articles, measures: &Measures) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for &body in &articles.bodies {
        for name in ["ul", "ol", "p"] {
            let bodies = &site.named[body].places;
            let places: Vec<Place> = bodies
                .iter()
                .flat_map(|&(p, b)| {
                    let tree = &site.pages[p].tree;
                    (b + 1..tree.elements[b].end).map(move |e| (p, e))
                })
                .filter(|&(p, e)| {
                    let page = &site.pages[p];
                    let element = &page.tree.elements[e];
                    element.name == name
                        && page.left(e) > 0
                        && page.link_density(&element.pieces) >= MOSTLY_LINKS
                })
                .collect();
            let places = site.outermost(&places);
            let held = measures.held(site, &places);
            let all: usize = bodies.iter().map(|&(p, b)| site.pages[p].left(b)).sum();
            let certain = places
                .iter()
                .all(|&(p, _)| site.pages[p].is_article && articles.is_certain[p]);
            if !certain || held.words == 0 || held.text > 0 || held.words > all / FEW {
                continue;
            }
            let longest = places
                .iter()
                .map(|&(p, e)| site.pages[p].text_left(e).chars().count());
            let limit = (longest.max().unwrap_or(0) * 3 / 2).next_multiple_of(50);
            let within = &site.named[body].handle.selector;
            candidates.push(Candidate {
                selector: format!(
                    "{within} {name}:min-link-density({MOSTLY_LINKS}):max-text-length({limit})"
                ),
                kind: kind_around(site, &places).unwrap_or(Kind::Related),
                why: Why::Links,
                quality: 0.5,
                telling: false,
                places,
            });
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_whole_words() {
        for (text, words, expected) in [
            (
                "Lesen Sie auch: Der Fluss steigt",
                4,
                Some("Lesen Sie auch:"),
            ),
            ("» Lesen Sie auch den Bericht", 3, Some("Lesen Sie auch")),
            ("Lesen Sie", 3, None),
            ("A b c d", 3, None),
            ("Read\u{202e} also this", 3, None),
        ] {
            assert_eq!(opening(text, words).as_deref(), expected, "{text}");
        }
    }
}
