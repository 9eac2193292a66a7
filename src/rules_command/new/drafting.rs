//! Puts a draft together: what is offered, what is only told of, and what stands at the top.

use super::article::Articles;
use super::candidates::{self, Candidate, Measures, Mixed, Why};
use super::draft::{self, Draft, Entry};
use super::hints::Sign;
use super::names::Form;
use super::page::Page;
use super::pick::{self, Open};
use super::site::{Place, Site};
use super::tree::fold;
use super::trial::{self, Taken, Whole};
use super::unnamed;
use crate::cli::Set;
use crate::rule_set;
use anyhow::Result;
use dehusk::{Kind, Rules};
use std::collections::BTreeSet;
use std::time::SystemTime;

/// The most rules that are offered, listed as taken, left open, warned of.
const OFFERS: usize = 25;
const TAKEN: usize = 16;
const UNCLEAR: usize = 6;
const HARMFUL: usize = 5;

/// Words left in a box that count however many of its words rules take.
const MANY_LEFT: usize = 30;

/// Words that a rule must take of a page if nothing tells what it takes; that what is unclear must
/// have.
const LEAST: usize = 3;
const WORTH_A_LOOK: usize = 12;

/// The share of what rules take of a box that must be of one kind to call the box that.
const MOSTLY: f64 = 0.8;

/// The longest name of a site, in characters.
const TITLE: usize = 50;

/// A draft in the making.
pub(super) struct Drafting<'a> {
    host: &'a str,
    site: &'a Site,
    set: &'a Set,
    /// Whether the rules there have a file for the site.
    is_known: bool,
    articles: Articles,
    measures: Measures,
}

impl<'a> Drafting<'a> {
    /// # Errors
    ///
    /// None: see [`Measures::new`].
    pub(super) fn new(
        host: &'a str,
        site: &'a Site,
        set: &'a Set,
        rules: &Rules,
    ) -> Result<Drafting<'a>> {
        let articles = Articles::find(site);
        let is_known = |known: &str| host == known || host.ends_with(&format!(".{known}"));
        Ok(Drafting {
            host,
            site,
            set,
            is_known: rules.hosts().into_iter().any(is_known),
            measures: Measures::new(site, &articles),
            articles,
        })
    }

    /// The draft; `notes` are what there is to say of the pages already.
    ///
    /// # Errors
    ///
    /// Files of the rule set that cannot be read any more.
    pub(super) fn draft(&self, notes: Vec<String>) -> Result<Draft> {
        let mut draft = Draft::default();
        let mut open = Open::left(self.site, &self.articles);
        let mixed = candidates::mixed(self.site, &self.articles, &self.measures);
        for (candidate, taken) in self.candidates(&mixed, &mut open)? {
            if taken.lost.is_none() && self.is_worth(&taken) {
                draft.offers.push(Entry {
                    kind: candidate.kind,
                    comment: self.comment(Some(candidate.why), &taken),
                    weight: taken.left,
                    selector: candidate.selector,
                });
            }
        }
        draft.taken = self.taken(&draft.offers)?;
        draft.body = self.body();
        draft.unclear = self.unclear(&mut open)?;
        let whole = self.try_whole(&mut draft)?;
        draft.harmful = self.harmful(&mixed, &draft.offers);
        draft.head = self.head(notes, &draft.offers, &whole);
        Ok(draft)
    }

    /// What may be offered, with what it takes.
    fn candidates(&self, mixed: &[Mixed], open: &mut Open<'_>) -> Result<Vec<(Candidate, Taken)>> {
        let mut named = candidates::candidates(self.site, &self.articles, &self.measures)?;
        named.extend(mixed.iter().filter_map(|mixed| mixed.guarded.clone()));
        let named = pick::without_wrappers(self.site, open, named);
        let mut picked = open.pick(named, OFFERS, LEAST);
        let unnamed = unnamed::unnamed(self.site, &self.articles, &self.measures, open)?;
        picked.extend(open.pick(unnamed, OFFERS.saturating_sub(picked.len()), LEAST));
        let taken = self.try_each(&picked)?;
        Ok(picked.into_iter().zip(taken).collect())
    }

    fn try_each(&self, candidates: &[Candidate]) -> Result<Vec<Taken>> {
        let selectors = candidates.iter().map(|c| (&*c.selector, &*c.places));
        let selectors: Vec<(&str, &[Place])> = selectors.collect();
        trial::try_each(self.site, &self.articles, &selectors)
    }

    /// Whether a rule takes enough that the rules there leave.
    fn is_worth(&self, taken: &Taken) -> bool {
        is_left(taken.left, taken.words - taken.left) || taken.left > MANY_LEFT
    }

    /// What a rule takes, in words; `why` it is offered, if it is.
    fn comment(&self, why: Option<Why>, taken: &Taken) -> String {
        let mut parts = Vec::new();
        let all = self.site.pages.len();
        if all > 1 {
            parts.push(format!("{} of {all} pages", taken.pages));
        }
        if taken.elements > taken.pages {
            parts.push(format!("{} times", taken.elements));
        }
        let mut words = count(taken.words, "word");
        if why.is_some() && taken.left < taken.words {
            words.push_str(&format!(" ({} left)", taken.left));
        }
        parts.push(words);
        match why {
            Some(Why::Same) => parts.push("the same on pages".to_owned()),
            Some(Why::Links) => parts.push(format!("{:.0} % links", taken.links * 100.0)),
            _ => {}
        }
        format!("{}: {}", parts.join(", "), taken.text)
    }

    /// What the rules there take, by the site's own names.
    fn taken(&self, offers: &[Entry]) -> Result<Vec<Entry>> {
        let mut open = Open::gone(self.site);
        let names = self.site.named.iter();
        let candidates = names.filter_map(|named| {
            let places = self.site.outermost(&named.places);
            let held = self.measures.held(self.site, &places);
            let (kind, words, all) = self.site.gone_as(&places)?;
            let told = named.kind().filter(|_| named.is_sure);
            let is_one = told.is_some() || words as f64 >= MOSTLY * all as f64;
            let usable = named.handle.form != Form::Type
                && !named.is_poor()
                && named.sign != Some(Sign::Article)
                && kind != Kind::Repeats
                && !offers
                    .iter()
                    .any(|offer| offer.selector == named.handle.selector);
            let pages: BTreeSet<usize> = places.iter().map(|(p, _)| *p).collect();
            (held.text == 0 && !is_left(held.words, all) && is_one && usable).then(|| Candidate {
                selector: named.handle.selector.clone(),
                kind: told.unwrap_or(kind),
                why: Why::Name,
                quality: candidates::quality(self.site, named, pages.len(), false),
                telling: false,
                places,
            })
        });
        let picked = open.pick(candidates.collect(), TAKEN, LEAST);
        let taken = self.try_each(&picked)?;
        let harmless = picked
            .iter()
            .zip(taken)
            .filter(|(_, taken)| taken.lost.is_none());
        let entries = harmless.map(|(candidate, taken)| Entry {
            kind: candidate.kind,
            selector: candidate.selector.clone(),
            comment: self.comment(None, &taken),
            weight: taken.words,
        });
        Ok(entries.collect())
    }

    /// The selectors of the articles' bodies, and how much of them they hold.
    fn body(&self) -> Vec<(String, String)> {
        let row = |&i: &usize| {
            let named = &self.site.named[i];
            let held = (0..self.site.pages.len()).map(|p| {
                let places = named.places.iter().filter(|(q, _)| *q == p);
                places
                    .map(|place| self.measures.text(self.site, *place))
                    .max()
                    .unwrap_or(0)
            });
            let held: Vec<usize> = held.collect();
            let paragraphs = count(held.iter().sum(), "paragraph");
            let what = match held.len() {
                1 => paragraphs,
                all => {
                    let pages = held.iter().filter(|n| **n > 0).count();
                    format!("{pages} of {all} pages, {paragraphs}")
                }
            };
            (named.handle.selector.clone(), what)
        };
        self.articles.bodies.iter().map(row).collect()
    }

    /// What is left and may be anything.
    fn unclear(&self, open: &mut Open<'_>) -> Result<Vec<(String, String)>> {
        let names = self.site.named.iter().enumerate();
        let candidates = names.filter_map(|(i, named)| {
            let places = self.site.outermost(&named.places);
            let held = self.measures.held(self.site, &places);
            let prose = held.maybe * 2 > held.words;
            let usable = named.handle.form != Form::Type
                && !named.is_poor()
                && !self.articles.bodies.contains(&i);
            (held.text == 0 && held.words > 0 && !prose && !held.in_body && usable).then(|| {
                Candidate {
                    selector: named.handle.selector.clone(),
                    kind: Kind::Custom,
                    why: Why::Links,
                    quality: held.pages as f64,
                    telling: false,
                    places,
                }
            })
        });
        let picked = open.pick(candidates.collect(), UNCLEAR, WORTH_A_LOOK);
        let taken = self.try_each(&picked)?;
        let harmless = picked
            .iter()
            .zip(taken)
            .filter(|(_, taken)| taken.lost.is_none());
        let row = |(candidate, taken): (&Candidate, Taken)| {
            (
                candidate.selector.clone(),
                self.comment(Some(Why::Name), &taken),
            )
        };
        Ok(harmless.map(row).collect())
    }

    /// Runs the draft as a whole, on top of the rules there, and takes out what does harm.
    fn try_whole(&self, draft: &mut Draft) -> Result<Whole> {
        let file = format!("{}.sel", self.host);
        loop {
            let written = draft.written();
            let rules = rule_set::builder(self.set)?.file(&file, &written);
            let rules = rule_set::build(rules)?;
            let whole = trial::try_whole(self.site, &self.articles, self.host, &rules, &file)?;
            let lines = written.lines().zip(1..);
            let harmful = lines.filter(|(_, n)| whole.lines.contains(n));
            let harmful: Vec<&str> = harmful.map(|(line, _)| line).collect();
            let before = draft.offers.len();
            draft
                .offers
                .retain(|entry| !harmful.contains(&&*entry.selector));
            if draft.offers.len() == before {
                return Ok(whole);
            }
        }
    }

    /// Names that say husk and hold text of the article, where no guard that is offered tells it
    /// apart.
    fn harmful(&self, mixed: &[Mixed], offers: &[Entry]) -> Vec<(String, String)> {
        let offered = |mixed: &&Mixed| {
            let guarded = mixed.guarded.as_ref();
            guarded.is_some_and(|guarded| offers.iter().any(|o| o.selector == guarded.selector))
        };
        let mut left: Vec<&Mixed> = mixed.iter().filter(|mixed| !offered(mixed)).collect();
        left.sort_by_key(|mixed| mixed.kind);
        let row = |mixed: &Mixed| {
            let places = self.site.outermost(&mixed.text);
            let text: usize = places
                .iter()
                .map(|p| self.measures.text(self.site, *p))
                .sum();
            let pages: BTreeSet<usize> = places.iter().map(|(p, _)| *p).collect();
            let pages: Vec<&str> = pages.iter().map(|&p| &*self.site.pages[p].name).collect();
            let what = format!(
                "{} of the article on {}",
                count(text, "block"),
                pages.join(", ")
            );
            (mixed.selector.clone(), what)
        };
        left.into_iter().take(HARMFUL).map(row).collect()
    }

    /// What stands at the top.
    fn head(&self, notes: Vec<String>, offers: &[Entry], whole: &Whole) -> Vec<String> {
        let host = self.host;
        let pages = &self.site.pages;
        let mut names = pages
            .iter()
            .filter_map(|page| page.meta("og:site_name"))
            .map(fold);
        let name = names.find(|name| {
            // A colon would make it a line that means something.
            !name.is_empty() && !name.contains(':') && name.chars().count() <= TITLE
        });
        let title = match name.filter(|name| !name.eq_ignore_ascii_case(host)) {
            Some(name) => format!("{name}, {host}."),
            None => format!("{host}."),
        };
        let files: Vec<&str> = pages.iter().map(|page| &*page.name).collect();
        let left: usize = pages.iter().map(Page::left_in_all).sum();
        let gone: usize = pages.iter().map(Page::gone_in_all).sum();
        let mut what = format!(
            "A draft from {}: {}. The rules that are there take {} and leave {left}; this draft \
             takes {} more, {}.",
            count(files.len(), "page"),
            files.join(", "),
            count(gone, "word"),
            whole.words,
            match whole.paragraphs {
                0 => "none of them an article's".to_owned(),
                n => format!("and {} of an article go", count(n, "piece")),
            }
        );
        for note in notes.iter().chain(&self.notes()) {
            what.push(' ');
            what.push_str(note);
        }
        let steps = format!(
            "To make a site file of it:\n\
             - Delete the rules that take what is no husk, or may take text on another page.\n\
             - Put what is left under its kind. Further down, take the '! ' off what is worth having.\n\
             - Delete these lines, and look at what goes, by which line:\n    \
                 dehusk -s {host}.sel --site {host} --explain page.html > /dev/null\n\
             - To give it to others, make a page with the site's markup and invented text, and try it:\n    \
                 corpus/{host}/article/page.html\n    \
                 dehusk rules check {host}.sel\n    \
                 dehusk rules test -s {host}.sel"
        );
        if offers.is_empty() {
            what.push_str(" Nothing that is left looks like husk.");
        }
        vec![
            title,
            format!("checked: {}", draft::month(SystemTime::now())),
            what,
            steps,
        ]
    }

    /// What to know of the pages.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.site.pages.len() == 1 {
            notes.push("Two or more pages tell more: what they repeat is husk.".to_owned());
        }
        for page in &self.site.pages {
            let host = page.address().and_then(dehusk::host_of);
            if let Some(host) = host.filter(|host| !is_of(host, self.host)) {
                notes.push(format!("{} says that it is a page of {host}.", page.name));
            }
        }
        if self.is_known {
            notes.push(format!(
                "There are rules for this site already: dehusk rules show {}",
                self.host
            ));
        }
        let without = self.articles.is_certain.iter().filter(|yes| !**yes).count();
        if without > 0 {
            notes.push(format!(
                "{} no page of an article: what is content there is for you to say.",
                match without {
                    1 => "One of them is".to_owned(),
                    n => format!("{n} of them are"),
                }
            ));
        }
        notes
    }
}

/// Whether a host is another or a subdomain of it.
fn is_of(host: &str, of: &str) -> bool {
    host == of || host.ends_with(&format!(".{of}")) || of.ends_with(&format!(".{host}"))
}

/// Whether enough is left of a box to say that the rules there do not take it: a quarter of it.
fn is_left(left: usize, gone: usize) -> bool {
    left * 3 > gone
}

/// A number with its noun.
fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
